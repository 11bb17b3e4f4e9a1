/*
 * test_pricelist - the price list client against good and faulty answers: what it asks,
 * what it makes of them, what it refuses. Owns a script, and a fake server for what only
 * a socket can do.
 * Threads: the server's.
 */
#include <config.h>

#include "tests/unit/table.h"

#include "core/api/pricelist.h"
#include "core/base/jsonw.h"
#include "tests/contract/fake_server.h"
#include "tests/contract/script.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1800000000 }; /* 2027-01-15 */

/* A product as a text within an answer; the quotes in it are ' until page() sees them. */
#define ATTRIBUTES                                                                       \
    "'instanceType':'c5.2xlarge','regionCode':'eu-west-1','operatingSystem':'Linux',"    \
    "'tenancy':'Shared','preInstalledSw':'NA','capacitystatus':'Used',"                  \
    "'marketoption':'OnDemand'"
#define PRODUCT(attributes, terms)                                                       \
    "{'product':{'sku':'S','attributes':{" attributes "}},'terms':" terms "}"
#define ON_DEMAND(terms) "{'OnDemand':{" terms "}}"
#define TERM(key, date, dimensions)                                                      \
    "'" key "':{'effectiveDate':" date ",'priceDimensions':{" dimensions "}}"
#define DIMENSION(unit, price)                                                           \
    "'S.T.D':{'unit':" unit ",'pricePerUnit':{'USD':" price "}}"
#define DATE "'2026-01-01T00:00:00Z'"
#define PRICED(price)                                                                    \
    PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Hrs'", price))))

struct site {
    const char *what;
    struct script script;
    struct transport transport;
    struct clock_fake now;
    struct clock clock;
    struct config config;
    struct server_config servers[2];
    struct aws_credentials *credentials;
    struct pricelist *client;
};

static void site_open(struct site *s, const struct transport *via, const char *endpoint,
                      const char *token)
{
    static const struct offering offerings[] = {{.type = "c5.2xlarge"},
                                                {.type = "m5.2xlarge"}};
    struct err e = {0};

    memset(s, 0, sizeof(*s));
    script_init(&s->script);
    s->transport = via != NULL ? *via : script_transport(&s->script);
    s->now = (struct clock_fake){.utc = {NOW}, .mono = {1}};
    s->clock = clock_fake_clock(&s->now);
    s->config = (struct config){.servers = s->servers, .n_servers = 1};
    s->config.aws.region = "eu-west-1";
    s->config.aws.endpoint_pricing = endpoint;
    s->servers[0] = (struct server_config){.offerings = offerings, .n_offerings = 1};
    assert_int_equal(aws_credentials_new_static("AKTEST", "s3cr3t", token, &s->clock,
                                                &s->credentials, &e),
                     ERR_OK);
    assert_int_equal(pricelist_new(&s->config, s->credentials, &s->transport, &s->clock,
                                   &s->client, &e),
                     ERR_OK);
}

static void site_begin(struct site *s)
{
    site_open(s, NULL, "http://127.0.0.1:9", NULL);
}

static void site_close(struct site *s)
{
    pricelist_free(s->client);
    aws_credentials_free(s->credentials);
    script_clear(&s->script);
}

static struct observation *look(struct site *s, enum err_code want, const char *says)
{
    struct observation *o = observation_new(SOURCE_PRICELIST);
    struct err e = {0};
    enum err_code rc;

    assert_non_null(o);
    rc = pricelist_observe(s->client, o, &e);
    if (rc != want || strstr(e.text, says) == NULL)
        print_error("%s: %s: \"%s\" does not say \"%s\"\n",
                    s->what != NULL ? s->what : "", err_code_name(rc), e.text, says);
    assert_int_equal(rc, want);
    assert_int_equal(o->err.code, want);
    assert_non_null(strstr(e.text, says));
    assert_null(strstr(e.text, "s3cr3t"));
    for (const char *p = e.text; *p != '\0'; p++)
        assert_true((unsigned char)*p >= ' ');
    assert_true(want == ERR_OK || o->as.pricelist.n == 0);
    return o;
}

