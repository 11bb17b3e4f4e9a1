#include <config.h>

#include "core/store/lease.h"
#include "tests/unit/table.h"

/* The shared lock's state machine: what is asked, when it is ours, for how long. */

enum { TTL = 90000, RENEW = 15000, MARGIN = 10000, CALL = 20000, ID = 77 };

static struct mono at(int64_t ms)
{
    return (struct mono){ms};
}

/* What is due now must be `want`; then it is answered. */
static void take(struct lease *l, int64_t ms, enum lease_ask want, struct lease_answer a)
{
    assert_int_equal(lease_next(l, at(ms)), want);
    if (a.sent.ms == 0)
        a.sent.ms = ms;
    lease_take(l, want, &a, at(ms + 5));
}

/* Ours since `ms`, epoch 9. */
static struct lease held(int64_t ms)
{
    struct lease l;

    lease_init(&l, TTL, RENEW, MARGIN, at(ms));
    take(&l, ms, LEASE_LOOK, (struct lease_answer){0});
    take(&l, ms + 5, LEASE_GRANT, (struct lease_answer){.id = ID, .ttl_s = 90});
    take(&l, ms + 10, LEASE_ACQUIRE,
         (struct lease_answer){.succeeded = true, .revision = 9});
    return l;
}

static void test_acquire(void **state)
{
    struct lease l = held(1000);

    (void)state;
    assert_int_equal(l.epoch, 9);
    assert_int_equal(l.id, ID);
    assert_false(l.other);
    /* Reckoned from when the grant was sent, not from when it was answered. */
    assert_int_equal(lease_safe_until(&l).ms, 1005 + TTL - MARGIN);
    assert_true(lease_is_safe(&l, at(1015), CALL));
    assert_true(lease_is_safe(&l, at(1005 + TTL - MARGIN - CALL - 1), CALL));
    assert_false(lease_is_safe(&l, at(1005 + TTL - MARGIN - CALL), CALL));
    assert_int_equal(lease_next(&l, at(1005 + RENEW - 1)), LEASE_WAIT);
    assert_int_equal(lease_next(&l, at(1005 + RENEW)), LEASE_KEEPALIVE);
}

static void test_renew(void **state)
{
    struct lease l = held(1000);
    int64_t ms = 1005 + RENEW;

    (void)state;
    take(&l, ms, LEASE_KEEPALIVE, (struct lease_answer){.ttl_s = 90});
    /* A renewal alone is no ownership: nothing is longer safe before it is confirmed. */
    assert_int_equal(lease_safe_until(&l).ms, 1005 + TTL - MARGIN);
    take(&l, ms + 100, LEASE_CONFIRM, (struct lease_answer){.succeeded = true});
    assert_int_equal(lease_safe_until(&l).ms, ms + TTL - MARGIN);
    assert_int_equal(l.epoch, 9);
    assert_int_equal(lease_next(&l, at(ms + RENEW)), LEASE_KEEPALIVE);
}

static void test_lost(void **state)
{
    static const struct {
        const char *what;
        bool renewed; /* the loss is seen by the confirmation */
    } rows[] = {{"the lease is over", false}, {"the key is another's", true}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lease l = held(1000);
        int64_t ms = 1005 + RENEW;

        take(&l, ms, LEASE_KEEPALIVE,
             (struct lease_answer){.ttl_s = rows[i].renewed ? 90 : 0});
        if (rows[i].renewed)
            take(&l, ms + 5, LEASE_CONFIRM,
                 (struct lease_answer){.create_revision = 20, .lease = 3});
        assert_row(rows[i].what, l.epoch == 0 && l.id == 0);
        assert_row(rows[i].what, !lease_is_safe(&l, at(ms), 0));
        assert_row(rows[i].what, lease_next(&l, at(ms + 10)) == LEASE_LOOK);
    }
}

