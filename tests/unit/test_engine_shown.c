#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * What the controller shows: counts, degraded modes, APIs, and what was in the quarters
 * of the day and in the prices of the last one.
 */

static const char all_apis[] =
    "site = { tz = \"UTC\" deployment = \"d\" }\n"
    "policy = { auto = \"on\" window = [\"%s\"] }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "aws = { region = \"eu-west-1\" }\n"
    "servers = { a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"home-a\"\n"
    "                  cloud_node = \"cloud-a\" eni = \"eni-a\" "
    "instance_types = [\"c5\"] } }\n";
static const char always[] = "Sun-Sat 00:00-24:00", never[] = "Wed 00:00-00:01";

static void configure(struct region *r, const char *window)
{
    char config[sizeof(all_apis) + NAME_TEXT];

    assert_true(str_format(config, sizeof(config), all_apis, window));
    region_configure(r, config);
}

static struct fleet *shown(const struct region *r)
{
    struct fleet *f = controller_snapshot(r->s.c);

    assert_non_null(f);
    return f;
}

static void see_all(struct region *r)
{
    see(r, STEP_S);
    observe(&r->s, SOURCE_VELOSTRATA);
}

/* ----- counts ----- */

/* Each server is counted in one place; settled elsewhere than where it should be, with
 * nothing that explains it, it has drifted. */
static void test_places(void **state)
{
    static const struct {
        const char *what, *window;
        enum managed_state managed;
        enum power power;
        int32_t in_cloud, on_prem, moving, unknown, drift;
    } rows[] = {
        /* clang-format off */
        {"at home, and wanted there", never, MANAGED_UNMANAGED, POWER_ON, 0, 1, 0, 0, 0},
        {"at home, and the cloud is wanted", always, MANAGED_UNMANAGED, POWER_ON, 0, 1, 0, 0, 1},
        {"out there, and wanted there", always, MANAGED_IN_CLOUD, POWER_OFF, 1, 0, 0, 0, 0},
        {"out there, and home is wanted", never, MANAGED_IN_CLOUD, POWER_OFF, 1, 0, 0, 0, 1},
        {"on its way out", always, MANAGED_TO_CLOUD, POWER_OFF, 0, 0, 1, 0, 0},
        {"on its way home", always, MANAGED_RETURNING, POWER_OFF, 0, 0, 1, 0, 0},
        {"nobody knows", always, MANAGED_UNKNOWN, POWER_OFF, 0, 0, 0, 1, 0},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        struct fleet *f;

        region_make(&r);
        configure(&r, rows[i].window);
        r.s.options.observe = true; /* or it would begin to move */
        r.s.managed.state = rows[i].managed;
        r.s.vm.power = rows[i].power;
        scene_start(&r.s);
        see_all(&r);
        see_all(&r);
        f = shown(&r);
        assert_row(rows[i].what, f->in_cloud == rows[i].in_cloud);
        assert_row(rows[i].what, f->on_prem == rows[i].on_prem);
        assert_row(rows[i].what, f->moving == rows[i].moving && f->lost == 0);
        assert_row(rows[i].what, f->unknown == rows[i].unknown);
        assert_row(rows[i].what, f->drift == rows[i].drift);
        fleet_unref(f);
        scene_end(&r.s);
    }
}

/* Orders that are not carried out yet; and is it for want of data? */
static void test_orders(void **state)
{
    static const struct {
        const char *what, *key, *value;
        bool looked; /* at its place */
        int32_t open;
        bool waits;
    } rows[] = {
        {"none", "auto", "off", true, 0, false},
        {"of a server, and nothing is known", "order:a", "cloud 0 dana", false, 1, true},
        {"of a server that moves", "order:a", "cloud 0 dana", true, 1, false},
        {"nothing is known, and nothing is ordered", "auto", "off", false, 0, false},
        {"to start the extension", "extension_order", "start dana", false, 1, false},
        {"to stop it", "extension_order", "stop dana", false, 1, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        struct fleet *f;

        region_make(&r);
        configure(&r, never);
        stored_setting(&r.s, rows[i].key, rows[i].value);
        scene_start(&r.s);
        if (rows[i].looked)
            see_all(&r);
        else
            observe(&r.s, SOURCE_JENKINS);
        f = shown(&r);
        assert_row(rows[i].what, f->orders_open == rows[i].open);
        assert_row(rows[i].what, f->servers[0].wait_data == rows[i].waits);
        fleet_unref(f);
        scene_end(&r.s);
    }
}

/* ----- what is degraded ----- */

static bool is_degraded(const struct fleet *f, const char *word)
{
    for (size_t i = 0; i < f->n_degraded; i++) {
        if (str_eq(f->degraded[i], word))
            return true;
    }
    return false;
}

static void tell_failure(struct region *r, enum source source)
{
    struct observation *o = observation_new(source);

    assert_non_null(o);
    (void)err_set(&o->err, ERR_SERVER, "%s: 503", source_api(source));
    o->at = r->s.now;
    step(&r->s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

/* All that can be down at once has its word, each of them once. */
static void test_all_degraded(void **state)
{
    static const char *const words[] = {"store",
                                        "disk",
                                        "clock",
                                        "blind:etcd",
                                        "recovering",
                                        "breaker:ec2",
                                        "blind:ec2",
                                        "breaker:velostrata",
                                        "blind:velostrata",
                                        "breaker:jenkins",
                                        "blind:jenkins",
                                        "breaker:vsphere",
                                        "blind:vsphere",
                                        "breaker:prices",
                                        "blind:prices",
                                        "breaker:pricelist",
                                        "blind:pricelist"};
    static const enum source others[] = {SOURCE_INTERFACES, SOURCE_PRICES,
                                         SOURCE_PRICELIST};
    struct event lease = {.kind = EVENT_LEASE}, full = {.kind = EVENT_STORE};
    struct region r;
    struct fleet *f;

    (void)state;
    region_make(&r);
    configure(&r, never);
    r.s.options.shared_lock = true;
    r.s.stored.n_intents = 1;
    r.s.intents[0] = (struct stored_intent){.call = {.id = 1, .kind = CALL_RETURN}};
    (void)str_copy(r.s.intents[0].call.server, NAME_TEXT, "a");
    scene_start(&r.s);
    full.as.store.ok = false;
    full.as.store.tight = true;
    step(&r.s, full); /* or the call of the last run would be looked up */
    see_all(&r);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct observation *o = observation_new(others[i]);

        assert_non_null(o);
        o->at = r.s.now;
        step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
    }
    f = shown(&r);
    assert_false(is_degraded(f, "breaker:ec2") || is_degraded(f, "blind:ec2"));
    fleet_unref(f);
    for (int n = 0; n < 5; n++) {
        r.s.now.s += 5 * 86400;
        for (size_t i = 0; i < SOURCE_LOCK; i++)
            tell_failure(&r, (enum source)i);
    }
    lease.as.lease.failing = true;
    step(&r.s, lease);
    r.s.c->clock_utc.s -= 100000; /* it was set meanwhile */
    r.s.now.s += 60;
    step(&r.s, (struct event){.kind = EVENT_TICK});
    f = shown(&r);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        assert_row(words[i], is_degraded(f, words[i]));
    assert_int_equal(f->n_degraded, ARRAY_LEN(words));
    fleet_unref(f);
    scene_end(&r.s);
}

static void test_budget_and_dry_run(void **state)
{
    struct region r;
    struct fleet *f;

    (void)state;
    region_make(&r);
    configure(&r, never);
    r.s.options.dry_run = true;
    stored_setting(&r.s, "budget_reached", "1795330000");
    scene_start(&r.s);
    f = shown(&r);
    assert_true(is_degraded(f, "budget"));
    assert_int_equal(f->setting, AUTO_DRY_RUN);
    assert_int_equal(f->mode, MODE_DRY_RUN);
    fleet_unref(f);
    scene_end(&r.s);
}

/* Who asked to be left alone is shown until then. */
static void test_left_alone(void **state)
{
    struct observation *o = observation_new(SOURCE_JENKINS);
    struct region r;
    struct fleet *f;

    (void)state;
    assert_non_null(o);
    region_make(&r);
    scene_start(&r.s);
    (void)err_set(&o->err, ERR_THROTTLED, "jenkins: slow down");
    o->at = r.s.now;
    o->retry_after_s = 120;
    step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
    f = shown(&r);
    for (size_t i = 0; i < f->n_apis; i++) {
        int64_t until = f->apis[i].source == SOURCE_JENKINS ? r.s.now.s + 120 : 0;

        assert_int_equal(f->apis[i].held_until.s, until);
    }
    fleet_unref(f);
    scene_end(&r.s);
}

/* ----- what was ----- */

/* A day whose beginning nobody saw is filled from the ledger; what was written by a clock
 * that was ahead is no later than the day. */
static void test_quarters(void **state)
{
    enum { DAY_START = 1795305600, Q = 900 /* 00:00; now it is 08:00 */ };
    static const struct {
        const char *what, *server;
        int64_t start, end; /* 0 = it goes on */
        size_t from, to;    /* quarters that it was out */
    } rows[] = {
        {"for an hour", "a", DAY_START + 4 * Q, DAY_START + 8 * Q, 4, 8},
        {"since yesterday, until then", "a", DAY_START - 7200, DAY_START + 2 * Q, 0, 2},
        {"yesterday", "a", DAY_START - 7200, DAY_START - 3600, 0, 0},
        {"it goes on", "a", DAY_START + 30 * Q, 0, 30, 32},
        {"until the day after tomorrow", "a", DAY_START + 30 * Q, NOW + 172800, 30, 100},
        {"begun tomorrow", "a", NOW + 86400, NOW + 172800, 0, 0},
        {"another server", "zz", DAY_START + 4 * Q, DAY_START + 8 * Q, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment g = {.id = 5,
                            .kind = "spot",
                            .resource = "i-1",
                            .type = "c5",
                            .zone = "eu-west-1a",
                            .start = {rows[i].start},
                            .end = {rows[i].end}};
        struct region r;
        struct fleet *f;

        (void)str_copy(g.server, sizeof(g.server), rows[i].server);
        region_make(&r);
        r.s.stored.segments = &g;
        r.s.stored.n_segments = 1;
        scene_start(&r.s);
        f = shown(&r);
        assert_int_equal(f->day_start.s, DAY_START);
        for (size_t q = 0; q < FLEET_QUARTERS; q++) {
            bool was_out = q >= rows[i].from && q < rows[i].to;

            if (f->servers[0].quarters[q] != (was_out ? PLACE_CLOUD : PLACE_UNKNOWN))
                fail_msg("%s: quarter %zu", rows[i].what, q);
        }
        fleet_unref(f);
        scene_end(&r.s);
    }
}

/* The same word is a step once, but of another request it is one again. */
static void test_requests(void **state)
{
    static const char *const requests[] = {"sir-1", "sir-1", "sir-2"};
    struct region r;

    (void)state;
    region_out(&r);
    stored_setting(&r.s, "auto", "off");
    r.spots[0] = spot_request(SPOT_ACTIVE);
    r.spots[0].status = "fulfilled";
    r.n_spots = 1;
    scene_start(&r.s);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        r.spots[0].id = requests[i];
        see(&r, STEP_S);
        fleet_unref(shown(&r));
    }
    assert_int_equal(server(&r)->n_spot_steps, 2);
    assert_string_equal(server(&r)->spot_request, "sir-2");
    scene_end(&r.s);
}

/* Of many types and zones as many are shown as there is room for. */
static void test_most_prices(void **state)
{
    enum { MANY = FLEET_TRACKS + 3 };
    struct stored_price prices[MANY];
    struct price_step steps[MANY];
    struct region r;
    struct fleet *f;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        prices[i] = (struct stored_price){.zone = "eu-west-1a"};
        (void)str_format(prices[i].type, sizeof(prices[i].type), "c5.%zu", i);
        steps[i] = (struct price_step){.at = {NOW - 7200}, .price = {70000000}};
    }
    region_make(&r);
    r.s.stored.prices = prices;
    r.s.stored.steps = steps;
    r.s.stored.n_prices = MANY;
    scene_start(&r.s);
    f = shown(&r);
    assert_int_equal(f->n_prices, FLEET_TRACKS);
    assert_string_equal(f->prices[0].type, "c5.0");
    assert_string_equal(f->prices[FLEET_TRACKS - 1].type, "c5.15");
    assert_true(f->prices[0].known[FLEET_PRICE_STEPS - 1]);
    assert_false(f->prices[0].known[0]);
    fleet_unref(f);
    scene_end(&r.s);
}

/* The day is named when it is another one: the weekday as long as it is clear which. */
static void test_clock_text(void **state)
{
    static const struct {
        const char *what;
        int64_t at;
        const char *says;
    } rows[] = {
        {"today", NOW - 3600, "07:00"},
        {"yesterday", NOW - 86400, "Sat 08:00"},
        {"in six days", NOW + 6 * INT64_C(86400), "Sat 08:00"},
        {"in a week", NOW + 7 * INT64_C(86400), "2026-11-29 08:00"},
        {"six days ago", NOW - 6 * INT64_C(86400), "Mon 08:00"},
        {"a week ago", NOW - 7 * INT64_C(86400), "2026-11-15 08:00"},
        {"that day of last month", NOW - 31 * INT64_C(86400), "2026-10-22 08:00"},
        {"that day of last year", NOW - 365 * INT64_C(86400), "2025-11-22 08:00"},
    };
    struct region r;

    (void)state;
    region_make(&r);
    scene_start(&r.s);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text_of[TIME_TEXT];

        if (!str_eq(clock_text(r.s.c, (struct utc){rows[i].at}, text_of), rows[i].says))
            fail_msg("%s: %s", rows[i].what, text_of);
    }
    scene_end(&r.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),       cmocka_unit_test(test_orders),
        cmocka_unit_test(test_all_degraded), cmocka_unit_test(test_budget_and_dry_run),
        cmocka_unit_test(test_left_alone),   cmocka_unit_test(test_quarters),
        cmocka_unit_test(test_requests),     cmocka_unit_test(test_most_prices),
        cmocka_unit_test(test_clock_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
