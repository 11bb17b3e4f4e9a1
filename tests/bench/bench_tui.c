/*
 * Runs a terminal program in a 120x35 pty and measures it from outside: time to the first
 * full frame, processor time, wake-ups, bytes written and resident memory while nobody
 * touches it, and the time from `q` to its end. usage: bench_tui SECONDS COMMAND [ARG...]
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 35, COLUMNS = 120, QUIET_MS = 30, FRAME_BYTES = 600, SETTLE_MS = 25000 };

static double now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail with this clock */
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Bytes without a pause between them are a refresh: how many there were, and the largest.
 */
struct refreshes {
    long n, largest;
};

/* Bytes that came within `ms` or until `quiet_ms` without any (0 = no such end). */
static long drain(int fd, double ms, int quiet_ms, double *last, struct refreshes *r)
{
    double end = now_ms() + ms;
    long total = 0, burst = 0;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        double left = end - now_ms();
        int wait = left < 0 ? 0 : left > QUIET_MS ? QUIET_MS : (int)left;
        char buf[65536];
        ssize_t n;

        if (left <= 0)
            break;
        if (poll(&p, 1, wait) <= 0) {
            burst = 0;
            if (quiet_ms > 0 && total > FRAME_BYTES && now_ms() - *last > quiet_ms)
                break;
            continue;
        }
        n = read(fd, buf, sizeof(buf));
        if (n <= 0)
            break;
        total += n;
        r->n += burst == 0 ? 1 : 0;
        burst += n;
        if (burst > r->largest)
            r->largest = burst;
        *last = now_ms();
    }
    return total;
}

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

/* The first number of a file of each of its threads, behind `field` where that is set. */
static double sum_of(pid_t pid, const char *file, const char *field)
{
    char path[320], line[256];
    double sum = 0;
    struct dirent *entry;
    DIR *d;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    d = opendir(path);
    while (d != NULL && (entry = readdir(d)) != NULL) {
        FILE *f;

        if (entry->d_name[0] == '.' || is_site(pid, entry->d_name))
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", (int)pid, entry->d_name,
                       file);
        f = fopen(path, "r");
        while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
            if (strncmp(line, field, strlen(field)) != 0)
                continue;
            sum += strtod(line + strlen(field), NULL);
            break;
        }
        if (f != NULL)
            (void)fclose(f);
    }
    if (d != NULL)
        (void)closedir(d);
    return sum;
}

/* Time on a processor, in ms: schedstat counts nanoseconds. */
static double cpu_ms(pid_t pid)
{
    return sum_of(pid, "schedstat", "") / 1e6;
}

/* A field of /proc/PID/status. */
static long status_field(pid_t pid, const char *field)
{
    char path[64], line[256];
    long value = 0;
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtol(line + strlen(field) + 1, NULL, 10);
    }
    if (f != NULL)
        (void)fclose(f);
    return value;
}

static long wakeups(pid_t pid)
{
    return (long)sum_of(pid, "status", "voluntary_ctxt_switches:");
}

int main(int argc, char **argv)
{
    struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
    long seconds = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
    double start, last, cpu, quit;
    struct refreshes seen = {0, 0}, rest;
    long first, idle, woken, rss, anon;
    int fd, status = 0;
    pid_t pid;

    if (seconds <= 0) {
        (void)fprintf(stderr, "usage: bench_tui SECONDS COMMAND [ARG...]\n");
        return 2;
    }
    start = last = now_ms();
    pid = forkpty(&fd, NULL, NULL, &size);
    if (pid < 0)
        return 1;
    if (pid == 0) {
        (void)execvp(argv[2], argv + 2);
        _exit(127);
    }
    first = drain(fd, 10000, 60, &last, &seen);
    (void)printf("%-24s first frame %7.1f ms (%ld bytes)", argv[2], last - start, first);
    (void)fflush(stdout);
    (void)drain(fd, SETTLE_MS, 0, &last, &seen);
    seen = (struct refreshes){0, 0};
    cpu = cpu_ms(pid);
    woken = wakeups(pid);
    idle = drain(fd, (double)seconds * 1e3, 0, &last, &seen);
    rest = seen;
    cpu = cpu_ms(pid) - cpu;
    woken = wakeups(pid) - woken;
    rss = status_field(pid, "VmRSS:");
    anon = status_field(pid, "RssAnon:");
    quit = now_ms();
    if (write(fd, "q", 1) != 1)
        perror("write");
    (void)drain(fd, 3000, 0, &last, &seen);
    if (waitpid(pid, &status, WNOHANG) == 0) {
        (void)kill(pid, SIGTERM);
        (void)waitpid(pid, &status, 0);
    }
    (void)printf("  idle %5.3f %% CPU  %6.1f B/s  %5.0f B a refresh, largest %ld  %5.1f "
                 "wake-ups/s  RSS %5.1f MiB (anonymous %.1f)  quit %.0f ms\n",
                 cpu / (double)seconds / 10, (double)idle / (double)seconds,
                 rest.n > 0 ? (double)idle / (double)rest.n : 0, rest.largest,
                 (double)woken / (double)seconds, (double)rss / 1024, (double)anon / 1024,
                 last - quit);
    return 0;
}
