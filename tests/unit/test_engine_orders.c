#include <config.h>

#include "tests/unit/controller_scene.h"

/* Every order of a person, and what is said to it. */

static void nothing(struct scene *s)
{
    (void)s;
}

static void own_auto_off(struct scene *s)
{
    stored_setting(s, "auto:a", "off");
}

/* Policy would send it out, and may not: a person closed the node there. */
static void node_closed(struct scene *s)
{
    s->nodes[CLOUD].cause = "maintenance";
}

static void home_node_closed(struct scene *s)
{
    auto_off(s);
    s->nodes[HOME].cause = "maintenance";
}

static void quieting(struct scene *s)
{
    auto_off(s);
    s->quieting = true;
}

static void in_cloud(struct scene *s)
{
    auto_off(s);
    s->managed.state = MANAGED_IN_CLOUD;
    stored_setting(s, "place:a", "cloud");
}

static void in_cloud_closed(struct scene *s)
{
    in_cloud(s);
    s->nodes[HOME].cause = "maintenance";
}

static void off_at_home(struct scene *s)
{
    auto_off(s);
    s->vm.power = POWER_OFF;
}

static void ordered(struct scene *s)
{
    off_at_home(s);
    s->task = task_of("dana"); /* so that it waits */
    stored_setting(s, "order:a", "onprem 0 dana");
}

static void moves_out(struct scene *s)
{
    auto_off(s);
    s->nodes[HOME].idle = false;
    stored_move(s, DIRECTION_OUT, 0)->manual = true;
}

static void moves_back(struct scene *s)
{
    in_cloud(s);
    s->nodes[CLOUD].idle = false;
    stored_move(s, DIRECTION_BACK, 0)->manual = true;
}

static void moves_back_lost(struct scene *s)
{
    moves_back(s);
    s->managed.state = MANAGED_RETURNING;
    s->moves[0].interrupted = s->moves[0].committed = true;
}

static void moves_back_closed(struct scene *s)
{
    moves_back(s);
    s->nodes[HOME].cause = "maintenance";
}

static void moves_out_lost(struct scene *s)
{
    moves_out(s);
    s->moves[0].interrupted = true;
}

static void asked_out_there(struct scene *s)
{
    in_cloud(s);
    s->vm.connected = false; /* is it off at all? */
    s->vm.question = true;
}

static void held(struct scene *s)
{
    auto_off(s);
    s->stored.n_holds = 1;
    s->holds[0] = (struct stored_hold){
        .server = "a", .hold = {.place = PLACE_ONPREM, .kind = HOLD_PIN, .by = "dana"}};
}

static void dry_run(struct scene *s)
{
    stored_setting(s, "auto", "dry-run");
}

static void started_dry(struct scene *s)
{
    s->options.dry_run = true;
}

static void observes(struct scene *s)
{
    s->options.observe = true;
}

static void shared(struct scene *s)
{
    s->options.shared_lock = true;
}

static void snoozed_own(struct scene *s)
{
    stored_setting(s, "snooze:a", "1795339999");
}

static void idle_extension(struct scene *s)
{
    auto_off(s);
    stored_setting(s, "extension_idle", "1795330000");
}

static void stopped_extension(struct scene *s)
{
    auto_off(s);
    s->extension = EXTENSION_STOPPED;
}

static void impaired_extension(struct scene *s)
{
    idle_extension(s);
    s->extension = EXTENSION_IMPAIRED;
}

static void starting_extension(struct scene *s)
{
    idle_extension(s);
    s->extension = EXTENSION_STARTING;
}

static void stopping_extension(struct scene *s)
{
    idle_extension(s);
    s->extension = EXTENSION_STOPPING;
}

/* What the store says once it runs. */
static void store_says(struct scene *s, bool ok, bool tight)
{
    step(s, (struct event){.kind = EVENT_STORE,
                           .as.store = {.ok = ok, .tight = tight, .text = "no room"}});
}

static void disk_is_full(struct scene *s)
{
    store_says(s, true, true);
}

static void store_is_lost(struct scene *s)
{
    store_says(s, false, false);
}

/* Nobody answers for long. */
static void all_is_old(struct scene *s)
{
    s->now.s += 3600;
    step(s, (struct event){.kind = EVENT_TICK});
}

