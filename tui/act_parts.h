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

bool act_automation_is_on(const struct fleet *f, const struct server_view *s,
                          struct utc now) NONNULL;
/* "+$0.212/h" of being there. */
void act_cost_words(const struct server_view *s, enum place to, char *out,
                    size_t size) NONNULL;
/* What the budget and a node that somebody closed have to say of a way out, or of staying
 * there (policy-and-cost 3.6, 7); the answer goes with the order. And all that turns a
 * one-key move into a question (S2). True when there is something. */
bool act_needs_yes(const struct act_context *x, const struct server_view *s,
                   enum place to, struct question *q) NONNULL;
bool act_needs_question(const struct act_context *x, const struct server_view *s,
                        enum place to, struct question *q) NONNULL;

/* act_hold.c: "held there until 18:00" of a move that makes a hold, "" when auto does not
 * run and none is made; an order to hold, or to release; the question of how long. */
enum { HOLD_WORDS = 96 };
void act_held_words(const struct act_context *x, const struct server_view *s,
                    enum place to, char *out, size_t size) NONNULL;
void act_hold(const struct act_context *x, const struct server_view *s,
              struct act_plan *p) NONNULL;
void act_release(const struct server_view *s, struct act_plan *p) NONNULL;
void act_hold_how_long(const struct act_context *x, const struct server_view *s,
                       struct act_plan *p) NONNULL;

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
