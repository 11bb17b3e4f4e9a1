#include <config.h>

#include "core/move/mover.h"

#include "core/base/str.h"

#include "tests/unit/table.h"

#include <string.h>

/* One look of one step of the ec2 mover at hand-made facts, as test_move.c does it. */

enum { NOW = 1000000, BEGAN = NOW - 300, SEEN = NOW - 2 };

static const struct offering offerings[] = {
    {.type = "c5.2xlarge",
     .zone = "",
     .eni = "eni-1",
     .cloud_node = "",
     .subnet = "",
     .lifecycle = LIFECYCLE_SPOT},
    {.type = "m5.2xlarge",
     .zone = "",
     .eni = "eni-1",
     .cloud_node = "",
     .subnet = "",
     .lifecycle = LIFECYCLE_ON_DEMAND,
     .has_max_price = true,
     .max_price = {400000000}},
};

struct scene {
    struct config config;
    struct server_config server;
    struct server_facts facts;
    struct extension_facts extension;
    struct call_result last;
    struct step_in in;
    struct move move;
};

static void node(struct node_facts *n, bool marked, bool idle)
{
    n->marked = marked;
    n->open = !marked;
    n->closed_by = marked ? CLOSED_BY_RUSHHOUR : CLOSED_BY_NOBODY;
    n->connected_known = true;
    n->idle = idle;
    n->busy = idle ? 0 : 1;
}

/* The source drained and disconnected, nothing in the way. */
static void set_scene(struct scene *s, enum direction d, bool overlaps)
{
    *s = (struct scene){
        .config = {.deployment = "haifa",
                   .policy = {.timeout_out = 1200,
                              .timeout_back = 1800,
                              .max_overlap = 1200,
                              .clock_skew = 120},
                   .shutdown_timeout = 180},
        .server = {.name = "cache",
                   .vm = "tests-cache",
                   .mover = "ec2",
                   .onprem_node = "tests-cache",
                   .cloud_node = "tests-cache-cloud",
                   .eni = "eni-1",
                   .static_address = "",
                   .subnet = "",
                   .launch_template = "tests:3",
                   .image = "",
                   .key_name = "key",
                   .iam_profile = "",
                   .overlaps = overlaps,
                   .offerings = offerings,
                   .n_offerings = ARRAY_LEN(offerings)},
        .facts = {.place = d == DIRECTION_OUT ? PLACE_ONPREM : PLACE_CLOUD,
                  .power = d == DIRECTION_OUT ? POWER_ON : POWER_OFF,
                  .vm_id = "vm-12",
                  .place_as_of = {SEEN},
                  .task_progress = -1,
                  .onprem = {.name = "tests-cache", .known = true, .as_of = {SEEN}},
                  .cloud = {.name = "tests-cache-cloud", .known = true, .as_of = {SEEN}}},
        .move = {.id = "m-1",
                 .server = "cache",
                 .direction = d,
                 .by = "policy",
                 .started = {BEGAN},
                 .step_since = {BEGAN},
                 .progress = -1},
    };
    node(&s->facts.onprem, true, true);
    node(&s->facts.cloud, true, true);
    (void)str_copy(s->move.mover, sizeof(s->move.mover), mover_of(&s->server)->name);
    s->in = (struct step_in){
        .config = &s->config,
        .server = &s->server,
        .facts = &s->facts,
        .extension = &s->extension,
        .choice = {&offerings[0], "eu-west-1a", "the test's", &s->facts.cloud},
        .now = {NOW},
        .last_kind = CALL_COUNT,
        .may_commit = true};
}

static void runs(struct scene *s)
{
    s->facts.instance = (struct instance_facts){
        .id = "i-1", .running = true, .lifecycle = LIFECYCLE_SPOT};
}

