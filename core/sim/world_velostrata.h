/*
 * world_velostrata - the manager: its VMs, tasks and cloud extension. Part of world.h;
 * ownership and threads as there.
 */
#ifndef RH_SIM_WORLD_VELOSTRATA_H
#define RH_SIM_WORLD_VELOSTRATA_H

#include "core/sim/world_base.h"

enum sim_managed_state {
    SIM_UNMANAGED,
    SIM_MOVING_TO_CLOUD,
    SIM_IN_CLOUD,
    SIM_RETURNING,
};
enum sim_extension_state {
    SIM_EXT_STOPPED,
    SIM_EXT_STARTING,
    SIM_EXT_ACTIVE,
    SIM_EXT_STOPPING,
    SIM_EXT_IMPAIRED,
};

struct sim_managed { /* one per server */
    enum sim_managed_state state;
    int64_t instance; /* serial, 0 = none; kept until the VM is home */
    char edge_node[8];
    char storage_policy[16];
    bool spot;
    int32_t task;      /* key of the active task, -1 */
    int64_t lost_seen; /* when the manager saw its instance gone, 0 */
};

struct sim_extension {
    char id[SIM_ID];
    char uuid[40];
    enum sim_extension_state state;
    int64_t since; /* of the state */
    int64_t last_active;
    int32_t task;     /* key, -1 */
    int64_t on_since; /* of the present span, from Starting on */
    int64_t on_ms;    /* time from Starting to Stopped so far, closed spans only */
};

enum sim_manager_act {
    SIM_RUN_IN_CLOUD,
    SIM_RUN_ONPREM,
    SIM_START_VM,
    SIM_STOP_VM,
    SIM_REBOOT_VM,
    SIM_CLEANUP_VM,
    SIM_START_EXTENSION,
    SIM_STOP_EXTENSION,
    SIM_REPAIR_EXTENSION,
};

/* Kept for a day after its end. */
struct sim_manager_task {
    int32_t key; /* 1, 2, …: id "t-KEY" */
    enum sim_manager_act act;
    enum sim_task_state state;
    bool winding_down; /* Failing or Cancelling: RUNNING, but will not succeed */
    bool cancel_asked;
    bool vanished;         /* it is over, and no list has it */
    int32_t stage;         /* of its script */
    int32_t server;        /* -1: the extension */
    int64_t started, ends; /* ends: planned while RUNNING, then real */
    int64_t spot;          /* serial of its spot request, 0 */
    char user[SIM_NAME];   /* who asked; "system" for the manager itself */
    char error[SIM_TEXT];
    struct sim_launch_plan {
        char type[24], eni[SIM_ID];
        bool spot;
        int64_t cap;
    } plan; /* RUN_IN_CLOUD */
};

struct sim_move {
    const char *type, *eni, *address, *subnet; /* NULL = not said */
    const char *edge_node, *storage_policy;
    bool spot;
    int64_t cap;
};

/* Two at a time; a third is refused with SIM_LIMIT. SIM_NOT_FOUND, SIM_WRONG_STATE
 * (extension not active, VM not home), SIM_BUSY, SIM_BAD_VALUE. */
enum sim_refusal world_run_in_cloud(struct world *w, int32_t server,
                                    const struct sim_move *m, const char *user,
                                    int32_t *key);
/* RUN_ONPREM, START_VM, STOP_VM, REBOOT_VM, CLEANUP_VM. */
enum sim_refusal world_manager_act(struct world *w, int32_t server,
                                   enum sim_manager_act act, const char *user,
                                   int32_t *key);
/* START_, STOP_, REPAIR_EXTENSION. */
enum sim_refusal world_extension_act(struct world *w, enum sim_manager_act act,
                                     const char *user, int32_t *key);
void world_extension_set(struct world *w, enum sim_extension_state state); /* by force */
/* Only a run in the cloud that has not powered the VM off yet. SIM_WRONG_STATE. */
enum sim_refusal world_manager_cancel(struct world *w, int32_t key);
const struct sim_manager_task *world_manager_task_find(const struct world *w,
                                                       int32_t key);
int32_t world_manager_progress(const struct world *w, const struct sim_manager_task *t);

#endif
