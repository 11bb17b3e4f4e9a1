#include <config.h>

#include "tests/unit/plan_site.h"

/* Policy-and-cost 3.5 row 4. The host has been above the mark since 20:00 on a Tuesday;
 * of ts1 … ts4 ts3 waits most. */

static void press(struct site *s)
{
    static const int32_t ready[SITE_SERVERS] = {120, 140, 310, 90};

    site_init(s);
    s->policy.pressure = true;
    s->policy.pressure_high = 10;
    s->policy.pressure_low = 5;
    s->policy.pressure_for = 600;
    s->policy.dwell_cloud = 20 * 60;
    s->policy.dwell_onprem = 10 * 60;
    s->in.pressure.ready_permille = 142;
    s->in.pressure.above_since = at(s->tz, "2026-11-24T20:00:00");
    for (size_t i = 0; i < SITE_SERVERS; i++)
        s->facts[i].ready_permille = ready[i];
}

/* Sent out at that time, and there. */
static void sent(struct site *s, size_t i, const char *when)
{
    site_settle(s, i, PLACE_CLOUD);
    s->facts[i].ready_permille = -1;
    s->servers[i].pressed_since = at(s->tz, when);
    s->servers[i].settled_since = at(s->tz, when);
}

/* Who is wanted out there for the host's sake, as a bit each. */
static int wanted(const struct site *s)
{
    int bits = 0;

    for (size_t i = 0; i < SITE_SERVERS; i++) {
        const struct decision *d = &s->outs[i].decision;

        bits |= s->outs[i].pressed ? 1 << i : 0;
        assert_int_equal(d->reason == REASON_PRESSURE && d->desired == PLACE_CLOUD,
                         s->outs[i].pressed && d->reason != REASON_WINDOW &&
                             d->reason != REASON_LEAD && d->reason != REASON_HOLD &&
                             d->reason != REASON_NONE);
    }
    return bits;
}

enum change {
    NOTHING,
    OFF,
    CLOCK,
    HOLD,
    HELD_OVER,
    ORDER,
    AUTO,
    STALE,
    UNREAD,
    NODE,
    ALL_NODES,
    BUDGET,
    DWELL,
    ON_ITS_WAY,
    DRAINS,
    LOST_SIGHT,
    ARRIVED,
    GOES_HOME,
    GOES_BY_HAND,
    AS_HIGH,
    NEVER_WAITS,
    BELOW,
    BELOW_TWO,
    BELOW_OFF_CLOCK,
    AWAY
};

