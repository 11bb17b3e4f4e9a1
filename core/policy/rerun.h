/*
 * rerun - when a server whose spot instance was taken back may go out again
 * (policy-and-cost 2 and 5). Pure; plain values.
 * Threads: any.
 */
#ifndef RH_POLICY_RERUN_H
#define RH_POLICY_RERUN_H

#include "core/model/config.h"

/* How many of these losses lie within the last window_s seconds. */
size_t rerun_losses(const struct utc *losses, size_t n, struct utc now,
                    int64_t window_s) NONNULL;

/* After the loss at `now`, the nth within rerun_window (1 = the first). */
struct utc rerun_at(const struct policy_config *p, size_t nth, struct utc now) NONNULL;

/* As many interruptions as servers within site_breaker_window are no bad luck of one
 * server but a market event. A single server has only bad luck. */
bool rerun_is_market(size_t losses, size_t servers);

#endif
