#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"
#include "core/policy/rerun.h"

#include <string.h>

/* Long enough for every API to be asked once after the window's start. */
enum { LATE_TOLD_S = 300 };
/* 5.2: a re-run within this begins where the server was lost; and the time that the
 * slots and the start may take besides. */
enum { RERUN_SOON_S = 300, RERUN_SLACK_S = 60 };

static bool is_settled(const struct server_state *s)
{
    return !s->has_move && !s->facts.place_stale && !s->facts.task_active &&
           (s->facts.place == PLACE_ONPREM || s->facts.place == PLACE_CLOUD);
}

/* 2: as many interruptions as servers are a market event; all re-runs pause. */
static void check_market(struct controller *c)
{
    const struct policy_config *p = &c->config->policy;
    struct utc until = {c->now.s + p->site_breaker_pause};
    char text[LINE_TEXT], pause[DUR_TEXT];
    size_t losses = 0;

    for (size_t i = 0; i < c->n_servers; i++)
        losses += rerun_losses(c->servers[i].losses, (size_t)c->servers[i].n_losses,
                               c->now, p->site_breaker_window);
    if (!rerun_is_market(losses, c->n_servers) || p->site_breaker_pause == 0)
        return;
    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_state *s = &c->servers[i];

        if (rerun_losses(s->losses, (size_t)s->n_losses, c->now,
                         p->site_breaker_window) == 0 ||
            s->rerun_at.s >= until.s)
            continue;
        s->rerun_at = until;
        rerun_store(c, s);
    }
    RH_PROBE("market-event");
    (void)str_format(text, sizeof(text),
                     "the spot market takes back what it gave (%zu interruptions): "
                     "re-runs pause %s",
                     losses, duration_text(p->site_breaker_pause, pause));
    alert_raise(c, "", "market", text);
}

/* Interruptions within rerun_window decide how long the next re-run waits
 * (policy-and-cost 2). */
void loss_note(struct controller *c, struct server_state *s)
{
    const struct policy_config *p = &c->config->policy;

    if (s->n_losses == LOSSES_KEPT) {
        memmove(&s->losses[0], &s->losses[1], sizeof(s->losses[0]) * (LOSSES_KEPT - 1));
        s->n_losses--;
    }
    s->losses[s->n_losses++] = c->now;
    s->rerun_at = rerun_at(
        p, rerun_losses(s->losses, (size_t)s->n_losses, c->now, p->rerun_window), c->now);
    rerun_store(c, s);
    check_market(c);
}

static void tell_notice(struct controller *c, struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;
    char left[DUR_TEXT];
    bool said;

    if (in->id[0] == '\0') {
        s->notice_told = false;
        return;
    }
    if (s->notice_told || in->reclaim_at.s == 0)
        return;
    s->notice_told = true;
    if (s->has_move && s->move.direction == DIRECTION_OUT)
        RH_PROBE("notice-on-the-way-out");
    /* An event comes before the request's status says anything. */
    said = in->spot_status[0] != '\0' && !str_eq(in->spot_status, "fulfilled");
    requeue_doom(c, s, false);
    alert_add(c, s->config->name, "interruption", "AWS takes its spot instance back");
    journal_say(c, journal_begin(c, LEVEL_WARN, "spot", s->config->name, "notice"),
                /* The time first: a narrow screen cuts the end. */
                "spot interruption notice, %s left: AWS reclaims %s%s%s%s",
                duration_text(
                    in->reclaim_at.s > c->now.s ? in->reclaim_at.s - c->now.s : 0, left),
                in->id, said ? " (" : "", said ? in->spot_status : "", said ? ")" : "");
}

static bool coming_home(const struct server_state *s)
{
    return s->has_move && s->move.direction == DIRECTION_BACK;
}

/* What speaks for an interruption is told as such. */
static void say_loss(struct controller *c, const struct server_state *s, bool by_spot,
                     bool by_person)
{
    const struct instance_facts *in = &s->facts.instance;
    struct journal_entry *j =
        journal_begin(c, LEVEL_WARN, by_spot ? "spot" : "rushhour", s->config->name,
                      by_spot ? "loss" : "changed-outside");

    if (in->stopped)
        journal_say(c, j, "%s was stopped%s%s", in->id,
                    by_person                     ? " by a person"
                    : in->state_reason[0] != '\0' ? ": "
                                                  : "",
                    by_person ? "" : in->state_reason);
    else if (by_spot)
        journal_say(c, j, "AWS reclaimed the instance%s",
                    s->mover->launches ? "" : "; it comes back on-prem");
    else
        journal_say(c, j, "%s",
                    by_person ? "a person took it out of the cloud"
                              : "left the cloud without an order from here");
}

