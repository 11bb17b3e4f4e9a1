#include <config.h>

#include "core/cost/bill.h"

#include "core/base/str.h"

enum { DISK_MONTH_S = 2592000, HOUR_S = 3600, MIN_S = 60, DAY_S = 86400 };

const struct price_track *book_track(const struct price_book *b, const char *type,
                                     const char *zone)
{
    for (size_t i = 0; i < b->n_tracks; i++) {
        const struct price_track *t = &b->tracks[i];

        if (t->n > 0 && str_eq(t->type, type) &&
            (zone[0] == '\0' || str_eq(t->zone, zone)))
            return t;
    }
    return NULL;
}

static const struct configured_price *configured(const struct price_book *b,
                                                 const char *type, bool spot)
{
    for (size_t i = 0; i < b->config->n_prices; i++) {
        const struct configured_price *p = &b->config->prices[i];

        if (str_eq(p->type, type) && (spot ? p->has_spot : p->has_on_demand))
            return p;
    }
    return NULL;
}

static struct price_quote quote_configured(const struct price_book *b, const char *type,
                                           bool spot)
{
    const struct configured_price *p = configured(b, type, spot);

    if (p == NULL)
        return (struct price_quote){.source = PRICE_UNKNOWN};
    return (struct price_quote){.source = PRICE_CONFIGURED,
                                .price = spot ? p->spot : p->on_demand};
}

struct price_quote book_quote_on_demand(const struct price_book *b, const char *type)
{
    for (size_t i = b->n_listed; i > 0; i--) {
        const struct listed_price *l = &b->listed[i - 1];

        if (str_eq(l->type, type) && (b->region == NULL || str_eq(l->region, b->region)))
            return (struct price_quote){PRICE_PRICELIST, l->price, l->at};
    }
    return quote_configured(b, type, false);
}

struct price_quote book_quote_spot(const struct price_book *b, const char *type,
                                   const char *zone, struct utc at)
{
    for (size_t i = 0; i < b->n_tracks; i++) {
        const struct price_track *t = &b->tracks[i];

        if (!str_eq(t->type, type) || (zone[0] != '\0' && !str_eq(t->zone, zone)))
            continue;
        for (size_t k = t->n; k > 0; k--) {
            if (t->steps[k - 1].at.s <= at.s)
                return (struct price_quote){PRICE_HISTORY, t->steps[k - 1].price,
                                            t->as_of};
        }
    }
    return quote_configured(b, type, true);
}

bool book_on_demand(const struct price_book *b, const char *type, struct usd *out)
{
    struct price_quote q = book_quote_on_demand(b, type);

    if (q.source != PRICE_UNKNOWN)
        *out = q.price;
    return q.source != PRICE_UNKNOWN;
}

bool book_spot_configured(const struct price_book *b, const char *type, struct usd *out)
{
    const struct configured_price *p = configured(b, type, true);

    if (p != NULL)
        *out = p->spot;
    return p != NULL;
}

void bill_clear(struct bill *b)
{
    *b = (struct bill){.on_demand_known = true};
}

enum err_code bill_add(struct bill *sum, const struct bill *b, struct err *e)
{
    for (int i = 0; i < COST_ITEM_COUNT; i++) {
        if (usd_add(sum->items[i], b->items[i], &sum->items[i], e) != ERR_OK)
            return ERR_RANGE;
    }
    sum->unknown += b->unknown;
    sum->bounds += b->bounds;
    sum->instance_s += b->instance_s;
    sum->on_demand_known = sum->on_demand_known && b->on_demand_known;
    return usd_add(sum->on_demand, b->on_demand, &sum->on_demand, e);
}

static struct utc earlier(struct utc a, struct utc b)
{
    return a.s < b.s ? a : b;
}

static struct utc later(struct utc a, struct utc b)
{
    return a.s > b.s ? a : b;
}

static enum err_code put(struct bill *b, enum cost_item item, struct usd v, struct err *e)
{
    return usd_add(b->items[item], v, &b->items[item], e);
}

/* The time of an instance's life that is paid for when it has lived until t, as an
 * instant: the 60 s minimum, or whole hours; an hour cut short by AWS is free then. */
static struct utc paid_until(const struct cost_config *k, const struct segment *g,
                             struct utc t, bool lost)
{
    int64_t s = t.s - g->start.s;
    struct utc whole;

    if (s <= 0)
        return g->start;
    if (!k->billing_hour)
        return s < MIN_S ? (struct utc){g->start.s + MIN_S} : t;
    whole = ledger_whole_hours(g->start, t);
    if (!lost || g->end.s == 0)
        return whole;
    s = (g->end.s - g->start.s) / HOUR_S * HOUR_S;
    return earlier(whole, (struct utc){g->start.s + s});
}

/* Flat rates by their running total, so that parts add up. */
static enum err_code flat_part(struct usd rate, int64_t from_s, int64_t to_s,
                               struct usd *out, struct err *e)
{
    struct usd a, b;
    enum err_code code = usd_per_hour(rate, from_s, &a, e);

