#include <config.h>

#include "core/engine/keeper.h"
#include "core/engine/wish_record.h"

#include "core/api/etcd.h"
#include "core/base/str.h"
#include "core/sim/lock_server.h"

#include "tests/unit/table.h"

#include <string.h>

/* Two keepers one after the other at the simulated etcd: what the first one leaves when
 * it is killed is what the second one hears of. Times in milliseconds. */

enum { HOSTS = 2, START_MS = 1000, TTL_S = 60 };

struct host {
    struct clock_fake boot;
    struct clock clock;
    struct lock_way way;
    struct transport to, via; /* via: what is below may happen on the way */
    /* The next request about calls, or about wishes, whose address has this, NULL. */
    const char *fails, *fails_wish;
    const char *reads, *as; /* these bytes of answers arrive as those, NULL = as sent */
    int64_t put_ms;         /* so long takes a put of a call or a wish */
    void (*meanwhile)(struct host *h); /* after the next key is read, NULL = nothing */
    struct keeper *keeper;
    struct keeper_hand *hand;
    struct event acted;
    size_t n_acted;
    struct event wishes[4];
    size_t n_wishes;
    size_t deaf,
        takes;        /* so many times nobody takes what another has done, after these */
    size_t deaf_wish; /* … nor what is wanted */
    const char *state_id;
    bool held;
    size_t answers[2]; /* of etcd, as they were told: failed, good */
};

struct scene {
    struct lock_server *server;
    struct config config;
    struct host hosts[HOSTS];
    int64_t now_ms;
};

static const char calls_key[] =
    "cnVzaGhvdXIvaGFpZmEvY2FsbHMv"; /* rushhour/haifa/calls/ */
static const char wishes_key[] =
    "cnVzaGhvdXIvaGFpZmEvd2lzaGVz"; /* rushhour/haifa/wishes */

static bool hear(void *ctx, const struct event *ev)
{
    struct host *h = ctx;

    if (ev->kind == EVENT_OBSERVATION) {
        h->answers[ev->as.observation->err.code == ERR_OK]++;
        observation_unref(ev->as.observation);
    }
    if (ev->kind == EVENT_LEASE)
        h->held = ev->as.lease.held;
    if (ev->kind == EVENT_WISH && h->deaf_wish > 0) {
        h->deaf_wish--;
        return false;
    }
    if (ev->kind == EVENT_WISH && h->n_wishes < ARRAY_LEN(h->wishes))
        h->wishes[h->n_wishes++] = *ev;
    if (ev->kind == EVENT_ACTED && h->deaf > 0 && h->n_acted >= h->takes) {
        h->deaf--;
        return false;
    }
    if (ev->kind == EVENT_ACTED) {
        h->acted = *ev;
        h->n_acted++;
    }
    return true;
}

static void let_pass(struct host *h, int64_t ms)
{
    h->boot.mono.ms += ms;
    h->way.from = h->boot.mono;
    lock_server_advance(h->way.server, h->boot.mono.ms);
}

static enum err_code perform(void *ctx, const struct http_request *rq,
                             struct http_response *rs, struct err *e)
{
    struct host *h = ctx;
    void (*meanwhile)(struct host * h) =
        strstr(rq->url, "/kv/range") != NULL ? h->meanwhile : NULL;
    enum err_code rc;

    if (h->fails != NULL && strstr(rq->url, h->fails) != NULL &&
        strstr(rq->body, calls_key) != NULL) {
        h->fails = NULL;
        return err_set(e, ERR_CONNECT, "connection refused");
    }
    if (h->fails_wish != NULL && strstr(rq->url, h->fails_wish) != NULL &&
        strstr(rq->body, wishes_key) != NULL) {
        h->fails_wish = NULL;
        return err_set(e, ERR_CONNECT, "connection refused");
    }
    rc = transport_perform(&h->to, rq, rs, e);
    for (char *at = rs->body.data; rc == ERR_OK && h->reads != NULL;) {
        at = strstr(at, h->reads);
        if (at == NULL)
            break;
        memcpy(at, h->as, strlen(h->as));
    }
    if (strstr(rq->url, "/kv/txn") != NULL &&
        (strstr(rq->body, calls_key) != NULL || strstr(rq->body, wishes_key) != NULL))
        let_pass(h, h->put_ms);
    if (meanwhile != NULL) {
        h->meanwhile = NULL;
        meanwhile(h);
    }
    return rc;
}

