#include <config.h>

#include "tui/layout.h"

#include <string.h>

#include "core/base/attr.h"
#include "tests/unit/table.h"

struct block {
    int row, rows;
};

static void check(const struct layout_input *in)
{
    struct layout l;
    char used[256] = {0};
    int x = 0;

    layout_make(in, &l);
    assert_true(l.rows == in->rows && l.cols == in->cols);
    {
        const struct block blocks[] = {
            {l.title, 1},
            {l.next, 1},
            {l.esx, 1},
            {l.cost, 1},
            {l.table_rule, 1},
            {l.table_head, 1},
            {l.table, l.table_rows},
            {l.total, 1},
            {l.moves_rule, 1},
            {l.moves, l.moves_rows},
            {l.events_rule, 1},
            {l.events, l.events_rows},
            {l.message, 1},
            {l.hints, 1},
        };

        for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
            if (blocks[i].row < 0)
                continue;
            assert_true(blocks[i].rows >= 0 &&
                        blocks[i].row + blocks[i].rows <= in->rows);
            for (int r = blocks[i].row; r < blocks[i].row + blocks[i].rows; r++) {
                assert_int_equal(used[r], 0);
                used[r] = 1;
            }
        }
    }
    for (size_t i = 0; i < l.n_columns; i++) {
        assert_true(l.columns[i].x >= x && l.columns[i].width > 0);
        x = l.columns[i].x + l.columns[i].width;
        assert_true(x <= in->cols);
    }
    if (l.form >= FORM_TINY) /* the table is what goes last */
        assert_true(l.table >= 0 && l.table_rows >= 1);
    if (l.form >= FORM_SMALL)
        assert_non_null(layout_column(&l, COLUMN_SERVER));
}

static void test_every_size(void **state)
{
    static const int servers[] = {0, 1, 4, 25, 1000}, moves[] = {0, 2, 8};

    (void)state;
    for (int rows = 1; rows <= 80; rows++) {
        for (int cols = 1; cols <= 250; cols++) {
            for (size_t s = 0; s < ARRAY_LEN(servers); s++) {
                struct layout_input in = {rows, cols, servers[s], moves[s % 3], 10, 4};

                check(&in);
            }
        }
    }
}

/* The order in which columns go as the screen gets narrow (tui-conventions F6). */
static void test_columns(void **state)
{
    /* clang-format off */
    static const struct { int cols; const char *shown; } rows[] = {
        {200, "SWDIAPKJTHYM"},
        {120, "SWDIAPKJTHYM"},
        {118, "SWDAPKJTHYM"},
        {108, "SWDPKJTHYM"},
        {102, "SWDKJTHYM"},
        {80,  "SWKJTHY"},
        {70,  "SWKJTH"},
    };
    /* clang-format on */
    static const char letters[] = "SWDIAPKJTHYM";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct layout_input in = {35, rows[i].cols, 4, 0, 10, 2};
        char shown[COLUMN_COUNT + 1] = "";
        struct layout l;

        layout_make(&in, &l);
        for (size_t k = 0; k < l.n_columns; k++)
            shown[k] = letters[l.columns[k].id];
        if (strcmp(shown, rows[i].shown) != 0)
            print_error("%d columns: %s\n", rows[i].cols, shown);
        assert_string_equal(shown, rows[i].shown);
        assert_int_equal(l.where_folded, strchr(shown, 'D') == NULL);
    }
}

static void test_forms(void **state)
{
    static const struct {
        int rows, cols;
        enum layout_form form;
    } rows[] = {{1, 80, FORM_LINE},   {4, 20, FORM_TOKENS}, {7, 120, FORM_TOKENS},
                {10, 40, FORM_TINY},  {15, 60, FORM_TINY},  {24, 80, FORM_SMALL},
                {35, 120, FORM_WIDE}, {60, 200, FORM_WIDE}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct layout_input in = {rows[i].rows, rows[i].cols, 4, 1, 8, 2};
        struct layout l;

        layout_make(&in, &l);
        assert_int_equal(l.form, rows[i].form);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
