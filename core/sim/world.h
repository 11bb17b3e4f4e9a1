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

#include <stddef.h>
#include <stdint.h>

struct world;

/* All instants are milliseconds since 1970 UTC, 0 = never or not yet; prices are
 * nano-dollars an hour. Indexes (int32_t) are stable for the world's life, -1 = none;
 * pointers to instances, spot requests and tasks are not kept over world_advance(). */

enum {
    SIM_NAME = 64,
    SIM_ID = 48,
    SIM_TEXT = 160,
    SIM_TAGS = 8,
    SIM_MAX_JOBS = 8,       /* of one server */
    SIM_MAX_EXECUTORS = 4,  /* of one node */
    SIM_KEEP_BUILDS = 60,   /* of one job */
    SIM_KEEP_EVENTS = 256,  /* of the region's event bus */
    SIM_MAX_PARAMETERS = 4, /* of one job */
    SIM_MAX_ZONES = 3,
    SIM_MAX_TYPES = 32, /* of instances */
};

/* Why the world refuses an operation; each wire says it in its own words. */
enum sim_refusal {
    SIM_OK,
    SIM_NOT_FOUND,   /* no such thing */
    SIM_WRONG_STATE, /* not from this state (already on, not active, not in the cloud) */
    SIM_BUSY,        /* another task runs on it */
    SIM_NO_TOOLS,    /* the guest does not answer */
    SIM_MAINTENANCE, /* host in maintenance */
    SIM_BAD_VALUE,   /* unknown type, zone, interface, … */
    SIM_NO_CAPACITY, /* no spot capacity */
    SIM_PRICE_TOO_LOW, /* cap below the spot price */
    SIM_ENI_IN_USE,
    SIM_LIMIT, /* too many at a time */
};

/* ---- the host and its VMs (vSphere) ---- */

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

enum sim_task_state {
    SIM_TASK_RUNNING,
    SIM_TASK_DONE,
    SIM_TASK_FAILED,
    SIM_TASK_CANCELED
};

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

/* ---- the region (EC2) ---- */

enum sim_instance_state {
    SIM_PENDING,
    SIM_RUNNING,
    SIM_SHUTTING_DOWN,
    SIM_TERMINATED,
    SIM_STOPPING,
    SIM_STOPPED,
};

struct sim_tag {
    char key[SIM_NAME];
    char value[SIM_TEXT];
};

struct sim_instance {
    int64_t serial;
    char id[SIM_ID]; /* "i-" and 17 hex digits */
    char type[24], zone[16], subnet[32], image[32];
    char ip[16], private_dns[SIM_NAME];
    char client_token[68];
    uint64_t request_hash; /* of the launching request, for IdempotentParameterMismatch */
    enum sim_instance_state state;
    const char *reason_code; /* stateReason.code, static text, NULL while healthy */
    bool spot;
    int64_t spot_request; /* serial of its request, 0 */
    int64_t cap;          /* nano-dollars an hour, 0 = on-demand price */
    int32_t eni;          /* index; still set for a while after termination */
    int32_t type_index;
    int32_t server; /* whose ENI or VM it is, -1 */
    bool managed;   /* launched by the Velostrata manager */
    bool reachable; /* guest is up */
    int64_t reachable_since;
    int64_t launched, running_since, dying_since, terminated;
    int64_t reclaim_at; /* notice given: when AWS takes it, 0 */
    uint32_t life;      /* counts its plans; a late step of an older one is void */
    struct sim_tag tags[SIM_TAGS];
    size_t n_tags;
};

enum sim_spot_state {
    SIM_SPOT_OPEN,
    SIM_SPOT_ACTIVE,
    SIM_SPOT_CLOSED,
    SIM_SPOT_CANCELED
};

