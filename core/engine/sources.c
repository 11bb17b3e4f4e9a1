#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

/* reliability 9 */
enum {
    BREAKER_FAILURES = 5,
    BREAKER_NO_SUCCESS_MS = 60 * 1000,
    BREAKER_FIRST_MS = 30 * 1000,
    BREAKER_MAX_MS = 600 * 1000,
    BACKOFF_FIRST_MS = 500,
    RETRIES = 2, /* of a read, then it is the next poll */
    BUDGET = 20, /* tokens of a provider … */
    TOKEN = 10,  /* … in tenths */
    AUTH_PROBE_MS = 1800 * 1000,
    AUTH_PROBE_AWS_MS = 300 * 1000,
    LOST_POLL_MS = 300 * 1000, /* a poller that never answered is asked again */
    HURRY_MS = 250,
    NEWS_MS = 300 * 1000 /* on news all is asked that would be within this time */
};
enum { STALE_POLLS = 3 };
/* Nobody waits for it: a slow pace spares Jenkins, which reads builds from its disk. */
enum { BUILDS_EVERY_S = 300 };
/* … but for a build that is to be queued again. */
enum { REQUEUE_EVERY_S = 15 };

/* A long poll waits by itself. */
enum { QUEUE_PAUSE_S = 1 };

static bool is_aws(enum source s)
{
    return s == SOURCE_INSTANCES || s == SOURCE_SPOT || s == SOURCE_INTERFACES ||
           s == SOURCE_PRICES || s == SOURCE_PRICELIST || s == SOURCE_QUEUE;
}

static bool any_spot(const struct controller *c)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct instance_facts *in = &c->servers[i].facts.instance;

        if (c->servers[i].facts.leaving.id[0] != '\0')
            return true;
        if (in->id[0] != '\0' && in->lifecycle != LIFECYCLE_ON_DEMAND && !in->terminated)
            return true;
    }
    return false;
}

static bool moving(const struct controller *c)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];

        if (s->has_move || s->facts.place == PLACE_LOST ||
            s->facts.leaving.id[0] != '\0' || s->facts.instance.reclaim_at.s != 0 ||
            s->facts.place == PLACE_MOVING_OUT || s->facts.place == PLACE_MOVING_BACK)
            return true;
    }
    return c->extension.facts.state == EXTENSION_STARTING ||
           c->extension.facts.state == EXTENSION_STOPPING;
}

/* Spot requests that are open and nobody's are in no hurry. */
enum { REQUESTS_EVERY_S = 60, REQUESTS_QUIET_S = 300 };

/* With nobody out there and nothing on the way AWS is asked now and then only; what is
 * nobody's is ended at its second look, and that is soon. */
enum { QUIET_TIMES = 10 };

static int64_t work_out_rest_s(const struct controller *c, enum source s)
{
    const struct config *k = c->config;
    bool quiet = !c->any_spot && !c->moving && !c->launches && !c->any_unclaimed;

    switch (s) {
    case SOURCE_VELOSTRATA:
        return k->velostrata.api.poll;
    case SOURCE_JENKINS:
        return k->jenkins.poll;
    case SOURCE_VSPHERE:
        return k->vsphere.poll;
    case SOURCE_INSTANCES:
        return quiet ? k->aws.poll * QUIET_TIMES : k->aws.poll;
    case SOURCE_SPOT:
        return c->any_spot || !c->launches || k->aws.poll_spot > REQUESTS_QUIET_S
                   ? k->aws.poll_spot
                   : REQUESTS_QUIET_S;
    case SOURCE_INTERFACES:
        return quiet ? k->aws.poll_interfaces * QUIET_TIMES : k->aws.poll_interfaces;
    case SOURCE_PRICES:
        return k->aws.poll_prices;
    case SOURCE_PRICELIST:
        return PRICELIST_EVERY_S;
    case SOURCE_QUEUE:
        return QUEUE_PAUSE_S;
    case SOURCE_BUILDS:
        return !requeue_is_open(c)                 ? BUILDS_EVERY_S
               : k->jenkins.poll < REQUEUE_EVERY_S ? k->jenkins.poll
                                                   : REQUEUE_EVERY_S;
    case SOURCE_LOCK:
    case SOURCE_COUNT:
        break;
    }
    return k->lock.renew;
}

