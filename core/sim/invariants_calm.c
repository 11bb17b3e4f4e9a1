#include <config.h>

#include "core/sim/invariants_impl.h"

#include "core/base/str.h"
#include "core/engine/controller.h"
#include "core/model/words.h"

/* When all is calm: what must have come about by then. */

/* The longest backoff, drain and move one after another. */
enum { ARRIVED_MS = 4 * 3600 * 1000 };

/* What no time ends within hours, or what ends in time by itself. */
static bool says_why(const struct decision *d, int64_t now_ms)
{
    enum gate g = d->gate;

    if (g == GATE_BREAKER && d->gate_until.s != 0 && d->gate_until.s * 1000 < now_ms)
        return false; /* its time is over */
    return g == GATE_BLOCKED || g == GATE_AUTO_OFF || g == GATE_BUDGET ||
           g == GATE_REMAINING || g == GATE_NODE || g == GATE_BREAKER;
}

static void left_behind(struct invariants *v, const struct controller *k)
{
    for (size_t n = 0; n < v->w->n_instances; n++) {
        const struct sim_instance *in = v->w->instances[n];
        bool claimed = false;

        if (!invariants_lives(in) ||
            !str_eq(invariants_tag(in, "rushhour:deployment"), v->c->deployment))
            continue;
        for (size_t i = 0; i < v->c->n_servers; i++)
            claimed =
                claimed || str_eq(controller_server(k, i).facts->instance.id, in->id);
        if (!claimed)
            invariants_broken(v, "I4: %.40s is nobody's and lives", in->id);
    }
}

/* Two polls of a site at rest, and the start of an agent (policy-and-cost 6.7). */
enum { AT_REST_MS = 15 * 60 * 1000 };

/* Switched on at home, and it does not come up (it has a minute), which a person who
 * looks sees: nothing that is ours restarts a guest, and no agent is before it. */
static bool guest_hangs(const struct world *w, const struct sim_node *n,
                        const struct server_facts *f)
{
    const struct sim_vm *vm = &w->vms[w->servers[n->server].vm];

    return n->side == SIM_HOME && vm->power == SIM_POWER_ON &&
           vm->guest == SIM_GUEST_BOOTING && f->onprem.known && !f->onprem.open;
}

bool invariants_takes_builds(const struct world *w, int32_t server,
                             const struct server_facts *f)
{
    enum sim_side side = f->place == PLACE_CLOUD ? SIM_CLOUD : SIM_HOME;
    bool open = false;
    int32_t node;

    for (size_t k = 0; (node = world_server_node(w, server, k)) >= 0; k++) {
        const struct sim_node *n = &w->nodes[node];

        open = open ||
               (n->side == side && !n->marked && (n->connected || guest_hangs(w, n, f)));
    }
    return open;
}

/* Off at home, and told to be a person's: so it stays, in the rush hours and outside of
 * them, and it must have been one. */
static bool is_told_off(const struct world *w, size_t i, const struct server_facts *f)
{
    return f->place == PLACE_ONPREM && f->blocked[0] != '\0' &&
           w->vms[w->servers[i].vm].power != SIM_POWER_ON;
}

/* At rest for a while, where it is believed to be: there it must be, and take builds. */
static void at_work(struct invariants *v, size_t i, const struct controller_server *s)
{
    const struct world *w = v->w;
    bool out = s->facts->place == PLACE_CLOUD;
    const struct sim_instance *in = world_server_instance(w, (int32_t)i);

    if (s->moving || w->now - v->moving_ms[i] < AT_REST_MS)
        return;
    if (is_told_off(w, i, s->facts)) {
        if (!w->vms[w->servers[i].vm].left_off)
            invariants_broken(v, "I10: %s is off, and no person did that",
                              v->c->servers[i].name);
        return;
    }
    if (says_why(s->decision, w->now) || (!out && s->facts->place != PLACE_ONPREM))
        return;
    if (out && invariants_lost(in))
        invariants_broken(v, "I10: %s is believed in the cloud, and is not there",
                          v->c->servers[i].name);
    else if (!invariants_takes_builds(w, (int32_t)i, s->facts))
        invariants_broken(v, "I10: %s is %s and takes no builds", v->c->servers[i].name,
                          place_word(s->facts->place));
    else if (s->ordered && s->decision->desired == s->facts->place)
        invariants_broken(v, "I10: %s is %s, and its order there is still open",
                          v->c->servers[i].name, place_word(s->facts->place));
}

void invariants_calm(struct invariants *v, const struct controller *k)
{
    for (size_t i = 0; i < invariants_watched(v); i++) {
        const struct controller_server s = controller_server(k, i);

        at_work(v, i, &s);
        if (v->w->now - v->wanted_ms[i] < ARRIVED_MS || s.late ||
            s.decision->desired == PLACE_UNKNOWN ||
            s.facts->place == s.decision->desired || says_why(s.decision, v->w->now))
            continue;
        invariants_broken(v, "I10: %s is %s and wanted %s, gate %s: %.80s",
                          v->c->servers[i].name, place_word(s.facts->place),
                          place_word(s.decision->desired), gate_word(s.decision->gate),
                          s.decision->gate_text);
    }
    left_behind(v, k);
}