/* Kept for 4 hours after its end. */
struct sim_spot {
    int64_t serial;
    char id[SIM_ID]; /* "sir-" and 8 letters or digits */
    enum sim_spot_state state;
    const char *status; /* status code as AWS spells it, static text */
    int64_t created, updated;
    int64_t cap; /* nano-dollars an hour: the cap asked for, else the on-demand price */
    char instance[SIM_ID], type[24], zone[16];
    struct sim_tag tags[SIM_TAGS];
    size_t n_tags;
};

struct sim_eni {
    char id[SIM_ID];
    char zone[16], subnet[32], ip[16], mac[20];
    char description[SIM_NAME];
    int32_t server; /* whose fixed cloud address it is, -1 */
    int32_t node;   /* index of the Jenkins node at that address, -1 */
    int64_t holder; /* serial of the instance it is attached to, 0 */
    int64_t attached;
    bool delete_on_termination;
};

struct sim_subnet {
    char id[32], zone[16], cidr[24], zone_id[16];
};

/* Prices change now and then: records, oldest first, from 90 days before the start on. */
struct sim_price {
    int64_t at;
    int64_t nanos;
};
struct sim_offering { /* one type in one zone */
    int32_t type;     /* index into types */
    int32_t zone;     /* index into zones */
    struct sim_price *prices;
    size_t n_prices, cap_prices;
    int64_t mean;              /* the walk's mean */
    bool recorded;             /* prices are as they were, the future's too: no walk */
    int64_t no_capacity_until; /* 0 or an instant in the future: none to be had */
};
struct sim_type {
    char name[24];
    int32_t cpus;
    int32_t memory_mb;
    int64_t on_demand; /* nano-dollars an hour */
    int32_t speed;     /* percent of a c5.2xlarge */
    bool unlisted;     /* the price list does not have it */
};

/* What the region tells its event bus (SQS), oldest first; seq counts from 1. */
enum sim_event_kind {
    SIM_EVENT_INTERRUPTION, /* two-minute warning */
    SIM_EVENT_REBALANCE,
    SIM_EVENT_STATE, /* state-change notification */
};
struct sim_bus_event {
    uint64_t seq;
    int64_t at;
    enum sim_event_kind kind;
    enum sim_instance_state state; /* STATE */
    char instance[SIM_ID];
};

struct sim_launch {
    const char *type;
    const char *image;
    const char *eni;          /* id; NULL: a new interface in `subnet` */
    const char *subnet;       /* id, only without eni; NULL: the first one */
    const char *client_token; /* "" = none */
    uint64_t request_hash;
    bool spot;
    int64_t cap; /* 0 = none */
    const struct sim_tag *tags, *spot_tags;
    size_t n_tags, n_spot_tags;
};

/* Pending at once, running 15..45 s later, its guest up 30..70 s after that. Takes the
 * interface at once. SIM_BAD_VALUE, SIM_ENI_IN_USE, SIM_NO_CAPACITY, SIM_PRICE_TOO_LOW:
 * then nothing is left. Idempotency is the wire's (client_token, request_hash). */
enum sim_refusal world_launch(struct world *w, const struct sim_launch *l,
                              const struct sim_instance **out);

/* As TerminateInstances by a user; repeated calls succeed. SIM_NOT_FOUND. */
enum sim_refusal world_terminate(struct world *w, const char *instance_id);
/* Adds or replaces tags. SIM_NOT_FOUND, SIM_LIMIT. */
enum sim_refusal world_tag(struct world *w, const char *id, const struct sim_tag *tags,
                           size_t n);
/* The instance runs on. SIM_NOT_FOUND. */
enum sim_refusal world_spot_cancel(struct world *w, const char *id);
enum sim_refusal world_eni_keep(struct world *w, const char *id,
                                bool delete_on_termination);

/* Instances stay known for 25 h after termination (client tokens); EC2 shows them for 1 h
 * (instance->terminated). */
