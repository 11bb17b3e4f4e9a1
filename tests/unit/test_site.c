#include <config.h>

#include "tests/unit/site_client.h"

#include <string.h>

#include "core/sim/server.h"
#include "tests/unit/table.h"

#define API "/velostrata/api/v25"

static void has(struct site_client *c, const char *part)
{
    if (strstr(strbuf_text(&c->rs.body), part) == NULL)
        fail_msg("no %s in %s", part, strbuf_text(&c->rs.body));
}

/* ---- determinism ---- */

/* A day with the same requests at the same times; in between the world is advanced in
 * steps of step_ms. The true state at the end goes to *out. */
static void live_a_day(int64_t step_ms, uint64_t seed, struct strbuf *out)
{
    static const struct {
        int64_t at_s;
        const char *path, *body;
    } requests[] = {
        {60, "/control/builds", "{\"server\":\"cache\",\"seconds\":600}"},
        {120, API "/cloudextensions/ce-1/operations/start", NULL},
        {500, "/control/capacity",
         "{\"type\":\"c5.2xlarge\",\"zone\":\"eu-west-1a\",\"available\":true}"},
        {600, API "/cloudextensions/ce-1/operations/moveVm",
         "{\"_type\":\"MoveToAwsRequest\",\"sourceVmId\":\"vm-12\",\"instanceType\":"
         "\"c5.2xlarge\",\"edgeNode\":\"NodeA\",\"runMode\":\"Normal\",\"pricingModel\":"
         "{\"_type\":\"SpotMarketBidParams\"},\"staticAddress\":\"10.0.1.12\"}"},
        {1500, "/control/interrupt", "{\"server\":\"write-back\",\"notice_s\":120}"},
        {4000, "/control/vm", "{\"server\":\"migration\",\"power\":\"off\"}"},
        {5000, "/control/vm", "{\"server\":\"migration\",\"power\":\"on\"}"},
        {9000, "/control/node",
         "{\"node\":\"tests-cache\",\"marked\":true,\"by\":\"d\"}"},
        {12000, "/control/node", "{\"node\":\"tests-cache\",\"marked\":false}"},
    };
    struct site_client c;
    struct site_options o = {
        .seed = seed, .servers = 4, .start = {INT64_C(1795329000)}, .faults = NULL};
    int64_t start;

    site_client_begin(&c, NULL);
    site_free(c.s);
    assert_int_equal(site_new(&o, &c.s, &c.e), ERR_OK);
    site_client_as(&c, "apiuser", site_velostrata_password);
    start = site_now_ms(c.s);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        int64_t at = start + requests[i].at_s * 1000;

        while (site_now_ms(c.s) + step_ms < at)
            site_client_later(&c, step_ms);
        site_advance(c.s, at);
        site_post(&c, requests[i].path, requests[i].body);
        if (c.rs.status > 201)
            fail_msg("%s: %s", requests[i].path, strbuf_text(&c.rs.body));
    }
    while (site_now_ms(c.s) + step_ms < start + INT64_C(86400000))
        site_client_later(&c, step_ms);
    site_advance(c.s, start + INT64_C(86400000));
    strbuf_puts(out, site_get(&c, "/control/world"));
    site_client_end(&c);
}

static void test_same_history_however_finely_it_advances(void **state)
{
    struct strbuf fine, coarse, other;

    (void)state;
    strbuf_init(&fine, 1 << 20);
    strbuf_init(&coarse, 1 << 20);
    strbuf_init(&other, 1 << 20);
    live_a_day(777, 7, &fine);
    live_a_day(3600000, 7, &coarse);
    live_a_day(3600000, 8, &other);
    assert_true(fine.len > 1000);
    assert_string_equal(strbuf_text(&fine), strbuf_text(&coarse));
    assert_string_not_equal(strbuf_text(&fine), strbuf_text(&other));
    strbuf_clear(&fine);
    strbuf_clear(&coarse);
    strbuf_clear(&other);
}

/* ---- faults ---- */

