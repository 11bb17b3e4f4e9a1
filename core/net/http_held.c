/*
 * http_held - an exchange that goes on beside the others of a client: a long poll. It has
 * a handle of its own on the client's multi handle, so that whatever drives the others
 * drives it, too. Owned by the client. Threads: the client's.
 */
#include <config.h>

#include "core/net/http_internal.h"

enum err_code http_client_hold(struct http_client *c, const struct http_request *rq,
                               struct err *e)
{
    enum err_code rc;

    http_client_drop(c);
    if (c->held.easy == NULL)
        c->held.easy = curl_easy_init();
    if (c->held.easy == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a long poll");
    http_response_init(&c->held.rs);
    c->held.rs.body.limit =
        rq->limit_bytes > 0 ? rq->limit_bytes : HTTP_DEFAULT_LIMIT_BYTES;
    c->held.x = (struct exchange){.rs = &c->held.rs, .keeps_body = true};
    c->held.on = true;
    rc = http_exchange_begin(c, c->held.easy, rq, &c->held.x, e);
    if (rc != ERR_OK)
        http_client_drop(c);
    return rc;
}

bool http_client_holds(const struct http_client *c)
{
    return c->held.on;
}

void http_client_drop(struct http_client *c)
{
    struct err ignored = {0};

    if (!c->held.on)
        return;
    (void)http_exchange_end(c, c->held.easy, &c->held.x, ERR_CANCELED, &ignored);
    http_response_clear(&c->held.rs);
    c->held.on = false;
}

enum err_code http_client_idle(struct http_client *c, int64_t timeout_ms, struct err *e)
{
    int64_t until = http_now_ms() + timeout_ms;
    enum err_code rc = ERR_OK;

    while (rc == ERR_OK) {
        int64_t left = until - http_now_ms();

        if (atomic_load(&c->aborted))
            return err_set(e, ERR_CANCELED, "the wait was ended by rushhour");
        if (atomic_exchange(&c->woken, false) || left <= 0 ||
            (c->held.on && c->held.x.ended))
            return ERR_OK;
        rc = http_drive_once(c, NULL, left, e);
    }
    return rc;
}

void http_client_wake(struct http_client *c)
{
    atomic_store(&c->woken, true);
    (void)curl_multi_wakeup(c->multi); /* fails only when nobody could wait either */
}

bool http_client_take(struct http_client *c, struct http_response *rs, struct err *e)
{
    if (!c->held.on || !c->held.x.ended)
        return false;
    (void)http_exchange_end(c, c->held.easy, &c->held.x, ERR_OK, e); /* e says it */
    http_response_clear(rs);
    *rs = c->held.rs;
    c->held.on = false;
    return true;
}

void http_held_clear(struct http_client *c)
{
    http_client_drop(c);
    if (c->held.easy != NULL)
        curl_easy_cleanup(c->held.easy);
}
