/*
 * mover - a way to move servers, as two tables of steps; one mechanism runs them all.
 * Steps are pure: what is known goes in, one verdict comes out. They own nothing.
 * Threads: any; tables are constant.
 */
#ifndef RH_MOVE_MOVER_H
#define RH_MOVE_MOVER_H

#include "core/model/call.h"
#include "core/model/config.h"
#include "core/model/facts.h"
#include "core/model/move.h"

enum verdict {
    VERDICT_WAIT, /* nothing to do but look again; note says for what */
    VERDICT_CALL, /* make `call`, then look again */
    VERDICT_DONE, /* the effect of this step is seen */
    VERDICT_NEXT, /* not to be had: the same step with the next offering, if there is one
                   */
    VERDICT_REDO, /* what the drain had seen is not so any more: drain again */
    VERDICT_FAIL, /* this move ends; level-triggered policy plans anew */
    VERDICT_BLOCK /* only a person can end this state */
};

/* What a failure means for the next try (policy-and-cost 6.4). */
enum failure {
    FAILURE_TRANSIENT, /* backoff */
    FAILURE_CAPACITY,  /* next offering, no breaker count; what the move launched (type,
                          zone, lifecycle) is asked last for a while */
    FAILURE_PERMANENT, /* opens the breaker */
    FAILURE_GIVEN_UP   /* nothing: it makes way for what is wanted now */
};

/* What a launch takes now: the first in the order of offerings. */
struct choice {
    const struct offering *offering; /* NULL: none is left */
    const char *zone;                /* its name, "" when that is not known */
    const char *why;                 /* why there is none: for people */
    const struct node_facts *node;   /* of the cloud in that zone */
};

struct step_in {
    const struct config *config;
    const struct server_config *server;
    const struct server_facts *facts;
    const struct extension_facts *extension;
    struct choice choice; /* of a move out, up to its launch */
    struct utc now;
    bool may_commit; /* policy allows this move past its commit point now */
    bool call_open;  /* a call for this server is under way */
    const struct call_result *last; /* of the newest call of this step, NULL = none yet */
    enum call_kind last_kind;       /* what that call was */
};

struct step_out {
    enum verdict verdict;
    struct call call;     /* CALL alone: kind, target, marker, run, force are set */
    enum failure failure; /* FAIL */
    bool commits;         /* CALL: this one cannot be taken back */
    bool send_home;       /* FAIL: it is out there but not usable: bring it back */
};

/* Looks at the facts and says what to do. May write notes, progress and reading times
 * into the move (idle_since, marked_seen, task, progress, note), and with the call that
 * launches what it launches (move_takes()), nothing else. */
typedef void step_fn(const struct step_in *in, struct move *m, struct step_out *out);

struct mover_step {
    enum step step;
    step_fn *run;
};

struct mover_ops {
    const char *name;
    bool uses_extension;
    bool launches; /* its place is told by vSphere and EC2; a lost server can go out anew
                      without coming home first */
    bool overlaps; /* commits before it drains: the one side goes when the other is there
                    */
    bool replaces; /* out only: in place of an instance that is taken back, in another
                      zone; home stays off */
    struct mover_step out[MAX_STEPS];
    int32_t n_out;
    struct mover_step back[MAX_STEPS];
    int32_t n_back;
};

/* By the name that a move is stored with; NULL when there is none of that name. */
const struct mover_ops *mover_find(const char *name) NONNULL;
/* What replaces an instance of a server that overlaps. */
const struct mover_ops *mover_replacing(void);
/* How long a move may let both sides be up before it ends the one or the other itself:
 * `max_overlap` without what that takes, a poll and a call (I1). */
int64_t mover_overlap_s(const struct policy_config *p) NONNULL;

/* So long after AWS was to take an instance back it may still do so: the time was told by
 * its clock, and ours may be ahead by `clock_skew`. Then it is ours to end. */
int64_t mover_reclaim_slack_s(const struct policy_config *p) NONNULL;

/* The next time limit of an open move that lies ahead, 0 = none: what waits for it is to
 * be looked at then, although nobody tells anything. */
struct utc mover_next_limit(const struct config *c, const struct server_config *s,
                            const struct server_facts *f, const struct move *m,
                            struct utc now) NONNULL;

/* As configured: its mover and its handover. */
const struct mover_ops *mover_of(const struct server_config *s) NONNULL;
/* Of some server the mover launches by itself. */
bool mover_any_launches(const struct config *c) NONNULL;

const struct mover_step *mover_steps(const struct mover_ops *ops, enum direction d,
                                     int32_t *n) NONNULL;

/* The steps that concern Jenkins nodes are the same for every mover. */
step_fn step_drain, step_boot, step_power_on;
/* The target's node is opened when its agent is there and the source's node is seen
 * closed, or Jenkins does not list that and its machine is down. */
step_fn step_switch;

/*
 * The nodes of a server that is settled somewhere without a move: the one of its place
 * open, the other closed; both closed under an interruption notice or a rebalance hint. A
 * node closed by a person stays as it is; may_close: one that was opened without us is
 * closed, else only one without an agent, before the other is opened. True when a call is
 * needed to get there (policy-and-cost 6.7).
 */
bool nodes_keep(const struct server_facts *f, bool may_close, const char *by,
                const char *why, struct call *call) NONNULL;

/* A node that is not to take builds, as one of another zone than that of its server: is
 * closed, with an agent or without. True when a call is needed for that. */
bool nodes_park(const struct node_facts *n, const char *by, const char *why,
                struct call *call) NONNULL;

/* "rushhour/1 drain op=m-41 by=policy why=window" (jenkins-api 4): ASCII, at most 120
 * bytes. */
void node_marker(char *buf, size_t size, const char *verb, const char *op, const char *by,
                 const char *why) NONNULL;

#endif
