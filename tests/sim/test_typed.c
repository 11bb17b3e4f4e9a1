#include <config.h>

#include "core/base/str.h"
#include "core/sim/port.h"
#include "core/sim/site_impl.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <string.h>

/* The typed level must say what the readers would have made of the bytes, and a policy
 * must come to the same at both. */

enum { DAY_S = 86400, YEAR_S = 365 * DAY_S, EVERY_S = 600 };

/* ---- the same site through both ports ---- */

struct both {
    struct run *r;
    struct clock_fake fake;
    struct clock clock;
    struct port wire, typed;
    struct utc next;
    int64_t compared, builds, instances, tasks, spots;
};

static void same_vms(const struct obs_vsphere *a, const struct obs_vsphere *b)
{
    assert_int_equal(a->n_hosts, 1);
    assert_int_equal(b->n_hosts, 1);
    assert_string_equal(a->hosts[0].name, b->hosts[0].name);
    assert_int_equal(a->hosts[0].maintenance, b->hosts[0].maintenance);
    assert_true(b->hosts[0].cpu_permille >= 0 && b->hosts[0].cpu_permille <= 1000);
    assert_true(b->hosts[0].ready_permille >= 0 && b->hosts[0].ready_permille <= 1000);
    assert_int_equal(a->hosts[0].ready_permille >= 0, b->hosts[0].ready_permille >= 0);
    for (size_t i = 0; i < b->n_vms; i++) { /* the wire has others, too */
        const struct seen_vm *y = &b->vms[i], *x;
        size_t k = 0;

        while (k < a->n_vms && !(str_eq(a->vms[k].id, y->id)))
            k++;
        assert_true(k < a->n_vms);
        x = &a->vms[k];
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->uuid, y->uuid);
        assert_string_equal(x->instance_uuid, y->instance_uuid);
        assert_int_equal(x->power, y->power);
        assert_int_equal(x->connected, y->connected);
        assert_int_equal(x->tools_running, y->tools_running);
        assert_int_equal(x->cpus, y->cpus);
        /* The client of the wire holds a sample for 20 s, and this one looks as it is. */
        assert_int_equal(x->ready_permille >= 0, y->ready_permille >= 0);
        assert_int_equal(x->costop_permille >= 0, y->costop_permille >= 0);
    }
}

static void same_builds(struct both *t, const struct seen_node *x,
                        const struct seen_node *y)
{
    assert_int_equal(x->n_builds, y->n_builds);
    for (size_t i = 0; i < x->n_builds; i++) {
        assert_string_equal(x->builds[i].name, y->builds[i].name);
        assert_string_equal(x->builds[i].path, y->builds[i].path);
        assert_int_equal(x->builds[i].number, y->builds[i].number);
        assert_int_equal(x->builds[i].started.s, y->builds[i].started.s);
        assert_int_equal(x->builds[i].estimate_s, y->builds[i].estimate_s);
        t->builds++;
    }
}

static void same_nodes(struct both *t, const struct obs_jenkins *a,
                       const struct obs_jenkins *b)
{
    assert_int_equal(a->quieting_down, b->quieting_down);
    for (size_t i = 0; i < b->n_nodes; i++) {
        const struct seen_node *y = &b->nodes[i], *x;
        size_t k = 0;

        while (k < a->n_nodes && !(str_eq(a->nodes[k].name, y->name)))
            k++;
        assert_true(k < a->n_nodes);
        x = &a->nodes[k];
        assert_int_equal(x->offline, y->offline);
        assert_int_equal(x->marked, y->marked);
        assert_int_equal(x->connected, y->connected);
        assert_int_equal(x->connected_known, y->connected_known);
        assert_int_equal(x->launchable, y->launchable);
        assert_int_equal(x->idle, y->idle);
        assert_int_equal(x->busy, y->busy);
        if (x->marked)
            assert_string_equal(x->cause, y->cause);
        same_builds(t, x, y);
    }
}

static void same_instance(struct both *t, const struct seen_instance *x,
                          const struct seen_instance *y, bool launched)
{
    assert_string_equal(x->id, y->id);
    assert_string_equal(x->type, y->type);
    assert_string_equal(x->zone, y->zone);
    assert_string_equal(x->state_reason, y->state_reason);
    assert_int_equal(x->state, y->state);
    assert_int_equal(x->lifecycle, y->lifecycle);
    if (launched)
        assert_int_equal(x->launched.s, y->launched.s);
    t->instances++;
}

