#include <config.h>

#include "core/sim/invariants_impl.h"

#include "core/base/str.h"
#include "core/engine/controller.h"
#include "core/model/words.h"

#include <string.h>

enum { HOUR_MS = 3600 * 1000, BOTH_OPEN_MS = 60 * 1000 };
enum { SECOND_LOOK_MS = 10 * 60 * 1000 };

void invariants_broken(struct invariants *v, const char *fmt, ...)
{
    va_list ap;

    if (v->broken++ > 0)
        return;
    va_start(ap, fmt);
    (void)str_vformat(v->why, sizeof(v->why), fmt, ap); /* a cut one says enough */
    va_end(ap);
}

void invariants_begin(struct invariants *v, const struct world *w, const struct config *c,
                      int64_t settled_ms)
{
    *v = (struct invariants){
        .w = w, .c = c, .settled_ms = settled_ms, .n_enis = w->n_enis};
}

size_t invariants_watched(const struct invariants *v)
{
    size_t n = v->c->n_servers < v->w->n_servers ? v->c->n_servers : v->w->n_servers;

    return n < WATCHED_MAX ? n : WATCHED_MAX;
}

/* The world's time as the controller's clock shows it: for what it has noted down. */
static int64_t its_ms(const struct invariants *v)
{
    return v->w->now + v->skew_ms;
}

/* ----- instances ----- */

const char *invariants_tag(const struct sim_instance *i, const char *key)
{
    for (size_t n = 0; n < i->n_tags; n++)
        if (str_eq(i->tags[n].key, key))
            return i->tags[n].value;
    return "";
}

bool invariants_lives(const struct sim_instance *i)
{
    return i->state != SIM_SHUTTING_DOWN && i->state != SIM_TERMINATED;
}

/* Whose it is; -1: nobody's. */
static int32_t server_of(const struct world *w, const struct config *c,
                         const struct sim_instance *i)
{
    if (i->server >= 0)
        return i->server;
    return str_eq(invariants_tag(i, "rushhour:deployment"), c->deployment)
               ? world_server_find(w, invariants_tag(i, "rushhour:server"))
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
        int32_t server = invariants_lives(a) ? server_of(w, c, a) : -1;

        for (size_t k = n - 1; server >= 0 && k > 0; k--) {
            const struct sim_instance *b = w->instances[k - 1];

            if (!invariants_lives(b) || server_of(w, c, b) != server || replaces(a, b))
                continue;
            (void)str_format(why, LINE_TEXT, "I2: %s has %.40s and %.40s at a time",
                             w->servers[server].name, b->id, a->id);
            return false;
        }
    }
    return true;
}

/* Launched within the last hour, and it came up. */
static bool ran_lately(const struct world *w, int64_t serial)
{
    for (size_t n = w->n_instances; n > 0; n--) {
        const struct sim_instance *in = w->instances[n - 1];

        if (in->serial == serial)
            return in->running_since != 0 && w->now - in->launched < HOUR_MS;
    }
    return false;
}

/* Of what never comes up the breaker opens at the fifth. */
static void went_out(struct invariants *v, size_t i, const struct sim_instance *in)
{
    int64_t *launched = v->launched[i];
    bool often = true;

    for (size_t n = 0; n < WATCHED_LAUNCHES; n++)
        often = often && ran_lately(v->w, launched[n]);
    if (often)
        invariants_broken(v, "I11: %s goes out for the fifth time within an hour",
                          v->c->servers[i].name);
    memmove(&launched[0], &launched[1], sizeof(launched[0]) * (WATCHED_LAUNCHES - 1));
    launched[WATCHED_LAUNCHES - 1] = in->serial;
}

