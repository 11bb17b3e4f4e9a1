/*
 * Our client against the answers of Jenkins as it was and is: 1.651 (2016), 2.60 (2017),
 * 2.190 (2019) and 2.541 (2026). The shapes are those of its sources, the values
 * invented.
 */
#include <config.h>

#include "tests/contract/jenkins_site.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

#define IDLE                                                                             \
    "{\"currentExecutable\":null,\"idle\":true,\"likelyStuck\":false,\"number\":0,"      \
    "\"progress\":-1}"
#define MARK "rushhour/1 drain op=7f3a2c by=policy"

/* ----- the same site, as each version tells it ----- */

/* No class, no absoluteRemotePath; a Pipeline's part is its class alone. */
static const char v1_nodes[] =
    "{\"computer\":["
    "{\"displayName\":\"master\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,\"offline\":false,"
    "\"offlineCause\":null,\"offlineCauseReason\":\"\",\"oneOffExecutors\":[],"
    "\"temporarilyOffline\":false},"
    "{\"displayName\":\"np-1\",\"executors\":[{\"currentExecutable\":{"
    "\"estimatedDuration\":840000,"
    "\"fullDisplayName\":\"storage-full "
    "#412\",\"number\":412,\"timestamp\":1461000400000,"
    "\"url\":\"http://ci.example.test/ci/job/storage-full/412/"
    "\"},\"idle\":false,\"likelyStuck\":false,\"number\":0,"
    "\"progress\":73},{\"currentExecutable\":{},\"idle\":false,\"likelyStuck\":false,"
    "\"number\":1,\"progress\":-1}],"
    "\"idle\":false,\"launchSupported\":true,\"offline\":false,\"offlineCause\":null,"
    "\"offlineCauseReason\":\"\","
    "\"oneOffExecutors\":[],\"temporarilyOffline\":false},"
    "{\"displayName\":\"nc-1\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,\"offline\":true,"
    "\"offlineCause\":{\"description\":\"Disconnected by rushhour : " MARK
    "\"},\"offlineCauseReason\":\"" MARK "\","
    "\"oneOffExecutors\":[],\"temporarilyOffline\":true},"
    "{\"displayName\":\"nc-2\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,\"offline\":true,"
    "\"offlineCause\":{\"description\":\"Disconnected by dana : don't touch <ticket "
    "7>\"},"
    "\"offlineCauseReason\":\"don't touch <ticket "
    "7>\",\"oneOffExecutors\":[],\"temporarilyOffline\":true},"
    "{\"displayName\":\"nc-3\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,\"offline\":true,"
    "\"offlineCause\":{},\"offlineCauseReason\":\"Connection was "
    "broken\",\"oneOffExecutors\":[],"
    "\"temporarilyOffline\":false}]}";

