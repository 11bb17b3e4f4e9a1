#include <config.h>

#include "core/engine/parts.h"

#include "core/base/sha256.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

/* Ticks further apart than this are compared for the clock gate; closer ones say too
 * little, but for a step. */
enum { WAKE_MAX_MS = 5000 };
enum { EARLY_MS = 500, LATE_MS = 2000 }; /* of the campaign's own making */

/* Secrets are not in it, only where they come from. */
static void take_fingerprint(struct controller *c)
{
    enum { CONFIG_TEXT_BYTES = 8 * 1024 * 1024 };
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX];
    struct strbuf b;

    strbuf_init(&b, CONFIG_TEXT_BYTES);
    config_print(c->config, &b);
    sha256(strbuf_text(&b), b.len, digest);
    strbuf_clear(&b);
    (void)str_copy(c->fingerprint, sizeof(c->fingerprint), sha256_hex(digest, hex));
}

/* What was under way when the last controller ended, by kill or by quit. */
static void load_moves(struct controller *c, const struct store_state *state)
{
    for (size_t i = 0; i < state->n_moves; i++) {
        struct server_state *s = server_find(c, state->moves[i].server);
        enum step step;
        int32_t n;

        if (s == NULL)
            continue;
        s->move = state->moves[i];
        s->has_move = true;
        (void)mover_steps(server_mover(s), s->move.direction, &n);
        if (s->move.step >= n)
            s->move.step = n - 1;
        step = mover_steps(server_mover(s), s->move.direction, &n)[s->move.step].step;
        if (s->move.direction == DIRECTION_BACK)
            s->owed_home = false; /* the way home pays it */
        if (s->move.committed && s->move.calls > 0) {
            /* The call that commits was made in this step: it is looked up, never
             * repeated. */
            RH_PROBE("resumed-past-the-commit-point");
            s->has_last = true;
            s->last = (struct call_result){.outcome = OUTCOME_UNKNOWN,
                                           .at = s->move.last_call_at};
            s->last_kind = step == STEP_RUN         ? CALL_RUN_IN_CLOUD
                           : step == STEP_RETURN    ? CALL_RETURN
                           : step == STEP_LAUNCH    ? CALL_LAUNCH
                           : step == STEP_TERMINATE ? CALL_TERMINATE
                                                    : CALL_COUNT;
        }
    }
    for (size_t i = 0; i < state->n_intents; i++) {
        const struct stored_intent *in = &state->intents[i];
        struct server_state *s = server_find(c, in->call.server);

        RH_PROBE("intent-without-an-outcome");
        recover_add(c, &in->call);
        if (in->call.server[0] == '\0' && c->extension.has_last)
            c->extension.last.at = c->now;
        if (s != NULL && s->has_move && str_eq(s->move.id, in->call.move)) {
            s->has_last = true;
            s->last = (struct call_result){
                .id = in->call.id, .outcome = OUTCOME_UNKNOWN, .at = c->now};
            s->last_kind = in->call.kind;
        }
    }
}

static void load_state(struct controller *c, const struct store_state *state)
{
    c->next_call_id = state->next_call_id > 0 ? state->next_call_id : 1;
    c->next_move_id = state->next_move_id > 0 ? state->next_move_id : 1;
    c->next_segment_id = state->next_segment_id > 0 ? state->next_segment_id : 1;
    c->setting = c->config->policy.auto_first;
    if (state->lost) {
        c->setting = AUTO_DRY_RUN;
        store_is_lost(c, state->aside);
    }
    for (size_t i = 0; i < state->n_settings; i++)
        setting_load(c, &state->settings[i]);
    c->lease.state_id_kept = c->lease.state_id[0] != '\0';
    if (c->lease.shared && !c->lease.state_id_kept)
        (void)str_format(c->lease.state_id, sizeof(c->lease.state_id), "%.40s-%016llx",
                         c->host, (unsigned long long)rng_next(&c->rng));
    for (size_t i = 0; i < state->n_holds; i++) {
        struct server_state *s = server_find(c, state->holds[i].server);

        if (s == NULL || (state->holds[i].hold.place != PLACE_ONPREM &&
                          state->holds[i].hold.place != PLACE_CLOUD))
            continue; /* written by hand */
        s->hold = state->holds[i].hold;
        s->hold.over_budget = s->hold.at.s != 0 && s->hold.at.s == s->over_budget_at.s;
    }
    load_moves(c, state);
    for (size_t i = 0; i < state->n_journal && c->n_events < FLEET_EVENTS; i++) {
        if (state->journal[i].level != LEVEL_DEBUG)
            c->events[c->n_events++] = state->journal[i];
    }
    c->events_total = state->journal_total;
    costs_load(c, state);
}

