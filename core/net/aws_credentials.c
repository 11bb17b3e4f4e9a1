#include <config.h>

#include "core/net/aws_credentials.h"

#include "core/base/str.h"
#include "core/base/timefmt.h"
#include "core/net/aws_process.h"
#include "core/net/aws_profile.h"
#include "core/net/json.h"

#include <pthread.h>
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
    REGION_TEXT = 64,
    VALUE_TEXT = 8192 /* a session token has some 1,000 bytes */
};

struct aws_credentials {
    char *profile; /* as asked for, NULL = the environment's */
    const struct clock *clock;
    bool is_static;

    pthread_mutex_t lock; /* guards is_busy and is_stale */
    pthread_cond_t idle;
    bool is_busy;  /* a thread looks; the rest belongs to it alone */
    bool is_stale; /* the keys were refused */

    struct aws_files *files;
    struct aws_keys keys; /* key_id "" = none yet */
    struct utc expires;   /* 0 = never */
    struct utc again;     /* no new attempt before this, 0 = at once */
};

/* ----- keys ----- */

void aws_keys_clear(struct aws_keys *k)
{
    secret_free(k->secret_key);
    secret_free(k->session_token);
    *k = (struct aws_keys){0};
}

bool aws_keys_equal(const struct aws_keys *a, const struct aws_keys *b)
{
    return str_eq(a->key_id, b->key_id) &&
           str_eq(secret_expose(a->secret_key), secret_expose(b->secret_key)) &&
           (a->session_token == NULL) == (b->session_token == NULL) &&
           (a->session_token == NULL ||
            str_eq(secret_expose(a->session_token), secret_expose(b->session_token)));
}

static enum err_code keys_set(struct aws_keys *k, const char *key_id, const char *secret,
                              const char *token, struct err *e)
{
    enum err_code rc;

    *k = (struct aws_keys){0};
    if (!str_copy(k->key_id, sizeof(k->key_id), key_id))
        return err_set(e, ERR_AUTH, "the AWS access key id is too long");
    rc = secret_new(secret, strlen(secret), &k->secret_key, e);
    if (rc == ERR_OK && token != NULL && token[0] != '\0')
        rc = secret_new(token, strlen(token), &k->session_token, e);
    if (rc != ERR_OK)
        aws_keys_clear(k);
    return rc;
}

/* The same secrets once more: nothing is copied, for every request is signed with them.
 */
static void keys_share(struct aws_keys *to, const struct aws_keys *from)
{
    *to = *from;
    (void)secret_ref(to->secret_key);
    (void)secret_ref(to->session_token);
}

/* ----- providers ----- */

struct question {
    const struct aws_files *files;
    const char *profile;
    bool is_explicit; /* the profile was named in our configuration */
};

struct answer {
    struct aws_keys keys;
    struct utc expires;
};

/* ERR_OK with key_id "" is "not from here". */
struct provider {
    const char *name;
    enum err_code (*load)(const struct question *q, struct answer *a, struct err *e);
};

static const char *variable(const char *name)
{
    const char *v = getenv(name);

    return v != NULL && v[0] != '\0' ? v : NULL;
}

static enum err_code load_environment(const struct question *q, struct answer *a,
                                      struct err *e)
{
    const char *id = variable("AWS_ACCESS_KEY_ID");
    const char *secret = variable("AWS_SECRET_ACCESS_KEY");

    if (q->is_explicit || (id == NULL && secret == NULL))
        return ERR_OK;
    if (id == NULL || secret == NULL)
        return err_set(e, ERR_AUTH, "%s is set without %s: set both, or neither",
                       id != NULL ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                       id != NULL ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    return keys_set(&a->keys, id, secret, variable("AWS_SESSION_TOKEN"), e);
}

static bool setting(const struct question *q, const char *key, char *buf, size_t size)
{
    return aws_files_get(q->files, AWS_FILE_CREDENTIALS, q->profile, key, buf, size) ||
           aws_files_get(q->files, AWS_FILE_CONFIG, q->profile, key, buf, size);
}

/* Profiles that need more than keys: a helper program does that better than we could. */
static enum err_code refuse_unsupported(const struct question *q, struct answer *a,
                                        struct err *e)
{
    static const char *const keys[] = {"role_arn", "sso_session", "sso_start_url",
                                       "sso_account_id", "login_session"};
    char value[VALUE_TEXT];