static void host_begin(struct scene *s, int32_t i)
{
    struct host *h = &s->hosts[i];
    char name[NAME_TEXT];
    struct keeper_options o = {.config = &s->config,
                               .host = name,
                               .user = "noa",
                               .pid = 7,
                               .state_id = h->state_id != NULL ? h->state_id : name,
                               .tell = hear,
                               .ctx = h};
    struct err e = {0};

    (void)str_format(name, sizeof(name), "ops%d", (int)i); /* fits */
    h->boot = (struct clock_fake){.utc = {1795334400}, .mono = {s->now_ms}};
    h->clock = clock_fake_clock(&h->boot);
    h->way = (struct lock_way){s->server, i, &h->boot, h->boot.mono};
    h->to = lock_way_transport(&h->way);
    h->via = (struct transport){perform, h};
    o.clock = o.boot = &h->clock;
    o.via = &h->via;
    if (keeper_new(&o, &h->keeper, &e) != ERR_OK ||
        keeper_hand_new(h->keeper, &h->hand, &e) != ERR_OK)
        fail_msg("%s", e.text);
}

static void host_end(struct host *h)
{
    keeper_hand_free(h->hand);
    keeper_drop(h->keeper);
    h->hand = NULL;
    h->keeper = NULL;
}

static void scene_begin(struct scene *s)
{
    const struct lock_odds none = {0};

    *s = (struct scene){.now_ms = START_MS};
    s->config.deployment = "haifa";
    s->config.lock.etcd[0] = "http://127.0.0.1:2379";
    s->config.lock.n_etcd = 1;
    s->config.lock.api.timeout = 5;
    s->config.lock.ttl = TTL_S;
    s->config.lock.renew = 15;
    s->server = lock_server_new(&none, 7, START_MS);
    assert_non_null(s->server);
    host_begin(s, 0);
}

static void scene_end(struct scene *s)
{
    host_end(&s->hosts[1]);
    lock_server_free(s->server);
}

static void pass(struct scene *s, int64_t ms)
{
    s->now_ms += ms;
    lock_server_advance(s->server, s->now_ms);
    for (size_t i = 0; i < HOSTS; i++)
        s->hosts[i].boot.mono.ms = s->hosts[i].way.from.ms = s->now_ms;
}

/* Its turns until the lock is told as its own, or as the other one's. */
static void take_turns(struct scene *s, struct host *h, size_t turns)
{
    for (size_t i = 0; i < turns; i++)
        pass(s, keeper_turn(h->keeper) + 1);
}

static struct move open_move(const char *id)
{
    struct move m = {.server = "cache",
                     .mover = "velostrata",
                     .direction = DIRECTION_BACK,
                     .status = MOVE_OPEN,
                     .by = "policy",
                     .reason = REASON_OUTSIDE,
                     .started = {1795334000},
                     .step_since = {1795334000},
                     .progress = -1};

    (void)str_copy(m.id, sizeof(m.id), id); /* fits */
    return m;
}

/* A way home is owed since then, as was known at a call and at a move's end. */
enum { OWED_AT_CALL = 1795334100, OWED_AT_END = 1795334200 };

static enum err_code call(struct host *h, enum call_kind kind, const char *server)
{
    struct call c = {.kind = kind,
                     .target = "vm-1",
                     .run = {.start = 17, .attempt = 3},
                     .owed = {OWED_AT_CALL}};
    struct err e = {0};

    (void)str_copy(c.server, sizeof(c.server), server); /* fits */
    return keeper_fence(h->hand, &c, 1000, &e);
}

enum stage { NO_MOVE, OPEN, ENDED, ENDED_LATER, ANOTHER };

