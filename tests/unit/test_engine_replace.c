#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * With overlap and a notice that AWS takes the instance back (policy-and-cost 5.2): what
 * begins then, and what becomes of it when the other one does not come.
 */

/* i-1 is taken back in two minutes. */
static void give_notice(struct region *r)
{
    struct seen_spot *spot = &r->spots[r->n_spots++];

    *spot = spot_request(SPOT_NOTICE);
    spot->status = "marked-for-termination";
    spot->updated = r->s.now;
}

enum begins { NOTHING, ANOTHER_ONE, THE_WAY_HOME };

static void test_notice(void **state)
{
    static const struct {
        const char *what, *key, *value;
        bool observe, orders, disk_full, no_zone;
        enum begins begins;
    } rows[] = {
        /* clang-format off */
        {"the other zone takes it over",   "listed",    "1",              false, false, false, false, ANOTHER_ONE},
        {"who only looks does nothing",    "listed",    "1",              true,  false, false, false, NOTHING},
        {"the disk is full",               "listed",    "1",              false, false, true,  false, THE_WAY_HOME},
        {"one leaves already",             "leaving:a", "i-9 1795338000 0", false, false, false, false, THE_WAY_HOME},
        {"the second within its window",   "losses:a",  "1795334300",     false, false, false, false, THE_WAY_HOME},
        {"there is no other zone",         "listed",    "1",              false, false, false, true,  THE_WAY_HOME},
        {"auto is off",                    "auto",      "off",            false, false, false, false, THE_WAY_HOME},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct server_state *s;
        const struct move *m;
        struct region r;

        region_out(&r);
        stored_setting(&r.s, rows[i].key, rows[i].value);
        r.s.options.observe = rows[i].observe;
        if (rows[i].no_zone)
            r.s.config->servers[0].n_offerings = 1;
        if (str_eq(rows[i].key, "leaving:a")) {
            r.instances[r.n_instances] = instance("i-9", "a");
            r.instances[r.n_instances].zone = "eu-west-1b";
            r.instances[r.n_instances++].eni = "eni-b";
        }
        scene_start(&r.s);
        see(&r, STEP_S);
        if (rows[i].disk_full) {
            struct event full = {.kind = EVENT_STORE};

            full.as.store.ok = full.as.store.tight = true;
            step(&r.s, full);
        }
        /* Who took it home another day has no part in that. */
        (void)str_copy(r.s.c->servers[0].owed_by, NAME_TEXT, "eli");
        give_notice(&r);
        see(&r, STEP_S);
        s = server(&r);
        m = move_of(&r.s);
        assert_row(rows[i].what, (m != NULL) == (rows[i].begins != NOTHING));
        if (m == NULL) {
            scene_end(&r.s);
            continue;
        }
        assert_row(rows[i].what, m->interrupted && str_eq(m->by, "policy"));
        assert_row(rows[i].what, strstr(r.s.journal, "eli") == NULL);
        assert_row(rows[i].what,
                   (m->direction == DIRECTION_OUT) == (rows[i].begins == ANOTHER_ONE));
        assert_row(rows[i].what,
                   str_eq(s->facts.leaving.id, rows[i].begins == ANOTHER_ONE      ? "i-1"
                                               : str_eq(rows[i].key, "leaving:a") ? "i-9"
                                                                                  : ""));
        scene_end(&r.s);
    }
}

/* A node of it is being closed when the notice comes: its answer is waited for. */
static void test_notice_meanwhile(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    r.s.nodes[HOME].offline = r.s.nodes[HOME].marked = false; /* it is not to be open */
    r.s.nodes[HOME].cause = "";
    r.s.nodes[HOME].connected = true;
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_true(called(&r, CALL_NODE_CLOSE, "home-a"));
    give_notice(&r);
    see(&r, STEP_S);
    assert_null(move_of(&r.s));
    answer(&r.s, OUTCOME_DONE, ERR_OK);
    r.s.nodes[HOME].offline = r.s.nodes[HOME].marked = true;
    r.s.nodes[HOME].cause = "rushhour/1 drain";
    see(&r, STEP_S);
    assert_non_null(move_of(&r.s));
    scene_end(&r.s);
}

static const struct call *newest(const struct region *r, enum call_kind kind)
{
    for (size_t i = r->s.n_calls; i > 0; i--) {
        if (r->s.calls[i - 1].kind == kind)
            return &r->s.calls[i - 1];
    }
    return NULL;
}

static void reply(struct region *r, const struct call *call, enum outcome outcome,
                  enum err_code code, const char *detail)
{
    struct event ev = {.kind = EVENT_RESULT};

