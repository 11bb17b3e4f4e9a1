/*
 * velostrata_wire - what the two halves of the manager's wire share: VMs and the
 * extension in one file, tasks in the other. Owns nothing. Threads: one at a time, as the
 * world.
 */
#ifndef RH_SIM_VELOSTRATA_WIRE_H
#define RH_SIM_VELOSTRATA_WIRE_H

#include "core/sim/wire.h"

void velostrata_refuse(const struct http_request *rq, struct http_response *rs,
                       int status, const char *code, const char *text) NONNULL;
void velostrata_put_id(struct wire_json *j, const char *name, const char *type,
                       const char *value) NONNULL;
void velostrata_put_task_id(struct strbuf *b, int32_t key) NONNULL;

/* As the vendor's description has it: a date without a time of day. An instant when the
 * world's shapes are loose. */
void velostrata_put_time(const struct world *w, struct wire_json *j, const char *name,
                         int64_t ms) NONNULL;

/* A CloudExtensionDescription. */
void velostrata_put_extension(const struct world *w, struct strbuf *b) NONNULL;

/* /tasks, /tasks/ID (id NULL: none). */
void velostrata_tasks(struct world *w, const struct http_request *rq,
                      struct http_response *rs, const char *id)
    __attribute__((nonnull(1, 2, 3)));

#endif
