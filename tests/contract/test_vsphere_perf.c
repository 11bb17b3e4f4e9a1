#include <config.h>

#include "tests/unit/table.h"

#include "tests/contract/vsphere_site.h"

#include <string.h>

/* CPU ready and co-stop (vsphere-api 7) from good answers and from bad ones. */

/* clang-format off */
static const char content[] =
    SOAP("<RetrieveServiceContentResponse xmlns=\"urn:vim25\"><returnval>"
         "<rootFolder type=\"Folder\">group-d1</rootFolder>"
         "<propertyCollector type=\"PropertyCollector\">pc-1</propertyCollector>"
         "<viewManager type=\"ViewManager\">ViewManager</viewManager>"
         "<perfManager type=\"PerformanceManager\">PerfMgr</perfManager>"
         "<sessionManager type=\"SessionManager\">sm-1</sessionManager>"
         "</returnval></RetrieveServiceContentResponse>");

#define INFO(key, group, name, rollup)                                                    \
    "<PerfCounterInfo xsi:type=\"PerfCounterInfo\"><key>" key "</key><nameInfo><label>"   \
    "x</label><key>" name "</key></nameInfo><groupInfo><key>" group "</key></groupInfo>" \
    "<unitInfo><key>millisecond</key></unitInfo><rollupType>" rollup "</rollupType>"     \
    "<statsType>delta</statsType></PerfCounterInfo>"
#define COUNTERS(list)                                                                    \
    RESULT(OBJECT("PerformanceManager", "PerfMgr",                                        \
                  "<propSet><name>perfCounter</name><val>" list "</val></propSet>"))
#define READY INFO("12", "cpu", "ready", "summation")
#define COSTOP INFO("399", "cpu", "costop", "summation")

static const char counters[] = COUNTERS(
    INFO("2", "cpu", "usage", "average") INFO("7", "cpu", "ready", "maximum")
    INFO("8", "rescpu", "ready", "summation") READY COSTOP
    INFO("9", "cpu", "aNameThatIsLongerThanAnyNameOfOurs", "summation"));

#define PROP(name, value) "<propSet><name>" name "</name><val>" value "</val></propSet>"
#define VM(id, power, cpus, host)                                                         \
    OBJECT("VirtualMachine", id,                                                          \
        PROP("name", id) PROP("runtime.powerState", power) PROP("runtime.host", host)     \
        PROP("runtime.connectionState", "connected") PROP("summary.config.numCpu", cpus))
#define HOST(id, state)                                                                   \
    OBJECT("HostSystem", id,                                                              \
        PROP("name", id) PROP("summary.runtime.connectionState", state))
/* Two hosts, one of them lost, and a VM that is off. */
static const char listing[] = RESULT(
    VM("vm-1", "poweredOn", "4", "host-1") VM("vm-2", "poweredOn", "2", "host-1")
    VM("vm-3", "poweredOff", "2", "host-1") VM("vm-4", "poweredOn", "1", "host-2")
    HOST("host-1", "connected") HOST("host-2", "notResponding"));

#define AT(time, interval)                                                                \
    "<sampleInfo><timestamp>" time "</timestamp><interval>" interval "</interval>"        \
    "</sampleInfo>"
#define T1 "2026-11-23T00:28:20Z"
#define T2 "2026-11-23T00:28:40Z"
#define SERIES(id, instance, values)                                                      \
    "<value xmlns:q=\"" XSI "\" q:type=\"PerfMetricIntSeries\"><id><counterId>" id        \
    "</counterId><instance>" instance "</instance></id>" values "</value>"
#define V(v) "<value>" v "</value>"
#define ENTITY(id, inside)                                                                \
    "<returnval><entity type=\"VirtualMachine\">" id "</entity>" inside "</returnval>"
#define PERF(inside)                                                                      \
    SOAP("<QueryPerfResponse xmlns=\"urn:vim25\">" inside "</QueryPerfResponse>")
/* 1000 ms of 20 s on 4 vCPUs: 1.25 % of each (the page's example), rounded to 1.3 %. */
#define GOOD1 ENTITY("vm-1", AT(T1, "20") SERIES("12", "", V("1000")) SERIES("399", "", V("160")))
#define GOOD2 ENTITY("vm-2", AT(T1, "20") SERIES("12", "", V("8000")) SERIES("399", "", V("0")))
/* clang-format on */

