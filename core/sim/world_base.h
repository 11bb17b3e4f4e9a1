/*
 * world_base - what all parts of the simulated site share: sizes, refusals, the state of
 * a task. Threads: as world.h.
 */
#ifndef RH_SIM_WORLD_BASE_H
#define RH_SIM_WORLD_BASE_H

#include <stdbool.h>
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

/* Of a task of vSphere or of the manager. */
enum sim_task_state {
    SIM_TASK_RUNNING,
    SIM_TASK_DONE,
    SIM_TASK_FAILED,
    SIM_TASK_CANCELED
};

#endif
