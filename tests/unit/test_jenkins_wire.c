#include <config.h>

#include "tests/unit/site_client.h"

#include <string.h>

#include "core/sim/jenkins_wire.h"
#include "tests/unit/table.h"

static void begin(struct site_client *c)
{
    site_client_begin(c, NULL);
    site_client_as(c, "rushhour", site_jenkins_token);
}

static void has(struct site_client *c, const char *part)
{
    if (strstr(strbuf_text(&c->rs.body), part) == NULL)
        fail_msg("no %s in %s", part, strbuf_text(&c->rs.body));
}

static void test_tree(void **state)
{
    static const struct {
        const char *what, *text;
        bool valid;
    } rows[] = {
        {"one name", "name", true},
        {"names", "a,b,c", true},
        {"nested", "computer[displayName,executors[idle,currentExecutable[url]]],mode",
         true},
        {"range", "builds[number]{0,50}", true},
        {"range of one", "builds[number]{3}", true},
        {"open ranges", "builds{,5},allBuilds{5,}", true},
        {"range inside", "jobs[builds[number]{0,1}]", true},
        {"star", "monitorData[*]", true},
        {"empty", "", false},
        {"empty name", "a,,b", false},
        {"nothing inside", "a[]", false},
        {"not closed", "a[b", false},
        {"closed too often", "a]", false},
        {"text behind", "a[b]c", false},
        {"no range", "a{}", false},
        {"range not closed", "a{1,2", false},
        {"comma at the end", "a,", false},
        {"too deep", "a[a[a[a[a[a[a[a[a[a[a[a[a[a[a[a[a[a]]]]]]]]]]]]]]]]]", false},
    };
    struct jenkins_tree tree;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].what,
                   jenkins_tree_parse(rows[i].text, &tree) == rows[i].valid);
}

static void test_tree_selects(void **state)
{
    struct site_client c;

    (void)state;
    begin(&c);
    assert_string_equal(
        site_get(&c, "/jenkins/computer/api/json?tree=totalExecutors,nonsense"),
        "{\"_class\":\"hudson.model.ComputerSet\",\"totalExecutors\":4}");
    assert_int_equal(c.rs.status, 200);
    assert_string_equal(c.rs.content_type, "application/json;charset=utf-8");
    assert_string_equal(c.rs.jenkins, "2.541.3");
    assert_string_equal(
        site_get(&c, "/jenkins/computer/api/json?tree=computer%5BdisplayName,offline%5D"
                     "%7B1,3%7D"),
        "{\"_class\":\"hudson.model.ComputerSet\",\"computer\":["
        "{\"_class\":\"hudson.slaves.SlaveComputer\",\"displayName\":\"tests-cache\","
        "\"offline\":false},"
        "{\"_class\":\"hudson.slaves.SlaveComputer\",\"displayName\":"
        "\"tests-cache-cloud\",\"offline\":true}]}");
    site_get(&c, "/jenkins/computer/api/json?tree=computer[");
    assert_int_equal(c.rs.status, 500);
    has(&c, "Malformed tree expression");
    /* Without a tree: depth 0 hides what nested objects hold. */
    site_get(&c, "/jenkins/computer/tests-cache/api/json");
    has(&c, "\"executors\":[{}]");
    has(&c, "\"assignedLabels\":[{\"name\":"); /* but the names of labels */
    has(&c, "\"absoluteRemotePath\":\"/home/jenkins\"");
    has(&c, "\"offlineCause\":null,\"offlineCauseReason\":\"\"");
    site_get(&c, "/jenkins/computer/tests-cache/api/json?depth=1");
    has(&c, "\"executors\":[{\"currentExecutable\":null,\"idle\":true,"
            "\"likelyStuck\":false,\"number\":0,\"progress\":-1}]");
    site_get(&c, "/jenkins/computer/(built-in)/api/json?tree=displayName");
    has(&c, "hudson.model.Hudson$MasterComputer");
    site_client_end(&c);
}

