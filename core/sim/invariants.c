#include <config.h>

#include "core/sim/invariants.h"

#include "core/base/str.h"

static const char *tag(const struct sim_instance *i, const char *key)
{
    for (size_t n = 0; n < i->n_tags; n++)
        if (str_eq(i->tags[n].key, key))
            return i->tags[n].value;
    return "";
}

static bool lives(const struct sim_instance *i)
{
    return i->state != SIM_SHUTTING_DOWN && i->state != SIM_TERMINATED;
}

/* Whose it is; -1: nobody's. */
static int32_t server_of(const struct world *w, const struct config *c,
                         const struct sim_instance *i)
{
    if (i->server >= 0)
        return i->server;
    return str_eq(tag(i, "rushhour:deployment"), c->deployment)
               ? world_server_find(w, tag(i, "rushhour:server"))
               : -1;
}

static bool replaces(const struct sim_instance *a, const struct sim_instance *b)
{
    return a->eni != b->eni && (a->reclaim_at != 0) != (b->reclaim_at != 0);
}

bool invariants_instances(const struct world *w, const struct config *c,
                          char why[LINE_TEXT])
{
    /* The living are few and among the newest; the dead are kept for a day. */
    for (size_t n = w->n_instances; n > 0; n--) {
        const struct sim_instance *a = w->instances[n - 1];
        int32_t server = lives(a) ? server_of(w, c, a) : -1;

        for (size_t k = n - 1; server >= 0 && k > 0; k--) {
            const struct sim_instance *b = w->instances[k - 1];

            if (!lives(b) || server_of(w, c, b) != server || replaces(a, b))
                continue;
            (void)str_format(why, LINE_TEXT, "I2: %s has %.40s and %.40s at a time",
                             w->servers[server].name, b->id, a->id);
            return false;
        }
    }
    return true;
}
