#include <config.h>

#include "core/policy/requeue.h"

#include "core/base/str.h"

/* policy-and-cost 5.3 */
enum { ENDS_WITHIN_S = 600, HANGS_AFTER_S = 300 };
/* A Pipeline takes its time to end; who does not end at all is left alone. */
enum { STOP_AGAIN_S = 120, HANGS_FOR_GOOD_S = 3600 };
/* A notice after which nothing is lost. */
enum { NO_LOSS_S = 3600 };
/* A call takes 20 s at most; what it asked for shows up by then (reliability 6). */
enum { SURELY_SENT_S = 75 };
/* Seconds are cut off, theirs and ours. */
enum { SLACK_S = 3 };

static const struct requeue_out wait_more = {REQUEUE_WAIT, ""};

static struct requeue_out skip(const char *why)
{
    return (struct requeue_out){REQUEUE_SKIP, why};
}

const struct seen_run *requeue_run(const struct seen_job *job, int32_t number)
{
    for (size_t i = 0; i < job->n_runs; i++) {
        if (job->runs[i].number == number)
            return &job->runs[i];
    }
    return NULL;
}

static bool is_denied(const struct requeue_in *in)
{
    for (size_t i = 0; i < in->policy->n_requeue_deny; i++) {
        if (str_has_nocase(in->job_name, in->policy->requeue_deny[i]))
            return true;
    }
    return false;
}

/* What has a parameter that cannot be read equals nothing; a build of ours that has one
 * is not queued again at all. */
static bool is_equal(const struct seen_parameters *other,
                     const struct seen_parameters *ours)
{
    return other->hidden[0] == '\0' && str_eq(other->form, ours->form);
}

/* It still runs, as Jenkins sees it. */
static struct requeue_out judge_running(const struct requeue_in *in)
{
    const struct requeue *b = in->build;

    if (b->lost.s == 0)
        return wait_more;
    if (in->elsewhere && !b->spread)
        return skip("it goes on elsewhere by itself");
    if (in->now.s - b->lost.s >= HANGS_FOR_GOOD_S)
        return skip("it hangs and cannot be stopped");
    if (in->now.s - b->lost.s < HANGS_AFTER_S ||
        (b->stopped.s != 0 && in->now.s - b->stopped.s < STOP_AGAIN_S))
        return wait_more;
    return (struct requeue_out){REQUEUE_STOP_FIRST, ""};
}

static bool newer_will_do(const struct requeue_in *in, const struct seen_run *run)
{
    for (size_t i = 0; i < in->job->n_runs; i++) {
        const struct seen_run *r = &in->job->runs[i];

        if (r->number > run->number &&
            (r->result == BUILD_RUNNING || r->result == BUILD_SUCCESS) &&
            is_equal(&r->parameters, &run->parameters))
            return true;
    }
    return false;
}

static bool queued_already(const struct requeue_in *in, const struct seen_run *run)
{
    for (size_t i = 0; i < in->job->n_items; i++) {
        if (is_equal(&in->job->items[i].parameters, &run->parameters))
            return true;
    }
    return false;
}

/* What it was queued again as is known of a build that this controller took care of. */
static bool is_of_another(const struct requeue_in *in, const struct seen_run *again)
{
    for (size_t i = 0; i < in->n_noted; i++) {
        if (in->noted[i].queue_id == again->queue_id &&
            str_eq(in->noted[i].job, in->build->job))
            return true;
    }
    return false;
}

/* By another controller, or by this one before its store was lost: an equal one of our
 * user, begun since its end, whatever became of that. */
static bool queued_by_another(const struct requeue_in *in, const struct seen_run *run)
{
    int64_t ended = run->started.s + run->took_ms / 1000;

    for (size_t i = 0; i < in->job->n_runs; i++) {
        const struct seen_run *r = &in->job->runs[i];

        if (r->number > run->number && r->by_us && r->queue_id > 0 &&
            r->started.s + SLACK_S >= ended &&
            is_equal(&r->parameters, &run->parameters) && !is_of_another(in, r))
            return true;
    }
    return false;
}

/* Did the loss end it? *out: what else. */
static bool ended_by_loss(const struct requeue_in *in, const struct seen_run *run,
                          struct requeue_out *out)
{
    const struct requeue *b = in->build;
    int64_t ended = run->started.s + run->took_ms / 1000 - in->skew_s;
    bool by_us = str_eq(run->aborted_by, in->our_user);

    *out = wait_more;
    if (run->result != BUILD_FAILURE && run->result != BUILD_ABORTED)
        *out = skip("it ended by itself");
    else if (ended + SLACK_S < b->noted.s)
        *out = skip("it had ended before");
    else if (run->aborted_by[0] != '\0' && !by_us)
        *out = skip("a person stopped it");
    else if (b->lost.s == 0 && in->now.s - b->noted.s >= NO_LOSS_S)
        *out = skip("its machine was not taken away");
    else if (b->lost.s == 0)
        return false;
    else if (!by_us && ended > b->lost.s + ENDS_WITHIN_S)
        *out = skip("it ended long after its machine was gone");
    else
        return true;
    return false;
}

struct requeue_out requeue_decide(const struct requeue_in *in)
{
    const struct seen_run *run;
    struct requeue_out out;

    if (!in->policy->requeue)
        return skip("requeue is off");
    if (is_denied(in))
        return skip("its job is denied (requeue_deny)");
    if (in->build->count >= in->policy->requeue_max)
        return skip("it was queued again often enough (requeue_max)");
    if (in->job->gone)
        return skip("its job is gone");
    run = requeue_run(in->job, in->build->number);
    if (run == NULL)
        return skip("Jenkins does not list it any more");
    if (run->result == BUILD_RUNNING)
        return judge_running(in);
    if (!ended_by_loss(in, run, &out))
        return out;
    if (run->parameters.hidden[0] != '\0')
        return skip("a parameter of it cannot be read");
    if (in->job->disabled)
        return skip("its job is disabled");
    if (queued_already(in, run))
        return skip("an equal build is queued");
    if (newer_will_do(in, run))
        return skip("an equal newer build runs or is green");
    if (queued_by_another(in, run))
        return skip("it was queued again already");
    return (struct requeue_out){REQUEUE_NOW, ""};
}

enum requeue_trace requeue_look(const struct requeue_in *in, int64_t *id)
{
    const struct requeue *b = in->build;
    const struct seen_run *run = requeue_run(in->job, b->number);

    *id = 0;
    if (run == NULL)
        return REQUEUE_ABSENT; /* then nothing equals it; decided anew it is skipped */
    for (size_t i = 0; i < in->job->n_items; i++) {
        const struct seen_item *item = &in->job->items[i];

        if (item->by_us && is_equal(&item->parameters, &run->parameters)) {
            *id = item->id;
            return REQUEUE_FOUND;
        }
    }
    for (size_t i = 0; i < in->job->n_runs; i++) {
        const struct seen_run *r = &in->job->runs[i];

        if (r->number > run->number && r->by_us &&
            r->started.s - in->skew_s + SLACK_S >= b->sent.s &&
            is_equal(&r->parameters, &run->parameters)) {
            *id = r->queue_id;
            return REQUEUE_FOUND;
        }
    }
    return in->now.s - b->sent.s < SURELY_SENT_S ? REQUEUE_NOT_YET : REQUEUE_ABSENT;
}
