#include <config.h>

#include "core/base/str.h"
#include "core/engine/controller.h"
#include "core/engine/effects.h"
#include "core/engine/parts.h"
#include "tests/unit/seen.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * What reliability 6, 7 and 9 ask of calls: what the last run began is looked up first,
 * so many at a time and no more, an API that is down or asks to be left alone gets none,
 * a provider's retries have a budget, and what each degraded mode forbids.
 */

enum { NOW = 1795334400, SERVERS = 3 }; /* a Sunday, in the rush hours */

static const char text[] =
    "site = { tz = \"UTC\" }\n"
    "policy = { auto = \"on\" window = [\"Sun-Sat 00:00-24:00\"] max_moves = 8 "
    "start_spacing = \"0s\" dwell_onprem = \"0m\" "
    "}\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "servers = {\n"
    "  a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"home-a\"\n"
    "        cloud_node = \"cloud-a\" eni = \"eni-a\" instance_types = [\"c5\"] }\n"
    "  b = { vm = \"vm-b\" mover = \"velostrata\" onprem_node = \"home-b\"\n"
    "        cloud_node = \"cloud-b\" eni = \"eni-b\" instance_types = [\"c5\"] }\n"
    "  c = { vm = \"vm-c\" mover = \"velostrata\" onprem_node = \"home-c\"\n"
    "        cloud_node = \"cloud-c\" eni = \"eni-c\" instance_types = [\"c5\"] } }\n";

static const char letters[SERVERS + 1] = "abc";

struct scene {
    struct config *config;
    struct tz *tz;
    struct controller *c;
    struct effects fx;
    struct utc now;
    int64_t sub_ms;
    struct store_state stored;
    struct stored_setting settings[8];
    struct stored_intent intents[2];
    char names[SERVERS][6][16];
    struct seen_node nodes[2 * SERVERS];
    struct seen_vm vms[SERVERS];
    struct seen_managed_vm managed[SERVERS];
    enum extension_state extension;
    enum err_code error;    /* of the next observations */
    int64_t retry_after_s;  /* with it */
    const char *request;    /* the id of their requests, NULL = none */
    char blamed[LINE_TEXT]; /* reason of the last failure in the journal */
    struct call calls[64];  /* all that were made */
    size_t n_calls;
    int32_t resolved;        /* outcomes of intents of the last run */
    char setting[NAME_TEXT]; /* the value of `watch`, when it was written */
    const char *watch;
};

static void step(struct scene *s, struct event ev)
{
    ev.now = s->now;
    ev.mono.ms = (s->now.s - NOW) * 1000 + 1000000 + s->sub_ms;
    controller_step(s->c, &ev, &s->fx);
    for (size_t i = 0; i < s->fx.n_calls && s->n_calls < ARRAY_LEN(s->calls); i++)
        s->calls[s->n_calls++] = s->fx.calls[i];
    for (size_t i = 0; i < s->fx.n_records; i++) {
        const struct record *r = &s->fx.records[i];

        if (r->kind == RECORD_JOURNAL && r->as.journal.outcome == OUTCOME_FAILED)
            (void)str_copy(s->blamed, sizeof(s->blamed), r->as.journal.reason);
        s->resolved += r->kind == RECORD_OUTCOME && r->as.outcome.id < 100;
        if (s->watch != NULL && r->kind == RECORD_SETTING &&
            str_eq(r->as.setting.key, s->watch))
            (void)str_copy(s->setting, sizeof(s->setting), r->as.setting.value);
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
    if (s->request != NULL)
        (void)str_copy(o->request_id, sizeof(o->request_id), s->request);
    if (s->error != ERR_OK) {
        (void)err_set(&o->err, s->error, "no");
        o->retry_after_s = s->retry_after_s;
    } else if (source == SOURCE_JENKINS) {
        o->as.jenkins = (struct obs_jenkins){
            .version = "", .nodes = s->nodes, .n_nodes = ARRAY_LEN(s->nodes)};
    } else if (source == SOURCE_VSPHERE) {
        o->as.vsphere =
            (struct obs_vsphere){.vms = s->vms, .n_vms = SERVERS, .load_problem = ""};
    } else {
        o->as.velostrata = (struct obs_velostrata){.extension_id = "ce-1",
                                                   .extension_raw = "",
                                                   .extension = s->extension,
                                                   .edge_a_zone = "",
                                                   .edge_b_zone = "",
                                                   .extension_problem = "",
                                                   .vms = s->managed,
                                                   .n_vms = SERVERS};
    }
    step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static void observe_all(struct scene *s)
{
    observe(s, SOURCE_JENKINS);
    observe(s, SOURCE_VSPHERE);
    observe(s, SOURCE_VELOSTRATA);
}

static void answer(struct scene *s, const struct call *call, enum outcome outcome,
                   int64_t retry_after_s)
{
    struct event ev = {.kind = EVENT_RESULT};

    ev.as.result = (struct call_result){
        .id = call->id, .outcome = outcome, .at = s->now, .retry_after_s = retry_after_s};
    if (s->request != NULL)
        (void)str_copy(ev.as.result.request_id, ID_TEXT, s->request);
    if (outcome != OUTCOME_DONE)
        (void)err_set(&ev.as.result.err, ERR_THROTTLED, "HTTP 429");
    step(s, ev);
}

static void scene_make(struct scene *s)
{
    static const char *const forms[] = {"vm-%c", "home-%c", "cloud-%c", "id-%c"};
    struct config_problems *problems = NULL;
    struct err e = {0};

    *s = (struct scene){.now = {NOW}, .extension = EXTENSION_ACTIVE};
    for (size_t i = 0; i < SERVERS; i++) {
        char(*n)[16] = s->names[i];

        for (size_t k = 0; k < ARRAY_LEN(forms); k++) {
            const char *cut = strchr(forms[k], '%');

            (void)str_format(n[k], sizeof(n[k]), "%.*s%c", (int)(cut - forms[k]),
                             forms[k], letters[i]);
        }
        s->vms[i] = vm_on(n[3], n[0]);
        s->nodes[2 * i] = node_open(n[1]);
        s->nodes[2 * i + 1] = node_parked(n[2]);
        s->managed[i] = vm_unmanaged(n[3]);
    }
    if (config_load_text(text, "", false, &s->config, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
    assert_int_equal(tz_load("UTC", &s->tz, &e), ERR_OK);
}

static void scene_start(struct scene *s)
{
    struct controller_options o = {
        .config = s->config, .tz = s->tz, .host = "h", .user = "u", .pid = 1};
    struct err e = {0};

    controller_free(s->c);
    s->stored.settings = s->settings;
    s->stored.intents = s->intents;
    s->stored.next_call_id = 100;
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

static void stored_setting(struct scene *s, const char *key, const char *value)
{
    struct stored_setting *row = &s->settings[s->stored.n_settings++];

    (void)str_copy(row->key, sizeof(row->key), key);
    (void)str_copy(row->value, sizeof(row->value), value);
}

static void stored_intent(struct scene *s, enum call_kind kind, const char *server)
{
    struct stored_intent *row = &s->intents[s->stored.n_intents++];

    row->call.id = s->stored.n_intents;
    row->call.kind = kind;
    (void)str_copy(row->call.server, NAME_TEXT, server);
    row->at = s->now;
}

static size_t calls_of(const struct scene *s, const char *server)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_calls; i++)
        n += str_eq(s->calls[i].server, server);
    return n;
}

static bool is_degraded(struct scene *s, const char *word)
{
    struct fleet *f = controller_snapshot(s->c);
    bool found = false;

    assert_non_null(f);
    for (size_t i = 0; i < f->n_degraded; i++)
        found = found || str_eq(f->degraded[i], word);
    fleet_unref(f);
    return found;
}

static void command(struct scene *s, enum command_kind kind, const char *server,
                    enum place place)
{
    struct event ev = {.kind = EVENT_COMMAND};
    struct command *c = &ev.as.command.command;

    *c = (struct command){.id = 7, .kind = kind, .place = place, .start = true};
    (void)str_copy(c->server, sizeof(c->server), server);
    (void)str_copy(c->by, sizeof(c->by), "dana");
    step(s, ev);
}

/* ----- what the last run began ----- */

static void test_unresolved(void **state)
{
    static const struct {
        const char *what;
        enum call_kind kind;
        int32_t looks; /* of its API until anything is decided */
    } rows[] = {
        {"closing a node", CALL_NODE_CLOSE, 1},
        {"opening a node", CALL_NODE_OPEN, 2},
        {"closing a channel", CALL_NODE_DISCONNECT, 1},
        {"starting an agent", CALL_NODE_LAUNCH, 1},
        {"stopping a build", CALL_BUILD_STOP, 1},
        {"run in cloud", CALL_RUN_IN_CLOUD, 2},
        {"start in cloud", CALL_START_IN_CLOUD, 2},
        {"return", CALL_RETURN, 2},
        {"power on", CALL_VM_POWER_ON, 2},
        {"power off", CALL_VM_POWER_OFF, 2},
        {"shutdown", CALL_VM_SHUTDOWN, 2},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_intent(&s, rows[i].kind, "a");
        scene_start(&s);
        tick(&s, 1);
        assert_row(rows[i].what, is_degraded(&s, "recovering"));
        for (int32_t k = 0; k < rows[i].looks; k++) {
            assert_row(rows[i].what, s.resolved == 0);
            assert_row(rows[i].what, calls_of(&s, "a") == 0);
            s.now.s += 5;
            observe_all(&s);
        }
        /* Then, and only then, its intent has its outcome and the move begins. */
        assert_row(rows[i].what, s.resolved == 1);
        assert_row(rows[i].what, !is_degraded(&s, "recovering"));
        for (size_t k = 0; k < 2 * SERVERS; k++) {
            const struct call first = s.calls[s.n_calls - 1];

            answer(&s, &first, OUTCOME_DONE, 0);
            s.now.s += 5;
            observe_all(&s);
        }
        assert_row(rows[i].what, calls_of(&s, "a") > 0);
        assert_row(rows[i].what, calls_of(&s, "b") > 0);
        scene_end(&s);
    }
}

/* A death before it was resolved: the next start finds it again. */
static void test_unresolved_twice(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_intent(&s, CALL_RETURN, "a");
    for (int i = 0; i < 3; i++) {
        scene_start(&s);
        tick(&s, 1);
        observe_all(&s); /* one look is not enough */
        assert_int_equal(s.resolved, 0);
    }
    scene_end(&s);
}

/* What was asked of the extension is not asked again on the strength of old facts. */
static void test_extension_restart(void **state)
{
    static const struct {
        const char *what;
        bool intent;  /* without an outcome */
        int64_t ago;  /* the call was made so long ago; 0 = never */
        size_t calls; /* in the first half minute */
    } rows[] = {
        {"never asked", false, 0, 1},
        {"asked, its answer was lost", true, 10, 0},
        {"asked and answered a moment ago", false, 10, 0},
        {"asked and answered long ago", false, 600, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char value[64];
        struct scene s;

        scene_make(&s);
        s.extension = EXTENSION_STOPPED;
        if (rows[i].intent)
            stored_intent(&s, CALL_EXTENSION_START, "");
        (void)str_format(value, sizeof(value), "extension-start %lld",
                         (long long)(NOW - rows[i].ago));
        if (rows[i].ago != 0)
            stored_setting(&s, "extension_call", value);
        scene_start(&s);
        for (int k = 0; k < 6; k++) {
            observe_all(&s);
            tick(&s, 5);
        }
        assert_row(rows[i].what, calls_of(&s, "") == rows[i].calls);
        /* and in the end it is asked, whatever became of the first call */
        for (int k = 0; k < 20; k++) {
            observe_all(&s);
            tick(&s, 5);
        }
        assert_row(rows[i].what, calls_of(&s, "") == 1);
        scene_end(&s);
    }
}

/* A person's order about the extension is kept. */
static void test_extension_order(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    s.extension = EXTENSION_STOPPED;
    scene_start(&s);
    observe(&s, SOURCE_VELOSTRATA);
    observe(&s, SOURCE_VSPHERE);
    s.watch = "extension_order";
    stored_setting(&s, "extension_call", "extension-stop 1"); /* its last act */
    scene_start(&s);
    observe_all(&s);
    command(&s, COMMAND_EXTENSION, "", PLACE_UNKNOWN);
    assert_string_equal(s.setting, "start operator:dana");
    assert_int_equal(calls_of(&s, ""), 1);
    /* the next run, before the call could be made */
    s.n_calls = 0;
    stored_setting(&s, "extension_order", s.setting);
    scene_start(&s);
    observe_all(&s);
    assert_int_equal(calls_of(&s, ""), 1);
    assert_int_equal(s.calls[0].kind, CALL_EXTENSION_START);
    s.extension = EXTENSION_STARTING;
    s.now.s += 5;
    observe_all(&s);
    assert_string_equal(s.setting, ""); /* done with */
    scene_end(&s);
}

/* ----- how many, and when not ----- */

static void test_one_at_a_time(void **state)
{
    struct scene s;
    struct call first;

    (void)state;
    scene_make(&s);
    scene_start(&s);
    observe_all(&s);
    tick(&s, 1);
    tick(&s, 1);
    assert_int_equal(s.n_calls, 1); /* three moves begin, Jenkins gets one call */
    assert_int_equal(s.calls[0].kind, CALL_NODE_CLOSE);
    first = s.calls[0];
    answer(&s, &first, OUTCOME_DONE, 0);
    assert_int_equal(s.n_calls, 2);
    assert_string_not_equal(s.calls[1].server, first.server);
    scene_end(&s);
}

static void test_velostrata_at_once(void **state)
{
    (void)state;
    assert_int_equal(call_most_at_once("velostrata"), 4);
    assert_int_equal(call_most_at_once("vsphere"), 4);
    assert_int_equal(call_most_at_once("ec2"), 4);
    assert_int_equal(call_most_at_once("jenkins"), 1);
}

/* Calls wait for an API that is down, refuses us, or asked to be left alone. */
static void test_calls_wait(void **state)
{
    static const struct {
        const char *what;
        enum err_code error;
        int64_t retry_after_s;
        int32_t failures;
        bool waits;
        const char *word; /* shown */
    } rows[] = {
        {"all is well", ERR_OK, 0, 0, false, NULL},
        {"one failure", ERR_SERVER, 0, 1, false, NULL},
        {"five in a row", ERR_SERVER, 0, 5, true, "breaker:jenkins"},
        {"wrong credentials", ERR_AUTH, 0, 1, true, NULL},
        {"asked to wait", ERR_THROTTLED, 120, 1, true, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct call first;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        scene_start(&s);
        observe_all(&s);
        command(&s, COMMAND_MOVE, "a", PLACE_CLOUD);
        command(&s, COMMAND_MOVE, "b", PLACE_CLOUD);
        s.now.s += 1;
        observe_all(&s);
        assert_row(rows[i].what, s.n_calls == 1); /* b waits for a's */
        first = s.calls[0];
        for (int32_t k = 0; k < rows[i].failures; k++) {
            s.error = rows[i].error;
            s.retry_after_s = rows[i].retry_after_s;
            s.now.s += 1;
            observe(&s, SOURCE_JENKINS);
        }
        s.error = ERR_OK;
        answer(&s, &first, OUTCOME_DONE, 0);
        tick(&s, 1);
        assert_row(rows[i].what, s.n_calls == (rows[i].waits ? 1 : 2));
        if (rows[i].word != NULL)
            assert_row(rows[i].what, is_degraded(&s, rows[i].word));
        /* It answers again: the call is made. */
        s.now.s += 130;
        observe_all(&s);
        tick(&s, 1);
        assert_row(rows[i].what, s.n_calls >= 2);
        scene_end(&s);
    }
}

/* What their support asks for stands with the error, however long that is, and in the
 * picture. */
static void test_request_ids(void **state)
{
    char long_error[2 * LINE_TEXT], id[ID_TEXT];
    struct journal_entry j;
    struct fleet *f;
    struct call first;
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    scene_start(&s);
    s.request = "r-1";
    observe_all(&s);
    command(&s, COMMAND_MOVE, "a", PLACE_CLOUD);
    assert_int_equal(s.n_calls, 1);
    first = s.calls[0];
    s.request = "r-2";
    answer(&s, &first, OUTCOME_FAILED, 0);
    assert_string_equal(s.blamed, "HTTP 429 (request r-2)");
    s.request = "r-3";
    s.error = ERR_SERVER;
    observe(&s, SOURCE_JENKINS);
    assert_string_equal(s.blamed, "no (request r-3)");
    s.request = "r-4";
    s.error = ERR_OK;
    observe(&s, SOURCE_JENKINS);
    f = controller_snapshot(s.c);
    assert_non_null(f);
    for (size_t i = 0; i < f->n_apis; i++) {
        const struct api_view *v = &f->apis[i];
        bool jenkins = v->source == SOURCE_JENKINS;

        if (!jenkins && v->source != SOURCE_VSPHERE)
            continue;
        assert_string_equal(v->request_id, jenkins ? "r-4" : "r-1");
        assert_string_equal(v->error_request_id, jenkins ? "r-3" : "");
    }
    fleet_unref(f);
    scene_end(&s);

    memset(long_error, 'x', sizeof(long_error));
    long_error[sizeof(long_error) - 1] = '\0';
    memset(id, 'i', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    journal_blame(&j, long_error, id);
    assert_int_equal(strlen(j.reason), sizeof(j.reason) - 1);
    assert_true(strstr(j.reason, id) != NULL);
}

/* A Retry-After in answer to a call holds the reads of that API, too. */
static void test_retry_after(void **state)
{
    struct scene s;
    struct call first;
    bool asked = false;

    (void)state;
    scene_make(&s);
    scene_start(&s);
    observe_all(&s);
    tick(&s, 1);
    observe(&s, SOURCE_JENKINS);
    first = s.calls[0];
    answer(&s, &first, OUTCOME_FAILED, 60);
    for (int i = 0; i < 11; i++) {
        tick(&s, 5);
        for (size_t k = 0; k < s.fx.n_polls; k++)
            asked = asked || s.fx.polls[k].source == SOURCE_JENKINS;
        observe(&s, SOURCE_VELOSTRATA);
        observe(&s, SOURCE_VSPHERE);
    }
    assert_false(asked);
    assert_int_equal(s.n_calls, 1);
    tick(&s, 10);
    for (size_t k = 0; k < s.fx.n_polls; k++)
        asked = asked || s.fx.polls[k].source == SOURCE_JENKINS;
    assert_true(asked);
    scene_end(&s);
}

/* Two repeats of a read, then the next poll; twenty of them, then none until successes
 * have paid for them. */
static void test_retry_budget(void **state)
{
    struct scene s;
    int32_t quick = 0, rounds = 0;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    scene_start(&s);
    observe_all(&s);
    for (; rounds < 60; rounds++) {
        bool early = false;

        s.error = ERR_RESET;
        observe(&s, SOURCE_JENKINS);
        s.error = ERR_OK;
        s.now.s += 3; /* a first repeat comes within a second, a poll every 15 */
        step(&s, (struct event){.kind = EVENT_TICK});
        for (size_t k = 0; k < s.fx.n_polls; k++)
            early = early || s.fx.polls[k].source == SOURCE_JENKINS;
        quick += early;
        s.now.s += 15;
        observe_all(&s); /* it answers, and gives back a tenth */
    }
    /* 20, and what sixty successes gave back */
    assert_in_range(quick, 20, 27);
    scene_end(&s);
}

/* ----- what a degraded mode forbids (reliability 4) ----- */

enum trouble {
    NO_TROUBLE,
    OBSERVER,
    DRY_RUN,
    LEASE_UNKNOWN,
    LEASE_OF_ANOTHER,
    LEASE_LOST,
    LEASE_OURS,
    STORE_DOWN,
    DISK_FULL,
    STATE_LOST,
    AUTO_IS_OFF,
    CLOCK_JUMPED,
    BLIND_VELOSTRATA,
    BLIND_JENKINS,
    BREAKER_JENKINS
};

static void scene_restart(struct scene *s, const struct controller_options *more)
{
    struct controller_options o = *more;
    struct err e = {0};

    controller_free(s->c);
    o.config = s->config;
    o.tz = s->tz;
    o.host = "h";
    o.user = "u";
    s->stored.settings = s->settings;
    assert_int_equal(
        controller_new(&o, &s->stored, s->now, (struct mono){1000000}, &s->c, &e),
        ERR_OK);
}

static void lease(struct scene *s, bool held, const char *holder, bool failing)
{
    struct event ev = {.kind = EVENT_LEASE};

    ev.as.lease.held = held;
    ev.as.lease.failing = failing;
    ev.as.lease.epoch = held ? 7 : 0;
    (void)str_copy(ev.as.lease.holder, sizeof(ev.as.lease.holder), holder);
    step(s, ev);
}

static void get_into(struct scene *s, enum trouble t)
{
    struct controller_options o = {.observe = t == OBSERVER,
                                   .dry_run = t == DRY_RUN,
                                   .shared_lock = t >= LEASE_UNKNOWN && t <= LEASE_OURS};
    struct event ev = {.kind = EVENT_STORE};

    s->stored.next_call_id = 100;
    s->stored.lost = s->stored.first_start = t == STATE_LOST;
    if (t == AUTO_IS_OFF)
        stored_setting(s, "auto", "off");
    scene_restart(s, &o);
    ev.as.store.ok = t != STORE_DOWN;
    ev.as.store.tight = t == DISK_FULL;
    step(s, ev);
    if (t == LEASE_OURS || t == LEASE_LOST)
        lease(s, true, "", false);
    if (t == LEASE_LOST)
        lease(s, false, "", true);
    if (t == LEASE_OF_ANOTHER)
        lease(s, false, "dana@ops1 pid 42", false);
    if (t == BLIND_VELOSTRATA) {
        observe(s, SOURCE_JENKINS);
        observe(s, SOURCE_VSPHERE);
        return;
    }
    if (t == BLIND_JENKINS) {
        /* What it said is too old when the others are heard for the first time. */
        observe(s, SOURCE_JENKINS);
        s->now.s += 300;
        observe(s, SOURCE_VSPHERE);
        observe(s, SOURCE_VELOSTRATA);
        return;
    }
    if (t == BREAKER_JENKINS) {
        /* It has looked, and nothing may begin before the breaker is open. */
        observe(s, SOURCE_VSPHERE);
        observe(s, SOURCE_JENKINS);
        s->error = ERR_SERVER;
        for (int i = 0; i < 5; i++) {
            s->now.s += 1;
            observe(s, SOURCE_JENKINS);
        }
        s->error = ERR_OK;
        observe(s, SOURCE_VELOSTRATA);
        return;
    }
    if (t == CLOCK_JUMPED) {
        tick(s, 5);
        s->sub_ms -= 3595 * 1000; /* the wall clock alone */
        s->now.s += 3600;
    }
    observe_all(s);
}

/* Calls for a server, with every call answered at once. */
static void work(struct scene *s)
{
    for (int i = 0; i < 4; i++) {
        size_t n = s->n_calls;

        step(s, (struct event){.kind = EVENT_TICK});
        for (size_t k = 0; k < n; k++) {
            const struct call one = s->calls[k];

            answer(s, &one, OUTCOME_DONE, 0); /* again: nobody waits for it any more */
        }
    }
}

static void test_degraded(void **state)
{
    static const struct {
        const char *what;
        enum trouble trouble;
        const char *word;         /* among the degraded ones; NULL: the mode says it */
        bool policy, order, home; /* may act: by itself, by order, on the way home */
    } rows[] = {
        {"all is well", NO_TROUBLE, NULL, true, true, true},
        {"observer", OBSERVER, NULL, false, false, false},
        {"dry-run", DRY_RUN, NULL, false, false, false},
        {"etcd has not answered yet", LEASE_UNKNOWN, "recovering", false, false, false},
        {"the shared lock is another's", LEASE_OF_ANOTHER, NULL, false, false, false},
        {"the shared lock was lost", LEASE_LOST, "blind:etcd", false, false, false},
        {"the shared lock is ours", LEASE_OURS, NULL, true, true, true},
        {"the store cannot be written", STORE_DOWN, "store", false, false, false},
        {"the state was lost", STATE_LOST, NULL, false, false, false},
        {"the disk is full", DISK_FULL, "disk", false, false, true},
        {"auto off", AUTO_IS_OFF, NULL, false, true, true},
        {"the clock was set", CLOCK_JUMPED, "clock", false, false, false},
        {"blind for velostrata", BLIND_VELOSTRATA, "recovering", false, false, false},
        {"blind for jenkins", BLIND_JENKINS, "blind:jenkins", false, false, false},
        {"jenkins is down", BREAKER_JENKINS, "breaker:jenkins", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        /* c is out there, where policy wants it; its way home is a person's order. */
        s.managed[2].state = MANAGED_IN_CLOUD;
        s.nodes[4].marked = s.nodes[4].offline = true;
        s.nodes[4].cause = "rushhour/1 park";
        s.nodes[5].marked = s.nodes[5].offline = false;
        s.nodes[5].connected = true;
        get_into(&s, rows[i].trouble);
        if (rows[i].word != NULL)
            assert_row(rows[i].what, is_degraded(&s, rows[i].word));
        work(&s);
        assert_row(rows[i].what, (calls_of(&s, "a") > 0) == rows[i].policy);
        command(&s, COMMAND_MOVE, "b", PLACE_CLOUD);
        command(&s, COMMAND_MOVE, "c", PLACE_ONPREM);
        if (rows[i].trouble < BLIND_VELOSTRATA)
            observe_all(&s);
        work(&s);
        assert_row(rows[i].what, (calls_of(&s, "b") > 0) == rows[i].order);
        assert_row(rows[i].what, (calls_of(&s, "c") > 0) == rows[i].home);
        scene_end(&s);
    }
}

/* The one that takes over begins nothing before it has read everything anew; the one that
 * lost the lock ends what is under way, and begins nothing more. */
static void test_take_over(void **state)
{
    struct scene s;
    struct fleet *f;
    struct call first;
    size_t n;

    (void)state;
    scene_make(&s);
    get_into(&s, LEASE_OF_ANOTHER);
    work(&s);
    assert_int_equal(s.n_calls, 0);
    command(&s, COMMAND_MOVE, "a", PLACE_CLOUD);
    f = controller_snapshot(s.c);
    assert_int_equal(f->mode, MODE_OBSERVER);
    assert_string_equal(f->shared_lock.holder, "dana@ops1 pid 42");
    assert_true(f->n_replies == 1 && !f->replies[0].accepted);
    assert_non_null(strstr(f->replies[0].text, "dana@ops1 pid 42"));
    fleet_unref(f);

    tick(&s, 2);
    s.fx.n_polls = 0;
    lease(&s, true, "", false);
    assert_true(s.fx.n_polls >= 3); /* everything is asked at once */
    assert_true(is_degraded(&s, "recovering"));
    work(&s);
    assert_int_equal(s.n_calls, 0); /* what it knew of before counts no more */
    observe(&s, SOURCE_JENKINS);
    observe(&s, SOURCE_VSPHERE);
    assert_int_equal(s.n_calls, 0);
    observe_all(&s);
    tick(&s, 1);
    assert_true(s.n_calls > 0);
    assert_false(is_degraded(&s, "recovering"));
    f = controller_snapshot(s.c);
    assert_int_equal(f->mode, MODE_AUTO);
    fleet_unref(f);

    first = s.calls[0];
    n = s.n_calls;
    lease(&s, false, "noa@ops3 pid 7", false);
    answer(&s, &first, OUTCOME_DONE, 0); /* recorded, and followed by nothing */
    observe_all(&s);
    tick(&s, 5);
    assert_int_equal(s.n_calls, n);
    f = controller_snapshot(s.c);
    assert_int_equal(f->mode, MODE_OBSERVER);
    assert_true(f->n_alerts > 0);
    assert_string_equal(f->alerts[f->n_alerts - 1].code, "lock");
    fleet_unref(f);
    scene_end(&s);
}

/* A person who has looked ends the dry-run that a lost state began. */
static void test_lost_state(void **state)
{
    struct controller_options o = {0};
    struct scene s;
    struct fleet *f;

    (void)state;
    scene_make(&s);
    s.stored.lost = s.stored.first_start = true;
    s.watch = "auto";
    scene_restart(&s, &o);
    observe_all(&s);
    f = controller_snapshot(s.c);
    assert_int_equal(f->mode, MODE_DRY_RUN); /* although the file says auto = "on" */
    assert_true(f->n_alerts > 0);
    assert_string_equal(f->alerts[0].code, "store");
    fleet_unref(f);
    assert_string_equal(s.setting, "dry-run");
    /* Another start says it again. */
    s.stored.lost = s.stored.first_start = false;
    stored_setting(&s, "auto", "dry-run");
    stored_setting(&s, "lost", "1");
    scene_restart(&s, &o);
    observe_all(&s);
    f = controller_snapshot(s.c);
    assert_true(f->n_alerts > 0);
    fleet_unref(f);
    s.watch = "lost";
    (void)str_copy(s.setting, sizeof(s.setting), "1");
    {
        struct event ev = {.kind = EVENT_COMMAND};

        ev.as.command.command =
            (struct command){.id = 9, .kind = COMMAND_AUTO, .setting = AUTO_ON};
        step(&s, ev);
    }
    assert_string_equal(s.setting, "");
    s.now.s += 1;
    observe_all(&s);
    assert_true(s.n_calls > 0);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unresolved),
        cmocka_unit_test(test_unresolved_twice),
        cmocka_unit_test(test_extension_restart),
        cmocka_unit_test(test_extension_order),
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_velostrata_at_once),
        cmocka_unit_test(test_request_ids),
        cmocka_unit_test(test_calls_wait),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_retry_budget),
        cmocka_unit_test(test_degraded),
        cmocka_unit_test(test_take_over),
        cmocka_unit_test(test_lost_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
