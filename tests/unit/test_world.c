#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/tz.h"
#include "core/sim/world_impl.h"

#define START (INT64_C(1795329000) * 1000) /* Sunday 2026-11-22 08:30 at the site */

static struct world *world_of(uint64_t seed)
{
    struct world *w = NULL;
    struct err e = {0};

    assert_int_equal(world_new(seed, 4, START, &w, &e), ERR_OK);
    return w;
}

static void later(struct world *w, int64_t ms)
{
    world_advance(w, w->now + ms);
}

static void extension_on(struct world *w)
{
    int32_t key;

    assert_int_equal(world_extension_act(w, SIM_START_EXTENSION, "apiuser", &key),
                     SIM_OK);
    later(w, 5 * MINUTE);
    assert_int_equal(w->extension.state, SIM_EXT_ACTIVE);
}

static enum sim_refusal run(struct world *w, int32_t server, int32_t *key)
{
    struct sim_move m = {.type = "c5.2xlarge",
                         .eni = w->enis[w->servers[server].eni].id,
                         .edge_node = "NodeA",
                         .spot = true};

    return world_run_in_cloud(w, server, &m, "apiuser", key);
}

/* The server is in the cloud with its node open there. */
static struct sim_instance *in_cloud(struct world *w, int32_t server)
{
    struct sim_tested *s = &w->servers[server];
    int32_t key;

    if (w->extension.state != SIM_EXT_ACTIVE)
        extension_on(w);
    world_set_capacity(w, 0, 0, true);
    world_node_mark(w, s->node[SIM_HOME], "rushhour", "out");
    assert_int_equal(run(w, server, &key), SIM_OK);
    later(w, 4 * MINUTE + 30 * SECOND);
    assert_int_equal(s->managed.state, SIM_IN_CLOUD);
    world_node_unmark(w, s->node[SIM_CLOUD]);
    later(w, 2 * MINUTE);
    assert_true(w->nodes[s->node[SIM_CLOUD]].connected);
    return cloud_instance(w, s->managed.instance);
}

/* ---- the host ---- */

