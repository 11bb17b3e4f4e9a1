#include <config.h>

#include "core/engine/keeper.h"

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
    struct transport via;
    struct keeper *keeper;
    struct keeper_hand *hand;
    struct event acted;
    size_t n_acted;
    bool held;
};

struct scene {
    struct lock_server *server;
    struct config config;
    struct host hosts[HOSTS];
    int64_t now_ms;
};

static bool hear(void *ctx, const struct event *ev)
{
    struct host *h = ctx;

    if (ev->kind == EVENT_OBSERVATION)
        observation_unref(ev->as.observation);
    if (ev->kind == EVENT_LEASE)
        h->held = ev->as.lease.held;
    if (ev->kind == EVENT_ACTED) {
        h->acted = *ev;
        h->n_acted++;
    }
    return true;
}

static void host_begin(struct scene *s, int32_t i)
{
    struct host *h = &s->hosts[i];
    char name[NAME_TEXT];
    struct keeper_options o = {.config = &s->config,
                               .host = name,
                               .user = "noa",
                               .pid = 7,
                               .tell = hear,
                               .ctx = h};
    struct err e = {0};

    (void)str_format(name, sizeof(name), "ops%d", (int)i); /* fits */
    h->boot = (struct clock_fake){.utc = {1795334400}, .mono = {s->now_ms}};
    h->clock = clock_fake_clock(&h->boot);
    h->way = (struct lock_way){s->server, i, &h->boot, h->boot.mono};
    h->via = lock_way_transport(&h->way);
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

static enum err_code call(struct host *h, enum call_kind kind, const char *server)
{
    struct call c = {.kind = kind, .target = "vm-1", .run = {.start = 17, .attempt = 3}};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_too_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
