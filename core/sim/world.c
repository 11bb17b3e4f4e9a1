#include <config.h>

#include "core/sim/world_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/timefmt.h"

struct sim_events { /* a binary heap, the earliest on top */
    struct event *heap;
    size_t n, cap;
    uint64_t seq;
};

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void sift_up(struct event *heap, size_t i)
{
    struct event moved = heap[i];

    while (i > 0 && earlier(&moved, &heap[(i - 1) / 2])) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = moved;
}

static void sift_down(struct event *heap, size_t n)
{
    struct event moved = heap[0];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= n)
            break;
        if (child + 1 < n && earlier(&heap[child + 1], &heap[child]))
            child++;
        if (!earlier(&heap[child], &moved))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = moved;
}

void *world_grow(struct world *w, void **array, size_t *n, size_t *cap, size_t size)
{
    char *slot;

    if (*n == *cap) {
        size_t more = *cap == 0 ? 16 : *cap * 2;
        void *bigger = reallocarray(*array, more, size);

        if (bigger == NULL) {
            w->out_of_memory = true;
            return NULL;
        }
        *array = bigger;
        *cap = more;
    }
    slot = (char *)*array + *n * size;
    memset(slot, 0, size);
    ++*n;
    return slot;
}

void world_schedule(struct world *w, int64_t at, enum event_kind kind, int64_t a,
                    uint32_t life, int64_t b)
{
    struct sim_events *q = w->events;
    void *heap = q->heap;
    struct event *ev = world_grow(w, &heap, &q->n, &q->cap, sizeof(*ev));

    q->heap = heap;
    if (ev == NULL)
        return;
    *ev = (struct event){
        .at = at < w->now ? w->now : at,
        .seq = ++q->seq,
        .kind = kind,
        .life = life,
        .a = a,
        .b = b,
    };
    sift_up(q->heap, q->n - 1);
}

int64_t world_soon(struct world *w, int64_t min_ms, int64_t max_ms)
{
    return w->now + rng_between(&w->rng, min_ms, max_ms);
}

void world_random_hex(struct world *w, char *out, size_t digits)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < digits; i++) {
        if (i % 16 == 0)
            bits = rng_next(&w->rng);
        out[i] = "0123456789abcdef"[bits & 15];
        bits >>= 4;
    }
    out[digits] = '\0';
}

void world_uuid(struct world *w, char out[40])
{
    char hex[33];

    world_random_hex(w, hex, 32);
    hex[12] = '4';
    hex[16] = "89ab"[hex[16] & 3];
    (void)str_format(out, 40, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                     hex + 16, hex + 20); /* 36 characters always fit */
}

void world_housekeeping(struct world *w, const struct event *ev)
{
    host_prune(w);
    cloud_prune(w);
    manager_prune(w);
    jenkins_prune(w);
    world_schedule(w, ev->at + 10 * MINUTE, EV_HOUSEKEEPING, 0, 0, 0);
}

void world_advance(struct world *w, int64_t now_ms)
{
    static void (*const handlers[])(struct world *, const struct event *) = {
#define X(id, handler) handler,
        WORLD_EVENTS(X)
#undef X
    };
    struct sim_events *q = w->events;

    while (q->n > 0 && q->heap[0].at <= now_ms) {
        struct event ev = q->heap[0];

        q->heap[0] = q->heap[--q->n];
        if (q->n > 1)
            sift_down(q->heap, q->n);
        w->now = ev.at;
        handlers[ev.kind](w, &ev);
    }
    if (w->now < now_ms)
        w->now = now_ms;
}

int64_t world_next_event(const struct world *w)
{
    return w->events->n > 0 ? w->events->heap[0].at : INT64_MAX;
}

/* Israel's rule: summer time from the Friday before the last Sunday of March, 02:00, to
 * the last Sunday of October, 02:00 (its summer time). */
