/*
 * simulate - what `rushhour simulate` prints of one or two policies over one period. The
 * reports are the caller's. Threads: main only.
 */
#ifndef RH_TUI_SIMULATE_H
#define RH_TUI_SIMULATE_H

#include "core/base/tz.h"
#include "core/sim/drive.h"

enum { SIMULATE_MAX_GAPS = 16 };

/* Which prices were used. */
struct simulate_prices {
    bool recorded;
    struct utc from, to; /* recorded: first and last known change within reach */
    struct price_gap {
        const char *type, *zone; /* borrowed */
        struct utc from, to;
    } gaps[SIMULATE_MAX_GAPS];
    size_t n_gaps;       /* may be more than are kept */
    const char *guessed; /* the first type that no price is known of, NULL = none */
};

/* One policy. */
struct simulate_side {
    const char *name; /* of its column */
    struct drive_report *report;
    struct simulate_prices prices;
};

void simulate_text(const struct simulate_side *sides, size_t n, const struct tz *tz,
                   struct strbuf *out) NONNULL;
void simulate_json(const struct simulate_side *sides, size_t n,
                   struct strbuf *out) NONNULL;

#endif
