#include <config.h>

#include "core/api/etcd_wire.h"

#include "core/base/text.h"

#include <string.h>

/* ----- base64, with padding ----- */

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(struct strbuf *b, const char *name, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t left = len;

    jsonw_comma(b);
    json_put_text(b, name);
    strbuf_puts(b, ":\"");
    for (; left > 0; left -= left < 3 ? left : 3, p += 3) {
        unsigned bits = (unsigned)p[0] << 16;

        if (left > 1)
            bits |= (unsigned)p[1] << 8;
        if (left > 2)
            bits |= p[2];
        strbuf_putc(b, digits[bits >> 18]);
        strbuf_putc(b, digits[bits >> 12 & 63]);
        strbuf_putc(b, left > 1 ? digits[bits >> 6 & 63] : '=');
        strbuf_putc(b, left > 2 ? digits[bits & 63] : '=');
    }
    strbuf_putc(b, '"');
}

static void put_key(struct strbuf *b, const char *name, const char *text)
{
    put_base64(b, name, text, strlen(text));
}

/* Decodes what fits into size bytes; how many, or -1: it is no base64. */
static int decode(const char *text, size_t len, char *out, size_t size)
{
    size_t n = 0;

    if (len % 4 != 0)
        return -1;
    for (size_t i = 0; i < len; i += 4) {
        unsigned bits = 0;
        int pads = 0;

        for (size_t k = 0; k < 4; k++) {
            const char *at = text[i + k] != '\0' ? strchr(digits, text[i + k]) : NULL;
            bool pad = text[i + k] == '=' && i + 4 == len && k >= 2;

            if ((at == NULL && !pad) || (pads > 0 && !pad))
                return -1;
            pads += pad ? 1 : 0;
            bits = bits << 6 | (pad ? 0U : (unsigned)(at - digits));
        }
        for (int k = 0; k < 3 - pads && n < size; k++)
            out[n++] = (char)(bits >> (16 - 8 * k) & 0xff);
    }
    return (int)n;
}

/* ----- requests ----- */

static void put_number(struct strbuf *b, const char *name, int64_t v)
{
    char text[24];

    (void)str_format(text, sizeof(text), "%lld", (long long)v); /* fits */
    jsonw_text(b, name, text);
}

void etcd_ask_grant(struct strbuf *b, int64_t ttl_s)
{
    jsonw_open(b, NULL, '{');
    put_number(b, "TTL", ttl_s);
    jsonw_close(b, '}');
}

void etcd_ask_lease(struct strbuf *b, int64_t lease)
{
    jsonw_open(b, NULL, '{');
    put_number(b, "ID", lease);
    jsonw_close(b, '}');
}

void etcd_ask_time_to_live(struct strbuf *b, int64_t lease)
{
    etcd_ask_lease(b, lease);
}

static void put_put(struct strbuf *b, const char *key, const char *value, int64_t lease)
{
    jsonw_open(b, "success", '[');
    jsonw_open(b, NULL, '{');
    jsonw_open(b, "request_put", '{');
    put_key(b, "key", key);
    put_key(b, "value", value);
    if (lease != 0)
        put_number(b, "lease", lease);
    jsonw_close(b, '}');
    jsonw_close(b, '}');
    jsonw_close(b, ']');
}

static void put_range(struct strbuf *b, const char *name, const char *key)
{
    jsonw_open(b, name, '[');
    jsonw_open(b, NULL, '{');
    jsonw_open(b, "request_range", '{');
    put_key(b, "key", key);
    jsonw_close(b, '}');
    jsonw_close(b, '}');
    jsonw_close(b, ']');
}

static void put_revision_is(struct strbuf *b, const char *key, int64_t revision)
{
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "result", "EQUAL");
    jsonw_text(b, "target", "CREATE");
    put_key(b, "key", key);
    put_number(b, "create_revision", revision);
    jsonw_close(b, '}');
}

void etcd_ask_acquire(struct strbuf *b, const char *key, const char *value, int64_t lease)
{
    jsonw_open(b, NULL, '{');
    jsonw_open(b, "compare", '[');
    put_revision_is(b, key, 0);
    jsonw_close(b, ']');
    put_put(b, key, value, lease);
    put_range(b, "failure", key);
    jsonw_close(b, '}');
}

/* With a put inside: a transaction that only compares is answered by a member without
 * quorum, from what it knew long ago. */
