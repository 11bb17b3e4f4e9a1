/*
 * seen - what an API tells of a thing that is well and of which nothing else is known: a
 * test sets what it looks at. Texts are the caller's and outlive the answer. No memory.
 * Threads: one.
 */
#ifndef RH_TESTS_SEEN_H
#define RH_TESTS_SEEN_H

#include "core/model/observe.h"

/* A spot instance. */
static inline struct seen_instance instance_of(const char *id, enum instance_state state)
{
    return (struct seen_instance){.id = id,
                                  .type = "c5",
                                  .zone = "eu-west-1a",
                                  .ip = "",
                                  .eni = "",
                                  .spot_request = "",
                                  .state_reason = "",
                                  .server = "",
                                  .move = "",
                                  .deployment = "",
                                  .client_token = "",
                                  .attachment = "",
                                  .state = state,
                                  .lifecycle = LIFECYCLE_SPOT};
}

static inline struct seen_vm vm_on(const char *id, const char *name)
{
    return (struct seen_vm){.id = id,
                            .name = name,
                            .uuid = "",
                            .instance_uuid = "",
                            .ip = "",
                            .power = POWER_ON,
                            .connected = true};
}

static inline struct seen_node node_open(const char *name)
{
    return (struct seen_node){.name = name,
                              .cause = "",
                              .connected_known = true,
                              .connected = true,
                              .idle = true};
}

/* Closed by rushhour, as its server is elsewhere. */
static inline struct seen_node node_parked(const char *name)
{
    return (struct seen_node){.name = name,
                              .cause = "rushhour/1 park",
                              .offline = true,
                              .marked = true,
                              .connected_known = true,
                              .idle = true};
}

/* The manager does not have the VM. */
static inline struct seen_managed_vm vm_unmanaged(const char *vm_id)
{
    return (struct seen_managed_vm){
        .vm_id = vm_id, .instance_uuid = "", .raw_state = "", .state = MANAGED_UNMANAGED};
}

#endif
