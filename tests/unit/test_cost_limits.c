#include <config.h>

#include "core/cost/bill.h"

#include "tests/unit/one_price.h"

/* Cost where amounts end, or are not known: an error or "unknown", never a wrong number.
 */

static struct segment instance(const char *kind, const char *start, const char *end)
{
    struct segment g = {.id = 1, .start = day(start), .end = day(end)};

    (void)str_copy(g.kind, sizeof(g.kind), kind);
    (void)str_copy(g.type, sizeof(g.type), "m5.xlarge");
    (void)str_copy(g.zone, sizeof(g.zone), "eu-west-1a");
    return g;
}

static enum err_code add(struct fixture *f, const struct segment *g)
{
    f->e = (struct err){0};
    return bill_segment(&f->bill, &f->book, g, day("23:00:00"), day("00:00:00"),
                        day("23:00:00"), &f->e);
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(cost_item_word(COST_SPOT), "spot");
    assert_string_equal(cost_item_text(COST_VPN), "VPN");
    assert_string_equal(cost_item_word(COST_ITEM_COUNT), "?");
    assert_string_equal(cost_item_text(COST_ITEM_COUNT), "?");
    assert_string_equal(comparison_word(COMPARE_OWNED_HOST), "owned_host");
    assert_string_equal(comparison_text(COMPARE_OWNED_HOST), "an owned host");
    assert_string_equal(comparison_word(COMPARISON_COUNT), "?");
    assert_string_equal(comparison_text(COMPARISON_COUNT), "?");
}

/* Which price counts; each row takes away the better one. */
static void test_which_price(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *type, *zone, *kind;
        bool track, empty_track, rate, spot, on_demand;
        enum err_code code;
        int64_t nanos; /* of one hour */
    } rows[] = {
        {"the history of its zone",        "m5.xlarge", "eu-west-1a", "spot", true,  false, true,  true,  true,  ERR_OK, 60000000},
        {"any zone will do",               "m5.xlarge", "",           "spot", true,  false, true,  true,  true,  ERR_OK, 60000000},
        {"another zone has none: its rate", "m5.xlarge", "eu-west-1b", "spot", true, false, true,  true,  true,  ERR_OK, 70000000},
        {"another type has none: its rate", "c5.large", "eu-west-1a", "spot", true,  false, true,  true,  true,  ERR_OK, 70000000},
        {"an empty history",               "m5.xlarge", "eu-west-1a", "spot", true,  true,  true,  true,  true,  ERR_OK, 70000000},
        {"the configured price",           "m5.xlarge", "eu-west-1a", "spot", false, false, false, true,  true,  ERR_OK, 80000000},
        {"the on-demand price bounds it",  "m5.xlarge", "eu-west-1a", "spot", false, false, false, false, true,  ERR_OK, 199000000},
        {"nobody knows",                   "m5.xlarge", "eu-west-1a", "spot", false, false, false, false, false, ERR_NOT_FOUND, 0},
        {"on-demand at its own rate",      "m5.xlarge", "eu-west-1a", "on_demand", false, false, true, false, true, ERR_OK, 70000000},
        {"on-demand without a rate",       "m5.xlarge", "eu-west-1a", "on_demand", false, false, false, false, false, ERR_NOT_FOUND, 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment g = instance(rows[i].kind, "08:00:00", "09:00:00");
        struct fixture f;
        struct usd v;

        set_up(&f);
        (void)str_copy(g.type, sizeof(g.type), rows[i].type);
        (void)str_copy(g.zone, sizeof(g.zone), rows[i].zone);
        f.book.n_tracks = rows[i].track ? 1 : 0;
        f.track.n = rows[i].empty_track ? 0 : 1;
        g.rate_known = rows[i].rate;
        g.rate.nanos = 70000000;
        f.price.has_spot = rows[i].spot;
        f.price.spot.nanos = 80000000;
        f.price.has_on_demand = rows[i].on_demand;
        f.price.on_demand.nanos = 199000000;
        assert_row(rows[i].what, add(&f, &g) == rows[i].code);
        assert_row(rows[i].what, bill_total(&f.bill, &v, &f.e) == ERR_OK);
        assert_row(rows[i].what, v.nanos == rows[i].nanos);
        assert_row(rows[i].what, f.bill.unknown == (rows[i].code == ERR_OK ? 0 : 1));
    }
}

