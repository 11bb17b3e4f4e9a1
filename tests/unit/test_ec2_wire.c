/*
 * test_ec2_wire - the region's answers as bytes: shapes, filters, pages, errors, what
 * hostile bodies get.
 * Owns a world per test.
 * Threads: one.
 */
#include <config.h>

#include "core/sim/ec2_call.h"
#include "tests/unit/table.h"
#include "tests/unit/wire_exchange.h"

#include <string.h>

#define V    "&Version=2016-11-15"
#define RUN  "Action=RunInstances&MinCount=1&MaxCount=1" V
#define SPOT "&InstanceMarketOptions.MarketType=spot"

/* A spot instance on the first interface, tagged as ours. */
static const struct sim_instance *launch(struct wire_exchange *x, size_t eni)
{
    const struct sim_tag tags[] = {{"rushhour:deployment", "haifa"},
                                   {"rushhour:server", "we*ird?"}};
    const struct sim_launch l = {.type = x->w->types[0].name,
                                 .image = "ami-1",
                                 .eni = x->w->enis[eni].id,
                                 .client_token = "t",
                                 .spot = true,
                                 .tags = tags,
                                 .n_tags = 2,
                                 .spot_tags = tags,
                                 .n_spot_tags = 1};
    const struct sim_instance *i = NULL;

    assert_int_equal(world_launch(x->w, &l, &i), SIM_OK);
    return i;
}

static const struct {
    const char *what, *form, *code;
    int status;
} refusals[] = {
    /* clang-format off */
    {"no action", "Version=2016-11-15", "MissingAction", 400},
    {"an action nobody has", "Action=ReticulateSplines" V, "InvalidAction", 400},
    {"no version", "Action=DescribeInstances", "NoSuchVersion", 400},
    {"an old version", "Action=DescribeInstances&Version=2013-10-15", "NoSuchVersion", 400},
    {"a parameter nobody has", "Action=DescribeInstances&Bogus=1" V, "UnknownParameter", 400},
    {"an index that is none", "Action=DescribeInstances&InstanceId.0=i-1" V, "UnknownParameter", 400},
    {"an unknown filter", "Action=DescribeInstances&Filter.1.Name=colour&Filter.1.Value.1=red" V, "InvalidParameterValue", 400},
    {"a filter without values", "Action=DescribeInstances&Filter.1.Name=instance-id" V, "InvalidParameterValue", 400},
    {"an unknown instance", "Action=DescribeInstances&InstanceId.1=i-00000000000000000" V, "InvalidInstanceID.NotFound", 400},
    {"an unknown interface", "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-0" V, "InvalidNetworkInterfaceID.NotFound", 400},
    {"an unknown request", "Action=DescribeSpotInstanceRequests&SpotInstanceRequestId.1=sir-0" V, "InvalidSpotInstanceRequestID.NotFound", 400},
    {"too few results", "Action=DescribeInstances&MaxResults=4" V, "InvalidParameterValue", 400},
    {"too many results", "Action=DescribeInstances&MaxResults=1001" V, "InvalidParameterValue", 400},
    {"ids and results", "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-0&MaxResults=5" V, "InvalidParameterCombination", 400},
    {"a token of another's", "Action=DescribeInstances&NextToken=abc" V, "InvalidPaginationToken", 400},
    {"a time that is none", "Action=DescribeSpotPriceHistory&StartTime=yesterday" V, "InvalidParameterValue", 400},
    {"a dry run", "Action=DescribeInstances&DryRun=true" V, "DryRunOperation", 412},
    {"a bad escape", "Action=Describe%zzInstances" V, "MalformedQueryString", 400},
    {"a cut escape", "Action=DescribeInstances" V "&NextToken=%4", "MalformedQueryString", 400},
    {"a NUL", "Action=DescribeInstances%00" V, "MalformedQueryString", 400},
    {"a launch of nothing", RUN, "MissingParameter", 400},
    {"a launch of two", "Action=RunInstances&MinCount=1&MaxCount=2" V, "InvalidParameterValue", 400},
    {"an image that is none", RUN "&InstanceType=c5.2xlarge&ImageId=image", "InvalidAMIID.Malformed", 400},
    {"a type nobody has", RUN "&InstanceType=z1.huge&ImageId=ami-1", "InvalidParameterValue", 400},
    {"an interface nobody has", RUN "&InstanceType=c5.2xlarge&ImageId=ami-1&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.NetworkInterfaceId=eni-0", "InvalidNetworkInterfaceID.NotFound", 400},
    {"an interface without its index", RUN "&InstanceType=c5.2xlarge&ImageId=ami-1&NetworkInterface.1.NetworkInterfaceId=eni-0", "MissingParameter", 400},
    {"an interface and a subnet", RUN "&InstanceType=c5.2xlarge&ImageId=ami-1&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.NetworkInterfaceId=eni-0&SubnetId=subnet-1", "InvalidParameterCombination", 400},
    {"a template nobody has", RUN "&InstanceType=c5.2xlarge&LaunchTemplate.LaunchTemplateName=x", "InvalidLaunchTemplateName.NotFoundException", 400},
    {"a price too small", RUN "&InstanceType=c5.2xlarge&ImageId=ami-1" SPOT "&InstanceMarketOptions.SpotOptions.MaxPrice=0.001", "InvalidParameterValue", 400},
    {"a price under the market's", RUN "&InstanceType=c5.2xlarge&ImageId=ami-1" SPOT "&InstanceMarketOptions.SpotOptions.MaxPrice=0.002", "SpotMaxPriceTooLow", 400},
    {"a launch that is only tried", RUN "&InstanceType=c5.2xlarge&ImageId=ami-1&DryRun=true", "DryRunOperation", 412},
    {"the end of nothing", "Action=TerminateInstances" V, "MissingParameter", 400},
    {"the end of an unknown", "Action=TerminateInstances&InstanceId.1=i-0" V, "InvalidInstanceID.NotFound", 400},
    {"a parameter twice", "Action=DescribeInstances&Action=RunInstances" V, "MalformedQueryString", 400},
    /* clang-format on */
};

