#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <string.h>

/* The marker by which a closed node is known to be ours (jenkins-api 4). */
static const char marker[] = "rushhour/1 ";

/* Jenkins lists its nodes in the same order each time. */
static const struct seen_node *find_node(const struct obs_jenkins *j,
                                         struct node_facts *n)
{
    if (n->listed_at < j->n_nodes && str_eq(j->nodes[n->listed_at].name, n->name))
        return &j->nodes[n->listed_at];
    for (size_t i = 0; i < j->n_nodes; i++) {
        if (str_eq(j->nodes[i].name, n->name)) {
            n->listed_at = i;
            return &j->nodes[i];
        }
    }
    return NULL;
}

static void merge_node(struct node_facts *n, const struct observation *o, bool stale,
                       struct utc now)
{
    const struct seen_node *seen;
    bool was_free = n->known && n->idle && n->open;
    struct utc theirs = now;

    n->known = false;
    if (o == NULL)
        return;
    seen = find_node(&o->as.jenkins, n);
    if (seen == NULL)
        return;
    n->known = !stale;
    n->as_of = o->at;
    n->marked = seen->marked;
    n->open = !seen->marked && !seen->offline;
    n->connected = seen->connected;
    n->connected_known = seen->connected_known;
    n->launchable = seen->launchable;
    n->idle = seen->idle;
    n->busy = seen->busy;
    /* As it was judged before, unless it reads otherwise now. */
    if (!seen->marked) {
        n->closed_by = CLOSED_BY_NOBODY;
        str_keep(n->cause, sizeof(n->cause), seen->cause);
    } else if (n->closed_by == CLOSED_BY_NOBODY || !str_eq(n->cause, seen->cause)) {
        n->closed_by =
            strstr(seen->cause, marker) != NULL ? CLOSED_BY_RUSHHOUR : CLOSED_BY_PERSON;
        (void)str_copy(n->cause, sizeof(n->cause), seen->cause);
    }
    n->build_progress = -1;
    n->build_estimate_s = -1;
    n->build_started = (struct utc){0};
    if (seen->n_builds > 0) {
        const struct seen_build *b = &seen->builds[0];

        if (o->skew_known)
            theirs.s += o->skew_s;
        str_keep(n->build, sizeof(n->build), b->name);
        str_keep(n->build_path, sizeof(n->build_path), b->path);
        n->build_progress = seen_build_progress(b, theirs);
        n->build_started = b->started;
        n->build_estimate_s = b->estimate_s;
    } else {
        n->build[0] = n->build_path[0] = '\0';
    }
    /* Idle is an open node that has nothing to do. */
    if (!n->idle || !n->open)
        n->idle_since = (struct utc){0};
    else if (!was_free)
        n->idle_since = o->at;
}

static bool is_vm_of(const struct seen_vm *vm, const struct server_config *s)
{
    return s->vm_uuid[0] != '\0' ? str_eq_nocase(vm->instance_uuid, s->vm_uuid) ||
                                       str_eq_nocase(vm->uuid, s->vm_uuid)
                                 : str_eq(vm->name, s->vm);
}

/* vSphere, too, lists in the same order each time: who had that place is tried first. */
static struct server_state *vm_owner(struct controller *c, const struct seen_vm *vm,
                                     size_t place)
{
    size_t was = place < ARRAY_LEN(c->vm_owners) ? c->vm_owners[place] : 0;

    if (was < c->n_servers && is_vm_of(vm, c->servers[was].config))
        return &c->servers[was];
    for (size_t i = 0; i < c->n_servers; i++) {
        if (!is_vm_of(vm, c->servers[i].config))
            continue;
        if (place < ARRAY_LEN(c->vm_owners))
            c->vm_owners[place] = (uint16_t)i;
        return &c->servers[i];
    }
    return NULL;
}

