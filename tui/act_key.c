#include <config.h>

#include "tui/act_parts.h"

#include <string.h>

/* Which order a key is, by what it is pressed on. */

/* The order that `m` and `p` mean, by where the server is; false: none, and why. */
static bool key_on_server(enum action action, const struct server_view *s,
                          struct command *c, struct act_plan *p)
{
    enum place at = s->facts.place;
    bool settled = at == PLACE_CLOUD || at == PLACE_ONPREM;

    c->kind = action == ACTION_CANCEL ? COMMAND_CANCEL : COMMAND_MOVE;
    c->place = action == ACTION_TO_CLOUD ? PLACE_CLOUD : PLACE_ONPREM;
    if (action == ACTION_TO_CLOUD || action == ACTION_TO_ONPREM ||
        action == ACTION_CANCEL)
        return true;
    if (action == ACTION_HOLD || action == ACTION_PIN) {
        bool releases = action == ACTION_HOLD && act_is_held(s);

        c->kind = releases ? COMMAND_RELEASE : COMMAND_HOLD;
        c->place = at;
        c->hold_kind = action == ACTION_PIN ? HOLD_PIN : HOLD_UNTIL_SCHEDULE;
        if (!releases && !settled)
            act_nothing(p, "%s can be held once it is in one place", s->name);
        return releases || settled;
    }
    if (at == PLACE_ONPREM) /* m: to the other side */
        c->place = PLACE_CLOUD;
    if (at == PLACE_MOVING_OUT || at == PLACE_MOVING_BACK)
        act_nothing(p, "%s is moving; x cancels before the commit point", s->name);
    else if (at == PLACE_LOST)
        act_nothing(p, "%s lost its instance and comes home by itself", s->name);
    else if (!settled)
        act_nothing(p, "where %s is, is not known: c or o says where it should be",
                    s->name);
    return settled;
}

/* The order that a key means now; false: none, and *p says why. */
static bool key_order(const struct act_context *x, enum action action,
                      const struct server_view *s, struct command *c, struct act_plan *p)
{
    const struct fleet *f = x->fleet;
    bool on = f->setting == AUTO_ON && f->snooze_until.s <= x->now.s;

    if (action == ACTION_REFRESH) {
        c->kind = COMMAND_REFRESH;
        return true;
    }
    if (action == ACTION_EXTENSION) {
        c->kind = COMMAND_EXTENSION;
        c->start = f->extension.state == EXTENSION_STOPPED;
        return true;
    }
    if (action != ACTION_AUTO && s == NULL) {
        act_nothing(p, "no server is selected");
        return false;
    }
    if (action != ACTION_AUTO)
        (void)str_copy(c->server, sizeof(c->server), s->name);
    if (action != ACTION_AUTO && action != ACTION_AUTO_SERVER)
        return key_on_server(action, s, c, p);
    c->kind = COMMAND_AUTO;
    if (action == ACTION_AUTO_SERVER)
        on = s->auto_on && s->snooze_until.s <= x->now.s;
    c->setting = on ? AUTO_OFF : AUTO_ON;
    return true;
}

void act_plan(const struct act_context *x, enum action action, const char *server,
              struct act_plan *out)
{
    int i = server[0] == '\0' ? -1 : fleet_find(x->fleet, server);
    struct command c = {.kind = COMMAND_COUNT};

    memset(out, 0, sizeof(*out));
    if (action == ACTION_QUIT) {
        act_quit(x, out);
        return;
    }
    if (action == ACTION_LOCK) { /* only unlocking comes here */
        act_ask(out, "Unlock the keys?");
        act_line(&out->question, "Keys that move servers work again.");
        act_choose(&out->question, CHOICE_UNLOCK, 'u', "unlock", NULL);
        return;
    }
    if (action != ACTION_REFRESH && !act_may(x, out))
        return;
    if (action == ACTION_TAKE_OVER) {
        act_take_over(x, out);
        return;
    }
    if (!key_order(x, action, i < 0 ? NULL : &x->fleet->servers[i], &c, out))
        return;
    if (action != ACTION_PIN) {
        act_order(x, &c, out);
        return;
    }
    out->command = c;
    act_hold_how_long(x, &x->fleet->servers[i], out);
}
