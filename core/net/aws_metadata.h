/*
 * aws_metadata - keys and region from where the program runs: the credentials endpoint of
 * a container (ECS, EKS) and the instance metadata of EC2, version 2 alone (aws-api 2.1,
 * 2.3). Both are asked over plain HTTP at fixed addresses, never through a proxy. Owns
 * its connection. Threads: one at a time; aws_metadata_abort() from any.
 */
#ifndef RH_NET_AWS_METADATA_H
#define RH_NET_AWS_METADATA_H

#include "core/net/aws_keys.h"

#include <stddef.h>

struct aws_metadata;

enum err_code aws_metadata_new(struct aws_metadata **out,
                               struct err *e) MUST_CHECK NONNULL;
void aws_metadata_free(struct aws_metadata *m);
void aws_metadata_abort(struct aws_metadata *m) NONNULL;

/*
 * Where the environment says that this container gets its keys; "" when it is silent. No
 * transfer. ERR_AUTH when it names a place that must not be asked: plain HTTP beyond
 * loopback and the addresses of ECS and EKS.
 */
enum err_code aws_container_url(char *url, size_t size, struct err *e) MUST_CHECK NONNULL;

/*
 * Keys of this container; none (key_id "") when the environment names no endpoint. Blocks
 * 2 s at most. ERR_AUTH when it refuses or its answer is of no use, else the error of the
 * exchange.
 */
enum err_code aws_container_load(struct aws_metadata *m, struct aws_answer *a,
                                 struct err *e) MUST_CHECK NONNULL;

/*
 * Keys of the role of this instance; blocks 3 s at most, one where there is no EC2 around
 * us. ERR_NOT_FOUND when there are no instance metadata here, with the reason; ERR_AUTH
 * when there are, but no usable keys in them; ERR_SERVER, ERR_THROTTLED.
 */
enum err_code aws_instance_load(struct aws_metadata *m, struct aws_answer *a,
                                struct err *e) MUST_CHECK NONNULL;

/* The region of this instance, the errors as above. */
enum err_code aws_instance_region(struct aws_metadata *m, char *out, size_t size,
                                  struct err *e) MUST_CHECK NONNULL;

#endif