void merge_owners(struct controller *c, const struct obs_vsphere *v)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        c->servers[i].vm = NULL;
        c->servers[i].vm_twice = false;
    }
    for (size_t i = 0; i < v->n_vms; i++) {
        struct server_state *s = vm_owner(c, &v->vms[i], i);

        if (s == NULL)
            continue;
        if (s->vm == NULL)
            s->vm = &v->vms[i];
        else
            s->vm_twice = true;
    }
}

const struct seen_vm *merge_vm(struct controller *c, struct server_state *s)
{
    const struct seen_vm *vm = s->vm;
    struct server_facts *f = &s->facts;
    enum power power;
    struct utc at;

    f->ready_permille = f->costop_permille = -1;
    if (c->sources[SOURCE_VSPHERE].good == NULL)
        return NULL;
    at = c->sources[SOURCE_VSPHERE].good->at;
    if (s->vm_twice)
        (void)str_format(f->blocked, sizeof(f->blocked),
                         "two VMs are called %s: set vm_uuid for this server",
                         s->config->vm);
    if (vm == NULL) {
        f->vm_id[0] = '\0';
        f->power = POWER_UNKNOWN;
        f->tools = false;
        (void)str_format(f->blocked, sizeof(f->blocked), "vSphere has no VM called %s",
                         s->config->vm);
        return NULL;
    }
    str_keep(f->vm_id, sizeof(f->vm_id), vm->id);
    power = vm->connected ? vm->power : POWER_UNKNOWN;
    if (power_is_down(f->power) && power == POWER_ON && at.s > f->switched_on.s)
        f->switched_on = at; /* by us or by somebody */
    f->power = power;
    f->tools = vm->tools_running;
    if (f->power == POWER_ON && !source_is_stale(c, SOURCE_VSPHERE)) {
        f->ready_permille = vm->ready_permille;
        f->costop_permille = vm->costop_permille;
    }
    if (vm->question)
        (void)str_copy(f->blocked, sizeof(f->blocked),
                       "vSphere waits for an answer about this VM");
    return vm;
}

static bool is_managed_vm(const struct seen_managed_vm *m, const struct seen_vm *vm)
{
    return str_eq(m->vm_id, vm->id) ||
           (m->instance_uuid[0] != '\0' &&
            str_eq_nocase(m->instance_uuid, vm->instance_uuid));
}

/* The manager, too, keeps to its order. */
static const struct seen_managed_vm *find_managed(const struct obs_velostrata *v,
                                                  struct server_state *s)
{
    if (s->managed_at < v->n_vms && is_managed_vm(&v->vms[s->managed_at], s->vm))
        return &v->vms[s->managed_at];
    for (size_t i = 0; i < v->n_vms; i++) {
        if (is_managed_vm(&v->vms[i], s->vm)) {
            s->managed_at = i;
            return &v->vms[i];
        }
    }
    return NULL;
}

static void merge_tasks(struct server_state *s, const struct obs_velostrata *v)
{
    struct server_facts *f = &s->facts;

    f->task_active = false;
    f->task_progress = -1;
    f->task_error[0] = f->task_id[0] = f->task_type[0] = f->task_user[0] = '\0';
    for (size_t i = 0; i < v->n_tasks; i++) {
        const struct seen_task *t = &v->tasks[i];
        bool active = t->state == TASK_RUNNING || t->state == TASK_UNKNOWN;

        if (s->has_move && t->state == TASK_FAILED && str_eq(t->id, s->move.task))
            (void)str_copy(f->task_error, sizeof(f->task_error), t->error);
        if (!active || f->managed_id[0] == '\0' || !str_eq(t->entity, f->managed_id))
            continue;
        f->task_active = true;
        f->task_progress = t->progress;
        (void)str_copy(f->task_id, sizeof(f->task_id), t->id);
        (void)str_copy(f->task_type, sizeof(f->task_type), t->type);
        (void)str_copy(f->task_user, sizeof(f->task_user), t->user);
    }
}

