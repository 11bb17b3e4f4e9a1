/*
 * test_vsphere_rare - what other clients ask of the ESX host and rushhour does not: every
 * property of every object, counters by their numbers, series as CSV, what is suspended
 * or reset, things that are ended before their time.
 * Owns a world per test, with a session.
 * Threads: one.
 */
#include <config.h>

#include "core/sim/vim_server.h"
#include "tests/unit/table.h"
#include "tests/unit/wire_exchange.h"

#include <string.h>

#define NS          " xmlns=\"urn:vim25\">"
#define PC          "<_this type=\"PropertyCollector\">ha-property-collector</_this>"
#define PERF        "<_this type=\"PerformanceManager\">ha-perfmgr</_this>"
#define FAULT(name) "<detail><" name "Fault xmlns=\"urn:vim25\" xsi:type=\"" name "\">"

/* All that one object has. */
static const char *read_all(struct wire_exchange *x, const char *type, const char *id)
{
    char rq[1024];

    assert_true(str_format(rq, sizeof(rq),
                           "<RetrievePropertiesEx" NS PC "<specSet><propSet><type>%s"
                           "</type><all>true</all></propSet><objectSet><obj type=\"%s\">"
                           "%s</obj></objectSet></specSet><options/>"
                           "</RetrievePropertiesEx>",
                           type, type, id));
    (void)wire_soap(x, rq);
    assert_int_equal(x->rs.status, 200);
    return strbuf_text(&x->rs.body);
}

static const char *call(struct wire_exchange *x, const char *method, const char *type,
                        const char *id)
{
    char rq[512];

    assert_true(str_format(rq, sizeof(rq), "<%s" NS "<_this type=\"%s\">%s</_this></%s>",
                           method, type, id, method));
    return wire_soap(x, rq);
}

static void make_view(struct wire_exchange *x, char *view, size_t size)
{
    wire_between(wire_soap(x, "<CreateContainerView" NS
                              "<_this type=\"ViewManager\">ViewManager</_this>"
                              "<container type=\"Folder\">ha-folder-root</container>"
                              "<type>VirtualMachine</type><type>HostSystem</type>"
                              "<recursive>true</recursive></CreateContainerView>"),
                 "<returnval type=\"ContainerView\">", "<", view, size);
}

