#include <config.h>

#include "core/sim/world_impl.h"

#include <stdlib.h>

#include "core/base/str.h"

/* Spot requests, how AWS takes an instance back, and what it bills for one. */

struct sim_spot *cloud_spot(const struct world *w, int64_t serial)
{
    for (size_t i = w->n_spots; serial != 0 && i > 0; i--)
        if (w->spots[i - 1]->serial == serial)
            return w->spots[i - 1];
    return NULL;
}

const struct sim_spot *world_spot_by_serial(const struct world *w, int64_t serial)
{
    return cloud_spot(w, serial);
}

const struct sim_spot *world_spot_find(const struct world *w, const char *id)
{
    for (size_t i = w->n_spots; i > 0; i--)
        if (str_eq(w->spots[i - 1]->id, id))
            return w->spots[i - 1];
    return NULL;
}

void cloud_spot_set(struct world *w, struct sim_spot *s, enum sim_spot_state state,
                    const char *status)
{
    s->state = state;
    s->status = status;
    s->updated = w->now;
}

struct sim_spot *cloud_spot_open(struct world *w, const char *type, const char *zone,
                                 int64_t cap)
{
    void *spots = w->spots;
    struct sim_spot **slot;
    struct sim_spot *s = calloc(1, sizeof(*s));
    int32_t index = world_type_find(w, type);
    uint64_t bits = rng_next(&w->rng);

    if (s == NULL) {
        w->out_of_memory = true;
        return NULL;
    }
    slot = world_grow(w, &spots, &w->n_spots, &w->cap_spots, sizeof(struct sim_spot *));
    w->spots = spots;
    if (slot == NULL) {
        free(s);
        return NULL;
    }
    *slot = s;
    s->serial = ++w->next_serial;
    (void)str_copy(s->id, sizeof(s->id), "sir-");
    for (size_t n = 4; n < 12; n++, bits >>= 5)
        s->id[n] = "abcdefghijkmnpqrstuvwxyz23456789"[bits & 31];
    s->created = w->now;
    s->cap = cap != 0 ? cap : index >= 0 ? w->types[index].on_demand : 0;
    (void)str_copy(s->type, sizeof(s->type), type);
    (void)str_copy(s->zone, sizeof(s->zone), zone);
    cloud_spot_set(w, s, SIM_SPOT_OPEN, "pending-evaluation");
    return s;
}

enum sim_refusal world_spot_cancel(struct world *w, const char *id)
{
    for (size_t i = w->n_spots; i > 0; i--) {
        struct sim_spot *s = w->spots[i - 1];

        if (!str_eq(s->id, id))
            continue;
        if (s->state == SIM_SPOT_ACTIVE)
            cloud_spot_set(w, s, SIM_SPOT_CANCELED,
                           "request-canceled-and-instance-running");
        else if (s->state == SIM_SPOT_OPEN)
            cloud_spot_set(w, s, SIM_SPOT_CANCELED, "canceled-before-fulfillment");
        return SIM_OK;
    }
    return SIM_NOT_FOUND;
}

void cloud_spot_close(struct world *w, const struct sim_instance *i, const char *status)
{
    struct sim_spot *s = cloud_spot(w, i->spot_request);

    if (s != NULL && (s->state == SIM_SPOT_ACTIVE || s->state == SIM_SPOT_CANCELED))
        cloud_spot_set(w, s, SIM_SPOT_CLOSED, status);
}

/* ---- taken back ---- */

enum sim_refusal world_interrupt(struct world *w, const char *instance_id,
                                 int64_t notice_ms, bool by_price)
{
    const struct sim_instance *found = world_instance_find(w, instance_id);
    struct sim_instance *i;
    struct sim_spot *s;

    if (found == NULL)
        return SIM_NOT_FOUND;
    if (!cloud_is_alive(found) || !found->spot || found->reclaim_at != 0)
        return SIM_WRONG_STATE;
    i = cloud_instance(w, found->serial);
    s = cloud_spot(w, i->spot_request);
    i->reclaim_at = w->now + notice_ms;
    w->totals.interruptions++;
    if (s != NULL && s->state == SIM_SPOT_ACTIVE) {
        if (by_price)
            cloud_spot_set(w, s, SIM_SPOT_ACTIVE, "marked-for-termination");
        else
            cloud_spot_set(w, s, SIM_SPOT_CLOSED, "instance-terminated-no-capacity");
    }
    if (notice_ms > 0)
        cloud_bus(w, SIM_EVENT_INTERRUPTION, i);
    world_schedule(w, i->reclaim_at, EV_RECLAIM, i->serial, 0, by_price ? 1 : 0);
    return SIM_OK;
}

void cloud_on_reclaim(struct world *w, const struct event *ev)
{
    struct sim_instance *i = cloud_instance(w, ev->a);

    if (i == NULL || i->dying_since != 0)
        return;
    if (ev->b != 0)
        cloud_spot_close(w, i, "instance-terminated-by-price");
    cloud_kill(w, i, "Server.SpotInstanceTermination", false);
}

/* ---- the bill ---- */

/* An instance-hour keeps the price it began with; the first one is free when AWS took the
 * instance back in it; a minute is the least (policy-and-cost 8). No hour of one that is
 * stopped is billed. */
int64_t world_bill(const struct world *w, const struct sim_instance *i)
{
    int64_t end = i->dying_since != 0 ? i->dying_since : w->now;
    int64_t halted = i->stopped_since != 0 ? end - i->stopped_since : 0;
    int64_t ms = end - i->launched - i->stopped_ms - halted;
    int64_t sum = 0;
    const struct sim_offering *o;

    if (i->others || (i->dying_since != 0 && i->reclaim_at != 0 && ms < HOUR))
        return 0;
    if (ms < MINUTE)
        ms = MINUTE;
    if (!i->spot)
        return w->types[i->type_index].on_demand * (ms / SECOND) / 3600;
    o = world_offering(w, i->type_index, world_zone_find(w, i->zone));
    for (int64_t at = 0; at < ms; at += HOUR) {
        int64_t span = ms - at < HOUR ? ms - at : HOUR;

        sum += world_spot_price(o, i->launched + at) * (span / SECOND) / 3600;
    }
    return sum;
}
