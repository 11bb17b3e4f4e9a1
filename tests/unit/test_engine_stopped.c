#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * An instance that somebody stopped without us: nothing runs there, but it still exists,
 * and holds its interface. Its server comes home, and it is ended; who starts it again at
 * once is left alone.
 */

static const char by_person[] = "Client.UserInitiatedShutdown";

static void make(struct region *r, bool overlaps)
{
    region_out(r);
    if (!overlaps)
        region_without_overlap(r, own_interface);
    r->instances[0].lifecycle = LIFECYCLE_ON_DEMAND;
}

static void set_state(struct region *r, enum instance_state state, const char *reason)
{
    r->instances[0].state = state;
    r->instances[0].state_reason = reason;
}

/* Stopped at one look, and still so when that is believed. */
static void stop(struct region *r, const char *reason)
{
    set_state(r, INSTANCE_STOPPING, reason);
    see(r, STEP_S);
    set_state(r, INSTANCE_STOPPED, reason);
    see(r, 60);
    see(r, 60);
}

/* ----- what is believed ----- */

static void test_believed(void **state)
{
    enum { LOOKS = 3 };
    static const struct {
        const char *what;
        enum power power;
        enum instance_state states[LOOKS]; /* a minute from one to the next */
        enum place want;
        bool told;
    } rows[] = {
        /* clang-format off */
        {"for a minute", POWER_OFF, {INSTANCE_RUNNING, INSTANCE_STOPPING, INSTANCE_STOPPED}, PLACE_UNKNOWN, false},
        {"for two", POWER_OFF, {INSTANCE_STOPPING, INSTANCE_STOPPED, INSTANCE_STOPPED}, PLACE_LOST, true},
        {"it takes its time", POWER_OFF, {INSTANCE_STOPPING, INSTANCE_STOPPING, INSTANCE_STOPPING}, PLACE_LOST, true},
        {"for a minute, and home was powered on", POWER_ON, {INSTANCE_RUNNING, INSTANCE_STOPPING, INSTANCE_STOPPED}, PLACE_UNKNOWN, false},
        {"for two, and home was powered on", POWER_ON, {INSTANCE_STOPPING, INSTANCE_STOPPED, INSTANCE_STOPPED}, PLACE_ONPREM, true},
        {"it starts again", POWER_OFF, {INSTANCE_STOPPING, INSTANCE_STOPPED, INSTANCE_PENDING}, PLACE_MOVING_OUT, false},
        {"it runs again", POWER_OFF, {INSTANCE_STOPPED, INSTANCE_PENDING, INSTANCE_RUNNING}, PLACE_CLOUD, false},
        {"twice, and it ran in between", POWER_OFF, {INSTANCE_STOPPED, INSTANCE_RUNNING, INSTANCE_STOPPED}, PLACE_UNKNOWN, false},
        {"and ended", POWER_OFF, {INSTANCE_STOPPED, INSTANCE_STOPPED, INSTANCE_SHUTTING_DOWN}, PLACE_LOST, false},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        make(&r, false);
        r.s.options.observe = true;
        r.s.vm.power = rows[i].power;
        scene_start(&r.s);
        for (size_t k = 0; k < LOOKS; k++) {
            set_state(&r, rows[i].states[k],
                      rows[i].states[k] == INSTANCE_PENDING ||
                              rows[i].states[k] == INSTANCE_RUNNING
                          ? ""
                          : by_person);
            see(&r, 60);
        }
        if (server(&r)->facts.place != rows[i].want)
            fail_msg("row \"%s\": %s", rows[i].what, place_word(server(&r)->facts.place));
        assert_row(rows[i].what, (strstr(r.s.journal, "i-1 was stopped by a person") !=
                                  NULL) == rows[i].told);
        assert_int_equal(r.s.n_calls, 0);
        scene_end(&r.s);
    }
}

