#include <config.h>

#include "tests/unit/plan_site.h"

/* Little walks through time, with facts made by hand as the site would show them. */

static void expect(const struct site *s, const char *what, size_t i, enum plan_act act,
                   enum gate gate)
{
    if (s->outs[i].act != act || s->outs[i].decision.gate != gate)
        print_error("%s: %s: act %d, gate \"%s\"\n", what, s->servers[i].name,
                    (int)s->outs[i].act, s->outs[i].decision.gate_text);
    assert_row(what, s->outs[i].act == act);
    assert_row(what, s->outs[i].decision.gate == gate);
}

/* The move ends, the server has settled. */
static void arrive(struct site *s, size_t i, enum place place, const char *when)
{
    site_settle(s, i, place);
    s->servers[i].settled_since = at(s->tz, when);
}

/* 6.1, morning: lead 25m, four servers that all run a build, max_moves 2. */
static void tuesday_morning(struct site *s)
{
    for (size_t i = 0; i < SITE_SERVERS; i++)
        site_build(&s->facts[i].onprem, "build #1");

    site_plan_at(s, "2026-11-24T08:34:59");
    for (size_t i = 0; i < SITE_SERVERS; i++)
        expect(s, "08:34:59 | ONPREM `outside` | none", i, PLAN_NONE, GATE_NONE);
    assert_int_equal(s->out.extension, PLAN_EXTENSION_NONE);
    assert_false(s->out.in_lead || s->out.in_window || s->out.in_drain);

    site_plan_at(s, "2026-11-24T08:35:00");
    assert_int_equal(s->outs[0].decision.reason, REASON_LEAD);
    assert_true(s->out.in_lead);
    assert_int_equal(s->out.extension, PLAN_EXTENSION_START);
    expect(s, "08:35 | CLOUD `lead` | start extension; close nodes of ts1, ts2", 0,
           PLAN_START, GATE_DRAIN);
    expect(s, "08:35 | CLOUD `lead` | ts3, ts4 wait `slots`", 2, PLAN_NONE, GATE_SLOTS);
    expect(s, "08:35 | CLOUD `lead` | ts3, ts4 wait `slots`", 3, PLAN_NONE, GATE_SLOTS);
    (void)site_move(s, 0, DIRECTION_OUT, "2026-11-24T08:35:00");
    s->in.last_start = at(s->tz, "2026-11-24T08:35:00");
    s->extension.state = EXTENSION_STARTING;

    site_plan_at(s, "2026-11-24T08:35:20");
    assert_int_equal(s->out.extension, PLAN_EXTENSION_NONE);
    expect(s, "08:35:20", 0, PLAN_NONE, GATE_DRAIN);
    expect(s, "08:35:20", 1, PLAN_START, GATE_DRAIN);
    (void)site_move(s, 1, DIRECTION_OUT, "2026-11-24T08:35:20");

    site_build(&s->facts[0].onprem, NULL);
    s->extension.state = EXTENSION_ACTIVE;
    site_plan_at(s, "2026-11-24T08:36:00");
    assert_true(s->outs[0].may_commit);
    assert_false(s->outs[1].may_commit);
    expect(s, "08:36 | CLOUD | ts1 idle: move (commit). ts2 busy: `drain`", 1, PLAN_NONE,
           GATE_DRAIN);
    expect(s, "08:36 ts3 waits", 2, PLAN_NONE, GATE_SLOTS);
    site_commit(s, 0, "2026-11-24T08:36:00");

    site_build(&s->facts[1].onprem, NULL);
    site_plan_at(s, "2026-11-24T08:41:00");
    assert_true(s->outs[1].may_commit);
    site_commit(s, 1, "2026-11-24T08:41:00");
    site_build(&s->facts[2].onprem, NULL);
    site_plan_at(s, "2026-11-24T08:42:00");
    expect(s, "08:42 both slots are taken", 2, PLAN_NONE, GATE_SLOTS);
    assert_string_equal(s->outs[2].decision.gate_text, "2 of 2 slots taken by ts1, ts2");

    arrive(s, 0, PLACE_CLOUD, "2026-11-24T08:48:00");
    site_plan_at(s, "2026-11-24T08:48:00");
    expect(s, "08:48 | CLOUD | ts1 in cloud, its cloud node open; ts3 starts", 2,
           PLAN_START, GATE_NONE);
    expect(s, "08:48 ts4 waits", 3, PLAN_NONE, GATE_SLOTS);
    for (size_t i = 1; i < SITE_SERVERS; i++) {
        arrive(s, i, PLACE_CLOUD, "2026-11-24T08:59:00");
        site_build(&s->facts[i].onprem, NULL);
    }

    site_plan_at(s, "2026-11-24T09:00:00");
    assert_true(s->out.in_window);
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        expect(s, "09:00 | CLOUD `window` | all ready", i, PLAN_NONE, GATE_NONE);
        assert_int_equal(s->outs[i].decision.reason, REASON_WINDOW);
    }
}

