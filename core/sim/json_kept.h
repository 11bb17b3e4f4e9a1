/*
 * json_kept - the last JSON document that was asked with: a client that polls says the
 * same again and again. Owns a copy of its bytes and its tree (json_kept_clear); all zero
 * is none. Threads: as the world.
 */
#ifndef RH_SIM_JSON_KEPT_H
#define RH_SIM_JSON_KEPT_H

#include "core/base/str.h"
#include "core/net/json.h"

struct json_kept {
    struct strbuf bytes; /* empty: none */
    struct json_doc *doc;
};

/* As json_parse(); the root is borrowed until the next one is read. bytes may be NULL
 * with len 0. */
enum err_code json_kept_read(struct json_kept *k, const char *bytes, size_t len,
                             const json_value **out, struct err *e) MUST_CHECK
    __attribute__((nonnull(1, 4, 5)));
void json_kept_clear(struct json_kept *k) NONNULL;

#endif
