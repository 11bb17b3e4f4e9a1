#include <config.h>

#include "core/base/rng.h"
#include "core/policy/schedule.h"

#include "tests/unit/policy_util.h"

static struct schedule build(const struct policy_config *p, const struct tz *z,
                             struct utc now)
{
    struct schedule s;

    memset(&s, 0xa5, sizeof(s)); /* nothing may be left as it was */
    schedule_build(p, z, now, p->lead, &s);
    return s;
}

/* policy-and-cost 6.2, and windows that read alike on ordinary days. */
static void test_intervals(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *zone;
        struct window window;
        const char *now, *start, *end;
    } rows[] = {
        {"6.2: 09:00-18:00 | Sun 2026-10-25 | 07:00Z-16:00Z, L 06:35Z | a working day", "Asia/Jerusalem",
            {SUN_THU, HM(9, 0), HM(18, 0)}, "2026-10-25T01:00:00Z",
            "2026-10-25T07:00:00Z", "2026-10-25T16:00:00Z"},
        {"6.2: 09:00-18:00 | Thu 10-22 was 06:00Z-15:00Z", "Asia/Jerusalem",
            {SUN_THU, HM(9, 0), HM(18, 0)}, "2026-10-22T05:00:00Z",
            "2026-10-22T06:00:00Z", "2026-10-22T15:00:00Z"},
        {"6.2: 01:30-03:00 | Sun 2026-10-25 | 22:30Z(24th)-01:00Z | start takes the first 01:30; 2h30 real", "Asia/Jerusalem",
            {SUN, HM(1, 30), HM(3, 0)}, "2026-10-24T20:00:00Z",
            "2026-10-24T22:30:00Z", "2026-10-25T01:00:00Z"},
        {"6.2: 02:30-04:00 | Fri 2027-03-26 | 00:00Z-01:00Z | 02:30 does not exist: start = transition", "Asia/Jerusalem",
            {FRI, HM(2, 30), HM(4, 0)}, "2027-03-25T20:00:00Z",
            "2027-03-26T00:00:00Z", "2027-03-26T01:00:00Z"},
        {"6.2: 22:00-02:30 | Sat 2026-10-24 | 20:00Z-01:30Z(25th) | end takes the second 02:30; no leave-and-re-enter", "Europe/Berlin",
            {SAT, HM(22, 0), HM(2, 30)}, "2026-10-24T12:00:00Z",
            "2026-10-24T20:00:00Z", "2026-10-25T01:30:00Z"},
        {"6.2: `Sun-Thu 00:00-24:00` | Sun 2026-10-25 | joined with Mon..Thu, starts 21:00Z(24th) | Sunday has 25 hours", "Asia/Jerusalem",
            {SUN_THU, HM(0, 0), HM(24, 0)}, "2026-10-24T12:00:00Z",
            "2026-10-24T21:00:00Z", "2026-10-29T22:00:00Z"},
        {"6.2: 02:15-02:45 | Sun 2027-03-28 | empty | both ends fall into the gap: no window", "Europe/Berlin",
            {SUN, HM(2, 15), HM(2, 45)}, "2027-03-27T12:00:00Z",
            "2027-04-04T00:15:00Z", "2027-04-04T00:45:00Z"},
        {"6.3: across midnight", "Asia/Jerusalem",
            {THU, HM(22, 0), HM(2, 0)}, "2026-12-24T12:00:00Z",
            "2026-12-24T20:00:00Z", "2026-12-25T00:00:00Z"},
        {"until midnight", "Asia/Jerusalem",
            {TUE, HM(20, 0), HM(24, 0)}, "2026-11-24T12:00:00Z",
            "2026-11-24T18:00:00Z", "2026-11-24T22:00:00Z"},
        {"end equal to start would be a whole day", "UTC",
            {TUE, HM(20, 0), HM(20, 0)}, "2026-11-24T12:00:00Z",
            "2026-11-24T20:00:00Z", "2026-11-25T20:00:00Z"},
        {"half an hour of summer time", "Australia/Lord_Howe",
            {SUN, HM(1, 45), HM(3, 0)}, "2026-04-04T12:00:00Z",
            "2026-04-04T14:45:00Z", "2026-04-04T16:30:00Z"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tz *z = zone_load(rows[i].zone);
        struct policy_config p = default_policy();
        struct schedule s;
        struct schedule_at a;

        p.windows[0] = rows[i].window;
        s = build(&p, z, at(z, rows[i].now));
        a = schedule_at(&s, at(z, rows[i].now));
        assert_row(rows[i].what, a.has_window && a.has_end);
        assert_row(rows[i].what, a.window.start.s == at(z, rows[i].start).s);
        assert_row(rows[i].what, a.window.end.s == at(z, rows[i].end).s);
        assert_row(rows[i].what, a.lead_start.s == a.window.start.s - 25 * 60);
        assert_row(rows[i].what, a.drain_start.s == a.window.end.s);
        tz_free(z);
    }
}

