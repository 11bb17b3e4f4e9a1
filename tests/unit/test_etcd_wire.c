#include <config.h>

#include "core/api/etcd_wire.h"
#include "tests/unit/table.h"

#include <string.h>

/* etcd's JSON gateway as bytes, both ways; what it was seen to send (etcd 3.4.23). */

#define HEADER                                                                           \
    "\"header\":{\"cluster_id\":\"14841639068965178418\","                               \
    "\"member_id\":\"10276657743932975437\",\"revision\":\"7\",\"raft_term\":\"2\"}"

/* "rushhour/haifa/lock" and "dana@ops1 pid 42" */
#define KEY   "cnVzaGhvdXIvaGFpZmEvbG9jaw=="
#define VALUE "ZGFuYUBvcHMxIHBpZCA0Mg=="

static void assert_bytes(struct strbuf *b, const char *want)
{
    assert_string_equal(strbuf_text(b), want);
    strbuf_reset(b);
}

static void test_requests(void **state)
{
    const struct etcd_guarded confirm = {.lock = "rushhour/haifa/lock",
                                         .epoch = 12,
                                         .lease = 2324035553271606796,
                                         .key = "rushhour/haifa/lock",
                                         .value = "dana@ops1 pid 42",
                                         .key_lease = 2324035553271606796},
                              fence = {.lock = "rushhour/haifa/lock",
                                       .epoch = 12,
                                       .lease = 5,
                                       .key = "k",
                                       .value = ""};
    struct strbuf b;

    (void)state;
    strbuf_init(&b, 16384);
    etcd_ask_grant(&b, 90);
    assert_bytes(&b, "{\"TTL\":\"90\"}");
    etcd_ask_lease(&b, -2);
    assert_bytes(&b, "{\"ID\":\"-2\"}");
    etcd_ask_time_to_live(&b, 5);
    assert_bytes(&b, "{\"ID\":\"5\"}");
    etcd_ask_acquire(&b, "rushhour/haifa/lock", "dana@ops1 pid 42", 5);
    assert_bytes(
        &b, "{\"compare\":[{\"result\":\"EQUAL\",\"target\":\"CREATE\",\"key\":\"" KEY
            "\",\"create_revision\":\"0\"}],\"success\":[{\"request_put\":{\"key\":"
            "\"" KEY "\",\"value\":\"" VALUE "\",\"lease\":\"5\"}}],\"failure\":[{"
            "\"request_range\":{\"key\":\"" KEY "\"}}]}");
    etcd_ask_guarded(&b, &confirm);
    assert_bytes(
        &b, "{\"compare\":[{\"result\":\"EQUAL\",\"target\":\"CREATE\",\"key\":\"" KEY
            "\",\"create_revision\":\"12\"},{\"result\":\"EQUAL\",\"target\":"
            "\"LEASE\",\"key\":\"" KEY "\",\"lease\":\"2324035553271606796\"}],"
            "\"success\":[{\"request_put\":{\"key\":\"" KEY "\",\"value\":\"" VALUE
            "\",\"lease\":\"2324035553271606796\"}}],\"failure\":[{"
            "\"request_range\":{\"key\":\"" KEY "\"}}]}");
    etcd_ask_guarded(&b, &fence); /* what is to outlive the lease has none */
    assert_null(strstr(strstr(strbuf_text(&b), "request_put"), "lease"));
    assert_non_null(strstr(strbuf_text(&b), "{\"key\":\"aw==\",\"value\":\"\"}"));
    strbuf_reset(&b);
    etcd_ask_release(&b, "k", 12);
    assert_bytes(&b, "{\"compare\":[{\"result\":\"EQUAL\",\"target\":\"CREATE\",\"key\":"
                     "\"aw==\",\"create_revision\":\"12\"}],\"success\":[{"
                     "\"request_delete_range\":{\"key\":\"aw==\"}}],\"failure\":[{"
                     "\"request_range\":{\"key\":\"aw==\"}}]}");
    etcd_ask_range(&b, "a/", false);
    assert_bytes(&b, "{\"key\":\"YS8=\"}");
    etcd_ask_range(&b, "a/", true); /* up to a0 */
    assert_bytes(&b, "{\"key\":\"YS8=\",\"range_end\":\"YTA=\",\"limit\":\"1025\"}");
    etcd_ask_token(&b, "dana", "a\"b");
    assert_bytes(&b, "{\"name\":\"dana\",\"password\":\"a\\\"b\"}");
    strbuf_clear(&b);
}

/* ----- answers ----- */

enum kind { GRANT, KEEPALIVE, LEFT, TXN, RANGE };

