/*
 * ui_parts - what ui.c and ui_keys.c share of the dashboard's state machine.
 * Works on the caller's struct ui.
 * Threads: one.
 */
#ifndef RH_TUI_UI_PARTS_H
#define RH_TUI_UI_PARTS_H

#include "tui/view.h"

enum { REFRESH_MS = 5000 }; /* the user's polls keep this distance */

void ui_context(const struct ui *ui, struct act_context *x) NONNULL;
/* Which servers the filter lets through, and a selection that exists. */
void ui_refilter(struct ui *ui) NONNULL;
/* Hands a command over and remembers its id for the answer. */
void ui_send(struct ui *ui, const struct command *command, int64_t now_ms) NONNULL;
void ui_ask(struct ui *ui, enum action a, const char *server, const struct question *q,
            int64_t now_ms) NONNULL;
/* Opens the undo window of a class 1 action. */
void ui_add_pending(struct ui *ui, const struct act_plan *p, int64_t now_ms) NONNULL;
struct pending *ui_latest_pending(struct ui *ui) NONNULL; /* NULL = none */
/* Drops the latest pending action; false when there is none. */
bool ui_undo(struct ui *ui, int64_t now_ms) NONNULL;

#endif
