/*
 * world_host - the host and its VMs, as vSphere has them. Part of world.h; ownership and
 * threads as there.
 */
#ifndef RH_SIM_WORLD_HOST_H
#define RH_SIM_WORLD_HOST_H

#include "core/sim/world_base.h"

enum sim_power { SIM_POWER_OFF, SIM_POWER_ON, SIM_POWER_SUSPENDED };
enum sim_guest { SIM_GUEST_DOWN, SIM_GUEST_BOOTING, SIM_GUEST_UP, SIM_GUEST_STOPPING };

struct sim_vm {
    char id[SIM_ID]; /* "vm-11" */
    char name[SIM_NAME];
    char uuid[40], instance_uuid[40];
    char ip[16];    /* reported while the guest is up */
    int32_t server; /* index, -1: some other VM of the host */
    enum sim_power power;
    enum sim_guest guest; /* Tools run while UP or STOPPING */
    bool connected;       /* connectionState */
    bool left_off;        /* it went off, and no call and no manager did that */
    int32_t cpus, memory_mb;
    int32_t task;        /* key of the running vSphere task, -1 */
    int64_t power_since; /* when the power last changed */
    int32_t builds;      /* that make progress in it */
    int32_t mcores;      /* of CPU that it wants now */
    uint32_t life;       /* counts power changes; late events of an older life are void */
    uint64_t version;    /* world.vsphere_version when anything above last changed */
};

struct sim_host {
    char id[SIM_ID]; /* "host-9" */
    char name[SIM_NAME];
    char uuid[40];
    int32_t cores, core_mhz;
    int64_t memory_bytes;
    bool maintenance;
    int64_t booted;
    uint64_t version;
};

/* Instantaneous load; a VM that is off reads 0. */
int32_t world_vm_cpu_mhz(const struct world *w, const struct sim_vm *vm);
int32_t world_vm_memory_mb(const struct world *w, const struct sim_vm *vm); /* active */
/* CPU ready in ms, summed over the vCPUs, of a sample of 20 s. */
int32_t world_vm_ready_ms(const struct world *w, const struct sim_vm *vm);
int32_t world_vm_costop_ms(const struct world *w, const struct sim_vm *vm);
int32_t world_host_cpu_mhz(const struct world *w);
int32_t world_host_memory_mb(const struct world *w);

enum sim_vm_act { SIM_VM_POWER_ON, SIM_VM_POWER_OFF, SIM_VM_SUSPEND, SIM_VM_RESET };

/* Kept for 10 minutes after its end. */
struct sim_vm_task {
    int32_t key; /* 1, 2, …; the wire makes its id of it */
    int32_t vm;  /* index */
    enum sim_vm_act act;
    enum sim_task_state state;
    const char *fault;     /* name of the vSphere fault when FAILED, static text */
    int64_t started, ends; /* ends: planned while RUNNING, then real */
    uint64_t version;      /* as of struct sim_vm */
};

int32_t world_vm_task_progress(const struct world *w,
                               const struct sim_vm_task *t); /* 0..100 */

/* Starts a task (2..8 s). *key is the task's. SIM_NOT_FOUND, SIM_WRONG_STATE, SIM_BUSY,
 * SIM_MAINTENANCE. A hard power-off kills what runs in the VM. */
enum sim_refusal world_vm_act(struct world *w, int32_t vm, enum sim_vm_act act,
                              int32_t *key);
const struct sim_vm_task *world_vm_task_find(const struct world *w, int32_t key);

/* Asks the guest: off 10..40 s later, no task. SIM_NO_TOOLS, SIM_WRONG_STATE. */
enum sim_refusal world_vm_shutdown_guest(struct world *w, int32_t vm);
enum sim_refusal world_vm_reboot_guest(struct world *w, int32_t vm);

int32_t world_vm_find(const struct world *w, const char *id); /* by id; -1 */

#endif
