#include <config.h>

#include "tests/unit/plan_site.h"

/* Policy-and-cost 7: gate `budget`, reason `budget`. 2026-11-24 is a Tuesday. */

static void with_budget(struct site *s, int64_t limit_cents, int64_t spent_cents)
{
    site_init(s);
    s->extension.state = EXTENSION_ACTIVE;
    for (size_t i = 0; i < SITE_SERVERS; i++) {
        s->servers[i].price_known = true;
        s->servers[i].price_hour = (struct usd){60000000};
    }
    s->in.budget = (struct plan_budget){.set = true,
                                        .known = true,
                                        .reached = spent_cents >= limit_cents,
                                        .limit = {limit_cents * 10000000},
                                        .spent = {spent_cents * 10000000},
                                        .month_end = utc_at("2026-12-01T00:00:00Z")};
}

static int32_t stopped(const struct site *s)
{
    int32_t n = 0;

    for (size_t i = 0; i < SITE_SERVERS; i++)
        n += (s->outs[i].decision.gates & (1U << GATE_BUDGET)) != 0 ? 1 : 0;
    return n;
}

/* At 10:00 a server costs 8 h * 0.06 = 0.48 to 18:00; with an extension of 0.30 an hour
 * the first one pays 8h10m of it, too: 2.45. */
static void test_commitments(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        int64_t limit, spent, extension_hour;
        size_t out;      /* so many are in the cloud */
        int32_t stopped; /* of the others */
    } rows[] = {
        {"room for all",                    1000, 100, 0,         0, 0},
        {"room for three",                  1000, 850, 0,         0, 1},
        {"just room for four",              1000, 808, 0,         0, 0},
        {"a cent less",                     1000, 809, 0,         0, 1},
        {"those out there come first",      1000, 850, 0,         2, 1},
        {"they leave nothing",              1000, 930, 0,         2, 2},
        {"nothing is left",                 1000, 999, 0,         0, 4},
        {"spent",                           1000, 1000, 0,        0, 4},
        {"spent, those out there stay",     1000, 1000, 0,        2, 2},
        {"the extension counts once",       1000, 563, 300000000, 0, 0},
        {"a cent less for it",              1000, 564, 300000000, 0, 1},
        {"no room for the extension",       1000, 760, 300000000, 0, 4},
        {"it runs for those out there",     1000, 563, 300000000, 1, 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        with_budget(&s, rows[i].limit, rows[i].spent);
        s.policy.max_moves = 4;
        s.policy.start_spacing = 0;
        s.in.budget.extension_hour = (struct usd){rows[i].extension_hour};
        for (size_t k = 0; k < rows[i].out; k++)
            site_settle(&s, k, PLACE_CLOUD);
        site_plan_at(&s, "2026-11-24T10:00:00");
        if (stopped(&s) != rows[i].stopped)
            print_error("%s: %d\n", rows[i].what, stopped(&s));
        assert_row(rows[i].what, stopped(&s) == rows[i].stopped);
        for (size_t k = 0; k < SITE_SERVERS; k++) {
            bool gated = (s.outs[k].decision.gates & (1U << GATE_BUDGET)) != 0;

            assert_row(rows[i].what, s.outs[k].decision.desired == PLACE_CLOUD &&
                                         !(gated && s.outs[k].act == PLAN_START) &&
                                         s.outs[k].over_budget == gated);
        }
        site_clear(&s);
    }
}

static void test_unknown(void **state)
{
    struct site s;

    (void)state;
    with_budget(&s, 100000, 100);
    s.servers[2].price_known = false;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 1);
    assert_int_equal(s.outs[2].decision.gate, GATE_BUDGET);
    assert_non_null(strstr(s.outs[2].decision.gate_text, "nobody knows"));
    assert_non_null(strstr(s.outs[2].decision.gate_text, "a budget of $1000.00"));
    s.servers[2].price_known = true;
    s.in.budget.known = false;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 4);
    /* Nor does anybody know what is left when that is no number any more. */
    s.in.budget.known = true;
    s.in.budget.limit.nanos = INT64_MIN;
    s.in.budget.spent.nanos = 1;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 4);
    /* Without a budget nobody asks. */
    s.in.budget.set = false;
    s.servers[2].price_known = false;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 0);
    site_clear(&s);
}

