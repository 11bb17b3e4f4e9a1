#include <config.h>

#include "tests/unit/plan_site.h"

/* 3.5 and 3.6 of policy-and-cost: what is wanted, and what stops it. */

/* 3.5: rows 1, 3 and 5. */
static void test_desired(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *now;
        enum place held;
        enum place desired;
        enum reason reason;
        const char *text;
    } rows[] = {
        {"3.5 row 5: a second before L", "2026-11-24T08:34:59", PLACE_UNKNOWN,
            PLACE_ONPREM, REASON_OUTSIDE, "no rush hour until Tue 09:00"},
        {"3.5 row 3: L", "2026-11-24T08:35:00", PLACE_UNKNOWN,
            PLACE_CLOUD, REASON_LEAD, "rush hour begins Tue 09:00"},
        {"3.5 row 3: S", "2026-11-24T09:00:00", PLACE_UNKNOWN,
            PLACE_CLOUD, REASON_WINDOW, "rush hour until Tue 18:00"},
        {"3.5 row 3: before D", "2026-11-24T17:59:59", PLACE_UNKNOWN,
            PLACE_CLOUD, REASON_WINDOW, "rush hour until Tue 18:00"},
        {"3.5 row 5: D", "2026-11-24T18:00:00", PLACE_UNKNOWN,
            PLACE_ONPREM, REASON_OUTSIDE, "no rush hour until Wed 09:00"},
        {"3.5 row 5: the weekend", "2026-11-26T18:00:00", PLACE_UNKNOWN,
            PLACE_ONPREM, REASON_OUTSIDE, "no rush hour until Sun 09:00"},
        {"3.5 row 1: held on-prem within the window", "2026-11-24T10:00:00", PLACE_ONPREM,
            PLACE_ONPREM, REASON_HOLD, "held on-prem by dana until Tue 20:00"},
        {"3.5 row 1: held in the cloud outside", "2026-11-24T19:00:00", PLACE_CLOUD,
            PLACE_CLOUD, REASON_HOLD, "held in the cloud by dana until Tue 20:00"},
        {"3.5 row 1: the hold has ended", "2026-11-24T20:00:00", PLACE_CLOUD,
            PLACE_ONPREM, REASON_OUTSIDE, "no rush hour until Wed 09:00"},
    };
    /* clang-format on */
    struct site s;

    (void)state;
    site_init(&s);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct decision *d = &s.outs[0].decision;

        site_hold(&s, 0, rows[i].held, HOLD_UNTIL, "2026-11-24T07:00:00",
                  "2026-11-24T20:00:00");
        site_plan_at(&s, rows[i].now);
        assert_row(rows[i].what, d->desired == rows[i].desired);
        assert_row(rows[i].what, d->reason == rows[i].reason);
        assert_string_equal(d->reason_text, rows[i].text);
    }
    {
        const struct calendar_day off = {.day = civil_to_days(2026, 11, 24)};

        site_hold(&s, 0, PLACE_UNKNOWN, HOLD_UNTIL, "2026-11-24T07:00:00", NULL);
        s.policy.exceptions = &off;
        s.policy.n_exceptions = 1;
        site_plan_at(&s, "2026-11-24T10:00:00");
        assert_int_equal(s.outs[0].decision.reason, REASON_HOLIDAY); /* 3.5 row 5 */
        assert_int_equal(s.outs[0].decision.desired, PLACE_ONPREM);
        assert_string_equal(s.outs[0].decision.reason_text,
                            "a day off by the calendar, no rush hour until Wed 09:00");
        assert_int_equal(s.out.next_at.s, at(s.tz, "2026-11-25T08:35:00").s);
        s.policy.n_exceptions = 0;
    }
    site_hold(&s, 0, PLACE_CLOUD, HOLD_PIN, "2026-11-24T07:00:00", NULL);
    (void)str_copy(s.servers[0].hold.why, NAME_TEXT, "release week");
    site_plan_at(&s, "2026-11-27T12:00:00");
    assert_string_equal(s.outs[0].decision.reason_text,
                        "held in the cloud by dana without an end: release week");
    site_clear(&s);
}

