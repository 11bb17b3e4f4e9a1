/*
 * drive_impl - what the drive_*.c share: the controllers of one site, each with its
 * clock, its way to the site and its store, and the lock that says which acts. drive.c
 * goes from one thing that happens to the next. Internal to core/sim. Threads: one.
 */
#ifndef RH_SIM_DRIVE_IMPL_H
#define RH_SIM_DRIVE_IMPL_H

#include "core/base/probe.h"
#include "core/base/rng.h"
#include "core/engine/engine.h"
#include "core/engine/keeper.h"
#include "core/sim/charges.h"
#include "core/sim/drive.h"
#include "core/sim/invariants.h"
#include "core/sim/lock_server.h"
#include "core/sim/port.h"
#include "core/sim/ready.h"
#include "core/sim/survival.h"

enum { PENDING_MAX = 256, HELD_UP_MAX = 16, MINUTE_MS = 60 * 1000 };
enum { REST_S = 300 }; /* typed: so often one looks while nothing moves */

/* An answer that is still on its way. */
struct pending {
    int64_t at_ms, seq;
    struct event event;
};

/* One controller's part in the shared lock; all of it zero where there is one controller.
 */
struct tenure {
    struct keeper *keeper;
    struct keeper_hand *hand;
    char host[24];
    struct clock_fake boot; /* runs ahead while a request to the lock takes its time */
    struct clock boot_clock;
    struct lock_way way;
    struct transport via;
    int64_t turn_ms, turned_ms; /* the keeper's next turn, its last one */
    uint64_t seen;              /* lock_state.changes at that */
    bool told;                  /* the controller has heard that the lock is its own */
    bool is_new;                /* … and has done nothing yet */
    int64_t epoch;              /* under which it acted last */
    int64_t fit_since_ms;       /* up and awake since then */
    /* Calls that were given to a worker when the process was stopped. */
    struct call held_up[HELD_UP_MAX];
    size_t n_held_up;
    const struct call *call; /* under way */
    int64_t fence_ms;        /* that its fence took */
    bool judged;             /* its invariants were looked at */
};

/* One controller. */
struct drive {
    struct several *s;
    int32_t index;
    const struct drive_options *o;
    struct drive_report *report;
    struct config config; /* typed: with the polls of a site at rest */
    struct clock_fake fake;
    struct clock clock;
    struct port port;
    struct store *store;
    struct engine *engine; /* NULL while it is down */
    struct pending pending[PENDING_MAX];
    size_t n_pending;
    struct event look; /* being put together */
    bool looking;
    int64_t seq, next_minute_ms, next_crash_ms, next_pause_ms, next_jump_ms;
    int64_t skew_ms;      /* so far its clock is ahead of the world's */
    struct rng rng;       /* of the crashes */
    struct rng again;     /* of what arrives twice */
    const struct tz *tz;  /* as its data are now */
    struct config reread; /* the same configuration, read again */
    bool dies;            /* as soon as this step is over */
    bool news;            /* something was told that it has not looked at */
    bool over;            /* nothing more happens to it */
    int64_t down_until_ms, asleep_until_ms; /* several controllers; 0 = it is not */
    struct survival survival;
    struct account account;
    struct tenure tenure;
};

/* All of them. */
struct several {
    struct invariants held;
    struct charges charges;
    struct readiness ready;
    struct lock_server *lock; /* NULL: there is one controller */
    struct drive *viewer;     /* whose view the invariants were looked at with */
    size_t n;
    struct drive all[];
};

/* The world's time, whatever the controller's clock shows. */
int64_t drive_now_ms(const struct drive *d) NONNULL;
struct utc drive_utc(const struct drive *d) NONNULL;
bool drive_is_calm(const struct drive *d) NONNULL; /* nothing goes wrong by chance now */
int64_t drive_next_ms(const struct drive *d) NONNULL; /* when something happens to it */
void drive_tick(struct drive *d) NONNULL;             /* it is woken */
void drive_expect(struct drive *d, const struct event *ev, int64_t took_ms) NONNULL;
/* What the engine hands out: polls, calls, records. */
void drive_on_poll(void *ctx, const struct poll_request *rq) NONNULL;
void drive_on_call(void *ctx, const struct call *call) NONNULL;
void drive_record(void *ctx, const struct record *r) NONNULL;
/* Past its fate and whatever held it up: it is made, and its answer is on its way. */
void drive_call(struct drive *d, const struct call *call) NONNULL;

/* ----- what must hold, and the report (drive_check.c) ----- */

void drive_violated(struct drive *d, const char *why) NONNULL;
void drive_check(struct drive *d) NONNULL;          /* at every step (reliability 3) */
void drive_check_survival(struct drive *d) NONNULL; /* I13, I16 */
void drive_measure(struct drive *d) NONNULL;        /* who is ready; I15 */
enum err_code drive_finish(struct drive *d, int64_t end_ms, struct err *e) NONNULL;

/* ----- its process (drive_process.c) ----- */

/* A machine with its first process; and the end of both. */
enum err_code drive_begin(struct drive *d, struct err *e) MUST_CHECK NONNULL;
void drive_end(struct drive *d) NONNULL;
bool drive_is_there(const struct drive *d) NONNULL; /* up, and not standing still */
/* What goes wrong with it by now: it stands still, its clock is set, it dies. */
enum err_code drive_suffer(struct drive *d, struct err *e) MUST_CHECK NONNULL;
/* Another process begins over what the last one left. */
enum err_code drive_revive(struct drive *d, struct err *e) MUST_CHECK NONNULL;
void drive_trouble(struct drive *d, const char *what, int64_t ms) NONNULL; /* is told */

/* ----- several controllers (drive_several.c); without a lock they do nothing ----- */

enum err_code several_begin(struct several *s, const struct drive_options *o,
                            struct err *e) MUST_CHECK NONNULL;
void several_end(struct several *s) NONNULL;

/* A process begins and ends; orderly: it lets the lock go. */
enum err_code tenure_begin(struct drive *d, struct err *e) MUST_CHECK NONNULL;
void tenure_end(struct drive *d, bool orderly) NONNULL;
/* When it is next to be woken that has something to do at at_ms: for its keeper, for
 * news, no sooner than it goes on. */
int64_t tenure_next_ms(const struct drive *d, int64_t at_ms) NONNULL;
/* Its keeper's turn, where one is due. */
bool tenure_turn(struct drive *d) NONNULL;
/* It stores that. */
void tenure_record(struct drive *d, const struct record *r) NONNULL;
void tenure_hears(struct drive *d, const struct event *ev) NONNULL; /* before it does */
/* False: it is down or stands still; what is told meanwhile is kept. Who goes on first
 * makes the calls that its workers had in hand. */
bool tenure_is_awake(struct drive *d, bool *news) NONNULL;
/* True: the process is stopped before the worker sends it; the call is kept. */
bool tenure_holds_up(struct drive *d, const struct call *call) NONNULL;
void tenure_calls(struct drive *d, const struct call *call) /* under way; NULL: none is */
    __attribute__((nonnull(1)));
bool tenure_takes_orders(const struct drive *d) NONNULL;
struct drive *tenure_addressee(struct drive *d) NONNULL; /* of the next one */

/* Whose turn it is; NULL: nothing more happens until end_ms. */
struct drive *several_next(struct several *s, int64_t end_ms) NONNULL;
/* The one that acts, or did last; NULL: all are down. */
struct drive *several_viewer(struct several *s) NONNULL;
/* After each step: the free lock is taken in time, with what people want (I13). */
void several_watch(struct drive *d) NONNULL;

#endif
