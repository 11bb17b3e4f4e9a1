#include <config.h>

#include "core/net/aws_metadata.h"

#include "core/base/str.h"
#include "core/base/text.h"
#include "core/net/aws_profile.h"
#include "core/net/http.h"
#include "core/net/json.h"

#include <stdlib.h>
#include <string.h>

#define INSTANCE_HOST  "http://169.254.169.254"
#define CONTAINER_HOST "http://169.254.170.2"
#define ROLES          "/latest/meta-data/iam/security-credentials/"

enum {
    INSTANCE_MS = 1000, /* off AWS the address just hangs */
    CONTAINER_MS = 2000,
    ANSWER_BYTES = 64 * 1024,
    URL_BYTES = 512,
    TOKEN_BYTES = 512,
    ROLE_BYTES = 80
};

struct aws_metadata {
    struct http_client *client;
    struct transport transport;
};

enum err_code aws_metadata_new(struct aws_metadata **out, struct err *e)
{
    /* The addresses are the link's own, or the environment's word: aws.allow_http and
     * aws.proxy are for AWS itself. */
    const struct http_client_config config = {.timeout_ms = INSTANCE_MS,
                                              .allow_http = true};
    struct aws_metadata *m = calloc(1, sizeof(*m));
    enum err_code rc;

    if (m == NULL)
        return err_set(e, ERR_NOMEM, "no memory for AWS metadata");
    rc = http_client_new(&config, &m->client, e);
    if (rc != ERR_OK) {
        free(m);
        return rc;
    }
    m->transport = http_client_transport(m->client);
    *out = m;
    return ERR_OK;
}

void aws_metadata_free(struct aws_metadata *m)
{
    if (m == NULL)
        return;
    http_client_free(m->client);
    free(m);
}

void aws_metadata_abort(struct aws_metadata *m)
{
    http_client_abort(m->client);
}

/* Answers hold secrets. */
static void wipe(struct http_response *rs)
{
    if (rs->body.data != NULL)
        explicit_bzero(rs->body.data, rs->body.cap);
    http_response_clear(rs);
}

/* ----- containers ----- */

/* What stands between "//" and the path, without its port; false when it has a user, or
 * does not fit. */
static bool host_of(const char *url, char *host, size_t size)
{
    const char *at = strstr(url, "://");
    size_t len;

    if (at == NULL)
        return false;
    at += 3;
    len = strcspn(at, "/?#\\");
    if (memchr(at, '@', len) != NULL || len >= size)
        return false;
    memcpy(host, at, len);
    host[len] = '\0';
    if (host[0] == '[') {
        char *end = strchr(host, ']');

        if (end != NULL)
            end[1] = '\0';
    } else {
        host[strcspn(host, ":")] = '\0';
    }
    return host[0] != '\0';
}

/* Keys come back from there in the clear, and the token goes there. */
static bool may_ask(const char *url)
{
    static const char *const links[] = {"169.254.170.2", "169.254.170.23",
                                        "[fd00:ec2::23]"};
    char host[128];

    if (!host_of(url, host, sizeof(host)))
        return false;
    if (str_starts(url, "https://"))
        return true;
    if (!str_starts(url, "http://"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        if (str_eq(host, links[i]))
            return true;
    }
    return http_is_loopback(host);
}

static bool is_printable(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s <= ' ' || *s >= 0x7f)
            return false;
    }
    return true;
}

enum err_code aws_container_url(char *url, size_t size, struct err *e)
{
    const char *relative = aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");

    url[0] = '\0';
    if (relative != NULL && (relative[0] != '/' || !is_printable(relative) ||
                             !str_format(url, size, CONTAINER_HOST "%s", relative)))
        return err_set(e, ERR_AUTH,
                       "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path like "
                       "/v2/credentials/ID");
    if (relative != NULL || full == NULL)
        return ERR_OK;
    if (!is_printable(full) || !may_ask(full) || !str_copy(url, size, full))
        return err_set(e, ERR_AUTH,
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI: only https://, loopback, "
                       "169.254.170.2, 169.254.170.23 and [fd00:ec2::23] may be asked "
                       "for keys");
    return ERR_OK;
}

/* What the endpoint wants to see; *out NULL when the environment has none. The file wins:
 * whoever runs the container renews it. */
static enum err_code container_token(struct secret **out, struct err *e)
{
    const char *path = aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    enum err_code rc = ERR_OK;

