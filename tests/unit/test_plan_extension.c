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
