#include <config.h>

#include "core/net/http.h"

#include "tests/contract/fake_server.h"
#include "tests/unit/table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct fake_server *server;
    struct http_client *client;
    struct transport transport;
    struct http_response rs;
    struct secret *secret;
    char url[128];
    struct err e;
};

static int set_up(void **state)
{
    struct http_client_config config = {.timeout_ms = 3000};
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->server = fake_server_start();
    assert_non_null(f->server);
    assert_int_equal(http_client_new(&config, &f->client, &f->e), ERR_OK);
    assert_int_equal(secret_new("s3cret:x", 8, &f->secret, &f->e), ERR_OK);
    f->transport = http_client_transport(f->client);
    http_response_init(&f->rs);
    assert_true(
        str_format(f->url, sizeof(f->url), "%s/x?q=hidden", fake_server_url(f->server)));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_response_clear(&f->rs);
    http_client_free(f->client);
    fake_server_stop(f->server);
    secret_free(f->secret);
    free(f);
    return 0;
}

static enum err_code get(struct fixture *f)
{
    struct http_request rq = {.method = "GET", .url = f->url};

    err_clear(&f->e);
    return transport_perform(&f->transport, &rq, &f->rs, &f->e);
}

static enum err_code post(struct fixture *f, bool mutating)
{
    struct http_request rq = {
        .method = "POST", .url = f->url, .mutating = mutating, .timeout_ms = 1000};

    err_clear(&f->e);
    return transport_perform(&f->transport, &rq, &f->rs, &f->e);
}

static void test_request(void **state)
{
    struct fixture *f = *state;
    struct http_request rq = {
        .method = "POST",
        .url = f->url,
        .headers = {{"Accept", "application/json", false}, {"X-Token", "t", true}},
        .n_headers = 2,
        .content_type = "application/json",
        .body = "{}tail",
        .body_len = 2,
        .auth = HTTP_AUTH_BASIC,
        .user = "apiuser",
        .password = f->secret,
    };
    const struct fake_request *seen;
    char value[128];

    fake_server_json(f->server, "POST", "=/x?q=hidden", "[1]");
    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_OK);
    assert_int_equal(f->rs.status, 200);
    assert_string_equal(strbuf_text(&f->rs.body), "[1]");
    assert_string_equal(f->rs.content_type, "application/json");
    assert_true(f->rs.received.s > 0);
    seen = fake_server_request(f->server, 0);
    assert_string_equal(seen->body, "{}");
    assert_true(fake_request_header(seen, "Authorization", value, sizeof(value)));
    assert_string_equal(value, "Basic YXBpdXNlcjpzM2NyZXQ6eA==");
    assert_true(fake_request_header(seen, "User-Agent", value, sizeof(value)));
    assert_string_equal(value, "rushhour/" PACKAGE_VERSION);
    assert_true(fake_request_header(seen, "X-Token", value, sizeof(value)));
    assert_false(fake_request_header(seen, "Accept-Encoding", value, sizeof(value)));
    assert_false(fake_request_header(seen, "Expect", value, sizeof(value)));
    assert_false(fake_request_header(seen, "Cookie", value, sizeof(value)));

    assert_int_equal(post(f, false), ERR_OK);
    seen = fake_server_request(f->server, 1);
    assert_true(fake_request_header(seen, "Content-Length", value, sizeof(value)));
    assert_string_equal(value, "0");
    assert_false(fake_request_header(seen, "Content-Type", value, sizeof(value)));
    assert_false(fake_request_header(seen, "Authorization", value, sizeof(value)));
}

static void test_methods(void **state)
{
    struct fixture *f = *state;
    struct http_request rq = {.method = "DELETE", .url = f->url};

    fake_server_json(f->server, NULL, "/x", "[]");
    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_OK);
    rq.method = "PUT";
    rq.body = "abc";
    rq.body_len = 3;
    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_OK);
    assert_int_equal(get(f), ERR_OK);
    assert_string_equal(fake_server_request(f->server, 0)->method, "DELETE");
    assert_string_equal(fake_server_request(f->server, 1)->method, "PUT");
    assert_string_equal(fake_server_request(f->server, 1)->body, "abc");
    assert_string_equal(fake_server_request(f->server, 2)->method, "GET");
    assert_string_equal(fake_server_request(f->server, 2)->body, "");
}

