/*
 * lease - the lock that controllers on several machines share (reliability 7), as a pure
 * state machine: it says what to ask of etcd next, and learns what came of it. No clock,
 * no I/O. A plain value.
 * Threads: one.
 *
 * A lease alone does not exclude two holders: a process may be stopped between looking
 * and acting. So who acts must be safe: the lease cannot have ended before the call has,
 * reckoned from when the last renewal was *sent*, with a margin for clocks that run
 * differently; and each call is preceded by a put that etcd does only for the holder.
 */
#ifndef RH_STORE_LEASE_H
#define RH_STORE_LEASE_H

#include "core/base/clock.h"
#include "core/base/err.h"

enum lease_ask {
    LEASE_WAIT,      /* nothing until `at` */
    LEASE_LOOK,      /* read the lock's key */
    LEASE_GRANT,     /* a lease of ttl */
    LEASE_ACQUIRE,   /* put the key with our lease, if there is none */
    LEASE_KEEPALIVE, /* renew our lease */
    LEASE_CONFIRM    /* put the key again, guarded: a renewal alone is no ownership */
};

struct lease {
    int64_t ttl_ms, renew_ms, margin_ms;
    int64_t id;    /* of our lease, 0 = none */
    int64_t epoch; /* create_revision of the key while it is ours, 0 = it is not */
    enum lease_ask next;
    struct mono due;
    struct mono sent;    /* of the grant or of the last renewal that was confirmed */
    struct mono renewed; /* sent, of the renewal that is to be confirmed */
    int32_t failures;    /* in a row */
    bool looked;         /* etcd has answered once */
    bool other;          /* somebody else has it */
};

/* What a request brought; err.code ERR_OK: the fields of its kind are set. */
struct lease_answer {
    enum err_code code;
    struct mono sent;               /* when it was sent */
    int64_t id, ttl_s;              /* GRANT, KEEPALIVE: ttl_s 0 = the lease is over */
    bool succeeded;                 /* ACQUIRE, CONFIRM */
    int64_t revision;               /* ACQUIRE, succeeded */
    int64_t create_revision, lease; /* LOOK, ACQUIRE, CONFIRM: the key's; 0 = none */
};

/* margin_ms: for clocks that run differently; durations in milliseconds. */
void lease_init(struct lease *l, int64_t ttl_ms, int64_t renew_ms, int64_t margin_ms,
                struct mono now) NONNULL;

/* What to ask now; LEASE_WAIT: nothing before l->due. */
enum lease_ask lease_next(const struct lease *l, struct mono now) NONNULL;
void lease_take(struct lease *l, enum lease_ask asked, const struct lease_answer *a,
                struct mono now) NONNULL;

/* Somebody learned at another place that it is not ours any more. */
void lease_lost(struct lease *l, struct mono now) NONNULL;

/* Is it ours, and still when a call that begins now and may take so long has ended? */
bool lease_is_safe(const struct lease *l, struct mono now, int64_t call_ms) NONNULL;

/* Until when it is ours for certain. 0: it is not. */
struct mono lease_safe_until(const struct lease *l) NONNULL;

#endif
