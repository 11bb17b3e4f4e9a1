#include <config.h>

#include "core/base/rng.h"

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
        expect(s, "08:34:59", i, PLAN_NONE, GATE_NONE);
    assert_int_equal(s->out.extension, PLAN_EXTENSION_NONE);
    assert_false(s->out.in_lead || s->out.in_window || s->out.in_drain);

    site_plan_at(s, "2026-11-24T08:35:00");
    assert_int_equal(s->outs[0].decision.reason, REASON_LEAD);
    assert_true(s->out.in_lead);
    assert_int_equal(s->out.extension, PLAN_EXTENSION_START);
    expect(s, "08:35", 0, PLAN_START, GATE_DRAIN);
    expect(s, "08:35", 2, PLAN_NONE, GATE_SLOTS);
    expect(s, "08:35", 3, PLAN_NONE, GATE_SLOTS);
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
    expect(s, "08:36 ts2 busy", 1, PLAN_NONE, GATE_DRAIN);
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
    expect(s, "08:48 ts3 starts", 2, PLAN_START, GATE_NONE);
    expect(s, "08:48 ts4 waits", 3, PLAN_NONE, GATE_SLOTS);
    for (size_t i = 1; i < SITE_SERVERS; i++) {
        arrive(s, i, PLACE_CLOUD, "2026-11-24T08:59:00");
        site_build(&s->facts[i].onprem, NULL);
    }

    site_plan_at(s, "2026-11-24T09:00:00");
    assert_true(s->out.in_window);
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        expect(s, "09:00", i, PLAN_NONE, GATE_NONE);
        assert_int_equal(s->outs[i].decision.reason, REASON_WINDOW);
    }
}

