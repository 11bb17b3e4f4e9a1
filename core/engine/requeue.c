#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"
#include "core/policy/requeue.h"

#include <stdlib.h>
#include <string.h>

/* After the loss builds may still be seen for the first time: Jenkins learns last. */
enum { SEEN_AFTER_LOSS_S = 60 };
/* An order that failed is given again, later each time; so often in all. */
enum { ORDERS_MAX = 5, ORDER_AGAIN_S = 30 };
/* So many looks must show nothing before an order counts as never arrived. */
enum { LOOKS_ABSENT = 2 };

static bool is_open(const struct requeue *r)
{
    return r->state == REQUEUE_WAITING || r->state == REQUEUE_SENT;
}

static void store_it(struct controller *c, const struct requeue *r)
{
    struct record *rec = effects_record(c->fx, RECORD_REQUEUE);

    if (rec != NULL) {
        rec->at = c->now;
        rec->as.requeue = *r;
    }
}

static void count_open(struct controller *c)
{
    struct requeues_kept *k = &c->requeues;

    k->n_open = 0;
    for (size_t i = 0; i < k->n; i++)
        k->n_open += is_open(&k->list[i]) ? 1 : 0;
}

bool requeue_is_open(const struct controller *c)
{
    return c->requeues.n_open > 0;
}

enum err_code requeue_load(struct controller *c, const struct store_state *state,
                           struct err *e)
{
    struct requeues_kept *k = &c->requeues;

    k->list = calloc(REQUEUES_KEPT, sizeof(*k->list));
    k->absent = calloc(REQUEUES_KEPT, sizeof(*k->absent));
    if (k->list == NULL || k->absent == NULL)
        return err_set(e, ERR_NOMEM, "controller: out of memory");
    for (size_t i = 0; i < state->n_requeues && i < REQUEUES_KEPT; i++)
        k->list[k->n++] = state->requeues[i];
    count_open(c);
    return ERR_OK;
}

void requeue_free(struct controller *c)
{
    free(c->requeues.list);
    free(c->requeues.absent);
}

/* ----- which builds it is about ----- */

/* When the nodes were read last; what nobody has read yet is read from now on. */
static struct utc nodes_read(const struct controller *c)
{
    const struct observation *o = c->sources[SOURCE_JENKINS].good;

    return o != NULL ? o->at : c->now;
}

void requeue_saw(struct server_state *s, const struct ran *build)
{
    struct ran *to = &s->ran[0];

    for (size_t i = 0; i < RAN_KEPT; i++) {
        struct ran *r = &s->ran[i];

        if (r->number == build->number && str_eq(r->job, build->job)) {
            to = r;
            break;
        }
        if (to->job[0] != '\0' && (r->job[0] == '\0' || r->seen.s < to->seen.s))
            to = r;
    }
    *to = *build;
}

static struct requeue *find(struct controller *c, const char *job, int32_t number)
{
    struct requeues_kept *k = &c->requeues;

    for (size_t i = 0; i < k->n; i++) {
        if (k->list[i].number == number && str_eq(k->list[i].job, job))
            return &k->list[i];
    }
    return NULL;
}

static struct requeue *find_path(struct controller *c, const char *path)
{
    char job[URL_TEXT];
    int32_t number;

    return build_split(path, job, &number) ? find(c, job, number) : NULL;
}

/* Full: the oldest one that is over gives way. NULL: none is. */
static struct requeue *make_room(struct requeues_kept *k)
{
    struct requeue *oldest = NULL;

    if (k->n < REQUEUES_KEPT)
        return &k->list[k->n++];
    for (size_t i = 0; i < k->n; i++) {
        struct requeue *r = &k->list[i];

        if (!is_open(r) && (oldest == NULL || r->noted.s < oldest->noted.s))
            oldest = r;
    }
    return oldest;
}

static void build_name(const struct requeue *r, char out[BUILD_TEXT])
{
    char job[BUILD_TEXT - 16];

    sample_job_name(r->job, job, sizeof(job));
    (void)str_format(out, BUILD_TEXT, "%s #%d", job, (int)r->number);
}

static bool build_path(const struct requeue *r, char out[URL_TEXT])
{
    return str_format(out, URL_TEXT, "%s%d/", r->job, (int)r->number);
}

/* It holds an executor on another node than that one, by the newest reading. */
static bool runs_elsewhere(const struct controller *c, const struct requeue *r)
{
    const struct observation *o = c->sources[SOURCE_JENKINS].good;
    char path[URL_TEXT];

    if (o == NULL || !build_path(r, path))
        return false;
    for (size_t i = 0; i < o->as.jenkins.n_nodes; i++) {
        const struct seen_node *n = &o->as.jenkins.nodes[i];

        for (size_t b = 0; b < n->n_builds && !str_eq(n->name, r->node); b++) {
            if (!n->builds[b].one_off && str_eq(n->builds[b].path, path))
                return true;
        }
    }
    return false;
}