/* Each row's object says the part when it is asked for all it has. */
static void whole_objects(void **state)
{
    struct wire_exchange *x = *state;
    char view[128], filter[128], task[128];
    const struct {
        const char *what, *type, *id, *says;
    } rows[] = {
        /* clang-format off */
        {"the clock", "ServiceInstance", "ServiceInstance", "<name>serverClock</name><val xsi:type=\"xsd:dateTime\">2"},
        {"what it is", "ServiceInstance", "ServiceInstance", "<fullName>VMware ESXi"},
        {"our session", "SessionManager", "ha-sessionmgr", "<userName>rushhour</userName>"},
        {"its language", "SessionManager", "ha-sessionmgr", "<name>defaultLocale</name><val xsi:type=\"xsd:string\">en<"},
        {"the data center's folders", "Datacenter", "ha-datacenter", "<name>networkFolder</name><val type=\"Folder\" xsi:type=\"ManagedObjectReference\">ha-folder-network<"},
        {"a folder's kinds", "Folder", "ha-folder-host", "<string>ComputeResource</string>"},
        {"what hangs in it", "Folder", "ha-folder-host", ">ha-compute-res<"},
        {"the compute resource", "ComputeResource", "ha-compute-res", "<numEffectiveHosts>1</numEffectiveHosts>"},
        {"its pool", "ComputeResource", "ha-compute-res", ">ha-root-pool<"},
        {"the pool's owner", "ResourcePool", "ha-root-pool", "<name>owner</name><val type=\"ComputeResource\""},
        {"the host's memory", "HostSystem", "ha-host", "<memorySize>"},
        {"the host's product", "HostSystem", "ha-host", "<productLineId>embeddedEsx</productLineId>"},
        {"the host's port", "HostSystem", "ha-host", "<port>443</port>"},
        {"a VM's tools", "VirtualMachine", x->w->vms[0].id, "<toolsVersion>12352</toolsVersion>"},
        {"a VM's guest", "VirtualMachine", x->w->vms[0].id, "<guestState>running</guestState>"},
        {"a VM's path", "VirtualMachine", x->w->vms[0].id, "<vmPathName>[datastore1] "},
        {"all counters", "PerformanceManager", "ha-perfmgr", "<name>perfCounter</name>"},
        {"how many collectors", "TaskManager", "ha-taskmgr", "<name>maxCollector</name><val xsi:type=\"xsd:int\">32<"},
        {"the newest task", "TaskManager", "ha-taskmgr", task},
        {"the task itself", "Task", task, "<descriptionId>VirtualMachine.suspend</descriptionId>"},
        {"our views", "ViewManager", "ViewManager", view},
        {"a view's kinds", "ContainerView", view, "<string>HostSystem</string>"},
        {"a view's container", "ContainerView", view, ">ha-folder-root<"},
        {"our filters", "PropertyCollector", "ha-property-collector", filter},
        {"a filter", "PropertyFilter", filter, "<name>partialUpdates</name><val xsi:type=\"xsd:boolean\">false<"},
        {"nothing to tell", "SearchIndex", "ha-searchindex", "<obj type=\"SearchIndex\">"},
        /* clang-format on */
    };

    make_view(x, view, sizeof(view));
    wire_between(
        wire_soap(x, "<CreateFilter" NS PC
                     "<spec><propSet><type>Folder</type><pathSet>name</pathSet></propSet>"
                     "<objectSet><obj type=\"Folder\">ha-folder-root</obj></objectSet>"
                     "</spec><partialUpdates>false</partialUpdates></CreateFilter>"),
        "<returnval type=\"PropertyFilter\">", "<", filter, sizeof(filter));
    wire_between(call(x, "SuspendVM_Task", "VirtualMachine", x->w->vms[1].id),
                 "<returnval type=\"Task\">", "<", task, sizeof(task));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *body = read_all(x, rows[i].type, rows[i].id);

        if (strstr(body, rows[i].says) == NULL)
            fail_msg("%s: no \"%s\" in %s", rows[i].what, rows[i].says, body);
    }
}

static void counters(void **state)
{
    struct wire_exchange *x = *state;
    const char *body =
        wire_soap(x, "<QueryPerfCounter" NS PERF "<counterId>11</counterId>"
                     "<counterId>27</counterId></QueryPerfCounter>");

    assert_non_null(strstr(body, "<key>ready</key>"));
    assert_non_null(strstr(body, "<key>costop</key>"));
    assert_int_equal(wire_count(body, "<returnval>"), 2);
    static const char *const none[] = {"4711", "-3", "ready"};

    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        char rq[256];

        assert_true(str_format(rq, sizeof(rq),
                               "<QueryPerfCounter" NS PERF "<counterId>%s</counterId>"
                               "</QueryPerfCounter>",
                               none[i]));
        assert_row(none[i], strstr(wire_soap(x, rq), FAULT("InvalidArgument")) != NULL);
    }
}

/* The metrics that an object has now: none when it is off, no co-stop of a host. */
static void metrics(void **state)
{
    struct wire_exchange *x = *state;
    char vm[256];

    assert_true(str_format(vm, sizeof(vm),
                           "<QueryAvailablePerfMetric" NS PERF
                           "<entity type=\"VirtualMachine\">%s</entity>"
                           "</QueryAvailablePerfMetric>",
                           x->w->vms[0].id));
    assert_int_equal(wire_count(wire_soap(x, vm), "<counterId>"), 6);
    assert_int_equal(
        wire_count(wire_soap(x, "<QueryAvailablePerfMetric" NS PERF
                                "<entity type=\"HostSystem\">ha-host</entity>"
                                "</QueryAvailablePerfMetric>"),
                   "<counterId>"),
        5);
    (void)call(x, "PowerOffVM_Task", "VirtualMachine", x->w->vms[0].id);
    wire_exchange_later(x, 60000);
    assert_int_equal(wire_count(wire_soap(x, vm), "<counterId>"), 0);
    assert_non_null(strstr(wire_soap(x, "<QueryAvailablePerfMetric" NS PERF
                                        "<entity type=\"Folder\">gone</entity>"
                                        "</QueryAvailablePerfMetric>"),
                           FAULT("ManagedObjectNotFound")));
}

