#include <config.h>

#include "tests/unit/controller_scene.h"

#include "core/engine/parts.h"

/*
 * Builds that lost their machine, from what the store says and Jenkins tells: when they
 * are queued again, what the answer to that order means, and what else may become of
 * them. And what a person's change, a month's budget and a clock that was set make of a
 * server.
 */

#define JOB "/j/job/smoke/"

struct lost {
    struct scene s;
    struct requeue requeues[2];
    struct seen_run runs[3];
    struct seen_job job;
};

static struct seen_run run_of(int32_t number, enum build_result result)
{
    return (struct seen_run){.number = number,
                             .result = result,
                             .node = "cloud-a",
                             .started = {NOW - 900},
                             .took_ms = 600000,
                             .parameters = {.form = "A=1", .hidden = ""},
                             .aborted_by = ""};
}

/* smoke #7 ended as its machine went, five minutes ago. */
static void lost_make(struct lost *l, enum requeue_state at)
{
    memset(l, 0, sizeof(*l));
    scene_make(&l->s);
    /* At home and at rest, so that no other call is in the way. */
    l->s.nodes[HOME].offline = l->s.nodes[HOME].marked = false;
    l->s.nodes[HOME].connected = true;
    l->s.nodes[HOME].cause = "";
    l->requeues[0] = (struct requeue){.job = JOB,
                                      .number = 7,
                                      .server = "a",
                                      .node = "cloud-a",
                                      .cause = REQUEUE_BY_INTERRUPTION,
                                      .original = 7,
                                      .noted = {NOW - 420},
                                      .lost = {NOW - 300},
                                      .state = at};
    l->s.stored.requeues = l->requeues;
    l->s.stored.n_requeues = 1;
    l->runs[0] = run_of(7, BUILD_FAILURE);
    l->job =
        (struct seen_job){.path = JOB, .runs = l->runs, .n_runs = 1, .detailed = true};
}

