#include <config.h>

#include "core/net/aws_credentials.h"

#include "core/base/str.h"
#include "core/net/aws_metadata.h"
#include "core/net/aws_process.h"
#include "core/net/aws_profile.h"
#include "core/net/aws_region.h"
#include "core/net/aws_web_identity.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRY_BEFORE_S = 15 * 60, /* new keys are asked for so long before the end */
    MUST_BEFORE_S = 10 * 60,
    AGAIN_MIN_S = 5 * 60, /* after a source that has no fresher ones */
    AGAIN_SPREAD_S = 5 * 60,
    AGAIN_FAILED_S = 60,
    PROCESS_LIMIT_MS = 60 * 1000,
    KEY_TEXT = 160,
    VALUE_TEXT = 8192 /* a session token has some 1,000 bytes */
};

struct aws_credentials {
    struct aws_credentials_config config;
    const struct clock *clock;
    bool is_static;
    atomic_bool aborted;

    pthread_mutex_t lock; /* guards is_busy, is_stale, and that the two below are there */
    pthread_cond_t idle;
    bool is_busy;                  /* a thread looks; the rest belongs to it alone */
    bool is_stale;                 /* the keys were refused */
    struct aws_metadata *metadata; /* made when it is needed, as is the next */
    struct http_client *sts;

    struct aws_files *files;
    struct aws_keys keys; /* key_id "" = none yet */
    struct utc expires;   /* 0 = never */
    struct utc again;     /* no new attempt before this, 0 = at once */
};

/* ----- providers ----- */

struct question {
    struct aws_credentials *credentials;
    const struct aws_files *files;
    const char *profile;
    bool is_explicit; /* the profile was named in our configuration */
    bool is_named;    /* … or in the environment */
    struct err *none; /* why the last source has none, when it says so */
};

/* ERR_OK with key_id "" is "not from here". */
struct provider {
    const char *name;
    enum err_code (*load)(const struct question *q, struct aws_answer *a, struct err *e);
};

static enum err_code load_environment(const struct question *q, struct aws_answer *a,
                                      struct err *e)
{
    const char *id = aws_variable("AWS_ACCESS_KEY_ID");
    const char *secret = aws_variable("AWS_SECRET_ACCESS_KEY");

    if (q->is_explicit || (id == NULL && secret == NULL))
        return ERR_OK;
    if (id == NULL || secret == NULL)
        return err_set(e, ERR_AUTH, "%s is set without %s: set both, or neither",
                       id != NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                       id != NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    return aws_keys_set(&a->keys, id, secret, aws_variable("AWS_SESSION_TOKEN"), e);
}

static enum err_code load_web_identity(const struct question *q, struct aws_answer *a,
                                       struct err *e)
{
    struct aws_credentials *c = q->credentials;
    char region[64], endpoint[512];
    struct http_client *client = NULL;
    struct transport t;
    enum err_code rc;

    if (q->is_explicit || !aws_web_identity_is_set())
        return ERR_OK;
    rc = aws_region_find(c->config.region, c->config.profile, region, sizeof(region), e);
    if (rc == ERR_OK)
        rc = aws_endpoint_find(c->config.endpoint_sts, "sts", c->config.profile, region,
                               endpoint, sizeof(endpoint), e);
    if (rc == ERR_OK && c->sts == NULL) {
        rc = http_client_new(&c->config.http, &client, e);
        (void)pthread_mutex_lock(&c->lock);
        c->sts = client;
        (void)pthread_mutex_unlock(&c->lock);
    }
    if (rc != ERR_OK)
        return rc;
    if (atomic_load(&c->aborted))
        http_client_abort(c->sts); /* it came just before this one was there */
    t = http_client_transport(c->sts);
    return aws_web_identity_load(&t, endpoint, a, e);
}

/* Profiles that need more than keys: a helper program does that better than we could. */
static enum err_code refuse_unsupported(const struct question *q, struct aws_answer *a,
                                        struct err *e)
{
    static const char *const keys[] = {"role_arn", "sso_session", "sso_start_url",
                                       "sso_account_id", "login_session"};
    char value[VALUE_TEXT];

