#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <string.h>

/*
 * The servers of a mover that launches instances itself. EC2 is believed late and never
 * for an absence alone (aws-api 4.2): a launch that was answered counts as there for five
 * minutes, and an instance is gone when complete listings do not have it for fifteen.
 */
enum { BELIEVED_S = 300, ABSENT_S = 900 };
/* The next listing shows what became of it; who lacks a permission may get it. */
enum { KEEP_AGAIN_S = 60, KEEP_REFUSED_S = 600 };

/* ----- whose instance is which ----- */

bool instance_lives(const struct seen_instance *in)
{
    return in->state != INSTANCE_TERMINATED && in->state != INSTANCE_SHUTTING_DOWN;
}

bool instance_is_of(const struct controller *c, const struct server_state *s,
                    const struct seen_instance *in)
{
    return str_eq(in->deployment, c->config->deployment) &&
           str_eq(in->server, s->config->name) && instance_lives(in);
}

void instance_claim(struct controller *c, struct server_state *s, const char *id)
{
    if (str_eq(s->facts.instance.id, id))
        return;
    SURE(id[0] == '\0' || !str_eq(id, s->facts.leaving.id) || !s->has_move ||
         s->move.status != MOVE_OPEN);
    s->facts.instance = (struct instance_facts){0};
    (void)str_copy(s->facts.instance.id, ID_TEXT, id);
    s->absent_since.s = 0;
    setting_store(c, server_key(s, "instance").text, id);
}

static bool is_halted(const struct seen_instance *in)
{
    return in->state == INSTANCE_STOPPING || in->state == INSTANCE_STOPPED;
}

/* A launch of this move whose answer was lost; or, with the VM off or while its node out
 * there takes builds, what holds the server's interface: there it runs, whoever launched
 * it, but not if it is stopped. Of a way back that another controller began: what it
 * brings home. */
static bool may_claim(const struct server_state *s, const struct seen_instance *in)
{
    const struct node_facts *cloud = &s->facts.cloud;
    const struct server_config *k = s->config;
    bool holds = k->eni[0] == '\0' || str_eq(in->eni, k->eni);
    bool serves = !s->has_move && cloud->open && cloud->connected;

    for (size_t i = 0; i < k->n_zones; i++)
        holds = holds || str_eq(in->eni, k->zones[i].eni);
    if (s->has_move && s->move.direction == DIRECTION_OUT && str_eq(in->move, s->move.id))
        return true;
    if (s->has_move && s->move.direction == DIRECTION_BACK &&
        str_eq(s->move.id, s->taken_over))
        return true;
    return holds && !is_halted(in) && (s->facts.power == POWER_OFF || serves);
}

/* EC2, too, lists in the same order each time. */
const struct seen_instance *instance_listed(const struct obs_instances *o,
                                            struct instance_facts *f)
{
    if (f->id[0] == '\0')
        return NULL;
    if (f->listed_at < o->n && str_eq(o->instances[f->listed_at].id, f->id))
        return &o->instances[f->listed_at];
    for (size_t i = 0; i < o->n; i++) {
        if (str_eq(o->instances[i].id, f->id)) {
            f->listed_at = i;
            return &o->instances[i];
        }
    }
    return NULL;
}

void instances_owners(struct controller *c, const struct obs_instances *o)
{
    for (size_t i = 0; i < c->n_servers; i++)
        c->servers[i].n_tagged = 0;
    for (size_t i = 0; i < o->n; i++) {
        struct server_state *s = server_find(c, o->instances[i].server);

        if (s == NULL || !instance_is_of(c, s, &o->instances[i]))
            continue;
        if (s->n_tagged++ == 0)
            s->tagged_at = i;
    }
}

