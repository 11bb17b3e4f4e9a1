#include <config.h>

#include "core/sim/typed.h"

#include "core/api/ec2_read.h"
#include "core/base/str.h"

#include <assert.h>
#include <string.h>

/* How long AWS shows instances after their end. Texts of what the world keeps for its
 * life (servers, VMs, names of nodes, types, zones) are borrowed, all others are copied:
 * the last observation of a source may be read long after. */
enum { SHOWN_MS = 60 * 60 * 1000 };

/* An arena that failed is asked by the port, once. */
static const char *copy(struct observation *o, const char *s)
{
    const char *p = s[0] != '\0' ? arena_strdup(o->arena, s) : "";

    return p != NULL ? p : "";
}

static struct utc seconds(int64_t ms)
{
    return (struct utc){ms / 1000};
}

/* ---- Jenkins ---- */

/* Texts of many builds are made at every look: by hand that is five times faster than by
 * printf. At most 10 digits. */
static char *put_number(char *p, uint32_t v)
{
    char digits[10];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n > 0)
        *p++ = digits[--n];
    return p;
}

static char *put_text(char *p, const char *s)
{
    size_t n = strlen(s);

    memcpy(p, s, n);
    return p + n;
}

/* Names of the simulated jobs are shorter than SIM_NAME and need no escape. */
void typed_build_path(const struct world *w, const struct sim_build *b,
                      char out[TYPED_PATH])
{
    char *p = put_text(put_text(out, "/jenkins/job/"), w->jobs[b->job].name);

    p = put_text(put_number(put_text(p, "/"), (uint32_t)b->number), "/");
    *p = '\0';
}

static void build_name(const struct world *w, const struct sim_build *b,
                       char out[TYPED_PATH])
{
    char *p = put_text(put_text(out, w->jobs[b->job].name), " #");

    *put_number(p, (uint32_t)b->number) = '\0';
}

static const char *cause_of(const struct sim_node *n)
{
    if (n->marked)
        return n->mark_text;
    switch (n->connected ? SIM_CAUSE_NONE : n->cause) {
    case SIM_CAUSE_USER_MARK:
    case SIM_CAUSE_USER_DISCONNECT:
        return n->cause_text;
    case SIM_CAUSE_CHANNEL:
        return "Connection was broken";
    case SIM_CAUSE_LAUNCH_FAILED:
        return "Jenkins failed to launch the agent";
    case SIM_CAUSE_NONE:
        break;
    }
    return "";
}

static void see_build(const struct world *w, const struct sim_build *b,
                      struct observation *o, struct seen_build *out)
{
    char path[TYPED_PATH], name[TYPED_PATH];

    typed_build_path(w, b, path);
    build_name(w, b, name);
    *out = (struct seen_build){
        .name = copy(o, name),
        .path = copy(o, path),
        .number = b->number,
        .started = seconds(b->started),
        .estimate_s = b->estimate_ms >= 0 ? b->estimate_ms / 1000 : -1,
    };
}

static void see_node(const struct world *w, const struct sim_node *n,
                     struct observation *o, struct seen_node *out)
{
    struct seen_build *builds;

    *out = (struct seen_node){
        .name = n->name,
        .cause = copy(o, cause_of(n)),
        .offline = n->marked || !n->connected,
        .marked = n->marked,
        .connected = n->connected,
        .connected_known = true,
        .launchable = true,
    };
    for (int32_t i = 0; i < n->n_executors; i++)
        out->busy += n->executors[i] != NULL ? 1 : 0;
    out->idle = out->busy == 0;
    if (out->idle)
        return;
    builds = arena_alloc(o->arena, (size_t)out->busy, sizeof(*builds));
    for (int32_t i = 0; builds != NULL && i < n->n_executors; i++) {
        if (n->executors[i] != NULL)
            see_build(w, n->executors[i], o, &builds[out->n_builds++]);
    }
    out->builds = builds;
}

static void observe_jenkins(const struct world *w, const struct poll_hints *hints,
                            struct observation *o)
{
    struct seen_node *nodes = arena_alloc(o->arena, w->n_nodes, sizeof(*nodes));

