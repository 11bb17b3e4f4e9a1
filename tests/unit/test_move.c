#include <config.h>

#include "core/move/mover.h"

#include "core/base/str.h"

#include "tests/unit/table.h"

#include <string.h>

/*
 * One look of one step at hand-made facts. The story so far is in the row: what is seen,
 * what the newest call was and how it ended, and how long ago the step began.
 */

enum { NOW = 1000000, BEGAN = NOW - 300, SEEN = NOW - 2 };

struct scene {
    struct config config;
    struct server_config server;
    struct server_facts facts;
    struct extension_facts extension;
    struct call_result last;
    struct step_in in;
    struct move move;
};

static const struct offering own = {.type = "c5.2xlarge",
                                    .zone = "",
                                    .eni = "eni-1",
                                    .cloud_node = "tests-cache-cloud",
                                    .subnet = "",
                                    .lifecycle = LIFECYCLE_SPOT};
static const struct offering other = {.type = "m5.2xlarge",
                                      .zone = "eu-west-1b",
                                      .eni = "eni-2",
                                      .cloud_node = "tests-cache-b",
                                      .subnet = "subnet-2",
                                      .lifecycle = LIFECYCLE_SPOT,
                                      .has_max_price = true,
                                      .max_price = {250000000}};
static const struct offering on_demand = {.type = "c5.2xlarge",
                                          .zone = "",
                                          .eni = "eni-1",
                                          .cloud_node = "tests-cache-cloud",
                                          .subnet = "",
                                          .lifecycle = LIFECYCLE_ON_DEMAND,
                                          .has_max_price = true,
                                          .max_price = {400000000}};

static void set_scene(struct scene *s, enum direction d)
{
    const struct mover_ops *ops = mover_find("velostrata");

    assert_non_null(ops);
    *s = (struct scene){
        .config = {.policy = {.timeout_out = 1200, .timeout_back = 1800},
                   .velostrata = {.storage_policy = "WriteIsolation",
                                  .edge_node = "auto",
                                  .eni_field = "networkInterfaceId",
                                  .cloud_extension = "ce-1"}},
        .server = {.name = "cache",
                   .vm = "tests-cache",
                   .mover = "velostrata",
                   .onprem_node = "tests-cache",
                   .cloud_node = "tests-cache-cloud",
                   .eni = "eni-1",
                   .static_address = "10.0.0.1",
                   .subnet = ""},
        .facts = {.place = d == DIRECTION_OUT ? PLACE_ONPREM : PLACE_CLOUD,
                  .power = d == DIRECTION_OUT ? POWER_ON : POWER_OFF,
                  .vm_id = "12",
                  .managed_id = "vm-12",
                  .place_as_of = {SEEN},
                  .task_progress = -1,
                  .onprem = {.name = "tests-cache", .known = true, .as_of = {SEEN}},
                  .cloud = {.name = "tests-cache-cloud", .known = true, .as_of = {SEEN}}},
        .extension = {.configured = true, .id = "ce-1", .state = EXTENSION_ACTIVE},
        .move = {.id = "m-1",
                 .server = "cache",
                 .mover = "velostrata",
                 .direction = d,
                 .by = "policy",
                 .started = {BEGAN},
                 .step_since = {BEGAN},
                 .progress = -1},
    };
    s->in = (struct step_in){.config = &s->config,
                             .server = &s->server,
                             .facts = &s->facts,
                             .extension = &s->extension,
                             .now = {NOW},
                             .last_kind = CALL_COUNT,
                             .choice = {&own, "eu-west-1a", "it is the first", NULL},
                             .may_commit = true};
}

static void node(struct node_facts *n, bool marked, bool idle)
{
    n->marked = marked;
    n->open = !marked;
    n->closed_by = marked ? CLOSED_BY_RUSHHOUR : CLOSED_BY_NOBODY;
    n->connected = n->connected_known = true;
    n->idle = idle;
    n->busy = idle ? 0 : 1;
    n->build_progress = -1;
}

static void called(struct scene *s, enum call_kind kind, enum outcome outcome,
                   int64_t ago)
{
    s->last = (struct call_result){.outcome = outcome, .at = {NOW - ago}};
    if (outcome == OUTCOME_FAILED)
        (void)err_set(&s->last.err, ERR_REFUSED, "refused by the test");
    s->in.last = &s->last;
    s->in.last_kind = kind;
    s->move.calls = 1;
    s->move.last_call_at.s = NOW - ago;
}

