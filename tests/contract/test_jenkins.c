#include <config.h>

#include "tests/contract/jenkins_site.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

static int set_up(void **state)
{
    return site_open(state, SOURCE_JENKINS);
}

#define IDLE_EXECUTOR                                                                    \
    "{\"currentExecutable\":null,\"idle\":true,\"likelyStuck\":false,\"progress\":-1}"

/* A node with one idle executor. */
#define NODE(name, offline, marked, path, cause)                                         \
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":" path           \
    ",\"displayName\":\"" name "\",\"executors\":[" IDLE_EXECUTOR "],\"idle\":true,"     \
    "\"launchSupported\":true,\"offline\":" offline ",\"temporarilyOffline\":" marked    \
    ",\"oneOffExecutors\":[]," cause "}"
#define NO_CAUSE "\"offlineCause\":null,\"offlineCauseReason\":\"\""
#define CAUSE(text)                                                                      \
    "\"offlineCause\":{\"_class\":\"hudson.slaves.OfflineCause$UserCause\","             \
    "\"description\":\"Disconnected by rushhour : " text "\"},"                          \
    "\"offlineCauseReason\":\"" text "\""

static const char node_open[] = NODE("np-1", "false", "false", "\"/home/j\"", NO_CAUSE);
static const char node_away[] = NODE("np-1", "true", "false", "null", NO_CAUSE);
static const char node_ours[] = NODE("np-1", "true", "true", "\"/home/j\"",
                                     CAUSE("rushhour/1 drain op=7f3a2c by=policy"));
static const char node_other_op[] =
    NODE("np-1", "true", "true", "\"/home/j\"", CAUSE("rushhour/1 drain op=000000"));
static const char node_ours_away[] =
    NODE("np-1", "true", "true", "null", CAUSE("rushhour/1 drain op=7f3a2c by=policy"));
static const char node_person[] =
    NODE("np-1", "true", "true", "\"/home/j\"", CAUSE("disk is full, dana"));
static const char node_remarked[] =
    NODE("np-1", "true", "true", "\"/home/j\"",
         CAUSE("rushhour/1 drain op=7f3a2c by=policy undo n=n0nce77"));

static const char nodes[] =
    "{\"_class\":\"hudson.model.ComputerSet\",\"computer\":["
    "{\"_class\":\"hudson.model.Hudson$MasterComputer\",\"displayName\":\"Built-In "
    "Node\",\"executors\":[],\"idle\":false,\"launchSupported\":true,\"offline\":false,"
    "\"offlineCause\":null,\"offlineCauseReason\":\"\",\"oneOffExecutors\":[{"
    "\"currentExecutable\":{\"estimatedDuration\":1260000,\"fullDisplayName\":\"team "
    "\xC2\xBB net-pipe #88\",\"number\":88,\"timestamp\":1781000000000,\"url\":\"https://"
    "ci.example.test/ci/job/team/job/net-pipe/88/\"},\"idle\":false,\"progress\":41}],"
    "\"temporarilyOffline\":false},"
    "{\"_class\":\"hudson.slaves.SlaveComputer\",\"absoluteRemotePath\":\"/home/"
    "jenkins\",\"displayName\":\"np-1\",\"executors\":["
    "{\"currentExecutable\":{\"estimatedDuration\":-1,\"fullDisplayName\":\"team "
    "\xC2\xBB "
    "net-pipe #88 (test)\",\"number\":88,\"timestamp\":1781000000000,\"url\":\"https://"
    "ci.example.test/ci/job/team/job/net-pipe/88/\"},\"idle\":false,\"progress\":-1},"
    "{\"currentExecutable\":{\"fullDisplayName\":\"again\",\"number\":88,\"url\":"
    "\"https://ci.example.test/ci/job/team/job/net-pipe/88/\"},\"idle\":false},"
    "{\"currentExecutable\":null,\"idle\":false},{\"currentExecutable\":{\"url\":\"job/"
    "x%20y/12/\",\"number\":null},\"idle\":false,\"progress\":12}],"
    "\"idle\":false,\"launchSupported\":true,\"offline\":false,\"offlineCause\":null,"
    "\"offlineCauseReason\":\"\",\"oneOffExecutors\":[],\"temporarilyOffline\":false}"
    "," NODE("nc-1", "true", "true", "\"/home/j\"", CAUSE("rushhour/1 park op=7f3a2c")) "," NODE(
        "nc-2", "true", "true", "null",
        "\"offlineCause\":{\"description\":\"Disconnected by dana : don't touch "
        "<ticket 7>\"},\"offlineCauseReason\":\"don&#039;t touch &lt;ticket "
        "7&gt;\\u001b[2J<br>x&amp;lt;\"") "," NODE("nc-3", "true", "false", "null",
                                                   "\"offlineCause\":{\"_class\":"
                                                   "\"hudson.slaves.OfflineCause$"
                                                   "ChannelTermination\","
                                                   "\"timestamp\":1781001000000},"
                                                   "\"offlineCauseReason\":\"Connection "
                                                   "was broken\"") ",{\"displayName\":"
                                                                   "\"half\",\"offline\":"
                                                                   "\"no\",\"idle\":true}"
                                                                   ",7,null," NODE(
                                                                       "old", "true",
                                                                       "true", "null",
                                                                       "\"off"
                                                                       "lineC"
                                                                       "ause"
                                                                       "\":{"
                                                                       "\"des"
                                                                       "cript"
                                                                       "ion\""
                                                                       ":\"Di"
                                                                       "sconn"
                                                                       "ected"
                                                                       " by "
                                                                       "rushh"
                                                                       "our "
                                                                       ": "
                                                                       "rushh"
                                                                       "our/"
                                                                       "1 "
                                                                       "drain"
                                                                       " "
                                                                       "op="
                                                                       "1\"},"
                                                                       "\"off"
                                                                       "lineC"
                                                                       "auseR"
                                                                       "eason"
                                                                       "\":"
                                                                       "\"\"") "]}";

