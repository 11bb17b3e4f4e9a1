#include <config.h>

#include "tui/act.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/act_parts.h"
#include "tui/cells.h"

const char act_weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct civil act_civil(const struct tz *tz, struct utc t)
{
    return tz == NULL ? civil_from_seconds(t.s) : tz_civil(tz, t);
}

const char *act_when(const struct tz *tz, struct utc now, struct utc t,
                     char buf[TIME_TEXT])
{
    struct civil c = act_civil(tz, t), today = act_civil(tz, now);

    return civil_text(&c, &today, buf);
}

void act_nothing(struct act_plan *p, const char *fmt, ...)
{
    va_list ap;

    p->kind = ACT_NOTHING;
    va_start(ap, fmt);
    (void)vsnprintf(p->message, sizeof(p->message), fmt, ap); /* cut on screen anyway */
    va_end(ap);
}

void act_line(struct question *q, const char *fmt, ...)
{
    va_list ap;

    if (q->n_lines == DIALOG_LINES)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(q->lines[q->n_lines++], LINE_TEXT, fmt,
                    ap); /* cut on screen anyway */
    va_end(ap);
}

void act_choose(struct question *q, enum choice_kind kind, char key, const char *label,
                const struct command *command)
{
    struct choice *c;

    if (q->n_choices == DIALOG_CHOICES)
        return;
    c = &q->choices[q->n_choices++];
    c->kind = kind;
    c->key = key;
    (void)str_copy(c->label, sizeof(c->label), label);
    if (command != NULL)
        c->command = *command;
}

void act_ask(struct act_plan *p, const char *fmt, ...)
{
    va_list ap;

    p->kind = ACT_ASK;
    va_start(ap, fmt);
    (void)vsnprintf(p->question.title, sizeof(p->question.title), fmt, ap);
    va_end(ap);
    act_choose(&p->question, CHOICE_CANCEL, 0, "Cancel",
               NULL); /* first: it has the focus */
}

bool act_automation_is_on(const struct fleet *f, const struct server_view *s,
                          struct utc now)
{
    return f->setting == AUTO_ON && f->snooze_until.s <= now.s && s->auto_on &&
           s->snooze_until.s <= now.s;
}

bool act_is_held(const struct server_view *s)
{
    return s->hold.place == PLACE_CLOUD || s->hold.place == PLACE_ONPREM;
}

bool act_runs_builds(const struct server_view *s)
{
    const struct node_facts *n = cells_node(s);

    return n->known && (n->busy > 0 || !n->idle);
}

const char *act_side(enum place p)
{
    return p == PLACE_CLOUD ? "the cloud" : "on-prem";
}

void act_cost_words(const struct server_view *s, enum place to, char *out, size_t size)
{
    char money[USD_TEXT];

    if (to == PLACE_CLOUD && s->cost.price_source != PRICE_UNKNOWN)
        (void)str_format(out, size, "+$%s/h", usd_text(s->cost.price, 3, money));
    else if (to == PLACE_ONPREM && s->cost.hour_known)
        (void)str_format(out, size, "-$%s/h", usd_text(s->cost.hour, 3, money));
    else
        (void)str_copy(out, size, "cost unknown");
}

bool act_needs_yes(const struct act_context *x, const struct server_view *s,
                   enum place to, struct question *q)
{
    const struct fleet *f = x->fleet;
    const struct node_facts *n = s->facts.onprem.closed_by == CLOSED_BY_PERSON
                                     ? &s->facts.onprem
                                     : &s->facts.cloud;
    char a[USD_TEXT], b[USD_TEXT], c[USD_TEXT];
    bool asks = false;

    if (to != PLACE_CLOUD)
        return false;
    if (f->has_budget && (s->over_budget || f->budget_reached)) {
        act_line(q,
                 "It would exceed the month's budget: $%s%s of $%s spent, forecast %s%s.",
                 usd_text(f->month, 2, a), f->month_known ? "" : "+?",
                 usd_text(f->budget, 2, b), f->forecast.known ? "$" : "?",
                 f->forecast.known ? usd_text(f->forecast.p50, 2, c) : "");
        asks = true;
    }
    if (s->facts.place == PLACE_CLOUD)
        return asks;
    if (n->closed_by == CLOSED_BY_PERSON) {
        act_line(q, "A person closed its node %s%s%s: it stays closed.", n->name,
                 n->cause[0] != '\0' ? ", " : "", n->cause);
        asks = true;
    }
    if (f->jenkins_quieting) {
        act_line(q, "Jenkins is quieting down: no build will start there.");
        asks = true;
    }
    return asks;
}

