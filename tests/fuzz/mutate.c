#include <config.h>

#include "tests/fuzz/mutate.h"

#include "core/base/str.h"

/* What is being changed. */
struct work {
    struct rng *r;
    uint8_t *b;
    size_t len, size;
    const struct mutate_text *other;
    const struct mutate_words *words;
};

static size_t below(struct work *w, size_t n)
{
    return n == 0 ? 0 : (size_t)rng_between(w->r, 0, (int64_t)n - 1);
}

/* Short ones are likelier. */
static size_t some(struct work *w, size_t most)
{
    size_t limit = below(w, 4) == 0 ? most : 16;

    return 1 + below(w, limit < most ? limit : most);
}

static void insert(struct work *w, size_t at, const uint8_t *bytes, size_t n)
{
    if (n > w->size - w->len)
        n = w->size - w->len;
    memmove(w->b + at + n, w->b + at, w->len - at);
    memmove(w->b + at, bytes, n);
    w->len += n;
}

static void erase(struct work *w, size_t at, size_t n)
{
    if (n > w->len - at)
        n = w->len - at;
    memmove(w->b + at, w->b + at + n, w->len - at - n);
    w->len -= n;
}

static void flip(struct work *w)
{
    w->b[below(w, w->len)] ^= (uint8_t)(1U << below(w, 8));
}

static void put_byte(struct work *w)
{
    static const uint8_t bytes[] = {0,   '\n', '\r', 27,  '"',  '\\', '<',  '>',  '&',
                                    '{', '}',  '[',  ']', ':',  ',',  '%',  '/',  '-',
                                    '.', ' ',  127,  128, 0x9b, 0xc0, 0xe2, 0xf4, 255};

    w->b[below(w, w->len)] = bytes[below(w, sizeof(bytes))];
}

static void noise(struct work *w)
{
    uint8_t bytes[16];
    size_t n = some(w, sizeof(bytes));

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)rng_next(w->r);
    insert(w, below(w, w->len + 1), bytes, n);
}

static void drop(struct work *w)
{
    erase(w, below(w, w->len), some(w, w->len));
}

static void cut(struct work *w)
{
    w->len = below(w, w->len + 1);
}

static void again(struct work *w)
{
    uint8_t bytes[512];
    size_t at = below(w, w->len), n = some(w, w->len - at);

    n = n < sizeof(bytes) ? n : sizeof(bytes);
    memcpy(bytes, w->b + at, n);
    for (size_t times = 1 + below(w, 8); times > 0; times--)
        insert(w, below(w, w->len + 1), bytes, n);
}

static void word(struct work *w)
{
    const struct mutate_text *t;

    if (w->words->n == 0)
        return;
    t = &w->words->words[below(w, w->words->n)];
    if (below(w, 2) == 0 && w->len > 0)
        erase(w, below(w, w->len), some(w, w->len));
    insert(w, below(w, w->len + 1), t->bytes, t->len);
}

/* In place of one that is there. */
static void number(struct work *w)
{
    static const char *const numbers[] = {"0",
                                          "-1",
                                          "1",
                                          "2147483648",
                                          "-2147483649",
                                          "4294967296",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "99999999999999999999999",
                                          "1e309",
                                          "0.000000000001",
                                          "NaN",
                                          "null",
                                          "true",
                                          "\"\"",
                                          "[]",
                                          "{}"};
    const char *to = numbers[below(w, ARRAY_LEN(numbers))];
    size_t from = below(w, w->len), n = 0;

    for (size_t i = 0; i < w->len; i++) {
        size_t at = (from + i) % w->len;

        if (w->b[at] < '0' || w->b[at] > '9')
            continue;
        while (at + n < w->len && w->b[at + n] >= '0' && w->b[at + n] <= '9')
            n++;
        erase(w, at, n);
        insert(w, at, (const uint8_t *)to, strlen(to));
        return;
    }
}

static void cross(struct work *w)
{
    size_t at, n;

    if (w->other->len == 0)
        return;
    at = below(w, w->other->len);
    n = some(w, w->other->len - at);
    if (below(w, 2) == 0)
        w->len = below(w, w->len + 1);
    insert(w, below(w, w->len + 1), w->other->bytes + at, n);
}

size_t mutate(struct rng *r, uint8_t *bytes, size_t len, size_t size,
              const struct mutate_text *other, const struct mutate_words *words)
{
    static void (*const ways[])(struct work *) = {flip,  put_byte, noise,  drop, cut,
                                                  again, word,     number, cross};
    struct work w = {r, bytes, len, size, other, words};

    for (size_t n = 1 + below(&w, 6); n > 0; n--) {
        if (w.len == 0)
            noise(&w);
        else
            ways[below(&w, ARRAY_LEN(ways))](&w);
    }
    return w.len;
}
