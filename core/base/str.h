/*
 * str - bounded strings: copying, formatting, a growing buffer with a fixed maximum,
 * numbers. A strbuf owns its bytes (strbuf_init/strbuf_clear); the rest works in the
 * caller's memory. Threads: any; a strbuf belongs to one thread.
 */
#ifndef RH_BASE_STR_H
#define RH_BASE_STR_H

#include "core/base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Copies what fits, never a part of a UTF-8 character, always ends dst with NUL; false
 * when it was cut. size >= 1. */
bool str_copy(char *dst, size_t size, const char *src) NONNULL;

/* snprintf that says whether all of it fit. size >= 1. */
bool str_format(char *dst, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4) NONNULL;

bool str_vformat(char *dst, size_t size, const char *fmt, va_list ap) NONNULL
    PRINTF_LIKE(3, 0);

/* Inline for the many comparisons of one word with a list of others: most differ in the
 * first letter. */
NONNULL static inline bool str_eq(const char *a, const char *b)
{
    return a == b || (a[0] == b[0] && strcmp(a, b) == 0);
}

/* str_copy() of what is read again and again and is mostly there already: dst holds a
 * text. */
NONNULL static inline void str_keep(char *dst, size_t size, const char *src)
{
    if (src[0] == '\0')
        dst[0] = '\0';
    else if (!str_eq(dst, src))
        (void)str_copy(dst, size, src); /* what is cut is compared anew */
}

bool str_eq_nocase(const char *a, const char *b) NONNULL; /* ASCII letters only */
bool str_has_nocase(const char *text,
                    const char *word) NONNULL; /* contains; ASCII letters */
bool str_starts(const char *s, const char *prefix) NONNULL;
bool str_ends(const char *s, const char *suffix) NONNULL;

/* Writes v in decimal digits at p, without a NUL; gives where they end. 20 bytes hold
 * every value. By hand: where texts are made at every look that is five times faster than
 * by printf. */
char *str_put_u64(char *p, uint64_t v) NONNULL;

/*
 * A whole decimal number within [min, max], nothing around it. ERR_SYNTAX when it is no
 * number, ERR_RANGE when outside; *out is written only on success.
 */
enum err_code str_to_i64(const char *text, int64_t min, int64_t max, int64_t *out,
                         struct err *e) MUST_CHECK NONNULL;

struct strbuf {
    char *data; /* NUL-terminated once something was added, NULL before */
    size_t len, cap, limit;
    bool failed;    /* sticky: memory or the limit was reached, the rest is missing */
    bool no_memory; /* … it was memory */
};

void strbuf_init(struct strbuf *b, size_t limit_bytes) NONNULL;
void strbuf_clear(struct strbuf *b) NONNULL;            /* frees; the limit stays */
void strbuf_reset(struct strbuf *b) NONNULL;            /* empties and keeps the memory */
bool strbuf_grow(struct strbuf *b, size_t len) NONNULL; /* for the next three alone */
static inline bool strbuf_room(struct strbuf *b, size_t len)
{
    return (!b->failed && len < b->cap - b->len && len <= b->limit - b->len) ||
           strbuf_grow(b, len);
}

static inline void strbuf_add(struct strbuf *b, const void *bytes, size_t len)
{
    if (!strbuf_room(b, len))
        return;
    if (len > 0)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

static inline NONNULL void strbuf_puts(struct strbuf *b, const char *s)
{
    strbuf_add(b, s, strlen(s)); /* which is known of a literal */
}

static inline NONNULL void strbuf_putc(struct strbuf *b, char c)
{
    if (!strbuf_room(b, 1))
        return;
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}
void strbuf_printf(struct strbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3) NONNULL;
const char *strbuf_text(const struct strbuf *b) NONNULL; /* never NULL */

#endif