/* 6.1, evening: ts4 runs a build until the deadline. */
static void tuesday_evening(struct site *s)
{
    site_build(&s->facts[3].cloud, "build #4");
    site_plan_at(s, "2026-11-24T18:00:00");
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        expect(s, "18:00: all four nodes are closed", i, PLAN_START,
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
    expect(s, "18:02: two at a time", 2, PLAN_NONE, GATE_SLOTS);
    assert_false(s->outs[2].may_commit);
    arrive(s, 0, PLACE_ONPREM, "2026-11-24T18:06:00");
    site_plan_at(s, "2026-11-24T18:06:00");
    assert_true(s->outs[2].may_commit);
    arrive(s, 1, PLACE_ONPREM, "2026-11-24T18:08:00");
    arrive(s, 2, PLACE_ONPREM, "2026-11-24T18:12:00");

    site_plan_at(s, "2026-11-24T18:59:59");
    expect(s, "18:59:59", 3, PLAN_NONE, GATE_DRAIN);
    assert_false(s->outs[3].may_commit);
    assert_string_equal(s->outs[3].decision.gate_text,
                        "waits for build #4 on ts4-cloud, until Tue 19:00 at most");
    assert_true(s->out.in_drain);
    site_plan_at(s, "2026-11-24T19:00:00");
    assert_true(s->outs[3].may_commit); /* the deadline */
    assert_false(s->out.in_drain);
    site_commit(s, 3, "2026-11-24T19:00:00");

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
        {"11:00 1st: out again at once", "2026-11-24T11:00:00", "2026-11-24T11:06:00",
            "2026-11-24T11:06:00", PLAN_START, GATE_NONE},
        {"11:40 2nd: not yet", "2026-11-24T11:45:00", "2026-11-24T11:44:00",
            "2026-11-24T11:44:59", PLAN_NONE, GATE_BACKOFF},
        {"11:40 2nd: at 11:45", "2026-11-24T11:45:00", "2026-11-24T11:44:00",
            "2026-11-24T11:45:00", PLAN_START, GATE_NONE},
        {"12:10 3rd: not before 12:25", "2026-11-24T12:25:00", "2026-11-24T12:16:00",
            "2026-11-24T12:24:59", PLAN_NONE, GATE_BACKOFF},
        {"12:10 3rd: at 12:25", "2026-11-24T12:25:00", "2026-11-24T12:16:00",
            "2026-11-24T12:25:00", PLAN_START, GATE_NONE},
        {"17:00 1st: home 17:06, 54m left", "2026-11-24T17:00:00", "2026-11-24T17:06:00",
            "2026-11-24T17:06:00", PLAN_START, GATE_NONE},
        {"17:10 1st: home 17:16, 44m left", "2026-11-24T17:10:00", "2026-11-24T17:16:00",
            "2026-11-24T17:16:00", PLAN_NONE, GATE_REMAINING},
        {"17:59 1st: stays", "2026-11-24T17:59:00", "2026-11-24T18:05:00",
            "2026-11-24T18:05:00", PLAN_NONE, GATE_NONE},
        {"18:20: it was leaving anyway", "2026-11-24T18:20:00", "2026-11-24T18:26:00",
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

/* 6.8: the extension starts with the first planned move, and any doubt keeps it up. */
static void test_extension(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    site_plan_at(&s, "2026-11-24T08:35:00");
    assert_int_equal(s.out.extension, PLAN_EXTENSION_START);
    assert_string_equal(s.out.extension_text,
                        "ts1 goes to the cloud and needs the cloud extension");
    for (size_t i = 0; i < SITE_SERVERS; i++)
        s.servers[i].needs_extension = false;
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

static void test_extension_stop(void **state)
{
    /* clang-format off */
    static const struct { const char *what; void (*set)(struct site *s); bool stops; } rows[] = {
        {"idle", doubt_none, true},
        {"auto_stop is off", doubt_auto_stop, false},
        {"auto is off", doubt_off, false},
        {"dry-run", doubt_dry_run, false},
        {"snoozed", doubt_snooze, false},
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
        {"L just behind them", no_doubt_window, true},
        {"in the cloud by another mover", no_doubt_other_mover, true},
        {"a window not worth a move any more", no_doubt_remaining, true},
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

/* ---- properties over random inputs ---- */

static bool toss(struct rng *r, int percent)
{
    return rng_between(r, 1, 100) <= percent;
}

static void random_server(struct rng *r, struct site *s, size_t i, struct utc now)
{
    struct server_facts *f = &s->facts[i];
    struct plan_server *p = &s->servers[i];
    struct move *m = &s->moves[i];

    f->place = (enum place)rng_between(r, 0, PLACE_COUNT - 1);
    if (toss(r, 60))
        f->place = toss(r, 50) ? PLACE_ONPREM : PLACE_CLOUD;
    f->place_stale = toss(r, 10);
    f->in_both_places = f->place == PLACE_UNKNOWN && toss(r, 30);
    f->power = (enum power)rng_between(r, 0, POWER_COUNT - 1);
    f->task_active = toss(r, 10);
    f->migration_busy = toss(r, 10);
    (void)str_copy(f->blocked, LINE_TEXT, toss(r, 10) ? "half moved" : "");
    f->onprem.known = !toss(r, 10);
    f->cloud.known = !toss(r, 10);
    f->onprem.idle = toss(r, 70);
    f->cloud.idle = toss(r, 70);
    f->onprem.open = toss(r, 50);
    f->cloud.open = toss(r, 50);
    f->onprem.marked = !f->onprem.open;
    f->cloud.marked = !f->cloud.open;
    f->onprem.closed_by = (enum closed_by)rng_between(r, 0, CLOSED_BY_COUNT - 1);
    f->cloud.closed_by = (enum closed_by)rng_between(r, 0, CLOSED_BY_COUNT - 1);
    p->auto_on = !toss(r, 15);
    p->hold.place =
        toss(r, 20) ? (toss(r, 50) ? PLACE_CLOUD : PLACE_ONPREM) : PLACE_UNKNOWN;
    p->hold.kind = (enum hold_kind)rng_between(r, 0, HOLD_COUNT - 1);
    p->hold.until.s = now.s + rng_between(r, -3600, 36000);
    p->order.place =
        toss(r, 10) ? (toss(r, 50) ? PLACE_CLOUD : PLACE_ONPREM) : PLACE_UNKNOWN;
    p->order.force = toss(r, 30);
    p->order.at = now;
    p->settled_since.s = toss(r, 30) ? 0 : now.s - rng_between(r, 0, 90000);
    p->retry_at.s = toss(r, 10) ? now.s + rng_between(r, -600, 600) : 0;
    p->rerun_at.s = toss(r, 10) ? now.s + rng_between(r, -600, 600) : 0;
    p->breaker_open = toss(r, 5);
    *m = (struct move){.direction = toss(r, 50) ? DIRECTION_OUT : DIRECTION_BACK};
    m->status = toss(r, 95) ? MOVE_OPEN : MOVE_DONE;
    m->committed = toss(r, 40);
    m->committed_at.s = m->committed ? now.s - rng_between(r, 0, 60) : 0;
    m->manual = toss(r, 20);
    m->force = toss(r, 10);
    m->interrupted = m->direction == DIRECTION_BACK && toss(r, 10);
    m->started.s = now.s - rng_between(r, 0, 3600);
    m->drain_deadline.s = toss(r, 50) ? 0 : now.s + rng_between(r, -1800, 1800);
    m->step = toss(r, 20) ? 1 : 0;
    p->move = toss(r, 45) ? m : NULL;
}

static bool is_open(const struct plan_server *p)
{
    return p->move != NULL && p->move->status == MOVE_OPEN;
}

static void check_properties(const struct site *s)
{
    int32_t committed = 0, allowed = 0;

    for (size_t i = 0; i < SITE_SERVERS; i++) {
        const struct plan_server *p = &s->servers[i];
        const struct plan_server_out *o = &s->outs[i];
        const struct server_facts *f = p->facts;
        bool settled = f->place == PLACE_ONPREM || f->place == PLACE_CLOUD;
        bool on =
            p->auto_on && s->in.setting == AUTO_ON && s->in.snooze_until.s <= s->in.now.s;

        committed += is_open(p) && p->move->committed ? 1 : 0;
        allowed += o->may_commit ? 1 : 0;
        if (o->act == PLAN_START) {
            assert_true(!is_open(p) && settled);
            assert_false(f->place_stale || f->task_active || !s->in.clock_ok);
            assert_true(on || p->order.place != PLACE_UNKNOWN);
            assert_true((o->direction == DIRECTION_OUT) == (f->place == PLACE_ONPREM) ||
                        f->power == POWER_OFF);
            assert_true((o->decision.gates & ~(UINT32_C(1) << GATE_DRAIN)) == 0);
        }
        if (o->act == PLAN_CANCEL)
            assert_true(is_open(p) && !p->move->committed && !o->may_commit);
        if (o->may_commit) {
            assert_true(is_open(p) && !p->move->committed);
            assert_false(f->place_stale || f->task_active || f->in_both_places);
            /* But what is switched on at home by a person's order. */
            assert_true(f->blocked[0] == '\0' ||
                        (f->place == PLACE_ONPREM && f->power == POWER_OFF));
        }
        if (s->in.setting == AUTO_DRY_RUN)
            assert_true(o->act == PLAN_NONE && !o->may_commit);
        assert_int_equal(o->decision.gate == GATE_NONE, o->decision.gates == 0);
        assert_int_equal(o->decision.gate == GATE_NONE, o->decision.gate_text[0] == '\0');
        assert_true(o->decision.reason_text[0] != '\0');
        assert_true(strlen(o->decision.gate_text) < LINE_TEXT);
    }
    if (allowed > 0)
        assert_true(committed + allowed <= s->policy.max_moves);
    if (s->in.setting == AUTO_DRY_RUN)
        assert_int_equal(s->out.extension, PLAN_EXTENSION_NONE);
}

/* I8, I12 and the limits of 2 and 6.7, whatever the facts are. */
static void test_random(void **state)
{
    static struct site s; /* two of them and their outputs are much for a stack */
    static struct plan_server_out first[SITE_SERVERS];
    int starts = 0, cancels = 0, commits = 0, stops = 0;
    struct rng r;

    (void)state;
    site_init(&s);
    rng_seed(&r, 61);
    for (int round = 0; round < 30000; round++) {
        struct utc now = {at(s.tz, "2026-11-24T00:00:00").s +
                          rng_between(&r, 0, 7 * 86400)};
        struct plan_out out;

        for (size_t i = 0; i < SITE_SERVERS; i++)
            random_server(&r, &s, i, now);
        s.policy.max_moves = (int32_t)rng_between(&r, 1, 3);
        s.policy.start_spacing = toss(&r, 50) ? 20 : 0;
        s.policy.on_drain_deadline = (enum on_drain_deadline)rng_between(&r, 0, 2);
        s.policy.out_drain_deadline = toss(&r, 50) ? DURATION_NONE : 1200;
        s.in.setting = (enum auto_setting)rng_between(&r, 0, AUTO_COUNT - 1);
        s.in.snooze_until.s = toss(&r, 10) ? now.s + rng_between(&r, -600, 600) : 0;
        s.in.clock_ok = !toss(&r, 5);
        s.in.jenkins_quieting = toss(&r, 5);
        s.in.last_start.s = now.s - rng_between(&r, -10, 60);
        s.extension.state = (enum extension_state)rng_between(&r, 0, EXTENSION_COUNT - 1);
        s.in.extension_idle_since.s = toss(&r, 50) ? now.s - rng_between(&r, 0, 3600) : 0;
        for (size_t i = 0; i < SITE_SERVERS && round % 8 == 0; i++) {
            site_settle(&s, i, PLACE_ONPREM); /* a quiet site, for the extension */
            s.facts[i].place_stale = s.facts[i].task_active = false;
        }
        site_plan(&s, now);
        check_properties(&s);
        for (size_t i = 0; i < SITE_SERVERS; i++) {
            starts += s.outs[i].act == PLAN_START ? 1 : 0;
            cancels += s.outs[i].act == PLAN_CANCEL ? 1 : 0;
            commits += s.outs[i].may_commit ? 1 : 0;
        }
        stops += s.out.extension == PLAN_EXTENSION_STOP ? 1 : 0;
        /* The same inputs give the same plan. */
        memcpy(first, s.outs, sizeof(first));
        out = s.out;
        site_plan(&s, now);
        for (size_t i = 0; i < SITE_SERVERS; i++) {
            assert_int_equal(first[i].act, s.outs[i].act);
            assert_int_equal(first[i].may_commit, s.outs[i].may_commit);
            assert_int_equal(first[i].drain_deadline.s, s.outs[i].drain_deadline.s);
            assert_int_equal(first[i].decision.gates, s.outs[i].decision.gates);
            assert_string_equal(first[i].decision.reason_text,
                                s.outs[i].decision.reason_text);
            assert_string_equal(first[i].decision.gate_text,
                                s.outs[i].decision.gate_text);
        }
        assert_string_equal(out.next_what, s.out.next_what);
        assert_int_equal(out.extension, s.out.extension);
    }
    /* The dice reached everything that is checked above. */
    print_message("%d starts, %d cancels, %d commits, %d stops\n", starts, cancels,
                  commits, stops);
    assert_true(starts > 1000 && cancels > 1000 && commits > 1000 && stops > 5);
    site_clear(&s);
}

/* More servers than slots can name, and more than a plan takes. */
static void test_many(void **state)
{
    enum { MANY = MAX_SERVERS + 5 };
    static struct plan_server servers[MANY];
    static struct plan_server_out outs[MANY];
    static struct server_facts facts;
    struct plan_out out = {.servers = outs};
    struct site s;
    size_t starts = 0;

    (void)state;
    site_init(&s);
    facts = s.facts[0];
    for (size_t i = 0; i < MANY; i++)
        servers[i] = (struct plan_server){
            .name = i % 2 == 0 ? "even" : "odd", .facts = &facts, .auto_on = true};
    s.policy.max_moves = 6;
    s.policy.start_spacing = 0;
    s.in.servers = servers;
    s.in.n = MANY;
    s.in.now = at(s.tz, "2026-11-24T10:00:00");
    schedule_build(&s.policy, s.tz, s.in.now, s.policy.lead, &s.schedule);
    memset(outs, 0xa5, sizeof(outs));
    plan(&s.in, &out);
    for (size_t i = 0; i < MANY; i++)
        starts += outs[i].act == PLAN_START ? 1 : 0;
    assert_int_equal(starts, 6);
    assert_int_equal(outs[0].act, PLAN_START);
    assert_int_equal(outs[10].act, PLAN_START);
    assert_string_equal(outs[1].decision.gate_text,
                        "6 of 6 slots taken by even, even, even, even and 2 more");
    assert_int_equal(outs[MAX_SERVERS].act, PLAN_NONE);
    assert_string_equal(out.next_what, "window ends: 1024 servers return");
    site_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuesday),      cmocka_unit_test(test_auto_toggled),
        cmocka_unit_test(test_cancel),       cmocka_unit_test(test_clock_back),
        cmocka_unit_test(test_jenkins_down), cmocka_unit_test(test_rerun),
        cmocka_unit_test(test_extension),    cmocka_unit_test(test_extension_stop),
        cmocka_unit_test(test_random),       cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
