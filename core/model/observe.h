/*
 * observe - what each API last said, with the time it said it, or the error.
 * An observation holds its arena, perhaps together with others that say the same; share
 * with observation_ref(), drop with observation_unref(). Threads: built by one thread,
 * read-only once posted, then safe everywhere.
 */
#ifndef RH_MODEL_OBSERVE_H
#define RH_MODEL_OBSERVE_H

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/money.h"
#include "core/model/words.h"

/* All texts below are cleaned (base/text) and borrowed from the observation; "" when not
 * set. */

/* vsphere: vsphere-api 4.1, 7. Numbers that were not reported are -1. ready and costop:
 * the share of each vCPU's time that it had to wait for a core, and for its siblings. */
struct seen_vm {
    const char *id, *name, *uuid, *instance_uuid, *ip;
    const char *host; /* id of the one it runs on, "" not told */
    enum power power;
    bool connected; /* connectionState; else the power is old */
    bool question;  /* a question blocks it */
    bool tools_running;
    int32_t cpus, cpu_mhz, memory_mb;
    int32_t ready_permille, costop_permille;
};
struct seen_host {
    const char *id, *name;
    bool connected, maintenance;
    int32_t cpu_permille, memory_permille;
    int32_t ready_permille, costop_permille; /* mean of the vCPUs of its VMs */
};
struct obs_vsphere {
    const struct seen_vm *vms;
    size_t n_vms;
    const struct seen_host *hosts;
    size_t n_hosts;
    const char *load_problem; /* why ready and costop could not be read, "" */
};

/* jenkins: jenkins-api 3 */
struct seen_build {
    const char *name;   /* "team » net-pipe #88" */
    const char *path;   /* path of its url, context included */
    int32_t number;     /* -1 unknown */
    struct utc started; /* by their clock */
    int64_t estimate_s; /* -1 unknown */
    bool one_off;       /* it holds no executor of its own there: a Pipeline's parent */
};
struct seen_node {
    const char *name;
    const char *cause;    /* the offline reason, unescaped */
    bool offline;         /* takes no builds */
    bool marked;          /* temporarily offline */
    bool connected;       /* absoluteRemotePath is set */
    bool connected_known; /* false without Agent/Connect */
    bool launchable;      /* launchSupported: we may start the agent */
    bool idle;            /* all executors, one-off ones too */
    int32_t busy;         /* executors at work, one-off ones too */
    const struct seen_build *builds;
    size_t n_builds;
};
struct obs_jenkins {
    const char *version;
    bool quieting_down;
    const struct seen_node *nodes;
    size_t n_nodes;
};

/* builds: jenkins-api 7, of the jobs that were asked for */
struct seen_parameters {
    const char *form;   /* "FULL=true&SUITE=a%20b", sorted: equal when the text is */
    const char *hidden; /* the first one whose value Jenkins does not tell, "" = none */
};
struct seen_run {
    int32_t number;
    enum build_result result; /* BUILD_RUNNING until all of it is over */
    const char *node;         /* builtOn; "" = the built-in one, or a Pipeline's */
    struct utc started;       /* by the clock of Jenkins */
    int64_t took_ms;          /* 0 until it is over */
    /* In detail only: */
    struct seen_parameters parameters;
    const char *aborted_by; /* the user who stopped it, "" = nobody */
    bool by_us;             /* it was started by our user */
    int64_t queue_id;       /* of the item that it was, 0 unknown */
};
struct seen_item { /* of the queue */
    int64_t id;
    struct seen_parameters parameters;
    bool by_us;
};
struct seen_job {
    const char *path;            /* as it was asked for */
    bool gone;                   /* Jenkins knows no such job, or hides it from us */
    bool unreadable;             /* this one alone could not be read */
    const struct seen_run *runs; /* the newest ones */
    size_t n_runs;
    bool detailed;
    bool disabled;                 /* it cannot be built now; in detail only, as is … */
    const struct seen_item *items; /* … what waits in the queue */
    size_t n_items;
};
struct obs_builds {
    const struct seen_job *jobs;
    size_t n;
};

/* velostrata: velostrata-api, state model */
enum managed_state {
    MANAGED_UNKNOWN,
    MANAGED_UNMANAGED,
    MANAGED_TO_CLOUD,
    MANAGED_IN_CLOUD,
    MANAGED_RETURNING
};
enum instance_state {
    INSTANCE_UNKNOWN,
    INSTANCE_PENDING,
    INSTANCE_RUNNING,
    INSTANCE_SHUTTING_DOWN,
    INSTANCE_TERMINATED,
    INSTANCE_STOPPING,
    INSTANCE_STOPPED
};
enum task_state {
    TASK_UNKNOWN,
    TASK_RUNNING,
    TASK_FAILED,
    TASK_CANCELED,
    TASK_SUCCEEDED
};

struct seen_instance { /* also ec2 */
    const char *id, *type, *zone, *ip, *eni, *spot_request;
    const char *state_reason;               /* "Server.SpotInstanceTermination" */
    const char *server, *move, *deployment; /* our tags */
    const char *client_token, *attachment;  /* attachment: of its interface */
    enum instance_state state;
    enum lifecycle lifecycle;
    struct utc launched;
    bool eni_deletes; /* DeleteOnTermination of its interface */
};
struct seen_managed_vm {
    const char *vm_id, *instance_uuid;
    const char *raw_state; /* as received, for "?raw" */
    enum managed_state state;
    bool migration_busy;   /* Detaching, Detached, CleaningUp: never ask for a return */
    bool instance_stopped; /* InCloud, but cloudInstanceState Stopped */
    bool has_tasks;        /* activeTasks is not empty */
    bool has_instance;     /* cloudInfo was read, now or at an earlier poll */
    bool unreadable;       /* its details were refused now: instance is what was known */
    struct seen_instance instance;
};
struct seen_task {
    const char *id, *type, *entity, *user, *error, *spot_request;
    enum task_state state;
    int32_t progress; /* 0..100, -1 unknown */
    struct utc started, ended;
};
struct obs_velostrata {
    const char *extension_id;
    const char *extension_raw;
    enum extension_state extension;
    const char *edge_a_zone, *edge_b_zone;
    const char *extension_problem; /* failed health checks, for people */
    const struct seen_managed_vm *vms;
    size_t n_vms;
    const struct seen_task *tasks; /* all active ones, and those asked for by id */
    size_t n_tasks;
};

