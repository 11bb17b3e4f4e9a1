#include <config.h>

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "tests/sim/taken.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * bench_interruption - how long an interruption takes the tests away: from AWS's decision
 * to the closed node, with the queue of events and without; how long no node of the
 * server took builds; and what became of the builds in a quarter with many interruptions.
 * All of it on the simulated site's clock: the same numbers on every machine.
 */

enum { DAYS = 8, EACH_DAY = 3, SAMPLES = DAYS * EACH_DAY, QUARTER_S = 13 * WEEK_S };
enum { STORM = 20000 }; /* parts of a million, each hour: all instances are taken back */

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void row(const char *what, int64_t *v, size_t n)
{
    qsort(v, n, sizeof(*v), by_size);
    print_message("  %-46s %5lld s  %5lld s  %5lld s\n", what, (long long)v[n / 2],
                  (long long)v[n * 9 / 10], (long long)v[n - 1]);
}

static void measure(enum taken_way way, bool without_sqs, int64_t notice_s)
{
    int64_t closed[SAMPLES], gap[SAMPLES];
    char what[96];
    size_t n = 0;

    for (uint64_t seed = 1; seed <= DAYS; seed++) {
        struct taken_day d = {
            .way = way,
            .seed = seed,
            .at_s = {TAKEN_HM(10, 0), TAKEN_HM(12, 10), TAKEN_HM(14, 20)},
            .notice_s = notice_s,
            .without_sqs = without_sqs,
            .until_s = TAKEN_HM(15, 30)};

        taken_live(&d);
        for (size_t i = 0; i < d.n && n < SAMPLES; i++, n++) {
            closed[n] = d.all[i].closed_s - d.all[i].begun_s;
            gap[n] = d.all[i].gap_s;
        }
        taken_clear(&d);
    }
    (void)str_format(what, sizeof(what), "%s, %s notice, %s: node closed",
                     taken_word(way), notice_s != 0 ? "2m" : "no",
                     without_sqs ? "polls" : "queue");
    row(what, closed, n);
    (void)str_format(what, sizeof(what), "%s, %s notice, %s: gap", taken_word(way),
                     notice_s != 0 ? "2m" : "no", without_sqs ? "polls" : "queue");
    row(what, gap, n);
}

static void test_times(void **state)
{
    (void)state;
    print_message("%d interruptions of one of four servers each: median, 90 %%, worst\n",
                  SAMPLES);
    for (int w = 0; w < TAKEN_WAYS; w++) {
        measure((enum taken_way)w, false, 120);
        measure((enum taken_way)w, true, 120);
        measure((enum taken_way)w, false, 0);
    }
}

struct quarter {
    struct run *r;
    int64_t looked_ms, lost, forgotten;
};

/* The site forgets old builds; each is looked at once, an hour and more after its end. */
static void look(void *ctx, const struct fleet *f)
{
    enum { HOUR_MS = 3600 * 1000 };
    struct quarter *q = ctx;
    const struct world *w = q->r->site->w;

    (void)f;
    if (w->now - q->looked_ms < HOUR_MS)
        return;
    for (size_t j = 0; j < w->n_jobs; j++) {
        for (size_t k = 0; k < SIM_KEEP_BUILDS; k++) {
            const struct sim_build *b = w->jobs[j].builds[k];

            if (b == NULL || !b->lost || b->ended > w->now - HOUR_MS ||
                b->ended <= q->looked_ms - HOUR_MS)
                continue;
            q->lost++;
            q->forgotten += run_covers(q->r, b) ? 0 : 1;
        }
    }
    q->looked_ms = w->now;
}

static void test_quarter(void **state)
{
    static const char *const movers[] = {"velostrata", "ec2", "mixed"};

    (void)state;
    print_message("builds in a quarter with many interruptions:\n");
    for (size_t i = 0; i < ARRAY_LEN(movers); i++) {
        struct quarter q = {.r = run_prepare_as(90 + i, movers[i], NULL)};
        struct run *r = q.r;

        q.looked_ms = r->site->w->now;
        r->site->w->odds.storm_hour = STORM;
        r->options.level = DRIVE_TYPED;
        r->options.duration_s = QUARTER_S;
        r->options.each_minute = look;
        r->options.each_entry = NULL;
        r->options.ctx = &q;
        run_go(r);
        print_message("  %-10s %lld interruptions, %lld builds finished, %lld lost their "
                      "machine, %lld queued again, %lld twice, %lld forgotten\n",
                      movers[i], (long long)r->totals.interruptions,
                      (long long)r->totals.builds_finished, (long long)q.lost,
                      (long long)r->totals.builds_again,
                      (long long)r->totals.builds_again_twice, (long long)q.forgotten);
        assert_int_equal(r->totals.builds_again_twice + q.forgotten, 0);
        run_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_quarter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
