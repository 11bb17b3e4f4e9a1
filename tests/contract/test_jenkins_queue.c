#include <config.h>

#include "core/base/str.h"
#include "tests/contract/jenkins_site.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

#define FROM_JENKINS "X-Jenkins: 2.541.3\r\n"
#define ITEM         FROM_JENKINS "Location: http://other.test/ci/queue/item/2117/\r\n"

static int set_up(void **state)
{
    return site_open(state, SOURCE_JENKINS);
}

static void answer(struct site *f, const char *method, const char *path,
                   struct fake_answer a)
{
    struct fake_rule rule = {.method = method, .path = path, .answers = {a}};

    fake_server_add(f->server, &rule);
}

#define JOB   "{\"url\":\"https://other.test/ci/job/team/job/net%20pipe/\","
#define BUILD "{\"url\":\"https://other.test/ci/job/team/job/net%20pipe/412/\","

static const char build[] =
    BUILD "\"_class\":\"hudson.model.FreeStyleBuild\",\"number\":412,\"actions\":["
          "{\"parameters\":[{\"name\":\"SUITE\",\"value\":\"a b&c=\\u00e9\"},"
          "{\"name\":\"FULL\",\"value\":false}]},{},"
          "{\"causes\":[{\"shortDescription\":\"Started by timer\"}]}]}";
static const char job[] =
    JOB "\"buildable\":true,\"property\":[{},{\"parameterDefinitions\":["
        "{\"name\":\"SUITE\"},{\"name\":\"FULL\"},{\"name\":\"X\"}]}]}";
static const char plain_build[] = BUILD "\"number\":412,\"actions\":[{}]}";
static const char plain_job[] = JOB "\"buildable\":true,\"property\":[{}]}";

static void act(struct site *f)
{
    struct call call = {.id = 9, .kind = CALL_BUILD_QUEUE};

    (void)str_copy(call.target, sizeof(call.target), "/ci/job/team/job/net%20pipe/412/");
    (void)str_copy(call.marker, sizeof(call.marker), "rushhour/1 requeue of net #412");
    jenkins_act(f->jenkins, &call, &f->r);
}

static void told(struct site *f, const char *the_build, const char *the_job)
{
    answer(f, "GET", "/412/api/json",
           (struct fake_answer){.body = the_build, .headers = FROM_JENKINS});
    answer(f, "GET", "/ci/job/team/job/net%20pipe/api/json",
           (struct fake_answer){.body = the_job, .headers = FROM_JENKINS});
}

static void test_with_parameters(void **state)
{
    struct site *f = *state;
    const struct fake_request *rq;

    told(f, build, job);
    answer(f, "POST", "", (struct fake_answer){.status = 201, .headers = ITEM});
    act(f);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_string_equal(f->r.detail, "2117");
    assert_int_equal(fake_server_count_of(f->server, "POST", ""), 1);
    rq = fake_server_request_of(f->server, "POST", "", 0);
    assert_string_equal(rq->path, "/ci/job/team/job/net%20pipe/buildWithParameters");
    assert_string_equal(rq->body, "FULL=false&SUITE=a%20b%26c%3D%C3%A9"
                                  "&cause=rushhour%2F1%20requeue%20of%20net%20%23412");
}

static void test_without_parameters(void **state)
{
    struct site *f = *state;
    const struct fake_request *rq;

    told(f, plain_build, plain_job);
    answer(f, "POST", "", (struct fake_answer){.status = 201, .headers = ITEM});
    act(f);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    rq = fake_server_request_of(f->server, "POST", "", 0);
    assert_string_equal(rq->path, "/ci/job/team/job/net%20pipe/build");
    assert_true(str_starts(rq->body, "cause=rushhour"));
}

