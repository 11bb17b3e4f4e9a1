#include <config.h>

#include "core/sim/drive_impl.h"

#include "core/engine/wish_record.h"
#include "core/sim/site_impl.h"

#include <stdlib.h>

/*
 * Several controllers on machines of their own, of which the shared lock lets one act
 * (reliability 7). The keeper, its dialog with etcd and its fence are the shipped ones;
 * here is only what is around them: time, deaths, standing still, and the checks.
 */

enum {
    IDLE_MS = 60 * 1000, /* typed: who looks on looks so often while nothing changes */
    FREE_MOST_MS = 60 * 1000, /* a look, and again after some that failed */
    HELD_UP_MOST_MS = 3600 * 1000,
    HELD_UP_CHANCE = 20000, /* of a million calls */
    ELSEWHERE_ONE_OF = 4    /* of so many orders one is given to another controller */
};

enum err_code several_begin(struct several *s, const struct drive_options *o,
                            struct err *e)
{
    const struct lock_odds none = {0};

    if (s->n < 2)
        return ERR_OK;
    if (s->n > LOCK_HOSTS || o->config->lock.n_etcd == 0)
        return err_set(e, ERR_CONFIG, "several controllers: they share no lock");
    s->lock = lock_server_new(o->lock_odds != NULL ? o->lock_odds : &none,
                              o->seed ^ UINT64_C(0x65746364), o->from.s * 1000);
    return s->lock != NULL ? ERR_OK : err_set(e, ERR_NOMEM, "simulation: out of memory");
}

void several_end(struct several *s)
{
    lock_server_free(s->lock);
    s->lock = NULL;
}

static bool is_up(const struct drive *d)
{
    return d->engine != NULL;
}

/* ----- the lock's part of a process ----- */

/* The way to the lock begins now. */
static void set_boot(struct drive *d)
{
    struct tenure *t = &d->tenure;

    lock_server_advance(d->s->lock, drive_now_ms(d));
    t->boot.mono = t->way.from = d->fake.mono;
}

static int64_t lag_ms(const struct drive *d)
{
    return d->tenure.boot.mono.ms - d->fake.mono.ms;
}

static bool hear_keeper(void *ctx, const struct event *ev)
{
    drive_expect(ctx, ev, lag_ms(ctx));
    return true;
}

static void judge(struct drive *d, int64_t timeout_ms)
{
    const struct tenure *t = &d->tenure;
    const struct lock_state st = lock_server_state(d->s->lock);
    const int64_t ends_ms = drive_now_ms(d) + lag_ms(d) + timeout_ms;
    char why[LINE_TEXT];

    if (st.epoch == 0 || st.host != d->index || st.epoch != keeper_epoch(t->keeper)) {
        (void)str_format(why, sizeof(why),
                         "I8: %s of %.40s by controller %d under epoch %lld, and the "
                         "lock is controller %d's of epoch %lld",
                         call_word(t->call->kind), t->call->server, (int)d->index,
                         (long long)keeper_epoch(t->keeper), (int)st.host,
                         (long long)st.epoch);
        drive_violated(d, why);
    } else if (st.until_ms < ends_ms) {
        (void)str_format(why, sizeof(why),
                         "I8: %s of %.40s may end %lld ms after the lease of controller "
                         "%d",
                         call_word(t->call->kind), t->call->server,
                         (long long)(ends_ms - st.until_ms), (int)d->index);
        drive_violated(d, why);
    }
}

/* What the shipped fence says, and whether it may. */
static enum err_code fence(void *ctx, int64_t timeout_ms, struct err *e)
{
    struct drive *d = ctx;
    struct tenure *t = &d->tenure;
    enum err_code rc;

    set_boot(d);
    rc = keeper_fence(t->hand, t->call, timeout_ms, e);
    t->fence_ms += lag_ms(d);
    if (rc != ERR_OK) {
        d->report->refusals++;
        t->turn_ms = drive_now_ms(d); /* its keeper is woken */
        return rc;
    }
    d->report->fences++;
    judge(d, timeout_ms);
    if (!t->judged) {
        d->s->held.skew_ms = d->skew_ms;
        invariants_call(&d->s->held, t->call, engine_controller(d->engine));
    }
    t->judged = true;
    return ERR_OK;
}

