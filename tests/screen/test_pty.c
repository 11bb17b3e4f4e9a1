#include <config.h>

#include "tests/screen/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "core/base/clock.h"
#include "tests/unit/folder.h"
#include "tests/unit/table.h"

/* The shell on a pseudo-terminal: it starts, answers keys, and gives the terminal back.
 */

enum { WAIT_MS = 5000, OUTPUT = 256 * 1024 };

struct run {
    pid_t pid;
    int master, alive; /* alive: readable once the child has ended */
    struct termios before;
    char out[OUTPUT];
    size_t len;
};

static int taken_fd = -1; /* of the next child: a byte for each command */

static bool take(void *ctx, const struct command *c, struct err *e)
{
    char byte = (char)('A' + (int)c->kind);

    (void)ctx;
    (void)e;
    return taken_fd < 0 || write(taken_fd, &byte, 1) == 1;
}

static struct fleet *latest(void *ctx)
{
    return fleet_ref(ctx);
}

/* A source that changes under the next child: R brings another picture, `reload` another
 * configuration, `b` nobody. */
static bool changes;
static struct {
    struct fleet *fleet;
    struct config *config, was; /* what is in force, what was */
    int event_fd;
    bool asked;
} source;

static bool change(void *ctx, const struct command *c, struct err *e)
{
    uint64_t one = 1;

    (void)ctx;
    (void)e;
    if (c->kind != COMMAND_REFRESH)
        return false;
    fleet_unref(source.fleet);
    source.fleet = story_fleet(STORY_INTERRUPTION);
    source.fleet->version = 99;
    source.fleet->ended = source.fleet->looked = true;
    source.fleet->setting = AUTO_OFF;
    return write(source.event_fd, &one, sizeof(one)) == (ssize_t)sizeof(one);
}

static struct fleet *changed(void *ctx)
{
    (void)ctx;
    return fleet_ref(source.fleet);
}

static bool ask_again(void *ctx, struct err *e)
{
    (void)ctx;
    if (source.asked)
        return err_set(e, ERR_LOCKED, "it is being read already") == ERR_OK;
    source.asked = true;
    return true;
}

static bool read_again(void *ctx, struct app_reload *out)
{
    (void)ctx;
    if (!source.asked || source.was.file != NULL)
        return false;
    source.was = *source.config;
    source.was.file = "rh.conf";
    source.config->ui.glyphs = GLYPHS_ASCII;
    source.config->ui.mouse = source.config->ui.locked = true;
    source.config->ui.time = TIME_UTC;
    *out = (struct app_reload){.taken = true, .was = &source.was};
    (void)str_copy(out->text, sizeof(out->text), "all of it is in force");
    return true;
}

static void drop(void *ctx, struct app_reload *r)
{
    (void)ctx;
    r->was = NULL;
}

static bool no_take_over(void *ctx, struct app_reload *r, struct err *e)
{
    (void)ctx;
    r->taken = false;
    return err_set(e, ERR_LOCKED, "somebody was faster") == ERR_OK;
}

static struct app_observed observed = {.holder = "dana@ops1 pid 7",
                                       .take_over = no_take_over};

static void make_changing(struct stage *s)
{
    fleet_unref(s->app.source.ctx);
    (void)close(s->app.source.event_fd);
    s->app.source = (struct app_source){.latest = changed,
                                        .send = change,
                                        .event_fd = eventfd(0, EFD_NONBLOCK),
                                        .reload = ask_again,
                                        .reloaded = read_again,
                                        .reload_done = drop};
    s->app.observed = &observed;
    s->config.notify = (struct notify_config){
        .bell = NOTIFY_BELL_ALL, .osc = NOTIFY_OSC_9, .command = {"/bin/true"}};
    source.fleet = story_fleet(STORY_NORMAL);
    source.fleet->looked = true;
    source.config = &s->config;
    source.event_fd = s->app.source.event_fd;
}

static const char *theme_dir, *state_dir; /* of the next child; NULL = none */
static bool still, stoppable;             /* its reduce_motion, allow_suspend */

/* The child: exit code 0 for q, 10 + signal, 3 for a hang-up, 2 for a bad terminal. It
 * ends as programs do: leaks are looked for, lines are counted. */
