#include <config.h>

#include "tui/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NARROW_COLS = 60 };

void sheet_line(struct sheet *s)
{
    int row = s->f->top + s->line - s->f->ui->scroll;

    s->visible = row >= s->f->top && row < s->f->bottom;
    s->pen = (struct pen){s->f->c, s->visible ? row : -1, 1, s->f->c->cols - 1};
    s->line++;
}

void sheet_begin(struct sheet *s, const char *label)
{
    sheet_line(s);
    pen_put(&s->pen, ROLE_DIM, label);
    s->pen.col = SHEET_VALUE;
}

void sheet_add(struct sheet *s, enum role role, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* cut on screen anyway */
    va_end(ap);
    if (s->visible)
        pen_put(&s->pen, role, text);
    else /* a page has as many lines wherever it is scrolled to */
        s->pen.col += glyph_cells(text, s->f->c->ascii);
}

void sheet_piece(struct sheet *s, enum role role, const char *text)
{
    int cells = glyph_cells(text, s->f->c->ascii);

    if (s->pen.col > SHEET_VALUE && s->pen.col + cells > s->pen.end) {
        sheet_begin(s, "");
        text += strspn(text, " ");
    }
    sheet_add(s, role, "%s", text);
}

void sheet_add_long(struct sheet *s, enum role role, int col, const char *text)
{
    int width = s->pen.end - s->pen.col;
    char part[LINE_TEXT];
    size_t len;

    while ((len = widget_break(text, width > 1 ? width : 1, s->f->c->ascii)) > 0) {
        (void)str_format(part, sizeof(part), "%.*s", (int)len,
                         text); /* a line is short */
        sheet_add(s, role, "%s", part);
        text += len;
        text += strspn(text, " ");
        if (*text == '\0')
            break;
        sheet_begin(s, "");
        s->pen.col = col;
        width = s->pen.end - col;
    }
}

static int page_lines(const struct frame *f, const struct page *p)
{
    struct sheet s = {.f = f};

    p->draw(&s, p->arg);
    return s.line;
}

/* Counts first: the title says what there is, and scrolling stops at the last line. */
static int fit_page(const struct frame *f, const struct page *p)
{
    int wanted = f->ui->scroll, lines, last;

    f->ui->scroll = SCROLL_MAX;
    lines = page_lines(f, p);
    last = lines - (f->bottom - f->top);
    f->ui->scroll = wanted < last ? wanted : last > 0 ? last : 0;
    return lines;
}

void page_draw(const struct frame *frame, const struct page *p)
{
    struct frame f = *frame;
    char title[NAME_TEXT + 48];
    bool framed = f.c->rows >= 5;
    int lines, height;

    if (framed) {
        f.top = 2;
        f.bottom = f.c->rows - 2;
    }
    height = f.bottom - f.top;
    lines = fit_page(&f, p);
    if (lines > height && f.c->cols < NARROW_COLS)
        (void)str_format(title, sizeof(title), "%s  %d-%d/%d", p->title, f.ui->scroll + 1,
                         f.ui->scroll + height, lines);
    else if (lines > height)
        (void)str_format(title, sizeof(title), "%s  %d-%d of %d, j/k", p->title,
                         f.ui->scroll + 1, f.ui->scroll + height, lines);
    else
        (void)str_copy(title, sizeof(title), p->title);
    if (framed) {
        header_title(&f, 0);
        canvas_rule(f.c, 1, title, p->keys);
        footer_message(&f, f.c->rows - 2);
        footer_hints(&f, f.c->rows - 1);
    }
    (void)page_lines(&f, p);
}
