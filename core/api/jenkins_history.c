#include <config.h>

#include "core/api/jenkins_internal.h"

enum {
    MAX_RUNS = 100,
    MAX_NODE_BYTES = 255,
    LIMIT_BYTES = 256 * 1024 /* fifty builds have some ten */
};
/* Nothing that runs longer is a test; nor is what claims to. */
static const int64_t longest_ms = INT64_C(30) * 86400 * 1000;

/* The range is what keeps Jenkins from loading each build there ever was. */
static const char tree[] =
    "builds[number,building,result,timestamp,duration,builtOn]{0,50}";

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

static bool read_run(const json_value *run, struct arena *a, struct seen_run *out)
{
    int64_t number;

    if (!json_i64(run, "number", 1, INT32_MAX, &number))
        return false;
    *out = (struct seen_run){.number = (int32_t)number, .result = read_result(run)};
    (void)json_time(run, "timestamp", &out->started); /* else unknown, 0 */
    if (out->result != BUILD_RUNNING &&
        !json_i64(run, "duration", 1, longest_ms, &out->took_ms))
        out->took_ms = 0; /* a duration that cannot be is none */
    out->node = json_text_dup(a, run, "builtOn", MAX_NODE_BYTES);
    return out->node != NULL;
}

static enum err_code read_runs(const json_value *root, struct arena *a,
                               struct seen_job *out, struct err *e)
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
        if (read_run(json_list_at(list, i), a, &runs[out->n_runs]))
            out->n_runs++;
    out->runs = runs;
    return ERR_OK;
}

/* An answer of Jenkins itself about this job; everything else concerns all of them. */
static bool is_of_the_job(const struct jenkins *j, enum err_code rc)
{
    bool answered = rc == ERR_NOT_FOUND || rc == ERR_FORBIDDEN || rc == ERR_REFUSED ||
                    (rc == ERR_SERVER && j->rs.status == 500);

    return rc == ERR_TOO_BIG || (answered && j->rs.jenkins[0] != '\0');
}

static enum err_code read_job(struct jenkins *j, struct arena *a, struct seen_job *out,
                              struct err *e)
{
    struct json_doc *doc = NULL;
    enum err_code rc;

    if (!jenkins_is_job_path(j, out->path)) {
        out->gone = true; /* of another Jenkins, before the configuration changed */
        return ERR_OK;
    }
    jenkins_job_url(j, out->path, "api/json");
    jenkins_tree(j, tree);
    rc = jenkins_get(j, "jenkins: GET job", &doc, e);
    if (rc == ERR_OK)
        rc = read_runs(json_doc_root(doc), a, out, e);
    json_doc_free(doc);
    return rc;
}

enum err_code jenkins_history(struct jenkins *j, const struct poll_hints *hints,
                              struct observation *o, struct err *e)
{
    struct seen_job *jobs = arena_alloc(o->arena, hints->n_jobs, sizeof(*jobs));
    size_t n_read = 0;
    struct err first = {0};
    enum err_code rc = ERR_OK;

    if (jobs == NULL)
        return err_set(e, ERR_NOMEM, "jenkins: no memory for the builds of jobs");
    o->as.builds = (struct obs_builds){.jobs = jobs};
    j->limit_bytes = LIMIT_BYTES;
    for (size_t i = 0; rc == ERR_OK && i < hints->n_jobs; i++) {
        struct seen_job *job = &jobs[i];
        struct err one = {0};

        job->path = arena_strdup(o->arena, hints->jobs[i]);
        if (job->path == NULL)
            rc = err_set(e, ERR_NOMEM, "jenkins: no memory for the builds of jobs");
        else
            rc = read_job(j, o->arena, job, &one);
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
    j->limit_bytes = 0;
    if (rc == ERR_OK && n_read == 0 && first.code != ERR_OK) {
        *e = first;
        rc = first.code;
    }
    return rc;
}
