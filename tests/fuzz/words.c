#include <config.h>

#include "core/api/etcd_wire.h"
#include "core/base/text.h"
#include "core/base/timefmt.h"
#include "core/engine/lock_record.h"
#include "core/engine/wish_record.h"
#include "core/model/fleet_json.h"
#include "core/model/window.h"
#include "core/net/aws_web_identity.h"
#include "core/net/certificate.h"
#include "core/net/http.h"
#include "core/net/json.h"
#include "core/net/xml.h"
#include "core/store/snapshot_json.h"
#include "tests/fuzz/fuzz.h"
#include "tui/args.h"
#include "tui/keys.h"
#include "tui/words.h"

#include <stdlib.h>
#include <string.h>

/* ----- of people ----- */

static const struct tz *utc_zone(void)
{
    static struct tz *z;
    struct err e = {0};

    if (z == NULL)
        FUZZ_CHECK(tz_load("UTC", &z, &e) == ERR_OK);
    return z;
}

/* One word a line. */
static void command_line(const uint8_t *bytes, size_t len)
{
    enum { MOST = 80 };
    char *text = malloc(len + 1), *rest, *line;
    char *argv[MOST + 2] = {(char[]){"rushhour"}};
    struct args a;
    struct err e = {0};
    int argc = 1;

    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes, len);
    text[len] = '\0';
    rest = text;
    while (argc <= MOST && (line = strsep(&rest, "\n")) != NULL)
        argv[argc++] = line;
    if (args_parse(argc, argv, &a, &e) != ERR_OK) {
        fuzz_check_text(e.text);
        FUZZ_CHECK(e.text[0] != '\0');
    } else {
        FUZZ_CHECK(a.n_words <= ARGS_MAX_WORDS && a.n_sets <= ARGS_MAX_SETS);
    }
    free(text);
}

static void order_words(const char *line)
{
    struct command c = {0};
    struct err e = {0};
    bool quit = false;
    const struct utc now = {INT64_C(1795329000)};

    if (words_parse(line, NULL, utc_zone(), now, &c, &quit, &e) != ERR_OK) {
        fuzz_check_text(e.text);
        FUZZ_CHECK(e.text[0] != '\0');
    }
}

static void numbers(const char *line)
{
    const struct utc now = {INT64_C(1795329000)};
    struct window w;
    struct usd usd;
    struct utc at;
    struct err e = {0};
    uint32_t key;
    int64_t s;
    char again[USD_TEXT + DUR_TEXT];

    if (window_parse(line, &w, &e) == ERR_OK) {
        char shown[WINDOW_TEXT];
        struct window back;

        /* What is shown reads back as the same. */
        FUZZ_CHECK(window_parse(window_text(&w, shown), &back, &e) == ERR_OK);
        FUZZ_CHECK(strcmp(window_text(&back, again), shown) == 0);
    }
    err_clear(&e);
    if (usd_parse(line, &usd, &e) == ERR_OK)
        fuzz_check_text(usd_text(usd, 4, again));
    err_clear(&e);
    if (duration_parse(line, &s, &e) == ERR_OK)
        (void)duration_text(s, again);
    err_clear(&e);
    if (time_parse(line, utc_zone(), now, &at, &e) == ERR_OK)
        FUZZ_CHECK(at.s > -INT64_C(100000000000) && at.s < INT64_C(1000000000000));
    else
        fuzz_check_text(e.text);
    (void)keys_parse(line, &key);
}

static void orders(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1), *rest, *line;

    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes, len);
    text[len] = '\0';
    rest = text;
    while ((line = strsep(&rest, "\n")) != NULL) {
        order_words(line);
        numbers(line);
    }
    free(text);
}

/* ----- of machines ----- */

static void text(const uint8_t *bytes, size_t len)
{
    static const size_t sizes[] = {1, 2, 7, 64, 4096};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char out[4096];
        size_t n = text_clean(out, sizes[i], (const char *)bytes, len);

        FUZZ_CHECK(n < sizes[i] && out[n] == '\0' && strlen(out) == n);
        fuzz_check_text(out);
    }
}

/* How deep jansson itself lets anything be: the stack is enough for it. */
static size_t walk(const json_value *v, int depth)
{
    size_t n = 1;
    void *at = NULL;
    const json_value *member;

    FUZZ_CHECK(depth < 4096);
    for (size_t i = 0; i < json_list_len(v); i++)
        n += walk(json_list_at(v, i), depth + 1);
    while (json_is_object(v) && (member = json_member_next(v, &at)) != NULL)
        n += walk(member, depth + 1);
    return n;
}

static void json(const uint8_t *bytes, size_t len)
{
    struct json_doc *d = NULL;
    struct err e = {0};

    if (json_parse((const char *)bytes, len, &d, &e) != ERR_OK) {
        fuzz_check_text(e.text);
        return;
    }
    FUZZ_CHECK(walk(json_doc_root(d), 0) <= len);
    json_doc_free(d);
}

