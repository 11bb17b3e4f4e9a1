/*
 * sha256 - SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), in pieces or at once.
 * Plain values owned by their user; keys are the caller's to wipe.
 * Threads: any; each context belongs to one thread.
 */
#ifndef RH_BASE_SHA256_H
#define RH_BASE_SHA256_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK_BYTES = 64, SHA256_HEX = 65 };

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[SHA256_BLOCK_BYTES];
};

void sha256_init(struct sha256 *c) NONNULL;
void sha256_add(struct sha256 *c, const void *bytes, size_t len);
void sha256_end(struct sha256 *c, unsigned char out[SHA256_BYTES]) NONNULL;

void sha256(const void *bytes, size_t len, unsigned char out[SHA256_BYTES]);

/* Lower-case hexadecimal with its NUL. Returns hex. */
const char *sha256_hex(const unsigned char digest[SHA256_BYTES],
                       char hex[SHA256_HEX]) NONNULL;

void hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                 unsigned char out[SHA256_BYTES]);

/* Equality that takes as long whatever the difference. */
bool sha256_equal(const void *a, const void *b, size_t len) NONNULL;

#endif
