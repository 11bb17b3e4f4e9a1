#include <config.h>

#include "core/sim/world_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"

/* The account's one launch template: it names an image and nothing else. */
const char sim_template[] = "rushhour-tests", sim_template_id[] = "lt-0b6c1d9f3a7e54820",
           sim_template_image[] = "ami-0f3c1b7d5e9a24680";

/* An instance's life is a chain of these; life counts them, so that a late step of an
 * overtaken plan does nothing. */
enum { STEP_RUNNING = 1, STEP_TERMINATED = 2, STEP_STOPPED = 3 };
enum { SLOW_LAUNCH_S = 20 * 60 };

/* ---- finding ---- */

struct sim_instance *cloud_instance(const struct world *w, int64_t serial)
{
    size_t low = 0, high = w->n_instances;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (w->instances[mid]->serial < serial)
            low = mid + 1;
        else
            high = mid;
    }
    return low < w->n_instances && w->instances[low]->serial == serial ? w->instances[low]
                                                                       : NULL;
}

const struct sim_instance *world_instance_by_serial(const struct world *w, int64_t serial)
{
    return cloud_instance(w, serial);
}

const struct sim_instance *world_instance_find(const struct world *w, const char *id)
{
    for (size_t i = w->n_instances; i > 0; i--)
        if (str_eq(w->instances[i - 1]->id, id))
            return w->instances[i - 1];
    return NULL;
}

/* Reads draw nothing: its serial says whether and how late. */
bool world_instance_listed(const struct world *w, const struct sim_instance *i)
{
    enum { LEAST_S = 30, MOST_S = 240 };
    uint64_t dice = ((uint64_t)i->serial + w->seed) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
    int64_t late = LEAST_S + (int64_t)(dice / 1000000 % (MOST_S - LEAST_S + 1));

    return dice % 1000000 >= w->odds.listed_late || w->now >= i->launched + late * SECOND;
}

const struct sim_instance *world_instance_by_token(const struct world *w,
                                                   const char *token)
{
    for (size_t i = w->n_instances; *token != '\0' && i > 0; i--)
        if (str_eq(w->instances[i - 1]->client_token, token))
            return w->instances[i - 1];
    return NULL;
}

int32_t world_eni_find(const struct world *w, const char *id)
{
    for (size_t i = 0; *id != '\0' && i < w->n_enis; i++)
        if (str_eq(w->enis[i].id, id))
            return (int32_t)i;
    return -1;
}

bool cloud_is_alive(const struct sim_instance *i)
{
    return i->state == SIM_PENDING || i->state == SIM_RUNNING;
}

struct sim_instance *cloud_machine(const struct world *w, const struct sim_node *node)
{
    struct sim_instance *i = cloud_instance(w, w->enis[node->eni].holder);

    return i != NULL && i->state == SIM_RUNNING ? i : NULL;
}

/* ---- what the region tells ---- */

void cloud_bus(struct world *w, enum sim_event_kind kind, const struct sim_instance *i)
{
    uint64_t seq = ++w->bus_seq;
    struct sim_bus_event *ev = &w->bus[seq % SIM_KEEP_EVENTS];

    *ev =
        (struct sim_bus_event){.seq = seq, .at = w->now, .kind = kind, .state = i->state};
    (void)str_copy(ev->instance, sizeof(ev->instance), i->id);
}

static void set_state(struct world *w, struct sim_instance *i,
                      enum sim_instance_state state)
{
    i->state = state;
    cloud_bus(w, SIM_EVENT_STATE, i);
    if (i->server >= 0)
        world_note_places(w, i->server);
}

/* ---- launch ---- */

static int32_t wanted_zone(const struct world *w, const struct sim_launch *l,
                           int32_t *eni)
{
    *eni = -1;
    if (l->eni != NULL) {
        *eni = world_eni_find(w, l->eni);
        return *eni < 0 ? -1 : world_zone_find(w, w->enis[*eni].zone);
    }
    for (size_t i = 0; i < ARRAY_LEN(w->subnets); i++)
        if (l->subnet == NULL || str_eq(w->subnets[i].id, l->subnet))
            return world_zone_find(w, w->subnets[i].zone);
    return -1;
}

