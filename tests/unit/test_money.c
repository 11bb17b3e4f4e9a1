#include <config.h>

#include "core/base/money.h"

#include "tests/unit/table.h"

#include <string.h>

static void test_parse(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text; enum err_code rc; int64_t nanos; } rows[] = {
        {"whole dollars",          "180",                 ERR_OK,     180 * USD_NANOS},
        {"a spot price",           "0.069200",            ERR_OK,     69200000},
        {"negative",               "-1.5",                ERR_OK,     -1500000000},
        {"nine decimals",          "0.000000001",         ERR_OK,     1},
        {"zeros behind the ninth", "0.2140000000",        ERR_OK,     214000000},
        {"a tenth decimal",        "0.0000000001",        ERR_RANGE,  0},
        {"too large",              "9999999999999",       ERR_RANGE,  0},
        {"a comma",                "0,07",                ERR_SYNTAX, 0},
        {"nothing",                "",                    ERR_SYNTAX, 0},
        {"a lone point",           ".",                   ERR_SYNTAX, 0},
        {"exponent",               "1e3",                 ERR_SYNTAX, 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct usd v = {0};
        struct err e = {0};

        assert_row(rows[i].what, usd_parse(rows[i].text, &v, &e) == rows[i].rc);
        assert_row(rows[i].what, v.nanos == rows[i].nanos);
        assert_row(rows[i].what, (rows[i].rc == ERR_OK) == (e.text[0] == '\0'));
    }
}

static void test_text(void **state)
{
    char buf[USD_TEXT];

    (void)state;
    assert_string_equal(usd_text((struct usd){131200000000}, 2, buf), "131.20");
    assert_string_equal(usd_text((struct usd){5000000}, 2, buf), "0.01");
    assert_string_equal(usd_text((struct usd){4999999}, 2, buf), "0.00");
    assert_string_equal(usd_text((struct usd){-5000000}, 2, buf), "-0.01");
    assert_string_equal(usd_text((struct usd){-1}, 2, buf), "0.00");
    assert_string_equal(usd_text((struct usd){69200000}, 4, buf), "0.0692");
    assert_string_equal(usd_text((struct usd){1500000000}, 0, buf), "2");
    assert_string_equal(usd_text((struct usd){INT64_MIN}, 9, buf),
                        "-9223372036.854775808");
}

static void test_per_hour(void **state)
{
    struct usd v;
    struct err e = {0};

    (void)state;
    /* policy-and-cost 8.1: 1410 s at 0.07 */
    assert_int_equal(usd_per_hour((struct usd){70000000}, 1410, &v, &e), ERR_OK);
    assert_int_equal(v.nanos, 27416667);
    assert_int_equal(usd_per_hour((struct usd){INT64_MAX}, 2, &v, &e), ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_per_hour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
