#include <config.h>

#include "tests/sim/weeks.h"

#include "core/base/str.h"
#include "core/sim/site_impl.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/* Servers that are launched and terminated by the controller itself: the same promises
 * as with a manager, and what only this mover can break. */

enum {
    DAY_S = 86400,
    SOME_DAYS_S = 3 * DAY_S,
    EVENING_S = 12 * 3600,
    CRASH_MEAN_S = 15 * 60
};

/* Instances that AWS bills, whoever thinks to know them. */
static int64_t alive(const struct run *r)
{
    const struct world *w = r->site->w;
    int64_t n = 0;

    for (size_t i = 0; i < w->n_instances; i++)
        n += w->instances[i]->dying_since == 0 ? 1 : 0;
    return n;
}

static void keeps_promises(const struct run *r, int64_t least)
{
    const struct watched *w = &r->watched;
    int64_t percent = r->report.ready_s * 10000 / r->report.planned_s;

    print_message(
        "ready %lld.%02lld %%, %lld interruptions, %lld moves out, %lld failed, "
        "%lld launches by %lld calls, both %lld s at most\n",
        (long long)percent / 100, (long long)percent % 100,
        (long long)r->report.interruptions, (long long)r->report.moves_out,
        (long long)r->report.moves_failed, (long long)r->totals.launches,
        (long long)w->launch_calls, (long long)r->totals.both_places_max_ms / 1000);
    assert_true(percent >= least * 100);
    assert_int_equal(w->in_cloud_late, 0);
    if (w->acts_unexplained > 0)
        fail_msg("unexplained: %s", w->first_wrong);
    if (r->report.violations > 0)
        fail_msg("%s", r->report.violation);
    assert_int_equal(r->totals.builds_killed_by_us, 0);
    assert_true(r->totals.launches <= w->launch_calls + w->run_calls);
}

/* Home goes down first: never two copies, and no Velostrata is asked for anything. */
static void test_week_with_a_gap(void **state)
{
    struct run *r = run_prepare_as(1, "ec2", NULL);

    (void)state;
    r->options.duration_s = WEEK_S;
    run_go(r);
    assert_int_equal(r->report.planned_s, 5 * 4 * 9 * 3600);
    keeps_promises(r, 97);
    assert_int_equal(r->totals.both_places_ms, 0);
    assert_int_equal(r->totals.cloud_ms_in_extension, 0);
    assert_int_equal(r->watched.run_calls, 0);
    assert_true(r->watched.acts > 100);
    run_free(r);
}

/* The cloud comes up first: the tests never stop, and both sides are up for a while. */
static void test_days_with_overlap(void **state)
{
    struct run *r = run_prepare_as(2, "ec2", NULL);

    (void)state;
    for (size_t i = 0; i < r->config->n_servers; i++)
        r->config->servers[i].overlaps = true;
    r->options.duration_s = SOME_DAYS_S;
    run_go(r);
    keeps_promises(r, 97);
    assert_true(r->totals.both_places_ms > 0);
    run_free(r);
}

/* All ways to move in one fleet. */
static void test_mixed_days(void **state)
{
    struct run *r = run_prepare_as(3, "mixed", NULL);

    (void)state;
    r->options.duration_s = SOME_DAYS_S;
    run_go(r);
    keeps_promises(r, 97);
    assert_int_equal(r->watched.extension_late, 0);
    assert_true(r->watched.run_calls > 0 && r->watched.launch_calls > 0);
    run_free(r);
}

/* The same without bytes, as `rushhour simulate` runs it, for longer. */
static void test_typed_weeks(void **state)
{
    struct run *r = run_prepare_as(4, "mixed", NULL);

    (void)state;
    r->options.level = DRIVE_TYPED;
    r->options.duration_s = 4 * (int64_t)WEEK_S;
    run_go(r);
    keeps_promises(r, 97);
    assert_true(r->watched.run_calls > 0 && r->watched.launch_calls > 0);
    run_free(r);
}