/* An answer with these products (' for "), owned by the caller. */
static char *page(const char *const *products, size_t n, const char *token)
{
    struct strbuf b, one;
    char *text;

    strbuf_init(&b, 16 * 1024 * 1024);
    jsonw_open(&b, NULL, '{');
    jsonw_text(&b, "FormatVersion", "aws_v1");
    jsonw_open(&b, "PriceList", '[');
    for (size_t i = 0; i < n; i++) {
        strbuf_init(&one, 4 * 1024 * 1024);
        for (const char *p = products[i]; *p != '\0'; p++)
            strbuf_putc(&one, *p == '\'' ? '"' : *p);
        jsonw_comma(&b);
        json_put_text(&b, strbuf_text(&one));
        strbuf_clear(&one);
    }
    jsonw_close(&b, ']');
    if (token != NULL)
        jsonw_text(&b, "NextToken", token);
    jsonw_close(&b, '}');
    assert_false(b.failed);
    text = strdup(strbuf_text(&b));
    assert_non_null(text);
    strbuf_clear(&b);
    return text;
}

/* ----- what is asked ----- */

static void test_request(void **state)
{
    static const char *const products[] = {PRICED("'0.1990000000'")};
    char *body = page(products, 1, NULL);
    struct site s;
    struct observation *o;
    const struct script_request *r;

    (void)state;
    site_begin(&s);
    s.servers[0].n_offerings = 2;
    s.servers[1] = s.servers[0]; /* the same types again: asked for once */
    s.config.n_servers = 2;
    script_add(&s.script, (struct script_rule){
                              .needle = "c5.2xlarge", .body = body, .date_s = NOW + 50});
    script_add(&s.script,
               (struct script_rule){.needle = "m5", .body = "{\"PriceList\":[]}"});
    o = look(&s, ERR_OK, "");
    assert_int_equal(o->as.pricelist.n, 1); /* the other is not sold there */
    assert_string_equal(o->as.pricelist.region, "eu-west-1");
    assert_string_equal(o->as.pricelist.prices[0].type, "c5.2xlarge");
    assert_int_equal(o->as.pricelist.prices[0].price.nanos, 199000000);
    observation_unref(o);
    assert_int_equal(s.script.n_requests, 2);
    r = &s.script.requests[0];
    assert_string_equal(r->url, "http://127.0.0.1:9/");
    assert_string_equal(
        r->body,
        "{\"ServiceCode\":\"AmazonEC2\",\"FormatVersion\":\"aws_v1\",\"MaxResults\":100,"
        "\"Filters\":["
        "{\"Type\":\"TERM_MATCH\",\"Field\":\"instanceType\",\"Value\":\"c5.2xlarge\"},"
        "{\"Type\":\"TERM_MATCH\",\"Field\":\"regionCode\",\"Value\":\"eu-west-1\"},"
        "{\"Type\":\"TERM_MATCH\",\"Field\":\"operatingSystem\",\"Value\":\"Linux\"},"
        "{\"Type\":\"TERM_MATCH\",\"Field\":\"tenancy\",\"Value\":\"Shared\"},"
        "{\"Type\":\"TERM_MATCH\",\"Field\":\"preInstalledSw\",\"Value\":\"NA\"},"
        "{\"Type\":\"TERM_MATCH\",\"Field\":\"capacitystatus\",\"Value\":\"Used\"},"
        "{\"Type\":\"TERM_MATCH\",\"Field\":\"marketoption\",\"Value\":\"OnDemand\"}]}");
    assert_string_equal(r->headers, "Content-Type: application/x-amz-json-1.1\n"
                                    "X-Amz-Target: AWSPriceListService.GetProducts\n");
    assert_int_equal(r->auth, HTTP_AUTH_SIGV4);
    assert_string_equal(r->user, "AKTEST");
    assert_string_equal(r->password, "s3cr3t");
    assert_string_equal(r->sigv4, "aws:amz:us-east-1:pricing");
    site_close(&s);
    free(body);
}

static void test_token_header(void **state)
{
    struct site s;

    (void)state;
    site_open(&s, NULL, "http://127.0.0.1:9/", "session-token");
    script_add(&s.script,
               (struct script_rule){.needle = "", .body = "{\"PriceList\":[]}"});
    observation_unref(look(&s, ERR_OK, ""));
    assert_non_null(
        strstr(s.script.requests[0].headers, "X-Amz-Security-Token: session-token\n"));
    site_close(&s);
}

