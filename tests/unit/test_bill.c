#include <config.h>

#include "core/base/rng.h"
#include "core/cost/forecast.h"

#include "tests/unit/policy_util.h"

#define USD(dollars_nanos) ((struct usd){INT64_C(dollars_nanos)})

/* The shipped prices (policy-and-cost 8). */
static struct cost_config shipped(void)
{
    return (struct cost_config){.currency = "USD",
                                .first_hour_free = true,
                                .disk_gb_month = USD(100000000),
                                .volume_gb_month = USD(80000000),
                                .snapshot_gb_month = USD(50000000),
                                .public_ipv4_hour = USD(5000000),
                                .transfer_free_gb = 100,
                                .transfer_gb = USD(90000000),
                                .cross_zone_gb = USD(10000000),
                                .host_months = 36,
                                .host_pue = USD(1500000000)};
}

static const struct configured_price prices[] = {
    {.type = "m5.xlarge",
     .has_on_demand = true,
     .has_spot = true,
     .on_demand = {199000000},
     .spot = {60000000}},
};

/* 8.1: 0.06, from 12:30 on 0.07. */
static const struct price_step example[] = {
    {{1795996800}, {60000000}}, /* 2026-11-30T00:00:00Z */
    {{1796041800}, {70000000}}, /* 12:30 */
};

struct fixture {
    struct cost_config config;
    struct price_track track;
    struct price_book book;
    struct bill bill;
    struct err e;
};

static struct utc day(const char *time)
{
    char buf[TIME_TEXT];

    (void)str_format(buf, sizeof(buf), "2026-11-30T%sZ", time);
    return utc_at(buf);
}

static void set_up(struct fixture *f)
{
    *f = (struct fixture){.config = shipped()};
    f->config.prices = prices;
    f->config.n_prices = ARRAY_LEN(prices);
    f->track = (struct price_track){.type = "m5.xlarge",
                                    .zone = "eu-west-1a",
                                    .steps = example,
                                    .n = ARRAY_LEN(example),
                                    .as_of = day("20:00:00")};
    f->book =
        (struct price_book){.config = &f->config, .tracks = &f->track, .n_tracks = 1};
    bill_clear(&f->bill);
}

static struct segment instance(const char *kind, const char *start, const char *end)
{
    struct segment g = {.id = 1, .start = day(start)};

    (void)str_copy(g.kind, sizeof(g.kind), kind);
    (void)str_copy(g.type, sizeof(g.type), "m5.xlarge");
    (void)str_copy(g.zone, sizeof(g.zone), "eu-west-1a");
    if (end != NULL)
        g.end = day(end);
    return g;
}

static int64_t total(const struct bill *b)
{
    struct usd v = {-1};
    struct err e = {0};

    assert_int_equal(bill_total(b, &v, &e), ERR_OK);
    return v.nanos;
}

static int64_t cost(struct fixture *f, const struct segment *g, const char *from,
                    const char *to)
{
    bill_clear(&f->bill);
    assert_row(g->kind, bill_segment(&f->bill, &f->book, g, day("23:00:00"), day(from),
                                     day(to), &f->e) == ERR_OK);
    return total(&f->bill);
}

/* 8.1 to the last digit, by seconds and by whole hours. */
static void test_one_day(void **state)
{
    struct fixture f;
    struct segment g = instance("spot", "08:41:20", "18:04:50");

    (void)state;
    set_up(&f);
    assert_int_equal(cost(&f, &g, "00:00:00", "23:59:59"), 617416667);
    assert_int_equal(f.bill.items[COST_SPOT].nanos, 617416667);
    assert_int_equal(f.bill.instance_s, 33810);
    assert_int_equal(f.bill.on_demand.nanos, 1868941667); /* 0.199 * 33810 / 3600 */
    assert_true(f.bill.on_demand_known);
    f.config.billing_hour = true;
    assert_int_equal(cost(&f, &g, "00:00:00", "23:59:59"), 660000000);
    assert_int_equal(f.bill.instance_s, 36000);
}

