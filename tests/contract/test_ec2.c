#include <config.h>

#include "tests/unit/table.h"

#include "core/api/ec2.h"
#include "core/base/attr.h"
#include "tests/contract/script.h"

#include <string.h>

#define NS " xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""
#define ERROR(code, message)                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>" code   \
    "</Code><Message>" message "</Message></Error></Errors><RequestID>x</RequestID>"     \
    "</Response>"

struct site {
    const char *what; /* the row of a table test, for messages */
    struct script script;
    struct transport transport;
    struct clock_fake now;
    struct clock clock;
    struct config config;
    struct server_config servers[3];
    struct aws_credentials *credentials;
    struct ec2 *client;
};

static void site_open(struct site *s, const char *token)
{
    static const struct offering offerings[] = {{.type = "c5.2xlarge"},
                                                {.type = "m5.2xlarge"}};
    static const struct offering others[] = {{.type = "c5.2xlarge"},
                                             {.type = "c5a.large"}};
    static const struct zone_config zones[] = {{.name = "eu-west-1b", .eni = "eni-3b"}};
    struct err e = {0};

    memset(s, 0, sizeof(*s));
    script_init(&s->script);
    s->transport = script_transport(&s->script);
    s->now = (struct clock_fake){.utc = {1800000000}, .mono = {1}};
    s->clock = clock_fake_clock(&s->now);
    s->config = (struct config){.deployment = "haifa *?\\ & co",
                                .servers = s->servers,
                                .n_servers = ARRAY_LEN(s->servers)};
    s->config.aws.region = "eu-west-1";
    s->config.aws.endpoint_ec2 = "http://127.0.0.1:9";
    s->servers[0] = (struct server_config){
        .name = "cache", .eni = "eni-1", .offerings = offerings, .n_offerings = 2};
    s->servers[1] = (struct server_config){
        .name = "net", .eni = "", .offerings = others, .n_offerings = 2};
    s->servers[2] = (struct server_config){
        .name = "end", .eni = "eni-3", .zones = zones, .n_zones = 1};
    assert_int_equal(aws_credentials_new_static("AKTEST", "s3cr3t", token, &s->clock,
                                                &s->credentials, &e),
                     ERR_OK);
    assert_int_equal(
        ec2_new(&s->config, s->credentials, &s->transport, &s->clock, &s->client, &e),
        ERR_OK);
}

static void site_close(struct site *s)
{
    ec2_free(s->client);
    aws_credentials_free(s->credentials);
    script_clear(&s->script);
}

static struct observation *observe(struct site *s, enum source source,
                                   const struct poll_hints *hints, enum err_code want)
{
    static const struct poll_hints none;
    struct observation *o = observation_new(source);
    struct err e = {0};
    enum err_code rc;

    assert_non_null(o);
    rc = ec2_observe(s->client, hints != NULL ? hints : &none, o, &e);
    if (rc != want)
        print_error("%s: %s: %s\n", s->what != NULL ? s->what : "", err_code_name(rc),
                    e.text);
    assert_int_equal(rc, want);
    assert_int_equal(o->err.code, want);
    assert_null(strstr(e.text, "s3cr3t"));
    return o;
}

static void answer(struct site *s, const char *needle, const char *body)
{
    script_add(&s->script, (struct script_rule){.needle = needle, .body = body});
}

/* ----- instances ----- */

/* clang-format off */
static const char instances_xml[] =
    "<DescribeInstancesResponse" NS "><requestId>r</requestId><reservationSet>"
    "<item><reservationId>r-1</reservationId><instancesSet><item>"
    "<instanceId>i-1</instanceId><imageId>ami-1</imageId>"
    "<instanceState><code>272</code><name>running</name></instanceState><reason/>"
    "<instanceType>c5.2xlarge</instanceType><launchTime>2027-01-15T07:00:00.123456789Z"
    "</launchTime><placement><availabilityZone>eu-west-1a</availabilityZone></placement>"
    "<privateIpAddress>10.0.1.11</privateIpAddress><clientToken>tok-1</clientToken>"
    "<instanceLifecycle>spot</instanceLifecycle>"
    "<spotInstanceRequestId>sir-1</spotInstanceRequestId>"
    "<networkInterfaceSet><item><networkInterfaceId>eni-9</networkInterfaceId><attachment>"
    "<deviceIndex>1</deviceIndex><deleteOnTermination>true</deleteOnTermination>"
    "</attachment></item><item><networkInterfaceId>eni-1</networkInterfaceId>"
    "<privateIpAddress>10.9.9.9</privateIpAddress><attachment>"
    "<deviceIndex>0</deviceIndex><deleteOnTermination>false</deleteOnTermination>"
    "</attachment></item></networkInterfaceSet>"
    "<tagSet><item><value>haifa</value><key>rushhour:deployment</key></item>"
    "<item><key>rushhour:server</key><value>cache</value></item>"
    "<item><key>Name</key><value>x</value></item>"
    "<item><key>rushhour:move-id</key><value>m-7\xE2\x80\xAE</value></item></tagSet>"
    "</item><item><instanceId>i-2</instanceId>"
    "<stateReason><code>Server.SpotInstanceTermination</code><message>x</message>"
    "</stateReason><instanceState><code>48</code></instanceState>"
    "<networkInterfaceSet/><tagSet/></item></instancesSet></item>"
    "<item><instancesSet><item><instanceId>i-3</instanceId><instanceState><code>sixteen"
    "</code></instanceState><instanceLifecycle>capacity-block</instanceLifecycle>"
    "<launchTime>yesterday</launchTime></item></instancesSet></item>"
    "</reservationSet><nextToken></nextToken></DescribeInstancesResponse>";