int64_t world_local_s(int64_t ms)
{
    enum { MEAN_YEAR_S = 31556952 };
    int64_t s = ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
    int32_t year = (int32_t)(1970 + s / MEAN_YEAR_S); /* wrong near its turn: winter */
    int64_t march = civil_to_days(year, 3, 31), october = civil_to_days(year, 10, 31);
    int64_t from, to;

    march -= (march + 4) % 7; /* 1970-01-01 was a Thursday: day 3 a Sunday */
    october -= (october + 4) % 7;
    from = (march - 2) * 86400;
    to = october * 86400 + 7200 - 10800;
    return s + (s >= from && s < to ? 10800 : 7200);
}

int32_t world_server_node(const struct world *w, int32_t server, size_t k)
{
    const struct sim_tested *s = &w->servers[server];

    if (k < ARRAY_LEN(s->node))
        return s->node[k];
    k -= ARRAY_LEN(s->node);
    return k < s->n_more_nodes ? s->more_nodes[k] : -1;
}

const struct sim_instance *world_server_instance(const struct world *w, int32_t server)
{
    int64_t newest = 0;
    int32_t node;

    for (size_t k = SIM_CLOUD; (node = world_server_node(w, server, k)) >= 0; k++) {
        int64_t holder = w->enis[w->nodes[node].eni].holder;

        newest = holder > newest ? holder : newest;
    }
    return world_instance_by_serial(w, newest);
}

static bool is_out_there(const struct world *w, int32_t server)
{
    int32_t node;

    for (size_t k = SIM_CLOUD; (node = world_server_node(w, server, k)) >= 0; k++) {
        const struct sim_instance *i =
            cloud_instance(w, w->enis[w->nodes[node].eni].holder);

        /* Somebody else's may be at its interface. */
        if (i != NULL && cloud_is_alive(i) && i->server == server)
            return true;
    }
    return false;
}

void world_note_places(struct world *w, int32_t server)
{
    struct sim_tested *s = &w->servers[server];
    bool both = w->vms[s->vm].power == SIM_POWER_ON && is_out_there(w, server);

    s->meddled = s->meddled && w->vms[s->vm].power == SIM_POWER_ON;
    if (both && s->both_since == 0)
        s->both_since = w->now;
    if (!both && s->both_since != 0) {
        int64_t span = w->now - s->both_since;

        w->totals.both_ms += span;
        if (span > w->totals.both_max_ms)
            w->totals.both_max_ms = span;
        s->both_since = 0;
    }
}

bool world_machine_is_up(const struct world *w, const struct sim_node *node)
{
    const struct sim_vm *vm = &w->vms[w->servers[node->server].vm];
    const struct sim_instance *i;

    if (node->side == SIM_HOME)
        return vm->power == SIM_POWER_ON && vm->guest == SIM_GUEST_UP;
    i = cloud_machine(w, node);
    return i != NULL && i->reachable;
}

struct sim_totals world_totals(const struct world *w)
{
    struct sim_totals t = w->totals;

    for (size_t n = 0; n < w->n_servers; n++) {
        int64_t span =
            w->servers[n].both_since != 0 ? w->now - w->servers[n].both_since : 0;

        t.both_ms += span;
        if (span > t.both_max_ms)
            t.both_max_ms = span;
    }
    for (size_t n = 0; n < w->n_instances; n++) {
        const struct sim_instance *i = w->instances[n];

        if (i->dying_since == 0) {
            t.alive++;
            t.cloud_ms += w->now - i->launched;
            t.bill_nanos += world_bill(w, i);
        }
    }
    return t;
}

int32_t world_server_find(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_servers; i++)
        if (str_eq(w->servers[i].name, name))
            return (int32_t)i;
    return -1;
}