static void test_instances(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *kind, *start, *end;
        bool hours, paid_first_hour;
        int64_t nanos;
    } rows[] = {
        {"Spot instance | per second, 60s minimum",           "spot",      "08:00:00", "08:00:05", false, false, 1000000},
        {"Lost by AWS in its first hour | 0",          "lost",      "08:00:00", "08:59:59", false, false, 0},
        {"switch `first_hour_free`: off",    "lost",      "08:00:00", "08:59:59", false, true,  59983333},
        {"lost after an hour",              "lost",      "08:00:00", "09:30:00", false, false, 90000000},
        {"an older ledger's free hour",     "free",      "08:00:00", "08:30:00", false, true,  0},
        {"we ended it in the first hour",   "spot",      "08:00:00", "08:30:00", false, false, 30000000},
        {"Whole-hour mode: each life up to full hours",                     "spot",      "08:00:00", "08:30:00", true,  false, 60000000},
        {"Whole-hour mode: hour lost by AWS free",  "lost",      "08:00:00", "10:30:00", true,  false, 120000000},
        {"whole hours, just the hours",     "spot",      "08:00:00", "10:00:00", true,  false, 120000000},
        {"On-demand instance | 60s minimum",    "on_demand", "08:00:00", "08:00:30", false, false, 3316667},
        {"On-demand instance | rate * seconds / 3600",                       "on_demand", "08:00:00", "10:00:00", false, false, 398000000},
        {"Cloud extension | `cloud_extension_hour` * time from Starting to Stopped",                   "extension", "08:00:00", "18:00:00", false, false, 1990000000},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fixture f;
        struct segment g = instance(rows[i].kind, rows[i].start, rows[i].end);

        set_up(&f);
        f.config.billing_hour = rows[i].hours;
        f.config.first_hour_free = !rows[i].paid_first_hour;
        g.rate_known = true;
        g.rate = USD(199000000);
        if (cost(&f, &g, "00:00:00", "23:59:59") != rows[i].nanos)
            print_error("%s: %lld\n", rows[i].what, (long long)total(&f.bill));
        assert_row(rows[i].what, total(&f.bill) == rows[i].nanos);
    }
}

/* Never 0 for what nobody knows; an upper bound where there is one. */
static void test_unknown(void **state)
{
    struct fixture f;
    struct segment g = instance("spot", "08:00:00", "10:00:00");
    struct usd v;

    (void)state;
    set_up(&f);
    f.book.n_tracks = 0;
    f.config.n_prices = 0;
    assert_int_equal(bill_segment(&f.bill, &f.book, &g, day("12:00:00"), day("00:00:00"),
                                  day("12:00:00"), &f.e),
                     ERR_NOT_FOUND);
    assert_int_equal(f.bill.unknown, 1);
    assert_false(f.bill.on_demand_known);
    /* The last known rate of the segment itself. */
    g.rate_known = true;
    g.rate = USD(50000000);
    assert_int_equal(cost(&f, &g, "00:00:00", "12:00:00"), 100000000);
    assert_int_equal(f.bill.bounds, 0);
    /* The on-demand price bounds what has neither. */
    g.rate_known = false;
    f.config.prices = &(struct configured_price){
        .type = "m5.xlarge", .has_on_demand = true, .on_demand = {199000000}};
    f.config.n_prices = 1;
    assert_int_equal(cost(&f, &g, "00:00:00", "12:00:00"), 398000000);
    assert_int_equal(f.bill.bounds, 1);
    /* A history that nobody has confirmed for a day: known so far, bounded behind it. */
    f.book.n_tracks = 1;
    f.track.as_of.s = day("09:00:00").s - PRICE_LAST_KNOWN_S;
    assert_int_equal(cost(&f, &g, "00:00:00", "12:00:00"), 60000000 + 199000000);
    assert_int_equal(f.bill.bounds, 1);
    /* An extension without its price, an on-demand instance without its. */
    g = instance("extension", "08:00:00", "10:00:00");
    f.e = (struct err){0};
    assert_int_equal(bill_segment(&f.bill, &f.book, &g, day("12:00:00"), day("00:00:00"),
                                  day("12:00:00"), &f.e),
                     ERR_NOT_FOUND);
    assert_int_equal(f.bill.unknown, 1);
    /* What does not fit is an error. */
    g.rate_known = true;
    g.rate = (struct usd){INT64_MAX};
    f.e = (struct err){0};
    assert_int_equal(bill_segment(&f.bill, &f.book, &g, day("12:00:00"), day("00:00:00"),
                                  day("12:00:00"), &f.e),
                     ERR_RANGE);
    f.bill.items[COST_VPN] = f.bill.items[COST_SPOT] = (struct usd){INT64_MAX};
    f.e = (struct err){0};
    assert_int_equal(bill_total(&f.bill, &v, &f.e), ERR_RANGE);
}