/* clang-format on */

static void test_instances(void **state)
{
    struct site s;
    struct observation *o;
    const struct seen_instance *in;
    const struct script_request *r;

    (void)state;
    site_open(&s, NULL);
    script_add(&s.script, (struct script_rule){.needle = "DescribeInstances",
                                               .body = instances_xml,
                                               .date_s = 1800000100});
    o = observe(&s, SOURCE_INSTANCES, NULL, ERR_OK);
    assert_int_equal(o->as.instances.n, 3);
    in = o->as.instances.instances;
    assert_string_equal(in[0].id, "i-1");
    assert_string_equal(in[0].type, "c5.2xlarge");
    assert_string_equal(in[0].zone, "eu-west-1a");
    assert_string_equal(in[0].ip, "10.0.1.11");
    assert_string_equal(in[0].eni, "eni-1");
    assert_false(in[0].eni_deletes);
    assert_string_equal(in[0].spot_request, "sir-1");
    assert_string_equal(in[0].client_token, "tok-1");
    assert_string_equal(in[0].server, "cache");
    assert_string_equal(in[0].deployment, "haifa");
    assert_string_equal(in[0].move, "m-7\xEF\xBF\xBD");
    assert_string_equal(in[0].state_reason, "");
    assert_int_equal(in[0].state, INSTANCE_RUNNING);
    assert_int_equal(in[0].lifecycle, LIFECYCLE_SPOT);
    assert_int_equal(in[0].launched.s, 1799996400);
    assert_int_equal(in[1].state, INSTANCE_TERMINATED);
    assert_int_equal(in[1].lifecycle, LIFECYCLE_ON_DEMAND);
    assert_string_equal(in[1].state_reason, "Server.SpotInstanceTermination");
    assert_string_equal(in[1].eni, "");
    assert_int_equal(in[2].state, INSTANCE_UNKNOWN);
    assert_int_equal(in[2].lifecycle, LIFECYCLE_UNKNOWN);
    assert_int_equal(in[2].launched.s, 0);
    assert_string_equal(in[2].zone, "");
    assert_true(o->skew_known);
    assert_int_equal(o->skew_s, 100);
    observation_unref(o);

    r = script_request(&s.script, "DescribeInstances", 0);
    assert_string_equal(r->url, "http://127.0.0.1:9/");
    assert_string_equal(r->body,
                        "Action=DescribeInstances&Version=2016-11-15&MaxResults=1000"
                        "&Filter.1.Name=tag%3Arushhour%3Adeployment"
                        "&Filter.1.Value.1=haifa+%5C%2A%5C%3F%5C%5C+%26+co");
    assert_string_equal(r->headers, "Content-Type: application/x-www-form-urlencoded; "
                                    "charset=utf-8\n");
    assert_int_equal(r->auth, HTTP_AUTH_SIGV4);
    assert_string_equal(r->user, "AKTEST");
    assert_string_equal(r->password, "s3cr3t");
    assert_string_equal(r->sigv4, "aws:amz:eu-west-1:ec2");
    assert_int_equal(s.script.n_requests, 1);
    site_close(&s);
}

static void test_token_header(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, "session-token");
    answer(&s, "DescribeInstances", instances_xml);
    observation_unref(observe(&s, SOURCE_INSTANCES, NULL, ERR_OK));
    assert_non_null(
        strstr(s.script.requests[0].headers, "X-Amz-Security-Token: session-token\n"));
    site_close(&s);
}