static bool look_for_ours(struct controller *c, struct server_state *s,
                          const struct obs_instances *o)
{
    struct instance_facts *have = &s->facts.instance;
    bool has = have->id[0] != '\0' && !have->terminated;

    if (s->n_tagged == 0 || (has && (!s->has_move || instance_listed(o, have) != NULL)))
        return false;
    for (size_t i = s->tagged_at; i < o->n; i++) {
        const struct seen_instance *in = &o->instances[i];

        /* Of the launch that was answered with an id that no listing has. */
        if (has && !str_eq(in->move, s->move.id))
            continue;
        if (!instance_is_of(c, s, in) || str_eq(in->id, have->id) ||
            str_eq(in->id, s->facts.leaving.id) || !may_claim(s, in))
            continue;
        if (s->has_move && str_eq(in->move, s->move.id))
            RH_PROBE("launch-answer-lost-then-found");
        if (!s->has_move)
            RH_PROBE("adopted-by-its-interface");
        journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", s->config->name, "adopt"),
                    "instance %s carries its tag: taken for its own", in->id);
        instance_claim(c, s, in->id);
        return true;
    }
    return false;
}

/* Asked for by its id: without its tags no listing has it (aws-api 4.2). */
static bool said_absent(const struct obs_instances *o, const char *id)
{
    for (size_t i = 0; i < o->n_absent; i++) {
        if (str_eq(o->absent[i], id))
            return true;
    }
    return false;
}

/* Who stops one may start it again at once, as another type: only a later reading is
 * believed. */
enum { STOPPED_S = 120 };

void merge_stopped(struct instance_facts *f, bool stopped, struct utc at)
{
    if (!stopped) {
        if (f->stopped_since.s != 0 && !f->terminated) /* somebody started it again */
            f->state_reason[0] = '\0';
        f->stopped = false;
        f->stopped_since.s = 0;
    } else if (f->stopped_since.s == 0) {
        f->stopped_since = at;
    } else if (at.s - f->stopped_since.s >= STOPPED_S) {
        f->stopped = true;
    }
}

/* An interface says that it is held by it: another listing is against what this one says.
 */
static bool has_interface(const struct controller *c, const char *id)
{
    const struct observation *o = c->sources[SOURCE_INTERFACES].good;

    if (o == NULL || source_is_stale(c, SOURCE_INTERFACES))
        return false;
    for (size_t i = 0; i < o->as.interfaces.n; i++) {
        const struct seen_interface *x = &o->as.interfaces.interfaces[i];

        if (!x->available && str_eq(x->instance, id))
            return true;
    }
    return false;
}

void merge_listed(const struct controller *c, struct instance_facts *f,
                  struct utc *absent_since, const struct observation *o)
{
    const struct seen_instance *in = instance_listed(&o->as.instances, f);
    int64_t age = c->now.s - f->launched.s;

    if (f->id[0] == '\0')
        return;
    if (in != NULL) {
        merge_instance(f, in);
        merge_stopped(f, is_halted(in), o->at);
        /* One that was made for it alone dies with it. */
        f->eni_deletes = f->eni_deletes && config_has_eni(c->config, f->eni);
        absent_since->s = 0;
        return;
    }
    if (f->terminated) {
        f->ended = true; /* the dead are forgotten sooner or later */
        return;
    }
    if (!said_absent(&o->as.instances, f->id))
        return; /* the next polls ask for it */
    /* One of the future was told by another clock than ours. */
    if (f->launched.s != 0 && age < BELIEVED_S && -age <= c->config->policy.clock_skew) {
        RH_PROBE("launch-believed-before-any-listing");
        return;
    }
    /* By a listing of another clock nobody knows for how long. */
    if (source_is_stale(c, SOURCE_INSTANCES))
        return;
    if (has_interface(c, f->id)) {
        RH_PROBE("absent-and-its-interface-is-held");
        absent_since->s = 0;
        return;
    }
    if (absent_since->s == 0)
        *absent_since = o->at;
    if (o->at.s - absent_since->s >= ABSENT_S)
        f->running = f->pending = !(f->terminated = f->ended = true);
}

