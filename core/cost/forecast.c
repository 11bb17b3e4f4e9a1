#include <config.h>

#include "core/cost/forecast.h"

#include "core/base/str.h"

enum {
    WEEK_S = 7 * 86400,
    USAGE_MIN = 800,
    USAGE_MAX = 1300,
    MEDIAN = 500,
    LOW = 100,
    HIGH = 900
};

/* Seconds of [from, to) in which the price is at most `limit`; all: in which there is
 * one. */
static int64_t seconds_at_most(const struct price_step *steps, size_t n, struct utc from,
                               struct utc to, int64_t limit, int64_t *all, int64_t *most)
{
    int64_t under = 0;
    size_t before = price_steps_until(steps, n, from);

    *all = *most = 0;
    for (size_t i = before > 0 ? before - 1 : 0; i < n && steps[i].at.s < to.s; i++) {
        int64_t a = steps[i].at.s > from.s ? steps[i].at.s : from.s;
        int64_t b = i + 1 < n && steps[i + 1].at.s < to.s ? steps[i + 1].at.s : to.s;

        if (b <= a)
            continue;
        *all += b - a;
        if (steps[i].price.nanos > *most)
            *most = steps[i].price.nanos;
        if (steps[i].price.nanos <= limit)
            under += b - a;
    }
    return under;
}

bool price_quantile(const struct price_step *steps, size_t n, struct utc from,
                    struct utc to, int32_t permille, struct usd *out)
{
    int64_t all, most, low = 0, high, want;

    (void)seconds_at_most(steps, n, from, to, 0, &all, &most);
    if (all == 0)
        return false;
    want = (all * permille + 999) / 1000;
    if (want < 1)
        want = 1;
    /* The least price that holds for that long; no memory to sort them in is needed. */
    high = most;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;

        if (seconds_at_most(steps, n, from, to, mid, &all, &most) >= want)
            high = mid;
        else
            low = mid + 1;
    }
    *out = (struct usd){low};
    return true;
}

int32_t forecast_usage(int64_t actual_s, int64_t planned_s)
{
    int64_t permille;

    if (planned_s <= 0 || actual_s < 0)
        return 1000;
    if (actual_s >= planned_s * 2)
        return USAGE_MAX;
    permille = (actual_s * 1000 + planned_s / 2) / planned_s;
    return permille < USAGE_MIN   ? USAGE_MIN
           : permille > USAGE_MAX ? USAGE_MAX
                                  : (int32_t)permille;
}

/* Seconds of the spans, each made longer on both sides, that lie between now and the
 * month's end; what overlaps then counts once. */
static int64_t rest_of_spans(const struct forecast_in *in, int64_t before, int64_t after)
{
    int64_t sum = 0, from = in->now.s > in->month_start.s ? in->now.s : in->month_start.s;

    for (size_t i = 0; i < in->n_spans; i++) {
        int64_t a = in->spans[i].start.s - before, b = in->spans[i].end.s + after;

        if (a < from)
            a = from;
        if (b > in->month_end.s)
            b = in->month_end.s;
        if (b <= a)
            continue;
        sum += b - a;
        from = b;
    }
    return sum;
}

static bool quantile_of(const struct forecast_in *in, const struct forecast_server *s,
                        int32_t permille, struct usd *out)
{
    const struct price_track *t = book_track(in->book, s->type, s->zone);
    struct utc week = {in->now.s - WEEK_S};

    if (t != NULL && price_quantile(t->steps, t->n, week, in->now, permille, out))
        return true;
    return book_spot_configured(in->book, s->type, out) ||
           book_on_demand(in->book, s->type, out);
}

/* servers * seconds * price * usage. */
static enum err_code instances_rest(const struct forecast_in *in, int64_t seconds,
                                    int32_t permille, bool *known, struct usd *out,
                                    struct err *e)
{
    int64_t usage = in->usage_permille < USAGE_MIN   ? USAGE_MIN
                    : in->usage_permille > USAGE_MAX ? USAGE_MAX
                                                     : in->usage_permille;
    struct usd price = {0};

    *out = (struct usd){0};
    for (size_t i = 0; i < in->n_servers && seconds > 0; i++) {
        const struct forecast_server *s = &in->servers[i];
        bool same = i > 0 && str_eq(s->type, s[-1].type) && str_eq(s->zone, s[-1].zone);
        struct usd v;

        if (!same && !quantile_of(in, s, permille, &price)) {
            *known = false;
            return ERR_OK;
        }
        if (ledger_scale(price, seconds * usage, 3600 * 1000, &v, e) != ERR_OK ||
            usd_add(*out, v, out, e) != ERR_OK)
            return ERR_RANGE;
    }
    return ERR_OK;
}

static enum err_code sum_up(struct usd spent, struct usd fixed, struct usd extension,
                            struct usd instances, struct usd *out, struct err *e)
{
    if (usd_add(spent, fixed, out, e) != ERR_OK ||
        usd_add(*out, extension, out, e) != ERR_OK)
        return ERR_RANGE;
    return usd_add(*out, instances, out, e);
}

enum err_code forecast(const struct forecast_in *in, struct forecast *out, struct err *e)
{
    const struct cost_config *k = in->book->config;
    struct usd spent, rest, extension = {0}, low = {0}, mid = {0}, high = {0};
    struct utc from = in->now.s > in->month_start.s ? in->now : in->month_start;
    int64_t seconds = rest_of_spans(in, 0, 0), running;
    struct bill fixed;
    enum err_code code;

    *out = (struct forecast){.known = in->spent->unknown == 0, .rest_s = seconds};
    bill_clear(&fixed);
    if ((code = usd_add(in->spent->items[COST_SPOT], in->spent->items[COST_ON_DEMAND],
                        &out->instances, e)) != ERR_OK ||
        (code = bill_total(in->spent, &spent, e)) != ERR_OK ||
        (code = bill_fixed(&fixed, k, from, in->month_end, e)) != ERR_OK ||
        (code = bill_total(&fixed, &rest, e)) != ERR_OK)
        return code;
    running = in->extension && in->n_servers > 0
                  ? rest_of_spans(in, in->lead_s, in->tail_s)
                  : 0;
    if (running > 0 && !k->has_extension_hour)
        out->known = false;
    else if (running > 0 &&
             (code = usd_per_hour(k->extension_hour, running, &extension, e)) != ERR_OK)
        return code;
    if ((code = instances_rest(in, seconds, LOW, &out->known, &low, e)) != ERR_OK ||
        (code = instances_rest(in, seconds, MEDIAN, &out->known, &mid, e)) != ERR_OK ||
        (code = instances_rest(in, seconds, HIGH, &out->known, &high, e)) != ERR_OK ||
        (code = sum_up(spent, rest, extension, low, &out->p10, e)) != ERR_OK ||
        (code = sum_up(spent, rest, extension, mid, &out->p50, e)) != ERR_OK ||
        (code = sum_up(spent, rest, extension, high, &out->p90, e)) != ERR_OK ||
        (code = usd_add(in->spent->items[COST_EXTENSION], extension, &out->extension,
                        e)) != ERR_OK)
        return code;
    return usd_add(out->instances, mid, &out->instances, e);
}
