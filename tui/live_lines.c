#include <config.h>

#include "tui/keys.h"
#include "tui/live.h"
#include "tui/notify.h"
#include "tui/out.h"
#include "tui/words.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { WORDS_BYTES = 512, LOOK_MS = 200 };

/* What was typed and has no end of line yet. */
struct typed {
    char text[WORDS_BYTES];
    size_t n;
    bool ended;
};

static void print_entries(const struct fleet *f, const struct tz *tz, int64_t *seen)
{
    int64_t first = f->events_total - (int64_t)f->n_events;

    if (*seen < first)
        *seen = first;
    for (; *seen < f->events_total; (*seen)++) {
        const struct journal_entry *j = &f->events[*seen - first];
        struct civil c = tz_civil(tz, j->at);

        if (j->level == LEVEL_DEBUG)
            continue; /* the journal has them */
        out_printf("%02d-%02d %02d:%02d:%02d %-4s %s%s%s\n", c.month, c.day, c.hour,
                   c.minute, c.second, level_word(j->level), j->server,
                   j->server[0] != '\0' ? ": " : "", j->text);
    }
    (void)out_flush(); /* a pipe that is gone is seen below */
}

/* The replies that were printed: one that had to be written first may come behind a later
 * one. */
struct printed {
    uint64_t ids[FLEET_REPLIES]; /* ring */
    size_t n;
};

static bool was_printed(const struct printed *p, uint64_t id)
{
    for (size_t i = 0; i < ARRAY_LEN(p->ids); i++) {
        if (p->ids[i] == id)
            return true;
    }
    return false;
}

static void print_replies(const struct fleet *f, struct printed *p)
{
    for (size_t i = 0; i < f->n_replies; i++) {
        if (f->replies[i].id < LIVE_FIRST_ID || was_printed(p, f->replies[i].id))
            continue;
        p->ids[p->n++ % ARRAY_LEN(p->ids)] = f->replies[i].id;
        out_printf("%s%s\n",
                   f->replies[i].accepted ? "" : "refused: ", f->replies[i].text);
    }
    (void)out_flush(); /* a pipe that is gone is seen below */
}

/* Once for each end of an instance that acted. */
static void offer(const struct fleet *f, bool words, bool *offered)
{
    if (f->ended && !*offered && words && !f->observe)
        out_printf("write %s to act from here\n", action_info(ACTION_TAKE_OVER)->name);
    *offered = f->ended;
}

/* The word for it; there is no question where everything is typed in full. */
static bool take_over(struct live *l, struct notify *told, const char *line,
                      int64_t *seen)
{
    int64_t own = l->observer != NULL ? observer_own_lines(l->observer) : 0;
    struct fleet *f;
    struct setup *was = NULL;
    struct err e = {0};
    bool ended, silent;

    if (!str_eq(line, action_info(ACTION_TAKE_OVER)->name))
        return false;
    f = live_latest(l);
    ended = f != NULL && f->ended;
    /* Also before the first picture says so. */
    silent = (f != NULL && f->observe) || l->options->observe;
    fleet_unref(f);
    if (silent)
        out_line("observing only (--observe): this instance never acts");
    else if (l->observer == NULL)
        out_line("this instance acts: there is nobody to take over from");
    else if (!ended)
        out_printf("%s acts: it can be taken over from when it has ended\n",
                   observer_holder(l->observer));
    else if (live_take_over(l, &was, &e) != ERR_OK)
        out_printf("not taken over: %s\n", e.text);
    else {
        *seen -= own; /* the journal goes on where it was */
        notify_configure(told, l->session->config);
        setup_unref(was);
        out_line("this instance acts now");
    }
    (void)out_flush(); /* a pipe that is gone is seen below */
    return true;
}

/* Asks; what comes of it is in the journal, whose lines are printed. */
static bool reload(struct live *l, const char *line)
{
    struct err e = {0};

    if (!str_eq(line, "reload"))
        return false;
    if (!live_reload(l, "", &e)) {
        out_printf("not read again: %s\n", e.text);
        (void)out_flush(); /* a pipe that is gone is seen below */
    }
    return true;
}

