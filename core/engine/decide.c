#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <string.h>

enum { EXTENSION_RETRY_S = 120, EXTENSION_LOST_S = 75, KEEP_EVERY_MS = 5000 };

static void fill_plan(struct controller *c, struct plan_in *in)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_state *s = &c->servers[i];
        struct plan_server *p = &c->plan_servers[i];

        *p = (struct plan_server){.name = s->config->name,
                                  .needs_extension = s->mover->uses_extension,
                                  .facts = &s->facts,
                                  .move = s->has_move ? &s->move : NULL,
                                  .hold = s->hold,
                                  .auto_on = s->auto_on,
                                  .snooze_until = s->snooze_until,
                                  .settled_since = s->settled_since,
                                  .retry_at = s->retry_at,
                                  .rerun_at = s->rerun_at,
                                  .breaker_open = breaker_is_open(c, s),
                                  .hold_ended = s->hold_ended,
                                  .auto_since = s->auto_since,
                                  .pressed_since = s->pressed_since,
                                  .commits_before_drain = s->mover->overlaps};
        if (!s->breaker_for_good)
            p->breaker_until = s->breaker_until;
        p->order.place = s->order.place;
        p->order.force = s->order.force;
        p->order.at = s->order.at;
    }
    *in = (struct plan_in){
        .policy = &c->config->policy,
        .schedule = &c->schedule,
        .tz = c->tz,
        .now = c->now,
        .setting = c->dry_run ? AUTO_DRY_RUN : c->setting,
        .snooze_until = c->snooze_until,
        .auto_since = c->auto_since,
        .config_since = c->config_since,
        .clock_ok = c->clock_bad_ticks == 0,
        .jenkins_quieting = c->jenkins_quieting,
        .auto_stop = c->config->velostrata.auto_stop,
        .extension = &c->extension.facts,
        .extension_idle_since = c->extension.idle_since,
        .extension_start_s = c->extension.start_took_s,
        .last_start = c->last_start,
        .pressure = {c->host_facts.stale ? -1 : c->host_facts.ready_permille,
                     c->pressure.above_since, c->pressure.below_since},
        .servers = c->plan_servers,
        .n = c->n_servers,
        .without_texts = c->without_texts};
    month_plan(c, in);
}

/* Texts are long, and mostly read as before. */
static void decision_take(struct decision *d, const struct decision *from)
{
    memcpy(d, from, offsetof(struct decision, reason_text));
    str_keep(d->reason_text, sizeof(d->reason_text), from->reason_text);
    str_keep(d->gate_text, sizeof(d->gate_text), from->gate_text);
}

/* A late way home that gives way to a way out: its agent never came, and is owed again
 * if nothing comes of that. */
static void begin_planned(struct controller *c, struct server_state *s,
                          const struct plan_server_out *out)
{
    if (call_is_open(c, s->config->name) || RH_BUGGIFY("start-put-off"))
        return;
    if (out->direction == DIRECTION_OUT && (c->disk_full || !move_is_possible(c, s)))
        return;
    if (s->has_move)
        move_gives_way(c, s);
    move_begin(c, s, out->direction, out->drain_deadline, false);
}

static void apply(struct controller *c, struct server_state *s,
                  const struct plan_server_out *out)
{
    enum place was = s->decision.desired;
    enum gate gate = s->decision.gate;

    decision_take(&s->decision, &out->decision);
    s->may_commit = out->may_commit;
    s->over_budget = out->over_budget;
    s->may_replace = out->may_replace;
    if (!c->orders_only) /* it has not looked */
        decided_tell(c, s);
    if (was != s->decision.desired || gate != s->decision.gate)
        c->fx->changed = true;
    if (hands_off(c, s)) {
        pressure_keep(c, s, out->pressed);
        return;
    }
    switch (out->act) {
    case PLAN_NONE:
        break;
    case PLAN_START:
        begin_planned(c, s, out);
        break;
    case PLAN_CANCEL:
        RH_PROBE("canceled-by-policy");
        move_end(c, s, MOVE_CANCELED, FAILURE_TRANSIENT,
                 s->decision.gate_text[0] != '\0' ? s->decision.gate_text
                                                  : s->decision.reason_text);
        break;
    }
    pressure_keep(c, s, out->pressed);
}

/* A call for the extension that is still to be believed: open, or answered a moment ago.
 */
static bool extension_call_pending(const struct controller *c)
{
    const struct extension_state_kept *x = &c->extension;

    if (call_is_open(c, ""))
        return true;
    if (!x->has_last)
        return false;
    if (x->last.outcome == OUTCOME_UNKNOWN)
        RH_PROBE("extension-answer-lost");
    if (x->last.outcome == OUTCOME_FAILED)
        return c->now.s - x->last_call_at.s < EXTENSION_RETRY_S;
    return c->now.s - x->last.at.s < EXTENSION_LOST_S || x->facts.as_of.s <= x->last.at.s;
}

static void extension_call(struct controller *c, enum call_kind kind, const char *actor,
                           const char *why)
{
    struct call call = {.kind = kind};

    if (extension_call_pending(c))
        return;
    (void)str_copy(call.target, sizeof(call.target),
                   c->config->velostrata.cloud_extension);
    if (call_send(c, &call, actor, why)) {
        c->extension.last_call = kind;
        c->extension.last_call_at = c->now;
        extension_store(c);
    }
}

/* Does it go, or wait for a slot and can go then? */
static bool goes_out(struct controller *c, const struct server_state *s)
{
    struct server_offers offers;

    return s->mover->uses_extension &&
           ((s->has_move && s->move.direction == DIRECTION_OUT) ||
            (s->decision.gate == GATE_SLOTS && s->decision.desired == PLACE_CLOUD &&
             offerings_left(c, s, &offers)));
}

