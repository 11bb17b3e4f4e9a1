/*
 * test_sim_signed - a site on a socket and libcurl in front of it: what libcurl signs,
 * the site verifies; what it did not sign so, it refuses. And our ESX client against the
 * simulated host, cookies and all.
 * Owns a site, its server and a client per test.
 * Threads: the server's.
 */
#include <config.h>

#include "core/api/vsphere.h"
#include "core/net/http.h"
#include "core/sim/server.h"
#include "core/sim/site_impl.h"
#include "core/sim/vim_faults.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

struct served {
    struct clock_scaled *clock;
    struct site *site;
    struct sim_server *server;
    struct http_client *client;
    struct transport transport;
    struct secret *key;
};

static int setup(void **state)
{
    const struct utc start = {1795420800};
    const struct site_options options = {.seed = 7, .servers = 4, .start = start};
    const struct http_client_config config = {.timeout_ms = 10000, .user_agent = "test"};
    struct served *s = calloc(1, sizeof(*s));
    struct err e = {0};

    if (s == NULL)
        return -1;
    *state = s;
    s->clock = clock_scaled_new(start, 1);
    assert_non_null(s->clock);
    assert_int_equal(site_new(&options, &s->site, &e), ERR_OK);
    assert_int_equal(sim_server_start(s->site, s->clock, 0, &s->server, &e), ERR_OK);
    assert_int_equal(http_client_new(&config, &s->client, &e), ERR_OK);
    s->transport = http_client_transport(s->client);
    assert_int_equal(
        secret_new(site_aws_secret_key, strlen(site_aws_secret_key), &s->key, &e),
        ERR_OK);
    return 0;
}

static int teardown(void **state)
{
    struct served *s = *state;

    http_client_free(s->client);
    sim_server_stop(s->server);
    site_free(s->site);
    clock_scaled_free(s->clock);
    secret_free(s->key);
    free(s);
    return 0;
}

static const struct {
    const char *what, *path, *scope, *key_id, *secret, *form, *has;
    int status;
} rows[] = {
    /* clang-format off */
    {"signed by libcurl", "/ec2/", "aws:amz:eu-west-1:ec2", site_aws_key_id, NULL,
     "Action=DescribeInstances&Version=2016-11-15", "<reservationSet>", 200},
    {"blanks and letters beyond ASCII", "/ec2/", "aws:amz:eu-west-1:ec2", site_aws_key_id, NULL,
     "Action=DescribeInstances&Filter.1.Name=tag%3Aa+b&Filter.1.Value.1=%C3%A9~*&Version=2016-11-15", "<reservationSet>", 200},
    {"STS", "/sts/", "aws:amz:eu-west-1:sts", site_aws_key_id, NULL,
     "Action=GetCallerIdentity&Version=2011-06-15", "<Account>", 200},
    {"another secret", "/ec2/", "aws:amz:eu-west-1:ec2", site_aws_key_id, "wrong",
     "Action=DescribeInstances&Version=2016-11-15", "<Code>SignatureDoesNotMatch</Code>", 403},
    {"another key", "/ec2/", "aws:amz:eu-west-1:ec2", "AKIAOTHER", NULL,
     "Action=DescribeInstances&Version=2016-11-15", "<Code>AuthFailure</Code>", 401},
    {"another region", "/ec2/", "aws:amz:us-east-1:ec2", site_aws_key_id, NULL,
     "Action=DescribeInstances&Version=2016-11-15", "<Code>SignatureDoesNotMatch</Code>", 403},
    {"another service", "/ec2/", "aws:amz:eu-west-1:sts", site_aws_key_id, NULL,
     "Action=DescribeInstances&Version=2016-11-15", "<Code>SignatureDoesNotMatch</Code>", 403},
    {"not signed", "/ec2/", NULL, site_aws_key_id, NULL,
     "Action=DescribeInstances&Version=2016-11-15", "<Code>MissingAuthenticationToken</Code>", 403},
    {"the price list", "/pricing/", "aws:amz:us-east-1:pricing", site_aws_key_id, NULL,
     "{\"ServiceCode\":\"AmazonEC2\"}", "\"PriceList\":[\"{", 200},
    {"… signed elsewhere", "/pricing/", "aws:amz:eu-west-1:pricing", site_aws_key_id, NULL,
     "{\"ServiceCode\":\"AmazonEC2\"}", "#InvalidSignatureException", 400},
    {"… with another secret", "/pricing/", "aws:amz:us-east-1:pricing", site_aws_key_id, "wrong",
     "{\"ServiceCode\":\"AmazonEC2\"}", "#InvalidSignatureException", 400},
    {"… not signed", "/pricing/", NULL, site_aws_key_id, NULL,
     "{\"ServiceCode\":\"AmazonEC2\"}", "#MissingAuthenticationTokenException", 400},
    /* clang-format on */
};

