/*
 * sigv4 - checks an AWS Signature Version 4 over the bytes of a request as received:
 * strict, header form only. Pure: borrows everything for the length of the call.
 * Threads: any.
 */
#ifndef RH_SIM_SIGV4_H
#define RH_SIM_SIGV4_H

#include "core/net/http.h"

/* What the signature has to fit. */
struct sigv4_account {
    const char *key_id, *secret_key;
    const char *region, *service;
    struct utc now[2]; /* clocks that a request may be dated by; 0 = unused */
};

enum sigv4_verdict {
    SIGV4_OK,
    SIGV4_MISSING,    /* no Authorization at all */
    SIGV4_INCOMPLETE, /* a part of it is missing or unreadable */
    SIGV4_KEY,        /* a key id that nobody has */
    SIGV4_SCOPE,      /* signed for another region or service */
    SIGV4_MISMATCH,   /* what was signed is not what came, or the secret is another */
    SIGV4_EXPIRED     /* dated more than 15 minutes off every clock */
};

/*
 * The transport in this process passes key id and secret instead of a signature
 * (rq->auth == HTTP_AUTH_SIGV4): then these are compared, and the scope.
 */
enum sigv4_verdict sigv4_check(const struct http_request *rq,
                               const struct sigv4_account *account) NONNULL;

#endif