/* ---- gates, 3.6: each alone stops a due move, and says so ---- */

static void set_auto_off(struct site *s)
{
    s->in.setting = AUTO_OFF;
}

static void set_server_off(struct site *s)
{
    s->servers[0].auto_on = false;
}

static void set_snooze(struct site *s)
{
    s->in.snooze_until = at(s->tz, "2026-11-24T12:00:00");
}

static void set_clock(struct site *s)
{
    s->in.clock_ok = false;
}

static void set_stale(struct site *s)
{
    s->facts[0].place_stale = true;
}

static void set_unknown(struct site *s)
{
    s->facts[0].place = PLACE_UNKNOWN;
    (void)str_copy(s->facts[0].place_raw, NAME_TEXT, "Pondering");
}

static void set_node_unknown(struct site *s)
{
    s->facts[0].cloud.known = false;
}

static void set_home_node_unknown(struct site *s)
{
    s->facts[0].onprem.known = false;
}

static void set_task(struct site *s)
{
    s->facts[0].task_active = true;
    (void)str_copy(s->facts[0].task_type, NAME_TEXT, "Snapshot");
    (void)str_copy(s->facts[0].task_user, NAME_TEXT, "avi");
}

static void set_lost(struct site *s)
{
    s->facts[0].place = PLACE_LOST;
}

static void set_stopped(struct site *s)
{
    set_lost(s);
    s->facts[0].instance.stopped = true;
}

static void set_on_its_way(struct site *s)
{
    s->facts[0].place = PLACE_MOVING_OUT;
}

static void set_blocked(struct site *s)
{
    (void)str_copy(s->facts[0].blocked, LINE_TEXT, "powered off by a person");
}

static void set_both(struct site *s)
{
    s->facts[0].place = PLACE_UNKNOWN;
    s->facts[0].in_both_places = true;
}

static void set_node_closed(struct site *s)
{
    site_close(&s->facts[0].cloud, CLOSED_BY_PERSON);
}

static void set_home_node_closed(struct site *s)
{
    site_close(&s->facts[0].onprem, CLOSED_BY_PERSON);
}

static void set_quieting(struct site *s)
{
    s->in.jenkins_quieting = true;
}

static void set_breaker(struct site *s)
{
    s->servers[0].breaker_open = true;
}

static void set_breaker_for_a_while(struct site *s)
{
    s->servers[0].breaker_open = true;
    s->servers[0].breaker_until = at(s->tz, "2026-11-24T10:50:00");
}

static void set_retry(struct site *s)
{
    s->servers[0].retry_at = at(s->tz, "2026-11-24T10:04:00");
}

static void set_rerun(struct site *s)
{
    s->servers[0].rerun_at = at(s->tz, "2026-11-24T10:15:00");
}

static void set_rerun_only(struct site *s)
{
    set_rerun(s);
    s->servers[0].retry_at = at(s->tz, "2026-11-24T10:00:00"); /* now: no more */
}

static void set_server_off_snoozed(struct site *s)
{
    set_server_off(s);
    set_snooze(s);
}

static void set_auto_off_snoozed(struct site *s)
{
    set_auto_off(s);
    set_snooze(s);
}

static void set_slots(struct site *s)
{
    for (size_t i = 2; i < 4; i++) {
        (void)site_move(s, i, DIRECTION_OUT, "2026-11-24T09:50:00");
        site_commit(s, i, "2026-11-24T09:51:00");
    }
}

static void set_spacing(struct site *s)
{
    s->in.last_start = at(s->tz, "2026-11-24T09:59:50");
}

static void set_busy(struct site *s)
{
    site_build(&s->facts[0].onprem, "cache #512");
    s->policy.out_drain_deadline = 1800;
}

static void set_migration(struct site *s)
{
    s->facts[0].migration_busy = true;
}

static void set_return_busy(struct site *s)
{
    site_build(&s->facts[0].cloud, "cache #513");
    s->facts[0].cloud.busy = 3;
}

static void set_return_unnamed(struct site *s)
{
    site_build(&s->facts[0].cloud, "");
    s->policy.on_drain_deadline = DRAIN_WAIT;
}