static void add_observe(struct site *f, const char *computers)
{
    struct fake_rule rule = {
        .method = "GET",
        .path = "/ci/computer/api/json?tree=computer%5BdisplayName,",
        .answers = {{.body = computers,
                     .headers = "X-Jenkins: 2.541.3\r\nX-Jenkins-Session: aa\r\n"
                                "Date: Sun, 22 Nov 2026 07:00:00 GMT\r\n"}}};

    fake_server_add(f->server, &rule);
    fake_server_json(f->server, "GET", "=/ci/api/json?tree=quietingDown",
                     "{\"_class\":\"hudson.model.Hudson\",\"quietingDown\":true}");
}

static enum err_code observe(struct site *f)
{
    observation_unref(f->o);
    f->o = observation_new(SOURCE_JENKINS);
    assert_non_null(f->o);
    err_clear(&f->e);
    return jenkins_observe(f->jenkins, &f->hints, f->o, &f->e);
}

static void test_observe(void **state)
{
    struct site *f = *state;
    const struct obs_jenkins *seen;
    const struct seen_node *n;
    const struct fake_request *rq;
    const struct utc before = clock_utc(clock_system());
    struct utc after, server = {1795330800}; /* its Date */
    char value[64];

    add_observe(f, nodes);
    assert_int_equal(observe(f), ERR_OK);
    after = clock_utc(clock_system());
    seen = &f->o->as.jenkins;
    assert_string_equal(seen->version, "2.541.3");
    assert_true(seen->quieting_down);
    assert_int_equal(seen->n_nodes, 6);
    assert_true(f->o->skew_known && server.s - f->o->skew_s >= before.s &&
                server.s - f->o->skew_s <= after.s);

    n = &seen->nodes[0];
    assert_string_equal(n->name, "Built-In Node");
    assert_true(!n->idle && n->busy == 1 && n->n_builds == 1 && n->connected);
    assert_int_equal(n->builds[0].estimate_s, 1260);
    assert_int_equal(n->builds[0].started.s, 1781000000);

    n = &seen->nodes[1];
    assert_string_equal(n->name, "np-1");
    assert_true(!n->offline && !n->marked && !n->idle && n->connected);
    assert_true(n->connected_known && n->launchable);
    assert_int_equal(n->busy, 4);
    assert_int_equal(n->n_builds, 2); /* one of them on two executors */
    assert_string_equal(n->builds[0].path, "/ci/job/team/job/net-pipe/88/");
    assert_string_equal(n->builds[0].name, "team \xC2\xBB net-pipe #88 (test)");
    assert_int_equal(n->builds[0].number, 88);
    assert_int_equal(n->builds[0].estimate_s, -1);
    assert_string_equal(n->builds[1].path, "/ci/job/x%20y/12/");
    assert_int_equal(n->builds[1].number, -1);
    assert_string_equal(n->builds[1].name, "");

    n = &seen->nodes[2];
    assert_true(n->offline && n->marked && n->connected && n->idle && n->busy == 0);
    assert_string_equal(n->cause, "rushhour/1 park op=7f3a2c");
    n = &seen->nodes[3];
    assert_true(n->marked && !n->connected && n->connected_known);
    assert_string_equal(n->cause, "don't touch <ticket 7>\xEF\xBF\xBD[2J x&lt;");
    n = &seen->nodes[4];
    assert_true(n->offline && !n->marked);
    assert_string_equal(n->cause, "Connection was broken");
    n = &seen->nodes[5];
    assert_string_equal(n->name, "old");
    assert_string_equal(n->cause, "rushhour/1 drain op=1");

    rq = fake_server_request(f->server, 0);
    assert_true(fake_request_header(rq, "Accept-Language", value, sizeof(value)));
    assert_string_equal(value, "en");
    assert_true(fake_request_header(rq, "Authorization", value, sizeof(value)));
    assert_false(fake_request_header(rq, "Cookie", value, sizeof(value)));
    assert_null(strpbrk(rq->path, "[]{} "));
    assert_int_equal(rq->connection, fake_server_request(f->server, 1)->connection);
}