static void same_manager(struct both *t, const struct obs_velostrata *a,
                         const struct obs_velostrata *b)
{
    assert_string_equal(a->extension_id, b->extension_id);
    assert_int_equal(a->extension, b->extension);
    assert_string_equal(a->edge_a_zone, b->edge_a_zone);
    assert_string_equal(a->edge_b_zone, b->edge_b_zone);
    assert_int_equal(a->n_vms, b->n_vms);
    for (size_t i = 0; i < a->n_vms; i++) {
        const struct seen_managed_vm *x = &a->vms[i], *y = &b->vms[i];

        assert_string_equal(x->vm_id, y->vm_id);
        assert_string_equal(x->instance_uuid, y->instance_uuid);
        assert_int_equal(x->state, y->state);
        assert_int_equal(x->migration_busy, y->migration_busy);
        assert_int_equal(x->instance_stopped, y->instance_stopped);
        assert_int_equal(x->has_tasks, y->has_tasks);
        /* The reader asks for details of an instance in turn. */
        if (x->has_instance && y->has_instance && x->has_tasks)
            same_instance(t, &x->instance, &y->instance, false);
    }
    for (size_t i = 0; i < b->n_tasks; i++) {
        const struct seen_task *y = &b->tasks[i], *x;
        size_t k = 0;

        while (k < a->n_tasks && !(str_eq(a->tasks[k].id, y->id)))
            k++;
        assert_true(k < a->n_tasks);
        x = &a->tasks[k];
        assert_string_equal(x->type, y->type);
        assert_string_equal(x->entity, y->entity);
        assert_string_equal(x->user, y->user);
        assert_int_equal(x->state, y->state);
        assert_int_equal(x->progress, y->progress);
        t->tasks++;
    }
    assert_int_equal(a->n_tasks, b->n_tasks);
}

static void same_instances(struct both *t, const struct obs_instances *a,
                           const struct obs_instances *b)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct seen_instance *y;
        size_t k = 0;

        while (k < b->n && !(str_eq(b->instances[k].id, a->instances[i].id)))
            k++;
        assert_true(k < b->n);
        y = &b->instances[k];
        same_instance(t, &a->instances[i], y, true);
    }
}

static void same_spots(struct both *t, const struct obs_spot *a, const struct obs_spot *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const struct seen_spot *y;
        size_t k = 0;

        while (k < b->n && !(str_eq(b->spots[k].id, a->spots[i].id)))
            k++;
        assert_true(k < b->n);
        y = &b->spots[k];
        assert_string_equal(a->spots[i].instance, y->instance);
        assert_string_equal(a->spots[i].status, y->status);
        assert_int_equal(a->spots[i].state, y->state);
        assert_int_equal(a->spots[i].updated.s, y->updated.s);
        t->spots++;
    }
}

static void same_interfaces(const struct obs_interfaces *a,
                            const struct obs_interfaces *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const struct seen_interface *y;
        size_t k = 0;

        while (k < b->n && !(str_eq(b->interfaces[k].id, a->interfaces[i].id)))
            k++;
        assert_true(k < b->n);
        y = &b->interfaces[k];
        assert_string_equal(a->interfaces[i].zone, y->zone);
        assert_string_equal(a->interfaces[i].ip, y->ip);
        assert_string_equal(a->interfaces[i].instance, y->instance);
        assert_int_equal(a->interfaces[i].available, y->available);
    }
}

static void same_prices(const struct obs_prices *a, const struct obs_prices *b)
{
    assert_true(a->n > 0);
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const struct seen_price *y;
        size_t k = 0;

        while (k < b->n && !(str_eq(b->prices[k].type, a->prices[i].type) &&
                             str_eq(b->prices[k].zone, a->prices[i].zone) &&
                             b->prices[k].at.s == a->prices[i].at.s))
            k++;
        assert_true(k < b->n);
        y = &b->prices[k];
        assert_int_equal(a->prices[i].price.nanos, y->price.nanos);
    }
}

static void same_list(const struct obs_pricelist *a, const struct obs_pricelist *b)
{
    assert_true(a->n > 0);
    assert_string_equal(a->region, b->region);
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        size_t k = 0;

        while (k < b->n && !str_eq(b->prices[k].type, a->prices[i].type))
            k++;
        assert_true(k < b->n);
        assert_int_equal(a->prices[i].price.nanos, b->prices[k].price.nanos);
    }
}

