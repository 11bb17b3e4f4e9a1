/*
 * test_vsphere_wire - the ESX host's answers as bytes: sessions, the property collector,
 * filters and versions, power tasks, statistics, and what hostile requests get.
 * Owns a world per test.
 * Threads: one.
 */
#include <config.h>

#include "core/sim/site.h"
#include "core/sim/soap_request.h"
#include "core/sim/vim_server.h"
#include "tests/unit/table.h"
#include "tests/unit/wire_exchange.h"

#include <stdlib.h>
#include <string.h>

#define PC          "<_this type=\"PropertyCollector\">ha-property-collector</_this>"
#define SI          "<_this type=\"ServiceInstance\">ServiceInstance</_this>"
#define OPT         "<options></options>"
#define NS          " xmlns=\"urn:vim25\">"
#define FAULT(name) "<detail><" name "Fault xmlns=\"urn:vim25\" xsi:type=\"" name "\">"

/* RetrievePropertiesEx of one object's paths. */
static const char *read_paths(struct wire_exchange *x, const char *type, const char *id,
                              const char *paths)
{
    char rq[2048];

    assert_true(str_format(
        rq, sizeof(rq),
        "<RetrievePropertiesEx" NS PC "<specSet><propSet><type>%s</type>%s</propSet>"
        "<objectSet><obj type=\"%s\">%s</obj></objectSet></specSet>" OPT
        "</RetrievePropertiesEx>",
        type, paths, type, id));
    return wire_soap(x, rq);
}

/* VM of that index by the id in the world. */
static const char *call_vm(struct wire_exchange *x, const char *method, size_t vm)
{
    char rq[256];

    assert_true(str_format(rq, sizeof(rq),
                           "<%s" NS "<_this type=\"VirtualMachine\">%s</_this></%s>",
                           method, x->w->vms[vm].id, method));
    return wire_soap(x, rq);
}

/* ---- service and sessions ---- */

static void content_without_login(void **state)
{
    struct wire_exchange *x = *state;
    const char *body =
        wire_soap(x, "<RetrieveServiceContent" NS SI "</RetrieveServiceContent>");

    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(body, "<rootFolder type=\"Folder\">ha-folder-root</"));
    assert_non_null(strstr(body, "<apiType>HostAgent</apiType>"));
    assert_non_null(strstr(body, "<sessionManager type=\"SessionManager\">"));
    assert_non_null(strstr(body, "<perfManager type=\"PerformanceManager\">"));
}

static void the_list_of_versions(void **state)
{
    struct wire_exchange *x = *state;
    struct http_request rq = {.method = "GET",
                              .url = "http://127.0.0.1:1/sdk/vimServiceVersions.xml"};

    assert_true(wire_vsphere(x->w, &rq, &x->rs));
    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(x->rs.body.data, "<name>urn:vim25</name>"));
    assert_non_null(strstr(x->rs.body.data, "<version>6.5</version>"));
    rq.url = "http://127.0.0.1:1/sdk";
    assert_true(wire_vsphere(x->w, &rq, &x->rs));
    assert_int_equal(x->rs.status, 405);
    rq.url = "http://127.0.0.1:1/sdk/nothing";
    assert_true(wire_vsphere(x->w, &rq, &x->rs));
    assert_int_equal(x->rs.status, 404);
}

static void versions_spoken(void **state)
{
    struct wire_exchange *x = *state;
    static const char path[] =
        "<pathSet>summary.quickStats.overallCpuReadiness</pathSet>";
    const char *vm = x->w->vms[0].id;

    x->version = "6.5";
    assert_non_null(strstr(read_paths(x, "VirtualMachine", vm, path),
                           FAULT("InvalidProperty") "<name>summary.quickStats."));
    assert_int_equal(x->rs.status, 500);
    x->version = "7.0";
    (void)read_paths(x, "VirtualMachine", vm, path);
    assert_int_equal(x->rs.status, 200);
    x->version = "99.0";
    assert_non_null(
        strstr(read_paths(x, "VirtualMachine", vm, path), FAULT("InvalidRequest")));
}

static void sessions(void **state)
{
    struct wire_exchange *x = *state;
    static const char now[] = "<CurrentTime" NS SI "</CurrentTime>";
    static const char logout[] =
        "<Logout" NS "<_this type=\"SessionManager\">ha-sessionmgr</_this></Logout>";

    assert_non_null(
        strstr(wire_soap(x, now),
               FAULT("NotAuthenticated") "<object type=\"ServiceInstance\">"));
    assert_int_equal(x->rs.status, 500);
    wire_login(x);
    assert_true(str_starts(x->cookie, "vmware_soap_session=\""));
    (void)wire_soap(x, now);
    assert_int_equal(x->rs.status, 200);
    wire_exchange_later(x, VIM_IDLE_MS);
    (void)wire_soap(x, now); /* activity begins the idle time anew */
    assert_int_equal(x->rs.status, 200);
    wire_exchange_later(x, VIM_IDLE_MS + 1);
    assert_non_null(strstr(wire_soap(x, now), FAULT("NotAuthenticated")));
    wire_login(x);
    (void)wire_soap(x, logout);
    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(wire_soap(x, logout), FAULT("NotAuthenticated")));
}

static void login_with_a_live_cookie_is_refused(void **state)
{
    struct wire_exchange *x = *state;
    char login[512];

    assert_true(str_format(login, sizeof(login),
                           "<Login" NS "<_this type=\"SessionManager\">ha-sessionmgr"
                           "</_this><userName>rushhour</userName><password>%s</password>"
                           "</Login>",
                           site_vsphere_password));
    assert_non_null(strstr(wire_soap(x, login), FAULT("InvalidLogin")));
}

static void five_wrong_passwords_lock_the_account(void **state)
{
    struct wire_exchange *x = *state;
    static const char wrong[] =
        "<Login" NS "<_this type=\"SessionManager\">ha-sessionmgr</_this>"
        "<userName>rushhour</userName><password>no</password></Login>";
    char right[512];

    assert_true(str_format(right, sizeof(right),
                           "<Login" NS "<_this type=\"SessionManager\">ha-sessionmgr"
                           "</_this><userName>rushhour</userName><password>%s</password>"
                           "</Login>",
                           site_vsphere_password));
    for (int i = 0; i < VIM_LOCKOUT_FAILURES; i++)
        assert_non_null(strstr(wire_soap(x, wrong), FAULT("InvalidLogin")));
    assert_non_null(strstr(wire_soap(x, right), FAULT("InvalidLogin")));
    wire_exchange_later(x, VIM_LOCKOUT_MS);
    (void)wire_soap(x, right);
    assert_int_equal(x->rs.status, 200);
}

