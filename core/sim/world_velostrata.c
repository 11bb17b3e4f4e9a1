#include <config.h>

#include "core/sim/world_impl.h"

#include <stdlib.h>

#include "core/base/str.h"

/*
 * Each task of the manager is a short script: a stage does its part and says when the
 * next one is due. A run in the cloud commits when it powers the VM off; before that a
 * failure or a cancel leaves the VM at home, running. Two of them at a time per
 * extension: more are refused.
 */
enum { RUNS_AT_A_TIME = 2 };

static struct sim_manager_task *task_by_key(const struct world *w, int64_t key)
{
    for (size_t i = w->n_manager_tasks; i > 0; i--)
        if (w->manager_tasks[i - 1].key == key)
            return &w->manager_tasks[i - 1];
    return NULL;
}

const struct sim_manager_task *world_manager_task_find(const struct world *w, int32_t key)
{
    const struct sim_manager_task *t = task_by_key(w, key);

    return t != NULL && t->vanished ? NULL : t;
}

int32_t world_manager_progress(const struct world *w, const struct sim_manager_task *t)
{
    int64_t percent;

    if (t->state == SIM_TASK_DONE)
        return 100;
    if (t->state != SIM_TASK_RUNNING)
        return 0;
    percent = (w->now - t->started) * 100 / (t->ends - t->started + 1);
    return (int32_t)(percent < 99 ? percent : 99);
}

static void next(struct world *w, struct sim_manager_task *t, int32_t stage, int64_t at)
{
    t->stage = stage;
    if (world_strikes(w, SIM_MISHAP_TASK_STUCK)) {
        at += 3 * HOUR;
        t->ends += 3 * HOUR;
    }
    world_schedule(w, at, EV_MANAGER, t->key, 0, stage);
}

static void end(struct world *w, struct sim_manager_task *t, enum sim_task_state state)
{
    t->state = state;
    t->winding_down = false;
    t->ends = w->now;
    t->vanished = world_strikes(w, SIM_MISHAP_TASK_VANISHES);
    if (t->server >= 0)
        w->servers[t->server].managed.task = -1;
    else
        w->extension.task = -1;
}

static struct sim_manager_task *begin(struct world *w, enum sim_manager_act act,
                                      int32_t server, const char *user, int64_t min_ms,
                                      int64_t max_ms)
{
    void *tasks = w->manager_tasks;
    struct sim_manager_task *t =
        world_grow(w, &tasks, &w->n_manager_tasks, &w->cap_manager_tasks, sizeof(*t));

    w->manager_tasks = tasks;
    if (t == NULL)
        return NULL;
    t->key = ++w->next_manager_task;
    t->act = act;
    t->server = server;
    t->started = w->now;
    t->ends = world_soon(w, min_ms, max_ms);
    (void)str_copy(t->user, sizeof(t->user), user); /* a cut name is still a name */
    if (server >= 0)
        w->servers[server].managed.task = t->key;
    else
        w->extension.task = t->key;
    return t;
}

/* Failing for a moment, then failed: a stage of its own, so that it can be seen. */
enum { STAGE_FAIL = 100, STAGE_CANCEL = 101 };

static void fail(struct world *w, struct sim_manager_task *t, const char *why)
{
    t->winding_down = true;
    (void)str_copy(t->error, sizeof(t->error), why);
    next(w, t, STAGE_FAIL, w->now + 3 * SECOND);
}

/* ---- the extension ---- */

static void set_extension(struct world *w, enum sim_extension_state state)
{
    struct sim_extension *x = &w->extension;
    bool was_on = x->state != SIM_EXT_STOPPED, on = state != SIM_EXT_STOPPED;

    if (x->state == SIM_EXT_ACTIVE)
        x->last_active = w->now;
    if (!was_on && on)
        x->on_since = w->now;
    if (was_on && !on)
        x->on_ms += w->now - x->on_since;
    x->state = state;
    x->since = w->now;
}

int64_t world_extension_on_ms(const struct world *w)
{
    const struct sim_extension *x = &w->extension;

    return x->on_ms + (x->state != SIM_EXT_STOPPED ? w->now - x->on_since : 0);
}

static bool extension_in_use(const struct world *w)
{
    for (size_t i = 0; i < w->n_servers; i++)
        if (w->servers[i].managed.state != SIM_UNMANAGED ||
            w->servers[i].managed.task >= 0)
            return true;
    return false;
}

