#include <config.h>

#include "core/base/str.h"

#include "core/base/sure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool str_copy(char *dst, size_t size, const char *src)
{
    size_t len = strlen(src);
    bool fits = len < size;

    if (!fits) {
        len = size - 1;
        while (len > 0 && ((unsigned char)src[len] & 0xC0U) == 0x80)
            len--; /* not inside of a character */
    }
    memcpy(dst, src, len);
    dst[len] = '\0';
    return fits;
}

bool str_vformat(char *dst, size_t size, const char *fmt, va_list ap)
{
    int len = vsnprintf(dst, size, fmt, ap);

    return len >= 0 && (size_t)len < size;
}

bool str_format(char *dst, size_t size, const char *fmt, ...)
{
    va_list ap;
    bool fits;

    va_start(ap, fmt);
    fits = str_vformat(dst, size, fmt, ap);
    va_end(ap);
    return fits;
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool str_eq_nocase(const char *a, const char *b)
{
    for (; *a != '\0' && lower(*a) == lower(*b); a++)
        b++;
    return *a == '\0' && *b == '\0';
}

bool str_has_nocase(const char *text, const char *word)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;

        while (word[i] != '\0' && lower(text[i]) == lower(word[i]))
            i++;
        if (word[i] == '\0')
            return true;
    }
    return word[0] == '\0';
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

char *str_put_u64(char *p, uint64_t v)
{
    char digits[20];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n > 0)
        *p++ = digits[--n];
    return p;
}

enum err_code str_to_i64(const char *text, int64_t min, int64_t max, int64_t *out,
                         struct err *e)
{
    char *end;
    long long v;

    if (text[0] == '\0' || text[0] == ' ' || text[0] == '\t' || text[0] == '+')
        return err_set(e, ERR_SYNTAX, "\"%s\" is not a whole number", text);
    errno = 0;
    v = strtoll(text, &end, 10);
    if (*end != '\0')
        return err_set(e, ERR_SYNTAX, "\"%s\" is not a whole number", text);
    if (errno != 0 || v < min || v > max)
        return err_set(e, ERR_RANGE, "%s is not within %lld..%lld", text, (long long)min,
                       (long long)max);
    *out = v;
    return ERR_OK;
}

void strbuf_init(struct strbuf *b, size_t limit_bytes)
{
    *b = (struct strbuf){.limit = limit_bytes};
}

void strbuf_clear(struct strbuf *b)
{
    free(b->data);
    *b = (struct strbuf){.limit = b->limit};
}

void strbuf_reset(struct strbuf *b)
{
    b->len = 0;
    b->failed = b->no_memory = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

bool strbuf_grow(struct strbuf *b, size_t len)
{
    size_t need, cap = b->cap < 256 ? 256 : b->cap;
    char *p;

    SURE(b->len <= b->limit && (b->data != NULL || b->cap == 0));
    if (b->failed || len > b->limit - b->len) {
        b->failed = true;
        return false;
    }
    need = b->len + len + 1;
    while (cap < need)
        cap *= 2;
    p = realloc(b->data, cap);
    if (p == NULL) {
        b->failed = b->no_memory = true;
        return false;
    }
    b->data = p;
    b->cap = cap;
    SURE(b->len < b->cap);
    return true;
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
    va_list ap;
    size_t space = b->cap - b->len;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(space > 0 ? b->data + b->len : NULL, space, fmt, ap);
    va_end(ap);
    if (len >= 0 && (size_t)len < space && strbuf_room(b, (size_t)len)) {
        b->len += (size_t)len;
        return;
    }
    if (space > 0)
        b->data[b->len] = '\0'; /* nothing stays of what did not fit */
    if (len < 0 || !strbuf_room(b, (size_t)len)) {
        b->failed = true;
        return;
    }
    va_start(ap, fmt);
    (void)vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap); /* measured above */
    va_end(ap);
    b->len += (size_t)len;
}

const char *strbuf_text(const struct strbuf *b)
{
    return b->data != NULL ? b->data : "";
}
