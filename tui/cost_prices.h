/*
 * cost_prices - what an hour of each configured instance type costs, who says so and how
 * old that is: the part of `rushhour cost` about prices, as text, JSON and CSV.
 * Borrows everything. Threads: any; the table, main.
 */
#ifndef RH_TUI_COST_PRICES_H
#define RH_TUI_COST_PRICES_H

#include "core/base/str.h"
#include "core/cost/bill.h"

struct price_sheet {
    const struct config *config;
    const struct price_book *book;
    struct utc now;
    struct utc at; /* spot prices of then: now, or the end of a month that is over */
};

/* "prices": a list of types. */
void cost_prices_json(const struct price_sheet *s, struct strbuf *b) NONNULL;
/* A table on standard output. */
void cost_prices_text(const struct price_sheet *s) NONNULL;

/* The columns behind those of the ledger, and a row of kind `price` for each type and
 * zone. */
#define COST_PRICES_COLUMNS                                                              \
    "spot_hour,spot_source,spot_as_of,on_demand_hour,on_demand_source,on_demand_as_of"
#define COST_PRICES_NONE ",,,,,"
void cost_prices_csv(const struct price_sheet *s, struct strbuf *b) NONNULL;

#endif
