#include <config.h>

#include "core/policy/plan_work.h"

/* The cloud extension, policy-and-cost 6.8. Any doubt leaves it as it is. */

/* A move out that starts, goes on, or waits only for a slot or for its builds. */
static bool is_planned(const struct plan_server *s, const struct server_work *sw,
                       const struct plan_server_out *o)
{
    uint32_t others = sw->gates & ~(GATE_BIT(GATE_SLOTS) | GATE_BIT(GATE_DRAIN));

    return s->needs_extension && sw->direction == DIRECTION_OUT &&
           (sw->due || sw->open) && o->act != PLAN_CANCEL &&
           (sw->committed || others == 0);
}

/* At home for the money, and not only because nobody knows what it costs. */
static bool is_spent(const struct plan_work *w, const struct plan_server *s,
                     const struct server_work *sw)
{
    const struct plan_budget *b = &w->in->budget;

    return budget_evacuates(w, s) || ((sw->gates & GATE_BIT(GATE_BUDGET)) != 0 &&
                                      (b->reached || (b->known && s->price_known)));
}

/* Does a gate that stops it now do so until `end`? Of the others nobody knows when they
 * end. */
static bool stays_until(const struct plan_work *w, const struct plan_server *s,
                        const struct server_work *sw, struct utc end)
{
    /* Too little is left of this window for it to go. */
    if ((sw->gates & GATE_BIT(GATE_REMAINING)) != 0)
        return true;
    if (is_spent(w, s, sw) && w->in->budget.month_end.s > end.s)
        return true;
    if (s->breaker_open && (s->breaker_until.s == 0 || s->breaker_until.s > end.s))
        return true;
    return s->retry_at.s > end.s || s->rerun_at.s > end.s;
}

/* Will policy want the server in the cloud now or at one of the changes before `end`? */
static bool may_go_out(const struct plan_work *w, const struct plan_server *s,
                       const struct server_work *sw, struct utc end)
{
    struct utc times[] = {w->now,
                          schedule_next_change(w->in->schedule, w->now, PLACE_CLOUD),
                          s->hold.until, s->snooze_until, w->in->snooze_until};

    if (stays_until(w, s, sw, end))
        times[0].s = 0;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct utc t = times[i];

        if (t.s >= w->now.s && t.s <= end.s && auto_is_on(w->in, s, t) &&
            desire_at(w, s, desire_by_schedule(w->in->schedule, t), t).place ==
                PLACE_CLOUD)
            return true;
    }
    return false;
}

static bool may_stop(const struct plan_work *w)
{
    const struct plan_in *in = w->in;
    const struct extension_facts *x = in->extension;
    struct utc end = {w->now.s + in->policy->extension_linger + in->extension_start_s};

    if (!in->auto_stop || in->setting != AUTO_ON || w->snoozed || !in->clock_ok)
        return false;
    if (x->state != EXTENSION_ACTIVE || in->extension_idle_since.s == 0 ||
        w->now.s - in->extension_idle_since.s < in->policy->extension_linger)
        return false;
    for (size_t i = 0; i < w->n; i++) {
        const struct plan_server *s = &w->servers[i];
        const struct server_work *sw = &w->work[i];

        if (!s->needs_extension)
            continue;
        /* I5: never while one is in the cloud, on the way, or of unknown place. */
        if (s->facts->place != PLACE_ONPREM || s->facts->place_stale || sw->open ||
            sw->start || s->facts->task_active || s->order.place == PLACE_CLOUD ||
            may_go_out(w, s, sw, end))
            return false;
    }
    return true;
}

void plan_extension(const struct plan_work *w, struct plan_out *out)
{
    const struct extension_facts *x = w->in->extension;
    struct line l = line_begin(out->extension_text, sizeof(out->extension_text));

    out->extension = PLAN_EXTENSION_NONE;
    if (!x->configured || x->stale || x->task_active)
        return;
    if (x->state == EXTENSION_STOPPED) {
        for (size_t i = 0; i < w->n; i++) {
            if (is_planned(&w->servers[i], &w->work[i], &out->servers[i]))
                out->extension = PLAN_EXTENSION_START;
        }
    } else if (may_stop(w)) {
        out->extension = PLAN_EXTENSION_STOP;
        line_add(&l, "no server is in the cloud since ");
        line_duration(&l, w->now.s - w->in->extension_idle_since.s);
        line_add(&l, " and none goes there soon");
    }
}
