#include <config.h>

#include "tests/unit/table.h"

#include "core/base/attr.h"
#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/base/timefmt.h"
#include "core/net/aws_keys.h"

#include <string.h>

#define P AWS_ANSWER_PROCESS
#define C AWS_ANSWER_CONTAINER
#define I AWS_ANSWER_INSTANCE

/* "id/secret/token/end", or "!text" of the error. */
static void say(enum aws_answer_kind kind, const char *text, size_t len, char *out,
                size_t size)
{
    struct aws_answer a = {0};
    struct err e = {0};
    char at[TIME_TEXT];

    if (aws_answer_read(kind, text, len, &a, &e) != ERR_OK) {
        assert_int_not_equal(e.code, ERR_OK);
        assert_null(a.keys.secret_key);
        (void)str_format(out, size, "!%s", e.text);
        return;
    }
    (void)str_format(
        out, size, "%s/%s/%s/%s", a.keys.key_id, secret_expose(a.keys.secret_key),
        a.keys.session_token != NULL ? secret_expose(a.keys.session_token) : "-",
        a.expires.s != 0 ? utc_text(a.expires, at) : "never");
    aws_keys_clear(&a.keys);
}

static void test_answers(void **state)
{
    static const struct {
        const char *what;
        enum aws_answer_kind kind;
        const char *text, *want; /* want "!…": the whole error */
    } rows[] = {
        /* clang-format off */
        {"helper: no token, no end", P, "{\"Version\":1,\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\"}",
         "K/s3/-/never"},
        {"helper: everything", P, "{\"Version\":1,\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\","
         "\"SessionToken\":\"t\",\"Expiration\":\"2026-11-23T12:00:00+01:00\",\"More\":[]}",
         "K/s3/t/2026-11-23T11:00:00Z"},
        {"helper: another version", P, "{\"Version\":2,\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\"}",
         "!its answer is not \"Version\": 1"},
        {"helper: a version as text", P, "{\"Version\":\"1\",\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\"}",
         "!its answer is not \"Version\": 1"},
        {"helper: the fields of an instance", P, "{\"Version\":1,\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\","
         "\"Token\":\"t\"}", "K/s3/-/never"},
        {"helper: no secret", P, "{\"Version\":1,\"AccessKeyId\":\"K\"}", "!its answer lacks SecretAccessKey"},
        {"helper: an empty id", P, "{\"Version\":1,\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s3\"}",
         "!its answer lacks AccessKeyId"},
        {"helper: a number for an id", P, "{\"Version\":1,\"AccessKeyId\":7,\"SecretAccessKey\":\"s3\"}",
         "!its answer lacks AccessKeyId"},
        {"container: no version, no end", C, "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\",\"Token\":\"t\"}",
         "K/s3/t/never"},
        {"container: with its role", C, "{\"RoleArn\":\"arn:x\",\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\","
         "\"Token\":\"t\",\"Expiration\":\"2026-11-23T12:00:00Z\"}", "K/s3/t/2026-11-23T12:00:00Z"},
        {"instance", I, "{\"Code\":\"Success\",\"LastUpdated\":\"2026-11-23T06:00:00Z\",\"Type\":\"AWS-HMAC\","
         "\"AccessKeyId\":\"ASIAK\",\"SecretAccessKey\":\"s3\",\"Token\":\"t\",\"Expiration\":\"2026-11-23T12:00:00Z\"}",
         "ASIAK/s3/t/2026-11-23T12:00:00Z"},
        {"instance: no code, as emulators", I, "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\",\"Token\":\"t\","
         "\"Expiration\":\"2026-11-23T12:00:00Z\"}", "K/s3/t/2026-11-23T12:00:00Z"},
        {"instance: a failure, with its words", I, "{\"Code\":\"AssumeRoleUnauthorizedAccess\","
         "\"Message\":\"EC2 cannot assume the role\\u001b[31m\"}",
         "!it says AssumeRoleUnauthorizedAccess: EC2 cannot assume the role\xEF\xBF\xBD[31m"},
        {"instance: a failure without words", I, "{\"Code\":\"Failed\"}", "!it says Failed"},
        {"instance: no token", I, "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\"}", "!its answer lacks Token"},
        {"instance: no end", I, "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\",\"Token\":\"t\"}",
         "!its answer lacks Expiration"},
        {"a list", C, "[]", "!its answer is no JSON object"},
        {"null", C, "null", "!its answer is no JSON object"},
        {"nothing", C, "", "!not valid JSON at byte 0 of 0"},
        {"a login page", C, "<html>", "!not valid JSON at byte 1 of 6"},
        {"the same name twice", C, "{\"AccessKeyId\":\"K\",\"AccessKeyId\":\"L\"}", "!not valid JSON at byte 32 of 37"},
        {"a date that is none", C, "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\",\"Expiration\":\"tomorrow s3\"}",
         "!its Expiration is no time like 2026-11-23T12:00:00Z"},
        {"an id that ends a header", C, "{\"AccessKeyId\":\"K\\r\\nX: y\",\"SecretAccessKey\":\"s3\"}",
         "!the AWS access key id has characters that none can have: copy it again"},
        {"a token that ends a header", C, "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\",\"Token\":\"t\\nX: y\"}",
         "!the AWS session token has characters that none can have: copy it again"},
        {"a NUL in the secret", C, "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"s3\\u0000more\"}",
         "!its answer lacks SecretAccessKey"},
        {"letters of another alphabet", C, "{\"AccessKeyId\":\"\xD0\x90\",\"SecretAccessKey\":\"s3\"}",
         "!the AWS access key id has characters that none can have: copy it again"},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char got[256];

        say(rows[i].kind, rows[i].text, strlen(rows[i].text), got, sizeof(got));
        if (!str_eq(got, rows[i].want))
            print_error("got %s\n", got);
        assert_row(rows[i].what, str_eq(got, rows[i].want));
        assert_row(rows[i].what, got[0] != '!' || strstr(got, "s3") == NULL);
    }
}

static void test_id_that_is_too_long(void **state)
{
    char id[400];
    struct aws_keys k;
    struct err e = {0};

    (void)state;
    memset(id, 'A', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    assert_int_equal(aws_keys_set(&k, id, "s", NULL, &e), ERR_AUTH);
    assert_string_equal(e.text, "the AWS access key id is too long");
    assert_null(k.secret_key);
}

/* Bytes changed, cut and doubled at random: an answer or an error, never more. */
static void test_broken_answers(void **state)
{
    static const char whole[] =
        "{\"Code\":\"Success\",\"Version\":1,\"AccessKeyId\":\"ASIAK\","
        "\"SecretAccessKey\":\"s3cr3t\",\"Token\":\"to\",\"SessionToken\":\"to\","
        "\"Expiration\":\"2026-11-23T12:00:00Z\"}";
    struct rng rng;

    (void)state;
    rng_seed(&rng, 7);
    for (size_t i = 0; i < 20000; i++) {
        char text[sizeof(whole)], got[600];
        size_t len = sizeof(whole) - 1;

        memcpy(text, whole, sizeof(whole));
        for (int64_t n = rng_between(&rng, 0, 3); n > 0; n--)
            text[rng_between(&rng, 0, (int64_t)len - 1)] =
                (char)rng_between(&rng, 0, 255);
        if (rng_chance(&rng, 250000))
            len = (size_t)rng_between(&rng, 0, (int64_t)len);
        say((enum aws_answer_kind)rng_between(&rng, 0, 2), text, len, got, sizeof(got));
        assert_true(got[0] != '!' || strstr(got, "s3cr3t") == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_id_that_is_too_long),
        cmocka_unit_test(test_broken_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
