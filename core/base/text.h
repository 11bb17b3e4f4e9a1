/*
 * text - everything that was received from outside is cleaned here, once, on arrival.
 * Works in the caller's memory or an arena.
 * Threads: any.
 */
#ifndef RH_BASE_TEXT_H
#define RH_BASE_TEXT_H

#include "core/base/arena.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Strict UTF-8 in, safe UTF-8 out: invalid bytes, C0, DEL, C1, bidi controls, zero-width
 * characters, line and paragraph separators, tags and unassigned planes become U+FFFD, a
 * tab one space, at most two combining marks follow a character. Cut to what fits, never
 * inside a character. Returns the bytes written without the NUL. size >= 1. (reliability
 * 10)
 */
size_t text_clean(char *dst, size_t size, const char *src, size_t len) NONNULL;

/* The same into an arena, at most max_bytes long; NULL only when the arena failed. */
char *text_clean_dup(struct arena *a, const char *src, size_t len,
                     size_t max_bytes) NONNULL;

/* One code point from strict UTF-8: bytes used (1..4), 0 when invalid or at the end. */
size_t text_decode(const char *s, size_t len, uint32_t *cp) NONNULL;

/* Terminal cells of a code point: 0 combining, 1, or 2 wide. Locale-independent. */
int text_width(uint32_t cp);

#endif
