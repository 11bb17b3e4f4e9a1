#include <config.h>

#include "core/policy/plan_work.h"

/* The numbers are those of policy-and-cost. */

struct desire desire_by_phase(const struct schedule *s, enum schedule_phase phase,
                              struct utc now)
{
    if (phase != PHASE_OUTSIDE) /* 3.5 row 3 */
        return (struct desire){PLACE_CLOUD,
                               phase == PHASE_LEAD ? REASON_LEAD : REASON_WINDOW};
    return (struct desire){PLACE_ONPREM, schedule_is_day_off(s, now)
                                             ? REASON_HOLIDAY
                                             : REASON_OUTSIDE}; /* 3.5 row 5 */
}

struct desire desire_by_schedule(const struct schedule *s, struct utc now)
{
    return desire_by_phase(s, schedule_at(s, now).phase, now);
}

int64_t cloud_until(const struct plan_work *w, const struct plan_server *s)
{
    struct utc from = w->now;
    struct schedule_at at;

    if (hold_is_active(&s->hold, w->now)) {
        if (s->hold.kind == HOLD_PIN)
            return INT64_MAX;
        /* What comes after the hold: the schedule may keep it out there. */
        from = s->hold.until;
        if (!schedule_is_cloud(w->in->schedule, from))
            return from.s;
        at = schedule_at(w->in->schedule, from);
    } else {
        at = w->at;
    }
    return at.has_end ? at.drain_start.s : INT64_MAX;
}

static struct utc later(struct utc a, struct utc b)
{
    return a.s > b.s ? a : b;
}

/* When its last hold, or the pressure that sent it out, ended, stored or only just; 0 =
 * none lately. */
static struct utc hold_end(const struct plan_work *w, const struct plan_server *s)
{
    struct utc t = {0};

    if (s->hold_ended.s <= w->now.s)
        t = s->hold_ended;
    if (s->hold.place != PLACE_UNKNOWN && s->hold.kind != HOLD_PIN &&
        s->hold.until.s <= w->now.s)
        t = later(t, s->hold.until); /* ended, and not yet dropped */
    if (s->pressed_since.s != 0 && !w->pressed[s - w->servers])
        t = w->now;
    return t;
}

/* When it was said; by a clock that was ahead it is now. */
static struct utc said(const struct plan_work *w, struct utc t)
{
    return t.s < w->now.s ? t : w->now;
}

/* What set the server on its way, for the deadline counts from there (2, 4). */
static struct utc cause(const struct plan_work *w, const struct plan_server *s,
                        const struct server_work *sw)
{
    struct utc t = {0};

    if (sw->ordered)
        return said(w, s->order.at);
    if (sw->wanted.reason == REASON_HOLD)
        t = said(w, s->hold.at);
    else if (sw->wanted.reason == REASON_BUDGET)
        t = said(w, later(w->in->budget.since, w->in->config_since));
    else if (sw->direction == DIRECTION_OUT && sw->wanted.reason != REASON_PRESSURE)
        t = w->at.window.start;
    else { /* an end that somebody has put into the past counts from then */
        t = said(w, w->in->config_since);
        if (w->has_last)
            t = later(t, w->last.end);
    }
    return later(later(t, hold_end(w, s)),
                 said(w, later(s->auto_since, w->in->auto_since)));
}

/* 2: dwell is for moves that nothing but pressure, or the end of it or of a hold, asks
 * for. A change of the schedule into the wanted place at that instant or later is a
 * reason of its own. */
struct utc dwell_until(const struct plan_work *w, const struct plan_server *s,
                       const struct server_work *sw)
{
    bool out = sw->direction == DIRECTION_OUT;
    int64_t dwell = out ? w->in->policy->dwell_onprem : w->in->policy->dwell_cloud;
    struct utc ended = hold_end(w, s), change = {0};

    if (s->settled_since.s == 0 || sw->wanted.reason == REASON_HOLD)
        return (struct utc){0};
    if (sw->wanted.reason == REASON_PRESSURE)
        return (struct utc){s->settled_since.s + dwell};
    if (ended.s == 0)
        return (struct utc){0};
    if (out)
        change = w->at.lead_start;
    else if (w->has_last)
        change.s = w->last.end.s + w->in->policy->drain_start;
    if (ended.s <= change.s)
        return (struct utc){0};
    return (struct utc){s->settled_since.s + dwell};
}

struct utc drain_deadline(const struct plan_work *w, const struct plan_server *s,
                          const struct server_work *sw)
{
    const struct policy_config *p = w->in->policy;
    int64_t limit =
        sw->direction == DIRECTION_OUT ? p->out_drain_deadline : p->drain_deadline;
    struct utc t;

    if (sw->forced)
        return w->now;
    if (p->on_drain_deadline == DRAIN_WAIT || limit == DURATION_NONE)
        return (struct utc){0};
    t = cause(w, s, sw);
    if (sw->direction == DIRECTION_OUT)
        t = later(t, w->now); /* a late start is no reason to stop a build at once */
    else if (t.s == 0)
        t = w->now;
    /* It came when that deadline was over already: the cause is a later one. */
    if (s->settled_since.s > t.s + limit)
        t = s->settled_since;
    return (struct utc){t.s + limit};
}
