#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"
#include "core/engine/speedup_view.h"

#include <stdlib.h>
#include <string.h>

/*
 * Which builds run on our nodes is seen at every reading of the nodes and stored: of a
 * Pipeline nobody else knows where it ran. How long it took says its job's history, which
 * is read later, a few jobs at a time.
 */

/* Whose node that is; NULL: none of ours. */
static const struct server_config *node_owner(const struct controller *c,
                                              const char *node, bool *in_cloud)
{
    for (size_t i = 0; node[0] != '\0' && i < c->n_servers; i++) {
        const struct server_config *s = c->servers[i].config;

        *in_cloud = str_eq(s->cloud_node, node);
        for (size_t k = 0; !*in_cloud && k < s->n_zones; k++)
            *in_cloud = str_eq(s->zones[k].cloud_node, node);
        if (*in_cloud || str_eq(s->onprem_node, node))
            return s;
    }
    return NULL;
}

/* The same of Jenkins's list: who had that place at the last look is tried first. */
static const struct server_config *listed_owner(const struct controller *c, size_t place,
                                                const char *node, bool *in_cloud)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_facts *f = &c->servers[i].facts;

        *in_cloud = f->cloud.listed_at == place && str_eq(f->cloud.name, node);
        if (*in_cloud || (f->onprem.listed_at == place && str_eq(f->onprem.name, node)))
            return c->servers[i].config;
    }
    return node_owner(c, node, in_cloud);
}

bool build_split(const char *path, char job[URL_TEXT], int32_t *number)
{
    size_t len = strlen(path), at;
    int64_t v = 0;

    if (len < 3 || path[len - 1] != '/')
        return false;
    /* At every look, for each build that runs: by hand it is ten times faster. */
    for (at = len - 1; at > 0 && path[at - 1] != '/'; at--)
        continue;
    if (at == 0 || at >= URL_TEXT)
        return false;
    for (size_t i = at; i < len - 1; i++) {
        if (path[i] < '0' || path[i] > '9' || v > INT32_MAX)
            return false;
        v = v * 10 + (path[i] - '0');
    }
    if (v < 1 || v > INT32_MAX)
        return false;
    memcpy(job, path, at);
    job[at] = '\0';
    *number = (int32_t)v;
    return true;
}

/* ----- the jobs ----- */

/* Paths of jobs begin alike. */
static uint32_t hash_of(const char *path)
{
    uint32_t h = UINT32_C(2166136261);

    for (; *path != '\0'; path++)
        h = (h ^ (unsigned char)*path) * UINT32_C(16777619);
    return h;
}

static size_t job_find(const struct builds_kept *b, const char *path)
{
    uint32_t hash = hash_of(path);

    for (size_t i = 0; i < b->n; i++) {
        if (b->kept[i].hash == hash && str_eq(b->jobs[i].path, path))
            return i;
    }
    return b->n;
}

/* The job that nobody has built for the longest time gives way; b->n when none can. */
static size_t job_make_room(struct builds_kept *b)
{
    size_t oldest = b->n;

    for (size_t i = 0; i < b->n; i++) {
        if (b->kept[i].n_runs == 0 &&
            (oldest == b->n || b->kept[i].seen.s < b->kept[oldest].seen.s))
            oldest = i;
    }
    return oldest;
}

/* Its index; b->n when there is no room. */
static size_t job_get(struct builds_kept *b, const char *path)
{
    size_t i = job_find(b, path), n = 0;

    if (i < b->n)
        return i;
    if (b->n < SPEEDUP_JOBS)
        b->n++;
    else if ((i = job_make_room(b)) == b->n)
        return i;
    b->kept[i] = (struct job_kept){.hash = hash_of(path)};
    (void)job_history_get(&b->jobs[i], &n, 1, path); /* there is room for one */
    return i;
}

static void job_drop(struct builds_kept *b, size_t i)
{
    b->n--;
    b->jobs[i] = b->jobs[b->n];
    b->kept[i] = b->kept[b->n];
}

static struct open_run *run_find(struct job_kept *k, int32_t number)
{
    for (size_t i = 0; i < k->n_runs; i++) {
        if (k->runs[i].number == number)
            return &k->runs[i];
    }
    return NULL;
}

