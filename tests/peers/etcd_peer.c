/*
 * Our etcd client against a real server: every call, also where it is refused. Prints a
 * line for each case.
 * usage: etcd_peer URL PREFIX [USER PASSWORD-FILE]
 */
#include <config.h>

#include "core/api/etcd.h"
#include "core/base/secret.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>

static int failed;

static void judge(const char *what, bool is_good, const struct err *e)
{
    printf("%s %s%s%s\n", is_good ? "ok  " : "FAIL", what, is_good ? "" : ": ",
           is_good              ? ""
           : e->text[0] != '\0' ? e->text
                                : "another answer");
    failed += is_good ? 0 : 1;
}

#define CASE(what, call, good)                                                           \
    do {                                                                                 \
        err_clear(&e);                                                                   \
        rc = (call);                                                                     \
        judge((what), (good), &e);                                                       \
    } while (0)

static void try_all(struct etcd *c, const char *key, const char *calls)
{
    char below[ETCD_KEY_TEXT];
    struct etcd_txn t = {0};
    struct etcd_kv kv = {0}, kvs[4];
    struct err e = {0};
    int64_t lease = 0, ttl = 0, second = 0, epoch;
    size_t n = 0;
    enum err_code rc;
    struct etcd_guarded g = {.lock = key, .key = key, .value = "new"};

    (void)str_format(below, sizeof(below), "%scache", calls);
    CASE("a lease", etcd_grant(c, 60, &lease, &ttl, &e), rc == ERR_OK && ttl == 60);
    CASE("its time to live", etcd_time_to_live(c, lease, &ttl, &e),
         rc == ERR_OK && ttl > 50);
    CASE("the lock is free", etcd_get(c, key, &kv, &e),
         rc == ERR_OK && kv.create_revision == 0);
    CASE("it is taken", etcd_acquire(c, key, "dana@ops1 pid 42", lease, &t, &e),
         rc == ERR_OK && t.succeeded && t.revision > 0);
    epoch = t.revision;
    CASE("it is read", etcd_get(c, key, &kv, &e),
         rc == ERR_OK && kv.create_revision == epoch && kv.lease == lease &&
             str_eq(kv.value, "dana@ops1 pid 42"));
    CASE("a second lease", etcd_grant(c, 60, &second, &ttl, &e), rc == ERR_OK);
    CASE("it is not taken twice", etcd_acquire(c, key, "x", second, &t, &e),
         rc == ERR_OK && !t.succeeded && t.kv.create_revision == epoch &&
             t.kv.lease == lease);
    CASE("a renewal", etcd_keepalive(c, lease, &ttl, &e), rc == ERR_OK && ttl == 60);
    g.epoch = epoch;
    g.lease = g.key_lease = lease;
    CASE("it is confirmed", etcd_guarded(c, &g, &t, &e), rc == ERR_OK && t.succeeded);
    CASE("its epoch stays", etcd_get(c, key, &kv, &e),
         rc == ERR_OK && kv.create_revision == epoch && kv.lease == lease &&
             str_eq(kv.value, "new"));
    g.key = below;
    g.key_lease = 0;
    CASE("a call is written down", etcd_guarded(c, &g, &t, &e),
         rc == ERR_OK && t.succeeded);
    g.lease = second;
    CASE("not under another lease", etcd_guarded(c, &g, &t, &e),
         rc == ERR_OK && !t.succeeded);
    g.lease = lease;
    g.epoch = epoch - 1;
    CASE("not in another epoch", etcd_guarded(c, &g, &t, &e),
         rc == ERR_OK && !t.succeeded);
    CASE("calls are listed", etcd_list(c, calls, kvs, 4, &n, &e),
         rc == ERR_OK && n == 1 && str_eq(kvs[0].value, "new"));
    CASE("not let go in another epoch", etcd_release(c, key, epoch - 1, &e),
         rc == ERR_OK);
    CASE("it is there still", etcd_get(c, key, &kv, &e),
         rc == ERR_OK && kv.create_revision == epoch);
    CASE("let go", etcd_release(c, key, epoch, &e), rc == ERR_OK);
    CASE("it is gone", etcd_get(c, key, &kv, &e),
         rc == ERR_OK && kv.create_revision == 0);
    CASE("taken again", etcd_acquire(c, key, "y", lease, &t, &e),
         rc == ERR_OK && t.succeeded && t.revision > epoch);
    CASE("a lease is revoked", etcd_revoke(c, lease, &e), rc == ERR_OK);
    CASE("and its key is gone", etcd_get(c, key, &kv, &e),
         rc == ERR_OK && kv.create_revision == 0);
    CASE("a lease that is over is not renewed", etcd_keepalive(c, lease, &ttl, &e),
         rc == ERR_OK && ttl == 0);
    CASE("nor does it live", etcd_time_to_live(c, lease, &ttl, &e),
         rc == ERR_OK && ttl == -1);
    CASE("nor is it revoked twice", etcd_revoke(c, lease, &e), rc == ERR_NOT_FOUND);
    CASE("nor takes it anything", etcd_acquire(c, key, "z", lease, &t, &e),
         rc == ERR_NOT_FOUND);
    CASE("the other is revoked", etcd_revoke(c, second, &e), rc == ERR_OK);
}

int main(int argc, char **argv)
{
    struct lock_config lock = {.api = {.timeout = 5}, .n_etcd = 1};
    char key[ETCD_KEY_TEXT], calls[ETCD_KEY_TEXT];
    struct etcd *c = NULL;
    struct err e = {0};

    if (argc < 3 || http_global_init(&e) != ERR_OK)
        return 2;
    lock.etcd[0] = argv[1];
    (void)str_format(key, sizeof(key), "%s/lock", argv[2]);
    (void)str_format(calls, sizeof(calls), "%s/calls/", argv[2]);
    if (argc > 4) {
        lock.api.user = argv[3];
        if (secret_from_file(argv[4], &lock.api.secret, &e) != ERR_OK) {
            printf("FAIL %s\n", e.text);
            return 2;
        }
    }
    if (etcd_new(&lock, NULL, clock_system(), &c, &e) != ERR_OK) {
        printf("FAIL %s\n", e.text);
        return 2;
    }
    try_all(c, key, calls);
    etcd_free(c);
    secret_free(lock.api.secret);
    http_global_cleanup();
    return failed > 0 ? 1 : 0;
}
