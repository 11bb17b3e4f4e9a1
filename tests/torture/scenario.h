/*
 * scenario - something that the program does, small enough to be done again for each
 * allocation in it. What came of it is compared with how it goes with memory enough.
 * Plain values. Threads: one.
 */
#ifndef RH_TESTS_SCENARIO_H
#define RH_TESTS_SCENARIO_H

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/model/words.h"

struct result {
    struct err err;         /* ERR_OK: it was done, all of it */
    uint64_t product;       /* a hash over what was made; the same whenever ERR_OK */
    char broken[LINE_TEXT]; /* a promise that was not kept, "" = none */
};

struct scenario {
    const char *what;
    void (*run)(struct result *o);
};

/* Each ends with a row that has no name. */
extern const struct scenario scenarios_model[], scenarios_api[], scenarios_tui[];

/* To a product. */
void result_add(struct result *o, const void *bytes, size_t len) NONNULL;
void result_text(struct result *o, const char *text) NONNULL;
/* It broke that. */
void result_broken(struct result *o, const char *why) NONNULL;

/* A file of the source tree; valid until the next call. Not counted, never refused. */
const char *scenario_file(const char *name, size_t *len) NONNULL;

#endif