/* The plan asks for it before anybody has looked whether there is an offering. */
static void start_extension(struct controller *c)
{
    char why[LINE_TEXT];

    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];

        if (!goes_out(c, s))
            continue;
        (void)str_format(why, sizeof(why),
                         "%s goes to the cloud and needs the cloud extension",
                         s->config->name);
        extension_call(c, CALL_EXTENSION_START, "policy", why);
        return;
    }
}

static void drive_extension(struct controller *c)
{
    struct extension_state_kept *x = &c->extension;
    bool stopped = x->facts.state == EXTENSION_STOPPED;
    bool active =
        x->facts.state == EXTENSION_ACTIVE || x->facts.state == EXTENSION_IMPAIRED;

    if (!x->facts.configured || x->facts.stale || acts_forbidden(c) || recovering(c, ""))
        return;
    if ((x->start_ordered && !stopped) ||
        /* An order to stop that cannot be carried out at once is not kept for later. */
        (x->stop_ordered && (!active || x->idle_since.s == 0))) {
        if (x->stop_ordered)
            RH_PROBE("extension-stop-raced");
        x->start_ordered = x->stop_ordered = false;
        extension_store(c);
    }
    if (x->start_ordered)
        extension_call(c, CALL_EXTENSION_START, x->ordered_by, "ordered by hand");
    else if (x->stop_ordered)
        extension_call(c, CALL_EXTENSION_STOP, x->ordered_by, "ordered by hand");
    else if (c->plan.extension == PLAN_EXTENSION_START && stopped)
        start_extension(c);
    else if (c->plan.extension == PLAN_EXTENSION_STOP && active)
        extension_call(c, CALL_EXTENSION_STOP, "policy", c->plan.extension_text);
}

/* The nodes of the zones in which it is not. */
static bool other_zone_open(const struct server_state *s, struct call *call)
{
    size_t in_use;

    if (s->zone_nodes == NULL || s->facts.place_stale ||
        (s->facts.place != PLACE_ONPREM && s->facts.place != PLACE_CLOUD))
        return false;
    in_use = offerings_zone_in_use(s);
    for (size_t i = 0; i <= s->config->n_zones; i++) {
        if (i != in_use && nodes_park(&s->zone_nodes[i], "policy", "zone", call))
            return true;
    }
    return false;
}

/* 6.4: wanted home while nobody can see for sure where it is: where it was last seen, in
 * the cloud, no build begins any more. */
static bool leaving_open(const struct server_state *s, const char *why, struct call *call)
{
    return !s->has_move && s->decision.desired == PLACE_ONPREM &&
           s->facts.place == PLACE_CLOUD && s->facts.place_stale &&
           nodes_park(&s->facts.cloud, "policy", why, call);
}

/*
 * A server at rest has the node of its place open and the other closed
 * (policy-and-cost 6.7). With auto off only what we closed ourselves is opened again,
 * once the other is closed, and a doomed node is closed.
 */
static bool node_is_wrong(const struct controller *c, const struct server_state *s,
                          struct call *call)
{
    const struct node_facts *leaving = replace_node(s);
    bool automatic = automation_on(c, s);
    const char *why = reason_word(s->decision.reason);

    if (leaving != NULL && nodes_park(leaving, "policy", "interruption", call))
        return true;
    /* A move looks after its own nodes; but a notice closes the cloud node whatever goes
     * on. */
    if (s->has_move &&
        (s->move.direction == DIRECTION_BACK || s->facts.instance.reclaim_at.s == 0))
        return false;
    /* Its way home is about to begin, and waits for no build. */
    if (s->owed_home && !s->has_move && s->facts.place == PLACE_CLOUD)
        return false;
    return nodes_keep(&s->facts, automatic, "policy", why, call) ||
           (automatic && other_zone_open(s, call)) ||
           (automatic && leaving_open(s, why, call));
}

static void keep_nodes(struct controller *c, struct server_state *s)
{
    UNINITIALIZED struct call call; /* whoever says yes has filled it */

    if (s->facts.blocked[0] != '\0' || s->facts.task_active ||
        c->mono.ms < s->keep_at.ms || c->clock_bad_ticks > 0 || hands_off(c, s) ||
        call_is_open(c, s->config->name) || !node_is_wrong(c, s, &call))
        return;
    if (RH_BUGGIFY("nodes-left-for-later") &&
        call_waits(c, call_api(call.kind)) == NULL) {
        sources_hurry_all(c);
        return;
    }
    (void)str_copy(call.server, sizeof(call.server), s->config->name);
    if (call_send(c, &call, "policy",
                  s->facts.instance.reclaim_at.s != 0 || replace_node(s) != NULL
                      ? "spot interruption"
                  : s->facts.instance.spot == SPOT_REBALANCE ? "rebalance hint"
                                                             : "nodes at rest"))
        s->keep_at.ms = c->mono.ms + KEEP_EVERY_MS;
}

void decide_all(struct controller *c)
{
    struct plan_in in;

    fill_plan(c, &in);
    plan(&in, &c->plan);
    for (size_t i = 0; i < c->n_servers; i++)
        apply(c, &c->servers[i], &c->plan_outs[i]);
    if (acts_forbidden(c))
        return;
    for (size_t i = 0; i < c->n_servers; i++) {
        replace_begin(c, &c->servers[i]);
        keep_nodes(c, &c->servers[i]);
    }
    drive_extension(c);
}