static void test_fixed(void **state)
{
    /* clang-format off */
    static const struct { const char *what; enum cost_item item; int64_t nanos; } rows[] = {
        {"Extension disks | GB * rate / 2592000 per second, while the extension exists (8.2)", COST_DISKS, 74000000000},
        {"Images | snapshot GB * rate, all month", COST_IMAGES, 2000000000},
        {"Public IPv4 | 0.005/h each, attached or not: 2 * 720 h", COST_IPV4, 7200000000},
        {"Transfer | out GB * 0.09 after 100 GB/month", COST_TRANSFER, 4500000000},
        {"Transfer | cross-zone 0.01 each way", COST_CROSS_ZONE, 600000000},
        {"VPN share, licence, object storage | typed-in monthly amounts", COST_VPN, 36000000000},
        {"VPN share, licence, object storage | typed-in monthly amounts", COST_LICENCE, 1},
        {"VPN share, licence, object storage | typed-in monthly amounts", COST_STORAGE, 2500000000},
        {"Server root volumes (ec2) | only while the instance exists", COST_VOLUMES, 0},
    };
    /* clang-format on */
    struct fixture f;

    (void)state;
    set_up(&f);
    f.config.extension_disk_gb = 740;
    f.config.image_gb = 40;
    f.config.public_ipv4 = 2;
    f.config.transfer_gb_month = 150;
    f.config.cross_zone_gb_month = 30;
    f.config.vpn_month = USD(36000000000);
    f.config.licence_month = USD(1);
    f.config.storage_month = USD(2500000000);
    assert_int_equal(bill_fixed(&f.bill, &f.config, utc_at("2026-11-01T00:00:00Z"),
                                utc_at("2026-12-01T00:00:00Z"), &f.e),
                     ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what, f.bill.items[rows[i].item].nanos == rows[i].nanos);
    /* Less than what is free costs nothing. */
    f.config.transfer_gb_month = 99;
    bill_clear(&f.bill);
    assert_int_equal(bill_fixed(&f.bill, &f.config, utc_at("2026-11-01T00:00:00Z"),
                                utc_at("2026-12-01T00:00:00Z"), &f.e),
                     ERR_OK);
    assert_int_equal(f.bill.items[COST_TRANSFER].nanos, 0);
    f.config.disk_gb_month = (struct usd){INT64_MAX / 2};
    assert_int_equal(bill_fixed(&f.bill, &f.config, utc_at("2026-11-01T00:00:00Z"),
                                utc_at("2026-12-01T00:00:00Z"), &f.e),
                     ERR_RANGE);
}

/* "24x7 spot": each hour at the price it began with. */
static void test_spot_mean(void **state)
{
    static const struct price_step dear[] = {{{1795996800}, {INT64_MAX}}};
    /* clang-format off */
    static const struct {
        const char *what, *type, *zone, *from, *to;
        bool by_hour, is_dear, known;
        int64_t nanos;
    } rows[] = {
        {"twelve hours at 0.06, six at 0.07", "m5.xlarge", "eu-west-1a", "00:30:00", "18:30:00", false, false, true, 63333333},
        {"any zone",                    "m5.xlarge", "",           "00:30:00", "18:30:00", false, false, true, 63333333},
        {"rounded",                     "m5.xlarge", "eu-west-1a", "11:30:00", "14:30:00", false, false, true, 66666667},
        {"an hour that has begun is left out", "m5.xlarge", "eu-west-1a", "11:30:00", "13:29:59", false, false, true, 60000000},
        {"… billed by the hour, too",   "m5.xlarge", "eu-west-1a", "11:30:00", "13:29:59", true, false, true, 60000000},
        {"less than an hour",           "m5.xlarge", "eu-west-1a", "08:00:00", "08:59:59", false, false, false, -1},
        {"time runs back",              "m5.xlarge", "eu-west-1a", "08:00:00", "07:00:00", false, false, false, -1},
        {"a type without a price",      "x1.large",  "eu-west-1a", "08:00:00", "09:00:00", false, false, false, -1},
        {"the last known price counts for a day, then nobody knows", "m5.xlarge", "eu-west-1a", "12:30:00", "19:30:00", false, false, true, 70000000},
        {"… as here",                   "m5.xlarge", "eu-west-1a", "12:30:00", "21:30:00", false, false, false, -1},
        {"two are more than can be counted", "m5.xlarge", "eu-west-1a", "08:00:00", "10:00:00", false, true, false, -1},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct usd v = {-1};
        struct fixture f;

        set_up(&f);
        f.config.billing_hour = rows[i].by_hour;
        if (rows[i].is_dear) {
            f.track.steps = dear;
            f.track.n = 1;
        }
        f.track.as_of.s -= 86400;
        assert_row(rows[i].what,
                   bill_spot_mean(&f.book, rows[i].type, rows[i].zone, day(rows[i].from),
                                  day(rows[i].to), &v) == rows[i].known);
        assert_row(rows[i].what, v.nanos == rows[i].nanos);
    }
}

