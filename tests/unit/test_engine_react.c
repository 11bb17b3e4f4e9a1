#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * What changed by itself: interruptions and the market they are of, notices, the way home
 * that is owed, and who has gone to the cloud without an order.
 */

/* a is launched by the program, b by the manager; vSphere knows the VM of a alone. */
static const char two_servers[] =
    "site = { tz = \"UTC\" deployment = \"d\" }\n"
    "policy = { auto = \"on\" window = [\"Sun-Sat 00:00-24:00\"] start_spacing = \"0s\" "
    "dwell_onprem = \"0m\" retry_jitter = 0 max_moves = 1 }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "aws = { region = \"eu-west-1\" }\n"
    "servers = { a = { vm = \"vm-a\" mover = \"ec2\" launch_template = \"t:3\"\n"
    "  onprem_node = \"home-a\" cloud_node = \"cloud-a\" eni = \"eni-a\"\n"
    "  instance_types = [\"c5\"] }\n"
    "  b = { vm = \"vm-b\" mover = \"velostrata\" onprem_node = \"home-b\"\n"
    "  cloud_node = \"cloud-b\" eni = \"eni-b\" instance_types = [\"c5\"] } }\n";

/* ----- interruptions ----- */

/* 2: as many interruptions as servers are a market event. */
static void test_market(void **state)
{
    static const struct {
        const char *what, *before; /* of a: the interruptions before this one */
        int64_t pause, delay;      /* of all re-runs, of a's next */
        const char *told;          /* NULL = nothing */
        int64_t rerun;             /* a's next, from now on */
    } rows[] = {
        {"the first one", "", 1800, 60, NULL, 60},
        {"as many as servers", "1795334000", 1800, 60, "(2 interruptions)", 1800},
        {"it waits longer by itself", "1795334000", 1800, 3600, "(2 interruptions)",
         3600},
        {"nobody wants a pause", "1795334000", 0, 60, NULL, 60},
        {"the first was long ago", "1795320000", 1800, 60, NULL, 60},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_out(&r);
        region_configure(&r, two_servers);
        r.s.config->policy.site_breaker_pause = rows[i].pause;
        r.s.config->policy.rerun_delay[0] = rows[i].delay;
        r.s.config->policy.n_rerun_delay = 1;
        stored_setting(&r.s, "auto", "off");
        stored_setting(&r.s, "losses:a", rows[i].before);
        scene_start(&r.s);
        see(&r, STEP_S);
        r.instances[0].state = INSTANCE_TERMINATED;
        see(&r, STEP_S);
        assert_row(rows[i].what, strstr(r.s.journal, "AWS reclaimed the instance"));
        assert_row(rows[i].what, (strstr(r.s.journal, "the spot market takes back") !=
                                  NULL) == (rows[i].told != NULL));
        assert_row(rows[i].what,
                   rows[i].told == NULL || strstr(r.s.journal, rows[i].told) != NULL);
        assert_row(rows[i].what,
                   r.s.c->servers[0].rerun_at.s == r.s.now.s + rows[i].rerun);
        assert_row(rows[i].what, r.s.c->servers[1].rerun_at.s == 0); /* it lost none */
        scene_end(&r.s);
    }
}

/* The time comes first; AWS's own word when it says more than that it runs. */
static void test_notice(void **state)
{
    static const struct {
        const char *what, *status;
        int64_t since;
        const char *says;
    } rows[] = {
        {"its status is known", "marked-for-termination", 0,
         "notice, 1m55s left: AWS reclaims i-1 (marked-for-termination)\n"},
        {"its status says nothing yet", "fulfilled", 0,
         "notice, 1m55s left: AWS reclaims i-1\n"},
        {"no status", "", 0, "notice, 1m55s left: AWS reclaims i-1\n"},
        {"its time is over", "", 600, "notice, 0s left: AWS reclaims i-1\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_out(&r);
        stored_setting(&r.s, "auto", "off");
        r.spots[0] = spot_request(SPOT_NOTICE);
        r.spots[0].status = rows[i].status;
        r.spots[0].updated.s = NOW - rows[i].since;
        r.n_spots = 1;
        scene_start(&r.s);
        see(&r, STEP_S);
        see(&r, STEP_S);
        if (strstr(r.s.journal, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].what, r.s.journal);
        assert_int_equal(times_said(&r.s, "spot interruption notice"), 1);
        scene_end(&r.s);
    }
}

/* Before its node is open: a loss like any other, told once. */
static void test_notice_before_its_use(void **state)
{
    enum { GAP_NODE = 4 };
    struct region r;
    struct move *m;

    (void)state;
    region_out(&r);
    m = stored_move(&r.s, DIRECTION_OUT, GAP_NODE);
    (void)str_copy(m->mover, sizeof(m->mover), "ec2");
    m->committed = true;
    r.s.nodes[CLOUD].marked = true;
    r.s.nodes[CLOUD].cause = "rushhour/1 closed";
    r.s.nodes[CLOUD].connected = false;
    r.spots[0] = spot_request(SPOT_NOTICE);
    r.spots[0].updated.s = NOW;
    r.n_spots = 1;
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_int_equal(times_said(&r.s, "AWS takes the instance back before it was in use"),
                     1);
    assert_non_null(strstr(r.s.journal, "failed: the instance was taken back"));
    assert_int_equal(r.s.c->servers[0].n_losses, 1);
    see(&r, STEP_S);
    assert_int_equal(r.s.c->servers[0].n_losses, 1);
    scene_end(&r.s);
}

/* ----- the way home that is owed ----- */

static void test_owed(void **state)
{
    static const struct {
        const char *what;
        enum managed_state managed;
        enum power power;
        bool task, begins, paid;
    } rows[] = {
        {"at home and running", MANAGED_UNMANAGED, POWER_ON, false, false, true},
        {"off at home", MANAGED_UNMANAGED, POWER_OFF, false, true, false},
        {"a task has it at home", MANAGED_UNMANAGED, POWER_ON, true, true, false},
        {"on its way out, whoever sent it", MANAGED_TO_CLOUD, POWER_OFF, true, false,
         false},
        {"the manager says a word that nobody knows", MANAGED_UNKNOWN, POWER_OFF, false,
         false, false},
        {"out there", MANAGED_IN_CLOUD, POWER_OFF, false, true, false},
        {"on its way home", MANAGED_RETURNING, POWER_OFF, true, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "owed:a", "1795334000");
        s.managed.state = rows[i].managed;
        s.vm.power = rows[i].power;
        s.task = rows[i].task ? task_of("system") : (struct seen_task){0};
        scene_start(&s);
        look(&s);
        look(&s);
        assert_row(rows[i].what, (move_of(&s) != NULL) == rows[i].begins);
        assert_row(rows[i].what, !rows[i].begins || move_of(&s)->interrupted);
        /* A way home that has begun has not paid it yet. */
        assert_row(rows[i].what, (setting_of(&s, "owed:a")[0] == '\0') == rows[i].paid);
        scene_end(&s);
    }
}

/* 5.2: out again without coming home, if that is soon; what holds it up longer, as the
 * move of another server, lets it come home. */
static void test_not_out_soon(void **state)
{
    struct region r;
    struct move *m;

    (void)state;
    region_out(&r);
    region_configure(&r, two_servers);
    m = stored_move(&r.s, DIRECTION_OUT, 2);
    (void)str_copy(m->server, sizeof(m->server), "b");
    m->committed = true;
    m->committed_at.s = NOW - 30;
    m->deadline.s = NOW + 3600;
    scene_start(&r.s);
    observe(&r.s, SOURCE_VELOSTRATA);
    see(&r, STEP_S);
    r.instances[0].state = INSTANCE_TERMINATED;
    see(&r, STEP_S);
    assert_true(server(&r)->owed_home);
    assert_int_equal(controller_server(r.s.c, 0).decision->gate, GATE_SLOTS);
    for (int64_t waited = 0; waited <= 300; waited += 60) {
        assert_null(move_of(&r.s));
        observe(&r.s, SOURCE_VELOSTRATA);
        see(&r, 60);
    }
    see(&r, 30);
    assert_non_null(move_of(&r.s));
    assert_int_equal(move_of(&r.s)->direction, DIRECTION_BACK);
    assert_true(move_of(&r.s)->interrupted);
    assert_non_null(strstr(r.s.journal, "comes home after the spot interruption"));
    scene_end(&r.s);
}

/* Out again without coming home, and called off by the first look of the next start,
 * which knows of no power yet: it was never home, and nobody but us switched it off. */
static void test_out_anew_canceled(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    region_configure(&r, two_servers);
    r.s.config->policy.rerun_delay[0] = 0;
    r.s.config->policy.n_rerun_delay = 1;
    scene_start(&r.s);
    see(&r, STEP_S);
    r.instances[0].state = INSTANCE_TERMINATED;
    see(&r, STEP_S);
    see(&r, STEP_S);
    assert_non_null(move_of(&r.s));
    assert_int_equal(move_of(&r.s)->direction, DIRECTION_OUT);
    assert_false(move_of(&r.s)->committed);
    r.s.moves[r.s.stored.n_moves++] = *move_of(&r.s);
    stored_setting(&r.s, "auto", "off");
    scene_start(&r.s);
    step(&r.s, (struct event){.kind = EVENT_TICK});
    assert_null(move_of(&r.s));
    assert_non_null(strstr(r.s.journal, "move to cloud canceled"));
    see(&r, STEP_S);
    assert_string_equal(server(&r)->facts.blocked, ""); /* by no person */
    assert_non_null(move_of(&r.s));
    assert_int_equal(move_of(&r.s)->direction, DIRECTION_BACK);
    scene_end(&r.s);
}

/* ----- changed by others ----- */

/* A person sent it out: what follows of that is for who may act. */
static void test_sent_out(void **state)
{
    static const struct {
        const char *what, *setting, *user;
        enum place held;
    } rows[] = {
        {"by a person", "off", "dana", PLACE_CLOUD},
        {"by a person, in dry-run", "dry-run", "dana", PLACE_UNKNOWN},
        {"by the manager", "off", "system", PLACE_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", rows[i].setting);
        stored_setting(&s, "place:a", "onprem");
        s.managed.state = MANAGED_TO_CLOUD;
        s.vm.power = POWER_OFF;
        s.task = task_of(rows[i].user);
        scene_start(&s);
        look(&s);
        s.managed.state = MANAGED_IN_CLOUD;
        s.task.state = TASK_SUCCEEDED;
        look(&s);
        look(&s);
        assert_row(rows[i].what, times_said(&s, "went to the cloud without") == 1);
        assert_row(rows[i].what, controller_server(s.c, 0).hold->place == rows[i].held);
        assert_row(rows[i].what, str_eq(setting_of(&s, "place:a"), "cloud"));
        scene_end(&s);
    }
}

/* … and home again, while its way back drains: no loss of an instance. */
static void test_brought_home(void **state)
{
    static const struct {
        const char *what, *user;
        bool lost;
    } rows[] = {{"by a person", "dana", false},
                {"by the manager itself", "system", true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct move *m;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "place:a", "cloud");
        m = stored_move(&s, DIRECTION_BACK, 0);
        m->manual = true;
        s.nodes[CLOUD].idle = false;
        s.managed.state = MANAGED_IN_CLOUD;
        s.vm.power = POWER_OFF;
        scene_start(&s);
        look(&s);
        s.managed.state = MANAGED_RETURNING;
        s.task = task_of(rows[i].user);
        s.c->servers[0].taken_back = rows[i].lost; /* as EC2 says of its instance */
        look(&s);
        assert_row(rows[i].what, move_of(&s) != NULL);
        assert_row(rows[i].what, move_of(&s)->interrupted == rows[i].lost);
        assert_row(rows[i].what,
                   (strstr(s.journal, "while it was leaving") != NULL) == rows[i].lost);
        assert_row(rows[i].what, (setting_of(&s, "losses:a")[0] != '\0') == rows[i].lost);
        scene_end(&s);
    }
}

/* Who is launched by the program does not keep the extension from being idle. */
static void test_extension_idle(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    region_configure(&r, two_servers);
    stored_setting(&r.s, "auto", "off");
    r.s.vm.name = "vm-b"; /* at home, and that of a is not known */
    r.s.vm.power = POWER_ON;
    r.s.managed.state = MANAGED_UNMANAGED;
    scene_start(&r.s);
    for (int i = 0; i < 3; i++) {
        see(&r, STEP_S);
        observe(&r.s, SOURCE_VELOSTRATA);
    }
    assert_string_equal(server(&r)->facts.instance.id, "i-1");
    assert_int_equal(r.s.c->servers[1].facts.place, PLACE_ONPREM);
    assert_true(r.s.c->extension.idle_since.s != 0);
    assert_true(setting_of(&r.s, "extension_idle")[0] != '\0');
    scene_end(&r.s);
}

/* ----- a clock that is set ----- */

/* 6.6: what an open move has measured is a duration: with overlap both sides are up for
 * as long as they may be, no longer and no shorter. */
static void test_move_follows_clock(void **state)
{
    enum { BESIDE_DRAIN = 3, BOTH_S = 600 };
    static const struct {
        const char *what;
        int64_t set_by;
    } rows[] = {
        {"at its pace", 0},
        {"set back by a week", -7 * 86400},
        {"set ahead by an hour", 3600},
        {"set ahead by a year", 365 * 86400},
    };
    const struct seen_build build = {
        .name = "b #1", .path = "/job/b/1/", .number = 1, .estimate_s = -1};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t was = NOW - rows[i].set_by; /* NOW, by the clock that it had */
        struct region r;
        struct move *m;

        region_out(&r);
        r.s.vm.power = POWER_ON;
        r.s.nodes[HOME].idle = false;
        r.s.nodes[HOME].busy = 1;
        r.s.nodes[HOME].builds = &build;
        r.s.nodes[HOME].n_builds = 1;
        m = stored_move(&r.s, DIRECTION_OUT, BESIDE_DRAIN);
        (void)str_copy(m->mover, sizeof(m->mover), "ec2-overlap");
        m->committed = true;
        m->started.s = was - BOTH_S - 60;
        m->step_done[0].s = m->committed_at.s = was - BOTH_S;
        m->step_since.s = m->marked_seen.s = was - 60;
        m->deadline.s = was + BOTH_S;
        scene_start(&r.s);
        r.s.c->clock_utc.s = was; /* it was set just before the first look */
        see(&r, STEP_S);
        see(&r, 300); /* 905 s of 20m, and home takes its time to go down */
        assert_row(rows[i].what, !called(&r, CALL_BUILD_STOP, "/job/b/1/"));
        assert_row(rows[i].what, move_of(&r.s) != NULL);
        assert_row(rows[i].what, move_of(&r.s)->committed_at.s == NOW - BOTH_S);
        assert_row(rows[i].what, move_of(&r.s)->step_done[0].s == NOW - BOTH_S);
        see(&r, 60);
        assert_row(rows[i].what, called(&r, CALL_BUILD_STOP, "/job/b/1/"));
        scene_end(&r.s);
    }
}

/* 6.6: so is what was seen, asked or owed so long ago, and it is kept so. What a person
 * named stays. */
static void test_durations_follow_clock(void **state)
{
    static const int64_t set_by[] = {0, -7 * 86400, 3600, 365 * 86400};
    enum { AGO_S = 100 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(set_by); i++) {
        const struct utc was = {NOW - AGO_S};
        char what[32];
        struct server_state *s;
        struct controller *c;
        struct region r;

        (void)str_format(what, sizeof(what), "set by %lld", (long long)set_by[i]);
        region_out(&r);
        region_configure(&r, two_servers);
        stored_setting(&r.s, "auto", "off");
        scene_start(&r.s);
        c = r.s.c;
        s = &c->servers[1];
        s->absent_since = s->leaving.absent_since = s->leaving.asked =
            s->keep_interface.asked = s->in_cloud_seen = s->facts.away_seen =
                s->ready_since = s->round_since = s->pressed_since = s->owed_since =
                    s->facts.opened = s->facts.switched_on = s->facts.told_off =
                        s->facts.apart = was;
        s->owed_home = true;
        s->snooze_until.s = NOW + 400 * 86400;
        c->extension.last.at = c->extension.last_call_at = c->extension.idle_since =
            c->extension.empty_since = was;
        c->requests_asked = c->last_start = c->offers_changed = was;
        c->unclaimed[0] = (struct unclaimed){.id = "i-9", .marked = was, .called = was};
        c->pools[0] = (struct pool){.lost_at = was, .record.refused_at = was};
        c->n_pools = 1;
        c->unresolved[0].as_of = was;
        c->n_unresolved = 1;
        c->fx = &r.s.fx;
        c->now.s = NOW + set_by[i];
        waits_follow_clock(c, (struct utc){NOW}, set_by[i]);
        {
            const int64_t times[] = {s->absent_since.s,
                                     s->leaving.absent_since.s,
                                     s->leaving.asked.s,
                                     s->keep_interface.asked.s,
                                     s->in_cloud_seen.s,
                                     s->facts.away_seen.s,
                                     s->ready_since.s,
                                     s->round_since.s,
                                     s->pressed_since.s,
                                     s->owed_since.s,
                                     s->facts.opened.s,
                                     s->facts.told_off.s,
                                     s->facts.apart.s,
                                     s->facts.switched_on.s,
                                     c->extension.last.at.s,
                                     c->extension.last_call_at.s,
                                     c->extension.idle_since.s,
                                     c->extension.empty_since.s,
                                     c->requests_asked.s,
                                     c->last_start.s,
                                     c->offers_changed.s,
                                     c->unclaimed[0].marked.s,
                                     c->unclaimed[0].called.s,
                                     c->pools[0].lost_at.s,
                                     c->pools[0].record.refused_at.s,
                                     c->unresolved[0].as_of.s};

            for (size_t k = 0; k < ARRAY_LEN(times); k++)
                assert_row(what, times[k] == NOW + set_by[i] - AGO_S);
        }
        assert_row(what, s->snooze_until.s == NOW + 400 * 86400);
        scene_end(&r.s);
    }
}

/* An instance that listings do not show is believed for a quarter of an hour, whatever
 * the clock is set to meanwhile. */
static void test_absence_follows_clock(void **state)
{
    static const int64_t set_by[] = {0, -7 * 86400, 3600, 365 * 86400};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(set_by); i++) {
        struct region r;
        char what[32];

        (void)str_format(what, sizeof(what), "set by %lld", (long long)set_by[i]);
        region_out(&r);
        stored_setting(&r.s, "auto", "off");
        scene_start(&r.s);
        see(&r, STEP_S);
        r.n_instances = 0;
        see(&r, STEP_S);
        assert_row(what, server(&r)->absent_since.s != 0);
        r.s.now.s += set_by[i];
        r.s.c->clock_mono.ms += set_by[i] * 1000; /* no time has passed */
        step(&r.s, (struct event){.kind = EVENT_TICK});
        assert_row(what, !server(&r)->facts.instance.terminated);
        see(&r, STEP_S);
        see(&r, 840);
        assert_row(what, !server(&r)->facts.instance.terminated);
        see(&r, 60);
        assert_row(what, server(&r)->facts.instance.terminated);
        scene_end(&r.s);
    }
}

/* ----- a node that nobody closed ----- */

/* Told once, when it has lasted; what a person closed, or what is off, is as he wants it.
 */
static void test_down(void **state)
{
    static const struct {
        const char *what;
        bool marked;
        enum power power;
        int64_t lasts_s;
        bool told;
    } rows[] = {
        {"an agent comes again", false, POWER_ON, 840, false},
        {"it hangs", false, POWER_ON, 960, true},
        {"a person closed it", true, POWER_ON, 960, false},
        {"it is off", false, POWER_OFF, 960, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "place:a", "onprem");
        s.nodes[HOME].cause = rows[i].marked ? "dana looks at it" : "Ping timed out";
        s.nodes[HOME].marked = rows[i].marked;
        s.vm.power = rows[i].power;
        scene_start(&s);
        look(&s);
        for (int64_t t = 0; t < rows[i].lasts_s; t += STEP_S)
            look(&s);
        assert_row(rows[i].what,
                   times_said(&s, "its node home-a takes no builds for 15m, and nobody "
                                  "closed it: Ping timed out") == rows[i].told);
        s.nodes[HOME].offline = s.nodes[HOME].marked = false;
        look(&s);
        look(&s);
        assert_row(rows[i].what,
                   times_said(&s, "its node home-a is back after") == rows[i].told);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market),
        cmocka_unit_test(test_notice),
        cmocka_unit_test(test_notice_before_its_use),
        cmocka_unit_test(test_owed),
        cmocka_unit_test(test_not_out_soon),
        cmocka_unit_test(test_out_anew_canceled),
        cmocka_unit_test(test_sent_out),
        cmocka_unit_test(test_brought_home),
        cmocka_unit_test(test_extension_idle),
        cmocka_unit_test(test_move_follows_clock),
        cmocka_unit_test(test_durations_follow_clock),
        cmocka_unit_test(test_absence_follows_clock),
        cmocka_unit_test(test_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
