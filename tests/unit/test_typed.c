#include <config.h>

#include "core/base/str.h"
#include "core/cost/ledger.h"
#include "core/model/config.h"
#include "core/sim/invariants.h"
#include "core/sim/port.h"
#include "core/sim/site_impl.h"

#include "tests/unit/table.h"

/* What a call does at the typed level, and what it says when it cannot; faults; recorded
 * prices. That observations are those of the wire is tests/sim/test_typed's. */

static const struct utc start = {1795329000};

struct stage {
    struct site *site;
    struct world *w;
    struct clock_fake fake;
    struct clock clock;
    struct port port;
};

static void open_stage(struct stage *s, const char *faults)
{
    const struct site_options o = {
        .seed = 4, .servers = 2, .start = start, .faults = faults, .typed = true};
    struct err e = {0};

    *s = (struct stage){.fake = {.utc = start, .mono = {start.s * 1000}}};
    assert_int_equal(site_new(&o, &s->site, &e), ERR_OK);
    s->w = s->site->w;
    s->clock = clock_fake_clock(&s->fake);
    assert_int_equal(port_typed_open(s->site, &s->clock, &s->port, &e), ERR_OK);
}

static void close_stage(struct stage *s)
{
    port_free(&s->port);
    site_free(s->site);
}

static struct call_result act(struct stage *s, enum call_kind kind, const char *target,
                              const char *marker)
{
    struct call c = {.id = 7, .kind = kind};
    struct call_result r;

    (void)str_copy(c.target, sizeof(c.target), target);
    (void)str_copy(c.marker, sizeof(c.marker), marker);
    (void)str_copy(c.run.instance_type, sizeof(c.run.instance_type), "c5.2xlarge");
    (void)str_copy(c.run.edge_node, sizeof(c.run.edge_node), "NodeA");
    (void)str_copy(c.run.eni, sizeof(c.run.eni), s->w->enis[0].id);
    c.run.spot = true;
    s->port.act(s->port.ctx, &c, &r);
    assert_int_equal(r.id, 7);
    return r;
}

static void test_acts(void **state)
{
    static const char ours[] = "rushhour/1 drain op=m-1 by=policy why=out";
    /* clang-format off */
    static const struct {
        const char *what; enum call_kind kind; const char *target; const char *marker;
        enum outcome outcome; enum err_code code; const char *detail;
    } rows[] = {
        {"no such node", CALL_NODE_CLOSE, "nobody", ours, OUTCOME_FAILED, ERR_NOT_FOUND, ""},
        {"an open node cannot be disconnected", CALL_NODE_DISCONNECT, "HOME", ours, OUTCOME_FAILED, ERR_CONFLICT, ""},
        {"closed", CALL_NODE_CLOSE, "HOME", ours, OUTCOME_DONE, ERR_OK, ""},
        {"closed again", CALL_NODE_CLOSE, "HOME", ours, OUTCOME_DONE, ERR_OK, ""},
        {"disconnected", CALL_NODE_DISCONNECT, "HOME", ours, OUTCOME_DONE, ERR_OK, ""},
        {"launched", CALL_NODE_LAUNCH, "HOME", "", OUTCOME_DONE, ERR_OK, ""},
        {"opened", CALL_NODE_OPEN, "HOME", ours, OUTCOME_DONE, ERR_OK, ""},
        {"open already", CALL_NODE_OPEN, "HOME", ours, OUTCOME_DONE, ERR_OK, ""},
        {"closed by a person", CALL_NODE_CLOSE, "PERSON", ours, OUTCOME_DONE, ERR_OK, "person"},
        {"a person's stays closed", CALL_NODE_OPEN, "PERSON", ours, OUTCOME_FAILED, ERR_CONFLICT, ""},
        {"a build that has ended", CALL_BUILD_STOP, "/jenkins/job/x/1/", "", OUTCOME_DONE, ERR_OK, ""},
        {"no extension runs", CALL_RUN_IN_CLOUD, "vm-11", "", OUTCOME_FAILED, ERR_CONFLICT, ""},
        {"no such VM", CALL_RUN_IN_CLOUD, "vm-99", "", OUTCOME_FAILED, ERR_NOT_FOUND, ""},
        {"the extension starts", CALL_EXTENSION_START, "ce-1", "", OUTCOME_DONE, ERR_OK, "t-1"},
        {"… once", CALL_EXTENSION_START, "ce-1", "", OUTCOME_FAILED, ERR_CONFLICT, ""},
        {"… and does not stop meanwhile", CALL_EXTENSION_STOP, "ce-1", "", OUTCOME_FAILED, ERR_CONFLICT, ""},
        {"it is at home", CALL_RETURN, "vm-11", "", OUTCOME_FAILED, ERR_CONFLICT, ""},
        {"it is not in the cloud", CALL_START_IN_CLOUD, "vm-11", "", OUTCOME_FAILED, ERR_CONFLICT, ""},
        {"it is on", CALL_VM_POWER_ON, "vm-11", "", OUTCOME_DONE, ERR_OK, ""},
        {"shut down", CALL_VM_SHUTDOWN, "vm-11", "", OUTCOME_DONE, ERR_OK, ""},
        {"powered off", CALL_VM_POWER_OFF, "vm-12", "", OUTCOME_DONE, ERR_OK, ""},
        {"while its task runs", CALL_VM_POWER_OFF, "vm-12", "", OUTCOME_FAILED, ERR_CONFLICT, ""},
    };
    /* clang-format on */
    struct stage s;

    (void)state;
    open_stage(&s, NULL);
    world_node_mark(s.w, 2, "dana", "lunch");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *target = str_eq(rows[i].target, "HOME")     ? s.w->nodes[0].name
                             : str_eq(rows[i].target, "PERSON") ? s.w->nodes[2].name
                                                                : rows[i].target;
        struct call_result r = act(&s, rows[i].kind, target, rows[i].marker);

        assert_row(rows[i].what, r.outcome == rows[i].outcome);
        assert_row(rows[i].what, r.err.code == rows[i].code);
        assert_row(rows[i].what, str_eq(r.detail, rows[i].detail));
    }
    close_stage(&s);
}