enum sim_refusal cloud_check(const struct world *w, const struct sim_launch *l)
{
    int32_t eni, zone = wanted_zone(w, l, &eni), type = world_type_find(w, l->type);
    const struct sim_offering *o;

    if (zone < 0 || type < 0 || l->n_tags > SIM_TAGS || l->n_spot_tags > SIM_TAGS)
        return SIM_BAD_VALUE;
    if (eni >= 0 && w->enis[eni].holder != 0)
        return SIM_ENI_IN_USE;
    if (!l->spot)
        return SIM_OK;
    o = world_offering(w, type, zone);
    if (o->no_capacity_until > w->now)
        return SIM_NO_CAPACITY;
    if (l->cap != 0 && l->cap < world_spot_price(o, w->now))
        return SIM_PRICE_TOO_LOW;
    return SIM_OK;
}

static struct sim_eni *eni_slot(struct world *w)
{
    void *enis = w->enis;
    struct sim_eni *eni;

    for (size_t n = w->n_servers; n < w->n_enis; n++)
        if (w->enis[n].id[0] == '\0' && w->enis[n].node < 0)
            return memset(&w->enis[n], 0, sizeof(*eni));
    eni = world_grow(w, &enis, &w->n_enis, &w->cap_enis, sizeof(*eni));
    w->enis = enis;
    return eni;
}

int32_t cloud_new_eni(struct world *w, const struct sim_subnet *subnet)
{
    struct sim_eni *eni = eni_slot(w);
    char hex[18];

    if (eni == NULL)
        return -1;
    world_random_hex(w, hex, 17);
    (void)str_format(eni->id, sizeof(eni->id), "eni-%s", hex);
    (void)str_copy(eni->zone, sizeof(eni->zone), subnet->zone);
    (void)str_copy(eni->subnet, sizeof(eni->subnet), subnet->id);
    (void)str_format(eni->ip, sizeof(eni->ip), "10.0.%zu.%zu",
                     64 + (w->n_enis / 200) % 64, 10 + w->n_enis % 200);
    world_random_hex(w, hex, 6);
    (void)str_format(eni->mac, sizeof(eni->mac), "06:1f:2c:%.2s:%.2s:%.2s", hex, hex + 2,
                     hex + 4);
    eni->server = eni->node = -1;
    return (int32_t)(eni - w->enis);
}

static struct sim_instance *new_instance(struct world *w)
{
    struct sim_instance *i = calloc(1, sizeof(*i)), **slot;
    void *instances = w->instances;
    char hex[18];

    if (i == NULL) {
        w->out_of_memory = true;
        return NULL;
    }
    slot = world_grow(w, &instances, &w->n_instances, &w->cap_instances,
                      sizeof(struct sim_instance *));
    w->instances = instances;
    if (slot == NULL) {
        free(i);
        return NULL;
    }
    *slot = i;
    i->serial = ++w->next_serial;
    world_random_hex(w, hex, 16);
    (void)str_format(i->id, sizeof(i->id), "i-0%s", hex);
    return i;
}

static const struct sim_subnet *subnet_of(const struct world *w,
                                          const struct sim_launch *l)
{
    for (size_t n = 0; n < ARRAY_LEN(w->subnets); n++)
        if (l->subnet != NULL && str_eq(w->subnets[n].id, l->subnet))
            return &w->subnets[n];
    return &w->subnets[0];
}

static void attach(struct world *w, struct sim_instance *i, int32_t eni)
{
    struct sim_eni *n = &w->enis[eni];
    char dashed[sizeof(n->ip)];

    n->holder = i->serial;
    n->attached = w->now;
    i->eni = eni;
    i->server = n->server;
    (void)str_copy(i->zone, sizeof(i->zone), n->zone);
    (void)str_copy(i->subnet, sizeof(i->subnet), n->subnet);
    (void)str_copy(i->ip, sizeof(i->ip), n->ip);
    (void)str_copy(dashed, sizeof(dashed), n->ip); /* of the same size */
    for (char *c = dashed; *c != '\0'; c++)
        if (*c == '.')
            *c = '-';
    (void)str_format(i->private_dns, sizeof(i->private_dns), "ip-%s.%s.compute.internal",
                     dashed, w->region);
}