static void no_extension(struct scene *s)
{
    s->c->extension.facts.configured = false;
}

static void spend(struct scene *s)
{
    s->config->policy.has_budget = true;
    s->config->policy.budget_month.nanos = 0; /* that is spent at once */
}

static void over_budget(struct scene *s)
{
    auto_off(s);
    spend(s);
}

/* Out there, and wanted at home: nothing is in the rush hours. */
static void over_budget_out(struct scene *s)
{
    s->config->policy.n_windows = 0;
    s->managed.state = MANAGED_IN_CLOUD;
    s->nodes[CLOUD].idle = false;
    s->task = task_of("dana"); /* so that it stays, for now */
    stored_setting(s, "place:a", "cloud");
    spend(s);
}

enum { LATER = NOW + 2 * 3600 };

struct row {
    const char *what;
    void (*set)(struct scene *s);
    struct command order;
    bool accepted;
    const char *said;
};

static const struct row rows[] = {
    /* clang-format off */
    {"of a server that is none", nothing, {.kind = COMMAND_MOVE, .server = "z", .place = PLACE_CLOUD}, false, "there is no server z"},
    {"of all, what is one server's: move", nothing, {.kind = COMMAND_MOVE, .place = PLACE_CLOUD}, false, "move needs a server"},
    {"... cancel", nothing, {.kind = COMMAND_CANCEL}, false, "cancel needs a server"},
    {"... hold", nothing, {.kind = COMMAND_HOLD}, false, "hold needs a server"},
    {"... release", nothing, {.kind = COMMAND_RELEASE}, false, "release needs a server"},
    {"one that looks on", observes, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "this instance only observes"},
    {"... may look again", observes, {.kind = COMMAND_REFRESH}, true, "asking every API now"},
    {"... and be at rest", observes, {.kind = COMMAND_ACKNOWLEDGE}, true, "alerts are acknowledged"},
    {"one without the shared lock", shared, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_CLOUD}, false, "etcd does not say whose the shared lock is: this instance only looks on"},
    {"dry-run: move out", dry_run, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "dry-run: would move a to cloud"},
    {"dry-run: move back", dry_run, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, false, "dry-run: would move a to on-prem"},
    {"dry-run: the extension", dry_run, {.kind = COMMAND_EXTENSION, .start = true}, false, "dry-run: would start the cloud extension"},
    {"dry-run: snooze", dry_run, {.kind = COMMAND_SNOOZE, .until = {LATER}}, false, "dry-run: would snooze auto"},
    {"dry-run: cancel", dry_run, {.kind = COMMAND_CANCEL, .server = "a"}, false, "dry-run: would cancel a"},
    {"dry-run: hold", dry_run, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_ONPREM}, false, "dry-run: would hold a on-prem"},
    {"dry-run ends by order", dry_run, {.kind = COMMAND_AUTO, .setting = AUTO_OFF}, true, "auto is off"},
    {"... but not that of the command line", started_dry, {.kind = COMMAND_AUTO, .setting = AUTO_ON}, false, "this instance was started with --dry-run: start it without to act"},
    {"... which may be said again", started_dry, {.kind = COMMAND_AUTO, .setting = AUTO_DRY_RUN}, true, "auto is dry-run"},

    {"move: nowhere", auto_off, {.kind = COMMAND_MOVE, .server = "a"}, false, "a server moves to cloud or onprem"},
    {"move out, nothing in the way", auto_off, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, true, "a moves to cloud"},
    {"move home, there already", auto_off, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, true, "a is on-prem already"},
    {"... and policy wants it elsewhere: it is held", node_closed, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, true, "a is on-prem already, held there until it is released"},
    {"move out, there already", in_cloud, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, true, "a is in the cloud already"},
    {"move home, there, but off", off_at_home, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, true, "a moves to on-prem"},
    {"move out: the node there is closed", node_closed, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "a person closed node cloud-a: say yes to moving a all the same (--yes)"},
    {"... yes", node_closed, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD, .confirmed = true}, true, "a moves to cloud, held there until 20:00"},
    {"move out: the node at home is closed", home_node_closed, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "a person closed node home-a: say yes to moving a all the same (--yes)"},
    {"move out: Jenkins goes down", quieting, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "Jenkins is quieting down: say yes to moving a all the same (--yes)"},
    {"... yes", quieting, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD, .confirmed = true}, true, "a moves to cloud"},
    {"move home asks nothing", in_cloud_closed, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, true, "a moves to on-prem"},
    {"move out, while it moves for good", moves_out_committed, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, true, "a moves to cloud, held there until 20:00, after the move that is under way"},

    {"cancel: nothing to", auto_off, {.kind = COMMAND_CANCEL, .server = "a"}, false, "a does not move"},
    {"cancel an order that waits", ordered, {.kind = COMMAND_CANCEL, .server = "a"}, true, "a: the order is taken back"},
    {"cancel a way out", moves_out, {.kind = COMMAND_CANCEL, .server = "a"}, true, "a stays on-prem"},
    {"... of policy's: held at home", moves_out_auto, {.kind = COMMAND_CANCEL, .server = "a"}, true, "a stays on-prem, held there until it is released"},
    {"cancel a way back", moves_back, {.kind = COMMAND_CANCEL, .server = "a"}, true, "a stays in the cloud"},
    {"cancel a way out that has no way back", moves_out_committed, {.kind = COMMAND_CANCEL, .server = "a"}, true, "a is past the point of no return: it arrives first, then goes back to on-prem, held there until it is released"},
    {"cancel the way home of one that is lost", moves_back_lost, {.kind = COMMAND_CANCEL, .server = "a"}, false, "a lost its instance and must come home"},

    {"cancel one whose place another one takes", moves_out_lost, {.kind = COMMAND_CANCEL, .server = "a"}, false, "a loses its instance, another one takes over"},
    {"it moves back and is wanted there after all: asks nothing", moves_back_closed, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, true, "a moves to cloud"},
    {"blocked: move home", asked_out_there, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, false, "a is blocked: vSphere waits for an answer about this VM"},

    {"hold: nowhere", auto_off, {.kind = COMMAND_HOLD, .server = "a"}, false, "a server is held in cloud or onprem"},
    {"hold at home, pinned", auto_off, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_ONPREM, .hold_kind = HOLD_PIN}, true, "a: on-prem, held there until it is released"},
    {"hold in the cloud for two hours", auto_off, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_CLOUD, .hold_kind = HOLD_UNTIL, .until = {LATER}}, true, "a: in the cloud, held there until"},
    {"hold until yesterday", auto_off, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_CLOUD, .hold_kind = HOLD_UNTIL, .until = {NOW - 86400}}, false, "the hold would end in the past"},
    {"hold until the schedule says so", auto_off, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_ONPREM, .hold_kind = HOLD_UNTIL_SCHEDULE}, true, "a: on-prem, held there until it is released"},
    {"a hold waits for a closed node", node_closed, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_CLOUD, .hold_kind = HOLD_PIN}, true, "a: in the cloud, held there until it is released"},
    {"release", held, {.kind = COMMAND_RELEASE, .server = "a"}, true, "a is released; policy decides again"},
    {"release what is not held", auto_off, {.kind = COMMAND_RELEASE, .server = "a"}, false, "a is not held"},

    {"auto of one: dry-run", nothing, {.kind = COMMAND_AUTO, .server = "a", .setting = AUTO_DRY_RUN}, false, "dry-run is for all servers at once"},
    {"auto of one: off", snoozed_own, {.kind = COMMAND_AUTO, .server = "a", .setting = AUTO_OFF}, true, "auto is off for a"},
    {"auto of one: on", own_auto_off, {.kind = COMMAND_AUTO, .server = "a", .setting = AUTO_ON}, true, "auto is on for a"},
    {"auto: off", nothing, {.kind = COMMAND_AUTO, .setting = AUTO_OFF}, true, "auto is off"},

    {"snooze until yesterday", nothing, {.kind = COMMAND_SNOOZE, .until = {NOW - 86400}}, false, "the snooze would end in the past"},
    {"snooze what sleeps already", auto_off, {.kind = COMMAND_SNOOZE, .until = {LATER}}, false, "auto is off: there is nothing to snooze"},
    {"snooze one whose auto is off", own_auto_off, {.kind = COMMAND_SNOOZE, .server = "a", .until = {LATER}}, false, "auto is off for a: there is nothing to snooze"},
    {"snooze one", nothing, {.kind = COMMAND_SNOOZE, .server = "a", .until = {LATER}}, true, "auto sleeps until"},
    {"snooze all", nothing, {.kind = COMMAND_SNOOZE, .until = {LATER}}, true, "auto sleeps until"},

    {"the extension: start", stopped_extension, {.kind = COMMAND_EXTENSION, .start = true}, true, "the cloud extension is asked to start"},
    {"the extension: stop, it is idle", idle_extension, {.kind = COMMAND_EXTENSION}, true, "the cloud extension is asked to stop"},
    {"... it is impaired and idle", impaired_extension, {.kind = COMMAND_EXTENSION}, true, "the cloud extension is asked to stop"},
    {"the extension: start, it runs", auto_off, {.kind = COMMAND_EXTENSION, .start = true}, false, "the cloud extension is active: it cannot start now"},
    {"... it stops", stopping_extension, {.kind = COMMAND_EXTENSION, .start = true}, false, "the cloud extension is stopping: it cannot start now"},
    {"the extension: stop, it starts", starting_extension, {.kind = COMMAND_EXTENSION}, false, "the cloud extension is starting: it cannot stop now"},
    {"... it is stopped", stopped_extension, {.kind = COMMAND_EXTENSION}, false, "the cloud extension is stopped: it cannot stop now"},
    {"the extension: stop, somebody is out there", in_cloud, {.kind = COMMAND_EXTENSION}, false, "a VM is in the cloud, on the way or of unknown place: the extension must run"},

    {"over the budget: move out", over_budget, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "a in the cloud would exceed the month's budget of $0.00: say yes to it (--yes)"},
    {"... yes", over_budget, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD, .confirmed = true}, true, "a moves to cloud"},
    {"... home it goes", over_budget, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, true, "a is on-prem already"},
    {"... hold it out there", over_budget, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_CLOUD, .hold_kind = HOLD_PIN}, false, "a in the cloud would exceed the month's budget of $0.00"},
    {"... yes", over_budget, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_CLOUD, .hold_kind = HOLD_PIN, .confirmed = true}, true, "a: in the cloud, held there until it is released"},
    {"... stay out there", over_budget_out, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "a in the cloud would exceed the month's budget of $0.00"},
    {"blocked: move out", off_at_home, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "a is blocked: "},
    /* clang-format on */
};

