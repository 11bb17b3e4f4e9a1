#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include <stdlib.h>

/* What is kept (store.h): by job and place, by age, and in all. */
enum {
    SAMPLES_OF_JOB = 50,
    TRIM_EVERY = 16, /* builds of a job: it reads most that are kept of it */
    SAMPLES_IN_ALL = 20000,
    SAMPLES_KEPT_S = 730 * 86400,
    CLEAN_EVERY = 256 /* rows: it reads many */
};

static enum err_code clean_samples(struct store *s, struct utc now, struct err *e)
{
    struct query q;

    if (s->samples_put++ % CLEAN_EVERY != 0)
        return ERR_OK;
    q = query_begin(s, STATEMENT_SAMPLE_CLEAN);
    query_int(&q, now.s - SAMPLES_KEPT_S);
    query_int(&q, SAMPLES_IN_ALL);
    return query_run(&q, "clean the samples", e);
}

static enum err_code trim_job(struct store *s, const char *job, struct err *e)
{
    static const enum place places[] = {PLACE_ONPREM, PLACE_CLOUD, PLACE_UNKNOWN};
    enum err_code code = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(places) && code == ERR_OK; i++) {
        struct query q = query_begin(s, STATEMENT_SAMPLE_TRIM);

        query_text(&q, job);
        query_text(&q, place_word(places[i]));
        query_int(&q, SAMPLES_OF_JOB);
        code = query_run(&q, "trim the samples", e);
    }
    return code;
}

enum err_code store_sample_put(struct store *s, const struct sample *b, struct utc at,
                               struct err *e)
{
    struct query q = query_begin(s, STATEMENT_SAMPLE_PUT);
    enum err_code code;

    query_text(&q, b->job);
    query_int(&q, b->number);
    query_text(&q, b->server);
    query_text(&q, b->node);
    query_text(&q, place_word(b->place));
    query_utc(&q, b->started);
    query_int(&q, b->took_ms);
    query_text(&q, build_result_word(b->result));
    query_int(&q, at.s);
    code = query_run(&q, "write a sample", e);
    if (code == ERR_OK && b->number % TRIM_EVERY == 0)
        code = trim_job(s, b->job, e);
    return code == ERR_OK ? clean_samples(s, at, e) : code;
}

enum err_code store_job_forget(struct store *s, const char *job, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_SAMPLE_GONE);

    query_text(&q, job);
    return query_run(&q, "forget a job", e);
}

/* A word that is not ours counts for nothing: such a row is of a later version. */
static void read_sample(struct query *q, struct sample *b)
{
    static const int64_t longest_ms = INT64_C(30) * 86400 * 1000;
    char word[NAME_TEXT];

    query_get_text(q, b->job, sizeof(b->job));
    b->number = (int32_t)query_get_int(q);
    query_get_text(q, b->server, sizeof(b->server));
    query_get_text(q, b->node, sizeof(b->node));
    query_get_text(q, word, sizeof(word));
    if (!place_parse(word, &b->place))
        b->place = PLACE_UNKNOWN;
    b->started = query_get_utc(q);
    b->took_ms = query_get_int(q);
    if (b->took_ms < 0 || b->took_ms > longest_ms)
        b->took_ms = 0;
    query_get_text(q, word, sizeof(word));
    if (!build_result_parse(word, &b->result))
        b->result = BUILD_UNKNOWN;
}

/* Row after row as they lie there: those of a job follow each other. */
static enum err_code read_histories(struct store *s, struct job_history *jobs, size_t n,
                                    struct err *e)
{
    struct query q = query_begin(s, STATEMENT_SAMPLE_OVER);
    struct job_history *j = NULL;

    while (query_row(&q)) {
        UNINITIALIZED struct sample b; /* read_sample() fills it */

        read_sample(&q, &b);
        if (j == NULL || !str_eq(j->path, b.job))
            j = job_history_get(jobs, &n, n, b.job);
        if (j != NULL)
            job_history_note(j, &b);
    }
    return query_end(&q, "read the samples", e);
}

enum err_code store_jobs_load(struct store *s, struct job_history **jobs, size_t *n,
                              struct err *e)
{
    struct query q = query_begin(s, STATEMENT_SAMPLE_JOBS);
    /* Room for the most there can be; each is filled when it is added. */
    struct job_history *list = reallocarray(NULL, SPEEDUP_JOBS, sizeof(*list));
    enum err_code code;

    *jobs = NULL;
    *n = 0;
    query_int(&q, SPEEDUP_JOBS);
    while (list != NULL && query_row(&q)) {
        char job[URL_TEXT];

        query_get_text(&q, job, sizeof(job));
        (void)job_history_get(list, n, SPEEDUP_JOBS, job); /* there is room */
    }
    code = query_end(&q, "read the jobs", e);
    if (list != NULL && code == ERR_OK)
        code = read_histories(s, list, *n, e);
    if (code == ERR_OK && list == NULL)
        code = err_set(e, ERR_NOMEM, "no memory for the jobs");
    if (code == ERR_OK)
        *jobs = list;
    else
        free(list);
    return code;
}

enum err_code store_running_load(struct store *s, struct sample **running, size_t *n,
                                 struct err *e)
{
    struct query q = query_begin(s, STATEMENT_SAMPLE_RUNNING);
    struct sample *list = reallocarray(NULL, SPEEDUP_JOBS, sizeof(*list));
    enum err_code code;

    query_int(&q, SPEEDUP_JOBS);
    while (list != NULL && *n < SPEEDUP_JOBS && query_row(&q))
        read_sample(&q, &list[(*n)++]);
    code = query_end(&q, "read the samples", e);
    if (code == ERR_OK && list == NULL)
        code = err_set(e, ERR_NOMEM, "no memory for the samples");
    *running = list;
    return code;
}