    (void)hints;
    if (nodes == NULL)
        return;
    for (size_t i = 0; i < w->n_nodes; i++)
        see_node(w, &w->nodes[i], o, &nodes[i]);
    o->as.jenkins = (struct obs_jenkins){.version = "simulated",
                                         .quieting_down = w->quieting_down,
                                         .nodes = nodes,
                                         .n_nodes = w->n_nodes};
}

static enum build_result result_of(enum sim_result r)
{
    static const enum build_result results[] = {
        [SIM_RUNNING_BUILD] = BUILD_RUNNING, [SIM_SUCCESS] = BUILD_SUCCESS,
        [SIM_UNSTABLE] = BUILD_UNSTABLE,     [SIM_FAILURE] = BUILD_FAILURE,
        [SIM_ABORTED] = BUILD_ABORTED,
    };

    return results[r];
}

/* "/jenkins/job/cache-smoke/412/": its job, and what follows the name; -1. */
static int32_t job_of(const struct world *w, const char *path, const char **rest)
{
    static const char before[] = "/jenkins/job/";
    size_t len = str_starts(path, before) ? strcspn(path + sizeof(before) - 1, "/") : 0;
    char name[SIM_NAME];

    *rest = path + (len > 0 ? sizeof(before) - 1 + len : 0);
    if (len == 0 || len >= sizeof(name))
        return -1;
    memcpy(name, path + sizeof(before) - 1, len);
    name[len] = '\0';
    return world_job_find(w, name);
}

const struct sim_build *typed_build_find(const struct world *w, const char *path)
{
    const char *rest;
    int32_t job = job_of(w, path, &rest);
    char digits[16];
    struct err e = {0};
    int64_t number;

    if (job < 0 || rest[0] != '/' ||
        !str_format(digits, sizeof(digits), "%.*s", (int)strcspn(rest + 1, "/"),
                    rest + 1) ||
        str_to_i64(digits, 1, INT32_MAX, &number, &e) != ERR_OK)
        return NULL;
    return world_build_find(w, job, (int32_t)number);
}

/* As jenkins_read_parameters() makes them. */
static struct seen_parameters
see_parameters(const struct sim_job *j, const char (*values)[32], struct observation *o)
{
    struct seen_parameters out = {"", ""};
    char text[SIM_MAX_PARAMETERS * SIM_NAME], *end = text;

    /* The names of a job come in order of the world; in each they are the same. */
    for (size_t p = 0; p < j->n_parameters; p++) {
        if (j->secret[p])
            out.hidden = j->parameter_names[p]; /* static */
        end = put_text(end, p > 0 ? "&" : "");  /* text is sized for all */
        end = put_text(put_text(end, j->parameter_names[p]), "=");
        end = put_text(end, values[p]);
    }
    *end = '\0';
    out.form = copy(o, text);
    return out;
}

static const char by_us[] = "Started by user rushhour";

static void see_items(const struct world *w, int32_t job, struct observation *o,
                      struct seen_job *out)
{
    struct seen_item *items = arena_alloc(o->arena, w->n_items, sizeof(*items));

    for (size_t i = 0; items != NULL && i < w->n_items; i++) {
        const struct sim_item *it = &w->items[i];

        if (it->job == job && it->left == 0)
            items[out->n_items++] = (struct seen_item){
                .id = it->id,
                .parameters = see_parameters(&w->jobs[job], it->parameters, o),
                .by_us = str_eq(it->cause, by_us),
            };
    }
    out->items = items;
}

static void see_run(const struct world *w, const struct sim_build *b, bool detailed,
                    struct observation *o, struct seen_run *out)
{
    *out = (struct seen_run){
        .number = b->number,
        .result = result_of(b->result),
        .node = w->nodes[b->node].name,
        .started = seconds(b->started),
        .took_ms = b->result == SIM_RUNNING_BUILD ? 0 : b->ended - b->started,
        .parameters = {"", ""},
        .aborted_by = "",
    };
    if (!detailed)
        return;
    out->parameters = see_parameters(&w->jobs[b->job], b->parameters, o);
    out->aborted_by = copy(o, b->aborted_by);
    out->by_us = str_eq(b->cause, by_us);
    out->queue_id = b->queue_id;
}

