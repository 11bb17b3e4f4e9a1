#include <config.h>

#include "core/base/str.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * What others do: a person moves a server at the manager (policy-and-cost 4.1), AWS takes
 * all of them back within the hour (2, site breaker), and auto is off when the rush hours
 * end (6.5). Times are seconds from Sunday 08:30; the rush hours are 1800 to 34200.
 */

enum { HOUR = 3600, NOON = 12600, EVENING = 34200, EVENTS = 8 };

struct outside {
    struct run *r;
    struct utc start;
    struct {
        int64_t at_s;
        const char *path, *body; /* POST, or */
        struct command command;  /* an order */
    } events[EVENTS];
    size_t next, next_order;

    int64_t noon_s; /* 0 = NOON */
    /* of "cache" */
    struct server_view at_noon, at_end;
    int64_t told; /* alerts changed-outside */
    bool by_person;
    int64_t moves_out, released_s;

    int64_t market_s, markets, early; /* moves out within the pause */
    int64_t reminders, first_reminder_s;
    int32_t most_left;
};

static void each_minute(void *ctx, const struct fleet *f)
{
    struct outside *o = ctx;
    int64_t s = f->at.s - o->start.s;
    int i = fleet_find(f, "cache");

    for (;
         o->next < EVENTS && o->events[o->next].at_s > 0 && o->events[o->next].at_s <= s;
         o->next++) {
        if (o->events[o->next].path != NULL)
            run_post(o->r, o->events[o->next].path, o->events[o->next].body);
    }
    assert_true(i >= 0);
    if (s <= (o->noon_s != 0 ? o->noon_s : NOON))
        o->at_noon = f->servers[i];
    o->at_end = f->servers[i];
    if (f->left.servers > o->most_left)
        o->most_left = f->left.servers;
}

static bool order(void *ctx, struct utc now, struct command *out)
{
    struct outside *o = ctx;

    for (; o->next_order < EVENTS && o->events[o->next_order].at_s > 0 &&
           o->events[o->next_order].at_s <= now.s - o->start.s;
         o->next_order++) {
        if (o->events[o->next_order].path != NULL)
            continue;
        *out = o->events[o->next_order++].command;
        (void)str_copy(out->by, sizeof(out->by), "eli");
        return true;
    }
    return false;
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct outside *o = ctx;
    int64_t s = j->at.s - o->start.s;
    bool out = str_eq(j->action, "move") && str_eq(j->to, "cloud");

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%lld %s %s %s: %s\n", (long long)s, level_word(j->level), j->actor,
                      j->server, j->text);
    if (str_eq(j->action, "changed-outside") && str_starts(j->text, "changed outside")) {
        o->told++;
        o->by_person = strstr(j->text, "by dana") != NULL;
    }
    if (out && str_eq(j->server, "cache"))
        o->moves_out++;
    if (str_eq(j->action, "market")) {
        o->markets++;
        if (o->market_s == 0)
            o->market_s = s;
    } else if (out && o->market_s != 0 && s < o->market_s + 1800) {
        o->early++;
    }
    if (str_eq(j->action, "left-in-cloud")) {
        o->reminders++;
        if (o->first_reminder_s == 0)
            o->first_reminder_s = s;
    }
}

static void begin(struct outside *o, int64_t duration_s)
{
    o->r = run_prepare(4);
    o->start = o->r->options.from;
    o->r->options.duration_s = duration_s;
    o->r->options.each_minute = each_minute;
    o->r->options.each_entry = each_entry;
    o->r->options.order = order;
    o->r->options.ctx = o;
}

static void end(struct outside *o)
{
    assert_int_equal(o->r->report.violations, 0);
    run_free(o->r);
}

/* Out and back at the manager's own screen, under the three answers to it. */
static const char *const bring_home =
    "{\"server\":\"cache\",\"to\":\"onprem\",\"by\":\"dana\"}";