static void errors(void **state)
{
    struct wire_exchange *x = *state;
    char code[64];

    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const char *body = wire_form(x, "/ec2/", refusals[i].form);

        assert_row(refusals[i].what, x->rs.status == refusals[i].status);
        wire_between(body, "<Response><Errors><Error><Code>", "</Code>", code,
                     sizeof(code));
        assert_row(refusals[i].what, strcmp(code, refusals[i].code) == 0);
        assert_row(refusals[i].what, strstr(body, "</RequestID></Response>") != NULL);
    }
}

static void credentials(void **state)
{
    struct wire_exchange *x = *state;
    static const char form[] = "Action=DescribeInstances" V;
    struct secret *right = x->key;
    struct err e = {0};

    x->key_id = "AKIAOTHER";
    assert_non_null(strstr(wire_form(x, "/ec2/", form), "<Code>AuthFailure</Code>"));
    assert_int_equal(x->rs.status, 401);
    assert_non_null(strstr(wire_form(x, "/sts/", "Action=GetCallerIdentity"),
                           "<Code>InvalidClientTokenId</Code>"));
    assert_int_equal(x->rs.status, 403);
    wire_exchange_end(x);
    wire_exchange_begin(x);
    right = x->key;
    assert_int_equal(secret_new("wrong", 5, &x->key, &e), ERR_OK);
    assert_non_null(
        strstr(wire_form(x, "/ec2/", form), "<Code>SignatureDoesNotMatch</Code>"));
    assert_int_equal(x->rs.status, 403);
    secret_free(x->key);
    x->key = right;
    (void)wire_form(x, "/ec2/", form);
    assert_int_equal(x->rs.status, 200);
}

static void who_am_i(void **state)
{
    struct wire_exchange *x = *state;
    char account[32];

    wire_between(wire_form(x, "/sts/", "Action=GetCallerIdentity&Version=2011-06-15"),
                 "<Account>", "</Account></GetCallerIdentityResult>", account,
                 sizeof(account));
    assert_string_equal(account, x->w->account);
}

