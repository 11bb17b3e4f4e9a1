/*
 * Measures dashboards from outside, each in a 120x35 terminal of its own, in rounds: one
 * after the other they start, draw their first frame and quit, some times; then all rest
 * together, so that what disturbs one disturbs the others; then keys go to one after the
 * other. Prints medians, and the first one's share of each peer's. Judges nothing.
 * usage: bench_tui ROUNDS SECONDS [--peers] [--keys DOWN UP] LABEL:COMMAND...
 * The words of a command are separated by blanks. Those behind --peers are compared with;
 * DOWN and UP are what moves the selection of those behind them.
 */
#include <config.h>

#include <dirent.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ROWS = 35,
    COLUMNS = 120,
    PROGRAMS = 8,
    WORDS = 24,
    ROUNDS = 9,
    STARTS = 4, /* of a round */
    KEYS = 100, /* of a round */
    KEYS_UNHEARD = 5,
    FRAME_BYTES = 600,
    FRAME_QUIET_MS = 20,
    FIRST_MS = 10000,
    SETTLE_MS = 15000, /* histories and first polls are read, terminals are warm */
    BURST_QUIET_MS = 20,
    KEY_MS = 1000,
    QUIT_MS = 3000
};

#define METRICS(X)                                                                       \
    X(FIRST, "first frame, ms", 1)                                                       \
    X(CPU, "at rest, CPU, % of a core", 3)                                               \
    X(WAKES, "at rest, wake-ups/s", 1)                                                   \
    X(RATE, "at rest, output, B/s", 0)                                                   \
    X(LARGEST, "at rest, largest refresh, B", 0)                                         \
    X(KEY, "key to last byte, median, ms", 2)                                            \
    X(KEY_99, "key to last byte, 99th percentile, ms", 2)                                \
    X(KEY_BYTES, "bytes for a key, median", 0)                                           \
    X(RSS, "resident, MB", 1)                                                            \
    X(ANON, "of it anonymous, MB", 1)                                                    \
    X(QUIT, "q to its end, ms", 0)

enum metric {
#define X(id, name, decimals) M_##id,
    METRICS(X)
#undef X
        N_METRICS
};

static const struct {
    const char *name;
    int decimals;
} metrics[] = {
#define X(id, name, decimals) {name, decimals},
    METRICS(X)
#undef X
};

/* Bytes without a pause between them are one refresh. */
struct refreshes {
    double last_ms;
    long total, burst, largest;
};

struct samples {
    double v[ROUNDS * KEYS];
    size_t n;
};

struct program {
    const char *label;
    char *argv[WORDS + 1];
    const char *keys[2]; /* down, up */
    bool peer;
    pid_t pid; /* 0 = it does not run */
    int fd;    /* -1 = it has ended */
    struct refreshes seen;
    struct samples samples[N_METRICS];
};

static struct program programs[PROGRAMS];
static size_t n_programs;

static void note(struct program *p, enum metric m, double value)
{
    struct samples *s = &p->samples[m];

    if (s->n < sizeof(s->v) / sizeof(s->v[0]))
        s->v[s->n++] = value;
}

static double now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail with this clock */
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* ----- what the system says of it ----- */

/* The threads of the demo's simulated site: they are the world, not the program. */
static bool is_site(pid_t pid, const char *task)
{
    char path[320], text[64] = "";
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", (int)pid, task);
    f = fopen(path, "r");
    if (f != NULL && fgets(text, sizeof(text), f) == NULL)
        text[0] = '\0';
    if (f != NULL)
        (void)fclose(f);
    return strncmp(text, "MHD-", 4) == 0;
}

/* The first number behind `field` in a file of /proc; 0 when it is not there. */
static double number_in(const char *path, const char *field)
{
    FILE *f = fopen(path, "r");
    char line[256];
    double value = 0;

    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, field, strlen(field)) != 0)
            continue;
        value = strtod(line + strlen(field), NULL);
        break;
    }
    if (f != NULL)
        (void)fclose(f);
    return value;
}

static double sum_of_threads(pid_t pid, const char *file, const char *field)
{
    char path[320];
    double sum = 0;
    struct dirent *entry;
    DIR *d;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    d = opendir(path);
    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.' || is_site(pid, entry->d_name))
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", (int)pid, entry->d_name,
                       file);
        sum += number_in(path, field);
    }
    if (d != NULL)
        (void)closedir(d);
    return sum;
}

/* Time on a processor: schedstat counts nanoseconds. */
static double cpu_ms(const struct program *p)
{
    return sum_of_threads(p->pid, "schedstat", "") / 1e6;
}

static double wakeups(const struct program *p)
{
    return sum_of_threads(p->pid, "status", "voluntary_ctxt_switches:");
}

static double status_mb(const struct program *p, const char *field)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
    return number_in(path, field) * 1024 / 1e6;
}

/* ----- its terminal ----- */

/* Reads what is there, waiting wait_ms for it; how much that was, -1 at its end. The
 * bytes are added to `text` (may be NULL) as far as they fit. */