/* Cookies come among others, quoted or not. */
static void cookies(void **state)
{
    struct wire_exchange *x = *state;
    static const char now[] = "<CurrentTime" NS SI "</CurrentTime>";
    char value[64], cookie[256];

    wire_between(x->cookie, "\"", "\"", value, sizeof(value));
    assert_true(
        str_format(cookie, sizeof(cookie), "a=b; vmware_soap_session=%s; c=d", value));
    assert_true(str_copy(x->cookie, sizeof(x->cookie), cookie));
    (void)wire_soap(x, now);
    assert_int_equal(x->rs.status, 200);
    assert_true(str_copy(x->cookie, sizeof(x->cookie), "xvmware_soap_session=1"));
    (void)wire_soap(x, now);
    assert_int_equal(x->rs.status, 500);
}

/* ---- the property collector ---- */

static void make_view(struct wire_exchange *x, const char *types, char *view, size_t size)
{
    char rq[512];

    assert_true(str_format(rq, sizeof(rq),
                           "<CreateContainerView" NS
                           "<_this type=\"ViewManager\">ViewManager</_this>"
                           "<container type=\"Folder\">ha-folder-root</container>%s"
                           "<recursive>true</recursive></CreateContainerView>",
                           types));
    wire_between(wire_soap(x, rq), "<returnval type=\"ContainerView\">", "<", view, size);
}

static void spec_by_view(const char *view, const char *props, char *out, size_t size)
{
    assert_true(str_format(
        out, size,
        "%s<objectSet><obj type=\"ContainerView\">%s</obj><skip>true</skip><selectSet "
        "xsi:type=\"TraversalSpec\"><name>v</name><type>ContainerView</type><path>view"
        "</path><skip>false</skip></selectSet></objectSet>",
        props, view));
}

static void inventory_by_view(void **state)
{
    struct wire_exchange *x = *state;
    char view[128], spec[1024], rq[2048];
    const char *body;

    make_view(x, "<type>VirtualMachine</type><type>HostSystem</type>", view,
              sizeof(view));
    spec_by_view(view,
                 "<propSet><type>VirtualMachine</type><pathSet>name</pathSet><pathSet>"
                 "runtime.powerState</pathSet><pathSet>runtime.host</pathSet></propSet>"
                 "<propSet><type>HostSystem</type><pathSet>name</pathSet><pathSet>"
                 "summary.hardware.numCpuCores</pathSet></propSet>",
                 spec, sizeof(spec));
    assert_true(str_format(rq, sizeof(rq),
                           "<RetrievePropertiesEx" NS PC "<specSet>%s</specSet>" OPT
                           "</RetrievePropertiesEx>",
                           spec));
    body = wire_soap(x, rq);
    assert_int_equal(x->rs.status, 200);
    assert_int_equal(wire_count(body, "<objects><obj type=\"VirtualMachine\">"),
                     x->w->n_vms);
    assert_int_equal(wire_count(body, "<objects><obj type=\"HostSystem\">"), 1);
    assert_int_equal(wire_count(body, "<name>runtime.powerState</name><val xsi:type=\""
                                      "VirtualMachinePowerState\">poweredOn</val>"),
                     x->w->n_vms);
    assert_int_equal(wire_count(body, "<val type=\"HostSystem\" xsi:type=\""
                                      "ManagedObjectReference\">ha-host</val>"),
                     x->w->n_vms);
    assert_non_null(strstr(body, "<val xsi:type=\"xsd:short\">"));
    assert_null(strstr(body, "<token>"));
    x->cookie[0] = '\0'; /* without its session the view is gone */
    assert_non_null(
        strstr(wire_soap(x, rq),
               FAULT("ManagedObjectNotFound") "<obj type=\"ContainerView\">session["));
}

/* From the root by named selections that name each other, as clients without views do. */
static void inventory_by_recursion(void **state)
{
    struct wire_exchange *x = *state;
    static const char rq[] =
        "<RetrieveProperties" NS PC "<specSet><propSet><type>ManagedEntity</type>"
        "<pathSet>name</pathSet></propSet><objectSet>"
        "<obj type=\"Folder\">ha-folder-root</obj><skip>false</skip>"
        "<selectSet xsi:type=\"TraversalSpec\"><name>folder</name><type>Folder</type>"
        "<path>childEntity</path><selectSet><name>folder</name></selectSet><selectSet>"
        "<name>vms</name></selectSet><selectSet><name>hosts</name></selectSet>"
        "<selectSet><name>host</name></selectSet></selectSet>"
        "<selectSet xsi:type=\"TraversalSpec\"><name>vms</name><type>Datacenter</type>"
        "<path>vmFolder</path><selectSet><name>folder</name></selectSet></selectSet>"
        "<selectSet xsi:type=\"TraversalSpec\"><name>hosts</name><type>Datacenter</type>"
        "<path>hostFolder</path><selectSet><name>folder</name></selectSet></selectSet>"
        "<selectSet xsi:type=\"TraversalSpec\"><name>host</name><type>ComputeResource"
        "</type><path>host</path><selectSet><name>vmsofhost</name></selectSet>"
        "</selectSet>"
        "<selectSet xsi:type=\"TraversalSpec\"><name>vmsofhost</name><type>HostSystem"
        "</type><path>vm</path><selectSet><name>up</name></selectSet></selectSet>"
        "<selectSet xsi:type=\"TraversalSpec\"><name>up</name><type>ManagedEntity</type>"
        "<path>parent</path><selectSet><name>up</name></selectSet><selectSet><name>"
        "folder</name></selectSet></selectSet>"
        "</objectSet></specSet></RetrieveProperties>";
    const char *body = wire_soap(x, rq);

    assert_int_equal(x->rs.status, 200);
    assert_int_equal(wire_count(body, "<obj type=\"VirtualMachine\">"), x->w->n_vms);
    assert_int_equal(wire_count(body, "<obj type=\"HostSystem\">"), 1);
    assert_int_equal(wire_count(body, "<obj type=\"Folder\">"), 3); /* root, vm, host */
    assert_int_equal(wire_count(body, "<obj type=\"Datacenter\">"), 1);
}