static void test_left(void **state)
{
    static const struct {
        const char *what;
        enum stage stage;
        enum call_kind kind;
        const char *server;
        size_t acted;
        const char *move; /* "" = none */
        int64_t attempt;
    } rows[] = {
        /* clang-format off */
        {"a call of no move",             NO_MOVE,     CALL_NODE_OPEN,      "cache", 1, "", 0},
        {"of the extension",              NO_MOVE,     CALL_EXTENSION_STOP, "",      0, "", 0},
        {"of an open move",               OPEN,        CALL_RETURN,         "cache", 1, "m-1", 0},
        {"the newest launch",             OPEN,        CALL_LAUNCH,         "cache", 1, "m-1", 3},
        {"of a move that had ended",      ENDED,       CALL_NODE_OPEN,      "cache", 1, "", 0},
        {"of a move that ended later",    ENDED_LATER, CALL_RETURN,         "cache", 1, "", 0},
        {"another's end says nothing",    ANOTHER,     CALL_RETURN,         "cache", 1, "m-1", 0},
        {"a call for another server",     OPEN,        CALL_RETURN,         "web",   1, "", 0},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct move m = open_move("m-1");
        struct scene s;
        struct host *first = &s.hosts[0], *then = &s.hosts[1];

        scene_begin(&s);
        take_turns(&s, first, 4);
        assert_row(rows[i].what, first->held);
        if (rows[i].stage == ENDED)
            m.status = MOVE_DONE;
        if (rows[i].stage != NO_MOVE)
            keeper_move(first->keeper, &m);
        assert_row(rows[i].what, call(first, rows[i].kind, rows[i].server) == ERR_OK);
        m.status = MOVE_DONE;
        if (rows[i].stage == ANOTHER)
            m = open_move("m-2");
        m.status = MOVE_DONE;
        m.owed.s = OWED_AT_END;
        if (rows[i].stage == ENDED_LATER || rows[i].stage == ANOTHER)
            keeper_move(first->keeper, &m);
        (void)keeper_turn(first->keeper);
        host_end(first); /* killed */
        pass(&s, (TTL_S + 1) * 1000);
        host_begin(&s, 1);
        take_turns(&s, then, 4);
        assert_row(rows[i].what, then->held);
        assert_row(rows[i].what, then->n_acted == rows[i].acted);
        if (then->n_acted > 0) {
            const struct lock_record *r = &then->acted.as.acted.last;

            assert_row(rows[i].what, then->acted.as.acted.readable);
            assert_row(rows[i].what, str_eq(r->server, rows[i].server));
            assert_row(rows[i].what, r->call == rows[i].kind);
            assert_row(rows[i].what, r->has_move == (rows[i].move[0] != '\0'));
            assert_row(rows[i].what, str_eq(r->move.id, rows[i].move));
            assert_row(rows[i].what,
                       r->owed.s ==
                           (rows[i].stage == ENDED_LATER ? OWED_AT_END : OWED_AT_CALL));
            assert_row(rows[i].what, r->launch_attempt == rows[i].attempt);
        }
        /* What it knows of launches goes on with its own calls. */
        assert_row(rows[i].what, call(then, CALL_NODE_OPEN, "cache") == ERR_OK);
        scene_end(&s);
    }
}

/* Who has the lock no more says nothing of its moves. */
static void test_too_late(void **state)
{
    struct move m = open_move("m-1");
    struct scene s;
    struct host *first = &s.hosts[0], *then = &s.hosts[1];

    (void)state;
    scene_begin(&s);
    take_turns(&s, first, 4);
    keeper_move(first->keeper, &m);
    assert_int_equal(call(first, CALL_RETURN, "cache"), ERR_OK);
    pass(&s, (TTL_S + 1) * 1000); /* it stands still */
    host_begin(&s, 1);
    take_turns(&s, then, 4);
    assert_true(then->held && then->acted.as.acted.last.has_move);
    m.status = MOVE_FAILED;
    keeper_move(first->keeper, &m);
    take_turns(&s, first, 4);
    assert_false(first->held);
    assert_int_equal(call(first, CALL_RETURN, "cache"), ERR_LOCKED);
    host_end(then);
    pass(&s, (TTL_S + 1) * 1000);
    then->n_acted = 0;
    then->held = false;
    host_begin(&s, 1);
    take_turns(&s, then, 4);
    assert_int_equal(then->n_acted, 1);
    assert_true(then->acted.as.acted.last.has_move);
    host_end(first);
    scene_end(&s);
}