static void called(struct scene *s, enum call_kind kind, enum outcome outcome,
                   enum err_code code, int64_t ago)
{
    s->last = (struct call_result){.outcome = outcome, .at = {NOW - ago}};
    if (outcome == OUTCOME_FAILED)
        (void)err_set(&s->last.err, code, "refused by the test");
    s->in.last = &s->last;
    s->in.last_kind = kind;
    s->move.calls = 1;
    s->move.last_call_at.s = NOW - ago;
}

static struct step_out look(struct scene *s, enum step step)
{
    int32_t n;
    const struct mover_step *steps =
        mover_steps(mover_find(s->move.mover), s->move.direction, &n);
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

static void expect_steps(bool overlaps, enum direction d, const char *want)
{
    struct scene s;
    const struct mover_step *steps;
    char got[128] = "";
    int32_t n;

    set_scene(&s, d, overlaps);
    steps = mover_steps(mover_of(&s.server), d, &n);
    for (int32_t i = 0; i < n; i++) {
        size_t used = strlen(got);

        (void)str_format(got + used, sizeof(got) - used, "%s%s", i > 0 ? " " : "",
                         step_word(steps[i].step));
    }
    assert_string_equal(got, want);
}

/* design 9, the words of the steps */
static void test_tables(void **state)
{
    (void)state;
    expect_steps(false, DIRECTION_OUT, "drain shutdown launch boot node");
    expect_steps(false, DIRECTION_BACK, "drain terminate power_on node");
    expect_steps(true, DIRECTION_OUT, "launch boot node drain shutdown");
    expect_steps(true, DIRECTION_BACK, "power_on node drain terminate");
    /* Of the overlap a minute is left to end it, of a short one the half. */
    assert_int_equal(mover_overlap_s(&(struct policy_config){.max_overlap = 1200}), 1140);
    assert_int_equal(mover_overlap_s(&(struct policy_config){.max_overlap = 120}), 60);
    assert_int_equal(mover_overlap_s(&(struct policy_config){.max_overlap = 100}), 50);
    assert_int_equal(mover_overlap_s(&(struct policy_config){.max_overlap = 150}), 90);
}

/* Who launches, and who of them has both sides up. */
static void test_movers(void **state)
{
    static const struct {
        const char *mover;
        bool launches, overlaps, replaces, uses_extension;
    } rows[] = {
        {"velostrata", false, false, false, true},
        {"ec2", true, false, false, false},
        {"ec2-overlap", true, true, false, false},
        {"ec2-replace", true, false, true, false},
    };
    struct server_config servers[] = {
        {.mover = "velostrata"}, {.mover = "velostrata"}, {.mover = "ec2"}};
    struct config c = {.servers = servers};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct mover_ops *m = mover_find(rows[i].mover);

        assert_non_null(m);
        assert_row(rows[i].mover, m->launches == rows[i].launches);
        assert_row(rows[i].mover, m->overlaps == rows[i].overlaps);
        assert_row(rows[i].mover, m->replaces == rows[i].replaces);
        assert_row(rows[i].mover, m->uses_extension == rows[i].uses_extension);
    }
    assert_false(mover_any_launches(&c));
    c.n_servers = 2; /* the third is none of them */
    assert_false(mover_any_launches(&c));
    c.n_servers = 3;
    assert_true(mover_any_launches(&c));
    servers[0].mover = "ec2";
    c.n_servers = 1;
    assert_true(mover_any_launches(&c));
    servers[0].mover = "by-hand"; /* nobody's */
    assert_false(mover_any_launches(&c));
}

