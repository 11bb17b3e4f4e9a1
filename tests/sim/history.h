/*
 * history - one seed lived through: its site, the shipped controller, all invariants at
 * every step, and a last day without faults after which all must be well. A history owns
 * its site, configuration and zone (history_clear). Threads: one.
 */
#ifndef RH_TESTS_SIM_HISTORY_H
#define RH_TESTS_SIM_HISTORY_H

#include "core/sim/drive.h"
#include "core/sim/site_impl.h"
#include "tests/sim/footprint.h"
#include "tests/sim/orders.h"
#include "tests/sim/swarm.h"

enum { HISTORY_EVENTS = 200, HISTORY_LINE = LINE_TEXT + 96 };

/* How it is lived. */
struct way {
    bool trace; /* tells every event as it comes */
};

/* What happened: an entry of the journal, or a line. */
struct happened {
    bool is_entry;
    union {
        struct journal_entry entry;
        char line[HISTORY_LINE];
    } as;
};

struct history {
    struct swarm swarm;
    struct way way;
    struct site *site;
    struct config *config;
    struct tz *tz, *tz_later; /* NULL: its data stay what they are */
    struct rng rng;
    struct utc calm_from;
    bool calm;
    int32_t orders_left; /* of the calm: auto on, holds released */
    bool refused;        /* … one of them was: all are given again, not before: */
    struct utc again_at;
    bool strayed;
    struct happened last[HISTORY_EVENTS]; /* calls, orders and the journal */
    size_t n_last;
    struct orders left;
    struct footprint footprint;
    const char *state_dir; /* while it is lived; NULL: nothing is kept in files */
    struct drive_report report;
};

/* Lives through it. False: it could not be lived (e says why). What came of it is in
 * h->report. */
bool history_run(struct history *h, const struct swarm *s, struct way way,
                 struct err *e) NONNULL;
/* So often a fault of its site happened. */
uint64_t history_fired(const struct history *h, enum site_fault fault) NONNULL;
/* The last events, oldest first. */
void history_tell(const struct history *h, struct strbuf *out) NONNULL;
/* False: it leaves something behind, why says what. */
bool history_clear(struct history *h, char why[WHY_TEXT]) NONNULL;

#endif
