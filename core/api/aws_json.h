/*
 * aws_json - one signed call of an AWS service that speaks JSON over POST (aws-api 1):
 * target header, keys renewed once, errors as our classes, the clock they show. Inside
 * core/api only. A caller borrows credentials, transport and clock. Threads: a caller
 * belongs to one thread.
 */
#ifndef RH_API_AWS_JSON_H
#define RH_API_AWS_JSON_H

#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/net/aws_credentials.h"
#include "core/net/http.h"
#include "core/net/json.h"

enum { AWS_ENDPOINT_TEXT = 512, AWS_SCOPE_TEXT = 96 };

/* A value; fill it in, then call. */
struct aws_json {
    const char *service; /* of permissions: "pricing" */
    const char *target;  /* of X-Amz-Target: "AWSPriceListService" */
    const char *type;    /* "application/x-amz-json-1.1" */
    const char *who;     /* for messages: "price list" */
    char endpoint[AWS_ENDPOINT_TEXT];
    char scope[AWS_SCOPE_TEXT]; /* "aws:amz:us-east-1:pricing" */
    struct aws_credentials *credentials;
    struct transport transport;
    const struct clock *clock;
    int64_t timeout_ms; /* of an exchange; 0 = the transport's */
    bool skew_known;    /* of the last answer */
    int64_t skew_s;
};

/* The answer, always an object; the document is owned (json_doc_free). Any other answer
 * is an error that names the operation. Blocks for the timeouts of two exchanges. */
enum err_code aws_json_call(struct aws_json *c, const char *operation,
                            const struct strbuf *body, struct json_doc **out,
                            struct err *e) MUST_CHECK NONNULL;

#endif
