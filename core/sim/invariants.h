/*
 * invariants - what must hold of the simulated world at every instant, whatever the
 * controller believes (reliability 3). Reads only; no memory.
 * Threads: as the world.
 */
#ifndef RH_SIM_INVARIANTS_H
#define RH_SIM_INVARIANTS_H

#include "core/model/config.h"
#include "core/sim/world.h"

/* I2: at most one live instance of a server, counted by tag and by interface; one that
 * AWS takes back does not count beside one on another interface. False: why says it. */
bool invariants_instances(const struct world *w, const struct config *c,
                          char why[LINE_TEXT]) NONNULL;

#endif