/* No way through the graph is walked twice, however the selections are tied together. */
static void tied_selections_end(void **state)
{
    struct wire_exchange *x = *state;
    struct strbuf b;
    const char *body;

    strbuf_init(&b, 1024 * 1024);
    strbuf_puts(&b, "<RetrieveProperties" NS PC "<specSet><propSet><type>ManagedEntity"
                    "</type></propSet><objectSet><obj type=\"Folder\">ha-folder-root"
                    "</obj>");
    for (int i = 0; i < 7; i++) {
        strbuf_printf(&b,
                      "<selectSet xsi:type=\"TraversalSpec\"><name>n%d</name><type>%s"
                      "</type><path>%s</path>",
                      i, i % 2 == 0 ? "ManagedEntity" : "HostSystem",
                      i % 2 == 0 ? "parent" : "vm");
        for (int k = 0; k < 7; k++)
            strbuf_printf(&b, "<selectSet><name>n%d</name></selectSet>", k);
        strbuf_puts(&b, "</selectSet>");
    }
    strbuf_puts(&b, "</objectSet><objectSet><obj type=\"HostSystem\">ha-host</obj>"
                    "<selectSet><name>n1</name></selectSet></objectSet></specSet>"
                    "</RetrieveProperties>");
    body = wire_soap(x, b.data);
    assert_int_equal(x->rs.status, 200);
    assert_int_equal(wire_count(body, "<obj type=\"VirtualMachine\">"), x->w->n_vms);
    strbuf_clear(&b);
}

static const struct {
    const char *what, *type, *id, *paths, *has;
    int status;
} reads[] = {
    /* clang-format off */
    {"a whole object", "VirtualMachine", "@", "<pathSet>summary</pathSet>",
     "<val xsi:type=\"VirtualMachineSummary\"><vm type=\"VirtualMachine\">", 200},
    {"all of it", "HostSystem", "ha-host", "<all>true</all>", "<val xsi:type=\"HostListSummary\"><host type=\"HostSystem\">ha-host</host><hardware>", 200},
    {"an array of references", "HostSystem", "ha-host", "<pathSet>vm</pathSet>",
     "<val xsi:type=\"ArrayOfManagedObjectReference\"><ManagedObjectReference type=\"VirtualMachine\">", 200},
    {"an array of texts", "Folder", "ha-folder-vm", "<pathSet>childType</pathSet>",
     "<val xsi:type=\"ArrayOfString\"><string>Folder</string><string>VirtualMachine</string></val>", 200},
    {"an empty array", "Folder", "ha-folder-network", "<pathSet>childEntity</pathSet>",
     "<val xsi:type=\"ArrayOfManagedObjectReference\"></val>", 200},
    {"a boolean", "HostSystem", "ha-host", "<pathSet>summary.runtime.inMaintenanceMode</pathSet>",
     "<val xsi:type=\"xsd:boolean\">false</val>", 200},
    {"a long", "HostSystem", "ha-host", "<pathSet>summary.hardware.memorySize</pathSet>", "<val xsi:type=\"xsd:long\">", 200},
    {"unset is not mentioned", "VirtualMachine", "@", "<pathSet>runtime.question</pathSet>", "</obj></objects>", 200},
    {"the session", "SessionManager", "ha-sessionmgr", "<pathSet>currentSession</pathSet>",
     "<val xsi:type=\"UserSession\"><key>", 200},
    {"counters", "PerformanceManager", "ha-perfmgr", "<pathSet>perfCounter</pathSet>",
     "<val xsi:type=\"ArrayOfPerfCounterInfo\"><PerfCounterInfo><key>", 200},
    {"below what is never set", "VirtualMachine", "@", "<pathSet>config.cpuAllocation.shares</pathSet>", "</obj></objects>", 200},
    {"no such property", "VirtualMachine", "@", "<pathSet>name</pathSet><pathSet>runtime.colour</pathSet>",
     FAULT("InvalidProperty") "<name>runtime.colour</name>", 500},
    {"no property below a leaf", "VirtualMachine", "@", "<pathSet>name.first</pathSet>", FAULT("InvalidProperty"), 500},
    {"an empty path", "VirtualMachine", "@", "<pathSet></pathSet>", FAULT("InvalidProperty"), 500},
    {"dots alone", "VirtualMachine", "@", "<pathSet>...</pathSet>", FAULT("InvalidProperty"), 500},
    {"no such object", "VirtualMachine", "vm-0", "<pathSet>name</pathSet>",
     FAULT("ManagedObjectNotFound") "<obj type=\"VirtualMachine\">vm-0</obj>", 500},
    {"no such class", "Teapot", "1", "<pathSet>name</pathSet>", FAULT("InvalidType"), 500},
    {"another class's id", "HostSystem", "ha-folder-root", "<pathSet>name</pathSet>", FAULT("ManagedObjectNotFound"), 500},
    /* clang-format on */
};

static void single_reads(void **state)
{
    struct wire_exchange *x = *state;

    for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
        const char *id = str_eq(reads[i].id, "@") ? x->w->vms[0].id : reads[i].id;
        const char *body = read_paths(x, reads[i].type, id, reads[i].paths);

        assert_row(reads[i].what, strstr(body, reads[i].has) != NULL);
        assert_row(reads[i].what, x->rs.status == reads[i].status);
    }
}