bool act_needs_question(const struct act_context *x, const struct server_view *s,
                        enum place to, struct question *q)
{
    const struct node_facts *n = cells_node(s);
    char a[DUR_TEXT], b[TIME_TEXT];
    bool asks = false;

    if (act_runs_builds(s)) {
        char progress[48] = "";

        if (n->build_progress >= 0)
            (void)str_format(progress, sizeof(progress), " (%d%%)", n->build_progress);
        act_line(q, "%s is running %s%s. Data is %s old.", s->name,
                 n->build[0] != '\0' ? n->build : "a build", progress,
                 cells_age(x->now.s - n->as_of.s, a));
        asks = true;
    }
    if (act_is_held(s) && s->hold.place != to) {
        act_line(q, "It is held %s%s by %s%s%s: this replaces the hold.",
                 s->hold.place == PLACE_CLOUD ? "in " : "", act_side(s->hold.place),
                 s->hold.by[0] != '\0' ? s->hold.by : "?",
                 s->hold.until.s != 0 ? " until " : " without an end",
                 s->hold.until.s != 0 ? act_when(x->tz, x->now, s->hold.until, b) : "");
        asks = true;
    }
    if (s->facts.instance.spot == SPOT_NOTICE || s->move.interrupted) {
        act_line(q, "AWS takes its instance back%s%s: %s by itself.",
                 s->facts.instance.reclaim_at.s != 0 ? " in " : "",
                 s->facts.instance.reclaim_at.s != 0
                     ? cells_countdown(s->facts.instance.reclaim_at.s - x->now.s, a)
                     : "",
                 s->move.active && s->move.direction == DIRECTION_OUT
                     ? "another one takes over"
                     : "it comes home");
        asks = true;
    }
    if (s->failures > 0 || s->breaker_open) {
        act_line(q, "Its last move failed (%d in a row)%s.", s->failures,
                 s->breaker_open ? "; this is the trial that may close its breaker" : "");
        asks = true;
    }
    return act_needs_yes(x, s, to, q) || asks;
}

/* "drain first" and "move now": the two ways to deal with a build, or the one there is.
 */
static void choose_move(struct act_plan *p, const struct server_view *s)
{
    struct command drain = p->command, force = p->command;

    drain.force = false;
    force.force = true;
    if (!act_runs_builds(s)) {
        act_choose(&p->question, CHOICE_SEND, 'd', "do it", &p->command);
        return;
    }
    act_choose(&p->question, CHOICE_SEND, 'd', "drain first, then move", &drain);
    act_choose(&p->question, CHOICE_SEND, 'f', "move now, stops the build", &force);
}

/* "ready by 10:49", by what ways out took; "" when nobody knows. */
static void ready_words(const struct act_context *x, const struct server_view *s,
                        enum place to, char *out, size_t size)
{
    char when[TIME_TEXT];

    out[0] = '\0';
    if (to != PLACE_CLOUD || x->fleet->out_usual_s <= 0 || act_runs_builds(s) ||
        x->fleet->extension.state == EXTENSION_STOPPED)
        return;
    (void)str_format(
        out, size, ", ready by %s",
        act_when(x->tz, x->now, (struct utc){x->now.s + x->fleet->out_usual_s}, when));
}

static void plan_move(const struct act_context *x, const struct server_view *s,
                      struct act_plan *p)
{
    enum place to = p->command.place;
    struct question q = {.n_lines = 0};
    char held[96], cost[48], ready[48];

    if (s->move.active) {
        act_nothing(p, "%s is moving already; x cancels before the commit point",
                    s->name);
        return;
    }
    if (s->facts.place == to && s->facts.place_as_of.s != 0) {
        act_nothing(p, "%s is %s already", s->name,
                    to == PLACE_CLOUD ? "in the cloud" : "on-prem");
        return;
    }
    p->to = to;
    act_held_words(x, s, to, held, sizeof(held));
    act_cost_words(s, to, cost, sizeof(cost));
    (void)str_format(p->message, sizeof(p->message), "%s moves %s%s", s->name,
                     to == PLACE_CLOUD ? "to " : "", act_side(to));
    ready_words(x, s, to, ready, sizeof(ready));
    (void)str_format(p->rest, sizeof(p->rest), "%s%s%s%s", held,
                     held[0] != '\0' ? ", " : "", cost, ready);
    if (!act_needs_question(x, s, to, &q)) {
        p->kind = ACT_WINDOW;
        return;
    }
    p->question = q;
    p->command.confirmed = true;
    act_ask(p, "Move %s to %s?", s->name, act_side(to));
    if (held[0] != '\0')
        act_line(&p->question, "AUTO is ON: %s will be %s (p releases it).", s->name,
                 held);
    act_line(&p->question, "Effect: %s%s.", cost, ready);
    choose_move(p, s);
}