static void change(struct site *s, enum change c)
{
    struct utc long_ago = at(s->tz, "2026-11-24T20:00:00");

    switch (c) {
    case NOTHING:
        break;
    case OFF:
        s->policy.pressure = false;
        break;
    case CLOCK:
        s->in.clock_ok = false;
        break;
    case HOLD:
        site_hold(s, 2, PLACE_ONPREM, HOLD_PIN, "2026-11-24T19:00:00", NULL);
        break;
    case HELD_OVER:
        site_hold(s, 2, PLACE_ONPREM, HOLD_UNTIL, "2026-11-24T19:00:00",
                  "2026-11-24T19:30:00");
        break;
    case ORDER:
        site_order(s, 2, PLACE_ONPREM, false, "2026-11-24T20:05:00");
        break;
    case AUTO:
        s->servers[2].auto_on = false;
        break;
    case STALE:
        s->facts[2].place_stale = true;
        break;
    case UNREAD:
        s->facts[2].ready_permille = -1;
        break;
    case NODE:
        site_close(&s->facts[2].onprem, CLOSED_BY_PERSON);
        break;
    case ALL_NODES:
        s->in.jenkins_quieting = true;
        break;
    case BUDGET:
        s->in.budget.set = s->in.budget.known = true;
        s->in.budget.reached = true;
        break;
    case DWELL:
        s->servers[2].settled_since = at(s->tz, "2026-11-24T20:05:00");
        break;
    case ON_ITS_WAY:
        sent(s, 0, "2026-11-24T20:01:00");
        (void)site_move(s, 0, DIRECTION_OUT, "2026-11-24T20:01:00");
        site_commit(s, 0, "2026-11-24T20:01:00");
        break;
    case DRAINS:
        s->servers[0].pressed_since = at(s->tz, "2026-11-24T20:01:00");
        (void)site_move(s, 0, DIRECTION_OUT, "2026-11-24T20:01:00");
        site_build(&s->facts[0].onprem, "soak #1");
        break;
    case LOST_SIGHT:
        sent(s, 0, "2026-11-24T20:01:00");
        s->facts[0].place_stale = true;
        break;
    case ARRIVED:
        sent(s, 0, "2026-11-24T19:00:00");
        break;
    case GOES_HOME:
        sent(s, 0, "2026-11-24T19:00:00");
        (void)site_move(s, 0, DIRECTION_BACK, "2026-11-24T20:09:00");
        s->moves[0].manual = true;
        break;
    case GOES_BY_HAND:
        site_move(s, 2, DIRECTION_OUT, "2026-11-24T20:09:00")->manual = true;
        break;
    case NEVER_WAITS:
        for (size_t i = 0; i < SITE_SERVERS; i++)
            s->facts[i].ready_permille = i == 1 ? 0 : -1;
        break;
    case AS_HIGH:
        s->facts[1].ready_permille = 310;
        break;
    case BELOW_TWO:
        sent(s, 3, "2026-11-24T18:30:00");
        sent(s, 1, "2026-11-24T18:50:00");
        sent(s, 0, "2026-11-24T18:40:00");
        s->in.pressure.above_since.s = 0;
        s->in.pressure.below_since = long_ago;
        break;
    case BELOW_OFF_CLOCK:
        s->in.clock_ok = false;
        /* fall through */
    case BELOW:
        sent(s, 0, "2026-11-24T18:40:00");
        s->in.pressure.above_since.s = 0;
        s->in.pressure.below_since = long_ago;
        break;
    case AWAY:
        for (size_t i = 0; i < SITE_SERVERS; i++)
            s->facts[i].place = PLACE_UNKNOWN;
        break;
    }
}

