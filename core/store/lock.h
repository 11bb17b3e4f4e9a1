/*
 * lock - the single-writer lock: flock on controller.lock in the state directory, naming
 * its holder (design 6, reliability 7). A held lock owns its descriptor until
 * lock_release(). Threads: one.
 */
#ifndef RH_STORE_LOCK_H
#define RH_STORE_LOCK_H

#include "core/base/clock.h"
#include "core/base/err.h"

struct lock_holder {
    char host[64];
    char user[64];
    int32_t pid; /* 0 = unknown */
    struct utc since;
    bool brief; /* it writes something down, and lets it go in a moment */
};

struct lock;

/* brief: what takes it now is. Of such a holder the end is waited for, 10 s at most; else
 * ERR_LOCKED fills *holder with who has it. Creates the directory (0700) when missing.
 * ERR_IO. */
enum err_code lock_take(const char *dir, bool brief, struct lock **out,
                        struct lock_holder *holder, struct err *e) MUST_CHECK NONNULL;
void lock_release(struct lock *l);

/* Who holds it now; false when nobody does. */
bool lock_is_held(const char *dir, struct lock_holder *holder) NONNULL;

#endif
