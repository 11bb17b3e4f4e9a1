#include <config.h>

#include "core/policy/plan_work.h"

#include <string.h>

/*
 * Slots (policy-and-cost 2 and 3.6): max_moves at a time. A move out takes its slot when
 * its node closes, a return when it commits. Returns go before moves out; among equals:
 * manual, idle, oldest waiting, name. What still drains holds its slot only against
 * servers that would have to drain too, so more moves may be open than there are slots;
 * past the commit point there never are. One past its time limit keeps none: a server
 * whose guest or agent never comes must not hold up the others.
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

/* The first of the waiting ones is wanted over and over, the order of the rest never: a
 * heap, whose root goes first. */
static void sift_down(struct plan_work *w, size_t i, size_t n)
{
    uint16_t v = w->order[i];

    for (size_t k = 2 * i + 1; k < n; k = 2 * i + 1) {
        if (k + 1 < n && goes_first(w, w->order[k + 1], w->order[k]))
            k++;
        if (!goes_first(w, w->order[k], v))
            break;
        w->order[i] = w->order[k];
        i = k;
    }
    w->order[i] = v;
}

static void heap_build(struct plan_work *w, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(w, i, n);
}

static struct server_work *heap_take(struct plan_work *w, size_t n)
{
    uint16_t first = w->order[0];

    w->order[0] = w->order[n - 1];
    sift_down(w, 0, n - 1);
    return &w->work[first];
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
            w->slots_used += sw->late ? 0 : 1;
            if (w->servers[i].move->committed_at.s > last.s)
                last = w->servers[i].move->committed_at;
        } else if (sw->open && sw->ready && sw->gates == 0) {
            w->order[n++] = (uint16_t)i;
        }
    }
    w->commit_until = until(last, spacing, w->now);
    heap_build(w, n);
    for (; n > 0; n--) {
        struct server_work *sw = heap_take(w, n);
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

        if (!sw->due || (sw->gates & ~GATE_BIT(GATE_DRAIN)) != 0)
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

        if (sw->committed || sw->granted || sw->unwanted || !(sw->open || sw->start))
            continue;
        /* An idle return is about to commit, and returns go first. */
        if (sw->idle)
            firm++;
        else if (sw->direction == DIRECTION_OUT)
            draining++;
    }
    w->spacing_until = until(w->in->last_start, spacing, w->now);
    heap_build(w, n);
    while (n > 0 && firm < max && w->now.s >= w->spacing_until.s) {
        struct server_work *sw = heap_take(w, n--);

        if (!sw->idle && firm + draining >= max) {
            sw->gates |= GATE_BIT(GATE_SLOTS);
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
    for (size_t k = 0; k < n; k++) {
        struct server_work *sw = &w->work[w->order[k]];

        sw->gates |= GATE_BIT(GATE_SLOTS);
        sw->spaced = (sw->idle ? firm : firm + draining) < max;
    }
}

void share_slots(struct plan_work *w)
{
    w->slots_used = 0;
    grant_commits(w);
    start_outs(w, start_returns(w));
}