void merge_instance(struct instance_facts *f, const struct seen_instance *in)
{
    if (!str_eq(f->id, in->id)) {
        *f = (struct instance_facts){0};
        (void)str_copy(f->id, sizeof(f->id), in->id);
    }
    if (in->type[0] != '\0')
        str_keep(f->type, sizeof(f->type), in->type);
    if (in->zone[0] != '\0')
        str_keep(f->zone, sizeof(f->zone), in->zone);
    if (in->ip[0] != '\0')
        str_keep(f->ip, sizeof(f->ip), in->ip);
    if (in->eni[0] != '\0')
        str_keep(f->eni, sizeof(f->eni), in->eni);
    if (in->spot_request[0] != '\0')
        str_keep(f->request, sizeof(f->request), in->spot_request);
    if (in->lifecycle != LIFECYCLE_UNKNOWN)
        f->lifecycle = in->lifecycle;
    if (in->state_reason[0] != '\0')
        str_keep(f->state_reason, sizeof(f->state_reason), in->state_reason);
    if (in->launched.s != 0)
        f->launched = in->launched;
    f->running = in->state == INSTANCE_RUNNING || in->state == INSTANCE_PENDING;
    f->pending = in->state == INSTANCE_PENDING;
    f->ended = f->ended || in->state == INSTANCE_TERMINATED;
    if (in->eni[0] != '\0') {
        f->eni_deletes = in->eni_deletes;
        str_keep(f->attachment, sizeof(f->attachment), in->attachment);
    }
    /* The dead do not come back, whatever a late reading says. */
    f->terminated = f->terminated || in->state == INSTANCE_TERMINATED ||
                    in->state == INSTANCE_SHUTTING_DOWN;
}

void merge_spot(const struct controller *c, struct server_facts *f)
{
    const struct observation *o = c->sources[SOURCE_SPOT].good;
    struct instance_facts *in = &f->instance;

    if (in->id[0] == '\0' || in->lifecycle == LIFECYCLE_ON_DEMAND) {
        in->spot = SPOT_NONE;
        return;
    }
    for (size_t i = 0; o != NULL && i < o->as.spot.n; i++) {
        const struct seen_spot *sp = &o->as.spot.spots[i];

        if (!str_eq(sp->instance, in->id))
            continue;
        str_keep(in->request, sizeof(in->request), sp->id);
        str_keep(in->spot_status, sizeof(in->spot_status), sp->status);
        in->spot = sp->state;
        /* AWS's usual way: the request is closed at once, the instance runs on for two
         * minutes. */
        if (sp->state == SPOT_RECLAIMED && in->running && !in->terminated)
            in->spot = SPOT_NOTICE;
        if (in->spot == SPOT_NOTICE && in->reclaim_at.s == 0)
            in->reclaim_at.s = (sp->updated.s != 0 ? sp->updated.s : c->now.s) + NOTICE_S;
        break; /* an instance has one request */
    }
    if (in->terminated && (in->spot == SPOT_NOTICE || f->lost))
        in->spot = SPOT_RECLAIMED;
    else if (in->spot == SPOT_FULFILLED && f->place == PLACE_CLOUD)
        in->spot = SPOT_ACTIVE;
    else if (in->spot == SPOT_NONE)
        in->spot = f->place == PLACE_CLOUD ? SPOT_ACTIVE : SPOT_FULFILLED;
}

/* Running at home and in the cloud: believed only when two vSphere readings, both newer
 * than the arrival, say so; readings of two systems never belong to the same instant. */
bool merge_both_places(struct controller *c, struct server_state *s)
{
    const struct observation *o = c->sources[SOURCE_VSPHERE].good;

    if (s->facts.place != PLACE_CLOUD || !s->facts.instance.running ||
        s->facts.instance.terminated) {
        s->in_cloud_seen.s = 0;
        s->both_readings = 0;
        return false;
    }
    if (s->in_cloud_seen.s == 0)
        s->in_cloud_seen = c->now;
    if (s->facts.power != POWER_ON)
        s->both_readings = 0;
    else if (o->at.s > s->in_cloud_seen.s && o->at.s != s->both_as_of.s)
        s->both_readings++;
    s->both_as_of = o->at;
    if (s->both_readings == 1)
        RH_PROBE("seen-in-both-places-once");
    return s->both_readings >= 2;
}

