#include <config.h>

#include "tests/torture/scenario.h"

#include "core/api/etcd.h"
#include "core/engine/api_set.h"
#include "core/net/http.h"
#include "core/net/xml.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/site.h"
#include "tests/torture/alloc.h"

#include "core/sim/site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ----- what APIs say, as it was recorded ----- */

struct heard {
    struct answers answers;
    bool changed; /* something that changes something was sent */
};

static enum err_code hear(void *ctx, const struct http_request *rq,
                          struct http_response *rs, struct err *e)
{
    struct heard *h = ctx;
    const struct transport t = answers_transport(&h->answers);

    h->changed = h->changed || rq->mutating;
    return t.perform(t.ctx, rq, rs, e);
}

static bool clients_new(const struct transport *via, struct fuzz_clients *c,
                        struct err *e)
{
    static struct clock_fake fake = {.utc = {INT64_C(1795329000)}, .mono = {1000}};
    static struct clock clock;
    const struct config *config;
    struct aws_credentials *keys = NULL;

    alloc_pause();
    config = fuzz_config();
    clock = clock_fake_clock(&fake);
    alloc_resume();
    return aws_credentials_new_static(site_aws_key_id, site_aws_secret_key, NULL, &clock,
                                      &keys, e) == ERR_OK &&
           api_shared_new(config, &clock, keys, &c->shared, e) == ERR_OK &&
           api_set_new(c->shared, via, &c->set, e) == ERR_OK;
}

static bool wait_not(void *ctx, int64_t ms)
{
    (void)ctx;
    (void)ms;
    return true;
}

/* The same client, when there is memory again: what it had and was cut off is not in its
 * way. */
static void has_memory_again(struct result *o, enum err_code now)
{
    if (now == ERR_NOMEM)
        result_broken(o, "there is memory again, and it says that there is none");
}

static void poll_again(struct result *o, const struct fuzz_clients *c, enum source source,
                       const struct poll_hints *hints)
{
    struct observation *seen;

    alloc_pause();
    seen = api_set_poll(c->set, source, hints);
    has_memory_again(o, seen == NULL ? ERR_NOMEM : seen->err.code);
    observation_unref(seen);
    alloc_resume();
}

static void poll_once(struct result *o, enum source source, const char *corpus)
{
    struct heard h = {.changed = false};
    const struct transport t = {hear, &h};
    struct poll_hints hints = {.moving = true, .since = {INT64_C(1795300000)}};
    struct fuzz_clients c = {NULL, NULL};
    struct observation *seen;
    size_t len;

    (void)str_copy(hints.jobs[hints.n_jobs++], sizeof(hints.jobs[0]),
                   "/jenkins/job/cache-smoke/");
    hints.n_detailed = 1;
    h.answers.at = scenario_file(corpus, &len);
    h.answers.end = h.answers.at + len;
    if (clients_new(&t, &c, &o->err)) {
        seen = api_set_poll(c.set, source, &hints);
        if (seen == NULL)
            (void)err_set(&o->err, ERR_NOMEM, "no memory for an observation");
        else if (seen->err.code != ERR_OK)
            o->err = seen->err;
        else if (source == SOURCE_VSPHERE && seen->as.vsphere.load_problem[0] != '\0')
            (void)err_set(&o->err, ERR_NOMEM, "%s", seen->as.vsphere.load_problem);
        else /* what is there has its texts in the arena */
            result_add(o, &(size_t){arena_used_bytes(seen->arena)}, sizeof(size_t));
        observation_unref(seen);
        h.answers.at = h.answers.end - len;
        if (alloc_refused())
            poll_again(o, &c, source, &hints);
    }
    fuzz_clients_end(&c);
}

