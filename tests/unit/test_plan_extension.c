#include <config.h>

#include "tests/unit/plan_site.h"

/* 6.8: the extension starts with the first planned move, and any doubt keeps it up. */
static void test_extension(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_START);
    for (size_t i = 1; i < SITE_SERVERS; i++)
        s.servers[i].needs_extension = false;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_START);
    s.servers[0].needs_extension = false;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_NONE);
    /* ts4 alone needs it, and only waits for a slot. */
    s.servers[3].needs_extension = true;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.outs[3].decision.gate, GATE_SLOTS);
    assert_int_equal(s.out.extension, PLAN_EXTENSION_START);
    s.facts[3].task_active = true;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_NONE);
    s.facts[3].task_active = false;
    s.extension.stale = true;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_NONE);
    s.extension.stale = false;
    s.extension.task_active = true;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_NONE);
    s.extension.task_active = false;
    s.extension.state = EXTENSION_STOPPING;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_NONE);
    s.extension.configured = false;
    s.extension.state = EXTENSION_STOPPED;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_NONE);
    site_clear(&s);
}

static void doubt_none(struct site *s)
{
    (void)s;
}

static void doubt_auto_stop(struct site *s)
{
    s->in.auto_stop = false;
}

static void doubt_off(struct site *s)
{
    s->in.setting = AUTO_OFF;
}

static void doubt_dry_run(struct site *s)
{
    s->in.setting = AUTO_DRY_RUN;
}

static void no_doubt_snooze(struct site *s)
{
    s->in.snooze_until = at(s->tz, "2026-11-24T20:00:00");
}

static void doubt_snooze(struct site *s)
{
    s->in.snooze_until = at(s->tz, "2026-11-24T23:00:00");
}

static void doubt_clock(struct site *s)
{
    s->in.clock_ok = false;
}

static void doubt_state(struct site *s)
{
    s->extension.state = EXTENSION_IMPAIRED;
}

static void doubt_readings(struct site *s)
{
    s->in.extension_idle_since.s = 0;
}

static void doubt_linger(struct site *s)
{
    s->in.extension_idle_since.s = at(s->tz, "2026-11-24T20:00:00").s - 599;
}

static void doubt_cloud(struct site *s)
{
    site_settle(s, 2, PLACE_CLOUD);
}

static void doubt_unknown(struct site *s)
{
    s->facts[2].place = PLACE_UNKNOWN;
}

static void doubt_stale(struct site *s)
{
    s->facts[2].place_stale = true;
}

static void doubt_task(struct site *s)
{
    s->facts[2].task_active = true;
}

static void doubt_move(struct site *s)
{
    (void)site_move(s, 2, DIRECTION_BACK, "2026-11-24T19:50:00");
}

static void doubt_order(struct site *s)
{
    site_order(s, 2, PLACE_CLOUD, false, "2026-11-24T20:00:00");
    s->facts[2].onprem.known = false; /* so that it does not start yet */
}

static void doubt_hold(struct site *s)
{
    site_hold(s, 2, PLACE_CLOUD, HOLD_PIN, "2026-11-24T20:00:00", NULL);
    s->servers[2].retry_at = at(s->tz, "2026-11-24T20:10:00");
}

static void doubt_window(struct site *s)
{
    s->policy.windows[0].start_min = HM(20, 37); /* L is 12 minutes away */
    s->policy.windows[0].end_min = HM(23, 0);
}

static void doubt_snooze_end(struct site *s)
{
    s->policy.windows[0].end_min = HM(23, 0);
    s->in.snooze_until = at(s->tz, "2026-11-24T20:10:00");
}

static void doubt_own_snooze_end(struct site *s)
{
    s->policy.windows[0].end_min = HM(23, 0);
    for (size_t i = 0; i < SITE_SERVERS; i++)
        s->servers[i].snooze_until = at(s->tz, "2026-11-24T20:10:00");
}

static void no_doubt_window(struct site *s)
{
    s->policy.windows[0].start_min = HM(20, 38);
    s->policy.windows[0].end_min = HM(23, 0);
}

static void no_doubt_other_mover(struct site *s)
{
    s->servers[2].needs_extension = false;
    site_settle(s, 2, PLACE_CLOUD);
}

static void no_doubt_remaining(struct site *s)
{
    s->policy.windows[0].end_min = HM(20, 30);
}

/* In the rush hours to 23:00: all are wanted out there. */
static void in_window(struct site *s)
{
    s->policy.windows[0].end_min = HM(23, 0);
}

/* Of $10.00 so much is spent; to 23:00 a server costs $0.30. */
static void with_spent(struct site *s, int64_t cents)
{
    in_window(s);
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        s->servers[i].price_known = true;
        s->servers[i].price_hour = (struct usd){100000000};
    }
    s->in.budget = (struct plan_budget){.set = true,
                                        .known = true,
                                        .reached = cents >= 1000,
                                        .limit = {1000 * INT64_C(10000000)},
                                        .spent = {cents * 10000000},
                                        .month_end = utc_at("2026-12-01T00:00:00Z")};
}

static void doubt_money_left(struct site *s)
{
    with_spent(s, 970);
}

static void no_doubt_budget(struct site *s)
{
    with_spent(s, 971);
}

static void no_doubt_evacuates(struct site *s)
{
    with_spent(s, 1000);
    s->policy.budget_evacuates = true;
}

static void doubt_evacuates_but_one(struct site *s)
{
    no_doubt_evacuates(s);
    site_hold(s, 2, PLACE_CLOUD, HOLD_PIN, "2026-11-24T20:00:00", NULL);
    s->servers[2].hold.over_budget = true;
    s->servers[2].retry_at = at(s->tz, "2026-11-24T20:10:00");
}

