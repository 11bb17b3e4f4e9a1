#include <config.h>

#include "core/api/velostrata.h"

#include "tests/contract/fake_server.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

struct fixture {
    struct fake_server *server;
    struct http_client *client;
    struct transport transport;
    struct velostrata_config config;
    struct velostrata *velostrata;
    struct observation *o;
    struct poll_hints hints;
    struct call call;
    struct call_result r;
    char url[128];
    struct err e;
};

static int set_up(void **state)
{
    struct http_client_config config = {.timeout_ms = 1000};
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->server = fake_server_start();
    assert_non_null(f->server);
    assert_int_equal(http_client_new(&config, &f->client, &f->e), ERR_OK);
    f->transport = http_client_transport(f->client);
    assert_true(str_format(f->url, sizeof(f->url), "%s/velostrata/api/v25",
                           fake_server_url(f->server)));
    f->config.api.url = f->url;
    f->config.api.user = "apiuser";
    f->config.cloud_extension = "ce-1";
    assert_int_equal(secret_new("subscription", 12, &f->config.api.secret, &f->e),
                     ERR_OK);
    assert_int_equal(velostrata_new(&f->config, &f->transport, &f->velostrata, &f->e),
                     ERR_OK);
    f->call = (struct call){.id = 9, .kind = CALL_RUN_IN_CLOUD, .target = "vm-12"};
    (void)str_copy(f->call.run.instance_type, sizeof(f->call.run.instance_type),
                   "c5.2xlarge");
    (void)str_copy(f->call.run.edge_node, sizeof(f->call.run.edge_node), "NodeB");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    observation_unref(f->o);
    velostrata_free(f->velostrata);
    http_client_free(f->client);
    fake_server_stop(f->server);
    secret_free(f->config.api.secret);
    free(f);
    return 0;
}

static enum err_code observe(struct fixture *f)
{
    err_clear(&f->e);
    observation_unref(f->o);
    f->o = observation_new(SOURCE_VELOSTRATA);
    assert_non_null(f->o);
    return velostrata_observe(f->velostrata, &f->hints, f->o, &f->e);
}

#define VM(id, state, rest)                                                              \
    "{\"id\":{\"_type\":\"VmId\",\"value\":\"" id "\"},\"state\":\"" state "\"" rest "}"
#define IN_CLOUD(id) VM(id, "InCloud", ",\"cloudInstanceState\":\"Started\"")
#define PAGE(pages, content)                                                             \
    "{\"_type\":\"TaskDescriptionPage\",\"number\":0,\"totalPages\":" pages              \
    ",\"content\":[" content "]}"
#define TASK(id, state, rest)                                                            \
    "{\"id\":{\"_type\":\"TaskId\",\"value\":\"" id "\"},\"state\":\"" state "\"" rest "}"

static const char extension[] =
    "{\"stateInfo\":{\"id\":{\"_type\":\"CloudExtensionId\",\"value\":\"ce-1\"},"
    "\"state\":\"Active\",\"failedHealthChecks\":[{\"healthCheck\":\"VpnWANOutage\","
    "\"component\":\"VPN\"},{\"healthCheck\":\"InternalError\"},7]},"
    "\"cloudInfo\":{\"_type\":\"AwsCloudExtension\",\"edgeAAvailabilityZone\":"
    "\"eu-west-1a\",\"edgeBAvailabilityZone\":\"eu-west-1b\"}}";
static const char running[] =
    "{\"stateInfo\":{},\"cloudInfo\":{\"_type\":\"AwsInstanceInfo\",\"id\":\"i-0abc\","
    "\"powerState\":\"Running\",\"state\":\"Running\",\"isSpot\":true,\"type\":{\"name\":"
    "\"c5.2xlarge\",\"cpus\":8,\"memory\":16},\"privateIpAddress\":\"10.0.1.11\","
    "\"availabilityZone\":\"eu-west-1a\",\"launchTime\":\"2026-11-22T07:00:00.000+0000\","
    "\"networkInterfaces\":[{\"id\":\"eni-1\"}],\"tags\":[{\"key\":\"Name\",\"value\":"
    "\"x\"},{\"key\":\"rushhour:server\",\"value\":\"cache\"},{\"key\":7}]}}";

static void add_site(struct fixture *f, const char *vms, const char *tasks)
{
    fake_server_reset(f->server);
    fake_server_json(f->server, "GET", "=/velostrata/api/v25/vms", vms);
    fake_server_json(f->server, "GET", "=/velostrata/api/v25/cloudextensions/ce-1",
                     extension);
    fake_server_json(f->server, "POST", "=/velostrata/api/v25/tasks", tasks);
}