/* What has changed since it was seen. */
static const struct row late[] = {
    /* clang-format off */
    {"the extension of nobody", no_extension, {.kind = COMMAND_EXTENSION, .start = true}, false, "no cloud extension is configured"},
    {"the extension, out of sight", all_is_old, {.kind = COMMAND_EXTENSION, .start = true}, false, "the state of the cloud extension is not known now"},
    {"no room on the disk: move out", disk_is_full, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD}, false, "the disk of the state is full: nothing is launched until there is room"},
    {"no room on the disk: stay", disk_is_full, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, true, "a is on-prem already"},
    {"out of sight: move home", all_is_old, {.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM}, true, "a moves to on-prem"},
    {"no store: an order", store_is_lost, {.kind = COMMAND_HOLD, .server = "a", .place = PLACE_ONPREM}, false, "the state cannot be written now: no room"},
    {"no store: look again", store_is_lost, {.kind = COMMAND_REFRESH}, true, "asking every API now"},
    /* clang-format on */
};

static void expect(struct scene *s, const struct row *r)
{
    const struct command_reply *reply;

    command(s, r->order);
    assert_row(r->what, s->c->n_replies == 1);
    reply = &s->c->replies[0];
    if (reply->accepted != r->accepted ||
        strncmp(reply->text, r->said, strlen(r->said)) != 0)
        fail_msg("%s: %s: %s\n%s", r->what, reply->accepted ? "yes" : "no", reply->text,
                 s->journal);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        rows[i].set(&s);
        scene_start(&s);
        look(&s);
        expect(&s, &rows[i]);
        scene_end(&s);
    }
}

