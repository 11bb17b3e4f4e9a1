#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * What becomes of a move at its ends: who is named, what is learned of it, what waits for
 * the next try, and who is brought home. With the manager, and with instances that the
 * program launches itself.
 */

/* Places in the tables of the movers. */
enum { OUT_RUN = 2, OUT_NODE = 4, BACK_NODE = 3 };
enum { BESIDE_LAUNCH = 0, BESIDE_BOOT = 1, BESIDE_SHUTDOWN = 4, BESIDE_SWITCH_BACK = 1 };
enum { GAP_LAUNCH = 2 };

/* Of the last step. */
static const struct journal_entry *entry(const struct scene *s, const char *action)
{
    for (size_t i = 0; i < s->fx.n_records; i++) {
        const struct record *r = &s->fx.records[i];

        if (r->kind == RECORD_JOURNAL && str_eq(r->as.journal.action, action))
            return &r->as.journal;
    }
    return NULL;
}

static void open_node(struct seen_node *n)
{
    n->marked = n->offline = false;
    n->connected = true;
    n->cause = "";
}

static struct move *committed(struct move *m, int64_t since_s)
{
    m->committed = true;
    m->committed_at.s = NOW - since_s;
    m->started.s = NOW - since_s - 60;
    return m;
}

/* ----- with the manager ----- */

