/*
 * test_book - whose price is believed: history or price list, then the configuration,
 * else nobody's; and what a bill makes of it.
 * Owns nothing.
 * Threads: one.
 */
#include <config.h>

#include "core/cost/bill.h"

#include "tests/unit/policy_util.h"

enum { T = 1795996800, HOUR = 3600 }; /* 2026-11-30T00:00:00Z */

static const struct configured_price configured[] = {
    {.type = "both", .has_on_demand = true, .on_demand = {11}},
    {.type = "both", .has_spot = true, .spot = {22}}, /* a row may say one of them */
    {.type = "conf",
     .has_on_demand = true,
     .has_spot = true,
     .on_demand = {1},
     .spot = {2}},
    {.type = "free", .has_on_demand = true, .on_demand = {0}},
};

static const struct price_step steps[] = {{{T}, {60}}, {{T + HOUR}, {70}}};
static const struct price_step late[] = {{{T + HOUR}, {80}}};
static const struct price_track tracks[] = {
    {"both", "a", NULL, 0, {T + 2 * HOUR}}, /* nothing was said of it yet */
    {"both", "b", late, ARRAY_LEN(late), {T + 2 * HOUR}},
    {"both", "c", steps, ARRAY_LEN(steps), {T + 3 * HOUR}},
};

/* The oldest first: of the same type and region the last one counts. */
static const struct listed_price listed[] = {
    {"both", "eu-west-1", {190}, {T}},
    {"only", "us-east-1", {90}, {T}},
    {"both", "us-east-1", {170}, {T + 1}},
    {"both", "eu-west-1", {192}, {T + 2}},
};

static const struct cost_config config = {.prices = configured,
                                          .n_prices = ARRAY_LEN(configured)};

static struct price_book book(const char *region)
{
    return (struct price_book){.config = &config,
                               .tracks = tracks,
                               .n_tracks = ARRAY_LEN(tracks),
                               .listed = listed,
                               .n_listed = ARRAY_LEN(listed),
                               .region = region};
}

/* clang-format off */
static const struct {
    const char *what, *region, *type;
    enum price_source source;
    int64_t nanos, as_of;
} on_demand[] = {
    {"listed, though configured too",    "eu-west-1", "both", PRICE_PRICELIST,  192, T + 2},
    {"of the region that is configured", "us-east-1", "both", PRICE_PRICELIST,  170, T + 1},
    {"no region is: the newest",         NULL,        "both", PRICE_PRICELIST,  192, T + 2},
    {"listed for another region only",   "eu-west-1", "only", PRICE_UNKNOWN,    0,   0},
    {"… which is not configured",        NULL,        "only", PRICE_PRICELIST,  90,  T},
    {"not listed: configured",           "eu-west-1", "conf", PRICE_CONFIGURED, 1,   0},
    {"configured to be free is known",   "eu-west-1", "free", PRICE_CONFIGURED, 0,   0},
    {"neither",                          "eu-west-1", "none", PRICE_UNKNOWN,    0,   0},
    {"no region has it: configured",     "ap-east-1", "both", PRICE_CONFIGURED, 11,  0},
};
static const struct {
    const char *what, *type, *zone;
    int64_t at;
    enum price_source source;
    int64_t nanos, as_of;
} spot[] = {
    {"in force then",                      "both", "c", T + 10,       PRICE_HISTORY,    60, T + 3 * HOUR},
    {"at the very instant",                "both", "c", T + HOUR,     PRICE_HISTORY,    70, T + 3 * HOUR},
    {"before all that is known",           "both", "c", T - 1,        PRICE_CONFIGURED, 22, 0},
    {"any zone: the first that has one",   "both", "",  T + HOUR,     PRICE_HISTORY,    80, T + 2 * HOUR},
    {"any zone: one that has it by then",  "both", "",  T + 10,       PRICE_HISTORY,    60, T + 3 * HOUR},
    {"a zone without history",             "both", "a", T + HOUR,     PRICE_CONFIGURED, 22, 0},
    {"a zone that nobody knows",           "both", "x", T + HOUR,     PRICE_CONFIGURED, 22, 0},
    {"a type without history",             "conf", "",  T,            PRICE_CONFIGURED, 2,  0},
    {"an on-demand price is no spot price","free", "",  T,            PRICE_UNKNOWN,    0,  0},
    {"a listed one neither",               "only", "",  T,            PRICE_UNKNOWN,    0,  0},
    {"neither",                            "none", "",  T,            PRICE_UNKNOWN,    0,  0},
};
/* clang-format on */

static bool is(struct price_quote q, enum price_source source, int64_t nanos,
               int64_t as_of)
{
    return q.source == source && q.price.nanos == nanos && q.as_of.s == as_of;
}

