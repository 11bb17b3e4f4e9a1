#include <config.h>

#include "core/api/aws_json.h"

#include "core/api/ec2_read.h"
#include "core/base/text.h"

#include <stdlib.h>

enum {
    CLOCK_OFF_S = 240, /* an auth error beyond this is the clock's (aws-api 1.6) */
    TARGET_TEXT = 128
};

/* What an answer says of its failure; code "" = it says nothing. */
struct refusal {
    char code[EC2_CODE_TEXT], message[EC2_MESSAGE_TEXT];
};

static void note_date(struct aws_json *c, const struct http_response *rs)
{
    c->skew_known = rs->date.s != 0;
    c->skew_s = c->skew_known ? rs->date.s - clock_utc(c->clock).s : 0;
}

static bool clock_is_off(const struct aws_json *c)
{
    return c->skew_known && llabs(c->skew_s) > CLOCK_OFF_S;
}

static enum err_code send_signed(const struct aws_json *c, const char *target,
                                 const struct strbuf *body, const struct aws_keys *keys,
                                 struct http_response *rs, struct err *e)
{
    struct http_request rq = {
        .method = "POST",
        .url = c->endpoint,
        .headers = {{"X-Amz-Target", target, false}},
        .n_headers = 1,
        .content_type = c->type,
        .body = strbuf_text(body),
        .body_len = body->len,
        .auth = HTTP_AUTH_SIGV4,
        .user = keys->key_id,
        .password = keys->secret_key,
        .sigv4 = c->scope,
        .timeout_ms = c->timeout_ms,
    };

    if (keys->session_token != NULL)
        rq.headers[rq.n_headers++] = (struct http_header){
            "X-Amz-Security-Token", secret_expose(keys->session_token), true};
    return transport_perform(&c->transport, &rq, rs, e);
}

/* "com.amazonaws.pricing#AccessDeniedException": what stands before is nobody's concern.
 */
static void read_refusal(const json_value *root, struct refusal *r)
{
    size_t len, n;
    const char *type = json_text(root, "__type", &len), *hash, *message;

    *r = (struct refusal){0};
    if (type == NULL)
        return;
    hash = memchr(type, '#', len);
    if (hash != NULL) {
        len -= (size_t)(hash + 1 - type);
        type = hash + 1;
    }
    (void)text_clean(r->code, sizeof(r->code), type, len);
    message = json_text(root, "message", &n);
    if (message == NULL)
        message = json_text(root, "Message", &n);
    if (message != NULL)
        (void)text_clean(r->message, sizeof(r->message), message, n);
    if (r->code[0] == '\0')
        (void)str_copy(r->code, sizeof(r->code), "an error without a name");
}

static enum err_code refuse(const struct aws_json *c, const char *operation, int http,
                            const struct refusal *r, struct err *e)
{
    enum err_code code = ec2_code_class(r->code, http);

    e->http = http;
    if (code == ERR_AUTH && clock_is_off(c))
        return err_set(e, code,
                       "this machine's clock is %lld s %s AWS's: set it right (%s said "
                       "%s)",
                       llabs(c->skew_s), c->skew_s > 0 ? "behind" : "ahead of", c->who,
                       r->code);
    if (code == ERR_FORBIDDEN)
        return err_set(e, code, "%s: %s:%s is not allowed: %s: %s", c->who, c->service,
                       operation, r->code, r->message);
    return err_set(e, code, "%s %s: %s: %s", c->who, operation, r->code, r->message);
}

static enum err_code judge(const struct aws_json *c, const char *operation,
                           const struct http_response *rs, struct json_doc **out,
                           struct refusal *r, struct err *e)
{
    const char *body = strbuf_text(&rs->body);
    struct err unreadable = {0};
    struct json_doc *doc = NULL;
    enum err_code rc = json_parse(body, rs->body.len, &doc, &unreadable);

    if (rc == ERR_OK && json_is_object(json_doc_root(doc)))
        read_refusal(json_doc_root(doc), r);
    else if (rc == ERR_OK)
        rc = err_set(&unreadable, ERR_PROTOCOL, "the answer is no object");
    if (r->code[0] != '\0')
        rc = refuse(c, operation, rs->status, r, e);
    else if (rs->status != 200)
        rc = http_status_error(rs, c->who, e);
    else if (rc != ERR_OK)
        rc = err_set(e, rc, "%s %s: %s", c->who, operation, unreadable.text);
    if (rc == ERR_OK) {
        *out = doc;
        return ERR_OK;
    }
    e->http = rs->status;
    json_doc_free(doc);
    return rc;
}

static enum err_code exchange(struct aws_json *c, const char *operation,
                              const struct strbuf *body, const struct aws_keys *keys,
                              struct json_doc **out, struct refusal *r, struct err *e)
{
    struct http_response rs;
    char target[TARGET_TEXT];
    enum err_code rc;

    *r = (struct refusal){0};
    if (body->failed ||
        !str_format(target, sizeof(target), "%s.%s", c->target, operation))
        return err_set(e, ERR_NOMEM, "no memory for a request to the %s", c->who);
    http_response_init(&rs);
    rc = send_signed(c, target, body, keys, &rs, e);
    if (rc == ERR_OK) {
        note_date(c, &rs);
        rc = judge(c, operation, &rs, out, r, e);
    } else {
        err_wrap(e, "%s %s", c->who, operation);
    }
    http_response_clear(&rs);
    return rc;
}

/* After a refusal of the keys once more with fresh ones, if there are any. */
enum err_code aws_json_call(struct aws_json *c, const char *operation,
                            const struct strbuf *body, struct json_doc **out,
                            struct err *e)
{
    struct aws_keys keys = {0}, fresh = {0};
    struct refusal r = {0};
    struct err renewal = {0};
    enum err_code rc = aws_credentials_get(c->credentials, &keys, e);

    if (rc != ERR_OK)
        return rc;
    rc = exchange(c, operation, body, &keys, out, &r, e);
    if (rc != ERR_AUTH || clock_is_off(c))
        goto out;
    aws_credentials_expire(c->credentials);
    if (aws_credentials_get(c->credentials, &fresh, &renewal) != ERR_OK) {
        err_clear(e); /* why there are no fresh ones says more than the refusal */
        rc = err_set(e, ERR_AUTH, "%s", renewal.text);
    } else if (ec2_code_is_expired(r.code) || !aws_keys_equal(&keys, &fresh)) {
        err_clear(e);
        rc = exchange(c, operation, body, &fresh, out, &r, e);
    }
out:
    aws_keys_clear(&keys);
    aws_keys_clear(&fresh);
    return rc;
}
