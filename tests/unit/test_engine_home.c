#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/* A way home that does not come to its end: when it makes way for a way out, and what is
 * owed then. */

enum { BACK_NODE = 3 };

/* At home and running, its agent does not come; the move was to end some minutes ago. */
static void scene_late(struct scene *s)
{
    struct move *m;

    scene_make(s);
    s->nodes[HOME].launchable = true;
    m = stored_move(s, DIRECTION_BACK, BACK_NODE);
    m->committed = m->interrupted = true;
    m->committed_at.s = NOW - 3600;
    m->deadline.s = NOW - 600;
}

static void test_gives_way(void **state)
{
    static const struct {
        const char *what, *setting, *value;
        bool gives;
    } rows[] = {
        {"a way out would begin", "", "", true},
        {"its last way out failed a while ago", "retry:a", "1 1795334000 0 0", true},
        {"the cloud is where it was known to be", "place:a", "cloud", true},
        {"it is to wait for its next try", "retry:a", "1 1795344000 0 0", false},
        {"its breaker is open", "breaker:a", "1795336200 0", false},
        {"auto is off", "auto", "off", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_late(&s);
        if (rows[i].setting[0] != '\0')
            stored_setting(&s, rows[i].setting, rows[i].value);
        scene_start(&s);
        look(&s);
        answer(&s, OUTCOME_DONE, ERR_OK); /* the agent is started once more */
        look(&s);
        look(&s);
        assert_row(rows[i].what, move_of(&s) != NULL);
        assert_row(rows[i].what,
                   (move_of(&s)->direction == DIRECTION_OUT) == rows[i].gives);
        assert_row(rows[i].what, s.c->servers[0].late_told != rows[i].gives);
        assert_row(rows[i].what,
                   (strstr(s.journal, "it is late, and the cloud is wanted: waiting for "
                                      "the agent of node home-a") != NULL) ==
                       rows[i].gives);
        assert_row(rows[i].what, strstr(s.journal, "left the cloud") == NULL);
        assert_row(rows[i].what, (setting_of(&s, "owed:a")[0] != '\0') == rows[i].gives);
        scene_end(&s);
    }
}

/* The way out is taken back: the agent at home is started again, until it comes. */
static void test_owes_the_agent(void **state)
{
    struct scene s;

    (void)state;
    scene_late(&s);
    s.extension = EXTENSION_STARTING; /* the way out waits for it */
    s.vm.tools_running = true;
    scene_start(&s);
    look(&s);
    answer(&s, OUTCOME_DONE, ERR_OK);
    look(&s);
    look(&s);
    assert_int_equal(move_of(&s)->direction, DIRECTION_OUT);
    assert_int_equal(controller_server(s.c, 0).failures, 0);
    command(&s, (struct command){.kind = COMMAND_AUTO, .setting = AUTO_OFF});
    look(&s);
    answer(&s, OUTCOME_DONE, ERR_OK); /* its node takes builds at rest */
    look(&s);
    assert_int_equal(move_of(&s)->direction, DIRECTION_BACK);
    assert_null(strstr(s.journal, "changed outside"));
    assert_int_equal(times_said(&s, "node-launch: node-launch home-a: node"), 2);
    answer(&s, OUTCOME_DONE, ERR_OK);
    s.nodes[HOME].connected = true;
    s.nodes[HOME].marked = s.nodes[HOME].offline = false;
    look(&s);
    look(&s);
    assert_null(move_of(&s));
    assert_string_equal(setting_of(&s, "owed:a"), "");
    scene_end(&s);
}

/* What is owed is paid by a home that can be seen to serve, or cannot be asked to. */
static void test_home_is_home(void **state)
{
    static const struct {
        const char *what, *cause; /* "": as we closed it */
        bool connected, unknown, dials_in, paid;
    } rows[] = {
        {"its agent is there", "", true, false, false, true},
        {"its agent is not", "", false, false, false, false},
        {"nobody knows", "", false, true, false, true},
        {"its agent dials in", "", false, false, true, true},
        {"a person closed the node", "maintenance", false, false, false, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "owed:a", "1795330000");
        if (rows[i].cause[0] != '\0')
            s.nodes[HOME].cause = rows[i].cause;
        s.nodes[HOME].connected = rows[i].connected;
        s.nodes[HOME].connected_known = !rows[i].unknown;
        s.nodes[HOME].launchable = !rows[i].dials_in;
        scene_start(&s);
        look(&s);
        look(&s);
        assert_row(rows[i].what, (move_of(&s) == NULL) == rows[i].paid);
        scene_end(&s);
    }
}

/* Both are up for as long as they may be, and a call to Jenkins of the last run is not
 * looked up, as Jenkins is away: the one side goes all the same. */
static void test_overlap_over_at_a_start(void **state)
{
    struct region r;
    struct move *m;
    struct observation *o;

    (void)state;
    region_out(&r);
    r.s.vm.power = POWER_ON;
    m = stored_move(&r.s, DIRECTION_OUT, 1);
    (void)str_copy(m->mover, NAME_TEXT, "ec2-overlap");
    m->committed = true;
    m->committed_at.s = NOW - 1200;
    m->deadline.s = NOW - 60;
    r.s.intents[0] = (struct stored_intent){.call = {.id = 1, .kind = CALL_NODE_LAUNCH}};
    (void)str_copy(r.s.intents[0].call.server, NAME_TEXT, "a");
    (void)str_copy(r.s.intents[0].call.move, ID_TEXT, m->id);
    r.s.stored.n_intents = 1;
    scene_start(&r.s);
    assert_true(recovering(r.s.c, "a"));
    r.s.now.s += STEP_S;
    observe(&r.s, SOURCE_VSPHERE);
    o = observation_new(SOURCE_INSTANCES);
    assert_non_null(o);
    o->at = r.s.now;
    region_list(&r, o);
    step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
    assert_int_equal(move_of(&r.s)->direction, DIRECTION_BACK);
    assert_non_null(strstr(r.s.journal, "the overlap has to end, whatever became of it"));
    assert_false(recovering(r.s.c, "a"));
    scene_end(&r.s);
}

/* No node is opened whose server is about to be sent home; the look that says where it
 * is must be newer than what it is owed for. */
static void test_owed_node(void **state)
{
    static const struct {
        const char *what, *key;
        bool opens;
    } rows[] = {{"nothing is owed", "none", true}, {"its way home is", "owed:a", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        bool opens = false;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "place:a", "cloud");
        stored_setting(&s, rows[i].key, "1795334400");
        s.managed.state = MANAGED_IN_CLOUD;
        s.vm.power = POWER_OFF;
        s.nodes[CLOUD].connected = true;
        scene_start(&s);
        observe(&s, SOURCE_JENKINS);
        observe(&s, SOURCE_VSPHERE);
        observe(&s, SOURCE_VELOSTRATA);
        for (size_t k = 0; k < s.n_calls; k++)
            opens = opens || s.calls[k].kind == CALL_NODE_OPEN;
        assert_row(rows[i].what, opens == rows[i].opens);
        assert_row(rows[i].what, move_of(&s) == NULL);
        look(&s);
        assert_row(rows[i].what, (move_of(&s) != NULL) == !rows[i].opens);
        scene_end(&s);
    }
}

/* At home after a restart, and its guest was told to shut down by a way out that has
 * failed: whether it goes off still, or stays. */
static void test_told_off(void **state)
{
    static const struct {
        const char *what;
        int64_t ago_s, off_in_s; /* 0 = it stays on */
        bool by_person;
    } rows[] = {
        {"it goes off at last", 60, 120, false},
        {"it was told so long ago: a person switched it off", 3600, 120, true},
        {"it has stayed on for long: a person, too", 60, 900, true},
        {"it stays on", 60, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        const struct server_state *a;
        char told[LINE_TEXT];

        scene_make(&s);
        stored_setting(&s, "place:a", "onprem");
        s.nodes[HOME].marked = s.nodes[HOME].offline = false;
        s.nodes[HOME].connected = true;
        s.config->policy.n_windows = 0;
        (void)str_format(told, sizeof(told), "%lld,0", (long long)(NOW - rows[i].ago_s));
        stored_setting(&s, "told:a", told);
        scene_start(&s);
        a = &s.c->servers[0];
        look(&s);
        assert_row(rows[i].what, a->owed_home == (rows[i].ago_s < 480));
        for (int64_t t = 0; t < (rows[i].off_in_s != 0 ? rows[i].off_in_s : 900);
             t += STEP_S)
            look(&s);
        if (rows[i].off_in_s != 0)
            s.vm.power = POWER_OFF;
        look(&s);
        look(&s);
        assert_row(rows[i].what, (a->facts.blocked[0] != '\0') == rows[i].by_person);
        assert_row(rows[i].what, (move_of(&s) != NULL) ==
                                     (rows[i].off_in_s != 0 && !rows[i].by_person));
        assert_row(rows[i].what,
                   move_of(&s) != NULL || !a->owed_home); /* paid, or never owed */
        scene_end(&s);
    }
}

/* Off by a person and on again: what vSphere says next may be older than that. It is off
 * when it still says so minutes later. */
static void test_switched_on_by_somebody(void **state)
{
    static const struct {
        const char *what;
        int64_t off_for_s;
        bool launched;
    } rows[] = {{"an old answer", 0, false}, {"it stays off", OLD_READING_S + 60, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        region_without_overlap(&r, own_interface);
        stored_setting(&r.s, "place:a", "onprem");
        r.s.vm.power = POWER_OFF;
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, server(&r)->facts.blocked[0] != '\0');
        r.s.vm.power = POWER_ON;
        r.s.nodes[HOME].connected = true;
        see(&r, STEP_S);
        assert_non_null(move_of(&r.s)); /* it may go now */
        r.s.nodes[HOME].marked = r.s.nodes[HOME].offline = true;
        r.s.vm.power = POWER_OFF;
        for (int64_t t = 0; t <= rows[i].off_for_s + STEP_S; t += STEP_S)
            see(&r, STEP_S);
        assert_row(rows[i].what, called(&r, CALL_LAUNCH, "eni-a") == rows[i].launched);
        scene_end(&r.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_way),
        cmocka_unit_test(test_owes_the_agent),
        cmocka_unit_test(test_home_is_home),
        cmocka_unit_test(test_overlap_over_at_a_start),
        cmocka_unit_test(test_owed_node),
        cmocka_unit_test(test_told_off),
        cmocka_unit_test(test_switched_on_by_somebody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