/* Who started it again has changed nothing: what takes it away later is AWS. */
static void test_started_again(void **state)
{
    struct region r;

    (void)state;
    make(&r, false);
    scene_start(&r.s);
    set_state(&r, INSTANCE_STOPPED, by_person);
    see(&r, STEP_S);
    set_state(&r, INSTANCE_RUNNING, "");
    see(&r, 60);
    assert_int_equal(server(&r)->facts.place, PLACE_CLOUD);
    assert_string_equal(server(&r)->facts.instance.state_reason, "");
    set_state(&r, INSTANCE_TERMINATED, "Server.InternalError");
    see(&r, 60);
    assert_null(strstr(r.s.journal, "a person"));
    assert_non_null(strstr(r.s.journal, "loss: AWS reclaimed the instance"));
    scene_end(&r.s);
}

/* ----- what becomes of it ----- */

/* What is asked for comes about. */
static void obey(struct region *r, const struct call *call)
{
    struct seen_node *n = &r->s.nodes[str_starts(call->target, "home") ? HOME : CLOUD];

    if (call->kind == CALL_NODE_OPEN)
        n->offline = n->marked = false;
    else if (call->kind == CALL_NODE_CLOSE)
        n->offline = n->marked = true;
    else if (call->kind == CALL_VM_POWER_ON)
        r->s.vm.power = POWER_ON;
    else if (call->kind == CALL_TERMINATE)
        set_state(r, INSTANCE_TERMINATED, by_person);
    r->s.nodes[HOME].connected = r->s.vm.power == POWER_ON;
    if (n->marked)
        n->cause = "rushhour/1 drain";
    answer(&r->s, OUTCOME_DONE, ERR_OK);
}

/* Until nothing moves. */
static void live(struct region *r)
{
    size_t done = 0;

    for (int k = 0; k < 20 && (k < 3 || move_of(&r->s) != NULL); k++) {
        see(r, 60);
        while (r->s.n_calls > done) {
            done = r->s.n_calls;
            obey(r, &r->s.calls[done - 1]);
        }
    }
}

static void test_comes_home(void **state)
{
    static const struct {
        const char *what, *reason;
        bool overlaps;
        enum foreign_change as;
        enum place held;
        const char *says;
    } rows[] = {
        /* clang-format off */
        {"adopted", by_person, false, FOREIGN_ADOPT, PLACE_ONPREM, "changed-outside: i-1 was stopped by a person: its server comes home, and the instance is ended"},
        {"adopted, with overlap", by_person, true, FOREIGN_ADOPT, PLACE_ONPREM, "changed-outside: i-1 was stopped by a person: its server comes home, and the instance is ended"},
        {"told", by_person, false, FOREIGN_ALERT, PLACE_UNKNOWN, "changed-outside: i-1 was stopped by a person: its server comes home, and the instance is ended"},
        {"by AWS", "Server.ScheduledStop", false, FOREIGN_ADOPT, PLACE_UNKNOWN, "loss: i-1 was stopped: Server.ScheduledStop"},
        {"nobody says by whom", "", false, FOREIGN_ADOPT, PLACE_UNKNOWN, "loss: i-1 was stopped\n"},
        {"by AWS, with overlap", "Server.ScheduledStop", true, FOREIGN_ADOPT, PLACE_UNKNOWN, "loss: i-1 was stopped: Server.ScheduledStop"},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        char told[LINE_TEXT];

        make(&r, rows[i].overlaps);
        r.s.config->policy.foreign_change = rows[i].as;
        r.s.config->policy.rerun_delay[0] = r.s.config->policy.rerun_delay[1] =
            r.s.config->policy.rerun_delay[2] = 86400;
        scene_start(&r.s);
        stop(&r, rows[i].reason);
        assert_row(rows[i].what, strstr(r.s.journal, rows[i].says) != NULL);
        assert_row(rows[i].what, server(&r)->segment == 0);
        live(&r);
        assert_row(rows[i].what, called(&r, CALL_TERMINATE, "i-1"));
        assert_row(rows[i].what, called(&r, CALL_VM_POWER_ON, "id-a"));
        assert_row(rows[i].what, server(&r)->facts.switched_on.s != 0);
        (void)str_format(told, sizeof(told), "0,%lld",
                         (long long)server(&r)->facts.switched_on.s);
        assert_string_equal(setting_of(&r.s, "told:a"), told);
        assert_row(rows[i].what, server(&r)->facts.place == PLACE_ONPREM);
        assert_row(rows[i].what, controller_server(r.s.c, 0).hold->place == rows[i].held);
        assert_row(rows[i].what, server(&r)->facts.onprem.open);
        assert_row(rows[i].what,
                   str_eq(server(&r)->outside, rows[i].as == FOREIGN_ALERT
                                                   ? "i-1 was stopped by a person"
                                                   : ""));
        scene_end(&r.s);
    }
}

