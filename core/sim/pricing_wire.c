/*
 * pricing_wire - the AWS price list of the simulated region: GetProducts over JSON, its
 * products as texts inside the answer, signatures checked as everywhere. Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/aws_json_wire.h"

#include "core/net/json.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FILTERS = 50, MAX_RESULTS = 100, PRODUCT_BYTES = 8192 };

static const struct aws_json_service service = {
    .name = "com.amazonaws.pricing",
    .type = "application/x-amz-json-1.1",
    .signer = "pricing",
    .region = "us-east-1", /* the list is there, whatever region it tells of */
};

static void refuse(struct http_response *rs, const char *code, const char *message)
{
    aws_json_refuse(&service, rs, code, message);
}

/* ---- products ---- */

/* Each type is sold in these ways; only the first is an hour of a plain Linux machine. */
static const struct flavor {
    const char *system, *software, *tenancy, *capacity;
    int64_t permille; /* of the plain price */
} flavors[] = {
    {"Linux", "NA", "Shared", "Used", 1000},
    {"Linux", "NA", "Shared", "AllocatedCapacityReservation", 0},
    {"Linux", "NA", "Shared", "UnusedCapacityReservation", 1000},
    {"Linux", "NA", "Dedicated", "Used", 1060},
    {"Linux", "SQL Std", "Shared", "Used", 2400},
    {"Windows", "NA", "Shared", "Used", 1840},
};

struct product {
    const struct world *w;
    const struct sim_type *type;
    const struct flavor *flavor;
    char sku[24];
};

/* Its attributes by name; NULL: it has none of that name. */
static const struct {
    const char *name;
    size_t at; /* of the text within a flavor */
} flavor_attributes[] = {
    {"operatingSystem", offsetof(struct flavor, system)},
    {"preInstalledSw", offsetof(struct flavor, software)},
    {"tenancy", offsetof(struct flavor, tenancy)},
    {"capacitystatus", offsetof(struct flavor, capacity)},
};

static const char *attribute(const struct product *p, const char *name)
{
    const struct {
        const char *name, *value;
    } fixed[] = {{"instanceType", p->type->name},
                 {"regionCode", p->w->region},
                 {"marketoption", "OnDemand"},
                 {"servicecode", "AmazonEC2"},
                 {"sku", p->sku}};

    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        if (str_eq(fixed[i].name, name))
            return fixed[i].value;
    for (size_t i = 0; i < ARRAY_LEN(flavor_attributes); i++)
        if (str_eq(flavor_attributes[i].name, name)) {
            const char *text;

            memcpy(&text, (const char *)p->flavor + flavor_attributes[i].at,
                   sizeof(text));
            return text;
        }
    return NULL;
}

static void put_attributes(struct strbuf *b, const struct product *p)
{
    static const char *const names[] = {"instanceType",   "regionCode", "operatingSystem",
                                        "preInstalledSw", "tenancy",    "capacitystatus",
                                        "marketoption",   "servicecode"};

    jsonw_open(b, "attributes", '{');
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        jsonw_text(b, names[i], attribute(p, names[i]));
    jsonw_close(b, '}');
}

/* As AWS writes them: keys made of SKU, offer and rate, ten decimals. */
static void put_terms(struct strbuf *b, const struct product *p)
{
    int64_t nanos = p->type->on_demand * p->flavor->permille / 1000;
    char key[64], price[32];

    (void)str_format(price, sizeof(price), "%lld.%09lld0", (long long)(nanos / USD_NANOS),
                     (long long)(nanos % USD_NANOS)); /* fits */
    jsonw_open(b, "terms", '{');
    jsonw_open(b, "OnDemand", '{');
    (void)str_format(key, sizeof(key), "%s.JRTCKXETXF", p->sku); /* fits */
    jsonw_open(b, key, '{');
    jsonw_text(b, "offerTermCode", "JRTCKXETXF");
    jsonw_text(b, "sku", p->sku);
    jsonw_text(b, "effectiveDate", "2026-01-01T00:00:00Z");
    jsonw_open(b, "priceDimensions", '{');
    (void)str_format(key, sizeof(key), "%s.JRTCKXETXF.6YS6EN2CT7", p->sku); /* fits */
    jsonw_open(b, key, '{');
    jsonw_text(b, "unit", "Hrs");
    jsonw_text(b, "beginRange", "0");
    jsonw_text(b, "endRange", "Inf");
    jsonw_open(b, "pricePerUnit", '{');
    jsonw_text(b, "USD", price);
    for (int i = 0; i < 5; i++) /* price, dimension, dimensions, term, OnDemand */
        jsonw_close(b, '}');
    jsonw_close(b, '}');
}

static void put_product(struct strbuf *b, const struct product *p)
{
    struct strbuf text;

    strbuf_init(&text, PRODUCT_BYTES);
    jsonw_open(&text, NULL, '{');
    jsonw_open(&text, "product", '{');
    jsonw_text(&text, "productFamily", "Compute Instance");
    put_attributes(&text, p);
    jsonw_text(&text, "sku", p->sku);
    jsonw_close(&text, '}');
    jsonw_text(&text, "serviceCode", "AmazonEC2");
    put_terms(&text, p);
    jsonw_close(&text, '}');
    jsonw_comma(b);
    json_put_text(b, strbuf_text(&text));
    b->failed = b->failed || text.failed;
    strbuf_clear(&text);
}

