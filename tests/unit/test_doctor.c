#include <config.h>

#include "tests/unit/table.h"

#include "core/base/str.h"
#include "core/engine/doctor.h"
#include "core/model/config.h"

#include <string.h>

/* One fleet that is as configured; each row spoils one thing in it. */

static const char config_text[] =
    "site = { name = \"t\" tz = \"UTC\" }\n"
    "velostrata = { url = \"https://v.example/\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"https://j.example/\" user = \"u\" }\n"
    "vsphere = { url = \"https://e.example/\" user = \"u\" }\n"
    "aws = { region = \"eu-west-1\" }\n"
    "servers = {\n"
    " a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"a\" cloud_node = "
    "\"a2\"\n"
    "       eni = \"eni-0000000a\" static_address = \"10.0.0.1\"\n"
    "       instance_types = [\"c5.large\"] }\n"
    " b = { vm = \"vm-b\" vm_uuid = \"5000-B\" mover = \"ec2\" onprem_node = \"b\"\n"
    "       cloud_node = \"b2\" eni = \"eni-0000000b\" instance_types = [\"c5.large\"]\n"
    "       image = \"ami-0000000a\"\n"
    "       zones = { eu-west-1b = { eni = \"eni-0000000c\" cloud_node = \"b3\" } } } "
    "}\n";

struct fleet_seen {
    struct seen_vm vms[3];
    struct seen_host hosts[1];
    struct seen_node nodes[5];
    struct seen_managed_vm managed[1];
    struct seen_interface interfaces[3];
    struct seen_listed listed[1];
    struct observation of[SOURCE_COUNT];
    const struct observation *seen[SOURCE_COUNT];
};

static struct seen_vm vm(const char *id, const char *name, const char *uuid)
{
    return (struct seen_vm){.id = id,
                            .name = name,
                            .uuid = "",
                            .instance_uuid = uuid,
                            .ip = "",
                            .host = "",
                            .power = POWER_ON,
                            .connected = true};
}

static struct seen_node node(const char *name)
{
    return (struct seen_node){
        .name = name, .cause = "", .connected = true, .connected_known = true};
}

static struct seen_interface interface(const char *id, const char *zone, const char *ip)
{
    return (struct seen_interface){
        .id = id, .zone = zone, .ip = ip, .instance = "", .available = true};
}

static void healthy(struct fleet_seen *f)
{
    static const char *const names[] = {"a", "a2", "b", "b2", "b3"};

    memset(f, 0, sizeof(*f));
    f->vms[0] = vm("1", "vm-a", "5000-a");
    f->vms[1] = vm("2", "renamed", "5000-b");
    f->vms[2] = vm("3", "other", "5000-c");
    f->hosts[0] = (struct seen_host){.id = "h", .name = "esx1", .connected = true};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        f->nodes[i] = node(names[i]);
    f->managed[0] = (struct seen_managed_vm){.vm_id = "x", .instance_uuid = "5000-A"};
    f->interfaces[0] = interface("eni-0000000a", "eu-west-1a", "10.0.0.1");
    f->interfaces[1] = interface("eni-0000000b", "eu-west-1a", "10.0.0.2");
    f->interfaces[2] = interface("eni-0000000c", "eu-west-1b", "10.0.0.3");
    f->listed[0] = (struct seen_listed){"c5.large", {85000000}};
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        f->of[i].source = (enum source)i;
        f->seen[i] = &f->of[i];
    }
    f->of[SOURCE_VSPHERE].as.vsphere = (struct obs_vsphere){f->vms, 3, f->hosts, 1, ""};
    f->of[SOURCE_JENKINS].as.jenkins = (struct obs_jenkins){"2.5", false, f->nodes, 5};
    f->of[SOURCE_VELOSTRATA].as.velostrata =
        (struct obs_velostrata){.extension_id = "ce-1",
                                .extension_raw = "",
                                .extension = EXTENSION_STOPPED,
                                .edge_a_zone = "eu-west-1a",
                                .edge_b_zone = "eu-west-1c",
                                .extension_problem = "",
                                .vms = f->managed,
                                .n_vms = 1};
    f->of[SOURCE_INTERFACES].as.interfaces = (struct obs_interfaces){f->interfaces, 3};
    f->of[SOURCE_PRICELIST].as.pricelist =
        (struct obs_pricelist){"eu-west-1", f->listed, 1};
}

static void fails(struct fleet_seen *f, enum source s, enum err_code code)
{
    (void)err_set(&f->of[s].err, code, "no luck");
}

