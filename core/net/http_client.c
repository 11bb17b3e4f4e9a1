#include <config.h>

#include "core/net/http_internal.h"
#include "core/net/json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    CONNECT_MS = 5000,
    STALL_MS = 10000,  /* by default */
    STALL_BYTES = 100, /* must come in that time once an answer has begun */
    MAX_IDLE_CONNECTIONS = 4,
    MAX_WAIT_MS = 60 * 1000
};

enum err_code http_global_init(struct err *e)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(e, ERR_NOMEM, "libcurl does not start");
    json_global_init();
    return ERR_OK;
}

void http_global_cleanup(void)
{
    curl_global_cleanup();
}

int64_t http_now_ms(void)
{
    return clock_mono(clock_system()).ms;
}

/* ---- client ---------------------------------------------------------------------- */

static enum err_code check_config(const struct http_client_config *config, struct err *e)
{
    const char *pin = config->pinned_key;

    if (config->pin_only && pin == NULL)
        return err_set(e, ERR_CONFIG, "trust = \"pin-only\" needs pinned_key");
    if (pin != NULL && !str_starts(pin, "sha256//"))
        return err_set(e, ERR_CONFIG, "pinned_key must begin with sha256//");
    if (config->timeout_ms <= 0)
        return err_set(e, ERR_BUG, "an HTTP client without a timeout");
    if (config->client_key_file != NULL && config->client_cert == NULL)
        return err_set(e, ERR_CONFIG, "client_key_file needs client_cert");
    return ERR_OK;
}

/* "::host:port" is curl's word for "whatever the URL says, connect there". */
static enum err_code add_connect_to(struct http_client *c, const char *target,
                                    struct err *e)
{
    char text[300];
    const char *port = strrchr(target, ':'), *bracket = strrchr(target, ']');
    bool has_port = port != NULL && (bracket == NULL || port > bracket);

    if (!str_format(text, sizeof(text), "::%s%s", target, has_port ? "" : ":"))
        return err_set(e, ERR_CONFIG, "connect_to is too long");
    c->connect_to = curl_slist_append(NULL, text);
    if (c->connect_to == NULL)
        return err_set(e, ERR_NOMEM, "no memory for an HTTP client");
    return ERR_OK;
}

enum err_code http_client_new(const struct http_client_config *config,
                              struct http_client **out, struct err *e)
{
    struct http_client *c;
    enum err_code rc = check_config(config, e);

    if (rc != ERR_OK)
        return rc;
    c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_set(e, ERR_NOMEM, "no memory for an HTTP client");
    c->config = *config;
    if (c->config.stall_ms <= 0)
        c->config.stall_ms = STALL_MS;
    (void)str_copy(c->user_agent, sizeof(c->user_agent),
                   config->user_agent != NULL ? config->user_agent
                                              : "rushhour/" PACKAGE_VERSION);
    c->multi = curl_multi_init();
    c->easy = curl_easy_init();
    if (c->multi == NULL || c->easy == NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for an HTTP client");
        goto out;
    }
    /* By default only as many connections are kept as transfers are running: none. */
    if (curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)MAX_IDLE_CONNECTIONS) !=
        CURLM_OK) {
        rc = err_set(e, ERR_BUG, "libcurl refuses to keep connections");
        goto out;
    }
    if (config->connect_to != NULL)
        rc = add_connect_to(c, config->connect_to, e);
out:
    if (rc == ERR_OK)
        *out = c;
    else
        http_client_free(c);
    return rc;
}

void http_client_free(struct http_client *c)
{
    if (c == NULL)
        return;
    http_held_clear(c);
    if (c->easy != NULL)
        curl_easy_cleanup(c->easy);
    if (c->multi != NULL)
        (void)curl_multi_cleanup(c->multi); /* nothing is in it */
    curl_slist_free_all(c->connect_to);
    free(c);
}

void http_client_abort(struct http_client *c)
{
    atomic_store(&c->aborted, true);
    (void)curl_multi_wakeup(c->multi); /* fails only when nobody could wait either */
}

