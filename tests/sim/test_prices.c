#include <config.h>

#include "core/sim/site_impl.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Prices over days: the list is read once a day, a restart goes on with what it knows,
 * and without the list everything but some estimates is as ever.
 */

enum { HOUR_S = 3600, DAY_S = 86400, MANY = 1000000 /* every request */ };

struct seen {
    struct run *r;
    int64_t heal_at_s; /* the faults end then; 0 = never */
    int64_t lists;     /* answers of the price list */
    struct utc last_ok;
    int64_t minutes, priced;                /* server-minutes; those with a price */
    int64_t compared_at_s;                  /* when 24x7 on-demand was known first, -1 */
    struct usd always;                      /* of the last minute, too */
    struct cost_view first_cost, last_cost; /* of the first server */
    /* of the last minute */
    struct api_view api;
    bool always_known, same_hours_known, month_known;
    struct usd month;
    size_t days;
    int64_t healed_at_s; /* of the first answer after the faults, -1 */
};

static const struct api_view *pricelist(const struct fleet *f)
{
    for (size_t i = 0; i < f->n_apis; i++) {
        if (f->apis[i].source == SOURCE_PRICELIST)
            return &f->apis[i];
    }
    fail_msg("the fleet shows no price list");
    return NULL;
}

/* The days, the rows of the bill and the sum say the same, to the nano-dollar. */
static void assert_adds_up(const struct fleet *f)
{
    int64_t days = 0, items = 0;

    for (size_t i = 0; i < f->n_days; i++) {
        assert_true(f->days[i].known);
        assert_true(f->days[i].start.s <= f->at.s);
        days += f->days[i].cost.nanos;
    }
    for (int i = 0; i < COST_ITEM_COUNT; i++)
        items += f->items[i].nanos;
    assert_int_equal(days, f->month.nanos);
    assert_int_equal(items, f->month.nanos);
    assert_int_equal(f->items_unknown, 0);
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct cost_view *v = &f->servers[i].cost;
        int64_t sum = 0;

        for (size_t k = 0; k < f->n_days; k++)
            sum += v->days[k].nanos;
        assert_int_equal(sum, v->month.nanos);
        assert_true(v->days_unknown == 0);
    }
}

/* Where each server is shows in the day, or the move or loss of that quarter does; the
 * last prices are those of this half hour. */
static void assert_traces(const struct fleet *f)
{
    int64_t q = (f->at.s - f->day_start.s) / FLEET_QUARTER_S;

    assert_true(q >= 0 && q < FLEET_QUARTERS);
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *v = &f->servers[i];
        enum place kept = (enum place)v->quarters[q];

        if (!v->facts.place_stale && v->facts.place != PLACE_UNKNOWN)
            assert_true(kept == v->facts.place || kept == PLACE_LOST ||
                        kept == PLACE_MOVING_OUT || kept == PLACE_MOVING_BACK);
        for (int64_t k = q + 1; k < FLEET_QUARTERS; k++)
            assert_int_equal(v->quarters[k], PLACE_UNKNOWN);
    }
    for (size_t i = 0; i < f->n_prices; i++) {
        const struct price_view *v = &f->prices[i];
        int64_t last = v->from.s + (FLEET_PRICE_STEPS - 1) * FLEET_PRICE_STEP_S;

        assert_true(last <= f->at.s && f->at.s < last + FLEET_PRICE_STEP_S);
        assert_true(v->known[FLEET_PRICE_STEPS - 1]);
        assert_true(v->prices[FLEET_PRICE_STEPS - 1].nanos > 0);
    }
}