static void set_return_one_off(struct site *s)
{
    site_build(&s->facts[0].cloud, "");
    s->facts[0].cloud.busy = 0;
}

static void set_none(struct site *s)
{
    (void)s;
}

/* Which of them an operator's order does not wait for. */
enum relaxed { STOPS_ALL, RELAXED };

static const struct gate_row {
    const char *what;
    enum place from; /* ts1 is there; at 10:00 it should go out, at 18:20 come back */
    void (*set)(struct site *s);
    enum gate gate;
    enum relaxed relaxed;
    const char *text, *until;
} gate_rows[] = {
    /* clang-format off */
    {"nothing stops it", PLACE_ONPREM, set_none, GATE_NONE, STOPS_ALL, "", NULL},
    {"nothing stops the return", PLACE_CLOUD, set_none, GATE_NONE, STOPS_ALL, "", NULL},
    {"auto-off", PLACE_ONPREM, set_auto_off, GATE_AUTO_OFF, RELAXED,
        "automatic moves are off, else it would go to the cloud", NULL},
    {"auto-off, return", PLACE_CLOUD, set_auto_off, GATE_AUTO_OFF, RELAXED,
        "automatic moves are off, else it would return", NULL},
    {"auto-off, of the server", PLACE_ONPREM, set_server_off, GATE_AUTO_OFF, RELAXED,
        "automatic moves of this server are off, else it would go to the cloud", NULL},
    {"auto-off, snoozed", PLACE_ONPREM, set_snooze, GATE_AUTO_OFF, RELAXED,
        "automatic moves snooze until Tue 12:00, else it would go to the cloud",
        "2026-11-24T12:00:00"},
    {"auto-off, of the server, whatever snoozes", PLACE_ONPREM, set_server_off_snoozed, GATE_AUTO_OFF,
        RELAXED, "automatic moves of this server are off, else it would go to the cloud", NULL},
    {"auto-off, whatever snoozes", PLACE_ONPREM, set_auto_off_snoozed, GATE_AUTO_OFF, RELAXED,
        "automatic moves are off, else it would go to the cloud", NULL},
    {"clock", PLACE_ONPREM, set_clock, GATE_CLOCK, STOPS_ALL,
        "the clock was set or is wrong, and not trusted yet", NULL},
    {"clock, return", PLACE_CLOUD, set_clock, GATE_CLOCK, STOPS_ALL,
        "the clock was set or is wrong, and not trusted yet", NULL},
    {"stale", PLACE_ONPREM, set_stale, GATE_STALE, STOPS_ALL,
        "where it is now is not known for sure", NULL},
    {"stale, return", PLACE_CLOUD, set_stale, GATE_STALE, STOPS_ALL,
        "where it is now is not known for sure", NULL},
    {"stale: unknown", PLACE_ONPREM, set_unknown, GATE_STALE, STOPS_ALL,
        "where it is now is not known for sure (Pondering)", NULL},
    {"stale: cloud node", PLACE_ONPREM, set_node_unknown, GATE_STALE, STOPS_ALL,
        "Jenkins says nothing of node ts1-cloud", NULL},
    {"stale: home node", PLACE_ONPREM, set_home_node_unknown, GATE_STALE, STOPS_ALL,
        "Jenkins says nothing of node ts1", NULL},
    {"stale: builds of a return", PLACE_CLOUD, set_node_unknown, GATE_STALE, STOPS_ALL,
        "Jenkins says nothing of node ts1-cloud", NULL},
    {"a return needs no home node", PLACE_CLOUD, set_home_node_unknown, GATE_NONE, STOPS_ALL,
        "", NULL},
    {"task", PLACE_ONPREM, set_task, GATE_TASK, STOPS_ALL,
        "a task runs on its VM: Snapshot of avi", NULL},
    {"task: lost", PLACE_CLOUD, set_lost, GATE_TASK, STOPS_ALL,
        "its instance was taken back; it has to come home first", NULL},
    {"task: stopped", PLACE_CLOUD, set_stopped, GATE_TASK, STOPS_ALL,
        "its instance was stopped; it has to come home first", NULL},
    {"task: moved by another", PLACE_ONPREM, set_on_its_way, GATE_TASK, STOPS_ALL,
        "it is on its way already", NULL},
    {"task: migration", PLACE_CLOUD, set_migration, GATE_TASK, STOPS_ALL,
        "its disks are still on their way to the cloud", NULL},
    {"blocked", PLACE_ONPREM, set_blocked, GATE_BLOCKED, STOPS_ALL,
        "powered off by a person", NULL},
    {"blocked: in both places", PLACE_ONPREM, set_both, GATE_BLOCKED, STOPS_ALL,
        "it is on in both places", NULL},
    {"node", PLACE_ONPREM, set_node_closed, GATE_NODE, RELAXED,
        "a person closed node ts1-cloud", NULL},
    {"node at home", PLACE_ONPREM, set_home_node_closed, GATE_NODE, RELAXED,
        "a person closed node ts1", NULL},
    {"node: a return takes it as closed", PLACE_CLOUD, set_node_closed, GATE_NONE, STOPS_ALL,
        "", NULL},
    {"node: quieting", PLACE_ONPREM, set_quieting, GATE_NODE, RELAXED,
        "Jenkins is quieting down", NULL},
    {"node: quieting stops no return", PLACE_CLOUD, set_quieting, GATE_NONE, STOPS_ALL,
        "", NULL},
    {"breaker", PLACE_ONPREM, set_breaker, GATE_BREAKER, RELAXED,
        "its moves failed too often; a move by hand tries again", NULL},
    {"breaker, until one more trial", PLACE_ONPREM, set_breaker_for_a_while, GATE_BREAKER, RELAXED,
        "its moves failed too often; a move by hand tries again, else it is tried Tue 10:50",
        "2026-11-24T10:50:00"},
    {"breaker, return", PLACE_CLOUD, set_breaker, GATE_BREAKER, RELAXED,
        "its moves failed too often; a move by hand tries again", NULL},
    {"backoff", PLACE_ONPREM, set_retry, GATE_BACKOFF, RELAXED,
        "its last move failed; next try Tue 10:04", "2026-11-24T10:04:00"},
    {"backoff: re-run", PLACE_ONPREM, set_rerun, GATE_BACKOFF, RELAXED,
        "its instance was taken back; next try Tue 10:15", "2026-11-24T10:15:00"},
    {"backoff: the pause of the failure is over", PLACE_ONPREM, set_rerun_only, GATE_BACKOFF, RELAXED,
        "its instance was taken back; next try Tue 10:15", "2026-11-24T10:15:00"},
    {"backoff: a re-run delay stops no return", PLACE_CLOUD, set_rerun, GATE_NONE, STOPS_ALL,
        "", NULL},
    {"slots", PLACE_ONPREM, set_slots, GATE_SLOTS, STOPS_ALL,
        "2 of 2 slots taken by ts3, ts4", NULL},
    {"slots: a return closes its node at once", PLACE_CLOUD, set_slots, GATE_NONE, STOPS_ALL,
        "", NULL},
    {"slots: spacing", PLACE_ONPREM, set_spacing, GATE_SLOTS, STOPS_ALL,
        "moves start 20s apart", "2026-11-24T10:00:10"},
    {"drain", PLACE_ONPREM, set_busy, GATE_DRAIN, STOPS_ALL,
        "waits for cache #512 on ts1, until Tue 10:30 at most", "2026-11-24T10:30:00"},
    {"drain, return", PLACE_CLOUD, set_return_busy, GATE_DRAIN, STOPS_ALL,
        "waits for 3 builds on ts1-cloud, until Tue 19:00 at most", "2026-11-24T19:00:00"},
    {"drain, without a name", PLACE_CLOUD, set_return_unnamed, GATE_DRAIN, STOPS_ALL,
        "waits for 1 build on ts1-cloud", NULL},
    {"drain, not counted", PLACE_CLOUD, set_return_one_off, GATE_DRAIN, STOPS_ALL,
        "waits for its builds on ts1-cloud, until Tue 19:00 at most", "2026-11-24T19:00:00"},
    /* clang-format on */
};

