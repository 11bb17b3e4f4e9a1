/*
 * velostrata_internal - what the files of the Velostrata client share.
 * The client owns its buffers and holds its last observation; texts that are read go into
 * the observation's arena.
 * Threads: one.
 */
#ifndef RH_API_VELOSTRATA_INTERNAL_H
#define RH_API_VELOSTRATA_INTERNAL_H

#include "core/api/again.h"
#include "core/api/answer.h"
#include "core/api/velostrata.h"
#include "core/base/probe.h"

struct velostrata {
    const struct velostrata_config *config;
    struct transport transport;
    char base[URL_TEXT];     /* no slash at the end, version included */
    struct http_response rs; /* the last answer */
    struct strbuf url, body;
    struct observation *last; /* the last good one: details are carried over from it */
    size_t turn;              /* VM whose details are read when nothing moves */
    /* The answers that `last` was read from; none is known after a failure. */
    struct siphash_key key;
    struct again vms, extension, tasks; /* tasks: of one page */
    struct again ended[HINT_IDS];       /* by place in the hints */
    struct again *details;              /* by place in last's VMs */
    size_t n_details, n_active; /* n_active: tasks of `last` that are from pages */
    bool differs;               /* an answer of the poll under way was read */
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

/* Copies of what was read before, texts included; of a listed VM all but its details, of
 * the extension all but its id. */
void velostrata_copy_listed(struct arena *a, const struct seen_managed_vm *from,
                            struct seen_managed_vm *to) NONNULL;
void velostrata_copy_instance(struct arena *a, const struct seen_instance *from,
                              struct seen_instance *to) NONNULL;
void velostrata_copy_task(struct arena *a, const struct seen_task *from,
                          struct seen_task *to) NONNULL;
void velostrata_copy_extension(struct arena *a, const struct obs_velostrata *from,
                               struct obs_velostrata *to) NONNULL;

#endif
