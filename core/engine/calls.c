#include <config.h>

#include "core/engine/parts.h"

#include "core/base/sha256.h"
#include "core/base/str.h"

#include <string.h>

/* Beyond the longest that any call may take: a vSphere task is followed for ten minutes.
 */
enum { ANSWER_MAX_MS = 20 * 60 * 1000 };

bool call_is_open(const struct controller *c, const char *server)
{
    for (size_t i = 0; c->n_calls_open > 0 && i < MAX_CALLS_OPEN; i++) {
        if (c->calls[i].open && str_eq(c->calls[i].call.server, server))
            return true;
    }
    return false;
}

/* reliability 6: the same for whoever plans this launch, another one for each attempt.
 * What wants the cloud since when: a hold, the window, an order. */
static int64_t launch_start(const struct controller *c, const struct server_state *s)
{
    struct schedule_at at = schedule_at(&c->schedule, c->now);

    if (s->hold.place == PLACE_CLOUD)
        return s->hold.at.s;
    if (at.has_window)
        return at.window.start.s;
    return s->order.place == PLACE_CLOUD ? s->order.at.s : s->move.started.s;
}

/* Each one later than all before it: back to a window that had launches before a hold, or
 * before a clock was set back, they are counted on, as a token of theirs is used up. */
static void launch_name(struct server_state *s, int64_t start)
{
    if (start > s->launch_start) {
        s->launch_start = start;
        s->launch_attempt = 0;
    } else if (start < s->launch_start) {
        RH_PROBE("launch-of-what-wanted-it-before");
    }
    s->launch_attempt++;
}

static void make_token(struct controller *c, struct call *call)
{
    enum { DIGITS = 48 };
    struct server_state *s = server_find(c, call->server);
    unsigned char digest[SHA256_BYTES];
    char text[LINE_TEXT], hex[SHA256_HEX];

    SURE(s != NULL); /* only a move launches */
    if (!call->run.again) {
        launch_name(s, launch_start(c, s));
        setting_store_numbers(c, server_key(s, "launch").text,
                              (int64_t[]){s->launch_start, s->launch_attempt}, 2);
    }
    if (call->run.again)
        RH_PROBE("launch-asked-again-by-its-token");
    (void)str_format(text, sizeof(text), "%s\n%s\n%lld\n%lld", c->config->deployment,
                     s->config->name, (long long)s->launch_start,
                     (long long)s->launch_attempt);
    sha256(text, strlen(text), digest);
    (void)str_format(call->run.token, sizeof(call->run.token), "rh1-%.*s", DIGITS,
                     sha256_hex(digest, hex));
    call->run.start = s->launch_start;
    call->run.attempt = s->launch_attempt;
}

const char *call_waits(const struct controller *c, const char *api)
{
    int32_t open = 0;

    for (size_t i = 0; c->n_calls_open > 0 && i < MAX_CALLS_OPEN; i++) {
        if (c->calls[i].open && str_eq(call_api(c->calls[i].call.kind), api))
            open++;
    }
    if (open >= call_most_at_once(api) || (open > 0 && RH_BUGGIFY("one-call-at-a-time")))
        return "other calls are under way";
    return sources_bar(c, api);
}

/* What its VM at home was told: readings from before are older, also after a restart. */
static void note_power(struct controller *c, struct server_state *s, enum call_kind kind)
{
    struct server_facts *f = &s->facts;

    if (kind == CALL_VM_POWER_ON) {
        f->told_off.s = 0;
        f->switched_on = c->now;
    } else if (kind == CALL_VM_SHUTDOWN || kind == CALL_VM_POWER_OFF)
        f->told_off = c->now;
    else
        return;
    setting_store_numbers(c, server_key(s, "told").text,
                          (int64_t[]){f->told_off.s, f->switched_on.s}, 2);
}

/* The intent is among the records of this step, and those are on disk before the call is
 * made. */