static const char *gate_time(const struct gate_row *r)
{
    return r->from == PLACE_ONPREM ? "2026-11-24T10:00:00" : "2026-11-24T18:20:00";
}

/* Only ts1 is of interest; the others are where they should be. */
static void gate_site(struct site *s, const struct gate_row *r)
{
    site_init(s);
    for (size_t i = 1; i < SITE_SERVERS; i++)
        site_settle(s, i, r->from == PLACE_ONPREM ? PLACE_CLOUD : PLACE_ONPREM);
    site_settle(s, 0, r->from);
    r->set(s);
    /* A return at 18:20 is looked at from a time of its own. */
    if (r->set == set_retry && r->from == PLACE_CLOUD)
        s->servers[0].retry_at.s += 9 * 3600;
}

static void test_gates(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(gate_rows); i++) {
        const struct gate_row *r = &gate_rows[i];
        bool starts = r->gate == GATE_NONE || r->gate == GATE_DRAIN;
        const struct decision *d;
        struct site s;

        gate_site(&s, r);
        site_plan_at(&s, gate_time(r));
        d = &s.outs[0].decision;
        assert_row(r->what, d->gate == r->gate);
        assert_row(r->what,
                   d->gates == (r->gate == GATE_NONE ? 0 : UINT32_C(1) << r->gate));
        assert_row(r->what, str_eq(d->gate_text, r->text));
        assert_row(r->what,
                   d->gate_until.s == (r->until != NULL ? at(s.tz, r->until).s : 0));
        assert_row(r->what, s.outs[0].act == (starts ? PLAN_START : PLAN_NONE));
        assert_row(r->what, !s.outs[0].may_commit);
        if (starts)
            assert_row(r->what,
                       s.outs[0].direction ==
                           (r->from == PLACE_ONPREM ? DIRECTION_OUT : DIRECTION_BACK));
        site_clear(&s);
    }
}

