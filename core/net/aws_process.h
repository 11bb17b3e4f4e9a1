/*
 * aws_process - runs a profile's credential_process (aws-api 2.2): no shell, a time
 * limit, its complaint kept for the operator. The caller owns the output. Threads: any;
 * blocks to the limit at most.
 */
#ifndef RH_NET_AWS_PROCESS_H
#define RH_NET_AWS_PROCESS_H

#include "core/base/err.h"
#include "core/base/secret.h"

#include <stdatomic.h>
#include <stdint.h>

/*
 * Splits command (in place) into words as a shell would and runs it; *out is all that it
 * wrote. ERR_AUTH with the first line of its standard error when it ends with other than
 * 0, does not start, writes more than 64 KiB or takes longer than the limit; ERR_CANCELED
 * soon after *stop has become true.
 */
enum err_code aws_process_run(char *command, int32_t limit_ms, const atomic_bool *stop,
                              struct secret **out, struct err *e) MUST_CHECK NONNULL;

#endif
