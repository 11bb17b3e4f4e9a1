/*
 * act - what a key or a typed order that changes something would do, and how it must be
 * asked (tui conventions 3): pure functions of the snapshot. Plain values.
 * Threads: any.
 */
#ifndef RH_TUI_ACT_H
#define RH_TUI_ACT_H

#include "core/base/tz.h"
#include "core/model/fleet.h"
#include "tui/app.h"
#include "tui/keys.h"

enum { DIALOG_LINES = 8, DIALOG_CHOICES = 6 };

enum choice_kind {
    CHOICE_CANCEL,
    CHOICE_SEND,
    CHOICE_QUIT,
    CHOICE_UNLOCK,
    CHOICE_TAKE_OVER,
    CHOICE_TYPE,   /* opens the prompt with the begin of that order: its end is typed */
    CHOICE_MARKED, /* the orders of act_many(), each confirmed */
    CHOICE_MARKED_FORCE /* … their moves with force */
};
struct choice {
    enum choice_kind kind;
    char key; /* its letter; 0 for Cancel */
    char label[64];
    struct command command; /* of CHOICE_SEND and CHOICE_TYPE */
};

struct question {
    char title[96];
    char lines[DIALOG_LINES][LINE_TEXT];
    size_t n_lines;
    struct choice choices[DIALOG_CHOICES];
    size_t n_choices;
};

enum act_kind {
    ACT_NOTHING, /* only `message` */
    ACT_NOW,     /* class 0: send at once */
    ACT_WINDOW,  /* class 1: send after the undo window */
    ACT_ASK      /* class 2: `question` */
};

struct act_plan {
    enum act_kind kind;
    char message[LINE_TEXT]; /* nothing: why; now: what; window: "cache moves to the
                                cloud" */
    char rest[LINE_TEXT];    /* window: "held there until 18:00, +$0.212/h" */
    struct command command;
    enum place to; /* of a move, else unknown */
    struct question question;
};

struct act_context {
    const struct fleet *fleet;
    struct utc now;
    const struct tz *tz;     /* NULL = UTC */
    hold_ends_fn *hold_ends; /* NULL = unknown */
    void *hold_ctx;
    int64_t hold_cloud_cap_s; /* the longest until-schedule hold in the cloud, 0 = none */
    bool locked, observe, demo, observer;
    const char *holder; /* of an observer */
};

/* server: the selected one's name, "" when there is none. */
void act_plan(const struct act_context *x, enum action action, const char *server,
              struct act_plan *out) NONNULL;

/* The same key on several servers: a question about all of them. */
void act_many(const struct act_context *x, enum action action, const char *const *names,
              size_t n, struct act_plan *out) NONNULL;

/* The same of an order that was typed. */
void act_order(const struct act_context *x, const struct command *c,
               struct act_plan *out) NONNULL;

/* What matters of a server while a dialog about it is open (S4): another value means that
 * it must be confirmed again. 0 without a server. */
uint64_t act_state_of(const struct fleet *f, const char *server) NONNULL;

/* "18:00" today, "Wed 05:55" within a week, else with the date. */
const char *act_when(const struct tz *tz, struct utc now, struct utc t,
                     char buf[TIME_TEXT]);

struct civil act_civil(const struct tz *tz, struct utc t);
extern const char act_weekdays[7][4];

#endif