/* Without Agent/Connect the path is null even of a node that is online. */
static void test_hidden_paths(void **state)
{
    struct site *f = *state;
    static const char hidden[] =
        "{\"computer\":[" NODE("a", "true", "false", "null", NO_CAUSE) "," NODE(
            "b", "false", "false", "null", NO_CAUSE) "]}";

    add_observe(f, hidden);
    assert_int_equal(observe(f), ERR_OK);
    assert_int_equal(f->o->as.jenkins.n_nodes, 2);
    assert_false(f->o->as.jenkins.nodes[0].connected_known);
    assert_false(f->o->as.jenkins.nodes[1].connected_known);
}

static void answer_observe(struct site *f, const char *version, const char *computers,
                           const char *quieting)
{
    char headers[64];

    assert_true(str_format(headers, sizeof(headers), "X-Jenkins: %s\r\n", version));
    fake_server_reset(f->server);
    fake_server_add(f->server, &(struct fake_rule){
                                   .path = "/ci/computer/api/json?tree=",
                                   .answers = {{.body = computers, .headers = headers}}});
    fake_server_json(f->server, "GET", "=/ci/api/json?tree=quietingDown", quieting);
    assert_int_equal(observe(f), ERR_OK);
}

#define ONE(offline)                                                                     \
    "{\"computer\":[" NODE("a", offline, "false", "\"/home/j\"", NO_CAUSE) "]}"
#define QUIETING(is) "{\"quietingDown\":" is "}"

/* The same bytes are not read twice; a changed one, or a failure in between, is seen. */
static void test_again(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *version, *computers, *quieting; bool fails_before, same, offline, quiet; } rows[] = {
        {"the same bytes",         "2.541.3", ONE("false"), QUIETING("false"), false, true,  false, false},
        {"and again",              "2.541.3", ONE("false"), QUIETING("false"), false, true,  false, false},
        {"a failure in between",   "2.541.3", ONE("false"), QUIETING("false"), true,  false, false, false},
        {"one byte changed",       "2.541.3", ONE("true"),  QUIETING("false"), false, false, true,  false},
        {"only quieting changed",  "2.541.3", ONE("true"),  QUIETING("true"),  false, true,  true,  true},
        {"only quieting is again", "2.541.3", ONE("false"), QUIETING("true"),  false, false, false, true},
        {"another version",        "2.541.4", ONE("false"), QUIETING("true"),  false, false, false, true},
    };
    /* clang-format on */
    struct site *f = *state;

    /* The first reading learns that paths are visible: it is not taken for the second. */
    answer_observe(f, "2.541.3", ONE("false"), QUIETING("false"));
    answer_observe(f, "2.541.3", ONE("false"), QUIETING("false"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct observation *before = observation_ref(f->o);
        const struct obs_jenkins *seen;

        if (rows[i].fails_before) {
            fake_server_reset(f->server);
            fake_server_add(f->server, &(struct fake_rule){.answers = {{.status = 500}}});
            assert_int_equal(observe(f), ERR_SERVER);
        }
        answer_observe(f, rows[i].version, rows[i].computers, rows[i].quieting);
        seen = &f->o->as.jenkins;
        assert_row(rows[i].what, (f->o->arena == before->arena) == rows[i].same);
        assert_row(rows[i].what, seen->n_nodes == 1);
        assert_row(rows[i].what, seen->nodes[0].offline == rows[i].offline);
        assert_row(rows[i].what, seen->quieting_down == rows[i].quiet);
        assert_row(rows[i].what, str_eq(seen->version, rows[i].version));
        observation_unref(before);
        assert_row(rows[i].what, str_eq(f->o->as.jenkins.nodes[0].name, "a"));
    }
}

