#include <config.h>

#include "core/sim/drive.h"

#include "core/sim/drive_impl.h"
#include "core/sim/site_impl.h"

#include <stdlib.h>
#include <string.h>

enum { LOST_MS = 20000 };
/* At the very start nodes may be as a person left them. */
enum { SETTLE_S = 600 };

int64_t drive_now_ms(const struct drive *d)
{
    return d->fake.utc.s * 1000 + d->fake.sub_ms - d->skew_ms;
}

/* What goes wrong by chance does so no more. */
bool drive_is_calm(const struct drive *d)
{
    return d->o->crash_until.s != 0 &&
           drive_now_ms(d) >= d->o->crash_until.s * (int64_t)1000;
}

/* The world's, whatever the controller's clock shows. */
struct utc drive_utc(const struct drive *d)
{
    return (struct utc){drive_now_ms(d) / 1000};
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

/* It arrives once more, later. Not of the queue: its poll ends with the answer, and each
 * one more would begin another long poll beside it, ever more of them. */
static void expect_again(struct drive *d, const struct event *ev, int64_t took_ms)
{
    enum { ROOM = PENDING_MAX / 2, LATER_MAX_MS = 5 * MINUTE_MS };

    if (d->o->repeated == 0 || d->n_pending >= ROOM || drive_is_calm(d) ||
        (ev->kind == EVENT_OBSERVATION && ev->as.observation->source == SOURCE_QUEUE) ||
        !rng_chance(&d->again, d->o->repeated))
        return;
    if (ev->kind == EVENT_OBSERVATION)
        (void)observation_ref(ev->as.observation);
    d->report->repeats++;
    drive_expect(d, ev, took_ms + rng_between(&d->again, 1, LATER_MAX_MS));
}

void drive_on_poll(void *ctx, const struct poll_request *rq)
{
    struct drive *d = ctx;
    UNINITIALIZED struct event ev; /* it has room for more than an observation */

    ev.kind = EVENT_OBSERVATION;
    d->report->polls++;
    ev.as.observation = d->port.poll(d->port.ctx, rq->source, &rq->hints);
    if (ev.as.observation == NULL)
        return;
    if (RH_BUGGIFY("observation-dropped")) /* here, so that the checker knows of it */
        (void)err_set(&ev.as.observation->err, ERR_TIMEOUT, "%s: dropped",
                      source_api(rq->source));
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
        if (d->s->lock == NULL) { /* else once its fence lets it pass */
            invariants_call(&d->s->held, call, engine_controller(d->engine));
            invariants_token(&d->s->held, call);
        }
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

void drive_on_call(void *ctx, const struct call *call)
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

void drive_record(void *ctx, const struct record *r)
{
    struct drive *d = ctx;

    d->survival.recorded = true;
    if (r->kind == RECORD_JOURNAL)
        note_entry(d, &r->as.journal);
    else if (r->kind == RECORD_INTENT)
        invariants_intent(&d->s->held, r->as.intent.id);
    else if (r->kind != RECORD_MOVE)
        account_take(&d->account, r);
    tenure_record(d, r);
}

static void sync(struct drive *d)
{
    clock_fake_advance_ms(&d->fake, site_now_ms(d->o->site) - drive_now_ms(d));
    readiness_advance(&d->s->ready, drive_utc(d));
}

static void give_orders(struct drive *d)
{
    struct event ev = {.kind = EVENT_COMMAND};

    while (d->o->order != NULL &&
           d->o->order(d->o->ctx, drive_utc(d), &ev.as.command.command)) {
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
        drive_utc(d).s < d->o->later_from.s)
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

void drive_tick(struct drive *d)
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
        drive_tick(d);
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
        drive_measure(d);
    drive_check(d);
    several_watch(d);
    if (d->o->each_step != NULL)
        d->o->each_step(d->o->ctx, drive_utc(d));
    if (d->o->dies != NULL && d->o->dies(d->o->ctx))
        d->dies = true;
    d->report->steps++;
    return true;
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

static enum err_code go_on(struct drive *d, int64_t end_ms, struct err *e)
{
    bool there = drive_is_there(d);

    if (d->s->n > 1)
        sync(d);
    if (there && drive_suffer(d, e) != ERR_OK)
        return e->code;
    if (there && drive_is_there(d))
        minute(d);
    if (there && !drive_is_there(d))
        return ERR_OK; /* it is another one's turn: also when it stands before a call */
    d->over = !step(d, end_ms);
    if (d->engine == NULL && d->down_until_ms <= drive_now_ms(d))
        return drive_revive(d, e);
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
        if (drive_begin(d, e) != ERR_OK)
            return e->code;
    }
    for (size_t i = 0; i < s->n; i++)
        drive_tick(&s->all[i]);
    while ((d = several_next(s, end_ms)) != NULL) {
        if (go_on(d, end_ms, e) != ERR_OK)
            return e->code;
    }
    return drive_finish(several_viewer(s), end_ms, e);
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
        drive_end(&s->all[i]);
    readiness_clear(&s->ready);
    several_end(s);
    free(s);
    return e->code;
}
