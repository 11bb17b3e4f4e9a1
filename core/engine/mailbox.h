/*
 * mailbox - a bounded queue of fixed-size items between threads.
 * Owns copies of its items. A full box refuses.
 * Threads: any number on both sides.
 */
#ifndef RH_ENGINE_MAILBOX_H
#define RH_ENGINE_MAILBOX_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox;

/* NULL when memory is out. */
struct mailbox *mailbox_new(size_t item_size, size_t capacity);
void mailbox_free(struct mailbox *m);

bool mailbox_put(struct mailbox *m, const void *item) NONNULL; /* false: full or closed */

/* Waits up to timeout_ms (0: only looks, < 0: for ever) of real time. 1: *item is set, 0:
 * time is over, -1: closed and empty. */
int mailbox_get(struct mailbox *m, void *item, int64_t timeout_ms) NONNULL;

/* No more items come in; waiting readers wake up, what is inside can still be read. */
void mailbox_close(struct mailbox *m) NONNULL;

#endif
