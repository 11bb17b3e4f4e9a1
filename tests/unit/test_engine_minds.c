#include <config.h>

#include "tests/unit/controller_scene.h"

/* A person says something else than before, or takes it back: the newest counts, and what
 * came with the one before goes with it. */

static void held(struct scene *s)
{
    auto_off(s);
    s->stored.n_holds = 1;
    s->holds[0] = (struct stored_hold){
        .server = "a", .hold = {.place = PLACE_ONPREM, .kind = HOLD_PIN, .by = "dana"}};
}

/* An order that waits, and then a person wants the server where it is: by whatever order,
 * the newest counts. A hold says nothing while auto is off. */
static void test_change_of_mind(void **state)
{
    static const struct {
        const char *what, *automatic, *left;
        enum command_kind kind;
        enum place place;
    } cases[] = {
        {"it moves nowhere", "off", "", COMMAND_MOVE, PLACE_ONPREM},
        {"... nor policy's", "on", "", COMMAND_MOVE, PLACE_ONPREM},
        {"it is held there", "on", "", COMMAND_HOLD, PLACE_ONPREM},
        {"it is held where it goes", "on", "cloud 0 dana", COMMAND_HOLD, PLACE_CLOUD},
        {"held, and auto is off", "off", "cloud 0 dana", COMMAND_HOLD, PLACE_ONPREM},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;

        scene_make(&s);
        s.task = task_of("dana"); /* so that it waits */
        stored_setting(&s, "auto", cases[i].automatic);
        scene_start(&s);
        look(&s);
        command(&s, (struct command){
                        .kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD});
        assert_row(cases[i].what, str_eq(setting_of(&s, "order:a"), "cloud 0 dana"));
        assert_row(cases[i].what, move_of(&s) == NULL);
        command(&s, (struct command){
                        .kind = cases[i].kind, .server = "a", .place = cases[i].place});
        assert_row(cases[i].what, s.c->replies[1].accepted);
        assert_row(cases[i].what, str_eq(setting_of(&s, "order:a"), cases[i].left));
        s.task.state = TASK_SUCCEEDED;
        look(&s);
        assert_row(cases[i].what, (move_of(&s) != NULL) == (cases[i].left[0] != '\0'));
        scene_end(&s);
    }
}

