/*
 * money - amounts of US dollars in whole nano-dollars.
 * Plain values.
 * Threads: any.
 */
#ifndef RH_BASE_MONEY_H
#define RH_BASE_MONEY_H

#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define USD_NANOS INT64_C(1000000000)

struct usd {
    int64_t nanos;
};

/* Decimal text as APIs and people write it ("0.0692", "180", "-1.5"); at most nine
 * decimals count, further ones must be zero. ERR_SYNTAX, ERR_RANGE; locale-independent.
 */
enum err_code usd_parse(const char *text, struct usd *out,
                        struct err *e) MUST_CHECK NONNULL;

/* Rounded half away from zero to `decimals` (0..9), as in "131.20". buf of USD_TEXT
 * bytes. */
enum { USD_TEXT = 32 };
const char *usd_text(struct usd v, int decimals, char buf[USD_TEXT]) NONNULL;

/* ERR_RANGE instead of a wrap. */
enum err_code usd_add(struct usd a, struct usd b, struct usd *out,
                      struct err *e) MUST_CHECK NONNULL;

/* rate per hour * seconds / 3600, rounded half away from zero to a nano-dollar, once. */
enum err_code usd_per_hour(struct usd rate, int64_t seconds, struct usd *out,
                           struct err *e) MUST_CHECK NONNULL;

#endif
