#include <config.h>

#include "tests/unit/site_client.h"

#include <string.h>

#include "tests/unit/table.h"

void site_client_begin(struct site_client *c, const char *faults)
{
    struct site_options o = {
        .seed = 7, .servers = 4, .start = {INT64_C(1795329000)}, .faults = faults};

    *c = (struct site_client){0};
    http_response_init(&c->rs);
    if (site_new(&o, &c->s, &c->e) != ERR_OK)
        fail_msg("%s", c->e.text);
}

void site_client_end(struct site_client *c)
{
    http_response_clear(&c->rs);
    secret_free(c->password);
    site_free(c->s);
}

void site_client_as(struct site_client *c, const char *user, const char *password)
{
    secret_free(c->password);
    c->password = NULL;
    c->user = user;
    if (user != NULL)
        assert_int_equal(secret_new(password, strlen(password), &c->password, &c->e),
                         ERR_OK);
}

void site_client_later(struct site_client *c, int64_t ms)
{
    site_advance(c->s, site_now_ms(c->s) + ms);
}

enum err_code site_try(struct site_client *c, const char *method, const char *path,
                       const char *body)
{
    struct transport t = site_transport(c->s);
    char url[2048];
    struct http_request rq = {.method = method, .url = url, .body = body};

    assert_true(str_format(url, sizeof(url), "http://127.0.0.1:8080%s", path));
    rq.body_len = body != NULL ? strlen(body) : 0;
    if (c->user != NULL) {
        rq.auth = HTTP_AUTH_BASIC;
        rq.user = c->user;
        rq.password = c->password;
    }
    if (c->cookie != NULL)
        rq.headers[rq.n_headers++] = (struct http_header){"Cookie", c->cookie, true};
    if (c->crumb != NULL)
        rq.headers[rq.n_headers++] =
            (struct http_header){"Jenkins-Crumb", c->crumb, true};
    err_clear(&c->e);
    return transport_perform(&t, &rq, &c->rs, &c->e);
}

const char *site_ask(struct site_client *c, const char *method, const char *path,
                     const char *body)
{
    if (site_try(c, method, path, body) != ERR_OK)
        fail_msg("%s %s: %s", method, path, c->e.text);
    return strbuf_text(&c->rs.body);
}

const char *site_get(struct site_client *c, const char *path)
{
    return site_ask(c, "GET", path, NULL);
}

const char *site_post(struct site_client *c, const char *path, const char *body)
{
    return site_ask(c, "POST", path, body);
}