/* From 2.0 on with classes; names and reasons as before. */
static const char v2_60_nodes[] =
    "{\"_class\":\"hudson.model.ComputerSet\",\"computer\":["
    "{\"_class\":\"hudson.model.Hudson$MasterComputer\",\"displayName\":\"master\","
    "\"executors\":[],\"idle\":false,"
    "\"launchSupported\":true,\"offline\":false,\"offlineCause\":null,"
    "\"offlineCauseReason\":\"\","
    "\"oneOffExecutors\":[{\"currentExecutable\":{\"_class\":\"org.jenkinsci.plugins."
    "workflow.job.WorkflowRun\","
    "\"estimatedDuration\":-1,\"fullDisplayName\":\"team \xC2\xBB net-pipe "
    "#88\",\"number\":88,"
    "\"timestamp\":1501000000000,\"url\":\"http://ci.example.test/ci/job/team/job/"
    "net-pipe/88/\"},\"idle\":false,"
    "\"likelyStuck\":false,\"number\":-1,\"progress\":-1}],\"temporarilyOffline\":false},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"displayName\":\"np-1\",\"executors\":["
    "{\"currentExecutable\":"
    "{\"_class\":\"org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$"
    "PlaceholderTask$"
    "PlaceholderExecutable\"},\"idle\":false,\"likelyStuck\":false,\"number\":0,"
    "\"progress\":-1}],\"idle\":false,"
    "\"launchSupported\":true,\"offline\":false,\"offlineCause\":null,"
    "\"offlineCauseReason\":\"\","
    "\"oneOffExecutors\":[],\"temporarilyOffline\":false},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"displayName\":\"nc-1\",\"executors\":"
    "[" IDLE "],\"idle\":true,"
    "\"launchSupported\":true,\"offline\":true,\"offlineCause\":{\"_class\":\"hudson."
    "slaves.OfflineCause$UserCause\","
    "\"timestamp\":1500999000000,\"description\":\"Disconnected by rushhour : " MARK
    "\"},\"offlineCauseReason\":"
    "\"" MARK "\",\"oneOffExecutors\":[],\"temporarilyOffline\":true},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"displayName\":\"nc-2\",\"executors\":"
    "[" IDLE "],\"idle\":true,"
    "\"launchSupported\":true,\"offline\":true,\"offlineCause\":{\"_class\":\"hudson."
    "node_monitors."
    "DiskSpaceMonitorDescriptor$DiskSpace\",\"timestamp\":1500999000000,\"path\":\"/home/"
    "jenkins\",\"size\":502632448},"
    "\"offlineCauseReason\":\"Disk space is too low. Only 0.479GB left on "
    "/home/jenkins.\",\"oneOffExecutors\":[],"
    "\"temporarilyOffline\":true},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"displayName\":\"nc-3\",\"executors\":"
    "[" IDLE "],\"idle\":true,"
    "\"launchSupported\":false,\"offline\":true,\"offlineCause\":null,"
    "\"offlineCauseReason\":\"\","
    "\"oneOffExecutors\":[],\"temporarilyOffline\":false}]}";

/* absoluteRemotePath tells who is connected, marked or not. */
static const char v2_190_nodes[] =
    "{\"_class\":\"hudson.model.ComputerSet\",\"computer\":["
    "{\"_class\":\"hudson.model.Hudson$MasterComputer\",\"displayName\":\"master\","
    "\"executors\":[],\"idle\":true,"
    "\"launchSupported\":true,\"offline\":false,\"offlineCause\":null,"
    "\"offlineCauseReason\":\"\","
    "\"oneOffExecutors\":[],\"temporarilyOffline\":false},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":\"/home/"
    "jenkins\",\"displayName\":\"np-1\","
    "\"executors\":[{\"currentExecutable\":{\"_class\":\"org.jenkinsci.plugins.workflow."
    "support.steps."
    "ExecutorStepExecution$PlaceholderTask$PlaceholderExecutable\",\"number\":null,"
    "\"timestamp\":null,\"url\":\"\"},"
    "\"idle\":false,\"likelyStuck\":false,\"number\":0,\"progress\":-1}],\"idle\":false,"
    "\"launchSupported\":true,"
    "\"offline\":false,\"offlineCause\":null,\"offlineCauseReason\":\"\","
    "\"oneOffExecutors\":[],"
    "\"temporarilyOffline\":false},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":\"/home/"
    "jenkins\",\"displayName\":\"nc-1\","
    "\"executors\":[" IDLE "],\"idle\":true,\"launchSupported\":true,\"offline\":true,"
    "\"offlineCause\":{\"_class\":"
    "\"hudson.slaves.OfflineCause$UserCause\",\"timestamp\":1569999000000,"
    "\"description\":\"Disconnected by rushhour : " MARK
    "\"},\"offlineCauseReason\":\"" MARK
    "\",\"oneOffExecutors\":[],\"temporarilyOffline\":true},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":null,"
    "\"displayName\":\"nc-2\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,\"offline\":true,\"offlineCause\":{\"_"
    "class\":\"hudson.slaves."
    "OfflineCause$ChannelTermination\",\"timestamp\":1569999000000},"
    "\"offlineCauseReason\":\"java.io.IOException: "
    "Unexpected termination of the channel\\n\\tat "
    "hudson.remoting.SynchronousCommandTransport\","
    "\"oneOffExecutors\":[],\"temporarilyOffline\":true},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":null,"
    "\"displayName\":\"nc-3\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,\"offline\":true,\"offlineCause\":{\"_"
    "class\":\"hudson.slaves."
    "OfflineCause$LaunchFailed\",\"timestamp\":1569999000000},\"offlineCauseReason\":"
    "\"This agent is offline because "
    "Jenkins failed to launch the agent process on "
    "it.\",\"oneOffExecutors\":[],\"temporarilyOffline\":false}]}";

