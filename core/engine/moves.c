#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

enum { ROUNDS_MAX = 1000 };

void move_store(struct controller *c, const struct server_state *s)
{
    struct record *r = effects_record(c->fx, RECORD_MOVE);

    if (r != NULL) {
        r->at = c->now;
        r->as.move = s->move;
        r->as.move.owed = home_owed(s);
    }
    c->fx->changed = true;
}

static const char *actor_of(const struct server_state *s, char buf[NAME_TEXT])
{
    if (s->move.interrupted) /* by AWS, else it bears the name of who did it */
        return str_eq(s->move.by, "policy") || s->move.manual ? "spot" : "rushhour";
    if (!s->move.manual)
        return "policy";
    (void)str_format(buf, NAME_TEXT, "operator:%.48s", s->move.by);
    return buf;
}

const char *move_where_to(enum direction d)
{
    return place_screen(d == DIRECTION_OUT ? PLACE_CLOUD : PLACE_ONPREM);
}

/* Where several controllers act one after the other, also unique among all of theirs. */
static void name_move(struct controller *c, struct move *m)
{
    unsigned long long n = c->next_move_id++;

    if (c->lease.epoch != 0)
        (void)str_format(m->id, sizeof(m->id), "m-%llu-%lld", n,
                         (long long)c->lease.epoch);
    else
        (void)str_format(m->id, sizeof(m->id), "m-%llu", n);
}

void move_begin(struct controller *c, struct server_state *s, enum direction d,
                struct utc drain_deadline, bool interrupted)
{
    bool manual = s->order.place != PLACE_UNKNOWN && !interrupted;
    bool replaces = interrupted && d == DIRECTION_OUT;
    bool by_person = interrupted && s->owed_home && s->owed_by[0] != '\0';
    const struct policy_config *p = &c->config->policy;
    struct move *m = &s->move;
    struct journal_entry *j;
    char actor[NAME_TEXT];

    SURE(!s->has_move);
    SURE(!acts_forbidden(c) && !recovering(c, s->config->name));
    SURE(d != DIRECTION_OUT || !c->disk_full);
    *m = (struct move){.direction = d,
                       .status = MOVE_OPEN,
                       .manual = manual,
                       .force = manual && s->order.force,
                       .interrupted = interrupted,
                       .committed = interrupted,
                       .reason = s->decision.reason,
                       .started = c->now,
                       .step_since = c->now,
                       .drain_deadline = drain_deadline,
                       .progress = -1,
                       .attempt = (uint32_t)s->failures + 1};
    name_move(c, m);
    (void)str_copy(m->server, sizeof(m->server), s->config->name);
    (void)str_copy(m->mover, sizeof(m->mover),
                   replaces ? mover_replacing()->name : s->mover->name);
    /* The dead instance of before is not this move's. */
    if (d == DIRECTION_OUT && s->facts.instance.terminated)
        instance_claim(c, s, "");
    (void)str_copy(m->by, sizeof(m->by),
                   manual      ? s->order.by
                   : by_person ? s->owed_by
                               : "policy");
    if (interrupted)
        m->deadline.s = c->now.s + (replaces ? p->timeout_out : p->timeout_back);
    s->has_move = true;
    s->has_last = false;
    s->late_told = s->drain_told = false; /* of the one before, ended in this very look */
    /* Out again from where it was lost it is owed until it has arrived. */
    if (d == DIRECTION_BACK)
        home_owe(c, s, false);
    if (!interrupted)
        c->last_start = c->now;
    move_store(c, s);
    j = journal_begin(c, LEVEL_ACT, actor_of(s, actor), s->config->name, "move");
    (void)str_copy(j->from, sizeof(j->from), place_word(s->facts.place));
    (void)str_copy(j->to, sizeof(j->to), d == DIRECTION_OUT ? "cloud" : "onprem");
    (void)str_copy(j->move, sizeof(j->move), m->id);
    (void)str_copy(j->reason, sizeof(j->reason), s->decision.reason_text);
    if (replaces)
        journal_say(c, j, "another zone takes over from %.40s", s->facts.leaving.id);
    else if (by_person)
        journal_say(c, j, "comes home: %s took it out of the cloud", s->owed_by);
    else if (interrupted)
        journal_say(c, j,
                    s->owed_failed ? "comes home after its failed way out"
                                   : "comes home after the spot interruption");
    else
        journal_say(c, j, "moves to %s: %s", move_where_to(d),
                    manual ? "ordered by hand" : s->decision.reason_text);
}