/* The newest first, as many as the client asks for. */
static void see_job(const struct world *w, const char *path, int32_t from, bool detailed,
                    struct observation *o, struct seen_job *out)
{
    enum { NEWEST = 50 };
    const char *rest;
    int32_t job = job_of(w, path, &rest), number, n = 0;
    struct seen_run *runs;

    *out =
        (struct seen_job){.path = copy(o, path), .gone = job < 0, .detailed = detailed};
    if (job < 0)
        return;
    number = w->jobs[job].next_number - 1;
    from = from > 0 ? from : 1;
    if (number >= from)
        n = number - from < NEWEST ? number - from + 1 : NEWEST;
    runs = arena_alloc(o->arena, (size_t)n, sizeof(*runs));
    for (int32_t i = 0; runs != NULL && i < n; i++, number--) {
        const struct sim_build *b = world_build_find(w, job, number);

        if (b == NULL)
            break;
        see_run(w, b, detailed, o, &runs[out->n_runs++]);
    }
    out->runs = runs;
    if (!detailed)
        return;
    out->disabled = w->jobs[job].disabled;
    see_items(w, job, o, out);
}

static void observe_builds(const struct world *w, const struct poll_hints *hints,
                           struct observation *o)
{
    struct seen_job *jobs = arena_alloc(o->arena, hints->n_jobs, sizeof(*jobs));

    for (size_t i = 0; jobs != NULL && i < hints->n_jobs; i++)
        see_job(w, hints->jobs[i], hints->from[i], i < hints->n_detailed, o, &jobs[i]);
    o->as.builds = (struct obs_builds){jobs, jobs != NULL ? hints->n_jobs : 0};
}

/* The port tells what the queue would: it is not asked. */
static void observe_queue(const struct world *w, const struct poll_hints *hints,
                          struct observation *o)
{
    (void)w;
    (void)hints;
    o->as.queue = (struct obs_queue){0};
}

/* ---- instances ---- */

static enum instance_state instance_state(enum sim_instance_state s)
{
    static const enum instance_state states[] = {
        [SIM_PENDING] = INSTANCE_PENDING,
        [SIM_RUNNING] = INSTANCE_RUNNING,
        [SIM_SHUTTING_DOWN] = INSTANCE_SHUTTING_DOWN,
        [SIM_TERMINATED] = INSTANCE_TERMINATED,
        [SIM_STOPPING] = INSTANCE_STOPPING,
        [SIM_STOPPED] = INSTANCE_STOPPED,
    };

    return states[s];
}

static const char *tag(const struct sim_instance *i, const char *key)
{
    for (size_t n = 0; n < i->n_tags; n++)
        if (str_eq(i->tags[n].key, key))
            return i->tags[n].value;
    return "";
}

static void see_instance(const struct world *w, const struct sim_instance *i,
                         struct observation *o, struct seen_instance *out)
{
    *out = (struct seen_instance){
        .id = copy(o, i->id),
        .type = w->types[i->type_index].name,
        .zone = copy(o, i->zone),
        .ip = copy(o, i->ip),
        .eni = i->state != SIM_TERMINATED ? copy(o, w->enis[i->eni].id) : "",
        .spot_request = "",
        .state_reason = i->reason_code != NULL ? i->reason_code : "", /* static */
        .server = "",
        .move = "",
        .deployment = "",
        .client_token = "",
        .attachment = "",
        .state = instance_state(i->state),
        .lifecycle = i->spot ? LIFECYCLE_SPOT : LIFECYCLE_ON_DEMAND,
        .launched = seconds(i->launched),
        .eni_deletes = w->enis[i->eni].delete_on_termination,
    };
}

/* What EC2 alone tells of it; of the tags that the manager shows, too, nobody asks it. */
static void see_launch(const struct world *w, const struct sim_instance *i,
                       struct observation *o, struct seen_instance *out)
{
    const struct sim_spot *s = world_spot_by_serial(w, i->spot_request);

    out->spot_request = s != NULL ? copy(o, s->id) : "";
    out->server = copy(o, tag(i, "rushhour:server"));
    out->move = copy(o, tag(i, "rushhour:move-id"));
    out->deployment = copy(o, tag(i, "rushhour:deployment"));
    out->client_token = copy(o, i->client_token);
    out->attachment = "typed"; /* the only one of its interface */
}

