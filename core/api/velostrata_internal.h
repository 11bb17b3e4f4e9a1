/*
 * velostrata_internal - what the files of the Velostrata client share.
 * The client owns its buffers and holds its last observation; texts that are read go into
 * the observation's arena.
 * Threads: one.
 */
#ifndef RH_API_VELOSTRATA_INTERNAL_H
#define RH_API_VELOSTRATA_INTERNAL_H

#include "core/api/answer.h"
#include "core/api/velostrata.h"

struct velostrata {
    const struct velostrata_config *config;
    struct transport transport;
    char base[URL_TEXT];     /* no slash at the end, version included */
    struct http_response rs; /* the last answer */
    struct strbuf url, body;
    struct observation *last; /* the last good one: details are carried over from it */
    size_t turn;              /* VM whose details are read when nothing moves */
};

/* Begins v->url with the base and a path (already encoded). */
void velostrata_path(struct velostrata *v, const char *path) NONNULL;

/* One exchange for v->url and v->body ("" = none); the answer is in v->rs. */
enum err_code velostrata_exchange(struct velostrata *v, const char *method, bool mutating,
                                  const char *what, struct err *e) MUST_CHECK NONNULL;

/* The error for the unwanted status in v->rs, with the manager's own words. */
enum err_code velostrata_status_error(struct velostrata *v, const char *what,
                                      struct err *e) NONNULL;

/* An id: {"_type":…,"value":…} or plain text; "" when it is none or too long. */
/* object may be NULL */
const char *velostrata_id(struct arena *a, const json_value *object, const char *name)
    __attribute__((nonnull(1, 3)));

/* false: the entry names no VM. */
bool velostrata_read_vm(const json_value *entry, struct arena *a,
                        struct seen_managed_vm *out) NONNULL;
/* The instance of a ManagedVmDescription; false when there is none. */
bool velostrata_read_instance(const json_value *vm, struct arena *a,
                              struct seen_instance *out) NONNULL;
/* false: the entry has no id. */
bool velostrata_read_task(const json_value *entry, struct arena *a,
                          struct seen_task *out) NONNULL;
void velostrata_read_extension(const json_value *extension, struct arena *a,
                               struct obs_velostrata *out) NONNULL;

#endif
