/*
 * sheet - a page of lines that may be longer than the screen: written from top to bottom,
 * scrolled, cut at the bottom. A struct sheet is the caller's, for one drawing.
 * Threads: the UI's. Drawing allocates nothing.
 */
#ifndef RH_TUI_SHEET_H
#define RH_TUI_SHEET_H

#include "tui/view.h"

enum { SHEET_VALUE = 12 }; /* the column behind the labels */

struct sheet {
    const struct frame *f;
    int line; /* of the whole page */
    struct pen pen;
    bool visible; /* the line is on the screen; what is not goes nowhere */
};

/* A new line: at its left edge, or behind a label. */
void sheet_line(struct sheet *s) NONNULL;
void sheet_begin(struct sheet *s, const char *label) NONNULL;
void sheet_add(struct sheet *s, enum role role, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* A piece of a list: on the next line where this one has no room for it. */
void sheet_piece(struct sheet *s, enum role role, const char *text) NONNULL;
/* A text that goes on below, in column col, where the screen is narrow. */
void sheet_add_long(struct sheet *s, enum role role, int col, const char *text) NONNULL;

/* A whole view of such a page: title, rule, the page, the bottom lines. */
struct page {
    const char *title, *keys; /* left and right of the rule */
    void (*draw)(struct sheet *s, const void *arg);
    const void *arg;
};
void page_draw(const struct frame *f, const struct page *p) NONNULL;

#endif