static void an_instance_shows_its_facts(void **state)
{
    struct wire_exchange *x = *state;
    const struct sim_instance *i = launch(x, 0);
    char id[SIM_ID], eni[SIM_ID], text[256];
    const char *body;

    assert_true(str_copy(id, sizeof(id), i->id));
    assert_true(str_copy(eni, sizeof(eni), x->w->enis[0].id));
    wire_exchange_later(x, 120000);
    body = wire_form(x, "/ec2/", "Action=DescribeInstances" V);
    assert_int_equal(x->rs.status, 200);
    assert_true(str_starts(x->rs.content_type, "text/xml"));
    wire_between(body, "<instanceId>", "</instanceId>", text, sizeof(text));
    assert_string_equal(text, id);
    assert_non_null(strstr(body, "<instanceState><code>16</code><name>running</name>"));
    assert_non_null(strstr(body, "<instanceLifecycle>spot</instanceLifecycle>"));
    assert_non_null(strstr(body, "<key>rushhour:deployment</key><value>haifa</value>"));
    assert_non_null(strstr(body, "<deleteOnTermination>false</deleteOnTermination>"));
    assert_null(strstr(body, "<stateReason>"));
    assert_null(strstr(body, "nextToken"));
    assert_true(str_format(text, sizeof(text), "<networkInterfaceId>%s</", eni));
    assert_non_null(strstr(body, text));

    body = wire_form(x, "/ec2/",
                     "Action=DescribeNetworkInterfaces&Filter.1.Name=status&"
                     "Filter.1.Value.1=in-use" V);
    assert_int_equal(wire_count(body, "<networkInterfaceId>"), 1);
    assert_true(str_format(text, sizeof(text), "<instanceId>%s</instanceId>", id));
    assert_non_null(strstr(body, text));

    assert_int_equal(world_terminate(x->w, id), SIM_OK);
    wire_exchange_later(x, 180000);
    body = wire_form(x, "/ec2/", "Action=DescribeInstances" V);
    assert_non_null(strstr(body, "<code>48</code><name>terminated</name>"));
    assert_non_null(strstr(body, "<code>Client.UserInitiatedShutdown</code>"));
    assert_non_null(strstr(body, "<reason>User initiated (2026-"));
    assert_null(strstr(body, "<subnetId>"));
    wire_exchange_later(x, 3600000);
    body = wire_form(x, "/ec2/", "Action=DescribeInstances" V);
    assert_non_null(strstr(body, "<reservationSet></reservationSet>"));
}

/* The warning of an interruption is in the request, two minutes before the loss. */
static void an_interruption_is_seen_in_the_request(void **state)
{
    struct wire_exchange *x = *state;
    const struct sim_instance *i = launch(x, 0);
    char form[256];
    const char *body;

    assert_true(str_format(form, sizeof(form),
                           "Action=DescribeSpotInstanceRequests&Filter.1.Name="
                           "instance-id&Filter.1.Value.1=%s" V,
                           i->id));
    wire_exchange_later(x, 120000);
    body = wire_form(x, "/ec2/", form);
    assert_non_null(strstr(body, "<state>active</state><status><code>fulfilled</code>"));
    assert_int_equal(world_interrupt(x->w, x->w->instances[0]->id, 120000, false),
                     SIM_OK);
    body = wire_form(x, "/ec2/", form);
    assert_non_null(strstr(body, "<state>closed</state><status><code>"
                                 "instance-terminated-no-capacity</code>"));
    body = wire_form(x, "/ec2/", "Action=DescribeInstances" V);
    assert_non_null(strstr(body, "<name>running</name>"));
    wire_exchange_later(x, 200000);
    body = wire_form(x, "/ec2/", "Action=DescribeInstances" V);
    assert_non_null(strstr(body, "<code>Server.SpotInstanceTermination</code>"));
}