bool call_send(struct controller *c, const struct call *call, const char *actor,
               const char *why)
{
    struct call_slot *slot = NULL;
    struct record *r;
    struct call *out;
    struct journal_entry *j;
    struct call made = *call;
    struct server_state *s = server_find(c, call->server);

    SURE(c->fx != NULL && call->kind < CALL_COUNT);
    SURE(call->target[0] != '\0');
    if (acts_forbidden(c))
        return false;
    for (size_t i = 0; i < MAX_CALLS_OPEN && slot == NULL; i++) {
        if (!c->calls[i].open)
            slot = &c->calls[i];
    }
    if (slot == NULL || call_is_open(c, call->server) || recovering(c, call->server) ||
        launch_stops(c, call->kind) || call_waits(c, call_api(call->kind)) != NULL)
        return false;
    if (RH_BUGGIFY("call-put-off")) {
        sources_hurry_all(c);
        return false;
    }
    if (call->kind == CALL_LAUNCH)
        make_token(c, &made);
    r = effects_record(c->fx, RECORD_INTENT);
    if (r == NULL)
        return false;
    r->at = c->now;
    r->as.intent = made;
    r->as.intent.id = c->next_call_id;
    if (s != NULL)
        r->as.intent.owed = home_owed(s);
    if (call->kind == CALL_NODE_OPEN)
        (void)str_format(r->as.intent.nonce, sizeof(r->as.intent.nonce), "%016llx",
                         (unsigned long long)rng_next(&c->rng));
    out = effects_call(c->fx);
    if (out == NULL) {
        c->fx->n_records--;
        return false;
    }
    *out = c->fx->records[c->fx->n_records - 1].as.intent;
    SURE(!slot->open && out->id == c->next_call_id);
    SURE(call->kind != CALL_LAUNCH || out->run.token[0] != '\0');
    SURE(call->kind != CALL_NODE_OPEN || out->nonce[0] != '\0');
    c->next_call_id++;
    *slot = (struct call_slot){.open = true, .call = *out, .sent = c->mono};
    c->n_calls_open++;
    if (call->kind == CALL_NODE_OPEN && s != NULL)
        s->facts.opened = c->now;
    if (s != NULL)
        note_power(c, s, call->kind);
    j = journal_begin(c, LEVEL_ACT, actor, call->server, call_word(call->kind));
    (void)str_copy(j->move, sizeof(j->move), call->move);
    (void)str_copy(j->reason, sizeof(j->reason), why);
    journal_say(c, j, "%s %s%s%s", call_word(call->kind), call->target,
                why[0] != '\0' ? ": " : "", why);
    return true;
}

/* What another server has already is no answer to this launch, whatever its tags say. */
static bool is_anothers(struct controller *c, const struct server_state *s,
                        const char *id)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *other = &c->servers[i];

        if (other == s || !str_eq(other->facts.instance.id, id))
            continue;
        journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", s->config->name, "adopt"),
                    "instance %s is what %.60s has: it is not its own", id,
                    other->config->name);
        return true;
    }
    return false;
}

/* Believed before any listing shows it (aws-api 4.2). */
static void note_launch(struct controller *c, struct server_state *s,
                        const struct call *call, const char *id)
{
    struct instance_facts *in = &s->facts.instance;

    if (is_anothers(c, s, id)) {
        s->last.outcome = OUTCOME_UNKNOWN;
        return;
    }
    instance_claim(c, s, id);
    (void)str_copy(in->type, sizeof(in->type), call->run.instance_type);
    (void)str_copy(in->eni, sizeof(in->eni), call->run.eni);
    in->lifecycle = call->run.spot ? LIFECYCLE_SPOT : LIFECYCLE_ON_DEMAND;
    in->launched = c->now;
    in->running = in->pending = true;
}

/* A launch was asked for again by its token, and EC2 has not said no to that: what became
 * of the first is as unknown as before. */
static bool says_nothing(const struct call *call, const struct call_result *r)
{
    enum err_code code = r->err.code;

    return call->kind == CALL_LAUNCH && call->run.again && r->outcome == OUTCOME_FAILED &&
           code != ERR_CAPACITY && code != ERR_CONFLICT && code != ERR_REFUSED &&
           code != ERR_NOT_FOUND;
}

