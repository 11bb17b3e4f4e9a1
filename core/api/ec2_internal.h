/*
 * ec2_internal - what the files of the EC2 client share: the body of a request, one
 * signed exchange. A client owns its buffers and borrows the rest.
 * Threads: one.
 */
#ifndef RH_API_EC2_INTERNAL_H
#define RH_API_EC2_INTERNAL_H

#include "core/api/ec2.h"
#include "core/api/ec2_again.h"
#include "core/api/ec2_read.h"
#include "core/base/probe.h"
#include "core/base/str.h"

enum { EC2_ENDPOINT_TEXT = 512, EC2_SCOPE_TEXT = 96 };

struct ec2 {
    const struct config *config;
    struct aws_credentials *credentials;
    struct transport transport;
    const struct clock *clock;
    char endpoint[EC2_ENDPOINT_TEXT];
    char scope[EC2_SCOPE_TEXT]; /* "aws:amz:eu-west-1:ec2" */
    struct strbuf body;
    bool mutating;      /* the request under way changes something */
    int64_t timeout_ms; /* of it, 0 = the client's */
    bool skew_known;    /* of the last answer */
    int64_t skew_s;
    bool maybe_done; /* the last exchange without an answer may have had its effect */
    struct siphash_key key;
    struct ec2_known known[SOURCE_COUNT];
    struct ec2_known *now; /* of the poll under way; NULL: nothing comes again in it */
    int http;              /* status of the last answer, 0 = none came */
};

/* ----- the body: names in, values escaped ----- */

void ec2_body_begin(struct ec2 *c, const struct ec2_shape *s) NONNULL;
void ec2_body_put(struct strbuf *b, const char *name, const char *value) NONNULL;
void ec2_body_put_numbered(struct strbuf *b, const char *name, size_t i,
                           const char *value) NONNULL;
/* '*', '?' and '\' are wildcards in a filter; a name that has one means itself. */
void ec2_body_put_literal(struct strbuf *b, const char *name, size_t i,
                          const char *value) NONNULL;

/* Sends c->body; after a refusal of the keys once more with fresh ones. The answer's
 * items go to list. An error of AWS's is in *a, too. */
enum err_code ec2_ask(struct ec2 *c, const struct ec2_shape *s, struct ec2_list *list,
                      struct ec2_answer *a, struct err *e) MUST_CHECK NONNULL;

#endif