/* A history that does not reach back, or that nobody has confirmed for a day. */
static void test_old_history(void **state)
{
    struct segment g = instance("spot", "08:00:00", "10:00:00");
    struct fixture f;

    (void)state;
    set_up(&f);
    g.rate_known = true;
    g.rate.nanos = 70000000;
    f.step.at = day("08:30:00");
    assert_int_equal(add(&f, &g), ERR_OK);
    assert_int_equal(f.bill.items[COST_SPOT].nanos, 140000000);
    /* Without an on-demand price there is no bound: the last known price goes on. */
    set_up(&f);
    f.track.as_of.s = day("09:00:00").s - PRICE_LAST_KNOWN_S;
    assert_int_equal(add(&f, &g), ERR_OK);
    assert_int_equal(f.bill.items[COST_SPOT].nanos, 120000000);
    assert_int_equal(f.bill.bounds, 0);
    f.price.has_on_demand = true;
    f.price.on_demand.nanos = 199000000;
    bill_clear(&f.bill);
    assert_int_equal(add(&f, &g), ERR_OK);
    assert_int_equal(f.bill.items[COST_SPOT].nanos, 60000000 + 199000000);
    assert_int_equal(f.bill.bounds, 1);
}

/* The same hours on-demand: known by the price list, or because it was on-demand. */
static void test_same_hours(void **state)
{
    struct segment g = instance("on_demand", "08:00:00", "09:00:00");
    struct fixture f;

    (void)state;
    set_up(&f);
    g.rate_known = true;
    g.rate.nanos = 199000000;
    assert_int_equal(add(&f, &g), ERR_OK);
    assert_true(f.bill.on_demand_known);
    assert_int_equal(f.bill.on_demand.nanos, 199000000);
    /* Of a spot instance its own rate says nothing. */
    g = instance("spot", "08:00:00", "09:00:00");
    g.rate_known = true;
    g.rate.nanos = 60000000;
    assert_int_equal(add(&f, &g), ERR_OK);
    assert_false(f.bill.on_demand_known);
    assert_int_equal(add(&f, &g), ERR_OK);
    assert_false(f.bill.on_demand_known);
    /* A stretch that was paid for already takes no price, so none is missing. */
    set_up(&f);
    g = instance("spot", "08:00:00", "09:00:00");
    assert_int_equal(bill_segment(&f.bill, &f.book, &g, day("08:00:50"), day("08:00:10"),
                                  day("08:00:40"), &f.e),
                     ERR_OK);
    assert_true(f.bill.on_demand_known);
    assert_int_equal(f.bill.instance_s, 0);
}