/* 5.2: a lost server that no manager fetches home goes out again from where it is, unless
 * its instance is still there. */
static void test_lost_without_manager(void **state)
{
    static const struct {
        bool manager, stopped, starts;
    } rows[] = {{false, false, true}, {true, false, false}, {false, true, false}};
    struct site s;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        site_init(&s);
        set_lost(&s);
        s.servers[0].needs_extension = rows[i].manager;
        s.facts[0].instance.stopped = rows[i].stopped;
        site_plan_at(&s, "2026-11-24T10:00:00");
        assert_int_equal(s.outs[0].decision.desired, PLACE_CLOUD);
        assert_int_equal(s.outs[0].decision.gate, rows[i].starts ? GATE_NONE : GATE_TASK);
        assert_int_equal(s.outs[0].act, rows[i].starts ? PLAN_START : PLAN_NONE);
        site_clear(&s);
    }
}

/* 3.6: what a person starts by key does not wait for some of them. */
static void test_orders(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(gate_rows); i++) {
        const struct gate_row *r = &gate_rows[i];
        bool starts =
            r->gate == GATE_NONE || r->gate == GATE_DRAIN || r->relaxed == RELAXED;
        struct site s;

        gate_site(&s, r);
        site_order(&s, 0, r->from == PLACE_ONPREM ? PLACE_CLOUD : PLACE_ONPREM, false,
                   gate_time(r));
        site_plan_at(&s, gate_time(r));
        assert_row(r->what, s.outs[0].act == (starts ? PLAN_START : PLAN_NONE));
        assert_row(r->what, s.outs[0].decision.gate ==
                                (r->relaxed == RELAXED ? GATE_NONE : r->gate));
        assert_row(r->what, s.outs[0].decision.reason == REASON_NONE);
        site_clear(&s);
    }
}

/* A dry run decides the same and does nothing. */
static void test_dry_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(gate_rows); i++) {
        const struct gate_row *r = &gate_rows[i];
        struct site s;

        if (r->set == set_auto_off || r->set == set_auto_off_snoozed)
            continue;
        gate_site(&s, r);
        s.in.setting = AUTO_DRY_RUN;
        site_plan_at(&s, gate_time(r));
        assert_row(r->what, s.outs[0].decision.gate == r->gate);
        assert_row(r->what, str_eq(s.outs[0].decision.gate_text, r->text));
        for (size_t k = 0; k < SITE_SERVERS; k++)
            assert_row(r->what, s.outs[k].act == PLAN_NONE && !s.outs[k].may_commit);
        assert_row(r->what, s.out.extension == PLAN_EXTENSION_NONE);
        site_order(&s, 0, PLACE_CLOUD, true, gate_time(r));
        site_plan_at(&s, gate_time(r));
        assert_row(r->what, s.outs[0].act == PLAN_NONE);
        site_clear(&s);
    }
}