/* What the controller is told of its own acts is a lie or nothing at all: it finds out.
 */
static void test_lost_answers(void **state)
{
    static const char *const faults[] = {"ec2.reset-after=0.3",
                                         "ec2.late-500=0.3",
                                         "ec2.reset-before=0.3",
                                         "ec2.timeout=0.1",
                                         "ec2.truncated=0.2,ec2.wrong-type=0.1",
                                         "no-capacity=0.5",
                                         "deaf=0.5",
                                         "vsphere.reset-after=0.2",
                                         "lag=1",
                                         "lag=0.5,ec2.reset-after=0.3"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct run *r = run_prepare_as(40 + i, "ec2", faults[i]);

        print_message("%s: ", faults[i]);
        r->options.duration_s = EVENING_S;
        run_go(r);
        keeps_promises(r, 80);
        assert_int_equal(r->totals.both_places_ms, 0);
        assert_int_equal(alive(r), 0);
        run_free(r);
    }
}

/* Spot offerings run out one after the other, then on-demand where it may be, then home
 * (policy-and-cost 5.4); with capacity again it goes out again. */
struct chain {
    struct run *r;
    bool on_demand;
    int64_t on_demand_launches, spot_launches, refused, home_s;
    bool taken, back_again;
    struct utc last; /* look */
};

static void chain_minute(void *ctx, const struct fleet *f)
{
    enum { DRY_S = 2 * 3600, WET_S = 5 * 3600 };
    struct chain *ch = ctx;
    struct world *w = ch->r->site->w;
    int64_t into = f->at.s - ch->r->options.from.s;
    bool dry = into >= DRY_S && into < WET_S;

    for (int32_t t = 0; t < (int32_t)w->n_types; t++)
        assert_int_equal(world_set_capacity(w, t, 0, !dry), SIM_OK);
    if (dry && !ch->taken)
        for (size_t i = 0; i < w->n_servers; i++) {
            const struct sim_instance *in = world_server_instance(w, (int32_t)i);

            if (in != NULL)
                (void)world_interrupt(w, in->id, 120 * 1000, false); /* spot only */
        }
    ch->taken = ch->taken || dry;
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_facts *s = &f->servers[i].facts;

        if (dry && s->place == PLACE_ONPREM && s->onprem.open)
            ch->home_s += f->at.s - ch->last.s;
        ch->back_again = ch->back_again || (into >= WET_S && s->place == PLACE_CLOUD);
    }
    ch->last = f->at;
}

static void chain_entry(void *ctx, const struct journal_entry *j)
{
    struct chain *ch = ctx;
    bool offering = str_eq(j->action, "offering");

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%lld %s %s: %s\n", (long long)(j->at.s - ch->r->options.from.s),
                      j->actor, j->server, j->text);

    ch->refused += offering && j->level == LEVEL_WARN ? 1 : 0;
    if (offering && j->level == LEVEL_INFO && strstr(j->text, "on-demand") != NULL)
        ch->on_demand_launches++;
    else if (offering && j->level == LEVEL_INFO)
        ch->spot_launches++;
}

