/*
 * vsphere_perf - how long the virtual CPUs had to wait (vsphere-api 7): CPU ready and
 * co-stop of all VMs that run, and their mean over each host. Inside core/api only. What
 * is kept between two polls is a plain value in its client. Threads: the client's.
 */
#ifndef RH_API_VSPHERE_PERF_H
#define RH_API_VSPHERE_PERF_H

#include "core/api/vsphere_session.h"

/* Is it time to ask again? A host makes one sample every 20 s: asking more often, as the
 * polls of a move do, would bring the same ones. */
bool vsphere_perf_is_due(const struct vsphere *v) NONNULL;

/*
 * Fills ready_permille and costop_permille of what was listed, -1 where there is no
 * sample. In calls of a bounded number of VMs; the ids of the counters are looked up once
 * for each login. ERR_OK also when the server keeps none of it; on an error all is -1,
 * and the listing is as good as before. The session must be in use.
 * vms and hosts: NULL where the listing has none.
 */
enum err_code vsphere_perf_read(struct vsphere *v, struct obs_vsphere *seen,
                                struct seen_vm *vms, struct seen_host *hosts,
                                struct err *e) MUST_CHECK;

#endif
