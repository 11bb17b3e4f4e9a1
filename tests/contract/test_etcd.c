#include <config.h>

#include "core/api/etcd.h"
#include "core/engine/keeper.h"
#include "core/net/http.h"
#include "tests/contract/fake_server.h"
#include "tests/unit/table.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The etcd client, and the keeper of the shared lock on it, against scripted endpoints:
 * what is asked, the next endpoint, users, broken answers; what the controller hears. */

#define HEADER "\"header\":{\"revision\":\"7\"}"
#define OLD    "{\"etcdserver\":\"3.4.23\",\"etcdcluster\":\"3.4.0\"}"
#define GRANT  "{" HEADER ",\"ID\":\"5\",\"TTL\":\"60\"}"
#define WON                                                                              \
    "{" HEADER ",\"succeeded\":true,\"responses\":[{\"response_put\":{\"header\":{"      \
    "\"revision\":\"7\"}}}]}"
/* "dana@ops1 pid 42" */
#define OTHER                                                                            \
    "{\"key\":\"aw==\",\"create_revision\":\"9\",\"value\":\"ZGFuYUBvcHMxIHBpZCA0Mg=="   \
    "\","                                                                                \
    "\"lease\":\"8\"}"
#define LOST                                                                             \
    "{" HEADER ",\"responses\":[{\"response_range\":{\"header\":{},\"kvs\":[" OTHER      \
    "],\"count\":\"1\"}}]}"
#define NOBODY  "{" HEADER "}"
#define SOMEONE "{" HEADER ",\"kvs\":[" OTHER "],\"count\":\"1\"}"
/* No list at all. */
#define SOMEONE_BROKEN "{" HEADER ",\"kvs\":7}"
#define RENEWED        "{\"result\":{" HEADER ",\"ID\":\"5\",\"TTL\":\"60\"}}\n"
#define SECRET         "s3cret\"x"

struct site {
    struct fake_server *servers[2];
    struct lock_config lock;
    struct etcd *client;
    struct err e;
};

static void site_open(struct site *s)
{
    if (etcd_new(&s->lock, NULL, clock_system(), &s->client, &s->e) != ERR_OK)
        fail_msg("etcd_new: %s", s->e.text);
}

static int set_up(void **state)
{
    struct site *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return -1;
    s->lock = (struct lock_config){.api = {.timeout = 1}, .ttl = 60, .renew = 1};
    for (size_t i = 0; i < 2; i++) {
        s->servers[i] = fake_server_start();
        assert_non_null(s->servers[i]);
        s->lock.etcd[i] = fake_server_url(s->servers[i]);
    }
    s->lock.n_etcd = 2;
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct site *s = *state;

    etcd_free(s->client);
    secret_free(s->lock.api.secret);
    fake_server_stop(s->servers[0]);
    fake_server_stop(s->servers[1]);
    free(s);
    return 0;
}

static void json(struct fake_server *f, const char *path, const char *body)
{
    fake_server_json(f, NULL, path, body);
}

static void answers(struct fake_server *f, const char *path,
                    const struct fake_answer *list, size_t n)
{
    struct fake_rule rule = {.path = path, .n_answers = n};

    memcpy(rule.answers, list, n * sizeof(*list));
    fake_server_add(f, &rule);
}

static enum err_code look(struct site *s, struct etcd_kv *kv)
{
    err_clear(&s->e);
    return etcd_get(s->client, "k", kv, &s->e);
}

/* ----- the client ----- */

