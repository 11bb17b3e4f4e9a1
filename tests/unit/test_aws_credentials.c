#include <config.h>

#include "tests/unit/table.h"

#include "core/base/attr.h"
#include "core/base/str.h"
#include "core/net/aws_credentials.h"
#include "core/net/aws_region.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct clock_fake now = {.utc = {1800000000}, .mono = {1000}};
static char dir[] = "/tmp/rushhour-aws-XXXXXX";
static char config_path[64], credentials_path[64], script_path[64], count_path[64];

/* putenv() keeps the text, so each variable has one of its own. */
static void env(const char *name, const char *value)
{
    static char kept[16][160];
    static size_t n;
    size_t i = 0;
    size_t len = strlen(name);

    while (i < n && !(strncmp(kept[i], name, len) == 0 &&
                      (kept[i][len] == '=' || kept[i][len] == '\0')))
        i++;
    assert_true(i < ARRAY_LEN(kept));
    if (i == n)
        n++;
    if (value == NULL)
        assert_true(str_format(kept[i], sizeof(kept[i]), "%s", name));
    else
        assert_true(str_format(kept[i], sizeof(kept[i]), "%s=%s", name, value));
    assert_int_equal(putenv(kept[i]), 0);
}

static void put_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int setup_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)str_format(config_path, sizeof(config_path), "%s/config", dir);
    (void)str_format(credentials_path, sizeof(credentials_path), "%s/credentials", dir);
    (void)str_format(script_path, sizeof(script_path), "%s/give keys", dir);
    (void)str_format(count_path, sizeof(count_path), "%s/count", dir);
    return 0;
}

static int remove_dir(void **state)
{
    const char *files[] = {config_path, credentials_path, script_path, count_path};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        (void)unlink(files[i]);
    return rmdir(dir);
}

static int setup(void **state)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID",    "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",    "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",  "AWS_REGION",
        "AWS_DEFAULT_REGION",   "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_EC2", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        env(names[i], NULL);
    env("HOME", dir);
    env("AWS_EC2_METADATA_DISABLED", "true"); /* tests leave this machine alone */
    env("AWS_CONFIG_FILE", config_path);
    env("AWS_SHARED_CREDENTIALS_FILE", credentials_path);
    (void)unlink(config_path);
    (void)unlink(credentials_path);
    (void)unlink(count_path);
    now.utc.s = 1800000000;
    return 0;
}

/* "id/secret/token", or "!text" of the error. */
static void say(struct aws_credentials *c, char *out, size_t size)
{
    struct aws_keys keys;
    struct err e = {0};

    if (aws_credentials_get(c, &keys, &e) != ERR_OK) {
        assert_int_equal(e.code, ERR_AUTH);
        (void)str_format(out, size, "!%s", e.text);
        return;
    }
    (void)str_format(out, size, "%s/%s/%s", keys.key_id, secret_expose(keys.secret_key),
                     keys.session_token != NULL ? secret_expose(keys.session_token)
                                                : "-");
    aws_keys_clear(&keys);
}

static struct aws_credentials *chain(const char *profile)
{
    static struct clock clock;
    const struct aws_credentials_config config = {.profile = profile,
                                                  .http = {.timeout_ms = 2000}};
    struct aws_credentials *c = NULL;
    struct err e = {0};

    clock = clock_fake_clock(&now);
    assert_int_equal(aws_credentials_new(&config, &clock, &c, &e), ERR_OK);
    return c;
}