static void test_who_asks(void **state)
{
    struct site_client c;

    (void)state;
    begin(&c);
    site_get(&c, "/jenkins/whoAmI/api/json");
    has(&c, "\"anonymous\":false,\"authenticated\":true");
    site_client_as(&c, "rushhour", "wrong");
    site_get(&c, "/jenkins/api/json");
    assert_int_equal(c.rs.status, 401);
    assert_string_equal(c.rs.jenkins, "");
    site_client_as(&c, NULL, NULL);
    site_get(&c, "/jenkins/api/json");
    assert_int_equal(c.rs.status, 403);
    assert_string_equal(c.rs.required_permission, "hudson.model.Hudson.Read");
    site_get(&c, "/jenkins/whoAmI/api/json");
    has(&c, "\"anonymous\":true");
    site_get(&c, "/jenkins/login");
    assert_int_equal(c.rs.status, 200);
    assert_string_equal(c.rs.jenkins, "2.541.3");
    site_client_end(&c);
}

/* With a password a POST needs the crumb and the session that it belongs to. */
static void test_crumbs(void **state)
{
    static const char path[] = "/jenkins/computer/tests-cache/changeOfflineCause";
    char cookie[128], crumb[65];
    struct site_client c;
    const char *at;

    (void)state;
    begin(&c);
    site_client_as(&c, "rushhour", site_jenkins_password);
    site_post(&c, path, "offlineMessage=x");
    assert_int_equal(c.rs.status, 403);
    has(&c, "No valid crumb");
    assert_string_equal(c.rs.required_permission, "");
    at = strstr(site_get(&c, "/jenkins/crumbIssuer/api/json"), "\"crumb\":\"");
    assert_non_null(at);
    memcpy(crumb, at + 9, 64);
    crumb[64] = '\0';
    assert_true(str_copy(cookie, sizeof(cookie), c.rs.set_cookie));
    assert_true(str_starts(cookie, "JSESSIONID."));
    c.crumb = crumb;
    site_post(&c, path, "offlineMessage=x"); /* without the session */
    assert_int_equal(c.rs.status, 403);
    c.cookie = cookie;
    site_post(&c, path, "offlineMessage=x");
    assert_int_equal(c.rs.status, 302);
    /* The session wins over a token, so the token's freedom from crumbs is lost. */
    site_client_as(&c, "rushhour", site_jenkins_token);
    c.crumb = NULL;
    site_post(&c, path, "offlineMessage=x");
    assert_int_equal(c.rs.status, 403);
    c.cookie = NULL;
    site_post(&c, path, "offlineMessage=x");
    assert_int_equal(c.rs.status, 302);
    site_client_end(&c);
}

static void test_node_actions(void **state)
{
    static const char tree[] =
        "/jenkins/computer/tests-cache/api/json?tree=offline,temporarilyOffline,"
        "offlineCause%5Bdescription%5D,offlineCauseReason,absoluteRemotePath";
    struct site_client c;

    (void)state;
    begin(&c);
    site_get(&c, "/jenkins/computer/tests-cache/toggleOffline");
    assert_int_equal(c.rs.status, 405);
    site_post(&c, "/jenkins/computer/nobody/toggleOffline", "");
    assert_int_equal(c.rs.status, 404);
    site_post(&c, "/jenkins/computer/tests-cache/changeOfflineCause",
              "offlineMessage=don%27t+touch+%3Cticket+7%3E");
    assert_int_equal(c.rs.status, 302);
    assert_string_equal(c.rs.location,
                        "http://127.0.0.1:8080/jenkins/computer/tests-cache/");
    assert_string_equal(
        site_get(&c, tree),
        "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":"
        "\"/home/jenkins\",\"offline\":true,\"offlineCause\":{\"_class\":"
        "\"hudson.slaves.OfflineCause$UserCause\",\"description\":\"Disconnected by "
        "rushhour : don't touch <ticket 7>\"},\"offlineCauseReason\":\"don&#039;t touch "
        "&lt;ticket 7&gt;\",\"temporarilyOffline\":true}");
    site_post(&c, "/jenkins/computer/tests-cache/doDisconnect", "offlineMessage=bye");
    assert_int_equal(c.rs.status, 302);
    site_get(&c, tree);
    has(&c, "\"absoluteRemotePath\":null");
    has(&c, "\"temporarilyOffline\":true");
    site_client_later(&c, 75000); /* relaunched even while marked */
    site_get(&c, tree);
    has(&c, "\"absoluteRemotePath\":\"/home/jenkins\"");
    site_post(&c, "/jenkins/computer/tests-cache/launchSlaveAgent", "");
    assert_int_equal(c.rs.status, 200);
    site_post(&c, "/jenkins/computer/tests-cache/toggleOffline", "offlineMessage=undo");
    site_get(&c, tree);
    has(&c, "\"temporarilyOffline\":false");
    /* Nobody is there to be launched. */
    site_post(&c, "/jenkins/computer/tests-cache-cloud/toggleOffline", "");
    site_post(&c, "/jenkins/computer/tests-cache-cloud/launchSlaveAgent", "");
    assert_int_equal(c.rs.status, 302);
    assert_true(str_ends(c.rs.location, "/computer/tests-cache-cloud/log"));
    site_client_later(&c, 21000);
    site_get(&c, "/jenkins/computer/tests-cache-cloud/api/json");
    has(&c, "OfflineCause$LaunchFailed");
    site_get(&c, "/jenkins/computer/tests-cache/config.xml");
    assert_int_equal(c.rs.status, 403);
    assert_string_equal(c.rs.required_permission, "hudson.model.Computer.ExtendedRead");
    site_client_end(&c);
}

