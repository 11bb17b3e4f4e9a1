/*
 * complete - what can come next in an order that is being typed behind the prompt: the
 * grammar of words.h and the views, by position. Pure; texts go to the caller's buffers.
 * Threads: any.
 */
#ifndef RH_TUI_COMPLETE_H
#define RH_TUI_COMPLETE_H

#include "core/model/fleet.h"

enum { COMPLETE_LIST = 256 };

/*
 * What may stand where the line ends, into `list` between blanks: words, or what is to be
 * written there (TIME, DURATION). The line with all that they have in common, and a blank
 * where only one is left, into `line` itself of `size` bytes. Returns how many there are.
 */
size_t complete_order(const struct fleet *f, char *line, size_t size,
                      char list[COMPLETE_LIST]) NONNULL;

/* The list alone. */
size_t complete_list(const struct fleet *f, const char *line,
                     char list[COMPLETE_LIST]) NONNULL;

#endif
