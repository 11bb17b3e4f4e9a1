/*
 * etcd_wire - requests and answers of etcd's JSON gateway (reliability 7) as bytes: keys
 * and values are base64, 64-bit numbers are strings, zero and false are left out.
 * No state. Threads: any.
 */
#ifndef RH_API_ETCD_WIRE_H
#define RH_API_ETCD_WIRE_H

#include "core/model/words.h"
#include "core/net/json.h"

enum { ETCD_VALUE_TEXT = 3072, ETCD_KEY_TEXT = 256, ETCD_KVS = MAX_SERVERS + 1 };

struct etcd_kv {
    int64_t create_revision;     /* 0 = there is no such key */
    int64_t mod_revision;        /* of its newest put */
    int64_t lease;               /* 0 = none */
    char key[ETCD_KEY_TEXT];     /* cleaned, cut */
    char value[ETCD_VALUE_TEXT]; /* the same; "" as well when it is much too long */
};

/* What a transaction did. Not succeeded: kv is what stands in its way. */
struct etcd_txn {
    bool succeeded;
    int64_t revision; /* the store's when it was done */
    struct etcd_kv kv;
};

/* A put that happens only while the lock's key is of this revision and has this lease. A
 * put of the lock's own key must name its lease again, or the key loses it. */
struct etcd_guarded {
    const char *lock;
    int64_t epoch, lease;
    const char *key, *value;
    int64_t key_lease; /* 0 = none */
    int64_t key_mod;   /* and only while that key's newest put is this one; 0 = any */
};

/* Requests, appended to b. */
void etcd_ask_grant(struct strbuf *b, int64_t ttl_s) NONNULL;
void etcd_ask_lease(struct strbuf *b, int64_t lease) NONNULL; /* keepalive, revoke */
void etcd_ask_time_to_live(struct strbuf *b, int64_t lease) NONNULL;
void etcd_ask_acquire(struct strbuf *b, const char *key, const char *value,
                      int64_t lease) NONNULL;
void etcd_ask_guarded(struct strbuf *b, const struct etcd_guarded *g) NONNULL;
void etcd_ask_release(struct strbuf *b, const char *lock, int64_t epoch) NONNULL;
/* One key, or all that begin with it, ETCD_KVS at most. */
void etcd_ask_range(struct strbuf *b, const char *key, bool all) NONNULL;
void etcd_ask_token(struct strbuf *b, const char *user, const char *password) NONNULL;

/* Answers. ERR_PROTOCOL when they are none; outputs are written only on success. */
enum err_code etcd_read_grant(const json_value *root, int64_t *lease, int64_t *ttl_s,
                              struct err *e) MUST_CHECK __attribute__((nonnull(2, 3, 4)));
/* *ttl_s 0: the lease is over, or never was; that is a good answer. */
enum err_code etcd_read_keepalive(const json_value *root, int64_t *ttl_s,
                                  struct err *e) MUST_CHECK
    __attribute__((nonnull(2, 3)));
/* *ttl_s -1: there is no such lease. */
enum err_code etcd_read_time_to_live(const json_value *root, int64_t *ttl_s,
                                     struct err *e) MUST_CHECK
    __attribute__((nonnull(2, 3)));
enum err_code etcd_read_txn(const json_value *root, struct etcd_txn *out,
                            struct err *e) MUST_CHECK __attribute__((nonnull(2, 3)));
enum err_code etcd_read_range(const json_value *root, struct etcd_kv *out, size_t max,
                              size_t *n, struct err *e) MUST_CHECK
    __attribute__((nonnull(2, 4, 5)));

/* The path prefix of a server of that version, from the answer to /version: "/v3alpha",
 * "/v3beta", "/v3" (also when it says nothing). old: revoke and time to live are below
 * /kv. */
const char *etcd_prefix(const json_value *version, bool *old) __attribute__((nonnull(2)));

/* A refusal: the gateway's code decides, not the HTTP status. root NULL: no JSON. */
enum err_code etcd_read_error(const json_value *root, int status, const char *what,
                              struct err *e) __attribute__((nonnull(3, 4)));

#endif
