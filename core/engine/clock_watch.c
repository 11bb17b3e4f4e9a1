#include <config.h>

#include "core/engine/parts.h"

/*
 * A clock that is wrong: suspected when it was set, or differs from those of two APIs;
 * and what follows one that was set (reliability 8: what is waited for or was asked so
 * long ago is a duration).
 */

enum { CLOCK_TICK_MS = 1000, CLOCK_CONSISTENT_TICKS = 2 };

static void all_follow(struct utc *const times[], size_t n, int64_t by_s)
{
    for (size_t i = 0; i < n; i++)
        utc_follow(times[i], by_s);
}

/* How long it has taken, and what is left of its time limit; its drain deadline is the
 * schedule's. */
static void move_follows_clock(struct controller *c, struct server_state *s, int64_t by_s)
{
    struct move *m = &s->move;
    struct utc *const times[] = {&m->started,      &m->step_since, &m->committed_at,
                                 &m->deadline,     &m->idle_since, &m->marked_seen,
                                 &m->last_call_at, &s->last.at};

    all_follow(times, ARRAY_LEN(times), by_s);
    for (size_t i = 0; i < MAX_STEPS; i++)
        utc_follow(&m->step_done[i], by_s);
    move_store(c, s);
}

/* What was seen or asked of it so long ago. When a person ordered something, its hold,
 * its snooze and AWS's own times are instants, and stay. */
static void server_follows_clock(struct controller *c, struct server_state *s,
                                 int64_t by_s)
{
    struct utc *const times[] = {
        &s->absent_since,
        &s->leaving.absent_since,
        &s->leaving.asked,
        &s->keep_interface.asked,
        &s->in_cloud_seen,
        &s->facts.away_seen,
        &s->facts.instance.stopped_since,
        &s->ready_since,
        &s->round_since,
        &s->pressed_since,
        &s->owed_since,
        &s->facts.opened,
        &s->facts.told_off,
        &s->facts.apart,
        &s->facts.switched_on,
        &s->doom.noted,
        &s->doom.lost,
        &s->alive_at,
    };

    all_follow(times, ARRAY_LEN(times), by_s);
    if (s->pressed_since.s != 0)
        pressed_store(c, s);
    if (s->owed_home)
        owed_store(c, s);
}

static void extension_follows_clock(struct controller *c, int64_t by_s)
{
    struct extension_state_kept *x = &c->extension;
    struct utc *const times[] = {&x->last.at, &x->last_call_at, &x->idle_since,
                                 &x->empty_since, &x->start_seen};

    all_follow(times, ARRAY_LEN(times), by_s);
    if (x->last_call_at.s != 0)
        extension_store(c);
    if (x->idle_since.s != 0)
        idle_store(c);
}

void waits_follow_clock(struct controller *c, struct utc was, int64_t by_s)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_state *s = &c->servers[i];
        struct utc *const waits[] = {&s->retry_at, &s->rerun_at, &s->breaker_until};

        for (size_t k = 0; k < ARRAY_LEN(waits); k++)
            if (waits[k]->s > was.s)
                waits[k]->s += by_s;
            else if (waits[k]->s > c->now.s) /* it was over */
                *waits[k] = c->now;
        for (int32_t k = 0; k < s->n_losses; k++)
            if (s->losses[k].s > c->now.s)
                s->losses[k] = c->now;
        if (s->has_move)
            move_follows_clock(c, s, by_s);
        server_follows_clock(c, s, by_s);
        if (s->settled_since.s != 0)
            settled_store(c, s, (struct utc){s->settled_since.s + by_s});
        retry_store(c, s);
        rerun_store(c, s);
        breaker_store(c, s);
    }
    extension_follows_clock(c, by_s);
    offerings_follow_clock(c, by_s);
    unclaimed_follow_clock(c, by_s);
    recover_follow_clock(c, by_s);
    requeue_follow_clock(c, by_s);
    utc_follow(&c->requests_asked, by_s);
    utc_follow(&c->last_start, by_s);
}

/* The wall clock must go as boot time goes (policy-and-cost 6.6). */
void clock_watch(struct controller *c)
{
    int64_t passed_ms = c->mono.ms - c->clock_mono.ms;
    int64_t set_by, drift;
    int32_t skewed = 0;

    set_by = c->now.s - c->clock_utc.s - passed_ms / 1000;
    drift = set_by < 0 ? -set_by : set_by;
    /* A step counts from the first event that has the new time: by that is decided, and
     * what is noted down by it must not follow the clock once more. */
    if (passed_ms < CLOCK_TICK_MS && drift <= c->config->policy.clock_step)
        return;
    if (drift > c->config->policy.clock_step)
        waits_follow_clock(c, c->clock_utc, set_by);
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct observation *o = c->sources[i].good;

        /* The reads of AWS are one host with one clock. */
        if (i == SOURCE_SPOT || i == SOURCE_INTERFACES || i == SOURCE_PRICES ||
            i == SOURCE_PRICELIST || i == SOURCE_QUEUE || !source_decides((enum source)i))
            continue;
        if (o != NULL && o->skew_known &&
            (o->skew_s > c->config->policy.clock_skew ||
             -o->skew_s > c->config->policy.clock_skew))
            skewed++;
    }
    if (drift > c->config->policy.clock_step || skewed >= 2) {
        RH_PROBE("clock-suspect");
        if (c->clock_bad_ticks == 0)
            alert_raise(c, "", "clock",
                        skewed >= 2
                            ? "this machine's clock differs from two APIs' clocks"
                            : "the clock was set; nothing starts until it is steady");
        c->clock_bad_ticks = CLOCK_CONSISTENT_TICKS;
        c->schedule_built = false;
    } else if (c->clock_bad_ticks > 0) {
        c->clock_bad_ticks--;
    }
    c->clock_utc = c->now;
    c->clock_mono = c->mono;
}
