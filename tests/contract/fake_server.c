#include <config.h>

#include "tests/contract/fake_server.h"

#include "core/base/clock.h"
#include "core/base/str.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 256, REQUEST_BYTES = 16384, DRIP_MS = 50 };

struct connection {
    struct fake_server *server;
    pthread_t thread;
    int fd, number;
};

/* A text of a rule, the server's own: an answer may still be on its way when the test has
 * what it wanted and is done with its buffer. */
struct kept {
    struct kept *next;
    char text[];
};

struct fake_server {
    int listener, port, stop; /* stop: an eventfd, readable once the server ends */
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t seen;
    struct fake_rule rules[FAKE_MAX_RULES];
    size_t used[FAKE_MAX_RULES]; /* answers given by each rule */
    size_t n_rules;
    struct kept *kept;
    struct fake_request *requests;
    size_t n_requests;
    struct connection connections[MAX_CONNECTIONS]; /* of the accepting thread */
    int n_connections;
};

/* Waits until fd is readable, the server stops or the time is over: 1, -1, 0. */
static int wait_readable(struct fake_server *s, int fd, int timeout_ms)
{
    struct pollfd p[2] = {{.fd = s->stop, .events = POLLIN},
                          {.fd = fd, .events = POLLIN}};

    if (poll(p, 2, timeout_ms) < 0 && errno != EINTR)
        return -1;
    if (p[0].revents != 0)
        return -1;
    return p[1].revents != 0 ? 1 : 0;
}

/* Waits without looking at what the client sends; false when it went or we stop. */
static bool pause_ms(struct fake_server *s, int fd, int ms)
{
    struct pollfd p[2] = {{.fd = s->stop, .events = POLLIN},
                          {.fd = fd, .events = POLLRDHUP}};

    return poll(p, 2, ms) == 0;
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

bool fake_request_header(const struct fake_request *r, const char *name, char *buf,
                         size_t size)
{
    size_t n = strlen(name);

    for (const char *line = r->headers; *line != '\0';) {
        const char *end = strstr(line, "\r\n");

        if (end == NULL)
            break;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            const char *value = line + n + 1;

            while (*value == ' ')
                value++;
            (void)str_format(buf, size, "%.*s", (int)(end - value), value);
            return true;
        }
        line = end + 2;
    }
    return false;
}

/* Splits what was read up to the empty line; false when it is no request. */
static bool parse_head(struct fake_request *r, char *head)
{
    char *line_end = strstr(head, "\r\n"), *space, *path_end;

    if (line_end == NULL)
        return false;
    *line_end = '\0';
    space = strchr(head, ' ');
    if (space == NULL)
        return false;
    *space = '\0';
    path_end = strchr(space + 1, ' ');
    if (path_end == NULL)
        return false;
    *path_end = '\0';
    return str_copy(r->method, sizeof(r->method), head) &&
           str_copy(r->path, sizeof(r->path), space + 1) &&
           str_copy(r->headers, sizeof(r->headers), line_end + 2);
}

/* One request with its body from the connection; false at its end. */
static bool read_request(struct connection *c, struct fake_request *r, char *buf,
                         size_t *have)
{
    size_t head_len, body_len = 0;
    char *end, length[32];

    for (;;) {
        ssize_t n;

        buf[*have] = '\0';
        end = strstr(buf, "\r\n\r\n");
        if (end != NULL)
            break;
        if (*have == REQUEST_BYTES || wait_readable(c->server, c->fd, -1) < 0)
            return false;
        n = recv(c->fd, buf + *have, REQUEST_BYTES - *have, 0);
        if (n <= 0)
            return false;
        *have += (size_t)n;
    }
    head_len = (size_t)(end - buf) + 4;
    end[2] = '\0'; /* the last header line keeps its end */
    *r = (struct fake_request){.connection = c->number};
    if (!parse_head(r, buf))
        return false;
    if (fake_request_header(r, "Content-Length", length, sizeof(length)))
        body_len = strtoul(length, NULL, 10);
    if (body_len >= sizeof(r->body) || head_len + body_len > REQUEST_BYTES)
        return false;
    while (*have < head_len + body_len) {
        ssize_t n;

        if (wait_readable(c->server, c->fd, -1) < 0)
            return false;
        n = recv(c->fd, buf + *have, REQUEST_BYTES - *have, 0);
        if (n <= 0)
            return false;
        *have += (size_t)n;
    }
    memcpy(r->body, buf + head_len, body_len);
    r->body_len = body_len;
    *have -= head_len + body_len;
    memmove(buf, buf + head_len + body_len, *have);
    return true;
}

static bool matches(const char *method, const char *path, const struct fake_request *r)
{
    if (method != NULL && strcmp(method, r->method) != 0)
        return false;
    if (path == NULL)
        return true;
    return path[0] == '=' ? strcmp(path + 1, r->path) == 0
                          : strstr(r->path, path) != NULL;
}

