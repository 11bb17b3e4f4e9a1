/*
 * log - the log file: one line per fact, rotated by size.
 * A struct log is opened and closed by main; others borrow it. Never hand it a secret.
 * Threads: log_write() from any thread; open, close and level from one.
 */
#ifndef RH_BASE_LOG_H
#define RH_BASE_LOG_H

#include "core/base/clock.h"
#include "core/base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log;

/* path NULL: lines go nowhere (tests). Rotates to path.1 … path.keep at max_bytes.
 * ERR_IO. */
enum err_code log_open(const char *path, enum log_level level, int64_t max_bytes,
                       int keep, struct log **out, struct err *e) MUST_CHECK;
void log_close(struct log *l);

/*
 * "2026-03-02T07:00:07Z info policy server=cache onprem -> moving_out reason=window"
 * The time is the system's own. Control characters in the text become '?'. Never fails
 * upward: a log that cannot be written counts the loss and says so when it can again. l
 * may be NULL.
 */
void log_write(struct log *l, enum log_level level, const char *area, const char *fmt,
               ...) PRINTF_LIKE(4, 5);

enum err_code log_level_parse(const char *text, enum log_level *out,
                              struct err *e) MUST_CHECK NONNULL;

#endif
