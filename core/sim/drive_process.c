#include <config.h>

#include "core/sim/drive_impl.h"
#include "core/sim/site_impl.h"

#include <stddef.h>

/*
 * A controller's process: how it begins over what its store keeps, and what goes wrong
 * with it by chance: it dies, stands still, has its clock set.
 */

enum {
    DOWN_MAX_MS = 120 * 1000,
    PAUSE_MAX_MS = 3600 * 1000,
    JUMP_MAX_MS = 6 * 3600 * 1000
};
/* Typed: how often one looks at what nobody decides on; while something moves. */
enum { SLOW_S = 3600, MOVING_S = 10 };

/* A controller over the store as it is: at the start, and after each crash. */
static enum err_code start_engine(struct drive *d, struct err *e)
{
    const struct drive_options *o = d->o;
    const struct dispatch dispatch = {drive_on_poll, drive_on_call, d};
    const struct controller_options co = {.config = &d->config,
                                          .tz = d->tz,
                                          .seed = o->seed + (uint64_t)d->index,
                                          .shared_lock = d->s->lock != NULL,
                                          .host = "simulation",
                                          .user = "rushhour",
                                          .without_texts = o->without_texts};

    if (engine_new(&co, d->store, &d->clock, &dispatch, o->log, &d->engine, e) != ERR_OK)
        return e->code;
    if (!d->survival.known) /* after a death it is as people have left it */
        controller_set_auto(engine_controller(d->engine), AUTO_ON, d->fake.utc);
    survival_begun(&d->survival, engine_controller(d->engine), o->config);
    drive_check_survival(d);
    engine_on_record(d->engine, drive_record, d);
    return tenure_begin(d, e);
}

/* Typed: the rhythm of a site that is looked at every five minutes while nothing moves,
 * and every ten seconds while something does. Prices are for the bill only. */
static void pace(struct config *c, int64_t rest_s)
{
    int64_t *const rest[] = {&c->velostrata.api.poll, &c->jenkins.poll, &c->vsphere.poll,
                             &c->aws.poll, &c->aws.poll_spot};
    int64_t *const slow[] = {&c->aws.poll_interfaces, &c->aws.poll_prices};

    for (size_t i = 0; i < ARRAY_LEN(rest); i++)
        *rest[i] = rest_s > 0 ? rest_s : REST_S;
    for (size_t i = 0; i < ARRAY_LEN(slow); i++)
        *slow[i] = SLOW_S;
    if (c->policy.poll_moving < MOVING_S)
        c->policy.poll_moving = MOVING_S;
}

/* Of a process that begins; one in memory outlives the processes. */
static enum err_code open_store(struct drive *d, struct err *e)
{
    const struct drive_options *o = d->o;

    if (o->state_dir == NULL &&
        (d->store != NULL || (o->level == DRIVE_TYPED && !o->remembers)))
        return ERR_OK;
    store_close(d->store);
    d->store = NULL;
    return store_open(o->state_dir, STORE_CONTROLLER, o->config->deployment, &d->store,
                      e);
}

/* The end of a process: what it knew and every answer on its way to it are gone. */
static void stop_engine(struct drive *d, bool orderly)
{
    tenure_end(d, orderly);
    engine_free(d->engine);
    d->engine = NULL;
    for (size_t i = 0; i < d->n_pending; i++) {
        if (d->pending[i].event.kind == EVENT_OBSERVATION)
            observation_unref(d->pending[i].event.as.observation);
    }
    d->n_pending = 0;
}

void drive_end(struct drive *d)
{
    stop_engine(d, false);
    port_free(&d->port);
    store_close(d->store);
    account_clear(&d->account);
}

/* When one of the troubles is next; a mean of 0: never. */
static int64_t next_trouble(struct drive *d, int64_t mean_s)
{
    int64_t until = d->o->crash_until.s * 1000, at;

    if (mean_s == 0)
        return INT64_MAX;
    at = drive_now_ms(d) + rng_between(&d->rng, 1, 2 * mean_s * 1000);
    return until != 0 && at >= until ? INT64_MAX : at;
}

static void plan_troubles(struct drive *d)
{
    d->next_crash_ms = next_trouble(d, d->o->crash_mean_s);
    d->next_pause_ms = next_trouble(d, d->o->pause_mean_s);
    d->next_jump_ms = next_trouble(d, d->o->jump_mean_s);
}

enum err_code drive_begin(struct drive *d, struct err *e)
{
    const struct drive_options *o = d->o;
    bool typed = o->level == DRIVE_TYPED;

