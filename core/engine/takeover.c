#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

/*
 * Who takes the shared lock over goes on with what the one before it had begun
 * (reliability 7): the open move comes out of etcd as it would come out of the own store
 * at a start, its newest call as one whose answer is not known.
 */

enum { SAME_CLOCK_S = 86400 };
/* A server may rest as long, and its record is as old; what is older, or of the future,
 * is of a clock that tells nothing. */
enum { RESTS_S = 30 * 86400 };

/* Its way home is owed as it was when the record was written; a loss that was seen since
 * is owed, too, as far as the two clocks can be compared. */
static void settle_debt(struct controller *c, struct server_state *s, struct utc written,
                        struct utc owed)
{
    int64_t age = c->now.s - written.s;
    bool comparable = c->clock_bad_ticks == 0 && age >= 0 && age <= RESTS_S;
    struct utc since = s->owed_since, called = s->move.last_call_at;

    /* Of a way out of ours that failed it is as old as what was done last there: who
     * stood still learns of the failure when another one has long been at work. */
    if (s->owed_failed && called.s != 0 && called.s < since.s)
        since = called;
    if (comparable && s->owed_home && written.s < since.s) {
        RH_PROBE("loss-since-the-last-call");
        return;
    }
    home_owe(c, s, owed.s != 0);
    if (owed.s == 0)
        return;
    RH_PROBE("way-home-owed-by-another");
    s->owed_told = s->owed_failed = true;
    s->owed_by[0] = '\0';
}

/* A way home that is given up is owed since it was; whether another one has settled it
 * meanwhile its record tells. When that way began says nothing: who stood still begins
 * one without the lock. */
static void owe_again(struct controller *c, struct server_state *s)
{
    struct utc since = s->owed_since;

    if (!s->has_move || s->move.direction != DIRECTION_BACK || !s->move.interrupted ||
        since.s == 0)
        return;
    home_owe(c, s, true);
    s->owed_since = since;
}

/* Ours is old: another controller has acted for this server since. */
static void forget(struct controller *c, struct server_state *s, const char *call)
{
    if (!s->has_move)
        return;
    RH_PROBE("move-of-a-former-holder");
    s->move.status = MOVE_FAILED;
    (void)str_copy(s->move.note, sizeof(s->move.note),
                   "another controller has acted on it since");
    s->has_move = s->has_last = false;
    owed_store(c, s);
    move_store(c, s);
    journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", s->config->name, "lock"),
                "its move to %s is given up, going on from what is seen: %.120s",
                move_where_to(s->move.direction), call);
}

/* The writer's clock may be another one's: what it wrote a day ago or in the future it
 * wrote just now, as far as anybody knows. */
static void set_times(const struct controller *c, struct move *m, struct utc written)
{
    struct utc *const past[] = {&m->started, &m->step_since, &m->committed_at,
                                &m->last_call_at},
                      *const ahead[] = {&m->drain_deadline, &m->deadline};
    const struct policy_config *p = &c->config->policy;
    int64_t age = c->now.s - written.s, by = age < 0 || age > SAME_CLOCK_S ? age : 0,
            most = p->timeout_out > p->timeout_back ? p->timeout_out : p->timeout_back;

    for (size_t i = 0; i < ARRAY_LEN(past); i++) {
        if (past[i]->s != 0)
            past[i]->s = past[i]->s + by < c->now.s ? past[i]->s + by : c->now.s;
    }
    for (size_t i = 0; i < ARRAY_LEN(ahead); i++) {
        if (ahead[i]->s != 0)
            ahead[i]->s += by;
    }
    if (m->committed && (m->deadline.s == 0 || m->deadline.s > c->now.s + most))
        m->deadline.s = c->now.s + most;
}

