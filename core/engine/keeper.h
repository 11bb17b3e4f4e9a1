/*
 * keeper - keeps the lock that controllers on several machines share (reliability 7), on
 * a thread of its own or turn by turn (simulation), and the fence in front of every call
 * that changes something. Owns its thread and clients; borrows what is in its options
 * until its end. Threads: start and stop from one; a hand belongs to one thread.
 */
#ifndef RH_ENGINE_KEEPER_H
#define RH_ENGINE_KEEPER_H

#include "core/base/log.h"
#include "core/engine/controller.h"
#include "core/net/http.h"

struct keeper;

/* One look at whose the lock is, which changes nothing; as api_set_poll(). */
struct observation *keeper_look(const struct config *config,
                                const struct clock *clock) NONNULL;

struct keeper_options {
    const struct config *config; /* with lock.etcd */
    const struct clock *clock;   /* of journal lines */
    /* NULL: the machine's boot time, by which leases go: it runs on in suspend. */
    const struct clock *boot;
    const struct transport *via; /* to etcd; NULL: real connections */
    struct log *log;
    const char *host, *user;
    int32_t pid;
    const char *state_id; /* as controller_state_id() */
    /* Takes EVENT_LEASE, EVENT_ACTED, EVENT_WISH and EVENT_OBSERVATION of SOURCE_LOCK
     * over; false: it cannot now. */
    bool (*tell)(void *ctx, const struct event *ev);
    void *ctx;
};

enum err_code keeper_new(const struct keeper_options *o, struct keeper **out,
                         struct err *e) MUST_CHECK NONNULL;

/* Gives it a thread. One that has none is dropped. */
enum err_code keeper_start(struct keeper *k, struct err *e) MUST_CHECK NONNULL;
/* Lets the lock go, so that another one may act at once; within two seconds. No call may
 * be under way any more. */
void keeper_stop(struct keeper *k);

/* The same without a thread: whoever has it takes each turn when it is due. keeper_turn()
 * asks etcd what is to be asked now and tells what came of it; milliseconds until the
 * next turn. keeper_drop() is the end of a process that is killed: the lock is let go by
 * nobody. */
int64_t keeper_turn(struct keeper *k) NONNULL;
void keeper_let_go(struct keeper *k) NONNULL;
void keeper_drop(struct keeper *k);

/* The epoch under which it has the lock, 0 = it has not. Not beside a thread. */
int64_t keeper_epoch(const struct keeper *k) NONNULL;

/* An open move as it was just stored, or its end: the next call for its server carries it
 * into etcd, its end is put there soon. Before that call is handed out. From one thread;
 * the keeper's may be another. */
void keeper_move(struct keeper *k, const struct move *m) NONNULL;

/* What people want of a server, or of all, as it was just stored: whoever holds the lock
 * puts it into etcd soon, and who takes it over hears of it. All of it before the first
 * turn. From one thread, as above. */
void keeper_wish(struct keeper *k, const struct wish *w) NONNULL;
void keeper_wishes(struct keeper *k, const struct controller *c) NONNULL;

/* A record that was just stored, of a move or of a wish. True: etcd is to know soon. */
bool keeper_record(struct keeper *k, const struct controller *c,
                   const struct record *r) NONNULL;

/* One worker's fence: a client of its own. */
struct keeper_hand;
enum err_code keeper_hand_new(struct keeper *k, struct keeper_hand **out,
                              struct err *e) MUST_CHECK NONNULL;
void keeper_hand_free(struct keeper_hand *h);
void keeper_hand_abort(struct keeper_hand *h) NONNULL; /* from any thread */

/*
 * Before a request that changes something and may take timeout_ms: writes down in etcd
 * what is done, which works only for the holder of the lock. ERR_LOCKED: it is not ours,
 * or may not be any more when the request ends; do not send it. Blocks as etcd does.
 */
enum err_code keeper_fence(struct keeper_hand *h, const struct call *call,
                           int64_t timeout_ms, struct err *e) MUST_CHECK NONNULL;

#endif