/* Whatever the config, whatever the cut: the parts of a period are the period. */
static void test_adds_up(void **state)
{
    static const char *const kinds[] = {"spot", "lost", "on_demand", "extension"};
    struct rng r;

    (void)state;
    rng_seed(&r, 8);
    for (int round = 0; round < 3000; round++) {
        struct fixture f;
        struct price_step steps[30];
        struct segment g = instance(kinds[round % 4], "08:00:00", NULL);
        struct utc from = {day("00:00:00").s - 40 * 86400}, mid, to, end;
        struct bill parts, whole;

        set_up(&f);
        for (size_t i = 0; i < ARRAY_LEN(steps); i++)
            steps[i] = (struct price_step){{day("07:00:00").s + (int64_t)i * 1700},
                                           {rng_between(&r, 1, 999999999)}};
        f.track.steps = steps;
        f.track.n = ARRAY_LEN(steps);
        f.config.billing_hour = rng_between(&r, 0, 1) == 1;
        f.config.extension_disk_gb = (int32_t)rng_between(&r, 0, 1000);
        f.config.root_volume_gb = (int32_t)rng_between(&r, 0, 100);
        f.config.public_ipv4 = (int32_t)rng_between(&r, 0, 9);
        f.config.vpn_month.nanos = rng_between(&r, 0, 99999999999);
        g.start.s += rng_between(&r, 0, 3599);
        end.s = g.start.s + rng_between(&r, 1, 30000);
        if (round % 3 != 0)
            g.end = end;
        g.rate_known = true;
        g.rate.nanos = rng_between(&r, 1, 999999999);
        to.s = end.s + rng_between(&r, -3000, 3000);
        mid.s = rng_between(&r, 0, 1) == 0 ? from.s + rng_between(&r, 0, to.s - from.s)
                                           : to.s - rng_between(&r, 0, 9000);
        bill_clear(&parts);
        bill_clear(&whole);
        assert_int_equal(bill_segment(&parts, &f.book, &g, end, from, mid, &f.e), ERR_OK);
        assert_int_equal(bill_fixed(&parts, &f.config, from, mid, &f.e), ERR_OK);
        assert_int_equal(bill_segment(&parts, &f.book, &g, end, mid, to, &f.e), ERR_OK);
        assert_int_equal(bill_fixed(&parts, &f.config, mid, to, &f.e), ERR_OK);
        assert_int_equal(bill_segment(&whole, &f.book, &g, end, from, to, &f.e), ERR_OK);
        assert_int_equal(bill_fixed(&whole, &f.config, from, to, &f.e), ERR_OK);
        for (int i = 0; i < COST_ITEM_COUNT; i++)
            assert_row(cost_item_word((enum cost_item)i),
                       parts.items[i].nanos == whole.items[i].nanos);
        assert_int_equal(parts.instance_s, whole.instance_s);
        assert_int_equal(parts.on_demand.nanos, whole.on_demand.nanos);
    }
}