    if (code == ERR_OK)
        code = usd_per_hour(rate, to_s, &b, e);
    if (code == ERR_OK)
        out->nanos = b.nanos - a.nanos; /* no price is negative */
    return code;
}

/* Spot: the history while it is fresh, the on-demand price as an upper bound behind it,
 * else the last known or the configured rate. */
static enum err_code spot_part(struct bill *b, const struct price_book *book,
                               const struct segment *g, struct utc from, struct utc to,
                               struct usd *out, struct err *e)
{
    const struct price_track *t = book_track(book, g->type, g->zone);
    struct utc cut = to;
    struct usd bound, tail = {0};
    enum err_code code;

    if (t != NULL) {
        struct err none = {0};

        /* The paid time may end in the future: a minimum, or an hour begun. */
        if (t->as_of.s + PRICE_LAST_KNOWN_S < to.s &&
            book_on_demand(book, g->type, &bound)) {
            cut = later(from, (struct utc){t->as_of.s + PRICE_LAST_KNOWN_S});
            code = flat_part(bound, cut.s - g->start.s, to.s - g->start.s, &tail, e);
            if (code != ERR_OK)
                return code;
            b->bounds++;
        }
        code = ledger_spot(g->start, from, cut, t->steps, t->n, out, &none);
        if (code == ERR_OK)
            return usd_add(*out, tail, out, e);
        if (code == ERR_RANGE)
            return err_set(e, ERR_RANGE, "%s", none.text);
    }
    if (g->rate_known)
        return flat_part(g->rate, from.s - g->start.s, to.s - g->start.s, out, e);
    if (book_spot_configured(book, g->type, &bound))
        return flat_part(bound, from.s - g->start.s, to.s - g->start.s, out, e);
    if (!book_on_demand(book, g->type, &bound))
        return err_set(e, ERR_NOT_FOUND, "no price is known for %.40s", g->type);
    b->bounds++;
    return flat_part(bound, from.s - g->start.s, to.s - g->start.s, out, e);
}

static enum err_code same_hours(struct bill *b, const struct price_book *book,
                                const struct segment *g, struct utc from, struct utc to,
                                struct err *e)
{
    struct usd rate, v;
    enum err_code code;

    b->instance_s += to.s - from.s;
    if (!book_on_demand(book, g->type, &rate)) {
        if (!str_eq(g->kind, "on_demand") || !g->rate_known) {
            b->on_demand_known = b->on_demand_known && to.s <= from.s;
            return ERR_OK;
        }
        rate = g->rate;
    }
    code = flat_part(rate, from.s - g->start.s, to.s - g->start.s, &v, e);
    return code != ERR_OK ? code : usd_add(b->on_demand, v, &b->on_demand, e);
}

/* ERR_NOT_FOUND: nobody knows. */
static enum err_code instance_price(struct bill *b, const struct price_book *book,
                                    const struct segment *g, struct utc paid_from,
                                    struct utc paid_to, struct usd *out, struct err *e)
{
    bool lost = str_eq(g->kind, "lost");
    struct usd rate = g->rate;

    *out = (struct usd){0};
    /* Taken back by AWS in its first hour (aws-api 8); "free" is how older ledgers say
     * it. */
    if (str_eq(g->kind, "free") ||
        (lost && book->config->first_hour_free && g->end.s - g->start.s < HOUR_S))
        return ERR_OK;
    if (!str_eq(g->kind, "on_demand"))
        return spot_part(b, book, g, paid_from, paid_to, out, e);
    if (!g->rate_known && !book_on_demand(book, g->type, &rate))
        return err_set(e, ERR_NOT_FOUND, "no price is known for %.40s", g->type);
    return flat_part(rate, paid_from.s - g->start.s, paid_to.s - g->start.s, out, e);
}

static enum err_code instance_part(struct bill *b, const struct price_book *book,
                                   const struct segment *g, struct utc from,
                                   struct utc to, struct err *e)
{
    const struct cost_config *k = book->config;
    bool lost = str_eq(g->kind, "lost"), on_demand = str_eq(g->kind, "on_demand");
    enum cost_item item = on_demand ? COST_ON_DEMAND : COST_SPOT;
    struct utc paid_from = paid_until(k, g, from, lost);
    struct utc paid_to = paid_until(k, g, to, lost);
    struct usd v, disk;
    enum err_code code, more;

    code = ledger_scale(k->volume_gb_month, k->root_volume_gb, 1, &disk, e);
    if (code == ERR_OK)
        code = ledger_share(disk, from.s - g->start.s, to.s - g->start.s, DISK_MONTH_S,
                            &v, e);
    if (code == ERR_OK)
        code = put(b, COST_VOLUMES, v, e);
    if (code == ERR_OK)
        code = instance_price(b, book, g, paid_from, paid_to, &v, e);
    if (code == ERR_OK)
        code = put(b, item, v, e);
    /* Without a price of its own it ran as long. */
    more = code == ERR_RANGE ? code : same_hours(b, book, g, paid_from, paid_to, e);
    return more != ERR_OK ? more : code;
}

enum err_code bill_segment(struct bill *b, const struct price_book *book,
                           const struct segment *g, struct utc now, struct utc from,
                           struct utc to, struct err *e)
{
    enum err_code code;
    struct usd v;

