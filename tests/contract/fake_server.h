/*
 * fake_server - a faulty HTTP/1.1 server on 127.0.0.1 with scripted answers, for the
 * contract tests. The caller owns it (fake_server_start, fake_server_stop).
 * Threads: one that accepts and one for each connection; the functions below are for the
 * test's own thread.
 */
#ifndef RH_TESTS_CONTRACT_FAKE_SERVER_H
#define RH_TESTS_CONTRACT_FAKE_SERVER_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

enum fake_fault {
    FAKE_NONE,
    FAKE_HANG,       /* reads the request, answers nothing until the client goes */
    FAKE_RESET,      /* reads the request, then a TCP reset */
    FAKE_CLOSE,      /* reads the request, then an orderly close without an answer */
    FAKE_TRUNCATE,   /* half of the body that Content-Length announces, then a close */
    FAKE_HALF_RESET, /* half of the body, then a reset */
    FAKE_DRIP,       /* headers, then one byte of the body every 50 ms */
    FAKE_STALL,      /* headers and half of the body, then nothing */
    FAKE_ENDLESS,    /* a chunked body that never ends */
    FAKE_GARBAGE     /* bytes that are no HTTP */
};

/* One answer. status 0 means 200. headers: whole lines, each ended by \r\n, or NULL. */
struct fake_answer {
    int status;
    const char *headers;
    const char *type; /* Content-Type; NULL = application/json */
    const char *body; /* NULL = none */
    size_t body_len;  /* 0 = strlen(body) */
    enum fake_fault fault;
    int delay_ms; /* before the answer; ends early when the client or the test goes */
};

/*
 * Requests of this method (NULL: any) whose path with query contains `path` (a leading
 * '=' demands the whole path, query included) get the answers in order; the last one
 * again and again. Rules are tried in the order in which they were added; what none of
 * them takes is answered with 404.
 */
enum { FAKE_MAX_ANSWERS = 8, FAKE_MAX_RULES = 24, FAKE_MAX_REQUESTS = 256 };
struct fake_rule {
    const char *method, *path;
    struct fake_answer answers[FAKE_MAX_ANSWERS];
    size_t n_answers; /* 0 counts as 1 */
};

/* A request as it came, NUL-terminated texts, owned by the server until it stops. */
struct fake_request {
    char method[8];
    char path[2048];    /* with the query, still encoded */
    char headers[4096]; /* lines as received */
    char body[8192];
    size_t body_len;
    int connection; /* number of its connection, from 0 */
};

struct fake_server;
struct fake_server *fake_server_start(void); /* NULL when it cannot listen */
void fake_server_stop(struct fake_server *s);

int fake_server_port(const struct fake_server *s) NONNULL;
const char *
fake_server_url(const struct fake_server *s) NONNULL; /* no slash at the end */

/* Copies the rule and its texts. */
void fake_server_add(struct fake_server *s, const struct fake_rule *rule) NONNULL;
/* Shorthands: one answer for ever. */
void fake_server_json(struct fake_server *s, const char *method, const char *path,
                      const char *body) __attribute__((nonnull(1)));
/* Forgets rules and requests; connections stay. */
void fake_server_reset(struct fake_server *s) NONNULL;

/* Requests seen so far: all, or those of a method whose path contains `path`. */
size_t fake_server_count(struct fake_server *s);
size_t fake_server_count_of(struct fake_server *s, const char *method, const char *path);
/* The i-th of all, and the i-th matching one; NULL when there is none. */
const struct fake_request *fake_server_request(struct fake_server *s, size_t i);
const struct fake_request *fake_server_request_of(struct fake_server *s,
                                                  const char *method, const char *path,
                                                  size_t i);
/* Blocks until so many requests were seen, 5 s at most; false when they were not. */
bool fake_server_wait(struct fake_server *s, size_t n) NONNULL;

/* Value of a header of a recorded request into buf; false when it is not there. */
bool fake_request_header(const struct fake_request *r, const char *name, char *buf,
                         size_t size) NONNULL;

#endif
