/*
 * secret - a password or token that shows itself to nobody.
 * Owns locked, not dumped memory, wiped by the last secret_free().
 * Threads: read-only once loaded, then safe everywhere.
 */
#ifndef RH_BASE_SECRET_H
#define RH_BASE_SECRET_H

#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct secret;

/* Copies len bytes (at most 64 KiB, no NUL inside). ERR_NOMEM, ERR_RANGE, ERR_SYNTAX. */
enum err_code secret_new(const char *bytes, size_t len, struct secret **out,
                         struct err *e) MUST_CHECK NONNULL;
void secret_free(struct secret *s);

/* One more owner of the same bytes, each with a secret_free() of its own: memory of its
 * own costs three system calls. NULL gives NULL. */
struct secret *secret_ref(struct secret *s);

/* The value itself, borrowed until secret_free(); for the call that sends it, nothing
 * else. */
const char *secret_expose(const struct secret *s) NONNULL;

/*
 * Sources, reliability 11. All strip one trailing newline and refuse an empty value.
 * file: 0400 or 0600, own uid, no link, read through the open descriptor. environment:
 * copied, then overwritten and unset (call before threads start). command: argument list,
 * no shell, 10 s, 64 KiB, its standard error hidden. credential: a file of
 * $CREDENTIALS_DIRECTORY. ERR_CONFIG with a remedy; the value is in no message.
 */
enum err_code secret_from_file(const char *path, struct secret **out,
                               struct err *e) MUST_CHECK NONNULL;
enum err_code secret_from_environment(const char *name, struct secret **out,
                                      struct err *e) MUST_CHECK NONNULL;
enum err_code secret_from_command(char *const argv[], struct secret **out,
                                  struct err *e) MUST_CHECK NONNULL;
/* The same with another limit than 10 s. */
enum err_code secret_from_command_within(char *const argv[], int32_t limit_ms,
                                         struct secret **out,
                                         struct err *e) MUST_CHECK NONNULL;
enum err_code secret_from_credential(const char *name, struct secret **out,
                                     struct err *e) MUST_CHECK NONNULL;

/* The rules of secret_from_file() for a file that a library reads by itself (a private
 * key); nothing is read. ERR_CONFIG. */
enum err_code secret_file_check(const char *path, struct err *e) MUST_CHECK NONNULL;

/* Once at start: no core files, no ptrace by others of the same user (reliability 11). */
void secret_protect_process(void);

#endif
