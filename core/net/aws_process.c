#include <config.h>

#include "core/net/aws_process.h"

#include "core/base/child.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_WORDS = 64,
    OUTPUT_BYTES = 64 * 1024,
    COMPLAINT_BYTES = 512,
    REAP_STEP_MS = 10,
    STOP_STEP_MS = 100 /* a stop is noticed so soon */
};

/* False: a quote is open, or there are no or too many words. */
static bool split(char *text, char *argv[MAX_WORDS + 1])
{
    size_t n = 0;
    char *from = text, *to = text;

    for (;;) {
        char quote = '\0';

        while (*from == ' ' || *from == '\t')
            from++;
        if (*from == '\0')
            break;
        if (n == MAX_WORDS)
            return false;
        argv[n++] = to;
        while (*from != '\0' && (quote != '\0' || (*from != ' ' && *from != '\t'))) {
            if (quote == '\0' && (*from == '"' || *from == '\'')) {
                quote = *from++;
            } else if (quote != '\0' && *from == quote) {
                quote = '\0';
                from++;
            } else {
                if (*from == '\\' && quote != '\'' && from[1] != '\0')
                    from++;
                *to++ = *from++;
            }
        }
        if (quote != '\0')
            return false;
        if (*from != '\0')
            from++; /* first: the end of this word may take its place */
        *to++ = '\0';
    }
    argv[n] = NULL;
    return n > 0;
}

struct stream {
    int fd; /* -1 = ended */
    char *bytes;
    size_t len, size;
    bool overflows; /* the rest is read and dropped */
};

struct process {
    pid_t pid; /* -1 = none, or reaped */
    int64_t deadline_ms;
    const atomic_bool *stop;
    struct stream out, complaint;
};

static int64_t now_ms(void)
{
    return clock_mono(clock_system()).ms; /* a real program takes real time */
}

static enum err_code start(struct process *p, char *const argv[], struct err *e)
{
    int out[2] = {-1, -1}, complaint[2] = {-1, -1};
    enum err_code rc = ERR_OK;
    int sys;

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(complaint, O_CLOEXEC) != 0) {
        rc = err_set_errno(e, ERR_AUTH, errno, "no pipe for it");
        goto out;
    }
    sys = child_start(&(struct child){argv, NULL, -1, out[1], complaint[1]}, &p->pid);
    if (sys != 0) {
        p->pid = -1;
        rc = err_set_errno(e, ERR_AUTH, sys, "%.80s does not start", argv[0]);
        goto out;
    }
    p->out.fd = out[0];
    p->complaint.fd = complaint[0];
    out[0] = complaint[0] = -1;
out:
    for (size_t i = 0; i < 2; i++) {
        if (out[i] >= 0)
            (void)close(out[i]); /* pipes: nothing is lost */
        if (complaint[i] >= 0)
            (void)close(complaint[i]);
    }
    return rc;
}

/* What is there now, into the rest of the buffer or away. */
static void stream_read(struct stream *s)
{
    char rest[1024];
    size_t room = s->size - s->len;
    ssize_t n =
        room > 0 ? read(s->fd, s->bytes + s->len, room) : read(s->fd, rest, sizeof(rest));

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        (void)close(s->fd); /* a pipe */
        s->fd = -1;
    } else if (room > 0) {
        s->len += (size_t)n;
    } else {
        s->overflows = true;
    }
    explicit_bzero(rest, sizeof(rest));
}

static enum err_code read_both(struct process *p, struct err *e)
{
    while (p->out.fd >= 0 || p->complaint.fd >= 0) {
        struct pollfd fds[] = {{.fd = p->out.fd, .events = POLLIN},
                               {.fd = p->complaint.fd, .events = POLLIN}};
        int64_t left = p->deadline_ms - now_ms();
        int wait_ms = left < STOP_STEP_MS ? (int)left : STOP_STEP_MS;
        int ready = left > 0 ? poll(fds, ARRAY_LEN(fds), wait_ms) : 0;

        if (atomic_load(p->stop))
            return err_set(e, ERR_CANCELED, "it was ended by rushhour");
        if (ready < 0 && errno != EINTR)
            return err_set_errno(e, ERR_AUTH, errno, "cannot read its answer");
        if (left <= 0)
            return err_set(e, ERR_AUTH, "it did not end in time");
        if (ready > 0 && fds[0].revents != 0)
            stream_read(&p->out);
        if (ready > 0 && fds[1].revents != 0)
            stream_read(&p->complaint);
    }
    return ERR_OK;
}

/* A program may close its output and go on: it is given the rest of the time, too. */
static enum err_code reap(struct process *p, int *status, struct err *e)
{
    for (;;) {
        pid_t got = waitpid(p->pid, status, WNOHANG);

        if (got == p->pid)
            break;
        if (got < 0 && errno != EINTR)
            return err_set_errno(e, ERR_AUTH, errno, "cannot wait for it");
        if (now_ms() >= p->deadline_ms)
            return err_set(e, ERR_AUTH, "it did not end in time");
        (void)poll(NULL, 0, REAP_STEP_MS); /* there is no descriptor to wait on */
    }
    p->pid = -1;
    return ERR_OK;
}

static enum err_code judge(const struct process *p, int status, struct err *e)
{
    char line[120];
    size_t len = 0;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return p->out.overflows
                   ? err_set(e, ERR_AUTH, "it wrote more than %d bytes", OUTPUT_BYTES)
                   : ERR_OK;
    while (len < p->complaint.len && p->complaint.bytes[len] != '\n')
        len++;
    (void)text_clean(line, sizeof(line), p->complaint.bytes, len);
    if (WIFSIGNALED(status))
        return err_set(e, ERR_AUTH, "it was ended by signal %d", WTERMSIG(status));
    return err_set(e, ERR_AUTH, "it ended with %d: %s", WEXITSTATUS(status),
                   line[0] != '\0' ? line : "it says not why");
}

static void end_process(struct process *p)
{
    if (p->out.fd >= 0)
        (void)close(p->out.fd); /* pipes: nothing is lost */
    if (p->complaint.fd >= 0)
        (void)close(p->complaint.fd);
    if (p->pid < 0)
        return;
    (void)kill(-p->pid, SIGKILL); /* the whole group; it may be gone already */
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

enum err_code aws_process_run(char *command, int32_t limit_ms, const atomic_bool *stop,
                              struct secret **out, struct err *e)
{
    char complaint[COMPLAINT_BYTES] = "";
    char *argv[MAX_WORDS + 1];
    struct process p = {.pid = -1, .deadline_ms = now_ms() + limit_ms, .stop = stop};
    enum err_code rc;
    int status = 0;

    if (!split(command, argv))
        return err_set(e, ERR_AUTH, "a quote is open, or there are too many words");
    p.out = (struct stream){.fd = -1, .size = OUTPUT_BYTES};
    p.complaint =
        (struct stream){.fd = -1, .bytes = complaint, .size = sizeof(complaint)};
    p.out.bytes = malloc(OUTPUT_BYTES);
    if (p.out.bytes == NULL)
        return err_set(e, ERR_NOMEM, "no memory for its answer");
    rc = start(&p, argv, e);
    if (rc == ERR_OK)
        rc = read_both(&p, e);
    if (rc == ERR_OK)
        rc = reap(&p, &status, e);
    if (rc == ERR_OK)
        rc = judge(&p, status, e);
    if (rc == ERR_OK)
        rc = secret_new(p.out.bytes, p.out.len, out, e);
    end_process(&p);
    explicit_bzero(p.out.bytes, OUTPUT_BYTES);
    free(p.out.bytes);
    return rc;
}
