#include <config.h>

#include "tests/unit/table.h"

#include "core/base/attr.h"
#include "tests/contract/vsphere_site.h"

#include <string.h>

static struct observation *observe(struct site *s, enum err_code want)
{
    struct observation *o = observation_new(SOURCE_VSPHERE);
    const struct poll_hints hints = {0};
    struct err e = {0};
    enum err_code rc;

    assert_non_null(o);
    rc = vsphere_observe(s->client, &hints, o, &e);
    if (rc != want)
        print_error("%s: %s: %s\n", s->what != NULL ? s->what : "", err_code_name(rc),
                    e.text);
    assert_int_equal(rc, want);
    assert_int_equal(o->err.code, want);
    assert_null(strstr(e.text, "p&<>"));
    return o;
}

/* ----- reading ----- */

/* The first VM as vcsim writes it; the others with the prefix of real servers. */
#define P(name, value)                                                                   \
    "<propSet><name>" name "</name><val xsi:type=\"xsd:x\">" value "</val></propSet>"
/* clang-format off */
static const char vm_1[] = OBJECT("VirtualMachine", "vm-1",
    VAL("config.instanceUuid", "xsd:string", "5000-1")
    VAL("config.uuid", "xsd:string", "4200-1")
    VAL("guest.ipAddress", "xsd:string", "10.0.0.7")
    VAL("guest.toolsRunningStatus", "xsd:string", "guestToolsRunning")
    VAL("name", "xsd:string", "a%2fb%25%5c\xE2\x80\xAE")
    VAL("runtime.connectionState", "VirtualMachineConnectionState", "connected")
    VAL("runtime.powerState", "VirtualMachinePowerState", "poweredOn")
    VAL("summary.config.memorySizeMB", "xsd:int", "4096")
    VAL("summary.config.numCpu", "xsd:int", "4")
    VAL("summary.quickStats.overallCpuUsage", "xsd:int", "1234"));
static const char others[] =
    OBJECT("VirtualMachine", "vm-2",
        P("name", "b") P("runtime.powerState", "melting")
        P("runtime.question", "<id>1</id><text>moved?</text>")
        P("summary.config.numCpu", "many") P("summary.config.memorySizeMB", "-5")
        P("something.new", "x") MISSING("guest.ipAddress", "NoPermission"))
    OBJECT("Datastore", "ds-1", P("name", "no VM"))
    OBJECT("HostSystem", "ha-host",
        P("name", "esx1") P("summary.hardware.cpuMhz", "2000")
        P("summary.hardware.memorySize", "17179869184")
        P("summary.hardware.numCpuCores", "8")
        P("summary.quickStats.overallCpuUsage", "14640")
        P("summary.quickStats.overallMemoryUsage", "12616")
        P("summary.runtime.connectionState", "connected")
        P("summary.runtime.inMaintenanceMode", "true"))
    OBJECT("HostSystem", "host-2",
        P("name", "esx2") P("summary.quickStats.overallCpuUsage", "9")
        P("summary.runtime.connectionState", "notResponding"));
/* clang-format on */

static const char *inventory(char *buf, size_t size)
{
    static const char head[] =
        "<S:Envelope xmlns:S=\"s\" xmlns:xsi=\"" XSI "\" xmlns:xsd=\"d\"><S:Body>"
        "<RetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval>";
    static const char tail[] =
        "</returnval></RetrievePropertiesExResponse></S:Body></S:Envelope>";

    assert_true(str_format(buf, size, "%s%s%s%s", head, vm_1, others, tail));
    return buf;
}

