/*
 * window - one rush-hour window as text and back: "Sun-Thu 09:00-18:00".
 * Plain values; buffers are the caller's.
 * Threads: any.
 */
#ifndef RH_MODEL_WINDOW_H
#define RH_MODEL_WINDOW_H

#include "core/model/config.h"

enum { WINDOW_TEXT = 48 };

/* The grammar of policy-and-cost 3.1. An end of 00:00 is stored as 24:00, which is the
 * same instant. ERR_SYNTAX says what to write instead; *out only on success. */
enum err_code window_parse(const char *text, struct window *out,
                           struct err *e) MUST_CHECK NONNULL;

/* In the shortest form that window_parse() reads back as the same window. */
const char *window_text(const struct window *w, char buf[WINDOW_TEXT]) NONNULL;

#endif
