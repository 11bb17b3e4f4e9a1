/*
 * app - the dashboard on a terminal: one poll() loop over keys, signals, snapshots and
 * the wall second. Borrows everything in app_config until app_run() returns. Threads: the
 * main one; the source's functions are called from it and must not wait.
 */
#ifndef RH_TUI_APP_H
#define RH_TUI_APP_H

#include "core/base/clock.h"
#include "core/base/tz.h"
#include "core/model/config.h"
#include "core/model/fleet.h"

struct app_reload {
    bool taken;
    char text[2 * LINE_TEXT];
    const struct config *was; /* what was in force before; NULL: nothing changed */
    void *keeps;              /* the source's own */
};

/* Where snapshots come from and orders go to. */
struct app_source {
    /* The latest snapshot, a reference that the caller drops; NULL before the first. */
    struct fleet *(*latest)(void *ctx);
    /* Hands an order over; false with *e set when it was refused. */
    bool (*send)(void *ctx, const struct command *c, struct err *e);
    int event_fd; /* readable when a new snapshot is there; -1 = none */
    void *ctx;
    /* Asks for the configuration to be read again; false with *e set. NULL: it cannot. */
    bool (*reload)(void *ctx, struct err *e);
    /* What came of it, once; event_fd tells. `config` and `tz` of app_config are the new
     * ones then, those before are good until reload_done(ctx, done). */
    bool (*reloaded)(void *ctx, struct app_reload *out);
    void (*reload_done)(void *ctx, struct app_reload *r);
};

/* The demo's extras; all functions NULL elsewhere. */
struct app_demo {
    bool on;
    void (*speed)(void *ctx, int up); /* +1 faster, -1 slower */
    int32_t (*speed_now)(void *ctx);
    const char *const *faults; /* the menu's lines */
    size_t n_faults;
    /* Does it and says what it did in `say`. */
    void (*fault)(void *ctx, size_t index, char *say, size_t size);
    void *ctx;
};

/* Another instance acts. */
struct app_observed {
    const char *holder; /* "dana@ops1 pid 4242" */
    /* It ended: become the one that acts. NULL = never. False with *e set when that
     * failed; after true `source` has the new event_fd, `observed` of app_config is NULL,
     * and the configuration is the one that is there now: *r as of reloaded(). */
    bool (*take_over)(void *ctx, struct app_reload *r, struct err *e);
    void *ctx;
};

enum app_end { APP_QUIT, APP_SIGNAL, APP_HANGUP };
struct app_result {
    enum app_end end;
    int signal; /* of APP_SIGNAL */
};

struct app_config {
    const struct config *config;
    const struct tz *tz;       /* NULL = UTC */
    const struct clock *clock; /* the site's */
    struct app_source source;
    /* When an until-schedule hold made now would end; NULL or 0 = unknown. */
    struct utc (*hold_end)(void *ctx, enum place place);
    void *hold_ctx;
    struct app_demo demo;
    const char *term; /* $TERM */
    bool ascii, no_color, observe, locked;
    const char *theme;             /* of --theme; NULL = the configuration's */
    const char *theme_dirs[3];     /* searched in this order; NULL = none */
    const char *log_path;          /* named after a crash; NULL = none */
    int log_fd;                    /* takes fd 2 while the screen is up; -1 = /dev/null */
    const char *state_dir;         /* for screen dumps; NULL = none */
    const char *who;               /* the user, for the log */
    struct app_observed *observed; /* NULL = this instance acts */
    int64_t stalled_after_ms;      /* no snapshot for so long shows STALLED; 0 = 30 s */
    struct app_result *result;     /* NULL = not wanted */
};

/*
 * Runs until the user quits, a signal ends it or the terminal is gone (then with ERR_OK
 * and *result). ERR_USAGE: the terminal cannot be used (unknown TERM: end with 2);
 * ERR_CONFIG: section keys; ERR_IO, ERR_NOMEM. Blocks the signals that it reads while it
 * runs; after a hang-up SIGHUP stays blocked.
 */
enum err_code app_run(const struct app_config *config, struct err *e) MUST_CHECK NONNULL;

#endif
