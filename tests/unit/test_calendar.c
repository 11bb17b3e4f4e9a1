#include <config.h>

#include "core/model/calendar.h"

#include "tests/unit/policy_util.h"

/* policy-and-cost 3.3: the lines of the file of exception days. */
static void test_lines(void **state)
{
    /* clang-format off */
    static const struct {
        const char *line;
        bool found;
        int32_t day; /* of December 2026 */
        enum calendar_kind kind;
        size_t n;
        int32_t start, end; /* of the last window */
        const char *wrong;
    } rows[] = {
        {"2026-12-25 off", true, 25, CALENDAR_OFF, 0, 0, 0, NULL},
        {"2026-12-24 09:00-13:00", true, 24, CALENDAR_WINDOWS, 1, HM(9, 0), HM(13, 0), NULL},
        {"2026-12-04 on", true, 4, CALENDAR_ON, 0, 0, 0, NULL},
        {"  2026-12-04\ton\r", true, 4, CALENDAR_ON, 0, 0, 0, NULL},
        {"2026-12-25 off # Christmas", true, 25, CALENDAR_OFF, 0, 0, 0, NULL},
        {"2026-12-24 22:00-02:00", true, 24, CALENDAR_WINDOWS, 1, HM(22, 0), HM(2, 0), NULL},
        {"2026-12-24 09:00-12:00,14:00-24:00", true, 24, CALENDAR_WINDOWS, 2,
            HM(14, 0), HM(24, 0), NULL},
        {"2026-12-24 09:00-12:00, 14:00-18:00", true, 24, CALENDAR_WINDOWS, 2,
            HM(14, 0), HM(18, 0), NULL},
        {"", false, 0, CALENDAR_OFF, 0, 0, 0, NULL},
        {" \t ", false, 0, CALENDAR_OFF, 0, 0, 0, NULL},
        {"# only a word", false, 0, CALENDAR_OFF, 0, 0, 0, NULL},
        {"2026-02-30 off", false, 0, CALENDAR_OFF, 0, 0, 0, "is not a day like"},
        {"2026-13-01 off", false, 0, CALENDAR_OFF, 0, 0, 0, "is not a day like"},
        {"26-12-01 off", false, 0, CALENDAR_OFF, 0, 0, 0, "is not a day like"},
        {"2026-12-1 off", false, 0, CALENDAR_OFF, 0, 0, 0, "is not a day like"},
        {"2026/12/01 off", false, 0, CALENDAR_OFF, 0, 0, 0, "is not a day like"},
        {"2026-1x-01 off", false, 0, CALENDAR_OFF, 0, 0, 0, "is not a day like"},
        {"0000-00-00 off", false, 0, CALENDAR_OFF, 0, 0, 0, "is not a day like"},
        {"2026-12-25", false, 0, CALENDAR_OFF, 0, 0, 0, "does not say what that day is"},
        {"2026-12-25 ,", false, 0, CALENDAR_OFF, 0, 0, 0, "does not say what that day is"},
        {"2026-12-25 Off", false, 0, CALENDAR_OFF, 0, 0, 0, "is neither off nor on"},
        {"2026-12-25 9:00-13:00", false, 0, CALENDAR_OFF, 0, 0, 0, "is neither off nor on"},
        {"2026-12-25 09:00-09:00", false, 0, CALENDAR_OFF, 0, 0, 0, "is neither off nor on"},
        {"2026-12-25 off on", false, 0, CALENDAR_OFF, 0, 0, 0, "stand alone"},
        {"2026-12-25 off 09:00-10:00", false, 0, CALENDAR_OFF, 0, 0, 0, "stand alone"},
        {"2026-12-25 09:00-10:00 off", false, 0, CALENDAR_OFF, 0, 0, 0, "stand alone"},
        {"2026-12-25 01:00-02:00,03:00-04:00,05:00-06:00,07:00-08:00,09:00-10:00", false, 0,
            CALENDAR_OFF, 0, 0, 0, "more than 4 windows"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct calendar_day d;
        struct err e = {0};
        bool found = false;
        enum err_code rc;

        memset(&d, 0xa5, sizeof(d));
        rc = calendar_line(rows[i].line, &d, &found, &e);
        assert_row(rows[i].line, (rc == ERR_OK) == (rows[i].wrong == NULL));
        assert_row(rows[i].line, found == rows[i].found);
        if (rows[i].wrong != NULL)
            assert_row(rows[i].line, strstr(e.text, rows[i].wrong) != NULL);
        if (!found)
            continue;
        assert_row(rows[i].line, d.day == civil_to_days(2026, 12, rows[i].day));
        assert_row(rows[i].line, d.kind == rows[i].kind && d.n == rows[i].n);
        if (d.n > 0) {
            assert_row(rows[i].line, d.start_min[d.n - 1] == rows[i].start);
            assert_row(rows[i].line, d.end_min[d.n - 1] == rows[i].end);
        }
    }
}

/* A line that is far too long is no day, and no harm. */
static void test_long(void **state)
{
    static char line[4096];
    struct calendar_day d;
    struct err e = {0};
    bool found;

    (void)state;
    memset(line, '1', sizeof(line) - 1);
    assert_int_equal(calendar_line(line, &d, &found, &e), ERR_SYNTAX);
    memcpy(line, "2026-12-25 ", 11);
    err_clear(&e);
    assert_int_equal(calendar_line(line, &d, &found, &e), ERR_SYNTAX);
}

static void test_find(void **state)
{
    struct calendar_day days[5];

    (void)state;
    memset(days, 0, sizeof(days));
    for (size_t i = 0; i < 5; i++)
        days[i].day = 10 + 2 * (int64_t)i;
    for (size_t n = 0; n <= 5; n++) {
        for (int64_t day = 8; day < 24; day++) {
            const struct calendar_day *d = calendar_find(days, n, day);
            bool there = day % 2 == 0 && day >= 10 && day < 10 + 2 * (int64_t)n;

            assert_true((d != NULL) == there);
            assert_true(d == NULL || d->day == day);
        }
    }
    assert_null(calendar_find(NULL, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