/* Their names say the zone: "tests-cache-cloud-b". */
enum sim_refusal world_add_zone(struct world *w, int32_t server, const char *zone,
                                const struct sim_eni **eni, const struct sim_node **node)
{
    struct sim_tested *s = &w->servers[server];
    int32_t z = world_zone_find(w, zone), n, index = (int32_t)w->n_nodes;
    struct sim_node *nodes;

    for (size_t k = SIM_CLOUD; (n = world_server_node(w, server, k)) >= 0; k++)
        if (str_eq(w->enis[w->nodes[n].eni].zone, zone))
            return SIM_BAD_VALUE;
    if (z < 0)
        return SIM_BAD_VALUE;
    nodes = reallocarray(w->nodes, w->n_nodes + 1, sizeof(*nodes));
    if (nodes == NULL)
        return SIM_LIMIT;
    w->nodes = nodes;
    n = cloud_new_eni(w, &w->subnets[z]);
    if (n < 0)
        return SIM_LIMIT;
    memset(&nodes[index], 0, sizeof(*nodes));
    w->n_nodes++;
    s->more_nodes[s->n_more_nodes++] = index;
    jenkins_cloud_node(w, index, server);
    nodes[index].eni = n;
    (void)str_format(nodes[index].name, sizeof(nodes->name), "%.40s-%c",
                     nodes[s->node[SIM_CLOUD]].name, zone[strlen(zone) - 1]);
    w->enis[n].server = server;
    w->enis[n].node = index;
    (void)str_format(w->enis[n].description, sizeof(w->enis[n].description),
                     "tests-%.32s-%c", s->name, zone[strlen(zone) - 1]);
    *eni = &w->enis[n];
    *node = &nodes[index];
    return SIM_OK;
}

static void name_servers(struct world *w)
{
    static const char *const story[] = {"cache", "write-back", "migration", "end-to-end"};

    for (size_t i = 0; i < w->n_servers; i++) {
        struct sim_tested *s = &w->servers[i];

        if (i < ARRAY_LEN(story))
            (void)str_copy(s->name, sizeof(s->name), story[i]); /* short */
        else
            (void)str_format(s->name, sizeof(s->name), "server-%zu", i + 1);
        (void)str_copy(s->label, sizeof(s->label), s->name);
        s->vm = (int32_t)i;
        s->eni = (int32_t)i;
        s->node[SIM_HOME] = (int32_t)(2 * i);
        s->node[SIM_CLOUD] = (int32_t)(2 * i + 1);
        s->managed.task = -1;
    }
}

enum err_code world_new(uint64_t seed, int32_t servers, int64_t start_ms,
                        struct world **out, struct err *e)
{
    struct world *w;

    if (servers < 1 || servers > 1000)
        return err_set(e, ERR_USAGE, "simulated site: %d servers, 1 to 1000 are possible",
                       (int)servers);
    w = calloc(1, sizeof(*w));
    if (w == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the simulated site");
    w->now = w->start = start_ms;
    w->seed = seed;
    rng_seed(&w->rng, seed);
    w->n_servers = (size_t)servers;
    w->servers = calloc(w->n_servers, sizeof(*w->servers));
    w->events = calloc(1, sizeof(*w->events));
    if (w->servers == NULL || w->events == NULL) {
        world_free(w);
        return err_set(e, ERR_NOMEM, "no memory for the simulated site");
    }
    name_servers(w);
    cloud_setup(w);
    market_setup(w);
    host_setup(w);
    manager_setup(w);
    jenkins_setup(w);
    world_schedule(w, w->now + 10 * MINUTE, EV_HOUSEKEEPING, 0, 0, 0);
    if (w->out_of_memory) {
        world_free(w);
        return err_set(e, ERR_NOMEM, "no memory for the simulated site");
    }
    *out = w;
    return ERR_OK;
}

void world_free(struct world *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < SIM_WIRES; i++)
        if (w->wires[i].free != NULL)
            w->wires[i].free(w->wires[i].data);
    world_jenkins_free(w);
    market_free(w);
    cloud_free(w);
    free(w->manager_tasks);
    free(w->vm_tasks);
    free(w->vms);
    free(w->home_builds);
    if (w->events != NULL)
        free(w->events->heap);
    free(w->events);
    free(w->servers);
    free(w);
}
