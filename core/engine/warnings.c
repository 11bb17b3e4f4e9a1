#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

/*
 * What the queue of events says of instances, earlier than any poll (policy-and-cost 5).
 * An event decides nothing: a warning is a fact until polls know better, all else only
 * shortens the wait for the next look (reliability 4). Each may come twice, and late.
 */
enum { REBALANCE_S = 600 };

static struct server_state *server_of(struct controller *c, const char *instance)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct instance_facts *in = &c->servers[i].facts.instance;

        if (in->id[0] != '\0' && str_eq(in->id, instance))
            return &c->servers[i];
    }
    return NULL;
}

static void note(struct server_state *s, const struct seen_warning *w)
{
    struct warned *to = &s->warned;

    if (!str_eq(to->instance, w->instance)) {
        *to = (struct warned){0};
        (void)str_copy(to->instance, sizeof(to->instance), w->instance);
    }
}

static void take_rebalance(struct controller *c, struct server_state *s,
                           const struct seen_warning *w)
{
    struct utc until = {w->at.s + REBALANCE_S};

    if (until.s <= c->now.s || s->warned.rebalance_until.s >= until.s)
        return;
    s->warned.rebalance_until = until;
    journal_say(c, journal_begin(c, LEVEL_WARN, "spot", s->config->name, "rebalance"),
                "AWS may take %s back soon: its node takes no builds for 10m",
                w->instance);
}

/* A message that nobody understands is kept in the journal, once, and goes. */
static void set_aside(struct controller *c, const struct seen_warning *w)
{
    struct journal_entry *j;

    for (size_t i = 0; i < ARRAY_LEN(c->poison); i++) {
        if (c->poison[i][0] != '\0' && str_eq(c->poison[i], w->id))
            return;
    }
    (void)str_copy(c->poison[c->n_poison++ % ARRAY_LEN(c->poison)], ID_TEXT, w->id);
    j = journal_begin(c, LEVEL_WARN, "rushhour", "", "queue");
    (void)str_copy(j->reason, sizeof(j->reason), w->text);
    journal_say(c, j, "the interruption queue had a message that is no event: %s",
                w->text);
}

static void take(struct controller *c, const struct seen_warning *w)
{
    struct server_state *s = server_of(c, w->instance);

    if (w->kind == WARNING_POISON) {
        set_aside(c, w);
        return;
    }
    /* Of an instance that no server has, or has no more: nobody's concern. */
    if (s == NULL || w->at.s < s->facts.instance.launched.s)
        return;
    note(s, w);
    sources_hurry(c, SOURCE_INSTANCES);
    if (w->kind == WARNING_STATE) {
        sources_hurry(c, SOURCE_VELOSTRATA);
        return;
    }
    sources_hurry(c, SOURCE_SPOT);
    if (w->kind == WARNING_REBALANCE)
        take_rebalance(c, s, w);
    else if (s->warned.reclaim_at.s == 0)
        s->warned.reclaim_at.s = w->at.s + NOTICE_S;
}

void warnings_take(struct controller *c, const struct obs_queue *q)
{
    for (size_t i = 0; i < q->n; i++)
        take(c, &q->warnings[i]);
    if (q->n > 0) {
        c->batch_taken = q->batch;
        c->batch_fresh = true;
    }
}

/* A batch counts as handled once a later step finds the store in order: then what was
 * written of it is on disk. */
uint64_t warnings_handled(struct controller *c)
{
    if (!c->batch_fresh && c->store_ok)
        c->batch_handled = c->batch_taken;
    c->batch_fresh = false;
    return c->batch_handled;
}

void warnings_merge(const struct controller *c, struct server_state *s)
{
    struct instance_facts *in = &s->facts.instance;

    if (in->spot == SPOT_REBALANCE)
        in->spot = SPOT_ACTIVE; /* until it is found to be so still */
    if (in->id[0] == '\0' || in->terminated || !str_eq(in->id, s->warned.instance))
        return;
    if (s->warned.reclaim_at.s != 0) {
        in->spot = SPOT_NOTICE;
        if (in->reclaim_at.s == 0)
            in->reclaim_at = s->warned.reclaim_at;
    } else if (in->spot == SPOT_ACTIVE && c->now.s < s->warned.rebalance_until.s) {
        in->spot = SPOT_REBALANCE;
    }
}
