#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * The one way by which a call goes out, and its answer comes back: when there is none,
 * what a launch is named after, and what an answer says of its server.
 */

/* As within a step. */
static void begin(struct region *r)
{
    scene_start(&r->s);
    r->s.c->fx = &r->s.fx;
    effects_reset(&r->s.fx);
}

static void test_refused(void **state)
{
    static const struct {
        const char *what;
        bool observe, dry_run, full, same_server;
        bool sent;
    } rows[] = {
        {"it goes out", false, false, false, false, true},
        {"who only looks makes none", true, false, false, false, false},
        {"nor does a dry run", false, true, false, false, false},
        {"as many as there may be are under way", false, false, true, false, false},
        {"its server has one under way", false, false, false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call call = {.kind = CALL_NODE_CLOSE, .server = "a", .target = "cloud-a"};
        struct region r;
        uint64_t id;

        region_make(&r);
        r.s.options.observe = rows[i].observe;
        r.s.options.dry_run = rows[i].dry_run;
        begin(&r);
        id = r.s.c->next_call_id;
        if (rows[i].full || rows[i].same_server) {
            size_t n = rows[i].full ? MAX_CALLS_OPEN : 1;

            for (size_t k = 0; k < n; k++) /* of another API: they do not wait for it */
                r.s.c->calls[k] = (struct call_slot){
                    .open = true,
                    .call = {.kind = CALL_TERMINATE, .server = "zz", .target = "i-9"}};
            if (rows[i].same_server)
                (void)str_copy(r.s.c->calls[0].call.server, NAME_TEXT, "a");
            r.s.c->n_calls_open = n;
        }
        assert_row(rows[i].what, call_send(r.s.c, &call, "policy", "") == rows[i].sent);
        r.s.c->fx = NULL;
        assert_row(rows[i].what, r.s.fx.n_calls == (rows[i].sent ? 1 : 0));
        assert_row(rows[i].what, r.s.c->next_call_id == id + (rows[i].sent ? 1 : 0));
        scene_end(&r.s);
    }
}

/* reliability 6: a launch is named after what wants the cloud since when, so that who
 * plans the same launch again names it so, too. */
static void test_launch_start(void **state)
{
    static const struct {
        const char *what;
        bool held, window, ordered;
        int64_t start;
    } rows[] = {
        {"a hold", true, true, true, NOW - 900},
        {"the window", false, true, true, NOW - 8 * 3600},
        {"an order", false, false, true, NOW - 600},
        {"nothing of these: the move itself", false, false, false, NOW - 300},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call call = {.kind = CALL_LAUNCH, .server = "a", .target = "eni-a"};
        struct server_state *s;
        struct region r;
        char first[sizeof(call.run.token)];

        region_make(&r);
        if (!rows[i].window)
            r.s.config->policy.n_windows = 0;
        scene_start(&r.s);
        step(&r.s, (struct event){.kind = EVENT_TICK});
        s = &r.s.c->servers[0];
        if (rows[i].held)
            s->hold = (struct hold){.place = PLACE_CLOUD, .at = {NOW - 900}};
        s->order.place = rows[i].ordered ? PLACE_CLOUD : PLACE_UNKNOWN;
        s->order.at.s = NOW - 600;
        s->move.started.s = NOW - 300;
        for (int again = 0; again < 2; again++) {
            effects_reset(&r.s.fx);
            r.s.c->fx = &r.s.fx;
            assert_row(rows[i].what, call_send(r.s.c, &call, "policy", "launch"));
            r.s.c->fx = NULL;
            assert_row(
                rows[i].what,
                r.s.fx.calls[0].run.start ==
                    (rows[i].window && !rows[i].held ? s->launch_start : rows[i].start));
            assert_row(rows[i].what, r.s.fx.calls[0].run.attempt == again + 1);
            if (again == 0)
                (void)str_copy(first, sizeof(first), r.s.fx.calls[0].run.token);
            else /* another attempt, another instance */
                assert_row(rows[i].what, !str_eq(first, r.s.fx.calls[0].run.token));
            r.s.c->calls[0].open = false;
            r.s.c->n_calls_open = 0;
        }
        scene_end(&r.s);
    }
}

/* No name comes twice, whatever wants the cloud next. */
static void test_launch_names(void **state)
{
    static const struct {
        const char *what;
        int64_t held_at, set_by_s;
    } rows[] = {
        {"the window", 0, 0},
        {"a hold from within it", NOW - 900, 0},
        {"the hold has ended, the window goes on", 0, 0},
        {"a clock that was set back, to yesterday's window", 0, -86400},
        {"and set right again", 0, 86400},
        {"tomorrow's", 0, 86400},
    };
    char tokens[ARRAY_LEN(rows)][sizeof(((struct run_in_cloud *)0)->token)];
    struct call call = {.kind = CALL_LAUNCH, .server = "a", .target = "eni-a"};
    struct region r;

    (void)state;
    region_make(&r);
    scene_start(&r.s);
    step(&r.s, (struct event){.kind = EVENT_TICK});
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        r.s.c->servers[0].hold =
            (struct hold){.place = rows[i].held_at != 0 ? PLACE_CLOUD : PLACE_UNKNOWN,
                          .at = {rows[i].held_at}};
        r.s.c->now.s += rows[i].set_by_s;
        effects_reset(&r.s.fx);
        r.s.c->fx = &r.s.fx;
        assert_row(rows[i].what, call_send(r.s.c, &call, "policy", "launch"));
        r.s.c->fx = NULL;
        (void)str_copy(tokens[i], sizeof(tokens[i]), r.s.fx.calls[0].run.token);
        for (size_t k = 0; k < i; k++)
            assert_row(rows[i].what, !str_eq(tokens[i], tokens[k]));
        r.s.c->calls[0].open = false;
        r.s.c->n_calls_open = 0;
    }
    scene_end(&r.s);
}