/* The accessor of every managed object, as pyVmomi uses it. */
static void fetched(void **state)
{
    struct wire_exchange *x = *state;
    const char *body = wire_soap(x, "<Fetch" NS "<_this type=\"Folder\">ha-folder-vm"
                                    "</_this><prop>childEntity</prop></Fetch>");

    assert_int_equal(wire_count(body, "<returnval type=\"VirtualMachine\">"),
                     x->w->n_vms);
    body = wire_soap(x, "<Fetch" NS "<_this type=\"HostSystem\">ha-host</_this><prop>"
                        "summary.hardware</prop></Fetch>");
    assert_non_null(strstr(body, "<returnval xsi:type=\"HostHardwareSummary\"><vendor>"));
    body = wire_soap(x, "<Fetch" NS "<_this type=\"HostSystem\">ha-host</_this><prop>"
                        "config</prop></Fetch>");
    assert_non_null(strstr(body, "<FetchResponse xmlns=\"urn:vim25\"></FetchResponse>"));
    body = wire_soap(x, "<Fetch" NS "<_this type=\"HostSystem\">ha-host</_this><prop>"
                        "&lt;colour&gt;</prop></Fetch>");
    assert_non_null(strstr(body, FAULT("InvalidProperty") "<name>&lt;colour&gt;</name>"));
    x->cookie[0] = '\0';
    body = wire_soap(x, "<Fetch" NS "<_this type=\"HostSystem\">ha-host</_this><prop>"
                        "name</prop></Fetch>");
    assert_non_null(strstr(body, FAULT("NotAuthenticated")));
}

static const struct {
    const char *what, *path, *has;
} found[] = {
    /* clang-format off */
    {"a VM", "ha-datacenter/vm/tests-cache", "<returnval type=\"VirtualMachine\">"},
    {"slashes do no harm", "//ha-datacenter//host/", "<returnval type=\"Folder\">ha-folder-host</"},
    {"the root", "", "<returnval type=\"Folder\">ha-folder-root</"},
    {"nobody", "ha-datacenter/vm/nobody", "<FindByInventoryPathResponse xmlns=\"urn:vim25\"></"},
    {"below a VM", "ha-datacenter/vm/tests-cache/vm", "<FindByInventoryPathResponse xmlns=\"urn:vim25\"></"},
    /* clang-format on */
};

static void searches(void **state)
{
    struct wire_exchange *x = *state;
    char rq[512];

    for (size_t i = 0; i < ARRAY_LEN(found); i++) {
        assert_true(str_format(rq, sizeof(rq),
                               "<FindByInventoryPath" NS "<_this type=\"SearchIndex\">"
                               "ha-searchindex</_this><inventoryPath>%s</inventoryPath>"
                               "</FindByInventoryPath>",
                               found[i].path));
        assert_row(found[i].what, strstr(wire_soap(x, rq), found[i].has) != NULL);
    }
    assert_true(str_format(rq, sizeof(rq),
                           "<FindByUuid" NS "<_this type=\"SearchIndex\">ha-searchindex"
                           "</_this><uuid>%s</uuid><vmSearch>true</vmSearch>"
                           "<instanceUuid>true</instanceUuid></FindByUuid>",
                           x->w->vms[3].instance_uuid));
    assert_non_null(strstr(wire_soap(x, rq), x->w->vms[3].id));
}

/* A dead session is 200 with nothing but missing sets here (vsphere-api 3.1). */
static void reading_without_session(void **state)
{
    struct wire_exchange *x = *state;
    const char *body =
        read_paths(x, "Folder", "ha-folder-root",
                   "<pathSet>name</pathSet><pathSet>childEntity</pathSet>");

    assert_int_equal(x->rs.status, 200);
    assert_int_equal(wire_count(body, "<missingSet><path>"), 2);
    assert_int_equal(wire_count(body, "<fault xsi:type=\"NotAuthenticated\">"), 2);
    assert_null(strstr(body, "<propSet>"));
    body = read_paths(x, "SessionManager", "ha-sessionmgr",
                      "<pathSet>currentSession</pathSet>");
    assert_int_equal(x->rs.status, 200);
    assert_null(strstr(body, "<missingSet>"));
    assert_null(strstr(body, "<propSet>"));
}

static void pages(void **state)
{
    struct wire_exchange *x = *state;
    char view[128], spec[1024], rq[2048], token[32];
    size_t seen = 0, n_pages = 1;
    const char *body;

    make_view(x, "<type>VirtualMachine</type><type>HostSystem</type>", view,
              sizeof(view));
    spec_by_view(view,
                 "<propSet><type>VirtualMachine</type><pathSet>name</pathSet></propSet>"
                 "<propSet><type>HostSystem</type><pathSet>name</pathSet></propSet>",
                 spec, sizeof(spec));
    assert_true(str_format(rq, sizeof(rq),
                           "<RetrievePropertiesEx" NS PC "<specSet>%s</specSet><options>"
                           "<maxObjects>2</maxObjects></options></RetrievePropertiesEx>",
                           spec));
    body = wire_soap(x, rq);
    for (;;) {
        assert_true(wire_count(body, "<objects>") <= 2);
        seen += wire_count(body, "<objects>");
        if (strstr(body, "<token>") == NULL)
            break;
        wire_between(body, "<returnval><token>", "</token>", token, sizeof(token));
        assert_true(str_format(rq, sizeof(rq),
                               "<ContinueRetrievePropertiesEx" NS PC
                               "<token>%s</token></ContinueRetrievePropertiesEx>",
                               token));
        body = wire_soap(x, rq);
        n_pages++;
    }
    assert_int_equal(seen, x->w->n_vms + 1);
    assert_int_equal(n_pages, (x->w->n_vms + 2) / 2);
    assert_non_null(strstr(wire_soap(x, rq), FAULT("InvalidArgument"))); /* once only */
}

/* ---- changes ---- */

static void make_filter(struct wire_exchange *x, const char *props, char *pc, size_t size)
{
    char view[128], spec[1024], rq[2048];

    make_view(x, "<type>VirtualMachine</type>", view, sizeof(view));
    wire_between(
        wire_soap(x, "<CreatePropertyCollector" NS PC "</CreatePropertyCollector>"),
        "<returnval type=\"PropertyCollector\">", "<", pc, size);
    spec_by_view(view, props, spec, sizeof(spec));
    assert_true(str_format(rq, sizeof(rq),
                           "<CreateFilter" NS "<_this type=\"PropertyCollector\">%s"
                           "</_this><spec>%s</spec><partialUpdates>false</partialUpdates>"
                           "</CreateFilter>",
                           pc, spec));
    assert_non_null(strstr(wire_soap(x, rq), "<returnval type=\"PropertyFilter\">"));
}

