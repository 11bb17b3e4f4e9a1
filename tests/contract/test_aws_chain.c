/* The chain of AWS credentials against fake endpoints: container, instance, STS. */
#include <config.h>

#include "tests/contract/fake_server.h"
#include "tests/unit/table.h"

#include "core/net/aws_credentials.h"
#include "core/net/aws_metadata.h"
#include "core/net/aws_region.h"
#include "core/net/aws_web_identity.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROLES  "/latest/meta-data/iam/security-credentials/"
#define SECRET "s3cr3t/+"
#define TOKEN  "tok3n=="
#define INSTANCE                                                                         \
    "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"ASIAI\","             \
    "\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"" TOKEN "\","                        \
    "\"Expiration\":\"2027-01-15T14:00:00Z\"}"
#define CONTAINER                                                                        \
    "{\"RoleArn\":\"arn:aws:iam::1:role/r\",\"AccessKeyId\":\"ASIAC\","                  \
    "\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"" TOKEN "\","                        \
    "\"Expiration\":\"2027-01-15T09:00:00Z\"}"
#define STS                                                                              \
    "<AssumeRoleWithWebIdentityResponse "                                                \
    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"                               \
    "<AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>a</Arn></AssumedRoleUser>"   \
    "<Credentials><AccessKeyId>ASIAW</AccessKeyId><SecretAccessKey>" SECRET              \
    "</SecretAccessKey><SessionToken>" TOKEN "</SessionToken>"                           \
    "<Expiration>2027-01-15T09:00:00Z</Expiration></Credentials>"                        \
    "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"

/* 2027-01-15T08:00:00Z */
static struct clock_fake now = {.utc = {1800000000}, .mono = {1000}};
static struct fake_server *server;
static char dir[] = "/tmp/rushhour-chain-XXXXXX";
static char token_path[64], none_path[64];

/* putenv() keeps the text, so each variable has one of its own. */
static void env(const char *name, const char *value)
{
    static char kept[24][256];
    static size_t n;
    size_t len = strlen(name), i = 0;

    while (i < n && !(strncmp(kept[i], name, len) == 0 &&
                      (kept[i][len] == '=' || kept[i][len] == '\0')))
        i++;
    assert_true(i < ARRAY_LEN(kept));
    n = i == n ? n + 1 : n;
    assert_true(value == NULL
                    ? str_format(kept[i], sizeof(kept[i]), "%s", name)
                    : str_format(kept[i], sizeof(kept[i]), "%s=%s", name, value));
    assert_int_equal(putenv(kept[i]), 0);
}

static void env_url(const char *name, const char *path)
{
    char url[160];

    assert_true(str_format(url, sizeof(url), "%s%s", fake_server_url(server), path));
    env(name, url);
}

static void put_token(const char *text)
{
    FILE *f;

    (void)unlink(token_path);
    f = fopen(token_path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(token_path, 0444), 0);
}

static int setup_all(void **state)
{
    struct err e = {0};

    (void)state;
    server = fake_server_start();
    if (server == NULL || mkdtemp(dir) == NULL || http_global_init(&e) != ERR_OK)
        return -1;
    (void)str_format(token_path, sizeof(token_path), "%s/token", dir);
    (void)str_format(none_path, sizeof(none_path), "%s/none", dir);
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    (void)unlink(token_path);
    (void)rmdir(dir);
    fake_server_stop(server);
    http_global_cleanup();
    return 0;
}