static void signatures(void **state)
{
    struct served *s = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response rs;
        struct secret *other = NULL;
        struct err e = {0};
        char url[128];
        bool is_json = str_eq(rows[i].path, "/pricing/");
        struct http_request rq = {
            .method = "POST",
            .url = url,
            .headers = {{"X-Amz-Target", "AWSPriceListService.GetProducts", false}},
            .n_headers = is_json ? 1 : 0,
            .content_type = is_json ? "application/x-amz-json-1.1"
                                    : "application/x-www-form-urlencoded; charset=utf-8",
            .body = rows[i].form,
            .body_len = strlen(rows[i].form),
            .auth = rows[i].scope != NULL ? HTTP_AUTH_SIGV4 : HTTP_AUTH_NONE,
            .user = rows[i].key_id,
            .password = s->key,
            .sigv4 = rows[i].scope};

        assert_true(str_format(url, sizeof(url), "%s%s", sim_server_base(s->server),
                               rows[i].path));
        if (rows[i].secret != NULL) {
            assert_int_equal(
                secret_new(rows[i].secret, strlen(rows[i].secret), &other, &e), ERR_OK);
            rq.password = other;
        }
        http_response_init(&rs);
        assert_int_equal(transport_perform(&s->transport, &rq, &rs, &e), ERR_OK);
        assert_row(rows[i].what, rs.status == rows[i].status);
        assert_row(rows[i].what, strstr(strbuf_text(&rs.body), rows[i].has) != NULL);
        http_response_clear(&rs);
        secret_free(other);
    }
}

/* The wait of the power call is the world's time, which only the test moves. */
static bool pass_time(void *ctx, int64_t ms)
{
    struct served *s = ctx;

    sim_server_lock(s->server)->ahead_ms += ms;
    sim_server_unlock(s->server);
    return true;
}

static void our_client_and_the_simulated_host(void **state)
{
    struct served *s = *state;
    struct vsphere_session *session = NULL;
    struct vsphere *client = NULL;
    struct observation *o = observation_new(SOURCE_VSPHERE);
    const struct poll_hints hints = {0};
    struct clock clock = clock_scaled_clock(s->clock);
    struct call call = {.id = 1, .kind = CALL_VM_POWER_OFF};
    struct call_result r;
    struct secret *password = NULL;
    struct api_config config = {.present = true, .timeout = 10};
    struct err e = {0};
    char url[128];

    assert_int_equal(
        secret_new(site_vsphere_password, strlen(site_vsphere_password), &password, &e),
        ERR_OK);
    assert_true(str_format(url, sizeof(url), "%s/sdk", sim_server_base(s->server)));
    config.url = url;
    config.user = vim_user;
    config.secret = password;
    assert_non_null(o);
    assert_int_equal(vsphere_session_new(&config, &session, &e), ERR_OK);
    assert_int_equal(vsphere_new(session, &s->transport, &clock, &client, &e), ERR_OK);
    vsphere_set_wait(client, pass_time, s);
    assert_int_equal(vsphere_observe(client, &hints, o, &e), ERR_OK);
    assert_int_equal(o->as.vsphere.n_hosts, 1);
    assert_int_equal(o->as.vsphere.n_vms, s->site->w->n_vms);
    for (size_t i = 0; i < o->as.vsphere.n_vms; i++) {
        const struct seen_vm *vm = &o->as.vsphere.vms[i];

        assert_string_equal(vm->name, s->site->w->vms[i].name);
        assert_string_equal(vm->instance_uuid, s->site->w->vms[i].instance_uuid);
        assert_int_equal(vm->power, POWER_ON);
        assert_true(vm->connected && vm->tools_running && !vm->question);
        assert_int_equal(vm->memory_mb, s->site->w->vms[i].memory_mb);
    }
    assert_true(str_copy(call.target, sizeof(call.target), o->as.vsphere.vms[0].id));
    vsphere_act(client, &call, &r);
    assert_int_equal(r.outcome, OUTCOME_DONE);
    assert_int_equal(s->site->w->vms[0].power, SIM_POWER_OFF);
    vsphere_logout(client);
    observation_unref(o);
    vsphere_free(client);
    vsphere_session_free(session);
    secret_free(password);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signatures, setup, teardown),
        cmocka_unit_test_setup_teardown(our_client_and_the_simulated_host, setup,
                                        teardown),
    };
    struct err e = {0};
    int failed;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_global_cleanup();
    return failed;
}
