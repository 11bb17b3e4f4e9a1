#include <config.h>

#include "tests/contract/script.h"

#include <stdlib.h>
#include <string.h>

void script_init(struct script *s)
{
    memset(s, 0, sizeof(*s));
    (void)pthread_mutex_init(&s->lock, NULL); /* cannot fail without attributes */
}

void script_clear(struct script *s)
{
    for (size_t i = 0; i < s->n_requests; i++) {
        free(s->requests[i].body);
        free(s->requests[i].url);
        free(s->requests[i].headers);
    }
    (void)pthread_mutex_destroy(&s->lock); /* no thread is left */
}

void script_add(struct script *s, struct script_rule rule)
{
    if (s->n_rules == SCRIPT_RULES)
        abort();
    s->rules[s->n_rules++] = rule;
}

void script_first(struct script *s, struct script_rule rule)
{
    if (s->n_rules == SCRIPT_RULES)
        abort();
    memmove(&s->rules[1], &s->rules[0], s->n_rules * sizeof(s->rules[0]));
    s->rules[0] = rule;
    s->n_rules++;
}

static bool has(const char *body, const char *url, const char *needle)
{
    return strstr(body, needle) != NULL || strstr(url, needle) != NULL;
}

static void record(struct script *s, const struct http_request *rq)
{
    struct script_request *r = &s->requests[s->n_requests];
    struct strbuf headers;

    if (s->n_requests == SCRIPT_REQUESTS)
        abort();
    strbuf_init(&headers, 64 * 1024);
    strbuf_printf(&headers, "Content-Type: %s\n",
                  rq->content_type != NULL ? rq->content_type : "-");
    for (size_t i = 0; i < rq->n_headers; i++)
        strbuf_printf(&headers, "%s: %s\n", rq->headers[i].name, rq->headers[i].value);
    r->headers = strdup(strbuf_text(&headers));
    strbuf_clear(&headers);
    r->body = strndup(rq->body != NULL ? rq->body : "", rq->body_len);
    r->url = strdup(rq->url);
    if (r->headers == NULL || r->body == NULL || r->url == NULL)
        abort();
    r->is_mutating = rq->mutating;
    r->timeout_ms = rq->timeout_ms;
    r->auth = rq->auth;
    if (rq->user != NULL)
        (void)str_copy(r->user, sizeof(r->user), rq->user);
    if (rq->sigv4 != NULL)
        (void)str_copy(r->sigv4, sizeof(r->sigv4), rq->sigv4);
    if (rq->password != NULL)
        (void)str_copy(r->password, sizeof(r->password), secret_expose(rq->password));
    s->n_requests++;
}

static struct script_rule *match(struct script *s, const struct script_request *r)
{
    for (size_t i = 0; i < s->n_rules; i++) {
        struct script_rule *rule = &s->rules[i];

        if (rule->times < 0 || !has(r->body, r->url, rule->needle))
            continue;
        if (rule->times > 0 && --rule->times == 0)
            rule->times = -1; /* used up after this */
        return rule;
    }
    return NULL;
}

static enum err_code perform(void *ctx, const struct http_request *rq,
                             struct http_response *rs, struct err *e)
{
    struct script *s = ctx;
    const struct script_rule *rule;
    enum err_code rc = ERR_OK;

    (void)pthread_mutex_lock(&s->lock);
    record(s, rq);
    rule = match(s, &s->requests[s->n_requests - 1]);
    if (rule == NULL) {
        rs->status = 404;
        strbuf_puts(&rs->body, "nothing is scripted for this");
    } else if (rule->error != ERR_OK) {
        rs->maybe_sent = rule->maybe_sent;
        rc = err_set(e, rule->error, "scripted");
    } else {
        rs->status = rule->status != 0 ? rule->status : 200;
        strbuf_puts(&rs->body, rule->body != NULL ? rule->body : "");
        if (rule->cookie != NULL)
            (void)str_copy(rs->set_cookie, sizeof(rs->set_cookie), rule->cookie);
        rs->date.s = rule->date_s;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return rc;
}

struct transport script_transport(struct script *s)
{
    return (struct transport){perform, s};
}

size_t script_count(const struct script *s, const char *needle)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_requests; i++)
        n += has(s->requests[i].body, s->requests[i].url, needle) ? 1 : 0;
    return n;
}

const struct script_request *script_request(const struct script *s, const char *needle,
                                            size_t i)
{
    for (size_t k = 0; k < s->n_requests; k++) {
        if (has(s->requests[k].body, s->requests[k].url, needle) && i-- == 0)
            return &s->requests[k];
    }
    return NULL;
}
