#include <config.h>

#include "tui/theme_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    static char names[THEMES_MAX][NAME_TEXT];
    char dir[512];
    const char *dirs[1] = {themes_dir(dir, sizeof(dir))};
    size_t n = theme_names(dirs, 1, names);

    (void)state;
    assert_true(n >= 10);
    for (size_t i = 0; i < n; i++) {
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
    char dir[512];
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
    strbuf_clear(&problems);
}

/* What the eye gets of a role: two colors, and a line below the text. */
struct look {
    uint32_t fg, bg;
    bool underline;
};

static struct look look_of(const struct rendition *r, int32_t page, uint32_t ink)
{
    uint32_t bg = theme_rgb(r->bg >= 0 ? r->bg : page);
    struct look l = {r->fg >= 0 ? theme_rgb(r->fg) : ink, bg,
                     (r->attrs & STYLE_UNDERLINE) != 0};

    if (r->attrs & STYLE_REVERSE)
        l = (struct look){l.bg, l.fg, l.underline};
    return l;
}

static double linear(uint32_t v)
{
    double x = (double)(v & 255) / 255;

    return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t rgb)
{
    return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) + 0.0722 * linear(rgb);
}

/* WCAG 2.1: from 1 to 21. */
static double contrast(uint32_t a, uint32_t b)
{
    double x = luminance(a), y = luminance(b);

    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

/* The themes whose colors are their own; the others draw with what the user has. */
static bool has_colors(const char *name)
{
    return !str_eq(name, "mono") && !str_eq(name, "tty16");
}

/*
 * Every role of every theme can be read: text 4.5 to 1, in high-contrast 7 to 1, lines
 * and curves 3 to 1. The default theme lies on a page that it does not know: on black and
 * on white 3 to 1, of which 4.58 would be the most that any color reaches on both.
 */
static void test_contrast(void **state)
{
    static const int depths[] = {256, THEME_RGB};
    static char names[THEMES_MAX][NAME_TEXT];
    char dir[512];
    const char *dirs[1] = {themes_dir(dir, sizeof(dir))};
    size_t n = theme_names(dirs, 1, names);

    (void)state;
    for (size_t i = 0; i < n * ARRAY_LEN(depths); i++) {
        const char *name = names[i / ARRAY_LEN(depths)];
        double want = str_eq(name, "high-contrast") ? 7 : 4.5;
        struct rendition looks[ROLE_COUNT];
        struct strbuf problems;
        struct theme t;
        struct err e = {0};

        if (!has_colors(name))
            continue;
        strbuf_init(&problems, 4096);
        assert_int_equal(theme_load(name, dirs, 1, &t, &problems, &e), ERR_OK);
        strbuf_clear(&problems);
        theme_resolve(&t, depths[i % ARRAY_LEN(depths)], looks);
        assert_row(name, (looks[ROLE_TEXT].bg < 0) == str_eq(name, "default"));
        for (int r = 0; r < ROLE_COUNT; r++) {
            bool line = r == ROLE_RULE || r == ROLE_SPARK;
            int32_t page = looks[ROLE_TEXT].bg;

            for (uint32_t unknown = 0; unknown <= (page < 0 ? 1U : 0U); unknown++) {
                int32_t paper = page >= 0 ? page : unknown != 0 ? 231 : 16;
                struct look l =
                    look_of(&looks[r], paper, unknown != 0 ? 0x000000 : 0xffffff);
                double got = contrast(l.fg, l.bg);

                if (got < (page < 0 || line ? 3 : want))
                    print_error("%s: %s is %.2f to 1\n", name, role_name((enum role)r),
                                got);
                assert_true(got >= (page < 0 || line ? 3 : want));
            }
        }
    }
}

/* A color as people with another sight get it (Machado and others, 2009), and in grey. */
enum { SIGHT_NORMAL, SIGHT_PROTAN, SIGHT_DEUTAN, SIGHT_TRITAN, SIGHT_GREY, SIGHTS };
static const char *const sight_names[SIGHTS] = {"normal", "protan", "deutan", "tritan",
                                                "grey"};
static const double sights[SIGHTS][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{0.152286, 1.052583, -0.204868},
     {0.114503, 0.786281, 0.099216},
     {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968},
     {0.280085, 0.672501, 0.047413},
     {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779},
     {-0.078411, 0.930809, 0.147602},
     {0.004733, 0.691367, 0.303900}},
    {{0.2126, 0.7152, 0.0722}, {0.2126, 0.7152, 0.0722}, {0.2126, 0.7152, 0.0722}},
};

