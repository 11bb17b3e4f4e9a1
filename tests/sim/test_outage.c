#include <config.h>

#include "core/base/str.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * Policy-and-cost 6.4, lived through: an API is down at the boundary. The run begins on a
 * Sunday at 08:30; times below are of that day's clock.
 */

enum { SERVERS = 4, BEGIN_S = 8 * 3600 + 30 * 60 };
#define HM(h, m) ((h)*3600 + (m)*60)

struct outage {
    struct run *r;
    const char *fault; /* "api.refuse" */
    int64_t down_s, up_s;
    struct utc start;
    int phase;                        /* 0 before, 1 down, 2 after */
    int64_t late_s[SERVERS];          /* told late, first time; 0 = never */
    int64_t out_s[SERVERS];           /* first seen in the cloud */
    int64_t home_s[SERVERS];          /* last seen to come home */
    int64_t cloud_open_s[SERVERS];    /* the last minute with its cloud node open */
    int64_t home_closed_s[SERVERS];   /* the last minute at home with its node closed */
    int64_t gate_minutes[GATE_COUNT]; /* of all servers, while it is down */
    int64_t remaining;                /* minutes with gate `remaining`, afterwards */
};

static void fault(struct outage *o, int rate)
{
    char body[96];

    (void)str_format(body, sizeof(body), "{\"name\":\"%s\",\"rate\":%d}", o->fault, rate);
    run_post(o->r, "/control/fault", body);
}

static void look(void *ctx, const struct fleet *f)
{
    struct outage *o = ctx;
    int64_t s = f->at.s - o->start.s + BEGIN_S;

    if (o->phase == 0 && s >= o->down_s) {
        o->phase = 1;
        fault(o, 1);
    } else if (o->phase == 1 && s >= o->up_s) {
        o->phase = 2;
        fault(o, 0);
    }
    for (size_t i = 0; i < SERVERS; i++) {
        const struct server_view *v = &f->servers[i];
        enum place place = v->facts.place;

        if (place == PLACE_CLOUD && o->out_s[i] == 0)
            o->out_s[i] = s;
        if (place != PLACE_ONPREM)
            o->home_s[i] = 0;
        else if (o->home_s[i] == 0)
            o->home_s[i] = s;
        if (v->facts.cloud.open)
            o->cloud_open_s[i] = s;
        if (place == PLACE_ONPREM && v->facts.onprem.known && !v->facts.onprem.open)
            o->home_closed_s[i] = s;
        if (o->phase == 1)
            o->gate_minutes[v->decision.gate]++;
        if (o->phase == 2 && v->decision.gate == GATE_REMAINING)
            o->remaining++;
    }
}

static void hear(void *ctx, const struct journal_entry *j)
{
    struct outage *o = ctx;
    int64_t s = j->at.s - o->start.s + BEGIN_S;

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%02lld:%02lld %s %s %s %s\n", (long long)(s / 3600),
                      (long long)(s / 60 % 60), level_word(j->level), j->action,
                      j->server, j->text);
    for (size_t i = 0; i < SERVERS; i++) {
        if (str_eq(j->action, "late") && o->late_s[i] == 0 &&
            str_eq(j->server, o->r->config->servers[i].name))
            o->late_s[i] = s;
    }
}

static struct outage live(const char *name, int64_t down_s, int64_t up_s, int64_t until_s)
{
    struct outage o = {.fault = name, .down_s = down_s, .up_s = up_s};

    o.r = run_prepare(7);
    o.start = o.r->options.from;
    o.r->options.duration_s = until_s - BEGIN_S;
    o.r->options.each_minute = look;
    o.r->options.each_entry = hear;
    o.r->options.ctx = &o;
    run_go(o.r);
    assert_int_equal(o.r->report.violations, 0);
    return o;
}

/* "08:35-09:20 | Velostrata down | gate `stale`; alert at 09:00; on-prem nodes stay open,
 * tests run there"; "09:21 | back, facts fresh | move out (8h39 left); late by 21m+ is
 * recorded" */
static void test_down_in_the_morning(void **state)
{
    struct outage o = live("velostrata.refuse", HM(8, 33), HM(9, 20), HM(12, 0));

    (void)state;
    assert_true(o.gate_minutes[GATE_STALE] >= (int64_t)SERVERS * 40);
    for (size_t i = 0; i < SERVERS; i++) {
        const char *name = o.r->config->servers[i].name;

        assert_row(name, o.late_s[i] >= HM(9, 0) && o.late_s[i] <= HM(9, 1));
        assert_row(name, o.out_s[i] > HM(9, 20) && o.out_s[i] < HM(11, 0));
        assert_row(name, o.home_closed_s[i] == 0 || o.home_closed_s[i] > HM(9, 19));
    }
    for (size_t i = 0; i < SERVERS; i++)
        assert_true(o.out_s[i] > HM(9, 21));
    assert_true(o.r->report.late_p50_s > 21 * 60);
    assert_true(o.r->report.late_max_s < HM(2, 0));
    run_free(o.r);
}

/* "17:20 | back only now | 40m left: stay on-prem, `remaining`" */
static void test_back_too_late(void **state)
{
    struct outage o = live("velostrata.refuse", HM(8, 33), HM(17, 20), HM(19, 0));

    (void)state;
    assert_int_equal(o.r->report.moves_out, 0);
    assert_true(o.remaining >= (int64_t)SERVERS * 30);
    run_free(o.r);
}

/* "18:00-18:40 | down | cloud nodes closed through Jenkins if it answers; returns wait;
 * the extra cost counts up on screen" */
static void test_down_in_the_evening(void **state)
{
    struct outage o = live("velostrata.refuse", HM(17, 56), HM(18, 40), HM(20, 0));

    (void)state;
    assert_true(o.gate_minutes[GATE_STALE] > 0);
    for (size_t i = 0; i < SERVERS; i++) {
        const char *name = o.r->config->servers[i].name;

        assert_row(name, o.cloud_open_s[i] >= HM(17, 56));
        assert_row(name, o.cloud_open_s[i] <= HM(18, 2));
        assert_row(name, o.home_s[i] > HM(18, 40) && o.home_s[i] < HM(19, 45));
    }
    run_free(o.r);
}

/* "Jenkins down at 18:00 | cannot see builds | treat as busy: wait until
 * `drain_deadline`, then return" */
static void test_jenkins_down(void **state)
{
    struct outage o = live("jenkins.refuse", HM(17, 57), HM(19, 20), HM(21, 0));

    (void)state;
    for (size_t i = 0; i < SERVERS; i++) {
        const char *name = o.r->config->servers[i].name;

        assert_row(name, o.home_s[i] > HM(19, 0) && o.home_s[i] < HM(20, 30));
    }
    run_free(o.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_down_in_the_morning),
        cmocka_unit_test(test_back_too_late),
        cmocka_unit_test(test_down_in_the_evening),
        cmocka_unit_test(test_jenkins_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
