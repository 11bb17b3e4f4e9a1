#include <config.h>

#include "core/policy/explain.h"

#include "tests/unit/plan_site.h"

static void tell(struct site *s, const char *at_local, struct explain_out *out)
{
    struct explain_in in = {.policy = &s->policy,
                            .schedule = &s->schedule,
                            .tz = s->tz,
                            .now = s->in.now,
                            .at = at(s->tz, at_local),
                            .setting = s->in.setting,
                            .snooze_until = s->servers[0].snooze_until.s != 0
                                                ? s->servers[0].snooze_until
                                                : s->in.snooze_until,
                            .name = s->servers[0].name,
                            .place = s->facts[0].place,
                            .decision = &s->outs[0].decision,
                            .hold = &s->servers[0].hold,
                            .auto_on = s->servers[0].auto_on};

    if (s->servers[0].move != NULL) {
        in.moving = true;
        in.direction = s->moves[0].direction;
        in.step = STEP_DRAIN;
        in.committed = s->moves[0].committed;
    }
    memset(out, 0xa5, sizeof(*out));
    explain(&in, out);
}

static void expect(const struct explain_out *out, const char *const *lines, size_t n)
{
    assert_int_equal(out->n, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(out->lines[i], lines[i]);
}

#define EXPECT(...)                                                                      \
    expect(&out, (const char *const[]){__VA_ARGS__},                                     \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void test_now(void **state)
{
    struct explain_out out;
    struct site s;

    (void)state;
    site_init(&s);
    site_plan_at(&s, "2026-11-24T07:00:00");
    tell(&s, "2026-11-24T07:00:00", &out);
    EXPECT("Is      on-prem",
           "Should  be on-prem by rule 5 (outside): no rush hour until Tue 09:00",
           "Gate    none", "Next    Tue 08:35: should be in the cloud by rule 3 (lead)");

    s.servers[0].retry_at = at(s.tz, "2026-11-24T17:40:00");
    site_plan_at(&s, "2026-11-24T17:30:00");
    tell(&s, "2026-11-24T17:30:00", &out);
    EXPECT("Is      on-prem",
           "Should  be in the cloud by rule 3 (window): rush hour until Tue 18:00",
           "Gate    backoff until Tue 17:40: its last move failed; next try Tue 17:40; "
           "then remaining",
           "Next    Tue 18:00: should be on-prem by rule 5 (outside)");
    s.servers[0].retry_at.s = 0;

    (void)site_move(&s, 0, DIRECTION_OUT, "2026-11-24T10:00:00");
    site_plan_at(&s, "2026-11-24T10:00:30");
    tell(&s, "2026-11-24T10:00:30", &out);
    assert_string_equal(
        out.lines[0],
        "Is      on-prem, moves to the cloud, step drain, can be taken back");
    site_commit(&s, 0, "2026-11-24T10:01:00");
    site_plan_at(&s, "2026-11-24T10:01:00");
    tell(&s, "2026-11-24T10:01:00", &out);
    assert_string_equal(out.lines[0],
                        "Is      moving to the cloud, step drain, past its commit point");
    s.servers[0].move = NULL;
    (void)site_move(&s, 0, DIRECTION_BACK, "2026-11-24T18:00:00");
    site_commit(&s, 0, "2026-11-24T18:01:00");
    site_plan_at(&s, "2026-11-24T18:01:00");
    tell(&s, "2026-11-24T18:01:00", &out);
    assert_string_equal(out.lines[0],
                        "Is      moving on-prem, step drain, past its commit point");
    s.servers[0].move = NULL;
    site_settle(&s, 0, PLACE_ONPREM);
    site_order(&s, 0, PLACE_CLOUD, false, "2026-11-24T19:00:00");
    site_plan_at(&s, "2026-11-24T19:00:20");
    tell(&s, "2026-11-24T19:00:20", &out);
    assert_string_equal(out.lines[1], "Should  be in the cloud: moved by hand, asked for "
                                      "Tue 19:00");
    s.servers[0].order.place = PLACE_UNKNOWN;

    site_settle(&s, 0, PLACE_CLOUD);
    site_hold(&s, 0, PLACE_CLOUD, HOLD_UNTIL, "2026-11-24T10:00:00",
              "2026-11-24T20:00:00");
    site_plan_at(&s, "2026-11-24T19:00:00");
    tell(&s, "2026-11-24T19:00:00", &out);
    EXPECT("Is      in the cloud",
           "Should  be in the cloud by rule 1 (hold): held in the cloud by dana until "
           "Tue 20:00",
           "Gate    none",
           "Next    Tue 20:00: should be on-prem by rule 5 (outside), its hold ends");

    site_hold(&s, 0, PLACE_CLOUD, HOLD_PIN, "2026-11-24T10:00:00", NULL);
    site_plan_at(&s, "2026-11-24T19:00:00");
    tell(&s, "2026-11-24T19:00:00", &out);
    assert_string_equal(out.lines[3], "Next    nothing as far as the schedule reaches");
    s.policy.n_windows = 0; /* and without any change to look at */
    site_plan_at(&s, "2026-11-24T19:00:00");
    tell(&s, "2026-11-24T19:00:00", &out);
    assert_string_equal(out.lines[3], "Next    nothing as far as the schedule reaches");
    site_clear(&s);
}

/* 3.5 row 4: until when nobody knows; the next change is the schedule's. */
static void test_pressure(void **state)
{
    struct explain_out out;
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.pressure = true;
    s.policy.pressure_low = 5;
    s.policy.pressure_for = 600;
    s.in.pressure.ready_permille = 75;
    site_settle(&s, 0, PLACE_CLOUD);
    s.servers[0].pressed_since = at(s.tz, "2026-11-24T20:00:00");
    site_plan_at(&s, "2026-11-24T21:00:00");
    tell(&s, "2026-11-24T21:00:00", &out);
    EXPECT("Is      in the cloud",
           "Should  be in the cloud by rule 4 (pressure): the host was short of CPU, it "
           "returns when CPU ready stays below 5% for 10m, now 7.5%",
           "Gate    none", "Next    Wed 18:00: should be on-prem by rule 5 (outside)");
    tell(&s, "2026-11-24T22:00:00", &out); /* what is to come is the schedule's alone */
    assert_string_equal(out.lines[0], "Tue 22:00: should be on-prem by rule 5 (outside)");
    site_clear(&s);
}

/* 3.5 row 2, and which end comes first: of the hold, or of the schedule. */
static void test_reasons(void **state)
{
    struct explain_out out;
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.budget_evacuates = true;
    s.in.budget = (struct plan_budget){.set = true,
                                       .known = true,
                                       .reached = true,
                                       .limit = {10000000000},
                                       .spent = {10000000000},
                                       .month_end = utc_at("2026-12-01T00:00:00Z")};
    site_settle(&s, 0, PLACE_CLOUD);
    site_plan_at(&s, "2026-11-24T10:00:00");
    tell(&s, "2026-11-24T10:00:00", &out);
    assert_string_equal(
        out.lines[1],
        "Should  be on-prem by rule 2 (budget): the month's budget of $10.00 is spent");
    s.in.budget.set = false;
    /* A hold that the schedule outlives: it ends first, and nothing changes by that. */
    site_hold(&s, 0, PLACE_CLOUD, HOLD_UNTIL, "2026-11-24T09:30:00",
              "2026-11-24T11:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    tell(&s, "2026-11-24T10:00:00", &out);
    assert_string_equal(out.lines[3],
                        "Next    Tue 18:00: should be on-prem by rule 5 (outside)");
    site_clear(&s);
}

static void test_auto_off(void **state)
{
    struct explain_out out;
    struct site s;

    (void)state;
    site_init(&s);
    s.in.snooze_until = at(s.tz, "2026-11-24T12:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    tell(&s, "2026-11-24T10:00:00", &out);
    assert_string_equal(
        out.lines[1], "Should  stay where it is: automatic moves snooze until Tue 12:00");
    assert_string_equal(
        out.lines[3],
        "Next    Tue 12:00: should be in the cloud by rule 3 (window), the snooze ends");
    site_hold(&s, 0, PLACE_ONPREM, HOLD_PIN, "2026-11-24T10:00:00", NULL);
    site_plan_at(&s, "2026-11-24T10:00:00");
    tell(&s, "2026-11-24T10:00:00", &out);
    assert_string_equal(
        out.lines[3],
        "Next    Tue 12:00: should be on-prem by rule 1 (hold), the snooze ends");
    s.servers[0].hold.place = PLACE_UNKNOWN;
    /* Its own snooze, which ends later than that of all. */
    s.servers[0].snooze_until = at(s.tz, "2026-11-24T14:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    tell(&s, "2026-11-24T10:00:00", &out);
    EXPECT(
        "Is      on-prem",
        "Should  stay where it is: automatic moves snooze until Tue 14:00",
        "Gate    auto-off until Tue 14:00: automatic moves snooze until Tue 14:00, else "
        "it would go to the cloud",
        "Next    Tue 14:00: should be in the cloud by rule 3 (window), the snooze ends");
    s.in.snooze_until.s = 0;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(s.out.next_at.s, at(s.tz, "2026-11-24T14:00:00").s);
    assert_int_equal(s.outs[1].decision.gate, GATE_NONE);
    s.servers[0].snooze_until.s = 0;
    s.in.setting = AUTO_DRY_RUN;
    site_plan_at(&s, "2026-11-24T10:00:00");
    tell(&s, "2026-11-24T10:00:00", &out);
    assert_string_equal(out.lines[EXPLAIN_GATE],
                        "Gate    dry-run, nothing acts; else none");
    s.in.snooze_until = at(s.tz, "2026-11-24T12:00:00");
    s.in.setting = AUTO_OFF;
    site_plan_at(&s, "2026-11-24T10:00:00");
    tell(&s, "2026-11-24T10:00:00", &out);
    assert_string_equal(out.lines[3],
                        "Next    nothing until automatic moves are on again");
    site_clear(&s);
}

/* A time to come: what schedule, hold and calendar make of it. */
static void test_later(void **state)
{
    const struct calendar_day off = {.day = civil_to_days(2026, 11, 25)};
    struct explain_out out;
    struct site s;

    (void)state;
    site_init(&s);
    s.policy.exceptions = &off;
    s.policy.n_exceptions = 1;
    site_plan_at(&s, "2026-11-24T07:00:00");
    tell(&s, "2026-11-24T12:00:00", &out);
    EXPECT("Tue 12:00: should be in the cloud by rule 3 (window)",
           "Next    Tue 18:00: should be on-prem by rule 5 (outside)");
    tell(&s, "2026-11-25T12:00:00", &out);
    EXPECT("Wed 12:00: should be on-prem by rule 5 (holiday)",
           "Next    Thu 08:35: should be in the cloud by rule 3 (lead)");
    s.servers[0].auto_on = false;
    tell(&s, "2026-11-25T12:00:00", &out);
    assert_string_equal(out.lines[0],
                        "Wed 12:00: stays where it is, automatic moves are off then");
    site_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now),     cmocka_unit_test(test_pressure),
        cmocka_unit_test(test_reasons), cmocka_unit_test(test_auto_off),
        cmocka_unit_test(test_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