static void open_site(struct site *s, const char *counters_are)
{
    site_open(s);
    script_add(&s->script, (struct script_rule){.needle = "<RetrieveServiceContent ",
                                                .body = content});
    site_greets(s);
    script_add(&s->script,
               (struct script_rule){.needle = "perfCounter", .body = counters_are});
}

static void listing_is(struct site *s, const char *xml)
{
    script_add(&s->script,
               (struct script_rule){.needle = "<RetrievePropertiesEx ", .body = xml});
}

static struct observation *observe(struct site *s)
{
    struct observation *o = observation_new(SOURCE_VSPHERE);
    const struct poll_hints hints = {0};
    struct err e = {0};

    assert_non_null(o);
    assert_row(s->what != NULL ? s->what : "",
               vsphere_observe(s->client, &hints, o, &e) == ERR_OK);
    return o;
}

static void test_good(void **state)
{
    const struct obs_vsphere *seen;
    struct observation *o;
    const char *body;
    struct site s;

    (void)state;
    open_site(&s, counters);
    listing_is(&s, listing);
    script_add(&s.script,
               (struct script_rule){.needle = "<QueryPerf ", .body = PERF(GOOD2 GOOD1)});
    o = observe(&s);
    seen = &o->as.vsphere;
    assert_string_equal(seen->load_problem, "");
    assert_string_equal(seen->vms[0].host, "host-1");
    assert_int_equal(seen->vms[0].ready_permille, 13);
    assert_int_equal(seen->vms[0].costop_permille, 2);
    assert_int_equal(seen->vms[1].ready_permille, 200);
    assert_int_equal(seen->vms[1].costop_permille, 0);
    assert_int_equal(seen->vms[2].ready_permille, -1);
    assert_int_equal(seen->vms[3].ready_permille, -1);
    /* The mean of 4 + 2 vCPUs; the other host's VM is another host's. */
    assert_int_equal(seen->hosts[0].ready_permille, (13 * 4 + 200 * 2 + 3) / 6);
    assert_int_equal(seen->hosts[0].costop_permille, 1);
    assert_int_equal(seen->hosts[1].ready_permille, -1);
    observation_unref(o);
    assert_int_equal(script_count(&s.script, "<QueryPerf "), 1);
    body = script_request(&s.script, "<QueryPerf ", 0)->body;
    assert_non_null(strstr(
        body,
        "<_this type=\"PerformanceManager\">PerfMgr</_this><querySpec><entity "
        "type=\"VirtualMachine\">vm-1</entity><maxSample>1</maxSample><metricId>"
        "<counterId>12</counterId><instance></instance></metricId><metricId><counterId>"
        "399</counterId><instance></instance></metricId><intervalId>20</intervalId>"
        "<format>normal</format></querySpec><querySpec>"));
    assert_null(strstr(body, "vm-3")); /* it is off */
    assert_false(script_request(&s.script, "<QueryPerf ", 0)->is_mutating);
    site_close(&s);
}