/* 6.1, evening: ts4 runs a build until the deadline. */
static void tuesday_evening(struct site *s)
{
    site_build(&s->facts[3].cloud, "build #4");
    site_plan_at(s, "2026-11-24T18:00:00");
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        expect(s, "18:00 | ONPREM `outside` | close all four cloud nodes", i, PLAN_START,
               i == 3 ? GATE_DRAIN : GATE_NONE);
        assert_int_equal(s->outs[i].direction, DIRECTION_BACK);
        assert_int_equal(s->outs[i].drain_deadline.s, at(s->tz, "2026-11-24T19:00:00").s);
        (void)site_move(s, i, DIRECTION_BACK, "2026-11-24T18:00:00");
        s->moves[i].drain_deadline = s->outs[i].drain_deadline;
    }
    assert_true(s->out.in_drain);

    site_plan_at(s, "2026-11-24T18:00:30");
    assert_true(s->outs[0].may_commit);
    assert_false(s->outs[1].may_commit); /* the pause between two */
    assert_false(s->outs[3].may_commit);
    site_commit(s, 0, "2026-11-24T18:00:30");
    site_plan_at(s, "2026-11-24T18:00:50");
    assert_true(s->outs[1].may_commit);
    assert_false(s->outs[2].may_commit);
    site_commit(s, 1, "2026-11-24T18:00:50");
    site_plan_at(s, "2026-11-24T18:02:00");
    expect(s, "18:00 | idle ones return, two at a time", 2, PLAN_NONE, GATE_SLOTS);
    assert_false(s->outs[2].may_commit);
    arrive(s, 0, PLACE_ONPREM, "2026-11-24T18:06:00");
    site_plan_at(s, "2026-11-24T18:06:00");
    assert_true(s->outs[2].may_commit);
    arrive(s, 1, PLACE_ONPREM, "2026-11-24T18:08:00");
    arrive(s, 2, PLACE_ONPREM, "2026-11-24T18:12:00");

    site_plan_at(s, "2026-11-24T18:59:59");
    expect(s, "18:12 | ONPREM | ts4 still runs a build", 3, PLAN_NONE, GATE_DRAIN);
    assert_false(s->outs[3].may_commit);
    assert_string_equal(s->outs[3].decision.gate_text,
                        "waits for build #4 on ts4-cloud, until Tue 19:00 at most");
    assert_true(s->out.in_drain);
    /* "19:00 | ONPREM | deadline: stop and requeue ts4's build, return ts4": its slot is
     * for who can use it */
    site_plan_at(s, "2026-11-24T19:00:00");
    assert_false(s->outs[3].may_commit);
    assert_false(s->out.in_drain);
    s->facts[3].cloud.idle = true;
    site_plan_at(s, "2026-11-24T19:00:00");
    assert_true(s->outs[3].may_commit);
    site_commit(s, 3, "2026-11-24T19:00:00");

    /* "19:05 | ONPREM | settled; 19:15 extension stopped (`extension_linger`)" */
    arrive(s, 3, PLACE_ONPREM, "2026-11-24T19:05:00");
    s->in.extension_idle_since = at(s->tz, "2026-11-24T19:05:00");
    site_plan_at(s, "2026-11-24T19:14:59");
    assert_int_equal(s->out.extension, PLAN_EXTENSION_NONE);
    site_plan_at(s, "2026-11-24T19:15:00");
    assert_int_equal(s->out.extension, PLAN_EXTENSION_STOP);
    assert_string_equal(s->out.extension_text,
                        "no server is in the cloud since 10m and none goes there soon");
}