/* By whom a move is, as its end in the journal says. */
static void test_actor(void **state)
{
    static const struct {
        const char *what, *by;
        bool manual, interrupted;
        const char *actor;
    } rows[] = {
        {"by policy", "policy", false, false, "policy"},
        {"by an order", "dana", true, false, "operator:dana"},
        {"after an interruption", "policy", false, true, "spot"},
        {"ordered, and cut short by AWS", "dana", true, true, "spot"},
        {"after a person's change", "dana", false, true, "rushhour"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct journal_entry *j;
        struct scene s;
        struct move *m;

        scene_make(&s);
        m = committed(stored_move(&s, DIRECTION_BACK, BACK_NODE), 60);
        (void)str_copy(m->by, sizeof(m->by), rows[i].by);
        m->manual = rows[i].manual;
        m->interrupted = rows[i].interrupted;
        open_node(&s.nodes[HOME]);
        scene_start(&s);
        s.now.s += STEP_S;
        observe(&s, SOURCE_VSPHERE);
        observe(&s, SOURCE_VELOSTRATA);
        observe(&s, SOURCE_JENKINS);
        j = entry(&s, "move-end");
        assert_row(rows[i].what, j != NULL && str_eq(j->actor, rows[i].actor));
        scene_end(&s);
    }
}

/* What was lost comes home first, whatever a person has ordered; that is done next. */
static void test_lost_under_an_order(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    stored_setting(&s, "place:a", "cloud");
    stored_setting(&s, "order:a", "cloud 0 dana");
    s.managed.state = MANAGED_RETURNING;
    s.vm.power = POWER_OFF;
    scene_start(&s);
    look(&s);
    look(&s);
    assert_non_null(move_of(&s));
    assert_int_equal(move_of(&s)->direction, DIRECTION_BACK);
    assert_true(move_of(&s)->interrupted);
    assert_false(move_of(&s)->manual);
    assert_string_equal(move_of(&s)->by, "policy");
    assert_string_equal(setting_of(&s, "order:a"), "cloud 0 dana");
    scene_end(&s);
}

/* Rounds in which all offerings were refused are counted up to a bound. */
static void test_most_rounds(void **state)
{
    static const struct {
        const char *what, *stored;
        int32_t rounds;
    } rows[] = {
        {"the first", "0 0 0 0", 1},
        {"one below the bound", "0 0 999 0", 1000},
        {"at the bound", "0 0 1000 0", 1000},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        (void)stored_move(&s, DIRECTION_OUT, OUT_RUN);
        stored_setting(&s, "retry:a", rows[i].stored);
        scene_start(&s);
        look(&s);
        answer(&s, OUTCOME_FAILED, ERR_CAPACITY);
        assert_row(rows[i].what, s.c->servers[0].rounds == rows[i].rounds);
        assert_row(rows[i].what, s.c->servers[0].failures == 0);
        assert_row(rows[i].what, s.c->servers[0].retry_at.s ==
                                     s.now.s + (i == 0 ? s.config->policy.retry_min
                                                       : s.config->policy.retry_max));
        scene_end(&s);
    }
}

/* 3.4: learned is what was measured whole. */
static void test_learned(void **state)
{
    static const struct {
        const char *what;
        int64_t drained, committed, run; /* so long ago, 0 = not known */
        const char *moves, *joins;
    } rows[] = {
        {"all of it", 900, 800, 300, "500", "305"},
        {"another controller drained it", 0, 800, 300, "", ""},
        {"its commit point is not known", 900, 0, 300, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct move *m;

        scene_make(&s);
        m = committed(stored_move(&s, DIRECTION_OUT, OUT_NODE), rows[i].committed);
        m->committed_at.s = rows[i].committed != 0 ? NOW - rows[i].committed : 0;
        m->step_done[0].s = rows[i].drained != 0 ? NOW - rows[i].drained : 0;
        m->step_done[OUT_NODE - 1].s = NOW - rows[i].run;
        s.managed.state = MANAGED_IN_CLOUD;
        s.vm.power = POWER_OFF;
        open_node(&s.nodes[CLOUD]);
        scene_start(&s);
        look(&s);
        assert_row(rows[i].what, strstr(s.journal, "is in the cloud after") != NULL);
        assert_row(rows[i].what, str_eq(setting_of(&s, "lead_moves"), rows[i].moves));
        assert_row(rows[i].what, str_eq(setting_of(&s, "lead_joins"), rows[i].joins));
        scene_end(&s);
    }
}

/* There, but its node is closed by a person: said with its arrival. */
static void test_arrived_at_a_closed_node(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    (void)committed(stored_move(&s, DIRECTION_OUT, OUT_NODE), 60);
    s.managed.state = MANAGED_IN_CLOUD;
    s.vm.power = POWER_OFF;
    s.nodes[CLOUD].cause = "dana: disk full";
    s.nodes[CLOUD].connected = true;
    scene_start(&s);
    look(&s);
    assert_null(move_of(&s));
    assert_non_null(
        strstr(s.journal, "; node cloud-a was closed by a person and stays so"));
    scene_end(&s);
}

/* A way out that arrives settles what an earlier try had left behind. */
static void test_debt_is_settled_by_arrival(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    (void)committed(stored_move(&s, DIRECTION_OUT, OUT_NODE), 60);
    stored_setting(&s, "retry:a", "2 0 0 0");
    stored_setting(&s, "owed:a", "1795334000");
    s.managed.state = MANAGED_IN_CLOUD;
    s.vm.power = POWER_OFF;
    open_node(&s.nodes[CLOUD]);
    scene_start(&s);
    assert_true(s.c->servers[0].owed_failed);
    look(&s);
    assert_null(move_of(&s));
    assert_int_equal(controller_server(s.c, 0).failures, 0);
    assert_false(s.c->servers[0].owed_failed);
    assert_string_equal(setting_of(&s, "owed:a"), "");
    scene_end(&s);
}

/* Who looks on, with a way out of its own from before: a loss that it sees is owed since
 * it saw it, not since that way out. */
static void test_loss_seen_by_who_looks_on(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    s.options.shared_lock = true;
    (void)committed(stored_move(&s, DIRECTION_OUT, OUT_NODE), 60);
    s.managed.state = MANAGED_IN_CLOUD;
    s.vm.power = POWER_OFF;
    scene_start(&s);
    look(&s);
    assert_non_null(move_of(&s));
    s.managed.state = MANAGED_RETURNING;
    look(&s);
    assert_null(move_of(&s));
    assert_true(s.c->servers[0].owed_home);
    assert_false(s.c->servers[0].owed_failed);
    scene_end(&s);
}

/* An order is done with when its move is done or has failed, not when only a person can
 * end what it left. */
static void test_order_ends(void **state)
{
    static const struct {
        const char *what, *order;
        enum managed_state managed;
        int32_t step;
        int64_t deadline; /* from now on */
        const char *left;
    } rows[] = {
        {"it arrives", "cloud 0 dana", MANAGED_IN_CLOUD, OUT_NODE, 600, ""},
        {"it fails", "cloud 0 dana", MANAGED_UNMANAGED, OUT_RUN, -1, ""},
        {"it is stuck half way", "cloud 0 dana", MANAGED_TO_CLOUD, OUT_RUN, -1,
         "cloud 0 dana"},
        {"it fails, and home is ordered next", "onprem 0 dana", MANAGED_TO_CLOUD, OUT_RUN,
         -1, "onprem 0 dana"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct move *m;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "order:a", rows[i].order);
        m = committed(stored_move(&s, DIRECTION_OUT, rows[i].step), 600);
        m->manual = true;
        m->deadline.s = NOW + rows[i].deadline;
        s.managed.state = rows[i].managed;
        s.vm.power = rows[i].managed == MANAGED_UNMANAGED ? POWER_ON : POWER_OFF;
        open_node(&s.nodes[CLOUD]);
        scene_start(&s);
        s.now.s += STEP_S;
        observe(&s, SOURCE_JENKINS);
        observe(&s, SOURCE_VSPHERE);
        observe(&s, SOURCE_VELOSTRATA);
        assert_row(rows[i].what, strstr(s.journal, "move-end") != NULL);
        assert_row(rows[i].what, str_eq(setting_of(&s, "order:a"), rows[i].left));
        scene_end(&s);
    }
}

/* ----- what is kept for the next start ----- */

/* The ladder of tries is kept while any step of it counts. */
static void test_ladder_kept(void **state)
{
    static const char *const kept[] = {"1 0 0 0", "0 1795334900 0 0", "0 0 3 0",
                                       "0 0 0 1795334000", ""};
    static const char *const after[] = {"1 0 0 0", "0 1795334780 0 0", "0 0 3 0",
                                        "0 0 0 1795333880", ""};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "retry:a", kept[i]);
        scene_start(&s);
        s.now.s += 60;
        s.c->clock_utc.s += 120; /* the clock was set back by so much */
        step(&s, (struct event){.kind = EVENT_TICK});
        assert_string_equal(setting_of(&s, "retry:a"), after[i]);
        scene_end(&s);
    }
}

