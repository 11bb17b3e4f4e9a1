#include <config.h>

#include "core/engine/parts.h"

#include <string.h>

/*
 * The days of the month. What is over is counted now and then, when somebody looks: again
 * once the ledger, a price or the day is another. Today is what costs_view() says.
 */

enum { COUNT_EVERY_S = 3600, WELL_INTO_S = 36 * 3600 };

static struct utc day_end(const struct month_kept *m, size_t day)
{
    return m->days[day + 1];
}

static void put(struct usd *day, uint32_t *unknown, size_t i, bool known, struct usd v)
{
    struct err e = {0};

    if (!known || usd_add(*day, v, day, &e) != ERR_OK)
        *unknown |= 1u << i;
}

/* Every day that is over and has a part of it. */
static void count_segment(struct controller *c, const struct segment *g)
{
    struct month_kept *m = &c->month;
    struct server_state *s = server_find(c, g->server);
    struct utc end = g->end.s != 0 ? g->end : c->now;

    for (size_t i = 0; i + 1 < m->n_days && m->days[i].s < end.s; i++) {
        struct usd v;
        bool known;

        if (day_end(m, i).s <= g->start.s)
            continue;
        known = part_cost(c, g, m->days[i], day_end(m, i), &v);
        if (s != NULL)
            put(&s->days[i], &s->days_unknown, i, known, v);
        else
            put(&m->days_rest[i], &m->days_rest_unknown, i, known, v);
    }
}

static void count_fixed(struct controller *c, size_t i)
{
    struct month_kept *m = &c->month;
    struct bill b;
    struct usd v = {0};
    struct err e = {0};
    bool known;

    bill_clear(&b);
    known = bill_fixed(&b, &c->config->cost, m->days[i], day_end(m, i), &e) == ERR_OK &&
            bill_total(&b, &v, &e) == ERR_OK;
    put(&m->days_rest[i], &m->days_rest_unknown, i, known, v);
}

static void count_days(struct controller *c)
{
    struct month_kept *m = &c->month;
    struct utc t = c->month_start;

    m->days_at = c->now;
    m->days_rest_unknown = 0;
    memset(m->days_rest, 0, sizeof(m->days_rest));
    for (size_t i = 0; i < c->n_servers; i++) {
        c->servers[i].days_unknown = 0;
        memset(c->servers[i].days, 0, sizeof(c->servers[i].days));
    }
    for (m->n_days = 0; t.s <= c->now.s && m->n_days < FLEET_DAYS;) {
        m->days[m->n_days++] = t;
        t.s = ledger_day_start(c->tz, t).s + WELL_INTO_S;
        t = ledger_day_start(c->tz, t);
    }
    for (size_t i = 0; i < c->n_segments; i++)
        count_segment(c, &c->segments[i]);
    for (size_t i = 0; i + 1 < m->n_days; i++)
        count_fixed(c, i);
}

static void view_past(const struct controller *c, struct fleet *f, size_t i)
{
    struct day_view *d = &f->days[i];
    uint32_t unknown = c->month.days_rest_unknown;

    d->cost = c->month.days_rest[i];
    for (size_t k = 0; k < c->n_servers; k++) {
        const struct server_state *s = &c->servers[k];

        f->servers[k].cost.days[i] = s->days[i];
        unknown |= s->days_unknown;
        put(&d->cost, &unknown, i, true, s->days[i]);
    }
    d->known = (unknown >> i & 1) == 0;
}

/* The first day of a month may have begun in the one before. */
static void view_today(const struct controller *c, struct fleet *f, size_t i)
{
    bool whole = c->day_start.s >= c->month_start.s;

    f->days[i].known = f->month_known;
    f->days[i].cost = whole ? f->today : f->month;
    for (size_t k = 0; k < c->n_servers; k++) {
        struct cost_view *v = &f->servers[k].cost;

        v->days[i] = whole ? v->today : v->month;
        v->days_unknown = c->servers[k].days_unknown;
        if (!v->month_known)
            v->days_unknown |= 1u << i;
    }
}

void days_view(struct controller *c, struct fleet *f)
{
    struct month_kept *m = &c->month;

    if (m->days_at.s == 0 || c->now.s < m->days_at.s ||
        c->now.s - m->days_at.s >= COUNT_EVERY_S)
        count_days(c);
    f->n_days = m->n_days;
    for (size_t i = 0; i < m->n_days; i++) {
        f->days[i].start = m->days[i];
        if (i + 1 < m->n_days)
            view_past(c, f, i);
        else
            view_today(c, f, i);
        if (!f->days[i].known)
            f->days[i].cost.nanos = 0;
    }
}
