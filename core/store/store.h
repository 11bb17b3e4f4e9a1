/*
 * store - what must survive: journal, moves, intents, holds, settings, ledger, prices,
 * commands, the latest snapshot; SQLite behind this header (design 6, reliability 6). A
 * store owns its connection; what it loads is handed over to the caller. Threads: a store
 * belongs to one thread; several processes may have one open, one writes.
 */
#ifndef RH_STORE_STORE_H
#define RH_STORE_STORE_H

#include "core/cost/ledger.h"
#include "core/cost/speedup.h"
#include "core/model/record.h"

struct store;

enum store_use {
    STORE_CONTROLLER, /* reads and writes everything; needs the lock (store/lock.h) */
    STORE_CLIENT      /* reads; writes rows of `commands` only */
};

/* dir NULL: in memory (simulation, tests). Creates directory (0700) and file (0600),
 * migrates, checks (quick_check). A damaged file is set aside by the controller, which
 * begins a new one (store_state.lost). ERR_STORE names path, cause and remedy: full disk,
 * read-only, newer schema, not a local file system; for a client a damaged file, too.
 * STORE_CLIENT on a directory without a store: ERR_NOT_FOUND. deployment: whose store it
 * must be; NULL: anyone's. A connection must not live through a fork(). */
enum err_code store_open(const char *dir, enum store_use use, const char *deployment,
                         struct store **out, struct err *e) MUST_CHECK;
void store_close(struct store *s);

/* This controller's epoch: raised by one at each STORE_CONTROLLER open; every write
 * carries it. */
int64_t store_epoch(const struct store *s) NONNULL;

/* The spot price of a type in a zone, from an instant on (struct price_step). */
struct stored_price {
    char type[NAME_TEXT], zone[NAME_TEXT];
};

/* All that a controller needs to go on; owned by the caller (store_state_free). */
struct stored_intent {
    struct call call;
    struct utc at;
};
struct stored_hold {
    char server[NAME_TEXT];
    struct hold hold;
};
struct stored_setting {
    char key[SETTING_KEY_TEXT];
    char value[LINE_TEXT];
};
/* Builds that lost their machine: so many are remembered, 30 days after the last word. */
enum { REQUEUES_KEPT = 256 };
enum { ASIDE_TEXT = 48 };
struct store_state {
    bool first_start; /* the store was just made */
    bool lost;        /* … although there was one before: nobody knows what runs */
    char aside[ASIDE_TEXT]; /* … which was damaged: its name in the directory now; "" */
    uint64_t next_call_id, next_move_id;
    int64_t next_segment_id;
    struct move *moves; /* the open ones */
    size_t n_moves;
    struct stored_intent *intents; /* those without outcome */
    size_t n_intents;
    struct stored_hold *holds;
    size_t n_holds;
    struct stored_setting *settings;
    size_t n_settings;
    /* Open ones, those that touch [since, ∞), and the newest: that clock may be ahead. */
    struct segment *segments;
    size_t n_segments;
    struct stored_price *prices; /* spot, as in a store_ledger */
    struct price_step *steps;
    size_t n_prices;
    struct listed_price *listed; /* on-demand prices, the oldest first */
    size_t n_listed;
    struct job_history *jobs; /* of the samples that are over */
    size_t n_jobs;
    struct sample *running; /* samples that are not */
    size_t n_running;
    struct requeue
        *requeues; /* open ones first, then the newest; REQUEUES_KEPT at most */
    size_t n_requeues;
    struct journal_entry *journal; /* the newest FLEET_EVENTS, oldest first */
    size_t n_journal;
    int64_t journal_total;
};
enum err_code store_load(struct store *s, struct utc since, struct store_state *out,
                         struct err *e) MUST_CHECK NONNULL;
void store_state_free(struct store_state *st);

/*
 * Samples: the newest 50 builds of a job in each place are kept (a few more until it is
 * trimmed), none for longer than 730 days after it was written, 20,000 in all. Here in
 * sum, as store_state has them; owned by the caller (free).
 */
