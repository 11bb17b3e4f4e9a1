/*
 * footprint - what a history leaves behind in its process and on its disk: no descriptor,
 * no heap, and a state of bounded size (I16).
 * A struct footprint is a plain value. Threads: one.
 */
#ifndef RH_TESTS_SIM_FOOTPRINT_H
#define RH_TESTS_SIM_FOOTPRINT_H

#include "core/base/attr.h"
#include "core/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WHY_TEXT = 192 };

struct footprint {
    size_t controllers; /* whose stores may be in this memory, too */
    size_t descriptors;
    size_t looks;
    size_t heap_bytes; /* 0: not known, with this allocator */
    size_t most_heap_bytes;
    size_t most_state_bytes;
};

/* Before a history; now and then in it; when all of it is freed. dir NULL: none is kept.
 */
void footprint_begin(struct footprint *f, int32_t controllers) NONNULL;
void footprint_look(struct footprint *f, const char *dir) __attribute__((nonnull(1)));
/* False: why says what grew, "I16: ...". */
bool footprint_end(const struct footprint *f, char why[WHY_TEXT]) NONNULL;

#endif