/* Who stands by looks every second, and takes it when it is free. */
static void test_stand_by(void **state)
{
    struct lease l;

    (void)state;
    lease_init(&l, TTL, RENEW, MARGIN, at(1000));
    take(&l, 1000, LEASE_LOOK, (struct lease_answer){.create_revision = 4, .lease = 3});
    assert_true(l.other && l.looked && l.epoch == 0);
    assert_int_equal(lease_next(&l, at(2004)), LEASE_WAIT);
    take(&l, 2005, LEASE_LOOK, (struct lease_answer){.create_revision = 4, .lease = 3});
    take(&l, 3010, LEASE_LOOK, (struct lease_answer){0});
    take(&l, 3015, LEASE_GRANT, (struct lease_answer){.id = ID, .ttl_s = 90});
    /* A third one was faster. */
    take(&l, 3020, LEASE_ACQUIRE,
         (struct lease_answer){.create_revision = 8, .lease = 5});
    assert_true(l.other && l.epoch == 0);
    assert_int_equal(lease_safe_until(&l).ms, 0);
}

/* An acquisition of which nobody heard: the key says whether it happened. */
static void test_unheard(void **state)
{
    struct lease l;

    (void)state;
    lease_init(&l, TTL, RENEW, MARGIN, at(1000));
    take(&l, 1000, LEASE_LOOK, (struct lease_answer){0});
    take(&l, 1005, LEASE_GRANT, (struct lease_answer){.id = ID, .ttl_s = 90});
    take(&l, 1010, LEASE_ACQUIRE, (struct lease_answer){.code = ERR_TIMEOUT});
    assert_int_equal(lease_next(&l, at(1016)), LEASE_WAIT);
    take(&l, 2015, LEASE_LOOK, (struct lease_answer){.create_revision = 6, .lease = ID});
    assert_int_equal(l.epoch, 6);
    assert_int_equal(lease_safe_until(&l).ms, 1005 + TTL - MARGIN);
}

/* etcd is away: it stops being safe by itself, and comes back when the lease is there. */
static void test_silence(void **state)
{
    struct lease l = held(1000);
    int64_t ms = 1005 + RENEW, last = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        take(&l, ms, LEASE_KEEPALIVE, (struct lease_answer){.code = ERR_CONNECT});
        last = ms;
        ms = l.due.ms;
        assert_true(ms - last <= 5005); /* never slower than this */
    }
    assert_int_equal(l.failures, 20);
    assert_true(ms > 1005 + TTL - MARGIN - CALL);
    assert_false(lease_is_safe(&l, at(ms), CALL));
    take(&l, ms, LEASE_KEEPALIVE, (struct lease_answer){.ttl_s = 90});
    assert_int_equal(l.failures, 20); /* until it is confirmed */
    /* A confirmation that fails is worth nothing; the renewal is asked for anew. */
    take(&l, ms + 5, LEASE_CONFIRM, (struct lease_answer){.code = ERR_TIMEOUT});
    assert_false(lease_is_safe(&l, at(ms + 10), CALL));
    ms = l.due.ms;
    take(&l, ms, LEASE_KEEPALIVE, (struct lease_answer){.ttl_s = 90});
    take(&l, ms + 5, LEASE_CONFIRM, (struct lease_answer){.succeeded = true});
    assert_true(lease_is_safe(&l, at(ms + 10), CALL));
    assert_int_equal(l.failures, 0);
    assert_int_equal(l.epoch, 9);
}

/* The machine slept: boot time went on. */
static void test_sleep(void **state)
{
    struct lease l = held(1000);

    (void)state;
    assert_false(lease_is_safe(&l, at(1000 + 3600000), 0));
    take(&l, 1000 + 3600000, LEASE_KEEPALIVE, (struct lease_answer){.ttl_s = 0});
    assert_int_equal(l.epoch, 0);
}

static void test_short_grant(void **state)
{
    struct lease l;

    (void)state;
    lease_init(&l, TTL, RENEW, MARGIN, at(1000));
    take(&l, 1000, LEASE_LOOK, (struct lease_answer){0});
    take(&l, 1005, LEASE_GRANT, (struct lease_answer){.id = ID, .ttl_s = 60});
    take(&l, 1010, LEASE_ACQUIRE,
         (struct lease_answer){.succeeded = true, .revision = 9});
    assert_int_equal(lease_safe_until(&l).ms, 1005 + 60000 - MARGIN);
    take(&l, 1005 + RENEW, LEASE_KEEPALIVE, (struct lease_answer){.code = ERR_SERVER});
    lease_lost(&l, at(20000)); /* a fence found out */
    assert_int_equal(lease_next(&l, at(20000)), LEASE_LOOK);
    assert_int_equal(lease_safe_until(&l).ms, 0);
    /* A grant that fails begins with a look again. */
    take(&l, 20000, LEASE_LOOK, (struct lease_answer){0});
    take(&l, 20005, LEASE_GRANT, (struct lease_answer){.code = ERR_SERVER});
    assert_int_equal(lease_next(&l, at(30000)), LEASE_LOOK);
}

