#include <config.h>

#include "core/policy/plan_work.h"

/* One pass over all servers; the numbers in comments are those of policy-and-cost. */

/* Builds on the node that it leaves need not be waited for. */
static bool is_idle(const struct plan_work *w, const struct plan_server *s,
                    const struct server_work *sw)
{
    const struct node_facts *n = node_left(s->facts, sw->direction);

    if (sw->forced || sw->coming_home || sw->power_on || (n->known && n->idle))
        return true;
    if (!sw->open)
        return false;
    return s->commits_before_drain || s->move->step > 0 ||
           (sw->deadline.s != 0 && w->now.s >= sw->deadline.s);
}

/* An open move that only wants its slot. A node that is idle but still open can get the
 * next build; such a move must not keep others from committing. */
static bool is_ready(const struct plan_work *w, const struct plan_server *s,
                     const struct server_work *sw)
{
    const struct node_facts *n = node_left(s->facts, sw->direction);

    if (!sw->idle)
        return false;
    /* Past its deadline a build may still run: the slot is for who can use it. */
    if (s->move->step == 0 && !s->commits_before_drain && !sw->coming_home &&
        !sw->forced && n->known && !n->idle)
        return false;
    return sw->forced || sw->coming_home || sw->power_on || s->commits_before_drain ||
           s->move->step > 0 || !n->known || !n->open ||
           (sw->deadline.s != 0 && w->now.s >= sw->deadline.s);
}

static int64_t waiting_since(const struct plan_work *w, const struct plan_server *s,
                             const struct server_work *sw)
{
    int64_t t = sw->wanted.reason == REASON_HOLD       ? s->hold.at.s
                : sw->wanted.reason == REASON_PRESSURE ? w->in->pressure.above_since.s
                : sw->wanted.place == PLACE_CLOUD      ? w->at.lead_start.s
                                                       : 0;

    if (sw->open)
        return s->move->started.s;
    if (sw->ordered)
        return s->order.at.s;
    return t > s->settled_since.s ? t : s->settled_since.s;
}

static enum direction direction_to(enum place place)
{
    return place == PLACE_CLOUD ? DIRECTION_OUT : DIRECTION_BACK;
}

static bool has_order(const struct plan_server *s)
{
    return s->order.place == PLACE_CLOUD || s->order.place == PLACE_ONPREM;
}

/* 1: switched off at home, or suspended, by a person, and a person wants it at home. */
static bool is_power_on(const struct plan_server *s, const struct server_work *sw,
                        enum direction d)
{
    return sw->ordered && d == DIRECTION_BACK && s->facts->place == PLACE_ONPREM &&
           power_is_down(s->facts->power);
}

/*
 * Is an uncommitted move no longer wanted? 6.5: its automation was switched off; the
 * desired place changed back (6.6 waits for a trusted clock); `remaining` at the commit
 * point; and the way out is given up when its server must stay where it is (3.6: in every
 * gate but slots and drain the node stays open). What a person asked for stays.
 */
static bool is_unwanted(const struct plan_work *w, const struct plan_server *s,
                        const struct server_work *sw)
{
    const uint32_t gives_up = GATE_BIT(GATE_REMAINING) | GATE_BIT(GATE_NODE) |
                              GATE_BIT(GATE_BLOCKED) | GATE_BIT(GATE_BUDGET);
    enum place to = sw->direction == DIRECTION_OUT ? PLACE_CLOUD : PLACE_ONPREM;

    if (sw->coming_home)
        return false;
    if (has_order(s))
        return s->order.place != to;
    if (!sw->auto_on)
        return !sw->ordered;
    if (!w->in->clock_ok || sw->forced)
        return false;
    if (sw->wanted.place != to)
        return true;
    return sw->direction == DIRECTION_OUT && !sw->ordered && (sw->gates & gives_up) != 0;
}

/* The open move: what it still waits for, if it is not committed. */
static void look_at_move(struct plan_work *w, const struct plan_server *s,
                         struct server_work *sw)
{
    /* These stop a move from starting, not one that has. */
    const uint32_t before_start =
        GATE_BIT(GATE_BREAKER) | GATE_BIT(GATE_BACKOFF) | GATE_BIT(GATE_DWELL);
    const struct move *m = s->move;
    enum place to = m->direction == DIRECTION_OUT ? PLACE_CLOUD : PLACE_ONPREM;

