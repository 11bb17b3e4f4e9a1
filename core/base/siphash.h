/*
 * siphash - SipHash-2-4 with 128 bits, in pieces: tells apart what others wrote. Who does
 * not know the key finds no two texts of one sum; it is many times faster than SHA-256.
 * Plain values owned by their user; a sum means something beside its key only.
 * Threads: any; each context belongs to one thread.
 */
#ifndef RH_BASE_SIPHASH_H
#define RH_BASE_SIPHASH_H

#include "core/base/attr.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t k[2];
};
struct siphash_sum {
    uint64_t h[2];
};
struct siphash {
    uint64_t v[4];
    uint64_t tail; /* bytes that fill no word yet, the first one lowest */
    uint64_t bytes;
};

/* From the system. ERR_BUG when it has none to give. */
enum err_code siphash_key_new(struct siphash_key *out, struct err *e) MUST_CHECK NONNULL;

void siphash_init(struct siphash *s, const struct siphash_key *key) NONNULL;
void siphash_add(struct siphash *s, const void *bytes, size_t len)
    __attribute__((nonnull(1))); /* bytes may be NULL with len 0 */
struct siphash_sum siphash_end(struct siphash *s) NONNULL;

bool siphash_eq(const struct siphash_sum *a, const struct siphash_sum *b) NONNULL;

#endif
