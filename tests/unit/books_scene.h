/*
 * books_scene - a server with a ledger of an earlier run (controller_scene.h): segments
 * and configured prices are set by hand, before scene_start(&b.s). A struct books is its
 * test's own, the segments are shared by all: one at a time. Threads: one.
 */
#ifndef RH_TESTS_BOOKS_SCENE_H
#define RH_TESTS_BOOKS_SCENE_H

#include "core/engine/parts.h"
#include "tests/unit/controller_scene.h"

/* At the highest price that an hour can be reckoned with, so many hours are no amount. */
enum { HOUR_S = 3600, FULL = 3600, MOST = FULL + 8 };
#define DOLLARS(n) ((n)*USD_NANOS)
#define HUGE       (INT64_MAX / HOUR_S - 1)

struct books {
    struct scene s;
    struct configured_price prices[2];
    struct seen_instance instance;
};

static struct segment segments[MOST];

static inline void books_make(struct books *b)
{
    memset(b, 0, sizeof(*b));
    scene_make(&b->s);
    stored_setting(&b->s, "auto", "off");
    b->s.extension = EXTENSION_STOPPED; /* or it begins to cost, too */
    b->s.stored.segments = segments;
}

static inline struct segment *ran(struct books *b, const char *kind, int64_t from_s,
                                  int64_t until_s)
{
    struct segment *g = &segments[b->s.stored.n_segments++];

    *g = (struct segment){.id = (int64_t)b->s.stored.n_segments,
                          .type = "c5",
                          .zone = "eu-west-1a",
                          .start = {NOW - from_s},
                          .end = {until_s >= 0 ? NOW - until_s : 0}};
    (void)str_copy(g->kind, sizeof(g->kind), kind);
    (void)str_copy(g->server, sizeof(g->server), str_eq(kind, "extension") ? "" : "a");
    (void)str_format(g->resource, sizeof(g->resource), "i-%zu",
                     b->s.stored.n_segments - 1);
    (void)str_copy(g->source, sizeof(g->source), "configured");
    return g;
}

static inline void rated(struct segment *g, int64_t nanos)
{
    g->rate.nanos = nanos;
    g->rate_known = true;
}

static inline void prices(struct books *b, int64_t on_demand, int64_t spot)
{
    b->prices[0] = (struct configured_price){.type = "c5",
                                             .has_on_demand = on_demand != 0,
                                             .has_spot = spot != 0,
                                             .on_demand = {on_demand},
                                             .spot = {spot}};
    b->s.config->cost.prices = b->prices;
    b->s.config->cost.n_prices = 1;
}

static inline struct fleet *view(struct books *b)
{
    struct fleet *f = controller_snapshot(b->s.c);

    assert_non_null(f);
    return f;
}

/* In the cloud by i-0, as the manager tells. */
static inline void go_out(struct books *b, enum lifecycle lifecycle)
{
    stored_setting(&b->s, "place:a", "cloud");
    b->instance = instance_of("i-0", INSTANCE_RUNNING);
    b->instance.lifecycle = lifecycle;
    b->s.managed.state = MANAGED_IN_CLOUD;
    b->s.managed.has_instance = true;
    b->s.managed.instance = b->instance;
    b->s.vm.power = POWER_OFF;
}

#endif