/* ----- what stands there ----- */

/* A key of its, put by whoever can write to etcd. */
static void put(struct scene *s, const char *name, const char *value)
{
    const struct transport to = s->hosts[0].to;
    struct etcd_txn t = {0};
    struct etcd *etcd = NULL;
    char key[ETCD_KEY_TEXT];
    int64_t lease, granted;
    struct err e = {0};

    (void)str_format(key, sizeof(key), "rushhour/haifa/%s", name); /* fits */
    if (etcd_new(&s->config.lock, &to, &s->hosts[0].clock, &etcd, &e) != ERR_OK ||
        etcd_grant(etcd, 3600, &lease, &granted, &e) != ERR_OK ||
        etcd_acquire(etcd, key, value, lease, &t, &e) != ERR_OK || !t.succeeded)
        fail_msg("%s: %s", name, e.text);
    etcd_free(etcd);
}

static void record_by(const char *by, const char *server, char out[ETCD_VALUE_TEXT])
{
    struct lock_record r = {
        .at = {1795334000}, .call = CALL_NODE_OPEN, .target = "node-1"};

    (void)str_copy(r.by, sizeof(r.by), by);
    (void)str_copy(r.server, sizeof(r.server), server);
    assert_true(lock_record_write(&r, out, ETCD_VALUE_TEXT));
}

/* Read by noa@ops0. */
static void test_by_whom(void **state)
{
    static const struct {
        const char *what, *key, *by, *server; /* by NULL: no record at all */
        size_t acted;
        bool readable;
        const char *says;
    } rows[] = {
        /* clang-format off */
        {"its own", "cache", "noa@ops0 pid 7", "cache", 0, false, ""},
        {"its own, by an earlier process", "cache", "noa@ops0 pid 99", "cache", 0, false, ""},
        {"on another host", "cache", "noa@ops1 pid 7", "cache", 1, true, "noa@ops1 pid 7: node-open cache"},
        {"on a host whose name begins so", "cache", "noa@ops00 pid 7", "cache", 1, true, "noa@ops00"},
        {"cut off", "cache", "noa@ops0", "cache", 1, true, "noa@ops0: node-open"},
        {"by another user", "cache", "dana@ops0 pid 7", "cache", 1, true, "dana@ops0"},
        {"of another server than its key says", "cache", "noa@ops0 pid 7", "web", 1, false, "another server's"},
        {"of the extension, with a server", "extension", "dana@ops1 pid 7", "web", 0, false, ""},
        {"no record", "cache", NULL, "", 1, false, "JSON"},
        {"none of the extension", "extension", NULL, "", 0, false, ""},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char value[ETCD_VALUE_TEXT] = "2026-11-22 dana@ops1: node-open", key[NAME_TEXT];
        struct scene s;
        const struct event *ev = &s.hosts[0].acted;

        scene_begin(&s);
        if (rows[i].by != NULL)
            record_by(rows[i].by, rows[i].server, value);
        (void)str_format(key, sizeof(key), "calls/%s", rows[i].key); /* fits */
        put(&s, key, value);
        take_turns(&s, &s.hosts[0], 4);
        assert_row(rows[i].what, s.hosts[0].held);
        assert_row(rows[i].what, s.hosts[0].n_acted == rows[i].acted);
        if (rows[i].acted > 0) {
            assert_row(rows[i].what, ev->as.acted.readable == rows[i].readable);
            assert_row(rows[i].what, str_eq(ev->as.acted.last.server, rows[i].key));
            if (strstr(ev->as.acted.text, rows[i].says) == NULL)
                fail_msg("%s: %s", rows[i].what, ev->as.acted.text);
        }
        host_end(&s.hosts[0]);
        scene_end(&s);
    }
}

