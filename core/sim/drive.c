#include <config.h>

#include "core/sim/drive.h"

#include "core/base/rng.h"
#include "core/engine/engine.h"
#include "core/sim/invariants.h"
#include "core/sim/port.h"
#include "core/sim/ready.h"
#include "core/sim/site_impl.h"
#include "core/sim/survival.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOST_MS = 20000,
    PENDING_MAX = 256,
    MINUTE_MS = 60 * 1000,
    DOWN_MAX_MS = 120 * 1000,
    PAUSE_MAX_MS = 3600 * 1000,
    JUMP_MAX_MS = 6 * 3600 * 1000
};
/* Typed: how often one looks while nothing moves; at what nobody decides on; while
 * something moves. */
enum { REST_S = 300, SLOW_S = 3600, MOVING_S = 10 };
/* At the very start nodes may be as a person left them. */
enum { SETTLE_S = 600 };

/* An answer that is still on its way. */
struct pending {
    int64_t at_ms, seq;
    struct event event;
};

struct drive {
    const struct drive_options *o;
    struct drive_report *report;
    struct config config; /* typed: with the polls of a site at rest */
    struct clock_fake fake;
    struct clock clock;
    struct port port;
    struct store *store;
    struct engine *engine;
    struct pending pending[PENDING_MAX];
    size_t n_pending;
    struct event look; /* being put together */
    bool looking;
    int64_t seq, next_minute_ms, next_crash_ms, next_pause_ms, next_jump_ms;
    int64_t skew_ms;      /* so far its clock is ahead of the world's */
    struct rng rng;       /* of the crashes */
    struct rng again;     /* of what arrives twice */
    const struct tz *tz;  /* as its data are now */
    struct config reread; /* the same configuration, read again */
    bool dies;            /* as soon as this step is over */
    struct invariants held;
    struct survival survival;
    struct readiness ready;
    struct account account;
};

static int64_t now_ms(const struct drive *d)
{
    return d->fake.utc.s * 1000 + d->fake.sub_ms - d->skew_ms;
}

/* What goes wrong by chance does so no more. */
static bool in_calm(const struct drive *d)
{
    return d->o->crash_until.s != 0 && now_ms(d) >= d->o->crash_until.s * (int64_t)1000;
}

/* The world's, whatever the controller's clock shows. */
static struct utc world_utc(const struct drive *d)
{
    return (struct utc){now_ms(d) / 1000};
}

static void expect(struct drive *d, const struct event *ev, int64_t took_ms)
{
    struct pending *p;

    if (d->n_pending == PENDING_MAX) {
        d->report->violations++;
        (void)str_copy(d->report->violation, LINE_TEXT,
                       "more answers are pending than can be");
        if (ev->kind == EVENT_OBSERVATION)
            observation_unref(ev->as.observation);
        return;
    }
    p = &d->pending[d->n_pending++];
    p->at_ms = now_ms(d) + (took_ms > 0 ? took_ms : 1);
    p->seq = d->seq++;
    p->event = *ev;
}

/* It arrives once more, later. */
static void expect_again(struct drive *d, const struct event *ev, int64_t took_ms)
{
    enum { ROOM = PENDING_MAX / 2, LATER_MAX_MS = 5 * MINUTE_MS };

    if (d->o->repeated == 0 || d->n_pending >= ROOM || in_calm(d) ||
        !rng_chance(&d->again, d->o->repeated))
        return;
    if (ev->kind == EVENT_OBSERVATION)
        (void)observation_ref(ev->as.observation);
    d->report->repeats++;
    expect(d, ev, took_ms + rng_between(&d->again, 1, LATER_MAX_MS));
}

static void on_poll(void *ctx, const struct poll_request *rq)
{
    struct drive *d = ctx;
    UNINITIALIZED struct event ev; /* it has room for more than an observation */

    ev.kind = EVENT_OBSERVATION;
    d->report->polls++;
    ev.as.observation = d->port.poll(d->port.ctx, rq->source, &rq->hints);
    if (ev.as.observation == NULL)
        return;
    invariants_answer(&d->held, ev.as.observation);
    expect_again(d, &ev, ev.as.observation->took_ms);
    if (d->looking && ev.as.observation->took_ms == 0)
        d->look.as.look.all[d->look.as.look.n++] = ev.as.observation;
    else
        expect(d, &ev, ev.as.observation->took_ms);
}

