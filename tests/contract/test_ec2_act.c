#include <config.h>

#include "tests/unit/table.h"

#include "core/api/ec2_act.h"
#include "core/base/str.h"
#include "tests/contract/script.h"

#include <string.h>

/* What the acts of the EC2 client send, and what they make of every kind of answer. */

#define NS " xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""
#define ERROR(code, message)                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>" code   \
    "</Code><Message>" message "</Message></Error></Errors><RequestID>x</RequestID>"     \
    "</Response>"
#define LAUNCHED(code)                                                                   \
    "<RunInstancesResponse" NS "><requestId>r</requestId><reservationId>r-1"             \
    "</reservationId><instancesSet><item><instanceId>i-1</instanceId><instanceState>"    \
    "<code>" code "</code></instanceState></item></instancesSet></RunInstancesResponse>"

#define LAUNCHED_BY(token)                                                               \
    "<RunInstancesResponse" NS "><instancesSet><item><instanceId>i-1</instanceId>"       \
    "<instanceState><code>48</code></instanceState><clientToken>" token                  \
    "</clientToken></item></instancesSet></RunInstancesResponse>"

struct site {
    struct script script;
    struct transport transport;
    struct clock_fake now;
    struct clock clock;
    struct config config;
    struct server_config server;
    struct aws_credentials *credentials;
    struct ec2 *client;
    struct call call;
    struct call_result result;
};

static void site_open(struct site *s)
{
    struct err e = {0};

    memset(s, 0, sizeof(*s));
    script_init(&s->script);
    s->transport = script_transport(&s->script);
    s->now = (struct clock_fake){.utc = {1800000000}, .mono = {1}};
    s->clock = clock_fake_clock(&s->now);
    s->server = (struct server_config){.name = "cache", .eni = "eni-1"};
    s->config =
        (struct config){.deployment = "another", .servers = &s->server, .n_servers = 1};
    s->config.aws.region = "eu-west-1";
    s->config.aws.endpoint_ec2 = "http://127.0.0.1:9";
    assert_int_equal(aws_credentials_new_static("AKTEST", "s3cr3t", NULL, &s->clock,
                                                &s->credentials, &e),
                     ERR_OK);
    assert_int_equal(
        ec2_new(&s->config, s->credentials, &s->transport, &s->clock, &s->client, &e),
        ERR_OK);
    s->call = (struct call){.id = 7,
                            .kind = CALL_LAUNCH,
                            .server = "cache",
                            .move = "m-41",
                            .run = {.instance_type = "c5.2xlarge",
                                    .eni = "eni-1",
                                    .spot = true,
                                    .launch_template = "tests:3",
                                    .deployment = "haifa & co",
                                    .token = "rh1-0123"}};
}

static void site_close(struct site *s)
{
    ec2_free(s->client);
    aws_credentials_free(s->credentials);
    script_clear(&s->script);
}

static void act(struct site *s, struct script_rule rule)
{
    script_first(&s->script, rule);
    ec2_act(s->client, &s->call, &s->result);
    assert_int_equal(s->result.id, 7);
    assert_null(strstr(s->result.err.text, "s3cr3t"));
}

static bool sent(struct site *s, const char *pair)
{
    const struct script_request *rq =
        script_request(&s->script, "", script_count(&s->script, "") - 1);
    const char *at = rq != NULL ? strstr(rq->body, pair) : NULL;

    return at != NULL && (at[strlen(pair)] == '&' || at[strlen(pair)] == '\0');
}

