/*
 * child - starts a program of somebody else: in a process group of its own, so that its
 * children go with it, with nothing of ours open but the three it is given, and no signal
 * blocked or ignored. No memory.
 * Threads: any.
 */
#ifndef RH_BASE_CHILD_H
#define RH_BASE_CHILD_H

#include "core/base/attr.h"

#include <sys/types.h>

/* A descriptor of -1 is /dev/null; env NULL: ours. Found in PATH. */
struct child {
    char *const *argv;
    char *const *env;
    int in, out, err;
};

/* Returns errno, 0 when it runs. */
int child_start(const struct child *c, pid_t *pid) MUST_CHECK NONNULL;

#endif