/* 6.2, last row: the window that the change of the clock swallows is reported. */
static void test_swallowed(void **state)
{
    struct tz *z = zone_load("Europe/Berlin");
    struct policy_config p = default_policy();
    struct schedule s;

    (void)state;
    p.windows[0] = (struct window){SUN, HM(2, 15), HM(2, 45)};
    s = build(&p, z, at(z, "2027-03-27T12:00:00"));
    assert_int_equal(s.n_empty, 1);
    assert_int_equal(s.empty_at.s, at(z, "2027-03-28T01:00:00Z").s);
    assert_int_equal(s.n, 1); /* 04-04 */
    /* Two of them: the first one's time is told. */
    p.n_windows = 2;
    p.windows[1] = (struct window){SUN, HM(2, 30), HM(2, 59)};
    s = build(&p, z, at(z, "2027-03-27T12:00:00"));
    assert_int_equal(s.n_empty, 2);
    assert_int_equal(s.empty_at.s, at(z, "2027-03-28T01:00:00Z").s);
    s = build(&p, z, at(z, "2027-04-06T12:00:00"));
    assert_int_equal(s.n_empty, 0);
    /* Without any window nothing is left of what was built before. */
    p.n_windows = 0;
    schedule_build(&p, z, at(z, "2027-04-06T12:00:00"), p.lead, &s);
    assert_int_equal(s.n, 0);
    tz_free(z);
}

/* 3.5 rows 3 and 5 and their edges: [L, S) lead, [S, D) window, then outside. */
static void test_phases(void **state)
{
    /* clang-format off */
    static const struct { const char *at; enum schedule_phase phase; } rows[] = {
        {"2026-11-24T08:34:59", PHASE_OUTSIDE},
        {"2026-11-24T08:35:00", PHASE_LEAD},
        {"2026-11-24T08:59:59", PHASE_LEAD},
        {"2026-11-24T09:00:00", PHASE_WINDOW},
        {"2026-11-24T17:59:59", PHASE_WINDOW},
        {"2026-11-24T18:00:00", PHASE_OUTSIDE},
        {"2026-11-27T12:00:00", PHASE_OUTSIDE}, /* Friday */
        {"2026-11-28T12:00:00", PHASE_OUTSIDE}, /* Saturday */
        {"2026-11-29T08:35:00", PHASE_LEAD},
    };
    /* clang-format on */
    struct tz *z = zone_load("Asia/Jerusalem");
    struct policy_config p = default_policy();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct utc now = at(z, rows[i].at);
        struct schedule s = build(&p, z, now);

        assert_row(rows[i].at, schedule_at(&s, now).phase == rows[i].phase);
        assert_row(rows[i].at,
                   schedule_is_cloud(&s, now) == (rows[i].phase != PHASE_OUTSIDE));
    }
    tz_free(z);
}

/* A hard deadline (6.1): drain_start before the end moves D; a window that is all drain
 * is none. */