static void test_observe(void **state)
{
    struct fixture *f = *state;
    const struct seen_managed_vm *vm;
    const struct seen_task *t;
    const struct obs_velostrata *seen;

    add_site(
        f,
        "[" VM("vm-1", "Unmanaged", ",\"instanceUuid\":\"u-1\",\"activeTasks\":[]") "," VM(
            "vm-2", "MovingToCloud",
            ",\"activeTasks\":[{\"_type\":\"TaskId\",\"value\":\"t-4\"}],"
            "\"migrationState\":\"Detaching\"") "," VM("vm-3", "InCloud",
                                                       ",\"cloudInstanceState\":"
                                                       "\"Stopped\"") "," VM("vm-4",
                                                                             "Teleported"
                                                                             "\\u001b",
                                                                             ",\"migratio"
                                                                             "nState\":"
                                                                             "\"Novel\"") ",{\"instanceUuid\":\"u-5\",\"state\":null,\"migrationState\":null}]",
        PAGE(
            "1",
            TASK(
                "t-4", "Failing",
                ",\"type\":\"RunVmInCloud\",\"progress\":40,\"entity\":{"
                "\"_type\":\"VmId\",\"value\":\"vm-2\"},\"additionalInfo\":{"
                "\"SpotRequestId\":\"sir-7\"},\"startTime\":1795330800000,"
                "\"username\":\"apiuser\",\"errorMessage\":[\"one\",\"\","
                "\"tw\\u001bo\"]") "," TASK("t-5", "Bewildered",
                                            ",\"progress\":101,\"errorDetails\":\"d\"")));
    fake_server_json(f->server, "GET", "/vms/vm-", running);
    assert_int_equal(observe(f), ERR_OK);
    seen = &f->o->as.velostrata;

    assert_string_equal(seen->extension_id, "ce-1");
    assert_int_equal(seen->extension, EXTENSION_ACTIVE);
    assert_string_equal(seen->extension_raw, "Active");
    assert_string_equal(seen->edge_a_zone, "eu-west-1a");
    assert_string_equal(seen->edge_b_zone, "eu-west-1b");
    assert_string_equal(seen->extension_problem, "VpnWANOutage on VPN, InternalError");

    assert_int_equal(seen->n_vms, 5);
    vm = seen->vms;
    assert_true(vm[0].state == MANAGED_UNMANAGED && !vm[0].has_tasks &&
                !vm[0].has_instance && !vm[0].migration_busy);
    assert_string_equal(vm[0].instance_uuid, "u-1");
    assert_true(vm[1].state == MANAGED_TO_CLOUD && vm[1].has_tasks &&
                vm[1].migration_busy && vm[1].has_instance);
    assert_string_equal(vm[1].instance.id, "i-0abc");
    assert_string_equal(vm[1].instance.type, "c5.2xlarge");
    assert_string_equal(vm[1].instance.zone, "eu-west-1a");
    assert_string_equal(vm[1].instance.ip, "10.0.1.11");
    assert_string_equal(vm[1].instance.eni, "eni-1");
    assert_string_equal(vm[1].instance.server, "cache");
    assert_string_equal(vm[1].instance.spot_request, "sir-7");
    assert_int_equal(vm[1].instance.state, INSTANCE_RUNNING);
    assert_int_equal(vm[1].instance.lifecycle, LIFECYCLE_SPOT);
    assert_int_equal(vm[1].instance.launched.s, 1795330800);
    assert_true(vm[2].state == MANAGED_IN_CLOUD && vm[2].instance_stopped);
    assert_true(vm[3].state == MANAGED_UNKNOWN && vm[3].migration_busy);
    assert_string_equal(vm[3].raw_state, "Teleported\xEF\xBF\xBD");
    assert_true(vm[4].state == MANAGED_UNKNOWN && vm[4].vm_id[0] == '\0' &&
                !vm[4].migration_busy);

    assert_int_equal(seen->n_tasks, 2);
    t = seen->tasks;
    assert_string_equal(t[0].id, "t-4");
    assert_string_equal(t[0].type, "RunVmInCloud");
    assert_string_equal(t[0].entity, "vm-2");
    assert_string_equal(t[0].user, "apiuser");
    assert_string_equal(t[0].error, "one; tw\xEF\xBF\xBDo");
    assert_true(t[0].state == TASK_RUNNING && t[0].progress == 40);
    assert_int_equal(t[0].started.s, 1795330800);
    assert_true(t[1].state == TASK_UNKNOWN && t[1].progress == -1);
    assert_string_equal(t[1].error, "d");
}

/* Details: at once for what moves or is new, else one VM a poll; kept from poll to poll.
 */
