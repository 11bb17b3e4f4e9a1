#include <config.h>

#include "tests/unit/table.h"

#include "core/api/ec2_read.h"
#include "core/base/attr.h"
#include "core/base/rng.h"
#include "tests/contract/vsphere_site.h"

#include <string.h>

enum { ROUNDS = 3000, MAX_BYTES = 4096 };

/* clang-format off */
static const char inventory_xml[] = RESULT(
    "<token>t</token>"
    OBJECT("VirtualMachine", "vm-1", VAL("name", "xsd:string", "a%2fb")
           VAL("runtime.powerState", "x", "poweredOn") MISSING("guest.ipAddress", "NoPermission"))
    OBJECT("HostSystem", "h", VAL("summary.hardware.cpuMhz", "xsd:int", "2000")));
static const char fault_xml[] = FAULT("NoPermission", "<object type=\"Folder\">group-d1</object>"
                                      "<privilegeId>System.View</privilegeId>");
static const char instances_xml[] =
    "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
    "<instanceId>i-1</instanceId><instanceState><code>16</code></instanceState>"
    "<launchTime>2027-01-15T07:00:00.1Z</launchTime><networkInterfaceSet><item>"
    "<networkInterfaceId>eni-1</networkInterfaceId><attachment><deviceIndex>0</deviceIndex>"
    "</attachment></item></networkInterfaceSet><tagSet><item><key>rushhour:server</key>"
    "<value>cache</value></item></tagSet></item></instancesSet></item></reservationSet>"
    "<nextToken>t</nextToken></DescribeInstancesResponse>";
static const char prices_xml[] =
    "<DescribeSpotPriceHistoryResponse><spotPriceHistorySet><item><instanceType>c5.large"
    "</instanceType><productDescription>Linux/UNIX</productDescription><spotPrice>0.0692"
    "</spotPrice><timestamp>2027-01-15T07:00:00Z</timestamp></item></spotPriceHistorySet>"
    "</DescribeSpotPriceHistoryResponse>";
/* clang-format on */

static size_t below(struct rng *rng, size_t n)
{
    return n > 0 ? (size_t)rng_between(rng, 0, (int64_t)n - 1) : 0;
}

/* Changes some bytes, removes a piece or repeats one; what comes out may be anything. */
static size_t mutate(struct rng *rng, const char *from, size_t len, char *to)
{
    static const char spice[] = "<>/\"'&;=[]!-:x0 \xFF\xC3\x01";
    size_t at = below(rng, len);
    size_t n = below(rng, len - at) % 200;

    memcpy(to, from, len);
    switch (below(rng, 3)) {
    case 0:
        for (size_t i = below(rng, 8) + 1; i > 0; i--)
            to[below(rng, len)] = spice[below(rng, sizeof(spice) - 1)];
        break;
    case 1:
        memmove(to + at, to + at + n, len - at - n);
        len -= n;
        break;
    default:
        if (len + n < MAX_BYTES) {
            memmove(to + at + n, to + at, len - at);
            len += n;
        }
        break;
    }
    to[len] = '\0';
    return len;
}

/* Whatever arrives: an error with a reason, or cleaned texts that are all there. */
static void vsphere_round(struct rng *rng, const char *xml, int status)
{
    struct observation *o = observation_new(SOURCE_VSPHERE);
    const struct poll_hints hints = {0};
    struct err e = {0};
    char body[MAX_BYTES];
    struct site s;
    enum err_code rc;

    assert_non_null(o);
    site_open(&s);
    site_greets(&s);
    (void)mutate(rng, xml, strlen(xml), body);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .status = status,
                                               .body = body});
    script_add(&s.script, (struct script_rule){.needle = "<token>", .body = NEXT("")});
    rc = vsphere_observe(s.client, &hints, o, &e);
    assert_true((rc == ERR_OK) == (e.code == ERR_OK));
    assert_true(rc == ERR_OK || e.text[0] != '\0');
    for (size_t i = 0; rc == ERR_OK && i < o->as.vsphere.n_vms; i++)
        assert_true(o->as.vsphere.vms[i].id[0] != '\0' &&
                    strpbrk(o->as.vsphere.vms[i].name, "\x01\x1b\n") == NULL);
    observation_unref(o);
    site_close(&s);
}

static void test_vsphere(void **state)
{
    struct rng rng;

    (void)state;
    rng_seed(&rng, 20261123);
    for (int i = 0; i < ROUNDS / 2; i++) {
        vsphere_round(&rng, inventory_xml, 200);
        vsphere_round(&rng, fault_xml, 500);
    }
}

static void ec2_round(struct rng *rng, const struct ec2_shape *shape, const char *xml)
{
    struct arena *a = arena_new(1 << 20);
    struct ec2_list list;
    struct ec2_answer answer;
    struct err e = {0};
    char body[MAX_BYTES];
    size_t len;
    enum err_code rc;

    assert_non_null(a);
    list = ec2_shape_list(shape, a);
    len = mutate(rng, xml, strlen(xml), body);
    rc = ec2_read(shape, body, len, &list, &answer, &e);
    assert_true((rc == ERR_OK) == (e.code == ERR_OK));
    assert_true(rc == ERR_OK || e.text[0] != '\0');
    for (size_t i = 0; rc == ERR_OK && shape == &ec2_instances_shape && i < list.n; i++) {
        const struct seen_instance *in = (const struct seen_instance *)list.items + i;

        assert_non_null(in->id);
        assert_non_null(in->eni);
        assert_null(strpbrk(in->server, "\x01\x1b\n"));
    }
    arena_free(a);
}

static void test_ec2(void **state)
{
    struct rng rng;

    (void)state;
    rng_seed(&rng, 20261124);
    for (int i = 0; i < ROUNDS; i++) {
        ec2_round(&rng, &ec2_instances_shape, instances_xml);
        ec2_round(&rng, &ec2_prices_shape, prices_xml);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vsphere),
        cmocka_unit_test(test_ec2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
