#include <config.h>

#include "core/model/window.h"

#include "tests/unit/table.h"

#include <string.h>

static void test_parse(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *text; uint8_t days; int32_t start, end; const char *back; } rows[] = {
        {"the story's window",   "Sun-Thu 09:00-18:00", 0x1f, 540, 1080, "Sun-Thu 09:00-18:00"},
        {"a range wraps",        "Sat-Mon 09:00-18:00", 0x43, 540, 1080, "Sat-Mon 09:00-18:00"},
        {"one day",              "Mon 09:00-18:00",     0x02, 540, 1080, "Mon 09:00-18:00"},
        {"a range of one",       "Mon-Mon 09:00-18:00", 0x02, 540, 1080, "Mon 09:00-18:00"},
        {"a range of two",       "Mon-Tue 09:00-18:00", 0x06, 540, 1080, "Mon,Tue 09:00-18:00"},
        {"commas",               "Mon,Wed 09:00-18:00", 0x0a, 540, 1080, "Mon,Wed 09:00-18:00"},
        {"commas and spaces",    "Sun, Tue 09:00-18:00", 0x05, 540, 1080, "Sun,Tue 09:00-18:00"},
        {"commas make a range",  "Tue,Mon,Sun 09:00-18:00", 0x07, 540, 1080, "Sun-Tue 09:00-18:00"},
        {"all days",             "Wed-Tue 09:00-18:00", 0x7f, 540, 1080, "Sun-Sat 09:00-18:00"},
        {"any case",             "sun-THU 09:00-18:00", 0x1f, 540, 1080, "Sun-Thu 09:00-18:00"},
        {"over midnight",        "Thu 22:00-06:00",     0x10, 1320, 360, "Thu 22:00-06:00"},
        {"to the end of day",    "Thu 22:00-24:00",     0x10, 1320, 1440, "Thu 22:00-24:00"},
        {"to the next day's 0",  "Thu 22:00-00:00",     0x10, 1320, 1440, "Thu 22:00-24:00"},
        {"a whole day",          "Thu 00:00-24:00",     0x10, 0, 1440, "Thu 00:00-24:00"},
        {"the last minute",      "Thu 23:59-00:01",     0x10, 1439, 1, "Thu 23:59-00:01"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct window w = {0}, again = {0};
        struct err e = {0};
        char buf[WINDOW_TEXT];

        assert_row(rows[i].what, window_parse(rows[i].text, &w, &e) == ERR_OK);
        assert_row(rows[i].what, w.days == rows[i].days);
        assert_row(rows[i].what, w.start_min == rows[i].start);
        assert_row(rows[i].what, w.end_min == rows[i].end);
        assert_row(rows[i].what, strcmp(window_text(&w, buf), rows[i].back) == 0);
        assert_row(rows[i].what, window_parse(buf, &again, &e) == ERR_OK);
        assert_row(rows[i].what, memcmp(&w, &again, sizeof(w)) == 0);
    }
}

static void test_all_day_sets(void **state)
{
    (void)state;
    for (int days = 1; days < 128; days++) {
        struct window w = {(uint8_t)days, 540, 1080}, again = {0};
        struct err e = {0};
        char buf[WINDOW_TEXT];

        assert_int_equal(window_parse(window_text(&w, buf), &again, &e), ERR_OK);
        assert_int_equal(again.days, w.days);
    }
}

static void test_refused(void **state)
{
    /* clang-format off */
    static const struct { const char *text, *why; } rows[] = {
        {"",                          "is not a day"},
        {"09:00-18:00",               "is not a day"},
        {"Sunday 09:00-18:00",        "is not a window"},
        {"Sun-Foo 09:00-18:00",       "\"Foo 09:00-18:00\" is not a day"},
        {"Sun, 09:00-18:00",          "is not a day"},
        {"Sun-Tue,Thu 09:00-18:00",   "is not a window"},
        {"Sun-Thu",                   "is not a window"},
        {"Sun-Thu 9:00-18:00",        "two digits"},
        {"Sun-Thu 09:00",             "is not a window"},
        {"Sun-Thu 09:00 - 18:00",     "is not a window"},
        {"Sun-Thu 09:60-18:00",       "is not a window"},
        {"Sun-Thu 25:00-18:00",       "is not a window"},
        {"Sun-Thu 09:00-24:01",       "is not a window"},
        {"Sun-Thu 24:00-18:00",       "is not a window"},
        {"Sun-Thu 09:00-09:00",       "ends when it starts"},
        {"Sun-Thu 00:00-00:00",       "ends when it starts"},
        {"Sun-Thu 09:00-18:00 ",      "is not a window"},
        {"Sun-Thu 09:00-18:00, Fri",  "is not a window"},
        {"Sun-Thu 09:0",              "is not a window"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct window w = {.days = 99};
        struct err e = {0};

        assert_row(rows[i].text, window_parse(rows[i].text, &w, &e) == ERR_SYNTAX);
        assert_row(rows[i].text, strstr(e.text, rows[i].why) != NULL);
        assert_row(rows[i].text, w.days == 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_all_day_sets),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