struct depth {
    int now;
    size_t ends;
};

static void on_start(void *ctx, const char *name, const struct xml_attribute *attrs,
                     size_t n)
{
    struct depth *d = ctx;

    FUZZ_CHECK(name[0] != '\0' && n <= XML_MAX_ATTRIBUTES);
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK(attrs[i].name != NULL && attrs[i].value != NULL);
    FUZZ_CHECK(++d->now <= XML_MAX_DEPTH + 1);
}

static void on_end(void *ctx, const char *name, const char *content, size_t len)
{
    struct depth *d = ctx;

    (void)name;
    FUZZ_CHECK(strlen(content) <= len && len <= XML_MAX_TEXT_BYTES);
    d->now--;
    d->ends++;
}

static void xml(const uint8_t *bytes, size_t len)
{
    struct depth d = {0};
    const struct xml_handler h = {on_start, on_end, &d};
    struct err e = {0};

    if (xml_read((const char *)bytes, len, &h, &e) == ERR_OK)
        FUZZ_CHECK(d.now == 0 && d.ends > 0);
    else
        fuzz_check_text(e.text);
}

static void head(const uint8_t *bytes, size_t len)
{
    const char *p = (const char *)bytes, *end = p + len;
    struct http_response rs;
    struct http_head h = {0};

    http_response_init(&rs);
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((nl != NULL ? nl : end) - p);

        http_take_header(&h, &rs, p, n);
        p = nl != NULL ? nl + 1 : end;
    }
    http_end_head(&h, &rs, (struct utc){INT64_C(1795329000)});
    FUZZ_CHECK(rs.retry_after_s >= -1 && rs.retry_after_s <= 900);
    fuzz_check_text(rs.jenkins);
    http_response_clear(&rs);
}

static void certificate(const uint8_t *bytes, size_t len)
{
    enum { PEM_BYTES = 64 * 1024 };
    struct certificate c = {.subject = ""};
    struct err e = {0};
    char *pem;

    if (len >= PEM_BYTES)
        return;
    pem = calloc(1, len + 1);
    FUZZ_CHECK(pem != NULL);
    memcpy(pem, bytes, len);
    if (certificate_read(pem, &c, &e) == ERR_OK)
        FUZZ_CHECK(strlen(c.fingerprint) == FINGERPRINT_TEXT - 1 && strlen(c.pin) == 52);
    free(pem);
}

/* Whoever hands out keys: what is taken may stand in a header. */
static void keys(const uint8_t *bytes, size_t len)
{
    for (int kind = -1; kind <= AWS_ANSWER_INSTANCE; kind++) {
        const char *text = (const char *)bytes;
        struct aws_answer a = {0};
        struct err e = {0};
        enum err_code rc =
            kind < 0 ? aws_web_identity_read(text, len, &a, &e)
                     : aws_answer_read((enum aws_answer_kind)kind, text, len, &a, &e);

        if (rc != ERR_OK) {
            FUZZ_CHECK(a.keys.secret_key == NULL && e.text[0] != '\0');
            fuzz_check_text(e.text);
            continue;
        }
        FUZZ_CHECK(a.keys.key_id[0] != '\0' && a.keys.secret_key != NULL);
        FUZZ_CHECK(strpbrk(a.keys.key_id, " \r\n") == NULL);
        FUZZ_CHECK(a.keys.session_token == NULL ||
                   strpbrk(secret_expose(a.keys.session_token), " \r\n") == NULL);
        aws_keys_clear(&a.keys);
    }
}

static void check_kv(const struct etcd_kv *kv)
{
    fuzz_check_text(kv->value);
    FUZZ_CHECK(kv->create_revision >= 0);
}

/* One JSON object a line, each read as every answer there is. */
static void etcd_answer(const json_value *root)
{
    static struct etcd_kv kvs[ETCD_KVS]; /* too many for a stack */
    struct etcd_txn txn = {0};
    struct err e = {0};
    int64_t lease, ttl_s;
    size_t n = 0;
    bool old;

    if (etcd_read_grant(root, &lease, &ttl_s, &e) == ERR_OK)
        FUZZ_CHECK(lease != 0 && ttl_s > 0);
    err_clear(&e);
    if (etcd_read_keepalive(root, &ttl_s, &e) == ERR_OK)
        FUZZ_CHECK(ttl_s >= 0);
    err_clear(&e);
    if (etcd_read_time_to_live(root, &ttl_s, &e) == ERR_OK)
        FUZZ_CHECK(ttl_s >= -1);
    err_clear(&e);
    if (etcd_read_txn(root, &txn, &e) == ERR_OK)
        check_kv(&txn.kv);
    err_clear(&e);
    if (etcd_read_range(root, kvs, ETCD_KVS, &n, &e) == ERR_OK) {
        FUZZ_CHECK(n <= ETCD_KVS);
        for (size_t i = 0; i < n; i++)
            check_kv(&kvs[i]);
    }
    err_clear(&e);
    (void)etcd_prefix(root, &old);
    FUZZ_CHECK(etcd_read_error(root, 500, "etcd: fuzz", &e) != ERR_OK);
    fuzz_check_text(e.text);
}

