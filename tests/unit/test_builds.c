#include <config.h>

#include "core/engine/parts.h"
#include "core/engine/speedup_view.h"

#include "core/base/str.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/* The controller is told what the nodes run and what Jenkins says of it later. */

static const char config_text[] =
    "site = { name = \"t\"  tz = \"UTC\" }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\"  user = \"u\"  password_env = \"P\"\n"
    "  cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/ci\"  user = \"u\"  token_env = \"P\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\"  user = \"u\"  password_env = \"P\" }\n"
    "servers = { cache = { vm = \"c\"  mover = \"velostrata\"  onprem_node = \"np-1\"\n"
    "  cloud_node = \"nc-1\"  eni = \"eni-1\"  instance_types = [\"m5.large\"] } }\n";

/* Number, result, node, start, duration. */
#define RUN(n, r, at, t, ms)                                                             \
    {                                                                                    \
        .number = (n), .result = (r), .node = (at), .started = {(t)}, .took_ms = (ms)    \
    }

struct fixture {
    struct config *config;
    struct tz *tz;
    struct controller *c;
    struct effects fx;
    struct utc now;
    /* What was written in the last step. */
    const struct sample *samples[64];
    size_t n_samples;
    const char *gone;
};

static void start(struct fixture *f, const struct store_state *from)
{
    struct controller_options o = {
        .config = f->config, .tz = f->tz, .seed = 1, .host = "h", .user = "u"};
    struct err e = {0};

    controller_free(f->c);
    f->c = NULL;
    if (controller_new(&o, from, f->now, (struct mono){f->now.s * 1000}, &f->c, &e) !=
        ERR_OK)
        fail_msg("%s", e.text);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct config_problems *problems = NULL;
    struct store_state none = {0};
    struct err e = {0};

    assert_non_null(f);
    if (config_load_text(config_text, "text", false, &f->config, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
    config_problems_free(problems);
    assert_int_equal(tz_load("UTC", &f->tz, &e), ERR_OK);
    f->now.s = 1795330800;
    start(f, &none);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    controller_free(f->c);
    effects_clear(&f->fx);
    config_free(f->config);
    tz_free(f->tz);
    free(f);
    return 0;
}

static void feed(struct fixture *f, struct event *ev)
{
    f->now.s += 15;
    ev->now = f->now;
    ev->mono.ms = f->now.s * 1000;
    controller_step(f->c, ev, &f->fx);
    f->n_samples = 0;
    f->gone = NULL;
    for (size_t i = 0; i < f->fx.n_records; i++) {
        const struct record *r = &f->fx.records[i];

        if (r->kind == RECORD_SAMPLE && f->n_samples < ARRAY_LEN(f->samples))
            f->samples[f->n_samples++] = &r->as.sample;
        if (r->kind == RECORD_JOB_GONE)
            f->gone = r->as.job_gone;
    }
}

static void told(struct fixture *f, struct observation *o)
{
    struct event ev = {.kind = EVENT_OBSERVATION};

    o->at = f->now;
    ev.as.observation = o;
    feed(f, &ev);
}

/* What the two nodes run: paths of builds, NULL = nothing. */
static void nodes_run(struct fixture *f, const char *onprem, const char *cloud)
{
    struct observation *o = observation_new(SOURCE_JENKINS);
    struct seen_node *n = arena_alloc(o->arena, 3, sizeof(*n));
    struct seen_build *b = arena_alloc(o->arena, 3, sizeof(*b));

    assert_true(n != NULL && b != NULL);
    for (int i = 0; i < 3; i++) {
        const char *path = i == 0 ? onprem : i == 1 ? cloud : "/ci/job/alien/1/";

        b[i] = (struct seen_build){.name = "b",
                                   .path = path != NULL ? path : "",
                                   .number = 1,
                                   .started = {1795330000},
                                   .estimate_s = -1};
        n[i] = (struct seen_node){.name = i == 0   ? "np-1"
                                          : i == 1 ? "nc-1"
                                                   : "not-ours",
                                  .cause = "",
                                  .idle = path == NULL,
                                  .busy = path != NULL,
                                  .builds = &b[i],
                                  .n_builds = path != NULL ? 1 : 0};
    }
    o->as.jenkins = (struct obs_jenkins){.version = "2", .nodes = n, .n_nodes = 3};
    told(f, o);
}

static void history(struct fixture *f, const char *path, const struct seen_run *runs,
                    size_t n)
{
    struct observation *o = observation_new(SOURCE_BUILDS);
    struct seen_job *j = arena_alloc(o->arena, 1, sizeof(*j));
    struct seen_run *r = arena_alloc(o->arena, n, sizeof(*r));

    assert_true(j != NULL && r != NULL);
    if (n > 0)
        memcpy(r, runs, n * sizeof(*r));
    *j = (struct seen_job){.path = path, .runs = r, .n_runs = n};
    o->as.builds = (struct obs_builds){j, 1};
    told(f, o);
}

static void history_gone(struct fixture *f, const char *path)
{
    struct observation *o = observation_new(SOURCE_BUILDS);
    struct seen_job *j = arena_alloc(o->arena, 1, sizeof(*j));

    assert_non_null(j);
    *j = (struct seen_job){.path = path, .gone = true};
    o->as.builds = (struct obs_builds){j, 1};
    told(f, o);
}

static struct fleet *picture(struct fixture *f)
{
    struct fleet *p = controller_snapshot(f->c);

    assert_non_null(p);
    return p;
}

/* The jobs that the next reading is for, once it is due. */
static const struct poll_hints *asked(struct fixture *f)
{
    for (int i = 0; i < 40; i++) {
        struct event ev = {.kind = EVENT_TICK};

        for (size_t k = 0; k < f->fx.n_polls; k++)
            if (f->fx.polls[k].source == SOURCE_BUILDS)
                return &f->fx.polls[k].hints;
        feed(f, &ev);
    }
    return NULL;
}

/* A Pipeline: nobody but us knows where it ran. */
static void test_seen_and_over(void **state)
{
    struct fixture *f = *state;
    const struct seen_run running = RUN(88, BUILD_RUNNING, "", 1795330000, 0);
    const struct seen_run over = RUN(88, BUILD_SUCCESS, "", 1795330001, 611820);
    const struct poll_hints *h;
    struct fleet *p;

    nodes_run(f, NULL, NULL);
    assert_null(asked(f)); /* there is nothing to ask for */
    nodes_run(f, NULL, "/ci/job/team/job/net-pipe/88/");
    assert_int_equal(f->n_samples, 1);
    assert_string_equal(f->samples[0]->job, "/ci/job/team/job/net-pipe/");
    assert_int_equal(f->samples[0]->number, 88);
    assert_string_equal(f->samples[0]->server, "cache");
    assert_string_equal(f->samples[0]->node, "nc-1");
    assert_int_equal(f->samples[0]->place, PLACE_CLOUD);
    assert_int_equal(f->samples[0]->result, BUILD_RUNNING);
    assert_int_equal(f->samples[0]->started.s, 1795330000);
    h = asked(f);
    assert_non_null(h);
    if (h == NULL)
        return; /* the compiler does not know that the line above ends the test */
    assert_int_equal(h->n_jobs, 1);
    assert_string_equal(h->jobs[0], "/ci/job/team/job/net-pipe/");
    nodes_run(f, NULL, "/ci/job/team/job/net-pipe/88/");
    assert_int_equal(f->n_samples, 0); /* once is enough */
    nodes_run(f, NULL, NULL);
    history(f, "/ci/job/team/job/net-pipe/", &running, 1);
    assert_int_equal(f->n_samples, 0); /* it waits for an executor, and is not over */
    history(f, "/ci/job/team/job/net-pipe/", &over, 1);
    assert_int_equal(f->n_samples, 1);
    assert_int_equal(f->samples[0]->place, PLACE_CLOUD);
    assert_int_equal(f->samples[0]->result, BUILD_SUCCESS);
    assert_int_equal(f->samples[0]->took_ms, 611820);
    assert_int_equal(f->samples[0]->started.s, 1795330001);
    history(f, "/ci/job/team/job/net-pipe/", &over, 1);
    assert_int_equal(f->n_samples, 0);
    p = picture(f);
    assert_false(p->speedup.known);
    assert_non_null(strstr(p->speedup.missing, "has 0 and 1"));
    assert_int_equal(p->n_jobs, 1);
    assert_string_equal(p->jobs[0].name, "team/net-pipe");
    assert_string_equal(p->jobs[0].server, "cache");
    assert_int_equal(p->jobs[0].cloud_builds, 1);
    assert_int_equal(p->jobs[0].cloud_ms, 611820);
    fleet_unref(p);
}

/* A freestyle job brings its past along: Jenkins knows where it ran. */
static void test_import(void **state)
{
    struct fixture *f = *state;
    const struct seen_run runs[] = {
        RUN(9, BUILD_SUCCESS, "other", 0, 1000),
        RUN(8, BUILD_FAILURE, "nc-1", 0, 10),
        RUN(7, BUILD_UNSTABLE, "nc-1", 0, 300000),
        RUN(6, BUILD_RUNNING, "nc-1", 0, 0),
        RUN(5, BUILD_SUCCESS, "nc-1", 0, 300000),
        RUN(4, BUILD_SUCCESS, "nc-1", 0, 290000),
        RUN(3, BUILD_SUCCESS, "np-1", 0, 500000),
        RUN(2, BUILD_SUCCESS, "np-1", 0, 510000),
        RUN(1, BUILD_SUCCESS, "np-1", 0, 500000),
    };
    struct seen_run six = RUN(6, BUILD_SUCCESS, "nc-1", 0, 300000);
    struct fleet *p;

    nodes_run(f, "/ci/job/a/10/", NULL);
    history(f, "/ci/job/a/", runs, ARRAY_LEN(runs));
    assert_int_equal(f->n_samples, 7);
    p = picture(f);
    assert_true(p->speedup.known);
    assert_int_equal(p->speedup.percent, 40);
    assert_int_equal(p->speedup.jobs, 1);
    assert_int_equal(p->speedup.builds, 6);
    assert_string_equal(p->speedup.missing, "");
    fleet_unref(p);
    /* Behind one that ran still: taken when it is over, the others not again. */
    history(f, "/ci/job/a/", &six, 1);
    assert_int_equal(f->n_samples, 1);
}

/* On nodes of both places: it counts for neither. */
static void test_both_places(void **state)
{
    struct fixture *f = *state;
    const struct seen_run over = RUN(5, BUILD_SUCCESS, "", 0, 1000);
    struct fleet *p;

    nodes_run(f, "/ci/job/a/5/", NULL);
    nodes_run(f, NULL, "/ci/job/a/5/");
    assert_int_equal(f->n_samples, 1);
    assert_int_equal(f->samples[0]->place, PLACE_UNKNOWN);
    assert_string_equal(f->samples[0]->node, "np-1");
    nodes_run(f, "/ci/job/a/5/", NULL);
    assert_int_equal(f->n_samples, 0);
    nodes_run(f, NULL, NULL);
    history(f, "/ci/job/a/", &over, 1);
    assert_int_equal(f->samples[0]->place, PLACE_UNKNOWN);
    p = picture(f);
    assert_int_equal(p->n_jobs, 0);
    fleet_unref(p);
}

static void test_deleted_and_renamed(void **state)
{
    struct fixture *f = *state;
    const struct seen_run six = RUN(6, BUILD_SUCCESS, "np-1", 0, 1000);
    struct fleet *p;

    nodes_run(f, "/ci/job/a/5/", NULL);
    nodes_run(f, NULL, NULL);
    history(f, "/ci/job/a/", &six, 1); /* #5 was deleted */
    assert_int_equal(f->n_samples, 2);
    assert_int_equal(f->samples[1]->number, 5);
    assert_int_equal(f->samples[1]->result, BUILD_UNKNOWN);
    nodes_run(f, "/ci/job/a/7/", NULL);
    history_gone(f, "/ci/job/a/"); /* it runs: hidden, not gone */
    assert_null(f->gone);
    nodes_run(f, NULL, NULL);
    history_gone(f, "/ci/job/a/");
    assert_string_equal(f->gone, "/ci/job/a/");
    p = picture(f);
    assert_int_equal(p->n_jobs, 0);
    fleet_unref(p);
    history(f, "/ci/job/a/", &six, 1); /* an answer that was on its way */
    assert_int_equal(f->n_samples, 0);
}

/* What is counted need not be told again; what still runs must be. */
static void test_from(void **state)
{
    struct fixture *f = *state;
    const struct seen_run runs[] = {RUN(9, BUILD_RUNNING, "", 1795330200, 0),
                                    RUN(8, BUILD_SUCCESS, "no-1", 1795330100, 1000),
                                    RUN(7, BUILD_RUNNING, "", 1795330000, 0)};
    const struct seen_run over[] = {RUN(9, BUILD_SUCCESS, "", 1795330200, 1000),
                                    RUN(8, BUILD_SUCCESS, "no-1", 1795330100, 1000),
                                    RUN(7, BUILD_SUCCESS, "", 1795330000, 1000)};
    const struct poll_hints *h;

    nodes_run(f, "/ci/job/a/7/", "/ci/job/a/9/");
    h = asked(f);
    assert_int_equal(h != NULL ? h->from[0] : -1, 1); /* nothing is known yet */
    history(f, "/ci/job/a/", runs, ARRAY_LEN(runs));
    h = asked(f);
    assert_int_equal(h != NULL ? h->from[0] : -1, 7);
    nodes_run(f, NULL, NULL);
    history(f, "/ci/job/a/", over, ARRAY_LEN(over));
    h = asked(f);
    assert_int_equal(h != NULL ? h->from[0] : -1, 10);
}

static void test_odd_paths(void **state)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "/5/",
                                        "//",
                                        "/ci/job/a/x5/",
                                        "/ci/job/a/0/",
                                        "/ci/job/a/99999999999/",
                                        "/ci/job/a/5",
                                        "5/",
                                        "/ci/job/a//"};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        nodes_run(f, paths[i], NULL);
        assert_row(paths[i], f->n_samples == (str_eq(paths[i], "/5/") ? 1 : 0));
    }
}

