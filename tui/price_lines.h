/*
 * price_lines - the spot prices of the last day of what a server may run as, for the
 * detail view. Works on the caller's sheet.
 * Threads: the UI's.
 */
#ifndef RH_TUI_PRICE_LINES_H
#define RH_TUI_PRICE_LINES_H

#include "tui/sheet.h"

void price_lines(struct sheet *p, const struct server_view *s) NONNULL;

#endif