static const char *loss_text(const struct server_state *s, bool by_person)
{
    if (s->facts.instance.stopped)
        return by_person ? "a person stopped its instance" : "the instance was stopped";
    return by_person ? "a person took it home" : "the instance was taken back";
}

/* It was out there and AWS, the manager or a person took it away: bring it home properly.
 */
static void tell_loss(struct controller *c, struct server_state *s)
{
    struct server_facts *f = &s->facts;
    bool was_out =
        s->known_place == PLACE_CLOUD ||
        (s->has_move && s->move.direction == DIRECTION_OUT && s->move.committed);
    bool gone = f->lost || f->instance.stopped || f->place == PLACE_MOVING_BACK ||
                (f->place == PLACE_ONPREM && s->known_place == PLACE_CLOUD &&
                 (f->instance.id[0] == '\0' || f->instance.terminated));
    bool by_person = foreign_by_person(s);
    bool by_spot =
        !by_person && (f->lost || f->instance.stopped || s->notice_told || s->taken_back);
    bool ended;

    if (!was_out || !gone || f->place_stale)
        return;
    if (coming_home(s)) {
        /* One that began at the notice has its loss told when it comes. */
        if (by_spot) {
            RH_PROBE("return-cut-short");
            if (!s->move.interrupted)
                s->move.step_since = c->now; /* the manager's ten minutes begin here */
            if (!s->move.committed) {
                s->move.committed_at = c->now;
                s->move.deadline.s = c->now.s + c->config->policy.timeout_back;
            }
            s->move.interrupted = s->move.committed = true;
            /* Owed since now to who may have to give this move up (takeover.c). */
            s->owed_since = c->now;
            s->owed_told = true;
            s->owed_by[0] = '\0';
            owed_store(c, s);
            place_forget(c, s);
            move_store(c, s);
            journal_say(c, journal_begin(c, LEVEL_WARN, "spot", s->config->name, "loss"),
                        "AWS reclaimed the instance while it was leaving");
            requeue_doom(c, s, true);
            loss_note(c, s);
            costs_lost(c, s);
        }
        return;
    }
    say_loss(c, s, by_spot, by_person);
    if (by_spot) {
        loss_note(c, s);
        costs_lost(c, s);
        alert_add(c, s->config->name, "interruption",
                  f->instance.stopped ? "its instance was stopped"
                                      : "its spot instance was reclaimed");
    }
    if (!by_person)
        requeue_doom(c, s, true);
    (void)str_copy(s->owed_by, sizeof(s->owed_by), by_person ? s->foreign_user : "");
    s->owed_told = !by_person || !acts_forbidden(c);
    if (by_person && s->owed_told)
        foreign_change(c, s, PLACE_ONPREM);
    ended = s->has_move;
    if (ended) {
        RH_PROBE("spot-loss-while-moving-out");
        move_end(c, s, MOVE_FAILED, FAILURE_CAPACITY, loss_text(s, by_person));
    }
    /* Told once, whoever may act; what cannot be done now is owed. */
    place_forget(c, s);
    home_owe(c, s, true);
    /* It was seen now, whatever a way out that ended by it says. */
    s->owed_failed = false;
    if (ended)
        move_store(c, s); /* its end carries that to the next holder */
}

/* It works at home, and what somebody stopped out there is left over: it is nobody's from
 * here on, and told and ended as such. */
static void let_go(struct controller *c, struct server_state *s)
{
    const struct server_facts *f = &s->facts;

    if (f->instance.stopped && !s->has_move && f->place == PLACE_ONPREM &&
        f->power == POWER_ON && !f->place_stale)
        instance_claim(c, s, "");
}