/* One amount of a segment's bill is too large: never a wrapped one. */
static void test_segment_overflow(void **state)
{
    enum { STEP, RATE, EXTENSION, ON_DEMAND, BOUND, VOLUME_RATE, VOLUMES, SPOT, SAME };
    /* clang-format off */
    static const struct { const char *what; int how; const char *kind; } rows[] = {
        {"a spot price",                 STEP,        "spot"},
        {"a rate of its own",            RATE,        "on_demand"},
        {"the extension's rate",         EXTENSION,   "extension"},
        {"the on-demand price",          ON_DEMAND,   "spot"},
        {"the bound of an old history",  BOUND,       "spot"},
        {"the price of its volume",      VOLUME_RATE, "spot"},
        {"the sum of volumes",           VOLUMES,     "spot"},
        {"the sum of spot instances",    SPOT,        "spot"},
        {"the sum of the same hours",    SAME,        "spot"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment g = instance(rows[i].kind, "08:00:00", "10:00:00");
        struct fixture f;

        set_up(&f);
        f.config.root_volume_gb = 8;
        f.config.volume_gb_month.nanos = 80000000;
        f.price.has_on_demand = true;
        f.price.on_demand.nanos = 199000000;
        g.rate_known = true;
        g.rate.nanos = 70000000;
        assert_row(rows[i].what, add(&f, &g) == ERR_OK);
        bill_clear(&f.bill);
        switch (rows[i].how) {
        case STEP:
            f.step.price = MOST;
            break;
        case RATE:
        case EXTENSION:
            g.rate = MOST;
            break;
        case ON_DEMAND:
            f.price.on_demand = MOST;
            break;
        case BOUND:
            f.price.on_demand = MOST;
            f.track.as_of.s = day("09:00:00").s - PRICE_LAST_KNOWN_S;
            break;
        case VOLUME_RATE:
            f.config.volume_gb_month = MOST;
            break;
        case VOLUMES:
            f.bill.items[COST_VOLUMES] = MOST;
            break;
        case SPOT:
            f.bill.items[COST_SPOT] = MOST;
            break;
        default:
            f.bill.on_demand = MOST;
            break;
        }
        assert_row(rows[i].what, add(&f, &g) == ERR_RANGE);
        assert_row(rows[i].what, f.bill.unknown == 0 && f.e.text[0] != '\0');
    }
}

/* What the calendar bills: each price, then each sum, too large by itself. */
static void test_fixed_overflow(void **state)
{
    (void)state;
    for (int i = 0; i < 11; i++) {
        struct fixture f;
        char what[32];

        (void)str_format(what, sizeof(what), "amount %d", i);
        set_up(&f);
        f.config.extension_disk_gb = f.config.public_ipv4 = f.config.image_gb = 3;
        f.config.transfer_gb_month = f.config.cross_zone_gb_month = 3;
        f.config.disk_gb_month.nanos = f.config.public_ipv4_hour.nanos = 1000000;
        f.config.snapshot_gb_month.nanos = f.config.transfer_gb.nanos = 1000000;
        f.config.cross_zone_gb.nanos = f.config.vpn_month.nanos = 1000000;
        if (i == 0)
            f.config.disk_gb_month = MOST;
        else if (i == 1)
            f.config.public_ipv4_hour = MOST;
        else if (i == 2)
            f.config.snapshot_gb_month = MOST;
        else if (i == 3)
            f.config.transfer_gb = MOST;
        else if (i == 4)
            f.config.cross_zone_gb = MOST;
        else if (i == 5)
            f.bill.items[COST_DISKS] = MOST;
        else if (i == 6)
            f.bill.items[COST_IPV4] = MOST;
        else if (i == 7)
            f.bill.items[COST_IMAGES] = MOST;
        else if (i == 8) /* a month of 31 days of it is too much, one of 30 is not */
            f.config.disk_gb_month.nanos = INT64_MAX / 3;
        else if (i == 9)
            f.config.public_ipv4_hour.nanos = INT64_MAX / 3;
        else
            f.config.vpn_month = MOST; /* a month of it fits, two do not */
        assert_row(what, bill_fixed(&f.bill, &f.config, utc_at("2026-10-01T00:00:00Z"),
                                    utc_at("2026-12-02T00:00:00Z"), &f.e) == ERR_RANGE);
        assert_row(what, f.e.text[0] != '\0');
    }
    {
        struct fixture f;

        set_up(&f);
        assert_int_equal(bill_fixed(&f.bill, &f.config, utc_at("1970-01-01T00:00:00Z"),
                                    utc_at("2100-01-01T00:00:00Z"), &f.e),
                         ERR_RANGE);
        assert_string_equal(f.e.text, "a bill is for a hundred years at most");
    }
}

static void test_ledger_overflow(void **state)
{
    const struct price_step steps[] = {{day("08:00:00"), {INT64_MAX / 3600}},
                                       {day("09:00:00"), {1}}};
    const struct price_step two[] = {{day("08:00:00"), {INT64_MAX / 3600}}};
    struct err e = {0};
    struct usd v = {7};

    (void)state;
    /* Nano-dollars times seconds end just below the limit: rounding goes beyond it. */
    assert_int_equal(
        ledger_spot(day("08:00:00"), day("08:00:00"), day("09:30:00"), steps, 2, &v, &e),
        ERR_RANGE);
    e = (struct err){0};
    assert_int_equal(
        ledger_spot(day("08:00:00"), day("09:15:00"), day("09:30:00"), steps, 2, &v, &e),
        ERR_RANGE);
    e = (struct err){0};
    assert_int_equal(
        ledger_spot(day("08:00:00"), day("10:00:00"), day("10:30:00"), two, 1, &v, &e),
        ERR_RANGE);
    assert_int_equal(v.nanos, 7);

    /* clang-format off */
    static const struct { const char *what; int64_t v, times, divisor; bool fits; int64_t out; } rows[] = {
        {"half away from zero",          5, 1, 2, true, 3},
        {"also below it",                -5, 1, 2, true, -3},
        {"a third",                      10, 1, 3, true, 3},
        {"the most there is",            INT64_MAX, 7, 7, true, INT64_MAX},
        {"too many times",               INT64_MAX / 2, 3, 1, false, 0},
        {"the part too many times",      999999999, INT64_C(1) << 40, 1000000000, false, 0},
        {"rounding goes beyond",         1, INT64_MAX, 10, false, 0},
        {"also below zero",              -1, INT64_MAX, 10, false, 0},
        {"the sum goes beyond",          (INT64_MAX - 2) / 5 * 4 + 3, 5, 4, false, 0},
    };
    /* clang-format on */
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct usd out = {7};

        e = (struct err){0};
        assert_row(rows[i].what,
                   ledger_scale((struct usd){rows[i].v}, rows[i].times, rows[i].divisor,
                                &out, &e) == (rows[i].fits ? ERR_OK : ERR_RANGE));
        assert_row(rows[i].what, out.nanos == (rows[i].fits ? rows[i].out : 7));
    }
    e = (struct err){0};
    assert_int_equal(ledger_share(MOST, 2, 1, 1, &v, &e), ERR_RANGE);
    assert_int_equal(ledger_share(MOST, 1, 2, 1, &v, &e), ERR_RANGE);
}

