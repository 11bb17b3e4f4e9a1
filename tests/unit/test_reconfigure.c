#include <config.h>

#include "core/base/str.h"
#include "core/engine/parts.h"
#include "tests/unit/seen.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * Another configuration for a controller that runs: what counts at once, what is kept,
 * what comes from the store, and what is refused and changes nothing.
 */

enum { NOW = 1795334400, SERVERS = 4 }; /* a Sunday, 10:00 in Jerusalem */

#define ALWAYS "window = [\"Sun-Sat 00:00-24:00\"]"
#define NEVER  "window = [\"Wed 00:00-00:01\"]"
#define POLICY "max_moves = 8 start_spacing = \"0s\" dwell_onprem = \"0m\""
#define URLS   "v", "j", "sdk"
#define VM(x, m)                                                                         \
#x " = { vm = \"vm-" #x "\" mover = \"velostrata\" onprem_node = \"home-" #x         \
       "\" cloud_node = \"cloud-" #x "\" eni = \"eni-" #x                                \
       "\" instance_types = [\"c5\"] " m " }\n"
#define ABC VM(a, "") VM(b, "") VM(c, "")

struct scene {
    struct config *config;
    struct tz *tz;
    struct controller *c;
    struct effects fx;
    struct utc now;
    struct store_state stored;
    struct stored_setting settings[4];
    struct stored_hold holds[2];
    struct stored_intent intents[2];
    char names[SERVERS][4][16];
    struct seen_node nodes[2 * SERVERS];
    struct seen_vm vms[SERVERS];
    struct seen_managed_vm managed[SERVERS];
    struct call calls[64]; /* all that were made */
    size_t n_calls;
    size_t n_polls; /* of the last step */
    struct config_order order;
    char journal[8][LINE_TEXT]; /* entries "reload" of the last step */
    size_t n_journal;
};

static struct config *make(const char *policy, const char *const urls[3],
                           const char *servers)
{
    struct config *c = NULL;
    struct config_problems *p = NULL;
    struct err e = {0};
    char text[4096];

    assert_true(str_format(text, sizeof(text),
                           "site = { tz = \"UTC\" }\npolicy = { " POLICY
                           " auto = \"on\" %s }\n"
                           "velostrata = { url = \"http://127.0.0.1:1/%s\" "
                           "cloud_extension = \"ce-1\" }\n"
                           "jenkins = { url = \"http://127.0.0.1:1/%s\" user = \"r\" }\n"
                           "vsphere = { url = \"http://127.0.0.1:1/%s\" user = \"r\" }\n"
                           "servers = {\n%s}\n",
                           policy, urls[0], urls[1], urls[2], servers));
    if (config_load_text(text, "", false, &c, &p, &e) != ERR_OK)
        fail_msg("%s", p != NULL ? config_problems_get(p, 0) : e.text);
    return c;
}

static const char *const urls[3] = {URLS};

static void step(struct scene *s, struct event ev)
{
    ev.now = s->now;
    ev.mono.ms = (s->now.s - NOW) * 1000 + 1000000;
    controller_step(s->c, &ev, &s->fx);
    for (size_t i = 0; i < s->fx.n_calls && s->n_calls < ARRAY_LEN(s->calls); i++)
        s->calls[s->n_calls++] = s->fx.calls[i];
    s->n_polls = s->fx.n_polls;
    s->n_journal = 0;
    for (size_t i = 0; i < s->fx.n_records; i++) {
        const struct record *r = &s->fx.records[i];

        if (r->kind == RECORD_JOURNAL && str_eq(r->as.journal.action, "reload") &&
            s->n_journal < ARRAY_LEN(s->journal))
            (void)str_copy(s->journal[s->n_journal++], LINE_TEXT, r->as.journal.text);
    }
}

static void tick(struct scene *s, int64_t seconds)
{
    s->now.s += seconds;
    step(s, (struct event){.kind = EVENT_TICK});
}

