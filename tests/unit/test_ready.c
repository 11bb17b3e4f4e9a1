#include <config.h>

#include "core/sim/ready.h"

#include "tests/unit/table.h"

/* Readiness of one server in a rush hour from 09:00 to 18:00 UTC; times in minutes of the
 * day, Monday 2026-11-23. */

enum { MONDAY = 1795392000, MIN_S = 60, NEVER = -1 };

struct change {
    int32_t at_min;
    bool ready, excused;
};

static void test_rows(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; int32_t from_min, to_min; struct change changes[4]; size_t n;
        int64_t planned_min, ready_min, late_min; /* NEVER: nothing is told of it */
    } rows[] = {
        {"ready before", 0, 1440, {{8 * 60, true, false}}, 1, 540, 540, 0},
        {"an hour late", 0, 1440, {{10 * 60, true, false}}, 1, 540, 480, 60},
        {"never ready counts as the whole of it", 0, 1440, {{0}}, 0, 540, 0, 540},
        {"lost at noon, back at one", 0, 1440,
         {{8 * 60, true, false}, {12 * 60, false, false}, {13 * 60, true, false}}, 3, 540, 480, 0},
        {"ready afterwards is of no use", 0, 1440, {{19 * 60, true, false}}, 1, 540, 0, 540},
        {"kept home by a person all day", 0, 1440, {{8 * 60, false, true}}, 1, 0, 0, NEVER},
        {"kept home until noon", 0, 1440,
         {{8 * 60, false, true}, {12 * 60, false, false}, {12 * 60 + 10, true, false}}, 3, 360, 350, 190},
        {"we look from noon on", 12 * 60, 1440, {{12 * 60, true, false}}, 1, 360, 360, NEVER},
        {"we look until noon", 0, 12 * 60, {{9 * 60 + 5, true, false}}, 1, 180, 175, 5},
        {"outside of it", 19 * 60, 1440, {{19 * 60, true, false}}, 1, 0, 0, NEVER},
    };
    /* clang-format on */
    const struct policy_config policy = {
        .windows = {{.days = 1 << 1, .start_min = 9 * 60, .end_min = 18 * 60}},
        .n_windows = 1};
    struct tz *tz = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(tz_load("Etc/UTC", &tz, &e), ERR_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct utc from = {MONDAY + rows[i].from_min * MIN_S};
        const struct utc to = {MONDAY + rows[i].to_min * MIN_S};
        struct readiness r;

        assert_int_equal(readiness_init(&r, &policy, tz, 1, from, to, &e), ERR_OK);
        for (size_t k = 0; k < rows[i].n; k++) {
            const struct change *c = &rows[i].changes[k];

            readiness_advance(&r, (struct utc){MONDAY + c->at_min * MIN_S});
            readiness_note(&r, 0, c->ready, c->excused);
        }
        readiness_advance(&r, to);
        readiness_sort(&r);
        assert_row(rows[i].what, r.planned_s == rows[i].planned_min * MIN_S);
        assert_row(rows[i].what, r.ready_s == rows[i].ready_min * MIN_S);
        assert_row(rows[i].what, r.n_late == (rows[i].late_min == NEVER ? 0 : 1));
        if (rows[i].late_min != NEVER)
            assert_row(rows[i].what,
                       readiness_late_s(&r, 99) == rows[i].late_min * MIN_S);
        readiness_clear(&r);
    }
    tz_free(tz);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
