#include <config.h>

/*
 * The tables of policy-and-cost, row by row in its words: defaults, desired places,
 * holds, toggling, clock, days across midnight. What goes on over minutes is in
 * test_plan_walk, in test_schedule (6.2) and in tests/sim/test_outage (6.4).
 */

#include "core/model/options.h"

#include "tests/unit/plan_site.h"

/* 2: the shipped defaults. */
static void test_defaults(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *section, *name, *initial; } rows[] = {
        {"`site.tz`: zone name of the system", "site", "tz", NULL},
        {"`window` (a list): `Sun-Thu 09:00-18:00`", "policy", "window", "Sun-Thu 09:00-18:00"},
        {"`calendar`: none", "policy", "calendar", NULL},
        {"`lead`: `auto`", "policy", "lead", "auto"},
        {"`drain_start` / `drain_deadline`: `0m` / `60m`", "policy", "drain_start", "0m"},
        {"`drain_start` / `drain_deadline`: `0m` / `60m`", "policy", "drain_deadline", "60m"},
        {"`on_drain_deadline`: `requeue`", "policy", "on_drain_deadline", "requeue"},
        {"`out_drain_deadline`: none (wait)", "policy", "out_drain_deadline", "none"},
        {"`min_remaining`: 45m to D", "policy", "min_remaining", "45m"},
        {"`dwell_cloud` / `dwell_onprem`: 20m / 10m", "policy", "dwell_cloud", "20m"},
        {"`dwell_cloud` / `dwell_onprem`: 20m / 10m", "policy", "dwell_onprem", "10m"},
        {"`max_moves`: 2 at a time", "policy", "max_moves", "2"},
        {"`start_spacing`: 20s", "policy", "start_spacing", "20s"},
        {"`timeout_out` / `timeout_back`: 20m / 30m", "policy", "timeout_out", "20m"},
        {"`timeout_out` / `timeout_back`: 20m / 30m", "policy", "timeout_back", "30m"},
        {"`max_overlap`: 20m, with `handover = overlap`; otherwise both sides are never up (0)", "policy", "max_overlap", "20m"},
        {"`max_overlap`: with `handover = overlap`; otherwise 0", "servers", "handover", "gap"},
        {"`retry_min` / `retry_max` / `retry_jitter`: 1m, doubling to 30m, 20%", "policy", "retry_min", "1m"},
        {"`retry_min` / `retry_max` / `retry_jitter`: 1m, doubling to 30m, 20%", "policy", "retry_max", "30m"},
        {"`retry_min` / `retry_max` / `retry_jitter`: 1m, doubling to 30m, 20%", "policy", "retry_jitter", "20"},
        {"`breaker_failures` / `breaker_open`: 5 in a row / 60m", "policy", "breaker_failures", "5"},
        {"`breaker_failures` / `breaker_open`: 5 in a row / 60m", "policy", "breaker_open", "60m"},
        {"`rerun_delay` / `rerun_window`: 0m, 5m, 15m, 45m within 2h", "policy", "rerun_delay", "0m|5m|15m|45m"},
        {"`rerun_delay` / `rerun_window`: 0m, 5m, 15m, 45m within 2h", "policy", "rerun_window", "2h"},
        {"`site_breaker_window` / `site_breaker_pause`: 60m / 30m", "policy", "site_breaker_window", "60m"},
        {"`site_breaker_window` / `site_breaker_pause`: 60m / 30m", "policy", "site_breaker_pause", "30m"},
        {"`requeue` / `requeue_max` / `requeue_deny`: on / 2 / deploy, release, publish", "policy", "requeue", "true"},
        {"`requeue` / `requeue_max` / `requeue_deny`: on / 2 / deploy, release, publish", "policy", "requeue_max", "2"},
        {"`requeue` / `requeue_max` / `requeue_deny`: on / 2 / deploy, release, publish", "policy", "requeue_deny", "deploy|release|publish"},
        {"`on_demand`: off; when on, needs `on_demand_max_price`", "policy", "on_demand", "false"},
        {"`on_demand`: off; when on, needs `on_demand_max_price`", "policy", "on_demand_max_price", NULL},
        {"`server.max_price`: unset", "servers", "max_price", NULL},
        {"`budget_month` / `budget_warn` / `on_budget`: unset / 80% / `block-new`", "policy", "budget_month", NULL},
        {"`budget_month` / `budget_warn` / `on_budget`: unset / 80% / `block-new`", "policy", "budget_warn", "80"},
        {"`budget_month` / `budget_warn` / `on_budget`: unset / 80% / `block-new`", "policy", "on_budget", "block-new"},
        {"`hold_cloud_cap`: 12h", "policy", "hold_cloud_cap", "12h"},
        {"`foreign_change`: `adopt`", "policy", "foreign_change", "adopt"},
        {"`auto` on first start: `dry-run`", "policy", "auto", "dry-run"},
        {"`velostrata.auto_stop` / `extension_linger`: on / 10m", "velostrata", "auto_stop", "true"},
        {"`velostrata.auto_stop` / `extension_linger`: on / 10m", "policy", "extension_linger", "10m"},
        {"`poll` of an API: 30s", "velostrata", "poll", "30s"},
        {"`poll` of an API: 30s", "aws", "poll", "30s"},
        {"`jenkins.poll` 15s", "jenkins", "poll", "15s"},
        {"`vsphere.poll` 20s", "vsphere", "poll", "20s"},
        {"`poll_moving`: 5s", "policy", "poll_moving", "5s"},
        {"`aws.poll_spot`: 10s", "aws", "poll_spot", "10s"},
        {"`aws.poll_prices` / `aws.poll_interfaces`: 5m / 60s", "aws", "poll_prices", "5m"},
        {"`aws.poll_prices` / `aws.poll_interfaces`: 5m / 60s", "aws", "poll_interfaces", "60s"},
        {"`stale_after`: 90s", "policy", "stale_after", "90s"},
        {"`clock_step` / `clock_skew`: 30s / 120s", "policy", "clock_step", "30s"},
        {"`clock_step` / `clock_skew`: 30s / 120s", "policy", "clock_skew", "120s"},
        {"`pressure`, `pressure_high` / `_low` / `_for`: off, 10% / 5% / 10m", "policy", "pressure", "false"},
        {"`pressure`, `pressure_high` / `_low` / `_for`: off, 10% / 5% / 10m", "policy", "pressure_high", "10"},
        {"`pressure`, `pressure_high` / `_low` / `_for`: off, 10% / 5% / 10m", "policy", "pressure_low", "5"},
        {"`pressure`, `pressure_high` / `_low` / `_for`: off, 10% / 5% / 10m", "policy", "pressure_for", "10m"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct option *o = option_find(rows[i].section, rows[i].name);

        assert_row(rows[i].what, o != NULL);
        assert_row(rows[i].what, (o->initial == NULL) == (rows[i].initial == NULL));
        assert_row(rows[i].what,
                   o->initial == NULL || str_eq(o->initial, rows[i].initial));
    }
}

