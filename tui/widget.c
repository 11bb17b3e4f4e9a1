#include <config.h>

#include <string.h>

#include "tui/view.h"

void widget_spark(struct pen *p, const int16_t *values, size_t n, int cells)
{
    size_t show = cells > 0 ? (size_t)cells : 0;

    if (show > n)
        show = n;
    for (size_t i = n - show; i < n; i++) {
        int v = values[i];

        if (v < 0) {
            pen_put(p, ROLE_SPARK, " ");
            continue;
        }
        v = v > 1000 ? 1000 : v;
        pen_glyph(p, ROLE_SPARK, (enum glyph)((int)GLYPH_SPARK0 + v * 7 / 1000));
    }
}

void widget_bar(struct pen *p, enum role role, int cells, int part, int whole)
{
    int full = whole > 0 ? (int)((int64_t)cells * part / whole) : 0;

    for (int i = 0; i < cells; i++)
        pen_glyph(p, role, i < full ? GLYPH_FULL : GLYPH_EMPTY);
}

/* An empty box with a title; returns a pen for its first line. */
static void box(struct canvas *c, int row, int col, int rows, int cols, const char *title)
{
    canvas_blank(c, row, col, rows, cols, ROLE_DIALOG);
    for (int r = row; r < row + rows; r++) {
        canvas_glyph(c, r, col, ROLE_RULE, GLYPH_VERTICAL);
        canvas_glyph(c, r, col + cols - 1, ROLE_RULE, GLYPH_VERTICAL);
    }
    canvas_fill(c, row, col, cols, ROLE_RULE, GLYPH_RULE);
    canvas_fill(c, row + rows - 1, col, cols, ROLE_RULE, GLYPH_RULE);
    canvas_glyph(c, row, col, ROLE_RULE, GLYPH_TOP_LEFT);
    canvas_glyph(c, row, col + cols - 1, ROLE_RULE, GLYPH_TOP_RIGHT);
    canvas_glyph(c, row + rows - 1, col, ROLE_RULE, GLYPH_BOTTOM_LEFT);
    canvas_glyph(c, row + rows - 1, col + cols - 1, ROLE_RULE, GLYPH_BOTTOM_RIGHT);
    if (cols > 8) {
        int used = canvas_put(c, row, col + 3, cols - 6, ROLE_TITLE, title);

        (void)canvas_put(c, row, col + 2, 1, ROLE_RULE, " ");
        (void)canvas_put(c, row, col + 3 + used, 1, ROLE_RULE, " ");
    }
}

size_t widget_break(const char *text, int width, bool ascii)
{
    size_t len = 0, blank = 0, used;
    int at = 0, cells;

    while (glyph_next(text + len, ascii, &used, &cells) != 0 && at + cells <= width &&
           len + used < LINE_TEXT) {
        if (text[len] == ' ')
            blank = len;
        at += cells;
        len += used;
    }
    return text[len] != '\0' && text[len] != ' ' && blank > 0 ? blank : len;
}

/*
 * Breaks a text at blanks into lines of `width` cells and draws them, or only counts them
 * when row is negative. Returns the number of lines.
 */
static int wrapped(struct canvas *c, int row, int col, int width, enum role role,
                   const char *text)
{
    int lines = 0;

    while (*text != '\0' && lines < DIALOG_LINES * 4) {
        char part[LINE_TEXT];
        size_t len = widget_break(text, width, c->ascii);

        if (len == 0)
            break;
        memcpy(part, text, len);
        part[len] = '\0';
        if (row >= 0)
            (void)canvas_put(c, row + lines, col, width, role, part);
        lines++;
        text += len;
        text += strspn(text, " ");
    }
    return lines;
}

/* More of them are a list. */
enum { CHOICES_BESIDE = 3 };

/* The choices, each on its own place; returns how many lines they need. */
static int draw_choices(const struct frame *f, int row, int col, int width)
{
    const struct dialog *d = &f->ui->dialog;
    bool is_list = d->q.n_choices > CHOICES_BESIDE;
    int lines = 1, x = 0;

    for (size_t i = 0; i < d->q.n_choices; i++) {
        const struct choice *ch = &d->q.choices[i];
        char text[80];
        int cells;

        if (ch->key == 0)
            (void)str_format(text, sizeof(text), "[%s]", ch->label);
        else
            (void)str_format(text, sizeof(text), "%c %s", ch->key, ch->label);
        cells = glyph_cells(text, f->c->ascii);
        if (x > 0 && (is_list || x + cells > width)) {
            x = 0;
            lines++;
        }
        if (row >= 0) {
            (void)canvas_put(f->c, row + lines - 1, col + x, width - x,
                             i == d->focus ? ROLE_FIELD : ROLE_DIALOG, text);
            hits_add(f, row + lines - 1, col + x, cells, HIT_CHOICE, (uint32_t)i);
            if (ch->key != 0 && i != d->focus)
                (void)canvas_put(f->c, row + lines - 1, col + x, 1, ROLE_KEY,
                                 (char[]){ch->key, '\0'});
        }
        x += cells + 3;
    }
    return lines;
}

