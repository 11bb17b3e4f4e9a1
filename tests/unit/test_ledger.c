#include <config.h>

#include "core/base/rng.h"
#include "core/cost/ledger.h"

#include "tests/unit/policy_util.h"

/* Price 0.06, from 12:30 on 0.07 (8.1); the day is a UTC one here. */
static const struct price_step example[] = {
    {{1795996800}, {60000000}}, /* 2026-11-30T00:00:00Z */
    {{1796041800}, {70000000}}, /* 12:30 */
};

static struct utc on_day(const char *time)
{
    char buf[TIME_TEXT];

    (void)str_format(buf, sizeof(buf), "2026-11-30T%sZ", time);
    return utc_at(buf);
}

static int64_t spot(const char *launched, const char *start, const char *end)
{
    struct usd v = {-1};
    struct err e = {0};

    assert_row(start, ledger_spot(on_day(launched), on_day(start), on_day(end), example,
                                  ARRAY_LEN(example), &v, &e) == ERR_OK);
    return v.nanos;
}

/* 8.1: launched 08:41:20, terminated 18:04:50. */
static void test_worked_example(void **state)
{
    char buf[USD_TEXT];
    int64_t all = spot("08:41:20", "08:41:20", "18:04:50");
    struct utc whole;
    struct usd v;
    struct err e = {0};

    (void)state;
    assert_int_equal(example[1].at.s, on_day("12:30:00").s);
    assert_int_equal(on_day("18:04:50").s - on_day("08:41:20").s, 33810);
    /* Four hours at 0.06: the change at 12:30 counts from 12:41:20. */
    assert_int_equal(spot("08:41:20", "08:41:20", "12:41:20"), 240000000);
    /* Five hours at 0.07. */
    assert_int_equal(spot("08:41:20", "12:41:20", "17:41:20"), 350000000);
    /* 1410 s of the tenth hour. */
    assert_int_equal(spot("08:41:20", "17:41:20", "18:04:50"), 27416667);
    assert_int_equal(all, 617416667);
    assert_string_equal(usd_text((struct usd){all}, 6, buf), "0.617417");
    /* Whole-hour mode: 10 hours, 4 at 0.06 and 6 at 0.07. */
    whole = ledger_whole_hours(on_day("08:41:20"), on_day("18:04:50"));
    assert_int_equal(whole.s, on_day("18:41:20").s);
    assert_int_equal(ledger_spot(on_day("08:41:20"), on_day("08:41:20"), whole, example,
                                 ARRAY_LEN(example), &v, &e),
                     ERR_OK);
    assert_int_equal(v.nanos, 660000000);
    assert_int_equal(ledger_whole_hours(on_day("08:00:00"), on_day("10:00:00")).s,
                     on_day("10:00:00").s);
    assert_int_equal(ledger_whole_hours(on_day("08:00:00"), on_day("08:00:00")).s,
                     on_day("08:00:00").s);
}

