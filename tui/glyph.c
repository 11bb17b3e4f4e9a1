#include <config.h>

#include "tui/glyph.h"

#include <string.h>
#include <strings.h>

#include "core/base/str.h"
#include "core/base/text.h"

const char *glyph_text(enum glyph g, bool ascii)
{
    static const char *const table[GLYPH_COUNT][2] = {
#define X(id, unicode, plain) {unicode, plain},
        GLYPHS(X)
#undef X
    };

    return (unsigned)g < GLYPH_COUNT ? table[g][ascii ? 1 : 0] : "?";
}

bool glyph_wants_ascii(enum ui_glyphs setting, const char *codeset, const char *locale,
                       const char *term)
{
    bool utf8 = strcasecmp(codeset, "UTF-8") == 0 || strcasecmp(codeset, "utf8") == 0;

    switch (setting) {
    case GLYPHS_ASCII:
        return true;
    case GLYPHS_UNICODE:
        return !utf8; /* a C locale cannot write them, whatever was asked for */
    case GLYPHS_AUTO:
        break;
    }
    return !utf8 || strcmp(term, "linux") == 0 || str_starts(term, "vt") ||
           str_starts(locale, "zh") || str_starts(locale, "ja") ||
           str_starts(locale, "ko");
}

uint32_t glyph_next(const char *s, bool ascii, size_t *used, int *cells)
{
    unsigned char first = (unsigned char)*s;
    uint32_t cp;

    if (first == '\0')
        return 0;
    *cells = 1;
    *used = 1;
    if (first < 0x80) {
        /* Remote text was cleaned on arrival; a control that still got here is shown. */
        return first < 0x20 || first == 0x7f ? (uint32_t)'?' : first;
    }
    *used = text_decode(s, strnlen(s, 4), &cp);
    if (*used == 0) {
        *used = 1;
        return '?';
    }
    *cells = text_width(cp);
    if (*cells < 0)
        *cells = 1;
    if (ascii) {
        *cells = *cells == 0 ? 0 : 1;
        return '?';
    }
    return cp;
}

int glyph_cells(const char *s, bool ascii)
{
    int total = 0, cells;
    size_t used;

    for (;;) {
        size_t plain = 0; /* a cell each, and most of all text */

        while ((unsigned char)(s[plain] - 1) < 0x7f)
            plain++;
        s += plain;
        total += (int)plain;
        if (glyph_next(s, ascii, &used, &cells) == 0)
            return total;
        total += cells;
        s += used;
    }
}
