/*
 * lock_server - the etcd that controllers on several machines share, as far as their lock
 * goes: leases, keys with revisions, transactions, in the JSON gateway's bytes
 * (reliability 7), on the world's clock, and what goes wrong on the way to it. It knows
 * nothing of what a lock means: the rules are the client's. Owned by its maker.
 * Threads: one.
 */
#ifndef RH_SIM_LOCK_SERVER_H
#define RH_SIM_LOCK_SERVER_H

#include "core/base/clock.h"
#include "core/net/http.h"

enum { LOCK_HOSTS = 3 };

/* Of the requests, in parts of a million; the others on average so often, 0 = never: in
 * an outage one host, or all of them, cannot reach it for up to ten minutes. */
struct lock_odds {
    uint32_t refused; /* it was not done, and one knows at once */
    uint32_t lost;    /* no answer; half of them were done */
    uint32_t slow;    /* the answer takes up to the time limit */
    int64_t outage_mean_s;
    int64_t revoked_mean_s; /* a person ends the holder's lease, who is not told */
};

/* So often it happened. */
struct lock_counts {
    int64_t requests, refused, lost, slow, outages, revoked;
    int64_t taken;   /* the lock's key was put anew */
    int64_t expired; /* its lease ended by time */
    int64_t freed;   /* its holder let it go */
};

struct lock_server;

struct lock_server *lock_server_new(const struct lock_odds *odds, uint64_t seed,
                                    int64_t now_ms) MUST_CHECK NONNULL;
void lock_server_free(struct lock_server *s);

/* The world is at that instant: leases end, outages come and go, people meddle. */
void lock_server_advance(struct lock_server *s, int64_t now_ms) NONNULL;
/* The next instant at which one of these happens. */
int64_t lock_server_next(const struct lock_server *s) NONNULL;
/* Nothing goes wrong any more. */
void lock_server_calm(struct lock_server *s) NONNULL;

/*
 * The way of one host to it. A request takes its time: boot, the host's own, is set ahead
 * by that much, and the world is not. Used like a real transport.
 */
struct lock_way {
    struct lock_server *server;
    int32_t host;
    struct clock_fake *boot;
    struct mono from; /* boot when the world was where it is now */
};
struct transport lock_way_transport(struct lock_way *w) NONNULL;
/* Since when that host is not cut off; ahead: until then it is. */
int64_t lock_server_reachable_since(const struct lock_server *s, int32_t host) NONNULL;

/* The key that ends in "/lock". */
struct lock_state {
    int64_t epoch;         /* its create_revision, 0 = there is none */
    int32_t host;          /* that put it */
    int64_t until_ms;      /* its lease ends then if nobody renews it */
    int64_t changes_ms;    /* … or a person ends it before: then, at the soonest */
    int64_t free_since_ms; /* without it: since when */
    uint64_t changes;      /* counts whenever it comes and goes */
};
struct lock_state lock_server_state(const struct lock_server *s) NONNULL;
/* Each key with its value, as text; what is none is left out. Both are lent for the call.
 */
void lock_server_each(const struct lock_server *s,
                      void (*each)(void *ctx, const char *key, const char *value),
                      void *ctx) NONNULL;
struct lock_counts lock_server_counts(const struct lock_server *s) NONNULL;

#endif