enum err_code tenure_begin(struct drive *d, struct err *e)
{
    struct tenure *t = &d->tenure;
    const struct port_fence guard = {fence, d};
    struct keeper_options o = {.config = &d->config,
                               .clock = &d->clock,
                               .boot = &t->boot_clock,
                               .via = &t->via,
                               .log = d->o->log,
                               .host = t->host,
                               .user = "rushhour",
                               .pid = 1,
                               .state_id =
                                   controller_state_id(engine_controller(d->engine)),
                               .tell = hear_keeper,
                               .ctx = d};

    if (d->s->lock == NULL)
        return ERR_OK;
    *t = (struct tenure){.turn_ms = drive_now_ms(d), .fit_since_ms = drive_now_ms(d)};
    (void)str_format(t->host, sizeof(t->host), "controller-%d", (int)d->index); /* fits */
    t->boot_clock = clock_fake_clock(&t->boot);
    t->way = (struct lock_way){.server = d->s->lock, .host = d->index, .boot = &t->boot};
    t->via = lock_way_transport(&t->way);
    set_boot(d);
    if (keeper_new(&o, &t->keeper, e) != ERR_OK ||
        keeper_hand_new(t->keeper, &t->hand, e) != ERR_OK)
        return e->code;
    keeper_wishes(t->keeper, engine_controller(d->engine));
    d->port.guard(d->port.ctx, &guard);
    return ERR_OK;
}

void tenure_end(struct drive *d, bool orderly)
{
    struct tenure *t = &d->tenure;

    if (orderly && t->keeper != NULL) {
        set_boot(d);
        keeper_let_go(t->keeper);
    }
    keeper_hand_free(t->hand);
    keeper_drop(t->keeper);
    *t = (struct tenure){0};
    d->asleep_until_ms = 0;
    d->news = false;
}

void tenure_record(struct drive *d, const struct record *r)
{
    if (d->tenure.keeper == NULL)
        return;
    if (keeper_record(d->tenure.keeper, engine_controller(d->engine), r) &&
        d->tenure.told)
        d->tenure.turn_ms = drive_now_ms(d); /* its keeper is woken */
}

/* ----- its turns ----- */

static int64_t keeper_ms(const struct drive *d)
{
    const struct tenure *t = &d->tenure;
    const struct lock_state st = lock_server_state(d->s->lock);
    int64_t idle;

    if (d->o->level != DRIVE_TYPED || st.epoch == 0 || st.host == d->index ||
        st.changes != t->seen)
        return t->turn_ms;
    /* Nothing that it could see would be another. */
    idle =
        t->turned_ms + IDLE_MS < st.changes_ms ? t->turned_ms + IDLE_MS : st.changes_ms;
    return idle > t->turn_ms ? idle : t->turn_ms;
}

int64_t tenure_next_ms(const struct drive *d, int64_t at_ms)
{
    if (d->s->lock == NULL)
        return at_ms;
    if (is_up(d) && keeper_ms(d) < at_ms)
        at_ms = keeper_ms(d);
    if (is_up(d) && d->news)
        at_ms = 0;
    if (at_ms < d->asleep_until_ms)
        at_ms = d->asleep_until_ms;
    return at_ms > drive_now_ms(d) ? at_ms : drive_now_ms(d);
}

bool tenure_turn(struct drive *d)
{
    struct tenure *t = &d->tenure;
    int64_t wait;

    if (d->s->lock == NULL || keeper_ms(d) > drive_now_ms(d))
        return false;
    set_boot(d);
    wait = keeper_turn(t->keeper) + lag_ms(d);
    t->turned_ms = drive_now_ms(d);
    t->turn_ms = t->turned_ms + (wait > 0 ? wait : 1);
    t->seen = lock_server_state(d->s->lock).changes;
    return true;
}

