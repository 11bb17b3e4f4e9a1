#include <config.h>

#include "tui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cell empty_cell = {.cp = ' ', .cells = 1, .role = ROLE_TEXT};

static int clamp(int v, int min, int max)
{
    if (v < min)
        return min;
    return v > max ? max : v;
}

enum err_code canvas_init(struct canvas *c, int rows, int cols, bool ascii, struct err *e)
{
    struct canvas n = {.rows = clamp(rows, 1, CANVAS_ROWS_MAX),
                       .cols = clamp(cols, 1, CANVAS_COLS_MAX),
                       .ascii = ascii};

    n.cells = calloc((size_t)n.rows * (size_t)n.cols, sizeof(n.cells[0]));
    if (n.cells == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a screen of %d x %d", cols, rows);
    *c = n;
    canvas_erase(c);
    return ERR_OK;
}

void canvas_clear(struct canvas *c)
{
    free(c->cells);
    c->cells = NULL;
    c->rows = c->cols = 0;
}

static struct cell *at(struct canvas *c, int row, int col)
{
    return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

void canvas_erase(struct canvas *c)
{
    size_t n = (size_t)c->rows * (size_t)c->cols;

    for (size_t i = 0; i < n; i++)
        c->cells[i] = empty_cell;
}

/* One character at (row, col); a wide neighbor that loses a half becomes a blank. */
static void set_cell(struct canvas *c, int row, int col, enum role role, uint32_t cp,
                     int cells)
{
    struct cell *p = at(c, row, col);

    if (p->cells == 0 && col > 0) {
        p[-1].cp = ' ';
        p[-1].cells = 1;
    }
    for (int i = 0; i < cells; i++) {
        if (p[i].cells == 2 && i == cells - 1 && col + i + 1 < c->cols) {
            p[i + 1].cp = ' ';
            p[i + 1].cells = 1;
        }
        p[i] = (struct cell){.cp = i == 0 ? cp : 0,
                             .cells = (uint8_t)(i == 0 ? cells : 0),
                             .role = (uint8_t)role};
    }
}

static void add_mark(struct cell *p, uint32_t cp)
{
    for (int i = 0; i < CELL_MARKS; i++) {
        if (p->marks[i] == 0) {
            p->marks[i] = cp;
            return;
        }
    }
}

/* The text without a cut, within [col, end). */
static int put_plain(struct canvas *c, int row, int col, int end, enum role role,
                     const char *text)
{
    int start = col, cells, last = -1;
    size_t used;
    uint32_t cp;

    while ((cp = glyph_next(text, c->ascii, &used, &cells)) != 0) {
        text += used;
        if (cells == 0) {
            if (last >= 0 && !c->ascii)
                add_mark(at(c, row, last), cp);
            continue;
        }
        if (col + cells > end)
            break;
        set_cell(c, row, col, role, cp, cells);
        last = col;
        col += cells;
    }
    return col - start;
}

int canvas_put(struct canvas *c, int row, int col, int width, enum role role,
               const char *text)
{
    int end = col + width, keep, done;
    const char *cut = glyph_text(GLYPH_CUT, c->ascii);

    if (row < 0 || row >= c->rows || col < 0 || col >= c->cols || width <= 0)
        return 0;
    if (end > c->cols)
        end = c->cols;
    /* No character has more cells than bytes: most texts are measured by strlen(). */
    if (strlen(text) <= (size_t)(end - col) || glyph_cells(text, c->ascii) <= end - col)
        return put_plain(c, row, col, end, role, text);
    keep = end - col - glyph_cells(cut, c->ascii);
    if (keep <= 0) /* no room for a cut sign: the beginning says more */
        return put_plain(c, row, col, end, role, text);
    done = put_plain(c, row, col, col + keep, role, text);
    return done + put_plain(c, row, col + done, end, role, cut);
}

void canvas_put_right(struct canvas *c, int row, int col, int width, enum role role,
                      const char *text)
{
    int cells = glyph_cells(text, c->ascii);

    if (cells < width) {
        col += width - cells;
        width = cells;
    }
    (void)canvas_put(c, row, col, width, role, text);
}

void canvas_glyph(struct canvas *c, int row, int col, enum role role, enum glyph g)
{
    (void)canvas_put(c, row, col, 1, role, glyph_text(g, c->ascii));
}

/* Every glyph of the table has one cell: it is looked up once. */
void canvas_fill(struct canvas *c, int row, int col, int width, enum role role,
                 enum glyph g)
{
    int end = col + width < c->cols ? col + width : c->cols, cells;
    size_t used;
    uint32_t cp = glyph_next(glyph_text(g, c->ascii), c->ascii, &used, &cells);