static void test_chain(void **state)
{
    static const struct {
        const char *what, *profile, *env_id, *env_secret, *env_token, *env_profile;
        const char *credentials, *config, *want; /* want "!…": part of the error */
    } rows[] = {
        /* clang-format off */
        {"environment", NULL, "AKE", "se", NULL, NULL, NULL, NULL, "AKE/se/-"},
        {"environment with token", NULL, "AKE", "se", "to", NULL, NULL, NULL, "AKE/se/to"},
        {"environment before files", NULL, "AKE", "se", NULL, NULL,
         "[default]\naws_access_key_id=AKF\naws_secret_access_key=sf\n", NULL, "AKE/se/-"},
        {"explicit profile skips the environment", "p", "AKE", "se", NULL, NULL,
         "[p]\naws_access_key_id=AKF\naws_secret_access_key=sf\n", NULL, "AKF/sf/-"},
        {"half a pair: no secret", NULL, "AKE", NULL, NULL, NULL, NULL, NULL,
         "!AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"},
        {"half a pair: no id", NULL, NULL, "se", NULL, NULL, NULL, NULL,
         "!AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"},
        {"nothing anywhere", NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         "!no AWS keys: set AWS_ACCESS_KEY_ID, or put profile default into /tmp/"},
        {"a profile that is nowhere", NULL, NULL, NULL, NULL, "q", NULL, NULL,
         "!no AWS keys: profile q is neither in /tmp/"},
        {"a profile of the environment", NULL, NULL, NULL, NULL, "q",
         "[default]\naws_access_key_id=AKD\naws_secret_access_key=sd\n"
         "[q]\naws_access_key_id = AKQ\naws_secret_access_key = a+b/c=\n", NULL,
         "AKQ/a+b/c=/-"},
        {"comments, blanks, carriage returns, case", NULL, NULL, NULL, NULL, NULL,
         "# c\r\n; d\r\n[ default ]\r\n  AWS_Access_Key_Id =  AKC  \r\n"
         "  aws_secret_access_key=s c\r\n", NULL, "AKC/s c/-"},
        {"nested settings are not the profile's", NULL, NULL, NULL, NULL, NULL,
         "[default]\naws_access_key_id=AKN\ns3 =\n  aws_secret_access_key = no\n"
         "aws_secret_access_key=yes\n", NULL, "AKN/yes/-"},
        {"credentials file before config file", NULL, NULL, NULL, NULL, NULL,
         "[default]\naws_access_key_id=AK1\naws_secret_access_key=s1\n",
         "[default]\naws_access_key_id=AK2\naws_secret_access_key=s2\n", "AK1/s1/-"},
        {"config file, profile section", "p", NULL, NULL, NULL, NULL, NULL,
         "[p]\naws_access_key_id=NO\naws_secret_access_key=no\n"
         "[profile p]\naws_access_key_id=AK2\naws_secret_access_key=s2\n"
         "aws_session_token=t2\n", "AK2/s2/t2"},
        {"config file, quoted profile", "my dev", NULL, NULL, NULL, NULL, NULL,
         "[profile \"my dev\"]\naws_access_key_id=AK2\naws_secret_access_key=s2\n",
         "AK2/s2/-"},
        {"half a pair in a file", NULL, NULL, NULL, NULL, NULL,
         "[default]\naws_access_key_id=AK1\n", NULL,
         "!has aws_access_key_id without aws_secret_access_key"},
        {"a profile without keys", NULL, NULL, NULL, NULL, NULL, NULL,
         "[default]\nregion=eu-west-1\n", "!neither aws_access_key_id nor"},
        {"a role", "r", NULL, NULL, NULL, NULL, NULL,
         "[profile r]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=default\n",
         "!credential_process = aws configure export-credentials --profile r "
         "--format process"},
        {"single sign-on", "r", NULL, NULL, NULL, NULL, NULL,
         "[profile r]\nsso_session=corp\n", "!uses sso_session"},
        {"a role with a helper", "r", NULL, NULL, NULL, NULL, NULL,
         "[profile r]\nrole_arn=x\ncredential_process = /bin/echo '{\"Version\": 1, "
         "\"AccessKeyId\": \"AKP\", \"SecretAccessKey\": \"sp\"}'\n", "AKP/sp/-"},
        {"a helper with another version", "r", NULL, NULL, NULL, NULL, NULL,
         "[profile r]\ncredential_process = /bin/echo '{\"Version\": 2, "
         "\"AccessKeyId\": \"AKP\", \"SecretAccessKey\": \"sp\"}'\n",
         "!is not \"Version\": 1"},
        {"a helper that says nothing useful", "r", NULL, NULL, NULL, NULL, NULL,
         "[profile r]\ncredential_process = /bin/echo hello\n", "!credential_process of"},
        {"a helper that fails, with its reason", "r", NULL, NULL, NULL, NULL, NULL,
         "[profile r]\ncredential_process = /bin/ls /no/such/file\n", "!No such file"},
        {"a helper that is not there", "r", NULL, NULL, NULL, NULL, NULL,
         "[profile r]\ncredential_process = /no/such/program\n", "!does not start"},
        {"a helper with an open quote", "r", NULL, NULL, NULL, NULL, NULL,
         "[profile r]\ncredential_process = /bin/echo \"x\n", "!a quote is open"},
        /* clang-format on */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct aws_credentials *c;
        char got[256];

        assert_int_equal(setup(state), 0);
        env("AWS_ACCESS_KEY_ID", rows[i].env_id);
        env("AWS_SECRET_ACCESS_KEY", rows[i].env_secret);
        env("AWS_SESSION_TOKEN", rows[i].env_token);
        env("AWS_PROFILE", rows[i].env_profile);
        if (rows[i].credentials != NULL)
            put_file(credentials_path, rows[i].credentials, 0600);
        if (rows[i].config != NULL)
            put_file(config_path, rows[i].config, 0600);
        c = chain(rows[i].profile);
        say(c, got, sizeof(got));
        if (rows[i].want[0] == '!' ? strstr(got, rows[i].want + 1) == NULL
                                   : !str_eq(got, rows[i].want))
            print_error("got %s\n", got);
        assert_row(rows[i].what, rows[i].want[0] == '!'
                                     ? got[0] == '!' && strstr(got, rows[i].want + 1)
                                     : str_eq(got, rows[i].want));
        aws_credentials_free(c);
    }
}

