#include <config.h>

#include "core/base/money.h"

#include "core/base/str.h"

enum err_code usd_parse(const char *text, struct usd *out, struct err *e)
{
    const char *p = text;
    bool negative = *p == '-';
    int64_t nanos = 0;
    int decimals = -1; /* digits seen behind the point, -1 before it */
    bool any = false;

    if (negative)
        p++;
    for (; *p != '\0'; p++) {
        if (*p == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*p < '0' || *p > '9')
            return err_set(e, ERR_SYNTAX, "\"%.40s\" is not an amount like 0.0692", text);
        any = true;
        if (decimals >= 9) {
            if (*p != '0')
                return err_set(e, ERR_RANGE, "\"%.40s\" has more than nine decimals",
                               text);
            continue;
        }
        if (decimals >= 0)
            decimals++;
        if (__builtin_mul_overflow(nanos, 10, &nanos) ||
            __builtin_add_overflow(nanos, *p - '0', &nanos))
            return err_set(e, ERR_RANGE, "\"%.40s\" is too large an amount", text);
    }
    if (!any)
        return err_set(e, ERR_SYNTAX, "\"%.40s\" is not an amount like 0.0692", text);
    for (int i = decimals < 0 ? 0 : decimals; i < 9; i++) {
        if (__builtin_mul_overflow(nanos, 10, &nanos))
            return err_set(e, ERR_RANGE, "\"%.40s\" is too large an amount", text);
    }
    out->nanos = negative ? -nanos : nanos;
    return ERR_OK;
}

const char *usd_text(struct usd v, int decimals, char buf[USD_TEXT])
{
    /* Unsigned, so that the most negative amount has an absolute value too. */
    uint64_t abs = v.nanos < 0 ? 0 - (uint64_t)v.nanos : (uint64_t)v.nanos;
    uint64_t unit = 1, part;
    char *p = buf;

    for (int i = decimals; i < 9; i++)
        unit *= 10;
    abs = (abs + unit / 2) / unit;
    if (v.nanos < 0 && abs > 0)
        *p++ = '-';
    unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    /* By hand: a snapshot has hundreds of amounts, and printf() was most of its cost. */
    p = str_put_u64(p, abs / unit);
    if (decimals > 0)
        *p++ = '.';
    part = abs % unit;
    for (unit /= 10; unit > 0; unit /= 10)
        *p++ = (char)('0' + part / unit % 10);
    *p = '\0';
    return buf;
}

enum err_code usd_add(struct usd a, struct usd b, struct usd *out, struct err *e)
{
    int64_t sum;

    if (__builtin_add_overflow(a.nanos, b.nanos, &sum))
        return err_set(e, ERR_RANGE, "an amount is too large to add up");
    out->nanos = sum;
    return ERR_OK;
}

enum err_code usd_per_hour(struct usd rate, int64_t seconds, struct usd *out,
                           struct err *e)
{
    int64_t product, half = 1800;

    if (__builtin_mul_overflow(rate.nanos, seconds, &product) ||
        __builtin_add_overflow(product, product < 0 ? -half : half, &product))
        return err_set(e, ERR_RANGE, "a cost is too large to compute");
    out->nanos = product / 3600;
    return ERR_OK;
}
