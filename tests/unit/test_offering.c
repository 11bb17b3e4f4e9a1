#include <config.h>

#include "core/policy/offering.h"

#include "core/base/rng.h"
#include "core/base/str.h"
#include "tests/unit/table.h"

#include <string.h>

enum { NOW = 1800000000, HOUR = 3600, DAY = 86400, WEEK = 7 * DAY };
#define CENTS(n) (INT64_C(10000000) * (int64_t)(n))

static const struct offering spot = {
    .type = "c5", .zone = "a", .lifecycle = LIFECYCLE_SPOT};
static const struct offering capped = {.type = "c5",
                                       .zone = "a",
                                       .lifecycle = LIFECYCLE_SPOT,
                                       .has_max_price = true,
                                       .max_price = {CENTS(20)}};
static const struct offering on_demand = {.type = "c5",
                                          .zone = "a",
                                          .lifecycle = LIFECYCLE_ON_DEMAND,
                                          .has_max_price = true,
                                          .max_price = {CENTS(40)}};

static struct offering_terms terms(void)
{
    return (struct offering_terms){
        .now = {NOW}, .lost_s = 1800, .interruption = {CENTS(10)}};
}

static struct offering_in at(const struct offering *o, int64_t nanos)
{
    return (struct offering_in){
        .offering = o, .price = RATE_KNOWN, .price_hour = {nanos}};
}

/* ----- what was seen ----- */

