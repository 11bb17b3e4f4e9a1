#include <config.h>

#include "tui/theme.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

static const char *themes_dir(char *buf, size_t size)
{
    const char *dir = getenv("srcdir");

    (void)str_format(buf, size, "%s/themes", dir != NULL ? dir : ".");
    return buf;
}

static void test_lines(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text, *problem; enum role role; int32_t fg, bg; uint8_t attrs; } rows[] = {
        {"a name",          "ok = green",                 "", ROLE_OK, 2, -1, 0},
        {"bright",          "ok = bright-green",          "", ROLE_OK, 10, -1, 0},
        {"number, bg",      "ok = 35 on 0 bold",          "", ROLE_OK, 35, 0, STYLE_BOLD},
        {"hex",             "crit=#ff8000 underline dim", "", ROLE_CRIT, THEME_RGB | 0xff8000, -1, STYLE_UNDERLINE | STYLE_DIM},
        {"attributes only", "ok = reverse",               "", ROLE_OK, -1, -1, STYLE_REVERSE},
        {"comment, blanks", "# x\n\n  ok  =  red  \r\n",   "", ROLE_OK, 1, -1, 0},
        {"no equals",       "ok green",    "t.theme:1: no \"=\"", ROLE_OK, -1, -1, 0},
        {"unknown role",    "\nokk = red", "t.theme:2: \"okk\" is not a role", ROLE_OK, -1, -1, 0},
        {"bad color",       "ok = grren",  "t.theme:1: ok: not a color", ROLE_OK, -1, -1, 0},
        {"256",             "ok = 256",    "t.theme:1: ok: not a color", ROLE_OK, -1, -1, 0},
        {"short hex",       "ok = #fff",   "t.theme:1: ok: not a color", ROLE_OK, -1, -1, 0},
        {"on nothing",      "ok = red on", "t.theme:1: ok: \"on\" needs a color", ROLE_OK, -1, -1, 0},
        {"inherits text",   "text = 7 on 4", "", ROLE_OK, 7, 4, 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strbuf problems;
        struct theme t;

        strbuf_init(&problems, 4096);
        theme_parse("t", rows[i].text, &t, &problems);
        assert_row(rows[i].what, (problems.len == 0) == (rows[i].problem[0] == '\0'));
        assert_row(rows[i].what, strstr(strbuf_text(&problems), rows[i].problem) != NULL);
        assert_row(rows[i].what, t.full[rows[i].role].fg == rows[i].fg);
        assert_row(rows[i].what, t.full[rows[i].role].bg == rows[i].bg);
        assert_row(rows[i].what, t.full[rows[i].role].attrs == rows[i].attrs);
        strbuf_clear(&problems);
    }
}

static void test_nearest(void **state)
{
    (void)state;
    assert_int_equal(theme_nearest256(0x000000), 16);
    assert_int_equal(theme_nearest256(0xffffff), 231);
    assert_int_equal(theme_nearest256(0xff0000), 196);
    assert_int_equal(theme_nearest256(0x808080), 244);
}

static void test_depth(void **state)
{
    (void)state;
    assert_int_equal(theme_depth(true, COLOR_256, 256), 0);
    assert_int_equal(theme_depth(false, COLOR_MONO, 256), 0);
    assert_int_equal(theme_depth(false, COLOR_AUTO, 256), 256);
    assert_int_equal(theme_depth(false, COLOR_AUTO, 8), 8);
    assert_int_equal(theme_depth(false, COLOR_256, 8), 8);
    assert_int_equal(theme_depth(false, COLOR_8, 256), 8);
    assert_int_equal(theme_depth(false, COLOR_AUTO, 0), 0);
}

/* Every shipped theme: no problem, every role, and at each depth what the depth has. */
static void test_shipped(void **state)
{
    static const char *const names[] = {"default", "dark", "light", "mono"};
    char dir[512];
    const char *dirs[1] = {themes_dir(dir, sizeof(dir))};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        static const int depths[] = {0, 8, 16, 256};
        struct strbuf problems;
        struct theme t;
        struct err e = {0};

        strbuf_init(&problems, 4096);
        assert_int_equal(theme_load(names[i], dirs, 1, &t, &problems, &e), ERR_OK);
        assert_string_equal(strbuf_text(&problems), "");
        strbuf_clear(&problems);
        for (int r = 0; r < ROLE_COUNT; r++) {
            assert_row(role_name((enum role)r), t.full[r].set);
            assert_row(role_name((enum role)r), t.mono[r].set);
        }
        for (size_t d = 0; d < ARRAY_LEN(depths); d++) {
            struct rendition looks[ROLE_COUNT];

            theme_resolve(&t, depths[d], looks);
            for (int r = 0; r < ROLE_COUNT; r++) {
                int max = depths[d] == 0 ? 0 : depths[d];

                assert_row(role_name((enum role)r),
                           looks[r].fg < max || looks[r].fg == -1);
                assert_row(role_name((enum role)r),
                           looks[r].bg < max || looks[r].bg == -1);
            }
            /* What must be told apart at a glance, at every depth. */
            assert_true(memcmp(&looks[ROLE_OK], &looks[ROLE_CRIT], sizeof(looks[0])) !=
                        0);
            assert_true(memcmp(&looks[ROLE_WARN], &looks[ROLE_CRIT], sizeof(looks[0])) !=
                        0);
            assert_true(memcmp(&looks[ROLE_OK], &looks[ROLE_WARN], sizeof(looks[0])) !=
                        0);
            assert_true(
                memcmp(&looks[ROLE_TEXT], &looks[ROLE_SELECT], sizeof(looks[0])) != 0);
            assert_true(memcmp(&looks[ROLE_TEXT], &looks[ROLE_STALE], sizeof(looks[0])) !=
                        0);
            assert_true(memcmp(&looks[ROLE_AUTO_ON], &looks[ROLE_AUTO_OFF],
                               sizeof(looks[0])) != 0);
        }
    }
}

static void test_load(void **state)
{
    static const char *const bad[] = {"", "../default", ".hidden", "a/b"};
    char dir[512], name[64];
    const char *none[1] = {"/nonexistent"}, *dirs[1] = {themes_dir(dir, sizeof(dir))};
    struct theme file, builtin;
    struct strbuf problems;
    struct err e = {0};

    (void)state;
    strbuf_init(&problems, 4096);
    /* Without any file the built-in theme is there, and it is the file's. */
    assert_int_equal(theme_load("default", none, 1, &builtin, &problems, &e), ERR_OK);
    assert_int_equal(theme_load("default", dirs, 1, &file, &problems, &e), ERR_OK);
    assert_memory_equal(&builtin, &file, sizeof(file));
    assert_int_equal(theme_load("nope", dirs, 1, &file, &problems, &e), ERR_NOT_FOUND);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err one = {0};

        assert_row(bad[i],
                   theme_load(bad[i], dirs, 1, &file, &problems, &one) == ERR_USAGE);
    }
    theme_next_name("dark", dirs, 1, name, sizeof(name));
    assert_string_equal(name, "default");
    theme_next_name("mono", dirs, 1, name, sizeof(name));
    assert_string_equal(name, "dark");
    theme_next_name("x", none, 1, name, sizeof(name));
    assert_string_equal(name, "default");
    strbuf_clear(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines), cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_depth), cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
