#include <config.h>

#include "tui/price_lines.h"

#include <string.h>

#include "tui/chart.h"

/* The one that runs, or would be launched, as a chart with the on-demand price and the
 * server's own limit; the others as a line each, on the same scale. */

enum { HEIGHT = 5 };

struct trace {
    const struct price_view *v;
    struct chart chart;
    struct usd cap; /* 0: the server sets none */
    int64_t values[FLEET_PRICE_STEPS];
};

static const struct price_view *track_of(const struct fleet *f, const char *type,
                                         const char *zone)
{
    for (size_t i = 0; i < f->n_prices; i++) {
        if (str_eq(f->prices[i].type, type) &&
            (zone[0] == '\0' || str_eq(f->prices[i].zone, zone)))
            return &f->prices[i];
    }
    return NULL;
}

/* Its instance's, else that of the first offering that is tried. */
static const struct price_view *first_track(const struct fleet *f,
                                            const struct server_view *s)
{
    const struct instance_facts *at = &s->facts.instance;
    const struct price_view *v = NULL;

    if (at->id[0] != '\0' && at->lifecycle == LIFECYCLE_SPOT && at->type[0] != '\0')
        v = track_of(f, at->type, at->zone);
    for (size_t i = 0; i < s->n_offerings && v == NULL; i++) {
        const struct offering_view *o = &s->offerings[i];

        if (o->lifecycle == LIFECYCLE_SPOT && !o->left_out)
            v = track_of(f, o->type, o->zone);
    }
    return v;
}

/* The limit of that offering, as it is configured. */
static struct usd cap_of(const struct frame *f, const struct server_view *s,
                         const struct price_view *v)
{
    const struct server_config *c = config_server_find(f->ui->app->config, s->name);

    for (size_t i = 0; c != NULL && i < c->n_offerings; i++) {
        const struct offering *o = &c->offerings[i];

        if (o->lifecycle == LIFECYCLE_SPOT && o->has_max_price &&
            str_eq(o->type, v->type) && (o->zone[0] == '\0' || str_eq(o->zone, v->zone)))
            return o->max_price;
    }
    return (struct usd){0};
}

static int64_t highest(const struct price_view *v)
{
    int64_t max = 0;

    for (size_t i = 0; i < FLEET_PRICE_STEPS; i++) {
        if (v->known[i] && v->prices[i].nanos > max)
            max = v->prices[i].nanos;
    }
    return max;
}

/* The newest steps that fit into so many cells. */
static void fill(struct trace *t, int room)
{
    size_t n =
        room < FLEET_PRICE_STEPS ? (size_t)(room > 0 ? room : 0) : FLEET_PRICE_STEPS;

    for (size_t i = 0; i < n; i++) {
        size_t k = FLEET_PRICE_STEPS - n + i;

        t->values[i] = t->v->known[k] ? t->v->prices[k].nanos : CHART_UNKNOWN;
    }
    t->chart = (struct chart){.values = t->values,
                              .n = n,
                              .cells = 1,
                              .height = 1,
                              .role = ROLE_SPARK,
                              .marked = n,
                              .max = t->chart.max};
}

static void head_line(struct sheet *p, const struct trace *t)
{
    char text[USD_TEXT];

    sheet_begin(p, "Prices");
    sheet_add(p, ROLE_TEXT, "%s %s", t->v->type, t->v->zone);
    sheet_add(p, ROLE_DIM, "  spot, the last 24h");
    if (t->v->on_demand_known)
        sheet_add(p, ROLE_WARN, "   %s on-demand $%s",
                  glyph_text(GLYPH_RULE, p->f->c->ascii),
                  usd_text(t->v->on_demand, 3, text));
    if (t->cap.nanos > 0)
        sheet_add(p, ROLE_CRIT, "   = limit $%s", usd_text(t->cap, 3, text));
}

static void chart_lines(struct sheet *p, struct trace *t)
{
    struct chart *c = &t->chart;

    c->height = HEIGHT;
    if (t->v->on_demand_known)
        c->lines[0] = (struct chart_line){t->v->on_demand.nanos, ROLE_WARN, GLYPH_RULE};
    if (t->cap.nanos > 0)
        c->lines[1] = (struct chart_line){t->cap.nanos, ROLE_CRIT, GLYPH_BAND};
    for (int row = HEIGHT - 1; row >= 0; row--) {
        int64_t shown = row == HEIGHT - 1 ? c->max : row == 0 ? 0 : -1;
        char text[USD_TEXT];

        sheet_begin(p, "");
        if (shown >= 0)
            canvas_put_right(p->pen.c, p->pen.row, 1, SHEET_VALUE - 2, ROLE_DIM,
                             usd_text((struct usd){shown}, 3, text));
        chart_row(c, &p->pen, row);
    }
}

static void other_line(struct sheet *p, struct trace *t, int room)
{
    char text[USD_TEXT];

    fill(t, room);
    sheet_begin(p, "");
    chart_row(&t->chart, &p->pen, 0);
    p->pen.col = SHEET_VALUE + (int)t->chart.n + 1;
    sheet_add(p, ROLE_DIM, "%s %s", t->v->type, t->v->zone);
    if (t->v->known[FLEET_PRICE_STEPS - 1])
        sheet_add(p, ROLE_TEXT, " $%s",
                  usd_text(t->v->prices[FLEET_PRICE_STEPS - 1], 3, text));
}

void price_lines(struct sheet *p, const struct server_view *s)
{
    const struct fleet *f = p->f->fleet;
    const struct price_view *first = first_track(f, s);
    int room = p->f->c->cols - SHEET_VALUE - 1;
    struct trace t = {.v = first};

    if (first == NULL)
        return;
    t.cap = cap_of(p->f, s, first);
    t.chart.max = highest(first);
    if (first->on_demand_known && first->on_demand.nanos > t.chart.max)
        t.chart.max = first->on_demand.nanos;
    if (t.cap.nanos > t.chart.max)
        t.chart.max = t.cap.nanos;
    head_line(p, &t);
    fill(&t, room);
    chart_lines(p, &t);
    for (size_t i = 0; i < s->n_offerings; i++) {
        const struct offering_view *o = &s->offerings[i];
        const struct price_view *v =
            o->lifecycle == LIFECYCLE_SPOT ? track_of(f, o->type, o->zone) : NULL;

        if (v == NULL || v == first)
            continue;
        t.v = v;
        other_line(p, &t, room < FLEET_PRICE_STEPS + 30 ? room - 30 : room);
    }
}