/* What the answer to the POST means. */
static void test_answers(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        struct fake_answer answer;
        enum outcome outcome;
        enum err_code code;
        const char *detail;
    } rows[] = {
        {"201 a new item", {.status = 201, .headers = ITEM}, OUTCOME_DONE, ERR_OK, "2117"},
        {"303 merged into an equal one", {.status = 303, .headers = ITEM}, OUTCOME_DONE, ERR_OK, "2117"},
        {"302 refused by a plugin", {.status = 302, .headers = FROM_JENKINS "Location: /ci/job/x/\r\n"}, OUTCOME_FAILED, ERR_REFUSED, ""},
        {"302 to a login page", {.status = 302, .headers = FROM_JENKINS "Location: /ci/login?from=x\r\n"}, OUTCOME_FAILED, ERR_AUTH, ""},
        {"201 without an item", {.status = 201, .headers = FROM_JENKINS}, OUTCOME_UNKNOWN, ERR_PROTOCOL, ""},
        {"an item that is no number", {.status = 201, .headers = FROM_JENKINS "Location: /ci/queue/item/x/\r\n"}, OUTCOME_UNKNOWN, ERR_PROTOCOL, ""},
        {"409 disabled", {.status = 409, .headers = FROM_JENKINS}, OUTCOME_FAILED, ERR_CONFLICT, ""},
        {"403 no Job/Build", {.status = 403, .headers = FROM_JENKINS "X-Required-Permission: hudson.model.Item.Build\r\n"}, OUTCOME_FAILED, ERR_FORBIDDEN, ""},
        {"400 the wrong one of the two", {.status = 400, .headers = FROM_JENKINS}, OUTCOME_FAILED, ERR_REFUSED, ""},
        {"500 a choice that is not valid any more", {.status = 500, .headers = FROM_JENKINS}, OUTCOME_FAILED, ERR_SERVER, ""},
        {"503 of a proxy", {.status = 503}, OUTCOME_UNKNOWN, ERR_SERVER, ""},
        {"502 of a proxy", {.status = 502}, OUTCOME_UNKNOWN, ERR_SERVER, ""},
        {"no answer", {.fault = FAKE_HANG}, OUTCOME_UNKNOWN, ERR_TIMEOUT, ""},
        {"reset", {.fault = FAKE_RESET}, OUTCOME_UNKNOWN, ERR_RESET, ""},
        {"closed", {.fault = FAKE_CLOSE}, OUTCOME_UNKNOWN, ERR_RESET, ""},
    };
    /* clang-format on */
    struct site *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        fake_server_reset(f->server);
        told(f, build, job);
        answer(f, "POST", "", rows[i].answer);
        act(f);
        if (f->r.outcome != rows[i].outcome || f->r.err.code != rows[i].code ||
            !str_eq(f->r.detail, rows[i].detail))
            fail_msg("%s: %s, %d %s, \"%s\"", rows[i].what, outcome_word(f->r.outcome),
                     (int)f->r.err.code, f->r.err.text, f->r.detail);
        /* Never repeated, whatever came. */
        assert_row(rows[i].what, fake_server_count_of(f->server, "POST", "") == 1);
        assert_row(rows[i].what, strstr(f->r.err.text, "11tokenvalue") == NULL);
    }
}

/* What forbids that anything is sent at all. */
static void test_not_sent(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *build, *job;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"a password has no value", BUILD "\"actions\":[{\"parameters\":[{\"name\":\"TOKEN\"}]}]}", job, ERR_REFUSED, "TOKEN"},
        {"a value that is null", BUILD "\"actions\":[{\"parameters\":[{\"name\":\"SUITE\",\"value\":null}]}]}", job, ERR_REFUSED, "SUITE"},
        {"a number", BUILD "\"actions\":[{\"parameters\":[{\"name\":\"SUITE\",\"value\":7}]}]}", job, ERR_REFUSED, "SUITE"},
        {"a parameter without a name", BUILD "\"actions\":[{\"parameters\":[{\"value\":\"x\"}]}]}", job, ERR_REFUSED, "?"},
        {"a name that is dangerous to show", BUILD "\"actions\":[{\"parameters\":[{\"name\":\"A\\u001b[2J\"}]}]}", job, ERR_REFUSED, "A\xEF\xBF\xBD"},
        {"the job has it no more", build, JOB "\"buildable\":true,\"property\":[{\"parameterDefinitions\":[{\"name\":\"FULL\"}]}]}", ERR_REFUSED, "SUITE"},
        {"the job has none any more", build, plain_job, ERR_REFUSED, "none of the job's"},
        {"the answer about another build", "{\"url\":\"/ci/job/team/job/net%20pipe/413/\",\"actions\":[]}", job, ERR_PROTOCOL, "another one"},
        {"... about its job", job, job, ERR_PROTOCOL, "another one"},
        {"... about nobody knows what", "{}", job, ERR_PROTOCOL, "another one"},
        {"... about another job", plain_build, "{\"url\":\"/ci/job/x/\",\"property\":[]}", ERR_PROTOCOL, "another one"},
        {"a disabled job", build, JOB "\"buildable\":false,\"property\":[]}", ERR_CONFLICT, "disabled"},
    };
    /* clang-format on */
    struct site *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        fake_server_reset(f->server);
        told(f, rows[i].build, rows[i].job);
        act(f);
        assert_row(rows[i].what, f->r.outcome == OUTCOME_FAILED);
        assert_row(rows[i].what, f->r.err.code == rows[i].code);
        assert_row(rows[i].what, strstr(f->r.err.text, rows[i].text) != NULL);
        assert_row(rows[i].what, fake_server_count_of(f->server, "POST", "") == 0);
    }
    fake_server_reset(f->server); /* a build that is gone */
    act(f);
    assert_int_equal(f->r.outcome, OUTCOME_FAILED);
    assert_int_equal(f->r.err.code, ERR_NOT_FOUND);
}

