#include <config.h>

#include "core/sim/server.h"

#include <microhttpd.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/timefmt.h"
#include "core/sim/site_impl.h"

/*
 * One thread per connection, because a fault may keep one waiting while the others go on.
 * The mutex guards the site and its clock's offset; nobody holds it while it waits.
 */
enum {
    MAX_BODY = 4 * 1024 * 1024,
    MAX_CONNECTIONS = 512, /* long polls of clients that are gone are among them */
    SILENCE_MS = 60000,    /* how long a connection without an answer is kept */
    HELD_STEP_MS = 20,     /* real time between two looks of a long poll … */
    HELD_SHARE = 20        /* … of which the looks take one part of so many at most */
};

struct sim_server {
    struct site *site;
    struct clock_scaled *clock;
    struct MHD_Daemon *daemon;
    int64_t start_ms; /* the world's time when the server started */
    int64_t start_mono_ms;
    uint16_t port;
    char base[48];
    int stop_fd;          /* readable once the server stops: ends all waiting */
    pthread_mutex_t lock; /* guards site */
};

/* One request while it arrives. */
struct request {
    char *uri; /* raw, query included; owned */
    bool started;
    struct strbuf body;
};

static void advance(struct sim_server *v)
{
    struct clock c = clock_scaled_clock(v->clock);

    site_advance(v->site, v->start_ms + (clock_mono(&c).ms - v->start_mono_ms) +
                              v->site->ahead_ms);
}

struct site *sim_server_lock(struct sim_server *v)
{
    (void)pthread_mutex_lock(&v->lock); /* an ordinary mutex of ours cannot fail */
    advance(v);
    return v->site;
}

void sim_server_unlock(struct sim_server *v)
{
    (void)pthread_mutex_unlock(&v->lock);
}

/* Real time, cut short when the server stops: then true. */
static bool wait_ms(const struct sim_server *v, int64_t ms)
{
    struct pollfd stop = {.fd = v->stop_fd, .events = POLLIN};

    return poll(&stop, 1, (int)ms) > 0; /* a signal only makes the delay shorter */
}

/* ---- a request as our own struct ---- */

struct taken {
    struct http_request rq;
    char url[8192];
};

static bool is_kept(const char *name)
{
    static const char *const dropped[] = {"Connection", "Accept-Encoding", "Accept",
                                          "Content-Length", "Cache-Control"};

    for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
        if (str_eq_nocase(name, dropped[i]))
            return false;
    return true;
}

static enum MHD_Result take_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct taken *t = ctx;

    (void)kind;
    if (name == NULL || value == NULL || !is_kept(name))
        return MHD_YES;
    if (str_eq_nocase(name, "Content-Type")) {
        t->rq.content_type = value;
        return MHD_YES;
    }
    if (t->rq.n_headers < HTTP_MAX_HEADERS)
        t->rq.headers[t->rq.n_headers++] =
            (struct http_header){.name = name, .value = value};
    return MHD_YES;
}

/* libmicrohttpd hands path and query out decoded and apart; this callback sees the raw
 * request line first, and what it returns is the request's slot from then on. */
static void *first_sight(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct request *rq = calloc(1, sizeof(*rq));

    (void)ctx;
    (void)connection;
    if (rq == NULL)
        return NULL;
    rq->uri = strdup(uri);
    strbuf_init(&rq->body, MAX_BODY);
    if (rq->uri != NULL)
        return rq;
    free(rq);
    return NULL;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct request *rq = *slot;

    (void)ctx;
    (void)connection;
    (void)code;
    if (rq == NULL)
        return;
    strbuf_clear(&rq->body);
    free(rq->uri);
    free(rq);
    *slot = NULL;
}

/* ---- the answer ---- */

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
    if (value[0] != '\0')
        (void)MHD_add_response_header(r, name, value); /* no memory: it is missing */
}

/* "Sun, 22 Nov 2026 07:00:00 GMT" */
static void http_date(struct utc t, char out[40])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil c = civil_from_seconds(t.s);

    (void)str_format(out, 40, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[c.weekday],
                     (int)c.day, months[c.month - 1], (int)c.year, (int)c.hour,
                     (int)c.minute, (int)c.second); /* 29 characters */
}

