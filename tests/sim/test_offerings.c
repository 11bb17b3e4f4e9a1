#include <config.h>

#include "core/base/str.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * What servers are launched as on simulated days: the cheapest first, the next when that
 * has no capacity, on-demand when it may be, and nothing when nothing is allowed.
 */

enum { TYPES = 3, MORNING_S = 2 * 3600 };
static const char *const types[TYPES] = {"c5.2xlarge", "c5a.2xlarge", "m5.2xlarge"};

struct day {
    struct run *r;
    bool posted;
    int64_t capacity[TYPES]; /* 1: there is none from the start on */
    int64_t price[TYPES];    /* micro-dollars from the start on, 0: as the market is */
    int64_t runs, left, refused, closed;
    char first[LINE_TEXT], last[LINE_TEXT];
};

static void post(struct day *d, const char *path, const char *body)
{
    struct http_request rq = {.method = "POST",
                              .content_type = "application/json",
                              .body = body,
                              .body_len = strlen(body)};
    struct http_response rs;
    char url[128];

    (void)str_format(url, sizeof(url), "http://127.0.0.1:1%s", path);
    rq.url = url;
    http_response_init(&rs);
    assert_true(site_handle(d->r->site, &rq, &rs));
    if (rs.status >= 300)
        fail_msg("%s %s: %d %s", path, body, rs.status, strbuf_text(&rs.body));
    http_response_clear(&rs);
}

static void each_minute(void *ctx, const struct fleet *f)
{
    struct day *d = ctx;
    char body[192];

    (void)f;
    for (size_t i = 0; !d->posted && i < TYPES; i++) {
        if (d->capacity[i] != 0) {
            (void)str_format(
                body, sizeof(body),
                "{\"type\":\"%s\",\"zone\":\"eu-west-1a\",\"available\":false}",
                types[i]);
            post(d, "/control/capacity", body);
        }
        if (d->price[i] != 0) {
            (void)str_format(
                body, sizeof(body),
                "{\"type\":\"%s\",\"zone\":\"eu-west-1a\",\"price\":\"0.%06lld\"}",
                types[i], (long long)d->price[i]);
            post(d, "/control/price", body);
        }
    }
    d->posted = true;
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct day *d = ctx;

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%lld %s %s %s\n", (long long)j->at.s, level_word(j->level),
                      j->server, j->text);
    d->closed += strcmp(j->action, "node-close") == 0 && j->level == LEVEL_ACT;
    d->refused += strcmp(j->action, "move-end") == 0 && j->outcome == OUTCOME_FAILED;
    if (strcmp(j->action, "offering") != 0)
        return;
    if (j->level == LEVEL_WARN) {
        d->left++;
        (void)str_copy(d->last, sizeof(d->last), j->text);
        return;
    }
    if (d->runs++ == 0)
        (void)str_copy(d->first, sizeof(d->first), j->text);
    (void)str_copy(d->last, sizeof(d->last), j->text);
}

/* From 08:30 on, before the first launch, to the middle of the morning. */
static void begin(struct day *d)
{
    d->r = run_prepare(3);
    d->r->options.duration_s = MORNING_S;
    d->r->options.each_minute = each_minute;
    d->r->options.each_entry = each_entry;
    d->r->options.ctx = d;
}

static void test_cheapest(void **state)
{
    struct day d = {.price = {70000, 69000, 40000}};

    (void)state;
    begin(&d);
    run_go(d.r);
    assert_int_equal(d.runs, 4);
    if (!str_starts(d.first, "launches m5.2xlarge eu-west-1a, the first of 3: $0.04"))
        fail_msg("%s", d.first);
    assert_int_equal(d.r->report.moves_failed, 0);
    run_free(d.r);
}

/* One learns for all: the cheapest has no capacity, then the next; the third is there. */
static void test_no_capacity(void **state)
{
    struct day d = {.price = {70000, 60000, 50000}, .capacity = {0, 1, 1}};

    (void)state;
    begin(&d);
    run_go(d.r);
    assert_true(str_starts(d.first, "launches m5.2xlarge"));
    if (!str_starts(d.last, "launches c5.2xlarge eu-west-1a, the first of 3"))
        fail_msg("%s", d.last);
    assert_true(d.refused >= 2 && d.refused <= 2 * d.r->options.config->policy.max_moves);
    assert_true(d.r->report.ready_s > 0);
    run_free(d.r);
}

/* Nothing on spot: on-demand within its bound (which m5.2xlarge is not, by the price
 * list), after every spot offering was tried. */
static void test_on_demand(void **state)
{
    struct offering list[TYPES * 2];
    struct day d = {.capacity = {1, 1, 1}};

    (void)state;
    begin(&d);
    for (size_t i = 0; i < d.r->config->n_servers; i++) {
        struct server_config *s = &d.r->config->servers[i];

        if (i > 0) { /* one server: the order of its launches is what is looked at */
            d.r->config->n_servers = 1;
            break;
        }
        assert_int_equal(s->n_offerings, TYPES);
        for (size_t k = 0; k < TYPES * 2; k++) {
            list[k] = s->offerings[k % TYPES];
            if (k < TYPES)
                continue;
            list[k].lifecycle = LIFECYCLE_ON_DEMAND;
            list[k].has_max_price = true;
            list[k].max_price.nanos = 200000000;
        }
        s->offerings = list;
        s->n_offerings = TYPES * 2;
    }
    run_go(d.r);
    if (!str_starts(d.last,
                    "launches c5a.2xlarge eu-west-1a on-demand, the first of 5: $0.1820"))
        fail_msg("%s", d.last);
    assert_int_equal(d.runs, TYPES + 1);
    assert_int_equal(d.refused, TYPES);
    run_free(d.r);
}

/* Nothing is allowed: no node is closed for nothing, and it is said, less and less often.
 */
static void test_none_left(void **state)
{
    struct offering list[TYPES];
    struct day d = {.price = {70000, 70000, 70000}};

    (void)state;
    begin(&d);
    d.r->config->n_servers = 1;
    for (size_t i = 0; i < TYPES; i++) {
        list[i] = d.r->config->servers[0].offerings[i];
        list[i].has_max_price = true;
        list[i].max_price.nanos = 10000000;
    }
    d.r->config->servers[0].offerings = list;
    run_go(d.r);
    if (!str_starts(d.last, "stays on-prem, no offering is left: c5.2xlarge eu-west-1a: "
                            "$0.070/h is above max_price $0.010"))
        fail_msg("%s", d.last);
    assert_int_equal(d.runs, 0);
    assert_int_equal(d.closed, 0);
    assert_true(d.left >= 4 && d.left <= 9);
    run_free(d.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cheapest),
        cmocka_unit_test(test_no_capacity),
        cmocka_unit_test(test_on_demand),
        cmocka_unit_test(test_none_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