static const char *cause_text(enum requeue_cause cause)
{
    static const char *const words[] = {
        [REQUEUE_BY_INTERRUPTION] = "its instance is taken back",
        [REQUEUE_BY_DEADLINE] = "the drain deadline has passed",
        [REQUEUE_BY_FORCE] = "its server moves at once",
    };

    return words[cause];
}

/* NULL: it was noted before, or nobody may act on it. */
static struct requeue *note(struct controller *c, const struct server_state *s,
                            const char *job, int32_t number, enum requeue_cause cause)
{
    struct requeue *r;
    char name[BUILD_TEXT];

    if (c->observe || lease_is_missing(c) || c->dry_run || c->setting == AUTO_DRY_RUN ||
        find(c, job, number) != NULL)
        return NULL;
    r = make_room(&c->requeues);
    if (r == NULL)
        return NULL; /* as many builds as this wait already: Jenkins is in deep trouble */
    *r = (struct requeue){
        .number = number, .original = number, .cause = cause, .state = REQUEUE_WAITING};
    (void)str_copy(r->job, sizeof(r->job), job);
    (void)str_copy(r->server, sizeof(r->server), s->config->name);
    c->requeues.absent[r - c->requeues.list] = 0;
    build_name(r, name);
    journal_say(c,
                journal_begin(c, LEVEL_INFO,
                              cause == REQUEUE_BY_INTERRUPTION ? "spot" : "rushhour",
                              s->config->name, "build"),
                "%s is noted, to be queued again: %s", name, cause_text(cause));
    return r;
}

static void noted(struct controller *c, const struct requeue *r)
{
    store_it(c, r);
    count_open(c);
    sources_hurry(c, SOURCE_BUILDS);
}

/* All builds of as->node that this reading of Jenkins or a later one showed. */
static void note_ran(struct controller *c, struct server_state *s, struct utc since,
                     const struct requeue *as)
{
    for (size_t i = 0; i < RAN_KEPT; i++) {
        const struct ran *b = &s->ran[i];
        struct requeue *r;

        if (b->job[0] == '\0' || b->seen.s < since.s ||
            (b->node[0] != '\0' && !str_eq(b->node, as->node)))
            continue;
        r = note(c, s, b->job, b->number, as->cause);
        if (r == NULL)
            continue;
        (void)str_copy(r->node, sizeof(r->node), as->node);
        r->noted = as->noted;
        r->lost = as->lost;
        r->spread = r->lost.s == 0 && runs_elsewhere(c, r);
        noted(c, r);
    }
}

void requeue_alive(struct controller *c, struct server_state *s)
{
    const struct server_facts *f = &s->facts;
    const struct utc builds = nodes_read(c);

    if ((s->doom.on && s->doom.lost.s != 0) || f->place != PLACE_CLOUD ||
        f->place_stale || f->lost)
        return;
    s->alive_at = f->place_as_of;
    /* A newer reading of Jenkins may show the loss already: what ran is gone from it. */
    if (builds.s <= f->place_as_of.s)
        s->alive_builds = builds;
}

/* The loss is told to what waits for it. */
static void note_lost(struct controller *c, struct server_state *s,
                      enum requeue_cause cause)
{
    for (size_t i = 0; i < c->requeues.n; i++) {
        struct requeue *r = &c->requeues.list[i];

        if (r->state != REQUEUE_WAITING || r->lost.s != 0 || r->cause != cause ||
            !str_eq(r->server, s->config->name))
            continue;
        r->lost = c->now;
        store_it(c, r);
    }
}

/* What had ended by then was not lost: its machine was seen well, or AWS had not given
 * its notice yet, by its clock. */
static struct utc noticed_from(const struct controller *c, const struct server_state *s,
                               struct utc reclaim_at)
{
    struct utc from = {reclaim_at.s - NOTICE_S - c->config->policy.clock_skew};

    if (from.s < s->alive_at.s)
        from = s->alive_at;
    return from.s < c->now.s ? from : c->now;
}

void requeue_doom(struct controller *c, struct server_state *s, bool lost)
{
    const struct node_facts *left = replace_node(s);
    const struct instance_facts *in =
        s->facts.leaving.id[0] != '\0' ? &s->facts.leaving : &s->facts.instance;
    struct doom *d = &s->doom;

    if (!d->on) {
        /* At a notice: what the newest reading shows. After it: what ran at the last look
         * that saw its machine well, since the newest reading may show the loss. */
        *d = (struct doom){.on = true,
                           .noted =
                               lost ? s->alive_at : noticed_from(c, s, in->reclaim_at),
                           .since = lost ? s->alive_builds : nodes_read(c),
                           .reclaim_at = in->reclaim_at};
        (void)str_copy(d->node, sizeof(d->node),
                       left != NULL ? left->name : s->facts.cloud.name);
        (void)str_copy(d->instance, sizeof(d->instance), in->id);
    }
    if (!lost || d->lost.s != 0)
        return;
    d->lost = c->now;
    /* Not seen well since the notice: it may have come after the loss. */
    if (s->alive_builds.s < d->since.s)
        d->since = s->alive_builds;
    s->alive_at = s->alive_builds = (struct utc){0};
    note_lost(c, s, REQUEUE_BY_INTERRUPTION);
}

