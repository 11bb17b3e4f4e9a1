#include <config.h>

#include "tui/chart.h"

#include <string.h>

enum { EIGHTHS = 8 };

int64_t chart_scale(int64_t max)
{
    int64_t ten = 1;

    while (ten <= INT64_MAX / 100 && ten * 10 <= max)
        ten *= 10;
    if (max <= ten)
        return ten;
    return max <= 2 * ten ? 2 * ten : max <= 5 * ten ? 5 * ten : 10 * ten;
}

/* part * of / whole without a wrap: amounts are large, cells are few. */
static int64_t share(int64_t part, int64_t of, int64_t whole)
{
    while (part > INT64_MAX / of) {
        part /= 2;
        whole /= 2;
    }
    return whole > 0 ? part * of / whole : 0;
}

int chart_percent(int64_t part, int64_t whole)
{
    while (part > INT64_MAX / 1000 || part < -INT64_MAX / 1000) {
        part /= 2;
        whole /= 2;
    }
    if (whole <= 0)
        return 0;
    part = part * 1000 / whole;
    return (int)((part + (part < 0 ? -5 : 5)) / 10);
}

int chart_eighths(int64_t value, int64_t max, int height, int row)
{
    int64_t all;

    if (value <= 0 || max <= 0 || height <= 0)
        return 0;
    all = share(value < max ? value : max, (int64_t)height * EIGHTHS, max);
    if (all == 0)
        all = 1;
    all -= (int64_t)row * EIGHTHS;
    return all < 0 ? 0 : all > EIGHTHS ? EIGHTHS : (int)all;
}

int chart_row_of(int64_t value, int64_t max, int height)
{
    int64_t row;

    if (value <= 0 || max <= 0 || value > max || height <= 0)
        return -1;
    row = share(value, height, max);
    return row < height ? (int)row : height - 1;
}

/* The lowest step is a blank in ASCII: a bar of something shows. */
static enum glyph step_glyph(int eighths, bool ascii)
{
    if (ascii && eighths < 2)
        eighths = 2;
    return (enum glyph)((int)GLYPH_SPARK0 + eighths - 1);
}

static const struct chart_line *line_in(const struct chart *c, int row)
{
    for (size_t i = 0; i < CHART_LINES; i++) {
        if (c->lines[i].at > 0 && chart_row_of(c->lines[i].at, c->max, c->height) == row)
            return &c->lines[i];
    }
    return NULL;
}

/* What stands in one row of one bar. */
static void bar_cells(const struct chart *c, struct pen *p, int row, size_t i)
{
    const struct chart_line *line = line_in(c, row);
    int64_t v = c->values[i];
    int eighths = chart_eighths(v, c->max, c->height, row);
    bool band = c->band_to > 0 && i + 1 == c->n &&
                chart_row_of(c->band_from, c->max, c->height) <= row &&
                row <= chart_row_of(c->band_to, c->max, c->height);

    for (int k = 0; k < c->cells; k++) {
        bool gap = c->cells > 1 && k + 1 == c->cells;

        if (v == CHART_UNKNOWN && row == 0 && !gap)
            pen_put(p, ROLE_STALE, "?");
        else if (band && !gap)
            pen_glyph(p, ROLE_WARN, GLYPH_BAND);
        else if (eighths > 0 && !gap)
            pen_glyph(p, i == c->marked ? ROLE_TITLE : c->role,
                      step_glyph(eighths, p->c->ascii));
        else if (line != NULL)
            pen_glyph(p, line->role, line->glyph);
        else
            pen_gap(p, 1);
    }
}

void chart_row(const struct chart *c, struct pen *p, int row)
{
    for (size_t i = 0; i < c->n; i++)
        bar_cells(c, p, row, i);
}

void chart_gauge(const struct chart_gauge *g, struct pen *p, int cells)
{
    int64_t whole = g->limit > g->to ? g->limit : g->to;
    int reached, from, to, middle, limit;

    if (g->reached > whole)
        whole = g->reached;
    if (cells < 4 || whole <= 0)
        return;
    reached = (int)share(g->reached > 0 ? g->reached : 0, cells, whole);
    from = (int)share(g->from > 0 ? g->from : 0, cells, whole);
    to = (int)share(g->to > 0 ? g->to : 0, cells, whole);
    middle = g->middle > 0 ? (int)share(g->middle, cells, whole) : -1;
    limit = g->limit > 0 ? (int)share(g->limit, cells, whole) : -1;
    for (int i = 0; i < cells; i++) {
        bool last = i + 1 == cells;

        if (i == limit || (last && limit == cells))
            pen_glyph(p, ROLE_CRIT, GLYPH_VERTICAL);
        else if (i < reached)
            pen_glyph(p, g->role, GLYPH_FULL);
        else if (i == middle || (last && middle == cells))
            pen_put(p, ROLE_TITLE, "+");
        else if (g->to > 0 && i >= from && i <= to)
            pen_glyph(p, ROLE_WARN, GLYPH_BAND);
        else
            pen_glyph(p, ROLE_DIM, GLYPH_EMPTY);
    }
}