struct got {
    int64_t a, b;
    struct etcd_txn txn;
    struct etcd_kv kvs[2];
    size_t n;
};

static enum err_code read_answer(enum kind kind, const char *text, size_t len,
                                 struct got *g, struct err *e)
{
    struct json_doc *doc = NULL;
    const json_value *root;
    enum err_code rc = json_parse(text, len, &doc, e);

    if (rc != ERR_OK)
        return rc;
    root = json_doc_root(doc);
    rc = kind == GRANT       ? etcd_read_grant(root, &g->a, &g->b, e)
         : kind == KEEPALIVE ? etcd_read_keepalive(root, &g->a, e)
         : kind == LEFT      ? etcd_read_time_to_live(root, &g->a, e)
         : kind == TXN       ? etcd_read_txn(root, &g->txn, e)
                             : etcd_read_range(root, g->kvs, 2, &g->n, e);
    json_doc_free(doc);
    return rc;
}

#define KV(revision)                                                                     \
    "{\"key\":\"" KEY "\",\"create_revision\":\"" revision                               \
    "\",\"mod_revision\":\"6\",\"version\":\"1\",\"value\":\"" VALUE                     \
    "\",\"lease\":\"2324035553271606796\"}"

static void test_good_answers(void **state)
{
    static const struct {
        const char *what;
        enum kind kind;
        const char *text;
        int64_t a, b;
    } rows[] = {
        /* clang-format off */
        {"a grant", GRANT, "{" HEADER ",\"ID\":\"2324035553271606796\",\"TTL\":\"90\"}", 2324035553271606796, 90},
        {"renewed", KEEPALIVE, "{\"result\":{" HEADER ",\"ID\":\"5\",\"TTL\":\"90\"}}\n", 90, 0},
        {"a lease that is over", KEEPALIVE, "{\"result\":{" HEADER ",\"ID\":\"5\"}}\n", 0, 0},
        {"left", LEFT, "{" HEADER ",\"ID\":\"5\",\"TTL\":\"89\",\"grantedTTL\":\"90\"}", 89, 0},
        {"no such lease", LEFT, "{" HEADER ",\"ID\":\"5\",\"TTL\":\"-1\"}", -1, 0},
        /* clang-format on */
    };
    struct got g;
    struct err e = {0};
    static const char won[] = "{" HEADER ",\"succeeded\":true,\"responses\":[{"
                              "\"response_put\":{\"header\":{\"revision\":\"7\"}}}]}",
                      lost[] = "{" HEADER ",\"responses\":[{\"response_range\":{"
                               "\"header\":{\"revision\":\"7\"},\"kvs\":[" KV(
                                   "6") "],"
                                        "\"count\":\"1\"}}]}",
                      gone[] = "{" HEADER ",\"responses\":[{\"response_range\":{"
                               "\"header\":{\"revision\":\"7\"}}}]}",
                      two[] = "{" HEADER ",\"kvs\":[" KV("6") "," KV("7") "]}";

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        g = (struct got){.a = -9};
        assert_row(rows[i].what, read_answer(rows[i].kind, rows[i].text,
                                             strlen(rows[i].text), &g, &e) == ERR_OK);
        assert_row(rows[i].what, g.a == rows[i].a && g.b == rows[i].b);
    }
    assert_int_equal(read_answer(TXN, won, strlen(won), &g, &e), ERR_OK);
    assert_true(g.txn.succeeded);
    assert_int_equal(g.txn.revision, 7);
    assert_int_equal(read_answer(TXN, lost, strlen(lost), &g, &e), ERR_OK);
    assert_false(g.txn.succeeded);
    assert_int_equal(g.txn.kv.create_revision, 6);
    assert_true(g.txn.kv.lease == 2324035553271606796);
    assert_string_equal(g.txn.kv.value, "dana@ops1 pid 42");
    assert_int_equal(read_answer(TXN, gone, strlen(gone), &g, &e), ERR_OK);
    assert_true(!g.txn.succeeded && g.txn.kv.create_revision == 0);
    assert_int_equal(read_answer(RANGE, "{" HEADER "}", strlen("{" HEADER "}"), &g, &e),
                     ERR_OK);
    assert_int_equal(g.n, 0);
    assert_int_equal(read_answer(RANGE, two, strlen(two), &g, &e), ERR_OK);
    assert_int_equal(g.n, 2);
}

