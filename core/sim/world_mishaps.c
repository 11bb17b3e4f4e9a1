#include <config.h>

#include "core/sim/world_impl.h"

#include <string.h>

#include "core/base/str.h"

/*
 * What people, AWS and machines do to the site by chance: each hour, or to each thing of
 * a kind. What lasts for a while is undone by an event that carries which one it is.
 */
enum { NOTICE = 120 * SECOND };

bool world_strikes_drawn(struct world *w, enum sim_mishap what)
{
    bool now = rng_chance(&w->rng, w->odds.chance[what]);

    w->struck[what] += now ? 1 : 0;
    return now;
}

bool world_strikes(struct world *w, enum sim_mishap what)
{
    return w->odds.chance[what] != 0 && world_strikes_drawn(w, what);
}

/* b of the event: what is over; a: of which. */
static void over(struct world *w, enum sim_mishap what, int64_t of, int64_t min_ms,
                 int64_t max_ms)
{
    world_schedule(w, world_soon(w, min_ms, max_ms), EV_MISHAP_OVER, of, 0, what);
}

static size_t any(struct world *w, size_t n)
{
    return (size_t)rng_between(&w->rng, 0, (int64_t)n - 1);
}

/* One of those that live, NULL. */
static struct sim_instance *any_alive(struct world *w)
{
    size_t n = w->n_instances, first = n > 0 ? any(w, n) : 0;

    for (size_t k = 0; k < n; k++) {
        struct sim_instance *i = w->instances[(first + k) % n];

        if (cloud_is_alive(i))
            return i;
    }
    return NULL;
}

/* ---- the region ---- */

void mishaps_of_launch(struct world *w, const struct sim_instance *i)
{
    if (!world_instance_listed(w, i))
        w->struck[SIM_MISHAP_LAG]++;
    if (i->spot && world_strikes(w, SIM_MISHAP_RECLAIM))
        world_schedule(w, world_soon(w, SECOND, 20 * MINUTE), EV_MISHAP_RECLAIM,
                       i->serial, 0, rng_between(&w->rng, 0, 1) * NOTICE);
}

/* ev->b: the notice. Refused: it is dying. */
void mishaps_on_reclaim(struct world *w, const struct event *ev)
{
    const struct sim_instance *i = world_instance_by_serial(w, ev->a);

    if (i != NULL)
        (void)world_interrupt(w, i->id, ev->b, false);
}

static void storm(struct world *w)
{
    for (size_t n = 0; n < w->n_instances; n++)
        if (cloud_is_alive(w->instances[n]))
            (void)world_interrupt(w, w->instances[n]->id, NOTICE, false);
}

static void drought(struct world *w)
{
    for (size_t n = 0; n < w->n_types * w->n_zones; n++)
        market_dry(w, n, HOUR, 4 * HOUR);
}

static void price_jump(struct world *w)
{
    for (size_t n = 0; n < w->n_types * w->n_zones; n++) {
        const struct sim_offering *o = &w->offerings[n];

        if (!o->recorded)
            (void)world_set_price(w, o->type, o->zone, w->types[o->type].on_demand * 2);
    }
    over(w, SIM_MISHAP_PRICE_JUMP, 0, HOUR, 6 * HOUR);
}

static void price_falls(struct world *w, int64_t unused)
{
    (void)unused;
    for (size_t n = 0; n < w->n_types * w->n_zones; n++) {
        const struct sim_offering *o = &w->offerings[n];

        if (!o->recorded)
            (void)world_set_price(w, o->type, o->zone, o->mean);
    }
}

/* AWS stops no one-time request's instance. */
static void stopped(struct world *w)
{
    struct sim_instance *i = any_alive(w);

    if (i != NULL && i->state == SIM_RUNNING && !i->spot)
        cloud_stop(w, i);
}

static void ended(struct world *w)
{
    struct sim_instance *i = any_alive(w);

    if (i != NULL)
        cloud_kill(w, i, "Client.UserInitiatedShutdown", false);
}

/* Of somebody else: it has no tag of ours and belongs to no server. */
static void eni_taken(struct world *w)
{
    const struct sim_tested *s = &w->servers[any(w, w->n_servers)];
    const struct sim_launch l = {.type = w->types[0].name,
                                 .image = "ami-1",
                                 .eni = w->enis[s->eni].id,
                                 .client_token = ""};
    struct sim_instance *i = NULL;

    if (cloud_launch(w, &l, false, 0, &i) != SIM_OK)
        return;
    i->server = -1;
    i->others = true;
    world_note_places(w, (int32_t)(s - w->servers));
    over(w, SIM_MISHAP_ENI_TAKEN, i->serial, 20 * MINUTE, 90 * MINUTE);
}

static void eni_given_back(struct world *w, int64_t serial)
{
    struct sim_instance *i = cloud_instance(w, serial);

    if (i != NULL)
        cloud_kill(w, i, "Client.UserInitiatedShutdown", false);
}

static void untagged(struct world *w)
{
    struct sim_instance *i = any_alive(w);

    if (i != NULL)
        i->n_tags = 0;
}

/* ---- the host ---- */

static void vm_power(struct world *w)
{
    struct sim_tested *s = &w->servers[any(w, w->n_servers)];
    bool on = w->vms[s->vm].power == SIM_POWER_ON;

    s->meddled = !on;
    world_vm_set_power(w, s->vm, on ? SIM_POWER_OFF : SIM_POWER_ON);
    if (on)
        over(w, SIM_MISHAP_VM_POWER, s - w->servers, HOUR, 3 * HOUR);
}

/* And nothing is about to take it elsewhere. */
static bool is_at_home(const struct world *w, int64_t server)
{
    const struct sim_tested *s = &w->servers[server];

    return s->managed.state == SIM_UNMANAGED && s->managed.task < 0 &&
           world_server_instance(w, (int32_t)server) == NULL;
}

