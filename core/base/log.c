#include <config.h>

#include "core/base/log.h"

#include "core/base/str.h"
#include "core/base/timefmt.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES = 2048, PATH_BYTES = 4096 };

struct log {
    pthread_mutex_t lock; /* guards fd, bytes and lost */
    int fd;
    enum log_level level;
    int64_t bytes, max_bytes;
    int keep;
    int64_t lost;
    char path[PATH_BYTES];
};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

enum err_code log_open(const char *path, enum log_level level, int64_t max_bytes,
                       int keep, struct log **out, struct err *e)
{
    struct log *l = calloc(1, sizeof(*l));
    struct stat st;

    if (l == NULL)
        return err_set(e, ERR_NOMEM, "log: out of memory");
    l->fd = -1;
    l->level = level;
    l->max_bytes = max_bytes;
    l->keep = keep;
    if (pthread_mutex_init(&l->lock, NULL) != 0) {
        free(l);
        return err_set(e, ERR_NOMEM, "log: no mutex");
    }
    if (path != NULL) {
        if (!str_copy(l->path, sizeof(l->path), path) || (l->fd = open_file(path)) < 0) {
            (void)err_set_errno(e, ERR_IO, errno, "log file %s cannot be opened", path);
            log_close(l);
            return ERR_IO;
        }
        if (fstat(l->fd, &st) == 0)
            l->bytes = st.st_size;
    }
    *out = l;
    return ERR_OK;
}

void log_close(struct log *l)
{
    if (l == NULL)
        return;
    if (l->fd >= 0)
        (void)close(l->fd); /* every line was written whole already */
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

/* Called with the lock held. A rename that fails leaves the old name: the log goes on
 * there. */
static void rotate(struct log *l)
{
    char from[PATH_BYTES + 8], to[PATH_BYTES + 8];

    for (int i = l->keep; i >= 1; i--) {
        (void)str_format(to, sizeof(to), "%s.%d", l->path, i);
        if (i > 1)
            (void)str_format(from, sizeof(from), "%s.%d", l->path, i - 1);
        else
            (void)str_copy(from, sizeof(from), l->path);
        (void)rename(from, to); /* a generation that does not exist yet is no loss */
    }
    (void)close(l->fd);
    l->fd = open_file(l->path);
    l->bytes = 0;
}

void log_write(struct log *l, enum log_level level, const char *area, const char *fmt,
               ...)
{
    char line[LINE_BYTES], when[TIME_TEXT];
    size_t head, len;
    va_list ap;
    ssize_t put;

    if (l == NULL || level > l->level || l->path[0] == '\0')
        return;
    (void)str_format(line, sizeof(line) - 1, "%s %s %s ",
                     utc_text(clock_utc(clock_system()), when), level_names[level], area);
    head = strlen(line);
    va_start(ap, fmt);
    (void)vsnprintf(line + head, sizeof(line) - 1 - head, fmt,
                    ap); /* a cut line says enough */
    va_end(ap);
    len = strlen(line);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    }
    line[len++] = '\n';
    (void)pthread_mutex_lock(&l->lock); /* a plain mutex of ours: cannot fail */
    if (l->max_bytes > 0 && l->bytes > l->max_bytes)
        rotate(l);
    put = l->fd >= 0 ? write(l->fd, line, len) : -1;
    if (put != (ssize_t)len)
        l->lost++;
    else
        l->bytes += put;
    (void)pthread_mutex_unlock(&l->lock);
}

enum err_code log_level_parse(const char *text, enum log_level *out, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (str_eq(text, level_names[i])) {
            *out = (enum log_level)i;
            return ERR_OK;
        }
    }
    return err_set(e, ERR_SYNTAX, "\"%.40s\" is no log level: error, warn, info or debug",
                   text);
}
