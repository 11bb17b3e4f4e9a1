#include <config.h>

#include "core/sim/world_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/timefmt.h"

/*
 * The host's CPU is the story's bottleneck: every build at home wants BUILD_MCORES, and
 * when all want more than there is, all slow down alike. That is kept as one work clock
 * which runs at the common speed; a build ends when the clock has moved on by its work.
 */
enum {
    BUILD_MCORES = 5300,
    IDLE_MCORES = 150,
    HOME_PERCENT = 76,   /* of a c5.2xlarge, with cores to spare */
    CORES_PER_SERVER = 4 /* never under the story's 16 in all */
};
#define PPM INT64_C(1000000)

static void touch(struct world *w, struct sim_vm *vm)
{
    vm->version = ++w->vsphere_version;
}

static int32_t wanted_mcores(const struct world *w, const struct sim_vm *vm)
{
    int32_t mcores;

    if (vm->power != SIM_POWER_ON)
        return 0;
    if (vm->guest == SIM_GUEST_BOOTING)
        return 2 * 1000;
    mcores = IDLE_MCORES;
    if (vm->server >= 0)
        mcores += BUILD_MCORES * vm->builds;
    else
        mcores += w->background_mcores / (int32_t)(w->n_vms - w->n_servers);
    return mcores < vm->cpus * 1000 ? mcores : vm->cpus * 1000;
}

static int64_t work_now(const struct world *w)
{
    return w->work + (w->now - w->work_at) * w->work_rate;
}

static void plan_finish(struct world *w)
{
    int64_t first = INT64_MAX, left;

    for (size_t i = 0; i < w->n_home_builds; i++)
        if (w->home_builds[i].finish < first)
            first = w->home_builds[i].finish;
    w->finish_life++;
    if (first == INT64_MAX)
        return;
    left = first > w->work ? first - w->work : 0;
    world_schedule(w, w->now + (left + w->work_rate - 1) / w->work_rate, EV_HOME_FINISH,
                   0, w->finish_life, 0);
}

/* A VM wants more or less than before, so all builds run at another speed. */
static void load_changed(struct world *w, struct sim_vm *vm)
{
    int64_t capacity = (int64_t)w->host.cores * 1000;
    int32_t mcores = wanted_mcores(w, vm);

    w->demand_mcores += mcores - vm->mcores;
    vm->mcores = mcores;
    w->work = work_now(w);
    w->work_at = w->now;
    w->work_rate = HOME_PERCENT * PPM / 100;
    if (w->demand_mcores > capacity)
        w->work_rate = w->work_rate * capacity / w->demand_mcores;
    plan_finish(w);
}

static struct sim_vm *vm_of(struct world *w, const struct sim_build *b)
{
    return &w->vms[w->servers[w->nodes[b->node].server].vm];
}

void host_build_begin(struct world *w, struct sim_build *b)
{
    void *builds = w->home_builds;
    struct sim_home_build *h =
        world_grow(w, &builds, &w->n_home_builds, &w->cap_home_builds, sizeof(*h));

    w->home_builds = builds;
    if (h == NULL)
        return;
    *h = (struct sim_home_build){.finish = work_now(w) + b->work * PPM, .build = b};
    b->slot = (int32_t)(w->n_home_builds - 1);
    vm_of(w, b)->builds++;
    load_changed(w, vm_of(w, b));
}

void host_build_longer(struct world *w, const struct sim_build *b, int64_t ms)
{
    w->home_builds[b->slot].finish += ms * PPM;
    plan_finish(w);
}

void host_build_end(struct world *w, struct sim_build *b)
{
    if (b->slot < 0)
        return;
    w->home_builds[b->slot] = w->home_builds[--w->n_home_builds];
    w->home_builds[b->slot].build->slot = b->slot;
    b->slot = -1;
    vm_of(w, b)->builds--;
    load_changed(w, vm_of(w, b));
}

void host_on_finish(struct world *w, const struct event *ev)
{
    int64_t work = work_now(w);

    if (ev->life != w->finish_life)
        return;
    w->work = work;
    w->work_at = w->now;
    for (size_t i = 0; i < w->n_home_builds;) {
        struct sim_build *b = w->home_builds[i].build;

        if (w->home_builds[i].finish <= work)
            jenkins_end_build(w, b, b->fate); /* another one takes its slot */
        else
            i++;
    }
    plan_finish(w);
}