static void test_calls(void **state)
{
    struct site *s = *state;
    struct fake_server *f = s->servers[0];
    const struct fake_request *rq;
    struct etcd_guarded g = {
        .lock = "k", .epoch = 7, .lease = 5, .key = "k", .value = "v", .key_lease = 5};
    struct etcd_txn t = {0};
    struct etcd_kv kv = {.create_revision = 1};
    int64_t lease = 0, ttl = 0;
    char type[64];

    json(f, "/version", OLD);
    json(f, "=/v3/lease/grant", GRANT);
    json(f, "=/v3/lease/keepalive", RENEWED);
    json(f, "=/v3/lease/timetolive", "{" HEADER ",\"ID\":\"5\",\"TTL\":\"-1\"}");
    json(f, "=/v3/lease/revoke", NOBODY);
    json(f, "=/v3/kv/txn", WON);
    json(f, "=/v3/kv/range", NOBODY);
    site_open(s);
    assert_int_equal(etcd_grant(s->client, 60, &lease, &ttl, &s->e), ERR_OK);
    assert_true(lease == 5 && ttl == 60);
    assert_int_equal(etcd_acquire(s->client, "k", "v", 5, &t, &s->e), ERR_OK);
    assert_true(t.succeeded && t.revision == 7);
    assert_int_equal(etcd_keepalive(s->client, 5, &ttl, &s->e), ERR_OK);
    assert_int_equal(ttl, 60);
    assert_int_equal(etcd_guarded(s->client, &g, &t, &s->e), ERR_OK);
    assert_int_equal(etcd_time_to_live(s->client, 5, &ttl, &s->e), ERR_OK);
    assert_int_equal(ttl, -1);
    assert_int_equal(look(s, &kv), ERR_OK);
    assert_int_equal(kv.create_revision, 0);
    assert_int_equal(etcd_release(s->client, "k", 7, &s->e), ERR_OK);
    assert_int_equal(etcd_revoke(s->client, 5, &s->e), ERR_OK);
    assert_int_equal(fake_server_count_of(f, "GET", "/version"), 1); /* once */
    rq = fake_server_request_of(f, "POST", "/v3/lease/grant", 0);
    assert_non_null(rq);
    assert_string_equal(rq->body, "{\"TTL\":\"60\"}");
    assert_true(fake_request_header(rq, "Content-Type", type, sizeof(type)));
    assert_string_equal(type, "application/json");
    assert_false(fake_request_header(rq, "Authorization", type, sizeof(type)));
    assert_int_equal(fake_server_count(s->servers[1]), 0);
}

/* 3.3: another prefix, and two methods below /kv. */
static void test_old_server(void **state)
{
    struct site *s = *state;
    struct fake_server *f = s->servers[0];
    int64_t ttl = 0;

    json(f, "/version", "{\"etcdserver\":\"3.3.27\"}");
    json(f, "=/v3beta/kv/lease/revoke", NOBODY);
    json(f, "=/v3beta/lease/keepalive", RENEWED);
    site_open(s);
    assert_int_equal(etcd_revoke(s->client, 5, &s->e), ERR_OK);
    assert_int_equal(etcd_keepalive(s->client, 5, &ttl, &s->e), ERR_OK);
}

/* The first endpoint is ill: the second is asked, and asked first from then on. */
static void test_next_endpoint(void **state)
{
    static const struct {
        const char *what;
        struct fake_answer answer;
    } rows[] = {
        {"no leader", {.status = 503, .body = "{\"error\":{\"grpc_code\":14}}"}},
        {"a request that timed out there", {.status = 500, .body = "{\"code\":2}"}},
        {"hangs", {.fault = FAKE_HANG}},
        {"resets", {.fault = FAKE_RESET}},
        {"closes", {.fault = FAKE_CLOSE}},
        {"half an answer", {.body = NOBODY, .fault = FAKE_TRUNCATE}},
        {"no HTTP", {.fault = FAKE_GARBAGE}},
        {"a login page", {.type = "text/html", .body = "<html>"}},
        {"half a JSON", {.body = "{\"header\":"}},
    };

    struct site *s = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct etcd_kv kv = {0};
        size_t asked;

        for (size_t k = 0; k < 2; k++) {
            fake_server_reset(s->servers[k]);
            json(s->servers[k], "/version", OLD);
        }
        answers(s->servers[0], "/v3/kv/range", &rows[i].answer, 1);
        json(s->servers[1], "/v3/kv/range", SOMEONE);
        site_open(s);
        assert_row(rows[i].what, look(s, &kv) == ERR_OK);
        assert_row(rows[i].what, kv.create_revision == 9 && kv.lease == 8);
        assert_row(rows[i].what, strcmp(kv.value, "dana@ops1 pid 42") == 0);
        asked = fake_server_count_of(s->servers[0], NULL, "/v3/kv/range");
        assert_row(rows[i].what, asked > 0);
        assert_row(rows[i].what, look(s, &kv) == ERR_OK);
        assert_row(rows[i].what,
                   fake_server_count_of(s->servers[0], NULL, "/v3/kv/range") == asked);
        etcd_free(s->client);
        s->client = NULL;
    }
}

