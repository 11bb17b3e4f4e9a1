/*
 * world_jenkins - nodes, jobs, builds and the queue (world_jenkins.c, world_builds.c).
 * Part of world.h; ownership and threads as there.
 */
#ifndef RH_SIM_WORLD_JENKINS_H
#define RH_SIM_WORLD_JENKINS_H

#include "core/sim/world_base.h"

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

#endif
