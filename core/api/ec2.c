#include <config.h>

#include "core/api/ec2.h"

#include "core/api/ec2_again.h"
#include "core/api/ec2_read.h"
#include "core/base/timefmt.h"

#include <stdlib.h>
#include <string.h>

#define FORM_TYPE   "application/x-www-form-urlencoded; charset=utf-8"
#define API_VERSION "2016-11-15"
#define PAGE_ITEMS  "1000"
#define LINUX       "Linux/UNIX"
#define LINUX_VPC   "Linux/UNIX (Amazon VPC)" /* the same price under an older name */

enum {
    MAX_PAGES = 200,
    MAX_VALUES = 200, /* of one filter */
    MAX_TYPES = 100,  /* of one DescribeSpotPriceHistory */
    BODY_LIMIT_BYTES = 256 * 1024,
    CLOCK_OFF_S = 240, /* an auth error beyond this is the clock's (aws-api 1.6) */
    ENDPOINT_TEXT = 512,
    SCOPE_TEXT = 96
};

struct ec2 {
    const struct config *config;
    struct aws_credentials *credentials;
    struct transport transport;
    const struct clock *clock;
    char endpoint[ENDPOINT_TEXT];
    char scope[SCOPE_TEXT]; /* "aws:amz:eu-west-1:ec2" */
    struct strbuf body;
    bool skew_known; /* of the last answer */
    int64_t skew_s;
    struct siphash_key key;
    struct ec2_known known[SOURCE_COUNT];
    struct ec2_known *now; /* of the poll under way; NULL: nothing comes again in it */
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

/* ----- request bodies ----- */

/* A blank is '+', as the AWS tools send it: some signature checks know no "%20". */
static void put_value(struct strbuf *b, const char *text)
{
    struct strbuf one;

    strbuf_init(&one, b->limit);
    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        if (len > 0) {
            strbuf_reset(&one);
            strbuf_add(&one, text, len);
            http_escape(b, strbuf_text(&one));
        }
        text += len;
        if (*text == ' ') {
            strbuf_putc(b, '+');
            text++;
        }
    }
    b->failed = b->failed || one.failed;
    strbuf_clear(&one);
}

static void put(struct strbuf *b, const char *name, const char *value)
{
    strbuf_printf(b, "&%s=", name);
    put_value(b, value);
}

static void put_numbered(struct strbuf *b, const char *name, size_t i, const char *value)
{
    strbuf_printf(b, "&%s.%zu=", name, i);
    put_value(b, value);
}

/* '*', '?' and '\' are wildcards in a filter; a name that has one means itself. */
static void put_literal(struct strbuf *b, const char *name, size_t i, const char *value)
{
    struct strbuf literal;

    strbuf_init(&literal, b->limit);
    for (; *value != '\0'; value++) {
        if (*value == '*' || *value == '?' || *value == '\\')
            strbuf_putc(&literal, '\\');
        strbuf_putc(&literal, *value);
    }
    b->failed = b->failed || literal.failed;
    put_numbered(b, name, i, strbuf_text(&literal));
    strbuf_clear(&literal);
}

static void body_begin(struct ec2 *c, const struct ec2_shape *s)
{
    strbuf_reset(&c->body);
    strbuf_printf(&c->body, "Action=%s&Version=" API_VERSION, ec2_shape_action(s));
    put(&c->body, "MaxResults", PAGE_ITEMS);
}

/* ----- one exchange ----- */

static void note_date(struct ec2 *c, const struct http_response *rs)
{
    c->skew_known = rs->date.s != 0;
    c->skew_s = c->skew_known ? rs->date.s - clock_utc(c->clock).s : 0;
}

static enum err_code send_signed(struct ec2 *c, const struct aws_keys *keys,
                                 struct http_response *rs, struct err *e)
{
    struct http_request rq = {
        .method = "POST",
        .url = c->endpoint,
        .content_type = FORM_TYPE,
        .body = strbuf_text(&c->body),
        .body_len = c->body.len,
        .auth = HTTP_AUTH_SIGV4,
        .user = keys->key_id,
        .password = keys->secret_key,
        .sigv4 = c->scope,
    };