const struct sim_instance *world_instance_find(const struct world *w, const char *id);
/* EC2 is consistent eventually: is it listed yet? By id, too. */
bool world_instance_listed(const struct world *w, const struct sim_instance *i) NONNULL;
const struct sim_instance *world_instance_by_serial(const struct world *w,
                                                    int64_t serial);
const struct sim_instance *world_instance_by_token(const struct world *w,
                                                   const char *token);
const struct sim_spot *world_spot_find(const struct world *w, const char *id);
const struct sim_spot *world_spot_by_serial(const struct world *w, int64_t serial);
int32_t world_eni_find(const struct world *w, const char *id);
int32_t world_type_find(const struct world *w, const char *name);
int32_t world_zone_find(const struct world *w, const char *name);
const struct sim_offering *world_offering(const struct world *w, int32_t type,
                                          int32_t zone);
int64_t world_spot_price(const struct sim_offering *o, int64_t at); /* step function */

/* Takes an instance back: with notice_ms of warning (0 = none). by_price: the request
 * passes marked-for-termination and ends by price, else it closes at once for want of
 * capacity. */
enum sim_refusal world_interrupt(struct world *w, const char *instance_id,
                                 int64_t notice_ms, bool by_price);
enum sim_refusal world_set_price(struct world *w, int32_t type, int32_t zone,
                                 int64_t nanos);
/* Another type of instance, in every zone, sold like type `like`. Its index; -1 when
 * there is no room for it or its name is too long. */
int32_t world_type_add(struct world *w, const char *name, int32_t like);
/* What an hour of it costs on demand, and on spot on average; 0 = as it is. */
void world_type_price(struct world *w, int32_t type, int64_t on_demand, int64_t spot);
/* The prices of an offering as they were recorded, in order of time: taken over as they
 * are. SIM_BAD_VALUE, SIM_LIMIT (memory). */
enum sim_refusal world_record_prices(struct world *w, int32_t type, int32_t zone,
                                     const struct sim_price *prices, size_t n);
enum sim_refusal world_set_capacity(struct world *w, int32_t type, int32_t zone,
                                    bool available);

/* A launch template that names an image. */
extern const char sim_template[], sim_template_id[], sim_template_image[];

/* ---- Velostrata ---- */

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

/* ---- Jenkins ---- */

enum sim_cause {
    SIM_CAUSE_NONE,
    SIM_CAUSE_USER_MARK, /* temporarily offline */
    SIM_CAUSE_USER_DISCONNECT,
    SIM_CAUSE_CHANNEL,
    SIM_CAUSE_LAUNCH_FAILED,
};

enum sim_side { SIM_HOME, SIM_CLOUD };

struct sim_node {
    char name[SIM_NAME];
    int32_t server;
    enum sim_side side;
    int32_t eni; /* SIM_CLOUD: index of the interface that its machine has */
    bool connected;
    bool launching;
    bool marked; /* temporarily offline */
    char marked_by[SIM_NAME];
    char mark_text[SIM_TEXT];
    int64_t marked_at;
    enum sim_cause cause; /* why it is not connected */
    char cause_by[SIM_NAME];
    char cause_text[SIM_TEXT];
    int64_t cause_at;
    int32_t n_executors;
    struct sim_build *executors[SIM_MAX_EXECUTORS]; /* running builds, NULL = idle */
    uint32_t link;                                  /* counts connects and disconnects */
};

enum sim_result {
    SIM_RUNNING_BUILD,
    SIM_SUCCESS,
    SIM_UNSTABLE,
    SIM_FAILURE,
    SIM_ABORTED
};

/* Who is to blame for a build that is killed. */
enum sim_doom { SIM_DOOM_NONE, SIM_DOOM_US, SIM_DOOM_LOSS };

