#include <config.h>

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "core/sim/world_impl.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <string.h>

/* What the queue of events tells, told to the shipped controller on a simulated Sunday:
 * polls of spot requests are an hour apart, so that nothing else can have told it. */

enum { AT_S = 3 * 3600, SLOW_POLL_S = 3600 };

enum deed { DEED_INTERRUPT, DEED_REBALANCE, DEED_POISON };

struct day {
    struct run *run;
    enum deed deed;
    bool done;
    struct utc at; /* of the deed */
    struct utc closed, opened, told, lost, set_aside;
    int32_t closes, tells, sets_aside;
};

static void act(struct day *d)
{
    struct world *w = d->run->site->w;
    const struct sim_instance *i = world_instance_by_serial(w, w->enis[0].holder);
    struct http_response rs;

    d->done = true;
    d->at.s = w->now / 1000;
    if (d->deed == DEED_POISON) {
        char body[256];
        struct http_request rq = {
            .method = "POST",
            .url = "http://127.0.0.1:1/sqs/",
            .headers = {{"X-Amz-Target", "AmazonSQS.SendMessage", false}},
            .n_headers = 1,
            .auth = HTTP_AUTH_SIGV4,
            .user = site_aws_key_id,
            .sigv4 = "aws:amz:eu-west-1:sqs",
            .body = body};
        struct secret *key = NULL;
        struct err e = {0};

        (void)str_format(
            body, sizeof(body),
            "{\"QueueUrl\":\"http://x/%s/rushhour\",\"MessageBody\":\"rm -rf\"}",
            w->account);
        rq.body_len = strlen(body);
        assert_int_equal(
            secret_new(site_aws_secret_key, strlen(site_aws_secret_key), &key, &e),
            ERR_OK);
        rq.password = key;
        http_response_init(&rs);
        assert_true(site_handle(d->run->site, &rq, &rs));
        assert_int_equal(rs.status, 200);
        http_response_clear(&rs);
        secret_free(key);
        return;
    }
    assert_non_null(i);
    if (d->deed == DEED_INTERRUPT)
        assert_int_equal(world_interrupt(w, i->id, 120000, false), SIM_OK);
    else
        cloud_bus(w, SIM_EVENT_REBALANCE, i);
}

static void each_minute(void *ctx, const struct fleet *f)
{
    struct day *d = ctx;

    if (!d->done && f->at.s >= d->run->options.from.s + AT_S)
        act(d);
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct day *d = ctx;
    bool ours = str_eq(j->server, d->run->config->servers[0].name);

    if (!d->done)
        return;
    if (ours && str_eq(j->action, "node-close") && d->closed.s == 0)
        d->closed = j->at;
    if (ours && str_eq(j->action, "node-open") && d->opened.s == 0)
        d->opened = j->at;
    if (ours && str_eq(j->action, "loss") && d->lost.s == 0)
        d->lost = j->at;
    /* What the request says is told when it says that it is taken back, not before. */
    assert_null(strstr(j->text, "(fulfilled)"));
    if (ours && (str_eq(j->action, "notice") || str_eq(j->action, "rebalance"))) {
        d->told = d->told.s == 0 ? j->at : d->told;
        d->tells++;
    }
    if (str_eq(j->action, "queue")) {
        d->set_aside = j->at;
        d->sets_aside++;
    }
}

static struct day live(enum deed deed, bool with_queue)
{
    struct day d = {.run = run_prepare(5), .deed = deed};

    d.run->options.duration_s = AT_S + 1800;
    d.run->options.each_minute = each_minute;
    d.run->options.each_entry = each_entry;
    d.run->options.ctx = &d;
    d.run->config->aws.poll_spot = SLOW_POLL_S;
    d.run->config->aws.poll = SLOW_POLL_S;
    if (!with_queue)
        d.run->config->aws.interruption_queue = NULL;
    run_go(d.run);
    assert_true(d.done);
    run_free(d.run);
    return d;
}

/* 5.1: the cloud node closes within seconds of the warning; here a long poll of 20 s
 * keeps its time, for nobody can tell it that something came. */
static void test_interruption(void **state)
{
    struct day with = live(DEED_INTERRUPT, true), without = live(DEED_INTERRUPT, false);

    (void)state;
    assert_int_equal(with.tells, 1); /* also when the message comes twice */
    assert_true(with.closed.s > 0 && with.lost.s > with.closed.s);
    assert_in_range(with.closed.s - with.at.s, 0, 25);
    assert_true(without.closed.s == 0 || without.closed.s - without.at.s > 100);
    print_message(
        "node closed %lld s after the interruption began; without a queue %lld\n",
        (long long)(with.closed.s - with.at.s),
        (long long)(without.closed.s == 0 ? -1 : without.closed.s - without.at.s));
}

/* 5.1: a hint only closes the node, and it opens again after ten minutes. */
static void test_rebalance(void **state)
{
    struct day d = live(DEED_REBALANCE, true);

    (void)state;
    assert_int_equal(d.tells, 1);
    assert_int_equal(d.lost.s, 0);
    assert_in_range(d.closed.s - d.at.s, 0, 25);
    assert_in_range(d.opened.s - d.at.s, 600, 640);
}

static void test_poison(void **state)
{
    struct day d = live(DEED_POISON, true);

    (void)state;
    assert_int_equal(d.sets_aside, 1);
    assert_in_range(d.set_aside.s - d.at.s, 0, 25);
    assert_int_equal(d.closed.s + d.lost.s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interruption),
        cmocka_unit_test(test_rebalance),
        cmocka_unit_test(test_poison),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