static void test_shutdown(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    /* the commit point of a gap: not without a slot */
    set_scene(&s, DIRECTION_OUT, false);
    s.in.may_commit = false;
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_WAIT);
    assert_string_equal(s.move.note, "waiting for a slot");
    s.in.may_commit = true;
    out = look(&s, STEP_SHUTDOWN);
    assert_int_equal(out.call.kind, CALL_VM_SHUTDOWN);
    assert_true(out.commits);
    assert_string_equal(out.call.target, "vm-12");

    /* never on old facts, nor while the node has a build or is open */
    s.facts.place_stale = true;
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_WAIT);
    s.facts.place_stale = false;
    node(&s.facts.onprem, true, false);
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_REDO);
    node(&s.facts.onprem, false, true);
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_REDO);

    /* its interface belongs to somebody who lives: home stays as it is */
    set_scene(&s, DIRECTION_OUT, false);
    (void)str_copy(s.facts.eni_holder, ID_TEXT, "i-9");
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_FAIL);
    s.facts.eni_holder_ended = true;
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_CALL);

    /* a guest has its time, then its power is cut, again and again */
    set_scene(&s, DIRECTION_OUT, false);
    s.move.committed = true;
    called(&s, CALL_VM_SHUTDOWN, OUTCOME_DONE, ERR_OK, 179);
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_WAIT);
    called(&s, CALL_VM_SHUTDOWN, OUTCOME_DONE, ERR_OK, 180);
    assert_int_equal(look(&s, STEP_SHUTDOWN).call.kind, CALL_VM_POWER_OFF);
    called(&s, CALL_VM_SHUTDOWN, OUTCOME_FAILED, ERR_REFUSED, 1); /* no tools */
    assert_int_equal(look(&s, STEP_SHUTDOWN).call.kind, CALL_VM_POWER_OFF);
    called(&s, CALL_VM_POWER_OFF, OUTCOME_UNKNOWN, ERR_OK, 29);
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_WAIT);
    called(&s, CALL_VM_POWER_OFF, OUTCOME_UNKNOWN, ERR_OK, 30);
    assert_int_equal(look(&s, STEP_SHUTDOWN).call.kind, CALL_VM_POWER_OFF);
    called(&s, CALL_VM_POWER_OFF, OUTCOME_FAILED, ERR_REFUSED, 30); /* a free licence */
    out = look(&s, STEP_SHUTDOWN);
    assert_int_equal(out.failure, FAILURE_PERMANENT);
    assert_false(out.send_home); /* it is there */
    s.facts.power = POWER_OFF;
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_DONE);

    /* but with overlap no longer than both may be up */
    set_scene(&s, DIRECTION_OUT, true);
    s.move.committed = true;
    s.move.deadline.s = NOW + 1;
    runs(&s);
    called(&s, CALL_VM_SHUTDOWN, OUTCOME_DONE, ERR_OK, 100);
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_WAIT);
    s.move.deadline.s = NOW;
    assert_int_equal(look(&s, STEP_SHUTDOWN).call.kind, CALL_VM_POWER_OFF);

    /* with overlap both are up: home cannot be switched off, so the cloud side goes */
    set_scene(&s, DIRECTION_OUT, true);
    s.move.committed = true;
    runs(&s);
    called(&s, CALL_VM_POWER_OFF, OUTCOME_FAILED, ERR_REFUSED, 30);
    out = look(&s, STEP_SHUTDOWN);
    assert_int_equal(out.failure, FAILURE_PERMANENT);
    assert_true(out.send_home);

    /* with overlap home goes only while the cloud serves */
    set_scene(&s, DIRECTION_OUT, true);
    s.move.committed = true;
    out = look(&s, STEP_SHUTDOWN);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_true(out.send_home);
    runs(&s);
    assert_int_equal(look(&s, STEP_SHUTDOWN).call.kind, CALL_VM_SHUTDOWN);
    s.facts.instance.reclaim_at.s = NOW + 60;
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_FAIL);
    s.facts.instance.reclaim_at.s = 0;
    node(&s.facts.onprem, true, false);
    assert_int_equal(look(&s, STEP_SHUTDOWN).verdict, VERDICT_REDO);
}