static void same_histories(const struct obs_builds *a, const struct obs_builds *b)
{
    assert_int_equal(a->n, 2);
    assert_int_equal(b->n, 2);
    for (size_t i = 0; i < a->n; i++) {
        assert_string_equal(a->jobs[i].path, b->jobs[i].path);
        assert_int_equal(a->jobs[i].gone, b->jobs[i].gone);
        assert_int_equal(a->jobs[i].n_runs, b->jobs[i].n_runs);
        for (size_t k = 0; k < a->jobs[i].n_runs; k++) {
            const struct seen_run *x = &a->jobs[i].runs[k], *y = &b->jobs[i].runs[k];

            assert_int_equal(x->number, y->number);
            assert_int_equal(x->result, y->result);
            assert_string_equal(x->node, y->node);
            assert_int_equal(x->started.s, y->started.s);
            assert_int_equal(x->took_ms, y->took_ms);
        }
    }
}

static void same(struct both *t, enum source source, const struct poll_hints *h)
{
    struct observation *a = t->wire.poll(t->wire.ctx, source, h);
    struct observation *b = t->typed.poll(t->typed.ctx, source, h);

    assert_non_null(a);
    assert_non_null(b);
    if (a->err.code != ERR_OK || b->err.code != ERR_OK)
        fail_msg("%s: wire \"%s\", typed \"%s\"", source_api(source), a->err.text,
                 b->err.text);
    if (source == SOURCE_VSPHERE)
        same_vms(&a->as.vsphere, &b->as.vsphere);
    else if (source == SOURCE_JENKINS)
        same_nodes(t, &a->as.jenkins, &b->as.jenkins);
    else if (source == SOURCE_VELOSTRATA)
        same_manager(t, &a->as.velostrata, &b->as.velostrata);
    else if (source == SOURCE_INSTANCES)
        same_instances(t, &a->as.instances, &b->as.instances);
    else if (source == SOURCE_SPOT)
        same_spots(t, &a->as.spot, &b->as.spot);
    else if (source == SOURCE_INTERFACES)
        same_interfaces(&a->as.interfaces, &b->as.interfaces);
    else if (source == SOURCE_PRICES)
        same_prices(&a->as.prices, &b->as.prices);
    else if (source == SOURCE_PRICELIST)
        same_list(&a->as.pricelist, &b->as.pricelist);
    else if (source == SOURCE_BUILDS)
        same_histories(&a->as.builds, &b->as.builds);
    else
        fail_msg("%s: not compared", source_what(source));
    observation_unref(a);
    observation_unref(b);
    t->compared++;
}

static void look_at_both(void *ctx, const struct fleet *f)
{
    struct both *t = ctx;
    bool moving = false;

    for (size_t i = 0; i < f->n_servers; i++)
        moving = moving || f->servers[i].move.active;
    if (f->at.s < t->next.s && !moving)
        return;
    t->next.s = f->at.s + EVERY_S;
    t->fake.utc = f->at;
    t->fake.mono.ms = f->at.s * 1000;
    for (int s = 0; s < SOURCE_COUNT; s++) {
        struct poll_hints h = {.moving = true, .since = {f->at.s - DAY_S}};

        for (size_t i = 0;
             i < f->n_servers && (s == SOURCE_INSTANCES || s == SOURCE_SPOT); i++)
            if (f->servers[i].facts.instance.id[0] != '\0')
                (void)str_copy(h.ids[h.n++], ID_TEXT, f->servers[i].facts.instance.id);
        if (s == SOURCE_QUEUE || s == SOURCE_LOCK) /* the typed port has none */
            continue;
        if (s == SOURCE_BUILDS) {
            (void)str_copy(h.jobs[h.n_jobs++], URL_TEXT, "/jenkins/job/cache-smoke/");
            (void)str_copy(h.jobs[h.n_jobs++], URL_TEXT, "/jenkins/job/nobody/");
        }
        if (s == SOURCE_VELOSTRATA)
            (void)str_copy(h.ids[h.n++], ID_TEXT, "t-2");
        same(t, (enum source)s, &h);
    }
}

