#include <config.h>

#include "tests/unit/books_scene.h"

/*
 * The month as it is seen from today: what it will have cost, its budget, and what stays
 * out there with nobody to bring it home.
 */

enum { DAY_S = 86400 };

static size_t alerts(const struct scene *s, const char *what)
{
    size_t n = 0;

    for (size_t i = 0; i < s->c->n_alerts; i++)
        n += strstr(s->c->alerts[i].text, what) != NULL ? 1 : 0;
    return n;
}

/* ----- the forecast ----- */

static void test_forecast(void **state)
{
    static const struct {
        const char *what;
        int64_t rate, spot; /* of what runs, 0 = not known; of what is to come */
        const char *key, *value;
        size_t offerings;
        bool known;
        int64_t least, most; /* dollars: 8 days and 16 hours are to come */
    } rows[] = {
        /* clang-format off */
        {"what is to come has a price",  DOLLARS(1), DOLLARS(1), "listed", "1",   1, true,  167, 272},
        {"… and nobody is to go out",    DOLLARS(1), DOLLARS(1), "auto:a", "off", 1, true,  1,   2},
        {"… and no type is configured",  DOLLARS(1), DOLLARS(1), "listed", "1",   0, false, 0,   0},
        {"what runs has none",           0,          0,          "listed", "1",   1, false, 0,   0},
        {"what runs is no amount",       INT64_MAX / 60, DOLLARS(1), "listed", "1", 1, false, 0, 0},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct forecast *f;
        struct segment *g;
        struct books b;

        books_make(&b);
        b.s.config->cost.has_extension_hour = true;
        b.s.config->servers[0].n_offerings = rows[i].offerings;
        b.s.config->policy.drain_deadline = 0;
        prices(&b, 0, rows[i].spot);
        stored_setting(&b.s, rows[i].key, rows[i].value);
        g = ran(&b, "spot", HOUR_S, -1);
        rated(g, rows[i].rate);
        g->rate_known = rows[i].rate != 0;
        scene_start(&b.s);
        fleet_unref(view(&b));
        f = controller_month(b.s.c).forecast;
        assert_row(rows[i].what, f->known == rows[i].known);
        if (f->known) {
            assert_row(rows[i].what, f->p50.nanos >= DOLLARS(rows[i].least));
            assert_row(rows[i].what, f->p50.nanos <= DOLLARS(rows[i].most));
        }
        assert_row(rows[i].what,
                   controller_month(b.s.c).compare->known[COMPARE_ALWAYS_SPOT] ==
                       (rows[i].known && rows[i].spot != 0));
        scene_end(&b.s);
    }
}

