#include <config.h>

#include "core/base/str.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * Policy-and-cost 3.5 row 4: an evening on which builds at home do not end, until late.
 * The host has room for not quite three of four busy servers. Times are seconds from
 * Sunday 08:30; the rush hours are 1800 to 34200.
 */

enum { MIN = 60, HOUR = 3600, EVENING = 34200 + HOUR, CALM = 16 * HOUR, END = 23 * HOUR };

struct night {
    struct run *r;
    struct utc start;
    int64_t above_s, below_s; /* the host has been above 10 %, below 5 %, since then */
    int64_t above, below;     /* … when the first was sent, and came home */
    int32_t ready[WATCHED_SERVERS];
    int32_t of_sent, of_most; /* ready of the first one sent, and of the highest */
    int64_t sent, returned, sent_s, arrived_s, returned_s; /* moves; of the first ones */
    int32_t out_last;      /* for the host's sake, in the last minute */
    int32_t most_together; /* out for the host's sake, or on their way there */
    int64_t known;         /* minutes in which ready was known */
    char first[NAME_TEXT];
};

static bool is_known_at_home(const struct server_view *v)
{
    return v->facts.place == PLACE_ONPREM && v->facts.onprem.known;
}

/* Its builds go on; those of a closed node come to their end. */
static void keep_busy(struct night *n, const struct server_view *v)
{
    char body[96];

    if (!is_known_at_home(v) || !v->facts.onprem.open || v->facts.onprem.idle)
        return;
    (void)str_format(body, sizeof(body), "{\"server\":\"%s\",\"seconds\":45}", v->name);
    run_post(n->r, "/control/builds", body);
}

static int64_t since(int64_t was, bool is_so, int64_t now)
{
    return !is_so ? 0 : was != 0 ? was : now;
}

static void each_minute(void *ctx, const struct fleet *f)
{
    struct night *n = ctx;
    int64_t s = f->at.s - n->start.s;
    int32_t together = 0, ready = f->host.ready_permille;

    n->known += ready >= 0 ? 1 : 0;
    n->above_s = since(n->above_s, ready > 100, s);
    n->below_s = since(n->below_s, ready >= 0 && ready < 50, s);
    for (size_t i = 0; i < f->n_servers && i < WATCHED_SERVERS; i++) {
        const struct server_view *v = &f->servers[i];

        if (s >= EVENING && s < CALM)
            keep_busy(n, v);
        together += v->decision.reason == REASON_PRESSURE ? 1 : 0;
        n->ready[i] = v->facts.ready_permille;
        if (str_eq(v->name, n->first) && n->arrived_s == 0 &&
            v->facts.place == PLACE_CLOUD)
            n->arrived_s = s;
    }
    n->out_last = together;
    if (together > n->most_together)
        n->most_together = together;
    if (getenv("RH_TEST_JOURNAL") != NULL && s % 300 == 0)
        print_message("%lld ready %d: %d %d %d %d\n", (long long)s, ready, n->ready[0],
                      n->ready[1], n->ready[2], n->ready[3]);
}

static void note_move(struct night *n, const struct journal_entry *j, int64_t s)
{
    if (str_eq(j->to, "cloud")) {
        if (n->sent++ > 0)
            return;
        n->sent_s = s;
        n->above = n->above_s;
        (void)str_copy(n->first, sizeof(n->first), j->server);
        for (size_t i = 0; i < n->r->config->n_servers; i++) {
            if (n->ready[i] > n->of_most)
                n->of_most = n->ready[i];
            if (str_eq(n->r->config->servers[i].name, j->server))
                n->of_sent = n->ready[i];
        }
    } else if (n->sent > 0 && n->returned++ == 0) { /* else the rush hours' */
        n->returned_s = s;
        n->below = n->below_s;
    }
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct night *n = ctx;
    int64_t s = j->at.s - n->start.s;

    if (getenv("RH_TEST_JOURNAL") != NULL && s >= EVENING)
        print_message("%lld %s %s %s %s: %s\n", (long long)s, level_word(j->level),
                      j->actor, j->server, j->action, j->text);
    if (s >= EVENING && str_eq(j->action, "move"))
        note_move(n, j, s);
}

static void begin(struct night *n, enum drive_level level, bool on)
{
    n->r = run_prepare(3);
    n->start = n->r->options.from;
    n->r->options.level = level;
    n->r->options.duration_s = END;
    n->r->options.each_minute = each_minute;
    n->r->options.each_entry = each_entry;
    n->r->options.ctx = n;
    n->r->config->policy.pressure = on;
}

static void end(struct night *n)
{
    run_go(n->r);
    print_message("%s sent at %lld (above since %lld), there at %lld, on its way home "
                  "at %lld (below since %lld); %lld out, %lld back, most together %d\n",
                  n->first, (long long)n->sent_s, (long long)n->above,
                  (long long)n->arrived_s, (long long)n->returned_s, (long long)n->below,
                  (long long)n->sent, (long long)n->returned, n->most_together);
    assert_int_equal(n->r->report.violations, 0);
    run_free(n->r);
}

/* The shown minutes are a little later than the readings that count. */
static void check_night(const struct night *n, int64_t slack_s)
{
    const struct policy_config p = {.pressure_for = 600, .dwell_cloud = 20 * MIN};

    assert_true(n->sent >= 1);
    assert_true(n->above != 0 && n->sent_s - n->above >= p.pressure_for - slack_s);
    assert_true(n->sent_s - n->above <= p.pressure_for + slack_s);
    assert_int_equal(n->of_sent, n->of_most); /* the highest first */
    assert_int_equal(n->most_together, 1);    /* never two at a time */
    assert_true(n->arrived_s > n->sent_s);
    assert_true(n->below != 0 && n->returned_s - n->below >= p.pressure_for - slack_s);
    assert_true(n->returned_s - n->arrived_s >= p.dwell_cloud - slack_s);
    assert_int_equal(n->out_last, 0); /* the host is calm again, and all are home */
}

static void test_night(void **state)
{
    struct night n = {0};

    (void)state;
    begin(&n, DRIVE_WIRE, true);
    end(&n);
    check_night(&n, MIN + 20);
    assert_true(n.known > END / MIN - 5);
}

/* Where it is looked every five minutes. */
static void test_typed_night(void **state)
{
    struct night n = {0};

    (void)state;
    begin(&n, DRIVE_TYPED, true);
    end(&n);
    check_night(&n, 5 * MIN + 20);
}

static void test_off_by_default(void **state)
{
    struct night n = {0};

    (void)state;
    begin(&n, DRIVE_WIRE, false);
    assert_false(n.r->config->policy.pressure);
    end(&n);
    assert_int_equal(n.sent + n.returned, 0);
    assert_int_equal(n.most_together, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_night),
        cmocka_unit_test(test_typed_night),
        cmocka_unit_test(test_off_by_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
