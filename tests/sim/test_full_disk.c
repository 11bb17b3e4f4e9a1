#include <config.h>

#include "core/base/str.h"
#include "core/store/store.h"
#include "tests/sim/weeks.h"

#include "tests/unit/folder.h"
#include "tests/unit/table.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * The disk is full for an hour in the middle of the move out: no act leaves whose intent
 * is not on disk, the snapshot says so, and once there is room again everything goes on
 * and nothing of the journal is missing.
 */

enum {
    HALF_DAY_S = 12 * 3600,
    FULL_FROM_S = 8 * 60,
    FULL_UNTIL_S = 68 * 60,
    FILE_LIMIT = 4096
};

struct disk {
    struct utc start;
    bool full;
    struct rlimit before;
    int64_t acts_while_full, minutes_degraded, minutes_full;
    int64_t entries;
};

static void set_full(struct disk *d, bool full)
{
    struct rlimit small = d->before;

    small.rlim_cur = FILE_LIMIT;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, full ? &small : &d->before), 0);
    d->full = full;
}

static void each_minute(void *ctx, const struct fleet *f)
{
    struct disk *d = ctx;
    int64_t s = f->at.s - d->start.s;

    if (d->full) {
        d->minutes_full++;
        for (size_t i = 0; i < f->n_degraded; i++) {
            if (strcmp(f->degraded[i], "store") == 0)
                d->minutes_degraded++;
        }
    }
    if (!d->full && s >= FULL_FROM_S && s < FULL_UNTIL_S)
        set_full(d, true);
    else if (d->full && s >= FULL_UNTIL_S)
        set_full(d, false);
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct disk *d = ctx;

    d->entries++;
    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%lld %s %s %s\n", (long long)(j->at.s - d->start.s),
                      level_word(j->level), j->server, j->text);
    /* The first act after the disk filled up is what finds it out; it comes back unsent.
     */
    if (d->full && j->level == LEVEL_ACT && d->minutes_degraded > 0)
        d->acts_while_full++;
}

struct counted {
    int64_t entries, last_seq, gaps, unsent;
};

static bool count_entry(void *ctx, const struct journal_entry *j)
{
    struct counted *k = ctx;

    k->entries++;
    if (j->seq != k->last_seq + 1)
        k->gaps++;
    k->last_seq = j->seq;
    if (strstr(j->text, "not sent: the state could not be written") != NULL)
        k->unsent++;
    return true;
}

static void test_full_disk(void **state)
{
    char dir[] = "/tmp/rushhour-test-XXXXXX";
    struct disk d = {0};
    struct counted k = {0};
    struct store *store = NULL;
    struct err e = {0};
    struct run *r;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &d.before), 0);
    /* lint: allow signal - ignoring is safe with it */
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    r = run_prepare(5);
    d.start = r->options.from;
    r->options.duration_s = HALF_DAY_S;
    r->options.state_dir = dir;
    r->options.each_minute = each_minute;
    r->options.each_entry = each_entry;
    r->options.ctx = &d;
    run_go(r);

    assert_true(d.minutes_full > 50);
    assert_true(d.minutes_degraded >= d.minutes_full - 2);
    assert_int_equal(d.acts_while_full, 0);
    /* back to work: all were in the cloud for most of the day, late by the hour without a
     * disk */
    assert_true(r->report.moves_out >= 4);
    assert_true(r->report.ready_s * 100 / r->report.planned_s >= 80);
    assert_int_equal(r->totals.both_places_ms, 0);
    assert_int_equal(r->totals.builds_killed_by_us, 0);

    assert_int_equal(store_open(dir, STORE_CLIENT, "demo", &store, &e), ERR_OK);
    assert_int_equal(store_journal_each(store, 0, count_entry, &k, &e), ERR_OK);
    store_close(store);
    assert_int_equal(k.entries, d.entries);
    assert_int_equal(k.gaps, 0);
    assert_true(k.unsent >= 1);
    run_free(r);
    assert_true(folder_remove(dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_full_disk)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