    from = later(from, g->start);
    to = earlier(to, g->end.s != 0 ? g->end : now);
    if (from.s >= to.s)
        return ERR_OK;
    if (!str_eq(g->kind, "extension")) {
        code = instance_part(b, book, g, from, to, e);
    } else if (g->rate_known) {
        code = flat_part(g->rate, from.s - g->start.s, to.s - g->start.s, &v, e);
        if (code == ERR_OK)
            code = put(b, COST_EXTENSION, v, e);
    } else {
        code = err_set(e, ERR_NOT_FOUND, "cost.cloud_extension_hour is not set");
    }
    if (code == ERR_NOT_FOUND)
        b->unknown++;
    return code;
}

bool bill_spot_mean(const struct price_book *book, const char *type, const char *zone,
                    struct utc from, struct utc to, struct usd *out)
{
    /* Whole hours: the least that is paid for plays no part, however one is billed. */
    int64_t hours = (to.s - from.s) / HOUR_S, sum;
    struct segment g = {.kind = "spot", .start = from, .end = {from.s + hours * HOUR_S}};
    struct bill b;
    struct err e = {0};

    (void)str_copy(g.type, sizeof(g.type), type);
    (void)str_copy(g.zone, sizeof(g.zone), zone);
    bill_clear(&b);
    if (hours < 1 || bill_segment(&b, book, &g, g.end, from, g.end, &e) != ERR_OK ||
        b.bounds > 0)
        return false;
    sum = b.items[COST_SPOT].nanos;
    out->nanos = sum / hours + (sum % hours * 2 >= hours ? 1 : 0);
    return true;
}

/* ----- by the calendar ----- */

struct utc ledger_month_end(struct utc t)
{
    /* The 31 days of the longest month always reach into the next one. */
    struct utc next = {ledger_month_start(t).s + INT64_C(31) * DAY_S};

    return ledger_month_start(next);
}

/* What `of` seconds of each item cost: a month of 30 days of a disk, an hour of an
 * address, the month that it is of the others. */
static int64_t unit_s(int item, int64_t month_s)
{
    return item == COST_DISKS ? DISK_MONTH_S : item == COST_IPV4 ? HOUR_S : month_s;
}

static enum err_code amounts(const struct cost_config *k,
                             struct usd units[COST_ITEM_COUNT], struct err *e)
{
    int64_t out_gb = k->transfer_gb_month > k->transfer_free_gb
                         ? k->transfer_gb_month - k->transfer_free_gb
                         : 0;
    const struct {
        enum cost_item item;
        struct usd price;
        int64_t times;
    } rows[] = {
        {COST_DISKS, k->disk_gb_month, k->extension_disk_gb},
        {COST_IPV4, k->public_ipv4_hour, k->public_ipv4},
        {COST_IMAGES, k->snapshot_gb_month, k->image_gb},
        {COST_TRANSFER, k->transfer_gb, out_gb},
        /* Paid by both sides: once out, once in. */
        {COST_CROSS_ZONE, k->cross_zone_gb, 2 * (int64_t)k->cross_zone_gb_month},
        {COST_VPN, k->vpn_month, 1},
        {COST_LICENCE, k->licence_month, 1},
        {COST_STORAGE, k->storage_month, 1},
    };
    enum err_code code = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(rows) && code == ERR_OK; i++)
        code = ledger_scale(rows[i].price, rows[i].times, 1, &units[rows[i].item], e);
    return code;
}

static enum err_code fixed_of_month(struct bill *b, const struct usd *units,
                                    int64_t month_s, int64_t from_s, int64_t to_s,
                                    struct err *e)
{
    enum err_code code = ERR_OK;

    for (int i = 0; i < COST_ITEM_COUNT && code == ERR_OK; i++) {
        struct usd v;

        code = ledger_share(units[i], from_s, to_s, unit_s(i, month_s), &v, e);
        if (code == ERR_OK)
            code = put(b, (enum cost_item)i, v, e);
    }
    return code;
}

enum err_code bill_fixed(struct bill *b, const struct cost_config *k, struct utc from,
                         struct utc to, struct err *e)
{
    struct usd units[COST_ITEM_COUNT] = {0};
    enum err_code code = amounts(k, units, e);

    if (code == ERR_OK && to.s - from.s > INT64_C(1200) * 31 * DAY_S)
        return err_set(e, ERR_RANGE, "a bill is for a hundred years at most");
    while (code == ERR_OK && from.s < to.s) {
        struct utc start = ledger_month_start(from), end = ledger_month_end(from);
        struct utc until = earlier(end, to);

        code = fixed_of_month(b, units, end.s - start.s, from.s - start.s,
                              until.s - start.s, e);
        from = until;
    }
    return code;
}

enum err_code bill_total(const struct bill *b, struct usd *out, struct err *e)
{
    struct usd sum = {0};

    for (int i = 0; i < COST_ITEM_COUNT; i++) {
        if (usd_add(sum, b->items[i], &sum, e) != ERR_OK)
            return ERR_RANGE;
    }
    *out = sum;
    return ERR_OK;
}