static void child(const char *term)
{
    static struct stage s;
    struct app_result result = {0};
    struct err e = {0};
    enum err_code rc;

    (void)setlocale(LC_CTYPE, "C.UTF-8");
    stage_init(&s);
    if (tz_load("Asia/Jerusalem", &s.tz, &e) != ERR_OK)
        exit(98);
    s.app.tz = s.tz;
    s.app.clock = clock_system();
    s.app.term = term;
    s.app.demo.on = true; /* q leaves at once */
    s.app.source.latest = latest;
    s.app.source.send = take;
    s.app.source.ctx = story_fleet(STORY_NORMAL);
    s.app.source.event_fd = eventfd(0, EFD_NONBLOCK);
    s.app.result = &result;
    s.app.theme_dirs[0] = theme_dir;
    s.app.state_dir = state_dir;
    if (changes)
        make_changing(&s);
    s.config.ui.reduce_motion = still;
    s.config.ui.allow_suspend = stoppable;
    rc = app_run(&s.app, &e);
    if (rc != ERR_OK)
        exit(rc == ERR_USAGE ? 2 : 1);
    exit(result.end == APP_QUIT ? 0 : result.end == APP_SIGNAL ? 10 + result.signal : 3);
}

static void start(struct run *r, const char *term)
{
    struct winsize size = {.ws_row = 35, .ws_col = 120};
    int slave, alive[2];

    memset(r, 0, sizeof(*r));
    assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
    assert_int_equal(openpty(&r->master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(slave, &r->before), 0);
    assert_int_equal(fcntl(r->master, F_SETFL, O_NONBLOCK), 0);
    (void)fflush(NULL); /* or the child says it again */
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0) {
        (void)close(r->master);
        if (login_tty(slave) != 0)
            _exit(99);
        child(term);
    }
    (void)close(slave);
    (void)close(alive[1]);
    r->alive = alive[0];
}

/* Reads until the text was seen (from `from` on), or for wait_ms when it is NULL. */
static bool read_until(struct run *r, size_t from, const char *text, int64_t wait_ms)
{
    int64_t end = clock_mono(clock_system()).ms + wait_ms;

    for (;;) {
        int64_t left = end - clock_mono(clock_system()).ms;
        struct pollfd p = {.fd = r->master, .events = POLLIN};
        ssize_t n;

        r->out[r->len] = '\0';
        if (text != NULL && strstr(r->out + from, text) != NULL)
            return true;
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            return false;
        n = read(r->master, r->out + r->len, sizeof(r->out) - r->len - 1);
        if (n <= 0)
            return false;
        r->len += (size_t)n;
    }
}

static void send_keys(const struct run *r, const char *keys)
{
    assert_int_equal(write(r->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* The child's end within bounds, reading what it still writes. */
static int finish(struct run *r)
{
    int64_t end = clock_mono(clock_system()).ms + WAIT_MS;
    int status = -1;

    for (;;) {
        struct pollfd p[] = {{.fd = r->master, .events = POLLIN},
                             {.fd = r->alive, .events = POLLIN}};
        int64_t left = end - clock_mono(clock_system()).ms;

        if (left <= 0 || poll(p, ARRAY_LEN(p), (int)left) <= 0) {
            (void)kill(r->pid, SIGKILL);
            break;
        }
        if (p[1].revents != 0)
            break;
        if (p[0].revents & POLLIN) {
            ssize_t n = read(r->master, r->out + r->len, sizeof(r->out) - r->len - 1);

            r->len += n > 0 ? (size_t)n : 0;
        } else if (p[0].revents != 0 && poll(&p[1], 1, left > 0 ? (int)left : 0) <= 0) {
            (void)kill(r->pid, SIGKILL);
            break;
        }
    }
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    (void)read_until(r, 0, NULL, 20);
    (void)close(r->alive);
    return status;
}

static void assert_restored(struct run *r)
{
    struct termios now;

    assert_int_equal(tcgetattr(r->master, &now), 0);
    assert_int_equal(now.c_iflag, r->before.c_iflag);
    assert_int_equal(now.c_oflag, r->before.c_oflag);
    assert_int_equal(now.c_lflag, r->before.c_lflag);
    assert_memory_equal(now.c_cc, r->before.c_cc, sizeof(now.c_cc));
    assert_non_null(strstr(r->out, "\033[?1049l"));
    assert_non_null(strstr(r->out, "\033[?1004l\033[?2004l"));
}

static void test_quit(void **state)
{
    static struct run r;
    int status;

    (void)state;
    start(&r, "xterm-256color");
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    send_keys(&r, "?");
    assert_true(read_until(&r, 0, "Move around", WAIT_MS));
    send_keys(&r, "qq");
    status = finish(&r);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_restored(&r);
    (void)close(r.master);
}

static void test_signals(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};
    static struct run r;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        int status;

        start(&r, "xterm-256color");
        assert_true(read_until(&r, 0, "write-back", WAIT_MS));
        assert_int_equal(kill(r.pid, signals[i]), 0);
        status = finish(&r);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 10 + signals[i]);
        assert_restored(&r);
        (void)close(r.master);
    }
}