/* A parameter called "cause" must not come twice. */
static void test_named_cause(void **state)
{
    struct site *f = *state;

    told(f,
         BUILD "\"actions\":[{\"parameters\":[{\"name\":\"cause\",\"value\":\"x\"}]}]}",
         JOB "\"buildable\":true,\"property\":[{\"parameterDefinitions\":["
             "{\"name\":\"cause\"}]}]}");
    answer(f, "POST", "", (struct fake_answer){.status = 201, .headers = ITEM});
    act(f);
    assert_string_equal(fake_server_request_of(f->server, "POST", "", 0)->body,
                        "cause=x");
}

/* With a password: the crumb comes with its session. */
static void test_crumb(void **state)
{
    struct site *f = *state;
    char value[128];

    f->config.secret_is_token = false;
    told(f, plain_build, plain_job);
    answer(f, "GET", "/crumbIssuer/",
           (struct fake_answer){
               .headers = FROM_JENKINS "Set-Cookie: JSESSIONID.1=abc; Path=/\r\n",
               .body = "{\"crumb\":\"0c\",\"crumbRequestField\":\"Jenkins-Crumb\"}"});
    answer(f, "POST", "", (struct fake_answer){.status = 201, .headers = ITEM});
    act(f);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_true(fake_request_header(fake_server_request_of(f->server, "POST", "", 0),
                                    "Jenkins-Crumb", value, sizeof(value)));
    assert_string_equal(value, "0c");
}

/* ---- a job in detail ---- */

static const char detail[] =
    "{\"url\":\"https://other.test/ci/job/x/\",\"buildable\":false,\"builds\":["
    "{\"number\":14,\"building\":true,\"result\":null,\"queueId\":2120,\"actions\":["
    "{\"causes\":[{\"shortDescription\":\"Started by user Rush Hour\","
    "\"userId\":\"rushhour\"}]}]},"
    "{\"number\":13,\"building\":false,\"result\":\"ABORTED\",\"duration\":5,\"actions\":"
    "["
    "{\"parameters\":[{\"name\":\"B\",\"value\":true},{\"name\":\"A\",\"value\":\"1\"}]},"
    "{\"causes\":[{\"shortDescription\":\"Started by remote host 10.0.0.1 with note: "
    "rushhour/1 requeue of x #12\"}]},"
    "{\"causes\":[{\"shortDescription\":\"Aborted by da\\u001bna\"}]}]},"
    "{\"number\":12,\"building\":false,\"result\":\"ABORTED\",\"duration\":5,\"actions\":"
    "["
    "{\"parameters\":[{\"name\":\"TOKEN\"}]},{\"causes\":[{\"shortDescription\":"
    "\"Timeout waiting for agent to come back\"}]}]}]}";
static const char queue[] =
    "{\"items\":[{\"id\":7,\"task\":{\"url\":\"https://other.test/ci/job/x/"
    "\"},\"actions\":["
    "{\"parameters\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":true}]},"
    "{\"causes\":[{\"userId\":\"rushhour\"}]}]},"
    "{\"id\":8,\"task\":{\"url\":\"job/x/12/\"}},{\"id\":9,\"task\":{}},{\"id\":10},"
    "{\"id\":null,\"task\":{\"url\":\"https://other.test/ci/job/x/\"}},null]}";