/* Another start goes on with what was running and with what was counted. */
static void test_restart(void **state)
{
    struct fixture *f = *state;
    struct sample running = {.job = "/ci/job/a/",
                             .number = 8,
                             .server = "cache",
                             .node = "nc-1",
                             .place = PLACE_CLOUD};
    struct sample alien = {.job = "/ci/job/b/", .number = 8, .node = "was-ours"};
    struct sample kept[] = {running, alien};
    struct job_history job = {.path = "/ci/job/a/", .server = "cache", .last = 7};
    struct store_state st = {
        .jobs = &job, .n_jobs = 1, .running = kept, .n_running = ARRAY_LEN(kept)};
    const struct seen_run runs[] = {RUN(8, BUILD_SUCCESS, "nc-1", 0, 1000),
                                    RUN(7, BUILD_SUCCESS, "nc-1", 0, 1000)};

    start(f, &st);
    nodes_run(f, NULL, NULL);
    assert_non_null(asked(f));
    history(f, "/ci/job/a/", runs, ARRAY_LEN(runs));
    assert_int_equal(f->n_samples, 1);
    assert_int_equal(f->samples[0]->number, 8);
}

/* More jobs than there is room for: the one that nobody built for longest gives way. */
static void test_many_jobs(void **state)
{
    struct fixture *f = *state;
    char path[URL_TEXT];

    for (int i = 0; i < SPEEDUP_JOBS + 20; i++) {
        (void)str_format(path, sizeof(path), "/ci/job/j%d/1/", i);
        nodes_run(f, path, NULL);
        /* Half of them never end: they cannot give way. */
        if (i % 2 == 0) {
            const struct seen_run over = RUN(1, BUILD_SUCCESS, "np-1", 0, 1000);

            (void)str_format(path, sizeof(path), "/ci/job/j%d/", i);
            nodes_run(f, NULL, NULL);
            history(f, path, &over, 1);
            assert_int_equal(f->n_samples, 1);
        }
    }
}

