#include <config.h>

#include "core/base/rng.h"

#include "tests/unit/plan_site.h"

/* ---- properties over random inputs ---- */

static bool toss(struct rng *r, int percent)
{
    return rng_between(r, 1, 100) <= percent;
}

static void random_server(struct rng *r, struct site *s, size_t i, struct utc now)
{
    struct server_facts *f = &s->facts[i];
    struct plan_server *p = &s->servers[i];
    struct move *m = &s->moves[i];

    f->place = (enum place)rng_between(r, 0, PLACE_COUNT - 1);
    if (toss(r, 60))
        f->place = toss(r, 50) ? PLACE_ONPREM : PLACE_CLOUD;
    f->place_stale = toss(r, 10);
    f->in_both_places = f->place == PLACE_UNKNOWN && toss(r, 30);
    f->power = (enum power)rng_between(r, 0, POWER_COUNT - 1);
    f->task_active = toss(r, 10);
    f->migration_busy = toss(r, 10);
    (void)str_copy(f->blocked, LINE_TEXT, toss(r, 10) ? "half moved" : "");
    f->onprem.known = !toss(r, 10);
    f->cloud.known = !toss(r, 10);
    f->onprem.idle = toss(r, 70);
    f->cloud.idle = toss(r, 70);
    f->onprem.open = toss(r, 50);
    f->cloud.open = toss(r, 50);
    f->onprem.marked = !f->onprem.open;
    f->cloud.marked = !f->cloud.open;
    f->onprem.closed_by = (enum closed_by)rng_between(r, 0, CLOSED_BY_COUNT - 1);
    f->cloud.closed_by = (enum closed_by)rng_between(r, 0, CLOSED_BY_COUNT - 1);
    p->auto_on = !toss(r, 15);
    p->hold.place =
        toss(r, 20) ? (toss(r, 50) ? PLACE_CLOUD : PLACE_ONPREM) : PLACE_UNKNOWN;
    p->hold.kind = (enum hold_kind)rng_between(r, 0, HOLD_COUNT - 1);
    p->hold.until.s = now.s + rng_between(r, -3600, 36000);
    p->order.place =
        toss(r, 10) ? (toss(r, 50) ? PLACE_CLOUD : PLACE_ONPREM) : PLACE_UNKNOWN;
    p->order.force = toss(r, 30);
    p->order.at = now;
    p->settled_since.s = toss(r, 30) ? 0 : now.s - rng_between(r, 0, 90000);
    p->retry_at.s = toss(r, 10) ? now.s + rng_between(r, -600, 600) : 0;
    p->rerun_at.s = toss(r, 10) ? now.s + rng_between(r, -600, 600) : 0;
    p->breaker_open = toss(r, 5);
    *m = (struct move){.direction = toss(r, 50) ? DIRECTION_OUT : DIRECTION_BACK};
    m->status = toss(r, 95) ? MOVE_OPEN : MOVE_DONE;
    m->committed = toss(r, 40);
    m->committed_at.s = m->committed ? now.s - rng_between(r, 0, 60) : 0;
    m->deadline.s = toss(r, 50) ? now.s + rng_between(r, -1800, 1800) : 0;
    m->manual = toss(r, 20);
    m->force = toss(r, 10);
    m->interrupted = m->direction == DIRECTION_BACK && toss(r, 10);
    m->started.s = now.s - rng_between(r, 0, 3600);
    m->drain_deadline.s = toss(r, 50) ? 0 : now.s + rng_between(r, -1800, 1800);
    m->step = toss(r, 20) ? 1 : 0;
    p->move = toss(r, 45) ? m : NULL;
}

static bool is_open(const struct plan_server *p)
{
    return p->move != NULL && p->move->status == MOVE_OPEN;
}

static bool is_late(const struct site *s, const struct plan_server *p)
{
    return is_open(p) && p->move->committed && p->move->deadline.s != 0 &&
           s->in.now.s >= p->move->deadline.s;
}

