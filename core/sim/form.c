/*
 * form - one copy of the body, decoded in place, with a table of pairs over it.
 * Owns the copy and the table.
 * Threads: one per form.
 */
#include <config.h>

#include "core/sim/form.h"

#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* In place: the decoded text is never longer. False for a bad escape or a NUL. */
static bool decode(char *text, size_t len)
{
    char *out = text;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0')
            return false;
        *out++ = c;
    }
    *out = '\0';
    return true;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct form_pair *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* Cuts the copy at & and =, then decodes each side. */
static enum err_code split(struct form *f, size_t len, struct err *e)
{
    char *at = f->bytes, *end = f->bytes + len;

    while (at < end) {
        char *amp = memchr(at, '&', (size_t)(end - at));
        char *stop = amp != NULL ? amp : end;
        char *eq = memchr(at, '=', (size_t)(stop - at));
        char *name_end = eq != NULL ? eq : stop;
        char *value = eq != NULL ? eq + 1 : stop;
        size_t value_len = (size_t)(stop - value);

        if (stop > at) {
            if (f->n == FORM_MAX_PAIRS)
                return err_set(e, ERR_TOO_BIG, "more than %d parameters", FORM_MAX_PAIRS);
            *stop = '\0';
            if (!decode(value, value_len) || !decode(at, (size_t)(name_end - at)))
                return err_set(e, ERR_SYNTAX, "a parameter is not form-encoded");
            f->pairs[f->n++] = (struct form_pair){at, value};
        }
        at = stop + 1;
    }
    return ERR_OK;
}

enum err_code form_parse(const char *body, size_t len, struct form *out, struct err *e)
{
    struct form f = {0};
    enum err_code rc = ERR_OK;
    size_t pairs = 1;

    if (len > FORM_MAX_BYTES)
        return err_set(e, ERR_TOO_BIG, "a form of more than %d bytes", FORM_MAX_BYTES);
    for (size_t i = 0; i < len; i++)
        pairs += body[i] == '&';
    pairs = pairs < FORM_MAX_PAIRS ? pairs : FORM_MAX_PAIRS;
    f.bytes = calloc(len + 1, 1);
    f.pairs = calloc(pairs, sizeof(f.pairs[0]));
    if (f.bytes == NULL || f.pairs == NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for a form");
        goto out;
    }
    memcpy(f.bytes, body, len);
    rc = split(&f, len, e);
    if (rc != ERR_OK)
        goto out;
    qsort(f.pairs, f.n, sizeof(f.pairs[0]), compare_pairs);
    for (size_t i = 1; i < f.n; i++)
        if (str_eq(f.pairs[i - 1].name, f.pairs[i].name)) {
            rc = err_set(e, ERR_SYNTAX, "a parameter is given twice");
            goto out;
        }
    *out = f;
    f = (struct form){0};
out:
    form_clear(&f);
    return rc;
}

void form_clear(struct form *f)
{
    free(f->bytes);
    free(f->pairs);
    *f = (struct form){0};
}

const char *form_get(const struct form *f, const char *name)
{
    struct form_pair key = {name, NULL}, *hit;

    if (f->n == 0)
        return NULL;
    hit = bsearch(&key, f->pairs, f->n, sizeof(f->pairs[0]), compare_pairs);
    return hit != NULL ? hit->value : NULL;
}

/* printf takes longer for such a name than the search does. */
const char *form_item(const struct form *f, const char *prefix, int i, const char *rest)
{
    char name[128];
    size_t len = strlen(prefix), more = strlen(rest);
    char *at = name;

    if (i < 0 || len + more + 16 > sizeof(name))
        return NULL;
    memcpy(at, prefix, len);
    at += len;
    *at++ = '.';
    at = str_put_u64(at, (uint64_t)i);
    if (more > 0)
        *at++ = '.';
    memcpy(at, rest, more + 1);
    return form_get(f, name);
}