/* Known ids that the tag does not show are asked for, and only these. */
static void test_known_ids(void **state)
{
    const struct poll_hints hints = {.ids = {"i-1", "i-77", "", "i-78"}, .n = 4};
    struct site s;
    struct observation *o;

    (void)state;
    site_open(&s, NULL);
    answer(&s, "tag%3Arushhour", instances_xml);
    answer(&s, "instance-id",
           "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
           "<instanceId>i-77</instanceId></item></instancesSet></item></reservationSet>"
           "</DescribeInstancesResponse>");
    o = observe(&s, SOURCE_INSTANCES, &hints, ERR_OK);
    assert_int_equal(o->as.instances.n, 4);
    assert_string_equal(o->as.instances.instances[3].id, "i-77");
    assert_int_equal(o->as.instances.n_absent, 1);
    assert_string_equal(o->as.instances.absent[0], "i-78");
    assert_int_equal(s.script.n_requests, 2);
    assert_non_null(strstr(s.script.requests[1].body,
                           "&Filter.1.Name=instance-id&Filter.1.Value.1=i-77"
                           "&Filter.1.Value.2=i-78"));
    assert_null(strstr(s.script.requests[1].body, "Value.3"));
    observation_unref(o);
    site_close(&s);
}

#define PAGE(id, token)                                                                  \
    "<DescribeInstancesResponse" NS "><reservationSet>" id "</reservationSet>"           \
    "<nextToken>" token "</nextToken></DescribeInstancesResponse>"
#define ITEM(id)                                                                         \
    "<item><instancesSet><item><instanceId>" id "</instanceId></item></instancesSet>"    \
    "</item>"

static void test_pages(void **state)
{
    struct site s;
    struct observation *o;

    (void)state;
    site_open(&s, NULL);
    answer(&s, "NextToken=a%2Bb%3D", PAGE("", "t2"));
    answer(&s, "NextToken=t2", PAGE(ITEM("i-2"), ""));
    answer(&s, "DescribeInstances", PAGE(ITEM("i-1"), "a+b="));
    o = observe(&s, SOURCE_INSTANCES, NULL, ERR_OK);
    assert_int_equal(o->as.instances.n, 2);
    assert_string_equal(o->as.instances.instances[1].id, "i-2");
    assert_int_equal(s.script.n_requests, 3);
    assert_null(strstr(s.script.requests[2].body, "a%2Bb"));
    observation_unref(o);
    site_close(&s);
}

static void test_a_lost_page_loses_the_listing(void **state)
{
    struct site s;
    struct observation *o;

    (void)state;
    site_open(&s, NULL);
    script_add(&s.script,
               (struct script_rule){.needle = "NextToken", .error = ERR_TIMEOUT});
    answer(&s, "DescribeInstances", PAGE(ITEM("i-1"), "t"));
    o = observe(&s, SOURCE_INSTANCES, NULL, ERR_TIMEOUT);
    assert_int_equal(o->as.instances.n, 0);
    observation_unref(o);
    site_close(&s);
}

static void test_pages_that_never_end(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, NULL);
    answer(&s, "DescribeInstances", PAGE(ITEM("i-1"), "t"));
    observation_unref(observe(&s, SOURCE_INSTANCES, NULL, ERR_PROTOCOL));
    assert_int_equal(s.script.n_requests, 200);
    site_close(&s);
}

static void test_stale_token_restarts_the_listing(void **state)
{
    struct site s;
    struct observation *o;

    (void)state;
    site_open(&s, NULL);
    script_add(&s.script,
               (struct script_rule){.needle = "NextToken",
                                    .times = 1,
                                    .status = 400,
                                    .body = ERROR("InvalidPaginationToken", "x")});
    answer(&s, "NextToken", PAGE(ITEM("i-2"), ""));
    answer(&s, "DescribeInstances", PAGE(ITEM("i-1"), "t"));
    o = observe(&s, SOURCE_INSTANCES, NULL, ERR_OK);
    assert_int_equal(o->as.instances.n, 2);
    assert_int_equal(s.script.n_requests, 4);
    observation_unref(o);
    site_close(&s);
}

/* ----- the other listings ----- */

