#include <config.h>

#include "tui/act_parts.h"

#include <string.h>

#include "tui/cells.h"

/* Holds: when they end, and how they are asked. */

static struct hold_ends ends_of(const struct act_context *x, enum place place)
{
    return x->hold_ends != NULL ? x->hold_ends(x->hold_ctx, place)
                                : (struct hold_ends){0};
}

/* The cap of the cloud ends it, and no change of the schedule. */
static bool is_capped(struct hold_ends ends)
{
    return ends.end.s != 0 && ends.end.s != ends.change.s;
}

/* "until 18:00", "until Mon 04:55 (12h at most)" of an until-schedule hold made now. */
static void schedule_words(const struct act_context *x, enum place place, char *out,
                           size_t size)
{
    struct hold_ends ends = ends_of(x, place);
    int64_t cap = is_capped(ends) ? x->hold_cloud_cap_s : 0; /* there may be none */
    char when[TIME_TEXT], text[DUR_TEXT];

    if (cap % 3600 == 0 && cap < 86400)
        (void)str_format(text, sizeof(text), "%lldh", (long long)cap / 3600);
    else
        (void)duration_text(cap, text);
    if (ends.end.s == 0)
        (void)str_copy(out, size, "until the schedule changes");
    else
        (void)str_format(out, size, "until %s%s%s%s",
                         act_when(x->tz, x->now, ends.end, when),
                         is_capped(ends) ? " (" : "", is_capped(ends) ? text : "",
                         is_capped(ends) ? " at most)" : "");
}

void act_held_words(const struct act_context *x, const struct server_view *s,
                    enum place to, char *out, size_t size)
{
    char until[HOLD_WORDS];

    out[0] = '\0';
    if (!act_automation_is_on(x->fleet, s, x->now))
        return;
    schedule_words(x, to, until, sizeof(until));
    (void)str_format(out, size, "held %s", until);
}

/* "until 18:00" of the hold that the order makes. */
static void until_words(const struct act_context *x, const struct command *c, char *out,
                        size_t size)
{
    char when[TIME_TEXT];

    if (c->hold_kind == HOLD_PIN)
        (void)str_copy(out, size, "without an end");
    else if (c->hold_kind == HOLD_UNTIL_SCHEDULE)
        schedule_words(x, c->place, out, size);
    else
        (void)str_format(out, size, "until %s", act_when(x->tz, x->now, c->until, when));
}

void act_hold(const struct act_context *x, const struct server_view *s,
              struct act_plan *p)
{
    enum place at = p->command.place;
    bool moves = s->facts.place != at, pin = p->command.hold_kind == HOLD_PIN, asks;
    bool longer =
        p->command.hold_kind == HOLD_UNTIL_SCHEDULE && is_capped(ends_of(x, at));
    const char *in = at == PLACE_CLOUD ? "in " : "";
    struct question q = {.n_lines = 0};
    char until[HOLD_WORDS], cost[48];

    until_words(x, &p->command, until, sizeof(until));
    act_cost_words(s, at, cost, sizeof(cost));
    asks = moves ? act_needs_question(x, s, at, &q) : act_needs_yes(x, s, at, &q);
    (void)str_format(p->message, sizeof(p->message), "%s is held %s%s", s->name, in,
                     act_side(at));
    (void)str_format(
        p->rest, sizeof(p->rest), "%s%s%s%s", until, longer ? ", P holds longer" : "",
        !act_automation_is_on(x->fleet, s, x->now) ? "; it counts once AUTO is on"
        : moves                                    ? ", it moves there, "
                                                   : "",
        moves && act_automation_is_on(x->fleet, s, x->now) ? cost : "");
    if (!asks && !pin) {
        p->kind = ACT_WINDOW;
        return;
    }
    p->question = q;
    p->command.confirmed = asks;
    act_ask(p, "Hold %s %s%s %s?", s->name, in, act_side(at), until);
    if (pin)
        act_line(&p->question, "The schedule will not move it until p releases it.");
    if (moves)
        act_line(&p->question, "It moves there: %s.", cost);
    act_choose(&p->question, CHOICE_SEND, 'h', "hold it", &p->command);
}

/* One of the ends to choose from, and what it is. */
static void offer_end(const struct act_context *x, struct act_plan *p, char key,
                      struct utc until, const char *what)
{
    struct command c = p->command;
    char text[64], when[TIME_TEXT];

    c.hold_kind = HOLD_UNTIL;
    c.until = until;
    (void)str_format(text, sizeof(text), "until %s, %s",
                     act_when(x->tz, x->now, until, when), what);
    act_choose(&p->question, CHOICE_SEND, key, text, &c);
}

void act_hold_how_long(const struct act_context *x, const struct server_view *s,
                       struct act_plan *p)
{
    enum { HOURS = 2, HOUR_S = 3600 };
    struct hold_ends ends = ends_of(x, p->command.place);
    bool cloud = p->command.place == PLACE_CLOUD;
    struct command c = p->command;
    char until[HOLD_WORDS], label[64], now[64] = "";

    p->command.confirmed = c.confirmed = act_needs_yes(x, s, c.place, &p->question);
    act_ask(p, "Hold %s %s%s: until when?", s->name, cloud ? "in " : "",
            act_side(c.place));
    if (act_is_held(s) && s->hold.until.s != 0)
        (void)act_when(x->tz, x->now, s->hold.until, now);
    if (act_is_held(s))
        act_line(&p->question, "It is held %s%s%s%s: this replaces the hold.",
                 s->hold.place == PLACE_CLOUD ? "in " : "", act_side(s->hold.place),
                 now[0] != '\0' ? " until " : " without an end", now);
    schedule_words(x, c.place, until, sizeof(until));
    (void)str_format(label, sizeof(label), "%s, as the schedule", until);
    c.hold_kind = HOLD_UNTIL_SCHEDULE;
    act_choose(&p->question, CHOICE_SEND, 's', label, &c);
    offer_end(x, p, '2', (struct utc){x->now.s + HOURS * HOUR_S}, "in 2 hours");
    if (is_capped(ends) && ends.change.s != 0)
        offer_end(x, p, 'm', ends.change, "the next rush hour");
    act_choose(&p->question, CHOICE_TYPE, 't', "until a time that you type", &p->command);
    c.hold_kind = HOLD_PIN;
    act_choose(&p->question, CHOICE_SEND, 'h', "without an end, until p releases it", &c);
}

void act_release(const struct server_view *s, struct act_plan *p)
{
    if (!act_is_held(s)) {
        act_nothing(p, "%s is not held", s->name);
        return;
    }
    p->kind = ACT_WINDOW;
    (void)str_format(p->message, sizeof(p->message), "%s is released", s->name);
    (void)str_copy(p->rest, sizeof(p->rest), "the schedule decides again");
}