/* The answer to its launch was another one's: it is that server's by its tag, and what
 * came of its own launch is not known: the same launch is asked for again. A tag that
 * names no server of ours says nothing. */
static void give_back(struct controller *c, struct server_state *s,
                      const struct obs_instances *o)
{
    const struct seen_instance *in = instance_listed(o, &s->facts.instance);

    if (in == NULL || !str_eq(in->deployment, c->config->deployment) ||
        str_eq(in->server, s->config->name) || server_find(c, in->server) == NULL)
        return;
    RH_PROBE("launch-answered-with-another-instance");
    journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", s->config->name, "adopt"),
                "instance %s carries the tag of %.60s: it is not its own", in->id,
                in->server);
    if (s->has_last && s->last_kind == CALL_LAUNCH && str_eq(s->last.detail, in->id))
        s->last.outcome = OUTCOME_UNKNOWN;
    instance_claim(c, s, "");
}

/* What the listing says of the instance that it has. */
static void look_at_ours(struct controller *c, struct server_state *s,
                         const struct observation *o)
{
    give_back(c, s, &o->as.instances);
    merge_listed(c, &s->facts.instance, &s->absent_since, o);
}

/* At a second interface or at none the first one does not hold back a launch (I2). */
static void look_for_others(const struct controller *c, struct server_state *s,
                            const struct obs_instances *o)
{
    struct server_facts *f = &s->facts;
    size_t left = s->n_tagged;

    f->other_id[0] = '\0';
    for (size_t i = s->tagged_at; i < o->n && left > 0 && f->other_id[0] == '\0'; i++) {
        const struct seen_instance *in = &o->instances[i];

        if (!instance_is_of(c, s, in))
            continue;
        left--;
        if (!str_eq(in->id, f->instance.id) && !str_eq(in->id, f->leaving.id))
            (void)str_copy(f->other_id, sizeof(f->other_id), in->id);
    }
}

/* EC2 lists in the same order each time. */
static const struct seen_interface *find_interface(const struct controller *c,
                                                   struct server_state *s)
{
    const struct observation *o = c->sources[SOURCE_INTERFACES].good;
    const struct obs_interfaces *x = o != NULL ? &o->as.interfaces : NULL;

    if (x == NULL)
        return NULL;
    if (s->eni_at < x->n && str_eq(x->interfaces[s->eni_at].id, s->config->eni))
        return &x->interfaces[s->eni_at];
    for (size_t i = 0; i < x->n; i++) {
        if (str_eq(x->interfaces[i].id, s->config->eni)) {
            s->eni_at = i;
            return &x->interfaces[i];
        }
    }
    return NULL;
}

/* Attached to something that is not its own instance; the dead give it back by and by. */
static void look_at_interface(struct controller *c, struct server_state *s,
                              const struct obs_instances *o)
{
    const struct seen_interface *x = find_interface(c, s);
    struct server_facts *f = &s->facts;
    const char *holder = x != NULL && !x->available ? x->instance : "";

    f->eni_holder[0] = '\0';
    f->eni_holder_ended = false;
    if (holder[0] == '\0' || str_eq(holder, f->instance.id))
        return;
    for (size_t i = 0; i < o->n; i++) {
        if (str_eq(o->instances[i].id, holder) &&
            o->instances[i].state == INSTANCE_TERMINATED)
            f->eni_holder_ended = true;
    }
    (void)str_copy(f->eni_holder, sizeof(f->eni_holder), holder);
}

/* ----- where that puts it ----- */

/* Both sides are up in a move that overlaps: it is where the builds are. */
static enum place place_of_both(const struct server_state *s)
{
    const struct server_facts *f = &s->facts;

    if (s->move.direction == DIRECTION_OUT)
        return f->cloud.known && f->cloud.open ? PLACE_CLOUD : PLACE_ONPREM;
    return f->onprem.known && f->onprem.open ? PLACE_ONPREM : PLACE_CLOUD;
}