static void test_file_is_read_again_when_it_changes(void **state)
{
    struct aws_credentials *c;
    char got[256];

    (void)state;
    put_file(credentials_path,
             "[default]\naws_access_key_id=A\naws_secret_access_key=1\n", 0600);
    c = chain(NULL);
    say(c, got, sizeof(got));
    assert_string_equal(got, "A/1/-");
    put_file(credentials_path,
             "[default]\naws_access_key_id=AB\naws_secret_access_key=12\n", 0600);
    say(c, got, sizeof(got));
    assert_string_equal(got, "AB/12/-");
    aws_credentials_free(c);
}

/* A helper that counts its runs into a file and hands out keys that end at `expires`. */
static void put_helper(const char *expires, int status)
{
    char text[600], config[200];

    assert_true(str_format(text, sizeof(text),
                           "#!/bin/sh\necho run >> '%s'\nn=$(wc -l < '%s')\n"
                           "[ %d -eq 0 ] || { echo 'sign in first' >&2; exit %d; }\n"
                           "printf '{\"Version\":1,\\n\"AccessKeyId\":\"K%%d\",'"
                           "'\"SecretAccessKey\":\"%%s\",\"SessionToken\":\"t\",'"
                           "'\"Expiration\":\"%s\"}\\n' \"$n\" \"$1\"\n",
                           count_path, count_path, status, status, expires));
    put_file(script_path, text, 0700);
    assert_true(str_format(config, sizeof(config),
                           "[default]\ncredential_process = \"%s\" two\\ words",
                           script_path));
    put_file(config_path, config, 0600);
}

static void test_helper_and_refresh(void **state)
{
    struct aws_credentials *c;
    char got[256];

    (void)state;
    /* 1800000000 is 2027-01-15T08:00:00Z. */
    put_helper("2027-01-15T09:00:00Z", 0);
    c = chain(NULL);
    say(c, got, sizeof(got));
    assert_string_equal(got, "K1/two words/t");
    now.utc.s += 2600; /* 1000 s left: nothing to do */
    say(c, got, sizeof(got));
    assert_string_equal(got, "K1/two words/t");
    now.utc.s += 200; /* 800 s left: it is tried, and hands out the same end again */
    say(c, got, sizeof(got));
    assert_string_equal(got, "K2/two words/t");
    say(c, got, sizeof(got)); /* so it is left alone for a while */
    assert_string_equal(got, "K2/two words/t");
    now.utc.s += 601;
    say(c, got, sizeof(got));
    assert_string_equal(got, "K3/two words/t");
    aws_credentials_expire(c);
    say(c, got, sizeof(got));
    assert_string_equal(got, "K4/two words/t");
    aws_credentials_free(c);
}

static void test_failed_refresh_keeps_keys_while_they_do(void **state)
{
    struct aws_credentials *c;
    char got[256];

    (void)state;
    put_helper("2027-01-15T09:00:00Z", 0);
    c = chain(NULL);
    say(c, got, sizeof(got));
    assert_string_equal(got, "K1/two words/t");
    put_helper("", 3);
    now.utc.s += 2800; /* 800 s left: the failure is no matter yet */
    say(c, got, sizeof(got));
    assert_string_equal(got, "K1/two words/t");
    now.utc.s += 300; /* 500 s left: now it is */
    say(c, got, sizeof(got));
    assert_non_null(strstr(got, "ended with 3: sign in first"));
    aws_credentials_free(c);
}

static void test_static(void **state)
{
    struct clock clock = clock_fake_clock(&now);
    struct aws_credentials *c = NULL;
    struct err e = {0};
    char got[256];

    (void)state;
    assert_int_equal(aws_credentials_new_static("AK", "s", "t", &clock, &c, &e), ERR_OK);
    aws_credentials_expire(c);
    say(c, got, sizeof(got));
    assert_string_equal(got, "AK/s/t");
    aws_credentials_free(c);
    aws_credentials_free(NULL);
}

