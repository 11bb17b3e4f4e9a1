/*
 * mutate - bytes made from bytes: what a careless or hostile server might make of an
 * answer. The same generator gives the same bytes. Works in the caller's memory.
 * Threads: one.
 */
#ifndef RH_TESTS_FUZZ_MUTATE_H
#define RH_TESTS_FUZZ_MUTATE_H

#include "core/base/rng.h"

#include <stddef.h>
#include <stdint.h>

struct mutate_text {
    const uint8_t *bytes;
    size_t len;
};

/* Words of the language that is read; may be empty. */
struct mutate_words {
    const struct mutate_text *words;
    size_t n;
};

/* Changes bytes[0..len) in place, at most to size bytes; `other` is what is crossed with
 * it. Returns the new length. */
size_t mutate(struct rng *r, uint8_t *bytes, size_t len, size_t size,
              const struct mutate_text *other, const struct mutate_words *words);

#endif