static void test_steps_until(void **state)
{
    /* clang-format off */
    static const struct price_step steps[] = {{{10}, {1}}, {{20}, {2}}, {{20}, {3}}, {{30}, {4}}};
    static const struct { const char *what; size_t n; int64_t at; size_t want; } rows[] = {
        {"before the first",       4,  9, 0},
        {"at the first",           4, 10, 1},
        {"between two",            4, 19, 1},
        {"at an instant of two",   4, 20, 3},
        {"behind them",            4, 29, 3},
        {"at the last",            4, 30, 4},
        {"behind the last",        4, 99, 4},
        {"of one",                 1, 10, 1},
        {"of none",                0, 10, 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what,
                   price_steps_until(steps, rows[i].n, (struct utc){rows[i].at}) ==
                       rows[i].want);
}

static void test_minimum(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *start, *end; int64_t nanos; } rows[] = {
        {"one second costs a minute",          "08:00:00", "08:00:01", 1000000},
        {"59 seconds cost a minute",           "08:00:00", "08:00:59", 1000000},
        {"a minute costs a minute",            "08:00:00", "08:01:00", 1000000},
        {"61 seconds cost 61",                 "08:00:00", "08:01:01", 1016667},
        {"the rest of the minute is paid for", "08:00:30", "08:01:00", 0},
        {"behind the minute it goes on",       "08:00:30", "08:02:00", 1000000},
        {"before launch nothing",              "07:00:00", "08:00:00", 0},
        {"from before launch on",              "07:00:00", "08:00:10", 1000000},
        {"no time at all",                     "08:00:30", "08:00:30", 0},
        {"end before start",                   "08:10:00", "08:05:00", 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what,
                   spot("08:00:00", rows[i].start, rows[i].end) == rows[i].nanos);
}

static void test_prices(void **state)
{
    struct price_step steps[] = {{on_day("10:00:00"), {60000000}},
                                 {on_day("11:00:00"), {70000000}},
                                 {on_day("11:00:01"), {80000000}}};
    struct usd v = {7};
    struct err e = {0};

    (void)state;
    /* No price for the hour in which it began. */
    assert_int_equal(ledger_spot(on_day("09:59:59"), on_day("09:59:59"),
                                 on_day("10:30:00"), steps, 3, &v, &e),
                     ERR_NOT_FOUND);
    assert_int_equal(v.nanos, 7);
    /* The part before it is not asked for: the hour began at 10:59:59. */
    e = (struct err){0};
    assert_int_equal(ledger_spot(on_day("09:59:59"), on_day("10:59:59"),
                                 on_day("11:59:59"), steps, 3, &v, &e),
                     ERR_OK);
    assert_int_equal(v.nanos, 60000000);
    /* A change in the very second in which an hour begins counts. */
    assert_int_equal(ledger_spot(on_day("11:00:00"), on_day("11:00:00"),
                                 on_day("12:00:00"), steps, 3, &v, &e),
                     ERR_OK);
    assert_int_equal(v.nanos, 70000000);
    assert_int_equal(ledger_spot(on_day("11:00:01"), on_day("11:00:01"),
                                 on_day("12:00:01"), steps, 3, &v, &e),
                     ERR_OK);
    assert_int_equal(v.nanos, 80000000);
    assert_int_equal(ledger_spot(on_day("11:00:00"), on_day("11:00:00"),
                                 on_day("12:00:00"), steps, 0, &v, &e),
                     ERR_NOT_FOUND);
    e = (struct err){0};
    steps[0].price.nanos = INT64_MAX / 2;
    assert_int_equal(ledger_spot(on_day("10:00:00"), on_day("10:00:00"),
                                 on_day("10:30:00"), steps, 1, &v, &e),
                     ERR_RANGE);
    e = (struct err){0};
    steps[0].price.nanos = INT64_MAX / 3600; /* one hour fits, two do not */
    assert_int_equal(ledger_spot(on_day("10:00:00"), on_day("10:00:00"),
                                 on_day("12:00:00"), steps, 1, &v, &e),
                     ERR_RANGE);
    e = (struct err){0};
    for (size_t i = 0; i < 3; i++) /* each price's part fits, their sum does not */
        steps[i] = (struct price_step){{on_day("10:00:00").s + (int64_t)i * 3600},
                                       {INT64_MAX / 7200}};
    assert_int_equal(ledger_spot(on_day("10:00:00"), on_day("10:00:00"),
                                 on_day("13:00:00"), steps, 3, &v, &e),
                     ERR_RANGE);
    e = (struct err){0};
    assert_int_equal(ledger_spot((struct utc){0}, (struct utc){0},
                                 (struct utc){INT64_C(1) << 40}, steps, 1, &v, &e),
                     ERR_RANGE);
}

/* Hour by hour, as aws-api 8 tells it: nano-dollars times seconds until then. */
static int64_t hours_until(struct utc launched, int64_t s, const struct price_step *steps,
                           size_t n)
{
    int64_t sum = 0;

    for (int64_t at = 0; at < s; at += 3600) {
        size_t i = price_steps_until(steps, n, (struct utc){launched.s + at});

        sum += steps[i - 1].price.nanos * (s - at < 3600 ? s - at : 3600);
    }
    return sum;
}

/* However many steps an hour has, or hours a step. */
static void test_hour_by_hour(void **state)
{
    struct price_step steps[40];
    struct rng r;

    (void)state;
    rng_seed(&r, 82);
    for (int round = 0; round < 2000; round++) {
        int64_t from = rng_between(&r, 60, 300000), to = from + rng_between(&r, 0, 90000);
        int64_t gap = rng_between(&r, 1, 20000);
        struct utc launched = on_day("08:00:00");
        struct usd a, b, v;
        struct err e = {0};

        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
            steps[i].at.s =
                i == 0 ? launched.s : steps[i - 1].at.s + rng_between(&r, 1, gap);
            steps[i].price.nanos = rng_between(&r, 10000000, 90000000);
        }
        assert_int_equal(
            usd_per_hour((struct usd){hours_until(launched, from, steps, 40)}, 1, &a, &e),
            ERR_OK);
        assert_int_equal(
            usd_per_hour((struct usd){hours_until(launched, to, steps, 40)}, 1, &b, &e),
            ERR_OK);
        assert_int_equal(ledger_spot(launched, (struct utc){launched.s + from},
                                     (struct utc){launched.s + to}, steps, 40, &v, &e),
                         ERR_OK);
        assert_int_equal(v.nanos, b.nanos - a.nanos);
    }
}

