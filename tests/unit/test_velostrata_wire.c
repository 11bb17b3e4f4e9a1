#include <config.h>

#include "tests/unit/site_client.h"

#include <string.h>

#include "tests/unit/table.h"

#define API "/velostrata/api/v25"

static void begin(struct site_client *c)
{
    site_client_begin(c, NULL);
    site_client_as(c, "apiuser", site_velostrata_password);
}

static void has(struct site_client *c, const char *part)
{
    if (strstr(strbuf_text(&c->rs.body), part) == NULL)
        fail_msg("no %s in %s", part, strbuf_text(&c->rs.body));
}

/* A request for the first server; NULL leaves the member out. */
static const char *move_body(struct site_client *c, const char *pricing, const char *mode,
                             char out[512])
{
    assert_true(str_format(
        out, 512,
        "{\"_type\":\"MoveToAwsRequest\",\"sourceVmId\":\"vm-11\",\"instanceType\":"
        "\"c5.2xlarge\",\"edgeNode\":\"NodeA\",%s%s%s\"storagePolicy\":"
        "\"WriteIsolation\",\"networkInterfaceId\":\"%s\",\"pricingModel\":%s}",
        mode != NULL ? "\"runMode\":\"" : "", mode != NULL ? mode : "",
        mode != NULL ? "\"," : "", c->s->w->enis[0].id, pricing));
    return out;
}

static void extension_on(struct site_client *c)
{
    site_post(c, API "/cloudextensions/ce-1/operations/start", NULL);
    assert_int_equal(c->rs.status, 201);
    assert_string_equal(strbuf_text(&c->rs.body),
                        "{\"_type\":\"TaskId\",\"value\":\"t-1\"}");
    site_client_later(c, 301000);
    world_set_capacity(c->s->w, 0, 0, true);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *what, *method, *path, *body;
        int status;
    } rows[] = {
        {"unknown VM", "GET", API "/vms/vm-99", NULL, 404},
        {"a VM that is no test server", "GET", API "/vms/vm-15", NULL, 404},
        {"unknown extension", "GET", API "/cloudextensions/ce-9", NULL, 404},
        {"unknown task", "GET", API "/tasks/t-77", NULL, 404},
        {"no task id", "GET", API "/tasks/77", NULL, 404},
        {"unknown resource", "GET", API "/nothing", NULL, 404},
        {"no operation", "POST", API "/vms/vm-11/operations/fly", NULL, 404},
        {"too long a path", "GET", API "/vms/vm-11/operations/return/now/x", NULL, 404},
        {"wrong method", "DELETE", API "/vms", NULL, 405},
        {"operation by GET", "GET", API "/vms/vm-11/operations/return", NULL, 405},
        {"return from home", "POST", API "/vms/vm-11/operations/return", NULL, 409},
        {"start at home", "POST", API "/vms/vm-11/operations/start", NULL, 409},
        {"stop a stopped extension", "POST", API "/cloudextensions/ce-1/operations/stop",
         NULL, 409},
        {"repair a healthy one", "POST", API "/cloudextensions/ce-1/operations/repair",
         NULL, 409},
        {"no body", "POST", API "/cloudextensions/ce-1/operations/moveVm", NULL, 400},
        {"no JSON", "POST", API "/cloudextensions/ce-1/operations/moveVm", "{", 400},
        {"nothing in it", "POST", API "/cloudextensions/ce-1/operations/moveVm", "{}",
         400},
        {"bad filter", "POST", API "/tasks", "{\"filter\":{\"_type\":\"X\"}}", 400},
    };
    struct site_client c;

    (void)state;
    begin(&c);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *body = site_ask(&c, rows[i].method, rows[i].path, rows[i].body);

        assert_row(rows[i].what, c.rs.status == rows[i].status);
        assert_row(rows[i].what, str_starts(body, "{\"errorCode\":\""));
    }
    site_client_as(&c, "apiuser", "wrong");
    site_get(&c, API "/vms");
    assert_int_equal(c.rs.status, 401);
    site_client_as(&c, NULL, NULL);
    site_get(&c, API "/vms");
    assert_int_equal(c.rs.status, 401);
    site_client_end(&c);
}

