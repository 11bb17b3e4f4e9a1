#include <config.h>

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "tests/sim/taken.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * Builds that lose their machine, in the simulated site: what counts is what its Jenkins
 * has at the end. Runs begin on a Sunday at 08:30; times below are of that day's clock.
 */

enum { STORM = 150000 }; /* parts of a million, each hour */
enum { BEGIN_S = 8 * 3600 + 30 * 60, LONG_MS = 4 * 3600 * 1000, SERVER = 0 };
#define HM(h, m) ((h)*3600 + (m)*60)

/* One day with one long build on a server, and what happens to it. */
struct day {
    struct run *r;
    int64_t long_s, interrupt_s, down_s, up_s; /* 0 = never */
    int64_t force_s;
    int64_t home_s, stopped_s; /* first seen after that */
    int32_t job, number;       /* of the long build, number 0: not yet */
    bool begun, interrupted, down, up, ordered;
    int64_t queued_s, skipped_s;
    char skipped[LINE_TEXT];
};

static struct world *world_of(const struct day *d)
{
    return d->r->site->w;
}

static int64_t clock_s(const struct day *d, struct utc t)
{
    return t.s - d->r->options.from.s + BEGIN_S;
}

/* One long build that no other one equals, and nothing else in the queue before it. */
static void queue_long(struct world *w)
{
    static const char *const parameters[SIM_MAX_PARAMETERS] = {NULL, "777"};
    bool merged;

    for (size_t i = 0; i < w->n_items; i++)
        if (w->items[i].left == 0 && w->jobs[w->items[i].job].server == SERVER)
            assert_int_equal(world_queue_cancel(w, w->items[i].id), SIM_OK);
    (void)world_queue_add(w, w->servers[SERVER].jobs[1], parameters,
                          "Started by user dana", LONG_MS, &merged);
}

static const struct sim_build *running(const struct world *w)
{
    for (int side = SIM_HOME; side <= SIM_CLOUD; side++) {
        const struct sim_node *n = &w->nodes[w->servers[SERVER].node[side]];

        if (n->executors[0] != NULL && str_eq(n->executors[0]->parameters[1], "777"))
            return n->executors[0];
    }
    return NULL;
}

static void interrupt(struct day *d)
{
    struct world *w = world_of(d);
    const struct sim_instance *i =
        world_instance_by_serial(w, w->servers[SERVER].managed.instance);

    assert_non_null(i);
    assert_int_equal(world_interrupt(w, i->id, 120 * 1000, false), SIM_OK);
}

static void look(void *ctx, const struct fleet *f)
{
    struct day *d = ctx;
    struct world *w = world_of(d);
    int64_t s = clock_s(d, f->at);
    const struct sim_build *b;

    if (!d->begun && d->long_s != 0 && s >= d->long_s) {
        d->begun = true;
        queue_long(w);
    }
    b = d->begun && d->number == 0 ? running(w) : NULL;
    if (b != NULL) {
        d->job = b->job;
        d->number = b->number;
    }
    if (!d->interrupted && d->interrupt_s != 0 && s >= d->interrupt_s) {
        d->interrupted = true;
        interrupt(d);
    }
    if (d->down_s != 0 && !d->down && s >= d->down_s) {
        d->down = true;
        run_post(d->r, "/control/fault", "{\"name\":\"jenkins.refuse\",\"rate\":1}");
    }
    if (d->up_s != 0 && !d->up && s >= d->up_s) {
        d->up = true;
        run_post(d->r, "/control/fault", "{\"name\":\"jenkins.refuse\",\"rate\":0}");
    }
    b = d->number != 0 ? world_build_find(w, d->job, d->number) : NULL;
    if (b != NULL && b->result != SIM_RUNNING_BUILD && d->stopped_s == 0)
        d->stopped_s = s;
    if (d->stopped_s != 0 && d->home_s == 0 &&
        f->servers[SERVER].facts.place == PLACE_ONPREM &&
        f->servers[SERVER].facts.onprem.open)
        d->home_s = s;
}

static void hear(void *ctx, const struct journal_entry *j)
{
    struct day *d = ctx;
    int64_t s = clock_s(d, j->at);

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%02lld:%02lld %s %s %s %s\n", (long long)(s / 3600),
                      (long long)(s / 60 % 60), level_word(j->level), j->action,
                      j->server, j->text);
    if (!str_eq(j->action, "requeue"))
        return;
    if (j->outcome == OUTCOME_DONE) {
        d->queued_s = s;
    } else {
        d->skipped_s = s;
        (void)str_copy(d->skipped, sizeof(d->skipped), j->text);
    }
}

static bool give(void *ctx, struct utc now, struct command *out)
{
    struct day *d = ctx;

    if (d->ordered || d->force_s == 0 || clock_s(d, now) < d->force_s)
        return false;
    d->ordered = true;
    *out = (struct command){
        .kind = COMMAND_MOVE, .place = PLACE_ONPREM, .force = true, .at = now};
    (void)str_copy(out->server, sizeof(out->server), d->r->config->servers[SERVER].name);
    (void)str_copy(out->by, sizeof(out->by), "dana");
    return true;
}