static void test_crash(void **state)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    static struct run r;

    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* the sanitizer's own handlers come first */
#endif
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        int status;

        start(&r, "xterm-256color");
        assert_true(read_until(&r, 0, "write-back", WAIT_MS));
        assert_int_equal(kill(r.pid, signals[i]), 0);
        status = finish(&r);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        assert_restored(&r);
        assert_non_null(strstr(r.out, "crashed"));
        (void)close(r.master);
    }
}

static void test_hangup(void **state)
{
    static struct run r;
    int64_t begin;
    int status;

    (void)state;
    start(&r, "xterm-256color");
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    begin = clock_mono(clock_system()).ms;
    (void)close(r.master); /* the terminal is gone */
    if (poll(&(struct pollfd){.fd = r.alive, .events = POLLIN}, 1, WAIT_MS) <= 0)
        (void)kill(r.pid, SIGKILL);
    assert_int_equal(waitpid(r.pid, &status, 0), r.pid);
    (void)close(r.alive);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_true(clock_mono(clock_system()).ms - begin <= 1000);
}

static void test_resize(void **state)
{
    static struct run r;
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    size_t from;
    int status;

    (void)state;
    start(&r, "xterm-256color");
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    from = r.len;
    for (unsigned short i = 0; i < 200; i++) { /* a storm of 2 s */
        size.ws_row = (unsigned short)(1 + i * 7 % 60);
        size.ws_col = (unsigned short)(1 + i * 31 % 200);
        assert_int_equal(ioctl(r.master, TIOCSWINSZ, &size), 0);
        (void)read_until(&r, 0, NULL, 10);
        if (r.len > OUTPUT / 2)
            from = r.len = 0; /* enough room for what comes */
    }
    size.ws_row = 10;
    size.ws_col = 40;
    assert_int_equal(ioctl(r.master, TIOCSWINSZ, &size), 0);
    assert_true(read_until(&r, from, "? help", WAIT_MS));
    send_keys(&r, "q");
    status = finish(&r);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(r.master);
}

static void test_terms(void **state)
{
    static const struct {
        const char *term;
        int code;
    } rows[] = {{"tmux-256color", 0},
                {"screen-256color", 0},
                {"linux", 0},
                {"vt100", 0},
                {"no-such-terminal", 2}};
    static struct run r;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int status;

        start(&r, rows[i].term);
        if (rows[i].code == 0) {
            assert_row(rows[i].term, read_until(&r, 0, "write-back", WAIT_MS));
            send_keys(&r, "q");
        }
        status = finish(&r);
        assert_row(rows[i].term,
                   WIFEXITED(status) && WEXITSTATUS(status) == rows[i].code);
        (void)close(r.master);
    }
}

/* Quiet: at most 80 bytes a second, and it answers a key while quiet. */
static void test_idle(void **state)
{
    static struct run r;
    size_t from;
    int64_t begin;

    (void)state;
    start(&r, "xterm-256color");
    assert_true(read_until(&r, 0, "q quit", WAIT_MS));
    (void)read_until(&r, 0, NULL, 200);
    from = r.len;
    (void)read_until(&r, 0, NULL, 3000);
    print_message("%zu bytes in 3 s\n", r.len - from);
    assert_true(r.len - from <= 4 * 80);
    from = r.len;
    begin = clock_mono(clock_system()).ms;
    send_keys(&r, "5");
    assert_true(read_until(&r, from, "LAST ERROR", WAIT_MS));
    print_message("a key took %lld ms\n",
                  (long long)(clock_mono(clock_system()).ms - begin));
    send_keys(&r, "qq");
    assert_int_equal(finish(&r), 0);
    (void)close(r.master);
}

