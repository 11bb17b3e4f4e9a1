#include <config.h>

#include "core/api/etcd.h"

#include "core/api/answer.h"

#include <stdlib.h>
#include <string.h>

enum {
    BODY_BYTES = 16 * 1024,
    /* A list of all there may be: base64 is longer by a third, and there are numbers. */
    ANSWER_BYTES = ETCD_KVS * 2 * (ETCD_KEY_TEXT + ETCD_VALUE_TEXT),
    URL_BYTES = 1024,
    TOKEN_BYTES = 1024
};

struct endpoint {
    char base[URL_BYTES];
    const char *prefix; /* NULL: not asked yet */
    bool old;
};

struct etcd {
    const struct lock_config *config;
    const struct clock *clock;
    struct http_client *http; /* NULL: via another transport */
    struct transport transport;
    struct endpoint endpoints[MAX_ETCD];
    size_t n, current; /* the one that answered last */
    char token[TOKEN_BYTES];
    struct strbuf body;
    struct mono sent;
    int64_t took_ms;
};

/* What a call is: its path, what it is called in messages. */
struct method {
    const char *path, *what;
    bool below_kv; /* for old servers */
};

enum err_code etcd_new(const struct lock_config *config, const struct transport *via,
                       const struct clock *clock, struct etcd **out, struct err *e)
{
    struct etcd *c = calloc(1, sizeof(*c));
    struct http_client_config h = answer_client_config(&config->api, clock);
    enum err_code rc = ERR_OK;

    if (c == NULL)
        return err_set(e, ERR_NOMEM, "no memory for an etcd client");
    c->config = config;
    c->clock = clock;
    strbuf_init(&c->body, BODY_BYTES);
    for (size_t i = 0; i < config->n_etcd && rc == ERR_OK; i++)
        rc = answer_base_url(config->etcd[i], c->endpoints[c->n++].base, URL_BYTES, e);
    if (rc == ERR_OK && via != NULL)
        c->transport = *via;
    else if (rc == ERR_OK && (rc = http_client_new(&h, &c->http, e)) == ERR_OK)
        c->transport = http_client_transport(c->http);
    if (rc != ERR_OK) {
        err_wrap(e, "etcd");
        etcd_free(c);
        return rc;
    }
    *out = c;
    return ERR_OK;
}

void etcd_free(struct etcd *c)
{
    if (c == NULL)
        return;
    http_client_free(c->http);
    strbuf_clear(&c->body);
    explicit_bzero(c->token, sizeof(c->token));
    free(c);
}

void etcd_abort(struct etcd *c)
{
    if (c->http != NULL)
        http_client_abort(c->http);
}

struct mono etcd_sent(const struct etcd *c)
{
    return c->sent;
}

int64_t etcd_took_ms(const struct etcd *c)
{
    return c->took_ms;
}

/* ----- one exchange ----- */

static enum err_code judge(const struct http_response *rs, const char *what,
                           struct json_doc **doc, struct err *e)
{
    struct json_doc *d = NULL;
    struct err ignored = {0}; /* an error page that is no JSON has its status */

    if (rs->status == 200) {
        if (answer_json(rs, "etcd", &d, e) != ERR_OK)
            return e->code;
        if (json_get(json_doc_root(d), "error") == NULL) {
            *doc = d;
            return ERR_OK;
        }
    } else if (rs->body.len > 0 &&
               json_parse(strbuf_text(&rs->body), rs->body.len, &d, &ignored) != ERR_OK) {
        d = NULL;
    }
    (void)etcd_read_error(d != NULL ? json_doc_root(d) : NULL, rs->status, what, e);
    json_doc_free(d);
    return e->code;
}