static long read_some(struct program *p, int wait_ms, char *text, size_t size)
{
    struct pollfd f = {.fd = p->fd, .events = POLLIN};
    char buf[65536];
    size_t len = text != NULL ? strlen(text) : 0;
    ssize_t n;

    if (poll(&f, 1, wait_ms) <= 0)
        return 0;
    n = read(p->fd, buf, sizeof(buf));
    if (n <= 0)
        return -1;
    for (ssize_t i = 0; text != NULL && i < n && len + 1 < size; i++) {
        if (buf[i] != '\0')
            text[len++] = buf[i];
    }
    if (text != NULL)
        text[len] = '\0';
    if (now_ms() - p->seen.last_ms > BURST_QUIET_MS)
        p->seen.burst = 0;
    p->seen.last_ms = now_ms();
    p->seen.total += n;
    p->seen.burst += n;
    if (p->seen.burst > p->seen.largest)
        p->seen.largest = p->seen.burst;
    return n;
}

static bool start(struct program *p)
{
    struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};

    p->pid = forkpty(&p->fd, NULL, NULL, &size);
    if (p->pid == 0) {
        (void)execvp(p->argv[0], p->argv);
        _exit(127);
    }
    p->seen = (struct refreshes){.last_ms = now_ms()};
    return p->pid > 0;
}

/* To the last byte of the first frame. Where the program brackets its frames
 * (synchronized output) the bracket tells; else a pause does. */
static bool first_frame(struct program *p)
{
    static char text[65536];
    double from = now_ms();

    text[0] = '\0';
    if (!start(p))
        return false;
    while (now_ms() - from < FIRST_MS) {
        long n = read_some(p, 1, text, sizeof(text));

        if (n < 0)
            return false;
        if (p->seen.total >= FRAME_BYTES &&
            (strstr(text, "\033[?2026l") != NULL ||
             (strstr(text, "\033[?2026h") == NULL &&
              now_ms() - p->seen.last_ms > FRAME_QUIET_MS))) {
            note(p, M_FIRST, p->seen.last_ms - from);
            return true;
        }
    }
    return false;
}

/* All of them, so that none waits for its terminal. */
static void read_all(double ms)
{
    double until = now_ms() + ms;

    while (now_ms() < until) {
        struct pollfd fds[PROGRAMS];
        double left = until - now_ms();

        for (size_t i = 0; i < n_programs; i++)
            fds[i] = (struct pollfd){.fd = programs[i].fd, .events = POLLIN};
        if (poll(fds, n_programs, left > 0 ? (int)left + 1 : 0) <= 0)
            continue;
        for (size_t i = 0; i < n_programs; i++) {
            if (fds[i].revents != 0 && read_some(&programs[i], 0, NULL, 0) < 0) {
                (void)close(programs[i].fd);
                programs[i].fd = -1;
            }
        }
    }
}

/* From the key to the last byte before a pause; what comes by itself at that moment
 * counts with it, for each of them. False when nothing comes. */
static bool press(struct program *p, const char *key)
{
    long before, n;
    double from;

    n = read_some(p, 0, NULL, 0);
    before = p->seen.total;
    from = now_ms();
    if (n < 0 || write(p->fd, key, strlen(key)) != (ssize_t)strlen(key))
        return false;
    while (n >= 0 && now_ms() - from < KEY_MS &&
           (p->seen.total == before || now_ms() - p->seen.last_ms <= BURST_QUIET_MS))
        n = read_some(p, 5, NULL, 0);
    if (p->seen.total == before)
        return false;
    note(p, M_KEY, p->seen.last_ms - from);
    note(p, M_KEY_BYTES, (double)(p->seen.total - before));
    return true;
}

static void press_keys(struct program *p)
{
    int unheard = 0;

    for (int i = 0; i < KEYS && unheard < KEYS_UNHEARD; i++)
        unheard = press(p, p->keys[i / 2 % 2]) ? 0 : unheard + 1;
}

static void quit(struct program *p)
{
    double from = now_ms();
    bool ended = false;

    if (p->pid <= 0)
        return;
    if (write(p->fd, "q", 1) != 1)
        perror("write");
    while (!ended && now_ms() - from < QUIT_MS) {
        (void)read_some(p, 1, NULL, 0);
        ended = waitpid(p->pid, NULL, WNOHANG) != 0;
    }
    note(p, M_QUIT, now_ms() - from);
    if (!ended) {
        (void)kill(p->pid, SIGKILL);
        (void)waitpid(p->pid, NULL, 0);
    }
    (void)close(p->fd);
    p->fd = -1;
    p->pid = 0;
}

/* ----- a round, and what came of all ----- */

