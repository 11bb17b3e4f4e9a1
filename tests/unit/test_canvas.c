#include <config.h>

#include "tui/canvas.h"

#include <string.h>

#include "tests/unit/table.h"

/* The first row after putting a text into a field. */
static void put(const char *text, int col, int width, int cols, bool ascii, bool right,
                char *out, size_t size)
{
    struct canvas c;
    struct strbuf dump;
    struct err e = {0};

    assert_int_equal(canvas_init(&c, 1, cols, ascii, &e), ERR_OK);
    if (right)
        canvas_put_right(&c, 0, col, width, ROLE_TEXT, text);
    else
        (void)canvas_put(&c, 0, col, width, ROLE_TEXT, text);
    strbuf_init(&dump, 65536);
    canvas_dump(&c, &dump);
    (void)str_copy(out, size, strbuf_text(&dump));
    out[strcspn(out, "\n")] = '\0';
    strbuf_clear(&dump);
    canvas_clear(&c);
}

static void test_fit(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text; int col, width, cols; bool ascii, right; const char *want; } rows[] = {
        {"fits",                    "cloud",       0, 5, 20, false, false, "cloud"},
        {"cut",                     "on-premises", 0, 7, 20, false, false, "on-pre\u2026"},
        {"cut in ASCII",            "on-premises", 0, 7, 20, true,  false, "on-pr.."},
        {"too narrow for a sign",   "cloud",       0, 1, 20, false, false, "c"},
        {"no width",                "cloud",       0, 0, 20, false, false, ""},
        {"right",                   "0.87",        2, 6, 20, false, true,  "    0.87"},
        {"the canvas' edge",        "cloud",       17, 9, 20, false, false, "                 cl\u2026"},
        {"outside",                 "cloud",       30, 9, 20, false, false, ""},
        {"wide",                    "\u6e2c\u8a66", 0, 4, 20, false, false, "\u6e2c\u8a66"},
        {"wide never split",        "\u6e2c\u8a66\u6e2c", 0, 4, 20, false, false, "\u6e2c\u2026"},
        {"wide at the last cell",   "a\u6e2c",     0, 9, 2,  false, false, "a\u2026"},
        {"wide in ASCII",           "\u6e2c\u8a66", 0, 4, 20, true,  false, "??"},
        {"Hebrew",                  "\u05e9\u05dc\u05d5\u05dd", 0, 9, 20, false, false, "\u05e9\u05dc\u05d5\u05dd"},
        {"a mark stays on its base", "e\u0301x",   0, 2, 20, false, false, "e\u0301x"},
        {"a mark is cut with it",   "abe\u0301x",  0, 3, 20, false, false, "ab\u2026"},
        {"invalid bytes",           "a\xff\xfe" "b", 0, 9, 20, false, false, "a??b"},
        {"controls",                "a\x1b[2J\x07", 0, 9, 20, false, false, "a?[2J?"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char got[512];

        put(rows[i].text, rows[i].col, rows[i].width, rows[i].cols, rows[i].ascii,
            rows[i].right, got, sizeof(got));
        if (strcmp(got, rows[i].want) != 0)
            print_error("row \"%s\": got \"%s\"\n", rows[i].what, got);
        assert_row(rows[i].what, strcmp(got, rows[i].want) == 0);
    }
}

/* Writing over half of a wide character leaves no half behind. */
static void test_wide_halves(void **state)
{
    struct canvas c;
    struct err e = {0};

    (void)state;
    assert_int_equal(canvas_init(&c, 1, 6, false, &e), ERR_OK);
    (void)canvas_put(&c, 0, 1, 4, ROLE_TEXT, "\u6e2c\u8a66");
    (void)canvas_put(&c, 0, 2, 1, ROLE_TEXT, "x");
    assert_int_equal(c.cells[1].cp, ' ');
    assert_int_equal(c.cells[1].cells, 1);
    (void)canvas_put(&c, 0, 3, 1, ROLE_TEXT, "y");
    assert_int_equal(c.cells[4].cp, ' ');
    assert_int_equal(c.cells[4].cells, 1);
    canvas_clear(&c);
}

static void draw_segments(int cols, char *out, size_t size)
{
    struct segments s = {.n = 0};
    struct canvas c;
    struct strbuf dump;
    struct err e = {0};

    segments_add(&s, ROLE_TEXT, 50, false, "", "rushhour");
    segments_add(&s, ROLE_TEXT, 10, false, "22 Nov", "Sun 22 Nov 2026");
    segments_add(&s, ROLE_TEXT, 90, true, "ON", "AUTO ON");
    assert_int_equal(canvas_init(&c, 1, cols, true, &e), ERR_OK);
    segments_draw(&s, &c, 0, 0, 1);
    strbuf_init(&dump, 4096);
    canvas_dump(&c, &dump);
    (void)str_copy(out, size, strbuf_text(&dump));
    out[strcspn(out, "\n")] = '\0';
    strbuf_clear(&dump);
    canvas_clear(&c);
}

static void test_segments(void **state)
{
    static const struct {
        int cols;
        const char *want;
    } rows[] = {{34, "rushhour Sun 22 Nov 2026   AUTO ON"},
                {32, "rushhour Sun 22 Nov 2026 AUTO ON"},
                {31, "rushhour 22 Nov         AUTO ON"},
                {20, "rushhour     AUTO ON"},
                {15, "AUTO ON"},
                {3, "ON"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char got[128];

        draw_segments(rows[i].cols, got, sizeof(got));
        if (strstr(got, rows[i].want) == NULL)
            print_error("%d: \"%s\"\n", rows[i].cols, got);
        assert_non_null(strstr(got, rows[i].want));
    }
}

static void test_ascii_choice(void **state)
{
    (void)state;
    assert_false(glyph_wants_ascii(GLYPHS_AUTO, "UTF-8", "en_US.UTF-8", "xterm"));
    assert_true(glyph_wants_ascii(GLYPHS_AUTO, "ANSI_X3.4-1968", "C", "xterm"));
    assert_true(glyph_wants_ascii(GLYPHS_AUTO, "UTF-8", "en_US.UTF-8", "linux"));
    assert_true(glyph_wants_ascii(GLYPHS_AUTO, "UTF-8", "en_US.UTF-8", "vt100"));
    assert_true(glyph_wants_ascii(GLYPHS_AUTO, "UTF-8", "ja_JP.UTF-8", "xterm"));
    assert_false(glyph_wants_ascii(GLYPHS_UNICODE, "UTF-8", "ja_JP.UTF-8", "linux"));
    assert_true(glyph_wants_ascii(GLYPHS_UNICODE, "ANSI_X3.4-1968", "C", "xterm"));
    assert_true(glyph_wants_ascii(GLYPHS_ASCII, "UTF-8", "en_US.UTF-8", "xterm"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_wide_halves),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_ascii_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