/* The next try: exponential, with seeded jitter (policy-and-cost 2, retry_*). */
static void back_off(struct controller *c, struct server_state *s, int32_t times)
{
    const struct policy_config *p = &c->config->policy;
    int64_t wait = p->retry_min, spread;

    SURE(times > 0);
    for (int32_t i = 1; i < times && wait < p->retry_max; i++)
        wait *= 2;
    if (wait > p->retry_max)
        wait = p->retry_max;
    spread = wait * p->retry_jitter / 100;
    if (spread > 0)
        wait += rng_between(&c->rng, -spread, spread);
    s->retry_at.s = c->now.s + wait;
}

/* No fault of this server's: the next offering at once; all of them tried: it stays
 * on-prem and waits, longer each time (policy-and-cost 5.4). */
static void round_over(struct controller *c, struct server_state *s)
{
    RH_PROBE("all-offerings-refused");
    s->round_since.s = 0;
    if (s->rounds < ROUNDS_MAX)
        s->rounds++;
    back_off(c, s, s->rounds);
}

static void next_offering(struct controller *c, struct server_state *s)
{
    struct server_offers offers;

    if (s->round_since.s == 0)
        s->round_since = s->move.started;
    offerings_order(c, s, &offers);
    if (offerings_untried(&offers)) {
        s->retry_at.s = c->now.s + c->config->policy.start_spacing;
        return;
    }
    round_over(c, s);
}

/* Before its node is closed for nothing: is there an offering at all? */
bool move_is_possible(struct controller *c, struct server_state *s)
{
    struct server_offers offers;
    char why[LINE_TEXT];

    if (offerings_left(c, s, &offers))
        return true;
    (void)offerings_choose(s, &offers, why);
    journal_say(c, journal_begin(c, LEVEL_WARN, "policy", s->config->name, "offering"),
                "stays on-prem, no offering is left: %.130s", why);
    round_over(c, s);
    retry_store(c, s);
    return false;
}

/* What a way out left behind when it failed is looked at: it may be off, or out there. */
static void owe_failure(struct controller *c, struct server_state *s)
{
    s->owed_told = s->owed_failed = true;
    s->owed_by[0] = '\0';
    home_owe(c, s, true);
}

static void count_failure(struct controller *c, struct server_state *s,
                          enum failure failure)
{
    const struct policy_config *p = &c->config->policy;

    if (s->move.direction == DIRECTION_OUT && s->move.committed)
        owe_failure(c, s);
    if (failure == FAILURE_CAPACITY) {
        next_offering(c, s);
        return;
    }
    s->failures++;
    back_off(c, s, s->failures);
    if (failure == FAILURE_PERMANENT || s->failures >= p->breaker_failures) {
        RH_PROBE("moves-breaker-opened");
        /* 6.4: bad credentials or a bad request do not get better by themselves. */
        s->breaker_for_good = failure == FAILURE_PERMANENT;
        s->breaker_until.s = c->now.s + p->breaker_open;
        breaker_store(c, s);
        alert_raise(c, s->config->name, "breaker", s->move.note);
    }
}

/* 3.4: what this way out took, for the lead of the days to come. */
static void learn(struct controller *c, const struct server_state *s)
{
    const struct move *m = &s->move;
    const struct mover_step *steps;
    int32_t n, node = 0;

    steps = mover_steps(server_mover(s), m->direction, &n);
    for (int32_t i = 1; i < n; i++)
        node = steps[i].step == STEP_NODE ? i : node;
    if (m->direction != DIRECTION_OUT || m->committed_at.s == 0 ||
        m->step_done[node].s == 0 || m->step_done[0].s == 0)
        return; /* or another controller began it (reliability 7) */
    SURE(node > 0);
    lead_note(&c->lead.moves, m->step_done[node - 1].s - m->committed_at.s);
    lead_note(&c->lead.joins, m->step_done[node].s - m->step_done[node - 1].s);
    lead_store(c, "lead_moves", &c->lead.moves);
    lead_store(c, "lead_joins", &c->lead.joins);
}