static void test_unusable(void **state)
{
    /* clang-format off */
    static const struct { const char *what; struct fake_answer answer; enum err_code code; const char *says; } rows[] = {
        {"timeout",            {.fault = FAKE_HANG},                              ERR_TIMEOUT,  "no answer"},
        {"reset",              {.fault = FAKE_RESET},                             ERR_RESET,    "broke"},
        {"truncated",          {.body = nodes, .fault = FAKE_TRUNCATE},           ERR_RESET,    "within"},
        {"endless",            {.fault = FAKE_ENDLESS},                           ERR_TOO_BIG,  "larger"},
        {"wrong password",     {.status = 401, .type = "text/html"},              ERR_AUTH,     "rushhour"},
        {"no permission",      {.status = 403, .headers = "X-Required-Permission: hudson.model.Hudson.Read\r\n"}, ERR_FORBIDDEN, "hudson.model.Hudson.Read"},
        {"throttled",          {.status = 429, .headers = "Retry-After: 7\r\n"},  ERR_THROTTLED, "7 s"},
        {"broken",             {.status = 500, .type = "text/html", .body = "<h1>Oops!</h1>"}, ERR_SERVER, "500"},
        {"getting ready",      {.status = 503, .type = "text/html"},              ERR_SERVER,   "503"},
        {"not there",          {.status = 404},                                   ERR_NOT_FOUND, "404"},
        {"login page",         {.type = "text/html;charset=utf-8", .body = "<html>Sign in</html>"}, ERR_PROTOCOL, "login page"},
        {"sent to log in",     {.status = 302, .headers = "Location: /ci/login?from=%2F\r\n"}, ERR_AUTH, "login"},
        {"sent elsewhere",     {.status = 301, .headers = "Location: https://other.example/ci/x\r\n"}, ERR_REFUSED, "other.example"},
        {"half of JSON",       {.body = "{\"computer\":[{"},                      ERR_PROTOCOL, "JSON"},
        {"no list",            {.body = "{\"computer\":{}}"},                     ERR_PROTOCOL, "list"},
        {"another root",       {.body = "[]"},                                    ERR_PROTOCOL, "list"},
        {"empty",              {.body = ""},                                      ERR_PROTOCOL, "JSON"},
    };
    /* clang-format on */
    struct site *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule rule = {.answers = {rows[i].answer}};

        fake_server_reset(f->server);
        fake_server_add(f->server, &rule);
        assert_row(rows[i].what, observe(f) == rows[i].code);
        if (strstr(f->e.text, rows[i].says) == NULL)
            print_error("%s\n", f->e.text);
        assert_row(rows[i].what, strstr(f->e.text, rows[i].says) != NULL);
        assert_row(rows[i].what, strstr(f->e.text, "11tokenvalue") == NULL);
        assert_row(rows[i].what, fake_server_count(f->server) == 1);
        assert_row(rows[i].what, jenkins_retry_after_s(f->jenkins) ==
                                     (rows[i].code == ERR_THROTTLED ? 7 : -1));
    }
}

/* The node's answers in order, and what its actions say. */
static void script(struct site *f, const char *first, const char *second,
                   const char *third, const struct fake_answer *post)
{
    struct fake_rule get = {
        .method = "GET",
        .path = "/ci/computer/np-1/api/json?tree=",
        .answers = {{.body = first}, {.body = second}, {.body = third}},
        .n_answers = third != NULL    ? 3
                     : second != NULL ? 2
                                      : 1};
    struct fake_rule action = {.method = "POST", .path = "/ci/computer/np-1/"};

    fake_server_reset(f->server);
    fake_server_add(f->server, &get);
    action.answers[0] = *post;
    fake_server_add(f->server, &action);
}

static const struct fake_answer taken = {.status = 302,
                                         .headers = "Location: ../np-1/\r\n"};

static void act(struct site *f, enum call_kind kind)
{
    f->call.kind = kind;
    jenkins_act(f->jenkins, &f->call, &f->r);
    assert_int_equal(f->r.id, 7);
    assert_int_equal(f->r.err.code == ERR_OK, f->r.outcome == OUTCOME_DONE);
}

#define HANG                                                                             \
    {                                                                                    \
        .fault = FAKE_HANG                                                               \
    }
#define RESET                                                                            \
    {                                                                                    \
        .fault = FAKE_RESET                                                              \
    }
#define TAKEN                                                                            \
    {                                                                                    \
        .status = 302, .headers = "Location: ../np-1/\r\n"                               \
    }
#define FORBID                                                                           \
    {                                                                                    \
        .status = 403,                                                                   \
        .headers = "X-Required-Permission: hudson.model.Computer.Disconnect\r\n"         \
    }
#define BROKEN                                                                           \
    {                                                                                    \
        .status = 500, .type = "text/html"                                               \
    }
#define GATEWAY                                                                          \
    {                                                                                    \
        .status = 504, .type = "text/html"                                               \
    }
#define LOGIN                                                                            \
    {                                                                                    \
        .status = 302, .headers = "Location: /securityRealm/commenceLogin\r\n"           \
    }

struct act_row {
    const char *what;
    const char *first, *second, *third; /* what GET says in turn */
    struct fake_answer post;
    enum outcome outcome;
    enum err_code code;
    const char *detail;
    size_t posts;
};

static void run_rows(struct site *f, enum call_kind kind, const char *action,
                     const struct act_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct act_row *row = &rows[i];
        const char *detail = row->detail != NULL ? row->detail : "";

        script(f, row->first, row->second, row->third, &row->post);
        act(f, kind);
        if (f->r.outcome != row->outcome || f->r.err.code != row->code)
            print_error("%s: %s %s\n", row->what, outcome_word(f->r.outcome),
                        f->r.err.text);
        assert_row(row->what, f->r.outcome == row->outcome);
        assert_row(row->what, f->r.err.code == row->code);
        assert_row(row->what, str_eq(f->r.detail, detail));
        assert_row(row->what,
                   fake_server_count_of(f->server, "POST", NULL) == row->posts);
        assert_row(row->what,
                   fake_server_count_of(f->server, "POST", action) == row->posts);
    }
}