static void nothing(struct fleet_seen *f)
{
    (void)f;
}
static void forbidden(struct fleet_seen *f)
{
    fails(f, SOURCE_VSPHERE, ERR_FORBIDDEN);
}
static void jenkins_forbidden(struct fleet_seen *f)
{
    fails(f, SOURCE_JENKINS, ERR_FORBIDDEN);
}
static void refused(struct fleet_seen *f)
{
    fails(f, SOURCE_VELOSTRATA, ERR_AUTH);
}
static void not_there(struct fleet_seen *f)
{
    fails(f, SOURCE_JENKINS, ERR_CONNECT);
}
static void aws_auth(struct fleet_seen *f)
{
    fails(f, SOURCE_INSTANCES, ERR_AUTH);
}
static void etcd_auth(struct fleet_seen *f)
{
    fails(f, SOURCE_LOCK, ERR_AUTH);
}
static void etcd_forbidden(struct fleet_seen *f)
{
    fails(f, SOURCE_LOCK, ERR_FORBIDDEN);
}
static void lock_held(struct fleet_seen *f)
{
    f->of[SOURCE_LOCK].as.lock.holder = "dana@ops1 pid 42"; /* that is good */
}
static void not_asked(struct fleet_seen *f)
{
    f->seen[SOURCE_VSPHERE] = NULL;
}
static void blind(struct fleet_seen *f)
{
    f->of[SOURCE_VSPHERE].as.vsphere.n_vms = 0;
}
static void no_load(struct fleet_seen *f)
{
    f->of[SOURCE_VSPHERE].as.vsphere.load_problem = "NoPermission";
}
static void host_gone(struct fleet_seen *f)
{
    f->hosts[0].connected = false;
}
static void maintenance(struct fleet_seen *f)
{
    f->hosts[0].maintenance = true;
}
static void vm_gone(struct fleet_seen *f)
{
    f->vms[0].name = "else";
}
static void vm_case(struct fleet_seen *f)
{
    f->vms[0].name = "VM-A";
}
static void uuid_gone(struct fleet_seen *f)
{
    f->vms[1].instance_uuid = "5000-x";
}
static void twins(struct fleet_seen *f)
{
    f->vms[2].name = "vm-a";
}
static void orphan(struct fleet_seen *f)
{
    f->vms[0].connected = false;
}
static void question(struct fleet_seen *f)
{
    f->vms[0].question = true;
}
static void no_node(struct fleet_seen *f)
{
    f->nodes[0].name = "A";
}
static void no_zone_node(struct fleet_seen *f)
{
    f->nodes[4].name = "x";
}
static void hidden_node(struct fleet_seen *f)
{
    f->nodes[1].connected_known = false;
}
static void quieting(struct fleet_seen *f)
{
    f->of[SOURCE_JENKINS].as.jenkins.quieting_down = true;
}
static void no_eni(struct fleet_seen *f)
{
    f->interfaces[0].id = "eni-1";
}
static void zone_eni(struct fleet_seen *f)
{
    f->interfaces[2].zone = "eu-west-1c";
}
static void edge_zone(struct fleet_seen *f)
{
    f->interfaces[0].zone = "eu-west-1b";
}
static void address(struct fleet_seen *f)
{
    f->interfaces[0].ip = "10.0.0.9";
}
static void dies_with(struct fleet_seen *f)
{
    f->interfaces[1].delete_on_termination = true;
}
static void unmanaged(struct fleet_seen *f)
{
    f->managed[0].instance_uuid = "";
}
static void no_extension(struct fleet_seen *f)
{
    f->of[SOURCE_VELOSTRATA].as.velostrata.extension = EXTENSION_NONE;
}
static void ill_extension(struct fleet_seen *f)
{
    f->of[SOURCE_VELOSTRATA].as.velostrata.extension_problem = "VPN is down";
}
static void no_type(struct fleet_seen *f)
{
    f->listed[0].type = "m5.large";
}
static void ahead(struct fleet_seen *f)
{
    f->of[SOURCE_JENKINS].skew_known = true;
    f->of[SOURCE_JENKINS].skew_s = 121;
}
static void nearly(struct fleet_seen *f)
{
    f->of[SOURCE_JENKINS].skew_known = true;
    f->of[SOURCE_JENKINS].skew_s = -120;
}

