/*
 * aws_credentials - the provider chain of aws-api 2: environment, shared files with
 * profiles, credential_process; refreshed before they expire. Owns its secrets. Threads:
 * guards itself; values are handed out as copies.
 */
#ifndef RH_NET_AWS_CREDENTIALS_H
#define RH_NET_AWS_CREDENTIALS_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/net/aws_keys.h"

struct aws_credentials;

/* profile NULL: AWS_PROFILE, then "default". Reads nothing yet. */
enum err_code aws_credentials_new(const char *profile, const struct clock *clock,
                                  struct aws_credentials **out, struct err *e) MUST_CHECK;

/* Fixed ones, for the simulated site and tests. Copies. session_token may be NULL. */
enum err_code aws_credentials_new_static(const char *key_id, const char *secret_key,
                                         const char *session_token,
                                         const struct clock *clock,
                                         struct aws_credentials **out,
                                         struct err *e) MUST_CHECK;
void aws_credentials_free(struct aws_credentials *c);

/* The keys to sign with now; may read files or run credential_process (blocks up to 60
 * s). ERR_AUTH with the remedy when no source has any. */
enum err_code aws_credentials_get(struct aws_credentials *c, struct aws_keys *out,
                                  struct err *e) MUST_CHECK NONNULL;

/* After an expired-token error: the next get reads the source again. */
void aws_credentials_expire(struct aws_credentials *c) NONNULL;

#endif
