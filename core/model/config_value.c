#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/money.h"
#include "core/base/str.h"
#include "core/base/text.h"
#include "core/base/timefmt.h"
#include "core/model/window.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Fields are found by offset and may be any type: bytes in, bytes out. */
static void put(void *base, size_t offset, const void *value, size_t size)
{
    memcpy((char *)base + offset, value, size);
}

static void get(const void *base, size_t offset, void *value, size_t size)
{
    memcpy(value, (const char *)base + offset, size);
}

/* ----- from text ----- */

/* The text is shown on screens and sent to APIs: nothing hidden may be in it. */
static enum err_code check_text(const struct option *o, const char *text, struct err *e)
{
    char clean[4200];
    size_t len = strlen(text);
    bool is_list = o->type == OPTION_TEXTS;

    if (len == 0)
        return err_set(e, ERR_SYNTAX, "it is empty: leave the option out instead");
    if (!is_list && (int64_t)len > o->max)
        return err_set(e, ERR_RANGE, "it is longer than %lld bytes", (long long)o->max);
    if (is_list && len >= URL_TEXT)
        return err_set(e, ERR_RANGE, "it is longer than %d bytes", URL_TEXT - 1);
    /* The bounds above are below its size. What cleaning changes is not what it seems. */
    (void)text_clean(clean, sizeof(clean), text, len);
    if (!str_eq(clean, text))
        return err_set(e, ERR_SYNTAX, "it has control or hidden characters in it");
    if (o->prefix != NULL && !str_starts(text, o->prefix))
        return err_set(e, ERR_SYNTAX, "\"%.60s\" does not begin with %s", text,
                       o->prefix);
    return ERR_OK;
}

static enum err_code set_text(const struct option *o, void *base, const char *dir,
                              struct arena *a, const char *text, struct err *e)
{
    enum err_code rc = check_text(o, text, e);
    char *kept;

    if (rc != ERR_OK)
        return rc;
    if (o->type == OPTION_FILE && text[0] == '~')
        return err_set(e, ERR_SYNTAX, "~ means nothing here: write the whole path");
    if (o->type == OPTION_FILE && text[0] != '/' && dir[0] != '\0')
        kept = arena_printf(a, "%s/%s", dir, text);
    else
        kept = arena_strdup(a, text);
    if (kept == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a text");
    put(base, o->offset, &kept, sizeof(kept));
    return ERR_OK;
}

static enum err_code parse_duration(const struct option *o, const char *text, int64_t *s,
                                    struct err *e)
{
    char low[DUR_TEXT], high[DUR_TEXT];
    enum err_code rc;

    if (o->none_ok && str_eq(text, "none")) {
        *s = DURATION_NONE;
        return ERR_OK;
    }
    rc = duration_parse(text, s, e);
    if (rc != ERR_OK)
        return rc;
    /* Lists keep the bounds of their length in the table; their items a day's. */
    if (o->type == OPTION_DURS)
        return *s < 0 || *s > 86400
                   ? err_set(e, ERR_RANGE, "\"%.20s\" is not within 0s and 24h", text)
                   : ERR_OK;
    if (*s < o->min || *s > o->max)
        return err_set(e, ERR_RANGE, "\"%.20s\" is not within %s and %s", text,
                       duration_text(o->min, low), duration_text(o->max, high));
    return ERR_OK;
}

static enum err_code set_duration(const struct option *o, void *base, const char *text,
                                  struct err *e)
{
    bool is_auto = o->type == OPTION_LEAD && str_eq(text, "auto");
    int64_t s = 0;
    enum err_code rc = is_auto ? ERR_OK : parse_duration(o, text, &s, e);

    if (rc != ERR_OK)
        return rc;
    put(base, o->offset, &s, sizeof(s));
    if (o->type == OPTION_LEAD)
        put(base, o->extra, &is_auto, sizeof(is_auto));
    return ERR_OK;
}

static enum err_code set_number(const struct option *o, void *base, const char *text,
                                struct err *e)
{
    int64_t v;
    int32_t stored;
    enum err_code rc = str_to_i64(text, o->min, o->max, &v, e);