/* The other VMs (artifacts, wiki, gateway) follow the working day. */
static int32_t background_now(struct world *w)
{
    int64_t hour = world_local_s(w->now) / 3600 % 24;
    int32_t base = hour >= 8 && hour < 19 ? 2400 : 1300;
    int32_t scale = w->host.cores > 16 ? w->host.cores / 16 : 1;

    return scale * (base + (int32_t)rng_between(&w->rng, -500, 500));
}

void host_on_background(struct world *w, const struct event *ev)
{
    w->background_mcores = background_now(w);
    world_schedule(w, ev->at + 10 * MINUTE, EV_BACKGROUND, 0, 0, 0);
    for (size_t i = w->n_servers; i < w->n_vms; i++)
        load_changed(w, &w->vms[i]);
}

/* ---- load as vSphere reports it ---- */

static int32_t share_mcores(const struct world *w, int32_t mcores)
{
    int64_t capacity = (int64_t)w->host.cores * 1000;

    return w->demand_mcores > capacity ? (int32_t)(mcores * capacity / w->demand_mcores)
                                       : mcores;
}

int32_t world_vm_cpu_mhz(const struct world *w, const struct sim_vm *vm)
{
    int64_t mcores = share_mcores(w, vm->mcores);

    return (int32_t)(mcores * w->host.core_mhz / 1000);
}

int32_t world_vm_memory_mb(const struct world *w, const struct sim_vm *vm)
{
    (void)w; /* asked for as its siblings are */
    if (vm->power != SIM_POWER_ON)
        return 0;
    if (vm->server < 0)
        return vm->memory_mb / 3;
    return vm->memory_mb / 5 + vm->builds * (vm->memory_mb / 2);
}

int32_t world_vm_ready_ms(const struct world *w, const struct sim_vm *vm)
{
    int32_t wanted = vm->mcores;
    int32_t got = share_mcores(w, wanted);

    /* A little waiting is there even on an idle host. */
    return (wanted - got) * 20 + wanted * 20 / 250;
}

/* Waiting for the sibling vCPUs: a part of what waiting there is. */
int32_t world_vm_costop_ms(const struct world *w, const struct sim_vm *vm)
{
    return vm->cpus > 1 ? world_vm_ready_ms(w, vm) / 12 : 0;
}

int32_t world_host_cpu_mhz(const struct world *w)
{
    int64_t demand = w->demand_mcores + 300; /* the hypervisor's own */
    int64_t capacity = (int64_t)w->host.cores * 1000;

    return (int32_t)((demand < capacity ? demand : capacity) * w->host.core_mhz / 1000);
}

int32_t world_host_memory_mb(const struct world *w)
{
    int64_t mb = 2200;

    for (size_t i = 0; i < w->n_vms; i++)
        if (w->vms[i].power == SIM_POWER_ON)
            mb += w->vms[i].memory_mb;
    return (int32_t)mb;
}

/* ---- power ---- */

static void guest_boots(struct world *w, struct sim_vm *vm, int64_t index)
{
    vm->guest = SIM_GUEST_BOOTING;
    if (!world_strikes_drawn(w, SIM_MISHAP_NO_BOOT))
        world_schedule(w, world_soon(w, 30 * SECOND, 70 * SECOND), EV_VM_GUEST, index,
                       vm->life, 0);
}

static void change_power(struct world *w, int32_t index, enum sim_power power,
                         bool graceful, bool by_us)
{
    struct sim_vm *vm = &w->vms[index];
    enum sim_power was = vm->power;

    vm->power = power;
    vm->power_since = w->now;
    vm->left_off = power != SIM_POWER_ON && !by_us;
    vm->life++;
    if (power == SIM_POWER_ON && was == SIM_POWER_SUSPENDED) {
        vm->guest = SIM_GUEST_BOOTING;
        world_schedule(w, w->now + 5 * SECOND, EV_VM_GUEST, index, vm->life, 0);
    } else if (power == SIM_POWER_ON) {
        guest_boots(w, vm, index);
    } else {
        vm->guest = SIM_GUEST_DOWN;
    }
    touch(w, vm);
    if (vm->server >= 0) {
        if (was == SIM_POWER_ON)
            jenkins_machine_down(w, w->servers[vm->server].node[SIM_HOME], graceful,
                                 by_us);
        world_note_places(w, vm->server);
    }
    load_changed(w, vm);
}

void host_set_power(struct world *w, int32_t vm, enum sim_power power, bool by_us)
{
    if (w->vms[vm].power != power)
        change_power(w, vm, power, false, by_us);
}

