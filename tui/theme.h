/*
 * theme - colors by meaning: roles, theme files, and what a role looks like at a color
 * depth. A struct theme is a plain value. Knows no curses.
 * Threads: any.
 */
#ifndef RH_TUI_THEME_H
#define RH_TUI_THEME_H

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/model/config.h"

#include <stdint.h>

enum role {
#define ROLE(id, name) ROLE_##id,
#include "tui/roles.def"
#undef ROLE
    ROLE_COUNT
};

enum { STYLE_BOLD = 1, STYLE_DIM = 2, STYLE_UNDERLINE = 4, STYLE_REVERSE = 8 };

/* -1 the terminal's own, 0..255 a palette entry, from 256 on 0x1000000 | rrggbb. */
#define THEME_DEFAULT (-1)
#define THEME_RGB     0x1000000

struct style {
    bool set;
    int32_t fg, bg;
    uint8_t attrs;
};

struct theme {
    char name[NAME_TEXT];
    struct style full[ROLE_COUNT], sixteen[ROLE_COUNT], mono[ROLE_COUNT];
};

/* What a role is drawn with: palette indexes that the terminal has, or -1; where it has
 * more than 256 colors THEME_RGB | rrggbb. */
struct rendition {
    int32_t fg, bg;
    uint8_t attrs;
};

const char *role_name(enum role r);

/* The theme that is compiled in: used when no file is found. */
void theme_builtin(struct theme *out) NONNULL;

/*
 * Reads the text of a theme file over an empty theme. Problems (unknown roles, bad
 * colors) go to `problems` as "file:line: ..." lines; such a line is left out, the rest
 * holds. A missing role inherits text.
 */
void theme_parse(const char *name, const char *text, struct theme *out,
                 struct strbuf *problems) NONNULL;

/* colors: what the terminal has (0 or 1: none, 8, 16, 256; more: any rrggbb). */
void theme_resolve(const struct theme *t, int colors,
                   struct rendition out[ROLE_COUNT]) NONNULL;

/* The number of colors to use: flag or NO_COLOR first, then the setting, then what the
 * terminal has. */
int theme_depth(bool no_color, enum ui_color setting, int terminal_colors);

/* The 0xrrggbb of a palette entry, as xterm has it by itself, or of a THEME_RGB. */
uint32_t theme_rgb(int32_t color);

/* The nearest of the palette entries 16..255 of a 0xrrggbb color. */
int32_t theme_nearest256(uint32_t rgb);

#endif
