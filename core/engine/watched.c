#include <config.h>

#include "core/engine/parts.h"

/*
 * What others may see of the controller's memory to check it by: what people have asked
 * for, and how full its lists are (reliability 3).
 */

struct controller_wish controller_wish(const struct controller *c, size_t i)
{
    const struct server_state *s = &c->servers[i];

    return (struct controller_wish){.order = s->order.place,
                                    .order_force = s->order.force,
                                    .auto_on = s->auto_on,
                                    .hold = s->hold,
                                    .snooze_until = s->snooze_until};
}

struct controller_wishes controller_wishes(const struct controller *c)
{
    return (struct controller_wishes){.setting = c->setting,
                                      .snooze_until = c->snooze_until,
                                      .extension_start = c->extension.start_ordered,
                                      .extension_stop = c->extension.stop_ordered};
}

static size_t longest_series(const struct controller *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_series; i++)
        n = c->series[i].n > n ? c->series[i].n : n;
    return n;
}

static size_t open_segments(const struct controller *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_segments; i++)
        n += c->segments[i].end.s == 0 ? 1 : 0;
    return n;
}

static size_t most_runs(const struct controller *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->builds.n; i++)
        n = c->builds.kept[i].n_runs > n ? c->builds.kept[i].n_runs : n;
    return n;
}

size_t controller_fills(const struct controller *c,
                        struct controller_fill out[CONTROLLER_FILLS])
{
    const struct controller_fill fills[] = {
        {"open calls", c->n_calls_open, MAX_CALLS_OPEN},
        {"unresolved calls", c->n_unresolved, MAX_CALLS_OPEN},
        {"events", c->n_events, FLEET_EVENTS},
        {"alerts", c->n_alerts, FLEET_ALERTS},
        {"replies", c->n_replies, FLEET_REPLIES},
        {"open segments", open_segments(c), MAX_SEGMENTS_OPEN},
        {"price series", c->n_series, MAX_SERIES},
        {"steps of a price series", longest_series(c), PRICE_STEPS},
        {"listed prices", c->n_listed, MAX_LISTED},
        {"pools", c->n_pools, MAX_POOLS},
        {"builds to queue again", c->requeues.n, REQUEUES_KEPT},
        {"jobs", c->builds.n, SPEEDUP_JOBS},
        {"builds of a job under way", most_runs(c), OPEN_RUNS},
    };

    _Static_assert(ARRAY_LEN(fills) <= CONTROLLER_FILLS, "there is room for all");
    for (size_t i = 0; i < ARRAY_LEN(fills); i++)
        out[i] = fills[i];
    return ARRAY_LEN(fills);
}
