/*
 * orders - orders left in the controller's store by another process, as the command line
 * leaves them: each must be answered once and run once at most, whoever dies when (I13).
 * Owns its connection. Threads: one.
 */
#ifndef RH_TESTS_SIM_ORDERS_H
#define RH_TESTS_SIM_ORDERS_H

#include "core/model/command.h"
#include "core/store/store.h"

enum { ORDERS_COUNTED = 4096 };

struct orders {
    const char *dir; /* of the state, borrowed; NULL: nothing is kept, none is left */
    struct store *store;
    uint64_t n; /* asked for; every second one is left there */
    int32_t ran[ORDERS_COUNTED];
};

/* False: it is not for the store, or could not be left there; somebody else gives it. Its
 * `by` becomes unique. */
bool orders_leave(struct orders *o, struct command *c) NONNULL;

/* At the end, after a calm day. False: why says what is wrong, "I13: ...". */
bool orders_end(struct orders *o, char why[LINE_TEXT]) NONNULL;

#endif