static void etcd(const uint8_t *bytes, size_t len)
{
    const char *p = (const char *)bytes, *end = p + len;

    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((nl != NULL ? nl : end) - p);
        struct json_doc *d = NULL;
        struct err e = {0};

        if (json_parse(p, n, &d, &e) == ERR_OK) {
            etcd_answer(json_doc_root(d));
            json_doc_free(d);
        }
        p = nl != NULL ? nl + 1 : end;
    }
}

/* What another controller left in etcd: all of it is known here and clean, or nothing is
 * taken; what is taken fits when it is written, and reads the same. */
static void lock_record(const uint8_t *bytes, size_t len)
{
    struct lock_record h = {.by = "untouched"}, again = {0};
    char *text = malloc(len + 1), written[ETCD_VALUE_TEXT], line[LINE_TEXT];
    struct err e = {0};

    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes, len);
    text[len] = '\0';
    if (lock_record_read(text, &h, &e) != ERR_OK) {
        FUZZ_CHECK(strcmp(h.by, "untouched") == 0 && !h.has_move);
        FUZZ_CHECK(e.text[0] != '\0');
        fuzz_check_text(e.text);
        free(text);
        return;
    }
    free(text);
    fuzz_check_text(h.by);
    fuzz_check_text(h.server);
    fuzz_check_text(h.target);
    fuzz_check_text(h.move.id);
    fuzz_check_text(h.move.by);
    lock_record_text(&h, line, sizeof(line));
    fuzz_check_text(line);
    FUZZ_CHECK(!h.has_move || (h.move.step >= 0 && h.move.step < MAX_STEPS));
    FUZZ_CHECK(lock_record_write(&h, written, sizeof(written)));
    FUZZ_CHECK(lock_record_read(written, &again, &e) == ERR_OK);
    FUZZ_CHECK(memcmp(&again.move, &h.move, sizeof(h.move)) == 0);
    FUZZ_CHECK(strcmp(again.by, h.by) == 0 && strcmp(again.target, h.target) == 0);
    FUZZ_CHECK(again.at.s == h.at.s && again.owed.s == h.owed.s && again.call == h.call &&
               again.launch_start == h.launch_start &&
               again.launch_attempt == h.launch_attempt);
}

/* … and what people wanted there. */
static void wish_record(const uint8_t *bytes, size_t len)
{
    struct wish w = {.server = "untouched"}, again;
    struct wish_writer by = {.name = "untouched"};
    char *text = malloc(len + 1), written[ETCD_VALUE_TEXT];
    struct err e = {0};

    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes, len);
    text[len] = '\0';
    if (wish_record_read(text, &w, &by, &e) != ERR_OK) {
        FUZZ_CHECK(strcmp(w.server, "untouched") == 0 &&
                   strcmp(by.name, "untouched") == 0);
        FUZZ_CHECK(e.text[0] != '\0');
        fuzz_check_text(e.text);
        free(text);
        return;
    }
    free(text);
    fuzz_check_text(by.name);
    fuzz_check_text(by.state_id);
    fuzz_check_text(w.server);
    fuzz_check_text(w.auto_by);
    fuzz_check_text(w.hold.by);
    fuzz_check_text(w.hold.why);
    FUZZ_CHECK(wish_record_write(&w, &by, written, sizeof(written)));
    FUZZ_CHECK(wish_record_read(written, &again, &by, &e) == ERR_OK);
    FUZZ_CHECK(wish_eq(&w, &again));
}

/* What it holds can be written again, and reads the same. */
static void snapshot(const uint8_t *bytes, size_t len)
{
    struct fleet *f = NULL;
    struct strbuf out;
    struct err e = {0};

    if (snapshot_parse((const char *)bytes, len, &f, &e) != ERR_OK) {
        fuzz_check_text(e.text);
        return;
    }
    for (size_t i = 0; i < f->n_servers; i++)
        fuzz_check_text(f->servers[i].name);
    strbuf_init(&out, 8 * 1024 * 1024);
    fleet_json(f, "fuzz", &out);
    FUZZ_CHECK(!out.failed);
    strbuf_clear(&out);
    fleet_unref(f);
}

const struct fuzz_target fuzz_words[] = {
    {"command_line", command_line},
    {"orders", orders},
    {"text", text},
    {"etcd", etcd},
    {"json", json},
    {"xml", xml},
    {"head", head},
    {"certificate", certificate},
    {"keys", keys},
    {"lock_record", lock_record},
    {"wish_record", wish_record},
    {"snapshot", snapshot},
    {NULL, NULL},
};