/* 5.2: a server that can go out again without coming home does so, if that is soon. */
static bool goes_out_soon(const struct controller *c, const struct server_state *s)
{
    const uint32_t passing = 1u << GATE_BACKOFF | 1u << GATE_SLOTS;
    const struct decision *d = &s->decision;
    int64_t at = s->rerun_at.s > s->retry_at.s ? s->rerun_at.s : s->retry_at.s;

    return s->mover->launches && s->facts.place == PLACE_LOST &&
           d->desired == PLACE_CLOUD && (d->gates & ~passing) == 0 &&
           at <= s->owed_since.s + RERUN_SOON_S &&
           c->now.s <= s->owed_since.s + RERUN_SOON_S + RERUN_SLACK_S;
}

/* At home and running, and Jenkins does not show it without an agent that can be started:
 * but for a person's node, whose agent is the person's. */
static bool is_home(const struct server_facts *f)
{
    const struct node_facts *n = &f->onprem;

    return f->place == PLACE_ONPREM && f->power == POWER_ON && !f->task_active &&
           (!n->known || !n->connected_known || n->connected || !n->launchable ||
            n->closed_by == CLOSED_BY_PERSON);
}

/* Its guest was told to shut down, by a way out that has failed since: on as it reads, it
 * may go off for minutes still, and that is no person's doing. */
static bool may_go_off(const struct controller *c, const struct server_state *s)
{
    return s->facts.told_off.s != 0 &&
           s->facts.place_as_of.s <
               s->facts.told_off.s + c->config->shutdown_timeout + OLD_READING_S;
}

/* The way home of a server that lost its place out there: begun as soon as it may be,
 * paid when a reading made since then shows it at home. */
static void pay_home(struct controller *c, struct server_state *s)
{
    const struct server_facts *f = &s->facts;
    bool may_stop = may_go_off(c, s);

    if (may_stop && !s->owed_home && !s->has_move && f->place == PLACE_ONPREM) {
        s->owed_told = s->owed_failed = true;
        home_owe(c, s, true);
    }
    if (!s->owed_home || s->has_move)
        return;
    if (!s->owed_told && !hands_off(c, s)) { /* it could do nothing about it before */
        s->owed_told = true;
        (void)str_copy(s->foreign_user, sizeof(s->foreign_user), s->owed_by);
        foreign_change(c, s, PLACE_ONPREM);
    }
    if (f->place_stale || f->place_as_of.s <= s->owed_since.s || goes_out_soon(c, s))
        return;
    if (is_home(f) && may_stop)
        return;
    if (is_home(f))
        home_owe(c, s, false);
    else if (hands_off(c, s))
        RH_PROBE("home-owed-and-hands-off");
    else if (f->place != PLACE_UNKNOWN && f->place != PLACE_MOVING_OUT)
        move_begin(c, s, DIRECTION_BACK, (struct utc){0}, true);
}

/* Whose way home is owed is out there again, by another controller: that is no arrival of
 * ours, but what becomes of it out there is a loss of its own. */
static void note_out_again(struct controller *c, struct server_state *s)
{
    const struct server_facts *f = &s->facts;

    if (s->known_place == PLACE_CLOUD || f->place != PLACE_CLOUD ||
        !f->instance.running || f->place_as_of.s <= s->owed_since.s)
        return;
    RH_PROBE("owed-home-and-out-again");
    place_know(c, s, PLACE_CLOUD);
}

static void note_arrival(struct controller *c, struct server_state *s)
{
    const struct server_facts *f = &s->facts;

    if (!is_settled(s))
        return;
    if (s->owed_home) {
        note_out_again(c, s);
        return;
    }
    if (s->order.place == f->place && !off_at_home(f)) {
        s->order.place = PLACE_UNKNOWN;
        order_store(c, s);
    }
    if (s->known_place == f->place) {
        foreign_forget(s);
        return;
    }
    /* Known to be in the cloud and now at home: tell_loss() has looked after it. */
    if (s->known_place == PLACE_ONPREM) {
        RH_PROBE("found-in-the-cloud");
        journal_say(
            c,
            journal_begin(c, LEVEL_WARN, "rushhour", s->config->name, "changed-outside"),
            "went to the cloud without an order from here");
        if (foreign_by_person(s) && !acts_forbidden(c))
            foreign_change(c, s, PLACE_CLOUD);
    }
    foreign_forget(s);
    place_know(c, s, f->place);
}

