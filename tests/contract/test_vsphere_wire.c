#include <config.h>

#include "tests/unit/table.h"

#include "core/base/attr.h"
#include "tests/contract/fake_server.h"
#include "tests/contract/vsphere_site.h"

#include <string.h>

/* The same client over the real transport: faults that only a socket has. */
struct wire {
    struct fake_server *server;
    struct http_client *http;
    struct api_config config;
    struct vsphere_session *session;
    struct vsphere *client;
    char url[128];
};

enum { TIMEOUT_MS = 400 };

static void wire_open(struct wire *w, const struct fake_rule *inventory)
{
    static const struct http_client_config http = {.timeout_ms = TIMEOUT_MS,
                                                   .user_agent = "rushhour-test"};
    /* One path for all calls: they come in this order. */
    struct fake_rule calls = {.method = "POST", .path = "=/sdk", .n_answers = 4};
    struct transport t;
    struct err e = {0};

    memset(w, 0, sizeof(*w));
    w->server = fake_server_start();
    assert_non_null(w->server);
    fake_server_add(w->server, &(struct fake_rule){.path = "vimServiceVersions",
                                                   .answers = {{.body = site_versions}}});
    calls.answers[0] = (struct fake_answer){.type = "text/xml", .body = site_content};
    calls.answers[1] = (struct fake_answer){
        .type = "text/xml",
        .headers = "Set-Cookie: balancer=7; Path=/\r\n"
                   "Set-Cookie: vmware_soap_session=\"q-w\"; Path=/; HttpOnly\r\n",
        .body = site_login};
    calls.answers[2] = (struct fake_answer){.type = "text/xml", .body = site_view};
    calls.answers[3] = inventory->answers[0];
    fake_server_add(w->server, &calls);
    assert_true(str_format(w->url, sizeof(w->url), "%s/sdk", fake_server_url(w->server)));
    w->config = (struct api_config){.present = true, .url = w->url, .user = "u"};
    assert_int_equal(secret_new("pw", 2, &w->config.secret, &e), ERR_OK);
    assert_int_equal(http_client_new(&http, &w->http, &e), ERR_OK);
    t = http_client_transport(w->http);
    assert_int_equal(vsphere_session_new(&w->config, &w->session, &e), ERR_OK);
    assert_int_equal(vsphere_new(w->session, &t, clock_system(), &w->client, &e), ERR_OK);
}

static void wire_close(struct wire *w)
{
    vsphere_free(w->client);
    vsphere_session_free(w->session);
    http_client_free(w->http);
    fake_server_stop(w->server);
    secret_free(w->config.secret);
}

static void test_wire(void **state)
{
    static const struct {
        const char *what;
        struct fake_answer answer;
        enum err_code want;
    } rows[] = {
        /* clang-format off */
        {"good", {.type = "text/xml", .body = RESULT(VM1)}, ERR_OK},
        {"wrong content type, good body", {.type = "text/html", .body = RESULT(VM1)}, ERR_OK},
        {"no answer", {.fault = FAKE_HANG}, ERR_TIMEOUT},
        {"reset", {.fault = FAKE_RESET}, ERR_RESET},
        {"closed", {.fault = FAKE_CLOSE}, ERR_RESET},
        {"half a body", {.body = RESULT(VM1), .fault = FAKE_TRUNCATE}, ERR_RESET},
        {"half a body, then a reset", {.body = RESULT(VM1), .fault = FAKE_HALF_RESET}, ERR_RESET},
        {"half a body, then silence", {.body = RESULT(VM1), .fault = FAKE_STALL}, ERR_TIMEOUT},
        {"drip", {.body = RESULT(VM1), .fault = FAKE_DRIP}, ERR_TIMEOUT},
        {"no HTTP", {.fault = FAKE_GARBAGE}, ERR_PROTOCOL},
        {"503 HTML", {.status = 503, .type = "text/html", .body = "<html>"}, ERR_SERVER},
        {"a redirect is not followed", {.status = 302,
         .headers = "Location: http://127.0.0.1:1/sdk\r\n"}, ERR_REFUSED},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_rule inventory = {.answers = {rows[i].answer}};
        const struct poll_hints hints = {0};
        struct observation *o = observation_new(SOURCE_VSPHERE);
        struct err e = {0};
        char cookie[64] = "";
        struct wire w;
        enum err_code rc;

        assert_non_null(o);
        wire_open(&w, &inventory);
        rc = vsphere_observe(w.client, &hints, o, &e);
        if (rc != rows[i].want)
            print_error("%s: %s\n", err_code_name(rc), e.text);
        assert_row(rows[i].what, rc == rows[i].want);
        assert_row(rows[i].what, o->as.vsphere.n_vms == (rc == ERR_OK ? 1 : 0));
        /* The quotes belong to the value, the attributes do not. */
        assert_row(rows[i].what, fake_request_header(fake_server_request(w.server, 4),
                                                     "Cookie", cookie, sizeof(cookie)));
        assert_string_equal(cookie, "balancer=7; vmware_soap_session=\"q-w\"");
        observation_unref(o);
        wire_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire),
    };
    struct err e = {0};
    int failures;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    http_global_cleanup();
    return failures;
}
