/*
 * explain - why a server is where it is, and what happens next, as lines for people.
 * Plain values; the caller owns them.
 * Threads: any.
 */
#ifndef RH_POLICY_EXPLAIN_H
#define RH_POLICY_EXPLAIN_H

#include "core/policy/plan.h"

struct explain_in {
    const struct policy_config *policy;
    const struct schedule *schedule; /* built around `at` */
    const struct tz *tz;
    struct utc now, at; /* at is now, or later */
    enum auto_setting setting;
    struct utc snooze_until; /* 0 = none */
    const char *name;
    enum place place;                /* as observed now */
    const struct decision *decision; /* of now */
    const struct hold *hold;         /* place unknown: none */
    bool auto_on;                    /* of this server */
    bool moving;                     /* a move is open */
    enum direction direction;        /* of it */
    enum step step;
    bool committed;
};

enum { EXPLAIN_LINES = 6, EXPLAIN_TEXT = 2 * LINE_TEXT };

/* Of now: its lines by number; each begins with a label of so many bytes. */
enum { EXPLAIN_IS, EXPLAIN_SHOULD, EXPLAIN_GATE, EXPLAIN_NEXT };
enum { EXPLAIN_LABEL = 8 };

/* The action of the journal's lines that keep the first three of them: `from` is where it
 * is, `reason` where it should be and why, `text` the gate. */
#define EXPLAIN_ACTION "decide"

struct explain_out {
    char lines[EXPLAIN_LINES][EXPLAIN_TEXT];
    size_t n;
};

/* Where it is, where it should be and by which rule of policy-and-cost 3.5, what holds
 * it, and the next change of that at its instant. At a later time: the same of then, as
 * far as schedule, hold and snooze tell. */
void explain(const struct explain_in *in, struct explain_out *out) NONNULL;

#endif
