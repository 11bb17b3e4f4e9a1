#include <config.h>

#include "core/sim/typed_impl.h"

#include "core/base/str.h"

#include <string.h>

/* Names of the simulated jobs are shorter than SIM_NAME and need no escape. */
void typed_build_path(const struct world *w, const struct sim_build *b,
                      char out[TYPED_PATH])
{
    char *p = typed_put_text(typed_put_text(out, "/jenkins/job/"), w->jobs[b->job].name);

    p = typed_put_text(str_put_u64(typed_put_text(p, "/"), (uint64_t)b->number), "/");
    *p = '\0';
}

static void build_name(const struct world *w, const struct sim_build *b,
                       char out[TYPED_PATH])
{
    char *p = typed_put_text(typed_put_text(out, w->jobs[b->job].name), " #");

    *str_put_u64(p, (uint64_t)b->number) = '\0';
}

static void see_build(const struct world *w, const struct sim_build *b,
                      struct observation *o, struct seen_build *out)
{
    char path[TYPED_PATH], name[TYPED_PATH];

    typed_build_path(w, b, path);
    build_name(w, b, name);
    *out = (struct seen_build){
        .name = typed_copy(o, name),
        .path = typed_copy(o, path),
        .number = b->number,
        .started = typed_utc(b->started),
        .estimate_s = b->estimate_ms >= 0 ? b->estimate_ms / 1000 : -1,
    };
}

static void see_node(const struct world *w, const struct sim_node *n,
                     struct observation *o, struct seen_node *out)
{
    struct seen_build *builds;

    *out = (struct seen_node){
        .name = n->name,
        .cause = typed_copy(o, world_node_reason(n)),
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

void typed_jenkins(const struct world *w, const struct poll_hints *hints,
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
            out.hidden = j->parameter_names[p];      /* static */
        end = typed_put_text(end, p > 0 ? "&" : ""); /* text is sized for all */
        end = typed_put_text(typed_put_text(end, j->parameter_names[p]), "=");
        end = typed_put_text(end, values[p]);
    }
    *end = '\0';
    out.form = typed_copy(o, text);
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
        .started = typed_utc(b->started),
        .took_ms = b->result == SIM_RUNNING_BUILD ? 0 : b->ended - b->started,
        .parameters = {"", ""},
        .aborted_by = "",
    };
    if (!detailed)
        return;
    out->parameters = see_parameters(&w->jobs[b->job], b->parameters, o);
    out->aborted_by = typed_copy(o, b->aborted_by);
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

    *out = (struct seen_job){
        .path = typed_copy(o, path), .gone = job < 0, .detailed = detailed};
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

void typed_builds(const struct world *w, const struct poll_hints *hints,
                  struct observation *o)
{
    struct seen_job *jobs = arena_alloc(o->arena, hints->n_jobs, sizeof(*jobs));

    for (size_t i = 0; jobs != NULL && i < hints->n_jobs; i++)
        see_job(w, hints->jobs[i], hints->from[i], i < hints->n_detailed, o, &jobs[i]);
    o->as.builds = (struct obs_builds){jobs, jobs != NULL ? hints->n_jobs : 0};
}
