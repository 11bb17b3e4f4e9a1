#include <config.h>

#include "core/sim/drive.h"

#include "core/sim/drive_impl.h"
#include "core/sim/site_impl.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOST_MS = 20000,
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

int64_t drive_now_ms(const struct drive *d)
{
    return d->fake.utc.s * 1000 + d->fake.sub_ms - d->skew_ms;
}

/* What goes wrong by chance does so no more. */
static bool in_calm(const struct drive *d)
{
    return d->o->crash_until.s != 0 &&
           drive_now_ms(d) >= d->o->crash_until.s * (int64_t)1000;
}

/* The world's, whatever the controller's clock shows. */
static struct utc world_utc(const struct drive *d)
{
    return (struct utc){drive_now_ms(d) / 1000};
}

void drive_violated(struct drive *d, const char *why)
{
    char when[TIME_TEXT];

    d->report->violations++;
    if (d->report->violation[0] == '\0')
        (void)str_format(d->report->violation, LINE_TEXT, "%s %.160s",
                         utc_text(world_utc(d), when), why);
}

void drive_expect(struct drive *d, const struct event *ev, int64_t took_ms)
{
    struct pending *p;

    if (d->n_pending == PENDING_MAX) {
        drive_violated(d, "more answers are pending than can be");
        if (ev->kind == EVENT_OBSERVATION)
            observation_unref(ev->as.observation);
        return;
    }
    p = &d->pending[d->n_pending++];
    p->at_ms = drive_now_ms(d) + (took_ms > 0 ? took_ms : 1);
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
    drive_expect(d, ev, took_ms + rng_between(&d->again, 1, LATER_MAX_MS));
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
    if (d == several_viewer(d->s))
        invariants_answer(&d->s->held, ev.as.observation);
    expect_again(d, &ev, ev.as.observation->took_ms);
    if (d->looking && ev.as.observation->took_ms == 0)
        d->look.as.look.all[d->look.as.look.n++] = ev.as.observation;
    else
        drive_expect(d, &ev, ev.as.observation->took_ms);
}

void drive_call(struct drive *d, const struct call *call)
{
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
        if (d->s->lock == NULL) /* else once its fence lets it pass */
            invariants_call(&d->s->held, call, engine_controller(d->engine));
        tenure_calls(d, call);
        d->port.act(d->port.ctx, call, r);
        r->took_ms += d->tenure.fence_ms;
        tenure_calls(d, NULL);
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
    if (d == several_viewer(d->s))
        invariants_result(&d->s->held, call, r);
    drive_expect(d, &ev, r->took_ms);
    expect_again(d, &ev, r->took_ms);
}

static void on_call(void *ctx, const struct call *call)
{
    if (!tenure_holds_up(ctx, call))
        drive_call(ctx, call);
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
        invariants_intent(&d->s->held, r->as.intent.id);
    else
        account_take(&d->account, r);
}

/* I13, I16. */
static void check_survival(struct drive *d)
{
    if (d->survival.why[0] == '\0')
        return;
    drive_violated(d, d->survival.why);
    d->survival.why[0] = '\0';
}

static bool acts(const struct drive *d)
{
    return tenure_takes_orders(d) && d->asleep_until_ms == 0;
}

/* Of the rush hours that are on or about to begin. */
static struct utc window_end(const struct readiness *r)
{
    enum { ABOUT_S = 3 * 3600 };

    return r->span < r->n_spans && r->last.s >= r->spans[r->span].start.s - ABOUT_S
               ? r->spans[r->span].end
               : (struct utc){0};
}

/* I4, I7. Whoever is not there, does not act or trusts no clock ends nothing in time. */
static void check_charges(struct drive *d, const struct drive *v)
{
    struct charges *ch = &d->s->charges;

    if (v->skew_ms != 0 || !acts(v) || !engine_store_is_ok(v->engine))
        charges_away(ch);
    charges_look(ch, engine_controller(v->engine), window_end(&d->s->ready));
    if (ch->why[0] == '\0')
        return;
    drive_violated(d, ch->why);
    ch->why[0] = '\0';
}

/* What must hold, at every step (reliability 3). */
static void check(struct drive *d)
{
    const struct drive *v = several_viewer(d->s);

    if (d->store != NULL && !engine_store_is_ok(d->engine))
        d->s->held.unwritable_ms = drive_now_ms(d);
    d->s->held.skew_ms = v->skew_ms;
    if (!acts(v))
        invariants_away(&d->s->held); /* nobody acts */
    invariants_look(&d->s->held, engine_controller(v->engine));
    survival_look(&d->survival, engine_controller(d->engine), d->o->config->n_servers,
                  d->store != NULL && engine_store_is_ok(d->engine));
    check_survival(d);
    check_charges(d, v);
    if (d->s->held.broken == 0)
        return;
    d->report->violations += d->s->held.broken - 1;
    drive_violated(d, d->s->held.why);
    d->s->held.broken = 0;
    d->s->held.why[0] = '\0';
}