static void test_spots(void **state)
{
    static const char xml[] =
        "<DescribeSpotInstanceRequestsResponse" NS "><spotInstanceRequestSet><item>"
        "<spotInstanceRequestId>sir-1</spotInstanceRequestId><spotPrice>0.070000"
        "</spotPrice><state>closed</state><status><code>instance-terminated-no-capacity"
        "</code><updateTime>2027-01-15T07:00:00Z</updateTime></status>"
        "<instanceId>i-1</instanceId><launchedAvailabilityZone>eu-west-1a"
        "</launchedAvailabilityZone></item><item><spotInstanceRequestId>sir-2"
        "</spotInstanceRequestId><state>active</state><status><code>brand-new-code</code>"
        "</status><spotPrice>cheap</spotPrice></item></spotInstanceRequestSet>"
        "</DescribeSpotInstanceRequestsResponse>";
    const struct poll_hints hints = {.ids = {"i-1", "i-2"}, .n = 2};
    struct site s;
    struct observation *o;
    const struct seen_spot *spots;

    (void)state;
    site_open(&s, NULL);
    answer(&s, "DescribeSpotInstanceRequests", xml);
    o = observe(&s, SOURCE_SPOT, &hints, ERR_OK);
    assert_int_equal(o->as.spot.n, 2);
    spots = o->as.spot.spots;
    assert_string_equal(spots[0].id, "sir-1");
    assert_string_equal(spots[0].instance, "i-1");
    assert_string_equal(spots[0].zone, "eu-west-1a");
    assert_string_equal(spots[0].status, "instance-terminated-no-capacity");
    assert_int_equal(spots[0].state, SPOT_RECLAIMED);
    assert_int_equal(spots[0].cap.nanos, 70000000);
    assert_int_equal(spots[0].updated.s, 1799996400);
    assert_string_equal(spots[1].status, "brand-new-code");
    assert_int_equal(spots[1].state, SPOT_FULFILLED);
    assert_int_equal(spots[1].cap.nanos, 0);
    assert_non_null(strstr(s.script.requests[0].body,
                           "&Filter.1.Name=instance-id&Filter.1.Value.1=i-1"
                           "&Filter.1.Value.2=i-2"));
    assert_false(spots[0].open || o->as.spot.has_open);
    assert_string_equal(spots[0].deployment, "");
    observation_unref(o);

    o = observe(&s, SOURCE_SPOT, NULL, ERR_OK); /* nothing to ask for */
    assert_int_equal(o->as.spot.n, 0);
    assert_int_equal(s.script.n_requests, 1);
    observation_unref(o);
    site_close(&s);
}

/* Open ones by our tag, whatever instances are asked for. */
static void test_open_requests(void **state)
{
    static const char xml[] =
        "<DescribeSpotInstanceRequestsResponse" NS "><spotInstanceRequestSet><item>"
        "<spotInstanceRequestId>sir-9</spotInstanceRequestId><state>open</state><status>"
        "<code>price-too-low</code></status><tagSet><item><key>rushhour:deployment</key>"
        "<value>haifa</value></item><item><key>rushhour:server</key><value>cache</value>"
        "</item><item><key>rushhour:move-id</key><value>m-4</value></item></tagSet>"
        "</item></spotInstanceRequestSet></DescribeSpotInstanceRequestsResponse>";
    const struct poll_hints hints = {.open_requests = true};
    struct site s;
    struct observation *o;
    const struct seen_spot *spot;

    (void)state;
    site_open(&s, NULL);
    answer(&s, "DescribeSpotInstanceRequests", xml);
    o = observe(&s, SOURCE_SPOT, &hints, ERR_OK);
    assert_true(o->as.spot.has_open);
    assert_int_equal(o->as.spot.n, 1);
    spot = o->as.spot.spots;
    assert_true(spot->open);
    assert_string_equal(spot->deployment, "haifa");
    assert_string_equal(spot->server, "cache");
    assert_string_equal(spot->move, "m-4");
    assert_non_null(
        strstr(s.script.requests[0].body, "&Filter.1.Name=tag%3Arushhour%3Adeployment"));
    assert_non_null(
        strstr(s.script.requests[0].body, "&Filter.2.Name=state&Filter.2.Value.1=open"));
    observation_unref(o);
    site_close(&s);
}

