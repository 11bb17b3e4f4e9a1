#include <config.h>

#include "core/api/jenkins_internal.h"

#include "core/base/text.h"

#include <string.h>

enum {
    MAX_RUNS = 100,
    MAX_NODE_BYTES = 255,
    MAX_ITEMS = 200, /* of the queue, for one job */
    MAX_USER_BYTES = 80,
    LIMIT_BYTES = 256 * 1024, /* fifty builds have some ten */
    DETAIL_LIMIT_BYTES = 2 * 1024 * 1024
};
/* Nothing that runs longer is a test; nor is what claims to. */
static const int64_t longest_ms = INT64_C(30) * 86400 * 1000;

/* The range is what keeps Jenkins from loading each build there ever was. */
static const char tree[] =
    "url,builds[number,building,result,timestamp,duration,builtOn]{0,50}";
static const char detail_tree[] =
    "url,buildable,builds[number,building,result,timestamp,duration,builtOn,queueId," //
    JENKINS_ACTIONS_TREE "]{0,50}";
static const char queue_tree[] = "items[id,task[url]," JENKINS_ACTIONS_TREE "]";

/* A result may be set while the build still goes on: it is over when both say so. */
static enum build_result read_result(const json_value *run)
{
    bool building;
    size_t len;
    const char *word = json_text(run, "result", &len);
    enum build_result r;

    if (!json_bool(run, "building", &building) || building || word == NULL)
        return BUILD_RUNNING;
    return build_result_parse(word, &r) && r != BUILD_RUNNING ? r : BUILD_UNKNOWN;
}

/* Whether one of its causes is our user, or names this program. */
static bool is_by_us(const struct jenkins *j, const json_value *object)
{
    const json_value *actions = json_get(object, "actions");

    for (size_t i = 0; i < json_list_len(actions); i++) {
        const json_value *causes = json_get(json_list_at(actions, i), "causes");

        for (size_t k = 0; k < json_list_len(causes); k++) {
            const json_value *cause = json_list_at(causes, k);
            size_t len;
            const char *user = json_text(cause, "userId", &len);
            const char *words = json_text(cause, "shortDescription", &len);

            if ((user != NULL && str_eq(user, j->config->user)) ||
                (words != NULL && jenkins_is_ours(words)))
                return true;
        }
    }
    return false;
}

/* "dana" of the interruption "Aborted by dana"; "" when nobody is named. */
static const char *read_aborted_by(const json_value *run, struct arena *a)
{
    static const char before[] = "Aborted by ";
    const json_value *actions = json_get(run, "actions");

    for (size_t i = 0; i < json_list_len(actions); i++) {
        const json_value *causes = json_get(json_list_at(actions, i), "causes");

        for (size_t k = 0; k < json_list_len(causes); k++) {
            size_t len;
            const char *s = json_text(json_list_at(causes, k), "shortDescription", &len);

            if (s != NULL && str_starts(s, before))
                return text_clean_dup(a, s + strlen(before), strlen(s + strlen(before)),
                                      MAX_USER_BYTES);
        }
    }
    return "";
}

static bool read_detail(const struct jenkins *j, const json_value *run, struct arena *a,
                        struct seen_run *out)
{
    out->parameters = jenkins_read_parameters(run, a);
    out->by_us = is_by_us(j, run);
    out->aborted_by = read_aborted_by(run, a);
    if (!json_i64(run, "queueId", 1, INT64_MAX, &out->queue_id))
        out->queue_id = 0; /* before Jenkins 1.601 */
    return out->aborted_by != NULL;
}

static bool read_run(const struct jenkins *j, const json_value *run, bool detailed,
                     struct arena *a, struct seen_run *out)
{
    int64_t number;

    if (!json_i64(run, "number", 1, INT32_MAX, &number))
        return false;
    *out = (struct seen_run){.number = (int32_t)number,
                             .result = read_result(run),
                             .parameters = {"", ""},
                             .aborted_by = ""};
    (void)json_time(run, "timestamp", &out->started); /* else unknown, 0 */
    if (out->result != BUILD_RUNNING &&
        !json_i64(run, "duration", 1, longest_ms, &out->took_ms))
        out->took_ms = 0; /* a duration that cannot be is none */
    out->node = json_text_dup(a, run, "builtOn", MAX_NODE_BYTES);
    return out->node != NULL && (!detailed || read_detail(j, run, a, out));
}

static enum err_code read_runs(const struct jenkins *j, const json_value *root,
                               struct arena *a, struct seen_job *out, struct err *e)
{
    const json_value *list = json_get(root, "builds");
    size_t n = json_list_len(list);
    struct seen_run *runs;

    if (!json_is_list(list))
        return err_set(e, ERR_PROTOCOL, "jenkins: GET job: no list of builds");
    if (n > MAX_RUNS)
        n = MAX_RUNS;
    runs = arena_alloc(a, n, sizeof(*runs));
    if (runs == NULL)
        return err_set(e, ERR_NOMEM, "jenkins: no memory for the builds of a job");
    for (size_t i = 0; i < n; i++)
        if (read_run(j, json_list_at(list, i), out->detailed, a, &runs[out->n_runs]))
            out->n_runs++;
    out->runs = runs;
    return ERR_OK;
}

