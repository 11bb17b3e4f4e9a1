/*
 * test_ec2_rare - what others ask of the region and rushhour itself does not: each filter
 * of each list, tags put on later, requests taken back, launches that are refused.
 * Owns a world per test.
 * Threads: one.
 */
#include <config.h>

#include "core/sim/ec2_call.h"
#include "tests/unit/table.h"
#include "tests/unit/wire_exchange.h"

#include <string.h>

#define V   "&Version=2016-11-15"
#define RUN "Action=RunInstances&MinCount=1&MaxCount=1&InstanceType=c5.2xlarge" V

/* A spot instance on the first interface, running. */
static const struct sim_instance *launch(struct wire_exchange *x)
{
    const struct sim_tag tag = {"team", "haifa"};
    const struct sim_launch l = {.type = x->w->types[0].name,
                                 .image = "ami-1",
                                 .eni = x->w->enis[0].id,
                                 .client_token = "once",
                                 .spot = true,
                                 .tags = &tag,
                                 .n_tags = 1};
    const struct sim_instance *i = NULL;

    assert_int_equal(world_launch(x->w, &l, &i), SIM_OK);
    wire_exchange_later(x, 600000);
    return i;
}

/* How many the list has with that filter. */
static size_t found(struct wire_exchange *x, const char *action, const char *filter,
                    const char *value, const char *part)
{
    char form[512];

    assert_true(str_format(form, sizeof(form),
                           "Action=%s&Filter.1.Name=%s&Filter.1.Value.1=%s" V, action,
                           filter, value));
    (void)wire_form(x, "/ec2/", form);
    assert_int_equal(x->rs.status, 200);
    return wire_count(strbuf_text(&x->rs.body), part);
}

/* Each filter finds the one that has the value, and nothing by another value. */
static void filters(void **state)
{
    struct wire_exchange *x = *state;
    const struct sim_instance *i = launch(x);
    const struct sim_spot *s = world_spot_by_serial(x->w, i->spot_request);
    const struct sim_eni *eni = &x->w->enis[0];
    static const char instances[] = "DescribeInstances",
                      spots[] = "DescribeSpotInstance"
                                "Requests",
                      enis[] = "DescribeNetworkInterfaces";
    const struct {
        const char *action, *filter, *value;
    } rows[] = {
        /* clang-format off */
        {instances, "instance-id", i->id},
        {instances, "instance-state-name", "running"},
        {instances, "instance-state-code", "16"},
        {instances, "instance-type", i->type},
        {instances, "instance-lifecycle", "spot"},
        {instances, "availability-zone", i->zone},
        {instances, "image-id", "ami-1"},
        {instances, "subnet-id", i->subnet},
        {instances, "vpc-id", x->w->vpc},
        {instances, "owner-id", x->w->account},
        {instances, "private-ip-address", i->ip},
        {instances, "private-dns-name", i->private_dns},
        {instances, "client-token", "once"},
        {instances, "spot-instance-request-id", s->id},
        {instances, "network-interface.network-interface-id", eni->id},
        {instances, "tag:team", "haifa"},
        {spots, "spot-instance-request-id", s->id},
        {spots, "instance-id", i->id},
        {spots, "state", "active"},
        {spots, "status-code", "fulfilled"},
        {spots, "type", "one-time"},
        {spots, "launch.instance-type", i->type},
        {spots, "launched-availability-zone", i->zone},
        {spots, "product-description", "Linux%2FUNIX"},
        {spots, "network-interface.network-interface-id", eni->id},
        {enis, "network-interface-id", eni->id},
        {enis, "status", "in-use"},
        {enis, "attachment.instance-id", i->id},
        {enis, "attachment.status", "attached"},
        {enis, "private-ip-address", eni->ip},
        {enis, "addresses.private-ip-address", eni->ip},
        {enis, "mac-address", eni->mac},
        {enis, "description", eni->description},
        /* clang-format on */
    };

    assert_int_equal(i->state, SIM_RUNNING);
    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        const char *part = rows[r].action == instances ? "<privateDnsName>"
                           : rows[r].action == spots   ? "<spotPrice>"
                                                       : "<macAddress>";
        size_t n = found(x, rows[r].action, rows[r].filter, rows[r].value, part);

        if (n != 1 && !str_eq(rows[r].filter, "description"))
            fail_msg("%s by %s %s: %zu", rows[r].action, rows[r].filter, rows[r].value,
                     n);
        if (found(x, rows[r].action, rows[r].filter, "nothing-like-it", part) != 0)
            fail_msg("%s by %s: finds others", rows[r].action, rows[r].filter);
    }
    /* All interfaces are of one network. */
    assert_int_equal(found(x, enis, "subnet-id", eni->subnet, "<macAddress>"),
                     x->w->n_enis);
    assert_int_equal(found(x, enis, "vpc-id", x->w->vpc, "<macAddress>"), x->w->n_enis);
    assert_int_equal(found(x, enis, "owner-id", x->w->account, "<macAddress>"),
                     x->w->n_enis);
    assert_int_equal(found(x, enis, "availability-zone", eni->zone, "<macAddress>"),
                     x->w->n_enis);
    /* Why one ended is known only of one that did. */
    assert_int_equal(world_terminate(x->w, i->id), SIM_OK);
    wire_exchange_later(x, 300000);
    assert_int_equal(found(x, instances, "state-reason-code",
                           "Client.UserInitiatedShutdown", "<instanceId>"),
                     1);
}