static void check_server(const struct site *s, size_t i)
{
    const struct plan_server *p = &s->servers[i];
    const struct plan_server_out *o = &s->outs[i];
    const struct server_facts *f = p->facts;
    bool settled = f->place == PLACE_ONPREM || f->place == PLACE_CLOUD;
    bool on =
        p->auto_on && s->in.setting == AUTO_ON && s->in.snooze_until.s <= s->in.now.s;

    if (o->act == PLAN_START) {
        assert_true(settled);
        /* In place of a late way home alone. */
        assert_true(!is_open(p) ||
                    (is_late(s, p) && p->move->direction == DIRECTION_BACK &&
                     o->direction == DIRECTION_OUT && f->power == POWER_ON));
        assert_false(f->place_stale || f->task_active || !s->in.clock_ok);
        assert_true(on || p->order.place != PLACE_UNKNOWN);
        assert_true((o->direction == DIRECTION_OUT) == (f->place == PLACE_ONPREM) ||
                    power_is_down(f->power));
        assert_true((o->decision.gates & ~(UINT32_C(1) << GATE_DRAIN)) == 0);
    }
    if (o->act == PLAN_CANCEL)
        assert_true(is_open(p) && !p->move->committed && !o->may_commit);
    if (o->may_commit) {
        assert_true(is_open(p) && !p->move->committed);
        assert_false(f->place_stale || f->task_active || f->in_both_places);
        assert_true(f->place != PLACE_UNKNOWN); /* nobody knows what that would move */
        /* But what is switched on at home by a person's order. */
        assert_true(f->blocked[0] == '\0' ||
                    (f->place == PLACE_ONPREM && power_is_down(f->power)));
    }
    if (s->in.setting == AUTO_DRY_RUN)
        assert_true(o->act == PLAN_NONE && !o->may_commit);
    assert_int_equal(o->decision.gate == GATE_NONE, o->decision.gates == 0);
    assert_int_equal(o->decision.gate == GATE_NONE, o->decision.gate_text[0] == '\0');
    assert_true(o->decision.reason_text[0] != '\0');
    assert_true(strlen(o->decision.gate_text) < LINE_TEXT);
}

static void check_properties(const struct site *s)
{
    int32_t committed = 0, allowed = 0;

    for (size_t i = 0; i < SITE_SERVERS; i++) {
        const struct plan_server *p = &s->servers[i];

        check_server(s, i);
        committed += is_open(p) && p->move->committed && !is_late(s, p) ? 1 : 0;
        allowed += s->outs[i].may_commit ? 1 : 0;
    }
    if (allowed > 0)
        assert_true(committed + allowed <= s->policy.max_moves);
    if (s->in.setting == AUTO_DRY_RUN)
        assert_int_equal(s->out.extension, PLAN_EXTENSION_NONE);
}

/* I8, I12 and the limits of 2 and 6.7, whatever the facts are. */
static void test_random(void **state)
{
    static struct site s; /* two of them and their outputs are much for a stack */
    static struct plan_server_out first[SITE_SERVERS];
    int starts = 0, cancels = 0, commits = 0, stops = 0;
    struct rng r;

    (void)state;
    site_init(&s);
    rng_seed(&r, 61);
    for (int round = 0; round < 30000; round++) {
        struct utc now = {at(s.tz, "2026-11-24T00:00:00").s +
                          rng_between(&r, 0, 7 * 86400)};
        struct plan_out out;

        for (size_t i = 0; i < SITE_SERVERS; i++)
            random_server(&r, &s, i, now);
        s.policy.max_moves = (int32_t)rng_between(&r, 1, 3);
        s.policy.start_spacing = toss(&r, 50) ? 20 : 0;
        s.policy.on_drain_deadline = (enum on_drain_deadline)rng_between(&r, 0, 2);
        s.policy.out_drain_deadline = toss(&r, 50) ? DURATION_NONE : 1200;
        s.in.setting = (enum auto_setting)rng_between(&r, 0, AUTO_COUNT - 1);
        s.in.snooze_until.s = toss(&r, 10) ? now.s + rng_between(&r, -600, 600) : 0;
        s.in.clock_ok = !toss(&r, 5);
        s.in.jenkins_quieting = toss(&r, 5);
        s.in.last_start.s = now.s - rng_between(&r, -10, 60);
        s.extension.state = (enum extension_state)rng_between(&r, 0, EXTENSION_COUNT - 1);
        s.in.extension_idle_since.s = toss(&r, 50) ? now.s - rng_between(&r, 0, 3600) : 0;
        for (size_t i = 0; i < SITE_SERVERS && round % 8 == 0; i++) {
            site_settle(&s, i, PLACE_ONPREM); /* a quiet site, for the extension */
            s.facts[i].place_stale = s.facts[i].task_active = false;
        }
        site_plan(&s, now);
        check_properties(&s);
        for (size_t i = 0; i < SITE_SERVERS; i++) {
            starts += s.outs[i].act == PLAN_START ? 1 : 0;
            cancels += s.outs[i].act == PLAN_CANCEL ? 1 : 0;
            commits += s.outs[i].may_commit ? 1 : 0;
        }
        stops += s.out.extension == PLAN_EXTENSION_STOP ? 1 : 0;
        /* The same inputs give the same plan. */
        memcpy(first, s.outs, sizeof(first));
        out = s.out;
        site_plan(&s, now);
        for (size_t i = 0; i < SITE_SERVERS; i++) {
            assert_int_equal(first[i].act, s.outs[i].act);
            assert_int_equal(first[i].may_commit, s.outs[i].may_commit);
            assert_int_equal(first[i].drain_deadline.s, s.outs[i].drain_deadline.s);
            assert_int_equal(first[i].decision.gates, s.outs[i].decision.gates);
            assert_string_equal(first[i].decision.reason_text,
                                s.outs[i].decision.reason_text);
            assert_string_equal(first[i].decision.gate_text,
                                s.outs[i].decision.gate_text);
        }
        assert_string_equal(out.next_what, s.out.next_what);
        assert_int_equal(out.extension, s.out.extension);
    }
    /* The dice reached everything that is checked above. */
    print_message("%d starts, %d cancels, %d commits, %d stops\n", starts, cancels,
                  commits, stops);
    assert_true(starts > 1000 && cancels > 1000 && commits > 1000 && stops > 5);
    site_clear(&s);
}