    assert_non_null(call);
    if (call == NULL)
        return; /* the compiler does not know that the line above ends the test */
    ev.as.result =
        (struct call_result){.id = call->id, .outcome = outcome, .at = r->s.now};
    (void)str_copy(ev.as.result.detail, sizeof(ev.as.result.detail), detail);
    if (code != ERR_OK)
        (void)err_set(&ev.as.result.err, code, "the test says no");
    step(&r->s, ev);
}

/* The notice, and the launch in the other zone that follows; not answered yet. */
static void launch(struct region *r)
{
    scene_start(&r->s);
    see(r, STEP_S);
    give_notice(r);
    see(r, STEP_S);
    assert_string_equal(server(r)->facts.leaving.id, "i-1");
    answer(&r->s, OUTCOME_DONE, ERR_OK); /* its node is closed */
    r->s.nodes[CLOUD].offline = r->s.nodes[CLOUD].marked = true;
    r->s.nodes[CLOUD].cause = "rushhour/1 drain";
    for (int look = 0; look < 3 && newest(r, CALL_LAUNCH) == NULL; look++)
        see(r, STEP_S);
    assert_non_null(newest(r, CALL_LAUNCH));
    assert_string_equal(newest(r, CALL_LAUNCH)->run.eni, "eni-b");
}

static void see_it_end(struct region *r)
{
    static const char end[] = "move to cloud failed";

    for (int look = 0; look < 3 && strstr(r->s.journal, end) == NULL; look++)
        see(r, STEP_S);
    assert_non_null(strstr(r->s.journal, end));
}

/* Its launch is refused: it has what it had, and goes home from there. */
static void test_not_launched(void **state)
{
    struct segment open = {.id = 5,
                           .kind = "spot",
                           .server = "a",
                           .resource = "i-1",
                           .type = "c5",
                           .zone = "eu-west-1a",
                           .start = {NOW - 3600}};
    const struct server_state *s;
    struct region r;

    (void)state;
    region_out(&r);
    r.s.stored.segments = &open;
    r.s.stored.n_segments = 1;
    launch(&r);
    s = server(&r);
    assert_int_equal(s->leaving.segment, 5);
    assert_int_equal(s->segment, 0);
    reply(&r, newest(&r, CALL_LAUNCH), OUTCOME_FAILED, ERR_CAPACITY, "");
    see_it_end(&r);
    assert_string_equal(s->facts.instance.id, "i-1");
    assert_string_equal(s->facts.leaving.id, "");
    assert_string_equal(setting_of(&r.s, "leaving:a"), "");
    assert_string_equal(setting_of(&r.s, "instance:a"), "i-1");
    assert_int_equal(s->segment, 5);
    assert_int_equal(segment_find(r.s.c, 5)->end.s, 0);
    see(&r, STEP_S);
    assert_non_null(move_of(&r.s)); /* and is not tried a second time */
    assert_int_equal(move_of(&r.s)->direction, DIRECTION_BACK);
    scene_end(&r.s);
}

/* It was launched and never comes up: it goes home from that one. */
static void test_not_up(void **state)
{
    enum { TOO_LONG_S = 3600 };
    struct region r;

    (void)state;
    region_out(&r);
    launch(&r);
    reply(&r, newest(&r, CALL_LAUNCH), OUTCOME_DONE, ERR_OK, "i-2");
    r.instances[r.n_instances] = instance("i-2", "a");
    r.instances[r.n_instances].launched = r.s.now;
    r.instances[r.n_instances].zone = "eu-west-1b";
    r.instances[r.n_instances].eni = "eni-b";
    r.instances[r.n_instances++].state = INSTANCE_PENDING;
    see(&r, STEP_S);
    see(&r, TOO_LONG_S);
    see_it_end(&r);
    assert_string_equal(server(&r)->facts.instance.id, "i-2");
    assert_string_equal(server(&r)->facts.leaving.id, "i-1");
    scene_end(&r.s);
}

/* AWS was done with the one before the other was refused: there is neither. */
static void test_nothing_left(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    launch(&r);
    assert_int_equal(server(&r)->known_place, PLACE_CLOUD);
    r.instances[0].state = INSTANCE_TERMINATED;
    see(&r, STEP_S);
    assert_non_null(strstr(r.s.journal, "AWS reclaimed the instance i-1"));
    assert_int_equal(server(&r)->known_place, PLACE_UNKNOWN);
    assert_string_equal(server(&r)->facts.leaving.id, "");
    reply(&r, newest(&r, CALL_LAUNCH), OUTCOME_FAILED, ERR_FORBIDDEN, "");
    see_it_end(&r);
    assert_string_equal(server(&r)->facts.instance.id, "");
    scene_end(&r.s);
}

