#include <config.h>

#include "core/base/str.h"
#include "tests/contract/jenkins_site.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

#define FROM_JENKINS "X-Jenkins: 2.541.3\r\n"

static int set_up(void **state)
{
    return site_open(state, SOURCE_BUILDS);
}

static void ask_for(struct site *f, const char *path)
{
    (void)str_copy(f->hints.jobs[f->hints.n_jobs++], URL_TEXT, path);
}

static void answer(struct site *f, const char *path, const struct fake_answer *a)
{
    struct fake_rule rule = {.method = "GET", .path = path, .answers = {*a}};

    fake_server_add(f->server, &rule);
}

static enum err_code look(struct site *f)
{
    err_clear(&f->e);
    return jenkins_history(f->jenkins, &f->hints, f->o, &f->e);
}

static const char freestyle[] =
    "{\"_class\":\"hudson.model.FreeStyleProject\","
    "\"url\":\"https://other.test/ci/job/storage-full/\",\"builds\":["
    "{\"_class\":\"hudson.model.FreeStyleBuild\",\"building\":true,\"builtOn\":\"np-2\","
    "\"duration\":0,\"number\":414,\"result\":null,\"timestamp\":1781001500000},"
    /* A result before it is over. */
    "{\"building\":true,\"builtOn\":\"np-2\",\"duration\":0,\"number\":413,"
    "\"result\":\"FAILURE\",\"timestamp\":1781001400000},"
    "{\"building\":false,\"builtOn\":\"nc-2\",\"duration\":312045,\"number\":412,"
    "\"result\":\"SUCCESS\",\"timestamp\":1781000400000},"
    "{\"building\":false,\"builtOn\":\"\",\"duration\":5000,\"number\":411,"
    "\"result\":\"ABORTED\",\"timestamp\":1781000300000},"
    /* Wrong types, numbers that cannot be, control characters, words of the future. */
    "{\"building\":false,\"builtOn\":7,\"duration\":\"long\",\"number\":410,"
    "\"result\":\"SUCCESS\",\"timestamp\":\"x\"},"
    "{\"building\":false,\"builtOn\":\"n\\u001b[2Jp\",\"duration\":-1,\"number\":409,"
    "\"result\":\"UNSTABLE\"},"
    "{\"building\":false,\"builtOn\":\"np-2\",\"duration\":9000000000000000000,"
    "\"number\":408,\"result\":\"BETTER\\u0007\"},"
    "{\"building\":\"no\",\"duration\":1,\"number\":407,\"result\":\"SUCCESS\"},"
    "{\"building\":false,\"duration\":1,\"number\":406,\"result\":\"RUNNING\"},"
    "{\"building\":false,\"duration\":1,\"number\":null,\"result\":\"SUCCESS\"},"
    "{\"building\":false,\"duration\":1,\"number\":-3,\"result\":\"SUCCESS\"},"
    "{\"building\":false,\"duration\":1,\"number\":99999999999,\"result\":\"SUCCESS\"},"
    "null,7,[]]}";
#define PIPELINE(path)                                                                   \
    "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowJob\",\"url\":"            \
    "\"https://other.test" path "\",\"builds\":["                                        \
    "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowRun\",\"building\":false," \
    "\"duration\":611820,\"number\":88,\"result\":\"UNSTABLE\",\"timestamp\":"           \
    "1781000000000}]}"

static void test_builds(void **state)
{
    static const struct {
        const char *what, *node;
        int32_t number;
        enum build_result result;
        int64_t took_ms, started;
    } want[] = {
        /* clang-format off */
        {"runs",                    "np-2", 414, BUILD_RUNNING,  0, 1781001500},
        {"has a result, runs",      "np-2", 413, BUILD_RUNNING,  0, 1781001400},
        {"over",                    "nc-2", 412, BUILD_SUCCESS,  312045, 1781000400},
        {"on the built-in node",    "",     411, BUILD_ABORTED,  5000, 1781000300},
        {"wrong types",             "",     410, BUILD_SUCCESS,  0, 0},
        {"control characters",      "n\xEF\xBF\xBD[2Jp", 409, BUILD_UNSTABLE, 0, 0},
        {"a word of the future",    "np-2", 408, BUILD_UNKNOWN,  0, 0},
        {"who knows if it runs",    "",     407, BUILD_RUNNING,  0, 0},
        {"our own word is no result", "",   406, BUILD_UNKNOWN,  1, 0},
        /* clang-format on */
    };
    struct site *f = *state;
    const struct obs_builds *b = &f->o->as.builds;
    const struct fake_request *rq;

    ask_for(f, "/ci/job/storage-full/");
    ask_for(f, "/ci/job/team/job/net%20pipe/");
    answer(f, "/ci/job/storage-full/api/json?tree=url,builds%5Bnumber,",
           &(struct fake_answer){.body = freestyle, .headers = FROM_JENKINS});
    answer(f, "/ci/job/team/job/net%20pipe/api/json?tree=url,builds%5B",
           &(struct fake_answer){.body = PIPELINE("/ci/job/team/job/net%20pipe/"),
                                 .headers = FROM_JENKINS});
    assert_int_equal(look(f), ERR_OK);
    assert_int_equal(b->n, 2);
    assert_string_equal(b->jobs[0].path, "/ci/job/storage-full/");
    assert_false(b->jobs[0].gone || b->jobs[0].unreadable);
    assert_int_equal(b->jobs[0].n_runs, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct seen_run *r = &b->jobs[0].runs[i];

        assert_row(want[i].what, r->number == want[i].number);
        assert_row(want[i].what, r->result == want[i].result);
        assert_row(want[i].what, r->took_ms == want[i].took_ms);
        assert_row(want[i].what, r->started.s == want[i].started);
        assert_row(want[i].what, str_eq(r->node, want[i].node));
    }
    assert_int_equal(b->jobs[1].n_runs, 1);
    assert_string_equal(b->jobs[1].runs[0].node, "");
    assert_int_equal(b->jobs[1].runs[0].took_ms, 611820);
    /* One call for a job, with a range, in the form that proxies take. */
    assert_int_equal(fake_server_count(f->server), 2);
    rq = fake_server_request(f->server, 0);
    assert_null(strpbrk(rq->path, "[]{} "));
    assert_true(str_ends(rq->path, "%5D%7B0,50%7D"));
    assert_int_equal(rq->connection, fake_server_request(f->server, 1)->connection);
}