static const char *wait_on(struct wire_exchange *x, const char *pc, const char *version,
                           const char *options)
{
    char rq[1024];

    assert_true(str_format(rq, sizeof(rq),
                           "<WaitForUpdatesEx" NS "<_this type=\"PropertyCollector\">%s"
                           "</_this><version>%s</version><options><maxWaitSeconds>60"
                           "</maxWaitSeconds>%s</options></WaitForUpdatesEx>",
                           pc, version, options));
    return wire_soap(x, rq);
}

static void version_of(const char *body, char *version, size_t size)
{
    wire_between(body, "<returnval><version>", "</version>", version, size);
}

#define POWER_PROPS                                                                      \
    "<propSet><type>VirtualMachine</type><pathSet>runtime.powerState</pathSet><pathSet>" \
    "summary.quickStats.overallCpuUsage</pathSet><pathSet>summary.quickStats</pathSet>"  \
    "</propSet>"

static void updates(void **state)
{
    struct wire_exchange *x = *state;
    char pc[128], first[32], second[32];
    const char *body;

    make_filter(x, POWER_PROPS, pc, sizeof(pc));
    body = wait_on(x, pc, "", "");
    assert_int_equal(wire_count(body, "<kind>enter</kind>"), x->w->n_vms);
    assert_non_null(strstr(body, "<name>summary.quickStats</name><op>assign</op>"));
    version_of(body, first, sizeof(first));
    body = wait_on(x, pc, first, "");
    assert_null(strstr(body, "<returnval>"));
    wire_exchange_later(x, 1200000); /* statistics move, and tell nobody */
    assert_null(strstr(wait_on(x, pc, first, ""), "<kind>modify</kind>"));

    (void)call_vm(x, "PowerOffVM_Task", 2);
    assert_int_equal(x->rs.status, 200);
    wire_exchange_later(x, 30000);
    body = wait_on(x, pc, first, "");
    assert_int_equal(wire_count(body, "<kind>modify</kind>"), 1);
    assert_int_equal(wire_count(body, "<changeSet>"), 1);
    assert_non_null(strstr(body, "<name>runtime.powerState</name><op>assign</op><val "
                                 "xsi:type=\"VirtualMachinePowerState\">poweredOff<"));
    version_of(body, second, sizeof(second));
    assert_string_not_equal(first, second);

    /* The answer got lost: the old version gives it again. */
    assert_int_equal(wire_count(wait_on(x, pc, first, ""), "<kind>modify</kind>"), 1);
    version_of(strbuf_text(&x->rs.body), second, sizeof(second));
    assert_null(strstr(wait_on(x, pc, second, ""), "<returnval>"));
    /* An older one is gone for good. */
    assert_non_null(strstr(wait_on(x, pc, first, ""), FAULT("InvalidCollectorVersion")));
    assert_non_null(strstr(wait_on(x, pc, "x", ""), FAULT("InvalidCollectorVersion")));
    assert_int_equal(wire_count(wait_on(x, pc, "", ""), "<kind>enter</kind>"),
                     x->w->n_vms);
}

/* A whole object tells of what is inside, but not of its statistics. */
static void updates_of_a_whole_object(void **state)
{
    struct wire_exchange *x = *state;
    char pc[128], version[32];
    const char *body;

    make_filter(
        x, "<propSet><type>VirtualMachine</type><pathSet>summary</pathSet></propSet>", pc,
        sizeof(pc));
    body = wait_on(x, pc, "", "");
    assert_non_null(strstr(body, "<overallCpuUsage>"));
    assert_int_equal(x->rs.took_ms, 0);
    version_of(body, version, sizeof(version));
    wire_exchange_later(x, 1200000);
    assert_null(strstr(wait_on(x, pc, version, ""), "<returnval>"));
    assert_int_equal(x->w->hold_ms, 60000); /* who waits, waits */
    (void)call_vm(x, "PowerOffVM_Task", 2);
    wire_exchange_later(x, 30000);
    body = wait_on(x, pc, version, "");
    assert_int_equal(wire_count(body, "<kind>modify</kind>"), 1);
    assert_non_null(strstr(body, "<powerState>poweredOff</powerState>"));
}

/* What is held is looked at again, and another call ends it. */
static void a_wait_is_held(void **state)
{
    struct wire_exchange *x = *state;
    char pc[128], version[32], rq[512];

    make_filter(x, POWER_PROPS, pc, sizeof(pc));
    version_of(wait_on(x, pc, "", ""), version, sizeof(version));
    assert_int_equal(x->w->hold_ms, 0);
    assert_true(str_format(rq, sizeof(rq),
                           "<WaitForUpdatesEx" NS "<_this type=\"PropertyCollector\">%s"
                           "</_this><version>%s</version><options><maxWaitSeconds>0"
                           "</maxWaitSeconds></options></WaitForUpdatesEx>",
                           pc, version));
    assert_null(strstr(wire_soap(x, rq), "<returnval>"));
    assert_int_equal(x->w->hold_ms, 0); /* a mere look */
    (void)wait_on(x, pc, version, "");
    assert_int_equal(x->w->hold_ms, 60000);

    assert_true(str_format(rq, sizeof(rq),
                           "<CancelWaitForUpdates" NS "<_this "
                           "type=\"PropertyCollector\">%s</_this></CancelWaitForUpdates>",
                           pc));
    (void)wire_soap(x, rq);
    assert_int_equal(x->rs.status, 200);
    x->w->looks_again = true;
    assert_non_null(strstr(wait_on(x, pc, version, ""), FAULT("RequestCanceled")));
    assert_int_equal(x->rs.status, 500);
    x->w->looks_again = false; /* the next wait is none of that one's */
    assert_null(strstr(wait_on(x, pc, version, ""), "<returnval>"));
    assert_int_equal(x->rs.status, 200);
}