/* What is to be seen of ts1 at some moment. */
struct look {
    const char *at;
    enum place place; /* it is there then */
    enum plan_act act;
    enum place to; /* of PLAN_START */
    enum gate gate;
};

#define STAYS(at, place)                                                                 \
    {                                                                                    \
        at, place, PLAN_NONE, PLACE_UNKNOWN, GATE_NONE                                   \
    }
#define GATED(at, place, g)                                                              \
    {                                                                                    \
        at, place, PLAN_NONE, PLACE_UNKNOWN, g                                           \
    }
#define GOES(at, place, to)                                                              \
    {                                                                                    \
        at, place, PLAN_START, to, GATE_NONE                                             \
    }

static void check_looks(const char *what, struct site *s, const struct look *looks,
                        size_t n)
{
    for (size_t i = 0; i < n && looks[i].at != NULL; i++) {
        const struct look *l = &looks[i];

        site_settle(s, 0, l->place);
        site_plan_at(s, l->at);
        if (s->outs[0].act != l->act || s->outs[0].decision.gate != l->gate)
            print_error("%s: at %s: act %d, %s: %s\n", what, l->at, (int)s->outs[0].act,
                        gate_word(s->outs[0].decision.gate),
                        s->outs[0].decision.gate_text);
        assert_row(what, s->outs[0].act == l->act);
        assert_row(what, s->outs[0].decision.gate == l->gate);
        if (l->act == PLAN_START)
            assert_row(what,
                       (s->outs[0].direction == DIRECTION_OUT) == (l->to == PLACE_CLOUD));
    }
}

/* 4: now (Tue 2026-11-24), operator, what the schedule says, when the hold ends, effect.
 */