static struct step_out look(struct scene *s, enum step step)
{
    int32_t n;
    const struct mover_step *steps =
        mover_steps(mover_find("velostrata"), s->move.direction, &n);
    struct step_out out = {.verdict = VERDICT_WAIT};

    for (int32_t i = 0; i < n; i++) {
        if (steps[i].step == step) {
            s->move.step = i;
            steps[i].run(&s->in, &s->move, &out);
            return out;
        }
    }
    fail_msg("no step %s", step_word(step));
    return out;
}

static void test_drain(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    /* never both open: the target is closed before anything else */
    set_scene(&s, DIRECTION_OUT);
    node(&s.facts.onprem, false, true);
    node(&s.facts.cloud, false, true);
    out = look(&s, STEP_DRAIN);
    assert_int_equal(out.verdict, VERDICT_CALL);
    assert_int_equal(out.call.kind, CALL_NODE_CLOSE);
    assert_string_equal(out.call.target, "tests-cache-cloud");
    assert_non_null(strstr(out.call.marker, "rushhour/1 drain op=m-1 by=policy"));

    /* then the source */
    node(&s.facts.cloud, true, true);
    out = look(&s, STEP_DRAIN);
    assert_int_equal(out.verdict, VERDICT_CALL);
    assert_string_equal(out.call.target, "tests-cache");

    /* closed and busy: wait, for ever when there is no deadline */
    node(&s.facts.onprem, true, false);
    (void)str_copy(s.facts.onprem.build, BUILD_TEXT, "ui-nightly #412");
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
    assert_non_null(strstr(s.move.note, "ui-nightly #412"));

    /* idle once is not drained; five seconds later it is */
    node(&s.facts.onprem, true, true);
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
    s.facts.onprem.as_of.s += 4;
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
    s.facts.onprem.as_of.s += 1;
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_DONE);

    /* a build that slipped in begins the wait anew */
    set_scene(&s, DIRECTION_OUT);
    node(&s.facts.cloud, true, true);
    node(&s.facts.onprem, true, true);
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
    node(&s.facts.onprem, true, false);
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
    assert_int_equal(s.move.idle_since.s, 0);
}

static void test_drain_unseen(void **state)
{
    struct scene s;

    (void)state;
    /* policy-and-cost 6.4: Jenkins down counts as busy until the deadline of a return */
    set_scene(&s, DIRECTION_BACK);
    s.facts.cloud.known = false;
    s.move.drain_deadline.s = NOW + 60;
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
    s.move.drain_deadline.s = NOW - 1;
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_DONE);
    /* never on the way out */
    set_scene(&s, DIRECTION_OUT);
    s.facts.onprem.known = false;
    s.move.drain_deadline.s = NOW - 1;
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
}

static void test_force(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_BACK);
    node(&s.facts.onprem, true, true);
    node(&s.facts.cloud, true, false);
    (void)str_copy(s.facts.cloud.build_path, URL_TEXT, "/jenkins/job/ui/412/");
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
    s.move.force = true;
    out = look(&s, STEP_DRAIN);
    assert_int_equal(out.verdict, VERDICT_CALL);
    assert_int_equal(out.call.kind, CALL_BUILD_STOP);
    assert_string_equal(out.call.target, "/jenkins/job/ui/412/");
}

