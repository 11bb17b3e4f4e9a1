#include <config.h>

#include "core/sim/survival.h"

#include "core/base/str.h"

static void look_at_lists(struct survival *v, const struct controller *c)
{
    struct controller_fill fills[CONTROLLER_FILLS];
    size_t n = controller_fills(c, fills);

    for (size_t i = 0; i < n; i++) {
        if (fills[i].used > fills[i].most && v->why[0] == '\0')
            (void)str_format(v->why, sizeof(v->why), "I16: %zu %s, and %zu may be",
                             fills[i].used, fills[i].what, fills[i].most);
    }
}

void survival_look(struct survival *v, const struct controller *c, size_t n_servers,
                   bool stored)
{
    if (v->recorded)
        look_at_lists(v, c);
    v->recorded = false;
    v->n = n_servers < WATCHED_MAX ? n_servers : WATCHED_MAX;
    v->newest.all = controller_wishes(c);
    for (size_t i = 0; i < v->n; i++)
        v->newest.of[i] = controller_wish(c, i);
    if (!stored)
        return;
    v->known = true;
    v->stored = v->newest;
}

static void differs(struct survival *v, const char *whose, const char *what)
{
    if (v->why[0] == '\0')
        (void)str_format(v->why, sizeof(v->why),
                         "I13: after a restart %s of %.60s is another", what, whose);
}

static bool same_hold(const struct hold *a, const struct hold *b)
{
    return a->place == b->place && (a->place == PLACE_UNKNOWN ||
                                    (a->kind == b->kind && a->until.s == b->until.s &&
                                     a->at.s == b->at.s && str_eq(a->by, b->by)));
}

/* What is another one than was, NULL = nothing. */
static const char *other_for_all(const struct controller_wishes *now,
                                 const struct controller_wishes *was)
{
    if (now->setting != was->setting)
        return "the switch";
    if (now->snooze_until.s != was->snooze_until.s)
        return "the snooze";
    if (now->extension_start != was->extension_start ||
        now->extension_stop != was->extension_stop)
        return "the order to the extension";
    return NULL;
}

static const char *other_of_one(const struct controller_wish *now,
                                const struct controller_wish *was)
{
    if (now->order != was->order ||
        (now->order != PLACE_UNKNOWN && now->order_force != was->order_force))
        return "the order";
    if (!same_hold(&now->hold, &was->hold))
        return "the hold";
    if (now->auto_on != was->auto_on)
        return "the switch";
    if (now->snooze_until.s != was->snooze_until.s)
        return "the snooze";
    return NULL;
}

void survival_begun(struct survival *v, const struct controller *c,
                    const struct config *config)
{
    const struct controller_wishes all = controller_wishes(c);
    const char *what;

    if (!v->known)
        return;
    what = other_for_all(&all, &v->stored.all);
    if (what != NULL && other_for_all(&all, &v->newest.all) != NULL)
        differs(v, "all", what);
    for (size_t i = 0; i < v->n; i++) {
        const struct controller_wish now = controller_wish(c, i);

        what = other_of_one(&now, &v->stored.of[i]);
        if (what != NULL && other_of_one(&now, &v->newest.of[i]) != NULL)
            differs(v, config->servers[i].name, what);
    }
}
