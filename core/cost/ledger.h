/*
 * ledger - what a stretch of time costs (policy-and-cost 8). Pure integer arithmetic.
 * Plain values.
 * Threads: any.
 */
#ifndef RH_COST_LEDGER_H
#define RH_COST_LEDGER_H

#include "core/model/record.h"

/* A spot price from an instant on. */
struct price_step {
    struct utc at;
    struct usd price; /* per hour */
};

/* How many of the steps, which are in order of time, are at or before t. */
size_t price_steps_until(const struct price_step *steps, size_t n, struct utc t);

/*
 * Cost of [start, end) of a spot instance launched at `launched`: instance-hour k costs
 * the price in force at launched + k h for its seconds; 60 s minimum from launch, all of
 * it at the instant of launch. The costs of stretches that follow each other add up to
 * the nano-dollar: each is the difference of two running totals. Nothing when end <=
 * start. steps are in order of time; the last one at or before an instant is in force.
 * ERR_NOT_FOUND when there is none for some hour, ERR_RANGE on overflow.
 */
enum err_code ledger_spot(struct utc launched, struct utc start, struct utc end,
                          const struct price_step *steps, size_t n, struct usd *out,
                          struct err *e) MUST_CHECK NONNULL;

/* Whole-hour billing: the end of the last hour that an instance of that life pays. */
struct utc ledger_whole_hours(struct utc launched, struct utc end);

/* A flat rate over [start, end). */
enum err_code ledger_flat(struct usd rate, struct utc start, struct utc end,
                          struct usd *out, struct err *e) MUST_CHECK NONNULL;

/* v * times / divisor, rounded half away from zero, once. */
enum err_code ledger_scale(struct usd v, int64_t times, int64_t divisor, struct usd *out,
                           struct err *e) MUST_CHECK NONNULL;

/* The share [from, to) of v, which is what `of` seconds cost; the shares of a whole add
 * up to it. */
enum err_code ledger_share(struct usd v, int64_t from, int64_t to, int64_t of,
                           struct usd *out, struct err *e) MUST_CHECK NONNULL;

/* First instant of the UTC month / of the site's day that holds t. */
struct tz;
struct utc ledger_month_start(struct utc t);
struct utc ledger_day_start(const struct tz *tz, struct utc t) NONNULL;

#endif
