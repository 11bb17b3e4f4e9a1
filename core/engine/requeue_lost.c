#include <config.h>

#include "core/engine/requeue_list.h"

#include "core/base/str.h"

/* Which builds lost their machine: what ran there, and what befell it. */

/* After the loss builds may still be seen for the first time: Jenkins learns last. */
enum { SEEN_AFTER_LOSS_S = 60 };

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

/* NULL: it was noted before, or nobody may act on it. */
static struct requeue *note(struct controller *c, const struct server_state *s,
                            const char *job, int32_t number, enum requeue_cause cause)
{
    struct requeue *r;
    char name[BUILD_TEXT];

    if (c->observe || lease_is_missing(c) || c->dry_run || c->setting == AUTO_DRY_RUN ||
        requeue_find(c, job, number) != NULL)
        return NULL;
    r = requeue_room(c);
    if (r == NULL)
        return NULL; /* as many builds as this wait already: Jenkins is in deep trouble */
    *r = (struct requeue){
        .number = number, .original = number, .cause = cause, .state = REQUEUE_WAITING};
    (void)str_copy(r->job, sizeof(r->job), job);
    (void)str_copy(r->server, sizeof(r->server), s->config->name);
    c->requeues.absent[r - c->requeues.list] = 0;
    requeue_name(r, name);
    journal_say(c,
                journal_begin(c, LEVEL_INFO,
                              cause == REQUEUE_BY_INTERRUPTION ? "spot" : "rushhour",
                              s->config->name, "build"),
                "%s is noted, to be queued again: %s", name, requeue_cause_text(cause));
    return r;
}

static void noted(struct controller *c, const struct requeue *r)
{
    requeue_store(c, r);
    requeue_count(c);
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
        r->spread = r->lost.s == 0 && requeue_elsewhere(c, r);
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
        requeue_store(c, r);
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
    struct requeue *r = requeue_find_path(c, path);
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
    if (r == NULL || !requeue_waits(r))
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