/* A hold elsewhere, that counts again when auto is on, is none there. */
static void test_held_elsewhere(void **state)
{
    static const struct {
        struct command order;
        const char *said;
    } cases[] = {
        {{.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, "a moves to cloud"},
        {{.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM},
         "a is on-prem already, held there until it is released"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;

        scene_make(&s);
        held(&s);
        scene_start(&s);
        look(&s);
        command(&s, cases[i].order);
        assert_string_equal(s.c->replies[0].text, cases[i].said);
        scene_end(&s);
    }
}

/* An order that waits is taken back with the hold that came with it, and with no other:
 * else that would send the server all the same. */
static void test_cancel_waiting(void **state)
{
    static const struct command orders[] = {
        {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD},
        {.kind = COMMAND_HOLD,
         .server = "a",
         .place = PLACE_CLOUD,
         .hold_kind = HOLD_PIN},
        {.kind = COMMAND_CANCEL, .server = "a"}};

    (void)state;
    for (size_t held = 0; held < 2; held++) {
        struct scene s;

        scene_make(&s);
        s.config->policy.n_windows = 0;
        s.task = task_of("dana"); /* so that it waits */
        scene_start(&s);
        look(&s);
        for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
            if (i != 1 || held == 1)
                command(&s, orders[i]);
        }
        assert_string_equal(s.c->replies[s.c->n_replies - 1].text,
                            "a: the order is taken back");
        assert_int_equal(s.c->servers[0].hold.place,
                         held == 1 ? PLACE_CLOUD : PLACE_UNKNOWN);
        s.task.state = TASK_SUCCEEDED;
        look(&s);
        assert_int_equal(move_of(&s) != NULL, held);
        scene_end(&s);
    }
}

/* Whoever cancels a move by force has not said that builds are to be stopped on the way
 * back. */
static void test_cancel_is_gentle(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    moves_out_committed(&s);
    s.moves[0].manual = s.moves[0].force = true;
    stored_setting(&s, "order:a", "cloud 1 dana");
    scene_start(&s);
    look(&s);
    command(&s, (struct command){.kind = COMMAND_CANCEL, .server = "a"});
    assert_true(s.c->replies[0].accepted);
    assert_string_equal(setting_of(&s, "order:a"), "onprem 0 dana");
    scene_end(&s);
}

/* A move waits for a build, and nobody wants to wait any more: it is the one that is
 * under way that no longer does. */
static void test_force_later(void **state)
{
    static const struct seen_build build = {
        .name = "smoke #7", .path = "/j/job/smoke/7/", .number = 7, .estimate_s = -1};
    static const struct {
        const char *what;
        enum place place;
        bool force, stopped;
    } cases[] = {
        {"it goes there at once", PLACE_CLOUD, true, true},
        {"it goes there", PLACE_CLOUD, false, false},
        {"it comes back, and that ends it", PLACE_ONPREM, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;

        scene_make(&s);
        moves_out_auto(&s);
        s.nodes[HOME].builds = &build;
        s.nodes[HOME].n_builds = 1;
        scene_start(&s);
        look(&s);
        assert_row(cases[i].what, move_of(&s) != NULL && s.n_calls == 0);
        command(&s, (struct command){.kind = COMMAND_MOVE,
                                     .server = "a",
                                     .place = cases[i].place,
                                     .force = cases[i].force});
        assert_row(cases[i].what, s.c->replies[0].accepted);
        look(&s);
        assert_row(cases[i].what, (s.n_calls > 0 && s.calls[0].kind == CALL_BUILD_STOP) ==
                                      cases[i].stopped);
        scene_end(&s);
    }
}

/* Its own automation begins again long after the rush hours: its builds have an hour from
 * then, as when auto is switched on for all. */
static void test_own_auto_again(void **state)
{
    static const struct seen_build build = {
        .name = "smoke #7", .path = "/j/job/smoke/7/", .number = 7, .estimate_s = -1};
    static const struct {
        const char *what, *key, *value;
        struct command order;
    } cases[] = {
        {"it is switched on",
         "auto:a",
         "off",
         {.kind = COMMAND_AUTO, .server = "a", .setting = AUTO_ON}},
        {"it is switched on before its snooze ends",
         "snooze:a",
         "1795420800",
         {.kind = COMMAND_AUTO, .server = "a", .setting = AUTO_ON}},
        {"its snooze ends", "snooze:a", "1795334406", {.kind = COMMAND_REFRESH}},
        {"that of all does", "snooze", "1795334406", {.kind = COMMAND_REFRESH}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s;

        scene_make(&s);
        s.config->policy.windows[0].end_min = 120; /* six hours ago */
        s.managed.state = MANAGED_IN_CLOUD;
        s.nodes[CLOUD].idle = false;
        s.nodes[CLOUD].builds = &build;
        s.nodes[CLOUD].n_builds = 1;
        stored_setting(&s, "place:a", "cloud");
        stored_setting(&s, "since:a", "1795248000");
        stored_setting(&s, cases[i].key, cases[i].value);
        scene_start(&s);
        look(&s);
        assert_row(cases[i].what, move_of(&s) == NULL);
        command(&s, cases[i].order);
        assert_row(cases[i].what, s.c->replies[0].accepted);
        look(&s);
        scene_start(&s); /* and what was said outlives the program */
        look(&s);
        assert_row(cases[i].what, move_of(&s) != NULL);
        assert_row(cases[i].what, move_of(&s)->drain_deadline.s >= NOW + 3600);
        assert_row(cases[i].what, s.n_calls == 0);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change_of_mind), cmocka_unit_test(test_held_elsewhere),
        cmocka_unit_test(test_cancel_waiting), cmocka_unit_test(test_cancel_is_gentle),
        cmocka_unit_test(test_force_later),    cmocka_unit_test(test_own_auto_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
