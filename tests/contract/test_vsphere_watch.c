#include <config.h>

#include "tests/unit/table.h"

#include "core/api/vsphere_watch.h"
#include "tests/contract/vsphere_site.h"

#include <string.h>

/* ----- what the answers to a wait mean ----- */

#define COLLECTOR                                                                        \
    SOAP("<CreatePropertyCollectorResponse xmlns=\"urn:vim25\"><returnval "              \
         "type=\"PropertyCollector\">session[a]pc-9</returnval>"                         \
         "</CreatePropertyCollectorResponse>")
#define FILTER                                                                           \
    SOAP("<CreateFilterResponse xmlns=\"urn:vim25\"><returnval "                         \
         "type=\"PropertyFilter\">session[a]f-1</returnval></CreateFilterResponse>")
#define UPDATES(inside)                                                                  \
    SOAP("<WaitForUpdatesExResponse xmlns=\"urn:vim25\">" inside                         \
         "</WaitForUpdatesExResponse>")
#define SET(inside)                                                                      \
    "<filterSet><filter type=\"PropertyFilter\">f-1</filter><objectSet>"                 \
    "<kind>modify</kind><obj type=\"VirtualMachine\">vm-1</obj>" inside                  \
    "</objectSet></filterSet>"
#define POWER                                                                            \
    "<changeSet><name>runtime.powerState</name><op>assign</op><val>poweredOff</val>"     \
    "</changeSet>"

static void watch_greets(struct site *s)
{
    site_greets(s);
    script_add(&s->script, (struct script_rule){.needle = "<CreatePropertyCollector ",
                                                .body = COLLECTOR});
    script_add(&s->script,
               (struct script_rule){.needle = "<CreateFilter ", .body = FILTER});
}

/* One wait, asked and answered. */
static enum err_code wait_once(struct site *s, enum vsphere_news *news, struct err *e)
{
    struct http_request rq;
    struct http_response rs;
    enum err_code rc;

    http_response_init(&rs);
    assert_int_equal(vsphere_watch_ask(s->client, &rq, e), ERR_OK);
    assert_int_equal(rq.timeout_ms, 90000);
    rc = transport_perform(&s->transport, &rq, &rs, e);
    rc = vsphere_watch_take(s->client, rc, &rs, news, e);
    http_response_clear(&rs);
    return rc;
}

static const struct {
    const char *what;
    struct script_rule answer;
    enum err_code want;
    enum vsphere_news news;
    bool lost; /* so that the next use logs in again */
} answers[] = {
    /* clang-format off */
    {"nothing within the time", {.body = UPDATES("")}, ERR_OK, VSPHERE_QUIET, false},
    {"an update", {.body = UPDATES("<returnval><version>2</version>" SET(POWER) "</returnval>")},
     ERR_OK, VSPHERE_NEWS, false},
    {"a part of one", {.body = UPDATES("<returnval><version>2</version>" SET(POWER)
     "<truncated>true</truncated></returnval>")}, ERR_OK, VSPHERE_MORE, false},
    {"a set with nothing in it", {.body = UPDATES("<returnval><version>2</version></returnval>")},
     ERR_OK, VSPHERE_QUIET, false},
    {"no version", {.body = UPDATES("<returnval>" SET(POWER) "</returnval>")},
     ERR_PROTOCOL, VSPHERE_QUIET, false},
    {"nobody is logged in", {.status = 500, .body = site_not_authenticated},
     ERR_AUTH, VSPHERE_QUIET, true},
    {"nor for any property", {.body = UPDATES("<returnval><version>2</version>" SET(
     MISSING("name", "NotAuthenticated")) "</returnval>")}, ERR_AUTH, VSPHERE_QUIET, true},
    {"an old version", {.status = 500, .body = FAULT("InvalidCollectorVersion", "")},
     ERR_SERVER, VSPHERE_QUIET, false},
    {"it was canceled", {.status = 500, .body = FAULT("RequestCanceled", "")},
     ERR_SERVER, VSPHERE_QUIET, false},
    {"the collector is gone", {.status = 500, .body = FAULT("ManagedObjectNotFound",
     "<obj type=\"PropertyCollector\">session[a]pc-9</obj>")}, ERR_NOT_FOUND, VSPHERE_QUIET, false},
    {"the server starts", {.status = 503, .body = "starting"}, ERR_SERVER, VSPHERE_QUIET, false},
    {"a login page", {.body = "<html><body>Sign in</body></html>"},
     ERR_PROTOCOL, VSPHERE_QUIET, false},
    {"it was cut", {.error = ERR_RESET, .maybe_sent = true}, ERR_RESET, VSPHERE_QUIET, false},
    {"it timed out", {.error = ERR_TIMEOUT, .maybe_sent = true}, ERR_TIMEOUT, VSPHERE_QUIET, false},
    /* clang-format on */
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct site s;
        struct script_rule rule = answers[i].answer;
        enum vsphere_news news = VSPHERE_QUIET;
        struct err e = {0};
        enum err_code rc;

        site_open(&s);
        watch_greets(&s);
        rule.needle = "<WaitForUpdatesEx ";
        script_add(&s.script, rule);
        assert_int_equal(vsphere_watch_open(s.client, &e), ERR_OK);
        assert_true(vsphere_watch_is_open(s.client));
        rc = wait_once(&s, &news, &e);
        if (rc != answers[i].want || news != answers[i].news)
            fail_msg("%s: %s, news %d: %s", answers[i].what, err_code_name(rc), (int)news,
                     e.text);
        assert_int_equal(vsphere_watch_is_open(s.client), rc == ERR_OK);
        err_clear(&e);
        assert_int_equal(vsphere_watch_open(s.client, &e), ERR_OK);
        if (script_count(&s.script, "<Login ") != (answers[i].lost ? 2 : 1))
            fail_msg("%s: %zu logins", answers[i].what,
                     script_count(&s.script, "<Login "));
        /* A session that lives on keeps no old collectors. */
        assert_int_equal(script_count(&s.script, "<DestroyPropertyCollector "),
                         answers[i].lost ? 0 : 1);
        site_close(&s);
    }
}