/* What was learned is read back; what no move can have taken was written by a person, or
 * measured over a clock that was set. */
static void test_learned_before(void **state)
{
    static const struct {
        const char *what, *value;
        size_t n;
        const char *then; /* with the 500 s of this way out */
    } rows[] = {
        {"nothing", "", 0, "500"},
        {"as it was written", "300,400", 2, "300,400,500"},
        {"times that are none", "300,9223372036854775807,86401,400", 2, "300,400,500"},
        {"the longest", "86400", 1, "86400,500"},
        {"no numbers", "soon,300", 0, "500"},
        {"all that is kept", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21",
         LEAD_KEPT, "2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,500"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct move *m;

        scene_make(&s);
        stored_setting(&s, "lead_moves", rows[i].value);
        m = committed(stored_move(&s, DIRECTION_OUT, OUT_NODE), 800);
        m->step_done[0].s = NOW - 900;
        m->step_done[OUT_NODE - 1].s = NOW - 300;
        s.managed.state = MANAGED_IN_CLOUD;
        s.vm.power = POWER_OFF;
        open_node(&s.nodes[CLOUD]);
        scene_start(&s);
        assert_row(rows[i].what, s.c->lead.moves.n == rows[i].n);
        look(&s);
        if (!str_eq(setting_of(&s, "lead_moves"), rows[i].then))
            fail_msg("%s: %s", rows[i].what, setting_of(&s, "lead_moves"));
        scene_end(&s);
    }
}

/* A full disk stops what costs money and room, and nothing that ends it. */
static void test_full_disk(void **state)
{
    static const struct {
        enum call_kind kind;
        bool stops;
    } rows[] = {
        {CALL_LAUNCH, true},          {CALL_RUN_IN_CLOUD, true},
        {CALL_START_IN_CLOUD, true},  {CALL_EXTENSION_START, true},
        {CALL_EXTENSION_STOP, false}, {CALL_TERMINATE, false},
        {CALL_RETURN, false},         {CALL_VM_POWER_ON, false},
        {CALL_NODE_OPEN, false},
    };
    struct event store = {.kind = EVENT_STORE};
    struct scene s;

    (void)state;
    scene_make(&s);
    scene_start(&s);
    store.as.store.ok = true;
    for (int full = 0; full < 2; full++) {
        store.as.store.tight = full != 0;
        step(&s, store);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
            assert_row(call_word(rows[i].kind),
                       launch_stops(s.c, rows[i].kind) == (full != 0 && rows[i].stops));
    }
    scene_end(&s);
}

/* ----- launched by the program itself ----- */

static struct move *beside(struct region *r, enum direction d, int32_t at)
{
    struct move *m = stored_move(&r->s, d, at);

    (void)str_copy(m->mover, sizeof(m->mover), "ec2-overlap");
    return m;
}

static void without_overlap(struct region *r)
{
    static const char gap[] =
        "site = { tz = \"UTC\" deployment = \"d\" }\n"
        "policy = { auto = \"on\" window = [\"Sun-Sat 00:00-24:00\"] start_spacing = "
        "\"0s\" dwell_onprem = \"0m\" retry_jitter = 0 }\n"
        "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
        "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
        "aws = { region = \"eu-west-1\" }\n"
        "servers = { a = { vm = \"vm-a\" mover = \"ec2\" launch_template = \"t:3\"\n"
        "  onprem_node = \"home-a\" cloud_node = \"cloud-a\" eni = \"eni-a\"\n"
        "  instance_types = [\"c5\", \"m5\"] } }\n";

    region_configure(r, gap);
}

/* A way home with overlap that fails: the cloud serves on, and nothing is owed. */
static void test_home_does_not_come_up(void **state)
{
    struct region r;

    (void)state;
    region_out(&r);
    stored_setting(&r.s, "auto", "off");
    (void)committed(beside(&r, DIRECTION_BACK, BESIDE_SWITCH_BACK),
                    r.s.config->policy.max_overlap);
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_null(move_of(&r.s));
    assert_non_null(strstr(r.s.journal, "vm-a is off again"));
    assert_int_equal(server(&r)->failures, 1);
    assert_false(server(&r)->owed_home);
    assert_int_equal(server(&r)->facts.place, PLACE_CLOUD);
    assert_false(called(&r, CALL_TERMINATE, "i-1"));
    scene_end(&r.s);
}

/* Of a way out that another controller has begun and opened nothing is learned. */
static void test_learned_beside(void **state)
{
    static const struct {
        const char *what;
        bool switched;
        const char *joins;
    } rows[] = {
        {"all of it", true, "60"},
        {"another controller switched it over", false, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        struct move *m;

        region_out(&r);
        m = committed(beside(&r, DIRECTION_OUT, BESIDE_SHUTDOWN), 600);
        m->step_done[0].s = NOW - 500;
        m->step_done[BESIDE_BOOT].s = NOW - 400;
        m->step_done[BESIDE_BOOT + 1].s = rows[i].switched ? NOW - 340 : 0;
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, strstr(r.s.journal, "is in the cloud after") != NULL);
        assert_row(rows[i].what, str_eq(setting_of(&r.s, "lead_joins"), rows[i].joins));
        scene_end(&r.s);
    }
}

/* Out there and not usable: it is brought home, and the time that counts is that since
 * when both are up, as far as anybody knows. What is dead is not brought home. */
static void test_sent_home(void **state)
{
    static const struct {
        const char *what;
        const char *mover;
        bool restarted; /* its time was over before the first look */
        enum power power;
        enum instance_state instance;
        int32_t step;
        bool home, since_out;
    } rows[] = {
        /* clang-format off */
        {"with gap it did not start", "ec2", false, POWER_OFF, INSTANCE_PENDING, GAP_LAUNCH, true, false},
        {"both are up", "ec2-overlap", false, POWER_ON, INSTANCE_PENDING, BESIDE_LAUNCH, true, true},
        {"both may be up", "ec2-overlap", true, POWER_ON, INSTANCE_PENDING, BESIDE_LAUNCH, true, true},
        {"home was switched off by somebody", "ec2-overlap", false, POWER_OFF, INSTANCE_PENDING, BESIDE_LAUNCH, true, false},
        {"another zone did not take over in time", "ec2-replace", true, POWER_OFF, INSTANCE_PENDING, BESIDE_LAUNCH, true, false},
        {"it was taken back", "ec2-overlap", false, POWER_ON, INSTANCE_SHUTTING_DOWN, BESIDE_SHUTDOWN, false, false},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        const struct move *m;
        struct move *out;

        region_out(&r);
        stored_setting(&r.s, "auto", "off");
        stored_setting(&r.s, "place:a", "onprem");
        if (str_eq(rows[i].mover, "ec2"))
            without_overlap(&r);
        out = committed(beside(&r, DIRECTION_OUT, rows[i].step), 895);
        (void)str_copy(out->mover, sizeof(out->mover), rows[i].mover);
        if (str_eq(rows[i].mover, "ec2-replace")) { /* as replace_begin() makes it */
            out->interrupted = true;
            out->committed_at.s = 0;
        }
        out->deadline.s = NOW + (rows[i].restarted ? 1 : STEP_S + 1);
        r.s.vm.power = rows[i].power;
        r.instances[0].state = rows[i].instance;
        scene_start(&r.s);
        see(&r, STEP_S);
        if (!rows[i].restarted)
            see(&r, STEP_S);
        m = move_of(&r.s);
        assert_row(rows[i].what, strstr(r.s.journal, "move-end: move to") != NULL);
        assert_row(rows[i].what, (m != NULL) == rows[i].home);
        if (m == NULL) {
            scene_end(&r.s);
            continue;
        }
        assert_row(rows[i].what, m->direction == DIRECTION_BACK && m->committed);
        assert_row(rows[i].what, !m->interrupted);
        /* in the same look */
        assert_row(rows[i].what, m->note[0] != '\0' || m->step > 0 || r.s.n_calls > 0);
        assert_row(rows[i].what,
                   m->committed_at.s == (rows[i].since_out ? NOW - 895 : r.s.now.s - 1));
        assert_row(rows[i].what,
                   m->deadline.s == r.s.now.s + r.s.config->policy.timeout_back);
        scene_end(&r.s);
    }
}

/* Its launch commits it, and so long both may be up. */
static void test_time_limit(void **state)
{
    static const struct {
        const char *what;
        int64_t overlap, out, limit;
    } rows[] = {
        {"the overlap ends first", 900, 1200, 840},
        {"the time of a way out ends first", 3600, 1200, 1200},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        region_make(&r);
        r.s.config->policy.max_overlap = rows[i].overlap;
        r.s.config->policy.timeout_out = rows[i].out;
        (void)beside(&r, DIRECTION_OUT, BESIDE_LAUNCH);
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, called(&r, CALL_LAUNCH, "eni-a"));
        assert_row(rows[i].what, move_of(&r.s)->committed);
        assert_row(rows[i].what, move_of(&r.s)->deadline.s == r.s.now.s + rows[i].limit);
        scene_end(&r.s);
    }
}

