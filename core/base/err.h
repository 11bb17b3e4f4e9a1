/*
 * err - the result codes of every call that can fail, and the record that explains one.
 * A struct err is a plain value; its text is inside it.
 * Threads: each record belongs to one thread.
 */
#ifndef RH_BASE_ERR_H
#define RH_BASE_ERR_H

#include "core/base/attr.h"

#include <stdbool.h>

/* code, name on screen and in the journal, does waiting help? */
#define ERR_CODES(X)                                                                     \
    X(OK, "ok", false)                                                                   \
    X(NOMEM, "out of memory", true)                                                      \
    X(BUG, "internal error", false)                                                      \
    X(IO, "input/output error", true)                                                    \
    X(USAGE, "usage", false)                                                             \
    X(CONFIG, "configuration", false)                                                    \
    X(NOT_FOUND, "not found", false)                                                     \
    X(RANGE, "out of range", false)                                                      \
    X(SYNTAX, "syntax", false)                                                           \
    X(LOCKED, "locked", true)                                                            \
    X(STORE, "store", true)                                                              \
    X(CANCELED, "canceled", true)                                                        \
    X(CONNECT, "cannot connect", true)                                                   \
    X(TIMEOUT, "timed out", true)                                                        \
    X(RESET, "connection lost", true)                                                    \
    X(TLS, "TLS", false)                                                                 \
    X(PROTOCOL, "unusable answer", true)                                                 \
    X(TOO_BIG, "answer too big", true)                                                   \
    X(AUTH, "not authenticated", false)                                                  \
    X(FORBIDDEN, "forbidden", false)                                                     \
    X(REFUSED, "refused", false)                                                         \
    X(CONFLICT, "conflict", true)                                                        \
    X(THROTTLED, "throttled", true)                                                      \
    X(SERVER, "server error", true)                                                      \
    X(CAPACITY, "no capacity", true)

enum err_code {
#define X(id, name, retry) ERR_##id,
    ERR_CODES(X)
#undef X
};

struct err {
    enum err_code code;
    int http; /* HTTP status, 0 when there was none */
    int sys;  /* errno, 0 when there was none */
    char text[192];
};

/* Records the first cause; a set record is left as it is. Returns code. */
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NONNULL;

/* As err_set, with errno's number and its words behind the text. */
enum err_code err_set_errno(struct err *e, enum err_code code, int sys, const char *fmt,
                            ...) PRINTF_LIKE(4, 5) NONNULL;

/* Puts "context: " before the text; the end is cut when it does not fit. */
void err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3) NONNULL;

void err_clear(struct err *e) NONNULL;
const char *err_code_name(enum err_code code);
bool err_is_retryable(enum err_code code);

#endif