static void take_reloaded(struct live *l, struct notify *told)
{
    struct reload_answer answer;
    struct setup *was;

    while (live_reloaded(l, &answer, &was)) {
        notify_configure(told, l->session->config);
        setup_unref(was);
    }
}

static void help(void)
{
    static const char *const lines[] = {
        "move SERVER cloud|onprem [force] [yes]",
        "cancel SERVER [yes]",
        "hold SERVER cloud|onprem [until TIME|for DURATION|forever] [yes]",
        "release SERVER",
        "auto on|off|dry-run [SERVER]",
        "snooze DURATION [SERVER]",
        "extension start|stop",
        "refresh: ask every API now",
        "reload: read the configuration again",
        "status: where everything is",
        "explain SERVER: why it is there, and what comes next",
        "take-over: act from here, when the instance that acted has ended",
        "quit",
    };

    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        out_line(lines[i]);
}

/* What is no order but a question; false when it is something else. */
static bool answer(struct live *l, const char *line, const struct fleet *f)
{
    struct utc now = clock_utc(l->clock);
    char word[16] = "", server[NAME_TEXT] = "", more[2] = "";
    const char *p = line + strspn(line, " \t\r");
    char *const into[] = {word, server, more};
    const size_t sizes[] = {sizeof(word), sizeof(server), sizeof(more)};

    for (size_t i = 0; i < ARRAY_LEN(into); i++) {
        size_t len = strcspn(p, " \t\r");

        (void)str_format(into[i], sizes[i], "%.*s", (int)len, p);
        p += len;
        p += strspn(p, " \t\r");
    }
    if (str_eq(word, "help") && server[0] == '\0') {
        help();
        return true;
    }
    if (!str_eq(word, "explain"))
        return false;
    if (server[0] == '\0' || more[0] != '\0')
        out_line("write: explain SERVER");
    else if (f == NULL || fleet_find(f, server) < 0)
        out_printf("there is no server %s\n", server);
    else
        (void)explain_tell(l->session, f, now, now, server); /* says itself what fails */
    return true;
}

static void obey(struct live *l, const char *line, bool *quit)
{
    struct fleet *f = live_latest(l);
    struct command c;
    struct err e = {0};

    if (answer(l, line, f)) {
        (void)out_flush(); /* a pipe that is gone is seen below */
        fleet_unref(f);
        return;
    }
    if (words_parse(line, f, l->session->tz, clock_utc(l->clock), &c, quit, &e) !=
            ERR_OK ||
        (!*quit && c.kind != COMMAND_COUNT && !live_send(l, &c, &e)))
        out_printf("%s\n", e.text);
    else if (!*quit && c.kind == COMMAND_COUNT)
        words_status(f, l->session->tz);
    (void)out_flush(); /* a pipe that is gone is seen below */
    fleet_unref(f);
}

/* There is no terminal to ring at: only the user's program is told. */
static void notify(struct notify *n, const struct fleet *f)
{
    struct strbuf none;

    strbuf_init(&none, 65536);
    if (f != NULL)
        notify_fleet(n, f, true, &none);
    strbuf_clear(&none);
    if (notify_due_ms(n) >= 0)
        notify_step(n, clock_mono(clock_system()).ms);
    if (n->complaint[0] != '\0')
        out_printf("%s\n", n->complaint);
    n->complaint[0] = '\0';
}

static void read_words(struct live *l, struct notify *told, struct typed *t,
                       int64_t *seen, bool *quit)
{
    char buf[WORDS_BYTES];
    ssize_t got = read(STDIN_FILENO, buf, sizeof(buf));

    if (got <= 0) {
        t->ended = got == 0 || (errno != EINTR && errno != EAGAIN);
        return;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (buf[i] == '\n') {
            t->text[t->n] = '\0';
            if (t->n > 0 && !take_over(l, told, t->text, seen) && !reload(l, t->text))
                obey(l, t->text, quit);
            t->n = 0;
        } else if (t->n + 1 < sizeof(t->text)) {
            t->text[t->n++] = buf[i];
        }
    }
}