static void test_weight(void **state)
{
    static const struct {
        const char *what;
        int64_t age, want;
    } rows[] = {
        {"now", 0, 1024},
        {"a clock that went back", -5, 1024},
        {"half a half-life: straight between", WEEK, 768},
        {"two weeks", 2 * WEEK, 512},
        {"three weeks", 3 * WEEK, 384},
        {"four weeks", 4 * WEEK, 256},
        {"the last that counts", 20 * WEEK - 1, 2},
        {"too long ago", 20 * WEEK, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what, offering_weight(rows[i].age) == rows[i].want);
    for (int64_t age = 0; age < 21 * WEEK; age += 977)
        assert_true(offering_weight(age) >= offering_weight(age + 977));
}

static void test_record(void **state)
{
    struct offering_record r = {0};
    const struct utc now = {NOW}, open = {0};

    (void)state;
    offering_record_add(&r, (struct utc){NOW - HOUR}, open, true, now);
    assert_int_equal(r.run_s, HOUR);
    assert_int_equal(r.weighed_run, HOUR * 1024);
    assert_int_equal(r.losses, 0); /* it runs */
    offering_record_add(&r, (struct utc){NOW - 2 * WEEK - HOUR},
                        (struct utc){NOW - 2 * WEEK}, true, now);
    assert_int_equal(r.run_s, 2 * HOUR);
    assert_int_equal(r.weighed_run, HOUR * (1024 + 512));
    assert_int_equal(r.losses, 1);
    assert_int_equal(r.weighed_losses, 512);
    assert_int_equal(r.lost_at.s, NOW - 2 * WEEK);
    /* An older one does not become the newest; one that ended well is none. */
    offering_record_add(&r, (struct utc){NOW - 3 * WEEK}, (struct utc){NOW - 3 * WEEK},
                        true, now);
    offering_record_add(&r, (struct utc){NOW - HOUR}, (struct utc){NOW}, false, now);
    assert_int_equal(r.lost_at.s, NOW - 2 * WEEK);
    assert_int_equal(r.losses, 2);
    /* Times that cannot be: no running, no wrap. */
    offering_record_add(&r, (struct utc){NOW}, (struct utc){NOW - HOUR}, false, now);
    assert_int_equal(r.run_s, 3 * HOUR);
    r.weighed_run = INT64_MAX / 2;
    r.weighed_losses = INT64_MAX / 2;
    offering_record_add(&r, (struct utc){-INT64_MAX / 2}, (struct utc){NOW}, true, now);
    assert_true(r.weighed_run > 0 && offering_hazard(&r) > 0);
}

static void test_hazard(void **state)
{
    static const struct {
        const char *what;
        int64_t run_s, losses, want;
    } rows[] = {
        {"nothing seen: one in 100 hours", 0, 0, 10000},
        {"50 hours without", 50 * HOUR, 0, 5000},
        {"one in 50 hours", 50 * HOUR, 1, 15000},
        {"ten in 50 hours", 50 * HOUR, 10, 105000},
        {"a thousand hours, ten", 1000 * HOUR, 10, 10000},
        {"more than can be", 0, 100000, 4000000},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offering_record r = {.weighed_run = rows[i].run_s * 1024,
                                    .weighed_losses = rows[i].losses * 1024};

        assert_row(rows[i].what, offering_hazard(&r) - rows[i].want <= 1 &&
                                     rows[i].want - offering_hazard(&r) <= 1);
    }
}

/* ----- one offering ----- */

static void test_rank(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        const struct offering *offering;
        enum price_knowledge price;
        int64_t cents, age_s, lost_ago, refused_ago;
        int32_t speed;
        const char *barred;
        enum offering_class want;
        int64_t cost_micros; /* -1: not known */
        const char *why;
    } rows[] = {
        /* (0.10 + 0.01 * 0.10) / (1 - 0.01 * 0.5) */
        {"a known price", &spot, RATE_KNOWN, 10, 0, 0, 0, 0, NULL, OFFERING_GOOD, 101508, "$0.1015 a finished hour, 0 interruptions in 0h"},
        {"twice as fast", &spot, RATE_KNOWN, 10, 0, 0, 0, 2000, NULL, OFFERING_GOOD, 50754, "$0.0508 a finished hour, 0 interruptions in 0h"},
        {"faster than counts", &spot, RATE_KNOWN, 10, 0, 0, 0, 99999, NULL, OFFERING_GOOD, 10151, "$0.0102 a finished hour, 0 interruptions in 0h"},
        {"slower than counts", &spot, RATE_KNOWN, 10, 0, 0, 0, 1, NULL, OFFERING_GOOD, 1015075, NULL},
        {"six hours old is believed", &spot, RATE_KNOWN, 10, 6 * HOUR, 0, 0, 0, NULL, OFFERING_GOOD, 101508, NULL},
        {"older is not", &spot, RATE_KNOWN, 10, 6 * HOUR + 1, 0, 0, 0, NULL, OFFERING_UNPRICED, 101508, "at most $0.1015 a finished hour, 0 interruptions in 0h"},
        {"a bound", &spot, RATE_AT_MOST, 10, 0, 0, 0, 0, NULL, OFFERING_UNPRICED, 101508, NULL},
        {"nothing known", &spot, RATE_UNKNOWN, 0, 0, 0, 0, 0, NULL, OFFERING_UNPRICED, -1, "price not known, 0 interruptions in 0h"},
        {"nothing known but the cap", &capped, RATE_UNKNOWN, 0, 0, 0, 0, 0, NULL, OFFERING_UNPRICED, 202010, NULL},
        {"a bound above the cap", &capped, RATE_AT_MOST, 30, 0, 0, 0, 0, NULL, OFFERING_UNPRICED, 202010, NULL},
        {"a bound below the cap", &capped, RATE_AT_MOST, 10, 0, 0, 0, 0, NULL, OFFERING_UNPRICED, 101508, NULL},
        {"at the cap", &capped, RATE_KNOWN, 20, 0, 0, 0, 0, NULL, OFFERING_GOOD, 202010, NULL},
        {"above the cap", &capped, RATE_KNOWN, 21, 0, 0, 0, 0, NULL, OFFERING_LEFT_OUT, 212060, "$0.210/h is above max_price $0.200"},
        {"above the cap when it was last seen", &capped, RATE_KNOWN, 21, DAY, 0, 0, 0, NULL, OFFERING_UNPRICED, 202010, NULL},
        {"lost a moment ago", &spot, RATE_KNOWN, 10, 0, 60, 0, 0, NULL, OFFERING_LATELY, 101508, "lost 1m ago, so last; $0.1015 a finished hour, 0 interruptions in 0h"},
        {"30m later it is as good as any", &spot, RATE_KNOWN, 10, 0, 1800, 0, 0, NULL, OFFERING_GOOD, 101508, NULL},
        {"refused 29m59s ago", &spot, RATE_KNOWN, 10, 0, 0, 1799, 0, NULL, OFFERING_LATELY, 101508, "no capacity 29m59s ago, so last; $0.1015 a finished hour, 0 interruptions in 0h"},
        {"lost, and no price", &spot, RATE_UNKNOWN, 0, 0, 60, 0, 0, NULL, OFFERING_LATELY_UNPRICED, -1, NULL},
        {"on-demand", &on_demand, RATE_KNOWN, 40, 0, 0, 0, 0, NULL, OFFERING_ON_DEMAND, 400000, NULL},
        {"on-demand, its price may be old", &on_demand, RATE_KNOWN, 40, DAY, 0, 0, 0, NULL, OFFERING_ON_DEMAND, 400000, "$0.4000 a finished hour, 0 interruptions in 0h"},
        {"on-demand without capacity", &on_demand, RATE_KNOWN, 40, 0, 0, 60, 0, NULL, OFFERING_ON_DEMAND_LATELY, 400000, NULL},
        {"on-demand above its bound", &on_demand, RATE_KNOWN, 41, 0, 0, 0, 0, NULL, OFFERING_LEFT_OUT, 410000, "$0.410/h is above on_demand_max_price $0.400"},
        {"on-demand of unknown price", &on_demand, RATE_UNKNOWN, 0, 0, 0, 0, 0, NULL, OFFERING_LEFT_OUT, -1, "its on-demand price is not known: set it in cost.prices"},
        {"barred", &spot, RATE_KNOWN, 10, 0, 0, 0, 0, "its node is closed", OFFERING_LEFT_OUT, 101508, "its node is closed"},
    };
    /* clang-format on */
    const struct offering_terms t = terms();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offering_in in = at(rows[i].offering, CENTS(rows[i].cents));
        struct offering_rank r;
        char buf[LINE_TEXT];

        in.price = rows[i].price;
        in.price_age_s = rows[i].age_s;
        in.speed_permille = rows[i].speed;
        in.barred = rows[i].barred;
        in.record.lost_at.s = rows[i].lost_ago > 0 ? NOW - rows[i].lost_ago : 0;
        in.record.refused_at.s = rows[i].refused_ago > 0 ? NOW - rows[i].refused_ago : 0;
        assert_row(rows[i].what, offering_order(&in, 1, &t, &r) ==
                                     (rows[i].want == OFFERING_LEFT_OUT ? 0 : 1));
        assert_row(rows[i].what, r.class == rows[i].want);
        assert_row(rows[i].what, r.cost_known == (rows[i].cost_micros >= 0));
        if (r.cost_known && (r.cost.nanos + 500) / 1000 != rows[i].cost_micros) {
            print_error("%s: %lld\n", rows[i].what, (long long)r.cost.nanos);
            fail();
        }
        if (rows[i].why != NULL)
            assert_string_equal(offering_why(&in, &r, t.now, buf), rows[i].why);
    }
}

