/*
 * canvas - the picture of one frame: cells with a meaning (role), drawn into by the views
 * and put on the terminal by screen. A canvas owns its cells (canvas_init/_clear).
 * Threads: one. Drawing allocates nothing.
 */
#ifndef RH_TUI_CANVAS_H
#define RH_TUI_CANVAS_H

#include "tui/glyph.h"
#include "tui/theme.h"

enum { CANVAS_ROWS_MAX = 512, CANVAS_COLS_MAX = 1024, CELL_MARKS = 2 };

struct cell {
    uint32_t cp;                /* ' ' when empty */
    uint32_t marks[CELL_MARKS]; /* combining characters on it */
    uint8_t cells;              /* 1, 2, or 0: the right half of the cell before */
    uint8_t role;
    uint8_t selected; /* drawn as the selection, whatever its role */
    uint8_t unused;   /* 0: cells are compared by their bytes */
};

struct canvas {
    int rows, cols;
    bool ascii;
    struct cell *cells;
};

/* Sizes are cut to 1..CANVAS_*_MAX. ERR_NOMEM. */
enum err_code canvas_init(struct canvas *c, int rows, int cols, bool ascii,
                          struct err *e) MUST_CHECK NONNULL;
void canvas_clear(struct canvas *c) NONNULL;
void canvas_erase(struct canvas *c) NONNULL;

/* Draws what fits into `width` cells from (row, col); a longer text ends in the cut sign.
 * Everything outside the canvas is left out. Returns the cells used. */
int canvas_put(struct canvas *c, int row, int col, int width, enum role role,
               const char *text) NONNULL;
/* The same, ending at the right edge of the field. */
void canvas_put_right(struct canvas *c, int row, int col, int width, enum role role,
                      const char *text) NONNULL;
void canvas_glyph(struct canvas *c, int row, int col, enum role role,
                  enum glyph g) NONNULL;
void canvas_fill(struct canvas *c, int row, int col, int width, enum role role,
                 enum glyph g) NONNULL;
/* Empties a rectangle. */
void canvas_blank(struct canvas *c, int row, int col, int rows, int cols,
                  enum role role) NONNULL;
void canvas_select(struct canvas *c, int row, int col, int width) NONNULL;

/* A rule with a title at the left and a text at the right end: "-- 1 Fleet ---- x --". */
void canvas_rule(struct canvas *c, int row, const char *title, const char *right) NONNULL;

/* A pen writes from left to right and stops at `end`. */
struct pen {
    struct canvas *c;
    int row, col, end;
};
void pen_put(struct pen *p, enum role role, const char *text) NONNULL;
void pen_printf(struct pen *p, enum role role, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NONNULL;
void pen_glyph(struct pen *p, enum role role, enum glyph g) NONNULL;
void pen_gap(struct pen *p, int cells) NONNULL;

/*
 * Pieces of one line that are given up one after the other when it gets narrow: the piece
 * of the lowest rank goes first; before it goes, its shorter form is tried. Pieces of the
 * right side are set against the right edge.
 */
enum { SEGMENTS_MAX = 16, SEGMENT_TEXT = 160 };
struct segment_text {
    char text[SEGMENT_TEXT], brief[64]; /* brief "" = none */
    enum role role;
    int rank;
    bool right;
    int col, cells; /* set by segments_draw(): where it is, 0 cells = given up */
};
struct segments {
    struct segment_text seg[SEGMENTS_MAX];
    size_t n;
};
void segments_add(struct segments *s, enum role role, int rank, bool right,
                  const char *brief, const char *fmt, ...) PRINTF_LIKE(6, 7) NONNULL;
void segments_draw(struct segments *s, struct canvas *c, int row, int margin,
                   int gap) NONNULL;

/* The picture as text, a line a row, without trailing blanks. */
void canvas_dump(const struct canvas *c, struct strbuf *out) NONNULL;

#endif