/* A way out by hand: what is news, and that a build is stopped by its path. */
static void test_news(void **state)
{
    struct stage s;
    const struct sim_build *b = NULL;
    char path[96];

    (void)state;
    open_stage(&s, NULL);
    s.w->odds.calm = true;
    for (int64_t t = 60; b == NULL && t <= 3600; t += 60) {
        assert_false(s.port.live(s.port.ctx, (start.s + t) * 1000)); /* nobody launches */
        for (size_t i = 0; i < s.w->n_nodes && b == NULL; i++)
            for (int32_t k = 0; k < s.w->nodes[i].n_executors && b == NULL; k++)
                b = s.w->nodes[i].executors[k];
    }
    assert_non_null(b);
    if (b != NULL)
        (void)str_format(path, sizeof(path), "/jenkins/job/%s/%d/",
                         s.w->jobs[b->job].name, (int)b->number);
    assert_int_equal(act(&s, CALL_BUILD_STOP, path, "").outcome, OUTCOME_DONE);
    assert_int_equal(act(&s, CALL_EXTENSION_START, "ce-1", "").outcome, OUTCOME_DONE);
    assert_false(s.port.live(s.port.ctx, (start.s + 4200) * 1000));
    assert_int_equal(act(&s, CALL_RUN_IN_CLOUD, "vm-11", "").outcome, OUTCOME_DONE);
    assert_true(s.port.live(s.port.ctx, (start.s + 5000) * 1000)); /* an instance */
    assert_true(s.w->now < (start.s + 5000) * 1000);
    assert_int_equal(s.w->n_instances, 1);
    close_stage(&s);
}

static void test_faults(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; enum err_code poll; enum outcome act; bool done;
    } rows[] = {
        {"timeout=1", ERR_TIMEOUT, OUTCOME_UNKNOWN, false}, /* done in half of them */
        {"refuse=1", ERR_CONNECT, OUTCOME_FAILED, false},
        {"reset-before=1", ERR_RESET, OUTCOME_UNKNOWN, false},
        {"reset-after=1", ERR_RESET, OUTCOME_UNKNOWN, true},
        {"status-429=1", ERR_THROTTLED, OUTCOME_FAILED, false},
        {"status-500=1", ERR_SERVER, OUTCOME_UNKNOWN, false},
        {"late-500=1", ERR_SERVER, OUTCOME_UNKNOWN, true},
        {"ignored=1", ERR_OK, OUTCOME_DONE, false},
        {"truncated=1", ERR_PROTOCOL, OUTCOME_UNKNOWN, true},
        {"jenkins.refuse=1", ERR_CONNECT, OUTCOME_FAILED, false},
        {"ec2.refuse=1", ERR_OK, OUTCOME_DONE, true},
        {"latency=1", ERR_OK, OUTCOME_DONE, true},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct poll_hints hints = {0};
        struct observation *o;
        struct call_result r;
        struct stage s;

        open_stage(&s, rows[i].what);
        o = s.port.poll(s.port.ctx, SOURCE_JENKINS, &hints);
        assert_non_null(o);
        assert_row(rows[i].what, o->err.code == rows[i].poll);
        assert_row(rows[i].what, o->at.s == start.s);
        observation_unref(o);
        r = act(&s, CALL_NODE_CLOSE, s.w->nodes[0].name, "rushhour/1 x");
        assert_row(rows[i].what, r.outcome == rows[i].act);
        if (!str_eq(rows[i].what, "timeout=1"))
            assert_row(rows[i].what, s.w->nodes[0].marked == rows[i].done);
        if (str_eq(rows[i].what, "latency=1"))
            assert_row(rows[i].what, r.took_ms >= 200);
        close_stage(&s);
    }
}

