#include <config.h>

#include "core/base/siphash.h"

#include <endian.h>
#include <string.h>
#include <sys/random.h>

enum { WORD_BYTES = 8 };

enum err_code siphash_key_new(struct siphash_key *out, struct err *e)
{
    struct siphash_key key;

    if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return err_set(e, ERR_BUG, "the system has no random numbers");
    *out = key;
    return ERR_OK;
}

static uint64_t rotated(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void round_once(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotated(v[1], 13) ^ v[0];
    v[3] = rotated(v[3], 16) ^ v[2];
    v[0] = rotated(v[0], 32) + v[3];
    v[2] += v[1];
    v[1] = rotated(v[1], 17) ^ v[2];
    v[3] = rotated(v[3], 21) ^ v[0];
    v[2] = rotated(v[2], 32);
}

static inline void take_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    round_once(v);
    round_once(v);
    v[0] ^= word;
}

void siphash_init(struct siphash *s, const struct siphash_key *key)
{
    *s = (struct siphash){.v = {key->k[0] ^ UINT64_C(0x736f6d6570736575),
                                key->k[1] ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
                                key->k[0] ^ UINT64_C(0x6c7967656e657261),
                                key->k[1] ^ UINT64_C(0x7465646279746573)}};
}

static void take_byte(struct siphash *s, unsigned char byte)
{
    s->tail |= (uint64_t)byte << (8 * (s->bytes % WORD_BYTES));
    if (++s->bytes % WORD_BYTES != 0)
        return;
    take_word(s->v, s->tail);
    s->tail = 0;
}

void siphash_add(struct siphash *s, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    const unsigned char *end = len > 0 ? p + len : p;
    uint64_t v[4], word;

    while (p < end && s->bytes % WORD_BYTES != 0)
        take_byte(s, *p++);
    memcpy(v, s->v, sizeof(v)); /* where the compiler keeps it in registers */
    for (; end - p >= WORD_BYTES; p += WORD_BYTES) {
        memcpy(&word, p, WORD_BYTES);
        take_word(v, le64toh(word));
        s->bytes += WORD_BYTES;
    }
    memcpy(s->v, v, sizeof(v));
    while (p < end)
        take_byte(s, *p++);
}

struct siphash_sum siphash_end(struct siphash *s)
{
    struct siphash_sum sum;

    take_word(s->v, s->tail | s->bytes << 56);
    for (int half = 0; half < 2; half++) {
        s->v[half == 0 ? 2 : 1] ^= half == 0 ? 0xee : 0xdd;
        for (int i = 0; i < 4; i++)
            round_once(s->v);
        sum.h[half] = s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
    }
    return sum;
}

bool siphash_eq(const struct siphash_sum *a, const struct siphash_sum *b)
{
    return a->h[0] == b->h[0] && a->h[1] == b->h[1];
}
