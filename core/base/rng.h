/*
 * rng - a seeded generator (xoshiro256**), the same numbers on every machine.
 * Plain value owned by its user.
 * Threads: each generator belongs to one thread.
 */
#ifndef RH_BASE_RNG_H
#define RH_BASE_RNG_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed) NONNULL;
uint64_t rng_next(struct rng *r) NONNULL;
int64_t rng_between(struct rng *r, int64_t min,
                    int64_t max) NONNULL; /* both ends included */
bool rng_chance(struct rng *r, uint32_t per_million) NONNULL;

#endif