/* A hold ends in the rush hours, which keep it out there to their end: 0.48, not more. */
static void test_hold_into_window(void **state)
{
    struct site s;

    (void)state;
    with_budget(&s, 1000, 952);
    for (size_t i = 1; i < SITE_SERVERS; i++)
        site_hold(&s, i, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    site_hold(&s, 0, PLACE_CLOUD, HOLD_UNTIL, "2026-11-24T09:00:00",
              "2026-11-24T12:00:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 0);
    s.in.budget.spent.nanos += 10000000;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 1);
    site_clear(&s);
}

/* Who needs no extension pays for none, and lends its own to nobody. */
static void test_without_extension(void **state)
{
    struct site s;

    (void)state;
    with_budget(&s, 1000, 700); /* the second one costs 2.93, the first one 0.48 */
    s.in.budget.extension_hour.nanos = 300000000;
    s.servers[0].needs_extension = false;
    for (size_t i = 2; i < SITE_SERVERS; i++)
        site_hold(&s, i, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    s.policy.start_spacing = 0;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 1);
    assert_false(s.outs[0].over_budget);
    site_clear(&s);
}

/* Commitments end with the month: Mon 30 November, 23:30 UTC is 01:30 of Tuesday. */
static void test_month_end(void **state)
{
    struct site s;

    (void)state;
    with_budget(&s, 1000, 980);
    s.policy.windows[0] =
        (struct window){.days = EVERY_DAY, .start_min = 0, .end_min = HM(12, 0)};
    s.policy.max_moves = 4;
    site_plan(&s, utc_at("2026-11-30T23:30:00Z"));
    assert_int_equal(stopped(&s), 0); /* four times 0.03, not 0.63 */
    s.in.budget.month_end = utc_at("2027-01-01T00:00:00Z");
    site_plan(&s, utc_at("2026-11-30T23:30:00Z"));
    assert_int_equal(stopped(&s), 4);
    site_clear(&s);
}

static void test_open_moves(void **state)
{
    struct site s;

    (void)state;
    with_budget(&s, 1000, 1000);
    /* Not launched yet: given up, its node opens again. Committed: goes on. */
    (void)site_move(&s, 0, DIRECTION_OUT, "2026-11-24T09:50:00");
    (void)site_move(&s, 1, DIRECTION_OUT, "2026-11-24T09:40:00");
    site_commit(&s, 1, "2026-11-24T09:45:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(s.outs[0].act, PLAN_CANCEL);
    assert_int_equal(s.outs[1].act, PLAN_NONE);
    assert_int_equal(s.outs[1].decision.gate, GATE_NONE);
    site_clear(&s);
    /* A person's order is not stopped; who gave it was asked. */
    with_budget(&s, 1000, 1000);
    site_order(&s, 3, PLACE_CLOUD, false, "2026-11-24T09:59:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(s.outs[3].act, PLAN_START);
    assert_true(s.outs[3].over_budget);
    site_clear(&s);
}

/* 3.5 row 2. */
static void test_evacuate(void **state)
{
    struct site s;

    (void)state;
    with_budget(&s, 1000, 1000);
    s.policy.budget_evacuates = true;
    s.in.budget.since = at(s.tz, "2026-11-24T11:00:00");
    for (size_t i = 0; i < SITE_SERVERS; i++)
        site_settle(&s, i, PLACE_CLOUD);
    site_hold(&s, 1, PLACE_CLOUD, HOLD_PIN, "2026-11-24T08:00:00", NULL);
    site_hold(&s, 2, PLACE_CLOUD, HOLD_PIN, "2026-11-24T11:02:00", NULL);
    s.servers[2].hold.over_budget = true;
    site_build(&s.facts[0].cloud, "cache #1");
    site_plan_at(&s, "2026-11-24T11:05:00");
    assert_int_equal(s.outs[0].decision.reason, REASON_BUDGET);
    assert_int_equal(s.outs[0].decision.desired, PLACE_ONPREM);
    assert_int_equal(s.outs[0].act, PLAN_START);
    assert_int_equal(s.outs[0].direction, DIRECTION_BACK);
    /* Builds have their hour from the moment at which it was spent. */
    assert_int_equal(s.outs[0].drain_deadline.s, at(s.tz, "2026-11-24T12:00:00").s);
    assert_string_equal(s.outs[0].decision.reason_text,
                        "the month's budget of $10.00 is spent");
    assert_int_equal(s.outs[1].decision.reason, REASON_BUDGET); /* an earlier hold */
    assert_int_equal(s.outs[2].decision.reason, REASON_HOLD);
    assert_int_equal(s.outs[2].decision.desired, PLACE_CLOUD);
    /* block-new leaves them there. */
    s.policy.budget_evacuates = false;
    site_plan_at(&s, "2026-11-24T11:05:00");
    for (size_t i = 0; i < SITE_SERVERS; i++)
        assert_row(s.servers[i].name, s.outs[i].decision.desired == PLACE_CLOUD);
    site_clear(&s);
}

/* What is counted: who is out there, who goes, who might; and amounts beyond measure. */
static void test_counted(void **state)
{
    struct site s;

    (void)state;
    /* At 10:00 a server costs 0.48 to 18:00. ts1 out there is paid for by the clock until
     * it is home: a hold at home calls it back, and nothing of it is to come. */
    with_budget(&s, 1000, 810); /* 1.90: just three more */
    s.policy.max_moves = 4;
    s.policy.start_spacing = 0;
    site_settle(&s, 0, PLACE_CLOUD);
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 1);
    site_hold(&s, 0, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:59:00", NULL);
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 0);
    /* On its way home it is no launch, and neither is a move that has ended. */
    (void)site_move(&s, 0, DIRECTION_BACK, "2026-11-24T09:59:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 0);
    site_settle(&s, 0, PLACE_ONPREM);
    s.moves[0].direction = DIRECTION_OUT;
    s.moves[0].status = MOVE_FAILED;
    s.servers[0].move = &s.moves[0];
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 0);
    /* It is not wanted out there, so it takes nothing away; a person is told all the same
     * that there is no room for it beside the other three. */
    s.in.budget.spent.nanos += 20000000;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 0);
    assert_true(s.outs[0].over_budget);
    assert_false(s.outs[1].over_budget);
    /* A committed launch whose server is seen at home still: not known to have failed. */
    (void)site_move(&s, 0, DIRECTION_OUT, "2026-11-24T09:59:00");
    s.moves[0].committed = true;
    s.servers[0].hold.place = PLACE_UNKNOWN;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 1);
    assert_false(s.outs[0].over_budget);
    site_clear(&s);

    /* A mover that needs no extension pays for none. */
    with_budget(&s, 1000, 808);
    s.in.budget.extension_hour.nanos = 300000000;
    for (size_t i = 0; i < SITE_SERVERS; i++)
        s.servers[i].needs_extension = false;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(stopped(&s), 0);
    site_clear(&s);

    /* Without a window it would stay to the end of the month. */
    with_budget(&s, 100000, 0);
    s.policy.n_windows = 0;
    site_plan_at(&s, "2026-11-24T10:00:00"); /* 160 h of 0.06 are 9.60 */
    assert_false(s.outs[0].over_budget);
    s.in.budget.limit.nanos = INT64_C(9590000000);
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_true(s.outs[0].over_budget);
    site_clear(&s);
}