static void test_holds(void **state)
{
    enum { LOOKS = 4 };
    /* clang-format off */
    static const struct {
        const char *what, *now;
        enum place held;
        const char *until; /* given by the operator; NULL: until-schedule */
        const char *ends;
        struct look looks[LOOKS];
    } rows[] = {
        {"10:00 | bring back | CLOUD | 18:00 today | on-prem for the rest of today, normal tomorrow",
            "2026-11-24T10:00:00", PLACE_ONPREM, NULL, "2026-11-24T18:00:00",
            {GOES("2026-11-24T10:00:00", PLACE_CLOUD, PLACE_ONPREM),
             STAYS("2026-11-24T17:59:59", PLACE_ONPREM), STAYS("2026-11-24T18:00:00", PLACE_ONPREM),
             GOES("2026-11-25T08:35:00", PLACE_ONPREM, PLACE_CLOUD)}},
        {"07:30 | bring back / stay | ONPREM | 18:00 today | skips today",
            "2026-11-24T07:30:00", PLACE_ONPREM, NULL, "2026-11-24T18:00:00",
            {STAYS("2026-11-24T08:35:00", PLACE_ONPREM), STAYS("2026-11-24T12:00:00", PLACE_ONPREM),
             STAYS("2026-11-24T18:00:00", PLACE_ONPREM)}},
        {"17:55 | to cloud / stay | CLOUD | Wed 05:55 (12h cap) | works late, drains at 05:55",
            "2026-11-24T17:55:00", PLACE_CLOUD, NULL, "2026-11-25T05:55:00",
            {STAYS("2026-11-24T18:00:00", PLACE_CLOUD), STAYS("2026-11-25T05:54:59", PLACE_CLOUD),
             GOES("2026-11-25T05:55:00", PLACE_CLOUD, PLACE_ONPREM)}},
        {"20:00 | to cloud | ONPREM | Wed 08:35 (cap 08:00, extended to L) | stays overnight, then the schedule keeps it there",
            "2026-11-24T20:00:00", PLACE_CLOUD, NULL, "2026-11-25T08:35:00",
            {GOES("2026-11-24T20:00:00", PLACE_ONPREM, PLACE_CLOUD), STAYS("2026-11-25T08:00:00", PLACE_CLOUD),
             STAYS("2026-11-25T08:35:00", PLACE_CLOUD), STAYS("2026-11-25T12:00:00", PLACE_CLOUD)}},
        {"Thu 19:00 | to cloud | ONPREM | Fri 07:00 (cap) | does not run the weekend",
            "2026-11-26T19:00:00", PLACE_CLOUD, NULL, "2026-11-27T07:00:00",
            {GOES("2026-11-26T19:00:00", PLACE_ONPREM, PLACE_CLOUD), STAYS("2026-11-27T06:59:59", PLACE_CLOUD),
             GOES("2026-11-27T07:00:00", PLACE_CLOUD, PLACE_ONPREM)}},
        {"10:00 | bring back until 11:00 | CLOUD | 11:00 | moves out at 11:00, dwell (10m since the return) already met",
            "2026-11-24T10:00:00", PLACE_ONPREM, "2026-11-24T11:00:00", "2026-11-24T11:00:00",
            {STAYS("2026-11-24T10:59:59", PLACE_ONPREM), GOES("2026-11-24T11:00:00", PLACE_ONPREM, PLACE_CLOUD)}},
        {"10:00 | bring back until 17:30 | CLOUD | 17:30 | stays on-prem: 30m left < 45m, reason `remaining`",
            "2026-11-24T10:00:00", PLACE_ONPREM, "2026-11-24T17:30:00", "2026-11-24T17:30:00",
            {STAYS("2026-11-24T17:29:59", PLACE_ONPREM), GATED("2026-11-24T17:30:00", PLACE_ONPREM, GATE_REMAINING)}},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;
        struct hold *h;

        site_init(&s);
        s.policy.dwell_cloud = 20 * 60;
        s.policy.dwell_onprem = 10 * 60;
        for (size_t k = 1; k < SITE_SERVERS; k++)
            s.servers[k].auto_on = false;
        s.servers[0].settled_since = at(s.tz, "2026-11-24T10:06:00");
        site_hold(&s, 0, rows[i].held, HOLD_UNTIL, rows[i].now, rows[i].until);
        h = &s.servers[0].hold;
        if (rows[i].until == NULL) {
            schedule_build(&s.policy, s.tz, h->at, s.policy.lead, &s.schedule);
            h->kind = HOLD_UNTIL_SCHEDULE;
            h->until = schedule_hold_end(&s.schedule, &s.policy, h->at, rows[i].held);
        }
        assert_row(rows[i].what, h->until.s == at(s.tz, rows[i].ends).s);
        check_looks(rows[i].what, &s, rows[i].looks, LOOKS);
        site_clear(&s);
    }
}

