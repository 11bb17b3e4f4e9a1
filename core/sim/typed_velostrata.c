#include <config.h>

#include "core/sim/typed_impl.h"

#include "core/base/str.h"

static enum managed_state managed_state(enum sim_managed_state s)
{
    static const enum managed_state states[] = {
        [SIM_UNMANAGED] = MANAGED_UNMANAGED,
        [SIM_MOVING_TO_CLOUD] = MANAGED_TO_CLOUD,
        [SIM_IN_CLOUD] = MANAGED_IN_CLOUD,
        [SIM_RETURNING] = MANAGED_RETURNING,
    };

    return states[s];
}

static enum extension_state extension_state(enum sim_extension_state s)
{
    static const enum extension_state states[] = {
        [SIM_EXT_STOPPED] = EXTENSION_STOPPED,   [SIM_EXT_STARTING] = EXTENSION_STARTING,
        [SIM_EXT_ACTIVE] = EXTENSION_ACTIVE,     [SIM_EXT_STOPPING] = EXTENSION_STOPPING,
        [SIM_EXT_IMPAIRED] = EXTENSION_IMPAIRED,
    };

    return states[s];
}

static enum task_state task_state(enum sim_task_state s)
{
    static const enum task_state states[] = {
        [SIM_TASK_RUNNING] = TASK_RUNNING,
        [SIM_TASK_DONE] = TASK_SUCCEEDED,
        [SIM_TASK_FAILED] = TASK_FAILED,
        [SIM_TASK_CANCELED] = TASK_CANCELED,
    };

    return states[s];
}

static const char *task_type(enum sim_manager_act a)
{
    static const char *const words[] = {
        [SIM_RUN_IN_CLOUD] = "RunVmInCloud",
        [SIM_RUN_ONPREM] = "RunVmOnPrem",
        [SIM_START_VM] = "StartVm",
        [SIM_STOP_VM] = "StopVm",
        [SIM_REBOOT_VM] = "RebootVm",
        [SIM_CLEANUP_VM] = "CleanupVm",
        [SIM_START_EXTENSION] = "StartCloudExtension",
        [SIM_STOP_EXTENSION] = "StopCloudExtension",
        [SIM_REPAIR_EXTENSION] = "RepairCloudExtension",
    };

    return words[a];
}

static void see_managed(const struct world *w, const struct sim_tested *s,
                        struct observation *o, struct seen_managed_vm *out)
{
    const struct sim_managed *m = &s->managed;
    const struct sim_vm *vm = &w->vms[s->vm];
    const struct sim_instance *i = m->state != SIM_UNMANAGED && m->instance != 0
                                       ? world_instance_by_serial(w, m->instance)
                                       : NULL;

    *out = (struct seen_managed_vm){
        .vm_id = vm->id,
        .instance_uuid = vm->instance_uuid,
        .raw_state = "",
        .state = managed_state(m->state),
        .instance_stopped = m->state == SIM_IN_CLOUD && i != NULL &&
                            (i->state == SIM_STOPPED || i->state == SIM_STOPPING),
        .has_tasks = m->task >= 0,
        .has_instance = i != NULL,
    };
    if (i != NULL)
        typed_instance(w, i, o, &out->instance);
}

static void see_task(const struct world *w, const struct sim_manager_task *t,
                     struct observation *o, struct seen_task *out)
{
    const struct sim_spot *s = world_spot_by_serial(w, t->spot);
    char id[24];

    *str_put_u64(typed_put_text(id, "t-"), (uint64_t)t->key) = '\0';
    *out = (struct seen_task){
        .id = typed_copy(o, id),
        .type = task_type(t->act),
        .entity = t->server >= 0 ? w->vms[w->servers[t->server].vm].id : w->extension.id,
        .user = typed_copy(o, t->user),
        .error = typed_copy(o, t->error),
        .spot_request = s != NULL ? typed_copy(o, s->id) : "",
        .state = task_state(t->state),
        .progress = world_manager_progress(w, t),
        .started = typed_utc(t->started),
        .ended = t->state != SIM_TASK_RUNNING ? typed_utc(t->ends) : (struct utc){0},
    };
}

/* The key of "t-123"; -1 when it is none of ours. At every look: see str_put_u64(). */
static int32_t task_key(const char *id)
{
    enum { MOST = INT32_MAX / 10 - 1 };
    int32_t key = 0;

    if (id[0] != 't' || id[1] != '-' || id[2] == '\0')
        return -1;
    for (const char *p = id + 2; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || key > MOST)
            return -1;
        key = key * 10 + (*p - '0');
    }
    return key;
}

/* The running ones, and those that somebody waits for. */
static void see_tasks(const struct world *w, const struct poll_hints *hints,
                      struct observation *o)
{
    size_t max = w->n_servers + 1 + hints->n, n = 0;
    struct seen_task *list = arena_alloc(o->arena, max, sizeof(*list));

    if (list == NULL)
        return;
    for (size_t k = 0; k < max; k++) {
        bool hinted = k > w->n_servers;
        int32_t key = hinted              ? task_key(hints->ids[k - w->n_servers - 1])
                      : k == w->n_servers ? w->extension.task
                                          : w->servers[k].managed.task;
        const struct sim_manager_task *t =
            key >= 0 ? world_manager_task_find(w, key) : NULL;

        if (t != NULL && (!hinted || t->state != SIM_TASK_RUNNING))
            see_task(w, t, o, &list[n++]);
    }
    o->as.velostrata.tasks = list;
    o->as.velostrata.n_tasks = n;
}

void typed_velostrata(const struct world *w, const struct poll_hints *hints,
                      struct observation *o)
{
    struct seen_managed_vm *vms = arena_alloc(o->arena, w->n_servers, sizeof(*vms));

    o->as.velostrata = (struct obs_velostrata){
        .extension_id = w->extension.id,
        .extension_raw = "",
        .extension = extension_state(w->extension.state),
        .edge_a_zone = w->zones[0],
        .edge_b_zone = w->zones[1],
        .extension_problem =
            w->extension.state == SIM_EXT_IMPAIRED ? "EdgeB: CloudEdgeService" : "",
        .vms = vms,
        .n_vms = vms != NULL ? w->n_servers : 0,
    };
    for (size_t i = 0; vms != NULL && i < w->n_servers; i++)
        see_managed(w, &w->servers[i], o, &vms[i]);
    see_tasks(w, hints, o);
}