/* A person may send it out as often as he likes. */
static void launched(struct invariants *v, const struct controller *k)
{
    char why[LINE_TEXT];

    if (v->w->totals.launches == v->launches)
        return;
    v->launches = v->w->totals.launches;
    if (!invariants_instances(v->w, v->c, why))
        invariants_broken(v, "%s", why);
    for (size_t n = 0; n < v->w->n_instances; n++) {
        const struct sim_instance *in = v->w->instances[n];
        int32_t i = in->serial > v->serial ? server_of(v->w, v->c, in) : -1;

        if (i >= 0 && (size_t)i < invariants_watched(v) &&
            !controller_server(k, (size_t)i).manual)
            went_out(v, (size_t)i, in);
        v->serial = in->serial > v->serial ? in->serial : v->serial;
    }
}

/* ----- places and nodes ----- */

/* As long as a store that failed may keep him from acting after that. */
enum { UNWRITABLE_MS = 10 * 60 * 1000 };

/* Reliability 9: after 401 the next probe, else the breaker's longest pause; and a call
 * that has failed is made again. */
enum {
    PROBE_MS = 30 * 60 * 1000,
    PROBE_AWS_MS = 5 * 60 * 1000,
    PAUSE_MS = 10 * 60 * 1000,
    CALL_AGAIN_MS = 60 * 1000,
    LOOKS_FIRST_MS = 60 * 1000
};

static bool ends_overlaps(const char *api)
{
    return str_eq(api, "vsphere") || str_eq(api, "ec2");
}

void invariants_answer(struct invariants *v, const struct observation *o)
{
    const char *api = source_api(o->source);
    int64_t wait = PAUSE_MS;

    if (!source_decides(o->source) || !ends_overlaps(api))
        return;
    if (o->err.code == ERR_AUTH)
        wait = str_eq(api, "ec2") ? PROBE_AWS_MS : PROBE_MS;
    if (wait < o->retry_after_s * 1000)
        wait = o->retry_after_s * 1000;
    v->deaf_until_ms[o->source] =
        o->err.code == ERR_OK ? 0 : v->w->now + o->took_ms + wait;
}

static void no_call_until(struct invariants *v, int64_t ms)
{
    if (ms > v->no_call_until_ms)
        v->no_call_until_ms = ms;
}

/* Told as done, and nothing came of it: that is to be seen first. */
static bool came_to_nothing(const struct invariants *v, const struct call *call)
{
    int32_t i = call->kind == CALL_VM_POWER_OFF || call->kind == CALL_TERMINATE
                    ? world_server_find(v->w, call->server)
                    : -1;

    return i >= 0 && v->w->servers[i].both_since != 0;
}

void invariants_result(struct invariants *v, const struct call *call,
                       const struct call_result *r)
{
    if (ends_overlaps(call_api(call->kind)) &&
        (r->outcome != OUTCOME_DONE || came_to_nothing(v, call)))
        no_call_until(v,
                      v->w->now + r->took_ms + CALL_AGAIN_MS + r->retry_after_s * 1000);
}

void invariants_away(struct invariants *v)
{
    no_call_until(v, v->w->now + LOOKS_FIRST_MS);
}

/* Since the last look; in steps, each with one state of all. */
static int64_t deaf_since_look(const struct invariants *v)
{
    int64_t until = v->no_call_until_ms;

    for (size_t i = 0; i < SOURCE_COUNT; i++)
        if (v->deaf_until_ms[i] > until)
            until = v->deaf_until_ms[i];
    if (until > v->w->now)
        until = v->w->now;
    return until > v->looked_ms ? until - v->looked_ms : 0;
}

static void both_up(struct invariants *v, size_t i, int64_t deaf_ms)
{
    int64_t since = v->w->servers[i].both_since;
    int64_t most =
        v->c->servers[i].overlaps ? v->c->policy.max_overlap * (int64_t)1000 : 0;

    v->deaf_ms[i] = since == 0 ? 0 : v->deaf_ms[i] + deaf_ms;
    /* "wait": builds are never stopped, and what drains drains on. */
    if (v->w->servers[i].meddled)
        return; /* by a person, who may do so */
    if (most > 0 && v->c->policy.on_drain_deadline == DRAIN_WAIT)
        return;
    /* Who cannot write down what he does may not end it either (I8). */
    if (most > 0 && v->unwritable_ms != 0 && v->w->now - v->unwritable_ms < UNWRITABLE_MS)
        return;
    if (most > 0)
        most += v->deaf_ms[i];
    if (since != 0 && v->w->now - since > most)
        invariants_broken(v, "I1: %s is up in both places for %lld s",
                          v->c->servers[i].name, (long long)(v->w->now - since) / 1000);
}

