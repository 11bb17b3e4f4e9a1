/*
 * aws_credentials - the provider chain of aws-api 2: environment, shared files with
 * profiles, credential_process; refreshed before they expire. Owns its secrets. Threads:
 * guards itself; values are handed out as copies.
 */
#ifndef RH_NET_AWS_CREDENTIALS_H
#define RH_NET_AWS_CREDENTIALS_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/secret.h"

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

/* One set of keys. key_id and the secrets are owned by it (aws_keys_clear). */
struct aws_keys {
    char key_id[160];
    struct secret *secret_key;
    struct secret *session_token; /* NULL = none */
};

/* The keys to sign with now; may read files or run credential_process (blocks up to 60
 * s). ERR_AUTH with the remedy when no source has any. */
enum err_code aws_credentials_get(struct aws_credentials *c, struct aws_keys *out,
                                  struct err *e) MUST_CHECK NONNULL;
void aws_keys_clear(struct aws_keys *k) NONNULL;
bool aws_keys_equal(const struct aws_keys *a, const struct aws_keys *b) NONNULL;

/* The region as aws-api 2.5 finds it; configured may be NULL. ERR_CONFIG when there is
 * none. */
enum err_code aws_region_find(const char *configured, const char *profile, char *out,
                              size_t size, struct err *e) MUST_CHECK;

/*
 * Where a service ("ec2") of that region is: configured (NULL = not), the environment,
 * the profile, AWS's own (aws-api 2.5). Ends with a slash. ERR_CONFIG when it does not
 * fit.
 */
enum err_code aws_endpoint_find(const char *configured, const char *service,
                                const char *profile, const char *region, char *out,
                                size_t size, struct err *e) MUST_CHECK;

/* After an expired-token error: the next get reads the source again. */
void aws_credentials_expire(struct aws_credentials *c) NONNULL;

#endif