static double lab_part(double t)
{
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

static void lab(uint32_t rgb, int sight, double out[3])
{
    double in[3] = {linear(rgb >> 16), linear(rgb >> 8), linear(rgb)}, s[3], x, y, z;

    for (int i = 0; i < 3; i++) {
        s[i] = sights[sight][i][0] * in[0] + sights[sight][i][1] * in[1] +
               sights[sight][i][2] * in[2];
        s[i] = fmin(1, fmax(0, s[i]));
    }
    x = lab_part((0.4124 * s[0] + 0.3576 * s[1] + 0.1805 * s[2]) / 0.95047);
    y = lab_part(0.2126 * s[0] + 0.7152 * s[1] + 0.0722 * s[2]);
    z = lab_part((0.0193 * s[0] + 0.1192 * s[1] + 0.9505 * s[2]) / 1.08883);
    out[0] = 116 * y - 16;
    out[1] = 500 * (x - y);
    out[2] = 200 * (y - z);
}

/* CIE 1976: about 2 can just be told apart side by side. */
static double difference(uint32_t a, uint32_t b, int sight)
{
    double p[3], q[3];

    lab(a, sight, p);
    lab(b, sight, q);
    return sqrt(pow(p[0] - q[0], 2) + pow(p[1] - q[1], 2) + pow(p[2] - q[2], 2));
}

/* Good, careful and alarm differ for every eye, by color or by a line, not by bold alone.
 */
static void test_sights(void **state)
{
    static const enum role pairs[][2] = {
        {ROLE_OK, ROLE_WARN}, {ROLE_OK, ROLE_CRIT}, {ROLE_WARN, ROLE_CRIT}};
    static const int depths[] = {256, THEME_RGB};
    static char names[THEMES_MAX][NAME_TEXT];
    char dir[512];
    const char *dirs[1] = {themes_dir(dir, sizeof(dir))};
    size_t n = theme_names(dirs, 1, names);

    (void)state;
    for (size_t i = 0; i < n * ARRAY_LEN(depths); i++) {
        const char *name = names[i / ARRAY_LEN(depths)];
        struct rendition looks[ROLE_COUNT];
        struct strbuf problems;
        struct theme t;
        struct err e = {0};

        strbuf_init(&problems, 4096);
        assert_int_equal(theme_load(name, dirs, 1, &t, &problems, &e), ERR_OK);
        strbuf_clear(&problems);
        theme_resolve(&t, depths[i % ARRAY_LEN(depths)], looks);
        for (size_t k = 0; k < ARRAY_LEN(pairs) * SIGHTS && has_colors(name); k++) {
            const enum role *pair = pairs[k / SIGHTS];
            int sight = (int)(k % SIGHTS);
            int32_t page = looks[ROLE_TEXT].bg >= 0 ? looks[ROLE_TEXT].bg : 16;
            struct look a = look_of(&looks[pair[0]], page, 0xffffff),
                        b = look_of(&looks[pair[1]], page, 0xffffff);
            double got =
                fmax(difference(a.fg, b.fg, sight), difference(a.bg, b.bg, sight));
            double want = sight == SIGHT_GREY ? 7 : 10;

            if (got < want && a.underline == b.underline)
                print_error("%s: %s and %s differ by %.1f (%s)\n", name,
                            role_name(pair[0]), role_name(pair[1]), got,
                            sight_names[sight]);
            assert_true(got >= want || a.underline != b.underline);
        }
        theme_resolve(&t, 0, looks);
        for (size_t k = 0; k < ARRAY_LEN(pairs); k++)
            assert_row(name, ((looks[pairs[k][0]].attrs ^ looks[pairs[k][1]].attrs) &
                              ~STYLE_BOLD) != 0);
    }
}

/* A terminal of any color gets what the file says, palette entries as what they show. */
static void test_direct(void **state)
{
    struct rendition looks[ROLE_COUNT];
    struct strbuf problems;
    struct theme t;

    (void)state;
    strbuf_init(&problems, 4096);
    theme_parse("t", "text = #ebdbb2 on 234\nok = green\ncrit = bright-red", &t,
                &problems);
    strbuf_clear(&problems);
    theme_resolve(&t, THEME_RGB, looks);
    assert_int_equal(looks[ROLE_TEXT].fg, THEME_RGB | 0xebdbb2);
    assert_int_equal(looks[ROLE_TEXT].bg, THEME_RGB | 0x1c1c1c);
    assert_int_equal(looks[ROLE_OK].fg, THEME_RGB | 0x00cd00);
    assert_int_equal(looks[ROLE_OK].bg, -1);
    assert_int_equal(looks[ROLE_CRIT].fg, THEME_RGB | 0xff0000);
    assert_int_equal(theme_depth(false, COLOR_DIRECT, 256), 256);
    assert_int_equal(theme_depth(false, COLOR_AUTO, THEME_RGB), THEME_RGB);
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[512];
    FILE *f;

    assert_true(str_format(path, sizeof(path), "%s/%s", dir, name));
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

/* A user's folder comes first; a file that changed has another stamp. */
static void test_files(void **state)
{
    static const char *const files[] = {"mine.theme", "dark.theme", ".x.theme",
                                        "note.txt"};
    static char names[THEMES_MAX][NAME_TEXT];
    char dir[] = "/tmp/rushhour-themes-XXXXXX", shipped[512], path[512];
    const char *dirs[3] = {dir, NULL, themes_dir(shipped, sizeof(shipped))};
    struct theme_stamp a, b, none = {0};
    struct strbuf problems;
    struct theme t;
    struct err e = {0};
    size_t n, without;

    (void)state;
    assert_non_null(mkdtemp(dir));
    without = theme_names(dirs, 3, names);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        write_file(dir, files[i], "ok = red\nokay = blue\n");
    n = theme_names(dirs, 3, names);
    assert_int_equal(n, without + 1); /* dark is there once */
    for (size_t i = 1; i < n; i++)
        assert_true(strcmp(names[i - 1], names[i]) < 0);
    strbuf_init(&problems, 4096);
    assert_int_equal(theme_load("dark", dirs, 3, &t, &problems, &e), ERR_OK);
    assert_int_equal(t.full[ROLE_OK].fg, 1);
    assert_string_equal(strbuf_text(&problems), "dark.theme:2: \"okay\" is not a role\n");
    strbuf_clear(&problems);
    theme_stamp("mine", dirs, 3, &a);
    theme_stamp("mine", dirs, 3, &b);
    assert_true(theme_stamp_eq(&a, &b));
    assert_false(theme_stamp_eq(&a, &none));
    write_file(dir, "mine.theme", "ok = green bold\n");
    theme_stamp("mine", dirs, 3, &b);
    assert_false(theme_stamp_eq(&a, &b));
    theme_stamp("nope", dirs, 3, &b);
    assert_true(theme_stamp_eq(&b, &none));
    theme_stamp("../mine", dirs, 3, &b);
    assert_true(theme_stamp_eq(&b, &none));
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        assert_true(str_format(path, sizeof(path), "%s/%s", dir, files[i]));
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_depth),  cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_load),   cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_sights), cmocka_unit_test(test_direct),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
