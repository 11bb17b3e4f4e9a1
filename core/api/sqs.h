/*
 * sqs - the queue into which EventBridge puts what AWS says of instances before a poll
 * would see it (aws-api 6): interruption warnings, rebalance recommendations, changes of
 * state. Received by long polls, deleted only after they are handled. A client borrows
 * configuration, credentials, transport and clock. Threads: a client belongs to one
 * thread; credentials guard themselves.
 */
#ifndef RH_API_SQS_H
#define RH_API_SQS_H

#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/net/aws_credentials.h"
#include "core/net/http.h"

struct sqs;
enum err_code sqs_new(const struct config *config, struct aws_credentials *credentials,
                      const struct transport *t, const struct clock *clock,
                      struct sqs **out, struct err *e) MUST_CHECK NONNULL;
void sqs_free(struct sqs *c);

/*
 * QUEUE: deletes the last batch when hints->batch says that it is handled, else forgets
 * it: then its messages come again. Waits up to 20 s for messages.
 * Those that are no event of EC2 that is known come as WARNING_POISON, with their first
 * words. What cannot be deleted comes again; that is no error.
 */
enum err_code sqs_observe(struct sqs *c, const struct poll_hints *hints,
                          struct observation *o, struct err *e) MUST_CHECK NONNULL;

#endif