/* 3.5: condition at `now`, desired, reason code. */
static void test_desired(void **state)
{
    enum { HOLD = 1, OVER = 2, SPENT = 4, OFF = 8, PRESSURE = 16, SENT = 32 };
    /* clang-format off */
    static const struct {
        const char *what, *now;
        int how;
        enum place held, desired;
        enum reason reason;
    } rows[] = {
        {"1 | active hold, not overruled by row 2 | its place | `hold`",
            "2026-11-24T20:00:00", HOLD, PLACE_CLOUD, PLACE_CLOUD, REASON_HOLD},
        {"1 | active hold, not overruled by row 2 | its place | `hold`: on-prem",
            "2026-11-24T10:00:00", HOLD, PLACE_ONPREM, PLACE_ONPREM, REASON_HOLD},
        {"1 | active hold, not overruled by row 2: it has `over_budget`",
            "2026-11-24T10:00:00", HOLD | OVER | SPENT, PLACE_CLOUD, PLACE_CLOUD, REASON_HOLD},
        {"2 | budget reached and `on_budget=evacuate`, hold lacks `over_budget` | ONPREM | `budget`",
            "2026-11-24T10:00:00", HOLD | SPENT, PLACE_CLOUD, PLACE_ONPREM, REASON_BUDGET},
        {"2 | budget reached and `on_budget=evacuate`, no hold | ONPREM | `budget`",
            "2026-11-24T10:00:00", SPENT, PLACE_UNKNOWN, PLACE_ONPREM, REASON_BUDGET},
        {"3 | in `[L, S)` of a window | CLOUD | `lead`",
            "2026-11-24T08:35:00", 0, PLACE_UNKNOWN, PLACE_CLOUD, REASON_LEAD},
        {"3 | in `[S, D)` of a window | CLOUD | `window`",
            "2026-11-24T17:59:59", 0, PLACE_UNKNOWN, PLACE_CLOUD, REASON_WINDOW},
        {"4 | `pressure` on: host CPU ready % (per vCPU) above `pressure_high` for `pressure_for`, the highest first | CLOUD | `pressure`",
            "2026-11-24T20:10:00", PRESSURE, PLACE_UNKNOWN, PLACE_CLOUD, REASON_PRESSURE},
        {"4 | until below `pressure_low` as long | CLOUD | `pressure`",
            "2026-11-24T20:10:00", PRESSURE | SENT, PLACE_UNKNOWN, PLACE_CLOUD, REASON_PRESSURE},
        {"4 | `pressure` off | ONPREM | `outside`",
            "2026-11-24T20:10:00", SENT, PLACE_UNKNOWN, PLACE_ONPREM, REASON_OUTSIDE},
        {"5 | otherwise | ONPREM | `holiday` if an `off` day removed a window today",
            "2026-11-24T10:00:00", OFF, PLACE_UNKNOWN, PLACE_ONPREM, REASON_HOLIDAY},
        {"5 | otherwise | ONPREM | else `outside`",
            "2026-11-24T18:00:00", 0, PLACE_UNKNOWN, PLACE_ONPREM, REASON_OUTSIDE},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct calendar_day off = {.day = civil_to_days(2026, 11, 24)};
        struct site s;

        site_init(&s);
        s.policy.budget_evacuates = true;
        s.policy.exceptions = &off;
        s.policy.n_exceptions = (rows[i].how & OFF) != 0 ? 1 : 0;
        if ((rows[i].how & HOLD) != 0)
            site_hold(&s, 0, rows[i].held, HOLD_PIN, "2026-11-24T07:00:00", NULL);
        s.servers[0].hold.over_budget = (rows[i].how & OVER) != 0;
        s.policy.pressure = (rows[i].how & PRESSURE) != 0;
        s.policy.pressure_for = 10 * 60;
        if ((rows[i].how & SENT) != 0)
            s.servers[0].pressed_since = at(s.tz, "2026-11-24T19:00:00");
        else
            s.in.pressure.above_since = at(s.tz, "2026-11-24T20:00:00");
        s.facts[0].ready_permille = 200;
        /* Without a limit where nothing is spent: row 4 asks the gates. */
        s.in.budget.set = (rows[i].how & PRESSURE) == 0;
        s.in.budget.known = true;
        s.in.budget.reached = (rows[i].how & SPENT) != 0;
        s.in.budget.limit.nanos = s.in.budget.spent.nanos = 1;
        site_plan_at(&s, rows[i].now);
        assert_row(rows[i].what, s.outs[0].decision.desired == rows[i].desired);
        assert_row(rows[i].what, s.outs[0].decision.reason == rows[i].reason);
        site_clear(&s);
    }
}

