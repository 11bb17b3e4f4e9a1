/*
 * world - the simulated site's true state on one seeded clock in milliseconds: an ESX
 * host and its VMs, Jenkins, a Velostrata manager, an AWS region. The world owns all of
 * it; wires read it freely and change it only through the operations below. Threads: one
 * at a time.
 */
#ifndef RH_SIM_WORLD_H
#define RH_SIM_WORLD_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/rng.h"
#include "core/sim/world_base.h"
#include "core/sim/world_host.h"
#include "core/sim/world_jenkins.h"
#include "core/sim/world_mishaps.h"
#include "core/sim/world_region.h"
#include "core/sim/world_velostrata.h"

struct sim_tested {
    char name[32];
    char label[32];
    int32_t vm;
    int32_t node[2]; /* by enum sim_side */
    int32_t eni;
    int32_t more_nodes[SIM_MAX_ZONES - 1]; /* in the cloud, in other zones */
    size_t n_more_nodes;
    int32_t jobs[SIM_MAX_JOBS];
    size_t n_jobs;
    struct sim_managed managed;
    int32_t waiting;    /* queue items that have not started */
    int64_t both_since; /* VM on while its instance runs, 0 */
    bool meddled;       /* a person has switched its VM, and it is on in both places */
    bool snapshot;      /* its VM has one: the manager moves it nowhere */
    int64_t arrivals;   /* builds that people and timers asked for */
};

struct sim_totals {
    int64_t builds_finished, builds_failed_by_loss, builds_killed_by_us;
    int64_t builds_again, builds_again_twice; /* asked for once more; more than once */
    int64_t interruptions, launches;
    int64_t cloud_ms;    /* instance time, ended instances only */
    int64_t both_ms;     /* closed spans only */
    int64_t both_max_ms; /* the longest of them */
    int64_t bill_nanos;  /* ended instances only */
    int64_t alive;       /* instances that AWS bills now; world_totals() counts them */
    int64_t twins_max;   /* the most of one server at a time; not those under notice */
};

enum { SIM_WIRES = 6 };
struct sim_wire_state { /* what a wire keeps (sessions, cookies); freed with the world */
    void *data;
    void (*free)(void *data);
};

struct sim_events; /* the queue of things to come */

struct world {
    int64_t now;
    int64_t start;
    uint64_t seed;
    struct rng rng; /* drawn from by events and operations, never by reads */
    struct sim_events *events;

    struct sim_tested *servers;
    size_t n_servers;

    struct sim_host host;
    struct sim_vm *vms; /* the servers' first, then others */
    size_t n_vms;
    struct sim_vm_task *vm_tasks; /* oldest first */
    size_t n_vm_tasks, cap_vm_tasks;
    int32_t next_vm_task;
    uint64_t vsphere_version; /* grows with every change that vSphere notifies */
    int64_t work, work_at;    /* the host's work clock, parts of a million ms, and when */
    int64_t work_rate;        /* parts of a million per ms of time */
    int64_t demand_mcores;    /* of all VMs */
    int32_t background_mcores; /* what the other VMs want */
    struct sim_home_build {
        int64_t finish; /* the work clock at which it ends */
        struct sim_build *build;
    } * home_builds; /* those that make progress at home, in no order */
    size_t n_home_builds, cap_home_builds;
    uint32_t finish_life;

    char region[16], vpc[32], account[16];
    char zones[SIM_MAX_ZONES][16];
    size_t n_zones;
    struct sim_subnet subnets[SIM_MAX_ZONES];
    struct sim_type types[SIM_MAX_TYPES];
    size_t n_types;
    struct sim_offering
        offerings[SIM_MAX_TYPES * SIM_MAX_ZONES]; /* type * n_zones + zone */
    struct sim_eni *enis;
    size_t n_enis, cap_enis;
    struct sim_instance **instances; /* by serial, oldest first */
    size_t n_instances, cap_instances;
    struct sim_spot **spots; /* by serial, oldest first */
    size_t n_spots, cap_spots;
    int64_t next_serial;
    struct sim_bus_event bus[SIM_KEEP_EVENTS]; /* seq % SIM_KEEP_EVENTS */
    uint64_t bus_seq;                          /* of the newest, 0 = none yet */

    struct sim_extension extension;
    struct sim_manager_task *manager_tasks; /* oldest first */
    size_t n_manager_tasks, cap_manager_tasks;
    int32_t next_manager_task;

    struct sim_node *nodes; /* 2 * server + side; then those in other zones */
    size_t n_nodes;
    struct sim_job *jobs;
    size_t n_jobs;
    struct sim_item *items; /* oldest first */
    size_t n_items, cap_items;
    int64_t next_item;
    bool quieting_down;
    int64_t jenkins_session; /* changes when Jenkins restarts */

    struct sim_odds odds;
    uint64_t struck[SIM_MISHAP_COUNT]; /* so often each of the mishaps happened */
    bool loose_shapes; /* the manager's answers bend its own description */
    int64_t hold_ms;   /* of the answer under way: nothing to say yet, a long poll */
    bool looks_again;  /* the request under way is one that was held */
    bool is_copy;      /* … is one that arrived before: nobody has sent it twice */
    struct sim_totals totals;
    struct sim_wire_state wires[SIM_WIRES];
    bool out_of_memory; /* sticky: something could not be remembered */
};

/* servers 1..1000. ERR_NOMEM. */
enum err_code world_new(uint64_t seed, int32_t servers, int64_t start_ms,
                        struct world **out, struct err *e) MUST_CHECK NONNULL;
void world_free(struct world *w);
void world_advance(struct world *w, int64_t now_ms) NONNULL; /* never back */
int64_t world_next_event(const struct world *w) NONNULL;

int32_t world_server_find(const struct world *w, const char *name) NONNULL;

/* A server gets an interface and a node in one more zone, before the world has lived.
 * SIM_BAD_VALUE: there is no such zone, or it has one there; SIM_LIMIT: no memory. */
enum sim_refusal world_add_zone(struct world *w, int32_t server, const char *zone,
                                const struct sim_eni **eni,
                                const struct sim_node **node) NONNULL;
/* Its k-th node: at home, in the cloud, then those in other zones; -1 = no more. */
int32_t world_server_node(const struct world *w, int32_t server, size_t k) NONNULL;
/* Its instance: the newest on one of its interfaces, NULL. */
const struct sim_instance *world_server_instance(const struct world *w,
                                                 int32_t server) NONNULL;

/* The site's local time (Israel's: UTC+2, +3 in summer), as seconds on its civil clock.
 */
int64_t world_local_s(int64_t ms);

/* Sums that include what still runs. */
struct sim_totals world_totals(const struct world *w) NONNULL;
int64_t world_extension_on_ms(const struct world *w) NONNULL;
/* What AWS would bill for it until now (policy-and-cost 8). */
int64_t world_bill(const struct world *w, const struct sim_instance *i) NONNULL;

#endif