void etcd_ask_guarded(struct strbuf *b, const struct etcd_guarded *g)
{
    jsonw_open(b, NULL, '{');
    jsonw_open(b, "compare", '[');
    put_revision_is(b, g->lock, g->epoch);
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "result", "EQUAL");
    jsonw_text(b, "target", "LEASE");
    put_key(b, "key", g->lock);
    put_number(b, "lease", g->lease);
    jsonw_close(b, '}');
    if (g->key_mod != 0) {
        jsonw_open(b, NULL, '{');
        jsonw_text(b, "result", "EQUAL");
        jsonw_text(b, "target", "MOD");
        put_key(b, "key", g->key);
        put_number(b, "mod_revision", g->key_mod);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
    put_put(b, g->key, g->value, g->key_lease);
    put_range(b, "failure", g->lock);
    jsonw_close(b, '}');
}

void etcd_ask_release(struct strbuf *b, const char *lock, int64_t epoch)
{
    jsonw_open(b, NULL, '{');
    jsonw_open(b, "compare", '[');
    put_revision_is(b, lock, epoch);
    jsonw_close(b, ']');
    jsonw_open(b, "success", '[');
    jsonw_open(b, NULL, '{');
    jsonw_open(b, "request_delete_range", '{');
    put_key(b, "key", lock);
    jsonw_close(b, '}');
    jsonw_close(b, '}');
    jsonw_close(b, ']');
    put_range(b, "failure", lock);
    jsonw_close(b, '}');
}

void etcd_ask_range(struct strbuf *b, const char *key, bool all)
{
    char end[ETCD_KEY_TEXT];
    size_t len = strlen(key);

    jsonw_open(b, NULL, '{');
    put_key(b, "key", key);
    if (all && len > 0 && str_copy(end, sizeof(end), key)) {
        end[len - 1]++; /* our keys end in plain ASCII */
        put_key(b, "range_end", end);
        put_number(b, "limit", ETCD_KVS);
    }
    jsonw_close(b, '}');
}

void etcd_ask_token(struct strbuf *b, const char *user, const char *password)
{
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "name", user);
    jsonw_text(b, "password", password);
    jsonw_close(b, '}');
}

/* ----- answers ----- */

/* A number as a string, as the gateway writes it, or plainly; not there: it is 0. False:
 * it is something else. */
static bool read_number(const json_value *object, const char *name, int64_t *out)
{
    const json_value *v = json_get(object, name);
    struct err ignored = {0};
    size_t len;
    const char *text;

    *out = 0;
    if (v == NULL)
        return true;
    text = json_text_of(v, &len);
    if (text == NULL)
        return json_i64(object, name, INT64_MIN, INT64_MAX, out);
    return strlen(text) == len &&
           str_to_i64(text, INT64_MIN, INT64_MAX, out, &ignored) == ERR_OK;
}

static enum err_code strange(const char *what, struct err *e)
{
    return err_set(e, ERR_PROTOCOL, "etcd: %s: an answer of another kind", what);
}

/* Every good answer of etcd has a header. */
static bool has_header(const json_value *object)
{
    return json_is_object(json_get(object, "header"));
}

enum err_code etcd_read_grant(const json_value *root, int64_t *lease, int64_t *ttl_s,
                              struct err *e)
{
    int64_t id, ttl;

    if (!has_header(root) || !read_number(root, "ID", &id) || id == 0 ||
        !read_number(root, "TTL", &ttl) || ttl <= 0)
        return strange("grant", e);
    *lease = id;
    *ttl_s = ttl;
    return ERR_OK;
}

enum err_code etcd_read_keepalive(const json_value *root, int64_t *ttl_s, struct err *e)
{
    const json_value *result = json_get(root, "result");
    int64_t ttl;

    if (!has_header(result) || !read_number(result, "TTL", &ttl) || ttl < 0)
        return strange("keepalive", e);
    *ttl_s = ttl;
    return ERR_OK;
}

enum err_code etcd_read_time_to_live(const json_value *root, int64_t *ttl_s,
                                     struct err *e)
{
    int64_t ttl;

    if (!has_header(root) || !read_number(root, "TTL", &ttl) || ttl < -1)
        return strange("time to live", e);
    *ttl_s = ttl;
    return ERR_OK;
}

/* Cleaned; absent is "", and so is what is so long that a part of it says nothing: one
 * such key must not keep everybody from reading the others. */
static bool read_bytes(const json_value *v, const char *name, char *out, size_t size)
{
    char raw[ETCD_VALUE_TEXT * 2];
    size_t len;
    const char *text = json_text(v, name, &len);
    int n = 0;

    out[0] = '\0';
    if (json_get(v, name) == NULL || (text != NULL && len / 4 * 3 > sizeof(raw)))
        return true;
    n = text != NULL ? decode(text, len, raw, sizeof(raw)) : -1;
    if (n > 0)
        (void)text_clean(out, size, raw, (size_t)n);
    return n >= 0;
}