/* ec2: aws-api 4 */
struct seen_spot {
    const char *id, *instance, *zone, *status; /* status code as AWS spells it */
    const char *server, *move, *deployment;    /* our tags */
    bool open;                                 /* neither fulfilled nor at its end */
    enum spot_state state;
    struct usd cap;
    struct utc updated;
};
struct seen_interface {
    const char *id, *zone, *ip, *instance; /* instance: whom it is attached to */
    bool available, delete_on_termination;
};
struct seen_price {
    const char *type, *zone;
    struct usd price;
    struct utc at;
};
struct obs_instances {
    const struct seen_instance *instances;
    size_t n;
    const char *const *absent; /* asked for by id, and not there; of others that are not
                                  listed nothing is known */
    size_t n_absent;
};
struct obs_spot {
    const struct seen_spot *spots;
    size_t n;
    bool has_open; /* all open ones of the deployment are among them */
};
struct obs_interfaces {
    const struct seen_interface *interfaces;
    size_t n;
};
struct obs_prices {
    const struct seen_price *prices;
    size_t n;
};

/* pricelist: aws-api 7. A type that is not listed has no price, which is not 0. */
struct seen_listed {
    const char *type;
    struct usd price; /* of an hour on demand, above 0 */
};
struct obs_pricelist {
    const char *region;
    const struct seen_listed *prices;
    size_t n;
};

/* sqs: aws-api 6. What AWS says of an instance before a poll would see it. */
enum warning_kind {
    WARNING_INTERRUPTION, /* it is taken back in two minutes */
    WARNING_REBALANCE,    /* that is likelier than usual */
    WARNING_STATE,        /* it has changed its state */
    WARNING_POISON        /* a message that is nothing of this */
};
struct seen_warning {
    const char *id; /* of the message: the same one may come twice */
    enum warning_kind kind;
    const char *instance, *state;
    const char *text; /* POISON: its first words */
    struct utc at;
};
struct obs_queue {
    const struct seen_warning *warnings;
    size_t n;
    uint64_t batch; /* number of the newest batch that had any, in this process */
};

/* lock */
struct obs_lock {
    const char *holder; /* "dana@ops1 pid 42", "" = nobody has it; NULL = not asked */
};

struct observation {
    struct arena *arena;
    enum source source;
    struct utc at; /* when it was asked for: nothing in it is older. QUEUE: when it came,
                      as did an error */
    int64_t took_ms;
    int64_t skew_s; /* their Date minus our clock */
    bool skew_known;
    int64_t retry_after_s;    /* they asked to be left alone for so long, 0 = did not */
    char request_id[ID_TEXT]; /* what their support finds the last exchange by, "" */
    struct err err;           /* ERR_OK: `as` below is set */
    union {
        struct obs_vsphere vsphere;
        struct obs_jenkins jenkins;
        struct obs_velostrata velostrata;
        struct obs_instances instances;
        struct obs_spot spot;
        struct obs_interfaces interfaces;
        struct obs_prices prices;
        struct obs_pricelist pricelist;
        struct obs_queue queue;
        struct obs_builds builds;
        struct obs_lock lock;
    } as;
    int refs; /* atomic; observation_ref/unref only */
};

/* What a poll should look for beyond the configuration; a value, made by the controller.
 */
enum { HINT_IDS = 16, HINT_JOBS = 8 };
struct poll_hints {
    char ids[HINT_IDS][ID_TEXT]; /* instances (INSTANCES, SPOT), tasks (VELOSTRATA) */
    size_t n;
    bool open_requests;             /* SPOT: those that are open, too */
    bool moving;                    /* a move is under way: read details of VMs, too */
    struct utc since;               /* PRICES: history from here */
    char jobs[HINT_JOBS][URL_TEXT]; /* BUILDS: paths of jobs */
    size_t n_jobs;
    int32_t from[HINT_JOBS]; /* BUILDS: older ones of that job need not be told; 0 */
    size_t n_detailed;       /* BUILDS: the first so many of them in detail */
    uint64_t batch; /* QUEUE: the newest batch of which all is handled, on disk */
};

/* Owned, one reference. NULL when memory is out. */
struct observation *observation_new(enum source source);

/* 0..99 as Jenkins reckons it: the part of the estimate that has gone by since the start,
 * both by their clock; -1 unknown. */
int32_t seen_build_progress(const struct seen_build *b, struct utc theirs) NONNULL;

/* What `last` says is said again: o shares its content, and keeps its own time, duration
 * and skew. What was put into o so far is dropped. `last` is posted, not failed, and of
 * the same source. */
void observation_again(struct observation *o, const struct observation *last) NONNULL;
struct observation *observation_ref(struct observation *o) NONNULL;
/* Makes it an empty one of its source, its memory kept, when nobody else holds it; false
 * when somebody does. */
bool observation_reuse(struct observation *o) NONNULL;
/* Does somebody else hold it, too? */
bool observation_is_shared(const struct observation *o) NONNULL;
void observation_unref(struct observation *o);

#endif
