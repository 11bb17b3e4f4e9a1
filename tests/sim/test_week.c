#include <config.h>

#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

/* What is checked is the promise to the operator, not the way there. */

static void test_week(void **state)
{
    struct run *r = run_story(1, WEEK_S);
    const struct watched *w = &r->watched;
    int64_t percent = r->report.ready_s * 10000 / r->report.planned_s;

    (void)state;
    print_message(
        "ready %lld.%02lld %%, %lld interruptions, %lld moves out, trace %016llx\n",
        (long long)percent / 100, (long long)percent % 100,
        (long long)r->report.interruptions, (long long)r->report.moves_out,
        (unsigned long long)r->report.trace);
    /* 5 working days, 4 servers, 9 hours */
    assert_int_equal(r->report.planned_s, 5 * 4 * 9 * 3600);
    assert_true(percent >= 9700);
    assert_int_equal(w->in_cloud_late, 0);
    assert_int_equal(w->extension_late, 0);
    if (w->acts_unexplained > 0)
        fail_msg("unexplained: %s", w->first_wrong);
    assert_true(w->acts > 100);
    /* The host at home is contended, and the same tests end sooner out there. */
    assert_true(r->report.speedup_known);
    assert_true(r->report.speedup_percent > 10 && r->report.speedup_percent < 70);
    assert_int_equal(r->report.speedup_jobs, 16);
    assert_true(r->report.speedup_builds > 300);
    assert_int_equal(r->report.violations, 0);
    assert_int_equal(r->totals.builds_killed_by_us, 0);
    assert_int_equal(r->totals.both_places_ms, 0);
    run_free(r);
}

/* Interruptions come by chance: over some stretches of days there are enough of them. */
static void test_interruptions(void **state)
{
    int64_t losses = 0, due = 0;

    (void)state;
    for (uint64_t seed = 10; seed < 14; seed++) {
        struct run *r = run_story(seed, 4 * 86400);

        assert_int_equal(r->watched.losses, r->totals.interruptions);
        assert_int_equal(r->watched.homecomings, r->watched.losses);
        for (size_t i = 0; i < 4; i++)
            assert_false(r->watched.waiting_return[i] || r->watched.waiting_rerun[i]);
        losses += r->watched.losses;
        due += r->watched.reruns_due;
        assert_int_equal(r->report.violations, 0);
        assert_int_equal(r->totals.builds_killed_by_us, 0);
        run_free(r);
    }
    print_message("%lld interruptions, %lld re-runs due\n", (long long)losses,
                  (long long)due);
    assert_true(losses >= 3);
    assert_true(due >= 1);
}

static void test_same_seed_same_trace(void **state)
{
    struct run *a = run_story(7, 86400), *b = run_story(7, 86400),
               *c = run_story(8, 86400);

    (void)state;
    assert_true(a->report.trace == b->report.trace);
    assert_int_equal(a->report.steps, b->report.steps);
    assert_true(a->report.trace != c->report.trace);
    run_free(a);
    run_free(b);
    run_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_week),
        cmocka_unit_test(test_interruptions),
        cmocka_unit_test(test_same_seed_same_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
