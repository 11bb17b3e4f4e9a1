#include <config.h>

#include "core/sim/port.h"

#include "core/sim/site_impl.h"
#include "core/sim/typed.h"

#include <stdlib.h>

enum {
    USUAL_TIMEOUT_MS = 20000,
    SKEW_S = 600,
    RETRY_AFTER_S = 10,
    RETRY_MOST_S = 900,
    STALE_MS = 300000
};

struct typed_port {
    struct site *site;
    const struct clock *clock;
    uint64_t heard; /* of the region's bus */
    struct port_fence fence;
    enum site_api apis[SOURCE_COUNT];
    /* Used in turn, so that no memory is asked for at each look: while the controller
     * holds one the other is filled. */
    struct observation *kept[SOURCE_COUNT][2];
    int64_t seen_ms[SOURCE_COUNT][2]; /* of the world when it was seen so */
    struct told {
        char server[NAME_TEXT], detail[LINE_TEXT];
    } told[CALL_COUNT]; /* the last answer of each kind, and to whom */
};

/* What goes wrong on the way, as the shipped clients would report it. The faults of
 * bytes alone (loose-shapes) have no meaning here. */
static const struct strike {
    enum site_fault fault;
    bool done;            /* the act was done all the same */
    enum outcome outcome; /* … as far as the client can tell */
    enum err_code code;   /* ERR_OK: a poll sees nothing of it */
    const char *text;
} strikes[] = {
    /* clang-format off */
    {FAULT_REFUSE,       false, OUTCOME_FAILED,  ERR_CONNECT,   "connection refused"},
    {FAULT_RESET_BEFORE, false, OUTCOME_UNKNOWN, ERR_RESET,     "connection lost before the answer"},
    {FAULT_STATUS_429,   false, OUTCOME_FAILED,  ERR_THROTTLED, "HTTP 429"},
    {FAULT_RETRY_ABSURD, false, OUTCOME_FAILED,  ERR_THROTTLED, "HTTP 429"},
    {FAULT_STATUS_401,   false, OUTCOME_FAILED,  ERR_AUTH,      "HTTP 401"},
    {FAULT_STATUS_403,   false, OUTCOME_FAILED,  ERR_FORBIDDEN, "HTTP 403"},
    {FAULT_STATUS_404,   false, OUTCOME_FAILED,  ERR_NOT_FOUND, "HTTP 404"},
    {FAULT_STATUS_408,   false, OUTCOME_FAILED,  ERR_REFUSED,   "HTTP 408"},
    {FAULT_STATUS_409,   false, OUTCOME_FAILED,  ERR_CONFLICT,  "HTTP 409"},
    {FAULT_STATUS_502,   false, OUTCOME_UNKNOWN, ERR_SERVER,    "HTTP 502"},
    {FAULT_STATUS_504,   true,  OUTCOME_UNKNOWN, ERR_SERVER,    "HTTP 504"},
    {FAULT_STATUS_500,   false, OUTCOME_UNKNOWN, ERR_SERVER,    "HTTP 500"},
    {FAULT_STATUS_503,   false, OUTCOME_UNKNOWN, ERR_SERVER,    "HTTP 503"},
    {FAULT_IGNORED,      false, OUTCOME_DONE,    ERR_OK,        ""},
    {FAULT_RESET_AFTER,  true,  OUTCOME_UNKNOWN, ERR_RESET,     "connection lost before the answer"},
    {FAULT_LATE_500,     true,  OUTCOME_UNKNOWN, ERR_SERVER,    "HTTP 500"},
    {FAULT_WRONG_TYPE,   true,  OUTCOME_UNKNOWN, ERR_PROTOCOL,  "a page in place of the answer"},
    {FAULT_TRUNCATED,    true,  OUTCOME_UNKNOWN, ERR_PROTOCOL,  "the answer ends in the middle"},
    /* clang-format on */
};

static enum site_api api_of(const char *name)
{
    for (int i = 0; i < N_APIS; i++)
        if (str_eq(site_api_name((enum site_api)i), name))
            return (enum site_api)i;
    return API_EC2; /* the price history is EC2's, too */
}

static bool roll(struct typed_port *p, enum site_api api, enum site_fault fault)
{
    return faults_roll(&p->site->faults, &p->site->rng, api, fault);
}