static void test_interfaces(void **state)
{
    static const char xml[] =
        "<DescribeNetworkInterfacesResponse" NS "><networkInterfaceSet><item>"
        "<networkInterfaceId>eni-1</networkInterfaceId><subnetId>s</subnetId>"
        "<availabilityZone>eu-west-1a</availabilityZone><status>in-use</status>"
        "<privateIpAddress>10.0.1.11</privateIpAddress><attachment><instanceId>i-1"
        "</instanceId><status>attached</status><deleteOnTermination>true"
        "</deleteOnTermination></attachment></item><item>"
        "<networkInterfaceId>eni-3</networkInterfaceId><status>available</status></item>"
        "</networkInterfaceSet></DescribeNetworkInterfacesResponse>";
    struct site s;
    struct observation *o;
    const struct seen_interface *in;

    (void)state;
    site_open(&s, NULL);
    answer(&s, "DescribeNetworkInterfaces", xml);
    o = observe(&s, SOURCE_INTERFACES, NULL, ERR_OK);
    assert_int_equal(o->as.interfaces.n, 2);
    in = o->as.interfaces.interfaces;
    assert_string_equal(in[0].id, "eni-1");
    assert_string_equal(in[0].zone, "eu-west-1a");
    assert_string_equal(in[0].ip, "10.0.1.11");
    assert_string_equal(in[0].instance, "i-1");
    assert_true(in[0].delete_on_termination && !in[0].available);
    assert_true(in[1].available && !in[1].delete_on_termination);
    assert_string_equal(in[1].instance, "");
    assert_non_null(strstr(s.script.requests[0].body,
                           "&Filter.1.Name=network-interface-id&Filter.1.Value.1=eni-1"
                           "&Filter.1.Value.2=eni-3&Filter.1.Value.3=eni-3b"));
    observation_unref(o);
    s.config.n_servers = 2;
    s.servers[0].eni = "";
    o = observe(&s, SOURCE_INTERFACES, NULL, ERR_OK); /* none is configured */
    assert_int_equal(o->as.interfaces.n, 0);
    assert_int_equal(s.script.n_requests, 1);
    observation_unref(o);
    site_close(&s);
}

/* clang-format off */
#define CHANGE(type, zone, product, price, at) \
    "<item><instanceType>" type "</instanceType><productDescription>" product \
    "</productDescription><spotPrice>" price "</spotPrice><timestamp>" at \
    "</timestamp><availabilityZone>" zone "</availabilityZone></item>"
static const char prices_xml[] =
    "<DescribeSpotPriceHistoryResponse" NS "><spotPriceHistorySet>"
    CHANGE("c5.2xlarge", "eu-west-1b", "Linux/UNIX", "0.1500", "2027-01-15T07:00:00Z")
    CHANGE("c5.2xlarge", "eu-west-1a", "Linux/UNIX", "0.069200", "2027-01-15T07:30:00.123Z")
    CHANGE("c5.2xlarge", "eu-west-1a", "Linux/UNIX (Amazon VPC)", "0.9", "2027-01-15T07:30:00Z")
    CHANGE("c5.2xlarge", "eu-west-1a", "Linux/UNIX", "0.07", "2026-12-01T00:00:00Z")
    CHANGE("c5.2xlarge", "eu-west-1a", "Windows", "0.5", "2027-01-15T07:40:00Z")
    CHANGE("c5.2xlarge", "eu-west-1a", "Linux/UNIX", "0.5", "2027-01-15T09:00:00Z")
    CHANGE("m5.2xlarge", "eu-west-1a", "Linux/UNIX", "0,07", "2027-01-15T07:00:00Z")
    CHANGE("m5.2xlarge", "eu-west-1a", "Linux/UNIX", "0", "2027-01-15T07:00:00Z")
    CHANGE("m5.2xlarge", "eu-west-1a", "Linux/UNIX", "0.07", "soon")
    CHANGE("m5.2xlarge", "", "Linux/UNIX", "0.07", "2027-01-15T07:00:00Z")
    CHANGE("m5.2xlarge", "eu-west-1c", "Linux/UNIX (Amazon VPC)", "0.000000001",
           "2027-01-15T07:00:00Z")
    "</spotPriceHistorySet><nextToken/></DescribeSpotPriceHistoryResponse>";
/* clang-format on */

static void test_prices(void **state)
{
    static const struct {
        const char *type, *zone;
        int64_t nanos, at;
    } want[] = {
        {"c5.2xlarge", "eu-west-1a", 70000000, 1796083200},
        {"c5.2xlarge", "eu-west-1a", 69200000, 1799998200},
        {"c5.2xlarge", "eu-west-1b", 150000000, 1799996400},
        {"m5.2xlarge", "eu-west-1c", 1, 1799996400},
    };
    struct poll_hints hints = {.since = {1799000000}};
    struct site s;
    struct observation *o;

    (void)state;
    site_open(&s, NULL);
    answer(&s, "DescribeSpotPriceHistory", prices_xml);
    o = observe(&s, SOURCE_PRICES, &hints, ERR_OK);
    assert_int_equal(o->as.prices.n, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        const struct seen_price *p = &o->as.prices.prices[i];

        assert_string_equal(p->type, want[i].type);
        assert_string_equal(p->zone, want[i].zone);
        assert_int_equal(p->price.nanos, want[i].nanos);
        assert_int_equal(p->at.s, want[i].at);
    }
    observation_unref(o);
    assert_non_null(strstr(
        s.script.requests[0].body,
        "&InstanceType.1=c5.2xlarge&InstanceType.2=m5.2xlarge&InstanceType.3=c5a.large"
        "&ProductDescription.1=Linux%2FUNIX"
        "&ProductDescription.2=Linux%2FUNIX+%28Amazon+VPC%29"
        "&StartTime=2027-01-03T18%3A13%3A20Z"));
    hints.since.s = 0; /* the present alone */
    observation_unref(observe(&s, SOURCE_PRICES, &hints, ERR_OK));
    assert_non_null(
        strstr(s.script.requests[1].body, "&StartTime=2027-01-15T08%3A00%3A00Z"));
    site_close(&s);
}

