#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/controller_scene.h"

/*
 * What another controller left of a server, for who takes the shared lock over: our own
 * move of it is old, theirs is gone on with, and what is seen of it counts from then.
 */

enum { BACK_RETURN = 1 }; /* in the table of the velostrata mover */

/* Both movers' APIs, and a server of the one or the other. */
static const char text_both[] =
    "site = { tz = \"UTC\" deployment = \"d\" }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "aws = { region = \"eu-west-1\" }\n"
    "servers = { a = { vm = \"vm-a\" %s\n"
    "  onprem_node = \"home-a\" cloud_node = \"cloud-a\" eni = \"eni-a\"\n"
    "  instance_types = [\"c5\"] } }\n";

static void of_server(struct scene *s, const char *says)
{
    struct config_problems *problems = NULL;
    struct err e = {0};
    char text_of[sizeof(text_both) + LINE_TEXT];

    assert_true(str_format(text_of, sizeof(text_of), text_both, says));
    config_free(s->config);
    s->config = NULL;
    if (config_load_text(text_of, "", false, &s->config, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
}

static struct event left_by_another(const char *server)
{
    struct event ev = {.kind = EVENT_ACTED};
    struct lock_record *r = &ev.as.acted.last;

    ev.as.acted.readable = true;
    *r = (struct lock_record){.at = {NOW - 30},
                              .by = "dana@ops1 pid 42",
                              .call = CALL_RETURN,
                              .target = "id-a",
                              .launch_start = NOW - 3600,
                              .launch_attempt = 4};
    (void)str_copy(r->server, NAME_TEXT, server);
    r->move = (struct move){.id = "m-9-77",
                            .mover = "velostrata",
                            .direction = DIRECTION_BACK,
                            .status = MOVE_OPEN,
                            .step = BACK_RETURN,
                            .committed = true,
                            .by = "policy",
                            .reason = REASON_OUTSIDE,
                            .started = {NOW - 300},
                            .step_since = {NOW - 100},
                            .committed_at = {NOW - 100},
                            .deadline = {NOW + 1000},
                            .calls = 1,
                            .last_call_at = {NOW - 30},
                            .progress = -1};
    (void)str_copy(r->move.server, NAME_TEXT, server);
    return ev;
}

/* It makes our own move of that server old. */
static void test_forgotten(void **state)
{
    static const struct {
        const char *what, *server, *says;
        bool unreadable, kept;
    } rows[] = {{"its own", "a", "dana@ops1 pid 42: return", false, false},
                {"what cannot be read", "a", "it is of version 2", true, false},
                {"another server's", "b", NULL, false, true},
                {"nobody's", "zz", NULL, false, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct event ev = left_by_another(rows[i].server);

        ev.as.acted.readable = !rows[i].unreadable;
        (void)str_copy(ev.as.acted.text, LINE_TEXT,
                       rows[i].says != NULL ? rows[i].says : "");
        scene_make(&s);
        s.options.shared_lock = true;
        (void)stored_move(&s, DIRECTION_BACK, BACK_RETURN);
        scene_start(&s);
        assert_false(controller_is_idle(s.c));
        step(&s, ev);
        assert_row(rows[i].what, controller_is_idle(s.c) == !rows[i].kept);
        assert_row(rows[i].what,
                   rows[i].says == NULL || strstr(s.journal, rows[i].says) != NULL);
        scene_end(&s);
    }
}

/* Its open move is gone on with, and what was called for it last is looked up first. */
static void test_gone_on_with(void **state)
{
    enum { YEAR_S = 365 * 86400, APIS = 2 /* are configured, and read first */ };
    static const struct {
        const char *what, *mover;
        bool own, same, taken;
        int64_t written; /* so far the other clock is from ours */
        enum call_kind call;
    } rows[] = {
        {"an open move", "velostrata", false, false, true, -30, CALL_RETURN},
        {"in place of an old one", "velostrata", true, false, true, -30, CALL_RETURN},
        {"which was ours", "velostrata", true, true, true, -30, CALL_RETURN},
        {"by a clock a year ahead", "velostrata", false, false, true, YEAR_S,
         CALL_RETURN},
        {"by a clock a year behind", "velostrata", false, false, true, -YEAR_S,
         CALL_RETURN},
        {"whose last call was to Jenkins", "velostrata", false, false, true, -30,
         CALL_NODE_CLOSE},
        {"by a mover that it does not have here", "ec2", true, false, false, -30,
         CALL_RETURN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = left_by_another("a"),
                     lease = {.kind = EVENT_LEASE, .as.lease = {true, false, 78, "", ""}};
        struct move *theirs = &ev.as.acted.last.move;
        const struct move *m;
        struct scene s;

        ev.as.acted.last.has_move = true;
        ev.as.acted.last.call = rows[i].call;
        ev.as.acted.last.at.s = NOW + rows[i].written;
        theirs->committed_at.s += rows[i].written + 30;
        theirs->deadline.s += rows[i].written + 30;
        (void)str_copy(theirs->mover, sizeof(theirs->mover), rows[i].mover);
        scene_make(&s);
        s.options.shared_lock = true;
        if (rows[i].own)
            (void)stored_move(&s, DIRECTION_OUT, 0);
        scene_start(&s);
        if (rows[i].same)
            (void)str_copy(theirs->id, ID_TEXT, move_of(&s)->id);
        s.c->servers[0].late_told = rows[i].own; /* of that one */
        step(&s, ev);
        m = move_of(&s);
        assert_row(rows[i].what, m == NULL || !s.c->servers[0].late_told);
        assert_row(rows[i].what, (m != NULL) == rows[i].taken);
        assert_row(rows[i].what, m == NULL || str_eq(m->id, theirs->id));
        assert_row(rows[i].what, m == NULL || (m->direction == DIRECTION_BACK &&
                                               m->committed && m->step == BACK_RETURN));
        assert_row(rows[i].what, m == NULL || (m->committed_at.s <= s.now.s &&
                                               m->committed_at.s >= s.now.s - 130));
        assert_row(rows[i].what, m == NULL || (m->deadline.s > s.now.s &&
                                               m->deadline.s <= s.now.s + 1030));
        assert_row(rows[i].what, s.c->n_unresolved == (rows[i].taken ? APIS + 1u : 0u));
        assert_row(rows[i].what, s.c->servers[0].launch_attempt == 4);
        step(&s, lease);
        assert_row(rows[i].what, s.n_calls == 0); /* nothing was seen yet */
        scene_end(&s);
    }
}

/* Whether its way home is owed, its newest record tells; what was seen later counts. */
static void test_debt(void **state)
{
    enum { YEAR_S = 365 * 86400, DAYS_S = 4 * 86400 };
    static const struct {
        const char *what, *ours; /* since then, "" = it is not owed here */
        int64_t written;         /* from now on */
        bool theirs, owed, set;  /* our clock was, and is not trusted */
        int64_t failed;          /* of a way out that did something last then, 0 = none */
    } rows[] = {
        {"it was settled since", "1795333400", -500, false, false, false, 0},
        {"it is owed there, too", "1795333400", -500, true, true, false, 0},
        {"it is owed there alone", "", -500, true, true, false, 0},
        {"nowhere", "", -500, false, false, false, 0},
        {"the loss was seen since", "1795333400", -2000, false, true, false, 0},
        {"... and another before", "1795333400", -2000, true, true, false, 0},
        {"... and for days it had rested", "1795333400", -DAYS_S, false, true, false, 0},
        {"... as far as our clock can tell, which was set", "1795333400", -2000, false,
         false, true, 0},
        {"a way out had failed, by now", "1795333400", -2000, false, false, false, -2100},
        {"... and was at work later", "1795333400", -2000, false, true, false, -1900},
        {"... and the way home was, too", "1795333400", -500, false, false, false, -100},
        {"by a clock a year behind", "1795333400", -YEAR_S - 2000, false, false, false,
         0},
        {"by a clock ahead", "1795333400", 3600, false, false, false, 0},
        {"by a clock ahead, and owed there", "1795333400", 3600, true, true, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = left_by_another("a");
        const struct server_state *a;
        struct scene s;

        ev.as.acted.last.at.s = NOW + rows[i].written;
        ev.as.acted.last.owed.s = rows[i].theirs ? NOW + rows[i].written : 0;
        scene_make(&s);
        s.options.shared_lock = true;
        if (rows[i].ours[0] != '\0')
            stored_setting(&s, "owed:a", rows[i].ours); /* 1000 s ago */
        scene_start(&s);
        a = &s.c->servers[0];
        assert_row(rows[i].what, a->owed_home == (rows[i].ours[0] != '\0'));
        s.c->clock_bad_ticks = rows[i].set ? 1 : 0;
        s.c->servers[0].owed_failed = rows[i].failed != 0;
        s.c->servers[0].move.last_call_at.s = NOW + rows[i].failed;
        step(&s, ev);
        assert_row(rows[i].what, a->owed_home == rows[i].owed);
        assert_row(rows[i].what, !a->owed_home || a->owed_since.s <= s.now.s);
        assert_row(rows[i].what, (setting_of(&s, "owed:a")[0] != '\0') == rows[i].owed);
        scene_end(&s);
    }
}

/* A way home of a loss that we could not go on with is given up; owed it is as before,
 * unless another one has acted since it began. */
static void test_way_home_given_up(void **state)
{
    static const struct {
        const char *what;
        int64_t since, written; /* from now on; ours began a minute ago */
        bool interrupted, theirs, owed;
    } rows[] = {
        {"nobody has done anything since", -90, -600, true, false, true},
        {"... nor for days", -90, -4 * 86400, true, false, true},
        {"another one has settled it", -90, -30, true, false, false},
        {"... before ours began, which stood still", -900, -600, true, false, false},
        {"another one owes it, too", -90, -30, true, true, true},
        {"since when is not known", -NOW, -600, true, false, false},
        {"it was no loss", -90, -600, false, false, false},
    };
    char since[24];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = left_by_another("a");
        struct scene s;

        ev.as.acted.last.at.s = NOW + rows[i].written;
        ev.as.acted.last.owed.s = rows[i].theirs ? NOW + rows[i].written : 0;
        scene_make(&s);
        s.options.shared_lock = true;
        stored_move(&s, DIRECTION_BACK, BACK_RETURN)->interrupted = rows[i].interrupted;
        if (rows[i].since != -NOW) {
            (void)str_format(since, sizeof(since), "%lld",
                             (long long)(NOW + rows[i].since));
            stored_setting(&s, "owed:a", since);
        }
        scene_start(&s);
        assert_false(s.c->servers[0].owed_home);
        step(&s, ev);
        assert_row(rows[i].what, move_of(&s) == NULL);
        assert_row(rows[i].what, s.c->servers[0].owed_home == rows[i].owed);
        assert_row(rows[i].what, (setting_of(&s, "owed:a")[0] != '\0') == rows[i].owed);
        assert_row(rows[i].what, s.c->servers[0].owed_told || !rows[i].owed);
        scene_end(&s);
    }
}

/* One of the schedule became the way home of a loss, in who only looks on. */
static void test_cut_short_given_up(void **state)
{
    static const struct {
        const char *what;
        int64_t written; /* from when that was seen on */
        bool owed;
    } rows[] = {{"nobody has done anything since", -600, true},
                {"another one has brought it home", 600, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = left_by_another("a");
        const struct server_state *a;
        struct scene s;

        scene_make(&s);
        s.options.shared_lock = true;
        stored_setting(&s, "place:a", "cloud");
        (void)stored_move(&s, DIRECTION_BACK, BACK_RETURN);
        s.vm.power = POWER_OFF;
        s.managed.state = MANAGED_IN_CLOUD;
        s.managed.has_instance = true;
        s.managed.instance = instance_of("i-1", INSTANCE_RUNNING);
        scene_start(&s);
        a = &s.c->servers[0];
        look(&s);
        (void)str_copy(s.c->servers[0].owed_by, NAME_TEXT, "eli"); /* of another day */
        s.managed.instance = instance_of("i-1", INSTANCE_TERMINATED);
        look(&s);
        assert_row(rows[i].what, move_of(&s) != NULL && move_of(&s)->interrupted);
        assert_row(rows[i].what,
                   setting_of(&s, "owed:a")[0] != '\0'); /* over a restart */
        ev.as.acted.last.at.s = s.now.s + rows[i].written;
        s.now.s += 900;
        step(&s, ev);
        assert_row(rows[i].what, move_of(&s) == NULL && a->owed_home == rows[i].owed);
        assert_row(rows[i].what,
                   !a->owed_home || (a->owed_told && a->owed_by[0] == '\0'));
        scene_end(&s);
    }
}

/* Nothing is decided for its server until what tells its place was read anew, and that
 * alone: the other mover's API may be away for long, and both places up (I1). */
static void test_looked_at(void **state)
{
    static const struct {
        const char *mover, *says;
        enum call_kind waits[3];
    } rows[] = {{"velostrata",
                 "mover = \"velostrata\"",
                 {CALL_NODE_CLOSE, CALL_VM_POWER_ON, CALL_RUN_IN_CLOUD}},
                {"ec2",
                 "mover = \"ec2\" launch_template = \"t:3\"",
                 {CALL_NODE_CLOSE, CALL_VM_POWER_ON, CALL_TERMINATE}}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = left_by_another("a");
        struct lock_record *r = &ev.as.acted.last;
        struct scene s;

        r->has_move = true;
        r->call = CALL_NODE_CLOSE;
        r->move.step = 0;
        (void)str_copy(r->move.mover, sizeof(r->move.mover), rows[i].mover);
        scene_make(&s);
        of_server(&s, rows[i].says);
        s.options.shared_lock = true;
        scene_start(&s);
        step(&s, ev);
        assert_row(rows[i].mover, move_of(&s) != NULL);
        assert_row(rows[i].mover, s.c->n_unresolved == ARRAY_LEN(rows[i].waits));
        for (size_t k = 0; k < s.c->n_unresolved; k++)
            assert_row(rows[i].mover, s.c->unresolved[k].kind == rows[i].waits[k]);
        scene_end(&s);
    }
}

/* Of an instance that it had here before: what the other one launches is another. */
static void test_instance_before(void **state)
{
    enum { GAP_SHUTDOWN = 1, GAP_LAUNCH = 2, GAP_BOOT = 3 };
    static const struct {
        const char *what, *mover;
        enum direction direction;
        int32_t step;
        int64_t launched; /* from now on; the way out began 300 s ago */
        bool kept;
    } rows[] = {
        {"before the launch", "ec2", DIRECTION_OUT, GAP_SHUTDOWN, -900, false},
        {"at the launch", "ec2", DIRECTION_OUT, GAP_LAUNCH, -900, false},
        {"at the launch, since then", "ec2", DIRECTION_OUT, GAP_LAUNCH, -60, true},
        {"after it", "ec2", DIRECTION_OUT, GAP_BOOT, -900, true},
        {"on a way back", "ec2", DIRECTION_BACK, 1, -900, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = left_by_another("a");
        struct lock_record *r = &ev.as.acted.last;
        struct scene s;

        r->has_move = true;
        r->call = CALL_NODE_CLOSE;
        r->move.direction = rows[i].direction;
        r->move.step = rows[i].step;
        (void)str_copy(r->move.mover, sizeof(r->move.mover), rows[i].mover);
        scene_make(&s);
        of_server(&s, "mover = \"ec2\" launch_template = \"t:3\"");
        s.options.shared_lock = true;
        stored_setting(&s, "instance:a", "i-1");
        scene_start(&s);
        s.c->servers[0].facts.instance.launched.s = NOW + rows[i].launched;
        step(&s, ev);
        assert_row(rows[i].what, move_of(&s) != NULL);
        assert_row(rows[i].what,
                   str_eq(s.c->servers[0].facts.instance.id, rows[i].kept ? "i-1" : ""));
        scene_end(&s);
    }
}

/* Its instance was taken back, and that was seen. */
static void lose(struct scene *s)
{
    scene_make(s);
    s->options.shared_lock = true;
    stored_setting(s, "place:a", "cloud");
    s->vm.power = POWER_OFF;
    s->managed.state = MANAGED_IN_CLOUD;
    s->managed.has_instance = true;
    s->managed.instance = instance_of("i-1", INSTANCE_RUNNING);
    scene_start(s);
    look(s);
    s->managed.instance = instance_of("i-1", INSTANCE_TERMINATED);
    look(s);
    assert_true(s->c->servers[0].facts.lost && s->c->servers[0].owed_home);
}

/* It stood still from the loss of an instance until another controller had brought the
 * server home and out again: that is no other loss, and no other way home. */
static void test_out_again_unseen(void **state)
{
    static const struct {
        const char *what, *id;
        enum managed_state managed;
        enum instance_state is;
        bool lost;
    } rows[] = {
        {"out there again", "i-2", MANAGED_IN_CLOUD, INSTANCE_RUNNING, false},
        {"on its way out again", "i-2", MANAGED_TO_CLOUD, INSTANCE_PENDING, false},
        {"lost again", "i-2", MANAGED_IN_CLOUD, INSTANCE_TERMINATED, true},
        {"still lost", "i-1", MANAGED_IN_CLOUD, INSTANCE_TERMINATED, true},
        {"an old reading", "i-1", MANAGED_IN_CLOUD, INSTANCE_RUNNING, true},
        {"coming home", "i-1", MANAGED_RETURNING, INSTANCE_TERMINATED, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = left_by_another("a");
        struct scene s;

        lose(&s);
        s.now.s += 1800;
        s.managed.state = rows[i].managed;
        s.managed.instance = instance_of(rows[i].id, rows[i].is);
        look(&s);
        ev.as.acted.last.at.s = s.now.s - 60; /* and nothing is owed */
        step(&s, ev);
        look(&s);
        assert_row(rows[i].what, s.c->servers[0].facts.lost == rows[i].lost);
        assert_row(rows[i].what, rows[i].lost || (!s.c->servers[0].owed_home &&
                                                  times_said(&s, "reclaimed") == 1));
        scene_end(&s);
    }
}

/* ... and of a way out that is gone on with nobody may know the instance yet. */
static void test_gone_out_again(void **state)
{
    enum { OUT_RUN = 2 };
    struct event ev = left_by_another("a"),
                 lease = {.kind = EVENT_LEASE, .as.lease = {true, false, 78, "", ""}};
    struct lock_record *r = &ev.as.acted.last;
    struct scene s;

    (void)state;
    lose(&s);
    s.now.s += 1800;
    s.managed.state = MANAGED_TO_CLOUD;
    s.managed.has_instance = false;
    s.task = task_of("r");
    look(&s);
    r->at.s = r->move.committed_at.s = s.now.s - 60;
    r->has_move = true;
    r->call = CALL_RUN_IN_CLOUD;
    r->move.direction = DIRECTION_OUT;
    r->move.step = OUT_RUN;
    r->move.deadline.s = s.now.s + 1000;
    step(&s, ev);
    step(&s, lease);
    look(&s);
    assert_non_null(move_of(&s));
    assert_false(s.c->servers[0].owed_home);
    assert_int_equal(times_said(&s, "reclaimed"), 1);
    scene_end(&s);
}

/* It looked on as another controller brought the server home and out again, and as that
 * instance was taken back, too: of this loss the other one's record knows nothing. */
static void test_lost_again(void **state)
{
    enum { OUT_AGAIN_S = 600, LOST_AGAIN_S = 1200 };
    struct event ev = left_by_another("a");
    struct scene s;
    struct utc first;

    (void)state;
    lose(&s);
    first = s.c->servers[0].owed_since;
    s.now.s = first.s + OUT_AGAIN_S;
    s.managed.instance = instance_of("i-2", INSTANCE_RUNNING);
    look(&s);
    assert_true(s.c->servers[0].owed_since.s == first.s);
    ev.as.acted.last.at = s.now;
    s.now.s = first.s + LOST_AGAIN_S;
    s.managed.instance = instance_of("i-2", INSTANCE_TERMINATED);
    look(&s);
    assert_int_equal(times_said(&s, "reclaimed"), 2);
    step(&s, ev);
    assert_true(s.c->servers[0].owed_home);
    scene_end(&s);
}

/* AWS says that a person ended its instance: that was the other controller. */
static void test_ended_by_the_other(void **state)
{
    static const struct {
        const char *what;
        bool held; /* as far as it knew while that happened */
        bool taken_over;
        enum place hold;
    } rows[] = {{"it looked on", false, true, PLACE_UNKNOWN},
                {"it stood still", true, true, PLACE_UNKNOWN},
                {"a person did it, as no other acted", true, false, PLACE_ONPREM}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = left_by_another("a"),
                     lease = {.kind = EVENT_LEASE, .as.lease = {true, false, 78, "", ""}};
        struct scene s;

        scene_make(&s);
        s.options.shared_lock = true;
        stored_setting(&s, "place:a", "cloud");
        if (rows[i].taken_over) {
            (void)stored_move(&s, DIRECTION_BACK, 0);
            s.config->policy.n_windows = 0; /* it is wanted at home */
        }
        s.vm.power = POWER_OFF;
        s.managed.state = MANAGED_IN_CLOUD;
        s.managed.has_instance = true;
        s.managed.instance = instance_of("i-1", INSTANCE_RUNNING);
        scene_start(&s);
        look(&s);
        if (rows[i].held)
            step(&s, lease);
        s.managed.instance = instance_of("i-1", INSTANCE_TERMINATED);
        s.managed.instance.state_reason = "Client.UserInitiatedShutdown";
        look(&s);
        s.now.s += 600;
        if (rows[i].taken_over) {
            ev.as.acted.last.at.s = s.now.s - 30;
            step(&s, ev);
            lease.as.lease.epoch++;
            step(&s, lease);
        }
        s.managed = vm_unmanaged("id-a");
        s.vm.power = POWER_ON;
        look(&s);
        look(&s);
        assert_row(rows[i].what, s.c->servers[0].hold.place == rows[i].hold);
        assert_row(rows[i].what, (times_said(&s, "a person took it") != 0) ==
                                     (rows[i].hold != PLACE_UNKNOWN));
        scene_end(&s);
    }
}

/* ----- what people wanted there ----- */

static struct event wanted(const char *server)
{
    struct event ev = {.kind = EVENT_WISH};

    ev.as.wish.wish = wish_default(server);
    (void)str_copy(ev.as.wish.by, sizeof(ev.as.wish.by), "dana@ops1 pid 42");
    return ev;
}

static void as_left(struct scene *s)
{
    scene_make(s);
    s->options.shared_lock = true;
    stored_setting(s, "place:a", "cloud");
    s->holds[0] = (struct stored_hold){
        .server = "a", .hold = {.place = PLACE_CLOUD, .kind = HOLD_PIN, .at = {NOW - 9}}};
    s->stored.n_holds = 1;
    scene_start(s);
}

static void test_wanted_of_a_server(void **state)
{
    static const struct {
        const char *what;
        enum auto_setting setting;
        int64_t snooze;
        enum place held;
        bool over_budget;
        const char *says;
    } rows[] = {
        /* clang-format off */
        {"nothing", AUTO_ON, 0, PLACE_UNKNOWN, false, "auto is on and nothing holds it here, too, as at dana@ops1"},
        {"it stays at home", AUTO_ON, 0, PLACE_ONPREM, false, "auto is on and it is held on-prem here"},
        {"out there, over the budget", AUTO_OFF, 0, PLACE_CLOUD, true, "auto is off and it is held"},
        {"it sleeps", AUTO_ON, NOW + 600, PLACE_UNKNOWN, false, "auto is on, sleeps and nothing holds it"},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = wanted("a");
        struct wish *w = &ev.as.wish.wish, now;
        const struct server_state *a;
        struct scene s;

        w->setting = rows[i].setting;
        w->snooze_until.s = rows[i].snooze;
        if (rows[i].held != PLACE_UNKNOWN)
            w->hold = (struct hold){.place = rows[i].held,
                                    .kind = HOLD_UNTIL,
                                    .until = {NOW + 900},
                                    .at = {NOW - 60},
                                    .by = "dana",
                                    .over_budget = rows[i].over_budget};
        as_left(&s);
        a = &s.c->servers[0];
        step(&s, ev);
        assert_row(rows[i].what, controller_shared_wish(s.c, "a", &now));
        assert_row(rows[i].what, wish_eq(&now, w));
        if (strstr(s.journal, rows[i].says) == NULL)
            fail_msg("row \"%s\": %s", rows[i].what, s.journal);
        assert_row(rows[i].what,
                   (a->hold_ended.s == NOW) == (rows[i].held == PLACE_UNKNOWN));
        assert_row(rows[i].what,
                   (a->over_budget_at.s == NOW - 60) == rows[i].over_budget);
        assert_string_equal(setting_of(&s, "auto:a"),
                            rows[i].setting == AUTO_ON ? "on" : "off");
        s.journal[0] = '\0';
        step(&s, ev); /* told again: it is known */
        assert_string_equal(s.journal, "");
        scene_end(&s);
    }
}

/* Its own auto begins with that, as far as anybody knows: its builds have their hour. */
static void test_auto_begins_here(void **state)
{
    static const struct {
        const char *what, *was;
        enum auto_setting setting;
        bool begins;
    } rows[] = {{"it was off", "off", AUTO_ON, true},
                {"it was on", "on", AUTO_ON, false},
                {"it stays off", "off", AUTO_OFF, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = wanted("a");
        struct scene s;

        scene_make(&s);
        s.options.shared_lock = true;
        stored_setting(&s, "auto:a", rows[i].was);
        scene_start(&s);
        ev.as.wish.wish.setting = rows[i].setting;
        step(&s, ev);
        assert_row(rows[i].what,
                   (s.c->servers[0].auto_since.s == s.now.s) == rows[i].begins);
        assert_row(rows[i].what, s.c->servers[0].auto_on == (rows[i].setting == AUTO_ON));
        scene_end(&s);
    }
}

/* Its state directory has a name from the first step on, when others share the lock. */
static void test_state_id(void **state)
{
    static const struct {
        const char *what, *stored;
        bool shared;
    } rows[] = {{"a new one", "", true},
                {"an old one", "00c0ffee00c0ffee", true},
                {"of nobody else's concern", "", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        char id[NAME_TEXT];

        scene_make(&s);
        s.options.shared_lock = rows[i].shared;
        if (rows[i].stored[0] != '\0')
            stored_setting(&s, "state_id", rows[i].stored);
        scene_start(&s);
        (void)str_copy(id, sizeof(id), controller_state_id(s.c));
        assert_row(rows[i].what, (id[0] != '\0') == rows[i].shared);
        assert_row(rows[i].what, rows[i].stored[0] == '\0' || str_eq(id, rows[i].stored));
        look(&s);
        assert_row(rows[i].what, str_eq(setting_of(&s, "state_id"), id));
        scene_start(&s);
        assert_row(rows[i].what, str_eq(controller_state_id(s.c), id));
        scene_end(&s);
    }
}

static void test_wanted_of_all(void **state)
{
    static const struct {
        const char *what;
        bool lost; /* our own state was */
        int64_t snooze;
        const char *says;
    } rows[] = {{"off", false, 0, "auto is off here, too, as at dana@ops1"},
                {"off, and asleep", false, NOW + 600, "auto is off and sleeps here"},
                {"a person must look first", true, 0, ""}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = wanted(""), elsewhere = wanted("b");
        struct wish *w = &ev.as.wish.wish, now;
        struct scene s;

        w->setting = AUTO_OFF;
        w->snooze_until.s = rows[i].snooze;
        w->auto_since.s = NOW - 60;
        (void)str_copy(w->auto_by, sizeof(w->auto_by), "dana");
        scene_make(&s);
        s.stored.lost = rows[i].lost;
        scene_start(&s);
        s.journal[0] = '\0';
        step(&s, ev);
        assert_row(rows[i].what, controller_shared_wish(s.c, "", &now));
        assert_row(rows[i].what, wish_eq(&now, w) == !rows[i].lost);
        assert_row(rows[i].what, rows[i].lost == (now.setting == AUTO_DRY_RUN));
        if (strstr(s.journal, rows[i].says) == NULL)
            fail_msg("row \"%s\": %s", rows[i].what, s.journal);
        if (!rows[i].lost) {
            assert_string_equal(setting_of(&s, "auto"), "off");
            assert_string_equal(setting_of(&s, "auto_by"), "dana");
        }
        assert_false(controller_shared_wish(s.c, "b", &now));
        step(&s, elsewhere); /* of a server that is not configured here */
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_gone_on_with),
        cmocka_unit_test(test_debt),
        cmocka_unit_test(test_way_home_given_up),
        cmocka_unit_test(test_looked_at),
        cmocka_unit_test(test_instance_before),
        cmocka_unit_test(test_out_again_unseen),
        cmocka_unit_test(test_gone_out_again),
        cmocka_unit_test(test_lost_again),
        cmocka_unit_test(test_ended_by_the_other),
        cmocka_unit_test(test_cut_short_given_up),
        cmocka_unit_test(test_wanted_of_a_server),
        cmocka_unit_test(test_wanted_of_all),
        cmocka_unit_test(test_auto_begins_here),
        cmocka_unit_test(test_state_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
