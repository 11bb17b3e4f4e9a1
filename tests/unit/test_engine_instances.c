#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * Whose an instance is, where it puts its server, and what holds its interface. Most
 * scenes only look (observer), so that nothing but what is seen changes anything.
 */

static void region_gap(struct region *r, const char *interface)
{
    region_make(r);
    region_without_overlap(r, interface);
}

static struct move *open_move(struct region *r, const char *mover, enum direction d,
                              int32_t at)
{
    struct move *m = stored_move(&r->s, d, at);

    (void)str_copy(m->mover, sizeof(m->mover), mover);
    return m;
}

/* ----- where that puts it ----- */

enum node { OPEN, CLOSED, NOT_LISTED };

static void set_node(struct seen_node *n, enum node state)
{
    n->connected = state == OPEN;
    n->offline = n->marked = state != OPEN;
    if (state == NOT_LISTED)
        n->name = "another";
}

/* Steps of the movers: their launch, and what comes behind it. */
enum { GAP_LAUNCH = 2, GAP_BOOT = 3, BACK_TERMINATE = 1, BESIDE_DRAIN = 3, ANEW = 0 };

static void test_place(void **state)
{
    enum { NONE = -1 };
    static const struct {
        const char *what;
        bool gap;
        enum power power;
        int instance; /* an instance_state, NONE */
        enum node home, cloud;
        const char *mover; /* of its open move, NULL = it has none */
        enum direction direction;
        int32_t step;
        bool committed, interrupted, noticed;
        enum place want;
    } rows[] = {
        /* clang-format off */
        /* what     gap   power     instance               home    cloud   mover  direction  step  com. int. not. want */
        {"at home", true, POWER_ON, NONE, OPEN, CLOSED, NULL, 0, 0, false, false, false, PLACE_ONPREM},
        {"off, and no instance", true, POWER_OFF, NONE, OPEN, CLOSED, NULL, 0, 0, false, false, false, PLACE_ONPREM},
        {"vSphere does not say", true, POWER_UNKNOWN, NONE, OPEN, CLOSED, NULL, 0, 0, false, false, false, PLACE_UNKNOWN},
        {"vSphere does not say of one that is out", true, POWER_UNKNOWN, INSTANCE_RUNNING, CLOSED, OPEN, NULL, 0, 0, false, false, false, PLACE_UNKNOWN},
        {"out there", true, POWER_OFF, INSTANCE_RUNNING, CLOSED, OPEN, NULL, 0, 0, false, false, false, PLACE_CLOUD},
        {"it starts", true, POWER_OFF, INSTANCE_PENDING, CLOSED, CLOSED, NULL, 0, 0, false, false, false, PLACE_MOVING_OUT},
        {"it was stopped just now", true, POWER_OFF, INSTANCE_STOPPED, CLOSED, CLOSED, NULL, 0, 0, false, false, false, PLACE_UNKNOWN},
        {"it was taken away", true, POWER_OFF, INSTANCE_TERMINATED, CLOSED, CLOSED, NULL, 0, 0, false, false, false, PLACE_LOST},
        {"it is taken away, and home is on", true, POWER_ON, INSTANCE_SHUTTING_DOWN, OPEN, CLOSED, NULL, 0, 0, false, false, false, PLACE_ONPREM},

        {"both are up, and nobody wants that", true, POWER_ON, INSTANCE_RUNNING, OPEN, OPEN, NULL, 0, 0, false, false, false, PLACE_UNKNOWN},
        {"both are up without overlap", true, POWER_ON, INSTANCE_RUNNING, OPEN, OPEN, "ec2", DIRECTION_OUT, GAP_BOOT, true, false, false, PLACE_UNKNOWN},
        {"both are up before the commit point", false, POWER_ON, INSTANCE_RUNNING, OPEN, OPEN, "ec2-overlap", DIRECTION_BACK, 0, false, false, false, PLACE_UNKNOWN},
        {"overlap out: the cloud takes builds", false, POWER_ON, INSTANCE_RUNNING, CLOSED, OPEN, "ec2-overlap", DIRECTION_OUT, BESIDE_DRAIN, true, false, false, PLACE_CLOUD},
        {"overlap out: it does not yet", false, POWER_ON, INSTANCE_RUNNING, OPEN, CLOSED, "ec2-overlap", DIRECTION_OUT, 1, true, false, false, PLACE_ONPREM},
        {"overlap out: Jenkins has no such node", false, POWER_ON, INSTANCE_RUNNING, OPEN, NOT_LISTED, "ec2-overlap", DIRECTION_OUT, 1, true, false, false, PLACE_ONPREM},
        {"overlap back: home takes builds", false, POWER_ON, INSTANCE_RUNNING, OPEN, CLOSED, "ec2-overlap", DIRECTION_BACK, 2, true, false, false, PLACE_ONPREM},
        {"overlap back: it does not yet", false, POWER_ON, INSTANCE_RUNNING, CLOSED, OPEN, "ec2-overlap", DIRECTION_BACK, 1, true, false, false, PLACE_CLOUD},
        {"overlap back: Jenkins has no such node", false, POWER_ON, INSTANCE_RUNNING, NOT_LISTED, OPEN, "ec2-overlap", DIRECTION_BACK, 1, true, false, false, PLACE_CLOUD},

        {"another zone takes over", false, POWER_OFF, NONE, CLOSED, CLOSED, "ec2-replace", DIRECTION_OUT, ANEW, true, true, false, PLACE_MOVING_OUT},
        {"… and is lost, too", false, POWER_OFF, INSTANCE_TERMINATED, CLOSED, CLOSED, "ec2-replace", DIRECTION_OUT, ANEW + 1, true, true, false, PLACE_LOST},
        {"it died of its launch", true, POWER_OFF, INSTANCE_TERMINATED, CLOSED, CLOSED, "ec2", DIRECTION_OUT, GAP_LAUNCH, true, false, false, PLACE_ONPREM},
        {"it died right after its launch", true, POWER_OFF, INSTANCE_TERMINATED, CLOSED, CLOSED, "ec2", DIRECTION_OUT, GAP_BOOT, true, false, false, PLACE_LOST},
        {"a way back has ended it", true, POWER_OFF, INSTANCE_TERMINATED, CLOSED, CLOSED, "ec2", DIRECTION_BACK, BACK_TERMINATE, true, false, false, PLACE_MOVING_BACK},
        {"a way back has not ended it yet", true, POWER_OFF, INSTANCE_TERMINATED, CLOSED, CLOSED, "ec2", DIRECTION_BACK, 0, false, false, false, PLACE_LOST},
        {"a way back of one that was lost", true, POWER_OFF, INSTANCE_TERMINATED, CLOSED, CLOSED, "ec2", DIRECTION_BACK, BACK_TERMINATE, true, true, false, PLACE_LOST},
        {"a way back of one that AWS took, too", true, POWER_OFF, INSTANCE_TERMINATED, CLOSED, CLOSED, "ec2", DIRECTION_BACK, BACK_TERMINATE, true, false, true, PLACE_LOST},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        if (rows[i].gap)
            region_gap(&r, own_interface);
        else
            region_make(&r);
        r.s.options.observe = true;
        r.s.vm.power = rows[i].power;
        set_node(&r.s.nodes[HOME], rows[i].home);
        set_node(&r.s.nodes[CLOUD], rows[i].cloud);
        if (rows[i].mover != NULL) {
            struct move *m =
                open_move(&r, rows[i].mover, rows[i].direction, rows[i].step);

            m->committed = rows[i].committed;
            m->interrupted = rows[i].interrupted;
            m->committed_at.s = m->committed ? NOW - 60 : 0;
        }
        if (rows[i].instance != NONE) {
            stored_setting(&r.s, "instance:a", "i-1");
            r.instances[r.n_instances++] = instance("i-1", "a");
        }
        if (rows[i].noticed)
            r.spots[r.n_spots++] = spot_request(SPOT_NOTICE);
        scene_start(&r.s);
        if (rows[i].noticed)
            see(&r, STEP_S); /* while it runs */
        if (rows[i].instance != NONE)
            r.instances[0].state = (enum instance_state)rows[i].instance;
        see(&r, STEP_S);
        if (server(&r)->facts.place != rows[i].want)
            fail_msg("row \"%s\": %s", rows[i].what, place_word(server(&r)->facts.place));
        assert_int_equal(r.s.n_calls, 0);
        scene_end(&r.s);
    }
}

