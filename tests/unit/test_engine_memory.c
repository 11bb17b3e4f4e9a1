#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

#include "tests/torture/alloc.h"

/*
 * Memory is refused at each allocation of a start and of a morning, once: the start says
 * so and gives everything back, a step that lacks it says so, and the next ones go on.
 */

struct morning {
    struct segment segments[2];
    struct requeue requeues[2];
    struct seen_price prices[3];
    bool failed; /* some step did */
};

static void stored_make(struct scene *s, struct morning *m)
{
    *m = (struct morning){
        .segments = {{.id = 1,
                      .kind = "spot",
                      .server = "a",
                      .resource = "i-0",
                      .start = {NOW - 7200},
                      .end = {NOW - 3600}},
                     {.id = 2, .kind = "extension", .start = {NOW - 3600}}},
        .requeues = {{.job = "/j/job/smoke/", .number = 7, .server = "a", .original = 7}},
        .prices = {{"c5", "eu-west-1a", {70000000}, {NOW - 7200}},
                   {"c5", "eu-west-1b", {60000000}, {NOW - 3600}},
                   {"m5", "eu-west-1a", {80000000}, {NOW - 60}}}};
    scene_point(s);
    s->stored.segments = m->segments;
    s->stored.n_segments = ARRAY_LEN(m->segments);
    s->stored.requeues = m->requeues;
    s->stored.n_requeues = 1;
}

/* An observation is its poller's: what it is made of is not refused. */
static void tell(struct scene *s, struct morning *m, enum source source)
{
    struct event ev = {.kind = EVENT_OBSERVATION};
    struct observation *o;

    alloc_pause();
    o = observation_new(source);
    alloc_resume();
    assert_non_null(o);
    o->at = s->now;
    if (source == SOURCE_JENKINS)
        o->as.jenkins = (struct obs_jenkins){
            .version = "", .nodes = s->nodes, .n_nodes = ARRAY_LEN(s->nodes)};
    else if (source == SOURCE_VSPHERE)
        o->as.vsphere =
            (struct obs_vsphere){.vms = &s->vm, .n_vms = 1, .load_problem = ""};
    else if (source == SOURCE_PRICES)
        o->as.prices = (struct obs_prices){m->prices, ARRAY_LEN(m->prices)};
    else
        o->as.velostrata = (struct obs_velostrata){.extension_id = "ce-1",
                                                   .extension_raw = "",
                                                   .extension = EXTENSION_ACTIVE,
                                                   .edge_a_zone = "",
                                                   .edge_b_zone = "",
                                                   .extension_problem = "",
                                                   .vms = &s->managed,
                                                   .n_vms = 1};
    ev.as.observation = o;
    ev.now = s->now;
    ev.mono.ms = (s->now.s - NOW) * 1000 + 1000000;
    controller_step(s->c, &ev, &s->fx);
    m->failed = m->failed || s->fx.failed;
}

/* A look of all, twice: a move out begins. */
static void live(struct scene *s, struct morning *m)
{
    static const enum source all[] = {SOURCE_PRICES, SOURCE_JENKINS, SOURCE_VSPHERE,
                                      SOURCE_VELOSTRATA};
    struct fleet *f;

    for (int round = 0; round < 3; round++) {
        s->now.s += STEP_S;
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
            tell(s, m, all[i]);
        f = controller_snapshot(s->c); /* of what there is */
        assert_true(f != NULL || alloc_refused());
        fleet_unref(f);
    }
}

/* The at-th allocation is refused; 0: none. How many there were. */
static uint64_t run(uint64_t at, bool *told)
{
    struct scene s;
    struct morning m;
    struct err e = {0};
    enum err_code rc;
    size_t before;
    uint64_t n;

    alloc_pause();
    scene_make(&s);
    stored_make(&s, &m);
    alloc_resume();
    before = alloc_live();
    alloc_begin(at, false);
    rc = controller_new(&s.options, &s.stored, s.now, (struct mono){1000000}, &s.c, &e);
    if (rc == ERR_OK)
        live(&s, &m);
    n = alloc_end();
    *told = rc != ERR_OK || m.failed;
    assert_true(rc == ERR_OK || (rc == ERR_NOMEM && at != 0));
    if (rc == ERR_OK) {
        live(&s, &m); /* there is memory again */
        assert_false(s.fx.failed);
        assert_int_equal(s.c->servers[0].facts.place, PLACE_ONPREM);
        assert_int_equal(s.c->extension.facts.state, EXTENSION_ACTIVE);
    }
    controller_free(s.c);
    effects_clear(&s.fx);
    assert_int_equal(alloc_live(), before); /* nothing is lost */
    alloc_pause();
    tz_free(s.tz);
    config_free(s.config);
    alloc_resume();
    return n;
}