/* "Built-In Node", a reason whose HTML is escaped, the build of a Pipeline's part. */
static const char v2_541_nodes[] =
    "{\"_class\":\"hudson.model.ComputerSet\",\"computer\":["
    "{\"_class\":\"hudson.model.Hudson$MasterComputer\",\"displayName\":\"Built-In "
    "Node\",\"executors\":[],"
    "\"idle\":true,\"launchSupported\":true,\"offline\":false,\"offlineCause\":null,"
    "\"offlineCauseReason\":\"\","
    "\"oneOffExecutors\":[],\"temporarilyOffline\":false},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":\"/home/"
    "jenkins\",\"displayName\":\"np-1\","
    "\"executors\":[{\"currentExecutable\":{\"_class\":\"org.jenkinsci.plugins.workflow."
    "support.steps."
    "ExecutorStepExecution$PlaceholderTask$PlaceholderExecutable\",\"estimatedDuration\":"
    "-1,\"fullDisplayName\":"
    "\"team \xC2\xBB net-pipe \xC2\xBB feature/x #88 "
    "(test)\",\"number\":88,\"timestamp\":1781000000000,\"url\":"
    "\"https://ci.example.test/ci/job/team/job/net-pipe/job/feature%252Fx/88/"
    "\"},\"idle\":false,\"likelyStuck\":false,"
    "\"number\":0,\"progress\":-1}],\"idle\":false,\"launchSupported\":true,\"offline\":"
    "false,\"offlineCause\":null,"
    "\"offlineCauseReason\":\"\",\"oneOffExecutors\":[],\"temporarilyOffline\":false},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":\"/home/"
    "jenkins\",\"displayName\":\"nc-1\","
    "\"executors\":[" IDLE "],\"idle\":true,\"launchSupported\":true,\"offline\":true,"
    "\"offlineCause\":{\"_class\":"
    "\"hudson.slaves.OfflineCause$UserCause\",\"timestamp\":1780999000000,"
    "\"description\":\"Disconnected by rushhour : " MARK
    "\"},\"offlineCauseReason\":\"" MARK
    "\",\"oneOffExecutors\":[],\"temporarilyOffline\":true},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":null,"
    "\"displayName\":\"nc-2\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,\"offline\":true,\"offlineCause\":{\"_"
    "class\":\"hudson.slaves."
    "OfflineCause$UserCause\",\"timestamp\":1781001100000,\"description\":\"Disconnected "
    "by dana : don't touch <ticket "
    "7>\"},\"offlineCauseReason\":\"don&#039;t touch &lt;ticket "
    "7&gt;\",\"oneOffExecutors\":[],"
    "\"temporarilyOffline\":true},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":null,"
    "\"displayName\":\"nc-3\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,\"offline\":true,\"offlineCause\":{\"_"
    "class\":\"hudson.slaves."
    "OfflineCause$LegacyOfflineCause\",\"timestamp\":1781001100000,\"description\":\"\"},"
    "\"offlineCauseReason\":\"\","
    "\"oneOffExecutors\":[],\"temporarilyOffline\":false}]}";

/* ----- what makes one version another one ----- */

#define ITS_URL                                                                          \
    "\"url\":\"https://ci.example.test/ci/job/team/job/net-pipe/job/feature%252Fx/\""