static const struct {
    const char *what, *filters;
    size_t want;
} filter_rows[] = {
    /* clang-format off */
    {"by tag", "Filter.1.Name=tag:rushhour:deployment&Filter.1.Value.1=haifa", 2},
    {"another value", "Filter.1.Name=tag:rushhour:deployment&Filter.1.Value.1=Haifa", 0},
    {"any of its values", "Filter.1.Name=tag:rushhour:deployment&Filter.1.Value.1=x&Filter.1.Value.2=haifa", 2},
    {"all of the names", "Filter.1.Name=tag:rushhour:deployment&Filter.1.Value.1=haifa&Filter.2.Name=instance-lifecycle&Filter.2.Value.1=scheduled", 0},
    {"a star", "Filter.1.Name=tag:rushhour:deployment&Filter.1.Value.1=h*a", 2},
    {"a question mark", "Filter.1.Name=tag:rushhour:deployment&Filter.1.Value.1=haif?", 2},
    {"an escaped star is one", "Filter.1.Name=tag:rushhour:server&Filter.1.Value.1=we%5C*ird%5C?", 2},
    {"an escaped star is no wildcard", "Filter.1.Name=tag:rushhour:deployment&Filter.1.Value.1=haif%5C*", 0},
    {"by key", "Filter.1.Name=tag-key&Filter.1.Value.1=rushhour:server", 2},
    {"by state", "Filter.1.Name=instance-state-name&Filter.1.Value.1=running&Filter.1.Value.2=pending", 2},
    {"by state, none", "Filter.1.Name=instance-state-name&Filter.1.Value.1=stopped", 0},
    {"by code", "Filter.1.Name=instance-state-code&Filter.1.Value.1=16", 2},
    {"by token", "Filter.1.Name=client-token&Filter.1.Value.1=t", 2},
    /* clang-format on */
};

static void filters(void **state)
{
    struct wire_exchange *x = *state;
    char form[512];

    (void)launch(x, 0);
    (void)launch(x, 1);
    wire_exchange_later(x, 120000);
    for (size_t i = 0; i < ARRAY_LEN(filter_rows); i++) {
        assert_true(str_format(form, sizeof(form), "Action=DescribeInstances&%s" V,
                               filter_rows[i].filters));
        assert_row(filter_rows[i].what,
                   wire_count(wire_form(x, "/ec2/", form), "<instanceId>") ==
                       filter_rows[i].want);
    }
}

static const struct {
    const char *what, *pattern, *text;
    bool want;
} wildcards[] = {
    /* clang-format off */
    {"the same", "abc", "abc", true},            {"shorter", "ab", "abc", false},
    {"longer", "abcd", "abc", false},            {"nothing", "", "", true},
    {"a star is nothing, too", "*", "", true},   {"stars", "a*b*c", "axxbyyc", true},
    {"a star gives back", "*ab", "aab", true},   {"a star at the end", "a*", "a", true},
    {"question mark needs one", "a?", "a", false}, {"escape", "a\\?", "a?", true},
    {"escape is literal", "a\\?", "ab", false},  {"a lone backslash", "a\\", "a\\", true},
    {"many stars end", "*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    /* clang-format on */
};

static void wildcard_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wildcards); i++)
        assert_row(wildcards[i].what,
                   ec2_wildcard(wildcards[i].pattern, wildcards[i].text) ==
                       wildcards[i].want);
}

/* Every record comes once over all pages, whatever happens to the prices meanwhile. */
static void prices_in_pages(void **state)
{
    struct wire_exchange *x = *state;
    char form[256], token[64] = "";
    size_t all, sum = 0, pages = 0;
    const char *body =
        wire_form(x, "/ec2/",
                  "Action=DescribeSpotPriceHistory&InstanceType.1=c5.2xlarge"
                  "&ProductDescription.1=Linux%2FUNIX" V);

    all = wire_count(body, "<item>");
    assert_true(all > 50);
    if (all < 1000)
        assert_non_null(strstr(body, "<nextToken></nextToken>"));
    do {
        assert_true(str_format(form, sizeof(form),
                               "Action=DescribeSpotPriceHistory&InstanceType.1=c5.2xlarge"
                               "&MaxResults=50&NextToken=%s" V,
                               token));
        body = wire_form(x, "/ec2/", form);
        sum += wire_count(body, "<item>");
        assert_true(wire_count(body, "<item>") <= 50);
        wire_between(body, "<nextToken>", "</nextToken>", token, sizeof(token));
        pages++;
    } while (token[0] != '\0' && pages < 1000);
    assert_true(pages > 1);
    assert_true(sum >= all);
}

