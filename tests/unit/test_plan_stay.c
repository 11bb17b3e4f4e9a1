#include <config.h>

#include "tests/unit/plan_site.h"

/* Gates `remaining` and `dwell`: is a move still worth it, and is it too soon? */

/* 6.4: `remaining`, to the second. */
static void test_remaining(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    site_plan_at(&s, "2026-11-24T17:15:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    site_plan_at(&s, "2026-11-24T17:15:01");
    assert_int_equal(s.outs[0].decision.gate, GATE_REMAINING);
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    /* An order goes out all the same. */
    site_order(&s, 0, PLACE_CLOUD, false, "2026-11-24T17:20:00");
    site_plan_at(&s, "2026-11-24T17:20:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    s.servers[0].order.place = PLACE_UNKNOWN;
    /* A hold counts to its own end, unless the schedule goes on from there. */
    site_hold(&s, 0, PLACE_CLOUD, HOLD_UNTIL, "2026-11-24T19:00:00",
              "2026-11-24T20:00:00");
    site_plan_at(&s, "2026-11-24T19:15:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    site_plan_at(&s, "2026-11-24T19:15:01");
    assert_int_equal(s.outs[0].decision.gate, GATE_REMAINING);
    site_hold(&s, 0, PLACE_CLOUD, HOLD_UNTIL_SCHEDULE, "2026-11-25T08:00:00",
              "2026-11-25T08:35:00");
    site_plan_at(&s, "2026-11-25T08:30:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    site_hold(&s, 0, PLACE_CLOUD, HOLD_PIN, "2026-11-25T19:00:00", NULL);
    site_plan_at(&s, "2026-11-25T19:00:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    site_clear(&s);
}

/* 4: the rows with the effect of a hold's end, and dwell to the second. */
static void test_dwell(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        enum place held;
        const char *until, *settled, *now;
        enum gate gate;
        const char *text, *gate_until;
    } rows[] = {
        {"10:00 bring back until 11:00: moves out at 11:00, dwell already met", PLACE_ONPREM,
            "2026-11-24T11:00:00", "2026-11-24T10:06:00", "2026-11-24T11:00:00", GATE_NONE, "", NULL},
        {"10:00 bring back until 17:30: stays on-prem, remaining", PLACE_ONPREM,
            "2026-11-24T17:30:00", "2026-11-24T10:06:00", "2026-11-24T17:30:00", GATE_REMAINING,
            "only 30m left in the cloud, a move out needs 45m", NULL},
        {"came home 3m before the hold ends: 10m at home", PLACE_ONPREM,
            "2026-11-24T11:00:00", "2026-11-24T10:57:00", "2026-11-24T11:06:59", GATE_DWELL,
            "its hold has ended, but it came only Tue 10:57; it goes Tue 11:07",
            "2026-11-24T11:07:00"},
        {"... and then it goes", PLACE_ONPREM,
            "2026-11-24T11:00:00", "2026-11-24T10:57:00", "2026-11-24T11:07:00", GATE_NONE, "", NULL},
        {"the window itself asks: no dwell", PLACE_ONPREM,
            "2026-11-24T08:35:00", "2026-11-24T08:34:00", "2026-11-24T08:35:00", GATE_NONE, "", NULL},
        {"a hold that ended before L is no reason for dwell", PLACE_ONPREM,
            "2026-11-24T08:30:00", "2026-11-24T08:34:00", "2026-11-24T08:36:00", GATE_NONE, "", NULL},
        {"in the cloud: 20m", PLACE_CLOUD,
            "2026-11-24T20:00:00", "2026-11-24T19:50:00", "2026-11-24T20:00:00", GATE_DWELL,
            "its hold has ended, but it came only Tue 19:50; it goes Tue 20:10",
            "2026-11-24T20:10:00"},
        {"in the cloud: 20m are over", PLACE_CLOUD,
            "2026-11-24T20:00:00", "2026-11-24T19:50:00", "2026-11-24T20:10:00", GATE_NONE, "", NULL},
        {"the end of the window asks: no dwell", PLACE_CLOUD,
            "2026-11-24T18:00:00", "2026-11-24T17:55:00", "2026-11-24T18:00:00", GATE_NONE, "", NULL},
        {"settled before we looked", PLACE_CLOUD,
            "2026-11-24T20:00:00", NULL, "2026-11-24T20:00:00", GATE_NONE, "", NULL},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct decision *d;
        struct site s;

        for (int dropped = 0; dropped < 2; dropped++) {
            site_init(&s);
            s.policy.dwell_cloud = 20 * 60;
            s.policy.dwell_onprem = 10 * 60;
            for (size_t k = 0; k < SITE_SERVERS; k++)
                site_settle(&s, k,
                            k == 0 || rows[i].held == PLACE_CLOUD ? rows[i].held
                                                                  : PLACE_CLOUD);
            for (size_t k = 1; k < SITE_SERVERS; k++)
                s.servers[k].auto_on = false;
            if (rows[i].settled != NULL)
                s.servers[0].settled_since = at(s.tz, rows[i].settled);
            if (dropped)
                s.servers[0].hold_ended = at(s.tz, rows[i].until);
            else
                site_hold(&s, 0, rows[i].held, HOLD_UNTIL, "2026-11-24T07:00:00",
                          rows[i].until);
            site_plan_at(&s, rows[i].now);
            d = &s.outs[0].decision;
            assert_row(rows[i].what, d->gate == rows[i].gate);
            assert_row(rows[i].what, str_eq(d->gate_text, rows[i].text));
            assert_row(
                rows[i].what,
                d->gate_until.s ==
                    (rows[i].gate_until != NULL ? at(s.tz, rows[i].gate_until).s : 0));
            assert_row(rows[i].what,
                       s.outs[0].act ==
                           (rows[i].gate == GATE_NONE ? PLAN_START : PLAN_NONE));
            /* A person does not wait for it. */
            site_order(&s, 0, rows[i].held == PLACE_CLOUD ? PLACE_ONPREM : PLACE_CLOUD,
                       false, rows[i].now);
            site_plan_at(&s, rows[i].now);
            assert_row(rows[i].what, s.outs[0].act == PLAN_START);
            site_clear(&s);
        }
    }
}

/* With a late drain the end of the rush hours asks later, too. */
static void test_dwell_late_drain(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.dwell_cloud = 20 * 60;
    s.policy.drain_start = 30 * 60;
    for (size_t i = 0; i < SITE_SERVERS; i++)
        site_settle(&s, i, PLACE_CLOUD);
    s.servers[0].settled_since = at(s.tz, "2026-11-24T18:15:00");
    s.servers[0].hold_ended = at(s.tz, "2026-11-24T18:10:00");
    site_plan_at(&s, "2026-11-24T18:30:00");
    assert_int_equal(s.outs[0].decision.gate, GATE_NONE);
    assert_int_equal(s.outs[0].act, PLAN_START);
    site_clear(&s);
}

/* A new hold is a reason of its own, whatever ended just before. */
static void test_held_again(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.dwell_onprem = 10 * 60;
    for (size_t i = 1; i < SITE_SERVERS; i++)
        s.servers[i].auto_on = false;
    s.servers[0].settled_since = at(s.tz, "2026-11-24T10:57:00");
    s.servers[0].hold_ended = at(s.tz, "2026-11-24T11:00:00");
    site_plan_at(&s, "2026-11-24T11:00:00");
    assert_int_equal(s.outs[0].decision.gate, GATE_DWELL);
    site_hold(&s, 0, PLACE_CLOUD, HOLD_PIN, "2026-11-24T11:00:00", NULL);
    site_plan_at(&s, "2026-11-24T11:00:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    site_clear(&s);
}

/* 5.2: taken back, it may be launched once more at once when nothing would stop a way out
 * now. */
static void test_may_replace(void **state)
{
    enum change {
        NOTHING,
        NO_NOTICE,
        MOVING,
        AUTO_IS_OFF,
        ORDER_HOME,
        HELD_HOME,
        BAD_CLOCK,
        STALE,
        BLOCKED,
        BACKOFF,
        BREAKER,
        SPENT,
        COMMITTED,
        NO_PRICE,
        WITHIN_BUDGET,
        HOLD_ENDED,
    };
    static const struct {
        const char *what, *now;
        enum change change;
        bool want;
    } rows[] = {
        {"in the rush hours", "2026-11-24T11:00:00", NOTHING, true},
        {"without a notice there is nothing to replace", "2026-11-24T11:00:00", NO_NOTICE,
         false},
        {"45m are left", "2026-11-24T17:15:00", NOTHING, true},
        {"a second less is not worth it", "2026-11-24T17:15:01", NOTHING, false},
        {"after them it goes home anyway", "2026-11-24T18:20:00", NOTHING, false},
        {"its move is under way", "2026-11-24T11:00:00", MOVING, false},
        {"auto is off", "2026-11-24T11:00:00", AUTO_IS_OFF, false},
        {"ordered home", "2026-11-24T11:00:00", ORDER_HOME, false},
        {"held at home", "2026-11-24T11:00:00", HELD_HOME, false},
        {"the clock is not trusted", "2026-11-24T11:00:00", BAD_CLOCK, false},
        {"where it is is not known", "2026-11-24T11:00:00", STALE, false},
        {"only a person can end this", "2026-11-24T11:00:00", BLOCKED, false},
        {"it waits for its next try", "2026-11-24T11:00:00", BACKOFF, false},
        {"its breaker is open", "2026-11-24T11:00:00", BREAKER, false},
        {"the budget is spent", "2026-11-24T11:00:00", SPENT, false},
        {"all of it is promised", "2026-11-24T11:00:00", COMMITTED, false},
        {"nobody knows what it costs", "2026-11-24T11:00:00", NO_PRICE, false},
        {"within the budget", "2026-11-24T11:00:00", WITHIN_BUDGET, true},
        {"dwell is for moves that nothing demands", "2026-11-24T11:00:00", HOLD_ENDED,
         true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;
        struct utc now;

        site_init(&s);
        now = at(s.tz, rows[i].now);
        site_settle(&s, 0, PLACE_CLOUD);
        s.servers[0].commits_before_drain = true;
        if (rows[i].change != NO_NOTICE)
            s.facts[0].instance.reclaim_at.s = now.s + 120;
        if (rows[i].change == MOVING)
            (void)site_move(&s, 0, DIRECTION_BACK, rows[i].now);
        if (rows[i].change == AUTO_IS_OFF)
            s.servers[0].auto_on = false;
        if (rows[i].change == ORDER_HOME)
            site_order(&s, 0, PLACE_ONPREM, false, rows[i].now);
        if (rows[i].change == HELD_HOME)
            site_hold(&s, 0, PLACE_ONPREM, HOLD_PIN, rows[i].now, NULL);
        s.in.clock_ok = rows[i].change != BAD_CLOCK;
        s.facts[0].place_stale = rows[i].change == STALE;
        if (rows[i].change == BLOCKED)
            (void)str_copy(s.facts[0].blocked, sizeof(s.facts[0].blocked), "no");
        if (rows[i].change == BACKOFF)
            s.servers[0].retry_at.s = now.s + 1;
        s.servers[0].breaker_open = rows[i].change == BREAKER;
        s.servers[0].price_known = rows[i].change != NO_PRICE;
        s.servers[0].price_hour = (struct usd){60000000};
        if (rows[i].change >= SPENT && rows[i].change <= WITHIN_BUDGET)
            s.in.budget = (struct plan_budget){
                .set = true,
                .known = true,
                .reached = rows[i].change == SPENT,
                .limit = {rows[i].change == COMMITTED ? 100000000 : 10000000000},
                .month_end = {now.s + 86400}};
        if (rows[i].change == HOLD_ENDED)
            s.servers[0].hold_ended = s.servers[0].settled_since = now;
        site_plan(&s, now);
        assert_row(rows[i].what, s.outs[0].may_replace == rows[i].want);
        assert_row(rows[i].what, !s.outs[1].may_replace);
        site_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remaining),        cmocka_unit_test(test_dwell),
        cmocka_unit_test(test_dwell_late_drain), cmocka_unit_test(test_held_again),
        cmocka_unit_test(test_may_replace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
