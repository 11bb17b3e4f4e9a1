#include <config.h>

#include "core/sim/world_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"

/* Prices follow a walk that is drawn back to a mean with a daily shape; a few instances a
 * week are taken back, more of them while the price is high. */
enum {
    HAZARD_STEP = 5 * MINUTE,
    HAZARD_PPM = 1150, /* per step and instance at the mean price: about one in 72 h */
};
#define PRICE_STEP INT64_C(100000) /* 0.0001 USD */

int32_t world_type_find(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_types; i++)
        if (str_eq(w->types[i].name, name))
            return (int32_t)i;
    return -1;
}

int32_t world_zone_find(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_zones; i++)
        if (str_eq(w->zones[i], name))
            return (int32_t)i;
    return -1;
}

static struct sim_offering *offering(struct world *w, int32_t type, int32_t zone)
{
    return &w->offerings[(size_t)type * w->n_zones + (size_t)zone];
}

const struct sim_offering *world_offering(const struct world *w, int32_t type,
                                          int32_t zone)
{
    return &w->offerings[(size_t)type * w->n_zones + (size_t)zone];
}

int64_t world_spot_price(const struct sim_offering *o, int64_t at)
{
    size_t low = 0, high = o->n_prices;

    while (low < high) { /* the first record after `at` */
        size_t mid = low + (high - low) / 2;

        if (o->prices[mid].at <= at)
            low = mid + 1;
        else
            high = mid;
    }
    return low > 0 ? o->prices[low - 1].nanos : o->mean;
}

static void add_price(struct world *w, struct sim_offering *o, int64_t at, int64_t nanos)
{
    void *prices = o->prices;
    struct sim_price *p =
        world_grow(w, &prices, &o->n_prices, &o->cap_prices, sizeof(*p));

    o->prices = prices;
    if (p != NULL)
        *p = (struct sim_price){.at = at, .nanos = nanos};
}

static int64_t next_price(struct world *w, const struct sim_offering *o, int64_t at)
{
    /* Dearer by day, cheaper by night; permille of the mean. */
    static const int32_t shape[24] = {-50, -60, -70, -70, -60, -40, -20, 10,
                                      30,  50,  60,  60,  60,  60,  50,  40,
                                      30,  10,  0,   -10, -20, -30, -40, -50};
    int64_t hour = world_local_s(at) / 3600 % 24;
    int64_t old = o->n_prices > 0 ? o->prices[o->n_prices - 1].nanos : o->mean;
    int64_t target = o->mean + o->mean * shape[hour] / 1000;
    int64_t noise = o->mean * rng_between(&w->rng, -45, 45) / 1000;
    int64_t price = old + (target - old) * 35 / 100 + noise;
    int64_t least = o->mean * 6 / 10, most = w->types[o->type].on_demand;

    price = price < least ? least : price > most ? most : price;
    return (price + PRICE_STEP / 2) / PRICE_STEP * PRICE_STEP;
}

static void check_caps(struct world *w, const struct sim_offering *o, int64_t price)
{
    for (size_t n = 0; n < w->n_instances; n++) {
        struct sim_instance *i = w->instances[n];

        if (cloud_is_alive(i) && i->spot && i->reclaim_at == 0 && i->cap != 0 &&
            i->cap < price && i->type_index == o->type &&
            str_eq(i->zone, w->zones[o->zone]))
            (void)world_interrupt(w, i->id, 120 * SECOND, true); /* it is alive */
    }
}

static void change_price(struct world *w, struct sim_offering *o, int64_t nanos)
{
    if (o->n_prices > 0 && o->prices[o->n_prices - 1].nanos == nanos)
        return;
    add_price(w, o, w->now, nanos);
    check_caps(w, o, nanos);
}

