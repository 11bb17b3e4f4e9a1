/*
 * requeue - what becomes of a build whose machine was taken away under it
 * (policy-and-cost 5.3). Pure; plain values, all borrowed.
 * Threads: any.
 */
#ifndef RH_POLICY_REQUEUE_H
#define RH_POLICY_REQUEUE_H

#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/model/record.h"

/* What is known when it is decided. */
struct requeue_in {
    const struct policy_config *policy;
    const struct requeue *build;
    const char *job_name;       /* the full one, "team/net-pipe" */
    const struct seen_job *job; /* in detail, read since the build was noted */
    struct utc now;
    int64_t skew_s;       /* their clock minus ours */
    const char *our_user; /* as Jenkins knows us */
    bool elsewhere;       /* it holds an executor of another node now */
    /* All that were noted: what those were queued again as is known, and not this one. */
    const struct requeue *noted;
    size_t n_noted;
};

enum requeue_verdict {
    REQUEUE_WAIT,       /* look again */
    REQUEUE_STOP_FIRST, /* it hangs: stop it, look again */
    REQUEUE_NOW,        /* queue it again */
    REQUEUE_SKIP        /* it is not queued again, for good */
};

struct requeue_out {
    enum requeue_verdict verdict;
    const char *why; /* SKIP: for people; static */
};

/* Only the build itself is judged, by its number: never "the last failed". */
struct requeue_out requeue_decide(const struct requeue_in *in) NONNULL;

/*
 * The order to queue it again was given, but its answer was lost: what one look says of
 * it. FOUND: an equal build or item of our user came since (its queue id in *id, 0 when
 * Jenkins does not tell). NOT_YET: too early to say. ABSENT: nothing came; the order may
 * be given again once a second look says the same.
 */
enum requeue_trace { REQUEUE_FOUND, REQUEUE_NOT_YET, REQUEUE_ABSENT };
enum requeue_trace requeue_look(const struct requeue_in *in, int64_t *id) NONNULL;

/* That build among those of the job that were listed; NULL. */
const struct seen_run *requeue_run(const struct seen_job *job, int32_t number) NONNULL;

#endif