static void test_builds_slow_each_other_down(void **state)
{
    struct world *w = world_of(1);
    int64_t alone, together;
    bool merged;

    (void)state;
    for (int32_t s = 0; s < 4; s++) /* nothing but our own builds */
        world_node_mark(w, w->servers[s].node[SIM_HOME], "dana", "quiet");
    w->background_mcores = 0;
    (void)world_queue_add(w, w->servers[0].jobs[0], NULL, "x", 10 * MINUTE, &merged);
    world_node_unmark(w, 0);
    later(w, 5 * SECOND);
    assert_non_null(w->nodes[0].executors[0]);
    while (w->nodes[0].executors[0] != NULL)
        later(w, SECOND);
    world_node_mark(w, 0, "dana", "quiet");
    alone = w->jobs[0].recent_ms[0];
    for (int32_t s = 0; s < 4; s++)
        (void)world_queue_add(w, w->servers[s].jobs[3], NULL, "x", 10 * MINUTE, &merged);
    for (int32_t s = 0; s < 4; s++)
        world_node_unmark(w, 2 * s);
    later(w, 6 * SECOND);
    for (int32_t s = 0; s < 4; s++)
        assert_non_null(w->nodes[2 * s].executors[0]);
    assert_int_equal(w->n_home_builds, 4);
    for (size_t s = 0; s < 4; s++)
        assert_true(world_vm_ready_ms(w, &w->vms[s]) > 1000);
    together = w->now;
    while (w->n_home_builds == 4)
        later(w, SECOND);
    together = w->now - together;
    assert_in_range(alone, 12 * MINUTE, 15 * MINUTE);
    assert_true(together * 100 > alone * 120);
    world_free(w);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The story: in rush hours a test takes 40 to 45 % less time in the cloud. */
static void test_cloud_takes_about_forty_percent_less(void **state)
{
    struct world *w = world_of(7);
    static int64_t permille[4000];
    int64_t reduction;
    size_t n = 0;

    (void)state;
    for (int64_t hour = 0; hour < 24 * 5; hour++) {
        int64_t local;

        later(w, HOUR);
        local = world_local_s(w->now) / 3600 % 24;
        for (int32_t j = 0; j < (int32_t)w->n_jobs && local > 10 && local < 18; j++)
            for (int32_t k = 0; k < SIM_KEEP_BUILDS; k++) {
                const struct sim_build *b = w->jobs[j].builds[k];

                if (b != NULL && b->result == SIM_SUCCESS && b->ended > w->now - HOUR)
                    permille[n++] = (b->ended - b->started) * 1000 / b->work;
            }
    }
    assert_true(n > 200);
    qsort(permille, n, sizeof(permille[0]), by_value);
    reduction = 100 - 100000 / permille[n / 2];
    assert_in_range(reduction, 38, 48);
    world_free(w);
}

static void test_power_and_agent(void **state)
{
    struct world *w = world_of(3);
    const struct sim_node *node = &w->nodes[0];
    int32_t key, second;

    (void)state;
    assert_int_equal(world_vm_act(w, 0, SIM_VM_POWER_ON, &key), SIM_WRONG_STATE);
    assert_int_equal(world_vm_act(w, 99, SIM_VM_POWER_ON, &key), SIM_NOT_FOUND);
    assert_int_equal(world_vm_shutdown_guest(w, 0), SIM_OK);
    assert_int_equal(w->vms[0].guest, SIM_GUEST_STOPPING);
    assert_int_equal(w->vms[0].power, SIM_POWER_ON);
    later(w, 45 * SECOND);
    assert_int_equal(w->vms[0].power, SIM_POWER_OFF);
    assert_false(node->connected);
    assert_int_equal(node->cause, SIM_CAUSE_CHANNEL);
    assert_int_equal(world_vm_shutdown_guest(w, 0), SIM_WRONG_STATE);
    assert_int_equal(world_vm_act(w, 0, SIM_VM_POWER_ON, &key), SIM_OK);
    assert_int_equal(world_vm_act(w, 0, SIM_VM_POWER_ON, &second), SIM_BUSY);
    later(w, 9 * SECOND);
    assert_int_equal(world_vm_task_find(w, key)->state, SIM_TASK_DONE);
    assert_int_equal(w->vms[0].power, SIM_POWER_ON);
    assert_int_equal(world_vm_shutdown_guest(w, 0), SIM_NO_TOOLS);
    later(w, 20 * SECOND);
    assert_false(node->connected);
    later(w, 95 * SECOND);
    assert_true(node->connected);
    later(w, 11 * MINUTE);
    assert_null(world_vm_task_find(w, key)); /* finished tasks are forgotten */
    w->host.maintenance = true;
    assert_int_equal(world_vm_act(w, 0, SIM_VM_POWER_OFF, &key), SIM_OK);
    later(w, 9 * SECOND);
    assert_int_equal(world_vm_act(w, 0, SIM_VM_POWER_ON, &key), SIM_MAINTENANCE);
    world_free(w);
}

/* ---- the manager ---- */

static void test_way_out_and_back(void **state)
{
    struct world *w = world_of(5);
    struct sim_tested *s = &w->servers[1];
    int64_t off_at = 0, launched_at = 0;
    int32_t key, other;

    (void)state;
    assert_int_equal(run(w, 1, &key), SIM_WRONG_STATE); /* the extension is stopped */
    extension_on(w);
    assert_int_equal(world_manager_act(w, 1, SIM_RUN_ONPREM, "apiuser", &key),
                     SIM_WRONG_STATE);
    assert_int_equal(run(w, 1, &key), SIM_OK);
    assert_int_equal(run(w, 1, &other), SIM_BUSY);
    assert_int_equal(run(w, 2, &other), SIM_OK);
    assert_int_equal(run(w, 3, &other), SIM_LIMIT);
    assert_int_equal(world_extension_act(w, SIM_STOP_EXTENSION, "apiuser", &other),
                     SIM_WRONG_STATE);
    while (world_manager_task_find(w, key)->state == SIM_TASK_RUNNING) {
        later(w, 200);
        if (off_at == 0 && w->vms[s->vm].power == SIM_POWER_OFF)
            off_at = w->now;
        if (launched_at == 0 && s->managed.instance != 0)
            launched_at = w->now;
    }
    assert_int_equal(world_manager_task_find(w, key)->state, SIM_TASK_DONE);
    assert_true(off_at != 0 && off_at < launched_at);
    assert_in_range(world_manager_task_find(w, key)->ends -
                        world_manager_task_find(w, key)->started,
                    90 * SECOND, 240 * SECOND);
    assert_int_equal(s->managed.state, SIM_IN_CLOUD);
    later(w, 4 * MINUTE);
    assert_int_equal(world_manager_act(w, 1, SIM_RUN_ONPREM, "apiuser", &key), SIM_OK);
    assert_int_equal(s->managed.state, SIM_RETURNING);
    later(w, 6 * MINUTE + 20 * SECOND);
    assert_int_equal(world_manager_task_find(w, key)->state, SIM_TASK_DONE);
    assert_int_equal(s->managed.state, SIM_UNMANAGED);
    assert_int_equal(w->vms[s->vm].power, SIM_POWER_OFF); /* as the product does */
    assert_int_equal(world_totals(w).both_ms, 0);
    world_free(w);
}

static void test_no_capacity_leaves_the_vm_at_home(void **state)
{
    struct world *w = world_of(6);
    const struct sim_manager_task *t;
    int32_t key;

    (void)state;
    extension_on(w);
    assert_int_equal(world_set_capacity(w, 0, 0, false), SIM_OK);
    assert_int_equal(run(w, 0, &key), SIM_OK);
    later(w, 20 * SECOND);
    later(w, 60 * SECOND);
    t = world_manager_task_find(w, key);
    assert_int_equal(t->state, SIM_TASK_FAILED);
    assert_non_null(strstr(t->error, "no Spot capacity"));
    assert_int_equal(w->servers[0].managed.state, SIM_UNMANAGED);
    assert_int_equal(w->vms[0].power, SIM_POWER_ON);
    assert_int_equal(w->n_instances, 0);
    assert_int_equal(w->spots[0]->state, SIM_SPOT_CANCELED);
    world_free(w);
}

static void test_cancel_only_before_the_power_off(void **state)
{
    struct world *w = world_of(8);
    int32_t key;

    (void)state;
    extension_on(w);
    assert_int_equal(world_manager_cancel(w, 4711), SIM_NOT_FOUND);
    assert_int_equal(run(w, 0, &key), SIM_OK);
    assert_int_equal(world_manager_cancel(w, key), SIM_OK);
    later(w, 15 * SECOND);
    assert_int_equal(world_manager_task_find(w, key)->state, SIM_TASK_CANCELED);
    assert_int_equal(w->servers[0].managed.state, SIM_UNMANAGED);
    assert_int_equal(w->vms[0].power, SIM_POWER_ON);
    world_set_capacity(w, 0, 0, true);
    assert_int_equal(run(w, 0, &key), SIM_OK);
    later(w, 50 * SECOND);
    assert_int_equal(w->vms[0].power, SIM_POWER_OFF);
    assert_int_equal(world_manager_cancel(w, key), SIM_WRONG_STATE);
    world_free(w);
}

/* ---- interruptions ---- */

static void test_interruption_timeline(void **state)
{
    struct world *w = world_of(9);
    struct sim_tested *s = &w->servers[0];
    struct sim_instance *i = in_cloud(w, 0);
    const struct sim_node *node = &w->nodes[s->node[SIM_CLOUD]];
    const struct sim_spot *spot = world_spot_by_serial(w, i->spot_request);
    int64_t notice, serial = i->serial, lost;
    const struct sim_build *b;
    bool merged;

    (void)state;
    (void)world_queue_add(w, s->jobs[0], NULL, "x", 30 * MINUTE, &merged);
    while (node->executors[0] == NULL || node->executors[0]->work != 30 * MINUTE)
        later(w, SECOND);
    b = node->executors[0];
    assert_int_equal(i->state, SIM_RUNNING);
    assert_string_equal(spot->status, "fulfilled");
    assert_int_equal(world_interrupt(w, i->id, 120 * SECOND, false), SIM_OK);
    assert_int_equal(world_interrupt(w, i->id, 120 * SECOND, false), SIM_WRONG_STATE);
    notice = w->now;
    /* The request ends at once, the instance runs on. */
    assert_int_equal(spot->state, SIM_SPOT_CLOSED);
    assert_string_equal(spot->status, "instance-terminated-no-capacity");
    assert_int_equal(w->bus[w->bus_seq % SIM_KEEP_EVENTS].kind, SIM_EVENT_INTERRUPTION);
    world_advance(w, notice + 120 * SECOND - 1);
    assert_int_equal(i->state, SIM_RUNNING);
    assert_true(node->connected);
    lost = w->totals.builds_failed_by_loss;
    later(w, 1);
    assert_int_equal(i->state, SIM_SHUTTING_DOWN);
    assert_string_equal(i->reason_code, "Server.SpotInstanceTermination");
    later(w, 20 * SECOND); /* the dead channel is found out */
    assert_false(node->connected);
    assert_int_equal(node->cause, SIM_CAUSE_CHANNEL);
    assert_int_equal(b->result, SIM_FAILURE);
    assert_true(b->lost);
    assert_int_equal(w->totals.builds_failed_by_loss, lost + 1);
    later(w, 26 * SECOND);
    assert_int_equal(i->state, SIM_TERMINATED);
    later(w, 60 * SECOND);
    assert_int_equal(w->enis[s->eni].holder, 0);
    /* The manager brings it home by itself. */
    later(w, 30 * SECOND);
    assert_int_equal(s->managed.state, SIM_RETURNING);
    assert_string_equal(world_manager_task_find(w, s->managed.task)->user, "system");
    later(w, 7 * MINUTE);
    assert_int_equal(s->managed.state, SIM_UNMANAGED);
    assert_int_equal(w->vms[s->vm].power, SIM_POWER_OFF);
    assert_int_equal(world_bill(w, world_instance_by_serial(w, serial)), 0);
    later(w, 26 * HOUR);
    assert_null(world_instance_by_serial(w, serial));
    world_free(w);
}

static void test_price_above_the_cap(void **state)
{
    struct world *w = world_of(10);
    struct sim_launch l = {.type = "c5.2xlarge",
                           .image = "ami-1",
                           .eni = w->enis[2].id,
                           .client_token = "t",
                           .spot = true,
                           .cap = 1};
    const struct sim_instance *i;
    const struct sim_spot *s;

    (void)state;
    world_set_capacity(w, 0, 0, true);
    assert_int_equal(world_launch(w, &l, &i), SIM_PRICE_TOO_LOW);
    assert_int_equal(w->n_instances, 0);
    l.cap = 150000000;
    assert_int_equal(world_launch(w, &l, &i), SIM_OK);
    assert_ptr_equal(world_instance_by_token(w, "t"), i);
    l.client_token = "u";
    assert_int_equal(world_launch(w, &l, &i), SIM_ENI_IN_USE);
    i = world_instance_by_token(w, "t");
    s = world_spot_by_serial(w, i->spot_request);
    later(w, 2 * MINUTE);
    assert_int_equal(i->state, SIM_RUNNING);
    assert_int_equal(world_set_price(w, 0, 0, 160000000), SIM_OK);
    assert_string_equal(s->status, "marked-for-termination");
    assert_int_equal(s->state, SIM_SPOT_ACTIVE);
    later(w, 120 * SECOND);
    assert_string_equal(s->status, "instance-terminated-by-price");
    assert_int_equal(i->state, SIM_SHUTTING_DOWN);
    world_free(w);
}

static void test_eni_is_freed_late(void **state)
{
    struct world *w = world_of(11);
    struct sim_launch l = {
        .type = "m5.2xlarge", .image = "ami-1", .eni = w->enis[0].id, .client_token = ""};
    const struct sim_instance *i, *again;

    (void)state;
    assert_int_equal(world_launch(w, &l, &i), SIM_OK); /* on demand: always to be had */
    later(w, MINUTE);
    assert_int_equal(world_terminate(w, i->id), SIM_OK);
    assert_int_equal(world_terminate(w, i->id), SIM_OK);
    while (i->state != SIM_TERMINATED)
        later(w, 100);
    assert_int_equal(world_launch(w, &l, &again), SIM_ENI_IN_USE);
    later(w, 61 * SECOND);
    assert_int_equal(world_launch(w, &l, &again), SIM_OK);
    l.eni = "eni-unknown";
    assert_int_equal(world_launch(w, &l, &again), SIM_BAD_VALUE);
    l.eni = NULL;
    l.type = "x1.nano";
    assert_int_equal(world_launch(w, &l, &again), SIM_BAD_VALUE);
    world_free(w);
}

/* policy-and-cost 8.1: the worked example. */
static void test_bill_keeps_the_price_of_each_hour(void **state)
{
    struct world *w = world_of(12);
    struct sim_launch l = {.type = "c5.2xlarge",
                           .image = "ami-1",
                           .eni = w->enis[0].id,
                           .client_token = "",
                           .spot = true};
    const struct sim_instance *i;
    struct sim_price *p = w->offerings[0].prices;
    int64_t day = START / DAY * DAY;

    (void)state;
    world_advance(w, day + 8 * HOUR + 41 * MINUTE + 20 * SECOND);
    world_set_capacity(w, 0, 0, true);
    assert_int_equal(world_launch(w, &l, &i), SIM_OK);
    world_advance(w, day + 18 * HOUR + 4 * MINUTE + 50 * SECOND);
    if (i->dying_since == 0)
        assert_int_equal(world_terminate(w, i->id), SIM_OK);
    assert_int_equal(i->dying_since, w->now); /* this seed does not take it back */
    p = w->offerings[0].prices;
    w->offerings[0].n_prices = 2;
    p[0] = (struct sim_price){.at = day, .nanos = 60000000};
    p[1] = (struct sim_price){.at = day + 12 * HOUR + 30 * MINUTE, .nanos = 70000000};
    assert_in_range(world_bill(w, i), 617416000, 617417700);
    w->instances[0]->others = true; /* then they pay */
    assert_int_equal(world_bill(w, i), 0);
    world_free(w);
}

/* ---- Jenkins ---- */

static void test_marked_node_takes_no_build(void **state)
{
    struct world *w = world_of(13);
    const struct sim_node *node = &w->nodes[0];
    bool merged;
    int64_t id, same;

    (void)state;
    world_node_mark(w, 0, "rushhour", "drain");
    while (node->executors[0] != NULL)
        later(w, SECOND);
    id = world_queue_add(w, w->servers[0].jobs[0], NULL, "x", MINUTE, &merged);
    same = world_queue_add(w, w->servers[0].jobs[0], NULL, "y", MINUTE, &merged);
    assert_true(merged);
    assert_int_equal(id, same);
    later(w, 10 * MINUTE);
    assert_null(node->executors[0]);
    assert_int_equal(world_item_find(w, id)->left, 0);
    world_node_unmark(w, 0);
    assert_non_null(node->executors[0]); /* the oldest that waits */
    assert_int_equal(world_queue_cancel(w, 1), SIM_NOT_FOUND);
    world_free(w);
}

static void test_disconnect_kills_and_comes_back(void **state)
{
    struct world *w = world_of(14);
    const struct sim_node *node = &w->nodes[0];
    const struct sim_build *b;
    bool merged;

    (void)state;
    (void)world_queue_add(w, w->servers[0].jobs[3], NULL, "x", HOUR, &merged);
    while (node->executors[0] == NULL || node->executors[0]->work != HOUR)
        later(w, SECOND);
    b = node->executors[0];
    world_node_disconnect(w, 0, "dana", "look");
    assert_int_equal(b->result, SIM_FAILURE);
    assert_false(b->lost);
    assert_int_equal(w->totals.builds_killed_by_us, 1);
    assert_int_equal(w->n_home_builds + (size_t)node->connected,
                     w->n_home_builds); /* the node is gone, others go on */
    later(w, 71 * SECOND);
    assert_true(node->connected);
    world_free(w);
}

/* ---- all of it ---- */

static void check_invariants(const struct world *w)
{
    int32_t waiting[4] = {0};
    size_t at_home = 0;

    for (size_t n = 0; n < w->n_items; n++)
        if (w->items[n].left == 0)
            waiting[w->jobs[w->items[n].job].server]++;
    for (size_t s = 0; s < w->n_servers; s++) {
        const struct sim_tested *v = &w->servers[s];
        const struct sim_instance *i =
            world_instance_by_serial(w, w->enis[v->eni].holder);

        assert_int_equal(v->waiting, waiting[s]);
        if (i != NULL && i->state == SIM_RUNNING && i->managed)
            assert_int_not_equal(w->vms[v->vm].power, SIM_POWER_ON);
        if (w->enis[v->eni].holder != 0)
            assert_non_null(i);
        assert_true(v->managed.task < 0 ||
                    world_manager_task_find(w, v->managed.task)->state ==
                        SIM_TASK_RUNNING);
    }
    for (size_t n = 0; n < w->n_nodes; n++) {
        const struct sim_node *node = &w->nodes[n];
        const struct sim_build *b = node->executors[0];

        if (b == NULL)
            continue;
        assert_true(node->connected);
        assert_int_equal(b->result, SIM_RUNNING_BUILD);
        assert_int_equal(b->node, n);
        if (b->doomed == SIM_DOOM_NONE)
            assert_true(world_machine_is_up(w, node) ||
                        w->vms[w->servers[node->server].vm].guest == SIM_GUEST_STOPPING);
        at_home += b->slot >= 0;
    }
    assert_int_equal(at_home, w->n_home_builds);
    assert_int_equal(world_totals(w).both_ms, 0);
    assert_false(w->out_of_memory);
}

/* Whatever is asked of it in whatever order, the world stays whole. */
static void test_random_orders(void **state)
{
    int64_t interruptions = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct world *w = world_of(seed);
        struct rng r;
        int32_t key;

        rng_seed(&r, seed * 77);
        w->odds = (struct sim_odds){.no_capacity = 100000,
                                    .task_fails = 50000,
                                    .storm_hour = 20000,
                                    .agent_absent = 30000,
                                    .boot_hangs = 5000,
                                    .shutdown_deaf = 50000};
        for (int step = 0; step < 3000; step++) {
            int32_t server = (int32_t)rng_between(&r, 0, 3);
            struct sim_tested *s = &w->servers[server];
            int32_t node = s->node[rng_between(&r, 0, 1)];

            later(w, rng_between(&r, 1, 4 * MINUTE));
            switch (rng_between(&r, 0, 11)) {
            case 0:
            case 1:
                (void)run(w, server, &key);
                break;
            case 2:
                (void)world_manager_act(w, server, SIM_RUN_ONPREM, "a", &key);
                break;
            case 3:
                if (s->managed.state == SIM_UNMANAGED && w->enis[s->eni].holder == 0)
                    (void)world_vm_act(w, s->vm, SIM_VM_POWER_ON, &key);
                break;
            case 4:
                (void)world_vm_shutdown_guest(w, s->vm);
                break;
            case 5:
                world_node_mark(w, node, "r", "x");
                break;
            case 6:
                world_node_unmark(w, node);
                break;
            case 7:
                world_node_launch(w, node);
                break;
            case 8:
                (void)world_extension_act(w, SIM_START_EXTENSION, "a", &key);
                break;
            case 9:
                if (rng_chance(&r, 200000))
                    world_node_disconnect(w, node, "r", "x");
                break;
            case 10:
                if (w->n_instances > 0 && rng_chance(&r, 300000))
                    (void)world_terminate(w, w->instances[w->n_instances - 1]->id);
                break;
            default:
                (void)world_manager_cancel(w, w->next_manager_task);
                break;
            }
            check_invariants(w);
        }
        assert_true(w->totals.launches > 20);
        interruptions += w->totals.interruptions;
        assert_true(w->totals.builds_finished > 300);
        world_free(w);
    }
    assert_true(interruptions > 20);
}

