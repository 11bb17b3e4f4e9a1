/*
 * A terminal's screen as a picture: reads lines with SGR sequences, as `tmux capture-pane
 * -e -p` prints them, and writes an SVG. usage: svg COLUMNS TITLE <SCREEN >PICTURE
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/text.h"
#include "tui/theme.h"

/* In hundredths; a cell is as wide as a character of DejaVu Sans Mono at 14. */
enum { CELL_W = 843, CELL_H = 1800, BASE = 1350, PAD = 1000, LINE_BYTES = 65536 };

/* What a terminal shows of its own; the palette is xterm's. */
static const uint32_t paper = 0x16181d, ink = 0xd4d7dd;

struct look {
    int32_t fg, bg; /* as in a theme */
    bool bold, dim, underline, reverse;
};

static uint32_t color_of(int32_t color, uint32_t otherwise)
{
    return color == THEME_DEFAULT ? otherwise : theme_rgb(color);
}

/* Half of it over the paper. */
static uint32_t dimmed(uint32_t c)
{
    uint32_t out = 0;

    for (int shift = 0; shift <= 16; shift += 8)
        out |= ((c >> shift & 255) * 6 + (paper >> shift & 255) * 4) / 10 << shift;
    return out;
}

/* 38;5;N and 38;2;R;G;B. */
static int32_t extended(const long *n, size_t count, size_t *i)
{
    if (*i + 2 < count && n[*i + 1] == 5) {
        *i += 2;
        return (int32_t)n[*i];
    }
    if (*i + 4 < count && n[*i + 1] == 2) {
        *i += 4;
        return THEME_RGB | (int32_t)((n[*i - 2] & 255) << 16 | (n[*i - 1] & 255) << 8 |
                                     (n[*i] & 255));
    }
    return THEME_DEFAULT;
}

static void apply(struct look *l, const long *n, size_t count)
{
    static const struct look plain = {THEME_DEFAULT, THEME_DEFAULT, 0, 0, 0, 0};

    for (size_t i = 0; i < count; i++) {
        long v = n[i];

        if (v == 0)
            *l = plain;
        else if (v == 1)
            l->bold = true;
        else if (v == 2)
            l->dim = true;
        else if (v == 4)
            l->underline = true;
        else if (v == 7)
            l->reverse = true;
        else if (v == 22)
            l->bold = l->dim = false;
        else if (v == 24)
            l->underline = false;
        else if (v == 27)
            l->reverse = false;
        else if (v >= 30 && v <= 37)
            l->fg = (int32_t)v - 30;
        else if (v >= 40 && v <= 47)
            l->bg = (int32_t)v - 40;
        else if (v >= 90 && v <= 97)
            l->fg = (int32_t)v - 82;
        else if (v >= 100 && v <= 107)
            l->bg = (int32_t)v - 92;
        else if (v == 39)
            l->fg = THEME_DEFAULT;
        else if (v == 49)
            l->bg = THEME_DEFAULT;
        else if (v == 38)
            l->fg = extended(n, count, &i);
        else if (v == 48)
            l->bg = extended(n, count, &i);
    }
}

/* Takes "\033[1;38;5;3m" off the text; other sequences are passed over. */
static const char *sequence(const char *p, struct look *l)
{
    long n[32] = {0};
    size_t count = 1;

    if (p[1] != '[')
        return p + (p[1] != '\0' ? 2 : 1);
    for (p += 2; *p != '\0' && (*p < '@' || *p > '~'); p++) {
        if (*p >= '0' && *p <= '9' && n[count - 1] < 100000)
            n[count - 1] = n[count - 1] * 10 + (*p - '0');
        else if ((*p == ';' || *p == ':') && count < ARRAY_LEN(n))
            count++;
    }
    if (*p == 'm')
        apply(l, n, count);
    return p + (*p != '\0' ? 1 : 0);
}

static void put_hundredths(long v)
{
    (void)printf("%ld.%02ld", v / 100, v % 100);
}

static void put_escaped(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '&')
            (void)fputs("&amp;", stdout);
        else if (text[i] == '<')
            (void)fputs("&lt;", stdout);
        else if (text[i] == '>')
            (void)fputs("&gt;", stdout);
        else
            (void)putchar(text[i]);
    }
}

