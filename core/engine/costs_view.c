#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <string.h>

/* What the snapshot shows of the money: closed sums and what is open on top of them. */

static void add(struct usd *sum, struct usd v)
{
    struct err e = {0};

    /* Only an absurd price gets here; the sum then stays below the truth, never above. */
    if (usd_add(*sum, v, sum, &e) != ERR_OK)
        return;
}

/* Open segment's part of month and today on top of the closed sums; *b is its bill of the
 * month, and a part of `all`. */
static bool with_open(struct controller *c, int64_t id, struct usd *month,
                      struct usd *today, struct bill *b, struct bill *all)
{
    const struct segment *g = segment_find(c, id);
    struct err e = {0};
    struct usd v;
    bool known;

    bill_clear(b);
    if (g == NULL)
        return true;
    known = part_bill(c, g, c->month_start, c->now, b);
    known = bill_total(b, &v, &e) == ERR_OK && bill_add(all, b, &e) == ERR_OK && known;
    add(month, e.code == ERR_OK ? v : (struct usd){0});
    known = part_cost(c, g, c->day_start, c->now, &v) && known;
    add(today, v);
    return known;
}

/* What it costs: its own rate if that is fixed, else the spot price now. */
static struct price_quote quote_of(const struct controller *c, const struct segment *g,
                                   const char *type, const char *zone)
{
    struct price_book book = costs_book(c);
    struct price_quote q;

    if (g == NULL || !str_eq(g->kind, "on_demand"))
        return price_find(c, type, zone);
    if (!g->rate_known || !price_source_parse(g->source, &q.source))
        return book_quote_on_demand(&book, type);
    q.price = g->rate;
    q.as_of = q.source != PRICE_CONFIGURED ? g->start : (struct utc){0};
    return q;
}

static void view_server(struct controller *c, struct server_state *s, struct cost_view *v,
                        struct bill *all)
{
    const struct instance_facts *in = &s->facts.instance;
    const struct segment *g = segment_find(c, s->segment);
    struct price_quote q;
    struct bill b, leaving;
    bool first = in->type[0] == '\0' && s->n_offers > 0; /* what would be launched */
    const char *type = first ? s->offers[0].type : in->type;
    const char *zone = first ? s->offers[0].zone : in->zone;

    v->month = s->closed.month;
    v->today = s->closed.today;
    v->hour_known = with_open(c, s->segment, &v->month, &v->today, &b, all);
    v->hour_known =
        with_open(c, s->leaving.segment, &v->month, &v->today, &leaving, all) &&
        v->hour_known;
    v->month_known = v->hour_known && !s->closed.unknown;
    v->instance_s = s->month_instance_s + b.instance_s + leaving.instance_s;
    v->same_hours = s->month_on_demand;
    add(&v->same_hours, b.on_demand);
    add(&v->same_hours, leaving.on_demand);
    v->same_hours_known =
        !s->on_demand_unknown && b.on_demand_known && leaving.on_demand_known;
    q = quote_of(c, g, type, zone);
    v->price = q.price;
    v->price_source = q.source;
    v->price_as_of = q.as_of;
    if (g != NULL) {
        v->hour = v->price;
        v->hour_known = v->hour_known && q.source != PRICE_UNKNOWN;
    }
    /* Nobody knows what a server costs whose place nobody knows. */
    if (g == NULL && s->facts.place == PLACE_UNKNOWN)
        v->hour_known = v->month_known = false;
}

/* What servers have cost that are configured no more is in the sums only. */
static void view_gone(const struct controller *c, struct fleet *f)
{
    const struct closed_sums *gone = &c->month.gone;

    f->month_known = f->month_known && !gone->unknown;
    add(&f->month, gone->month);
    add(&f->today, gone->today);
}

/* What runs by the calendar is nobody's: it is in the sums only. */
static void view_fixed(const struct controller *c, struct fleet *f, struct bill *all)
{
    struct bill month, today;
    struct usd v;
    struct err e = {0};

    bill_clear(&month);
    bill_clear(&today);
    if (bill_fixed(&month, &c->config->cost, c->month_start, c->now, &e) != ERR_OK ||
        bill_total(&month, &v, &e) != ERR_OK || bill_add(all, &month, &e) != ERR_OK) {
        f->month_known = false;
        return;
    }
    add(&f->month, v);
    if (bill_fixed(&today, &c->config->cost, c->day_start, c->now, &e) == ERR_OK &&
        bill_total(&today, &v, &e) == ERR_OK)
        add(&f->today, v);
}

void costs_view(struct controller *c, struct fleet *f)
{
    struct extension_state_kept *x = &c->extension;
    struct bill all, of_extension;

    costs_sums(c);
    all = c->month.closed;
    f->hour_known = f->month_known = true;
    for (size_t i = 0; i < c->n_servers; i++) {
        struct cost_view *v = &f->servers[i].cost;

        view_server(c, &c->servers[i], v, &all);
        f->hour_known = f->hour_known && v->hour_known;
        f->month_known = f->month_known && v->month_known;
        add(&f->hour, v->hour);
        add(&f->month, v->month);
        add(&f->today, v->today);
    }
    f->extension_month = x->closed.month;
    f->extension_today = x->closed.today;
    f->extension_cost_known = with_open(c, x->segment, &f->extension_month,
                                        &f->extension_today, &of_extension, &all) &&
                              c->config->cost.has_extension_hour && !x->closed.unknown;
    if (x->segment != 0) {
        f->extension_hour = c->config->cost.extension_hour;
        f->hour_known = f->hour_known && f->extension_cost_known;
    }
    if (x->segment != 0 || x->closed.unknown)
        f->month_known = f->month_known && f->extension_cost_known;
    add(&f->hour, f->extension_hour);
    add(&f->month, f->extension_month);
    add(&f->today, f->extension_today);
    view_gone(c, f);
    view_fixed(c, f, &all);
    memcpy(f->items, all.items, sizeof(f->items));
    f->items_unknown = all.unknown;
    f->items_bounds = all.bounds;
    days_view(c, f);
    month_view(c, f);
}