static void add_headers(struct MHD_Response *r, const struct http_response *rs,
                        const char *path)
{
    char text[1100];

    add_header(r, "Content-Type", rs->content_type);
    add_header(r, "Location", rs->location);
    add_header(r, "X-Jenkins", rs->jenkins);
    add_header(r, "X-Jenkins-Session", rs->jenkins_session);
    add_header(r, "X-Required-Permission", rs->required_permission);
    add_header(r, "X-Amzn-RequestId", rs->request_id);
    if (rs->set_cookie[0] != '\0' &&
        str_format(text, sizeof(text), "%s; Path=/; HttpOnly", rs->set_cookie))
        add_header(r, "Set-Cookie", text);
    if (rs->retry_after_s >= 0 &&
        str_format(text, sizeof(text), "%lld", (long long)rs->retry_after_s))
        add_header(r, "Retry-After", text);
    http_date(rs->date, text);
    add_header(r, "Date", text);
    if (rs->status == 401)
        add_header(r, "WWW-Authenticate",
                   str_starts(path, "/jenkins/") ? "Basic realm=\"Jenkins\""
                                                 : "Basic realm=\"Velostrata\"");
    if (rs->status == 405)
        add_header(r, "Allow", "POST");
}

static enum MHD_Result send_answer(struct sim_server *v, struct MHD_Connection *c,
                                   struct http_response *rs, const char *path)
{
    size_t len = rs->body.len;
    struct MHD_Response *r = MHD_create_response_from_buffer(
        len, rs->body.data, len > 0 ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT);
    enum MHD_Result done;

    if (r == NULL)
        return MHD_NO;
    add_headers(r, rs, path);
    if (rs->took_ms > 100) /* an unusual delay is felt, in the site's own time */
        (void)wait_ms(v, rs->took_ms / clock_scaled_speed(v->clock));
    done = MHD_queue_response(c, (unsigned)rs->status, r);
    MHD_destroy_response(r);
    return done;
}

/* Closing with pending data unread and linger 0 makes the kernel send a reset. */
static enum MHD_Result cut(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (info != NULL)
        (void)setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    return MHD_NO;
}

static int64_t real_ms(void)
{
    return clock_mono(clock_system()).ms;
}

/* A long poll is asked again and again, until there is something or its time is over. */
static enum site_outcome exchange(struct sim_server *v, const struct http_request *rq,
                                  struct http_response *rs)
{
    struct site *s = sim_server_lock(v);
    enum site_outcome outcome = site_exchange(s, rq, rs);
    int64_t now = site_now_ms(s), until = now + rs->took_ms, step = HELD_STEP_MS;

    sim_server_unlock(v);
    while (outcome == SITE_HELD && now < until && !wait_ms(v, step)) {
        int64_t began = real_ms();

        s = sim_server_lock(v);
        outcome = site_look_again(s, rq, rs);
        now = site_now_ms(s);
        sim_server_unlock(v);
        step = HELD_SHARE * (real_ms() - began);
        step = step < HELD_STEP_MS ? HELD_STEP_MS : step;
    }
    if (outcome != SITE_HELD)
        return outcome;
    rs->took_ms = 0; /* it has been waited for */
    return SITE_ANSWERED;
}

/* The base is known a moment after the first request can come. */
static bool put_url(struct sim_server *v, const char *uri, char *out, size_t size)
{
    bool fits;

    (void)pthread_mutex_lock(&v->lock); /* a plain mutex of ours: cannot fail */
    fits = str_format(out, size, "%s%s", v->base, uri);
    (void)pthread_mutex_unlock(&v->lock);
    return fits;
}

static enum MHD_Result serve(struct sim_server *v, struct MHD_Connection *c,
                             const char *method, const char *uri,
                             const struct strbuf *body)
{
    struct taken t = {.rq = {.method = method}};
    struct http_response rs;
    enum site_outcome outcome;
    enum MHD_Result done;

    t.rq.url = t.url;
    t.rq.body = body->len > 0 ? body->data : NULL;
    t.rq.body_len = body->len;
    (void)MHD_get_connection_values(c, MHD_HEADER_KIND, take_header, &t);
    http_response_init(&rs);
    if (!put_url(v, uri, t.url, sizeof(t.url))) {
        rs.status = 414;
        done = send_answer(v, c, &rs, uri);
        http_response_clear(&rs);
        return done;
    }
    outcome = exchange(v, &t.rq, &rs);
    if (outcome == SITE_ANSWERED && !rs.body.failed) {
        done = send_answer(v, c, &rs, uri);
    } else {
        if (outcome == SITE_SILENT)
            (void)wait_ms(v, SILENCE_MS);
        done = cut(c);
    }
    http_response_clear(&rs);
    return done;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *http, const char *data,
                                  size_t *data_len, void **slot)
{
    struct request *rq = *slot;

    (void)http;
    (void)url;
    if (rq == NULL)
        return MHD_NO;  /* no memory when it was first seen */
    if (!rq->started) { /* the headers are here, the body may follow */
        rq->started = true;
        return MHD_YES;
    }
    if (*data_len > 0) {
        strbuf_add(&rq->body, data, *data_len);
        *data_len = 0;
        return rq->body.failed ? MHD_NO : MHD_YES;
    }
    return serve(ctx, c, method, rq->uri, &rq->body);
}