bool live_wants_lines(const struct session *s, const struct args *a)
{
    const char *term = getenv("TERM");

    return a->set[FLAG_PLAIN] || s->config->ui.plain || isatty(STDIN_FILENO) == 0 ||
           isatty(STDOUT_FILENO) == 0 || term == NULL || term[0] == '\0' ||
           str_eq(term, "dumb");
}

/* Where line mode reads and writes. */
struct ends {
    bool in, out; /* a terminal at the beginning */
    int64_t since_ms;
};

/* SIGHUP is the word for the configuration to be read again, unless it says that the
 * terminal is gone, or comes late from one that was. */
static bool hangs_up(struct live *l, const struct ends *ends)
{
    enum { LATE_MS = 2000 };
    struct err e = {0};

    if (l->hung_up && clock_mono(clock_system()).ms - ends->since_ms < LATE_MS)
        return false;
    if ((ends->in && isatty(STDIN_FILENO) == 0) ||
        (ends->out && isatty(STDOUT_FILENO) == 0) || l->session->setup == NULL)
        return true;
    if (!live_reload(l, "SIGHUP", &e))
        out_printf("not read again: %s\n", e.text);
    return false;
}

/* SIGUSR1: what the word status prints, into the log. */
static void dump_status(struct live *l)
{
    struct fleet *f = live_latest(l);
    char line[STATUS_LINE];

    for (size_t i = 0; words_status_line(f, l->session->tz, i, line); i++)
        log_write(l->session->log, LOG_INFO, "status", "%s", line);
    fleet_unref(f);
}

int live_lines(struct live *l, bool words, struct utc until)
{
    const struct ends ends = {.in = isatty(STDIN_FILENO) != 0,
                              .out = isatty(STDOUT_FILENO) != 0,
                              .since_ms = clock_mono(clock_system()).ms};
    struct typed typed = {.ended = !words};
    struct notify *told = calloc(1, sizeof(*told));
    sigset_t set;
    int64_t seen = -1;
    struct printed replied = {0};
    bool quit = false, offered = false;
    struct err e = {0};
    int fd, rc = EXIT_DONE;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGQUIT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        (void)err_set_errno(&e, ERR_IO, errno, "signals");
    else if (told == NULL)
        (void)err_set(&e, ERR_NOMEM, "no memory for notifications");
    if (e.code != ERR_OK) {
        free(told);
        if (fd >= 0)
            (void)close(fd); /* nothing was read that could be lost */
        return session_fail(&e);
    }
    notify_init(told, l->session->config);
    while (!quit) {
        struct pollfd p[3] = {{.fd = fd, .events = POLLIN},
                              {.fd = live_event_fd(l), .events = POLLIN},
                              {.fd = typed.ended ? -1 : STDIN_FILENO, .events = POLLIN}};
        struct signalfd_siginfo info;
        uint64_t count;
        struct fleet *f = live_latest(l);
        int wait_ms = until.s != 0 ? LOOK_MS : -1;

        take_reloaded(l, told);
        told->runs = l->observer == NULL;
        notify(told, f);
        if (notify_due_ms(told) >= 0)
            wait_ms = (int)notify_due_ms(told);
        if (f != NULL) {
            if (seen < 0)
                seen = f->events_total - (int64_t)f->n_events;
            print_entries(f, l->session->tz, &seen);
            print_replies(f, &replied);
            offer(f, words, &offered);
            fleet_unref(f);
        }
        if (!out_flush()) {
            rc = EXIT_FAILED;
            break;
        }
        if (until.s != 0 && clock_utc(l->clock).s >= until.s)
            break;
        if (poll(p, 3, wait_ms) < 0 && errno != EINTR)
            break;
        if ((p[0].revents & POLLIN) != 0 &&
            read(fd, &info, sizeof(info)) == sizeof(info)) {
            if (info.ssi_signo == SIGUSR1)
                dump_status(l);
            else
                quit = info.ssi_signo != SIGHUP || hangs_up(l, &ends);
        }
        if ((p[1].revents & POLLIN) != 0 && read(p[1].fd, &count, sizeof(count)) < 0)
            continue; /* somebody was faster */
        if (p[2].revents != 0)
            read_words(l, told, &typed, &seen, &quit);
    }
    (void)close(fd); /* nothing was written that could be lost */
    notify_clear(told);
    free(told);
    return rc;
}
