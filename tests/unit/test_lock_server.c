#include <config.h>

#include "core/sim/lock_server.h"

#include "core/api/etcd.h"
#include "core/base/str.h"

#include "tests/unit/table.h"

/* The simulated etcd, asked by the shipped client; two hosts, a lease of 60 seconds each.
 * Times in milliseconds. */

enum { ASKED = 2 }; /* the version before the first request of a client */
enum { TTL_S = 60, START_MS = 1000, NOBODY = -1 };
#define LOCK  "rushhour/prod/lock"
#define CALLS "rushhour/prod/calls/a"

struct scene {
    struct lock_server *server;
    struct clock_fake boot[LOCK_HOSTS];
    struct clock clock[LOCK_HOSTS];
    struct lock_way way[LOCK_HOSTS];
    struct transport via[LOCK_HOSTS];
    struct lock_config config;
    struct etcd *etcd[LOCK_HOSTS];
    int64_t lease[LOCK_HOSTS], epoch[LOCK_HOSTS], now_ms;
};

static void scene_begin(struct scene *s, const struct lock_odds *odds)
{
    struct err e = {0};

    *s = (struct scene){.now_ms = START_MS};
    s->config.etcd[0] = "http://127.0.0.1:2379";
    s->config.n_etcd = 1;
    s->config.api.timeout = 5;
    s->config.ttl = TTL_S;
    s->server = lock_server_new(odds, 7, START_MS);
    assert_non_null(s->server);
    for (int32_t i = 0; i < LOCK_HOSTS; i++) {
        s->boot[i].mono.ms = START_MS;
        s->clock[i] = clock_fake_clock(&s->boot[i]);
        s->way[i] = (struct lock_way){s->server, i, &s->boot[i], s->boot[i].mono};
        s->via[i] = lock_way_transport(&s->way[i]);
        assert_int_equal(etcd_new(&s->config, &s->via[i], &s->clock[i], &s->etcd[i], &e),
                         ERR_OK);
    }
}

static void scene_end(struct scene *s)
{
    for (size_t i = 0; i < LOCK_HOSTS; i++)
        etcd_free(s->etcd[i]);
    lock_server_free(s->server);
}

static void advance(struct scene *s, int64_t ms)
{
    s->now_ms += ms;
    lock_server_advance(s->server, s->now_ms);
    for (size_t i = 0; i < LOCK_HOSTS; i++)
        s->boot[i].mono.ms = s->way[i].from.ms = s->now_ms;
}

enum op { GRANT, ACQUIRE, KEEPALIVE, REVOKE, PUT, RELEASE };

/* How it went, and whether it had the effect that was asked for. */
static enum err_code ask(struct scene *s, enum op op, size_t h, bool *done)
{
    const struct etcd_guarded g = {.lock = LOCK,
                                   .epoch = s->epoch[h],
                                   .lease = s->lease[h],
                                   .key = CALLS,
                                   .value = "a call"};
    struct etcd_txn t = {0};
    struct err e = {0};
    int64_t ttl_s = 0;
    enum err_code rc = ERR_OK;

    switch (op) {
    case GRANT:
        rc = etcd_grant(s->etcd[h], TTL_S, &s->lease[h], &ttl_s, &e);
        break;
    case ACQUIRE:
        rc = etcd_acquire(s->etcd[h], LOCK, "host", s->lease[h], &t, &e);
        if (t.succeeded)
            s->epoch[h] = t.revision;
        break;
    case KEEPALIVE:
        rc = etcd_keepalive(s->etcd[h], s->lease[h], &ttl_s, &e);
        break;
    case REVOKE:
        rc = etcd_revoke(s->etcd[h], s->lease[h], &e);
        ttl_s = 1;
        break;
    case PUT:
        rc = etcd_guarded(s->etcd[h], &g, &t, &e);
        break;
    case RELEASE:
        rc = etcd_release(s->etcd[h], LOCK, s->epoch[h], &e);
        ttl_s = 1;
        break;
    }
    *done = rc == ERR_OK && (t.succeeded || ttl_s > 0);
    return rc;
}