static void test_launch(void **state)
{
    static const char *const pairs[] = {
        "Action=RunInstances",
        "&MinCount=1",
        "&MaxCount=1",
        "&InstanceType=c5.2xlarge",
        "&LaunchTemplate.LaunchTemplateName=tests",
        "&LaunchTemplate.Version=3",
        "&InstanceInitiatedShutdownBehavior=terminate",
        "&InstanceMarketOptions.MarketType=spot",
        "&InstanceMarketOptions.SpotOptions.SpotInstanceType=one-time",
        "&InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior=terminate",
        "&NetworkInterface.1.DeviceIndex=0",
        "&NetworkInterface.1.NetworkInterfaceId=eni-1",
        "&NetworkInterface.1.DeleteOnTermination=false",
        "&ClientToken=rh1-0123",
        "&TagSpecification.1.ResourceType=instance",
        "&TagSpecification.1.Tag.1.Key=rushhour%3Adeployment",
        "&TagSpecification.1.Tag.1.Value=haifa+%26+co",
        "&TagSpecification.1.Tag.2.Value=cache",
        "&TagSpecification.1.Tag.3.Key=rushhour%3Amove-id",
        "&TagSpecification.1.Tag.3.Value=m-41",
        "&TagSpecification.3.ResourceType=spot-instances-request",
    };
    static const char *const absent[] = {"ImageId",   "MaxPrice", "SubnetId",
                                         "UserData",  "KeyName",  "IamInstance",
                                         "HttpTokens"};
    const struct script_request *rq;
    struct site s;

    (void)state;
    site_open(&s);
    act(&s, (struct script_rule){.needle = "RunInstances", .body = LAUNCHED("0")});
    assert_int_equal(s.result.outcome, OUTCOME_DONE);
    assert_string_equal(s.result.detail, "i-1");
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        assert_row(pairs[i], sent(&s, pairs[i]));
    rq = script_request(&s.script, "", 0);
    for (size_t i = 0; i < ARRAY_LEN(absent); i++)
        assert_row(absent[i], strstr(rq->body, absent[i]) == NULL);
    assert_true(rq->is_mutating);
    assert_int_equal(rq->timeout_ms, 40000);
    /* the same call is the same bytes: its token makes it one launch */
    ec2_act(s.client, &s.call, &s.result);
    assert_string_equal(script_request(&s.script, "", 1)->body, rq->body);
    site_close(&s);
}

static void test_launch_of_an_image(void **state)
{
    struct site s;

    (void)state;
    site_open(&s);
    s.server.user_data = "#!/bin/sh\nexit 0\n";
    s.call.run = (struct run_in_cloud){
        .instance_type = "m5.2xlarge",
        .image = "ami-1",
        .key_name = "a key",
        .iam_profile = "arn:aws:iam::1:instance-profile/x",
        .subnet = "subnet-1",
        .security_groups = {"sg-1", "sg-2"},
        .n_security_groups = 2,
        .token = "rh1-9",
        .deployment = "haifa",
    };
    act(&s, (struct script_rule){.needle = "RunInstances", .body = LAUNCHED("16")});
    assert_int_equal(s.result.outcome, OUTCOME_DONE);
    assert_true(sent(&s, "&ImageId=ami-1"));
    assert_true(sent(&s, "&KeyName=a+key"));
    assert_true(sent(&s, "&IamInstanceProfile.Arn="
                         "arn%3Aaws%3Aiam%3A%3A1%3Ainstance-profile%2Fx"));
    assert_true(sent(&s, "&UserData=IyEvYmluL3NoCmV4aXQgMAo%3D"));
    assert_true(sent(&s, "&SubnetId=subnet-1"));
    assert_true(sent(&s, "&SecurityGroupId.2=sg-2"));
    assert_true(sent(&s, "&MetadataOptions.HttpTokens=required"));
    assert_true(sent(&s, "&TagSpecification.2.ResourceType=volume"));
    assert_false(sent(&s, "&TagSpecification.3.ResourceType=spot-instances-request"));
    assert_int_equal(script_count(&s.script, "InstanceMarketOptions"), 0);
    /* with a cap, an id, a template's own default */
    s.call.run.spot = s.call.run.has_max_price = true;
    s.call.run.max_price.nanos = 70500000;
    s.call.run.image[0] = '\0';
    (void)str_copy(s.call.run.launch_template, NAME_TEXT, "lt-1");
    act(&s, (struct script_rule){.needle = "RunInstances", .body = LAUNCHED("16")});
    assert_true(sent(&s, "&InstanceMarketOptions.SpotOptions.MaxPrice=0.0705"));
    assert_true(sent(&s, "&LaunchTemplate.LaunchTemplateId=lt-1"));
    site_close(&s);
}