/* Comparisons that cannot be known, or do not fit, are not known; the others are. */
static void test_compare(void **state)
{
    enum {
        NO_SPOT,
        NO_ON_DEMAND,
        SPOT_MOST,
        ON_DEMAND_MOST,
        TOTAL_LEAST,
        NO_EXTENSION,
        NO_EXTENSION_PRICE,
        EXTENSION_MOST,
        EXTENSION_LEAST,
        INSTANCES_LEAST,
        MANY_SERVERS,
        ONLY_HOST,
        IDLE,
        RUNNING_LARGE,
        NEVER_LARGE,
        REST_LARGE,
        SAME_LARGE
    };
    /* clang-format off */
    static const struct { const char *what; int how; bool same, never, spot, on_demand; } rows[] = {
        {"no spot price",                    NO_SPOT,         true,  true,  false, true},
        {"no on-demand price",               NO_ON_DEMAND,    false, true,  true,  false},
        {"a spot price too large",           SPOT_MOST,       true,  true,  false, true},
        {"an on-demand price too large",     ON_DEMAND_MOST,  false, true,  true,  false},
        {"a total too small",                TOTAL_LEAST,     false, false, false, false},
        {"no extension: nothing to stop",    NO_EXTENSION,    true,  false, true,  true},
        {"an extension without a price",     NO_EXTENSION_PRICE, true, false, false, false},
        {"the extension's price too large",  EXTENSION_MOST,  true,  false, false, false},
        {"what the extension cost",          EXTENSION_LEAST, true,  false, false, false},
        {"what the instances cost",          INSTANCES_LEAST, false, true,  false, false},
        {"many servers together",            MANY_SERVERS,    false, true,  false, false},
        {"the total is not known",           ONLY_HOST,       false, false, false, false},
        {"nobody goes out",                  IDLE,            true,  true,  true,  true},
        {"all month beside the rest",        RUNNING_LARGE,   true,  false, false, false},
        {"all instances beside the rest",    NEVER_LARGE,     true,  true,  false, false},
        {"the rest beside the same hours",   REST_LARGE,      false, true,  true,  true},
        {"the same hours beside the rest",   SAME_LARGE,      false, true,  true,  false},
    };
    /* clang-format on */

    static struct compare_server many[4000];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (struct compare_server){
            2629800, true, true, {INT64_MAX / 2629801}, {INT64_MAX / 2629801}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct compare_server servers[2] = {{3600, true, true, {60000000}, {199000000}},
                                            {3600, true, true, {60000000}, {199000000}}};
        struct cost_config k = {.has_extension_hour = true,
                                .extension_hour = {266000000}};
        struct compare_in in = {.config = &k,
                                .servers = servers,
                                .n = 2,
                                .month_s = 2629800,
                                .total_known = true,
                                .total = {10000000000},
                                .instances = {120000000},
                                .extension = {266000000},
                                .has_extension = true};
        struct comparisons out;

        switch (rows[i].how) {
        case NO_SPOT:
            servers[1].spot_known = false;
            break;
        case NO_ON_DEMAND:
            servers[1].on_demand_known = false;
            break;
        case SPOT_MOST:
            servers[1].spot = MOST;
            break;
        case ON_DEMAND_MOST:
            servers[1].on_demand = MOST;
            break;
        case TOTAL_LEAST:
            in.total.nanos = INT64_MIN;
            break;
        case NO_EXTENSION:
            in.has_extension = false; /* a price alone makes none */
            break;
        case NO_EXTENSION_PRICE:
            k.has_extension_hour = false;
            break;
        case EXTENSION_MOST:
            k.extension_hour = MOST;
            break;
        case EXTENSION_LEAST:
            in.extension.nanos = INT64_MIN;
            break;
        case INSTANCES_LEAST:
            in.instances.nanos = INT64_MIN;
            break;
        case MANY_SERVERS: /* each of them fits */
            in.servers = many;
            in.n = ARRAY_LEN(many);
            break;
        case ONLY_HOST:
            in.total_known = false;
            break;
        case IDLE:
            servers[0].seconds = servers[1].seconds = 0;
            break;
        case RUNNING_LARGE:
            in.total.nanos = INT64_MAX;
            in.extension.nanos = 0;
            in.instances.nanos = INT64_MAX;
            break;
        case NEVER_LARGE:
            in.total.nanos = INT64_MAX - INT64_C(500000000000);
            in.instances.nanos = in.extension.nanos = 0;
            servers[0].spot.nanos = servers[0].on_demand.nanos = INT64_C(1) << 40;
            servers[0].seconds = 1;
            break;
        case REST_LARGE: /* all of it is the extension's */
            in.total.nanos = in.extension.nanos = INT64_MAX;
            in.instances.nanos = 0;
            break;
        default: /* the hours so far, priced already */
            in.same_hours_priced = true;
            in.same_hours_price.nanos = INT64_MAX;
            servers[0].on_demand.nanos = INT64_C(1) << 30;
            break;
        }
        compare(&in, &out);
        assert_row(rows[i].what, out.known[COMPARE_SAME_HOURS] == rows[i].same);
        assert_row(rows[i].what, out.known[COMPARE_NEVER_STOPPED] == rows[i].never);
        assert_row(rows[i].what, out.known[COMPARE_ALWAYS_SPOT] == rows[i].spot);
        assert_row(rows[i].what,
                   out.known[COMPARE_ALWAYS_ON_DEMAND] ==
                       (rows[i].how == SAME_LARGE ? true : rows[i].on_demand));
    }
}

