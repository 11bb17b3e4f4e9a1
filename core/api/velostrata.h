/*
 * velostrata - typed calls to one Velostrata manager (velostrata-api): VMs, the cloud
 * extension, tasks; Run In Cloud, return, start and stop. A client borrows configuration
 * and transport. Threads: a client belongs to one thread.
 */
#ifndef RH_API_VELOSTRATA_H
#define RH_API_VELOSTRATA_H

#include "core/model/call.h"
#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/net/http.h"

struct velostrata;
enum err_code velostrata_new(const struct velostrata_config *config,
                             const struct transport *t, struct velostrata **out,
                             struct err *e) MUST_CHECK NONNULL;
void velostrata_free(struct velostrata *v);

/*
 * GET /vms, /cloudextensions/{id}, active tasks (every page) and those of hints->ids by
 * id; the details of VMs that move or whose state changed since the last read, else one
 * VM a poll in turn (details of the others are carried over from the last read, and those
 * of a VM whose details the manager refuses: that alone fails no poll). Fills
 * o->as.velostrata.
 */
enum err_code velostrata_observe(struct velostrata *v, const struct poll_hints *hints,
                                 struct observation *o, struct err *e) MUST_CHECK NONNULL;

/* RUN_IN_CLOUD, START_IN_CLOUD, RETURN (target: VM id), EXTENSION_START, EXTENSION_STOP
 * (target: extension id). One POST, never repeated; detail: the task's id. A definite
 * refusal is FAILED (ERR_CAPACITY when the text says that there is no capacity), a lost
 * answer UNKNOWN. */
void velostrata_act(struct velostrata *v, const struct call *call,
                    struct call_result *r) NONNULL;

/* Seconds that the last answer asked to wait (Retry-After, capped), -1 = none: a lower
 * bound for the next attempt after an error. */
int64_t velostrata_retry_after_s(const struct velostrata *v) NONNULL;

#endif