    sw->open = true;
    sw->committed = m->committed;
    sw->late = m->committed && m->deadline.s != 0 && w->now.s >= m->deadline.s;
    sw->direction = m->direction;
    sw->coming_home = m->direction == DIRECTION_BACK &&
                      (m->interrupted || s->facts->place == PLACE_LOST);
    sw->ordered = m->manual || (has_order(s) && s->order.place == to);
    sw->forced = m->force || (sw->ordered && has_order(s) && s->order.force);
    sw->power_on = is_power_on(s, sw, m->direction);
    sw->deadline = m->drain_deadline;
    sw->idle = is_idle(w, s, sw);
    sw->since = waiting_since(w, s, sw);
    if (sw->committed)
        return;
    sw->gates = gates_of(w, s, sw) & ~before_start;
    sw->unwanted = is_unwanted(w, s, sw);
    sw->ready = !sw->unwanted && is_ready(w, s, sw); /* what ends takes no slot */
    if (!sw->idle)
        sw->gates |= GATE_BIT(GATE_DRAIN);
}

/* No move of ours: is one due, and what stops it? */
static void look_at_rest(struct plan_work *w, const struct plan_server *s,
                         struct server_work *sw)
{
    const struct server_facts *f = s->facts;

    sw->ordered = has_order(s);
    sw->power_on = is_power_on(s, sw, direction_to(sw->target));
    sw->due = sw->power_on || sw->target != f->place || f->place_stale;
    if (!sw->due)
        return;
    sw->forced = sw->ordered && s->order.force;
    sw->direction = direction_to(sw->target);
    sw->deadline = drain_deadline(w, s, sw);
    sw->idle = is_idle(w, s, sw);
    sw->since = waiting_since(w, s, sw);
    sw->gates = gates_of(w, s, sw);
    if (!sw->idle && (sw->gates & GATE_BIT(GATE_STALE)) == 0)
        sw->gates |= GATE_BIT(GATE_DRAIN);
}

/* Home is up, the cloud is gone, and what the way home waits for does not come, as an
 * agent that nobody starts: it must not keep the server from a way out that would begin
 * now, but for a slot. */
static void look_past_late(struct plan_work *w, const struct plan_server *s,
                           struct server_work *sw)
{
    const struct server_facts *f = s->facts;
    struct server_work out = {
        .wanted = sw->wanted, .auto_on = sw->auto_on, .target = sw->target};

    if (!sw->late || sw->direction != DIRECTION_BACK || sw->target != PLACE_CLOUD ||
        f->place != PLACE_ONPREM || f->power != POWER_ON ||
        (f->instance.id[0] != '\0' && !f->instance.terminated))
        return;
    look_at_rest(w, s, &out);
    if ((out.gates & ~GATE_BIT(GATE_DRAIN)) == 0)
        *sw = out;
}

static void look_at(struct plan_work *w, size_t i)
{
    const struct plan_server *s = &w->servers[i];
    struct server_work *sw = &w->work[i];

    *sw = (struct server_work){
        .wanted = desire_at(w, s, w->by_schedule, w->now),
        .auto_on = auto_is_on(w->in, s, w->now),
    };
    if (budget_evacuates(w, s)) /* 3.5 row 2 */
        sw->wanted = (struct desire){PLACE_ONPREM, REASON_BUDGET};
    sw->target = has_order(s) ? s->order.place : sw->wanted.place;
    if (s->move == NULL || s->move->status != MOVE_OPEN) {
        look_at_rest(w, s, sw);
        return;
    }
    look_at_move(w, s, sw);
    look_past_late(w, s, sw);
}

static struct utc until_auto(const struct plan_work *w, const struct plan_server *s,
                             const struct server_work *sw)
{
    (void)sw;
    return s->auto_on && w->in->setting != AUTO_OFF ? snooze_end(w->in, s)
                                                    : (struct utc){0};
}

static struct utc until_backoff(const struct plan_work *w, const struct plan_server *s,
                                const struct server_work *sw)
{
    (void)w;
    return sw->direction == DIRECTION_BACK || s->retry_at.s > s->rerun_at.s ? s->retry_at
                                                                            : s->rerun_at;
}

static struct utc until_slots(const struct plan_work *w, const struct plan_server *s,
                              const struct server_work *sw)
{
    (void)s;
    if (!sw->spaced)
        return (struct utc){0};
    return sw->direction == DIRECTION_BACK ? w->commit_until : w->spacing_until;
}

static struct utc until_drain(const struct plan_work *w, const struct plan_server *s,
                              const struct server_work *sw)
{
    (void)w;
    (void)s;
    return sw->deadline;
}

static struct utc until_breaker(const struct plan_work *w, const struct plan_server *s,
                                const struct server_work *sw)
{
    (void)w;
    (void)sw;
    return s->breaker_until;
}

