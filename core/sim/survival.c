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
    if (!stored)
        return;
    v->known = true;
    v->all = controller_wishes(c);
    v->n = n_servers < WATCHED_MAX ? n_servers : WATCHED_MAX;
    for (size_t i = 0; i < v->n; i++)
        v->of[i] = controller_wish(c, i);
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

void survival_begun(struct survival *v, const struct controller *c,
                    const struct config *config)
{
    const struct controller_wishes all = controller_wishes(c);

    if (!v->known)
        return;
    if (all.setting != v->all.setting)
        differs(v, "all", "the switch");
    if (all.snooze_until.s != v->all.snooze_until.s)
        differs(v, "all", "the snooze");
    if (all.extension_start != v->all.extension_start ||
        all.extension_stop != v->all.extension_stop)
        differs(v, "the extension", "the order");
    for (size_t i = 0; i < v->n; i++) {
        const struct controller_wish now = controller_wish(c, i), *was = &v->of[i];
        const char *name = config->servers[i].name;

        if (now.order != was->order ||
            (now.order != PLACE_UNKNOWN && now.order_force != was->order_force))
            differs(v, name, "the order");
        if (!same_hold(&now.hold, &was->hold))
            differs(v, name, "the hold");
        if (now.auto_on != was->auto_on)
            differs(v, name, "the switch");
        if (now.snooze_until.s != was->snooze_until.s)
            differs(v, name, "the snooze");
    }
}
