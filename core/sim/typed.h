/*
 * typed - the simulated site without its bytes: what the shipped readers would have made
 * of its answers, and what a call does there. The observation is the caller's; it borrows
 * from the world what lives as long as that. Threads: as the world.
 */
#ifndef RH_SIM_TYPED_H
#define RH_SIM_TYPED_H

#include "core/model/call.h"
#include "core/model/observe.h"
#include "core/sim/world.h"

/* Fills o->as of its source. */
void typed_observe(const struct world *w, const struct poll_hints *hints,
                   struct observation *o) NONNULL;

/* outcome, detail and error of the call are set in *out. */
void typed_act(struct world *w, const struct call *call, struct call_result *out) NONNULL;

/* The path of a build's page, as Jenkins says it. */
enum { TYPED_PATH = 2 * SIM_NAME };
void typed_build_path(const struct world *w, const struct sim_build *b,
                      char out[TYPED_PATH]) NONNULL;

/* The build of such a path; NULL. */
const struct sim_build *typed_build_find(const struct world *w, const char *path) NONNULL;

#endif