/* A server that may run in several zones has a node in each. */
static bool zone_nodes_new(struct server_state *s)
{
    const struct server_config *k = s->config;

    if (k->n_zones == 0)
        return true;
    s->zone_nodes = calloc(1 + k->n_zones, sizeof(*s->zone_nodes));
    if (s->zone_nodes == NULL)
        return false;
    (void)str_copy(s->zone_nodes[0].name, NAME_TEXT, k->cloud_node);
    for (size_t i = 0; i < k->n_zones; i++)
        (void)str_copy(s->zone_nodes[i + 1].name, NAME_TEXT, k->zones[i].cloud_node);
    return true;
}

enum err_code controller_new(const struct controller_options *o,
                             const struct store_state *state, struct utc now,
                             struct mono mono, struct controller **out, struct err *e)
{
    struct controller *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return err_set(e, ERR_NOMEM, "controller: out of memory");
    c->config = o->config;
    c->tz = o->tz;
    rng_seed(&c->rng, o->seed);
    c->dry_run = o->dry_run;
    c->observe = o->observe;
    c->orders_only = o->orders_only;
    c->lease.shared = o->shared_lock;
    c->without_texts = o->without_texts;
    (void)str_copy(c->host, sizeof(c->host), o->host);
    (void)str_copy(c->user, sizeof(c->user), o->user);
    c->pid = o->pid;
    c->started = c->now = now;
    c->mono = mono;
    c->clock_utc = now;
    c->clock_mono = mono;
    c->store_ok = true;
    c->lead_s = o->config->policy.lead_auto ? LEAD_UNTAUGHT_S : o->config->policy.lead;
    c->n_servers = o->config->n_servers;
    c->servers = calloc(c->n_servers + 1, sizeof(*c->servers));
    c->plan_servers = calloc(c->n_servers + 1, sizeof(*c->plan_servers));
    c->plan_outs = calloc(c->n_servers + 1, sizeof(*c->plan_outs));
    if (c->servers == NULL || c->plan_servers == NULL || c->plan_outs == NULL) {
        controller_free(c);
        return err_set(e, ERR_NOMEM, "controller: out of memory");
    }
    c->plan.servers = c->plan_outs;
    c->extension.start_took_s = 240;
    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_state *s = &c->servers[i];

        s->config = &o->config->servers[i];
        s->mover = mover_of(s->config);
        SURE(s->mover != NULL); /* a configuration names one of the table */
        s->auto_on = true;
        s->facts.ready_permille = s->facts.costop_permille = -1;
        s->facts.opened = now; /* the last run may have done so right before its end */
        (void)str_copy(s->facts.onprem.name, NAME_TEXT, s->config->onprem_node);
        (void)str_copy(s->facts.cloud.name, NAME_TEXT, s->config->cloud_node);
        if (!zone_nodes_new(s)) {
            controller_free(c);
            return err_set(e, ERR_NOMEM, "controller: out of memory");
        }
    }
    for (size_t i = 0; i < HOST_HISTORY; i++)
        c->host_facts.history[i] = c->host_facts.ready_history[i] = -1;
    c->host_facts.peak_permille = -1;
    c->host_facts.ready_permille = c->host_facts.costop_permille = -1;
    if (requeue_load(c, state, e) != ERR_OK || builds_load(c, state, e) != ERR_OK) {
        controller_free(c);
        return e->code;
    }
    take_fingerprint(c);
    load_state(c, state);
    sources_init(c);
    controller_sound(c); /* as it is read back */
    *out = c;
    return ERR_OK;
}

void controller_free(struct controller *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        observation_unref(c->sources[i].good);
    for (size_t i = 0; i < c->n_series; i++)
        free(c->series[i].steps);
    builds_free(c);
    requeue_free(c);
    free(c->segments);
    for (size_t i = 0; c->servers != NULL && i < c->n_servers; i++)
        free(c->servers[i].zone_nodes);
    free(c->servers);
    free(c->plan_servers);
    free(c->plan_outs);
    free(c);
}