/* Kept away from the cloud by a person: by a hold, or with auto off. */
static bool is_excused(const struct decision *d)
{
    return d->desired == PLACE_UNKNOWN || d->gate == GATE_AUTO_OFF ||
           (d->reason == REASON_HOLD && d->desired == PLACE_ONPREM);
}

/* I15, by a clock that is right. */
static void check_wanted(struct drive *d, const struct drive *v,
                         const struct controller_server *s)
{
    char why[LINE_TEXT];

    if (d->o->calm && v->skew_ms == 0 &&
        !readiness_agrees(&d->s->ready, s->decision, world_utc(d), why))
        drive_violated(d, why);
}

static void measure(struct drive *d)
{
    const struct drive *v = several_viewer(d->s);
    const struct controller *c = engine_controller(v->engine);

    for (size_t i = 0; i < d->o->config->n_servers; i++) {
        struct controller_server s = controller_server(c, i);

        if (d == v)
            check_wanted(d, v, &s);
        readiness_note(&d->s->ready, i,
                       s.facts->place == PLACE_CLOUD && s.facts->cloud.open,
                       is_excused(s.decision));
    }
}

static void sync(struct drive *d)
{
    clock_fake_advance_ms(&d->fake, site_now_ms(d->o->site) - drive_now_ms(d));
    readiness_advance(&d->s->ready, world_utc(d));
}

static void give_orders(struct drive *d)
{
    struct event ev = {.kind = EVENT_COMMAND};

    while (d->o->order != NULL &&
           d->o->order(d->o->ctx, world_utc(d), &ev.as.command.command)) {
        struct drive *to = tenure_addressee(d);

        sync(to);
        engine_feed(to->engine, &ev);
    }
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
    readiness_rezone(&d->s->ready, &d->config.policy, d->tz,
                     (struct utc){d->o->from.s + d->o->duration_s});
}

