/*
 * session - what a sub-command works in: configuration, zone, log, state directory, lock
 * and store, opened in that order and closed in reverse. A session owns all of it
 * (session_close). Threads: main only.
 */
#ifndef RH_TUI_SESSION_H
#define RH_TUI_SESSION_H

#include "core/base/log.h"
#include "core/base/tz.h"
#include "core/model/command.h"
#include "core/model/config.h"
#include "core/model/fleet.h"
#include "core/model/setup.h"
#include "core/store/lock.h"
#include "core/store/store.h"
#include "tui/args.h"

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_LOCKED = 3,
    EXIT_API = 4,
    EXIT_LATER = 75
};

struct session {
    struct config *config;
    struct tz *tz;
    struct setup *setup; /* both are its own then; NULL: they are the session's */
    char *config_path, *state_dir, *log_path;
    struct log *log;
    struct lock *lock;         /* NULL: not the controller */
    struct lock_holder holder; /* who has it, when it is not us */
    struct store *store;       /* as controller or as client; NULL when there is none */
    char user[NAME_TEXT], host[NAME_TEXT];
};

/*
 * Reads the configuration and zone and names the state directory. Prints what is wrong to
 * standard error itself; returns an exit code, EXIT_DONE when all is well.
 */
int session_open(struct session *s, const struct args *a) NONNULL;

/* Its parts. path NULL: the configured file, or the usual ones; when there is none of
 * those, *there is false, and only then nothing is loaded and EXIT_DONE. secrets: they
 * are read, else not even looked for. */
int session_load(struct session *s, const char *path, bool secrets,
                 const struct config_sets *sets, bool *there)
    __attribute__((nonnull(1, 4, 5)));
int session_name_state(struct session *s, const struct args *a) NONNULL;

/* What the state is opened for: to look, to be the controller until something is written
 * down, to be it. */
enum session_use { SESSION_LOOK, SESSION_NOTE, SESSION_ACT };

/* Log, lock and store. When another one is the controller, *locked_out tells and the
 * store is opened as a client. Prints what is wrong; returns an exit code. */
int session_open_state(struct session *s, const struct args *a, enum session_use use,
                       bool *locked_out) NONNULL;
void session_close(struct session *s) NONNULL;

/* Makes a setup of its configuration and zone, for others to share; and takes another one
 * (a reference) in its place: the one before is the caller's then. */
enum err_code session_share(struct session *s, struct err *e) MUST_CHECK NONNULL;
struct setup *session_adopt(struct session *s, struct setup *taken) NONNULL;

/* Of one that was locked out: takes the lock and opens log and store as the controller.
 * On error it is what it was, without a store. ERR_LOCKED: somebody was faster. */
enum err_code session_take_over(struct session *s, const struct args *a,
                                struct err *e) MUST_CHECK NONNULL;
/* The way back, when what should have followed failed. */
void session_stand_back(struct session *s) NONNULL;

/* Waits up to timeout_s for the answer of the running instance. Prints it. An exit code.
 */
int session_command(struct session *s, const struct command *c, bool quiet) NONNULL;

/* "rushhour: …" on standard error, cleaned; the exit code that fits the code. */
int session_fail(const struct err *e) NONNULL;

/* Names the first API that never answered; EXIT_API then, else EXIT_DONE. */
int session_reached(const struct fleet *f) NONNULL;

/* The renderer of snapshots for observers: malloc'ed JSON, NULL when memory is out. */
char *session_render(const struct fleet *f);

#endif