/* Asked so often at each look that it is worked out once; but builds that wait to be
 * queued again hurry at once. */
static int64_t rest_s(const struct controller *c, enum source s)
{
    return s == SOURCE_BUILDS ? work_out_rest_s(c, s) : c->sources[s].rest_s;
}

static bool hurries(const struct controller *c, enum source s)
{
    return s == SOURCE_VELOSTRATA || s == SOURCE_JENKINS || s == SOURCE_VSPHERE ||
           ((s == SOURCE_INSTANCES || s == SOURCE_INTERFACES) && c->launches);
}

void sources_pace(struct controller *c)
{
    int64_t fast = c->config->policy.poll_moving;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        int64_t rest = work_out_rest_s(c, (enum source)i);

        c->sources[i].rest_s = rest;
        c->sources[i].every_s =
            c->moving && fast < rest && hurries(c, (enum source)i) ? fast : rest;
    }
}

int64_t source_every_s(const struct controller *c, enum source s)
{
    return s == SOURCE_BUILDS ? work_out_rest_s(c, s) : c->sources[s].every_s;
}

void sources_watch(struct controller *c)
{
    bool spot = any_spot(c), on_its_way = moving(c), unclaimed = unclaimed_any(c);

    if (spot == c->any_spot && on_its_way == c->moving && unclaimed == c->any_unclaimed)
        return;
    c->any_unclaimed = unclaimed;
    c->any_spot = spot;
    c->moving = on_its_way;
    sources_pace(c);
}

int64_t source_stale_after_s(const struct controller *c, enum source s)
{
    int64_t polls = STALE_POLLS * rest_s(c, s);

    return polls > c->config->policy.stale_after ? polls : c->config->policy.stale_after;
}

/* One of the future is of a clock that was set back since: nobody knows how old it is. */
bool source_is_stale(const struct controller *c, enum source s)
{
    struct utc at = c->sources[s].last_ok;
    int64_t age = c->now.s - at.s;

    return at.s == 0 || age > source_stale_after_s(c, s) ||
           -age > c->config->policy.clock_step;
}

static int64_t jittered(struct controller *c, int64_t ms)
{
    return ms / 2 + rng_between(&c->rng, 0, ms / 2);
}

/* The reads of one provider share their retries: a host that fails for one fails for all.
 */
static int32_t *budget_of(struct controller *c, enum source s)
{
    if (is_aws(s))
        return &c->tokens[SOURCE_INSTANCES];
    return &c->tokens[s == SOURCE_BUILDS ? SOURCE_JENKINS : s];
}

/* Before the next poll, full jitter; a retry takes a token, a success gives a tenth back.
 */
static int64_t retry_ms(struct controller *c, const struct source_state *st,
                        const struct observation *o, int64_t every)
{
    int32_t *spent = budget_of(c, o->source);
    int64_t most = BACKOFF_FIRST_MS;

    SURE(st->failures < BREAKER_FAILURES);
    for (int32_t i = 0; i < st->failures; i++)
        most *= 2;
    if (st->failures > RETRIES || !err_is_retryable(o->err.code) ||
        *spent + TOKEN > BUDGET * TOKEN) {
        if (*spent + TOKEN > BUDGET * TOKEN)
            RH_PROBE("retry-budget-spent");
        return every > most ? every : most;
    }
    *spent += TOKEN;
    return rng_between(&c->rng, 1, most);
}

/* Most errors name their API themselves. */
static void name_api(const char *api, const char *text, char out[LINE_TEXT])
{
    bool named = str_starts(text, api);

    (void)str_format(out, LINE_TEXT, "%s%s%.140s", named ? "" : api, named ? "" : ": ",
                     text);
}

static void say_failed(struct controller *c, const struct observation *o)
{
    struct journal_entry *j = journal_begin(c, LEVEL_ERROR, "rushhour", "", "api");
    char line[LINE_TEXT];

    journal_blame(j, o->err.text, o->request_id);
    j->outcome = OUTCOME_FAILED;
    name_api(source_api(o->source), o->err.text, line);
    journal_say(c, j, "%s", line);
}