static void plan(struct world *w, struct sim_instance *i, int32_t step, int64_t min_s,
                 int64_t max_s)
{
    i->life++;
    world_schedule(w, world_soon(w, min_s * SECOND, max_s * SECOND), EV_INSTANCE,
                   i->serial, i->life, step);
}

static void fulfill(struct world *w, struct sim_instance *i, const struct sim_launch *l,
                    int64_t spot)
{
    struct sim_spot *s =
        spot != 0 ? cloud_spot(w, spot) : cloud_spot_open(w, l->type, i->zone, l->cap);

    i->spot = true;
    if (s == NULL)
        return;
    i->spot_request = s->serial;
    (void)str_copy(s->instance, sizeof(s->instance), i->id);
    for (; s->n_tags < l->n_spot_tags; s->n_tags++)
        s->tags[s->n_tags] = l->spot_tags[s->n_tags];
    cloud_spot_set(w, s, SIM_SPOT_ACTIVE, "fulfilled");
}

static int32_t meant_for(const struct world *w, const struct sim_instance *i)
{
    for (size_t t = 0; i->server < 0 && t < i->n_tags; t++)
        if (str_eq(i->tags[t].key, "rushhour:server"))
            return world_server_find(w, i->tags[t].value);
    return i->server;
}

/* I2: by tag or interface; its replacement comes up beside one that is taken back. */
static void count_twins(struct world *w, const struct sim_instance *born)
{
    int32_t server = meant_for(w, born);
    int64_t n = 0;

    for (size_t k = 0; server >= 0 && k < w->n_instances; k++) {
        const struct sim_instance *i = w->instances[k];

        n += i->dying_since == 0 && i->reclaim_at == 0 && meant_for(w, i) == server;
    }
    if (n > w->totals.twins_max)
        w->totals.twins_max = n;
}

enum sim_refusal cloud_launch(struct world *w, const struct sim_launch *l, bool managed,
                              int64_t spot, struct sim_instance **out)
{
    enum sim_refusal no = cloud_check(w, l);
    struct sim_instance *i;
    int32_t eni;

    if (no != SIM_OK)
        return no;
    if (l->spot && world_strikes_drawn(w, SIM_MISHAP_NO_CAPACITY))
        return SIM_NO_CAPACITY;
    if (world_strikes(w, SIM_MISHAP_QUOTA))
        return SIM_LIMIT;
    eni = l->eni != NULL ? world_eni_find(w, l->eni) : cloud_new_eni(w, subnet_of(w, l));
    i = eni >= 0 ? new_instance(w) : NULL;
    if (i == NULL)
        return SIM_LIMIT;
    if (l->eni == NULL)
        w->enis[eni].delete_on_termination = true;
    attach(w, i, eni);
    (void)str_copy(i->type, sizeof(i->type), l->type); /* known types are short */
    (void)str_copy(i->image, sizeof(i->image), l->image);
    (void)str_copy(i->client_token, sizeof(i->client_token), l->client_token);
    i->type_index = world_type_find(w, l->type);
    i->request_hash = l->request_hash;
    i->managed = managed;
    i->cap = l->cap;
    i->launched = w->now;
    for (; i->n_tags < l->n_tags; i->n_tags++)
        i->tags[i->n_tags] = l->tags[i->n_tags];
    if (l->spot)
        fulfill(w, i, l, spot);
    w->totals.launches++;
    count_twins(w, i);
    set_state(w, i, SIM_PENDING);
    if (world_strikes(w, SIM_MISHAP_SLOW_LAUNCH))
        plan(w, i, STEP_RUNNING, SLOW_LAUNCH_S, SLOW_LAUNCH_S);
    else
        plan(w, i, STEP_RUNNING, 15, 45);
    mishaps_of_launch(w, i);
    *out = i;
    return SIM_OK;
}

enum sim_refusal world_launch(struct world *w, const struct sim_launch *l,
                              const struct sim_instance **out)
{
    struct sim_instance *i = NULL;
    enum sim_refusal no = cloud_launch(w, l, false, 0, &i);

    if (no == SIM_OK)
        *out = i;
    return no;
}

/* ---- life and death ---- */