static void test_none_answers(void **state)
{
    struct site *s = *state;
    struct etcd_kv kv = {.create_revision = 3};

    s->lock.etcd[0] = "http://127.0.0.1:1";
    s->lock.etcd[1] = "http://127.0.0.1:1/";
    site_open(s);
    assert_int_equal(look(s, &kv), ERR_CONNECT);
    assert_non_null(strstr(s->e.text, "etcd"));
    assert_int_equal(kv.create_revision, 3);
}

/* Of so many servers as there may be, each record as long as it may be. */
static void test_long_list(void **state)
{
    struct site *s = *state;
    struct etcd_kv *kvs = calloc(ETCD_KVS, sizeof(*kvs));
    struct strbuf b;
    size_t n = 0;

    assert_non_null(kvs);
    strbuf_init(&b, 16 * 1024 * 1024);
    strbuf_puts(&b, "{" HEADER ",\"kvs\":[");
    for (size_t i = 0; i < ETCD_KVS; i++) {
        strbuf_puts(&b, i > 0 ? "," : "");
        strbuf_puts(&b, "{\"key\":\"aw==\",\"create_revision\":\"9\",\"value\":\"");
        for (size_t k = 0; k < ETCD_VALUE_TEXT / 3 - 1; k++)
            strbuf_puts(&b, "eHh4"); /* xxx */
        strbuf_puts(&b, "\"}");
    }
    strbuf_puts(&b, "]}");
    assert_false(b.failed);
    json(s->servers[0], "/version", OLD);
    json(s->servers[0], "/v3/kv/range", strbuf_text(&b));
    site_open(s);
    if (etcd_list(s->client, "k/", kvs, ETCD_KVS, &n, &s->e) != ERR_OK)
        fail_msg("%s", s->e.text);
    assert_int_equal(n, ETCD_KVS);
    assert_int_equal(strlen(kvs[n - 1].value), ETCD_VALUE_TEXT - 3);
    strbuf_clear(&b);
    free(kvs);
}

/* What is refused is not asked of another one. */
static void test_refused(void **state)
{
    struct site *s = *state;
    const struct fake_answer no = {
        .status = 403, .body = "{\"message\":\"permission denied\",\"code\":7}"};
    struct etcd_kv kv;

    json(s->servers[0], "/version", OLD);
    answers(s->servers[0], "/v3/kv/range", &no, 1);
    site_open(s);
    assert_int_equal(look(s, &kv), ERR_FORBIDDEN);
    assert_non_null(strstr(s->e.text, "permission denied"));
    assert_int_equal(fake_server_count(s->servers[1]), 0);
}

/* The lease is reckoned from when the request was sent, however late the answer is. */
static void test_sent(void **state)
{
    struct site *s = *state;
    const struct fake_answer late = {.body = RENEWED, .delay_ms = 400};
    int64_t before, ttl = 0;

    json(s->servers[0], "/version", OLD);
    answers(s->servers[0], "/lease/keepalive", &late, 1);
    site_open(s);
    before = clock_mono(clock_system()).ms;
    assert_int_equal(etcd_keepalive(s->client, 5, &ttl, &s->e), ERR_OK);
    assert_in_range(etcd_sent(s->client).ms - before, 0, 300);
    assert_true(clock_mono(clock_system()).ms - etcd_sent(s->client).ms >= 400);
}