static void minute(struct drive *d)
{
    struct fleet *f;

    if (drive_now_ms(d) < d->next_minute_ms || !tenure_takes_orders(d))
        return;
    d->next_minute_ms = (drive_now_ms(d) / MINUTE_MS + 1) * MINUTE_MS;
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

int64_t drive_next_ms(const struct drive *d)
{
    size_t first = first_pending(d);
    int64_t at_ms = d->down_until_ms;

    if (d->engine != NULL)
        at_ms = d->o->level == DRIVE_TYPED || d->o->rest_s > 0
                    ? engine_next_due(d->engine).ms
                    : engine_next_wake(d->engine).ms;
    if (first < d->n_pending && d->pending[first].at_ms < at_ms)
        at_ms = d->pending[first].at_ms;
    return tenure_next_ms(d, at_ms);
}

static bool has_answer(const struct drive *d, int64_t by_ms, size_t *first)
{
    *first = first_pending(d);
    return *first < d->n_pending && d->pending[*first].at_ms <= by_ms;
}

static void hear_answer(struct drive *d, size_t first)
{
    struct event ev = d->pending[first].event;

    d->pending[first] = d->pending[--d->n_pending];
    tenure_hears(d, &ev);
    engine_feed(d->engine, &ev);
}

/* What happens to it at that instant. False: its controller hears nothing of it. */
static bool act(struct drive *d, int64_t at_ms, bool news)
{
    size_t first;

    if (news)
        look(d, true);
    else if (has_answer(d, at_ms, &first))
        hear_answer(d, first);
    else if (tenure_turn(d))
        return false;
    else
        tick(d);
    return true;
}

/* On to the next thing that happens: an answer arrives, the controller wants to be woken,
 * or the site has news. False: nothing does until end_ms. */
static bool step(struct drive *d, int64_t end_ms)
{
    int64_t at_ms = drive_next_ms(d);
    bool news;

    if (at_ms > end_ms)
        return false;
    news = d->port.live(d->port.ctx, at_ms);
    sync(d);
    if (!tenure_is_awake(d, &news))
        return true; /* the world has moved on, and it has not */
    if (act(d, at_ms, news))
        measure(d);
    check(d);
    several_watch(d);
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
    check_survival(d);
    engine_on_record(d->engine, on_record, d);
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

static enum err_code set_up_site(struct several *s, const struct drive_options *o,
                                 struct err *e)
{
    site_advance(o->site, o->from.s * 1000);
    invariants_begin(&s->held, o->site->w, o->config,
                     (o->from.s + SETTLE_S) * (int64_t)1000);
    charges_begin(&s->charges, o->site->w, o->config,
                  (o->rest_s > 0 ? o->rest_s : REST_S) * 1000,
                  !o->site->faults.any[API_EC2]);
    if (readiness_init(&s->ready, &o->config->policy, o->tz, o->config->n_servers,
                       o->from, (struct utc){o->from.s + o->duration_s}, e) != ERR_OK)
        return e->code;
    return several_begin(s, o, e);
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
    if ((typed ? port_typed_open(o->site, &d->clock, &d->port, e)
               : port_wire_open(o->site, o->config, &d->clock, o->via, &d->port, e)) !=
        ERR_OK)
        return e->code;
    return open_store(d, e) == ERR_OK ? start_engine(d, e) : e->code;
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

static void tear_down(struct drive *d)
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

void drive_trouble(struct drive *d, const char *what, int64_t ms)
{
    if (d->o->each_trouble != NULL)
        d->o->each_trouble(d->o->ctx, world_utc(d), d->index, what, ms / 1000);
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
static enum err_code revive(struct drive *d, struct err *e)
{
    d->down_until_ms = 0;
    charges_away(&d->s->charges);
    if (d->port.restart(d->port.ctx, e) != ERR_OK || open_store(d, e) != ERR_OK ||
        start_engine(d, e) != ERR_OK)
        return e->code;
    invariants_away(&d->s->held);
    d->next_crash_ms = next_trouble(d, d->o->crash_mean_s);
    tick(d);
    check(d);
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
    return revive(d, e);
}

static void note_speedup(struct drive *d)
{
    struct drive_report *r = d->report;
    struct fleet *f =
        controller_snapshot(engine_controller(several_viewer(d->s)->engine));

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
    clock_fake_advance_ms(&d->fake, end_ms - drive_now_ms(d));
    readiness_advance(&d->s->ready, world_utc(d));
    readiness_sort(&d->s->ready);
    r->to = world_utc(d);
    r->planned_s = d->s->ready.planned_s;
    r->ready_s = d->s->ready.ready_s;
    r->late_p50_s = readiness_late_s(&d->s->ready, 50);
    r->late_p99_s = readiness_late_s(&d->s->ready, 99);
    r->late_max_s = readiness_late_s(&d->s->ready, 100);
    note_builds(d);
    note_speedup(d);
    if (d->o->calm) {
        invariants_calm(&d->s->held, engine_controller(several_viewer(d->s)->engine));
        check(d);
    }
    if (d->s->ready.out_of_memory)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    return account_close(&d->account, d->o->config, r->from, r->to, &r->cost, e);
}

static bool is_there(const struct drive *d)
{
    return d->engine != NULL && d->asleep_until_ms == 0;
}

/* What goes wrong with the process itself. */
static enum err_code suffer(struct drive *d, struct err *e)
{
    if (drive_now_ms(d) >= d->next_pause_ms)
        stand_still(d);
    if (drive_now_ms(d) >= d->next_jump_ms)
        jump(d);
    if (d->dies || drive_now_ms(d) >= d->next_crash_ms)
        return crash(d, e);
    return ERR_OK;
}

static enum err_code go_on(struct drive *d, int64_t end_ms, struct err *e)
{
    bool there = is_there(d);

    if (d->s->n > 1)
        sync(d);
    if (there && suffer(d, e) != ERR_OK)
        return e->code;
    if (there && !is_there(d))
        return ERR_OK; /* it is another one's turn */
    if (there)
        minute(d);
    d->over = !step(d, end_ms);
    if (d->engine == NULL && d->down_until_ms <= drive_now_ms(d))
        return revive(d, e);
    return ERR_OK;
}

static enum err_code live(struct several *s, const struct drive_options *o,
                          struct drive_report *out, struct err *e)
{
    int64_t end_ms = (o->from.s + o->duration_s) * 1000;
    struct drive *d;

    if (set_up_site(s, o, e) != ERR_OK)
        return e->code;
    for (size_t i = 0; i < s->n; i++) {
        d = &s->all[i];
        *d = (struct drive){.s = s, .index = (int32_t)i, .o = o, .report = out};
        if (set_up(d, e) != ERR_OK)
            return e->code;
        rng_seed(&d->rng, (o->seed ^ UINT64_C(0x5deece66d)) + i);
        rng_seed(&d->again, (o->seed ^ UINT64_C(0x616761696e)) + i);
        plan_troubles(d);
    }
    for (size_t i = 0; i < s->n; i++)
        tick(&s->all[i]);
    while ((d = several_next(s, end_ms)) != NULL) {
        if (go_on(d, end_ms, e) != ERR_OK)
            return e->code;
    }
    return finish(several_viewer(s), end_ms, e);
}

enum err_code drive_run(const struct drive_options *o, struct drive_report *out,
                        struct err *e)
{
    size_t n = o->controllers > 1 ? (size_t)o->controllers : 1;
    struct several *s = calloc(1, sizeof(*s) + n * sizeof(s->all[0]));

    *out = (struct drive_report){.seed = o->seed,
                                 .from = o->from,
                                 .servers = (int32_t)o->config->n_servers,
                                 .trace = UINT64_C(14695981039346656037)};
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    s->n = n;
    (void)live(s, o, out, e); /* e is what is returned */
    for (size_t i = 0; i < n; i++)
        tear_down(&s->all[i]);
    readiness_clear(&s->ready);
    several_end(s);
    free(s);
    return e->code;
}
