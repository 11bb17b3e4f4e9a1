/*
 * aws_json_wire - what the region's services that speak JSON have in common: signatures
 * and the frame of an error. Owns nothing; the answer is the caller's.
 * Threads: as the world.
 */
#ifndef RH_SIM_AWS_JSON_WIRE_H
#define RH_SIM_AWS_JSON_WIRE_H

#include "core/sim/wire.h"

struct aws_json_service {
    const char *name;   /* in its errors: "com.amazonaws.pricing" */
    const char *type;   /* of its answers: "application/x-amz-json-1.1" */
    const char *signer; /* what a request is signed for: "pricing" */
    const char *region; /* and where; NULL: the world's */
};

/* An answer that says no; any earlier body is gone. */
void aws_json_refuse(const struct aws_json_service *s, struct http_response *rs,
                     const char *code, const char *message) NONNULL;

/* Is the request signed by the site's account, by the world's clock or this machine's?
 * When not, rs says so. */
bool aws_json_is_signed(const struct aws_json_service *s, const struct world *w,
                        const struct http_request *rq, struct http_response *rs) NONNULL;

#endif