/* ----- users ----- */

#define BAD_TOKEN                                                                        \
    {                                                                                    \
        .status = 401, .body = "{\"message\":\"etcdserver: invalid auth token\","        \
                               "\"code\":16}"                                            \
    }

static void set_user(struct site *s)
{
    s->lock.api.user = "dana";
    assert_int_equal(secret_new(SECRET, strlen(SECRET), &s->lock.api.secret, &s->e),
                     ERR_OK);
}

static void test_user(void **state)
{
    struct site *s = *state;
    struct fake_server *f = s->servers[0];
    const struct fake_answer tokens[] = {{.body = "{" HEADER ",\"token\":\"one.1\"}"},
                                         {.body = "{" HEADER ",\"token\":\"two.2\"}"}},
                             ranges[] = {{.body = NOBODY}, BAD_TOKEN, {.body = NOBODY}};
    struct etcd_kv kv;
    char token[64];

    set_user(s);
    json(f, "/version", OLD);
    answers(f, "/v3/auth/authenticate", tokens, 2);
    answers(f, "/v3/kv/range", ranges, 3);
    site_open(s);
    assert_int_equal(look(s, &kv), ERR_OK);
    assert_string_equal(
        fake_server_request_of(f, "POST", "/v3/auth/authenticate", 0)->body,
        "{\"name\":\"dana\",\"password\":\"s3cret\\\"x\"}");
    assert_true(fake_request_header(fake_server_request_of(f, "POST", "/kv/range", 0),
                                    "Authorization", token, sizeof(token)));
    assert_string_equal(token, "one.1"); /* without "Bearer" */
    assert_int_equal(look(s, &kv), ERR_OK);
    assert_int_equal(fake_server_count_of(f, "POST", "/v3/auth/authenticate"), 2);
    assert_true(fake_request_header(fake_server_request_of(f, "POST", "/kv/range", 2),
                                    "Authorization", token, sizeof(token)));
    assert_string_equal(token, "two.2");
}

static void test_wrong_user(void **state)
{
    static const struct {
        const char *what;
        struct fake_answer token, range;
        bool named;
        enum err_code want;
    } rows[] = {
        {"a wrong password",
         {.status = 400,
          .body = "{\"message\":\"authentication failed, invalid user ID or password "
                  "s3cret\",\"code\":3}"},
         {.body = NOBODY},
         true,
         ERR_AUTH},
        {"a token of two lines",
         {.body = "{" HEADER ",\"token\":\"a\\r\\nX: y\"}"},
         {.body = NOBODY},
         true,
         ERR_PROTOCOL},
        {"no token", {.body = "{" HEADER "}"}, {.body = NOBODY}, true, ERR_PROTOCOL},
        {"tokens that are never good",
         {.body = "{" HEADER ",\"token\":\"t\"}"},
         BAD_TOKEN,
         true,
         ERR_AUTH},
        {"nobody, where somebody is asked for",
         {.body = ""},
         {.status = 400, .body = "{\"message\":\"user name is empty\",\"code\":3}"},
         false,
         ERR_AUTH},
    };
    struct site *s = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct etcd_kv kv;

        s->lock.n_etcd = 1;
        fake_server_reset(s->servers[0]);
        json(s->servers[0], "/version", OLD);
        answers(s->servers[0], "/auth/authenticate", &rows[i].token, 1);
        answers(s->servers[0], "/v3/kv/range", &rows[i].range, 1);
        if (rows[i].named && s->lock.api.secret == NULL)
            set_user(s);
        if (!rows[i].named)
            s->lock.api.user = NULL;
        site_open(s);
        assert_row(rows[i].what, look(s, &kv) == rows[i].want);
        assert_row(rows[i].what, strstr(s->e.text, "s3cret") == NULL);
        assert_row(rows[i].what, fake_server_count(s->servers[0]) <= 5); /* no loop */
        etcd_free(s->client);
        s->client = NULL;
    }
}

