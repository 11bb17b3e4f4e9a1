/*
 * world_impl - what the parts of the simulated world share and nobody else may call: the
 * events to come and the hooks between host, region, manager and Jenkins.
 * Owned by the world. Threads: one at a time.
 */
#ifndef RH_SIM_WORLD_IMPL_H
#define RH_SIM_WORLD_IMPL_H

#include "core/sim/world.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY (INT64_C(24) * HOUR)

/* What happens by itself. `a` names the object, `life` its incarnation when it was
 * scheduled (an event of an older life is void), `b` is the handler's own. */
#define WORLD_EVENTS(X)                                                                  \
    X(HOUSEKEEPING, world_housekeeping)                                                  \
    X(BACKGROUND, host_on_background)                                                    \
    X(HOME_FINISH, host_on_finish)                                                       \
    X(VM_TASK, host_on_task)                                                             \
    X(VM_GUEST, host_on_guest)                                                           \
    X(VM_SHUTDOWN, host_on_shutdown)                                                     \
    X(ARRIVAL, jenkins_on_arrival)                                                       \
    X(ITEM_READY, jenkins_on_item_ready)                                                 \
    X(BUILD_DONE, jenkins_on_build_done)                                                 \
    X(AGENT_TRY, jenkins_on_agent_try)                                                   \
    X(AGENT_DEAD, jenkins_on_agent_dead)                                                 \
    X(INSTANCE, cloud_on_instance)                                                       \
    X(GUEST, cloud_on_guest)                                                             \
    X(ENI_FREE, cloud_on_eni_free)                                                       \
    X(RECLAIM, cloud_on_reclaim)                                                         \
    X(PRICE, market_on_price)                                                            \
    X(HAZARD, market_on_hazard)                                                          \
    X(MISHAPS, mishaps_on_hour)                                                          \
    X(MISHAP_OVER, mishaps_on_over)                                                      \
    X(MISHAP_RECLAIM, mishaps_on_reclaim)                                                \
    X(REBALANCED, market_on_rebalanced)                                                  \
    X(MANAGER, manager_on_task)                                                          \
    X(MANAGER_LOSS, manager_on_loss)

enum event_kind {
#define X(id, handler) EV_##id,
    WORLD_EVENTS(X)
#undef X
};

struct event {
    int64_t at;
    uint64_t seq; /* of scheduling: the order among events of one instant */
    enum event_kind kind;
    uint32_t life;
    int64_t a, b;
};

#define X(id, handler) void handler(struct world *w, const struct event *ev) NONNULL;
WORLD_EVENTS(X)
#undef X

void world_schedule(struct world *w, int64_t at, enum event_kind kind, int64_t a,
                    uint32_t life, int64_t b) NONNULL;

/* now + a random time between the two. */
int64_t world_soon(struct world *w, int64_t min_ms, int64_t max_ms) NONNULL;

/* Grows an array by one zeroed element; NULL (and out_of_memory) when there is none. */
void *world_grow(struct world *w, void **array, size_t *n, size_t *cap,
                 size_t size) NONNULL;
void world_random_hex(struct world *w, char *out, size_t digits) NONNULL;
void world_uuid(struct world *w, char out[40]) NONNULL;

/* world_host.c */
void host_setup(struct world *w) NONNULL;
void host_build_begin(struct world *w, struct sim_build *b) NONNULL;
void host_build_longer(struct world *w, const struct sim_build *b, int64_t ms) NONNULL;
void host_build_end(struct world *w, struct sim_build *b) NONNULL; /* or stands still */
/* Without a task: by a person, the manager. by_us: who is blamed for killed builds. */
void host_set_power(struct world *w, int32_t vm, enum sim_power power,
                    bool by_us) NONNULL;
void host_prune(struct world *w) NONNULL;

/* world_cloud.c, world_spot.c */
void cloud_setup(struct world *w) NONNULL;
void cloud_free(struct world *w) NONNULL;
struct sim_instance *cloud_instance(const struct world *w, int64_t serial) NONNULL;
struct sim_spot *cloud_spot(const struct world *w, int64_t serial) NONNULL;
struct sim_spot *cloud_spot_open(struct world *w, const char *type, const char *zone,
                                 int64_t cap) NONNULL;