/* Home was powered on by somebody: it stays there, and its instance is nobody's. */
static void test_stays_home(void **state)
{
    struct region r;

    (void)state;
    make(&r, false);
    r.s.vm.power = POWER_ON;
    r.s.nodes[HOME].connected = true;
    scene_start(&r.s);
    stop(&r, by_person);
    assert_non_null(
        strstr(r.s.journal, "i-1 was stopped by a person: its server stays at home"));
    live(&r);
    assert_int_equal(server(&r)->facts.place, PLACE_ONPREM);
    assert_string_equal(server(&r)->facts.instance.id, "");
    assert_string_equal(server(&r)->facts.other_id, "i-1");
    assert_true(server(&r)->facts.onprem.open);
    assert_non_null(strstr(r.s.journal, "instance i-1 has our tag and is nobody's"));
    assert_false(called(&r, CALL_TERMINATE, "i-1"));
    see(&r, 600);
    assert_true(called(&r, CALL_TERMINATE, "i-1"));
    assert_false(called(&r, CALL_VM_POWER_ON, "id-a"));
    scene_end(&r.s);
}

/* With its VM off at home, too, an instance that was stopped before anybody heard of it
 * is no place. */
static void test_not_adopted(void **state)
{
    struct region r;

    (void)state;
    region_make(&r);
    r.s.options.observe = true;
    r.s.vm.power = POWER_OFF;
    r.instances[r.n_instances++] = instance("i-1", "a");
    set_state(&r, INSTANCE_STOPPED, by_person);
    scene_start(&r.s);
    see(&r, STEP_S);
    see(&r, 180);
    assert_int_equal(server(&r)->facts.place, PLACE_ONPREM);
    assert_string_equal(server(&r)->facts.instance.id, "");
    assert_non_null(strstr(r.s.journal, "instance i-1 has our tag and is nobody's"));
    scene_end(&r.s);
}

/* The manager does not miss it: its server is asked back. */
static void test_of_the_manager(void **state)
{
    enum { LOOKS = 3 };
    static const struct {
        const char *what, *reason, *id;
        bool stopped[LOOKS], task[LOOKS]; /* a minute from one to the next */
        const char *says;                 /* NULL: nothing, and nothing is done */
    } rows[] = {
        /* clang-format off */
        {"by a person", by_person, "i-1", {true, true, true}, {false}, "changed-outside: i-1 was stopped by a person: its server comes home, and the instance is ended\n"},
        {"nobody says by whom", "", "i-1", {true, true, true}, {false}, "loss: i-1 was stopped\n"},
        {"for a minute", by_person, "i-1", {false, true, true}, {false}, NULL},
        {"and started again", by_person, "i-1", {true, true, false}, {false}, NULL},
        {"and is being started", by_person, "i-1", {true, true, true}, {false, false, true}, NULL},
        {"and nobody knows which one it is", by_person, "", {true, true, true}, {false}, NULL},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "place:a", "cloud");
        s.vm.power = POWER_OFF;
        s.managed.state = MANAGED_IN_CLOUD;
        s.managed.has_instance = true;
        s.nodes[CLOUD].marked = s.nodes[CLOUD].offline = false;
        scene_start(&s);
        for (size_t k = 0; k < LOOKS; k++) {
            assert_row(rows[i].what, times_said(&s, "stopped") == 0);
            s.now.s += 60;
            observe(&s, SOURCE_JENKINS);
            observe(&s, SOURCE_VSPHERE);
            s.managed.instance_stopped = rows[i].stopped[k];
            s.managed.instance = instance_of(
                rows[i].id, rows[i].stopped[k] ? INSTANCE_STOPPED : INSTANCE_RUNNING);
            s.managed.instance.state_reason = rows[i].stopped[k] ? rows[i].reason : "";
            s.task = rows[i].task[k] ? task_of("apiuser") : (struct seen_task){0};
            observe(&s, SOURCE_VELOSTRATA);
        }
        look(&s);
        assert_row(rows[i].what, rows[i].says != NULL
                                     ? strstr(s.journal, rows[i].says) != NULL
                                     : times_said(&s, "stopped") == 0);
        assert_row(rows[i].what, s.n_calls == (rows[i].says != NULL ? 1 : 0));
        if (rows[i].says != NULL) {
            assert_row(rows[i].what, s.calls[0].kind == CALL_NODE_CLOSE);
            s.nodes[CLOUD].marked = s.nodes[CLOUD].offline = true;
            answer(&s, OUTCOME_DONE, ERR_OK);
            look(&s);
            assert_row(rows[i].what, s.n_calls == 2 && s.calls[1].kind == CALL_RETURN);
        }
        scene_end(&s);
    }
}

