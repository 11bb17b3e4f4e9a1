/*
 * invariants_impl - what the parts of the invariants share; private to core/sim.
 * Threads: as the world.
 */
#ifndef RH_SIM_INVARIANTS_IMPL_H
#define RH_SIM_INVARIANTS_IMPL_H

#include "core/sim/invariants.h"

/* One does not hold: the first is told, all are counted. */
void invariants_broken(struct invariants *v, const char *fmt, ...)
    PRINTF_LIKE(2, 3) NONNULL;

/* So many servers are watched, the first ones. */
size_t invariants_watched(const struct invariants *v) NONNULL;

/* Its tag of that key, "" = none. */
const char *invariants_tag(const struct sim_instance *i, const char *key) NONNULL;

/* Neither at its end nor on the way there. */
bool invariants_lives(const struct sim_instance *i) NONNULL;

/* There is none, or AWS takes it, or has it: what it ran is lost anyway. */
bool invariants_lost(const struct sim_instance *in);

#endif