bool launch_is_over(const struct server_state *s)
{
    const struct mover_step *steps;
    int32_t n;

    steps = mover_steps(server_mover(s), DIRECTION_OUT, &n);
    SURE(s->move.step < n);
    for (int32_t i = 0; i < s->move.step; i++) {
        if (steps[i].step == STEP_LAUNCH)
            return true;
    }
    return false;
}

/* Home is off, and no instance works, but perhaps one that leaves; one that is stopped is
 * ended on the way home. */
static enum place place_of_none(const struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;
    const struct move *m = s->has_move ? &s->move : NULL;

    if (m != NULL && server_mover(s)->replaces && !launch_is_over(s) && !in->stopped)
        return PLACE_MOVING_OUT;
    if (in->id[0] == '\0')
        return PLACE_ONPREM;
    if (m != NULL && m->direction == DIRECTION_OUT)
        return launch_is_over(s) || in->stopped ? PLACE_LOST : PLACE_ONPREM;
    if (m != NULL)
        return m->committed && !m->interrupted && in->reclaim_at.s == 0
                   ? PLACE_MOVING_BACK
                   : PLACE_LOST;
    return PLACE_LOST;
}

static enum place place_of(const struct server_state *s)
{
    const struct server_facts *f = &s->facts;
    const struct instance_facts *in = &f->instance;
    bool alive = in->id[0] != '\0' && !in->terminated, on = f->power == POWER_ON;
    bool works = alive && !in->stopped;

    if (f->power == POWER_UNKNOWN || (alive && s->absent_since.s != 0))
        return PLACE_UNKNOWN;
    if (works && on)
        return s->has_move && s->move.committed && server_mover(s)->overlaps
                   ? place_of_both(s)
                   : PLACE_UNKNOWN;
    if (works && in->stopped_since.s != 0)
        return PLACE_UNKNOWN; /* until a later reading says the same */
    if (works)
        return in->pending || !in->running ? PLACE_MOVING_OUT : PLACE_CLOUD;
    return on ? PLACE_ONPREM : place_of_none(s);
}

/* Between two readings of different systems it may look so; only a later pair of them is
 * believed. */
static void look_for_both(struct controller *c, struct server_state *s)
{
    struct server_facts *f = &s->facts;
    bool alive = f->instance.id[0] != '\0' && !f->instance.terminated;
    enum place place = f->place;

    f->in_both_places = false;
    if (place == PLACE_UNKNOWN && alive && f->power == POWER_ON)
        f->place = PLACE_CLOUD;
    else if (s->has_move)
        return;
    f->in_both_places = merge_both_places(c, s);
    f->place = place;
    if (f->in_both_places)
        (void)str_copy(f->blocked, sizeof(f->blocked),
                       "it runs at home and in the cloud: power one of them off by hand");
}

/* Written once both are up: a start in the middle of an overlap cannot read it any more.
 */
static void keep_apart(struct controller *c, struct server_state *s)
{
    if (!s->has_move || s->facts.apart.s == s->apart_kept.s)
        return;
    s->apart_kept = s->facts.apart;
    setting_store_number(c, server_key(s, "apart").text, s->apart_kept.s);
}

/* One side is down as it reads, so it was some minutes ago. A VM that was told to stop
 * was on until then, and what reads off since is it. A reading of the future is of a
 * clock that was set back, and stale. */
static void note_apart(struct controller *c, struct server_state *s)
{
    struct server_facts *f = &s->facts;
    bool off = power_is_down(f->power);
    int64_t at = f->place_as_of.s - OLD_READING_S;

    if (f->place_stale)
        return;
    if (!off && (f->instance.id[0] != '\0' || f->other_id[0] != '\0')) {
        keep_apart(c, s);
        return;
    }
    if (off && f->told_off.s != 0 && f->place_as_of.s > f->told_off.s &&
        f->told_off.s > at)
        at = f->told_off.s;
    if (at > f->apart.s)
        f->apart.s = at;
}

