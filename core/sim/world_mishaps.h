/*
 * world_mishaps - what goes wrong inside the world, by chance. Part of world.h; threads
 * as there.
 */
#ifndef RH_SIM_WORLD_MISHAPS_H
#define RH_SIM_WORLD_MISHAPS_H

#include "core/sim/world_base.h"

/*
 * What goes wrong inside the world: id, field of sim_odds, name of the site's fault, when
 * (ACT: a chance for each thing of that kind; HOUR: for each hour), help.
 */
#define SIM_MISHAPS(X)                                                                   \
    X(NO_CAPACITY, no_capacity, "no-capacity", ACT, "a spot launch finds no capacity")   \
    X(TASK_FAILS, task_fails, "task-fails", ACT, "a task of the manager fails")          \
    X(SPOT_STORM, storm_hour, "spot-storm", HOUR,                                        \
      "all instances are taken back; each hour")                                         \
    X(NO_AGENT, agent_absent, "no-agent", ACT,                                           \
      "an agent does not connect for 12 minutes")                                        \
    X(NO_BOOT, boot_hangs, "no-boot", ACT, "a guest never comes up")                     \
    X(DEAF, shutdown_deaf, "deaf", ACT, "a guest ignores its shutdown")                  \
    X(LAG, listed_late, "lag", ACT,                                                      \
      "ec2 lists what was launched half a minute to 4 minutes late")                     \
    X(DROUGHT, drought, "drought", HOUR, "no type has capacity for 1 to 4 hours")        \
    X(PRICE_JUMP, price_jump, "price-jump", HOUR,                                        \
      "spot costs twice what on demand does")                                            \
    X(RECLAIM, reclaim, "reclaim", ACT,                                                  \
      "an instance is taken back within 20 minutes, with or without notice")             \
    X(STOPPED, stopped, "stopped", HOUR, "a person stops an on-demand instance")         \
    X(TERMINATED, ended, "terminated", HOUR, "a person terminates an instance")          \
    X(ENI_TAKEN, eni_taken, "eni-taken", HOUR,                                           \
      "a free interface is at somebody else's instance for an hour")                     \
    X(UNTAGGED, untagged, "untagged", HOUR, "a person removes an instance's tags")       \
    X(QUOTA, quota, "quota", ACT, "a launch is beyond the account's limit")              \
    X(SLOW_LAUNCH, slow_launch, "slow-launch", ACT, "a launch takes 20 minutes")         \
    X(VM_POWER, vm_power, "vm-power", HOUR, "a person switches a VM at home on or off")  \
    X(MAINTENANCE, maintenance, "maintenance", HOUR,                                     \
      "the host is in maintenance for an hour")                                          \
    X(LONG_BUILD, long_build, "long-build", ACT, "a build takes ten hours more")         \
    X(NODE_RENAMED, node_renamed, "node-renamed", HOUR,                                  \
      "a node has another name for half an hour")                                        \
    X(JENKINS_RESTART, jenkins_restart, "jenkins-restart", HOUR,                         \
      "Jenkins begins anew, what ran there is lost")                                     \
    X(TASK_STUCK, task_stuck, "task-stuck", ACT,                                         \
      "a task of the manager stands still for three hours")                              \
    X(TASK_VANISHES, task_vanishes, "task-vanishes", ACT,                                \
      "a task of the manager is in no list once it is over")                             \
    X(POWER_FLAPS, power_flaps, "power-flaps", HOUR,                                     \
      "a VM at home goes off and on three times within minutes")                         \
    X(NODE_FLAPS, node_flaps, "node-flaps", HOUR,                                        \
      "an agent loses its connection again and again for minutes")                       \
    X(SNAPSHOT, snapshot, "snapshot", HOUR,                                              \
      "a VM has a snapshot for 1 to 3 hours: the manager does not move it")

enum sim_mishap {
#define X(id, field, name, when, help) SIM_MISHAP_##id,
    SIM_MISHAPS(X)
#undef X
        SIM_MISHAP_COUNT
};

/* Their chances in parts of a million, by id or by name; set by site faults. */
struct sim_odds {
    union {
        uint32_t chance[SIM_MISHAP_COUNT];
        struct {
#define X(id, field, name, when, help) uint32_t field;
            SIM_MISHAPS(X)
#undef X
        };
    };
    int64_t ports_late_ms; /* what listens in a guest starts so long after it */
    bool ports_dropped;    /* … and something on the way lets nobody through */
    bool calm;             /* nothing is taken back, no pool runs dry by itself */
};

#endif
