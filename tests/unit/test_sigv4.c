/*
 * test_sigv4 - the verifier against published examples of the algorithm, and against
 * everything that must not pass.
 * No memory.
 * Threads: one.
 */
#include <config.h>

#include "core/base/timefmt.h"
#include "core/sim/sigv4.h"
#include "tests/unit/table.h"

#include <string.h>

#define SCOPE(service)                                                                   \
    "Credential=AKIDEXAMPLE/20150830/us-east-1/" service "/aws4_request"

/* Keys, date and signatures of AWS's published test suite for version 4. */
static struct sigv4_account example_account(const char *service)
{
    return (struct sigv4_account){
        .key_id = "AKIDEXAMPLE",
        .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        .region = "us-east-1",
        .service = service,
        .now = {{1440938160}}, /* 2015-08-30T12:36:00Z */
    };
}

static const struct {
    const char *what, *method, *url, *host, *content_type, *authorization, *body;
    const char *service;
    enum sigv4_verdict want;
} rows[] = {
    /* clang-format off */
    {"published: plain GET", "GET", "https://example.amazonaws.com/", "example.amazonaws.com", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=host;x-amz-date, "
     "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", NULL, "service", SIGV4_OK},
    {"host from the URL when no header says it", "GET", "https://example.amazonaws.com", NULL, NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=host;x-amz-date, "
     "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", NULL, "service", SIGV4_OK},
    {"published: query out of order", "GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1",
     "example.amazonaws.com", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=host;x-amz-date, "
     "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", NULL, "service", SIGV4_OK},
    {"published: form body", "POST", "https://example.amazonaws.com/", "example.amazonaws.com",
     "application/x-www-form-urlencoded",
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=content-type;host;x-amz-date, "
     "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", "Param1=value1", "service", SIGV4_OK},
    {"published: list users", "GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
     "iam.amazonaws.com", "application/x-www-form-urlencoded; charset=utf-8",
     "AWS4-HMAC-SHA256 " SCOPE("iam") ", SignedHeaders=content-type;host;x-amz-date, "
     "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7", NULL, "iam", SIGV4_OK},
    {"another body", "POST", "https://example.amazonaws.com/", "example.amazonaws.com",
     "application/x-www-form-urlencoded",
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=content-type;host;x-amz-date, "
     "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", "Param1=value2", "service", SIGV4_MISMATCH},
    {"another host", "GET", "https://example.amazonaws.com/", "example.amazonaws.org", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=host;x-amz-date, "
     "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", NULL, "service", SIGV4_MISMATCH},
    {"no header at all", "GET", "https://example.amazonaws.com/", "example.amazonaws.com", NULL, NULL, NULL, "service", SIGV4_MISSING},
    {"Basic is no signature", "GET", "https://example.amazonaws.com/", "h", NULL, "Basic eDp5", NULL, "service", SIGV4_INCOMPLETE},
    {"no SignedHeaders", "GET", "https://example.amazonaws.com/", "h", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", Signature=5fa0", NULL, "service", SIGV4_INCOMPLETE},
    {"host is not covered", "GET", "https://example.amazonaws.com/", "h", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=x-amz-date, Signature=5fa0", NULL, "service", SIGV4_INCOMPLETE},
    {"date is not covered", "GET", "https://example.amazonaws.com/", "h", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=host, Signature=5fa0", NULL, "service", SIGV4_INCOMPLETE},
    {"scope of four parts", "GET", "https://example.amazonaws.com/", "h", NULL,
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa0",
     NULL, "service", SIGV4_INCOMPLETE},
    {"scope of another day", "GET", "https://example.amazonaws.com/", "h", NULL,
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150831/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa0",
     NULL, "service", SIGV4_INCOMPLETE},
    {"unknown key", "GET", "https://example.amazonaws.com/", "h", NULL,
     "AWS4-HMAC-SHA256 Credential=AKIDOTHER/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa0",
     NULL, "service", SIGV4_KEY},
    {"another region", "GET", "https://example.amazonaws.com/", "h", NULL,
     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa0",
     NULL, "service", SIGV4_SCOPE},
    {"another service", "GET", "https://example.amazonaws.com/", "h", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("ec2") ", SignedHeaders=host;x-amz-date, Signature=5fa0", NULL, "service", SIGV4_SCOPE},
    {"a signature cut short", "GET", "https://example.amazonaws.com/", "example.amazonaws.com", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73e", NULL, "service", SIGV4_MISMATCH},
    {"a signed header that never came", "GET", "https://example.amazonaws.com/", "example.amazonaws.com", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=expect;host;x-amz-date, "
     "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", NULL, "service", SIGV4_MISMATCH},
    {"signed headers out of order", "GET", "https://example.amazonaws.com/", "example.amazonaws.com", NULL,
     "AWS4-HMAC-SHA256 " SCOPE("service") ", SignedHeaders=x-amz-date;host, "
     "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", NULL, "service", SIGV4_MISMATCH},
    /* clang-format on */
};

static struct http_request request_of(size_t row)
{
    struct http_request rq = {.method = rows[row].method,
                              .url = rows[row].url,
                              .body = rows[row].body,
                              .body_len =
                                  rows[row].body != NULL ? strlen(rows[row].body) : 0};

    rq.headers[rq.n_headers++] =
        (struct http_header){"X-Amz-Date", "20150830T123600Z", false};
    if (rows[row].host != NULL)
        rq.headers[rq.n_headers++] = (struct http_header){"Host", rows[row].host, false};
    if (rows[row].content_type != NULL)
        rq.headers[rq.n_headers++] =
            (struct http_header){"Content-Type", rows[row].content_type, false};
    if (rows[row].authorization != NULL)
        rq.headers[rq.n_headers++] =
            (struct http_header){"Authorization", rows[row].authorization, true};
    return rq;
}

static void verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_request rq = request_of(i);
        struct sigv4_account account = example_account(rows[i].service);

        assert_row(rows[i].what, sigv4_check(&rq, &account) == rows[i].want);
    }
}

static void a_quarter_of_an_hour_off_is_too_old(void **state)
{
    struct http_request rq = request_of(0);
    struct sigv4_account account = example_account("service");

    (void)state;
    account.now[0].s += 15 * 60;
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_OK);
    account.now[0].s += 1;
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_EXPIRED);
    account.now[1].s = 1440938160 - 15 * 60; /* the other clock agrees */
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_OK);
}