static void place_from_manager(struct server_facts *f, const struct seen_managed_vm *m)
{
    static const enum place places[] = {
        [MANAGED_UNKNOWN] = PLACE_UNKNOWN,       [MANAGED_UNMANAGED] = PLACE_ONPREM,
        [MANAGED_TO_CLOUD] = PLACE_MOVING_OUT,   [MANAGED_IN_CLOUD] = PLACE_CLOUD,
        [MANAGED_RETURNING] = PLACE_MOVING_BACK,
    };

    f->place_raw[0] = '\0';
    f->migration_busy = f->instance_stopped = false;
    if (m == NULL) {
        f->place = PLACE_ONPREM; /* absent from a healthy answer: wholly at home */
        return;
    }
    f->place = places[m->state];
    if (m->state == MANAGED_UNKNOWN)
        (void)str_copy(f->place_raw, sizeof(f->place_raw), m->raw_state);
    f->migration_busy = m->migration_busy;
    f->instance_stopped = m->instance_stopped;
    if (m->has_instance && m->instance.id[0] != '\0' && f->place != PLACE_ONPREM) {
        struct seen_instance in = m->instance;

        /* The manager's dates may be days without a time; only EC2 knows the launch. */
        in.launched.s = 0;
        merge_instance(&f->instance, &in);
    }
}

static bool is_lost(const struct server_facts *f)
{
    return f->place == PLACE_LOST ||
           (f->place == PLACE_MOVING_BACK && f->instance.reclaim_at.s != 0 &&
            f->instance.terminated);
}

/* With an instance that lives: that is another one than was lost, as the dead do not come
 * back. Who looked away meanwhile, as while standing still, has not seen it at home. */
static bool is_out_again(const struct server_facts *f)
{
    return (f->place == PLACE_CLOUD || f->place == PLACE_MOVING_OUT) &&
           f->instance.running && !f->instance.terminated;
}

static void merge_velostrata(struct controller *c, struct server_state *s)
{
    const struct observation *o = c->sources[SOURCE_VELOSTRATA].good;
    const struct observation *listed = c->sources[SOURCE_INSTANCES].good;
    struct server_facts *f = &s->facts;
    const struct seen_vm *vm = merge_vm(c, s);
    const struct seen_managed_vm *m;
    const struct seen_instance *in;
    bool ours, failed; /* a return of ours is under way; its task has ended so */

    f->place_stale =
        source_is_stale(c, SOURCE_VELOSTRATA) || source_is_stale(c, SOURCE_VSPHERE);
    if (o == NULL || vm == NULL) {
        f->place = PLACE_UNKNOWN;
        f->place_stale = true;
        return;
    }
    f->place_as_of = o->at.s < c->sources[SOURCE_VSPHERE].good->at.s
                         ? o->at
                         : c->sources[SOURCE_VSPHERE].good->at;
    m = find_managed(&o->as.velostrata, s);
    str_keep(f->managed_id, sizeof(f->managed_id),
             m != NULL && m->vm_id[0] != '\0' ? m->vm_id : f->vm_id);
    place_from_manager(f, m);
    merge_tasks(s, &o->as.velostrata);
    in = listed != NULL ? instance_listed(&listed->as.instances, &f->instance) : NULL;
    if (in != NULL)
        merge_instance(&f->instance, in);
    /* What becomes of it is seen when its task has ended. */
    merge_stopped(&f->instance,
                  f->instance_stopped && !f->task_active && f->instance.id[0] != '\0',
                  o->at);
    ours = s->has_move && s->move.direction == DIRECTION_BACK && s->move.committed &&
           !s->move.interrupted && f->instance.reclaim_at.s == 0;
    failed = !f->task_active && f->task_error[0] != '\0';
    /* EC2 may be ahead of the manager: after our own return a dead instance is no loss.
     * When that return has failed its VM is still out there, and is asked for again. */
    if (f->place == PLACE_CLOUD && f->instance.terminated && !(ours && failed))
        f->place = ours ? PLACE_MOVING_BACK : PLACE_LOST;
    f->lost = f->lost ? f->place != PLACE_ONPREM && !is_out_again(f) : is_lost(f);
    if ((f->place == PLACE_CLOUD || f->place == PLACE_MOVING_OUT) &&
        !f->place_stale) /* of this clock */
        f->away_seen = f->place_as_of;
    else if (f->place == PLACE_MOVING_BACK || (f->place == PLACE_ONPREM && failed))
        f->away_seen.s = 0;
    if (f->place == PLACE_ONPREM && !f->task_active && f->instance.id[0] != '\0')
        f->instance = (struct instance_facts){0};
    merge_spot(c, f);
    warnings_merge(c, s);
    f->in_both_places = merge_both_places(c, s);
    if (f->in_both_places) {
        f->place = PLACE_UNKNOWN;
        (void)str_copy(f->blocked, sizeof(f->blocked),
                       "it runs at home and in the cloud: power one of them off by hand");
    }
}

