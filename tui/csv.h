/*
 * csv - a field of a line of comma-separated values. Owns nothing. Threads: any.
 */
#ifndef RH_TUI_CSV_H
#define RH_TUI_CSV_H

#include "core/base/str.h"

/* Names are people's: what has a comma, a quote or an end of line is quoted. */
void csv_put(struct strbuf *b, const char *text) NONNULL;

#endif