static void test_tuesday(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    tuesday_morning(&s);
    tuesday_evening(&s);
    site_clear(&s);
}

/* 6.5: what auto off does in each state. */
static void test_auto_toggled(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.start_spacing = 0;
    s.policy.max_moves = 4;
    (void)site_move(&s, 1, DIRECTION_OUT, "2026-11-24T08:35:00");
    site_build(&s.facts[1].onprem, "build #1");
    (void)site_move(&s, 2, DIRECTION_OUT, "2026-11-24T08:35:00");
    site_commit(&s, 2, "2026-11-24T08:36:00");
    (void)site_move(&s, 3, DIRECTION_OUT, "2026-11-24T08:35:00");
    s.moves[3].manual = true;
    for (int how = 0; how < 3; how++) {
        s.in.setting = how == 0 ? AUTO_OFF : AUTO_ON;
        s.in.snooze_until =
            at(s.tz, how == 1 ? "2026-11-24T09:00:00" : "2026-11-24T08:00:00");
        for (size_t i = 0; i < SITE_SERVERS; i++)
            s.servers[i].auto_on = how != 2;
        site_plan_at(&s, "2026-11-24T08:40:00");
        expect(&s, "waiting for a gate: dropped", 0, PLAN_NONE, GATE_AUTO_OFF);
        assert_int_equal(s.outs[0].decision.desired, PLACE_UNKNOWN);
        assert_int_equal(s.outs[1].act, PLAN_CANCEL);
        expect(&s, "committed: runs to its end", 2, PLAN_NONE, GATE_NONE);
        expect(&s, "a person's own move goes on", 3, PLAN_NONE, GATE_NONE);
        assert_true(s.outs[3].may_commit);
        assert_int_equal(s.out.extension, PLAN_EXTENSION_START); /* for ts3 and ts4 */
    }
    /* Settled in the cloud at 18:00: stays. */
    s.in.setting = AUTO_OFF;
    for (size_t i = 0; i < SITE_SERVERS; i++)
        site_settle(&s, i, PLACE_CLOUD);
    site_plan_at(&s, "2026-11-24T18:00:00");
    for (size_t i = 0; i < SITE_SERVERS; i++)
        expect(&s, "18:00 and off", i, PLAN_NONE, GATE_AUTO_OFF);
    /* Lost: brought home by the move that the loss began, whatever the switch says. */
    s.facts[0].place = PLACE_LOST;
    (void)site_move(&s, 0, DIRECTION_BACK, "2026-11-24T18:01:00");
    s.moves[0].interrupted = true;
    site_plan_at(&s, "2026-11-24T18:02:00");
    expect(&s, "lost", 0, PLAN_NONE, GATE_NONE);
    assert_true(s.outs[0].may_commit);
    s.in.clock_ok = false;
    site_plan_at(&s, "2026-11-24T18:02:00");
    assert_true(s.outs[0].may_commit);
    s.in.setting = AUTO_DRY_RUN;
    site_plan_at(&s, "2026-11-24T18:02:00");
    assert_false(s.outs[0].may_commit); /* I8: no call at all */
    site_clear(&s);
}