/* It has arrived: what failed before counts no more. */
static void forgive(struct controller *c, struct server_state *s)
{
    s->failures = s->rounds = 0;
    s->retry_at = s->round_since = (struct utc){0};
    breaker_close(c, s);
}

void move_end(struct controller *c, struct server_state *s, enum move_status status,
              enum failure failure, const char *why)
{
    struct move *m = &s->move;
    enum place target = m->direction == DIRECTION_OUT ? PLACE_CLOUD : PLACE_ONPREM;
    enum level level = status == MOVE_FAILED    ? LEVEL_WARN
                       : status == MOVE_BLOCKED ? LEVEL_ERROR
                                                : LEVEL_INFO;
    bool replaced = server_mover(s)->replaces;
    /* The way home of a way out that failed, whoever began it: that one waits for its
     * next try there. */
    bool after_failure = m->direction == DIRECTION_BACK && s->owed_failed;
    struct journal_entry *j;
    char actor[NAME_TEXT], took[DUR_TEXT];

    SURE(s->has_move && m->status == MOVE_OPEN);
    SURE(status != MOVE_OPEN);
    SURE(status != MOVE_CANCELED || !m->committed); /* the commit point (reliability 6) */
    m->status = status;
    (void)str_copy(m->note, sizeof(m->note), why);
    s->has_move = false;
    s->has_last = false;
    if (m->interrupted && m->direction == DIRECTION_BACK)
        owed_store(c, s); /* no more */
    j = journal_begin(c, level, actor_of(s, actor), s->config->name, "move-end");
    j->outcome = status == MOVE_DONE ? OUTCOME_DONE : OUTCOME_FAILED;
    (void)str_copy(j->to, sizeof(j->to), place_word(target));
    (void)str_copy(j->move, sizeof(j->move), m->id);
    (void)str_copy(j->reason, sizeof(j->reason), why);
    if (status == MOVE_DONE) {
        journal_say(c, j, "is %s after %s%s%s",
                    m->direction == DIRECTION_OUT ? "in the cloud" : "on-prem",
                    duration_text(c->now.s - m->started.s, took),
                    why[0] != '\0' ? "; " : "", why);
        if (!after_failure)
            forgive(c, s);
        s->owed_failed = s->owed_failed && m->direction == DIRECTION_BACK;
        place_know(c, s, target);
        learn(c, s);
        home_owe(c, s, false); /* what an earlier try left behind is out there now */
        retry_store(c, s);
    } else {
        journal_say(c, j, "move to %s %s: %s", move_where_to(m->direction),
                    move_status_word(status), why);
        if (status == MOVE_FAILED && !m->interrupted && failure != FAILURE_GIVEN_UP)
            count_failure(c, s, failure);
        if (replaced)
            replace_failed(c, s);
        if (m->direction == DIRECTION_OUT && !s->owed_home &&
            (status == MOVE_BLOCKED ||
             (s->mover->launches && s->facts.power == POWER_OFF)))
            owe_failure(c, s);
        retry_store(c, s);
    }
    move_store(c, s); /* with what is owed now */
    if (s->order.place == target && (status == MOVE_FAILED || status == MOVE_DONE)) {
        s->order.place = PLACE_UNKNOWN;
        order_store(c, s);
    }
}

void move_gives_way(struct controller *c, struct server_state *s)
{
    char why[LINE_TEXT];

    SURE(s->has_move && s->move.direction == DIRECTION_BACK && s->move.committed);
    RH_PROBE("late-way-home-gives-way");
    (void)str_format(why, sizeof(why), "it is late, and the cloud is wanted: %.120s",
                     s->move.note);
    move_end(c, s, MOVE_FAILED, FAILURE_GIVEN_UP, why);
    place_know(c, s, PLACE_ONPREM); /* it is there, and no loss to be told */
    s->owed_told = true;
    s->owed_by[0] = '\0';
    home_owe(c, s, true);
}