    if (rc != ERR_OK)
        return rc;
    stored = (int32_t)v; /* the table's bounds are within it */
    put(base, o->offset, &stored, sizeof(stored));
    return ERR_OK;
}

static enum err_code set_usd(const struct option *o, void *base, const char *text,
                             struct err *e)
{
    const bool there = true;
    struct usd v;
    enum err_code rc = usd_parse(text, &v, e);

    if (rc != ERR_OK)
        return rc;
    if (v.nanos < 0)
        return err_set(e, ERR_RANGE, "%.40s is negative", text);
    put(base, o->offset, &v, sizeof(v));
    if (o->extra != 0) /* one with a default is always there */
        put(base, o->extra, &there, sizeof(there));
    return ERR_OK;
}

/* The place of a word among "a|b|c", -1 when it is none of them. */
static int choice_index(const char *choices, const char *word)
{
    size_t len = strlen(word);
    int i = 0;

    for (const char *p = choices;; i++) {
        size_t n = strcspn(p, "|");

        if (n == len && memcmp(p, word, n) == 0)
            return i;
        if (p[n] == '\0')
            return -1;
        p += n + 1;
    }
}

static enum err_code set_choice(const struct option *o, void *base, struct arena *a,
                                const char *text, struct err *e)
{
    int i = choice_index(o->choices, text);
    bool second = i == 1;
    char *word;

    if (i < 0)
        return err_set(e, ERR_SYNTAX, "\"%.40s\" is not one of %s", text, o->choices);
    /* Their enums are as wide as an int and have no values but the words' places. */
    _Static_assert(sizeof(enum trust) == sizeof(int), "enums are stored as int");
    if (o->type == OPTION_CHOICE) {
        put(base, o->offset, &i, sizeof(i));
    } else if (o->type == OPTION_CHOICE_BOOL) {
        put(base, o->offset, &second, sizeof(second));
    } else {
        word = arena_strdup(a, text);
        if (word == NULL)
            return err_set(e, ERR_NOMEM, "no memory for a text");
        put(base, o->offset, &word, sizeof(word));
    }
    return ERR_OK;
}

static enum err_code set_bool(const struct option *o, void *base, const char *text,
                              struct err *e)
{
    bool v = str_eq(text, "true");

    if (!v && !str_eq(text, "false"))
        return err_set(e, ERR_SYNTAX, "\"%.40s\" is neither true nor false", text);
    put(base, o->offset, &v, sizeof(v));
    return ERR_OK;
}

static enum err_code add_item(const struct option *o, void *base, struct arena *a,
                              const char *text, struct err *e)
{
    struct window w;
    enum err_code rc;
    size_t n;
    int64_t s;
    char *kept;

    get(base, o->extra, &n, sizeof(n));
    if ((int64_t)n >= o->max)
        return err_set(e, ERR_RANGE, "it has more than %lld items", (long long)o->max);
    if (o->type == OPTION_WINDOWS) {
        rc = window_parse(text, &w, e);
        if (rc == ERR_OK)
            put(base, o->offset + n * sizeof(w), &w, sizeof(w));
    } else if (o->type == OPTION_DURS) {
        rc = parse_duration(o, text, &s, e);
        if (rc == ERR_OK)
            put(base, o->offset + n * sizeof(s), &s, sizeof(s));
    } else {
        rc = check_text(o, text, e);
        kept = rc == ERR_OK ? arena_strdup(a, text) : NULL;
        if (rc == ERR_OK && kept == NULL)
            rc = err_set(e, ERR_NOMEM, "no memory for a text");
        if (rc == ERR_OK)
            put(base, o->offset + n * sizeof(kept), &kept, sizeof(kept));
    }
    if (rc != ERR_OK)
        return rc;
    n++;
    put(base, o->extra, &n, sizeof(n));
    return ERR_OK;
}

enum err_code value_set(const struct option *o, void *base, const char *dir,
                        struct arena *a, const char *text, struct err *e)
{
    switch (o->type) {
    case OPTION_TEXT:
    case OPTION_URL:
    case OPTION_FILE:
        return set_text(o, base, dir, a, text, e);
    case OPTION_DUR:
    case OPTION_LEAD:
        return set_duration(o, base, text, e);
    case OPTION_INT:
    case OPTION_PCT:
        return set_number(o, base, text, e);
    case OPTION_BOOL:
        return set_bool(o, base, text, e);
    case OPTION_USD:
        return set_usd(o, base, text, e);
    case OPTION_CHOICE:
    case OPTION_CHOICE_BOOL:
    case OPTION_WORD:
        return set_choice(o, base, a, text, e);
    case OPTION_TEXTS:
    case OPTION_DURS:
    case OPTION_WINDOWS:
        return add_item(o, base, a, text, e);
    case OPTION_PRICES:
    case OPTION_ZONES:
        break;
    }
    return err_set(e, ERR_BUG, "%s.%s has no text form", o->section, o->name);
}

enum err_code value_set_initial(const struct option *o, void *base, struct arena *a,
                                struct err *e)
{
    static const char *const nothing = "";
    char item[64];

