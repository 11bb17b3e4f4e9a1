#include <config.h>

#include "core/base/secret.h"

#include "core/base/child.h"
#include "core/base/clock.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECRET_MAX_BYTES = 64 * 1024, COMMAND_LIMIT_MS = 10000 };

struct secret {
    atomic_int refs;
    size_t mapped; /* pages of its own: locking and wiping touch nobody else's data */
    size_t len;
    char bytes[];
};

/* Room for len bytes and the NUL behind them. */
static struct secret *secret_alloc(size_t len)
{
    size_t mapped = sizeof(struct secret) + len + 1;
    struct secret *s =
        mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (s == MAP_FAILED)
        return NULL;
    /* Both are hardening: where RLIMIT_MEMLOCK or the kernel refuses them, the secret is
     * still wiped, and a program without its password would help nobody. */
    (void)mlock(s, mapped);
    (void)madvise(s, mapped, MADV_DONTDUMP);
    atomic_init(&s->refs, 1);
    s->mapped = mapped;
    return s;
}

enum err_code secret_new(const char *bytes, size_t len, struct secret **out,
                         struct err *e)
{
    struct secret *s;

    if (len > SECRET_MAX_BYTES)
        return err_set(e, ERR_RANGE, "the secret is longer than %d bytes",
                       SECRET_MAX_BYTES);
    if (memchr(bytes, '\0', len) != NULL)
        return err_set(e, ERR_SYNTAX, "the secret has a NUL byte in it");
    s = secret_alloc(len);
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a secret");
    memcpy(s->bytes, bytes, len);
    s->bytes[len] = '\0';
    s->len = len;
    *out = s;
    return ERR_OK;
}

struct secret *secret_ref(struct secret *s)
{
    if (s != NULL)
        atomic_fetch_add(&s->refs, 1);
    return s;
}

void secret_free(struct secret *s)
{
    size_t mapped;

    if (s == NULL || atomic_fetch_sub(&s->refs, 1) > 1)
        return;
    mapped = s->mapped;
    explicit_bzero(s, mapped);
    (void)munmap(s, mapped); /* it was mapped with this length */
}

const char *secret_expose(const struct secret *s)
{
    return s->bytes;
}

/* What all sources share: one trailing newline goes, then it must be one line of text. */
static enum err_code secret_finish(const char *bytes, size_t len, const char *where,
                                   struct secret **out, struct err *e)
{
    enum err_code rc;

    if (len > 0 && bytes[len - 1] == '\n')
        len--;
    if (len > 0 && bytes[len - 1] == '\r')
        len--;
    if (len == 0)
        return err_set(e, ERR_CONFIG, "%s is empty: put the secret there, on one line",
                       where);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
            return err_set(e, ERR_CONFIG,
                           "%s has a line break or control character: "
                           "it must hold the secret alone, on one line",
                           where);
    }
    rc = secret_new(bytes, len, out, e);
    if (rc != ERR_OK)
        err_wrap(e, "%s", where);
    return rc;
}

/* ----- files ----- */

/* Who can write a folder on the way can put another file in place; a sticky one (/tmp)
 * lets nobody replace what is ours. */
static enum err_code check_parents(const char *path, struct err *e)
{
    char real[PATH_MAX];
    struct stat st;
    char *slash;

    if (realpath(path, real) == NULL)
        return err_set_errno(e, ERR_CONFIG, errno, "cannot resolve %.80s", path);
    while ((slash = strrchr(real, '/')) != NULL) {
        const char *dir = slash == real ? "/" : real;

        *slash = '\0';
        if (stat(dir, &st) != 0)
            return err_set_errno(e, ERR_CONFIG, errno, "cannot look at %.80s", dir);
        if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0)
            return err_set(e, ERR_CONFIG,
                           "folder %.80s is writable by group or others: chmod go-w it",
                           dir);
    }
    return ERR_OK;
}