/* Half a nano-dollar is a whole one, less is none; where nothing is ever taken back. */
static void test_rounding(void **state)
{
    static const struct {
        const char *what;
        int64_t nanos;
        int32_t speed;
        int64_t want;
    } rows[] = {
        {"a third", 10, 3000, 3},
        {"two thirds", 5, 3000, 2},
        {"just a half", 3, 2000, 2},
        {"less than a half", 7, 5000, 1},
    };
    const struct offering_terms t = terms();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct offering_in in = at(&on_demand, rows[i].nanos);
        struct offering_rank r;

        in.speed_permille = rows[i].speed;
        (void)offering_order(&in, 1, &t, &r);
        assert_row(rows[i].what, r.cost.nanos == rows[i].want);
    }
}

static void test_names(void **state)
{
    struct offering_in in = at(&spot, CENTS(10));
    struct offering_rank r;
    const struct offering_terms t = terms();
    char buf[OFFERING_NAME], why[LINE_TEXT];

    (void)state;
    assert_string_equal(offering_name("c5", "", LIFECYCLE_SPOT, buf), "c5");
    assert_string_equal(offering_name("c5", "eu-1a", LIFECYCLE_ON_DEMAND, buf),
                        "c5 eu-1a on-demand");
    in.record = (struct offering_record){.run_s = 210 * HOUR, .losses = 1};
    (void)offering_order(&in, 1, &t, &r);
    assert_string_equal(offering_why(&in, &r, t.now, why),
                        "$0.1015 a finished hour, 1 interruption in 210h");
}

