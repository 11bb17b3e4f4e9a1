#include <config.h>

#include "core/policy/plan_work.h"

#include "tests/unit/plan_site.h"

/* Holds, deadlines, slots, commits and the next change. */

#define BIT(g) (UINT32_C(1) << GATE_##g)

/* Section 4's table: where the server goes when its hold ends. */
static void test_holds(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        enum place place, held;
        const char *made, *until, *now;
        enum plan_act act;
        enum direction direction;
        enum gate gate;
    } rows[] = {
        {"Tue 10:00 bring back: at once", PLACE_CLOUD, PLACE_ONPREM, "2026-11-24T10:00:00",
            "2026-11-24T18:00:00", "2026-11-24T10:00:00", PLAN_START, DIRECTION_BACK, GATE_NONE},
        {"Tue 10:00 bring back: stays for the day", PLACE_ONPREM, PLACE_ONPREM, "2026-11-24T10:00:00",
            "2026-11-24T18:00:00", "2026-11-24T17:59:59", PLAN_NONE, DIRECTION_OUT, GATE_NONE},
        {"Tue 10:00 bring back: normal tomorrow", PLACE_ONPREM, PLACE_ONPREM, "2026-11-24T10:00:00",
            "2026-11-24T18:00:00", "2026-11-25T08:35:00", PLAN_START, DIRECTION_OUT, GATE_NONE},
        {"07:30 stay: skips today", PLACE_ONPREM, PLACE_ONPREM, "2026-11-24T07:30:00",
            "2026-11-24T18:00:00", "2026-11-24T12:00:00", PLAN_NONE, DIRECTION_OUT, GATE_NONE},
        {"17:55 stay: works late", PLACE_CLOUD, PLACE_CLOUD, "2026-11-24T17:55:00",
            "2026-11-25T05:55:00", "2026-11-24T22:00:00", PLAN_NONE, DIRECTION_OUT, GATE_NONE},
        {"17:55 stay: drains at 05:55", PLACE_CLOUD, PLACE_CLOUD, "2026-11-24T17:55:00",
            "2026-11-25T05:55:00", "2026-11-25T05:55:00", PLAN_START, DIRECTION_BACK, GATE_NONE},
        {"20:00 to cloud: overnight, the schedule keeps it", PLACE_CLOUD, PLACE_CLOUD, "2026-11-24T20:00:00",
            "2026-11-25T08:35:00", "2026-11-25T08:35:00", PLAN_NONE, DIRECTION_OUT, GATE_NONE},
        {"Thu 19:00 to cloud: not the weekend", PLACE_CLOUD, PLACE_CLOUD, "2026-11-26T19:00:00",
            "2026-11-27T07:00:00", "2026-11-27T07:00:00", PLAN_START, DIRECTION_BACK, GATE_NONE},
        {"10:00 bring back until 11:00: out at 11:00", PLACE_ONPREM, PLACE_ONPREM, "2026-11-24T10:00:00",
            "2026-11-24T11:00:00", "2026-11-24T11:00:00", PLAN_START, DIRECTION_OUT, GATE_NONE},
        {"10:00 bring back until 17:30: remaining", PLACE_ONPREM, PLACE_ONPREM, "2026-11-24T10:00:00",
            "2026-11-24T17:30:00", "2026-11-24T17:30:00", PLAN_NONE, DIRECTION_OUT, GATE_REMAINING},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        site_init(&s);
        site_settle(&s, 0, rows[i].place);
        site_hold(&s, 0, rows[i].held, HOLD_UNTIL, rows[i].made, rows[i].until);
        site_plan_at(&s, rows[i].now);
        assert_row(rows[i].what, s.outs[0].act == rows[i].act);
        assert_row(rows[i].what, s.outs[0].decision.gate == rows[i].gate);
        if (rows[i].act == PLAN_START)
            assert_row(rows[i].what, s.outs[0].direction == rows[i].direction);
        /* With auto off the stored hold shows, and moves nothing. */
        s.in.setting = AUTO_OFF;
        site_plan_at(&s, rows[i].now);
        assert_row(rows[i].what, s.outs[0].act == PLAN_NONE);
        site_clear(&s);
    }
}

