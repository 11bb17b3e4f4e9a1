#include <config.h>

#include "core/model/wish.h"

#include "core/base/str.h"

#include <string.h>

struct wish wish_default(const char *server)
{
    struct wish w = {.setting = AUTO_ON};

    (void)str_copy(w.server, sizeof(w.server), server); /* as long */
    return w;
}

static bool same_hold(const struct hold *a, const struct hold *b)
{
    return a->place == b->place &&
           (a->place == PLACE_UNKNOWN ||
            (a->kind == b->kind && a->until.s == b->until.s && a->at.s == b->at.s &&
             a->over_budget == b->over_budget && str_eq(a->by, b->by) &&
             str_eq(a->why, b->why)));
}

bool wish_eq(const struct wish *a, const struct wish *b)
{
    return str_eq(a->server, b->server) && a->setting == b->setting &&
           a->snooze_until.s == b->snooze_until.s && str_eq(a->auto_by, b->auto_by) &&
           a->auto_since.s == b->auto_since.s && same_hold(&a->hold, &b->hold);
}

bool wish_changes(const struct record *r, const char **server)
{
    const char *key, *colon;

    if (r->kind == RECORD_HOLD) {
        *server = r->as.hold.server;
        return true;
    }
    if (r->kind != RECORD_SETTING)
        return false;
    key = r->as.setting.key;
    colon = strchr(key, ':');
    *server = colon != NULL ? colon + 1 : "";
    return str_starts(key, "auto") || str_starts(key, "snooze");
}