    if (o->initial == NULL)
        return ERR_OK;
    if (o->initial[0] == '\0') {
        put(base, o->offset, &nothing, sizeof(nothing));
        return ERR_OK;
    }
    if (o->type != OPTION_TEXTS && o->type != OPTION_DURS && o->type != OPTION_WINDOWS)
        return value_set(o, base, "", a, o->initial, e);
    for (const char *p = o->initial;; p++) {
        size_t n = strcspn(p, "|");
        enum err_code rc;

        if (!str_format(item, sizeof(item), "%.*s", (int)n, p))
            return err_set(e, ERR_BUG, "%s.%s: default too long", o->section, o->name);
        rc = value_set(o, base, "", a, item, e);
        if (rc != ERR_OK)
            return rc;
        p += n;
        if (*p == '\0')
            return ERR_OK;
    }
}

/* ----- numbers of the parser ----- */

const char *number_text(double v, char buf[NUMBER_TEXT])
{
    char mantissa[40], digits[16] = "", *p = buf;
    size_t n = 0;
    int exponent = 0, point;
    const char *mark;

    if (!isfinite(v)) {
        (void)str_copy(buf, NUMBER_TEXT, v < 0 ? "-infinite" : "infinite");
        return buf;
    }
    /* d.dddddddddddddde±xx: take it apart, whatever the locale's point looks like. */
    (void)snprintf(mantissa, sizeof(mantissa), "%.14e", v); /* fits: 15 digits */
    mark = strchr(mantissa, 'e');
    for (const char *c = mantissa; mark != NULL && c < mark && n < 15; c++) {
        if (*c >= '0' && *c <= '9')
            digits[n++] = *c;
    }
    if (mark != NULL) {
        bool down = mark[1] == '-';

        for (const char *c = mark + 2; *c != '\0'; c++)
            exponent = exponent * 10 + (*c - '0');
        exponent = down ? -exponent : exponent;
    }
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (v < 0)
        *p++ = '-';
    if (exponent > 18 || exponent < -18) {
        (void)snprintf(p, NUMBER_TEXT - 1, "%s",
                       exponent > 0 ? "9999999999999999999" : "0.0000000000000000001");
        return buf;
    }
    point = exponent + 1; /* digits before the decimal point */
    if (point <= 0) {
        *p++ = '0';
        *p++ = '.';
        for (; point < 0; point++)
            *p++ = '0';
        memcpy(p, digits, n);
        p += n;
    } else {
        for (size_t i = 0; i < n || (int)i < point; i++) {
            if ((int)i == point)
                *p++ = '.';
            *p++ = i < n ? digits[i] : '0';
        }
    }
    *p = '\0';
    return buf;
}

/* ----- to text ----- */

static void put_duration(const struct option *o, int64_t s, struct strbuf *b)
{
    static const struct {
        char letter;
        int64_t s;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

    if (o->none_ok && s == DURATION_NONE) {
        strbuf_puts(b, "\"none\"");
        return;
    }
    strbuf_puts(b, s < 0 ? "\"-" : "\"");
    s = s < 0 ? -s : s;
    /* All of it in the largest unit that loses nothing, so that it reads back. */
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (s % units[i].s == 0 && (s >= units[i].s || units[i].s == 1)) {
            strbuf_printf(b, "%lld%c\"", (long long)(s / units[i].s), units[i].letter);
            return;
        }
    }
}

static void put_usd(struct usd v, struct strbuf *b)
{
    char text[USD_TEXT];
    size_t len;

    len = strlen(usd_text(v, 9, text));
    while (text[len - 1] == '0' && text[len - 3] != '.')
        len--;
    text[len] = '\0';
    /* As text: a number would pass through a double on its way back. */
    strbuf_printf(b, "\"%s\"", text);
}

static void put_choice(const struct option *o, int index, struct strbuf *b)
{
    const char *p = o->choices;

    for (; index > 0; index--)
        p += strcspn(p, "|") + 1;
    strbuf_printf(b, "\"%.*s\"", (int)strcspn(p, "|"), p);
}

static void put_items(const struct option *o, const void *base, size_t n,
                      struct strbuf *b)
{
    char text[WINDOW_TEXT];
    struct window w;
    const char *item;
    int64_t s;