void tenure_hears(struct drive *d, const struct event *ev)
{
    struct tenure *t = &d->tenure;
    bool was = t->told;
    int64_t free_ms;

    if (ev->kind != EVENT_LEASE)
        return;
    t->told = ev->as.lease.held;
    if (was == t->told)
        return;
    free_ms = drive_now_ms(d) - lock_server_state(d->s->lock).free_since_ms;
    drive_trouble(d, was ? "acts no more" : "has the lock; it was free before that",
                  free_ms);
    if (was || ev->as.lease.epoch == t->epoch)
        return; /* it has only heard from it again */
    t->epoch = ev->as.lease.epoch;
    t->is_new = true;
    d->report->takeovers++;
    if (free_ms > d->report->takeover_most_ms)
        d->report->takeover_most_ms = free_ms;
}

/* ----- standing still ----- */

bool tenure_is_awake(struct drive *d, bool *news)
{
    if (d->s->lock == NULL)
        return true;
    d->news = d->news || *news;
    if (!is_up(d) || drive_now_ms(d) < d->asleep_until_ms)
        return false;
    if (d->asleep_until_ms != 0) {
        d->asleep_until_ms = 0;
        d->tenure.fit_since_ms = drive_now_ms(d);
        /* Since the last look nobody acted, be it that he may now. */
        invariants_away(&d->s->held);
        charges_away(&d->s->charges);
        for (size_t i = 0; i < d->tenure.n_held_up; i++)
            drive_call(d, &d->tenure.held_up[i]);
        d->tenure.n_held_up = 0;
    }
    *news = d->news;
    d->news = false;
    return true;
}

/* Its worker has looked at nothing yet: when it goes on, the lease is over, or will be
 * before the call is. */
static bool stops_here(struct drive *d)
{
    int64_t ttl_ms = d->config.lock.ttl * 1000, ms;

    if (d->asleep_until_ms != 0)
        return true;
    if (d->o->pause_mean_s == 0 || drive_is_calm(d) ||
        !rng_chance(&d->rng, HELD_UP_CHANCE))
        return false;
    ms = rng_between(&d->rng, 1000, HELD_UP_MOST_MS);
    ms = ms % 2 == 0 ? ttl_ms + ms : ms % ttl_ms;
    d->asleep_until_ms = drive_now_ms(d) + ms;
    d->report->held_up++;
    drive_trouble(d, "stands still before a call", ms);
    return true;
}

bool tenure_holds_up(struct drive *d, const struct call *call)
{
    struct tenure *t = &d->tenure;

    if (d->s->lock == NULL)
        return false;
    if (!t->told)
        drive_violated(d, "I8: who does not have the lock makes a call");
    if (t->n_held_up == HELD_UP_MAX || !stops_here(d))
        return false;
    t->held_up[t->n_held_up++] = *call;
    return true;
}

void tenure_calls(struct drive *d, const struct call *call)
{
    d->tenure.call = call;
    d->tenure.fence_ms = 0;
    d->tenure.judged = false;
}

/* ----- all of them ----- */

struct drive *several_viewer(struct several *s)
{
    struct drive *v = s->viewer;

    if (s->lock != NULL) {
        const struct lock_state st = lock_server_state(s->lock);

        if (st.epoch != 0 && is_up(&s->all[st.host]))
            v = &s->all[st.host];
    }
    for (size_t i = 0; i < s->n && (v == NULL || !is_up(v)); i++)
        v = &s->all[i];
    if (v != s->viewer && is_up(v)) {
        invariants_other(&s->held, engine_controller(v->engine));
        charges_away(&s->charges);
    }
    s->viewer = v;
    return v;
}

bool tenure_takes_orders(const struct drive *d)
{
    return d->s->lock == NULL || (d->tenure.told && d == d->s->viewer);
}