/* 6.3: `Thu 22:00-02:00`, Fri 2026-12-25 `off`. */
static void test_across_midnight(void **state)
{
    /* clang-format off */
    static const struct { const char *what; int32_t off; struct look looks[2]; } rows[] = {
        {"Thu 12-24 22:00 | CLOUD | start day is Thursday", 25,
            {GOES("2026-12-24T22:00:00", PLACE_ONPREM, PLACE_CLOUD), STAYS("2026-12-24T22:00:00", PLACE_CLOUD)}},
        {"Fri 12-25 01:59 | CLOUD | the window keeps its end; the exception belongs to windows that start on Friday", 25,
            {STAYS("2026-12-25T01:59:00", PLACE_CLOUD)}},
        {"Fri 12-25 02:00 | ONPREM | E", 25,
            {GOES("2026-12-25T02:00:00", PLACE_CLOUD, PLACE_ONPREM), STAYS("2026-12-25T02:00:00", PLACE_ONPREM)}},
        {"With Thu 12-24 `off` instead, nothing starts at all.", 24,
            {STAYS("2026-12-24T22:00:00", PLACE_ONPREM), STAYS("2026-12-25T00:30:00", PLACE_ONPREM)}},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct calendar_day off = {.day = civil_to_days(2026, 12, rows[i].off)};
        struct site s;

        site_init(&s);
        s.policy.windows[0] = (struct window){THU, HM(22, 0), HM(2, 0)};
        s.policy.exceptions = &off;
        s.policy.n_exceptions = 1;
        check_looks(rows[i].what, &s, rows[i].looks, 2);
        site_clear(&s);
    }
}

/* 6.5: state when auto is switched off (globally, of the server, for a while). */
static void test_toggling(void **state)
{
    enum { WAITS, DRAINS, OUT, BACK, LOST, CLOUD };
    /* clang-format off */
    static const struct { const char *what; int how; enum plan_act act; bool may_commit; } rows[] = {
        {"waiting for a gate | dropped", WAITS, PLAN_NONE, false},
        {"draining, not committed | cancel, open the node again", DRAINS, PLAN_CANCEL, false},
        {"committed (either direction) | runs to its end, then nothing more: out", OUT, PLAN_NONE, false},
        {"committed (either direction) | runs to its end, then nothing more: back", BACK, PLAN_NONE, false},
        {"LOST, or lost later while auto is off | bring it home, no re-run", LOST, PLAN_NONE, true},
        {"settled in cloud at 18:00 and auto off | stays", CLOUD, PLAN_NONE, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int off = 0; off < 3; off++) {
            struct site s;

            site_init(&s);
            if (rows[i].how == DRAINS || rows[i].how == OUT)
                (void)site_move(&s, 0, DIRECTION_OUT, "2026-11-24T17:40:00");
            if (rows[i].how != WAITS && rows[i].how != DRAINS && rows[i].how != OUT)
                site_settle(&s, 0, PLACE_CLOUD);
            if (rows[i].how == BACK || rows[i].how == LOST)
                (void)site_move(&s, 0, DIRECTION_BACK, "2026-11-24T17:40:00");
            if (rows[i].how == OUT || rows[i].how == BACK)
                site_commit(&s, 0, "2026-11-24T17:41:00");
            if (rows[i].how == LOST) {
                s.moves[0].interrupted = true;
                s.facts[0].place = PLACE_LOST;
            }
            if (off == 0)
                s.in.setting = AUTO_OFF;
            else if (off == 1)
                s.servers[0].auto_on = false;
            else
                s.in.snooze_until = at(s.tz, "2026-11-24T20:00:00");
            site_plan_at(&s, rows[i].how == CLOUD ? "2026-11-24T18:00:00"
                                                  : "2026-11-24T17:45:00");
            assert_row(rows[i].what, s.outs[0].act == rows[i].act);
            assert_row(rows[i].what, s.outs[0].may_commit == rows[i].may_commit);
            /* Home again after its loss, with hours of the window left: no re-run. */
            site_settle(&s, 0, PLACE_ONPREM);
            site_plan_at(&s, "2026-11-24T11:00:00");
            assert_row(rows[i].what, s.outs[0].act == PLAN_NONE);
            site_clear(&s);
        }
    }
}