/* ---- callbacks ------------------------------------------------------------------- */

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    size_t len = size * n;

    if (x->in_body)
        return len;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        struct http_response *rs = x->rs;
        struct strbuf body = rs->body;

        /* Another head: what an interim answer said does not count. */
        *rs = (struct http_response){.body = body, .retry_after_s = -1};
        x->head = (struct http_head){0};
        return len;
    }
    http_take_header(&x->head, x->rs, line, len);
    return len;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    size_t len = size * n;

    if (!x->in_body) {
        x->in_body = true;
        x->window_from_ms = http_now_ms();
        x->window_from_bytes = 0;
    }
    if (len > x->rs->body.limit - x->rs->body.len) {
        x->too_big = true;
        return 0;
    }
    strbuf_add(&x->rs->body, bytes, len);
    return x->rs->body.failed ? 0 : len;
}

/* Called once the connection stands, TLS included, right before the request goes out. */
static int on_connected(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct exchange *x = arg;

    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    x->sent = true;
    return CURL_PREREQFUNC_OK;
}

/* ---- one exchange ---------------------------------------------------------------- */

/* Checks the address and writes "name" or "name:port" for messages. */
static enum err_code check_url(const struct http_client *c, const char *url, char *host,
                               size_t size, struct err *e)
{
    CURLU *u = curl_url();
    char *scheme = NULL, *name = NULL, *port = NULL, *user = NULL;
    enum err_code rc = ERR_OK;
    CURLUcode said;

    if (u == NULL)
        return err_set(e, ERR_NOMEM, "no memory for an HTTP request");
    if ((said = curl_url_set(u, CURLUPART_URL, url, 0)) != CURLUE_OK ||
        (said = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0)) != CURLUE_OK ||
        (said = curl_url_get(u, CURLUPART_HOST, &name, 0)) != CURLUE_OK) {
        rc = said == CURLUE_OUT_OF_MEMORY
                 ? err_set(e, ERR_NOMEM, "no memory for an HTTP request")
                 : err_set(e, ERR_CONFIG, "an address is not a usable URL");
        goto out;
    }
    if (curl_url_get(u, CURLUPART_PORT, &port, 0) == CURLUE_OK)
        (void)str_format(host, size, "%s:%s", name, port);
    else
        (void)str_copy(host, size, name);
    if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
        rc = err_set(e, ERR_CONFIG, "%s: no user or password belongs into a URL", host);
    else if (str_eq(scheme, "http") && !c->config.allow_http &&
             (!http_is_loopback(name) || c->config.connect_to != NULL ||
              c->config.proxy != NULL))
        rc = err_set(e, ERR_CONFIG,
                     "%s: plain http is refused; use https, or set allow_http", host);
    else if (!str_eq(scheme, "http") && !str_eq(scheme, "https"))
        rc = err_set(e, ERR_CONFIG, "%s: a URL must begin with https://", host);
out:
    curl_free(scheme);
    curl_free(name);
    curl_free(port);
    curl_free(user);
    curl_url_cleanup(u);
    return rc;
}

/* Wipes before it frees: a header may carry a token. */
static void headers_free(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l != NULL; l = l->next)
        explicit_bzero(l->data, strlen(l->data));
    curl_slist_free_all(list);
}

static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

static enum err_code add_header(struct curl_slist **list, const char *name,
                                const char *value, const char *host, struct err *e)
{
    struct strbuf line;
    enum err_code rc = ERR_OK;

    if (strpbrk(name, "\r\n") != NULL || strpbrk(value, "\r\n") != NULL)
        return err_set(e, ERR_BUG, "%s: a header of two lines", host);
    strbuf_init(&line, 8192);
    strbuf_puts(&line, name);
    strbuf_puts(&line, ": ");
    strbuf_puts(&line, value);
    if (line.failed || !append(list, strbuf_text(&line)))
        rc = err_set(e, ERR_NOMEM, "%s: no memory for a header", host);
    if (line.data != NULL)
        explicit_bzero(line.data, line.cap);
    strbuf_clear(&line);
    return rc;
}