static void test_launch(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_OUT, false);
    s.facts.power = POWER_OFF;
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.call.kind, CALL_LAUNCH);
    assert_true(out.commits);
    assert_string_equal(out.call.run.instance_type, "c5.2xlarge");
    assert_string_equal(out.call.run.eni, "eni-1");
    assert_string_equal(out.call.run.launch_template, "tests:3");
    assert_string_equal(out.call.run.key_name, "key");
    assert_string_equal(out.call.run.deployment, "haifa");
    assert_true(out.call.run.spot);
    assert_false(out.call.run.again);

    /* never two copies: on at home means that somebody switched it on */
    s.facts.power = POWER_ON;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_REDO);
    s.facts.power = POWER_UNKNOWN;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    s.facts.power = POWER_OFF;
    s.facts.place_stale = true;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    s.facts.place_stale = false;

    /* its interface comes free in its own time */
    (void)str_copy(s.facts.eni_holder, ID_TEXT, "i-0");
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    assert_string_equal(s.move.note, "its interface is still held by i-0");
    s.facts.eni_holder_ended = true; /* … for a minute */
    s.move.step_since.s = NOW - 59;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    s.move.step_since.s = NOW - 60;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_CALL);
    s.facts.eni_holder_ended = false;
    s.move.step_since.s = NOW - 600;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_FAIL);
    s.facts.eni_holder[0] = '\0';

    /* it was launched: wait for it, not beyond the limit */
    runs(&s);
    s.facts.instance.pending = true;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    s.move.deadline.s = NOW;
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_true(out.send_home);
    s.facts.instance.pending = false;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_DONE);
}

static void test_offerings(void **state)
{
    struct offering capped;
    struct scene s;
    struct step_out out;

    (void)state;
    /* no capacity: the next one in the same move, the last one ends it */
    set_scene(&s, DIRECTION_OUT, false);
    s.facts.power = POWER_OFF;
    called(&s, CALL_LAUNCH, OUTCOME_FAILED, ERR_CAPACITY, 1);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_NEXT);
    s.in.last = NULL;
    s.in.choice.offering = &offerings[1];
    out = look(&s, STEP_LAUNCH);
    assert_string_equal(out.call.run.instance_type, "m5.2xlarge");
    assert_string_equal(s.move.type, "m5.2xlarge");
    assert_int_equal(s.move.lifecycle, LIFECYCLE_ON_DEMAND);
    assert_false(out.call.run.spot || out.call.run.has_max_price);
    /* the bound of a spot offering is its cap */
    capped = offerings[1];
    capped.lifecycle = LIFECYCLE_SPOT;
    s.in.choice.offering = &capped;
    out = look(&s, STEP_LAUNCH);
    assert_true(out.call.run.spot && out.call.run.has_max_price);
    assert_int_equal(out.call.run.max_price.nanos, 400000000);
    s.in.choice.offering = NULL;
    assert_int_equal(look(&s, STEP_LAUNCH).failure, FAILURE_CAPACITY);
    s.in.choice.offering = &offerings[0];

    /* died at its launch: for want of capacity, or of a wrong configuration */
    runs(&s);
    s.facts.instance.terminated = true;
    (void)str_copy(s.facts.instance.state_reason, NAME_TEXT,
                   "Server.InsufficientInstanceCapacity");
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_NEXT);
    assert_string_equal(s.move.note, "i-1 died of its launch: "
                                     "Server.InsufficientInstanceCapacity");
    (void)str_copy(s.facts.instance.state_reason, NAME_TEXT, "Client.InternalError");
    assert_int_equal(look(&s, STEP_LAUNCH).failure, FAILURE_PERMANENT);
    s.facts.instance.state_reason[0] = '\0';
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_NEXT);
    assert_string_equal(s.move.note, "i-1 died of its launch");
}

