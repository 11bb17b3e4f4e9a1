/*
 * chart - bars of eighths of a cell, lines across them, and a scale for both. Pure
 * functions; what is drawn goes through the caller's pen.
 * Threads: any.
 */
#ifndef RH_TUI_CHART_H
#define RH_TUI_CHART_H

#include "tui/canvas.h"

enum { CHART_LINES = 2 };
#define CHART_UNKNOWN INT64_MIN       /* a value that nobody knows: drawn as ? */
#define CHART_NONE    (INT64_MIN + 1) /* none yet, none any more: drawn as nothing */

/* A value that is drawn across the bars, behind them. */
struct chart_line {
    int64_t at; /* below 1: none */
    enum role role;
    enum glyph glyph;
};

struct chart {
    const int64_t *values; /* borrowed */
    size_t n;
    int cells;  /* of each bar; with more than one, the last stays empty */
    int height; /* rows */
    int64_t max;
    enum role role;
    size_t marked; /* a bar that stands out; n or more: none */
    struct chart_line lines[CHART_LINES];
    int64_t band_from, band_to; /* a range drawn as the last of n bars; to 0: none */
};

/* The next number of the form 1, 2 or 5 times a power of ten; at least 1. */
int64_t chart_scale(int64_t max);

/* Part of a whole in percent, rounded half away from zero; 0 of nothing. */
int chart_percent(int64_t part, int64_t whole);

/* How many eighths (0..8) a bar fills of one row, 0 being the lowest. A bar of something
 * is never empty. */
int chart_eighths(int64_t value, int64_t max, int height, int row);

/* The row in which a value stands, -1: above the chart or below it. */
int chart_row_of(int64_t value, int64_t max, int height);

/* One row of all bars, from the pen on. */
void chart_row(const struct chart *c, struct pen *p, int row) NONNULL;

/* A bar of `cells` cells on which stand: what is reached, a range that is expected with
 * its middle, and a limit. Amounts below 1: none. */
struct chart_gauge {
    int64_t reached, from, middle, to, limit;
    enum role role; /* of what is reached */
};
void chart_gauge(const struct chart_gauge *g, struct pen *p, int cells) NONNULL;

#endif