static bool is_shown(const struct world *w, const struct sim_instance *i)
{
    return i->terminated == 0 || w->now - i->terminated < SHOWN_MS;
}

static void observe_instances(const struct world *w, const struct poll_hints *hints,
                              struct observation *o)
{
    struct seen_instance *list;
    size_t n = 0;

    (void)hints;
    list = arena_alloc(o->arena, w->n_instances, sizeof(*list));
    for (size_t k = 0; list != NULL && k < w->n_instances; k++) {
        if (!is_shown(w, w->instances[k]))
            continue;
        see_instance(w, w->instances[k], o, &list[n]);
        see_launch(w, w->instances[k], o, &list[n++]);
    }
    o->as.instances = (struct obs_instances){list, n};
}

static const char *spot_word(enum sim_spot_state s)
{
    static const char *const words[] = {[SIM_SPOT_OPEN] = "open",
                                        [SIM_SPOT_ACTIVE] = "active",
                                        [SIM_SPOT_CLOSED] = "closed",
                                        [SIM_SPOT_CANCELED] = "canceled"};

    return words[s];
}

static void observe_spot(const struct world *w, const struct poll_hints *hints,
                         struct observation *o)
{
    struct seen_spot *list = arena_alloc(o->arena, hints->n, sizeof(*list));
    size_t n = 0;

    for (size_t k = 0; list != NULL && k < hints->n; k++) {
        const struct sim_instance *i = world_instance_find(w, hints->ids[k]);
        const struct sim_spot *s =
            i != NULL ? world_spot_by_serial(w, i->spot_request) : NULL;

        if (s != NULL && is_shown(w, i))
            list[n++] = (struct seen_spot){
                .id = copy(o, s->id),
                .instance = copy(o, s->instance),
                .zone = copy(o, s->zone),
                .status = s->status, /* static */
                .state = ec2_spot_state(s->status, spot_word(s->state)),
                .cap = {s->cap},
                .updated = seconds(s->updated),
            };
    }
    o->as.spot = (struct obs_spot){list, n};
}

static void observe_interfaces(const struct world *w, const struct poll_hints *hints,
                               struct observation *o)
{
    struct seen_interface *list = arena_alloc(o->arena, w->n_servers, sizeof(*list));

    (void)hints;
    for (size_t k = 0; list != NULL && k < w->n_servers; k++) {
        const struct sim_eni *n = &w->enis[w->servers[k].eni];
        const struct sim_instance *i = world_instance_by_serial(w, n->holder);

        list[k] = (struct seen_interface){
            .id = copy(o, n->id),
            .zone = copy(o, n->zone),
            .ip = copy(o, n->ip),
            .instance = i != NULL ? copy(o, i->id) : "",
            .available = i == NULL,
            .delete_on_termination = n->delete_on_termination,
        };
    }
    o->as.interfaces = (struct obs_interfaces){list, list != NULL ? w->n_servers : 0};
}

