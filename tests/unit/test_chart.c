#include <config.h>

#include "tui/chart.h"

#include <string.h>

#include "core/base/attr.h"
#include "tests/unit/table.h"

static void test_scale(void **state)
{
    static const struct {
        int64_t max, want;
    } rows[] = {{0, 1},
                {1, 1},
                {2, 2},
                {3, 5},
                {5, 5},
                {6, 10},
                {11, 20},
                {180, 200},
                {201, 500},
                {999, 1000},
                {INT64_MAX / 50, INT64_MAX / 50}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t got = chart_scale(rows[i].max);

        if (rows[i].max <= 1000)
            assert_int_equal(got, rows[i].want);
        else
            assert_true(got >= rows[i].want);
    }
}

static void test_eighths(void **state)
{
    static const struct {
        const char *what;
        int64_t value, max;
        int height, row, want;
    } rows[] = {
        {"nothing", 0, 10, 4, 0, 0},
        {"unknown", CHART_UNKNOWN, 10, 4, 0, 0},
        {"no scale", 5, 0, 4, 0, 0},
        {"no room", 5, 10, 0, 0, 0},
        {"all of it", 10, 10, 4, 3, 8},
        {"more than all", 11, 10, 4, 3, 8},
        {"half, lower half", 5, 10, 4, 1, 8},
        {"half, upper half", 5, 10, 4, 2, 0},
        {"a part of a row", 3, 8, 1, 0, 3},
        {"next to nothing shows", 1, 1000000, 4, 0, 1},
        {"large amounts do not wrap", INT64_MAX, INT64_MAX, 2, 1, 8},
        {"and stay in their row", INT64_MAX / 4, INT64_MAX, 2, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what, chart_eighths(rows[i].value, rows[i].max, rows[i].height,
                                               rows[i].row) == rows[i].want);
}

static void test_row_of(void **state)
{
    (void)state;
    assert_int_equal(chart_row_of(0, 10, 5), -1);
    assert_int_equal(chart_row_of(1, 10, 5), 0);
    assert_int_equal(chart_row_of(10, 10, 5), 4);
    assert_int_equal(chart_row_of(11, 10, 5), -1);
    assert_int_equal(chart_row_of(5, 0, 5), -1);
}

/* What a drawing leaves on a line of that many cells. */
static void shows(const char *what, void (*draw)(struct pen *p), int cols)
{
    struct canvas c;
    struct strbuf text;
    struct err e = {0};

    assert_int_equal(canvas_init(&c, 1, cols, true, &e), ERR_OK);
    strbuf_init(&text, 4096);
    draw(&(struct pen){&c, 0, 0, cols});
    canvas_dump(&c, &text);
    if (strcmp(strbuf_text(&text), what) != 0)
        print_error("want \"%s\" got \"%s\"\n", what, strbuf_text(&text));
    assert_string_equal(strbuf_text(&text), what);
    strbuf_clear(&text);
    canvas_clear(&c);
}

static void bars(struct pen *p)
{
    static const int64_t values[] = {0, 1, 50, 100, CHART_UNKNOWN, CHART_NONE, 20};
    const struct chart c = {.values = values,
                            .n = ARRAY_LEN(values),
                            .cells = 1,
                            .height = 1,
                            .max = 100,
                            .marked = 99};

    chart_row(&c, p, 0);
}

static void wide_bars(struct pen *p)
{
    static const int64_t values[] = {100, 10, 100};
    const struct chart c = {.values = values,
                            .n = ARRAY_LEN(values),
                            .cells = 3,
                            .height = 2,
                            .max = 100,
                            .lines = {{.at = 80, .glyph = GLYPH_RULE}},
                            .band_from = 60,
                            .band_to = 90};

    chart_row(&c, p, 1);
}

static void gauge(struct pen *p)
{
    const struct chart_gauge g = {
        .reached = 50, .from = 60, .middle = 70, .to = 80, .limit = 100};

    chart_gauge(&g, p, 10);
}

static void gauge_over(struct pen *p)
{
    const struct chart_gauge g = {.reached = 100, .limit = 50};

    chart_gauge(&g, p, 10);
}

static void gauge_of_nothing(struct pen *p)
{
    chart_gauge(&(struct chart_gauge){.limit = 0}, p, 10);
}

static void test_percent(void **state)
{
    (void)state;
    assert_int_equal(chart_percent(1, 3), 33);
    assert_int_equal(chart_percent(2, 3), 67);
    assert_int_equal(chart_percent(-58, 100), -58);
    assert_int_equal(chart_percent(-1, 8), -13); /* 12.5, away from zero */
    assert_int_equal(chart_percent(5, 0), 0);
    assert_int_equal(chart_percent(INT64_MAX / 4, INT64_MAX / 2), 50);
}

static void test_drawing(void **state)
{
    (void)state;
    shows(" .-#? .\n", bars, 8);
    shows("##----==-\n", wide_bars, 10);
    shows("#####.=+=|\n", gauge, 10);
    shows("#####|####\n", gauge_over, 10);
    shows("\n", gauge_of_nothing, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale),   cmocka_unit_test(test_eighths),
        cmocka_unit_test(test_row_of),  cmocka_unit_test(test_percent),
        cmocka_unit_test(test_drawing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
