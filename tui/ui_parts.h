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
/* One key on all that are marked; false: none is, or the key is not about servers. */
bool ui_plan_marked(const struct ui *ui, enum action a, struct act_plan *p) NONNULL;
/* Hands a command over and remembers its id for the answer. */
void ui_send(struct ui *ui, const struct command *command, int64_t now_ms) NONNULL;
/* ACTION_ORDER: the order is that of the plan. */
void ui_ask(struct ui *ui, enum action a, const struct act_plan *p,
            int64_t now_ms) NONNULL;
/* Does what the plan of a key or of a typed order says. */
void ui_act(struct ui *ui, enum action a, struct act_plan *p, int64_t now_ms) NONNULL;
/* ui_field.c: a key while a text field is open. */
void ui_type(struct ui *ui, uint32_t key, int64_t now_ms) NONNULL;
void ui_open_field(struct ui *ui, enum typing field) NONNULL;
/* The prompt with an order to hold that server there, whose end is to be typed. */
void ui_type_end(struct ui *ui, const char *server, enum place place) NONNULL;
/* ui_theme.c: the list of themes, open at the current one or at the one behind it; a key
 * while it is open; a theme by its name, false when there is none. */
void ui_open_themes(struct ui *ui, bool next) NONNULL;
void ui_themes_key(struct ui *ui, uint32_t key) NONNULL;
void ui_themes_select(struct ui *ui, size_t at) NONNULL;
bool ui_choose_theme(struct ui *ui, const char *name) NONNULL;
/* ui_copy.c: copy mode, a key in it. */
void ui_copy_begin(struct ui *ui) NONNULL;
void ui_copy_key(struct ui *ui, uint32_t key) NONNULL;
/* Opens a view; the detail view of nobody stays closed. */
void ui_open_view(struct ui *ui, enum view_id v, int64_t now_ms) NONNULL;
/* The terminal got or lost the focus: messages wait for who is away. */
void ui_focus(struct ui *ui, bool in, int64_t now_ms) NONNULL;
/* The key for it, or SIGTSTP: asks the shell to stop where that is allowed, else says why
 * not. */
void ui_suspend(struct ui *ui, int64_t now_ms) NONNULL;
/* Opens the undo window of a class 1 action. */
void ui_add_pending(struct ui *ui, const struct act_plan *p, int64_t now_ms) NONNULL;
struct pending *ui_latest_pending(struct ui *ui) NONNULL; /* NULL = none */
/* Drops the latest pending action; false when there is none. */
bool ui_undo(struct ui *ui, int64_t now_ms) NONNULL;

#endif