enum err_code store_jobs_load(struct store *s, struct job_history **jobs, size_t *n,
                              struct err *e) MUST_CHECK NONNULL;

/* What a month has cost is made from these; owned by the caller (store_ledger_free). */
struct store_ledger {
    struct segment *segments; /* open ones, and those that touch [since, ∞) */
    size_t n_segments;
    struct stored_price *prices; /* sorted by type, zone and time … */
    struct price_step *steps;    /* … and from when on it is how much; n_prices, too */
    size_t n_prices;
    struct listed_price *listed; /* on-demand prices, the oldest first */
    size_t n_listed;
};
enum err_code store_ledger_load(struct store *s, struct utc segments_since,
                                struct utc prices_since, struct store_ledger *out,
                                struct err *e) MUST_CHECK NONNULL;
void store_ledger_free(struct store_ledger *l) NONNULL;

/*
 * All records in one transaction, on disk when it returns (synchronous=FULL). On error
 * nothing of it is written. A read-only or full disk is ERR_STORE; the store stays usable
 * for a later try. Journal entries get their seq (written back into the records).
 */
enum err_code store_apply(struct store *s, struct record *records, size_t n,
                          struct err *e) MUST_CHECK NONNULL;

/*
 * The disk is full, or nearly: a store keeps a ballast file of 1 MiB beside it, which it
 * lets go when a write finds no room, so that what goes on anyway is still written. Tight
 * until there is room for another one; store_room_look() looks whether there is.
 */
bool store_is_tight(const struct store *s) NONNULL;
void store_room_look(struct store *s) NONNULL;

/* Removes the oldest journal entries and intents: made before `before`, or beyond
 * max_bytes; a few hundred at most, *more: there are others. The rest is kept for good.
 */
enum err_code store_prune(struct store *s, struct utc before, int64_t max_bytes,
                          bool *more, struct err *e) MUST_CHECK NONNULL;

/* Commands put here by other processes and not yet taken, oldest first; at most max. Each
 * is handed out once; one without its RECORD_COMMAND comes again after the next open. The
 * ids count from 1: ids of the controller's own commands must lie elsewhere. */
enum err_code store_commands(struct store *s, struct command *out, size_t max, size_t *n,
                             struct err *e) MUST_CHECK NONNULL;

/* From a client: inserts a command, *id is its row. And its answer, once there is one. */
enum err_code store_command_put(struct store *s, const struct command *c, uint64_t *id,
                                struct err *e) MUST_CHECK NONNULL;
enum err_code store_command_reply(struct store *s, uint64_t id, bool *answered,
                                  struct command_reply *out,
                                  struct err *e) MUST_CHECK NONNULL;

/* The latest snapshot as status --json text, for observers; at most one row. Putting it
 * does not wait for the disk: a machine that dies may lose it, and nothing else. *text is
 * malloc'ed and owned by the caller; NULL with ERR_OK when there is none. */
enum err_code store_snapshot_put(struct store *s, const char *json, struct utc at,
                                 struct err *e) MUST_CHECK NONNULL;
enum err_code store_snapshot_get(struct store *s, char **json, struct utc *at,
                                 struct err *e) MUST_CHECK NONNULL;

/* The journal in order from after_seq on, `each` for every entry until it returns false.
 */
enum err_code store_journal_each(struct store *s, int64_t after_seq,
                                 bool (*each)(void *ctx, const struct journal_entry *j),
                                 void *ctx, struct err *e) MUST_CHECK;

/* Where the newest n entries begin (for store_journal_each), and how many there are. */
enum err_code store_journal_tail(struct store *s, size_t n, int64_t *after_seq,
                                 int64_t *total, struct err *e) MUST_CHECK NONNULL;

/* Changes whenever another connection committed; for cheap polling by observers. */
int64_t store_data_version(struct store *s) NONNULL;

#endif