static void test_inventory(void **state)
{
    struct site s;
    struct observation *o;
    const struct obs_vsphere *seen;
    char xml[8192];

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .body = inventory(xml, sizeof(xml)),
                                               .date_s = 1800000007});
    o = observe(&s, ERR_OK);
    seen = &o->as.vsphere;
    assert_int_equal(seen->n_vms, 2);
    assert_int_equal(seen->n_hosts, 2);
    assert_string_equal(seen->vms[0].id, "vm-1");
    assert_string_equal(seen->vms[0].name, "a/b%\\\xEF\xBF\xBD");
    assert_string_equal(seen->vms[0].uuid, "4200-1");
    assert_string_equal(seen->vms[0].instance_uuid, "5000-1");
    assert_string_equal(seen->vms[0].ip, "10.0.0.7");
    assert_int_equal(seen->vms[0].power, POWER_ON);
    assert_true(seen->vms[0].connected && seen->vms[0].tools_running);
    assert_false(seen->vms[0].question);
    assert_int_equal(seen->vms[0].cpus, 4);
    assert_int_equal(seen->vms[0].memory_mb, 4096);
    assert_int_equal(seen->vms[0].cpu_mhz, 1234);

    assert_int_equal(seen->vms[1].power, POWER_UNKNOWN);
    assert_true(seen->vms[1].question);
    assert_false(seen->vms[1].connected || seen->vms[1].tools_running);
    assert_int_equal(seen->vms[1].cpus, -1);
    assert_int_equal(seen->vms[1].memory_mb, -1);
    assert_int_equal(seen->vms[1].cpu_mhz, -1);
    assert_string_equal(seen->vms[1].ip, "");

    assert_string_equal(seen->hosts[0].name, "esx1");
    assert_true(seen->hosts[0].connected && seen->hosts[0].maintenance);
    assert_int_equal(seen->hosts[0].cpu_permille, 915);
    assert_int_equal(seen->hosts[0].memory_permille, 770);
    assert_false(seen->hosts[1].connected);
    assert_int_equal(seen->hosts[1].cpu_permille, -1);
    assert_int_equal(seen->hosts[1].memory_permille, -1);
    assert_true(o->skew_known);
    assert_int_equal(o->skew_s, 7);
    observation_unref(o);

    o = observe(&s, ERR_OK); /* the second poll is one call */
    observation_unref(o);
    assert_int_equal(s.script.n_requests, 6);
    site_close(&s);
}

static void test_requests_as_sent(void **state)
{
    struct site s;
    const struct script_request *r;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .body = RESULT("")});
    observation_unref(observe(&s, ERR_OK));

    r = script_request(&s.script, "<Login ", 0);
    assert_string_equal(r->url, "https://esx1.example/sdk");
    assert_string_equal(r->headers, "Content-Type: text/xml; charset=utf-8\n"
                                    "SOAPAction: \"urn:vim25/6.5\"\n"
                                    "Cookie: vmware_soap_session=\"early\"\n");
    assert_non_null(strstr(r->body,
                           "<Login xmlns=\"urn:vim25\"><_this type=\"SessionManager\">"
                           "sm-1</_this><userName>d&amp;na</userName><password>p&amp;&lt;"
                           "&gt;&quot;]]&gt;</password></Login></soapenv:Body>"));
    r = script_request(&s.script, "<CreateContainerView ", 0);
    assert_non_null(strstr(r->headers, "Cookie: vmware_soap_session=\"ab12\"\n"));
    assert_non_null(strstr(r->body, "<container type=\"Folder\">group-d1</container>"
                                    "<type>VirtualMachine</type><type>HostSystem</type>"
                                    "<recursive>true</recursive>"));
    r = script_request(&s.script, "<RetrievePropertiesEx ", 0);
    assert_non_null(
        strstr(r->body, "<_this type=\"PropertyCollector\">pc-1</_this><specSet>"
                        "<propSet><type>VirtualMachine</type><pathSet>name</pathSet>"));
    assert_non_null(strstr(
        r->body,
        "<objectSet><obj type=\"ContainerView\">session[a]view-1</obj><skip>true</skip>"
        "<selectSet xsi:type=\"TraversalSpec\"><name>v</name><type>ContainerView</type>"
        "<path>view</path><skip>false</skip></selectSet></objectSet></specSet>"
        "<options><maxObjects>500</maxObjects></options></RetrievePropertiesEx>"));
    assert_false(r->is_mutating);

    script_add(&s.script, (struct script_rule){.needle = "<Logout ",
                                               .body = SOAP("<LogoutResponse/>")});
    vsphere_logout(s.client);
    vsphere_logout(s.client); /* there is nothing to end any more */
    assert_int_equal(script_count(&s.script, "<Logout "), 1);
    assert_int_equal(script_request(&s.script, "<Logout ", 0)->timeout_ms, 120);
    site_close(&s);
}

