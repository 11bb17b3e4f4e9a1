/*
 * fast_clock - linked around the real program (ld --wrap) it makes its time go faster,
 * and counts what it asks the APIs. The program itself knows nothing of it. RH_CRASH_T0,
 * RH_CRASH_SPEED  milliseconds since 1970 from which on its clock goes so many times as
 * fast, as the simulated site's does RH_POLL_LOG    a file: how many polls of Jenkins'
 * nodes were answered, how many of all
 */
#include <config.h>

#include "core/base/str.h"
#include "core/engine/api_set.h"
#include "core/engine/mailbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t number(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    struct err e = {0};
    int64_t v;

    return text != NULL && str_to_i64(text, 1, INT64_MAX, &v, &e) == ERR_OK ? v
                                                                            : otherwise;
}

static int64_t speed(void)
{
    return number("RH_CRASH_SPEED", 1);
}

static int64_t read_ms(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts); /* cannot fail with these clocks */
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static struct utc fast_utc(void *ctx)
{
    int64_t now = read_ms(CLOCK_REALTIME), from = number("RH_CRASH_T0", now);

    (void)ctx;
    return (struct utc){(from + (now - from) * speed()) / 1000};
}

static struct mono fast_mono(void *ctx)
{
    (void)ctx;
    return (struct mono){read_ms(CLOCK_BOOTTIME) * speed()};
}

const struct clock *__wrap_clock_system(void);
const struct clock *__wrap_clock_system(void)
{
    static const struct clock fast = {fast_utc, fast_mono, NULL};

    return &fast;
}

int __real_mailbox_get(struct mailbox *m, void *item, int64_t timeout_ms);
int __wrap_mailbox_get(struct mailbox *m, void *item, int64_t timeout_ms);

/* Whoever waits for a time waits by that clock. */
int __wrap_mailbox_get(struct mailbox *m, void *item, int64_t timeout_ms)
{
    return __real_mailbox_get(m, item,
                              timeout_ms > 0 ? timeout_ms / speed() + 1 : timeout_ms);
}

/* ----- polls ----- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void count(bool round)
{
    static int fd = -1;
    static int64_t rounds, polls;
    const char *path = getenv("RH_POLL_LOG");
    char text[64];

    if (path == NULL)
        return;
    (void)pthread_mutex_lock(&lock); /* a plain mutex of ours: cannot fail */
    if (fd < 0)
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    rounds += round ? 1 : 0;
    polls++;
    (void)str_format(text, sizeof(text), "%12lld %12lld\n", (long long)rounds,
                     (long long)polls);
    if (fd >= 0 && pwrite(fd, text, strlen(text), 0) < 0)
        abort();
    (void)pthread_mutex_unlock(&lock);
}

struct observation *__real_api_set_poll(struct api_set *s, enum source source,
                                        const struct poll_hints *hints);
struct observation *__wrap_api_set_poll(struct api_set *s, enum source source,
                                        const struct poll_hints *hints);

struct observation *__wrap_api_set_poll(struct api_set *s, enum source source,
                                        const struct poll_hints *hints)
{
    struct observation *o = __real_api_set_poll(s, source, hints);

    if (o != NULL && o->err.code == ERR_OK)
        count(source == SOURCE_JENKINS);
    return o;
}
