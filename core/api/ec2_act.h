/*
 * ec2_act - the acts of the EC2 client (aws-api 4.1, 4.4): an instance is launched onto
 * the interface of its server, or terminated; its interface is made to outlive it.
 * Borrows the client. Threads: the client's.
 */
#ifndef RH_API_EC2_ACT_H
#define RH_API_EC2_ACT_H

#include "core/api/ec2.h"
#include "core/model/call.h"

/*
 * LAUNCH (run; server and move become tags), TERMINATE (target: instance id),
 * INTERFACE_KEEP (run.eni; target: its attachment): DeleteOnTermination off.
 * detail: the launched instance's id. A definite refusal is FAILED: ERR_CAPACITY (no
 * capacity, a quota, a cap under the price, an instance that died of its launch),
 * ERR_CONFLICT (the interface is in use), ERR_THROTTLED, ERR_AUTH, else one that no
 * repeat helps. A lost or vague answer is UNKNOWN: the same call with the same token
 * finds out. An interface is never deleted: there is no such call.
 */
void ec2_act(struct ec2 *c, const struct call *call, struct call_result *r) NONNULL;

#endif
