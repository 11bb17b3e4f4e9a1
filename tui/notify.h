/*
 * notify - tells people who do not look: a bell and a notification of the terminal, a
 * program of theirs (section notify of the configuration). A struct notify is set up with
 * notify_init() and given back with notify_clear(); it is large.
 * Threads: one.
 */
#ifndef RH_TUI_NOTIFY_H
#define RH_TUI_NOTIFY_H

#include "tui/notices.h"
#include "tui/notify_run.h"

struct notify {
    const struct notify_config *config; /* borrowed */
    /* Set by the owner: this instance starts the command. One that only looks on leaves
     * that to the one that acts, until it takes over. */
    bool runs;
    bool tmux;
    struct notices notices;
    struct runner runner;
    char complaint[LINE_TEXT]; /* of the last step, "" */
};

void notify_init(struct notify *n, const struct config *config) NONNULL;
void notify_clear(struct notify *n) NONNULL;
/* Another section notify; what was told stays told, what runs goes on. */
void notify_configure(struct notify *n, const struct config *config) NONNULL;

/* What the next snapshot brings. Bytes for the terminal go to `out`; looked_at: somebody
 * is known to look at it, who needs no notification. */
void notify_fleet(struct notify *n, const struct fleet *f, bool looked_at,
                  struct strbuf *out) NONNULL;
void notify_stalled(struct notify *n, bool stalled, struct utc now, const char *site,
                    struct strbuf *out) NONNULL;

/* runner_step(), runner_due_ms(). */
void notify_step(struct notify *n, int64_t now_ms) NONNULL;
int64_t notify_due_ms(const struct notify *n) NONNULL;

/* The notification of a text, as the terminal (through tmux) wants it: control characters
 * gone, 200 bytes at most. */
void notify_osc(enum notify_osc kind, bool tmux, const char *text,
                struct strbuf *out) NONNULL;

#endif