/* Only what may run or be begun is counted before the others, and only once. */
static void test_counted_first(void **state)
{
    static const struct {
        const char *what;
        enum direction direction;
        enum move_status status;
    } rows[] = {
        {"it has failed", DIRECTION_OUT, MOVE_FAILED},
        {"it is on its way home", DIRECTION_BACK, MOVE_OPEN},
    };
    struct site s;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        with_budget(&s, 1000, 999);
        s.policy.max_moves = 4;
        (void)site_move(&s, 0, rows[i].direction, "2026-11-24T09:59:00");
        s.moves[0].status = rows[i].status;
        s.moves[0].committed = true;
        site_plan_at(&s, "2026-11-24T10:00:00");
        for (size_t k = 0; k < SITE_SERVERS; k++)
            assert_row(rows[i].what, s.outs[k].over_budget);
        site_clear(&s);
    }
    /* Nobody is wanted out there: each is told whether there is room for it alone. */
    with_budget(&s, 2000, 1000); /* to the month's end: 9.60 */
    for (size_t i = 0; i < SITE_SERVERS; i++)
        site_hold(&s, i, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    site_plan_at(&s, "2026-11-24T10:00:00");
    for (size_t i = 0; i < SITE_SERVERS; i++)
        assert_row(s.servers[i].name, !s.outs[i].over_budget);
    site_clear(&s);
    /* Of the extension the linger is paid, too: 15 minutes of 0.30, and 5 of 0.06. */
    with_budget(&s, 1000, 992);
    s.in.budget.extension_hour.nanos = 300000000;
    site_plan_at(&s, "2026-11-24T17:55:00");
    assert_false(s.outs[0].over_budget);
    s.in.budget.spent.nanos += 10000000;
    site_plan_at(&s, "2026-11-24T17:55:00");
    assert_true(s.outs[0].over_budget);
    site_clear(&s);
    /* What takes over from one that is taken back is in its place: just enough is enough.
     */
    with_budget(&s, 1000, 952);
    for (size_t i = 1; i < SITE_SERVERS; i++)
        site_hold(&s, i, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:00:00", NULL);
    site_settle(&s, 0, PLACE_CLOUD);
    s.facts[0].instance.reclaim_at = at(s.tz, "2026-11-24T10:02:00");
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_false(s.outs[0].over_budget);
    s.in.budget.spent.nanos++;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_true(s.outs[0].over_budget);
    site_clear(&s);
}

/* Who cannot go takes nothing away from who can: 1.20 are left, and each costs 0.48. */
static void test_reserved(void **state)
{
    enum { WAITS, OWN_AUTO, OWN_SNOOZE, BLOCKED, TWICE, BREAKER, BACKOFF, ORDERED };
    /* clang-format off */
    static const struct { const char *what; int how; bool reserved; } rows[] = {
        {"they go first",                   WAITS,      true},
        {"auto is off for them",            OWN_AUTO,   false},
        {"they sleep",                      OWN_SNOOZE, false},
        {"they are switched off",           BLOCKED,    false},
        {"they are in both places",         TWICE,      true},
        {"their breakers are open",         BREAKER,    false},
        {"they wait for their next try",    BACKOFF,    true},
        {"auto is off, and a person sends", ORDERED,    true},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        with_budget(&s, 1000, 880);
        s.policy.max_moves = 4;
        s.policy.start_spacing = 0;
        for (size_t k = 0; k < 2; k++) {
            s.servers[k].auto_on = rows[i].how != OWN_AUTO && rows[i].how != ORDERED;
            s.servers[k].breaker_open = rows[i].how == BREAKER;
            s.facts[k].in_both_places = rows[i].how == TWICE;
            if (rows[i].how == TWICE)
                s.facts[k].place = PLACE_UNKNOWN; /* what is out there costs */
            if (rows[i].how == BLOCKED)
                (void)str_copy(s.facts[k].blocked, sizeof(s.facts[k].blocked), "off");
            if (rows[i].how == OWN_SNOOZE)
                s.servers[k].snooze_until = at(s.tz, "2026-11-24T10:30:00");
            if (rows[i].how == BACKOFF)
                s.servers[k].retry_at = at(s.tz, "2026-11-24T10:30:00");
            if (rows[i].how == ORDERED)
                site_order(&s, k, PLACE_CLOUD, false, "2026-11-24T09:59:00");
        }
        site_plan_at(&s, "2026-11-24T10:00:00");
        for (size_t k = 2; k < SITE_SERVERS; k++) {
            assert_row(rows[i].what, s.outs[k].over_budget == rows[i].reserved);
            assert_row(rows[i].what, (s.outs[k].act == PLAN_START) == !rows[i].reserved);
        }
        /* A person is told that there is no room for them beside those that go. */
        for (size_t k = 0; k < 2; k++)
            assert_row(rows[i].what, s.outs[k].over_budget == !rows[i].reserved);
        site_clear(&s);
    }
}

static void test_words(void **state)
{
    struct site s;

    (void)state;
    with_budget(&s, 1000, 999);
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(
        s.outs[0].decision.gate_text,
        "of the month's budget of $10.00 $9.99 is spent; what runs to its "
        "end and this move would exceed it");
    s.in.budget.known = false;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_string_equal(s.outs[0].decision.gate_text,
                        "what the month has cost is not known for sure, and there is a "
                        "budget of $10.00");
    site_clear(&s);
}

static void test_beyond_measure(void **state)
{
    enum { PRICE, EXTENSION, BOTH, OUT_THERE, LEFT, LIMIT };
    /* clang-format off */
    static const struct { const char *what; int how; int32_t stopped; } rows[] = {
        {"a price too large to multiply",         PRICE,     1},
        {"the extension's price, too",            EXTENSION, 4},
        {"stay and extension together",           BOTH,      4},
        {"one out there costs nobody knows what", OUT_THERE, 3},
        {"less is left than there are numbers",   LEFT,      3},
        {"more is left than there are numbers",   LIMIT,     4},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site s;

        with_budget(&s, 100000000, 1);
        switch (rows[i].how) {
        case PRICE:
            s.servers[0].price_hour.nanos = INT64_MAX;
            break;
        case EXTENSION:
            s.in.budget.extension_hour.nanos = INT64_MAX;
            break;
        case BOTH: /* of 8 and 8h10m */
            s.in.budget.limit.nanos = INT64_MAX;
            for (size_t k = 0; k < SITE_SERVERS; k++)
                s.servers[k].price_hour.nanos = INT64_MAX / 29400;
            s.in.budget.extension_hour.nanos = INT64_MAX / 29400;
            s.in.budget.limit.nanos = INT64_C(1) << 40;
            break;
        case OUT_THERE:
            site_settle(&s, 0, PLACE_CLOUD);
            s.servers[0].price_known = false;
            break;
        case LEFT:
            site_settle(&s, 0, PLACE_CLOUD);
            s.in.budget.limit.nanos = 0;
            s.in.budget.spent.nanos = INT64_MAX;
            break;
        default:
            s.in.budget.limit.nanos = INT64_MAX;
            s.in.budget.spent.nanos = -1;
            break;
        }
        site_plan_at(&s, "2026-11-24T10:00:00");
        if (stopped(&s) != rows[i].stopped)
            print_error("%s: %d\n", rows[i].what, stopped(&s));
        assert_row(rows[i].what, stopped(&s) == rows[i].stopped);
        site_clear(&s);
    }
}

/* 7: a manual move over budget needs a confirmation and stores `over_budget`; holds made
 * earlier do not have it. */
static void test_held_over(void **state)
{
    struct site s;

    (void)state;
    with_budget(&s, 1000, 1000);
    site_hold(&s, 0, PLACE_CLOUD, HOLD_PIN, "2026-11-24T09:59:00", NULL);
    site_hold(&s, 1, PLACE_CLOUD, HOLD_PIN, "2026-11-24T08:00:00", NULL);
    site_hold(&s, 2, PLACE_ONPREM, HOLD_PIN, "2026-11-24T09:59:00", NULL);
    s.servers[0].hold.over_budget = s.servers[2].hold.over_budget = true;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(s.outs[0].act, PLAN_START);
    assert_int_equal(s.outs[1].decision.gate, GATE_BUDGET);
    assert_int_equal(s.outs[2].decision.gate, GATE_NONE);
    assert_int_equal(s.outs[3].decision.gate, GATE_BUDGET);
    /* evacuate: who is held at home by a person is held at home. */
    s.policy.budget_evacuates = true;
    site_plan_at(&s, "2026-11-24T10:00:00");
    assert_int_equal(s.outs[0].decision.reason, REASON_HOLD);
    assert_int_equal(s.outs[1].decision.reason, REASON_BUDGET);
    assert_int_equal(s.outs[2].decision.reason, REASON_HOLD);
    assert_int_equal(s.outs[3].decision.reason, REASON_BUDGET);
    site_clear(&s);
}

static void test_planned(void **state)
{
    struct policy_config p = default_policy();
    struct tz *tz = zone_load("Asia/Jerusalem");
    struct stretch spans[64];
    int64_t seconds = 0;
    size_t n = schedule_planned(&p, tz, utc_at("2026-11-01T00:00:00Z"),
                                utc_at("2026-12-01T00:00:00Z"), spans, 64);

    (void)state;
    assert_int_equal(n, 22); /* five Sundays and Mondays, four of the others */
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || spans[i].start.s > spans[i - 1].end.s);
        seconds += spans[i].end.s - spans[i].start.s;
    }
    assert_int_equal(seconds, 22 * 9 * 3600);
    assert_int_equal(spans[0].start.s, utc_at("2026-11-01T07:00:00Z").s);
    assert_int_equal(spans[n - 1].end.s, utc_at("2026-11-30T16:00:00Z").s);
    assert_int_equal(schedule_planned(&p, tz, utc_at("2026-11-01T00:00:00Z"),
                                      utc_at("2026-12-01T00:00:00Z"), spans, 3),
                     3);
    /* From the middle of a week: what was before is not of it, a stay that lasts is. */
    assert_int_equal(schedule_planned(&p, tz, utc_at("2026-11-25T12:00:00Z"),
                                      utc_at("2026-11-26T12:00:00Z"), spans, 64),
                     2);
    assert_int_equal(spans[0].start.s, utc_at("2026-11-25T07:00:00Z").s);
    /* Windows without an end between them are one stretch, over all builds. */
    p.windows[0] =
        (struct window){.days = EVERY_DAY, .start_min = 0, .end_min = HM(24, 0)};
    n = schedule_planned(&p, tz, utc_at("2026-11-01T00:00:00Z"),
                         utc_at("2026-12-01T00:00:00Z"), spans, 64);
    assert_int_equal(n, 1);
    assert_true(spans[0].start.s <= utc_at("2026-11-01T00:00:00Z").s &&
                spans[0].end.s >= utc_at("2026-12-01T00:00:00Z").s);
    tz_free(tz);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commitments),      cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_hold_into_window), cmocka_unit_test(test_without_extension),
        cmocka_unit_test(test_month_end),        cmocka_unit_test(test_open_moves),
        cmocka_unit_test(test_evacuate),         cmocka_unit_test(test_planned),
        cmocka_unit_test(test_counted),          cmocka_unit_test(test_beyond_measure),
        cmocka_unit_test(test_held_over),        cmocka_unit_test(test_counted_first),
        cmocka_unit_test(test_reserved),         cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
