#include <config.h>

#include "core/api/ec2.h"

#include "core/api/ec2_internal.h"
#include "core/base/timefmt.h"
#include "core/net/aws_region.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_ITEMS "1000"
#define LINUX      "Linux/UNIX"
#define LINUX_VPC  "Linux/UNIX (Amazon VPC)" /* the same price under an older name */

enum {
    MAX_PAGES = 200,
    MAX_VALUES = 200, /* of one filter */
    MAX_TYPES = 100,  /* of one DescribeSpotPriceHistory */
    BODY_LIMIT_BYTES = 256 * 1024
};

enum err_code ec2_new(const struct config *config, struct aws_credentials *credentials,
                      const struct transport *t, const struct clock *clock,
                      struct ec2 **out, struct err *e)
{
    struct ec2 *c = calloc(1, sizeof(*c));
    char region[64];
    enum err_code rc;

    if (c == NULL)
        return err_set(e, ERR_NOMEM, "no memory for an EC2 client");
    c->config = config;
    c->credentials = credentials;
    c->transport = *t;
    c->clock = clock;
    strbuf_init(&c->body, BODY_LIMIT_BYTES);
    rc = siphash_key_new(&c->key, e);
    if (rc == ERR_OK)
        rc = aws_region_find(config->aws.region, config->aws.profile, region,
                             sizeof(region), e);
    if (rc == ERR_OK)
        rc = aws_endpoint_find(config->aws.endpoint_ec2, "ec2", config->aws.profile,
                               region, c->endpoint, sizeof(c->endpoint), e);
    if (rc != ERR_OK) {
        ec2_free(c);
        return rc;
    }
    (void)str_format(c->scope, sizeof(c->scope), "aws:amz:%s:ec2", region); /* fits */
    *out = c;
    return ERR_OK;
}

void ec2_free(struct ec2 *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        ec2_known_clear(&c->known[i]);
    strbuf_clear(&c->body);
    free(c);
}

static void list_begin(struct ec2 *c, const struct ec2_shape *s)
{
    ec2_body_begin(c, s);
    ec2_body_put(&c->body, "MaxResults",
                 RH_BUGGIFY("ec2-pages-of-twenty") ? "20" : PAGE_ITEMS);
}

/* Every page of the listing whose first request is in c->body. */
static enum err_code list_all(struct ec2 *c, const struct ec2_shape *s,
                              struct ec2_list *list, struct err *e)
{
    const size_t base = c->body.len, before = list->n;
    struct ec2_answer a;
    bool restarted = false;

    for (int page = 0; page < MAX_PAGES; page++) {
        enum err_code rc = ec2_ask(c, s, list, &a, e);

        c->body.len = base; /* the same request again, with another token */
        if (rc != ERR_OK && !restarted && str_eq(a.code, "InvalidPaginationToken")) {
            restarted = true;
            list->n = before;
            err_clear(e);
            c->body.data[base] = '\0';
            continue;
        }
        if (rc != ERR_OK || a.next_token[0] == '\0')
            return rc;
        RH_PROBE("ec2-next-page");
        ec2_body_put(&c->body, "NextToken", a.next_token);
    }
    return err_set(e, ERR_PROTOCOL, "EC2 %s: the pages do not end", ec2_shape_action(s));
}

/* ----- what is observed ----- */

/* The end of a poll whose answers may come again. */
static enum err_code listed(struct ec2 *c, enum err_code rc, const struct ec2_list *list,
                            struct observation *o)
{
    bool good = rc == ERR_OK && !arena_failed(o->arena);

    ec2_known_end(c->now, good ? list : NULL, o);
    return rc;
}

static const struct seen_instance *find_instance(const struct ec2_list *l, const char *id)
{
    const struct seen_instance *items = l->items;

    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(items[i].id, id))
            return &items[i];
    }
    return NULL;
}

/* Which of these ids the listing does not have. */
static void list_absent(struct obs_instances *out, const struct ec2_list *list,
                        const char (*ids)[ID_TEXT], size_t n, struct arena *a)
{
    const char **absent = arena_alloc(a, n, sizeof(*absent));

    out->absent = absent;
    for (size_t i = 0; absent != NULL && i < n; i++) {
        if (ids[i][0] != '\0' && find_instance(list, ids[i]) == NULL)
            absent[out->n_absent++] = arena_strdup(a, ids[i]);
    }
}

/* By our tag; then those that the caller knows and the tag did not show: tags appear late
 * and vanish early. */