static void test_same_observations(void **state)
{
    struct both t = {.r = run_prepare(5)};
    struct err e = {0};

    (void)state;
    t.clock = clock_fake_clock(&t.fake);
    t.fake.utc = t.r->options.from;
    t.fake.mono.ms = t.fake.utc.s * 1000;
    assert_int_equal(port_wire_open(t.r->site, t.r->config, &t.clock, NULL, &t.wire, &e),
                     ERR_OK);
    assert_int_equal(port_typed_open(t.r->site, &t.clock, &t.typed, &e), ERR_OK);
    t.r->options.level = DRIVE_TYPED;
    t.r->options.duration_s = 2 * DAY_S;
    t.r->options.each_minute = look_at_both;
    t.r->options.each_entry = NULL;
    t.r->options.ctx = &t;
    run_go(t.r);
    print_message(
        "%lld pairs, %lld builds, %lld instances, %lld tasks, %lld spot requests\n",
        (long long)t.compared, (long long)t.builds, (long long)t.instances,
        (long long)t.tasks, (long long)t.spots);
    assert_true(t.compared > 1000 && t.builds > 100 && t.instances > 100 &&
                t.tasks > 100 && t.spots > 100);
    port_free(&t.wire);
    port_free(&t.typed);
    run_free(t.r);
}

/* ---- the same policy at both levels ---- */

static struct run *run_at(enum drive_level level, uint64_t seed, int64_t duration_s,
                          bool calm)
{
    struct run *r = run_prepare(seed);

    r->site->w->odds.calm = calm;
    r->options.level = level;
    r->options.duration_s = duration_s;
    run_go(r);
    return r;
}

/* Without interruptions there is no chance in what is moved: it must be the same. */
static void test_same_week(void **state)
{
    struct run *a = run_at(DRIVE_WIRE, 1, WEEK_S, true),
               *b = run_at(DRIVE_TYPED, 1, WEEK_S, true);
    int64_t x = a->report.cost.total.nanos, y = b->report.cost.total.nanos;

    (void)state;
    print_message("wire %lld out, %lld back, ready %lld, $%lld.%02lld; typed %lld, %lld, "
                  "%lld, $%lld.%02lld\n",
                  (long long)a->report.moves_out, (long long)a->report.moves_back,
                  (long long)drive_ready_percent(&a->report), (long long)(x / 1000000000),
                  (long long)(x / 10000000 % 100), (long long)b->report.moves_out,
                  (long long)b->report.moves_back,
                  (long long)drive_ready_percent(&b->report), (long long)(y / 1000000000),
                  (long long)(y / 10000000 % 100));
    assert_int_equal(a->report.moves_out, 20);
    assert_int_equal(b->report.moves_out, 20);
    assert_int_equal(a->report.moves_back, b->report.moves_back);
    assert_int_equal(b->report.moves_failed, 0);
    assert_int_equal(a->report.planned_s, b->report.planned_s);
    assert_in_range(drive_ready_percent(&b->report), drive_ready_percent(&a->report) - 50,
                    drive_ready_percent(&a->report) + 50);
    assert_true(a->report.cost.known && b->report.cost.known);
    assert_in_range(y, x * 97 / 100, x * 103 / 100);
    assert_int_equal(b->report.violations, 0);
    assert_int_equal(b->totals.builds_killed_by_us, 0);
    assert_int_equal(b->totals.both_places_ms, 0);
    run_free(a);
    run_free(b);
}

/* As many as come by chance at the wire, and as well looked after. */
static void test_interruptions(void **state)
{
    struct run *r = run_at(DRIVE_TYPED, 3, 12 * WEEK_S, false);

    (void)state;
    print_message("%lld interruptions, ready %lld\n", (long long)r->report.interruptions,
                  (long long)drive_ready_percent(&r->report));
    assert_in_range(r->report.interruptions, 12, 72);
    assert_int_equal(r->watched.losses, r->totals.interruptions);
    assert_int_equal(r->watched.homecomings, r->watched.losses);
    for (size_t i = 0; i < 4; i++)
        assert_false(r->watched.waiting_return[i] || r->watched.waiting_rerun[i]);
    assert_true(drive_ready_percent(&r->report) >= 9700);
    assert_int_equal(r->watched.in_cloud_late, 0);
    assert_int_equal(r->watched.extension_late, 0);
    assert_int_equal(r->report.violations, 0);
    assert_int_equal(r->totals.builds_killed_by_us, 0);
    assert_int_equal(r->totals.both_places_ms, 0);
    run_free(r);
}