static void test_drain_start(void **state)
{
    struct tz *z = zone_load("Asia/Jerusalem");
    struct policy_config p = default_policy();
    struct utc now = at(z, "2026-11-24T17:20:00");
    struct schedule s;
    struct interval last;

    (void)state;
    p.drain_start = -45 * 60;
    s = build(&p, z, now);
    assert_int_equal(schedule_at(&s, now).phase, PHASE_OUTSIDE);
    assert_int_equal(schedule_at(&s, (struct utc){now.s - 301}).phase, PHASE_WINDOW);
    assert_true(schedule_last(&s, now, &last));
    assert_int_equal(last.end.s, at(z, "2026-11-24T18:00:00").s);
    assert_false(schedule_last(&s, at(z, "2026-11-01T00:00:00"), &last));
    p.drain_start = 30 * 60;
    s = build(&p, z, now);
    assert_int_equal(schedule_at(&s, at(z, "2026-11-24T18:29:59")).phase, PHASE_WINDOW);
    assert_int_equal(schedule_at(&s, at(z, "2026-11-24T18:30:00")).phase, PHASE_OUTSIDE);
    p.drain_start = -10 * 3600;
    s = build(&p, z, now);
    assert_int_equal(s.n, 0);
    assert_false(schedule_at(&s, now).has_window);
    assert_int_equal(schedule_next_change(&s, now, PLACE_CLOUD).s, 0);
    assert_int_equal(schedule_next_change(&s, now, PLACE_ONPREM).s, 0);
    tz_free(z);
}

/* The union: overlapping and touching windows are one, without a tick between them. */
static void test_union(void **state)
{
    struct tz *z = zone_load("Asia/Jerusalem");
    struct policy_config p = default_policy();
    struct utc now = at(z, "2026-11-24T10:00:00");
    struct schedule s;
    struct schedule_at a;

    (void)state;
    p.n_windows = 4;
    p.windows[0] = (struct window){TUE, HM(12, 0), HM(18, 0)};
    p.windows[1] = (struct window){TUE, HM(9, 0), HM(12, 0)};
    p.windows[2] = (struct window){TUE, HM(10, 0), HM(11, 0)};
    p.windows[3] = (struct window){TUE, HM(17, 0), HM(20, 0)};
    s = build(&p, z, now);
    a = schedule_at(&s, now);
    assert_int_equal(a.window.start.s, at(z, "2026-11-24T09:00:00").s);
    assert_int_equal(a.window.end.s, at(z, "2026-11-24T20:00:00").s);

    /* 10 minutes between two windows are less than the lead: no way back between them. */
    p.n_windows = 2;
    p.windows[0] = (struct window){TUE, HM(9, 0), HM(12, 0)};
    p.windows[1] = (struct window){TUE, HM(12, 10), HM(18, 0)};
    s = build(&p, z, now);
    a = schedule_at(&s, now);
    assert_int_equal(a.window.end.s, at(z, "2026-11-24T12:00:00").s);
    assert_int_equal(a.drain_start.s, at(z, "2026-11-24T18:00:00").s);
    assert_int_equal(schedule_next_change(&s, now, PLACE_ONPREM).s, a.drain_start.s);
    assert_int_equal(schedule_next_change(&s, now, PLACE_CLOUD).s,
                     at(z, "2026-12-01T08:35:00").s);
    assert_int_equal(schedule_at(&s, at(z, "2026-11-24T12:05:00")).phase, PHASE_LEAD);

    /* All week: nothing ever changes into on-prem. */
    p.n_windows = 1;
    p.windows[0] = (struct window){EVERY_DAY, HM(0, 0), HM(24, 0)};
    s = build(&p, z, now);
    assert_int_equal(s.n, 1);
    assert_false(schedule_at(&s, now).has_end);
    assert_int_equal(schedule_next_change(&s, now, PLACE_ONPREM).s, 0);
    assert_int_equal(schedule_next_change(&s, now, PLACE_CLOUD).s, 0);
    assert_int_equal(schedule_hold_end(&s, &p, now, PLACE_ONPREM).s, 0);
    tz_free(z);
}

