#include <config.h>

#include "core/engine/board.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct board {
    pthread_mutex_t lock; /* guards latest */
    struct fleet *latest;
    int fd;
};

enum err_code board_new(struct board **out, struct err *e)
{
    struct board *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return err_set(e, ERR_NOMEM, "board: out of memory");
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->fd < 0) {
        free(b);
        return err_set_errno(e, ERR_IO, errno, "board: no eventfd");
    }
    if (pthread_mutex_init(&b->lock, NULL) != 0) {
        (void)close(b->fd);
        free(b);
        return err_set(e, ERR_NOMEM, "board: no mutex");
    }
    *out = b;
    return ERR_OK;
}

void board_free(struct board *b)
{
    if (b == NULL)
        return;
    fleet_unref(b->latest);
    (void)close(b->fd); /* nothing was written that could be lost */
    (void)pthread_mutex_destroy(&b->lock);
    free(b);
}

void board_publish(struct board *b, struct fleet *taken)
{
    struct fleet *old;

    (void)pthread_mutex_lock(&b->lock); /* a plain mutex of ours: cannot fail */
    old = b->latest;
    b->latest = taken;
    (void)pthread_mutex_unlock(&b->lock);
    fleet_unref(old); /* outside: freeing takes time */
    board_wake(b);
}

void board_wake(struct board *b)
{
    uint64_t one = 1;

    if (write(b->fd, &one, sizeof(one)) < 0)
        return; /* full means that a wake-up is pending already */
}

struct fleet *board_latest(struct board *b)
{
    struct fleet *f;

    (void)pthread_mutex_lock(&b->lock); /* a plain mutex of ours: cannot fail */
    f = b->latest != NULL ? fleet_ref(b->latest) : NULL;
    (void)pthread_mutex_unlock(&b->lock);
    return f;
}

int board_event_fd(const struct board *b)
{
    return b->fd;
}
