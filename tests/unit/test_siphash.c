/*
 * test_siphash - vectors of the authors' reference implementation, and that pieces do not
 * matter. No memory.
 * Threads: one.
 */
#include <config.h>

#include "core/base/siphash.h"
#include "tests/unit/table.h"

#include <string.h>

/* Key 00 01 .. 0f, text 00 01 .. of that length; sums as two words, the first byte
 * lowest. */
static const struct {
    const char *what;
    size_t len;
    struct siphash_sum want;
} vectors[] = {
    /* clang-format off */
    {"nothing",  0, {{UINT64_C(0xe6a825ba047f81a3), UINT64_C(0x930255c71472f66d)}}},
    {"one byte", 1, {{UINT64_C(0x44af996bd8c187da), UINT64_C(0x45fc229b11597634)}}},
    /* clang-format on */
};

static struct siphash_key counting_key(void)
{
    return (struct siphash_key){
        {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
}

static struct siphash_sum sum_of(const struct siphash_key *key, const void *bytes,
                                 size_t len, size_t piece)
{
    const unsigned char *p = bytes;
    struct siphash s;

    siphash_init(&s, key);
    for (size_t at = 0; at < len; at += piece)
        siphash_add(&s, p + at, len - at < piece ? len - at : piece);
    return siphash_end(&s);
}

static void known_sums(void **state)
{
    const struct siphash_key key = counting_key();
    unsigned char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (unsigned char)i;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        struct siphash_sum got = sum_of(&key, text, vectors[i].len, 64);

        assert_row(vectors[i].what, siphash_eq(&got, &vectors[i].want));
    }
}

static void pieces_do_not_matter(void **state)
{
    const struct siphash_key key = counting_key();
    char text[100];

    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t len = 0; len <= sizeof(text); len++) {
        struct siphash_sum whole = sum_of(&key, text, len, sizeof(text));

        for (size_t piece = 1; piece < 20; piece++) {
            struct siphash_sum got = sum_of(&key, text, len, piece);

            assert_true(siphash_eq(&got, &whole));
        }
    }
}

/* Every bit of text and key counts, and so does the length. */
static void all_of_it_counts(void **state)
{
    struct siphash_key key = counting_key();
    unsigned char text[21] = {0};
    const struct siphash_sum plain = sum_of(&key, text, 20, 64);
    struct siphash_sum other = sum_of(&key, text, 21, 64);

    (void)state;
    assert_false(siphash_eq(&plain, &other));
    for (size_t bit = 0; bit < 160; bit++) {
        text[bit / 8] ^= (unsigned char)(1U << (bit % 8));
        other = sum_of(&key, text, 20, 64);
        assert_false(siphash_eq(&plain, &other));
        text[bit / 8] = 0;
    }
    for (size_t bit = 0; bit < 128; bit++) {
        key = counting_key();
        key.k[bit / 64] ^= UINT64_C(1) << (bit % 64);
        other = sum_of(&key, text, 20, 64);
        assert_false(siphash_eq(&plain, &other));
    }
}

static void keys_differ(void **state)
{
    struct siphash_key a = {{0}}, b = {{0}};
    struct err e = {0};

    (void)state;
    assert_int_equal(siphash_key_new(&a, &e), ERR_OK);
    assert_int_equal(siphash_key_new(&b, &e), ERR_OK);
    assert_memory_not_equal(&a, &b, sizeof(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sums),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(all_of_it_counts),
        cmocka_unit_test(keys_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