static void test_versions(void **state)
{
    static const struct {
        const char *what, *xml, *want; /* want NULL: refused */
    } rows[] = {
        /* clang-format off */
        {"6.5 among the older ones", site_versions, "\"urn:vim25/6.5\""},
        {"6.5 is the server's own", "<namespaces><namespace><name>urn:vim25</name>"
         "<version>6.5</version></namespace></namespaces>", "\"urn:vim25/6.5\""},
        {"an older server", "<namespaces><namespace><name>urn:vim25</name>"
         "<version>6.0</version><priorVersions><version>5.5</version></priorVersions>"
         "</namespace></namespaces>", "\"urn:vim25/6.0\""},
        {"another product", "<namespaces><namespace><name>urn:other</name>"
         "<version>6.5</version></namespace></namespaces>", NULL},
        {"a version that is none", "<namespaces><namespace><name>urn:vim25</name>"
         "<version>6.0\r\nX-Evil: 1</version></namespace></namespaces>", NULL},
        {"a web page", "<html><br></html>", NULL},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        site_open(&s);
        script_add(&s.script, (struct script_rule){.needle = "vimServiceVersions",
                                                   .body = rows[i].xml});
        site_greets(&s);
        script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                                   .body = RESULT("")});
        observation_unref(observe(&s, rows[i].want != NULL ? ERR_OK : ERR_PROTOCOL));
        if (rows[i].want != NULL)
            assert_row(rows[i].what,
                       strstr(script_request(&s.script, "<Login ", 0)->headers,
                              rows[i].want) != NULL);
        else
            assert_row(rows[i].what, script_count(&s.script, "<Login ") == 0);
        site_close(&s);
    }
}

static void test_pages(void **state)
{
    struct site s;
    struct observation *o;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script,
               (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                    .body = RESULT("<token>t&amp;1</token>" VM1)});
    script_add(&s.script, (struct script_rule){.needle = "<token>t&amp;1</token>",
                                               .body = NEXT("<token>t2</token>")});
    script_add(&s.script,
               (struct script_rule){.needle = "<token>t2</token>",
                                    .body = NEXT(OBJECT("VirtualMachine", "vm-2", ""))});
    o = observe(&s, ERR_OK);
    assert_int_equal(o->as.vsphere.n_vms, 2);
    assert_string_equal(o->as.vsphere.vms[1].id, "vm-2");
    assert_int_equal(script_count(&s.script, "<ContinueRetrievePropertiesEx "), 2);
    observation_unref(o);
    site_close(&s);
}

static void test_a_lost_page_loses_the_listing(void **state)
{
    struct site s;
    struct observation *o;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .body = RESULT("<token>t1</token>" VM1)});
    script_add(&s.script,
               (struct script_rule){.needle = "<token>", .error = ERR_TIMEOUT});
    o = observe(&s, ERR_TIMEOUT);
    assert_int_equal(o->as.vsphere.n_vms, 0);
    observation_unref(o);
    site_close(&s);
}