static void observe(struct scene *s, enum source source)
{
    struct observation *o = observation_new(source);

    assert_non_null(o);
    o->at = s->now;
    if (source == SOURCE_JENKINS)
        o->as.jenkins = (struct obs_jenkins){
            .version = "", .nodes = s->nodes, .n_nodes = ARRAY_LEN(s->nodes)};
    else if (source == SOURCE_VSPHERE)
        o->as.vsphere =
            (struct obs_vsphere){.vms = s->vms, .n_vms = SERVERS, .load_problem = ""};
    else
        o->as.velostrata = (struct obs_velostrata){.extension_id = "ce-1",
                                                   .extension_raw = "",
                                                   .extension = EXTENSION_ACTIVE,
                                                   .edge_a_zone = "",
                                                   .edge_b_zone = "",
                                                   .extension_problem = "",
                                                   .vms = s->managed,
                                                   .n_vms = SERVERS};
    step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static void observe_all(struct scene *s)
{
    observe(s, SOURCE_JENKINS);
    observe(s, SOURCE_VSPHERE);
    observe(s, SOURCE_VELOSTRATA);
}

static void scene_make(struct scene *s, const char *policy)
{
    static const char *const forms[] = {"vm-%c", "home-%c", "cloud-%c", "id-%c"};
    struct controller_options o = {.host = "h", .user = "u", .pid = 1};
    struct err e = {0};

    for (size_t i = 0; i < SERVERS; i++) {
        char(*n)[16] = s->names[i];

        for (size_t k = 0; k < ARRAY_LEN(forms); k++)
            (void)str_format(n[k], sizeof(n[k]), "%.*s%c", (int)strlen(forms[k]) - 2,
                             forms[k], (char)('a' + i));
        s->vms[i] = vm_on(n[3], n[0]);
        s->nodes[2 * i] = node_open(n[1]);
        s->nodes[2 * i + 1] = node_parked(n[2]);
        s->managed[i] = vm_unmanaged(n[3]);
    }
    s->now.s = NOW;
    s->config = make(policy, urls, ABC);
    assert_int_equal(tz_load("UTC", &s->tz, &e), ERR_OK);
    s->stored = (struct store_state){.settings = s->settings,
                                     .holds = s->holds,
                                     .intents = s->intents,
                                     .next_call_id = 100};
    o.config = s->config;
    o.tz = s->tz;
    assert_int_equal(
        controller_new(&o, &s->stored, s->now, (struct mono){1000000}, &s->c, &e),
        ERR_OK);
    tick(s, 0);
    observe_all(s);
}

static void scene_end(struct scene *s)
{
    controller_free(s->c);
    effects_clear(&s->fx);
    tz_free(s->tz);
    config_free(s->config);
}

/* The new one is in force, or freed. */
static bool take(struct scene *s, struct config *next)
{
    struct config *was = s->config;

    s->order = (struct config_order){.config = next,
                                     .tz = s->tz,
                                     .state = &s->stored,
                                     .by = "operator:dana",
                                     .why = "",
                                     .changes = "1 option changed: x"};
    step(s, (struct event){.kind = EVENT_CONFIG, .as.config = &s->order});
    s->config = s->order.taken ? next : was;
    config_free(s->order.taken ? was : next);
    return s->order.taken;
}

static struct server_view view(struct scene *s, const char *name)
{
    struct fleet *f = controller_snapshot(s->c);
    struct server_view v = {.name = ""};
    int i;

    assert_non_null(f);
    i = fleet_find(f, name);
    if (i >= 0)
        v = f->servers[i];
    fleet_unref(f);
    return v;
}

static size_t calls_of(const struct scene *s, enum call_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_calls; i++)
        n += s->calls[i].kind == kind;
    return n;
}

static void a_window_counts_at_once(void **state)
{
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    assert_int_equal(view(&s, "a").decision.desired, PLACE_ONPREM);
    assert_true(take(&s, make(ALWAYS, urls, ABC)));
    assert_string_equal(s.journal[0], "configuration read again: 1 option changed: x");
    assert_int_equal(s.n_journal, 1);
    /* Nothing that was known is unknown, and the way out begins in the same step. */
    assert_int_equal(view(&s, "a").facts.place, PLACE_ONPREM);
    assert_int_equal(view(&s, "a").decision.desired, PLACE_CLOUD);
    assert_int_equal(calls_of(&s, CALL_NODE_CLOSE), 1);
    assert_true(s.n_polls >= 3); /* the new clients are asked now */
    scene_end(&s);
}

