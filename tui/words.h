/*
 * words - orders typed as words (`move cache cloud`): line mode, the sub-commands, the
 * prompt of the dashboard. One grammar for all. Nothing is owned. Threads: main only.
 */
#ifndef RH_TUI_WORDS_H
#define RH_TUI_WORDS_H

#include "core/base/tz.h"
#include "core/model/fleet.h"

/*
 * One line of words. `quit` and `exit` set *quit; `status` gives kind COMMAND_COUNT
 * (nothing to send). f may be NULL (no snapshot yet). ERR_USAGE with what
 * to write instead.
 */
enum err_code words_parse(const char *line, const struct fleet *f, const struct tz *tz,
                          struct utc now, struct command *out, bool *quit,
                          struct err *e) MUST_CHECK;

/* The same from words that are split already, as a sub-command has them; words[0] is its
 * name. */
enum err_code words_command(const char *const *words, size_t n, const struct tz *tz,
                            struct utc now, struct command *out,
                            struct err *e) MUST_CHECK;

/* TIME of the command line (design 4): RFC 3339 or site time, the next such instant after
 * now. */
enum err_code time_parse(const char *text, const struct tz *tz, struct utc now,
                         struct utc *out, struct err *e) MUST_CHECK NONNULL;

/* A table of the fleet: its line i, from 0, false when it has no such; all of it on
 * standard output. f NULL: nothing is known. */
enum { STATUS_LINE = 1024 };
bool words_status_line(const struct fleet *f, const struct tz *tz, size_t i,
                       char buf[STATUS_LINE]) __attribute__((nonnull(4)));
void words_status(const struct fleet *f, const struct tz *tz);

/* An entry of the journal there, as `log` prints it. */
void words_entry(const struct journal_entry *j, const struct tz *tz);

#endif