static void note_hold_end(struct controller *c, struct server_state *s)
{
    char text[LINE_TEXT], when[TIME_TEXT];
    struct utc capped = {0};

    if (s->hold.place == PLACE_UNKNOWN || s->hold.kind == HOLD_PIN ||
        c->now.s < s->hold.until.s)
        return;
    if (!schedule_is_cloud(&c->schedule, c->now)) /* then the schedule ends it */
        capped = hold_capped_before(c, &s->hold);
    journal_say(c, journal_begin(c, LEVEL_INFO, "policy", s->config->name, "hold-end"),
                "its hold %s ended",
                s->hold.place == PLACE_CLOUD ? "in the cloud" : "on-prem");
    if (capped.s != 0) { /* whoever wanted it there may be asleep */
        (void)str_format(text, sizeof(text),
                         "the hold of %s in the cloud ended before %s, by "
                         "policy.hold_cloud_cap: a hold until a time or a pin lasts",
                         s->config->name, clock_text(c, capped, when));
        alert_raise(c, s->config->name, "hold-end", text);
    }
    hold_over(c, s);
}

/* Ready at the window's start was the promise; who is not says why
 * (policy-and-cost 3.4, 6.1). */
static void tell_late(struct controller *c, struct server_state *s,
                      const struct schedule_at *at)
{
    const struct decision *d = &s->decision;
    /* What is seen next tells; of an API that has been down nothing is (6.4). */
    bool blind = s->facts.place_stale &&
                 c->started.s + c->config->policy.stale_after < at->window.start.s;
    UNINITIALIZED char text[LINE_TEXT];

    if (at->phase != PHASE_WINDOW || s->late_window.s == at->window.start.s ||
        (s->facts.place_as_of.s < at->window.start.s && !blind))
        return;
    /* Once a window, at its start; who begins to watch later has nothing to tell. */
    s->late_window = at->window.start;
    if (c->now.s - at->window.start.s > LATE_TOLD_S || d->desired != PLACE_CLOUD ||
        s->facts.place == PLACE_CLOUD)
        return;
    (void)str_format(text, sizeof(text), "late for the rush hour: %.120s",
                     s->has_move && s->move.note[0] != '\0' ? s->move.note
                     : d->gate != GATE_NONE                 ? d->gate_text
                                                            : "on its way");
    alert_raise(c, s->config->name, "late", text);
}

/* 3.4: how long before or after a window's start each server could take builds. Who
 * begins to watch later cannot tell. */
static void note_ready(struct controller *c, struct server_state *s,
                       const struct schedule_at *at)
{
    const struct server_facts *f = &s->facts;
    bool ready =
        f->place == PLACE_CLOUD && !f->place_stale && f->cloud.known && f->cloud.open;
    struct journal_entry *j;
    char by[DUR_TEXT];
    int64_t late;

    if (!ready) {
        s->ready_since.s = 0;
        return;
    }
    if (s->ready_since.s == 0)
        s->ready_since = c->now;
    if (at->phase != PHASE_WINDOW || s->ready_window.s == at->window.start.s)
        return;
    s->ready_window = at->window.start;
    if (c->started.s > at->window.start.s)
        return;
    late = s->ready_since.s - at->window.start.s;
    j = journal_begin(c, LEVEL_INFO, "rushhour", s->config->name, "ready");
    (void)str_format(j->reason, sizeof(j->reason), "%lld", (long long)late);
    journal_say(c, j,
                late > 0 ? "ready %s after the rush hour began"
                         : "ready %s before the rush hour",
                duration_text(late > 0 ? late : -late, by));
}

/* It stands where it is to be, and its node takes no builds though nobody closed it: the
 * guest or its agent hangs, and no move will help. An agent comes again within minutes.
 */
