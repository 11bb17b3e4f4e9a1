/*
 * glyph - the signs of the screen in two sets, Unicode and ASCII, and text measured in
 * terminal cells. Static tables; works in the caller's memory.
 * Threads: any.
 */
#ifndef RH_TUI_GLYPH_H
#define RH_TUI_GLYPH_H

#include "core/base/attr.h"
#include "core/model/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* id, Unicode, ASCII. One cell each, but ARROW and CUT in ASCII. */
#define GLYPHS(X)                                                                        \
    X(CLOUD, "\u25cf", "*")                                                              \
    X(ONPREM, "\u25a0", "#")                                                             \
    X(MOVING, "\u25ba", ">")                                                             \
    X(QUEUED, "\u25cc", "~")                                                             \
    X(ALERT, "!", "!")                                                                   \
    X(FAILED, "\u2717", "x")                                                             \
    X(DONE, "\u2713", "+")                                                               \
    X(UP, "\u25b2", "^")                                                                 \
    X(DOWN, "\u25bc", "v")                                                               \
    X(RULE, "\u2500", "-")                                                               \
    X(VERTICAL, "\u2502", "|")                                                           \
    X(TOP_LEFT, "\u250c", "+")                                                           \
    X(TOP_RIGHT, "\u2510", "+")                                                          \
    X(BOTTOM_LEFT, "\u2514", "+")                                                        \
    X(BOTTOM_RIGHT, "\u2518", "+")                                                       \
    X(FULL, "\u2588", "#")                                                               \
    X(EMPTY, "\u2591", ".")                                                              \
    X(BAND, "\u2592", "=")                                                               \
    X(ARROW, "\u2192", "->")                                                             \
    X(CUT, "\u2026", "..")                                                               \
    X(SPARK0, "\u2581", " ")                                                             \
    X(SPARK1, "\u2582", ".")                                                             \
    X(SPARK2, "\u2583", ":")                                                             \
    X(SPARK3, "\u2584", "-")                                                             \
    X(SPARK4, "\u2585", "=")                                                             \
    X(SPARK5, "\u2586", "+")                                                             \
    X(SPARK6, "\u2587", "*")                                                             \
    X(SPARK7, "\u2588", "#")

enum glyph {
#define X(id, unicode, ascii) GLYPH_##id,
    GLYPHS(X)
#undef X
        GLYPH_COUNT
};

const char *glyph_text(enum glyph g, bool ascii);

/*
 * Whether only ASCII may be drawn: codeset is nl_langinfo(CODESET), locale the value of
 * LC_CTYPE as set ("ja_JP.UTF-8"), term the terminal's name. East Asian locales get ASCII
 * because boxes and dots have an ambiguous width there.
 */
bool glyph_wants_ascii(enum ui_glyphs setting, const char *codeset, const char *locale,
                       const char *term) NONNULL;

/* The next character of a text as it will be drawn: its code point and its cells (0 for a
 * combining mark), bytes used in *used; ascii turns all else into '?'. 0 at the end. */
uint32_t glyph_next(const char *s, bool ascii, size_t *used, int *cells) NONNULL;

/* Cells of a whole text. */
int glyph_cells(const char *s, bool ascii) NONNULL;

#endif