static void test_details(void **state)
{
    struct fixture *f = *state;
    static const char vms[] =
        "[" IN_CLOUD("vm-1") "," VM("vm-2", "Unmanaged", "") "," IN_CLOUD("vm-3") "]";
    static const char ending[] =
        "{\"cloudInfo\":{\"_type\":\"AwsInstanceInfo\",\"id\":\"i-0abc\",\"powerState\":"
        "\"Terminated\",\"state\":\"Running\",\"isSpot\":false,\"stateChangeReason\":"
        "\"Server.SpotInstanceTermination\"}}";
    const struct seen_managed_vm *vm;

    add_site(f, vms, PAGE("1", ""));
    fake_server_json(f->server, "GET", "/vms/vm-", running);
    assert_int_equal(observe(f), ERR_OK);
    assert_int_equal(fake_server_count_of(f->server, "GET", "/vms/vm-1"), 1);
    assert_int_equal(fake_server_count_of(f->server, "GET", "/vms/vm-2"), 0);
    assert_int_equal(fake_server_count_of(f->server, "GET", "/vms/vm-3"), 1);
    for (size_t poll = 1; poll <= 4; poll++) {
        assert_int_equal(observe(f), ERR_OK);
        vm = f->o->as.velostrata.vms;
        assert_true(vm[0].has_instance && !vm[1].has_instance && vm[2].has_instance);
        assert_string_equal(vm[0].instance.id, "i-0abc");
        assert_string_equal(vm[2].instance.ip, "10.0.1.11");
        assert_int_equal(fake_server_count_of(f->server, "GET", "/vms/vm-"), 2 + poll);
    }
    assert_int_equal(fake_server_count_of(f->server, "GET", "/vms/vm-1"), 3);
    assert_int_equal(fake_server_count_of(f->server, "GET", "/vms/vm-3"), 3);

    add_site(f, "[" VM("vm-3", "ReturningFromCloud", "") "," IN_CLOUD("vm-1") "]",
             PAGE("1", ""));
    fake_server_json(f->server, "GET", "/vms/vm-3", ending);
    assert_int_equal(observe(f), ERR_OK);
    vm = f->o->as.velostrata.vms;
    assert_int_equal(vm[0].instance.state, INSTANCE_TERMINATED);
    assert_int_equal(vm[0].instance.lifecycle, LIFECYCLE_ON_DEMAND);
    assert_string_equal(vm[0].instance.state_reason, "Server.SpotInstanceTermination");
    assert_int_equal(vm[1].instance.state, INSTANCE_RUNNING); /* carried over */
    assert_int_equal(fake_server_count_of(f->server, "GET", "/vms/vm-"), 1);

    add_site(f, "[" VM("vm-3", "ReturningFromCloud", "") "]", PAGE("1", ""));
    assert_int_equal(observe(f), ERR_OK); /* 404: it has just left */
    assert_false(f->o->as.velostrata.vms[0].has_instance);
}

/* One VM whose details are refused hides none of the others, and is not forgotten; what
 * the manager says of itself, or does not say, fails the poll. */
static void test_details_refused(void **state)
{
    /* clang-format off */
    static const struct { const char *what; struct fake_answer answer; enum err_code code; } rows[] = {
        {"a conflict",      {.status = 409, .body = "{\"message\":\"busy\"}"}, ERR_OK},
        {"forbidden",       {.status = 403},                                   ERR_OK},
        {"an inner error",  {.status = 500, .body = "{\"errorCode\":\"E1\"}"}, ERR_OK},
        {"a bad request",   {.status = 400},                                   ERR_OK},
        {"wrong password",  {.status = 401},                                   ERR_AUTH},
        {"too slow",        {.status = 408},                                   ERR_REFUSED},
        {"throttled",       {.status = 429},                                   ERR_THROTTLED},
        {"a gateway",       {.status = 502},                                   ERR_SERVER},
        {"not now",         {.status = 503},                                   ERR_SERVER},
        {"a slow gateway",  {.status = 504},                                   ERR_SERVER},
        {"reset",           {.fault = FAKE_RESET},                             ERR_RESET},
        {"a login page",    {.type = "text/html", .body = "<html/>"},          ERR_PROTOCOL},
    };
    /* clang-format on */
    static const char vms[] =
        "[" IN_CLOUD("vm-1") "," IN_CLOUD("vm-2") "," IN_CLOUD("vm-99") "]";
    struct fixture *f = *state;
    const struct seen_managed_vm *vm;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule refuses = {.path = "/vms/vm-99", .answers = {rows[i].answer}};

        velostrata_free(f->velostrata); /* after a start */
        f->velostrata = NULL;
        assert_int_equal(velostrata_new(&f->config, &f->transport, &f->velostrata, &f->e),
                         ERR_OK);
        add_site(f, vms, PAGE("1", ""));
        fake_server_add(f->server, &refuses);
        fake_server_json(f->server, "GET", "/vms/vm-", running);
        assert_row(rows[i].what, observe(f) == rows[i].code);
        if (rows[i].code != ERR_OK)
            continue;
        vm = f->o->as.velostrata.vms;
        assert_row(rows[i].what, f->e.code == ERR_OK && f->e.text[0] == '\0');
        assert_row(rows[i].what, vm[0].has_instance && !vm[0].unreadable);
        assert_row(rows[i].what, !vm[2].has_instance && vm[2].unreadable);
        assert_row(rows[i].what, vm[2].state == MANAGED_IN_CLOUD);
        for (int poll = 0; poll < 4; poll++) /* the others have their turn, too */
            assert_row(rows[i].what, observe(f) == ERR_OK);
        assert_row(rows[i].what,
                   fake_server_count_of(f->server, "GET", "/vms/vm-99") == 5);
        assert_row(rows[i].what,
                   fake_server_count_of(f->server, "GET", "/vms/vm-1") == 3);
        assert_row(rows[i].what,
                   fake_server_count_of(f->server, "GET", "/vms/vm-2") == 3);

        add_site(f, vms, PAGE("1", "")); /* it is told again, … */
        fake_server_json(f->server, "GET", "/vms/vm-", running);
        assert_row(rows[i].what, observe(f) == ERR_OK);
        vm = f->o->as.velostrata.vms;
        assert_row(rows[i].what, vm[2].has_instance && !vm[2].unreadable);
        add_site(f, "[" VM("vm-99", "ReturningFromCloud", "") "]", PAGE("1", ""));
        fake_server_add(f->server, &refuses);
        assert_row(rows[i].what, observe(f) == ERR_OK); /* … and once more it is not */
        vm = f->o->as.velostrata.vms;
        assert_row(rows[i].what, vm[0].has_instance && vm[0].unreadable);
        assert_row(rows[i].what, str_eq(vm[0].instance.id, "i-0abc"));
        assert_row(rows[i].what, vm[0].state == MANAGED_RETURNING);
    }
}