static void put(const char *dir, const char *name, const char *text)
{
    char path[256], part[256];
    FILE *f;

    assert_true(str_format(path, sizeof(path), "%s/%s", dir, name));
    assert_true(str_format(part, sizeof(part), "%s/part", dir));
    f = fopen(part, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(part, path), 0);
}

/* A theme is chosen from the list and kept; its file is read again when it changes, and
 * what is wrong in it is said with its line. */
static void test_theme(void **state)
{
    static struct run r;
    char dir[] = "/tmp/rushhour-pty-XXXXXX", path[64];
    size_t from;

    (void)state;
    assert_non_null(mkdtemp(dir));
    put(dir, "zebra.theme", "text = 250\nselect = 123\n");
    theme_dir = state_dir = dir;
    start(&r, "xterm-256color");
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    from = r.len;
    send_keys(&r, "T");
    assert_true(read_until(&r, from, "38;5;123m", WAIT_MS));
    send_keys(&r, "\r");
    (void)read_until(&r, 0, NULL, 300);
    from = r.len;
    put(dir, "zebra.theme", "text = 250\nselect = 125\n");
    assert_true(read_until(&r, from, "38;5;125m", WAIT_MS));
    from = r.len;
    put(dir, "zebra.theme", "text = 250\nselect = 126\nokay = 3\n");
    assert_true(read_until(&r, from, "zebra.theme:3: \"okay\"", WAIT_MS));
    send_keys(&r, "q");
    assert_int_equal(finish(&r), 0);
    (void)close(r.master);
    start(&r, "xterm-256color"); /* the next one starts with it */
    assert_true(read_until(&r, 0, "38;5;126m", WAIT_MS));
    send_keys(&r, "q");
    assert_int_equal(finish(&r), 0);
    (void)close(r.master);
    theme_dir = state_dir = NULL;
    (void)str_format(path, sizeof(path), "%s/zebra.theme", dir);
    assert_int_equal(unlink(path), 0);
    (void)str_format(path, sizeof(path), "%s/ui.json", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* The mouse, when it is switched on: reports in pieces are no keys, and no sequence of
 * the terminal types anything. */
static void test_mouse(void **state)
{
    static const char *const pieces[] = {"\033[<0;4;", "9",      "M",     "\033[<0;4;9m",
                                         "\033[M !!",  "\033[I", "\033[O"};
    static struct run r;
    size_t from;

    (void)state;
    start(&r, "xterm-256color");
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    assert_null(strstr(r.out, "\033[?1000h")); /* off by default */
    assert_non_null(strstr(r.out, "\033[?1004h"));
    send_keys(&r, "M");
    assert_true(read_until(&r, 0, "\033[?1000h\033[?1006h", WAIT_MS));
    from = r.len;
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        send_keys(&r, pieces[i]);
        (void)read_until(&r, 0, NULL, 60); /* longer than curses waits for more */
    }
    send_keys(&r, "\r"); /* opens the server that was clicked */
    assert_true(read_until(&r, from, "Should", WAIT_MS));
    assert_non_null(strstr(r.out + from, "migration"));
    from = r.len;
    send_keys(&r, "M"); /* none of the pieces was the key M */
    assert_true(read_until(&r, from, "\033[?1006l\033[?1000l", WAIT_MS));
    send_keys(&r, "M");
    assert_true(read_until(&r, from, "\033[?1000h\033[?1006h", WAIT_MS));
    send_keys(&r, "qq");
    assert_int_equal(finish(&r), 0);
    assert_restored(&r);
    assert_non_null(strstr(r.out + from, "\033[?1004l"));
    (void)close(r.master);
}

/* Copy mode is silent, and y sends the row in base64. */
static void test_copy(void **state)
{
    static struct run r;
    size_t from;

    (void)state;
    start(&r, "xterm-256color");
    assert_true(read_until(&r, 0, "q quit", WAIT_MS));
    send_keys(&r, "y");
    assert_true(read_until(&r, 0, "\033]52;c;", WAIT_MS));
    assert_true(read_until(&r, 0, "sent to", WAIT_MS));
    send_keys(&r, "Y");
    assert_true(read_until(&r, 0, "COPY", WAIT_MS));
    (void)read_until(&r, 0, NULL, 200);
    from = r.len;
    (void)read_until(&r, 0, NULL, 2500);
    assert_int_equal(r.len, from);
    send_keys(&r, "\033");
    assert_true(read_until(&r, from, "q quit", WAIT_MS));
    send_keys(&r, "q");
    assert_int_equal(finish(&r), 0);
    (void)close(r.master);
}

/* By the key or from outside. */
static void stop(const struct run *r, bool key)
{
    if (key)
        send_keys(r, "\032");
    else
        assert_int_equal(kill(r->pid, SIGTSTP), 0);
}

/* Suspended, where that is allowed: the terminal is given back, and taken again with a
 * fresh look at everything. */
static void suspend_by(bool key)
{
    static struct run r;
    struct termios now;
    int status, taken[2];
    size_t from;
    char byte = 0;

    assert_int_equal(pipe2(taken, O_CLOEXEC), 0);
    taken_fd = taken[1];
    start(&r, "xterm-256color"); /* not allowed: it only says so */
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    stop(&r, key);
    assert_true(read_until(&r, 0, "detach from tmux", WAIT_MS));
    assert_int_equal(waitpid(r.pid, &status, WNOHANG | WUNTRACED), 0);
    send_keys(&r, "q");
    assert_int_equal(finish(&r), 0);
    (void)close(r.master);
    stoppable = true;
    start(&r, "xterm-256color");
    stoppable = false;
    assert_true(read_until(&r, 0, "q quit", WAIT_MS));
    send_keys(&r, "M");
    assert_true(read_until(&r, 0, "\033[?1000h", WAIT_MS));
    stop(&r, key);
    assert_true(read_until(&r, 0, "\033[?1049l", WAIT_MS));
    assert_int_equal(waitpid(r.pid, &status, WUNTRACED), r.pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(tcgetattr(r.master, &now), 0);
    assert_int_equal(now.c_lflag, r.before.c_lflag);
    assert_non_null(strstr(r.out, "\033[?1006l\033[?1000l"));
    from = r.len;
    assert_int_equal(kill(r.pid, SIGCONT), 0);
    assert_true(read_until(&r, from, "q quit", WAIT_MS)); /* all of it again */
    assert_non_null(strstr(r.out + from, "\033[?1049h"));
    assert_true(read_until(&r, from, "\033[?1000h", WAIT_MS));
    if (poll(&(struct pollfd){.fd = taken[0], .events = POLLIN}, 1, WAIT_MS) == 1)
        assert_int_equal(read(taken[0], &byte, 1), 1);
    assert_int_equal(byte, 'A' + (int)COMMAND_REFRESH);
    send_keys(&r, "q");
    assert_int_equal(finish(&r), 0);
    assert_restored(&r);
    (void)close(r.master);
    taken_fd = -1;
    (void)close(taken[0]);
    (void)close(taken[1]);
}

static void test_suspend(void **state)
{
    (void)state;
    suspend_by(true);
    suspend_by(false);
}

/* reduce_motion: nothing at all moves within a minute; a key still does. */
static void test_still(void **state)
{
    static struct run r;
    size_t from;

    (void)state;
    still = true;
    start(&r, "xterm-256color");
    still = false;
    assert_true(read_until(&r, 0, "q quit", WAIT_MS));
    (void)read_until(&r, 0, NULL, 200);
    while (clock_utc(clock_system()).s % 60 > 55) /* the minute's end draws */
        (void)read_until(&r, 0, NULL, 500);
    from = r.len;
    (void)read_until(&r, 0, NULL, 3000);
    assert_int_equal(r.len, from);
    send_keys(&r, "j");
    (void)read_until(&r, 0, NULL, 300);
    assert_true(r.len > from);
    send_keys(&r, "q");
    assert_int_equal(finish(&r), 0);
    (void)close(r.master);
}

/* The only file of the folder has the text; the folder goes. */
static void assert_dumped(const char *dir, const char *text)
{
    char path[512] = "", got[16384] = "";
    DIR *d = opendir(dir);
    const struct dirent *entry;
    FILE *f;

    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        if (str_starts(entry->d_name, "screen-"))
            assert_true(str_format(path, sizeof(path), "%s/%s", dir, entry->d_name));
    }
    (void)closedir(d);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(got, 1, sizeof(got) - 1, f) > 0);
    assert_int_equal(fclose(f), 0);
    assert_non_null(strstr(got, text));
    assert_true(folder_remove(dir));
}