static void test_run(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_OUT);
    node(&s.facts.onprem, true, true);
    node(&s.facts.cloud, true, true);
    s.facts.onprem.connected = false;
    s.in.may_commit = false;
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_WAIT);
    s.in.may_commit = true;
    out = look(&s, STEP_RUN);
    assert_int_equal(out.verdict, VERDICT_CALL);
    assert_int_equal(out.call.kind, CALL_RUN_IN_CLOUD);
    assert_string_equal(out.call.target, "vm-12"); /* as the manager calls it */
    assert_true(out.commits);
    assert_string_equal(out.call.run.eni, "eni-1");
    assert_string_equal(out.call.run.instance_type, "c5.2xlarge");
    assert_string_equal(out.call.run.edge_node, "NodeA");
    assert_true(out.call.run.spot);

    assert_false(out.call.run.has_max_price);
    assert_string_equal(out.call.run.static_address, "10.0.0.1");
    assert_string_equal(s.move.type, "c5.2xlarge");
    assert_string_equal(s.move.zone, "eu-west-1a");
    assert_int_equal(s.move.lifecycle, LIFECYCLE_SPOT);

    /* another zone has its own interface, edge and cap, and nothing of the first */
    s.in.choice =
        (struct choice){&other, "eu-west-1b", "the first has no capacity", NULL};
    (void)str_copy(s.extension.edge_a_zone, NAME_TEXT, "eu-west-1a");
    (void)str_copy(s.extension.edge_b_zone, NAME_TEXT, "eu-west-1b");
    out = look(&s, STEP_RUN);
    assert_string_equal(out.call.run.instance_type, "m5.2xlarge");
    assert_string_equal(out.call.run.eni, "eni-2");
    assert_string_equal(out.call.run.subnet, "subnet-2");
    assert_string_equal(out.call.run.edge_node, "NodeB");
    assert_string_equal(out.call.run.static_address, "");
    assert_true(out.call.run.has_max_price && out.call.run.spot);
    assert_int_equal(out.call.run.max_price.nanos, other.max_price.nanos);
    assert_string_equal(out.call.run.storage_policy, s.config.velostrata.storage_policy);
    assert_string_equal(out.call.run.eni_field, s.config.velostrata.eni_field);
    assert_string_equal(s.move.zone, "eu-west-1b");

    /* on-demand: no spot, and its bound is no cap */
    s.in.choice.offering = &on_demand;
    out = look(&s, STEP_RUN);
    assert_false(out.call.run.spot || out.call.run.has_max_price);
    assert_int_equal(s.move.lifecycle, LIFECYCLE_ON_DEMAND);

    /* none is left: it stays, and nothing counts as refused */
    s.in.choice = (struct choice){NULL, "", "$0.31/h is above max_price $0.25", NULL};
    out = look(&s, STEP_RUN);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_int_equal(out.failure, FAILURE_CAPACITY);
    assert_string_equal(s.move.type, "");
    assert_string_equal(s.move.note,
                        "no offering is left: $0.31/h is above max_price $0.25");
    s.in.choice = (struct choice){&own, "eu-west-1a", "it is the first", NULL};

    /* there, but stopped: to start it is the commit point, too */
    s.facts.place = PLACE_CLOUD;
    s.facts.instance_stopped = true;
    out = look(&s, STEP_RUN);
    assert_int_equal(out.call.kind, CALL_START_IN_CLOUD);
    assert_string_equal(out.call.target, "vm-12");
    assert_true(out.commits);
    s.move.deadline.s = NOW; /* too late: it comes home, or has never left */
    out = look(&s, STEP_RUN);
    assert_true(out.verdict == VERDICT_FAIL && out.send_home);
    s.facts.place = PLACE_ONPREM;
    s.facts.instance_stopped = false;
    out = look(&s, STEP_RUN);
    assert_true(out.verdict == VERDICT_FAIL && !out.send_home);
    s.move.deadline.s = 0;

    /* another task of anyone runs on this VM */
    s.facts.task_active = true;
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_WAIT);
    s.facts.task_active = false;

    /* its effect is there: done, whatever the answer was */
    called(&s, CALL_RUN_IN_CLOUD, OUTCOME_UNKNOWN, 30);
    s.facts.place = PLACE_CLOUD;
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_DONE);

    /* the channel of the source is closed before its machine goes */
    set_scene(&s, DIRECTION_OUT);
    node(&s.facts.onprem, true, true);
    node(&s.facts.cloud, true, true);
    out = look(&s, STEP_RUN);
    assert_int_equal(out.call.kind, CALL_NODE_DISCONNECT);
    assert_false(out.commits);
}

/* reliability 6: a lost answer of run-in-cloud is looked up and never repeated. */
static void test_run_unknown(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_OUT);
    node(&s.facts.onprem, true, true);
    node(&s.facts.cloud, true, true);
    called(&s, CALL_RUN_IN_CLOUD, OUTCOME_UNKNOWN, 20);
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_WAIT);
    called(&s, CALL_RUN_IN_CLOUD, OUTCOME_DONE, 20);
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_WAIT);
    assert_string_equal(s.move.note, "running in the cloud");
    assert_true(s.move.progress == -1 && s.move.task[0] == '\0');
    /* its task tells how far it is, and is remembered */
    s.facts.task_active = true;
    s.facts.task_progress = 40;
    (void)str_copy(s.facts.task_id, sizeof(s.facts.task_id), "task-7");
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_WAIT);
    assert_int_equal(s.move.progress, 40);
    s.facts.task_active = false;
    s.facts.task_progress = -1;
    s.facts.task_id[0] = '\0';
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_WAIT);
    assert_int_equal(s.move.progress, 40);
    assert_string_equal(s.move.task, "task-7");
    /* unmoved for two polls and no task: this move fails, policy plans anew */
    called(&s, CALL_RUN_IN_CLOUD, OUTCOME_UNKNOWN, 90);
    out = look(&s, STEP_RUN);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_int_equal(out.failure, FAILURE_TRANSIENT);
    /* but not on stale facts */
    s.facts.place_stale = true;
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_WAIT);
    s.facts.place_stale = false;
    /* nor on old ones: it was seen on its way a moment ago */
    s.facts.power = POWER_OFF;
    s.facts.away_seen.s = SEEN - 299;
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_WAIT);
    s.facts.away_seen.s = SEEN - 300;
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_FAIL);
    /* the task said that there is no capacity */
    (void)str_copy(s.facts.task_error, LINE_TEXT, "There is no Spot capacity available");
    assert_int_equal(look(&s, STEP_RUN).failure, FAILURE_CAPACITY);
    /* refused */
    called(&s, CALL_RUN_IN_CLOUD, OUTCOME_FAILED, 5);
    assert_int_equal(look(&s, STEP_RUN).verdict, VERDICT_FAIL);
}