struct sim_build {
    int32_t job;
    int32_t number;
    int64_t queue_id;
    int32_t node; /* index */
    int32_t executor;
    enum sim_result result;
    int64_t started, ended;
    int64_t estimate_ms; /* -1 = none */
    int64_t work;        /* milliseconds on an idle c5.2xlarge */
    int32_t slot;        /* of world.home_builds while it runs at home, -1 */
    uint32_t life;
    enum sim_result fate; /* how it ends if nobody kills it */
    int64_t done_at;      /* in the cloud: when it ends */
    enum sim_doom doomed; /* it will end with its channel, and why */
    bool lost;            /* its machine died under it */
    int32_t again;        /* so often somebody asked for this very build once more */
    char parameters[SIM_MAX_PARAMETERS][32];
    char cause[SIM_TEXT];
    char aborted_by[SIM_NAME];
};

struct sim_job {
    char name[SIM_NAME]; /* "cache-smoke" */
    int32_t server;
    int32_t next_number;
    int64_t work_min, work_max; /* milliseconds on an idle c5.2xlarge */
    int32_t weight;             /* share of the server's builds */
    bool pipeline;              /* Jenkins does not tell afterwards where it ran */
    size_t n_parameters;        /* 0 = a job without parameters */
    const char *parameter_names[SIM_MAX_PARAMETERS];
    const char *parameter_defaults[SIM_MAX_PARAMETERS];
    struct sim_build *builds[SIM_KEEP_BUILDS]; /* ring: number % SIM_KEEP_BUILDS */
    int64_t recent_ms[3];                      /* of the last successes */
    int32_t n_recent;
    bool disabled;                   /* nothing of it can be queued */
    bool secret[SIM_MAX_PARAMETERS]; /* a password: Jenkins never tells its value */
};

struct sim_item { /* of the queue */
    int64_t id;
    int32_t job;
    int64_t since; /* entered */
    int64_t ready; /* end of the quiet period */
    int64_t left;  /* started or canceled, 0; kept for 5 minutes then */
    bool canceled;
    int32_t build_number; /* once started */
    int64_t work;         /* 0: drawn when it starts */
    char parameters[SIM_MAX_PARAMETERS][32];
    char cause[SIM_TEXT];
};

int32_t world_node_find(const struct world *w, const char *name);
int32_t world_job_find(const struct world *w, const char *name);
const struct sim_build *world_build_find(const struct world *w, int32_t job,
                                         int32_t number);
const struct sim_item *world_item_find(const struct world *w, int64_t id);
int64_t world_build_progress(const struct world *w, const struct sim_build *b); /* -1 ? */

void world_node_mark(struct world *w, int32_t node, const char *by, const char *text);
void world_node_unmark(struct world *w, int32_t node);
/* Why it is offline, as Jenkins says it; "" while it is not. */
const char *world_node_reason(const struct sim_node *n);
void world_node_disconnect(struct world *w, int32_t node, const char *by,
                           const char *text);
void world_node_launch(struct world *w, int32_t node);
void world_quiet_down(struct world *w, bool quiet); /* nothing starts while it is */
/* parameters: n_parameters texts, NULL = default. Equal waiting items merge (*merged). */
int64_t world_queue_add(struct world *w, int32_t job, const char *const *parameters,
                        const char *cause, int64_t work, bool *merged);
/* As world_queue_add() by our user, who says in `note` ("… JOB #12 …") which build it is
 * once more: no API shows that, the world keeps count of it. */
int64_t world_queue_again(struct world *w, int32_t job, const char *const *parameters,
                          const char *note, bool *merged);
enum sim_refusal world_queue_cancel(struct world *w, int64_t id);
enum sim_refusal world_build_stop(struct world *w, int32_t job, int32_t number,
                                  const char *by);

/* Running builds of a server take that much longer (of an idle c5.2xlarge's time); when
 * none runs, one of that length is queued. */
void world_builds_lengthen(struct world *w, int32_t server, int64_t ms);
/* By a person at the host: at once and without a task. */
void world_vm_set_power(struct world *w, int32_t vm, enum sim_power power);

/* ---- all of it ---- */

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