enum sim_refusal world_extension_act(struct world *w, enum sim_manager_act act,
                                     const char *user, int32_t *key)
{
    struct sim_extension *x = &w->extension;
    enum sim_extension_state from, during;
    int64_t min_s, max_s;
    struct sim_manager_task *t;

    if (act == SIM_START_EXTENSION) {
        from = SIM_EXT_STOPPED;
        during = SIM_EXT_STARTING;
        min_s = 180;
        max_s = 300;
    } else if (act == SIM_STOP_EXTENSION) {
        from = SIM_EXT_ACTIVE;
        during = SIM_EXT_STOPPING;
        min_s = 60;
        max_s = 180;
    } else {
        from = SIM_EXT_IMPAIRED;
        during = SIM_EXT_STARTING;
        min_s = 120;
        max_s = 240;
    }
    if (x->task >= 0)
        return SIM_BUSY;
    if (x->state != from || (act == SIM_STOP_EXTENSION && extension_in_use(w)))
        return SIM_WRONG_STATE;
    t = begin(w, act, -1, user, min_s * SECOND, max_s * SECOND);
    if (t == NULL)
        return SIM_LIMIT;
    set_extension(w, during);
    next(w, t, 1, t->ends);
    *key = t->key;
    return SIM_OK;
}

void world_extension_set(struct world *w, enum sim_extension_state state)
{
    set_extension(w, state);
}

static void extension_stage(struct world *w, struct sim_manager_task *t)
{
    bool fails = world_strikes_drawn(w, SIM_MISHAP_TASK_FAILS);

    if (fails) {
        set_extension(w, t->act == SIM_STOP_EXTENSION ? SIM_EXT_ACTIVE : SIM_EXT_STOPPED);
        fail(w, t, "Internal error: the edge nodes did not answer in time.");
        return;
    }
    set_extension(w, t->act == SIM_STOP_EXTENSION ? SIM_EXT_STOPPED : SIM_EXT_ACTIVE);
    end(w, t, SIM_TASK_DONE);
}

/* ---- run in cloud ---- */

static int32_t runs_now(const struct world *w)
{
    int32_t n = 0;

    for (size_t i = 0; i < w->n_manager_tasks; i++)
        if (w->manager_tasks[i].state == SIM_TASK_RUNNING &&
            w->manager_tasks[i].act == SIM_RUN_IN_CLOUD)
            n++;
    return n;
}

/* The interface that a request means: by id, by its fixed address, or none. */
static enum sim_refusal wanted_eni(const struct world *w, const struct sim_move *m,
                                   int32_t *eni)
{
    *eni = -1;
    if (m->eni != NULL) {
        *eni = world_eni_find(w, m->eni);
        return *eni < 0 ? SIM_BAD_VALUE : SIM_OK;
    }
    if (m->address == NULL)
        return SIM_OK;
    for (size_t i = 0; i < w->n_enis; i++)
        if (str_eq(w->enis[i].ip, m->address) && w->enis[i].id[0] != '\0')
            *eni = (int32_t)i;
    return *eni < 0 ? SIM_BAD_VALUE : SIM_OK;
}

enum sim_refusal world_run_in_cloud(struct world *w, int32_t server,
                                    const struct sim_move *m, const char *user,
                                    int32_t *key)
{
    struct sim_managed *managed;
    struct sim_manager_task *t;
    int32_t eni;

    if (server < 0 || (size_t)server >= w->n_servers)
        return SIM_NOT_FOUND;
    managed = &w->servers[server].managed;
    if (world_type_find(w, m->type) < 0 || wanted_eni(w, m, &eni) != SIM_OK)
        return SIM_BAD_VALUE;
    if (managed->task >= 0)
        return SIM_BUSY;
    if (w->extension.state != SIM_EXT_ACTIVE || managed->state != SIM_UNMANAGED)
        return SIM_WRONG_STATE;
    if (runs_now(w) >= RUNS_AT_A_TIME)
        return SIM_LIMIT;
    t = begin(w, SIM_RUN_IN_CLOUD, server, user, 90 * SECOND, 240 * SECOND);
    if (t == NULL)
        return SIM_LIMIT;
    (void)str_copy(t->plan.type, sizeof(t->plan.type), m->type); /* known: short */
    if (eni >= 0)
        (void)str_copy(t->plan.eni, sizeof(t->plan.eni), w->enis[eni].id);
    t->plan.spot = m->spot;
    t->plan.cap = m->cap;
    managed->state = SIM_MOVING_TO_CLOUD;
    managed->spot = m->spot;
    managed->lost_seen = 0;
    (void)str_copy(managed->edge_node, sizeof(managed->edge_node), m->edge_node);
    (void)str_copy(managed->storage_policy, sizeof(managed->storage_policy),
                   m->storage_policy != NULL ? m->storage_policy : "Writeback");
    next(w, t, 1, world_soon(w, 5 * SECOND, 10 * SECOND));
    *key = t->key;
    return SIM_OK;
}