static void test_return(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_BACK);
    node(&s.facts.onprem, true, true);
    node(&s.facts.cloud, true, true);
    s.facts.cloud.connected = false;
    out = look(&s, STEP_RETURN);
    assert_int_equal(out.call.kind, CALL_RETURN);
    assert_string_equal(out.call.target, "vm-12");
    assert_true(out.commits);

    /* a migration is being detached: never */
    s.facts.migration_busy = true;
    assert_int_equal(look(&s, STEP_RETURN).verdict, VERDICT_WAIT);
    s.facts.migration_busy = false;

    /* after a spot loss the manager does it by itself, for ten minutes */
    s.move.interrupted = s.move.committed = true;
    s.facts.place = PLACE_LOST;
    assert_int_equal(look(&s, STEP_RETURN).verdict, VERDICT_WAIT);
    assert_string_equal(s.move.note, "the manager brings it home by itself");
    s.move.step_since.s = NOW - 599;
    assert_int_equal(look(&s, STEP_RETURN).verdict, VERDICT_WAIT);
    s.move.step_since.s = NOW - 600;
    assert_int_equal(look(&s, STEP_RETURN).call.kind, CALL_RETURN);

    /* a lost answer: look for a while, then ask again; a refusal: again after a minute */
    called(&s, CALL_RETURN, OUTCOME_UNKNOWN, 30);
    assert_int_equal(look(&s, STEP_RETURN).verdict, VERDICT_WAIT);
    called(&s, CALL_RETURN, OUTCOME_FAILED, 59);
    assert_int_equal(look(&s, STEP_RETURN).verdict, VERDICT_WAIT);
    called(&s, CALL_RETURN, OUTCOME_FAILED, 61);
    assert_int_equal(look(&s, STEP_RETURN).verdict, VERDICT_CALL);

    s.facts.place = PLACE_ONPREM;
    assert_int_equal(look(&s, STEP_RETURN).verdict, VERDICT_DONE);
}

/* Nobody asked for its return, and nobody saw it begin: an old reading does not end the
 * step, or it would be powered on at home while it runs out there. */