    if (keys->session_token != NULL) {
        rq.headers[0] = (struct http_header){"X-Amz-Security-Token",
                                             secret_expose(keys->session_token), true};
        rq.n_headers = 1;
    }
    return transport_perform(&c->transport, &rq, rs, e);
}

/* Encoded messages have kilobytes; what stands before is for people. */
static void shorten(char *message)
{
    char *encoded = strstr(message, "Encoded authorization failure");

    if (encoded == NULL)
        return;
    while (encoded > message && encoded[-1] == ' ')
        encoded--;
    *encoded = '\0';
}

static enum err_code refuse(struct ec2 *c, const struct ec2_shape *s, int http,
                            struct ec2_answer *a, struct err *e)
{
    enum err_code code = ec2_code_class(a->code, http);

    e->http = http;
    shorten(a->message);
    if (code == ERR_AUTH && c->skew_known && llabs(c->skew_s) > CLOCK_OFF_S)
        return err_set(e, code,
                       "this machine's clock is %lld s %s AWS's: set it right (EC2 said "
                       "%s)",
                       llabs(c->skew_s), c->skew_s > 0 ? "behind" : "ahead of", a->code);
    if (code == ERR_FORBIDDEN)
        return err_set(e, code, "EC2: ec2:%s is not allowed: %s: %s", ec2_shape_action(s),
                       a->code, a->message);
    return err_set(e, code, "EC2 %s: %s: %s", ec2_shape_action(s), a->code, a->message);
}

/* What was sent came back with rs: into the list, or as an error. */
static enum err_code judge(struct ec2 *c, const struct ec2_shape *s,
                           const struct http_response *rs, struct ec2_list *list,
                           struct ec2_answer *a, struct err *e)
{
    const char *body = strbuf_text(&rs->body);
    size_t blanks = strspn(body, " \t\r\n\xEF\xBB\xBF"), first = list->n;
    bool counts = c->now != NULL && rs->status == 200;
    struct err unreadable = {0};
    enum err_code rc = ERR_PROTOCOL;

    *a = (struct ec2_answer){0};
    if (counts && ec2_known_take(c->now, &c->key, &c->body, rs, s, list))
        return ERR_OK;
    if (rs->body.len > blanks && body[blanks] == '<')
        rc = ec2_read(s, body, rs->body.len, list, a, &unreadable);
    if (rc == ERR_OK && a->code[0] != '\0')
        return refuse(c, s, rs->status, a, e);
    if (rc == ERR_OK && counts)
        ec2_known_read(c->now, list, first, a->next_token[0] != '\0');
    if (rs->status != 200)
        return http_status_error(rs, "EC2", e);
    if (rc == ERR_OK)
        return ERR_OK;
    e->http = rs->status;
    err_set(e, rc, "EC2 %s: %s", ec2_shape_action(s),
            unreadable.text[0] != '\0' ? unreadable.text : "the answer is no XML");
    return rc;
}

static enum err_code exchange(struct ec2 *c, const struct ec2_shape *s,
                              const struct aws_keys *keys, struct ec2_list *list,
                              struct ec2_answer *a, struct err *e)
{
    struct http_response rs;
    enum err_code rc;

    *a = (struct ec2_answer){0};
    if (c->body.failed)
        return err_set(e, ERR_NOMEM, "no memory for an EC2 request");
    http_response_init(&rs);
    rc = send_signed(c, keys, &rs, e);
    if (rc == ERR_OK) {
        note_date(c, &rs);
        rc = judge(c, s, &rs, list, a, e);
    } else {
        err_wrap(e, "EC2 %s", ec2_shape_action(s));
    }
    http_response_clear(&rs);
    return rc;
}

/* One page; after a refusal of the keys once more with fresh ones. */
static enum err_code ask(struct ec2 *c, const struct ec2_shape *s, struct ec2_list *list,
                         struct ec2_answer *a, struct err *e)
{
    struct aws_keys keys = {0}, fresh = {0};
    size_t before = list->n;
    struct err renewal = {0};
    enum err_code rc = aws_credentials_get(c->credentials, &keys, e);

