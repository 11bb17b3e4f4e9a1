/*
 * step - how a step says its verdict; for the files of this folder.
 * No memory.
 * Threads: any.
 */
#ifndef RH_MOVE_STEP_H
#define RH_MOVE_STEP_H

#include "core/base/probe.h"
#include "core/base/sure.h"
#include "core/move/mover.h"

/* Each sets the verdict and, when fmt is not empty, the move's note. */
void say_wait(struct move *m, struct step_out *out, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void say_fail(struct move *m, struct step_out *out, enum failure failure, const char *fmt,
              ...) PRINTF_LIKE(4, 5);
void say_done(struct move *m, struct step_out *out);
void say_call(const struct step_in *in, struct move *m, struct step_out *out,
              enum call_kind kind, const char *target);

/* Notes in the move what its launch takes; false, with the verdict, when there is
 * nothing to take. */
bool move_takes(const struct step_in *in, struct move *m, struct step_out *out);

/* The nodes of this move: where builds leave, where they arrive. */
const struct node_facts *move_source(const struct step_in *in, const struct move *m);
const struct node_facts *move_target(const struct step_in *in, const struct move *m);

/* A reading made after the newest call was answered; before that the facts may be old.
 * To be asked when no call is under way. */
bool seen_since_call(const struct step_in *in, const struct move *m, struct utc as_of);

/* Is it 5, 10, 20, … s since the newest call, the more the more of them there were? */
bool too_early(const struct step_in *in, const struct move *m);
bool is_overdue(const struct step_in *in, const struct move *m); /* past its deadline */

/* Right before the act that would kill a build: is the source not closed and idle any
 * more? Then the verdict is to drain again. */
bool undrained(const struct step_in *in, struct move *m, struct step_out *out);

/* The channel of a machine that is about to stop is closed first, so that nobody believes
 * it; true: a verdict was given. */
bool disconnect_first(const struct step_in *in, struct move *m, struct step_out *out);

/*
 * With overlap both sides are up from the commit point on, or since one was last seen
 * down. Does the time come to let the source go: builds are stopped then, as
 * on_drain_deadline says. And is it over: whatever Jenkins refuses or does not tell, one
 * side goes down (I1); never with "wait".
 */
bool overlap_ends(const struct step_in *in, const struct move *m);
bool overlap_is_over(const struct step_in *in, const struct move *m);

/* The way back of a way out that has failed: its commit point lies before its start. */
bool is_sent_home(const struct move *m);

/* launch.c: an instance onto the server's interface, once. */
step_fn step_launch;

/* What came of a call, as the kind of failure of its move. */
enum failure failure_of(const struct call_result *r);

#endif
