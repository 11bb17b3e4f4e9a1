#include <config.h>

#include "tui/prefs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/str.h"
#include "tests/unit/table.h"

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static void test_which(void **state)
{
    /* clang-format off */
    static const struct { const char *what; struct prefs p; const char *configured, *want; } rows[] = {
        {"nothing was chosen",               {"", ""},            "light", "light"},
        {"the choice holds",                 {"dark", "default"}, "default", "dark"},
        {"until the configuration changes",  {"dark", "default"}, "light", "light"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what,
                   str_eq(prefs_theme(&rows[i].p, rows[i].configured), rows[i].want));
}

static void test_file(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text, *want; } rows[] = {
        {"whole",          "{\"theme\":\"light\",\"theme_instead_of\":\"x\"}", "light"},
        {"more members",   "{\"sort\":[1],\"theme\":\"light\"}", "light"},
        {"a number",       "{\"theme\":3}", ""},
        {"a list",         "[\"theme\"]", ""},
        {"cut",            "{\"theme\":\"li", ""},
        {"empty",          "", ""},
        {"a NUL in it",    "{\"theme\":\"a\\u0000b\"}", ""},
        {"too long a name", "{\"theme\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", ""},
    };
    /* clang-format on */
    char dir[] = "/tmp/rushhour-prefs-XXXXXX", path[64];
    struct prefs p = {"gruvbox", "default"}, got;
    struct stat st;
    struct err e = {0};

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_true(str_format(path, sizeof(path), "%s/ui.json", dir));
    prefs_load(dir, &got);
    assert_string_equal(got.theme, "");
    assert_int_equal(prefs_save(dir, &p, &e), ERR_OK);
    assert_int_equal(prefs_save(dir, &p, &e), ERR_OK); /* over the one that is there */
    prefs_load(dir, &got);
    assert_string_equal(got.theme, "gruvbox");
    assert_string_equal(got.instead, "default");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        put(path, rows[i].text);
        prefs_load(dir, &got);
        assert_row(rows[i].what, str_eq(got.theme, rows[i].want));
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(prefs_save(dir, &p, &e), ERR_IO);
    assert_non_null(strstr(e.text, "ui.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_which),
                                       cmocka_unit_test(test_file)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
