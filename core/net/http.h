/*
 * http - one HTTP exchange: the request and answer as plain data, the transport that
 * carries it, and the real transport over libcurl. A response owns its body
 * (http_response_clear). A client owns its connections (http_client_free). Threads: a
 * transport or client belongs to one thread; http_client_abort() from any.
 */
#ifndef RH_NET_HTTP_H
#define RH_NET_HTTP_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/base/str.h"

enum {
    HTTP_MAX_HEADERS = 12,
    HTTP_DEFAULT_LIMIT_BYTES = 8 * 1024 * 1024,
    HTTP_ID_TEXT = 64
};

struct http_header {
    const char *name;
    const char *value;
    bool secret; /* its value is shown in no trace */
};

enum http_auth { HTTP_AUTH_NONE, HTTP_AUTH_BASIC, HTTP_AUTH_SIGV4 };

/* All borrowed for the length of the exchange. */
struct http_request {
    const char *method; /* GET, POST, PUT, DELETE */
    const char *url;    /* absolute */
    struct http_header headers[HTTP_MAX_HEADERS];
    size_t n_headers;
    const char *content_type; /* of body; NULL = none */
    const char *body;         /* NULL = none (POST then sends Content-Length: 0) */
    size_t body_len;
    enum http_auth auth;
    const char *user;              /* BASIC: user, SIGV4: access key id */
    const struct secret *password; /* BASIC: password or token, SIGV4: secret key */
    const char *sigv4;             /* "aws:amz:eu-west-1:ec2" */
    const char *request_id;        /* our name for it, said in its body; NULL = none */
    bool mutating;      /* a fresh connection, and no silent repeat (aws-api 1.5) */
    int64_t timeout_ms; /* 0 = the client's */
    size_t limit_bytes; /* 0 = HTTP_DEFAULT_LIMIT_BYTES */
};

struct http_response {
    int status;
    struct strbuf body; /* NUL-terminated text when len > 0 */
    char content_type[96];
    char location[512];            /* as received, never followed */
    char jenkins[32];              /* X-Jenkins */
    char jenkins_session[64];      /* X-Jenkins-Session */
    char required_permission[96];  /* X-Required-Permission */
    char request_id[HTTP_ID_TEXT]; /* what their support finds it by: as their header
                                      says, else our own name, else "" */
    char set_cookie[1024]; /* name=value of Set-Cookie, several joined by "; " as Cookie
                              wants them; treat as a secret */
    int64_t retry_after_s; /* -1 = none; capped at 900 */
    struct utc date;       /* Date header, 0 = none */
    struct utc received;   /* our clock when the answer was complete, 0 = not said */
    bool maybe_sent;       /* on error: the request may have reached the server */
    int64_t took_ms;
};

void http_response_init(struct http_response *rs) NONNULL;
void http_response_clear(struct http_response *rs) NONNULL;

/*
 * The port (reliability 4). perform() does one exchange: ERR_OK whenever a whole answer
 * came, whatever its status; else ERR_CONFIG (an address that is refused), ERR_CONNECT,
 * ERR_TIMEOUT, ERR_RESET, ERR_TLS, ERR_TOO_BIG, ERR_CANCELED, ERR_PROTOCOL, with
 * rs->maybe_sent set. Never follows a redirect, never repeats. Blocks for the timeout at
 * most. rs comes initialized; transport_perform() empties it first and sets the limit of
 * its body.
 */
struct transport {
    enum err_code (*perform)(void *ctx, const struct http_request *rq,
                             struct http_response *rs, struct err *e);
    void *ctx;
};

enum err_code transport_perform(const struct transport *t, const struct http_request *rq,
                                struct http_response *rs,
                                struct err *e) MUST_CHECK NONNULL;

/* How the real transport reaches one API; borrowed until the client is freed (design 5).
 */
struct http_client_config {
    const char *ca_file;    /* NULL = the system's */
    const char *pinned_key; /* "sha256//…", NULL = none */
    bool pin_only;          /* trust = pin-only: the pin alone decides */
    const char *client_cert, *client_key_file; /* NULL = none */
    const char *connect_to;    /* "host:port" to connect to instead, NULL */
    const char *proxy;         /* NULL = none; the environment's are ignored */
    bool allow_http;           /* plain http beyond loopback */
    int64_t timeout_ms;        /* of a whole exchange */
    int64_t stall_ms;          /* an answer that has begun: the longest time with next to
                                  nothing more of it; 0 = 10 s */
    const char *user_agent;    /* NULL = rushhour/VERSION */
    const struct clock *clock; /* for `received`; NULL = the system's */
};

struct http_client;
enum err_code http_client_new(const struct http_client_config *config,
                              struct http_client **out, struct err *e) MUST_CHECK NONNULL;
void http_client_free(struct http_client *c);
struct transport http_client_transport(struct http_client *c) NONNULL;

/* Makes a running and every later exchange end with ERR_CANCELED. Any thread. */
void http_client_abort(struct http_client *c) NONNULL;

/*
 * A long poll beside the exchanges of the transport, on the same connections' handle: it
 * goes on while they are made, and delays none of them. One at a time; a new one takes
 * the place of the old. The request is borrowed for the call alone. ERR_CONFIG and
 * ERR_NOMEM at once; what else goes wrong comes with its end.
 */
enum err_code http_client_hold(struct http_client *c, const struct http_request *rq,
                               struct err *e) MUST_CHECK NONNULL;
bool http_client_holds(const struct http_client *c) NONNULL;
void http_client_drop(struct http_client *c) NONNULL;

/* Waits until the long poll has ended, somebody wakes it, or the time is over.
 * ERR_CANCELED after http_client_abort(). */
enum err_code http_client_idle(struct http_client *c, int64_t timeout_ms,
                               struct err *e) MUST_CHECK NONNULL;
void http_client_wake(struct http_client *c) NONNULL; /* any thread; never lost */

/* True when it has ended: its answer is in rs (initialized; the caller's), or in e why
 * there is none. It is held no more then. */
bool http_client_take(struct http_client *c, struct http_response *rs,
                      struct err *e) NONNULL;

/* Once in main, before threads; and at the end. */
enum err_code http_global_init(struct err *e) MUST_CHECK NONNULL;
void http_global_cleanup(void);

/* Appends text percent-encoded as UTF-8 (RFC 3986 unreserved kept). */
void http_escape(struct strbuf *b, const char *text) NONNULL;

/* Is it the host of a URL ("127.0.0.1", "[::1]", "localhost") that never leaves this
 * machine? */
bool http_is_loopback(const char *host) NONNULL;

/* For transports: takes one header line of an answer (no status line), whatever it holds;
 * and ends the head once all were given. */
struct http_head {
    char retry_after[64];
    char retry_after_ms[24]; /* X-Amz-Retry-After (aws-api 5) */
};
void http_take_header(struct http_head *h, struct http_response *rs, const char *line,
                      size_t len) NONNULL;
void http_end_head(struct http_head *h, struct http_response *rs, struct utc now) NONNULL;

/* For an unwanted status: the code that fits it (401 AUTH, 403 FORBIDDEN, 404 NOT_FOUND,
 * 409 CONFLICT, 429 THROTTLED, 5xx SERVER, else REFUSED), e->http set. `what` names the
 * call, as in "jenkins: GET /computer". */
enum err_code http_status_error(const struct http_response *rs, const char *what,
                                struct err *e) NONNULL;

#endif