/* ----- the keeper ----- */

struct heard {
    pthread_mutex_t lock; /* guards all below */
    struct event leases[16];
    size_t n;
    struct event acted[4]; /* what others did, before the first of these */
    size_t n_acted;
    size_t answers, failures;
};

static bool hear(void *ctx, const struct event *ev)
{
    struct heard *h = ctx;

    (void)pthread_mutex_lock(&h->lock);
    if (ev->kind == EVENT_LEASE && h->n < 16)
        h->leases[h->n++] = *ev;
    if (ev->kind == EVENT_ACTED && h->n == 0 && h->n_acted < 4)
        h->acted[h->n_acted++] = *ev;
    if (ev->kind == EVENT_OBSERVATION) {
        h->answers++;
        h->failures += ev->as.observation->err.code != ERR_OK;
        observation_unref(ev->as.observation);
    }
    (void)pthread_mutex_unlock(&h->lock);
    return true;
}

/* The i-th thing that was said of the lock; waits for it. */
static struct event said(struct heard *h, size_t i)
{
    struct event ev = {0};
    bool there = false;

    for (int n = 0; n < 1000 && !there; n++) {
        (void)pthread_mutex_lock(&h->lock);
        there = h->n > i;
        if (there)
            ev = h->leases[i];
        (void)pthread_mutex_unlock(&h->lock);
        if (!there)
            (void)poll(NULL, 0, 10);
    }
    assert_true(there);
    return ev;
}

struct stand {
    struct site *site;
    struct config config;
    struct heard heard;
    struct keeper *keeper;
    struct keeper_hand *hand;
};

static void stand_begin(struct stand *t, struct site *s)
{
    const struct keeper_options o = {.config = &t->config,
                                     .clock = clock_system(),
                                     .host = "ops2",
                                     .user = "noa",
                                     .pid = 43,
                                     .state_id = "s43",
                                     .tell = hear,
                                     .ctx = &t->heard};

    *t = (struct stand){.site = s, .config = {.deployment = "haifa"}};
    t->config.lock = s->lock;
    (void)pthread_mutex_init(&t->heard.lock, NULL);
    if (keeper_new(&o, &t->keeper, &s->e) != ERR_OK ||
        keeper_start(t->keeper, &s->e) != ERR_OK ||
        keeper_hand_new(t->keeper, &t->hand, &s->e) != ERR_OK)
        fail_msg("keeper_start: %s", s->e.text);
}

static void stand_end(struct stand *t)
{
    keeper_hand_free(t->hand);
    keeper_stop(t->keeper);
    (void)pthread_mutex_destroy(&t->heard.lock);
}

static enum err_code fence(struct stand *t, int64_t timeout_ms)
{
    const struct call call = {.kind = CALL_NODE_CLOSE, .server = "cache", .move = "m-1"};

    err_clear(&t->site->e);
    return keeper_fence(t->hand, &call, timeout_ms, &t->site->e);
}

static void free_etcd(struct fake_server *f)
{
    json(f, "/version", OLD);
    json(f, "/lease/grant", GRANT);
    json(f, "/lease/keepalive", RENEWED);
    json(f, "/lease/revoke", NOBODY);
    json(f, "/kv/range", NOBODY);
}

static void test_keeper_holds(void **state)
{
    struct site *s = *state;
    struct fake_server *f = s->servers[0];
    const struct fake_request *rq;
    struct stand t;
    struct event ev;

    free_etcd(f);
    json(f, "/kv/txn", WON);
    stand_begin(&t, s);
    ev = said(&t.heard, 0);
    assert_true(ev.as.lease.held);
    assert_int_equal(ev.as.lease.epoch, 7);
    assert_string_equal(ev.as.lease.holder, "");
    assert_int_equal(fence(&t, 5000), ERR_OK);
    /* 60 s less the margin of 10 s: a call of 50 s would end too late. */
    assert_int_equal(fence(&t, 50000), ERR_LOCKED);
    stand_end(&t);
    rq = fake_server_request_of(f, "POST", "/kv/txn", 0);
    assert_non_null(strstr(rq->body, "\"create_revision\":\"0\""));
    /* In the end: let go of the key, then of the lease. */
    rq = fake_server_request_of(f, "POST", "/kv/txn",
                                fake_server_count_of(f, "POST", "/kv/txn") - 1);
    assert_non_null(strstr(rq->body, "request_delete_range"));
    assert_non_null(strstr(rq->body, "\"create_revision\":\"7\""));
    assert_int_equal(fake_server_count_of(f, "POST", "/lease/revoke"), 1);
}

