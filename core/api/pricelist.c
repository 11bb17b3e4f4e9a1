#include <config.h>

#include "core/api/pricelist.h"

#include "core/api/aws_json.h"
#include "core/net/aws_region.h"

#include <stdlib.h>
#include <string.h>

#define SIGNING_REGION "us-east-1" /* it is the same list everywhere */
#define HOST_PREFIX    "://api.pricing."

enum {
    MAX_PAGES = 20, /* of one type; a few products match, or one */
    MAX_PRODUCTS = 100,
    MAX_PRODUCT_BYTES = 256 * 1024,
    MAX_TERMS = 64, /* of a product, and dimensions of a term */
    MAX_TOKEN_BYTES = 4096,
    BODY_LIMIT_BYTES = 16 * 1024,
    MAX_DOLLARS_HOUR = 100000, /* no machine costs that */
    REGION_TEXT = 64
};

struct pricelist {
    const struct config *config;
    struct aws_json call;
    char region[REGION_TEXT]; /* whose prices are asked for */
    struct strbuf body;
};

/* What makes it one product: asked for, and looked at again in the answer. Without the
 * last four there are several, some at 0 (aws-api 7). NULL: the type, the region. */
static const struct {
    const char *field, *value;
} filters[] = {
    {"instanceType", NULL},       {"regionCode", NULL},     {"operatingSystem", "Linux"},
    {"tenancy", "Shared"},        {"preInstalledSw", "NA"}, {"capacitystatus", "Used"},
    {"marketoption", "OnDemand"},
};
enum { FILTER_TYPE, FILTER_REGION };

static const char *wanted(const struct pricelist *c, const char *type, size_t filter)
{
    return filter == FILTER_TYPE     ? type
           : filter == FILTER_REGION ? c->region
                                     : filters[filter].value;
}

/* AWS's own endpoints say where they are, and want to be signed for. */
static void scope_find(struct aws_json *call)
{
    const char *at = strstr(call->endpoint, HOST_PREFIX);
    const char *region = at != NULL ? at + strlen(HOST_PREFIX) : SIGNING_REGION ".";
    int len = (int)strcspn(region, ".:/");

    (void)str_format(call->scope, sizeof(call->scope), "aws:amz:%.*s:pricing",
                     len < REGION_TEXT ? len : REGION_TEXT, region); /* fits */
}

enum err_code pricelist_new(const struct config *config,
                            struct aws_credentials *credentials,
                            const struct transport *t, const struct clock *clock,
                            struct pricelist **out, struct err *e)
{
    struct pricelist *c = calloc(1, sizeof(*c));
    enum err_code rc;

    if (c == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a price list client");
    c->config = config;
    c->call = (struct aws_json){.service = "pricing",
                                .target = "AWSPriceListService",
                                .type = "application/x-amz-json-1.1",
                                .who = "price list",
                                .credentials = credentials,
                                .transport = *t,
                                .clock = clock};
    strbuf_init(&c->body, BODY_LIMIT_BYTES);
    rc = aws_region_find(config->aws.region, config->aws.profile, c->region,
                         sizeof(c->region), e);
    if (rc == ERR_OK)
        rc = aws_endpoint_find(config->aws.endpoint_pricing, "pricing",
                               config->aws.profile, SIGNING_REGION, c->call.endpoint,
                               sizeof(c->call.endpoint), e);
    if (rc != ERR_OK) {
        pricelist_free(c);
        return rc;
    }
    scope_find(&c->call);
    *out = c;
    return ERR_OK;
}

void pricelist_free(struct pricelist *c)
{
    if (c == NULL)
        return;
    strbuf_clear(&c->body);
    free(c);
}

/* ----- the request ----- */

static void put_request(struct pricelist *c, const char *type, const char *token)
{
    struct strbuf *b = &c->body;

    strbuf_reset(b);
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "ServiceCode", "AmazonEC2");
    jsonw_text(b, "FormatVersion", "aws_v1");
    jsonw_i64(b, "MaxResults", MAX_PRODUCTS);
    jsonw_open(b, "Filters", '[');
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        jsonw_open(b, NULL, '{');
        jsonw_text(b, "Type", "TERM_MATCH");
        jsonw_text(b, "Field", filters[i].field);
        jsonw_text(b, "Value", wanted(c, type, i));
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
    if (token[0] != '\0')
        jsonw_text(b, "NextToken", token);
    jsonw_close(b, '}');
}