/* ---- the call ---- */

static bool texts_are(const json_value *object, const char *name, const char *want)
{
    size_t len;
    const char *text = json_text(object, name, &len);

    return text != NULL && str_eq(text, want);
}

/* NULL or what is wrong with the filters. */
static const char *check_filters(const json_value *filters)
{
    size_t len;

    if (filters == NULL)
        return NULL;
    if (!json_is_list(filters) || json_list_len(filters) > MAX_FILTERS)
        return "Filters: a list of at most 50 is wanted";
    for (size_t i = 0; i < json_list_len(filters); i++) {
        const json_value *f = json_list_at(filters, i);

        if (!texts_are(f, "Type", "TERM_MATCH") || json_text(f, "Field", &len) == NULL ||
            json_text(f, "Value", &len) == NULL)
            return "Filters: Type TERM_MATCH, Field and Value are wanted";
    }
    return NULL;
}

static bool matches(const struct product *p, const json_value *filters)
{
    for (size_t i = 0; i < json_list_len(filters); i++) {
        const json_value *f = json_list_at(filters, i);
        size_t len;
        const char *is = attribute(p, json_text(f, "Field", &len));
        const char *want = json_text(f, "Value", &len);

        if (is == NULL || !str_eq_nocase(is, want))
            return false;
    }
    return true;
}

/* A token is the position of the next product. */
static bool read_from(const json_value *root, int64_t *from)
{
    size_t len;
    const char *token = json_text(root, "NextToken", &len);
    struct err ignored = {0};

    *from = 0;
    if (json_get(root, "NextToken") == NULL)
        return true;
    return token != NULL && str_starts(token, "p") &&
           str_to_i64(token + 1, 1, INT32_MAX, from, &ignored) == ERR_OK;
}

static void put_page(const struct world *w, const json_value *filters, int64_t from,
                     int64_t most, struct strbuf *b)
{
    int64_t at = 0, written = 0, next = -1;

    jsonw_open(b, NULL, '{');
    jsonw_text(b, "FormatVersion", "aws_v1");
    jsonw_open(b, "PriceList", '[');
    for (size_t i = 0; i < w->n_types * ARRAY_LEN(flavors); i++) {
        struct product p = {.w = w,
                            .type = &w->types[i / ARRAY_LEN(flavors)],
                            .flavor = &flavors[i % ARRAY_LEN(flavors)]};

        (void)str_format(p.sku, sizeof(p.sku), "SIM%013zu", i); /* fits */
        if (!matches(&p, filters) || at++ < from)
            continue;
        if (written == most) {
            next = at - 1;
            break;
        }
        put_product(b, &p);
        written++;
    }
    jsonw_close(b, ']');
    if (next >= 0) {
        char token[24];

        (void)str_format(token, sizeof(token), "p%lld", (long long)next); /* fits */
        jsonw_text(b, "NextToken", token);
    }
    jsonw_close(b, '}');
}

static void get_products(const struct world *w, const json_value *root,
                         struct http_response *rs)
{
    const json_value *filters = json_get(root, "Filters");
    const char *problem = check_filters(filters);
    int64_t most = MAX_RESULTS, from;

    if (!json_is_object(root)) {
        refuse(rs, "SerializationException", "an object is wanted");
    } else if (!texts_are(root, "ServiceCode", "AmazonEC2")) {
        refuse(rs, "NotFoundException", "ServiceCode: only AmazonEC2 is sold here");
    } else if (json_get(root, "FormatVersion") != NULL &&
               !texts_are(root, "FormatVersion", "aws_v1")) {
        refuse(rs, "InvalidParameterException", "FormatVersion: only aws_v1 is known");
    } else if (problem != NULL) {
        refuse(rs, "InvalidParameterException", problem);
    } else if (json_get(root, "MaxResults") != NULL &&
               !json_i64(root, "MaxResults", 1, MAX_RESULTS, &most)) {
        refuse(rs, "InvalidParameterException", "MaxResults: 1 to 100");
    } else if (!read_from(root, &from)) {
        refuse(rs, "ExpiredNextTokenException", "NextToken: it is none of ours");
    } else {
        wire_answer(rs, 200, service.type, "");
        put_page(w, filters, from, most, &rs->body);
    }
}

bool wire_pricing(struct world *w, const struct http_request *rq,
                  struct http_response *rs)
{
    const char *target = wire_header(rq, "X-Amz-Target");
    struct json_doc *doc = NULL;
    struct err e = {0};

    wire_request_id(w, rs);
    if (!aws_json_is_signed(&service, w, rq, rs))
        return true;
    if (!str_eq(rq->method, "POST") || target == NULL ||
        !str_eq(target, "AWSPriceListService.GetProducts"))
        refuse(rs, "UnknownOperationException", "only GetProducts is known here");
    else if (json_parse(rq->body != NULL ? rq->body : "", rq->body_len, &doc, &e) !=
             ERR_OK)
        refuse(rs, "SerializationException", e.text);
    else
        get_products(w, json_doc_root(doc), rs);
    json_doc_free(doc);
    if (rs->body.failed)
        wire_answer(rs, 500, service.type, "");
    return true;
}