static void another_secret_does_not_pass(void **state)
{
    struct http_request rq = request_of(0);
    struct sigv4_account account = example_account("service");

    (void)state;
    account.secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEz";
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_MISMATCH);
}

static void the_transport_in_this_process_passes_keys(void **state)
{
    struct sigv4_account account = example_account("ec2");
    struct secret *right = NULL, *wrong = NULL;
    struct err e = {0};
    struct http_request rq = {.method = "POST",
                              .url = "http://127.0.0.1:1/ec2/",
                              .auth = HTTP_AUTH_SIGV4,
                              .user = "AKIDEXAMPLE",
                              .sigv4 = "aws:amz:us-east-1:ec2"};

    (void)state;
    assert_int_equal(
        secret_new(account.secret_key, strlen(account.secret_key), &right, &e), ERR_OK);
    assert_int_equal(secret_new("no", 2, &wrong, &e), ERR_OK);
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_MISSING);
    rq.password = wrong;
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_MISMATCH);
    rq.password = right;
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_OK);
    rq.sigv4 = "aws:amz:us-east-1:sts";
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_SCOPE);
    rq.user = "AKIDOTHER";
    assert_int_equal(sigv4_check(&rq, &account), SIGV4_KEY);
    secret_free(right);
    secret_free(wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(a_quarter_of_an_hour_off_is_too_old),
        cmocka_unit_test(another_secret_does_not_pass),
        cmocka_unit_test(the_transport_in_this_process_passes_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