/* All gates at once: the order of 3.6 picks the headline, and none is forgotten. */
static void test_gate_order(void **state)
{
    static const enum gate order[] = {
        GATE_AUTO_OFF, GATE_CLOCK,   GATE_STALE,   GATE_TASK,  GATE_BLOCKED,  GATE_NODE,
        GATE_BUDGET,   GATE_BREAKER, GATE_BACKOFF, GATE_DWELL, GATE_REMAINING};
    uint32_t all = 0;
    struct site s;

    (void)state;
    site_init(&s);
    set_server_off(&s);
    set_clock(&s);
    set_stale(&s);
    set_task(&s);
    set_blocked(&s);
    set_node_closed(&s);
    set_breaker(&s);
    s.in.budget.set = s.in.budget.known = s.in.budget.reached = true;
    s.servers[0].retry_at = at(s.tz, "2026-11-24T20:00:00");
    s.policy.dwell_onprem = 600;
    s.servers[0].hold_ended = s.servers[0].settled_since =
        at(s.tz, "2026-11-24T17:25:00");
    site_plan_at(&s, "2026-11-24T17:30:00");
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        all |= UINT32_C(1) << order[i];
    assert_int_equal(s.outs[0].decision.gates, all);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        assert_int_equal(s.outs[0].decision.gate, order[i]);
        switch (i) {
        case 0:
            s.servers[0].auto_on = true;
            break;
        case 1:
            s.in.clock_ok = true;
            break;
        case 2:
            s.facts[0].place_stale = false;
            break;
        case 3:
            s.facts[0].task_active = false;
            break;
        case 4:
            s.facts[0].blocked[0] = '\0';
            break;
        case 5:
            site_close(&s.facts[0].cloud, CLOSED_BY_RUSHHOUR);
            break;
        case 6:
            s.in.budget.set = false;
            break;
        case 7:
            s.servers[0].breaker_open = false;
            break;
        case 8:
            s.servers[0].retry_at.s = 0;
            break;
        default:
            s.servers[0].hold_ended.s = 0;
            break;
        }
        site_plan_at(&s, "2026-11-24T17:30:00");
    }
    assert_string_equal(s.outs[0].decision.gate_text,
                        "only 30m left in the cloud, a move out needs 45m");
    site_clear(&s);
}

/* 3.6, the order itself; `slots` and `drain` come last. */
static void test_gate_words(void **state)
{
    static const char *const words[] = {
        "none",   "auto-off", "clock",   "stale", "task",      "blocked", "node",
        "budget", "breaker",  "backoff", "dwell", "remaining", "slots",   "drain"};

    (void)state;
    assert_int_equal(GATE_COUNT, ARRAY_LEN(words));
    for (int g = 0; g < GATE_COUNT; g++)
        assert_string_equal(gate_word((enum gate)g), words[g]);
}

/* Texts cost time; without them everything else is the same. */
static void test_without_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(gate_rows); i++) {
        struct decision with;
        struct site s;

        gate_site(&s, &gate_rows[i]);
        site_plan_at(&s, gate_time(&gate_rows[i]));
        with = s.outs[0].decision;
        s.in.without_texts = true;
        site_plan_at(&s, gate_time(&gate_rows[i]));
        assert_int_equal(s.outs[0].decision.gates, with.gates);
        assert_int_equal(s.outs[0].decision.gate_until.s, with.gate_until.s);
        assert_string_equal(s.outs[0].decision.reason_text, "");
        assert_string_equal(s.outs[0].decision.gate_text, "");
        assert_string_equal(s.out.next_what, "");
        site_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_desired),
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_lost_without_manager),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_gate_order),
        cmocka_unit_test(test_gate_words),
        cmocka_unit_test(test_without_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