/* A stretch of one look: its ground, and its text stretched to its cells. */
static void put_run(const struct look *l, int row, int col, int cells, const char *text,
                    size_t len)
{
    uint32_t fg = color_of(l->fg, ink), bg = color_of(l->bg, paper);
    long x = PAD + (long)col * CELL_W, y = PAD + (long)row * CELL_H;

    if (l->reverse) {
        uint32_t was = fg;

        fg = bg;
        bg = was;
    }
    if (l->dim)
        fg = dimmed(fg);
    if (bg != paper) {
        (void)fputs("<rect x=\"", stdout);
        put_hundredths(x);
        (void)fputs("\" y=\"", stdout);
        put_hundredths(y);
        (void)fputs("\" width=\"", stdout);
        put_hundredths((long)cells * CELL_W);
        (void)printf("\" height=\"18\" fill=\"#%06x\"/>\n", bg);
    }
    if (strspn(text, " ") >= len && !l->underline)
        return;
    (void)fputs("<text x=\"", stdout);
    put_hundredths(x);
    (void)fputs("\" y=\"", stdout);
    put_hundredths(y + BASE);
    (void)fputs("\" textLength=\"", stdout);
    put_hundredths((long)cells * CELL_W);
    (void)printf("\" fill=\"#%06x\"%s%s>", fg, l->bold ? " font-weight=\"bold\"" : "",
                 l->underline ? " text-decoration=\"underline\"" : "");
    put_escaped(text, len);
    (void)fputs("</text>\n", stdout);
}

static bool same(const struct look *a, const struct look *b)
{
    return a->fg == b->fg && a->bg == b->bg && a->bold == b->bold && a->dim == b->dim &&
           a->underline == b->underline && a->reverse == b->reverse;
}

static void put_line(const char *p, int row, struct look *l)
{
    static char run[LINE_BYTES];
    struct look look = *l;
    size_t len = 0;
    int col = 0, from = 0;

    while (*p != '\0') {
        uint32_t cp;
        size_t used;
        int cells;

        if (*p == '\033') {
            p = sequence(p, l);
            continue;
        }
        used = text_decode(p, strnlen(p, 4), &cp);
        cells = used > 0 ? text_width(cp) : 0;
        if (!same(&look, l) && len > 0) {
            put_run(&look, row, from, col - from, run, len);
            len = 0;
        }
        if (len == 0) {
            look = *l;
            from = col;
        }
        used += used == 0 ? 1 : 0;
        if (len + used < sizeof(run)) {
            memcpy(run + len, p, used);
            len += used;
            run[len] = '\0';
        }
        col += cells > 0 ? cells : 0;
        p += used;
    }
    if (len > 0)
        put_run(&look, row, from, col - from, run, len);
}

int main(int argc, char **argv)
{
    static char lines[512][2048];
    struct look l = {.fg = THEME_DEFAULT, .bg = THEME_DEFAULT};
    struct err e = {0};
    int64_t cols;
    int rows = 0;

    if (argc != 3 || str_to_i64(argv[1], 1, 1000, &cols, &e) != ERR_OK) {
        (void)fprintf(stderr, "usage: svg COLUMNS TITLE\n");
        return 2;
    }
    while (rows < (int)ARRAY_LEN(lines) &&
           fgets(lines[rows], sizeof(lines[0]), stdin) != NULL) {
        lines[rows][strcspn(lines[rows], "\n")] = '\0';
        rows++;
    }
    (void)fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", stdout);
    put_hundredths((long)cols * CELL_W + 2 * PAD);
    (void)fputs("\" height=\"", stdout);
    put_hundredths((long)rows * CELL_H + 2 * PAD);
    (void)fputs("\" xml:space=\"preserve\" font-size=\"14\" font-family=\"'DejaVu Sans "
                "Mono', Menlo, Consolas, monospace\">\n<title>",
                stdout);
    put_escaped(argv[2], strlen(argv[2]));
    (void)printf("</title>\n<rect width=\"100%%\" height=\"100%%\" rx=\"6\" "
                 "fill=\"#%06x\"/>\n",
                 paper);
    for (int row = 0; row < rows; row++)
        put_line(lines[row], row, &l);
    (void)fputs("</svg>\n", stdout);
    return ferror(stdout) ? 1 : 0;
}