static void refusals(void **state)
{
    static const struct {
        const char *what, *form, *code;
    } rows[] = {
        /* clang-format off */
        {"a template by name and id", RUN "&LaunchTemplate.LaunchTemplateName=x&LaunchTemplate.LaunchTemplateId=lt-1", "InvalidParameterCombination"},
        {"a template id nobody has", RUN "&LaunchTemplate.LaunchTemplateId=lt-nobody", "InvalidLaunchTemplateId.NotFound"},
        {"a market that is none", RUN "&ImageId=ami-1&InstanceMarketOptions.MarketType=flea", "InvalidParameterValue"},
        {"a spot request that persists", RUN "&ImageId=ami-1&InstanceMarketOptions.MarketType=spot&InstanceMarketOptions.SpotOptions.SpotInstanceType=persistent", "InvalidParameterCombination"},
        {"a spot instance that hibernates", RUN "&ImageId=ami-1&InstanceMarketOptions.MarketType=spot&InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior=hibernate", "InvalidParameterCombination"},
        {"a tag of AWS's own", RUN "&ImageId=ami-1&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=aws:x", "InvalidParameterValue"},
        {"a token that is too long", RUN "&ImageId=ami-1&ClientToken=0123456789012345678901234567890123456789012345678901234567890123456789", "InvalidParameterValue"},
        {"tags on nothing there is", "Action=CreateTags&ResourceId.1=i-0&Tag.1.Key=a&Tag.1.Value=b" V, "InvalidID"},
        {"an interface nobody has", "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=eni-0" V, "InvalidNetworkInterfaceID.NotFound"},
        {"a request nobody has", "Action=CancelSpotInstanceRequests&SpotInstanceRequestId.1=sir-0" V, "InvalidSpotInstanceRequestID.NotFound"},
        /* clang-format on */
    };
    struct wire_exchange *x = *state;
    char code[64];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        wire_between(wire_form(x, "/ec2/", rows[i].form), "<Code>", "</Code>", code,
                     sizeof(code));
        if (!str_eq(code, rows[i].code) || x->rs.status != 400)
            fail_msg("%s: %ld %s", rows[i].what, (long)x->rs.status, code);
    }
}

static void launch_refused(struct wire_exchange *x, const char *more, const char *code)
{
    char form[1024], got[64];

    assert_true(str_format(form, sizeof(form),
                           RUN "&ImageId=ami-1&NetworkInterface.1.DeviceIndex=0"
                               "&NetworkInterface.1.NetworkInterfaceId=%s%s",
                           x->w->enis[1].id, more));
    wire_between(wire_form(x, "/ec2/", form), "<Code>", "</Code>", got, sizeof(got));
    assert_string_equal(got, code);
}

/* An interface that exists is not made or ended with the instance. */
static void interfaces(void **state)
{
    struct wire_exchange *x = *state;
    char form[512];

    launch_refused(x, "&NetworkInterface.1.DeleteOnTermination=true",
                   "InvalidParameterCombination");
    launch_refused(x,
                   "&LaunchTemplate.LaunchTemplateName=rushhour-tests"
                   "&LaunchTemplate.Version=77",
                   "InvalidLaunchTemplateId.VersionNotFound");
    (void)launch(x);
    assert_true(
        str_format(form, sizeof(form),
                   "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=%s" V,
                   x->w->enis[0].id));
    assert_non_null(strstr(wire_form(x, "/ec2/", form), "MissingParameter"));
}

/* Tags put on later are read; another key is another filter. */
static void tags_later(void **state)
{
    struct wire_exchange *x = *state;
    const struct sim_instance *i = launch(x);
    char form[512];

    assert_true(str_format(form, sizeof(form),
                           "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=owner"
                           "&Tag.1.Value=noa&Tag.2.Key=team&Tag.2.Value=tel-aviv" V,
                           i->id));
    assert_non_null(strstr(wire_form(x, "/ec2/", form), "<return>true</return>"));
    wire_exchange_later(x, 60000);
    assert_int_equal(found(x, "DescribeInstances", "tag:owner", "noa", "<instanceId>"),
                     1);
    assert_int_equal(
        found(x, "DescribeInstances", "tag:team", "tel-aviv", "<instanceId>"), 1);
    assert_int_equal(found(x, "DescribeInstances", "tag:team", "haifa", "<instanceId>"),
                     0); /* replaced */
}

/* The request is taken back, its instance goes on. */
static void spot_taken_back(void **state)
{
    struct wire_exchange *x = *state;
    const struct sim_instance *i = launch(x);
    const struct sim_spot *s = world_spot_by_serial(x->w, i->spot_request);
    char form[256];
    const char *body;

    assert_true(str_format(
        form, sizeof(form),
        "Action=CancelSpotInstanceRequests&SpotInstanceRequestId.1=%s" V, s->id));
    body = wire_form(x, "/ec2/", form);
    assert_non_null(strstr(body, "<state>cancelled</state>"));
    wire_exchange_later(x, 60000);
    assert_int_equal(i->state, SIM_RUNNING);
    assert_int_equal(
        found(x, "DescribeSpotInstanceRequests", "state", "active", "<spotPrice>"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(filters, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(refusals, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(interfaces, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(tags_later, wire_exchange_set_up,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(spot_taken_back, wire_exchange_set_up,
                                        wire_exchange_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
