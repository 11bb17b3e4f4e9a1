/*
 * bill - what a stretch of the calendar costs, item by item (policy-and-cost 8), and what
 * it would have cost otherwise. Pure integer arithmetic; an amount that nobody knows is
 * counted as unknown, never as nothing. Plain values; prices and segments are borrowed.
 * Threads: any.
 */
#ifndef RH_COST_BILL_H
#define RH_COST_BILL_H

#include "core/cost/ledger.h"
#include "core/model/config.h"

/* The spot price history of one type in one zone, in order of time. */
struct price_track {
    const char *type, *zone;
    const struct price_step *steps;
    size_t n;
    struct utc as_of; /* confirmed until then; later it is only the last known */
};

struct price_book {
    const struct cost_config *config;
    const struct price_track *tracks;
    size_t n_tracks;
    const struct listed_price *listed; /* the oldest first */
    size_t n_listed;
    const char *region; /* only prices listed for it count; NULL = any */
};

/* What an hour of a type costs, who says so, and as of when (0 = it is configured). */
struct price_quote {
    enum price_source source; /* PRICE_UNKNOWN: the price is not known, it is not 0 */
    struct usd price;
    struct utc as_of;
};

/* The last known spot price counts this long; then the on-demand price is the upper
 * bound (policy-and-cost 7). */
enum { PRICE_LAST_KNOWN_S = 24 * 3600 };

/* The history of that type and zone ("" any); NULL when there is none. */
const struct price_track *book_track(const struct price_book *b, const char *type,
                                     const char *zone) NONNULL;

/* On demand: as the price list says, else as configured. */
struct price_quote book_quote_on_demand(const struct price_book *b,
                                        const char *type) NONNULL;
/* Spot: the price in force at that instant of the history of that zone ("" any), else
 * the configured one. */
struct price_quote book_quote_spot(const struct price_book *b, const char *type,
                                   const char *zone, struct utc at) NONNULL;

/* The prices alone; false when nobody knows one. */
bool book_on_demand(const struct price_book *b, const char *type,
                    struct usd *out) NONNULL;
/* The configured price. */
bool book_spot_configured(const struct price_book *b, const char *type,
                          struct usd *out) NONNULL;

struct bill {
    struct usd items[COST_ITEM_COUNT];
    int32_t unknown;      /* stretches that no price is known for; not in the items */
    int32_t bounds;       /* stretches priced by an upper bound */
    int64_t instance_s;   /* seconds that instances were paid for */
    struct usd on_demand; /* the same seconds at the on-demand price */
    bool on_demand_known; /* set by bill_clear(); false once a type has none */
};

void bill_clear(struct bill *b) NONNULL;

/* Adds one bill to another. ERR_RANGE on overflow, the sum is then not to be used. */
enum err_code bill_add(struct bill *sum, const struct bill *b,
                       struct err *e) MUST_CHECK NONNULL;

/*
 * Adds the part of a segment within [from, to); an open one ends at now. The parts of a
 * period that is split add up to the nano-dollar. ERR_NOT_FOUND: no price is known; the
 * bill's `unknown` has it. ERR_RANGE on overflow, the bill is then not to be used.
 */
enum err_code bill_segment(struct bill *b, const struct price_book *book,
                           const struct segment *g, struct utc now, struct utc from,
                           struct utc to, struct err *e) MUST_CHECK NONNULL;

/* What an hour of a spot instance costs on average over that time, as the history has it
 * hour by hour ("" any zone): what one would have paid around the clock. False: nobody
 * knows, or it is less than an hour. */
bool bill_spot_mean(const struct price_book *book, const char *type, const char *zone,
                    struct utc from, struct utc to, struct usd *out) NONNULL;

/* Adds what runs by the calendar: disks, images, addresses, monthly amounts. */
enum err_code bill_fixed(struct bill *b, const struct cost_config *k, struct utc from,
                         struct utc to, struct err *e) MUST_CHECK NONNULL;

enum err_code bill_total(const struct bill *b, struct usd *out,
                         struct err *e) MUST_CHECK NONNULL;

/* First instant of the UTC month behind the one that holds t. */
struct utc ledger_month_end(struct utc t);

/* ----- comparisons ----- */

/* One server through the month: what it runs, what it costs. */
struct compare_server {
    int64_t seconds; /* in the cloud, whole month */
    bool spot_known, on_demand_known;
    struct usd spot, on_demand; /* per hour */
};

struct compare_in {
    const struct cost_config *config;
    const struct compare_server *servers;
    size_t n;
    int64_t month_s;             /* of the whole month */
    bool total_known;            /* false: of all below only owned_host can be known */
    struct usd total;            /* the month, as it is or as it is forecast */
    struct usd instances;        /* of it: spot and on-demand instances */
    struct usd extension;        /* of it: the running extension */
    bool has_extension;          /* there is one; what it costs, config may know */
    bool same_hours_priced;      /* part of the hours is priced already: */
    struct usd same_hours_price; /* … at the on-demand price; `seconds` is the rest */
};

struct comparisons {
    bool known[COMPARISON_COUNT];
    struct usd amount[COMPARISON_COUNT];
};

/* What cannot be known, or overflows, is not known. */
void compare(const struct compare_in *in, struct comparisons *out) NONNULL;

/* An owned host's month: the configured amount, or capex/months + support + licence +
 * W * PUE * 730.5 h * rate. False when neither is configured. */
bool compare_owned_host(const struct cost_config *k, struct usd *out) NONNULL;

#endif