static enum err_code observe_instances(struct ec2 *c, const struct poll_hints *hints,
                                       struct observation *o, struct err *e)
{
    const struct ec2_shape *s = &ec2_instances_shape;
    struct ec2_list list = ec2_shape_list(s, o->arena);
    struct ec2_list tagged;
    size_t n = 0;
    enum err_code rc;

    list_begin(c, s);
    ec2_body_put(&c->body, "Filter.1.Name", "tag:rushhour:deployment");
    ec2_body_put_literal(&c->body, "Filter.1.Value", 1, c->config->deployment);
    rc = list_all(c, s, &list, e);
    if (rc != ERR_OK)
        return listed(c, rc, &list, o);
    tagged = list;
    list_begin(c, s);
    ec2_body_put(&c->body, "Filter.1.Name", "instance-id");
    for (size_t i = 0; i < hints->n; i++) {
        if (hints->ids[i][0] != '\0' && find_instance(&tagged, hints->ids[i]) == NULL)
            ec2_body_put_literal(&c->body, "Filter.1.Value", ++n, hints->ids[i]);
    }
    if (n > 0)
        rc = list_all(c, s, &list, e);
    if (rc == ERR_OK) {
        o->as.instances = (struct obs_instances){.instances = list.items, .n = list.n};
        list_absent(&o->as.instances, &list, hints->ids, hints->n, o->arena);
    }
    return listed(c, rc, &list, o);
}

static enum err_code observe_spots(struct ec2 *c, const struct poll_hints *hints,
                                   struct observation *o, struct err *e)
{
    const struct ec2_shape *s = &ec2_spots_shape;
    struct ec2_list list = ec2_shape_list(s, o->arena);
    size_t n = 0;
    enum err_code rc = ERR_OK;

    list_begin(c, s);
    ec2_body_put(&c->body, "Filter.1.Name", "instance-id");
    for (size_t i = 0; i < hints->n; i++) {
        if (hints->ids[i][0] != '\0')
            ec2_body_put_literal(&c->body, "Filter.1.Value", ++n, hints->ids[i]);
    }
    if (n > 0) /* a filter without values is refused */
        rc = list_all(c, s, &list, e);
    if (rc == ERR_OK && hints->open_requests) {
        list_begin(c, s);
        ec2_body_put(&c->body, "Filter.1.Name", "tag:rushhour:deployment");
        ec2_body_put_literal(&c->body, "Filter.1.Value", 1, c->config->deployment);
        ec2_body_put(&c->body, "Filter.2.Name", "state");
        ec2_body_put(&c->body, "Filter.2.Value.1", "open");
        rc = list_all(c, s, &list, e);
    }
    if (rc == ERR_OK)
        o->as.spot = (struct obs_spot){list.items, list.n, hints->open_requests};
    return listed(c, rc, &list, o);
}

/* Of a server's zones, its own first; "" = none. */
static const char *eni_of(const struct server_config *s, size_t zone)
{
    const char *eni = zone == 0 ? s->eni : s->zones[zone - 1].eni;

    return eni != NULL ? eni : "";
}

static enum err_code observe_interfaces(struct ec2 *c, struct observation *o,
                                        struct err *e)
{
    const struct ec2_shape *s = &ec2_interfaces_shape;
    struct ec2_list list = ec2_shape_list(s, o->arena);
    size_t server = 0, zone = 0;
    enum err_code rc = ERR_OK;

    while (rc == ERR_OK && server < c->config->n_servers) {
        size_t n = 0;

        list_begin(c, s);
        ec2_body_put(&c->body, "Filter.1.Name", "network-interface-id");
        while (server < c->config->n_servers && n < MAX_VALUES) {
            const struct server_config *at = &c->config->servers[server];
            const char *eni = eni_of(at, zone);

            if (eni[0] != '\0') /* each is used once (design 5) */
                ec2_body_put_literal(&c->body, "Filter.1.Value", ++n, eni);
            zone = zone < at->n_zones ? zone + 1 : 0;
            server += zone == 0 ? 1 : 0;
        }
        if (n > 0)
            rc = list_all(c, s, &list, e);
    }
    if (rc == ERR_OK)
        o->as.interfaces = (struct obs_interfaces){list.items, list.n};
    return listed(c, rc, &list, o);
}

static int price_order(const void *a, const void *b)
{
    const struct ec2_price *x = a, *y = b;
    int c = strcmp(x->seen.type, y->seen.type);

    if (c == 0)
        c = strcmp(x->seen.zone, y->seen.zone);
    if (c == 0)
        c = (x->seen.at.s > y->seen.at.s) - (x->seen.at.s < y->seen.at.s);
    /* Of two names for one product at one time the plain one counts: it comes last. */
    if (c == 0)
        c = str_eq(x->product, LINUX) - str_eq(y->product, LINUX);
    return c;
}