void world_vm_set_power(struct world *w, int32_t vm, enum sim_power power)
{
    host_set_power(w, vm, power, false);
}

void host_on_guest(struct world *w, const struct event *ev)
{
    struct sim_vm *vm = &w->vms[ev->a];

    if (ev->life != vm->life)
        return;
    vm->guest = SIM_GUEST_UP;
    touch(w, vm);
    load_changed(w, vm);
    if (vm->server >= 0)
        jenkins_machine_up(w, w->servers[vm->server].node[SIM_HOME]);
}

void host_on_shutdown(struct world *w, const struct event *ev)
{
    struct sim_vm *vm = &w->vms[ev->a];

    if (ev->life != vm->life)
        return;
    if (ev->b == 0) {
        change_power(w, (int32_t)ev->a, SIM_POWER_OFF, true, true);
        return;
    }
    vm->life++;
    guest_boots(w, vm, ev->a);
    touch(w, vm);
    if (vm->server >= 0)
        jenkins_machine_down(w, w->servers[vm->server].node[SIM_HOME], true, true);
    load_changed(w, vm);
}

static enum sim_refusal ask_guest(struct world *w, int32_t index, bool reboot)
{
    struct sim_vm *vm;

    if (index < 0 || (size_t)index >= w->n_vms)
        return SIM_NOT_FOUND;
    vm = &w->vms[index];
    if (vm->power != SIM_POWER_ON)
        return SIM_WRONG_STATE;
    if (vm->guest == SIM_GUEST_STOPPING)
        return SIM_OK;
    if (vm->guest != SIM_GUEST_UP)
        return SIM_NO_TOOLS;
    if (world_strikes_drawn(w, SIM_MISHAP_DEAF))
        return SIM_OK;
    vm->guest = SIM_GUEST_STOPPING;
    touch(w, vm);
    world_schedule(w, world_soon(w, 10 * SECOND, 40 * SECOND), EV_VM_SHUTDOWN, index,
                   vm->life, reboot ? 1 : 0);
    return SIM_OK;
}

enum sim_refusal world_vm_shutdown_guest(struct world *w, int32_t vm)
{
    return ask_guest(w, vm, false);
}

enum sim_refusal world_vm_reboot_guest(struct world *w, int32_t vm)
{
    return ask_guest(w, vm, true);
}

/* ---- tasks ---- */

static bool power_allows(enum sim_power power, enum sim_vm_act act)
{
    switch (act) {
    case SIM_VM_POWER_ON:
        return power != SIM_POWER_ON;
    case SIM_VM_POWER_OFF:
    case SIM_VM_SUSPEND:
    case SIM_VM_RESET:
        return power == SIM_POWER_ON;
    }
    return false;
}

enum sim_refusal world_vm_act(struct world *w, int32_t index, enum sim_vm_act act,
                              int32_t *key)
{
    struct sim_vm_task *t;
    struct sim_vm *vm;
    void *tasks = w->vm_tasks;

    if (index < 0 || (size_t)index >= w->n_vms)
        return SIM_NOT_FOUND;
    vm = &w->vms[index];
    if (vm->task >= 0)
        return SIM_BUSY;
    if (w->host.maintenance && act == SIM_VM_POWER_ON)
        return SIM_MAINTENANCE;
    if (!power_allows(vm->power, act))
        return SIM_WRONG_STATE;
    t = world_grow(w, &tasks, &w->n_vm_tasks, &w->cap_vm_tasks, sizeof(*t));
    w->vm_tasks = tasks;
    if (t == NULL)
        return SIM_LIMIT;
    t->key = ++w->next_vm_task;
    t->vm = index;
    t->act = act;
    t->state = SIM_TASK_RUNNING;
    t->started = w->now;
    t->ends = world_soon(w, 2 * SECOND, 8 * SECOND);
    t->version = ++w->vsphere_version;
    vm->task = t->key;
    world_schedule(w, t->ends, EV_VM_TASK, t->key, 0, 0);
    *key = t->key;
    return SIM_OK;
}

static struct sim_vm_task *task_by_key(const struct world *w, int64_t key)
{
    for (size_t i = w->n_vm_tasks; i > 0; i--)
        if (w->vm_tasks[i - 1].key == key)
            return &w->vm_tasks[i - 1];
    return NULL;
}