/* Records the request and picks its answer. */
static struct fake_answer take_answer(struct fake_server *s, const struct fake_request *r)
{
    static const char no_rule[] = "{\"message\":\"no rule\"}";
    struct fake_answer answer = {
        .status = 404, .body = no_rule, .body_len = sizeof(no_rule) - 1};

    (void)pthread_mutex_lock(&s->lock);
    if (s->n_requests < FAKE_MAX_REQUESTS)
        s->requests[s->n_requests++] = *r;
    for (size_t i = 0; i < s->n_rules; i++) {
        const struct fake_rule *rule = &s->rules[i];
        size_t n = rule->n_answers > 0 ? rule->n_answers : 1;

        if (!matches(rule->method, rule->path, r))
            continue;
        answer = rule->answers[s->used[i] < n ? s->used[i] : n - 1];
        s->used[i]++;
        break;
    }
    (void)pthread_cond_broadcast(&s->seen);
    (void)pthread_mutex_unlock(&s->lock);
    return answer;
}

static void reset_connection(int fd)
{
    struct linger l = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)); /* close() then resets */
}

static void send_endless(struct fake_server *s, int fd)
{
    static const char chunk[] = "1000\r\n";
    char bytes[4096 + 2];

    memset(bytes, 'x', 4096);
    memcpy(bytes + 4096, "\r\n", 2);
    while (pause_ms(s, fd, 0) && send_all(fd, chunk, sizeof(chunk) - 1) &&
           send_all(fd, bytes, sizeof(bytes)))
        continue;
}

/* false: the connection is to be closed. */
static bool send_answer(struct connection *c, const struct fake_answer *a)
{
    struct fake_server *s = c->server;
    size_t len = a->body != NULL ? a->body_len : 0;
    char head[2048];

    if (a->delay_ms > 0 && !pause_ms(s, c->fd, a->delay_ms))
        return false;
    if (a->fault == FAKE_HANG) {
        (void)pause_ms(s, c->fd, -1);
        return false;
    }
    if (a->fault == FAKE_RESET || a->fault == FAKE_CLOSE) {
        if (a->fault == FAKE_RESET)
            reset_connection(c->fd);
        return false;
    }
    if (a->fault == FAKE_GARBAGE) {
        (void)send_all(c->fd, "\x16\x03 this is no HTTP\r\n\r\n", 23);
        return false;
    }
    (void)str_format(head, sizeof(head), "HTTP/1.1 %d Scripted\r\nContent-Type: %s\r\n%s",
                     a->status != 0 ? a->status : 200,
                     a->type != NULL ? a->type : "application/json",
                     a->headers != NULL ? a->headers : "");
    if (!send_all(c->fd, head, strlen(head)))
        return false;
    if (a->fault == FAKE_ENDLESS) {
        if (send_all(c->fd, "Transfer-Encoding: chunked\r\n\r\n", 30))
            send_endless(s, c->fd);
        return false;
    }
    (void)str_format(head, sizeof(head), "Content-Length: %zu\r\n\r\n", len);
    if (!send_all(c->fd, head, strlen(head)))
        return false;
    if (a->fault == FAKE_DRIP) {
        for (size_t i = 0; i < len; i++)
            if (!send_all(c->fd, a->body + i, 1) || !pause_ms(s, c->fd, DRIP_MS))
                return false;
        return true;
    }
    if (a->fault == FAKE_NONE)
        return len == 0 || send_all(c->fd, a->body, len);
    (void)send_all(c->fd, a->body, len / 2);
    if (a->fault == FAKE_STALL)
        (void)pause_ms(s, c->fd, -1);
    if (a->fault == FAKE_HALF_RESET) {
        (void)pause_ms(s, c->fd, DRIP_MS); /* lets the half arrive before the reset */
        reset_connection(c->fd);
    }
    return false;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    struct fake_request *r = malloc(sizeof(*r));
    char *buf = malloc(REQUEST_BYTES + 1);
    size_t have = 0;

    while (r != NULL && buf != NULL && read_request(c, r, buf, &have)) {
        struct fake_answer answer = take_answer(c->server, r);

        if (!send_answer(c, &answer))
            break;
    }
    free(buf);
    free(r);
    (void)close(c->fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct fake_server *s = arg;

    while (s->n_connections < MAX_CONNECTIONS && wait_readable(s, s->listener, -1) > 0) {
        struct connection *c = &s->connections[s->n_connections];

        c->server = s;
        c->number = s->n_connections;
        c->fd = accept(s->listener, NULL, NULL);
        if (c->fd < 0)
            break;
        if (pthread_create(&c->thread, NULL, serve, c) != 0) {
            (void)close(c->fd);
            break;
        }
        s->n_connections++;
    }
    for (int i = 0; i < s->n_connections; i++)
        (void)pthread_join(s->connections[i].thread, NULL);
    return NULL;
}

static bool listen_somewhere(struct fake_server *s)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(addr);

    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 ||
        bind(s->listener, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        listen(s->listener, 64) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&addr, &len) != 0)
        return false;
    s->port = ntohs(addr.sin_port);
    return str_format(s->url, sizeof(s->url), "http://127.0.0.1:%d", s->port);
}