    d->fake = (struct clock_fake){.utc = o->from, .mono = {o->from.s * 1000}};
    d->clock = clock_fake_clock(&d->fake);
    d->config = *o->config; /* what it points to stays the caller's */
    d->tz = o->tz;
    if (typed || o->rest_s > 0)
        pace(&d->config, o->rest_s);
    if (typed)
        d->config.aws.interruption_queue = NULL; /* what it would tell, the port does */
    if ((typed ? port_typed_open(o->site, &d->clock, &d->port, e)
               : port_wire_open(o->site, o->config, &d->clock, o->via, &d->port, e)) !=
        ERR_OK)
        return e->code;
    if (open_store(d, e) != ERR_OK || start_engine(d, e) != ERR_OK)
        return e->code;
    rng_seed(&d->rng, (o->seed ^ UINT64_C(0x5deece66d)) + (uint64_t)d->index);
    rng_seed(&d->again, (o->seed ^ UINT64_C(0x616761696e)) + (uint64_t)d->index);
    plan_troubles(d);
    return ERR_OK;
}

void drive_trouble(struct drive *d, const char *what, int64_t ms)
{
    if (d->o->each_trouble != NULL)
        d->o->each_trouble(d->o->ctx, drive_utc(d), d->index, what, ms / 1000);
}

/* The world goes on while it stands still; what was on its way has arrived by then. */
static void stand_still(struct drive *d)
{
    int64_t ms = rng_between(&d->rng, 1000, PAUSE_MAX_MS);

    d->report->pauses++;
    drive_trouble(d, "stands still", ms);
    if (d->s->n > 1) {
        d->asleep_until_ms = drive_now_ms(d) + ms;
    } else {
        site_advance(d->o->site, drive_now_ms(d) + ms);
        clock_fake_advance_ms(&d->fake, site_now_ms(d->o->site) - drive_now_ms(d));
    }
    invariants_away(&d->s->held);
    charges_away(&d->s->charges);
    d->next_pause_ms = next_trouble(d, d->o->pause_mean_s);
}

static void set_clock(struct drive *d, int64_t ahead_ms)
{
    d->fake.utc.s += (ahead_ms - d->skew_ms) / 1000;
    d->skew_ms = ahead_ms;
    d->s->held.skew_ms = ahead_ms;
    charges_away(&d->s->charges);
    d->report->jumps++;
    drive_trouble(d, "has its clock ahead", ahead_ms);
}

/* It is wrong for a while, then right again. */
static void jump(struct drive *d)
{
    static const int64_t far_s[] = {3600, 365 * 86400, 120, 7 * 86400};
    int64_t s = far_s[rng_between(&d->rng, 0, (int64_t)ARRAY_LEN(far_s) - 1)];
    bool wrong = d->skew_ms != 0;

    set_clock(d, wrong ? 0 : (rng_between(&d->rng, 0, 1) == 0 ? s : -s) * 1000);
    d->next_jump_ms =
        wrong ? next_trouble(d, d->o->jump_mean_s)
              : drive_now_ms(d) + rng_between(&d->rng, MINUTE_MS, JUMP_MAX_MS);
}

/* Another process begins over what the last one left. */
enum err_code drive_revive(struct drive *d, struct err *e)
{
    d->down_until_ms = 0;
    charges_away(&d->s->charges);
    if (d->port.restart(d->port.ctx, e) != ERR_OK || open_store(d, e) != ERR_OK ||
        start_engine(d, e) != ERR_OK)
        return e->code;
    invariants_away(&d->s->held);
    d->next_crash_ms = next_trouble(d, d->o->crash_mean_s);
    drive_tick(d);
    drive_check(d);
    return ERR_OK;
}

/* As kill -9 would: between two events, with calls under way; back after up to two
 * minutes. One of several may also end in order. */
static enum err_code crash(struct drive *d, struct err *e)
{
    enum { ORDERLY_ONE_OF = 4 };
    int64_t down_ms = rng_between(&d->rng, 1, DOWN_MAX_MS);
    bool orderly = d->s->n > 1 && rng_between(&d->rng, 1, ORDERLY_ONE_OF) == 1;

    d->report->crashes++;
    d->dies = false;
    drive_trouble(d, orderly ? "ends" : "dies", down_ms);
    stop_engine(d, orderly);
    if (d->s->n > 1) {
        d->down_until_ms = drive_now_ms(d) + down_ms;
        return ERR_OK;
    }
    clock_fake_advance_ms(&d->fake, down_ms);
    site_advance(d->o->site, drive_now_ms(d));
    return drive_revive(d, e);
}

bool drive_is_there(const struct drive *d)
{
    return d->engine != NULL && d->asleep_until_ms == 0;
}

/* What goes wrong with the process itself. */
enum err_code drive_suffer(struct drive *d, struct err *e)
{
    if (drive_now_ms(d) >= d->next_pause_ms)
        stand_still(d);
    if (drive_now_ms(d) >= d->next_jump_ms)
        jump(d);
    if (d->dies || drive_now_ms(d) >= d->next_crash_ms)
        return crash(d, e);
    return ERR_OK;
}
