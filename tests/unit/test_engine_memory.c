#include <config.h>

#include "tests/unit/controller_scene.h"

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
    }
    f = controller_snapshot(s->c);
    assert_true(f != NULL || alloc_refused());
    fleet_unref(f);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
    };

    alloc_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
