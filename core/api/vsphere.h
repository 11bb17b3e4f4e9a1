/*
 * vsphere - typed calls to one ESX host or vCenter over SOAP (vsphere-api): all VMs and
 * the host in one read, power on, guest shutdown, power off, each task followed to its
 * end. A session is shared by the clients of several threads; clients borrow it,
 * configuration and transport. vsphere_session_free() after the last client. Threads: a
 * client belongs to one thread; the session guards itself.
 */
#ifndef RH_API_VSPHERE_H
#define RH_API_VSPHERE_H

#include "core/model/call.h"
#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/net/http.h"

struct vsphere_session; /* cookie and service ids with a generation number (vsphere-api
                           11) */
enum err_code vsphere_session_new(const struct api_config *config,
                                  struct vsphere_session **out,
                                  struct err *e) MUST_CHECK NONNULL;
void vsphere_session_free(struct vsphere_session *s);

/* After a refused login no client asks again for four minutes (the account would be
 * locked); the operator's refresh asks at once. */
void vsphere_session_forgive(struct vsphere_session *s) NONNULL;

struct vsphere;
enum err_code vsphere_new(struct vsphere_session *s, const struct transport *t,
                          const struct clock *clock, struct vsphere **out,
                          struct err *e) MUST_CHECK NONNULL;
void vsphere_free(struct vsphere *v);

/* Logs in when needed, then one RetrievePropertiesEx (every page), and every 20 s one
 * QueryPerf for each 32 VMs that run. Fills o->as.vsphere. Statistics that cannot be read
 * are no error: then load_problem says why. */
enum err_code vsphere_observe(struct vsphere *v, const struct poll_hints *hints,
                              struct observation *o, struct err *e) MUST_CHECK NONNULL;

/*
 * VM_POWER_ON, VM_POWER_OFF, VM_SHUTDOWN (target: VM id). Re-reads the power state first;
 * a state that is there already is DONE. A task that is still running at the timeout is
 * UNKNOWN. VM_SHUTDOWN only asks the guest: the power state tells what came of it. `wait`
 * is called between two readings of a task (ms to sleep, false: give up);
 * NULL: read once and report DONE with detail = task id as soon as the server accepted
 * it.
 */
void vsphere_act(struct vsphere *v, const struct call *call,
                 struct call_result *r) NONNULL;
void vsphere_set_wait(struct vsphere *v, bool (*wait)(void *ctx, int64_t ms), void *ctx);

/* Ends the session; best effort, bounded by 120 ms: a server that hangs delays no
 * end of the program, and ends an idle session by itself. */
void vsphere_logout(struct vsphere *v) NONNULL;

#endif