/* Planned then, the first server's drain ends then at the latest. */
static void ends(struct site *s, const char *now, const char *deadline)
{
    site_plan_at(s, now);
    assert_row(now, s->outs[0].drain_deadline.s == at(s->tz, deadline).s);
}

/* 2 and 4: what a drain's deadline counts from. */
static void test_deadlines(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    for (size_t i = 0; i < SITE_SERVERS; i++)
        site_settle(&s, i, PLACE_CLOUD);

    /* By D: E + drain_deadline, also when it begins late. */
    ends(&s, "2026-11-24T18:00:00", "2026-11-24T19:00:00");
    ends(&s, "2026-11-24T18:40:00", "2026-11-24T19:00:00");
    /* 6.1: a hard deadline at E. */
    s.policy.drain_start = -45 * 60;
    s.policy.drain_deadline = 0;
    site_plan_at(&s, "2026-11-24T17:15:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    assert_int_equal(s.outs[0].drain_deadline.s, at(s.tz, "2026-11-24T18:00:00").s);
    s.policy.drain_start = 0;
    s.policy.drain_deadline = 3600;
    /* The end of a hold counts, whether it is still there or was dropped. */
    site_hold(&s, 0, PLACE_CLOUD, HOLD_UNTIL, "2026-11-24T17:55:00",
              "2026-11-24T22:00:00");
    ends(&s, "2026-11-24T22:10:00", "2026-11-24T23:00:00");
    s.servers[0].hold.place = PLACE_UNKNOWN;
    s.servers[0].hold_ended = at(s.tz, "2026-11-24T22:00:00");
    ends(&s, "2026-11-24T22:10:00", "2026-11-24T23:00:00");
    /* 6.6: the clock was set back to before that. */
    ends(&s, "2026-11-24T19:30:00", "2026-11-24T19:00:00");
    s.servers[0].hold_ended.s = 0;
    /* A hold at home counts from when it was made, an order from when it was given. */
    site_hold(&s, 0, PLACE_ONPREM, HOLD_PIN, "2026-11-24T10:00:00", NULL);
    ends(&s, "2026-11-24T10:00:20", "2026-11-24T11:00:00");
    s.servers[0].hold.place = PLACE_UNKNOWN;
    site_order(&s, 0, PLACE_ONPREM, false, "2026-11-24T12:00:00");
    ends(&s, "2026-11-24T12:00:20", "2026-11-24T13:00:00");
    /* By force: nothing is waited for. */
    s.servers[0].order.force = true;
    ends(&s, "2026-11-24T12:00:20", "2026-11-24T12:00:20");
    s.servers[0].order.place = PLACE_UNKNOWN;
    /* Auto was switched on on Saturday: an hour from then, not Thursday's. */
    s.in.auto_since = at(s.tz, "2026-11-28T09:00:00");
    ends(&s, "2026-11-28T09:00:00", "2026-11-28T10:00:00");
    /* 6.6: by a clock that was a week ahead: an hour from now. */
    ends(&s, "2026-11-21T09:00:00", "2026-11-21T10:00:00");
    s.in.auto_since.s = 0;
    /* ... so was its own. */
    s.servers[0].auto_since = at(s.tz, "2026-11-28T09:00:00");
    ends(&s, "2026-11-28T09:00:00", "2026-11-28T10:00:00");
    s.servers[0].auto_since.s = 0;
    /* The window was made to end in the morning, in the afternoon: an hour from then. */
    s.in.config_since = at(s.tz, "2026-11-28T09:00:00");
    ends(&s, "2026-11-28T09:00:00", "2026-11-28T10:00:00");
    /* ... by a clock that was a week ahead: an hour from now. */
    ends(&s, "2026-11-21T09:00:00", "2026-11-21T10:00:00");
    s.in.config_since.s = 0;
    site_order(&s, 0, PLACE_ONPREM, false, "2026-12-01T12:00:00");
    ends(&s, "2026-11-24T12:00:20", "2026-11-24T13:00:20");
    s.servers[0].order.place = PLACE_UNKNOWN;
    site_hold(&s, 0, PLACE_ONPREM, HOLD_PIN, "2026-12-01T10:00:00", NULL);
    ends(&s, "2026-11-24T10:00:20", "2026-11-24T11:00:20");
    s.servers[0].hold.place = PLACE_UNKNOWN;
    /* It came only when that deadline was over. */
    s.servers[0].settled_since = at(s.tz, "2026-11-24T21:00:00");
    ends(&s, "2026-11-24T21:30:00", "2026-11-24T22:00:00");
    /* `wait`: for ever. */
    s.policy.on_drain_deadline = DRAIN_WAIT;
    site_plan_at(&s, "2026-11-24T21:30:00");
    assert_int_equal(s.outs[0].drain_deadline.s, 0);
    assert_true(s.out.in_drain);
    s.policy.on_drain_deadline = DRAIN_REQUEUE;
    s.policy.drain_deadline = DURATION_NONE;
    site_plan_at(&s, "2026-11-24T21:30:00");
    assert_int_equal(s.outs[0].drain_deadline.s, 0);
    assert_true(s.out.in_drain);
    s.policy.drain_deadline = 3600;
    site_plan_at(&s, "2026-11-24T21:30:00");
    assert_false(s.out.in_drain);

    /* Nothing is known that set it on its way: from now on. */
    s.policy.n_windows = 0;
    s.servers[0].settled_since.s = 0;
    site_plan_at(&s, "2026-11-24T21:30:00");
    assert_int_equal(s.outs[0].decision.desired, PLACE_ONPREM);
    assert_int_equal(s.outs[0].drain_deadline.s, at(s.tz, "2026-11-24T22:30:00").s);
    s.policy = default_policy();

    /* The way out: from S, or from now when that is later; none by default. */
    site_settle(&s, 0, PLACE_ONPREM);
    s.servers[0].settled_since.s = 0;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.outs[0].drain_deadline.s, 0);
    s.policy.out_drain_deadline = 600;
    ends(&s, "2026-11-24T08:35:00", "2026-11-24T09:10:00");
    ends(&s, "2026-11-24T11:00:00", "2026-11-24T11:10:00");
    site_clear(&s);
}