/* By the key or by SIGUSR1. */
static void dump_by(bool key)
{
    static struct run r;
    char dir[] = "/tmp/rushhour-pty-XXXXXX";

    assert_non_null(mkdtemp(dir));
    state_dir = dir;
    start(&r, "xterm-256color");
    state_dir = NULL;
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    if (key)
        send_keys(&r, "D");
    else
        assert_int_equal(kill(r.pid, SIGUSR1), 0);
    assert_true(read_until(&r, 0, "written", WAIT_MS));
    send_keys(&r, "q");
    assert_int_equal(finish(&r), 0);
    (void)close(r.master);
    assert_dumped(dir, "write-back");
}

/* What is on the screen, into a file of its own; without a folder, it is said. */
static void test_dump(void **state)
{
    static struct run r;

    (void)state;
    start(&r, "xterm-256color");
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    send_keys(&r, "D");
    assert_true(read_until(&r, 0, "could not be written", WAIT_MS));
    send_keys(&r, "3E");
    assert_true(read_until(&r, 0, "no ledger", WAIT_MS));
    send_keys(&r, "qq");
    assert_int_equal(finish(&r), 0);
    (void)close(r.master);
    dump_by(true);
    dump_by(false);
}

/* Another picture rings and notifies; who cannot take over says so; another configuration
 * is on the screen at once, in its glyphs, with the mouse and the key lock it asks for.
 */