/* Server b is found in the cloud, and auto is off. */
static void b_is_out(struct scene *s)
{
    controller_set_auto(s->c, AUTO_OFF, s->now);
    s->managed[1].state = MANAGED_IN_CLOUD;
    s->vms[1].power = POWER_OFF;
    tick(s, 10);
    observe_all(s);
}

/* The window is taken away while builds run: they have the time that they have at any
 * window's end, and from now on. A restart with the new one comes to the same. */
static void builds_have_their_time(void **state)
{
    struct scene s = {0};
    const struct move *m;

    (void)state;
    scene_make(&s, ALWAYS);
    b_is_out(&s);
    controller_set_auto(s.c, AUTO_ON, (struct utc){NOW - 86400 * 30});
    tick(&s, 3 * 3600);
    observe_all(&s);
    for (size_t i = 0; i < s.n_calls; i++) {
        struct event ev = {.kind = EVENT_RESULT};

        ev.as.result = (struct call_result){
            .id = s.calls[i].id, .outcome = OUTCOME_DONE, .at = s.now};
        step(&s, ev);
    }
    assert_int_equal(view(&s, "b").facts.place, PLACE_CLOUD);
    assert_true(take(&s, make(NEVER, urls, ABC)));
    m = controller_server(s.c, 1).move;
    assert_non_null(m);
    assert_int_equal(m->direction, DIRECTION_BACK);
    assert_int_equal(m->drain_deadline.s, s.now.s + s.config->policy.drain_deadline);
    assert_int_equal(s.c->config_since.s, s.now.s);
    scene_end(&s);
}

static void what_is_under_way_goes_on(void **state)
{
    struct scene s = {0};
    struct event ev = {.kind = EVENT_RESULT};
    char id[ID_TEXT];

    (void)state;
    scene_make(&s, ALWAYS);
    assert_int_equal(calls_of(&s, CALL_NODE_CLOSE), 1);
    (void)str_copy(id, sizeof(id), view(&s, "a").move.id);
    assert_string_not_equal(id, "");
    assert_true(take(&s, make(ALWAYS " retry_min = \"2m\"", urls, ABC)));
    assert_string_equal(view(&s, "a").move.id, id);
    assert_int_equal(calls_of(&s, CALL_NODE_CLOSE), 1);
    /* The answer of the old client is the answer. */
    ev.as.result =
        (struct call_result){.id = s.calls[0].id, .outcome = OUTCOME_DONE, .at = s.now};
    step(&s, ev);
    assert_int_equal(calls_of(&s, CALL_NODE_CLOSE), 2); /* of the next server */
    assert_string_equal(view(&s, "a").move.id, id);
    scene_end(&s);
}

