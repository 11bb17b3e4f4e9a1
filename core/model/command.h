/*
 * command - an order of a person: a key, a word in line mode, a sub-command of the CLI.
 * Plain values.
 * Threads: values; copied through the controller's mailbox and the store.
 */
#ifndef RH_MODEL_COMMAND_H
#define RH_MODEL_COMMAND_H

#include "core/base/clock.h"
#include "core/model/words.h"

#define COMMANDS(X)                                                                      \
    X(MOVE, "move")                                                                      \
    X(CANCEL, "cancel")                                                                  \
    X(HOLD, "hold")                                                                      \
    X(RELEASE, "release")                                                                \
    X(AUTO, "auto")                                                                      \
    X(SNOOZE, "snooze")                                                                  \
    X(EXTENSION, "extension")                                                            \
    X(REFRESH, "refresh")                                                                \
    X(ACKNOWLEDGE, "acknowledge")

enum command_kind {
#define X(id, word) COMMAND_##id,
    COMMANDS(X)
#undef X
        COMMAND_COUNT
};

struct command {
    uint64_t id; /* chosen by the sender (dashboard) or the store (CLI); echoed */
    enum command_kind kind;
    char server[NAME_TEXT]; /* "" = all, where the kind allows it */
    enum place place;       /* MOVE, HOLD: PLACE_ONPREM or PLACE_CLOUD */
    bool force;             /* MOVE: builds are stopped and not waited for */
    bool confirmed;         /* MOVE, HOLD, CANCEL: what is asked was answered with yes */
    enum auto_setting setting; /* AUTO */
    enum hold_kind hold_kind;  /* HOLD */
    struct utc until;          /* HOLD until; SNOOZE end */
    bool start;                /* EXTENSION: start, else stop */
    char by[NAME_TEXT];        /* who: user name */
    struct utc at;
};

/* What became of a command: shown where it was asked. */
struct command_reply {
    uint64_t id;
    bool accepted;
    char
        text[LINE_TEXT]; /* "cache moves to the cloud, held until Tue 18:00" or why not */
};

const char *command_word(enum command_kind k);
bool command_parse(const char *word, enum command_kind *out) NONNULL;

/* What it would do: "move cache to cloud", "switch auto off for cache". */
const char *command_text(const struct command *c, char buf[LINE_TEXT]) NONNULL;

#endif