/* An uncommitted move that is no longer wanted, and one that is. */
static void test_cancel(void **state)
{
    struct site s;
    struct move *m;

    (void)state;
    site_init(&s);
    m = site_move(&s, 0, DIRECTION_OUT, "2026-11-24T16:00:00");
    site_build(&s.facts[0].onprem, "long #1");
    site_plan_at(&s, "2026-11-24T17:15:00");
    expect(&s, "45m left", 0, PLAN_NONE, GATE_DRAIN);
    site_plan_at(&s, "2026-11-24T17:15:01");
    expect(&s, "less: not worth it any more", 0, PLAN_CANCEL, GATE_REMAINING);
    assert_int_equal(s.out.extension, PLAN_EXTENSION_NONE);
    m->manual = true;
    site_plan_at(&s, "2026-11-24T17:15:01");
    expect(&s, "a person's own", 0, PLAN_NONE, GATE_DRAIN);
    m->manual = false;
    m->committed = true;
    site_plan_at(&s, "2026-11-24T18:30:00");
    expect(&s, "committed", 0, PLAN_NONE, GATE_NONE);
    m->committed = false;
    site_plan_at(&s, "2026-11-24T18:00:00");
    expect(&s, "the window is over", 0, PLAN_CANCEL, GATE_DRAIN);
    s.in.clock_ok = false;
    site_plan_at(&s, "2026-11-24T18:00:00");
    expect(&s, "6.6: so says a clock not to be trusted", 0, PLAN_NONE, GATE_CLOCK);
    assert_false(s.outs[0].may_commit);
    s.in.clock_ok = true;
    /* A person wants the opposite, or just this. */
    site_order(&s, 0, PLACE_ONPREM, false, "2026-11-24T16:01:00");
    site_plan_at(&s, "2026-11-24T16:01:00");
    assert_int_equal(s.outs[0].act, PLAN_CANCEL);
    site_order(&s, 0, PLACE_CLOUD, false, "2026-11-24T16:01:00");
    site_plan_at(&s, "2026-11-24T18:01:00");
    expect(&s, "ordered", 0, PLAN_NONE, GATE_DRAIN);
    s.servers[0].order.force = true;
    site_plan_at(&s, "2026-11-24T16:01:00");
    assert_true(s.outs[0].may_commit); /* builds are not waited for */
    s.servers[0].order.place = PLACE_UNKNOWN;
    /* The way out is given up where its node has to stay open. */
    s.in.jenkins_quieting = true;
    site_plan_at(&s, "2026-11-24T16:01:00");
    expect(&s, "quieting", 0, PLAN_CANCEL, GATE_NODE);
    s.in.jenkins_quieting = false;
    s.facts[0].place_stale = true;
    site_plan_at(&s, "2026-11-24T16:01:00");
    expect(&s, "stale facts only keep it from committing", 0, PLAN_NONE, GATE_STALE);
    site_clear(&s);
}

/* 6.6: the clock set back 18:10 -> 17:50 while returning. */
static void test_clock_back(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        site_settle(&s, i, PLACE_CLOUD);
        (void)site_move(&s, i, DIRECTION_BACK, "2026-11-24T18:00:00");
    }
    site_commit(&s, 0, "2026-11-24T18:05:00");
    arrive(&s, 3, PLACE_ONPREM, "2026-11-24T18:09:00");
    site_plan_at(&s, "2026-11-24T17:50:00");
    expect(&s, "a committed return finishes", 0, PLAN_NONE, GATE_NONE);
    assert_int_equal(s.outs[1].act, PLAN_CANCEL);
    expect(&s, "one that is home stays", 3, PLAN_NONE, GATE_REMAINING);
    site_clear(&s);
}

/* 6.4: Jenkins is down at 18:00: nobody sees builds, so wait for the deadline. */
static void test_jenkins_down(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        site_settle(&s, i, PLACE_CLOUD);
        s.facts[i].cloud.known = s.facts[i].onprem.known = false;
    }
    (void)site_move(&s, 0, DIRECTION_BACK, "2026-11-24T18:00:00");
    s.moves[0].drain_deadline = at(s.tz, "2026-11-24T19:00:00");
    site_plan_at(&s, "2026-11-24T18:59:59");
    expect(&s, "open: drains", 0, PLAN_NONE, GATE_DRAIN);
    assert_false(s.outs[0].may_commit);
    expect(&s, "not begun: waits", 1, PLAN_NONE, GATE_STALE);
    site_plan_at(&s, "2026-11-24T19:00:00");
    assert_true(s.outs[0].may_commit);
    expect(&s, "begins at the deadline", 1, PLAN_START, GATE_DRAIN);
    /* By force it needs no builds at all. */
    site_order(&s, 1, PLACE_ONPREM, true, "2026-11-24T18:10:00");
    site_plan_at(&s, "2026-11-24T18:10:00");
    expect(&s, "by force", 1, PLAN_START, GATE_NONE);
    site_clear(&s);
}