/* AWS's own endpoints are signed for where they are. */
static void test_endpoints(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *endpoint, *url, *scope; } rows[] = {
        {"AWS's own", NULL, "https://api.pricing.us-east-1.amazonaws.com/", "aws:amz:us-east-1:pricing"},
        {"another of AWS's", "https://api.pricing.eu-central-1.amazonaws.com", "https://api.pricing.eu-central-1.amazonaws.com/", "aws:amz:eu-central-1:pricing"},
        {"a gateway", "https://aws.example/pricing/", "https://aws.example/pricing/", "aws:amz:us-east-1:pricing"},
        {"a name without end", "https://api.pricing.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "https://api.pricing.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "aws:amz:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        site_open(&s, NULL, rows[i].endpoint, NULL);
        script_add(&s.script,
                   (struct script_rule){.needle = "", .body = "{\"PriceList\":[]}"});
        observation_unref(look(&s, ERR_OK, ""));
        assert_row(rows[i].what, str_eq(s.script.requests[0].url, rows[i].url));
        assert_row(rows[i].what, str_starts(s.script.requests[0].sigv4, rows[i].scope));
        site_close(&s);
    }
}

static void test_region_is_needed(void **state)
{
    struct site s;
    struct pricelist *c = NULL;
    struct err e = {0};

    (void)state;
    site_begin(&s);
    s.config.aws.region = "not a region";
    assert_int_equal(
        pricelist_new(&s.config, s.credentials, &s.transport, &s.clock, &c, &e),
        ERR_CONFIG);
    assert_null(c);
    site_close(&s);
}

static void test_another_source_is_refused(void **state)
{
    struct site s;
    struct observation *o = observation_new(SOURCE_PRICES);
    struct err e = {0};

    (void)state;
    assert_non_null(o);
    site_begin(&s);
    assert_int_equal(pricelist_observe(s.client, o, &e), ERR_BUG);
    assert_int_equal(s.script.n_requests, 0);
    observation_unref(o);
    site_close(&s);
}

/* ----- what is made of products ----- */