static const struct version {
    const char *what, *header; /* X-Jenkins */
    const char *nodes;
    const char *want[5]; /* as tell() writes them */
    const char *crumb, *crumb_header;
    bool token_needs_crumb, crumb_has_session;
    const char *builds; /* of a folder's job */
    int n_builds;
    const char *first_node; /* of the newest build; "" = none told */
} versions[] = {
    /* clang-format off */
    {"1.651.3", "1.651.3", v1_nodes,
     {"master open connected 0/0 -", "np-1 open connected 2/2 -", "nc-1 marked ? 0/0 " MARK,
      "nc-2 marked ? 0/0 don't touch <ticket 7>", "nc-3 away ? 0/0 Connection was broken"},
     "{\"crumb\":\"fb171d526b9cc9e25afe80b356e12cb7\",\"crumbRequestField\":\".crumb\"}", ".crumb", true, false,
     "{\"builds\":[{\"building\":false,\"builtOn\":\"np-1\",\"duration\":312045,\"number\":412,\"result\":\"SUCCESS\","
     "\"timestamp\":1461000400000}]," ITS_URL "}", 1, "np-1"},
    {"2.60.3", "2.60.3", v2_60_nodes,
     {"master open connected 1/1 -", "np-1 open connected 1/1 -", "nc-1 marked ? 0/0 " MARK,
      "nc-2 marked ? 0/0 Disk space is too low. Only 0.479GB left on /home/jenkins.", "nc-3 away ? 0/0 -"},
     "{\"_class\":\"hudson.security.csrf.DefaultCrumbIssuer\",\"crumb\":\"fb171d526b9cc9e25afe80b356e12cb7\","
     "\"crumbRequestField\":\"Jenkins-Crumb\"}", "Jenkins-Crumb", true, false,
     "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowJob\",\"builds\":[{\"_class\":\"org.jenkinsci.plugins."
     "workflow.job.WorkflowRun\",\"building\":false,\"duration\":611820,\"number\":88,\"result\":\"ABORTED\","
     "\"timestamp\":1501000000000}]," ITS_URL "}", 1, ""},
    {"2.190.3", "2.190.3", v2_190_nodes,
     {"master open connected 0/0 -", "np-1 open connected 1/1 -", "nc-1 marked connected 0/0 " MARK,
      "nc-2 marked gone 0/0 java.io.IOException: Unexpected termination of the channel  at "
      "hudson.remoting.SynchronousCommandTransport",
      "nc-3 away gone 0/0 This agent is offline because Jenkins failed to launch the agent process on it."},
     "{\"_class\":\"hudson.security.csrf.DefaultCrumbIssuer\",\"crumb\":\"b5d0c2f14c1c1b0f7f4d9f8e6a3b2c1d\","
     "\"crumbRequestField\":\"Jenkins-Crumb\"}", "Jenkins-Crumb", false, true,
     "{\"_class\":\"hudson.model.FreeStyleProject\",\"builds\":[{\"_class\":\"hudson.model.FreeStyleBuild\","
     "\"building\":true,\"builtOn\":\"np-1\",\"duration\":0,\"number\":3,\"result\":null,\"timestamp\":1570000000000},"
     "{\"_class\":\"hudson.model.FreeStyleBuild\",\"building\":false,\"builtOn\":\"\",\"duration\":5000,\"number\":2,"
     "\"result\":\"UNSTABLE\",\"timestamp\":1569000000000}]," ITS_URL "}", 2, "np-1"},
    {"2.541.3", "2.541.3", v2_541_nodes,
     {"Built-In Node open connected 0/0 -", "np-1 open connected 1/1 -", "nc-1 marked connected 0/0 " MARK,
      "nc-2 marked gone 0/0 don't touch <ticket 7>", "nc-3 away gone 0/0 -"},
     "{\"_class\":\"hudson.security.csrf.DefaultCrumbIssuer\",\"crumb\":"
     "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"crumbRequestField\":\"Jenkins-Crumb\"}",
     "Jenkins-Crumb", false, true,
     "{\"_class\":\"org.jenkinsci.plugins.workflow.job.WorkflowJob\",\"builds\":[]," ITS_URL "}", 0, ""},
    {"a vendor's build of 2.504", "2.504.3.28227", v2_541_nodes,
     {"Built-In Node open connected 0/0 -", "np-1 open connected 1/1 -", "nc-1 marked connected 0/0 " MARK,
      "nc-2 marked gone 0/0 don't touch <ticket 7>", "nc-3 away gone 0/0 -"},
     "{\"crumb\":\"c1\",\"crumbRequestField\":\"Jenkins-Crumb\"}", "Jenkins-Crumb", false, true,
     "{\"builds\":[]," ITS_URL "}", 0, ""},
    /* clang-format on */
};