    (void)a;
    if (aws_files_find(q->files, q->profile, "credential_process", value, sizeof(value)))
        return ERR_OK;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (aws_files_find(q->files, q->profile, keys[i], value, sizeof(value)))
            return err_set(e, ERR_AUTH,
                           "profile %.32s uses %s: use another one with "
                           "credential_process = aws configure export-credentials "
                           "--profile %.32s --format process",
                           q->profile, keys[i], q->profile);
    }
    return ERR_OK;
}

static enum err_code load_file(const struct question *q, enum aws_file which,
                               struct aws_answer *a, struct err *e)
{
    char id[KEY_TEXT], secret[VALUE_TEXT], token[VALUE_TEXT];
    bool has_id, has_secret;
    enum err_code rc = ERR_OK;

    has_id =
        aws_files_get(q->files, which, q->profile, "aws_access_key_id", id, sizeof(id));
    has_secret = aws_files_get(q->files, which, q->profile, "aws_secret_access_key",
                               secret, sizeof(secret));
    (void)aws_files_get(q->files, which, q->profile, "aws_session_token", token,
                        sizeof(token)); /* "" without one */
    if (has_id != has_secret)
        rc = err_set(e, ERR_AUTH, "profile %.32s in %.80s has %s without %s", q->profile,
                     aws_files_path(q->files, which),
                     has_id ? "aws_access_key_id" : "aws_secret_access_key",
                     has_id ? "aws_secret_access_key" : "aws_access_key_id");
    else if (has_id)
        rc = aws_keys_set(&a->keys, id, secret, token, e);
    explicit_bzero(secret, sizeof(secret));
    explicit_bzero(token, sizeof(token));
    return rc;
}

static enum err_code load_credentials_file(const struct question *q, struct aws_answer *a,
                                           struct err *e)
{
    return load_file(q, AWS_FILE_CREDENTIALS, a, e);
}

static enum err_code load_config_file(const struct question *q, struct aws_answer *a,
                                      struct err *e)
{
    return load_file(q, AWS_FILE_CONFIG, a, e);
}

static enum err_code load_process(const struct question *q, struct aws_answer *a,
                                  struct err *e)
{
    char command[VALUE_TEXT];
    struct secret *output = NULL;
    enum err_code rc;

    if (!aws_files_find(q->files, q->profile, "credential_process", command,
                        sizeof(command)))
        return ERR_OK;
    rc = aws_process_run(command, PROCESS_LIMIT_MS, &q->credentials->aborted, &output, e);
    if (rc == ERR_OK)
        rc = aws_answer_read(AWS_ANSWER_PROCESS, secret_expose(output),
                             strlen(secret_expose(output)), a, e);
    secret_free(output);
    if (rc != ERR_OK && rc != ERR_NOMEM && rc != ERR_CANCELED) {
        rc = ERR_AUTH;
        e->code = rc;
        err_wrap(e, "credential_process of profile %.32s", q->profile);
    }
    return rc;
}

/* Who names a profile means that one, and not whatever else is around. */
static enum err_code refuse_missing(const struct question *q, struct aws_answer *a,
                                    struct err *e)
{
    (void)a;
    if (!q->is_named || aws_files_has(q->files, AWS_FILE_CREDENTIALS, q->profile) ||
        aws_files_has(q->files, AWS_FILE_CONFIG, q->profile))
        return ERR_OK;
    return err_set(e, ERR_AUTH,
                   "no AWS keys: profile %.32s is neither in %.60s nor in %.60s",
                   q->profile, aws_files_path(q->files, AWS_FILE_CREDENTIALS),
                   aws_files_path(q->files, AWS_FILE_CONFIG));
}

static enum err_code need_metadata(struct aws_credentials *c, struct err *e)
{
    struct aws_metadata *made = NULL;
    enum err_code rc = ERR_OK;