/* Of more jobs than are shown the first ones, and none of which no build is over. */
static void test_most_views(void **state)
{
    static struct job_history jobs[4];
    const struct sample over = {.job = "/ci/job/x/",
                                .number = 1,
                                .place = PLACE_ONPREM,
                                .result = BUILD_SUCCESS,
                                .took_ms = 60000};
    struct speedup_view sum;
    struct job_view views[2];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
        char path[URL_TEXT];
        struct job_history *j;

        (void)str_format(path, sizeof(path), "/ci/job/j%zu/", i);
        j = job_history_get(jobs, &n, ARRAY_LEN(jobs), path);
        assert_non_null(j);
        if (i != 1)
            job_history_note(j, &over);
    }
    assert_int_equal(speedup_view_make(jobs, n, &sum, views, ARRAY_LEN(views)), 2);
    assert_string_equal(views[0].name, "j0");
    assert_string_equal(views[1].name, "j2");
}

/* A build is told by the path of its job and its number. */
static void test_split(void **state)
{
    static const struct {
        const char *what, *path;
        int32_t number; /* 0 = it is none */
    } rows[] = {
        {"in a folder", "/ci/job/team/job/pipe/88/", 88},
        {"the highest number", "/ci/job/a/2147483647/", INT32_MAX},
        {"one more", "/ci/job/a/2147483648/", 0},
        {"more digits than a number has", "/ci/job/a/99999999999999999999999/", 0},
        {"no number", "/ci/job/a/0/", 0},
        {"a word", "/ci/job/a/last/", 0},
        {"a sign", "/ci/job/a/!8/", 0},
        {"no job", "1234/", 0},
    };
    char job[URL_TEXT], path[URL_TEXT + 16];
    int32_t number;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is = build_split(rows[i].path, job, &number);

        assert_row(rows[i].what, is == (rows[i].number != 0));
        assert_row(rows[i].what, !is || number == rows[i].number);
    }
    /* The longest path of a job, and one that is longer. */
    memset(path, 'x', sizeof(path));
    (void)str_copy(path + URL_TEXT - 2, sizeof(path) - URL_TEXT + 2, "/88/");
    assert_true(build_split(path, job, &number));
    assert_int_equal(strlen(job), URL_TEXT - 1);
    (void)str_copy(path + URL_TEXT - 2, sizeof(path) - URL_TEXT + 2, "x/88/");
    assert_false(build_split(path, job, &number));
}