static void unreachable(struct world *w, struct sim_instance *i, bool by_us)
{
    const struct sim_eni *eni = &w->enis[i->eni];
    bool was = i->reachable;

    i->reachable = false;
    if (was && eni->node >= 0 && eni->holder == i->serial)
        jenkins_machine_down(w, eni->node, false, by_us);
}

static void guest_boots(struct world *w, struct sim_instance *i)
{
    if (!world_strikes_drawn(w, SIM_MISHAP_NO_BOOT))
        world_schedule(w, world_soon(w, 30 * SECOND, 70 * SECOND), EV_GUEST, i->serial,
                       i->life, 0);
}

void cloud_on_guest(struct world *w, const struct event *ev)
{
    struct sim_instance *i = cloud_instance(w, ev->a);

    if (i == NULL || i->life != ev->life || i->state != SIM_RUNNING)
        return;
    i->reachable = true;
    i->reachable_since = w->now;
    if (w->enis[i->eni].node >= 0)
        jenkins_machine_up(w, w->enis[i->eni].node);
}

void cloud_on_instance(struct world *w, const struct event *ev)
{
    struct sim_instance *i = cloud_instance(w, ev->a);

    if (i == NULL || i->life != ev->life)
        return;
    switch (ev->b) {
    case STEP_RUNNING:
        i->running_since = w->now;
        set_state(w, i, SIM_RUNNING);
        guest_boots(w, i);
        break;
    case STEP_STOPPED:
        set_state(w, i, SIM_STOPPED);
        break;
    case STEP_TERMINATED:
        i->terminated = w->now;
        set_state(w, i, SIM_TERMINATED);
        world_schedule(w, world_soon(w, 5 * SECOND, 60 * SECOND), EV_ENI_FREE, i->serial,
                       0, 0);
        if (i->managed)
            manager_instance_ended(w, i);
        break;
    }
}

void cloud_on_eni_free(struct world *w, const struct event *ev)
{
    for (size_t n = 0; n < w->n_enis; n++) {
        struct sim_eni *eni = &w->enis[n];

        if (eni->holder != ev->a)
            continue;
        eni->holder = 0;
        eni->attached = 0;
        /* What dies with its instance is forgotten; a server's index must stay, so such
         * an interface only loses its name. */
        if (eni->delete_on_termination)
            eni->id[0] = '\0';
    }
}

void cloud_kill(struct world *w, struct sim_instance *i, const char *reason, bool by_us)
{
    if (i->dying_since != 0)
        return;
    i->dying_since = w->now;
    i->reason_code = reason;
    w->totals.cloud_ms += w->now - i->launched;
    w->totals.bill_nanos += world_bill(w, i);
    cloud_spot_close(w, i, "instance-terminated-by-user");
    unreachable(w, i, by_us);
    set_state(w, i, SIM_SHUTTING_DOWN);
    plan(w, i, STEP_TERMINATED, 15, 45);
}

enum sim_refusal world_terminate(struct world *w, const char *instance_id)
{
    const struct sim_instance *found = world_instance_find(w, instance_id);
    struct sim_instance *i = found != NULL ? cloud_instance(w, found->serial) : NULL;

    if (i == NULL)
        return SIM_NOT_FOUND;
    cloud_kill(w, i, "Client.UserInitiatedShutdown", true);
    return SIM_OK;
}

void cloud_stop(struct world *w, struct sim_instance *i)
{
    unreachable(w, i, true);
    i->reason_code = "Client.UserInitiatedShutdown";
    i->stopped_since = w->now;
    set_state(w, i, SIM_STOPPING);
    plan(w, i, STEP_STOPPED, 20, 50);
}

void cloud_start(struct world *w, struct sim_instance *i)
{
    i->reason_code = NULL;
    i->stopped_ms += w->now - i->stopped_since;
    i->stopped_since = 0;
    set_state(w, i, SIM_PENDING);
    plan(w, i, STEP_RUNNING, 15, 45);
}

void cloud_reboot(struct world *w, struct sim_instance *i)
{
    unreachable(w, i, true);
    i->life++;
    guest_boots(w, i);
}

/* ---- the rest ---- */

