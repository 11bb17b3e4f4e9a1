/*
 * keeper_impl - what the files of the keeper share: keeper.c has the lease, its thread
 * and the fence, keeper_record.c what stands in etcd of calls and moves, keeper_wish.c
 * what people want. Owned by the
 * keeper. Threads: as said at each part.
 */
#ifndef RH_ENGINE_KEEPER_IMPL_H
#define RH_ENGINE_KEEPER_IMPL_H

#include "core/api/etcd.h"
#include "core/engine/keeper.h"
#include "core/engine/mailbox.h"
#include "core/store/lease.h"

#include <pthread.h>

#define KEEPER_EXTENSION "extension" /* in place of a server, in a key */

/* What the next record of a server has to say. */
struct known {
    char server[NAME_TEXT];
    bool has_move; /* open, or ended and etcd may not know that yet */
    struct move move;
    int64_t launch_start, launch_attempt; /* of the newest launch, whoever asked for it */
};

/* What people want of a server, or of all, as the controller has it. */
struct known_wish {
    struct wish wish;
    bool is_put; /* etcd has it so, or it is what every controller wants */
};

struct keeper {
    struct keeper_options options;
    struct etcd *etcd;
    struct lease lease; /* the thread's own */
    struct mailbox *wake;
    pthread_t thread;
    bool started;
    int ended; /* atomic */
    char key[ETCD_KEY_TEXT], calls[ETCD_KEY_TEXT], wishes[ETCD_KEY_TEXT],
        value[LINE_TEXT];
    char state_id[NAME_TEXT];
    size_t who; /* so many bytes of value name the controller, whatever its process */
    char holder[ETCD_VALUE_TEXT]; /* of the key, when it is another's */
    bool told, told_held, told_other, was_failing;
    bool unread; /* ours, and what others left is not all told yet; so much is: */
    size_t calls_told, wishes_told;
    bool unput; /* the end of some move, or a wish */

    pthread_mutex_t lock; /* guards all below */
    struct mono safe_until;
    int64_t epoch, id;
    bool lost;           /* a fence has found out */
    struct known *known; /* MAX_SERVERS, n in use */
    size_t n_known;
    struct known_wish *wished; /* MAX_SERVERS + 1, n in use */
    size_t n_wished;
};

struct keeper_hand {
    struct keeper *keeper;
    struct etcd *etcd;
};

/* keeper.c. The lease should have been renewed some time ago: nothing else comes first.
 */
bool keeper_must_renew(const struct keeper *k) NONNULL;

/* keeper_record.c. What those before us were about to do, told and *last the latest of
 * it. False: not all of it is known; *e says why, when etcd has it. */
bool keeper_read_calls(struct keeper *k, char *last, size_t size, struct err *e) NONNULL;
/* The ends of moves that etcd does not know yet. False: one is to be put again, soon. */
bool keeper_put_ends(struct keeper *k) NONNULL;
/* What people want, as those before us knew it, told. False and *e as above. */
bool keeper_read_wishes(struct keeper *k, struct err *e) NONNULL;
/* What etcd does not know yet of it. False: some is to be put again, soon. */
bool keeper_put_wishes(struct keeper *k) NONNULL;
/* What the successor has to know of a call, for etcd. False: it does not fit. */
bool keeper_write_call(struct keeper *k, const struct call *call, char *out,
                       size_t size) NONNULL;

#endif