static void test_each(void **state)
{
    uint64_t n, refusals = 0;
    bool told;

    (void)state;
    n = run(0, &told);
    assert_false(told);
    assert_true(n > 10);
    for (uint64_t at = 1; at <= n; at++) {
        (void)run(at, &told);
        refusals += told ? 1 : 0;
    }
    assert_true(refusals > 5);
}

/* ----- no memory at all within one step ----- */

static struct event seen(struct scene *s, enum source source)
{
    struct event ev = {.kind = EVENT_OBSERVATION};

    ev.as.observation = observation_new(source);
    assert_non_null(ev.as.observation);
    ev.as.observation->at = s->now;
    return ev;
}

/* Not even for the first word of what the step wants to be written. */
static void starve(struct scene *s, struct event ev)
{
    effects_clear(&s->fx);
    ev.now = s->now;
    ev.mono.ms = (s->now.s - NOW) * 1000 + 1000000;
    alloc_begin(1, true);
    controller_step(s->c, &ev, &s->fx);
    (void)alloc_end();
    assert_true(s->fx.failed);
    assert_int_equal(s->fx.n_records, 0);
    assert_int_equal(s->fx.n_calls, 0);
}

static bool is_written(const struct scene *s, enum record_kind kind)
{
    for (size_t i = 0; i < s->fx.n_records; i++) {
        if (s->fx.records[i].kind == kind)
            return true;
    }
    return false;
}

static void begin(struct scene *s, struct morning *m, struct price_step steps[1],
                  struct stored_price prices[1])
{
    scene_make(s);
    stored_setting(s, "auto", "off");
    stored_make(s, m);
    prices[0] = (struct stored_price){.type = "c5", .zone = "eu-west-1a"};
    steps[0] = (struct price_step){{NOW - 7200}, {70000000}};
    s->stored.prices = prices;
    s->stored.steps = steps;
    s->stored.n_prices = 1;
    scene_start(s);
}

/* A price that could not be written is known all the same, and told as not written. */
static void test_prices(void **state)
{
    struct seen_price news = {"c5", "eu-west-1a", {90000000}, {NOW - 60}};
    struct seen_listed listed = {"c5", {USD_NANOS}};
    struct stored_price prices[1];
    struct price_step steps[1];
    struct morning m;
    struct event ev;
    struct scene s;

    (void)state;
    begin(&s, &m, steps, prices);
    ev = seen(&s, SOURCE_PRICES);
    ev.as.observation->as.prices = (struct obs_prices){&news, 1};
    starve(&s, ev);
    assert_int_equal(s.c->series[0].n, 2);
    ev = seen(&s, SOURCE_PRICELIST);
    ev.as.observation->as.pricelist = (struct obs_pricelist){"eu-west-1", &listed, 1};
    starve(&s, ev);
    assert_int_equal(s.c->n_listed, 1);
    scene_end(&s);
}

/* The same of a segment that begins, and of a build that does. */
static void test_begins(void **state)
{
    struct seen_build build = {
        .name = "smoke #8", .path = "/j/job/smoke/8/", .number = 8};
    struct stored_price prices[1];
    struct price_step steps[1];
    struct morning m;
    struct event ev;
    struct scene s;

    (void)state;
    begin(&s, &m, steps, prices);
    m.segments[1].end.s = NOW - 60;
    scene_start(&s);
    s.now.s += STEP_S;
    ev = seen(&s, SOURCE_VELOSTRATA);
    ev.as.observation->as.velostrata =
        (struct obs_velostrata){.extension_id = "ce-1",
                                .extension_raw = "",
                                .extension = EXTENSION_ACTIVE,
                                .edge_a_zone = "",
                                .edge_b_zone = "",
                                .extension_problem = ""};
    starve(&s, ev);
    assert_true(s.c->extension.segment != 0);
    s.nodes[HOME].builds = &build;
    s.nodes[HOME].n_builds = 1;
    s.nodes[HOME].idle = false;
    ev = seen(&s, SOURCE_JENKINS);
    ev.as.observation->as.jenkins =
        (struct obs_jenkins){.version = "", .nodes = s.nodes, .n_nodes = 2};
    starve(&s, ev);
    assert_int_equal(s.c->builds.n, 1);
    assert_int_equal(s.c->builds.kept[0].n_runs, 1);
    scene_end(&s);
}