/* As CSV, of each instance there is; only of the time that was asked for. */
static void series(void **state)
{
    struct wire_exchange *x = *state;
    static const struct {
        const char *what, *times;
        size_t values;
    } rows[] = {
        {"any time", "", 1},
        {"since yesterday", "<startTime>2000-01-01T00:00:00Z</startTime>", 1},
        {"from tomorrow on", "<startTime>2100-01-01T00:00:00Z</startTime>", 0},
        {"until long ago", "<endTime>2000-01-01T00:00:00Z</endTime>", 0},
        {"a time that is none", "<endTime>yesterday</endTime>", 1},
    };
    char rq[1024];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *body;

        assert_true(str_format(
            rq, sizeof(rq),
            "<QueryPerf" NS PERF "<querySpec><entity type=\"VirtualMachine\">%s</entity>"
            "%s<metricId><counterId>5</counterId><instance>*</instance></metricId>"
            "<intervalId>20</intervalId><format>csv</format></querySpec></QueryPerf>",
            x->w->vms[0].id, rows[i].times));
        body = wire_soap(x, rq);
        assert_non_null(strstr(body, "xsi:type=\"PerfEntityMetricCSV\""));
        assert_non_null(strstr(body, "<instance></instance>"));
        assert_row(rows[i].what,
                   wire_count(body, "<sampleInfoCSV>20,") == rows[i].values);
        assert_row(rows[i].what, wire_count(body, "</id><value>") == rows[i].values);
    }
}

static const char *power_of(struct wire_exchange *x, size_t vm)
{
    static char power[32];

    wire_between(read_all(x, "VirtualMachine", x->w->vms[vm].id), "<powerState>", "<",
                 power, sizeof(power));
    return power;
}

/* A suspended VM can be switched on; one that was reset boots again. */
static void suspend_and_reset(void **state)
{
    struct wire_exchange *x = *state;
    const struct sim_vm *vm = &x->w->vms[0];
    uint32_t life = vm->life;

    (void)call(x, "SuspendVM_Task", "VirtualMachine", vm->id);
    assert_int_equal(x->rs.status, 200);
    wire_exchange_later(x, 120000);
    assert_string_equal(power_of(x, 0), "suspended");
    assert_non_null(strstr(call(x, "ResetVM_Task", "VirtualMachine", vm->id),
                           FAULT("InvalidPowerState")));
    (void)call(x, "PowerOnVM_Task", "VirtualMachine", vm->id);
    wire_exchange_later(x, 600000);
    assert_string_equal(power_of(x, 0), "poweredOn");
    assert_true(vm->life != life);
    life = vm->life;
    (void)call(x, "ResetVM_Task", "VirtualMachine", vm->id);
    assert_int_equal(x->rs.status, 200);
    wire_exchange_later(x, 600000);
    assert_string_equal(power_of(x, 0), "poweredOn");
    assert_true(vm->life != life);
    assert_int_equal(vm->guest, SIM_GUEST_UP);
}

/* The guest boots anew and its node is gone meanwhile; without tools nobody hears. */
static void reboots(void **state)
{
    struct wire_exchange *x = *state;
    struct sim_vm *vm = &x->w->vms[0];
    uint32_t life = vm->life;

    (void)call(x, "RebootGuest", "VirtualMachine", vm->id);
    assert_int_equal(x->rs.status, 200);
    wire_exchange_later(x, 600000);
    assert_true(vm->life != life);
    assert_int_equal(vm->guest, SIM_GUEST_UP);
    assert_string_equal(power_of(x, 0), "poweredOn");
    (void)call(x, "PowerOffVM_Task", "VirtualMachine", vm->id);
    wire_exchange_later(x, 60000);
    assert_non_null(strstr(call(x, "RebootGuest", "VirtualMachine", vm->id),
                           FAULT("InvalidPowerState")));
    vm->connected = false;
    assert_non_null(
        strstr(call(x, "RebootGuest", "VirtualMachine", vm->id), FAULT("InvalidState")));
    assert_non_null(strstr(call(x, "ShutdownGuest", "VirtualMachine", vm->id),
                           FAULT("InvalidState")));
    assert_non_null(strstr(call(x, "PowerOnVM_Task", "VirtualMachine", vm->id),
                           FAULT("InvalidState")));
}

