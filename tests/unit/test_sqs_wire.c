/*
 * test_sqs_wire - the region's event queue as bytes, what hostile requests get, and our
 * own client in front of it. Owns a site per test.
 * Threads: one.
 */
#include <config.h>

#include "core/api/sqs.h"
#include "core/net/json.h"
#include "core/sim/json_kept.h"
#include "core/sim/md5.h"
#include "core/sim/site_impl.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

#define SCOPE "aws:amz:eu-west-1:sqs"

struct queue {
    struct site *site;
    struct transport transport;
    struct clock_fake now;
    struct clock clock;
    struct secret *key;
    struct http_response rs;
    char url[128];
};

static int setup(void **state)
{
    const struct site_options o = {.seed = 7, .servers = 4, .start = {1795420800}};
    struct queue *q = calloc(1, sizeof(*q));
    struct err e = {0};

    if (q == NULL)
        return -1;
    *state = q;
    assert_int_equal(site_new(&o, &q->site, &e), ERR_OK);
    q->transport = site_transport(q->site);
    q->now = (struct clock_fake){.utc = o.start, .mono = {1}};
    q->clock = clock_fake_clock(&q->now);
    assert_int_equal(
        secret_new(site_aws_secret_key, strlen(site_aws_secret_key), &q->key, &e),
        ERR_OK);
    http_response_init(&q->rs);
    (void)str_format(q->url, sizeof(q->url), "http://127.0.0.1:1/sqs/%s/rushhour",
                     q->site->w->account);
    return 0;
}

static int teardown(void **state)
{
    struct queue *q = *state;

    http_response_clear(&q->rs);
    secret_free(q->key);
    site_free(q->site);
    free(q);
    return 0;
}

static const char *ask(struct queue *q, const char *operation, const char *scope,
                       const char *body)
{
    char target[64];
    struct http_request rq = {.method = "POST",
                              .url = "http://127.0.0.1:1/sqs/",
                              .headers = {{"X-Amz-Target", target, false}},
                              .n_headers = operation != NULL ? 1 : 0,
                              .content_type = "application/x-amz-json-1.0",
                              .body = body,
                              .body_len = strlen(body),
                              .auth = scope != NULL ? HTTP_AUTH_SIGV4 : HTTP_AUTH_NONE,
                              .user = site_aws_key_id,
                              .password = q->key,
                              .sigv4 = scope};
    struct err e = {0};

    (void)str_format(target, sizeof(target), "AmazonSQS.%s",
                     operation != NULL ? operation : "");
    http_response_clear(&q->rs);
    http_response_init(&q->rs);
    assert_int_equal(transport_perform(&q->transport, &rq, &q->rs, &e), ERR_OK);
    return strbuf_text(&q->rs.body);
}

/* body: what follows the QueueUrl. */
static const char *call(struct queue *q, const char *operation, const char *more)
{
    char body[1024];

    assert_true(str_format(body, sizeof(body), "{\"QueueUrl\":\"%s\"%s}", q->url, more));
    return ask(q, operation, SCOPE, body);
}