void cloud_spot_set(struct world *w, struct sim_spot *s, enum sim_spot_state state,
                    const char *status) NONNULL;
/* The request of an instance that ended is closed, unless it is already. */
void cloud_spot_close(struct world *w, const struct sim_instance *i,
                      const char *status) NONNULL;
/* Could it be launched now? Draws nothing. */
enum sim_refusal cloud_check(const struct world *w, const struct sim_launch *l) NONNULL;
/* spot: an open request to fulfill, 0 = make one. */
enum sim_refusal cloud_launch(struct world *w, const struct sim_launch *l, bool managed,
                              int64_t spot, struct sim_instance **out) NONNULL;
void cloud_kill(struct world *w, struct sim_instance *i, const char *reason,
                bool by_us) NONNULL;
void cloud_stop(struct world *w, struct sim_instance *i) NONNULL;
void cloud_start(struct world *w, struct sim_instance *i) NONNULL;
void cloud_reboot(struct world *w, struct sim_instance *i) NONNULL;
bool cloud_is_alive(const struct sim_instance *i) NONNULL; /* pending or running */
/* The running instance that holds the interface of this node, NULL. */
struct sim_instance *cloud_machine(const struct world *w,
                                   const struct sim_node *node) NONNULL;
/* Another interface in that zone; -1: no memory. */
int32_t cloud_new_eni(struct world *w, const struct sim_subnet *subnet) NONNULL;
void cloud_bus(struct world *w, enum sim_event_kind kind,
               const struct sim_instance *i) NONNULL;
void cloud_prune(struct world *w) NONNULL;

/* world_mishaps.c */
void mishaps_setup(struct world *w) NONNULL;
/* Does it happen now? Counted. Draws nothing while it has no chance. */
bool world_strikes(struct world *w, enum sim_mishap what) NONNULL;
/* The same of the first ones, which draw in any case: the stories told so far stay. */
bool world_strikes_drawn(struct world *w, enum sim_mishap what) NONNULL;
/* A newly launched instance: it may be taken back soon. */
void mishaps_of_launch(struct world *w, const struct sim_instance *i) NONNULL;

/* world_market.c */
void market_setup(struct world *w) NONNULL;
/* No capacity of an offering until a random time. */
void market_dry(struct world *w, size_t offering, int64_t min_ms, int64_t max_ms) NONNULL;
void market_free(struct world *w) NONNULL;

/* world_velostrata.c */
void manager_setup(struct world *w) NONNULL;
void manager_instance_ended(struct world *w, const struct sim_instance *i) NONNULL;
void manager_prune(struct world *w) NONNULL;

/* world_jenkins.c, world_builds.c */
void jenkins_setup(struct world *w) NONNULL;
void world_jenkins_free(struct world *w) NONNULL;
void jenkins_machine_up(struct world *w, int32_t node) NONNULL;
/* graceful: the agent says goodbye; else the dead channel is found out later. */
void jenkins_machine_down(struct world *w, int32_t node, bool graceful,
                          bool by_us) NONNULL;
/* A node in the cloud that nobody has connected to yet, closed by us. */
void jenkins_cloud_node(struct world *w, int32_t node, int32_t server) NONNULL;
void jenkins_dispatch(struct world *w, int32_t server) NONNULL;
void jenkins_end_build(struct world *w, struct sim_build *b,
                       enum sim_result result) NONNULL;
void jenkins_prune(struct world *w) NONNULL;
/* A channel closes, what ran is over; the agent connects again after a while. */
void jenkins_lose_channel(struct world *w, int32_t node, int64_t min_ms,
                          int64_t max_ms) NONNULL;
void jenkins_restart(struct world *w) NONNULL; /* every channel closes */
bool world_machine_is_up(const struct world *w, const struct sim_node *node) NONNULL;

/* Keeps the account of a VM that is on at home while its instance runs. */
void world_note_places(struct world *w, int32_t server) NONNULL;

#endif