/* Two of them with one etcd in between, any interleaving of asks and answers, stops of
 * any length: never are both safe. */
struct world {
    int64_t ms, key_revision, key_lease, key_until, revision, leases;
};

static void world_expire(struct world *w)
{
    if (w->key_revision != 0 && w->ms >= w->key_until)
        w->key_revision = w->key_lease = 0;
}

static struct lease_answer world_answer(struct world *w, const struct lease *l,
                                        enum lease_ask asked, int64_t until[])
{
    struct lease_answer a = {.sent.ms = w->ms};

    world_expire(w);
    if (asked == LEASE_GRANT) {
        a.id = ++w->leases;
        a.ttl_s = TTL / 1000;
        until[a.id % 64] = w->ms + TTL;
    } else if (asked == LEASE_KEEPALIVE && until[l->id % 64] > w->ms) {
        a.ttl_s = TTL / 1000;
        until[l->id % 64] = w->ms + TTL;
        if (w->key_lease == l->id)
            w->key_until = w->ms + TTL;
    } else if (asked == LEASE_ACQUIRE && w->key_revision == 0 &&
               until[l->id % 64] > w->ms) {
        a.succeeded = true;
        a.revision = w->key_revision = ++w->revision;
        w->key_lease = l->id;
        w->key_until = until[l->id % 64];
    } else if (asked == LEASE_ACQUIRE && w->key_revision == 0) {
        a.code = ERR_NOT_FOUND; /* requested lease not found */
    } else if (asked == LEASE_CONFIRM) {
        a.succeeded = w->key_revision == l->epoch && w->key_lease == l->id;
    }
    a.create_revision = w->key_revision;
    a.lease = w->key_lease;
    return a;
}

static void test_never_both(void **state)
{
    uint64_t seed = 42;
    int64_t holders = 0;

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct world w = {.ms = 1000};
        int64_t until[64] = {0}, stopped[2] = {0};
        struct lease l[2];

        for (int i = 0; i < 2; i++)
            lease_init(&l[i], TTL, RENEW, MARGIN, at(w.ms));
        for (int n = 0; n < 2000; n++) {
            int who = n % 2;
            enum lease_ask asked;
            struct lease_answer a;

            seed = seed * 6364136223846793005U + 1442695040888963407U;
            w.ms += (int64_t)(seed >> 33) % 700;
            if (seed >> 60 == 0) /* stopped for up to two minutes */
                stopped[who] = w.ms + (int64_t)(seed >> 20) % 120000;
            asked = lease_next(&l[who], at(w.ms));
            if (w.ms >= stopped[who] && asked != LEASE_WAIT) {
                a = world_answer(&w, &l[who], asked, until);
                if ((seed >> 50) % 8 == 0) /* done, and nobody heard it */
                    a = (struct lease_answer){.code = ERR_TIMEOUT, .sent = a.sent};
                w.ms += (int64_t)(seed >> 40) % 3000; /* on the way */
                lease_take(&l[who], asked, &a, at(w.ms));
            }
            assert_false(lease_is_safe(&l[0], at(w.ms), 0) &&
                         lease_is_safe(&l[1], at(w.ms), 0));
            holders +=
                lease_is_safe(&l[0], at(w.ms), 0) || lease_is_safe(&l[1], at(w.ms), 0);
        }
    }
    assert_true(holders > 200 * 2000 / 2); /* mostly somebody has it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acquire),    cmocka_unit_test(test_renew),
        cmocka_unit_test(test_lost),       cmocka_unit_test(test_stand_by),
        cmocka_unit_test(test_unheard),    cmocka_unit_test(test_silence),
        cmocka_unit_test(test_sleep),      cmocka_unit_test(test_short_grant),
        cmocka_unit_test(test_never_both),
    };

    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