static void test_owned_host(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        bool capex;
        int32_t months, watts;
        int64_t price, support, licence, kwh, pue;
        bool known;
    } rows[] = {
        {"all of it",               true,  36, 400, 9000, 1, 1, 150000000, 1500000000, true},
        {"no capex",                false, 36, 400, 9000, 1, 1, 150000000, 1500000000, false},
        {"no months",               true,  0,  400, 9000, 1, 1, 150000000, 1500000000, false},
        {"power too dear",          true,  36, 400, 9000, 1, 1, INT64_MAX, 1500000000, false},
        {"lost on the way",         true,  36, 400, 9000, 1, 1, INT64_MAX / 1000, INT64_MAX, false},
        {"support too dear",        true,  1,  400, INT64_MAX, 1, 1, 150000000, 1500000000, false},
        {"a licence too dear",      true,  1,  400, 9000, 1, INT64_MAX, 150000000, 1500000000, false},
        {"power goes beyond",       true,  1,  400, INT64_MAX - 2, 1, 1, 150000000, 1500000000, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cost_config k = {.has_host_capex = rows[i].capex,
                                .host_months = rows[i].months,
                                .host_watts = rows[i].watts,
                                .host_capex = {rows[i].price},
                                .host_support_month = {rows[i].support},
                                .host_licence_month = {rows[i].licence},
                                .host_kwh = {rows[i].kwh},
                                .host_pue = {rows[i].pue}};
        struct usd v;

        assert_row(rows[i].what, compare_owned_host(&k, &v) == rows[i].known);
    }
}