/* How long both places may be up counts from then on (I1): one was down some minutes
 * before it was read so, as old may a reading be. A VM that was told to stop was on until
 * then. */
static void test_apart(void **state)
{
    enum { OLD_S = 300, WEEK_S = 7 * 86400, NEVER = -1 };
    static const struct {
        const char *what;
        enum power power;
        bool runs;
        const char *other;            /* lives, and is not claimed; NULL = none */
        int64_t told_ago_s, want_ago; /* from the reading on, NEVER */
    } rows[] = {
        {"both are up", POWER_ON, true, NULL, NEVER, NEVER},
        {"home is off", POWER_OFF, true, NULL, NEVER, OLD_S},
        {"home is suspended", POWER_SUSPENDED, true, NULL, NEVER, OLD_S},
        {"nobody knows of home", POWER_UNKNOWN, true, NULL, NEVER, NEVER},
        {"there is no instance", POWER_ON, false, NULL, NEVER, OLD_S},
        {"... that is known to be its", POWER_ON, false, "i-8", NEVER, NEVER},
        {"home is off since it was told so", POWER_OFF, true, NULL, 60, 60},
        {"... long ago", POWER_OFF, true, NULL, OLD_S + 60, OLD_S},
        {"... after it was read", POWER_OFF, true, NULL, 0, OLD_S},
        {"home was told to stop, and did not", POWER_ON, true, NULL, 60, NEVER},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t want = rows[i].want_ago == NEVER ? 0 : NOW + STEP_S - rows[i].want_ago;
        struct region r;

        region_make(&r);
        r.s.options.observe = true;
        r.s.vm.power = rows[i].power;
        if (rows[i].runs) {
            stored_setting(&r.s, "instance:a", "i-1");
            r.instances[r.n_instances++] = instance("i-1", "a");
        }
        if (rows[i].other != NULL) {
            r.instances[r.n_instances] = instance(rows[i].other, "a");
            r.instances[r.n_instances++].eni = "eni-9";
        }
        scene_start(&r.s);
        if (rows[i].told_ago_s != NEVER)
            r.s.c->servers[0].facts.told_off.s = NOW + STEP_S - rows[i].told_ago_s;
        see(&r, STEP_S);
        assert_row(rows[i].what, server(&r)->facts.apart.s == want);
        see(&r, -STEP_S); /* what was known stays known */
        assert_row(rows[i].what, server(&r)->facts.apart.s == want);
        r.s.c->servers[0].facts.apart.s = 0;
        r.s.now.s -= WEEK_S; /* the clock is set back: nobody knows when that was */
        observe(&r.s, SOURCE_JENKINS);
        assert_row(rows[i].what, server(&r)->facts.apart.s == 0);
        scene_end(&r.s);
    }
}

