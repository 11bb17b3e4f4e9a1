#include <config.h>

#include "core/engine/engine.h"

#include "core/base/probe.h"
#include "core/base/str.h"
#include "core/base/sure.h"

#include <stdlib.h>
#include <string.h>

enum {
    BACKLOG_MAX = 8192,
    RECORDS_OF_STEP = 256, /* and so many of each server: more than ever, but prices */
    RECORDS_OF_SERVER = 32,
    CALLS_OF_STEP = 64,
    UNSENT_MAX = 64,
    COMMANDS_AT_ONCE = 16,
    RETRY_STORE_MS = 5000,
    HOUSEKEEP_MS = 60 * 1000,
    PRUNE_MS = 24 * 3600 * 1000, /* what is kept is told in days */
    PRUNE_MORE_MS = 1000,
    MIB = 1024 * 1024,
    SMALL_JOURNAL = 256 * 1024 /* of the campaign's own making */
};
/* Closed segments of this month and of the site's day count in sums. */
enum { SEGMENTS_SINCE_S = 33 * 86400 };

struct engine {
    struct controller *controller;
    struct store *store, *loads; /* written to, NULL = no; read from, NULL = none */
    const struct clock *clock;
    struct dispatch dispatch;
    struct log *log;
    struct effects fx;
    struct record *backlog; /* records that could not be written yet, in order */
    size_t n_backlog;
    int64_t n_dropped;    /* of this outage: they found no room in it */
    bool store_ok, tight; /* as the controller was told */
    struct mono store_retry;
    struct mono housekeep_at; /* room and journal are looked at then */
    struct mono prune_at;
    int64_t journal_keep_s, journal_max_bytes;
    bool changed;
    struct call
        unsent[UNSENT_MAX]; /* of the event under way; their intents are not on disk */
    size_t n_unsent;
    void (*on_record)(void *ctx, const struct record *r);
    void *on_record_ctx;
};

/* What a step decides, and what cannot be written down yet, has its room from the start:
 * the machine's memory may be out just then. Nobody touches most of it. */
static bool reserve(struct engine *g, size_t servers)
{
    if (!effects_reserve(&g->fx, RECORDS_OF_STEP + RECORDS_OF_SERVER * servers,
                         CALLS_OF_STEP + servers))
        return false;
    if (g->store != NULL)
        g->backlog = reallocarray(NULL, BACKLOG_MAX, sizeof(*g->backlog));
    return g->store == NULL || g->backlog != NULL;
}

static void no_poll(void *ctx, const struct poll_request *p)
{
    (void)ctx;
    (void)p;
}

static void no_call(void *ctx, const struct call *call)
{
    (void)ctx;
    (void)call;
}

const struct dispatch dispatch_nobody = {no_poll, no_call, NULL};

static enum err_code load_state(struct store *store, struct utc now,
                                struct store_state *out, struct err *e)
{
    return store == NULL
               ? ERR_OK
               : store_load(store, (struct utc){now.s - SEGMENTS_SINCE_S}, out, e);
}

static void take_limits(struct engine *g, const struct config *c)
{
    g->journal_keep_s = c->store.journal_keep;
    g->journal_max_bytes = (int64_t)c->store.journal_max_mb * MIB;
}

enum err_code engine_new(const struct controller_options *o, struct store *store,
                         const struct clock *clock, const struct dispatch *d,
                         struct log *log, struct engine **out, struct err *e)
{
    struct engine *g = calloc(1, sizeof(*g));
    struct store_state state = {0};
    struct utc now = clock_utc(clock);
    enum err_code rc = ERR_OK;

    if (g == NULL)
        return err_set(e, ERR_NOMEM, "engine: out of memory");
    g->store = g->loads = store;
    g->clock = clock;
    g->dispatch = *d;
    g->log = log;
    g->store_ok = true;
    take_limits(g, o->config);
    if (!reserve(g, o->config->n_servers))
        rc = err_set(e, ERR_NOMEM, "engine: out of memory");
    if (rc == ERR_OK)
        rc = load_state(store, now, &state, e);
    if (rc == ERR_OK)
        rc = controller_new(o, &state, now, clock_mono(clock), &g->controller, e);
    store_state_free(&state);
    if (o->observe)
        g->store = NULL; /* who only looks knows what is stored, and writes nothing */
    if (rc != ERR_OK) {
        engine_free(g);
        return rc;
    }
    *out = g;
    return ERR_OK;
}

void engine_free(struct engine *g)
{
    if (g == NULL)
        return;
    controller_free(g->controller);
    effects_clear(&g->fx);
    free(g->backlog);
    free(g);
}

struct controller *engine_controller(struct engine *g)
{
    return g->controller;
}

bool engine_store_is_ok(const struct engine *g)
{
    /* What was decided on hearing that it is writable again may have failed anew. */
    return g->store_ok && g->n_backlog == 0;
}

struct mono engine_next_wake(const struct engine *g)
{
    return g->fx.next_wake;
}

struct mono engine_next_due(const struct engine *g)
{
    return g->fx.next_due;
}