/* reliability 6: what became of a launch */
static void test_launch_outcomes(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    /* lost: the same call with the same token, after a while */
    set_scene(&s, DIRECTION_OUT, false);
    s.facts.power = POWER_OFF;
    s.move.committed = true;
    s.move.deadline.s = NOW + 60;
    (void)str_copy(s.move.type, NAME_TEXT, "m5.2xlarge"); /* whatever comes first now */
    s.move.lifecycle = LIFECYCLE_ON_DEMAND;
    called(&s, CALL_LAUNCH, OUTCOME_UNKNOWN, ERR_OK, 4);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    called(&s, CALL_LAUNCH, OUTCOME_UNKNOWN, ERR_OK, 5);
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.verdict, VERDICT_CALL);
    assert_true(out.call.run.again);
    assert_string_equal(out.call.run.instance_type, "m5.2xlarge");
    /* also when something, perhaps this very launch, holds the interface */
    (void)str_copy(s.facts.eni_holder, ID_TEXT, "i-9");
    assert_true(look(&s, STEP_LAUNCH).call.run.again);
    /* not wanted any more: listings must have had their time */
    s.move.deadline.s = NOW - 200;
    called(&s, CALL_LAUNCH, OUTCOME_UNKNOWN, ERR_OK, 299);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    called(&s, CALL_LAUNCH, OUTCOME_UNKNOWN, ERR_OK, 300);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_FAIL);

    /* the interface is in use: observe again, ten minutes at most */
    set_scene(&s, DIRECTION_OUT, false);
    s.facts.power = POWER_OFF;
    called(&s, CALL_LAUNCH, OUTCOME_FAILED, ERR_CONFLICT, 4);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    called(&s, CALL_LAUNCH, OUTCOME_FAILED, ERR_CONFLICT, 5);
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.verdict, VERDICT_CALL);
    assert_false(out.call.run.again); /* a definite error wants a new token */
    s.move.calls = 3;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT); /* 20 s by now */
    called(&s, CALL_LAUNCH, OUTCOME_FAILED, ERR_CONFLICT, 100);
    s.move.step_since.s = NOW - 599;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_CALL);
    s.move.step_since.s = NOW - 600;
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_int_equal(out.failure, FAILURE_TRANSIENT);

    /* what was launched is not configured any more: the listing tells in its time */
    set_scene(&s, DIRECTION_OUT, false);
    s.facts.power = POWER_OFF;
    s.move.committed = true;
    (void)str_copy(s.move.type, NAME_TEXT, "c3.large");
    called(&s, CALL_LAUNCH, OUTCOME_UNKNOWN, ERR_OK, 299);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    assert_non_null(strstr(s.move.note, "not configured any more"));
    called(&s, CALL_LAUNCH, OUTCOME_UNKNOWN, ERR_OK, 300);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_FAIL);
    assert_string_equal(s.move.note, "the answer of a launch was lost");

    /* another one with its tag lives: ten minutes, too */
    set_scene(&s, DIRECTION_OUT, false);
    s.facts.power = POWER_OFF;
    (void)str_copy(s.facts.other_id, sizeof(s.facts.other_id), "i-8");
    s.move.step_since.s = NOW - 599;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    assert_string_equal(s.move.note, "i-8 has its tag and lives");
    s.move.step_since.s = NOW - 600;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_FAIL);

    /* nothing that a repeat would help */
    set_scene(&s, DIRECTION_OUT, false);
    s.facts.power = POWER_OFF;
    called(&s, CALL_LAUNCH, OUTCOME_FAILED, ERR_FORBIDDEN, 1);
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_int_equal(out.failure, FAILURE_PERMANENT);
    /* a hiccup: some tries */
    called(&s, CALL_LAUNCH, OUTCOME_FAILED, ERR_THROTTLED, 5);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_CALL);
    s.move.calls = 4;
    assert_int_equal(look(&s, STEP_LAUNCH).failure, FAILURE_TRANSIENT);
}