/* A start in the middle of an overlap counts on from when both were up: it is written
 * then, once, and of a move alone. */
static void test_apart_is_kept(void **state)
{
    enum { OLD_S = 300 };
    char want[16];
    struct region r;

    (void)state;
    for (size_t moves = 0; moves < 2; moves++) {
        region_make(&r);
        r.s.options.observe = true;
        stored_setting(&r.s, "instance:a", "i-1");
        r.instances[r.n_instances++] = instance("i-1", "a");
        r.s.vm.power = POWER_OFF;
        if (moves)
            (void)open_move(&r, "ec2-overlap", DIRECTION_BACK, 1);
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_string_equal(setting_of(&r.s, "apart:a"), "");
        (void)str_format(want, sizeof(want), "%d", NOW + STEP_S - OLD_S);
        r.s.vm.power = POWER_ON;
        see(&r, STEP_S);
        see(&r, STEP_S);
        assert_string_equal(setting_of(&r.s, "apart:a"), moves ? want : "");
        if (moves) {
            scene_start(&r.s);
            see(&r, STEP_S);
            assert_int_equal(server(&r)->facts.apart.s, NOW + STEP_S - OLD_S);
        }
        scene_end(&r.s);
    }
}

/* Of an instance that was read from the store and that no listing has ever shown nothing
 * is known, until it has been away long enough. */
static void test_never_listed(void **state)
{
    struct region r;

    (void)state;
    region_gap(&r, own_interface);
    r.s.options.observe = true;
    r.s.vm.power = POWER_OFF;
    stored_setting(&r.s, "instance:a", "i-1");
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_int_equal(server(&r)->facts.instance.launched.s, 0);
    assert_int_equal(server(&r)->facts.place, PLACE_UNKNOWN);
    see(&r, 900);
    assert_int_equal(server(&r)->facts.place, PLACE_LOST);
    scene_end(&r.s);
}