#define POLL(name, source)                                                               \
    static void poll_##name(struct result *o)                                            \
    {                                                                                    \
        poll_once(o, source, "tests/fuzz/corpus/" #name "/cloud");                       \
    }
POLL(velostrata, SOURCE_VELOSTRATA)
POLL(jenkins, SOURCE_JENKINS)
POLL(builds, SOURCE_BUILDS)
POLL(vsphere, SOURCE_VSPHERE)
POLL(instances, SOURCE_INSTANCES)
POLL(spot, SOURCE_SPOT)
POLL(interfaces, SOURCE_INTERFACES)
POLL(prices, SOURCE_PRICES)
POLL(queue, SOURCE_QUEUE)

static void poll_pricelist(struct result *o)
{
    poll_once(o, SOURCE_PRICELIST, "tests/fuzz/corpus/pricelist/back");
}

/* What was sent may have been done, whatever became of its answer. */
static void act(struct result *o, const char *corpus)
{
    struct heard h = {.changed = false};
    const struct transport t = {hear, &h};
    struct fuzz_clients c = {NULL, NULL};
    struct call call = {.id = 1,
                        .server = "cache",
                        .move = "m-1",
                        .marker = "rushhour/1 recorded",
                        .nonce = "1",
                        .run = {.instance_type = "c5.2xlarge",
                                .eni = "eni-1",
                                .eni_field = "networkInterfaceId",
                                .edge_node = "NodeA",
                                .storage_policy = "WriteIsolation",
                                .image = "ami-0123456789abcdef0",
                                .deployment = "demo",
                                .token = "recorded",
                                .spot = true}};
    struct call_result r = {0};
    size_t len;
    const char *text = scenario_file(corpus, &len);

    call.kind = (enum call_kind)(text[0] - 'a');
    (void)str_copy(call.target, sizeof(call.target),
                   call.kind == CALL_BUILD_STOP || call.kind == CALL_BUILD_QUEUE
                       ? "/jenkins/job/cache-smoke/7/"
                       : "vm-11");
    h.answers.at = text + 1;
    h.answers.end = text + len;
    if (clients_new(&t, &c, &o->err)) {
        api_set_wait(c.set, wait_not, NULL);
        api_set_act(c.set, &call, &r);
        if (r.outcome == OUTCOME_FAILED && h.changed && r.err.code == ERR_NOMEM)
            result_broken(o, "it was sent, and is said not to have been done");
        if (r.err.code == ERR_NOMEM || alloc_refused())
            o->err = r.err;
        result_add(o, &r.outcome, sizeof(r.outcome));
        result_add(o, &r.err.code, sizeof(r.err.code));
        result_text(o, r.detail);
        if (alloc_refused()) {
            alloc_pause();
            h.answers.at = text + 1;
            r = (struct call_result){0};
            api_set_act(c.set, &call, &r);
            has_memory_again(o, r.err.code);
            alloc_resume();
        }
    }
    fuzz_clients_end(&c);
}

#define ACT(name, file)                                                                  \
    static void act_##name(struct result *o)                                             \
    {                                                                                    \
        act(o, "tests/fuzz/corpus/act/" file);                                           \
    }
ACT(launch, "launch")
ACT(terminate, "terminate")
ACT(power_on, "power-on")
ACT(shutdown, "shutdown-guest")
ACT(run, "run-in-cloud")
ACT(back, "return")
ACT(extension, "extension-start")
ACT(node_close, "node-close")
ACT(node_open, "node-open")
ACT(build_queue, "build-queue")

/* ----- etcd ----- */

static enum err_code lease_granted(void *ctx, const struct http_request *rq,
                                   struct http_response *rs, struct err *e)
{
    static const char version[] = "{\"etcdserver\":\"3.4.23\",\"etcdcluster\":\"3.4.0\"}";
    static const char grant[] =
        "{\"header\":{\"cluster_id\":\"1\",\"member_id\":\"2\",\"revision\":\"2\","
        "\"raft_term\":\"3\"},\"ID\":\"2324035553271606796\",\"TTL\":\"90\"}";
    const char *said = strstr(rq->url, "/version") != NULL ? version : grant;

    (void)ctx;
    rs->status = 200;
    (void)str_copy(rs->content_type, sizeof(rs->content_type), "application/json");
    strbuf_puts(&rs->body, said);
    return rs->body.failed ? err_set(e, ERR_NOMEM, "no memory for the answer") : ERR_OK;
}

static void etcd(struct result *o)
{
    const struct transport t = {lease_granted, NULL};
    struct config *config = NULL;
    struct config_problems *problems = NULL;
    struct etcd *c = NULL;
    int64_t lease = 0, granted = 0;

    alloc_pause();
    if (config_load_text(
            "site = { name = \"t\" tz = \"UTC\" }\n"
            "lock = { etcd = [\"http://127.0.0.1:1\"] }\n"
            "jenkins = { url = \"https://j.example/\" user = \"u\" }\n"
            "vsphere = { url = \"https://e.example/\" user = \"u\" }\n"
            "aws = { region = \"eu-west-1\" }\n"
            "servers = { b = { vm = \"vm-b\" mover = \"ec2\" onprem_node = \"b\"\n"
            " cloud_node = \"b2\" eni = \"eni-0000000b\"\n"
            " instance_types = [\"c5.large\"] image = \"ami-0000000a\" } }\n",
            "rh.conf", false, &config, &problems, &o->err) != ERR_OK)
        result_broken(o, problems != NULL && config_problems_count(problems) > 0
                             ? config_problems_get(problems, 0)
                             : o->err.text);
    config_problems_free(problems);
    alloc_resume();
    if (config != NULL &&
        etcd_new(&config->lock, &t, clock_system(), &c, &o->err) == ERR_OK &&
        etcd_grant(c, 90, &lease, &granted, &o->err) == ERR_OK)
        result_add(o, &lease, sizeof(lease));
    if (c != NULL && alloc_refused()) {
        struct err e = {0};

        alloc_pause();
        has_memory_again(o, etcd_grant(c, 90, &lease, &granted, &e));
        alloc_resume();
    }
    etcd_free(c);
    config_free(config);
}

/* ----- libcurl ----- */

static void serve(int fd)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                 "Content-Length: 6000\r\nConnection: close\r\n\r\n";
    static char body[6000];
    char in[4096];

    memset(body, 'x', sizeof(body));
    for (;;) {
        int c = accept(fd, NULL, NULL);

        if (c < 0)
            continue;
        if (recv(c, in, sizeof(in), 0) > 0 &&
            send(c, answer, sizeof(answer) - 1, MSG_NOSIGNAL) > 0)
            (void)send(c, body, sizeof(body), MSG_NOSIGNAL); /* or it is gone */
        (void)close(c);
    }
}

