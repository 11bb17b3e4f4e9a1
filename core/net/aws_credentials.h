/*
 * aws_credentials - the provider chain of aws-api 2: environment, web identity, shared
 * files with profiles, credential_process, container, instance metadata; refreshed before
 * they expire. Owns its secrets. Threads: guards itself; values are handed out as copies.
 */
#ifndef RH_NET_AWS_CREDENTIALS_H
#define RH_NET_AWS_CREDENTIALS_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/net/aws_keys.h"
#include "core/net/http.h"

struct aws_credentials;

/* What is configured; borrowed until the credentials are freed. */
struct aws_credentials_config {
    const char *profile;               /* NULL: AWS_PROFILE, then "default" */
    const char *region, *endpoint_sts; /* where STS is; NULL: as aws-api 2.5 finds it */
    struct http_client_config http;    /* the way to STS */
};

/* Reads nothing yet. */
enum err_code aws_credentials_new(const struct aws_credentials_config *config,
                                  const struct clock *clock, struct aws_credentials **out,
                                  struct err *e) MUST_CHECK NONNULL;

/* Fixed ones, for the simulated site and tests. Copies. session_token may be NULL. */
enum err_code aws_credentials_new_static(const char *key_id, const char *secret_key,
                                         const char *session_token,
                                         const struct clock *clock,
                                         struct aws_credentials **out,
                                         struct err *e) MUST_CHECK;
void aws_credentials_free(struct aws_credentials *c);

/* The keys to sign with now; may read files, run credential_process (blocks up to 60 s),
 * ask STS (up to its timeout), a container or an instance (up to 5 s). ERR_AUTH with the
 * remedy when no source has any; ERR_CONFIG for a source that is set up wrongly; the
 * error of the exchange when one could not be asked; ERR_CANCELED. */
enum err_code aws_credentials_get(struct aws_credentials *c, struct aws_keys *out,
                                  struct err *e) MUST_CHECK NONNULL;

/* Ends a search that runs and every later one; keys that are there are still handed out.
 * Any thread. */
void aws_credentials_abort(struct aws_credentials *c) NONNULL;

/* After an expired-token error: the next get reads the source again. */
void aws_credentials_expire(struct aws_credentials *c) NONNULL;

#endif