enum sim_refusal world_tag(struct world *w, const char *id, const struct sim_tag *tags,
                           size_t n)
{
    const struct sim_instance *found = world_instance_find(w, id);
    const struct sim_spot *request = world_spot_find(w, id);
    struct sim_tag *have;
    size_t *n_have;

    if (found == NULL && request == NULL)
        return SIM_NOT_FOUND;
    if (found != NULL) {
        struct sim_instance *i = cloud_instance(w, found->serial);

        have = i->tags;
        n_have = &i->n_tags;
    } else {
        struct sim_spot *s = cloud_spot(w, request->serial);

        have = s->tags;
        n_have = &s->n_tags;
    }
    for (size_t k = 0; k < n; k++) {
        size_t at = 0;

        while (at < *n_have && !str_eq(have[at].key, tags[k].key))
            at++;
        if (at == SIM_TAGS)
            return SIM_LIMIT;
        have[at] = tags[k];
        if (at == *n_have)
            ++*n_have;
    }
    return SIM_OK;
}

enum sim_refusal world_eni_keep(struct world *w, const char *id,
                                bool delete_on_termination)
{
    int32_t eni = world_eni_find(w, id);

    if (eni < 0)
        return SIM_NOT_FOUND;
    w->enis[eni].delete_on_termination = delete_on_termination;
    return SIM_OK;
}

void cloud_prune(struct world *w)
{
    size_t kept = 0;

    for (size_t n = 0; n < w->n_instances; n++) {
        struct sim_instance *i = w->instances[n];

        if (i->state == SIM_TERMINATED && i->terminated + 25 * HOUR <= w->now)
            free(i);
        else
            w->instances[kept++] = i;
    }
    w->n_instances = kept;
    kept = 0;
    for (size_t n = 0; n < w->n_spots; n++) {
        struct sim_spot *s = w->spots[n];
        bool over = s->state == SIM_SPOT_CLOSED || s->state == SIM_SPOT_CANCELED;
        const struct sim_instance *i =
            s->instance[0] != '\0' ? world_instance_find(w, s->instance) : NULL;

        if (over && s->updated + 4 * HOUR <= w->now && (i == NULL || i->terminated != 0))
            free(s);
        else
            w->spots[kept++] = s;
    }
    w->n_spots = kept;
}

void cloud_free(struct world *w)
{
    for (size_t n = 0; n < w->n_instances; n++)
        free(w->instances[n]);
    for (size_t n = 0; n < w->n_spots; n++)
        free(w->spots[n]);
    free(w->instances);
    free(w->spots);
    free(w->enis);
}

void cloud_setup(struct world *w)
{
    static const char letters[] = "abc";

    (void)str_copy(w->region, sizeof(w->region), "eu-west-1");
    (void)str_copy(w->vpc, sizeof(w->vpc), "vpc-0d3c5b7a91e2f4060");
    (void)str_copy(w->account, sizeof(w->account), "123456789012");
    for (w->n_zones = 0; w->n_zones < 3; w->n_zones++) {
        size_t z = w->n_zones;
        struct sim_subnet *s = &w->subnets[z];

        (void)str_format(w->zones[z], sizeof(w->zones[z]), "%s%c", w->region, letters[z]);
        (void)str_format(s->id, sizeof(s->id), "subnet-0a17c4e59d20b63f%zu", z + 1);
        (void)str_copy(s->zone, sizeof(s->zone), w->zones[z]);
        (void)str_format(s->cidr, sizeof(s->cidr), "10.0.%zu.0/18", 64 * z);
        (void)str_format(s->zone_id, sizeof(s->zone_id), "euw1-az%zu", z + 1);
    }
    for (size_t i = 0; i < w->n_servers; i++) {
        int32_t index = cloud_new_eni(w, &w->subnets[0]);
        struct sim_eni *eni;

        if (index < 0)
            return;
        eni = &w->enis[index];
        eni->server = (int32_t)i;
        eni->node = w->servers[i].node[SIM_CLOUD];
        (void)str_format(eni->ip, sizeof(eni->ip), "10.0.%zu.%zu", 1 + i / 200,
                         11 + i % 200);
        (void)str_format(eni->description, sizeof(eni->description), "tests-%s",
                         w->servers[i].name);
    }
}
