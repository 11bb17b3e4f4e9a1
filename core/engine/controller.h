/*
 * controller - the state machine that decides: events in, effects out, nothing else. No
 * clock, no I/O, no lock, no thread (design 1, reliability 4). Owns all mutable state;
 * borrows configuration and zone. Threads: one.
 */
#ifndef RH_ENGINE_CONTROLLER_H
#define RH_ENGINE_CONTROLLER_H

#include "core/base/tz.h"
#include "core/cost/forecast.h"
#include "core/engine/effects.h"
#include "core/engine/lock_record.h"
#include "core/model/config.h"
#include "core/model/fleet.h"
#include "core/model/wish.h"
#include "core/store/store.h"

struct controller;

struct controller_options {
    const struct config *config;
    const struct tz *tz;
    uint64_t seed;           /* of the jitter */
    bool dry_run;            /* --dry-run: decides and says, whatever the stored switch */
    bool observe;            /* --observe: reads only */
    bool shared_lock;        /* acts only while EVENT_LEASE says that its lock is ours */
    bool orders_only;        /* takes orders and writes them down: begins nothing */
    const char *host, *user; /* who runs it, for snapshots */
    int32_t pid;
    bool without_texts; /* nobody reads them: the plan's reasons and gates are codes only,
                           entries of the journal have no sentence; for speed */
};

/* state: what the store had (borrowed for the call); open moves go on, unresolved intents
 * become lost answers that are looked up. */
enum err_code controller_new(const struct controller_options *o,
                             const struct store_state *state, struct utc now,
                             struct mono mono, struct controller **out,
                             struct err *e) MUST_CHECK NONNULL;
void controller_free(struct controller *c);

enum event_kind {
    EVENT_TICK,
    EVENT_OBSERVATION, /* taken */
    EVENT_LOOK,        /* several observations of one instant, taken; decided on once */
    EVENT_RESULT,
    EVENT_COMMAND,
    EVENT_STOP,   /* the program ends: begin nothing more */
    EVENT_STORE,  /* the store failed, or works again */
    EVENT_LEASE,  /* whose the shared lock is */
    EVENT_CONFIG, /* the configuration was read again, or could not be */
    EVENT_ACTED,  /* before the lock is ours: another controller made the last call for a
                     server, and this is what it left to whoever goes on */
    EVENT_WISH    /* before the lock is ours: what people wanted there */
};

/*
 * Another configuration, and the answer. All but the answer is borrowed for the step;
 * config and tz, once taken, until the next order or the end. The controller refuses what
 * would pull the ground away from a move, and then is what it was.
 */
struct config_order {
    const struct config *config; /* NULL: it could not be read */
    const struct tz *tz;
    const struct store_state *state; /* what the store has; the engine sets it */
    const char *by, *why;            /* actor and reason of the journal's entry */
    const char *changes;             /* what is another, by name */
    const char *const *errors;       /* of the files, a line each */
    size_t n_errors;
    /* The answer: is it in force; why not (set before: it is refused already); the
     * sentence of the journal. */
    bool taken;
    char refused[LINE_TEXT], text[LINE_TEXT];
};

struct event {
    enum event_kind kind;
    struct utc now;
    struct mono mono;
    union {
        struct observation *observation;
        struct {
            struct observation *all[SOURCE_COUNT];
            size_t n;
        } look;
        struct call_result result;
        struct {
            struct command command;
            bool stored; /* it is a row of the store and wants its answer there */
        } command;
        struct {
            bool ok;
            bool tight; /* the disk is full: returns go on, nothing is launched */
            char text[LINE_TEXT]; /* why it fails; or what it never got, "" */
        } store;
        struct {
            bool held;    /* ours, for certain */
            bool failing; /* etcd does not answer well now */
            int64_t epoch;
            char holder[NAME_TEXT];    /* whose it is, "" = ours, nobody's or unknown */
            char last_call[LINE_TEXT]; /* taken over: what was done last, "" */
        } lease;
        struct {
            bool readable;        /* else last.server alone is known */
            char text[LINE_TEXT]; /* who did what and when; else why it is not known */
            struct lock_record last;
        } acted;
        struct {
            struct wish wish;
            char by[LINE_TEXT]; /* the controller that knew it so */
        } wish;
        struct config_order *config; /* waits for the step */
    } as;
};