bool off_at_home(const struct server_facts *f)
{
    return f->place == PLACE_ONPREM && power_is_down(f->power);
}

/* Off at home with no move of ours and no return of the manager's: a person did that. */
static void check_power(struct server_state *s)
{
    struct server_facts *f = &s->facts;

    if (f->blocked[0] != '\0' || f->place != PLACE_ONPREM || f->place_stale ||
        s->has_move || f->task_active || s->known_place == PLACE_CLOUD ||
        s->order.place == PLACE_ONPREM || s->owed_home)
        return;
    if (power_is_down(f->power))
        (void)str_format(f->blocked, sizeof(f->blocked),
                         "%s at home by a person; move it to on-prem to power it on",
                         f->power == POWER_OFF ? "powered off" : "suspended");
}

/* Blocked until it is seen settled somewhere again. */
static void check_half_moved(struct server_state *s)
{
    struct server_facts *f = &s->facts;

    if (s->half_moved[0] == '\0' || f->place_stale)
        return;
    if (f->place == PLACE_ONPREM || f->place == PLACE_CLOUD)
        s->half_moved[0] = '\0';
    else if (f->blocked[0] == '\0')
        (void)str_copy(f->blocked, sizeof(f->blocked), s->half_moved);
}

static void merge_extension(struct controller *c)
{
    const struct observation *o = c->sources[SOURCE_VELOSTRATA].good;
    struct extension_facts *x = &c->extension.facts;
    const struct obs_velostrata *v;

    x->stale = source_is_stale(c, SOURCE_VELOSTRATA);
    if (o == NULL)
        return;
    v = &o->as.velostrata;
    if (x->state != v->extension || x->since.s == 0)
        x->since = o->at;
    if (x->state == EXTENSION_STOPPED && v->extension == EXTENSION_STARTING)
        c->extension.start_seen = o->at;
    if (x->state == EXTENSION_STARTING && v->extension == EXTENSION_ACTIVE &&
        c->extension.start_seen.s != 0) {
        c->extension.start_took_s = o->at.s - c->extension.start_seen.s;
        setting_store_number(c, "extension_start_s", c->extension.start_took_s);
        lead_note(&c->lead.starts, c->extension.start_took_s);
        lead_store(c, "lead_starts", &c->lead.starts);
    }
    x->state = v->extension;
    x->as_of = o->at;
    str_keep(x->id, sizeof(x->id), v->extension_id);
    str_keep(x->raw, sizeof(x->raw), v->extension_raw);
    str_keep(x->problem, sizeof(x->problem), v->extension_problem);
    str_keep(x->edge_a_zone, sizeof(x->edge_a_zone), v->edge_a_zone);
    str_keep(x->edge_b_zone, sizeof(x->edge_b_zone), v->edge_b_zone);
    x->task_active = false;
    x->task_progress = -1;
    for (size_t i = 0; i < v->n_tasks; i++) {
        const struct seen_task *t = &v->tasks[i];

        if (t->state == TASK_RUNNING && str_eq(t->entity, x->id)) {
            x->task_active = true;
            x->task_progress = t->progress;
        }
    }
}