static void test_fault_specs(void **state)
{
    static const struct {
        const char *what, *spec;
        enum err_code code;
    } rows[] = {
        {"none", "", ERR_OK},
        {"one", "latency=0.1", ERR_OK},
        {"several", "latency=0.1,status-503=1,spot-storm=0", ERR_OK},
        {"percent", "reset-after=5%", ERR_OK},
        {"of one API", "jenkins.timeout=1", ERR_OK},
        {"unknown", "gremlins=1", ERR_USAGE},
        {"unknown API", "printer.timeout=1", ERR_USAGE},
        {"list", "list", ERR_USAGE},
        {"no rate", "latency", ERR_USAGE},
        {"empty rate", "latency=", ERR_USAGE},
        {"too much", "latency=1.5", ERR_USAGE},
        {"negative", "latency=-1", ERR_USAGE},
        {"too many percent", "latency=101%", ERR_USAGE},
        {"no number", "latency=often", ERR_USAGE},
    };
    struct strbuf list;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct faults f = {0};
        struct err e = {0};

        assert_row(rows[i].what, faults_parse(&f, rows[i].spec, &e) == rows[i].code);
        if (str_eq(rows[i].what, "unknown") || str_eq(rows[i].what, "list"))
            assert_row(rows[i].what, strstr(e.text, "reset-before") != NULL);
        if (str_eq(rows[i].what, "of one API")) {
            assert_int_equal(f.rate[API_JENKINS][FAULT_TIMEOUT], 1000000);
            assert_int_equal(f.rate[API_EC2][FAULT_TIMEOUT], 0);
            assert_true(f.any[API_JENKINS]);
            assert_false(f.any[API_EC2]);
            assert_int_equal(faults_set(&f, "timeout", 0, &e), ERR_OK);
            assert_false(f.any[API_JENKINS]);
        }
        if (str_eq(rows[i].what, "percent"))
            assert_int_equal(f.rate[API_EC2][FAULT_RESET_AFTER], 50000);
    }
    strbuf_init(&list, 8192);
    site_fault_list(false, &list);
    for (size_t i = 0; i < N_FAULTS; i++)
        assert_non_null(strstr(strbuf_text(&list), fault_name((enum site_fault)i)));
    strbuf_clear(&list);
}

static void test_faults_on_the_wire(void **state)
{
    static const struct {
        const char *what, *faults;
        enum err_code code;
        int status;
        bool done;
    } rows[] = {
        {"no fault", "", ERR_OK, 201, true},
        {"refused", "refuse=1", ERR_CONNECT, 0, false},
        {"lost before", "reset-before=1", ERR_RESET, 0, false},
        {"lost after", "reset-after=1", ERR_RESET, 0, true},
        {"500", "status-500=1", ERR_OK, 500, false},
        {"503", "status-503=1", ERR_OK, 503, false},
        {"429", "status-429=1", ERR_OK, 429, false},
        {"late 500", "late-500=1", ERR_OK, 500, true},
        {"said, not done", "ignored=1", ERR_OK, 201, false},
        {"cut body", "truncated=1", ERR_OK, 201, true},
        {"login page", "wrong-type=1", ERR_OK, 200, true},
        {"old date", "skew=1", ERR_OK, 201, true},
        {"slow", "latency=1", ERR_OK, 201, true},
        {"of another API", "jenkins.refuse=1", ERR_OK, 201, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site_client c;
        enum err_code rc;

        site_client_begin(&c, rows[i].faults);
        site_client_as(&c, "apiuser", site_velostrata_password);
        rc = site_try(&c, "POST", API "/cloudextensions/ce-1/operations/start", NULL);
        assert_row(rows[i].what, rc == rows[i].code);
        assert_row(rows[i].what, rc != ERR_OK || c.rs.status == rows[i].status);
        assert_row(rows[i].what,
                   (c.s->w->extension.state == SIM_EXT_STARTING) == rows[i].done);
        assert_row(rows[i].what, c.rs.maybe_sent == (rc != ERR_CONNECT));
        if (str_eq(rows[i].what, "slow"))
            assert_true(c.rs.took_ms >= 200);
        if (str_eq(rows[i].what, "old date"))
            assert_int_equal(c.rs.date.s, site_now_ms(c.s) / 1000 - 600);
        if (str_eq(rows[i].what, "429"))
            assert_in_range(c.rs.retry_after_s, 1, 30);
        if (str_eq(rows[i].what, "cut body"))
            assert_false(str_ends(strbuf_text(&c.rs.body), "}"));
        site_client_end(&c);
    }
}

static void test_timeout_is_done_in_half_of_them(void **state)
{
    int done = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct site_client c;

        site_client_begin(&c, "timeout=1");
        rng_seed(&c.s->rng, seed);
        site_client_as(&c, "apiuser", site_velostrata_password);
        assert_int_equal(
            site_try(&c, "POST", API "/cloudextensions/ce-1/operations/start", NULL),
            ERR_TIMEOUT);
        assert_int_equal(c.rs.took_ms, 20000);
        done += c.s->w->extension.state == SIM_EXT_STARTING;
        site_client_end(&c);
    }
    assert_in_range(done, 10, 30);
}