void merge_ec2(struct controller *c, struct server_state *s)
{
    const struct observation *o = c->sources[SOURCE_INSTANCES].good;
    struct server_facts *f = &s->facts;
    const struct seen_vm *vm = merge_vm(c, s);

    f->place_stale =
        source_is_stale(c, SOURCE_INSTANCES) || source_is_stale(c, SOURCE_VSPHERE);
    if (o == NULL || vm == NULL) {
        f->place = PLACE_UNKNOWN;
        f->place_stale = true;
        return;
    }
    f->place_as_of = o->at.s < c->sources[SOURCE_VSPHERE].good->at.s
                         ? o->at
                         : c->sources[SOURCE_VSPHERE].good->at;
    look_at_ours(c, s, o);
    if (look_for_ours(c, s, &o->as.instances))
        look_at_ours(c, s, o);
    merge_listed(c, &f->leaving, &s->leaving.absent_since, o);
    look_for_others(c, s, &o->as.instances);
    look_at_interface(c, s, &o->as.instances);
    note_apart(c, s);
    f->place = place_of(s);
    f->lost = f->place == PLACE_LOST;
    if (f->place == PLACE_ONPREM && f->power == POWER_ON && f->instance.ended &&
        !(s->has_move && s->move.direction == DIRECTION_OUT))
        instance_claim(c, s, "");
    merge_spot(c, f);
    warnings_merge(c, s);
    look_for_both(c, s);
}

/* ----- its interface outlives it ----- */

static bool may_keep_interface(const struct controller *c, const struct server_state *s)
{
    int64_t pause = s->keep_interface.refused ? KEEP_REFUSED_S : KEEP_AGAIN_S;

    return !acts_forbidden(c) && c->clock_bad_ticks == 0 && !s->facts.place_stale &&
           (s->has_move || automation_on(c, s)) &&
           s->facts.instance.attachment[0] != '\0' && !call_is_open(c, s->config->name) &&
           (s->keep_interface.asked.s == 0 ||
            c->now.s - s->keep_interface.asked.s >= pause);
}

/* Apart: its texts are only set up when there is something to say. */
static void keep_interface(struct controller *c, struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;
    struct call call = {.kind = CALL_INTERFACE_KEEP};
    char text[LINE_TEXT];

    if (!s->keep_interface.told) {
        s->keep_interface.told = true;
        (void)str_format(text, sizeof(text),
                         "the end of %.30s would delete the interface %.40s: "
                         "DeleteOnTermination is on",
                         in->id, in->eni);
        alert_raise(c, s->config->name, "interface", text);
    }
    if (!may_keep_interface(c, s))
        return;
    (void)str_copy(call.server, sizeof(call.server), s->config->name);
    (void)str_copy(call.target, sizeof(call.target), in->attachment);
    (void)str_copy(call.run.eni, sizeof(call.run.eni), in->eni);
    if (call_send(c, &call, "policy", "the interface must outlive its instance"))
        s->keep_interface.asked = c->now;
}

void interface_watch(struct controller *c, struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;

    if (s->mover->launches && in->eni_deletes && !in->terminated)
        keep_interface(c, s);
    else if (s->keep_interface.told)
        memset(&s->keep_interface, 0, sizeof(s->keep_interface));
}

void interface_answer(struct controller *c, struct server_state *s,
                      const struct call_result *r)
{
    if (r->outcome != OUTCOME_FAILED || r->err.code != ERR_FORBIDDEN ||
        s->keep_interface.refused)
        return;
    s->keep_interface.refused = true;
    alert_raise(c, s->config->name, "interface",
                "not allowed to keep its interface: grant "
                "ec2:ModifyNetworkInterfaceAttribute, or switch DeleteOnTermination off");
}
