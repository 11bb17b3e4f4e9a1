#include <config.h>

#include "core/base/str.h"
#include "core/engine/controller.h"
#include "core/engine/effects.h"
#include "core/engine/parts.h"
#include "core/policy/offering.h"
#include "tests/unit/seen.h"
#include "tests/unit/table.h"

#include <string.h>

/*
 * The offerings of one server with three zones, as the controller makes them from what
 * the store and the APIs say: through its events and its snapshot alone. Another server,
 * with one zone, only goes the same way.
 */

enum { NOW = 1795334400 }; /* a Sunday, in the rush hours */

static const char text[] =
    "site = { tz = \"UTC\" }\n"
    "policy = { auto = \"on\" on_demand = true on_demand_max_price = 0.3 }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "aws = { region = \"eu-west-1\" }\n"
    "cost = { prices = ( { type = \"c5\" on_demand = 0.2 } ) }\n"
    "servers = { cache = { vm = \"vm\" mover = \"velostrata\" onprem_node = \"home\"\n"
    "  cloud_node = \"node-a\" eni = \"eni-a\" instance_types = [\"c5\"]\n"
    "  zones = { eu-west-1b = { eni = \"eni-b\" cloud_node = \"node-b\" }\n"
    "            eu-west-1c = { eni = \"eni-c\" cloud_node = \"node-c\" } } }\n"
    "  spare = { vm = \"vm-s\" mover = \"velostrata\" onprem_node = \"home-s\"\n"
    "  cloud_node = \"node-s\" eni = \"eni-s\" instance_types = [\"c5\"] } }\n";

struct scene {
    struct config *config;
    struct tz *tz;
    struct controller *c;
    struct effects fx;
    struct utc now;
    struct stored_setting settings[4];
    struct segment segments[2];
    struct store_state stored;
    char closed[NAME_TEXT];        /* the last node that was */
    char extension_why[LINE_TEXT]; /* why it was started last */
    enum extension_state extension;
    /* what the APIs show */
    struct seen_node nodes[6];
    struct seen_vm vms[2];
    struct seen_managed_vm managed[2];
    struct seen_interface interfaces[4];
    struct seen_price prices[3];
};

static void step(struct scene *s, struct event ev)
{
    ev.now = s->now;
    ev.mono.ms = (s->now.s - NOW) * 1000 + 1000000;
    controller_step(s->c, &ev, &s->fx);
    for (size_t i = 0; i < s->fx.n_calls; i++) {
        if (s->fx.calls[i].kind == CALL_NODE_CLOSE)
            (void)str_copy(s->closed, NAME_TEXT, s->fx.calls[i].target);
    }
    for (size_t i = 0; i < s->fx.n_records; i++) {
        const struct record *r = &s->fx.records[i];

        if (r->kind == RECORD_JOURNAL && str_eq(r->as.journal.action, "extension-start"))
            (void)str_copy(s->extension_why, LINE_TEXT, r->as.journal.text);
    }
}

static void observe(struct scene *s, enum source source)
{
    struct observation *o = observation_new(source);

    assert_non_null(o);
    o->at = s->now;
    switch (source) {
    case SOURCE_JENKINS:
        o->as.jenkins = (struct obs_jenkins){
            .version = "", .nodes = s->nodes, .n_nodes = ARRAY_LEN(s->nodes)};
        break;
    case SOURCE_VSPHERE:
        o->as.vsphere = (struct obs_vsphere){
            .vms = s->vms, .n_vms = ARRAY_LEN(s->vms), .load_problem = ""};
        break;
    case SOURCE_VELOSTRATA:
        o->as.velostrata = (struct obs_velostrata){.extension_id = "ce-1",
                                                   .extension_raw = "",
                                                   .extension = s->extension,
                                                   .edge_a_zone = "",
                                                   .edge_b_zone = "",
                                                   .extension_problem = "",
                                                   .vms = s->managed,
                                                   .n_vms = ARRAY_LEN(s->managed)};
        break;
    case SOURCE_INTERFACES:
        o->as.interfaces =
            (struct obs_interfaces){s->interfaces, ARRAY_LEN(s->interfaces)};
        break;
    case SOURCE_PRICES:
        o->as.prices = (struct obs_prices){s->prices, ARRAY_LEN(s->prices)};
        break;
    case SOURCE_INSTANCES:
    case SOURCE_SPOT:
    case SOURCE_PRICELIST:
    case SOURCE_BUILDS:
    case SOURCE_QUEUE:
    case SOURCE_LOCK:
    case SOURCE_COUNT:
        break;
    }
    step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static void observe_all(struct scene *s)
{
    static const enum source all[] = {SOURCE_INTERFACES, SOURCE_PRICES,
                                      SOURCE_INSTANCES,  SOURCE_JENKINS,
                                      SOURCE_VSPHERE,    SOURCE_VELOSTRATA};

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        observe(s, all[i]);
}

static struct seen_node node(const char *name, const char *cause)
{
    return (struct seen_node){.name = name,
                              .cause = cause,
                              .offline = true,
                              .marked = true,
                              .connected_known = true,
                              .idle = true};
}

static struct seen_interface interface(const char *id, const char *zone)
{
    return (struct seen_interface){
        .id = id, .zone = zone, .ip = "", .instance = "", .available = true};
}

static struct seen_price price(const char *zone, int64_t micros)
{
    return (struct seen_price){"c5", zone, {micros * 1000}, {NOW - 7200}};
}

static void scene_make(struct scene *s)
{
    struct config_problems *problems = NULL;
    struct err e = {0};

    *s = (struct scene){
        .now = {NOW},
        .extension = EXTENSION_ACTIVE,
        .nodes = {node("home", "rushhour/1 drain"), node("node-a", "rushhour/1 drain"),
                  node("node-b", "rushhour/1 drain"), node("node-c", "rushhour/1 drain"),
                  node("home-s", "rushhour/1 drain"), node("node-s", "rushhour/1 drain")},
        .vms = {vm_on("vm-1", "vm"), vm_on("vm-2", "vm-s")},
        .managed = {vm_unmanaged("vm-1"), vm_unmanaged("vm-2")},
        .interfaces = {interface("eni-a", "eu-west-1a"), interface("eni-b", "eu-west-1b"),
                       interface("eni-c", "eu-west-1c"),
                       interface("eni-s", "eu-west-1a")},
        .prices = {price("eu-west-1a", 70000), price("eu-west-1b", 60000),
                   price("eu-west-1c", 80000)}};
    s->nodes[0].marked = s->nodes[0].offline = false;
    s->nodes[4].marked = s->nodes[4].offline = false;
    if (config_load_text(text, "", false, &s->config, &problems, &e) != ERR_OK)
        fail_msg("%s", e.text);
    assert_int_equal(tz_load("UTC", &s->tz, &e), ERR_OK);
}

static void scene_start(struct scene *s)
{
    struct controller_options o = {
        .config = s->config, .tz = s->tz, .host = "h", .user = "u", .pid = 1};
    struct err e = {0};

    s->stored.settings = s->settings;
    s->stored.segments = s->segments;
    assert_int_equal(
        controller_new(&o, &s->stored, s->now, (struct mono){1000000}, &s->c, &e),
        ERR_OK);
    observe_all(s);
}

static void scene_end(struct scene *s)
{
    controller_free(s->c);
    effects_clear(&s->fx);
    tz_free(s->tz);
    config_free(s->config);
}

/* "c5 eu-west-1b: why" of each, a line each. */
static void expect(struct scene *s, const char *const want[], size_t n)
{
    struct fleet *f = controller_snapshot(s->c);
    const struct server_view *v = &f->servers[0];

    assert_non_null(f);
    assert_int_equal(v->n_offerings, n);
    for (size_t i = 0; i < n; i++) {
        const struct offering_view *o = &v->offerings[i];
        char name[OFFERING_NAME], got[OFFERING_NAME + LINE_TEXT];

        (void)str_format(got, sizeof(got), "%s%s: %s", o->left_out ? "- " : "",
                         offering_name(o->type, o->zone, o->lifecycle, name), o->why);
        if (!str_starts(got, want[i])) {
            print_error("%zu: %s\n", i, got);
            fail();
        }
    }
    fleet_unref(f);
}

static void test_prices(void **state)
{
    static const char *const want[] = {
        "c5 eu-west-1b: $0.0605",           "c5 eu-west-1a: $0.0705",
        "c5 eu-west-1c: $0.0806",           "c5 eu-west-1a on-demand: $0.2000",
        "c5 eu-west-1b on-demand: $0.2000", "c5 eu-west-1c on-demand: $0.2000"};
    struct scene s;

    (void)state;
    scene_make(&s);
    scene_start(&s);
    expect(&s, want, ARRAY_LEN(want));
    scene_end(&s);
}

/* Ten minutes ago AWS took an instance that had run for two hours. */
static void stored_loss(struct scene *s)
{
    s->segments[0] = (struct segment){.id = 1,
                                      .resource = "i-1",
                                      .kind = "lost",
                                      .server = "cache",
                                      .type = "c5",
                                      .zone = "eu-west-1b",
                                      .start = {NOW - 600 - 7200},
                                      .end = {NOW - 600},
                                      .source = "history"};
    s->stored.n_segments = 1;
}

/* What the ledger and the settings of the last run say. */
static void test_stored(void **state)
{
    static const char *const first[] = {
        "c5 eu-west-1a: $0.0705",
        "c5 eu-west-1b: lost 10m ago, so last; $0.06",
        "c5 eu-west-1c: no capacity 5m ago, so last; $0.0806",
        "c5 eu-west-1a on-demand",
        "c5 eu-west-1b on-demand",
        "c5 eu-west-1c on-demand"};
    static const char *const later[] = {
        "c5 eu-west-1b: $0.0615 a finished hour, 1 interruption in 2h",
        "c5 eu-west-1a: $0.0705",
        "c5 eu-west-1c: $0.0806",
        "c5 eu-west-1a on-demand",
        "c5 eu-west-1b on-demand",
        "c5 eu-west-1c on-demand"};
    struct scene s;
    bool forgotten = false;

    (void)state;
    scene_make(&s);
    stored_loss(&s);
    s.settings[0] = (struct stored_setting){"refused:c5 eu-west-1c spot", "1795334100"};
    s.settings[1] = (struct stored_setting){"refused:nonsense", "1795334100"};
    s.settings[2] = (struct stored_setting){"refused:c5 eu-west-1a spot", "soon"};
    s.settings[3] = (struct stored_setting){"refused:c5 eu-west-1a cheap", "1795334100"};
    s.stored.n_settings = 4;
    scene_start(&s);
    expect(&s, first, ARRAY_LEN(first));
    /* After half an hour both are as good as any, and the setting goes. */
    s.now.s += 1800;
    step(&s, (struct event){.kind = EVENT_TICK});
    for (size_t i = 0; i < s.fx.n_records; i++) {
        const struct record *r = &s.fx.records[i];

        forgotten =
            forgotten || (r->kind == RECORD_SETTING &&
                          str_eq(r->as.setting.key, "refused:c5 eu-west-1c spot") &&
                          r->as.setting.value[0] == '\0');
    }
    assert_true(forgotten);
    expect(&s, later, ARRAY_LEN(later));
    scene_end(&s);
}

static void test_barred(void **state)
{
    static const char *const want[] = {
        "c5 eu-west-1a: $0.0705",
        "c5 eu-west-1a on-demand",
        "- c5 eu-west-1b: its interface eni-b is in eu-west-1c",
        "- c5 eu-west-1c: its node node-c was closed by a person",
        "- c5 eu-west-1b on-demand: its interface",
        "- c5 eu-west-1c on-demand: its node"};
    struct scene s;

    (void)state;
    scene_make(&s);
    s.interfaces[1].zone = "eu-west-1c";
    s.nodes[3].cause = "dana: disk full";
    scene_start(&s);
    expect(&s, want, ARRAY_LEN(want));
    scene_end(&s);
}

static void expect_node(struct scene *s, const char *what, const char *want)
{
    struct fleet *f = controller_snapshot(s->c);

    assert_non_null(f);
    if (!str_eq(f->servers[0].facts.cloud.name, want)) {
        print_error("%s: %s\n", what, f->servers[0].facts.cloud.name);
        fail();
    }
    fleet_unref(f);
}

/* In the cloud it is seen at the node of its zone: by interface, by zone, by what was
 * launched. */
static void test_zone_in_use(void **state)
{
    static const struct {
        const char *what, *id, *eni, *zone, *used, *want;
    } rows[] = {
        {"its own interface", "i-1", "eni-a", "eu-west-1a", "eu-west-1c", "node-a"},
        {"a zone's interface", "i-1", "eni-c", "eu-west-1c", "", "node-c"},
        {"the interface wins", "i-1", "eni-b", "eu-west-1c", "eu-west-1c", "node-b"},
        {"the zone alone", "i-1", "", "eu-west-1b", "", "node-b"},
        {"neither, but launched there", "i-1", "", "", "eu-west-1b", "node-b"},
        {"nothing known", "i-1", "", "", "", "node-a"},
        {"launched in a zone that is not configured any more", "", "", "", "eu-west-1z",
         "node-a"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        s.managed[0].state = MANAGED_IN_CLOUD;
        s.managed[0].has_instance = true;
        s.managed[0].instance = instance_of(rows[i].id, INSTANCE_RUNNING);
        s.managed[0].instance.zone = rows[i].zone;
        s.managed[0].instance.eni = rows[i].eni;
        (void)str_copy(s.settings[0].key, NAME_TEXT, "used:cache");
        (void)str_copy(s.settings[0].value, LINE_TEXT, rows[i].used);
        s.stored.n_settings = 1;
        scene_start(&s);
        expect_node(&s, rows[i].what, rows[i].want);
        scene_end(&s);
    }
}

/* A server at home: a node of any zone that somebody opened is closed. */
static void test_other_node_is_closed(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    s.nodes[2].marked = s.nodes[2].offline = false;
    s.config->policy.windows[0].days = 0x40; /* nothing to do on a Sunday */
    scene_start(&s);
    s.now.s += 5;
    observe_all(&s);
    assert_string_equal(s.closed, "node-b");
    scene_end(&s);
}

/* What was seen of types and zones has a bound, and what has no place in it counts for
 * nothing: neither from the store nor from the ledger. */
static void test_most_pools(void **state)
{
    static const char *const first[] = {
        "c5 eu-west-1b: $0.0605",           "c5 eu-west-1a: $0.0705",
        "c5 eu-west-1c: $0.0806",           "c5 eu-west-1a on-demand: $0.2000",
        "c5 eu-west-1b on-demand: $0.2000", "c5 eu-west-1c on-demand: $0.2000"};
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_loss(&s);
    scene_start(&s);
    s.c->n_pools = 0;
    for (int i = 0; i <= MAX_POOLS; i++) {
        char name[NAME_TEXT];

        (void)str_format(name, sizeof(name), "m%d eu-west-1b spot", i);
        offerings_load(&(struct setting_read){s.c, NULL, name, "1795334100", NULL, 0});
    }
    assert_int_equal(s.c->n_pools, MAX_POOLS);
    s.now.s += 60; /* counted anew */
    observe_all(&s);
    expect(&s, first, ARRAY_LEN(first));
    scene_end(&s);
}

/* Made now and then only, but anew after a refusal or when the clock was set back. */
static void test_made_anew(void **state)
{
    static const struct {
        const char *what;
        int64_t later, changed; /* of the last refusal, before then; -1 = none */
        bool anew;
    } rows[] = {
        {"at once", 0, -1, false},
        {"a while later", 15, -1, true},
        {"a little later", 5, -1, false},
        {"a little later, and something was refused", 5, 2, true},
        {"the clock was set back", -100, -1, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct utc made;

        scene_make(&s);
        scene_start(&s);
        s.now.s += 60; /* what was seen at the start is old */
        observe_all(&s);
        fleet_unref(controller_snapshot(s.c));
        made = s.c->servers[0].offers_at;
        assert_int_equal(made.s, s.now.s);
        s.now.s += rows[i].later;
        step(&s, (struct event){.kind = EVENT_TICK});
        if (rows[i].changed >= 0)
            s.c->offers_changed.s = s.now.s - rows[i].changed; /* as a refusal does */
        fleet_unref(controller_snapshot(s.c));
        assert_row(rows[i].what,
                   (s.c->servers[0].offers_at.s != made.s) == (rows[i].anew));
        scene_end(&s);
    }
}

/* A price that is too large to reckon with is shown as it is. */
static void test_absurd_price(void **state)
{
    const int64_t absurd = INT64_C(20000000000000000);
    struct scene s;
    struct fleet *f;
    size_t n = 0;

    (void)state;
    scene_make(&s);
    for (size_t i = 0; i < ARRAY_LEN(s.prices); i++)
        s.prices[i].price.nanos += absurd;
    scene_start(&s);
    f = controller_snapshot(s.c);
    assert_non_null(f);
    assert_int_equal(f->servers[0].n_offerings, 2 * ARRAY_LEN(s.prices));
    for (size_t i = 0; i < f->servers[0].n_offerings; i++) {
        const struct offering_view *o = &f->servers[0].offerings[i];

        assert_true(o->price_known);
        n += o->lifecycle == LIFECYCLE_SPOT && o->price.nanos > absurd;
    }
    assert_int_equal(n, ARRAY_LEN(s.prices));
    fleet_unref(f);
    scene_end(&s);
}

/* All that a server may run as costs more than its cap. */
static void cap(struct server_config *k)
{
    static const struct offering dear = {.type = "c5",
                                         .zone = "",
                                         .lifecycle = LIFECYCLE_SPOT,
                                         .has_max_price = true,
                                         .max_price = {1}};

    k->offerings = &dear;
    k->n_offerings = 1;
}

/* The extension costs by the hour: it starts for who goes, or waits for a slot and can go
 * (policy-and-cost 6.8), not for who has no offering. */
static void test_extension_starts(void **state)
{
    static const struct {
        const char *what;
        bool capped[2];
        const char *why; /* "": it does not start */
    } rows[] = {
        /* clang-format off */
        {"both can go", {false, false}, "extension-start ce-1: cache goes to the cloud and needs the cloud extension"},
        {"the first cannot, the other waits for a slot", {true, false}, "extension-start ce-1: spare goes to the cloud and needs the cloud extension"},
        {"the other cannot, and waits for a slot", {false, true}, "extension-start ce-1: cache goes to the cloud and needs the cloud extension"},
        {"neither can, and one waits for a slot", {true, true}, ""},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        s.extension = EXTENSION_STOPPED;
        s.config->policy.windows[0].start_min = 0; /* they are wanted out there */
        for (size_t k = 0; k < ARRAY_LEN(rows[i].capped); k++) {
            if (rows[i].capped[k])
                cap(&s.config->servers[k]);
        }
        scene_start(&s);
        if (!str_eq(s.extension_why, rows[i].why))
            print_error("%s\n", s.extension_why);
        assert_row(rows[i].what, str_eq(s.extension_why, rows[i].why));
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_stored),
        cmocka_unit_test(test_barred),
        cmocka_unit_test(test_zone_in_use),
        cmocka_unit_test(test_other_node_is_closed),
        cmocka_unit_test(test_most_pools),
        cmocka_unit_test(test_made_anew),
        cmocka_unit_test(test_absurd_price),
        cmocka_unit_test(test_extension_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