/* The agent of what is launched would find the node of its zone open, as home's is: it is
 * closed first, wherever the server was before. */
static void test_closed_before_its_launch(void **state)
{
    struct region r;

    (void)state;
    region_make(&r);
    stored_setting(&r.s, "used:a", "eu-west-1b");
    (void)beside(&r, DIRECTION_OUT, BESIDE_LAUNCH);
    r.s.nodes[CLOUD].marked = r.s.nodes[CLOUD].offline = false;
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_true(called(&r, CALL_NODE_CLOSE, "cloud-a"));
    assert_false(called(&r, CALL_LAUNCH, "eni-a"));
    scene_end(&r.s);
}

/* Nobody tells that the time of a move is over: it is looked at then, whatever is polled
 * when. */
static void test_looked_at_in_time(void **state)
{
    enum { SOON_S = 4 };
    static const struct {
        const char *what;
        bool overlaps;
        int64_t deadline, drain, since; /* from the look on; since: of the commit point */
        bool soon;
    } rows[] = {
        {"nothing is over soon", true, 3600, 3600, -60, false},
        {"its time limit", true, SOON_S, 3600, -60, true},
        {"its drain's", true, 3600, SOON_S, -60, true},
        {"both have been up for long", true, 3600, 3600, SOON_S - 840, true},
        {"… and builds had their time to stop", true, 3600, 3600, SOON_S - 840 - 30,
         true},
        {"all that is over", true, -10, -10, -7200, false},
        {"with gap nothing is up in both places", false, 3600, 3600, SOON_S - 840, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        struct move *m;

        region_out(&r);
        stored_setting(&r.s, "auto", "off");
        if (!rows[i].overlaps)
            without_overlap(&r);
        r.s.config->policy.max_overlap = 900;
        r.s.vm.power = POWER_ON; /* else both are not up */
        m = committed(beside(&r, DIRECTION_BACK, 0), 60);
        if (!rows[i].overlaps)
            (void)str_copy(m->mover, sizeof(m->mover), "ec2");
        m->committed_at.s = NOW + STEP_S + rows[i].since;
        m->deadline.s = NOW + STEP_S + rows[i].deadline;
        m->drain_deadline.s = NOW + STEP_S + rows[i].drain;
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, move_of(&r.s) != NULL);
        assert_row(rows[i].what, (r.s.fx.next_due.ms == r.s.c->mono.ms + SOON_S * 1000) ==
                                     rows[i].soon);
        scene_end(&r.s);
    }
}

