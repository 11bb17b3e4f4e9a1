#include <config.h>

#include "core/base/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static int give(posix_spawn_file_actions_t *files, int from, int to, int flags)
{
    return from < 0 ? posix_spawn_file_actions_addopen(files, to, "/dev/null", flags, 0)
                    : posix_spawn_file_actions_adddup2(files, from, to);
}

int child_start(const struct child *c, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int rc = posix_spawn_file_actions_init(&files);

    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc != 0)
        goto out_files;
    (void)sigemptyset(&none); /* these two cannot fail */
    (void)sigfillset(&all);
    if ((rc = give(&files, c->in, STDIN_FILENO, O_RDONLY)) != 0 ||
        (rc = give(&files, c->out, STDOUT_FILENO, O_WRONLY)) != 0 ||
        (rc = give(&files, c->err, STDERR_FILENO, O_WRONLY)) != 0 ||
        (rc = posix_spawn_file_actions_addclosefrom_np(&files, 3)) != 0 ||
        (rc = posix_spawnattr_setsigmask(&attr, &none)) != 0 ||
        (rc = posix_spawnattr_setsigdefault(&attr, &all)) != 0 ||
        (rc = posix_spawnattr_setpgroup(&attr, 0)) != 0 ||
        (rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
                                                  POSIX_SPAWN_SETSIGMASK |
                                                  POSIX_SPAWN_SETSIGDEF)) != 0)
        goto out;
    rc = posix_spawnp(pid, c->argv[0], &files, &attr, c->argv,
                      c->env != NULL ? c->env : environ);
out:
    (void)posix_spawnattr_destroy(&attr);
out_files:
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}