    (void)a;
    if (setting(q, "credential_process", value, sizeof(value)))
        return ERR_OK;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (setting(q, keys[i], value, sizeof(value)))
            return err_set(e, ERR_AUTH,
                           "profile %.32s uses %s: use another one with "
                           "credential_process = aws configure export-credentials "
                           "--profile %.32s --format process",
                           q->profile, keys[i], q->profile);
    }
    return ERR_OK;
}

static enum err_code load_file(const struct question *q, enum aws_file which,
                               struct answer *a, struct err *e)
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
        rc = keys_set(&a->keys, id, secret, token, e);
    explicit_bzero(secret, sizeof(secret));
    explicit_bzero(token, sizeof(token));
    return rc;
}

static enum err_code load_credentials_file(const struct question *q, struct answer *a,
                                           struct err *e)
{
    return load_file(q, AWS_FILE_CREDENTIALS, a, e);
}

static enum err_code load_config_file(const struct question *q, struct answer *a,
                                      struct err *e)
{
    return load_file(q, AWS_FILE_CONFIG, a, e);
}

static enum err_code process_answer(const char *text, struct answer *a, struct err *e)
{
    struct json_doc *doc = NULL;
    const json_value *root;
    const char *id, *secret, *token, *expires;
    int64_t version;
    size_t len;
    enum err_code rc = json_parse(text, strlen(text), &doc, e);

    if (rc != ERR_OK)
        return rc;
    root = json_doc_root(doc);
    id = json_text(root, "AccessKeyId", &len);
    secret = json_text(root, "SecretAccessKey", &len);
    token = json_text(root, "SessionToken", &len);
    expires = json_text(root, "Expiration", &len);
    if (!json_i64(root, "Version", 1, 1, &version))
        rc = err_set(e, ERR_AUTH, "its answer is not \"Version\": 1");
    else if (id == NULL || secret == NULL || id[0] == '\0' || secret[0] == '\0')
        rc = err_set(e, ERR_AUTH, "its answer lacks AccessKeyId or SecretAccessKey");
    else if (expires != NULL)
        rc = utc_parse(expires, &a->expires, e);
    if (rc == ERR_OK)
        rc = keys_set(&a->keys, id, secret, token, e);
    json_doc_free(doc);
    return rc;
}

static enum err_code load_process(const struct question *q, struct answer *a,
                                  struct err *e)
{
    char command[VALUE_TEXT];
    struct secret *output = NULL;
    enum err_code rc;

    if (!setting(q, "credential_process", command, sizeof(command)))
        return ERR_OK;
    rc = aws_process_run(command, PROCESS_LIMIT_MS, &output, e);
    if (rc == ERR_OK)
        rc = process_answer(secret_expose(output), a, e);
    secret_free(output);
    if (rc != ERR_OK && rc != ERR_NOMEM) {
        rc = ERR_AUTH;
        e->code = rc;
        err_wrap(e, "credential_process of profile %.32s", q->profile);
    }
    return rc;
}

/* In the order in which they are asked. */
static const struct provider providers[] = {
    {"the environment", load_environment},
    {"roles and single sign-on", refuse_unsupported},
    {"the shared credentials file", load_credentials_file},
    {"credential_process", load_process},
    {"the shared config file", load_config_file},
};

static const char *profile_name(const char *asked)
{
    const char *name = asked;

    if (name == NULL)
        name = variable("AWS_PROFILE");
    if (name == NULL)
        name = variable("AWS_DEFAULT_PROFILE");
    return name != NULL ? name : "default";
}

static enum err_code ask_all(struct aws_credentials *c, struct answer *a, struct err *e)
{
    const struct question q = {c->files, profile_name(c->profile), c->profile != NULL};

    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        enum err_code rc = providers[i].load(&q, a, e);

        if (rc != ERR_OK || a->keys.key_id[0] != '\0')
            return rc;
    }
    if (!aws_files_has(q.files, AWS_FILE_CREDENTIALS, q.profile) &&
        !aws_files_has(q.files, AWS_FILE_CONFIG, q.profile))
        return err_set(e, ERR_AUTH,
                       "no AWS keys: profile %.32s is neither in %.60s nor in %.60s",
                       q.profile, aws_files_path(q.files, AWS_FILE_CREDENTIALS),
                       aws_files_path(q.files, AWS_FILE_CONFIG));
    return err_set(e, ERR_AUTH,
                   "no AWS keys: profile %.32s has neither aws_access_key_id nor "
                   "credential_process",
                   q.profile);
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