static void test_many_vms(void **state)
{
    struct site s;
    struct observation *o;
    struct strbuf b;

    (void)state;
    site_open(&s);
    site_greets(&s);
    strbuf_init(&b, 8 << 20);
    strbuf_puts(&b, "<e:Envelope xmlns:e=\"x\"><e:Body><RetrievePropertiesExResponse>"
                    "<returnval>");
    for (int i = 0; i < 1000; i++)
        strbuf_printf(&b,
                      "<objects><obj type=\"VirtualMachine\">vm-%d</obj>" VAL(
                          "name", "xsd:string", "v%d") "</objects>",
                      i, i);
    strbuf_puts(&b, "</returnval></RetrievePropertiesExResponse></e:Body></e:Envelope>");
    assert_false(b.failed);
    script_add(&s.script,
               (struct script_rule){.needle = "<RetrievePropertiesEx ", .body = b.data});
    o = observe(&s, ERR_OK);
    assert_int_equal(o->as.vsphere.n_vms, 1000);
    assert_string_equal(o->as.vsphere.vms[999].name, "v999");
    assert_string_equal(o->as.vsphere.vms[0].id, "vm-0");
    observation_unref(o);
    strbuf_clear(&b);
    site_close(&s);
}

/* ----- what goes wrong ----- */

static void test_broken_answers(void **state)
{
    static const struct {
        const char *what;
        struct script_rule rule;
        enum err_code want;
    } rows[] = {
        /* clang-format off */
        {"timeout", {.error = ERR_TIMEOUT, .maybe_sent = true}, ERR_TIMEOUT},
        {"reset", {.error = ERR_RESET, .maybe_sent = true}, ERR_RESET},
        {"refused connection", {.error = ERR_CONNECT}, ERR_CONNECT},
        {"too big", {.error = ERR_TOO_BIG}, ERR_TOO_BIG},
        {"401", {.status = 401, .body = "<html>"}, ERR_AUTH},
        {"403", {.status = 403, .body = "<html>"}, ERR_FORBIDDEN},
        {"404 is no VM", {.status = 404, .body = "<html>"}, ERR_PROTOCOL},
        {"429", {.status = 429}, ERR_THROTTLED},
        {"503 while starting", {.status = 503, .body = "<html>503"}, ERR_SERVER},
        {"500 without XML", {.status = 500, .body = "oops"}, ERR_SERVER},
        {"500 empty", {.status = 500}, ERR_SERVER},
        {"500 with a result", {.status = 500, .body = RESULT("")}, ERR_SERVER},
        {"200 from a proxy page", {.body = "<html><body>hello</body></html>"}, ERR_PROTOCOL},
        {"200 empty", {.body = ""}, ERR_PROTOCOL},
        {"cut", {.body = "<e:Envelope xmlns:e=\"x\"><e:Body><RetrieveProp"}, ERR_PROTOCOL},
        {"the answer to another request", {.body = site_login}, ERR_PROTOCOL},
        {"an empty envelope", {.body = SOAP("")}, ERR_PROTOCOL},
        {"a document type", {.body = "<!DOCTYPE a [<!ENTITY x 'y'>]><a/>"}, ERR_PROTOCOL},
        {"a fault with status 200", {.body = FAULT("NoPermission", "")}, ERR_FORBIDDEN},
        {"no permission", {.status = 500, .body = FAULT("NoPermission",
         "<object type=\"Folder\">group-d1</object><privilegeId>System.View</privilegeId>")},
         ERR_FORBIDDEN},
        {"unknown property", {.status = 500, .body = FAULT("InvalidProperty",
         "<name>runtime.nonsense</name>")}, ERR_REFUSED},
        {"host is lost", {.status = 500, .body = FAULT("HostNotConnected", "")}, ERR_SERVER},
        {"a fault nobody knows", {.status = 500, .body = FAULT("Surprise", "")}, ERR_SERVER},
        {"fault without xsi:type", {.status = 500, .body =
         SOAP("<Fault><faultstring/><detail><InvalidPropertyFaultFault/></detail></Fault>")},
         ERR_REFUSED},
        {"fault without detail", {.status = 500, .body =
         SOAP("<Fault><faultcode>x</faultcode></Fault>")}, ERR_SERVER},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script_rule rule = rows[i].rule;
        struct observation *o;
        struct site s;

        site_open(&s);
        site_greets(&s);
        rule.needle = "<RetrievePropertiesEx ";
        script_add(&s.script, rule);
        s.what = rows[i].what;
        o = observe(&s, rows[i].want);
        assert_row(rows[i].what, o->err.text[0] != '\0');
        assert_row(rows[i].what, script_count(&s.script, "<RetrievePropertiesEx ") == 1);
        observation_unref(o);
        site_close(&s);
    }
}