/* A change that arrives twice is answered as the second time. */
static void test_doubled(void **state)
{
    struct stage s;
    struct call_result r;

    (void)state;
    open_stage(&s, "doubled=1");
    r = act(&s, CALL_EXTENSION_START, "ce-1", "");
    assert_int_equal(r.outcome, OUTCOME_FAILED);
    assert_int_equal(r.err.code, ERR_CONFLICT);
    assert_int_equal(s.w->extension.state, SIM_EXT_STARTING);
    assert_int_equal(s.w->n_manager_tasks, 1);
    assert_int_equal(s.site->faults.fired[FAULT_DOUBLED], 1);
    close_stage(&s);
}

/* Only what another server was told can be told to the wrong one. */
static void test_other_answer(void **state)
{
    static const char *const servers[] = {"a", "a", "b"};
    char ids[3][LINE_TEXT];
    struct stage s;

    (void)state;
    open_stage(&s, "other-answer=1");
    for (size_t i = 0; i < 3; i++) {
        struct call c = {.id = 1, .kind = CALL_LAUNCH, .run.spot = false};
        struct call_result r;

        (void)str_copy(c.server, sizeof(c.server), servers[i]);
        (void)str_copy(c.target, sizeof(c.target), "c5.2xlarge");
        (void)str_copy(c.run.instance_type, sizeof(c.run.instance_type), "c5.2xlarge");
        (void)str_format(c.run.token, sizeof(c.run.token), "t-%zu", i);
        s.port.act(s.port.ctx, &c, &r);
        assert_int_equal(r.outcome, OUTCOME_DONE);
        (void)str_copy(ids[i], LINE_TEXT, r.detail);
    }
    assert_string_not_equal(ids[1], ids[0]);
    assert_string_equal(ids[2], ids[1]);
    assert_int_equal(s.w->totals.launches, 3);
    assert_int_equal(s.site->faults.fired[FAULT_OTHER_ANSWER], 1);
    close_stage(&s);
}

/* The manager moves no VM that has a snapshot: its task fails, and the VM goes on. */
static void test_snapshot(void **state)
{
    const struct sim_managed *m;
    struct stage s;
    int32_t key;

    (void)state;
    open_stage(&s, NULL);
    m = &s.w->servers[0].managed;
    world_extension_set(s.w, SIM_EXT_ACTIVE);
    s.w->servers[0].snapshot = true;
    assert_int_equal(act(&s, CALL_RUN_IN_CLOUD, "vm-11", "").outcome, OUTCOME_DONE);
    key = m->task;
    site_advance(s.site, site_now_ms(s.site) + 60000);
    assert_int_equal(m->state, SIM_UNMANAGED);
    assert_int_equal(world_manager_task_find(s.w, key)->state, SIM_TASK_FAILED);
    assert_non_null(strstr(world_manager_task_find(s.w, key)->error, "snapshots"));
    assert_int_equal(s.w->vms[0].power, SIM_POWER_ON);
    close_stage(&s);
}

/* What comes and goes does so more than once, and is there in the end. */
static void test_flaps(void **state)
{
    enum { HOUR_MS = 3600 * 1000, SETTLED_MS = 20 * 60 * 1000 };
    struct stage s;
    uint32_t life, link;

    (void)state;
    open_stage(&s, "power-flaps=1,node-flaps=1");
    s.w->odds.calm = true;
    life = s.w->vms[0].life + s.w->vms[1].life;
    link = s.w->nodes[0].link + s.w->nodes[2].link;
    /* Who is struck is drawn. */
    site_advance(s.site, start.s * 1000 + 3 * HOUR_MS + 1);
    assert_int_equal(s.w->struck[SIM_MISHAP_POWER_FLAPS], 3);
    assert_int_equal(s.w->struck[SIM_MISHAP_NODE_FLAPS], 3);
    faults_to_world(&(struct faults){0}, &s.w->odds);
    site_advance(s.site, start.s * 1000 + 3 * HOUR_MS + SETTLED_MS);
    assert_true(s.w->vms[0].life + s.w->vms[1].life >= life + 3 * 6);
    assert_true(s.w->nodes[0].link + s.w->nodes[2].link >= link + 6);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(s.w->vms[i].power, SIM_POWER_ON);
        assert_true(s.w->nodes[2 * i].connected);
    }
    close_stage(&s);
}