static void test_faults(void **state)
{
    /* clang-format off */
    static const struct { const char *what; enum fake_fault fault; enum err_code code; } rows[] = {
        {"no answer",            FAKE_HANG,       ERR_TIMEOUT},
        {"reset",                FAKE_RESET,      ERR_RESET},
        {"closed",               FAKE_CLOSE,      ERR_RESET},
        {"cut body",             FAKE_TRUNCATE,   ERR_RESET},
        {"reset within a body",  FAKE_HALF_RESET, ERR_RESET},
        {"slow drip",            FAKE_DRIP,       ERR_TIMEOUT},
        {"stalled",              FAKE_STALL,      ERR_TIMEOUT},
        {"endless",              FAKE_ENDLESS,    ERR_TOO_BIG},
        {"garbage",              FAKE_GARBAGE,    ERR_PROTOCOL},
    };
    /* clang-format on */
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule rule = {
            .answers = {{.body = "0123456789012345678901234567890123456789",
                         .fault = rows[i].fault}}};
        struct http_request rq = {.method = "GET", .url = f->url, .timeout_ms = 300};

        fake_server_reset(f->server);
        fake_server_add(f->server, &rule);
        rq.limit_bytes = 100 * 1024;
        err_clear(&f->e);
        assert_row(rows[i].what,
                   transport_perform(&f->transport, &rq, &f->rs, &f->e) == rows[i].code);
        assert_row(rows[i].what, f->rs.maybe_sent);
        assert_row(rows[i].what, f->rs.status == 0 && f->rs.body.len == 0);
        assert_row(rows[i].what, strstr(f->e.text, "127.0.0.1:") == f->e.text);
        assert_row(rows[i].what, strstr(f->e.text, "hidden") == NULL);
        assert_row(rows[i].what, f->rs.took_ms < 2500);
    }
}

/* An answer that has begun must go on; one that is long in coming may. */
static void test_stall(void **state)
{
    struct fixture *f = *state;
    struct http_client_config config = {.timeout_ms = 5000, .stall_ms = 200};
    struct fake_rule rule = {.answers = {{.body = "0123456789", .fault = FAKE_STALL},
                                         {.body = "0123456789", .delay_ms = 500}},
                             .n_answers = 2};
    struct http_request rq = {.method = "GET", .url = f->url};
    struct http_client *c = NULL;
    struct transport t;

    fake_server_add(f->server, &rule);
    assert_int_equal(http_client_new(&config, &c, &f->e), ERR_OK);
    t = http_client_transport(c);
    assert_int_equal(transport_perform(&t, &rq, &f->rs, &f->e), ERR_TIMEOUT);
    assert_non_null(strstr(f->e.text, "stopped coming"));
    assert_true(f->rs.maybe_sent && f->rs.took_ms < 4000);
    err_clear(&f->e);
    assert_int_equal(transport_perform(&t, &rq, &f->rs, &f->e), ERR_OK);
    http_client_free(c);
}

static void test_body_limit(void **state)
{
    struct fixture *f = *state;
    struct http_request rq = {.method = "GET", .url = f->url, .limit_bytes = 10};

    fake_server_json(f->server, "GET", "/x", "0123456789");
    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_OK);
    assert_int_equal(f->rs.body.len, 10);
    rq.limit_bytes = 9;
    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_TOO_BIG);
    err_clear(&f->e);
    assert_int_equal(get(f), ERR_OK); /* the limit is the request's, not the response's */
}

static void test_not_reached(void **state)
{
    struct fixture *f = *state;

    fake_server_stop(f->server);
    f->server = NULL;
    assert_int_equal(post(f, true), ERR_CONNECT);
    assert_false(f->rs.maybe_sent);
    assert_non_null(strstr(f->e.text, "refused"));
    assert_int_equal(f->rs.status, 0);
}