static void test_other_sources_are_refused(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, NULL);
    observation_unref(observe(&s, SOURCE_JENKINS, NULL, ERR_BUG));
    assert_int_equal(s.script.n_requests, 0);
    site_close(&s);
}

/* ----- what goes wrong ----- */

static const struct {
    const char *what;
    struct script_rule rule;
    enum err_code want;
    const char *text;
} errors[] = {
    /* clang-format off */
        {"timeout", {.error = ERR_TIMEOUT}, ERR_TIMEOUT, "DescribeInstances"},
        {"reset", {.error = ERR_RESET}, ERR_RESET, "scripted"},
        {"too big", {.error = ERR_TOO_BIG}, ERR_TOO_BIG, ""},
        {"throttled", {.status = 503, .body = ERROR("RequestLimitExceeded", "slow down")},
         ERR_THROTTLED, "RequestLimitExceeded: slow down"},
        {"429 without a word", {.status = 429}, ERR_THROTTLED, "429"},
        {"capacity is no server error", {.status = 500,
         .body = ERROR("InsufficientInstanceCapacity", "There is no Spot capacity")},
         ERR_CAPACITY, "There is no Spot capacity"},
        {"not allowed", {.status = 403, .body = ERROR("UnauthorizedOperation",
         "You may not. Encoded authorization failure message: abcdefg")},
         ERR_FORBIDDEN, "ec2:DescribeInstances is not allowed: UnauthorizedOperation: You may not."},
        {"unknown id", {.status = 400, .body = ERROR("InvalidInstanceID.NotFound", "x")},
         ERR_NOT_FOUND, ""},
        {"wrong parameter", {.status = 400, .body = ERROR("InvalidParameterValue", "x")},
         ERR_REFUSED, ""},
        {"unknown code, 4xx", {.status = 400, .body = ERROR("Surprise", "x")}, ERR_REFUSED, ""},
        {"unknown code, 5xx", {.status = 503, .body = ERROR("Surprise", "x")}, ERR_SERVER, ""},
        {"prefixed code", {.status = 503, .body = ERROR("Server.Unavailable", "x")},
         ERR_SERVER, ""},
        {"another root", {.status = 401, .body = "<ErrorResponse><Error><Type>Sender</Type>"
         "<Code>AuthFailure</Code><Message>no</Message></Error></ErrorResponse>"},
         ERR_AUTH, "AuthFailure: no"},
        {"an error with status 200", {.body = ERROR("AuthFailure", "no")}, ERR_AUTH, ""},
        {"HTML 500", {.status = 500, .body = "<!doctype html><html><p>oops</html>"},
         ERR_SERVER, "HTTP 500"},
        {"empty 500", {.status = 500}, ERR_SERVER, ""},
        {"JSON from an XML service", {.status = 400, .body = "{\"__type\":\"x\"}"},
         ERR_REFUSED, ""},
        {"HTML 200", {.body = "<html><p>hello</html>"}, ERR_PROTOCOL, ""},
        {"200 empty", {.body = ""}, ERR_PROTOCOL, "no XML"},
        {"cut", {.body = "<DescribeInstancesResponse><reservationSet><item>"}, ERR_PROTOCOL, ""},
        {"the answer to another action", {.body = "<RunInstancesResponse/>"}, ERR_PROTOCOL, ""},
        {"a document type", {.body = "<!DOCTYPE a [<!ENTITY x 'y'>]><DescribeInstancesResponse/>"},
         ERR_PROTOCOL, "document type"},
        {"a redirect", {.status = 301, .body = "<html/>"}, ERR_REFUSED, ""},
    /* clang-format on */
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        struct script_rule rule = errors[i].rule;
        struct observation *o;
        struct site s;

        site_open(&s, NULL);
        rule.needle = "DescribeInstances";
        script_add(&s.script, rule);
        s.what = errors[i].what;
        o = observe(&s, SOURCE_INSTANCES, NULL, errors[i].want);
        assert_row(errors[i].what, strstr(o->err.text, errors[i].text) != NULL);
        assert_row(errors[i].what, strstr(o->err.text, "abcdefg") == NULL);
        assert_row(errors[i].what, s.script.n_requests == 1);
        observation_unref(o);
        site_close(&s);
    }
}