/* Stretches that follow each other add up to the whole. */
static void test_adds_up(void **state)
{
    struct price_step steps[40];
    struct rng r;

    (void)state;
    rng_seed(&r, 81);
    for (int round = 0; round < 2000; round++) {
        struct utc launched = {on_day("08:00:00").s + rng_between(&r, 0, 3599)};
        struct utc end = {launched.s + rng_between(&r, 0, 40000)};
        struct utc mid = {launched.s + rng_between(&r, 0, end.s - launched.s)};
        struct usd a, b, all;
        struct err e = {0};

        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
            steps[i].at.s = on_day("07:00:00").s + (int64_t)i * 1000;
            steps[i].price.nanos = rng_between(&r, 10000000, 90000000);
        }
        assert_int_equal(ledger_spot(launched, launched, mid, steps, 40, &a, &e), ERR_OK);
        assert_int_equal(ledger_spot(launched, mid, end, steps, 40, &b, &e), ERR_OK);
        assert_int_equal(ledger_spot(launched, launched, end, steps, 40, &all, &e),
                         ERR_OK);
        assert_int_equal(a.nanos + b.nanos, all.nanos);
    }
}

static void test_flat(void **state)
{
    struct usd v;
    struct err e = {0};

    (void)state;
    /* 8.2: two edge nodes at 0.133 for ten hours. */
    assert_int_equal(ledger_flat((struct usd){266000000}, on_day("08:00:00"),
                                 on_day("18:00:00"), &v, &e),
                     ERR_OK);
    assert_int_equal(v.nanos, INT64_C(2660000000));
    assert_int_equal(ledger_flat((struct usd){266000000}, on_day("18:00:00"),
                                 on_day("08:00:00"), &v, &e),
                     ERR_OK);
    assert_int_equal(v.nanos, 0);
    assert_int_equal(ledger_flat((struct usd){INT64_MAX}, on_day("08:00:00"),
                                 on_day("18:00:00"), &v, &e),
                     ERR_RANGE);
}

static void test_boundaries(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *zone, *now, *day; } rows[] = {
        {"an ordinary day",          "Asia/Jerusalem",    "2026-11-24T10:00:00Z", "2026-11-23T22:00:00Z"},
        {"its first second",         "Asia/Jerusalem",    "2026-11-23T22:00:00Z", "2026-11-23T22:00:00Z"},
        {"the second before",        "Asia/Jerusalem",    "2026-11-23T21:59:59Z", "2026-11-22T22:00:00Z"},
        {"a day of 25 hours: dawn",  "Asia/Jerusalem",    "2026-10-24T21:00:00Z", "2026-10-24T21:00:00Z"},
        {"a day of 25 hours: dusk",  "Asia/Jerusalem",    "2026-10-25T21:59:59Z", "2026-10-24T21:00:00Z"},
        {"the day after it",         "Asia/Jerusalem",    "2026-10-25T22:00:00Z", "2026-10-25T22:00:00Z"},
        {"a day of 23 hours",        "Asia/Jerusalem",    "2027-03-26T20:59:59Z", "2027-03-25T22:00:00Z"},
        {"the day after that",       "Asia/Jerusalem",    "2027-03-26T21:00:00Z", "2027-03-26T21:00:00Z"},
        {"a midnight left out",      "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z"},
        {"a last hour that repeats", "America/Sao_Paulo", "2018-02-18T02:30:00Z", "2018-02-17T02:00:00Z"},
        {"UTC",                      "UTC",               "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z"},
    };
    static const struct { const char *now, *month; } months[] = {
        {"2026-11-24T10:00:00Z", "2026-11-01T00:00:00Z"},
        {"2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"},
        {"2026-11-30T23:59:59Z", "2026-11-01T00:00:00Z"},
        {"2028-02-29T23:59:59Z", "2028-02-01T00:00:00Z"},
        {"2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tz *z = zone_load(rows[i].zone);

        assert_row(rows[i].what,
                   ledger_day_start(z, at(z, rows[i].now)).s == at(z, rows[i].day).s);
        tz_free(z);
    }
    for (size_t i = 0; i < ARRAY_LEN(months); i++)
        assert_row(months[i].now, ledger_month_start(utc_at(months[i].now)).s ==
                                      utc_at(months[i].month).s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_example), cmocka_unit_test(test_steps_until),
        cmocka_unit_test(test_minimum),        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_adds_up),        cmocka_unit_test(test_hour_by_hour),
        cmocka_unit_test(test_flat),           cmocka_unit_test(test_boundaries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