/* ---- control ---- */

static void test_control(void **state)
{
    static const struct {
        const char *what, *path, *body;
        int status;
    } rows[] = {
        {"unknown order", "/control/fly", "{}", 404},
        {"no body", "/control/advance", NULL, 400},
        {"no object", "/control/advance", "[1]", 400},
        {"no number", "/control/advance", "{}", 400},
        {"never back", "/control/advance", "{\"seconds\":-5}", 400},
        {"advance", "/control/advance", "{\"seconds\":5}", 200},
        {"no clock", "/control/speed", "{\"speed\":5}", 409},
        {"no such server", "/control/interrupt", "{\"server\":\"x\"}", 400},
        {"no instance", "/control/interrupt", "{\"server\":\"cache\"}", 409},
        {"no such type", "/control/price",
         "{\"type\":\"x\",\"zone\":\"eu-west-1a\",\"price\":\"0.1\"}", 400},
        {"no price", "/control/price",
         "{\"type\":\"c5.2xlarge\",\"zone\":\"eu-west-1a\",\"price\":\"dear\"}", 400},
        {"price", "/control/price",
         "{\"type\":\"c5.2xlarge\",\"zone\":\"eu-west-1a\",\"price\":\"0.1234\"}", 200},
        {"price as number", "/control/price",
         "{\"type\":\"m5.2xlarge\",\"zone\":\"eu-west-1a\",\"price\":0.0777}", 200},
        {"capacity", "/control/capacity",
         "{\"type\":\"c5a.2xlarge\",\"zone\":\"eu-west-1b\",\"available\":false}", 200},
        {"capacity: no flag", "/control/capacity",
         "{\"type\":\"c5a.2xlarge\",\"zone\":\"eu-west-1b\"}", 400},
        {"VM off", "/control/vm", "{\"server\":\"cache\",\"power\":\"off\"}", 200},
        {"moved by a person, not out there", "/control/move",
         "{\"server\":\"cache\",\"to\":\"onprem\"}", 409},
        {"moved to nowhere", "/control/move", "{\"server\":\"cache\",\"to\":\"moon\"}",
         400},
        {"VM sideways", "/control/vm", "{\"server\":\"cache\",\"power\":\"x\"}", 400},
        {"node", "/control/node",
         "{\"node\":\"tests-migration\",\"marked\":true,\"by\":\"lee\"}", 200},
        {"no such node", "/control/node", "{\"node\":\"x\",\"marked\":true}", 400},
        {"fault", "/control/fault", "{\"name\":\"sqs.latency\",\"rate\":0.25}", 200},
        {"no such fault", "/control/fault", "{\"name\":\"x\",\"rate\":0.25}", 400},
        {"too much fault", "/control/fault", "{\"name\":\"skew\",\"rate\":2}", 400},
        {"extension", "/control/extension", "{\"state\":\"impaired\"}", 200},
        {"quiet", "/control/jenkins", "{\"quiet\":true}", 200},
        {"maintenance", "/control/host", "{\"maintenance\":true}", 200},
        {"builds", "/control/builds", "{\"server\":\"cache\",\"seconds\":300}", 200},
    };
    struct site_client c;

    (void)state;
    site_client_begin(&c, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        site_post(&c, rows[i].path, rows[i].body);
        assert_row(rows[i].what, c.rs.status == rows[i].status);
    }
    site_get(&c, "/control/advance");
    assert_int_equal(c.rs.status, 405);
    site_get(&c, "/control/world");
    has(&c, "\"now\":\"2026-11-22T06:30:05.000Z\"");
    has(&c, "\"power\":\"off\"");
    has(&c, "{\"type\":\"c5.2xlarge\",\"zone\":\"eu-west-1a\",\"price\":\"0.1234\","
            "\"on_demand\":\"0.1990\",\"available\":true}");
    has(&c, "{\"type\":\"m5.2xlarge\",\"zone\":\"eu-west-1a\",\"price\":\"0.0777\"");
    has(&c, "\"zone\":\"eu-west-1b\",\"price\":");
    has(&c, "\"available\":false}");
    has(&c, "\"marked_by\":\"lee\"");
    has(&c, "\"faults\":{\"sqs.latency\":0.250000}");
    has(&c, "\"state\":\"impaired\"");
    has(&c, "\"quieting_down\":true");
    has(&c, "\"maintenance\":true");
    has(&c, "\"queued\":1");
    site_client_end(&c);
}

