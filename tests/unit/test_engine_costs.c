#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/books_scene.h"

#include <stdlib.h>

/*
 * The controller's ledger: what is kept of prices and of what ran, and what the snapshot
 * makes of it, with prices that nobody knows and with such as no sum can hold.
 */

static size_t records(const struct scene *s, enum record_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < s->fx.n_records; i++)
        n += s->fx.records[i].kind == kind ? 1 : 0;
    return n;
}

/* ----- prices ----- */

static void tell_prices(struct scene *s, const struct seen_price *list, size_t n)
{
    struct observation *o = observation_new(SOURCE_PRICES);

    assert_non_null(o);
    s->now.s += STEP_S;
    o->at = s->now;
    o->as.prices = (struct obs_prices){list, n};
    step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

/* As many histories as there is room for; the others are not kept, nor written. */
static void test_many_series(void **state)
{
    enum { SEEN = MAX_SERIES + 3 };
    struct seen_price seen[SEEN];
    char types[SEEN][16];
    struct books b;

    (void)state;
    books_make(&b);
    scene_start(&b.s);
    for (size_t i = 0; i < SEEN; i++) {
        (void)str_format(types[i], sizeof(types[i]), "t%zu", i);
        seen[i] = (struct seen_price){types[i], "eu-west-1a", {1}, {NOW - HOUR_S}};
    }
    tell_prices(&b.s, seen, SEEN);
    assert_int_equal(b.s.c->n_series, MAX_SERIES);
    assert_int_equal(records(&b.s, RECORD_PRICE), MAX_SERIES);
    assert_int_equal(price_find(b.s.c, "t63", "").source, PRICE_HISTORY);
    assert_int_equal(price_find(b.s.c, "t64", "").source, PRICE_UNKNOWN);
    scene_end(&b.s);
}

/* The same of what an earlier run has stored. */
static void test_many_stored(void **state)
{
    enum { STORED = MAX_SERIES + 3 };
    static struct stored_price stored[STORED];
    static struct price_step steps[STORED];
    struct books b;

    (void)state;
    books_make(&b);
    for (size_t i = 0; i < STORED; i++) {
        (void)str_format(stored[i].type, NAME_TEXT, "t%zu", i);
        steps[i] = (struct price_step){{NOW - STORED + (int64_t)i}, {1}};
    }
    b.s.stored.prices = stored;
    b.s.stored.steps = steps;
    b.s.stored.n_prices = STORED;
    scene_start(&b.s);
    assert_int_equal(b.s.c->n_series, MAX_SERIES);
    /* What did not fit says all the same until when prices were read. */
    assert_int_equal(price_find(b.s.c, "t0", "").as_of.s, NOW - 1);
    scene_end(&b.s);
}

/* A history that is full: the oldest step gives way, one from before it all does not. */
static void test_long_series(void **state)
{
    enum { FIRST = NOW - PRICE_STEPS * 60 };
    struct seen_price *seen = calloc(PRICE_STEPS, sizeof(*seen));
    struct seen_price early = {"c5", "eu-west-1a", {7}, {FIRST - 60}};
    struct seen_price news = {"c5", "eu-west-1a", {8}, {NOW}};
    const struct price_series *p;
    struct books b;

    (void)state;
    assert_non_null(seen);
    if (seen == NULL)
        return; /* the compiler does not know that the line above ends the test */
    for (int64_t i = 0; i < PRICE_STEPS; i++)
        seen[i] = (struct seen_price){"c5", "eu-west-1a", {1}, {FIRST + i * 60}};
    books_make(&b);
    scene_start(&b.s);
    tell_prices(&b.s, seen, PRICE_STEPS);
    p = &b.s.c->series[0];
    assert_int_equal(p->n, PRICE_STEPS);
    tell_prices(&b.s, &early, 1);
    assert_int_equal(p->n, PRICE_STEPS);
    assert_int_equal(p->steps[0].at.s, FIRST);
    assert_int_equal(records(&b.s, RECORD_PRICE), 0);
    tell_prices(&b.s, &news, 1);
    assert_int_equal(p->n, PRICE_STEPS);
    assert_int_equal(p->steps[0].at.s, FIRST + 60);
    assert_int_equal(p->steps[PRICE_STEPS - 1].at.s, NOW);
    assert_int_equal(records(&b.s, RECORD_PRICE), 1);
    scene_end(&b.s);
    free(seen);
}

static void tell_list(struct scene *s, const char *region, const struct seen_listed *list,
                      size_t n)
{
    struct observation *o = observation_new(SOURCE_PRICELIST);

    assert_non_null(o);
    s->now.s += STEP_S;
    o->at = s->now;
    o->as.pricelist = (struct obs_pricelist){region, list, n};
    step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static void test_price_list(void **state)
{
    static const char long_name[] =
        "a-name-that-is-longer-than-any-instance-type-or-region-that-there-ever-was";
    struct seen_listed one = {"c5", {DOLLARS(1)}}, odd = {long_name, {DOLLARS(1)}};
    struct seen_listed many[MAX_LISTED];
    char types[MAX_LISTED][16];
    struct books b;

    (void)state;
    books_make(&b);
    scene_start(&b.s);
    tell_list(&b.s, "eu-west-1", &one, 1);
    tell_list(&b.s, "us-east-1", &one, 1);
    tell_list(&b.s, "eu-west-1", &one, 1); /* again: it is newer, and there once */
    assert_int_equal(b.s.c->n_listed, 2);
    assert_string_equal(b.s.c->listed[1].region, "eu-west-1");
    tell_list(&b.s, "eu-west-1", &odd, 1);
    tell_list(&b.s, long_name, &one, 1);
    assert_int_equal(b.s.c->n_listed, 2);
    assert_int_equal(records(&b.s, RECORD_LISTED), 0);
    for (size_t i = 0; i < MAX_LISTED; i++) {
        (void)str_format(types[i], sizeof(types[i]), "t%zu", i);
        many[i] = (struct seen_listed){types[i], {DOLLARS(1)}};
    }
    tell_list(&b.s, "eu-west-1", many, MAX_LISTED);
    assert_int_equal(b.s.c->n_listed, MAX_LISTED);
    assert_int_equal(records(&b.s, RECORD_LISTED), MAX_LISTED - 2);
    scene_end(&b.s);
}

/* How old the list is: as the oldest price that the servers need. */
static void test_list_age(void **state)
{
    static const struct {
        const char *what;
        int64_t c5, m5, want; /* 0 = not listed */
    } rows[] = {
        {"the first is older", NOW - 900, NOW - 300, NOW - 900},
        {"the second is older", NOW - 300, NOW - 900, NOW - 900},
        {"one has none", NOW - 300, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct listed_price listed[] = {
            {"c5", "", {DOLLARS(1)}, {rows[i].c5}},
            {"m5", "", {DOLLARS(1)}, {rows[i].m5}},
        };
        const struct offering offerings[] = {{.type = "c5", .zone = ""},
                                             {.type = "m5", .zone = ""}};
        struct books b;

        books_make(&b);
        b.s.config->aws.region = NULL;
        b.s.config->servers[0].offerings = offerings;
        b.s.config->servers[0].n_offerings = 2;
        b.s.stored.listed = listed;
        b.s.stored.n_listed = rows[i].m5 != 0 ? 2 : 1;
        scene_start(&b.s);
        assert_row(rows[i].what, costs_listed_at(b.s.c).s == rows[i].want);
        scene_end(&b.s);
    }
}

/* ----- sums ----- */

/* What is over, of this month and of today. */
static void test_closed(void **state)
{
    static const struct {
        const char *what, *kind;
        int n;                   /* so many, an hour of today each */
        int64_t rate, on_demand; /* 0 = not known */
        bool month_known, same_hours_known, extension_known;
        int64_t month; /* whole dollars, where it is known */
        int32_t unknown;
    } rows[] = {
        /* clang-format off */
        {"at their rate",              "spot",      2, DOLLARS(2), DOLLARS(3), true,  true,  true,  4, 0},
        {"no price",                   "spot",      1, 0,          0,          false, false, true,  0, 1},
        {"none of two has one",        "spot",      2, 0,          0,          false, false, true,  0, 2},
        {"one is too dear to be told", "spot",      1, HUGE * 4,   DOLLARS(3), false, true,  true,  0, 1},
        {"one more than a sum holds",  "spot",      FULL + 1, HUGE, DOLLARS(3), false, true, true,  0, 1},
        {"… also on demand",           "spot",      FULL + 1, HUGE, HUGE,      false, false, true,  0, 1},
        {"on demand alone",            "spot",      FULL + 1, 1, HUGE,         false, false, true,  0, 1},
        {"the extension",              "extension", 2, DOLLARS(1), 0,          true,  true,  true,  2, 0},
        {"… without a price",          "extension", 2, 0,          0,          false, true,  false, 0, 2},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;
        struct fleet *f;

        books_make(&b);
        b.s.config->cost.has_extension_hour = true;
        prices(&b, rows[i].on_demand, 0);
        for (int k = 0; k < rows[i].n; k++) {
            struct segment *g = ran(&b, rows[i].kind, 2 * HOUR_S, HOUR_S);

            rated(g, rows[i].rate);
            g->rate_known = rows[i].rate != 0;
        }
        scene_start(&b.s);
        look(&b.s);
        f = view(&b);
        assert_row(rows[i].what, f->month_known == rows[i].month_known);
        assert_row(rows[i].what,
                   f->servers[0].cost.same_hours_known == rows[i].same_hours_known);
        assert_row(rows[i].what, f->extension_cost_known == rows[i].extension_known);
        assert_row(rows[i].what, f->items_unknown == rows[i].unknown);
        if (rows[i].month_known) {
            assert_row(rows[i].what, f->month.nanos / USD_NANOS == rows[i].month);
            assert_row(rows[i].what, f->today.nanos / USD_NANOS == rows[i].month);
        }
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* What a server has cost that is configured no more is part of the month and of its
 * budget, and is nobody else's. */
static void test_gone(void **state)
{
    static const struct {
        const char *what, *kind;
        bool known, extension_runs;
    } rows[] = {
        {"it has a price", "spot", true, true},
        {"… and was taken back", "lost", true, true},
        {"… and no extension ever ran", "on_demand", true, false},
        {"nobody knows its price", "spot", false, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t own = rows[i].extension_runs ? DOLLARS(1) : 0;
        struct segment *g;
        struct fleet *f;
        struct books b;

        books_make(&b);
        b.s.config->cost.has_extension_hour = true;
        b.s.config->policy.has_budget = true;
        b.s.config->policy.budget_month.nanos = DOLLARS(8) + own;
        rated(ran(&b, "spot", 2 * HOUR_S, HOUR_S), DOLLARS(2));
        if (rows[i].extension_runs)
            rated(ran(&b, "extension", 2 * HOUR_S, HOUR_S), own);
        g = ran(&b, rows[i].kind, 2 * HOUR_S, HOUR_S);
        rated(g, DOLLARS(6));
        g->rate_known = rows[i].known;
        (void)str_copy(g->server, sizeof(g->server), "zz");
        scene_start(&b.s);
        look(&b.s);
        f = view(&b);
        assert_row(rows[i].what, f->extension_month.nanos == own);
        assert_row(rows[i].what, f->extension_today.nanos == own);
        assert_row(rows[i].what, f->extension_cost_known);
        assert_row(rows[i].what, f->servers[0].cost.month.nanos == DOLLARS(2));
        assert_row(rows[i].what, f->servers[0].cost.month_known);
        assert_row(rows[i].what, f->month_known == rows[i].known);
        assert_row(rows[i].what, f->budget_reached == rows[i].known);
        if (rows[i].known) {
            assert_row(rows[i].what, f->month.nanos == DOLLARS(8) + own);
            assert_row(rows[i].what, f->today.nanos == DOLLARS(8) + own);
        }
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* By the calendar, on top of that: a sum that has no room stays below the truth. */
static void test_fixed(void **state)
{
    static const struct {
        const char *what;
        int64_t licence, vpn; /* of the month */
        int hours;            /* that ran, each at the highest price */
        bool known;
        int64_t month; /* dollars, or a little more */
    } rows[] = {
        {"of 30 days, 21 and a third", DOLLARS(30), 0, 0, true, 21},
        {"too much for a sum", INT64_MAX, INT64_MAX, 0, false, 0},
        {"no room for it", DOLLARS(3000000), 0, FULL, true, FULL * (HUGE / DOLLARS(1))},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;
        struct fleet *f;

        books_make(&b);
        b.s.config->cost.licence_month.nanos = rows[i].licence;
        b.s.config->cost.vpn_month.nanos = rows[i].vpn;
        for (int k = 0; k < rows[i].hours; k++)
            rated(ran(&b, "spot", 2 * HOUR_S, HOUR_S), HUGE);
        scene_start(&b.s);
        look(&b.s);
        f = view(&b);
        assert_row(rows[i].what, f->month_known == rows[i].known);
        assert_row(rows[i].what, f->month.nanos / DOLLARS(1) >= rows[i].month);
        assert_row(rows[i].what, f->month.nanos / DOLLARS(2) <= rows[i].month);
        fleet_unref(f);
        scene_end(&b.s);
    }
}

static void tell_instance(struct books *b)
{
    struct observation *o = observation_new(SOURCE_INSTANCES);

    assert_non_null(o);
    o->at = b->s.now;
    o->as.instances = (struct obs_instances){.instances = &b->instance, .n = 1};
    step(&b->s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

/* What runs: what it costs an hour, and its part of the month. */
static void test_open(void **state)
{
    static const struct {
        const char *what, *kind, *source;
        int64_t rate, on_demand, spot; /* 0 = not known */
        int before; /* hours that are over, each at the highest price */
        bool hour_known, month_known;
        int64_t hour;
        enum price_source quote;
        bool aged;
    } rows[] = {
        /* clang-format off */
        {"its rate is fixed",          "on_demand", "pricelist",  DOLLARS(3), DOLLARS(4), 0, 0, true, true, 3, PRICE_PRICELIST, true},
        {"… as configured",            "on_demand", "configured", DOLLARS(3), DOLLARS(4), 0, 0, true, true, 3, PRICE_CONFIGURED, false},
        {"… by a word that is none",   "on_demand", "oracle",     DOLLARS(3), DOLLARS(4), 0, 0, true, true, 4, PRICE_CONFIGURED, false},
        {"… and was not known",        "on_demand", "unknown",    0,          DOLLARS(4), 0, 0, true, true, 4, PRICE_CONFIGURED, false},
        {"spot, at the price now",     "spot",      "configured", DOLLARS(1), DOLLARS(4), DOLLARS(2), 0, true, true, 2, PRICE_CONFIGURED, false},
        {"spot, and nobody knows it now", "spot",   "history",    DOLLARS(1), 0,          0, 0, false, false, 0, PRICE_UNKNOWN, false},
        {"spot, and nobody ever knew",  "spot",     "unknown",    0,          0,          0, 0, false, false, 0, PRICE_UNKNOWN, false},
        {"more than a sum holds",       "spot",     "configured", HUGE - HUGE / 4,  0,  DOLLARS(2), FULL, false, false, 2, PRICE_CONFIGURED, false},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment *g;
        struct books b;
        struct fleet *f;
        const struct cost_view *v;

        books_make(&b);
        go_out(&b, str_eq(rows[i].kind, "spot") ? LIFECYCLE_SPOT : LIFECYCLE_ON_DEMAND);
        prices(&b, rows[i].on_demand, rows[i].spot);
        g = ran(&b, rows[i].kind, HOUR_S, -1);
        rated(g, rows[i].rate);
        g->rate_known = rows[i].rate != 0;
        (void)str_copy(g->source, sizeof(g->source), rows[i].source);
        for (int k = 0; k < rows[i].before; k++)
            rated(ran(&b, "spot", 3 * HOUR_S, 2 * HOUR_S), HUGE);
        scene_start(&b.s);
        look(&b.s);
        f = view(&b);
        v = &f->servers[0].cost;
        assert_row(rows[i].what, b.s.c->servers[0].segment == 1);
        assert_row(rows[i].what, v->hour_known == rows[i].hour_known);
        assert_row(rows[i].what,
                   v->month_known == (rows[i].month_known || rows[i].rate == DOLLARS(1)));
        assert_row(rows[i].what, v->hour.nanos == DOLLARS(rows[i].hour));
        assert_row(rows[i].what, v->price_source == rows[i].quote);
        assert_row(rows[i].what, (v->price_as_of.s != 0) == rows[i].aged);
        assert_row(rows[i].what, f->hour_known == rows[i].hour_known);
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* An instance and its disk are each an amount still, and together none. */
static void test_with_disk(void **state)
{
    enum { DAY_S = 86400, MONTH = NOW + 8 * DAY_S + 16 * HOUR_S }; /* December */
    static const struct {
        const char *what;
        bool is_open;
    } rows[] = {{"it is over", false}, {"it runs", true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment *g;
        struct books b;
        struct fleet *f;

        books_make(&b);
        go_out(&b, LIFECYCLE_SPOT);
        b.s.config->cost.root_volume_gb = 1000000;
        b.s.config->cost.volume_gb_month.nanos = INT64_MAX / 1000000;
        g = ran(&b, "spot", NOW - MONTH, -1);
        rated(g, INT64_MAX / (30 * DAY_S));
        b.s.now.s = MONTH + 30 * DAY_S - 3 * STEP_S;
        if (!rows[i].is_open)
            g->end.s = MONTH + 30 * DAY_S - 2 * STEP_S;
        scene_start(&b.s);
        look(&b.s);
        f = view(&b);
        assert_row(rows[i].what, !f->servers[0].cost.month_known);
        assert_row(rows[i].what, f->month.nanos == 0);
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* What is late, foreign or out of order in what an earlier run has stored. */
static void test_load(void **state)
{
    static const struct {
        const char *what, *kind, *server, *resource;
        bool server_has, leaving_has, extension_has;
    } rows[] = {
        {"its instance", "spot", "a", "i-0", true, false, false},
        {"the one that leaves", "spot", "a", "i-7", false, true, false},
        {"of a server that is not there any more", "spot", "zz", "i-0", false, false,
         false},
        {"the extension's", "extension", "", "ce-1", false, false, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct server_state *s;
        struct segment *g;
        struct books b;

        books_make(&b);
        stored_setting(&b.s, "leaving:a", "i-7 1795334520 0");
        g = ran(&b, rows[i].kind, HOUR_S, -1);
        (void)str_copy(g->server, sizeof(g->server), rows[i].server);
        (void)str_copy(g->resource, sizeof(g->resource), rows[i].resource);
        scene_start(&b.s);
        s = &b.s.c->servers[0];
        assert_row(rows[i].what, (s->segment == 1) == rows[i].server_has);
        assert_row(rows[i].what, (s->leaving.segment == 1) == rows[i].leaving_has);
        assert_row(rows[i].what,
                   (b.s.c->extension.segment == 1) == rows[i].extension_has);
        scene_end(&b.s);
    }
}

/* Two at once while one leaves: the hours of both count, as far as they are known. */
static void test_leaving(void **state)
{
    static const struct {
        const char *what, *type; /* of the one that leaves */
        bool known;
    } rows[] = {{"both have a price", "c5", true}, {"that one has none", "m5", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment *g;
        struct books b;
        struct fleet *f;
        const struct cost_view *v;

        books_make(&b);
        go_out(&b, LIFECYCLE_SPOT);
        prices(&b, DOLLARS(4), DOLLARS(2));
        stored_setting(&b.s, "leaving:a", "i-7 1795334520 0");
        rated(ran(&b, "spot", HOUR_S, -1), DOLLARS(2));
        g = ran(&b, "spot", HOUR_S, -1);
        (void)str_copy(g->resource, sizeof(g->resource), "i-7");
        (void)str_copy(g->type, sizeof(g->type), rows[i].type);
        scene_start(&b.s);
        look(&b.s);
        f = view(&b);
        v = &f->servers[0].cost;
        assert_row(rows[i].what, v->hour_known == rows[i].known);
        assert_row(rows[i].what, v->same_hours_known == rows[i].known);
        assert_row(rows[i].what, v->month.nanos / USD_NANOS == (rows[i].known ? 4 : 2));
        assert_row(rows[i].what, v->instance_s >= 2 * HOUR_S);
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* Each day has its own sum, and only the one that is no amount is not known. */
static void test_days(void **state)
{
    static const struct {
        const char *what;
        int n; /* hours of yesterday, each at the highest price */
        bool known;
    } rows[] = {{"as much as a sum holds", FULL, true}, {"one more", FULL + 1, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;
        struct fleet *f;

        books_make(&b);
        for (int k = 0; k < rows[i].n; k++)
            rated(ran(&b, "spot", 20 * HOUR_S, 19 * HOUR_S), HUGE);
        scene_start(&b.s);
        look(&b.s);
        f = view(&b);
        assert_row(rows[i].what, f->n_days == 22);
        assert_row(rows[i].what, f->days[20].known == rows[i].known);
        assert_row(rows[i].what, (f->days[20].cost.nanos != 0) == rows[i].known);
        assert_row(rows[i].what, f->days[19].known);
        assert_row(rows[i].what, (f->servers[0].cost.days_unknown == 0) == rows[i].known);
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* ----- the ledger ----- */

/* While the manager says that the extension is there, it costs. */
static void test_extension(void **state)
{
    static const struct {
        const char *what;
        enum extension_state state;
        bool costs;
    } rows[] = {
        {"nobody knows", EXTENSION_UNKNOWN, false},
        {"stopped", EXTENSION_STOPPED, false},
        {"starting", EXTENSION_STARTING, true},
        {"active", EXTENSION_ACTIVE, true},
        {"stopping", EXTENSION_STOPPING, true},
        {"impaired", EXTENSION_IMPAIRED, true},
        {"repairing", EXTENSION_REPAIRING, true},
        {"on its way to be deleted", EXTENSION_DELETING, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;
        struct fleet *f;

        books_make(&b);
        b.s.config->cost.has_extension_hour = true;
        b.s.config->cost.extension_hour.nanos = DOLLARS(1);
        b.s.extension = rows[i].state;
        scene_start(&b.s);
        look(&b.s);
        assert_row(rows[i].what, (b.s.c->extension.segment != 0) == rows[i].costs);
        f = view(&b);
        assert_row(rows[i].what,
                   f->extension_hour.nanos == (rows[i].costs ? DOLLARS(1) : 0));
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* When AWS says that it took one back, its end may have been seen already: what is free
 * then is the bill's to say, so the ledger says how it ended. */
static void test_lost(void **state)
{
    static const struct {
        const char *what, *kind, *server;
        int64_t ended_s; /* ago; -1: it runs */
        const char *then;
    } rows[] = {
        {"it runs still", "spot", "a", -1, "spot"},
        {"its end was seen a minute ago", "spot", "a", 60, "lost"},
        {"long ago: that was another one", "spot", "a", 1000, "spot"},
        {"on demand nothing is free", "on_demand", "a", 60, "on_demand"},
        {"another server's", "spot", "zz", 60, "spot"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment *g;
        struct books b;

        books_make(&b);
        g = ran(&b, rows[i].kind, HOUR_S, rows[i].ended_s);
        (void)str_copy(g->server, sizeof(g->server), rows[i].server);
        scene_start(&b.s);
        b.s.c->fx = &b.s.fx; /* as within a step */
        effects_reset(&b.s.fx);
        costs_lost(b.s.c, &b.s.c->servers[0]);
        b.s.c->fx = NULL;
        assert_row(rows[i].what, str_eq(b.s.c->segments[0].kind, rows[i].then));
        assert_row(rows[i].what,
                   (records(&b.s, RECORD_SEGMENT) == 1) == str_eq(rows[i].then, "lost"));
        scene_end(&b.s);
    }
}

/* Back to the one that was to leave: what had begun beside it is over. */
static void test_return(void **state)
{
    static const struct {
        const char *what;
        int64_t begun; /* 0 = nothing had; 99: the ledger has no such segment any more */
        bool closes;
    } rows[] = {
        {"one had begun", 1, true}, {"none had", 0, false}, {"dropped", 99, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct server_state *s;
        struct books b;

        books_make(&b);
        (void)ran(&b, "spot", HOUR_S, -1);
        (void)ran(&b, "spot", HOUR_S, -1);
        scene_start(&b.s);
        s = &b.s.c->servers[0];
        s->segment = rows[i].begun;
        s->leaving.segment = 2;
        s->leaving.lost = true;
        b.s.c->fx = &b.s.fx; /* as within a step */
        effects_reset(&b.s.fx);
        costs_return(b.s.c, s);
        b.s.c->fx = NULL;
        assert_row(rows[i].what, s->segment == 2 && s->leaving.segment == 0);
        assert_row(rows[i].what, s->segment_lost);
        assert_row(rows[i].what, (b.s.c->segments[0].end.s != 0) == rows[i].closes);
        assert_row(rows[i].what, b.s.c->segments[1].end.s == 0);
        scene_end(&b.s);
    }
}

/* An on-demand instance that is gone all at once was lost, and is paid for. */
static void test_lost_on_demand(void **state)
{
    struct books b;

    (void)state;
    books_make(&b);
    go_out(&b, LIFECYCLE_ON_DEMAND);
    rated(ran(&b, "on_demand", HOUR_S, -1), DOLLARS(2));
    scene_start(&b.s);
    look(&b.s);
    assert_int_equal(b.s.c->segments[0].end.s, 0);
    b.s.managed.instance.state = INSTANCE_TERMINATED;
    look(&b.s);
    assert_true(b.s.c->segments[0].end.s != 0);
    assert_true(b.s.c->servers[0].facts.lost);
    assert_string_equal(b.s.c->segments[0].kind, "on_demand");
    scene_end(&b.s);
}

/* Of twenty working days the ledger keeps what was, unless that is very much. */
static void test_what_is_kept(void **state)
{
    enum { DAY_S = 86400, MANY = 8193, OLD_S = 25 * DAY_S };
    static struct segment many[MANY];
    static const struct {
        const char *what;
        size_t n, then;
    } rows[] = {{"a few", 10, 10}, {"more than there is room for", MANY, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct books b;

        books_make(&b);
        for (size_t k = 0; k < rows[i].n; k++)
            many[k] = (struct segment){.id = (int64_t)k + 1,
                                       .kind = "spot",
                                       .server = "a",
                                       .start = {NOW - OLD_S - HOUR_S},
                                       .end = {NOW - OLD_S}};
        b.s.stored.segments = many;
        b.s.stored.n_segments = rows[i].n;
        scene_start(&b.s);
        assert_row(rows[i].what, b.s.c->n_segments == rows[i].n);
        look(&b.s);
        assert_row(rows[i].what, b.s.c->n_segments == rows[i].then);
        scene_end(&b.s);
    }
}

/* One that is full takes nothing more, and nobody is told of a cost that is not kept. */
static void test_full(void **state)
{
    enum { MOST_KEPT = 65536 };
    struct segment *all = calloc(MOST_KEPT + 1, sizeof(*all));
    struct books b;

    (void)state;
    assert_non_null(all);
    if (all == NULL)
        return; /* the compiler does not know that the line above ends the test */
    books_make(&b);
    for (size_t k = 0; k <= MOST_KEPT; k++)
        all[k] = (struct segment){.id = (int64_t)k + 1,
                                  .kind = "spot",
                                  .server = "a",
                                  .start = {NOW - 2 * HOUR_S},
                                  .end = {NOW - HOUR_S}};
    b.s.stored.segments = all;
    b.s.stored.n_segments = MOST_KEPT + 1;
    b.s.extension = EXTENSION_ACTIVE;
    scene_start(&b.s);
    assert_int_equal(b.s.c->n_segments, MOST_KEPT);
    go_out(&b, LIFECYCLE_SPOT);
    look(&b.s);
    assert_int_equal(b.s.c->n_segments, MOST_KEPT);
    assert_int_equal(b.s.c->servers[0].segment, 0);
    assert_int_equal(b.s.c->extension.segment, 0);
    assert_int_equal(records(&b.s, RECORD_SEGMENT), 0);
    scene_end(&b.s);
    free(all);
}

/* What ran when the program ended goes on at the next start, once somebody says that it
 * still does: it is neither begun a second time nor ended before. */
static void test_started_again(void **state)
{
    static const struct {
        const char *what, *id; /* of what the manager has; NULL: the VM is at home */
        bool listed;           /* EC2 says since when */
        bool is_open;
        size_t n;
        int64_t month; /* dollars */
    } rows[] = {
        {"it runs", "i-0", false, true, 1, 4},
        {"it runs, as EC2 says, too", "i-0", true, true, 1, 4},
        {"another one runs", "i-9", false, false, 2, 4},
        {"it came home meanwhile", NULL, false, false, 1, 4},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment *first;
        struct books b;
        struct fleet *f;

        books_make(&b);
        b.s.config->aws.region = "eu-west-1";
        go_out(&b, LIFECYCLE_SPOT);
        prices(&b, 0, DOLLARS(2));
        b.s.managed.instance.id = rows[i].id != NULL ? rows[i].id : "";
        if (rows[i].id == NULL)
            b.s.managed.state = MANAGED_UNMANAGED;
        rated(ran(&b, "spot", 2 * HOUR_S, -1), DOLLARS(2));
        scene_start(&b.s);
        b.instance.launched.s = NOW - 2 * HOUR_S;
        if (rows[i].listed)
            tell_instance(&b);
        step(&b.s, (struct event){.kind = EVENT_TICK});
        first = segment_find(b.s.c, 1);
        assert_row(rows[i].what, first != NULL && first->end.s == 0);
        look(&b.s);
        assert_row(rows[i].what, first != NULL && (first->end.s == 0) == rows[i].is_open);
        assert_row(rows[i].what, b.s.c->n_segments == rows[i].n);
        f = view(&b);
        assert_row(rows[i].what, f->month.nanos / (USD_NANOS / 10) == rows[i].month * 10);
        fleet_unref(f);
        scene_end(&b.s);
    }
}

/* What an earlier run left open and nobody here can see the end of would cost for ever,
 * up to the budget: of a server or an extension that is configured no more. */
static void test_nobodys(void **state)
{
    static const struct {
        const char *what, *kind, *server;
        bool extension; /* is configured */
        bool is_open;
    } rows[] = {
        {"its own", "spot", "a", true, true},
        {"of a server that is not there any more", "spot", "zz", true, false},
        {"the extension's", "extension", "", true, true},
        {"of an extension that is not there any more", "extension", "", false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct segment *g;
        struct books b;

        books_make(&b);
        go_out(&b, LIFECYCLE_SPOT);
        b.s.extension = EXTENSION_ACTIVE;
        b.s.stored.next_segment_id = 10;
        b.s.config->velostrata.api.present = rows[i].extension;
        (void)str_copy(ran(&b, rows[i].kind, HOUR_S, -1)->server, NAME_TEXT,
                       rows[i].server);
        scene_start(&b.s);
        look(&b.s);
        g = segment_find(b.s.c, 1);
        assert_row(rows[i].what, g != NULL && (g->end.s == 0) == rows[i].is_open);
        scene_end(&b.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_series), cmocka_unit_test(test_many_stored),
        cmocka_unit_test(test_long_series), cmocka_unit_test(test_price_list),
        cmocka_unit_test(test_list_age),    cmocka_unit_test(test_closed),
        cmocka_unit_test(test_gone),        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_open),        cmocka_unit_test(test_with_disk),
        cmocka_unit_test(test_load),        cmocka_unit_test(test_days),
        cmocka_unit_test(test_leaving),     cmocka_unit_test(test_extension),
        cmocka_unit_test(test_lost),        cmocka_unit_test(test_lost_on_demand),
        cmocka_unit_test(test_return),      cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_full),        cmocka_unit_test(test_started_again),
        cmocka_unit_test(test_nobodys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