/* StartTime = now: one record for each zone, the one in force. */
static void the_price_now(void **state)
{
    struct wire_exchange *x = *state;
    char form[256], now[WIRE_TIME];
    const char *body;

    assert_true(str_format(form, sizeof(form),
                           "Action=DescribeSpotPriceHistory&InstanceType.1=c5.2xlarge&"
                           "StartTime=%s" V,
                           wire_time(x->w->now, now)));
    body = wire_form(x, "/ec2/", form);
    assert_int_equal(wire_count(body, "<item>"), x->w->n_zones);
    for (size_t i = 0; i < x->w->n_zones; i++) {
        const struct sim_offering *o =
            world_offering(x->w, world_type_find(x->w, "c5.2xlarge"), (int32_t)i);
        char price[96];

        assert_non_null(o);
        assert_true(
            str_format(price, sizeof(price), "<spotPrice>%lld.%06lld</spotPrice>",
                       (long long)(world_spot_price(o, x->w->now) / 1000000000),
                       (long long)(world_spot_price(o, x->w->now) % 1000000000 / 1000)));
        assert_non_null(strstr(body, price));
    }
    assert_non_null(strstr(
        wire_form(x, "/ec2/",
                  "Action=DescribeSpotPriceHistory&ProductDescription.1=Windows" V),
        "<spotPriceHistorySet></spotPriceHistorySet>"));
}

/* The form of a launch onto the first server's interface. */
static void launch_form(const struct wire_exchange *x, const char *token,
                        const char *more, char *form, size_t size)
{
    assert_true(str_format(
        form, size,
        RUN SPOT
        "&InstanceMarketOptions.SpotOptions.SpotInstanceType=one-time"
        "&InstanceType=c5.2xlarge&LaunchTemplate.LaunchTemplateName=%s"
        "&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.DeleteOnTermination=false"
        "&NetworkInterface.1.NetworkInterfaceId=%s&ClientToken=%s"
        "&TagSpecification.1.ResourceType=instance"
        "&TagSpecification.1.Tag.1.Key=rushhour%%3Adeployment"
        "&TagSpecification.1.Tag.1.Value=haifa%s",
        sim_template, x->w->enis[0].id, token, more));
}

/* The same token launches once; with another request it is refused, and with a dead
 * instance of long ago, too. */
static void a_launch_and_its_token(void **state)
{
    struct wire_exchange *x = *state;
    char form[1024], other[1024], id[64], again[64];
    const char *body;

    launch_form(x, "rh1-1", "", form, sizeof(form));
    launch_form(x, "rh1-1", "&KeyName=another", other, sizeof(other));
    body = wire_form(x, "/ec2/", form);
    assert_int_equal(x->rs.status, 200);
    wire_between(body, "<instanceId>", "</instanceId>", id, sizeof(id));
    assert_non_null(strstr(body, "<name>pending</name>"));
    assert_non_null(strstr(body, "<instanceLifecycle>spot</instanceLifecycle>"));
    assert_non_null(strstr(body, "<deleteOnTermination>false</deleteOnTermination>"));
    assert_non_null(strstr(body, "<clientToken>rh1-1</clientToken>"));
    assert_int_equal(world_totals(x->w).launches, 1);

    wire_between(wire_form(x, "/ec2/", form), "<instanceId>", "</instanceId>", again,
                 sizeof(again));
    assert_string_equal(again, id);
    assert_non_null(strstr(wire_form(x, "/ec2/", other), "IdempotentParameterMismatch"));
    launch_form(x, "rh1-2", "", other, sizeof(other));
    assert_non_null(
        strstr(wire_form(x, "/ec2/", other), "InvalidNetworkInterface.InUse"));
    assert_int_equal(world_totals(x->w).launches, 1);

    assert_true(str_format(other, sizeof(other),
                           "Action=TerminateInstances&InstanceId.1=%s" V, id));
    world_advance(x->w, x->w->now + 10000);
    body = wire_form(x, "/ec2/", other);
    assert_non_null(strstr(body, "<currentState><code>32</code>"));
    assert_non_null(strstr(body, "<previousState><code>0</code>"));
    body = wire_form(x, "/ec2/", other);
    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(body, "<previousState><code>32</code>"));
    world_advance(x->w, x->w->now + 180000);
    assert_non_null(strstr(wire_form(x, "/ec2/", form), "<name>terminated</name>"));
    assert_int_equal(x->w->enis[0].holder, 0); /* it is free, and it is still there */
    assert_int_equal(world_eni_find(x->w, x->w->enis[0].id), 0);
    world_advance(x->w, x->w->now + 3700000);
    assert_non_null(strstr(wire_form(x, "/ec2/", form), "IdempotentInstanceTerminated"));
}