static void each_minute(void *ctx, const struct fleet *f)
{
    struct seen *s = ctx;
    int64_t now_s = f->at.s - s->r->options.from.s;
    const struct api_view *api = pricelist(f);
    struct err e = {0};

    assert_traces(f);
    if (s->minutes == 0)
        s->first_cost = f->servers[0].cost;
    s->api = *api;
    s->days = f->n_days;
    if (f->month_known)
        assert_adds_up(f);
    s->last_cost = f->servers[0].cost;
    s->always_known = f->compare[COMPARE_ALWAYS_ON_DEMAND].known;
    s->always = f->compare[COMPARE_ALWAYS_ON_DEMAND].amount;
    s->same_hours_known = f->compare[COMPARE_SAME_HOURS].known;
    s->month_known = f->month_known;
    s->month = f->month;
    if (api->last_ok.s != s->last_ok.s) {
        s->lists++;
        if (s->heal_at_s > 0 && now_s >= s->heal_at_s && s->healed_at_s < 0)
            s->healed_at_s = now_s;
    }
    s->last_ok = api->last_ok;
    for (size_t i = 0; i < f->n_servers; i++) {
        s->minutes++;
        s->priced += f->servers[i].cost.price_source == PRICE_HISTORY &&
                     f->servers[i].cost.price.nanos > 0;
    }
    if (f->compare[COMPARE_ALWAYS_ON_DEMAND].known && s->compared_at_s < 0)
        s->compared_at_s = now_s;
    if (s->heal_at_s > 0 && now_s >= s->heal_at_s)
        assert_int_equal(faults_set(&s->r->site->faults, "pricing.status-500", 0, &e),
                         ERR_OK);
}

static struct seen watch(struct run *r, int64_t duration_s, int64_t heal_at_s)
{
    struct seen s = {
        .r = r, .heal_at_s = heal_at_s, .compared_at_s = -1, .healed_at_s = -1};

    r->options.duration_s = duration_s;
    r->options.each_minute = each_minute;
    r->options.each_entry = NULL;
    r->options.ctx = &s;
    run_go(r);
    return s;
}

static void break_it(struct run *r, const char *fault)
{
    struct err e = {0};

    assert_int_equal(faults_set(&r->site->faults, fault, MANY, &e), ERR_OK);
}

static void remove_state(const char *dir)
{
    static const char *const files[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "ballast"};
    char path[256];

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        assert_true(str_format(path, sizeof(path), "%s/%s", dir, files[i]));
        (void)unlink(path); /* not all of them are there */
    }
    assert_int_equal(rmdir(dir), 0);
}

static void test_once_a_day_and_after_a_restart(void **state)
{
    char dir[] = "/tmp/rh-prices-XXXXXX";
    struct run *r = run_prepare(41);
    struct seen days, later;

    (void)state;
    assert_non_null(mkdtemp(dir));
    r->options.state_dir = dir;
    days = watch(r, 2 * DAY_S + 12 * HOUR_S, 0);
    assert_int_equal(days.lists, 3);
    assert_true(days.days >= 3);
    assert_true(days.priced > days.minutes * 99 / 100);
    assert_in_range(days.compared_at_s, 0, 120);
    assert_true(days.always.nanos > 0);

    /* AWS is out of reach, and a run begins on what the last one kept. */
    break_it(r, "pricing.status-500");
    break_it(r, "ec2.status-500");
    r->options.from = r->report.to;
    later = watch(r, HOUR_S, 0);
    assert_int_equal(later.api.state, API_OK);
    assert_int_equal(later.api.last_ok.s, days.last_ok.s);
    assert_int_equal(later.api.failures, 0);
    assert_int_equal(later.first_cost.price_source, PRICE_HISTORY);
    assert_true(later.first_cost.price_as_of.s != 0 &&
                later.first_cost.price_as_of.s <= r->options.from.s);
    assert_int_equal(later.priced, later.minutes);
    assert_in_range(later.compared_at_s, 0, 120);
    remove_state(dir);
    run_free(r);
}

static void test_no_list_hinders_no_move(void **state)
{
    struct run *with = run_prepare(42), *without = run_prepare(42);
    struct seen good, bad;

    (void)state;
    good = watch(with, 12 * HOUR_S, 0);
    break_it(without, "pricing.status-500");
    bad = watch(without, 12 * HOUR_S, 0);
    assert_true(with->report.moves_out >= 4 && with->report.moves_back >= 4);
    assert_int_equal(without->report.moves_out, with->report.moves_out);
    assert_int_equal(without->report.moves_back, with->report.moves_back);
    assert_int_equal(without->report.ready_s, with->report.ready_s);
    assert_true(good.always_known && good.same_hours_known);
    /* What nobody knows is not shown, and not counted as 0. */
    assert_false(bad.always_known || bad.same_hours_known);
    assert_int_equal(bad.compared_at_s, -1);
    assert_true(bad.month_known && bad.month.nanos == good.month.nanos);
    assert_int_equal(bad.api.state, API_DOWN);
    assert_int_equal(bad.api.last_ok.s, 0);
    assert_in_range(bad.api.failures, 12 * HOUR_S / 600, 2 * 12 * HOUR_S / 600 + 20);
    run_free(with);
    run_free(without);
}

