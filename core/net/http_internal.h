/*
 * http_internal - the inside of the real transport: one client's handles, and an exchange
 * under way. Inside core/net only.
 * A client owns its handles and the exchange that it holds; whoever begins an exchange
 * ends it.
 * Threads: the client's; `aborted` and `woken` are set from any.
 */
#ifndef RH_NET_HTTP_INTERNAL_H
#define RH_NET_HTTP_INTERNAL_H

#include "core/net/http.h"

#include <curl/curl.h>

#include <stdatomic.h>

/* What the callbacks of one exchange share. */
struct exchange {
    struct http_response *rs;
    struct http_head head;
    struct curl_slist *headers; /* owned until its end; may carry a token */
    bool keeps_body;            /* the request is gone before it is sent */
    bool added;                 /* its handle is in the multi */
    bool sent;                  /* connected, the request goes out now */
    bool in_body;               /* header lines from here on are trailers */
    bool too_big;               /* the cap of the body was passed */
    bool ended;                 /* … with this: */
    CURLcode result;
    int64_t started_ms;
    int64_t window_from_ms;
    size_t window_from_bytes;
    char host[160]; /* "name:port" or "name", for messages */
    char curl_text[CURL_ERROR_SIZE];
};

struct http_client {
    struct http_client_config config;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *connect_to;
    char user_agent[96];
    atomic_bool aborted, woken;
    struct {
        CURL *easy; /* NULL until the first one */
        struct exchange x;
        struct http_response rs; /* while it is on its way */
        bool on;
    } held;
};

int64_t http_now_ms(void);

/* Hands the request to curl; whatever comes of it, http_exchange_end() follows. */
enum err_code http_exchange_begin(struct http_client *c, CURL *easy,
                                  const struct http_request *rq, struct exchange *x,
                                  struct err *e) MUST_CHECK NONNULL;

/* Lets go of the handle and fills x->rs; rc is what came of it so far. */
enum err_code http_exchange_end(struct http_client *c, CURL *easy, struct exchange *x,
                                enum err_code rc, struct err *e) NONNULL;

/* One turn of all that is under way: until x (NULL: the held one) has ended, something
 * came, or wait_ms are over. */
enum err_code http_drive_once(struct http_client *c, struct exchange *x, int64_t wait_ms,
                              struct err *e) MUST_CHECK;

/* A connection and its handshake with whoever is there, trusted or not; no request. What
 * was shown is in c->easy then. */
enum err_code http_handshake(struct http_client *c, const char *url,
                             struct err *e) MUST_CHECK NONNULL;

/* What went wrong, in a sentence that says what to do (x->result is not CURLE_OK). */
enum err_code http_trouble(CURL *easy, const struct exchange *x, struct err *e) NONNULL;

/* The held exchange and its handle, if any. */
void http_held_clear(struct http_client *c) NONNULL;

#endif
