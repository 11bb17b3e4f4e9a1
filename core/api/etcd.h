/*
 * etcd - one of several endpoints of a cluster, over its JSON gateway: leases,
 * transactions, keys (reliability 7). All of it may be asked twice, so that a call goes
 * on at the next endpoint when one fails. A client owns its connections and borrows
 * configuration and clock. Threads: a client belongs to one thread; etcd_abort() from
 * any.
 */
#ifndef RH_API_ETCD_H
#define RH_API_ETCD_H

#include "core/api/etcd_wire.h"
#include "core/model/config.h"
#include "core/net/http.h"

struct etcd;

/* via: NULL for real connections, else every exchange goes through it (tests). */
enum err_code etcd_new(const struct lock_config *config, const struct transport *via,
                       const struct clock *clock, struct etcd **out,
                       struct err *e) MUST_CHECK __attribute__((nonnull(1, 3, 4, 5)));
void etcd_free(struct etcd *c);
void etcd_abort(struct etcd *c) NONNULL;

/* When the last request that was answered well was sent. */
struct mono etcd_sent(const struct etcd *c) NONNULL;
int64_t etcd_took_ms(const struct etcd *c) NONNULL; /* of the last call */

/*
 * Each blocks for the configured timeout at each endpoint. Errors: those of a transport
 * when no endpoint answers; ERR_AUTH, ERR_FORBIDDEN: user, password or role; ERR_SERVER,
 * ERR_TIMEOUT: no quorum; ERR_PROTOCOL.
 */
enum err_code etcd_grant(struct etcd *c, int64_t ttl_s, int64_t *lease, int64_t *granted,
                         struct err *e) MUST_CHECK NONNULL;
enum err_code etcd_keepalive(struct etcd *c, int64_t lease, int64_t *ttl_s,
                             struct err *e) MUST_CHECK NONNULL;
enum err_code etcd_time_to_live(struct etcd *c, int64_t lease, int64_t *ttl_s,
                                struct err *e) MUST_CHECK NONNULL;
/* ERR_NOT_FOUND: it is over. */
enum err_code etcd_revoke(struct etcd *c, int64_t lease,
                          struct err *e) MUST_CHECK NONNULL;
enum err_code etcd_acquire(struct etcd *c, const char *key, const char *value,
                           int64_t lease, struct etcd_txn *out,
                           struct err *e) MUST_CHECK NONNULL;
enum err_code etcd_guarded(struct etcd *c, const struct etcd_guarded *g,
                           struct etcd_txn *out, struct err *e) MUST_CHECK NONNULL;
enum err_code etcd_release(struct etcd *c, const char *lock, int64_t epoch,
                           struct err *e) MUST_CHECK NONNULL;
/* out->create_revision 0: there is none. */
enum err_code etcd_get(struct etcd *c, const char *key, struct etcd_kv *out,
                       struct err *e) MUST_CHECK NONNULL;
enum err_code etcd_list(struct etcd *c, const char *prefix, struct etcd_kv *out,
                        size_t max, size_t *n, struct err *e) MUST_CHECK NONNULL;

#endif
