/*
 * ec2_prices - the region's spot price history: records of change, in pages.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/ec2_call.h"
#include "core/sim/wire.h"

#include "core/base/timefmt.h"

#define HOUR_MS (INT64_C(60) * 60 * 1000)

const char ec2_product[] = "Linux/UNIX";

void ec2_put_price(struct ec2_call *c, const char *tag, int64_t nanos)
{
    strbuf_printf(&c->rs->body, "<%s>%lld.%06lld</%s>", tag,
                  (long long)(nanos / 1000000000), (long long)(nanos % 1000000000 / 1000),
                  tag);
}

static const char *const price_filters[] = {
    "instance-type", "availability-zone", "product-description",
    "spot-price",    "timestamp",         NULL,
};

struct price_item {
    const char *type, *zone;
    const struct sim_price *record;
};

static void price_facts(const struct ec2_call *c, const void *item, const char *f,
                        struct ec2_facts *out)
{
    const struct price_item *p = item;

    (void)c;
    if (str_eq(f, "instance-type"))
        ec2_fact(out, p->type);
    else if (str_eq(f, "availability-zone"))
        ec2_fact(out, p->zone);
    else if (str_eq(f, "product-description"))
        ec2_fact(out, ec2_product);
    else if (str_eq(f, "timestamp"))
        ec2_fact(out, wire_time(p->record->at, out->buf));
    else if (str_eq(f, "spot-price")) {
        (void)str_format(out->buf, sizeof(out->buf), "%lld.%06lld",
                         (long long)(p->record->nanos / 1000000000),
                         (long long)(p->record->nanos % 1000000000 / 1000));
        ec2_fact(out, out->buf);
    }
}

static bool read_instant(struct ec2_call *c, const char *name, int64_t *ms)
{
    const char *text = form_get(&c->form, name);
    struct utc t;
    struct err e = {0};

    if (text == NULL)
        return true;
    if (utc_parse(text, &t, &e) != ERR_OK) {
        ec2_error(c, 400, "InvalidParameterValue",
                  "Value (%.40s) for parameter %s is invalid. Invalid date format.", text,
                  name);
        return false;
    }
    *ms = t.s * 1000;
    return true;
}

static bool product_wanted(const struct ec2_call *c)
{
    /* The VPC flavor is the same product. */
    return ec2_listed(c, "ProductDescription", ec2_product) ||
           ec2_listed(c, "ProductDescription", "Linux/UNIX (Amazon VPC)");
}

static void put_record(struct ec2_call *c, const struct price_item *p)
{
    ec2_open(c, "item");
    ec2_put(c, "instanceType", p->type);
    ec2_put(c, "productDescription", ec2_product);
    ec2_put_price(c, "spotPrice", p->record->nanos);
    ec2_put_time(c, "timestamp", p->record->at);
    ec2_put(c, "availabilityZone", p->zone);
    ec2_close(c, "item");
}

/* One record for each change within the time, and the last one before it: that is the
 * price at its beginning. Newest first within an offering; offering behind offering, so
 * that nobody can rely on an order over all. */
static void put_offering(struct ec2_call *c, const struct ec2_filters *filters,
                         struct ec2_page *page, const struct sim_offering *o,
                         int64_t base, int64_t from, int64_t to)
{
    struct price_item p = {c->w->types[o->type].name, c->w->zones[o->zone], NULL};

    for (size_t i = o->n_prices; i-- > 0;) {
        p.record = &o->prices[i];
        if (p.record->at > to || p.record->at > c->w->now)
            continue;
        /* Counted from the newest back, a position would move with the next change. */
        if (ec2_filters_match(c, filters, &p, price_facts) &&
            ec2_page_takes(page, base + (int64_t)(0xffffff - i)))
            put_record(c, &p);
        if (p.record->at <= from)
            return;
    }
}

static void describe_prices(struct ec2_call *c)
{
    struct ec2_filters filters;
    struct ec2_page page;
    const struct world *w = c->w;
    const char *zone = form_get(&c->form, "AvailabilityZone");
    int64_t from = w->now - 90 * 24 * HOUR_MS, to = INT64_MAX;

    if (!ec2_filters_read(c, price_filters, &filters) ||
        !ec2_page_read(c, NULL, EC2_MAX_RESULTS, &page) ||
        !read_instant(c, "StartTime", &from) || !read_instant(c, "EndTime", &to))
        return;
    ec2_open(c, "spotPriceHistorySet");
    for (size_t i = 0; i < w->n_types * w->n_zones; i++) {
        const struct sim_offering *o = &w->offerings[i];

        if (ec2_listed(c, "InstanceType", w->types[o->type].name) && product_wanted(c) &&
            (zone == NULL || str_eq(zone, w->zones[o->zone])))
            put_offering(c, &filters, &page, o, (int64_t)i << 24, from, to);
    }
    ec2_close(c, "spotPriceHistorySet");
    ec2_page_end(c, &page, true);
}

static const char *const price_parameters[] = {"InstanceType.N",
                                               "ProductDescription.N",
                                               "AvailabilityZone",
                                               "StartTime",
                                               "EndTime",
                                               EC2_PAGED,
                                               NULL};

const struct ec2_action ec2_describe_prices = {"DescribeSpotPriceHistory",
                                               describe_prices, price_parameters};