/* One story: each row goes on where the one before it ended. */
static void test_story(void **state)
{
    static const struct {
        const char *what;
        int64_t after_ms;
        enum op op;
        size_t host;
        enum err_code code;
        bool done;
        int32_t holder;
    } rows[] = {
        /* clang-format off */
        {"a lease",                          0,     GRANT,     0, ERR_OK, true, NOBODY},
        {"another one's",                    0,     GRANT,     1, ERR_OK, true, NOBODY},
        {"the lock is free",                 0,     ACQUIRE,   0, ERR_OK, true, 0},
        {"it is taken",                      0,     ACQUIRE,   1, ERR_OK, false, 0},
        {"its holder writes",                0,     PUT,       0, ERR_OK, true, 0},
        {"nobody else does",                 0,     PUT,       1, ERR_OK, false, 0},
        {"renewed in time",                  50000, KEEPALIVE, 0, ERR_OK, true, 0},
        {"which makes it longer",            50000, PUT,       0, ERR_OK, true, 0},
        {"nobody renewed that one",          0,     KEEPALIVE, 1, ERR_OK, false, 0},
        {"its end takes the lock with it",   10000, PUT,       0, ERR_OK, false, NOBODY},
        {"a lease that is over takes none",  0,     ACQUIRE,   0, ERR_NOT_FOUND, false, NOBODY},
        {"nor is it renewed",                0,     KEEPALIVE, 0, ERR_OK, false, NOBODY},
        {"nor revoked",                      0,     REVOKE,    0, ERR_NOT_FOUND, false, NOBODY},
        {"the other one begins again",       0,     GRANT,     1, ERR_OK, true, NOBODY},
        {"and has it",                       0,     ACQUIRE,   1, ERR_OK, true, 1},
        {"a former holder frees nothing",    0,     RELEASE,   0, ERR_OK, true, 1},
        {"its holder does",                  0,     RELEASE,   1, ERR_OK, true, NOBODY},
        {"and writes no more",               0,     PUT,       1, ERR_OK, false, NOBODY},
        {"its lease is still there",         0,     ACQUIRE,   1, ERR_OK, true, 1},
        {"with a lease ends its lock",       0,     REVOKE,    1, ERR_OK, true, NOBODY},
        /* clang-format on */
    };
    const struct lock_odds none = {0};
    struct scene s;

    (void)state;
    scene_begin(&s, &none);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lock_state st;
        bool done = false;
        enum err_code rc;

        advance(&s, rows[i].after_ms);
        rc = ask(&s, rows[i].op, rows[i].host, &done);
        st = lock_server_state(s.server);
        if (rc != rows[i].code)
            fail_msg("row \"%s\": %d", rows[i].what, (int)rc);
        assert_row(rows[i].what, done == rows[i].done);
        assert_row(rows[i].what, (st.epoch != 0 ? st.host : NOBODY) == rows[i].holder);
    }
    assert_int_equal(lock_server_counts(s.server).taken, 3);
    assert_int_equal(lock_server_counts(s.server).expired, 1);
    assert_int_equal(lock_server_counts(s.server).freed, 1);
    scene_end(&s);
}