    if (path != NULL) {
        rc = aws_token_read(path, out, e);
        if (rc != ERR_OK)
            err_wrap(e, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    } else if (token != NULL) {
        rc = secret_new(token, strlen(token), out, e);
    }
    if (rc == ERR_OK && *out != NULL && strpbrk(secret_expose(*out), "\r\n") != NULL) {
        secret_free(*out);
        *out = NULL;
        rc =
            err_set(e, ERR_AUTH, "the container's authorization token has several lines");
    }
    return rc;
}

/* {"code":"AccessDenied","message":"…"} and the like. */
static enum err_code container_refusal(const struct http_response *rs, struct err *e)
{
    struct json_doc *doc = NULL;
    struct err unread = {0};
    char message[96] = "";
    const char *said = NULL;
    size_t len = 0;

    if (rs->status >= 500 || rs->status == 429)
        return http_status_error(rs, "container credentials", e);
    if (json_parse(strbuf_text(&rs->body), rs->body.len, &doc, &unread) == ERR_OK)
        said = json_text(json_doc_root(doc), "message", &len);
    if (said != NULL)
        (void)text_clean(message, sizeof(message), said, len);
    json_doc_free(doc);
    e->http = rs->status;
    return err_set(e, ERR_AUTH, "container credentials: HTTP %d%s%s: check %s",
                   rs->status, message[0] != '\0' ? ", " : "", message,
                   rs->status == 401 || rs->status == 403
                       ? "AWS_CONTAINER_AUTHORIZATION_TOKEN[_FILE]"
                       : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI");
}

enum err_code aws_container_load(struct aws_metadata *m, struct aws_answer *a,
                                 struct err *e)
{
    char url[URL_BYTES];
    struct secret *token = NULL;
    struct http_request rq = {.method = "GET",
                              .url = url,
                              .timeout_ms = CONTAINER_MS,
                              .limit_bytes = ANSWER_BYTES};
    struct http_response rs;
    enum err_code rc = aws_container_url(url, sizeof(url), e);

    if (rc != ERR_OK || url[0] == '\0')
        return rc;
    rc = container_token(&token, e);
    if (rc != ERR_OK)
        return rc;
    rq.headers[rq.n_headers++] =
        (struct http_header){"Accept", "application/json", false};
    if (token != NULL)
        rq.headers[rq.n_headers++] =
            (struct http_header){"Authorization", secret_expose(token), true};
    http_response_init(&rs);
    rc = transport_perform(&m->transport, &rq, &rs, e);
    if (rc == ERR_OK && rs.status != 200)
        rc = container_refusal(&rs, e);
    else if (rc == ERR_OK)
        rc = aws_answer_read(AWS_ANSWER_CONTAINER, strbuf_text(&rs.body), rs.body.len, a,
                             e);
    if (rc != ERR_OK && rs.status == 200)
        rc = e->code = rc == ERR_NOMEM ? rc : ERR_AUTH;
    if (rc != ERR_OK && (rs.status == 200 || rs.status == 0))
        err_wrap(e, "container credentials");
    wipe(&rs);
    secret_free(token);
    return rc;
}

/* ----- instances ----- */

/* Where the metadata are; ERR_NOT_FOUND when they shall not be asked. */
static enum err_code instance_base(const char **base, struct err *e)
{
    const char *off = aws_variable("AWS_EC2_METADATA_DISABLED");
    const char *url = aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");

    if (off != NULL && str_eq_nocase(off, "true"))
        return err_set(e, ERR_NOT_FOUND,
                       "AWS_EC2_METADATA_DISABLED keeps from the instance metadata");
    if (url != NULL && !str_starts(url, "http://") && !str_starts(url, "https://"))
        return err_set(e, ERR_AUTH,
                       "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL like " INSTANCE_HOST);
    *base = url != NULL ? url : INSTANCE_HOST;
    return ERR_OK;
}

struct question {
    const char *method, *base, *path, *name; /* name: a role behind the path, or NULL */
    const char *token;                       /* NULL: this call asks for one */
};

static enum err_code ask(struct aws_metadata *m, const struct question *q,
                         struct http_response *rs, struct err *e)
{
    size_t len = strlen(q->base);
    char url[URL_BYTES];
    const struct http_request rq = {
        .method = q->method,
        .url = url,
        .headers = {q->token != NULL
                        ? (struct http_header){"X-aws-ec2-metadata-token", q->token, true}
                        : (struct http_header){"X-aws-ec2-metadata-token-ttl-seconds",
                                               "21600", false}},
        .n_headers = 1,
        .timeout_ms = INSTANCE_MS,
        .limit_bytes = ANSWER_BYTES};

