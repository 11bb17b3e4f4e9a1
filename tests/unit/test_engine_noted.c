#include <config.h>

#include "tests/unit/controller_scene.h"

#include "core/engine/parts.h"

/*
 * Which builds are noted as having lost their machine, what is known of them already, and
 * how many there may be (policy-and-cost 5.3).
 */

#define JOB   "/j/job/smoke/"
#define BUILD JOB "8/"

struct noted {
    struct scene s;
    struct requeue list[REQUEUES_KEPT];
    struct seen_build build;
};

static void noted_make(struct noted *n)
{
    memset(n, 0, sizeof(*n));
    scene_make(&n->s);
    stored_setting(&n->s, "auto", "off");
    n->s.config->policy.on_drain_deadline = DRAIN_REQUEUE;
    n->s.stored.requeues = n->list;
    n->build = (struct seen_build){.name = "smoke #8", .path = BUILD, .number = 8};
}

static struct requeue *stored(struct noted *n, const char *job, int32_t number,
                              enum requeue_state state)
{
    struct requeue *r = &n->list[n->s.stored.n_requeues++];

    *r = (struct requeue){.number = number,
                          .server = "a",
                          .cause = REQUEUE_BY_DEADLINE,
                          .original = number,
                          .noted = {NOW - 420},
                          .state = state};
    (void)str_copy(r->job, sizeof(r->job), job);
    return r;
}

/* As within a step, in which the server moves. */
static struct server_state *moves(struct noted *n, enum direction d)
{
    struct server_state *s = &n->s.c->servers[0];

    s->move = (struct move){.direction = d};
    n->s.c->fx = &n->s.fx;
    effects_reset(&n->s.fx);
    return s;
}

static const struct requeue *find(const struct noted *n, const char *job, int32_t number)
{
    const struct requeues_kept *k = &n->s.c->requeues;

    for (size_t i = 0; i < k->n; i++) {
        if (k->list[i].number == number && str_eq(k->list[i].job, job))
            return &k->list[i];
    }
    return NULL;
}

/* ----- left behind ----- */

enum where { NOWHERE, AT_HOME, ONE_OFF_AT_HOME, ANOTHER_AT_HOME };

static void test_left(void **state)
{
    static const struct {
        const char *what;
        enum on_drain_deadline deadline;
        bool force, interrupted, idle, unknown, committed;
        enum where also;
        bool noted, lost, spread;
    } rows[] = {
        /* clang-format off */
        {"the deadline queues it again", DRAIN_REQUEUE, false, false, false, false, false, NOWHERE, true, false, false},
        {"… behind the commit point",    DRAIN_REQUEUE, false, false, false, false, true,  NOWHERE, true, true,  false},
        {"… and waits for it",           DRAIN_WAIT,    false, false, false, false, false, NOWHERE, false, false, false},
        {"by force, in any case",        DRAIN_WAIT,    true,  false, false, false, false, NOWHERE, true, false, false},
        {"an interruption has its own",  DRAIN_REQUEUE, false, true,  false, false, false, NOWHERE, false, false, false},
        {"the node was seen idle",       DRAIN_REQUEUE, false, false, true,  false, false, NOWHERE, false, false, false},
        {"… which nobody knows now",     DRAIN_REQUEUE, false, false, true,  true,  false, NOWHERE, true, false, false},
        {"it runs on another node, too", DRAIN_REQUEUE, false, false, false, false, false, AT_HOME, true, false, true},
        {"… what holds no executor there", DRAIN_REQUEUE, false, false, false, false, false, ONE_OFF_AT_HOME, true, false, false},
        {"another one runs there",       DRAIN_REQUEUE, false, false, false, false, false, ANOTHER_AT_HOME, true, false, false},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct seen_build also = {.name = "smoke #8", .path = BUILD, .number = 8};
        const struct requeue *r;
        struct server_state *s;
        struct noted n;

        noted_make(&n);
        n.s.config->policy.on_drain_deadline = rows[i].deadline;
        n.s.nodes[CLOUD].builds = &n.build;
        n.s.nodes[CLOUD].n_builds = 1;
        n.s.nodes[CLOUD].idle = rows[i].idle;
        n.s.nodes[HOME].builds = &also;
        n.s.nodes[HOME].n_builds = rows[i].also != NOWHERE ? 1 : 0;
        also.one_off = rows[i].also == ONE_OFF_AT_HOME;
        if (rows[i].also == ANOTHER_AT_HOME)
            also.path = JOB "9/";
        scene_start(&n.s);
        observe(&n.s, SOURCE_JENKINS);
        s = moves(&n, DIRECTION_BACK);
        s->move.force = rows[i].force;
        s->move.interrupted = rows[i].interrupted;
        s->move.committed = rows[i].committed;
        if (rows[i].unknown)
            s->facts.cloud.known = false;
        requeue_left(n.s.c, s);
        n.s.c->fx = NULL;
        r = find(&n, JOB, 8);
        assert_row(rows[i].what, (r != NULL) == rows[i].noted);
        if (r != NULL) {
            assert_row(rows[i].what, r->state == REQUEUE_WAITING);
            assert_row(rows[i].what, str_eq(r->node, "cloud-a"));
            assert_row(rows[i].what, (r->lost.s != 0) == rows[i].lost);
            assert_row(rows[i].what, r->spread == rows[i].spread);
        }
        scene_end(&n.s);
    }
}