/* What of the queue is for this job. */
static enum err_code read_items(const struct jenkins *j, const json_value *list,
                                struct arena *a, struct seen_job *out, struct err *e)
{
    size_t n = json_list_len(list);
    struct seen_item *items =
        arena_alloc(a, n < MAX_ITEMS ? n : MAX_ITEMS, sizeof(*items));

    if (items == NULL)
        return err_set(e, ERR_NOMEM, "jenkins: no memory for the queue");
    for (size_t i = 0; i < n && out->n_items < MAX_ITEMS; i++) {
        const json_value *item = json_list_at(list, i);
        const json_value *task = json_get(item, "task");
        const char *path = task != NULL ? jenkins_url_path(j, a, task) : NULL;
        struct seen_item *it = &items[out->n_items];

        if (path == NULL || !str_eq(path, out->path))
            continue;
        *it = (struct seen_item){.parameters = jenkins_read_parameters(item, a),
                                 .by_us = is_by_us(j, item)};
        if (json_i64(item, "id", 1, INT64_MAX, &it->id))
            out->n_items++;
    }
    out->items = items;
    return ERR_OK;
}

/* Read before the builds: what leaves it meanwhile is among those. */
static enum err_code fetch_queue(struct jenkins *j, struct json_doc **doc, struct err *e)
{
    static const char what[] = "jenkins: GET queue";
    enum err_code rc;

    j->limit_bytes = DETAIL_LIMIT_BYTES;
    jenkins_path(j, "/queue/api/json");
    jenkins_tree(j, queue_tree);
    rc = jenkins_get(j, what, doc, e);
    if (rc == ERR_OK && !json_is_list(json_get(json_doc_root(*doc), "items")))
        rc = err_set(e, ERR_PROTOCOL, "%s: no list of items", what);
    return rc;
}

/* An answer of Jenkins itself about this job; everything else concerns all of them. */
static bool is_of_the_job(const struct jenkins *j, enum err_code rc)
{
    bool answered = rc == ERR_NOT_FOUND || rc == ERR_FORBIDDEN || rc == ERR_REFUSED ||
                    (rc == ERR_SERVER && j->rs.status == 500);

    return rc == ERR_TOO_BIG || (answered && j->rs.jenkins[0] != '\0');
}

static enum err_code read_job(struct jenkins *j, const struct json_doc *queue,
                              struct observation *o, struct seen_job *out, struct err *e)
{
    static const char what[] = "jenkins: GET job";
    struct json_doc *doc = NULL;
    bool buildable = true;
    enum err_code rc;

    if (!jenkins_is_job_path(j, out->path)) {
        out->gone = true; /* of another Jenkins, before the configuration changed */
        return ERR_OK;
    }
    jenkins_job_url(j, out->path, "api/json");
    jenkins_tree(j, out->detailed ? detail_tree : tree);
    rc = jenkins_get(j, what, &doc, e);
    if (rc == ERR_OK)
        rc = jenkins_is_about(j, o->arena, json_doc_root(doc), out->path, what, e);
    if (rc == ERR_OK)
        rc = read_runs(j, json_doc_root(doc), o->arena, out, e);
    if (rc == ERR_OK && out->detailed) {
        answer_note_time(o, &j->rs);
        out->disabled =
            json_bool(json_doc_root(doc), "buildable", &buildable) && !buildable;
        rc = read_items(j, json_get(json_doc_root(queue), "items"), o->arena, out, e);
    }
    json_doc_free(doc);
    return rc;
}

enum err_code jenkins_history(struct jenkins *j, const struct poll_hints *hints,
                              struct observation *o, struct err *e)
{
    struct seen_job *jobs = arena_alloc(o->arena, hints->n_jobs, sizeof(*jobs));
    struct json_doc *queue = NULL;
    size_t n_read = 0;
    struct err first = {0};
    enum err_code rc = ERR_OK;

    if (jobs == NULL)
        return err_set(e, ERR_NOMEM, "jenkins: no memory for the builds of jobs");
    o->as.builds = (struct obs_builds){.jobs = jobs};
    if (hints->n_detailed > 0)
        rc = fetch_queue(j, &queue, e);
    for (size_t i = 0; rc == ERR_OK && i < hints->n_jobs; i++) {
        struct seen_job *job = &jobs[i];
        struct err one = {0};

        job->detailed = i < hints->n_detailed;
        j->limit_bytes = job->detailed ? DETAIL_LIMIT_BYTES : LIMIT_BYTES;
        job->path = arena_strdup(o->arena, hints->jobs[i]);
        if (job->path == NULL)
            rc = err_set(e, ERR_NOMEM, "jenkins: no memory for the builds of jobs");
        else
            rc = read_job(j, queue, o, job, &one);
        if (rc != ERR_OK && is_of_the_job(j, rc)) {
            job->gone = rc == ERR_NOT_FOUND;
            job->unreadable = !job->gone;
            if (first.code == ERR_OK)
                first = one;
            n_read += job->gone ? 1 : 0;
            rc = ERR_OK;
        } else if (rc != ERR_OK) {
            *e = one.code != ERR_OK ? one : *e;
        } else {
            n_read++;
        }
        o->as.builds.n++;
    }
    json_doc_free(queue);
    j->limit_bytes = 0;
    if (rc == ERR_OK && n_read == 0 && first.code != ERR_OK) {
        *e = first;
        rc = first.code;
    }
    return rc;
}
