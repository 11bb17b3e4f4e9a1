#include <config.h>

#include "core/sim/site_impl.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

/*
 * The controller dies at any moment, as by kill -9, with calls under way whose answers
 * nobody hears; the next one goes on from the store and from what it sees.
 */

enum { DAYS = 2, MEAN_S = 15 * 60 };

static void test_crashes(void **state)
{
    int64_t crashes = 0;

    (void)state;
    for (uint64_t seed = 20; seed < 24; seed++) {
        struct run *r = run_crashing(seed, DAYS * 86400, MEAN_S);
        int64_t percent = r->report.ready_s * 100 / r->report.planned_s;

        print_message(
            "seed %llu: %lld crashes, ready %lld %%, %lld launches by %lld calls\n",
            (unsigned long long)seed, (long long)r->report.crashes, (long long)percent,
            (long long)r->totals.launches, (long long)r->watched.run_calls);
        crashes += r->report.crashes;
        /* it gets there all the same */
        assert_true(percent >= 90);
        assert_int_equal(r->watched.in_cloud_late, 0);
        assert_int_equal(r->watched.extension_late, 0);
        /* nothing runs twice, no launch without its intent, no build is killed */
        assert_int_equal(r->totals.both_places_ms, 0);
        assert_true(r->totals.launches <= r->watched.run_calls);
        assert_int_equal(r->totals.builds_killed_by_us, 0);
        assert_int_equal(r->report.violations, 0);
        run_free(r);
    }
    assert_true(crashes > 400);
}

static void test_crashes_repeat(void **state)
{
    struct run *a = run_crashing(30, 43200, MEAN_S), *b = run_crashing(30, 43200, MEAN_S);

    (void)state;
    assert_true(a->report.trace == b->report.trace);
    assert_int_equal(a->report.crashes, b->report.crashes);
    run_free(a);
    run_free(b);
}

/* An interruption counts once on the ladder of re-runs, however often the program dies on
 * the way home. */
static void test_loss_counts_once(void **state)
{
    enum { STORM = 400000, SHORT_S = 90 };
    static const char *const movers[] = {"velostrata", "ec2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(movers); i++) {
        struct run *r = run_prepare_as(60 + i, movers[i], NULL);

        r->site->w->odds.storm_hour = STORM;
        r->options.duration_s = 43200;
        r->options.crash_mean_s = SHORT_S;
        run_go(r);
        print_message("%s: %lld crashes, %lld interruptions, %lld told\n", movers[i],
                      (long long)r->report.crashes, (long long)r->totals.interruptions,
                      (long long)r->watched.losses);
        assert_row(movers[i], r->totals.interruptions >= 4);
        assert_row(movers[i], r->watched.losses == r->totals.interruptions);
        assert_int_equal(r->report.violations, 0);
        run_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_counts_once),
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_crashes_repeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