static void test_expired_keys_are_renewed_once(void **state)
{
    static const struct {
        const char *what, *code;
        int times;
        int64_t date_s;
        size_t requests;
        enum err_code want;
    } rows[] = {
        /* clang-format off */
        {"expired, then good", "ExpiredToken", 1, 1800000001, 2, ERR_OK},
        {"expired for ever", "RequestExpired", 0, 1800000001, 2, ERR_AUTH},
        {"the same keys would be refused again", "AuthFailure", 0, 1800000001, 1, ERR_AUTH},
        {"our clock is behind", "RequestExpired", 0, 1800000312, 1, ERR_AUTH},
        {"our clock is ahead", "SignatureDoesNotMatch", 0, 1799999000, 1, ERR_AUTH},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char body[256];
        struct observation *o;
        struct site s;

        site_open(&s, NULL);
        (void)str_format(body, sizeof(body), ERROR("%s", "no"), rows[i].code);
        script_add(&s.script, (struct script_rule){.needle = "Describe",
                                                   .times = rows[i].times,
                                                   .status = 400,
                                                   .body = body,
                                                   .date_s = rows[i].date_s});
        answer(&s, "DescribeInstances", instances_xml);
        o = observe(&s, SOURCE_INSTANCES, NULL, rows[i].want);
        assert_row(rows[i].what, s.script.n_requests == rows[i].requests);
        if (rows[i].date_s == 1800000312)
            assert_non_null(strstr(o->err.text, "clock is 312 s behind AWS's"));
        if (rows[i].date_s == 1799999000)
            assert_non_null(strstr(o->err.text, "clock is 1000 s ahead of AWS's"));
        observation_unref(o);
        site_close(&s);
    }
}

#define INSTANCES(request, items)                                                        \
    "<DescribeInstancesResponse" NS "><requestId>" request                               \
    "</requestId><reservationSet>"                                                       \
    "<item><instancesSet>" items "</instancesSet></item></reservationSet>"               \
    "</DescribeInstancesResponse>"
#define INSTANCE(id, code)                                                               \
    "<item><instanceId>" id "</instanceId><instanceState><code>" code                    \
    "</code></instanceState><placement><availabilityZone>eu-west-1a</availabilityZone>"  \
    "</placement><tagSet><item><key>rushhour:server</key><value>" id                     \
    "-server</value></item></tagSet></item>"

static struct observation *observe_both(struct site *s, const char *tagged,
                                        const char *asked, const char *id)
{
    struct poll_hints hints = {.n = 1};

    assert_true(str_copy(hints.ids[0], ID_TEXT, id));
    script_first(&s->script,
                 (struct script_rule){.needle = "tag%3A", .times = 1, .body = tagged});
    script_first(&s->script, (struct script_rule){
                                 .needle = "instance-id", .times = 1, .body = asked});
    return observe(s, SOURCE_INSTANCES, &hints, ERR_OK);
}

/* Answers that differ in nothing but the id of the request are not read twice; one that
 * changed is, beside one that did not. */