static void test_adopt(void **state)
{
    struct outside o = {.events = {{.at_s = 7200, "/control/move", bring_home, {0}}}};
    const struct server_view *s = &o.at_noon;

    (void)state;
    begin(&o, EVENING + 2 * HOUR);
    run_go(o.r);
    assert_int_equal(o.told, 1);
    assert_true(o.by_person);
    /* at home, working there, held until the schedule wants it there anyway */
    assert_int_equal(s->facts.place, PLACE_ONPREM);
    assert_int_equal(s->facts.power, POWER_ON);
    assert_true(s->facts.onprem.open);
    assert_int_equal(s->hold.place, PLACE_ONPREM);
    assert_int_equal(s->hold.kind, HOLD_UNTIL_SCHEDULE);
    assert_int_equal(s->hold.until.s, o.start.s + EVENING);
    assert_string_equal(s->hold.by, "dana");
    assert_string_equal(s->hold.why, "changed outside");
    assert_int_equal(s->interruptions, 0); /* nobody's market */
    assert_int_equal(o.moves_out, 1);      /* in the morning, and not again */
    assert_int_equal(o.at_end.hold.place, PLACE_UNKNOWN);
    end(&o);
}

static void test_enforce(void **state)
{
    struct outside o = {.events = {{.at_s = 7200, "/control/move", bring_home, {0}}}};

    (void)state;
    begin(&o, EVENING);
    o.r->config->policy.foreign_change = FOREIGN_ENFORCE;
    run_go(o.r);
    assert_int_equal(o.told, 1);
    assert_int_equal(o.at_noon.facts.place, PLACE_CLOUD); /* moved back there */
    assert_int_equal(o.at_noon.hold.place, PLACE_UNKNOWN);
    assert_int_equal(o.moves_out, 2);
    end(&o);
}

static void test_alert(void **state)
{
    struct outside o = {
        .events = {{.at_s = 7200, "/control/move", bring_home, {0}},
                   {.at_s = NOON + 600,
                    .command = {.kind = COMMAND_RELEASE, .server = "cache"}}}};

    (void)state;
    begin(&o, EVENING);
    o.r->config->policy.foreign_change = FOREIGN_ALERT;
    run_go(o.r);
    assert_int_equal(o.told, 1);
    /* gated until a key is pressed, whatever key */
    assert_int_equal(o.at_noon.facts.place, PLACE_ONPREM);
    assert_int_equal(o.at_noon.decision.gate, GATE_BLOCKED);
    assert_non_null(strstr(o.at_noon.facts.blocked, "changed outside"));
    assert_int_equal(o.at_noon.hold.place, PLACE_UNKNOWN);
    assert_int_equal(o.at_end.facts.place, PLACE_CLOUD);
    assert_string_equal(o.at_end.facts.blocked, "");
    end(&o);
}

/* The other way round: somebody works late, and policy lets the hold's end decide. */
static void test_sent_out(void **state)
{
    struct outside o = {
        .events = {{.at_s = EVENING + 4 * HOUR,
                    "/control/extension",
                    "{\"state\":\"active\"}",
                    {0}},
                   {.at_s = EVENING + 4 * HOUR,
                    "/control/move",
                    "{\"server\":\"cache\",\"to\":\"cloud\",\"by\":\"dana\"}",
                    {0}}}};

    (void)state;
    begin(&o, EVENING + 5 * HOUR);
    run_go(o.r);
    assert_int_equal(o.told, 1);
    assert_true(o.by_person);
    assert_int_equal(o.at_end.facts.place, PLACE_CLOUD);
    assert_int_equal(o.at_end.hold.place, PLACE_CLOUD);
    assert_string_equal(o.at_end.hold.by, "dana");
    assert_true(o.at_end.hold.until.s > o.start.s + EVENING + 5 * HOUR);
    end(&o);
}

/* Powered off at home by a person it stays off and at home; a move to on-prem by hand is
 * what powers it on (policy-and-cost 1). */