/* Reads all of fd, at most SECRET_MAX_BYTES; more is an error. */
static enum err_code read_all(int fd, struct secret *into, const char *where,
                              struct err *e)
{
    for (;;) {
        ssize_t n = read(fd, into->bytes + into->len, SECRET_MAX_BYTES + 1 - into->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(e, ERR_CONFIG, errno, "cannot read %s", where);
        if (n == 0)
            return ERR_OK;
        into->len += (size_t)n;
        if (into->len > SECRET_MAX_BYTES)
            return err_set(e, ERR_CONFIG, "%s is longer than %d bytes: is it the right?",
                           where, SECRET_MAX_BYTES);
    }
}

/*
 * systemd's own credential folder may belong to root and show its access list as group
 * bits; everything else must be ours alone.
 */
static enum err_code check_file(const struct stat *st, bool is_credential,
                                const char *path, struct err *e)
{
    mode_t forbidden = is_credential ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO;

    if (!S_ISREG(st->st_mode))
        return err_set(e, ERR_CONFIG, "%.100s is not a regular file", path);
    if (st->st_uid != geteuid() && !(is_credential && st->st_uid == 0))
        return err_set(e, ERR_CONFIG,
                       "%.80s belongs to user %u, not to the one that runs this: "
                       "chown it",
                       path, (unsigned)st->st_uid);
    if ((st->st_mode & forbidden) != 0)
        return err_set(e, ERR_CONFIG,
                       "%.80s is open to group or others (mode %04o): chmod 600 it", path,
                       (unsigned)(st->st_mode & 07777));
    return ERR_OK;
}

/* Opens and checks; *fd is the caller's on success. */
static enum err_code open_file(const char *path, bool is_credential, int *fd,
                               struct err *e)
{
    struct stat st;
    enum err_code rc;

    /* NONBLOCK, so that a pipe in its place cannot hold us. */
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0 && errno == ELOOP)
        return err_set(e, ERR_CONFIG,
                       "%.80s is a symbolic link: name the file itself, "
                       "so that nobody can point it elsewhere",
                       path);
    if (*fd < 0)
        return err_set_errno(e, ERR_CONFIG, errno, "cannot open %.100s", path);
    if (fstat(*fd, &st) != 0)
        rc = err_set_errno(e, ERR_CONFIG, errno, "cannot look at %.100s", path);
    else
        rc = check_file(&st, is_credential, path, e);
    if (rc == ERR_OK && !is_credential)
        rc = check_parents(path, e);
    if (rc != ERR_OK)
        (void)close(*fd); /* only opened */
    return rc;
}

enum err_code secret_file_check(const char *path, struct err *e)
{
    int fd;
    enum err_code rc = open_file(path, false, &fd, e);

    if (rc == ERR_OK)
        (void)close(fd); /* only opened */
    return rc;
}

static enum err_code read_file(const char *path, bool is_credential, struct secret **out,
                               struct err *e)
{
    struct secret *scratch;
    char where[128];
    int fd;
    enum err_code rc = open_file(path, is_credential, &fd, e);

    if (rc != ERR_OK)
        return rc;
    (void)str_format(where, sizeof(where), "%.100s", path); /* a cut name still names */
    scratch = secret_alloc(SECRET_MAX_BYTES + 1);
    if (scratch == NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for a secret");
        goto out;
    }
    rc = read_all(fd, scratch, where, e);
    if (rc == ERR_OK)
        rc = secret_finish(scratch->bytes, scratch->len, where, out, e);
out:
    secret_free(scratch);
    (void)close(fd); /* only read */
    return rc;
}

enum err_code secret_from_file(const char *path, struct secret **out, struct err *e)
{
    return read_file(path, false, out, e);
}

enum err_code secret_from_credential(const char *name, struct secret **out, struct err *e)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_MAX];

    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return err_set(e, ERR_CONFIG, "\"%.60s\" is not the name of a systemd credential",
                       name);
    if (dir == NULL || dir[0] != '/')
        return err_set(e, ERR_CONFIG,
                       "no credential \"%.60s\": CREDENTIALS_DIRECTORY is not set; "
                       "start it from a unit with LoadCredential=%.60s:FILE",
                       name, name);
    if (!str_format(path, sizeof(path), "%s/%s", dir, name))
        return err_set(e, ERR_CONFIG, "the path of credential \"%.60s\" is too long",
                       name);
    return read_file(path, true, out, e);
}

/* ----- environment ----- */

enum err_code secret_from_environment(const char *name, struct secret **out,
                                      struct err *e)
{
    char where[128];
    char *value = getenv(name);
    enum err_code rc;