/* All the room is for jobs whose builds go on: one more is not followed. */
static void test_no_room(void **state)
{
    struct fixture *f = *state;
    char path[URL_TEXT];

    for (int i = 0; i <= SPEEDUP_JOBS; i++) {
        (void)str_format(path, sizeof(path), "/ci/job/j%d/1/", i);
        nodes_run(f, path, NULL);
        assert_int_equal(f->n_samples, i < SPEEDUP_JOBS ? 1 : 0);
    }
}

/* More builds of one job go on than are followed: the oldest ends as it is. */
static void test_many_runs(void **state)
{
    struct fixture *f = *state;
    const struct seen_run ended[] = {RUN(1, BUILD_SUCCESS, "", 0, 1000),
                                     RUN(2, BUILD_SUCCESS, "", 0, 1000)};
    char path[URL_TEXT];

    for (int i = 1; i <= OPEN_RUNS + 1; i++) {
        (void)str_format(path, sizeof(path), "/ci/job/a/%d/", i);
        nodes_run(f, path, NULL);
        assert_int_equal(f->n_samples, 1);
    }
    history(f, "/ci/job/a/", ended, 1);
    for (size_t i = 0; i < f->n_samples; i++)
        assert_int_not_equal(f->samples[i]->number, 1);
}

/* What goes on when the program starts: no more of it than is followed, in both places
 * when it was seen so. */