static void updates_in_pieces(void **state)
{
    struct wire_exchange *x = *state;
    char pc[128], version[32] = "";
    size_t seen = 0, calls = 0;
    const char *body;

    make_filter(x, POWER_PROPS, pc, sizeof(pc));
    do {
        body = wait_on(x, pc, version, "<maxObjectUpdates>3</maxObjectUpdates>");
        assert_true(wire_count(body, "<objectSet>") <= 3);
        seen += wire_count(body, "<kind>enter</kind>");
        version_of(body, version, sizeof(version));
    } while (strstr(body, "<truncated>true</truncated>") != NULL && ++calls < 100);
    assert_int_equal(seen, x->w->n_vms);
    assert_null(strstr(wait_on(x, pc, version, ""), "<returnval>"));
}

static void destroyed_things_are_gone(void **state)
{
    struct wire_exchange *x = *state;
    char pc[128], rq[256], filter[128];

    make_filter(x, POWER_PROPS, pc, sizeof(pc));
    wire_between(wait_on(x, pc, "", ""), "<filter type=\"PropertyFilter\">", "<", filter,
                 sizeof(filter));
    assert_true(str_format(rq, sizeof(rq),
                           "<DestroyPropertyFilter" NS "<_this type=\"PropertyFilter\">"
                           "%s</_this></DestroyPropertyFilter>",
                           filter));
    (void)wire_soap(x, rq);
    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(wire_soap(x, rq), FAULT("ManagedObjectNotFound")));
    assert_null(strstr(wait_on(x, pc, "", ""), "<kind>"));
    assert_true(str_format(rq, sizeof(rq),
                           "<DestroyPropertyCollector" NS "<_this type=\""
                           "PropertyCollector\">%s</_this></DestroyPropertyCollector>",
                           pc));
    (void)wire_soap(x, rq);
    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(wait_on(x, pc, "", ""), FAULT("ManagedObjectNotFound")));
}

static void a_session_has_its_limits(void **state)
{
    struct wire_exchange *x = *state;
    char view[128];

    for (int i = 0; i < VIM_MAX_OF_SESSION; i++)
        make_view(x, "", view, sizeof(view));
    assert_non_null(
        strstr(wire_soap(x, "<CreateContainerView" NS "<_this type=\"ViewManager\">"
                            "ViewManager</_this><container type=\"Folder\">"
                            "ha-folder-root</container><recursive>true</recursive>"
                            "</CreateContainerView>"),
               FAULT("InvalidRequest")));
}

/* ---- power ---- */

static void task_state(struct wire_exchange *x, const char *task, char *out, size_t size)
{
    wire_between(read_paths(x, "Task", task, "<pathSet>info.state</pathSet>"),
                 "<val xsi:type=\"TaskInfoState\">", "<", out, size);
}

static void a_task_takes_its_time(void **state)
{
    struct wire_exchange *x = *state;
    char task[128], text[64];
    const char *body = call_vm(x, "PowerOffVM_Task", 0);

    wire_between(body, "<returnval type=\"Task\">", "<", task, sizeof(task));
    assert_true(str_starts(task, "haTask-"));
    task_state(x, task, text, sizeof(text));
    assert_string_equal(text, "running");
    body = read_paths(x, "Task", task, "<pathSet>info.progress</pathSet>");
    assert_non_null(strstr(body, "<name>info.progress</name><val xsi:type=\"xsd:int\">"));
    body = call_vm(x, "PowerOffVM_Task", 0);
    assert_non_null(strstr(body, FAULT("TaskInProgress") "<task type=\"Task\">haTask-"));
    wire_exchange_later(x, 30000);
    task_state(x, task, text, sizeof(text));
    assert_string_equal(text, "success");
    body = read_paths(x, "Task", task,
                      "<pathSet>info.error</pathSet><pathSet>info.progress</pathSet>");
    assert_null(strstr(body, "<propSet>"));
    assert_int_equal(x->w->vms[0].power, SIM_POWER_OFF);
    wire_exchange_later(x, 11 * 60 * 1000);
    body = read_paths(x, "Task", task, "<pathSet>info.state</pathSet>");
    assert_non_null(strstr(body, FAULT("ManagedObjectNotFound")));
}

static void power_refusals(void **state)
{
    struct wire_exchange *x = *state;

    assert_non_null(strstr(call_vm(x, "PowerOnVM_Task", 0),
                           FAULT("InvalidPowerState") "<requestedState>poweredOn</"
                                                      "requestedState><existingState>"
                                                      "poweredOn</existingState>"));
    assert_int_equal(x->rs.status, 500);
    (void)call_vm(x, "PowerOffVM_Task", 0);
    wire_exchange_later(x, 30000);
    assert_non_null(strstr(call_vm(x, "ShutdownGuest", 0), FAULT("InvalidPowerState")));
    x->w->host.maintenance = true;
    assert_non_null(strstr(call_vm(x, "PowerOnVM_Task", 0), FAULT("InvalidState")));
    x->w->host.maintenance = false;
    (void)call_vm(x, "PowerOnVM_Task", 0);
    assert_int_equal(x->rs.status, 200);
    wire_exchange_later(x, 9000); /* on, but its guest still boots */
    assert_int_equal(x->w->vms[0].power, SIM_POWER_ON);
    assert_non_null(strstr(call_vm(x, "ShutdownGuest", 0), FAULT("ToolsUnavailable")));
    x->w->vms[1].connected = false;
    assert_non_null(strstr(call_vm(x, "PowerOffVM_Task", 1), FAULT("InvalidState")));
}

static void a_guest_shuts_down_by_itself(void **state)
{
    struct wire_exchange *x = *state;
    const char *body = call_vm(x, "ShutdownGuest", 1);

    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(
        body, "<ShutdownGuestResponse xmlns=\"urn:vim25\"></ShutdownGuestResponse>"));
    assert_int_equal(x->w->vms[1].power, SIM_POWER_ON);
    wire_exchange_later(x, 60000);
    body = read_paths(x, "VirtualMachine", x->w->vms[1].id,
                      "<pathSet>runtime.powerState</pathSet><pathSet>guest.ipAddress"
                      "</pathSet><pathSet>guest.toolsRunningStatus</pathSet>");
    assert_non_null(strstr(body, "poweredOff"));
    assert_non_null(strstr(body, "guestToolsNotRunning"));
    assert_null(strstr(body, "guest.ipAddress"));
}