static void test_again(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *tagged, *asked, *id;
        bool fails_before, same;
        enum instance_state first, second;
    } rows[] = {
        {"the same bytes",         INSTANCES("a1", INSTANCE("i-1", "16")), INSTANCES("a2", INSTANCE("i-2", "16")), "i-2", false, true,  INSTANCE_RUNNING, INSTANCE_RUNNING},
        {"other ids of requests",  INSTANCES("b-1", INSTANCE("i-1", "16")), INSTANCES("", INSTANCE("i-2", "16")), "i-2", false, true,  INSTANCE_RUNNING, INSTANCE_RUNNING},
        {"an id that says a word", INSTANCES("sixteen", INSTANCE("i-1", "16")), INSTANCES("a2", INSTANCE("i-2", "16")), "i-2", false, false, INSTANCE_RUNNING, INSTANCE_RUNNING},
        {"the second changed",     INSTANCES("c1", INSTANCE("i-1", "16")), INSTANCES("c2", INSTANCE("i-2", "48")), "i-2", false, false, INSTANCE_RUNNING, INSTANCE_TERMINATED},
        {"the first changed",      INSTANCES("d1", INSTANCE("i-1", "80")), INSTANCES("d2", INSTANCE("i-2", "48")), "i-2", false, false, INSTANCE_STOPPED, INSTANCE_TERMINATED},
        {"nothing since then",     INSTANCES("e1", INSTANCE("i-1", "80")), INSTANCES("e2", INSTANCE("i-2", "48")), "i-2", false, true,  INSTANCE_STOPPED, INSTANCE_TERMINATED},
        {"a failure in between",   INSTANCES("f1", INSTANCE("i-1", "80")), INSTANCES("f2", INSTANCE("i-2", "48")), "i-2", true,  false, INSTANCE_STOPPED, INSTANCE_TERMINATED},
        {"another id is asked of", INSTANCES("a1", INSTANCE("i-1", "80")), INSTANCES("a2", INSTANCE("i-2", "48")), "i-3", false, false, INSTANCE_STOPPED, INSTANCE_TERMINATED},
        {"one more instance",      INSTANCES("a1", INSTANCE("i-1", "80")), INSTANCES("a2", INSTANCE("i-2", "48") INSTANCE("i-3", "16")), "i-3", false, false, INSTANCE_STOPPED, INSTANCE_TERMINATED},
    };
    /* clang-format on */
    struct observation *o, *before;
    struct site s;

    (void)state;
    site_open(&s, NULL);
    before = observe_both(&s, rows[0].tagged, rows[0].asked, "i-2");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct seen_instance *in;

        s.what = rows[i].what;
        if (rows[i].fails_before) {
            script_first(&s.script, (struct script_rule){
                                        .needle = "Describe", .times = 1, .status = 500});
            observation_unref(observe(&s, SOURCE_INSTANCES, NULL, ERR_SERVER));
        }
        o = observe_both(&s, rows[i].tagged, rows[i].asked, rows[i].id);
        assert_row(rows[i].what, (o->arena == before->arena) == rows[i].same);
        observation_unref(before);
        before = o;
        in = o->as.instances.instances;
        assert_row(rows[i].what, o->as.instances.n >= 2);
        assert_row(rows[i].what, str_eq(in[0].id, "i-1") && str_eq(in[1].id, "i-2"));
        assert_row(rows[i].what, str_eq(in[0].server, "i-1-server"));
        assert_row(rows[i].what, str_eq(in[1].zone, "eu-west-1a"));
        assert_row(rows[i].what, in[0].state == rows[i].first);
        assert_row(rows[i].what, in[1].state == rows[i].second);
    }
    assert_int_equal(before->as.instances.n, 3);
    observation_unref(before);
    site_close(&s);
}

/* A listing of pages is read every time: it is asked for with what its pages say. */
static void test_pages_never_come_again(void **state)
{
    struct observation *before = NULL;
    struct site s;

    (void)state;
    site_open(&s, NULL);
    answer(&s, "NextToken=t2", INSTANCES("r2", INSTANCE("i-2", "16")));
    answer(&s, "DescribeInstances",
           "<DescribeInstancesResponse" NS
           "><reservationSet><item><instancesSet>" INSTANCE(
               "i-1", "16") "</instancesSet></item></reservationSet>"
                            "<nextToken>t2</nextToken></DescribeInstancesResponse>");
    for (int i = 0; i < 3; i++) {
        struct observation *o = observe(&s, SOURCE_INSTANCES, NULL, ERR_OK);

        assert_int_equal(o->as.instances.n, 2);
        assert_string_equal(o->as.instances.instances[0].id, "i-1");
        assert_string_equal(o->as.instances.instances[1].id, "i-2");
        assert_true(before == NULL || o->arena != before->arena);
        observation_unref(before);
        before = o;
    }
    observation_unref(before);
    site_close(&s);
}

static void test_region_is_needed(void **state)
{
    struct site s;
    struct ec2 *c = NULL;
    struct err e = {0};

    (void)state;
    site_open(&s, NULL);
    s.config.aws.region = "not a region";
    assert_int_equal(ec2_new(&s.config, s.credentials, &s.transport, &s.clock, &c, &e),
                     ERR_CONFIG);
    assert_null(c);
    site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instances),
        cmocka_unit_test(test_token_header),
        cmocka_unit_test(test_known_ids),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_a_lost_page_loses_the_listing),
        cmocka_unit_test(test_pages_that_never_end),
        cmocka_unit_test(test_stale_token_restarts_the_listing),
        cmocka_unit_test(test_open_requests),
        cmocka_unit_test(test_spots),
        cmocka_unit_test(test_interfaces),
        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_other_sources_are_refused),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_expired_keys_are_renewed_once),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_pages_never_come_again),
        cmocka_unit_test(test_region_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