    while (len > 0 && q->base[len - 1] == '/')
        len--;
    if (!str_format(url, sizeof(url), "%.*s%s%s", (int)len, q->base, q->path,
                    q->name != NULL ? q->name : ""))
        return err_set(e, ERR_AUTH, "AWS_EC2_METADATA_SERVICE_ENDPOINT is too long");
    return transport_perform(&m->transport, &rq, rs, e);
}

/* The first line of a short answer; false when it is none of visible characters. */
static bool take_line(const struct http_response *rs, char *out, size_t size)
{
    const char *text = strbuf_text(&rs->body);
    size_t len = strcspn(text, "\r\n");

    if (len == 0 || len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return is_printable(out);
}

static enum err_code instance_token(struct aws_metadata *m, const char *base, char *token,
                                    size_t size, struct err *e)
{
    const struct question q = {"PUT", base, "/latest/api/token", NULL, NULL};
    struct http_response rs;
    struct err why = {0};
    enum err_code rc;

    http_response_init(&rs);
    rc = ask(m, &q, &rs, &why);
    if (rc == ERR_CONNECT || rc == ERR_TIMEOUT || rc == ERR_RESET)
        rc = err_set(e, ERR_NOT_FOUND, "no instance metadata: %s", why.text);
    else if (rc != ERR_OK)
        *e = why;
    else if (rs.status == 403 || rs.status == 404 || rs.status == 405)
        rc = err_set(e, ERR_NOT_FOUND,
                     "no instance metadata of version 2 (HTTP %d): enable them",
                     rs.status);
    else if (rs.status != 200)
        rc = http_status_error(&rs, "instance metadata", e);
    else if (!take_line(&rs, token, size))
        rc = err_set(e, ERR_AUTH, "instance metadata: its token is no line of text");
    wipe(&rs);
    return rc;
}

/* One value below /latest; what is missing there is told by `none`. */
static enum err_code instance_get(struct aws_metadata *m, const struct question *q,
                                  const char *none, struct http_response *rs,
                                  struct err *e)
{
    enum err_code rc = ask(m, q, rs, e);

    if (rc == ERR_OK && rs->status == 404)
        return err_set(e, ERR_AUTH, "instance metadata: %s", none);
    if (rc == ERR_OK && rs->status != 200)
        return http_status_error(rs, "instance metadata", e);
    if (rc != ERR_OK)
        err_wrap(e, "instance metadata");
    return rc;
}

/* A name as IAM allows it: it becomes a part of a path. */
static bool is_role(const char *s)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+=,.@-";

    return strspn(s, allowed) == strlen(s) && !str_eq(s, ".") && !str_eq(s, "..");
}

static enum err_code instance_role(struct aws_metadata *m, struct question *q, char *role,
                                   size_t size, struct err *e)
{
    struct http_response rs;
    enum err_code rc;

    http_response_init(&rs);
    rc = instance_get(
        m, q, "this instance has no role: attach an instance profile with one", &rs, e);
    if (rc == ERR_OK && (!take_line(&rs, role, size) || !is_role(role)))
        rc = err_set(e, ERR_AUTH, "instance metadata: its role is no name");
    http_response_clear(&rs);
    return rc;
}

enum err_code aws_instance_load(struct aws_metadata *m, struct aws_answer *a,
                                struct err *e)
{
    char token[TOKEN_BYTES], role[ROLE_BYTES];
    struct question q = {.method = "GET", .path = ROLES, .token = token};
    struct http_response rs;
    enum err_code rc = instance_base(&q.base, e);

    if (rc == ERR_OK)
        rc = instance_token(m, q.base, token, sizeof(token), e);
    if (rc == ERR_OK)
        rc = instance_role(m, &q, role, sizeof(role), e);
    if (rc != ERR_OK)
        return rc;
    q.name = role;
    http_response_init(&rs);
    rc = instance_get(m, &q, "the role that it names has no keys", &rs, e);
    if (rc == ERR_OK) {
        rc = aws_answer_read(AWS_ANSWER_INSTANCE, strbuf_text(&rs.body), rs.body.len, a,
                             e);
        if (rc != ERR_OK) {
            rc = e->code = rc == ERR_NOMEM ? rc : ERR_AUTH;
            err_wrap(e, "instance metadata, role %.64s", role);
        }
    }
    wipe(&rs);
    explicit_bzero(token, sizeof(token));
    return rc;
}

enum err_code aws_instance_region(struct aws_metadata *m, char *out, size_t size,
                                  struct err *e)
{
    char token[TOKEN_BYTES];
    struct question q = {
        .method = "GET", .path = "/latest/meta-data/placement/region", .token = token};
    struct http_response rs;
    enum err_code rc = instance_base(&q.base, e);

    if (rc == ERR_OK)
        rc = instance_token(m, q.base, token, sizeof(token), e);
    if (rc != ERR_OK)
        return rc;
    http_response_init(&rs);
    rc = instance_get(m, &q, "they name no region", &rs, e);
    if (rc == ERR_OK && !take_line(&rs, out, size))
        rc = err_set(e, ERR_AUTH, "instance metadata: the region is no line of text");
    http_response_clear(&rs);
    explicit_bzero(token, sizeof(token));
    return rc;
}
