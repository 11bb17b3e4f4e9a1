/*
 * wish_record - a wish as it stands in etcd for who takes the shared lock over, in one
 * JSON object that tells its version. Plain values.
 * Threads: any.
 */
#ifndef RH_ENGINE_WISH_RECORD_H
#define RH_ENGINE_WISH_RECORD_H

#include "core/base/err.h"
#include "core/model/wish.h"

/* Raised when an older reader would misread it. */
enum { WISH_RECORD_VERSION = 1 };

struct wish_writer {
    char name[LINE_TEXT];     /* "user@host pid N" */
    char state_id[NAME_TEXT]; /* of its state directory */
};

/* False: it does not fit, *out is "". */
bool wish_record_write(const struct wish *w, const struct wish_writer *by, char *out,
                       size_t size) MUST_CHECK NONNULL;

/* ERR_PROTOCOL: it is none, or not all of it is known here, as of a newer version; the
 * text says which. Then neither *out nor *by, who wrote it, is written. */
enum err_code wish_record_read(const char *text, struct wish *out, struct wish_writer *by,
                               struct err *e) MUST_CHECK NONNULL;

#endif
