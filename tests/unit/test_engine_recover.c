#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * Calls without an answer, of the last run or of another controller: how long nothing is
 * decided for their server, and what is taken over with them.
 */

/* Places in the tables of the movers. */
enum { BESIDE_DRAIN = 2, BACK_RETURN = 1 };

static struct call call_of(enum call_kind kind, uint64_t id)
{
    struct call call = {.id = id, .kind = kind, .target = "x"};

    (void)str_copy(call.server, sizeof(call.server), "a"); /* fits */
    return call;
}

/* I1: an overlap ends without Jenkins, whatever became of a node's call. */
static void test_overlap_ends(void **state)
{
    static const struct {
        const char *what;
        enum call_kind kind;
        uint64_t id; /* 0 = there was no call, its API is to be read again */
        bool moves;
        int64_t committed; /* so long ago */
        bool builds_first; /* on_drain_deadline = wait */
        bool waits;
    } rows[] = {
        {"both were up long enough", CALL_NODE_CLOSE, 1, true, 3600, false, false},
        {"not yet", CALL_NODE_CLOSE, 1, true, 60, false, true},
        {"builds come first here", CALL_NODE_CLOSE, 1, true, 3600, true, true},
        {"no move is under way", CALL_NODE_CLOSE, 1, false, 0, false, true},
        {"a call to EC2", CALL_TERMINATE, 1, true, 3600, false, true},
        {"EC2 is to be read again", CALL_TERMINATE, 0, true, 3600, false, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct call call = call_of(rows[i].kind, rows[i].id);
        struct region r;

        region_out(&r);
        if (rows[i].builds_first)
            r.s.config->policy.on_drain_deadline = DRAIN_WAIT;
        if (rows[i].moves) {
            struct move *m = stored_move(&r.s, DIRECTION_BACK, BESIDE_DRAIN);

            (void)str_copy(m->mover, sizeof(m->mover), "ec2-overlap");
            m->committed = true;
            m->committed_at.s = NOW - rows[i].committed;
        }
        scene_start(&r.s);
        recover_add(r.s.c, &call);
        step(&r.s, (struct event){.kind = EVENT_TICK});
        assert_row(rows[i].what, recover_waits(r.s.c, "a") == rows[i].waits);
        scene_end(&r.s);
    }
}

/* Of the extension, which is no server, it is waited for as of any other. */
static void test_extension(void **state)
{
    struct call call = call_of(CALL_EXTENSION_STOP, 1);
    struct scene s;

    (void)state;
    call.server[0] = '\0';
    scene_make(&s);
    scene_start(&s);
    recover_add(s.c, &call);
    step(&s, (struct event){.kind = EVENT_TICK});
    assert_true(recover_waits(s.c, ""));
    assert_false(recover_waits(s.c, "a"));
    assert_non_null(strstr(s.journal, "1 call of the last run without an answer"));
    for (int i = 0; i < 2; i++) {
        s.now.s += STEP_S;
        observe(&s, SOURCE_VELOSTRATA);
    }
    assert_false(recover_waits(s.c, ""));
    assert_int_equal(times_said(&s, "extension-stop of the last run: looked again"), 1);
    scene_end(&s);
}

/* So many are looked up at a time; of more, as when many moves are taken over at once,
 * nobody is decided for until the APIs were read for those. */
static void test_most(void **state)
{
    static const struct {
        const char *what;
        enum call_kind others;
        size_t n;
        bool waits; /* a server that is not among them */
    } rows[] = {
        {"they have room", CALL_RETURN, MAX_CALLS_OPEN, false},
        {"more than have room", CALL_RETURN, MAX_CALLS_OPEN + 1, true},
        {"more, and only Jenkins is waited for", CALL_NODE_CLOSE, MAX_CALLS_OPEN + 1,
         false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        scene_start(&s);
        for (size_t n = 0; n < rows[i].n; n++) {
            struct call call = call_of(rows[i].others, n + 1);

            (void)str_format(call.server, sizeof(call.server), "s%zu", n); /* fits */
            recover_add(s.c, &call);
        }
        assert_int_equal(s.c->n_unresolved, MAX_CALLS_OPEN);
        step(&s, (struct event){.kind = EVENT_TICK});
        assert_non_null(strstr(s.journal, "64 calls of the last run without an answer"));
        assert_row(rows[i].what, recover_waits(s.c, "a") == rows[i].waits);
        for (int looks = 0; looks < 3; looks++)
            look(&s);
        assert_int_equal(s.c->n_unresolved, 0);
        assert_false(recover_waits(s.c, "a"));
        /* and one that comes later is of its server alone */
        recover_add(s.c, &(struct call){.id = 99, .kind = CALL_RETURN, .server = "b"});
        assert_row(rows[i].what, !recover_waits(s.c, "a"));
        scene_end(&s);
    }
}

/* An API that is configured no more tells nothing, and is not waited for. */
static void test_not_configured(void **state)
{
    const struct call call = call_of(CALL_RETURN, 1);
    struct region r;

    (void)state;
    region_out(&r);
    scene_start(&r.s);
    recover_add(r.s.c, &call);
    assert_true(recover_waits(r.s.c, "a"));
    step(&r.s, (struct event){.kind = EVENT_TICK});
    assert_false(recover_waits(r.s.c, "a"));
    assert_non_null(strstr(r.s.journal, "return of the last run: looked again"));
    scene_end(&r.s);
}

/* ----- of another controller ----- */

/* Times by the writer's clock become ours: what was stays in the past, and what is
 * committed has its limit. */
static void test_times(void **state)
{
    enum { MOST_S = 1800 /* timeout_back, the longer of the two */ };
    static const struct {
        const char *what;
        bool committed;
        int64_t last_call, deadline; /* from now on, 0 = none */
        int64_t want_deadline;
    } rows[] = {
        {"as it was", true, -30, 1000, 1000},
        {"it has no limit yet", true, -30, 0, MOST_S},
        {"its limit is too far away", true, -30, 86400, MOST_S},
        {"not committed", false, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = {.kind = EVENT_ACTED};
        struct lock_record *h = &ev.as.acted.last;
        struct move *m = &h->move;
        struct scene s;

        ev.as.acted.readable = true;
        *h = (struct lock_record){.at = {NOW - 10},
                                  .by = "dana@ops1 pid 42",
                                  .call = CALL_RETURN,
                                  .server = "a",
                                  .target = "id-a",
                                  .has_move = true};
        *m = (struct move){.id = "m-9-77",
                           .server = "a",
                           .mover = "velostrata",
                           .direction = DIRECTION_BACK,
                           .status = MOVE_OPEN,
                           .step = BACK_RETURN,
                           .committed = rows[i].committed,
                           .by = "policy",
                           .started = {NOW - 300},
                           .step_since = {NOW - 100},
                           .progress = -1};
        m->committed_at.s = rows[i].committed ? NOW - 100 : 0;
        m->last_call_at.s = rows[i].last_call != 0 ? NOW + rows[i].last_call : 0;
        m->deadline.s = rows[i].deadline != 0 ? NOW + rows[i].deadline : 0;
        scene_make(&s);
        s.options.shared_lock = true;
        scene_start(&s);
        step(&s, ev);
        assert_row(rows[i].what, move_of(&s) != NULL);
        assert_row(rows[i].what,
                   move_of(&s)->deadline.s ==
                       (rows[i].want_deadline != 0 ? NOW + rows[i].want_deadline : 0));
        assert_row(rows[i].what,
                   move_of(&s)->committed_at.s == (rows[i].committed ? NOW - 100 : 0));
        assert_row(rows[i].what,
                   move_of(&s)->last_call_at.s ==
                       (rows[i].last_call != 0 ? NOW + rows[i].last_call : 0));
        scene_end(&s);
    }
}

/* The last run, or the controller before this one, may have opened a node right before
 * its end. Closed by another move as it reads then, it may be read as it was before that,
 * and builds may run on it: it is closed once more. */
static void test_opened_before(void **state)
{
    enum { LATER_S = 1000, OLD_S = 300 };
    static const struct {
        const char *what;
        bool taken_over;
        int64_t after_s; /* looked at so long after that */
        bool closes;
    } rows[] = {
        {"of the last run", false, 30, true},
        {"... long ago", false, OLD_S + 30, false},
        {"of another controller", true, 30, true},
        {"... long ago", true, OLD_S + 30, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = {.kind = EVENT_ACTED};
        struct scene s;

        scene_make(&s);
        s.nodes[HOME].cause = "rushhour/1 drain op=m-9 by=policy why=out";
        (void)stored_move(&s, DIRECTION_OUT, 0);
        scene_start(&s);
        if (rows[i].taken_over) { /* and its move was begun here, as it happens */
            ev.as.acted.readable = true;
            ev.as.acted.last = (struct lock_record){.at = {NOW + LATER_S - 10},
                                                    .by = "dana@ops1 pid 42",
                                                    .call = CALL_NODE_OPEN,
                                                    .server = "a",
                                                    .target = "home-a",
                                                    .has_move = true,
                                                    .move = s.moves[0]};
            s.now.s += LATER_S;
            step(&s, ev);
        }
        s.now.s += rows[i].after_s - STEP_S;
        look(&s);
        look(&s);
        assert_row(rows[i].what, (s.n_calls > 0 && s.calls[0].kind == CALL_NODE_CLOSE &&
                                  str_eq(s.calls[0].target, "home-a")) == rows[i].closes);
        scene_end(&s);
    }
}

/* A move is gone on with by a mover that this server has here: its own, or for one that
 * overlaps what replaces its instance. */
static void test_whose_mover(void **state)
{
    static const char gap[] =
        "site = { tz = \"UTC\" deployment = \"d\" }\n"
        "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
        "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
        "aws = { region = \"eu-west-1\" }\n"
        "servers = { a = { vm = \"vm-a\" mover = \"ec2\" launch_template = \"t:3\"\n"
        "  onprem_node = \"home-a\" cloud_node = \"cloud-a\" eni = \"eni-a\"\n"
        "  instance_types = [\"c5\"] } }\n";
    static const struct {
        const char *what, *config, *mover;
        bool taken;
    } rows[] = {
        {"its own, with gap", gap, "ec2", true},
        {"its own, with overlap", text_ec2, "ec2-overlap", true},
        {"what replaces, with overlap", text_ec2, "ec2-replace", true},
        {"what replaces, with gap", gap, "ec2-replace", false},
        {"overlap, where it is not configured", gap, "ec2-overlap", false},
        {"another", text_ec2, "velostrata", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = {.kind = EVENT_ACTED};
        struct lock_record *h = &ev.as.acted.last;
        struct region r;

        ev.as.acted.readable = true;
        *h = (struct lock_record){.at = {NOW - 10},
                                  .by = "dana@ops1 pid 42",
                                  .call = CALL_LAUNCH,
                                  .server = "a",
                                  .target = "eni-a",
                                  .has_move = true};
        h->move = (struct move){.id = "m-9-77",
                                .server = "a",
                                .direction = DIRECTION_OUT,
                                .status = MOVE_OPEN,
                                .committed = true,
                                .committed_at = {NOW - 100},
                                .by = "policy",
                                .started = {NOW - 300},
                                .step_since = {NOW - 100},
                                .progress = -1};
        (void)str_copy(h->move.mover, sizeof(h->move.mover), rows[i].mover);
        region_make(&r);
        region_configure(&r, rows[i].config);
        r.s.options.shared_lock = true;
        scene_start(&r.s);
        step(&r.s, ev);
        assert_row(rows[i].what, (move_of(&r.s) != NULL) == rows[i].taken);
        assert_row(rows[i].what, recover_waits(r.s.c, "a") == rows[i].taken);
        assert_row(rows[i].what, (strstr(r.s.journal, "which it does not have here") !=
                                  NULL) == !rows[i].taken);
        for (int looks = 0; looks < 3; looks++)
            see(&r, STEP_S);
        assert_row(rows[i].what, !recover_waits(r.s.c, "a")); /* all was read again */
        scene_end(&r.s);
    }
}

/* The configuration was changed while no controller ran: a move that has not committed
 * begins anew, in the way that is configured now; another one runs to its end. */
static void test_moved_otherwise_now(void **state)
{
    static const struct {
        const char *what, *mover;
        bool overlaps, committed, goes_on;
    } rows[] = {
        {"beside home, and goes on so", "ec2-overlap", true, false, true},
        {"beside home, now after it", "ec2-overlap", false, false, false},
        {"after home, now beside it", "ec2", true, false, false},
        {"after home, now beside it, too late", "ec2", true, true, true},
        {"by a mover of another version", "rocket", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        struct move *m;

        region_make(&r);
        if (!rows[i].overlaps)
            region_without_overlap(&r, own_interface);
        r.s.nodes[HOME].idle = false; /* it is not drained in a moment */
        r.s.stored.next_move_id = 2;
        m = stored_move(&r.s, DIRECTION_OUT, 0);
        (void)str_copy(m->mover, sizeof(m->mover), rows[i].mover);
        m->committed = rows[i].committed;
        m->committed_at.s = rows[i].committed ? NOW - 60 : 0;
        scene_start(&r.s);
        for (int looks = 0; looks < 3; looks++)
            see(&r, STEP_S);
        m = &r.s.c->servers[0].move;
        assert_row(rows[i].what, move_of(&r.s) != NULL);
        assert_row(rows[i].what, str_eq(m->id, "m-1") == rows[i].goes_on);
        assert_row(rows[i].what,
                   rows[i].goes_on ||
                       str_eq(m->mover, rows[i].overlaps ? "ec2-overlap" : "ec2"));
        assert_row(rows[i].what, times_said(&r.s, "redo: ") == 0);
        scene_end(&r.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlap_ends), cmocka_unit_test(test_extension),
        cmocka_unit_test(test_most),         cmocka_unit_test(test_not_configured),
        cmocka_unit_test(test_times),        cmocka_unit_test(test_opened_before),
        cmocka_unit_test(test_whose_mover),  cmocka_unit_test(test_moved_otherwise_now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