static enum err_code exchange(struct etcd *c, const char *url, const char *what,
                              struct json_doc **doc, struct err *e)
{
    bool asks = c->body.len > 0;
    struct http_request rq = {.method = asks ? "POST" : "GET",
                              .url = url,
                              .content_type = asks ? "application/json" : NULL,
                              .body = asks ? strbuf_text(&c->body) : NULL,
                              .body_len = c->body.len,
                              .timeout_ms = c->config->api.timeout * 1000,
                              .limit_bytes = ANSWER_BYTES};
    struct http_response rs;
    struct mono sent = clock_mono(c->clock);
    enum err_code rc;

    if (c->token[0] != '\0') {
        rq.headers[0] = (struct http_header){"Authorization", c->token, true};
        rq.n_headers = 1;
    }
    if (c->body.failed)
        return err_set(e, ERR_NOMEM, "etcd: %s: no memory for the request", what);
    http_response_init(&rs);
    rc = transport_perform(&c->transport, &rq, &rs, e);
    c->took_ms += rs.took_ms;
    if (rc == ERR_OK)
        rc = judge(&rs, what, doc, e);
    else
        err_wrap(e, "etcd");
    if (rc == ERR_OK)
        c->sent = sent;
    if (rs.body.data != NULL)
        explicit_bzero(rs.body.data, rs.body.cap); /* it may have held a token */
    http_response_clear(&rs);
    return rc;
}

/* Asked once of each endpoint. One that does not know its version is taken for a new one.
 */
static enum err_code find_prefix(struct etcd *c, struct endpoint *at, struct err *e)
{
    char url[URL_BYTES + 16];
    struct json_doc *doc = NULL;
    enum err_code rc;

    if (at->prefix != NULL)
        return ERR_OK;
    strbuf_reset(&c->body);
    (void)str_format(url, sizeof(url), "%s/version", at->base); /* fits */
    rc = exchange(c, url, "version", &doc, e);
    if (rc == ERR_REFUSED || rc == ERR_NOT_FOUND || rc == ERR_FORBIDDEN ||
        rc == ERR_AUTH || rc == ERR_PROTOCOL) {
        err_clear(e);
        rc = ERR_OK;
    }
    if (rc == ERR_OK)
        at->prefix = etcd_prefix(doc != NULL ? json_doc_root(doc) : NULL, &at->old);
    json_doc_free(doc);
    return rc;
}

static enum err_code ask(struct etcd *c, struct endpoint *at, const struct method *m,
                         struct json_doc **doc, struct err *e)
{
    char url[URL_BYTES + 64];

    (void)str_format(url, sizeof(url), "%s%s%s%s", at->base, at->prefix,
                     m->below_kv && at->old ? "/kv" : "", m->path); /* fits */
    return exchange(c, url, m->what, doc, e);
}

static enum err_code log_in(struct etcd *c, struct endpoint *at, struct err *e)
{
    static const struct method method = {"/auth/authenticate", "authenticate", false};
    const struct api_config *a = &c->config->api;
    struct json_doc *doc = NULL;
    const char *token;
    size_t len = 0;
    enum err_code rc;

    c->token[0] = '\0';
    if (a->secret == NULL)
        return err_set(e, ERR_AUTH,
                       "etcd asks for a user: set lock.user and "
                       "lock.password_file");
    strbuf_reset(&c->body);
    for (size_t i = 0; i < BODY_BYTES / 2; i++)
        strbuf_putc(&c->body, ' '); /* grown now, it leaves no copies of the password */
    strbuf_reset(&c->body);
    etcd_ask_token(&c->body, a->user, secret_expose(a->secret));
    rc = ask(c, at, &method, &doc, e);
    if (c->body.data != NULL)
        explicit_bzero(c->body.data, c->body.cap);
    strbuf_reset(&c->body);
    if (rc == ERR_REFUSED || rc == ERR_AUTH || rc == ERR_CONFLICT) {
        err_clear(e);
        return err_set(e, ERR_AUTH, "etcd refused user \"%.48s\": wrong name or password",
                       a->user);
    }
    if (rc != ERR_OK)
        return rc;
    token = json_text(json_doc_root(doc), "token", &len);
    if (token == NULL || len == 0 || strlen(token) != len ||
        strpbrk(token, "\r\n") != NULL || !str_copy(c->token, sizeof(c->token), token)) {
        c->token[0] = '\0';
        rc = err_set(e, ERR_PROTOCOL, "etcd: authenticate: no token");
    }
    json_doc_free(doc);
    return rc;
}