static void test_offerings_run_out(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct chain ch = {.r = run_prepare_as(65 + (uint64_t)i, "ec2", NULL),
                           .on_demand = i % 2 == 1};
        struct offering list[6];
        struct server_config *s = ch.r->config->servers;

        ch.r->config->n_servers = 1; /* no market event */
        for (size_t k = 0; ch.on_demand && k < ARRAY_LEN(list); k++) {
            list[k] = s->offerings[k % 3];
            list[k].lifecycle = k < 3 ? LIFECYCLE_SPOT : LIFECYCLE_ON_DEMAND;
            list[k].has_max_price = k >= 3;
            list[k].max_price = (struct usd){USD_NANOS};
        }
        if (ch.on_demand) {
            s->offerings = list;
            s->n_offerings = ARRAY_LEN(list);
        }
        ch.r->site->w->odds.calm = true;
        ch.r->options.level = i < 2 ? DRIVE_WIRE : DRIVE_TYPED;
        ch.r->options.duration_s = EVENING_S;
        ch.r->options.each_minute = chain_minute;
        ch.r->options.each_entry = chain_entry;
        ch.r->options.ctx = &ch;
        run_go(ch.r);
        print_message("%s: %lld spot, %lld on-demand launches asked for, %lld minutes at "
                      "home\n",
                      ch.on_demand ? "on-demand allowed" : "spot alone",
                      (long long)ch.spot_launches, (long long)ch.on_demand_launches,
                      (long long)ch.home_s / 60);
        assert_true(ch.refused >= 2 || ch.spot_launches >= 4);
        assert_int_equal(ch.on_demand_launches > 0, ch.on_demand);
        assert_true(ch.on_demand ? ch.home_s < 900 : ch.home_s > 3600);
        assert_true(ch.back_again);
        assert_int_equal(ch.r->report.violations, 0);
        assert_int_equal(ch.r->totals.both_places_ms, 0);
        assert_int_equal(alive(ch.r), 0);
        run_free(ch.r);
    }
}

/* Killed at any moment, with launches and ends under way whose answers nobody hears. */
static void test_crashes(void **state)
{
    (void)state;
    for (uint64_t seed = 51; seed < 54; seed++) {
        struct run *r = run_prepare_as(seed, "ec2", NULL);
        bool overlaps = seed % 3 == 2;

        for (size_t i = 0; overlaps && i < r->config->n_servers; i++)
            r->config->servers[i].overlaps = true;
        r->options.duration_s = DAY_S + EVENING_S;
        r->options.crash_mean_s = CRASH_MEAN_S;
        run_go(r);
        print_message("%lld crashes%s: ", (long long)r->report.crashes,
                      overlaps ? ", overlap" : "");
        keeps_promises(r, 90);
        assert_true(r->report.crashes > 60);
        assert_true(overlaps || r->totals.both_places_ms == 0);
        assert_int_equal(alive(r), 0);
        run_free(r);
    }
}

/* Somebody's instance with our tag, and one without it. */
struct strays {
    struct run *r;
    int64_t serials[2], launched_ms, ended_ms;
    int64_t marked_ms, marks;
};

static void stray_minute(void *ctx, const struct fleet *f)
{
    enum { NIGHT_S = 12 * 3600 };
    struct strays *s = ctx;
    struct world *w = s->r->site->w;
    const char *const deployments[] = {"demo", "another"};
    const struct sim_instance *in;

    for (size_t i = 0; f->at.s - s->r->options.from.s >= NIGHT_S && s->serials[1] == 0;
         i++) {
        struct sim_tag tags[2] = {{.key = "rushhour:deployment"},
                                  {"rushhour:server", "cache"}};
        struct sim_launch l = {.type = "c5.2xlarge",
                               .image = "ami-1",
                               .client_token = "",
                               .spot = false,
                               .tags = tags,
                               .n_tags = 2};

        (void)str_copy(tags[0].value, sizeof(tags[0].value), deployments[i]);
        assert_int_equal(world_launch(w, &l, &in), SIM_OK);
        s->serials[i] = in->serial;
        s->launched_ms = w->now;
    }
    in = s->serials[0] != 0 ? world_instance_by_serial(w, s->serials[0]) : NULL;
    if (in != NULL)
        s->ended_ms = in->dying_since;
}

static void stray_entry(void *ctx, const struct journal_entry *j)
{
    struct strays *s = ctx;

    if (str_eq(j->action, "orphan")) {
        s->marked_ms = j->at.s * 1000;
        s->marks++;
    }
}

