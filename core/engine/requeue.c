#include <config.h>

#include "core/engine/requeue_list.h"

#include "core/base/str.h"

/* The way back into the queue, by what Jenkins says of their jobs. */

/* An order that failed is given again, later each time; so often in all. */
enum { ORDERS_MAX = 5, ORDER_AGAIN_S = 30 };
/* So many looks must show nothing before an order counts as never arrived. */
enum { LOOKS_ABSENT = 2 };

void requeue_hints(struct controller *c, struct poll_hints *h)
{
    struct requeues_kept *k = &c->requeues;
    size_t first = k->n > 0 ? k->turn % k->n : 0;

    for (size_t n = 0; k->n_open > 0 && n < k->n && h->n_jobs < HINT_JOBS; n++) {
        if (h->n_jobs > 0 && RH_BUGGIFY("one-job-a-poll"))
            break;
        size_t i = (first + n) % k->n;
        bool listed = false;

        for (size_t j = 0; j < h->n_jobs; j++)
            listed = listed || str_eq(h->jobs[j], k->list[i].job);
        if (listed || !requeue_waits(&k->list[i]))
            continue;
        h->from[h->n_jobs] = 0; /* the lost one may be long over */
        (void)str_copy(h->jobs[h->n_jobs++], URL_TEXT, k->list[i].job);
        k->turn = i + 1;
    }
    h->n_detailed = h->n_jobs;
}

static struct journal_entry *say(struct controller *c, const struct requeue *r,
                                 enum level level, enum outcome outcome)
{
    struct journal_entry *j = journal_begin(c, level, "rushhour", r->server, "requeue");

    j->outcome = outcome;
    (void)str_copy(j->reason, sizeof(j->reason), requeue_cause_word(r->cause));
    return j;
}

static void end_skipped(struct controller *c, struct requeue *r, const char *why)
{
    char name[BUILD_TEXT];

    SURE(requeue_waits(r));
    r->state = REQUEUE_SKIPPED;
    (void)str_copy(r->why, sizeof(r->why), why);
    requeue_store(c, r);
    requeue_name(r, name);
    journal_say(c, say(c, r, LEVEL_INFO, OUTCOME_NONE), "%s is not queued again: %.130s",
                name, why);
}

static void end_queued(struct controller *c, struct requeue *r, int64_t id)
{
    char name[BUILD_TEXT];

    SURE(r->state ==
         REQUEUE_SENT); /* an order was given, and once (policy-and-cost 5.3) */
    r->state = REQUEUE_QUEUED;
    r->queue_id = id;
    requeue_store(c, r);
    requeue_name(r, name);
    if (id > 0)
        journal_say(c, say(c, r, LEVEL_INFO, OUTCOME_DONE),
                    "%s is queued again: queue item %lld", name, (long long)id);
    else
        journal_say(c, say(c, r, LEVEL_INFO, OUTCOME_DONE), "%s is queued again", name);
}

/* Is this itself one that was queued again? Then it counts on. */
static void link_original(struct controller *c, struct requeue *r,
                          const struct seen_run *run)
{
    for (size_t i = 0; run->queue_id > 0 && i < c->requeues.n; i++) {
        const struct requeue *o = &c->requeues.list[i];

        if (o->queue_id != run->queue_id || o->number >= r->number ||
            !str_eq(o->job, r->job))
            continue;
        RH_PROBE("requeued-build-lost-again");
        r->original = o->original;
        r->count = o->count + 1;
    }
}

static bool order_is_open(const struct controller *c, const char *path)
{
    for (size_t i = 0; c->n_calls_open > 0 && i < MAX_CALLS_OPEN; i++) {
        if (c->calls[i].open && c->calls[i].call.kind == CALL_BUILD_QUEUE &&
            str_eq(c->calls[i].call.target, path))
            return true;
    }
    return false;
}

/* The state is stored beside the intent, before the call is made. */
static void order(struct controller *c, struct requeue *r, enum call_kind kind)
{
    struct call call = {.kind = kind};
    char name[BUILD_TEXT];
    bool fits = requeue_path(r, call.target);

    SURE(kind == CALL_BUILD_STOP || r->state == REQUEUE_WAITING);
    SURE(r->orders < ORDERS_MAX || kind == CALL_BUILD_STOP);
    SURE(fits); /* take_job() has made it before */
    requeue_name(r, name);
    (void)str_copy(call.server, sizeof(call.server), r->server);
    (void)str_format(call.marker, sizeof(call.marker),
                     "rushhour/1 requeue of %.80s why=%s", name,
                     requeue_cause_word(r->cause));
    if (!call_send(c, &call, "rushhour",
                   kind == CALL_BUILD_STOP ? "it hangs" : requeue_cause_text(r->cause)))
        return; /* another call for this server is under way: at the next look */
    if (kind == CALL_BUILD_STOP) {
        r->stopped = c->now;
    } else {
        r->state = REQUEUE_SENT;
        r->sent = c->now;
        r->orders++;
    }
    requeue_store(c, r);
}