static void begin_with(struct day *d, const char *mover)
{
    d->r = run_prepare_as(7, mover, NULL);
    world_of(d)->odds.calm = true; /* only what the test does is lost */
    d->r->options.each_minute = look;
    d->r->options.each_entry = hear;
    d->r->options.order = give;
    d->r->options.ctx = d;
}

static void begin(struct day *d)
{
    begin_with(d, NULL);
}

static const struct sim_build *live(struct day *d, int64_t until_s)
{
    const struct sim_build *b;

    d->r->options.duration_s = until_s - BEGIN_S;
    run_go(d->r);
    assert_int_equal(d->r->report.violations, 0);
    assert_true(d->number != 0);
    b = world_build_find(world_of(d), d->job, d->number);
    assert_non_null(b);
    assert_int_equal(d->r->report.requeued_builds, d->r->totals.builds_again);
    return b;
}

static void test_interruption(void **state)
{
    struct day d = {.long_s = HM(10, 30), .interrupt_s = HM(11, 20)};
    const struct sim_build *b;

    (void)state;
    begin(&d);
    b = live(&d, HM(12, 0));
    assert_true(b->lost);
    assert_int_equal(b->again, 1);
    assert_int_equal(d.r->totals.builds_again, 1);
    assert_true(d.queued_s >= HM(11, 22) && d.queued_s < HM(11, 24));
    run_free(d.r);
}

/* "requeue when Jenkins answers" */
static void test_jenkins_down(void **state)
{
    struct day d = {.long_s = HM(10, 30),
                    .down_s = HM(11, 19),
                    .interrupt_s = HM(11, 20),
                    .up_s = HM(11, 50)};
    const struct sim_build *b;

    (void)state;
    begin(&d);
    b = live(&d, HM(13, 0));
    assert_true(b->lost);
    assert_int_equal(b->again, 1);
    assert_true(d.queued_s >= HM(11, 50) && d.queued_s < HM(12, 5));
    run_free(d.r);
}