/* ----- several ----- */

static void test_order(void **state)
{
    struct offering_in in[] = {at(&on_demand, CENTS(1)), at(&spot, CENTS(5)),
                               at(&spot, CENTS(9)),      at(&capped, CENTS(30)),
                               at(&spot, CENTS(3)),      at(&spot, CENTS(9)),
                               at(&spot, CENTS(1)),      at(&spot, 0),
                               at(&spot, CENTS(2)),      at(&spot, CENTS(1))};
    static const size_t want[] = {4, 2, 5, 1, 8, 7, 6, 0, 9, 3};
    struct offering_rank out[ARRAY_LEN(in)];
    struct offering_terms t = terms();

    (void)state;
    in[1].record.weighed_losses = INT64_C(200) * 1024; /* cheap, and always taken back */
    in[6].record.lost_at.s = NOW - 60;                 /* the cheapest, lost */
    in[7].price = RATE_UNKNOWN;
    in[8].price = RATE_AT_MOST;
    in[9].tried = true; /* behind on-demand, too: the round goes on */
    assert_int_equal(offering_order(in, ARRAY_LEN(in), &t, out), 9);
    for (size_t i = 0; i < ARRAY_LEN(in); i++)
        assert_int_equal(out[i].index, want[i]);
    assert_int_equal(offering_order(in, 0, &t, out), 0);
}

static void test_many(void **state)
{
    static struct offering_in in[MAX_OFFERINGS + 1];
    static struct offering_rank out[MAX_OFFERINGS];
    struct offering_terms t = terms();

    (void)state;
    for (size_t i = 0; i <= MAX_OFFERINGS; i++)
        in[i] = at(&spot, CENTS(MAX_OFFERINGS - i));
    assert_int_equal(offering_order(in, MAX_OFFERINGS + 1, &t, out), MAX_OFFERINGS);
    assert_int_equal(out[0].index, MAX_OFFERINGS - 1);
}

/* The bounds of everything: nothing wraps (the build with sanitizers sees to that), and
 * no cost is below zero. */
static void test_extremes(void **state)
{
    static const int64_t amounts[] = {INT64_MIN, -1, 0, 1, CENTS(10), INT64_MAX};

    (void)state;
    for (size_t i = 0; i < 6 * 6 * 6 * 6; i++) {
        struct offering_in in = at(&spot, amounts[i % 6]);
        struct offering_terms t = {.now = {NOW},
                                   .lost_s = amounts[i / 6 % 6],
                                   .interruption = {amounts[i / 36 % 6]}};
        struct offering_rank r;

        in.record.weighed_losses = amounts[i / 216];
        in.record.weighed_run = amounts[(i + 3) % 6];
        in.speed_permille = (int32_t)(i % 3) - 1;
        (void)offering_order(&in, 1, &t, &r);
        assert_true(r.cost.nanos >= 0);
    }
}

/* ----- properties, over seeded chance ----- */

enum { N = 7, TRIES = 20000 };

