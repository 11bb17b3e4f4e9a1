#include <config.h>

#include "core/base/str.h"
#include "core/engine/controller.h"
#include "core/engine/effects.h"
#include "tests/unit/table.h"

#include <string.h>

/*
 * Policy-and-cost 3.5 row 4 in the controller: how long the host is short of CPU already,
 * from what vSphere says every 20 s. Through events and the snapshot alone.
 */

enum { NOW = 1795377600 /* a Sunday, 20:00 UTC */, POLL_S = 20 };

static const char text[] =
    "site = { tz = \"UTC\" }\n"
    "policy = { auto = \"on\" pressure = true window = [\"Sun-Thu 09:00-18:00\"] }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "aws = { region = \"eu-west-1\" }\n"
    "cost = { prices = ( { type = \"c5\" spot = 0.1 on_demand = 0.2 } ) }\n"
    "servers = { cache = { vm = \"vm\" mover = \"velostrata\" onprem_node = \"home\"\n"
    "  cloud_node = \"away\" eni = \"eni-a\" instance_types = [\"c5\"] } }\n";

struct scene {
    struct config *config;
    struct tz *tz;
    struct controller *c;
    struct effects fx;
    struct utc now;
    struct stored_setting settings[4];
    struct store_state stored;
    /* what the APIs show; read at every later step, too */
    struct seen_vm vm;
    struct seen_host hosts[2];
    struct seen_node nodes[2];
    struct seen_managed_vm managed;
    const char *problem; /* of the statistics */
    int64_t set_by_s;    /* the wall clock was set, the machine's did not go on */
    /* what came of it */
    int64_t told;            /* journal lines about statistics */
    char pressed[LINE_TEXT]; /* as it was stored last */
};

static void step(struct scene *s, struct event ev)
{
    ev.now = s->now;
    ev.mono.ms = (s->now.s - NOW - s->set_by_s) * 1000 + 1000000;
    controller_step(s->c, &ev, &s->fx);
    for (size_t i = 0; i < s->fx.n_records; i++) {
        const struct record *r = &s->fx.records[i];

        if (r->kind == RECORD_JOURNAL && str_eq(r->as.journal.action, "statistics"))
            s->told++;
        if (r->kind == RECORD_SETTING && str_eq(r->as.setting.key, "pressed:cache"))
            (void)str_copy(s->pressed, sizeof(s->pressed), r->as.setting.value);
    }
}

static void post(struct scene *s, struct observation *o)
{
    o->at = s->now;
    step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static struct observation *seen(enum source source)
{
    struct observation *o = observation_new(source);

    assert_non_null(o);
    return o;
}

static void place_is(struct scene *s, bool in_cloud)
{
    for (size_t i = 0; i < ARRAY_LEN(s->nodes); i++) {
        bool closed = (i == 0) == in_cloud;

        s->nodes[i] = (struct seen_node){.name = i == 0 ? "home" : "away",
                                         .cause = closed ? "rushhour/1 rest" : "",
                                         .offline = closed,
                                         .marked = closed,
                                         .connected = true,
                                         .connected_known = true,
                                         .idle = true};
    }
    s->managed = (struct seen_managed_vm){.vm_id = "vm-1",
                                          .instance_uuid = "",
                                          .raw_state = "",
                                          .state = in_cloud ? MANAGED_IN_CLOUD
                                                            : MANAGED_UNMANAGED};
    s->vm.power = in_cloud ? POWER_OFF : POWER_ON;
}

/* One poll of everything; the host's ready is what it says. */
static void poll(struct scene *s, int32_t ready)
{
    struct observation *o = seen(SOURCE_VSPHERE);

    s->vm.ready_permille = s->vm.power == POWER_ON ? ready : -1;
    s->hosts[1].ready_permille = ready;
    o->as.vsphere = (struct obs_vsphere){.vms = &s->vm,
                                         .n_vms = 1,
                                         .hosts = s->hosts,
                                         .n_hosts = 2,
                                         .load_problem = s->problem};
    post(s, o);
    o = seen(SOURCE_JENKINS);
    o->as.jenkins = (struct obs_jenkins){.version = "", .nodes = s->nodes, .n_nodes = 2};
    post(s, o);
    o = seen(SOURCE_VELOSTRATA);
    o->as.velostrata = (struct obs_velostrata){.extension_id = "ce-1",
                                               .extension_raw = "",
                                               .extension = EXTENSION_ACTIVE,
                                               .edge_a_zone = "",
                                               .edge_b_zone = "",
                                               .extension_problem = "",
                                               .vms = &s->managed,
                                               .n_vms = 1};
    post(s, o);
    post(s, seen(SOURCE_INSTANCES));
}

static void scene_make(struct scene *s)
{
    struct config_problems *problems = NULL;
    struct err e = {0};

    *s = (struct scene){
        .now = {NOW},
        .problem = "",
        .vm = {.id = "vm-1",
               .name = "vm",
               .uuid = "",
               .instance_uuid = "",
               .ip = "",
               .host = "host-2",
               .connected = true,
               .cpus = 4,
               .costop_permille = -1},
        .hosts = {
            {.id = "host-1", .name = "esx1", .connected = true, .ready_permille = 9},
            {.id = "host-2", .name = "esx2", .connected = true}}};
    place_is(s, false);
    if (config_load_text(text, "", false, &s->config, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
    assert_int_equal(tz_load("UTC", &s->tz, &e), ERR_OK);
}

static void scene_start(struct scene *s)
{
    struct controller_options o = {
        .config = s->config, .tz = s->tz, .host = "h", .user = "u", .pid = 1};
    struct err e = {0};

    s->stored.settings = s->settings;
    assert_int_equal(
        controller_new(&o, &s->stored, s->now, (struct mono){1000000}, &s->c, &e),
        ERR_OK);
}

static void scene_end(struct scene *s)
{
    controller_free(s->c);
    effects_clear(&s->fx);
    tz_free(s->tz);
    config_free(s->config);
}

static void stored(struct scene *s, const char *key, const char *value)
{
    struct stored_setting *row = &s->settings[s->stored.n_settings++];

    (void)str_copy(row->key, sizeof(row->key), key);
    (void)str_copy(row->value, sizeof(row->value), value);
}

static struct server_view view(struct scene *s)
{
    struct fleet *f = controller_snapshot(s->c);
    struct server_view v;

    assert_non_null(f);
    v = f->servers[0];
    fleet_unref(f);
    return v;
}

/* Polls for so long, as often as vSphere is read. */
static void pass(struct scene *s, int64_t seconds, int32_t ready)
{
    for (; seconds > 0; seconds -= POLL_S) {
        s->now.s += POLL_S;
        poll(s, ready);
    }
}

/* Readings of some time each; at the end it goes, or it does not. */
static void test_how_long(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        struct { int64_t s; int32_t ready; } pass[5];
        bool goes;
    } rows[] = {
        {"above for 10m",                          {{600, 142}, {20, 142}}, true},
        {"20 s short of it",                       {{600, 142}}, false},
        {"at the mark is not above",               {{900, 100}}, false},
        {"one reading at the mark in between",     {{400, 142}, {20, 100}, {600, 142}}, false},
        {"and 10m after that",                     {{400, 142}, {20, 100}, {620, 142}}, true},
        {"a reading that is missing is no break",  {{400, 142}, {60, -1}, {160, 142}}, true},
        {"missing for long: nobody knows",         {{400, 142}, {120, -1}, {120, 142}}, false},
        {"nothing is ever read",                   {{1200, -1}}, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct server_view v;
        struct scene s;

        scene_make(&s);
        scene_start(&s);
        for (size_t k = 0; k < ARRAY_LEN(rows[i].pass); k++)
            pass(&s, rows[i].pass[k].s, rows[i].pass[k].ready);
        v = view(&s);
        assert_row(rows[i].what, v.move.active == rows[i].goes);
        assert_row(rows[i].what, (v.decision.reason == REASON_PRESSURE) == rows[i].goes);
        assert_row(rows[i].what, (s.pressed[0] != '\0') == rows[i].goes);
        scene_end(&s);
    }
}

/* Out there it stays over a restart, and without readings; it returns when it was below
 * for as long, and not before its dwell. */
static void test_return(void **state)
{
    struct server_view v;
    struct scene s;

    (void)state;
    scene_make(&s);
    stored(&s, "pressed:cache", "1795374000");
    stored(&s, "place:cache", "cloud");
    stored(&s, "since:cache", "1795377000"); /* 10m ago */
    place_is(&s, true);
    scene_start(&s);
    pass(&s, 1200, -1);
    v = view(&s);
    assert_int_equal(v.decision.reason, REASON_PRESSURE);
    assert_int_equal(v.decision.gate, GATE_NONE);
    pass(&s, 600, 50); /* at the mark is not below */
    assert_int_equal(view(&s).decision.reason, REASON_PRESSURE);
    pass(&s, 600, 49);
    assert_int_equal(view(&s).decision.reason, REASON_PRESSURE);
    pass(&s, 20, 49);
    v = view(&s);
    assert_int_equal(v.decision.reason, REASON_OUTSIDE);
    assert_true(v.move.active);
    assert_string_equal(s.pressed, "");
    scene_end(&s);
}

/* An interruption brought it home: whether it goes again is decided from the start. */
static void test_home_by_itself(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored(&s, "pressed:cache", "1795374000");
    stored(&s, "pressed:nobody", "1795374000");
    scene_start(&s);
    pass(&s, 600, 142);
    assert_string_equal(s.pressed, "");
    assert_false(view(&s).move.active);
    pass(&s, 60, 142);
    assert_true(view(&s).move.active);
    scene_end(&s);
}

/* Facts are of the host that the server runs on; a reason is told once. */
static void test_facts(void **state)
{
    struct fleet *f;
    struct scene s;

    (void)state;
    scene_make(&s);
    scene_start(&s);
    s.problem = "NoPermission";
    pass(&s, 120, -1);
    assert_int_equal(s.told, 1);
    assert_int_equal(view(&s).facts.ready_permille, -1);
    s.problem = "";
    pass(&s, 120, 77);
    assert_int_equal(s.told, 1);
    f = controller_snapshot(s.c);
    assert_non_null(f);
    assert_string_equal(f->host.name, "esx2");
    assert_int_equal(f->host.ready_permille, 77);
    assert_int_equal(f->host.ready_history[HOST_HISTORY - 1], 77);
    assert_int_equal(f->servers[0].facts.ready_permille, 77);
    fleet_unref(f);
    s.now.s += 600; /* too old to be believed */
    step(&s, (struct event){.kind = EVENT_TICK});
    f = controller_snapshot(s.c);
    assert_non_null(f);
    assert_true(f->host.stale);
    assert_int_equal(f->servers[0].facts.ready_permille, -1);
    assert_int_equal(f->host.ready_history[HOST_HISTORY - 1], -1);
    fleet_unref(f);
    scene_end(&s);
}

/* By a clock that was set nobody knows for how long: it is counted from the start, once
 * the clock is steady. */
static void test_clock(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    scene_start(&s);
    pass(&s, 580, 142);
    s.set_by_s = 3600;
    s.now.s += 3600;
    pass(&s, 580, 142);
    assert_false(view(&s).move.active);
    pass(&s, 300, 142);
    assert_true(view(&s).move.active);
    scene_end(&s);
}

/* A server that sleeps by itself is left where it is. */
static void test_snooze(void **state)
{
    struct server_view v;
    struct scene s;

    (void)state;
    scene_make(&s);
    stored(&s, "snooze:cache", "1795384800"); /* 22:00 */
    scene_start(&s);
    pass(&s, 900, 142);
    v = view(&s);
    assert_int_equal(v.decision.desired, PLACE_UNKNOWN);
    assert_false(v.move.active);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_long),       cmocka_unit_test(test_return),
        cmocka_unit_test(test_home_by_itself), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_snooze),         cmocka_unit_test(test_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