/* Sorted by type, zone and time; one record per change, of the right product, not from
 * the future. */
static size_t prices_tidy(struct ec2_price *all, size_t n, struct utc now)
{
    size_t kept = 0;

    if (n > 0)
        qsort(all, n, sizeof(*all), price_order);
    for (size_t i = 0; i < n; i++) {
        const struct ec2_price *p = &all[i];

        if (!p->has_price || p->seen.type[0] == '\0' || p->seen.zone[0] == '\0' ||
            p->seen.at.s == 0 || p->seen.at.s > now.s ||
            (!str_eq(p->product, LINUX) && !str_eq(p->product, LINUX_VPC)))
            continue;
        if (kept > 0 && str_eq(all[kept - 1].seen.type, p->seen.type) &&
            str_eq(all[kept - 1].seen.zone, p->seen.zone) &&
            all[kept - 1].seen.at.s == p->seen.at.s)
            kept--;
        all[kept++] = *p;
    }
    return kept;
}

static enum err_code price_page(struct ec2 *c, const char *const *types, size_t n,
                                const char *since, struct ec2_list *list, struct err *e)
{
    list_begin(c, &ec2_prices_shape);
    for (size_t i = 0; i < n; i++)
        ec2_body_put_numbered(&c->body, "InstanceType", i + 1, types[i]);
    ec2_body_put_numbered(&c->body, "ProductDescription", 1, LINUX);
    ec2_body_put_numbered(&c->body, "ProductDescription", 2, LINUX_VPC);
    ec2_body_put(&c->body, "StartTime", since);
    return list_all(c, &ec2_prices_shape, list, e);
}

static enum err_code observe_prices(struct ec2 *c, const struct poll_hints *hints,
                                    struct observation *o, struct err *e)
{
    struct ec2_list list = ec2_shape_list(&ec2_prices_shape, o->arena);
    struct utc now = clock_utc(c->clock);
    char since[TIME_TEXT];
    const char **types;
    struct seen_price *prices;
    struct ec2_price *all;
    size_t n, kept;
    enum err_code rc = ERR_OK;

    (void)utc_text(hints->since.s > 0 && hints->since.s < now.s ? hints->since : now,
                   since);
    types = config_types(c->config, o->arena, &n);
    if (types == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the instance types");
    for (size_t i = 0; rc == ERR_OK && i < n; i += MAX_TYPES)
        rc = price_page(c, types + i, n - i < MAX_TYPES ? n - i : MAX_TYPES, since, &list,
                        e);
    if (rc != ERR_OK)
        return rc;
    all = list.items;
    kept = prices_tidy(all, list.n, now);
    prices = arena_alloc(o->arena, kept, sizeof(*prices));
    if (prices == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a price history of that size");
    for (size_t i = 0; i < kept; i++)
        prices[i] = all[i].seen;
    o->as.prices = (struct obs_prices){prices, kept};
    return ERR_OK;
}

enum err_code ec2_observe(struct ec2 *c, const struct poll_hints *hints,
                          struct observation *o, struct err *e)
{
    int64_t began_ms = clock_mono(c->clock).ms;
    enum err_code rc = ERR_BUG;

    c->skew_known = false;
    c->now = o->source != SOURCE_PRICES ? &c->known[o->source] : NULL;
    if (c->now != NULL)
        ec2_known_begin(c->now);
    switch (o->source) {
    case SOURCE_INSTANCES:
        rc = observe_instances(c, hints, o, e);
        break;
    case SOURCE_SPOT:
        rc = observe_spots(c, hints, o, e);
        break;
    case SOURCE_INTERFACES:
        rc = observe_interfaces(c, o, e);
        break;
    case SOURCE_PRICES:
        rc = observe_prices(c, hints, o, e);
        break;
    case SOURCE_VELOSTRATA:
    case SOURCE_JENKINS:
    case SOURCE_VSPHERE:
    case SOURCE_PRICELIST:
    case SOURCE_QUEUE:
    case SOURCE_LOCK:
    case SOURCE_BUILDS:
    case SOURCE_COUNT:
        rc = err_set(e, ERR_BUG, "%s is not read from EC2", source_api(o->source));
        break;
    }
    o->took_ms = clock_mono(c->clock).ms - began_ms;
    o->skew_known = c->skew_known;
    o->skew_s = c->skew_s;
    o->err = *e;
    return rc;
}