/* 8.2: the month of the story, and what it would have cost otherwise. */
static void test_month(void **state)
{
    enum { SERVERS = 4 };
    struct compare_server servers[SERVERS];
    struct fixture f;
    struct compare_in in = {
        .servers = servers, .n = SERVERS, .total_known = true, .has_extension = true};
    struct compare_in rounded;
    struct comparisons out;
    struct bill b;
    struct usd v, each;
    char buf[USD_TEXT];

    (void)state;
    set_up(&f);
    f.config.has_extension_hour = true;
    f.config.extension_hour = USD(266000000);
    bill_clear(&b);
    /* Sun-Thu is 21.74 days: 9 h of each of them for a server. */
    assert_int_equal(usd_per_hour(USD(60000000), 704376, &each, &f.e), ERR_OK);
    b.items[COST_SPOT].nanos = each.nanos * SERVERS;
    assert_string_equal(usd_text(b.items[COST_SPOT], 2, buf), "46.96");
    assert_int_equal(usd_per_hour(f.config.extension_hour, 782640, &v, &f.e), ERR_OK);
    b.items[COST_EXTENSION] = v;
    assert_string_equal(usd_text(v, 2, buf), "57.83");
    f.config.extension_disk_gb = 740;
    assert_int_equal(bill_fixed(&b, &f.config, utc_at("2026-11-01T00:00:00Z"),
                                utc_at("2026-12-01T00:00:00Z"), &f.e),
                     ERR_OK);
    assert_string_equal(usd_text(b.items[COST_DISKS], 2, buf), "74.00");
    b.items[COST_STORAGE] = USD(1000000000);
    assert_int_equal(total(&b), 179786800000);
    assert_string_equal(usd_text((struct usd){total(&b)}, 2, buf), "179.79");

    for (size_t i = 0; i < SERVERS; i++)
        servers[i] = (struct compare_server){.seconds = 704376,
                                             .spot_known = true,
                                             .on_demand_known = true,
                                             .spot = USD(60000000),
                                             .on_demand = USD(199000000)};
    in.config = &f.config;
    in.month_s = 2629800; /* 730.5 h */
    in.total.nanos = total(&b);
    in.instances = b.items[COST_SPOT];
    in.extension = b.items[COST_EXTENSION];
    compare(&in, &out);
    assert_true(out.known[COMPARE_SAME_HOURS] && out.known[COMPARE_NEVER_STOPPED] &&
                out.known[COMPARE_ALWAYS_SPOT] && out.known[COMPARE_ALWAYS_ON_DEMAND]);
    assert_int_equal(out.amount[COMPARE_SAME_HOURS].nanos, 288573760000);
    assert_string_equal(usd_text(out.amount[COMPARE_NEVER_STOPPED], 2, buf), "316.27");
    assert_string_equal(usd_text(out.amount[COMPARE_ALWAYS_SPOT], 2, buf), "444.63");
    assert_string_equal(usd_text(out.amount[COMPARE_ALWAYS_ON_DEMAND], 2, buf), "850.79");
    assert_false(out.known[COMPARE_OWNED_HOST]);

    /* The page adds up amounts that are rounded to cents: 57.83 + 74.00 + 1.00 + 155.75
     * of four servers' 155.74536. */
    rounded = in;
    rounded.total = USD(179790000000);
    rounded.instances = USD(46960000000);
    rounded.extension = USD(57830000000);
    rounded.same_hours_priced = true;
    rounded.same_hours_price = USD(155750000000);
    for (size_t i = 0; i < SERVERS; i++)
        servers[i].seconds = 0;
    compare(&rounded, &out);
    assert_int_equal(out.amount[COMPARE_SAME_HOURS].nanos, 288580000000);
    assert_string_equal(usd_text(out.amount[COMPARE_NEVER_STOPPED], 2, buf), "316.27");
    assert_string_equal(usd_text(out.amount[COMPARE_ALWAYS_SPOT], 2, buf), "444.63");
    assert_string_equal(usd_text(out.amount[COMPARE_ALWAYS_ON_DEMAND], 2, buf), "850.79");
    servers[2].seconds = 704376;

    /* One server whose prices nobody knows. */
    servers[2].on_demand_known = false;
    compare(&in, &out);
    assert_false(out.known[COMPARE_SAME_HOURS]);
    assert_false(out.known[COMPARE_ALWAYS_ON_DEMAND]);
    assert_true(out.known[COMPARE_ALWAYS_SPOT]);
    in.total_known = false;
    f.config.has_host_month = true;
    f.config.host_month = USD(350000000000);
    compare(&in, &out);
    for (int i = 0; i < COMPARISON_COUNT; i++)
        assert_row(comparison_word((enum comparison)i),
                   out.known[i] == (i == COMPARE_OWNED_HOST));
    assert_int_equal(out.amount[COMPARE_OWNED_HOST].nanos, 350000000000);
}