/* Of the other gates nobody knows when they end. */
static struct utc gate_until(const struct plan_work *w, const struct plan_server *s,
                             const struct server_work *sw, enum gate g)
{
    static struct utc (*const untils[GATE_COUNT])(const struct plan_work *,
                                                  const struct plan_server *,
                                                  const struct server_work *) = {
        [GATE_AUTO_OFF] = until_auto,   [GATE_BREAKER] = until_breaker,
        [GATE_BACKOFF] = until_backoff, [GATE_DWELL] = dwell_until,
        [GATE_SLOTS] = until_slots,     [GATE_DRAIN] = until_drain,
    };

    return untils[g] != NULL ? untils[g](w, s, sw) : (struct utc){0};
}

static void decide_one(const struct plan_work *w, size_t i, struct decision *d)
{
    const struct plan_server *s = &w->servers[i];
    const struct server_work *sw = &w->work[i];
    bool held = sw->wanted.reason == REASON_HOLD;

    if (has_order(s) && !(held && s->hold.place == s->order.place)) {
        d->desired = s->order.place;
        d->reason = REASON_NONE; /* a person's order is its own reason */
    } else if (sw->auto_on || held) {
        d->desired = sw->wanted.place;
        d->reason = sw->wanted.reason;
    } else {
        d->desired = PLACE_UNKNOWN;
        d->reason = REASON_NONE;
    }
    d->gates = sw->gates;
    d->gate = first_gate(sw->gates);
    d->gate_until = gate_until(w, s, sw, d->gate);
    d->reason_text[0] = '\0';
    d->gate_text[0] = '\0';
    if (w->in->without_texts)
        return;
    text_reason(w, i, d);
    text_gate(w, i, d);
}

static void act_one(const struct plan_work *w, size_t i, struct plan_server_out *o)
{
    const struct server_work *sw = &w->work[i];

    o->act = PLAN_NONE;
    o->direction = sw->direction;
    o->drain_deadline = (struct utc){0};
    o->may_commit = false;
    o->pressed = w->pressed[i];
    o->over_budget = w->over_budget[i];
    o->may_replace = w->servers[i].facts->instance.reclaim_at.s != 0 && !sw->open &&
                     may_replace(w, &w->servers[i], sw);
    if (w->in->setting == AUTO_DRY_RUN)
        return;
    if (sw->start) {
        o->act = PLAN_START;
        o->drain_deadline = sw->deadline;
    } else if (sw->unwanted) {
        o->act = PLAN_CANCEL;
    } else {
        o->may_commit = sw->granted;
    }
}

/* Between D and the end of the last drain, while somebody is still to come home. */
static bool is_draining(const struct plan_work *w)
{
    int64_t limit = w->in->policy->drain_deadline;

    if (w->at.phase != PHASE_OUTSIDE || !w->has_last)
        return false;
    if (limit != DURATION_NONE && w->in->policy->on_drain_deadline != DRAIN_WAIT &&
        w->now.s >= w->last.end.s + limit)
        return false;
    for (size_t i = 0; i < w->n; i++) {
        if (w->work[i].auto_on && w->work[i].wanted.place == PLACE_ONPREM &&
            w->servers[i].facts->place != PLACE_ONPREM)
            return true;
    }
    return false;
}

static void begin(struct plan_work *w, const struct plan_in *in)
{
    w->in = in;
    w->servers = in->servers;
    w->n = in->n < MAX_SERVERS ? in->n : MAX_SERVERS;
    w->now = in->now;
    w->at = schedule_at(in->schedule, in->now);
    w->by_schedule = desire_by_phase(in->schedule, w->at.phase, in->now);
    w->snoozed = in->snooze_until.s > in->now.s;
    w->has_last = schedule_last(in->schedule, in->now, &w->last);
    w->spacing_until = w->commit_until = (struct utc){0};
    w->slots_text[0] = w->schedule_text[0] = '\0';
}

void plan(const struct plan_in *in, struct plan_out *out)
{
    UNINITIALIZED struct plan_work w;

    begin(&w, in);
    pressure_begin(&w);
    budget_begin(&w);
    pressure_pick(&w);
    for (size_t i = 0; i < w.n; i++)
        look_at(&w, i);
    share_slots(&w);
    if (!in->without_texts) {
        text_schedule(&w);
        text_slots(&w);
    }
    for (size_t i = 0; i < w.n; i++) {
        decide_one(&w, i, &out->servers[i].decision);
        act_one(&w, i, &out->servers[i]);
    }
    for (size_t i = w.n; i < in->n; i++)
        out->servers[i] = (struct plan_server_out){0};
    out->in_window = w.at.phase == PHASE_WINDOW;
    out->in_lead = w.at.phase == PHASE_LEAD;
    out->in_drain = is_draining(&w);
    plan_extension(&w, out);
    plan_next(&w, out);
    if (in->setting == AUTO_DRY_RUN)
        out->extension = PLAN_EXTENSION_NONE;
}