static bool read_kv(const json_value *v, struct etcd_kv *out)
{
    *out = (struct etcd_kv){0};
    return json_is_object(v) &&
           read_number(v, "create_revision", &out->create_revision) &&
           out->create_revision > 0 &&
           read_number(v, "mod_revision", &out->mod_revision) &&
           read_number(v, "lease", &out->lease) &&
           read_bytes(v, "key", out->key, sizeof(out->key)) &&
           read_bytes(v, "value", out->value, sizeof(out->value));
}

/* kvs of a range; absent is an empty one. */
static bool read_kvs(const json_value *range, struct etcd_kv *out, size_t max, size_t *n)
{
    const json_value *list = json_get(range, "kvs");

    *n = 0;
    if (!json_is_object(range) || (list != NULL && !json_is_list(list)))
        return false;
    for (size_t i = 0; i < json_list_len(list) && *n < max; i++) {
        if (!read_kv(json_list_at(list, i), &out[*n]))
            return false;
        (*n)++;
    }
    return true;
}

enum err_code etcd_read_txn(const json_value *root, struct etcd_txn *out, struct err *e)
{
    const json_value *responses = json_get(root, "responses");
    const json_value *first = json_list_at(responses, 0), *range;
    struct etcd_txn t = {0};
    size_t n;

    if (!has_header(root) || !json_is_object(first) || json_list_len(responses) != 1 ||
        (json_get(root, "succeeded") != NULL &&
         !json_bool(root, "succeeded", &t.succeeded)) ||
        !read_number(json_get(root, "header"), "revision", &t.revision))
        return strange("transaction", e);
    range = json_get(first, "response_range");
    if (t.succeeded ? range != NULL || t.revision <= 0 : !read_kvs(range, &t.kv, 1, &n))
        return strange("transaction", e);
    *out = t;
    return ERR_OK;
}

enum err_code etcd_read_range(const json_value *root, struct etcd_kv *out, size_t max,
                              size_t *n, struct err *e)
{
    size_t found;

    if (!has_header(root) || !read_kvs(root, out, max, &found))
        return strange("range", e);
    *n = found;
    return ERR_OK;
}

const char *etcd_prefix(const json_value *version, bool *old)
{
    size_t len;
    const char *text = json_text(version, "etcdserver", &len);

    *old = false;
    if (text != NULL && str_starts(text, "3.2.")) {
        *old = true;
        return "/v3alpha";
    }
    if (text != NULL && str_starts(text, "3.3.")) {
        *old = true;
        return "/v3beta";
    }
    return "/v3";
}

enum err_code etcd_read_error(const json_value *root, int status, const char *what,
                              struct err *e)
{
    /* The codes of gRPC, and what they are here. */
    static const enum err_code codes[] = {
        [1] = ERR_CANCELED,  [2] = ERR_SERVER,    [3] = ERR_REFUSED,
        [4] = ERR_TIMEOUT,   [5] = ERR_NOT_FOUND, [6] = ERR_CONFLICT,
        [7] = ERR_FORBIDDEN, [8] = ERR_SERVER,    [9] = ERR_CONFLICT,
        [10] = ERR_CONFLICT, [11] = ERR_REFUSED,  [12] = ERR_NOT_FOUND,
        [13] = ERR_SERVER,   [14] = ERR_SERVER,   [15] = ERR_SERVER,
        [16] = ERR_AUTH,
    };
    const json_value *error = json_get(root, "error");
    const json_value *from = json_is_object(error) ? error : root; /* of a stream */
    char message[96];
    int64_t code = 0;
    size_t len;
    const char *text = json_text(from, "message", &len);
    enum err_code rc = status >= 500   ? ERR_SERVER
                       : status == 404 ? ERR_NOT_FOUND
                                       : ERR_REFUSED;

    if (!json_i64(from, "code", 1, 16, &code) &&
        !json_i64(from, "grpc_code", 1, 16, &code))
        code = 0;
    if (code > 0 && codes[code] != ERR_OK)
        rc = codes[code];
    /* Authentication is on, and nobody was named. */
    if (text != NULL && strstr(text, "user name is empty") != NULL)
        rc = ERR_AUTH;
    (void)text_clean(message, sizeof(message), text != NULL ? text : "",
                     text != NULL ? len : 0);
    e->http = status;
    if (message[0] == '\0')
        return err_set(e, rc, "etcd: %s: HTTP %d", what, status);
    return err_set(e, rc, "etcd: %s: %s", what, message);
}