    if (row < 0 || row >= c->rows || cp == 0)
        return;
    for (int i = col < 0 ? 0 : col; i < end; i++)
        set_cell(c, row, i, role, cp, 1);
}

void canvas_blank(struct canvas *c, int row, int col, int rows, int cols, enum role role)
{
    for (int r = row; r < row + rows && r < c->rows; r++) {
        for (int i = col; i < col + cols && i < c->cols; i++) {
            if (r >= 0 && i >= 0)
                set_cell(c, r, i, role, ' ', 1);
        }
    }
}

void canvas_select(struct canvas *c, int row, int col, int width)
{
    if (row < 0 || row >= c->rows)
        return;
    for (int i = col < 0 ? 0 : col; i < col + width && i < c->cols; i++)
        at(c, row, i)->selected = 1;
}

void canvas_rule(struct canvas *c, int row, const char *title, const char *right)
{
    int right_cells = glyph_cells(right, c->ascii);
    int title_cells = glyph_cells(title, c->ascii);

    canvas_fill(c, row, 0, c->cols, ROLE_RULE, GLYPH_RULE);
    if (right[0] != '\0' && title_cells + right_cells + 10 <= c->cols) {
        int col = c->cols - right_cells - 4;

        (void)canvas_put(c, row, col, 1, ROLE_RULE, " ");
        (void)canvas_put(c, row, col + 1, right_cells, ROLE_DIM, right);
        (void)canvas_put(c, row, col + 1 + right_cells, 1, ROLE_RULE, " ");
    }
    if (c->cols > 6) {
        int used = canvas_put(c, row, 3, c->cols - 5, ROLE_TITLE, title);

        (void)canvas_put(c, row, 2, 1, ROLE_RULE, " ");
        (void)canvas_put(c, row, 3 + used, 1, ROLE_RULE, " ");
    }
}

void pen_put(struct pen *p, enum role role, const char *text)
{
    if (p->col < p->end)
        p->col += canvas_put(p->c, p->row, p->col, p->end - p->col, role, text);
}

void pen_printf(struct pen *p, enum role role, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* cut like every long text */
    va_end(ap);
    pen_put(p, role, text);
}

void pen_glyph(struct pen *p, enum role role, enum glyph g)
{
    pen_put(p, role, glyph_text(g, p->c->ascii));
}

void pen_gap(struct pen *p, int cells)
{
    p->col += cells;
}

void segments_add(struct segments *s, enum role role, int rank, bool right,
                  const char *brief, const char *fmt, ...)
{
    struct segment_text *g;
    va_list ap;

    if (s->n == SEGMENTS_MAX)
        return;
    g = &s->seg[s->n++];
    *g = (struct segment_text){.role = role, .rank = rank, .right = right};
    (void)str_copy(g->brief, sizeof(g->brief), brief);
    va_start(ap, fmt);
    (void)vsnprintf(g->text, sizeof(g->text), fmt, ap); /* cut like every long text */
    va_end(ap);
}

static int segments_cells(const struct segments *s, bool ascii, int gap)
{
    int total = 0, shown = 0;

    for (size_t i = 0; i < s->n; i++) {
        if (s->seg[i].text[0] == '\0')
            continue;
        total += glyph_cells(s->seg[i].text, ascii);
        shown++;
    }
    return total + (shown > 1 ? (shown - 1) * gap : 0);
}

/* Shortens or drops the piece that matters least; false when one alone is left. */
static bool give_up_one(struct segments *s)
{
    struct segment_text *least = NULL;
    size_t shown = 0;

    for (size_t i = 0; i < s->n; i++) {
        struct segment_text *g = &s->seg[i];

        if (g->text[0] == '\0')
            continue;
        shown++;
        if (least == NULL || g->rank < least->rank)
            least = g;
    }
    if (least == NULL)
        return false;
    if (least->brief[0] != '\0') {
        (void)str_copy(least->text, sizeof(least->text), least->brief);
        least->brief[0] = '\0';
        return true;
    }
    if (shown < 2)
        return false;
    least->text[0] = '\0';
    return true;
}

void segments_draw(struct segments *s, struct canvas *c, int row, int margin, int gap)
{
    int room = c->cols - 2 * margin, left = margin, right = c->cols - margin;

    while (segments_cells(s, c->ascii, gap) > room && give_up_one(s))
        continue;
    for (size_t i = s->n; i-- > 0;) {
        struct segment_text *g = &s->seg[i];
        int cells = glyph_cells(g->text, c->ascii);

        if (g->right && cells > 0) {
            right -= cells;
            g->col = right < margin ? margin : right;
            g->cells = canvas_put(c, row, g->col, room, g->role, g->text);
            right -= gap;
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        struct segment_text *g = &s->seg[i];

        if (g->right || g->text[0] == '\0')
            continue;
        g->col = left;
        g->cells = canvas_put(c, row, left, c->cols - margin - left, g->role, g->text);
        left += gap + g->cells;
    }
}

/* A code point of the canvas as UTF-8. */
static void add_utf8(struct strbuf *out, uint32_t cp)
{
    if (cp < 0x80) {
        strbuf_putc(out, (char)cp);
    } else if (cp < 0x800) {
        strbuf_putc(out, (char)(0xc0 | cp >> 6));
        strbuf_putc(out, (char)(0x80 | (cp & 0x3f)));
    } else if (cp < 0x10000) {
        strbuf_putc(out, (char)(0xe0 | cp >> 12));
        strbuf_putc(out, (char)(0x80 | (cp >> 6 & 0x3f)));
        strbuf_putc(out, (char)(0x80 | (cp & 0x3f)));
    } else {
        strbuf_putc(out, (char)(0xf0 | cp >> 18));
        strbuf_putc(out, (char)(0x80 | (cp >> 12 & 0x3f)));
        strbuf_putc(out, (char)(0x80 | (cp >> 6 & 0x3f)));
        strbuf_putc(out, (char)(0x80 | (cp & 0x3f)));
    }
}

void canvas_dump(const struct canvas *c, struct strbuf *out)
{
    for (int row = 0; row < c->rows; row++) {
        const struct cell *line = &c->cells[(size_t)row * (size_t)c->cols];
        int last = c->cols;

        while (last > 0 && line[last - 1].cp == ' ' && line[last - 1].cells == 1)
            last--;
        for (int i = 0; i < last; i++) {
            if (line[i].cells == 0)
                continue;
            add_utf8(out, line[i].cp);
            for (int m = 0; m < CELL_MARKS && line[i].marks[m] != 0; m++)
                add_utf8(out, line[i].marks[m]);
        }
        strbuf_putc(out, '\n');
    }
}
