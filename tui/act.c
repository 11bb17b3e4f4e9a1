#include <config.h>

#include "tui/act.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    int64_t days = civil_to_days(c.year, c.month, c.day) -
                   civil_to_days(today.year, today.month, today.day);

    if (days == 0)
        (void)str_format(buf, TIME_TEXT, "%02d:%02d", c.hour, c.minute);
    else if (days > -7 && days < 7)
        (void)str_format(buf, TIME_TEXT, "%s %02d:%02d", act_weekdays[c.weekday], c.hour,
                         c.minute);
    else
        (void)str_format(buf, TIME_TEXT, "%04d-%02d-%02d %02d:%02d", c.year, c.month,
                         c.day, c.hour, c.minute);
    return buf;
}

static void nothing(struct act_plan *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void nothing(struct act_plan *p, const char *fmt, ...)
{
    va_list ap;

    p->kind = ACT_NOTHING;
    va_start(ap, fmt);
    (void)vsnprintf(p->message, sizeof(p->message), fmt, ap); /* cut on screen anyway */
    va_end(ap);
}

static void line(struct question *q, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void line(struct question *q, const char *fmt, ...)
{
    va_list ap;

    if (q->n_lines == DIALOG_LINES)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(q->lines[q->n_lines++], LINE_TEXT, fmt,
                    ap); /* cut on screen anyway */
    va_end(ap);
}

static void choose(struct question *q, enum choice_kind kind, char key, const char *label,
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

static void ask(struct act_plan *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void ask(struct act_plan *p, const char *fmt, ...)
{
    va_list ap;

    p->kind = ACT_ASK;
    va_start(ap, fmt);
    (void)vsnprintf(p->question.title, sizeof(p->question.title), fmt, ap);
    va_end(ap);
    choose(&p->question, CHOICE_CANCEL, 0, "Cancel", NULL); /* first: it has the focus */
}

static bool automation_is_on(const struct fleet *f, const struct server_view *s,
                             struct utc now)
{
    return f->setting == AUTO_ON && f->snooze_until.s <= now.s && s->auto_on;
}

static bool is_held(const struct server_view *s)
{
    return s->hold.place == PLACE_CLOUD || s->hold.place == PLACE_ONPREM;
}

static bool runs_builds(const struct server_view *s)
{
    const struct node_facts *n = cells_node(s);

    return n->known && (n->busy > 0 || !n->idle);
}

static const char *side(enum place p)
{
    return p == PLACE_CLOUD ? "the cloud" : "on-prem";
}

/* " (12h at most)" where the end of a hold made now is the limit of the configuration and
 * not a change of the schedule. */
static const char *cap_words(const struct act_context *x, enum place place,
                             struct utc end, char buf[32])
{
    enum { SLACK_S = 60 }; /* whoever said the end read a clock that runs, maybe fast */
    int64_t cap = x->hold_cloud_cap_s, off;
    char text[DUR_TEXT];

    buf[0] = '\0';
    if (place != PLACE_CLOUD || cap <= 0 || end.s == 0)
        return buf;
    off = end.s - x->now.s - cap;
    if (off < -SLACK_S || off > SLACK_S)
        return buf;
    if (cap % 3600 == 0 && cap < 86400)
        (void)str_format(text, sizeof(text), "%lldh", (long long)cap / 3600);
    else
        (void)duration_text(cap, text);
    (void)str_format(buf, 32, " (%s at most)", text);
    return buf;
}

/* "until 18:00" of a hold made now, "" when auto does not run and no hold is made. */
static void hold_words(const struct act_context *x, const struct server_view *s,
                       enum place to, char *out, size_t size)
{
    struct utc end = {0};
    char when[TIME_TEXT], cap[32];

    out[0] = '\0';
    if (!automation_is_on(x->fleet, s, x->now))
        return;
    if (x->hold_end != NULL)
        end = x->hold_end(x->hold_ctx, to);
    if (end.s == 0)
        (void)str_copy(out, size, "held there until the schedule changes");
    else
        (void)str_format(out, size, "held there until %s%s",
                         act_when(x->tz, x->now, end, when), cap_words(x, to, end, cap));
}

static void cost_words(const struct server_view *s, enum place to, char *out, size_t size)
{
    char money[USD_TEXT];

    if (to == PLACE_CLOUD && s->cost.price_source != PRICE_UNKNOWN)
        (void)str_format(out, size, "+$%s/h", usd_text(s->cost.price, 3, money));
    else if (to == PLACE_ONPREM && s->cost.hour_known)
        (void)str_format(out, size, "-$%s/h", usd_text(s->cost.hour, 3, money));
    else
        (void)str_copy(out, size, "cost unknown");
}

/* The reasons that turn a one-key move into a question (S2); true when there is one. */
static bool needs_question(const struct act_context *x, const struct server_view *s,
                           enum place to, struct question *q)
{
    const struct node_facts *n = cells_node(s);
    char a[DUR_TEXT], b[TIME_TEXT];
    bool asks = false;

    if (runs_builds(s)) {
        char progress[48] = "";

        if (n->build_progress >= 0)
            (void)str_format(progress, sizeof(progress), " (%d%%)", n->build_progress);
        line(q, "%s is running %s%s. Data is %s old.", s->name,
             n->build[0] != '\0' ? n->build : "a build", progress,
             cells_age(x->now.s - n->as_of.s, a));
        asks = true;
    }
    if (is_held(s) && s->hold.place != to) {
        line(q, "It is held %s%s by %s%s%s: this replaces the hold.",
             s->hold.place == PLACE_CLOUD ? "in " : "", side(s->hold.place),
             s->hold.by[0] != '\0' ? s->hold.by : "?",
             s->hold.until.s != 0 ? " until " : " without an end",
             s->hold.until.s != 0 ? act_when(x->tz, x->now, s->hold.until, b) : "");
        asks = true;
    }
    if (s->facts.instance.spot == SPOT_NOTICE || s->move.interrupted) {
        line(q, "AWS takes its instance back%s%s: it comes home by itself.",
             s->facts.instance.reclaim_at.s != 0 ? " in " : "",
             s->facts.instance.reclaim_at.s != 0
                 ? cells_countdown(s->facts.instance.reclaim_at.s - x->now.s, a)
                 : "");
        asks = true;
    }
    if (s->failures > 0 || s->breaker_open) {
        line(q, "Its last move failed (%d in a row)%s.", s->failures,
             s->breaker_open ? "; this is the trial that may close its breaker" : "");
        asks = true;
    }
    return asks;
}

static void plan_move(const struct act_context *x, const struct server_view *s,
                      enum place to, struct act_plan *p)
{
    struct question q = {.n_lines = 0};
    char held[96], cost[48];

    if (s->move.active) {
        nothing(p, "%s is moving already; x cancels before the commit point", s->name);
        return;
    }
    if (s->facts.place == to && s->facts.place_as_of.s != 0) {
        nothing(p, "%s is %s already", s->name,
                to == PLACE_CLOUD ? "in the cloud" : "on-prem");
        return;
    }
    p->command = (struct command){.kind = COMMAND_MOVE, .place = to};
    (void)str_copy(p->command.server, sizeof(p->command.server), s->name);
    p->to = to;
    hold_words(x, s, to, held, sizeof(held));
    cost_words(s, to, cost, sizeof(cost));
    (void)str_format(p->message, sizeof(p->message), "%s moves %s%s", s->name,
                     to == PLACE_CLOUD ? "to " : "", side(to));
    (void)str_format(p->rest, sizeof(p->rest), "%s%s%s", held,
                     held[0] != '\0' ? ", " : "", cost);
    if (!needs_question(x, s, to, &q)) {
        p->kind = ACT_WINDOW;
        return;
    }
    p->question = q;
    ask(p, "Move %s to %s?", s->name, side(to));
    if (held[0] != '\0')
        line(&p->question, "AUTO is ON: %s will be %s (p releases it).", s->name, held);
    line(&p->question, "Effect: %s.", cost);
    choose(&p->question, CHOICE_SEND, 'd',
           runs_builds(s) ? "drain first, then move" : "do it", &p->command);
    if (runs_builds(s)) {
        struct command force = p->command;

        force.force = true;
        choose(&p->question, CHOICE_SEND, 'f', "move now, stops the build (requeued)",
               &force);
    }
}

static void plan_other_side(const struct act_context *x, const struct server_view *s,
                            struct act_plan *p)
{
    switch (s->facts.place) {
    case PLACE_CLOUD:
        plan_move(x, s, PLACE_ONPREM, p);
        return;
    case PLACE_ONPREM:
        plan_move(x, s, PLACE_CLOUD, p);
        return;
    case PLACE_MOVING_OUT:
    case PLACE_MOVING_BACK:
        nothing(p, "%s is moving; x cancels before the commit point", s->name);
        return;
    case PLACE_LOST:
        nothing(p, "%s lost its instance and comes home by itself", s->name);
        return;
    case PLACE_UNKNOWN:
    case PLACE_COUNT:
        break;
    }
    nothing(p, "where %s is, is not known: c or o says where it should be", s->name);
}

static void plan_hold(const struct act_context *x, const struct server_view *s, bool pin,
                      struct act_plan *p)
{
    enum place at = s->facts.place;
    char until[96] = "until the schedule changes", when[TIME_TEXT], cap[32];
    struct utc end = {0};

    (void)str_copy(p->command.server, sizeof(p->command.server), s->name);
    if (is_held(s) && !pin) {
        p->command.kind = COMMAND_RELEASE;
        p->kind = ACT_WINDOW;
        (void)str_format(p->message, sizeof(p->message), "%s is released", s->name);
        (void)str_copy(p->rest, sizeof(p->rest), "the schedule decides again");
        return;
    }
    if (at != PLACE_CLOUD && at != PLACE_ONPREM) {
        nothing(p, "%s can be held once it is in one place", s->name);
        return;
    }
    p->command.kind = COMMAND_HOLD;
    p->command.place = at;
    p->command.hold_kind = pin ? HOLD_PIN : HOLD_UNTIL_SCHEDULE;
    if (pin) {
        ask(p, "Hold %s %s%s without an end?", s->name, at == PLACE_CLOUD ? "in " : "",
            side(at));
        line(&p->question, "The schedule will not move it until p releases it.");
        choose(&p->question, CHOICE_SEND, 'h', "hold it", &p->command);
        return;
    }
    if (x->hold_end != NULL)
        end = x->hold_end(x->hold_ctx, at);
    if (end.s != 0)
        (void)str_format(until, sizeof(until), "until %s%s",
                         act_when(x->tz, x->now, end, when), cap_words(x, at, end, cap));
    p->kind = ACT_WINDOW;
    (void)str_format(p->message, sizeof(p->message), "%s is held %s%s", s->name,
                     at == PLACE_CLOUD ? "in " : "", side(at));
    (void)str_copy(p->rest, sizeof(p->rest), until);
}

static void plan_cancel(const struct server_view *s, struct act_plan *p)
{
    const struct move_view *m = &s->move;
    bool waits = s->wait_data || s->decision.gate == GATE_SLOTS;

    if (m->active && m->committed) {
        nothing(p, "%s is past the commit point of its move: it runs to its end",
                s->name);
        return;
    }
    if (!m->active && !waits) {
        nothing(p, "%s has no move to cancel", s->name);
        return;
    }
    p->command.kind = COMMAND_CANCEL;
    (void)str_copy(p->command.server, sizeof(p->command.server), s->name);
    ask(p, "Cancel the move of %s?", s->name);
    if (m->active)
        line(&p->question, "It is at %s, step %d of %d, and not committed.",
             step_word(m->step), m->n, m->of);
    else
        line(&p->question, "It has not started yet.");
    line(&p->question, "It stays %s; its Jenkins node takes builds again.",
         s->facts.place == PLACE_CLOUD || m->direction == DIRECTION_BACK ? "in the cloud"
                                                                         : "on-prem");
    choose(&p->question, CHOICE_SEND, 't', "take the move back", &p->command);
}

/* What policy would start when it is switched on: it says nothing while it is off, so the
 * windows' own place is taken for servers without a hold. */
static size_t would_start(const struct fleet *f, const char *server, char *names,
                          size_t size, bool *busy)
{
    enum place due =
        f->in_lead || (f->in_window && !f->in_drain) ? PLACE_CLOUD : PLACE_ONPREM;
    size_t n = 0, used = 0;

    names[0] = '\0';
    *busy = false;
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];
        enum place want = is_held(s) ? s->hold.place : due;

        if (server[0] != '\0' ? !str_eq(s->name, server) : !s->auto_on)
            continue;
        if ((s->facts.place != PLACE_CLOUD && s->facts.place != PLACE_ONPREM) ||
            s->facts.place == want)
            continue;
        n++;
        *busy = *busy || runs_builds(s);
        if (used + strlen(s->name) + 16 < size) {
            (void)str_format(names + used, size - used, "%s%s to %s",
                             used > 0 ? ", " : "", s->name, side(want));
            used = strlen(names);
        }
    }
    return n;
}

static void plan_auto_on(const struct act_context *x, const char *server,
                         struct act_plan *p)
{
    const struct fleet *f = x->fleet;
    char names[LINE_TEXT];
    bool busy, dry = f->setting == AUTO_DRY_RUN && server[0] == '\0';
    size_t n = would_start(f, server, names, sizeof(names), &busy);

    p->command.kind = COMMAND_AUTO;
    p->command.setting = AUTO_ON;
    (void)str_copy(p->command.server, sizeof(p->command.server), server);
    if (n <= 1 && !busy && !dry) {
        p->kind = ACT_NOW;
        (void)str_format(p->message, sizeof(p->message), "AUTO on%s%s%s%s",
                         server[0] != '\0' ? " for " : "", server, n > 0 ? ": " : "",
                         names);
        return;
    }
    ask(p, "%s%s%s", dry ? "Leave dry-run?" : "Switch AUTO on",
        server[0] != '\0' ? " for " : "",
        server[0] != '\0' ? server
        : dry             ? ""
                          : "?");
    if (n == 0)
        line(&p->question, "No server would move now.");
    else
        line(&p->question, "%zu move%s would start: %s.", n, n == 1 ? "" : "s", names);
    if (busy)
        line(&p->question, "Builds run on some of them: their nodes drain first.");
    choose(&p->question, CHOICE_SEND, 's', "switch AUTO on", &p->command);
    if (dry) {
        struct command off = p->command;

        off.setting = AUTO_OFF;
        choose(&p->question, CHOICE_SEND, 'f', "AUTO off", &off);
    }
}

static void plan_auto(const struct act_context *x, const struct server_view *s,
                      struct act_plan *p)
{
    bool on = s != NULL
                  ? s->auto_on
                  : x->fleet->setting == AUTO_ON && x->fleet->snooze_until.s <= x->now.s;

    if (!on) {
        plan_auto_on(x, s != NULL ? s->name : "", p);
        return;
    }
    p->kind = ACT_NOW;
    p->command.kind = COMMAND_AUTO;
    p->command.setting = AUTO_OFF;
    if (s != NULL)
        (void)str_copy(p->command.server, sizeof(p->command.server), s->name);
    (void)str_format(p->message, sizeof(p->message), "AUTO off%s%s",
                     s != NULL ? " for " : "", s != NULL ? s->name : "");
}

static void plan_extension(const struct act_context *x, struct act_plan *p)
{
    const struct extension_facts *e = &x->fleet->extension;
    char money[USD_TEXT], cost[64] = "Its price is not configured.";

    if (!e->configured) {
        nothing(p, "no cloud extension is configured");
        return;
    }
    if (x->fleet->extension_cost_known)
        (void)str_format(cost, sizeof(cost), "It costs $%s/h while it runs.",
                         usd_text(x->fleet->extension_hour, 3, money));
    p->command.kind = COMMAND_EXTENSION;
    if (e->state == EXTENSION_STOPPED) {
        p->command.start = true;
        ask(p, "Start the cloud extension?");
        line(&p->question, "%s", cost);
        choose(&p->question, CHOICE_SEND, 's', "start it", &p->command);
    } else if (e->state == EXTENSION_ACTIVE || e->state == EXTENSION_IMPAIRED) {
        if (x->fleet->in_cloud + x->fleet->moving > 0) {
            nothing(p, "the cloud extension stays: %d server%s in the cloud or moving",
                    x->fleet->in_cloud + x->fleet->moving,
                    x->fleet->in_cloud + x->fleet->moving == 1 ? " is" : "s are");
            return;
        }
        ask(p, "Stop the cloud extension?");
        line(&p->question, "No server is in the cloud. %s", cost);
        choose(&p->question, CHOICE_SEND, 's', "stop it", &p->command);
    } else {
        nothing(p, "the cloud extension is %s: nothing to do",
                extension_state_word(e->state));
    }
}

static void plan_quit(const struct act_context *x, struct act_plan *p)
{
    bool asks = x->fleet->setting == AUTO_ON || x->fleet->moves_running > 0;

    p->kind = ACT_NOW;
    if (!asks || x->demo || x->observe || x->observer)
        return;
    ask(p, "Quit rushhour?");
    if (x->fleet->setting == AUTO_ON)
        line(&p->question, "AUTO is ON: nobody moves the servers until rushhour runs "
                           "again.");
    if (x->fleet->moves_running > 0)
        line(&p->question, "%d move%s in flight: the next start takes up where it stops.",
             x->fleet->moves_running, x->fleet->moves_running == 1 ? " is" : "s are");
    line(&p->question, "To leave it running, detach from tmux instead.");
    choose(&p->question, CHOICE_QUIT, 's', "stop and quit", NULL);
}

static bool may_act(const struct act_context *x, struct act_plan *p)
{
    if (x->observe || x->fleet->observe)
        nothing(p, "observing only (--observe): keys change nothing here");
    else if (x->locked)
        nothing(p, "keys are locked: L unlocks them");
    else if (x->fleet->version == 0)
        nothing(p, "not yet: the controller has not said anything");
    else
        return true;
    return false;
}

/* The actions on the selected server. */
static void plan_server(const struct act_context *x, enum action action,
                        const struct server_view *s, struct act_plan *p)
{
    if (s == NULL)
        nothing(p, "no server is selected");
    else if (action == ACTION_MOVE)
        plan_other_side(x, s, p);
    else if (action == ACTION_TO_CLOUD || action == ACTION_TO_ONPREM)
        plan_move(x, s, action == ACTION_TO_CLOUD ? PLACE_CLOUD : PLACE_ONPREM, p);
    else if (action == ACTION_HOLD || action == ACTION_PIN)
        plan_hold(x, s, action == ACTION_PIN, p);
    else if (action == ACTION_CANCEL)
        plan_cancel(s, p);
    else if (action == ACTION_AUTO_SERVER)
        plan_auto(x, s, p);
}

void act_plan(const struct act_context *x, enum action action, const char *server,
              struct act_plan *out)
{
    int i = server[0] == '\0' ? -1 : fleet_find(x->fleet, server);

    memset(out, 0, sizeof(*out));
    if (action == ACTION_QUIT) {
        plan_quit(x, out);
        return;
    }
    if (action == ACTION_LOCK) { /* only unlocking comes here */
        ask(out, "Unlock the keys?");
        line(&out->question, "Keys that move servers work again.");
        choose(&out->question, CHOICE_UNLOCK, 'u', "unlock", NULL);
        return;
    }
    if (action == ACTION_REFRESH) { /* changes nothing, so a lock does not forbid it */
        out->kind = ACT_NOW;
        out->command.kind = COMMAND_REFRESH;
        (void)str_copy(out->message, sizeof(out->message), "asking all APIs");
        if (x->observe || x->fleet->observe)
            nothing(out, "observing only (--observe): it polls by itself");
        return;
    }
    if (!may_act(x, out))
        return;
    if (action == ACTION_AUTO)
        plan_auto(x, NULL, out);
    else if (action == ACTION_EXTENSION)
        plan_extension(x, out);
    else
        plan_server(x, action, i < 0 ? NULL : &x->fleet->servers[i], out);
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
    v = v * 2 + (runs_builds(s) ? 1 : 0);
    v = v * 8 + (uint64_t)s->hold.place;
    return v * 2 + 1;
}