static const struct {
    const char *what;
    struct script_rule rule;
    enum outcome outcome;
    enum err_code code;
} answers[] = {
    /* clang-format off */
    {"no capacity is a definite 500", {.status = 500, .body = ERROR("InsufficientInstanceCapacity", "There is no Spot capacity")}, OUTCOME_FAILED, ERR_CAPACITY},
    {"a cap under the price", {.status = 400, .body = ERROR("SpotMaxPriceTooLow", "0.2")}, OUTCOME_FAILED, ERR_CAPACITY},
    {"a quota", {.status = 400, .body = ERROR("MaxSpotInstanceCountExceeded", "x")}, OUTCOME_FAILED, ERR_CAPACITY},
    {"the interface is in use", {.status = 400, .body = ERROR("InvalidNetworkInterface.InUse", "x")}, OUTCOME_FAILED, ERR_CONFLICT},
    {"the same, as a value", {.status = 400, .body = ERROR("InvalidParameterValue", "eni-1 is busy")}, OUTCOME_FAILED, ERR_CONFLICT},
    {"a wrong value", {.status = 400, .body = ERROR("InvalidParameterValue", "x")}, OUTCOME_FAILED, ERR_REFUSED},
    {"a token of something else", {.status = 400, .body = ERROR("IdempotentParameterMismatch", "x")}, OUTCOME_FAILED, ERR_CONFLICT},
    {"a token of a dead instance", {.status = 400, .body = ERROR("IdempotentInstanceTerminated", "x")}, OUTCOME_FAILED, ERR_CAPACITY},
    {"the dead instance itself", {.body = LAUNCHED("48")}, OUTCOME_FAILED, ERR_CAPACITY},
    {"the dead instance of this launch", {.body = LAUNCHED_BY("rh1-0123")}, OUTCOME_FAILED, ERR_CAPACITY},
    {"that of another launch", {.body = LAUNCHED_BY("rh1-0122")}, OUTCOME_UNKNOWN, ERR_PROTOCOL},
    {"not allowed", {.status = 403, .body = ERROR("UnauthorizedOperation", "no")}, OUTCOME_FAILED, ERR_FORBIDDEN},
    {"throttled", {.status = 503, .body = ERROR("RequestLimitExceeded", "x")}, OUTCOME_FAILED, ERR_THROTTLED},
    {"the server gave up", {.status = 500, .body = ERROR("InternalError", "x")}, OUTCOME_UNKNOWN, ERR_SERVER},
    {"an unknown 5xx", {.status = 503, .body = ERROR("Surprise", "x")}, OUTCOME_UNKNOWN, ERR_SERVER},
    {"HTML 502", {.status = 502, .body = "<html>bad gateway</html>"}, OUTCOME_UNKNOWN, ERR_SERVER},
    {"HTML 200", {.body = "<html>sign in</html>"}, OUTCOME_UNKNOWN, ERR_PROTOCOL},
    {"an empty 200", {.body = ""}, OUTCOME_UNKNOWN, ERR_PROTOCOL},
    {"a cut answer", {.body = "<RunInstancesResponse><instancesSet><item>"}, OUTCOME_UNKNOWN, ERR_PROTOCOL},
    {"an answer that names none", {.body = "<RunInstancesResponse><instancesSet/></RunInstancesResponse>"}, OUTCOME_UNKNOWN, ERR_PROTOCOL},
    {"a lost answer", {.error = ERR_TIMEOUT, .maybe_sent = true}, OUTCOME_UNKNOWN, ERR_TIMEOUT},
    {"a lost connection", {.error = ERR_RESET, .maybe_sent = true}, OUTCOME_UNKNOWN, ERR_RESET},
    {"nobody there", {.error = ERR_CONNECT}, OUTCOME_FAILED, ERR_CONNECT},
    /* clang-format on */
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct script_rule rule = answers[i].rule;
        struct site s;

        site_open(&s);
        rule.needle = "RunInstances";
        act(&s, rule);
        assert_row(answers[i].what, s.result.outcome == answers[i].outcome);
        assert_row(answers[i].what, s.result.err.code == answers[i].code);
        assert_row(answers[i].what, s.script.n_requests == 1); /* never by itself again */
        site_close(&s);
    }
}

static void test_terminate(void **state)
{
    struct site s;

    (void)state;
    site_open(&s);
    s.call = (struct call){.id = 7, .kind = CALL_TERMINATE, .target = "i-1"};
    act(&s,
        (struct script_rule){
            .needle = "TerminateInstances",
            .body = "<TerminateInstancesResponse" NS "><instancesSet><item><instanceId>"
                    "i-1</instanceId><currentState><code>32</code></currentState>"
                    "</item></instancesSet></TerminateInstancesResponse>"});
    assert_int_equal(s.result.outcome, OUTCOME_DONE);
    assert_true(sent(&s, "&InstanceId.1=i-1"));
    act(&s, (struct script_rule){.needle = "TerminateInstances",
                                 .status = 400,
                                 .body = ERROR("InvalidInstanceID.NotFound", "x")});
    assert_int_equal(s.result.outcome, OUTCOME_FAILED);
    assert_int_equal(s.result.err.code, ERR_NOT_FOUND);
    act(&s, (struct script_rule){.needle = "TerminateInstances",
                                 .status = 400,
                                 .body = ERROR("OperationNotPermitted", "protected")});
    assert_int_equal(s.result.err.code, ERR_REFUSED);
    site_close(&s);
}