static void test_refused_addresses(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *url; } rows[] = {
        {"plain http elsewhere",       "http://192.0.2.1/"},
        {"a name that looks like it",  "http://127.evil.example/"},
        {"too many numbers",           "http://127.0.0.1.2.example/"},
        {"a user in it",               "https://dana:pw@127.0.0.1/"},
        {"another scheme",             "ftp://127.0.0.1/"},
        {"a file",                     "file:///etc/hostname"},
        {"none",                       ""},
        {"no host",                    "http://"},
    };
    /* clang-format on */
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_request rq = {.method = "GET", .url = rows[i].url};

        err_clear(&f->e);
        assert_row(rows[i].what,
                   transport_perform(&f->transport, &rq, &f->rs, &f->e) == ERR_CONFIG);
        assert_row(rows[i].what, !f->rs.maybe_sent && strstr(f->e.text, "pw") == NULL);
    }
}

static void test_redirect(void **state)
{
    struct fixture *f = *state;
    struct fake_server *other = fake_server_start();
    char location[128];
    struct fake_rule rule = {.answers = {{.status = 302, .headers = location}}};
    struct http_request rq = {.method = "GET",
                              .url = f->url,
                              .auth = HTTP_AUTH_BASIC,
                              .user = "u",
                              .password = f->secret};

    assert_non_null(other);
    assert_true(str_format(location, sizeof(location), "Location: %s/steal\r\n",
                           fake_server_url(other)));
    fake_server_add(f->server, &rule);
    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_OK);
    assert_int_equal(f->rs.status, 302);
    assert_non_null(strstr(f->rs.location, "/steal"));
    assert_int_equal(fake_server_count(other), 0);
    fake_server_stop(other);
}

static void test_connections(void **state)
{
    struct fixture *f = *state;
    struct fake_rule lost = {.method = "POST", .answers = {{.fault = FAKE_CLOSE}}};

    fake_server_json(f->server, "GET", "/x", "[]");
    fake_server_add(f->server, &lost);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get(f), ERR_OK);
    assert_int_equal(fake_server_request(f->server, 2)->connection, 0);

    assert_int_equal(post(f, true), ERR_RESET);
    assert_true(f->rs.maybe_sent);
    assert_int_equal(fake_server_count_of(f->server, "POST", NULL), 1);
    assert_int_equal(fake_server_request(f->server, 3)->connection, 1);
    assert_int_equal(get(f), ERR_OK);
    assert_int_equal(fake_server_request(f->server, 4)->connection, 0);
}

static void test_environment_proxy(void **state)
{
    /* putenv keeps the array itself */
    static char proxy[] = "http_proxy=http://127.0.0.1:1";
    static char all[] = "ALL_PROXY=http://127.0.0.1:1";
    static char no_proxy[] = "http_proxy", no_all[] = "ALL_PROXY";
    struct fixture *f = *state;

    assert_int_equal(putenv(proxy), 0);
    assert_int_equal(putenv(all), 0);
    fake_server_json(f->server, "GET", "/x", "[]");
    assert_int_equal(get(f), ERR_OK);
    assert_int_equal(unsetenv(no_proxy), 0);
    assert_int_equal(unsetenv(no_all), 0);
}

static void *abort_soon(void *arg)
{
    struct fixture *f = arg;

    if (fake_server_wait(f->server, 1))
        http_client_abort(f->client);
    return NULL;
}

static void test_abort(void **state)
{
    struct fixture *f = *state;
    struct fake_rule hang = {.answers = {{.fault = FAKE_HANG}}};
    pthread_t t;

    fake_server_add(f->server, &hang);
    assert_int_equal(pthread_create(&t, NULL, abort_soon, f), 0);
    assert_int_equal(get(f), ERR_CANCELED);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_true(f->rs.maybe_sent);
    assert_true(f->rs.took_ms < 2000);
    assert_int_equal(post(f, true), ERR_CANCELED);
    assert_false(f->rs.maybe_sent);
    assert_int_equal(fake_server_count(f->server), 1);
}