static void test_queue_and_builds(void **state)
{
    struct site_client c;
    char item[64], build[96], path[256];
    const char *at;

    (void)state;
    begin(&c);
    site_post(&c, "/jenkins/job/cache-functional/build", "");
    assert_int_equal(c.rs.status, 400);
    site_post(&c, "/jenkins/job/cache-smoke/buildWithParameters", "A=1");
    assert_int_equal(c.rs.status, 400);
    site_post(&c, "/jenkins/job/cache-functional/buildWithParameters",
              "SUITE=smoke&SEED=4&UNKNOWN=1");
    assert_int_equal(c.rs.status, 201);
    at = strstr(c.rs.location, "/jenkins/queue/item/");
    assert_non_null(at);
    assert_true(str_copy(item, sizeof(item), at));
    site_post(&c, "/jenkins/job/cache-functional/buildWithParameters",
              "SEED=4&SUITE=smoke");
    assert_int_equal(c.rs.status, 303); /* merged into the equal one */
    assert_true(str_ends(c.rs.location, item));
    assert_true(str_format(path, sizeof(path), "%sapi/json", item));
    site_get(&c, path);
    has(&c, "hudson.model.Queue$WaitingItem");
    has(&c, "\"params\":\"\\u000aSUITE=smoke\\u000aSEED=4\"");
    has(&c, "\"why\":\"In the quiet period. Expires in 5.0 sec\"");
    site_get(&c, "/jenkins/queue/api/json?tree=items%5Bid,task%5Bname%5D%5D");
    has(&c, "\"task\":{\"_class\":\"hudson.model.FreeStyleProject\",\"name\":"
            "\"cache-functional\"}");
    site_client_later(&c, 5000);
    site_get(&c, path);
    has(&c, "hudson.model.Queue$LeftItem");
    has(&c, "\"cancelled\":false,\"executable\":{");
    at = strstr(strstr(strbuf_text(&c.rs.body), "\"executable\""),
                "/jenkins/job/cache-functional/");
    assert_non_null(at);
    assert_true(str_format(build, sizeof(build), "%.*s", (int)strcspn(at, "\""), at));
    assert_true(str_format(path, sizeof(path), "%sapi/json", build));
    site_get(&c, path);
    has(&c, "\"building\":true,\"builtOn\":\"tests-cache\"");
    has(&c, "{\"_class\":\"hudson.model.StringParameterValue\",\"name\":\"SUITE\","
            "\"value\":\"smoke\"}");
    has(&c, "\"shortDescription\":\"Started by user rushhour\"");
    has(&c, "\"duration\":0");
    has(&c, "\"result\":null");
    site_get(&c, "/jenkins/computer/tests-cache/api/json?tree=idle,executors%5Bidle,"
                 "currentExecutable%5Burl,number%5D%5D");
    has(&c, "\"idle\":false");
    has(&c, build);
    assert_true(str_format(path, sizeof(path), "%sstop", build));
    site_post(&c, path, "");
    assert_int_equal(c.rs.status, 302);
    assert_true(str_format(path, sizeof(path), "%sapi/json", build));
    site_get(&c, path);
    has(&c, "\"result\":\"ABORTED\"");
    has(&c, "jenkins.model.InterruptedBuildAction");
    has(&c, "Aborted by rushhour");
    assert_true(str_format(path, sizeof(path), "%sapi/json", item));
    site_client_later(&c, 300000); /* the item lives 5 minutes after it left */
    site_get(&c, path);
    assert_int_equal(c.rs.status, 404);
    site_client_end(&c);
}