static void test_pages_and_ids(void **state)
{
    struct fixture *f = *state;
    struct fake_rule pages = {
        .method = "POST",
        .path = "=/velostrata/api/v25/tasks",
        .answers = {{.body = PAGE(
                         "3", TASK("t-1", "Running", "") "," TASK("t-2", "Running", ""))},
                    {.body = PAGE(
                         "3", TASK("t-2", "Running", "") "," TASK("t-3", "Running", ""))},
                    {.body = PAGE("3", "")}},
        .n_answers = 3};

    fake_server_json(f->server, "GET", "=/velostrata/api/v25/vms", "[]");
    fake_server_json(f->server, "GET", "/tasks/t-9",
                     TASK("t-9", "Succeeded", ",\"endTime\":\"2026-11-22T07:00:00\""));
    fake_server_add(f->server, &pages);
    f->hints.n = 3;
    (void)str_copy(f->hints.ids[0], sizeof(f->hints.ids[0]), "t-1");
    (void)str_copy(f->hints.ids[1], sizeof(f->hints.ids[1]), "t-9");
    (void)str_copy(f->hints.ids[2], sizeof(f->hints.ids[2]), "t-gone");
    assert_int_equal(observe(f), ERR_OK);
    assert_int_equal(f->o->as.velostrata.n_tasks, 4);
    assert_int_equal(f->o->as.velostrata.tasks[3].state, TASK_SUCCEEDED);
    assert_int_equal(f->o->as.velostrata.tasks[3].ended.s, 1795330800);
    assert_int_equal(fake_server_count_of(f->server, "POST", "/tasks"), 3);
    assert_int_equal(fake_server_count_of(f->server, "GET", "/tasks/"), 2);
    assert_non_null(strstr(fake_server_request_of(f->server, "POST", "/tasks", 2)->body,
                           "\"page\":2,"));
    /* The extension had no rule: 404. */
    assert_int_equal(f->o->as.velostrata.extension, EXTENSION_NONE);
    assert_true(f->o->as.velostrata.extension_problem[0] != '\0');

    fake_server_reset(f->server); /* a manager whose pages never end */
    fake_server_json(f->server, "GET", "=/velostrata/api/v25/vms", "[]");
    fake_server_json(f->server, "POST", "/tasks", PAGE("1000000", ""));
    assert_int_equal(observe(f), ERR_TOO_BIG);
}