const struct call *call_result(struct controller *c, const struct call_result *told)
{
    struct call_result known = *told, *r = &known;
    struct call_slot *slot = NULL;
    struct server_state *s;
    struct record *rec;

    for (size_t i = 0; i < MAX_CALLS_OPEN && slot == NULL; i++) {
        if (c->calls[i].open && c->calls[i].call.id == r->id)
            slot = &c->calls[i];
    }
    if (slot == NULL)
        return NULL; /* an answer that was given up on long ago */
    if (says_nothing(&slot->call, r)) {
        RH_PROBE("launch-asked-again-and-nobody-answers");
        r->outcome = OUTCOME_UNKNOWN;
    }
    SURE(c->n_calls_open > 0);
    slot->open = false;
    c->n_calls_open--;
    if (r->retry_after_s > 0) {
        RH_PROBE("api-wants-to-be-left-alone");
        sources_hold(c, call_api(slot->call.kind), r->retry_after_s);
    }
    rec = effects_record(c->fx, RECORD_OUTCOME);
    if (rec != NULL) {
        rec->at = c->now;
        rec->as.outcome = *r;
    }
    if (r->outcome == OUTCOME_DONE) {
        struct journal_entry *j = journal_begin(
            c, LEVEL_DEBUG, "rushhour", slot->call.server, call_word(slot->call.kind));

        j->outcome = r->outcome;
        (void)str_copy(j->move, sizeof(j->move), slot->call.move);
        journal_say(c, j, "%s %s: done%s%s", call_word(slot->call.kind),
                    slot->call.target, r->detail[0] != '\0' ? ", " : "", r->detail);
    } else {
        struct journal_entry *j = journal_begin(
            c, LEVEL_WARN, "rushhour", slot->call.server, call_word(slot->call.kind));

        j->outcome = r->outcome;
        (void)str_copy(j->move, sizeof(j->move), slot->call.move);
        journal_blame(j, r->err.text, r->request_id);
        journal_say(c, j, "%s %s: %s%s", call_word(slot->call.kind), slot->call.target,
                    r->err.text,
                    r->outcome == OUTCOME_UNKNOWN ? "; looking what became of it" : "");
    }
    s = server_find(c, slot->call.server);
    if (s != NULL) {
        if (s->has_move && str_eq(s->move.id, slot->call.move)) {
            s->last = *r;
            s->last.at = c->now;
            s->last_kind = slot->call.kind;
            s->has_last = true;
            if (slot->call.kind == CALL_LAUNCH && r->outcome == OUTCOME_DONE)
                note_launch(c, s, &slot->call, r->detail);
            if (r->detail[0] != '\0' && r->outcome == OUTCOME_DONE &&
                str_eq(call_api(slot->call.kind), "velostrata"))
                (void)str_copy(s->move.task, sizeof(s->move.task), r->detail);
        } else if (slot->call.kind == CALL_BUILD_QUEUE ||
                   slot->call.kind == CALL_BUILD_STOP) {
            requeue_result(c, &slot->call, r);
        } else if (slot->call.kind == CALL_INTERFACE_KEEP) {
            interface_answer(c, s, r);
        } else {
            s->keep_failures = r->outcome == OUTCOME_DONE ? 0 : s->keep_failures + 1;
            s->keep_at.ms = c->mono.ms + (r->outcome == OUTCOME_DONE ? 1000 : 30000);
        }
    } else if (slot->call.kind == CALL_EXTENSION_START ||
               slot->call.kind == CALL_EXTENSION_STOP) {
        c->extension.has_last = true;
        c->extension.last = *r;
        c->extension.last.at = c->now;
        c->extension.last_kind = slot->call.kind;
    }
    return &slot->call;
}

/* Every call is answered, if only by its time limit; should one be lost all the same, the
 * server must not wait for ever. */
void calls_expire(struct controller *c)
{
    for (size_t i = 0; c->n_calls_open > 0 && i < MAX_CALLS_OPEN; i++) {
        struct call_result r = {.id = c->calls[i].call.id, .outcome = OUTCOME_UNKNOWN};

        if (!c->calls[i].open || c->mono.ms - c->calls[i].sent.ms < ANSWER_MAX_MS)
            continue;
        (void)err_set(&r.err, ERR_TIMEOUT, "no answer came");
        (void)call_result(c, &r);
    }
}