static struct sim_launch
launch_of(const struct world *w, const struct sim_manager_task *t, struct sim_tag tags[2])
{
    tags[0] = (struct sim_tag){.key = "Name"};
    tags[1] = (struct sim_tag){.key = "Velostrata", .value = "managed"};
    (void)str_copy(tags[0].value, sizeof(tags[0].value),
                   w->vms[w->servers[t->server].vm].name);
    return (struct sim_launch){
        .type = t->plan.type,
        .image = "ami-0e5f1d2c3b4a59687",
        .eni = t->plan.eni[0] != '\0' ? t->plan.eni : NULL,
        .client_token = "",
        .spot = t->plan.spot,
        .cap = t->plan.cap,
        .tags = tags,
        .n_tags = 2,
    };
}

static const char *refusal_text(enum sim_refusal no)
{
    switch (no) {
    case SIM_NO_CAPACITY:
        return "InsufficientInstanceCapacity: There is no Spot capacity available that "
               "matches your request.";
    case SIM_PRICE_TOO_LOW:
        return "SpotMaxPriceTooLow: Your Spot request price is lower than the minimum "
               "required Spot request fulfillment price.";
    case SIM_ENI_IN_USE:
        return "InvalidNetworkInterface.InUse: The network interface is in use.";
    case SIM_OK:
    case SIM_NOT_FOUND:
    case SIM_WRONG_STATE:
    case SIM_BUSY:
    case SIM_NO_TOOLS:
    case SIM_MAINTENANCE:
    case SIM_BAD_VALUE:
    case SIM_LIMIT:
        break;
    }
    return "The instance could not be launched.";
}

static void drop_spot(struct world *w, struct sim_manager_task *t, const char *status)
{
    struct sim_spot *s = cloud_spot(w, t->spot);

    if (s != NULL && s->state == SIM_SPOT_OPEN)
        cloud_spot_set(w, s, SIM_SPOT_CANCELED, status);
}

/* Nothing has happened to the VM yet: it stays home, running. */
static void stay_home(struct world *w, struct sim_manager_task *t, const char *why)
{
    drop_spot(w, t, "capacity-not-available");
    w->servers[t->server].managed.state = SIM_UNMANAGED;
    fail(w, t, why);
}

static void run_check(struct world *w, struct sim_manager_task *t)
{
    struct sim_tag tags[2];
    struct sim_launch l = launch_of(w, t, tags);
    enum sim_refusal no = cloud_check(w, &l);

    if (w->servers[t->server].snapshot) {
        stay_home(w, t, "The virtual machine has snapshots: remove them and try again.");
        return;
    }
    if (no == SIM_OK && t->plan.spot && world_strikes_drawn(w, SIM_MISHAP_NO_CAPACITY))
        no = SIM_NO_CAPACITY;
    if (no != SIM_OK) {
        stay_home(w, t, refusal_text(no));
        return;
    }
    if (world_strikes_drawn(w, SIM_MISHAP_TASK_FAILS)) {
        stay_home(w, t, "Internal error: the exporter did not come up.");
        return;
    }
    host_set_power(w, w->servers[t->server].vm, SIM_POWER_OFF, true);
    next(w, t, 3, world_soon(w, 8 * SECOND, 15 * SECOND));
}

static void run_launch(struct world *w, struct sim_manager_task *t)
{
    struct sim_tested *s = &w->servers[t->server];
    struct sim_tag tags[2];
    struct sim_launch l = launch_of(w, t, tags);
    struct sim_instance *i = NULL;
    enum sim_refusal no = cloud_launch(w, &l, true, t->spot, &i);

    if (no != SIM_OK) { /* gone since the check: the VM goes on at home */
        host_set_power(w, s->vm, SIM_POWER_ON, true);
        stay_home(w, t, refusal_text(no));
        return;
    }
    s->managed.instance = i->serial;
    if (i->server < 0)
        i->server = t->server;
    if (t->ends < w->now + MINUTE)
        t->ends = w->now + MINUTE;
    next(w, t, 4, t->ends);
}