/* NULL: all is well. */
static const struct strike *strike(struct typed_port *p, enum site_api api)
{
    for (size_t i = 0; p->site->faults.any[api] && i < ARRAY_LEN(strikes); i++)
        if (roll(p, api, strikes[i].fault))
            return &strikes[i];
    return NULL;
}

static int64_t latency_ms(struct typed_port *p, enum site_api api)
{
    return roll(p, api, FAULT_LATENCY) ? rng_between(&p->site->rng, 200, 4000) : 0;
}

/* As the client caps it. */
static int64_t retry_after(const struct strike *s)
{
    return s->code != ERR_THROTTLED         ? 0
           : s->fault == FAULT_RETRY_ABSURD ? RETRY_MOST_S
                                            : RETRY_AFTER_S;
}

/* What was told a few minutes ago, told as of now; NULL: nothing was, or it is not told.
 */
static struct observation *told_before(struct typed_port *p, enum source source)
{
    int64_t now = p->site->w->now;

    for (int i = 0; i < 2; i++) {
        struct observation *o = p->kept[source][i];

        if (o == NULL || o->err.code != ERR_OK || p->seen_ms[source][i] == 0 ||
            now - p->seen_ms[source][i] >= STALE_MS || observation_is_shared(o))
            continue;
        if (!roll(p, p->apis[source], FAULT_STALE))
            return NULL;
        o->at = clock_utc(p->clock);
        o->took_ms = 0;
        return observation_ref(o);
    }
    return NULL;
}

static void note_seen(struct typed_port *p, const struct observation *o)
{
    for (int i = 0; i < 2; i++)
        if (p->kept[o->source][i] == o)
            p->seen_ms[o->source][i] = p->site->w->now;
}

/* An empty one, with a reference for the caller. */
static struct observation *empty(struct typed_port *p, enum source source)
{
    struct observation **kept = p->kept[source];

    for (int i = 0; i < 2; i++) {
        if (kept[i] == NULL)
            kept[i] = observation_new(source);
        else if (!observation_reuse(kept[i]))
            continue;
        return kept[i] != NULL ? observation_ref(kept[i]) : NULL;
    }
    return observation_new(source); /* one is still on its way */
}

static struct observation *poll_typed(void *ctx, enum source source,
                                      const struct poll_hints *hints)
{
    struct typed_port *p = ctx;
    enum site_api api = p->apis[source];
    const struct strike *s;
    struct observation *o =
        p->site->faults.rate[api][FAULT_STALE] != 0 ? told_before(p, source) : NULL;

    if (o != NULL)
        return o;
    o = empty(p, source);
    if (o == NULL)
        return NULL;
    o->at = clock_utc(p->clock);
    if (roll(p, api, FAULT_TIMEOUT)) {
        o->took_ms = USUAL_TIMEOUT_MS;
        (void)err_set(&o->err, ERR_TIMEOUT, "%s: no answer", source_api(source));
        return o;
    }
    o->took_ms = latency_ms(p, api);
    s = strike(p, api);
    if (s != NULL && s->code != ERR_OK) {
        (void)err_set(&o->err, s->code, "%s: %s", source_api(source), s->text);
        o->retry_after_s = retry_after(s);
        return o;
    }
    o->skew_known = true;
    o->skew_s =
        site_now_ms(p->site) / 1000 - o->at.s - (roll(p, api, FAULT_SKEW) ? SKEW_S : 0);
    typed_observe(p->site->w, hints, o);
    note_seen(p, o);
    if (arena_failed(o->arena))
        (void)err_set(&o->err, ERR_NOMEM, "%s: its answer does not fit into memory",
                      source_api(source));
    return o;
}

void port_check(struct site *site, const struct call *call, struct call_result *out)
{
    enum { SILENT_MS = 3000 }; /* the real one waits so long */

    *out = (struct call_result){.id = call->id, .at = {site_now_ms(site) / 1000}};
    typed_act(site->w, call, out);
    out->took_ms = out->err.code == ERR_TIMEOUT ? SILENT_MS : 0;
}

/* The answer that the last call of that kind got, if that was another server's. */
static void tell_other(struct typed_port *p, enum site_api api, const struct call *call,
                       struct call_result *out)
{
    struct told *t = &p->told[call->kind], now;

