#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

/*
 * Changes that nobody ordered here, policy-and-cost 4.1. The evidence, in its order: what
 * speaks for an interruption wins over what speaks for a person; without any it is taken
 * for an interruption.
 */

/* Tasks of the manager itself have no person behind them. */
static bool is_person(const struct controller *c, const char *user)
{
    const char *own = c->config->velostrata.api.user;

    return user[0] != '\0' && !str_eq_nocase(user, "system") &&
           (own == NULL || !str_eq(user, own));
}

/* AWS's own codes (aws-api 4.5); not each of them is of a person's doing. */
static bool is_taken_back(const struct instance_facts *in)
{
    return str_eq(in->state_reason, "Server.SpotInstanceTermination") ||
           (str_starts(in->spot_status, "instance-terminated-") &&
            !str_ends(in->spot_status, "-by-user"));
}

static bool is_ended_by_person(const struct instance_facts *in)
{
    return str_eq(in->state_reason, "Client.UserInitiatedShutdown") ||
           str_ends(in->spot_status, "terminated-by-user");
}

/* A way out ends nothing, but who ends its instance while it starts is not told from AWS;
 * nothing of ours stops one. */
static bool may_be_ours(const struct server_state *s)
{
    return s->has_move && s->move.committed &&
           (s->move.direction == DIRECTION_BACK ||
            s->facts.instance.stopped_since.s == 0);
}

void foreign_disown(struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;

    s->foreign_user[0] = '\0';
    if (in->id[0] != '\0' && is_ended_by_person(in) && in->stopped_since.s == 0)
        str_keep(s->not_by_person, sizeof(s->not_by_person), in->id);
}

void foreign_watch(struct controller *c, struct server_state *s)
{
    struct server_facts *f = &s->facts;

    /* AWS cannot tell controllers, which stop none, apart from people. */
    if (c->observe || lease_is_missing(c))
        foreign_disown(s);
    if (f->task_active && is_person(c, f->task_user))
        (void)str_copy(s->foreign_user, sizeof(s->foreign_user), f->task_user);
    else if (f->instance.id[0] != '\0' && is_ended_by_person(&f->instance) &&
             !may_be_ours(s) && !str_eq(f->instance.id, s->not_by_person) &&
             s->foreign_user[0] == '\0')
        (void)str_copy(s->foreign_user, sizeof(s->foreign_user), "the AWS console");
    if (f->instance.id[0] != '\0' && is_taken_back(&f->instance))
        s->taken_back = true;
    /* A return task that no person started is the manager's own. */
    if (f->task_active && !s->has_move && f->place == PLACE_MOVING_BACK &&
        (f->task_user[0] == '\0' || str_eq_nocase(f->task_user, "system")))
        s->taken_back = true;
}

/* It has settled where it is known to be: what was watched has come to nothing. */
void foreign_forget(struct server_state *s)
{
    s->foreign_user[0] = '\0';
    if (s->taken_back && !is_taken_back(&s->facts.instance))
        s->taken_back = false;
}

bool foreign_by_person(const struct server_state *s)
{
    return !s->taken_back && s->facts.instance.reclaim_at.s == 0 &&
           s->foreign_user[0] != '\0';
}

static void block(struct controller *c, struct server_state *s, const char *text)
{
    (void)str_copy(s->outside, sizeof(s->outside), text);
    setting_store(c, server_key(s, "outside").text, text);
}

void foreign_release(struct controller *c, struct server_state *s)
{
    if (s->outside[0] == '\0')
        return;
    block(c, s, "");
    s->facts.blocked[0] = '\0'; /* the next look sets it again if there is more */
}

static void say_change(const struct server_state *s, enum place place,
                       char what[LINE_TEXT])
{
    const struct instance_facts *in = &s->facts.instance;

    if (place == PLACE_ONPREM && in->stopped)
        (void)str_format(what, LINE_TEXT, "%.40s was stopped by a person", in->id);
    else
        (void)str_format(what, LINE_TEXT, "changed outside: %s by %.60s",
                         place == PLACE_CLOUD ? "sent to the cloud" : "brought home",
                         s->foreign_user);
}

/* What comes of it, where that is more than what was done. */
static const char *outlook(const struct server_state *s, enum place place)
{
    if (place != PLACE_ONPREM || !s->facts.instance.stopped)
        return "";
    return s->facts.power == POWER_ON
               ? ": its server stays at home"
               : ": its server comes home, and the instance is ended";
}

void foreign_change(struct controller *c, struct server_state *s, enum place place)
{
    char what[LINE_TEXT], text[LINE_TEXT];

    say_change(s, place, what);
    switch (c->config->policy.foreign_change) {
    case FOREIGN_ADOPT:
        s->hold =
            (struct hold){.place = place, .kind = HOLD_UNTIL_SCHEDULE, .at = c->now};
        s->hold.until =
            schedule_hold_end(&c->schedule, &c->config->policy, c->now, place);
        (void)str_copy(s->hold.by, sizeof(s->hold.by), s->foreign_user);
        (void)str_copy(s->hold.why, sizeof(s->hold.why), "changed outside");
        /* Without a change ahead nothing ends it but a person. */
        if (s->hold.until.s == 0)
            s->hold.kind = HOLD_PIN;
        month_hold(c, s);
        hold_store(c, s);
        break;
    case FOREIGN_ENFORCE:
        break;
    case FOREIGN_ALERT:
        block(c, s, what);
        break;
    }
    (void)str_format(text, sizeof(text), "%.120s%s", what, outlook(s, place));
    alert_raise(c, s->config->name, "changed-outside", text);
    s->foreign_user[0] = '\0';
}