static void test_a_few_interruptions_a_week(void **state)
{
    int64_t interruptions = 0, hours = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct world *w = world_of(seed);
        struct sim_launch l = {
            .type = "c5.2xlarge", .image = "ami-1", .client_token = "", .spot = true};
        const struct sim_instance *i;

        for (int64_t hour = 0; hour < 7 * 24; hour++) {
            later(w, HOUR);
            for (size_t s = 0; s < 4; s++) {
                l.eni = w->enis[s].id;
                (void)world_launch(w, &l, &i); /* refused while it runs */
            }
        }
        interruptions += world_totals(w).interruptions;
        hours += world_totals(w).cloud_ms / HOUR;
        world_free(w);
    }
    /* Per 180 instance-hours, which is a working week of four servers. */
    assert_in_range(interruptions * 180 / hours, 1, 6);
}

static void test_local_time(void **state)
{
    static const struct {
        const char *what;
        int64_t utc_s, offset_h;
    } rows[] = {
        {"winter", INT64_C(1795329000), 2},
        {"the last second of summer time: 2026-10-24 22:59:59Z", INT64_C(1792882799), 3},
        {"winter begins: 2026-10-24 23:00Z", INT64_C(1792882800), 2},
        {"before summer: 2027-03-25 23:59:59Z", INT64_C(1806019199), 2},
        {"summer begins on a Friday: 2027-03-26 00:00Z", INT64_C(1806019200), 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (world_local_s(rows[i].utc_s * 1000) - rows[i].utc_s !=
            rows[i].offset_h * 3600)
            fail_msg("%s", rows[i].what);
    }
}

/* At each hour of the years since that rule, as the zone file has it. */
static void test_local_time_is_the_zones(void **state)
{
    enum { HOUR_S = 3600 };
    const int64_t from = INT64_C(1388534400), to = INT64_C(2145916800); /* 2014 to 2038 */
    struct tz *tz = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(tz_load("Asia/Jerusalem", &tz, &e), ERR_OK);
    for (int64_t s = from; s < to; s += HOUR_S) {
        if (world_local_s(s * 1000) - s != tz_offset_s(tz, (struct utc){s}))
            fail_msg("%lld s", (long long)s);
    }
    tz_free(tz);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builds_slow_each_other_down),
        cmocka_unit_test(test_cloud_takes_about_forty_percent_less),
        cmocka_unit_test(test_power_and_agent),
        cmocka_unit_test(test_way_out_and_back),
        cmocka_unit_test(test_no_capacity_leaves_the_vm_at_home),
        cmocka_unit_test(test_cancel_only_before_the_power_off),
        cmocka_unit_test(test_interruption_timeline),
        cmocka_unit_test(test_price_above_the_cap),
        cmocka_unit_test(test_eni_is_freed_late),
        cmocka_unit_test(test_bill_keeps_the_price_of_each_hour),
        cmocka_unit_test(test_marked_node_takes_no_build),
        cmocka_unit_test(test_disconnect_kills_and_comes_back),
        cmocka_unit_test(test_random_orders),
        cmocka_unit_test(test_a_few_interruptions_a_week),
        cmocka_unit_test(test_local_time),
        cmocka_unit_test(test_local_time_is_the_zones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