/* What one answer says of vm-1, with 4 vCPUs. */
static void test_samples(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *answer; int32_t ready, costop; } rows[] = {
        {"good",                        PERF(GOOD1), 13, 2},
        {"nothing",                     PERF(""), -1, -1},
        {"of a VM nobody asked for",    PERF(ENTITY("vm-9", AT(T1, "20") SERIES("12", "", V("1")))), -1, -1},
        {"series without a value",      PERF(ENTITY("vm-1", SERIES("12", "", "") SERIES("399", "", ""))), -1, -1},
        {"values without their times",  PERF(ENTITY("vm-1", SERIES("12", "", V("5")))), -1, -1},
        {"no co-stop",                  PERF(ENTITY("vm-1", AT(T1, "20") SERIES("12", "", V("800")))), 10, -1},
        {"no data is -1",               PERF(ENTITY("vm-1", AT(T1, "20") SERIES("12", "", V("-1")) SERIES("399", "", V("0")))), -1, 0},
        {"the oldest first",            PERF(ENTITY("vm-1", AT(T1, "20") AT(T2, "20") SERIES("12", "", V("800") V("1600")))), 20, -1},
        {"the newest first",            PERF(ENTITY("vm-1", AT(T2, "20") AT(T1, "20") SERIES("12", "", V("1600") V("800")))), 20, -1},
        {"fewer values than times",     PERF(ENTITY("vm-1", AT(T1, "20") AT(T2, "20") SERIES("12", "", V("800")))), -1, -1},
        {"an interval of its own",      PERF(ENTITY("vm-1", AT(T1, "300") SERIES("12", "", V("12000")))), 10, -1},
        {"an interval of nothing",      PERF(ENTITY("vm-1", AT(T1, "0") SERIES("12", "", V("0")))), -1, -1},
        {"no interval",                 PERF(ENTITY("vm-1", "<sampleInfo/>" SERIES("12", "", V("0")))), -1, -1},
        {"an interval of a day",        PERF(ENTITY("vm-1", AT(T1, "86400") SERIES("12", "", V("0")))), -1, -1},
        {"one vCPU alone is no sum",    PERF(ENTITY("vm-1", AT(T1, "20") SERIES("12", "0", V("800")) SERIES("12", "", V("1600")) SERIES("12", "1", V("8")))), 20, -1},
        {"a counter nobody asked for",  PERF(ENTITY("vm-1", AT(T1, "20") SERIES("11", "", V("800")))), -1, -1},
        {"all of the time",             PERF(ENTITY("vm-1", AT(T1, "20") SERIES("12", "", V("80000")))), 1000, -1},
        {"more than there is",          PERF(ENTITY("vm-1", AT(T1, "20") SERIES("12", "", V("80001")))), -1, -1},
        {"huge",                        PERF(ENTITY("vm-1", AT(T1, "20") SERIES("12", "", V("99999999999999999999")))), -1, -1},
        {"words",                       PERF(ENTITY("vm-1", AT("now", "soon") SERIES("twelve", "", V("much")))), -1, -1},
        {"a fraction",                  PERF(ENTITY("vm-1", AT(T1, "20") SERIES("12", "", V("1.5")))), -1, -1},
        {"as CSV, which was not asked", PERF(ENTITY("vm-1", "<sampleInfoCSV>20," T1 "</sampleInfoCSV><value><id><counterId>12</counterId><instance/></id><value>1000</value></value>")), -1, -1},
        {"the same one twice",          PERF(GOOD1 GOOD1), 13, 2},
        {"a new field",                 PERF("<note><value>3</value></note>" GOOD1), 13, 2},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct observation *o;
        struct site s;

        open_site(&s, counters);
        listing_is(&s, listing);
        script_add(&s.script,
                   (struct script_rule){.needle = "<QueryPerf ", .body = rows[i].answer});
        s.what = rows[i].what;
        o = observe(&s);
        assert_row(rows[i].what, str_eq(o->as.vsphere.load_problem, ""));
        assert_row(rows[i].what, o->as.vsphere.vms[0].ready_permille == rows[i].ready);
        assert_row(rows[i].what, o->as.vsphere.vms[0].costop_permille == rows[i].costop);
        assert_row(rows[i].what, o->as.vsphere.hosts[0].ready_permille == rows[i].ready);
        observation_unref(o);
        site_close(&s);
    }
}