/* 1: powered off at home by a person; only an order to bring it home ends that. */
static void test_power_on(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    s.facts[0].power = POWER_OFF;
    (void)str_copy(s.facts[0].blocked, LINE_TEXT, "powered off by a person");
    site_plan_at(&s, "2026-11-24T20:00:00");
    assert_int_equal(s.outs[0].act, PLAN_NONE); /* it is where it should be */
    site_order(&s, 0, PLACE_ONPREM, false, "2026-11-24T20:00:00");
    site_plan_at(&s, "2026-11-24T20:00:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    assert_int_equal(s.outs[0].direction, DIRECTION_BACK);
    /* The move that it began may go on, too. */
    (void)site_move(&s, 0, DIRECTION_BACK, "2026-11-24T20:00:00");
    s.moves[0].manual = true;
    site_open(&s.facts[0].cloud);
    site_plan_at(&s, "2026-11-24T20:01:00");
    assert_true(s.outs[0].may_commit);
    s.facts[0].in_both_places = true; /* then nobody knows what is off */
    site_plan_at(&s, "2026-11-24T20:01:00");
    assert_false(s.outs[0].may_commit);
    s.facts[0].in_both_places = false;
    s.servers[0].move = NULL;
    site_order(&s, 0, PLACE_CLOUD, false, "2026-11-24T20:00:00");
    site_plan_at(&s, "2026-11-24T20:00:00");
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    assert_int_equal(s.outs[0].decision.gate, GATE_BLOCKED);
    /* Of one that is on there is nothing to do. */
    s.facts[0].power = POWER_ON;
    site_order(&s, 0, PLACE_ONPREM, false, "2026-11-24T20:00:00");
    site_plan_at(&s, "2026-11-24T20:00:00");
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    site_clear(&s);
}

/* What goes first, 3.6. */
static void test_slot_order(void **state)
{
    struct site s;

    (void)state;
    /* By name, when all else is equal; the spacing lets one start at a time. */
    site_init(&s);
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    assert_int_equal(s.outs[1].act, PLAN_NONE);
    assert_string_equal(s.outs[1].decision.gate_text, "moves start 20s apart");
    s.policy.start_spacing = 0;
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.outs[1].act, PLAN_START);
    assert_int_equal(s.outs[2].act, PLAN_NONE);
    assert_string_equal(s.outs[3].decision.gate_text, "2 of 2 slots taken by ts1, ts2");
    /* Oldest waiting: who came home only after L waits since then. */
    s.servers[0].settled_since = at(s.tz, "2026-11-24T08:50:00");
    site_plan_at(&s, "2026-11-24T08:51:00");
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    assert_int_equal(s.outs[2].act, PLAN_START);
    /* Idle before busy. */
    s.servers[0].settled_since.s = 0;
    site_build(&s.facts[0].onprem, "cache #1");
    site_build(&s.facts[1].onprem, "cache #2");
    site_plan_at(&s, "2026-11-24T08:51:00");
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    assert_int_equal(s.outs[1].act, PLAN_NONE);
    assert_int_equal(s.outs[2].act, PLAN_START);
    assert_int_equal(s.outs[3].act, PLAN_START);
    /* Manual before all of these; a busy one holds its slot against the other busy one.
     */
    site_order(&s, 1, PLACE_CLOUD, false, "2026-11-24T08:51:00");
    site_build(&s.facts[2].onprem, "cache #3");
    site_plan_at(&s, "2026-11-24T08:51:00");
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    assert_int_equal(s.outs[1].act, PLAN_START);
    assert_int_equal(s.outs[2].act, PLAN_NONE);
    assert_int_equal(s.outs[3].act, PLAN_START);
    site_build(&s.facts[1].onprem, NULL);
    site_order(&s, 2, PLACE_CLOUD, false, "2026-11-24T08:51:00");
    s.policy.max_moves = 1;
    site_plan_at(&s, "2026-11-24T08:51:00");
    assert_int_equal(s.outs[1].act, PLAN_START);
    assert_int_equal(s.outs[2].act, PLAN_NONE);
    assert_int_equal(s.outs[3].act, PLAN_NONE);
    site_clear(&s);
}