/* No source but those that a test sets; the instance metadata are the fake server's. */
static int setup(void **state)
{
    static const char *const names[] = {"AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_ENDPOINT_URL_STS",
                                        "AWS_EC2_METADATA_DISABLED",
                                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_ROLE_ARN",
                                        "AWS_ROLE_SESSION_NAME",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        env(names[i], NULL);
    env("AWS_CONFIG_FILE", none_path);
    env("AWS_SHARED_CREDENTIALS_FILE", none_path);
    env("AWS_REGION", "eu-west-1");
    env_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
    fake_server_reset(server);
    now.utc.s = 1800000000;
    return 0;
}

static struct aws_credentials *chain(void)
{
    static const struct aws_credentials_config config = {.http = {.timeout_ms = 2000}};
    static struct clock clock;
    struct aws_credentials *c = NULL;
    struct err e = {0};

    clock = clock_fake_clock(&now);
    assert_int_equal(aws_credentials_new(&config, &clock, &c, &e), ERR_OK);
    return c;
}

/* "id/secret/token", or "!code text"; no secret is ever in a text. */
static void say(struct aws_credentials *c, char *out, size_t size)
{
    struct aws_keys keys;
    struct err e = {0};

    if (aws_credentials_get(c, &keys, &e) != ERR_OK) {
        assert_null(strstr(e.text, SECRET));
        assert_null(strstr(e.text, TOKEN));
        (void)str_format(out, size, "!%s: %s", err_code_name(e.code), e.text);
        return;
    }
    (void)str_format(out, size, "%s/%s/%s", keys.key_id, secret_expose(keys.secret_key),
                     keys.session_token != NULL ? secret_expose(keys.session_token)
                                                : "-");
    aws_keys_clear(&keys);
}

static void say_once(char *out, size_t size)
{
    struct aws_credentials *c = chain();

    say(c, out, size);
    aws_credentials_free(c);
}

static void assert_said(const char *what, const char *got, const char *want)
{
    bool ok = want[0] == '!' ? strstr(got, want + 1) != NULL && got[0] == '!'
                             : str_eq(got, want);

    if (!ok)
        print_error("got %s\n", got);
    assert_row(what, ok);
}

/* ----- the instance ----- */

static void put_instance(const struct fake_answer *token, const struct fake_answer *roles,
                         const struct fake_answer *role)
{
    const struct fake_rule rules[] = {
        {.method = "PUT", .path = "=/latest/api/token", .answers = {*token}},
        {.method = "GET", .path = "=" ROLES, .answers = {*roles}},
        {.method = "GET", .path = ROLES, .answers = {*role}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        fake_server_add(server, &rules[i]);
}

static void test_instance(void **state)
{
    static const struct fake_answer good_token = {.type = "text/plain", .body = "T0KEN"};
    static const struct fake_answer good_roles = {.type = "text/plain", .body = "runner"};
    static const struct fake_answer good_role = {.body = INSTANCE};
    static const struct {
        const char *what;
        struct fake_answer token, roles, role; /* all 0: a good one */
        const char *want;
    } rows[] = {
        /* clang-format off */
        {"keys of the role", {0}, {0}, {0}, "ASIAI/" SECRET "/" TOKEN},
        {"a role's line with an end", {0}, {.body = "runner\n"}, {0}, "ASIAI/" SECRET "/" TOKEN},
        {"version 2 is off", {.status = 403}, {0}, {0},
         "!not authenticated: no AWS keys: set AWS_ACCESS_KEY_ID, or put profile default into /tmp/"},
        {"something else answers there", {.status = 404, .body = "<html>"}, {0}, {0},
         "!no instance metadata of version 2 (HTTP 404): enable them"},
        {"it is at its limits", {.status = 503}, {0}, {0}, "!server error: instance metadata: HTTP 503"},
        {"its token has two lines' worth of header", {.body = "T X: y"}, {0}, {0},
         "!not authenticated: instance metadata: its token is no line of text"},
        {"its token is empty", {.body = ""}, {0}, {0}, "!its token is no line of text"},
        {"no role", {0}, {.status = 404}, {0},
         "!not authenticated: instance metadata: this instance has no role: attach an instance profile"},
        {"the token is refused", {0}, {.status = 401}, {0},
         "!not authenticated: instance metadata: HTTP 401"},
        {"a role that leads elsewhere", {0}, {.body = "../../user-data"}, {0},
         "!instance metadata: its role is no name"},
        {"a role of dots", {0}, {.body = ".."}, {0}, "!instance metadata: its role is no name"},
        {"no keys for its role", {0}, {0}, {.status = 404}, "!the role that it names has no keys"},
        {"it may not have the role", {0}, {0},
         {.body = "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no trust\"}"},
         "!not authenticated: instance metadata, role runner: it says AssumeRoleUnauthorizedAccess: no trust"},
        {"keys without an end", {0}, {0},
         {.body = "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"" TOKEN "\"}"},
         "!instance metadata, role runner: its answer lacks Expiration"},
        {"a page instead of keys", {0}, {0}, {.type = "text/html", .body = "<html>" SECRET},
         "!not authenticated: instance metadata, role runner: not valid JSON at byte 1"},
        {"a cut answer", {0}, {0}, {.body = INSTANCE, .fault = FAKE_TRUNCATE},
         "!instance metadata: 127.0.0.1"},
        {"it hangs", {.fault = FAKE_HANG}, {0}, {0},
         "!not authenticated: no AWS keys: set AWS_ACCESS_KEY_ID, or put profile"},
        /* clang-format on */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_answer unset = {0};
        char got[256];

        assert_int_equal(setup(state), 0);
#define OR(a, good)                                                                      \
    (memcmp(&rows[i].a, &unset, sizeof(unset)) == 0 ? &(good) : &rows[i].a)
        put_instance(OR(token, good_token), OR(roles, good_roles), OR(role, good_role));
        say_once(got, sizeof(got));
        assert_said(rows[i].what, got, rows[i].want);
    }
}

static void test_instance_speaks_version_2(void **state)
{
    const struct fake_answer token = {.type = "text/plain", .body = "T0KEN"};
    const struct fake_answer roles = {.type = "text/plain", .body = "runner"};
    const struct fake_answer role = {.body = INSTANCE};
    const struct fake_request *r;
    char got[256], value[64];

    (void)state;
    env_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "/"); /* one slash is enough */
    put_instance(&token, &roles, &role);
    say_once(got, sizeof(got));
    assert_string_equal(got, "ASIAI/" SECRET "/" TOKEN);
    assert_int_equal(fake_server_count(server), 3);
    r = fake_server_request(server, 0);
    assert_string_equal(r->method, "PUT");
    assert_true(fake_request_header(r, "X-aws-ec2-metadata-token-ttl-seconds", value,
                                    sizeof(value)));
    assert_string_equal(value, "21600");
    assert_false(fake_request_header(r, "X-Forwarded-For", value, sizeof(value)));
    for (size_t i = 1; i < 3; i++) {
        r = fake_server_request(server, i);
        assert_string_equal(r->method, "GET");
        assert_true(
            fake_request_header(r, "X-aws-ec2-metadata-token", value, sizeof(value)));
        assert_string_equal(value, "T0KEN");
    }
    assert_string_equal(fake_server_request(server, 2)->path, ROLES "runner");
}

static void test_instance_is_left_alone(void **state)
{
    char got[256];

    (void)state;
    env("AWS_EC2_METADATA_DISABLED", "True");
    say_once(got, sizeof(got));
    assert_said("off", got,
                "!AWS_EC2_METADATA_DISABLED keeps from the instance metadata");
    assert_int_equal(fake_server_count(server), 0);

    assert_int_equal(setup(state), 0);
    env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254");
    say_once(got, sizeof(got));
    assert_said("no URL", got,
                "!AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL like http://");

    assert_int_equal(setup(state), 0);
    env("AWS_PROFILE", "missing"); /* who names a profile means that one */
    say_once(got, sizeof(got));
    assert_said("named", got, "!no AWS keys: profile missing is neither in ");
    assert_int_equal(fake_server_count(server), 0);
}

/* New keys 15 minutes before the end, the old ones while they do. */
static void test_instance_refresh(void **state)
{
    static const char later[] =
        "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA2\",\"SecretAccessKey\":\"s2\","
        "\"Token\":\"t2\",\"Expiration\":\"2027-01-15T20:00:00Z\"}";
    const struct fake_rule rules[] = {
        {.method = "PUT", .path = "=/latest/api/token", .answers = {{.body = "T"}}},
        {.method = "GET", .path = "=" ROLES, .answers = {{.body = "r"}}},
        {.method = "GET",
         .path = ROLES "r",
         .answers = {{.body = INSTANCE}, {.status = 500}, {.body = later}},
         .n_answers = 3},
    };
    struct aws_credentials *c = chain();
    char got[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        fake_server_add(server, &rules[i]);
    say(c, got, sizeof(got));
    assert_string_equal(got, "ASIAI/" SECRET "/" TOKEN);
    now.utc.s += 6 * 3600 - 901; /* 901 s left */
    say(c, got, sizeof(got));
    assert_string_equal(got, "ASIAI/" SECRET "/" TOKEN);
    assert_int_equal(fake_server_count_of(server, "GET", ROLES "r"), 1);
    now.utc.s += 1; /* tried, and failed: the old ones still do */
    say(c, got, sizeof(got));
    assert_string_equal(got, "ASIAI/" SECRET "/" TOKEN);
    assert_int_equal(fake_server_count_of(server, "GET", ROLES "r"), 2);
    say(c, got, sizeof(got)); /* not again within a minute */
    assert_int_equal(fake_server_count_of(server, "GET", ROLES "r"), 2);
    now.utc.s += 61;
    say(c, got, sizeof(got));
    assert_string_equal(got, "ASIA2/s2/t2");
    aws_credentials_free(c);
}

/* Some sources hand out keys that are over already: they are used, and asked for later.
 */
static void test_instance_with_old_keys(void **state)
{
    const struct fake_answer token = {.body = "T"}, roles = {.body = "r"};
    const struct fake_answer role = {
        .body = "{\"AccessKeyId\":\"ASIAO\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                "\"Expiration\":\"2027-01-15T07:00:00Z\"}"};
    struct aws_credentials *c = chain();
    char got[256];

    (void)state;
    put_instance(&token, &roles, &role);
    for (int i = 0; i < 3; i++) {
        say(c, got, sizeof(got));
        assert_string_equal(got, "ASIAO/s/t");
    }
    assert_int_equal(fake_server_count_of(server, "GET", ROLES "r"), 1);
    now.utc.s += 601;
    say(c, got, sizeof(got));
    assert_int_equal(fake_server_count_of(server, "GET", ROLES "r"), 2);
    aws_credentials_expire(c); /* AWS refused them */
    say(c, got, sizeof(got));
    assert_int_equal(fake_server_count_of(server, "GET", ROLES "r"), 3);
    aws_credentials_free(c);
}

static void test_region_of_the_instance(void **state)
{
    static const struct {
        const char *what;
        struct fake_answer region;
        const char *want;
    } rows[] = {
        {"its region", {.body = "ap-south-1"}, "ap-south-1"},
        {"none",
         {.status = 404},
         "!no AWS region: set aws.region, AWS_REGION or the "
         "profile's region; instance metadata: they name no"},
        {"another host", {.body = "evil.example/"}, "!is no AWS region like eu-west-1"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule rule = {.path = "/latest/meta-data/placement/region"};
        char got[256] = "";
        struct err e = {0};

        assert_int_equal(setup(state), 0);
        env("AWS_REGION", NULL);
        rule.answers[0] = rows[i].region;
        fake_server_add(server, &rule);
        fake_server_json(server, "PUT", "/latest/api/token", "T");
        if (aws_region_find(NULL, NULL, got, sizeof(got), &e) != ERR_OK) {
            assert_int_equal(e.code, ERR_CONFIG);
            (void)str_format(got, sizeof(got), "!%s", e.text);
        }
        assert_said(rows[i].what, got, rows[i].want);
    }
}

/* ----- the container ----- */

static void test_container(void **state)
{
    static const struct {
        const char *what, *token, *file; /* file: its content */
        struct fake_answer answer;
        const char *sent; /* NULL: no Authorization */
        const char *want;
    } rows[] = {
        /* clang-format off */
        {"keys", NULL, NULL, {.body = CONTAINER}, NULL, "ASIAC/" SECRET "/" TOKEN},
        {"with a token", "Basic abc", NULL, {.body = CONTAINER}, "Basic abc", "ASIAC/" SECRET "/" TOKEN},
        {"with a file, which wins", "Basic abc", "from-file\n", {.body = CONTAINER}, "from-file",
         "ASIAC/" SECRET "/" TOKEN},
        {"a token that ends the header", "a\r\nX: y", NULL, {.body = CONTAINER}, NULL,
         "!the container's authorization token has several lines"},
        {"a file with two lines", NULL, "a\nb\n", {.body = CONTAINER}, NULL,
         "!the container's authorization token has several lines"},
        {"an empty file", NULL, "\n", {.body = CONTAINER}, NULL,
         "!AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: /tmp/"},
        {"refused, in its words", "Basic abc", NULL,
         {.status = 403, .body = "{\"code\":\"AccessDenied\",\"message\":\"no such \\u001btask\"}"}, "Basic abc",
         "!not authenticated: container credentials: HTTP 403, no such \xEF\xBF\xBDtask: check "
         "AWS_CONTAINER_AUTHORIZATION_TOKEN[_FILE]"},
        {"another path", NULL, NULL, {.status = 404}, NULL,
         "!container credentials: HTTP 404: check AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI"},
        {"it is busy", NULL, NULL, {.status = 429}, NULL, "!throttled: container credentials: HTTP 429"},
        {"it fails", NULL, NULL, {.status = 500}, NULL, "!server error: container credentials: HTTP 500"},
        {"another document", NULL, NULL, {.body = "{\"AccessKeyId\":\"A\"}"}, NULL,
         "!not authenticated: container credentials: its answer lacks SecretAccessKey"},
        {"it goes away", NULL, NULL, {.fault = FAKE_RESET}, NULL, "!connection lost: container credentials: 127.0.0.1"},
        {"it leads elsewhere", NULL, NULL, {.status = 302, .headers = "Location: http://127.0.0.1:1/\r\n"}, NULL,
         "!not authenticated: container credentials: HTTP 302"},
        /* clang-format on */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule rule = {.method = "GET", .path = "=/v1/keys?a=b"};
        const struct fake_request *r;
        char got[256], sent[64];

        assert_int_equal(setup(state), 0);
        env_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/v1/keys?a=b");
        env("AWS_CONTAINER_AUTHORIZATION_TOKEN", rows[i].token);
        if (rows[i].file != NULL) {
            put_token(rows[i].file);
            env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_path);
        }
        rule.answers[0] = rows[i].answer;
        fake_server_add(server, &rule);
        say_once(got, sizeof(got));
        assert_said(rows[i].what, got, rows[i].want);
        r = fake_server_request(server, 0);
        if (r != NULL)
            assert_row(rows[i].what,
                       fake_request_header(r, "Authorization", sent, sizeof(sent))
                           ? rows[i].sent != NULL && str_eq(sent, rows[i].sent)
                           : rows[i].sent == NULL);
        assert_row(rows[i].what, fake_server_count(server) <= 1);
    }
}

static void test_container_addresses(void **state)
{
    static const struct {
        const char *what, *relative, *full, *want; /* want NULL: refused */
    } rows[] = {
        /* clang-format off */
        {"nothing", NULL, NULL, ""},
        {"of ECS", "/v2/credentials/1-2", NULL, "http://169.254.170.2/v2/credentials/1-2"},
        {"the relative one wins", "/v2", "http://127.0.0.1/x", "http://169.254.170.2/v2"},
        {"no path", "@evil.example/", NULL, NULL},
        {"a path with a blank", "/a b", NULL, NULL},
        {"a path with a line", "/a\r\nX: y", NULL, NULL},
        {"of EKS", NULL, "http://169.254.170.23/v1/credentials", "http://169.254.170.23/v1/credentials"},
        {"of EKS, version 6", NULL, "http://[fd00:ec2::23]/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"},
        {"this machine", NULL, "http://localhost:8080/", "http://localhost:8080/"},
        {"this machine, version 6", NULL, "http://[::1]:8080/", "http://[::1]:8080/"},
        {"https anywhere", NULL, "https://keys.example/x", "https://keys.example/x"},
        {"http elsewhere", NULL, "http://keys.example/x", NULL},
        {"a name that begins like it", NULL, "http://127.0.0.1.evil.example/", NULL},
        {"a user before it", NULL, "http://127.0.0.1@evil.example/", NULL},
        {"a user before it, with https", NULL, "https://a:b@keys.example/", NULL},
        {"a backslash", NULL, "http://evil.example\\@127.0.0.1/", NULL},
        {"an address of the same link", NULL, "http://169.254.170.20/", NULL},
        {"the instance's metadata", NULL, "http://169.254.169.254/", NULL},
        {"another scheme", NULL, "file:///etc/passwd", NULL},
        {"no scheme", NULL, "127.0.0.1/x", NULL},
        {"no host", NULL, "http:///x", NULL},
        /* clang-format on */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char url[128];
        struct err e = {0};
        enum err_code rc;

        assert_int_equal(setup(state), 0);
        env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", rows[i].relative);
        env("AWS_CONTAINER_CREDENTIALS_FULL_URI", rows[i].full);
        rc = aws_container_url(url, sizeof(url), &e);
        assert_row(rows[i].what, rc == (rows[i].want != NULL ? ERR_OK : ERR_AUTH));
        assert_row(rows[i].what, rows[i].want == NULL || str_eq(url, rows[i].want));
        assert_row(rows[i].what,
                   rows[i].want != NULL ||
                       strstr(e.text, "AWS_CONTAINER_CREDENTIALS_") != NULL);
    }
}

/* ----- web identity ----- */

static void test_web_identity(void **state)
{
    static const struct {
        const char *what, *role, *file; /* file NULL: it is not there */
        struct fake_answer answer;
        const char *want;
    } rows[] = {
        /* clang-format off */
        {"keys", "arn:aws:iam::1:role/a b", "jwt\n", {.body = STS}, "ASIAW/" SECRET "/" TOKEN},
        {"no role", NULL, "jwt", {0}, "!AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN: set both"},
        {"no file", "r", NULL, {0}, "!not authenticated: AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/"},
        {"an empty file", "r", "", {0}, "!is no token of 1 to 65536 bytes"},
        {"refused, in its words", "r", "jwt", {.status = 400,
         .body = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredTokenException</Code>"
         "<Message>Token expired</Message></Error></ErrorResponse>"},
         "!not authenticated: AWS STS for AWS_WEB_IDENTITY_TOKEN_FILE: ExpiredTokenException: Token expired"},
        {"a proxy's page", "r", "jwt", {.status = 403, .body = "<html><body>no</p></html>"},
         "!forbidden: AWS STS: HTTP 403"},
        {"it fails", "r", "jwt", {.status = 500}, "!server error: AWS STS: HTTP 500"},
        {"no keys in it", "r", "jwt", {.body = "<a/>"},
         "!not authenticated: AWS STS for AWS_WEB_IDENTITY_TOKEN_FILE: its answer lacks keys"},
        {"keys in another place", "r", "jwt", {.body = "<a><AccessKeyId>A</AccessKeyId></a>"}, "!its answer lacks keys"},
        {"a document type", "r", "jwt", {.body = "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"},
         "!AWS STS for AWS_WEB_IDENTITY_TOKEN_FILE: "},
        /* clang-format on */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake_rule rule = {.method = "POST", .path = "=/"};
        char got[256];

        assert_int_equal(setup(state), 0);
        env_url("AWS_ENDPOINT_URL_STS", "");
        env("AWS_WEB_IDENTITY_TOKEN_FILE", token_path);
        env("AWS_ROLE_ARN", rows[i].role);
        (void)unlink(token_path);
        if (rows[i].file != NULL)
            put_token(rows[i].file);
        rule.answers[0] = rows[i].answer;
        rule.answers[0].type = "text/xml";
        fake_server_add(server, &rule);
        say_once(got, sizeof(got));
        assert_said(rows[i].what, got, rows[i].want);
        if (got[0] != '!') {
            const struct fake_request *r = fake_server_request(server, 0);
            char value[8];

            assert_string_equal(r->body,
                                "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
                                "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b"
                                "&RoleSessionName=rushhour&WebIdentityToken=jwt");
            assert_false(fake_request_header(r, "Authorization", value, sizeof(value)));
        }
    }
}

/* ----- an end ----- */

static void *abort_soon(void *arg)
{
    (void)fake_server_wait(server, 1);
    aws_credentials_abort(arg);
    return NULL;
}

static int64_t ms(void)
{
    return clock_mono(clock_system()).ms;
}

static void test_abort(void **state)
{
    const struct fake_rule hang = {.answers = {{.fault = FAKE_HANG}}};
    struct aws_credentials *c = chain();
    int64_t began = ms();
    pthread_t thread;
    char got[256];

    (void)state;
    env_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
    fake_server_add(server, &hang);
    assert_int_equal(pthread_create(&thread, NULL, abort_soon, c), 0);
    say(c, got, sizeof(got));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_said("at once", got, "!canceled: container credentials: ");
    assert_true(ms() - began < 1500);
    say(c, got, sizeof(got));
    assert_said("and for ever", got, "!canceled: container credentials: ");
    aws_credentials_free(c);
}

static void test_abort_of_a_helper(void **state)
{
    struct aws_credentials *c = chain();
    int64_t began = ms();
    char got[256];

    (void)state;
    put_token("[default]\ncredential_process = /bin/sleep 30\n");
    env("AWS_CONFIG_FILE", token_path);
    aws_credentials_abort(c);
    say(c, got, sizeof(got));
    assert_string_equal(got, "!canceled: it was ended by rushhour");
    assert_true(ms() - began < 5000);
    aws_credentials_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_instance, setup),
        cmocka_unit_test_setup(test_instance_speaks_version_2, setup),
        cmocka_unit_test_setup(test_instance_is_left_alone, setup),
        cmocka_unit_test_setup(test_instance_refresh, setup),
        cmocka_unit_test_setup(test_instance_with_old_keys, setup),
        cmocka_unit_test_setup(test_region_of_the_instance, setup),
        cmocka_unit_test_setup(test_container, setup),
        cmocka_unit_test_setup(test_container_addresses, setup),
        cmocka_unit_test_setup(test_web_identity, setup),
        cmocka_unit_test_setup(test_abort, setup),
        cmocka_unit_test_setup(test_abort_of_a_helper, setup),
    };

    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
