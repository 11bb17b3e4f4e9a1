/*
 * notify_run - the program of notify.command: started without a shell and without
 * waiting, a few at a time, each for 10 s at most, in an environment without secrets. A
 * struct runner is set up with runner_init() and given back with runner_clear().
 * Threads: one.
 */
#ifndef RH_TUI_NOTIFY_RUN_H
#define RH_TUI_NOTIFY_RUN_H

#include <sys/types.h>

#include "core/base/str.h"
#include "core/model/config.h"

enum { RUNS_MAX = 4, RUN_QUEUE = 16, RUN_TEXT = 512 };

struct runner {
    const struct notify_config *config; /* borrowed */
    int64_t limit_ms;
    struct {
        pid_t pid; /* 0 = free */
        int64_t until_ms;
    } runs[RUNS_MAX];
    struct run_wanted {
        char text[RUN_TEXT];
        char *input; /* owned */
    } queue[RUN_QUEUE];
    size_t n_queue;
};

/* limit_ms 0: 10 s. */
void runner_init(struct runner *r, const struct notify_config *config,
                 int64_t limit_ms) NONNULL;
/* Ends what still runs. */
void runner_clear(struct runner *r) NONNULL;

/* text: its last argument; input: its standard input. Without a command nothing happens.
 * false: too many wait, this one is left out. */
bool runner_add(struct runner *r, const char *text, const char *input) NONNULL;

/*
 * Starts what waits, ends what takes too long, takes up what has ended; never waits. What
 * went wrong is one sentence in `complaint` ("" = nothing).
 */
void runner_step(struct runner *r, int64_t now_ms, char *complaint, size_t size) NONNULL;
/* In how many ms the next step is due; -1 = there is nothing to do. */
int64_t runner_due_ms(const struct runner *r) NONNULL;

#endif