/* clang-format off */
static const struct {
    const char *what;
    const char *products[3];
    enum err_code rc;
    const char *says;
    int64_t nanos; /* 0 = not known */
} rows[] = {
    {"the reference's product", {PRICED("'0.2140000000'")}, ERR_OK, "", 214000000},
    {"one of 0 before it, one behind", {PRICED("'0.0000000000'"), PRICED("'0.199'"), PRICED("'0'")}, ERR_OK, "", 199000000},
    {"only one of 0: not known, not 0", {PRICED("'0.0000000000'")}, ERR_OK, "", 0},
    {"the same price twice", {PRICED("'0.199'"), PRICED("'0.1990000000'")}, ERR_OK, "", 199000000},
    {"two prices", {PRICED("'0.199'"), PRICED("'0.2'")}, ERR_PROTOCOL, "two prices for one type", 0},
    {"attributes that are not said", {PRODUCT("'instanceType':'c5.2xlarge','regionCode':'eu-west-1'", ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Hrs'", "'0.5'"))))}, ERR_OK, "", 500000000},
    {"another type", {PRODUCT("'instanceType':'c5.large','regionCode':'eu-west-1'", ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Hrs'", "'0.5'"))))}, ERR_OK, "", 0},
    {"another region", {PRODUCT("'instanceType':'c5.2xlarge','regionCode':'eu-west-2'", ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Hrs'", "'0.5'"))))}, ERR_OK, "", 0},
    {"no region", {PRODUCT("'instanceType':'c5.2xlarge'", ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Hrs'", "'0.5'"))))}, ERR_OK, "", 0},
    {"a region that is a number", {PRODUCT("'instanceType':'c5.2xlarge','regionCode':7", ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Hrs'", "'0.5'"))))}, ERR_OK, "", 0},
    {"another system", {PRODUCT("'instanceType':'c5.2xlarge','regionCode':'eu-west-1','operatingSystem':'Windows'", ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Hrs'", "'0.5'"))))}, ERR_OK, "", 0},
    {"a reservation", {PRODUCT("'instanceType':'c5.2xlarge','regionCode':'eu-west-1','capacitystatus':'UnusedCapacityReservation'", ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Hrs'", "'0.5'"))))}, ERR_OK, "", 0},
    {"another unit", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.T", DATE, DIMENSION("'Quantity'", "'1200'") ",'S.T.E':{'unit':'Hrs','pricePerUnit':{'USD':'0.3'}}")))}, ERR_OK, "", 300000000},
    {"no unit", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.T", DATE, "'x':{'pricePerUnit':{'USD':'0.3'}}")))}, ERR_OK, "", 0},
    {"another currency", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.T", DATE, "'x':{'unit':'Hrs','pricePerUnit':{'CNY':'0.3'}}")))}, ERR_OK, "", 0},
    {"only reserved terms", {PRODUCT(ATTRIBUTES, "{'Reserved':{}}")}, ERR_OK, "", 0},
    {"no term", {PRODUCT(ATTRIBUTES, ON_DEMAND(""))}, ERR_OK, "", 0},
    {"the newer of two terms", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.A", "'2026-06-01T00:00:00Z'", DIMENSION("'Hrs'", "'0.3'")) "," TERM("S.B", "'2026-01-01T00:00:00Z'", DIMENSION("'Hrs'", "'0.4'"))))}, ERR_OK, "", 300000000},
    {"the newer comes last", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.A", "'2026-01-01T00:00:00Z'", DIMENSION("'Hrs'", "'0.4'")) "," TERM("S.B", "'2026-06-01T00:00:00Z'", DIMENSION("'Hrs'", "'0.3'"))))}, ERR_OK, "", 300000000},
    {"a term that has not begun", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.A", "'2027-06-01T00:00:00Z'", DIMENSION("'Hrs'", "'0.3'")) "," TERM("S.B", DATE, DIMENSION("'Hrs'", "'0.4'"))))}, ERR_OK, "", 400000000},
    {"a term without a date", {PRODUCT(ATTRIBUTES, ON_DEMAND("'S.T':{'priceDimensions':{" DIMENSION("'Hrs'", "'0.5'") "}}"))}, ERR_OK, "", 500000000},
    {"unknown members", {PRODUCT(ATTRIBUTES ",'color':[1,{}]", "{'OnDemand':{" TERM("S.T", DATE, DIMENSION("'Hrs'", "'0.5'")) "},'Later':7}")}, ERR_OK, "", 500000000},

    {"a text that is no JSON", {"{'product':"}, ERR_PROTOCOL, "not valid JSON", 0},
    {"an empty text", {""}, ERR_PROTOCOL, "not valid JSON", 0},
    {"a text with something behind", {PRICED("'0.5'") "x"}, ERR_PROTOCOL, "not valid JSON", 0},
    {"control characters", {"\x01\x1b[2J\x7f"}, ERR_PROTOCOL, "not valid JSON", 0},
    {"a name twice", {"{'product':{},'product':{}}"}, ERR_PROTOCOL, "not valid JSON", 0},
    {"a list for a product", {"[1]"}, ERR_PROTOCOL, "a product that is none", 0},
    {"null for a product", {"null"}, ERR_PROTOCOL, "a product that is none", 0},
    {"no attributes", {"{'product':{},'terms':{}}"}, ERR_PROTOCOL, "a product that is none", 0},
    {"attributes that are a list", {"{'product':{'attributes':[]},'terms':{}}"}, ERR_PROTOCOL, "a product that is none", 0},
    {"no terms", {"{'product':{'attributes':{}}}"}, ERR_PROTOCOL, "a product that is none", 0},
    {"terms that are a text", {PRODUCT(ATTRIBUTES, "'x'")}, ERR_PROTOCOL, "a product that is none", 0},
    {"OnDemand is a list", {PRODUCT(ATTRIBUTES, "{'OnDemand':[]}")}, ERR_PROTOCOL, "a product that is none", 0},
    {"a term that is a number", {PRODUCT(ATTRIBUTES, ON_DEMAND("'S.T':1"))}, ERR_PROTOCOL, "a term that is none", 0},
    {"dimensions that are a list", {PRODUCT(ATTRIBUTES, ON_DEMAND("'S.T':{'priceDimensions':[]}"))}, ERR_PROTOCOL, "a term that is none", 0},
    {"a date that is none", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.T", "'soon'", DIMENSION("'Hrs'", "'0.5'"))))}, ERR_PROTOCOL, "a date that is none", 0},
    {"a dimension that is null", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.T", DATE, "'x':null")))}, ERR_PROTOCOL, "a price dimension that is none", 0},
    {"pricePerUnit is a text", {PRODUCT(ATTRIBUTES, ON_DEMAND(TERM("S.T", DATE, "'x':{'unit':'Hrs','pricePerUnit':'0.5'}")))}, ERR_PROTOCOL, "a price dimension that is none", 0},
    {"a price that is a number", {PRICED("0.5")}, ERR_PROTOCOL, "a price that is none", 0},
    {"a price that is null", {PRICED("null")}, ERR_PROTOCOL, "a price that is none", 0},
    {"a price of words", {PRICED("'cheap'")}, ERR_PROTOCOL, "a price that is none", 0},
    {"an empty price", {PRICED("''")}, ERR_PROTOCOL, "a price that is none", 0},
    {"a price that is no number", {PRICED("'NaN'")}, ERR_PROTOCOL, "a price that is none", 0},
    {"a price below 0", {PRICED("'-0.5'")}, ERR_PROTOCOL, "a price that is none", 0},
    {"a price beyond measure", {PRICED("'100000.1'")}, ERR_PROTOCOL, "a price that is none", 0},
    {"a price beyond numbers", {PRICED("'99999999999999999999'")}, ERR_PROTOCOL, "a price that is none", 0},
    {"a price that ends early", {PRICED("'0.5\\u0000'")}, ERR_PROTOCOL, "a price that is none", 0},
};
/* clang-format on */

static void test_products(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n = 0;
        char *body;
        struct site s;
        struct observation *o;

        while (n < ARRAY_LEN(rows[i].products) && rows[i].products[n] != NULL)
            n++;
        body = page(rows[i].products, n, NULL);
        site_begin(&s);
        s.what = rows[i].what;
        script_add(&s.script, (struct script_rule){.needle = "", .body = body});
        o = look(&s, rows[i].rc, rows[i].says);
        assert_row(rows[i].what, o->as.pricelist.n == (rows[i].nanos != 0 ? 1 : 0));
        if (rows[i].nanos != 0)
            assert_row(rows[i].what,
                       o->as.pricelist.prices[0].price.nanos == rows[i].nanos);
        observation_unref(o);
        site_close(&s);
        free(body);
    }
}

static void test_too_much(void **state)
{
    enum { PRODUCTS = 101, TERMS = 65, LONG = 300 * 1024 };
    const char *products[PRODUCTS];
    char *body, *many = calloc(1, LONG + 64);
    struct strbuf b;

    (void)state;
    assert_non_null(many);
    for (size_t i = 0; i < PRODUCTS; i++)
        products[i] = PRICED("'0.5'");
    for (int row = 0; row < 4; row++) {
        static const char *const says[] = {"more products than", "too many terms",
                                           "too many price dimensions", "too long"};
        size_t n = row == 0 ? PRODUCTS : 1;
        struct site s;

        strbuf_init(&b, 1024 * 1024);
        strbuf_puts(&b,
                    "{'product':{'attributes':{" ATTRIBUTES "}},'terms':{'OnDemand':{");
        if (row == 2)
            strbuf_puts(&b, "'S.T':{'priceDimensions':{");
        for (int i = 0; i < TERMS; i++)
            strbuf_printf(&b, "%s'%d':%s", i > 0 ? "," : "", i,
                          row == 1 ? "{'priceDimensions':{}}"
                                   : "{'unit':'Hrs','pricePerUnit':{'USD':'0.5'}}");
        strbuf_puts(&b, row == 2 ? "}}}}}" : "}}}");
        memset(many, ' ', LONG);
        if (row > 0)
            products[0] = row == 3 ? many : strbuf_text(&b);
        body = page(products, n, NULL);
        site_begin(&s);
        s.what = says[row];
        script_add(&s.script, (struct script_rule){.needle = "", .body = body});
        observation_unref(look(&s, ERR_PROTOCOL, says[row]));
        site_close(&s);
        strbuf_clear(&b);
        free(body);
    }
    free(many);
}

/* ----- pages ----- */

static void test_pages(void **state)
{
    static const char *const products[] = {PRICED("'0.199'")};
    char *first = page(products, 0, "a\"\\\x01\xC3\xA9"), *last = page(products, 1, "");
    struct site s;
    struct observation *o;

    (void)state;
    site_begin(&s);
    script_add(&s.script, (struct script_rule){.needle = "NextToken", .body = last});
    script_add(&s.script, (struct script_rule){.needle = "", .body = first});
    o = look(&s, ERR_OK, "");
    assert_int_equal(o->as.pricelist.n, 1);
    assert_int_equal(s.script.n_requests, 2);
    assert_non_null(
        strstr(s.script.requests[1].body, "\"NextToken\":\"a\\\"\\\\\\u0001\xC3\xA9\"}"));
    observation_unref(o);
    site_close(&s);

    site_begin(&s); /* an empty page with a token, again and again */
    script_add(&s.script, (struct script_rule){.needle = "", .body = first});
    observation_unref(look(&s, ERR_PROTOCOL, "pages do not end"));
    assert_int_equal(s.script.n_requests, 20);
    site_close(&s);

    site_begin(&s); /* a lost page loses all of them */
    script_add(&s.script,
               (struct script_rule){.needle = "NextToken", .error = ERR_TIMEOUT});
    script_add(&s.script, (struct script_rule){.needle = "", .body = first});
    observation_unref(look(&s, ERR_TIMEOUT, "price list GetProducts"));
    site_close(&s);
    free(first);
    free(last);
}

/* ----- whole answers that are wrong ----- */

#define ERROR(type, message) "{\"__type\":\"" type "\",\"message\":\"" message "\"}"

/* clang-format off */
static const struct {
    const char *what;
    int status;
    const char *body;
    enum err_code rc;
    const char *says;
    size_t requests;
    int64_t date_s;
} answers[] = {
    {"nothing", 200, "", ERR_PROTOCOL, "not valid JSON", 1, 0},
    {"a login page", 200, "<html>Log in</html>", ERR_PROTOCOL, "not valid JSON", 1, 0},
    {"cut in the middle", 200, "{\"PriceList\":[\"{\\\"prod", ERR_PROTOCOL, "not valid JSON", 1, 0},
    {"a list", 200, "[]", ERR_PROTOCOL, "the answer is no object", 1, 0},
    {"a text", 200, "\"x\"", ERR_PROTOCOL, "the answer is no object", 1, 0},
    {"no PriceList", 200, "{}", ERR_PROTOCOL, "no PriceList", 1, 0},
    {"PriceList is an object", 200, "{\"PriceList\":{}}", ERR_PROTOCOL, "no PriceList", 1, 0},
    {"a product that is an object", 200, "{\"PriceList\":[{}]}", ERR_PROTOCOL, "a product that is no text", 1, 0},
    {"a token that is a number", 200, "{\"PriceList\":[],\"NextToken\":5}", ERR_PROTOCOL, "a token that is none", 1, 0},
    {"a token with a NUL", 200, "{\"PriceList\":[],\"NextToken\":\"a\\u0000b\"}", ERR_PROTOCOL, "a token that is none", 1, 0},
    {"a token that is null", 200, "{\"PriceList\":[],\"NextToken\":null}", ERR_OK, "", 1, 0},
    {"an error with status 200", 200, ERROR("InternalFailure", "x"), ERR_SERVER, "InternalFailure", 1, 0},

    {"keys that are wrong", 400, ERROR("UnrecognizedClientException", "x"), ERR_AUTH, "UnrecognizedClientException", 1, 0},
    {"a wrong signature", 400, ERROR("com.amazon.coral.service#InvalidSignatureException", "x"), ERR_AUTH, "GetProducts: InvalidSignatureException: x", 1, 0},
    {"… of a clock that is off", 400, ERROR("InvalidSignatureException", "x"), ERR_AUTH, "clock is 1000 s behind AWS's", 1, NOW + 1000},
    {"… the other way", 400, ERROR("InvalidSignatureException", "x"), ERR_AUTH, "clock is 1000 s ahead of AWS's", 1, NOW - 1000},
    {"keys that have expired", 400, ERROR("ExpiredTokenException", "x"), ERR_AUTH, "ExpiredTokenException", 2, 0},
    {"no signature", 403, ERROR("MissingAuthenticationTokenException", "x"), ERR_AUTH, "MissingAuth", 1, 0},
    {"not allowed", 400, ERROR("com.amazonaws.pricing#AccessDeniedException", "no"), ERR_FORBIDDEN, "pricing:GetProducts is not allowed: AccessDeniedException: no", 1, 0},
    {"401 without words", 401, "", ERR_AUTH, "401", 1, 0},
    {"403 of a proxy", 403, "<html/>", ERR_FORBIDDEN, "403", 1, 0},
    {"throttled", 400, ERROR("ThrottlingException", "Rate exceeded"), ERR_THROTTLED, "Rate exceeded", 1, 0},
    {"429 without words", 429, "slow down", ERR_THROTTLED, "429", 1, 0},
    {"500 without words", 500, "<html/>", ERR_SERVER, "500", 1, 0},
    {"an error of AWS's", 500, ERROR("com.amazonaws.pricing#InternalErrorException", "x"), ERR_SERVER, "InternalErrorException", 1, 0},
    {"503 with an object that says nothing", 503, "{}", ERR_SERVER, "503", 1, 0},
    {"a parameter nobody has", 400, "{\"__type\":\"InvalidParameterException\",\"Message\":\"which?\"}", ERR_REFUSED, "which?", 1, 0},
    {"an error with control characters", 400, "{\"__type\":\"Bad\\u001b[2J\",\"message\":\"\\u202e\\u0007\\n\"}", ERR_REFUSED, "Bad", 1, 0},
    {"an error without a name", 400, ERROR("x#", ""), ERR_REFUSED, "an error without a name", 1, 0},
    {"an error whose name is a number", 400, "{\"__type\":7}", ERR_REFUSED, "400", 1, 0},
    {"a message that is a list", 400, "{\"__type\":\"Odd\",\"message\":[]}", ERR_REFUSED, "Odd", 1, 0},
};
/* clang-format on */

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct site s;
        struct observation *o;

        site_begin(&s);
        s.what = answers[i].what;
        script_add(&s.script, (struct script_rule){.needle = "",
                                                   .status = answers[i].status,
                                                   .body = answers[i].body,
                                                   .date_s = answers[i].date_s});
        o = look(&s, answers[i].rc, answers[i].says);
        assert_row(answers[i].what, s.script.n_requests == answers[i].requests);
        observation_unref(o);
        site_close(&s);
    }
}

/* One bad answer spoils all: prices of half of the types would look like all there are.
 */
static void test_all_or_nothing(void **state)
{
    static const char *const products[] = {PRICED("'0.199'")};
    char *body = page(products, 1, NULL);
    struct site s;

    (void)state;
    site_begin(&s);
    s.servers[0].n_offerings = 2;
    script_add(&s.script, (struct script_rule){.needle = "c5", .body = body});
    script_add(&s.script, (struct script_rule){.needle = "m5", .status = 500});
    observation_unref(look(&s, ERR_SERVER, "500"));
    site_close(&s);
    free(body);
}

/* ----- on a socket ----- */

/* clang-format off */
static const struct {
    const char *what;
    enum fake_fault fault;
    enum err_code rc;
} faults[] = {
    {"no answer",          FAKE_HANG,       ERR_TIMEOUT},
    {"a reset",            FAKE_RESET,      ERR_RESET},
    {"a close",            FAKE_CLOSE,      ERR_RESET},
    {"half of the body",   FAKE_TRUNCATE,   ERR_RESET},
    {"… and a reset",      FAKE_HALF_RESET, ERR_RESET},
    {"one that stalls",    FAKE_STALL,      ERR_TIMEOUT},
    {"one without end",    FAKE_ENDLESS,    ERR_TOO_BIG},
    {"no HTTP",            FAKE_GARBAGE,    ERR_PROTOCOL},
};
/* clang-format on */

static void test_faults(void **state)
{
    const struct http_client_config config = {.timeout_ms = 1000, .stall_ms = 500};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct fake_server *server = fake_server_start();
        struct fake_rule rule = {
            .answers = {{.body = "{\"PriceList\":[]}", .fault = faults[i].fault}}};
        struct http_client *client = NULL;
        struct transport t;
        struct site s;
        struct observation *o = observation_new(SOURCE_PRICELIST);
        struct err e = {0};
        enum err_code rc;

        assert_non_null(server);
        assert_non_null(o);
        fake_server_add(server, &rule);
        assert_int_equal(http_client_new(&config, &client, &e), ERR_OK);
        t = http_client_transport(client);
        site_open(&s, &t, fake_server_url(server), NULL);
        rc = pricelist_observe(s.client, o, &e);
        if (rc != faults[i].rc)
            print_error("%s: %s: %s\n", faults[i].what, err_code_name(rc), e.text);
        assert_row(faults[i].what, rc == faults[i].rc && o->as.pricelist.n == 0);
        observation_unref(o);
        site_close(&s);
        http_client_free(client);
        fake_server_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_token_header),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_region_is_needed),
        cmocka_unit_test(test_another_source_is_refused),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_faults),
    };
    struct err e = {0};
    int failed;

    if (http_global_init(&e) != ERR_OK)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_global_cleanup();
    return failed;
}