static bool takes_builds(const struct sim_node *n)
{
    return n->connected && !n->marked;
}

/* One is closed, seen closed, and only then is the other one opened: both are open only
 * while an order to close is on its way again (a fault undid it), a minute at most. */
static void both_open(struct invariants *v, size_t i)
{
    const struct world *w = v->w;
    const struct sim_tested *s = &w->servers[i];
    int open = 0;

    for (int side = SIM_HOME; side <= SIM_CLOUD; side++)
        open += takes_builds(&w->nodes[s->node[side]]) ? 1 : 0;
    for (size_t k = 0; k < s->n_more_nodes; k++)
        open += takes_builds(&w->nodes[s->more_nodes[k]]) ? 1 : 0;
    if (open <= 1)
        v->both_open_ms[i] = 0;
    else if (v->both_open_ms[i] == 0)
        v->both_open_ms[i] = w->now;
    else if (w->now - v->both_open_ms[i] > BOTH_OPEN_MS)
        invariants_broken(v, "I1b: %d nodes of %s take builds", open,
                          v->c->servers[i].name);
}

/* So long a slot may be free before it is given; nobody looked for so long: no process.
 */
enum { SLOT_MS = 15 * 60 * 1000, SLOT_LOOK_MS = 5 * 60 * 1000 };

/* Of the gates that are no fault of ours the budget's alone opens while all is calm: the
 * fewer hours of the window are left, the less a move costs to its end. */
static void note_wanted(struct invariants *v, const struct controller_server *s, size_t i)
{
    enum place wanted = s->decision->desired;

    if (v->wanted[i] != wanted || s->decision->gate == GATE_BUDGET)
        v->wanted_ms[i] = v->w->now;
    v->wanted[i] = wanted;
}

/* Who is past its time limit, or waits for one itself, has no slot (policy-and-cost 6.5).
 */
static bool may_have_slot(const struct controller_server *s)
{
    return !s->late && s->decision->gate != GATE_SLOTS &&
           (s->moving || s->decision->desired != s->facts->place);
}

/* A slot is given to who waits for it when nobody else can have it. */
static void slot_kept(struct invariants *v, const struct controller *k, size_t i)
{
    const struct controller_server s = controller_server(k, i);
    bool used = s.decision->gate != GATE_SLOTS || v->w->now - v->looked_ms > SLOT_LOOK_MS;

    for (size_t n = 0; n < invariants_watched(v) && !used; n++) {
        const struct controller_server other = controller_server(k, n);

        used = may_have_slot(&other);
    }
    if (used)
        v->slot_ms[i] = v->w->now;
    else if (v->w->now - v->slot_ms[i] > SLOT_MS + v->c->policy.start_spacing * 1000)
        invariants_broken(v, "I10: %s waits for a slot, and nobody has one",
                          v->c->servers[i].name);
}

/* ----- what policy begins ----- */

/* What a person or a loss has begun asks no switch and waits for nothing. */
static const struct move *by_policy(const struct controller_server *s)
{
    const struct move *m = s->move;

    return m == NULL || m->manual || m->interrupted || s->ordered ? NULL : m;
}

/* What came out there and cannot be used goes home at once, whoever else is on its way.
 */
static bool is_sent_home(const struct move *m)
{
    return m->direction == DIRECTION_BACK && m->committed_at.s != 0 &&
           m->committed_at.s <= m->started.s;
}