/* Every combination of what one server can be in, at each phase of the day. */
static void test_exhaustive(void **state)
{
    static const char *const times[] = {"2026-11-24T08:00:00", "2026-11-24T08:40:00",
                                        "2026-11-24T12:00:00", "2026-11-24T17:30:00",
                                        "2026-11-24T18:30:00"};
    enum { MOVES = 5, JOBS = 3, ORDERS = 3 };
    const int all = PLACE_COUNT * 2 * 2 * MOVES * JOBS * ORDERS * AUTO_COUNT * 2;
    static struct site s;
    int starts = 0;

    (void)state;
    site_init(&s);
    s.in.n = 1;
    for (size_t t = 0; t < ARRAY_LEN(times); t++) {
        s.in.now = at(s.tz, times[t]);
        schedule_build(&s.policy, s.tz, s.in.now, s.policy.lead, &s.schedule);
        for (int n = 0; n < all; n++) {
            struct server_facts *f = &s.facts[0];
            struct plan_server *p = &s.servers[0];
            int k = n, move, job, order;

            f->place = (enum place)(k % PLACE_COUNT), k /= PLACE_COUNT;
            f->place_stale = k % 2 != 0, k /= 2;
            f->power = k % 2 != 0 ? POWER_OFF : POWER_ON, k /= 2;
            move = k % MOVES, k /= MOVES;
            job = k % JOBS, k /= JOBS;
            order = k % ORDERS, k /= ORDERS;
            s.in.setting = (enum auto_setting)(k % AUTO_COUNT), k /= AUTO_COUNT;
            f->task_active = k % 2 != 0;
            /* No move, out, out committed, back, back committed. */
            s.moves[0] = (struct move){.status = MOVE_OPEN, .committed = move % 2 == 0};
            s.moves[0].direction = move <= 2 ? DIRECTION_OUT : DIRECTION_BACK;
            p->move = move == 0 ? NULL : &s.moves[0];
            /* Idle, busy, unknown. */
            f->onprem.known = f->cloud.known = job != 2;
            f->onprem.idle = f->cloud.idle = job == 0;
            p->order.place = order == 0   ? PLACE_UNKNOWN
                             : order == 1 ? PLACE_CLOUD
                                          : PLACE_ONPREM;
            p->order.at = s.in.now;
            plan(&s.in, &s.out);
            check_server(&s, 0);
            starts += s.outs[0].act == PLAN_START ? 1 : 0;
        }
    }
    assert_true(starts > 100);
    site_clear(&s);
}

/* More servers than slots can name, and more than a plan takes. */
static void test_many(void **state)
{
    enum { MANY = MAX_SERVERS + 5 };
    static struct plan_server servers[MANY];
    static struct plan_server_out outs[MANY];
    static struct server_facts facts;
    struct plan_out out = {.servers = outs};
    struct site s;
    size_t starts = 0;

    (void)state;
    site_init(&s);
    facts = s.facts[0];
    for (size_t i = 0; i < MANY; i++)
        servers[i] = (struct plan_server){
            .name = i % 2 == 0 ? "even" : "odd", .facts = &facts, .auto_on = true};
    s.policy.max_moves = 6;
    s.policy.start_spacing = 0;
    s.in.servers = servers;
    s.in.n = MANY;
    s.in.now = at(s.tz, "2026-11-24T10:00:00");
    schedule_build(&s.policy, s.tz, s.in.now, s.policy.lead, &s.schedule);
    memset(outs, 0xa5, sizeof(outs));
    plan(&s.in, &out);
    for (size_t i = 0; i < MANY; i++)
        starts += outs[i].act == PLAN_START ? 1 : 0;
    assert_int_equal(starts, 6);
    assert_int_equal(outs[0].act, PLAN_START);
    assert_int_equal(outs[10].act, PLAN_START);
    assert_string_equal(outs[1].decision.gate_text,
                        "6 of 6 slots taken by even, even, even, even and 2 more");
    assert_int_equal(outs[MAX_SERVERS].act, PLAN_NONE);
    assert_string_equal(out.next_what, "window ends: 1024 servers return");
    site_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_exhaustive),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
