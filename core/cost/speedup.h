/*
 * speedup - how much faster the same tests are in the cloud, from the builds of each job
 * that ran here and there. Pure integer arithmetic over plain values; the caller owns all
 * memory.
 * Threads: any.
 */
#ifndef RH_COST_SPEEDUP_H
#define RH_COST_SPEEDUP_H

#include "core/model/record.h"

/* The newest so many builds of a job in a place count; with fewer than the least in
 * either place the job says nothing. Jobs beyond the maximum are not followed. */
enum { SPEEDUP_NEWEST = 20, SPEEDUP_LEAST = 3, SPEEDUP_JOBS = 1024 };

struct build_time {
    int32_t number;
    int64_t ms;
};
struct build_times {
    int32_t n;
    struct build_time newest[SPEEDUP_NEWEST]; /* the highest numbers, in no order */
};

/* What is known of one job. */
struct job_history {
    char path[URL_TEXT];
    char server[NAME_TEXT]; /* where its newest build ran */
    int32_t last;           /* the highest number that is over, 0 = none */
    struct build_times onprem, cloud;
};

/*
 * Only builds that went through all of their tests are compared (SUCCESS, UNSTABLE), in
 * one place from beginning to end: one that failed or was stopped says when, not how
 * fast. A lost instance would even make the cloud look quick.
 */
bool sample_counts(const struct sample *s) NONNULL;

/* The job of that path, added when there is room for it; NULL when there is none. */
struct job_history *job_history_get(struct job_history *jobs, size_t *n, size_t max,
                                    const char *path) NONNULL;

/* Takes a build that is over into account; in any order, and again changes nothing. */
void job_history_note(struct job_history *j, const struct sample *s) NONNULL;

/* The job's median durations and how much of the time on-prem the cloud saves. */
struct job_speedup {
    bool known;                  /* enough builds in both places */
    int64_t onprem_ms, cloud_ms; /* medians, 0 without a build */
    int32_t onprem_builds, cloud_builds;
    int32_t percent; /* 42: takes 42 % less time in the cloud; negative: longer */
};
void speedup_job(const struct job_history *j, struct job_speedup *out) NONNULL;

/* The median over the jobs that are known. n <= SPEEDUP_JOBS. */
struct speedup {
    bool known;
    int32_t percent;
    int32_t jobs, builds;                  /* that it is made of */
    int32_t nearest_onprem, nearest_cloud; /* builds of the job that lacks the fewest */
};
void speedup(const struct job_history *jobs, size_t n, struct speedup *out) NONNULL;

/* What is missing, in words; "" when nothing is. */
void speedup_missing(const struct speedup *s, char out[LINE_TEXT]) NONNULL;

#endif
