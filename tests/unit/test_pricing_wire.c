/*
 * test_pricing_wire - the region's price list as bytes, what hostile requests get, and
 * our own client in front of it. Owns a site per test.
 * Threads: one.
 */
#include <config.h>

#include "core/api/pricelist.h"
#include "core/net/json.h"
#include "core/sim/site_impl.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

#define TARGET "AWSPriceListService.GetProducts"
#define SCOPE  "aws:amz:us-east-1:pricing"

struct pricing {
    struct site *site;
    struct transport transport;
    struct clock_fake now;
    struct clock clock;
    struct secret *key;
    struct http_response rs;
};

static int setup(void **state)
{
    const struct site_options o = {.seed = 7, .servers = 4, .start = {1795420800}};
    struct pricing *p = calloc(1, sizeof(*p));
    struct err e = {0};

    if (p == NULL)
        return -1;
    *state = p;
    assert_int_equal(site_new(&o, &p->site, &e), ERR_OK);
    p->transport = site_transport(p->site);
    p->now = (struct clock_fake){.utc = o.start, .mono = {1}};
    p->clock = clock_fake_clock(&p->now);
    assert_int_equal(
        secret_new(site_aws_secret_key, strlen(site_aws_secret_key), &p->key, &e),
        ERR_OK);
    http_response_init(&p->rs);
    return 0;
}

static int teardown(void **state)
{
    struct pricing *p = *state;

    http_response_clear(&p->rs);
    secret_free(p->key);
    site_free(p->site);
    free(p);
    return 0;
}

static const char *ask(struct pricing *p, const char *target, const char *scope,
                       const char *key_id, const char *body)
{
    struct http_request rq = {.method = "POST",
                              .url = "http://127.0.0.1:1/pricing/",
                              .headers = {{"X-Amz-Target", target, false}},
                              .n_headers = target != NULL ? 1 : 0,
                              .content_type = "application/x-amz-json-1.1",
                              .body = body,
                              .body_len = strlen(body),
                              .auth = scope != NULL ? HTTP_AUTH_SIGV4 : HTTP_AUTH_NONE,
                              .user = key_id,
                              .password = p->key,
                              .sigv4 = scope};
    struct err e = {0};

    http_response_clear(&p->rs);
    http_response_init(&p->rs);
    assert_int_equal(transport_perform(&p->transport, &rq, &p->rs, &e), ERR_OK);
    return strbuf_text(&p->rs.body);
}

#define BODY(more) "{\"ServiceCode\":\"AmazonEC2\"" more "}"
#define FILTER(type, field, value)                                                       \
    "{\"Type\":\"" type "\",\"Field\":\"" field "\",\"Value\":\"" value "\"}"

/* clang-format off */
static const struct {
    const char *what, *target, *scope, *key_id, *body, *code;
} refusals[] = {
    {"not signed", TARGET, NULL, NULL, BODY(""), "MissingAuthenticationTokenException"},
    {"signed for EC2", TARGET, "aws:amz:us-east-1:ec2", site_aws_key_id, BODY(""), "InvalidSignatureException"},
    {"signed for the region of the servers", TARGET, "aws:amz:eu-west-1:pricing", site_aws_key_id, BODY(""), "InvalidSignatureException"},
    {"a key that nobody has", TARGET, SCOPE, "AKIAOTHER", BODY(""), "UnrecognizedClientException"},
    {"no target", NULL, SCOPE, site_aws_key_id, BODY(""), "UnknownOperationException"},
    {"an operation nobody has", "AWSPriceListService.Guess", SCOPE, site_aws_key_id, BODY(""), "UnknownOperationException"},
    {"no JSON", TARGET, SCOPE, site_aws_key_id, "{", "SerializationException"},
    {"nothing at all", TARGET, SCOPE, site_aws_key_id, "", "SerializationException"},
    {"no object", TARGET, SCOPE, site_aws_key_id, "[]", "SerializationException"},
    {"another service", TARGET, SCOPE, site_aws_key_id, "{\"ServiceCode\":\"AmazonS3\"}", "NotFoundException"},
    {"no service", TARGET, SCOPE, site_aws_key_id, "{}", "NotFoundException"},
    {"another format", TARGET, SCOPE, site_aws_key_id, BODY(",\"FormatVersion\":\"v9\""), "InvalidParameterException"},
    {"too many results", TARGET, SCOPE, site_aws_key_id, BODY(",\"MaxResults\":101"), "InvalidParameterException"},
    {"results as text", TARGET, SCOPE, site_aws_key_id, BODY(",\"MaxResults\":\"9\""), "InvalidParameterException"},
    {"filters that are no list", TARGET, SCOPE, site_aws_key_id, BODY(",\"Filters\":{}"), "InvalidParameterException"},
    {"a filter of another kind", TARGET, SCOPE, site_aws_key_id, BODY(",\"Filters\":[" FILTER("REGEX", "a", "b") "]"), "InvalidParameterException"},
    {"a filter without a value", TARGET, SCOPE, site_aws_key_id, BODY(",\"Filters\":[{\"Type\":\"TERM_MATCH\",\"Field\":\"a\"}]"), "InvalidParameterException"},
    {"a filter that is no object", TARGET, SCOPE, site_aws_key_id, BODY(",\"Filters\":[1]"), "InvalidParameterException"},
    {"a token of another's", TARGET, SCOPE, site_aws_key_id, BODY(",\"NextToken\":\"abc\""), "ExpiredNextTokenException"},
    {"a token that is a number", TARGET, SCOPE, site_aws_key_id, BODY(",\"NextToken\":7"), "ExpiredNextTokenException"},
};
/* clang-format on */