/* 3.6: a draining server holds its slot only against servers that would drain too. */
static void test_draining_slots(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.start_spacing = 0;
    for (size_t i = 0; i < 2; i++) {
        (void)site_move(&s, i, DIRECTION_OUT, "2026-11-24T08:35:00");
        site_build(&s.facts[i].onprem, "long #1");
    }
    site_build(&s.facts[2].onprem, "long #2");
    site_plan_at(&s, "2026-11-24T08:40:00");
    assert_int_equal(s.outs[0].decision.gate, GATE_DRAIN);
    assert_string_equal(s.outs[0].decision.gate_text, "waits for long #1 on ts1");
    assert_int_equal(s.outs[2].act, PLAN_NONE); /* it would have to drain, too */
    assert_int_equal(s.outs[2].decision.gates, BIT(SLOTS) | BIT(DRAIN));
    assert_int_equal(s.outs[3].act, PLAN_START); /* the idle one goes ahead */
    /* It takes its slot; only one is left for those that get idle. */
    (void)site_move(&s, 3, DIRECTION_OUT, "2026-11-24T08:40:00");
    site_build(&s.facts[0].onprem, NULL);
    site_build(&s.facts[1].onprem, NULL);
    s.moves[1].started.s += 5;
    site_commit(&s, 3, "2026-11-24T08:41:00");
    site_plan_at(&s, "2026-11-24T08:42:00");
    assert_true(s.outs[0].may_commit);
    assert_false(s.outs[1].may_commit);
    assert_string_equal(s.outs[1].decision.gate_text, "2 of 2 slots taken by ts1, ts4");
    site_clear(&s);
}