static void tell_down(struct controller *c, struct server_state *s)
{
    enum { TOLD_MS = 15 * 60 * 1000 };
    const struct server_facts *f = &s->facts;
    const struct node_facts *n = f->place == PLACE_CLOUD ? &f->cloud : &f->onprem;
    bool stands = !f->place_stale && f->blocked[0] == '\0' &&
                  (f->place == PLACE_CLOUD || f->place == PLACE_ONPREM);
    UNINITIALIZED char text[LINE_TEXT], lasted[DUR_TEXT];

    if (!s->has_move && (!stands || !n->known))
        return; /* nothing is known of it now */
    if (s->has_move || n->open || n->marked) {
        if (s->down_told && !s->has_move)
            journal_say(
                c, journal_begin(c, LEVEL_INFO, "rushhour", s->config->name, "node"),
                "its node %.60s is %s after %s", n->name, n->open ? "back" : "closed",
                duration_text((c->mono.ms - s->down_since.ms) / 1000, lasted));
        s->down_since.ms = 0;
        s->down_told = false;
        return;
    }
    if (s->down_since.ms == 0)
        s->down_since = c->mono;
    if (s->down_told || c->mono.ms - s->down_since.ms < TOLD_MS)
        return;
    s->down_told = true;
    (void)str_format(text, sizeof(text),
                     "its node %.60s takes no builds for %s, and nobody closed it: %s",
                     n->name, duration_text(TOLD_MS / 1000, lasted),
                     n->cause[0] != '\0' ? n->cause : "the guest or its agent hangs");
    alert_raise(c, s->config->name, "node", text);
}

static void note_own_snooze_end(struct controller *c, struct server_state *s)
{
    if (s->snooze_until.s == 0 || c->now.s < s->snooze_until.s)
        return;
    snooze_store(c, s, (struct utc){0});
    auto_begins(c, s);
    journal_say(c, journal_begin(c, LEVEL_INFO, "policy", s->config->name, "auto"),
                "auto is on again for it, the snooze ended");
}

static void note_snooze_end(struct controller *c)
{
    if (c->snooze_until.s == 0 || c->now.s < c->snooze_until.s)
        return;
    c->snooze_until.s = 0;
    c->auto_since = c->now;
    setting_store_time(c, "auto_since", c->auto_since);
    setting_store(c, "snooze", "");
    journal_say(c, journal_begin(c, LEVEL_INFO, "policy", "", "auto"),
                "auto is on again, the snooze ended");
}

/* Nobody in the cloud, moving or unknown, whoever owns the VM: two complete readings say
 * so before the extension may count as idle (policy-and-cost 6.8). */
static void watch_idle(struct controller *c)
{
    const struct observation *o = c->sources[SOURCE_VELOSTRATA].good;
    struct extension_state_kept *x = &c->extension;
    bool busy = false, ours_out = false;

    if (o == NULL || source_is_stale(c, SOURCE_VELOSTRATA))
        return; /* nothing is known, and nobody stops anything on that */
    for (size_t i = 0; !busy && i < o->as.velostrata.n_vms; i++)
        busy = o->as.velostrata.vms[i].state != MANAGED_UNMANAGED;
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];

        if (!s->mover->uses_extension)
            continue;
        ours_out = ours_out || s->facts.place == PLACE_CLOUD;
        busy = busy || s->facts.place != PLACE_ONPREM || s->facts.task_active ||
               (s->has_move && s->move.direction == DIRECTION_OUT);
    }
    if (x->facts.state == EXTENSION_ACTIVE && !ours_out) {
        if (x->empty_since.s == 0)
            x->empty_since = c->now;
    } else {
        x->empty_since.s = 0;
    }
    if (busy) {
        x->idle_readings = 0;
        if (x->idle_since.s != 0)
            setting_store(c, "extension_idle", "");
        x->idle_since.s = 0;
        return;
    }
    if (o->at.s != x->idle_as_of.s || x->idle_readings == 0) {
        x->idle_as_of = o->at;
        x->idle_readings++;
    }
    if (x->idle_readings >= 2 && x->idle_since.s == 0) {
        x->idle_since = c->now;
        idle_store(c);
    }
}

void react_all(struct controller *c)
{
    const struct schedule_at at = schedule_at(&c->schedule, c->now);

    note_snooze_end(c);
    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_state *s = &c->servers[i];

        note_own_snooze_end(c, s);
        foreign_watch(c, s);
        note_hold_end(c, s);
        tell_notice(c, s);
        tell_loss(c, s);
        let_go(c, s);
        requeue_watch(c, s);
        requeue_alive(c, s);
        replace_watch(c, s);
        pay_home(c, s);
        note_arrival(c, s);
        tell_late(c, s, &at);
        note_ready(c, s, &at);
        tell_down(c, s);
        interface_watch(c, s);
    }
    watch_idle(c);
    unclaimed_watch(c);
}