static void test_restart_with_many(void **state)
{
    enum { RUNS = OPEN_RUNS + 2 };
    struct job_history *jobs = calloc(SPEEDUP_JOBS + 1, sizeof(*jobs));
    struct fixture *f = *state;
    struct sample running[RUNS];
    struct store_state st = {
        .jobs = jobs, .n_jobs = SPEEDUP_JOBS + 1, .running = running, .n_running = RUNS};

    assert_non_null(jobs);
    if (jobs == NULL)
        return; /* the compiler does not know that the line above ends the test */
    for (int i = 0; i <= SPEEDUP_JOBS; i++) {
        (void)str_format(jobs[i].path, sizeof(jobs[i].path), "/ci/job/j%d/", i);
        jobs[i].last = 7;
    }
    for (int32_t i = 0; i < RUNS; i++)
        running[i] = (struct sample){.job = "/ci/job/j0/",
                                     .number = i + 8,
                                     .server = "cache",
                                     .node = "np-1",
                                     .place = i == 0 ? PLACE_UNKNOWN : PLACE_ONPREM};
    start(f, &st);
    assert_int_equal(f->c->builds.n, SPEEDUP_JOBS);
    assert_int_equal(f->c->builds.kept[0].n_runs, OPEN_RUNS);
    assert_true(f->c->builds.kept[0].runs[0].in_both);
    assert_false(f->c->builds.kept[0].runs[1].in_both);
    assert_int_equal(f->c->servers[0].ran[0].number, 8); /* it may be left in the cloud */
    assert_string_equal(f->c->servers[0].ran[1].job, "");
    free(jobs);
}

