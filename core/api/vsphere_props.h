/*
 * vsphere_props - reads properties of vSphere objects with one RetrievePropertiesEx and
 * all its pages, through lost sessions and views (vsphere-api 3.1, 4). Inside core/api
 * only. Everything is borrowed for the length of the call. Threads: the client's.
 */
#ifndef RH_API_VSPHERE_PROPS_H
#define RH_API_VSPHERE_PROPS_H

#include "core/api/vsphere_session.h"

/* What changes a VM's place or what may be done there: of these the long poll tells, and
 * the listing begins with them, in the order of its enum vm_field. */
#define VSPHERE_VM_NEWS                                                                  \
    "name", "config.uuid", "config.instanceUuid", "runtime.powerState",                  \
        "runtime.connectionState", "runtime.question", "runtime.host",                   \
        "guest.ipAddress", "guest.toolsRunningStatus"

/* What is read: of one object, or (object NULL) of the VMs and hosts of the view. */
struct props_query {
    const struct soap_ref *object;
    const char *const *vm_paths;   /* of VirtualMachine, or of `object`; ends with NULL */
    const char *const *host_paths; /* of HostSystem; NULL with an object */
};

/*
 * Texts are as received. property: of an array of references once for each of them; fault
 * is the one that the value holds, type "" = none. reset: a new reading begins, forget
 * everything.
 */
struct props_sink {
    void (*reset)(void *ctx);
    void (*object)(void *ctx, const char *type, const char *id, size_t id_len);
    void (*property)(void *ctx, const char *name, const char *text, size_t len,
                     const struct soap_fault *fault);
    void (*object_end)(void *ctx);
    void *ctx;
};

/* Logs in when needed. ERR_OK also for a fault, which is then in *fault; a dead session
 * is none: it is renewed once. With v->is_again the sink has heard of nothing but the
 * reset: v->last says it all. */
enum err_code vsphere_props_read(struct vsphere *v, const struct props_query *q,
                                 const struct props_sink *sink, struct soap_fault *fault,
                                 struct err *e) MUST_CHECK NONNULL;

/* Appends to v->body, as the element `tag`, what is read and of whom. */
void vsphere_props_spec(struct vsphere *v, const char *tag,
                        const struct props_query *q) NONNULL;

/* runtime.powerState, or a fault's existingState. */
enum power vsphere_power_of(const char *text) NONNULL;

#endif