/* The last calls: of an earlier process of our own, of another controller with its open
 * move, of the extension, one that says another server than its key, and one of a newer
 * version. */
/* clang-format off */
#define CALL_KV(key, value)                                                              \
    "{\"key\":\"" key "\",\"create_revision\":\"9\",\"value\":\"" value "\"}"
static const char LAST_CALLS[] =
    "{" HEADER ",\"kvs\":["
    CALL_KV("cnVzaGhvdXIvaGFpZmEvY2FsbHMvd2Vi",
    "eyJ2ZXJzaW9uIjoxLCJhdCI6MTc5NTkyMTIwMCwiYnkiOiJub2FAb3BzMiBwaWQgNyIsImNh"
    "bGwiOiJub2RlLW9wZW4iLCJzZXJ2ZXIiOiJ3ZWIiLCJ0YXJnZXQiOiJ0ZXN0cy13ZWIiLCJs"
    "YXVuY2hfc3RhcnQiOjAsImxhdW5jaF9hdHRlbXB0IjowLCJvd2VkIjowfQ==")
    ","
    CALL_KV("cnVzaGhvdXIvaGFpZmEvY2FsbHMvY2FjaGU=",
    "eyJ2ZXJzaW9uIjoxLCJhdCI6MTc5NTkxNzYwMCwiYnkiOiJkYW5hQG9wczEgcGlkIDQyIiwi"
    "Y2FsbCI6InJldHVybiIsInNlcnZlciI6ImNhY2hlIiwidGFyZ2V0Ijoidm0tMSIsImxhdW5j"
    "aF9zdGFydCI6MCwibGF1bmNoX2F0dGVtcHQiOjAsIm93ZWQiOjAsIm1vdmUiOnsiaWQiOiJt"
    "LTktMyIsIm1vdmVyIjoidmVsb3N0cmF0YSIsImJ5IjoicG9saWN5IiwidGFzayI6IiIsInR5"
    "cGUiOiIiLCJ6b25lIjoiIiwiZGlyZWN0aW9uIjoiYmFjayIsInN0ZXAiOiJyZXR1cm4iLCJy"
    "ZWFzb24iOiJvdXRzaWRlIiwibGlmZWN5Y2xlIjoic3BvdCIsImNvbW1pdHRlZCI6dHJ1ZSwi"
    "Zm9yY2UiOmZhbHNlLCJtYW51YWwiOmZhbHNlLCJpbnRlcnJ1cHRlZCI6ZmFsc2UsInN0YXJ0"
    "ZWQiOjE3OTU5MTc2MDAsInN0ZXBfc2luY2UiOjE3OTU5MTc2MDAsImNvbW1pdHRlZF9hdCI6"
    "MTc5NTkxNzYwMCwibGFzdF9jYWxsX2F0IjoxNzk1OTE3NjAwLCJkcmFpbl9kZWFkbGluZSI6"
    "MCwiZGVhZGxpbmUiOjE3OTU5MjEyMDAsImNhbGxzIjoxLCJhdHRlbXB0IjoxfX0=")
    ","
    CALL_KV("cnVzaGhvdXIvaGFpZmEvY2FsbHMvZXh0ZW5zaW9u",
    "eyJ2ZXJzaW9uIjoxLCJhdCI6MTc5NTkxNDAwMCwiYnkiOiJkYW5hQG9wczEgcGlkIDQyIiwi"
    "Y2FsbCI6ImV4dGVuc2lvbi1zdG9wIiwic2VydmVyIjoiIiwidGFyZ2V0IjoiZXh0LTEiLCJs"
    "YXVuY2hfc3RhcnQiOjAsImxhdW5jaF9hdHRlbXB0IjowLCJvd2VkIjowfQ==")
    ","
    CALL_KV("cnVzaGhvdXIvaGFpZmEvY2FsbHMvbWFpbA==",
    "eyJ2ZXJzaW9uIjoxLCJhdCI6MTc5NTkxMDQwMCwiYnkiOiJkYW5hQG9wczEgcGlkIDQyIiwi"
    "Y2FsbCI6InJldHVybiIsInNlcnZlciI6ImNhY2hlIiwidGFyZ2V0Ijoidm0tMSIsImxhdW5j"
    "aF9zdGFydCI6MCwibGF1bmNoX2F0dGVtcHQiOjAsIm93ZWQiOjB9")
    ","
    CALL_KV("cnVzaGhvdXIvaGFpZmEvY2FsbHMvc2hvcA==",
    "eyJ2ZXJzaW9uIjoyLCJhdCI6MX0=")
    "]}";