static void test_powered_off(void **state)
{
    enum { NEXT_NOON = 86400 + NOON };
    struct outside o = {.noon_s = NEXT_NOON,
                        .events = {{.at_s = EVENING + 4 * HOUR,
                                    "/control/vm",
                                    "{\"server\":\"cache\",\"power\":\"off\"}",
                                    {0}},
                                   {.at_s = NEXT_NOON + 60,
                                    .command = {.kind = COMMAND_MOVE,
                                                .server = "cache",
                                                .place = PLACE_ONPREM}}}};

    (void)state;
    begin(&o, NEXT_NOON + HOUR);
    run_go(o.r);
    assert_int_equal(o.at_noon.facts.place, PLACE_ONPREM);
    assert_int_equal(o.at_noon.facts.power, POWER_OFF);
    assert_int_equal(o.at_noon.decision.gate, GATE_BLOCKED);
    assert_int_equal(o.moves_out, 1); /* of the first day */
    assert_int_equal(o.at_end.facts.power, POWER_ON);
    assert_true(o.at_end.facts.onprem.open);
    end(&o);
}

/* As many interruptions as servers within the hour: re-runs pause, then all go on. */
static void test_market(void **state)
{
    struct outside o = {.events = {{.at_s = 7200,
                                    "/control/interrupt",
                                    "{\"server\":\"cache\",\"notice_s\":120}",
                                    {0}},
                                   {.at_s = 7260,
                                    "/control/interrupt",
                                    "{\"server\":\"write-back\",\"notice_s\":120}",
                                    {0}},
                                   {.at_s = 7320,
                                    "/control/interrupt",
                                    "{\"server\":\"migration\",\"notice_s\":120}",
                                    {0}},
                                   {.at_s = 7380,
                                    "/control/interrupt",
                                    "{\"server\":\"end-to-end\",\"notice_s\":0}",
                                    {0}}}};

    (void)state;
    begin(&o, 7380 + 3 * HOUR);
    run_go(o.r);
    assert_int_equal(o.markets, 1);
    assert_true(o.market_s >= 7380 && o.market_s < 7380 + 600);
    assert_int_equal(o.early, 0);
    assert_int_equal(o.r->report.interruptions, 4);
    assert_int_equal(o.r->report.moves_out, 8); /* in the morning, and after the pause */
    assert_int_equal(o.at_end.facts.place, PLACE_CLOUD);
    end(&o);
}

/* Auto off at noon: who is out there stays, and costs; it is said every hour until
 * somebody brings them home. */
static void test_left(void **state)
{
    struct outside o = {
        .events = {{.at_s = NOON, .command = {.kind = COMMAND_AUTO, .setting = AUTO_OFF}},
                   {.at_s = EVENING + 4 * HOUR + 1800,
                    .command = {.kind = COMMAND_AUTO, .setting = AUTO_ON}}}};

    (void)state;
    begin(&o, EVENING + 7 * HOUR);
    run_go(o.r);
    assert_int_equal(o.most_left, 4);
    assert_true(o.first_reminder_s >= EVENING && o.first_reminder_s < EVENING + 120);
    assert_int_equal(o.reminders, 5); /* 18:00, 19:00 … 22:00 */
    assert_int_equal(o.at_end.facts.place, PLACE_ONPREM);
    end(&o);
}

/* One server's snooze: the others go, it goes when the snooze ends. */
static void test_snooze(void **state)
{
    struct outside o = {
        .noon_s = 7000,
        .events = {
            {.at_s = 60,
             .command = {.kind = COMMAND_SNOOZE, .server = "cache", .until = {7200}}}}};

    (void)state;
    begin(&o, 7200 + HOUR);
    o.events[0].command.until.s += o.start.s;
    run_go(o.r);
    assert_int_equal(o.at_noon.facts.place, PLACE_ONPREM);
    assert_int_equal(o.at_noon.decision.gate, GATE_AUTO_OFF);
    assert_int_equal(o.at_noon.snooze_until.s, o.start.s + 7200);
    assert_int_equal(o.at_end.facts.place, PLACE_CLOUD);
    assert_int_equal(o.at_end.snooze_until.s, 0);
    assert_int_equal(o.moves_out, 1);
    end(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adopt),       cmocka_unit_test(test_enforce),
        cmocka_unit_test(test_alert),       cmocka_unit_test(test_sent_out),
        cmocka_unit_test(test_powered_off), cmocka_unit_test(test_market),
        cmocka_unit_test(test_left),        cmocka_unit_test(test_snooze),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
