/*
 * app - the dashboard on a terminal: one poll() loop over keys, signals, snapshots and
 * the wall second. Borrows everything in app_config until app_run() returns. Threads: the
 * main one; the source's functions are called from it and must not wait.
 */
#ifndef RH_TUI_APP_H
#define RH_TUI_APP_H

#include "core/base/clock.h"
#include "core/base/str.h"
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

enum app_step { STEP_EVENT, STEP_EVENT_BACK, STEP_DAY, STEP_DAY_BACK };

/* The extras of a time that is not the real one: the demo's, a replay's. All functions
 * NULL elsewhere; what is NULL there has no keys. */
struct app_demo {
    bool on;
    const char *word;                 /* "DEMO", in the header and above its keys */
    struct utc until;                 /* of its time: then it quits; 0 = never */
    void (*speed)(void *ctx, int up); /* +1 faster, -1 slower */
    int32_t (*speed_now)(void *ctx);  /* 0 = it stands still */
    /* Goes there and stands still; says where it is in `say`. */
    void (*step)(void *ctx, enum app_step step, char *say, size_t size);
    const char *const *faults; /* the menu's lines */
    size_t n_faults;
    /* Does it and says what it did in `say`. */
    void (*fault)(void *ctx, size_t index, char *say, size_t size);
    void *ctx;
};

/* The month of the ledger as CSV, for the key `E`; `begin` NULL = there is none. Not
 * twice at a time. */
struct app_export {
    /* What the work holds on to, NULL with *e set; end() gives it back. The UI's thread.
     */
    void *(*begin)(void *ctx, struct err *e);
    void (*end)(void *work);
    /* By a thread of its own: a reload may take the configuration away meanwhile. */
    enum err_code (*ledger)(void *work, struct strbuf *out, struct err *e);
    const struct clock *clock; /* says which month */
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

/* When an until-schedule hold that is made now ends, and when the schedule changes into
 * that place: where that is later, or never, the cap of holds in the cloud ends it. 0 =
 * never, or unknown. */
struct hold_ends {
    struct utc end, change;
};
typedef struct hold_ends hold_ends_fn(void *ctx, enum place place);

struct app_config {
    const struct config *config;
    const struct tz *tz;       /* NULL = UTC */
    const struct clock *clock; /* the site's */
    struct app_source source;
    hold_ends_fn *hold_ends; /* NULL = unknown */
    void *hold_ctx;
    struct app_demo demo;
    struct app_export export;
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
