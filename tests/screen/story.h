/*
 * story - canned snapshots of one morning, for screen tests and for looking at screens.
 * The configuration is static; snapshots are references of the caller.
 * Threads: one.
 */
#ifndef RH_TESTS_STORY_H
#define RH_TESTS_STORY_H

#include "core/model/config.h"
#include "core/model/fleet.h"

enum story {
    STORY_LOADING, /* the controller runs, no API has answered */
    STORY_NORMAL,
    STORY_MOVING,
    STORY_INTERRUPTION,
    STORY_STALE,
    STORY_DEAD, /* one source is dead, one refuses us */
    STORY_COUNT
};

/* Sunday 22 November 2026, 10:42:07 in Jerusalem. */
#define STORY_NOW ((struct utc){1795336927})

const struct config *story_config(void);
struct fleet *story_fleet(enum story s);
/* n servers test-0001 … in the cloud. */
struct fleet *story_large(size_t n);

#endif
