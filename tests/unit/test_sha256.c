/*
 * test_sha256 - the public vectors of FIPS 180-4, NIST's CAVP and RFC 4231.
 * No memory.
 * Threads: one.
 */
#include <config.h>

#include "core/base/sha256.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *what, *text, *want;
} digests[] = {
    /* clang-format off */
    {"nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"one block", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"112 bytes", "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    /* clang-format on */
};

static void known_digests(void **state)
{
    unsigned char out[SHA256_BYTES];
    char hex[SHA256_HEX];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
        sha256(digests[i].text, strlen(digests[i].text), out);
        assert_row(digests[i].what, strcmp(sha256_hex(out, hex), digests[i].want) == 0);
    }
}

static void a_million_in_uneven_pieces(void **state)
{
    static const size_t pieces[] = {1, 63, 64, 65, 127, 1000, 3};
    char block[1000], hex[SHA256_HEX];
    unsigned char out[SHA256_BYTES];
    struct sha256 c;
    size_t left = 1000000;

    (void)state;
    memset(block, 'a', sizeof(block));
    sha256_init(&c);
    for (size_t i = 0; left > 0; i++) {
        size_t n = pieces[i % ARRAY_LEN(pieces)];

        n = n < left ? n : left;
        sha256_add(&c, block, n);
        left -= n;
    }
    sha256_end(&c, out);
    assert_string_equal(
        sha256_hex(out, hex),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length around the padding's borders gives the same in one and in two pieces. */
static void lengths_around_a_block(void **state)
{
    unsigned char bytes[200], once[SHA256_BYTES], twice[SHA256_BYTES];
    struct sha256 c;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        sha256(bytes, len, once);
        sha256_init(&c);
        sha256_add(&c, bytes, len / 3);
        sha256_add(&c, bytes + len / 3, len - len / 3);
        sha256_end(&c, twice);
        assert_memory_equal(once, twice, SHA256_BYTES);
    }
}

static const struct {
    const char *what;
    int key_byte; /* repeated; -1: the text below */
    size_t key_len;
    const char *key, *text, *want;
} macs[] = {
    /* clang-format off */
    {"RFC 4231 case 1", 0x0b, 20, "", "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"RFC 4231 case 2", -1, 4, "Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"RFC 4231 case 6: a key longer than a block", 0xaa, 131, "",
     "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    /* clang-format on */
};

static void known_macs(void **state)
{
    unsigned char key[200], out[SHA256_BYTES];
    char hex[SHA256_HEX];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(macs); i++) {
        if (macs[i].key_byte >= 0)
            memset(key, macs[i].key_byte, macs[i].key_len);
        else
            memcpy(key, macs[i].key, macs[i].key_len);
        hmac_sha256(key, macs[i].key_len, macs[i].text, strlen(macs[i].text), out);
        assert_row(macs[i].what, strcmp(sha256_hex(out, hex), macs[i].want) == 0);
    }
}

static void equality(void **state)
{
    (void)state;
    assert_true(sha256_equal("abcd", "abcd", 4));
    assert_false(sha256_equal("abcd", "abce", 4));
    assert_true(sha256_equal("abcd", "abce", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(a_million_in_uneven_pieces),
        cmocka_unit_test(lengths_around_a_block),
        cmocka_unit_test(known_macs),
        cmocka_unit_test(equality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
