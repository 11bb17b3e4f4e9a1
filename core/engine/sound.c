#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

/*
 * What must be so of the controller's own memory when a step is over. Nothing of it
 * depends on what others say: where it is not so, nothing that is decided next can be
 * trusted, and the program ends; the next one begins with what is on disk (reliability
 * 3).
 */

static bool is_wish(enum place p)
{
    return p == PLACE_UNKNOWN || p == PLACE_ONPREM || p == PLACE_CLOUD;
}

static void look_at_lists(const struct controller *c)
{
    SURE(c->n_calls_open <= MAX_CALLS_OPEN);
    SURE(c->n_unresolved <= MAX_CALLS_OPEN);
    SURE(c->n_events <= FLEET_EVENTS);
    SURE(c->first_event < FLEET_EVENTS);
    SURE(c->events_total >= (int64_t)c->n_events);
    SURE(c->n_alerts <= FLEET_ALERTS);
    SURE(c->n_replies <= FLEET_REPLIES);
    SURE(c->n_segments <= c->cap_segments);
    SURE(c->n_series <= MAX_SERIES);
    SURE(c->n_listed <= MAX_LISTED);
    SURE(c->n_pools <= MAX_POOLS);
    SURE(c->requeues.n <= REQUEUES_KEPT);
    SURE(c->requeues.n_open <= c->requeues.n);
    SURE(c->builds.n <= SPEEDUP_JOBS);
    SURE(c->builds.n_views <= FLEET_JOBS);
    SURE(c->n_servers == c->config->n_servers);
    SURE(c->next_call_id > 0 && c->next_move_id > 0 && c->next_segment_id > 0);
}

/* One call of a server at a time (reliability 9), and it is known which. */
static void look_at_calls(const struct controller *c)
{
    size_t open = 0;

    for (size_t i = 0; c->n_calls_open > 0 && i < MAX_CALLS_OPEN; i++) {
        const struct call *call = &c->calls[i].call;

        if (!c->calls[i].open)
            continue;
        open++;
        SURE(call->id > 0 && call->id < c->next_call_id);
        SURE(call->kind < CALL_COUNT);
        for (size_t k = 0; k < i; k++)
            SURE(!c->calls[k].open || !str_eq(c->calls[k].call.server, call->server));
    }
    SURE(open == c->n_calls_open);
}

static void look_at_move(const struct server_state *s)
{
    const struct move *m = &s->move;
    int32_t n;

    if (!s->has_move) {
        SURE(!s->has_last);
        return;
    }
    SURE(str_eq(m->server, s->config->name));
    SURE(m->status == MOVE_OPEN);
    (void)mover_steps(server_mover(s), m->direction, &n);
    SURE(n > 0 && n <= MAX_STEPS);
    SURE(m->step >= 0 && m->step < n);
}

static void look_at_server(const struct controller *c, size_t i)
{
    const struct server_state *s = &c->servers[i];
    const struct instance_facts *in = &s->facts.instance, *old = &s->facts.leaving;

    SURE(s->config == &c->config->servers[i]);
    SURE(s->mover != NULL); /* the configuration knows the names of all */
    SURE(is_wish(s->order.place));
    SURE(is_wish(s->hold.place));
    SURE(is_wish(s->decision.desired));
    SURE(s->facts.place < PLACE_COUNT);
    SURE(s->failures >= 0 && s->rounds >= 0);
    SURE(s->n_losses >= 0 && s->n_losses <= LOSSES_KEPT);
    SURE(s->n_offers <= FLEET_OFFERINGS);
    SURE(!in->ended || in->terminated);
    SURE(in->id[0] == '\0' || !str_eq(in->id, old->id));
    look_at_move(s);
}

/* Rule 1 of reliability 6: no call without its intent, written before; no call at all in
 * a mode that forbids to act. */
static void look_at_effects(const struct controller *c)
{
    const struct effects *fx = c->fx;

    SURE(fx->n_records <= fx->cap_records && fx->n_calls <= fx->cap_calls);
    SURE(fx->n_polls <= SOURCE_COUNT);
    SURE(fx->n_calls == 0 || !acts_forbidden(c));
    SURE(fx->next_wake.ms >= c->mono.ms);
    for (size_t i = 0; i < fx->n_calls; i++) {
        const struct call *call = &fx->calls[i];
        bool intended = false;

        for (size_t k = 0; k < fx->n_records; k++)
            intended = intended || (fx->records[k].kind == RECORD_INTENT &&
                                    fx->records[k].as.intent.id == call->id);
        SURE(intended);
        SURE(call->target[0] != '\0');
        SURE(!launch_stops(c, call->kind));
    }
    for (size_t i = 0; i < fx->n_polls; i++)
        SURE(c->sources[fx->polls[i].source].in_flight);
}

void controller_sound(const struct controller *c)
{
    look_at_lists(c);
    look_at_calls(c);
    for (size_t i = 0; i < c->n_servers; i++)
        look_at_server(c, i);
    if (c->fx != NULL) /* within a step */
        look_at_effects(c);
}
