/*
 * snapshot_values - single values of the text of a snapshot: what is missing or not what
 * it should be is unknown. Everything is the caller's.
 * Threads: any.
 */
#ifndef RH_STORE_SNAPSHOT_VALUES_H
#define RH_STORE_SNAPSHOT_VALUES_H

#include "core/model/fleet.h"
#include "core/net/json.h"

enum { MAX_SECONDS = 50 * 366 * 86400 };

void snap_text(const json_value *o, const char *name, char *buf, size_t size);
struct utc snap_utc(const json_value *o, const char *name); /* 0 = unknown */
bool snap_bool(const json_value *o, const char *name);      /* false, too */
/* 0..max, else `unknown` */
int64_t snap_int(const json_value *o, const char *name, int64_t max, int64_t unknown);
int32_t snap_i32(const json_value *o, const char *name, int32_t max, int32_t unknown);
/* false, *out as it was: unknown */
bool snap_usd(const json_value *o, const char *name, struct usd *out);
bool snap_usd_of(const json_value *v, struct usd *out); /* of an element of a list */

/* `unknown` for anything that is none of our words */
#define GET_WORD(type)                                                                   \
    static enum type get_##type(const json_value *o, const char *name,                   \
                                enum type unknown)                                       \
    {                                                                                    \
        char word[NAME_TEXT];                                                            \
        enum type v;                                                                     \
                                                                                         \
        snap_text(o, name, word, sizeof(word));                                          \
        return word[0] != '\0' && type##_parse(word, &v) ? v : unknown;                  \
    }

#endif