static void test_permission_is_named(void **state)
{
    struct observation *o;
    struct site s;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){
                              .needle = "<RetrievePropertiesEx ",
                              .status = 500,
                              .body = FAULT("NoPermission",
                                            "<object type=\"Folder\">group-d1</object>"
                                            "<privilegeId>System.View</privilegeId>")});
    o = observe(&s, ERR_FORBIDDEN);
    assert_non_null(strstr(o->err.text, "needs System.View on group-d1"));
    observation_unref(o);
    site_close(&s);
}

/* ----- sessions ----- */

#define DEAD_VIEW                                                                        \
    FAULT("ManagedObjectNotFound", "<obj type=\"ContainerView\">session[a]view-1</obj>")
#define DEAD_COLLECTOR                                                                   \
    FAULT("ManagedObjectNotFound", "<obj type=\"PropertyCollector\">pc-1</obj>")
#define ALL_MISSING                                                                      \
    RESULT(OBJECT("VirtualMachine", "vm-1",                                              \
                  MISSING("name", "NotAuthenticated")                                    \
                      MISSING("runtime.powerState", "NotAuthenticated")))

static void test_dead_session_is_renewed_once(void **state)
{
    static const struct {
        const char *what, *needle;
        int status, times;
        const char *body;
        size_t logins, views;
    } rows[] = {
        /* clang-format off */
        {"a fault", "<RetrievePropertiesEx ", 500, 1, site_not_authenticated, 2, 2},
        {"every property is missing", "<RetrievePropertiesEx ", 200, 1, ALL_MISSING, 2, 2},
        {"the view is gone, and the session lives", "<RetrievePropertiesEx ", 500, 1,
         DEAD_VIEW, 1, 2},
        {"the view is gone again", "<RetrievePropertiesEx ", 500, 2, DEAD_VIEW, 2, 3},
        {"the collector is gone", "<RetrievePropertiesEx ", 500, 1, DEAD_COLLECTOR, 2, 2},
        {"within the pages", "<token>", 500, 1, site_not_authenticated, 2, 2},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool paged = strcmp(rows[i].needle, "<token>") == 0;
        struct observation *o;
        struct site s;

        site_open(&s);
        site_greets(&s);
        script_add(&s.script, (struct script_rule){.needle = rows[i].needle,
                                                   .times = rows[i].times,
                                                   .status = rows[i].status,
                                                   .body = rows[i].body});
        if (paged)
            script_add(&s.script,
                       (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                            .times = 1,
                                            .body = RESULT("<token>t</token>" VM1 VM1)});
        script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                                   .body = RESULT(VM1)});
        o = observe(&s, ERR_OK);
        assert_row(rows[i].what, o->as.vsphere.n_vms == 1);
        assert_row(rows[i].what, script_count(&s.script, "<Login ") == rows[i].logins);
        assert_row(rows[i].what,
                   script_count(&s.script, "<CreateContainerView ") == rows[i].views);
        /* The new login does not carry the cookie of the old session. */
        if (rows[i].logins == 2)
            assert_row(rows[i].what,
                       strstr(script_request(&s.script, "<Login ", 1)->headers, "ab12") ==
                           NULL);
        observation_unref(o);
        site_close(&s);
    }
}