static void test_orphan(void **state)
{
    struct strays s = {.r = run_prepare_as(60, "ec2", NULL)};

    (void)state;
    s.r->options.duration_s = EVENING_S + 3600;
    s.r->options.each_minute = stray_minute;
    s.r->options.each_entry = stray_entry;
    s.r->options.ctx = &s;
    run_go(s.r);
    /* marked when it is no launch on its way any more, ended after a second look */
    print_message("marked %lld s, ended %lld s after the launch\n",
                  (long long)(s.marked_ms - s.launched_ms) / 1000,
                  (long long)(s.ended_ms - s.launched_ms) / 1000);
    assert_int_equal(s.marks, 1);
    assert_true(s.marked_ms - s.launched_ms >= 120 * 1000);
    assert_true(s.ended_ms - s.marked_ms >= 600 * 1000);
    assert_true(s.ended_ms - s.launched_ms <= 15 * 60 * 1000);
    assert_int_equal(alive(s.r), 1); /* that of another deployment is none of ours */
    run_free(s.r);
}

/* Somebody lets the interfaces die with their instances, one afternoon. */
struct meddler {
    struct run *r;
    int64_t set, set_ms, longest_ms, told, kept;
};

static void meddle(void *ctx, const struct fleet *f)
{
    enum { LATER_S = 3 * 3600, ONCE_MORE_S = 5 * 3600 };
    struct meddler *m = ctx;
    struct world *w = m->r->site->w;
    int64_t into = f->at.s - m->r->options.from.s;
    bool on = false;

    for (size_t i = 0; i < w->n_enis; i++)
        on = on || w->enis[i].delete_on_termination;
    if (m->set_ms != 0) {
        int64_t took = w->now - m->set_ms;

        m->longest_ms = took > m->longest_ms ? took : m->longest_ms;
        m->set_ms = on ? m->set_ms : 0;
    }
    if (on || into < (m->set == 0 ? LATER_S : ONCE_MORE_S) || m->set == 2)
        return;
    for (size_t i = 0; i < w->n_enis; i++) {
        if (w->enis[i].holder != 0)
            assert_int_equal(world_eni_keep(w, w->enis[i].id, true), SIM_OK);
    }
    m->set++;
    m->set_ms = w->now;
}

static void meddle_entry(void *ctx, const struct journal_entry *j)
{
    struct meddler *m = ctx;

    m->told += str_eq(j->action, "interface") ? 1 : 0;
    m->kept += str_eq(j->action, "keep-interface") && j->level == LEVEL_ACT ? 1 : 0;
}

/* I6: told once each time, put right within two polls, and none is lost at the end. */
static void test_interface_that_would_die(void **state)
{
    struct meddler m = {.r = run_prepare_as(70, "ec2", NULL)};
    const struct world *w = m.r->site->w;

    (void)state;
    m.r->options.duration_s = EVENING_S;
    m.r->options.each_minute = meddle;
    m.r->options.each_entry = meddle_entry;
    m.r->options.ctx = &m;
    run_go(m.r);
    print_message("set twice, told %lld times, kept by %lld calls, %lld s at most: ",
                  (long long)m.told, (long long)m.kept, (long long)m.longest_ms / 1000);
    print_message("ready %lld of %lld s\n", (long long)m.r->report.ready_s,
                  (long long)m.r->report.planned_s);
    assert_int_equal(m.r->report.violations, 0);
    assert_int_equal(m.r->totals.builds_killed_by_us, 0);
    assert_true(m.r->report.ready_s * 100 >= m.r->report.planned_s * 95);
    assert_int_equal(m.set, 2);
    assert_int_equal(m.told, 2 * 4); /* four servers */
    assert_int_equal(m.kept, 2 * 4);
    assert_true(m.longest_ms <= 120 * 1000);
    for (size_t i = 0; i < w->n_enis; i++)
        assert_true(w->enis[i].id[0] != '\0');
    assert_int_equal(alive(m.r), 0);
    run_free(m.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_week_with_a_gap),
        cmocka_unit_test(test_days_with_overlap),
        cmocka_unit_test(test_mixed_days),
        cmocka_unit_test(test_typed_weeks),
        cmocka_unit_test(test_lost_answers),
        cmocka_unit_test(test_offerings_run_out),
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_orphan),
        cmocka_unit_test(test_interface_that_would_die),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
