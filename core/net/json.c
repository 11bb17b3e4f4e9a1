#include <config.h>

#include "core/net/json.h"

#include "core/base/str.h"
#include "core/base/text.h"
#include "core/base/timefmt.h"

#include <jansson.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LATEST_S INT64_C(253402300799) /* the end of the year 9999 */

/* jansson has macros of these names; here they are functions that take NULL. */
#undef json_is_null
#undef json_is_object

enum {
    DATE_DIGITS = 10, /* more digits than these are milliseconds as text */
    MAX_TREE_BYTES = 256 * 1024 * 1024
};

struct json_doc {
    struct arena *arena; /* the whole tree, freed at once */
    const json_t *root;
};

/*
 * jansson makes many small objects and frees them one by one, which costs more than the
 * parsing itself. While a thread parses, its objects come from the arena of the document
 * and nothing is freed; what others do with jansson goes to the heap as ever. jansson
 * passes no context to its allocator, hence a variable of the thread.
 */
static _Thread_local struct arena *parsing;
static pthread_once_t installed = PTHREAD_ONCE_INIT;

static void *tree_alloc(size_t bytes)
{
    return parsing != NULL ? arena_alloc(parsing, bytes, 1) : malloc(bytes);
}

static void tree_free(void *p)
{
    if (parsing == NULL)
        free(p);
}

static void install(void)
{
    json_set_alloc_funcs(tree_alloc, tree_free);
    json_object_seed(0); /* 0: from the system's random source */
}

void json_global_init(void)
{
    (void)pthread_once(&installed, install); /* fails for a wrong argument only */
}

void json_doc_free(struct json_doc *d)
{
    if (d == NULL)
        return;
    arena_free(d->arena); /* instead of a walk over the tree */
    free(d);
}

enum err_code json_parse(const char *bytes, size_t len, struct json_doc **out,
                         struct err *e)
{
    struct json_doc *d = calloc(1, sizeof(*d));
    json_error_t why;