static enum err_code make_headers(const struct http_request *rq, struct curl_slist **list,
                                  const char *host, struct err *e)
{
    for (size_t i = 0; i < rq->n_headers; i++)
        if (add_header(list, rq->headers[i].name, rq->headers[i].value, host, e) !=
            ERR_OK)
            return e->code;
    if (rq->content_type != NULL)
        return add_header(list, "Content-Type", rq->content_type, host, e);
    if (rq->auth == HTTP_AUTH_SIGV4)
        return ERR_OK; /* a removed header would be signed and not sent */
    /* none, not curl's default */
    return append(list, "Content-Type:")
               ? ERR_OK
               : err_set(e, ERR_NOMEM, "%s: no memory for a header", host);
}

/* The first failure is kept. */
#define SET(option, value)                                                               \
    (set = set == CURLE_OK ? curl_easy_setopt(easy, (option), (value)) : set)

static CURLcode set_limits(const struct http_client *c, CURL *easy,
                           const struct http_request *rq)
{
    int64_t timeout = rq->timeout_ms > 0 ? rq->timeout_ms : c->config.timeout_ms;
    CURLcode set = CURLE_OK;

    SET(CURLOPT_TIMEOUT_MS, (long)timeout);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(timeout < CONNECT_MS ? timeout : CONNECT_MS));
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_PROTOCOLS_STR, "https,http"); /* http is checked by check_url */
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_USERAGENT, c->user_agent);
    /* An empty proxy turns the environment's off, an empty list its exceptions. */
    SET(CURLOPT_PROXY, c->config.proxy != NULL ? c->config.proxy : "");
    SET(CURLOPT_NOPROXY, "");
    if (rq->mutating)
        SET(CURLOPT_FRESH_CONNECT, 1L); /* a kept one may make curl send it twice */
    if (c->connect_to != NULL)
        SET(CURLOPT_CONNECT_TO, c->connect_to);
    return set;
}

static CURLcode set_trust(const struct http_client *c, CURL *easy)
{
    const struct http_client_config *config = &c->config;
    CURLcode set = CURLE_OK;

    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, config->pin_only ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, config->pin_only ? 0L : 2L);
    /* A directory would switch curl's shared CA store off: 20 ms for each connection. */
    SET(CURLOPT_CAPATH, NULL);
    if (config->ca_file != NULL)
        SET(CURLOPT_CAINFO, config->ca_file);
    if (config->pinned_key != NULL)
        SET(CURLOPT_PINNEDPUBLICKEY, config->pinned_key);
    if (config->client_cert != NULL)
        SET(CURLOPT_SSLCERT, config->client_cert);
    if (config->client_key_file != NULL)
        SET(CURLOPT_SSLKEY, config->client_key_file);
    return set;
}

static CURLcode set_method(CURL *easy, const struct http_request *rq,
                           const struct exchange *x)
{
    CURLcode set = CURLE_OK;
    bool has_body =
        rq->body != NULL || str_eq(rq->method, "POST") || str_eq(rq->method, "PUT");

    SET(CURLOPT_URL, rq->url);
    if (has_body) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE,
            (curl_off_t)(rq->body != NULL ? rq->body_len : 0));
        if (x->keeps_body)
            SET(CURLOPT_COPYPOSTFIELDS, rq->body != NULL ? rq->body : "");
        else
            SET(CURLOPT_POSTFIELDS, rq->body != NULL ? rq->body : "");
    }
    if (!str_eq(rq->method, has_body ? "POST" : "GET"))
        SET(CURLOPT_CUSTOMREQUEST, rq->method);
    return set;
}

static CURLcode set_auth(CURL *easy, const struct http_request *rq)
{
    CURLcode set = CURLE_OK;

    if (rq->auth == HTTP_AUTH_NONE)
        return CURLE_OK;
    if (rq->user == NULL || rq->password == NULL)
        return CURLE_BAD_FUNCTION_ARGUMENT;
    if (rq->auth == HTTP_AUTH_SIGV4)
        SET(CURLOPT_AWS_SIGV4, rq->sigv4);
    else
        SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC); /* alone, so sent unasked */
    SET(CURLOPT_USERNAME, rq->user);
    SET(CURLOPT_PASSWORD, secret_expose(rq->password));
    return set;
}