static void test_row_4(void **state)
{
    enum { T1 = 1, T2 = 2, T3 = 4 };
    /* clang-format off */
    static const struct { const char *what; enum change how; const char *now; int want; } rows[] = {
        {"host CPU ready % above `pressure_high` for `pressure_for`, the highest", NOTHING, "2026-11-24T20:10:00", T3},
        {"… and not a second sooner",                       NOTHING,    "2026-11-24T20:09:59", 0},
        {"`pressure` off",                                  OFF,        "2026-11-24T20:10:00", 0},
        {"nobody trusts the clock",                         CLOCK,      "2026-11-24T20:10:00", 0},
        {"row 1 says where it belongs: the next highest",   HOLD,       "2026-11-24T20:10:00", T2},
        {"a hold that is over says nothing",                HELD_OVER,  "2026-11-24T20:10:00", T3},
        {"a person moves it now",                           ORDER,      "2026-11-24T20:10:00", T2},
        {"its automation is off",                           AUTO,       "2026-11-24T20:10:00", T2},
        {"nobody knows for sure where it is",               STALE,      "2026-11-24T20:10:00", T2},
        {"nobody knows how long it waits",                  UNREAD,     "2026-11-24T20:10:00", T2},
        {"a gate stops the highest: the next one",          NODE,       "2026-11-24T20:10:00", T2},
        {"a gate stops all: the highest shows it",          ALL_NODES,  "2026-11-24T20:10:00", T3},
        {"the budget stops all",                            BUDGET,     "2026-11-24T20:10:00", T3},
        {"it has only just come home",                      DWELL,      "2026-11-24T20:10:00", T2},
        {"one server at a time: one is on its way",         ON_ITS_WAY, "2026-11-24T20:10:00", T1},
        {"one server at a time: one waits for its builds",  DRAINS,     "2026-11-24T20:10:00", T1},
        {"one server at a time: one is lost from sight",    LOST_SIGHT, "2026-11-24T20:10:00", T1},
        {"the one before has arrived, and still above",     ARRIVED,    "2026-11-24T20:10:00", T1 | T3},
        {"one server at a time: one begins to return",      GOES_HOME,  "2026-11-24T20:10:00", T1},
        {"the highest is on its way by hand already",       GOES_BY_HAND, "2026-11-24T20:10:00", T2},
        {"one that never waits, when it alone is known",    NEVER_WAITS, "2026-11-24T20:10:00", T2},
        {"two are as high: the first of them",              AS_HIGH,    "2026-11-24T20:10:00", T2},
        {"it stays out until below `pressure_low` as long", BELOW,      "2026-11-24T20:09:59", T1},
        {"until below `pressure_low` as long",              BELOW,      "2026-11-24T20:10:00", 0},
        {"the last one out is the first to return",         BELOW_TWO,  "2026-11-24T20:10:00", 8 | T1},
        {"below, and nobody trusts the clock",              BELOW_OFF_CLOCK, "2026-11-24T20:10:00", T1},
        {"nobody is there to go",                           AWAY,       "2026-11-24T20:10:00", 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        press(&s);
        change(&s, rows[i].how);
        site_plan_at(&s, rows[i].now);
        if (wanted(&s) != rows[i].want)
            print_error("%s: %d\n", rows[i].what, wanted(&s));
        assert_row(rows[i].what, wanted(&s) == rows[i].want);
        site_clear(&s);
    }
}

/* Rows 1 to 3 come before it; what it sent out stays its own over a window. */
static void test_order_of_rows(void **state)
{
    struct site s;

    (void)state;
    press(&s);
    s.in.pressure.above_since = at(s.tz, "2026-11-24T08:00:00");
    site_plan_at(&s, "2026-11-24T08:40:00");
    assert_int_equal(wanted(&s), 0); /* nobody is picked: all go */
    assert_int_equal(s.outs[2].decision.reason, REASON_LEAD);
    sent(&s, 2, "2026-11-24T08:20:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(wanted(&s), 4);
    assert_int_equal(s.outs[2].decision.reason, REASON_WINDOW);
    site_plan_at(&s, "2026-11-24T18:00:00");
    assert_int_equal(s.outs[2].decision.reason, REASON_PRESSURE);
    assert_int_equal(s.outs[2].act, PLAN_NONE);
    site_hold(&s, 2, PLACE_ONPREM, HOLD_PIN, "2026-11-24T18:00:00", NULL);
    site_plan_at(&s, "2026-11-24T18:00:00");
    assert_int_equal(s.outs[2].decision.reason, REASON_HOLD);
    assert_int_equal(s.outs[2].act, PLAN_START);
    s.servers[2].hold.place = PLACE_UNKNOWN;
    s.policy.budget_evacuates = true;
    s.in.budget.set = s.in.budget.known = s.in.budget.reached = true;
    site_plan_at(&s, "2026-11-24T18:00:00");
    assert_int_equal(s.outs[2].decision.reason, REASON_BUDGET);
    site_clear(&s);
}

/* Texts, dwell of both ways, and the drain's deadline. */
static void test_way(void **state)
{
    struct site s;

    (void)state;
    press(&s);
    s.policy.out_drain_deadline = 900;
    site_plan_at(&s, "2026-11-24T20:12:00");
    assert_string_equal(s.outs[2].decision.reason_text,
                        "the host is short of CPU, CPU ready stays above 10% since "
                        "Tue 20:00, now 14.2%");
    assert_int_equal(s.outs[2].act, PLAN_START);
    assert_int_equal(s.outs[2].drain_deadline.s, at(s.tz, "2026-11-24T20:27:00").s);
    assert_int_equal(s.out.extension, PLAN_EXTENSION_START);
    assert_string_equal(s.out.next_what, "window starts: 3 servers go to the cloud");
    for (size_t i = 0; i < SITE_SERVERS; i++)
        s.servers[i].settled_since = at(s.tz, "2026-11-24T20:05:00");
    site_plan_at(&s, "2026-11-24T20:12:00");
    assert_int_equal(s.outs[2].decision.gate, GATE_DWELL);
    assert_string_equal(
        s.outs[2].decision.gate_text,
        "the host is short of CPU, but it came only Tue 20:05; it goes Tue 20:15");
    site_plan_at(&s, "2026-11-24T20:15:00");
    assert_int_equal(s.outs[2].act, PLAN_START);

    sent(&s, 2, "2026-11-24T20:30:00");
    s.in.pressure = (struct plan_pressure){
        .ready_permille = -1, .below_since = at(s.tz, "2026-11-24T20:31:00")};
    site_plan_at(&s, "2026-11-24T20:40:59");
    assert_string_equal(s.outs[2].decision.reason_text,
                        "the host was short of CPU, it returns when CPU ready stays "
                        "below 5% for 10m, now unknown");
    assert_int_equal(s.outs[2].decision.gate, GATE_NONE);
    site_plan_at(&s, "2026-11-24T20:41:00");
    assert_int_equal(s.outs[2].decision.desired, PLACE_ONPREM);
    assert_int_equal(s.outs[2].decision.reason, REASON_OUTSIDE);
    assert_int_equal(s.outs[2].decision.gate, GATE_DWELL);
    assert_string_equal(s.outs[2].decision.gate_text,
                        "the host is no longer short of CPU, but it came only Tue 20:30; "
                        "it goes Tue 20:50");
    s.servers[2].pressed_since.s = 0; /* and from then on it is kept as an end */
    s.servers[2].hold_ended = at(s.tz, "2026-11-24T20:41:00");
    site_plan_at(&s, "2026-11-24T20:49:59");
    assert_int_equal(s.outs[2].decision.gate, GATE_DWELL);
    site_plan_at(&s, "2026-11-24T20:50:00");
    assert_int_equal(s.outs[2].act, PLAN_START);
    assert_int_equal(s.outs[2].drain_deadline.s, at(s.tz, "2026-11-24T21:41:00").s);
    site_clear(&s);
}

/* A move that is not committed is taken back when the pressure is over. */
static void test_taken_back(void **state)
{
    struct site s;

    (void)state;
    press(&s);
    change(&s, DRAINS);
    site_plan_at(&s, "2026-11-24T20:10:00");
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    assert_int_equal(s.outs[0].decision.gate, GATE_DRAIN);
    s.in.pressure = (struct plan_pressure){
        .ready_permille = 12, .below_since = at(s.tz, "2026-11-24T20:05:00")};
    site_plan_at(&s, "2026-11-24T20:15:00");
    assert_int_equal(s.outs[0].act, PLAN_CANCEL);
    assert_false(s.outs[0].pressed);
    s.in.setting = AUTO_DRY_RUN; /* decides alike, and does nothing */
    site_plan_at(&s, "2026-11-24T20:15:00");
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    s.moves[0].status = MOVE_DONE; /* a move that has ended is none */
    s.servers[0].pressed_since.s = 0;
    s.facts[2].ready_permille = -1;
    s.facts[0].ready_permille = 500;
    s.in.pressure = (struct plan_pressure){
        .ready_permille = 142, .above_since = at(s.tz, "2026-11-24T20:00:00")};
    site_plan_at(&s, "2026-11-24T20:15:00");
    assert_int_equal(wanted(&s), 1);
    site_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_4),
        cmocka_unit_test(test_order_of_rows),
        cmocka_unit_test(test_way),
        cmocka_unit_test(test_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
