#include <config.h>

#include "core/net/http.h"

#include "core/base/text.h"

#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_RETRY_AFTER_S = 900 };

static void head_reset(struct http_response *rs)
{
    struct strbuf body = rs->body;

    *rs = (struct http_response){.body = body, .retry_after_s = -1};
}

void http_response_init(struct http_response *rs)
{
    strbuf_init(&rs->body, HTTP_DEFAULT_LIMIT_BYTES);
    head_reset(rs);
}

void http_response_clear(struct http_response *rs)
{
    strbuf_clear(&rs->body);
    explicit_bzero(rs->set_cookie, sizeof(rs->set_cookie));
    head_reset(rs);
}

enum err_code transport_perform(const struct transport *t, const struct http_request *rq,
                                struct http_response *rs, struct err *e)
{
    enum err_code rc;

    strbuf_reset(&rs->body);
    head_reset(rs);
    rs->body.limit = rq->limit_bytes > 0 ? rq->limit_bytes : HTTP_DEFAULT_LIMIT_BYTES;
    rc = t->perform(t->ctx, rq, rs, e);
    if (rs->request_id[0] == '\0' && rq->request_id != NULL)
        (void)str_copy(rs->request_id, sizeof(rs->request_id), rq->request_id);
    return rc;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

void http_escape(struct strbuf *b, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char coded[] = {'%', hex[c >> 4], hex[c & 15]};

        if (is_unreserved(*text))
            strbuf_putc(b, *text);
        else
            strbuf_add(b, coded, sizeof(coded));
    }
}

/* Adds name=value of a Set-Cookie line; drops what is no plain cookie and empty values,
 * which delete a cookie that we never had. */
static void take_cookie(struct http_response *rs, const char *value, size_t len)
{
    size_t used = strlen(rs->set_cookie), n = 0;
    const char *equals = memchr(value, '=', len);

    while (n < len && value[n] != ';')
        n++;
    while (n > 0 && value[n - 1] == ' ')
        n--;
    if (equals == NULL || equals == value || equals + 1 >= value + n ||
        used + 2 + n >= sizeof(rs->set_cookie))
        return;
    for (size_t i = 0; i < n; i++)
        if (value[i] <= 0x20 || value[i] >= 0x7F || value[i] == ',')
            return;
    if (used > 0) {
        memcpy(rs->set_cookie + used, "; ", 2);
        used += 2;
    }
    memcpy(rs->set_cookie + used, value, n);
    rs->set_cookie[used + n] = '\0';
}

void http_take_header(struct http_head *h, struct http_response *rs, const char *line,
                      size_t len)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } kept[] = {
        {"Content-Type", rs->content_type, sizeof(rs->content_type)},
        {"Location", rs->location, sizeof(rs->location)},
        {"X-Jenkins", rs->jenkins, sizeof(rs->jenkins)},
        {"X-Jenkins-Session", rs->jenkins_session, sizeof(rs->jenkins_session)},
        {"X-Required-Permission", rs->required_permission,
         sizeof(rs->required_permission)},
        {"X-Amzn-RequestId", rs->request_id, sizeof(rs->request_id)},
        {"X-Amz-Request-Id", rs->request_id, sizeof(rs->request_id)},
        {"X-Request-Id", rs->request_id, sizeof(rs->request_id)},
        {"Retry-After", h->retry_after, sizeof(h->retry_after)},
        {"X-Amz-Retry-After", h->retry_after_ms, sizeof(h->retry_after_ms)},
    };
    const char *colon = memchr(line, ':', len), *value, *end = line + len;
    char date[64];
    size_t name_len;

    if (colon == NULL)
        return;
    name_len = (size_t)(colon - line);
    value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value &&
           (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (strlen(kept[i].name) == name_len &&
            strncasecmp(kept[i].name, line, name_len) == 0)
            (void)text_clean(kept[i].to, kept[i].size, value, (size_t)(end - value));
    }
    if (name_len == 10 && strncasecmp("Set-Cookie", line, name_len) == 0)
        take_cookie(rs, value, (size_t)(end - value));
    if (name_len == 4 && strncasecmp("Date", line, name_len) == 0) {
        time_t t;

        (void)text_clean(date, sizeof(date), value, (size_t)(end - value));
        t = curl_getdate(date, NULL);
        rs->date.s = t > 0 ? (int64_t)t : 0;
    }
}