static void test_offline_label_is_stuck(void **state)
{
    struct site_client c;
    char path[64];
    const char *id;

    (void)state;
    begin(&c);
    site_post(&c, "/jenkins/computer/tests-cache/changeOfflineCause", "offlineMessage=x");
    site_post(&c, "/jenkins/job/cache-smoke/build", "");
    assert_int_equal(c.rs.status, 201);
    id = strstr(c.rs.location, "/item/") + 6;
    assert_true(str_format(path, sizeof(path), "/jenkins/queue/cancelItem?id=%.*s",
                           (int)strcspn(id, "/"), id));
    site_client_later(&c, 6000);
    site_get(&c, "/jenkins/queue/api/json?tree=items%5Bstuck,why%5D");
    has(&c, "\"stuck\":true,\"why\":\"All nodes of label ‘cache’ are offline\"");
    site_post(&c, path, "");
    assert_int_equal(c.rs.status, 204);
    site_post(&c, path, "");
    assert_int_equal(c.rs.status, 404);
    site_get(&c, "/jenkins/job/cache-functional/api/json?tree=property%5B"
                 "parameterDefinitions%5Bname,type%5D%5D");
    has(&c, "\"name\":\"SUITE\",\"type\":\"StringParameterDefinition\"");
    site_client_later(&c, 3 * 3600000);
    site_get(&c,
             "/jenkins/job/write-back-smoke/api/json?tree=builds%5Bnumber%5D%7B0,2%7D");
    has(&c, "},{"); /* two of them */
    assert_null(strstr(strstr(strbuf_text(&c.rs.body), "},{") + 3, "},{"));
    site_client_end(&c);
}

/* What the history of builds is asked for: a freestyle job tells its node, a Pipeline
 * does not. */
static void test_history(void **state)
{
#define HISTORY                                                                          \
    "/api/json?tree=url,builds%5Bnumber,building,result,timestamp,duration,builtOn%5D"   \
    "%7B0,50%7D"
    struct site_client c;

    (void)state;
    begin(&c);
    site_post(&c, "/jenkins/job/cache-smoke/build", "");
    site_client_later(&c, 3600000);
    site_post(&c, "/jenkins/job/cache-regression/buildWithParameters", "SEED=1");
    site_client_later(&c, 6000);
    for (int hour = 0; hour < 24; hour++)
        site_client_later(&c, 3600000);
    site_get(&c, "/jenkins/job/cache-smoke" HISTORY);
    has(&c, "{\"_class\":\"hudson.model.FreeStyleProject\",\"builds\":[{\"_class\":"
            "\"hudson.model.FreeStyleBuild\",\"building\":");
    has(&c, "\"building\":false,\"builtOn\":\"tests-cache\",\"duration\":");
    has(&c, "\"result\":\"SUCCESS\",\"timestamp\":");
    has(&c, "/jenkins/job/cache-smoke/\"}");
    site_get(&c, "/jenkins/job/cache-regression" HISTORY);
    has(&c, "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowJob\",\"builds\":"
            "[{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowRun\","
            "\"building\":false,\"duration\":");
    assert_null(strstr(strbuf_text(&c.rs.body), "builtOn"));
    site_client_end(&c);
#undef HISTORY
}

