/*
 * reasons - why a server is where it is, and what comes next, from a snapshot: the one
 * text of `explain` and of the detail view. A struct reasons is the caller's; it keeps
 * the schedule that it built.
 * Threads: one at a time.
 */
#ifndef RH_TUI_REASONS_H
#define RH_TUI_REASONS_H

#include "core/model/fleet.h"
#include "core/policy/explain.h"

struct reasons {
    const struct policy_config *policy; /* borrowed */
    const struct tz *tz;                /* borrowed */
    struct schedule schedule;
    bool built;
};

/* The schedule around that time, with the lead of the snapshot; good until the next call.
 * r->tz is not NULL. */
const struct schedule *reasons_schedule(struct reasons *r, const struct fleet *f,
                                        struct utc at) NONNULL;

/* at: now, or later (policy/explain.h). */
void reasons_tell(struct reasons *r, const struct fleet *f, size_t server, struct utc now,
                  struct utc at, struct explain_out *out) NONNULL;

#endif
