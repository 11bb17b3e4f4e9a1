#include <config.h>

#include "core/store/lock.h"

#include "core/base/str.h"
#include "core/base/text.h"
#include "core/base/timefmt.h"
#include "core/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOLDER_BYTES = 512, PAUSE_MS = 20, TRIES = 5, TRIES_BRIEF = 500 };

struct lock {
    int fd;
};

/* One line of the file, "name value"; what is not there stays as it is. */
static void holder_line(const char *text, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);

    for (const char *p = text; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n') {
        if (strncmp(p, name, len) == 0 && p[len] == ' ') {
            const char *value = p + len + 1;

            /* Another user's program may have written it. */
            (void)text_clean(out, size, value, strcspn(value, "\n"));
            return;
        }
    }
}

static void holder_read(int fd, struct lock_holder *h)
{
    char text[HOLDER_BYTES] = "", number[32] = "", since[TIME_TEXT] = "", brief[8] = "";
    struct err ignored = {0}; /* what cannot be read is unknown, which is a value */
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    int64_t pid;

    *h = (struct lock_holder){0};
    if (n <= 0)
        return;
    text[n] = '\0';
    holder_line(text, "host", h->host, sizeof(h->host));
    holder_line(text, "user", h->user, sizeof(h->user));
    holder_line(text, "pid", number, sizeof(number));
    holder_line(text, "since", since, sizeof(since));
    holder_line(text, "brief", brief, sizeof(brief));
    h->brief = str_eq(brief, "yes");
    if (str_to_i64(number, 1, INT32_MAX, &pid, &ignored) == ERR_OK)
        h->pid = (int32_t)pid;
    err_clear(&ignored);
    if (utc_parse(since, &h->since, &ignored) != ERR_OK)
        h->since.s = 0;
}

static enum err_code holder_write(int fd, bool brief, struct err *e)
{
    char host[64] = "", user[64], since[TIME_TEXT], text[HOLDER_BYTES], names[1024];
    struct passwd entry, *found = NULL;

    if (gethostname(host, sizeof(host) - 1) != 0)
        host[0] = '\0';
    if (getpwuid_r(geteuid(), &entry, names, sizeof(names), &found) == 0 && found != NULL)
        (void)str_copy(user, sizeof(user), entry.pw_name); /* a cut name still names */
    else
        (void)str_format(user, sizeof(user), "%u", (unsigned)geteuid());
    (void)str_format(text, sizeof(text), "host %s\nuser %s\npid %ld\nsince %s\n%s", host,
                     user, (long)getpid(), utc_text(clock_utc(clock_system()), since),
                     brief ? "brief yes\n" : ""); /* sized for all */
    if (ftruncate(fd, 0) != 0 ||
        pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
        return err_set_errno(e, ERR_IO, errno, "cannot write the holder into the lock");
    return ERR_OK;
}

static enum err_code lock_path(const char *dir, bool create, char path[PATH_MAX + 24],
                               struct err *e)
{
    char real[PATH_MAX];
    enum err_code rc = store_dir_prepare(dir, create, real, e);

    if (rc == ERR_OK)
        (void)str_format(path, PATH_MAX + 24, "%s/controller.lock", real); /* fits */
    return rc;
}

/*
 * Somebody who only looks (lock_is_held) has the lock for an instant, and who only writes
 * an order down for a moment: a refusal counts when it lasts. flock, not fcntl: it
 * belongs to this descriptor, so no other close() in the process can drop it.
 */
static bool try_flock(int fd)
{
    struct lock_holder holder = {0};

    for (int i = 0, until = TRIES; i < until && i < TRIES_BRIEF; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        holder_read(fd, &holder);
        if (holder.brief) /* and some more when it is gone, as its name goes first */
            until = i + 1 + TRIES;
        (void)poll(NULL, 0, PAUSE_MS); /* a pause; nothing tells when a lock is let go */
    }
    errno = EWOULDBLOCK;
    return false;
}

enum err_code lock_take(const char *dir, bool brief, struct lock **out,
                        struct lock_holder *holder, struct err *e)
{
    char path[PATH_MAX + 24], since[TIME_TEXT];
    struct lock *l = NULL;
    int fd = -1;
    enum err_code rc = lock_path(dir, true, path, e);

    if (rc != ERR_OK)
        return rc;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot open %.100s", path);
    if (!try_flock(fd)) {
        rc = ERR_LOCKED;
        if (errno != EWOULDBLOCK && errno != EINTR) {
            rc = err_set_errno(e, ERR_IO, errno, "cannot lock %.100s", path);
            goto out;
        }
        holder_read(fd, holder);
        rc = err_set(e, ERR_LOCKED, "%s@%s (pid %ld) holds %.80s since %s",
                     holder->user[0] != '\0' ? holder->user : "?",
                     holder->host[0] != '\0' ? holder->host : "?", (long)holder->pid,
                     path, utc_text(holder->since, since));
        goto out;
    }
    rc = holder_write(fd, brief, e);
    if (rc != ERR_OK)
        goto out;
    l = calloc(1, sizeof(*l));
    if (l == NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for the lock");
        goto out;
    }
    l->fd = fd;
    fd = -1;
    *out = l;
out:
    if (fd >= 0)
        (void)close(fd); /* lets the lock go, if it was got */
    return rc;
}

void lock_release(struct lock *l)
{
    if (l == NULL)
        return;
    /* The file stays: whoever unlinked it could hold a lock that nobody else sees. Only
     * the name goes; where that fails it is overwritten by the next holder. */
    if (ftruncate(l->fd, 0) != 0)
        errno = 0;
    (void)close(l->fd);
    free(l);
}

bool lock_is_held(const char *dir, struct lock_holder *holder)
{
    char path[PATH_MAX + 24];
    struct err ignored = {0}; /* no directory: nobody can hold it */
    bool held;
    int fd;

    if (lock_path(dir, false, path, &ignored) != ERR_OK)
        return false;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (held)
        holder_read(fd, holder);
    (void)close(fd); /* lets the shared lock go */
    return held;
}
