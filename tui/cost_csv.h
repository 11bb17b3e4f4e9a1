/*
 * cost_csv - a month of the ledger as CSV, of `rushhour cost --csv` and of the
 * dashboard's export: a stretch a line; then the prices, then the jobs. Owns nothing.
 * Threads: any.
 */
#ifndef RH_TUI_COST_CSV_H
#define RH_TUI_COST_CSV_H

#include "tui/cost_jobs.h"
#include "tui/cost_ledger.h"

enum { COST_CSV_BYTES = 256 * 1024 * 1024 };

/* Appended; when it does not fit, b->failed says so. */
void cost_csv(const struct cost_ledger *l, const struct cost_jobs *jobs,
              const struct config *config, struct strbuf *b) NONNULL;

/* The same of the month of `now`, by a connection of its own to the store of that state
 * directory. */
enum err_code cost_csv_read(const char *state_dir, const struct config *config,
                            struct utc now, struct strbuf *b,
                            struct err *e) MUST_CHECK NONNULL;

#endif