static void what_would_harm_a_move_is_refused(void **state)
{
    static const struct {
        const char *what, *servers, *why;
    } rows[] = {
        {"it is gone", VM(b, "") VM(c, ""), "a moves: its options can change when"},
        {"another interface",
         "a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"home-a\" cloud_node "
         "= \"cloud-a\" eni = \"eni-x\" instance_types = [\"c5\"] }\n" VM(b, "")
             VM(c, ""),
         "a moves: its options can change when"},
        {"a price is no harm", VM(a, "max_price = 0.5") VM(b, "") VM(c, ""), ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s = {0};
        bool refused = rows[i].why[0] != '\0';

        scene_make(&s, ALWAYS);
        assert_row(rows[i].what, (view(&s, "a").move.id[0] != 0));
        assert_row(rows[i].what,
                   take(&s, make(ALWAYS, urls, rows[i].servers)) != refused);
        assert_row(rows[i].what, str_starts(s.order.refused, rows[i].why));
        assert_row(rows[i].what,
                   str_starts(s.journal[0], refused ? "the old configuration stays: a "
                                                    : "configuration read again"));
        assert_row(rows[i].what, (view(&s, "a").move.id[0] != 0));
        tick(&s, 1);
        scene_end(&s);
    }
}

/* An order that waits for its turn would be carried out when nobody thinks of it. */
static void an_order_that_waits_keeps_its_server(void **state)
{
    struct scene s = {0};
    struct command out = {.kind = COMMAND_MOVE, .place = PLACE_CLOUD, .by = "dana"};

    (void)state;
    scene_make(&s, NEVER);
    s.managed[1].state = MANAGED_RETURNING; /* it is on its way by itself */
    observe_all(&s);
    (void)str_copy(out.server, sizeof(out.server), "b");
    out.id = 1;
    out.at = s.now;
    step(&s, (struct event){.kind = EVENT_COMMAND, .as.command.command = out});
    assert_string_equal(view(&s, "b").move.id, "");
    assert_false(take(&s, make(NEVER, urls, VM(a, "") VM(c, ""))));
    assert_string_equal(s.order.refused, "an order for b waits: `cancel b` drops it");
    /* Its options may change, and another server may go. */
    assert_true(take(&s, make(NEVER, urls, VM(a, "") VM(b, "max_price = 0.5"))));
    scene_end(&s);
}

static void away_from_home_it_stays(void **state)
{
    static const char *const others[3] = {"elsewhere", "j", "sdk"};
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    b_is_out(&s);
    assert_int_equal(view(&s, "b").facts.place, PLACE_CLOUD);
    assert_false(take(&s, make(NEVER, urls, VM(a, "") VM(c, ""))));
    assert_true(str_starts(s.order.refused, "b is not at home"));
    /* Another manager would not know of it: it would be lost, and begun at home. */
    assert_false(take(&s, make(NEVER, others, ABC)));
    assert_string_equal(s.order.refused,
                        "b is not at home: bring it home before velostrata.url changes");
    assert_int_equal(view(&s, "b").facts.place, PLACE_CLOUD);
    /* Its order is not its place. */
    assert_true(take(&s, make(NEVER, urls, VM(c, "") VM(b, "") VM(a, ""))));
    assert_int_equal(view(&s, "b").facts.place, PLACE_CLOUD);
    assert_int_equal(view(&s, "a").facts.place, PLACE_ONPREM);
    assert_int_equal(view(&s, "c").facts.place, PLACE_ONPREM);
    scene_end(&s);
}

static void a_server_comes_with_what_is_stored(void **state)
{
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    (void)str_copy(s.holds[0].server, NAME_TEXT, "d");
    s.holds[0].hold = (struct hold){
        .place = PLACE_ONPREM, .kind = HOLD_PIN, .at = {NOW - 60}, .by = "dana"};
    s.stored.n_holds = 1;
    (void)str_copy(s.intents[0].call.server, NAME_TEXT, "d");
    s.intents[0].call.id = 7;
    s.intents[0].call.kind = CALL_NODE_CLOSE;
    s.intents[1].call.id = 8; /* the extension's is known already, or is over */
    s.intents[1].call.kind = CALL_EXTENSION_START;
    s.stored.n_intents = 2;
    assert_true(take(&s, make(NEVER, urls, ABC VM(d, ""))));
    assert_int_equal(s.c->n_unresolved, 1);
    assert_string_equal(s.c->unresolved[0].server, "d");
    assert_int_equal(view(&s, "d").hold.kind, HOLD_PIN);
    /* vSphere and the manager have been read; they told of it already. */
    assert_int_equal(view(&s, "d").facts.place, PLACE_ONPREM);
    tick(&s, 5);
    observe_all(&s);
    /* … and goes again, and the others are what they were. */
    assert_true(take(&s, make(NEVER, urls, ABC)));
    assert_string_equal(view(&s, "d").name, "");
    assert_int_equal(view(&s, "c").facts.place, PLACE_ONPREM);
    tick(&s, 5);
    scene_end(&s);
}

static void another_machine_is_looked_at_anew(void **state)
{
    static const char other[] =
        "a = { vm = \"vm-d\" mover = \"velostrata\" onprem_node = \"home-a\" cloud_node "
        "= \"cloud-a\" eni = \"eni-a\" instance_types = [\"c5\"] }\n" VM(b, "") VM(c, "");
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    s.vms[3].power = POWER_OFF;
    tick(&s, 5);
    observe_all(&s);
    assert_int_equal(view(&s, "a").facts.power, POWER_ON);
    assert_true(take(&s, make(NEVER, urls, other)));
    assert_int_equal(view(&s, "a").facts.power, POWER_OFF);
    scene_end(&s);
}

static void another_address_is_another_api(void **state)
{
    static const char *const others[3] = {"v", "j", "elsewhere"};
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    assert_true(take(&s, make(NEVER, others, ABC)));
    assert_int_equal(view(&s, "a").facts.place, PLACE_UNKNOWN);
    observe_all(&s);
    assert_int_equal(view(&s, "a").facts.place, PLACE_ONPREM);
    scene_end(&s);
}

static void nodes_have_other_names(void **state)
{
    static const char other[] =
        "a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"home-d\" cloud_node "
        "= \"cloud-a\" eni = \"eni-a\" instance_types = [\"c5\"] }\n" VM(b, "") VM(c, "");
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    assert_true(take(&s, make(NEVER, urls, other)));
    assert_string_equal(view(&s, "a").facts.onprem.name, "home-d");
    assert_true(view(&s, "a").facts.onprem.known); /* Jenkins has told of that one, too */
    assert_string_equal(view(&s, "a").facts.cloud.name, "cloud-a");
    scene_end(&s);
}

static void what_cannot_be_read_is_told(void **state)
{
    static const char *const errors[] = {"rh.conf:2: no", "rh.conf:7: nor that"};
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    s.order = (struct config_order){.by = "operator:dana",
                                    .why = "SIGHUP",
                                    .changes = "",
                                    .errors = errors,
                                    .n_errors = 2};
    (void)str_copy(s.order.refused, sizeof(s.order.refused), "rh.conf has 2 errors");
    step(&s, (struct event){.kind = EVENT_CONFIG, .as.config = &s.order});
    assert_false(s.order.taken);
    assert_int_equal(s.n_journal, 3);
    assert_string_equal(s.journal[0],
                        "the old configuration stays: rh.conf has 2 errors");
    assert_string_equal(s.journal[2], "rh.conf:7: nor that");
    assert_int_equal(view(&s, "a").facts.place, PLACE_ONPREM);
    scene_end(&s);
}

/* A call of no move holds its server as fast, until its answer is there. */
static void a_call_under_way_is_waited_for(void **state)
{
    static const struct {
        const char *what, *servers;
        bool unresolved; /* the call is an earlier run's */
        const char *why;
    } rows[] = {
        {"it is gone", VM(a, "") VM(c, ""), false,
         "a call for b is under way: try again in a moment"},
        {"another node",
         VM(a, "") "b = { vm = \"vm-b\" mover = \"velostrata\" onprem_node = \"home-b\" "
                   "cloud_node = \"cloud-x\" eni = \"eni-b\" instance_types = "
                   "[\"c5\"] }\n" VM(c, ""),
         false, "a call for b is under way: try again in a moment"},
        {"a price is no harm", VM(a, "") VM(b, "max_price = 0.5") VM(c, ""), false, ""},
        {"one of an earlier run", VM(a, "") VM(c, ""), true,
         "a call for b is under way: try again in a moment"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s = {0};

        scene_make(&s, NEVER);
        if (rows[i].unresolved) {
            s.c->n_unresolved = 1;
            s.c->unresolved[0] =
                (struct unresolved){.id = 7, .kind = CALL_NODE_CLOSE, .server = "b"};
        } else { /* its node in the cloud is not to be open */
            s.nodes[3].offline = s.nodes[3].marked = false;
            s.nodes[3].connected = true;
            s.nodes[3].cause = "";
            tick(&s, 5);
            observe_all(&s);
            assert_row(rows[i].what, calls_of(&s, CALL_NODE_CLOSE) == 1);
        }
        assert_row(rows[i].what, view(&s, "b").move.id[0] == '\0');
        assert_row(rows[i].what, take(&s, make(NEVER, urls, rows[i].servers)) ==
                                     (rows[i].why[0] == '\0'));
        assert_row(rows[i].what, str_eq(s.order.refused, rows[i].why));
        scene_end(&s);
    }
}

/* Away is what is not known to be at home, and what has anything out there. */
static void what_is_away_keeps_its_server(void **state)
{
    static const struct {
        const char *what;
        enum place place, known;
        const char *instance, *leaving;
        bool refused;
    } rows[] = {
        {"at home", PLACE_ONPREM, PLACE_CLOUD, "", "", false},
        {"nobody knows, and never did", PLACE_UNKNOWN, PLACE_UNKNOWN, "", "", false},
        {"nobody knows now: it was at home", PLACE_UNKNOWN, PLACE_ONPREM, "", "", false},
        {"nobody knows now: it was out", PLACE_UNKNOWN, PLACE_CLOUD, "", "", true},
        {"on its way", PLACE_MOVING_BACK, PLACE_ONPREM, "", "", true},
        {"at home, and an instance is its own", PLACE_ONPREM, PLACE_ONPREM, "i-0", "",
         true},
        {"at home, and one leaves", PLACE_ONPREM, PLACE_ONPREM, "", "i-0", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s = {0};
        struct server_state *b;

        scene_make(&s, NEVER);
        b = &s.c->servers[1];
        b->facts.place = rows[i].place;
        b->known_place = rows[i].known;
        (void)str_copy(b->facts.instance.id, ID_TEXT, rows[i].instance);
        (void)str_copy(b->facts.leaving.id, ID_TEXT, rows[i].leaving);
        assert_row(rows[i].what,
                   take(&s, make(NEVER, urls, VM(a, "") VM(c, ""))) != rows[i].refused);
        if (rows[i].refused)
            assert_string_equal(s.order.refused, "b is not at home: bring it home before "
                                                 "it leaves the configuration");
        scene_end(&s);
    }
}

/* As another machine it is not looked for where this one is. */
static void away_it_stays_the_machine_it_is(void **state)
{
    static const struct {
        const char *what, *vm, *uuid, *mover;
        bool refused;
    } rows[] = {
        {"the same", "vm-b", "", "velostrata", false},
        {"another VM", "vm-d", "", "velostrata", true},
        {"another UUID", "vm-b", "4211-aa", "velostrata", true},
        {"another mover", "vm-b", "", "ec2", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s = {0};
        struct config *next = make(NEVER, urls, ABC);

        scene_make(&s, NEVER);
        controller_set_auto(s.c, AUTO_OFF, s.now);
        s.managed[1].state = MANAGED_IN_CLOUD;
        s.vms[1].power = POWER_OFF;
        tick(&s, 10);
        observe_all(&s);
        next->servers[1].vm = rows[i].vm;
        next->servers[1].vm_uuid = rows[i].uuid;
        next->servers[1].mover = rows[i].mover;
        assert_row(rows[i].what, take(&s, next) != rows[i].refused);
        if (rows[i].refused)
            assert_string_equal(s.order.refused, "b is not at home: bring it home before "
                                                 "its vm or mover changes");
        scene_end(&s);
    }
}

/* Where its interface is was learned of another one; the breaker that the old options
 * opened for good ends with them. */
static void another_interface_is_learned_anew(void **state)
{
    static const char other[] =
        "a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"home-a\" cloud_node "
        "= \"cloud-a\" eni = \"eni-x\" instance_types = [\"c5\"] }\n" VM(b, "") VM(c, "");
    static const struct {
        const char *what, *servers;
        bool kept;
    } rows[] = {{"the same", ABC, true}, {"another one", other, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s = {0};
        struct server_state *a;

        scene_make(&s, NEVER);
        a = &s.c->servers[0];
        (void)str_copy(a->home_zone, NAME_TEXT, "eu-west-1a");
        a->zone_seen = s.now;
        a->breaker_for_good = true;
        assert_row(rows[i].what, take(&s, make(NEVER, urls, rows[i].servers)));
        a = &s.c->servers[0];
        assert_row(rows[i].what, (a->home_zone[0] != '\0') == rows[i].kept);
        assert_row(rows[i].what, (a->zone_seen.s != 0) == rows[i].kept);
        assert_row(rows[i].what, a->breaker_for_good == rows[i].kept);
        scene_end(&s);
    }
}

/* How early a way out begins was learned, and stays while it is to be learned. */
static void what_was_learned_stays(void **state)
{
    static const struct {
        const char *what, *was, *is;
        int64_t lead_s; /* -1: as a start has it */
    } rows[] = {
        {"learned before and now", NEVER " lead = \"auto\"", NEVER " lead = \"auto\"",
         77},
        {"fixed now", NEVER " lead = \"auto\"", NEVER " lead = \"5m\"", 300},
        {"fixed before", NEVER " lead = \"5m\"", NEVER " lead = \"auto\"", -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s = {0};

        scene_make(&s, rows[i].was);
        s.c->lead_s = 77;
        assert_row(rows[i].what, take(&s, make(rows[i].is, urls, ABC)));
        if (rows[i].lead_s >= 0)
            assert_row(rows[i].what, s.c->lead_s == rows[i].lead_s);
        else
            assert_row(rows[i].what, s.c->lead_s != 77 && s.c->lead_s != 300);
        scene_end(&s);
    }
}

/* A build on a node of a server that is gone is nobody's. */
static void its_builds_go_with_a_server(void **state)
{
    struct seen_build builds[] = {{.name = "a #1", .path = "/j/job/a/1/", .number = 1},
                                  {.name = "b #1", .path = "/j/job/b/1/", .number = 1}};
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    for (size_t i = 0; i < 2; i++) {
        s.nodes[2 * i].builds = &builds[i];
        s.nodes[2 * i].n_builds = 1;
        s.nodes[2 * i].idle = false;
    }
    tick(&s, 5);
    observe_all(&s);
    assert_int_equal(s.c->builds.n, 2);
    assert_true(take(&s, make(NEVER, urls, VM(a, "") VM(c, ""))));
    assert_int_equal(s.c->builds.kept[0].n_runs, 1);
    assert_string_equal(s.c->builds.kept[0].runs[0].server->name, "a");
    assert_int_equal(s.c->builds.kept[1].n_runs, 0);
    scene_end(&s);
}

/* Who read it has refused it already: nothing is taken, whatever was read. */
static void what_was_refused_is_not_taken(void **state)
{
    struct config *next = make(ALWAYS, urls, ABC);
    struct scene s = {0};

    (void)state;
    scene_make(&s, NEVER);
    s.order = (struct config_order){.config = next,
                                    .tz = s.tz,
                                    .state = &s.stored,
                                    .by = "operator:dana",
                                    .why = "",
                                    .changes = "",
                                    .refused = "store.dir needs a restart"};
    step(&s, (struct event){.kind = EVENT_CONFIG, .as.config = &s.order});
    assert_false(s.order.taken);
    assert_true(s.c->config == s.config);
    assert_string_equal(s.journal[0],
                        "the old configuration stays: store.dir needs a restart");
    config_free(next);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_counts_at_once),
        cmocka_unit_test(builds_have_their_time),
        cmocka_unit_test(what_is_under_way_goes_on),
        cmocka_unit_test(what_would_harm_a_move_is_refused),
        cmocka_unit_test(an_order_that_waits_keeps_its_server),
        cmocka_unit_test(away_from_home_it_stays),
        cmocka_unit_test(a_server_comes_with_what_is_stored),
        cmocka_unit_test(another_machine_is_looked_at_anew),
        cmocka_unit_test(another_address_is_another_api),
        cmocka_unit_test(nodes_have_other_names),
        cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(a_call_under_way_is_waited_for),
        cmocka_unit_test(what_is_away_keeps_its_server),
        cmocka_unit_test(away_it_stays_the_machine_it_is),
        cmocka_unit_test(another_interface_is_learned_anew),
        cmocka_unit_test(what_was_learned_stays),
        cmocka_unit_test(its_builds_go_with_a_server),
        cmocka_unit_test(what_was_refused_is_not_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
