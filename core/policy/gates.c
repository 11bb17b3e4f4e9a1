#include <config.h>

#include "core/policy/plan_work.h"

/* The gates of policy-and-cost 3.6, in its order. */

static bool is_closed_by_person(const struct node_facts *n)
{
    return n->known && n->marked && n->closed_by == CLOSED_BY_PERSON;
}

const struct node_facts *node_left(const struct server_facts *f, enum direction d)
{
    return d == DIRECTION_OUT ? &f->onprem : &f->cloud;
}

/* Facts of its place, and of its nodes as far as the move needs them. */
static bool is_stale(const struct plan_work *w, const struct plan_server *s,
                     const struct server_work *sw)
{
    const struct server_facts *f = s->facts;

    if (f->place_stale)
        return true;
    if (f->place == PLACE_UNKNOWN)
        return !f->in_both_places && f->blocked[0] == '\0';
    if (sw->direction == DIRECTION_OUT)
        return !f->onprem.known || !f->cloud.known;
    /* 6.4: who cannot see builds takes the node for busy, until the drain's deadline. An
     * open return waits in its drain instead. */
    return !sw->open && !sw->power_on && !f->cloud.known &&
           (sw->deadline.s == 0 || w->now.s < sw->deadline.s);
}

/* Without a manager that fetches it a lost server may go out again as it is (5.2), unless
 * what it had there is only stopped. */
static bool has_task(const struct plan_server *s, const struct server_work *sw)
{
    const struct server_facts *f = s->facts;
    bool fetched =
        s->needs_extension || sw->direction == DIRECTION_BACK || f->instance.stopped;

    if (f->task_active)
        return true;
    if (sw->coming_home)
        return false;
    return (sw->direction == DIRECTION_BACK && f->migration_busy) ||
           f->place == PLACE_MOVING_OUT || f->place == PLACE_MOVING_BACK ||
           (f->place == PLACE_LOST && fetched);
}

static bool is_blocked(const struct server_facts *f, const struct server_work *sw)
{
    /* 1: powered off by a person; an order to bring it home is what ends that. */
    if (sw->power_on)
        return f->in_both_places;
    return f->in_both_places || f->blocked[0] != '\0';
}

/* Those that an order of a person does not wait for. */
static uint32_t gates_of_policy(const struct plan_work *w, const struct plan_server *s,
                                const struct server_work *sw)
{
    bool out = sw->direction == DIRECTION_OUT;
    int64_t now = w->now.s;
    uint32_t g = 0;

    if (!sw->auto_on)
        g |= GATE_BIT(GATE_AUTO_OFF);
    if (out && (w->in->jenkins_quieting || is_closed_by_person(&s->facts->onprem) ||
                is_closed_by_person(&s->facts->cloud)))
        g |= GATE_BIT(GATE_NODE);
    if (out && budget_stops(w, s))
        g |= GATE_BIT(GATE_BUDGET);
    if (s->breaker_open)
        g |= GATE_BIT(GATE_BREAKER);
    if (s->retry_at.s > now || (out && s->rerun_at.s > now))
        g |= GATE_BIT(GATE_BACKOFF);
    if (dwell_until(w, s, sw).s > now)
        g |= GATE_BIT(GATE_DWELL);
    if (out && sw->wanted.place == PLACE_CLOUD &&
        cloud_until(w, s) - now < w->in->policy->min_remaining)
        g |= GATE_BIT(GATE_REMAINING);
    return g;
}

uint32_t gates_of(const struct plan_work *w, const struct plan_server *s,
                  const struct server_work *sw)
{
    uint32_t g = 0;

    /* The way home of a lost server asks no switch (6.5). */
    if (!sw->coming_home) {
        if (!w->in->clock_ok)
            g |= GATE_BIT(GATE_CLOCK);
        if (!sw->ordered)
            g |= gates_of_policy(w, s, sw);
    }
    if (is_stale(w, s, sw))
        g |= GATE_BIT(GATE_STALE);
    if (has_task(s, sw))
        g |= GATE_BIT(GATE_TASK);
    if (is_blocked(s->facts, sw))
        g |= GATE_BIT(GATE_BLOCKED);
    return g;
}

bool may_replace(const struct plan_work *w, const struct plan_server *s,
                 const struct server_work *sw)
{
    struct server_work out = *sw;

    out.direction = DIRECTION_OUT;
    return sw->target == PLACE_CLOUD && w->in->clock_ok && !s->facts->place_stale &&
           !is_blocked(s->facts, sw) &&
           (gates_of_policy(w, s, &out) & ~GATE_BIT(GATE_DWELL)) == 0;
}

enum gate first_gate(uint32_t gates)
{
    return gates == 0 ? GATE_NONE : (enum gate)__builtin_ctz(gates);
}