static void test_terminate(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_BACK, false);
    runs(&s);
    s.in.may_commit = false;
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_WAIT);
    s.in.may_commit = true;
    out = look(&s, STEP_TERMINATE);
    assert_int_equal(out.call.kind, CALL_TERMINATE);
    assert_string_equal(out.call.target, "i-1");
    assert_true(out.commits);
    node(&s.facts.cloud, true, false);
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_REDO);
    node(&s.facts.cloud, true, true);

    /* I6: never when its interface would go with it */
    s.facts.instance.eni_deletes = true;
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_WAIT);
    s.facts.instance.eni_deletes = false;

    /* asked: again after a while, until it is seen at its end */
    called(&s, CALL_TERMINATE, OUTCOME_UNKNOWN, ERR_OK, 29);
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_WAIT);
    called(&s, CALL_TERMINATE, OUTCOME_FAILED, ERR_NOT_FOUND, 30);
    assert_int_equal(look(&s, STEP_TERMINATE).call.kind, CALL_TERMINATE);
    s.facts.instance.terminated = true;
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_WAIT);
    s.facts.instance.ended = true;
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_DONE);

    /* AWS takes it back: its builds have the whole notice */
    set_scene(&s, DIRECTION_BACK, true);
    runs(&s);
    s.move.interrupted = s.move.committed = true;
    s.facts.instance.reclaim_at.s = NOW - 59 - s.config.policy.clock_skew;
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_WAIT);
    s.facts.instance.reclaim_at.s = NOW - 60 - s.config.policy.clock_skew;
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_CALL);
    /* the notice was taken back: nothing to wait for */
    s.facts.instance.reclaim_at.s = 0;
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_CALL);
    /* none there, as after a loss: home is all there is, and takes builds first */
    s.facts.instance.id[0] = '\0';
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_WAIT);
    node(&s.facts.onprem, false, true);
    s.facts.onprem.connected = s.facts.onprem.open = true;
    assert_int_equal(look(&s, STEP_TERMINATE).verdict, VERDICT_DONE);
}

static void test_switch(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    /* the source's node stays open until the target's agent is there; never both open */
    set_scene(&s, DIRECTION_OUT, true);
    runs(&s);
    s.move.committed = true;
    node(&s.facts.onprem, false, false);
    s.facts.onprem.connected = true;
    assert_int_equal(look(&s, STEP_NODE).verdict, VERDICT_WAIT);
    s.facts.cloud.connected = true;
    out = look(&s, STEP_NODE);
    assert_int_equal(out.call.kind, CALL_NODE_CLOSE);
    assert_string_equal(out.call.target, "tests-cache");
    node(&s.facts.onprem, true, false);
    out = look(&s, STEP_NODE);
    assert_int_equal(out.call.kind, CALL_NODE_OPEN);
    assert_string_equal(out.call.target, "tests-cache-cloud");
    /* then home drains, its target open, for max_overlap at most */
    node(&s.facts.cloud, false, true);
    assert_int_equal(look(&s, STEP_NODE).verdict, VERDICT_DONE);
    (void)str_copy(s.facts.onprem.build_path, URL_TEXT, "/jenkins/job/ui/412/");
    s.config.policy.on_drain_deadline = DRAIN_ABORT;
    /* 20m without a minute of its own and the three that home has to shut down */
    s.move.committed_at.s = NOW - (1200 - 60 - 180) + 1;
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_WAIT);
    s.move.committed_at.s = NOW - (1200 - 60 - 180);
    assert_int_equal(look(&s, STEP_DRAIN).call.kind, CALL_BUILD_STOP);
    /* taken back meanwhile: home stays */
    s.facts.instance.reclaim_at.s = NOW + 60;
    assert_int_equal(look(&s, STEP_DRAIN).verdict, VERDICT_FAIL);
    assert_int_equal(look(&s, STEP_NODE).verdict, VERDICT_FAIL);
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_DONE);
    s.facts.instance.terminated = true;
    out = look(&s, STEP_BOOT);
    assert_int_equal(out.failure, FAILURE_CAPACITY);
    assert_true(out.send_home);
}

