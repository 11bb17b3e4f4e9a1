/*
 * aws_region - where in AWS we are and where its services answer (aws-api 2.5). Owns
 * nothing. Threads: any; may read files and ask the instance metadata (blocks up to 2 s
 * then).
 */
#ifndef RH_NET_AWS_REGION_H
#define RH_NET_AWS_REGION_H

#include "core/base/err.h"

#include <stddef.h>

/* The region: configured (NULL = not), the environment, the profile, the instance that
 * this runs on. ERR_CONFIG when there is none. */
enum err_code aws_region_find(const char *configured, const char *profile, char *out,
                              size_t size, struct err *e) MUST_CHECK;

/*
 * Where a service ("ec2") of that region is: configured (NULL = not), the environment,
 * the profile, AWS's own. Ends with a slash. ERR_CONFIG when it does not fit.
 */
enum err_code aws_endpoint_find(const char *configured, const char *service,
                                const char *profile, const char *region, char *out,
                                size_t size, struct err *e) MUST_CHECK;

#endif
