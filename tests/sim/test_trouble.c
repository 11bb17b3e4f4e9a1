#include <config.h>

#include "core/base/str.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * Days on which something goes wrong at a known minute. Each was seen to go wrong for
 * ever once.
 */

enum { HALF_DAY_S = 43200 };

/* What happens when: seconds from the start at 08:30. */
struct happening {
    int64_t at_s;
    const char *path, *body; /* POST to the site, or */
    struct command command;  /* an order, when by is set */
};

struct day {
    struct run *r;
    const struct happening *happenings;
    size_t n, next, next_order;
    int64_t losses, moves_back, stops, ready_at_s, home_at_s[4];
    struct utc start;
};

static void each_minute(void *ctx, const struct fleet *f)
{
    struct day *d = ctx;
    int64_t s = f->at.s - d->start.s;
    bool all = true;

    for (; d->next < d->n && d->happenings[d->next].at_s <= s; d->next++) {
        if (d->happenings[d->next].path != NULL)
            run_post(d->r, d->happenings[d->next].path, d->happenings[d->next].body);
    }
    for (size_t i = 0; i < f->n_servers && i < 4; i++) {
        const struct server_facts *v = &f->servers[i].facts;

        all = all && v->place == PLACE_CLOUD && v->cloud.open;
        if (v->place == PLACE_ONPREM && v->power == POWER_ON && v->onprem.open)
            d->home_at_s[i] = d->home_at_s[i] != 0 ? d->home_at_s[i] : s;
        else
            d->home_at_s[i] = 0;
    }
    if (all)
        d->ready_at_s = s;
}

static bool order(void *ctx, struct utc now, struct command *out)
{
    struct day *d = ctx;

    for (;
         d->next_order < d->n && d->happenings[d->next_order].at_s <= now.s - d->start.s;
         d->next_order++) {
        if (d->happenings[d->next_order].command.by[0] == '\0')
            continue;
        *out = d->happenings[d->next_order++].command;
        if (out->until.s != 0)
            out->until.s += d->start.s; /* given from the start, too */
        return true;
    }
    return false;
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct day *d = ctx;

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%lld %s %s %s\n", (long long)(j->at.s - d->start.s),
                      level_word(j->level), j->server, j->text);
    d->losses +=
        strcmp(j->action, "loss") == 0 || strcmp(j->action, "changed-outside") == 0;
    d->moves_back += strcmp(j->action, "move") == 0 && strcmp(j->to, "onprem") == 0;
    d->stops += strcmp(j->action, "build-stop") == 0 && j->level == LEVEL_ACT;
}

static void live(struct day *d, const struct happening *h, size_t n, int64_t duration_s)
{
    *d = (struct day){.r = run_prepare(3), .happenings = h, .n = n};
    d->start = d->r->options.from;
    d->r->options.duration_s = duration_s;
    d->r->options.each_minute = each_minute;
    d->r->options.each_entry = each_entry;
    d->r->options.order = order;
    d->r->options.ctx = d;
}

/* A loss that nothing may be done about is told once; the way home is made up for later.
 */
static void test_loss_in_dry_run(void **state)
{
    static const struct happening h[] = {
        {.at_s = 5400,
         .command = {.kind = COMMAND_AUTO, .setting = AUTO_DRY_RUN, .by = "t"}},
        {.at_s = 6000,
         .path = "/control/interrupt",
         .body = "{\"server\":\"cache\",\"notice_s\":120}"},
        {.at_s = 12000, .command = {.kind = COMMAND_AUTO, .setting = AUTO_ON, .by = "t"}},
    };
    struct day d;

    (void)state;
    live(&d, h, ARRAY_LEN(h), 6 * 3600);
    run_go(d.r);
    assert_int_equal(d.losses, 1);
    /* on again: home, powered on, and out again */
    assert_true(d.ready_at_s > 14000);
    run_free(d.r);
}

/* Agents that do not come up out there: the servers come home though the schedule wants
 * them out, and go out again later. */
static void test_no_agent(void **state)
{
    static const struct happening h[] = {
        {.at_s = 60,
         .path = "/control/fault",
         .body = "{\"name\":\"no-boot\",\"rate\":1}"},
        {.at_s = 7200,
         .path = "/control/fault",
         .body = "{\"name\":\"no-boot\",\"rate\":0}"},
    };
    struct day d;

    (void)state;
    live(&d, h, ARRAY_LEN(h), 8 * 3600);
    run_go(d.r);
    assert_true(d.moves_back >= 2);
    assert_int_equal(d.r->totals.builds_killed_by_us, 0);
    run_free(d.r);
}

/* Builds that do not end keep their own servers out, and nobody else's. */
static void test_long_builds(void **state)
{
    static const struct happening h[] = {
        {.at_s = 34000,
         .path = "/control/builds",
         .body = "{\"server\":\"cache\",\"seconds\":20000}"},
        {.at_s = 34000,
         .path = "/control/builds",
         .body = "{\"server\":\"write-back\",\"seconds\":20000}"},
    };
    struct day d;

    (void)state;
    live(&d, h, ARRAY_LEN(h), HALF_DAY_S + 3600);
    d.r->config->policy.on_drain_deadline = DRAIN_WAIT;
    run_go(d.r);
    /* 18:00 is at 34200 s: the other two are home within the usual time */
    assert_true(d.home_at_s[2] > 34200 && d.home_at_s[2] < 34200 + 5400);
    assert_true(d.home_at_s[3] > 34200 && d.home_at_s[3] < 34200 + 5400);
    assert_int_equal(d.r->totals.builds_killed_by_us, 0);
    run_free(d.r);
}

/* The drain deadline of a hold that ended counts from that end (policy-and-cost 4). */
static void test_end_of_hold(void **state)
{
    static const struct happening h[] = {
        {.at_s = 30000,
         .command = {.kind = COMMAND_HOLD,
                     .server = "cache",
                     .place = PLACE_CLOUD,
                     .hold_kind = HOLD_UNTIL,
                     .until = {41400},
                     .by = "t"}},
        {.at_s = 41000,
         .path = "/control/builds",
         .body = "{\"server\":\"cache\",\"seconds\":1800}"},
    };
    struct day d;

    (void)state;
    live(&d, h, ARRAY_LEN(h), HALF_DAY_S + 7200);
    d.r->config->policy.on_drain_deadline = DRAIN_ABORT;
    run_go(d.r);
    assert_int_equal(d.r->totals.builds_killed_by_us, 0);
    assert_int_equal(d.stops, 0);
    assert_true(d.home_at_s[0] > 41400);
    run_free(d.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_in_dry_run),
        cmocka_unit_test(test_no_agent),
        cmocka_unit_test(test_long_builds),
        cmocka_unit_test(test_end_of_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