/* Home is off, and the way out launches next; until then, 0 = it has no time limit. */
static void about_to_launch(struct region *r, int64_t deadline)
{
    struct move *m;

    region_make(r);
    without_overlap(r);
    stored_setting(&r->s, "auto", "off");
    m = committed(stored_move(&r->s, DIRECTION_OUT, GAP_LAUNCH), 60);
    (void)str_copy(m->mover, sizeof(m->mover), "ec2");
    m->deadline.s = deadline;
    r->s.vm.power = POWER_OFF;
}

/* 6.4: what is not to be had is followed by the next offering, as long as there is time;
 * a move of an older version has no bound. */
static void test_next_offering(void **state)
{
    static const struct {
        const char *what;
        int64_t deadline; /* from now on, 0 = none */
        bool next;
    } rows[] = {
        {"in time", 600, true},
        {"its time is over", 8, false},
        {"it has no time", 0, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        size_t calls;

        about_to_launch(&r, rows[i].deadline != 0 ? NOW + rows[i].deadline : 0);
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, called(&r, CALL_LAUNCH, "eni-a"));
        calls = r.s.n_calls;
        r.s.now.s += STEP_S;
        answer(&r.s, OUTCOME_FAILED, ERR_CAPACITY);
        assert_row(rows[i].what, (r.s.n_calls > calls) == rows[i].next);
        assert_row(rows[i].what,
                   !rows[i].next || !str_eq(r.s.calls[calls].run.instance_type,
                                            r.s.calls[calls - 1].run.instance_type));
        assert_row(rows[i].what, rows[i].next || move_of(&r.s) == NULL ||
                                     move_of(&r.s)->direction == DIRECTION_BACK);
        assert_row(rows[i].what,
                   (strstr(r.s.journal, "not to be had") != NULL) == rows[i].next);
        if (i == 0) { /* the last of them is refused, too */
            answer(&r.s, OUTCOME_FAILED, ERR_CAPACITY);
            assert_int_equal(times_said(&r.s, "not to be had"), 1);
            assert_non_null(strstr(r.s.journal, "move-end: move to cloud failed"));
            assert_int_equal(server(&r)->rounds, 1);
        }
        scene_end(&r.s);
    }
}