static void say_down(struct controller *c, const char *api, const char *text)
{
    char line[LINE_TEXT], alert[LINE_TEXT];

    name_api(api, text, line);
    (void)str_format(alert, sizeof(alert), "%.150s; what needs it waits: view 5", line);
    alert_raise(c, "", api, alert);
}

static void failed(struct controller *c, struct source_state *st,
                   const struct observation *o)
{
    int64_t wait;
    int64_t every = source_every_s(c, o->source) * 1000;

    if (every > BREAKER_MAX_MS)
        every = BREAKER_MAX_MS; /* who is asked once a day need not fail for a day */
    if (st->failures == 0)
        st->first_failure = c->mono;
    st->failures++;
    st->error_times[(size_t)st->n_error_times++ % ARRAY_LEN(st->error_times)] = c->now;
    if (st->failures == 1 || o->err.code != st->error.code)
        say_failed(c, o);
    st->error = o->err;
    (void)str_copy(st->error_request_id, sizeof(st->error_request_id), o->request_id);
    st->error_at = o->at;
    if (o->err.code == ERR_AUTH) {
        st->state = API_AUTH;
        wait = is_aws(o->source) ? AUTH_PROBE_AWS_MS : AUTH_PROBE_MS;
    } else if (st->failures >= BREAKER_FAILURES || RH_BUGGIFY("breaker-opens-early") ||
               c->mono.ms - st->first_failure.ms >= BREAKER_NO_SUCCESS_MS) {
        wait = BREAKER_FIRST_MS;
        for (int32_t i = BREAKER_FAILURES; i < st->failures && wait < BREAKER_MAX_MS; i++)
            wait *= 2;
        if (wait > BREAKER_MAX_MS)
            wait = BREAKER_MAX_MS;
        wait = jittered(c, wait);
        RH_PROBE("breaker-open");
        if (st->state != API_DOWN && source_decides(o->source))
            say_down(c, source_api(o->source), o->err.text);
        st->state = API_DOWN;
    } else {
        wait = retry_ms(c, st, o, every);
    }
    if (wait < o->retry_after_s * 1000)
        wait = o->retry_after_s * 1000;
    st->next.ms = c->mono.ms + wait;
    if (o->retry_after_s > 0)
        st->held_until = st->next;
}

static bool is_held(const struct controller *c, const struct source_state *st)
{
    return st->held_until.ms > c->mono.ms;
}

void sources_hold(struct controller *c, const char *api, int64_t retry_after_s)
{
    int64_t until = c->mono.ms + retry_after_s * 1000;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        struct source_state *st = &c->sources[i];

        if (!str_eq(source_api((enum source)i), api))
            continue;
        if (st->held_until.ms < until)
            st->held_until.ms = until;
        if (st->next.ms < until)
            st->next.ms = until;
    }
}

const char *sources_bar(const struct controller *c, const char *api)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct source_state *st = &c->sources[i];

        if (!st->configured || !source_decides((enum source)i) ||
            !str_eq(source_api((enum source)i), api))
            continue;
        if (st->state == API_DOWN)
            return "it is down";
        if (st->state == API_AUTH)
            return "it refuses the credentials";
        if (is_held(c, st))
            return "it asked to be left alone for a while";
    }
    return NULL;
}

/* A newer answer is known already, or this is that one once more and nobody has asked
 * since: an error that counted twice would be waited for twice. By stamps of a clock that
 * was not set back since. What comes out of a queue comes once. */
static bool is_outdated(const struct controller *c, const struct source_state *st,
                        const struct observation *o, bool asked)
{
    return o->source != SOURCE_QUEUE && st->heard.s <= c->now.s &&
           (o->at.s < st->heard.s ||
            (o->at.s == st->heard.s && o->err.code != ERR_OK && !asked));
}