static void test_home_too_soon(void **state)
{
    static const struct {
        const char *what;
        int64_t away_ago_s; /* of the reading that showed it so; -1: none did */
        enum power power;
        bool called;
        enum verdict verdict;
    } rows[] = {
        {"ten seconds ago", 10, POWER_OFF, false, VERDICT_WAIT},
        {"just not too old", 299, POWER_OFF, false, VERDICT_WAIT},
        {"too old to be mistaken", 300, POWER_OFF, false, VERDICT_DONE},
        {"it runs at home", 10, POWER_ON, false, VERDICT_DONE},
        {"asked for", 10, POWER_OFF, true, VERDICT_DONE},
        {"seen on its way, or never there", -1, POWER_OFF, false, VERDICT_DONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        set_scene(&s, DIRECTION_BACK);
        s.facts.place = PLACE_ONPREM;
        s.facts.power = rows[i].power;
        if (rows[i].away_ago_s >= 0)
            s.facts.away_seen.s = SEEN - rows[i].away_ago_s;
        if (rows[i].called)
            called(&s, CALL_RETURN, OUTCOME_DONE, 5);
        assert_row(rows[i].what, look(&s, STEP_RETURN).verdict == rows[i].verdict);
    }
}

static void test_power_on(void **state)
{
    struct scene s;

    (void)state;
    set_scene(&s, DIRECTION_BACK);
    s.facts.place = PLACE_ONPREM;
    assert_int_equal(look(&s, STEP_POWER_ON).call.kind, CALL_VM_POWER_ON);
    /* asked already: only a reading made since then may say that it is still off */
    called(&s, CALL_VM_POWER_ON, OUTCOME_DONE, 1);
    assert_int_equal(look(&s, STEP_POWER_ON).verdict, VERDICT_WAIT);
    s.facts.power = POWER_UNKNOWN;
    assert_int_equal(look(&s, STEP_POWER_ON).verdict, VERDICT_WAIT);
    s.facts.power = POWER_ON;
    assert_int_equal(look(&s, STEP_POWER_ON).verdict, VERDICT_DONE);
}

/* An old reading showed it as on: it is switched on after all, but not what a person
 * switches off later. */
static void test_off_after_all(void **state)
{
    static const struct {
        const char *what;
        enum place place;
        enum power power;
        bool stale, call_open;
        int64_t since_s; /* of the step */
        bool powers_on;
    } rows[] = {
        {"off", PLACE_ONPREM, POWER_OFF, false, false, 299, true},
        {"on", PLACE_ONPREM, POWER_ON, false, false, 299, false},
        {"nobody knows", PLACE_ONPREM, POWER_UNKNOWN, false, false, 299, false},
        {"of old facts", PLACE_ONPREM, POWER_OFF, true, false, 299, false},
        {"a call is under way", PLACE_ONPREM, POWER_OFF, false, true, 299, false},
        {"later", PLACE_ONPREM, POWER_OFF, false, false, 300, false},
        {"it goes out after all", PLACE_MOVING_OUT, POWER_OFF, false, false, 299, false},
        {"it is out there", PLACE_CLOUD, POWER_OFF, false, false, 299, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct step_out out;

        set_scene(&s, DIRECTION_BACK);
        node(&s.facts.onprem, true, false);
        s.facts.onprem.connected = false;
        s.facts.place = rows[i].place;
        s.facts.power = rows[i].power;
        s.facts.place_stale = rows[i].stale;
        s.in.call_open = rows[i].call_open;
        s.move.step_since.s = NOW - rows[i].since_s;
        out = look(&s, STEP_NODE);
        assert_row(rows[i].what,
                   (out.verdict == VERDICT_CALL && out.call.kind == CALL_VM_POWER_ON) ==
                       rows[i].powers_on);
    }
}

static void test_boot_and_node(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_OUT);
    node(&s.facts.onprem, true, true);
    node(&s.facts.cloud, true, true);
    s.facts.place = PLACE_CLOUD;
    s.facts.cloud.connected = false;
    s.facts.cloud.launchable = true;
    assert_int_equal(look(&s, STEP_BOOT).call.kind, CALL_NODE_LAUNCH);
    /* a second start beside the first would hinder it */
    called(&s, CALL_NODE_LAUNCH, OUTCOME_DONE, 149);
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_WAIT);
    called(&s, CALL_NODE_LAUNCH, OUTCOME_DONE, 150);
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_CALL);
    /* not usable by the deadline: it comes home */
    s.move.deadline.s = NOW;
    out = look(&s, STEP_BOOT);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_true(out.send_home);
    s.move.deadline.s = 0;
    s.facts.cloud.connected = true;
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_DONE);
    assert_int_equal(look(&s, STEP_NODE).call.kind, CALL_NODE_OPEN);
    /* a person's node stays a person's */
    s.facts.cloud.closed_by = CLOSED_BY_PERSON;
    assert_int_equal(look(&s, STEP_NODE).verdict, VERDICT_DONE);
    /* taken back while it started */
    s.facts.place = PLACE_LOST;
    assert_int_equal(look(&s, STEP_BOOT).failure, FAILURE_CAPACITY);
}