/* Recorded prices are all there; only the caps have to hear of each change. */
static void follow_record(struct world *w, const struct event *ev)
{
    const struct sim_offering *o = &w->offerings[ev->a];
    size_t next = (size_t)ev->b;

    if (next > 0)
        check_caps(w, o, o->prices[next - 1].nanos);
    while (next < o->n_prices && o->prices[next].at <= w->now)
        next++;
    if (next < o->n_prices)
        world_schedule(w, o->prices[next].at, EV_PRICE, ev->a, 0, (int64_t)next + 1);
}

void market_on_price(struct world *w, const struct event *ev)
{
    struct sim_offering *o = &w->offerings[ev->a];

    if (o->recorded) {
        follow_record(w, ev);
        return;
    }
    change_price(w, o, next_price(w, o, w->now));
    world_schedule(w, world_soon(w, 2 * HOUR, 9 * HOUR), EV_PRICE, ev->a, 0, 0);
}

enum sim_refusal world_set_price(struct world *w, int32_t type, int32_t zone,
                                 int64_t nanos)
{
    if (type < 0 || zone < 0 || nanos <= 0)
        return SIM_BAD_VALUE;
    change_price(w, offering(w, type, zone), nanos);
    return SIM_OK;
}

enum sim_refusal world_set_capacity(struct world *w, int32_t type, int32_t zone,
                                    bool available)
{
    if (type < 0 || zone < 0)
        return SIM_BAD_VALUE;
    offering(w, type, zone)->no_capacity_until = available ? 0 : INT64_MAX;
    return SIM_OK;
}

void market_dry(struct world *w, size_t n, int64_t min_ms, int64_t max_ms)
{
    struct sim_offering *o = &w->offerings[n];
    int64_t until = world_soon(w, min_ms, max_ms);

    if (until > o->no_capacity_until)
        o->no_capacity_until = until;
}

static void strike(struct world *w, struct sim_instance *i)
{
    const struct sim_offering *o =
        offering(w, i->type_index, world_zone_find(w, i->zone));

    if (rng_chance(&w->rng, 600000))
        market_dry(w, (size_t)(o - w->offerings), 10 * MINUTE, 120 * MINUTE);
    if (rng_chance(&w->rng, 250000)) {
        cloud_bus(w, SIM_EVENT_REBALANCE, i);
        world_schedule(w, world_soon(w, 3 * MINUTE, 10 * MINUTE), EV_REBALANCED,
                       i->serial, 0, 0);
        return;
    }
    (void)world_interrupt(w, i->id, 120 * SECOND, false); /* refused: it is dying */
}

void market_on_rebalanced(struct world *w, const struct event *ev)
{
    const struct sim_instance *i = world_instance_by_serial(w, ev->a);

    if (i != NULL)
        (void)world_interrupt(w, i->id, 120 * SECOND, false); /* refused: it is dying */
}

void market_on_hazard(struct world *w, const struct event *ev)
{
    world_schedule(w, ev->at + HAZARD_STEP, EV_HAZARD, 0, 0, 0);
    if (w->odds.calm)
        return;
    for (size_t n = 0; n < w->n_instances; n++) {
        struct sim_instance *i = w->instances[n];
        const struct sim_offering *o;
        int64_t price;

        if (i->state != SIM_RUNNING || !i->spot || i->reclaim_at != 0)
            continue;
        o = world_offering(w, i->type_index, world_zone_find(w, i->zone));
        price = world_spot_price(o, w->now);
        if (rng_chance(&w->rng, (uint32_t)(HAZARD_PPM * price / o->mean)))
            strike(w, i);
    }
    /* Now and then a pool is dry for a while. */
    for (size_t n = 0; n < w->n_types * w->n_zones; n++)
        if (rng_chance(&w->rng, 900))
            market_dry(w, n, 20 * MINUTE, 150 * MINUTE);
}

