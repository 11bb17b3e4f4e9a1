/*
 * instance - a spot instance of which only its id, type, zone and state are told: a test
 * sets what it looks at. No memory. Threads: one.
 */
#ifndef RH_TESTS_INSTANCE_H
#define RH_TESTS_INSTANCE_H

#include "core/model/observe.h"

/* `id` is the caller's and outlives the answer. */
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

#endif
