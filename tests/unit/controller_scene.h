/*
 * controller_scene - one server of the manager under a controller of its own: its world
 * is set by hand before each look, what the controller wants and writes is kept to be
 * read. A struct scene is its test's own: scene_make(), changes, scene_start(), ...,
 * scene_end(). Threads: one.
 */
#ifndef RH_TESTS_CONTROLLER_SCENE_H
#define RH_TESTS_CONTROLLER_SCENE_H

#include "core/base/str.h"
#include "core/engine/state.h"
#include "tests/unit/seen.h"
#include "tests/unit/table.h"

#include <string.h>

enum { NOW = 1795334400, STEP_S = 5 }; /* a Sunday, in the rush hours */
static const char text[] =
    "site = { tz = \"UTC\" }\n"
    "policy = { auto = \"on\" window = [\"Sun-Sat 00:00-24:00\"] start_spacing = \"0s\" "
    "dwell_onprem = \"0m\" retry_jitter = 0 }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "servers = { a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"home-a\"\n"
    "                  cloud_node = \"cloud-a\" eni = \"eni-a\" "
    "instance_types = [\"c5\"] } }\n";

enum { HOME, CLOUD };
enum { MOST_CALLS = 16, MOST_SETTINGS = 64 };

struct scene {
    struct config *config;
    struct tz *tz;
    struct controller *c;
    struct controller_options options;
    struct effects fx;
    struct utc now;
    struct store_state stored;
    struct stored_setting settings[MOST_SETTINGS];
    struct move moves[2];
    struct stored_intent intents[1];
    struct stored_hold holds[1];
    struct seen_node nodes[2]; /* HOME, CLOUD; the controller borrows them */
    struct seen_vm vm;
    struct seen_managed_vm managed;
    struct seen_task task; /* of the VM; id NULL = none */
    enum extension_state extension;
    bool quieting; /* Jenkins */
    struct call calls[MOST_CALLS];
    size_t n_calls;
    char journal[4096]; /* every action and text that was written, a line each */
};

static inline void step(struct scene *s, struct event ev)
{
    ev.now = s->now;
    ev.mono.ms = (s->now.s - NOW) * 1000 + 1000000;
    controller_step(s->c, &ev, &s->fx);
    for (size_t i = 0; i < s->fx.n_calls && s->n_calls < MOST_CALLS; i++)
        s->calls[s->n_calls++] = s->fx.calls[i];
    for (size_t i = 0; i < s->fx.n_records; i++) {
        const struct record *r = &s->fx.records[i];
        size_t used = strlen(s->journal);

        if (r->kind == RECORD_JOURNAL)
            (void)str_format(s->journal + used, sizeof(s->journal) - used, "%s: %s\n",
                             r->as.journal.action, r->as.journal.text);
        if (r->kind != RECORD_SETTING)
            continue;
        /* What is written is what the next start reads. */
        for (size_t k = 0; k < s->stored.n_settings; k++) {
            if (str_eq(s->settings[k].key, r->as.setting.key))
                s->settings[k] = s->settings[--s->stored.n_settings];
        }
        if (r->as.setting.value[0] != '\0' && s->stored.n_settings < MOST_SETTINGS) {
            struct stored_setting *row = &s->settings[s->stored.n_settings++];

            (void)str_copy(row->key, sizeof(row->key), r->as.setting.key);
            (void)str_copy(row->value, sizeof(row->value), r->as.setting.value);
        }
    }
}

static inline void observe(struct scene *s, enum source source)
{
    struct observation *o = observation_new(source);

    assert_non_null(o);
    o->at = s->now;
    if (source == SOURCE_JENKINS)
        o->as.jenkins = (struct obs_jenkins){.version = "",
                                             .quieting_down = s->quieting,
                                             .nodes = s->nodes,
                                             .n_nodes = ARRAY_LEN(s->nodes)};
    else if (source == SOURCE_VSPHERE)
        o->as.vsphere =
            (struct obs_vsphere){.vms = &s->vm, .n_vms = 1, .load_problem = ""};
    else
        o->as.velostrata = (struct obs_velostrata){.extension_id = "ce-1",
                                                   .extension_raw = "",
                                                   .extension = s->extension,
                                                   .edge_a_zone = "",
                                                   .edge_b_zone = "",
                                                   .extension_problem = "",
                                                   .vms = &s->managed,
                                                   .n_vms = 1,
                                                   .tasks = &s->task,
                                                   .n_tasks = s->task.id != NULL};
    step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

/* Some seconds later, all three APIs tell what the scene says. */
static inline void look(struct scene *s)
{
    s->now.s += STEP_S;
    observe(s, SOURCE_JENKINS);
    observe(s, SOURCE_VSPHERE);
    observe(s, SOURCE_VELOSTRATA);
}

static inline void answer(struct scene *s, enum outcome outcome, enum err_code code)
{
    struct event ev = {.kind = EVENT_RESULT};

    assert_true(s->n_calls > 0);
    ev.as.result = (struct call_result){
        .id = s->calls[s->n_calls - 1].id, .outcome = outcome, .at = s->now};
    if (code != ERR_OK)
        (void)err_set(&ev.as.result.err, code, "the test says no");
    step(s, ev);
}

static inline void command(struct scene *s, struct command c)
{
    struct event ev = {.kind = EVENT_COMMAND};

    c.id = 7;
    (void)str_copy(c.by, sizeof(c.by), "dana");
    ev.as.command.command = c;
    step(s, ev);
}

/* All at home, both nodes closed by us and idle, so that nothing is drained first. */
static inline void scene_make(struct scene *s)
{
    struct config_problems *problems = NULL;
    struct err e = {0};
    const struct seen_node node = {.cause = "rushhour/1 drain",
                                   .offline = true,
                                   .marked = true,
                                   .connected_known = true,
                                   .idle = true};

    *s = (struct scene){.now = {NOW}, .extension = EXTENSION_ACTIVE};
    s->nodes[HOME] = s->nodes[CLOUD] = node;
    s->nodes[HOME].name = "home-a";
    s->nodes[CLOUD].name = "cloud-a";
    s->vm = vm_on("id-a", "vm-a");
    s->managed = vm_unmanaged("id-a");
    if (config_load_text(text, "", false, &s->config, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
    assert_int_equal(tz_load("UTC", &s->tz, &e), ERR_OK);
    s->stored.next_call_id = 100;
}

/* What a controller is made of points into the scene. */
static inline void scene_point(struct scene *s)
{
    s->options.config = s->config;
    s->options.tz = s->tz;
    s->options.host = "h";
    s->options.user = "u";
    s->options.pid = 1;
    s->stored.settings = s->settings;
    s->stored.moves = s->moves;
    s->stored.intents = s->intents;
    s->stored.holds = s->holds;
}

static inline void scene_start(struct scene *s)
{
    struct err e = {0};

    controller_free(s->c);
    scene_point(s);
    s->n_calls = 0;
    assert_int_equal(controller_new(&s->options, &s->stored, s->now,
                                    (struct mono){(s->now.s - NOW) * 1000 + 1000000},
                                    &s->c, &e),
                     ERR_OK);
}

static inline void scene_end(struct scene *s)
{
    controller_free(s->c);
    effects_clear(&s->fx);
    tz_free(s->tz);
    config_free(s->config);
}

static inline void stored_setting(struct scene *s, const char *key, const char *value)
{
    struct stored_setting *row = &s->settings[s->stored.n_settings++];

    (void)str_copy(row->key, sizeof(row->key), key);
    (void)str_copy(row->value, sizeof(row->value), value);
}

static inline struct move *stored_move(struct scene *s, enum direction d, int32_t at)
{
    struct move *m = &s->moves[s->stored.n_moves++];

    *m = (struct move){.id = "m-1",
                       .server = "a",
                       .mover = "velostrata",
                       .direction = d,
                       .step = at,
                       .by = "policy",
                       .started = {NOW - 60},
                       .step_since = {NOW - 60},
                       .progress = -1};
    return m;
}

static inline const char *setting_of(const struct scene *s, const char *key)
{
    for (size_t i = 0; i < s->stored.n_settings; i++) {
        if (str_eq(s->settings[i].key, key))
            return s->settings[i].value;
    }
    return "";
}

/* A task of the VM, of a person or of the manager itself. */
static inline struct seen_task task_of(const char *user)
{
    return (struct seen_task){.id = "t-1",
                              .type = "Move",
                              .entity = "id-a",
                              .user = user,
                              .error = "",
                              .spot_request = "",
                              .state = TASK_RUNNING};
}

static inline int times_said(const struct scene *s, const char *what)
{
    int n = 0;

    for (const char *p = strstr(s->journal, what); p != NULL; p = strstr(p + 1, what))
        n++;
    return n;
}

static inline const struct move *move_of(const struct scene *s)
{
    return controller_server(s->c, 0).move;
}

/* ----- as a test's rows begin ----- */

static inline void auto_off(struct scene *s)
{
    stored_setting(s, "auto", "off");
}

static inline void moves_out_auto(struct scene *s)
{
    s->nodes[HOME].idle = false;
    (void)stored_move(s, DIRECTION_OUT, 0);
}

static inline void moves_out_committed(struct scene *s)
{
    struct move *m;

    s->task = task_of("");
    s->managed.state = MANAGED_TO_CLOUD;
    m = stored_move(s, DIRECTION_OUT, 2);
    m->committed = true;
    m->committed_at.s = NOW - 30;
}

#endif