static void test_one_job(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        struct fake_answer answer;
        enum err_code code; /* of the reading when that job is the only one */
        bool gone, unreadable; /* beside another that can be read; else all fails */
    } rows[] = {
        {"renamed or hidden", {.status = 404, .headers = FROM_JENKINS}, ERR_OK, true, false},
        {"404 of a proxy",    {.status = 404, .type = "text/html"}, ERR_NOT_FOUND, false, false},
        {"a broken record",   {.status = 500, .headers = FROM_JENKINS}, ERR_SERVER, false, true},
        {"no permission",     {.status = 403, .headers = FROM_JENKINS}, ERR_FORBIDDEN, false, true},
        {"huge",              {.fault = FAKE_ENDLESS}, ERR_TOO_BIG, false, true},
        {"truncated",         {.body = freestyle, .fault = FAKE_TRUNCATE}, ERR_RESET, false, false},
        {"getting ready",     {.status = 503, .headers = FROM_JENKINS}, ERR_SERVER, false, false},
        {"wrong token",       {.status = 401, .type = "text/html"}, ERR_AUTH, false, false},
        {"login page",        {.type = "text/html", .body = "<html>Sign in"}, ERR_PROTOCOL, false, false},
        {"another job's",     {.body = PIPELINE("/ci/job/good/"), .headers = FROM_JENKINS}, ERR_PROTOCOL, false, false},
        {"who knows whose",   {.body = "{\"builds\":[]}", .headers = FROM_JENKINS}, ERR_PROTOCOL, false, false},
        {"no list",           {.body = "{\"url\":\"/ci/job/bad/\",\"builds\":{}}", .headers = FROM_JENKINS}, ERR_PROTOCOL, false, false},
        {"half of JSON",      {.body = "{\"builds\":[{", .headers = FROM_JENKINS}, ERR_PROTOCOL, false, false},
    };
    /* clang-format on */
    struct site *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool passes = rows[i].gone || rows[i].unreadable;
        const struct obs_builds *b = &f->o->as.builds;

        fake_server_reset(f->server);
        answer(f, "/ci/job/bad/", &rows[i].answer);
        answer(f, "/ci/job/good/",
               &(struct fake_answer){.body = PIPELINE("/ci/job/good/"),
                                     .headers = FROM_JENKINS});
        f->hints.n_jobs = 0;
        ask_for(f, "/ci/job/bad/");
        assert_row(rows[i].what, look(f) == rows[i].code);
        assert_row(rows[i].what, strstr(f->e.text, "11tokenvalue") == NULL);
        ask_for(f, "/ci/job/good/");
        assert_row(rows[i].what, look(f) == (passes ? ERR_OK : rows[i].code));
        if (!passes)
            continue;
        assert_row(rows[i].what, b->n == 2 && b->jobs[0].gone == rows[i].gone);
        assert_row(rows[i].what, b->jobs[0].unreadable == rows[i].unreadable);
        assert_row(rows[i].what, b->jobs[0].n_runs == 0 && b->jobs[1].n_runs == 1);
    }
}

/* A path that is none of this Jenkins is never asked for. */
static void test_paths(void **state)
{
    static const char *const paths[] = {
        "/other/job/a/", "/ci/computer/np-1/", "/ci/job/../computer/", "/ci/job//a/",
        "/ci/job/a",     "/ci/job/a/?x=/",     "/ci/job/a b/",         ""};
    struct site *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        f->hints.n_jobs = 0;
        ask_for(f, paths[i]);
        assert_row(paths[i], look(f) == ERR_OK);
        assert_row(paths[i], f->o->as.builds.jobs[0].gone);
    }
    assert_int_equal(fake_server_count(f->server), 0);
    f->hints.n_jobs = 0;
    assert_int_equal(look(f), ERR_OK);
    assert_int_equal(f->o->as.builds.n, 0);
}

/* More than was asked for is not taken. */
static void test_many(void **state)
{
    struct site *f = *state;
    struct strbuf b;

    strbuf_init(&b, 128 * 1024);
    strbuf_puts(&b, "{\"url\":\"/ci/job/a/\",\"builds\":[");
    for (int i = 1; i <= 1000; i++)
        strbuf_printf(&b, "%s{\"number\":%d,\"building\":true}", i > 1 ? "," : "", i);
    strbuf_puts(&b, "]}");
    ask_for(f, "/ci/job/a/");
    answer(f, "/ci/job/a/",
           &(struct fake_answer){.body = strbuf_text(&b), .headers = FROM_JENKINS});
    assert_int_equal(look(f), ERR_OK);
    assert_int_equal(f->o->as.builds.jobs[0].n_runs, 100);
    strbuf_clear(&b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, site_close)
    const struct CMUnitTest tests[] = {
        TEST(test_builds),
        TEST(test_one_job),
        TEST(test_paths),
        TEST(test_many),
    };
    struct err e = {0};
    int failed;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_global_cleanup();
    return failed;
}
