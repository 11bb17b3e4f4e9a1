/*
 * wish - what people want of a server, or of all: the auto switch, a snooze, a hold; it
 * goes to who takes the shared lock over. Plain values.
 * Threads: any.
 */
#ifndef RH_MODEL_WISH_H
#define RH_MODEL_WISH_H

#include "core/model/record.h"

struct wish {
    char server[NAME_TEXT];    /* "" = all */
    enum auto_setting setting; /* of a server: on or off */
    struct utc snooze_until;   /* 0 = none */
    char auto_by[NAME_TEXT];   /* who set that of all, and when */
    struct utc auto_since;
    struct hold hold; /* of a server */
};

/* What a new controller wants, of this server. */
struct wish wish_default(const char *server) NONNULL;
bool wish_eq(const struct wish *a, const struct wish *b) NONNULL;

/* Changes what stands in this record a wish? Then whose, "" = of all; borrowed from it.
 */
bool wish_changes(const struct record *r, const char **server) NONNULL;

#endif