    (void)str_format(where, sizeof(where), "the environment variable %.80s", name);
    if (value == NULL)
        return err_set(e, ERR_CONFIG, "%s is not set: set it, or use a file", where);
    rc = secret_finish(value, strlen(value), where, out, e);
    /* Gone from /proc and from what children inherit, whether it was usable or not. */
    explicit_bzero(value, strlen(value));
    (void)unsetenv(name); /* fails only for names that getenv() would not have found */
    return rc;
}

/* ----- commands ----- */

static int64_t now_ms(void)
{
    return clock_mono(clock_system()).ms;
}

/* Reads to the end of the pipe or to the deadline, whichever is first. */
static enum err_code read_until(int fd, int64_t deadline, struct secret *into,
                                const char *where, struct err *e)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - now_ms();
        ssize_t n;
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;

        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return err_set_errno(e, ERR_CONFIG, errno, "cannot read from %s", where);
        if (ready == 0)
            return err_set(e, ERR_CONFIG, "%s did not end within its time", where);
        n = read(fd, into->bytes + into->len, SECRET_MAX_BYTES + 1 - into->len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return err_set_errno(e, ERR_CONFIG, errno, "cannot read from %s", where);
        if (n == 0)
            return ERR_OK;
        into->len += n > 0 ? (size_t)n : 0;
        if (into->len > SECRET_MAX_BYTES)
            return err_set(e, ERR_CONFIG, "%s wrote more than %d bytes", where,
                           SECRET_MAX_BYTES);
    }
}

/* A program may close its output and go on: it is given the rest of the time, too. */
static enum err_code wait_until(pid_t pid, int64_t deadline, const char *where,
                                bool *reaped, struct err *e)
{
    enum { STEP_MS = 10 };
    int status = 0;

    for (;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);

        if (got < 0 && errno != EINTR)
            return err_set_errno(e, ERR_CONFIG, errno, "cannot wait for %s", where);
        if (got == pid)
            break;
        if (now_ms() >= deadline)
            return err_set(e, ERR_CONFIG, "%s did not end within its time", where);
        (void)poll(NULL, 0, STEP_MS); /* a pause; there is no descriptor to wait on */
    }
    *reaped = true;
    if (WIFSIGNALED(status))
        return err_set(e, ERR_CONFIG, "%s was ended by signal %d", where,
                       WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return err_set(e, ERR_CONFIG, "%s ended with %d: run it by hand to see why",
                       where, WEXITSTATUS(status));
    return ERR_OK;
}

enum err_code secret_from_command_within(char *const argv[], int32_t limit_ms,
                                         struct secret **out, struct err *e)
{
    struct secret *scratch = NULL;
    int64_t deadline = now_ms() + limit_ms;
    int fds[2] = {-1, -1};
    bool reaped = true;
    char where[128];
    pid_t pid = -1;
    enum err_code rc;
    int sys;

    if (argv[0] == NULL)
        return err_set(e, ERR_CONFIG, "the command that gives the secret is empty");
    (void)str_format(where, sizeof(where), "the command %.80s", argv[0]);
    scratch = secret_alloc(SECRET_MAX_BYTES + 1);
    if (scratch == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a secret");
    if (pipe2(fds, O_CLOEXEC) != 0) {
        rc = err_set_errno(e, ERR_CONFIG, errno, "no pipe for %s", where);
        goto out;
    }
    sys = child_start(&(struct child){argv, NULL, -1, fds[1], -1}, &pid);
    if (sys != 0) {
        rc = err_set_errno(e, ERR_CONFIG, sys, "cannot start %s", where);
        goto out;
    }
    reaped = false;
    (void)close(fds[1]); /* ours; the child has its own */
    fds[1] = -1;
    rc = read_until(fds[0], deadline, scratch, where, e);
    if (rc == ERR_OK)
        rc = wait_until(pid, deadline, where, &reaped, e);
    if (rc == ERR_OK)
        rc = secret_finish(scratch->bytes, scratch->len, where, out, e);
out:
    if (!reaped) {
        (void)kill(-pid, SIGKILL); /* the whole group; it may be gone already */
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]); /* a pipe */
    }
    secret_free(scratch);
    return rc;
}

enum err_code secret_from_command(char *const argv[], struct secret **out, struct err *e)
{
    return secret_from_command_within(argv, COMMAND_LIMIT_MS, out, e);
}

void secret_protect_process(void)
{
    struct rlimit none = {0, 0};

    /* Hardening only: what the system refuses here stops nobody from working. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