/* ----- the client against one of them ----- */

/* The header by which a version tells itself. */
static char from[96];

static int set_up(void **state)
{
    return site_open(state, SOURCE_JENKINS);
}

/* A fresh client of a fresh server of that version. */
static void begin(struct site *f, const struct version *v, bool token)
{
    fake_server_reset(f->server);
    assert_true(str_format(from, sizeof(from), "X-Jenkins: %s\r\n", v->header));
    site_renew_client(f, token);
}

static void rule(struct site *f, const char *method, const char *path,
                 struct fake_answer a)
{
    struct fake_rule r = {.method = method, .path = path, .answers = {a}};

    if (a.headers == NULL)
        r.answers[0].headers = from;
    fake_server_add(f->server, &r);
}

/* "np-1 open connected 2/1 why": state, connection, executors at work, builds told. */
static void tell(const struct seen_node *n, char *out, size_t size)
{
    assert_true(str_format(out, size, "%s %s %s %d/%zu %s", n->name,
                           n->marked    ? "marked"
                           : n->offline ? "away"
                                        : "open",
                           !n->connected_known ? "?"
                           : n->connected      ? "connected"
                                               : "gone",
                           (int)n->busy, n->n_builds,
                           n->cause[0] != '\0' ? n->cause : "-"));
}

static void test_nodes(void **state)
{
    struct site *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        const struct version *v = &versions[i];
        struct observation *o = observation_new(SOURCE_JENKINS);
        const struct poll_hints none = {0};
        struct err e = {0};

        assert_non_null(o);
        begin(f, v, true);
        rule(f, "GET", "/ci/computer/api/json", (struct fake_answer){.body = v->nodes});
        rule(f, "GET", "/ci/api/json",
             (struct fake_answer){.body = "{\"quietingDown\":false}"});
        assert_row(v->what, jenkins_observe(f->jenkins, &none, o, &e) == ERR_OK);
        assert_row(v->what, str_eq(o->as.jenkins.version, v->header));
        assert_row(v->what, o->as.jenkins.n_nodes == ARRAY_LEN(v->want));
        for (size_t n = 0; n < ARRAY_LEN(v->want); n++) {
            char got[600];

            tell(&o->as.jenkins.nodes[n], got, sizeof(got));
            if (!str_eq(got, v->want[n]))
                print_error("got %s\n", got);
            assert_row(v->what, str_eq(got, v->want[n]));
        }
        observation_unref(o);
    }
}

static const char node_open[] = "{\"displayName\":\"np-1\",\"executors\":[" IDLE
                                "],\"idle\":true,\"launchSupported\":true,"
                                "\"offline\":false,\"offlineCause\":null,"
                                "\"offlineCauseReason\":\"\",\"oneOffExecutors\":[],"
                                "\"temporarilyOffline\":false}";
static const char node_ours[] =
    "{\"displayName\":\"np-1\",\"executors\":[" IDLE
    "],\"idle\":true,\"launchSupported\":true,"
    "\"offline\":true,\"offlineCause\":{\"description\":\"Disconnected by rushhour "
    ": " MARK "\"},\"offlineCauseReason\":\"" MARK
    "\",\"oneOffExecutors\":[],\"temporarilyOffline\":true}";