/* Whose tags somebody took off is in no listing by tag: as long as nobody asked for it by
 * its id it is where it was. */
static void test_not_asked_for(void **state)
{
    static const struct {
        const char *what;
        bool tags_alone;
        enum place want;
    } rows[] = {
        {"no id was asked for", true, PLACE_CLOUD},
        {"its id was asked for", false, PLACE_LOST},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_out(&r);
        r.s.options.observe = true;
        scene_start(&r.s);
        see(&r, STEP_S);
        r.tags_alone = rows[i].tags_alone;
        r.n_instances = 0;
        see(&r, STEP_S);
        see(&r, 900);
        assert_row(rows[i].what, server(&r)->facts.place == rows[i].want);
        scene_end(&r.s);
    }
}

/* What was seen at its end does not come back by a late reading. */
static void test_dead_stays_dead(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    r.s.options.observe = true;
    scene_start(&r.s);
    r.instances[0].state = INSTANCE_TERMINATED;
    see(&r, STEP_S);
    assert_int_equal(server(&r)->facts.place, PLACE_LOST);
    r.instances[0].state = INSTANCE_RUNNING;
    see(&r, STEP_S);
    assert_int_equal(server(&r)->facts.place, PLACE_LOST);
    assert_null(strstr(r.s.journal, "carries its tag"));
    scene_end(&r.s);
}

/* At home and up, what it had is forgotten once it has ended; not while a way out may
 * still have to say of what it died. */
static void test_ended_at_home(void **state)
{
    static const struct {
        const char *what;
        const char *mover;
        enum direction direction;
        bool kept;
    } rows[] = {
        {"no move", NULL, DIRECTION_OUT, false},
        {"a way home", "ec2", DIRECTION_BACK, false},
        {"a way out", "ec2", DIRECTION_OUT, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_gap(&r, own_interface);
        r.s.options.observe = true;
        stored_setting(&r.s, "instance:a", "i-1");
        r.instances[r.n_instances++] = instance("i-1", "a");
        r.instances[0].state = INSTANCE_TERMINATED;
        if (rows[i].mover != NULL)
            (void)open_move(&r, rows[i].mover, rows[i].direction, 0);
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, server(&r)->facts.place == PLACE_ONPREM);
        assert_row(rows[i].what,
                   (server(&r)->facts.instance.id[0] != '\0') == rows[i].kept);
        assert_row(rows[i].what,
                   (setting_of(&r.s, "instance:a")[0] != '\0') == rows[i].kept);
        scene_end(&r.s);
    }
}

/* ----- whose it is ----- */

/* An instance with the tags of the server that has none. */
static void test_claimed(void **state)
{
    static const struct {
        const char *what, *interface, *of_instance;
        enum power power;
        const char *mover;
        enum direction direction;
        const char *tag; /* of the move, of which it was launched */
        bool taken_over, claimed;
    } rows[] = {
        /* clang-format off */
        {"it holds its interface", own_interface, "eni-a", POWER_OFF, NULL, 0, "", false, true},
        {"it holds another one", own_interface, "eni-z", POWER_OFF, NULL, 0, "", false, false},
        {"any interface will do", any_interface, "eni-z", POWER_OFF, NULL, 0, "", false, true},
        {"home is on", own_interface, "eni-a", POWER_ON, NULL, 0, "", false, false},
        {"of the launch whose answer was lost", own_interface, "eni-z", POWER_OFF, "ec2", DIRECTION_OUT, "m-1", false, true},
        {"of another launch", own_interface, "eni-z", POWER_OFF, "ec2", DIRECTION_OUT, "m-0", false, false},
        {"on its way home", own_interface, "eni-z", POWER_OFF, "ec2", DIRECTION_BACK, "m-1", false, false},
        {"what another controller was bringing home", own_interface, "eni-z", POWER_OFF, "ec2", DIRECTION_BACK, "", true, true},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_gap(&r, rows[i].interface);
        r.s.options.observe = true;
        r.s.vm.power = rows[i].power;
        r.instances[r.n_instances++] = instance("i-1", "a");
        r.instances[0].eni = rows[i].of_instance;
        r.instances[0].move = rows[i].tag;
        if (rows[i].mover != NULL)
            (void)open_move(&r, rows[i].mover, rows[i].direction,
                            rows[i].direction == DIRECTION_OUT ? GAP_LAUNCH
                                                               : BACK_TERMINATE);
        scene_start(&r.s);
        if (rows[i].taken_over) /* as takeover.c notes */
            (void)str_copy(r.s.c->servers[0].taken_over, ID_TEXT, "m-1");
        see(&r, STEP_S);
        assert_row(rows[i].what,
                   str_eq(server(&r)->facts.instance.id, rows[i].claimed ? "i-1" : ""));
        assert_row(rows[i].what,
                   str_eq(setting_of(&r.s, "instance:a"), rows[i].claimed ? "i-1" : ""));
        assert_row(rows[i].what, (strstr(r.s.journal, "instance i-1 carries its tag") !=
                                  NULL) == rows[i].claimed);
        /* else it stands in the way of a launch */
        assert_row(rows[i].what,
                   str_eq(server(&r)->facts.other_id, rows[i].claimed ? "" : "i-1"));
        scene_end(&r.s);
    }
}