/* The only entry. fx is reset first. While the store is down no call and no move comes
 * out. */
void controller_step(struct controller *c, const struct event *ev,
                     struct effects *fx) NONNULL;

/*
 * For who makes the looks fall together: asks for what is due by now, and early, for what
 * is within half its interval of being due; `all`: for what is due within five minutes.
 * Nothing is decided. What answers with errors keeps its back-off. fx: only its polls are
 * written.
 */
void controller_ask(struct controller *c, struct mono now, bool all,
                    struct effects *fx) NONNULL;

/* One server as of the last step; borrowed until the next. */
struct controller_server {
    const struct server_facts *facts;
    const struct decision *decision;
    bool moving;
    /* Of its move: by a person; builds are not waited for; past its time limit, which an
     * alert has told. */
    bool manual, forced, late;
    struct utc drain_deadline; /* of its move, 0 = none */
    const struct move *move;   /* NULL = none; as the facts, until the next step */
    const struct hold *hold;
    bool automatic, ordered; /* policy may act on it; a person's order waits */
    int32_t failures;        /* of its moves, in a row */
    struct utc retry_at;     /* no move by policy before that */
};
struct controller_server controller_server(const struct controller *c, size_t i) NONNULL;

/* What people have asked for of a server, of all, and of the extension: it must survive
 * the process (I13). Until when a thing is asked for, time ends it, too. */
struct controller_wish {
    enum place order; /* PLACE_UNKNOWN: none waits */
    bool order_force, auto_on;
    struct hold hold;
    struct utc snooze_until;
};
struct controller_wish controller_wish(const struct controller *c, size_t i) NONNULL;
struct controller_wishes {
    enum auto_setting setting;
    struct utc snooze_until;
    bool extension_start, extension_stop;
};
struct controller_wishes controller_wishes(const struct controller *c) NONNULL;

/* What people want of a server, "" = of all, for who takes the shared lock over. False:
 * there is no such server. */
bool controller_shared_wish(const struct controller *c, const char *server,
                            struct wish *out) MUST_CHECK NONNULL;
bool controller_shared_wish_of(const struct controller *c, size_t i,
                               struct wish *out) MUST_CHECK NONNULL;
/* Of the state directory, from its beginning to its loss; "" without a shared lock. */
const char *controller_state_id(const struct controller *c) NONNULL;

/* How full its lists are: none grows without end, whatever comes in (I16). */
enum { CONTROLLER_FILLS = 16 };
struct controller_fill {
    const char *what;
    size_t used, most;
};
size_t controller_fills(const struct controller *c,
                        struct controller_fill out[CONTROLLER_FILLS]) NONNULL;

/* The month's forecast and what it is compared with, as the snapshots have them: made
 * when the first one is. Borrowed until the next step. */
struct controller_month {
    const struct forecast *forecast;
    const struct comparisons *compare;
};
struct controller_month controller_month(const struct controller *c) NONNULL;

/* A picture of the present state; owned, NULL when memory is out. */
struct fleet *controller_snapshot(struct controller *c) NONNULL;

/* Nothing moves, no call is open and no command waits: `once`, `move --wait` and tests
 * end on it. */
bool controller_is_idle(const struct controller *c) NONNULL;

/* Every source that is configured has answered or failed at least once. */
bool controller_has_looked(const struct controller *c) NONNULL;

/* Switches the policy before anything is done (demo and simulate start with auto on). */
void controller_set_auto(struct controller *c, enum auto_setting s,
                         struct utc now) NONNULL;

#endif
