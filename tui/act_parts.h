/*
 * act_parts - what the planners of keys and typed orders (act.c, act_policy.c) share: the
 * words of a question. Plain values.
 * Threads: any.
 */
#ifndef RH_TUI_ACT_PARTS_H
#define RH_TUI_ACT_PARTS_H

#include "tui/act.h"

/* Nothing is done; why. */
void act_nothing(struct act_plan *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Opens the question, with Cancel in front; then its lines and its choices. */
void act_ask(struct act_plan *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void act_line(struct question *q, const char *fmt, ...) PRINTF_LIKE(2, 3);
void act_choose(struct question *q, enum choice_kind kind, char key, const char *label,
                const struct command *command);

bool act_is_held(const struct server_view *s) NONNULL;
bool act_runs_builds(const struct server_view *s) NONNULL;
/* "the cloud", "on-prem" */
const char *act_side(enum place p);

/* act.c: may this dashboard act at all? Says why not. */
bool act_may(const struct act_context *x, struct act_plan *p) NONNULL;

/* act_policy.c */
void act_auto(const struct act_context *x, const struct command *c,
              struct act_plan *p) NONNULL;
void act_snooze(const struct act_context *x, const struct command *c,
                struct act_plan *p) NONNULL;
void act_extension(const struct act_context *x, const struct command *c,
                   struct act_plan *p) NONNULL;
void act_take_over(const struct act_context *x, struct act_plan *p) NONNULL;
void act_quit(const struct act_context *x, struct act_plan *p) NONNULL;

#endif
