#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <string.h>

/*
 * What was, for the screen: where each server was seen in the quarters of the site's day,
 * and the spot prices of the last day. Noted and worked out when somebody looks.
 */

static size_t quarter_of(const struct controller *c, struct utc t)
{
    int64_t q = (t.s - c->day_start.s) / FLEET_QUARTER_S;

    return q < 0 ? 0 : q < FLEET_QUARTERS ? (size_t)q : FLEET_QUARTERS;
}

/* What the ledger knows of a day whose beginning nobody saw: when an instance ran. */
static void take_from_ledger(const struct controller *c, struct server_state *s)
{
    for (size_t i = 0; i < c->n_segments; i++) {
        const struct segment *g = &c->segments[i];
        struct utc end = g->end.s != 0 ? g->end : c->now;

        if (!str_eq(g->server, s->config->name) || end.s <= c->day_start.s ||
            g->start.s > c->now.s)
            continue;
        for (size_t q = quarter_of(c, g->start); q < quarter_of(c, end); q++)
            s->quarters[q] = PLACE_CLOUD;
    }
}

void quarters_note(struct controller *c, struct server_state *s)
{
    if (s->quarters_day.s != c->day_start.s) {
        s->quarters_day = c->day_start;
        memset(s->quarters, PLACE_UNKNOWN, sizeof(s->quarters));
        take_from_ledger(c, s);
    }
    if (!s->facts.place_stale)
        fleet_note_quarter(s->quarters, c->day_start, c->now, s->facts.place);
}

/* Codes are short. */
void spot_note(struct controller *c, struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;
    struct spot_step step = {.at = c->now};
    size_t n = s->n_spot_steps;

    (void)str_copy(step.status, sizeof(step.status), in->spot_status);
    if (step.status[0] == '\0' ||
        (n > 0 && str_eq(s->spot_steps[n - 1].status, step.status) &&
         str_eq(s->spot_request, in->request)))
        return;
    if (n == FLEET_SPOT_STEPS)
        memmove(&s->spot_steps[0], &s->spot_steps[1], --n * sizeof(s->spot_steps[0]));
    s->spot_steps[n] = step;
    s->n_spot_steps = n + 1;
    (void)str_copy(s->spot_request, sizeof(s->spot_request), in->request);
}

/* The price in force at each step of the last day. */
static void sample(const struct price_track *t, struct price_view *v)
{
    size_t k = t->n;

    for (size_t i = FLEET_PRICE_STEPS; i-- > 0;) {
        int64_t at = v->from.s + (int64_t)i * FLEET_PRICE_STEP_S;

        while (k > 0 && t->steps[k - 1].at.s > at)
            k--;
        v->known[i] = k > 0;
        v->prices[i] = k > 0 ? t->steps[k - 1].price : (struct usd){0};
    }
}

void prices_view(const struct controller *c, struct fleet *f)
{
    struct price_book book = costs_book(c);

    for (size_t i = 0; i < c->n_series && f->n_prices < FLEET_TRACKS; i++) {
        struct price_view *v = &f->prices[f->n_prices];
        const struct price_track *t = &c->tracks[i];
        struct price_quote q;

        if (t->n == 0)
            continue;
        f->n_prices++;
        (void)str_copy(v->type, sizeof(v->type), t->type);
        (void)str_copy(v->zone, sizeof(v->zone), t->zone);
        v->from.s = c->now.s / FLEET_PRICE_STEP_S * FLEET_PRICE_STEP_S -
                    (FLEET_PRICE_STEPS - 1) * FLEET_PRICE_STEP_S;
        q = book_quote_on_demand(&book, t->type);
        v->on_demand_known = q.source != PRICE_UNKNOWN;
        v->on_demand = q.price;
        sample(t, v);
    }
}
