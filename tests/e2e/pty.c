/*
 * Runs a program on a terminal of its own and does what its standard input says, a line
 * each: keys, waits, sizes, signals. It reads what the program writes unless told not to.
 * usage: pty [--cast FILE] ROWS COLS COMMAND [ARG...]
 *
 *   wait SECONDS TEXT   until the text was written (in one piece), else it ends with 1
 *   pause MS            reads meanwhile
 *   keys TEXT           \e escape, \r enter, \xHH a byte
 *   size ROWS COLS      the terminal changes its size
 *   signal NUMBER       to the program
 *   deaf                reads nothing any more
 *   close               the terminal is gone
 *   say TEXT            on standard output
 *   end SECONDS         until the program has ended: "exit N" or "signal N", then whether
 *                       the terminal's modes are what they were
 *
 * --cast writes what is read as an asciinema cast, version 2.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "core/base/clock.h"
#include "core/base/jsonw.h"
#include "core/base/str.h"

enum { KEPT = 65536, LINE = 1024 };

struct play {
    pid_t pid; /* 0 = has ended */
    int master, slave, status;
    struct termios before;
    char kept[2 * KEPT + 1]; /* the end of what was read */
    size_t len, from;        /* what the last wait has seen is not seen again */
    FILE *cast;
    int64_t begin_ms;
};

static int64_t now_ms(void)
{
    return clock_mono(clock_system()).ms;
}

/* A frame of the cast. Bytes that end within a character wait for its rest. */
static void record(struct play *p, const char *bytes, size_t len)
{
    static char held[8];
    static size_t n_held;
    char text[16384 + 16];
    struct strbuf line;
    size_t n = n_held + len, cut;
    int64_t at = now_ms() - p->begin_ms;

    if (p->cast == NULL)
        return;
    memcpy(text, held, n_held);
    memcpy(text + n_held, bytes, len);
    cut = n;
    while (cut > 0 && n - cut < 4 && ((unsigned char)text[cut - 1] & 0xc0) == 0x80)
        cut--;
    if (cut > 0 && (unsigned char)text[cut - 1] >= 0xc0) {
        unsigned char first = (unsigned char)text[cut - 1];
        size_t need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

        cut = n - (cut - 1) >= need ? n : cut - 1;
    } else {
        cut = n;
    }
    n_held = n - cut;
    memcpy(held, text + cut, n_held);
    text[cut] = '\0';
    strbuf_init(&line, 1024 * 1024);
    json_put_text(&line, text);
    (void)fprintf(p->cast, "[%lld.%03lld, \"o\", %s]\n", (long long)at / 1000,
                  (long long)at % 1000, strbuf_text(&line));
    strbuf_clear(&line);
}

/* Reads what is there within `ms`; true when the text came. */
static bool listen(struct play *p, int64_t ms, const char *text)
{
    int64_t end = now_ms() + ms;

    for (;;) {
        struct pollfd fd = {.fd = p->master, .events = POLLIN};
        int64_t left = end - now_ms();
        char buf[16384];
        ssize_t n;

        if (text != NULL && strstr(p->kept + p->from, text) != NULL) {
            p->from = p->len;
            return true;
        }
        if (left <= 0 || poll(&fd, 1, (int)left) <= 0)
            return false;
        n = read(p->master, buf, sizeof(buf));
        if (n <= 0)
            return false;
        record(p, buf, (size_t)n);
        for (ssize_t i = 0; i < n; i++)
            buf[i] = buf[i] == '\0' ? ' ' : buf[i];
        if (p->len + (size_t)n > 2 * KEPT) {
            size_t gone = p->len - KEPT;

            memmove(p->kept, p->kept + gone, KEPT);
            p->len = KEPT;
            p->from = p->from > gone ? p->from - gone : 0;
        }
        memcpy(p->kept + p->len, buf, (size_t)n);
        p->len += (size_t)n;
        p->kept[p->len] = '\0';
    }
}

static bool press(const struct play *p, const char *text)
{
    char bytes[LINE];
    size_t n = 0;

    while (*text != '\0') {
        if (text[0] != '\\') {
            bytes[n++] = *text++;
            continue;
        }
        if (text[1] == 'e')
            bytes[n++] = '\033';
        else if (text[1] == 'r')
            bytes[n++] = '\r';
        else if (text[1] == 'x' && text[2] != '\0' && text[3] != '\0') {
            bytes[n++] = (char)strtol((char[]){text[2], text[3], '\0'}, NULL, 16);
            text += 2;
        }
        text += text[1] != '\0' ? 2 : 1;
    }
    return write(p->master, bytes, n) == (ssize_t)n;
}

