/*
 * charges - what AWS bills is meant (reliability 3): no launch beyond the month's budget,
 * by the world's own bill (I7); each instance of ours has our tag from the start, and one
 * that is nobody's does not stay (I4). Looked at after everything that happens; it reads
 * world and controller and changes neither. A plain value.
 * Threads: as the world.
 */
#ifndef RH_SIM_CHARGES_H
#define RH_SIM_CHARGES_H

#include "core/engine/controller.h"
#include "core/sim/world.h"

enum { CHARGES_STRAYS = 16 };

struct charges {
    const struct world *w;
    const struct config *c;
    int64_t rest_ms;     /* so often the controller looks while nothing moves */
    int64_t stray_looks; /* so many of them may pass until a stray is ended */
    bool trusts_ec2;     /* the region does what it says: strays can be ended in time */
    int64_t launches;    /* of the world, when they were last looked at, … */
    int64_t serial;      /* … and the newest instance then */
    struct utc month;    /* … and what had been billed when it began */
    int64_t before_nanos, before_on_ms;
    int64_t away_ms; /* nobody could act until then */
    struct charges_stray {
        int64_t serial, since_ms;
    } strays[CHARGES_STRAYS];
    int32_t n_strays;
    char why[LINE_TEXT]; /* "" or what is broken: "I7: ..." */
};

void charges_begin(struct charges *v, const struct world *w, const struct config *c,
                   int64_t rest_ms, bool trusts_ec2) NONNULL;
/* k acts. window_end: of the rush hours that are on or about to begin, 0 = none are. */
void charges_look(struct charges *v, const struct controller *k,
                  struct utc window_end) NONNULL;
/* Until now nobody was there, or somebody who knew nothing. */
void charges_away(struct charges *v) NONNULL;

#endif