static void test_changes(void **state)
{
    static struct run r;
    size_t from;

    (void)state;
    changes = true;
    start(&r, "xterm-256color");
    changes = false;
    assert_true(read_until(&r, 0, "write-back", WAIT_MS));
    assert_null(strchr(r.out, '\a'));
    send_keys(&r, "R");
    assert_true(read_until(&r, 0, "\a", WAIT_MS));
    assert_true(read_until(&r, 0, "\033]9;rushhour haifa: ", WAIT_MS));
    (void)read_until(&r, 0, NULL, 200);
    send_keys(&r, "b");
    assert_true(read_until(&r, 0, "Take over?", WAIT_MS));
    (void)read_until(&r, 0, NULL, 350); /* a question takes no answer at once */
    send_keys(&r, "t");
    assert_true(read_until(&r, 0, "somebody was faster", WAIT_MS));
    from = r.len;
    send_keys(&r, ":reload\r");
    assert_true(read_until(&r, from, "\033[?1049l", WAIT_MS)); /* the terminal anew */
    assert_true(read_until(&r, from, "all of it is in force", WAIT_MS));
    assert_non_null(strstr(r.out + from, "----------"));
    assert_non_null(strstr(r.out + from, "\033[?1000h"));
    assert_non_null(strstr(r.out + from, "UTC"));
    from = r.len;
    send_keys(&r, "m");
    assert_true(read_until(&r, from, "locked", WAIT_MS));
    from = r.len;
    send_keys(&r, ":reload\r");
    assert_true(read_until(&r, from, "it is being read", WAIT_MS));
    send_keys(&r, "q");
    assert_int_equal(finish(&r), 0);
    assert_restored(&r);
    (void)close(r.master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quit),    cmocka_unit_test(test_signals),
        cmocka_unit_test(test_crash),   cmocka_unit_test(test_hangup),
        cmocka_unit_test(test_resize),  cmocka_unit_test(test_terms),
        cmocka_unit_test(test_idle),    cmocka_unit_test(test_theme),
        cmocka_unit_test(test_mouse),   cmocka_unit_test(test_copy),
        cmocka_unit_test(test_suspend), cmocka_unit_test(test_still),
        cmocka_unit_test(test_dump),    cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
