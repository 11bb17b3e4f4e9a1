#include <config.h>

#include "core/cost/bill.h"

enum { HOUR_S = 3600, MONTH_S = 2629800 /* 730.5 h, a twelfth of a year */ };

/* All servers' hours at one of their two prices; whole_month: all hours there are. */
static bool hours_cost(const struct compare_in *in, bool on_demand, bool whole_month,
                       struct usd *out)
{
    struct err e = {0};

    for (size_t i = 0; i < in->n; i++) {
        const struct compare_server *s = &in->servers[i];
        int64_t seconds = whole_month ? in->month_s : s->seconds;
        struct usd v;

        if (seconds == 0)
            continue;
        if (!(on_demand ? s->on_demand_known : s->spot_known) ||
            usd_per_hour(on_demand ? s->on_demand : s->spot, seconds, &v, &e) != ERR_OK ||
            usd_add(*out, v, out, &e) != ERR_OK)
            return false;
    }
    return true;
}

static bool minus(struct usd a, struct usd b, struct usd *out)
{
    return !__builtin_sub_overflow(a.nanos, b.nanos, &out->nanos);
}

static bool plus(struct usd a, struct usd b, struct usd *out)
{
    return !__builtin_add_overflow(a.nanos, b.nanos, &out->nanos);
}

void compare(const struct compare_in *in, struct comparisons *out)
{
    struct usd rest, running, never, v;
    struct err e = {0};
    bool has_rest, has_running, has_never;

    *out = (struct comparisons){0};
    out->known[COMPARE_OWNED_HOST] =
        compare_owned_host(in->config, &out->amount[COMPARE_OWNED_HOST]);
    if (!in->total_known)
        return;
    has_rest = minus(in->total, in->instances, &rest);
    v = in->same_hours_priced ? in->same_hours_price : (struct usd){0};
    out->known[COMPARE_SAME_HOURS] = has_rest && hours_cost(in, true, false, &v) &&
                                     plus(rest, v, &out->amount[COMPARE_SAME_HOURS]);

    /* Without an extension there is none to leave running. */
    running = (struct usd){0};
    has_running =
        in->has_extension && in->config->has_extension_hour &&
        usd_per_hour(in->config->extension_hour, in->month_s, &running, &e) == ERR_OK;
    has_never = has_running == in->has_extension &&
                minus(in->total, in->extension, &never) && plus(never, running, &never);
    out->known[COMPARE_NEVER_STOPPED] = has_never && has_running;
    if (out->known[COMPARE_NEVER_STOPPED])
        out->amount[COMPARE_NEVER_STOPPED] = never;
    if (!has_never || !minus(never, in->instances, &never))
        return;
    v = (struct usd){0};
    out->known[COMPARE_ALWAYS_SPOT] = hours_cost(in, false, true, &v) &&
                                      plus(never, v, &out->amount[COMPARE_ALWAYS_SPOT]);
    v = (struct usd){0};
    out->known[COMPARE_ALWAYS_ON_DEMAND] =
        hours_cost(in, true, true, &v) &&
        plus(never, v, &out->amount[COMPARE_ALWAYS_ON_DEMAND]);
}

bool compare_owned_host(const struct cost_config *k, struct usd *out)
{
    struct usd power; /* price of a kWh * W * 730.5 h / 1000 */
    struct err e = {0};

    if (k->has_host_month) {
        *out = k->host_month;
        return true;
    }
    if (!k->has_host_capex || k->host_months < 1 ||
        ledger_scale(k->host_kwh, (int64_t)k->host_watts * (MONTH_S / 360), 10000, &power,
                     &e) != ERR_OK)
        return false;

    const struct {
        struct usd amount;
        int64_t times, divisor;
    } rows[] = {
        {k->host_capex, 1, k->host_months},
        {k->host_support_month, 1, 1},
        {k->host_licence_month, 1, 1},
        /* PUE is a decimal with nine places; a millionth is more than anyone measures. */
        {power, k->host_pue.nanos / 1000, USD_NANOS / 1000},
    };

    *out = (struct usd){0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct usd v;

        if (ledger_scale(rows[i].amount, rows[i].times, rows[i].divisor, &v, &e) !=
                ERR_OK ||
            usd_add(*out, v, out, &e) != ERR_OK)
            return false;
    }
    return true;
}
