/*
 * invariants - what must hold of the simulated world at every instant, whatever the
 * controller believes (reliability 3). A watch is a plain value; it reads the world and
 * the controller and changes neither.
 * Threads: as the world.
 */
#ifndef RH_SIM_INVARIANTS_H
#define RH_SIM_INVARIANTS_H

#include "core/model/call.h"
#include "core/model/config.h"
#include "core/model/facts.h"
#include "core/model/observe.h"
#include "core/sim/world.h"

struct controller;

/* Of the servers behind that many only the instances are watched. */
enum { WATCHED_MAX = 16, WATCHED_INTENTS = 256, WATCHED_LAUNCHES = 4 };

struct invariants {
    const struct world *w;
    const struct config *c;
    int64_t
        settled_ms; /* from here on: at the very start nodes are as people left them */
    int64_t unwritable_ms; /* the store was seen to fail then, last; 0 = never */
    int64_t launches;      /* of the world, when they were last looked at, … */
    int64_t serial;        /* … and the newest instance then */
    size_t n_enis;
    uint64_t intents[WATCHED_INTENTS]; /* ids of the newest, in no order */
    size_t n_intents;
    int64_t launched[WATCHED_MAX]
                    [WATCHED_LAUNCHES]; /* instances of policy's, oldest first */
    int64_t both_open_ms[WATCHED_MAX];  /* two nodes are open since, 0 */
    int64_t moving_ms[WATCHED_MAX];     /* it was seen to move then, last; 0 = never */
    char started[WATCHED_MAX][ID_TEXT]; /* the newest move that was seen */
    char left[WATCHED_MAX][ID_TEXT]; /* … by who acted before: gone on with, not begun */
    int32_t failures[WATCHED_MAX];   /* in a row, and when the last one was */
    int64_t failed_ms[WATCHED_MAX];
    enum place wanted[WATCHED_MAX]; /* and since when, with a budget that allows it */
    int64_t wanted_ms[WATCHED_MAX];
    int64_t slot_ms[WATCHED_MAX]; /* no slot is waited for that nobody uses: then, last */
    /* I1: until then (0: not) vSphere or EC2 may be let alone, as what was asked of them
     * last has failed: by these alone a place is seen, and ended; or nobody was there. */
    int64_t deaf_until_ms[SOURCE_COUNT], no_call_until_ms;
    int64_t looked_ms, deaf_ms[WATCHED_MAX]; /* in this overlap so far */
    int64_t skew_ms; /* so far the controller's clock is ahead of the world's */
    int64_t broken;
    char why[LINE_TEXT]; /* of the first: "I2: ..." */
};

void invariants_begin(struct invariants *v, const struct world *w, const struct config *c,
                      int64_t settled_ms) NONNULL;

/* I2: at most one live instance of a server, counted by tag and by interface; one that
 * AWS takes back does not count beside one on another interface. False: why says it. */
bool invariants_instances(const struct world *w, const struct config *c,
                          char why[LINE_TEXT]) NONNULL;

/* After everything that happens: I1 (both places up), I1b (both nodes open), I2 (two
 * instances), I6 (an interface is gone), I10 (a slot is waited for that nobody uses), I11
 * (begun again too soon, too many launches). */
void invariants_look(struct invariants *v, const struct controller *k) NONNULL;

/* From here on k is the controller that acts, in another process than the last one. */
void invariants_other(struct invariants *v, const struct controller *k) NONNULL;

/* An intent was committed; a call is about to be made: I3 (builds under it), I5 (the
 * extension's stop), I8 (auto is off), I9 (no intent), I11 (more moves than may be), I12
 * (on facts that are old), I15 (against a hold). */
void invariants_intent(struct invariants *v, uint64_t id) NONNULL;
void invariants_call(struct invariants *v, const struct call *call,
                     const struct controller *k) NONNULL;

/* A launch of another move has a token of its own (I9, reliability 6): to an old one AWS
 * answers with what that made, dead or alive, or refuses it, and the server has no cloud.
 * Of several controllers one may not know yet what another one launched; it is refused.
 */
void invariants_token(struct invariants *v, const struct call *call) NONNULL;

/* What a reading and a call came to, on their way to the controller. */
void invariants_answer(struct invariants *v, const struct observation *o) NONNULL;
void invariants_result(struct invariants *v, const struct call *call,
                       const struct call_result *r) NONNULL;

/* Nobody was there until now: he looks first. */
void invariants_away(struct invariants *v) NONNULL;

/* I10: a node of the place where it is at rest takes builds. One whose guest at home
 * hangs, and is shown so, takes them as far as we can do anything about it: it is not
 * closed. */
bool invariants_takes_builds(const struct world *w, int32_t server,
                             const struct server_facts *f) NONNULL;

/* When nothing has gone wrong for hours: every server is where it has been wanted for
 * hours, or a gate that only time or a person ends says why not (I10); nobody's instance
 * is left (I4). */
void invariants_calm(struct invariants *v, const struct controller *k) NONNULL;

#endif