static void test_on_demand(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(on_demand); i++) {
        struct price_book b = book(on_demand[i].region);
        struct usd v = {-1};
        bool known = on_demand[i].source != PRICE_UNKNOWN;

        assert_row(on_demand[i].what,
                   is(book_quote_on_demand(&b, on_demand[i].type), on_demand[i].source,
                      on_demand[i].nanos, on_demand[i].as_of));
        assert_row(on_demand[i].what, book_on_demand(&b, on_demand[i].type, &v) == known);
        /* What nobody knows is not made 0. */
        assert_row(on_demand[i].what, v.nanos == (known ? on_demand[i].nanos : -1));
    }
}

static void test_spot(void **state)
{
    struct price_book b = book("eu-west-1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(spot); i++)
        assert_row(spot[i].what, is(book_quote_spot(&b, spot[i].type, spot[i].zone,
                                                    (struct utc){spot[i].at}),
                                    spot[i].source, spot[i].nanos, spot[i].as_of));
}

/* ----- what a bill makes of it ----- */

#define LISTED                                                                           \
    {                                                                                    \
        "m5.xlarge", "eu-west-1", {200000000},                                           \
        {                                                                                \
            T                                                                            \
        }                                                                                \
    }
#define CONFIGURED                                                                       \
    {                                                                                    \
        .type = "m5.xlarge", .has_on_demand = true, .on_demand = { 300000000 }           \
    }

static const struct listed_price bill_listed[] = {LISTED};
static const struct configured_price bill_configured[] = {CONFIGURED};

/* An hour of each kind, when nothing but these prices is known. */
/* clang-format off */
static const struct {
    const char *what, *kind;
    bool listed, configured;
    int64_t rate; /* of the segment itself, 0 = not known */
    enum err_code rc;
    int64_t cost, same_hours;
    bool same_known;
    int32_t bounds, unknown;
} bills[] = {
    {"spot: bound by the price list",      "spot",      true,  true,  0,         ERR_OK,        200000000, 200000000, true,  1, 0},
    {"spot: bound as configured",          "spot",      false, true,  0,         ERR_OK,        300000000, 300000000, true,  1, 0},
    {"spot: nobody knows",                 "spot",      false, false, 0,         ERR_NOT_FOUND, 0,         0,         false, 0, 1},
    {"spot: its own rate, no bound",       "spot",      true,  false, 50000000,  ERR_OK,        50000000,  200000000, true,  0, 0},
    {"on-demand: at the rate it began",    "on_demand", true,  true,  250000000, ERR_OK,        250000000, 200000000, true,  0, 0},
    {"on-demand: listed since",            "on_demand", true,  true,  0,         ERR_OK,        200000000, 200000000, true,  0, 0},
    {"on-demand: configured since",        "on_demand", false, true,  0,         ERR_OK,        300000000, 300000000, true,  0, 0},
    {"on-demand: nobody knows",            "on_demand", false, false, 0,         ERR_NOT_FOUND, 0,         0,         false, 0, 1},
    {"on-demand: its own rate alone",      "on_demand", false, false, 250000000, ERR_OK,        250000000, 250000000, true,  0, 0},
};
/* clang-format on */

static void test_bills(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bills); i++) {
        struct cost_config k = {.prices = bill_configured,
                                .n_prices = bills[i].configured ? 1 : 0};
        struct price_book b = {.config = &k,
                               .listed = bill_listed,
                               .n_listed = bills[i].listed ? 1 : 0,
                               .region = "eu-west-1"};
        struct segment g = {.start = {T},
                            .end = {T + HOUR},
                            .rate = {bills[i].rate},
                            .rate_known = bills[i].rate != 0};
        struct bill bill;
        struct usd v;
        struct err e = {0}, e2 = {0};

        (void)str_copy(g.kind, sizeof(g.kind), bills[i].kind);
        (void)str_copy(g.type, sizeof(g.type), "m5.xlarge");
        bill_clear(&bill);
        assert_row(bills[i].what, bill_segment(&bill, &b, &g, (struct utc){T + 2 * HOUR},
                                               (struct utc){T}, (struct utc){T + HOUR},
                                               &e) == bills[i].rc);
        assert_row(bills[i].what, bill_total(&bill, &v, &e2) == ERR_OK);
        assert_row(bills[i].what, v.nanos == bills[i].cost);
        assert_row(bills[i].what, bill.on_demand.nanos == bills[i].same_hours &&
                                      bill.on_demand_known == bills[i].same_known);
        assert_row(bills[i].what,
                   bill.bounds == bills[i].bounds && bill.unknown == bills[i].unknown);
    }
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(price_source_word(PRICE_PRICELIST), "pricelist");
    assert_string_equal(price_source_screen(PRICE_PRICELIST), "price list");
    assert_string_equal(price_source_screen(PRICE_UNKNOWN), "?");
    assert_string_equal(price_source_screen(PRICE_SOURCE_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_demand),
        cmocka_unit_test(test_spot),
        cmocka_unit_test(test_bills),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
