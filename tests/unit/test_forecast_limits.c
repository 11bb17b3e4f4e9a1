#include <config.h>

#include "core/cost/forecast.h"

#include "tests/unit/one_price.h"

/* Cost where amounts end, or are not known: an error or "unknown", never a wrong number.
 */

static struct forecast_in november(struct fixture *f, const struct stretch *span,
                                   const struct forecast_server *server)
{
    return (struct forecast_in){.book = &f->book,
                                .now = utc_at("2026-11-15T00:00:00Z"),
                                .month_start = utc_at("2026-11-01T00:00:00Z"),
                                .month_end = utc_at("2026-12-01T00:00:00Z"),
                                .spent = &f->bill,
                                .spans = span,
                                .n_spans = 1,
                                .servers = server,
                                .n_servers = 1,
                                .usage_permille = 1000,
                                .extension = true};
}

static void test_forecast_overflow(void **state)
{
    enum {
        SPENT,
        FIXED,
        FIXED_SUM,
        EXTENSION,
        PRICE,
        SUM,
        EXTENSION_TOTAL,
        HIGH,
        P10,
        P50,
        P90,
        EXTENSION_SUM,
        INSTANCES,
        INSTANCES_SUM,
        TWO
    };
    /* clang-format off */
    static const struct { const char *what; int how; } rows[] = {
        {"what is spent",                         SPENT},
        {"what the rest of the month bills",      FIXED},
        {"all of that together",                  FIXED_SUM},
        {"the extension",                         EXTENSION},
        {"a price",                               PRICE},
        {"spent and fixed",                       SUM},
        {"spent, fixed and the extension",        EXTENSION_TOTAL},
        {"a price that holds for a tenth",        HIGH},
        {"p10",                                   P10},
        {"p50",                                   P50},
        {"p90",                                   P90},
        {"the extension, spent and to come",      EXTENSION_SUM},
        {"the instances, spent",                  INSTANCES},
        {"the instances, spent and to come",      INSTANCES_SUM},
        {"two servers together",                  TWO},
    };
    /* clang-format on */
    static const struct forecast_server servers[] = {{"m5.xlarge", "eu-west-1a"},
                                                     {"m5.xlarge", "eu-west-1a"}};
    const struct stretch span = {day("07:00:00"), day("16:00:00")};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        /* 0.06 for most of the week, a little of 0.05 and of 0.07. */
        struct price_step week[] = {{utc_at("2026-11-08T00:00:00Z"), {50000000}},
                                    {utc_at("2026-11-09T00:00:00Z"), {60000000}},
                                    {utc_at("2026-11-14T00:00:00Z"), {70000000}}};
        const int64_t hours = 9, low = 50000000 * hours, mid = 60000000 * hours;
        const int64_t high = 70000000 * hours, extension = 266000000 * hours;
        struct fixture f;
        struct forecast_in in;
        struct forecast out;

        set_up(&f);
        f.track.steps = week;
        f.track.n = ARRAY_LEN(week);
        f.config.has_extension_hour = true;
        f.config.extension_hour.nanos = 266000000;
        in = november(&f, &span, servers);
        assert_row(rows[i].what, forecast(&in, &out, &f.e) == ERR_OK);
        assert_int_equal(out.p10.nanos, extension + low);
        assert_int_equal(out.p50.nanos, extension + mid);
        assert_int_equal(out.p90.nanos, extension + high);
        switch (rows[i].how) {
        case SPENT:
            f.bill.items[COST_SPOT] = f.bill.items[COST_VPN] = MOST;
            break;
        case FIXED:
            f.config.disk_gb_month = MOST;
            f.config.extension_disk_gb = 2;
            break;
        case FIXED_SUM: /* half of the month of two that are nearly the most */
            f.config.storage_month.nanos = f.config.vpn_month.nanos =
                f.config.licence_month.nanos = INT64_MAX / 2592000 * 2591999;
            in.now = in.month_start;
            break;
        case EXTENSION:
            f.config.extension_hour = MOST;
            break;
        case PRICE:
            week[1].price = MOST;
            break;
        case SUM:
            f.bill.items[COST_VPN] = MOST;
            f.config.vpn_month.nanos = 2000000000;
            break;
        case EXTENSION_TOTAL:
            f.bill.items[COST_VPN].nanos = INT64_MAX - extension + 1;
            break;
        case HIGH:
            week[2].price = MOST;
            break;
        case P10:
            f.bill.items[COST_VPN].nanos = INT64_MAX - extension - low + 1;
            break;
        case P50:
            f.bill.items[COST_VPN].nanos = INT64_MAX - extension - mid + 1;
            break;
        case P90:
            f.bill.items[COST_VPN].nanos = INT64_MAX - extension - high + 1;
            break;
        case EXTENSION_SUM: /* a credit keeps the total small */
            f.bill.items[COST_EXTENSION] = MOST;
            f.bill.items[COST_VPN].nanos = -INT64_MAX;
            break;
        case INSTANCES:
            f.bill.items[COST_SPOT].nanos = INT64_MAX;
            f.bill.items[COST_ON_DEMAND].nanos = INT64_MAX;
            f.bill.items[COST_EXTENSION].nanos = -INT64_MAX;
            break;
        case INSTANCES_SUM:
            f.bill.items[COST_SPOT].nanos = INT64_MAX;
            f.bill.items[COST_VPN].nanos = -INT64_MAX;
            break;
        default:
            in.n_servers = 2;
            for (size_t k = 0; k < ARRAY_LEN(week); k++)
                week[k].price.nanos = INT64_MAX / (hours * 2) + 1;
            break;
        }
        f.e = (struct err){0};
        assert_row(rows[i].what, forecast(&in, &out, &f.e) == ERR_RANGE);
        assert_row(rows[i].what, f.e.text[0] != '\0');
    }
}