static void test_required_fields(void **state)
{
    static const struct {
        const char *what, *pricing, *mode;
        int status;
        const char *says;
    } rows[] = {
        {"no run mode", "{\"_type\":\"OnDemandPricingModel\"}", NULL, 400, "runMode"},
        {"strange run mode", "{\"_type\":\"OnDemandPricingModel\"}", "Fast", 400,
         "runMode"},
        {"no pricing", "null", "Normal", 400, "pricingModel is required"},
        {"strange pricing", "{\"_type\":\"X\"}", "Normal", 400, "pricingModel"},
        {"price as text", "{\"_type\":\"SpotMarketBidParams\",\"maxPrice\":\"0.2\"}",
         "Normal", 400, "maxPrice"},
        {"price too small", "{\"_type\":\"SpotMarketBidParams\",\"maxPrice\":0.0005}",
         "Normal", 400, "maxPrice"},
        {"the extension is stopped", "{\"_type\":\"SpotMarketBidParams\"}", "Normal", 409,
         "InvalidState"},
    };
    struct site_client c;
    char body[512];

    (void)state;
    begin(&c);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        site_post(&c, API "/cloudextensions/ce-1/operations/moveVm",
                  move_body(&c, rows[i].pricing, rows[i].mode, body));
        assert_row(rows[i].what, c.rs.status == rows[i].status);
        assert_row(rows[i].what, strstr(strbuf_text(&c.rs.body), rows[i].says) != NULL);
    }
    site_client_end(&c);
}

static void test_run_and_return(void **state)
{
    struct site_client c;
    char body[512];

    (void)state;
    begin(&c);
    extension_on(&c);
    site_get(&c, API "/cloudextensions/ce-1");
    has(&c, "\"state\":\"Active\"");
    has(&c, "\"edgeAAvailabilityZone\":\"eu-west-1a\"");
    site_post(&c, API "/cloudextensions/ce-1/operations/moveVm",
              move_body(&c, "{\"_type\":\"SpotMarketBidParams\",\"maxPrice\":0.19}",
                        "Normal", body));
    assert_int_equal(c.rs.status, 201);
    has(&c, "\"t-2\"");
    site_client_later(&c, 26000);
    site_get(&c, API "/tasks");
    has(&c, "\"type\":\"RunVmInCloud\"");
    has(&c, "\"state\":\"Running\"");
    has(&c, "\"additionalInfo\":{\"SpotRequestId\":{\"value\":\"sir-");
    has(&c, "\"startTime\":\"2026-11-22\"");
    has(&c, "\"number\":0,\"numberOfElements\":1,\"totalElements\":1,\"totalPages\":1");
    site_get(&c, API "/vms");
    has(&c, "\"state\":\"MovingToCloud\"");
    has(&c, "{\"_type\":\"TaskId\",\"value\":\"t-2\"}");
    site_client_later(&c, 240000);
    site_get(&c, API "/tasks/t-2");
    has(&c, "\"state\":\"Succeeded\"");
    has(&c, "\"progress\":100");
    site_get(&c, API "/vms/vm-11");
    has(&c, "\"_type\":\"AwsInstanceInfo\"");
    has(&c, "\"powerState\":\"Running\"");
    has(&c, "\"privateIpAddress\":\"10.0.1.11\"");
    has(&c, c.s->w->enis[0].id);
    has(&c, "\"isSpot\":true");
    assert_int_equal(c.s->w->instances[0]->cap, 190000000);
    site_post(&c, API "/cloudextensions/ce-1/operations/stop", NULL);
    assert_int_equal(c.rs.status, 409); /* a VM is in the cloud */
    site_post(&c, API "/vms/vm-11/operations/stop", NULL);
    assert_int_equal(c.rs.status, 409); /* a spot instance cannot be stopped */
    site_client_later(&c, 60000);
    site_post(&c, API "/vms/vm-11/operations/probe", NULL);
    assert_string_equal(strbuf_text(&c.rs.body), "true");
    site_post(&c, API "/vms/vm-11/operations/return?force=false", NULL);
    assert_int_equal(c.rs.status, 201);
    site_ask(&c, "DELETE", API "/tasks/t-3", NULL);
    assert_int_equal(c.rs.status, 409);
    site_client_later(&c, 400000);
    site_get(&c, API "/vms/vm-11");
    has(&c, "\"state\":\"Unmanaged\"");
    assert_null(strstr(strbuf_text(&c.rs.body), "cloudInfo"));
    site_ask(&c, "DELETE", API "/tasks/t-3", NULL);
    assert_int_equal(c.rs.status, 204);
    site_client_end(&c);
}