/* Section 4's table, Tuesday 2026-11-24. */
static void test_hold_end(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *now; enum place place; const char *end; } rows[] = {
        {"Tue 10:00 bring back",          "2026-11-24T10:00:00", PLACE_ONPREM, "2026-11-24T18:00:00"},
        {"Tue 07:30 stay: skips today",   "2026-11-24T07:30:00", PLACE_ONPREM, "2026-11-24T18:00:00"},
        {"Tue 17:55 to cloud: the cap",   "2026-11-24T17:55:00", PLACE_CLOUD,  "2026-11-25T05:55:00"},
        {"Tue 20:00 to cloud: cap to L",  "2026-11-24T20:00:00", PLACE_CLOUD,  "2026-11-25T08:35:00"},
        {"Thu 19:00 to cloud: cap",       "2026-11-26T19:00:00", PLACE_CLOUD,  "2026-11-27T07:00:00"},
        {"07:30 to cloud: go early",      "2026-11-24T07:30:00", PLACE_CLOUD,  "2026-11-24T08:35:00"},
        {"08:40 bring back: in the lead", "2026-11-24T08:40:00", PLACE_ONPREM, "2026-11-24T18:00:00"},
        {"08:35 to cloud: the lead begins", "2026-11-24T08:35:00", PLACE_CLOUD, "2026-11-24T20:35:00"},
        {"18:00 bring back: tomorrow's",  "2026-11-24T18:00:00", PLACE_ONPREM, "2026-11-25T18:00:00"},
        {"Thu 18:00: Sunday's",           "2026-11-26T18:00:00", PLACE_ONPREM, "2026-11-29T18:00:00"},
        {"cap 45m before L: not extended", "2026-11-24T19:50:00", PLACE_CLOUD, "2026-11-25T07:50:00"},
        {"cap 44m before L: extended",    "2026-11-24T19:51:00", PLACE_CLOUD,  "2026-11-25T08:35:00"},
    };
    /* clang-format on */
    struct tz *z = zone_load("Asia/Jerusalem");
    struct policy_config p = default_policy();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct utc now = at(z, rows[i].now);
        struct schedule s = build(&p, z, now);

        assert_row(rows[i].what, schedule_hold_end(&s, &p, now, rows[i].place).s ==
                                     at(z, rows[i].end).s);
    }
    /* Without a window only the cap is left. */
    {
        struct utc now = at(z, "2026-11-24T17:55:00");
        struct policy_config none = p;
        struct schedule s;

        none.n_windows = 0;
        s = build(&none, z, now);
        assert_int_equal(schedule_hold_end(&s, &none, now, PLACE_CLOUD).s,
                         at(z, "2026-11-25T05:55:00").s);
        assert_false(schedule_is_cloud(&s, now));
    }
    /* "Wed 08:35 without it" */
    p.hold_cloud_cap = DURATION_NONE;
    {
        struct utc now = at(z, "2026-11-24T17:55:00");
        struct schedule s = build(&p, z, now);

        assert_int_equal(schedule_hold_end(&s, &p, now, PLACE_CLOUD).s,
                         at(z, "2026-11-25T08:35:00").s);
    }
    tz_free(z);
}

static struct calendar_day exception(int32_t month, int32_t day, enum calendar_kind kind)
{
    return (struct calendar_day){.day = civil_to_days(2026, month, day), .kind = kind};
}

/* 6.3: across midnight and exception days (`Thu 22:00-02:00`, Fri 2026-12-25 `off`). */
static void test_across_midnight(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *now; int32_t off; bool cloud, day_off; } rows[] = {
        {"Thu 12-24 22:00: start day is Thursday", "2026-12-24T22:00:00", 25, true, false},
        {"Thu 12-24 21:59", "2026-12-24T21:59:59", 25, false, false},
        {"Fri 12-25 01:59: the window keeps its end", "2026-12-25T01:59:59", 25, true, false},
        {"Fri 12-25 02:00: E; nothing would have started on Friday", "2026-12-25T02:00:00", 25,
            false, false},
        {"With Thu 12-24 off instead, nothing starts", "2026-12-24T22:00:00", 24, false, true},
        {"... nor goes on", "2026-12-25T01:59:59", 24, false, false},
        {"the Thursday after is as ever", "2026-12-31T22:00:00", 24, true, false},
        {"the Thursday before, too", "2026-12-17T22:00:00", 24, true, false},
    };
    /* clang-format on */
    struct tz *z = zone_load("Asia/Jerusalem");
    struct policy_config p = default_policy();

    (void)state;
    p.windows[0] = (struct window){THU, HM(22, 0), HM(2, 0)};
    p.lead = 0;
    p.n_exceptions = 1;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct calendar_day x = exception(12, rows[i].off, CALENDAR_OFF);
        struct utc now = at(z, rows[i].now);
        struct schedule s;

        p.exceptions = &x;
        s = build(&p, z, now);
        assert_row(rows[i].what, schedule_is_cloud(&s, now) == rows[i].cloud);
        assert_row(rows[i].what, schedule_is_day_off(&s, now) == rows[i].day_off);
    }
    tz_free(z);
}

