#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct answer {
    bool accepted;
    char text[LINE_TEXT];
};

static void yes(struct answer *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void no(struct answer *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void yes(struct answer *a, const char *fmt, ...)
{
    va_list ap;

    a->accepted = true;
    va_start(ap, fmt);
    (void)vsnprintf(a->text, sizeof(a->text), fmt, ap); /* a cut answer is still one */
    va_end(ap);
}

static void no(struct answer *a, const char *fmt, ...)
{
    va_list ap;

    a->accepted = false;
    va_start(ap, fmt);
    (void)vsnprintf(a->text, sizeof(a->text), fmt, ap); /* a cut answer is still one */
    va_end(ap);
}

/* A hold that the schedule ends (policy-and-cost 4). */
static void hold_until_schedule(struct controller *c, struct server_state *s,
                                enum place place, const char *by, const char *why)
{
    s->hold = (struct hold){.place = place, .kind = HOLD_UNTIL_SCHEDULE, .at = c->now};
    s->hold.until = schedule_hold_end(&c->schedule, &c->config->policy, c->now, place);
    /* A schedule that never changes into that place ends no hold: then a person must. */
    if (s->hold.until.s == 0) {
        RH_PROBE("hold-that-no-schedule-ends");
        s->hold.kind = HOLD_PIN;
    }
    (void)str_copy(s->hold.by, sizeof(s->hold.by), by);
    (void)str_copy(s->hold.why, sizeof(s->hold.why), why);
    month_hold(c, s);
    hold_store(c, s);
}

/* Of holds that come with an order, in the journal and to tell them by. */
static const char moved_by_hand[] = "moved by hand";

static void order_give(struct controller *c, struct server_state *s, enum place place,
                       bool force, const char *by)
{
    s->order.place = place;
    s->order.force = force;
    s->order.at = c->now;
    (void)str_copy(s->order.by, sizeof(s->order.by), by);
    order_store(c, s);
}

/* A newer one says something else. */
static void order_drop(struct controller *c, struct server_state *s)
{
    if (s->order.place == PLACE_UNKNOWN)
        return;
    s->order.place = PLACE_UNKNOWN;
    order_store(c, s);
}

void hold_over(struct controller *c, struct server_state *s)
{
    if (s->hold.place == s->order.place && str_eq(s->hold.why, moved_by_hand)) {
        RH_PROBE("order-over-with-its-hold");
        order_drop(c, s);
    }
    hold_end(c, s);
}

/* Until when it is held in that place; "": it is not. */
static const char *held_text(const struct controller *c, const struct server_state *s,
                             enum place place, char buf[LINE_TEXT])
{
    char when[TIME_TEXT], change[TIME_TEXT];
    struct utc capped = hold_capped_before(c, &s->hold);

    if (s->hold.place != place)
        buf[0] = '\0';
    else if (s->hold.until.s == 0)
        (void)str_copy(buf, LINE_TEXT, ", held there until it is released");
    else if (capped.s != 0)
        (void)str_format(
            buf, LINE_TEXT,
            ", held there until %s, not until %s: policy.hold_cloud_cap ends "
            "it; a time or a pin holds longer",
            clock_text(c, s->hold.until, when), clock_text(c, capped, change));
    else
        (void)str_format(buf, LINE_TEXT, ", held there until %s",
                         clock_text(c, s->hold.until, when));
    return buf;
}

/* What a person is asked before a server goes out or stays there: the money (7), a node
 * that somebody closed (3.6). True when that was answered, else *a says what it is. */
static bool is_confirmed(const struct controller *c, const struct server_state *s,
                         const struct command *cmd, enum place place, struct answer *a)
{
    const struct server_facts *f = &s->facts;
    const struct node_facts *closed = f->onprem.closed_by == CLOSED_BY_PERSON ? &f->onprem
                                      : f->cloud.closed_by == CLOSED_BY_PERSON ? &f->cloud
                                                                               : NULL;
    char money[USD_TEXT];

    if (place != PLACE_CLOUD || cmd->confirmed)
        return true;
    if (month_is_over(c, s, place)) {
        no(a,
           "%s in the cloud would exceed the month's budget of $%s: say yes to it "
           "(--yes)",
           cmd->server, usd_text(c->config->policy.budget_month, 2, money));
        return false;
    }
    /* A hold waits for the node like policy does; only a move by hand does not. */
    if (cmd->kind != COMMAND_MOVE || f->place == PLACE_CLOUD ||
        (closed == NULL && !c->jenkins_quieting))
        return true;
    if (closed != NULL)
        no(a, "a person closed node %.60s: say yes to moving %s all the same (--yes)",
           closed->name, cmd->server);
    else
        no(a, "Jenkins is quieting down: say yes to moving %s all the same (--yes)",
           cmd->server);
    return false;
}

/* The move that is under way there waits for no build any more, whoever began it. */
static void force_on(struct controller *c, struct server_state *s, enum place place)
{
    enum direction to = place == PLACE_CLOUD ? DIRECTION_OUT : DIRECTION_BACK;

    if (!s->has_move || s->move.force || s->move.direction != to)
        return;
    s->move.force = true;
    move_store(c, s);
}

static void do_move(struct controller *c, struct server_state *s,
                    const struct command *cmd, struct answer *a)
{
    const struct server_facts *f = &s->facts;
    char held[LINE_TEXT];
    bool settled = !s->has_move && f->place == cmd->place && !f->place_stale;

    if (cmd->place != PLACE_ONPREM && cmd->place != PLACE_CLOUD) {
        no(a, "a server moves to cloud or onprem");
        return;
    }
    if (settled && !off_at_home(f)) {
        bool stays = automation_on(c, s) && s->decision.desired != cmd->place;

        if (stays && !is_confirmed(c, s, cmd, cmd->place, a))
            return;
        if (stays)
            hold_until_schedule(c, s, cmd->place, cmd->by, "stay");
        order_drop(c, s);
        yes(a, "%s is %s already%s", cmd->server,
            cmd->place == PLACE_CLOUD ? "in the cloud" : "on-prem",
            held_text(c, s, cmd->place, held));
        return;
    }
    if (f->blocked[0] != '\0' &&
        !(cmd->place == PLACE_ONPREM && power_is_down(f->power))) {
        no(a, "%s is blocked: %s", cmd->server, f->blocked);
        return;
    }
    if (cmd->place == PLACE_CLOUD && c->disk_full) {
        no(a, "the disk of the state is full: nothing is launched until there is room");
        return;
    }
    if (!is_confirmed(c, s, cmd, cmd->place, a))
        return;
    if (automation_on(c, s))
        hold_until_schedule(c, s, cmd->place, cmd->by, moved_by_hand);
    order_give(c, s, cmd->place, cmd->force, cmd->by);
    if (cmd->force)
        force_on(c, s, cmd->place);
    s->retry_at.s = 0;
    breaker_close(c, s); /* this is the trial, whatever opened it (3.6, 6.4) */
    retry_store(c, s);
    yes(a, "%s moves to %s%s%s%s", cmd->server, place_screen(cmd->place),
        held_text(c, s, cmd->place, held),
        cmd->place == PLACE_CLOUD && s->over_budget ? ", over the budget" : "",
        s->has_move && s->move.committed ? ", after the move that is under way" : "");
}

static void do_cancel(struct controller *c, struct server_state *s,
                      const struct command *cmd, struct answer *a)
{
    enum place back = !s->has_move                         ? PLACE_UNKNOWN
                      : s->move.direction == DIRECTION_OUT ? PLACE_ONPREM
                                                           : PLACE_CLOUD;
    char held[LINE_TEXT];

    if (!s->has_move && s->order.place == PLACE_UNKNOWN) {
        no(a, "%s does not move", cmd->server);
        return;
    }
    if (s->has_move && !s->move.interrupted && automation_on(c, s) &&
        !is_confirmed(c, s, cmd, back, a))
        return;
    if (!s->has_move && s->hold.place == s->order.place &&
        str_eq(s->hold.why, moved_by_hand))
        hold_end(c, s); /* it would be carried out by that */
    s->order.place = PLACE_UNKNOWN;
    if (!s->has_move) {
        order_store(c, s);
        yes(a, "%s: the order is taken back", cmd->server);
        return;
    }
    if (s->move.interrupted) {
        RH_PROBE("cancel-of-a-lost-server");
        order_store(c, s);
        no(a,
           s->move.direction == DIRECTION_OUT
               ? "%s loses its instance, another one takes over"
               : "%s lost its instance and must come home",
           cmd->server);
        return;
    }
    if (automation_on(c, s))
        hold_until_schedule(c, s, back, cmd->by, "canceled by hand");
    if (s->move.committed) {
        RH_PROBE("cancel-past-the-commit-point");
        order_give(c, s, back, false, cmd->by);
        yes(a,
            "%s is past the point of no return: it arrives first, then goes back to %s%s",
            cmd->server, place_screen(back), held_text(c, s, back, held));
        return;
    }
    if (s->move.direction == DIRECTION_OUT)
        RH_PROBE("way-out-canceled-before-commit");
    order_store(c, s);
    move_end(c, s, MOVE_CANCELED, FAILURE_TRANSIENT, "canceled by hand");
    yes(a, "%s stays %s%s", cmd->server, back == PLACE_CLOUD ? "in the cloud" : "on-prem",
        held_text(c, s, back, held));
}

static void do_hold(struct controller *c, struct server_state *s,
                    const struct command *cmd, struct answer *a)
{
    char held[LINE_TEXT];

    if (cmd->place != PLACE_ONPREM && cmd->place != PLACE_CLOUD) {
        no(a, "a server is held in cloud or onprem");
        return;
    }
    if (!is_confirmed(c, s, cmd, cmd->place, a))
        return;
    if (cmd->hold_kind == HOLD_UNTIL_SCHEDULE) {
        hold_until_schedule(c, s, cmd->place, cmd->by, "held by hand");
    } else {
        if (cmd->hold_kind == HOLD_UNTIL && cmd->until.s <= c->now.s) {
            no(a, "the hold would end in the past");
            return;
        }
        s->hold =
            (struct hold){.place = cmd->place, .kind = cmd->hold_kind, .at = c->now};
        if (cmd->hold_kind == HOLD_UNTIL)
            s->hold.until = cmd->until;
        (void)str_copy(s->hold.by, sizeof(s->hold.by), cmd->by);
        (void)str_copy(s->hold.why, sizeof(s->hold.why), "held by hand");
        month_hold(c, s);
        hold_store(c, s);
    }
    if (automation_on(c, s) && s->order.place != cmd->place)
        order_drop(c, s);
    yes(a, "%s: %s%s", cmd->server,
        cmd->place == PLACE_CLOUD ? "in the cloud" : "on-prem",
        held_text(c, s, cmd->place, held));
}

static void do_auto(struct controller *c, const struct command *cmd, struct answer *a)
{
    struct server_state *s = cmd->server[0] != '\0' ? server_find(c, cmd->server) : NULL;

    if (s != NULL) {
        if (cmd->setting == AUTO_DRY_RUN) {
            no(a, "dry-run is for all servers at once");
            return;
        }
        if (cmd->setting == AUTO_ON && (!s->auto_on || s->snooze_until.s != 0))
            auto_begins(c, s);
        s->auto_on = cmd->setting == AUTO_ON;
        if (s->snooze_until.s != 0)
            snooze_store(c, s, (struct utc){0});
        setting_store(c, server_key(s, "auto").text, s->auto_on ? "on" : "off");
        yes(a, "auto is %s for %s", s->auto_on ? "on" : "off", cmd->server);
        return;
    }
    if (c->dry_run && cmd->setting != AUTO_DRY_RUN) {
        no(a, "this instance was started with --dry-run: start it without to act");
        return;
    }
    c->setting = cmd->setting;
    c->auto_since = c->now;
    c->snooze_until.s = 0;
    (void)str_copy(c->auto_by, sizeof(c->auto_by), cmd->by);
    setting_store(c, "auto", auto_setting_word(c->setting));
    if (c->store_lost && c->setting != AUTO_DRY_RUN) {
        c->store_lost = false; /* a person has looked */
        setting_store(c, "lost", "");
    }
    setting_store(c, "auto_by", c->auto_by);
    setting_store_time(c, "auto_since", c->auto_since);
    setting_store(c, "snooze", "");
    yes(a, "auto is %s", auto_setting_word(c->setting));
}

static void do_snooze(struct controller *c, const struct command *cmd, struct answer *a)
{
    char when[TIME_TEXT];

    if (cmd->until.s <= c->now.s) {
        no(a, "the snooze would end in the past");
        return;
    }
    if (c->setting != AUTO_ON) {
        no(a, "auto is %s: there is nothing to snooze", auto_setting_word(c->setting));
        return;
    }
    if (cmd->server[0] != '\0') {
        struct server_state *s = server_find(c, cmd->server);

        SURE(s != NULL); /* command_take() has found it */
        if (!s->auto_on) {
            no(a, "auto is off for %s: there is nothing to snooze", cmd->server);
            return;
        }
        snooze_store(c, s, cmd->until);
        yes(a, "auto sleeps until %s for %s", clock_text(c, cmd->until, when),
            cmd->server);
        return;
    }
    c->snooze_until = cmd->until;
    setting_store_time(c, "snooze", c->snooze_until);
    yes(a, "auto sleeps until %s", clock_text(c, c->snooze_until, when));
}

static void do_extension(struct controller *c, const struct command *cmd,
                         struct answer *a)
{
    struct extension_state_kept *x = &c->extension;
    const char *what = cmd->start ? "start" : "stop";

    if (!x->facts.configured) {
        no(a, "no cloud extension is configured");
        return;
    }
    if (x->facts.stale) {
        no(a, "the state of the cloud extension is not known now");
        return;
    }
    if (cmd->start ? x->facts.state != EXTENSION_STOPPED
                   : x->facts.state != EXTENSION_ACTIVE &&
                         x->facts.state != EXTENSION_IMPAIRED) {
        no(a, "the cloud extension is %s: it cannot %s now",
           extension_state_word(x->facts.state), what);
        return;
    }
    if (!cmd->start && x->idle_since.s == 0) {
        no(a, "a VM is in the cloud, on the way or of unknown place: the extension must "
              "run");
        return;
    }
    x->start_ordered = cmd->start;
    x->stop_ordered = !cmd->start;
    (void)str_format(x->ordered_by, sizeof(x->ordered_by), "operator:%.48s", cmd->by);
    extension_store(c);
    yes(a, "the cloud extension is asked to %s", what);
}

static void do_all(struct controller *c, const struct command *cmd, struct answer *a)
{
    switch (cmd->kind) {
    case COMMAND_AUTO:
        do_auto(c, cmd, a);
        break;
    case COMMAND_SNOOZE:
        do_snooze(c, cmd, a);
        break;
    case COMMAND_EXTENSION:
        do_extension(c, cmd, a);
        break;
    case COMMAND_REFRESH:
        for (size_t i = 0; i < SOURCE_COUNT; i++)
            c->sources[i].failures = 0;
        sources_hurry_all(c);
        yes(a, "asking every API now");
        break;
    case COMMAND_ACKNOWLEDGE:
        c->n_alerts = 0;
        yes(a, "alerts are acknowledged");
        break;
    case COMMAND_MOVE:
    case COMMAND_CANCEL:
    case COMMAND_HOLD:
    case COMMAND_RELEASE:
    case COMMAND_COUNT:
        no(a, "%s needs a server", command_word(cmd->kind));
        break;
    }
}

static void do_server(struct controller *c, struct server_state *s,
                      const struct command *cmd, struct answer *a)
{
    foreign_release(c, s);
    if (cmd->kind == COMMAND_MOVE) {
        do_move(c, s, cmd, a);
    } else if (cmd->kind == COMMAND_CANCEL) {
        do_cancel(c, s, cmd, a);
    } else if (cmd->kind == COMMAND_HOLD) {
        do_hold(c, s, cmd, a);
    } else if (cmd->kind == COMMAND_RELEASE) {
        if (s->hold.place == PLACE_UNKNOWN) {
            no(a, "%s is not held", cmd->server);
            return;
        }
        hold_over(c, s);
        yes(a, "%s is released; policy decides again", cmd->server);
    } else {
        do_all(c, cmd, a);
    }
}

void replies_written(struct controller *c, bool ok)
{
    if (ok)
        memset(c->unwritten, 0, sizeof(c->unwritten));
    else if (c->reply_fresh) /* it is the newest */
        c->unwritten[c->n_replies - 1] = c->replies[c->n_replies - 1].accepted;
    if (c->n_replies > 0 && c->unwritten[c->n_replies - 1])
        RH_PROBE("reply-kept-back-until-it-is-written");
}

void replies_view(const struct controller *c, struct fleet *f)
{
    for (size_t i = 0; i < c->n_replies; i++) {
        if (!c->unwritten[i])
            f->replies[f->n_replies++] = c->replies[i];
    }
}

static void keep_reply(struct controller *c, const struct command_reply *reply)
{
    if (c->n_replies == FLEET_REPLIES) {
        memmove(&c->replies[0], &c->replies[1],
                sizeof(c->replies[0]) * (FLEET_REPLIES - 1));
        memmove(&c->unwritten[0], &c->unwritten[1],
                sizeof(c->unwritten[0]) * (FLEET_REPLIES - 1));
        c->n_replies--;
    }
    SURE(c->n_replies < FLEET_REPLIES);
    c->unwritten[c->n_replies] = false;
    c->replies[c->n_replies++] = *reply;
}

/* What only looks at things needs no right to act. */
static bool is_harmless(const struct command *cmd)
{
    return cmd->kind == COMMAND_REFRESH || cmd->kind == COMMAND_ACKNOWLEDGE;
}

/* The order's own words, so that a journal tells by itself what it was (replay.h). */
static void say_order(const struct command *cmd, struct journal_entry *j)
{
    char end[TIME_TEXT] = "";

    if (cmd->until.s != 0)
        (void)utc_text(cmd->until, end);
    if (cmd->kind == COMMAND_MOVE || cmd->kind == COMMAND_HOLD)
        (void)str_copy(j->to, sizeof(j->to), place_word(cmd->place));
    if (cmd->kind == COMMAND_AUTO)
        (void)str_copy(j->to, sizeof(j->to), auto_setting_word(cmd->setting));
    if (cmd->kind == COMMAND_HOLD)
        (void)str_copy(j->reason, sizeof(j->reason),
                       cmd->hold_kind == HOLD_UNTIL ? end
                                                    : hold_kind_word(cmd->hold_kind));
    if (cmd->kind == COMMAND_SNOOZE)
        (void)str_copy(j->reason, sizeof(j->reason), end);
}

void command_take(struct controller *c, const struct command *cmd, bool stored)
{
    struct server_state *s = cmd->server[0] != '\0' ? server_find(c, cmd->server) : NULL;
    struct answer a = {0};
    struct command_reply reply = {.id = cmd->id};
    struct journal_entry *j;
    char actor[NAME_TEXT], text[LINE_TEXT];

    if (cmd->server[0] != '\0' && s == NULL)
        no(&a, "there is no server %s", cmd->server);
    else if (!is_harmless(cmd) && c->observe)
        no(&a, "this instance only observes");
    else if (!is_harmless(cmd) && lease_is_missing(c))
        no(&a, "%s: this instance only looks on",
           c->lease.holder[0] != '\0' ? c->lease.holder
                                      : "etcd does not say whose the shared lock is");
    else if (!is_harmless(cmd) && !c->store_ok)
        no(&a, "the state cannot be written now: %s", c->store_text);
    else if (!is_harmless(cmd) && cmd->kind != COMMAND_AUTO && orders_forbidden(c))
        no(&a, "dry-run: would %s", command_text(cmd, text));
    else if (s != NULL)
        do_server(c, s, cmd, &a);
    else
        do_all(c, cmd, &a);

    if (!a.accepted && !c->store_ok)
        RH_PROBE("order-refused-by-the-store");
    reply.accepted = a.accepted;
    (void)str_copy(reply.text, sizeof(reply.text), a.text);
    keep_reply(c, &reply);
    if (stored) {
        struct record *r = effects_record(c->fx, RECORD_COMMAND);

        if (r != NULL) {
            r->at = c->now;
            r->as.command = reply;
        }
    }
    if (is_harmless(cmd))
        return;
    (void)str_format(actor, sizeof(actor), "operator:%.48s", cmd->by);
    j = journal_begin(c, a.accepted ? LEVEL_ACT : LEVEL_WARN, actor, cmd->server,
                      command_word(cmd->kind));
    j->outcome = a.accepted ? OUTCOME_DONE : OUTCOME_FAILED;
    say_order(cmd, j);
    journal_say(c, j, "%s", a.text);
}