static void test_detail(void **state)
{
    struct site *f = *state;
    struct observation *o = observation_new(SOURCE_BUILDS);
    struct poll_hints hints = {.n_jobs = 2, .n_detailed = 1};
    const struct seen_job *j;

    assert_non_null(o);
    (void)str_copy(hints.jobs[0], URL_TEXT, "/ci/job/x/");
    (void)str_copy(hints.jobs[1], URL_TEXT, "/ci/job/y/");
    answer(f, "GET", "/ci/job/y/",
           (struct fake_answer){
               .body = "{\"url\":\"/ci/job/y/\",\"buildable\":false,\"builds\":["
                       "{\"number\":1,\"building\":true,\"actions\":[{\"causes\":["
                       "{\"userId\":\"rushhour\"}]}]}]}",
               .headers = FROM_JENKINS});
    answer(f, "GET", "/ci/job/x/",
           (struct fake_answer){.body = detail, .headers = FROM_JENKINS});
    answer(f, "GET", "/ci/queue/",
           (struct fake_answer){.body = queue, .headers = FROM_JENKINS});
    assert_int_equal(jenkins_history(f->jenkins, &hints, o, &f->e), ERR_OK);
    /* The queue first: what leaves it then is among the builds. */
    assert_true(str_starts(fake_server_request(f->server, 0)->path, "/ci/queue/"));
    assert_int_equal(fake_server_count(f->server), 3);
    j = &o->as.builds.jobs[0];
    assert_true(j->detailed && j->disabled);
    assert_int_equal(j->n_runs, 3);
    assert_true(j->runs[0].by_us && j->runs[1].by_us && !j->runs[2].by_us);
    assert_int_equal(j->runs[0].queue_id, 2120);
    assert_string_equal(j->runs[1].parameters.form, "A=1&B=true");
    assert_string_equal(j->runs[1].aborted_by, "da\xEF\xBF\xBDna");
    assert_string_equal(j->runs[2].aborted_by, "");
    assert_string_equal(j->runs[2].parameters.hidden, "TOKEN");
    assert_int_equal(j->n_items, 1);
    assert_int_equal(j->items[0].id, 7);
    assert_true(j->items[0].by_us);
    assert_string_equal(j->items[0].parameters.form, j->runs[1].parameters.form);
    j = &o->as.builds.jobs[1];
    assert_false(j->detailed || j->disabled || j->runs[0].by_us);
    assert_int_equal(j->n_items, 0);
    observation_unref(o);
}

/* Half a picture is none: without the queue nothing is decided. */
static void test_detail_fails(void **state)
{
    static const struct fake_answer answers[] = {
        {.status = 403, .headers = FROM_JENKINS},
        {.body = "{\"items\":{}}", .headers = FROM_JENKINS},
        {.body = queue, .fault = FAKE_TRUNCATE},
        {.fault = FAKE_HANG},
    };
    struct site *f = *state;
    struct poll_hints hints = {.n_jobs = 1, .n_detailed = 1};

    (void)str_copy(hints.jobs[0], URL_TEXT, "/ci/job/x/");
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct observation *o = observation_new(SOURCE_BUILDS);

        assert_non_null(o);
        fake_server_reset(f->server);
        err_clear(&f->e);
        answer(f, "GET", "/ci/job/",
               (struct fake_answer){.body = detail, .headers = FROM_JENKINS});
        answer(f, "GET", "/ci/queue/", answers[i]);
        assert_int_not_equal(jenkins_history(f->jenkins, &hints, o, &f->e), ERR_OK);
        observation_unref(o);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, site_close)
    const struct CMUnitTest tests[] = {
        TEST(test_with_parameters), TEST(test_without_parameters), TEST(test_answers),
        TEST(test_not_sent),        TEST(test_named_cause),        TEST(test_crumb),
        TEST(test_detail),          TEST(test_detail_fails),
    };
    struct err e = {0};
    int failed;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_global_cleanup();
    return failed;
}