/* Behind a build that goes on nothing is over for good; behind the highest number there
 * can be is none to ask for. */
static void test_upto(void **state)
{
    struct fixture *f = *state;
    const struct seen_run runs[] = {RUN(7, BUILD_RUNNING, "", 1795330000, 0),
                                    RUN(9, BUILD_RUNNING, "", 1795330200, 0),
                                    RUN(10, BUILD_SUCCESS, "np-1", 0, 1000)};
    struct job_history job = {.path = "/ci/job/a/", .server = "cache", .last = INT32_MAX};
    struct store_state st = {.jobs = &job, .n_jobs = 1};
    struct poll_hints h = {0};

    builds_hints(f->c, &h); /* there is nothing to ask for */
    assert_int_equal(h.n_jobs, 0);
    nodes_run(f, "/ci/job/a/9/", NULL);
    history(f, "/ci/job/a/", runs, ARRAY_LEN(runs));
    assert_int_equal(f->c->builds.kept[0].upto, 6);
    start(f, &st);
    builds_hints(f->c, &h);
    assert_int_equal(h.n_jobs, 1);
    assert_int_equal(h.from[0], INT32_MAX);
}

/* One that could not be read is not asked for at once again; nothing is made of it. */
static void test_unreadable(void **state)
{
    struct fixture *f = *state;
    struct seen_job job = {.path = "/ci/job/a/", .unreadable = true};
    struct observation *o;

    nodes_run(f, "/ci/job/a/5/", NULL);
    assert_false(f->c->builds.kept[0].asked);
    o = observation_new(SOURCE_BUILDS);
    assert_non_null(o);
    o->as.builds = (struct obs_builds){&job, 1};
    told(f, o);
    assert_true(f->c->builds.kept[0].asked);
    assert_int_equal(f->c->builds.kept[0].n_runs, 1);
    assert_int_equal(f->n_samples, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_seen_and_over),
        TEST(test_import),
        TEST(test_both_places),
        TEST(test_deleted_and_renamed),
        TEST(test_from),
        TEST(test_odd_paths),
        TEST(test_restart),
        TEST(test_many_jobs),
        TEST(test_most_views),
        TEST(test_split),
        TEST(test_no_room),
        TEST(test_many_runs),
        TEST(test_restart_with_many),
        TEST(test_upto),
        TEST(test_unreadable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
