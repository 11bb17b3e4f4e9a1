#include <config.h>

#include "core/sim/drive.h"

#include "core/base/rng.h"
#include "core/engine/engine.h"
#include "core/policy/schedule.h"
#include "core/sim/port.h"

#include <stdlib.h>
#include <string.h>

enum { PENDING_MAX = 256, MINUTE_MS = 60 * 1000, DOWN_MAX_MS = 120 * 1000 };

/* An answer that is still on its way. */
struct pending {
    int64_t at_ms, seq;
    struct event event;
};

struct drive {
    const struct drive_options *o;
    struct drive_report *report;
    struct clock_fake fake;
    struct clock clock;
    struct port port;
    struct store *store;
    struct engine *engine;
    struct pending pending[PENDING_MAX];
    size_t n_pending;
    int64_t seq, next_minute_ms, next_crash_ms;
    struct rng rng; /* of the crashes */
    struct schedule schedule;
    bool was_in_window;
    struct utc window_start;
    bool *ready; /* of this window, by server */
};

static int64_t now_ms(const struct drive *d)
{
    return d->fake.utc.s * 1000 + d->fake.sub_ms;
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

static void on_poll(void *ctx, const struct poll_request *rq)
{
    struct drive *d = ctx;
    struct event ev = {.kind = EVENT_OBSERVATION};

    d->report->polls++;
    ev.as.observation = d->port.poll(d->port.ctx, rq->source, &rq->hints);
    if (ev.as.observation != NULL)
        expect(d, &ev, ev.as.observation->took_ms);
}

static void on_call(void *ctx, const struct call *call)
{
    struct drive *d = ctx;
    struct event ev = {.kind = EVENT_RESULT};

    d->report->calls++;
    d->port.act(d->port.ctx, call, &ev.as.result);
    expect(d, &ev, ev.as.result.took_ms);
}

static void hash_text(uint64_t *h, const char *s)
{
    for (; *s != '\0'; s++)
        *h = (*h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    *h = (*h ^ 0xff) * UINT64_C(1099511628211);
}

static void on_journal(void *ctx, const struct journal_entry *j)
{
    struct drive *d = ctx;
    struct drive_report *r = d->report;
    char when[TIME_TEXT];

    hash_text(&r->trace, utc_text(j->at, when));
    hash_text(&r->trace, j->server);
    hash_text(&r->trace, j->action);
    hash_text(&r->trace, j->text);
    if (str_eq(j->action, "move-end") && j->outcome == OUTCOME_DONE) {
        if (str_eq(j->to, "cloud"))
            r->moves_out++;
        else
            r->moves_back++;
    } else if (str_eq(j->action, "move-end") && !str_eq(j->actor, "spot")) {
        r->moves_failed++;
    }
    if (str_eq(j->action, "loss"))
        r->interruptions++;
    if (d->o->each_entry != NULL)
        d->o->each_entry(d->o->ctx, j);
}

/* What must hold at every look (reliability 3), as far as a snapshot shows it. */
static void check(struct drive *d, const struct fleet *f)
{
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_facts *s = &f->servers[i].facts;

        if (s->onprem.known && s->cloud.known && s->onprem.open && s->cloud.open &&
            !f->servers[i].move.active && f->at.s - d->o->from.s > 600) {
            d->report->violations++;
            (void)str_format(d->report->violation, LINE_TEXT,
                             "I1b: both nodes of %s are open", f->servers[i].name);
        }
    }
}

static void measure(struct drive *d, const struct fleet *f)
{
    struct drive_report *r = d->report;
    struct schedule_at at;
    bool in_window;

    if (f->at.s + 86400 > d->schedule.valid_to.s || f->at.s < d->schedule.valid_from.s)
        schedule_build(&d->o->config->policy, d->o->tz, f->at, 0, &d->schedule);
    at = schedule_at(&d->schedule, f->at);
    in_window =
        at.has_window && f->at.s >= at.window.start.s && f->at.s < at.window.end.s;
    if (in_window && at.window.start.s != d->window_start.s) {
        d->window_start = at.window.start;
        memset(d->ready, 0, f->n_servers * sizeof(d->ready[0]));
    }
    for (size_t i = 0; in_window && i < f->n_servers; i++) {
        const struct server_facts *s = &f->servers[i].facts;
        bool ready = s->place == PLACE_CLOUD && s->cloud.open;

        r->planned_minutes++;
        r->ready_minutes += ready ? 1 : 0;
        if (ready && !d->ready[i]) {
            d->ready[i] = true;
            if (r->n_late < ARRAY_LEN(r->late_s))
                r->late_s[r->n_late++] = f->at.s - at.window.start.s;
        }
    }
}

static void give_orders(struct drive *d)
{
    struct event ev = {.kind = EVENT_COMMAND};

    while (d->o->order != NULL &&
           d->o->order(d->o->ctx, d->fake.utc, &ev.as.command.command))
        engine_feed(d->engine, &ev);
}

static void minute(struct drive *d)
{
    struct fleet *f;

    if (now_ms(d) < d->next_minute_ms)
        return;
    d->next_minute_ms = (now_ms(d) / MINUTE_MS + 1) * MINUTE_MS;
    give_orders(d);
    f = controller_snapshot(engine_controller(d->engine));
    if (f == NULL)
        return;
    check(d, f);
    measure(d, f);
    if (d->o->each_minute != NULL)
        d->o->each_minute(d->o->ctx, f);
    fleet_unref(f);
}

/* The next thing that happens: an answer arrives, or the controller wants to be woken. */
static void next(struct drive *d, struct event *ev, int64_t *at_ms)
{
    int64_t wake = engine_next_wake(d->engine).ms;
    size_t first = d->n_pending;

    for (size_t i = 0; i < d->n_pending; i++) {
        if (first == d->n_pending || d->pending[i].at_ms < d->pending[first].at_ms ||
            (d->pending[i].at_ms == d->pending[first].at_ms &&
             d->pending[i].seq < d->pending[first].seq))
            first = i;
    }
    if (first < d->n_pending && d->pending[first].at_ms <= wake) {
        *at_ms = d->pending[first].at_ms;
        *ev = d->pending[first].event;
        d->pending[first] = d->pending[--d->n_pending];
        return;
    }
    *at_ms = wake;
    *ev = (struct event){.kind = EVENT_TICK};
}

/* A controller over the store as it is: at the start, and after each crash. */
static enum err_code start_engine(struct drive *d, struct err *e)
{
    const struct drive_options *o = d->o;
    const struct dispatch dispatch = {on_poll, on_call, d};
    const struct controller_options co = {.config = o->config,
                                          .tz = o->tz,
                                          .seed = o->seed,
                                          .host = "simulation",
                                          .user = "rushhour"};

    if (engine_new(&co, d->store, &d->clock, &dispatch, o->log, &d->engine, e) != ERR_OK)
        return e->code;
    controller_set_auto(engine_controller(d->engine), AUTO_ON, d->fake.utc);
    engine_on_journal(d->engine, on_journal, d);
    return ERR_OK;
}

static enum err_code set_up(struct drive *d, struct err *e)
{
    const struct drive_options *o = d->o;

    d->fake = (struct clock_fake){.utc = o->from, .mono = {o->from.s * 1000}};
    d->clock = clock_fake_clock(&d->fake);
    d->ready = calloc(o->config->n_servers + 1, sizeof(*d->ready));
    if (d->ready == NULL)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    site_advance(o->site, now_ms(d));
    if (port_wire_open(o->site, o->config, &d->clock, &d->port, e) != ERR_OK ||
        store_open(o->state_dir, STORE_CONTROLLER, o->config->deployment, &d->store, e) !=
            ERR_OK)
        return e->code;
    return start_engine(d, e);
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
    free(d->ready);
}

static void plan_crash(struct drive *d)
{
    int64_t mean = d->o->crash_mean_s;

    d->next_crash_ms =
        mean == 0 ? INT64_MAX : now_ms(d) + rng_between(&d->rng, 1, 2 * mean * 1000);
}

/* As kill -9 would: between two events, with calls under way; back after up to two
 * minutes. */
static enum err_code crash(struct drive *d, struct err *e)
{
    struct event ev = {.kind = EVENT_TICK};

    d->report->crashes++;
    stop_engine(d);
    clock_fake_advance_ms(&d->fake, rng_between(&d->rng, 1, DOWN_MAX_MS));
    site_advance(d->o->site, now_ms(d));
    if (d->port.restart(d->port.ctx, e) != ERR_OK || start_engine(d, e) != ERR_OK)
        return e->code;
    plan_crash(d);
    engine_feed(d->engine, &ev);
    return ERR_OK;
}

static void finish(struct drive *d)
{
    struct drive_report *r = d->report;
    struct fleet *f = controller_snapshot(engine_controller(d->engine));

    r->to = d->fake.utc;
    r->lost_builds = site_totals(d->o->site).builds_failed_by_loss;
    if (f == NULL)
        return;
    r->cost_total = f->month;
    r->cost_extension = f->extension_month;
    r->cost_spot.nanos = f->month.nanos - f->extension_month.nanos;
    r->cost_known = f->hour_known;
    r->speedup_known = f->speedup.known;
    r->speedup_percent = f->speedup.percent;
    r->speedup_jobs = f->speedup.jobs;
    r->speedup_builds = f->speedup.builds;
    fleet_unref(f);
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

enum err_code drive_run(const struct drive_options *o, struct drive_report *out,
                        struct err *e)
{
    struct drive *d = calloc(1, sizeof(*d));
    struct event ev = {.kind = EVENT_TICK};
    int64_t end_ms = (o->from.s + o->duration_s) * 1000, at_ms;

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
    plan_crash(d);
    engine_feed(d->engine, &ev);
    for (;;) {
        if (now_ms(d) >= d->next_crash_ms && crash(d, e) != ERR_OK)
            goto done;
        next(d, &ev, &at_ms);
        if (at_ms > end_ms) {
            if (ev.kind == EVENT_OBSERVATION)
                observation_unref(ev.as.observation);
            break;
        }
        clock_fake_advance_ms(&d->fake, at_ms - now_ms(d));
        site_advance(o->site, at_ms);
        engine_feed(d->engine, &ev);
        out->steps++;
        minute(d);
    }
    clock_fake_advance_ms(&d->fake, end_ms - now_ms(d));
    finish(d);
    qsort(out->late_s, out->n_late, sizeof(out->late_s[0]), by_value);
done:
    tear_down(d);
    free(d);
    return e->code;
}