/* Its time is up, and another one may have taken its place already. */
static bool is_gone(const struct controller *c, const struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;
    const struct doom *d = &s->doom;

    return d->reclaim_at.s != 0 && c->now.s >= d->reclaim_at.s && !s->facts.place_stale &&
           s->facts.place_as_of.s >= d->reclaim_at.s &&
           (in->terminated || !str_eq(in->id, d->instance));
}

static void note_doomed(struct controller *c, struct server_state *s)
{
    const struct doom *d = &s->doom;
    struct requeue as = {
        .cause = REQUEUE_BY_INTERRUPTION, .noted = d->noted, .lost = d->lost};

    (void)str_copy(as.node, sizeof(as.node), d->node);
    note_ran(c, s, d->since, &as);
}

void requeue_watch(struct controller *c, struct server_state *s)
{
    struct doom *d = &s->doom;

    if (!d->on)
        return;
    if (is_gone(c, s))
        requeue_doom(c, s, true);
    note_doomed(c, s);
    if (d->lost.s != 0 && c->now.s - d->lost.s >= SEEN_AFTER_LOSS_S)
        d->on = false;
}

/* ----- a move ----- */

/* Whether builds that this move stops or leaves are queued again: told by force, or by
 * on_drain_deadline. */
static bool move_requeues(const struct controller *c, const struct move *m)
{
    return m->force || c->config->policy.on_drain_deadline == DRAIN_REQUEUE;
}

void requeue_stopped(struct controller *c, struct server_state *s, const char *path)
{
    const struct move *m = &s->move;
    struct requeue *r = find_path(c, path);
    char job[URL_TEXT];
    int32_t number;

    if (r == NULL && move_requeues(c, m) && build_split(path, job, &number)) {
        r = note(c, s, job, number, m->force ? REQUEUE_BY_FORCE : REQUEUE_BY_DEADLINE);
        if (r == NULL)
            return;
        RH_PROBE("drain-deadline-requeue");
        (void)str_copy(r->node, sizeof(r->node),
                       m->direction == DIRECTION_OUT ? s->facts.onprem.name
                                                     : s->facts.cloud.name);
        r->noted = r->lost = c->now;
    }
    if (r == NULL || !is_open(r))
        return;
    r->stopped = c->now;
    noted(c, r);
}

void requeue_left(struct controller *c, struct server_state *s)
{
    const struct move *m = &s->move;
    const struct node_facts *n =
        m->direction == DIRECTION_OUT ? &s->facts.onprem : &s->facts.cloud;
    /* With overlap a move is past its commit point here. */
    struct requeue as = {.cause = REQUEUE_BY_DEADLINE,
                         .noted = c->now,
                         .lost = {m->committed ? c->now.s : 0}};

    (void)str_copy(as.node, sizeof(as.node), n->name);
    if (!m->interrupted && !(n->known && n->idle) && move_requeues(c, m))
        note_ran(c, s, nodes_read(c), &as);
}

void requeue_committed(struct controller *c, struct server_state *s)
{
    if (s->move.direction == DIRECTION_BACK)
        note_lost(c, s, REQUEUE_BY_DEADLINE);
}

/* ----- what Jenkins says ----- */

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
        if (listed || !is_open(&k->list[i]))
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

    SURE(is_open(r));
    r->state = REQUEUE_SKIPPED;
    (void)str_copy(r->why, sizeof(r->why), why);
    store_it(c, r);
    build_name(r, name);
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
    store_it(c, r);
    build_name(r, name);
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
    bool fits = build_path(r, call.target);

    SURE(kind == CALL_BUILD_STOP || r->state == REQUEUE_WAITING);
    SURE(r->orders < ORDERS_MAX || kind == CALL_BUILD_STOP);
    SURE(fits); /* take_job() has made it before */
    build_name(r, name);
    (void)str_copy(call.server, sizeof(call.server), r->server);
    (void)str_format(call.marker, sizeof(call.marker),
                     "rushhour/1 requeue of %.80s why=%s", name,
                     requeue_cause_word(r->cause));
    if (!call_send(c, &call, "rushhour",
                   kind == CALL_BUILD_STOP ? "it hangs" : cause_text(r->cause)))
        return; /* another call for this server is under way: at the next look */
    if (kind == CALL_BUILD_STOP) {
        r->stopped = c->now;
    } else {
        r->state = REQUEUE_SENT;
        r->sent = c->now;
        r->orders++;
    }
    store_it(c, r);
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
        store_it(c, r);
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

        if (!is_open(r) || !str_eq(r->job, job->path) || !build_path(r, path) ||
            order_is_open(c, path))
            continue;
        in.elsewhere = r->lost.s != 0 && nodes != NULL && nodes->at.s > r->lost.s &&
                       runs_elsewhere(c, r);
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
    count_open(c);
}

void requeue_result(struct controller *c, const struct call *call,
                    const struct call_result *r)
{
    struct requeue *q = find_path(c, call->target);
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
        store_it(c, q);
    }
    count_open(c);
}
