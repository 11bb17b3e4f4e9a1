#include <config.h>

#include "core/cost/speedup.h"

#include "core/base/str.h"

/* Shares are kept in hundredths of a percent until the end. */
enum { WHOLE = 10000, PERCENT = 100, SLOWEST_PERCENT = -9999 };

bool sample_counts(const struct sample *s)
{
    return (s->result == BUILD_SUCCESS || s->result == BUILD_UNSTABLE) &&
           (s->place == PLACE_ONPREM || s->place == PLACE_CLOUD) && s->took_ms > 0;
}

struct job_history *job_history_get(struct job_history *jobs, size_t *n, size_t max,
                                    const char *path)
{
    struct job_history *j;

    for (size_t i = 0; i < *n; i++) {
        if (str_eq(jobs[i].path, path))
            return &jobs[i];
    }
    if (*n == max)
        return NULL;
    j = &jobs[(*n)++];
    *j = (struct job_history){0};
    (void)str_copy(j->path, sizeof(j->path), path);
    return j;
}

/* The lowest number gives way to a higher one. */
static void note_time(struct build_times *t, int32_t number, int64_t ms)
{
    int32_t lowest = 0;

    for (int32_t i = 0; i < t->n; i++) {
        if (t->newest[i].number == number) {
            t->newest[i].ms = ms;
            return;
        }
        if (t->newest[i].number < t->newest[lowest].number)
            lowest = i;
    }
    if (t->n < SPEEDUP_NEWEST)
        lowest = t->n++;
    else if (t->newest[lowest].number > number)
        return;
    t->newest[lowest] = (struct build_time){number, ms};
}

void job_history_note(struct job_history *j, const struct sample *s)
{
    if (s->number > j->last) {
        j->last = s->number;
        (void)str_copy(j->server, sizeof(j->server), s->server);
    }
    if (sample_counts(s))
        note_time(s->place == PLACE_CLOUD ? &j->cloud : &j->onprem, s->number,
                  s->took_ms);
}

static void put_in_order(int64_t *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        int64_t one = v[i];
        size_t k = i;

        for (; k > 0 && v[k - 1] > one; k--)
            v[k] = v[k - 1];
        v[k] = one;
    }
}

/* Half away from zero; d > 0. */
static int64_t divide(int64_t v, int64_t d)
{
    return v < 0 ? -((-v + d / 2) / d) : (v + d / 2) / d;
}

/* Twice the median of n > 0 values, which are put in order: no half is lost. */
static int64_t median_twice(int64_t *v, size_t n)
{
    put_in_order(v, n);
    return v[(n - 1) / 2] + v[n / 2];
}

static int64_t median_ms(const struct build_times *t)
{
    int64_t ms[SPEEDUP_NEWEST];

    for (int32_t i = 0; i < t->n; i++)
        ms[i] = t->newest[i].ms;
    return t->n > 0 ? divide(median_twice(ms, (size_t)t->n), 2) : 0;
}

static bool is_enough(int32_t onprem, int32_t cloud)
{
    return onprem >= SPEEDUP_LEAST && cloud >= SPEEDUP_LEAST;
}

/* The share of the time on-prem that is saved; both are known, and none is 0. */
static int64_t saved(const struct job_speedup *s)
{
    return divide((s->onprem_ms - s->cloud_ms) * WHOLE, s->onprem_ms);
}

static int32_t percent_of(int64_t share, int64_t times)
{
    int64_t percent = divide(share, times * (WHOLE / PERCENT));

    return percent < SLOWEST_PERCENT ? SLOWEST_PERCENT : (int32_t)percent;
}

void speedup_job(const struct job_history *j, struct job_speedup *out)
{
    *out = (struct job_speedup){.onprem_ms = median_ms(&j->onprem),
                                .cloud_ms = median_ms(&j->cloud),
                                .onprem_builds = j->onprem.n,
                                .cloud_builds = j->cloud.n};
    out->known = is_enough(j->onprem.n, j->cloud.n);
    if (out->known)
        out->percent = percent_of(saved(out), 1);
}

/* How many of the builds that it takes a job has. */
static int32_t has_of_least(int32_t onprem, int32_t cloud)
{
    return (onprem < SPEEDUP_LEAST ? onprem : SPEEDUP_LEAST) +
           (cloud < SPEEDUP_LEAST ? cloud : SPEEDUP_LEAST);
}

void speedup(const struct job_history *jobs, size_t n, struct speedup *out)
{
    int64_t shares[SPEEDUP_JOBS];
    int32_t nearest = 0;

    *out = (struct speedup){0};
    for (size_t i = 0; i < n; i++) {
        struct job_speedup one;
        int32_t has = has_of_least(jobs[i].onprem.n, jobs[i].cloud.n);

        if (has > nearest) {
            nearest = has;
            out->nearest_onprem = jobs[i].onprem.n;
            out->nearest_cloud = jobs[i].cloud.n;
        }
        speedup_job(&jobs[i], &one);
        if (!one.known)
            continue;
        shares[out->jobs++] = saved(&one);
        out->builds += one.onprem_builds + one.cloud_builds;
    }
    out->known = out->jobs > 0;
    if (out->known)
        out->percent = percent_of(median_twice(shares, (size_t)out->jobs), 2);
}

void speedup_missing(const struct speedup *s, char out[LINE_TEXT])
{
    if (s->known)
        out[0] = '\0';
    else if (s->nearest_onprem + s->nearest_cloud == 0)
        (void)str_format(out, LINE_TEXT,
                         "needs %d good builds of a job on-prem and %d in the cloud; has "
                         "none yet",
                         SPEEDUP_LEAST, SPEEDUP_LEAST);
    else
        (void)str_format(out, LINE_TEXT,
                         "needs %d good builds of a job on-prem and %d in the cloud; the "
                         "job nearest to it has %d and %d",
                         SPEEDUP_LEAST, SPEEDUP_LEAST, s->nearest_onprem,
                         s->nearest_cloud);
}