static void test_region(void **state)
{
    static const struct {
        const char *what, *configured, *region, *default_region, *config, *want;
    } rows[] = {
        /* clang-format off */
        {"ours first", "eu-west-1", "us-east-1", NULL, NULL, "eu-west-1"},
        {"AWS_REGION", NULL, "us-east-1", "us-east-2", NULL, "us-east-1"},
        {"AWS_DEFAULT_REGION", "", NULL, "us-east-2", NULL, "us-east-2"},
        {"the profile's", NULL, NULL, NULL, "[default]\nregion = eu-central-1\n",
         "eu-central-1"},
        {"none", NULL, NULL, NULL, NULL, NULL},
        {"not a region", "eu-west-1/x?", NULL, NULL, NULL, NULL},
        {"another host", "a.example", NULL, NULL, NULL, NULL},
        /* clang-format on */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char got[64] = "";
        struct err e = {0};
        enum err_code rc;

        assert_int_equal(setup(state), 0);
        env("AWS_REGION", rows[i].region);
        env("AWS_DEFAULT_REGION", rows[i].default_region);
        if (rows[i].config != NULL)
            put_file(config_path, rows[i].config, 0600);
        rc = aws_region_find(rows[i].configured, NULL, got, sizeof(got), &e);
        assert_row(rows[i].what, rc == (rows[i].want != NULL ? ERR_OK : ERR_CONFIG));
        assert_row(rows[i].what, rows[i].want == NULL || str_eq(got, rows[i].want));
    }
}

static void test_endpoint(void **state)
{
    static const char profile[] = "[default]\nservices = local\nendpoint_url=http://p\n"
                                  "[services local]\ns3 =\n  endpoint_url = http://no\n"
                                  "ec2 =\n  endpoint_url = http://s:1/\n";
    static const struct {
        const char *what, *configured, *region, *own, *all, *ignore, *config, *want;
    } rows[] = {
        /* clang-format off */
        {"AWS's own", NULL, "eu-west-1", NULL, NULL, NULL, NULL,
         "https://ec2.eu-west-1.amazonaws.com/"},
        {"in China", NULL, "cn-north-1", NULL, NULL, NULL, NULL,
         "https://ec2.cn-north-1.amazonaws.com.cn/"},
        {"ours first", "http://c", "eu-west-1", "http://o", NULL, NULL, profile, "http://c/"},
        {"of the service", NULL, "eu-west-1", "http://o/", "http://a", NULL, profile,
         "http://o/"},
        {"of all services", NULL, "eu-west-1", NULL, "http://a", NULL, profile, "http://a/"},
        {"of the profile's services", NULL, "eu-west-1", NULL, NULL, NULL, profile,
         "http://s:1/"},
        {"of the profile", NULL, "eu-west-1", NULL, NULL, NULL,
         "[default]\nendpoint_url=http://p\n", "http://p/"},
        {"ignored", NULL, "eu-west-1", "http://o/", NULL, "true", profile,
         "https://ec2.eu-west-1.amazonaws.com/"},
        {"ours is never ignored", "http://c/", "eu-west-1", NULL, NULL, "TRUE", NULL,
         "http://c/"},
        /* clang-format on */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char got[128] = "";
        struct err e = {0};

        assert_int_equal(setup(state), 0);
        env("AWS_ENDPOINT_URL_EC2", rows[i].own);
        env("AWS_ENDPOINT_URL", rows[i].all);
        env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", rows[i].ignore);
        if (rows[i].config != NULL)
            put_file(config_path, rows[i].config, 0600);
        assert_row(rows[i].what,
                   aws_endpoint_find(rows[i].configured, "ec2", NULL, rows[i].region, got,
                                     sizeof(got), &e) == ERR_OK);
        if (!str_eq(got, rows[i].want))
            print_error("got %s\n", got);
        assert_row(rows[i].what, str_eq(got, rows[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_chain, setup),
        cmocka_unit_test_setup(test_file_is_read_again_when_it_changes, setup),
        cmocka_unit_test_setup(test_helper_and_refresh, setup),
        cmocka_unit_test_setup(test_failed_refresh_keeps_keys_while_they_do, setup),
        cmocka_unit_test_setup(test_static, setup),
        cmocka_unit_test_setup(test_region, setup),
        cmocka_unit_test_setup(test_endpoint, setup),
    };

    return cmocka_run_group_tests(tests, setup_dir, remove_dir);
}