/* A call that could not be written is not made, and is made when there is memory again;
 * its answer counts although that could not be written. */
static void test_calls(void **state)
{
    struct stored_price prices[1];
    struct price_step steps[1];
    struct morning m;
    struct event ev;
    struct scene s;

    (void)state;
    begin(&s, &m, steps, prices);
    s.stored.n_settings = 0;
    s.nodes[HOME].offline = s.nodes[HOME].marked = false;
    s.nodes[HOME].connected = true;
    s.nodes[HOME].cause = "";
    scene_start(&s);
    observe(&s, SOURCE_JENKINS);
    observe(&s, SOURCE_VSPHERE);
    ev = seen(&s, SOURCE_VELOSTRATA);
    ev.as.observation->as.velostrata =
        (struct obs_velostrata){.extension_id = "ce-1",
                                .extension_raw = "",
                                .extension = EXTENSION_ACTIVE,
                                .edge_a_zone = "",
                                .edge_b_zone = "",
                                .extension_problem = "",
                                .vms = &s.managed,
                                .n_vms = 1};
    starve(&s, ev);
    assert_int_equal(s.c->n_calls_open, 0);
    look(&s);
    assert_int_equal(s.n_calls, 1);
    assert_int_equal(s.c->n_calls_open, 1);
    ev = (struct event){.kind = EVENT_RESULT};
    ev.as.result =
        (struct call_result){.id = s.calls[0].id, .outcome = OUTCOME_DONE, .at = s.now};
    starve(&s, ev);
    assert_int_equal(s.c->n_calls_open, 0);
    scene_end(&s);
}

/* What a person orders, and what becomes of a build that waits. */
static void test_words(void **state)
{
    struct seen_job gone = {.path = "/j/job/smoke/", .gone = true};
    struct stored_price prices[1];
    struct price_step steps[1];
    struct command c = {.kind = COMMAND_HOLD,
                        .server = "a",
                        .by = "dana",
                        .place = PLACE_ONPREM,
                        .hold_kind = HOLD_PIN,
                        .id = 7};
    struct morning m;
    struct event ev = {.kind = EVENT_COMMAND};
    struct scene s;

    (void)state;
    begin(&s, &m, steps, prices);
    look(&s);
    ev.as.command.command = c;
    ev.as.command.stored = true; /* its answer is wanted, too */
    starve(&s, ev);
    assert_int_equal(s.c->servers[0].hold.kind, HOLD_PIN);
    assert_int_equal(s.c->requeues.n_open, 1);
    ev = seen(&s, SOURCE_BUILDS);
    ev.as.observation->as.builds = (struct obs_builds){&gone, 1};
    starve(&s, ev);
    assert_int_equal(s.c->requeues.list[0].state, REQUEUE_SKIPPED);
    look(&s);
    assert_false(is_written(&s, RECORD_REQUEUE)); /* it is over, and is not said again */
    scene_end(&s);
}

/* A job that is gone is forgotten, written or not. */
static void test_gone(void **state)
{
    struct job_history job = {.path = "/j/job/smoke/", .server = "a", .last = 7};
    struct seen_job gone = {.path = "/j/job/smoke/", .gone = true};
    struct stored_price prices[1];
    struct price_step steps[1];
    struct morning m;
    struct event ev;
    struct scene s;

    (void)state;
    begin(&s, &m, steps, prices);
    s.stored.jobs = &job;
    s.stored.n_jobs = 1;
    s.stored.n_requeues = 0;
    scene_start(&s);
    assert_int_equal(s.c->builds.n, 1);
    ev = seen(&s, SOURCE_BUILDS);
    ev.as.observation->as.builds = (struct obs_builds){&gone, 1};
    starve(&s, ev);
    assert_int_equal(s.c->builds.n, 0);
    scene_end(&s);
}

