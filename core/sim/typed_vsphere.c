#include <config.h>

#include "core/sim/typed_impl.h"

/* What vSphere would say of the servers' machines and of their host. */

static enum power power_of(const struct sim_vm *vm)
{
    switch (vm->power) {
    case SIM_POWER_OFF:
        return POWER_OFF;
    case SIM_POWER_ON:
        return POWER_ON;
    case SIM_POWER_SUSPENDED:
        break;
    }
    return POWER_SUSPENDED;
}

static int32_t permille(int64_t used, int64_t of)
{
    return of <= 0 ? -1 : (int32_t)(used * 1000 / of);
}

enum { SAMPLE_S = 20 };

/* Rounded as the client does. */
static int32_t waited(int32_t ms, int32_t cpus)
{
    int32_t whole = SAMPLE_S * cpus;

    return (ms + whole / 2) / whole;
}

/* -1: it does not run, or vSphere does not know. */
struct waits {
    int32_t ready, costop;
};

static struct waits waits_of(const struct world *w, const struct sim_vm *vm)
{
    if (vm->power != SIM_POWER_ON || !vm->connected)
        return (struct waits){-1, -1};
    return (struct waits){waited(world_vm_ready_ms(w, vm), vm->cpus),
                          waited(world_vm_costop_ms(w, vm), vm->cpus)};
}

/* Over the vCPUs of all VMs, also those that are no servers; `of` gets those of each. */
static struct waits waits_of_host(const struct world *w, struct waits *of)
{
    int64_t ready = 0, costop = 0, cpus = 0;

    for (size_t i = 0; i < w->n_vms; i++) {
        of[i] = waits_of(w, &w->vms[i]);
        if (of[i].ready < 0)
            continue;
        ready += (int64_t)of[i].ready * w->vms[i].cpus;
        costop += (int64_t)of[i].costop * w->vms[i].cpus;
        cpus += w->vms[i].cpus;
    }
    if (cpus == 0)
        return (struct waits){-1, -1};
    return (struct waits){(int32_t)((ready + cpus / 2) / cpus),
                          (int32_t)((costop + cpus / 2) / cpus)};
}

void typed_vsphere(const struct world *w, const struct poll_hints *hints,
                   struct observation *o)
{
    struct seen_vm *vms = arena_alloc(o->arena, w->n_servers, sizeof(*vms));
    struct seen_host *host = arena_alloc(o->arena, 1, sizeof(*host));
    struct waits *of = arena_alloc(o->arena, w->n_vms, sizeof(*of)), all;

    (void)hints;
    if (vms == NULL || host == NULL || of == NULL)
        return;
    all = waits_of_host(w, of);
    /* Only the servers' machines: nobody looks at the others. */
    for (size_t i = 0; i < w->n_servers; i++) {
        const struct sim_vm *vm = &w->vms[w->servers[i].vm];
        const struct waits own = of[w->servers[i].vm];

        vms[i] = (struct seen_vm){
            .id = vm->id,
            .name = vm->name,
            .uuid = vm->uuid,
            .instance_uuid = vm->instance_uuid,
            .ip = vm->guest == SIM_GUEST_UP ? vm->ip : "",
            .power = power_of(vm),
            .connected = vm->connected,
            .tools_running = vm->guest == SIM_GUEST_UP || vm->guest == SIM_GUEST_STOPPING,
            .cpus = vm->cpus,
            .host = w->host.id,
            .cpu_mhz = -1,
            .memory_mb = vm->memory_mb,
            .ready_permille = own.ready,
            .costop_permille = own.costop,
        };
    }
    *host = (struct seen_host){
        .id = w->host.id,
        .name = w->host.name,
        .connected = true,
        .maintenance = w->host.maintenance,
        .cpu_permille =
            permille(world_host_cpu_mhz(w), (int64_t)w->host.core_mhz * w->host.cores),
        .memory_permille =
            permille(world_host_memory_mb(w), w->host.memory_bytes / (1024 * 1024)),
        .ready_permille = all.ready,
        .costop_permille = all.costop,
    };
    o->as.vsphere = (struct obs_vsphere){vms, w->n_servers, host, 1, ""};
}