/* capex/months + support + licence + W * PUE * 730.5 h * rate. */
static void test_owned_host(void **state)
{
    struct cost_config k = shipped();
    struct usd v;

    (void)state;
    assert_false(compare_owned_host(&k, &v));
    k.has_host_capex = true;
    k.host_capex = USD(9000000000000);
    k.host_support_month = USD(20000000000);
    k.host_licence_month = USD(5000000000);
    k.host_watts = 400;
    k.host_kwh = USD(250000000);
    assert_true(compare_owned_host(&k, &v));
    assert_int_equal(v.nanos, 250000000000 + 25000000000 + 109575000000);
    k.host_capex = (struct usd){INT64_MAX};
    k.host_months = 1;
    assert_false(compare_owned_host(&k, &v));
}

static void test_quantiles(void **state)
{
    /* 10 h at 0.05, 80 h at 0.06, 10 h at 0.09. */
    const struct price_step steps[] = {
        {{0}, {50000000}}, {{36000}, {90000000}}, {{72000}, {60000000}}};
    const struct price_step twice[] = {{{50}, {90000000}}, {{50}, {60000000}}};
    struct usd v;

    (void)state;
    assert_true(price_quantile(steps, 3, (struct utc){0}, (struct utc){360000}, 100, &v));
    assert_int_equal(v.nanos, 50000000);
    assert_true(price_quantile(steps, 3, (struct utc){0}, (struct utc){360000}, 101, &v));
    assert_int_equal(v.nanos, 60000000);
    assert_true(price_quantile(steps, 3, (struct utc){0}, (struct utc){360000}, 500, &v));
    assert_int_equal(v.nanos, 60000000);
    assert_true(price_quantile(steps, 3, (struct utc){0}, (struct utc){360000}, 901, &v));
    assert_int_equal(v.nanos, 90000000);
    /* The last step goes on; before the first there is none. */
    assert_true(
        price_quantile(steps, 3, (struct utc){900000}, (struct utc){900001}, 0, &v));
    assert_int_equal(v.nanos, 60000000);
    assert_false(price_quantile(steps, 3, (struct utc){-100}, (struct utc){0}, 500, &v));
    assert_false(price_quantile(steps, 0, (struct utc){0}, (struct utc){1}, 500, &v));
    /* Of the steps before and after that time none counts, nor one that another took the
     * place of in the same second. */
    assert_true(
        price_quantile(steps, 3, (struct utc){100}, (struct utc){36000}, 1000, &v));
    assert_int_equal(v.nanos, 50000000);
    assert_true(
        price_quantile(steps, 3, (struct utc){40000}, (struct utc){50000}, 0, &v));
    assert_int_equal(v.nanos, 90000000);
    assert_false(price_quantile(steps, 3, (struct utc){100}, (struct utc){100}, 0, &v));
    assert_true(price_quantile(twice, 2, (struct utc){0}, (struct utc){100}, 1000, &v));
    assert_int_equal(v.nanos, 60000000);
    assert_int_equal(forecast_usage(0, 0), 1000);
    assert_int_equal(forecast_usage(95, 100), 950);
    assert_int_equal(forecast_usage(10, 100), 800);
    assert_int_equal(forecast_usage(500, 100), 1300);
    assert_int_equal(forecast_usage(INT64_MAX, 100), 1300);
}

static struct forecast_in november(struct fixture *f, const char *now)
{
    static const struct forecast_server servers[] = {{"m5.xlarge", "eu-west-1a"},
                                                     {"m5.xlarge", ""}};

    return (struct forecast_in){.book = &f->book,
                                .now = utc_at(now),
                                .month_start = utc_at("2026-11-01T00:00:00Z"),
                                .month_end = utc_at("2026-12-01T00:00:00Z"),
                                .spent = &f->bill,
                                .servers = servers,
                                .n_servers = 2,
                                .usage_permille = 1000,
                                .extension = true,
                                .lead_s = 1500,
                                .tail_s = 4200};
}