static void say_step(struct controller *c, struct server_state *s, enum step step)
{
    struct move *m = &s->move;
    struct journal_entry *j;
    char took[DUR_TEXT], actor[NAME_TEXT];

    j = journal_begin(c, LEVEL_INFO, actor_of(s, actor), s->config->name, "step");
    (void)str_copy(j->move, sizeof(j->move), m->id);
    (void)str_copy(j->to, sizeof(j->to), step_word(step));
    j->outcome = OUTCOME_DONE;
    journal_say(c, j, "%s done in %s", step_word(step),
                duration_text(c->now.s - m->step_since.s, took));
}

/* Which offering was taken, and why. */
static void say_offering(struct controller *c, struct server_state *s,
                         const struct server_offers *offers)
{
    const struct move *m = &s->move;
    struct journal_entry *j;
    char name[OFFERING_NAME], actor[NAME_TEXT], why[LINE_TEXT];

    SURE(offers->offered > 0 && m->type[0] != '\0'); /* move_takes() took it */
    offerings_used(c, s, config_zone_find(s->config, m->zone) != NULL ? m->zone : "");
    j = journal_begin(c, LEVEL_INFO, actor_of(s, actor), s->config->name, "offering");
    (void)str_copy(j->move, sizeof(j->move), m->id);
    (void)str_copy(j->reason, sizeof(j->reason), offerings_why_first(offers, why));
    (void)offering_name(m->type, m->zone, m->lifecycle, name);
    journal_say(c, j, "launches %.60s, the first of %zu: %.100s", name, offers->offered,
                why);
}

/* Out there but not usable: it must come home, whatever the schedule wants meanwhile. */
static void send_home(struct controller *c, struct server_state *s)
{
    /* With overlap both sides are up since the way out was committed to, unless home is
     * known to be off; in any case the commit point lies before the start
     * (is_sent_home()). */
    struct utc since =
        s->config->overlaps && s->facts.power != POWER_OFF && s->move.committed_at.s != 0
            ? s->move.committed_at
            : (struct utc){c->now.s - 1};

    SURE(!s->has_move); /* the way out has ended */
    RH_PROBE("sent-home-unusable");
    place_know(c, s, PLACE_CLOUD);
    move_begin(c, s, DIRECTION_BACK, (struct utc){0}, false);
    s->move.committed = true;
    s->move.committed_at = since;
    s->move.deadline.s = c->now.s + c->config->policy.timeout_back;
    move_store(c, s);
}

static bool is_out_there(const struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;

    return s->facts.place == PLACE_CLOUD || (in->id[0] != '\0' && !in->terminated);
}

/* Of a move from its commit point on; with overlap also of a cloud side that does not
 * become usable. */
static int64_t time_limit(const struct policy_config *p, const struct server_state *s)
{
    if (RH_BUGGIFY("time-limit-of-a-quarter"))
        return p->timeout_out / 4;
    if (s->move.direction == DIRECTION_BACK)
        return p->timeout_back;
    return server_mover(s)->overlaps && mover_overlap_s(p) < p->timeout_out
               ? mover_overlap_s(p)
               : p->timeout_out;
}

/* A way out that ends for want of capacity: taken back before it was in use is an
 * interruption, everything else a refusal. */
static void lose_or_refuse(struct controller *c, struct server_state *s)
{
    /* No way home is refused for its offering. */
    SURE(s->move.direction == DIRECTION_OUT);
    if (s->facts.instance.reclaim_at.s == 0) {
        offerings_refused(c, &s->move);
        return;
    }
    RH_PROBE("taken-back-before-its-use");
    journal_say(c, journal_begin(c, LEVEL_WARN, "spot", s->config->name, "loss"),
                "AWS takes the instance back before it was in use");
    loss_note(c, s);
    costs_lost(c, s);
}

/* 6.4, class capacity: the same step asks for the next one at once; all of them tried,
 * the move ends. */
