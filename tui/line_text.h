/*
 * line_text - the dashboard's news as lines of plain text, for line mode: logs, tee and
 * screen readers. Pure; the caller's buffers.
 * Threads: any.
 */
#ifndef RH_TUI_LINE_TEXT_H
#define RH_TUI_LINE_TEXT_H

#include "core/base/tz.h"
#include "core/model/fleet.h"

enum { LINE_OUT = 640 };

/* "10:41:54 ACT  cache: run in cloud started (window)". tz NULL = UTC. */
const char *line_event(const struct tz *tz, const struct journal_entry *e,
                       char buf[LINE_OUT]);

/*
 * One line for the first thing that differs between two snapshots of which `prev` may be
 * NULL, starting at *at (0 at first); false when there is nothing more. What the journal
 * tells anyway is left out: these are the fleet's counts, AUTO, sources and the
 * extension.
 */
bool line_change(const struct tz *tz, const struct fleet *prev, const struct fleet *now,
                 size_t *at, char buf[LINE_OUT]);

/* One server as `status` prints it: "cache        cloud    desired cloud (window)  idle
 * …". */
const char *line_server(const struct fleet *f, const struct server_view *s,
                        struct utc now, char buf[LINE_OUT]) NONNULL;

/* "AUTO ON, 3 in the cloud, 1 moving, 0 on-prem, $0.87/h, month $125.26". */
const char *line_summary(const struct fleet *f, struct utc now,
                         char buf[LINE_OUT]) NONNULL;

#endif