static const char *find_by_uuid(struct wire_exchange *x, const char *uuid,
                                const char *vms)
{
    char rq[512];

    assert_true(str_format(rq, sizeof(rq),
                           "<FindByUuid" NS
                           "<_this type=\"SearchIndex\">ha-searchindex</_this><uuid>%s"
                           "</uuid><vmSearch>%s</vmSearch></FindByUuid>",
                           uuid, vms));
    return wire_soap(x, rq);
}

static void hosts_by_uuid(void **state)
{
    struct wire_exchange *x = *state;

    assert_non_null(strstr(find_by_uuid(x, x->w->host.uuid, "false"), ">ha-host<"));
    assert_null(strstr(find_by_uuid(x, x->w->vms[0].uuid, "false"), "<returnval"));
    assert_null(strstr(find_by_uuid(x, x->w->host.uuid, "true"), "<returnval"));
    assert_non_null(strstr(find_by_uuid(x, x->w->vms[0].uuid, "true"), x->w->vms[0].id));
}

/* Ended by who made them, they are gone; what was never there cannot be. */
static void ends(void **state)
{
    struct wire_exchange *x = *state;
    char view[128], token[64], rq[512];

    make_view(x, view, sizeof(view));
    (void)call(x, "DestroyView", "ContainerView", view);
    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(call(x, "DestroyView", "ContainerView", view),
                           FAULT("ManagedObjectNotFound")));
    assert_non_null(
        strstr(wire_soap(x, "<CreateContainerView" NS
                            "<_this type=\"ViewManager\">ViewManager</_this>"
                            "<container type=\"Folder\">ha-folder-root</container>"
                            "<type>Nonsense</type></CreateContainerView>"),
               FAULT("InvalidArgument")));
    /* The rest of a list that nobody wants any more. */
    make_view(x, view, sizeof(view));
    assert_true(str_format(
        rq, sizeof(rq),
        "<RetrievePropertiesEx" NS PC
        "<specSet><propSet><type>VirtualMachine</type><pathSet>name</pathSet></propSet>"
        "<objectSet><obj type=\"ContainerView\">%s</obj><skip>true</skip><selectSet "
        "xsi:type=\"TraversalSpec\"><type>ContainerView</type><path>view</path>"
        "</selectSet></objectSet></specSet><options><maxObjects>1</maxObjects></options>"
        "</RetrievePropertiesEx>",
        view));
    wire_between(wire_soap(x, rq), "<token>", "<", token, sizeof(token));
    assert_true(str_format(rq, sizeof(rq),
                           "<CancelRetrievePropertiesEx" NS PC "<token>%s</token>"
                           "</CancelRetrievePropertiesEx>",
                           token));
    (void)wire_soap(x, rq);
    assert_int_equal(x->rs.status, 200);
    assert_non_null(strstr(wire_soap(x, rq), FAULT("InvalidArgument")));
    assert_int_equal(x->rs.status, 500);
    assert_non_null(strstr(
        call(x, "DestroyPropertyCollector", "PropertyCollector", "ha-property-collector"),
        FAULT("NotSupported")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_objects, wire_exchange_log_in,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(counters, wire_exchange_log_in,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(metrics, wire_exchange_log_in,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(series, wire_exchange_log_in,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(suspend_and_reset, wire_exchange_log_in,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(reboots, wire_exchange_log_in,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(hosts_by_uuid, wire_exchange_log_in,
                                        wire_exchange_tear_down),
        cmocka_unit_test_setup_teardown(ends, wire_exchange_log_in,
                                        wire_exchange_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
