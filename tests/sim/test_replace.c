#include <config.h>

#include "tests/sim/weeks.h"

#include "core/base/str.h"
#include "core/sim/site_impl.h"

#include "tests/unit/folder.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * handover = "overlap" and an interruption notice (policy-and-cost 5.2): an instance in
 * another zone takes over, and where none may, the VM at home.
 */

enum { DAY_S = 12 * 3600, EVENING_S = 34200, TIMES = 3 };

static const char zone_a[] = "eu-west-1a", zone_b[] = "eu-west-1b";

struct day {
    struct run *r;
    struct watched *watched;
    int64_t at[TIMES]; /* the instance of `cache` is taken back then, 0 = no more */
    size_t done;
    bool late_only; /* AWS does not take it back after all */
    bool no_other;  /* the other zone has no capacity */
    bool no_boot;   /* what is launched in the next minutes never comes up */
    int64_t notice, taken[TIMES], taken_ms;
    int64_t replaced, homecomings, losses, ends, node_closed_s;
    char first_launch[LINE_TEXT], last_launch[LINE_TEXT];
    int64_t hits;
    enum call_kind kind;
    enum drive_fate fate;
};

static void take_back(struct day *d)
{
    struct world *w = d->r->site->w;
    const struct sim_instance *i = world_server_instance(w, 0);

    if (i == NULL || i->reclaim_at != 0 || i->state != SIM_RUNNING || !i->reachable)
        return;
    for (int32_t t = 0; d->no_other && t < (int32_t)w->n_types; t++)
        assert_int_equal(world_set_capacity(w, t, 1, false), SIM_OK);
    assert_int_equal(world_interrupt(w, i->id, (d->late_only ? 3600 : 120) * 1000, false),
                     SIM_OK);
    d->taken_ms = w->now;
    if (d->no_boot)
        w->odds.boot_hangs = 1000000;
    d->done++;
}

static void each_minute(void *ctx, const struct fleet *f)
{
    enum { HANGS_MS = 5 * 60 * 1000 };
    struct day *d = ctx;
    int64_t into = f->at.s - d->r->options.from.s;

    if (d->no_boot && d->r->site->w->now - d->taken_ms > HANGS_MS)
        d->r->site->w->odds.boot_hangs = 0;
    if (d->done < TIMES && d->at[d->done] != 0 && into >= d->at[d->done])
        take_back(d);
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct day *d = ctx;
    bool spot = str_eq(j->actor, "spot");

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%lld %s %s %s: %s\n", (long long)(j->at.s - d->r->options.from.s),
                      level_word(j->level), j->actor, j->server, j->text);
    if (str_eq(j->action, "launch") && j->level == LEVEL_ACT)
        d->watched->launch_calls++;
    if (!str_eq(j->server, "cache"))
        return;
    if (str_eq(j->action, "notice"))
        d->notice = j->at.s;
    if (str_eq(j->action, "node-close") && j->level == LEVEL_ACT && d->notice != 0 &&
        d->node_closed_s < 0)
        d->node_closed_s = j->at.s - d->notice;
    d->losses += str_eq(j->action, "loss") ? 1 : 0;
    d->ends += str_eq(j->action, "terminate") && spot && j->level == LEVEL_ACT ? 1 : 0;
    if (str_eq(j->action, "offering") && j->level == LEVEL_INFO)
        (void)str_copy(d->first_launch[0] == '\0' ? d->first_launch : d->last_launch,
                       LINE_TEXT, j->text);
    if (!str_eq(j->action, "move-end") || j->outcome != OUTCOME_DONE)
        return;
    if (str_eq(j->to, "onprem")) {
        d->homecomings += j->at.s - d->r->options.from.s < EVENING_S ? 1 : 0;
    } else if (spot && d->replaced < TIMES) {
        d->taken[d->replaced++] = j->at.s - d->notice;
    }
}

static void open_day(struct day *d, uint64_t seed, enum drive_level level,
                     const char *faults)
{
    const struct site_options so = {
        .seed = seed, .servers = 2, .mover = "ec2", .more_zones = 1, .faults = faults};

    d->r = run_prepare_site(&so);
    d->watched = &d->r->watched;
    d->node_closed_s = -1;
    for (size_t i = 0; i < d->r->config->n_servers; i++)
        d->r->config->servers[i].overlaps = true;
    d->r->config->policy.max_overlap = 3600; /* no build is stopped for that */
    d->r->site->w->odds.calm = true;
    d->r->options.level = level;
    d->r->options.duration_s = DAY_S;
    d->r->options.each_minute = each_minute;
    d->r->options.each_entry = each_entry;
    d->r->options.ctx = d;
}

