/*
 * runtime - the threads around one engine: the controller's, a poller for each API,
 * action workers; mailboxes between them, and the board that shows the latest snapshot.
 * Owns its threads and engine; borrows everything in its options until runtime_stop().
 * Threads: start and stop from one; latest and send from any.
 */
#ifndef RH_ENGINE_RUNTIME_H
#define RH_ENGINE_RUNTIME_H

#include "core/engine/api_set.h"
#include "core/engine/board.h"
#include "core/engine/engine.h"

struct runtime;

struct runtime_options {
    struct controller_options controller;
    struct store *store; /* NULL: an observer without state */
    struct api_shared *shared;
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

/* ERR_LOCKED when the controller has more than enough to do: say so, and try again. */
enum err_code runtime_send(struct runtime *r, const struct command *c,
                           struct err *e) MUST_CHECK NONNULL;

#endif