/* Closes np-1; a POST without the crumb is refused where the version wants one. */
static void close_node(struct site *f, const struct version *v, bool token,
                       struct call_result *r)
{
    const char session[] = "Set-Cookie: JSESSIONID.1a2b=s1; Path=/ci; HttpOnly\r\n";
    struct call call = {.kind = CALL_NODE_CLOSE, .target = "np-1", .marker = MARK};
    struct fake_rule reads = {.method = "GET",
                              .path = "/ci/computer/np-1/api/json",
                              .answers = {{.body = node_open, .headers = from},
                                          {.body = node_ours, .headers = from}},
                              .n_answers = 2};

    begin(f, v, token);
    reads.answers[0].headers = reads.answers[1].headers = from;
    rule(f, "GET", "/ci/crumbIssuer/api/json",
         (struct fake_answer){.body = v->crumb,
                              .headers = v->crumb_has_session ? session : NULL});
    fake_server_add(f->server, &reads);
    rule(f, "POST", "/ci/computer/np-1/changeOfflineCause",
         (struct fake_answer){.status = 302, .headers = "Location: .\r\n"});
    jenkins_act(f->jenkins, &call, r);
}

static void test_crumbs(void **state)
{
    struct site *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(versions) * 2; i++) {
        const struct version *v = &versions[i / 2];
        bool token = i % 2 == 0, needs = !token || v->token_needs_crumb;
        const struct fake_request *post;
        struct call_result r;
        char crumb[128] = "", cookie[128] = "";

        close_node(f, v, token, &r);
        assert_row(v->what, r.outcome == OUTCOME_DONE);
        assert_row(v->what, fake_server_count_of(f->server, "POST", NULL) == 1);
        assert_row(v->what, fake_server_count_of(f->server, "GET", "crumbIssuer") ==
                                (needs ? 1 : 0));
        post = fake_server_request_of(f->server, "POST", NULL, 0);
        assert_row(v->what, fake_request_header(post, v->crumb_header, crumb,
                                                sizeof(crumb)) == needs);
        assert_row(v->what, !needs || strstr(v->crumb, crumb) != NULL);
        /* The session that a crumb belongs to; a token keeps none. */
        assert_row(v->what, fake_request_header(post, "Cookie", cookie, sizeof(cookie)) ==
                                (!token && v->crumb_has_session));
        assert_row(v->what, cookie[0] == '\0' || str_eq(cookie, "JSESSIONID.1a2b=s1"));
        assert_row(v->what,
                   fake_request_header(post, "Authorization", cookie, sizeof(cookie)));
    }
}

/* Jobs in folders; a Pipeline does not say where it ran. */
static void test_builds(void **state)
{
    struct site *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        const struct version *v = &versions[i];
        struct observation *o = observation_new(SOURCE_BUILDS);
        struct poll_hints hints = {.n_jobs = 1};
        const struct seen_job *job;
        struct err e = {0};

        assert_non_null(o);
        begin(f, v, true);
        (void)str_copy(hints.jobs[0], sizeof(hints.jobs[0]),
                       "/ci/job/team/job/net-pipe/job/feature%252Fx/");
        rule(f, "GET", "/ci/job/team/job/net-pipe/job/feature%252Fx/api/json?tree=",
             (struct fake_answer){.body = v->builds});
        assert_row(v->what, jenkins_history(f->jenkins, &hints, o, &e) == ERR_OK);
        job = &o->as.builds.jobs[0];
        assert_row(v->what, !job->gone && !job->unreadable);
        assert_row(v->what, job->n_runs == (size_t)v->n_builds);
        assert_row(v->what, job->n_runs == 0 || str_eq(job->runs[0].node, v->first_node));
        observation_unref(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nodes, set_up, site_close),
        cmocka_unit_test_setup_teardown(test_crumbs, set_up, site_close),
        cmocka_unit_test_setup_teardown(test_builds, set_up, site_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
