#include <config.h>

#include "core/base/rng.h"
#include "core/base/text.h"

#include "tests/unit/table.h"

#include <string.h>

#define BAD "\xEF\xBF\xBD"

static void test_clean(void **state)
{
    /* clang-format off */
    static const struct { const char *what; size_t size; const char *in; size_t len; const char *out; } rows[] = {
        {"plain ASCII",                 64, "np-1 (linux)", 12,        "np-1 (linux)"},
        {"empty",                       64, "", 0,                     ""},
        {"umlaut, arrow, kanji, emoji", 64, "\xC3\xA4\xC2\xBB\xE6\x97\xA5\xF0\x9F\x9A\x80", 11, "\xC3\xA4\xC2\xBB\xE6\x97\xA5\xF0\x9F\x9A\x80"},
        {"a tab is one space",          64, "a\tb", 3,                 "a b"},
        {"escape sequence",             64, "\x1b[2Jx", 5,             BAD "[2Jx"},
        {"newline and NUL",             64, "a\n\0b", 4,               "a" BAD BAD "b"},
        {"DEL",                         64, "\x7f", 1,                 BAD},
        {"C1 control CSI",              64, "\xC2\x9B" "31m", 5,       BAD "31m"},
        {"right-to-left override",      64, "\xE2\x80\xAE" "gpj", 6,   BAD "gpj"},
        {"isolate",                     64, "\xE2\x81\xA6" "a", 4,     BAD "a"},
        {"zero-width space and joiner", 64, "a\xE2\x80\x8B\xE2\x80\x8D", 7, "a" BAD BAD},
        {"byte order mark",             64, "\xEF\xBB\xBF" "a", 4,     BAD "a"},
        {"line separator",              64, "\xE2\x80\xA8", 3,         BAD},
        {"soft hyphen",                 64, "\xC2\xAD", 2,             BAD},
        {"tag character",               64, "\xF3\xA0\x81\x81", 4,     BAD},
        {"private use",                 64, "\xEE\x80\x80\xF4\x80\x80\x80", 7, BAD BAD},
        {"unassigned plane",            64, "\xF1\x80\x80\x80", 4,     BAD},
        {"noncharacter",                64, "\xEF\xBF\xBF", 3,         BAD},
        {"surrogate half",              64, "\xED\xA0\x80", 3,         BAD BAD BAD},
        {"overlong slash",              64, "\xC0\xAF", 2,             BAD BAD},
        {"overlong in three bytes",     64, "\xE0\x80\xAF", 3,         BAD BAD BAD},
        {"beyond the last plane",       64, "\xF4\x90\x80\x80", 4,     BAD BAD BAD BAD},
        {"lone continuation",           64, "\x80" "a", 2,             BAD "a"},
        {"cut short at the end",        64, "a\xE6\x97", 3,            "a" BAD BAD},
        {"two marks stay, a third goes", 64, "e\xCC\x81\xCC\x82\xCC\x83x", 8, "e\xCC\x81\xCC\x82x"},
        {"a mark with nothing before",  64, "\xCC\x81" "a", 3,         BAD "a"},
        {"cut in plain text",            4, "abcdef", 6,               "abc"},
        {"never inside a character",     4, "ab\xE6\x97\xA5", 5,       "ab"},
        {"nothing behind the cut",       4, "ab\xE6\x97\xA5" "c", 6,   "ab"},
        {"room for the NUL alone",       1, "abc", 3,                  ""},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char buf[64];
        size_t n = text_clean(buf, rows[i].size, rows[i].in, rows[i].len);

        assert_row(rows[i].what, strcmp(buf, rows[i].out) == 0);
        assert_row(rows[i].what, n == strlen(rows[i].out));
    }
}

static void test_dup(void **state)
{
    struct arena *a = arena_new(4096);
    char zeros[100] = {0};

    (void)state;
    assert_non_null(a);
    assert_string_equal(text_clean_dup(a, "plain", 5, 64), "plain");
    assert_string_equal(text_clean_dup(a, "plain", 5, 3), "pla");
    assert_string_equal(text_clean_dup(a, "\x1b[m", 3, 64), BAD "[m");
    assert_string_equal(text_clean_dup(a, "\x1b\x1b", 2, 5), BAD);
    assert_int_equal(strlen(text_clean_dup(a, zeros, sizeof(zeros), 1000)), 300);
    assert_false(arena_failed(a));
    for (int i = 0; i < 40 && !arena_failed(a); i++)
        (void)text_clean_dup(a, zeros, sizeof(zeros), 1000);
    assert_true(arena_failed(a));
    assert_null(text_clean_dup(a, "x", 1, 8));
    arena_free(a);
}

/* Whatever comes in, what goes out is clean: cleaning it again changes nothing. */
static void test_any_bytes(void **state)
{
    struct rng r;
    char in[48], once[256], twice[256];

    (void)state;
    rng_seed(&r, 7);
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)rng_between(&r, 0, sizeof(in)), n, at = 0;

        for (size_t i = 0; i < len; i++) {
            bool high = rng_chance(&r, 700000);
            in[i] = (char)(high ? rng_between(&r, 0x80, 0xFF) : rng_between(&r, 0, 0x7F));
        }
        n = text_clean(once, (size_t)rng_between(&r, 1, sizeof(once)), in, len);
        while (at < n) {
            uint32_t cp = 0;
            size_t used = text_decode(once + at, n - at, &cp);

            assert_true(used > 0 && cp >= 0x20 && cp != 0x7F);
            at += used;
        }
        assert_int_equal(text_clean(twice, sizeof(twice), once, n), n);
        assert_memory_equal(once, twice, n + 1);
    }
}

static void test_width(void **state)
{
    /* clang-format off */
    static const struct { const char *what; uint32_t cp; int width; } rows[] = {
        {"letter",            'a',     1},
        {"umlaut",            0xE4,    1},
        {"acute accent",      0x301,   0},
        {"box drawing",       0x2502,  1},
        {"block",             0x2588,  1},
        {"kanji",             0x65E5,  2},
        {"hangul",            0xAC00,  2},
        {"fullwidth letter",  0xFF21,  2},
        {"halfwidth katakana", 0xFF71, 1},
        {"rocket",            0x1F680, 2},
        {"replacement",       0xFFFD,  1},
        {"thai vowel mark",   0xE31,   0},
        {"plane 2",           0x20000, 2},
        {"greek",             0x3B1,   1},
        {"unassigned greek",  0x378,   1},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what, text_width(rows[i].cp) == rows[i].width);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_dup),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