static void errors(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *operation, *scope, *more, *code; } rows[] = {
        {"not signed", "ReceiveMessage", NULL, "", "MissingAuthenticationTokenException"},
        {"signed for EC2", "ReceiveMessage", "aws:amz:eu-west-1:ec2", "", "InvalidSignatureException"},
        {"no target", NULL, SCOPE, "", "UnknownOperationException"},
        {"an operation nobody has", "Guess", SCOPE, "", "UnknownOperationException"},
        {"too many at once", "ReceiveMessage", SCOPE, ",\"MaxNumberOfMessages\":11", "InvalidParameterValue"},
        {"none at once", "ReceiveMessage", SCOPE, ",\"MaxNumberOfMessages\":0", "InvalidParameterValue"},
        {"too long a wait", "ReceiveMessage", SCOPE, ",\"WaitTimeSeconds\":21", "InvalidParameterValue"},
        {"a wait as text", "ReceiveMessage", SCOPE, ",\"WaitTimeSeconds\":\"1\"", "InvalidParameterValue"},
        {"nothing to delete", "DeleteMessageBatch", SCOPE, "", "EmptyBatchRequest"},
        {"entries that are none", "DeleteMessageBatch", SCOPE, ",\"Entries\":[7]", "MissingParameter"},
        {"too much to delete", "DeleteMessageBatch", SCOPE, ",\"Entries\":[1,2,3,4,5,6,7,8,9,10,11]", "TooManyEntriesInBatchRequest"},
        {"no receipt", "DeleteMessage", SCOPE, "", "ReceiptHandleIsInvalid"},
        {"another's receipt", "DeleteMessage", SCOPE, ",\"ReceiptHandle\":\"AQEB\"", "ReceiptHandleIsInvalid"},
        {"a receipt of no message", "DeleteMessage", SCOPE, ",\"ReceiptHandle\":\"rushhour-99-1\"", "ReceiptHandleIsInvalid"},
        {"an empty message", "SendMessage", SCOPE, ",\"MessageBody\":\"\"", "InvalidParameterValue"},
        /* clang-format on */
    };
    struct queue *q = *state;
    char want[96], body[512];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *text;

        assert_true(str_format(body, sizeof(body), "{\"QueueUrl\":\"%s\"%s}", q->url,
                               rows[i].more));
        text = ask(q, rows[i].operation, rows[i].scope, body);
        assert_true(str_format(want, sizeof(want), "#%s\"", rows[i].code));
        assert_row(rows[i].what, q->rs.status == 400);
        assert_row(rows[i].what, strstr(text, want) != NULL);
    }
    assert_non_null(strstr(ask(q, "ReceiveMessage", SCOPE, "{}"), "QueueDoesNotExist"));
    assert_non_null(
        strstr(ask(q, "ReceiveMessage", SCOPE, "{"), "SerializationException"));
    assert_non_null(
        strstr(ask(q, "ReceiveMessage", SCOPE, "[]"), "SerializationException"));
}