/* Longer each time, and after some the breaker: a repeat that comes sooner is none of
 * policy-and-cost 6.4. */
static int64_t pause_ms(const struct policy_config *p, int32_t failures)
{
    int64_t wait = p->retry_min;

    for (int32_t i = 1; i < failures && wait < p->retry_max; i++)
        wait *= 2;
    wait = wait < p->retry_max ? wait : p->retry_max;
    wait -= wait * p->retry_jitter / 100;
    if (failures >= p->breaker_failures && wait < p->breaker_open)
        wait = p->breaker_open;
    return wait * 1000;
}

static void begun(struct invariants *v, const struct controller_server *s, size_t i)
{
    const struct move *m = by_policy(s);

    if (s->failures > v->failures[i])
        v->failed_ms[i] = v->w->now;
    v->failures[i] = s->failures;
    if (s->move == NULL || str_eq(s->move->id, v->started[i]))
        return;
    (void)str_copy(v->started[i], ID_TEXT, s->move->id);
    if (m == NULL || m->committed || str_eq(m->id, v->left[i]))
        return; /* one that is taken over did not begin here, nor at who takes it next */
    if (s->retry_at.s * 1000 > its_ms(v) && v->skew_ms == 0)
        invariants_broken(v, "I11: %s begins before its next try", v->c->servers[i].name);
    if (s->failures > 0 && v->failed_ms[i] != 0 &&
        v->w->now + 1000 - v->failed_ms[i] < pause_ms(&v->c->policy, s->failures))
        invariants_broken(v, "I11: %s begins %lld s after its failure %d in a row",
                          v->c->servers[i].name,
                          (long long)(v->w->now - v->failed_ms[i]) / 1000,
                          (int)s->failures);
}

/* What one has noted down of failures and moves says nothing of the other's. */
void invariants_other(struct invariants *v, const struct controller *k)
{
    for (size_t i = 0; i < invariants_watched(v); i++) {
        const struct controller_server s = controller_server(k, i);

        v->failures[i] = s.failures;
        v->failed_ms[i] = 0;
        (void)str_copy(v->left[i], ID_TEXT, v->started[i]);
        (void)str_copy(v->started[i], ID_TEXT, s.move != NULL ? s.move->id : "");
    }
}

void invariants_look(struct invariants *v, const struct controller *k)
{
    int64_t deaf_ms = deaf_since_look(v);

    launched(v, k);
    for (size_t i = 0; i < invariants_watched(v); i++)
        slot_kept(v, k, i);
    v->looked_ms = v->w->now;
    if (v->w->n_enis < v->n_enis)
        invariants_broken(v, "I6: an interface is gone");
    for (size_t i = 0; i < invariants_watched(v); i++) {
        const struct controller_server s = controller_server(k, i);

        both_up(v, i, deaf_ms);
        if (s.moving)
            v->moving_ms[i] = v->w->now;
        note_wanted(v, &s, i);
        begun(v, &s, i);
        if (v->w->now >= v->settled_ms)
            both_open(v, i);
    }
}

/* ----- calls ----- */

void invariants_intent(struct invariants *v, uint64_t id)
{
    v->intents[v->n_intents++ % WATCHED_INTENTS] = id;
}

static bool has_intent(const struct invariants *v, uint64_t id)
{
    size_t n = v->n_intents < WATCHED_INTENTS ? v->n_intents : WATCHED_INTENTS;

    for (size_t i = 0; i < n; i++) {
        if (v->intents[i] == id)
            return true;
    }
    return false;
}

static int32_t index_of(const struct invariants *v, const char *server)
{
    for (size_t i = 0; i < invariants_watched(v); i++) {
        if (str_eq(v->c->servers[i].name, server))
            return (int32_t)i;
    }
    return -1;
}