/* Never to true, and never without saying which attachment. */
static void test_keep_interface(void **state)
{
    static const char done[] = "<ModifyNetworkInterfaceAttributeResponse" NS
                               "><requestId>r</requestId><return>true</return>"
                               "</ModifyNetworkInterfaceAttributeResponse>";
    static const char needle[] = "Action=ModifyNetworkInterfaceAttribute";
    struct site s;

    (void)state;
    site_open(&s);
    s.call = (struct call){.id = 7,
                           .kind = CALL_INTERFACE_KEEP,
                           .target = "eni-attach-1",
                           .run = {.eni = "eni-1"}};
    act(&s, (struct script_rule){.needle = needle, .body = done});
    assert_int_equal(s.result.outcome, OUTCOME_DONE);
    assert_true(sent(&s, "&NetworkInterfaceId=eni-1"));
    assert_true(sent(&s, "&Attachment.AttachmentId=eni-attach-1"));
    assert_true(sent(&s, "&Attachment.DeleteOnTermination=false"));
    act(&s, (struct script_rule){.needle = needle,
                                 .status = 403,
                                 .body = ERROR("UnauthorizedOperation", "no")});
    assert_int_equal(s.result.outcome, OUTCOME_FAILED);
    assert_int_equal(s.result.err.code, ERR_FORBIDDEN);
    act(&s,
        (struct script_rule){.needle = needle, .error = ERR_TIMEOUT, .maybe_sent = true});
    assert_int_equal(s.result.outcome, OUTCOME_UNKNOWN);
    s.call.target[0] = '\0';
    ec2_act(s.client, &s.call, &s.result);
    assert_int_equal(s.result.err.code, ERR_BUG);
    site_close(&s);
}

static void test_cancel_spot(void **state)
{
    static const char done[] =
        "<CancelSpotInstanceRequestsResponse" NS "><requestId>r</requestId>"
        "<spotInstanceRequestSet><item><spotInstanceRequestId>sir-1"
        "</spotInstanceRequestId><state>cancelled</state></item>"
        "</spotInstanceRequestSet></CancelSpotInstanceRequestsResponse>";
    static const char needle[] = "Action=CancelSpotInstanceRequests";
    struct site s;

    (void)state;
    site_open(&s);
    s.call = (struct call){.id = 7, .kind = CALL_SPOT_CANCEL, .target = "sir-1"};
    act(&s, (struct script_rule){.needle = needle, .body = done});
    assert_int_equal(s.result.outcome, OUTCOME_DONE);
    assert_true(sent(&s, "&SpotInstanceRequestId.1=sir-1"));
    act(&s, (struct script_rule){
                .needle = needle,
                .status = 400,
                .body = ERROR("InvalidSpotInstanceRequestID.NotFound", "no")});
    assert_int_equal(s.result.outcome, OUTCOME_FAILED);
    s.call.target[0] = '\0';
    ec2_act(s.client, &s.call, &s.result);
    assert_int_equal(s.result.err.code, ERR_BUG);
    site_close(&s);
}

static void test_calls_that_are_none(void **state)
{
    struct site s;

    (void)state;
    site_open(&s);
    s.call.run.token[0] = '\0';
    ec2_act(s.client, &s.call, &s.result);
    assert_int_equal(s.result.outcome, OUTCOME_FAILED);
    assert_int_equal(s.result.err.code, ERR_BUG);
    s.call = (struct call){.id = 7, .kind = CALL_TERMINATE};
    ec2_act(s.client, &s.call, &s.result);
    assert_int_equal(s.result.err.code, ERR_BUG);
    s.call = (struct call){.id = 7, .kind = CALL_RETURN, .target = "i-1"};
    ec2_act(s.client, &s.call, &s.result);
    assert_int_equal(s.result.err.code, ERR_BUG);
    assert_int_equal(s.script.n_requests, 0);
    site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_launch),
        cmocka_unit_test(test_launch_of_an_image),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_terminate),
        cmocka_unit_test(test_keep_interface),
        cmocka_unit_test(test_cancel_spot),
        cmocka_unit_test(test_calls_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
