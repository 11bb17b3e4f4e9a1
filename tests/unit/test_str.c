/*
 * test_str - texts in buffers that are made again and again, and those of errors. No
 * memory.
 * Threads: one.
 */
#include <config.h>

#include "core/base/str.h"
#include "core/base/text.h"
#include "tests/unit/table.h"

static void test_keep(void **state)
{
    static const struct {
        const char *what, *was, *src, *now;
    } rows[] = {
        {"new", "", "abc", "abc"},
        {"the same", "abc", "abc", "abc"},
        {"shorter", "abcdef", "ab", "ab"},
        {"nothing", "abc", "", ""},
        {"cut", "", "abcdefghi", "abcdefg"},
        {"cut again", "abcdefg", "abcdefghi", "abcdefg"},
        {"cut before a character", "", "abcdef\xE2\x82\xAC", "abcdef"},
        {"cut behind one", "", "abcd\xE2\x82\xAC\xC3\xA4", "abcd\xE2\x82\xAC"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char dst[8];

        (void)str_copy(dst, sizeof(dst), rows[i].was);
        str_keep(dst, sizeof(dst), rows[i].src);
        assert_row(rows[i].what, str_eq(dst, rows[i].now));
    }
}

static void test_put_u64(void **state)
{
    static const struct {
        const char *what, *text;
        uint64_t v;
    } rows[] = {
        {"nothing", "0", 0},
        {"one digit", "7", 7},
        {"zeros within", "1002", 1002},
        {"the largest", "18446744073709551615", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[21];

        *str_put_u64(text, rows[i].v) = '\0';
        assert_row(rows[i].what, str_eq(text, rows[i].text));
    }
}

/* What an error says of bytes from outside reaches screens and terminals. */
static void test_error_is_clean(void **state)
{
    static const struct {
        const char *what, *from, *text;
    } rows[] = {
        {"an order to the terminal", "\x1b]0;x\a", "no \"\uFFFD]0;x\uFFFD\" here"},
        {"no UTF-8", "\xff", "no \"\uFFFD\" here"},
        {"another line", "a\nb", "no \"a\uFFFDb\" here"},
    };
    struct err e = {0};
    char cut[sizeof(e.text) * 2], again[sizeof(e.text)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        err_clear(&e);
        (void)err_set(&e, ERR_SYNTAX, "no \"%s\" here", rows[i].from);
        assert_row(rows[i].what, str_eq(e.text, rows[i].text));
    }
    /* Two bytes each, cut in the middle of one. */
    for (size_t i = 0; i + 2 < sizeof(cut); i += 2)
        memcpy(cut + i, "\u00e9", 3);
    err_clear(&e);
    (void)err_set(&e, ERR_SYNTAX, "x%s", cut);
    assert_int_equal(text_clean(again, sizeof(again), e.text, strlen(e.text)),
                     strlen(e.text));
    assert_string_equal(again, e.text);
    err_wrap(&e, "%s", cut);
    (void)text_clean(again, sizeof(again), e.text, strlen(e.text));
    assert_string_equal(again, e.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_put_u64),
        cmocka_unit_test(test_error_is_clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