/* A key that is not one of those asked for is nobody's, whatever it says. */
static void test_foreign_key(void **state)
{
    char value[ETCD_VALUE_TEXT];
    struct scene s;

    (void)state;
    scene_begin(&s);
    record_by("dana@ops1 pid 7", "cache", value);
    put(&s, "calls/cache", value);
    s.hosts[0].reads = calls_key;
    s.hosts[0].as = "cnVzaGhvdXIvZWlsYXQvY2FsbHMv"; /* rushhour/eilat/calls/ */
    take_turns(&s, &s.hosts[0], 4);
    assert_true(s.hosts[0].held);
    assert_int_equal(s.hosts[0].n_acted, 0);
    host_end(&s.hosts[0]);
    scene_end(&s);
}

/* Nobody acts who does not know what others did: the lock is told as its own when all of
 * it was read, and taken. */
static void test_read_again(void **state)
{
    static const struct {
        const char *what, *fails;
        size_t deaf, takes; /* of two: so many are taken, and then one is not */
    } rows[] = {{"they cannot be read", "/kv/range", 0, 0},
                {"the first is not taken", NULL, 1, 0},
                {"the second is not", NULL, 1, 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char value[ETCD_VALUE_TEXT];
        struct scene s;
        struct host *h = &s.hosts[0];
        int64_t wait = 0;
        int turns = 0;

        scene_begin(&s);
        record_by("dana@ops1 pid 7", "cache", value);
        put(&s, "calls/cache", value);
        record_by("dana@ops1 pid 7", "web", value);
        put(&s, "calls/web", value);
        for (; keeper_epoch(h->keeper) == 0 && turns < 8; turns++) {
            pass(&s, wait);
            h->fails = NULL;
            if (keeper_epoch(h->keeper) == 0)
                h->fails = turns > 0 ? rows[i].fails : NULL; /* after the first look */
            h->deaf = rows[i].deaf;
            h->takes = rows[i].takes;
            wait = keeper_turn(h->keeper) + 1;
        }
        assert_row(rows[i].what, keeper_epoch(h->keeper) != 0);
        assert_row(rows[i].what, !h->held && h->n_acted == rows[i].takes);
        assert_row(rows[i].what, wait <= 1001);
        pass(&s, wait);
        (void)keeper_turn(h->keeper);
        assert_row(rows[i].what, h->held && h->n_acted == 2); /* each once */
        host_end(h);
        scene_end(&s);
    }
}

/* ----- the end of a move, and what gets in its way ----- */

static void begin_another(struct host *h)
{
    struct move m = open_move("m-2");

    keeper_move(h->keeper, &m);
}

static void end_another(struct host *h)
{
    struct move m = open_move("m-2");

    m.status = MOVE_DONE;
    keeper_move(h->keeper, &m);
}

static void make_a_call(struct host *h)
{
    assert_int_equal(call(h, CALL_NODE_OPEN, "cache"), ERR_OK);
}

static void test_end(void **state)
{
    static const struct {
        const char *what;
        bool called; /* etcd knows of it */
        const char *fails;
        void (*meanwhile)(struct host *h);
        bool again;       /* it is put at the next turn, soon */
        const char *call; /* that stands there then, NULL = none */
        const char *next; /* the move of a call that is made then, "" = none */
    } rows[] = {
        /* clang-format off */
        {"it is put", true, NULL, NULL, false, "return", ""},
        {"etcd never knew of it", false, NULL, NULL, false, NULL, ""},
        {"its record cannot be read now", true, "/kv/range", NULL, true, "return", ""},
        {"it cannot be put now", true, "/kv/txn", NULL, true, "return", ""},
        {"a worker puts a newer one", true, NULL, make_a_call, true, "node-open", ""},
        {"another move begins", true, NULL, begin_another, false, "return", "m-2"},
        {"another move begins and ends", true, NULL, end_another, false, "return", ""},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct move m = open_move("m-1");
        struct scene s;
        struct host *first = &s.hosts[0], *then = &s.hosts[1];
        const struct lock_record *r = &then->acted.as.acted.last;
        int64_t wait;

        scene_begin(&s);
        take_turns(&s, first, 4);
        keeper_move(first->keeper, &m);
        if (rows[i].called)
            assert_row(rows[i].what, call(first, CALL_RETURN, "cache") == ERR_OK);
        pass(&s, 2000);
        m.status = MOVE_DONE;
        keeper_move(first->keeper, &m);
        first->fails = rows[i].fails;
        first->meanwhile = rows[i].meanwhile;
        wait = keeper_turn(first->keeper);
        assert_row(rows[i].what, (wait <= 1000) == rows[i].again);
        pass(&s, wait + 1);
        (void)keeper_turn(first->keeper);
        if (rows[i].next[0] != '\0')
            assert_row(rows[i].what, call(first, CALL_RETURN, "cache") == ERR_OK);
        host_end(first); /* killed */
        pass(&s, (TTL_S + 1) * 1000);
        host_begin(&s, 1);
        take_turns(&s, then, 4);
        assert_row(rows[i].what, (then->n_acted == 1) == (rows[i].call != NULL));
        if (rows[i].call != NULL) {
            assert_row(rows[i].what, str_eq(call_word(r->call), rows[i].call));
            assert_row(rows[i].what, r->has_move == (rows[i].next[0] != '\0'));
            assert_row(rows[i].what, str_eq(r->move.id, rows[i].next));
        }
        scene_end(&s);
    }
}

/* What stands there is no record of that move: it stays. */
static void test_end_of_another(void **state)
{
    struct move m = open_move("m-1");
    struct scene s;

    (void)state;
    scene_begin(&s);
    put(&s, "calls/cache", "who wrote this?");
    take_turns(&s, &s.hosts[0], 4);
    m.status = MOVE_FAILED;
    keeper_move(s.hosts[0].keeper, &m);
    assert_true(keeper_turn(s.hosts[0].keeper) > 1000); /* nothing is to be put again */
    host_end(&s.hosts[0]);
    pass(&s, (TTL_S + 1) * 1000);
    host_begin(&s, 1);
    take_turns(&s, &s.hosts[1], 4);
    assert_int_equal(s.hosts[1].n_acted, 1);
    assert_false(s.hosts[1].acted.as.acted.readable);
    scene_end(&s);
}

/* So many servers there are not: of one more a call says nothing of its move. */
static void test_most_servers(void **state)
{
    struct scene s;
    struct host *first = &s.hosts[0], *then = &s.hosts[1];

    (void)state;
    scene_begin(&s);
    take_turns(&s, first, 4);
    for (int i = 0; i <= MAX_SERVERS; i++) {
        struct move m = open_move("m-1");

        (void)str_format(m.server, sizeof(m.server), "s%d", i); /* fits */
        keeper_move(first->keeper, &m);
    }
    assert_int_equal(call(first, CALL_RETURN, "s1024"), ERR_OK);
    host_end(first);
    pass(&s, (TTL_S + 1) * 1000);
    host_begin(&s, 1);
    take_turns(&s, then, 4);
    assert_int_equal(then->n_acted, 1);
    assert_string_equal(then->acted.as.acted.last.server, "s1024");
    assert_false(then->acted.as.acted.last.has_move);
    scene_end(&s);
}

/* ----- what people want ----- */

static const struct wish_writer dana = {"dana@ops1 pid 7", "d1"};

static struct wish held_in_cloud(const char *server)
{
    struct wish w = wish_default(server);

    w.setting = AUTO_OFF;
    w.snooze_until.s = 1795340000;
    w.hold = (struct hold){.place = PLACE_CLOUD,
                           .kind = HOLD_UNTIL,
                           .until = {1795350000},
                           .by = "dana",
                           .at = {1795334000},
                           .why = "held by hand"};
    return w;
}

static struct wish off_for_all(void)
{
    struct wish w = wish_default("");

    w.setting = AUTO_OFF;
    w.auto_since.s = 1795334000;
    (void)str_copy(w.auto_by, sizeof(w.auto_by), "dana");
    return w;
}

static void next_host(struct scene *s, struct host *before, int32_t i)
{
    host_end(before); /* killed */
    pass(s, (TTL_S + 1) * 1000);
    s->hosts[i].held = false;
    s->hosts[i].n_wishes = 0;
    host_begin(s, i);
}

static void must_hear(const struct host *h, const struct wish *all, size_t n)
{
    assert_true(h->held);
    assert_int_equal(h->n_wishes, n);
    for (size_t i = 0; i < n; i++) {
        bool heard = false;

        for (size_t k = 0; k < n; k++)
            heard = heard || wish_eq(&h->wishes[k].as.wish.wish, &all[i]);
        assert_true(heard);
    }
}

/* Who takes over hears what is wanted; its own it knows better, but after a loss. */
static void test_wishes(void **state)
{
    const struct wish all[] = {held_in_cloud("cache"), off_for_all()};
    struct wish changed[] = {held_in_cloud("cache"), off_for_all()}, local;
    struct scene s;
    struct host *first = &s.hosts[0], *then = &s.hosts[1];

    (void)state;
    scene_begin(&s);
    keeper_wish(first->keeper, &all[1]);
    take_turns(&s, first, 4);
    keeper_wish(first->keeper, &all[0]);
    assert_true(keeper_turn(first->keeper) > 1000);
    next_host(&s, first, 1);
    local = wish_default("cache");
    local.snooze_until.s = 1;
    keeper_wish(then->keeper, &local);
    take_turns(&s, then, 4);
    must_hear(then, all, 2);
    assert_string_equal(then->wishes[0].as.wish.by, "noa@ops0 pid 7");
    changed[0].hold = (struct hold){0};
    keeper_wish(then->keeper, &changed[0]);
    then->fails_wish = "/kv/txn"; /* and is put again soon */
    assert_true(keeper_turn(then->keeper) <= 1000);
    pass(&s, 1000);
    assert_true(keeper_turn(then->keeper) > 1000);
    next_host(&s, then, 0);
    keeper_wish(first->keeper, &all[1]);
    keeper_wish(first->keeper, &all[0]);
    take_turns(&s, first, 4);
    must_hear(first, changed, 1); /* that of all it knows itself */
    first->state_id = "another";  /* its own was lost */
    next_host(&s, first, 0);
    take_turns(&s, first, 4);
    must_hear(first, changed, 2);
    host_end(first);
    scene_end(&s);
}

/* The lock is ours and what others left is not to be had: nobody acts, so that is told,
 * and no answer between says that all is well. */
static void test_nothing_read(void **state)
{
    static const char *const lists[] = {"wishes", "calls"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct scene s;
        struct host *h = &s.hosts[0];

        scene_begin(&s);
        while (keeper_epoch(h->keeper) == 0) {
            *(i == 0 ? &h->fails_wish : &h->fails) = "/kv/range";
            take_turns(&s, h, 1);
        }
        h->answers[0] = h->answers[1] = 0;
        for (int turn = 0; turn < 60; turn++) { /* the lease is renewed meanwhile */
            *(i == 0 ? &h->fails_wish : &h->fails) = "/kv/range";
            take_turns(&s, h, 1);
        }
        assert_row(lists[i], !h->held && h->answers[0] >= 50 && h->answers[1] == 0);
        h->fails_wish = h->fails = NULL;
        take_turns(&s, h, 2);
        assert_row(lists[i], h->held && h->answers[1] > 0);
        host_end(h);
        scene_end(&s);
    }
}

/* What cannot be read is no wish; nobody acts before all were read and taken. */
static void test_read_wishes(void **state)
{
    static const struct {
        const char *what, *key, *server; /* NULL: no record */
        const char *fails;
        size_t deaf, heard;
    } rows[] = {{"of another server", "wishes/web", "cache", NULL, 0, 0},
                {"beside them", "wishesweb", "web", NULL, 0, 0},
                {"no record", "wishes/cache", NULL, NULL, 0, 0},
                {"they cannot be read first", "wishes/cache", "cache", "/kv/range", 0, 1},
                {"they are not taken first", "wishes/cache", "cache", NULL, 1, 1},
                {"they are read", "wishes/cache", "cache", NULL, 0, 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char value[ETCD_VALUE_TEXT] = "who wrote this?";
        struct scene s;
        struct host *h = &s.hosts[0];

        scene_begin(&s);
        if (rows[i].server != NULL) {
            struct wish w = held_in_cloud(rows[i].server);

            assert_true(wish_record_write(&w, &dana, value, sizeof(value)));
        }
        put(&s, rows[i].key, value);
        h->fails_wish = rows[i].fails;
        h->deaf_wish = rows[i].deaf;
        take_turns(&s, h, 8);
        assert_row(rows[i].what, h->held);
        assert_row(rows[i].what, h->n_wishes == rows[i].heard);
        host_end(h);
        scene_end(&s);
    }
}

/* So many servers there are not: of one more nobody hears. */
static void test_most_wishes(void **state)
{
    char value[ETCD_VALUE_TEXT];
    struct wish one_more = held_in_cloud("one-more");
    struct scene s;
    struct host *h = &s.hosts[0];

    (void)state;
    scene_begin(&s);
    for (int i = 0; i <= MAX_SERVERS; i++) {
        struct wish w = wish_default("");

        (void)str_format(w.server, sizeof(w.server), "s%d", i); /* fits */
        keeper_wish(h->keeper, &w);
    }
    keeper_wish(h->keeper, &one_more);
    assert_true(wish_record_write(&one_more, &dana, value, sizeof(value)));
    put(&s, "wishes/one-more", value);
    take_turns(&s, h, 4);
    assert_true(h->held);
    assert_int_equal(h->n_wishes, 1);
    host_end(h);
    scene_end(&s);
}

/* So much is to be put that the lease would end meanwhile: it is renewed in between. */
static void test_many_puts(void **state)
{
    enum { N = 24, PUT_MS = 3000 };
    struct scene s;
    struct host *h = &s.hosts[0];

    (void)state;
    scene_begin(&s);
    take_turns(&s, h, 4);
    for (int i = 0; i < N; i++) {
        struct wish w = held_in_cloud("");
        struct move m = open_move("m-1");

        (void)str_format(w.server, sizeof(w.server), "s%d", i); /* fits */
        (void)str_copy(m.server, sizeof(m.server), w.server);   /* fits */
        keeper_move(h->keeper, &m);
        assert_int_equal(call(h, CALL_RETURN, m.server), ERR_OK);
        m.status = MOVE_DONE;
        keeper_move(h->keeper, &m);
        keeper_wish(h->keeper, &w);
    }
    h->put_ms = PUT_MS;
    for (int64_t wait = 0; h->boot.mono.ms < START_MS + 3 * N * PUT_MS;
         let_pass(h, wait + 1)) {
        wait = keeper_turn(h->keeper);
        assert_true(h->held && keeper_epoch(h->keeper) != 0);
    }
    s.now_ms = h->boot.mono.ms;
    h->put_ms = 0;
    next_host(&s, h, 1);
    take_turns(&s, &s.hosts[1], 4);
    assert_int_equal(s.hosts[1].n_acted, N);
    assert_false(s.hosts[1].acted.as.acted.last.has_move);
    assert_int_equal(s.hosts[1].n_wishes, ARRAY_LEN(h->wishes)); /* and more */
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left),           cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_by_whom),        cmocka_unit_test(test_foreign_key),
        cmocka_unit_test(test_read_again),     cmocka_unit_test(test_end),
        cmocka_unit_test(test_end_of_another), cmocka_unit_test(test_most_servers),
        cmocka_unit_test(test_wishes),         cmocka_unit_test(test_nothing_read),
        cmocka_unit_test(test_read_wishes),    cmocka_unit_test(test_most_wishes),
        cmocka_unit_test(test_many_puts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