static void test_come_up(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_BACK, true);
    runs(&s);
    node(&s.facts.cloud, false, false);
    s.in.may_commit = false;
    assert_int_equal(look(&s, STEP_POWER_ON).verdict, VERDICT_WAIT);
    s.in.may_commit = true;
    out = look(&s, STEP_POWER_ON);
    assert_int_equal(out.call.kind, CALL_VM_POWER_ON);
    assert_true(out.commits);
    /* on, but its guest does not answer yet */
    s.facts.power = POWER_ON;
    s.move.step_since.s = NOW - 299;
    assert_int_equal(look(&s, STEP_POWER_ON).verdict, VERDICT_WAIT);
    s.facts.tools = true;
    assert_int_equal(look(&s, STEP_POWER_ON).verdict, VERDICT_DONE);
    s.facts.tools = false;
    s.move.step_since.s = NOW - 300;
    assert_int_equal(look(&s, STEP_POWER_ON).verdict, VERDICT_DONE);
    /* at a notice no build starts there any more */
    s.move.interrupted = s.move.committed = true;
    out = look(&s, STEP_POWER_ON);
    assert_int_equal(out.call.kind, CALL_NODE_CLOSE);
    assert_string_equal(out.call.target, "tests-cache-cloud");
}

/* Home is on and never comes up: both are not to be up for longer than max_overlap, the
 * cloud serves on. */
static void test_home_never_comes_up(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_BACK, true);
    runs(&s);
    node(&s.facts.cloud, false, true);
    node(&s.facts.onprem, true, false);
    s.facts.onprem.connected = false;
    s.facts.power = POWER_ON;
    s.facts.place_as_of.s = NOW;
    s.move.committed = true;
    s.move.started.s = NOW - 7200;
    s.move.committed_at.s = NOW - (1200 - 60) + 1;
    assert_int_not_equal(look(&s, STEP_NODE).call.kind, CALL_VM_POWER_OFF);
    s.move.committed_at.s = NOW - (1200 - 60);
    out = look(&s, STEP_NODE);
    assert_int_equal(out.verdict, VERDICT_CALL);
    assert_int_equal(out.call.kind, CALL_VM_POWER_OFF);
    s.in.call_open = true;
    assert_int_equal(look(&s, STEP_NODE).verdict, VERDICT_WAIT);
    s.in.call_open = false;
    s.facts.power = POWER_OFF;
    out = look(&s, STEP_NODE);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_int_equal(out.failure, FAILURE_TRANSIENT);
    assert_false(out.send_home);
    /* the cloud side is taken back: home is all that is left */
    s.facts.power = POWER_ON;
    s.facts.instance.reclaim_at.s = NOW;
    assert_int_not_equal(look(&s, STEP_NODE).call.kind, CALL_VM_POWER_OFF);
}

/* ready_port: the agent alone is not enough. */
static void test_ready_port(void **state)
{
    struct scene s;
    struct step_out out;

    (void)state;
    set_scene(&s, DIRECTION_OUT, false);
    runs(&s);
    s.facts.power = POWER_OFF;
    s.facts.cloud.connected = true;
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_DONE);
    s.server.ready_port = 8080;
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_WAIT);
    assert_string_equal(s.move.note, "its address in the cloud is not known yet");
    (void)str_copy(s.facts.instance.ip, NAME_TEXT, "10.0.1.11");
    out = look(&s, STEP_BOOT);
    assert_int_equal(out.verdict, VERDICT_CALL);
    assert_int_equal(out.call.kind, CALL_PORT_CHECK);
    assert_string_equal(out.call.target, "10.0.1.11:8080");
    assert_false(out.commits);
    s.in.call_open = true;
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_WAIT);
    s.in.call_open = false;
    called(&s, CALL_PORT_CHECK, OUTCOME_FAILED, ERR_CONNECT, 14);
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_WAIT);
    assert_non_null(strstr(s.move.note, "port 10.0.1.11:8080: refused by the test"));
    called(&s, CALL_PORT_CHECK, OUTCOME_FAILED, ERR_CONNECT, 15);
    assert_int_equal(look(&s, STEP_BOOT).call.kind, CALL_PORT_CHECK);
    called(&s, CALL_PORT_CHECK, OUTCOME_UNKNOWN, ERR_TIMEOUT,
           15); /* as after a restart */
    assert_int_equal(look(&s, STEP_BOOT).call.kind, CALL_PORT_CHECK);
    s.move.deadline.s = NOW;
    out = look(&s, STEP_BOOT);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_true(out.send_home);
    assert_non_null(strstr(s.move.note, "ready_port 8080 did not answer"));
    s.move.deadline.s = 0;
    called(&s, CALL_PORT_CHECK, OUTCOME_DONE, ERR_OK, 1);
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_DONE);
    /* the agent went meanwhile */
    s.facts.cloud.connected = false;
    assert_int_not_equal(look(&s, STEP_BOOT).verdict, VERDICT_DONE);
}