/* Returns commit before moves out; two at a time; spaced. */
static void test_commits(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.start_spacing = 0;
    s.policy.max_moves = 1;
    (void)site_move(&s, 0, DIRECTION_OUT, "2026-11-24T10:00:00");
    site_settle(&s, 1, PLACE_CLOUD);
    site_hold(&s, 1, PLACE_ONPREM, HOLD_PIN, "2026-11-24T10:00:00", NULL);
    (void)site_move(&s, 1, DIRECTION_BACK, "2026-11-24T10:01:00");
    site_plan_at(&s, "2026-11-24T10:02:00");
    assert_false(s.outs[0].may_commit);
    assert_int_equal(s.outs[0].decision.gate, GATE_SLOTS);
    assert_true(s.outs[1].may_commit);
    /* A node that does not close keeps nobody else waiting. */
    site_open(&s.facts[1].cloud);
    site_plan_at(&s, "2026-11-24T10:02:00");
    assert_true(s.outs[0].may_commit);
    assert_false(s.outs[1].may_commit);

    /* The pause between two commits of returns. */
    s.policy.max_moves = 2;
    s.policy.start_spacing = 20;
    site_close(&s.facts[1].cloud, CLOSED_BY_RUSHHOUR);
    s.servers[0].move = NULL;
    site_settle(&s, 2, PLACE_CLOUD);
    site_hold(&s, 2, PLACE_ONPREM, HOLD_PIN, "2026-11-24T10:00:00", NULL);
    (void)site_move(&s, 2, DIRECTION_BACK, "2026-11-24T10:01:00");
    site_commit(&s, 2, "2026-11-24T10:01:50");
    site_plan_at(&s, "2026-11-24T10:02:00");
    assert_false(s.outs[1].may_commit);
    assert_string_equal(s.outs[1].decision.gate_text, "moves start 20s apart");
    assert_int_equal(s.outs[1].decision.gate_until.s, at(s.tz, "2026-11-24T10:02:10").s);
    site_plan_at(&s, "2026-11-24T10:02:10");
    assert_true(s.outs[1].may_commit);
    /* Past its time limit a move keeps no slot: the one that takes it is told as the only
     * holder. */
    s.policy.max_moves = 1;
    site_plan_at(&s, "2026-11-24T10:02:10");
    assert_false(s.outs[1].may_commit);
    assert_string_equal(s.outs[1].decision.gate_text, "1 of 1 slot taken by ts3");
    s.moves[2].deadline = at(s.tz, "2026-11-24T10:02:10");
    site_plan_at(&s, "2026-11-24T10:02:10");
    assert_true(s.outs[1].may_commit);
    s.moves[2].deadline.s++;
    site_settle(&s, 0, PLACE_CLOUD);
    site_hold(&s, 0, PLACE_ONPREM, HOLD_PIN, "2026-11-24T10:00:00", NULL);
    site_move(&s, 0, DIRECTION_BACK, "2026-11-24T10:01:00")->deadline =
        at(s.tz, "2026-11-24T10:02:10");
    site_commit(&s, 0, "2026-11-24T10:01:40");
    site_plan_at(&s, "2026-11-24T10:02:10");
    assert_false(s.outs[1].may_commit);
    assert_string_equal(s.outs[1].decision.gate_text, "1 of 1 slot taken by ts3");
    s.servers[0].move = NULL;
    s.policy.max_moves = 2;
    /* 6.6: the clock was set back; a commit of the future spaces nothing. */
    s.moves[2].committed_at = at(s.tz, "2026-11-24T11:00:00");
    site_plan_at(&s, "2026-11-24T10:02:10");
    assert_true(s.outs[1].may_commit);
    site_clear(&s);
}