/* What is to come has which price; without one the forecast says that it does not know.
 */
static void test_forecast_prices(void **state)
{
    static const struct forecast_server server = {"m5.xlarge", "eu-west-1b"};
    const struct stretch span = {day("07:00:00"), day("16:00:00")};
    struct fixture f;
    struct forecast_in in;
    struct forecast out;

    (void)state;
    set_up(&f);
    in = november(&f, &span, &server);
    in.extension = false;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_false(out.known); /* no history of this zone, no price list */
    f.price.has_on_demand = true;
    f.price.on_demand.nanos = 199000000;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_true(out.known);
    assert_int_equal(out.p50.nanos, 199000000 * 9);
    f.price.has_spot = true;
    f.price.spot.nanos = 80000000;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_int_equal(out.p50.nanos, 80000000 * 9);
    /* A history that begins only now says nothing of the last week. */
    f.track.zone = "eu-west-1b";
    f.step.at = in.now;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_int_equal(out.p50.nanos, 80000000 * 9);
    /* The usage is clamped here, too. */
    in.usage_permille = 100;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_int_equal(out.p50.nanos, 64000000 * 9);
    in.usage_permille = 9000;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_int_equal(out.p50.nanos, 104000000 * 9);
    /* An extension without a price is not known; with nobody to use it, it is not needed.
     */
    in.extension = true;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_false(out.known);
    in.n_servers = 0;
    assert_int_equal(forecast(&in, &out, &f.e), ERR_OK);
    assert_true(out.known);
}

static void test_usage(void **state)
{
    /* clang-format off */
    static const struct { const char *what; int64_t actual, planned; int32_t permille; } rows[] = {
        {"nothing was planned",  100, 0, 1000},
        {"nothing is known",     -1, 100, 1000},
        {"as planned",           100, 100, 1000},
        {"clamp 0.8",            10, 100, 800},
        {"clamp 1.3",            140, 100, 1300},
        {"clamp 1.3: far above", 900, 100, 1300},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what,
                   forecast_usage(rows[i].actual, rows[i].planned) == rows[i].permille);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forecast_overflow),
        cmocka_unit_test(test_forecast_prices),
        cmocka_unit_test(test_usage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