static void run_finish(struct world *w, struct sim_manager_task *t)
{
    struct sim_managed *m = &w->servers[t->server].managed;
    const struct sim_instance *i = cloud_instance(w, m->instance);

    m->state = SIM_IN_CLOUD;
    if (i != NULL && cloud_is_alive(i)) {
        end(w, t, SIM_TASK_DONE);
        return;
    }
    fail(w, t, "The instance was terminated while the VM was moved.");
    world_schedule(w, world_soon(w, 20 * SECOND, 40 * SECOND), EV_MANAGER_LOSS, t->server,
                   0, m->instance);
}

static void run_stage(struct world *w, struct sim_manager_task *t)
{
    struct sim_spot *s;

    switch (t->stage) {
    case 1:
        if (t->cancel_asked) {
            w->servers[t->server].managed.state = SIM_UNMANAGED;
            next(w, t, STAGE_CANCEL, w->now + 2 * SECOND);
            return;
        }
        if (t->plan.spot) {
            const struct sim_eni *eni =
                t->plan.eni[0] != '\0' ? &w->enis[world_eni_find(w, t->plan.eni)] : NULL;

            s = cloud_spot_open(w, t->plan.type, eni != NULL ? eni->zone : w->zones[0],
                                t->plan.cap);
            t->spot = s != NULL ? s->serial : 0;
        }
        next(w, t, 2, world_soon(w, 5 * SECOND, 15 * SECOND));
        return;
    case 2:
        if (t->cancel_asked) {
            drop_spot(w, t, "canceled-before-fulfillment");
            w->servers[t->server].managed.state = SIM_UNMANAGED;
            next(w, t, STAGE_CANCEL, w->now + 2 * SECOND);
            return;
        }
        run_check(w, t);
        return;
    case 3:
        run_launch(w, t);
        return;
    default:
        run_finish(w, t);
        return;
    }
}

/* ---- back on-prem ---- */

static void return_stage(struct world *w, struct sim_manager_task *t)
{
    struct sim_managed *m = &w->servers[t->server].managed;
    struct sim_instance *i = cloud_instance(w, m->instance);

    if (t->stage == 1) {
        if (i != NULL && i->state != SIM_TERMINATED)
            cloud_kill(w, i, "Client.UserInitiatedShutdown", true);
        next(w, t, 2, t->ends > w->now ? t->ends : w->now + MINUTE);
        return;
    }
    if (i != NULL && i->state != SIM_TERMINATED) { /* the last writes come with it */
        next(w, t, 2, w->now + 10 * SECOND);
        return;
    }
    if (t->stage == 2 && world_strikes_drawn(w, SIM_MISHAP_TASK_FAILS)) {
        m->state = SIM_IN_CLOUD;
        fail(w, t, "Internal error: the VM could not be handed back.");
        return;
    }
    m->state = SIM_UNMANAGED;
    m->instance = 0;
    m->lost_seen = 0;
    end(w, t, SIM_TASK_DONE);
}

/* ---- the cloud instance's power ---- */

static void power_stage(struct world *w, struct sim_manager_task *t)
{
    struct sim_instance *i = cloud_instance(w, w->servers[t->server].managed.instance);

    if (t->stage == 1) {
        if (i != NULL && t->act == SIM_START_VM && i->state == SIM_STOPPED)
            cloud_start(w, i);
        else if (i != NULL && t->act == SIM_STOP_VM && i->state == SIM_RUNNING)
            cloud_stop(w, i);
        else if (i != NULL && t->act == SIM_REBOOT_VM && i->state == SIM_RUNNING)
            cloud_reboot(w, i);
        next(w, t, 2, t->ends);
        return;
    }
    if (i == NULL || i->dying_since != 0) {
        fail(w, t, "The instance is gone.");
        return;
    }
    end(w, t, SIM_TASK_DONE);
}