    strbuf_putc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            strbuf_puts(b, ", ");
        if (o->type == OPTION_WINDOWS) {
            get(base, o->offset + i * sizeof(w), &w, sizeof(w));
            strbuf_printf(b, "\"%s\"", window_text(&w, text));
        } else if (o->type == OPTION_DURS) {
            get(base, o->offset + i * sizeof(s), &s, sizeof(s));
            put_duration(o, s, b);
        } else {
            get(base, o->offset + i * sizeof(item), &item, sizeof(item));
            option_put_text(b, item);
        }
    }
    strbuf_putc(b, ']');
}

bool value_put(const struct option *o, const void *base, struct strbuf *b)
{
    const char *text;
    struct usd usd;
    int64_t seconds;
    int32_t number;
    bool flag;
    size_t n;

    switch (o->type) {
    case OPTION_TEXT:
    case OPTION_URL:
    case OPTION_FILE:
    case OPTION_WORD:
        get(base, o->offset, &text, sizeof(text));
        if (text == NULL || text[0] == '\0')
            return false;
        option_put_text(b, text);
        return true;
    case OPTION_DUR:
    case OPTION_LEAD:
        get(base, o->offset, &seconds, sizeof(seconds));
        flag = false;
        if (o->type == OPTION_LEAD)
            get(base, o->extra, &flag, sizeof(flag));
        if (flag)
            strbuf_puts(b, "\"auto\"");
        else
            put_duration(o, seconds, b);
        return true;
    case OPTION_INT:
    case OPTION_PCT:
    case OPTION_CHOICE:
        get(base, o->offset, &number, sizeof(number));
        if (o->type == OPTION_CHOICE)
            put_choice(o, number, b);
        else
            strbuf_printf(b, "%d", number);
        return true;
    case OPTION_BOOL:
    case OPTION_CHOICE_BOOL:
        get(base, o->offset, &flag, sizeof(flag));
        if (o->type == OPTION_CHOICE_BOOL)
            put_choice(o, flag ? 1 : 0, b);
        else
            strbuf_puts(b, flag ? "true" : "false");
        return true;
    case OPTION_USD:
        flag = true;
        if (o->extra != 0)
            get(base, o->extra, &flag, sizeof(flag));
        get(base, o->offset, &usd, sizeof(usd));
        if (flag)
            put_usd(usd, b);
        return flag;
    case OPTION_TEXTS:
    case OPTION_DURS:
    case OPTION_WINDOWS:
        get(base, o->extra, &n, sizeof(n));
        if (n > 0 || o->min == 0)
            put_items(o, base, n, b);
        return n > 0 || o->min == 0;
    case OPTION_PRICES:
    case OPTION_ZONES:
        break;
    }
    return false;
}