/* In place of an instance that is taken back: its node gives no more builds, then the
 * launch; home has no part in it. */
static void test_replace(void **state)
{
    struct scene s;
    struct step_out out;
    int32_t n;

    (void)state;
    assert_ptr_equal(mover_find("ec2-replace"), mover_replacing());
    assert_true(mover_replacing()->replaces && !mover_replacing()->overlaps);
    assert_true(mover_replacing()->launches && mover_find("ec2")->launches);
    (void)mover_steps(mover_replacing(), DIRECTION_BACK, &n);
    assert_int_equal(n, 0);
    set_scene(&s, DIRECTION_OUT, true);
    (void)str_copy(s.move.mover, sizeof(s.move.mover), "ec2-replace");
    s.move.interrupted = s.move.committed = true;
    s.facts.power = POWER_OFF;
    s.in.may_commit = false; /* its commit point lies behind */
    node(&s.facts.cloud, false, false);
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.call.kind, CALL_NODE_CLOSE);
    assert_string_equal(out.call.target, "tests-cache-cloud");
    assert_false(out.commits);
    /* asked once: who cannot be closed does not stop the launch */
    called(&s, CALL_NODE_CLOSE, OUTCOME_FAILED, ERR_SERVER, 1);
    out = look(&s, STEP_LAUNCH);
    assert_int_equal(out.call.kind, CALL_LAUNCH);
    assert_string_equal(out.call.run.eni, "eni-1");
    /* nor does a Jenkins that does not answer */
    s.in.last = NULL;
    s.move.calls = 0;
    s.facts.cloud.known = false;
    assert_int_equal(look(&s, STEP_LAUNCH).call.kind, CALL_LAUNCH);
    s.facts.cloud.known = true;
    s.in.call_open = true;
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_WAIT);
    s.in.call_open = false;
    /* launched: what is open now is its own node */
    runs(&s);
    assert_int_equal(look(&s, STEP_LAUNCH).verdict, VERDICT_DONE);
    s.facts.cloud.connected = true;
    assert_int_equal(look(&s, STEP_BOOT).verdict, VERDICT_DONE);
    node(&s.facts.cloud, true, true);
    out = look(&s, STEP_NODE);
    assert_int_equal(out.call.kind, CALL_NODE_OPEN);
    /* taken back as well, before it was in use */
    s.facts.instance.reclaim_at.s = NOW + 60;
    out = look(&s, STEP_NODE);
    assert_int_equal(out.verdict, VERDICT_FAIL);
    assert_true(out.send_home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_movers),
        cmocka_unit_test(test_shutdown),
        cmocka_unit_test(test_launch),
        cmocka_unit_test(test_offerings),
        cmocka_unit_test(test_terminate),
        cmocka_unit_test(test_launch_outcomes),
        cmocka_unit_test(test_switch),
        cmocka_unit_test(test_come_up),
        cmocka_unit_test(test_home_never_comes_up),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_ready_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