/* Which side a call takes down. */
static bool takes_down(enum call_kind kind, enum sim_side *side)
{
    *side = kind == CALL_RETURN || kind == CALL_TERMINATE ? SIM_CLOUD : SIM_HOME;
    return *side == SIM_CLOUD || kind == CALL_RUN_IN_CLOUD || kind == CALL_VM_SHUTDOWN ||
           kind == CALL_VM_POWER_OFF;
}

static int32_t running_on(const struct sim_node *n)
{
    int32_t busy = 0;

    for (int32_t i = 0; i < n->n_executors; i++)
        busy +=
            n->executors[i] != NULL && n->executors[i]->doomed == SIM_DOOM_NONE ? 1 : 0;
    return busy;
}

bool invariants_lost(const struct sim_instance *in)
{
    return in == NULL || !invariants_lives(in) || in->reclaim_at != 0;
}

/* max_overlap is a deadline, too (I1): home has to be down by then, which takes its time;
 * past it builds that Jenkins cannot be asked to stop go with their machine. It counts
 * from the first order that commits, also of one that was not sent, and so as long before
 * that as the store failed. */
static int64_t overlap_since(const struct invariants *v, int32_t i, const struct move *m)
{
    int64_t both = v->w->servers[i].both_since;
    int64_t first = m != NULL && m->committed && v->skew_ms == 0
                        ? m->committed_at.s * (int64_t)1000
                        : both;

    return first < both && v->unwritable_ms >= first ? first : both;
}

static bool overlap_ends(const struct invariants *v, int32_t i, enum sim_side side,
                         const struct move *m)
{
    enum { FIRST_ORDER_S = 120 };
    const struct server_config *s = &v->c->servers[i];
    int64_t most = v->c->policy.max_overlap - 60 - FIRST_ORDER_S,
            since = overlap_since(v, i, m);

    if (!s->overlaps || since == 0 || v->c->policy.on_drain_deadline == DRAIN_WAIT)
        return false;
    if (side == SIM_HOME)
        most = most - v->c->shutdown_timeout > most / 2 ? most - v->c->shutdown_timeout
                                                        : most / 2;
    return v->w->now - since >= most * 1000;
}

/* The instance that goes, of two the one that is named: while another zone takes over
 * both are there, and what runs on the new one is not under the old one. */
static bool goes_anyway(const struct invariants *v, const struct call *call, int32_t i)
{
    return invariants_lost(call->kind == CALL_TERMINATE
                               ? world_instance_find(v->w, call->target)
                               : world_server_instance(v->w, i));
}

static void builds_under(struct invariants *v, const struct call *call, int32_t i,
                         const struct controller_server *s)
{
    const struct world *w = v->w;
    enum sim_side side;
    int32_t node;

    if (!takes_down(call->kind, &side) || call->force || s->forced ||
        (s->drain_deadline.s != 0 && its_ms(v) >= s->drain_deadline.s * 1000) ||
        overlap_ends(v, i, side, s->move) ||
        (side == SIM_CLOUD && goes_anyway(v, call, i)))
        return;
    for (size_t k = 0; (node = world_server_node(w, i, k)) >= 0; k++) {
        const struct sim_node *n = &w->nodes[node];

        if ((n->side == SIM_CLOUD) == (side == SIM_CLOUD) && n->connected &&
            running_on(n) > 0)
            invariants_broken(v, "I3: %s of %s while %d builds run on %s",
                              call_word(call->kind), call->server, (int)running_on(n),
                              n->name);
    }
}

/* The way home of the extension's machines goes through it. */
static void extension_in_use(struct invariants *v, const struct call *call)
{
    for (size_t i = 0; call->kind == CALL_EXTENSION_STOP && i < v->w->n_servers; i++) {
        if (v->w->servers[i].managed.state != SIM_UNMANAGED)
            invariants_broken(v, "I5: the extension is stopped while %s is out there",
                              v->w->servers[i].name);
    }
}