/* clang-format on */

static void test_keeper_stands_by(void **state)
{
    struct site *s = *state;
    struct fake_server *f = s->servers[0];
    const struct fake_answer ranges[] = {{.body = SOMEONE},
                                         {.body = SOMEONE},
                                         {.body = NOBODY},
                                         {.body = NOBODY}, /* no wishes */
                                         {.body = LAST_CALLS}};
    struct stand t;
    struct event ev;

    json(f, "/version", OLD);
    json(f, "/lease/grant", GRANT);
    json(f, "/lease/keepalive", RENEWED);
    json(f, "/lease/revoke", NOBODY);
    answers(f, "/kv/range", ranges, 5);
    json(f, "/kv/txn", WON);
    stand_begin(&t, s);
    ev = said(&t.heard, 0);
    assert_false(ev.as.lease.held);
    assert_string_equal(ev.as.lease.holder, "dana@ops1 pid 42");
    assert_int_equal(fence(&t, 1000), ERR_LOCKED);
    assert_int_equal(fake_server_count_of(f, "POST", "/kv/txn"), 0);
    ev = said(&t.heard, 1);
    assert_true(ev.as.lease.held);
    assert_string_equal(ev.as.lease.last_call,
                        "2026-11-29T03:00:00Z noa@ops2 pid 7: node-open web ");
    stand_end(&t);
}

/* Who gets the lock hears first for which servers others called last; the lock is told as
 * ours only once that is known. */
static void test_keeper_tells_others_calls(void **state)
{
    struct site *s = *state;
    struct fake_server *f = s->servers[0];
    const struct fake_answer ranges[] = {{.body = NOBODY},
                                         {.body = NOBODY}, /* no wishes */
                                         {.body = SOMEONE_BROKEN},
                                         {.body = NOBODY},
                                         {.body = LAST_CALLS}};
    static const struct {
        const char *server, *text;
        bool readable;
    } told[] = {{"cache", "dana@ops1 pid 42: return cache m-9-3", true},
                {"mail", "it is another server's", false},
                {"shop", "it is of version 2, this program knows 1", false}};
    struct stand t;

    s->lock.renew = 20; /* no renewal comes first */
    s->lock.n_etcd = 1; /* nor another endpoint */
    json(f, "/version", OLD);
    json(f, "/lease/grant", GRANT);
    json(f, "/lease/revoke", NOBODY);
    json(f, "/kv/txn", WON);
    answers(f, "/kv/range", ranges, 5);
    stand_begin(&t, s);
    assert_true(said(&t.heard, 0).as.lease.held);
    assert_int_equal(t.heard.n_acted, ARRAY_LEN(told));
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        const struct event *ev = &t.heard.acted[i];

        assert_string_equal(ev->as.acted.last.server, told[i].server);
        assert_row(told[i].server, ev->as.acted.readable == (told[i].readable));
        assert_non_null(strstr(ev->as.acted.text, told[i].text));
    }
    assert_true(t.heard.acted[0].as.acted.last.has_move);
    assert_string_equal(t.heard.acted[0].as.acted.last.move.id, "m-9-3");
    assert_non_null(strstr(said(&t.heard, 0).as.lease.last_call, "noa@ops2 pid 7"));
    assert_int_equal(fake_server_count_of(f, "POST", "/kv/range"), 5);
    stand_end(&t);
}

