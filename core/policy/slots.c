#include <config.h>

#include "core/policy/plan_work.h"

#include <string.h>

/*
 * Slots (policy-and-cost 2 and 3.6): max_moves at a time. A move out takes its slot when
 * its node closes, a return when it commits. Returns go before moves out; among equals:
 * manual, idle, oldest waiting, name. What still drains holds its slot only against
 * servers that would have to drain too, so more moves may be open than there are slots;
 * past the commit point there never are.
 */

static bool goes_first(const struct plan_work *w, size_t a, size_t b)
{
    const struct server_work *x = &w->work[a], *y = &w->work[b];
    int names;

    if (x->direction != y->direction)
        return x->direction == DIRECTION_BACK;
    if (x->ordered != y->ordered)
        return x->ordered;
    if (x->idle != y->idle)
        return x->idle;
    if (x->since != y->since)
        return x->since < y->since;
    names = strcmp(w->servers[a].name, w->servers[b].name);
    return names != 0 ? names < 0 : a < b;
}

/* Shell's sort: no recursion, no memory, and fast enough for a thousand. */
static void sort(struct plan_work *w, size_t n)
{
    static const size_t gaps[] = {301, 132, 57, 23, 10, 4, 1};

    for (size_t g = 0; g < ARRAY_LEN(gaps); g++) {
        size_t gap = gaps[g];

        for (size_t i = gap; i < n; i++) {
            uint16_t v = w->order[i];
            size_t k = i;

            for (; k >= gap && goes_first(w, v, w->order[k - gap]); k -= gap)
                w->order[k] = w->order[k - gap];
            w->order[k] = v;
        }
    }
}

/* A time of the future is none: the clock was set back. */
static struct utc until(struct utc last, int64_t spacing, struct utc now)
{
    bool counts = last.s != 0 && last.s <= now.s;

    return (struct utc){counts ? last.s + spacing : 0};
}

/* Open moves that are ready may commit, as far as there are slots. */
static void grant_commits(struct plan_work *w)
{
    int64_t spacing = w->in->policy->start_spacing;
    int32_t max = w->in->policy->max_moves;
    struct utc last = {0};
    size_t n = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct server_work *sw = &w->work[i];

        if (sw->committed) {
            w->slots_used++;
            if (w->servers[i].move->committed_at.s > last.s)
                last = w->servers[i].move->committed_at;
        } else if (sw->open && sw->ready && sw->gates == 0) {
            w->order[n++] = (uint16_t)i;
        }
    }
    w->commit_until = until(last, spacing, w->now);
    sort(w, n);
    for (size_t k = 0; k < n; k++) {
        struct server_work *sw = &w->work[w->order[k]];
        bool back = sw->direction == DIRECTION_BACK;

        if (w->slots_used >= max || (back && w->now.s < w->commit_until.s)) {
            sw->gates |= GATE_BIT(GATE_SLOTS);
            sw->spaced = w->slots_used < max;
            continue;
        }
        sw->granted = true;
        w->slots_used++;
        if (back && spacing > 0)
            w->commit_until.s = w->now.s + spacing;
    }
}

/* A return closes its node at once, slot or not: no build starts after D. */
static size_t start_returns(struct plan_work *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n; i++) {
        struct server_work *sw = &w->work[i];

        if (!sw->due || sw->open || (sw->gates & ~GATE_BIT(GATE_DRAIN)) != 0)
            continue;
        if (sw->direction == DIRECTION_BACK)
            sw->start = true;
        else
            w->order[n++] = (uint16_t)i;
    }
    return n;
}

static void start_outs(struct plan_work *w, size_t n)
{
    int64_t spacing = w->in->policy->start_spacing;
    int32_t max = w->in->policy->max_moves, firm = w->slots_used, draining = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct server_work *sw = &w->work[i];

        if (sw->committed || sw->granted || !(sw->open || sw->start))
            continue;
        /* An idle return is about to commit, and returns go first. */
        if (sw->idle)
            firm++;
        else if (sw->direction == DIRECTION_OUT)
            draining++;
    }
    w->spacing_until = until(w->in->last_start, spacing, w->now);
    sort(w, n);
    for (size_t k = 0; k < n; k++) {
        struct server_work *sw = &w->work[w->order[k]];
        int32_t taken = sw->idle ? firm : firm + draining;

        if (taken >= max || w->now.s < w->spacing_until.s) {
            sw->gates |= GATE_BIT(GATE_SLOTS);
            sw->spaced = taken < max;
            continue;
        }
        sw->start = true;
        if (sw->idle)
            firm++;
        else
            draining++;
        if (spacing > 0)
            w->spacing_until.s = w->now.s + spacing;
    }
}

void share_slots(struct plan_work *w)
{
    w->slots_used = 0;
    grant_commits(w);
    start_outs(w, start_returns(w));
}