static void md5_of_texts(void **state)
{
    static const struct {
        const char *what, *text, *md5;
    } rows[] = {
        /* RFC 1321, appendix A.5 */
        {"nothing", "", "d41d8cd98f00b204e9800998ecf8427e"},
        {"abc", "abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"letters and digits",
         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"more than a block",
         "1234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "0",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };
    char hex[MD5_HEX];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(md5_hex(rows[i].text, strlen(rows[i].text), hex),
                            rows[i].md5);
}

/* Hidden after it was received, there again when nobody deleted it, gone when somebody
 * did. */
static void visibility(void **state)
{
    struct queue *q = *state;
    int seen = 0;

    call(q, "SendMessage", ",\"MessageBody\":\"hello\"");
    assert_int_equal(q->rs.status, 200);
    assert_non_null(strstr(strbuf_text(&q->rs.body), "5d41402abc4b2a76b9719d911017c592"));
    /* One delivery in twenty hides nothing; two in a row do. */
    for (int i = 0; i < 3; i++)
        seen += strstr(call(q, "ReceiveMessage", ",\"VisibilityTimeout\":60"), "hello") !=
                NULL;
    assert_in_range(seen, 1, 2);
    site_advance(q->site, site_now_ms(q->site) + 59000);
    assert_null(strstr(call(q, "ReceiveMessage", ""), "hello"));
    site_advance(q->site, site_now_ms(q->site) + 2000);
    assert_non_null(strstr(call(q, "ReceiveMessage", ""), "hello"));
    assert_non_null(strstr(strbuf_text(&q->rs.body), "\"ReceiptHandle\":\"rushhour-1-"));
    call(q, "DeleteMessage", ",\"ReceiptHandle\":\"rushhour-1-1\"");
    assert_int_equal(q->rs.status, 200);
    call(q, "DeleteMessage", ",\"ReceiptHandle\":\"rushhour-1-1\"");
    assert_int_equal(q->rs.status, 200); /* it is gone already */
    site_advance(q->site, site_now_ms(q->site) + 100000);
    assert_string_equal(call(q, "ReceiveMessage", ""), "{}");
    assert_string_equal(call(q, "ReceiveMessage", ",\"WaitTimeSeconds\":20"), "{}");
    assert_int_equal(q->rs.took_ms, 20000); /* a long poll: the answer kept its time */
}

static struct observation *look(struct queue *q, struct sqs *client, uint64_t handled)
{
    struct observation *o = observation_new(SOURCE_QUEUE);
    struct poll_hints hints = {.batch = handled};
    struct err e = {0};

    (void)q;
    assert_non_null(o);
    assert_int_equal(sqs_observe(client, &hints, o, &e), ERR_OK);
    return o;
}

/* An instance that is launched and taken back is told of, and then never again. */
static void our_client_reads_it(void **state)
{
    struct queue *q = *state;
    struct world *w = q->site->w;
    const struct sim_launch launch = {.type = w->types[0].name,
                                      .image = "ami-1",
                                      .eni = w->enis[0].id,
                                      .client_token = "",
                                      .spot = true};
    const struct sim_instance *instance = NULL;
    struct config config = {0};
    struct aws_credentials *keys = NULL;
    struct sqs *client = NULL;
    struct observation *o;
    struct err e = {0};
    int warned = 0, changed = 0;
    uint64_t handled = 0;

    config.aws.region = w->region;
    config.aws.endpoint_sqs = "http://127.0.0.1:1/sqs/";
    config.aws.interruption_queue = q->url;
    assert_int_equal(aws_credentials_new_static(site_aws_key_id, site_aws_secret_key,
                                                NULL, &q->clock, &keys, &e),
                     ERR_OK);
    assert_int_equal(sqs_new(&config, keys, &q->transport, &q->clock, &client, &e),
                     ERR_OK);
    assert_int_equal(world_launch(w, &launch, &instance), SIM_OK);
    site_advance(q->site, site_now_ms(q->site) + 300000);
    assert_int_equal(world_interrupt(w, instance->id, 120000, false), SIM_OK);
    for (int i = 0; i < 12; i++) {
        o = look(q, client, handled);
        for (size_t k = 0; k < o->as.queue.n; k++) {
            const struct seen_warning *s = &o->as.queue.warnings[k];

            assert_string_equal(s->instance, instance->id);
            assert_true(s->kind == WARNING_STATE || s->kind == WARNING_INTERRUPTION);
            warned += s->kind == WARNING_INTERRUPTION ? 1 : 0;
            changed += s->kind == WARNING_STATE ? 1 : 0;
        }
        handled = o->as.queue.batch;
        observation_unref(o);
        site_advance(q->site, site_now_ms(q->site) + 20000);
    }
    assert_in_range(warned, 1, 2);
    assert_true(changed >=
                3); /* running, shutting down, terminated; one may come twice */
    site_advance(q->site, site_now_ms(q->site) + 3600000);
    o = look(q, client, handled);
    assert_int_equal(o->as.queue.n, 0);
    observation_unref(o);
    sqs_free(client);
    aws_credentials_free(keys);
}

/* The last one is read once; what is wrong is wrong each time. */
static void test_kept_json(void **state)
{
    static const struct {
        const char *what, *text;
        int64_t want; /* -1: refused */
    } rows[] = {
        /* clang-format off */
        {"the first",      "{\"n\":1}", 1},
        {"the same",       "{\"n\":1}", 1},
        {"another",        "{\"n\":2}", 2},
        {"of one length",  "{\"n\":3}", 3},
        {"cut",            "{\"n\":3", -1},
        {"cut again",      "{\"n\":3", -1},
        {"nothing",        "", -1},
        {"the same later", "{\"n\":3}", 3},
        /* clang-format on */
    };
    struct json_kept k = {.doc = NULL};
    const struct json_doc *first = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const json_value *root = NULL;
        struct err e = {0};
        enum err_code rc =
            json_kept_read(&k, rows[i].text, strlen(rows[i].text), &root, &e);
        int64_t n = -1;

        assert_row(rows[i].what, (rc == ERR_OK) == (rows[i].want >= 0));
        assert_row(rows[i].what, rc != ERR_OK || json_i64(root, "n", 0, 9, &n));
        assert_row(rows[i].what, n == rows[i].want);
        if (i == 0)
            first = k.doc;
        assert_row(rows[i].what, i != 1 || k.doc == first);
    }
    json_kept_clear(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(md5_of_texts),
        cmocka_unit_test_setup_teardown(errors, setup, teardown),
        cmocka_unit_test_setup_teardown(visibility, setup, teardown),
        cmocka_unit_test_setup_teardown(our_client_reads_it, setup, teardown),
        cmocka_unit_test(test_kept_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
