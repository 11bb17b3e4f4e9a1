#include <config.h>

#include "core/engine/mailbox.h"

#include "core/base/sure.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mailbox {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t filled;
    size_t item_size, capacity, first, n;
    bool closed;
    unsigned char items[];
};

struct mailbox *mailbox_new(size_t item_size, size_t capacity)
{
    struct mailbox *m;
    pthread_condattr_t attr;
    size_t bytes;

    if (__builtin_mul_overflow(item_size, capacity, &bytes))
        return NULL;
    m = malloc(sizeof(*m) + bytes); /* items are not cleared: most are never touched */
    if (m == NULL)
        return NULL;
    *m = (struct mailbox){.item_size = item_size, .capacity = capacity};
    if (pthread_condattr_init(&attr) != 0)
        goto no_attr;
    /* Waiting must not follow a wall clock that is set. */
    if (pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&m->filled, &attr) != 0)
        goto no_cond;
    if (pthread_mutex_init(&m->lock, NULL) != 0)
        goto no_lock;
    (void)pthread_condattr_destroy(&attr); /* its work is done */
    return m;
no_lock:
    (void)pthread_cond_destroy(&m->filled);
no_cond:
    (void)pthread_condattr_destroy(&attr);
no_attr:
    free(m);
    return NULL;
}

void mailbox_free(struct mailbox *m)
{
    if (m == NULL)
        return;
    (void)pthread_cond_destroy(&m->filled); /* nobody waits any more */
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

bool mailbox_put(struct mailbox *m, const void *item)
{
    bool ok;

    (void)pthread_mutex_lock(&m->lock); /* a plain mutex of ours: cannot fail */
    SURE(m->n <= m->capacity && m->first < m->capacity);
    ok = !m->closed && m->n < m->capacity;
    if (ok) {
        memcpy(m->items + (m->first + m->n) % m->capacity * m->item_size, item,
               m->item_size);
        m->n++;
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (ok) /* behind the lock: who is woken need not wait for it once more */
        (void)pthread_cond_signal(&m->filled);
    return ok;
}

int mailbox_get(struct mailbox *m, void *item, int64_t timeout_ms)
{
    struct timespec until;
    /* A look alone does not wait: with a time that is over, the kernel still gives the
     * processor to somebody else. */
    int got = 0, rc = timeout_ms == 0 ? ETIMEDOUT : 0;

    /* lint: allow clock_gettime - the clock that the wait itself runs on */
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&m->lock); /* a plain mutex of ours: cannot fail */
    while (m->n == 0 && !m->closed && rc != ETIMEDOUT) {
        if (timeout_ms < 0)
            rc = pthread_cond_wait(&m->filled, &m->lock);
        else
            rc = pthread_cond_timedwait(&m->filled, &m->lock, &until);
    }
    if (m->n > 0) {
        memcpy(item, m->items + m->first * m->item_size, m->item_size);
        SURE(m->n <= m->capacity && m->first < m->capacity);
        m->n--;
        /* An empty one begins at its front again: room behind that is touched only when
         * many wait. */
        m->first = m->n == 0 ? 0 : (m->first + 1) % m->capacity;
        got = 1;
    } else if (m->closed) {
        got = -1;
    }
    (void)pthread_mutex_unlock(&m->lock);
    return got;
}

void mailbox_close(struct mailbox *m)
{
    (void)pthread_mutex_lock(&m->lock); /* a plain mutex of ours: cannot fail */
    m->closed = true;
    (void)pthread_cond_broadcast(&m->filled);
    (void)pthread_mutex_unlock(&m->lock);
}
