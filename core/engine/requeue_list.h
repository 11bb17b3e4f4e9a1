/*
 * requeue_list - the builds that requeue_lost.c notes and requeue.c queues again: a row
 * of the controller each, as many as are kept. No memory beyond c->requeues. Threads:
 * those of the controller.
 */
#ifndef RH_CORE_ENGINE_REQUEUE_LIST_H
#define RH_CORE_ENGINE_REQUEUE_LIST_H

#include "core/engine/parts.h"
#include "core/policy/requeue.h"

/* It is not over: to be queued again, or an order was given. */
bool requeue_waits(const struct requeue *r) NONNULL;
/* After each change of a row. */
void requeue_store(struct controller *c, const struct requeue *r) NONNULL;
/* ... and when that may have ended or begun one: how many wait. */
void requeue_count(struct controller *c) NONNULL;
/* NULL: it is not noted. job: as Jenkins has its path; path: the build's. */
struct requeue *requeue_find(struct controller *c, const char *job,
                             int32_t number) NONNULL;
struct requeue *requeue_find_path(struct controller *c, const char *path) NONNULL;
/* For one more, to be filled. Full: the oldest one that is over gives way. NULL: none is.
 */
struct requeue *requeue_room(struct controller *c) NONNULL;
/* "job #7" for people; its path in Jenkins, false when that is too long. */
void requeue_name(const struct requeue *r, char out[BUILD_TEXT]) NONNULL;
bool requeue_path(const struct requeue *r, char out[URL_TEXT]) NONNULL;
/* It holds an executor on another node than its own, by the newest reading. */
bool requeue_elsewhere(const struct controller *c, const struct requeue *r) NONNULL;
/* For people; static. */
const char *requeue_cause_text(enum requeue_cause cause);

#endif