static void test_bad_answers(void **state)
{
    static const struct {
        const char *what;
        enum kind kind;
        const char *text;
    } rows[] = {
        /* clang-format off */
        {"a list", GRANT, "[]"},
        {"no header: no etcd", GRANT, "{\"ID\":\"5\",\"TTL\":\"90\"}"},
        {"no lease", GRANT, "{" HEADER ",\"TTL\":\"90\"}"},
        {"no time", GRANT, "{" HEADER ",\"ID\":\"5\"}"},
        {"a lease beyond 64 bits", GRANT, "{" HEADER ",\"ID\":\"99999999999999999999\",\"TTL\":\"90\"}"},
        {"a lease in words", GRANT, "{" HEADER ",\"ID\":\"five\",\"TTL\":\"90\"}"},
        {"a lease with a NUL", GRANT, "{" HEADER ",\"ID\":\"5\\u00000\",\"TTL\":\"90\"}"},
        {"time that is true", KEEPALIVE, "{\"result\":{" HEADER ",\"TTL\":true}}"},
        {"negative time", KEEPALIVE, "{\"result\":{" HEADER ",\"TTL\":\"-3\"}}"},
        {"no result", KEEPALIVE, "{" HEADER ",\"TTL\":\"90\"}"},
        {"time below -1", LEFT, "{" HEADER ",\"TTL\":\"-2\"}"},
        {"nothing done", TXN, "{" HEADER ",\"succeeded\":true}"},
        {"two things done", TXN, "{" HEADER ",\"succeeded\":true,\"responses\":[{},{}]}"},
        {"success in words", TXN, "{" HEADER ",\"succeeded\":\"true\",\"responses\":[{\"response_put\":{}}]}"},
        {"success with the range of a failure", TXN, "{" HEADER ",\"succeeded\":true,\"responses\":[{\"response_range\":{}}]}"},
        {"failure without its range", TXN, "{" HEADER ",\"responses\":[{\"response_put\":{}}]}"},
        {"success without a revision", TXN, "{\"header\":{},\"succeeded\":true,\"responses\":[{\"response_put\":{}}]}"},
        {"keys that are no list", RANGE, "{" HEADER ",\"kvs\":{}}"},
        {"a key that is none", RANGE, "{" HEADER ",\"kvs\":[7]}"},
        {"a key of no revision", RANGE, "{" HEADER ",\"kvs\":[{\"key\":\"aw==\"}]}"},
        {"a value that is no base64", RANGE, "{" HEADER ",\"kvs\":[{\"create_revision\":\"1\",\"value\":\"a-_=\"}]}"},
        {"base64 without its end", RANGE, "{" HEADER ",\"kvs\":[{\"create_revision\":\"1\",\"value\":\"aaa\"}]}"},
        {"padding in the middle", RANGE, "{" HEADER ",\"kvs\":[{\"create_revision\":\"1\",\"value\":\"aa==aaaa\"}]}"},
        {"nothing but padding", RANGE, "{" HEADER ",\"kvs\":[{\"create_revision\":\"1\",\"value\":\"====\"}]}"},
        {"a value that is a number", RANGE, "{" HEADER ",\"kvs\":[{\"create_revision\":\"1\",\"value\":7}]}"},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct got g = {.a = -9, .n = 9}, before = g;
        struct err e = {0};

        assert_row(rows[i].what,
                   read_answer(rows[i].kind, rows[i].text, strlen(rows[i].text), &g,
                               &e) == ERR_PROTOCOL);
        assert_row(rows[i].what, e.text[0] != '\0');
        assert_row(rows[i].what, g.a == before.a && g.n == before.n);
    }
}

/* Whatever is cut off or changed in an answer: an error, or something with its bounds. */
static void test_torn_answers(void **state)
{
    static const char text[] =
        "{" HEADER ",\"responses\":[{\"response_range\":{\"kvs\":[" KV("6") "]}}]}";
    static const char others[] = "\"{}[]:,0-\\\x01\xff=A";
    char copy[sizeof(text)];
    size_t good = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        struct got g = {0};
        struct err e = {0};

        assert_int_equal(read_answer(TXN, text, i, &g, &e), ERR_PROTOCOL);
        for (size_t k = 0; k < sizeof(others) - 1; k++) {
            struct err why = {0};

            memcpy(copy, text, sizeof(text));
            copy[i] = others[k];
            if (read_answer(TXN, copy, sizeof(text) - 1, &g, &why) != ERR_OK)
                continue;
            good++;
            assert_true(strlen(g.txn.kv.value) < ETCD_VALUE_TEXT);
            for (const char *p = g.txn.kv.value; *p != '\0'; p++)
                assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
        }
    }
    assert_true(good > 0);
}

