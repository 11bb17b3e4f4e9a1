/*
 * probe - marks in the program for the campaign, which is built with RH_POINTS
 * (reliability 5). RH_PROBE("name"): a rare path that must be known to be reached.
 * RH_BUGGIFY("name"): true now and then, for trouble of our own making that may come at
 * any time and must break no promise. In the shipped program the one is nothing and the
 * other false. Not in cost and policy, which stay pure.
 * Owns nothing: each mark keeps its own counts. Threads: one; the campaign has no other.
 */
#ifndef RH_BASE_PROBE_H
#define RH_BASE_PROBE_H

#include <stdbool.h>

#ifdef RH_POINTS

#include "core/base/attr.h"
#include "core/base/rng.h"

#include <stdint.h>

struct point {
    const char *name;
    bool buggify;
    bool hit, armed;     /* in the run under way */
    struct rng rng;      /* of a buggify point: its own, so that another one more changes
                            nothing for it */
    uint64_t hits, runs; /* it was reached, or fired, so often; in so many runs */
};

/* tests/sim/points.c */
void point_reached(struct point *p) NONNULL;
bool point_fires(struct point *p) NONNULL;

/* All of them are in one section, so that one that is never reached is known, too. */
#define RH_POINT_HERE(text, fires)                                                       \
    static struct point here = {.name = (text), .buggify = (fires)};                     \
    static struct point *const listed __attribute__((section("rh_points"), used)) = &here

#define RH_PROBE(text)                                                                   \
    do {                                                                                 \
        RH_POINT_HERE(text, false);                                                      \
        point_reached(listed);                                                           \
    } while (0)
#define RH_BUGGIFY(text)                                                                 \
    __extension__({                                                                      \
        RH_POINT_HERE(text, true);                                                       \
        point_fires(listed);                                                             \
    })

#else

#define RH_PROBE(text)   ((void)0)
#define RH_BUGGIFY(text) false

#endif
#endif
