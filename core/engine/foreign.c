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

void foreign_watch(struct controller *c, struct server_state *s)
{
    struct server_facts *f = &s->facts;

    if (f->task_active && is_person(c, f->task_user))
        (void)str_copy(s->foreign_user, sizeof(s->foreign_user), f->task_user);
    else if (f->instance.id[0] != '\0' && is_ended_by_person(&f->instance) &&
             !(s->has_move && s->move.committed) && s->foreign_user[0] == '\0')
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
    char key[NAME_TEXT];

    (void)str_copy(s->outside, sizeof(s->outside), text);
    (void)str_format(key, sizeof(key), "outside:%.46s", s->config->name);
    setting_store(c, key, text);
}

void foreign_release(struct controller *c, struct server_state *s)
{
    if (s->outside[0] == '\0')
        return;
    block(c, s, "");
    s->facts.blocked[0] = '\0'; /* the next look sets it again if there is more */
}

void foreign_change(struct controller *c, struct server_state *s, enum place place)
{
    char text[LINE_TEXT];

    (void)str_format(text, sizeof(text), "changed outside: %s by %.60s",
                     place == PLACE_CLOUD ? "sent to the cloud" : "brought home",
                     s->foreign_user);
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
        block(c, s, text);
        break;
    }
    alert_raise(c, s->config->name, "changed-outside", text);
    s->foreign_user[0] = '\0';
}