static void test_late(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(late); i++) {
        struct scene s;

        scene_make(&s);
        auto_off(&s);
        scene_start(&s);
        look(&s);
        late[i].set(&s);
        expect(&s, &late[i]);
        scene_end(&s);
    }
}

/* At work in the cloud, with automation. */
static void out_there(struct scene *s)
{
    s->managed.state = MANAGED_IN_CLOUD;
    s->nodes[CLOUD].offline = s->nodes[CLOUD].marked = false;
    s->nodes[CLOUD].cause = "";
    stored_setting(s, "place:a", "cloud");
}

/* A way back that a person ordered: to stay out there costs what is no more. */
static void test_cancel_costs(void **state)
{
    struct command c = {.kind = COMMAND_CANCEL, .server = "a"};
    struct scene s;

    (void)state;
    scene_make(&s);
    out_there(&s);
    s.nodes[CLOUD].idle = false; /* it drains */
    scene_start(&s);
    look(&s);
    command(&s,
            (struct command){.kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM});
    look(&s);
    assert_non_null(move_of(&s));
    s.config->policy.has_budget = true; /* of nothing */
    look(&s);
    command(&s, c);
    assert_false(s.c->replies[1].accepted);
    assert_non_null(strstr(s.c->replies[1].text, "would exceed the month's budget"));
    assert_non_null(move_of(&s));
    c.confirmed = true;
    command(&s, c);
    assert_true(s.c->replies[2].accepted);
    assert_non_null(strstr(s.c->replies[2].text, "a stays in the cloud, held there"));
    assert_null(move_of(&s));
    scene_end(&s);
}