/* No statistics are no reason to be blind: the listing counts, and says what is wrong. */
static void test_failures(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *counters;
        struct script_rule rule;
        const char *problem;
        size_t queries; /* of two polls */
        size_t lookups;
    } rows[] = {
        {"no counter of that name", COUNTERS(COSTOP), {0}, "no counter cpu.ready.summation", 0, 2},
        {"no counter at all", RESULT(OBJECT("PerformanceManager", "PerfMgr", MISSING("perfCounter", "NoPermission"))), {0},
         "no counter cpu.ready.summation", 0, 2},
        {"a counter without a key", COUNTERS(INFO("many", "cpu", "ready", "summation")), {0}, "no counter", 0, 2},
        {"the counters are cut", "<e:Envelope xmlns:e=\"x\"><e:Body><RetrieveProp", {0}, "vSphere RetrievePropertiesEx", 0, 2},
        {"no permission", counters, {.status = 500, .body = FAULT("NoPermission",
         "<object type=\"VirtualMachine\">vm-1</object><privilegeId>System.Read</privilegeId>")},
         "needs System.Read on vm-1", 2, 1},
        {"a VM is gone by now", counters, {.status = 500, .body = FAULT("ManagedObjectNotFound",
         "<obj type=\"VirtualMachine\">vm-2</obj>")}, "ManagedObjectNotFound", 2, 1},
        {"too many metrics for it", counters, {.status = 500, .body = FAULT("RestrictedByAdministrator", "")},
         "RestrictedByAdministrator", 2, 1},
        {"a timeout", counters, {.error = ERR_TIMEOUT, .maybe_sent = true}, "QueryPerf", 2, 1},
        {"503", counters, {.status = 503, .body = "<html>"}, "503", 2, 1},
        {"cut", counters, {.body = "<e:Envelope xmlns:e=\"x\"><e:Body><QueryPerfResponse><returnval>"}, "QueryPerf", 2, 1},
        {"cut behind good numbers", counters, {.body = "<e:Envelope xmlns:e=\"x\"><e:Body><QueryPerfResponse>" GOOD1 "<ret"}, "QueryPerf", 2, 1},
        {"an answer to another request", counters, {.body = site_login}, "another request", 2, 1},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script_rule rule = rows[i].rule;
        struct observation *o;
        struct site s;

        open_site(&s, rows[i].counters);
        listing_is(&s, listing);
        rule.needle = "<QueryPerf ";
        script_add(&s.script, rule);
        s.what = rows[i].what;
        o = observe(&s);
        assert_row(rows[i].what, o->as.vsphere.n_vms == 4);
        assert_row(rows[i].what, o->as.vsphere.vms[0].power == POWER_ON);
        assert_row(rows[i].what, o->as.vsphere.vms[0].ready_permille == -1);
        assert_row(rows[i].what, o->as.vsphere.hosts[0].ready_permille == -1);
        if (strstr(o->as.vsphere.load_problem, rows[i].problem) == NULL)
            print_error("%s: %s\n", rows[i].what, o->as.vsphere.load_problem);
        assert_row(rows[i].what,
                   strstr(o->as.vsphere.load_problem, rows[i].problem) != NULL);
        observation_unref(o);
        clock_fake_advance_ms(&s.now, 20000); /* and it is tried again */
        observation_unref(observe(&s));
        assert_row(rows[i].what,
                   script_count(&s.script, "<QueryPerf ") == rows[i].queries);
        assert_row(rows[i].what,
                   script_count(&s.script, "perfCounter") == rows[i].lookups);
        site_close(&s);
    }
}

static void test_dead_session(void **state)
{
    struct observation *o;
    struct site s;

    (void)state;
    open_site(&s, counters);
    listing_is(&s, listing);
    script_add(&s.script, (struct script_rule){.needle = "<QueryPerf ",
                                               .times = 1,
                                               .status = 500,
                                               .body = site_not_authenticated});
    script_add(&s.script,
               (struct script_rule){.needle = "<QueryPerf ", .body = PERF(GOOD1)});
    o = observe(&s);
    assert_int_equal(o->as.vsphere.vms[0].ready_permille, -1);
    observation_unref(o);
    o = observe(&s); /* another login: its ids may be others, and it is asked at once */
    assert_int_equal(script_count(&s.script, "<Login "), 2);
    assert_int_equal(script_count(&s.script, "perfCounter"), 2);
    assert_int_equal(o->as.vsphere.vms[0].ready_permille, 13);
    observation_unref(o);
    site_close(&s);
}

/* The listing stays the same, the numbers do not: a poll says what is new, and only when
 * nothing is new it is the last one again. */