static bool tries_next(struct controller *c, struct server_state *s)
{
    struct move *m = &s->move;
    struct server_offers offers;

    if (s->round_since.s == 0)
        s->round_since = m->started;
    offerings_refused(c, m);
    offerings_order(c, s, &offers);
    if (!offerings_untried(&offers) ||
        (m->deadline.s != 0 && c->now.s >= m->deadline.s)) {
        move_end(c, s, MOVE_FAILED, FAILURE_CAPACITY, m->note);
        return false;
    }
    journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", s->config->name, "offering"),
                "not to be had: %s; the next offering", m->note);
    RH_PROBE("next-offering-in-the-same-step");
    instance_claim(c, s, "");
    m->calls = 0;
    s->has_last = false;
    move_store(c, s);
    return true;
}

/* Why the call that is due is not made yet. */
static void say_waits(const struct controller *c, struct move *m, const struct call *call)
{
    const char *api = call_api(call->kind), *why = call_waits(c, api);

    if (launch_stops(c, call->kind)) {
        RH_PROBE("launch-stopped-by-a-full-disk");
        (void)str_copy(m->note, sizeof(m->note), "the disk is full: nothing is launched");
    } else if (why != NULL) {
        RH_PROBE("call-waits-for-its-api");
        (void)str_format(m->note, sizeof(m->note), "%s waits, %s: %s",
                         call_word(call->kind), api, why);
    }
}

/* The steps that ask for it (move_takes()); a launch whose answer was lost, even without
 * its slot. */
static bool takes_offering(const struct server_state *s, enum step step)
{
    return step == STEP_LAUNCH || (step == STEP_RUN && s->may_commit);
}

/* One look at one move. True when its step is done and the next may look at once. */
static bool advance(struct controller *c, struct server_state *s)
{
    const struct policy_config *p = &c->config->policy;
    struct move *m = &s->move;
    UNINITIALIZED struct step_out out; /* a call is in it when one is wanted */
    struct step_in in = {.config = c->config,
                         .server = s->config,
                         .facts = &s->facts,
                         .extension = &c->extension.facts,
                         .now = c->now,
                         .may_commit = s->may_commit,
                         .call_open = call_is_open(c, s->config->name),
                         .last = s->has_last ? &s->last : NULL,
                         .last_kind = s->has_last ? s->last_kind : CALL_COUNT};
    const struct mover_step *steps;
    const struct utc marked = m->marked_seen, idle = m->idle_since;
    UNINITIALIZED struct server_offers offers;
    UNINITIALIZED char why[LINE_TEXT];
    int32_t n;

    out.verdict = VERDICT_WAIT;
    out.failure = FAILURE_TRANSIENT;
    out.commits = out.send_home = false;
    why[0] = '\0';
    steps = mover_steps(server_mover(s), m->direction, &n);
    SURE(m->step >= 0 && m->step < n && steps[m->step].run != NULL);
    offers.offered = 0;
    in.choice = (struct choice){.zone = "", .why = why};
    if (takes_offering(s, steps[m->step].step)) {
        offerings_order(c, s, &offers);
        in.choice = offerings_choose(s, &offers, why);
    }
    steps[m->step].run(&in, m, &out);
    SURE(out.verdict != VERDICT_CALL || !in.call_open);
    SURE(out.verdict != VERDICT_CALL || str_eq(out.call.server, s->config->name));
    SURE(out.verdict != VERDICT_CALL || str_eq(out.call.move, m->id));
    SURE(out.verdict == VERDICT_CALL || !out.commits);
    SURE(!out.commits || m->committed || s->may_commit);
    if (marked.s != m->marked_seen.s || idle.s != m->idle_since.s)
        move_store(c, s);
    switch (out.verdict) {
    case VERDICT_WAIT:
        break;
    case VERDICT_CALL:
        if (!call_send(c, &out.call,
                       m->manual        ? m->by
                       : m->interrupted ? "spot"
                                        : "policy",
                       step_word(steps[m->step].step))) {
            say_waits(c, m, &out.call);
            if (out.call.kind == CALL_NODE_DISCONNECT &&
                sources_bar(c, call_api(out.call.kind)) != NULL)
                m->calls++; /* a courtesy: nobody waits for Jenkins to be there again */
            break;
        }
        if (out.call.kind == CALL_BUILD_STOP)
            requeue_stopped(c, s, out.call.target);
        m->calls++;
        m->last_call_at = c->now;
        s->has_last = false;
        if (out.commits && out.call.run.instance_type[0] != '\0' && !out.call.run.again)
            say_offering(c, s, &offers);
        if (out.commits && !m->committed) {
            m->committed = true;
            m->committed_at = c->now;
            requeue_committed(c, s);
            m->deadline.s = c->now.s + time_limit(p, s);
        }
        move_store(c, s);
        break;
    case VERDICT_DONE:
        m->step_done[m->step] = c->now;
        if (steps[m->step].step == STEP_DRAIN)
            requeue_left(c, s);
        say_step(c, s, steps[m->step].step);
        if (m->step + 1 == n) {
            move_end(c, s, MOVE_DONE, FAILURE_TRANSIENT, m->note);
            break;
        }
        m->step++;
        m->step_since = c->now;
        m->calls = 0;
        m->progress = -1;
        m->task[0] = '\0';
        s->has_last = false;
        move_store(c, s);
        return true;
    case VERDICT_NEXT:
        return tries_next(c, s);
    case VERDICT_FAIL:
        if (out.failure == FAILURE_CAPACITY)
            lose_or_refuse(c, s);
        move_end(c, s, MOVE_FAILED, out.failure, m->note);
        if (!out.send_home || !is_out_there(s))
            break;
        send_home(c, s);
        return true; /* its time is that of the way out: nobody waits for the next look */
    case VERDICT_REDO:
        RH_PROBE("drained-once-more");
        journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", s->config->name, "redo"),
                    "%s", m->note);
        m->step = 0;
        m->step_since = c->now;
        m->calls = 0;
        m->marked_seen = m->idle_since = (struct utc){0};
        s->has_last = false;
        move_store(c, s);
        break;
    case VERDICT_BLOCK:
        (void)str_copy(s->half_moved, sizeof(s->half_moved), m->note);
        alert_raise(c, s->config->name, "blocked", m->note);
        move_end(c, s, MOVE_BLOCKED, FAILURE_PERMANENT, m->note);
        break;
    }
    return false;
}

