/*
 * site_impl - the inside of a site, for its control endpoint and its HTTP server.
 * The site owns its world.
 * Threads: one at a time; the HTTP server around it serializes.
 */
#ifndef RH_SIM_SITE_IMPL_H
#define RH_SIM_SITE_IMPL_H

#include "core/sim/faults.h"
#include "core/sim/site.h"
#include "core/sim/world.h"

/* Answers to what was only read, for FAULT_STALE; a new one takes another's place. */
enum { SITE_OLD_ANSWERS = 32 };
struct old_answer {
    uint64_t question; /* a hash, 0 = none */
    int64_t at;
    char type[96], jenkins[32];
    struct strbuf body;
};

/* What was answered last to a read and to a change, for FAULT_OTHER_ANSWER. */
struct last_answer {
    struct strbuf question; /* its address and its body; empty = none */
    int status;
    char type[96], jenkins[32], location[512];
    struct strbuf body;
};

struct site {
    struct world *w;
    struct faults faults;
    const char *mover;          /* static text */
    struct rng rng;             /* of faults only: the world's history is its own */
    struct clock_scaled *clock; /* while an HTTP server runs it, else NULL */
    struct old_answer old[SITE_OLD_ANSWERS];
    struct last_answer last[N_APIS][2]; /* to a change, to a read */
    int64_t ahead_ms;                   /* by /control/advance, beyond that clock */
};

/* How an exchange ended. took_ms is set in rs. */
enum site_outcome {
    SITE_ANSWERED,
    SITE_HELD,         /* a long poll: rs says "nothing yet", which may be kept back for
                          took_ms, or until another try says more */
    SITE_REFUSED,      /* no connection */
    SITE_RESET_BEFORE, /* cut, nothing was done */
    SITE_RESET_AFTER,  /* cut, it was done */
    SITE_SILENT,       /* no answer, ever */
};
enum site_outcome site_exchange(struct site *s, const struct http_request *rq,
                                struct http_response *rs) NONNULL;
/* Another try of an exchange that was held; no fault strikes it once more. */
enum site_outcome site_look_again(struct site *s, const struct http_request *rq,
                                  struct http_response *rs) NONNULL;

/* /control/… */
void site_control(struct site *s, const struct http_request *rq,
                  struct http_response *rs) NONNULL;
void site_put_world(const struct site *s, struct strbuf *b) NONNULL; /* as JSON */

#endif