static void test_unusable(void **state)
{
    /* clang-format off */
    static const struct { const char *what; struct fake_answer answer; enum err_code code; const char *says; } rows[] = {
        {"timeout",          {.fault = FAKE_HANG},                                ERR_TIMEOUT,   "no answer"},
        {"reset",            {.fault = FAKE_RESET},                               ERR_RESET,     "broke"},
        {"truncated",        {.body = "[{\"id\":5}]", .fault = FAKE_TRUNCATE},    ERR_RESET,     "within"},
        {"endless",          {.fault = FAKE_ENDLESS},                             ERR_TOO_BIG,   "larger"},
        {"garbage",          {.fault = FAKE_GARBAGE},                             ERR_PROTOCOL,  "no HTTP"},
        {"wrong password",   {.status = 401, .body = "{\"message\":\"subscription\"}"}, ERR_AUTH, "401"},
        {"forbidden",        {.status = 403, .body = "{\"errorCode\":\"E12\",\"message\":\"not \\u001b[for you\"}"}, ERR_FORBIDDEN, "not \xEF\xBF\xBD[for you"},
        {"throttled",        {.status = 429, .headers = "Retry-After: 3\r\n", .type = "text/plain"}, ERR_THROTTLED, "3 s"},
        {"broken",           {.status = 500, .body = "{\"errorCode\":\"E1\"}"},   ERR_SERVER,    "E1"},
        {"wrong url",        {.status = 404, .type = "text/html"},                ERR_NOT_FOUND, "404"},
        {"login page",       {.type = "text/html", .body = "<html/>"},            ERR_PROTOCOL,  "login page"},
        {"sent elsewhere",   {.status = 302, .headers = "Location: https://other.example/\r\n"}, ERR_REFUSED, "other.example"},
        {"an object",        {.body = "{}"},                                      ERR_PROTOCOL,  "no list"},
        {"a nameless VM",    {.body = "[{\"state\":\"InCloud\"}]"},               ERR_PROTOCOL,  "names no VM"},
        {"a number for a VM", {.body = "[5]"},                                    ERR_PROTOCOL,  "names no VM"},
        {"no JSON",          {.body = "[{]"},                                     ERR_PROTOCOL,  "JSON"},
    };
    /* clang-format on */
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule rule = {.answers = {rows[i].answer}};

        fake_server_reset(f->server);
        fake_server_add(f->server, &rule);
        assert_row(rows[i].what, observe(f) == rows[i].code);
        if (strstr(f->e.text, rows[i].says) == NULL)
            print_error("%s\n", f->e.text);
        assert_row(rows[i].what, strstr(f->e.text, rows[i].says) != NULL);
        assert_row(rows[i].what, strstr(f->e.text, "subscription") == NULL);
        assert_row(rows[i].what, fake_server_count(f->server) == 1);
        assert_row(rows[i].what, velostrata_retry_after_s(f->velostrata) ==
                                     (rows[i].code == ERR_THROTTLED ? 3 : -1));
    }
}

#define DETAIL(zone)                                                                     \
    "{\"cloudInfo\":{\"_type\":\"AwsInstanceInfo\",\"id\":\"i-1\",\"powerState\":"       \
    "\"Running\",\"state\":\"Running\",\"availabilityZone\":\"" zone "\"}}"