/* Every wait names the version that came last; parts are asked for until all are told. */
static void test_versions(void **state)
{
    struct site s;
    enum vsphere_news news = VSPHERE_QUIET;
    struct err e = {0};
    static const char *const want[] = {"<version></version>", "<version>7</version>",
                                       "<version>8</version>", "<version>8</version>"};

    (void)state;
    site_open(&s);
    watch_greets(&s);
    script_add(&s.script, (struct script_rule){
                              .needle = "<version></version>",
                              .body = UPDATES("<returnval><version>7</version>" SET(
                                  POWER) "<truncated>true</truncated></returnval>")});
    script_add(&s.script, (struct script_rule){
                              .needle = "<version>7</version>",
                              .body = UPDATES("<returnval><version>8</version>"
                                              "<truncated>0</truncated></returnval>")});
    script_add(&s.script, (struct script_rule){.needle = "<version>8</version>",
                                               .body = UPDATES("")});
    assert_int_equal(vsphere_watch_open(s.client, &e), ERR_OK);
    assert_int_equal(wait_once(&s, &news, &e), ERR_OK);
    assert_int_equal(news, VSPHERE_MORE);
    assert_int_equal(wait_once(&s, &news, &e), ERR_OK);
    assert_int_equal(news, VSPHERE_NEWS); /* of the part before */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wait_once(&s, &news, &e), ERR_OK);
        assert_int_equal(news, VSPHERE_QUIET);
    }
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        assert_non_null(
            strstr(script_request(&s.script, "<WaitForUpdatesEx ", i)->body, want[i]));
    assert_null(
        strstr(script_request(&s.script, "<CreateFilter ", 0)->body, "quickStats"));
    site_close(&s);
}

/* A listing that came again is not read again; the answer to the wait is. */
static void test_after_the_same_listing(void **state)
{
    struct site s;
    enum vsphere_news news = VSPHERE_QUIET;
    struct err e = {0};

    (void)state;
    site_open(&s);
    watch_greets(&s);
    script_add(&s.script, (struct script_rule){.needle = "<RetrievePropertiesEx ",
                                               .body = RESULT(VM1)});
    script_add(&s.script,
               (struct script_rule){.needle = "<WaitForUpdatesEx ",
                                    .body = UPDATES("<returnval><version>2</version>" SET(
                                        POWER) "</returnval>")});
    assert_false(vsphere_has_listing(s.client));
    for (int i = 0; i < 2; i++) {
        struct observation *o = observation_new(SOURCE_VSPHERE);
        const struct poll_hints hints = {0};

        assert_non_null(o);
        assert_int_equal(vsphere_observe(s.client, &hints, o, &e), ERR_OK);
        observation_unref(o);
    }
    assert_true(vsphere_has_listing(s.client));
    assert_int_equal(vsphere_watch_open(s.client, &e), ERR_OK);
    assert_int_equal(wait_once(&s, &news, &e), ERR_OK);
    assert_int_equal(news, VSPHERE_NEWS);
    site_close(&s);
}

static const struct {
    const char *what, *method, *body;
    int status;
    enum err_code want;
} refusals[] = {
    /* clang-format off */
    {"no permission", "<CreateFilter ", FAULT("NoPermission",
     "<privilegeId>System.Read</privilegeId>"), 500, ERR_FORBIDDEN},
    {"no reference", "<CreatePropertyCollector ",
     SOAP("<CreatePropertyCollectorResponse xmlns=\"urn:vim25\"/>"), 200, ERR_PROTOCOL},
    {"no such method", "<CreatePropertyCollector ", FAULT("MethodNotFound", ""), 500,
     ERR_REFUSED},
    /* clang-format on */
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        struct site s;
        struct err e = {0};
        enum err_code rc;

        site_open(&s);
        script_add(&s.script, (struct script_rule){.needle = refusals[i].method,
                                                   .body = refusals[i].body,
                                                   .status = refusals[i].status});
        watch_greets(&s);
        rc = vsphere_watch_open(s.client, &e);
        if (rc != refusals[i].want)
            fail_msg("%s: %s: %s", refusals[i].what, err_code_name(rc), e.text);
        assert_false(vsphere_watch_is_open(s.client));
        site_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_after_the_same_listing),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