enum err_code aws_credentials_new(const char *profile, const struct clock *clock,
                                  struct aws_credentials **out, struct err *e)
{
    struct aws_credentials *c;
    enum err_code rc = credentials_alloc(clock, &c, e);

    if (rc != ERR_OK)
        return rc;
    if (profile != NULL && profile[0] != '\0') {
        c->profile = strdup(profile);
        if (c->profile == NULL) {
            aws_credentials_free(c);
            return err_set(e, ERR_NOMEM, "no memory for AWS credentials");
        }
    }
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
    rc = keys_set(&c->keys, key_id, secret_key, session_token, e);
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
    free(c->profile);
    free(c);
}

/* Asks the providers; the old keys stay when it fails. */
static enum err_code renew(struct aws_credentials *c, struct utc now, struct err *e)
{
    struct answer a = {0};
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
        keys_share(out, &c->keys);

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

/* ----- region and endpoint ----- */

static bool is_label(const char *s)
{
    return s[0] != '\0' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

enum err_code aws_region_find(const char *configured, const char *profile, char *out,
                              size_t size, struct err *e)
{
    const char *region = configured != NULL && configured[0] != '\0' ? configured : NULL;
    struct aws_files *files = NULL;
    char found[REGION_TEXT];
    enum err_code rc = ERR_OK;

    if (region == NULL)
        region = variable("AWS_REGION");
    if (region == NULL)
        region = variable("AWS_DEFAULT_REGION");
    if (region == NULL) {
        struct question q = {.profile = profile_name(profile)};

        rc = aws_files_load(&files, e);
        if (rc != ERR_OK)
            return rc;
        q.files = files;
        if (setting(&q, "region", found, sizeof(found)))
            region = found;
        aws_files_free(files);
    }
    if (region == NULL)
        return err_set(
            e, ERR_CONFIG,
            "no AWS region: set aws.region, AWS_REGION or the profile's region");
    if (!is_label(region) || !str_copy(out, size, region))
        return err_set(e, ERR_CONFIG, "\"%.40s\" is no AWS region like eu-west-1",
                       region);
    return rc;
}

/* The overrides of the environment and of the profile, in their order. */
static enum err_code endpoint_override(const char *service, const char *profile,
                                       char *out, size_t size, struct err *e)
{
    char name[64];
    const char *url;
    struct aws_files *files = NULL;
    enum err_code rc;

    out[0] = '\0';
    (void)str_format(name, sizeof(name), "AWS_ENDPOINT_URL_%s", service); /* short */
    for (char *p = name; *p != '\0'; p++)
        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    url = variable(name);
    if (url == NULL)
        url = variable("AWS_ENDPOINT_URL");
    if (url != NULL)
        return str_copy(out, size, url) ? ERR_OK
                                        : err_set(e, ERR_CONFIG, "%s is too long", name);
    rc = aws_files_load(&files, e);
    if (rc != ERR_OK)
        return rc;
    profile = profile_name(profile);
    if (!aws_files_get_service(files, profile, service, "endpoint_url", out, size))
        (void)aws_files_get(files, AWS_FILE_CONFIG, profile, "endpoint_url", out, size);
    aws_files_free(files);
    return ERR_OK;
}

enum err_code aws_endpoint_find(const char *configured, const char *service,
                                const char *profile, const char *region, char *out,
                                size_t size, struct err *e)
{
    const char *ignore = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    bool fits = true;
    enum err_code rc = ERR_OK;
    size_t len;

    out[0] = '\0';
    if (configured != NULL && configured[0] != '\0')
        fits = str_copy(out, size, configured);
    else if (ignore == NULL || !str_eq_nocase(ignore, "true"))
        rc = endpoint_override(service, profile, out, size, e);
    if (rc != ERR_OK)
        return rc;
    if (fits && out[0] == '\0')
        fits = str_format(out, size, "https://%s%s.%s.amazonaws.com%s/",
                          str_eq(service, "pricing") ? "api." : "", service, region,
                          str_starts(region, "cn-") ? ".cn" : "");
    len = strlen(out);
    if (fits && out[len - 1] != '/') {
        fits = len + 1 < size;
        if (fits)
            memcpy(out + len, "/", 2);
    }
    return fits ? ERR_OK
                : err_set(e, ERR_CONFIG, "the URL of AWS %s is too long", service);
}