static void run_drop(struct job_kept *k, const struct open_run *r)
{
    size_t i = (size_t)(r - k->runs);

    k->n_runs--;
    memmove(&k->runs[i], &k->runs[i + 1], (k->n_runs - i) * sizeof(k->runs[0]));
}

static struct open_run *run_add(struct job_kept *k, int32_t number,
                                const struct server_config *server, bool in_cloud)
{
    struct open_run *r;

    if (k->n_runs == OPEN_RUNS)
        run_drop(k, &k->runs[0]); /* the oldest: its row ends as it is */
    r = &k->runs[k->n_runs++];
    *r = (struct open_run){.number = number, .server = server, .in_cloud = in_cloud};
    return r;
}

void builds_reconfigure(struct controller *c, const struct config *next)
{
    struct builds_kept *b = &c->builds;

    for (size_t i = 0; i < b->n; i++) {
        struct job_kept *k = &b->kept[i];

        for (size_t r = k->n_runs; r-- > 0;) {
            k->runs[r].server = config_server_find(next, k->runs[r].server->name);
            if (k->runs[r].server == NULL)
                run_drop(k, &k->runs[r]);
        }
    }
}

static void sample_fill(struct sample *s, const char *job, const struct open_run *r)
{
    *s = (struct sample){.number = r->number,
                         .place = r->in_both    ? PLACE_UNKNOWN
                                  : r->in_cloud ? PLACE_CLOUD
                                                : PLACE_ONPREM,
                         .started = r->started,
                         .result = BUILD_RUNNING};
    (void)str_copy(s->job, sizeof(s->job), job);
    (void)str_copy(s->server, sizeof(s->server), r->server->name);
    (void)str_copy(s->node, sizeof(s->node),
                   r->in_cloud ? r->server->cloud_node : r->server->onprem_node);
}

static void sample_store(struct controller *c, const struct sample *s)
{
    struct record *r = effects_record(c->fx, RECORD_SAMPLE);

    if (r == NULL)
        return;
    r->at = c->now;
    r->as.sample = *s;
}

/* ----- what is shown of it ----- */

static void reckon(struct builds_kept *b)
{
    if (!b->changed)
        return;
    b->changed = false;
    b->n_views = speedup_view_make(b->jobs, b->n, &b->sum, b->views, ARRAY_LEN(b->views));
}

void builds_view(struct controller *c, struct fleet *f)
{
    struct builds_kept *b = &c->builds;

    reckon(b); /* only when somebody looks: a simulated year has nobody */
    f->speedup = b->sum;
    memcpy(f->jobs, b->views, b->n_views * sizeof(b->views[0]));
    f->n_jobs = b->n_views;
}

/* ----- from the store ----- */

static void see_ran(struct controller *c, const struct server_config *server,
                    const struct ran *build)
{
    requeue_saw(&c->servers[server - c->config->servers], build);
}

enum err_code builds_load(struct controller *c, const struct store_state *state,
                          struct err *e)
{
    struct builds_kept *b = &c->builds;

    /* Room for the most there can be; each is filled when it is added. */
    b->jobs = reallocarray(NULL, SPEEDUP_JOBS, sizeof(*b->jobs));
    b->kept = reallocarray(NULL, SPEEDUP_JOBS, sizeof(*b->kept));
    if (b->jobs == NULL || b->kept == NULL)
        return err_set(e, ERR_NOMEM, "controller: out of memory");
    for (; b->n < state->n_jobs && b->n < SPEEDUP_JOBS; b->n++) {
        b->jobs[b->n] = state->jobs[b->n];
        b->kept[b->n] = (struct job_kept){.hash = hash_of(b->jobs[b->n].path),
                                          .upto = b->jobs[b->n].last};
    }
    for (size_t i = 0; i < state->n_running; i++) {
        const struct sample *s = &state->running[i];
        bool in_cloud;
        const struct server_config *server = node_owner(c, s->node, &in_cloud);
        size_t job = server != NULL ? job_get(b, s->job) : b->n;
        struct open_run *r;

        if (job == b->n || b->kept[job].n_runs == OPEN_RUNS)
            continue; /* its row grows old and goes */
        r = run_add(&b->kept[job], s->number, server, in_cloud);
        r->in_both = s->place == PLACE_UNKNOWN;
        r->started = s->started;
        if (in_cloud || r->in_both) {
            struct ran ran = {.number = s->number};

            (void)str_copy(ran.job, sizeof(ran.job), s->job);
            see_ran(c, server, &ran);
        }
    }
    b->changed = true;
    return ERR_OK;
}