/* Takes the observation over. */
void sources_take(struct controller *c, struct observation *o)
{
    struct source_state *st = &c->sources[o->source];
    bool asked = st->in_flight;

    SURE(o->source < SOURCE_COUNT);
    st->in_flight = false;
    st->asked_once = true;
    st->latency_ms = o->took_ms;
    st->latencies_ms[st->n_latencies++ % FLEET_LATENCIES] =
        (int32_t)(o->took_ms < INT32_MAX ? o->took_ms : INT32_MAX);
    if (o->err.code == ERR_CANCELED) {
        observation_unref(o);
        return;
    }
    if (is_outdated(c, st, o, asked)) {
        RH_PROBE("older-picture-dropped");
        observation_unref(o);
        return;
    }
    st->heard = o->at;
    (void)str_copy(st->request_id, sizeof(st->request_id), o->request_id);
    if (o->err.code != ERR_OK) {
        failed(c, st, o);
        observation_unref(o);
        return;
    }
    if (st->failures > 0)
        journal_say(c, journal_begin(c, LEVEL_INFO, "rushhour", "", "api"),
                    "%s: answers again after %d failure%s", source_api(o->source),
                    st->failures, st->failures == 1 ? "" : "s");
    st->failures = 0;
    st->state = API_OK;
    if (*budget_of(c, o->source) > 0)
        --*budget_of(c, o->source);
    st->next.ms = c->mono.ms + source_every_s(c, o->source) * 1000;
    observation_unref(st->good);
    st->good = o;
    st->last_ok = o->at;
    if (o->source == SOURCE_VSPHERE)
        merge_owners(c, &o->as.vsphere);
    if (o->source == SOURCE_INSTANCES)
        instances_owners(c, &o->as.instances);
    if (o->source == SOURCE_PRICES)
        costs_prices(c, o);
    if (o->source == SOURCE_PRICELIST)
        costs_pricelist(c, o);
    if (o->source == SOURCE_QUEUE)
        warnings_take(c, &o->as.queue);
    if (o->source == SOURCE_JENKINS)
        builds_seen(c, o);
    if (o->source == SOURCE_BUILDS) {
        builds_history(c, o);
        requeue_history(c, o);
    }
}

/* A change is expected there: ask soon instead of at the next poll. A source that fails
 * keeps its back-off. */
void sources_hurry(struct controller *c, enum source s)
{
    struct source_state *st = &c->sources[s];

    if (st->failures == 0 && !is_held(c, st) && st->next.ms > c->mono.ms + HURRY_MS)
        st->next.ms = c->mono.ms + HURRY_MS;
}

void sources_hurry_all(struct controller *c)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        sources_hurry(c, (enum source)i);
}

static void add_hint(struct poll_hints *h, const char *id)
{
    if (id[0] == '\0' || h->n == HINT_IDS || (h->n > 0 && RH_BUGGIFY("fewer-hints")))
        return;
    for (size_t i = 0; i < h->n; i++) {
        if (str_eq(h->ids[i], id))
            return;
    }
    (void)str_copy(h->ids[h->n++], ID_TEXT, id);
}

/* From where on the history is to be read at a start: the month, and what passed before
 * it while nobody read along, as far as AWS still tells. */
static struct utc prices_gap(const struct controller *c)
{
    enum { TOLD_S = 90 * 86400 };
    int64_t from = c->month_start.s;

    if (c->prices_until.s != 0 && c->prices_until.s < from)
        from = c->prices_until.s;
    return (struct utc){from < c->now.s - TOLD_S ? c->now.s - TOLD_S : from};
}

/* No listing by tag has it: asked for by its id it may be there all the same (aws-api
 * 4.2). */
static bool by_id_alone(const struct controller *c, struct instance_facts *f)
{
    const struct observation *o = c->sources[SOURCE_INSTANCES].good;
    const struct seen_instance *in =
        o != NULL ? instance_listed(&o->as.instances, f) : NULL;

    return in == NULL || !str_eq(in->deployment, c->config->deployment);
}

/* The others are asked for everything. */
static bool has_ids(enum source s)
{
    return s == SOURCE_INSTANCES || s == SOURCE_SPOT || s == SOURCE_VELOSTRATA;
}

/* A large fleet is asked for in turn, so many a poll as fit; first: those alone that
 * nothing else tells of. */
