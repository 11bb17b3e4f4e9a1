/*
 * ec2 - typed reads of one AWS region (aws-api 3, 4): instances, spot requests, spot
 * prices, network interfaces, every page, signed with SigV4. A client borrows
 * configuration, credentials and transport. Threads: a client belongs to one thread;
 * credentials guard themselves.
 */
#ifndef RH_API_EC2_H
#define RH_API_EC2_H

#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/net/aws_credentials.h"
#include "core/net/http.h"

struct ec2;
enum err_code ec2_new(const struct config *config, struct aws_credentials *credentials,
                      const struct transport *t, const struct clock *clock,
                      struct ec2 **out, struct err *e) MUST_CHECK NONNULL;
void ec2_free(struct ec2 *c);

/*
 * o->source says what is read: INSTANCES (by our tag, and hints->ids by id), SPOT
 * (requests of the instances in hints->ids), INTERFACES (the configured ENIs), PRICES
 * (the configured types since hints->since; newest price and every change of each type
 * and zone).
 */
enum err_code ec2_observe(struct ec2 *c, const struct poll_hints *hints,
                          struct observation *o, struct err *e) MUST_CHECK NONNULL;

/* What the answer calls itself, where no header said so: all of them say it in the body,
 * errors in another place, and each service spells it its own way. */
void ec2_take_request_id(struct http_response *rs) NONNULL;

#endif