static void test_task_pages(void **state)
{
    struct site_client c;
    int32_t key;

    (void)state;
    begin(&c);
    extension_on(&c);
    for (int i = 0; i < 24; i++) { /* 25 tasks, one after the other */
        assert_int_equal(
            world_extension_act(c.s->w,
                                i % 2 == 0 ? SIM_STOP_EXTENSION : SIM_START_EXTENSION,
                                "dana", &key),
            SIM_OK);
        site_client_later(&c, 310000);
    }
    site_post(&c, API "/tasks", "{}");
    has(&c, "\"number\":0,\"numberOfElements\":20,\"totalElements\":25,\"totalPages\":2");
    site_post(&c, API "/tasks", "{\"page\":1,\"size\":20}");
    has(&c, "\"number\":1,\"numberOfElements\":5,\"totalElements\":25,\"totalPages\":2");
    has(&c, "\"value\":\"t-1\"");
    site_post(&c, API "/tasks",
              "{\"filter\":{\"_type\":\"IdFilter\",\"ids\":[{\"_type\":"
              "\"TaskId\",\"value\":\"t-7\"}]}}");
    has(&c, "\"totalElements\":1");
    has(&c, "\"username\":\"dana\"");
    site_post(&c, API "/tasks",
              "{\"filter\":{\"_type\":\"TaskStateFilter\",\"state\":[\"Failed\"]}}");
    has(&c, "\"totalElements\":0");
    site_post(&c, API "/tasks",
              "{\"filter\":{\"_type\":\"TaskEntityIdFilter\",\"id\":{\"_type\":"
              "\"CloudExtensionId\",\"value\":\"ce-1\"}},\"page\":0,\"size\":3}");
    has(&c, "\"numberOfElements\":3,\"totalElements\":25,\"totalPages\":9");
    site_get(&c, API "/tasks"); /* only active ones */
    has(&c, "\"totalElements\":0");
    site_client_end(&c);
}

static void test_interruption_as_the_manager_sees_it(void **state)
{
    struct site_client c;
    char body[512];

    (void)state;
    begin(&c);
    extension_on(&c);
    site_post(&c, API "/cloudextensions/ce-1/operations/moveVm",
              move_body(&c, "{\"_type\":\"SpotMarketBidParams\"}", "Normal", body));
    site_client_later(&c, 300000);
    site_post(&c, "/control/interrupt", "{\"server\":\"cache\",\"notice_s\":0}");
    assert_int_equal(c.rs.status, 200);
    site_client_later(&c, 1000);
    site_get(&c, API "/vms/vm-11");
    has(&c, "\"powerState\":\"ShuttingDown\"");
    has(&c, "\"stateChangeReason\":\"Server.SpotInstanceTermination\"");
    for (int i = 0; i < 120; i++) {
        site_client_later(&c, 1000);
        site_get(&c, API "/vms/vm-11");
        if (strstr(strbuf_text(&c.rs.body), "\"powerState\":\"Terminated\"") != NULL)
            break;
    }
    has(&c, "\"powerState\":\"Terminated\"");
    has(&c, "\"cloudInstanceState\":\"None\"");
    site_client_later(&c, 80000);
    site_get(&c, API "/tasks");
    has(&c, "\"type\":\"RunVmOnPrem\",\"username\":\"system\"");
    site_client_end(&c);
}

/* The product bends its own description: instants and plain texts. */
static void test_loose_shapes(void **state)
{
    struct site_client c;

    (void)state;
    site_client_begin(&c, "velostrata.loose-shapes=1");
    site_client_as(&c, "apiuser", site_velostrata_password);
    site_get(&c, API "/cloudextensions/ce-1");
    has(&c, "\"lastTimeSeenActive\":\"2026-11-20T06:30:00.000Z\"");
    site_client_end(&c);
}

static const char *vm_act(struct site_client *c, const char *act)
{
    char path[128];

    assert_true(str_format(path, sizeof(path), API "/vms/vm-11/operations/%s", act));
    return site_post(c, path, NULL);
}

/* What people do to a VM that is out there: stop and start it, boot it anew; a spot
 * instance cannot be stopped. What is under way keeps others off. */
static void test_power_in_the_cloud(void **state)
{
    struct site_client c;
    char body[512];

    (void)state;
    begin(&c);
    extension_on(&c);
    site_post(&c, API "/cloudextensions/ce-1/operations/moveVm",
              move_body(&c, "{\"_type\":\"OnDemandPricingModel\"}", "Normal", body));
    assert_int_equal(c.rs.status, 201);
    site_post(&c, API "/cloudextensions/ce-1/operations/moveVm", body);
    assert_int_equal(c.rs.status, 409);
    has(&c, "TaskInProgress");
    site_client_later(&c, 600000);
    vm_act(&c, "start"); /* it runs */
    assert_int_equal(c.rs.status, 409);
    vm_act(&c, "stop");
    assert_int_equal(c.rs.status, 201);
    vm_act(&c, "stop");
    assert_int_equal(c.rs.status, 409);
    site_get(&c, API "/tasks?page=0&size=5");
    has(&c, "\"type\":\"StopVm\"");
    site_client_later(&c, 50000);
    site_get(&c, API "/vms/vm-11");
    has(&c, "\"powerState\":\"Stopping\"");
    site_client_later(&c, 120000);
    site_get(&c, API "/vms/vm-11");
    has(&c, "\"powerState\":\"Stopped\"");
    vm_act(&c, "probe");
    assert_string_equal(strbuf_text(&c.rs.body), "false");
    vm_act(&c, "reboot"); /* nothing to boot */
    assert_int_equal(c.rs.status, 409);
    vm_act(&c, "start");
    assert_int_equal(c.rs.status, 201);
    site_get(&c, API "/tasks?size=0"); /* as many as usual */
    has(&c, "\"type\":\"StartVm\"");
    site_client_later(&c, 300000);
    site_get(&c, API "/vms/vm-11");
    has(&c, "\"powerState\":\"Running\"");
    vm_act(&c, "reboot");
    assert_int_equal(c.rs.status, 201);
    site_get(&c, API "/tasks?page=x");
    has(&c, "\"type\":\"RebootVm\"");
    site_client_later(&c, 300000);
    vm_act(&c, "probe");
    assert_string_equal(strbuf_text(&c.rs.body), "true");
    vm_act(&c, "cleanup");
    assert_int_equal(c.rs.status, 201);
    site_get(&c, API "/tasks");
    has(&c, "\"type\":\"CleanupVm\"");
    site_client_end(&c);
}