static void test_close(void **state)
{
    /* clang-format off */
    static const struct act_row rows[] = {
        {"open, then closed",           node_open, node_ours, NULL, TAKEN,   OUTCOME_DONE,    ERR_OK,        NULL, 1},
        {"closed by us already",        node_ours, NULL, NULL, TAKEN,        OUTCOME_DONE,    ERR_OK,        NULL, 0},
        {"closed for another move",     node_other_op, node_ours, NULL, TAKEN, OUTCOME_DONE,  ERR_OK,        NULL, 1},
        {"closed by a person",          node_person, NULL, NULL, TAKEN,      OUTCOME_DONE,    ERR_OK,        "person", 0},
        {"a person was faster",         node_open, node_person, NULL, TAKEN, OUTCOME_DONE,    ERR_OK,        "person", 1},
        {"taken but not done",          node_open, node_open, NULL, TAKEN,   OUTCOME_FAILED,  ERR_CONFLICT,  NULL, 1},
        {"lost answer, done",           node_open, node_ours, NULL, RESET,   OUTCOME_DONE,    ERR_OK,        NULL, 1},
        {"lost answer, not seen",       node_open, node_open, NULL, RESET,   OUTCOME_UNKNOWN, ERR_RESET,     NULL, 1},
        {"no answer, not seen",         node_open, node_open, NULL, HANG,    OUTCOME_UNKNOWN, ERR_TIMEOUT,   NULL, 1},
        {"lost, then unreadable",       node_open, "{}", NULL, RESET,        OUTCOME_UNKNOWN, ERR_RESET,     NULL, 1},
        {"taken, then unreadable",      node_open, "{}", NULL, TAKEN,        OUTCOME_UNKNOWN, ERR_PROTOCOL,  NULL, 1},
        {"no permission",               node_open, NULL, NULL, FORBID,       OUTCOME_FAILED,  ERR_FORBIDDEN, NULL, 1},
        {"500 and not done",            node_open, node_open, NULL, BROKEN,  OUTCOME_FAILED,  ERR_SERVER,    NULL, 1},
        {"500 although done",           node_open, node_ours, NULL, BROKEN,  OUTCOME_DONE,    ERR_OK,        NULL, 1},
        {"a proxy gave up",             node_open, node_open, NULL, GATEWAY, OUTCOME_UNKNOWN, ERR_SERVER,    NULL, 1},
        {"sent to a login page",        node_open, NULL, NULL, LOGIN,        OUTCOME_FAILED,  ERR_AUTH,      NULL, 1},
        {"state cannot be read",        "{}", NULL, NULL, TAKEN,             OUTCOME_FAILED,  ERR_PROTOCOL,  NULL, 0},
    };
    /* clang-format on */
    struct site *f = *state;

    run_rows(f, CALL_NODE_CLOSE, "/ci/computer/np-1/changeOfflineCause", rows,
             ARRAY_LEN(rows));
    script(f, node_open, node_ours, NULL, &taken);
    act(f, CALL_NODE_CLOSE);
    assert_string_equal(
        fake_server_request_of(f->server, "POST", NULL, 0)->body,
        "offlineMessage=rushhour%2F1%20drain%20op%3D7f3a2c%20by%3Dpolicy");
}

