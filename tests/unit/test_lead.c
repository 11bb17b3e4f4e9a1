#include <config.h>

#include "core/policy/lead.h"
#include "core/policy/rerun.h"

#include "tests/unit/policy_util.h"

/* policy-and-cost 3.4: lead = start_p90 + ceil(n_out / max_moves) * move_p90 + join_p90 +
 * 2m */
static void test_lead(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        size_t n; /* moves that took so long */
        int64_t move, join, start;
        size_t n_out;
        int32_t max_moves;
        int64_t lead;
    } rows[] = {
        {"none known: 25m", 0, 0, 0, 0, 4, 2, 1500},
        {"four are not enough", 4, 300, 10, 120, 4, 2, 1500},
        {"five are", 5, 300, 10, 120, 4, 2, 120 + 2 * 300 + 10 + 120},
        {"three servers, two at a time: two rounds", 5, 300, 10, 120, 3, 2, 120 + 600 + 10 + 120},
        {"two servers: one round", 5, 300, 10, 120, 2, 2, 120 + 300 + 10 + 120},
        {"one at a time", 5, 300, 10, 120, 4, 1, 120 + 1200 + 10 + 120},
        {"no slot is one", 5, 300, 10, 120, 2, 0, 120 + 600 + 10 + 120},
        {"not under 5m", 5, 20, 1, 30, 1, 2, 300},
        {"not over 60m", 20, 1200, 60, 600, 8, 2, 3600},
        {"no server goes out", 5, 300, 10, 240, 0, 2, 240 + 10 + 120},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lead_history h = {0};

        for (size_t k = 0; k < rows[i].n; k++) {
            lead_note(&h.moves, rows[i].move);
            lead_note(&h.joins, rows[i].join);
            lead_note(&h.starts, rows[i].start);
        }
        assert_row(rows[i].what,
                   lead_learned(&h, rows[i].n_out, rows[i].max_moves) == rows[i].lead);
    }
}

/* Of twenty the two longest do not count; the oldest leaves. */
static void test_p90(void **state)
{
    struct lead_list l = {0};

    (void)state;
    assert_int_equal(lead_p90(&l, 42), 42);
    lead_note(&l, -5); /* over a clock that was set */
    assert_int_equal(l.n, 0);
    lead_note(&l, LEAD_LONGEST_S + 1);
    assert_int_equal(l.n, 0);
    lead_note(&l, 0); /* within a second */
    assert_int_equal(l.n, 1);
    l.n = 0;
    lead_note(&l, 7);
    assert_int_equal(lead_p90(&l, 42), 7);
    l.n = 0;
    for (int64_t v = 20; v > 0; v--)
        lead_note(&l, v);
    assert_int_equal(l.n, 20);
    assert_int_equal(lead_p90(&l, 42), 18);
    for (int64_t v = 0; v < 3; v++)
        lead_note(&l, 100); /* 20, 19, 18 leave */
    assert_int_equal(l.n, 20);
    assert_int_equal(lead_p90(&l, 42), 100);
    l.n = 10;
    for (size_t i = 0; i < 10; i++)
        l.s[i] = (int64_t)(i * 7 % 10);
    assert_int_equal(lead_p90(&l, 42), 8);
}

/* 5's table: 1st, 2nd, 3rd and later interruption within 2h. */
static void test_rerun(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *lost; size_t nth; const char *again; } rows[] = {
        {"11:00, 1st: move out again at once", "2026-11-24T11:00:00", 1, "2026-11-24T11:00:00"},
        {"11:40, 2nd: move out 11:45", "2026-11-24T11:40:00", 2, "2026-11-24T11:45:00"},
        {"12:10, 3rd: not before 12:25", "2026-11-24T12:10:00", 3, "2026-11-24T12:25:00"},
        {"4th: 45m", "2026-11-24T12:30:00", 4, "2026-11-24T13:15:00"},
        {"5th: still 45m", "2026-11-24T12:40:00", 5, "2026-11-24T13:25:00"},
    };
    /* clang-format on */
    struct tz *z = zone_load("Asia/Jerusalem");
    struct policy_config p = default_policy();
    struct utc losses[ARRAY_LEN(rows)];

    (void)state;
    assert_int_equal(rerun_at(&p, 1, (struct utc){1000}).s, 1000); /* no ladder at all */
    p.n_rerun_delay = 4;
    assert_int_equal(rerun_at(&p, 0, (struct utc){1000}).s, 1000); /* nothing was lost */
    p.rerun_delay[1] = 300;
    p.rerun_delay[2] = 900;
    p.rerun_delay[3] = 2700;
    p.rerun_window = 7200;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct utc now = at(z, rows[i].lost);
        size_t nth;

        losses[i] = now;
        nth = rerun_losses(losses, i + 1, now, p.rerun_window);
        assert_row(rows[i].what, nth == rows[i].nth);
        assert_row(rows[i].what, rerun_at(&p, nth, now).s == at(z, rows[i].again).s);
    }
    /* 2h after the first it does not count any more; what is yet to come never did. */
    assert_int_equal(rerun_losses(losses, 1, at(z, "2026-11-24T13:00:00"), 7200), 1);
    assert_int_equal(rerun_losses(losses, 1, at(z, "2026-11-24T13:00:01"), 7200), 0);
    assert_int_equal(rerun_losses(losses, 1, at(z, "2026-11-24T10:59:59"), 7200), 0);
    tz_free(z);
}

/* 2: as many interruptions as servers are a market event. */
static void test_market(void **state)
{
    (void)state;
    assert_false(rerun_is_market(3, 4));
    assert_true(rerun_is_market(4, 4));
    assert_true(rerun_is_market(5, 4));
    assert_false(rerun_is_market(1, 1));
    assert_true(rerun_is_market(2, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lead),
        cmocka_unit_test(test_p90),
        cmocka_unit_test(test_rerun),
        cmocka_unit_test(test_market),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
