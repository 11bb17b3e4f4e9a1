/*
 * out - what the commands say: results to standard output, complaints to standard error.
 * The one place that writes to either besides curses. No memory. Threads: main only.
 */
#ifndef RH_TUI_OUT_H
#define RH_TUI_OUT_H

#include "core/base/attr.h"

#include <stdbool.h>

void out_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
void out_line(const char *text) NONNULL;
void out_complain(const char *fmt, ...) PRINTF_LIKE(1, 2); /* without a newline */

/* False when anything written so far did not get out: a full disk, a closed pipe. */
bool out_flush(void);

#endif