static void test_open(void **state)
{
    /* clang-format off */
    static const struct act_row rows[] = {
        {"closed by us, then open",     node_ours, node_open, NULL, TAKEN,   OUTCOME_DONE,    ERR_OK,       NULL, 1},
        {"open already",                node_open, NULL, NULL, TAKEN,        OUTCOME_DONE,    ERR_OK,       NULL, 0},
        {"merely disconnected",         node_away, NULL, NULL, TAKEN,        OUTCOME_DONE,    ERR_OK,       NULL, 0},
        {"closed by a person",          node_person, NULL, NULL, TAKEN,      OUTCOME_FAILED,  ERR_CONFLICT, NULL, 0},
        {"we re-closed it: once more",  node_ours, node_remarked, node_open, TAKEN, OUTCOME_DONE, ERR_OK,   NULL, 2},
        {"again and again: enough",     node_ours, node_remarked, node_remarked, TAKEN, OUTCOME_FAILED, ERR_CONFLICT, NULL, 2},
        {"then a person closed it",     node_ours, node_remarked, node_person, TAKEN, OUTCOME_FAILED, ERR_CONFLICT, NULL, 2},
        {"a person closed it meanwhile", node_ours, node_person, NULL, TAKEN, OUTCOME_FAILED, ERR_CONFLICT, NULL, 1},
        {"taken but not done",          node_ours, node_ours, NULL, TAKEN,   OUTCOME_FAILED,  ERR_CONFLICT, NULL, 1},
        {"lost answer, done",           node_ours, node_open, NULL, RESET,   OUTCOME_DONE,    ERR_OK,       NULL, 1},
        {"lost answer, not seen: never a second toggle", node_ours, node_ours, NULL, RESET, OUTCOME_UNKNOWN, ERR_RESET, NULL, 1},
        {"no answer, not seen",         node_ours, node_ours, NULL, HANG,    OUTCOME_UNKNOWN, ERR_TIMEOUT,  NULL, 1},
        {"lost, but re-closed by us",   node_ours, node_remarked, node_open, RESET, OUTCOME_DONE, ERR_OK,   NULL, 2},
        {"lost, then unreadable",       node_ours, "[]", NULL, RESET,        OUTCOME_UNKNOWN, ERR_RESET,    NULL, 1},
        {"no permission",               node_ours, NULL, NULL, FORBID,       OUTCOME_FAILED,  ERR_FORBIDDEN, NULL, 1},
        {"500 and not done",            node_ours, node_ours, NULL, BROKEN,  OUTCOME_FAILED,  ERR_SERVER,   NULL, 1},
        {"a proxy gave up",             node_ours, node_ours, NULL, GATEWAY, OUTCOME_UNKNOWN, ERR_SERVER,   NULL, 1},
        {"state cannot be read",        "{}", NULL, NULL, TAKEN,             OUTCOME_FAILED,  ERR_PROTOCOL, NULL, 0},
    };
    /* clang-format on */
    struct site *f = *state;

    run_rows(f, CALL_NODE_OPEN, "/ci/computer/np-1/toggleOffline", rows, ARRAY_LEN(rows));
    script(f, node_ours, node_open, NULL, &taken);
    act(f, CALL_NODE_OPEN);
    assert_string_equal(fake_server_request_of(f->server, "POST", NULL, 0)->body,
                        "offlineMessage=rushhour%2F1%20drain%20op%3D7f3a2c%20by%3Dpolicy"
                        "%20undo%20n%3Dn0nce77");
}

static void test_disconnect(void **state)
{
    /* clang-format off */
    static const struct act_row rows[] = {
        {"closed and connected",   node_ours, NULL, NULL, TAKEN,           OUTCOME_DONE,    ERR_OK,       NULL, 1},
        {"disconnected already",   node_ours_away, NULL, NULL, TAKEN,      OUTCOME_DONE,    ERR_OK,       NULL, 0},
        {"open: never",            node_open, NULL, NULL, TAKEN,           OUTCOME_FAILED,  ERR_CONFLICT, NULL, 0},
        {"lost, done",             node_ours, node_ours_away, NULL, RESET, OUTCOME_DONE,    ERR_OK,       NULL, 1},
        {"lost, not seen",         node_ours, node_ours, NULL, RESET,      OUTCOME_UNKNOWN, ERR_RESET,    NULL, 1},
        {"no permission",          node_ours, NULL, NULL, FORBID,          OUTCOME_FAILED,  ERR_FORBIDDEN, NULL, 1},
    };
    /* clang-format on */

    run_rows(*state, CALL_NODE_DISCONNECT, "/ci/computer/np-1/doDisconnect", rows,
             ARRAY_LEN(rows));
}

static void test_launch(void **state)
{
    static const char inbound[] =
        "{\"displayName\":\"np-1\",\"offline\":true,\"temporarilyOffline\":true,"
        "\"idle\":true,\"launchSupported\":false,\"absoluteRemotePath\":null,"
        "\"executors\":[],\"oneOffExecutors\":[]}";
    /* clang-format off */
    static const struct act_row rows[] = {
        {"away",                   node_ours_away, NULL, NULL, TAKEN,  OUTCOME_DONE,    ERR_OK,      NULL, 1},
        {"connected already",      node_ours, NULL, NULL, TAKEN,       OUTCOME_DONE,    ERR_OK,      NULL, 0},
        {"it dials in by itself",  inbound, NULL, NULL, TAKEN,         OUTCOME_DONE,    ERR_OK,      "inbound", 0},
        {"lost",                   node_ours_away, NULL, NULL, RESET,  OUTCOME_UNKNOWN, ERR_RESET,   NULL, 1},
        {"500",                    node_ours_away, NULL, NULL, BROKEN, OUTCOME_FAILED,  ERR_SERVER,  NULL, 1},
    };
    /* clang-format on */

    run_rows(*state, CALL_NODE_LAUNCH, "/ci/computer/np-1/launchSlaveAgent", rows,
             ARRAY_LEN(rows));
}

static void test_node_names(void **state)
{
    struct site *f = *state;

    fake_server_json(f->server, "GET", "/ci/computer/a%20b%2F..%3F/api/json?", node_ours);
    assert_true(str_copy(f->call.target, sizeof(f->call.target), "a b/..?"));
    act(f, CALL_NODE_CLOSE);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_true(str_copy(f->call.target, sizeof(f->call.target), ".."));
    act(f, CALL_NODE_CLOSE);
    assert_int_equal(f->r.err.code, ERR_CONFIG);
    assert_int_equal(fake_server_count(f->server), 1);
    f->call.kind = CALL_VM_POWER_ON;
    act(f, CALL_VM_POWER_ON);
    assert_int_equal(f->r.err.code, ERR_BUG);
}