static void no_doubt_at_least_spent(struct site *s)
{
    with_spent(s, 1000);
    s->in.budget.known = false;
}

static void doubt_new_month(struct site *s)
{
    with_spent(s, 1000);
    s->in.budget.month_end = at(s->tz, "2026-11-24T20:12:00");
}

static void doubt_evacuates_new_month(struct site *s)
{
    no_doubt_evacuates(s);
    s->in.budget.month_end = at(s->tz, "2026-11-24T20:12:00");
}

static void no_doubt_later_month(struct site *s)
{
    with_spent(s, 1000);
    s->in.budget.month_end = at(s->tz, "2026-11-24T20:12:01");
}

static void doubt_spent_unknown(struct site *s)
{
    with_spent(s, 0);
    s->in.budget.known = false;
}

static void doubt_price_unknown(struct site *s)
{
    with_spent(s, 999);
    s->servers[2].price_known = false;
}

static void each_waits(struct site *s, const char *breaker, const char *retry,
                       const char *rerun)
{
    in_window(s);
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        s->servers[i].breaker_open = breaker != NULL;
        if (breaker != NULL && breaker[0] != '\0')
            s->servers[i].breaker_until = at(s->tz, breaker);
        if (retry != NULL)
            s->servers[i].retry_at = at(s->tz, retry);
        if (rerun != NULL)
            s->servers[i].rerun_at = at(s->tz, rerun);
    }
}

static void no_doubt_breaker(struct site *s)
{
    each_waits(s, "2026-11-24T20:12:01", NULL, NULL);
}

static void no_doubt_breaker_for_good(struct site *s)
{
    each_waits(s, "", NULL, NULL);
}

static void doubt_breaker(struct site *s)
{
    each_waits(s, "2026-11-24T20:12:00", NULL, NULL);
}

static void no_doubt_backoff(struct site *s)
{
    each_waits(s, NULL, "2026-11-24T20:12:01", NULL);
}

static void no_doubt_rerun(struct site *s)
{
    each_waits(s, NULL, "2026-11-24T20:10:00", "2026-11-24T20:12:01");
}

static void doubt_backoff(struct site *s)
{
    each_waits(s, NULL, "2026-11-24T20:12:00", "2026-11-24T20:12:00");
}

/* The first of its gates to end is not the last. */
static void no_doubt_breaker_and_backoff(struct site *s)
{
    each_waits(s, "2026-11-24T20:20:00", "2026-11-24T20:05:00", NULL);
}

static void doubt_one_waits_less(struct site *s)
{
    no_doubt_breaker(s);
    s->servers[2].breaker_until = at(s->tz, "2026-11-24T20:12:00");
}

static void test_extension_stop(void **state)
{
    /* clang-format off */
    static const struct { const char *what; void (*set)(struct site *s); bool stops; } rows[] = {
        {"idle", doubt_none, true},
        {"auto_stop is off", doubt_auto_stop, false},
        {"auto is off", doubt_off, false},
        {"dry-run", doubt_dry_run, false},
        {"snoozed", doubt_snooze, false},
        {"the snooze ends now", no_doubt_snooze, true},
        {"the clock", doubt_clock, false},
        {"impaired", doubt_state, false},
        {"no two readings yet", doubt_readings, false},
        {"idle for 9m59s", doubt_linger, false},
        {"one in the cloud", doubt_cloud, false},
        {"one of unknown place", doubt_unknown, false},
        {"one of stale place", doubt_stale, false},
        {"a task on a VM", doubt_task, false},
        {"an open move", doubt_move, false},
        {"an order", doubt_order, false},
        {"a hold that waits for its backoff", doubt_hold, false},
        {"L within linger and start time", doubt_window, false},
        {"the end of a snooze", doubt_snooze_end, false},
        {"the ends of their own", doubt_own_snooze_end, false},
        {"L just behind them", no_doubt_window, true},
        {"in the cloud by another mover", no_doubt_other_mover, true},
        {"a window not worth a move any more", no_doubt_remaining, true},
        {"in the rush hours", in_window, false},
        {"the money is just enough for one", doubt_money_left, false},
        {"a cent less", no_doubt_budget, true},
        {"all came home, the money is spent", no_doubt_evacuates, true},
        {"but one is held out there over the budget", doubt_evacuates_but_one, false},
        {"a new month within linger and start time", doubt_new_month, false},
        {"... when all came home", doubt_evacuates_new_month, false},
        {"a new month just behind them", no_doubt_later_month, true},
        {"spent, and maybe more than that", no_doubt_at_least_spent, true},
        {"nobody knows what is spent", doubt_spent_unknown, false},
        {"nobody knows what one would cost", doubt_price_unknown, false},
        {"the breakers are open for long", no_doubt_breaker, true},
        {"... until a person comes", no_doubt_breaker_for_good, true},
        {"... not so long", doubt_breaker, false},
        {"backoffs that last", no_doubt_backoff, true},
        {"... for a re-run", no_doubt_rerun, true},
        {"... not so long", doubt_backoff, false},
        {"a backoff that ends before the breaker", no_doubt_breaker_and_backoff, true},
        {"one waits less", doubt_one_waits_less, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        site_init(&s);
        s.extension.state = EXTENSION_ACTIVE;
        s.in.extension_idle_since = at(s.tz, "2026-11-24T19:50:00");
        rows[i].set(&s);
        site_plan_at(&s, "2026-11-24T20:00:00");
        assert_row(rows[i].what,
                   (s.out.extension == PLAN_EXTENSION_STOP) == rows[i].stops);
        site_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extension),
        cmocka_unit_test(test_extension_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