/* What an earlier run saw run there is left behind, too: on which node nobody wrote. */
static void test_left_since_before(void **state)
{
    struct sample running = {
        .job = JOB, .number = 8, .server = "a", .node = "cloud-a", .place = PLACE_CLOUD};
    struct noted n;

    (void)state;
    noted_make(&n);
    n.s.stored.running = &running;
    n.s.stored.n_running = 1;
    scene_start(&n.s);
    n.s.c->servers[0].ran[0].seen = n.s.now; /* as the newest reading would say */
    requeue_left(n.s.c, moves(&n, DIRECTION_BACK));
    n.s.c->fx = NULL;
    assert_non_null(find(&n, JOB, 8));
    scene_end(&n.s);
}

/* ----- stopped by a move ----- */

enum before { NEW, WAITS, IS_OVER, NO_ROOM };

static void test_stopped(void **state)
{
    static const struct {
        const char *what, *path;
        enum direction direction;
        enum on_drain_deadline deadline;
        enum before before;
        bool observe, dry_run;
        const char *node; /* NULL: it is not noted */
        bool stopped;
    } rows[] = {
        /* clang-format off */
        {"on its way home",            BUILD, DIRECTION_BACK, DRAIN_REQUEUE, NEW,     false, false, "cloud-a", true},
        {"on its way out",             BUILD, DIRECTION_OUT,  DRAIN_REQUEUE, NEW,     false, false, "home-a",  true},
        {"that is not to be",          BUILD, DIRECTION_BACK, DRAIN_WAIT,    NEW,     false, false, NULL,      false},
        {"no path of a build",         JOB,   DIRECTION_BACK, DRAIN_REQUEUE, NEW,     false, false, NULL,      false},
        {"who only looks",             BUILD, DIRECTION_BACK, DRAIN_REQUEUE, NEW,     true,  false, NULL,      false},
        {"a dry run",                  BUILD, DIRECTION_BACK, DRAIN_REQUEUE, NEW,     false, true,  NULL,      false},
        {"it waits already",           BUILD, DIRECTION_BACK, DRAIN_REQUEUE, WAITS,   false, false, "",        true},
        {"it was queued again already", BUILD, DIRECTION_BACK, DRAIN_REQUEUE, IS_OVER, false, false, "",       false},
        {"as many as there may be wait", BUILD, DIRECTION_BACK, DRAIN_REQUEUE, NO_ROOM, false, false, NULL,    false},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct requeue *r;
        struct noted n;

        noted_make(&n);
        n.s.config->policy.on_drain_deadline = rows[i].deadline;
        n.s.options.observe = rows[i].observe;
        n.s.options.dry_run = rows[i].dry_run;
        if (rows[i].before == WAITS)
            (void)stored(&n, JOB, 8, REQUEUE_WAITING);
        if (rows[i].before == IS_OVER)
            (void)stored(&n, JOB, 8, REQUEUE_QUEUED);
        for (int32_t k = 0; rows[i].before == NO_ROOM && k < REQUEUES_KEPT; k++)
            (void)stored(&n, "/j/job/deep/", k + 1, REQUEUE_WAITING);
        scene_start(&n.s);
        requeue_stopped(n.s.c, moves(&n, rows[i].direction), rows[i].path);
        n.s.c->fx = NULL;
        r = find(&n, JOB, 8);
        assert_row(rows[i].what, (r != NULL) == (rows[i].node != NULL));
        if (r != NULL) {
            assert_row(rows[i].what, str_eq(r->node, rows[i].node));
            assert_row(rows[i].what, (r->stopped.s != 0) == rows[i].stopped);
        }
        scene_end(&n.s);
    }
}

