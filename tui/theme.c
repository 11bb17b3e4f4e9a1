#include <config.h>

#include "tui/theme.h"

#include "core/base/text.h"

#include <string.h>

static const char *const role_names[] = {
#define ROLE(id, name) (name),
#include "tui/roles.def"
#undef ROLE
};

/* The same as themes/default.theme (a test compares them). */
static const char builtin[] =
#include "tui/theme_default.inc"
    ;

const char *role_name(enum role r)
{
    return (unsigned)r < ROLE_COUNT ? role_names[r] : "?";
}

static bool role_parse(const char *name, enum role *out)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (str_eq(role_names[i], name)) {
            *out = (enum role)i;
            return true;
        }
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool color_parse(const char *word, int32_t *out)
{
    static const char *const names[] = {"black", "red",     "green", "yellow",
                                        "blue",  "magenta", "cyan",  "white"};
    bool bright = str_starts(word, "bright-");
    struct err e = {0};
    int64_t n;

    if (str_eq(word, "default")) {
        *out = THEME_DEFAULT;
        return true;
    }
    if (word[0] == '#') {
        int32_t rgb = 0;

        if (strlen(word) != 7)
            return false;
        for (int i = 1; i < 7; i++) {
            int d = hex_digit(word[i]);

            if (d < 0)
                return false;
            rgb = rgb * 16 + d;
        }
        *out = THEME_RGB | rgb;
        return true;
    }
    for (int i = 0; i < 8; i++) {
        if (str_eq(word + (bright ? 7 : 0), names[i])) {
            *out = i + (bright ? 8 : 0);
            return true;
        }
    }
    if (str_to_i64(word, 0, 255, &n, &e) != ERR_OK)
        return false;
    *out = (int32_t)n;
    return true;
}

static bool attr_parse(const char *word, uint8_t *attrs)
{
    static const struct {
        const char *word;
        uint8_t bit;
    } rows[] = {{"bold", STYLE_BOLD},
                {"dim", STYLE_DIM},
                {"underline", STYLE_UNDERLINE},
                {"reverse", STYLE_REVERSE}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (str_eq(word, rows[i].word)) {
            *attrs |= rows[i].bit;
            return true;
        }
    }
    return false;
}

/* Takes the next word of *p into buf; false at the end. */
static bool next_word(const char **p, char *buf, size_t size)
{
    const char *start;
    size_t len;

    *p += strspn(*p, " \t");
    start = *p;
    len = strcspn(start, " \t");
    if (len == 0)
        return false;
    *p += len;
    if (len >= size)
        len = size - 1;
    memcpy(buf, start, len);
    buf[len] = '\0';
    return true;
}

/* "fg [on bg] [bold dim underline reverse]"; NULL or what is wrong. */
static const char *style_parse(const char *text, struct style *out)
{
    struct style s = {.set = true, .fg = THEME_DEFAULT, .bg = THEME_DEFAULT};
    char word[32];
    bool has_fg = false;

    while (next_word(&text, word, sizeof(word))) {
        if (str_eq(word, "on")) {
            if (!next_word(&text, word, sizeof(word)) || !color_parse(word, &s.bg))
                return "\"on\" needs a color behind it";
        } else if (attr_parse(word, &s.attrs)) {
            continue;
        } else if (!has_fg && color_parse(word, &s.fg)) {
            has_fg = true;
        } else {
            return "not a color or attribute; write as in \"green on black bold\"";
        }
    }
    *out = s;
    return NULL;
}

static void parse_line(struct theme *t, const char *file, int line, char *text,
                       struct strbuf *problems)
{
    char *equals = strchr(text, '='), *name = text + strspn(text, " \t"), *end;
    struct style *set = t->full;
    const char *wrong;
    struct style s;
    enum role role;

    if (*name == '\0' || *name == '#')
        return;
    if (equals == NULL) {
        strbuf_printf(problems, "%s:%d: no \"=\"; write ROLE = COLOR\n", file, line);
        return;
    }
    *equals = '\0';
    end = name + strcspn(name, " \t");
    *end = '\0';
    if (str_ends(name, ".mono")) {
        set = t->mono;
        name[strlen(name) - 5] = '\0';
    } else if (str_ends(name, ".16")) {
        set = t->sixteen;
        name[strlen(name) - 3] = '\0';
    }
    if (!role_parse(name, &role)) {
        char shown[41]; /* it may be anything */

        (void)text_clean(shown, sizeof(shown), name, strlen(name));
        strbuf_printf(problems, "%s:%d: \"%s\" is not a role\n", file, line, shown);
        return;
    }
    wrong = style_parse(equals + 1, &s);
    if (wrong != NULL) {
        strbuf_printf(problems, "%s:%d: %s: %s\n", file, line, name, wrong);
        return;
    }
    set[role] = s;
}

void theme_parse(const char *name, const char *text, struct theme *out,
                 struct strbuf *problems)
{
    struct theme t = {0};
    char line[256], file[NAME_TEXT + 8];
    int n = 0;

