/*
 * cmd - the sub-commands: each takes the parsed command line and returns an exit code.
 * Each owns what it opens and closes it.
 * Threads: main only.
 */
#ifndef RH_TUI_CMD_H
#define RH_TUI_CMD_H

#include "tui/args.h"

int cmd_run(const struct args *a) NONNULL; /* the dashboard, or line mode */
int cmd_demo(const struct args *a) NONNULL;
int cmd_once(const struct args *a) NONNULL;
int cmd_status(const struct args *a) NONNULL;
int cmd_order(const struct args *a)
    NONNULL; /* move, cancel, hold, release, auto, snooze, extension */
int cmd_explain(const struct args *a) NONNULL;
int cmd_cost(const struct args *a) NONNULL;
int cmd_simulate(const struct args *a) NONNULL;
int cmd_doctor(const struct args *a) NONNULL;
int cmd_log(const struct args *a) NONNULL;
int cmd_replay(const struct args *a) NONNULL;
int cmd_sim(const struct args *a) NONNULL;

#endif
