#include <config.h>

#include "tui/notify_run.h"

#include "core/base/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 10000, LOOK_MS = 50, VARIABLES_MAX = 64 };

void runner_init(struct runner *r, const struct notify_config *config, int64_t limit_ms)
{
    *r =
        (struct runner){.config = config, .limit_ms = limit_ms > 0 ? limit_ms : LIMIT_MS};
}

static void drop_first(struct runner *r)
{
    free(r->queue[0].input);
    memmove(&r->queue[0], &r->queue[1], --r->n_queue * sizeof(r->queue[0]));
}

void runner_clear(struct runner *r)
{
    for (size_t i = 0; i < RUNS_MAX; i++) {
        if (r->runs[i].pid == 0)
            continue;
        (void)kill(-r->runs[i].pid,
                   SIGKILL); /* the whole group; it may be gone already */
        while (waitpid(r->runs[i].pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        r->runs[i].pid = 0;
    }
    while (r->n_queue > 0)
        drop_first(r);
}

bool runner_add(struct runner *r, const char *text, const char *input)
{
    struct run_wanted *w = &r->queue[r->n_queue];

    if (r->config->n_command == 0)
        return true;
    if (r->n_queue == RUN_QUEUE)
        return false;
    w->input = strdup(input);
    if (w->input == NULL)
        return false;
    (void)str_copy(w->text, sizeof(w->text), text); /* a cut sentence is still one */
    r->n_queue++;
    return true;
}

/* The input as a file in memory: nobody has to stand by until it was read. */
static int input_file(const char *text)
{
    size_t len = strlen(text);
    int fd = memfd_create("rushhour-notice", MFD_CLOEXEC);

    if (fd < 0)
        return -1;
    if (write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0) {
        (void)close(fd); /* of memory */
        return -1;
    }
    return fd;
}

/* What programs need to find their way, and to reach a desktop; nothing else, so that no
 * secret of ours is among it. */
static void environment(char *out[VARIABLES_MAX + 1])
{
    static const char *const kept[] = {
        "PATH=",
        "HOME=",
        "USER=",
        "LOGNAME=",
        "SHELL=",
        "LANG=",
        "LC_",
        "TZ=",
        "TMPDIR=",
        "TERM=",
        "DISPLAY=",
        "WAYLAND_DISPLAY=",
        "XAUTHORITY=",
        "XDG_RUNTIME_DIR=",
        "DBUS_SESSION_BUS_ADDRESS=",
    };
    size_t n = 0;

    for (char **v = environ; v != NULL && *v != NULL && n < VARIABLES_MAX; v++) {
        for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
            if (str_starts(*v, kept[i])) {
                out[n++] = *v;
                break;
            }
        }
    }
    out[n] = NULL;
}

/* With all but its input shut. Returns errno. */
static int start(const struct runner *r, const struct run_wanted *w, pid_t *pid)
{
    char *argv[MAX_COMMAND_ARGS + 2] = {NULL}, *env[VARIABLES_MAX + 1];
    char text[RUN_TEXT];
    int fd = input_file(w->input), rc;

    if (fd < 0)
        return errno;
    /* exec's list is not const by an accident of history; nobody writes to it. */
    memcpy(argv, r->config->command, r->config->n_command * sizeof(argv[0]));
    (void)str_copy(text, sizeof(text), w->text);
    argv[r->config->n_command] = text;
    environment(env);
    rc = child_start(&(struct child){argv, env, fd, -1, -1}, pid);
    (void)close(fd); /* of memory */
    return rc;
}

static void take_up(struct runner *r, size_t i, int64_t now_ms, char *complaint,
                    size_t size)
{
    const char *name = r->config->command[0];
    int status = 0;
    pid_t got = waitpid(r->runs[i].pid, &status, WNOHANG);

    if (got == 0 && now_ms < r->runs[i].until_ms)
        return;
    if (got == 0) {
        (void)kill(-r->runs[i].pid, SIGKILL);
        while (waitpid(r->runs[i].pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        (void)str_format(complaint, size,
                         "notify.command: %.80s took longer than %lld s and was ended",
                         name, (long long)(r->limit_ms / 1000));
    } else if (got > 0 && WIFSIGNALED(status)) {
        (void)str_format(complaint, size, "notify.command: %.80s was ended by signal %d",
                         name, WTERMSIG(status));
    } else if (got > 0 && WEXITSTATUS(status) != 0) {
        (void)str_format(complaint, size,
                         "notify.command: %.80s ended with %d: run it by hand to see why",
                         name, WEXITSTATUS(status));
    } else if (got < 0 && errno == EINTR) {
        return;
    }
    r->runs[i].pid = 0;
}

void runner_step(struct runner *r, int64_t now_ms, char *complaint, size_t size)
{
    complaint[0] = '\0';
    for (size_t i = 0; i < RUNS_MAX; i++) {
        if (r->runs[i].pid != 0)
            take_up(r, i, now_ms, complaint, size);
        if (r->runs[i].pid == 0 && r->n_queue > 0) {
            int rc = start(r, &r->queue[0], &r->runs[i].pid);

            if (rc != 0) {
                struct err e = {0};

                r->runs[i].pid = 0;
                (void)err_set_errno(&e, ERR_IO, rc, "notify.command: cannot start %.80s",
                                    r->config->command[0]);
                (void)str_copy(complaint, size, e.text);
            }
            r->runs[i].until_ms = now_ms + r->limit_ms;
            drop_first(r);
        }
    }
}

int64_t runner_due_ms(const struct runner *r)
{
    bool busy = r->n_queue > 0;

    for (size_t i = 0; i < RUNS_MAX; i++)
        busy = busy || r->runs[i].pid != 0;
    return busy ? LOOK_MS : -1;
}