void host_on_task(struct world *w, const struct event *ev)
{
    struct sim_vm_task *t = task_by_key(w, ev->a);
    struct sim_vm *vm;

    if (t == NULL)
        return;
    vm = &w->vms[t->vm];
    vm->task = -1;
    t->ends = w->now;
    t->version = ++w->vsphere_version;
    if (!power_allows(vm->power, t->act)) { /* somebody was faster */
        t->state = SIM_TASK_FAILED;
        t->fault = "InvalidPowerState";
        return;
    }
    t->state = SIM_TASK_DONE;
    switch (t->act) {
    case SIM_VM_POWER_ON:
        change_power(w, t->vm, SIM_POWER_ON, false, true);
        break;
    case SIM_VM_POWER_OFF:
        change_power(w, t->vm, SIM_POWER_OFF, false, true);
        break;
    case SIM_VM_SUSPEND:
        change_power(w, t->vm, SIM_POWER_SUSPENDED, false, true);
        break;
    case SIM_VM_RESET:
        change_power(w, t->vm, SIM_POWER_OFF, false, true);
        change_power(w, t->vm, SIM_POWER_ON, false, true);
        break;
    }
}

const struct sim_vm_task *world_vm_task_find(const struct world *w, int32_t key)
{
    const struct sim_vm_task *t = task_by_key(w, key);

    return t != NULL && t->state != SIM_TASK_RUNNING && t->ends + 10 * MINUTE <= w->now
               ? NULL
               : t;
}

int32_t world_vm_task_progress(const struct world *w, const struct sim_vm_task *t)
{
    if (t->state != SIM_TASK_RUNNING)
        return 100;
    return (int32_t)((w->now - t->started) * 99 / (t->ends - t->started + 1));
}

void host_prune(struct world *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->n_vm_tasks; i++) {
        const struct sim_vm_task *t = &w->vm_tasks[i];

        if (t->state == SIM_TASK_RUNNING || t->ends + 10 * MINUTE > w->now)
            w->vm_tasks[kept++] = *t;
    }
    w->n_vm_tasks = kept;
}

int32_t world_vm_find(const struct world *w, const char *id)
{
    for (size_t i = 0; i < w->n_vms; i++)
        if (str_eq(w->vms[i].id, id))
            return (int32_t)i;
    return -1;
}

/* ---- the beginning ---- */

void host_setup(struct world *w)
{
    static const char *const others[] = {"artifacts", "gateway"};
    int32_t cores = (int32_t)w->n_servers * CORES_PER_SERVER;

    w->n_vms = w->n_servers + ARRAY_LEN(others);
    w->vms = calloc(w->n_vms, sizeof(*w->vms));
    if (w->vms == NULL) {
        w->out_of_memory = true;
        w->n_vms = 0;
        return;
    }
    (void)str_copy(w->host.id, sizeof(w->host.id), "host-9");
    (void)str_copy(w->host.name, sizeof(w->host.name), "esx1");
    world_uuid(w, w->host.uuid);
    w->host.cores = cores > 16 ? cores : 16;
    w->host.core_mhz = 2600;
    w->host.memory_bytes = (INT64_C(16) * w->host.cores / 2) << 30;
    w->host.booted = w->start - 41 * DAY;
    w->host.version = ++w->vsphere_version;
    for (size_t i = 0; i < w->n_vms; i++) {
        struct sim_vm *vm = &w->vms[i];

        (void)str_format(vm->id, sizeof(vm->id), "vm-%zu", 11 + i);
        (void)str_format(vm->ip, sizeof(vm->ip), "10.20.%zu.%zu", 1 + i / 200,
                         11 + i % 200);
        vm->server = i < w->n_servers ? (int32_t)i : -1;
        if (i < w->n_servers)
            (void)str_format(vm->name, sizeof(vm->name), "tests-%s", w->servers[i].name);
        else
            (void)str_copy(vm->name, sizeof(vm->name), others[i - w->n_servers]);
        world_uuid(w, vm->uuid);
        world_uuid(w, vm->instance_uuid);
        vm->power = SIM_POWER_ON;
        vm->guest = SIM_GUEST_UP;
        vm->connected = true;
        vm->cpus = i < w->n_servers ? 8 : 4;
        vm->memory_mb = i < w->n_servers ? 16384 : 8192;
        vm->task = -1;
        vm->power_since = w->start - DAY;
        touch(w, vm);
    }
    w->work_at = w->now;
    w->background_mcores = 2000;
    for (size_t i = 0; i < w->n_vms; i++)
        load_changed(w, &w->vms[i]);
    world_schedule(w, w->now + MINUTE, EV_BACKGROUND, 0, 0, 0);
}