/* The one that the first known server runs on: under vCenter there may be more. */
static const struct seen_host *find_host(const struct controller *c,
                                         const struct obs_vsphere *v)
{
    const struct seen_vm *vm = NULL;

    for (size_t i = 0; i < c->n_servers && vm == NULL; i++)
        vm = c->servers[i].vm;
    for (size_t i = 0; vm != NULL && i < v->n_hosts; i++) {
        if (str_eq(v->hosts[i].id, vm->host))
            return &v->hosts[i];
    }
    return &v->hosts[0];
}

static void merge_minute(struct controller *c, struct host_facts *h)
{
    const size_t rest = sizeof(h->history[0]) * (HOST_HISTORY - 1);
    bool known = !h->stale;

    c->host_minute = c->now;
    memmove(&h->history[0], &h->history[1], rest);
    memmove(&h->ready_history[0], &h->ready_history[1], rest);
    h->history[HOST_HISTORY - 1] = known ? (int16_t)h->cpu_permille : (int16_t)-1;
    h->ready_history[HOST_HISTORY - 1] = known ? (int16_t)h->ready_permille : (int16_t)-1;
    if (h->peak_at.s < c->now.s - HOST_HISTORY * 60 ||
        h->cpu_permille >= h->peak_permille) {
        h->peak_permille = h->cpu_permille;
        h->peak_at = c->now;
    }
}

static void merge_host(struct controller *c)
{
    const struct observation *o = c->sources[SOURCE_VSPHERE].good;
    struct host_facts *h = &c->host_facts;
    const struct seen_host *seen;

    h->stale = source_is_stale(c, SOURCE_VSPHERE);
    if (o == NULL || o->as.vsphere.n_hosts == 0)
        return;
    seen = find_host(c, &o->as.vsphere);
    h->known = true;
    h->as_of = o->at;
    str_keep(h->name, sizeof(h->name), seen->name);
    h->cpu_permille = seen->cpu_permille;
    h->memory_permille = seen->memory_permille;
    h->ready_permille = seen->ready_permille;
    h->costop_permille = seen->costop_permille;
    h->maintenance = seen->maintenance;
    if (c->now.s / 60 != c->host_minute.s / 60)
        merge_minute(c, h);
}

/* The cloud node is that of the zone in which it runs, or is to run. */
static void merge_cloud_node(struct server_state *s, const struct observation *jenkins,
                             bool stale, struct utc now)
{
    if (s->zone_nodes == NULL) {
        merge_node(&s->facts.cloud, jenkins, stale, now);
        return;
    }
    for (size_t i = 0; i <= s->config->n_zones; i++)
        merge_node(&s->zone_nodes[i], jenkins, stale, now);
    s->facts.cloud = s->zone_nodes[offerings_zone_in_use(s)];
}

void merge_all(struct controller *c)
{
    const struct observation *jenkins = c->sources[SOURCE_JENKINS].good;
    bool jenkins_stale = source_is_stale(c, SOURCE_JENKINS);

    c->jenkins_quieting = jenkins != NULL && jenkins->as.jenkins.quieting_down;
    merge_extension(c);
    merge_host(c);
    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_state *s = &c->servers[i];

        s->facts.blocked[0] = '\0';
        merge_node(&s->facts.onprem, jenkins, jenkins_stale, c->now);
        s->facts.nodes_as_of = s->facts.onprem.as_of;
        if (s->mover->launches)
            merge_ec2(c, s);
        else
            merge_velostrata(c, s);
        offerings_zone(c, s);
        merge_cloud_node(s, jenkins, jenkins_stale, c->now);
        check_power(s);
        check_half_moved(s);
        if (s->facts.blocked[0] == '\0' && !s->has_move)
            str_keep(s->facts.blocked, sizeof(s->facts.blocked), s->outside);
    }
}
