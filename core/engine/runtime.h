/*
 * runtime - the threads around one engine: the controller's, and a crew that reaches the
 * APIs; mailboxes between them, and the board that shows the latest snapshot.
 * Owns its threads and engine, and what is taken in its options; borrows the rest until
 * runtime_stop(). Threads: start and stop from one; latest and send from any.
 */
#ifndef RH_ENGINE_RUNTIME_H
#define RH_ENGINE_RUNTIME_H

#include "core/engine/api_set.h"
#include "core/engine/board.h"
#include "core/engine/engine.h"
#include "core/model/setup.h"

struct runtime;

struct runtime_options {
    struct controller_options controller;
    /* Its configuration and zone are the controller's; NULL: somebody else keeps those
     * until the end, and there will be no other. */
    struct setup *setup;
    struct store *store;       /* NULL: an observer without state */
    struct api_shared *shared; /* taken, also on failure */
    const struct clock *clock;
    struct clock_scaled *scaled; /* when clock is a scaled one; NULL = real time */
    struct log *log;
    bool auto_on; /* demo: auto is on from the start */
    /* Turns a snapshot into the text that observers read from the store; malloc'ed, NULL
     * = none. */
    char *(*render)(const struct fleet *f);
};

enum err_code runtime_start(const struct runtime_options *o, struct runtime **out,
                            struct err *e) MUST_CHECK NONNULL;

/*
 * Orderly end: nothing new starts; reads are broken off at once, calls that change
 * something may end by themselves for two seconds. What is under way is in the store.
 */
void runtime_stop(struct runtime *r);

/* A reference of the caller's; NULL only before the first one. */
struct fleet *runtime_latest(struct runtime *r) NONNULL;
int runtime_event_fd(const struct runtime *r) NONNULL;
void runtime_wake(
    struct runtime *r) NONNULL; /* who waits for that one; from any thread */

/* ERR_LOCKED when the controller has more than enough to do: say so, and try again. */
enum err_code runtime_send(struct runtime *r, const struct command *c,
                           struct err *e) MUST_CHECK NONNULL;

/*
 * Another configuration: new clients are made of it, and the controller takes both at its
 * next step, or neither; what is under way ends with the old clients. next NULL: it could
 * not be read, which is written into the journal. o: the order without config, tz and
 * state; its answer is in it. Waits for that step, for no API. From one thread, not while
 * runtime_stop() runs.
 */
void runtime_configure(struct runtime *r, struct setup *next, struct config_order *o)
    __attribute__((nonnull(1, 3)));

/* Frees what is left of earlier configurations and has ended; how many still carry calls
 * out. The same thread. Two seconds where a session is to be ended. */
size_t runtime_reap(struct runtime *r) NONNULL;

#endif
