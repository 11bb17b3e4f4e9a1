/*
 * wire_exchange - straight calls of the wires, without site or server around them.
 * Owns the world.
 * Threads: one.
 */
#include <config.h>

#include "tests/unit/wire_exchange.h"

#include "core/sim/site.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

static const char envelope_begin[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
    "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>";
static const char envelope_end[] = "</soapenv:Body></soapenv:Envelope>";

void wire_exchange_begin(struct wire_exchange *x)
{
    struct err e = {0};

    *x = (struct wire_exchange){.key_id = site_aws_key_id};
    http_response_init(&x->rs);
    assert_int_equal(world_new(7, 4, INT64_C(1795420800000), &x->w, &e), ERR_OK);
    assert_int_equal(
        secret_new(site_aws_secret_key, strlen(site_aws_secret_key), &x->key, &e),
        ERR_OK);
}

void wire_exchange_end(struct wire_exchange *x)
{
    http_response_clear(&x->rs);
    world_free(x->w);
    secret_free(x->key);
}

void wire_exchange_later(struct wire_exchange *x, int64_t ms)
{
    world_advance(x->w, x->w->now + ms);
}

const char *wire_bytes(struct wire_exchange *x, const char *bytes, size_t len)
{
    char action[64];
    struct http_request rq = {.method = "POST",
                              .url = "http://127.0.0.1:1/sdk",
                              .content_type = "text/xml",
                              .body = bytes,
                              .body_len = len};

    assert_true(str_format(action, sizeof(action), "\"urn:vim25/%s\"",
                           x->version != NULL ? x->version : "7.0.3.0"));
    rq.headers[rq.n_headers++] = (struct http_header){"SOAPAction", action, false};
    if (x->cookie[0] != '\0')
        rq.headers[rq.n_headers++] = (struct http_header){"Cookie", x->cookie, true};
    http_response_clear(&x->rs);
    http_response_init(&x->rs);
    assert_true(wire_vsphere(x->w, &rq, &x->rs));
    if (x->rs.set_cookie[0] != '\0')
        assert_true(str_copy(x->cookie, sizeof(x->cookie), x->rs.set_cookie));
    return strbuf_text(&x->rs.body);
}

const char *wire_soap(struct wire_exchange *x, const char *method_element)
{
    struct strbuf b;
    const char *answer;

    strbuf_init(&b, 1024 * 1024);
    strbuf_puts(&b, envelope_begin);
    strbuf_puts(&b, method_element);
    strbuf_puts(&b, envelope_end);
    assert_false(b.failed);
    answer = wire_bytes(x, b.data, b.len);
    strbuf_clear(&b);
    return answer;
}

const char *wire_form(struct wire_exchange *x, const char *path, const char *form)
{
    char url[128], scope[64];
    struct http_request rq = {.method = "POST",
                              .url = url,
                              .content_type = "application/x-www-form-urlencoded",
                              .body = form,
                              .body_len = strlen(form),
                              .auth = HTTP_AUTH_SIGV4,
                              .user = x->key_id,
                              .password = x->key,
                              .sigv4 = scope};

    assert_true(str_format(url, sizeof(url), "http://127.0.0.1:1%s", path));
    assert_true(
        str_format(scope, sizeof(scope), "aws:amz:%s:%.3s", x->w->region, path + 1));
    http_response_clear(&x->rs);
    http_response_init(&x->rs);
    assert_true(wire_ec2(x->w, &rq, &x->rs));
    return strbuf_text(&x->rs.body);
}

void wire_between(const char *text, const char *from, const char *to, char *out,
                  size_t size)
{
    const char *begin = strstr(text, from), *end;

    assert_non_null(begin);
    begin += strlen(from);
    end = strstr(begin, to);
    assert_non_null(end);
    assert_true((size_t)(end - begin) < size);
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
}

size_t wire_count(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    return n;
}

void wire_login(struct wire_exchange *x)
{
    char login[512];

    x->cookie[0] = '\0';
    assert_true(str_format(login, sizeof(login),
                           "<Login xmlns=\"urn:vim25\"><_this type=\"SessionManager\">"
                           "ha-sessionmgr</_this><userName>rushhour</userName><password>"
                           "%s</password></Login>",
                           site_vsphere_password));
    assert_non_null(strstr(wire_soap(x, login), "<userName>rushhour</userName>"));
    assert_int_equal(x->rs.status, 200);
    assert_true(x->cookie[0] != '\0');
}

int wire_exchange_set_up(void **state)
{
    struct wire_exchange *x = calloc(1, sizeof(*x));

    if (x == NULL)
        return -1;
    wire_exchange_begin(x);
    *state = x;
    return 0;
}

int wire_exchange_log_in(void **state)
{
    if (wire_exchange_set_up(state) != 0)
        return -1;
    wire_login(*state);
    return 0;
}

int wire_exchange_tear_down(void **state)
{
    wire_exchange_end(*state);
    free(*state);
    return 0;
}