static const struct {
    const char *what;
    void (*spoil)(struct fleet_seen *f);
    enum finding_kind kind; /* GOOD: everything is */
    const char *subject, *text, *remedy;
} rows[] = {
    /* clang-format off */
    {"nothing", nothing, FINDING_GOOD, "", "", ""},
    {"vSphere: a missing permission", forbidden, FINDING_BAD, "vsphere", "no luck", "VirtualMachine.Interact.PowerOn"},
    {"Jenkins: a missing permission", jenkins_forbidden, FINDING_BAD, "jenkins", "no luck", "Agent/Disconnect"},
    {"a refused login", refused, FINDING_BAD, "velostrata", "no luck", "correct velostrata.user"},
    {"nobody listens", not_there, FINDING_BAD, "jenkins", "no luck", "check the address"},
    {"AWS says itself what helps", aws_auth, FINDING_BAD, "ec2", "no luck", ""},
    {"etcd refuses the user", etcd_auth, FINDING_BAD, "etcd", "no luck", "correct lock.user"},
    {"etcd: keys of others", etcd_forbidden, FINDING_BAD, "etcd", "no luck", "begin with rushhour/"},
    {"somebody has the lock", lock_held, FINDING_GOOD, "", "", ""},
    {"what was not asked is not judged", not_asked, FINDING_GOOD, "", "", ""},
    {"no VM at all", blind, FINDING_BAD, "vsphere", "the user sees no VM", "Read-only"},
    {"no statistics", no_load, FINDING_NOTE, "vsphere", "CPU ready cannot be read: NoPermission", ""},
    {"a host that does not answer", host_gone, FINDING_BAD, "vsphere", "host esx1 does not respond", "reconnect"},
    {"a host in maintenance", maintenance, FINDING_NOTE, "vsphere", "host esx1 is in maintenance", ""},
    {"an unknown VM", vm_gone, FINDING_BAD, "servers.a", "no VM called vm-a", "correct vm"},
    {"a VM in other letters", vm_case, FINDING_BAD, "servers.a", "but one called VM-A", "as vSphere does"},
    {"an unknown UUID", uuid_gone, FINDING_BAD, "servers.b", "no VM with the UUID 5000-B", "correct vm_uuid"},
    {"two of a name", twins, FINDING_BAD, "servers.a", "2 VMs are called vm-a", "set vm_uuid"},
    {"a VM whose host is gone", orphan, FINDING_BAD, "servers.a", "the power state of VM vm-a cannot be read", "reconnect"},
    {"a VM with a question", question, FINDING_BAD, "servers.a", "waits for an answer", "answer it"},
    {"an unknown node", no_node, FINDING_BAD, "servers.a", "no node a (onprem_node)", "create it"},
    {"an unknown node of a zone", no_zone_node, FINDING_BAD, "servers.b", "no node b3 (cloud_node of a zone)", "create it"},
    {"a node whose connection is hidden", hidden_node, FINDING_NOTE, "servers.a", "whether node a2 is connected", "Agent/Connect"},
    {"Jenkins shuts down", quieting, FINDING_NOTE, "jenkins", "about to shut down", ""},
    {"an unknown interface", no_eni, FINDING_BAD, "servers.a", "no interface eni-0000000a", "correct eni"},
    {"an interface in another zone", zone_eni, FINDING_BAD, "servers.b", "eni-0000000c is in eu-west-1c, not in eu-west-1b", "own zone"},
    {"no edge in its zone", edge_zone, FINDING_BAD, "servers.a", "is in eu-west-1b, the cloud extension in eu-west-1a and eu-west-1c", "edge node"},
    {"another address", address, FINDING_BAD, "servers.a", "has the address 10.0.0.9, not 10.0.0.1", "static_address"},
    {"an interface that dies with its instance", dies_with, FINDING_NOTE, "servers.b", "would go with the instance", "delete-on-termination"},
    {"a VM that Velostrata does not know", unmanaged, FINDING_BAD, "servers.a", "Velostrata does not know VM vm-a", "vCenter"},
    {"no such extension", no_extension, FINDING_BAD, "velostrata", "no cloud extension ce-1", "cloud_extension"},
    {"an extension with a problem", ill_extension, FINDING_NOTE, "velostrata", "VPN is down", ""},
    {"a type that is not sold", no_type, FINDING_BAD, "servers.a", "no instance type c5.large in eu-west-1", "instance_types"},
    {"a clock ahead", ahead, FINDING_BAD, "jenkins", "121 s ahead of ours", "NTP"},
    {"a clock at the limit", nearly, FINDING_GOOD, "", "", ""},
    /* clang-format on */
};

struct heard {
    size_t row;
    int worse; /* than good */
    bool found;
};

static void hear(void *ctx, const struct finding *f)
{
    struct heard *h = ctx;

    if (f->kind == FINDING_GOOD)
        return;
    h->worse++;
    if (f->kind == rows[h->row].kind && str_eq(f->subject, rows[h->row].subject) &&
        strstr(f->text, rows[h->row].text) != NULL &&
        (rows[h->row].remedy[0] != '\0' ? strstr(f->remedy, rows[h->row].remedy) != NULL
                                        : f->remedy[0] == '\0'))
        h->found = true;
    else if (rows[h->row].kind == FINDING_GOOD)
        print_error("%s: %s: %s\n", rows[h->row].what, f->subject, f->text);
}

static void test_rows(void **state)
{
    struct config_problems *problems = NULL;
    struct config *c = NULL;
    struct err e = {0};

    (void)state;
    if (config_load_text(config_text, "t", false, &c, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fleet_seen f;
        struct heard h = {.row = i};

        healthy(&f);
        rows[i].spoil(&f);
        doctor_check(c, f.seen, hear, &h);
        if (rows[i].kind == FINDING_GOOD ? h.worse != 0 : !h.found)
            fail_msg("%s: %s, %d findings", rows[i].what, h.found ? "found" : "not found",
                     h.worse);
    }
    config_problems_free(problems);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