/* Another one of it, wherever that is in the listing, stands in the way of a launch. */
static void test_another_of_it(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    r.s.options.observe = true;
    r.instances[r.n_instances++] = instance("i-9", "of somebody else");
    r.instances[r.n_instances++] = instance("i-2", "a");
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_string_equal(server(&r)->facts.instance.id, "i-1");
    assert_string_equal(server(&r)->facts.other_id, "i-2");
    scene_end(&r.s);
}

/* A launch was answered with an id that no listing has: what carries the tag of this very
 * launch is its own; one that leaves is not. */
static void test_answer_of_another(void **state)
{
    static const struct {
        const char *what, *tag;
        bool leaves, listed;
        const char *id;
    } rows[] = {
        {"of this launch", "m-1", false, false, "i-2"},
        {"of another launch", "m-0", false, false, "i-1"},
        {"of this launch, and the answered one is listed", "m-1", false, true, "i-1"},
        {"it leaves", "m-1", true, false, "i-1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        r.s.options.observe = true;
        stored_setting(&r.s, "instance:a", "i-1");
        if (rows[i].leaves)
            stored_setting(&r.s, "leaving:a", "i-2 1795334520 0");
        (void)open_move(&r, "ec2-overlap", DIRECTION_OUT, 0);
        r.instances[r.n_instances++] = instance("i-2", "a");
        r.instances[0].move = rows[i].tag;
        if (rows[i].listed)
            r.instances[r.n_instances++] = instance("i-1", "a");
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, str_eq(server(&r)->facts.instance.id, rows[i].id));
        scene_end(&r.s);
    }
}

/* The answer to a launch names what was launched for another server: what came of the
 * launch is found out by the same one, not by one in another zone. */
