#include <config.h>

#include "tui/export.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EXPORT_BYTES = 256 * 1024 * 1024 };

enum err_code export_write(const char *path, const struct strbuf *text, struct err *e)
{
    const char *bytes = strbuf_text(text);
    size_t done = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_set_errno(e, ERR_IO, errno, "%s", path);
    while (done < text->len) {
        ssize_t n = write(fd, bytes + done, text->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            (void)err_set_errno(e, ERR_IO, errno, "%s", path);
            break;
        }
        done += (size_t)n;
    }
    if (close(fd) != 0 && e->code == ERR_OK)
        (void)err_set_errno(e, ERR_IO, errno, "%s", path);
    if (e->code != ERR_OK)
        (void)unlink(path); /* half a file is worse than none */
    return e->code;
}

void export_init(struct export *x, const struct app_export *from)
{
    *x = (struct export){.from = from, .event_fd = -1};
}

static void join(struct export *x)
{
    (void)pthread_join(x->thread, NULL); /* it was started, and joined by nobody */
    x->from->end(x->work);
    x->running = false;
}

void export_clear(struct export *x)
{
    if (x->running)
        join(x);
    if (x->event_fd >= 0)
        (void)close(x->event_fd);
    export_init(x, x->from);
}

static void *run(void *arg)
{
    struct export *x = arg;
    const uint64_t one = 1;
    struct strbuf text;

    strbuf_init(&text, EXPORT_BYTES);
    if (x->from->ledger(x->work, &text, &x->err) != ERR_OK ||
        export_write(x->path, &text, &x->err) != ERR_OK)
        err_wrap(&x->err, "the ledger was not written");
    strbuf_clear(&text);
    while (write(x->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
    return NULL;
}

static enum err_code name_file(struct export *x, const char *dir, struct err *e)
{
    struct civil month = civil_from_seconds(clock_utc(x->from->clock).s);
    struct civil now = civil_from_seconds(clock_utc(clock_system()).s);

    if (str_format(x->path, sizeof(x->path),
                   "%s/cost-%04d-%02d-%04d%02d%02d-%02d%02d%02d.csv", dir, month.year,
                   month.month, now.year, now.month, now.day, now.hour, now.minute,
                   now.second))
        return ERR_OK;
    return err_set(e, ERR_IO, "the name of the state directory is too long");
}

enum err_code export_start(struct export *x, const char *dir, struct err *e)
{
    int rc;

    if (x->running)
        return err_set(e, ERR_LOCKED, "the ledger is being written");
    if (x->event_fd < 0)
        x->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (x->event_fd < 0)
        return err_set_errno(e, ERR_IO, errno, "an event descriptor");
    if (name_file(x, dir, e) != ERR_OK)
        return e->code;
    err_clear(&x->err);
    x->work = x->from->begin(x->from->ctx, e);
    if (x->work == NULL)
        return e->code;
    rc = pthread_create(&x->thread, NULL, run, x);
    if (rc != 0) {
        x->from->end(x->work);
        return err_set_errno(e, ERR_NOMEM, rc, "a thread");
    }
    x->running = true;
    return ERR_OK;
}

bool export_ended(struct export *x, struct err *e)
{
    uint64_t n;

    if (!x->running || read(x->event_fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
        return false;
    join(x);
    *e = x->err;
    return true;
}