/* Section 5's table: lost at, back at home at, and what then. */
static void test_rerun(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *rerun_at, *home, *now;
        enum plan_act act;
        enum gate gate;
    } rows[] = {
        {"11:00 | 1st | 7h | return, requeue, move out again at once", "2026-11-24T11:00:00", "2026-11-24T11:06:00",
            "2026-11-24T11:06:00", PLAN_START, GATE_NONE},
        {"11:40 | 2nd | 6h20 | on-prem node open, move out 11:45: not before", "2026-11-24T11:45:00", "2026-11-24T11:44:00",
            "2026-11-24T11:44:59", PLAN_NONE, GATE_BACKOFF},
        {"11:40 | 2nd | 6h20 | requeue, on-prem node open, move out 11:45 on the next offering", "2026-11-24T11:45:00", "2026-11-24T11:44:00",
            "2026-11-24T11:45:00", PLAN_START, GATE_NONE},
        {"12:10 | 3rd | 5h50 | move out not before 12:25", "2026-11-24T12:25:00", "2026-11-24T12:16:00",
            "2026-11-24T12:24:59", PLAN_NONE, GATE_BACKOFF},
        {"12:10 | 3rd | 5h50 | move out not before 12:25: then it goes", "2026-11-24T12:25:00", "2026-11-24T12:16:00",
            "2026-11-24T12:25:00", PLAN_START, GATE_NONE},
        {"17:00 | 1st | 60m | back on-prem 17:06, 54m left: move out again", "2026-11-24T17:00:00", "2026-11-24T17:06:00",
            "2026-11-24T17:06:00", PLAN_START, GATE_NONE},
        {"17:10 | 1st | 50m | back on-prem 17:16, 44m left: stay, open the on-prem node, reason `remaining`", "2026-11-24T17:10:00", "2026-11-24T17:16:00",
            "2026-11-24T17:16:00", PLAN_NONE, GATE_REMAINING},
        {"17:59 | 1st | 1m | requeue, return, stay; at 18:00 nothing more to do", "2026-11-24T17:59:00", "2026-11-24T18:05:00",
            "2026-11-24T18:05:00", PLAN_NONE, GATE_NONE},
        {"18:20 while draining | any | - | requeue, return; it was leaving anyway", "2026-11-24T18:20:00", "2026-11-24T18:26:00",
            "2026-11-24T18:26:00", PLAN_NONE, GATE_NONE},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        site_init(&s);
        for (size_t k = 1; k < SITE_SERVERS; k++)
            s.servers[k].auto_on = false;
        s.servers[0].rerun_at = at(s.tz, rows[i].rerun_at);
        /* Lost, and nobody has begun to bring it home: never moved from there. */
        s.facts[0].place = PLACE_LOST;
        site_plan_at(&s, rows[i].now);
        assert_row(rows[i].what, s.outs[0].act == PLAN_NONE);
        assert_row(rows[i].what, s.outs[0].decision.gate == GATE_TASK);
        /* Being brought home. */
        (void)site_move(&s, 0, DIRECTION_BACK, rows[i].rerun_at);
        s.moves[0].interrupted = true;
        site_plan_at(&s, rows[i].now);
        assert_row(rows[i].what, s.outs[0].act == PLAN_NONE);
        /* Seen at home already, the move not yet at its end: left alone. */
        s.facts[0].place = PLACE_ONPREM;
        site_plan_at(&s, rows[i].now);
        assert_row(rows[i].what, s.outs[0].act == PLAN_NONE);
        /* Settled. */
        arrive(&s, 0, PLACE_ONPREM, rows[i].home);
        site_plan_at(&s, rows[i].now);
        expect(&s, rows[i].what, 0, rows[i].act, rows[i].gate);
        site_clear(&s);
    }
}

/* A way home past its time limit, its server at home and running: for a way out that
 * would begin now it is no obstacle. */