void controller_set_auto(struct controller *c, enum auto_setting s, struct utc now)
{
    if (c->store_lost)
        return; /* a person has to look first */
    c->setting = s;
    c->auto_since = now;
    (void)str_copy(c->auto_by, sizeof(c->auto_by), c->user);
}

/* Nobody knows what the lost store had begun: what runs is adopted, nothing is done until
 * a person has looked (reliability 6). */
static void tell_lost(struct controller *c)
{
    char text[LINE_TEXT];

    if (!c->store_lost || c->lost_told)
        return;
    c->lost_told = true;
    setting_store(c, "lost", c->store_aside[0] != '\0' ? c->store_aside : "1");
    setting_store(c, "auto", auto_setting_word(c->setting));
    (void)str_format(text, sizeof(text),
                     "the state was %s%s: dry-run, what runs is adopted; look at it, "
                     "then `auto on`",
                     c->store_aside[0] != '\0' ? "damaged and set aside as " : "lost",
                     c->store_aside);
    alert_raise(c, "", "store", text);
}

/* Who becomes the one that acts looks first, as after a start: others acted meanwhile. */
static void take_lease(struct controller *c, const struct event *ev)
{
    bool held = ev->as.lease.held, was = c->lease.held, first = !c->lease.known;
    const char *holder = ev->as.lease.holder;

    if (held && !was) {
        journal_say(c, journal_begin(c, LEVEL_INFO, "rushhour", "", "lock"),
                    "the shared lock is ours (epoch %lld): this instance acts",
                    (long long)ev->as.lease.epoch);
        if (!first)
            sources_restart(c);
    } else if (!held && was) {
        alert_raise(c, "", "lock",
                    ev->as.lease.failing
                        ? "etcd does not answer: the shared lock may be another's soon, "
                          "nothing is started"
                        : "the shared lock is lost: nothing is started");
    }
    if (holder[0] != '\0' && !str_eq(holder, c->lease.holder))
        journal_say(c, journal_begin(c, LEVEL_INFO, "rushhour", "", "lock"),
                    "%s has the shared lock: this instance looks on", holder);
    if (ev->as.lease.last_call[0] != '\0')
        journal_say(c, journal_begin(c, LEVEL_INFO, "rushhour", "", "lock"),
                    "last call by the holders of the shared lock: %s",
                    ev->as.lease.last_call);
    c->lease.known = true;
    c->lease.others =
        c->lease.others || holder[0] != '\0' || ev->as.lease.last_call[0] != '\0';
    c->lease.held = held;
    c->lease.failing = ev->as.lease.failing;
    if (held)
        c->lease.epoch = ev->as.lease.epoch;
    (void)str_copy(c->lease.holder, sizeof(c->lease.holder), holder);
}

/* What a call has changed is looked at soon. */
static void poll_after(struct controller *c, const struct call *call)
{
    if (call == NULL)
        return;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (str_eq(source_api((enum source)i), call_api(call->kind)))
            sources_hurry(c, (enum source)i);
    }
}

static void take_event(struct controller *c, const struct event *ev)
{
    switch (ev->kind) {
    case EVENT_TICK:
        break;
    case EVENT_OBSERVATION:
        sources_take(c, ev->as.observation);
        c->fx->changed = true;
        break;
    case EVENT_LOOK:
        for (size_t i = 0; i < ev->as.look.n; i++)
            sources_take(c, ev->as.look.all[i]);
        c->fx->changed = true;
        break;
    case EVENT_RESULT:
        poll_after(c, call_result(c, &ev->as.result));
        c->fx->changed = true;
        break;
    case EVENT_COMMAND:
        command_take(c, &ev->as.command.command, ev->as.command.stored);
        c->fx->changed = true;
        break;
    case EVENT_STOP:
        c->stopping = true;
        break;
    case EVENT_LEASE:
        take_lease(c, ev);
        c->fx->changed = true;
        break;
    case EVENT_ACTED:
        takeover_take(c, ev);
        break;
    case EVENT_WISH:
        takeover_wish(c, ev);
        c->fx->changed = true;
        break;
    case EVENT_CONFIG:
        config_take(c, ev->as.config);
        c->fx->changed = true;
        break;
    case EVENT_STORE:
        if (c->store_ok && !ev->as.store.ok)
            RH_PROBE("store-fails");
        /* Why it fails, once; then what of that time is lost. */
        if ((c->store_ok || ev->as.store.ok) && ev->as.store.text[0] != '\0')
            alert_raise(c, "", "store", ev->as.store.text);
        if (!c->disk_full && ev->as.store.tight)
            alert_raise(c, "", "disk",
                        "the disk is full: nothing is launched, ways home go on");
        replies_written(c, ev->as.store.ok);
        c->store_ok = ev->as.store.ok;
        c->disk_full = ev->as.store.tight;
        (void)str_copy(c->store_text, sizeof(c->store_text), ev->as.store.text);
        c->fx->changed = true;
        break;
    }
}