/* What goes wrong on the way: always, so that no draw decides. */
static void test_troubles(void **state)
{
    static const struct {
        const char *what;
        struct lock_odds odds;
        enum err_code code;
        int64_t most_ms, least_ms;
    } rows[] = {
        {"well", {0}, ERR_OK, 0, 0},
        {"refused", {.refused = 1000000}, ERR_CONNECT, 0, 0},
        {"no answer", {.lost = 1000000}, ERR_TIMEOUT, 5000, 5000},
        {"slow", {.slow = 1000000}, ERR_OK, 4900, 200},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct etcd_kv kv = {0};
        struct err e = {0};
        struct scene s;
        int64_t took;

        scene_begin(&s, &rows[i].odds);
        took = s.boot[0].mono.ms;
        assert_row(rows[i].what, etcd_get(s.etcd[0], LOCK, &kv, &e) == rows[i].code);
        took = s.boot[0].mono.ms - took;
        assert_row(rows[i].what,
                   took >= rows[i].least_ms && took <= ASKED * rows[i].most_ms);
        lock_server_calm(s.server);
        e = (struct err){0};
        assert_row(rows[i].what, etcd_get(s.etcd[0], LOCK, &kv, &e) == ERR_OK);
        scene_end(&s);
    }
}

/* Outages come and go, of one host or of all, and a calm server has none. */
static void test_outages(void **state)
{
    const struct lock_odds odds = {.outage_mean_s = 600};
    size_t cut[LOCK_HOSTS + 1] = {0};
    int64_t until[LOCK_HOSTS];
    struct scene s;

    (void)state;
    scene_begin(&s, &odds);
    for (size_t i = 0; i < 1000; i++) {
        size_t n = 0;

        assert_true(lock_server_next(s.server) > s.now_ms);
        advance(&s, lock_server_next(s.server) - s.now_ms);
        for (int32_t h = 0; h < LOCK_HOSTS; h++)
            n += lock_server_reachable_since(s.server, h) > s.now_ms ? 1 : 0;
        cut[n]++;
    }
    assert_int_equal(lock_server_counts(s.server).outages, 1000);
    assert_int_equal(cut[0], 0);
    assert_true(cut[1] > 300 && cut[LOCK_HOSTS] > 200);
    for (int32_t h = 0; h < LOCK_HOSTS; h++)
        until[h] = lock_server_reachable_since(s.server, h);
    lock_server_calm(s.server);
    assert_true(lock_server_next(s.server) == INT64_MAX);
    /* An outage that is cut short ends now: until then nobody could reach it. */
    for (int32_t h = 0; h < LOCK_HOSTS; h++)
        assert_true(lock_server_reachable_since(s.server, h) ==
                    (until[h] < s.now_ms ? until[h] : s.now_ms));
    scene_end(&s);
}

/* A person ends whatever lease the lock has, and no other; its holder hears nothing. */
static void test_revoked(void **state)
{
    const struct lock_odds odds = {.revoked_mean_s = 20};
    struct scene s;
    bool done;

    (void)state;
    scene_begin(&s, &odds);
    advance(&s, lock_server_next(s.server) - s.now_ms);
    assert_int_equal(lock_server_counts(s.server).revoked, 0); /* nobody had it */
    for (size_t h = 0; h < LOCK_HOSTS; h++)
        assert_int_equal(ask(&s, GRANT, h, &done), ERR_OK);
    assert_int_equal(ask(&s, ACQUIRE, 1, &done), ERR_OK);
    assert_true(done);
    assert_true(lock_server_state(s.server).changes_ms == lock_server_next(s.server));
    assert_true(lock_server_state(s.server).until_ms > lock_server_next(s.server));
    advance(&s, lock_server_next(s.server) - s.now_ms);
    assert_int_equal(lock_server_counts(s.server).revoked, 1);
    assert_int_equal(lock_server_counts(s.server).expired, 0);
    assert_true(lock_server_state(s.server).epoch == 0);
    for (size_t h = 0; h < LOCK_HOSTS; h++) {
        assert_int_equal(ask(&s, KEEPALIVE, h, &done), ERR_OK);
        assert_true(done == (h != 1));
    }
    lock_server_calm(s.server);
    advance(&s, 2 * odds.revoked_mean_s * 1000);
    assert_int_equal(lock_server_counts(s.server).revoked, 1);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story),
        cmocka_unit_test(test_troubles),
        cmocka_unit_test(test_outages),
        cmocka_unit_test(test_revoked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