static void test_sigv4(void **state)
{
    struct fixture *f = *state;
    struct http_request rq = {
        .method = "POST",
        .url = f->url,
        .headers = {{"X-Amz-Security-Token", "tok", true}},
        .n_headers = 1,
        .content_type = "application/x-www-form-urlencoded; charset=utf-8",
        .body = "Action=DescribeInstances",
        .body_len = 24,
        .auth = HTTP_AUTH_SIGV4,
        .user = "AKIDEXAMPLE",
        .password = f->secret,
        .sigv4 = "aws:amz:eu-west-1:ec2",
        .mutating = true,
    };
    const struct fake_request *seen;
    char value[512];

    assert_true(str_format(f->url, sizeof(f->url), "%s/", fake_server_url(f->server)));
    fake_server_json(f->server, NULL, "=/", "[]");
    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_OK);
    seen = fake_server_request(f->server, 0);
    assert_true(fake_request_header(seen, "Authorization", value, sizeof(value)));
    assert_true(str_starts(value, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    assert_non_null(strstr(value, "/eu-west-1/ec2/aws4_request"));
    assert_non_null(
        strstr(value, "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"));
    assert_true(fake_request_header(seen, "X-Amz-Date", value, sizeof(value)));

    rq.auth = HTTP_AUTH_BASIC; /* the signer must not linger on the handle */
    rq.sigv4 = NULL;
    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_OK);
    seen = fake_server_request(f->server, 1);
    assert_true(fake_request_header(seen, "Authorization", value, sizeof(value)));
    assert_true(str_starts(value, "Basic "));
    assert_false(fake_request_header(seen, "X-Amz-Date", value, sizeof(value)));
}

static void test_header_injection(void **state)
{
    struct fixture *f = *state;
    struct http_request rq = {.method = "GET",
                              .url = f->url,
                              .headers = {{"X-A", "b\r\nX-C: d", false}},
                              .n_headers = 1};

    assert_int_equal(transport_perform(&f->transport, &rq, &f->rs, &f->e), ERR_BUG);
    assert_int_equal(fake_server_count(f->server), 0);
}

static void test_bad_config(void **state)
{
    /* clang-format off */
    static const struct { const char *what; struct http_client_config config; enum err_code code; } rows[] = {
        {"pin-only without a pin", {.timeout_ms = 1, .pin_only = true},              ERR_CONFIG},
        {"a pin of another kind",  {.timeout_ms = 1, .pinned_key = "/tmp/key.pem"},  ERR_CONFIG},
        {"a key without its certificate", {.timeout_ms = 1, .client_key_file = "k"}, ERR_CONFIG},
        {"no timeout",             {.timeout_ms = 0},                                ERR_BUG},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_client *c = NULL;
        struct err e = {0};

        assert_row(rows[i].what,
                   http_client_new(&rows[i].config, &c, &e) == rows[i].code);
        assert_row(rows[i].what, c == NULL);
    }
}

static void test_connect_to(void **state)
{
    struct fixture *f = *state;
    char target[64];
    struct http_client_config config = {
        .timeout_ms = 2000, .connect_to = target, .allow_http = true};
    struct http_client *c = NULL;
    struct http_request rq = {.method = "GET", .url = "http://manager.example/x"};
    struct transport t;
    char host[64];

    assert_true(
        str_format(target, sizeof(target), "127.0.0.1:%d", fake_server_port(f->server)));
    fake_server_json(f->server, "GET", "/x", "[]");
    assert_int_equal(http_client_new(&config, &c, &f->e), ERR_OK);
    t = http_client_transport(c);
    assert_int_equal(transport_perform(&t, &rq, &f->rs, &f->e), ERR_OK);
    assert_true(fake_request_header(fake_server_request(f->server, 0), "Host", host,
                                    sizeof(host)));
    assert_string_equal(host, "manager.example");
    http_client_free(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_request),
        TEST(test_methods),
        TEST(test_faults),
        TEST(test_stall),
        TEST(test_body_limit),
        TEST(test_not_reached),
        TEST(test_refused_addresses),
        TEST(test_redirect),
        TEST(test_connections),
        TEST(test_environment_proxy),
        TEST(test_abort),
        TEST(test_sigv4),
        TEST(test_header_injection),
        TEST(test_connect_to),
        cmocka_unit_test(test_bad_config),
    };
    struct err e = {0};
    int failed;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_global_cleanup();
    return failed;
}
