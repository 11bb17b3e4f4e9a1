#include <config.h>

#include "core/api/answer.h"

#include <string.h>
#include <strings.h>

struct http_client_config answer_client_config(const struct api_config *a,
                                               const struct clock *clock)
{
    return (struct http_client_config){.ca_file = a->ca_file,
                                       .pinned_key = a->pinned_key,
                                       .pin_only = a->trust == TRUST_PIN_ONLY,
                                       .client_cert = a->client_cert,
                                       .client_key_file = a->client_key_file,
                                       .connect_to = a->connect_to,
                                       .proxy = a->proxy,
                                       .allow_http = a->allow_http,
                                       .timeout_ms = a->timeout * 1000,
                                       .clock = clock};
}

enum err_code answer_base_url(const char *url, char *base, size_t size, struct err *e)
{
    size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/')
        len--;
    if (len == 0 || !str_format(base, size, "%.*s", (int)len, url))
        return err_set(e, ERR_CONFIG, "url is empty or too long");
    if (strpbrk(base, "?#") != NULL)
        return err_set(e, ERR_CONFIG, "url must not hold a query");
    return ERR_OK;
}

enum err_code answer_add_segment(struct strbuf *url, const char *text, const char *what,
                                 struct err *e)
{
    if (text[0] == '\0' || str_eq(text, ".") || str_eq(text, ".."))
        return err_set(e, ERR_CONFIG, "\"%s\" is no name of a %s", text, what);
    strbuf_putc(url, '/');
    http_escape(url, text);
    return ERR_OK;
}

enum err_code answer_json(const struct http_response *rs, const char *what,
                          struct json_doc **out, struct err *e)
{
    static const char type[] = "application/json";
    enum err_code rc;

    if (strncasecmp(rs->content_type, type, sizeof(type) - 1) != 0) {
        e->http = rs->status;
        return err_set(e, ERR_PROTOCOL,
                       "%s: HTTP %d with \"%.40s\" instead of JSON; a login page or a "
                       "wrong url?",
                       what, rs->status, rs->content_type);
    }
    rc = json_parse(strbuf_text(&rs->body), rs->body.len, out, e);
    if (rc != ERR_OK)
        err_wrap(e, "%s", what);
    return rc;
}

bool answer_is_vague(int status)
{
    return status == 408 || status >= 500;
}

void answer_note_time(struct observation *o, const struct http_response *rs)
{
    o->took_ms += rs->took_ms;
    if (rs->received.s == 0 || rs->date.s == 0 || o->skew_known)
        return;
    o->skew_s = rs->date.s - rs->received.s;
    o->skew_known = true;
}

void answer_result(struct call_result *r, enum outcome outcome)
{
    r->outcome = outcome;
    if (outcome == OUTCOME_DONE)
        err_clear(&r->err);
}