/* When something is to be done although nobody says anything: a source is due, the
 * schedule or a hold changes, a gate opens, a move comes to a time limit. */
static struct mono next_due(const struct controller *c, struct mono sources)
{
    int64_t at = c->plan.next_at.s > c->now.s ? c->plan.next_at.s : INT64_MAX;

    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];
        int64_t until = s->decision.gate_until.s;

        if (until > c->now.s && until < at)
            at = until;
        until =
            s->has_move
                ? mover_next_limit(c->config, s->config, &s->facts, &s->move, c->now).s
                : 0;
        if (until != 0 && until < at)
            at = until;
    }
    if (at != INT64_MAX && c->mono.ms + (at - c->now.s) * 1000 < sources.ms)
        sources.ms = c->mono.ms + (at - c->now.s) * 1000;
    sources.ms =
        c->look_soon || RH_BUGGIFY("wakes-early") ? c->mono.ms + EARLY_MS : sources.ms;
    if (sources.ms != INT64_MAX && RH_BUGGIFY("wakes-late"))
        sources.ms += LATE_MS;
    return sources;
}

void controller_step(struct controller *c, const struct event *ev, struct effects *fx)
{
    SURE(c->fx == NULL); /* no step within a step */
    effects_reset(fx);
    c->fx = fx;
    c->now = ev->now;
    c->mono = ev->mono;
    c->look_soon = false;
    fx->next_wake.ms = c->mono.ms + WAKE_MAX_MS;
    clock_watch(c);
    schedule_refresh(c);
    take_event(c, ev);
    c->reply_fresh = ev->kind == EVENT_COMMAND;
    unclaimed_first(c);
    tell_lost(c);
    state_id_keep(c);
    config_note(c);
    calls_expire(c);
    merge_all(c);
    recover_all(c);
    react_all(c);
    pressure_follow(c);
    decide_all(c);
    moves_advance(c);
    costs_follow(c);
    offerings_follow(c);
    sources_schedule(c);
    fx->next_due = next_due(c, fx->next_due);
    controller_sound(c);
    c->fx = NULL;
}

void controller_ask(struct controller *c, struct mono now, bool all, struct effects *fx)
{
    c->fx = fx;
    c->mono = now;
    fx->n_polls = 0;
    sources_ask(c, all);
    c->fx = NULL;
}

struct controller_server controller_server(const struct controller *c, size_t i)
{
    const struct server_state *s = &c->servers[i];

    return (struct controller_server){
        .facts = &s->facts,
        .decision = &s->decision,
        .moving = s->has_move,
        .manual = s->has_move && s->move.manual,
        .forced = s->has_move && s->move.force,
        .late = s->has_move && s->late_told,
        .drain_deadline = s->has_move ? s->move.drain_deadline : (struct utc){0},
        .move = s->has_move ? &s->move : NULL,
        .hold = &s->hold,
        .automatic = automation_on(c, s),
        .ordered = s->order.place != PLACE_UNKNOWN,
        .failures = s->failures,
        .retry_at = s->retry_at};
}

bool controller_is_idle(const struct controller *c)
{
    for (size_t i = 0; i < MAX_CALLS_OPEN; i++) {
        if (c->calls[i].open)
            return false;
    }
    for (size_t i = 0; i < c->n_servers; i++) {
        if (c->servers[i].has_move || c->servers[i].order.place != PLACE_UNKNOWN)
            return false;
    }
    return !c->extension.start_ordered && !c->extension.stop_ordered;
}

bool controller_has_looked(const struct controller *c)
{
    if (c->lease.shared && !c->lease.known)
        return false;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct source_state *s = &c->sources[i];

        if (s->configured && i != SOURCE_SPOT && source_decides((enum source)i) &&
            s->last_ok.s == 0 && s->failures == 0)
            return false;
    }
    return true;
}