    (void)str_copy(t.name, sizeof(t.name), name);
    (void)str_format(file, sizeof(file), "%s.theme", t.name);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n"),
               fits = len < sizeof(line) ? len : sizeof(line) - 1;

        memcpy(line, text, fits);
        line[fits] = '\0';
        if (fits > 0 && line[fits - 1] == '\r')
            line[fits - 1] = '\0';
        parse_line(&t, file, ++n, line, problems);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
    if (!t.full[ROLE_TEXT].set)
        t.full[ROLE_TEXT] =
            (struct style){.set = true, .fg = THEME_DEFAULT, .bg = THEME_DEFAULT};
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (!t.full[i].set) {
            t.full[i] = t.full[ROLE_TEXT];
            t.full[i].set = false; /* shipped themes must have it: tested */
        }
    }
    *out = t;
}

void theme_builtin(struct theme *out)
{
    struct strbuf problems;

    strbuf_init(&problems, 4096);
    theme_parse("default", builtin, out, &problems);
    strbuf_clear(&problems);
}

static int32_t square(int32_t v)
{
    return v * v;
}

static int32_t level6(int32_t v)
{
    return v == 0 ? 0 : 55 + 40 * v;
}

int32_t theme_nearest256(uint32_t rgb)
{
    int32_t r = (int32_t)(rgb >> 16 & 255), g = (int32_t)(rgb >> 8 & 255),
            b = (int32_t)(rgb & 255);
    int32_t best = 16, best_d = INT32_MAX;

    for (int32_t i = 16; i < 256; i++) {
        int32_t c = (int32_t)theme_rgb(i);
        int32_t d =
            square((c >> 16) - r) + square((c >> 8 & 255) - g) + square((c & 255) - b);

        if (d < best_d) {
            best_d = d;
            best = i;
        }
    }
    return best;
}

uint32_t theme_rgb(int32_t color)
{
    /* What xterm shows for the sixteen that every user may have changed. */
    static const uint32_t basic[16] = {
        0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
        0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    int32_t grey = 8 + 10 * (color - 232), cube = color - 16;

    if (color < 0 || color >= 256)
        return (uint32_t)color & 0xffffff;
    if (color < 16)
        return basic[color];
    if (color >= 232)
        return (uint32_t)(grey << 16 | grey << 8 | grey);
    return (uint32_t)(level6(cube / 36) << 16 | level6(cube / 6 % 6) << 8 |
                      level6(cube % 6));
}

/* The nearest of the eight basic colors by their bright form. */
static int32_t nearest8(int32_t color)
{
    int32_t rgb = (int32_t)theme_rgb(color), r = rgb >> 16, g = rgb >> 8 & 255,
            b = rgb & 255, max;

    if (color < 16)
        return color;
    if (color >= 232 && color < 256)
        return color < 244 ? 0 : 7;
    max = r > g ? r : g;
    max = b > max ? b : max;
    if (max < 64)
        return 0;
    return (r * 3 > max * 2 ? 1 : 0) + (g * 3 > max * 2 ? 2 : 0) +
           (b * 3 > max * 2 ? 4 : 0);
}

static int32_t fit_color(int32_t color, int colors, uint8_t *attrs)
{
    if (color == THEME_DEFAULT)
        return color;
    if (colors > 256)
        return THEME_RGB | (int32_t)theme_rgb(color);
    if (colors == 256)
        return color >= 256 ? theme_nearest256((uint32_t)color & 0xffffff) : color;
    color = nearest8(color);
    if (colors < 16 && color >= 8) {
        color -= 8;
        if (attrs != NULL)
            *attrs |= STYLE_BOLD;
    }
    return color;
}

/* Without a mono line of its own a role keeps its attributes; a background or an
 * alarming color is made up for by reverse or bold. */
static struct rendition mono_of(const struct theme *t, int role)
{
    const struct style *s = t->mono[role].set ? &t->mono[role] : &t->full[role];
    struct rendition r = {THEME_DEFAULT, THEME_DEFAULT, s->attrs};

    if (!t->mono[role].set && s->bg != THEME_DEFAULT)
        r.attrs |= STYLE_REVERSE;
    return r;
}

void theme_resolve(const struct theme *t, int colors, struct rendition out[ROLE_COUNT])
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        const struct style *s =
            colors < 256 && t->sixteen[i].set ? &t->sixteen[i] : &t->full[i];

        if (colors < 8) {
            out[i] = mono_of(t, i);
            continue;
        }
        out[i].attrs = s->attrs;
        out[i].fg = fit_color(s->fg, colors, &out[i].attrs);
        out[i].bg = fit_color(s->bg, colors, NULL);
    }
}

int theme_depth(bool no_color, enum ui_color setting, int terminal_colors)
{
    int want = terminal_colors;

    if (no_color)
        return 0;
    switch (setting) {
    case COLOR_AUTO:
    case COLOR_DIRECT:
        break;
    case COLOR_MONO:
        return 0;
    case COLOR_8:
        want = 8;
        break;
    case COLOR_16:
        want = 16;
        break;
    case COLOR_256:
        want = 256;
        break;
    }
    if (want > terminal_colors)
        want = terminal_colors;
    return want < 8 ? 0 : want;
}