/* I10: of a server at home whose guest hangs no more is asked than an open node, and that
 * it is shown as down; of any other one, an agent. */
static void test_guest_hangs(void **state)
{
    enum { A_WHILE_MS = 5 * 60 * 1000 };
    static const struct {
        const char *what, *faults;
        enum place place;
        bool off, closed, shown_open, want;
    } rows[] = {
        /* what, faults, place; off, closed, shown open; takes builds */
        {"up again", NULL, PLACE_ONPREM, false, false, true, true},
        {"… and closed", NULL, PLACE_ONPREM, false, true, false, false},
        {"… and its agent is not", "no-agent=1", PLACE_ONPREM, false, false, false,
         false},
        {"off", "no-boot=1", PLACE_ONPREM, true, false, false, false},
        {"hangs", "no-boot=1", PLACE_ONPREM, false, false, false, true},
        {"… and nobody sees it", "no-boot=1", PLACE_ONPREM, false, false, true, false},
        {"… and is closed", "no-boot=1", PLACE_ONPREM, false, true, false, false},
        {"… and is out", "no-boot=1", PLACE_CLOUD, false, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct server_facts f = {
            .place = rows[i].place,
            .onprem = {.known = true, .open = rows[i].shown_open}};
        struct stage s;

        open_stage(&s, rows[i].faults);
        s.w->odds.calm = true;
        world_vm_set_power(s.w, 0, SIM_POWER_OFF);
        site_advance(s.site, site_now_ms(s.site) + A_WHILE_MS);
        if (!rows[i].off)
            world_vm_set_power(s.w, 0, SIM_POWER_ON);
        site_advance(s.site, site_now_ms(s.site) + A_WHILE_MS);
        if (rows[i].closed)
            world_node_mark(s.w, 0, "rushhour", "rushhour/1 drain op=m-1 by=policy");
        assert_row(rows[i].what, invariants_takes_builds(s.w, 0, &f) == rows[i].want);
        close_stage(&s);
    }
}

static void test_no_bytes(void **state)
{
    const struct site_options o = {.seed = 1,
                                   .servers = 1,
                                   .start = start,
                                   .faults = "loose-shapes=0.1",
                                   .typed = true};
    struct site *site = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(site_new(&o, &site, &e), ERR_USAGE);
    assert_null(site);
}

/* Looks that overlap: the one that is still held is not written over. */
static void test_held(void **state)
{
    const struct poll_hints hints = {0};
    struct observation *o[3];
    struct stage s;

    (void)state;
    open_stage(&s, NULL);
    for (int i = 0; i < 3; i++) {
        o[i] = s.port.poll(s.port.ctx, SOURCE_VSPHERE, &hints);
        assert_non_null(o[i]);
        for (int k = 0; k < i; k++)
            assert_true(o[k] != o[i]);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(o[i]->as.vsphere.n_vms, 2);
        observation_unref(o[i]);
    }
    close_stage(&s);
}

static void test_recorded_prices(void **state)
{
    const struct price_step steps[] = {{{start.s - 7200}, {50000000}},
                                       {{start.s + 600}, {90000000}},
                                       {{start.s + 1200}, {40000000}}};
    struct poll_hints hints = {.since = {start.s}};
    struct observation *o;
    size_t seen = 0;
    struct stage s;

    (void)state;
    open_stage(&s, NULL);
    assert_false(site_record_prices(s.site, "x9.huge", "eu-west-1a", steps, 3));
    site_set_home_zone(s.site, "eu-west-1c");
    assert_string_equal(s.w->enis[0].zone, "eu-west-1c");
    assert_true(site_record_prices(s.site, "c5.2xlarge", "eu-west-1c", steps, 3));
    assert_true(site_record_prices(s.site, "c5.2xlarge", "us-east-1f", steps, 1));
    (void)s.port.live(s.port.ctx, (start.s + 900) * 1000);
    o = s.port.poll(s.port.ctx, SOURCE_PRICES, &hints);
    assert_non_null(o);
    for (size_t i = 0; i < o->as.prices.n; i++) {
        const struct seen_price *p = &o->as.prices.prices[i];

        if (!str_eq(p->type, "c5.2xlarge") || !str_eq(p->zone, "eu-west-1c"))
            continue;
        assert_int_equal(p->at.s, steps[seen].at.s);
        assert_int_equal(p->price.nanos, steps[seen].price.nanos);
        seen++;
    }
    assert_int_equal(seen,
                     2); /* the one before, and the one since; not the one to come */
    observation_unref(o);
    close_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acts),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_bytes),
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_other_answer),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_flaps),
        cmocka_unit_test(test_guest_hangs),
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_recorded_prices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