/* First record behind now: the walk has none, recorded prices may. */
static size_t price_end(const struct world *w, const struct sim_offering *f)
{
    size_t low = 0, high = f->n_prices;

    if (high > 0 && f->prices[high - 1].at <= w->now)
        return high;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (f->prices[mid].at <= w->now)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* As AWS: the changes since then, few of many, and the last one before. */
static size_t price_begin(const struct sim_offering *f, int64_t since, size_t end)
{
    size_t from = end;

    while (from > 0 && f->prices[from - 1].at > since)
        from--;
    return from > 0 ? from - 1 : 0;
}

static void observe_prices(const struct world *w, const struct poll_hints *hints,
                           struct observation *o)
{
    int64_t since = hints->since.s * 1000;
    size_t total = 0, n = 0, n_offerings = w->n_types * w->n_zones;
    struct seen_price *list;

    for (size_t k = 0; k < n_offerings; k++) {
        size_t end = price_end(w, &w->offerings[k]);

        total += end - price_begin(&w->offerings[k], since, end);
    }
    list = arena_alloc(o->arena, total, sizeof(*list));
    for (size_t k = 0; list != NULL && k < n_offerings; k++) {
        const struct sim_offering *f = &w->offerings[k];
        size_t end = price_end(w, f);

        for (size_t i = price_begin(f, since, end); i < end; i++)
            list[n++] = (struct seen_price){.type = w->types[f->type].name,
                                            .zone = w->zones[f->zone],
                                            .price = {f->prices[i].nanos},
                                            .at = seconds(f->prices[i].at)};
    }
    o->as.prices = (struct obs_prices){list, n};
}

static void observe_pricelist(const struct world *w, const struct poll_hints *hints,
                              struct observation *o)
{
    struct seen_listed *list = arena_alloc(o->arena, w->n_types, sizeof(*list));
    size_t n = 0;

    (void)hints;
    for (size_t k = 0; list != NULL && k < w->n_types; k++) {
        const struct sim_type *t = &w->types[k];

        if (!t->unlisted)
            list[n++] = (struct seen_listed){t->name, {t->on_demand}};
    }
    o->as.pricelist = (struct obs_pricelist){w->region, list, n};
}

/* ---- Velostrata ---- */

static enum managed_state managed_state(enum sim_managed_state s)
{
    static const enum managed_state states[] = {
        [SIM_UNMANAGED] = MANAGED_UNMANAGED,
        [SIM_MOVING_TO_CLOUD] = MANAGED_TO_CLOUD,
        [SIM_IN_CLOUD] = MANAGED_IN_CLOUD,
        [SIM_RETURNING] = MANAGED_RETURNING,
    };

    return states[s];
}

static enum extension_state extension_state(enum sim_extension_state s)
{
    static const enum extension_state states[] = {
        [SIM_EXT_STOPPED] = EXTENSION_STOPPED,   [SIM_EXT_STARTING] = EXTENSION_STARTING,
        [SIM_EXT_ACTIVE] = EXTENSION_ACTIVE,     [SIM_EXT_STOPPING] = EXTENSION_STOPPING,
        [SIM_EXT_IMPAIRED] = EXTENSION_IMPAIRED,
    };

    return states[s];
}

static enum task_state task_state(enum sim_task_state s)
{
    static const enum task_state states[] = {
        [SIM_TASK_RUNNING] = TASK_RUNNING,
        [SIM_TASK_DONE] = TASK_SUCCEEDED,
        [SIM_TASK_FAILED] = TASK_FAILED,
        [SIM_TASK_CANCELED] = TASK_CANCELED,
    };

    return states[s];
}

static const char *task_type(enum sim_manager_act a)
{
    static const char *const words[] = {
        [SIM_RUN_IN_CLOUD] = "RunVmInCloud",
        [SIM_RUN_ONPREM] = "RunVmOnPrem",
        [SIM_START_VM] = "StartVm",
        [SIM_STOP_VM] = "StopVm",
        [SIM_REBOOT_VM] = "RebootVm",
        [SIM_CLEANUP_VM] = "CleanupVm",
        [SIM_START_EXTENSION] = "StartCloudExtension",
        [SIM_STOP_EXTENSION] = "StopCloudExtension",
        [SIM_REPAIR_EXTENSION] = "RepairCloudExtension",
    };

    return words[a];
}

static void see_managed(const struct world *w, const struct sim_tested *s,
                        struct observation *o, struct seen_managed_vm *out)
{
    const struct sim_managed *m = &s->managed;
    const struct sim_vm *vm = &w->vms[s->vm];
    const struct sim_instance *i = m->state != SIM_UNMANAGED && m->instance != 0
                                       ? world_instance_by_serial(w, m->instance)
                                       : NULL;

    *out = (struct seen_managed_vm){
        .vm_id = vm->id,
        .instance_uuid = vm->instance_uuid,
        .raw_state = "",
        .state = managed_state(m->state),
        .instance_stopped = m->state == SIM_IN_CLOUD && i != NULL &&
                            (i->state == SIM_STOPPED || i->state == SIM_STOPPING),
        .has_tasks = m->task >= 0,
        .has_instance = i != NULL,
    };
    if (i != NULL)
        see_instance(w, i, o, &out->instance);
}

static void see_task(const struct world *w, const struct sim_manager_task *t,
                     struct observation *o, struct seen_task *out)
{
    const struct sim_spot *s = world_spot_by_serial(w, t->spot);
    char id[24];

    *put_number(put_text(id, "t-"), (uint32_t)t->key) = '\0';
    *out = (struct seen_task){
        .id = copy(o, id),
        .type = task_type(t->act),
        .entity = t->server >= 0 ? w->vms[w->servers[t->server].vm].id : w->extension.id,
        .user = copy(o, t->user),
        .error = copy(o, t->error),
        .spot_request = s != NULL ? copy(o, s->id) : "",
        .state = task_state(t->state),
        .progress = world_manager_progress(w, t),
        .started = seconds(t->started),
        .ended = t->state != SIM_TASK_RUNNING ? seconds(t->ends) : (struct utc){0},
    };
}

/* The key of "t-123"; -1 when it is none of ours. At every look: see put_number(). */
static int32_t task_key(const char *id)
{
    enum { MOST = INT32_MAX / 10 - 1 };
    int32_t key = 0;

    if (id[0] != 't' || id[1] != '-' || id[2] == '\0')
        return -1;
    for (const char *p = id + 2; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || key > MOST)
            return -1;
        key = key * 10 + (*p - '0');
    }
    return key;
}

