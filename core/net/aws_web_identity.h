/*
 * aws_web_identity - keys for a token that somebody else signed (EKS, OpenID Connect):
 * AssumeRoleWithWebIdentity of STS, which needs no keys (aws-api 2.1). The environment
 * names token file and role. Owns nothing. Threads: any; blocks for one call of the
 * transport.
 */
#ifndef RH_NET_AWS_WEB_IDENTITY_H
#define RH_NET_AWS_WEB_IDENTITY_H

#include "core/net/aws_keys.h"
#include "core/net/http.h"

/* Does the environment name a token file? */
bool aws_web_identity_is_set(void);

/*
 * Reads the token file anew and asks STS at endpoint. ERR_AUTH with the remedy when the
 * environment has only half of it, the file cannot be read, or STS refuses; else the
 * error of the exchange.
 */
enum err_code aws_web_identity_load(const struct transport *t, const char *endpoint,
                                    struct aws_answer *a,
                                    struct err *e) MUST_CHECK NONNULL;

/* The answer of STS; for tests. ERR_AUTH (its words), ERR_PROTOCOL. */
enum err_code aws_web_identity_read(const char *text, size_t len, struct aws_answer *a,
                                    struct err *e) MUST_CHECK NONNULL;

#endif