/* Unless it has gone elsewhere meanwhile. */
static void vm_on_again(struct world *w, int64_t server)
{
    if (is_at_home(w, server))
        world_vm_set_power(w, w->servers[server].vm, SIM_POWER_ON);
}

/* Of an event: which one, and how many turns it still takes. */
enum { TURNS_OF = 1 << 16, POWER_TURNS = 5, NODE_TURNS = 8 };

static void next_turn(struct world *w, enum sim_mishap what, int64_t of, int64_t left)
{
    if (left > 0)
        over(w, what, of + (left - 1) * TURNS_OF, 20 * SECOND, 90 * SECOND);
}

/* The last turn leaves it on. */
static void power_turns(struct world *w, int64_t of)
{
    int64_t server = of % TURNS_OF, left = of / TURNS_OF;
    struct sim_tested *s = &w->servers[server];
    bool on = left > 0 && w->vms[s->vm].power == SIM_POWER_ON;

    if (!is_at_home(w, server))
        return;
    s->meddled = !on;
    world_vm_set_power(w, s->vm, on ? SIM_POWER_OFF : SIM_POWER_ON);
    next_turn(w, SIM_MISHAP_POWER_FLAPS, server, left);
}

static void power_flaps(struct world *w)
{
    int64_t server = (int64_t)any(w, w->n_servers);

    if (w->vms[w->servers[server].vm].power == SIM_POWER_ON)
        power_turns(w, server + (int64_t)POWER_TURNS * TURNS_OF);
}

static void snapshot(struct world *w)
{
    size_t server = any(w, w->n_servers);

    if (w->servers[server].snapshot)
        return;
    w->servers[server].snapshot = true;
    over(w, SIM_MISHAP_SNAPSHOT, (int64_t)server, HOUR, 3 * HOUR);
}

static void without_snapshot(struct world *w, int64_t server)
{
    w->servers[server].snapshot = false;
}

static void maintenance(struct world *w)
{
    if (w->host.maintenance)
        return;
    w->host.maintenance = true;
    w->host.version = ++w->vsphere_version;
    over(w, SIM_MISHAP_MAINTENANCE, 0, 30 * MINUTE, 90 * MINUTE);
}

static void maintained(struct world *w, int64_t unused)
{
    (void)unused;
    w->host.maintenance = false;
    w->host.version = ++w->vsphere_version;
}

/* ---- Jenkins ---- */

static const char other_name[] = "-old";

static void node_renamed(struct world *w)
{
    size_t n = any(w, w->n_nodes);
    struct sim_node *node = &w->nodes[n];
    size_t len = strlen(node->name);

    if (str_ends(node->name, other_name) || len + sizeof(other_name) > sizeof(node->name))
        return;
    memcpy(node->name + len, other_name, sizeof(other_name));
    over(w, SIM_MISHAP_NODE_RENAMED, (int64_t)n, 20 * MINUTE, 40 * MINUTE);
}

static void node_turns(struct world *w, int64_t of)
{
    int64_t n = of % TURNS_OF;

    jenkins_lose_channel(w, (int32_t)n, 5 * SECOND, 30 * SECOND);
    next_turn(w, SIM_MISHAP_NODE_FLAPS, n, of / TURNS_OF);
}

static void node_flaps(struct world *w)
{
    node_turns(w, (int64_t)any(w, w->n_nodes) + (int64_t)NODE_TURNS * TURNS_OF);
}

static void named_again(struct world *w, int64_t n)
{
    struct sim_node *node = &w->nodes[n];

    node->name[strlen(node->name) - (sizeof(other_name) - 1)] = '\0';
}

/* ---- all of them ---- */

static const struct {
    void (*strike)(struct world *w); /* each hour; NULL: where it happens */
    void (*over)(struct world *w, int64_t of);
} mishaps[SIM_MISHAP_COUNT] = {
    [SIM_MISHAP_SPOT_STORM] = {storm, NULL},
    [SIM_MISHAP_DROUGHT] = {drought, NULL},
    [SIM_MISHAP_PRICE_JUMP] = {price_jump, price_falls},
    [SIM_MISHAP_STOPPED] = {stopped, NULL},
    [SIM_MISHAP_TERMINATED] = {ended, NULL},
    [SIM_MISHAP_ENI_TAKEN] = {eni_taken, eni_given_back},
    [SIM_MISHAP_UNTAGGED] = {untagged, NULL},
    [SIM_MISHAP_VM_POWER] = {vm_power, vm_on_again},
    [SIM_MISHAP_MAINTENANCE] = {maintenance, maintained},
    [SIM_MISHAP_NODE_RENAMED] = {node_renamed, named_again},
    [SIM_MISHAP_JENKINS_RESTART] = {jenkins_restart, NULL},
    [SIM_MISHAP_POWER_FLAPS] = {power_flaps, power_turns},
    [SIM_MISHAP_NODE_FLAPS] = {node_flaps, node_turns},
    [SIM_MISHAP_SNAPSHOT] = {snapshot, without_snapshot},
};

void mishaps_on_hour(struct world *w, const struct event *ev)
{
    world_schedule(w, ev->at + HOUR, EV_MISHAPS, 0, 0, 0);
    for (size_t m = 0; m < SIM_MISHAP_COUNT; m++)
        if (mishaps[m].strike != NULL && world_strikes(w, (enum sim_mishap)m))
            mishaps[m].strike(w);
}

void mishaps_on_over(struct world *w, const struct event *ev)
{
    mishaps[ev->b].over(w, ev->a);
}

void mishaps_setup(struct world *w)
{
    world_schedule(w, w->now + HOUR, EV_MISHAPS, 0, 0, 0);
}