static void plan_cancel(const struct act_context *x, const struct server_view *s,
                        struct act_plan *p)
{
    const struct move_view *m = &s->move;
    bool waits = s->wait_data || s->decision.gate == GATE_SLOTS;
    bool stays_out = s->facts.place == PLACE_CLOUD || m->direction == DIRECTION_BACK;

    if (m->active && m->committed) {
        act_nothing(p, "%s is past the commit point of its move: it runs to its end",
                    s->name);
        return;
    }
    if (!m->active && !waits) {
        act_nothing(p, "%s has no move to cancel", s->name);
        return;
    }
    p->command.confirmed = true; /* a question comes in any case */
    act_ask(p, "Cancel the move of %s?", s->name);
    if (m->active)
        act_line(&p->question, "It is at %s, step %d of %d, and not committed.",
                 step_word(m->step), m->n, m->of);
    else
        act_line(&p->question, "It has not started yet.");
    act_line(&p->question, "It stays %s; its Jenkins node takes builds again.",
             stays_out ? "in the cloud" : "on-prem");
    if (m->active && stays_out)
        (void)act_needs_yes(x, s, PLACE_CLOUD, &p->question); /* its line, or none */
    act_choose(&p->question, CHOICE_SEND, 't', "take the move back", &p->command);
}

bool act_may(const struct act_context *x, struct act_plan *p)
{
    if (x->observe || x->fleet->observe)
        act_nothing(p, x->demo ? "this is a replay: keys change nothing that was"
                               : "observing only (--observe): keys change nothing here");
    else if (x->locked)
        act_nothing(p, "keys are locked: L unlocks them");
    else if (x->fleet->version == 0)
        act_nothing(p, "not yet: the controller has not said anything");
    else
        return true;
    return false;
}

static void order_server(const struct act_context *x, struct act_plan *p)
{
    int i = fleet_find(x->fleet, p->command.server);
    const struct server_view *s;

    if (i < 0) {
        act_nothing(p, "there is no server %.60s", p->command.server);
        return;
    }
    s = &x->fleet->servers[i];
    if (p->command.kind == COMMAND_MOVE)
        plan_move(x, s, p);
    else if (p->command.kind == COMMAND_HOLD)
        act_hold(x, s, p);
    else if (p->command.kind == COMMAND_RELEASE)
        act_release(s, p);
    else
        plan_cancel(x, s, p);
}

void act_order(const struct act_context *x, const struct command *c, struct act_plan *out)
{
    memset(out, 0, sizeof(*out));
    out->command = *c;
    if (c->kind == COMMAND_REFRESH) { /* changes nothing, so a lock does not forbid it */
        out->kind = ACT_NOW;
        (void)str_copy(out->message, sizeof(out->message), "asking all APIs");
        if (x->observe || x->fleet->observe)
            act_nothing(out, "observing only (--observe): it polls by itself");
        return;
    }
    if (!act_may(x, out))
        return;
    switch (c->kind) {
    case COMMAND_MOVE:
    case COMMAND_HOLD:
    case COMMAND_RELEASE:
    case COMMAND_CANCEL:
        order_server(x, out);
        break;
    case COMMAND_AUTO:
        act_auto(x, c, out);
        break;
    case COMMAND_SNOOZE:
        act_snooze(x, c, out);
        break;
    case COMMAND_EXTENSION:
        act_extension(x, c, out);
        break;
    case COMMAND_ACKNOWLEDGE:
        out->kind = ACT_NOW;
        (void)str_copy(out->message, sizeof(out->message), "alerts are acknowledged");
        break;
    case COMMAND_REFRESH:
    case COMMAND_COUNT:
        act_nothing(out, "nothing to do");
        break;
    }
}

uint64_t act_state_of(const struct fleet *f, const char *server)
{
    int i = server[0] == '\0' ? -1 : fleet_find(f, server);
    const struct server_view *s;
    uint64_t v;

    if (i < 0)
        return 0;
    s = &f->servers[i];
    v = (uint64_t)s->facts.place;
    v = v * 16 + (uint64_t)s->facts.instance.spot;
    v = v * 16 + (s->move.active ? (uint64_t)s->move.step + 1 : 0);
    v = v * 2 + (s->move.committed ? 1 : 0);
    v = v * 2 + (act_runs_builds(s) ? 1 : 0);
    v = v * 8 + (uint64_t)s->hold.place;
    return v * 2 + 1;
}