/* 3.3: each kind of exception; Sunday to Thursday 09:00-18:00 else. */
static void test_exceptions(void **state)
{
    /* clang-format off */
    static const struct { const char *now; bool cloud, day_off; } rows[] = {
        {"2026-10-21T10:00:00", true, false},
        {"2026-10-22T10:00:00", false, true},  /* Thu off */
        {"2026-10-22T00:00:00", false, true},
        {"2026-10-22T23:59:59", false, true},
        {"2026-10-23T00:00:00", false, false},
        {"2026-10-23T09:00:00", true, false},  /* Fri on: Sunday's windows */
        {"2026-10-23T17:59:59", true, false},
        {"2026-10-23T18:00:00", false, false},
        {"2026-10-24T10:00:00", false, false}, /* Sat off: nothing to take away */
        {"2026-10-25T12:59:59", true, false},  /* Sun 09:00-13:00, 20:00-02:00 */
        {"2026-10-25T13:00:00", false, false},
        {"2026-10-25T20:00:00", true, false},
        {"2026-10-26T01:59:59", true, true},
        {"2026-10-26T02:00:00", false, true},  /* Mon off keeps what began on Sunday */
        {"2026-10-27T10:00:00", true, false},  /* Tue on: its own */
    };
    /* clang-format on */
    struct tz *z = zone_load("Asia/Jerusalem");
    struct policy_config p = default_policy();
    const struct calendar_day days[] = {
        exception(10, 22, CALENDAR_OFF),
        exception(10, 23, CALENDAR_ON),
        exception(10, 24, CALENDAR_OFF),
        {.day = civil_to_days(2026, 10, 25),
         .kind = CALENDAR_WINDOWS,
         .n = 2,
         .start_min = {HM(9, 0), HM(20, 0)},
         .end_min = {HM(13, 0), HM(2, 0)}},
        exception(10, 26, CALENDAR_OFF),
        exception(10, 27, CALENDAR_ON),
    };

    (void)state;
    p.lead = 0;
    p.exceptions = days;
    p.n_exceptions = ARRAY_LEN(days);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct utc now = at(z, rows[i].now);
        struct schedule s = build(&p, z, now);

        assert_row(rows[i].now, schedule_is_cloud(&s, now) == rows[i].cloud);
        assert_row(rows[i].now, schedule_is_day_off(&s, now) == rows[i].day_off);
    }
    /* A day off takes away the windows of all, or of one that knows the day. */
    p.n_windows = 2;
    p.windows[1] = (struct window){FRI, HM(9, 0), HM(12, 0)};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct schedule s = build(&p, z, at(z, rows[i].now));

        assert_row(rows[i].now,
                   schedule_is_day_off(&s, at(z, rows[i].now)) == rows[i].day_off);
    }
    /* Nothing is ever on: `on` finds no weekday, and that is no endless search. */
    {
        struct utc now = at(z, "2026-10-23T10:00:00");
        struct schedule s;

        p.n_windows = 0;
        s = build(&p, z, now);
        assert_false(schedule_is_cloud(&s, now));
        assert_int_equal(s.n, 2); /* Sunday's own */
    }
    tz_free(z);
}