/* An offering with the ninety days before, and what comes next. */
static void open_offering(struct world *w, size_t n, int64_t mean)
{
    struct sim_offering *o = &w->offerings[n];
    int64_t at = w->start - 90 * DAY;

    o->type = (int32_t)(n / w->n_zones);
    o->zone = (int32_t)(n % w->n_zones);
    o->mean = mean;
    while (at <= w->start) {
        int64_t nanos = next_price(w, o, at);

        if (o->n_prices == 0 || o->prices[o->n_prices - 1].nanos != nanos)
            add_price(w, o, at, nanos);
        at += rng_between(&w->rng, 2 * HOUR, 9 * HOUR);
    }
    world_schedule(w, at, EV_PRICE, (int64_t)n, 0, 0);
}

int32_t world_type_add(struct world *w, const char *name, int32_t like)
{
    int32_t type = (int32_t)w->n_types;
    struct sim_type *t = &w->types[type < SIM_MAX_TYPES ? type : 0];

    if (type == SIM_MAX_TYPES || strlen(name) >= sizeof(t->name) || like < 0 ||
        (size_t)like >= w->n_types)
        return -1;
    *t = w->types[like];
    (void)str_copy(t->name, sizeof(t->name), name);
    w->n_types++;
    for (size_t z = 0; z < w->n_zones; z++)
        open_offering(w, (size_t)type * w->n_zones + z,
                      offering(w, like, (int32_t)z)->mean);
    return type;
}

void world_type_price(struct world *w, int32_t type, int64_t on_demand, int64_t spot)
{
    int64_t was = offering(w, type, 0)->mean;

    if (on_demand > 0)
        w->types[type].on_demand = on_demand;
    for (size_t z = 0; spot > 0 && z < w->n_zones; z++) {
        struct sim_offering *o = offering(w, type, (int32_t)z);

        /* The zones stay as far apart as they are. */
        o->mean = o->mean * (spot / 1000) / (was / 1000);
        for (size_t i = 0; i < o->n_prices; i++)
            o->prices[i].nanos = o->prices[i].nanos * (spot / 1000) / (was / 1000);
    }
}

enum sim_refusal world_record_prices(struct world *w, int32_t type, int32_t zone,
                                     const struct sim_price *prices, size_t n)
{
    struct sim_offering *o;
    int64_t sum = 0;

    if (type < 0 || zone < 0 || n == 0)
        return SIM_BAD_VALUE;
    o = offering(w, type, zone);
    o->n_prices = 0;
    for (size_t i = 0; i < n; i++) {
        add_price(w, o, prices[i].at, prices[i].nanos);
        sum += prices[i].nanos / (int64_t)n;
    }
    o->mean = sum > 0 ? sum : 1;
    o->recorded = true; /* the next event of the walk begins to follow it */
    return w->out_of_memory ? SIM_LIMIT : SIM_OK;
}

void market_setup(struct world *w)
{
    static const struct sim_type types[] = {
        {"c5.2xlarge", 8, 16384, INT64_C(199000000), 100, false},
        {"c5a.2xlarge", 8, 16384, INT64_C(182000000), 97, false},
        {"m5.2xlarge", 8, 32768, INT64_C(222000000), 92, false},
    };
    static const int64_t means[] = {INT64_C(60000000), INT64_C(56000000),
                                    INT64_C(67000000)};
    static const int32_t zone_permille[] = {1000, 1060, 960};

    w->n_types = ARRAY_LEN(types);
    for (size_t t = 0; t < w->n_types; t++)
        w->types[t] = types[t];
    for (size_t n = 0; n < w->n_types * w->n_zones; n++)
        open_offering(w, n, means[n / w->n_zones] * zone_permille[n % w->n_zones] / 1000);
    world_schedule(w, w->now + HAZARD_STEP, EV_HAZARD, 0, 0, 0);
    mishaps_setup(w);
}

void market_free(struct world *w)
{
    for (size_t n = 0; n < ARRAY_LEN(w->offerings); n++)
        free(w->offerings[n].prices);
}