static void test_server_restart(void **state)
{
    struct site s;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .times = 1,
                                               .error = ERR_CONNECT});
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .times = 1,
                                               .status = 503,
                                               .body = "<html>starting</html>"});
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .times = 1,
                                               .status = 500,
                                               .body = site_not_authenticated});
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .body = RESULT(VM1)});
    observation_unref(observe(&s, ERR_CONNECT));
    observation_unref(observe(&s, ERR_SERVER));
    assert_int_equal(script_count(&s.script, "<Login "), 1);
    observation_unref(observe(&s, ERR_OK));
    assert_int_equal(script_count(&s.script, "<Login "), 2);
    site_close(&s);
}

static void test_a_login_that_is_never_believed_does_not_loop(void **state)
{
    struct site s;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .status = 500,
                                               .body = site_not_authenticated});
    observation_unref(observe(&s, ERR_AUTH));
    assert_int_equal(script_count(&s.script, "<Login "), 2);
    observation_unref(observe(&s, ERR_AUTH));
    assert_int_equal(script_count(&s.script, "<Login "), 2);
    site_close(&s);
}

static void test_wrong_password_is_never_repeated_by_itself(void **state)
{
    struct observation *o;
    struct site s;
    size_t requests;

    (void)state;
    site_open(&s);
    script_add(&s.script, (struct script_rule){.needle = "<Login ",
                                               .times = 2,
                                               .status = 500,
                                               .body = FAULT("InvalidLogin", "")});
    site_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .body = RESULT(VM1)});
    o = observe(&s, ERR_AUTH);
    assert_non_null(strstr(o->err.text, "d&na"));
    observation_unref(o);
    requests = s.script.n_requests;
    for (int i = 0; i < 5; i++)
        observation_unref(observe(&s, ERR_AUTH));
    assert_int_equal(s.script.n_requests, requests);
    vsphere_session_forgive(s.session); /* the operator asks */
    observation_unref(observe(&s, ERR_AUTH));
    assert_int_equal(script_count(&s.script, "<Login "), 2);
    clock_fake_advance_ms(&s.now, 239999);
    observation_unref(observe(&s, ERR_AUTH));
    assert_int_equal(script_count(&s.script, "<Login "), 2);
    clock_fake_advance_ms(&s.now, 1);
    observation_unref(observe(&s, ERR_OK));
    assert_int_equal(script_count(&s.script, "<Login "), 3);
    site_close(&s);
}

static void test_no_secret_no_login(void **state)
{
    struct site s;
    struct secret *kept;

    (void)state;
    site_open(&s);
    site_greets(&s);
    kept = s.config.secret;
    s.config.secret = NULL;
    observation_unref(observe(&s, ERR_AUTH));
    assert_int_equal(script_count(&s.script, "<Login "), 0);
    s.config.secret = kept;
    site_close(&s);
}

struct racer {
    struct site *site;
    struct vsphere *client;
    enum err_code rc;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct observation *o = observation_new(SOURCE_VSPHERE);
    const struct poll_hints hints = {0};
    struct err e = {0};

    r->rc = ERR_NOMEM;
    for (int i = 0; o != NULL && i < 20; i++) {
        err_clear(&e);
        r->rc = vsphere_observe(r->client, &hints, o, &e);
    }
    observation_unref(o);
    return NULL;
}

static void test_threads_log_in_once(void **state)
{
    enum { RACERS = 4 };
    struct racer racers[RACERS];
    pthread_t threads[RACERS];
    struct err e = {0};
    struct site s;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .times = 1,
                                               .status = 500,
                                               .body = site_not_authenticated});
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .body = RESULT(VM1)});
    for (size_t i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){.site = &s};
        assert_int_equal(
            vsphere_new(s.session, &s.transport, &s.clock, &racers[i].client, &e),
            ERR_OK);
    }
    for (size_t i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    for (size_t i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(racers[i].rc, ERR_OK);
        vsphere_free(racers[i].client);
    }
    assert_int_equal(script_count(&s.script, "<Login "), 2);
    site_close(&s);
}

