#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/controller_scene.h"

/* What is told once a day or once a month: the calendar that ends, a window without time,
 * the budget. */

enum { DAY_S = 86400, TODAY = NOW / DAY_S };

static void tick(struct scene *s)
{
    step(s, (struct event){.kind = EVENT_TICK});
}

static bool is_alerted(const struct scene *s, const char *what)
{
    for (size_t i = 0; i < s->c->n_alerts; i++) {
        if (strstr(s->c->alerts[i].text, what) != NULL)
            return true;
    }
    return false;
}

static void test_calendar(void **state)
{
    static const struct {
        const char *what;
        bool none; /* no calendar is configured */
        size_t n;
        int64_t last;       /* its last day, from today */
        const char *told;   /* an earlier run did, on that day */
        const char *expect; /* NULL: nothing is said */
    } rows[] = {
        {"no calendar", true, 0, 0, "", NULL},
        {"it ends in thirty days", false, 1, 30, "", NULL},
        {"in twenty-nine", false, 1, 29, "", "the calendar ends 2026-12-21"},
        {"long ago", false, 1, -300, "", "the calendar ends 2026-01-26"},
        {"it is empty", false, 0, 0, "", "the calendar has no exception days in it"},
        {"it was told today", false, 0, 0, "20779", NULL},
        {"it was told yesterday", false, 0, 0, "20778", "no exception days"},
    };

    (void)state;
    assert_int_equal(TODAY, 20779);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct calendar_day last = {.day = TODAY + rows[i].last, .kind = CALENDAR_OFF};
        struct scene s;

        scene_make(&s);
        s.config->policy.calendar = rows[i].none ? NULL : "days";
        s.config->policy.exceptions = rows[i].n > 0 ? &last : NULL;
        s.config->policy.n_exceptions = rows[i].n;
        if (rows[i].told[0] != '\0')
            stored_setting(&s, "calendar_told", rows[i].told);
        scene_start(&s);
        tick(&s);
        if (rows[i].expect == NULL)
            assert_row(rows[i].what, !is_alerted(&s, "calendar"));
        else
            assert_row(rows[i].what, is_alerted(&s, rows[i].expect));
        if (rows[i].expect != NULL)
            assert_row(rows[i].what,
                       strcmp(setting_of(&s, "calendar_told"), "20779") == 0);
        s.config->policy.exceptions = NULL; /* not the configuration's own */
        s.config->policy.calendar = NULL;
        scene_end(&s);
    }
}

/* 6.2: on the Sunday on which Berlin has no 02:15 to 02:45. */
static void test_window_without_time(void **state)
{
    struct err e = {0};
    struct scene s;

    (void)state;
    scene_make(&s);
    tz_free(s.tz);
    assert_int_equal(tz_load("Europe/Berlin", &s.tz, &e), ERR_OK);
    s.config->policy.windows[0] =
        (struct window){1, 2 * 60 + 15, 2 * 60 + 45}; /* Sundays */
    s.now.s = 1806148800;                             /* 2027-03-27 12:00 */
    scene_start(&s);
    tick(&s);
    assert_true(is_alerted(&s, "a window of 2027-03-28 has no time in it"));
    assert_string_equal(setting_of(&s, "empty_told"), "1806195600");
    /* Told once, whoever starts again. */
    scene_start(&s);
    tick(&s);
    assert_int_equal(s.c->n_alerts, 0);
    scene_end(&s);
}

static void test_budget(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    s.config->policy.has_budget = true; /* of nothing: that is spent at once */
    scene_start(&s);
    look(&s);
    assert_true(is_alerted(&s, "the month's budget is spent, no server moves out"));
    assert_true(s.c->month.reached.s != 0);
    assert_true(setting_of(&s, "budget_reached")[0] != '\0');
    assert_int_equal(s.c->n_alerts, 1); /* and not that it is used up soon, too */
    /* Known from its store, and not told again. */
    scene_start(&s);
    look(&s);
    assert_int_equal(s.c->n_alerts, 0);
    assert_true(s.c->month.reached.s != 0 && s.c->month.warned.s != 0);
    /* A higher one. */
    s.config->policy.budget_month.nanos = INT64_C(1000000000);
    look(&s);
    assert_int_equal(s.c->month.reached.s, 0);
    assert_string_equal(setting_of(&s, "budget_reached"), "");
    scene_end(&s);

    scene_make(&s);
    s.config->policy.has_budget = s.config->policy.budget_evacuates = true;
    scene_start(&s);
    look(&s);
    assert_true(is_alerted(&s, "the month's budget is spent, the servers come home"));
    scene_end(&s);
}