/* What the answer to a launch says, before any listing does. */
static void test_launched(void **state)
{
    static const struct {
        const char *what;
        bool spot;
        enum outcome outcome;
        const char *id;
    } rows[] = {
        {"spot", true, OUTCOME_DONE, "i-7"},
        {"on demand", false, OUTCOME_DONE, "i-7"},
        {"refused, in words", true, OUTCOME_FAILED, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call call = {
            .kind = CALL_LAUNCH, .server = "a", .target = "eni-a", .move = "m-1"};
        struct call_result done = {.outcome = rows[i].outcome, .detail = "i-7"};
        struct server_state *s;
        struct region r;

        region_make(&r);
        (void)str_copy(stored_move(&r.s, DIRECTION_OUT, 0)->mover, NAME_TEXT, "ec2");
        begin(&r);
        s = &r.s.c->servers[0];
        call.run.spot = rows[i].spot;
        (void)str_copy(call.run.instance_type, sizeof(call.run.instance_type), "c5");
        r.s.c->calls[0] = (struct call_slot){.open = true, .call = call};
        r.s.c->calls[0].call.id = done.id = 42;
        r.s.c->n_calls_open = 1;
        assert_non_null(call_result(r.s.c, &done));
        r.s.c->fx = NULL;
        assert_row(rows[i].what, str_eq(s->facts.instance.id, rows[i].id));
        assert_row(rows[i].what, str_eq(s->move.task, "")); /* that is the manager's */
        if (rows[i].outcome == OUTCOME_DONE)
            assert_row(rows[i].what,
                       s->facts.instance.lifecycle ==
                           (rows[i].spot ? LIFECYCLE_SPOT : LIFECYCLE_ON_DEMAND));
        scene_end(&r.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_launch_start),
        cmocka_unit_test(test_launch_names),
        cmocka_unit_test(test_launched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
