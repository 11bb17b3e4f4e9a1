#include <config.h>

#include "tui/act_parts.h"

#include <string.h>

#include "tui/cells.h"

/* The switches: auto, snooze, the extension, the end. */

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
    /* One server's switch does nothing while that of all is off. */
    if (server[0] != '\0' && f->setting != AUTO_ON)
        return 0;
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];
        enum place want = act_is_held(s) ? s->hold.place : due;

        if (server[0] != '\0' ? !str_eq(s->name, server) : !s->auto_on)
            continue;
        if ((s->facts.place != PLACE_CLOUD && s->facts.place != PLACE_ONPREM) ||
            s->facts.place == want || s->facts.blocked[0] != '\0')
            continue;
        if (want == PLACE_CLOUD && s->over_budget && !s->hold.over_budget)
            continue;
        n++;
        *busy = *busy || act_runs_builds(s);
        if (used + strlen(s->name) + 16 < size) {
            (void)str_format(names + used, size - used, "%s%s to %s",
                             used > 0 ? ", " : "", s->name, act_side(want));
            used = strlen(names);
        }
    }
    return n;
}

static void auto_on(const struct act_context *x, const char *server, struct act_plan *p)
{
    const struct fleet *f = x->fleet;
    char names[LINE_TEXT];
    bool busy, dry = f->setting == AUTO_DRY_RUN && server[0] == '\0';
    size_t n = would_start(f, server, names, sizeof(names), &busy);

    if (n <= 1 && !busy && !dry) {
        p->kind = ACT_NOW;
        (void)str_format(p->message, sizeof(p->message), "AUTO on%s%s%s%s",
                         server[0] != '\0' ? " for " : "", server, n > 0 ? ": " : "",
                         names);
        return;
    }
    act_ask(p, "%s%s%s", dry ? "Leave dry-run?" : "Switch AUTO on",
            server[0] != '\0' ? " for " : "",
            server[0] != '\0' ? server
            : dry             ? ""
                              : "?");
    if (n == 0)
        act_line(&p->question, "No server would move now.");
    else
        act_line(&p->question, "%zu move%s would start: %s.", n, n == 1 ? "" : "s",
                 names);
    if (busy)
        act_line(&p->question, "Builds run on some of them: their nodes drain first.");
    act_choose(&p->question, CHOICE_SEND, 's', "switch AUTO on", &p->command);
    if (dry) {
        struct command off = p->command;

        off.setting = AUTO_OFF;
        act_choose(&p->question, CHOICE_SEND, 'f', "AUTO off", &off);
    }
}

void act_auto(const struct act_context *x, const struct command *c, struct act_plan *p)
{
    if (c->server[0] != '\0' && fleet_find(x->fleet, c->server) < 0) {
        act_nothing(p, "there is no server %.60s", c->server);
    } else if (c->setting == AUTO_ON) {
        auto_on(x, c->server, p);
    } else {
        p->kind = ACT_NOW;
        (void)str_format(p->message, sizeof(p->message), "AUTO %s%s%s",
                         auto_setting_word(c->setting),
                         c->server[0] != '\0' ? " for " : "", c->server);
    }
}

void act_snooze(const struct act_context *x, const struct command *c, struct act_plan *p)
{
    char when[TIME_TEXT];

    if (x->fleet->setting != AUTO_ON) {
        act_nothing(p, "AUTO is %s: there is nothing to snooze",
                    auto_setting_word(x->fleet->setting));
        return;
    }
    p->kind = ACT_NOW;
    (void)str_format(p->message, sizeof(p->message), "AUTO sleeps until %s%s%s",
                     act_when(x->tz, x->now, c->until, when),
                     c->server[0] != '\0' ? " for " : "", c->server);
}

static void ask_extension(const struct act_context *x, const struct command *c,
                          struct act_plan *p)
{
    char money[USD_TEXT], cost[64] = "Its price is not configured.";

    if (x->fleet->extension_cost_known)
        (void)str_format(cost, sizeof(cost), "It costs $%s/h while it runs.",
                         usd_text(x->fleet->extension_hour, 3, money));
    act_ask(p, "%s the cloud extension?", c->start ? "Start" : "Stop");
    act_line(&p->question, "%s%s", c->start ? "" : "No server is in the cloud. ", cost);
    act_choose(&p->question, CHOICE_SEND, 's', c->start ? "start it" : "stop it",
               &p->command);
}

void act_extension(const struct act_context *x, const struct command *c,
                   struct act_plan *p)
{
    const struct extension_facts *e = &x->fleet->extension;
    bool runs = e->state == EXTENSION_ACTIVE || e->state == EXTENSION_IMPAIRED;
    int busy = x->fleet->in_cloud + x->fleet->moving;

    if (!e->configured)
        act_nothing(p, "no cloud extension is configured");
    else if (c->start ? e->state != EXTENSION_STOPPED : !runs)
        act_nothing(p, "the cloud extension is %s: nothing to do",
                    extension_state_word(e->state));
    else if (!c->start && busy > 0)
        act_nothing(p, "the cloud extension stays: %d server%s in the cloud or moving",
                    busy, busy == 1 ? " is" : "s are");
    else
        ask_extension(x, c, p);
}

void act_take_over(const struct act_context *x, struct act_plan *p)
{
    const struct fleet *f = x->fleet;

    if (!x->observer) {
        act_nothing(p, "this instance acts: there is nobody to take over from");
        return;
    }
    if (!f->ended) {
        act_nothing(p, "%s acts: it can be taken over from when it has ended",
                    x->holder != NULL ? x->holder : "another instance");
        return;
    }
    act_ask(p, "Take over?");
    act_line(&p->question, "This instance acts from now on, until it is quit.");
    if (f->setting == AUTO_ON && f->snooze_until.s <= x->now.s)
        act_line(&p->question, "AUTO is ON: what is due begins at once.");
    if (f->moves_running > 0)
        act_line(&p->question, "%d move%s under way: %s taken up where %s stopped.",
                 f->moves_running, f->moves_running == 1 ? " is" : "s are",
                 f->moves_running == 1 ? "it is" : "they are",
                 f->moves_running == 1 ? "it" : "they");
    act_choose(&p->question, CHOICE_TAKE_OVER, 't', "take over", NULL);
}

void act_quit(const struct act_context *x, struct act_plan *p)
{
    bool asks = x->fleet->setting == AUTO_ON || x->fleet->moves_running > 0;

    p->kind = ACT_NOW;
    if (!asks || x->demo || x->observe || x->observer ||
        (x->fleet->shared_lock.configured && !x->fleet->shared_lock.held))
        return;
    act_ask(p, "Quit rushhour?");
    if (x->fleet->setting == AUTO_ON)
        act_line(&p->question, "AUTO is ON: nobody moves the servers until rushhour runs "
                               "again.");
    if (x->fleet->moves_running > 0)
        act_line(&p->question,
                 "%d move%s in flight: the next start takes up where it stops.",
                 x->fleet->moves_running, x->fleet->moves_running == 1 ? " is" : "s are");
    act_line(&p->question, "To leave it running, detach from tmux instead.");
    act_choose(&p->question, CHOICE_QUIT, 's', "stop and quit", NULL);
}