/* ----- on its way out ----- */

static void test_on_its_way(void **state)
{
    static const struct {
        const char *what, *mover;
        enum power power;
        int32_t step;
    } rows[] = {
        {"right after its launch", "ec2", POWER_OFF, 2},
        {"it boots", "ec2", POWER_OFF, 3},
        {"home was powered on meanwhile", "ec2", POWER_ON, 3},
        {"overlap: right after its launch", "ec2-overlap", POWER_ON, 0},
        {"overlap: it boots", "ec2-overlap", POWER_ON, 1},
        {"overlap: home drains", "ec2-overlap", POWER_ON, 3},
        {"overlap: home goes down", "ec2-overlap", POWER_ON, 4},
        {"in place of another one", "ec2-replace", POWER_OFF, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        struct move *m;

        make(&r, !str_eq(rows[i].mover, "ec2"));
        stored_setting(&r.s, "place:a", "onprem");
        r.s.vm.power = rows[i].power;
        r.s.nodes[CLOUD].connected = false;
        r.s.nodes[CLOUD].offline = true;
        m = stored_move(&r.s, DIRECTION_OUT, rows[i].step);
        (void)str_copy(m->mover, sizeof(m->mover), rows[i].mover);
        m->committed = true;
        m->committed_at.s = NOW - 60;
        m->deadline.s = NOW + 1200;
        m->interrupted = str_eq(rows[i].mover, "ec2-replace");
        set_state(&r, INSTANCE_STOPPED, by_person);
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, move_of(&r.s) != NULL);
        assert_row(rows[i].what, !called(&r, CALL_VM_SHUTDOWN, "id-a"));
        see(&r, 60);
        see(&r, 60);
        assert_row(rows[i].what, strstr(r.s.journal, "a person stopped its instance"));
        assert_row(rows[i].what, controller_server(r.s.c, 0).hold->place == PLACE_ONPREM);
        live(&r);
        see(&r, 660);
        assert_row(rows[i].what, called(&r, CALL_TERMINATE, "i-1"));
        assert_row(rows[i].what, !called(&r, CALL_VM_SHUTDOWN, "id-a"));
        assert_row(rows[i].what, server(&r)->facts.place == PLACE_ONPREM);
        assert_row(rows[i].what, r.s.vm.power == POWER_ON);
        scene_end(&r.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_believed),       cmocka_unit_test(test_started_again),
        cmocka_unit_test(test_comes_home),     cmocka_unit_test(test_stays_home),
        cmocka_unit_test(test_not_adopted),    cmocka_unit_test(test_on_its_way),
        cmocka_unit_test(test_of_the_manager),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