/* A task's error, in the shape of results (vsphere-api 6.1). */
static void a_failed_task_says_why(void **state)
{
    struct wire_exchange *x = *state;
    char task[128];
    const char *body;

    wire_between(call_vm(x, "PowerOffVM_Task", 0), "<returnval type=\"Task\">", "<", task,
                 sizeof(task));
    x->w->vm_tasks[0].state = SIM_TASK_FAILED;
    x->w->vm_tasks[0].fault = "InvalidPowerState";
    body = read_paths(x, "Task", task, "<pathSet>info.error</pathSet>");
    assert_non_null(strstr(body, "<val xsi:type=\"LocalizedMethodFault\"><fault xsi:type="
                                 "\"InvalidPowerState\"><requestedState>poweredOff</"));
    assert_non_null(strstr(body, "</fault><localizedMessage>"));
    body = read_paths(x, "Task", task, "<pathSet>info</pathSet>");
    assert_non_null(strstr(body, "<error><fault xsi:type=\"InvalidPowerState\">"));
}

/* ---- statistics ---- */

static void ready_times(void **state)
{
    struct wire_exchange *x = *state;
    char rq[512], value[32], time[32];
    const char *body;

    assert_true(str_format(
        rq, sizeof(rq),
        "<QueryPerf" NS "<_this type=\"PerformanceManager\">ha-perfmgr</_this><querySpec>"
        "<entity type=\"VirtualMachine\">%s</entity><maxSample>1</maxSample><metricId>"
        "<counterId>11</counterId><instance></instance></metricId><intervalId>20"
        "</intervalId><format>normal</format></querySpec></QueryPerf>",
        x->w->vms[0].id));
    wire_exchange_later(x, 1207000);
    body = wire_soap(x, rq);
    assert_int_equal(x->rs.status, 200);
    wire_between(body, "<id><counterId>11</counterId><instance></instance></id><value>",
                 "<", value, sizeof(value));
    assert_int_equal(strtol(value, NULL, 10), world_vm_ready_ms(x->w, &x->w->vms[0]));
    wire_between(body, "<timestamp>", "</timestamp><interval>20<", time, sizeof(time));
    assert_string_equal(time + 17, "00Z"); /* a whole interval, not the moment asked */
    (void)call_vm(x, "PowerOffVM_Task", 0);
    wire_exchange_later(x, 30000);
    body = wire_soap(x, rq);
    assert_non_null(strstr(body, "</id></value></returnval>")); /* off: no value */
    assert_null(strstr(body, "<sampleInfo>"));
}

static void provider_and_metrics(void **state)
{
    struct wire_exchange *x = *state;
    const char *body = wire_soap(x, "<QueryPerfProviderSummary" NS
                                    "<_this type=\"PerformanceManager\">ha-perfmgr"
                                    "</_this><entity type=\"HostSystem\">ha-host</entity>"
                                    "</QueryPerfProviderSummary>");

    assert_non_null(strstr(body, "<refreshRate>20</refreshRate>"));
    body = wire_soap(x, "<QueryPerf" NS "<_this type=\"PerformanceManager\">ha-perfmgr"
                        "</_this><querySpec><entity type=\"HostSystem\">ha-host</entity>"
                        "</querySpec></QueryPerf>");
    assert_int_equal(wire_count(body, "PerfMetricIntSeries"), 5);
    assert_non_null(strstr(
        wire_soap(x, "<QueryPerf" NS "<_this type=\"PerformanceManager\">ha-perfmgr"
                     "</_this><querySpec><entity type=\"VirtualMachine\">gone</entity>"
                     "</querySpec></QueryPerf>"),
        FAULT("ManagedObjectNotFound")));
}

/* ---- what nobody should send ---- */

static const struct {
    const char *what, *bytes, *fault;
} hostile[] = {
    /* clang-format off */
    {"nothing", "", "InvalidRequest"},
    {"no XML", "hello", "InvalidRequest"},
    {"cut", "<Envelope><Body><CurrentTime><_this type=\"Ser", "InvalidRequest"},
    {"no body", "<Envelope><Header/></Envelope>", "InvalidRequest"},
    {"an empty body", "<Envelope><Body/></Envelope>", "InvalidRequest"},
    {"two methods", "<Envelope><Body><CurrentTime/><CurrentTime/></Body></Envelope>", "InvalidRequest"},
    {"a document type", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><Envelope><Body><CurrentTime/></Body></Envelope>", "InvalidRequest"},
    {"an entity bomb", "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><Envelope><Body><A>&c;</A></Body></Envelope>", "InvalidRequest"},
    {"no method of ours", "<Envelope><Body><Frobnicate xmlns=\"urn:vim25\"><_this type=\"&lt;x&gt;\">&lt;y/&gt;</_this></Frobnicate></Body></Envelope>", "MethodNotFound"},
    {"no receiver", "<Envelope><Body><CurrentTime/></Body></Envelope>", "MethodNotFound"},
    {"a receiver of another class", "<Envelope><Body><CurrentTime><_this type=\"Folder\">ha-folder-root</_this></CurrentTime></Body></Envelope>", "MethodNotFound"},
    {"no spec", "<Envelope><Body><RetrievePropertiesEx>" PC "</RetrievePropertiesEx></Body></Envelope>", "InvalidRequest"},
    {"no spec in a filter", "<Envelope><Body><CreateFilter>" PC "</CreateFilter></Body></Envelope>", "InvalidRequest"},
    /* clang-format on */
};

static void hostile_requests(void **state)
{
    struct wire_exchange *x = *state;
    char fault[64];

    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        const char *body = wire_bytes(x, hostile[i].bytes, strlen(hostile[i].bytes));

        assert_row(hostile[i].what, x->rs.status == 500);
        wire_between(body, "Fault xmlns=\"urn:vim25\" xsi:type=\"", "\"", fault,
                     sizeof(fault));
        assert_row(hostile[i].what, strcmp(fault, hostile[i].fault) == 0);
        assert_row(hostile[i].what, strstr(body, "<y/>") == NULL);
    }
}