    if (c->metadata == NULL) {
        rc = aws_metadata_new(&made, e);
        (void)pthread_mutex_lock(&c->lock);
        c->metadata = made;
        (void)pthread_mutex_unlock(&c->lock);
    }
    if (rc == ERR_OK && atomic_load(&c->aborted))
        aws_metadata_abort(c->metadata); /* it came just before this one was there */
    return rc;
}

static enum err_code load_container(const struct question *q, struct aws_answer *a,
                                    struct err *e)
{
    enum err_code rc = need_metadata(q->credentials, e);

    return rc != ERR_OK ? rc : aws_container_load(q->credentials->metadata, a, e);
}

static enum err_code load_instance(const struct question *q, struct aws_answer *a,
                                   struct err *e)
{
    struct err why = {0};
    enum err_code rc = need_metadata(q->credentials, e);

    if (rc != ERR_OK)
        return rc;
    rc = aws_instance_load(q->credentials->metadata, a, &why);
    if (rc == ERR_NOT_FOUND) {
        *q->none = why;
        return ERR_OK;
    }
    if (rc != ERR_OK)
        *e = why;
    return rc;
}

/* In the order in which they are asked. */
static const struct provider providers[] = {
    {"the environment", load_environment},
    {"web identity", load_web_identity},
    {"roles and single sign-on", refuse_unsupported},
    {"the shared credentials file", load_credentials_file},
    {"credential_process", load_process},
    {"the shared config file", load_config_file},
    {"a profile that is not there", refuse_missing},
    {"the container", load_container},
    {"the instance", load_instance},
};

static enum err_code no_keys(const struct question *q, struct err *e)
{
    if (!aws_files_has(q->files, AWS_FILE_CREDENTIALS, q->profile) &&
        !aws_files_has(q->files, AWS_FILE_CONFIG, q->profile))
        return err_set(e, ERR_AUTH,
                       "no AWS keys: set AWS_ACCESS_KEY_ID, or put profile %.32s into "
                       "%.60s (aws configure); %s",
                       q->profile, aws_files_path(q->files, AWS_FILE_CREDENTIALS),
                       q->none->text);
    return err_set(e, ERR_AUTH,
                   "no AWS keys: profile %.32s has neither aws_access_key_id nor "
                   "credential_process; %s",
                   q->profile, q->none->text);
}

static enum err_code ask_all(struct aws_credentials *c, struct aws_answer *a,
                             struct err *e)
{
    const char *named = aws_profile_named(c->config.profile);
    struct err none = {0};
    const struct question q = {.credentials = c,
                               .files = c->files,
                               .profile = named != NULL ? named : "default",
                               .is_explicit = c->config.profile != NULL,
                               .is_named = named != NULL,
                               .none = &none};

    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        enum err_code rc = providers[i].load(&q, a, e);

        if (rc != ERR_OK || a->keys.key_id[0] != '\0')
            return rc;
    }
    return no_keys(&q, e);
}

/* ----- the chain ----- */

static enum err_code credentials_alloc(const struct clock *clock,
                                       struct aws_credentials **out, struct err *e)
{
    struct aws_credentials *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return err_set(e, ERR_NOMEM, "no memory for AWS credentials");
    c->clock = clock;
    (void)pthread_mutex_init(&c->lock, NULL); /* with no attributes these cannot fail */
    (void)pthread_cond_init(&c->idle, NULL);
    *out = c;
    return ERR_OK;
}

enum err_code aws_credentials_new(const struct aws_credentials_config *config,
                                  const struct clock *clock, struct aws_credentials **out,
                                  struct err *e)
{
    struct aws_credentials *c;
    enum err_code rc = credentials_alloc(clock, &c, e);

    if (rc != ERR_OK)
        return rc;
    c->config = *config;
    if (c->config.profile != NULL && c->config.profile[0] == '\0')
        c->config.profile = NULL;
    *out = c;
    return ERR_OK;
}

enum err_code aws_credentials_new_static(const char *key_id, const char *secret_key,
                                         const char *session_token,
                                         const struct clock *clock,
                                         struct aws_credentials **out, struct err *e)
{
    struct aws_credentials *c;
    enum err_code rc = credentials_alloc(clock, &c, e);

