/*
 * script - a transport in memory that answers by rules and keeps what was asked, for the
 * contract tests that need no socket. A struct script is the caller's
 * (script_init/script_clear); texts of rules are borrowed. Threads: perform() from any.
 */
#ifndef RH_TESTS_CONTRACT_SCRIPT_H
#define RH_TESTS_CONTRACT_SCRIPT_H

#include "core/net/http.h"

#include <pthread.h>

enum { SCRIPT_RULES = 48, SCRIPT_REQUESTS = 1024 };

/* Taken when `needle` is in the body or the URL. Rules are tried in order. */
struct script_rule {
    const char *needle;
    int times;  /* then it is used up; 0 = never */
    int status; /* 0 = 200 */
    const char *body;
    const char *cookie;  /* NULL = none */
    int64_t date_s;      /* Date header, 0 = none */
    enum err_code error; /* instead of an answer */
    bool maybe_sent;     /* with error */
};

struct script_request {
    char *body, *url, *headers; /* headers: "Name: value\n" */
    bool is_mutating;
    int64_t timeout_ms;
    enum http_auth auth;
    char user[64], sigv4[64], password[64];
};

struct script {
    pthread_mutex_t lock; /* guards all below */
    struct script_rule rules[SCRIPT_RULES];
    size_t n_rules;
    struct script_request requests[SCRIPT_REQUESTS];
    size_t n_requests;
};

void script_init(struct script *s) NONNULL;
void script_clear(struct script *s) NONNULL;
struct transport script_transport(struct script *s) NONNULL;

void script_add(struct script *s, struct script_rule rule) NONNULL;
/* The same before all others. */
void script_first(struct script *s, struct script_rule rule) NONNULL;

/* Requests whose body or URL has the needle: how many, and the i-th (NULL = none). */
size_t script_count(const struct script *s, const char *needle) NONNULL;
const struct script_request *script_request(const struct script *s, const char *needle,
                                            size_t i) NONNULL;

#endif