static void check_deadline(struct controller *c, struct server_state *s)
{
    const struct move *m = &s->move;
    char text[LINE_TEXT];

    const struct mover_step *steps;
    int32_t n;

    steps = mover_steps(server_mover(s), m->direction, &n);
    if (!s->drain_told && steps[m->step].step == STEP_DRAIN && m->drain_deadline.s != 0 &&
        c->now.s >= m->drain_deadline.s) {
        RH_PROBE("drain-deadline-passed");
        s->drain_told = true;
        (void)str_format(text, sizeof(text), "past its drain deadline: %.120s", m->note);
        alert_raise(c, s->config->name, "drain", text);
    }
    if (s->late_told || s->move.deadline.s == 0 || c->now.s < s->move.deadline.s)
        return;
    RH_PROBE("move-past-its-time-limit");
    s->late_told = true;
    alert_raise(c, s->config->name, "late", "its move takes longer than its time limit");
}

void moves_advance(struct controller *c)
{
    if (acts_forbidden(c))
        return;
    bool reverse = RH_BUGGIFY("servers-in-reverse-order");

    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_state *s = &c->servers[reverse ? c->n_servers - 1 - i : i];

        if (recovering(c, s->config->name))
            continue;
        if (s->has_move && RH_BUGGIFY("step-looked-at-later")) {
            c->look_soon = true;
            continue;
        }
        if (s->has_move && !s->move.committed && !server_has_mover(s, s->move.mover))
            move_end(c, s, MOVE_CANCELED, FAILURE_TRANSIENT,
                     "it is configured to be moved in another way now");
        for (int32_t n = 0; s->has_move && n < MAX_STEPS && advance(c, s); n++)
            continue;
        if (s->has_move)
            check_deadline(c, s);
        else
            s->late_told = s->drain_told = false;
    }
}
