#include <config.h>

#include "core/base/str.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <string.h>

/* A budget that lasts for a part of the simulated week. */

struct seen {
    int64_t forecasts, bad_forecasts; /* snapshots with one; p10 <= p50 <= p90 broken */
    int64_t gated, told, warned, told_forecast;
    int64_t starts_after; /* moves out that began after it was spent */
    bool reached, degraded;
    struct usd most;
};

static void look(void *ctx, const struct fleet *f)
{
    struct seen *s = ctx;

    if (f->forecast.known) {
        s->forecasts++;
        if (f->forecast.p10.nanos > f->forecast.p50.nanos ||
            f->forecast.p50.nanos > f->forecast.p90.nanos ||
            f->forecast.p50.nanos < f->month.nanos)
            s->bad_forecasts++;
    }
    s->reached = s->reached || f->budget_reached;
    for (size_t i = 0; i < f->n_degraded; i++)
        s->degraded = s->degraded || str_eq(f->degraded[i], "budget");
    for (size_t i = 0; i < f->n_servers; i++)
        s->gated += f->servers[i].decision.gate == GATE_BUDGET ? 1 : 0;
    if (f->month.nanos > s->most.nanos)
        s->most = f->month;
}

static void hear(void *ctx, const struct journal_entry *j)
{
    struct seen *s = ctx;

    if (str_eq(j->action, "budget-forecast"))
        s->told_forecast++;
    else if (str_eq(j->action, "budget") && strstr(j->text, "used up soon") != NULL)
        s->warned++;
    else if (str_eq(j->action, "budget"))
        s->told++;
    else if (str_eq(j->action, "move") && str_eq(j->to, "cloud") && s->told > 0)
        s->starts_after++;
}

static struct seen week(int64_t budget_cents)
{
    struct run *r = run_prepare(3);
    struct seen s = {0};

    r->options.duration_s = WEEK_S;
    r->options.each_minute = look;
    r->options.each_entry = hear;
    r->options.ctx = &s;
    r->config->policy.has_budget = budget_cents > 0;
    r->config->policy.budget_month = (struct usd){budget_cents * 10000000};
    run_go(r);
    assert_int_equal(r->report.violations, 0);
    assert_true(r->report.moves_out > 0);
    run_free(r);
    print_message("budget %lld: month at most %lld, gated %lld, told %lld/%lld/%lld\n",
                  (long long)budget_cents, (long long)(s.most.nanos / 10000000),
                  (long long)s.gated, (long long)s.warned, (long long)s.told,
                  (long long)s.told_forecast);
    return s;
}

/* Commitments keep it: what begins can be paid to its end, so it is hardly exceeded. */
static void test_kept(void **state)
{
    struct seen all = week(0), s;
    int64_t budget = all.most.nanos / 10000000 * 6 / 10;

    (void)state;
    assert_true(all.forecasts > 7 * 1300);
    assert_int_equal(all.bad_forecasts, 0);
    assert_int_equal(all.gated + all.told + all.warned + all.told_forecast, 0);
    assert_false(all.reached);
    s = week(budget);
    assert_true(s.gated > 0);
    assert_int_equal(s.warned, 1);
    assert_int_equal(s.degraded, s.reached);
    assert_true(s.told_forecast >= 1 && s.told_forecast <= 8);
    assert_int_equal(s.starts_after, 0);
    assert_true(s.most.nanos <= budget * 10000000 * 11 / 10);
    assert_true(s.most.nanos >= budget * 10000000 * 7 / 10);
}

/* ----- a person goes over it ----- */

static const struct {
    int64_t at_s; /* from 08:30 */
    struct command command;
    bool accepted;
    const char *answer; /* a part of it */
} asked[] = {
    {4000, {.id = 1, .kind = COMMAND_MOVE, .place = PLACE_CLOUD}, false, "$0.01"},
    {4060, {.id = 2, .kind = COMMAND_HOLD, .place = PLACE_CLOUD}, false, "$0.01"},
    {4120,
     {.id = 3, .kind = COMMAND_MOVE, .place = PLACE_CLOUD, .confirmed = true},
     true,
     "over the budget"},
};

struct evening {
    struct utc start;
    size_t next;
    bool right[3];
    bool went, held_over, others_went;
};

static bool ask(void *ctx, struct utc now, struct command *out)
{
    struct evening *v = ctx;

    if (v->next == ARRAY_LEN(asked) || now.s - v->start.s < asked[v->next].at_s)
        return false;
    *out = asked[v->next++].command;
    (void)str_copy(out->server, sizeof(out->server), "cache");
    (void)str_copy(out->by, sizeof(out->by), "dana");
    return true;
}

static void listen(void *ctx, const struct fleet *f)
{
    struct evening *v = ctx;

    for (size_t i = 0; i < f->n_replies; i++) {
        const struct command_reply *r = &f->replies[i];

        if (r->id >= 1 && r->id <= ARRAY_LEN(asked))
            v->right[r->id - 1] = r->accepted == asked[r->id - 1].accepted &&
                                  strstr(r->text, asked[r->id - 1].answer) != NULL;
    }
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];
        bool out = s->facts.place == PLACE_CLOUD;

        if (str_eq(s->name, "cache")) {
            v->went = v->went || out;
            v->held_over = v->held_over || s->hold.over_budget;
        } else {
            v->others_went = v->others_went || out;
        }
    }
}

static void test_confirmed(void **state)
{
    struct run *r = run_prepare(3);
    struct evening v = {.start = r->options.from};

    (void)state;
    r->options.duration_s = 3 * 3600;
    r->options.each_minute = listen;
    r->options.each_entry = NULL;
    r->options.order = ask;
    r->options.ctx = &v;
    r->config->policy.has_budget = true;
    r->config->policy.budget_month = (struct usd){10000000};
    run_go(r);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        assert_row(asked[i].answer, v.right[i]);
    assert_true(v.went && v.held_over);
    assert_false(v.others_went);
    assert_int_equal(r->report.violations, 0);
    run_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_confirmed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
