/*
 * survival - what must outlive a process and must not outgrow it: the wishes of people
 * are the same after a death as before it (I13), and no list is longer than it may be
 * (I16). A plain value; it reads the controller and changes nothing.
 * Threads: as the controller.
 */
#ifndef RH_SIM_SURVIVAL_H
#define RH_SIM_SURVIVAL_H

#include "core/engine/controller.h"
#include "core/sim/invariants.h"

struct survival {
    bool known;
    bool recorded; /* since the last look, says who hears the records: what is in a list
                      got there by one */
    /* As they were on disk, and as they are: what waits for the disk may be on it in part
     * when the process dies. */
    struct survival_wishes {
        struct controller_wishes all;
        struct controller_wish of[WATCHED_MAX];
    } stored, newest;
    size_t n;
    char why[LINE_TEXT]; /* "" or what is broken: "I13: ..." */
};

/* After each step. stored: all that was decided is on disk; what is not may be lost, and
 * nobody was told that it runs. */
void survival_look(struct survival *v, const struct controller *c, size_t n_servers,
                   bool stored) NONNULL;

/* Another process has begun over the same store, and has done nothing yet. */
void survival_begun(struct survival *v, const struct controller *c,
                    const struct config *config) NONNULL;

#endif