/* The fence finds out that the lock is another's: nothing is sent, the keeper knows. */
static void test_fence_finds_out(void **state)
{
    struct site *s = *state;
    struct fake_server *f = s->servers[0];
    const struct fake_answer txns[] = {{.body = WON}, {.body = LOST}};
    struct stand t;
    struct event ev;

    s->lock.renew = 20; /* no renewal comes first */
    json(f, "/version", OLD);
    json(f, "/lease/grant", GRANT);
    answers(f, "/kv/txn", txns, 2);
    answers(f, "/kv/range",
            (struct fake_answer[]){{.body = NOBODY}, {.body = NOBODY}, {.body = SOMEONE}},
            3);
    stand_begin(&t, s);
    assert_true(said(&t.heard, 0).as.lease.held);
    assert_int_equal(fence(&t, 1000), ERR_LOCKED);
    assert_non_null(strstr(s->e.text, "dana@ops1 pid 42"));
    ev = said(&t.heard, 1);
    assert_false(ev.as.lease.held);
    assert_int_equal(fence(&t, 1000), ERR_LOCKED);
    stand_end(&t);
    assert_int_equal(fake_server_count_of(f, "POST", "/kv/txn"), 2);
}

/* etcd falls silent: nothing is sent, and the controller hears of it before the lease can
 * be over. */
static void test_silence(void **state)
{
    struct site *s = *state;
    struct fake_server *f = s->servers[0];
    const struct fake_answer txns[] = {{.body = WON}, {.fault = FAKE_HANG}},
                             keeps[] = {{.fault = FAKE_HANG}};
    struct stand t;
    size_t i = 1;

    s->lock.n_etcd = 1;
    s->lock.ttl = 13; /* safe for 3 s less its own call of 1 s */
    json(f, "/version", OLD);
    json(f, "/lease/grant", "{" HEADER ",\"ID\":\"5\",\"TTL\":\"13\"}");
    json(f, "/kv/range", NOBODY);
    answers(f, "/kv/txn", txns, 2);
    answers(f, "/lease/keepalive", keeps, 1);
    stand_begin(&t, s);
    assert_true(said(&t.heard, 0).as.lease.held);
    assert_int_equal(fence(&t, 500), ERR_TIMEOUT);
    assert_non_null(strstr(s->e.text, "not sent"));
    while (said(&t.heard, i).as.lease.held)
        i++;
    assert_true(said(&t.heard, i).as.lease.failing);
    assert_int_equal(fence(&t, 1500), ERR_LOCKED);
    stand_end(&t); /* within its bounds, although etcd hangs */
    assert_true(t.heard.failures > 0);
}

#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SITE(test_calls),
        ON_SITE(test_old_server),
        ON_SITE(test_next_endpoint),
        ON_SITE(test_none_answers),
        ON_SITE(test_long_list),
        ON_SITE(test_refused),
        ON_SITE(test_sent),
        ON_SITE(test_user),
        ON_SITE(test_wrong_user),
        ON_SITE(test_keeper_holds),
        ON_SITE(test_keeper_stands_by),
        ON_SITE(test_keeper_tells_others_calls),
        ON_SITE(test_fence_finds_out),
        ON_SITE(test_silence),
    };
    struct err e = {0};
    int rc;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    rc = cmocka_run_group_tests_name("etcd", tests, NULL, NULL);
    http_global_cleanup();
    return rc;
}