static int64_t alive(const struct day *d)
{
    const struct world *w = d->r->site->w;
    int64_t n = 0;

    for (size_t i = 0; i < w->n_instances; i++)
        n += w->instances[i]->dying_since == 0 ? 1 : 0;
    return n;
}

static void close_day(struct day *d)
{
    const struct drive_report *p = &d->r->report;

    if (p->violations > 0)
        fail_msg("%s", p->violation);
    assert_int_equal(d->r->totals.builds_killed_by_us, 0);
    assert_int_equal(alive(d), 0);
    for (size_t i = 0; i < d->r->config->n_servers; i++)
        assert_int_equal(d->r->site->w->vms[i].power, SIM_POWER_ON);
    run_free(d->r);
}

/* The ledger's instances are billed as AWS bills them: each in its zone. */
static void check_bill(const struct day *d)
{
    const struct account_bill *b = &d->r->report.cost;
    int64_t spot = b->bill.items[COST_SPOT].nanos, aws = d->r->totals.spot_nanos;

    print_message("spot $%lld.%04lld, AWS bills $%lld.%04lld\n",
                  (long long)(spot / 1000000000), (long long)(spot / 100000 % 10000),
                  (long long)(aws / 1000000000), (long long)(aws / 100000 % 10000));
    assert_true(b->known);
    assert_in_range(spot, aws * 98 / 100, aws * 102 / 100);
}

static void set_prices(struct day *d, int64_t a, int64_t b)
{
    struct world *w = d->r->site->w;

    for (int32_t t = 0; t < (int32_t)w->n_types; t++) {
        assert_int_equal(world_set_price(w, t, 0, a), SIM_OK);
        assert_int_equal(world_set_price(w, t, 1, b), SIM_OK);
    }
}

/* Home is never powered on, the other zone's node takes over, its price is what counts.
 */
static void test_other_zone(void **state)
{
    static const enum drive_level levels[] = {DRIVE_WIRE, DRIVE_TYPED};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        struct day d = {.at = {2 * 3600}};
        const struct world *w;

        open_day(&d, 21 + i, levels[i], NULL);
        set_prices(&d, 50000000, 90000000);
        w = d.r->site->w;
        run_go(d.r);
        print_message("node closed %lld s, replaced %lld s after the notice; ready %lld "
                      "%%\n",
                      (long long)d.node_closed_s, (long long)d.taken[0],
                      (long long)(d.r->report.ready_s * 100 / d.r->report.planned_s));
        assert_int_equal(d.done, 1);
        assert_int_equal(d.losses, 1);
        assert_int_equal(d.replaced, 1);
        assert_int_equal(d.homecomings, 0);
        assert_int_equal(d.ends, 0);
        assert_in_range(d.node_closed_s, 0, 15);
        assert_in_range(d.taken[0], 30, 240);
        assert_non_null(strstr(d.first_launch, zone_a));
        assert_non_null(strstr(d.last_launch, zone_b));
        assert_int_equal(w->totals.interruptions, 1);
        assert_true(d.r->report.ready_s * 100 >= d.r->report.planned_s * 99);
        check_bill(&d);
        close_day(&d);
    }
}