/* Another configuration for which there is no memory: the old one stays. */
static void test_config(void **state)
{
    struct config_order order = {.by = "operator:dana", .why = "", .changes = ""};
    struct event ev = {.kind = EVENT_CONFIG, .as.config = &order};
    struct stored_price prices[1];
    struct price_step steps[1];
    struct morning m;
    struct scene s;

    (void)state;
    begin(&s, &m, steps, prices);
    s.nodes[HOME].offline = s.nodes[HOME].marked = false; /* no call is in its way */
    s.nodes[HOME].connected = true;
    s.nodes[HOME].cause = "";
    look(&s);
    order.config = s.config;
    order.tz = s.tz;
    order.state = &s.stored;
    starve(&s, ev);
    assert_false(order.taken);
    assert_non_null(strstr(order.refused, "out of memory"));
    look(&s);
    assert_int_equal(s.c->servers[0].facts.place, PLACE_ONPREM);
    order.refused[0] = '\0';
    ev.now = s.now;
    ev.mono.ms = (s.now.s - NOW) * 1000 + 1000000;
    controller_step(s.c, &ev, &s.fx);
    assert_true(order.taken);
    scene_end(&s);
}

/* A start of a server with nodes in several zones: each refusal ends it, and loses
 * nothing. */
static void test_zones(void **state)
{
    enum err_code rc = ERR_NOMEM;
    uint64_t refusals = 0;
    struct region r;

    (void)state;
    region_make(&r);
    scene_point(&r.s);
    for (uint64_t at = 1; rc == ERR_NOMEM; at++) {
        size_t before = alloc_live();
        struct err e = {0};

        alloc_begin(at, false);
        rc = controller_new(&r.s.options, &r.s.stored, r.s.now, (struct mono){1000000},
                            &r.s.c, &e);
        (void)alloc_end();
        if (rc == ERR_OK)
            break;
        assert_int_equal(rc, ERR_NOMEM);
        assert_int_equal(alloc_live(), before);
        refusals++;
    }
    assert_true(refusals > 4);
    assert_non_null(r.s.c->servers[0].zone_nodes);
    scene_end(&r.s);
}

/* What is kept for a step that has no memory is kept, or there is none from the start. */
static void test_reserve(void **state)
{
    static const struct {
        const char *what;
        uint64_t refused; /* 0: none */
        bool ok;
        size_t records, calls;
    } rows[] = {{"there is room", 0, true, 4, 2},
                {"none for records", 1, false, 0, 2},
                {"none for calls", 2, false, 4, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct effects fx = {0};

        alloc_begin(rows[i].refused, false);
        assert_row(rows[i].what, effects_reserve(&fx, 4, 2) == rows[i].ok);
        (void)alloc_end();
        assert_row(rows[i].what, fx.cap_records == rows[i].records);
        assert_row(rows[i].what, fx.cap_calls == rows[i].calls);
        effects_clear(&fx);
    }
}

/* A long list is given back; when not even that works, it stays. */
static void test_long_list(void **state)
{
    enum { LONG = 300, KEPT = 64 };

    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        struct effects fx = {0};
        size_t cap;

        for (int i = 0; i < LONG; i++)
            assert_non_null(effects_record(&fx, RECORD_PRICE));
        cap = fx.cap_records;
        alloc_begin(refused != 0 ? 1 : 0, true);
        effects_reset(&fx);
        (void)alloc_end();
        assert_int_equal(fx.n_records, 0);
        assert_int_equal(fx.cap_records, refused != 0 ? cap : KEPT);
        assert_non_null(effects_record(&fx, RECORD_PRICE));
        effects_clear(&fx);
    }
}

/* ----- no room for what a step writes ----- */

static struct event hold_event(struct scene *s)
{
    struct event ev = {.kind = EVENT_COMMAND};

    (void)s;
    ev.as.command.command = (struct command){.id = 7,
                                             .kind = COMMAND_HOLD,
                                             .server = "a",
                                             .by = "dana",
                                             .place = PLACE_ONPREM,
                                             .hold_kind = HOLD_PIN,
                                             .confirmed = true};
    return ev;
}

static struct event reading(struct scene *s)
{
    struct observation *o = observation_new(SOURCE_VELOSTRATA);

    assert_non_null(o);
    o->at = s->now;
    o->as.velostrata = (struct obs_velostrata){.extension_id = "ce-1",
                                               .extension_raw = "",
                                               .extension = EXTENSION_ACTIVE,
                                               .edge_a_zone = "",
                                               .edge_b_zone = "",
                                               .extension_problem = "",
                                               .vms = &s->managed,
                                               .n_vms = 1};
    return (struct event){.kind = EVENT_OBSERVATION, .as.observation = o};
}

/* With a call of the last run that is looked up by the manager's reading. */
static struct event call_event(struct scene *s)
{
    struct call call = {.id = 1, .kind = CALL_RETURN};