static void test_forecast(void **state)
{
    const struct stretch spans[] = {
        {day("07:00:00"), day("16:00:00")},
        {utc_at("2026-12-01T07:00:00Z"), utc_at("2026-12-01T16:00:00Z")}};
    struct fixture f;
    struct forecast_in in;
    struct forecast out;

    (void)state;
    set_up(&f);
    f.config.has_extension_hour = true;
    f.config.extension_hour = USD(266000000);
    f.config.vpn_month = USD(30000000000);
    f.bill.items[COST_SPOT] = USD(10000000000);
    in = november(&f, "2026-11-30T00:00:00Z");
    in.spans = spans;
    in.n_spans = 2;
    /* No history yet: the configured price. 2 * 9 h * 0.06, the extension 25m + 9h + 70m,
     * the last day of the VPN. */
    f.track.n = 0;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_true(out.known);
    assert_int_equal(out.rest_s, 32400);
    assert_int_equal(out.p50.nanos, 10000000000 + 1080000000 + 2815166667 + 1000000000);
    assert_int_equal(out.p10.nanos, out.p50.nanos);
    assert_int_equal(out.instances.nanos, 11080000000);
    /* Used less than planned. */
    in.usage_permille = 900;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_int_equal(out.instances.nanos, 10972000000);
    in.usage_permille = 1000;
    /* At 13:00 of the last day; half an hour of 13 at 0.07: the median is 0.06. */
    f.track.n = ARRAY_LEN(example);
    in.now = day("13:00:00");
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_int_equal(out.rest_s, 3 * 3600);
    assert_int_equal(out.instances.nanos, 10360000000);
    assert_true(out.p90.nanos >= out.p50.nanos && out.p50.nanos >= out.p10.nanos);
    /* Before the month everything is to come, of its own only. */
    in.now = utc_at("2026-10-15T00:00:00Z");
    f.track.n = 0;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_int_equal(out.rest_s, 32400);
    /* What nobody knows makes it unknown. */
    f.config.n_prices = 0;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_false(out.known);
    in.n_servers = 0;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_true(out.known);
    f.bill.unknown = 1;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_false(out.known);
}

/* The forecast of a finished month is what it has cost. */
static void test_finished(void **state)
{
    struct stretch spans[30];
    struct rng r;

    (void)state;
    rng_seed(&r, 12);
    for (int round = 0; round < 500; round++) {
        struct fixture f;
        struct forecast_in in;
        struct forecast out;
        struct segment g = instance("spot", "06:00:00", "18:04:50");

        set_up(&f);
        in = november(&f,
                      round % 2 == 0 ? "2026-12-01T00:00:00Z" : "2027-03-01T00:00:00Z");
        for (size_t i = 0; i < ARRAY_LEN(spans); i++)
            spans[i] = (struct stretch){{in.month_start.s + (int64_t)i * 86400 + 25200},
                                        {in.month_start.s + (int64_t)i * 86400 + 57600}};
        in.spans = spans;
        in.n_spans = ARRAY_LEN(spans);
        f.config.has_extension_hour = true;
        f.config.extension_hour.nanos = rng_between(&r, 0, 999999999);
        f.config.vpn_month.nanos = rng_between(&r, 0, 99999999999);
        f.config.extension_disk_gb = (int32_t)rng_between(&r, 0, 2000);
        g.start.s += rng_between(&r, 0, 7200);
        assert_int_equal(bill_segment(&f.bill, &f.book, &g, in.now, in.month_start,
                                      in.month_end, &f.e),
                         ERR_OK);
        assert_int_equal(
            bill_fixed(&f.bill, &f.config, in.month_start, in.month_end, &f.e), ERR_OK);
        assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
        assert_true(out.known);
        assert_int_equal(out.p50.nanos, total(&f.bill));
        assert_int_equal(out.p10.nanos, total(&f.bill));
        assert_int_equal(out.p90.nanos, total(&f.bill));
        assert_int_equal(out.rest_s, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_day),    cmocka_unit_test(test_instances),
        cmocka_unit_test(test_unknown),    cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_adds_up),    cmocka_unit_test(test_month),
        cmocka_unit_test(test_owned_host), cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_forecast),   cmocka_unit_test(test_spot_mean),
        cmocka_unit_test(test_finished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