/* Where no replacement may be, it comes home as before. */
static void test_home(void **state)
{
    static const struct {
        const char *what;
        int64_t at[TIMES];
        bool no_other, no_boot;
        int64_t replaced, homecomings;
    } rows[] = {
        {"no capacity elsewhere", {2 * 3600}, true, false, 0, 1},
        {"the other one never comes up", {2 * 3600}, false, true, 0, 1},
        {"the second within two hours waits, at home",
         {2 * 3600, 2 * 3600 + 1800},
         false,
         false,
         1,
         1},
        {"a later one is replaced again", {2 * 3600, 5 * 3600}, false, false, 2, 0},
        {"less than min_remaining of the window left",
         {8 * 3600 + 3600 + 600},
         false,
         false,
         0,
         1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct day d = {.no_other = rows[i].no_other, .no_boot = rows[i].no_boot};

        memcpy(d.at, rows[i].at, sizeof(d.at));
        open_day(&d, 31, DRIVE_TYPED, NULL);
        run_go(d.r);
        print_message("%s: %lld losses, %lld replaced, %lld home\n", rows[i].what,
                      (long long)d.losses, (long long)d.replaced,
                      (long long)d.homecomings);
        assert_row(rows[i].what, d.losses == (int64_t)d.done);
        assert_row(rows[i].what, d.replaced == rows[i].replaced);
        assert_row(rows[i].what, d.homecomings == rows[i].homecomings);
        close_day(&d);
    }
}

/* A notice that comes to nothing: two of one server do not go on for long. */
static void test_not_taken(void **state)
{
    struct day d = {.at = {2 * 3600}, .late_only = true};

    (void)state;
    open_day(&d, 41, DRIVE_TYPED, NULL);
    run_go(d.r);
    assert_int_equal(d.replaced, 1);
    assert_int_equal(d.ends, 1);
    assert_int_equal(d.homecomings, 0);
    close_day(&d);
}

static enum drive_fate fate(void *ctx, const struct call *call)
{
    struct day *d = ctx;
    bool hit = call->kind == d->kind && str_eq(call->server, "cache") && d->done > 0 &&
               d->hits < 2;

    d->hits += hit ? 1 : 0;
    return hit ? d->fate : FATE_DONE;
}

/* Answers that are lost and deaths of the program, around each call of a replacement. */
static void test_fates(void **state)
{
    static const enum call_kind kinds[] = {CALL_LAUNCH, CALL_NODE_CLOSE, CALL_NODE_LAUNCH,
                                           CALL_NODE_OPEN};
    static const char *const fates[] = {[FATE_LOST_BEFORE] = "lost before",
                                        [FATE_LOST_AFTER] = "lost after",
                                        [FATE_CRASH_BEFORE] = "crash before",
                                        [FATE_CRASH_AFTER] = "crash after"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (int f = FATE_LOST_BEFORE; f <= FATE_CRASH_AFTER; f++) {
            struct day d = {
                .at = {2 * 3600}, .kind = kinds[i], .fate = (enum drive_fate)f};
            char dir[] = "/tmp/rushhour-test-XXXXXX", what[96];

            assert_non_null(mkdtemp(dir));
            (void)str_format(what, sizeof(what), "%s, %s", call_word(kinds[i]), fates[f]);
            open_day(&d, 51, DRIVE_WIRE, NULL);
            d.r->options.state_dir = dir;
            d.r->options.fate = fate;
            run_go(d.r);
            print_message("%s: %lld hits, %lld replaced, %lld home, %lld launches\n",
                          what, (long long)d.hits, (long long)d.replaced,
                          (long long)d.homecomings, (long long)d.r->totals.launches);
            assert_row(what, d.hits > 0);
            assert_row(what, d.losses == 1);
            assert_row(what, d.replaced == 1 && d.homecomings == 0);
            close_day(&d);
            assert_true(folder_remove(dir));
        }
    }
}

/* Killed again and again while instances are taken back. */
static void test_crashes(void **state)
{
    (void)state;
    for (uint64_t seed = 61; seed < 65; seed++) {
        struct day d = {.at = {2 * 3600, 5 * 3600, 8 * 3600}};

        open_day(&d, seed, DRIVE_WIRE, NULL);
        d.r->options.crash_mean_s = 5 * 60;
        run_go(d.r);
        print_message("%lld crashes: %lld losses, %lld replaced, %lld home; ready %lld "
                      "%%\n",
                      (long long)d.r->report.crashes, (long long)d.losses,
                      (long long)d.replaced, (long long)d.homecomings,
                      (long long)(d.r->report.ready_s * 100 / d.r->report.planned_s));
        assert_int_equal(d.done, 3);
        assert_int_equal(d.losses, 3);
        assert_true(d.replaced + d.homecomings >= 3);
        close_day(&d);
    }
}

/* Nothing that goes wrong on the way makes two of one. */
static void test_faults(void **state)
{
    static const char *const faults[] = {"ec2.reset-after=0.3", "ec2.late-500=0.3",
                                         "ec2.timeout=0.2",     "no-capacity=0.5",
                                         "no-agent=0.5",        "jenkins.status-503=0.3",
                                         "ec2.reset-before=0.3"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct day d = {.at = {2 * 3600, 5 * 3600, 8 * 3600}};

        open_day(&d, 71 + i, DRIVE_WIRE, faults[i]);
        run_go(d.r);
        print_message("%s: %lld losses, %lld replaced, %lld home; ready %lld %%\n",
                      faults[i], (long long)d.losses, (long long)d.replaced,
                      (long long)d.homecomings,
                      (long long)(d.r->report.ready_s * 100 / d.r->report.planned_s));
        assert_true(d.done > 0);
        close_day(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_zone), cmocka_unit_test(test_home),
        cmocka_unit_test(test_not_taken),  cmocka_unit_test(test_fates),
        cmocka_unit_test(test_crashes),    cmocka_unit_test(test_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