/* The same bytes are not read twice. What changed is read, beside what did not. */
static void test_again(void **state)
{
#define VMS  "[" IN_CLOUD("vm-1") "]"
#define TWO  "[" IN_CLOUD("vm-1") "," VM("vm-2", "Unmanaged", "") "]"
#define BUSY PAGE("1", TASK("t-1", "Running", ",\"progress\":7"))
#define MORE PAGE("1", TASK("t-1", "Running", ",\"progress\":8"))
#define END  TASK("t-9", "Failed", ",\"errorDetails\":\"full\"")
    /* clang-format off */
    static const struct {
        const char *what, *vms, *tasks, *detail, *hint, *ended;
        bool fails_before, same;
        size_t n_vms, n_tasks;
        int32_t progress;
        const char *zone;
    } rows[] = {
        {"the first",              VMS, BUSY, DETAIL("a"), "",    END, false, false, 1, 1, 7, "a"},
        {"the same bytes",         VMS, BUSY, DETAIL("a"), "",    END, false, true,  1, 1, 7, "a"},
        {"and again",              VMS, BUSY, DETAIL("a"), "",    END, false, true,  1, 1, 7, "a"},
        {"a task went on",         VMS, MORE, DETAIL("a"), "",    END, false, false, 1, 1, 8, "a"},
        {"the same after that",    VMS, MORE, DETAIL("a"), "",    END, false, true,  1, 1, 8, "a"},
        {"a detail changed",       VMS, MORE, DETAIL("b"), "",    END, false, false, 1, 1, 8, "b"},
        {"a task is asked for",    VMS, MORE, DETAIL("b"), "t-9", END, false, false, 1, 2, 8, "b"},
        {"asked for again",        VMS, MORE, DETAIL("b"), "t-9", END, false, true,  1, 2, 8, "b"},
        {"asked for no more",      VMS, MORE, DETAIL("b"), "",    END, false, false, 1, 1, 8, "b"},
        {"asked for once more",    VMS, MORE, DETAIL("b"), "t-9", END, false, false, 1, 2, 8, "b"},
        {"another VM in the list", TWO, MORE, DETAIL("b"), "t-9", END, false, false, 2, 2, 8, "b"},
        {"the same two",           TWO, MORE, DETAIL("b"), "t-9", END, false, true,  2, 2, 8, "b"},
        {"a failure in between",   TWO, MORE, DETAIL("b"), "t-9", END, true,  false, 2, 2, 8, "b"},
        {"the same two again",     TWO, MORE, DETAIL("b"), "t-9", END, false, true,  2, 2, 8, "b"},
    };
    /* clang-format on */
    struct fixture *f = *state;

    f->o = observation_new(SOURCE_VELOSTRATA);
    assert_non_null(f->o);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct observation *before = observation_ref(f->o);
        const struct obs_velostrata *seen;

        if (rows[i].fails_before) { /* in its last part */
            add_site(f, rows[i].vms, rows[i].tasks);
            fake_server_add(f->server, &(struct fake_rule){.path = "/vms/vm-1",
                                                           .answers = {{.status = 503}}});
            assert_int_equal(observe(f), ERR_SERVER);
        }
        add_site(f, rows[i].vms, rows[i].tasks);
        fake_server_json(f->server, "GET", "/vms/vm-1", rows[i].detail);
        fake_server_json(f->server, "GET", "/tasks/t-9", rows[i].ended);
        f->hints.n = rows[i].hint[0] != '\0' ? 1 : 0;
        (void)str_copy(f->hints.ids[0], sizeof(f->hints.ids[0]), rows[i].hint);
        assert_row(rows[i].what, observe(f) == ERR_OK);
        assert_row(rows[i].what, (f->o->arena == before->arena) == rows[i].same);
        observation_unref(before);
        seen = &f->o->as.velostrata;
        assert_row(rows[i].what, seen->n_vms == rows[i].n_vms);
        assert_row(rows[i].what, str_eq(seen->vms[0].vm_id, "vm-1"));
        assert_row(rows[i].what, str_eq(seen->vms[0].instance.zone, rows[i].zone));
        assert_row(rows[i].what, seen->n_tasks == rows[i].n_tasks);
        assert_row(rows[i].what, seen->tasks[0].progress == rows[i].progress);
        assert_row(rows[i].what,
                   seen->n_tasks < 2 || str_eq(seen->tasks[1].error, "full"));
        assert_row(rows[i].what, str_eq(seen->edge_b_zone, "eu-west-1b"));
        assert_row(rows[i].what, seen->extension == EXTENSION_ACTIVE);
    }
}

/* A broken second part spoils the whole observation, and what was known stays known. */
static void test_partial(void **state)
{
    struct fixture *f = *state;
    struct fake_rule tasks = {.method = "POST",
                              .path = "/tasks",
                              .answers = {{.body = PAGE("1", "")}, {.status = 500}},
                              .n_answers = 2};

    fake_server_json(f->server, "GET", "=/velostrata/api/v25/vms",
                     "[" IN_CLOUD("vm-1") "]");
    fake_server_json(f->server, "GET", "/cloudextensions/ce-1", extension);
    fake_server_json(f->server, "GET", "/vms/vm-1", running);
    fake_server_add(f->server, &tasks);
    assert_int_equal(observe(f), ERR_OK);
    assert_int_equal(observe(f), ERR_SERVER);
    add_site(f, "[" IN_CLOUD("vm-1") "," IN_CLOUD("vm-2") "]", PAGE("1", ""));
    fake_server_json(f->server, "GET", "/vms/vm-2", "{}");
    assert_int_equal(observe(f), ERR_OK);
    assert_true(f->o->as.velostrata.vms[0].has_instance);
    assert_false(f->o->as.velostrata.vms[1].has_instance);
    fake_server_reset(f->server);
    fake_server_json(f->server, "GET", "=/velostrata/api/v25/vms", "[]");
    fake_server_json(f->server, "POST", "/tasks", PAGE("1", "{\"state\":\"Running\"}"));
    assert_int_equal(observe(f), ERR_PROTOCOL); /* a task without an id */
}

static const char task_id[] = "{\"_type\":\"TaskId\",\"value\":\"t-77\"}";

static void act(struct fixture *f)
{
    velostrata_act(f->velostrata, &f->call, &f->r);
    assert_int_equal(f->r.id, 9);
    assert_int_equal(f->r.err.code == ERR_OK, f->r.outcome == OUTCOME_DONE);
}