/* ----- the answer ----- */

/* What was found of one type so far. */
struct found {
    bool known;
    struct usd price;
    struct utc effective; /* 0 = not said */
    struct utc now;
};

static enum err_code wrong(struct err *e, const char *what)
{
    return err_set(e, ERR_PROTOCOL, "its answer has %s", what);
}

static bool text_is(const json_value *object, const char *name, const char *want)
{
    size_t len;
    const char *text = json_text(object, name, &len);

    return text != NULL && len == strlen(want) && memcmp(text, want, len) == 0;
}

/* Is it the product that was asked for? What it does not say, it need not be. */
static bool product_fits(const struct pricelist *c, const char *type,
                         const json_value *attributes)
{
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        bool must = i == FILTER_TYPE || i == FILTER_REGION;

        if (json_get(attributes, filters[i].field) == NULL && !must)
            continue;
        if (!text_is(attributes, filters[i].field, wanted(c, type, i)))
            return false;
    }
    return true;
}

/* The one in force: the newest that has begun. Two of them cannot both be true. */
static enum err_code take(struct found *f, struct usd price, struct utc effective,
                          struct err *e)
{
    if (effective.s > f->now.s || (f->known && effective.s < f->effective.s))
        return ERR_OK;
    if (f->known && effective.s == f->effective.s && price.nanos != f->price.nanos)
        return wrong(e, "two prices for one type");
    f->known = true;
    f->price = price;
    f->effective = effective;
    return ERR_OK;
}

/* A price of 0 is that of a product that is paid for elsewhere: no price of ours. */
static enum err_code read_dimension(const json_value *dimension, struct utc effective,
                                    struct found *f, struct err *e)
{
    const json_value *per_unit = json_get(dimension, "pricePerUnit");
    const char *text;
    struct err ignored = {0};
    struct usd price;
    size_t len;

    if (!json_is_object(dimension) || !json_is_object(per_unit))
        return wrong(e, "a price dimension that is none");
    if (!text_is(dimension, "unit", "Hrs") || json_get(per_unit, "USD") == NULL)
        return ERR_OK;
    text = json_text(per_unit, "USD", &len);
    if (text == NULL || strlen(text) != len ||
        usd_parse(text, &price, &ignored) != ERR_OK || price.nanos < 0 ||
        price.nanos > MAX_DOLLARS_HOUR * USD_NANOS)
        return wrong(e, "a price that is none");
    return price.nanos > 0 ? take(f, price, effective, e) : ERR_OK;
}

static enum err_code read_term(const json_value *term, struct found *f, struct err *e)
{
    const json_value *dimensions = json_get(term, "priceDimensions"), *d;
    struct utc effective = {0};
    void *at = NULL;
    int n = 0;

    if (!json_is_object(term) || !json_is_object(dimensions))
        return wrong(e, "a term that is none");
    if (json_get(term, "effectiveDate") != NULL &&
        !json_time(term, "effectiveDate", &effective))
        return wrong(e, "a date that is none");
    while ((d = json_member_next(dimensions, &at)) != NULL) {
        if (++n > MAX_TERMS)
            return wrong(e, "too many price dimensions");
        if (read_dimension(d, effective, f, e) != ERR_OK)
            return e->code;
    }
    return ERR_OK;
}

static enum err_code read_product(const struct pricelist *c, const char *type,
                                  const json_value *root, struct found *f, struct err *e)
{
    const json_value *attributes = json_get(json_get(root, "product"), "attributes");
    const json_value *terms = json_get(root, "terms");
    const json_value *on_demand = json_get(terms, "OnDemand"), *t;
    void *at = NULL;
    int n = 0;

    if (!json_is_object(attributes) || !json_is_object(terms))
        return wrong(e, "a product that is none");
    if (!product_fits(c, type, attributes) || on_demand == NULL)
        return ERR_OK;
    if (!json_is_object(on_demand))
        return wrong(e, "a product that is none");
    while ((t = json_member_next(on_demand, &at)) != NULL) {
        if (++n > MAX_TERMS)
            return wrong(e, "too many terms");
        if (read_term(t, f, e) != ERR_OK)
            return e->code;
    }
    return ERR_OK;
}