static void test_stop_build(void **state)
{
    struct site *f = *state;
    struct fake_rule running = {
        .method = "GET",
        .path = "=/ci/job/t/job/a%252Fb/12/api/json?tree=building",
        .answers = {{.body = "{\"building\":true}"}, {.body = "{\"building\":false}"}},
        .n_answers = 2};
    struct fake_rule stop = {.method = "POST",
                             .path = "=/ci/job/t/job/a%252Fb/12/stop",
                             .answers = {taken, {.fault = FAKE_RESET}},
                             .n_answers = 2};
    static const char *const bad[] = {
        "",
        "/job/t/12/",
        "/ci/job/t/12",
        "/ci/job/t/../../doDelete/",
        "/ci/computer/np-1/",
        "//evil.example/ci/job/t/12/",
        "/ci/job/t/12/?x=/",
        "https://evil.example/ci/job/t/12/",
    };

    fake_server_add(f->server, &running);
    fake_server_add(f->server, &stop);
    assert_true(
        str_copy(f->call.target, sizeof(f->call.target), "/ci/job/t/job/a%252Fb/12/"));
    act(f, CALL_BUILD_STOP);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_string_equal(f->r.detail, "");
    assert_int_equal(fake_server_count_of(f->server, "POST", NULL), 1);
    act(f, CALL_BUILD_STOP); /* it has ended: no second stop */
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_int_equal(fake_server_count_of(f->server, "POST", NULL), 1);

    fake_server_reset(f->server);
    running.n_answers = 1;
    fake_server_add(f->server, &running);
    fake_server_add(f->server, &stop);
    act(f, CALL_BUILD_STOP);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_string_equal(f->r.detail, "stopping");
    act(f, CALL_BUILD_STOP);
    assert_int_equal(f->r.outcome, OUTCOME_UNKNOWN);
    assert_int_equal(f->r.err.code, ERR_RESET);

    fake_server_reset(f->server);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_true(str_copy(f->call.target, sizeof(f->call.target), bad[i]));
        act(f, CALL_BUILD_STOP);
        assert_row(bad[i], f->r.outcome == OUTCOME_FAILED && f->r.err.code == ERR_BUG);
    }
    assert_int_equal(fake_server_count(f->server), 0);
}

static const char no_crumb_page[] =
    "<html><title>Error 403 No valid crumb was included in the request</title></html>";
#define CRUMB(value)                                                                     \
    {                                                                                    \
        .body = "{\"crumb\":\"" value "\",\"crumbRequestField\":\"X-Our-Crumb\"}",       \
        .headers = "Set-Cookie: JSESSIONID.ab=" value "; Path=/ci; HttpOnly\r\n"         \
    }

static void add_crumbs(struct site *f, const struct fake_answer *posts, size_t n)
{
    struct fake_rule crumbs = {.method = "GET",
                               .path = "=/ci/crumbIssuer/api/json",
                               .answers = {CRUMB("c1"), CRUMB("c2"), CRUMB("c3")},
                               .n_answers = 3};
    struct fake_rule post = {.method = "POST", .path = "/np-1/", .n_answers = n};
    struct fake_rule get = {.method = "GET",
                            .path = "/ci/computer/np-1/api",
                            .answers = {{.body = node_open}, {.body = node_ours}},
                            .n_answers = 2};

    for (size_t i = 0; i < n; i++)
        post.answers[i] = posts[i];
    fake_server_reset(f->server);
    fake_server_add(f->server, &crumbs);
    fake_server_add(f->server, &post);
    fake_server_add(f->server, &get);
}

static void assert_crumb(struct site *f, size_t post, const char *value)
{
    const struct fake_request *rq = fake_server_request_of(f->server, "POST", NULL, post);
    char text[128], cookie[64];

    assert_non_null(rq);
    assert_true(fake_request_header(rq, "X-Our-Crumb", text, sizeof(text)));
    assert_string_equal(text, value);
    assert_true(str_format(cookie, sizeof(cookie), "JSESSIONID.ab=%s", value));
    assert_true(fake_request_header(rq, "Cookie", text, sizeof(text)));
    assert_string_equal(text, cookie);
}

