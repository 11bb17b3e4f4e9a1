#include <config.h>

#include "core/cost/ledger.h"

#include "core/base/tz.h"

enum {
    HOUR_S = 3600,
    MIN_S = 60,
    MAX_HOURS = 300000 /* 34 years: more is no life of an instance */
};

/* Seconds that are billed when an instance has run until t. */
static int64_t billed_s(struct utc launched, struct utc t)
{
    int64_t s = t.s - launched.s;

    if (s <= 0)
        return 0;
    return s < MIN_S ? MIN_S : s;
}

size_t price_steps_until(const struct price_step *steps, size_t n, struct utc t)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (steps[mid].at.s <= t.s)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The first hour that begins at or after t, in seconds of the instance's life. */
static int64_t hour_from_s(struct utc launched, struct utc t)
{
    return (t.s - launched.s + HOUR_S - 1) / HOUR_S * HOUR_S;
}

/* Adds rate * seconds, in nano-dollars times seconds: divided by 3600 once, at the end.
 */
static bool add_part(int64_t *sum, struct usd price, int64_t seconds)
{
    int64_t product;

    return !__builtin_mul_overflow(price.nanos, seconds, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

enum err_code ledger_spot(struct utc launched, struct utc start, struct utc end,
                          const struct price_step *steps, size_t n, struct usd *out,
                          struct err *e)
{
    int64_t from = billed_s(launched, start), to = billed_s(launched, end), at = 0;
    int64_t before = 0, sum = 0; /* running totals up to `from` and `to` */
    /* Each hour has the price that holds as it begins: that of the steps behind it. */
    size_t next = price_steps_until(steps, n, launched);
    struct usd a = {0}, b = {0};

    if (to / HOUR_S > MAX_HOURS)
        return err_set(e, ERR_RANGE, "an instance cannot have run for %lld hours",
                       (long long)(to / HOUR_S));
    while (at < to && from < to) {
        struct usd price = next > 0 ? steps[next - 1].price : (struct usd){0};
        int64_t until = next < n ? hour_from_s(launched, steps[next].at) : to;
        int64_t paid;

        until = until < to ? until : to;
        paid = until < from ? until : at < from ? from : at;
        /* An hour that is not asked for need not have a price. */
        if (next == 0 && until > from)
            return err_set(e, ERR_NOT_FOUND, "no spot price is known for hour %lld",
                           (long long)(paid / HOUR_S + 1));
        if (!add_part(&before, price, paid - at) || !add_part(&sum, price, until - at))
            return err_set(e, ERR_RANGE, "a cost is too large to compute");
        at = until;
        next++;
    }
    /* rate * seconds is summed up already: one second of it per hour is the quotient. */
    if (usd_per_hour((struct usd){before}, 1, &a, e) != ERR_OK ||
        usd_per_hour((struct usd){sum}, 1, &b, e) != ERR_OK)
        return ERR_RANGE;
    out->nanos = b.nanos - a.nanos;
    return ERR_OK;
}

struct utc ledger_whole_hours(struct utc launched, struct utc end)
{
    int64_t s = end.s - launched.s;

    if (s <= 0)
        return launched;
    return (struct utc){launched.s + (s + HOUR_S - 1) / HOUR_S * HOUR_S};
}

enum err_code ledger_flat(struct usd rate, struct utc start, struct utc end,
                          struct usd *out, struct err *e)
{
    int64_t s = end.s - start.s;

    return usd_per_hour(rate, s > 0 ? s : 0, out, e);
}

enum err_code ledger_scale(struct usd v, int64_t times, int64_t divisor, struct usd *out,
                           struct err *e)
{
    int64_t whole = v.nanos / divisor, part = v.nanos % divisor, a, b;

    if (__builtin_mul_overflow(whole, times, &a) ||
        __builtin_mul_overflow(part, times, &b) ||
        __builtin_add_overflow(b, b < 0 ? -(divisor / 2) : divisor / 2, &b) ||
        __builtin_add_overflow(a, b / divisor, &a))
        return err_set(e, ERR_RANGE, "a cost is too large to compute");
    out->nanos = a;
    return ERR_OK;
}

enum err_code ledger_share(struct usd v, int64_t from, int64_t to, int64_t of,
                           struct usd *out, struct err *e)
{
    struct usd a = {0}, b = {0};

    if (ledger_scale(v, from, of, &a, e) != ERR_OK ||
        ledger_scale(v, to, of, &b, e) != ERR_OK)
        return ERR_RANGE;
    out->nanos = b.nanos - a.nanos; /* both of one sign */
    return ERR_OK;
}

struct utc ledger_month_start(struct utc t)
{
    struct civil c = civil_from_seconds(t.s);

    return (struct utc){civil_to_days(c.year, c.month, 1) * 86400};
}

struct utc ledger_day_start(const struct tz *tz, struct utc t)
{
    struct civil c = tz_civil(tz, t);

    c.hour = c.minute = c.second = 0;
    /* Where midnight is skipped the day begins with the change, where it comes twice with
     * the first. */
    return tz_instants(tz, &c).first;
}
