#include <config.h>

#include "core/policy/plan_work.h"

/*
 * Policy-and-cost 3.5, row 4: a server goes out when the host's CPU ready has been above
 * pressure_high for pressure_for, and comes back when it has been below pressure_low as
 * long. One at a time: whoever keeps the two times begins them anew with each server that
 * goes or returns, and none is picked while another is on its way.
 */

static bool has_lasted(const struct plan_work *w, struct utc since)
{
    return since.s != 0 && w->now.s - since.s >= w->in->policy->pressure_for;
}

/* The last one out is the first to return. */
static void release(struct plan_work *w)
{
    size_t last = w->n;

    for (size_t i = 0; i < w->n; i++) {
        if (w->pressed[i] && (last == w->n || w->servers[i].pressed_since.s >
                                                  w->servers[last].pressed_since.s))
            last = i;
    }
    if (last < w->n)
        w->pressed[last] = false;
}

void pressure_begin(struct plan_work *w)
{
    bool on = w->in->policy->pressure;

    for (size_t i = 0; i < w->n; i++)
        w->pressed[i] = on && w->servers[i].pressed_since.s != 0;
    if (on && w->in->clock_ok && has_lasted(w, w->in->pressure.below_since))
        release(w);
}

static bool has_open_move(const struct plan_server *s)
{
    return s->move != NULL && s->move->status == MOVE_OPEN;
}

/* The one before has arrived. */
static bool all_arrived(const struct plan_work *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct plan_server *s = &w->servers[i];

        if (s->pressed_since.s != 0 &&
            (s->facts->place != PLACE_CLOUD || s->facts->place_stale || has_open_move(s)))
            return false;
    }
    return true;
}

/* Does row 4 speak of it: at home, with nothing of more weight to say where it belongs?
 */
static bool is_candidate(const struct plan_work *w, const struct plan_server *s)
{
    return s->facts->place == PLACE_ONPREM && !s->facts->place_stale &&
           s->facts->ready_permille >= 0 && !has_open_move(s) &&
           s->order.place == PLACE_UNKNOWN && !hold_is_active(&s->hold, w->now) &&
           auto_is_on(w->in, s, w->now);
}

static bool is_free_to_go(const struct plan_work *w, const struct plan_server *s)
{
    const struct server_work sw = {.wanted = {PLACE_CLOUD, REASON_PRESSURE},
                                   .target = PLACE_CLOUD,
                                   .direction = DIRECTION_OUT,
                                   .auto_on = true};

    return gates_of(w, s, &sw) == 0;
}

/* The one that waits most among those that may go; when none may, the one that waits
 * most, and its gate says why. */
void pressure_pick(struct plan_work *w)
{
    const struct plan_pressure *p = &w->in->pressure;
    int32_t most = 0;
    bool free_to_go = false;
    size_t best = w->n;

    if (!w->in->policy->pressure || !w->in->clock_ok ||
        w->by_schedule.place == PLACE_CLOUD || !has_lasted(w, p->above_since) ||
        !all_arrived(w))
        return;
    for (size_t i = 0; i < w->n; i++) {
        const struct plan_server *s = &w->servers[i];
        bool may;

        if (!is_candidate(w, s))
            continue;
        may = is_free_to_go(w, s);
        if (best < w->n &&
            (may != free_to_go ? free_to_go : s->facts->ready_permille <= most))
            continue;
        best = i;
        most = s->facts->ready_permille;
        free_to_go = may;
    }
    if (best < w->n)
        w->pressed[best] = true;
}

static void add_permille(struct line *l, int32_t v)
{
    line_number(l, v / 10);
    line_add(l, ".");
    line_number(l, v % 10);
    line_add(l, "%");
}

void text_pressure(const struct plan_work *w, const struct plan_server *s, struct line *l)
{
    const struct policy_config *c = w->in->policy;
    const struct plan_pressure *p = &w->in->pressure;
    bool is_out = s->pressed_since.s != 0;

    line_add(l, is_out
                    ? "the host was short of CPU, it returns when CPU ready stays below "
                    : "the host is short of CPU, CPU ready stays above ");
    line_number(l, is_out ? c->pressure_low : c->pressure_high);
    line_add(l, is_out ? "% for " : "% since ");
    if (is_out)
        line_duration(l, c->pressure_for);
    else
        line_time(l, w->in->tz, p->above_since, w->now);
    line_add(l, ", now ");
    if (p->ready_permille >= 0)
        add_permille(l, p->ready_permille);
    else
        line_add(l, "unknown");
}