static void test_calls(void **state)
{
    /* clang-format off */
    static const struct { const char *what; enum call_kind kind; const char *target; bool force; const char *path; } rows[] = {
        {"return",          CALL_RETURN,          "vm-12", false, "=/velostrata/api/v25/vms/vm-12/operations/return?force=false"},
        {"return by force", CALL_RETURN,          "vm-12", true,  "=/velostrata/api/v25/vms/vm-12/operations/return?force=true"},
        {"start",           CALL_START_IN_CLOUD,  "vm 1/2", false, "=/velostrata/api/v25/vms/vm%201%2F2/operations/start"},
        {"extension start", CALL_EXTENSION_START, "ce-9",  false, "=/velostrata/api/v25/cloudextensions/ce-9/operations/start"},
        {"extension stop",  CALL_EXTENSION_STOP,  "ce-9",  false, "=/velostrata/api/v25/cloudextensions/ce-9/operations/stop"},
    };
    /* clang-format on */
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule rule = {.method = "POST",
                                 .path = rows[i].path,
                                 .answers = {{.status = 201, .body = task_id}}};

        fake_server_reset(f->server);
        fake_server_add(f->server, &rule);
        f->call.kind = rows[i].kind;
        f->call.force = rows[i].force;
        (void)str_copy(f->call.target, sizeof(f->call.target), rows[i].target);
        act(f);
        assert_row(rows[i].what, f->r.outcome == OUTCOME_DONE);
        assert_row(rows[i].what, str_eq(f->r.detail, "t-77"));
        assert_row(rows[i].what, fake_server_count(f->server) == 1);
        assert_row(rows[i].what, fake_server_request(f->server, 0)->body_len == 0);
    }
    (void)str_copy(f->call.target, sizeof(f->call.target), "..");
    f->call.kind = CALL_RETURN;
    act(f);
    assert_true(f->r.outcome == OUTCOME_FAILED && f->r.err.code == ERR_CONFIG);
    f->call.kind = CALL_NODE_OPEN;
    act(f);
    assert_true(f->r.outcome == OUTCOME_FAILED && f->r.err.code == ERR_BUG);
    assert_int_equal(fake_server_count(f->server), 1);
}

static void test_run_in_cloud(void **state)
{
    struct fixture *f = *state;
    struct run_in_cloud *run = &f->call.run;
    static const char path[] =
        "=/velostrata/api/v25/cloudextensions/ce-1/operations/moveVm";
    char type[64];

    fake_server_json(f->server, "POST", path, task_id);
    act(f);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_string_equal(
        fake_server_request(f->server, 0)->body,
        "{\"_type\":\"MoveToAwsRequest\",\"sourceVmId\":\"vm-12\",\"instanceType\":"
        "\"c5.2xlarge\",\"edgeNode\":\"NodeB\",\"runMode\":\"Normal\",\"pricingModel\":{"
        "\"_type\":\"OnDemandPricingModel\"}}");
    assert_true(fake_request_header(fake_server_request(f->server, 0), "Content-Type",
                                    type, sizeof(type)));
    assert_string_equal(type, "application/json");

    run->spot = run->has_max_price = true;
    run->max_price.nanos = 200000000;
    run->n_security_groups = 2;
    (void)str_copy(run->security_groups[0], ID_TEXT, "sg-1");
    (void)str_copy(run->security_groups[1], ID_TEXT, "sg-\"2");
    (void)str_copy(run->storage_policy, sizeof(run->storage_policy), "WriteIsolation");
    (void)str_copy(run->subnet, ID_TEXT, "subnet-1");
    (void)str_copy(run->static_address, NAME_TEXT, "10.0.1.11");
    (void)str_copy(run->eni, ID_TEXT, "eni-1");
    (void)str_copy(run->eni_field, NAME_TEXT, "networkInterfaceId");
    act(f);
    assert_string_equal(
        fake_server_request(f->server, 1)->body,
        "{\"_type\":\"MoveToAwsRequest\",\"sourceVmId\":\"vm-12\",\"instanceType\":"
        "\"c5.2xlarge\",\"edgeNode\":\"NodeB\",\"runMode\":\"Normal\",\"pricingModel\":{"
        "\"_type\":\"SpotMarketBidParams\",\"maxPrice\":0.2},\"storagePolicy\":"
        "\"WriteIsolation\",\"subnetId\":\"subnet-1\",\"staticAddress\":\"10.0.1.11\","
        "\"networkInterfaceId\":\"eni-1\",\"securityGroupIds\":[\"sg-1\",\"sg-\\\"2\"]}");

    run->eni[0] = '\0'; /* its field goes only with one */
    run->max_price.nanos = 1234567891;
    act(f);
    assert_null(strstr(fake_server_request(f->server, 2)->body, "networkInterfaceId"));
    assert_non_null(
        strstr(fake_server_request(f->server, 2)->body, "\"maxPrice\":1.234567891}"));
    run->max_price.nanos = 3 * USD_NANOS;
    act(f);
    assert_non_null(strstr(fake_server_request(f->server, 3)->body, "\"maxPrice\":3.0}"));
    run->has_max_price = false;
    act(f);
    assert_null(strstr(fake_server_request(f->server, 4)->body, "maxPrice"));
    run->edge_node[0] = '\0';
    act(f);
    assert_int_equal(f->r.err.code, ERR_BUG);
    assert_int_equal(fake_server_count(f->server), 5);
}