/* A person may take one that looks on for the one that acts. */
struct drive *tenure_addressee(struct drive *d)
{
    if (d->s->lock == NULL || drive_is_calm(d) ||
        rng_between(&d->rng, 1, ELSEWHERE_ONE_OF) != 1)
        return d;
    for (size_t i = 0; i < d->s->n; i++) {
        struct drive *other = &d->s->all[i];

        if (other != d && is_up(other) && other->asleep_until_ms == 0)
            return other;
    }
    return d;
}

struct drive *several_next(struct several *s, int64_t end_ms)
{
    struct drive *first = NULL;
    int64_t first_ms = INT64_MAX;

    if (s->lock == NULL)
        return s->all[0].over ? NULL : &s->all[0];
    for (size_t i = 0; i < s->n; i++) {
        struct drive *d = &s->all[i];
        int64_t at_ms;

        d->news = d->port.news(d->port.ctx) || d->news;
        at_ms = drive_next_ms(d);
        if (at_ms < first_ms) {
            first = d;
            first_ms = at_ms;
        }
    }
    if (first != NULL && drive_is_calm(first))
        lock_server_calm(s->lock);
    return first_ms <= end_ms ? first : NULL;
}

/* Since when it could take a free lock; INT64_MAX: it cannot now. */
static int64_t fit_since_ms(const struct drive *d, const struct lock_state *st)
{
    int64_t since = lock_server_reachable_since(d->s->lock, d->index);

    if (!is_up(d) || d->asleep_until_ms != 0)
        return INT64_MAX;
    if (since < d->tenure.fit_since_ms)
        since = d->tenure.fit_since_ms;
    return since > st->free_since_ms ? since : st->free_since_ms;
}

/* What is over by now is as none. */
static struct wish still_wanted(const struct wish *w, struct utc now)
{
    struct wish v = *w;

    if (v.snooze_until.s <= now.s)
        v.snooze_until.s = 0;
    if (v.hold.until.s != 0 && v.hold.until.s <= now.s)
        v.hold = (struct hold){0};
    return v;
}

/* What others wanted is wanted here, too; what is of its own state it knows better. */
static void check_wish(void *ctx, const char *key, const char *value)
{
    struct drive *d = ctx;
    const struct controller *c = engine_controller(d->engine);
    struct wish_writer by;
    const struct utc now = d->fake.utc; /* as it has it */
    struct wish was, is;
    struct err e = {0};
    char why[LINE_TEXT];

    if (strstr(key, "/wishes/") == NULL ||
        wish_record_read(value, &was, &by, &e) != ERR_OK ||
        str_eq(by.state_id, controller_state_id(c)) ||
        !controller_shared_wish(c, was.server, &is))
        return;
    was = still_wanted(&was, now);
    is = still_wanted(&is, now);
    if (wish_eq(&was, &is) || (was.server[0] == '\0' && is.setting == AUTO_DRY_RUN))
        return; /* who has lost its state waits for a person, whatever is wanted */
    (void)str_format(why, sizeof(why),
                     "I13: controller %d wants of %.60s what %.60s did not",
                     (int)d->index, was.server[0] != '\0' ? was.server : "all", by.name);
    drive_violated(d, why);
}

static void check_wishes(struct drive *d)
{
    if (d->tenure.is_new && is_up(d))
        lock_server_each(d->s->lock, check_wish, d);
    d->tenure.is_new = false;
}

void several_watch(struct drive *d)
{
    struct several *s = d->s;
    struct lock_state st;

    if (s->lock == NULL)
        return;
    check_wishes(d);
    lock_server_advance(s->lock, drive_now_ms(d));
    st = lock_server_state(s->lock);
    d->report->lock = lock_server_counts(s->lock);
    for (size_t i = 0; i < s->n && st.epoch == 0; i++) {
        int64_t since = fit_since_ms(&s->all[i], &st);

        if (since > drive_now_ms(d) || drive_now_ms(d) - since <= FREE_MOST_MS)
            continue;
        drive_violated(d, "I8: the lock is free, and nobody takes it");
        return;
    }
}