/* The running ones, and those that somebody waits for. */
static void see_tasks(const struct world *w, const struct poll_hints *hints,
                      struct observation *o)
{
    size_t max = w->n_servers + 1 + hints->n, n = 0;
    struct seen_task *list = arena_alloc(o->arena, max, sizeof(*list));

    if (list == NULL)
        return;
    for (size_t k = 0; k < max; k++) {
        bool hinted = k > w->n_servers;
        int32_t key = hinted              ? task_key(hints->ids[k - w->n_servers - 1])
                      : k == w->n_servers ? w->extension.task
                                          : w->servers[k].managed.task;
        const struct sim_manager_task *t =
            key >= 0 ? world_manager_task_find(w, key) : NULL;

        if (t != NULL && (!hinted || t->state != SIM_TASK_RUNNING))
            see_task(w, t, o, &list[n++]);
    }
    o->as.velostrata.tasks = list;
    o->as.velostrata.n_tasks = n;
}

static void observe_velostrata(const struct world *w, const struct poll_hints *hints,
                               struct observation *o)
{
    struct seen_managed_vm *vms = arena_alloc(o->arena, w->n_servers, sizeof(*vms));

    o->as.velostrata = (struct obs_velostrata){
        .extension_id = w->extension.id,
        .extension_raw = "",
        .extension = extension_state(w->extension.state),
        .edge_a_zone = w->zones[0],
        .edge_b_zone = w->zones[1],
        .extension_problem =
            w->extension.state == SIM_EXT_IMPAIRED ? "EdgeB: CloudEdgeService" : "",
        .vms = vms,
        .n_vms = vms != NULL ? w->n_servers : 0,
    };
    for (size_t i = 0; vms != NULL && i < w->n_servers; i++)
        see_managed(w, &w->servers[i], o, &vms[i]);
    see_tasks(w, hints, o);
}

/* ---- all of them ---- */

void typed_observe(const struct world *w, const struct poll_hints *hints,
                   struct observation *o)
{
    static void (*const by_source[SOURCE_COUNT])(
        const struct world *w, const struct poll_hints *hints, struct observation *o) = {
        [SOURCE_VELOSTRATA] = observe_velostrata,
        [SOURCE_JENKINS] = observe_jenkins,
        [SOURCE_VSPHERE] = typed_vsphere,
        [SOURCE_INSTANCES] = observe_instances,
        [SOURCE_SPOT] = observe_spot,
        [SOURCE_INTERFACES] = observe_interfaces,
        [SOURCE_PRICES] = observe_prices,
        [SOURCE_PRICELIST] = observe_pricelist,
        [SOURCE_QUEUE] = observe_queue,
        [SOURCE_BUILDS] = observe_builds,
    };

    assert(by_source[o->source] != NULL); /* a new source is a row above */
    by_source[o->source](w, hints, o);
}