static void test_crumb(void **state)
{
    struct site *f = *state;
    const struct fake_answer refused = {
        .status = 403, .type = "text/html;charset=iso-8859-1", .body = no_crumb_page};
    const struct fake_answer once[] = {refused, taken}, always[] = {refused};

    site_renew_client(f, false);
    add_crumbs(f, once, 2);
    act(f, CALL_NODE_CLOSE);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_int_equal(fake_server_count_of(f->server, "POST", NULL), 2);
    assert_crumb(f, 0, "c1");
    assert_crumb(f, 1, "c2");

    site_renew_client(f, false); /* renewed once, never more */
    add_crumbs(f, always, 1);
    act(f, CALL_NODE_CLOSE);
    assert_int_equal(f->r.outcome, OUTCOME_FAILED);
    assert_int_equal(f->r.err.code, ERR_FORBIDDEN);
    assert_int_equal(fake_server_count_of(f->server, "POST", NULL), 2);
    assert_int_equal(fake_server_count_of(f->server, "GET", "crumbIssuer"), 2);

    site_renew_client(f, true); /* a token needs none: then the secret is no token */
    add_crumbs(f, always, 1);
    act(f, CALL_NODE_CLOSE);
    assert_int_equal(f->r.err.code, ERR_FORBIDDEN);
    assert_non_null(strstr(f->r.err.text, "token"));
    assert_int_equal(fake_server_count_of(f->server, "POST", NULL), 1);
    assert_int_equal(fake_server_count_of(f->server, "GET", "crumbIssuer"), 0);
}

static void test_crumb_off_or_lost(void **state)
{
    struct site *f = *state;
    struct fake_rule lost = {.path = "crumbIssuer", .answers = {{.fault = FAKE_RESET}}};
    char text[64];

    site_renew_client(f, false); /* 404: protection is off */
    script(f, node_open, node_ours, NULL, &taken);
    act(f, CALL_NODE_CLOSE);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_false(fake_request_header(fake_server_request_of(f->server, "POST", NULL, 0),
                                     "Cookie", text, sizeof(text)));
    assert_int_equal(fake_server_count_of(f->server, "GET", "crumbIssuer"), 1);

    site_renew_client(f,
                      false); /* no crumb, no POST: nothing was done, and that is known */
    script(f, node_open, node_ours, NULL, &taken);
    fake_server_add(f->server, &lost);
    act(f, CALL_NODE_CLOSE);
    assert_int_equal(f->r.outcome, OUTCOME_FAILED);
    assert_int_equal(f->r.err.code, ERR_RESET);
    assert_int_equal(fake_server_count_of(f->server, "POST", NULL), 0);
}

/* A controller that started again: crumb and cookie of the old one are dropped. */
static void test_new_session(void **state)
{
    struct site *f = *state;
    const struct fake_answer posts[] = {taken};
    struct fake_rule get = {
        .method = "GET",
        .path = "/ci/computer/np-1/api",
        .answers = {{.body = node_open, .headers = "X-Jenkins-Session: s1\r\n"},
                    {.body = node_ours, .headers = "X-Jenkins-Session: s1\r\n"},
                    {.body = node_open, .headers = "X-Jenkins-Session: s2\r\n"},
                    {.body = node_ours, .headers = "X-Jenkins-Session: s2\r\n"}},
        .n_answers = 4};

    site_renew_client(f, false);
    fake_server_reset(f->server);
    fake_server_add(f->server, &get);
    {
        struct fake_rule crumbs = {
            .path = "crumbIssuer", .answers = {CRUMB("c1"), CRUMB("c2")}, .n_answers = 2};
        struct fake_rule post = {.method = "POST", .answers = {posts[0]}};

        fake_server_add(f->server, &crumbs);
        fake_server_add(f->server, &post);
    }
    act(f, CALL_NODE_CLOSE);
    assert_crumb(f, 0, "c1");
    act(f, CALL_NODE_CLOSE);
    assert_int_equal(f->r.outcome, OUTCOME_DONE);
    assert_crumb(f, 1, "c2");
}

static void test_whoami(void **state)
{
    struct site *f = *state;
    struct fake_rule rule = {
        .method = "GET",
        .path = "=/ci/whoAmI/api/json?tree=anonymous,name",
        .answers = {{.body = "{\"anonymous\":false,\"name\":\"rush\\u001bhour\"}"},
                    {.body = "{\"anonymous\":true,\"name\":\"anonymous\"}"},
                    {.body = "{}"}},
        .n_answers = 3};
    char name[32];

    fake_server_add(f->server, &rule);
    assert_int_equal(jenkins_whoami(f->jenkins, name, sizeof(name), &f->e), ERR_OK);
    assert_string_equal(name, "rush\xEF\xBF\xBDhour");
    assert_int_equal(jenkins_whoami(f->jenkins, name, sizeof(name), &f->e), ERR_AUTH);
    err_clear(&f->e);
    assert_int_equal(jenkins_whoami(f->jenkins, name, sizeof(name), &f->e), ERR_PROTOCOL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, site_close)
    const struct CMUnitTest tests[] = {
        TEST(test_observe),     TEST(test_hidden_paths), TEST(test_again),
        TEST(test_unusable),    TEST(test_close),        TEST(test_open),
        TEST(test_disconnect),  TEST(test_launch),       TEST(test_node_names),
        TEST(test_stop_build),  TEST(test_crumb),        TEST(test_crumb_off_or_lost),
        TEST(test_new_session), TEST(test_whoami),
    };
    struct err e = {0};
    int failed;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_global_cleanup();
    return failed;
}