static void on_call(void *ctx, const struct call *call)
{
    struct drive *d = ctx;
    enum drive_fate fate =
        d->o->fate != NULL && !d->dies ? d->o->fate(d->o->ctx, call) : FATE_DONE;
    struct call_result *r;
    struct event ev = {.kind = EVENT_RESULT};

    if (d->dies)
        return; /* nobody is left to make it */
    r = &ev.as.result;
    d->report->calls++;
    d->dies = fate == FATE_CRASH_BEFORE || fate == FATE_CRASH_AFTER;
    if (fate != FATE_LOST_BEFORE && fate != FATE_CRASH_BEFORE) {
        invariants_call(&d->held, call, engine_controller(d->engine));
        d->port.act(d->port.ctx, call, r);
    }
    if (fate == FATE_LOST_BEFORE || fate == FATE_LOST_AFTER) {
        *r = (struct call_result){.id = call->id,
                                  .outcome = OUTCOME_UNKNOWN,
                                  .at = clock_utc(&d->clock),
                                  .took_ms = LOST_MS};
        (void)err_set(&r->err, ERR_TIMEOUT, "%s: no answer", call_word(call->kind));
    }
    if (d->dies)
        return;
    invariants_result(&d->held, call, r);
    expect(d, &ev, r->took_ms);
    expect_again(d, &ev, r->took_ms);
}