static CURLcode set_callbacks(CURL *easy, struct exchange *x)
{
    CURLcode set = CURLE_OK;

    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_PREREQFUNCTION, on_connected);
    SET(CURLOPT_PREREQDATA, x);
    SET(CURLOPT_ERRORBUFFER, x->curl_text);
    return set;
}

/* A body that has begun and then comes slower than STALL_BYTES in STALL_MS. */
static bool is_stalled(const struct http_client *c, struct exchange *x)
{
    int64_t now;

    if (!x->in_body)
        return false;
    now = http_now_ms();
    if (now - x->window_from_ms < c->config.stall_ms)
        return false;
    if (x->rs->body.len - x->window_from_bytes < STALL_BYTES)
        return true;
    x->window_from_ms = now;
    x->window_from_bytes = x->rs->body.len;
    return false;
}

/* A body that has begun is looked at when its time may be over. */
static int64_t until_stall_ms(const struct http_client *c, const struct exchange *x)
{
    int64_t left = x->window_from_ms + c->config.stall_ms - http_now_ms();

    return left < 0 ? 0 : left;
}

/* Who ended is told once: the exchange under way, or the one that is held beside it. */
static void take_messages(struct http_client *c, struct exchange *x)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        struct exchange *of = m->easy_handle == c->easy ? x : &c->held.x;

        if (m->msg != CURLMSG_DONE || of == NULL)
            continue;
        of->ended = true;
        of->result = m->data.result;
    }
}

static enum err_code multi_error(CURLMcode rc, const char *host, const char *what,
                                 struct err *e)
{
    return rc == CURLM_OUT_OF_MEMORY
               ? err_set(e, ERR_NOMEM, "%s: no memory to %s", host, what)
               : err_set(e, ERR_BUG, "%s: libcurl cannot %s", host, what);
}

enum err_code http_drive_once(struct http_client *c, struct exchange *x, int64_t wait_ms,
                              struct err *e)
{
    const char *host = x != NULL ? x->host : c->held.x.host;
    int running;
    CURLMcode rc;

    if ((rc = curl_multi_perform(c->multi, &running)) != CURLM_OK)
        return multi_error(rc, host, "go on", e);
    take_messages(c, x);
    if ((x != NULL && x->ended) || (x == NULL && c->held.x.ended))
        return ERR_OK;
    if (x != NULL && x->in_body && until_stall_ms(c, x) < wait_ms)
        wait_ms = until_stall_ms(c, x);
    /* curl shortens the wait to its own deadlines; a wake-up ends it. */
    rc = curl_multi_poll(c->multi, NULL, 0, (int)wait_ms, NULL);
    return rc == CURLM_OK ? ERR_OK : multi_error(rc, host, "wait", e);
}

/* Runs the transfer to its end; what curl says of it in x->result. */
static enum err_code drive(struct http_client *c, struct exchange *x, struct err *e)
{
    enum err_code rc = ERR_OK;

    while (rc == ERR_OK && !x->ended) {
        if (atomic_load(&c->aborted))
            return err_set(e, ERR_CANCELED, "%s: the call was ended by rushhour",
                           x->host);
        if (is_stalled(c, x))
            return err_set(e, ERR_TIMEOUT, "%s: the answer stopped coming", x->host);
        rc = http_drive_once(c, x, MAX_WAIT_MS, e);
    }
    return rc;
}

/* ---- the whole of it --------------------------------------------------------------- */

static CURLcode set_all(const struct http_client *c, CURL *easy,
                        const struct http_request *rq, struct exchange *x)
{
    CURLcode set = CURLE_OK;

    curl_easy_reset(easy); /* a signer or body of the last call must not linger */
    SET(CURLOPT_HTTPHEADER, x->headers);
    if (set == CURLE_OK)
        set = set_limits(c, easy, rq);
    if (set == CURLE_OK)
        set = set_trust(c, easy);
    if (set == CURLE_OK)
        set = set_method(easy, rq, x);
    if (set == CURLE_OK)
        set = set_auth(easy, rq);
    return set == CURLE_OK ? set_callbacks(easy, x) : set;
}