static void test_late_home(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *now, *retry_at;
        enum place place, held;
        enum power power;
        enum plan_act act;
        enum gate gate;
        bool instance, terminated; /* there is one; and it is gone */
    } rows[] = {
        {"in the rush hours", "2026-11-24T10:00:00", "2026-11-24T09:00:00",
            PLACE_ONPREM, PLACE_UNKNOWN, POWER_ON, PLAN_START, GATE_NONE, false, false},
        {"45m are left", "2026-11-24T17:15:00", "2026-11-24T09:00:00",
            PLACE_ONPREM, PLACE_UNKNOWN, POWER_ON, PLAN_START, GATE_NONE, false, false},
        {"less are left", "2026-11-24T17:15:01", "2026-11-24T09:00:00",
            PLACE_ONPREM, PLACE_UNKNOWN, POWER_ON, PLAN_NONE, GATE_NONE, false, false},
        {"after the rush hours", "2026-11-24T18:00:00", "2026-11-24T09:00:00",
            PLACE_ONPREM, PLACE_UNKNOWN, POWER_ON, PLAN_NONE, GATE_NONE, false, false},
        {"held at home", "2026-11-24T10:00:00", "2026-11-24T09:00:00",
            PLACE_ONPREM, PLACE_ONPREM, POWER_ON, PLAN_NONE, GATE_NONE, false, false},
        {"the last way out failed just now", "2026-11-24T10:00:00", "2026-11-24T10:00:01",
            PLACE_ONPREM, PLACE_UNKNOWN, POWER_ON, PLAN_NONE, GATE_NONE, false, false},
        {"home is off", "2026-11-24T10:00:00", "2026-11-24T09:00:00",
            PLACE_ONPREM, PLACE_UNKNOWN, POWER_OFF, PLAN_NONE, GATE_NONE, false, false},
        {"not at home yet", "2026-11-24T10:00:00", "2026-11-24T09:00:00",
            PLACE_MOVING_BACK, PLACE_UNKNOWN, POWER_ON, PLAN_NONE, GATE_NONE, false, false},
        {"its instance lives", "2026-11-24T10:00:00", "2026-11-24T09:00:00",
            PLACE_ONPREM, PLACE_UNKNOWN, POWER_ON, PLAN_NONE, GATE_NONE, true, false},
        {"its instance is gone", "2026-11-24T10:00:00", "2026-11-24T09:00:00",
            PLACE_ONPREM, PLACE_UNKNOWN, POWER_ON, PLAN_START, GATE_NONE, true, true},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;
        struct move *m;

        site_init(&s);
        m = site_move(&s, 0, DIRECTION_BACK, "2026-11-24T08:00:00");
        site_commit(&s, 0, "2026-11-24T08:00:00");
        m->interrupted = true;
        m->deadline = at(s.tz, rows[i].now);
        m->deadline.s++;
        s.facts[0].place = rows[i].place;
        s.facts[0].power = rows[i].power;
        if (rows[i].instance)
            (void)str_copy(s.facts[0].instance.id, ID_TEXT, "i-1");
        s.facts[0].instance.terminated = rows[i].terminated;
        s.servers[0].retry_at = at(s.tz, rows[i].retry_at);
        if (rows[i].held != PLACE_UNKNOWN)
            site_hold(&s, 0, rows[i].held, HOLD_PIN, "2026-11-24T08:00:00", NULL);
        site_plan_at(&s, rows[i].now);
        expect(&s, "in time", 0, PLAN_NONE, GATE_NONE);
        m->deadline.s--;
        site_plan_at(&s, rows[i].now);
        expect(&s, rows[i].what, 0, rows[i].act, rows[i].gate);
        if (rows[i].act == PLAN_START)
            assert_int_equal(s.outs[0].direction, DIRECTION_OUT);
        m->direction = DIRECTION_OUT; /* that one goes on */
        site_plan_at(&s, rows[i].now);
        expect(&s, rows[i].what, 0, PLAN_NONE, GATE_NONE);
        site_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuesday),      cmocka_unit_test(test_auto_toggled),
        cmocka_unit_test(test_cancel),       cmocka_unit_test(test_clock_back),
        cmocka_unit_test(test_jenkins_down), cmocka_unit_test(test_rerun),
        cmocka_unit_test(test_late_home),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
