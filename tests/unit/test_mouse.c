#include <config.h>

#include "tui/mouse.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"
#include "tests/unit/table.h"

static void test_reports(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; enum mouse_form form; const char *bytes; enum mouse_what got; int row, col;
        size_t used;
    } rows[] = {
        {"a click",             MOUSE_SGR, "0;12;5M",       MOUSE_CLICK,      4, 11, 7},
        {"far away",            MOUSE_SGR, "0;1000;300M",   MOUSE_CLICK,      299, 999, 11},
        {"let go",              MOUSE_SGR, "0;12;5m",       MOUSE_OTHER,      0, 0, 7},
        {"the wheel up",        MOUSE_SGR, "64;1;1M",       MOUSE_WHEEL_UP,   0, 0, 7},
        {"the wheel down",      MOUSE_SGR, "65;2;3M",       MOUSE_WHEEL_DOWN, 2, 1, 7},
        {"with Ctrl",           MOUSE_SGR, "16;2;3M",       MOUSE_CLICK,      2, 1, 7},
        {"the right button",    MOUSE_SGR, "2;2;3M",        MOUSE_OTHER,      0, 0, 6},
        {"a motion",            MOUSE_SGR, "32;2;3M",       MOUSE_OTHER,      0, 0, 7},
        {"column 0",            MOUSE_SGR, "0;0;3M",        MOUSE_OTHER,      0, 0, 6},
        {"too few numbers",     MOUSE_SGR, "0;3M",          MOUSE_OTHER,      0, 0, 4},
        {"too many numbers",    MOUSE_SGR, "0;3;4;5M",      MOUSE_OTHER,      0, 0, 6},
        {"a huge number",       MOUSE_SGR, "0;99999999M",   MOUSE_OTHER,      0, 0, 8},
        {"something else",      MOUSE_SGR, "0;x",           MOUSE_OTHER,      0, 0, 3},
        {"an old click",        MOUSE_OLD, " ,%",           MOUSE_CLICK,      4, 11, 3},
        {"an old release",      MOUSE_OLD, "#,%",           MOUSE_OTHER,      0, 0, 3},
        {"an old wheel",        MOUSE_OLD, "a!!",           MOUSE_WHEEL_DOWN, 0, 0, 3},
        {"old garbage",         MOUSE_OLD, "\001\002\003",  MOUSE_OTHER,      0, 0, 3},
        {"none was begun",      MOUSE_NONE, "x",            MOUSE_OTHER,      0, 0, 1},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mouse_reader r;
        struct mouse_event e = {.what = MOUSE_OTHER};
        size_t used = 0;

        mouse_begin(&r, rows[i].form);
        while (rows[i].bytes[used] != '\0' &&
               !mouse_feed(&r, (unsigned char)rows[i].bytes[used++], &e))
            continue;
        assert_row(rows[i].what, used == rows[i].used);
        assert_row(rows[i].what, r.form == MOUSE_NONE);
        assert_row(rows[i].what, e.what == rows[i].got);
        assert_row(rows[i].what, e.row == rows[i].row && e.col == rows[i].col);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reports)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