static void test_answered_with_anothers(void **state)
{
    static const struct {
        const char *tag;
        bool has; /* the other one knows it as its own */
        const char *says;
    } rows[] = {
        {"b", false, "carries the tag of b: it is not its own"},
        {"", true, "instance i-1 is what b has: it is not its own"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = {.kind = EVENT_RESULT};
        struct region r;
        struct call first;

        region_make(&r);
        region_add_server(&r);
        if (rows[i].has)
            stored_setting(&r.s, "instance:b", "i-1");
        (void)open_move(&r, "ec2-overlap", DIRECTION_OUT, 0);
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_true(called(&r, CALL_LAUNCH, "eni-a"));
        first = r.s.calls[r.s.n_calls - 1];
        r.instances[r.n_instances++] = instance("i-1", rows[i].tag);
        ev.as.result =
            (struct call_result){.id = first.id, .outcome = OUTCOME_DONE, .at = r.s.now};
        (void)str_copy(ev.as.result.detail, sizeof(ev.as.result.detail), "i-1");
        step(&r.s, ev);
        r.s.n_calls = 0;
        for (size_t looks = 0; looks < 2; looks++)
            see(&r, STEP_S);
        assert_non_null(strstr(r.s.journal, rows[i].says));
        assert_int_equal(r.s.n_calls, 1);
        assert_int_equal(r.s.calls[0].kind, CALL_LAUNCH);
        assert_true(r.s.calls[0].run.again);
        assert_string_equal(r.s.calls[0].run.token, first.run.token);
        scene_end(&r.s);
    }
}

/* What it has is another's only by a tag that says so. */
static void test_kept_whatever_its_tags(void **state)
{
    static const struct {
        const char *what, *deployment, *server;
        bool kept;
    } rows[] = {
        {"its own", "d", "a", true},
        {"another server's", "d", "b", false},
        {"somebody took the tag of its server off", "d", "", true},
        {"somebody wrote another deployment", "e", "b", true},
        {"a word that names no server", "d", "17", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_out(&r);
        region_add_server(&r);
        r.s.options.observe = true;
        r.instances[1] = r.instances[0];
        r.instances[0].id = "i-0"; /* another one comes first */
        r.instances[0].state = INSTANCE_TERMINATED;
        r.n_instances = 2;
        r.instances[1].deployment = rows[i].deployment;
        r.instances[1].server = rows[i].server;
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, str_eq(server_find(r.s.c, "a")->facts.instance.id,
                                        rows[i].kept ? "i-1" : ""));
        scene_end(&r.s);
    }
}

/* ----- its interface ----- */

static void test_interface_held(void **state)
{
    static const struct {
        const char *what, *id, *holder;
        bool available, ended;
        const char *held;
    } rows[] = {
        {"by its own instance", "eni-a", "i-1", false, false, ""},
        {"by another", "eni-a", "i-7", false, false, "i-7"},
        {"by one that is at its end", "eni-a", "i-8", false, true, "i-8"},
        {"by nobody", "eni-a", "", true, false, ""},
        {"EC2 does not list it", "eni-b", "i-7", false, false, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_out(&r);
        r.s.options.observe = true;
        r.instances[r.n_instances++] = instance("i-7", "zz");
        r.instances[r.n_instances] = instance("i-8", "zz");
        r.instances[r.n_instances++].state = INSTANCE_TERMINATED;
        r.interfaces[0] = (struct seen_interface){
            .id = "eni-q", .zone = "eu-west-1a", .ip = "", .instance = "i-9"};
        r.interfaces[1] = r.interfaces[0];
        r.interfaces[1].id = rows[i].id;
        r.interfaces[1].instance = rows[i].holder;
        r.interfaces[1].available = rows[i].available;
        r.n_interfaces = 2;
        r.reads_interfaces = true;
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, str_eq(server(&r)->facts.eni_holder, rows[i].held));
        assert_row(rows[i].what, server(&r)->facts.eni_holder_ended == rows[i].ended);
        /* EC2 lists it elsewhere, and then the list is too short for where it was. */
        r.interfaces[2] = r.interfaces[0];
        r.interfaces[0] = r.interfaces[1];
        r.interfaces[1] = r.interfaces[2];
        see(&r, STEP_S);
        assert_row(rows[i].what, str_eq(server(&r)->facts.eni_holder, rows[i].held));
        r.n_interfaces = 0;
        see(&r, STEP_S);
        assert_row(rows[i].what, str_eq(server(&r)->facts.eni_holder, ""));
        scene_end(&r.s);
    }
}

/* Its own zone is that of its interface, else that of its instance. */
static void test_zone(void **state)
{
    static const struct {
        const char *what, *interface, *zone;
    } rows[] = {{"of its interface", own_interface, "eu-west-1b"},
                {"of its instance", any_interface, "eu-west-1a"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_gap(&r, rows[i].interface);
        r.s.options.observe = true;
        r.s.vm.power = POWER_OFF;
        stored_setting(&r.s, "instance:a", "i-1");
        r.instances[r.n_instances++] = instance("i-1", "a");
        r.interfaces[r.n_interfaces++] = (struct seen_interface){
            .id = "eni-a", .zone = "eu-west-1b", .ip = "", .instance = "i-1"};
        r.reads_interfaces = true;
        scene_start(&r.s);
        see(&r, STEP_S);
        see(&r, STEP_S);
        assert_row(rows[i].what, str_eq(server(&r)->home_zone, rows[i].zone));
        assert_row(rows[i].what, str_eq(setting_of(&r.s, "zone:a"), rows[i].zone));
        scene_end(&r.s);
    }
}

/* It is told each time; what is done about it is a call like any other. */
static void test_interface_kept_when(void **state)
{
    static const struct {
        const char *what, *setting, *value, *attachment;
        bool observe, moves, clock, kept;
    } rows[] = {
        {"in auto", "auto", "on", "at-1", false, false, false, true},
        {"auto is off", "auto", "off", "at-1", false, false, false, false},
        {"auto is off, and a move is under way", "auto", "off", "at-1", false, true,
         false, true},
        {"an instance that only looks", "auto", "on", "at-1", true, false, false, false},
        {"AWS does not say how it is attached", "auto", "on", "", false, false, false,
         false},
        {"the clock cannot be trusted", "auto", "on", "at-1", false, false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_out(&r);
        stored_setting(&r.s, rows[i].setting, rows[i].value);
        r.s.options.observe = rows[i].observe;
        if (rows[i].moves)
            open_move(&r, "ec2-overlap", DIRECTION_OUT, 1)->committed = true;
        r.instances[0].eni_deletes = true;
        r.instances[0].attachment = rows[i].attachment;
        scene_start(&r.s);
        if (rows[i].clock)
            r.s.c->clock_bad_ticks = 3;
        see(&r, STEP_S);
        assert_row(rows[i].what, server(&r)->keep_interface.told);
        assert_row(
            rows[i].what,
            strstr(r.s.journal, "the end of i-1 would delete the interface eni-a"));
        assert_row(rows[i].what, called(&r, CALL_INTERFACE_KEEP, "at-1") == rows[i].kept);
        scene_end(&r.s);
    }
}

/* Whatever the answer, what the listings say counts: it is tried again after a minute,
 * but seldom without the right to do so. */
static void test_interface_answers(void **state)
{
    static const struct {
        const char *what;
        enum outcome outcome;
        enum err_code code;
        bool refused, again;
    } rows[] = {
        {"done", OUTCOME_DONE, ERR_OK, false, true},
        {"not allowed to", OUTCOME_FAILED, ERR_FORBIDDEN, true, false},
        {"it failed", OUTCOME_FAILED, ERR_SERVER, false, true},
        {"nobody knows", OUTCOME_UNKNOWN, ERR_FORBIDDEN, false, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_out(&r);
        r.instances[0].eni_deletes = true;
        scene_start(&r.s);
        see(&r, STEP_S);
        answer(&r.s, rows[i].outcome, rows[i].code);
        assert_row(rows[i].what, server(&r)->keep_interface.refused == rows[i].refused);
        r.s.n_calls = 0;
        see(&r, 120);
        assert_row(rows[i].what,
                   called(&r, CALL_INTERFACE_KEEP, "at-1") == rows[i].again);
        scene_end(&r.s);
    }
}

/* While EC2 wants to be left alone no call is made, and none counts as made. */
static void test_interface_waits(void **state)
{
    struct observation *o = observation_new(SOURCE_INSTANCES);
    struct region r;

    (void)state;
    region_out(&r);
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_non_null(o);
    (void)err_set(&o->err, ERR_SERVER, "ec2: slow down");
    r.s.now.s++; /* after the one before it */
    o->at = r.s.now;
    o->retry_after_s = 60;
    step(&r.s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
    r.instances[0].eni_deletes = true;
    see(&r, STEP_S);
    assert_true(server(&r)->keep_interface.told);
    assert_int_equal(server(&r)->keep_interface.asked.s, 0);
    assert_false(called(&r, CALL_INTERFACE_KEEP, "at-1"));
    see(&r, 61);
    assert_true(called(&r, CALL_INTERFACE_KEEP, "at-1"));
    /* Of one that is on its way to its end nothing can be kept any more. */
    answer(&r.s, OUTCOME_FAILED, ERR_SERVER);
    r.s.n_calls = 0;
    r.instances[0].state = INSTANCE_SHUTTING_DOWN;
    see(&r, 120);
    assert_false(called(&r, CALL_INTERFACE_KEEP, "at-1"));
    scene_end(&r.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_apart_is_kept),
        cmocka_unit_test(test_never_listed),
        cmocka_unit_test(test_not_asked_for),
        cmocka_unit_test(test_dead_stays_dead),
        cmocka_unit_test(test_ended_at_home),
        cmocka_unit_test(test_claimed),
        cmocka_unit_test(test_another_of_it),
        cmocka_unit_test(test_answer_of_another),
        cmocka_unit_test(test_answered_with_anothers),
        cmocka_unit_test(test_kept_whatever_its_tags),
        cmocka_unit_test(test_interface_held),
        cmocka_unit_test(test_zone),
        cmocka_unit_test(test_interface_kept_when),
        cmocka_unit_test(test_interface_answers),
        cmocka_unit_test(test_interface_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