enum sim_refusal world_manager_act(struct world *w, int32_t server,
                                   enum sim_manager_act act, const char *user,
                                   int32_t *key)
{
    struct sim_managed *m;
    const struct sim_instance *i;
    struct sim_manager_task *t;
    bool back = act == SIM_RUN_ONPREM || act == SIM_CLEANUP_VM;

    if (server < 0 || (size_t)server >= w->n_servers)
        return SIM_NOT_FOUND;
    m = &w->servers[server].managed;
    i = cloud_instance(w, m->instance);
    if (m->task >= 0)
        return SIM_BUSY;
    if (m->state != SIM_IN_CLOUD)
        return SIM_WRONG_STATE;
    if ((act == SIM_START_VM && (i == NULL || i->state != SIM_STOPPED)) ||
        (act == SIM_STOP_VM && (i == NULL || i->state != SIM_RUNNING || i->spot)) ||
        (act == SIM_REBOOT_VM && (i == NULL || i->state != SIM_RUNNING)))
        return SIM_WRONG_STATE;
    t = back ? begin(w, act, server, user, 180 * SECOND, 360 * SECOND)
             : begin(w, act, server, user, 60 * SECOND, 90 * SECOND);
    if (t == NULL)
        return SIM_LIMIT;
    if (back)
        m->state = SIM_RETURNING;
    next(w, t, 1, world_soon(w, 10 * SECOND, 40 * SECOND));
    *key = t->key;
    return SIM_OK;
}

enum sim_refusal world_manager_cancel(struct world *w, int32_t key)
{
    struct sim_manager_task *t = task_by_key(w, key);

    if (t == NULL)
        return SIM_NOT_FOUND;
    if (t->state != SIM_TASK_RUNNING || t->winding_down || t->act != SIM_RUN_IN_CLOUD ||
        t->stage > 2)
        return SIM_WRONG_STATE;
    t->cancel_asked = true;
    t->winding_down = true;
    return SIM_OK;
}

void manager_on_task(struct world *w, const struct event *ev)
{
    struct sim_manager_task *t = task_by_key(w, ev->a);

    if (t == NULL || t->state != SIM_TASK_RUNNING || t->stage != ev->b)
        return;
    if (t->stage == STAGE_FAIL || t->stage == STAGE_CANCEL) {
        end(w, t, t->stage == STAGE_FAIL ? SIM_TASK_FAILED : SIM_TASK_CANCELED);
        return;
    }
    switch (t->act) {
    case SIM_RUN_IN_CLOUD:
        run_stage(w, t);
        break;
    case SIM_RUN_ONPREM:
    case SIM_CLEANUP_VM:
        return_stage(w, t);
        break;
    case SIM_START_VM:
    case SIM_STOP_VM:
    case SIM_REBOOT_VM:
        power_stage(w, t);
        break;
    case SIM_START_EXTENSION:
    case SIM_STOP_EXTENSION:
    case SIM_REPAIR_EXTENSION:
        extension_stage(w, t);
        break;
    }
}

/* ---- an instance that ended without being asked to ---- */

void manager_instance_ended(struct world *w, const struct sim_instance *i)
{
    for (size_t s = 0; s < w->n_servers; s++) {
        if (w->servers[s].managed.instance != i->serial)
            continue;
        w->servers[s].managed.lost_seen = world_soon(w, 10 * SECOND, 30 * SECOND);
        world_schedule(w, world_soon(w, 30 * SECOND, 70 * SECOND), EV_MANAGER_LOSS,
                       (int64_t)s, 0, i->serial);
        return;
    }
}

void manager_on_loss(struct world *w, const struct event *ev)
{
    struct sim_managed *m = &w->servers[ev->a].managed;
    int32_t key;

    if (m->instance != ev->b || m->state != SIM_IN_CLOUD)
        return; /* a task is at it already, or the VM is home */
    if (m->task >= 0) {
        world_schedule(w, w->now + 20 * SECOND, EV_MANAGER_LOSS, ev->a, 0, ev->b);
        return;
    }
    /* SIM_LIMIT (no memory) leaves it to a person. */
    (void)world_manager_act(w, (int32_t)ev->a, SIM_RUN_ONPREM, "system", &key);
}

void manager_prune(struct world *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->n_manager_tasks; i++) {
        const struct sim_manager_task *t = &w->manager_tasks[i];

        if (t->state != SIM_TASK_RUNNING && t->ends + DAY <= w->now)
            continue;
        if (kept < i) /* mostly none goes */
            w->manager_tasks[kept] = *t;
        kept++;
    }
    w->n_manager_tasks = kept;
}

void manager_setup(struct world *w)
{
    struct sim_extension *x = &w->extension;

    (void)str_copy(x->id, sizeof(x->id), "ce-1");
    world_uuid(w, x->uuid);
    x->state = SIM_EXT_STOPPED;
    x->since = w->start - 2 * DAY;
    x->last_active = x->since;
    x->task = -1;
}
