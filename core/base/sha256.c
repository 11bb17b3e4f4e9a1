/*
 * sha256 - the compression function and its padding; HMAC on top.
 * No memory of its own.
 * Threads: any.
 */
#include <config.h>

#include "core/base/sha256.h"

#include <string.h>

static const uint32_t k[64] = {
    /* clang-format off */
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    /* clang-format on */
};

static uint32_t rotate(uint32_t x, unsigned n)
{
    return (x >> n) | (x << (32 - n));
}

static uint32_t load(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store(unsigned char *p, uint32_t x)
{
    p[0] = (unsigned char)(x >> 24);
    p[1] = (unsigned char)(x >> 16);
    p[2] = (unsigned char)(x >> 8);
    p[3] = (unsigned char)x;
}

static void expand(uint32_t w[64], const unsigned char *block)
{
    for (size_t i = 0; i < 16; i++)
        w[i] = load(block + 4 * i);
    for (size_t i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10));
    }
}

static void compress(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64], v[8];

    expand(w, block);
    memcpy(v, state, sizeof(v));
    for (size_t i = 0; i < 64; i++) {
        uint32_t e = v[4], a = v[0];
        uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                      ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

        memmove(v + 1, v, 7 * sizeof(v[0]));
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += v[i];
}

void sha256_init(struct sha256 *c)
{
    *c = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(struct sha256 *c, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    while (len > 0) {
        size_t held = (size_t)(c->bytes % SHA256_BLOCK_BYTES);
        size_t n = SHA256_BLOCK_BYTES - held < len ? SHA256_BLOCK_BYTES - held : len;

        if (held == 0 && len >= SHA256_BLOCK_BYTES) {
            compress(c->state, p);
            n = SHA256_BLOCK_BYTES;
        } else {
            memcpy(c->block + held, p, n);
            if (held + n == SHA256_BLOCK_BYTES)
                compress(c->state, c->block);
        }
        c->bytes += n;
        p += n;
        len -= n;
    }
}

void sha256_end(struct sha256 *c, unsigned char out[SHA256_BYTES])
{
    unsigned char tail[2 * SHA256_BLOCK_BYTES] = {0x80};
    uint64_t bits = c->bytes * 8;
    size_t held = (size_t)(c->bytes % SHA256_BLOCK_BYTES);
    size_t pad = (held < 56 ? 56 : 120) - held;

    store(tail + pad, (uint32_t)(bits >> 32));
    store(tail + pad + 4, (uint32_t)bits);
    sha256_add(c, tail, pad + 8);
    for (size_t i = 0; i < 8; i++)
        store(out + 4 * i, c->state[i]);
}

void sha256(const void *bytes, size_t len, unsigned char out[SHA256_BYTES])
{
    struct sha256 c;

    sha256_init(&c);
    sha256_add(&c, bytes, len);
    sha256_end(&c, out);
}

const char *sha256_hex(const unsigned char digest[SHA256_BYTES], char hex[SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SHA256_BYTES; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[SHA256_HEX - 1] = '\0';
    return hex;
}

void hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                 unsigned char out[SHA256_BYTES])
{
    unsigned char pad[SHA256_BLOCK_BYTES] = {0};
    struct sha256 c;

    if (key_len > sizeof(pad))
        sha256(key, key_len, pad);
    else if (key_len > 0)
        memcpy(pad, key, key_len);
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] ^= 0x36;
    sha256_init(&c);
    sha256_add(&c, pad, sizeof(pad));
    sha256_add(&c, bytes, len);
    sha256_end(&c, out);
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] ^= 0x36 ^ 0x5c;
    sha256_init(&c);
    sha256_add(&c, pad, sizeof(pad));
    sha256_add(&c, out, SHA256_BYTES);
    sha256_end(&c, out);
    explicit_bzero(pad, sizeof(pad));
}

bool sha256_equal(const void *a, const void *b, size_t len)
{
    const unsigned char *x = a, *y = b;
    unsigned char differ = 0;

    for (size_t i = 0; i < len; i++)
        differ |= x[i] ^ y[i];
    return differ == 0;
}