/* ----- the one that AWS does not take back after all ----- */

/* i-9 was to be gone by now, i-1 is in its place. */
static void region_overdue(struct region *r)
{
    region_out(r);
    stored_setting(&r->s, "leaving:a", "i-9 1795334200 0");
    r->instances[0].zone = "eu-west-1b";
    r->instances[0].eni = "eni-b";
    r->instances[r->n_instances++] = instance("i-9", "a");
}

static void test_end_it(void **state)
{
    static const struct {
        const char *what;
        const char *until;
        bool observe, clock_jumps, ends;
    } rows[] = {
        {"it is ended", "i-9 1795334200 0", false, false, true},
        {"by AWS's clock it may have its two minutes still", "i-9 1795334300 0", false,
         false, false},
        {"who only looks ends nothing", "i-9 1795334200 0", true, false, false},
        {"nobody knows what time it is", "i-9 1795334200 0", false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_overdue(&r);
        stored_setting(&r.s, "leaving:a", rows[i].until);
        r.s.options.observe = rows[i].observe;
        r.s.nodes[CLOUD].offline = r.s.nodes[CLOUD].marked = true;
        r.s.nodes[CLOUD].cause = "rushhour/1 drain";
        scene_start(&r.s);
        if (rows[i].clock_jumps) {
            struct event tick = {.kind = EVENT_TICK, .now = r.s.now};

            tick.mono.ms = 1000000;
            controller_step(r.s.c, &tick, &r.s.fx);
            r.s.now.s += 3600; /* while a second passes */
            tick.now = r.s.now;
            tick.mono.ms += 1000;
            controller_step(r.s.c, &tick, &r.s.fx);
            r.s.now.s -= 3600 - 1;
        }
        see(&r, STEP_S);
        assert_row(rows[i].what, called(&r, CALL_TERMINATE, "i-9") == rows[i].ends);
        scene_end(&r.s);
    }
}

/* What ran on it is noted by what Jenkins shows, so that is waited for. */
static void test_before_jenkins(void **state)
{
    struct observation *o = observation_new(SOURCE_INSTANCES);
    struct region r;

    (void)state;
    assert_non_null(o);
    region_overdue(&r);
    scene_start(&r.s);
    r.s.now.s += STEP_S;
    observe(&r.s, SOURCE_VSPHERE);
    o->at = r.s.now;
    region_list(&r, o);
    step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
    assert_false(server(&r)->doom.on);
    see(&r, STEP_S);
    assert_true(server(&r)->doom.on);
    assert_string_equal(server(&r)->doom.instance, "i-9");
    scene_end(&r.s);
}

/* Its loss was told before the restart: a late listing that has it running still is no
 * second notice. */
static void test_told_already(void **state)
{
    struct region r;

    (void)state;
    region_overdue(&r);
    r.s.settings[r.s.stored.n_settings - 1] =
        (struct stored_setting){"leaving:a", "i-9 1795334300 1"};
    scene_start(&r.s);
    assert_true(server(&r)->leaving.lost);
    see(&r, STEP_S);
    assert_false(server(&r)->doom.on);
    scene_end(&r.s);
}

/* AWS takes the one that leaves while its server is on its way home from the other one:
 * where that is stays known. */
static void test_lost_on_the_way_home(void **state)
{
    struct region r;
    struct move *m;

    (void)state;
    region_overdue(&r);
    m = stored_move(&r.s, DIRECTION_BACK, 0);
    (void)str_copy(m->mover, NAME_TEXT, "ec2-overlap");
    m->interrupted = true; /* or policy takes it back */
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_int_equal(server(&r)->known_place, PLACE_CLOUD);
    r.instances[1].state = INSTANCE_TERMINATED;
    see(&r, STEP_S);
    assert_non_null(strstr(r.s.journal, "AWS reclaimed the instance i-9"));
    assert_int_equal(server(&r)->known_place, PLACE_CLOUD);
    assert_non_null(move_of(&r.s));
    scene_end(&r.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notice),
        cmocka_unit_test(test_notice_meanwhile),
        cmocka_unit_test(test_not_launched),
        cmocka_unit_test(test_not_up),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_end_it),
        cmocka_unit_test(test_before_jenkins),
        cmocka_unit_test(test_told_already),
        cmocka_unit_test(test_lost_on_the_way_home),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