static void test_outcomes(void **state)
{
    /* clang-format off */
    static const struct { const char *what; struct fake_answer answer; enum outcome outcome; enum err_code code; const char *says; } rows[] = {
        {"started",            {.status = 201, .body = task_id},                      OUTCOME_DONE,    ERR_OK, ""},
        {"a bare id",          {.status = 202, .body = "\"t-77\""},                   OUTCOME_DONE,    ERR_OK, ""},
        {"no id",              {.status = 201, .body = "{}"},                         OUTCOME_UNKNOWN, ERR_PROTOCOL, "no task"},
        {"login page",         {.status = 200, .type = "text/html", .body = "<html>"}, OUTCOME_UNKNOWN, ERR_PROTOCOL, "login page"},
        {"lost answer",        {.fault = FAKE_CLOSE},                                 OUTCOME_UNKNOWN, ERR_RESET, "without"},
        {"reset",              {.fault = FAKE_RESET},                                 OUTCOME_UNKNOWN, ERR_RESET, ""},
        {"no answer",          {.fault = FAKE_HANG},                                  OUTCOME_UNKNOWN, ERR_TIMEOUT, ""},
        {"cut answer",         {.status = 201, .body = task_id, .fault = FAKE_TRUNCATE}, OUTCOME_UNKNOWN, ERR_RESET, ""},
        {"endless answer",     {.fault = FAKE_ENDLESS},                               OUTCOME_UNKNOWN, ERR_TOO_BIG, ""},
        {"wrong password",     {.status = 401},                                       OUTCOME_FAILED,  ERR_AUTH, "401"},
        {"forbidden",          {.status = 403},                                       OUTCOME_FAILED,  ERR_FORBIDDEN, ""},
        {"unknown VM",         {.status = 404, .body = "{\"message\":\"no VM vm-12\"}"}, OUTCOME_FAILED, ERR_NOT_FOUND, "no VM"},
        {"state conflict",     {.status = 409, .body = "{\"errorCode\":\"BUSY\",\"message\":\"a task runs\"}"}, OUTCOME_FAILED, ERR_CONFLICT, "a task runs"},
        {"bad request",        {.status = 400, .body = "{\"message\":\"edgeNode\"}"}, OUTCOME_FAILED,  ERR_REFUSED, "edgeNode"},
        {"throttled",          {.status = 429},                                       OUTCOME_FAILED,  ERR_THROTTLED, ""},
        {"redirected",         {.status = 307, .headers = "Location: https://evil.example/\r\n"}, OUTCOME_FAILED, ERR_REFUSED, ""},
        {"no capacity",        {.status = 409, .body = "{\"message\":\"InsufficientInstanceCapacity: try another zone\"}"}, OUTCOME_FAILED, ERR_CAPACITY, ""},
        {"no capacity, as 500", {.status = 500, .body = "{\"message\":\"There is no Spot capacity\"}"}, OUTCOME_FAILED, ERR_CAPACITY, ""},
        {"broken",             {.status = 500, .body = "{\"message\":\"oops\"}"},     OUTCOME_UNKNOWN, ERR_SERVER, "oops"},
        {"a proxy gave up",    {.status = 504, .type = "text/html"},                  OUTCOME_UNKNOWN, ERR_SERVER, ""},
    };
    /* clang-format on */
    struct fixture *f = *state;

    fake_server_json(f->server, "GET", "/vms", "[]"); /* leaves a connection open */
    assert_int_equal(observe(f), ERR_NOT_FOUND);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule rule = {.method = "POST", .answers = {rows[i].answer}};

        fake_server_reset(f->server);
        fake_server_add(f->server, &rule);
        act(f);
        if (f->r.outcome != rows[i].outcome ||
            strstr(f->r.err.text, rows[i].says) == NULL)
            print_error("%s: %s\n", rows[i].what, f->r.err.text);
        assert_row(rows[i].what, f->r.outcome == rows[i].outcome);
        assert_row(rows[i].what, f->r.err.code == rows[i].code);
        assert_row(rows[i].what, strstr(f->r.err.text, rows[i].says) != NULL);
        assert_row(rows[i].what, fake_server_count(f->server) == 1);
    }
    fake_server_stop(f->server);
    f->server = NULL;
    act(f); /* never reached: surely not done */
    assert_int_equal(f->r.outcome, OUTCOME_FAILED);
    assert_int_equal(f->r.err.code, ERR_CONNECT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_observe),       TEST(test_details), TEST(test_details_refused),
        TEST(test_pages_and_ids), TEST(test_again),   TEST(test_unusable),
        TEST(test_partial),       TEST(test_calls),   TEST(test_run_in_cloud),
        TEST(test_outcomes),
    };
    struct err e = {0};
    int failed;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_global_cleanup();
    return failed;
}