/* Its instance goes while it is being booted anew: the task says so. */
static void test_power_of_a_lost_one(void **state)
{
    struct site_client c;
    char body[512];

    (void)state;
    begin(&c);
    extension_on(&c);
    site_post(&c, API "/cloudextensions/ce-1/operations/moveVm",
              move_body(&c, "{\"_type\":\"SpotMarketBidParams\"}", "Normal", body));
    site_client_later(&c, 600000);
    vm_act(&c, "stop"); /* spot: never */
    assert_int_equal(c.rs.status, 409);
    vm_act(&c, "reboot");
    assert_int_equal(c.rs.status, 201);
    site_post(&c, "/control/interrupt", "{\"server\":\"cache\",\"notice_s\":0}");
    site_client_later(&c, 95000);
    site_post(&c, API "/tasks",
              "{\"filter\":{\"_type\":\"TaskStateFilter\",\"state\":[\"Failed\"]}}");
    has(&c, "\"type\":\"RebootVm\"");
    has(&c, "The instance is gone.");
    site_client_end(&c);
}

static void test_lists(void **state)
{
    static const struct {
        const char *what, *method, *path, *body;
        int status;
        const char *says;
    } rows[] = {
        {"extensions", "GET", API "/cloudextensions", NULL, 200, "\"value\":\"ce-1\""},
        {"extensions, another method", "PUT", API "/cloudextensions", NULL, 405, ""},
        {"one, another method", "PUT", API "/cloudextensions/ce-1", NULL, 405, ""},
        {"an extension's types", "GET", API "/cloudextensions/ce-1/instancetypes", NULL,
         200, "c5.2xlarge"},
        {"a VM's types", "GET", API "/vms/vm-11/instancetypes", NULL, 200, "c5.2xlarge"},
        {"nothing of an extension", "GET", API "/cloudextensions/ce-1/x", NULL, 404, ""},
        {"nothing of a VM", "GET", API "/vms/vm-11/x", NULL, 404, ""},
        {"tasks, another method", "PUT", API "/tasks", NULL, 405, ""},
        {"a task that cannot be ended", "DELETE", API "/tasks/t-1", NULL, 409,
         "cannot be cancelled"},
        {"a task, another method", "PUT", API "/tasks/t-1", NULL, 405, ""},
        {"tasks of a VM", "POST", API "/tasks",
         "{\"filter\":{\"_type\":\"TaskEntityIdFilter\",\"id\":{\"_type\":\"VmId\","
         "\"value\":\"vm-11\"}}}",
         200, "\"totalElements\":0"},
        {"tasks without a filter", "POST", API "/tasks", "{\"filter\":null}", 200,
         "\"totalElements\":1"},
        {"tasks by text", "POST", API "/tasks", "hello", 400, "no JSON"},
    };
    struct site_client c;

    (void)state;
    begin(&c);
    site_post(&c, API "/cloudextensions/ce-1/operations/start", NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *body = site_ask(&c, rows[i].method, rows[i].path, rows[i].body);

        if (c.rs.status != rows[i].status || strstr(body, rows[i].says) == NULL)
            fail_msg("%s: %ld %s", rows[i].what, (long)c.rs.status, body);
    }
    site_client_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_required_fields),
        cmocka_unit_test(test_run_and_return),
        cmocka_unit_test(test_task_pages),
        cmocka_unit_test(test_interruption_as_the_manager_sees_it),
        cmocka_unit_test(test_loose_shapes),
        cmocka_unit_test(test_power_in_the_cloud),
        cmocka_unit_test(test_power_of_a_lost_one),
        cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
