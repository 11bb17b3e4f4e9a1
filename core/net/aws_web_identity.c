#include <config.h>

#include "core/net/aws_web_identity.h"

#include "core/base/text.h"
#include "core/base/timefmt.h"
#include "core/net/aws_profile.h"
#include "core/net/xml.h"

#include <string.h>

enum { BODY_LIMIT_BYTES = 256 * 1024, ANSWER_BYTES = 256 * 1024 };

bool aws_web_identity_is_set(void)
{
    return aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE") != NULL;
}

/* ----- the answer ----- */

struct reading {
    struct xml_path path;
    char id[160], secret[512], token[8192], expires[64]; /* secrets, wiped */
    char code[64], message[96];
    bool is_cut; /* a text did not fit */
};

static void on_start(void *ctx, const char *name, const struct xml_attribute *attrs,
                     size_t n)
{
    struct reading *r = ctx;

    (void)attrs;
    (void)n;
    xml_path_push(&r->path, name);
}

static void on_end(void *ctx, const char *name, const char *text, size_t len)
{
    struct reading *r = ctx;
    const struct {
        const char *parent, *name;
        char *to;
        size_t size;
    } kept[] = {
        {"/Credentials/", "AccessKeyId", r->id, sizeof(r->id)},
        {"/Credentials/", "SecretAccessKey", r->secret, sizeof(r->secret)},
        {"/Credentials/", "SessionToken", r->token, sizeof(r->token)},
        {"/Credentials/", "Expiration", r->expires, sizeof(r->expires)},
    };

    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (str_eq(name, kept[i].name) && strstr(r->path.text, kept[i].parent) != NULL &&
            !str_copy(kept[i].to, kept[i].size, text))
            r->is_cut = true;
    }
    if (str_eq(name, "Code") && r->code[0] == '\0')
        (void)text_clean(r->code, sizeof(r->code), text, len);
    if (str_eq(name, "Message") && r->message[0] == '\0')
        (void)text_clean(r->message, sizeof(r->message), text, len);
    xml_path_pop(&r->path);
}

static enum err_code judge(const struct reading *r, struct aws_answer *a, struct err *e)
{
    struct aws_answer got = {0};
    struct err unread = {0};
    enum err_code rc;

    if (r->code[0] != '\0')
        return err_set(e, ERR_AUTH, "%s: %s", r->code, r->message);
    if (r->is_cut)
        return err_set(e, ERR_AUTH, "its keys are too long");
    if (r->id[0] == '\0' || r->secret[0] == '\0' || r->token[0] == '\0')
        return err_set(e, ERR_AUTH, "its answer lacks keys");
    if (utc_parse(r->expires, &got.expires, &unread) != ERR_OK)
        return err_set(e, ERR_AUTH, "its answer does not say when the keys end");
    rc = aws_keys_set(&got.keys, r->id, r->secret, r->token, e);
    if (rc == ERR_OK)
        *a = got;
    return rc;
}

enum err_code aws_web_identity_read(const char *text, size_t len, struct aws_answer *a,
                                    struct err *e)
{
    struct reading r = {0};
    const struct xml_handler h = {on_start, on_end, &r};
    enum err_code rc = xml_read(text, len, &h, e);

    if (rc == ERR_OK)
        rc = judge(&r, a, e);
    explicit_bzero(&r, sizeof(r));
    return rc;
}

/* ----- the call ----- */

static void put(struct strbuf *b, const char *name, const char *value)
{
    strbuf_printf(b, "&%s=", name);
    http_escape(b, value);
}

static enum err_code ask(const struct transport *t, const char *endpoint,
                         const struct strbuf *body, struct aws_answer *a, struct err *e)
{
    const struct http_request rq = {
        .method = "POST",
        .url = endpoint,
        .content_type = "application/x-www-form-urlencoded; charset=utf-8",
        .body = strbuf_text(body),
        .body_len = body->len,
        .limit_bytes = ANSWER_BYTES};
    struct http_response rs;
    struct err unread = {0};
    enum err_code rc;

    http_response_init(&rs);
    rc = transport_perform(t, &rq, &rs, e);
    if (rc == ERR_OK && (rs.status >= 500 || rs.status == 429))
        rc = http_status_error(&rs, "AWS STS", e);
    else if (rc == ERR_OK) {
        rc = aws_web_identity_read(strbuf_text(&rs.body), rs.body.len, a, &unread);
        if (rc == ERR_OK && rs.status != 200)
            aws_keys_clear(&a->keys);
        if (rc != ERR_AUTH && rs.status != 200)
            rc = http_status_error(&rs, "AWS STS", e);
        else if (rc != ERR_OK)
            rc = err_set(e, rc, "AWS STS for AWS_WEB_IDENTITY_TOKEN_FILE: %s",
                         unread.text);
    }
    if (rs.body.data != NULL)
        explicit_bzero(rs.body.data, rs.body.cap);
    http_response_clear(&rs);
    return rc;
}

enum err_code aws_web_identity_load(const struct transport *t, const char *endpoint,
                                    struct aws_answer *a, struct err *e)
{
    const char *path = aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role = aws_variable("AWS_ROLE_ARN");
    const char *session = aws_variable("AWS_ROLE_SESSION_NAME");
    struct secret *token = NULL;
    struct strbuf body;
    enum err_code rc;

    if (path == NULL || role == NULL)
        return err_set(e, ERR_AUTH, "%s is set without %s: set both, or neither",
                       path != NULL ? "AWS_WEB_IDENTITY_TOKEN_FILE" : "AWS_ROLE_ARN",
                       path != NULL ? "AWS_ROLE_ARN" : "AWS_WEB_IDENTITY_TOKEN_FILE");
    rc = aws_token_read(path, &token, e);
    if (rc != ERR_OK) {
        err_wrap(e, "AWS_WEB_IDENTITY_TOKEN_FILE");
        return rc;
    }
    strbuf_init(&body, BODY_LIMIT_BYTES);
    strbuf_puts(&body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
    put(&body, "RoleArn", role);
    put(&body, "RoleSessionName", session != NULL ? session : "rushhour");
    put(&body, "WebIdentityToken", secret_expose(token));
    rc = body.failed ? err_set(e, ERR_NOMEM, "no memory for a call of AWS STS")
                     : ask(t, endpoint, &body, a, e);
    if (body.data != NULL)
        explicit_bzero(body.data, body.cap);
    strbuf_clear(&body);
    secret_free(token);
    return rc;
}