bool engine_changed(struct engine *g)
{
    bool changed = g->changed;

    g->changed = false;
    return changed;
}

void engine_on_record(struct engine *g, void (*each)(void *ctx, const struct record *r),
                      void *ctx)
{
    g->on_record = each;
    g->on_record_ctx = ctx;
}

void engine_ask(struct engine *g, bool all)
{
    controller_ask(g->controller, clock_mono(g->clock), all, &g->fx);
    for (size_t i = 0; i < g->fx.n_polls; i++)
        g->dispatch.poll(g->dispatch.ctx, &g->fx.polls[i]);
}

static void tell_records(struct engine *g)
{
    static const enum log_level levels[LEVEL_COUNT] = {[LEVEL_DEBUG] = LOG_DEBUG,
                                                       [LEVEL_INFO] = LOG_INFO,
                                                       [LEVEL_ACT] = LOG_INFO,
                                                       [LEVEL_WARN] = LOG_WARN,
                                                       [LEVEL_ERROR] = LOG_ERROR};

    for (size_t i = 0; i < g->fx.n_records; i++) {
        const struct journal_entry *j = &g->fx.records[i].as.journal;

        if (g->on_record != NULL)
            g->on_record(g->on_record_ctx, &g->fx.records[i]);
        if (g->fx.records[i].kind != RECORD_JOURNAL)
            continue;
        log_write(g->log, levels[j->level], j->actor, "%s%s%s%s",
                  j->server[0] != '\0' ? "server=" : "", j->server,
                  j->server[0] != '\0' ? " " : "", j->text);
    }
}

/* Behind a store that fails: kept in memory, in order; journal lines give way when it is
 * full. */
static void keep_back(struct engine *g)
{
    for (size_t i = 0; i < g->fx.n_records; i++) {
        bool room =
            g->n_backlog < BACKLOG_MAX / 2 ||
            (g->fx.records[i].kind != RECORD_JOURNAL && g->n_backlog < BACKLOG_MAX);

        if (room)
            g->backlog[g->n_backlog++] = g->fx.records[i];
        else
            g->n_dropped++;
    }
    SURE(g->n_backlog <= BACKLOG_MAX);
}

/* All of it at once; when one record is impossible, one by one without that one: a single
 * bad record must not keep the store down for ever. */
static bool write_backlog(struct engine *g, struct err *e)
{
    if (store_apply(g->store, g->backlog, g->n_backlog, e) == ERR_OK)
        return true;
    if (e->code != ERR_BUG)
        return false;
    for (size_t i = 0; i < g->n_backlog; i++) {
        struct err one = {0};

        if (store_apply(g->store, &g->backlog[i], 1, &one) == ERR_OK)
            continue;
        if (one.code != ERR_BUG)
            return false;
        log_write(g->log, LOG_ERROR, "store", "a record was dropped: %s", one.text);
    }
    err_clear(e);
    return true;
}

/* True when everything decided so far is on disk. */
static bool write_down(struct engine *g, struct err *e)
{
    struct mono now = clock_mono(g->clock);

    if (g->store == NULL)
        return true;
    if (g->fx.failed) {
        (void)err_set(e, ERR_NOMEM, "out of memory for the journal");
        goto failed;
    }
    if (!g->store_ok && now.ms < g->store_retry.ms) {
        keep_back(g);
        return false;
    }
    if (g->n_backlog > 0) {
        RH_PROBE("backlog-written");
        if (!write_backlog(g, e))
            goto failed;
        g->n_backlog = 0;
    }
    if (g->fx.n_records > 0 && RH_BUGGIFY("store-busy")) {
        (void)err_set(e, ERR_STORE, "the store is busy");
        goto failed;
    }
    if (g->fx.n_records == 0 ||
        store_apply(g->store, g->fx.records, g->fx.n_records, e) == ERR_OK)
        return true;
failed:
    g->store_retry.ms = now.ms + RETRY_STORE_MS;
    keep_back(g);
    return false;
}

static void step(struct engine *g, struct event *ev)
{
    ev->now = clock_utc(g->clock);
    ev->mono = clock_mono(g->clock);
    controller_step(g->controller, ev, &g->fx);
    g->changed = g->changed || g->fx.changed;
    tell_records(g);
}

static void hand_out(struct engine *g, bool calls)
{
    for (size_t i = 0; i < g->fx.n_polls; i++)
        g->dispatch.poll(g->dispatch.ctx, &g->fx.polls[i]);
    bool reverse = RH_BUGGIFY("calls-in-reverse-order");

    /* Rule 1 of reliability 6: what is sent is on disk. */
    SURE(!calls || g->store == NULL || g->n_backlog == 0);
    for (size_t i = 0; calls && i < g->fx.n_calls; i++)
        g->dispatch.call(g->dispatch.ctx,
                         &g->fx.calls[reverse ? g->fx.n_calls - 1 - i : i]);
}

/* One event all the way: decided, written, handed out. Calls whose intents could not be
 * written are put into g->unsent instead. */