void builds_free(struct controller *c)
{
    free(c->builds.jobs);
    free(c->builds.kept);
}

/* ----- what runs now ----- */

static void sample_begin(struct controller *c, const char *job, const struct open_run *r)
{
    struct sample s;

    sample_fill(&s, job, r);
    sample_store(c, &s);
}

static void see_build(struct controller *c, const struct seen_build *seen,
                      const char *path, int32_t number,
                      const struct server_config *server, bool in_cloud)
{
    struct builds_kept *b = &c->builds;
    size_t job = job_get(b, path);
    struct open_run *r;
    bool is_new;

    if (job == b->n)
        return;
    b->kept[job].seen = c->now;
    r = run_find(&b->kept[job], number);
    is_new = r == NULL;
    if (is_new) {
        r = run_add(&b->kept[job], number, server, in_cloud);
        r->started = seen->started;
    }
    r->running = true;
    /* A Pipeline may use nodes of both places: its duration says nothing of either. */
    if (!is_new && (r->in_both || r->in_cloud == in_cloud))
        return;
    r->in_both = !is_new;
    sample_begin(c, path, r);
}

static void see_node(struct controller *c, const struct seen_node *n, struct utc at,
                     const struct server_config *server, bool in_cloud)
{
    UNINITIALIZED struct ran ran;
    /* At home a build is stopped by its own call, but at the end of an overlap. */
    bool may_be_left = in_cloud || server->overlaps;

    if (may_be_left) {
        ran.seen = at;
        (void)str_copy(ran.node, sizeof(ran.node), n->name);
    }
    for (size_t k = 0; k < n->n_builds; k++) {
        if (!build_split(n->builds[k].path, ran.job, &ran.number))
            continue;
        if (may_be_left)
            see_ran(c, server, &ran);
        see_build(c, &n->builds[k], ran.job, ran.number, server, in_cloud);
    }
}

void builds_seen(struct controller *c, const struct observation *o)
{
    for (size_t i = 0; i < c->builds.n; i++) {
        for (size_t k = 0; k < c->builds.kept[i].n_runs; k++)
            c->builds.kept[i].runs[k].running = false;
    }
    for (size_t i = 0; i < o->as.jenkins.n_nodes; i++) {
        const struct seen_node *n = &o->as.jenkins.nodes[i];
        bool in_cloud;
        const struct server_config *server =
            n->n_builds > 0 ? listed_owner(c, i, n->name, &in_cloud) : NULL;

        if (server != NULL)
            see_node(c, n, o->at, server, in_cloud);
    }
}

/* ----- how it ended ----- */

/* Something has ended, or nothing is known of it yet. */
static bool wants_history(const struct builds_kept *b, size_t i)
{
    const struct job_kept *k = &b->kept[i];

    for (size_t r = 0; r < k->n_runs; r++) {
        if (!k->runs[r].running)
            return true;
    }
    return !k->asked && b->jobs[i].last == 0;
}

static bool is_hinted(const struct poll_hints *h, const char *path)
{
    for (size_t i = 0; i < h->n_jobs; i++) {
        if (str_eq(h->jobs[i], path))
            return true;
    }
    return false;
}

/* What is counted need not be read again. */
static void hint(const struct builds_kept *b, size_t job, struct poll_hints *h)
{
    const struct job_kept *k = &b->kept[job];
    int32_t from = k->upto < INT32_MAX ? k->upto + 1 : k->upto;

    for (size_t i = 0; i < k->n_runs; i++)
        from = k->runs[i].number < from ? k->runs[i].number : from;
    h->from[h->n_jobs] = from;
    (void)str_copy(h->jobs[h->n_jobs++], URL_TEXT, b->jobs[job].path);
}

/* Those that want it, each in its turn; else the next one, for builds that were over
 * before anybody looked. */
void builds_hints(struct controller *c, struct poll_hints *h)
{
    struct builds_kept *b = &c->builds;
    size_t first = b->n > 0 ? b->turn % b->n : 0;

    for (size_t n = 0; n < b->n && h->n_jobs < HINT_JOBS; n++) {
        size_t i = (first + n) % b->n;

        if (!wants_history(b, i) || is_hinted(h, b->jobs[i].path))
            continue;
        hint(b, i, h);
        b->turn = i + 1;
    }
    if (h->n_jobs == 0 && b->n > 0) {
        hint(b, first, h);
        b->turn = first + 1;
    }
}

