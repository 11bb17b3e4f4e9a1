#include <config.h>

#include "tui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/str.h"

enum { HANDLER_STACK = 64 * 1024 };

/* Whatever ends a process on the spot, but the signals that the loop reads and the one
 * that nobody can catch. */
static const int crash_signals[] = {SIGSEGV, SIGABRT, SIGBUS,    SIGFPE,  SIGILL,
                                    SIGSYS,  SIGTRAP, SIGXCPU,   SIGXFSZ, SIGALRM,
                                    SIGUSR2, SIGPROF, SIGVTALRM, SIGPOLL};

/* A signal handler can reach nothing but globals; written before it is installed. */
static struct {
    volatile sig_atomic_t entered, caught;
    bool at_exit; /* the same for an exit() that nobody here made */
    int fd;
    struct termios saved;
    char text[768];
    size_t text_len;
    void *stack;
} tty = {.fd = -1};

enum err_code tty_enter(int fd, struct err *e)
{
    struct termios t;

    if (!tty.entered && tcgetattr(fd, &tty.saved) != 0)
        return err_set_errno(e, ERR_IO, errno, "the terminal's modes");
    t = tty.saved;
    t.c_iflag &= ~(tcflag_t)(IXON | IXOFF | ICRNL | INLCR | IGNCR | ISTRIP);
    t.c_oflag &= ~(tcflag_t)OPOST;
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN);
    /* INTR, QUIT and SUSP are keys here; real signals come from outside. */
    t.c_cc[VINTR] = t.c_cc[VQUIT] = t.c_cc[VSUSP] = _POSIX_VDISABLE;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSADRAIN, &t) != 0)
        return err_set_errno(e, ERR_IO, errno, "the terminal's modes");
    tty.fd = fd;
    tty.entered = 1;
    return ERR_OK;
}

void tty_leave(void)
{
    if (!tty.entered)
        return;
    tty.entered = 0;
    (void)tcsetattr(tty.fd, TCSANOW, &tty.saved); /* a terminal that is gone needs none */
}

void tty_size(int fd, int *rows, int *cols)
{
    struct winsize w;

    *rows = 24;
    *cols = 80;
    if (ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0) {
        *rows = w.ws_row;
        *cols = w.ws_col;
    }
}

static void give_back(void)
{
    size_t at = 0;

    while (tty.entered && at < tty.text_len) {
        ssize_t n = write(tty.fd, tty.text + at, tty.text_len - at);

        if (n <= 0)
            break;
        at += (size_t)n;
    }
    tty_leave();
}

/* Only what is safe in a handler: write, tcsetattr, raise. */
static void crashed(int sig)
{
    give_back();
    (void)raise(sig); /* SA_RESETHAND: now it does what it always does */
}

enum err_code tty_catch_crashes(int fd, const char *restore, const char *log_path,
                                struct err *e)
{
    struct sigaction sa = {.sa_handler = crashed,
                           .sa_flags = (int)SA_RESETHAND | SA_ONSTACK | SA_NODEFER};
    stack_t stack = {.ss_size = HANDLER_STACK};

    tty.fd = fd;
    (void)str_format(tty.text, sizeof(tty.text), "%s\r\n%s crashed; the log is %s\r\n",
                     restore, PACKAGE_STRING, log_path != NULL ? log_path : "not kept");
    tty.text_len = strlen(tty.text);
    if (!tty.at_exit)
        tty.at_exit = atexit(give_back) == 0;
    tty.stack = mmap(NULL, HANDLER_STACK, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (tty.stack == MAP_FAILED) {
        tty.stack = NULL;
        return err_set_errno(e, ERR_NOMEM, errno, "a stack for crashes");
    }
    stack.ss_sp = tty.stack;
    if (sigaltstack(&stack, NULL) != 0)
        return err_set_errno(e, ERR_IO, errno, "a stack for crashes");
    (void)sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++) {
        if (sigaction(crash_signals[i], &sa, NULL) != 0)
            return err_set_errno(e, ERR_IO, errno, "a handler for crashes");
    }
    tty.caught = 1;
    return ERR_OK;
}

void tty_forget_crashes(void)
{
    struct sigaction sa = {.sa_handler = SIG_DFL};
    stack_t off = {.ss_flags = SS_DISABLE};

    if (!tty.caught)
        return;
    (void)sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
        (void)sigaction(crash_signals[i], &sa, NULL); /* the default exists always */
    (void)sigaltstack(&off, NULL);
    if (tty.stack != NULL)
        (void)munmap(tty.stack, HANDLER_STACK);
    tty.stack = NULL;
    tty.caught = 0;
}

int tty_reopen(int fd)
{
    char path[256];

    if (ttyname_r(fd, path, sizeof(path)) != 0)
        return -1;
    return open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}