static void hash_text(uint64_t *h, const char *s)
{
    for (; *s != '\0'; s++)
        *h = (*h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    *h = (*h ^ 0xff) * UINT64_C(1099511628211);
}

static void note_entry(struct drive *d, const struct journal_entry *j)
{
    struct drive_report *r = d->report;
    char when[TIME_TEXT];

    hash_text(&r->trace, utc_text(j->at, when));
    hash_text(&r->trace, j->server);
    hash_text(&r->trace, j->actor);
    hash_text(&r->trace, j->action);
    hash_text(&r->trace, j->to);
    hash_text(&r->trace, j->move);
    if (str_eq(j->action, "move-end") && j->outcome == OUTCOME_DONE) {
        if (str_eq(j->to, "cloud"))
            r->moves_out++;
        else
            r->moves_back++;
    } else if (str_eq(j->action, "move-end") && !str_eq(j->actor, "spot")) {
        r->moves_failed++;
    }
    if (str_eq(j->action, "requeue") && j->outcome == OUTCOME_DONE)
        r->requeued_builds++;
    if (str_eq(j->action, "loss"))
        r->interruptions++;
    if (d->o->each_entry != NULL)
        d->o->each_entry(d->o->ctx, j);
}

static void on_record(void *ctx, const struct record *r)
{
    struct drive *d = ctx;

    d->survival.recorded = true;
    if (r->kind == RECORD_JOURNAL)
        note_entry(d, &r->as.journal);
    else if (r->kind == RECORD_INTENT)
        invariants_intent(&d->held, r->as.intent.id);
    else
        account_take(&d->account, r);
}

/* I13, I16. */
static void check_survival(struct drive *d)
{
    if (d->survival.why[0] == '\0')
        return;
    d->report->violations++;
    if (d->report->violation[0] == '\0')
        (void)str_copy(d->report->violation, LINE_TEXT, d->survival.why);
    d->survival.why[0] = '\0';
}

/* What must hold, at every step (reliability 3). */
static void check(struct drive *d)
{
    if (d->store != NULL && !engine_store_is_ok(d->engine))
        d->held.unwritable_ms = now_ms(d);
    invariants_look(&d->held, engine_controller(d->engine));
    survival_look(&d->survival, engine_controller(d->engine), d->o->config->n_servers,
                  d->store != NULL && engine_store_is_ok(d->engine));
    check_survival(d);
    if (d->held.broken == 0)
        return;
    d->report->violations += d->held.broken;
    if (d->report->violation[0] == '\0') {
        char when[TIME_TEXT];

        (void)str_format(d->report->violation, LINE_TEXT, "%s %.160s",
                         utc_text(world_utc(d), when), d->held.why);
    }
    d->held.broken = 0;
    d->held.why[0] = '\0';
}

/* Kept away from the cloud by a person: by a hold, or with auto off. */
static bool is_excused(const struct decision *d)
{
    return d->desired == PLACE_UNKNOWN || d->gate == GATE_AUTO_OFF ||
           (d->reason == REASON_HOLD && d->desired == PLACE_ONPREM);
}

/* I15, by a clock that is right. */
static void check_wanted(struct drive *d, const struct controller_server *s)
{
    char why[LINE_TEXT];

    if (!d->o->calm || d->skew_ms != 0 ||
        readiness_agrees(&d->ready, s->decision, world_utc(d), why))
        return;
    d->report->violations++;
    if (d->report->violation[0] == '\0')
        (void)str_copy(d->report->violation, LINE_TEXT, why);
}

static void measure(struct drive *d)
{
    const struct controller *c = engine_controller(d->engine);

    for (size_t i = 0; i < d->o->config->n_servers; i++) {
        struct controller_server s = controller_server(c, i);

        check_wanted(d, &s);
        readiness_note(&d->ready, i, s.facts->place == PLACE_CLOUD && s.facts->cloud.open,
                       is_excused(s.decision));
    }
}

static void give_orders(struct drive *d)
{
    struct event ev = {.kind = EVENT_COMMAND};

    while (d->o->order != NULL &&
           d->o->order(d->o->ctx, world_utc(d), &ev.as.command.command))
        engine_feed(d->engine, &ev);
}

/* As `:reload` after an update of the system's zone files. While the store fails, or a
 * call is under way, it is refused and tried again. */
static void read_zone_again(struct drive *d)
{
    struct config_order order = {.config = &d->reread,
                                 .tz = d->o->tz_later,
                                 .by = "operator:dana",
                                 .why = "reload",
                                 .changes = "zone"};
    struct event ev = {.kind = EVENT_CONFIG, .as.config = &order};

    if (d->tz == d->o->tz_later || d->o->tz_later == NULL ||
        world_utc(d).s < d->o->later_from.s)
        return;
    d->reread = d->config;
    engine_feed(d->engine, &ev);
    if (!order.taken)
        return;
    d->tz = d->o->tz_later;
    d->report->rezoned++;
    readiness_rezone(&d->ready, &d->config.policy, d->tz,
                     (struct utc){d->o->from.s + d->o->duration_s});
}

static void minute(struct drive *d)
{
    struct fleet *f;

    if (now_ms(d) < d->next_minute_ms)
        return;
    d->next_minute_ms = (now_ms(d) / MINUTE_MS + 1) * MINUTE_MS;
    give_orders(d);
    read_zone_again(d);
    if (d->o->order != NULL)
        (void)engine_commands(d->engine); /* what is left is taken a minute later */
    if (d->o->each_minute == NULL)
        return;
    f = controller_snapshot(engine_controller(d->engine));
    if (f == NULL)
        return;
    d->o->each_minute(d->o->ctx, f);
    fleet_unref(f);
}

/* The answer that comes first; n_pending when none is on its way. */
static size_t first_pending(const struct drive *d)
{
    size_t first = d->n_pending;

    for (size_t i = 0; i < d->n_pending; i++) {
        if (first == d->n_pending || d->pending[i].at_ms < d->pending[first].at_ms ||
            (d->pending[i].at_ms == d->pending[first].at_ms &&
             d->pending[i].seq < d->pending[first].seq))
            first = i;
    }
    return first;
}

/* Typed: what is due is asked first, so that one step sees all of it. */
static void look(struct drive *d, bool all)
{
    d->look.kind = EVENT_LOOK;
    d->look.as.look.n = 0;
    d->looking = true;
    engine_ask(d->engine, all);
    d->looking = false;
    engine_feed(d->engine, &d->look);
}

static void tick(struct drive *d)
{
    UNINITIALIZED struct event ev; /* a tick has nothing in it */

    ev.kind = EVENT_TICK;
    if (d->o->level == DRIVE_TYPED)
        look(d, false);
    else
        engine_feed(d->engine, &ev);
}

/* On to the next thing that happens: an answer arrives, the controller wants to be woken,
 * or the site has news. False: nothing does until end_ms. */
static bool step(struct drive *d, int64_t end_ms)
{
    int64_t at_ms = d->o->level == DRIVE_TYPED || d->o->rest_s > 0
                        ? engine_next_due(d->engine).ms
                        : engine_next_wake(d->engine).ms;
    size_t first = first_pending(d);
    bool answer = first < d->n_pending && d->pending[first].at_ms <= at_ms, news;

    if (answer)
        at_ms = d->pending[first].at_ms;
    if (at_ms > end_ms)
        return false;
    news = d->port.live(d->port.ctx, at_ms);
    clock_fake_advance_ms(&d->fake, site_now_ms(d->o->site) - now_ms(d));
    readiness_advance(&d->ready, world_utc(d));
    if (news) {
        look(d, true);
    } else if (answer) {
        struct event ev = d->pending[first].event;

        d->pending[first] = d->pending[--d->n_pending];
        engine_feed(d->engine, &ev);
    } else {
        tick(d);
    }
    measure(d);
    check(d);
    if (d->o->each_step != NULL)
        d->o->each_step(d->o->ctx, world_utc(d));
    if (d->o->dies != NULL && d->o->dies(d->o->ctx))
        d->dies = true;
    d->report->steps++;
    return true;
}

/* A controller over the store as it is: at the start, and after each crash. */
static enum err_code start_engine(struct drive *d, struct err *e)
{
    const struct drive_options *o = d->o;
    const struct dispatch dispatch = {on_poll, on_call, d};
    const struct controller_options co = {.config = &d->config,
                                          .tz = d->tz,
                                          .seed = o->seed,
                                          .host = "simulation",
                                          .user = "rushhour",
                                          .without_texts = o->without_texts};

    if (engine_new(&co, d->store, &d->clock, &dispatch, o->log, &d->engine, e) != ERR_OK)
        return e->code;
    if (!d->survival.known) /* after a death it is as people have left it */
        controller_set_auto(engine_controller(d->engine), AUTO_ON, d->fake.utc);
    survival_begun(&d->survival, engine_controller(d->engine), o->config);
    check_survival(d);
    engine_on_record(d->engine, on_record, d);
    return ERR_OK;
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

static enum err_code set_up(struct drive *d, struct err *e)
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
    site_advance(o->site, now_ms(d));
    invariants_begin(&d->held, o->site->w, o->config,
                     (o->from.s + SETTLE_S) * (int64_t)1000);
    if (readiness_init(&d->ready, &o->config->policy, o->tz, o->config->n_servers,
                       o->from, (struct utc){o->from.s + o->duration_s}, e) != ERR_OK ||
        (typed ? port_typed_open(o->site, &d->clock, &d->port, e)
               : port_wire_open(o->site, o->config, &d->clock, o->via, &d->port, e)) !=
            ERR_OK)
        return e->code;
    return open_store(d, e) == ERR_OK ? start_engine(d, e) : e->code;
}

/* The end of a process: what it knew and every answer on its way to it are gone. */
static void stop_engine(struct drive *d)
{
    engine_free(d->engine);
    d->engine = NULL;
    for (size_t i = 0; i < d->n_pending; i++) {
        if (d->pending[i].event.kind == EVENT_OBSERVATION)
            observation_unref(d->pending[i].event.as.observation);
    }
    d->n_pending = 0;
}

static void tear_down(struct drive *d)
{
    stop_engine(d);
    port_free(&d->port);
    store_close(d->store);
    readiness_clear(&d->ready);
    account_clear(&d->account);
}

/* When one of the troubles is next; a mean of 0: never. */
static int64_t next_trouble(struct drive *d, int64_t mean_s)
{
    int64_t until = d->o->crash_until.s * 1000, at;

    if (mean_s == 0)
        return INT64_MAX;
    at = now_ms(d) + rng_between(&d->rng, 1, 2 * mean_s * 1000);
    return until != 0 && at >= until ? INT64_MAX : at;
}

static void plan_troubles(struct drive *d)
{
    d->next_crash_ms = next_trouble(d, d->o->crash_mean_s);
    d->next_pause_ms = next_trouble(d, d->o->pause_mean_s);
    d->next_jump_ms = next_trouble(d, d->o->jump_mean_s);
}

static void tell_trouble(struct drive *d, const char *what, int64_t ms)
{
    if (d->o->each_trouble != NULL)
        d->o->each_trouble(d->o->ctx, world_utc(d), what, ms / 1000);
}

/* The world goes on while it stands still; what was on its way has arrived by then. */
static void stand_still(struct drive *d)
{
    int64_t ms = rng_between(&d->rng, 1000, PAUSE_MAX_MS);

    d->report->pauses++;
    tell_trouble(d, "stands still", ms);
    site_advance(d->o->site, now_ms(d) + ms);
    clock_fake_advance_ms(&d->fake, site_now_ms(d->o->site) - now_ms(d));
    invariants_away(&d->held);
    d->next_pause_ms = next_trouble(d, d->o->pause_mean_s);
}

static void set_clock(struct drive *d, int64_t ahead_ms)
{
    d->fake.utc.s += (ahead_ms - d->skew_ms) / 1000;
    d->skew_ms = ahead_ms;
    d->held.skew_ms = ahead_ms;
    d->report->jumps++;
    tell_trouble(d, "has its clock ahead", ahead_ms);
}

/* It is wrong for a while, then right again. */
static void jump(struct drive *d)
{
    static const int64_t far_s[] = {3600, 365 * 86400, 120, 7 * 86400};
    int64_t s = far_s[rng_between(&d->rng, 0, (int64_t)ARRAY_LEN(far_s) - 1)];
    bool wrong = d->skew_ms != 0;

    set_clock(d, wrong ? 0 : (rng_between(&d->rng, 0, 1) == 0 ? s : -s) * 1000);
    d->next_jump_ms = wrong ? next_trouble(d, d->o->jump_mean_s)
                            : now_ms(d) + rng_between(&d->rng, MINUTE_MS, JUMP_MAX_MS);
}

/* As kill -9 would: between two events, with calls under way; back after up to two
 * minutes. */
static enum err_code crash(struct drive *d, struct err *e)
{
    int64_t down_ms = rng_between(&d->rng, 1, DOWN_MAX_MS);

    d->report->crashes++;
    d->dies = false;
    tell_trouble(d, "dies", down_ms);
    stop_engine(d);
    clock_fake_advance_ms(&d->fake, down_ms);
    site_advance(d->o->site, now_ms(d));
    if (d->port.restart(d->port.ctx, e) != ERR_OK || open_store(d, e) != ERR_OK ||
        start_engine(d, e) != ERR_OK)
        return e->code;
    invariants_away(&d->held);
    d->next_crash_ms = next_trouble(d, d->o->crash_mean_s);
    tick(d);
    check(d);
    return ERR_OK;
}

static void note_speedup(struct drive *d)
{
    struct drive_report *r = d->report;
    struct fleet *f = controller_snapshot(engine_controller(d->engine));

    if (f == NULL)
        return;
    r->speedup_known = f->speedup.known;
    r->speedup_percent = f->speedup.percent;
    r->speedup_jobs = f->speedup.jobs;
    r->speedup_builds = f->speedup.builds;
    fleet_unref(f);
}

/* No build may be asked for again twice (policy-and-cost 5.3), whatever was lost. */
static void note_builds(struct drive *d)
{
    struct site_totals t = site_totals(d->o->site);

    d->report->lost_builds = t.builds_failed_by_loss;
    if (t.builds_again_twice == 0)
        return;
    d->report->violations += t.builds_again_twice;
    (void)str_format(d->report->violation, LINE_TEXT,
                     "%lld builds were queued again more than once",
                     (long long)t.builds_again_twice);
}

static enum err_code finish(struct drive *d, int64_t end_ms, struct err *e)
{
    struct drive_report *r = d->report;

    (void)d->port.live(d->port.ctx, end_ms); /* nobody looks any more */
    clock_fake_advance_ms(&d->fake, end_ms - now_ms(d));
    readiness_advance(&d->ready, world_utc(d));
    readiness_sort(&d->ready);
    r->to = world_utc(d);
    r->planned_s = d->ready.planned_s;
    r->ready_s = d->ready.ready_s;
    r->late_p50_s = readiness_late_s(&d->ready, 50);
    r->late_p99_s = readiness_late_s(&d->ready, 99);
    r->late_max_s = readiness_late_s(&d->ready, 100);
    note_builds(d);
    note_speedup(d);
    if (d->o->calm) {
        invariants_calm(&d->held, engine_controller(d->engine));
        check(d);
    }
    if (d->ready.out_of_memory)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    return account_close(&d->account, d->o->config, r->from, r->to, &r->cost, e);
}

enum err_code drive_run(const struct drive_options *o, struct drive_report *out,
                        struct err *e)
{
    struct drive *d = calloc(1, sizeof(*d));
    int64_t end_ms = (o->from.s + o->duration_s) * 1000;

    *out = (struct drive_report){.seed = o->seed,
                                 .from = o->from,
                                 .servers = (int32_t)o->config->n_servers,
                                 .trace = UINT64_C(14695981039346656037)};
    if (d == NULL)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    d->o = o;
    d->report = out;
    if (set_up(d, e) != ERR_OK)
        goto done;
    rng_seed(&d->rng, o->seed ^ UINT64_C(0x5deece66d));
    rng_seed(&d->again, o->seed ^ UINT64_C(0x616761696e));
    plan_troubles(d);
    tick(d);
    do {
        if (now_ms(d) >= d->next_pause_ms)
            stand_still(d);
        if (now_ms(d) >= d->next_jump_ms)
            jump(d);
        if ((d->dies || now_ms(d) >= d->next_crash_ms) && crash(d, e) != ERR_OK)
            goto done;
        minute(d);
    } while (step(d, end_ms));
    (void)finish(d, end_ms, e); /* e is what is returned */
done:
    tear_down(d);
    free(d);
    return e->code;
}