static const char listing_on[] = RESULT(VM1);
static const char listing_off[] =
    RESULT(OBJECT("VirtualMachine", "vm-1",
                  P("name", "tests-cache") P("runtime.powerState", "poweredOff")
                      P("runtime.connectionState", "connected")));
static const char listing_page[] = RESULT(VM1 "<token>7</token>");
static const char listing_rest[] =
    NEXT(OBJECT("VirtualMachine", "vm-2", P("name", "other")));

/* The same bytes are not read twice; a changed one, or a failure in between, is seen. */
static void test_again(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *answer; bool fails_before, same; enum power power; size_t n; } rows[] = {
        {"the same bytes",             listing_on,   false, true,  POWER_ON,  1},
        {"and again",                  listing_on,   false, true,  POWER_ON,  1},
        {"a change",                   listing_off,  false, false, POWER_OFF, 1},
        {"back, which is a change",    listing_on,   false, false, POWER_ON,  1},
        {"a failure in between",       listing_on,   true,  false, POWER_ON,  1},
        {"the same after that",        listing_on,   false, true,  POWER_ON,  1},
        {"of two pages",               listing_page, false, false, POWER_ON,  2},
        {"of two pages, read again",   listing_page, false, false, POWER_ON,  2},
        {"of one page, read again",    listing_on,   false, false, POWER_ON,  1},
    };
    /* clang-format on */
    struct observation *o, *before;
    struct site s;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script,
               (struct script_rule){.needle = "<ContinueRetrieve", .body = listing_rest});
    script_first(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                                 .times = 1,
                                                 .body = listing_on});
    before = observe(&s, ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        s.what = rows[i].what;
        if (rows[i].fails_before) {
            script_first(&s.script,
                         (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                              .times = 1,
                                              .status = 503});
            observation_unref(observe(&s, ERR_SERVER));
        }
        script_first(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                                     .times = 1,
                                                     .body = rows[i].answer});
        o = observe(&s, ERR_OK);
        assert_row(rows[i].what, (o->arena == before->arena) == rows[i].same);
        observation_unref(before);
        before = o;
        assert_row(rows[i].what, o->as.vsphere.n_vms == rows[i].n);
        assert_row(rows[i].what, o->as.vsphere.vms[0].power == rows[i].power);
        assert_row(rows[i].what, str_eq(o->as.vsphere.vms[0].name, "tests-cache"));
    }
    observation_unref(before);
    site_close(&s);
}

/* Another login does not make another listing of the same bytes. */
static void test_again_after_another_login(void **state)
{
    struct observation *o, *before;
    struct site s;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .body = listing_on});
    before = observe(&s, ERR_OK);
    script_first(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                                 .times = 1,
                                                 .status = 500,
                                                 .body = site_not_authenticated});
    o = observe(&s, ERR_OK);
    assert_int_equal(script_count(&s.script, "<Login "), 2);
    assert_true(o->arena == before->arena); /* the new session says the same */
    assert_int_equal(o->as.vsphere.n_vms, 1);
    observation_unref(before);
    observation_unref(o);
    site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inventory),
        cmocka_unit_test(test_requests_as_sent),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_a_lost_page_loses_the_listing),
        cmocka_unit_test(test_many_vms),
        cmocka_unit_test(test_broken_answers),
        cmocka_unit_test(test_permission_is_named),
        cmocka_unit_test(test_dead_session_is_renewed_once),
        cmocka_unit_test(test_server_restart),
        cmocka_unit_test(test_a_login_that_is_never_believed_does_not_loop),
        cmocka_unit_test(test_wrong_password_is_never_repeated_by_itself),
        cmocka_unit_test(test_no_secret_no_login),
        cmocka_unit_test(test_threads_log_in_once),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_again_after_another_login),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