/* Of plain digits, -1: they are none. */
static int64_t digits(const char *text, int64_t max)
{
    struct err ignored = {0};
    int64_t v;

    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
        return -1;
    return str_to_i64(text, 0, max, &v, &ignored) == ERR_OK ? v : max;
}

void http_end_head(struct http_head *h, struct http_response *rs, struct utc now)
{
    int64_t s = digits(h->retry_after, MAX_RETRY_AFTER_S), ms;

    if (h->retry_after[0] == '\0') {
        ms = digits(h->retry_after_ms, MAX_RETRY_AFTER_S * 1000);
        s = ms < 0 ? -1 : (ms + 999) / 1000;
    } else if (s < 0) {
        /* Measured on their clock when they say what it shows. */
        int64_t from = rs->date.s > 0 ? rs->date.s : now.s;
        time_t until = curl_getdate(h->retry_after, NULL);

        if (until > 0)
            s = (int64_t)until > from ? (int64_t)until - from : 0;
    }
    rs->retry_after_s = s > MAX_RETRY_AFTER_S ? MAX_RETRY_AFTER_S : s;
}

/* scheme://host of a Location; "" when it is a path on the same host. */
static void redirect_host(const char *location, char *out, size_t size)
{
    const char *host = strstr(location, "://");
    size_t n;

    if (host == NULL) {
        out[0] = '\0';
        return;
    }
    n = (size_t)(host - location) + 3;
    n += strcspn(host + 3, "/?#");
    (void)str_format(out, size, " to %.*s", (int)(n < 80 ? n : 80), location);
}

enum err_code http_status_error(const struct http_response *rs, const char *what,
                                struct err *e)
{
    char host[96];
    enum err_code code = ERR_REFUSED;

    e->http = rs->status;
    if (rs->status >= 300 && rs->status < 400) {
        redirect_host(rs->location, host, sizeof(host));
        return err_set(e, code,
                       "%s: HTTP %d, redirected%s, which is not followed; check the url",
                       what, rs->status, host);
    }
    if (rs->status >= 500)
        code = ERR_SERVER;
    if (rs->status == 401)
        return err_set(e, ERR_AUTH, "%s: HTTP 401, user or secret is not accepted", what);
    if (rs->status == 403 && rs->required_permission[0] != '\0')
        return err_set(e, ERR_FORBIDDEN, "%s: HTTP 403, permission %s is missing", what,
                       rs->required_permission);
    if (rs->status == 403)
        return err_set(e, ERR_FORBIDDEN, "%s: HTTP 403, forbidden", what);
    if (rs->status == 404)
        return err_set(e, ERR_NOT_FOUND, "%s: HTTP 404, not found", what);
    if (rs->status == 409)
        return err_set(e, ERR_CONFLICT, "%s: HTTP 409, conflict", what);
    if (rs->status == 429 || (code == ERR_SERVER && rs->retry_after_s >= 0)) {
        if (rs->status == 429)
            code = ERR_THROTTLED;
        if (rs->retry_after_s >= 0)
            return err_set(e, code, "%s: HTTP %d, asks to wait %lld s", what, rs->status,
                           (long long)rs->retry_after_s);
    }
    return err_set(e, code, "%s: HTTP %d", what, rs->status);
}

bool http_is_loopback(const char *host)
{
    int32_t parts = 0;

    if (str_eq_nocase(host, "localhost") || str_eq(host, "[::1]"))
        return true;
    if (!str_starts(host, "127."))
        return false;
    /* A name may begin like this, too ("127.evil.example"): digits and three points. */
    for (const char *p = host; *p != '\0'; p++) {
        if (*p == '.')
            parts++;
        else if (*p < '0' || *p > '9')
            return false;
    }
    return parts == 3;
}