static bool take_through(struct engine *g, struct event *ev, struct err *e)
{
    bool ok;

    step(g, ev);
    ok = write_down(g, e);
    hand_out(g, ok);
    for (size_t i = 0; !ok && i < g->fx.n_calls && g->n_unsent < UNSENT_MAX; i++)
        g->unsent[g->n_unsent++] = g->fx.calls[i];
    return ok;
}

static bool is_tight(const struct engine *g)
{
    return g->store != NULL && store_is_tight(g->store);
}

/* Now and then: is there room again, and is the journal too old or too large? In small
 * parts, so that nobody waits for it. */
static void housekeep(struct engine *g)
{
    struct mono now = clock_mono(g->clock);
    struct utc before = {clock_utc(g->clock).s - g->journal_keep_s};
    struct err e = {0};
    bool more = false;

    if (g->store == NULL || !g->store_ok ||
        (now.ms < g->housekeep_at.ms && !RH_BUGGIFY("housekeeping-now")))
        return;
    store_room_look(g->store);
    g->housekeep_at.ms = now.ms + HOUSEKEEP_MS;
    if (now.ms < g->prune_at.ms)
        return;
    if (store_prune(g->store, before,
                    RH_BUGGIFY("small-journal") ? SMALL_JOURNAL : g->journal_max_bytes,
                    &more, &e) != ERR_OK)
        log_write(g->log, LOG_WARN, "store", "%s", e.text);
    g->prune_at.ms = now.ms + PRUNE_MS;
    if (more)
        g->housekeep_at.ms = g->prune_at.ms = now.ms + PRUNE_MORE_MS;
}

/* The controller learns what became of its store, and may act on that at once. */
static void tell_store(struct engine *g, bool ok, const struct err *why)
{
    struct event ev = {.kind = EVENT_STORE};
    struct err e = {0};

    if (ok != g->store_ok)
        log_write(g->log, ok ? LOG_WARN : LOG_ERROR, "store", "%s",
                  ok ? "writable again" : why->text);
    g->store_ok = ok;
    g->tight = is_tight(g);
    ev.as.store.ok = ok;
    ev.as.store.tight = g->tight;
    (void)str_copy(ev.as.store.text, sizeof(ev.as.store.text), ok ? "" : why->text);
    if (ok && g->n_dropped > 0)
        (void)str_format(ev.as.store.text, sizeof(ev.as.store.text),
                         "the state is written again; %lld records of the outage are "
                         "lost, lines of the journal first: there was no more room",
                         (long long)g->n_dropped);
    if (ok)
        g->n_dropped = 0;
    (void)take_through(g, &ev, &e); /* failing again is told by the next event */
}

/* A configuration comes with what the store has of its servers: all of it, so nothing may
 * wait to be written. */
static bool take_config(struct engine *g, struct event *ev, struct err *e)
{
    struct config_order *o = ev->as.config;
    struct store_state state = {0};
    struct err why = {0};
    bool ok;

    if (o->config != NULL && o->refused[0] == '\0' &&
        (!g->store_ok ||
         load_state(g->loads, clock_utc(g->clock), &state, &why) != ERR_OK))
        (void)str_format(o->refused, sizeof(o->refused), "%s",
                         g->store_ok ? why.text
                                     : "the state cannot be written now: try again");
    o->state = &state;
    ok = take_through(g, ev, e);
    store_state_free(&state);
    o->state = NULL;
    if (o->taken)
        take_limits(g, o->config);
    return ok;
}

void engine_feed(struct engine *g, struct event *ev)
{
    struct err e = {0};
    bool was_ok = g->store_ok, ok;

    g->n_unsent = 0;
    ok = ev->kind == EVENT_CONFIG ? take_config(g, ev, &e) : take_through(g, ev, &e);
    housekeep(g);
    if (ok != was_ok || is_tight(g) != g->tight)
        tell_store(g, ok, &e);
    /* Every call gets an answer, also those that are asked for on hearing these. */
    for (size_t i = 0; i < g->n_unsent; i++) {
        struct event back = {.kind = EVENT_RESULT};

        RH_PROBE("call-not-sent-for-want-of-its-intent");
        back.as.result =
            (struct call_result){.id = g->unsent[i].id, .outcome = OUTCOME_FAILED};
        (void)err_set(&back.as.result.err, ERR_STORE,
                      "not sent: the state could not be written");
        (void)take_through(g, &back, &e); /* what fails is kept back */
    }
}

bool engine_commands(struct engine *g)
{
    struct command commands[COMMANDS_AT_ONCE];
    struct err e = {0};
    size_t n = 0;

    if (g->store == NULL || !g->store_ok)
        return false;
    if (store_commands(g->store, commands, COMMANDS_AT_ONCE, &n, &e) != ERR_OK) {
        log_write(g->log, LOG_WARN, "store", "%s", e.text);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct event ev = {.kind = EVENT_COMMAND};

        ev.as.command.command = commands[i];
        ev.as.command.stored = true;
        engine_feed(g, &ev);
    }
    return n < COMMANDS_AT_ONCE;
}