static void test_it_is_asked_again(void **state)
{
    struct run *r = run_prepare(43);
    struct seen s;

    (void)state;
    break_it(r, "pricing.status-500");
    s = watch(r, 4 * HOUR_S, 3 * HOUR_S);
    assert_int_equal(s.lists, 1);
    assert_in_range(s.healed_at_s, 3 * HOUR_S, 3 * HOUR_S + 11 * 60);
    assert_in_range(s.compared_at_s, s.healed_at_s, s.healed_at_s + 120);
    run_free(r);
}

/* The list comes when the servers are home again: their hours have a price all the same.
 */
static void test_late_for_closed_hours(void **state)
{
    struct run *r = run_prepare(45);
    struct seen s;

    (void)state;
    break_it(r, "pricing.status-500");
    s = watch(r, 13 * HOUR_S + 12 * 60, 13 * HOUR_S);
    assert_true(r->report.moves_back >= 4);
    assert_int_equal(s.lists, 1);
    assert_true(s.last_cost.same_hours_known);
    assert_true(s.last_cost.same_hours.nanos > s.last_cost.month.nanos);
    run_free(r);
}

/* The month is that of UTC, two hours into the site's day: its days start anew. */
static void test_turn_of_the_month(void **state)
{
    struct run *r = run_prepare(46);
    struct err e = {0};
    struct seen s;

    (void)state;
    assert_int_equal(utc_parse("2026-11-30T06:00:00Z", &r->options.from, &e), ERR_OK);
    s = watch(r, 20 * HOUR_S, 0);
    assert_int_equal(s.days, 1);
    r->options.from = r->report.to;
    s = watch(r, 22 * HOUR_S, 0);
    assert_int_equal(s.days, 2);
    assert_true(s.month_known && s.month.nanos > 0);
    run_free(r);
}

/* cost.prices speaks where the list does not, and only there. */
static void test_configured(void **state)
{
    static const struct configured_price dear[] = {
        {.type = "c5.2xlarge", .has_on_demand = true, .on_demand = {9 * USD_NANOS}}};
    struct run *listed = run_prepare(44), *configured = run_prepare(44);
    struct seen a, b;

    (void)state;
    listed->config->cost.prices = configured->config->cost.prices = dear;
    listed->config->cost.n_prices = configured->config->cost.n_prices = 1;
    break_it(configured, "pricing.status-500");
    a = watch(listed, HOUR_S, 0);
    b = watch(configured, HOUR_S, 0);
    assert_true(a.always_known && b.always_known);
    assert_true(b.always.nanos > 20 * a.always.nanos);
    run_free(listed);
    run_free(configured);
}

struct reckoned {
    struct run *r;
    struct usd before, after; /* the month by forecast, without spot prices and with */
};

static void reckon(void *ctx, const struct fleet *f)
{
    struct reckoned *v = ctx;
    int64_t now_s = f->at.s - v->r->options.from.s;
    struct err e = {0};

    if (now_s < 300)
        v->before = f->forecast.p50;
    else
        assert_int_equal(faults_set(&v->r->site->faults, "ec2.status-500", 0, &e),
                         ERR_OK);
    if (now_s < 1800)
        v->after = f->forecast.p50;
}

/* A forecast that had to do with the list's prices is made again when the spot prices
 * come, and not an hour later. */
static void test_forecast_with_spot_prices(void **state)
{
    struct run *r = run_prepare(44);
    struct reckoned v = {.r = r};

    (void)state;
    break_it(r, "ec2.status-500");
    r->options.duration_s = HOUR_S;
    r->options.each_minute = reckon;
    r->options.each_entry = NULL;
    r->options.ctx = &v;
    run_go(r);
    assert_true(v.before.nanos > 0 && v.after.nanos > 0);
    assert_true(v.after.nanos < v.before.nanos * 8 / 10);
    run_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_a_day_and_after_a_restart),
        cmocka_unit_test(test_no_list_hinders_no_move),
        cmocka_unit_test(test_it_is_asked_again),
        cmocka_unit_test(test_late_for_closed_hours),
        cmocka_unit_test(test_turn_of_the_month),
        cmocka_unit_test(test_configured),
        cmocka_unit_test(test_forecast_with_spot_prices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