/* ---- start and stop ---- */

static enum err_code listen_on(struct sim_server *v, uint16_t port, struct err *e)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    const union MHD_DaemonInfo *info;

    errno = 0;
    v->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
            MHD_USE_SUPPRESS_DATE_NO_CLOCK,
        port, NULL, NULL, on_request, v, MHD_OPTION_SOCK_ADDR, &at,
        MHD_OPTION_URI_LOG_CALLBACK, first_sight, v, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, v, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)120, MHD_OPTION_END);
    if (v->daemon == NULL)
        return err_set_errno(e, ERR_IO, errno, "simulated site: listen on 127.0.0.1:%u",
                             (unsigned)port);
    info = MHD_get_daemon_info(v->daemon, MHD_DAEMON_INFO_BIND_PORT);
    v->port = info != NULL ? info->port : port;
    (void)str_format(v->base, sizeof(v->base), "http://127.0.0.1:%u", (unsigned)v->port);
    return ERR_OK;
}

enum err_code sim_server_start(struct site *s, struct clock_scaled *clock, uint16_t port,
                               struct sim_server **out, struct err *e)
{
    struct sim_server *v = calloc(1, sizeof(*v));
    struct clock c = clock_scaled_clock(clock);
    enum err_code rc;

    if (v == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the simulated site's server");
    v->site = s;
    v->clock = clock;
    v->start_ms = site_now_ms(s) - s->ahead_ms;
    v->start_mono_ms = clock_mono(&c).ms;
    v->stop_fd = eventfd(0, EFD_CLOEXEC);
    (void)pthread_mutex_init(&v->lock, NULL); /* default attributes cannot fail here */
    (void)pthread_mutex_lock(&v->lock); /* a request may be there already: it waits */
    rc = v->stop_fd >= 0 ? listen_on(v, port, e)
                         : err_set_errno(e, ERR_IO, errno, "simulated site: eventfd");
    if (rc == ERR_OK)
        s->clock = clock;
    (void)pthread_mutex_unlock(&v->lock);
    if (rc != ERR_OK) {
        sim_server_stop(v);
        return rc;
    }
    *out = v;
    return ERR_OK;
}

void sim_server_stop(struct sim_server *v)
{
    if (v == NULL)
        return;
    if (v->stop_fd >= 0)
        (void)eventfd_write(v->stop_fd, 1); /* never read: it stays readable */
    if (v->daemon != NULL) {
        MHD_stop_daemon(v->daemon);
        v->site->clock = NULL;
    }
    if (v->stop_fd >= 0)
        (void)close(v->stop_fd);
    (void)pthread_mutex_destroy(&v->lock);
    free(v);
}

uint16_t sim_server_port(const struct sim_server *v)
{
    return v->port;
}

const char *sim_server_base(const struct sim_server *v)
{
    return v->base;
}

void sim_server_urls(const struct sim_server *v, struct strbuf *out)
{
    static const struct {
        const char *name, *path;
    } urls[] = {{"velostrata", "/velostrata/api/v25"},
                {"jenkins", "/jenkins/"},
                {"vsphere", "/sdk"},
                {"ec2", "/ec2/"},
                {"pricing", "/pricing/"},
                {"sqs", "/sqs/"},
                {"sts", "/sts/"},
                {"control", "/control"}};

    for (size_t i = 0; i < ARRAY_LEN(urls); i++)
        strbuf_printf(out, "%s\"%s\":\"%s%s\"", i > 0 ? "," : "{", urls[i].name, v->base,
                      urls[i].path);
    strbuf_puts(out, "}\n");
}