struct fake_server *fake_server_start(void)
{
    struct fake_server *s = calloc(1, sizeof(*s));
    pthread_condattr_t attr;

    if (s == NULL)
        return NULL;
    s->requests = calloc(FAKE_MAX_REQUESTS, sizeof(*s->requests));
    s->stop = eventfd(0, EFD_CLOEXEC);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->seen, &attr);
    (void)pthread_condattr_destroy(&attr);
    s->listener = -1;
    if (s->requests != NULL && s->stop >= 0 && listen_somewhere(s) &&
        pthread_create(&s->thread, NULL, accept_all, s) == 0)
        return s;
    if (s->listener >= 0)
        (void)close(s->listener);
    if (s->stop >= 0)
        (void)close(s->stop);
    free(s->requests);
    free(s);
    return NULL;
}

void fake_server_stop(struct fake_server *s)
{
    uint64_t one = 1;

    if (s == NULL)
        return;
    if (write(s->stop, &one, sizeof(one)) != (ssize_t)sizeof(one))
        abort(); /* the join below would wait for ever */
    (void)pthread_join(s->thread, NULL);
    (void)close(s->listener);
    (void)close(s->stop);
    (void)pthread_cond_destroy(&s->seen);
    (void)pthread_mutex_destroy(&s->lock);
    while (s->kept != NULL) {
        struct kept *next = s->kept->next;

        free(s->kept);
        s->kept = next;
    }
    free(s->requests);
    free(s);
}

int fake_server_port(const struct fake_server *s)
{
    return s->port;
}

const char *fake_server_url(const struct fake_server *s)
{
    return s->url;
}

static const char *keep(struct fake_server *s, const char *text, size_t len)
{
    struct kept *k;

    if (text == NULL)
        return NULL;
    k = malloc(sizeof(*k) + len + 1);
    if (k == NULL)
        abort();
    memcpy(k->text, text, len);
    k->text[len] = '\0';
    k->next = s->kept;
    s->kept = k;
    return k->text;
}

static const char *keep_text(struct fake_server *s, const char *text)
{
    return keep(s, text, text != NULL ? strlen(text) : 0);
}

void fake_server_add(struct fake_server *s, const struct fake_rule *rule)
{
    struct fake_rule own = *rule;

    (void)pthread_mutex_lock(&s->lock);
    if (s->n_rules == FAKE_MAX_RULES)
        abort(); /* a mistake of the test */
    own.method = keep_text(s, rule->method);
    own.path = keep_text(s, rule->path);
    for (size_t i = 0; i < FAKE_MAX_ANSWERS; i++) {
        struct fake_answer *a = &own.answers[i];

        if (a->body != NULL && a->body_len == 0)
            a->body_len = strlen(a->body);
        a->body = keep(s, a->body, a->body_len);
        a->headers = keep_text(s, a->headers);
        a->type = keep_text(s, a->type);
    }
    s->used[s->n_rules] = 0;
    s->rules[s->n_rules++] = own;
    (void)pthread_mutex_unlock(&s->lock);
}

void fake_server_json(struct fake_server *s, const char *method, const char *path,
                      const char *body)
{
    struct fake_rule rule = {.method = method, .path = path, .answers = {{.body = body}}};

    fake_server_add(s, &rule);
}

void fake_server_reset(struct fake_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->n_rules = 0;
    s->n_requests = 0;
    (void)pthread_mutex_unlock(&s->lock);
}

const struct fake_request *fake_server_request_of(struct fake_server *s,
                                                  const char *method, const char *path,
                                                  size_t i)
{
    const struct fake_request *found = NULL;

    (void)pthread_mutex_lock(&s->lock);
    for (size_t n = 0; n < s->n_requests && found == NULL; n++) {
        if (matches(method, path, &s->requests[n]) && i-- == 0)
            found = &s->requests[n];
    }
    (void)pthread_mutex_unlock(&s->lock);
    return found;
}

const struct fake_request *fake_server_request(struct fake_server *s, size_t i)
{
    return fake_server_request_of(s, NULL, NULL, i);
}

size_t fake_server_count_of(struct fake_server *s, const char *method, const char *path)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&s->lock);
    for (size_t n = 0; n < s->n_requests; n++)
        count += matches(method, path, &s->requests[n]) ? 1 : 0;
    (void)pthread_mutex_unlock(&s->lock);
    return count;
}

size_t fake_server_count(struct fake_server *s)
{
    return fake_server_count_of(s, NULL, NULL);
}

bool fake_server_wait(struct fake_server *s, size_t n)
{
    struct timespec until;
    bool ok;
    int rc = 0;

    /* lint: allow clock_gettime - a deadline of a condition variable */
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 5;
    (void)pthread_mutex_lock(&s->lock);
    while (s->n_requests < n && rc == 0)
        rc = pthread_cond_timedwait(&s->seen, &s->lock, &until);
    ok = s->n_requests >= n;
    (void)pthread_mutex_unlock(&s->lock);
    return ok;
}