    if (rc != ERR_OK)
        return rc;
    c->is_static = true;
    rc = aws_keys_set(&c->keys, key_id, secret_key, session_token, e);
    if (rc == ERR_OK)
        *out = c;
    else
        aws_credentials_free(c);
    return rc;
}

void aws_credentials_free(struct aws_credentials *c)
{
    if (c == NULL)
        return;
    aws_keys_clear(&c->keys);
    aws_files_free(c->files);
    (void)pthread_cond_destroy(&c->idle); /* nobody waits any more */
    (void)pthread_mutex_destroy(&c->lock);
    aws_metadata_free(c->metadata);
    http_client_free(c->sts);
    free(c);
}

/* Asks the providers; the old keys stay when it fails. */
static enum err_code renew(struct aws_credentials *c, struct utc now, struct err *e)
{
    struct aws_answer a = {0};
    struct aws_files *files = NULL;
    enum err_code rc = aws_files_load(&files, e);

    if (rc != ERR_OK)
        return rc;
    aws_files_free(c->files);
    c->files = files;
    rc = ask_all(c, &a, e);
    if (rc != ERR_OK)
        return rc;
    aws_keys_clear(&c->keys);
    c->keys = a.keys;
    c->expires = a.expires;
    c->again = (struct utc){0};
    if (a.expires.s != 0 && a.expires.s <= now.s + TRY_BEFORE_S) /* it has no better */
        c->again.s = now.s + AGAIN_MIN_S + clock_mono(c->clock).ms % AGAIN_SPREAD_S;
    return ERR_OK;
}

/* With c busy for this thread alone. */
static enum err_code refresh(struct aws_credentials *c, bool is_stale, struct err *e)
{
    struct utc now = clock_utc(c->clock);
    bool have = c->keys.key_id[0] != '\0';
    int64_t left_s = c->expires.s != 0 ? c->expires.s - now.s : INT64_MAX;
    struct err tried = {0};
    enum err_code rc;

    if (c->is_static)
        return ERR_OK;
    if (have && !is_stale && !aws_files_changed(c->files) &&
        (left_s > TRY_BEFORE_S || now.s < c->again.s))
        return ERR_OK;
    rc = renew(c, now, &tried);
    if (rc != ERR_OK && have && !is_stale && left_s > MUST_BEFORE_S) {
        c->again.s = now.s + AGAIN_FAILED_S; /* the old ones still do */
        return ERR_OK;
    }
    if (rc != ERR_OK)
        *e = tried;
    return rc;
}

enum err_code aws_credentials_get(struct aws_credentials *c, struct aws_keys *out,
                                  struct err *e)
{
    bool is_stale;
    enum err_code rc;

    (void)pthread_mutex_lock(&c->lock);
    while (c->is_busy) /* ends: a process has its limit */
        (void)pthread_cond_wait(&c->idle, &c->lock);
    c->is_busy = true;
    is_stale = c->is_stale;
    c->is_stale = false;
    (void)pthread_mutex_unlock(&c->lock);

    rc = refresh(c, is_stale, e);
    if (rc == ERR_OK)
        aws_keys_share(out, &c->keys);

    (void)pthread_mutex_lock(&c->lock);
    c->is_busy = false;
    c->is_stale = c->is_stale || (is_stale && rc != ERR_OK);
    (void)pthread_cond_signal(&c->idle);
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

void aws_credentials_expire(struct aws_credentials *c)
{
    (void)pthread_mutex_lock(&c->lock);
    c->is_stale = true;
    (void)pthread_mutex_unlock(&c->lock);
}

void aws_credentials_abort(struct aws_credentials *c)
{
    atomic_store(&c->aborted, true);
    (void)pthread_mutex_lock(&c->lock);
    if (c->metadata != NULL)
        aws_metadata_abort(c->metadata);
    if (c->sts != NULL)
        http_client_abort(c->sts);
    (void)pthread_mutex_unlock(&c->lock);
}