/* Made again each hour, and when the clock was set back behind it. */
static void test_forecast_again(void **state)
{
    static const struct {
        const char *what;
        int64_t later_s;
        bool again;
    } rows[] = {{"within the hour", 600, false},
                {"an hour later", 3600, true},
                {"ten minutes before", -600, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;

        books_make(&b);
        prices(&b, 0, DOLLARS(1));
        scene_start(&b.s);
        fleet_unref(view(&b));
        assert_row(rows[i].what, b.s.c->month.forecast_at.s == NOW);
        b.s.c->now.s += rows[i].later_s;
        fleet_unref(view(&b));
        assert_row(rows[i].what, (b.s.c->month.forecast_at.s != NOW) == rows[i].again);
        scene_end(&b.s);
    }
}

/* ----- the budget ----- */

/* Told once a day, and not once it is spent anyway. */
static void test_will_exceed(void **state)
{
    static const struct {
        const char *what;
        int64_t budget; /* dollars */
        const char *told;
        size_t says;
    } rows[] = {
        {"it will not be enough", 100, "", 1},
        {"it will be", 1000, "", 0},
        {"it was told today", 100, "1795305600", 0},
        {"it was told yesterday", 100, "1795219200", 1},
        {"it is spent", 2, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;

        books_make(&b);
        b.s.config->policy.has_budget = true;
        b.s.config->policy.budget_month.nanos = DOLLARS(rows[i].budget);
        b.s.config->cost.has_extension_hour = true;
        prices(&b, 0, DOLLARS(1));
        stored_setting(&b.s, "budget_forecast", rows[i].told);
        for (int k = 0; k < 3; k++)
            rated(ran(&b, "spot", 2 * HOUR_S, HOUR_S), DOLLARS(1));
        scene_start(&b.s);
        look(&b.s);
        look(&b.s);
        assert_row(rows[i].what,
                   alerts(&b.s, "the month will exceed its budget: $") == rows[i].says);
        if (rows[i].says > 0)
            assert_row(rows[i].what,
                       str_eq(setting_of(&b.s, "budget_forecast"), "1795305600"));
        scene_end(&b.s);
    }
}

/* What is spent is counted each minute, and anew when the clock was set back. */
static void test_spent(void **state)
{
    static const struct {
        const char *what;
        int64_t later_s;
        bool again;
    } rows[] = {{"within the minute", 30, false},
                {"a minute later", 60, true},
                {"a minute before", -60, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t at;
        struct books b;

        books_make(&b);
        b.s.config->policy.has_budget = true;
        b.s.config->policy.budget_month.nanos = DOLLARS(100);
        prices(&b, 0, DOLLARS(1));
        scene_start(&b.s);
        look(&b.s);
        at = b.s.c->month.spent_at.s;
        assert_row(rows[i].what, at != 0 && b.s.c->month.spent_known);
        b.s.now.s = at + rows[i].later_s;
        step(&b.s, (struct event){.kind = EVENT_TICK});
        assert_row(rows[i].what, (b.s.c->month.spent_at.s != at) == rows[i].again);
        scene_end(&b.s);
    }
}

/* More than any sum holds is not known to be within a budget. */
static void test_spent_is_no_amount(void **state)
{
    struct books b;

    (void)state;
    books_make(&b);
    b.s.config->policy.has_budget = true;
    b.s.config->policy.budget_month.nanos = DOLLARS(100);
    b.s.config->cost.licence_month.nanos = DOLLARS(3000000);
    for (int k = 0; k < FULL; k++)
        rated(ran(&b, "spot", 2 * HOUR_S, HOUR_S), HUGE);
    scene_start(&b.s);
    look(&b.s);
    assert_false(b.s.c->month.spent_known);
    scene_end(&b.s);
}

/* A share of it was told in an earlier month, or on the day it was spent. */
static void test_share(void **state)
{
    static const struct {
        const char *what, *warned, *reached;
        int64_t spent; /* of $100 */
        size_t soon, is_spent;
    } rows[] = {
        {"nine tenths", "", "", 90, 1, 0},
        {"... as told last month", "1790812800", "", 90, 1, 0},
        {"... as told this month", "1793491200", "", 90, 0, 0},
        {"all of it", "", "", 100, 0, 1},
        {"... as told", "", "1795334300", 100, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;

        books_make(&b);
        b.s.config->policy.has_budget = true;
        b.s.config->policy.budget_warn = 80;
        b.s.config->policy.budget_month.nanos = DOLLARS(100);
        stored_setting(&b.s, "budget_warned", rows[i].warned);
        stored_setting(&b.s, "budget_reached", rows[i].reached);
        rated(ran(&b, "spot", 2 * HOUR_S, HOUR_S), DOLLARS(rows[i].spent));
        scene_start(&b.s);
        look(&b.s);
        assert_row(rows[i].what, alerts(&b.s, "is used up soon") == rows[i].soon);
        assert_row(rows[i].what, alerts(&b.s, "budget is spent") == rows[i].is_spent);
        scene_end(&b.s);
    }
}

/* ----- left out there ----- */

/* What an hour of it costs: the price of now, the bound of what is long ago, or nobody
 * knows. */
static void test_left(void **state)
{
    enum { MORNING = NOW - 3600 };
    static const struct {
        const char *what;
        enum lifecycle lifecycle;
        int64_t on_demand, spot, history_s; /* 0 = none; of that age, 0 = none */
        int64_t extension;                  /* -1 = not configured */
        bool known;
        int64_t hour;
    } rows[] = {
        /* clang-format off */
        {"spot, as configured",        LIFECYCLE_SPOT,      DOLLARS(4), DOLLARS(2), 0,      DOLLARS(1), true,  3},
        {"on demand",                  LIFECYCLE_ON_DEMAND, DOLLARS(4), DOLLARS(2), 0,      DOLLARS(1), true,  5},
        {"on demand, not known",       LIFECYCLE_ON_DEMAND, 0,          DOLLARS(2), 0,      DOLLARS(1), false, 0},
        {"the price of an hour ago",   LIFECYCLE_SPOT,      DOLLARS(4), 0,          3600,   DOLLARS(1), true,  8},
        {"of days ago: the bound",     LIFECYCLE_SPOT,      DOLLARS(4), 0,          3 * DAY_S, DOLLARS(1), true, 5},
        {"of days ago, and no bound",  LIFECYCLE_SPOT,      0,          0,          3 * DAY_S, DOLLARS(1), true, 8},
        {"nobody knows",               LIFECYCLE_SPOT,      0,          0,          0,      DOLLARS(1), false, 0},
        {"nobody knows the extension's", LIFECYCLE_SPOT,    DOLLARS(4), DOLLARS(2), 0,      -1,         false, 0},
        {"together no amount",         LIFECYCLE_SPOT,      0,          INT64_MAX,  0,      DOLLARS(1), false, 0},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stored_price price = {.type = "c5", .zone = "eu-west-1a"};
        struct price_step steps[] = {{{NOW - rows[i].history_s}, {DOLLARS(7)}}};
        struct fleet *f;
        struct books b;

        books_make(&b);
        b.s.config->policy.windows[0] = (struct window){3, 0, 60}; /* Wednesdays */
        b.s.config->policy.n_windows = 1;
        b.s.config->cost.has_extension_hour = rows[i].extension >= 0;
        b.s.config->cost.extension_hour.nanos =
            rows[i].extension >= 0 ? rows[i].extension : 0;
        go_out(&b, rows[i].lifecycle);
        prices(&b, rows[i].on_demand, rows[i].spot);
        b.s.stored.prices = &price;
        b.s.stored.steps = steps;
        b.s.stored.n_prices = rows[i].history_s != 0 ? 1 : 0;
        scene_start(&b.s);
        look(&b.s);
        f = view(&b);
        assert_row(rows[i].what, f->left.servers == 1);
        assert_row(rows[i].what, f->left.hour_known == rows[i].known);
        if (rows[i].known)
            assert_row(rows[i].what, f->left.hour.nanos == DOLLARS(rows[i].hour));
        assert_row(rows[i].what, (strstr(b.s.journal, "$?/h") != NULL) == !rows[i].known);
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* Who is left there: nobody who is to be there, goes somewhere, or is seen no more. */
static void test_is_left(void **state)
{
    static const struct {
        const char *what;
        bool dry_run, window, moves;
        enum hold_kind kind;
        enum place held; /* UNKNOWN = it is not */
        int64_t until;
        const char *says; /* NULL: it is not */
    } rows[] = {
        /* clang-format off */
        {"auto is off",               false, false, false, HOLD_PIN,   PLACE_UNKNOWN, 0,      "auto is off: "},
        {"a dry run",                 true,  false, false, HOLD_PIN,   PLACE_UNKNOWN, 0,      "auto is dry-run: "},
        {"it is in the rush hours",   false, true,  false, HOLD_PIN,   PLACE_UNKNOWN, 0,      NULL},
        {"it is on its way home",     false, false, true,  HOLD_PIN,   PLACE_UNKNOWN, 0,      NULL},
        {"a person pinned it",        false, false, false, HOLD_PIN,   PLACE_CLOUD,   0,      NULL},
        {"... at home",               false, false, false, HOLD_PIN,   PLACE_ONPREM,  0,      "auto is off: "},
        {"held until later",          false, false, false, HOLD_UNTIL, PLACE_CLOUD,   NOW + 900, NULL},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;

        books_make(&b);
        if (!rows[i].window)
            b.s.config->policy.windows[0] = (struct window){3, 0, 60}; /* Wednesdays */
        b.s.config->policy.n_windows = 1;
        go_out(&b, LIFECYCLE_SPOT);
        prices(&b, 0, DOLLARS(1));
        b.s.options.dry_run = rows[i].dry_run;
        if (rows[i].moves)
            stored_move(&b.s, DIRECTION_BACK, 0)->manual = true;
        if (rows[i].held != PLACE_UNKNOWN) {
            (void)str_copy(b.s.holds[0].server, NAME_TEXT, "a");
            b.s.holds[0].hold = (struct hold){.place = rows[i].held,
                                              .kind = rows[i].kind,
                                              .at = {NOW - 60},
                                              .until = {rows[i].until},
                                              .by = "dana"};
            b.s.stored.n_holds = 1;
        }
        scene_start(&b.s);
        look(&b.s);
        assert_row(rows[i].what, (alerts(&b.s, "1 server stays in the cloud") == 1) ==
                                     (rows[i].says != NULL));
        if (rows[i].says != NULL)
            assert_row(rows[i].what, alerts(&b.s, rows[i].says) == 1);
        scene_end(&b.s);
    }
}

/* Again every hour, also when the last time is one that is still to come. */
static void test_left_again(void **state)
{
    static const struct {
        const char *what, *told;
        bool home, says, kept; /* kept: it is known that it was told */
    } rows[] = {
        {"never told", "", false, true, true},
        {"half an hour ago", "1795332600", false, false, true},
        {"an hour ago", "1795330800", false, true, true},
        {"by a clock that was ahead", "1795420800", false, true, true},
        {"half an hour ago, and it came home", "1795332600", true, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;

        books_make(&b);
        b.s.config->policy.windows[0] = (struct window){3, 0, 60}; /* Wednesdays */
        b.s.config->policy.n_windows = 1;
        go_out(&b, LIFECYCLE_SPOT);
        if (rows[i].home) {
            b.s.managed.state = MANAGED_UNMANAGED;
            b.s.vm.power = POWER_ON;
        }
        stored_setting(&b.s, "left_told", rows[i].told);
        scene_start(&b.s);
        look(&b.s);
        assert_row(rows[i].what,
                   (alerts(&b.s, "1 server stays in the cloud") == 1) == rows[i].says);
        assert_row(rows[i].what,
                   (setting_of(&b.s, "left_told")[0] != '\0') == rows[i].kept);
        scene_end(&b.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forecast),
        cmocka_unit_test(test_forecast_again),
        cmocka_unit_test(test_will_exceed),
        cmocka_unit_test(test_spent),
        cmocka_unit_test(test_spent_is_no_amount),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_is_left),
        cmocka_unit_test(test_left_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