static void test_extension(void **state)
{
    struct scene s;

    (void)state;
    set_scene(&s, DIRECTION_OUT);
    s.extension.state = EXTENSION_STARTING;
    assert_int_equal(look(&s, STEP_EXTENSION).verdict, VERDICT_WAIT);
    s.extension.task_active = true;
    s.extension.task_progress = 30;
    assert_int_equal(look(&s, STEP_EXTENSION).verdict, VERDICT_WAIT);
    assert_int_equal(s.move.progress, 30);
    s.extension.task_active = false;
    assert_int_equal(look(&s, STEP_EXTENSION).verdict, VERDICT_WAIT);
    assert_int_equal(s.move.progress, -1);
    s.extension.stale = true;
    s.extension.state = EXTENSION_ACTIVE;
    assert_int_equal(look(&s, STEP_EXTENSION).verdict, VERDICT_WAIT);
    s.extension.stale = false;
    assert_int_equal(look(&s, STEP_EXTENSION).verdict, VERDICT_DONE);
    s.extension.state = EXTENSION_IMPAIRED;
    assert_int_equal(look(&s, STEP_EXTENSION).verdict, VERDICT_FAIL);
    s.extension.state = EXTENSION_STARTING;
    s.move.step_since.s = NOW - 1200;
    assert_int_equal(look(&s, STEP_EXTENSION).verdict, VERDICT_FAIL);
}

static void test_keep(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; enum place place; bool on_marked, cloud_marked, person, notice;
        enum power power; int want; /* -1 none, else call kind */ const char *target;
    } rows[] = {
        {"at home, right",            PLACE_ONPREM, false, true,  false, false, POWER_ON,  -1, ""},
        {"at home, both open",        PLACE_ONPREM, false, false, false, false, POWER_ON,  CALL_NODE_CLOSE, "tests-cache-cloud"},
        {"at home, both closed",      PLACE_ONPREM, true,  true,  false, false, POWER_ON,  CALL_NODE_OPEN,  "tests-cache"},
        {"at home, but off",          PLACE_ONPREM, true,  true,  false, false, POWER_OFF, -1, ""},
        {"at home, a person's node",  PLACE_ONPREM, true,  true,  true,  false, POWER_ON,  -1, ""},
        {"in the cloud, right",       PLACE_CLOUD,  true,  false, false, false, POWER_OFF, -1, ""},
        {"in the cloud, both open",   PLACE_CLOUD,  false, false, false, false, POWER_OFF, CALL_NODE_CLOSE, "tests-cache"},
        {"in the cloud, both closed", PLACE_CLOUD,  true,  true,  false, false, POWER_OFF, CALL_NODE_OPEN,  "tests-cache-cloud"},
        {"in the cloud, notice",      PLACE_CLOUD,  true,  false, false, true,  POWER_OFF, CALL_NODE_CLOSE, "tests-cache-cloud"},
        {"notice, closed already",    PLACE_CLOUD,  true,  true,  false, true,  POWER_OFF, -1, ""},
        {"lost, node still open",     PLACE_LOST,   true,  false, false, false, POWER_OFF, CALL_NODE_CLOSE, "tests-cache-cloud"},
        {"unknown place",             PLACE_UNKNOWN, false, false, false, false, POWER_ON, -1, ""},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct call call;
        bool need;

        set_scene(&s, DIRECTION_OUT);
        s.facts.place = rows[i].place;
        s.facts.power = rows[i].power;
        node(&s.facts.onprem, rows[i].on_marked, true);
        node(&s.facts.cloud, rows[i].cloud_marked, true);
        if (rows[i].person)
            s.facts.onprem.closed_by = CLOSED_BY_PERSON;
        if (rows[i].notice)
            s.facts.instance.reclaim_at.s = NOW + 100;
        need = nodes_keep(&s.facts, true, "policy", "window", &call);
        assert_row(rows[i].what, need == (rows[i].want >= 0));
        assert_row(rows[i].what, !need || (int)call.kind == rows[i].want);
        assert_row(rows[i].what, !need || strcmp(call.target, rows[i].target) == 0);
    }
}

static void test_marker(void **state)
{
    char buf[LINE_TEXT];

    (void)state;
    node_marker(buf, sizeof(buf), "drain", "m-1", "d<a>n : a", "x\"y");
    assert_string_equal(buf, "rushhour/1 drain op=m-1 by=d_a_n _ a why=x_y");
    node_marker(buf, sizeof(buf), "drain", "m-1",
                "somebody-with-a-very-long-name-that-goes-on-and-on-and-on", "window");
    assert_true(strlen(buf) <= 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drain),         cmocka_unit_test(test_drain_unseen),
        cmocka_unit_test(test_force),         cmocka_unit_test(test_run),
        cmocka_unit_test(test_run_unknown),   cmocka_unit_test(test_return),
        cmocka_unit_test(test_home_too_soon), cmocka_unit_test(test_power_on),
        cmocka_unit_test(test_boot_and_node), cmocka_unit_test(test_off_after_all),
        cmocka_unit_test(test_extension),     cmocka_unit_test(test_keep),
        cmocka_unit_test(test_marker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
