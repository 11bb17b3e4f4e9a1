/*
 * vim_faults - SOAP answers of the simulated ESX host: the envelope around a result, and
 * faults in their two shapes (vsphere-api 1.2). The response is the caller's.
 * Threads: as the world.
 */
#ifndef RH_SIM_VIM_FAULTS_H
#define RH_SIM_VIM_FAULTS_H

#include "core/net/http.h"
#include "core/sim/vim_model.h"

extern const char vim_user[]; /* the account that may log in */

/* <METHODResponse xmlns="urn:vim25"> … and its end; a body that outgrew its limit becomes
 * a fault. */
void vim_begin(struct http_response *rs, const char *method) NONNULL;
void vim_end(struct http_response *rs, const char *method) NONNULL;

/* Status 500 with that fault; detail: its members as XML, "" = none. */
void vim_fault(struct http_response *rs, const char *type, const char *message,
               const char *detail) NONNULL;

/* Ready-made ones. */
void vim_fault_not_authenticated(struct http_response *rs, const char *object_type,
                                 const char *object) NONNULL;
void vim_fault_no_object(struct http_response *rs, const char *type,
                         const char *id) NONNULL;
void vim_fault_invalid_request(struct http_response *rs, const char *why) NONNULL;

/* <missingSet> of a property that a client without session may not read. */
void vim_put_not_authenticated(struct strbuf *b, const struct vim_view_of_world *v,
                               struct vim_ref r, const char *path) NONNULL;

/* <fault xsi:type="…">…</fault><localizedMessage>…</localizedMessage> of a failed task.
 */
void vim_put_task_error(struct strbuf *b, const struct vim_view_of_world *v,
                        const struct sim_vm_task *t) NONNULL;

/* The members of InvalidPowerState: what was wanted, what is. */
void vim_put_power_states(struct strbuf *b, enum sim_vm_act act,
                          enum sim_power power) NONNULL;
const char *vim_power_name(enum sim_power power);

#endif