/* One bill and another: item by item; too much in any of them is told. */
static void test_bill_add(void **state)
{
    struct bill sum, b;
    struct err e = {0};

    (void)state;
    bill_clear(&sum);
    bill_clear(&b);
    b.items[COST_SPOT].nanos = 5;
    b.items[COST_VPN].nanos = 7;
    b.unknown = 1;
    b.bounds = 2;
    b.instance_s = 3600;
    b.on_demand.nanos = 11;
    assert_int_equal(bill_add(&sum, &b, &e), ERR_OK);
    assert_int_equal(bill_add(&sum, &b, &e), ERR_OK);
    assert_int_equal(sum.items[COST_SPOT].nanos, 10);
    assert_int_equal(sum.items[COST_VPN].nanos, 14);
    assert_int_equal(sum.unknown, 2);
    assert_int_equal(sum.bounds, 4);
    assert_int_equal(sum.instance_s, 7200);
    assert_int_equal(sum.on_demand.nanos, 22);
    assert_true(sum.on_demand_known);
    b.on_demand_known = false;
    assert_int_equal(bill_add(&sum, &b, &e), ERR_OK);
    assert_false(sum.on_demand_known);
    assert_int_equal(bill_add(&b, &sum, &e), ERR_OK);
    assert_false(b.on_demand_known);
    sum.on_demand.nanos = INT64_MAX;
    assert_int_equal(bill_add(&sum, &b, &e), ERR_RANGE);
    err_clear(&e);
    sum.items[COST_VPN].nanos = INT64_MAX;
    assert_int_equal(bill_add(&sum, &b, &e), ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bill_add),       cmocka_unit_test(test_words),
        cmocka_unit_test(test_which_price),    cmocka_unit_test(test_old_history),
        cmocka_unit_test(test_same_hours),     cmocka_unit_test(test_segment_overflow),
        cmocka_unit_test(test_fixed_overflow), cmocka_unit_test(test_ledger_overflow),
        cmocka_unit_test(test_compare),        cmocka_unit_test(test_owned_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