/* Its port; it ends with this process. */
static unsigned server(void)
{
    static unsigned port;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(a);
    int fd;

    if (port != 0)
        return port;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
        (void)fprintf(stderr, "torture: no server\n");
        exit(1);
    }
    if (fork() == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(fd);
    }
    (void)close(fd);
    port = ntohs(a.sin_port);
    return port;
}

static void http(struct result *o)
{
    const struct http_client_config config = {.timeout_ms = 5000};
    struct http_client *c = NULL;
    struct http_request rq = {.method = "GET"};
    struct http_response rs;
    char url[64];

    (void)str_format(url, sizeof(url), "http://127.0.0.1:%u/", server());
    rq.url = url;
    http_response_init(&rs);
    if (http_client_new(&config, &c, &o->err) == ERR_OK) {
        const struct transport t = http_client_transport(c);

        if (transport_perform(&t, &rq, &rs, &o->err) == ERR_OK)
            result_text(o, strbuf_text(&rs.body));
        else if (alloc_refused() &&
                 (o->err.code == ERR_CONNECT || o->err.code == ERR_RESET)) {
            err_clear(&o->err); /* libcurl's own words for it; it may be tried again */
            (void)err_set(&o->err, ERR_NOMEM, "no memory");
        }
        if (alloc_refused()) {
            struct err e = {0};

            alloc_pause();
            strbuf_reset(&rs.body);
            has_memory_again(o, transport_perform(&t, &rq, &rs, &e));
            alloc_resume();
        }
    }
    http_response_clear(&rs);
    http_client_free(c);
}

/* ----- an answer that takes more room than a library has at once ----- */

static void element_begins(void *ctx, const char *name, const struct xml_attribute *attrs,
                           size_t n)
{
    (void)ctx;
    (void)name;
    (void)attrs;
    (void)n;
}

static void element_ends(void *ctx, const char *name, const char *text, size_t len)
{
    (void)name;
    result_add(ctx, text, len);
}

static void long_xml(struct result *o)
{
    static const char begins[] = "<all>", row[] = "<item>row of a list</item>",
                      ends[] = "</all>";
    static char bytes[64 * 1024];
    const struct xml_handler h = {element_begins, element_ends, o};
    size_t n = strlen(begins);

    memcpy(bytes, begins, n);
    for (; n + strlen(row) + sizeof(ends) < sizeof(bytes); n += strlen(row))
        memcpy(bytes + n, row, strlen(row));
    memcpy(bytes + n, ends, strlen(ends));
    if (xml_read(bytes, n + strlen(ends), &h, &o->err) == ERR_OK)
        result_text(o, "all");
}

const struct scenario scenarios_api[] = {
    {"velostrata asked", poll_velostrata},
    {"jenkins asked", poll_jenkins},
    {"builds asked", poll_builds},
    {"vsphere asked", poll_vsphere},
    {"instances asked", poll_instances},
    {"spot requests asked", poll_spot},
    {"interfaces asked", poll_interfaces},
    {"prices asked", poll_prices},
    {"price list asked", poll_pricelist},
    {"the queue asked", poll_queue},
    {"a launch", act_launch},
    {"a termination", act_terminate},
    {"a power-on", act_power_on},
    {"a shutdown", act_shutdown},
    {"a Run in Cloud", act_run},
    {"a return", act_back},
    {"an extension started", act_extension},
    {"a node closed", act_node_close},
    {"a node opened", act_node_open},
    {"a build queued", act_build_queue},
    {"a lease of etcd", etcd},
    {"an exchange over libcurl", http},
    {"a long answer in XML", long_xml},
    {NULL, NULL},
};