static void errors(void **state)
{
    struct pricing *p = *state;

    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const char *body = ask(p, refusals[i].target, refusals[i].scope,
                               refusals[i].key_id, refusals[i].body);
        char want[96];

        assert_true(str_format(want, sizeof(want), "#%s\"", refusals[i].code));
        assert_row(refusals[i].what, p->rs.status == 400);
        assert_row(refusals[i].what, strstr(body, want) != NULL);
    }
}

static struct json_doc *page(struct pricing *p, const char *body)
{
    struct json_doc *doc = NULL;
    struct err e = {0};
    const char *text = ask(p, TARGET, SCOPE, site_aws_key_id, body);

    assert_int_equal(p->rs.status, 200);
    assert_int_equal(json_parse(text, p->rs.body.len, &doc, &e), ERR_OK);
    return doc;
}

static size_t count(struct pricing *p, const char *body)
{
    struct json_doc *doc = page(p, body);
    size_t n = json_list_len(json_get(json_doc_root(doc), "PriceList"));

    json_doc_free(doc);
    return n;
}

/* A type alone fits several products; each filter leaves fewer, the last leaves one. */
static void filters_leave_one(void **state)
{
    struct pricing *p = *state;
    size_t all = count(p, BODY("")), of_type, linux_only;

    of_type = count(
        p, BODY(",\"Filters\":[" FILTER("TERM_MATCH", "instanceType", "m5.2xlarge") "]"));
    linux_only = count(p, BODY(",\"Filters\":[" FILTER("TERM_MATCH", "instanceType",
                                                       "m5.2xlarge") "," //
                               FILTER("TERM_MATCH", "operatingSystem", "linux") "]"));
    assert_int_equal(all, of_type * p->site->w->n_types);
    assert_true(linux_only < of_type && linux_only > 1);
    assert_int_equal(
        count(p, BODY(",\"Filters\":[" FILTER("TERM_MATCH", "color", "red") "]")), 0);
}

static void pages(void **state)
{
    struct pricing *p = *state;
    size_t all = count(p, BODY("")), n = 0, turns = 0;
    char token[32] = "";

    do {
        char body[128];
        struct json_doc *doc;
        size_t len;
        const char *next;

        assert_true(str_format(body, sizeof(body), BODY(",\"MaxResults\":5%s%s%s"),
                               token[0] != '\0' ? ",\"NextToken\":\"" : "", token,
                               token[0] != '\0' ? "\"" : ""));
        doc = page(p, body);
        n += json_list_len(json_get(json_doc_root(doc), "PriceList"));
        next = json_text(json_doc_root(doc), "NextToken", &len);
        assert_true(str_copy(token, sizeof(token), next != NULL ? next : ""));
        json_doc_free(doc);
        assert_true(++turns < 100);
    } while (token[0] != '\0');
    assert_int_equal(n, all);
    assert_int_equal(turns, (all + 4) / 5);
}

/* What our client reads is what the world's machines cost, and no more calls than types.
 */
static void our_client_reads_it(void **state)
{
    struct pricing *p = *state;
    const struct world *w = p->site->w;
    const struct offering offerings[] = {
        {.type = w->types[2].name}, {.type = "x9.metal"}, {.type = w->types[0].name}};
    struct server_config server = {.offerings = offerings, .n_offerings = 3};
    struct config config = {.servers = &server, .n_servers = 1};
    struct aws_credentials *keys = NULL;
    struct pricelist *client = NULL;
    struct observation *o = observation_new(SOURCE_PRICELIST);
    struct err e = {0};

    assert_non_null(o);
    config.aws.region = w->region;
    config.aws.endpoint_pricing = "http://127.0.0.1:1/pricing/";
    assert_int_equal(aws_credentials_new_static(site_aws_key_id, site_aws_secret_key,
                                                NULL, &p->clock, &keys, &e),
                     ERR_OK);
    assert_int_equal(pricelist_new(&config, keys, &p->transport, &p->clock, &client, &e),
                     ERR_OK);
    assert_int_equal(pricelist_observe(client, o, &e), ERR_OK);
    assert_string_equal(o->as.pricelist.region, w->region);
    assert_int_equal(o->as.pricelist.n, 2);
    assert_string_equal(o->as.pricelist.prices[0].type, w->types[2].name);
    assert_int_equal(o->as.pricelist.prices[0].price.nanos, w->types[2].on_demand);
    assert_string_equal(o->as.pricelist.prices[1].type, w->types[0].name);
    assert_int_equal(o->as.pricelist.prices[1].price.nanos, w->types[0].on_demand);
    observation_unref(o);
    pricelist_free(client);
    aws_credentials_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors, setup, teardown),
        cmocka_unit_test_setup_teardown(filters_leave_one, setup, teardown),
        cmocka_unit_test_setup_teardown(pages, setup, teardown),
        cmocka_unit_test_setup_teardown(our_client_reads_it, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
