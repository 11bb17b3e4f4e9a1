/*
 * lock_record - what is about to be done for a server, as it stands in etcd for who takes
 * the shared lock over (reliability 7): the newest call and the open move it is part of,
 * in one JSON object that tells its version. Plain values.
 * Threads: any.
 */
#ifndef RH_ENGINE_LOCK_RECORD_H
#define RH_ENGINE_LOCK_RECORD_H

#include "core/base/err.h"
#include "core/model/call.h"
#include "core/model/move.h"

/* Raised when an older reader would misread it. */
enum { LOCK_RECORD_VERSION = 1 };

struct lock_record {
    struct utc at;          /* written then, by its writer's clock */
    char by[LINE_TEXT];     /* "user@host pid N" */
    enum call_kind call;    /* the newest, whatever became of it */
    char server[NAME_TEXT]; /* "" = the extension's */
    char target[URL_TEXT];
    /* What the token of its newest launch is made of (reliability 6); 0 = there was none.
     */
    int64_t launch_start, launch_attempt;
    struct utc owed; /* its way home is, since then; 0 = it is not */
    /* As far as another controller can go on with it: without its readings, its note and
     * when its steps were done. */
    bool has_move;
    struct move move;
};

/* False: it does not fit, *out is "". */
bool lock_record_write(const struct lock_record *h, char *out,
                       size_t size) MUST_CHECK NONNULL;

/*
 * ERR_PROTOCOL: it is none, or not all of it is known here, as of a newer version; the
 * text says which. Then *out is not written: half a move is worse than none.
 */
enum err_code lock_record_read(const char *text, struct lock_record *out,
                               struct err *e) MUST_CHECK NONNULL;

/* For people: "TIME WHO: CALL SERVER MOVE". */
void lock_record_text(const struct lock_record *h, char *out, size_t size) NONNULL;

#endif