static void test_config_names_what_is_there(void **state)
{
    struct site_client c;
    struct strbuf text;

    (void)state;
    site_client_begin(&c, NULL);
    strbuf_init(&text, 1 << 16);
    site_config_text(c.s, "http://127.0.0.1:4711", &text);
    assert_non_null(strstr(strbuf_text(&text), "http://127.0.0.1:4711/jenkins/"));
    for (size_t i = 0; i < 4; i++)
        assert_non_null(strstr(strbuf_text(&text), c.s->w->enis[i].id));
    assert_null(strstr(strbuf_text(&text), site_velostrata_password));
    strbuf_clear(&text);
    site_client_end(&c);
}

/* ---- over a socket ---- */

struct served {
    struct site_client c;
    struct clock_scaled *clock;
    struct sim_server *server;
    struct http_client *http;
    struct transport t;
    struct http_response rs;
};

static void serve(struct served *v, const char *faults)
{
    struct http_client_config config = {.timeout_ms = 5000, .user_agent = "test/1"};
    struct err e = {0};

    site_client_begin(&v->c, faults);
    v->clock = clock_scaled_new((struct utc){INT64_C(1795329000)}, 1);
    assert_non_null(v->clock);
    if (sim_server_start(v->c.s, v->clock, 0, &v->server, &e) != ERR_OK ||
        http_client_new(&config, &v->http, &e) != ERR_OK)
        fail_msg("%s", e.text);
    v->t = http_client_transport(v->http);
    http_response_init(&v->rs);
}

static void serve_end(struct served *v)
{
    http_response_clear(&v->rs);
    http_client_free(v->http);
    sim_server_stop(v->server);
    clock_scaled_free(v->clock);
    site_client_end(&v->c);
}

static enum err_code fetch(struct served *v, const char *method, const char *path,
                           const char *body, int64_t timeout_ms)
{
    struct err e = {0};
    char url[256];
    struct http_request rq = {.method = method,
                              .url = url,
                              .body = body,
                              .body_len = body != NULL ? strlen(body) : 0,
                              .content_type = body != NULL ? "application/json" : NULL,
                              .auth = HTTP_AUTH_BASIC,
                              .user = v->c.user != NULL ? v->c.user : "nobody",
                              .password = v->c.password,
                              .timeout_ms = timeout_ms};

    if (v->c.password == NULL)
        rq.auth = HTTP_AUTH_NONE;
    assert_true(str_format(url, sizeof(url), "%s%s", sim_server_base(v->server), path));
    return transport_perform(&v->t, &rq, &v->rs, &e);
}

