#include <config.h>

#include "core/api/ec2_internal.h"

#include <stdlib.h>
#include <string.h>

#define FORM_TYPE   "application/x-www-form-urlencoded; charset=utf-8"
#define API_VERSION "2016-11-15"

enum { CLOCK_OFF_S = 240 }; /* an auth error beyond this is the clock's (aws-api 1.6) */

/* ----- request bodies ----- */

/* A blank is '+', as the AWS tools send it: some signature checks know no "%20". */
static void put_value(struct strbuf *b, const char *text)
{
    struct strbuf one;

    strbuf_init(&one, b->limit);
    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (len > 0) {
            strbuf_reset(&one);
            strbuf_add(&one, text, len);
            http_escape(b, strbuf_text(&one));
        }
        text += len;
        if (*text == ' ') {
            strbuf_putc(b, '+');
            text++;
        }
    }
    b->failed = b->failed || one.failed;
    strbuf_clear(&one);
}

void ec2_body_put(struct strbuf *b, const char *name, const char *value)
{
    strbuf_printf(b, "&%s=", name);
    put_value(b, value);
}

void ec2_body_put_numbered(struct strbuf *b, const char *name, size_t i,
                           const char *value)
{
    strbuf_printf(b, "&%s.%zu=", name, i);
    put_value(b, value);
}

void ec2_body_put_literal(struct strbuf *b, const char *name, size_t i, const char *value)
{
    struct strbuf literal;

    strbuf_init(&literal, b->limit);
    for (; *value != '\0'; value++) {
        if (*value == '*' || *value == '?' || *value == '\\')
            strbuf_putc(&literal, '\\');
        strbuf_putc(&literal, *value);
    }
    b->failed = b->failed || literal.failed;
    ec2_body_put_numbered(b, name, i, strbuf_text(&literal));
    strbuf_clear(&literal);
}

void ec2_body_begin(struct ec2 *c, const struct ec2_shape *s)
{
    strbuf_reset(&c->body);
    strbuf_printf(&c->body, "Action=%s&Version=" API_VERSION, ec2_shape_action(s));
}

/* ----- one exchange ----- */

static void note_date(struct ec2 *c, const struct http_response *rs)
{
    c->skew_known = rs->date.s != 0;
    c->skew_s = c->skew_known ? rs->date.s - clock_utc(c->clock).s : 0;
}

static enum err_code send_signed(struct ec2 *c, const struct aws_keys *keys,
                                 struct http_response *rs, struct err *e)
{
    struct http_request rq = {
        .method = "POST",
        .url = c->endpoint,
        .content_type = FORM_TYPE,
        .body = strbuf_text(&c->body),
        .body_len = c->body.len,
        .auth = HTTP_AUTH_SIGV4,
        .user = keys->key_id,
        .password = keys->secret_key,
        .sigv4 = c->scope,
        .mutating = c->mutating,
        .timeout_ms = c->timeout_ms,
    };

    if (keys->session_token != NULL) {
        rq.headers[0] = (struct http_header){"X-Amz-Security-Token",
                                             secret_expose(keys->session_token), true};
        rq.n_headers = 1;
    }
    return transport_perform(&c->transport, &rq, rs, e);
}

/* Encoded messages have kilobytes; what stands before is for people. */
static void shorten(char *message)
{
    char *encoded = strstr(message, "Encoded authorization failure");

    if (encoded == NULL)
        return;
    while (encoded > message && encoded[-1] == ' ')
        encoded--;
    *encoded = '\0';
}

static enum err_code refuse(struct ec2 *c, const struct ec2_shape *s, int http,
                            struct ec2_answer *a, struct err *e)
{
    enum err_code code = ec2_code_class(a->code, http);