static bool end(struct play *p, int64_t seconds)
{
    int64_t until = now_ms() + seconds * 1000;
    struct termios now;
    pid_t got = 0;

    while (p->pid > 0 && (got = waitpid(p->pid, &p->status, WNOHANG)) == 0 &&
           now_ms() < until) {
        if (p->master >= 0)
            (void)listen(p, 20, NULL);
        else
            (void)poll(NULL, 0, 20);
    }
    if (p->pid > 0 && got != p->pid) {
        (void)printf("runs on\n");
        return false;
    }
    p->pid = 0;
    if (p->master >= 0)
        (void)listen(p, 20, NULL);
    if (WIFSIGNALED(p->status))
        (void)printf("signal %d\n", WTERMSIG(p->status));
    else
        (void)printf("exit %d\n", WEXITSTATUS(p->status));
    if (p->slave >= 0 && tcgetattr(p->slave, &now) == 0)
        (void)printf("modes %s\n",
                     now.c_iflag == p->before.c_iflag &&
                             now.c_oflag == p->before.c_oflag &&
                             now.c_lflag == p->before.c_lflag &&
                             memcmp(now.c_cc, p->before.c_cc, sizeof(now.c_cc)) == 0
                         ? "restored"
                         : "changed");
    return true;
}

static void size_of(const struct play *p, const char *text)
{
    char *rest;
    struct winsize w = {.ws_row = (unsigned short)strtol(text, &rest, 10)};

    w.ws_col = (unsigned short)strtol(rest, NULL, 10);
    (void)ioctl(p->master, TIOCSWINSZ, &w); /* a terminal that is gone has no size */
}

static bool obey(struct play *p, char *line)
{
    char *arg = strchr(line, ' '), *rest;
    long n;

    if (arg != NULL)
        *arg++ = '\0';
    else
        arg = line + strlen(line);
    n = strtol(arg, &rest, 10);
    rest += *rest == ' ' ? 1 : 0;
    if (str_eq(line, "wait")) {
        if (listen(p, n * 1000, rest))
            return true;
        (void)fprintf(stderr, "pty: \"%s\" was not written in %ld s\n", rest, n);
        return false;
    }
    if (str_eq(line, "pause"))
        (void)listen(p, n, NULL);
    else if (str_eq(line, "keys"))
        return press(p, arg);
    else if (str_eq(line, "size"))
        size_of(p, arg);
    else if (str_eq(line, "signal"))
        return kill(p->pid, (int)n) == 0;
    else if (str_eq(line, "deaf"))
        (void)poll(NULL, 0, (int)n);
    else if (str_eq(line, "close")) {
        (void)close(p->slave);
        (void)close(p->master);
        p->slave = p->master = -1;
    } else if (str_eq(line, "say"))
        (void)printf("%s\n", arg);
    else if (str_eq(line, "end"))
        return end(p, n);
    (void)fflush(stdout);
    return true;
}

static bool start(struct play *p, int rows, int cols, char **argv)
{
    struct winsize w = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    if (openpty(&p->master, &p->slave, NULL, NULL, &w) != 0 ||
        tcgetattr(p->slave, &p->before) != 0 ||
        fcntl(p->master, F_SETFD, FD_CLOEXEC) != 0)
        return false;
    p->begin_ms = now_ms();
    p->pid = fork();
    if (p->pid == 0) {
        int slave = dup(p->slave);

        (void)close(p->slave);
        if (slave < 0 || login_tty(slave) != 0)
            _exit(126);
        (void)execvp(argv[0], argv);
        _exit(127);
    }
    return p->pid > 0;
}

int main(int argc, char **argv)
{
    static struct play p = {.master = -1, .slave = -1};
    char line[LINE];
    bool good = true;
    int at = 1;

    if (argc > 2 && str_eq(argv[1], "--cast")) {
        p.cast = fopen(argv[2], "w");
        at = 3;
        if (p.cast == NULL)
            return 2;
    }
    if (argc < at + 3)
        return 2;
    if (!start(&p, atoi(argv[at]), /* lint: allow atoi - a test's own argument */
               atoi(argv[at + 1]), /* lint: allow atoi - a test's own argument */
               argv + at + 2))
        return 2;
    if (p.cast != NULL)
        (void)fprintf(p.cast,
                      "{\"version\": 2, \"width\": %s, \"height\": %s, \"title\": "
                      "\"rushhour demo\", \"env\": {\"TERM\": \"xterm-256color\"}}\n",
                      argv[at + 1], argv[at]);
    while (good && fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        good = obey(&p, line);
    }
    if (p.pid > 0) {
        (void)kill(p.pid, SIGKILL);
        (void)waitpid(p.pid, NULL, 0);
    }
    if (p.cast != NULL && fclose(p.cast) != 0)
        return 1;
    return good ? 0 : 1;
}