static void hint_ids(struct controller *c, enum source s, struct poll_hints *h,
                     bool first)
{
    for (size_t n = 0; n < c->n_servers && h->n < HINT_IDS; n++) {
        size_t i = (c->sources[s].turn + n) % c->n_servers;
        struct server_state *sv = &c->servers[i];
        struct server_facts *f = &sv->facts;

        c->sources[s].turn_next = (i + 1) % c->n_servers;
        if (s == SOURCE_VELOSTRATA && sv->has_move)
            add_hint(h, sv->move.task);
        if (s != SOURCE_VELOSTRATA && (!first || by_id_alone(c, &f->instance)))
            add_hint(h, f->instance.id);
        if (s == SOURCE_INSTANCES && (!first || by_id_alone(c, &f->leaving)))
            add_hint(h, f->leaving.id);
    }
}

static void fill_hints(struct controller *c, enum source s, struct poll_hints *h)
{
    h->n = h->n_jobs = h->n_detailed =
        0; /* what is behind them means nothing and need not be cleared */
    h->moving = c->moving;
    h->since = (struct utc){0};
    h->batch = c->batch_handled;
    if (s == SOURCE_INSTANCES)
        hint_ids(c, s, h, true);
    if (has_ids(s))
        hint_ids(c, s, h, false);
    c->sources[s].turn = c->sources[s].turn_next;
    h->open_requests = s == SOURCE_SPOT && c->launches &&
                       c->now.s - c->requests_asked.s >= REQUESTS_EVERY_S;
    if (h->open_requests)
        c->requests_asked = c->now;
    if (s == SOURCE_BUILDS) {
        requeue_hints(c, h);
        builds_hints(c, h);
    }
    if (s == SOURCE_PRICES) {
        h->since = c->sources[s].good != NULL ? c->sources[s].good->at : prices_gap(c);
        h->since.s -= 3600; /* a little overlap costs nothing and loses no change */
    }
}

bool source_is_needed(const struct controller *c, enum source s)
{
    return c->sources[s].configured && (s != SOURCE_SPOT || c->any_spot || c->launches) &&
           (s != SOURCE_BUILDS || c->builds.n > 0 || requeue_is_open(c));
}

/* When it is to be asked. A faster rhythm begins at once, not after the slow wait that
 * was set before. */
static int64_t due_ms(const struct controller *c, enum source s)
{
    const struct source_state *st = &c->sources[s];
    int64_t soon = st->sent.ms + source_every_s(c, s) * 1000 + st->latency_ms;

    return st->failures == 0 && !is_held(c, st) && st->asked_once && st->next.ms > soon
               ? soon
               : st->next.ms;
}

static bool is_awaited(const struct controller *c, enum source s)
{
    const struct source_state *st = &c->sources[s];

    return s == SOURCE_LOCK || /* its keeper asks by itself */
           (st->in_flight && c->mono.ms - st->sent.ms < LOST_POLL_MS);
}

static void ask(struct controller *c, enum source s)
{
    struct source_state *st = &c->sources[s];
    struct poll_request *p = &c->fx->polls[c->fx->n_polls++];

    SURE(st->configured && c->fx->n_polls <= SOURCE_COUNT);
    if (st->state == API_DOWN)
        RH_PROBE("breaker-half-open");
    st->in_flight = true;
    st->sent = c->mono;
    p->source = s;
    fill_hints(c, s, &p->hints);
}

void sources_schedule(struct controller *c)
{
    (void)warnings_handled(c); /* polls tell the queue */
    sources_watch(c);
    c->fx->next_due.ms = INT64_MAX;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        enum source s = (enum source)i;
        int64_t due;

        if (s == SOURCE_LOCK || !source_is_needed(c, s))
            continue;
        due = is_awaited(c, s) ? c->sources[i].sent.ms + LOST_POLL_MS : due_ms(c, s);
        if (due <= c->mono.ms)
            ask(c, s);
        else if (due < c->fx->next_due.ms)
            c->fx->next_due.ms = due;
    }
    if (c->fx->next_due.ms < c->fx->next_wake.ms)
        c->fx->next_wake = c->fx->next_due;
}

void sources_ask(struct controller *c, bool all)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        enum source s = (enum source)i;
        int64_t early;

        if (!source_is_needed(c, s) || is_awaited(c, s))
            continue;
        early = c->sources[i].failures > 0 ? 0
                : all                      ? NEWS_MS
                                           : source_every_s(c, s) * 500;
        if (due_ms(c, s) - early <= c->mono.ms)
            ask(c, s);
    }
}