static void test_again(void **state)
{
    /* clang-format off */
    static const char other[] = PERF(ENTITY("vm-1", AT(T2, "20") SERIES("12", "", V("16000"))) GOOD2);
    static const char off[] = RESULT(VM("vm-1", "poweredOff", "4", "host-1")
        VM("vm-2", "poweredOn", "2", "host-1") HOST("host-1", "connected"));
    static const struct {
        const char *what;
        int64_t later_ms;
        const char *listing, *samples;
        size_t queries;
        bool same; /* as the poll before */
        int32_t ready1, ready2, host;
    } rows[] = {
        {"the first poll",                     0, listing, PERF(GOOD1 GOOD2), 1, false,  13, 200,  75},
        {"within the same sample",          5000, listing, other,             1, true,   13, 200,  75},
        {"the next one, with other numbers",15000, listing, other,            2, false, 200, 200, 200},
        {"with the same numbers",          20000, listing, other,             3, true,  200, 200, 200},
        {"one is off, the sample is old",   5000, off,     other,             3, false,  -1, 200, 200},
        {"and the numbers are gone",       20000, off,     PERF(""),          4, false,  -1,  -1,  -1},
        {"and are back",                   20000, off,     PERF(GOOD2),       5, false,  -1, 200, 200},
        {"on again, not yet sampled",       5000, listing, PERF(GOOD1 GOOD2), 5, false,  -1, 200, 200},
        {"and sampled",                    15000, listing, PERF(GOOD1 GOOD2), 6, false,  13, 200,  75},
    };
    /* clang-format on */
    struct observation *o, *before = NULL;
    struct site s;

    (void)state;
    open_site(&s, counters);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct obs_vsphere *seen;

        script_first(&s.script, (struct script_rule){.needle = "<QueryPerf ",
                                                     .body = rows[i].samples});
        script_first(&s.script, (struct script_rule){.needle = "ContainerView\">session",
                                                     .body = rows[i].listing});
        clock_fake_advance_ms(&s.now, rows[i].later_ms);
        o = observe(&s);
        seen = &o->as.vsphere;
        assert_row(rows[i].what,
                   script_count(&s.script, "<QueryPerf ") == rows[i].queries);
        assert_row(rows[i].what,
                   (before != NULL && o->arena == before->arena) == rows[i].same);
        assert_row(rows[i].what, seen->vms[0].ready_permille == rows[i].ready1);
        assert_row(rows[i].what, seen->vms[1].ready_permille == rows[i].ready2);
        assert_row(rows[i].what, seen->hosts[0].ready_permille == rows[i].host);
        assert_row(rows[i].what, str_eq(seen->vms[1].name, "vm-2"));
        assert_row(rows[i].what, str_eq(seen->hosts[0].name, "host-1"));
        observation_unref(before);
        before = o;
    }
    assert_int_equal(script_count(&s.script, "perfCounter"), 1);
    observation_unref(before);
    site_close(&s);
}

/* As many as vCenter takes in one call; the rest in the next. */
static void test_many(void **state)
{
    enum { VMS = 70 };
    struct observation *o;
    struct strbuf xml, perf;
    struct site s;

    (void)state;
    strbuf_init(&xml, 1024 * 1024);
    strbuf_init(&perf, 1024 * 1024);
    for (int i = 0; i < VMS; i++) {
        strbuf_printf(&xml,
                      "<objects><obj type=\"VirtualMachine\">vm-%d</obj>"
                      "<propSet><name>runtime.powerState</name><val>poweredOn</val>"
                      "</propSet><propSet><name>runtime.connectionState</name><val>"
                      "connected</val></propSet><propSet><name>summary.config.numCpu"
                      "</name><val>1</val></propSet></objects>",
                      i);
        strbuf_printf(&perf,
                      "<returnval><entity>vm-%d</entity>" AT(
                          T1, "20") "<value><id><counterId>12</counterId><instance/>"
                                    "</id><value>%d</value></value></returnval>",
                      i, i * 20);
    }
    open_site(&s, counters);
    {
        struct strbuf list, answer;

        strbuf_init(&list, 1024 * 1024);
        strbuf_init(&answer, 1024 * 1024);
        strbuf_printf(&list, RESULT("%s"), strbuf_text(&xml));
        strbuf_printf(&answer, PERF("%s"), strbuf_text(&perf));
        listing_is(&s, strbuf_text(&list));
        script_add(&s.script, (struct script_rule){.needle = "<QueryPerf ",
                                                   .body = strbuf_text(&answer)});
        o = observe(&s);
        strbuf_clear(&list);
        strbuf_clear(&answer);
    }
    assert_int_equal(script_count(&s.script, "<QueryPerf "), (VMS + 31) / 32);
    for (int i = 0; i < VMS; i++)
        assert_int_equal(o->as.vsphere.vms[i].ready_permille, i);
    observation_unref(o);
    strbuf_clear(&xml);
    strbuf_clear(&perf);
    site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),     cmocka_unit_test(test_samples),
        cmocka_unit_test(test_failures), cmocka_unit_test(test_dead_session),
        cmocka_unit_test(test_again),    cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