/* ----- a call, at one endpoint after the other ----- */

static bool is_other_endpoints_turn(enum err_code rc)
{
    return rc == ERR_CONNECT || rc == ERR_TIMEOUT || rc == ERR_RESET || rc == ERR_TLS ||
           rc == ERR_SERVER || rc == ERR_PROTOCOL || rc == ERR_THROTTLED;
}

/* build() writes the request anew: logging in uses the same buffer. */
static enum err_code call_at(struct etcd *c, struct endpoint *at, const struct method *m,
                             void (*build)(struct strbuf *b, const void *arg),
                             const void *arg, struct json_doc **doc, struct err *e)
{
    bool named = c->config->api.user != NULL;
    enum err_code rc = find_prefix(c, at, e);

    if (rc == ERR_OK && named && c->token[0] == '\0')
        rc = log_in(c, at, e);
    for (int try = 0; rc == ERR_OK; try++) {
        strbuf_reset(&c->body);
        build(&c->body, arg);
        rc = ask(c, at, m, doc, e);
        /* Its token is over: of another member, or of a time before. */
        if ((rc != ERR_AUTH && rc != ERR_REFUSED) || !named || try > 0)
            break;
        err_clear(e);
        rc = log_in(c, at, e);
    }
    return rc;
}

static enum err_code call(struct etcd *c, const struct method *m,
                          void (*build)(struct strbuf *b, const void *arg),
                          const void *arg, struct json_doc **doc, struct err *e)
{
    enum err_code rc = ERR_CONFIG;

    c->took_ms = 0;
    for (size_t i = 0; i < c->n; i++) {
        size_t which = (c->current + i) % c->n;

        err_clear(e);
        rc = call_at(c, &c->endpoints[which], m, build, arg, doc, e);
        if (!is_other_endpoints_turn(rc)) {
            c->current = which;
            return rc;
        }
    }
    if (c->n == 0)
        return err_set(e, ERR_CONFIG, "etcd: there is no endpoint");
    c->current = (c->current + 1) % c->n;
    return rc;
}

/* ----- the calls ----- */

struct number_arg {
    void (*put)(struct strbuf *b, int64_t v);
    int64_t v;
};

static void build_number(struct strbuf *b, const void *arg)
{
    const struct number_arg *a = arg;

    a->put(b, a->v);
}

enum err_code etcd_grant(struct etcd *c, int64_t ttl_s, int64_t *lease, int64_t *granted,
                         struct err *e)
{
    static const struct method method = {"/lease/grant", "grant", false};
    const struct number_arg arg = {etcd_ask_grant, ttl_s};
    struct json_doc *doc = NULL;
    enum err_code rc = call(c, &method, build_number, &arg, &doc, e);

    if (rc == ERR_OK)
        rc = etcd_read_grant(json_doc_root(doc), lease, granted, e);
    json_doc_free(doc);
    return rc;
}

enum err_code etcd_keepalive(struct etcd *c, int64_t lease, int64_t *ttl_s, struct err *e)
{
    static const struct method method = {"/lease/keepalive", "keepalive", false};
    const struct number_arg arg = {etcd_ask_lease, lease};
    struct json_doc *doc = NULL;
    enum err_code rc = call(c, &method, build_number, &arg, &doc, e);

    if (rc == ERR_OK)
        rc = etcd_read_keepalive(json_doc_root(doc), ttl_s, e);
    json_doc_free(doc);
    return rc;
}

