/*
 * test_str - texts in buffers that are made again and again. No memory.
 * Threads: one.
 */
#include <config.h>

#include "core/base/str.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_put_u64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
