/*
 * json - bounded, typed reading of JSON answers (jansson behind this header), and
 * writing. A json_doc owns the tree; values are borrowed from it. A missing or wrong
 * value is "unknown", never a default that looks like a fact. Threads: a document belongs
 * to one thread.
 */
#ifndef RH_NET_JSON_H
#define RH_NET_JSON_H

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/jsonw.h"
#include "core/base/money.h"

#include <stddef.h>

struct json_doc;
typedef struct json_t json_value; /* opaque here; jansson's own type */

/* Once, before threads: the hash tables' random seed and the allocator.
 * http_global_init() does it, and else the first json_parse(). */
void json_global_init(void);

/* Strict: whole input, no duplicate names; any value may be the root. ERR_PROTOCOL (names
 * the place, never the content), ERR_NOMEM. *out is owned. */
enum err_code json_parse(const char *bytes, size_t len, struct json_doc **out,
                         struct err *e) MUST_CHECK NONNULL;
void json_doc_free(struct json_doc *d);
const json_value *json_doc_root(const struct json_doc *d) NONNULL;

/* All take NULL and the wrong type: the answer is then NULL, false or 0. */
const json_value *json_get(const json_value *object, const char *name);
bool json_is_object(const json_value *v);
bool json_is_list(const json_value *v);
bool json_is_null(const json_value *v); /* present and null */
size_t json_list_len(const json_value *list);
const json_value *json_list_at(const json_value *list, size_t i);

/* The members of an object one after another, whatever their names: start with *at NULL;
 * NULL at the end. */
const json_value *json_member_next(const json_value *object, void **at)
    __attribute__((nonnull(2)));

/* The raw text, borrowed; NULL when it is no text. Clean it (text_clean) before it is
 * kept. */
const char *json_text(const json_value *object, const char *name, size_t *len);

/* The same of a value itself, as in lists. */
const char *json_text_of(const json_value *v, size_t *len) __attribute__((nonnull(2)));

/* Cleaned into the arena, at most max_bytes; "" when it is no text. Never NULL unless the
 * arena failed. */
const char *json_text_dup(struct arena *a, const json_value *object, const char *name,
                          size_t max_bytes) __attribute__((nonnull(1, 3)));

/* A copy, whole and clean: false, and *out may be written, when it is no text, does not
 * fit or holds what text_clean() takes out. "" is one. */
bool json_text_copy(const json_value *object, const char *name, char *out, size_t size)
    __attribute__((nonnull(2, 3)));

bool json_bool(const json_value *object, const char *name, bool *out);
bool json_i64(const json_value *object, const char *name, int64_t min, int64_t max,
              int64_t *out);

/* Seconds since 1970, up to the year 9999; 0 is none. */
bool json_utc(const json_value *object, const char *name, struct utc *out);

/* The same of a value itself, as in lists. */
bool json_i64_of(const json_value *v, int64_t min, int64_t max, int64_t *out);

/* An amount written as a JSON number; false when it is none or over a million dollars. */
bool json_usd(const json_value *object, const char *name, struct usd *out);

/* Date as ISO 8601 with or without zone, or epoch milliseconds (velostrata-api). */
bool json_time(const json_value *object, const char *name, struct utc *out);

#endif
