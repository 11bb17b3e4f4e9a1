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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