/* The next change: the schedule's, or the end of a hold or of a snooze. */
static void test_next(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    site_plan_at(&s, "2026-11-24T07:00:00");
    assert_string_equal(s.out.next_what, "window starts: 4 servers go to the cloud");
    assert_int_equal(s.out.next_at.s, at(s.tz, "2026-11-24T08:35:00").s);
    assert_int_equal(s.out.next_place, PLACE_CLOUD);
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what, "window ends: 4 servers return");
    assert_int_equal(s.out.next_at.s, at(s.tz, "2026-11-24T18:00:00").s);
    assert_int_equal(s.out.next_place, PLACE_ONPREM);
    /* Held ones stay out of it; one is left. */
    for (size_t i = 0; i < 3; i++)
        site_hold(&s, i, PLACE_CLOUD, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what, "window ends: 1 server returns");
    /* The end of a hold comes sooner. */
    site_hold(&s, 1, PLACE_ONPREM, HOLD_UNTIL, "2026-11-24T09:00:00",
              "2026-11-24T11:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what, "the hold of ts2 ends: it goes to the cloud");
    assert_int_equal(s.out.next_at.s, at(s.tz, "2026-11-24T11:00:00").s);
    site_hold(&s, 2, PLACE_ONPREM, HOLD_UNTIL, "2026-11-24T09:00:00",
              "2026-11-24T11:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what, "holds end: 2 servers go to the cloud");
    /* The end of a hold that changes nothing concerns nobody. */
    for (size_t i = 0; i < SITE_SERVERS; i++)
        site_hold(&s, i, PLACE_CLOUD, HOLD_UNTIL, "2026-11-24T09:00:00",
                  "2026-11-24T11:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what, "window ends: 4 servers return");
    /* Snoozed: at its end the schedule applies again. */
    for (size_t i = 0; i < SITE_SERVERS; i++)
        s.servers[i].hold.place = PLACE_UNKNOWN;
    s.in.snooze_until = at(s.tz, "2026-11-24T12:00:00");
    site_settle(&s, 0, PLACE_CLOUD);
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what, "snooze ends: 3 servers go to the cloud");
    /* A hold that goes on then is not what ends. */
    site_hold(&s, 1, PLACE_CLOUD, HOLD_UNTIL, "2026-11-24T09:00:00",
              "2026-11-24T15:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what, "snooze ends: 3 servers go to the cloud");
    s.servers[1].hold.place = PLACE_UNKNOWN;
    /* As many go as come: the way out is what is shown. */
    site_settle(&s, 2, PLACE_CLOUD);
    site_hold(&s, 0, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    site_hold(&s, 1, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what,
                        "snooze ends: 1 server goes to the cloud, 1 server returns");
    assert_int_equal(s.out.next_place, PLACE_CLOUD);
    /* Auto off: nothing will happen. */
    s.in.setting = AUTO_OFF;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.out.next_what, "");
    assert_int_equal(s.out.next_at.s, 0);
    /* Nor does an older answer shine through. */
    s.out.next_at = s.in.now;
    s.out.next_place = PLACE_CLOUD;
    plan(&s.in, &s.out);
    assert_int_equal(s.out.next_at.s, 0);
    assert_int_equal(s.out.next_place, PLACE_UNKNOWN);
    site_clear(&s);
}

/* A mover whose commit point comes before its drain waits for no build there. */
static void test_commits_first(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    (void)site_move(&s, 0, DIRECTION_OUT, "2026-11-24T10:00:00");
    site_build(&s.facts[0].onprem, "long #1");
    site_open(&s.facts[0].onprem);
    site_plan_at(&s, "2026-11-24T10:01:00");
    assert_false(s.outs[0].may_commit);
    s.servers[0].commits_before_drain = true;
    site_plan_at(&s, "2026-11-24T10:01:00");
    assert_true(s.outs[0].may_commit);
    /* And one that is past its drain, waiting for the extension, needs none any more. */
    s.servers[0].commits_before_drain = false;
    s.moves[0].step = 1;
    site_plan_at(&s, "2026-11-24T10:01:00");
    assert_true(s.outs[0].may_commit);
    site_clear(&s);
}

/* Long names of several bytes a character: cut at the end of one. */
static void test_long_names(void **state)
{
    static const char name[] = "בדיקות-בדיקות-בדיקות-בדיקות-בדיק"; /* 60 bytes */
    const char *text;
    char buf[8];
    struct line l;
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.max_moves = 3;
    s.policy.start_spacing = 0;
    for (size_t i = 0; i < SITE_SERVERS; i++)
        s.servers[i].name = name;
    site_plan_at(&s, "2026-11-24T10:00:00");
    text = s.outs[3].decision.gate_text;
    assert_int_equal(s.outs[3].decision.gate, GATE_SLOTS);
    assert_in_range(strlen(text), LINE_TEXT - 2, LINE_TEXT - 1);
    assert_true(((unsigned char)text[strlen(text) - 2] & 0xe0) == 0xc0);
    site_clear(&s);

    l = line_begin(buf, sizeof(buf));
    line_number(&l, -12345678);
    assert_string_equal(buf, "-123456");
    /* What is no UTF-8 at all is left out, and what fits is not looked at. */
    l = line_begin(buf, sizeof(buf));
    line_add(&l, "a");
    line_add(&l, "\x80\x80\x80\x80\x80\x80\x80\x80");
    assert_string_equal(buf, "a");
    l = line_begin(buf, sizeof(buf));
    line_number(&l, 0);
    assert_string_equal(buf, "0");
    /* In six days the same day's name would be taken for one before. */
    s.tz = zone_load("Asia/Jerusalem");
    for (int64_t away = 6 * 86400 - 1; away <= 6 * 86400; away++) {
        char when[32];

        l = line_begin(when, sizeof(when));
        line_time(&l, s.tz, (struct utc){1795334400 + away}, (struct utc){1795334400});
        assert_int_equal(when[0] == '2', away == 6 * 86400);
        l = line_begin(when, sizeof(when));
        line_time(&l, s.tz, (struct utc){1795334400 - away}, (struct utc){1795334400});
        assert_int_equal(when[0] == '2', away == 6 * 86400);
    }
    site_clear(&s);
}

/* What lies behind the last server in memory is none. */
static void test_last_server(void **state)
{
    static const char *const times[] = {"2026-11-24T07:00:00", "2026-11-24T10:00:00",
                                        "2026-11-24T17:50:00", "2026-11-24T20:00:00"};
    enum { LAST = SITE_SERVERS - 1, LIVES = 6 };
    struct plan_out want;
    struct plan_server_out wants[LAST];
    struct site s;

    (void)state;
    for (size_t t = 0; t < ARRAY_LEN(times); t++) {
        for (int life = 0; life < LIVES; life++) {
            site_init(&s);
            s.in.n = LAST;
            s.policy.start_spacing = 0;
            s.extension.state = t % 2 == 0 ? EXTENSION_ACTIVE : EXTENSION_STOPPED;
            s.in.extension_idle_since = at(s.tz, "2026-11-24T04:00:00");
            s.in.pressure.ready_permille = 142;
            s.in.pressure.above_since = at(s.tz, "2026-11-24T04:00:00");
            s.policy.pressure = t == 3;
            s.policy.pressure_high = 10;
            s.in.budget =
                (struct plan_budget){.set = true,
                                     .known = true,
                                     .limit = {INT64_C(10000000000)},
                                     .month_end = at(s.tz, "2026-12-01T00:00:00")};
            for (size_t i = 0; i < SITE_SERVERS; i++) {
                s.servers[i].price_known = true;
                s.facts[i].ready_permille = (int32_t)(i * 100);
            }
            if (life == 1)
                site_settle(&s, LAST, PLACE_CLOUD);
            if (life == 2)
                (void)site_move(&s, LAST, DIRECTION_OUT, "2026-11-24T06:50:00");
            if (life == 3)
                site_hold(&s, LAST, PLACE_CLOUD, HOLD_PIN, "2026-11-24T06:00:00", NULL);
            if (life == 4)
                s.servers[LAST].price_known = false;
            if (life == 5) {
                site_settle(&s, LAST, PLACE_CLOUD);
                (void)site_move(&s, LAST, DIRECTION_BACK, "2026-11-24T06:50:00");
                site_commit(&s, LAST, "2026-11-24T06:55:00");
            }
            site_plan_at(&s, times[t]);
            if (life == 0) {
                want = s.out;
                memcpy(wants, s.outs, sizeof(wants));
            }
            assert_memory_equal(wants, s.outs, sizeof(wants));
            assert_int_equal(want.extension, s.out.extension);
            assert_string_equal(want.extension_text, s.out.extension_text);
            assert_string_equal(want.next_what, s.out.next_what);
            assert_int_equal(want.next_at.s, s.out.next_at.s);
            site_clear(&s);
        }
    }
}

/* A week without a window, and one that never ends. */
static void test_odd_schedules(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.n_windows = 0;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.outs[0].decision.reason_text, "no rush hour is ahead");
    assert_int_equal(s.out.next_at.s, 0);
    s.policy = default_policy();
    s.policy.windows[0] = (struct window){EVERY_DAY, 0, HM(24, 0)};
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.outs[0].decision.reason_text, "rush hour without an end");
    assert_int_equal(s.outs[0].act, PLAN_START);
    assert_int_equal(s.out.next_at.s, 0);
    s.policy.windows[0] = (struct window){MON, HM(9, 0), HM(18, 0)};
    site_plan_at(&s, "2026-11-23T18:00:00");
    assert_string_equal(s.outs[0].decision.reason_text,
                        "no rush hour until 2026-11-30 09:00");
    site_clear(&s);
}