    (void)str_copy(call.server, sizeof(call.server), "a");
    recover_add(s->c, &call);
    s->c->unresolved[0].looks = 1; /* the second look tells */
    s->c->unresolved[0].as_of.s = NOW - 60;
    return reading(s);
}

static struct event taken_over_event(struct scene *s)
{
    struct event ev = {.kind = EVENT_ACTED};

    (void)s;
    ev.as.acted.readable = true;
    ev.as.acted.last = (struct lock_record){.at = {NOW - 30},
                                            .by = "dana@ops1 pid 42",
                                            .call = CALL_RETURN,
                                            .server = "a",
                                            .target = "id-a",
                                            .has_move = true};
    ev.as.acted.last.move = (struct move){.id = "m-9-77",
                                          .server = "a",
                                          .mover = "velostrata",
                                          .direction = DIRECTION_BACK,
                                          .status = MOVE_OPEN,
                                          .step = 1,
                                          .committed = true,
                                          .by = "policy",
                                          .started = {NOW - 300},
                                          .step_since = {NOW - 100},
                                          .committed_at = {NOW - 100},
                                          .deadline = {NOW + 1000},
                                          .progress = -1};
    return ev;
}

/* A step has room for so many records, and no memory for more: it says so, and no call is
 * made of which nobody would know. Else it has all that it needs. */
static void test_room(void **state)
{
    static const struct {
        const char *what;
        struct event (*event)(struct scene *s);
        enum record_kind writes;
    } rows[] = {
        {"a hold", hold_event, RECORD_HOLD},
        {"a call of the last run is looked up", call_event, RECORD_OUTCOME},
        {"a move begins", reading, RECORD_MOVE},
        {"another's move is taken over", taken_over_event, RECORD_INTENT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool failed = true;

        for (size_t room = 0; failed; room++) {
            struct scene s;
            struct event ev;
            bool written = false;

            assert_true(room < 32);
            alloc_pause();
            scene_make(&s);
            s.nodes[HOME].marked = s.nodes[HOME].offline = false;
            s.nodes[HOME].connected = true;
            scene_start(&s);
            observe(&s, SOURCE_JENKINS);
            observe(&s, SOURCE_VSPHERE);
            ev = rows[i].event(&s);
            effects_clear(&s.fx);
            assert_true(room == 0 || effects_reserve(&s.fx, room, 4));
            alloc_resume();
            ev.now = s.now;
            ev.mono.ms = (s.now.s - NOW) * 1000 + 1000000;
            alloc_begin(1, true);
            controller_step(s.c, &ev, &s.fx);
            (void)alloc_end();
            failed = s.fx.failed;
            assert_row(rows[i].what, s.fx.n_records <= room);
            for (size_t k = 0; k < s.fx.n_calls; k++) {
                bool intended = false;

                for (size_t n = 0; n < s.fx.n_records; n++)
                    intended =
                        intended || (s.fx.records[n].kind == RECORD_INTENT &&
                                     s.fx.records[n].as.intent.id == s.fx.calls[k].id);
                assert_row(rows[i].what, intended);
            }
            for (size_t k = 0; k < s.fx.n_records; k++)
                written = written || s.fx.records[k].kind == rows[i].writes;
            assert_row(rows[i].what, written || failed);
            alloc_pause();
            scene_end(&s);
            alloc_resume();
        }
    }
}

/* What another controller is to read is whole, or is not written. */
static void test_record(void **state)
{
    struct lock_record r = {
        .by = "dana@ops1 pid 42", .call = CALL_EXTENSION_STOP, .target = "ce-1"};
    char out[1024] = "as it was";

    (void)state;
    alloc_begin(1, false);
    assert_false(lock_record_write(&r, out, sizeof(out)));
    assert_true(alloc_end() > 0);
    assert_string_equal(out, "");
    assert_true(lock_record_write(&r, out, sizeof(out)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),    cmocka_unit_test(test_prices),
        cmocka_unit_test(test_begins),  cmocka_unit_test(test_calls),
        cmocka_unit_test(test_words),   cmocka_unit_test(test_gone),
        cmocka_unit_test(test_config),  cmocka_unit_test(test_zones),
        cmocka_unit_test(test_reserve), cmocka_unit_test(test_long_list),
        cmocka_unit_test(test_room),    cmocka_unit_test(test_record),
    };

    alloc_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