/* Asked again by its token: whatever is not EC2's own no leaves it as unknown as before.
 */
static void test_asked_again(void **state)
{
    static const struct {
        const char *what;
        enum err_code code;
        bool known;
    } rows[] = {{"the lock was not ours for certain", ERR_LOCKED, false},
                {"no connection", ERR_CONNECT, false},
                {"throttled", ERR_THROTTLED, false},
                {"another password", ERR_AUTH, false},
                {"there is no capacity", ERR_CAPACITY, true},
                {"the interface is in use", ERR_CONFLICT, true},
                {"refused", ERR_REFUSED, true},
                {"no such image", ERR_NOT_FOUND, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        size_t calls;

        about_to_launch(&r, NOW + 3600);
        scene_start(&r.s);
        see(&r, STEP_S);
        assert_row(rows[i].what, called(&r, CALL_LAUNCH, "eni-a"));
        answer(&r.s, OUTCOME_UNKNOWN, ERR_TIMEOUT);
        calls = r.s.n_calls;
        for (int k = 0; k < 20 && r.s.n_calls == calls; k++)
            see(&r, STEP_S);
        assert_row(rows[i].what, r.s.calls[calls].run.again);
        answer(&r.s, OUTCOME_FAILED, rows[i].code);
        assert_row(rows[i].what,
                   (server(&r)->last.outcome == OUTCOME_UNKNOWN) == !rows[i].known);
        for (int k = 0; k < 40 && r.s.n_calls == calls + 1; k++)
            see(&r, STEP_S);
        assert_row(rows[i].what, rows[i].known || r.s.calls[calls + 1].run.again);
        scene_end(&r.s);
    }
}

/* A refusal is kept for the next start, however long its names are. */
static void test_refusal_kept(void **state)
{
    static const struct {
        const char *what, *zone, *key;
    } rows[] = {
        {"it is kept", "eu-west-1a", "refused:c5 eu-west-1a spot"},
        {"its zone has the longest name",
         "eu-west-1-far-away-behind-the-mountains-and-behind-the-dark-sea",
         "refused:c5 eu-west-1-far-away-behind-the-mountains-and-behind-the-dark-sea "
         "spot"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;

        about_to_launch(&r, NOW + 600);
        r.interfaces[r.n_interfaces++] = (struct seen_interface){.id = "eni-a",
                                                                 .zone = rows[i].zone,
                                                                 .ip = "",
                                                                 .instance = "",
                                                                 .available = true};
        r.reads_interfaces = true;
        scene_start(&r.s);
        see(&r, STEP_S);
        see(&r, STEP_S);
        assert_row(rows[i].what, called(&r, CALL_LAUNCH, "eni-a"));
        answer(&r.s, OUTCOME_FAILED, ERR_CAPACITY);
        assert_row(rows[i].what, r.s.c->n_pools == 1);
        assert_string_equal(r.s.c->pools[0].zone, rows[i].zone);
        assert_int_equal(r.s.c->pools[0].record.refused_at.s, r.s.now.s);
        assert_row(rows[i].what, setting_of(&r.s, rows[i].key)[0] != '\0');
        scene_end(&r.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actor),
        cmocka_unit_test(test_asked_again),
        cmocka_unit_test(test_lost_under_an_order),
        cmocka_unit_test(test_most_rounds),
        cmocka_unit_test(test_learned),
        cmocka_unit_test(test_arrived_at_a_closed_node),
        cmocka_unit_test(test_debt_is_settled_by_arrival),
        cmocka_unit_test(test_loss_seen_by_who_looks_on),
        cmocka_unit_test(test_order_ends),
        cmocka_unit_test(test_ladder_kept),
        cmocka_unit_test(test_learned_before),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_home_does_not_come_up),
        cmocka_unit_test(test_learned_beside),
        cmocka_unit_test(test_sent_home),
        cmocka_unit_test(test_time_limit),
        cmocka_unit_test(test_closed_before_its_launch),
        cmocka_unit_test(test_looked_at_in_time),
        cmocka_unit_test(test_next_offering),
        cmocka_unit_test(test_refusal_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