/* It stands in the own store from here on, and is looked up as after a start. */
static void look_up(struct controller *c, struct server_state *s,
                    const struct lock_record *h)
{
    struct record *r = effects_record(c->fx, RECORD_INTENT);
    struct call *call;

    s->has_last = false;
    if (r == NULL)
        return;
    r->at = c->now;
    call = &r->as.intent;
    *call = (struct call){.id = c->next_call_id++, .kind = h->call};
    (void)str_copy(call->server, sizeof(call->server), h->server);
    (void)str_copy(call->target, sizeof(call->target), h->target);
    (void)str_copy(call->move, sizeof(call->move), s->move.id);
    recover_add(c, call);
    s->has_last = true;
    s->last =
        (struct call_result){.id = call->id, .outcome = OUTCOME_UNKNOWN, .at = c->now};
    s->last_kind = h->call;
}

/* Nothing is concluded from what was seen before: whose the instance out there is, the
 * first listing that is read with this move tells. The other mover's API tells nothing of
 * it, and may be away for longer than both places may be up. */
static void look_first(struct controller *c, const struct server_state *s)
{
    const enum call_kind kinds[] = {
        CALL_VM_POWER_ON, s->mover->launches ? CALL_TERMINATE : CALL_RUN_IN_CLOUD};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct call call = {.kind = kinds[i]};

        (void)str_copy(call.server, sizeof(call.server), s->config->name); /* as long */
        recover_add(c, &call);
    }
    sources_restart(c);
}

static void go_on(struct controller *c, struct server_state *s,
                  const struct lock_record *h)
{
    RH_PROBE("move-taken-over");
    s->move = h->move;
    set_times(c, &s->move, h->at);
    s->has_move = true;
    s->late_told = s->drain_told = false; /* of our own one before */
    if (h->move.direction == DIRECTION_OUT) {
        s->facts.lost = false; /* what was lost before was brought home since */
        /* What it had before this way out is not what is launched now: that one is found
         * by the launch's token. */
        if (s->mover->launches && !server_mover(s)->replaces && !launch_is_over(s) &&
            s->facts.instance.launched.s < h->move.started.s)
            instance_claim(c, s, "");
    }
    (void)str_copy(s->taken_over, sizeof(s->taken_over), s->move.id); /* as long */
    move_store(c, s);
    look_up(c, s, h);
    look_first(c, s);
    journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", s->config->name, "lock"),
                "its move to %s is gone on with; the last that was done for it: %s %.80s "
                "by %.60s",
                move_where_to(s->move.direction), call_word(h->call), h->target, h->by);
}

static void take_launches(struct controller *c, struct server_state *s,
                          const struct lock_record *h)
{
    if (h->launch_start == 0)
        return;
    s->launch_start = h->launch_start;
    s->launch_attempt = h->launch_attempt;
    setting_store_numbers(c, server_key(s, "launch").text,
                          (int64_t[]){s->launch_start, s->launch_attempt}, 2);
}

void takeover_take(struct controller *c, const struct event *ev)
{
    const struct lock_record *h = &ev->as.acted.last;
    struct server_state *s = server_find(c, h->server);
    const char *said = ev->as.acted.text;
    bool is_old;
    char text[LINE_TEXT];

    if (s == NULL)
        return;
    s->facts.opened = c->now; /* as after a start: the other one may just have done so */
    foreign_disown(s);
    if (!ev->as.acted.readable) {
        settle_debt(c, s, c->now, (struct utc){0});
        forget(c, s, "by another controller");
        (void)str_format(text, sizeof(text),
                         "what another controller did for it last cannot be read: %.90s; "
                         "look at it",
                         said);
        alert_raise(c, s->config->name, "lock", text);
        return;
    }
    take_launches(c, s, h);
    is_old = !h->has_move || !str_eq(s->move.id, h->move.id);
    if (is_old)
        owe_again(c, s);
    settle_debt(c, s, h->at, h->owed);
    if (is_old)
        forget(c, s, said);
    if (h->has_move && server_has_mover(s, h->move.mover)) {
        go_on(c, s, h);
    } else if (h->has_move) {
        (void)str_format(text, sizeof(text),
                         "its move by %.80s began with the mover %s, which it does not "
                         "have here; look at it",
                         h->move.by, h->move.mover);
        alert_raise(c, s->config->name, "lock", text);
    }
}

/* ----- what people want ----- */

static struct wish wish_of_all(const struct controller *c)
{
    struct wish w = {.setting = c->setting,
                     .snooze_until = c->snooze_until,
                     .auto_since = c->auto_since};

