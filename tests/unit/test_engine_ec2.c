#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * A server whose instances the program launches itself: what the listings of EC2 say of
 * its instance, of one that AWS takes back while another one comes, and of what has our
 * tag and is nobody's.
 */

/* ----- nobody's ----- */

/* Marked and told by the first look, ended by one ten minutes later, and asked for no
 * more often than once a minute; the interface of ours is put right before. */
static void test_orphan_ends(void **state)
{
    struct region r;

    (void)state;
    region_make(&r);
    r.instances[r.n_instances++] = instance("i-1", "zz");
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_non_null(strstr(r.s.journal, "instance i-1 has our tag and is nobody's: it is "
                                        "ended when it still is in 10 minutes"));
    assert_string_equal(setting_of(&r.s, "orphan:i-1"), "1795334405,0");
    see(&r, 300);
    assert_false(called(&r, CALL_TERMINATE, "i-1"));
    r.instances[0].eni_deletes = true;
    r.instances[0].attachment = "";
    see(&r, 400); /* AWS does not say yet what it is attached by */
    assert_int_equal(r.s.n_calls == 0 || !called(&r, CALL_INTERFACE_KEEP, "at-1"), true);
    r.instances[0].attachment = "at-1";
    see(&r, STEP_S);
    assert_true(called(&r, CALL_INTERFACE_KEEP, "at-1"));
    assert_false(called(&r, CALL_TERMINATE, "i-1"));
    answer(&r.s, OUTCOME_DONE, ERR_OK);
    r.instances[0].eni_deletes = false;
    see(&r, STEP_S);
    assert_false(called(&r, CALL_TERMINATE, "i-1")); /* asked for something just now */
    see(&r, 120);
    assert_true(called(&r, CALL_TERMINATE, "i-1"));
    answer(&r.s, OUTCOME_DONE, ERR_OK);
    r.n_instances = 0;
    see(&r, STEP_S);
    assert_string_equal(setting_of(&r.s, "orphan:i-1"), ""); /* and forgotten */
    scene_end(&r.s);
}

/* A site that launches nothing asks EC2 seldom, but not while something waits for its
 * second look. */
static void test_orphan_hurries(void **state)
{
    struct region r;
    int64_t every_s;

    (void)state;
    region_make(&r);
    stored_setting(&r.s, "auto", "off"); /* or it would move */
    every_s = r.s.config->aws.poll;
    scene_start(&r.s);
    r.s.c->launches = false; /* as with the other mover */
    sources_pace(r.s.c);
    see(&r, STEP_S);
    assert_true(source_every_s(r.s.c, SOURCE_INSTANCES) > every_s);
    scene_end(&r.s);
}

/* Without auto it is only told, each time with the reason; auto that is switched on tells
 * it anew, and counts from then. */
