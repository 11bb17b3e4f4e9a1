/*
 * lead - how long before a window the way out begins, learned from what the last moves
 * took (policy-and-cost 3.4). Pure; plain values. Threads: any.
 */
#ifndef RH_POLICY_LEAD_H
#define RH_POLICY_LEAD_H

#include "core/base/attr.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LEAD_KEPT = 20,
    LEAD_ENOUGH = 5,
    LEAD_UNTAUGHT_S = 25 * 60,
    LEAD_LONGEST_S = 86400 /* no limit of a move is longer than that */
};

/* Seconds of the last successes, oldest first. */
struct lead_list {
    int64_t s[LEAD_KEPT];
    size_t n;
};

struct lead_history {
    struct lead_list moves;  /* from the commit point until it ran in the cloud */
    struct lead_list joins;  /* from then until its node was open */
    struct lead_list starts; /* of the cloud extension */
};

/* The oldest leaves when it is full; what is negative or longer than any move may take
 * was measured over a clock that was set, and is left out. */
void lead_note(struct lead_list *l, int64_t seconds) NONNULL;

/* The value that nine of ten stay within; otherwise when there is none. */
int64_t lead_p90(const struct lead_list *l, int64_t otherwise) NONNULL;

/* n_out servers go out, max_moves at a time. */
int64_t lead_learned(const struct lead_history *h, size_t n_out,
                     int32_t max_moves) NONNULL;

#endif