/* Pages that people open, and doors that are closed to rushhour's account. */
static void test_pages(void **state)
{
    static const struct {
        const char *what, *method, *path;
        int status;
        const char *says;
    } rows[] = {
        {"the dashboard", "GET", "/jenkins/", 200, "<h1>Dashboard</h1>"},
        {"a node", "GET", "/jenkins/computer/tests-cache/", 200, "<h1>tests-cache</h1>"},
        {"its log", "GET", "/jenkins/computer/tests-cache/log", 200, "tests-cache"},
        {"the built-in node", "GET", "/jenkins/computer/(master)/", 200, "Built-In Node"},
        {"a node's configuration", "GET", "/jenkins/computer/tests-cache/config.xml", 403,
         "Computer.ExtendedRead"},
        {"another one for it", "POST", "/jenkins/computer/tests-cache/config.xml", 403,
         "Computer.Configure"},
        {"an end of it", "POST", "/jenkins/computer/tests-cache/doDelete", 403,
         "Computer.Delete"},
        {"an end of it, by GET", "GET", "/jenkins/computer/tests-cache/doDelete", 405,
         ""},
        {"nothing of a node", "GET", "/jenkins/computer/tests-cache/nothing", 404, ""},
        {"a job", "GET", "/jenkins/job/cache-smoke/", 200, "<h1>cache-smoke</h1>"},
        {"a job's configuration", "GET", "/jenkins/job/cache-smoke/config.xml", 403,
         "Item.ExtendedRead"},
        {"no job", "GET", "/jenkins/job/nobody/", 404, ""},
        {"no build", "GET", "/jenkins/job/cache-smoke/4711/", 404, ""},
        {"a build that is none", "GET", "/jenkins/job/cache-smoke/one/", 404, ""},
        {"the last build", "GET", "/jenkins/job/cache-smoke/lastBuild/", 200,
         "<h1>cache-smoke</h1>"},
        {"its console", "GET", "/jenkins/job/cache-smoke/lastBuild/consoleText", 200,
         "Building remotely on tests-cache"},
        {"nothing of it", "GET", "/jenkins/job/cache-smoke/lastBuild/nothing", 404, ""},
        {"a cancel by GET", "GET", "/jenkins/queue/cancelItem?id=1", 405, ""},
        {"us", "GET", "/jenkins/me/api/json", 200, "\"id\":\"rushhour\""},
        {"nothing", "GET", "/jenkins/nothing", 404, ""},
        {"beside it", "GET", "/jenkins", 404, ""},
        {"too deep", "GET", "/jenkins/a/b/c/d/e/f/g/h/i/j/k/l", 404, ""},
        {"monitors", "GET", "/jenkins/computer/(built-in)/api/json", 200,
         "\"monitorData\":{"},
    };
    struct site_client c;

    (void)state;
    begin(&c);
    site_post(&c, "/jenkins/job/cache-smoke/build", "");
    site_client_later(&c, 60000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *body = site_ask(&c, rows[i].method, rows[i].path, "");

        if (c.rs.status != rows[i].status ||
            (strstr(body, rows[i].says) == NULL &&
             strstr(c.rs.required_permission, rows[i].says) == NULL))
            fail_msg("%s: %ld %s", rows[i].what, (long)c.rs.status, body);
    }
    site_client_end(&c);
}

/* Its machine goes while it builds: the console ends as it does then. */
static void test_lost_console(void **state)
{
    struct site_client c;

    (void)state;
    begin(&c);
    site_post(&c, "/jenkins/job/cache-smoke/build", "");
    site_client_later(&c, 10000);
    site_get(&c, "/jenkins/job/cache-smoke/lastBuild/consoleText");
    assert_null(strstr(strbuf_text(&c.rs.body), "FATAL"));
    site_post(&c, "/control/vm", "{\"server\":\"cache\",\"power\":\"off\"}");
    assert_int_equal(c.rs.status, 200);
    site_client_later(&c, 3600000);
    site_get(&c, "/jenkins/job/cache-smoke/lastBuild/consoleText");
    has(&c, "FATAL: command execution failed");
    site_client_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_tree_selects),
        cmocka_unit_test(test_who_asks),
        cmocka_unit_test(test_crumbs),
        cmocka_unit_test(test_node_actions),
        cmocka_unit_test(test_queue_and_builds),
        cmocka_unit_test(test_offline_label_is_stuck),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_lost_console),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
