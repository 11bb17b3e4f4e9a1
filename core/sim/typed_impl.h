/*
 * typed_impl - what the files that make typed observations share.
 * No memory but the observation's arena.
 * Threads: as the world.
 */
#ifndef RH_SIM_TYPED_IMPL_H
#define RH_SIM_TYPED_IMPL_H

#include "core/sim/typed.h"

/* Texts of what the world keeps for its life (servers, VMs, names of nodes, types, zones)
 * are borrowed, all others are copied: the last observation of a source may be read long
 * after. An arena that failed is asked by the port, once. */
const char *typed_copy(struct observation *o, const char *s) NONNULL;
struct utc typed_utc(int64_t ms);

/* As str_put_u64(): returns the end, writes no NUL. */
char *typed_put_text(char *p, const char *s) NONNULL;

void typed_instance(const struct world *w, const struct sim_instance *i,
                    struct observation *o, struct seen_instance *out) NONNULL;

/* One for each source, as typed_observe(). */
typedef void typed_fn(const struct world *w, const struct poll_hints *hints,
                      struct observation *o);
typed_fn typed_vsphere, typed_jenkins, typed_builds, typed_velostrata;

#endif
