/*
 * arena - memory that is filled once and freed at once.
 * The arena owns all it hands out; its last holder's arena_free() ends the life of
 * everything in it.
 * Threads: one thread fills it; once filled and shared read-only it is safe everywhere.
 */
#ifndef RH_BASE_ARENA_H
#define RH_BASE_ARENA_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* NULL when memory is out. limit_bytes bounds all that may be asked of it. */
struct arena *arena_new(size_t limit_bytes);
void arena_free(struct arena *a);

/* One more holder of what is filled already: fill it no more. Every holder calls
 * arena_free(). Any thread that is one. */
struct arena *arena_share(struct arena *a) NONNULL;

/* Ends the life of everything in it; the memory is kept for what comes next. False, and
 * nothing happens, when it has other holders. */
bool arena_reset(struct arena *a) NONNULL;

/*
 * Zeroed memory for n objects of that size, borrowed until arena_free(). NULL when memory
 * or the limit is reached: the failure is sticky, so build everything and ask
 * arena_failed() once. n == 0 gives a valid pointer to nothing.
 */
void *arena_alloc(struct arena *a, size_t n, size_t size) NONNULL;
char *arena_strdup(struct arena *a, const char *s) NONNULL;
char *arena_strndup(struct arena *a, const char *s, size_t len) NONNULL;
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) NONNULL;

/* Memory was out for something on its way into it: it has failed, too. */
void arena_fail(struct arena *a) NONNULL;
bool arena_failed(const struct arena *a) NONNULL;
size_t arena_used_bytes(const struct arena *a) NONNULL;

#endif
