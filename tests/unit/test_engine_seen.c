#include <config.h>

#include "tests/unit/controller_scene.h"

#include "core/engine/parts.h"

/*
 * What vSphere and the manager say of a server, made into where it is: one look or two,
 * then the facts.
 */

static void seen_make(struct scene *s)
{
    scene_make(s);
    stored_setting(s, "auto", "off"); /* nothing but what is seen changes anything */
}

static void go_out(struct scene *s)
{
    stored_setting(s, "place:a", "cloud");
    s->managed.state = MANAGED_IN_CLOUD;
    s->managed.has_instance = true;
    s->managed.instance = instance_of("i-0", INSTANCE_RUNNING);
    s->managed.instance.ip = "10.0.0.7";
    s->vm.power = POWER_OFF;
}

static const struct server_facts *facts(const struct scene *s)
{
    return controller_server(s->c, 0).facts;
}

/* ----- the VM ----- */

static void test_vm(void **state)
{
    static const struct {
        const char *what, *uuid; /* configured, "" = by name */
        bool question;
        enum power power;
        const char *known_place, *id, *blocked;
    } rows[] = {
        {"by its name", "", false, POWER_ON, "", "id-a", ""},
        {"by the UUID of its BIOS", "4211-aa", false, POWER_ON, "", "id-a", ""},
        {"by one that nobody has", "4211-bb", false, POWER_ON, "", "",
         "vSphere has no VM called vm-a"},
        {"vSphere asks something", "", true, POWER_ON, "", "id-a",
         "vSphere waits for an answer about this VM"},
        {"switched off by a person", "", false, POWER_OFF, "onprem", "id-a",
         "powered off at home by a person; move it to on-prem to power it on"},
        {"suspended by a person", "", false, POWER_SUSPENDED, "onprem", "id-a",
         "suspended at home by a person; move it to on-prem to power it on"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        seen_make(&s);
        s.config->servers[0].vm_uuid = rows[i].uuid;
        stored_setting(&s, "place:a", rows[i].known_place);
        s.vm.uuid = "4211-AA";
        s.vm.question = rows[i].question;
        s.vm.power = rows[i].power;
        scene_start(&s);
        look(&s);
        assert_row(rows[i].what, str_eq(facts(&s)->vm_id, rows[i].id));
        assert_row(rows[i].what, str_eq(facts(&s)->blocked, rows[i].blocked));
        scene_end(&s);
    }
}

/* Ours is the last of more machines than places are remembered of. */
static void test_many_vms(void **state)
{
    enum { OTHERS = MAX_SERVERS + 1 };
    static struct seen_vm vms[OTHERS + 1];
    struct scene s;

    (void)state;
    seen_make(&s);
    for (size_t i = 0; i < OTHERS; i++) {
        vms[i] = s.vm;
        vms[i].id = "id-x";
        vms[i].name = "somebody's";
    }
    vms[OTHERS] = s.vm;
    scene_start(&s);
    for (int reading = 0; reading < 2; reading++) {
        struct observation *o = observation_new(SOURCE_VSPHERE);

        assert_non_null(o);
        s.now.s += STEP_S;
        o->at = s.now;
        o->as.vsphere =
            (struct obs_vsphere){.vms = vms, .n_vms = OTHERS + 1, .load_problem = ""};
        step(&s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        assert_non_null(s.c->servers[0].vm);
        assert_string_equal(s.c->servers[0].vm->id, "id-a");
        assert_false(s.c->servers[0].vm_twice);
    }
    scene_end(&s);
}

/* Whose load counts: that of the host the servers are on, else of any there is. */
static void test_host(void **state)
{
    static const struct {
        const char *what, *vm, *host;
        size_t n;
        const char *name; /* "" = none is known */
    } rows[] = {
        {"that of its VM", "vm-a", "host-2", 2, "two"},
        {"on one that is not listed", "vm-a", "host-9", 2, "one"},
        {"its VM is not there", "vm-x", "host-2", 2, "one"},
        {"no host is listed", "vm-a", "host-2", 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct seen_host hosts[] = {{.id = "host-1", .name = "one"},
                                          {.id = "host-2", .name = "two"}};
        struct observation *o = observation_new(SOURCE_VSPHERE);
        struct scene s;

        assert_non_null(o);
        seen_make(&s);
        s.vm.name = rows[i].vm;
        s.vm.host = rows[i].host;
        scene_start(&s);
        o->at = s.now;
        o->as.vsphere = (struct obs_vsphere){.vms = &s.vm,
                                             .n_vms = 1,
                                             .hosts = hosts,
                                             .n_hosts = rows[i].n,
                                             .load_problem = ""};
        step(&s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        assert_row(rows[i].what, str_eq(s.c->host_facts.name, rows[i].name));
        assert_row(rows[i].what, s.c->host_facts.known == (rows[i].n > 0));
        scene_end(&s);
    }
}

/* ----- what the manager has ----- */

/* What it does not know of an instance is kept as it was known. */
static void test_instance_in_part(void **state)
{
    struct scene s;

    (void)state;
    seen_make(&s);
    go_out(&s);
    scene_start(&s);
    look(&s);
    assert_string_equal(facts(&s)->instance.type, "c5");
    s.managed.instance.type = s.managed.instance.zone = s.managed.instance.ip = "";
    s.managed.instance.lifecycle = LIFECYCLE_UNKNOWN;
    look(&s);
    assert_string_equal(facts(&s)->instance.id, "i-0");
    assert_string_equal(facts(&s)->instance.type, "c5");
    assert_string_equal(facts(&s)->instance.zone, "eu-west-1a");
    assert_string_equal(facts(&s)->instance.ip, "10.0.0.7");
    assert_int_equal(facts(&s)->instance.lifecycle, LIFECYCLE_SPOT);
    /* Nor does one that it remembers of before mean anything of a VM at home. */
    s.managed.state = MANAGED_UNMANAGED;
    s.vm.power = POWER_ON;
    look(&s);
    assert_int_equal(facts(&s)->place, PLACE_ONPREM);
    assert_string_equal(facts(&s)->instance.id, "");
    scene_end(&s);
}

/* It lists fewer than before: the place that was remembered is none any more. */
static void test_shorter_list(void **state)
{
    struct scene s;

    (void)state;
    seen_make(&s);
    go_out(&s);
    scene_start(&s);
    for (int reading = 0; reading < 2; reading++) {
        struct seen_managed_vm listed[2] = {s.managed, s.managed};
        struct observation *o = observation_new(SOURCE_VELOSTRATA);

        assert_non_null(o);
        listed[0].vm_id = "id-x";
        s.now.s += STEP_S;
        observe(&s, SOURCE_VSPHERE);
        o->at = s.now;
        o->as.velostrata =
            (struct obs_velostrata){.extension_id = "ce-1",
                                    .extension_raw = "",
                                    .edge_a_zone = "",
                                    .edge_b_zone = "",
                                    .extension_problem = "",
                                    .vms = reading == 0 ? listed : &listed[1],
                                    .n_vms = reading == 0 ? 2 : 1};
        step(&s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        assert_int_equal(facts(&s)->place, PLACE_CLOUD);
        assert_int_equal(s.c->servers[0].managed_at, reading == 0 ? 1 : 0);
    }
    scene_end(&s);
}

/* Absent from a healthy answer it is wholly at home; in a state that has no word here
 * nobody knows where it is. */
static void test_not_listed(void **state)
{
    static const struct {
        const char *what;
        bool listed;
        const char *raw;
        enum place place;
    } rows[] = {
        {"it is not listed", false, "", PLACE_ONPREM},
        {"as nobody has heard of", true, "Hovering", PLACE_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        seen_make(&s);
        s.managed.state = MANAGED_UNKNOWN;
        s.managed.raw_state = rows[i].raw;
        if (!rows[i].listed)
            s.managed.vm_id = "id-x"; /* that is another one */
        scene_start(&s);
        look(&s);
        assert_row(rows[i].what, facts(&s)->place == rows[i].place);
        assert_row(rows[i].what, str_eq(facts(&s)->place_raw, rows[i].raw));
        scene_end(&s);
    }
}

/* The manager and we may know a VM by two vSpheres, each with its own id: what it tells
 * of its tasks, and is told, is by its own. */
static void test_other_id(void **state)
{
    static const struct {
        const char *what, *id, *entity, *managed;
        bool active;
    } rows[] = {
        {"one id for all", "id-a", "id-a", "id-a", true},
        {"its own id", "vm-12", "vm-12", "vm-12", true},
        {"a task of another one that has our id", "vm-12", "id-a", "vm-12", false},
        {"known without an id", "", "id-a", "id-a", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        seen_make(&s);
        s.vm.instance_uuid = "5000-A";
        s.managed.instance_uuid = "5000-a";
        s.managed.vm_id = rows[i].id;
        s.task = task_of("x");
        s.task.entity = rows[i].entity;
        scene_start(&s);
        look(&s);
        assert_row(rows[i].what, str_eq(facts(&s)->vm_id, "id-a"));
        assert_row(rows[i].what, str_eq(facts(&s)->managed_id, rows[i].managed));
        assert_row(rows[i].what, facts(&s)->task_active == rows[i].active);
        scene_end(&s);
    }
}

/* Running at home and in the cloud: two readings of vSphere must say so. */
static void test_both_places(void **state)
{
    struct scene s;

    (void)state;
    seen_make(&s);
    go_out(&s);
    s.vm.power = POWER_ON;
    scene_start(&s);
    look(&s);
    assert_int_equal(facts(&s)->place, PLACE_CLOUD);
    look(&s);
    look(&s);
    assert_true(facts(&s)->in_both_places);
    assert_int_equal(facts(&s)->place, PLACE_UNKNOWN);
    assert_string_equal(
        facts(&s)->blocked,
        "it runs at home and in the cloud: power one of them off by hand");
    s.vm.power = POWER_OFF;
    look(&s);
    assert_false(facts(&s)->in_both_places);
    assert_int_equal(facts(&s)->place, PLACE_CLOUD);
    assert_string_equal(facts(&s)->blocked, "");
    scene_end(&s);
}

/* What a move has left half way is a person's until it is seen settled again. */
static void test_half_moved(void **state)
{
    static const struct {
        const char *what;
        enum managed_state state;
        bool question, stays;
        const char *blocked;
    } rows[] = {
        {"on its way still", MANAGED_TO_CLOUD, false, true, "it is stuck"},
        {"and vSphere asks something", MANAGED_TO_CLOUD, true, true,
         "vSphere waits for an answer about this VM"},
        {"arrived", MANAGED_IN_CLOUD, false, false, ""},
        {"home again", MANAGED_UNMANAGED, false, false, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        seen_make(&s);
        s.managed.state = rows[i].state;
        s.vm.question = rows[i].question;
        s.vm.power = rows[i].state == MANAGED_UNMANAGED ? POWER_ON : POWER_OFF;
        scene_start(&s);
        (void)str_copy(s.c->servers[0].half_moved, LINE_TEXT, "it is stuck");
        observe(&s, SOURCE_VSPHERE); /* says nothing of where it is yet */
        assert_row(rows[i].what, s.c->servers[0].half_moved[0] != '\0');
        look(&s);
        assert_row(rows[i].what,
                   (s.c->servers[0].half_moved[0] != '\0') == rows[i].stays);
        assert_row(rows[i].what, str_eq(facts(&s)->blocked, rows[i].blocked));
        scene_end(&s);
    }
}

/* ----- what AWS says of its request ----- */

static void test_spot(void **state)
{
    static const struct {
        const char *what, *instance;
        enum spot_state state;
        int64_t updated; /* 0 = AWS does not say when */
        enum instance_state is;
        enum spot_state then;
        int64_t reclaim_at; /* 0 = never */
    } rows[] = {
        {"it is taken back", "i-0", SPOT_NOTICE, NOW - 10, INSTANCE_RUNNING, SPOT_NOTICE,
         NOW + 110},
        {"nobody says since when", "i-0", SPOT_NOTICE, 0, INSTANCE_RUNNING, SPOT_NOTICE,
         NOW + STEP_S + 120},
        {"its request is closed, it runs on", "i-0", SPOT_RECLAIMED, NOW,
         INSTANCE_RUNNING, SPOT_NOTICE, NOW + 120},
        {"another one's request", "i-9", SPOT_NOTICE, NOW, INSTANCE_RUNNING, SPOT_ACTIVE,
         0},
        {"it was lost, whoever said so", "i-9", SPOT_NOTICE, NOW, INSTANCE_TERMINATED,
         SPOT_RECLAIMED, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct seen_spot spot = {.id = "sir-1",
                                       .instance = rows[i].instance,
                                       .zone = "",
                                       .status = "",
                                       .server = "",
                                       .move = "",
                                       .deployment = "",
                                       .state = rows[i].state,
                                       .updated = {rows[i].updated}};
        struct observation *o = observation_new(SOURCE_SPOT);
        struct scene s;

        assert_non_null(o);
        seen_make(&s);
        go_out(&s);
        s.managed.instance.state = rows[i].is;
        scene_start(&s);
        o->at = s.now;
        o->as.spot = (struct obs_spot){.spots = &spot, .n = 1};
        step(&s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        look(&s);
        assert_row(rows[i].what, facts(&s)->instance.spot == rows[i].then);
        assert_row(rows[i].what, facts(&s)->instance.reclaim_at.s == rows[i].reclaim_at);
        scene_end(&s);
    }
}

/* Whose doing its end was, as AWS says it (policy-and-cost 4.1). */
static void test_ended_by(void **state)
{
    static const struct {
        const char *what, *reason;
        bool committed;    /* a way home of ours is past its commit point */
        const char *other; /* who had a hand on it before, "" = nobody */
        const char *user;
    } rows[] = {
        {"a person, in the console", "Client.UserInitiatedShutdown", false, "",
         "the AWS console"},
        {"we ended it", "Client.UserInitiatedShutdown", true, "", ""},
        {"a person who is known", "Client.UserInitiatedShutdown", false, "dana", "dana"},
        {"AWS", "Server.SpotInstanceTermination", false, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct server_state *a;
        struct scene s;

        seen_make(&s);
        scene_start(&s);
        a = &s.c->servers[0];
        (void)str_copy(a->facts.instance.id, ID_TEXT, "i-0");
        (void)str_copy(a->facts.instance.state_reason,
                       sizeof(a->facts.instance.state_reason), rows[i].reason);
        a->has_move = a->move.committed = rows[i].committed;
        (void)str_copy(a->foreign_user, NAME_TEXT, rows[i].other);
        foreign_watch(s.c, a);
        assert_row(rows[i].what, str_eq(a->foreign_user, rows[i].user));
        assert_row(rows[i].what, a->taken_back == str_starts(rows[i].reason, "Server."));
        scene_end(&s);
    }
}

/* Whose task it is that has the VM. */
static void test_task_of(void **state)
{
    static const struct {
        const char *what, *own, *user, *foreign;
    } rows[] = {
        {"a person's", "rushhour", "dana", "dana"},
        {"ours", "rushhour", "rushhour", ""},
        {"nobody says who we are", NULL, "rushhour", "rushhour"},
        {"the manager's", "rushhour", "System", ""},
        {"nobody's", "rushhour", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        seen_make(&s);
        s.config->velostrata.api.user = rows[i].own;
        s.managed.state = MANAGED_TO_CLOUD;
        s.task = task_of(rows[i].user);
        scene_start(&s);
        look(&s);
        assert_row(rows[i].what, facts(&s)->task_active);
        assert_row(rows[i].what, str_eq(s.c->servers[0].foreign_user, rows[i].foreign));
        scene_end(&s);
    }
}

/* When it was last seen away from home: an old reading may put it back there. */
static void test_away_seen(void **state)
{
    static const struct {
        const char *what;
        enum managed_state first, then;
        bool failed; /* the task of its move, in the later reading */
        bool known;
    } rows[] = {
        {"it was never away", MANAGED_UNMANAGED, MANAGED_UNMANAGED, false, false},
        {"in the cloud", MANAGED_IN_CLOUD, MANAGED_UNMANAGED, false, true},
        {"on its way there", MANAGED_TO_CLOUD, MANAGED_UNMANAGED, false, true},
        {"... and what took it there has failed", MANAGED_TO_CLOUD, MANAGED_UNMANAGED,
         true, false},
        {"... and has failed, they say, but it is there", MANAGED_TO_CLOUD,
         MANAGED_IN_CLOUD, true, true},
        {"on its way back", MANAGED_IN_CLOUD, MANAGED_RETURNING, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct move *m;

        seen_make(&s);
        s.vm.power = POWER_OFF;
        m = stored_move(&s, DIRECTION_OUT, 2);
        m->committed = true;
        (void)str_copy(m->task, sizeof(m->task), "t-1");
        s.managed.state = rows[i].first;
        scene_start(&s);
        look(&s);
        s.managed.state = rows[i].then;
        s.task = task_of("us");
        s.task.state = rows[i].failed ? TASK_FAILED : TASK_SUCCEEDED;
        s.task.error = "no";
        look(&s);
        assert_row(rows[i].what, (facts(&s)->away_seen.s != 0) == rows[i].known);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vm),           cmocka_unit_test(test_many_vms),
        cmocka_unit_test(test_host),         cmocka_unit_test(test_instance_in_part),
        cmocka_unit_test(test_shorter_list), cmocka_unit_test(test_both_places),
        cmocka_unit_test(test_other_id),     cmocka_unit_test(test_not_listed),
        cmocka_unit_test(test_half_moved),   cmocka_unit_test(test_spot),
        cmocka_unit_test(test_ended_by),     cmocka_unit_test(test_task_of),
        cmocka_unit_test(test_away_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