static enum err_code set_error(CURLcode set, const char *host, struct err *e)
{
    return set == CURLE_OUT_OF_MEMORY
               ? err_set(e, ERR_NOMEM, "%s: no memory for the request", host)
               : err_set(e, ERR_BUG, "%s: libcurl refuses the request", host);
}

enum err_code http_exchange_begin(struct http_client *c, CURL *easy,
                                  const struct http_request *rq, struct exchange *x,
                                  struct err *e)
{
    enum err_code rc = check_url(c, rq->url, x->host, sizeof(x->host), e);
    CURLcode set;

    x->started_ms = http_now_ms();
    if (rc == ERR_OK)
        rc = make_headers(rq, &x->headers, x->host, e);
    if (rc != ERR_OK)
        return rc;
    set = set_all(c, easy, rq, x);
    if (set == CURLE_OK && curl_multi_add_handle(c->multi, easy) != CURLM_OK)
        set = CURLE_OUT_OF_MEMORY; /* nothing else is wrong with a fresh one */
    if (set != CURLE_OK)
        return set_error(set, x->host, e);
    x->added = true;
    return ERR_OK;
}

enum err_code http_exchange_end(struct http_client *c, CURL *easy, struct exchange *x,
                                enum err_code rc, struct err *e)
{
    const struct clock *clock =
        c->config.clock != NULL ? c->config.clock : clock_system();
    struct http_response *rs = x->rs;
    long status = 0;

    if (rc == ERR_OK && x->result != CURLE_OK)
        rc = http_trouble(easy, x, e);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (x->added)
        (void)curl_multi_remove_handle(c->multi, easy); /* was added */
    curl_easy_reset(easy); /* drops curl's copies of the secrets */
    headers_free(x->headers);
    x->headers = NULL;
    x->added = false;
    if (rc != ERR_OK)
        strbuf_reset(&rs->body); /* half an answer is none */
    rs->took_ms = http_now_ms() - x->started_ms;
    rs->maybe_sent = rc != ERR_OK && x->sent;
    rs->status = rc == ERR_OK ? (int)status : 0;
    rs->received = clock_utc(clock);
    http_end_head(&x->head, rs, rs->received);
    return rc;
}

static enum err_code perform(void *ctx, const struct http_request *rq,
                             struct http_response *rs, struct err *e)
{
    struct http_client *c = ctx;
    struct exchange x = {.rs = rs};
    enum err_code rc = http_exchange_begin(c, c->easy, rq, &x, e);

    if (rc == ERR_OK)
        rc = drive(c, &x, e);
    return http_exchange_end(c, c->easy, &x, rc, e);
}

enum err_code http_handshake(struct http_client *c, const char *url, struct err *e)
{
    const struct http_request rq = {.method = "GET", .url = url};
    struct exchange x = {0};
    CURL *easy = c->easy;
    CURLcode set = CURLE_OK;
    enum err_code rc = check_url(c, url, x.host, sizeof(x.host), e);

    if (rc != ERR_OK)
        return rc;
    curl_easy_reset(easy);
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_CERTINFO, 1L);
    SET(CURLOPT_ERRORBUFFER, x.curl_text);
    if (set == CURLE_OK)
        set = set_limits(c, easy, &rq);
    if (set == CURLE_OK)
        set = set_trust(c, easy);
    SET(CURLOPT_SSL_VERIFYPEER, 0L);
    SET(CURLOPT_SSL_VERIFYHOST, 0L);
    SET(CURLOPT_URL, url);
    if (set != CURLE_OK)
        return set_error(set, x.host, e);
    x.result = curl_easy_perform(easy);
    SET(CURLOPT_ERRORBUFFER, NULL);
    return x.result == CURLE_OK && set == CURLE_OK ? ERR_OK : http_trouble(easy, &x, e);
}

struct transport http_client_transport(struct http_client *c)
{
    return (struct transport){.perform = perform, .ctx = c};
}