/* An order that waits is over with the hold that came with it, whoever ends that. */
static void test_hold_over(void **state)
{
    static const char *const ways[] = {"released", "its time is over", "it lasts"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct scene s;

        scene_make(&s);
        out_there(&s);
        s.nodes[CLOUD].idle = false; /* it drains */
        scene_start(&s);
        look(&s);
        command(&s, (struct command){
                        .kind = COMMAND_MOVE, .server = "a", .place = PLACE_ONPREM});
        look(&s);
        assert_row(ways[i], move_of(&s) != NULL);
        if (i == 0)
            command(&s, (struct command){.kind = COMMAND_RELEASE, .server = "a"});
        if (i == 1) {
            s.c->servers[0].hold.kind = HOLD_UNTIL_SCHEDULE;
            s.c->servers[0].hold.until = s.now;
        }
        look(&s);
        assert_row(ways[i], (move_of(&s) != NULL) == (i == 2));
        assert_row(ways[i], (setting_of(&s, "order:a")[0] != '\0') == (i == 2));
        scene_end(&s);
    }
}

/* The newest are kept; the oldest leaves. */
static void test_many(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    scene_start(&s);
    for (int i = 0; i < FLEET_REPLIES; i++)
        command(&s, (struct command){.kind = COMMAND_REFRESH});
    command(&s, (struct command){.kind = COMMAND_CANCEL, .server = "a"});
    assert_int_equal(s.c->n_replies, FLEET_REPLIES);
    assert_true(s.c->replies[0].accepted);
    assert_false(s.c->replies[FLEET_REPLIES - 1].accepted);
    scene_end(&s);
}

/* Whose state was lost: only who lets it act again has looked. */
static void test_lost(void **state)
{
    static const struct {
        const char *what;
        enum auto_setting setting;
        bool lost;
    } settings[] = {{"it is to act", AUTO_ON, false},
                    {"it is to do nothing", AUTO_OFF, false},
                    {"it is to say what it would do", AUTO_DRY_RUN, true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        struct scene s;

        scene_make(&s);
        dry_run(&s);
        stored_setting(&s, "lost", "1");
        scene_start(&s);
        look(&s);
        command(&s,
                (struct command){.kind = COMMAND_AUTO, .setting = settings[i].setting});
        assert_row(settings[i].what, s.c->store_lost == settings[i].lost);
        assert_row(settings[i].what,
                   (setting_of(&s, "lost")[0] != '\0') == settings[i].lost);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers), cmocka_unit_test(test_late),
        cmocka_unit_test(test_lost),    cmocka_unit_test(test_cancel_costs),
        cmocka_unit_test(test_many),    cmocka_unit_test(test_hold_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
