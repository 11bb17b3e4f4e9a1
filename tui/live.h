/*
 * live - a running controller with its API clients, for the dashboard, line mode and the
 * commands that work without a running instance; over the real site or over a simulated
 * one. Owns runtime and clients (live_stop); borrows the session and clock. Threads: main
 * only.
 */
#ifndef RH_TUI_LIVE_H
#define RH_TUI_LIVE_H

#include "core/engine/runtime.h"
#include "tui/observer.h"
#include "tui/reload.h"
#include "tui/session.h"

/* Ids of own orders; those of the store's rows are below. */
#define LIVE_FIRST_ID (UINT64_C(1) << 62)

struct live {
    struct session *session;
    struct runtime *runtime;
    struct reloader *reloader;          /* NULL: there is no file to read again */
    struct observer *observer;          /* instead of a runtime: another instance acts */
    const struct live_options *options; /* borrowed */
    const struct args *args;            /* an observer's; borrowed */
    const struct clock *clock;
    uint64_t next_id;
    bool hung_up; /* the terminal is gone, and that ends nothing */
};

struct live_options {
    const struct clock *clock;
    struct clock_scaled *scaled;         /* NULL = real time */
    struct aws_credentials *credentials; /* taken; NULL = the provider chain */
    bool observe, dry_run, auto_on;
    uint64_t seed;
};

/* Prints what is wrong; an exit code. The session has its store (or none, as an
 * observer). */
int live_start(struct live *l, struct session *s, const struct live_options *o) NONNULL;

/* The configuration can be read again from now on (the session shares its setup). Prints
 * what is wrong; an exit code. */
int live_follow(struct live *l) NONNULL;

/*
 * Asks for it; why: "SIGHUP" or "". False with *e: an observer, or there is no file. The
 * answer comes later: what is in force is the session's from then on; *was is what it had
 * before, to be given back with setup_unref(), NULL when nothing changed. event_fd tells.
 */
bool live_reload(void *ctx, const char *why, struct err *e) NONNULL;
bool live_reloaded(void *ctx, struct reload_answer *out, struct setup **was) NONNULL;

/* Instead of live_start(), beside a running instance: its picture, and orders to it
 * unless silent. Calls no API. Prints what is wrong; an exit code. */
int live_observe(struct live *l, struct session *s, const struct args *a,
                 const struct live_options *o, bool silent) NONNULL;

/* The instance that acted ended: this one acts from now on, as if it had been started
 * now: with the configuration that is there now, *was is the one before (setup_unref). On
 * error it goes on to observe; ERR_LOCKED: another one took over; ERR_CONFIG: the file.
 * The event_fd is a new one. */
enum err_code live_take_over(struct live *l, struct setup **was,
                             struct err *e) MUST_CHECK NONNULL;
void live_stop(struct live *l) NONNULL;

struct app_demo;
/* The dashboard over it; demo NULL outside the demo. An exit code. on_hangup: when the
 * terminal is gone it may go on in line mode. */
int run_dashboard(struct live *l, const struct args *a, const struct app_demo *demo);

/* An order of this user: to the own controller, or to the one that holds the lock. */
bool live_send(void *ctx, const struct command *c, struct err *e);
struct fleet *live_latest(void *ctx);
int live_event_fd(const struct live *l) NONNULL; /* readable: look at the latest */

/* Runs until the predicate holds, a signal comes (false), or timeout_s is over (false).
 */
bool live_wait(struct live *l, int64_t timeout_s,
               bool (*done)(void *ctx, const struct fleet *f), void *ctx);

/* cmd_explain.c: prints why a server is where it is and what comes next. An exit code. */
int explain_tell(const struct session *s, const struct fleet *f, struct utc now,
                 struct utc at, const char *server) NONNULL;

/* Line mode: asked for, or standard input or output is no terminal, or TERM is none. */
bool live_wants_lines(const struct session *s, const struct args *a) NONNULL;

/* Line mode: a line per journal entry until a signal or `until` (0 = never) ends it;
 * words from standard input are orders when `words` is set. An exit code. */
int live_lines(struct live *l, bool words, struct utc until) NONNULL;

#endif
