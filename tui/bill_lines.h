/*
 * bill_lines - what the month is compared with and what it is made of, for the cost view:
 * side by side where there is room.
 * Works on the caller's sheet.
 * Threads: the UI's.
 */
#ifndef RH_TUI_BILL_LINES_H
#define RH_TUI_BILL_LINES_H

#include "tui/sheet.h"

void bill_lines(struct sheet *s) NONNULL;

#endif