static void rest(double seconds)
{
    double cpu[PROGRAMS], woken[PROGRAMS];

    read_all(SETTLE_MS);
    for (size_t i = 0; i < n_programs; i++) {
        programs[i].seen = (struct refreshes){.last_ms = programs[i].seen.last_ms};
        cpu[i] = cpu_ms(&programs[i]);
        woken[i] = wakeups(&programs[i]);
    }
    read_all(seconds * 1e3);
    for (size_t i = 0; i < n_programs; i++) {
        struct program *p = &programs[i];

        note(p, M_CPU, (cpu_ms(p) - cpu[i]) / seconds / 10);
        note(p, M_WAKES, (wakeups(p) - woken[i]) / seconds);
        note(p, M_RATE, (double)p->seen.total / seconds);
        note(p, M_LARGEST, (double)p->seen.largest);
        note(p, M_RSS, status_mb(p, "VmRSS:"));
        note(p, M_ANON, status_mb(p, "RssAnon:"));
    }
}

/* They run when it returns true; what starts is left alone for a moment. */
static bool start_all(void)
{
    for (size_t i = 0; i < n_programs; i++) {
        if (!first_frame(&programs[i])) {
            (void)fprintf(stderr, "bench_tui: %s draws nothing\n", programs[i].label);
            return false;
        }
        read_all(500);
    }
    return true;
}

static void quit_all(void)
{
    for (size_t i = 0; i < n_programs; i++)
        quit(&programs[i]);
}

static bool play(double seconds)
{
    bool ok = true;

    for (int i = 1; i < STARTS && ok; i++) {
        ok = start_all();
        quit_all();
    }
    ok = ok && start_all();
    if (ok)
        rest(seconds);
    for (size_t i = 0; i < n_programs && ok; i++)
        press_keys(&programs[i]);
    quit_all();
    return ok;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* The value that `part` of 100 do not exceed; sorts. */
static double percentile(struct samples *s, size_t part)
{
    size_t at = s->n * part / 100;

    qsort(s->v, s->n, sizeof(s->v[0]), by_size);
    return s->n == 0 ? 0 : s->v[at < s->n ? at : s->n - 1];
}

static double result(struct program *p, enum metric m)
{
    return m == M_KEY_99 ? percentile(&p->samples[M_KEY], 99)
                         : percentile(&p->samples[m], 50);
}

static void print_table(void)
{
    (void)printf("  %-38s", "");
    for (size_t i = 0; i < n_programs; i++)
        (void)printf(" %9s", programs[i].label);
    for (size_t i = 0; i < n_programs; i++) {
        if (programs[i].peer)
            (void)printf("   / %s", programs[i].label);
    }
    (void)printf("\n");
    for (int m = 0; m < N_METRICS; m++) {
        double ours = result(&programs[0], (enum metric)m);

        (void)printf("  %-38s", metrics[m].name);
        for (size_t i = 0; i < n_programs; i++)
            (void)printf(" %9.*f", metrics[m].decimals,
                         result(&programs[i], (enum metric)m));
        for (size_t i = 0; i < n_programs; i++) {
            double other = result(&programs[i], (enum metric)m);

            if (programs[i].peer && other > 0)
                (void)printf(" %*.2f", (int)strlen(programs[i].label) + 4, ours / other);
            else if (programs[i].peer)
                (void)printf(" %*s", (int)strlen(programs[i].label) + 4, "-");
        }
        (void)printf("\n");
    }
}

static bool take_program(char *arg, bool peer, const char *const keys[2])
{
    struct program *p = &programs[n_programs];
    char *colon = strchr(arg, ':'), *save = NULL;
    size_t n = 0;

    if (colon == NULL || n_programs == PROGRAMS)
        return false;
    *colon = '\0';
    p->label = arg;
    p->peer = peer;
    p->keys[0] = keys[0];
    p->keys[1] = keys[1];
    p->fd = -1;
    for (char *w = strtok_r(colon + 1, " ", &save); w != NULL && n < WORDS;
         w = strtok_r(NULL, " ", &save))
        p->argv[n++] = w;
    n_programs++;
    return n > 0;
}

int main(int argc, char **argv)
{
    long rounds = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
    double seconds = argc > 3 ? strtod(argv[2], NULL) : 0;
    const char *keys[2] = {"\033OB", "\033OA"};
    bool peer = false, ok = rounds > 0 && rounds <= ROUNDS && seconds > 0;

    for (int i = 3; i < argc && ok; i++) {
        if (strcmp(argv[i], "--peers") == 0) {
            peer = true;
        } else if (strcmp(argv[i], "--keys") == 0 && i + 2 < argc) {
            keys[0] = argv[++i];
            keys[1] = argv[++i];
        } else {
            ok = take_program(argv[i], peer, keys);
        }
    }
    if (!ok || n_programs == 0) {
        (void)fprintf(stderr,
                      "usage: bench_tui ROUNDS (1..%d) SECONDS [--peers] [--keys DOWN "
                      "UP] LABEL:COMMAND...\n",
                      ROUNDS);
        return 2;
    }
    for (long r = 0; r < rounds; r++) {
        if (!play(seconds))
            return 1;
    }
    print_table();
    return 0;
}
