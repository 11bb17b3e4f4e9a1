/*
 * strip - a day on one line: what the schedule and a server's hold plan, and where the
 * server was seen. A struct strip borrows all of it.
 * Threads: the UI's. Drawing allocates nothing.
 */
#ifndef RH_TUI_STRIP_H
#define RH_TUI_STRIP_H

#include "tui/view.h"

struct strip {
    const struct frame *f;
    const struct schedule *s;
    const struct server_view *server; /* NULL: the schedule alone */
    int per_hour;                     /* cells; 0: nothing is drawn */
};

/* The instant of a local time of the site. */
struct utc strip_instant(const struct strip *c, const struct civil *local) NONNULL;

void strip_hours(const struct strip *c, int row, int col) NONNULL;
/* day: its midnight. */
void strip_planned(const struct strip *c, int row, int col,
                   const struct civil *day) NONNULL;
/* Up to now; needs a server. */
void strip_seen(const struct strip *c, int row, int col, const struct civil *day) NONNULL;

#endif