    e->http = http;
    shorten(a->message);
    if (code == ERR_AUTH && c->skew_known && llabs(c->skew_s) > CLOCK_OFF_S)
        return err_set(e, code,
                       "this machine's clock is %lld s %s AWS's: set it right (EC2 said "
                       "%s)",
                       llabs(c->skew_s), c->skew_s > 0 ? "behind" : "ahead of", a->code);
    if (code == ERR_FORBIDDEN)
        return err_set(e, code, "EC2: ec2:%s is not allowed: %s: %s", ec2_shape_action(s),
                       a->code, a->message);
    return err_set(e, code, "EC2 %s: %s: %s", ec2_shape_action(s), a->code, a->message);
}

/* What was sent came back with rs: into the list, or as an error. */
static enum err_code judge(struct ec2 *c, const struct ec2_shape *s,
                           const struct http_response *rs, struct ec2_list *list,
                           struct ec2_answer *a, struct err *e)
{
    const char *body = strbuf_text(&rs->body);
    size_t blanks = strspn(body, " \t\r\n\xEF\xBB\xBF"), first = list->n;
    bool counts = c->now != NULL && rs->status == 200;
    struct err unreadable = {0};
    enum err_code rc = ERR_PROTOCOL;

    *a = (struct ec2_answer){0};
    if (counts && ec2_known_take(c->now, &c->key, &c->body, rs, s, list))
        return ERR_OK;
    if (rs->body.len > blanks && body[blanks] == '<')
        rc = ec2_read(s, body, rs->body.len, list, a, &unreadable);
    if (rc == ERR_OK && a->code[0] != '\0')
        return refuse(c, s, rs->status, a, e);
    if (rc == ERR_OK && counts)
        ec2_known_read(c->now, list, first, a->next_token[0] != '\0');
    if (rs->status != 200)
        return http_status_error(rs, "EC2", e);
    if (rc == ERR_OK)
        return ERR_OK;
    e->http = rs->status;
    err_set(e, rc, "EC2 %s: %s", ec2_shape_action(s),
            unreadable.text[0] != '\0' ? unreadable.text : "the answer is no XML");
    return rc;
}

static enum err_code exchange(struct ec2 *c, const struct ec2_shape *s,
                              const struct aws_keys *keys, struct ec2_list *list,
                              struct ec2_answer *a, struct err *e)
{
    struct http_response rs;
    enum err_code rc;

    *a = (struct ec2_answer){0};
    if (c->body.failed)
        return err_set(e, ERR_NOMEM, "no memory for an EC2 request");
    http_response_init(&rs);
    rc = send_signed(c, keys, &rs, e);
    c->maybe_done = rc != ERR_OK && rs.maybe_sent;
    c->http = rc == ERR_OK ? rs.status : 0;
    if (rc == ERR_OK) {
        note_date(c, &rs);
        rc = judge(c, s, &rs, list, a, e);
    } else {
        err_wrap(e, "EC2 %s", ec2_shape_action(s));
    }
    http_response_clear(&rs);
    return rc;
}

enum err_code ec2_ask(struct ec2 *c, const struct ec2_shape *s, struct ec2_list *list,
                      struct ec2_answer *a, struct err *e)
{
    struct aws_keys keys = {0}, fresh = {0};
    size_t before = list->n;
    struct err renewal = {0};
    enum err_code rc;

    if (RH_BUGGIFY("aws-keys-expired"))
        aws_credentials_expire(c->credentials);
    rc = aws_credentials_get(c->credentials, &keys, e);

    if (rc != ERR_OK)
        return rc;
    rc = exchange(c, s, &keys, list, a, e);
    if (rc != ERR_AUTH || (c->skew_known && llabs(c->skew_s) > CLOCK_OFF_S))
        goto out;
    aws_credentials_expire(c->credentials);
    if (aws_credentials_get(c->credentials, &fresh, &renewal) != ERR_OK) {
        err_clear(e); /* why there are no fresh ones says more than the refusal */
        rc = err_set(e, ERR_AUTH, "%s", renewal.text);
        goto out;
    }
    if (ec2_code_is_expired(a->code) || !aws_keys_equal(&keys, &fresh)) {
        err_clear(e);
        list->n = before;
        rc = exchange(c, s, &fresh, list, a, e);
    }
out:
    aws_keys_clear(&keys);
    aws_keys_clear(&fresh);
    return rc;
}
