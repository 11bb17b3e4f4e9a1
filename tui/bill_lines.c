#include <config.h>

#include "tui/bill_lines.h"

#include "tui/chart.h"

enum { TEXT_COL = 28, AMOUNT_CELLS = 8, PERCENT_CELLS = 6 };

static void compare_line(const struct frame *f, struct pen *p, int i)
{
    const struct fleet *fleet = f->fleet;
    bool known = i == 0 ? fleet->forecast.known : fleet->compare[i - 1].known;
    int64_t v = i == 0 ? fleet->forecast.p50.nanos : fleet->compare[i - 1].amount.nanos;
    int64_t max = fleet->forecast.known ? fleet->forecast.p50.nanos : 0;
    int from = p->col;
    char text[USD_TEXT];

    pen_put(p, i == 0 ? ROLE_TITLE : ROLE_TEXT,
            i == 0 ? "this month, by forecast"
                   : comparison_text((enum comparison)(i - 1)));
    p->col = from + TEXT_COL;
    canvas_put_right(p->c, p->row, p->col, AMOUNT_CELLS, known ? ROLE_TEXT : ROLE_STALE,
                     known ? usd_text((struct usd){v}, 2, text) : "?");
    p->col += AMOUNT_CELLS;
    for (size_t k = 0; k < COMPARISON_COUNT; k++) {
        if (fleet->compare[k].known && fleet->compare[k].amount.nanos > max)
            max = fleet->compare[k].amount.nanos;
    }
    if (i > 0 && known && fleet->forecast.known && v >= 100) {
        (void)str_format(text, sizeof(text), "%+d%%",
                         chart_percent(fleet->forecast.p50.nanos - v, v));
        canvas_put_right(p->c, p->row, p->col, PERCENT_CELLS,
                         fleet->forecast.p50.nanos <= v ? ROLE_OK : ROLE_WARN, text);
    }
    p->col += PERCENT_CELLS + 1;
    if (known && p->end > p->col)
        canvas_fill(p->c, p->row, p->col,
                    (int)((p->end - p->col) * (v / 1000) / (max / 1000 + 1)),
                    ROLE_MONEY_LOW, GLYPH_FULL);
}

/* Where the prices of an item come from, and how old they are. */
static void item_source(const struct frame *f, enum cost_item item, struct pen *p)
{
    enum source from = item == COST_SPOT        ? SOURCE_PRICES
                       : item == COST_ON_DEMAND ? SOURCE_PRICELIST
                                                : SOURCE_COUNT;
    char age[DUR_TEXT];

    for (size_t i = 0; i < f->fleet->n_apis; i++) {
        const struct api_view *a = &f->fleet->apis[i];

        if (a->source != from || a->last_ok.s == 0)
            continue;
        pen_printf(p, a->state == API_OK ? ROLE_DIM : ROLE_STALE, "%s, %s old",
                   source_what(from), cells_age(f->now.s - a->last_ok.s, age));
        return;
    }
    pen_put(p, ROLE_DIM, "as configured");
}

static void item_line(const struct frame *f, struct pen *p, enum cost_item item)
{
    const struct fleet *fleet = f->fleet;
    int from = p->col;
    char text[USD_TEXT];

    pen_put(p, ROLE_TEXT, cost_item_text(item));
    p->col = from + TEXT_COL - 9;
    canvas_put_right(p->c, p->row, p->col, AMOUNT_CELLS, ROLE_TEXT,
                     usd_text(fleet->items[item], 2, text));
    p->col += AMOUNT_CELLS;
    if (fleet->month.nanos >= 100)
        (void)str_format(text, sizeof(text), "%d%%",
                         chart_percent(fleet->items[item].nanos, fleet->month.nanos));
    else
        (void)str_copy(text, sizeof(text), "-");
    canvas_put_right(p->c, p->row, p->col, 6, ROLE_DIM, text);
    p->col += 8;
    item_source(f, item, p);
}

/* Below the items: what the sums do not have. */
static bool note_line(const struct frame *f, struct pen *p, int i)
{
    int32_t unknown = f->fleet->items_unknown, bounds = f->fleet->items_bounds;

    if (unknown > 0 && i-- == 0) {
        pen_printf(p, ROLE_STALE, "? %d stretch%s without a price, not in the sums",
                   unknown, unknown == 1 ? "" : "es");
        return true;
    }
    if (bounds > 0 && i == 0) {
        pen_printf(p, ROLE_WARN, "%d stretch%s priced by an upper bound", bounds,
                   bounds == 1 ? "" : "es");
        return true;
    }
    return false;
}

/* The i-th line of the bill: what is on it, then the notes; false behind the last. */
static bool bill_line(const struct frame *f, struct pen *p, int i)
{
    for (int k = 0; k < COST_ITEM_COUNT; k++) {
        if (f->fleet->items[k].nanos == 0 || i-- > 0)
            continue;
        item_line(f, p, (enum cost_item)k);
        return true;
    }
    return note_line(f, p, i);
}

static int count_lines(const struct frame *f)
{
    int n = (f->fleet->items_unknown > 0 ? 1 : 0) + (f->fleet->items_bounds > 0 ? 1 : 0);

    for (int k = 0; k < COST_ITEM_COUNT; k++)
        n += f->fleet->items[k].nanos != 0 ? 1 : 0;
    return n;
}

static void head_of(struct sheet *s, int col, const char *title)
{
    (void)canvas_put(s->pen.c, s->pen.row, col, s->pen.end - col, ROLE_HEADER, title);
}

void bill_lines(struct sheet *s)
{
    const struct frame *f = s->f;
    int half = f->c->cols * 48 / 100, n_bill = count_lines(f), n = COMPARISON_COUNT + 1;
    bool beside = f->c->cols >= 100;

    sheet_line(s);
    head_of(s, 1, "THE MONTH COMPARED WITH");
    if (beside)
        head_of(s, half + 1, "MADE OF, SO FAR");
    for (int i = 0; i < n || (beside && i < n_bill); i++) {
        struct pen p;

        sheet_line(s);
        p = s->pen;
        p.end = beside ? half - 2 : p.end;
        if (i < n)
            compare_line(f, &p, i);
        p = s->pen;
        p.col = half + 1;
        if (beside)
            (void)bill_line(f, &p, i);
    }
    if (beside)
        return;
    s->line++;
    sheet_line(s);
    head_of(s, 1, "MADE OF, SO FAR");
    for (int i = 0; i < n_bill; i++) {
        sheet_line(s);
        (void)bill_line(f, &s->pen, i);
    }
}