/* "tests are re-runnable, deployments are not"; "if the job is disabled" */
static void test_denied_and_disabled(void **state)
{
    static const struct {
        const char *what, *deny, *why;
        bool off, disabled, secret;
    } rows[] = {
        {"denied", "cache-", "denied", false, false, false},
        {"off", "x", "requeue is off", true, false, false},
        {"disabled", "x", "disabled", false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct day d = {.long_s = HM(10, 30), .interrupt_s = HM(11, 20)};
        const struct sim_build *b;

        begin(&d);
        d.r->config->policy.requeue = !rows[i].off;
        d.r->config->policy.requeue_deny[0] =
            str_eq(rows[i].deny, "x") ? "x" : d.r->config->servers[SERVER].name;
        for (size_t j = 0; rows[i].disabled && j < world_of(&d)->n_jobs; j++)
            world_of(&d)->jobs[j].disabled = true;
        b = live(&d, HM(12, 0));
        assert_row(rows[i].what, b->lost);
        assert_row(rows[i].what, b->again == 0 && d.r->totals.builds_again == 0);
        assert_row(rows[i].what, strstr(d.skipped, rows[i].why) != NULL);
        run_free(d.r);
    }
}

/* "19:00 | deadline: stop and requeue ts4's build, return ts4", and what the other words
 * of on_drain_deadline do. */
static void test_drain_deadline(void **state)
{
    static const struct {
        const char *what;
        enum on_drain_deadline on;
        bool stopped, again;
    } rows[] = {
        {"requeue", DRAIN_REQUEUE, true, true},
        {"abort", DRAIN_ABORT, true, false},
        {"wait", DRAIN_WAIT, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct day d = {.long_s = HM(17, 20)};
        const struct sim_build *b;

        begin(&d);
        d.r->config->policy.on_drain_deadline = rows[i].on;
        b = live(&d, HM(20, 0));
        assert_row(rows[i].what, (b->result == SIM_ABORTED) == rows[i].stopped);
        assert_row(rows[i].what, b->again == (rows[i].again ? 1 : 0));
        if (rows[i].stopped) {
            assert_row(rows[i].what, d.stopped_s >= HM(19, 0) && d.stopped_s < HM(19, 2));
            assert_row(rows[i].what, d.home_s > HM(19, 0) && d.home_s < HM(19, 20));
        } else {
            assert_row(rows[i].what, d.stopped_s == 0 && d.home_s == 0);
        }
        if (rows[i].again)
            assert_row(rows[i].what, d.queued_s >= HM(19, 0) && d.queued_s < HM(19, 5));
        run_free(d.r);
    }
}

/* Jenkins cannot be seen from before the deadline on: the server returns all the same,
 * and what was left behind is queued again afterwards. */
static void test_deadline_without_jenkins(void **state)
{
    struct day d = {.long_s = HM(17, 20), .down_s = HM(18, 40), .up_s = HM(19, 30)};
    const struct sim_build *b;

    (void)state;
    begin(&d);
    b = live(&d, HM(21, 0));
    assert_int_not_equal(b->result, SIM_RUNNING_BUILD);
    assert_int_equal(b->again, 1);
    assert_true(d.queued_s >= HM(19, 30) && d.queued_s < HM(19, 50));
    run_free(d.r);
}

static void test_force(void **state)
{
    struct day d = {.long_s = HM(10, 30), .force_s = HM(11, 20)};
    const struct sim_build *b;

    (void)state;
    begin(&d);
    b = live(&d, HM(12, 0));
    assert_int_equal(b->result, SIM_ABORTED);
    assert_int_equal(b->again, 1);
    assert_true(d.home_s > HM(11, 20) && d.home_s < HM(11, 40));
    run_free(d.r);
}

/* "out_drain_deadline: when set, on_drain_deadline says what then" */
static void test_out_drain_deadline(void **state)
{
    struct day d = {.long_s = HM(8, 30)};
    const struct sim_build *b;

    (void)state;
    begin(&d);
    d.r->config->policy.out_drain_deadline = 15 * 60;
    b = live(&d, HM(10, 0));
    assert_int_equal(b->result, SIM_ABORTED);
    assert_int_equal(b->again, 1);
    assert_true(d.stopped_s > HM(8, 40) && d.stopped_s < HM(9, 20));
    run_free(d.r);
}

/* With overlap home goes at its end, whatever Jenkins does not tell; what it ran is
 * queued again afterwards. */
static void test_overlap_without_jenkins(void **state)
{
    struct day d = {.long_s = HM(8, 31), .down_s = HM(8, 44), .up_s = HM(9, 30)};
    const struct sim_build *b;

    (void)state;
    begin_with(&d, "ec2");
    d.r->config->servers[SERVER].overlaps = true;
    b = live(&d, HM(11, 0));
    assert_int_not_equal(b->result, SIM_RUNNING_BUILD);
    assert_true(d.stopped_s > HM(8, 45) && d.stopped_s < HM(9, 5));
    assert_int_equal(b->again, 1);
    assert_true(d.queued_s >= HM(9, 30) && d.queued_s < HM(9, 50));
    run_free(d.r);
}

static void check_all(const struct run *r, int64_t *lost)
{
    const struct sim_build *b = run_forgotten(r, lost);

    assert_int_equal(r->totals.builds_again_twice, 0);
    assert_int_equal(r->report.violations, 0);
    if (b != NULL)
        fail_msg("%s #%d was lost and nobody cared", r->site->w->jobs[b->job].name,
                 (int)b->number);
}

/* Many instances are taken back, with and without a notice. */
static struct run *stormy(uint64_t seed)
{
    struct run *r = run_prepare(seed);

    r->site->w->odds.storm_hour = STORM;
    r->options.duration_s = 2 * 86400;
    return r;
}

static void test_days(void **state)
{
    int64_t lost = 0, again = 0;

    (void)state;
    for (uint64_t seed = 10; seed < 14; seed++) {
        struct run *r = stormy(seed);

        run_go(r);
        check_all(r, &lost);
        assert_int_equal(r->report.requeued_builds, r->totals.builds_again);
        again += r->totals.builds_again;
        run_free(r);
    }
    print_message("%lld builds lost, %lld queued again\n", (long long)lost,
                  (long long)again);
    assert_true(lost > 0 && again > 0);
}

/* kill -9 every quarter of an hour, and answers that get lost: never twice, none
 * forgotten. */
static void test_crashes(void **state)
{
    int64_t lost = 0, again = 0, crashes = 0;

    (void)state;
    for (uint64_t seed = 10; seed < 14; seed++) {
        struct run *r = stormy(seed);

        r->options.crash_mean_s = 900;
        run_post(r, "/control/fault", "{\"name\":\"jenkins.reset-after\",\"rate\":0.02}");
        r->site->w->odds.storm_hour = STORM; /* the order has set it back */
        run_go(r);
        check_all(r, &lost);
        again += r->totals.builds_again;
        crashes += r->report.crashes;
        run_free(r);
    }
    print_message("%lld crashes, %lld builds lost, %lld queued again\n",
                  (long long)crashes, (long long)lost, (long long)again);
    assert_true(lost > 0 && again > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interruption),
        cmocka_unit_test(test_jenkins_down),
        cmocka_unit_test(test_denied_and_disabled),
        cmocka_unit_test(test_drain_deadline),
        cmocka_unit_test(test_deadline_without_jenkins),
        cmocka_unit_test(test_force),
        cmocka_unit_test(test_out_drain_deadline),
        cmocka_unit_test(test_overlap_without_jenkins),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
