/*
 * cost_ledger - a month of the ledger as the store has it, and the prices that it is
 * reckoned with. A struct cost_ledger owns what it loads (cost_ledger_free); it borrows
 * the configuration. Threads: each belongs to one thread.
 */
#ifndef RH_TUI_COST_LEDGER_H
#define RH_TUI_COST_LEDGER_H

#include "core/store/store.h"
#include "tui/cost_prices.h"

struct cost_ledger {
    struct utc now, month_start, month_end;
    struct store_ledger ledger;
    struct price_track *tracks;
    size_t n_tracks;
    struct price_book book;
};

/* out: all zero; to be freed also after an error. No API is asked, nothing is written. */
enum err_code cost_ledger_load(struct store *s, const struct config *config,
                               struct utc now, struct utc month_start,
                               struct cost_ledger *out, struct err *e) MUST_CHECK NONNULL;
void cost_ledger_free(struct cost_ledger *l) NONNULL;

/* How many stretches of the ledger reach into the month: without any, all that is known
 * of it is what was typed in. */
int64_t cost_ledger_stretches(const struct cost_ledger *l) NONNULL;

/* Its prices as of now, or of the end of a month that is over; borrowed. */
struct price_sheet cost_ledger_prices(const struct cost_ledger *l,
                                      const struct config *config) NONNULL;

#endif