/* One build serves a week: within it every answer equals that of a fresh build. */
static void test_valid(void **state)
{
    struct tz *z = zone_load("Asia/Jerusalem");
    struct policy_config p = default_policy();
    struct utc now = at(z, "2026-10-20T13:00:00");
    struct schedule s;

    (void)state;
    p.n_windows = 2;
    p.windows[1] = (struct window){THU, HM(22, 0), HM(2, 0)};
    s = build(&p, z, now);
    assert_true(s.valid_from.s <= now.s);
    assert_true(s.valid_to.s >= now.s + 7 * 86400);
    for (struct utc t = s.valid_from; t.s < s.valid_to.s; t.s += 300) {
        struct schedule fresh = build(&p, z, t);
        struct schedule_at a = schedule_at(&s, t), b = schedule_at(&fresh, t);

        assert_int_equal(a.phase, b.phase);
        assert_int_equal(a.window.start.s, b.window.start.s);
        assert_int_equal(a.drain_start.s, b.drain_start.s);
        for (int k = 0; k < 2; k++) {
            enum place into = k == 0 ? PLACE_CLOUD : PLACE_ONPREM;

            assert_int_equal(schedule_next_change(&s, t, into).s,
                             schedule_next_change(&fresh, t, into).s);
        }
    }
    tz_free(z);
}

/* The plain reading of 3.2 for one instant: is it in [L, D) of any window of any day? */
static bool is_cloud_slowly(const struct policy_config *p, const struct tz *z,
                            struct utc t)
{
    struct civil c = tz_civil(z, t);
    int64_t today = civil_to_days(c.year, c.month, c.day);

    for (int64_t day = today - 2; day <= today + 2; day++) {
        for (size_t i = 0; i < p->n_windows; i++) {
            const struct window *w = &p->windows[i];
            struct civil a = civil_from_seconds(day * 86400 + w->start_min * 60);
            struct civil b = civil_from_seconds(
                (day + (w->end_min <= w->start_min ? 1 : 0)) * 86400 + w->end_min * 60);
            int64_t start, end;

            if ((w->days >> civil_from_seconds(day * 86400).weekday & 1) == 0)
                continue;
            start = tz_instants(z, &a).first.s;
            end = tz_instants(z, &b).second.s;
            if (end > start && t.s >= start - p->lead && t.s < end + p->drain_start)
                return true;
        }
    }
    return false;
}

/* Random windows around a daylight-saving change against the plain reading. */
static void test_random(void **state)
{
    static const char *const starts[] = {"2026-10-20T00:00:00Z", "2027-03-22T00:00:00Z"};
    static const char *const names[] = {"Asia/Jerusalem", "Europe/Berlin"};
    struct rng r = {0};

    (void)state;
    rng_seed(&r, 20261124);
    for (int round = 0; round < 200; round++) {
        struct tz *z = zone_load(names[round % 2]);
        struct policy_config p = default_policy();
        struct utc t = at(z, starts[round / 2 % 2]), end = {t.s + 7 * 86400};
        struct schedule s;
        bool before;

        p.n_windows = (size_t)rng_between(&r, 1, 3);
        for (size_t i = 0; i < p.n_windows; i++)
            p.windows[i] = (struct window){(uint8_t)rng_between(&r, 1, 127),
                                           (int32_t)rng_between(&r, 0, 95) * 15,
                                           (int32_t)rng_between(&r, 1, 96) * 15};
        p.lead = rng_between(&r, 0, 4) * 900;
        s = build(&p, z, t);
        for (size_t i = 1; i < s.n; i++)
            assert_true(s.intervals[i].start.s > s.intervals[i - 1].end.s);
        before = schedule_is_cloud(&s, t);
        for (; t.s < end.s; t.s += 900) {
            bool is = schedule_is_cloud(&s, t);
            struct utc past = {t.s - 900};

            assert_int_equal(is, is_cloud_slowly(&p, z, t));
            assert_int_equal(is, schedule_at(&s, t).phase != PHASE_OUTSIDE);
            if (is != before)
                assert_int_equal(
                    schedule_next_change(&s, past, is ? PLACE_CLOUD : PLACE_ONPREM).s,
                    t.s);
            before = is;
        }
        tz_free(z);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals),       cmocka_unit_test(test_swallowed),
        cmocka_unit_test(test_phases),          cmocka_unit_test(test_drain_start),
        cmocka_unit_test(test_union),           cmocka_unit_test(test_hold_end),
        cmocka_unit_test(test_valid),           cmocka_unit_test(test_random),
        cmocka_unit_test(test_across_midnight), cmocka_unit_test(test_exceptions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