static void a_request_too_large(void **state)
{
    struct wire_exchange *x = *state;
    struct strbuf b;

    strbuf_init(&b, 8 * 1024 * 1024);
    strbuf_puts(&b, "<Envelope><Body><CurrentTime>");
    for (int i = 0; i < 20000; i++)
        strbuf_puts(&b, "<a/>");
    strbuf_puts(&b, "</CurrentTime></Body></Envelope>");
    assert_non_null(strstr(wire_bytes(x, b.data, b.len), FAULT("InvalidRequest")));
    while (b.len < 3 * 1024 * 1024)
        strbuf_puts(&b, "                                                ");
    assert_non_null(strstr(wire_bytes(x, b.data, b.len), FAULT("InvalidRequest")));
    strbuf_reset(&b);
    for (int i = 0; i < 1000; i++)
        strbuf_puts(&b, "<a>");
    assert_non_null(strstr(wire_bytes(x, b.data, b.len), FAULT("InvalidRequest")));
    strbuf_clear(&b);
}

/* Any cut of a good request is answered, never more than answered. */
static void every_cut_of_a_request(void **state)
{
    struct wire_exchange *x = *state;
    static const char rq[] =
        "<Envelope><Body><RetrievePropertiesEx>" PC
        "<specSet><propSet><type>Folder</type><pathSet>name</pathSet></propSet>"
        "<objectSet><obj type=\"Folder\">ha-folder-root</obj><selectSet><name>a</name>"
        "<type>Folder</type><path>childEntity</path></selectSet></objectSet></specSet>"
        "<options/></RetrievePropertiesEx></Body></Envelope>";

    for (size_t n = 0; n < sizeof(rq) - 1; n++) {
        (void)wire_bytes(x, rq, n);
        assert_int_equal(x->rs.status, 500);
    }
    (void)wire_bytes(x, rq, sizeof(rq) - 1);
    assert_int_equal(x->rs.status, 200);
}

/* The name of an operation is not part of what is asked; all else is. */
static void test_kept_requests(void **state)
{
    static const char head[] = "<E xmlns=\"u\"><Header><operationID>";
    /* clang-format off */
    static const struct { const char *what, *text, *want; bool again; } rows[] = {
        {"the first",            "a-1</operationID></Header><Body><M>x</M></Body></E>", "x", false},
        {"another name",         "a-22</operationID></Header><Body><M>x</M></Body></E>", "x", true},
        {"another question",     "a-1</operationID></Header><Body><M>y</M></Body></E>", "y", false},
        {"the first once more",  "b</operationID></Header><Body><M>x</M></Body></E>", "x", true},
        {"a name of other bytes", "A&amp;</operationID></Header><Body><M>x</M></Body></E>", "x", false},
        {"not well-formed",      "a-1</operationID></Header><Body><M>x</M></Body>", NULL, false},
        {"and again",            "a-2</operationID></Header><Body><M>x</M></Body>", NULL, false},
        {"the first is there",   "c</operationID></Header><Body><M>x</M></Body></E>", "x", true},
        /* clang-format on */
    };
    static const char *const inside[] = {
        "<E><Body><operationID>a</operationID></Body></E>",
        "<E><Body><operationID>b</operationID></Body></E>"};
    const struct soap_request *seen[8] = {NULL}, *r = NULL;
    struct soap_requests s;
    struct err e = {0};
    char text[256];

    (void)state;
    soap_requests_init(&s);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum err_code rc;
        bool again = false;

        err_clear(&e);
        assert_true(str_format(text, sizeof(text), "%s%s", head, rows[i].text));
        rc = soap_requests_read(&s, text, strlen(text), &r, &e);
        assert_row(rows[i].what, (rc == ERR_OK) == (rows[i].want != NULL));
        if (rc != ERR_OK)
            continue;
        for (size_t k = 0; k < i; k++)
            again = again || seen[k] == r;
        seen[i] = r;
        assert_row(rows[i].what, again == rows[i].again);
        assert_row(rows[i].what,
                   str_eq(sim_soap_text(r, sim_soap_method(r)), rows[i].want));
    }
    for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
        assert_int_equal(soap_requests_read(&s, inside[i], strlen(inside[i]), &r, &e),
                         ERR_OK);
        assert_string_equal(sim_soap_text(r, sim_soap_method(r)), i == 0 ? "a" : "b");
    }
    soap_requests_clear(&s);
}

#define WITH(test, up) cmocka_unit_test_setup_teardown(test, up, wire_exchange_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(content_without_login, wire_exchange_set_up),
        WITH(the_list_of_versions, wire_exchange_set_up),
        WITH(versions_spoken, wire_exchange_log_in),
        WITH(sessions, wire_exchange_set_up),
        WITH(login_with_a_live_cookie_is_refused, wire_exchange_log_in),
        WITH(five_wrong_passwords_lock_the_account, wire_exchange_set_up),
        WITH(cookies, wire_exchange_log_in),
        WITH(inventory_by_view, wire_exchange_log_in),
        WITH(inventory_by_recursion, wire_exchange_log_in),
        WITH(tied_selections_end, wire_exchange_log_in),
        WITH(single_reads, wire_exchange_log_in),
        WITH(fetched, wire_exchange_log_in),
        WITH(searches, wire_exchange_log_in),
        WITH(reading_without_session, wire_exchange_set_up),
        WITH(pages, wire_exchange_log_in),
        WITH(updates, wire_exchange_log_in),
        WITH(updates_of_a_whole_object, wire_exchange_log_in),
        WITH(a_wait_is_held, wire_exchange_log_in),
        WITH(updates_in_pieces, wire_exchange_log_in),
        WITH(destroyed_things_are_gone, wire_exchange_log_in),
        WITH(a_session_has_its_limits, wire_exchange_log_in),
        WITH(a_task_takes_its_time, wire_exchange_log_in),
        WITH(power_refusals, wire_exchange_log_in),
        WITH(a_guest_shuts_down_by_itself, wire_exchange_log_in),
        WITH(a_failed_task_says_why, wire_exchange_log_in),
        WITH(ready_times, wire_exchange_log_in),
        WITH(provider_and_metrics, wire_exchange_log_in),
        WITH(hostile_requests, wire_exchange_log_in),
        WITH(a_request_too_large, wire_exchange_log_in),
        WITH(every_cut_of_a_request, wire_exchange_log_in),
        cmocka_unit_test(test_kept_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