static void history(struct lost *l, int64_t later_s)
{
    struct observation *o = observation_new(SOURCE_BUILDS);

    assert_non_null(o);
    l->s.now.s += later_s;
    observe(&l->s, SOURCE_JENKINS);
    observe(&l->s, SOURCE_VSPHERE);
    observe(&l->s, SOURCE_VELOSTRATA);
    o->at = l->s.now;
    o->as.builds = (struct obs_builds){&l->job, 1};
    step(&l->s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static const struct requeue *it(const struct lost *l)
{
    return &l->s.c->requeues.list[0];
}

static size_t n_of(const struct lost *l, enum call_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < l->s.n_calls; i++)
        n += l->s.calls[i].kind == kind ? 1 : 0;
    return n;
}

/* The answer to the newest call of that kind. */
static void reply(struct lost *l, enum call_kind kind, enum outcome outcome,
                  enum err_code code, const char *detail)
{
    struct event ev = {.kind = EVENT_RESULT};

    for (size_t i = 0; i < l->s.n_calls; i++) {
        if (l->s.calls[i].kind == kind)
            ev.as.result.id = l->s.calls[i].id;
    }
    assert_true(ev.as.result.id != 0);
    ev.as.result.outcome = outcome;
    ev.as.result.at = l->s.now;
    (void)str_copy(ev.as.result.detail, sizeof(ev.as.result.detail), detail);
    if (code != ERR_OK)
        (void)err_set(&ev.as.result.err, code, "the test says no");
    step(&l->s, ev);
}

static void test_answers(void **state)
{
    static const struct {
        const char *what;
        enum outcome outcome;
        enum err_code code;
        const char *detail;
        enum requeue_state then;
        const char *says;
    } rows[] = {
        {"taken, with its item", OUTCOME_DONE, ERR_OK, "42", REQUEUE_QUEUED,
         "smoke #7 is queued again: queue item 42"},
        {"taken, nobody knows as what", OUTCOME_DONE, ERR_OK, "", REQUEUE_QUEUED,
         "smoke #7 is queued again\n"},
        {"not allowed", OUTCOME_FAILED, ERR_FORBIDDEN, "", REQUEUE_SKIPPED,
         "smoke #7 is not queued again: the test says no"},
        {"not now", OUTCOME_FAILED, ERR_CONNECT, "", REQUEUE_WAITING, ""},
        {"nobody knows", OUTCOME_UNKNOWN, ERR_TIMEOUT, "", REQUEUE_SENT, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lost l;

        lost_make(&l, REQUEUE_WAITING);
        stored_setting(&l.s, "auto", "off");
        scene_start(&l.s);
        history(&l, STEP_S);
        assert_row(rows[i].what, n_of(&l, CALL_BUILD_QUEUE) == 1);
        assert_row(rows[i].what, it(&l)->state == REQUEUE_SENT);
        reply(&l, CALL_BUILD_QUEUE, rows[i].outcome, rows[i].code, rows[i].detail);
        if (it(&l)->state != rows[i].then || strstr(l.s.journal, rows[i].says) == NULL)
            fail_msg("%s: %d %s", rows[i].what, (int)it(&l)->state, l.s.journal);
        scene_end(&l.s);
    }
}

/* Again a little later each time, and not for ever. */
static void test_again(void **state)
{
    struct lost l;
    size_t orders = 0;

    (void)state;
    lost_make(&l, REQUEUE_WAITING);
    stored_setting(&l.s, "auto", "off");
    scene_start(&l.s);
    for (int look = 0; look < 200 && it(&l)->state == REQUEUE_WAITING; look++) {
        l.s.n_calls = 0;
        history(&l, 20);
        if (n_of(&l, CALL_BUILD_QUEUE) > 0) {
            orders++;
            reply(&l, CALL_BUILD_QUEUE, OUTCOME_FAILED, ERR_CONNECT, "");
            l.s.n_calls = 0;
            history(&l, STEP_S);
            assert_int_equal(n_of(&l, CALL_BUILD_QUEUE), 0); /* too soon */
        }
    }
    assert_true(orders >= 2 && orders <= 5);
    assert_int_equal(it(&l)->state, REQUEUE_SKIPPED);
    assert_non_null(strstr(l.s.journal, "Jenkins did not take it"));
    scene_end(&l.s);
}

/* One that hangs is stopped first; the answer to that is no answer to an order. */
static void test_hangs(void **state)
{
    struct lost l;

    (void)state;
    lost_make(&l, REQUEUE_WAITING);
    stored_setting(&l.s, "auto", "off");
    l.runs[0].result = BUILD_RUNNING;
    l.runs[0].took_ms = 0;
    scene_start(&l.s);
    history(&l, STEP_S);
    assert_int_equal(n_of(&l, CALL_BUILD_STOP), 1);
    assert_int_equal(it(&l)->stopped.s, l.s.now.s);
    assert_int_equal(it(&l)->state, REQUEUE_WAITING);
    reply(&l, CALL_BUILD_STOP, OUTCOME_DONE, ERR_OK, "");
    assert_int_equal(it(&l)->state, REQUEUE_WAITING);
    history(&l, STEP_S); /* it takes its time */
    assert_int_equal(n_of(&l, CALL_BUILD_STOP), 1);
    scene_end(&l.s);
}

/* What a look finds of an order whose answer was lost. */
static void test_sent(void **state)
{
    static const struct {
        const char *what;
        bool by_us;
        int64_t sent_s, started_s;
        enum requeue_state then;
    } rows[] = {
        {"a newer one of ours", true, 60, 30, REQUEUE_QUEUED},
        {"a newer one of somebody's", false, 60, 30, REQUEUE_SENT},
        {"ours, of before", true, 30, 60, REQUEUE_SENT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lost l;

        lost_make(&l, REQUEUE_SENT);
        stored_setting(&l.s, "auto", "off");
        l.requeues[0].sent.s = NOW - rows[i].sent_s;
        l.requeues[0].orders = 1;
        l.runs[1] = run_of(8, BUILD_RUNNING);
        l.runs[1].started.s = NOW - rows[i].started_s;
        l.runs[1].by_us = rows[i].by_us;
        l.runs[1].queue_id = 99;
        l.job.n_runs = 2;
        scene_start(&l.s);
        history(&l, STEP_S);
        assert_row(rows[i].what, it(&l)->state == rows[i].then);
        if (rows[i].then == REQUEUE_QUEUED)
            assert_int_equal(it(&l)->queue_id, 99);
        scene_end(&l.s);
    }
}

/* One that was queued again and lost its machine, too, counts on. */
static void test_counts_on(void **state)
{
    static const struct {
        const char *what, *job;
        int32_t number;
        int64_t queue_id;
        bool counts;
    } rows[] = {
        {"it was queued as that", JOB, 5, 31, true},
        {"another item", JOB, 5, 30, false},
        {"a later build", JOB, 9, 31, false},
        {"another job's", "/j/job/deep/", 5, 31, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lost l;

        lost_make(&l, REQUEUE_WAITING);
        stored_setting(&l.s, "auto", "off");
        l.requeues[1] = l.requeues[0];
        (void)str_copy(l.requeues[1].job, URL_TEXT, rows[i].job);
        l.requeues[1].number = l.requeues[1].original = rows[i].number;
        l.requeues[1].state = REQUEUE_QUEUED;
        l.requeues[1].queue_id = rows[i].queue_id;
        l.s.stored.n_requeues = 2;
        l.runs[0].queue_id = 31;
        scene_start(&l.s);
        history(&l, STEP_S);
        assert_row(rows[i].what, it(&l)->original == (rows[i].counts ? 5 : 7));
        assert_row(rows[i].what, it(&l)->count == (rows[i].counts ? 1 : 0));
        scene_end(&l.s);
    }
}

/* A Pipeline that goes on on another node has lost nothing, as far as that shows it since
 * the loss. */
static void test_goes_on_elsewhere(void **state)
{
    static const struct {
        const char *what;
        bool jenkins_before, jenkins, elsewhere, stopped;
    } rows[] = {
        {"it hangs", false, true, false, true},
        {"it runs at home", false, true, true, false},
        {"the nodes were read before the loss", true, false, true, true},
        {"nobody has read the nodes", false, false, true, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen_build build = {.name = "smoke #7", .path = JOB "7/", .number = 7};
        struct observation *o = observation_new(SOURCE_BUILDS);
        struct lost l;

        assert_non_null(o);
        lost_make(&l, REQUEUE_WAITING);
        stored_setting(&l.s, "auto", "off");
        l.runs[0].result = BUILD_RUNNING;
        l.runs[0].took_ms = 0;
        if (rows[i].elsewhere) {
            l.s.nodes[HOME].builds = &build;
            l.s.nodes[HOME].n_builds = 1;
            l.s.nodes[HOME].idle = false;
        }
        l.s.now.s = NOW - 400;
        scene_start(&l.s);
        if (rows[i].jenkins_before)
            observe(&l.s, SOURCE_JENKINS);
        l.s.now.s = NOW + STEP_S;
        if (rows[i].jenkins)
            observe(&l.s, SOURCE_JENKINS);
        o->at = l.s.now;
        o->as.builds = (struct obs_builds){&l.job, 1};
        step(&l.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        assert_row(rows[i].what, (it(&l)->stopped.s != 0) == rows[i].stopped);
        assert_row(rows[i].what, it(&l)->state == (rows[i].stopped ? REQUEUE_WAITING
                                                                   : REQUEUE_SKIPPED));
        scene_end(&l.s);
    }
}

/* Who has just taken the shared lock over reads all anew: what a drain leaves is what the
 * newest reading showed, not all that ever ran there. */
static void test_left_at_a_takeover(void **state)
{
    struct server_state *a;
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    scene_start(&s);
    look(&s);
    a = &s.c->servers[0];
    a->has_move = true;
    a->move = (struct move){.direction = DIRECTION_BACK, .force = true};
    a->facts.cloud.idle = false;
    requeue_saw(a, &(struct ran){JOB, "cloud-a", 7, {NOW - 3600}});
    requeue_saw(a, &(struct ran){JOB, "cloud-a", 8, s.now});
    sources_restart(s.c);
    s.c->fx = &s.fx;
    requeue_left(s.c, a);
    s.c->fx = NULL;
    assert_int_equal(s.c->requeues.n, 1);
    assert_int_equal(s.c->requeues.list[0].number, 8);
    scene_end(&s);
}

/* What cannot be read of a job decides nothing. */
static void test_unread(void **state)
{
    static const struct {
        const char *what;
        bool detailed, gone, unreadable;
        enum requeue_state then;
    } rows[] = {
        {"in short", false, false, false, REQUEUE_WAITING},
        {"unreadable", true, false, true, REQUEUE_WAITING},
        {"gone", false, true, false, REQUEUE_SKIPPED},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lost l;

        lost_make(&l, REQUEUE_WAITING);
        stored_setting(&l.s, "auto", "off");
        l.job.detailed = rows[i].detailed;
        l.job.gone = rows[i].gone;
        l.job.unreadable = rows[i].unreadable;
        scene_start(&l.s);
        history(&l, STEP_S);
        assert_row(rows[i].what, it(&l)->state == rows[i].then);
        scene_end(&l.s);
    }
}

/* ----- a person's change, as the policy wants it taken ----- */

static void test_foreign_change(void **state)
{
    static const struct {
        const char *what;
        enum foreign_change as;
        enum place held;
        const char *outside;
    } rows[] = {
        {"adopted", FOREIGN_ADOPT, PLACE_ONPREM, ""},
        {"enforced", FOREIGN_ENFORCE, PLACE_UNKNOWN, ""},
        {"told, and nothing else", FOREIGN_ALERT, PLACE_UNKNOWN,
         "changed outside: brought home by dana"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        s.config->policy.foreign_change = rows[i].as;
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "place:a", "cloud");
        s.managed.state = MANAGED_RETURNING;
        s.vm.power = POWER_OFF;
        s.task = task_of("dana");
        scene_start(&s);
        look(&s);
        s.managed.state = MANAGED_UNMANAGED;
        s.vm.power = POWER_ON;
        s.task.state = TASK_SUCCEEDED;
        look(&s);
        look(&s);
        assert_row(rows[i].what, controller_server(s.c, 0).hold->place == rows[i].held);
        assert_row(rows[i].what, str_eq(s.c->servers[0].outside, rows[i].outside));
        assert_row(rows[i].what, str_eq(setting_of(&s, "outside:a"), rows[i].outside));
        assert_non_null(strstr(s.journal, "brought home by dana"));
        if (rows[i].as == FOREIGN_ALERT) { /* until a person orders something */
            command(&s, (struct command){.kind = COMMAND_MOVE,
                                         .server = "a",
                                         .place = PLACE_CLOUD,
                                         .confirmed = true});
            assert_string_equal(s.c->servers[0].outside, "");
            assert_string_equal(setting_of(&s, "outside:a"), "");
        }
        scene_end(&s);
    }
}

/* ----- the month ----- */

static void spent(struct scene *s, struct segment *g, int64_t dollars)
{
    *g = (struct segment){.id = 1,
                          .kind = "spot",
                          .server = "a",
                          .resource = "i-0",
                          .type = "c5",
                          .zone = "eu-west-1a",
                          .start = {NOW - 7200},
                          .end = {NOW - 3600},
                          .rate = {dollars * 1000000000},
                          .rate_known = true,
                          .source = "configured"};
    s->stored.segments = g;
    s->stored.n_segments = 1;
}

static void test_used_up_soon(void **state)
{
    static const struct {
        const char *what;
        int64_t dollars;
        const char *told; /* of an earlier run */
        bool says;
    } rows[] = {
        {"four fifths", 90, "", true},
        {"little", 10, "", false},
        {"told in this month", 90, "1793491200", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct segment g;
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "budget_warned", rows[i].told);
        s.config->policy.has_budget = true;
        s.config->policy.budget_warn = 80;
        s.config->policy.budget_month.nanos = INT64_C(100) * 1000000000;
        spent(&s, &g, rows[i].dollars);
        scene_start(&s);
        look(&s);
        if ((strstr(s.journal, "the month's budget is used up soon") != NULL) !=
            rows[i].says)
            fail_msg("%s: %s", rows[i].what, s.journal);
        scene_end(&s);
    }
}

/* In the cloud after the rush hours while nobody brings it home: told with the reason. */
static void test_left_there(void **state)
{
    static const struct {
        const char *what, *key, *value, *says;
    } rows[] = {
        {"auto is off", "auto", "off", "and auto is off: "},
        {"auto sleeps", "snooze", "1795340000", "and auto is asleep: "},
        {"not of this server", "auto:a", "off", "and auto is off for them: "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        s.config->policy.windows[0] = (struct window){3, 0, 60}; /* Wednesdays */
        s.config->policy.n_windows = 1;
        stored_setting(&s, rows[i].key, rows[i].value);
        stored_setting(&s, "place:a", "cloud");
        s.managed.state = MANAGED_IN_CLOUD;
        s.vm.power = POWER_OFF;
        scene_start(&s);
        look(&s);
        look(&s);
        if (strstr(s.journal, "1 server stays in the cloud after the rush hours") ==
                NULL ||
            strstr(s.journal, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].what, s.journal);
        scene_end(&s);
    }
}

/* ----- the rest ----- */

/* More alerts than are kept: the oldest goes; the same one again only gets newer. */
static void test_many_alerts(void **state)
{
    struct scene s;
    char code[16];

    (void)state;
    scene_make(&s);
    scene_start(&s);
    for (int i = 0; i < FLEET_ALERTS + 3; i++) {
        (void)str_format(code, sizeof(code), "c%d", i);
        alert_add(s.c, "a", code, "it happened");
    }
    assert_int_equal(s.c->n_alerts, FLEET_ALERTS);
    assert_string_equal(s.c->alerts[0].code, "c3");
    s.c->now.s += 60;
    alert_add(s.c, "a", "c5", "again");
    assert_int_equal(s.c->n_alerts, FLEET_ALERTS);
    assert_string_equal(s.c->alerts[2].text, "again");
    assert_int_equal(s.c->alerts[2].at.s, s.c->now.s);
    scene_end(&s);
}

/* A clock that is set takes along what waits, and what was over is over. */
static void test_clock_is_set(void **state)
{
    struct event set = {.kind = EVENT_TICK};
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    stored_setting(&s, "retry:a", "2 1795335000 1 1795334000"); /* in ten minutes */
    stored_setting(&s, "losses:a", "1795334300");
    stored_setting(&s, "place:a", "onprem");
    stored_setting(&s, "since:a", "1795334100");
    scene_start(&s);
    look(&s);
    s.now.s += 60;
    step(&s, (struct event){.kind = EVENT_TICK}); /* at its pace: nothing moves */
    assert_int_equal(s.c->servers[0].retry_at.s, 1795335000);
    assert_int_equal(s.c->servers[0].settled_since.s, 1795334100);
    s.now.s -= 3600; /* set back by an hour, while a minute passes */
    set.now = s.now;
    set.mono.ms = (s.now.s + 3660 - NOW) * 1000 + 1000000;
    controller_step(s.c, &set, &s.fx);
    assert_int_equal(s.c->servers[0].retry_at.s, 1795335000 - 3660);
    assert_int_equal(s.c->servers[0].losses[0].s, s.now.s); /* not in the future */
    assert_int_equal(s.c->servers[0].settled_since.s, 1795334100 - 3660); /* a dwell */
    scene_end(&s);
}

/* It counts from the first event on, however soon that is: what is noted down by the new
 * time has not waited by the old one. */
static void test_clock_is_set_within_a_tick(void **state)
{
    struct event ev = {.kind = EVENT_TICK};
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    stored_setting(&s, "retry:a", "2 1795335000 0 0");
    scene_start(&s);
    look(&s);
    ev.now.s = s.now.s - 120;
    ev.mono.ms = s.c->clock_mono.ms + 500;
    controller_step(s.c, &ev, &s.fx);
    assert_int_equal(s.c->servers[0].retry_at.s, 1795335000 - 120);
    assert_true(s.c->clock_bad_ticks > 0);
    s.c->servers[0].retry_at.s = ev.now.s + 480; /* a move has failed */
    ev.now.s += 5;
    ev.mono.ms += 5000;
    controller_step(s.c, &ev, &s.fx);
    assert_int_equal(s.c->servers[0].retry_at.s, ev.now.s - 5 + 480);
    scene_end(&s);
}

/* What was lost so long before the clock was set was lost so long ago by the new time,
 * too: by the old one the build ended before its loss, or long after. */
static void test_loss_follows_clock(void **state)
{
    static const struct {
        const char *what;
        int64_t by_s;
    } rows[] = {{"set back", -3600}, {"set ahead", 3600}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct doom *doom;
        struct lost l;

        lost_make(&l, REQUEUE_WAITING);
        stored_setting(&l.s, "auto", "off");
        l.requeues[0].noted.s -= rows[i].by_s;
        l.requeues[0].lost.s -= rows[i].by_s;
        scene_start(&l.s);
        l.s.c->clock_utc.s -= rows[i].by_s; /* of the last tick: it was set since */
        l.s.c->servers[0].doom = (struct doom){
            .on = true, .noted = l.requeues[0].noted, .lost = l.s.c->clock_utc};
        doom = &l.s.c->servers[0].doom;
        history(&l, STEP_S);
        assert_row(rows[i].what, it(&l)->lost.s == NOW - 300);
        assert_row(rows[i].what, n_of(&l, CALL_BUILD_QUEUE) == 1);
        assert_row(rows[i].what, doom->on && doom->lost.s == NOW);
        l.s.now.s += 60;
        step(&l.s, (struct event){.kind = EVENT_TICK});
        assert_row(rows[i].what, !doom->on); /* the next loss is one of its own */
        scene_end(&l.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_hangs),
        cmocka_unit_test(test_sent),
        cmocka_unit_test(test_counts_on),
        cmocka_unit_test(test_goes_on_elsewhere),
        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_foreign_change),
        cmocka_unit_test(test_used_up_soon),
        cmocka_unit_test(test_left_there),
        cmocka_unit_test(test_many_alerts),
        cmocka_unit_test(test_clock_is_set),
        cmocka_unit_test(test_clock_is_set_within_a_tick),
        cmocka_unit_test(test_loss_follows_clock),
        cmocka_unit_test(test_left_at_a_takeover),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