/* Where no box fits: the question and its letters alone. */
static void bare_dialog(const struct frame *f)
{
    const struct dialog *d = &f->ui->dialog;
    struct canvas *c = f->c;
    struct pen p = {c, 0, 0, c->cols};

    canvas_blank(c, 0, 0, c->rows, c->cols, ROLE_DIALOG);
    if (c->rows > 1) {
        pen_put(&p, ROLE_TITLE, d->q.title);
        (void)draw_choices(f, 1, 0, c->cols);
        return;
    }
    for (size_t i = 0; i < d->q.n_choices; i++) {
        if (d->q.choices[i].key != 0)
            pen_printf(&p, ROLE_KEY, "%c ", d->q.choices[i].key);
        else
            pen_put(&p, ROLE_KEY, "Esc ");
    }
    pen_put(&p, ROLE_TITLE, d->q.title);
}

void dialog_draw(const struct frame *f)
{
    const struct dialog *d = &f->ui->dialog;
    struct canvas *c = f->c;
    int cols = c->cols < 84 ? c->cols : 84, width = cols - 4;
    int choices = draw_choices(f, -1, 0, width > 2 ? width - 2 : 1), rows = 2, row, col;

    if (width < 8 || c->rows < choices + 2) {
        bare_dialog(f);
        return;
    }
    rows += choices + (d->changed ? 1 : 0);
    for (size_t i = 0; i < d->q.n_lines; i++)
        rows += wrapped(c, -1, 0, width, ROLE_DIALOG, d->q.lines[i]);
    /* The answers must stay visible: on a low screen the text gives way. */
    if (rows > c->rows)
        rows = c->rows;
    row = (c->rows - rows) / 3;
    col = (c->cols - cols) / 2;
    box(c, row, col, rows, cols, d->q.title);
    for (size_t i = 0, at = 0; i < d->q.n_lines; i++) {
        int need = wrapped(c, -1, 0, width, ROLE_DIALOG, d->q.lines[i]);

        if ((int)at + need > rows - 2 - choices - (d->changed ? 1 : 0))
            break;
        at += (size_t)wrapped(c, row + 1 + (int)at, col + 2, width, ROLE_DIALOG,
                              d->q.lines[i]);
    }
    if (d->changed && rows - 2 > choices)
        (void)canvas_put(c, row + rows - 2 - choices, col + 2, width, ROLE_WARN,
                         "It changed meanwhile: read again, then confirm.");
    (void)draw_choices(f, row + rows - 1 - choices, col + 4, width - 2);
}

/* A list in a box; `line` writes the text of one row. */
static void list(const struct frame *f, const char *title, size_t n, size_t at,
                 void (*line)(const struct ui *ui, size_t i, char text[LINE_TEXT]))
{
    struct canvas *c = f->c;
    int cols = c->cols < 60 ? c->cols : 60;
    int rows = (int)n + 2 > c->rows ? c->rows : (int)n + 2;
    int row = (c->rows - rows) / 2, col = (c->cols - cols) / 2;
    size_t first = 0;

    if (rows < 3 || cols < 12)
        return;
    if (at >= (size_t)rows - 2)
        first = at - ((size_t)rows - 3);
    box(c, row, col, rows, cols, title);
    for (size_t i = 0; i < (size_t)rows - 2 && first + i < n; i++) {
        char text[LINE_TEXT];

        line(f->ui, first + i, text);
        (void)canvas_put(c, row + 1 + (int)i, col + 2, cols - 4,
                         first + i == at ? ROLE_FIELD : ROLE_DIALOG, text);
        hits_add(f, row + 1 + (int)i, col + 2, cols - 4, HIT_LINE, (uint32_t)(first + i));
    }
}

static void fault_line(const struct ui *ui, size_t i, char text[LINE_TEXT])
{
    if (i < 9)
        (void)str_format(text, LINE_TEXT, "%zu  %s", i + 1, ui->app->demo.faults[i]);
    else
        (void)str_format(text, LINE_TEXT, "   %s", ui->app->demo.faults[i]);
}

void menu_draw(const struct frame *f)
{
    list(f, "Make trouble: its digit does it, Esc closes", f->ui->app->demo.n_faults,
         f->ui->menu_at, fault_line);
}

static void theme_line(const struct ui *ui, size_t i, char text[LINE_TEXT])
{
    (void)str_format(text, LINE_TEXT, "%s%s", ui->themes.names[i],
                     str_eq(ui->themes.names[i], ui->themes.before) ? "  (now)" : "");
}

void themes_draw(const struct frame *f)
{
    list(f, "Themes: Enter keeps it, Esc drops it", f->ui->themes.n, f->ui->themes.at,
         theme_line);
}