enum err_code etcd_time_to_live(struct etcd *c, int64_t lease, int64_t *ttl_s,
                                struct err *e)
{
    static const struct method method = {"/lease/timetolive", "time to live", true};
    const struct number_arg arg = {etcd_ask_time_to_live, lease};
    struct json_doc *doc = NULL;
    enum err_code rc = call(c, &method, build_number, &arg, &doc, e);

    if (rc == ERR_OK)
        rc = etcd_read_time_to_live(json_doc_root(doc), ttl_s, e);
    json_doc_free(doc);
    return rc;
}

enum err_code etcd_revoke(struct etcd *c, int64_t lease, struct err *e)
{
    static const struct method method = {"/lease/revoke", "revoke", true};
    const struct number_arg arg = {etcd_ask_lease, lease};
    struct json_doc *doc = NULL;
    enum err_code rc = call(c, &method, build_number, &arg, &doc, e);

    json_doc_free(doc);
    return rc;
}

static const struct method txn_method = {"/kv/txn", "transaction", false};
static const struct method range_method = {"/kv/range", "range", false};

static enum err_code txn(struct etcd *c, void (*build)(struct strbuf *b, const void *arg),
                         const void *arg, struct etcd_txn *out, struct err *e)
{
    struct json_doc *doc = NULL;
    enum err_code rc = call(c, &txn_method, build, arg, &doc, e);

    if (rc == ERR_OK)
        rc = etcd_read_txn(json_doc_root(doc), out, e);
    json_doc_free(doc);
    return rc;
}

static void build_acquire(struct strbuf *b, const void *arg)
{
    const struct etcd_guarded *g = arg;

    etcd_ask_acquire(b, g->key, g->value, g->lease);
}

enum err_code etcd_acquire(struct etcd *c, const char *key, const char *value,
                           int64_t lease, struct etcd_txn *out, struct err *e)
{
    const struct etcd_guarded g = {.key = key, .value = value, .lease = lease};

    return txn(c, build_acquire, &g, out, e);
}

static void build_guarded(struct strbuf *b, const void *arg)
{
    etcd_ask_guarded(b, arg);
}

enum err_code etcd_guarded(struct etcd *c, const struct etcd_guarded *g,
                           struct etcd_txn *out, struct err *e)
{
    return txn(c, build_guarded, g, out, e);
}

static void build_release(struct strbuf *b, const void *arg)
{
    const struct etcd_guarded *g = arg;

    etcd_ask_release(b, g->lock, g->epoch);
}

enum err_code etcd_release(struct etcd *c, const char *lock, int64_t epoch, struct err *e)
{
    const struct etcd_guarded g = {.lock = lock, .epoch = epoch};
    struct etcd_txn ignored;

    return txn(c, build_release, &g, &ignored, e);
}

static void build_get(struct strbuf *b, const void *arg)
{
    etcd_ask_range(b, arg, false);
}

static void build_list(struct strbuf *b, const void *arg)
{
    etcd_ask_range(b, arg, true);
}

static enum err_code range(struct etcd *c,
                           void (*build)(struct strbuf *b, const void *arg),
                           const char *key, struct etcd_kv *out, size_t max, size_t *n,
                           struct err *e)
{
    struct json_doc *doc = NULL;
    enum err_code rc = call(c, &range_method, build, key, &doc, e);

    if (rc == ERR_OK)
        rc = etcd_read_range(json_doc_root(doc), out, max, n, e);
    json_doc_free(doc);
    return rc;
}

enum err_code etcd_get(struct etcd *c, const char *key, struct etcd_kv *out,
                       struct err *e)
{
    struct etcd_kv one = {0};
    size_t n = 0;
    enum err_code rc = range(c, build_get, key, &one, 1, &n, e);

    if (rc == ERR_OK)
        *out = n > 0 ? one : (struct etcd_kv){0};
    return rc;
}

enum err_code etcd_list(struct etcd *c, const char *prefix, struct etcd_kv *out,
                        size_t max, size_t *n, struct err *e)
{
    return range(c, build_list, prefix, out, max, n, e);
}