/* Nobody notes what nobody here may queue again. */
static void test_may_not(void **state)
{
    static const struct {
        const char *what, *autos;
        bool shared; /* and the lock is not ours */
        bool noted;
    } rows[] = {
        {"auto is off, and a person moved it", "off", false, true},
        {"all of it is a dry run", "dry-run", false, false},
        {"another controller has the lock", "off", true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct noted n;

        noted_make(&n);
        (void)str_copy(n.s.settings[0].value, LINE_TEXT, rows[i].autos);
        n.s.options.shared_lock = rows[i].shared;
        scene_start(&n.s);
        requeue_stopped(n.s.c, moves(&n, DIRECTION_BACK), BUILD);
        n.s.c->fx = NULL;
        assert_row(rows[i].what, (find(&n, JOB, 8) != NULL) == rows[i].noted);
        scene_end(&n.s);
    }
}

/* Full: the one that has been over for longest gives way. */
static void test_room(void **state)
{
    struct noted n;

    (void)state;
    noted_make(&n);
    for (int32_t k = 0; k < REQUEUES_KEPT; k++)
        (void)stored(&n, "/j/job/deep/", k + 1, REQUEUE_WAITING);
    for (int32_t k = 4; k < 7; k++) {
        n.list[k].state = REQUEUE_SKIPPED;
        n.list[k].noted.s = NOW - (k == 5 ? 900 : 600 + k);
    }
    scene_start(&n.s);
    requeue_stopped(n.s.c, moves(&n, DIRECTION_BACK), BUILD);
    n.s.c->fx = NULL;
    assert_int_equal(n.s.c->requeues.n, REQUEUES_KEPT);
    assert_non_null(find(&n, JOB, 8));
    assert_null(find(&n, "/j/job/deep/", 6));
    assert_non_null(find(&n, "/j/job/deep/", 5));
    assert_non_null(find(&n, "/j/job/deep/", 7));
    scene_end(&n.s);
}

/* ----- what is known of those that wait ----- */

/* The commit point of its server's way home takes the machine away from what waits. */
static void test_committed(void **state)
{
    static const struct {
        const char *what, *server;
        enum direction direction;
        enum requeue_cause cause;
        enum requeue_state state;
        int64_t lost; /* before, 0 = not */
        bool told;
    } rows[] = {
        {"it waits", "a", DIRECTION_BACK, REQUEUE_BY_DEADLINE, REQUEUE_WAITING, 0, true},
        {"the way out", "a", DIRECTION_OUT, REQUEUE_BY_DEADLINE, REQUEUE_WAITING, 0,
         false},
        {"another server's", "b", DIRECTION_BACK, REQUEUE_BY_DEADLINE, REQUEUE_WAITING, 0,
         false},
        {"for another reason", "a", DIRECTION_BACK, REQUEUE_BY_INTERRUPTION,
         REQUEUE_WAITING, 0, false},
        {"it was told", "a", DIRECTION_BACK, REQUEUE_BY_DEADLINE, REQUEUE_WAITING,
         NOW - 60, false},
        {"an order was given", "a", DIRECTION_BACK, REQUEUE_BY_DEADLINE, REQUEUE_SENT, 0,
         false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct requeue *r;
        struct noted n;

        noted_make(&n);
        r = stored(&n, JOB, 8, rows[i].state);
        (void)str_copy(r->server, sizeof(r->server), rows[i].server);
        r->cause = rows[i].cause;
        r->lost.s = rows[i].lost;
        scene_start(&n.s);
        requeue_committed(n.s.c, moves(&n, rows[i].direction));
        n.s.c->fx = NULL;
        assert_row(rows[i].what, n.s.c->requeues.list[0].lost.s ==
                                     (rows[i].told ? n.s.c->now.s : rows[i].lost));
        scene_end(&n.s);
    }
}

/* Jobs are asked of in turn, each once, no more at a time than fit. */
static void test_hints(void **state)
{
    struct poll_hints h = {0}, next = {0};
    struct noted n;
    char job[32];

    (void)state;
    noted_make(&n);
    for (int32_t k = 0; k < HINT_JOBS + 2; k++) {
        (void)str_format(job, sizeof(job), "/j/job/j%d/", (int)k);
        (void)stored(&n, job, 1, REQUEUE_WAITING);
        (void)stored(&n, job, 2, REQUEUE_WAITING);
        (void)stored(&n, job, 3, REQUEUE_SKIPPED);
    }
    scene_start(&n.s);
    requeue_hints(n.s.c, &h);
    assert_int_equal(h.n_jobs, HINT_JOBS);
    assert_int_equal(h.n_detailed, HINT_JOBS);
    assert_string_equal(h.jobs[0], "/j/job/j0/");
    assert_string_equal(h.jobs[HINT_JOBS - 1], "/j/job/j7/");
    requeue_hints(n.s.c, &next);
    assert_string_equal(next.jobs[1], "/j/job/j8/");
    scene_end(&n.s);
}

/* An answer to what was no order, or to one that nobody minds any more. */
static void test_result(void **state)
{
    static const struct {
        const char *what, *target;
        enum call_kind kind;
        enum requeue_state before, then;
    } rows[] = {
        {"its order", BUILD, CALL_BUILD_QUEUE, REQUEUE_SENT, REQUEUE_QUEUED},
        {"its stop, after the order", BUILD, CALL_BUILD_STOP, REQUEUE_SENT, REQUEUE_SENT},
        {"it waits", BUILD, CALL_BUILD_QUEUE, REQUEUE_WAITING, REQUEUE_WAITING},
        {"another build's", JOB "9/", CALL_BUILD_QUEUE, REQUEUE_SENT, REQUEUE_SENT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct call_result done = {.outcome = OUTCOME_DONE, .detail = "42"};
        struct call call = {.kind = rows[i].kind};
        struct noted n;

        noted_make(&n);
        (void)stored(&n, JOB, 8, rows[i].before);
        (void)str_copy(call.target, sizeof(call.target), rows[i].target);
        scene_start(&n.s);
        (void)moves(&n, DIRECTION_BACK);
        requeue_result(n.s.c, &call, &done);
        n.s.c->fx = NULL;
        assert_row(rows[i].what, n.s.c->requeues.list[0].state == rows[i].then);
        scene_end(&n.s);
    }
}

/* When its machine was seen well for the last time: not once anything is known of its
 * end. */
static void test_alive(void **state)
{
    static const struct {
        const char *what;
        enum place place;
        bool doomed, over, stale, lost, alive;
    } rows[] = {
        {"well", PLACE_CLOUD, false, false, false, false, true},
        {"at home", PLACE_ONPREM, false, false, false, false, false},
        {"AWS gave notice", PLACE_CLOUD, true, false, false, false, true},
        {"what it lost is still looked for", PLACE_CLOUD, true, true, false, false,
         false},
        {"nobody has looked lately", PLACE_CLOUD, false, false, true, false, false},
        {"it was lost", PLACE_CLOUD, false, false, false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct server_state *s;
        struct noted n;

        noted_make(&n);
        scene_start(&n.s);
        s = moves(&n, DIRECTION_BACK);
        s->doom.on = rows[i].doomed;
        s->doom.lost.s = rows[i].over ? NOW - 5 : 0;
        s->facts.place = rows[i].place;
        s->facts.place_stale = rows[i].stale;
        s->facts.lost = rows[i].lost;
        s->facts.place_as_of.s = NOW - 5;
        s->facts.instance.reclaim_at.s = rows[i].doomed ? NOW + 60 : 0;
        requeue_alive(n.s.c, s);
        n.s.c->fx = NULL;
        assert_row(rows[i].what, (s->alive_at.s != 0) == rows[i].alive);
        scene_end(&n.s);
    }
}

/* ----- the machine is taken away ----- */

static void seen_well(struct noted *n)
{
    struct server_state *s = moves(n, DIRECTION_OUT);

    s->facts.place = PLACE_CLOUD;
    s->facts.place_as_of = n->s.now;
    requeue_alive(n->s.c, s);
    n->s.c->fx = NULL;
}

static void doom(struct noted *n, bool lost)
{
    struct server_state *s = moves(n, DIRECTION_OUT);

    requeue_doom(n->s.c, s, lost);
    requeue_watch(n->s.c, s);
    n->s.c->fx = NULL;
}

/* #8 ran when its machine was seen well, at NOW + 5. Jenkins may show the loss before
 * AWS's word comes at NOW + 20, as a notice, as the loss, or both at once. */
static void test_word_comes_late(void **state)
{
    static const struct {
        const char *what;
        bool runs, notice, well, loss;
        int64_t given_s; /* AWS's notice, from NOW on */
        int64_t
            noted_s; /* what ended since then may have been lost; 0: it is not noted */
    } rows[] = {
        {"the loss", false, false, false, true, 0, 5},
        {"a notice, and nothing is lost yet", false, true, false, false, 10, 0},
        {"both", false, true, false, true, 10, 5},
        {"the loss long after a notice", false, true, true, true, 10, 0},
        {"a notice of what runs", true, true, false, false, 10, 5},
        {"… that was given long after it was seen", true, true, true, true, 135, 15},
        {"… that is to be given", true, true, false, false, 1000, 20},
        {"nothing", false, false, false, false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct requeue *r;
        struct noted n;

        noted_make(&n);
        scene_start(&n.s);
        n.s.nodes[CLOUD].builds = &n.build;
        n.s.nodes[CLOUD].n_builds = 1;
        look(&n.s);
        seen_well(&n);
        n.s.nodes[CLOUD].n_builds = rows[i].runs ? 1 : 0;
        for (int k = 0; k < 3; k++)
            look(&n.s);
        n.s.c->servers[0].facts.instance.reclaim_at.s =
            rows[i].notice ? NOW + rows[i].given_s + NOTICE_S : 0;
        if (rows[i].notice)
            doom(&n, false);
        if (rows[i].well)
            seen_well(&n);
        if (rows[i].loss)
            doom(&n, true);
        r = find(&n, JOB, 8);
        assert_row(rows[i].what, (r != NULL) == (rows[i].noted_s != 0));
        if (r != NULL) {
            assert_row(rows[i].what, r->noted.s == NOW + rows[i].noted_s);
            assert_row(rows[i].what, (r->lost.s != 0) == rows[i].loss);
        }
        scene_end(&n.s);
    }
}

/* A job's path that leaves no room for the number: it cannot be asked for by it. */
static void test_long_path(void **state)
{
    struct seen_run run = {.number = 88, .result = BUILD_FAILURE, .node = "cloud-a"};
    struct seen_job job = {.runs = &run, .n_runs = 1, .detailed = true};
    struct observation *o = observation_new(SOURCE_BUILDS);
    char path[URL_TEXT];
    struct noted n;

    (void)state;
    assert_non_null(o);
    memset(path, 'x', sizeof(path));
    path[0] = path[URL_TEXT - 2] = '/';
    path[URL_TEXT - 1] = '\0';
    noted_make(&n);
    stored(&n, path, 88, REQUEUE_WAITING)->lost.s = NOW - 300;
    scene_start(&n.s);
    look(&n.s);
    job.path = path;
    o->at = n.s.now;
    o->as.builds = (struct obs_builds){&job, 1};
    step(&n.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
    assert_int_equal(n.s.c->requeues.list[0].state, REQUEUE_WAITING);
    for (size_t i = 0; i < n.s.n_calls; i++)
        assert_int_not_equal(n.s.calls[i].kind, CALL_BUILD_QUEUE);
    scene_end(&n.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left),      cmocka_unit_test(test_left_since_before),
        cmocka_unit_test(test_stopped),   cmocka_unit_test(test_room),
        cmocka_unit_test(test_may_not),   cmocka_unit_test(test_committed),
        cmocka_unit_test(test_hints),     cmocka_unit_test(test_result),
        cmocka_unit_test(test_alive),     cmocka_unit_test(test_word_comes_late),
        cmocka_unit_test(test_long_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