static void a_launch_without_capacity(void **state)
{
    struct wire_exchange *x = *state;
    char form[1024];

    for (int32_t z = 0; z < (int32_t)x->w->n_zones; z++)
        assert_int_equal(
            world_set_capacity(x->w, world_type_find(x->w, "c5.2xlarge"), z, false),
            SIM_OK);
    launch_form(x, "rh1-1", "", form, sizeof(form));
    assert_non_null(
        strstr(wire_form(x, "/ec2/", form), "<Code>InsufficientInstanceCapacity</Code>"));
    assert_int_equal(x->rs.status, 500);
    assert_int_equal(x->w->enis[0].holder, 0);
}

static void an_interface_that_would_die(void **state)
{
    struct wire_exchange *x = *state;
    char form[256];

    /* which attachment must be said */
    assert_true(str_format(form, sizeof(form),
                           "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s"
                           "&Attachment.DeleteOnTermination=true" V,
                           x->w->enis[0].id));
    assert_non_null(strstr(wire_form(x, "/ec2/", form), "<Code>MissingParameter</Code>"));
    assert_false(x->w->enis[0].delete_on_termination);
    assert_true(str_format(form, sizeof(form),
                           "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s"
                           "&Attachment.AttachmentId=eni-attach-%017llx"
                           "&Attachment.DeleteOnTermination=true" V,
                           x->w->enis[0].id, (unsigned long long)x->w->enis[0].holder));
    assert_non_null(strstr(wire_form(x, "/ec2/", form), "<return>true</return>"));
    assert_true(x->w->enis[0].delete_on_termination);
}

static void a_form_too_large(void **state)
{
    struct wire_exchange *x = *state;
    struct strbuf b;

    strbuf_init(&b, 4 * 1024 * 1024);
    for (int i = 1; i <= 2000; i++)
        strbuf_printf(&b, "InstanceId.%d=i-%d&", i, i);
    strbuf_puts(&b, "Action=DescribeInstances" V);
    assert_non_null(
        strstr(wire_form(x, "/ec2/", b.data), "<Code>MalformedQueryString</Code>"));
    assert_int_equal(x->rs.status, 413);
    strbuf_reset(&b);
    while (b.len < 2 * 1024 * 1024)
        strbuf_puts(&b, "aaaaaaaaaaaaaaaa");
    (void)wire_form(x, "/ec2/", b.data);
    assert_int_equal(x->rs.status, 413);
    strbuf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(credentials, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(who_am_i, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(an_instance_shows_its_facts, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(an_interruption_is_seen_in_the_request,
                                        wire_exchange_set_up, wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(filters, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test(wildcard_rows),
        cmocka_unit_test_setup_teardown(prices_in_pages, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(the_price_now, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(a_launch_and_its_token, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(a_launch_without_capacity, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(an_interface_that_would_die, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(a_form_too_large, wire_exchange_set_up,
                                        wire_exchange_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