static void test_orphan_spared(void **state)
{
    static const struct {
        const char *what, *setting, *value;
        bool dry_run, observe;
        const char *says;
    } rows[] = {
        {"auto is off", "auto", "off", false, false,
         "while auto is off or asleep nothing ends it, and it costs"},
        {"auto sleeps", "snooze", "1795340000", false, false,
         "while auto is off or asleep nothing ends it, and it costs"},
        {"a dry run of today", "auto", "dry-run", false, false,
         "in dry-run nothing ends it, and it costs"},
        {"a dry run", "auto", "on", true, false,
         "in dry-run nothing ends it, and it costs"},
        {"an instance that only looks", "auto", "on", false, true,
         "nothing acts here that would end it, and it costs"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        r.instances[r.n_instances++] = instance("i-1", "a");
        r.instances[0].eni = "eni-9";
        stored_setting(&r.s, rows[i].setting, rows[i].value);
        r.s.options.dry_run = rows[i].dry_run;
        r.s.options.observe = rows[i].observe;
        scene_start(&r.s);
        see(&r, STEP_S);
        if (strstr(r.s.journal, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].what, r.s.journal);
        see(&r, 700);
        assert_row(rows[i].what, !called(&r, CALL_TERMINATE, "i-1"));
        if (i == 0) {
            command(&r.s, (struct command){.kind = COMMAND_AUTO,
                                           .setting = AUTO_ON,
                                           .confirmed = true});
            see(&r, STEP_S);
            assert_int_equal(
                times_said(&r.s, "it is ended when it still is in 10 minutes"), 1);
            see(&r, 300);
            assert_false(called(&r, CALL_TERMINATE, "i-1"));
            see(&r, 400);
            assert_true(called(&r, CALL_TERMINATE, "i-1"));
        }
        scene_end(&r.s);
    }
}

/* What an earlier run marked goes on from there; what nobody wrote so is nothing. */
static void test_orphan_kept(void **state)
{
    static const struct {
        const char *what, *value;
        bool ends; /* by the second look */
    } rows[] = {
        {"marked an hour ago", "1795330800,0", true},
        {"spared then", "1795330800,1", false},
        {"marked tomorrow", "1795420800,0", false},
        {"marked never", "0,0", false},
        {"a word", "soon", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        r.instances[r.n_instances++] = instance("i-1", "zz");
        stored_setting(&r.s, "orphan:i-1", rows[i].value);
        scene_start(&r.s);
        see(&r, STEP_S); /* the first listing of a start ends nothing */
        assert_row(rows[i].what, !called(&r, CALL_TERMINATE, "i-1"));
        see(&r, STEP_S);
        assert_row(rows[i].what, called(&r, CALL_TERMINATE, "i-1") == rows[i].ends);
        scene_end(&r.s);
    }
}

/* Marked while the clock was a week ahead: it takes ten minutes all the same. */
static void test_orphan_clock_ahead(void **state)
{
    enum { WEEK_S = 7 * 86400 };
    struct region r;

    (void)state;
    region_make(&r);
    r.instances[r.n_instances++] = instance("i-1", "zz");
    r.s.now.s += WEEK_S;
    scene_start(&r.s);
    see(&r, STEP_S);
    see(&r, 300);
    r.s.now.s -= WEEK_S;
    r.s.c->clock_mono.ms -= WEEK_S * (int64_t)1000; /* which does not go back */
    see(&r, STEP_S);
    assert_string_equal(setting_of(&r.s, "orphan:i-1"), "1795334405,0");
    see(&r, 290);
    assert_false(called(&r, CALL_TERMINATE, "i-1"));
    see(&r, STEP_S);
    assert_true(called(&r, CALL_TERMINATE, "i-1"));
    scene_end(&r.s);
}

/* A listing that arrives after the clock was set back, from before that: it marks
 * nothing, and by it no ten minutes are over. */
static void test_orphan_listing_ahead(void **state)
{
    struct region r;

    (void)state;
    for (int marked = 0; marked < 2; marked++) {
        struct observation *o = observation_new(SOURCE_INSTANCES);

        assert_non_null(o);
        region_make(&r);
        scene_start(&r.s);
        see(&r, STEP_S);
        r.instances[r.n_instances++] = instance("i-1", "zz");
        if (marked)
            see(&r, STEP_S);
        o->at.s = r.s.now.s + 7 * 86400;
        region_list(&r, o);
        step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        assert_false(called(&r, CALL_TERMINATE, "i-1"));
        assert_int_equal(times_said(&r.s, "i-1 has our tag"), marked);
        see(&r, STEP_S);
        assert_int_equal(times_said(&r.s, "i-1 has our tag"), 1);
        see(&r, 580);
        assert_false(called(&r, CALL_TERMINATE, "i-1"));
        see(&r, 20);
        assert_true(called(&r, CALL_TERMINATE, "i-1"));
        scene_end(&r.s);
    }
}

/* At the second look, what may keep it from being ended then. */
static void test_orphan_second_look(void **state)
{
    static const struct {
        const char *what, *eni;
        bool deletes, clock, held;
        enum call_kind call;
        const char *target;
        bool called;
    } rows[] = {
        {"nothing", "eni-a", false, false, false, CALL_TERMINATE, "i-1", true},
        {"its end would be that of our interface", "eni-a", true, false, false,
         CALL_INTERFACE_KEEP, "at-1", true},
        {"its end is that of its own interface", "eni-z", true, false, false,
         CALL_TERMINATE, "i-1", true},
        {"the clock cannot be trusted", "eni-a", false, true, false, CALL_TERMINATE,
         "i-1", false},
        {"EC2 wants to be left alone", "eni-a", false, false, true, CALL_TERMINATE, "i-1",
         false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        r.instances[r.n_instances++] = instance("i-1", "zz");
        r.instances[0].eni = rows[i].eni;
        r.instances[0].eni_deletes = rows[i].deletes;
        scene_start(&r.s);
        see(&r, STEP_S);
        see(&r, 590);
        assert_row(rows[i].what, !called(&r, rows[i].call, rows[i].target));
        if (rows[i].clock)
            r.s.c->clock_bad_ticks = 3;
        if (rows[i].held) {
            struct observation *o = observation_new(SOURCE_INTERFACES);

            assert_non_null(o);
            (void)err_set(&o->err, ERR_THROTTLED, "ec2: slow down");
            o->at = r.s.now;
            o->retry_after_s = 60;
            step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
        }
        see(&r, 10);
        assert_row(rows[i].what,
                   called(&r, rows[i].call, rows[i].target) == rows[i].called);
        r.s.c->clock_bad_ticks = 0;
        see(&r, 61);
        assert_row(rows[i].what, called(&r, rows[i].call, rows[i].target));
        scene_end(&r.s);
    }
}

/* What is marked has a bound, also when the store has more. */
static void test_orphan_most(void **state)
{
    struct region r;
    size_t n = 0;

    (void)state;
    region_make(&r);
    for (int i = 0; i < MAX_UNCLAIMED + 1; i++) {
        char key[NAME_TEXT];

        (void)str_format(key, sizeof(key), "orphan:i-%d", i);
        stored_setting(&r.s, key, "1795330800,0");
    }
    scene_start(&r.s);
    for (size_t i = 0; i < MAX_UNCLAIMED; i++)
        n += r.s.c->unclaimed[i].marked.s == 1795330800;
    assert_int_equal(n, MAX_UNCLAIMED);
    assert_string_equal(r.s.c->unclaimed[MAX_UNCLAIMED - 1].id, "i-15");
    scene_end(&r.s);
}

/* A request that is open and nobody's is canceled; one of a move that runs is not. */
static void test_orphan_request(void **state)
{
    struct region r;

    (void)state;
    region_make(&r);
    r.spots[r.n_spots++] = (struct seen_spot){.id = "sir-1",
                                              .instance = "",
                                              .zone = "",
                                              .status = "pending-evaluation",
                                              .server = "a",
                                              .move = "m-0",
                                              .deployment = "d",
                                              .open = true,
                                              .state = SPOT_NONE};
    r.spots[r.n_spots] = r.spots[0];
    r.spots[r.n_spots].id = "sir-2";
    r.spots[r.n_spots++].deployment = "another";
    r.spots[r.n_spots] = r.spots[0];
    r.spots[r.n_spots].id = "sir-3";
    r.spots[r.n_spots++].move = "m-1"; /* the open one's */
    (void)str_copy(stored_move(&r.s, DIRECTION_OUT, 0)->mover, NAME_TEXT, "ec2-overlap");
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_non_null(strstr(r.s.journal, "spot request sir-1 has our tag"));
    assert_null(strstr(r.s.journal, "sir-2"));
    assert_null(strstr(r.s.journal, "sir-3"));
    scene_end(&r.s);

    region_make(&r);
    r.spots[0].open = true;
    r.n_spots = 1;
    r.spots[0] = (struct seen_spot){.id = "sir-1",
                                    .instance = "",
                                    .zone = "",
                                    .status = "",
                                    .server = "zz",
                                    .move = "",
                                    .deployment = "d",
                                    .open = true};
    scene_start(&r.s);
    see(&r, STEP_S);
    see(&r, 700);
    assert_true(called(&r, CALL_SPOT_CANCEL, "sir-1"));
    r.n_spots = 0;
    see(&r, STEP_S);
    assert_string_equal(setting_of(&r.s, "orphan:sir-1"), "");
    scene_end(&r.s);
}

/* Who begins where instances live that it never heard of has lost its store. */
static void test_first_look(void **state)
{
    struct region r;

    (void)state;
    region_make(&r);
    r.s.stored.n_settings = 0; /* a first start */
    r.instances[r.n_instances++] = instance("i-1", "zz");
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_true(r.s.c->store_lost);
    assert_int_equal(r.s.c->setting, AUTO_DRY_RUN);
    assert_string_equal(setting_of(&r.s, "listed"), "1");
    scene_end(&r.s);

    region_make(
        &r); /* one that its server is known to have, and then two that nobody has */
    r.s.stored.n_settings = 0;
    stored_setting(&r.s, "instance:a", "i-1");
    r.s.vm.power = POWER_OFF;
    r.instances[r.n_instances++] = instance("i-1", "a");
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_false(r.s.c->store_lost);
    scene_end(&r.s);
    region_make(&r);
    r.s.stored.n_settings = 0;
    r.instances[r.n_instances++] = instance("i-1", "zz");
    r.instances[r.n_instances++] = instance("i-2", "zz");
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_true(r.s.c->store_lost);
    scene_end(&r.s);

    region_make(&r);
    r.s.stored.n_settings = 0;
    r.instances[r.n_instances++] = instance("i-1", "zz");
    r.instances[0].state = INSTANCE_TERMINATED;
    r.instances[r.n_instances++] = instance("i-2", "zz");
    r.instances[1].deployment = "another";
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_false(r.s.c->store_lost);
    assert_int_equal(r.s.c->setting, AUTO_ON);
    scene_end(&r.s);
}

/* … or shares its lock with others, who have launched them. */
static void test_first_look_beside_others(void **state)
{
    static const struct {
        const char *what, *holder, *last;
        bool known, held, lost, listed;
    } rows[] = {{"nothing is known of the lock", "", "", false, false, false, false},
                {"etcd does not answer", "", "", true, false, false, false},
                {"another one has it", "ops2 pid 7", "", true, false, false, true},
                {"another one had it", "", "launch zz", true, true, false, true},
                {"nobody ever had it", "", "", true, true, true, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event lease = {.kind = EVENT_LEASE, .as.lease = {.held = rows[i].held}};
        struct region r;

        region_make(&r);
        r.s.options.shared_lock = true;
        r.s.stored.n_settings = 0; /* a first start */
        r.instances[r.n_instances++] = instance("i-1", "zz");
        scene_start(&r.s);
        (void)str_copy(lease.as.lease.holder, sizeof(lease.as.lease.holder),
                       rows[i].holder);
        (void)str_copy(lease.as.lease.last_call, sizeof(lease.as.lease.last_call),
                       rows[i].last);
        if (rows[i].known)
            step(&r.s, lease);
        see(&r, STEP_S);
        assert_row(rows[i].what, r.s.c->store_lost == rows[i].lost);
        assert_row(rows[i].what, (r.s.c->setting == AUTO_DRY_RUN) == rows[i].lost);
        assert_row(rows[i].what,
                   str_eq(setting_of(&r.s, "listed"), "1") == rows[i].listed);
        scene_end(&r.s);
    }
}

/* ----- ours ----- */

/* Nobody here knows of it, as after a takeover, and home is on, too: what takes builds is
 * no orphan. A person says which side goes. */
static void test_nobodys_takes_builds(void **state)
{
    static const struct {
        const char *what;
        bool closed, connected, ours;
    } rows[] = {{"it takes builds", false, true, true},
                {"its node is closed", true, true, false},
                {"its agent is away", false, false, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        stored_setting(&r.s, "auto", "off");
        r.s.nodes[CLOUD].marked = r.s.nodes[CLOUD].offline = rows[i].closed;
        r.s.nodes[CLOUD].connected = rows[i].connected;
        r.s.vm.power = POWER_ON;
        r.instances[r.n_instances++] = instance("i-1", "a");
        scene_start(&r.s);
        see(&r, STEP_S);
        see(&r, STEP_S);
        assert_row(rows[i].what,
                   str_eq(server(&r)->facts.instance.id, "i-1") == rows[i].ours);
        see(&r, STEP_S);
        assert_row(rows[i].what, server(&r)->facts.in_both_places == rows[i].ours);
        assert_row(rows[i].what,
                   (strstr(r.s.journal, "and is nobody's") != NULL) == !rows[i].ours);
        scene_end(&r.s);
    }
}

/* A listing that does not have it is believed after a quarter of an hour. */
static void test_absent(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_int_equal(server(&r)->facts.place, PLACE_CLOUD);
    r.n_instances = 0;
    see(&r, STEP_S);
    assert_int_equal(server(&r)->facts.place, PLACE_UNKNOWN);
    see(&r, 800);
    assert_false(server(&r)->facts.instance.terminated);
    see(&r, 200);
    assert_non_null(strstr(r.s.journal, "AWS reclaimed the instance"));
    assert_string_equal(server(&r)->facts.instance.id, ""); /* another one is launched */
    assert_non_null(move_of(&r.s));
    scene_end(&r.s);

    /* One that was launched a minute ago is there although no listing says so. */
    region_out(&r);
    r.instances[0].launched.s = NOW - 60;
    scene_start(&r.s);
    see(&r, STEP_S);
    r.n_instances = 0;
    see(&r, STEP_S);
    assert_int_equal(server(&r)->facts.place, PLACE_CLOUD);
    scene_end(&r.s);

    /* Of the dead it means that they are forgotten. */
    region_out(&r);
    stored_setting(&r.s, "auto", "off");
    r.instances[0].state = INSTANCE_SHUTTING_DOWN;
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_false(server(&r)->facts.instance.ended);
    r.n_instances = 0;
    see(&r, STEP_S);
    assert_true(server(&r)->facts.instance.ended);
    scene_end(&r.s);
}

/* … unless its interface says that it is there, as far as that was read lately. */
static void test_absent_with_interface(void **state)
{
    static const struct {
        const char *what, *holder;
        bool available;
        int64_t rests_s; /* the interfaces are not read for so long at the end */
        bool gone;
    } rows[] = {{"it holds it", "i-1", false, 0, false},
                {"another one holds it", "i-2", false, 0, true},
                {"it has come free", "", true, 0, true},
                {"nobody knows any more", "i-1", false, 86400, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_out(&r);
        stored_setting(&r.s, "auto", "off");
        r.interfaces[r.n_interfaces++] = (struct seen_interface){
            .id = "eni-a", .zone = "eu-west-1a", .ip = "", .instance = "i-1"};
        r.reads_interfaces = true;
        scene_start(&r.s);
        see(&r, STEP_S);
        r.n_instances = 0;
        r.interfaces[0].instance = rows[i].holder;
        r.interfaces[0].available = rows[i].available;
        for (int k = 0; k < 4; k++) {
            r.reads_interfaces = rows[i].rests_s == 0;
            see(&r, 300 + rows[i].rests_s);
        }
        assert_row(rows[i].what,
                   (strstr(r.s.journal, "AWS reclaimed") != NULL) == rows[i].gone);
        assert_row(rows[i].what,
                   rows[i].gone || (server(&r)->facts.place == PLACE_CLOUD &&
                                    str_eq(server(&r)->facts.instance.id, "i-1")));
        scene_end(&r.s);
    }
}

/* Another controller has replaced it meanwhile: what works at its interface is nobody's
 * in no moment, and its own when the one before it is believed to be gone. */
static void test_absent_and_replaced(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    scene_start(&r.s);
    see(&r, STEP_S);
    r.instances[0] = instance("i-2", "a");
    for (int64_t t = 0; t < 1200; t += 60)
        see(&r, 60);
    assert_string_equal(server(&r)->facts.instance.id, "i-2");
    assert_null(strstr(r.s.journal, "and is nobody's"));
    assert_false(called(&r, CALL_TERMINATE, "i-2"));
    scene_end(&r.s);
}

/* The answer to a launch named an instance that carries another server's tag. A word that
 * names no server there takes no instance from anybody: it may be a broken answer's. */
static void test_given_back(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    r.instances[0].server = "17";
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_string_equal(server(&r)->facts.instance.id, "i-1");
    scene_end(&r.s);

    region_out(&r);
    region_add_server(&r);
    r.instances[0].server = "b";
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_non_null(
        strstr(r.s.journal, "instance i-1 carries the tag of b: it is not its own"));
    assert_string_equal(server_find(r.s.c, "a")->facts.instance.id, "");
    scene_end(&r.s);
}

/* Its end would be the end of a fixed interface: told, and mended; not without a right to
 * do so, and then asked for less often. */
static void test_interface_outlives(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    r.instances[0].eni_deletes = true;
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_non_null(
        strstr(r.s.journal, "the end of i-1 would delete the interface eni-a"));
    assert_true(called(&r, CALL_INTERFACE_KEEP, "at-1"));
    answer(&r.s, OUTCOME_FAILED, ERR_FORBIDDEN);
    assert_non_null(strstr(r.s.journal, "grant ec2:ModifyNetworkInterfaceAttribute"));
    r.s.n_calls = 0;
    see(&r, 120);
    assert_false(called(&r, CALL_INTERFACE_KEEP, "at-1"));
    see(&r, 600);
    assert_true(called(&r, CALL_INTERFACE_KEEP, "at-1"));
    answer(&r.s, OUTCOME_FAILED, ERR_FORBIDDEN); /* said once */
    assert_int_equal(times_said(&r.s, "grant ec2:"), 1);
    r.instances[0].eni_deletes = false;
    see(&r, STEP_S);
    assert_false(server(&r)->keep_interface.told);
    scene_end(&r.s);

    /* An interface that was made for it alone dies with it. */
    region_out(&r);
    r.instances[0].eni_deletes = true;
    r.instances[0].eni = "eni-own";
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_false(called(&r, CALL_INTERFACE_KEEP, "at-1"));
    scene_end(&r.s);
}

/* ----- one leaves, another one comes ----- */

static void test_leaving_kept(void **state)
{
    static const struct {
        const char *what, *key, *value, *id;
        int64_t until;
        bool lost;
    } rows[] = {
        {"as it was written", "leaving:a", "i-9 1795334520 0", "i-9", 1795334520, false},
        {"its loss was told", "leaving:a", "i-9 1795334520 1", "i-9", 1795334520, true},
        {"of nobody", "leaving:zz", "i-9 1795334520 0", "", 0, false},
        {"a word", "leaving:a", "i-9", "", 0, false},
        {"two words", "leaving:a", "i-9 1795334520", "", 0, false},
        {"no time", "leaving:a", "i-9 soon 0", "", 0, false},
        {"a time too long", "leaving:a", "i-9 179533452017953345201795334520 0", "", 0,
         false},
        {"before time began", "leaving:a", "i-9 -5 0", "", 0, false},
        {"an id too long", "leaving:a",
         "i-0123456789012345678901234567890123456789012345678901234567890123456789 1 0",
         "", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        stored_setting(&r.s, rows[i].key, rows[i].value);
        scene_start(&r.s);
        assert_row(rows[i].what, str_eq(server(&r)->facts.leaving.id, rows[i].id));
        assert_row(rows[i].what, server(&r)->facts.leaving.reclaim_at.s == rows[i].until);
        assert_row(rows[i].what, server(&r)->leaving.lost == rows[i].lost);
        scene_end(&r.s);
    }
}

/* i-9 leaves, i-1 has come; AWS takes i-9 back, or does not, and then we end it. */
static void region_leaving(struct region *r)
{
    region_out(r);
    stored_setting(&r->s, "leaving:a", "i-9 1795334420 0");
    r->instances[0].zone = "eu-west-1b";
    r->instances[0].eni = "eni-b";
    r->instances[r->n_instances++] = instance("i-9", "a");
}

static void test_leaving_taken(void **state)
{
    struct segment open = {.id = 5,
                           .kind = "spot",
                           .server = "a",
                           .resource = "i-9",
                           .type = "c5",
                           .zone = "eu-west-1a",
                           .start = {NOW - 3600}};
    struct region r;

    (void)state;
    region_leaving(&r);
    r.s.stored.segments = &open;
    r.s.stored.n_segments = 1;
    scene_start(&r.s);
    assert_int_equal(server(&r)->leaving.segment, 5); /* what it costs goes on */
    assert_int_equal(server(&r)->segment, 0);
    see(&r, STEP_S);
    assert_false(server(&r)->leaving.lost);
    r.instances[1].state = INSTANCE_SHUTTING_DOWN;
    see(&r, STEP_S);
    assert_non_null(strstr(r.s.journal, "AWS reclaimed the instance i-9"));
    assert_true(server(&r)->leaving.lost);
    assert_string_equal(setting_of(&r.s, "leaving:a"), "i-9 1795334420 1");
    r.n_instances = 1;
    see(&r, STEP_S);
    assert_string_equal(setting_of(&r.s, "leaving:a"), "");
    assert_string_equal(server(&r)->facts.leaving.id, "");
    assert_int_equal(server(&r)->facts.place, PLACE_CLOUD);
    scene_end(&r.s);
}

static void test_leaving_stays(void **state)
{
    struct region r;

    (void)state;
    region_leaving(&r);
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_false(called(&r, CALL_TERMINATE, "i-9"));
    assert_true(called(&r, CALL_NODE_CLOSE, "cloud-a")); /* no build begins there */
    answer(&r.s, OUTCOME_DONE, ERR_OK);
    r.s.nodes[CLOUD].offline = r.s.nodes[CLOUD].marked = true;
    r.s.nodes[CLOUD].cause = "rushhour/1 drain";
    r.instances[1].eni_deletes = true;
    see(&r, 240); /* its end would take the interface along */
    assert_false(called(&r, CALL_TERMINATE, "i-9"));
    r.instances[1].eni_deletes = false;
    see(&r, STEP_S);
    assert_true(called(&r, CALL_TERMINATE, "i-9"));
    answer(&r.s, OUTCOME_FAILED, ERR_TIMEOUT);
    r.s.n_calls = 0;
    see(&r, STEP_S);
    assert_false(
        called(&r, CALL_TERMINATE, "i-9")); /* not more often than once a minute */
    see(&r, 120);
    assert_true(called(&r, CALL_TERMINATE, "i-9"));
    scene_end(&r.s);
}

/* What its request went through: the newest steps are kept, none twice. */
static void test_spot_steps(void **state)
{
    static const char *const words[] = {
        "pending-evaluation",      "pending-fulfillment", "fulfilled",
        "request-canceled",        "fulfilled",           "fulfilled",
        "capacity-oversubscribed", "price-too-low",       "constraint-not-fulfillable"};
    struct region r;

    (void)state;
    region_out(&r);
    stored_setting(&r.s, "auto", "off");
    r.spots[0] = spot_request(SPOT_ACTIVE);
    r.n_spots = 1;
    scene_start(&r.s);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        r.spots[0].status = words[i];
        see(&r, STEP_S);
        fleet_unref(controller_snapshot(r.s.c));
    }
    assert_int_equal(server(&r)->n_spot_steps, FLEET_SPOT_STEPS);
    assert_string_equal(server(&r)->spot_steps[0].status, "fulfilled");
    assert_string_equal(server(&r)->spot_steps[1].status, "request-canceled");
    assert_string_equal(server(&r)->spot_steps[FLEET_SPOT_STEPS - 1].status,
                        "constraint-not-fulfillable");
    scene_end(&r.s);
}

/* Up in both places: two readings of the host must say so, then nothing is done. */
static void test_both_places(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    r.s.vm.power = POWER_ON;
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_false(server(&r)->facts.in_both_places);
    see(&r, 60);
    see(&r, 60);
    assert_true(server(&r)->facts.in_both_places);
    assert_non_null(strstr(server(&r)->facts.blocked, "power one of them off by hand"));
    assert_int_equal(server(&r)->facts.place, PLACE_UNKNOWN);
    assert_null(move_of(&r.s));
    scene_end(&r.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orphan_ends),
        cmocka_unit_test(test_orphan_hurries),
        cmocka_unit_test(test_orphan_spared),
        cmocka_unit_test(test_orphan_kept),
        cmocka_unit_test(test_orphan_clock_ahead),
        cmocka_unit_test(test_orphan_listing_ahead),
        cmocka_unit_test(test_orphan_second_look),
        cmocka_unit_test(test_orphan_most),
        cmocka_unit_test(test_orphan_request),
        cmocka_unit_test(test_first_look),
        cmocka_unit_test(test_first_look_beside_others),
        cmocka_unit_test(test_nobodys_takes_builds),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_absent_and_replaced),
        cmocka_unit_test(test_absent_with_interface),
        cmocka_unit_test(test_given_back),
        cmocka_unit_test(test_interface_outlives),
        cmocka_unit_test(test_leaving_kept),
        cmocka_unit_test(test_leaving_taken),
        cmocka_unit_test(test_leaving_stays),
        cmocka_unit_test(test_spot_steps),
        cmocka_unit_test(test_both_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