static void test_over_http(void **state)
{
    struct served v;
    struct strbuf urls;
    struct err e = {0};
    struct sim_server *second = NULL;

    (void)state;
    serve(&v, NULL);
    site_client_as(&v.c, "rushhour", site_jenkins_token);
    assert_int_equal(fetch(&v, "GET",
                           "/jenkins/computer/api/json?tree=computer%5BdisplayName%5D",
                           NULL, 0),
                     ERR_OK);
    assert_int_equal(v.rs.status, 200);
    assert_non_null(strstr(strbuf_text(&v.rs.body), "tests-end-to-end-cloud"));
    assert_string_equal(v.rs.jenkins, "2.541.3");
    assert_true(v.rs.date.s >= INT64_C(1795329000));
    assert_int_equal(fetch(&v, "POST", "/jenkins/job/cache-smoke/build", NULL, 0),
                     ERR_OK);
    assert_int_equal(v.rs.status, 201);
    assert_true(str_starts(v.rs.location, sim_server_base(v.server)));
    assert_int_equal(fetch(&v, "POST", "/control/advance", "{\"seconds\":3600}", 0),
                     ERR_OK);
    assert_string_equal(strbuf_text(&v.rs.body), "{\"ok\":true}\n");
    assert_int_equal(fetch(&v, "GET", "/control/world", NULL, 0), ERR_OK);
    assert_true(v.rs.date.s >= INT64_C(1795329000) + 3600);
    assert_int_equal(fetch(&v, "POST", "/control/speed", "{\"speed\":60}", 0), ERR_OK);
    assert_int_equal(clock_scaled_speed(v.clock), 60);
    site_client_as(&v.c, "rushhour", "wrong");
    assert_int_equal(fetch(&v, "GET", "/jenkins/api/json", NULL, 0), ERR_OK);
    assert_int_equal(v.rs.status, 401);
    assert_ptr_equal(sim_server_lock(v.server), v.c.s);
    assert_true(site_now_ms(v.c.s) >= (INT64_C(1795329000) + 3600) * 1000);
    sim_server_unlock(v.server);
    strbuf_init(&urls, 4096);
    sim_server_urls(v.server, &urls);
    assert_true(str_starts(strbuf_text(&urls), "{\"velostrata\":\"http://127.0.0.1:"));
    assert_true(str_ends(strbuf_text(&urls), "/control\"}\n"));
    strbuf_clear(&urls);
    assert_int_equal(
        sim_server_start(v.c.s, v.clock, sim_server_port(v.server), &second, &e), ERR_IO);
    serve_end(&v);
}

static void test_faults_over_http(void **state)
{
    struct served v;

    (void)state;
    serve(&v, "jenkins.reset-after=1,velostrata.timeout=1,ec2.status-503=1");
    assert_int_equal(fetch(&v, "GET", "/jenkins/login", NULL, 0), ERR_RESET);
    /* The server still stops at once, though it keeps this one waiting. */
    assert_int_equal(fetch(&v, "GET", API "/vms", NULL, 150), ERR_TIMEOUT);
    assert_int_equal(fetch(&v, "POST", "/ec2/", "Action=X", 0), ERR_OK);
    assert_int_equal(v.rs.status, 503);
    serve_end(&v);
}

static int global_setup(void **state)
{
    struct err e = {0};

    (void)state;
    return http_global_init(&e) == ERR_OK ? 0 : -1;
}

static int global_teardown(void **state)
{
    (void)state;
    http_global_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_history_however_finely_it_advances),
        cmocka_unit_test(test_fault_specs),
        cmocka_unit_test(test_faults_on_the_wire),
        cmocka_unit_test(test_timeout_is_done_in_half_of_them),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_config_names_what_is_there),
        cmocka_unit_test(test_over_http),
        cmocka_unit_test(test_faults_over_http),
    };

    return cmocka_run_group_tests(tests, global_setup, global_teardown);
}