/* An order that failed is not given again at once. */
static bool too_soon(const struct controller *c, const struct requeue *r)
{
    return r->orders > 0 && c->now.s - r->sent.s < ORDER_AGAIN_S << (r->orders - 1);
}

static void decide(struct controller *c, struct requeue *r, const struct requeue_in *in)
{
    const struct seen_run *run = requeue_run(in->job, r->number);
    struct requeue_out out;

    if (run != NULL)
        link_original(c, r, run);
    out = requeue_decide(in);
    switch (out.verdict) {
    case REQUEUE_WAIT:
        return;
    case REQUEUE_STOP_FIRST:
        order(c, r, CALL_BUILD_STOP);
        return;
    case REQUEUE_NOW:
        if (r->orders >= ORDERS_MAX)
            end_skipped(c, r, "Jenkins did not take it");
        else if (!too_soon(c, r))
            order(c, r, CALL_BUILD_QUEUE);
        return;
    case REQUEUE_SKIP:
        end_skipped(c, r, out.why);
        return;
    }
}

/* The answer to the order was lost, perhaps with the last run: it is looked for. */
static void resolve(struct controller *c, struct requeue *r, const struct requeue_in *in)
{
    int32_t *absent = &c->requeues.absent[r - c->requeues.list];
    int64_t id;

    switch (requeue_look(in, &id)) {
    case REQUEUE_FOUND:
        RH_PROBE("requeue-answer-lost-then-found");
        end_queued(c, r, id);
        return;
    case REQUEUE_NOT_YET:
        return;
    case REQUEUE_ABSENT:
        if (++*absent < LOOKS_ABSENT)
            return;
        RH_PROBE("requeue-order-never-arrived");
        *absent = 0;
        r->state = REQUEUE_WAITING;
        requeue_store(c, r);
        decide(c, r, in);
        return;
    }
}

static void take_job(struct controller *c, const struct observation *o,
                     const struct seen_job *job)
{
    char name[URL_TEXT], path[URL_TEXT];
    const struct observation *nodes = c->sources[SOURCE_JENKINS].good;

    sample_job_name(job->path, name, sizeof(name));
    for (size_t i = 0; i < c->requeues.n; i++) {
        struct requeue *r = &c->requeues.list[i];
        struct requeue_in in = {.policy = &c->config->policy,
                                .build = r,
                                .job_name = name,
                                .job = job,
                                .now = c->now,
                                .skew_s = o->skew_known ? o->skew_s : 0,
                                .our_user = c->config->jenkins.user,
                                .noted = c->requeues.list,
                                .n_noted = c->requeues.n};

        if (!requeue_waits(r) || !str_eq(r->job, job->path) || !requeue_path(r, path) ||
            order_is_open(c, path))
            continue;
        in.elsewhere = r->lost.s != 0 && nodes != NULL && nodes->at.s > r->lost.s &&
                       requeue_elsewhere(c, r);
        if (RH_BUGGIFY("requeue-decided-later"))
            continue;
        if (r->state == REQUEUE_SENT)
            resolve(c, r, &in);
        else
            decide(c, r, &in);
    }
}

void requeue_history(struct controller *c, const struct observation *o)
{
    if (acts_forbidden(c) || c->requeues.n_open == 0)
        return;
    for (size_t i = 0; i < o->as.builds.n; i++) {
        const struct seen_job *job = &o->as.builds.jobs[i];

        if ((job->detailed || job->gone) && !job->unreadable)
            take_job(c, o, job);
    }
    requeue_count(c);
}

void requeue_result(struct controller *c, const struct call *call,
                    const struct call_result *r)
{
    struct requeue *q = requeue_find_path(c, call->target);
    struct err e = {0};
    int64_t id = 0;

    sources_hurry(c, SOURCE_BUILDS);
    if (q == NULL || q->state != REQUEUE_SENT || call->kind != CALL_BUILD_QUEUE)
        return;
    if (r->outcome == OUTCOME_DONE) {
        if (str_to_i64(r->detail, 1, INT64_MAX, &id, &e) != ERR_OK)
            id = 0;
        end_queued(c, q, id);
    } else if (r->outcome == OUTCOME_FAILED && !err_is_retryable(r->err.code)) {
        end_skipped(c, q, r->err.text);
    } else if (r->outcome == OUTCOME_FAILED) {
        q->state = REQUEUE_WAITING; /* the next look decides anew */
        requeue_store(c, q);
    }
    requeue_count(c);
}