    if (out->outcome != OUTCOME_DONE || out->detail[0] == '\0')
        return;
    (void)str_copy(now.server, sizeof(now.server), call->server); /* of the same sizes */
    (void)str_copy(now.detail, sizeof(now.detail), out->detail);
    if (t->detail[0] != '\0' && !str_eq(t->server, call->server) &&
        roll(p, api, FAULT_OTHER_ANSWER))
        (void)str_copy(out->detail, sizeof(out->detail), t->detail);
    *t = now;
}

/* The request arrives twice; the second answer is told. */
static void act_once_more(struct typed_port *p, const struct call *call,
                          struct call_result *out)
{
    *out = (struct call_result){.id = out->id, .at = out->at, .took_ms = out->took_ms};
    p->site->w->is_copy = true;
    typed_act(p->site->w, call, out);
    p->site->w->is_copy = false;
}

/* True: the call's request may be sent. */
static bool pass(struct typed_port *p, struct call_result *out)
{
    if (p->fence.ask == NULL ||
        p->fence.ask(p->fence.ctx, USUAL_TIMEOUT_MS, &out->err) == ERR_OK)
        return true;
    out->outcome = OUTCOME_FAILED;
    return false;
}

static void act_typed(void *ctx, const struct call *call, struct call_result *out)
{
    struct typed_port *p = ctx;
    enum site_api api = api_of(call_api(call->kind));
    const struct strike *s = NULL;
    bool silent = roll(p, api, FAULT_TIMEOUT);
    bool done = !silent || rng_chance(&p->site->rng, 500000);

    if (call->kind == CALL_PORT_CHECK) {
        port_check(p->site, call, out);
        return;
    }
    *out = (struct call_result){.id = call->id, .at = clock_utc(p->clock)};
    if (!pass(p, out))
        return;
    out->took_ms = silent ? USUAL_TIMEOUT_MS : latency_ms(p, api);
    if (!silent) {
        s = strike(p, api);
        done = s == NULL || s->done;
    }
    if (done)
        typed_act(p->site->w, call, out);
    if (done && roll(p, api, FAULT_DOUBLED))
        act_once_more(p, call, out);
    if (p->site->faults.rate[api][FAULT_OTHER_ANSWER] != 0)
        tell_other(p, api, call, out);
    if (s == NULL && !silent)
        return;
    err_clear(&out->err);
    out->detail[0] = '\0';
    out->outcome = silent ? OUTCOME_UNKNOWN : s->outcome;
    if (silent)
        (void)err_set(&out->err, ERR_TIMEOUT, "%s: no answer", call_word(call->kind));
    else if (s->code != ERR_OK) {
        (void)err_set(&out->err, s->code, "%s: %s", call_word(call->kind), s->text);
        out->retry_after_s = retry_after(s);
    }
}

/* Stops where the region tells its event bus something: then it is time for a look. */
static bool live_typed(void *ctx, int64_t until_ms)
{
    struct typed_port *p = ctx;
    struct world *w = p->site->w;

    while (world_next_event(w) <= until_ms) {
        world_advance(w, world_next_event(w));
        if (w->bus_seq == p->heard)
            continue;
        p->heard = w->bus_seq;
        return true;
    }
    world_advance(w, until_ms);
    return false;
}

static bool news_typed(void *ctx)
{
    struct typed_port *p = ctx;
    bool news = p->site->w->bus_seq != p->heard;

    p->heard = p->site->w->bus_seq;
    return news;
}

static void guard_typed(void *ctx, const struct port_fence *f)
{
    struct typed_port *p = ctx;

    p->fence = *f;
}

static enum err_code restart_typed(void *ctx, struct err *e)
{
    struct typed_port *p = ctx;

    p->heard = p->site->w->bus_seq; /* who begins anew looks at everything */
    return e->code;
}

static void free_typed(void *ctx)
{
    struct typed_port *p = ctx;

    for (size_t i = 0; i < SOURCE_COUNT; i++)
        for (int k = 0; k < 2; k++)
            observation_unref(p->kept[i][k]);
    free(p);
}

enum err_code port_typed_open(struct site *site, const struct clock *clock,
                              struct port *out, struct err *e)
{
    struct typed_port *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    p->site = site;
    p->clock = clock;
    p->heard = site->w->bus_seq;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        p->apis[i] = api_of(source_api((enum source)i));
    *out = (struct port){.poll = poll_typed,
                         .act = act_typed,
                         .live = live_typed,
                         .news = news_typed,
                         .guard = guard_typed,
                         .restart = restart_typed,
                         .free = free_typed,
                         .ctx = p};
    return ERR_OK;
}