/* Most of a history is long known. */
static bool is_news(const struct controller *c, size_t job, const struct seen_run *seen)
{
    const struct job_kept *k = &c->builds.kept[job];

    return seen->result != BUILD_RUNNING && (k->n_runs > 0 || seen->number > k->upto);
}

static void take_run(struct controller *c, size_t job, const struct seen_run *seen)
{
    struct builds_kept *b = &c->builds;
    struct job_kept *k = &b->kept[job];
    struct open_run *open = run_find(k, seen->number), by_node;
    UNINITIALIZED struct sample s; /* sample_fill() does */

    if (open == NULL && seen->number <= k->upto)
        return;
    if (open == NULL) {
        by_node = (struct open_run){.number = seen->number};
        by_node.server = node_owner(c, seen->node, &by_node.in_cloud);
        if (by_node.server == NULL)
            return;
    }
    sample_fill(&s, b->jobs[job].path, open != NULL ? open : &by_node);
    s.started = seen->started.s != 0 ? seen->started : s.started;
    s.took_ms = seen->took_ms;
    s.result = seen->result;
    sample_store(c, &s);
    job_history_note(&b->jobs[job], &s);
    if (open != NULL)
        run_drop(k, open);
}

static bool is_listed(const struct seen_job *seen, int32_t number)
{
    for (size_t i = 0; i < seen->n_runs; i++) {
        if (seen->runs[i].number == number)
            return true;
    }
    return false;
}

/* Deleted, or older than what Jenkins lists: nobody will say how it ended. */
static void drop_unlisted(struct controller *c, size_t job, const struct seen_job *seen)
{
    struct job_kept *k = &c->builds.kept[job];

    for (size_t i = k->n_runs; i > 0; i--) {
        const struct open_run *r = &k->runs[i - 1];
        struct sample s;

        if (r->running || is_listed(seen, r->number))
            continue;
        sample_fill(&s, c->builds.jobs[job].path, r);
        s.result = BUILD_UNKNOWN;
        sample_store(c, &s);
        run_drop(k, r);
    }
}

static void take_job(struct controller *c, size_t job, const struct seen_job *seen)
{
    struct job_kept *k = &c->builds.kept[job];
    int32_t upto = 0, running = INT32_MAX;

    for (size_t i = 0; i < seen->n_runs; i++) {
        const struct seen_run *r = &seen->runs[i];

        if (is_news(c, job, r))
            take_run(c, job, r);
        if (r->result == BUILD_RUNNING && r->number < running)
            running = r->number;
        if (r->number > upto)
            upto = r->number;
    }
    drop_unlisted(c, job, seen);
    upto = upto < running ? upto : running - 1;
    k->upto = k->upto > upto ? k->upto : upto;
    k->asked = true;
}

static bool any_running(const struct job_kept *k)
{
    for (size_t i = 0; i < k->n_runs; i++) {
        if (k->runs[i].running)
            return true;
    }
    return false;
}

/* Renamed or removed: under its new name it is another job, and none counts twice. */
static void take_gone(struct controller *c, size_t job)
{
    struct builds_kept *b = &c->builds;
    struct record *r;

    if (any_running(&b->kept[job])) {
        b->kept[job].asked = true; /* it is there, only hidden from us */
        return;
    }
    r = effects_record(c->fx, RECORD_JOB_GONE);
    if (r != NULL) {
        r->at = c->now;
        (void)str_copy(r->as.job_gone, sizeof(r->as.job_gone), b->jobs[job].path);
    }
    job_drop(b, job);
}

void builds_history(struct controller *c, const struct observation *o)
{
    struct builds_kept *b = &c->builds;

    for (size_t i = 0; i < o->as.builds.n; i++) {
        const struct seen_job *seen = &o->as.builds.jobs[i];
        size_t job = job_find(b, seen->path);

        if (job == b->n)
            continue;
        if (seen->gone)
            take_gone(c, job);
        else if (seen->unreadable)
            b->kept[job].asked = true;
        else
            take_job(c, job, seen);
    }
    b->changed = true;
}
