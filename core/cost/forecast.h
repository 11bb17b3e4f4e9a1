/*
 * forecast - what the month will have cost at its end (policy-and-cost 8). Pure.
 * Plain values; everything given is borrowed.
 * Threads: any.
 */
#ifndef RH_COST_FORECAST_H
#define RH_COST_FORECAST_H

#include "core/cost/bill.h"

/* Of the price in force over [from, to), weighted by time; permille 0..1000. False when
 * there is none in that time. */
bool price_quantile(const struct price_step *steps, size_t n, struct utc from,
                    struct utc to, int32_t permille, struct usd *out) NONNULL;

struct forecast_server {
    const char *type, *zone; /* zone "" = any */
};

struct forecast_in {
    const struct price_book *book;
    struct utc now, month_start, month_end;
    const struct bill *spent;    /* of [month_start, now) */
    const struct stretch *spans; /* planned rush hours, in order; clipped to the rest */
    size_t n_spans;
    const struct forecast_server *servers; /* those that go out then */
    size_t n_servers;
    int32_t usage_permille; /* actual to planned time: clamped to 800..1300 */
    bool extension;         /* the servers use the cloud extension */
    int64_t lead_s;         /* it runs this long before a span … */
    int64_t tail_s;         /* … and this long after it: drain and linger */
};

struct forecast {
    bool known; /* false: something spent or to come has no price */
    struct usd p10, p50, p90;
    /* parts of p50, whole month, for the comparisons */
    struct usd instances, extension;
    int64_t rest_s; /* that each server is still to be in the cloud */
};

/* ERR_RANGE on overflow; what is unknown is no error. */
enum err_code forecast(const struct forecast_in *in, struct forecast *out,
                       struct err *e) MUST_CHECK NONNULL;

/* The usage ratio from planned and actual instance seconds, clamped; 1000 when nothing
 * was planned. */
int32_t forecast_usage(int64_t actual_s, int64_t planned_s);

#endif
