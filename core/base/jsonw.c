#include <config.h>

#include "core/base/jsonw.h"

#include "core/base/text.h"
#include "core/base/timefmt.h"

#include <string.h>

/* What stands as it is in a literal */
static bool is_plain(char c)
{
    unsigned char u = (unsigned char)c;

    return u >= 0x20 && u < 0x80 && c != '"' && c != '\\';
}

void json_put_text(struct strbuf *b, const char *text)
{
    const char *p = text;

    strbuf_putc(b, '"');
    while (*p != '\0') {
        size_t run = 0;
        uint32_t cp;

        while (is_plain(p[run]))
            run++;
        strbuf_add(b, p, run);
        p += run;
        if (*p == '"' || *p == '\\') {
            strbuf_printf(b, "\\%c", *p++);
        } else if ((unsigned char)*p >= 0x80) {
            run = text_decode(p, strnlen(p, 4), &cp);
            strbuf_add(b, run > 0 ? p : "\xEF\xBF\xBD", run > 0 ? run : 3);
            p += run > 0 ? run : 1;
        } else if (*p != '\0') {
            strbuf_printf(b, "\\u%04x", (unsigned)(unsigned char)*p++);
        }
    }
    strbuf_putc(b, '"');
}

void jsonw_comma(struct strbuf *b)
{
    char last = b->len > 0 ? b->data[b->len - 1] : '{';

    if (last != '{' && last != '[' && last != '\n')
        strbuf_putc(b, ',');
}

static void name_it(struct strbuf *b, const char *name)
{
    jsonw_comma(b);
    json_put_text(b, name);
    strbuf_putc(b, ':');
}

void jsonw_text(struct strbuf *b, const char *name, const char *text)
{
    name_it(b, name);
    json_put_text(b, text);
}

void jsonw_text_or_null(struct strbuf *b, const char *name, const char *text)
{
    if (text[0] == '\0')
        jsonw_null(b, name);
    else
        jsonw_text(b, name, text);
}

void jsonw_i64(struct strbuf *b, const char *name, int64_t v)
{
    char text[24], *p = text;

    name_it(b, name);
    if (v < 0)
        *p++ = '-';
    p = str_put_u64(p, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    strbuf_add(b, text, (size_t)(p - text));
}

void jsonw_bool(struct strbuf *b, const char *name, bool v)
{
    name_it(b, name);
    strbuf_puts(b, v ? "true" : "false");
}

void jsonw_null(struct strbuf *b, const char *name)
{
    name_it(b, name);
    strbuf_puts(b, "null");
}

void jsonw_utc(struct strbuf *b, const char *name, struct utc t)
{
    char text[TIME_TEXT];

    if (t.s == 0)
        jsonw_null(b, name);
    else
        jsonw_text(b, name, utc_text(t, text));
}

void jsonw_usd(struct strbuf *b, const char *name, struct usd v, int decimals, bool known)
{
    char text[USD_TEXT];

    if (!known)
        jsonw_null(b, name);
    else
        jsonw_text(b, name, usd_text(v, decimals, text));
}

void jsonw_permille(struct strbuf *b, const char *name, int32_t permille)
{
    if (permille < 0) {
        jsonw_null(b, name);
        return;
    }
    name_it(b, name);
    strbuf_printf(b, "%d.%d", permille / 10, permille % 10);
}

void jsonw_open(struct strbuf *b, const char *name, char bracket)
{
    if (name != NULL)
        name_it(b, name);
    else
        jsonw_comma(b);
    strbuf_putc(b, bracket);
}

void jsonw_close(struct strbuf *b, char bracket)
{
    strbuf_putc(b, bracket);
}

bool jsonw_take(struct strbuf *b, char *out, size_t size)
{
    bool fits = !b->failed && str_copy(out, size, strbuf_text(b));

    if (!fits)
        out[0] = '\0';
    strbuf_clear(b);
    return fits;
}