static void test_same_seed_same_trace(void **state)
{
    struct run *a = run_at(DRIVE_TYPED, 7, 4 * WEEK_S, false),
               *b = run_at(DRIVE_TYPED, 7, 4 * WEEK_S, false),
               *c = run_at(DRIVE_TYPED, 8, 4 * WEEK_S, false);

    (void)state;
    assert_true(a->report.trace == b->report.trace);
    assert_int_equal(a->report.cost.total.nanos, b->report.cost.total.nanos);
    assert_true(a->report.trace != c->report.trace);
    run_free(a);
    run_free(b);
    run_free(c);
}

/* Faults on the way and in the world: late, but never wrong. */
static void test_faults(void **state)
{
    static const char faults[] = "timeout=0.01,refuse=0.02,reset-before=0.02,"
                                 "reset-after=0.02,status-429=0.02,status-500=0.02,"
                                 "late-500=0.02,ignored=0.02,truncated=0.02,latency=0.1,"
                                 "no-capacity=0.1,task-fails=0.05,no-agent=0.05";
    struct run *r = run_prepare(9);
    struct err e = {0};

    (void)state;
    assert_int_equal(faults_parse(&r->site->faults, faults, &e), ERR_OK);
    faults_to_world(&r->site->faults, &r->site->w->odds);
    r->options.level = DRIVE_TYPED;
    r->options.duration_s = 2 * WEEK_S;
    run_go(r);
    print_message("%lld moves out, %lld failed, ready %lld\n",
                  (long long)r->report.moves_out, (long long)r->report.moves_failed,
                  (long long)drive_ready_percent(&r->report));
    assert_true(r->report.moves_failed > 0);
    assert_true(drive_ready_percent(&r->report) >= 7000);
    assert_int_equal(r->report.violations, 0);
    assert_int_equal(r->totals.both_places_ms, 0);
    run_free(r);
}

/* A return whose task fails leaves a VM without its instance out there: it is asked for
 * again. */
static void returns_fail(void *ctx, const struct fleet *f)
{
    struct both *t = ctx;
    int64_t min = (f->at.s - t->r->options.from.s) / 60;

    /* From 17:55 to 18:20. */
    t->r->site->w->odds.task_fails = min >= 565 && min < 590 ? 1000000 : 0;
    t->compared +=
        t->r->site->w->odds.task_fails != 0 && f->servers[0].facts.instance.terminated;
    t->tasks = 0;
    for (size_t i = 0; i < f->n_servers; i++)
        t->tasks +=
            f->servers[i].facts.place == PLACE_ONPREM && f->servers[i].facts.onprem.open;
}

static void test_failed_return(void **state)
{
    struct both t = {.r = run_prepare(2)};

    (void)state;
    t.r->site->w->odds.calm = true;
    t.r->options.level = DRIVE_TYPED;
    t.r->options.duration_s = 11 * 3600;
    t.r->options.each_minute = returns_fail;
    t.r->options.each_entry = NULL;
    t.r->options.ctx = &t;
    run_go(t.r);
    assert_true(t.compared > 0);  /* it was out there without one */
    assert_int_equal(t.tasks, 4); /* all at home at 19:30 */
    assert_int_equal(t.r->report.interruptions, 0);
    run_free(t.r);
}

static void test_year(void **state)
{
    struct run *r = run_at(DRIVE_TYPED, 1, YEAR_S, false);
    const struct drive_report *p = &r->report;

    (void)state;
    /* 52 weeks of 5 days and Sunday once more, 4 servers, 9 hours */
    assert_int_equal(p->planned_s, (52 * 5 + 1) * 4 * 9 * 3600);
    assert_true(p->moves_out >= 52 * 5 * 4 && p->moves_back >= 52 * 5 * 4);
    assert_true(drive_ready_percent(p) >= 9800);
    assert_true(p->cost.known);
    assert_true(p->cost.compare.known[COMPARE_SAME_HOURS]);
    assert_true(p->cost.compare.amount[COMPARE_SAME_HOURS].nanos > p->cost.total.nanos);
    assert_int_equal(p->violations, 0);
    run_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_observations),
        cmocka_unit_test(test_same_week),
        cmocka_unit_test(test_interruptions),
        cmocka_unit_test(test_same_seed_same_trace),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_failed_return),
        cmocka_unit_test(test_year),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