    json_global_init();
    if (d != NULL)
        d->arena = arena_new(MAX_TREE_BYTES);
    if (d == NULL || d->arena == NULL) {
        json_doc_free(d);
        return err_set(e, ERR_NOMEM, "no memory for a JSON answer");
    }
    parsing = d->arena;
    d->root = json_loadb(bytes, len,
                         JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    parsing = NULL;
    if (d->root != NULL) {
        *out = d;
        return ERR_OK;
    }
    if (arena_failed(d->arena)) {
        json_doc_free(d);
        return err_set(e, ERR_NOMEM, "no memory for a JSON answer");
    }
    json_doc_free(d);
    /* The parser's own words quote the answer: only the place is told. */
    return err_set(e, ERR_PROTOCOL, "not valid JSON at byte %d of %zu", why.position,
                   len);
}

const json_value *json_doc_root(const struct json_doc *d)
{
    return d->root;
}

static bool is(const json_value *v, json_type type)
{
    return v != NULL && v->type == type;
}

const json_value *json_get(const json_value *object, const char *name)
{
    return json_object_get(object, name); /* takes NULL and other types */
}

const json_value *json_member_next(const json_value *object, void **at)
{
    /* jansson's iterators want to be able to write; nothing here does. */
    json_t *o = (json_t *)(uintptr_t)object;

    *at = *at == NULL ? json_object_iter(o) : json_object_iter_next(o, *at);
    return *at != NULL ? json_object_iter_value(*at) : NULL;
}

bool json_is_object(const json_value *v)
{
    return is(v, JSON_OBJECT);
}

bool json_is_list(const json_value *v)
{
    return is(v, JSON_ARRAY);
}

bool json_is_null(const json_value *v)
{
    return is(v, JSON_NULL);
}

size_t json_list_len(const json_value *list)
{
    return json_array_size(list);
}

const json_value *json_list_at(const json_value *list, size_t i)
{
    return json_array_get(list, i);
}

const char *json_text_of(const json_value *v, size_t *len)
{
    *len = 0;
    if (!is(v, JSON_STRING))
        return NULL;
    *len = json_string_length(v);
    return json_string_value(v);
}

const char *json_text(const json_value *object, const char *name, size_t *len)
{
    return json_text_of(json_get(object, name), len);
}

const char *json_text_dup(struct arena *a, const json_value *object, const char *name,
                          size_t max_bytes)
{
    size_t len;
    const char *s = json_text(object, name, &len);

    return s != NULL && len > 0 ? text_clean_dup(a, s, len, max_bytes) : "";
}

bool json_text_copy(const json_value *object, const char *name, char *out, size_t size)
{
    size_t len;
    const char *text = json_text(object, name, &len);

    if (text == NULL || len >= size)
        return false;
    (void)text_clean(out, size, text, len);
    return strlen(out) == len && memcmp(out, text, len) == 0;
}

bool json_bool(const json_value *object, const char *name, bool *out)
{
    const json_value *v = json_get(object, name);

    if (!is(v, JSON_TRUE) && !is(v, JSON_FALSE))
        return false;
    *out = is(v, JSON_TRUE);
    return true;
}

bool json_i64(const json_value *object, const char *name, int64_t min, int64_t max,
              int64_t *out)
{
    return json_i64_of(json_get(object, name), min, max, out);
}

bool json_utc(const json_value *object, const char *name, struct utc *out)
{
    return json_i64(object, name, 0, LATEST_S, &out->s);
}

bool json_i64_of(const json_value *v, int64_t min, int64_t max, int64_t *out)
{
    int64_t n;

    if (!is(v, JSON_INTEGER))
        return false;
    n = json_integer_value(v);
    if (n < min || n > max)
        return false;
    *out = n;
    return true;
}

bool json_usd(const json_value *object, const char *name, struct usd *out)
{
    const json_value *v = json_get(object, name);
    double dollars;

    if (!is(v, JSON_INTEGER) && !is(v, JSON_REAL))
        return false;
    dollars = json_number_value(v);
    if (!(dollars >= -1e6 && dollars <= 1e6))
        return false;
    /* Rounded: 0.07 has no exact double, its nearest nano-dollar is the one meant. */
    out->nanos = (int64_t)(dollars * 1e9 + (dollars < 0 ? -0.5 : 0.5));
    return true;
}

/* Milliseconds since 1970 within the years 1970 to 9999. */
static bool time_from_ms(int64_t ms, struct utc *out)
{
    if (ms < 0 || ms > INT64_C(253402300799999))
        return false;
    out->s = ms / 1000;
    return true;
}

/*
 * Brings what managers write into the one form that utc_parse takes: a date alone is its
 * midnight, no zone is UTC, "+0200" gets its colon, a missing second is zero.
 */
static bool time_from_text(const char *s, size_t len, struct utc *out)
{
    enum { DATE = 10, MINUTE = 16, MAX = 40 };
    char buf[MAX + 16];
    char *zone, *end;
    struct err ignored = {0};

    if (len < DATE || len > MAX || strlen(s) != len)
        return false;
    memcpy(buf, s, len + 1);
    end = buf + len;
    if (len == DATE) {
        (void)str_copy(end, sizeof(buf) - len, "T00:00:00Z");
        return utc_parse(buf, out, &ignored) == ERR_OK;
    }
    zone = strpbrk(buf + DATE, "Z+-");
    if (zone == NULL)
        zone = end;
    if (zone == buf + MINUTE) {
        memmove(zone + 3, zone, (size_t)(end - zone) + 1);
        memcpy(zone, ":00", 3);
        zone += 3;
        end += 3;
    }
    if (zone == end) {
        (void)str_copy(end, sizeof(buf) - (size_t)(end - buf), "Z");
    } else if (*zone != 'Z' && end - zone == 5) {
        memmove(zone + 4, zone + 3, 3);
        zone[3] = ':';
    } else if (*zone != 'Z' && end - zone == 3) {
        (void)str_copy(end, sizeof(buf) - (size_t)(end - buf), ":00");
    }
    return utc_parse(buf, out, &ignored) == ERR_OK;
}

bool json_time(const json_value *object, const char *name, struct utc *out)
{
    size_t len;
    const char *s = json_text(object, name, &len);
    struct err ignored = {0};
    int64_t ms;

    if (s == NULL)
        return json_i64(object, name, 0, INT64_MAX, &ms) && time_from_ms(ms, out);
    if (len > DATE_DIGITS && strspn(s, "0123456789") == len)
        return str_to_i64(s, 0, INT64_MAX, &ms, &ignored) == ERR_OK &&
               time_from_ms(ms, out);
    return time_from_text(s, len, out);
}