/* 6.6: what the plan makes of a clock that is gated, and of the time behind it. */
static void test_clock(void **state)
{
    struct site s;

    (void)state;
    site_init(&s);
    for (size_t i = 1; i < SITE_SERVERS; i++)
        s.servers[i].auto_on = false;
    { /* "10:00 jumps to 19:00 and back within a tick | nothing moves" */
        site_settle(&s, 0, PLACE_CLOUD);
        s.in.clock_ok = false;
        site_plan_at(&s, "2026-11-24T19:00:00");
        assert_int_equal(s.outs[0].act, PLAN_NONE);
        assert_int_equal(s.outs[0].decision.gate, GATE_CLOCK);
        site_plan_at(&s, "2026-11-24T10:00:01");
        assert_int_equal(s.outs[0].act, PLAN_NONE);
        s.in.clock_ok = true;
        site_plan_at(&s, "2026-11-24T10:00:11");
        assert_int_equal(s.outs[0].act, PLAN_NONE);
        assert_int_equal(s.outs[0].decision.gate, GATE_NONE);
    }
    { /* "clock showed 08:20, is set to the true 09:10 | gate for two ticks, then late
         moves out" */
        site_settle(&s, 0, PLACE_ONPREM);
        site_plan_at(&s, "2026-11-24T08:20:00");
        assert_int_equal(s.outs[0].act, PLAN_NONE);
        s.in.clock_ok = false;
        site_plan_at(&s, "2026-11-24T09:10:00");
        assert_int_equal(s.outs[0].act, PLAN_NONE);
        assert_int_equal(s.outs[0].decision.gate, GATE_CLOCK);
        s.in.clock_ok = true;
        site_plan_at(&s, "2026-11-24T09:10:10");
        assert_int_equal(s.outs[0].act, PLAN_START);
        assert_int_equal(s.outs[0].direction, DIRECTION_OUT);
    }
    { /* "clock set back 18:10 -> 17:50 while returning | committed returns finish and
         stay (10m left, `remaining`); uncommitted drains are cancelled" */
        site_settle(&s, 0, PLACE_CLOUD);
        (void)site_move(&s, 0, DIRECTION_BACK, "2026-11-24T18:00:00");
        site_plan_at(&s, "2026-11-24T17:50:00");
        assert_int_equal(s.outs[0].act, PLAN_CANCEL);
        site_commit(&s, 0, "2026-11-24T18:05:00");
        site_plan_at(&s, "2026-11-24T17:50:00");
        assert_int_equal(s.outs[0].act, PLAN_NONE);
        site_settle(&s, 0, PLACE_ONPREM);
        site_plan_at(&s, "2026-11-24T17:50:00");
        assert_int_equal(s.outs[0].act, PLAN_NONE);
        assert_int_equal(s.outs[0].decision.gate, GATE_REMAINING);
        assert_string_equal(s.outs[0].decision.gate_text,
                            "only 10m left in the cloud, a move out needs 45m");
    }
    { /* "machine suspended 08:00-12:00 | one tick later: move out, late 3h; holds that
         ended meanwhile are dropped" */
        site_hold(&s, 0, PLACE_ONPREM, HOLD_UNTIL, "2026-11-24T07:00:00",
                  "2026-11-24T11:30:00");
        site_plan_at(&s, "2026-11-24T08:00:00");
        assert_int_equal(s.outs[0].decision.reason, REASON_HOLD);
        site_plan_at(&s, "2026-11-24T12:00:10");
        assert_int_equal(s.outs[0].decision.reason, REASON_WINDOW);
        assert_int_equal(s.outs[0].act, PLAN_START);
        assert_int_equal(s.outs[0].direction, DIRECTION_OUT);
    }
    site_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_holds),
        cmocka_unit_test(test_desired),  cmocka_unit_test(test_across_midnight),
        cmocka_unit_test(test_toggling), cmocka_unit_test(test_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