/* Each entry is a text that is a JSON document of its own. */
static enum err_code read_page(const struct pricelist *c, const char *type,
                               const json_value *root, struct found *f, struct err *e)
{
    const json_value *list = json_get(root, "PriceList");

    if (!json_is_list(list))
        return wrong(e, "no PriceList");
    if (json_list_len(list) > MAX_PRODUCTS)
        return wrong(e, "more products than were asked for");
    for (size_t i = 0; i < json_list_len(list); i++) {
        struct json_doc *doc = NULL;
        size_t len;
        const char *text = json_text_of(json_list_at(list, i), &len);
        enum err_code rc;

        if (text == NULL)
            return wrong(e, "a product that is no text");
        if (len > MAX_PRODUCT_BYTES)
            return wrong(e, "a product that is too long");
        rc = json_parse(text, len, &doc, e);
        if (rc == ERR_OK)
            rc = read_product(c, type, json_doc_root(doc), f, e);
        json_doc_free(doc);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

/* "" = the last page. */
static enum err_code read_token(const json_value *root, char token[MAX_TOKEN_BYTES],
                                struct err *e)
{
    const json_value *v = json_get(root, "NextToken");
    size_t len;
    const char *text = json_text_of(v, &len);

    token[0] = '\0';
    if (v == NULL || json_is_null(v))
        return ERR_OK;
    if (text == NULL || strlen(text) != len || !str_copy(token, MAX_TOKEN_BYTES, text))
        return wrong(e, "a token that is none");
    return ERR_OK;
}

static enum err_code find_type(struct pricelist *c, const char *type, struct found *f,
                               struct err *e)
{
    char token[MAX_TOKEN_BYTES] = "";

    *f = (struct found){.now = clock_utc(c->call.clock)};
    for (int page = 0; page < MAX_PAGES; page++) {
        struct json_doc *doc = NULL;
        enum err_code rc;

        put_request(c, type, token);
        rc = aws_json_call(&c->call, "GetProducts", &c->body, &doc, e);
        if (rc != ERR_OK)
            return rc;
        rc = read_page(c, type, json_doc_root(doc), f, e);
        if (rc == ERR_OK)
            rc = read_token(json_doc_root(doc), token, e);
        json_doc_free(doc);
        if (rc != ERR_OK) {
            err_wrap(e, "price list of %.40s", type);
            return rc;
        }
        if (token[0] == '\0')
            return ERR_OK;
    }
    return err_set(e, ERR_PROTOCOL, "price list of %.40s: the pages do not end", type);
}

static enum err_code observe(struct pricelist *c, struct observation *o, struct err *e)
{
    size_t n_types, n = 0;
    const char **types = config_types(c->config, o->arena, &n_types);
    struct seen_listed *prices = arena_alloc(o->arena, n_types, sizeof(*prices));
    struct found f;

    if (types == NULL || prices == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the prices");
    for (size_t i = 0; i < n_types; i++) {
        if (find_type(c, types[i], &f, e) != ERR_OK)
            return e->code;
        if (!f.known)
            continue; /* not sold there */
        prices[n].type = arena_strdup(o->arena, types[i]);
        prices[n].price = f.price;
        n++;
    }
    o->as.pricelist =
        (struct obs_pricelist){arena_strdup(o->arena, c->region), prices, n};
    return arena_failed(o->arena) ? err_set(e, ERR_NOMEM, "no memory for the prices")
                                  : ERR_OK;
}

enum err_code pricelist_observe(struct pricelist *c, struct observation *o, struct err *e)
{
    int64_t began_ms = clock_mono(c->call.clock).ms;
    enum err_code rc;

    c->call.skew_known = false;
    rc = o->source == SOURCE_PRICELIST
             ? observe(c, o, e)
             : err_set(e, ERR_BUG, "%s is not read from the price list",
                       source_api(o->source));
    o->took_ms = clock_mono(c->call.clock).ms - began_ms;
    o->skew_known = c->call.skew_known;
    o->skew_s = c->call.skew_s;
    o->err = *e;
    return rc;
}
