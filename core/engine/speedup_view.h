/*
 * speedup_view - what is shown of the speed-up, from what is known of the jobs.
 * The caller owns everything.
 * Threads: any.
 */
#ifndef RH_ENGINE_SPEEDUP_VIEW_H
#define RH_ENGINE_SPEEDUP_VIEW_H

#include "core/cost/speedup.h"
#include "core/model/fleet.h"

/* The sum over all n <= SPEEDUP_JOBS jobs, and the jobs by server and name; of more than
 * fit the first ones, of those without a build none. Returns how many. */
size_t speedup_view_make(const struct job_history *jobs, size_t n,
                         struct speedup_view *sum, struct job_view *views,
                         size_t max) NONNULL;

#endif
