/*
 * account - the ledger of a simulation: what the controller records of prices and of
 * what costs money, kept for the whole period, and its bill with what it is compared
 * with (policy-and-cost 8). Owns its lists. Threads: one.
 */
#ifndef RH_SIM_ACCOUNT_H
#define RH_SIM_ACCOUNT_H

#include "core/cost/bill.h"
#include "core/model/config.h"
#include "core/model/record.h"

struct account {
    struct segment *segments; /* in order of id */
    size_t n_segments, cap_segments;
    struct account_series {
        char type[NAME_TEXT], zone[NAME_TEXT];
        struct price_step *steps; /* in order of time */
        size_t n, cap;
        struct utc as_of;
    } * series;
    size_t n_series;
    struct listed_price *listed; /* on demand, the oldest first, each type once */
    size_t n_listed, cap_listed;
    bool out_of_memory; /* sticky: something is not in it */
};

void account_clear(struct account *a) NONNULL; /* also before its first use, of zeros */
void account_take(struct account *a, const struct record *r) NONNULL;

struct account_bill {
    struct bill bill;
    bool known;                            /* everything in it has a price */
    bool instances_known, extension_known; /* … these have */
    struct usd total;
    struct comparisons compare; /* of the same period */
};

/* Of [from, to); what is still open ends at to. ERR_RANGE, ERR_NOMEM. */
enum err_code account_close(const struct account *a, const struct config *config,
                            struct utc from, struct utc to, struct account_bill *out,
                            struct err *e) MUST_CHECK NONNULL;

#endif