/* The call that a move of policy commits with. */
static const struct move *commits(const struct invariants *v, const struct call *call,
                                  const struct controller_server *s)
{
    const struct move *m = by_policy(s);

    if (m == NULL || !m->committed || is_sent_home(m) || !str_eq(m->id, call->move) ||
        m->committed_at.s != its_ms(v) / 1000)
        return NULL;
    return m;
}

static void slots(struct invariants *v, const struct controller *k, size_t self)
{
    int32_t others = 0;

    for (size_t i = 0; i < invariants_watched(v); i++) {
        const struct controller_server s = controller_server(k, i);
        const struct move *m = s.move;

        if (i == self || m == NULL || !m->committed || m->interrupted || is_sent_home(m))
            continue;
        if (m->committed_at.s < its_ms(v) / 1000 &&
            (m->deadline.s == 0 || its_ms(v) < m->deadline.s * 1000))
            others++;
    }
    if (others >= v->c->policy.max_moves)
        invariants_broken(v, "I11: %s moves, and %d others do", v->c->servers[self].name,
                          (int)others);
}

static void as_wanted(struct invariants *v, const struct call *call,
                      const struct controller *k, size_t i,
                      const struct controller_server *s)
{
    const struct move *m = commits(v, call, s);
    enum place to;
    bool held;

    if (m == NULL)
        return;
    to = m->direction == DIRECTION_OUT ? PLACE_CLOUD : PLACE_ONPREM;
    held = s->hold->place != PLACE_UNKNOWN &&
           (s->hold->kind == HOLD_PIN || its_ms(v) < s->hold->until.s * 1000);
    if (!s->automatic)
        invariants_broken(v, "I8: %s of %s, and its auto is off", call_word(call->kind),
                          call->server);
    if (held && s->hold->place != to)
        invariants_broken(v, "I15: %s of %s against its hold", call_word(call->kind),
                          call->server);
    slots(v, k, i);
}

/* What seems to be nobody's may be of a launch that is still being told. */
static void ended_early(struct invariants *v, const struct call *call)
{
    const struct sim_instance *in =
        call->kind == CALL_TERMINATE ? world_instance_find(v->w, call->target) : NULL;

    if (in != NULL && server_of(v->w, v->c, in) < 0 &&
        v->w->now - in->launched < SECOND_LOOK_MS)
        invariants_broken(v, "I4: %.40s is ended %lld s after its launch", in->id,
                          (long long)(v->w->now - in->launched) / 1000);
}

/* What is nobody's is told by EC2's listings alone: no place follows from it. */
static bool ends_a_stray(const struct call *call, const struct controller_server *s)
{
    return call->kind == CALL_TERMINATE && call->move[0] == '\0' &&
           !str_eq(call->target, s->facts->instance.id);
}

void invariants_call(struct invariants *v, const struct call *call,
                     const struct controller *k)
{
    int32_t i = index_of(v, call->server);
    enum sim_side side;

    if (!has_intent(v, call->id))
        invariants_broken(v, "I9: %s of %s without an intent", call_word(call->kind),
                          call->server);
    extension_in_use(v, call);
    ended_early(v, call);
    if (i >= 0) {
        const struct controller_server s = controller_server(k, (size_t)i);

        builds_under(v, call, i, &s);
        as_wanted(v, call, k, (size_t)i, &s);
        if (s.facts->place_stale && !ends_a_stray(call, &s) &&
            (takes_down(call->kind, &side) || call->kind == CALL_LAUNCH))
            invariants_broken(v, "I12: %s of %s on facts that are old",
                              call_word(call->kind), call->server);
    }
}

void invariants_token(struct invariants *v, const struct call *call)
{
    const struct sim_instance *in =
        call->kind == CALL_LAUNCH ? world_instance_by_token(v->w, call->run.token) : NULL;
    const char *of = in != NULL ? invariants_tag(in, "rushhour:move-id") : "";

    if (of[0] != '\0' && !str_eq(of, call->move))
        invariants_broken(
            v, "I9: launch of %s has the token of %.40s, which another move launched",
            call->server, in->id);
}