/* A person's order is its own reason, unless it is what the hold says, too. */
static void test_order_and_hold(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    site_settle(&s, 0, PLACE_CLOUD);
    site_hold(&s, 0, PLACE_CLOUD, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    site_order(&s, 0, PLACE_ONPREM, false, "2026-11-24T10:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(s.outs[0].decision.desired, PLACE_ONPREM);
    assert_int_equal(s.outs[0].decision.reason, REASON_NONE);
    site_order(&s, 0, PLACE_CLOUD, false, "2026-11-24T10:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(s.outs[0].decision.desired, PLACE_CLOUD);
    assert_int_equal(s.outs[0].decision.reason, REASON_HOLD);
    assert_int_equal(s.outs[0].act, PLAN_NONE);
    assert_int_equal(s.outs[0].drain_deadline.s, 0); /* of no move */
    site_clear(&s);
}

/* The drain of the rush hours: between their end and the last return, and nothing else.
 */
static void test_in_drain(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    site_settle(&s, 0, PLACE_CLOUD);
    site_plan_at(&s, "2026-11-24T18:10:00");
    assert_true(s.out.in_drain);
    site_hold(&s, 0, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    site_plan_at(&s, "2026-11-24T10:00:00"); /* wanted at home in their midst */
    assert_false(s.out.in_drain);
    s.policy.n_windows = 0;
    site_plan_at(&s, "2026-11-24T18:10:00"); /* there were none */
    assert_false(s.out.in_drain);
    site_clear(&s);
}

/* Past its deadline a build still runs: the one slot is for who can use it. */
static void test_slot_for_the_ready(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    s.extension.state = EXTENSION_ACTIVE;
    s.policy.max_moves = 1;
    s.policy.start_spacing = 0;
    (void)site_move(&s, 0, DIRECTION_OUT, "2026-11-24T09:40:00");
    (void)site_move(&s, 1, DIRECTION_OUT, "2026-11-24T09:41:00");
    s.moves[0].drain_deadline = at(s.tz, "2026-11-24T09:50:00");
    for (size_t i = 0; i < 2; i++)
        site_close(&s.facts[i].onprem, CLOSED_BY_RUSHHOUR);
    site_build(&s.facts[0].onprem, "cache #1");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_false(s.outs[0].may_commit);
    assert_true(s.outs[1].may_commit);
    /* ... which is the first again once it is idle, from its deadline on also while its
     * node is seen open */
    site_build(&s.facts[0].onprem, NULL);
    site_open(&s.facts[0].onprem);
    s.moves[0].drain_deadline = at(s.tz, "2026-11-24T10:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_true(s.outs[0].may_commit);
    assert_false(s.outs[1].may_commit);
    s.moves[0].drain_deadline.s++;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_false(s.outs[0].may_commit);
    assert_true(s.outs[1].may_commit);
    site_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_order_and_hold),
        cmocka_unit_test(test_in_drain),
        cmocka_unit_test(test_slot_for_the_ready),
        cmocka_unit_test(test_power_on),
        cmocka_unit_test(test_slot_order),
        cmocka_unit_test(test_draining_slots),
        cmocka_unit_test(test_commits),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_commits_first),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_odd_schedules),
        cmocka_unit_test(test_last_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