static void random_in(struct rng *rng, struct offering_in in[N])
{
    static const struct offering *const offerings[] = {&spot, &capped, &on_demand};

    for (size_t i = 0; i < N; i++) {
        in[i] = at(offerings[rng_between(rng, 0, 2)], CENTS(rng_between(rng, 0, 45)));
        in[i].price = (enum price_knowledge)rng_between(rng, 0, 2);
        in[i].price_age_s = rng_between(rng, 0, 7 * HOUR);
        in[i].tried = rng_between(rng, 0, 9) == 0;
        in[i].speed_permille = (int32_t)rng_between(rng, 0, 3) * 500;
        in[i].record.weighed_run = rng_between(rng, 0, 500) * HOUR * 1024;
        in[i].record.weighed_losses = rng_between(rng, 0, 9) * 1024;
        in[i].record.lost_at.s = NOW - rng_between(rng, 0, 20) * 300;
        in[i].record.refused_at.s = NOW - rng_between(rng, 0, 20) * 300;
    }
}

static size_t place_of(const struct offering_rank out[N], size_t index)
{
    size_t at = 0;

    while (out[at].index != index)
        at++;
    return at;
}

static bool is_same(const struct offering_rank *a, const struct offering_rank *b)
{
    return a->class == b->class && a->cost_known == b->cost_known &&
           a->cost.nanos == b->cost.nanos;
}

/* Whatever the order of the configuration: the same classes and costs in a row. */
static void test_permutation(void **state)
{
    struct offering_terms t = terms();
    struct rng rng;

    (void)state;
    rng_seed(&rng, 11);
    for (int n = 0; n < TRIES; n++) {
        struct offering_in in[N], other[N];
        struct offering_rank a[N], b[N];
        size_t from[N];

        random_in(&rng, in);
        for (size_t i = 0; i < N; i++)
            from[i] = i;
        for (size_t i = N - 1; i > 0; i--) {
            size_t k = (size_t)rng_between(&rng, 0, (int64_t)i), kept = from[i];

            from[i] = from[k];
            from[k] = kept;
        }
        for (size_t i = 0; i < N; i++)
            other[i] = in[from[i]];
        assert_int_equal(offering_order(in, N, &t, a), offering_order(other, N, &t, b));
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(a[i].class, b[i].class);
            if (a[i].class == OFFERING_LEFT_OUT)
                continue; /* those stay as they were given */
            assert_true(is_same(&a[i], &b[i]));
            if (i > 0 && is_same(&a[i], &a[i - 1]))
                assert_true(a[i].index > a[i - 1].index); /* ties: as configured */
        }
    }
}

/* What makes one worse never brings it forward. */
static void test_monotonic(void **state)
{
    struct offering_terms t = terms();
    struct rng rng;

    (void)state;
    rng_seed(&rng, 12);
    for (int n = 0; n < TRIES; n++) {
        struct offering_in in[N];
        struct offering_rank a[N], b[N];
        size_t worse;

        random_in(&rng, in);
        (void)offering_order(in, N, &t, a);
        worse = (size_t)rng_between(&rng, 0, N - 1);
        switch (rng_between(&rng, 0, 3)) {
        case 0:
            if (in[worse].price != RATE_UNKNOWN)
                in[worse].price_hour.nanos += CENTS(rng_between(&rng, 1, 20));
            break;
        case 1:
            in[worse].record.weighed_losses += 1024;
            break;
        case 2:
            in[worse].record.lost_at.s = NOW;
            break;
        default:
            in[worse].barred = "for this test";
            break;
        }
        (void)offering_order(in, N, &t, b);
        assert_true(place_of(b, worse) >= place_of(a, worse) ||
                    a[place_of(a, worse)].class == OFFERING_LEFT_OUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight),    cmocka_unit_test(test_record),
        cmocka_unit_test(test_hazard),    cmocka_unit_test(test_rank),
        cmocka_unit_test(test_rounding),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_order),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_extremes),  cmocka_unit_test(test_permutation),
        cmocka_unit_test(test_monotonic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