    (void)str_copy(w.auto_by, sizeof(w.auto_by), c->auto_by); /* as long */
    return w;
}

static struct wish wish_of(const struct server_state *s)
{
    struct wish w = wish_default(s->config->name);

    w.setting = s->auto_on ? AUTO_ON : AUTO_OFF;
    w.snooze_until = s->snooze_until;
    w.hold = s->hold;
    return w;
}

bool controller_shared_wish_of(const struct controller *c, size_t i, struct wish *out)
{
    if (i < c->n_servers)
        *out = wish_of(&c->servers[i]);
    return i < c->n_servers;
}

bool controller_shared_wish(const struct controller *c, const char *server,
                            struct wish *out)
{
    size_t i = 0;

    if (server[0] == '\0') {
        *out = wish_of_all(c);
        return true;
    }
    while (i < c->n_servers && !str_eq(c->servers[i].config->name, server))
        i++;
    return controller_shared_wish_of(c, i, out);
}

/* Written with the first records. */
void state_id_keep(struct controller *c)
{
    if (c->lease.state_id_kept || c->lease.state_id[0] == '\0')
        return;
    c->lease.state_id_kept = true;
    setting_store(c, "state_id", c->lease.state_id);
}

const char *controller_state_id(const struct controller *c)
{
    return c->lease.state_id;
}

/* After a loss of the state a person has to look first, whatever is wanted. */
static void want_of_all(struct controller *c, const struct wish *w, const char *by)
{
    if (c->store_lost)
        return;
    c->setting = w->setting;
    c->snooze_until = w->snooze_until;
    c->auto_since = w->auto_since;
    (void)str_copy(c->auto_by, sizeof(c->auto_by), w->auto_by); /* as long */
    setting_store(c, "auto", auto_setting_word(c->setting));
    setting_store(c, "auto_by", c->auto_by);
    setting_store_time(c, "auto_since", c->auto_since);
    setting_store_time(c, "snooze", c->snooze_until);
    journal_say(c, journal_begin(c, LEVEL_INFO, "rushhour", "", "lock"),
                "auto is %s%s here, too, as at %.80s", auto_setting_word(c->setting),
                c->snooze_until.s != 0 ? " and sleeps" : "", by);
}

static void want_of(struct controller *c, struct server_state *s, const struct wish *w,
                    const char *by)
{
    bool ends = s->hold.place != PLACE_UNKNOWN && w->hold.place == PLACE_UNKNOWN;

    if (w->setting == AUTO_ON && w->snooze_until.s == 0 &&
        (!s->auto_on || s->snooze_until.s != 0))
        auto_begins(c, s); /* when it did there is not told */
    s->auto_on = w->setting == AUTO_ON;
    s->hold = w->hold;
    s->over_budget_at = w->hold.over_budget ? w->hold.at : (struct utc){0};
    setting_store(c, server_key(s, "auto").text, s->auto_on ? "on" : "off");
    snooze_store(c, s, w->snooze_until);
    setting_store_time(c, server_key(s, "over_budget").text, s->over_budget_at);
    hold_store(c, s);
    if (ends)
        hold_ended_store(c, s);
    journal_say(c, journal_begin(c, LEVEL_INFO, "rushhour", s->config->name, "lock"),
                "auto is %s%s and %s%s here, too, as at %.80s", s->auto_on ? "on" : "off",
                s->snooze_until.s != 0 ? ", sleeps" : "",
                w->hold.place == PLACE_UNKNOWN ? "nothing holds it" : "it is held ",
                w->hold.place == PLACE_UNKNOWN ? "" : place_screen(w->hold.place), by);
}

void takeover_wish(struct controller *c, const struct event *ev)
{
    const struct wish *w = &ev->as.wish.wish;
    struct server_state *s = w->server[0] != '\0' ? server_find(c, w->server) : NULL;
    struct wish ours;

    if (!controller_shared_wish(c, w->server, &ours) || wish_eq(&ours, w))
        return;
    if (s == NULL)
        want_of_all(c, w, ev->as.wish.by);
    else
        want_of(c, s, w, ev->as.wish.by);
}