/* One that is configured no more is not spent either, neither now nor after a start. */
static void test_budget_gone(void **state)
{
    static const struct {
        const char *what;
        bool restart;
    } rows[] = {{"while it runs", false}, {"at a start", true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fleet *f;
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        s.config->policy.has_budget = true;
        scene_start(&s);
        look(&s);
        assert_row(rows[i].what, setting_of(&s, "budget_reached")[0] != '\0');
        s.config->policy.has_budget = false;
        if (rows[i].restart)
            scene_start(&s);
        look(&s);
        f = controller_snapshot(s.c);
        assert_non_null(f);
        assert_row(rows[i].what, !f->budget_reached);
        for (size_t k = 0; k < f->n_degraded; k++)
            assert_row(rows[i].what, strcmp(f->degraded[k], "budget") != 0);
        assert_row(rows[i].what, setting_of(&s, "budget_reached")[0] == '\0');
        fleet_unref(f);
        scene_end(&s);
    }
}

/* What was said to be held out there in spite of the budget is told as that. */
static void test_hold_over_budget(void **state)
{
    struct command c = {.kind = COMMAND_HOLD,
                        .server = "a",
                        .place = PLACE_CLOUD,
                        .hold_kind = HOLD_PIN,
                        .confirmed = true};
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    s.config->policy.has_budget = true;
    scene_start(&s);
    look(&s);
    command(&s, c);
    assert_true(setting_of(&s, "over_budget:a")[0] != '\0');
    assert_true(s.c->servers[0].hold.over_budget);
    c.place = PLACE_ONPREM;
    command(&s, c);
    assert_string_equal(setting_of(&s, "over_budget:a"), "");
    assert_false(s.c->servers[0].hold.over_budget);
    scene_end(&s);
}

/* What this month has cost is known when a clock that was a year ahead is right again,
 * whatever ended meanwhile, and over a start in that year. */
static void test_clock_ahead(void **state)
{
    enum { YEAR_S = 365 * DAY_S };
    struct segment g[2] = {{.id = 1,
                            .resource = "i-1",
                            .kind = "spot",
                            .server = "a",
                            .type = "c5",
                            .zone = "z",
                            .start = {NOW - 41 * DAY_S},
                            .end = {NOW - 40 * DAY_S},
                            .rate = {INT64_C(1000000000)},
                            .rate_known = true,
                            .source = "history"}};

    (void)state;
    g[1] = g[0];
    g[1].start.s = NOW - 3 * DAY_S;
    g[1].end.s = NOW - 2 * DAY_S;
    for (int restart = 0; restart < 2; restart++) {
        struct scene s;
        int64_t was;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        s.stored.segments = g;
        s.stored.n_segments = ARRAY_LEN(g);
        scene_start(&s);
        look(&s);
        assert_int_equal(s.c->segments[0].end.s, NOW - 2 * DAY_S); /* the other is old */
        costs_sums(s.c);
        was = s.c->servers[0].closed.month.nanos;
        assert_int_equal(was, 24 * INT64_C(1000000000));
        s.now.s += YEAR_S;
        if (restart)
            scene_start(&s);
        tick(&s);
        tick(&s);
        costs_sums(s.c);
        assert_int_equal(s.c->servers[0].closed.month.nanos, 0); /* of next year */
        s.now.s -= YEAR_S - STEP_S;
        tick(&s);
        costs_sums(s.c);
        assert_int_equal(s.c->servers[0].closed.month.nanos, was);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_window_without_time),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_budget_gone),
        cmocka_unit_test(test_hold_over_budget),
        cmocka_unit_test(test_clock_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