    if (rc != ERR_OK)
        return rc;
    rc = exchange(c, s, &keys, list, a, e);
    if (rc != ERR_AUTH || (c->skew_known && llabs(c->skew_s) > CLOCK_OFF_S))
        goto out;
    aws_credentials_expire(c->credentials);
    if (aws_credentials_get(c->credentials, &fresh, &renewal) != ERR_OK) {
        err_clear(e); /* why there are no fresh ones says more than the refusal */
        rc = err_set(e, ERR_AUTH, "%s", renewal.text);
        goto out;
    }
    if (ec2_code_is_expired(a->code) || !aws_keys_equal(&keys, &fresh)) {
        err_clear(e);
        list->n = before;
        rc = exchange(c, s, &fresh, list, a, e);
    }
out:
    aws_keys_clear(&keys);
    aws_keys_clear(&fresh);
    return rc;
}

/* Every page of the listing whose first request is in c->body. */
static enum err_code list_all(struct ec2 *c, const struct ec2_shape *s,
                              struct ec2_list *list, struct err *e)
{
    const size_t base = c->body.len, before = list->n;
    struct ec2_answer a;
    bool restarted = false;

    for (int page = 0; page < MAX_PAGES; page++) {
        enum err_code rc = ask(c, s, list, &a, e);

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
        put(&c->body, "NextToken", a.next_token);
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

    body_begin(c, s);
    put(&c->body, "Filter.1.Name", "tag:rushhour:deployment");
    put_literal(&c->body, "Filter.1.Value", 1, c->config->deployment);
    rc = list_all(c, s, &list, e);
    if (rc != ERR_OK)
        return listed(c, rc, &list, o);
    tagged = list;
    body_begin(c, s);
    put(&c->body, "Filter.1.Name", "instance-id");
    for (size_t i = 0; i < hints->n; i++) {
        if (hints->ids[i][0] != '\0' && find_instance(&tagged, hints->ids[i]) == NULL)
            put_literal(&c->body, "Filter.1.Value", ++n, hints->ids[i]);
    }
    if (n > 0)
        rc = list_all(c, s, &list, e);
    if (rc == ERR_OK)
        o->as.instances = (struct obs_instances){list.items, list.n};
    return listed(c, rc, &list, o);
}

static enum err_code observe_spots(struct ec2 *c, const struct poll_hints *hints,
                                   struct observation *o, struct err *e)
{
    const struct ec2_shape *s = &ec2_spots_shape;
    struct ec2_list list = ec2_shape_list(s, o->arena);
    size_t n = 0;
    enum err_code rc = ERR_OK;

    body_begin(c, s);
    put(&c->body, "Filter.1.Name", "instance-id");
    for (size_t i = 0; i < hints->n; i++) {
        if (hints->ids[i][0] != '\0')
            put_literal(&c->body, "Filter.1.Value", ++n, hints->ids[i]);
    }
    if (n > 0) /* a filter without values is refused */
        rc = list_all(c, s, &list, e);
    if (rc == ERR_OK)
        o->as.spot = (struct obs_spot){list.items, list.n};
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

        body_begin(c, s);
        put(&c->body, "Filter.1.Name", "network-interface-id");
        while (server < c->config->n_servers && n < MAX_VALUES) {
            const struct server_config *at = &c->config->servers[server];
            const char *eni = eni_of(at, zone);

            if (eni[0] != '\0') /* each is used once (design 5) */
                put_literal(&c->body, "Filter.1.Value", ++n, eni);
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
    body_begin(c, &ec2_prices_shape);
    for (size_t i = 0; i < n; i++)
        put_numbered(&c->body, "InstanceType", i + 1, types[i]);
    put_numbered(&c->body, "ProductDescription", 1, LINUX);
    put_numbered(&c->body, "ProductDescription", 2, LINUX_VPC);
    put(&c->body, "StartTime", since);
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
        return err_set(e, ERR_NOMEM, "the price history is too large");
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
    case SOURCE_BUILDS:
    case SOURCE_COUNT:
        rc = err_set(e, ERR_BUG, "%s is not read from EC2", source_api(o->source));
        break;
    }
    o->at = clock_utc(c->clock);
    o->took_ms = clock_mono(c->clock).ms - began_ms;
    o->skew_known = c->skew_known;
    o->skew_s = c->skew_s;
    o->err = *e;
    return rc;
}