/* A value that is too long is cut, one of escape sequences is cleaned. */
static void test_hostile_value(void **state)
{
    struct strbuf b;
    struct got g = {0};
    struct err e = {0};

    (void)state;
    strbuf_init(&b, 1024 * 1024);
    strbuf_puts(&b, "{" HEADER ",\"kvs\":[{\"create_revision\":\"1\",\"value\":\"");
    for (int i = 0; i < 20000; i++)
        strbuf_puts(&b, "G1szMW0K"); /* ESC [31m LF */
    strbuf_puts(&b, "\"}]}");
    assert_int_equal(read_answer(RANGE, strbuf_text(&b), b.len, &g, &e), ERR_OK);
    assert_int_equal(g.n, 1);
    assert_null(strchr(g.kvs[0].value, '\033'));
    assert_null(strchr(g.kvs[0].value, '\n'));
    strbuf_clear(&b);
}

static void test_prefixes(void **state)
{
    static const struct {
        const char *what, *text, *prefix;
        bool old;
    } rows[] = {
        {"3.2", "{\"etcdserver\":\"3.2.32\",\"etcdcluster\":\"3.2.0\"}", "/v3alpha",
         true},
        {"3.3", "{\"etcdserver\":\"3.3.27\"}", "/v3beta", true},
        {"3.4", "{\"etcdserver\":\"3.4.23\"}", "/v3", false},
        {"3.6", "{\"etcdserver\":\"3.6.0\"}", "/v3", false},
        {"3.20", "{\"etcdserver\":\"3.20.1\"}", "/v3", false},
        {"nothing", "{}", "/v3", false},
        {"no text", "{\"etcdserver\":3}", "/v3", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_doc *doc = NULL;
        struct err e = {0};
        bool old = !rows[i].old;

        assert_int_equal(json_parse(rows[i].text, strlen(rows[i].text), &doc, &e),
                         ERR_OK);
        assert_string_equal(etcd_prefix(json_doc_root(doc), &old), rows[i].prefix);
        assert_row(rows[i].what, old == rows[i].old);
        json_doc_free(doc);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *what, *text;
        int status;
        enum err_code want;
        const char *says;
    } rows[] = {
        /* clang-format off */
        {"the code decides", "{\"error\":\"etcdserver: request timed out\",\"message\":\"etcdserver: request timed out\",\"code\":2}", 500, ERR_SERVER, "request timed out"},
        {"no leader", "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":\"etcdserver: no leader\"}}", 503, ERR_SERVER, "no leader"},
        {"on a stream that began well", "{\"error\":{\"grpc_code\":14,\"message\":\"etcdserver: no leader\"}}", 200, ERR_SERVER, "no leader"},
        {"deadline", "{\"message\":\"context deadline exceeded\",\"code\":4}", 504, ERR_TIMEOUT, "deadline"},
        {"a bad token", "{\"error\":\"etcdserver: invalid auth token\",\"message\":\"etcdserver: invalid auth token\",\"code\":16}", 401, ERR_AUTH, "token"},
        {"forbidden", "{\"message\":\"etcdserver: permission denied\",\"code\":7}", 403, ERR_FORBIDDEN, "permission"},
        {"unknown lease", "{\"message\":\"etcdserver: requested lease not found\",\"code\":5}", 404, ERR_NOT_FOUND, "lease not found"},
        {"bad request", "{\"message\":\"illegal base64\",\"code\":3}", 400, ERR_REFUSED, "base64"},
        {"a code that is none", "{\"message\":\"\\u001b[31mx\",\"code\":99}", 500, ERR_SERVER, "x"},
        {"no JSON", NULL, 502, ERR_SERVER, "HTTP 502"},
        {"not found, no JSON", NULL, 404, ERR_NOT_FOUND, "HTTP 404"},
        {"a list", "[]", 400, ERR_REFUSED, "HTTP 400"},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_doc *doc = NULL;
        struct err e = {0}, ignored = {0};

        if (rows[i].text != NULL)
            assert_int_equal(
                json_parse(rows[i].text, strlen(rows[i].text), &doc, &ignored), ERR_OK);
        assert_row(rows[i].what,
                   etcd_read_error(doc != NULL ? json_doc_root(doc) : NULL,
                                   rows[i].status, "grant", &e) == rows[i].want);
        assert_row(rows[i].what, strstr(e.text, rows[i].says) != NULL);
        assert_row(rows[i].what, strstr(e.text, "etcd: grant: ") == e.text);
        assert_row(rows[i].what, strchr(e.text, '\033') == NULL);
        json_doc_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),      cmocka_unit_test(test_good_answers),
        cmocka_unit_test(test_bad_answers),   cmocka_unit_test(test_torn_answers),
        cmocka_unit_test(test_hostile_value), cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests_name("etcd_wire", tests, NULL, NULL);
}
