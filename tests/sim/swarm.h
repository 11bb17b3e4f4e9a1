/*
 * swarm - what one seed of the campaign is about: how many servers and which movers, what
 * goes wrong and how often, which policy, where on earth and when, who gives orders.
 * A struct swarm is a plain value. Threads: one.
 */
#ifndef RH_TESTS_SIM_SWARM_H
#define RH_TESTS_SIM_SWARM_H

#include "core/base/clock.h"
#include "core/base/str.h"

#include <stdint.h>

enum { SWARM_SETS = 16, SWARM_FAULTS_TEXT = 1024 };

struct swarm {
    uint64_t seed;
    int32_t servers;
    const char *mover;
    char faults[SWARM_FAULTS_TEXT]; /* SPEC of the site's faults, "" = none */
    char sets[SWARM_SETS][96];      /* "policy.max_moves=3" */
    size_t n_sets;
    struct utc from;
    int64_t days;         /* with faults; a day without follows */
    int64_t crash_mean_s; /* 0: the controller never dies */
    uint32_t lost, dying; /* parts of a million: a call's answer is lost, … the controller
                             dies at a call */
    uint32_t orders;      /* of a person: parts of a million each minute */
};

/* The same seed gives the same swarm. */
void swarm_draw(struct swarm *s, uint64_t seed) NONNULL;
/* In words, for a failed seed's report. */
void swarm_say(const struct swarm *s, struct strbuf *out) NONNULL;

#endif
