/*
 * test_sqs - the queue client against good and faulty answers: what it asks, what it
 * makes of messages, when it deletes them. Owns a script per test.
 * Threads: one.
 */
#include <config.h>

#include "tests/unit/table.h"

#include "core/api/sqs.h"
#include "core/base/jsonw.h"
#include "tests/contract/script.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1800000000 };

#define QUEUE "https://sqs.eu-west-1.amazonaws.com/123456789012/rushhour"
#define EMPTY "{}"
#define EVENT(type, detail)                                                              \
    "{'version':'0','id':'e-1','detail-type':'" type "','source':'aws.ec2',"             \
    "'time':'2027-01-15T08:00:00Z','detail':{" detail "}}"
#define WARNING                                                                          \
    EVENT("EC2 Spot Instance Interruption Warning",                                      \
          "'instance-id':'i-1','instance-action':'terminate'")

struct site {
    const char *what;
    struct script script;
    struct transport transport;
    struct clock_fake now;
    struct clock clock;
    struct config config;
    struct aws_credentials *credentials;
    struct sqs *client;
};

static void site_begin(struct site *s)
{
    struct err e = {0};

    memset(s, 0, sizeof(*s));
    script_init(&s->script);
    s->transport = script_transport(&s->script);
    s->now = (struct clock_fake){.utc = {NOW}, .mono = {1}};
    s->clock = clock_fake_clock(&s->now);
    s->config.aws.endpoint_sqs = "http://127.0.0.1:9/";
    s->config.aws.interruption_queue = QUEUE;
    assert_int_equal(aws_credentials_new_static("AKTEST", "s3cr3t", NULL, &s->clock,
                                                &s->credentials, &e),
                     ERR_OK);
    assert_int_equal(
        sqs_new(&s->config, s->credentials, &s->transport, &s->clock, &s->client, &e),
        ERR_OK);
}

static void site_end(struct site *s)
{
    sqs_free(s->client);
    aws_credentials_free(s->credentials);
    script_clear(&s->script);
}

/* Owned by the caller. */
static struct observation *look(struct site *s, uint64_t handled, enum err_code want,
                                const char *says)
{
    struct observation *o = observation_new(SOURCE_QUEUE);
    struct poll_hints hints = {.batch = handled};
    struct err e = {0};
    enum err_code rc;

    assert_non_null(o);
    rc = sqs_observe(s->client, &hints, o, &e);
    if (rc != want || strstr(e.text, says) == NULL)
        print_error("%s: %s: \"%s\" does not say \"%s\"\n",
                    s->what != NULL ? s->what : "", err_code_name(rc), e.text, says);
    assert_int_equal(rc, want);
    assert_non_null(strstr(e.text, says));
    assert_null(strstr(e.text, "s3cr3t"));
    for (const char *p = e.text; *p != '\0'; p++)
        assert_true((unsigned char)*p >= ' ');
    return o;
}

/* Messages with these bodies (' for "), receipts r-FIRST …; owned by the caller. */
static char *messages(const char *const *bodies, size_t n, int first)
{
    struct strbuf b, one;
    char *text, id[24];

    strbuf_init(&b, 1024 * 1024);
    jsonw_open(&b, NULL, '{');
    jsonw_open(&b, "Messages", '[');
    for (size_t i = 0; i < n; i++) {
        jsonw_open(&b, NULL, '{');
        (void)str_format(id, sizeof(id), "m-%d", first + (int)i);
        jsonw_text(&b, "MessageId", id);
        (void)str_format(id, sizeof(id), "r-%d", first + (int)i);
        jsonw_text(&b, "ReceiptHandle", id);
        strbuf_init(&one, 1024 * 1024);
        for (const char *p = bodies[i]; *p != '\0'; p++)
            strbuf_putc(&one, *p == '\'' ? '"' : *p);
        jsonw_text(&b, "Body", strbuf_text(&one));
        strbuf_clear(&one);
        jsonw_close(&b, '}');
    }
    jsonw_close(&b, ']');
    jsonw_close(&b, '}');
    text = strdup(strbuf_text(&b));
    assert_non_null(text);
    strbuf_clear(&b);
    return text;
}

/* The script tells requests apart by the body: the target is a header. */
#define IS_RECEIVE "WaitTimeSeconds"
#define IS_DELETE  "Entries"

static void test_request(void **state)
{
    struct site s;
    const struct script_request *rq;

    (void)state;
    site_begin(&s);
    script_add(&s.script, (struct script_rule){.needle = IS_RECEIVE, .body = EMPTY});
    observation_unref(look(&s, 0, ERR_OK, ""));
    assert_int_equal(s.script.n_requests, 1);
    rq = script_request(&s.script, IS_RECEIVE, 0);
    assert_string_equal(rq->body,
                        "{\"QueueUrl\":\"" QUEUE "\",\"MaxNumberOfMessages\":10,"
                        "\"WaitTimeSeconds\":20,\"VisibilityTimeout\":60}");
    assert_non_null(strstr(rq->headers, "X-Amz-Target: AmazonSQS.ReceiveMessage"));
    assert_string_equal(rq->sigv4, "aws:amz:eu-west-1:sqs");
    assert_int_equal(rq->timeout_ms, 50000); /* the wait and 30 s */
    site_end(&s);
}

static void test_events(void **state)
{
    static const struct {
        const char *what, *body;
        enum warning_kind kind;
        const char *instance, *state;
    } rows[] = {
        /* clang-format off */
        {"two minutes left", WARNING, WARNING_INTERRUPTION, "i-1", ""},
        {"it may be taken back", EVENT("EC2 Instance Rebalance Recommendation", "'instance-id':'i-2'"), WARNING_REBALANCE, "i-2", ""},
        {"its state", EVENT("EC2 Instance State-change Notification", "'instance-id':'i-3','state':'terminated'"), WARNING_STATE, "i-3", "terminated"},
        {"an event of no interest", EVENT("EC2 Spot Instance Request Fulfillment", "'instance-id':'i-3'"), WARNING_POISON, "", ""},
        {"no instance", EVENT("EC2 Instance Rebalance Recommendation", "'x':1"), WARNING_POISON, "", ""},
        {"no state", EVENT("EC2 Instance State-change Notification", "'instance-id':'i-3'"), WARNING_POISON, "", ""},
        {"an instance that is a number", EVENT("EC2 Instance Rebalance Recommendation", "'instance-id':7"), WARNING_POISON, "", ""},
        {"no time", "{'source':'aws.ec2','detail-type':'EC2 Instance Rebalance Recommendation','detail':{'instance-id':'i-2'}}", WARNING_POISON, "", ""},
        {"of another service", "{'source':'aws.s3','time':'2027-01-15T08:00:00Z'}", WARNING_POISON, "", ""},
        {"a list", "[1,2]", WARNING_POISON, "", ""},
        {"no JSON", "hello", WARNING_POISON, "", ""},
        {"half of one", "{'source':'aws.ec2'", WARNING_POISON, "", ""},
        {"nothing", "", WARNING_POISON, "", ""},
        /* clang-format on */
    };
    struct site s;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *body = messages(&rows[i].body, 1, 1);
        struct observation *o;

        site_begin(&s);
        s.what = rows[i].what;
        script_add(&s.script, (struct script_rule){.needle = IS_RECEIVE, .body = body});
        o = look(&s, 0, ERR_OK, "");
        assert_int_equal(o->as.queue.n, 1);
        assert_int_equal(o->as.queue.batch, 1);
        if (o->as.queue.warnings[0].kind != rows[i].kind)
            print_error("%s\n", rows[i].what);
        assert_int_equal(o->as.queue.warnings[0].kind, rows[i].kind);
        assert_string_equal(o->as.queue.warnings[0].instance, rows[i].instance);
        assert_string_equal(o->as.queue.warnings[0].state, rows[i].state);
        assert_string_equal(o->as.queue.warnings[0].id, "m-1");
        if (rows[i].kind != WARNING_POISON)
            assert_int_equal(o->as.queue.warnings[0].at.s, NOW);
        observation_unref(o);
        site_end(&s);
        free(body);
    }
}

/* A message's words reach people: clean, and not many of them. */
static void test_hostile_text(void **state)
{
    struct site s;
    struct observation *o;

    (void)state;
    site_begin(&s);
    script_add(&s.script,
               (struct script_rule){
                   .needle = IS_RECEIVE,
                   .body =
                       "{\"Messages\":[{\"MessageId\":\"m\\u001b[2J\",\"ReceiptHandle\":"
                       "\"r\",\"Body\":\"\\u001b]0;x\\u0007\\u202eevil\"}]}"});
    o = look(&s, 0, ERR_OK, "");
    assert_int_equal(o->as.queue.warnings[0].kind, WARNING_POISON);
    assert_null(strchr(o->as.queue.warnings[0].text, 0x1b));
    assert_null(strchr(o->as.queue.warnings[0].id, 0x1b));
    assert_null(strstr(o->as.queue.warnings[0].text, "\u202e"));
    observation_unref(o);
    site_end(&s);
}

/* Deleted once their batch is handled, ten at a time, and not before. */
static void test_delete(void **state)
{
    const char *bodies[10];
    char *first, *second;
    struct site s;
    struct observation *o;
    const struct script_request *rq;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        bodies[i] = WARNING;
    first = messages(bodies, 10, 1);
    second = messages(bodies, 2, 11);
    site_begin(&s);
    script_add(&s.script,
               (struct script_rule){.needle = IS_RECEIVE, .times = 1, .body = first});
    script_add(&s.script,
               (struct script_rule){.needle = IS_RECEIVE, .times = 1, .body = second});
    script_add(&s.script, (struct script_rule){.needle = IS_RECEIVE, .body = EMPTY});
    script_add(&s.script,
               (struct script_rule){.needle = IS_DELETE, .body = "{\"Successful\":[]}"});
    o = look(&s, 0, ERR_OK, "");
    assert_int_equal(o->as.queue.batch, 1);
    observation_unref(o);
    assert_int_equal(script_count(&s.script, IS_DELETE), 0);
    o = look(&s, 1, ERR_OK, "");
    assert_int_equal(o->as.queue.batch, 2);
    observation_unref(o);
    assert_int_equal(script_count(&s.script, IS_DELETE), 1);
    rq = script_request(&s.script, IS_DELETE, 0);
    assert_non_null(strstr(rq->body, "\"ReceiptHandle\":\"r-1\""));
    assert_non_null(strstr(rq->body, "\"ReceiptHandle\":\"r-10\""));
    assert_null(strstr(rq->body, "r-11"));
    o = look(&s, 2, ERR_OK, "");
    assert_int_equal(o->as.queue.n, 0);
    assert_int_equal(o->as.queue.batch, 2); /* an empty answer is none */
    observation_unref(o);
    assert_int_equal(script_count(&s.script, IS_DELETE), 2);
    assert_non_null(strstr(script_request(&s.script, IS_DELETE, 1)->body, "r-12"));
    observation_unref(look(&s, 2, ERR_OK, ""));
    assert_int_equal(script_count(&s.script, IS_DELETE), 2);
    site_end(&s);
    free(first);
    free(second);
}

/* A deletion that fails is tried again; one that is refused is not. */
static void test_delete_fails(void **state)
{
    static const char *const bodies[] = {WARNING};
    char *body = messages(bodies, 1, 1);
    struct site s;

    (void)state;
    site_begin(&s);
    script_add(&s.script,
               (struct script_rule){.needle = IS_RECEIVE, .times = 1, .body = body});
    script_add(&s.script, (struct script_rule){.needle = IS_RECEIVE, .body = EMPTY});
    script_add(&s.script,
               (struct script_rule){.needle = IS_DELETE, .times = 1, .status = 503});
    script_add(&s.script, (struct script_rule){.needle = IS_DELETE,
                                               .status = 400,
                                               .body = "{\"__type\":\"com.amazonaws.sqs#"
                                                       "ReceiptHandleIsInvalid\"}"});
    observation_unref(look(&s, 0, ERR_OK, ""));
    observation_unref(look(&s, 1, ERR_SERVER, "interruption queue"));
    observation_unref(look(&s, 1, ERR_OK, ""));
    assert_int_equal(script_count(&s.script, IS_DELETE), 2);
    observation_unref(look(&s, 1, ERR_OK, ""));
    assert_int_equal(script_count(&s.script, IS_DELETE), 2);
    site_end(&s);
    free(body);
}

static void test_faults(void **state)
{
    static const struct {
        const char *what;
        struct script_rule rule;
        enum err_code code;
        const char *says;
    } rows[] = {
        /* clang-format off */
        {"no answer", {.error = ERR_TIMEOUT, .maybe_sent = true}, ERR_TIMEOUT, "ReceiveMessage"},
        {"cut off", {.error = ERR_RESET, .maybe_sent = true}, ERR_RESET, "ReceiveMessage"},
        {"no such queue", {.status = 400, .body = "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"The specified queue does not exist.\"}"}, ERR_REFUSED, "QueueDoesNotExist"},
        {"not allowed", {.status = 400, .body = "{\"__type\":\"com.amazonaws.sqs#AccessDeniedException\",\"Message\":\"no\"}"}, ERR_FORBIDDEN, "ReceiveMessage"},
        {"wrong keys", {.status = 403, .body = "{\"__type\":\"InvalidClientTokenId\",\"message\":\"who?\"}"}, ERR_AUTH, "InvalidClientTokenId"},
        {"too fast", {.status = 400, .body = "{\"__type\":\"ThrottlingException\"}"}, ERR_THROTTLED, "ThrottlingException"},
        {"broken", {.status = 500, .body = "<html>"}, ERR_SERVER, ""},
        {"a login page", {.status = 200, .body = "<html>Please sign in</html>"}, ERR_PROTOCOL, "ReceiveMessage"},
        {"cut", {.status = 200, .body = "{\"Messages\":[{\"Me"}, ERR_PROTOCOL, "ReceiveMessage"},
        {"no list", {.status = 200, .body = "{\"Messages\":{}}"}, ERR_PROTOCOL, "no list"},
        {"no receipt", {.status = 200, .body = "{\"Messages\":[{\"Body\":\"x\"}]}"}, ERR_PROTOCOL, "receipt"},
        {"a receipt that is a number", {.status = 200, .body = "{\"Messages\":[{\"ReceiptHandle\":7}]}"}, ERR_PROTOCOL, "receipt"},
        {"a message that is none", {.status = 200, .body = "{\"Messages\":[null]}"}, ERR_PROTOCOL, "receipt"},
        {"more than were asked for", {.status = 200, .body = "{\"Messages\":[1,2,3,4,5,6,7,8,9,10,11]}"}, ERR_PROTOCOL, "more messages"},
        /* clang-format on */
    };
    struct site s;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct script_rule rule = rows[i].rule;

        site_begin(&s);
        s.what = rows[i].what;
        rule.needle = IS_RECEIVE;
        script_add(&s.script, rule);
        observation_unref(look(&s, 0, rows[i].code, rows[i].says));
        site_end(&s);
    }
}

/* A batch that reached nobody, or only a part of which could be read, is not deleted with
 * the next one: it comes again. */
static void test_not_delivered(void **state)
{
    static const struct {
        const char *what, *first;
        enum err_code code;
        const char *says;
        uint64_t batch; /* of the second one */
    } rows[] = {
        /* clang-format off */
        {"the observation got lost", "{'Messages':[{'ReceiptHandle':'r-1','Body':''}]}", ERR_OK, "", 2},
        {"its second message is none", "{'Messages':[{'ReceiptHandle':'r-1','Body':''},7]}", ERR_PROTOCOL, "receipt", 1},
        /* clang-format on */
    };
    static const char *const bodies[] = {WARNING, WARNING};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *second = messages(bodies, 2, 2), first[128];
        const struct script_request *rq;
        struct observation *o;
        struct site s;

        assert_true(str_copy(first, sizeof(first), rows[i].first));
        for (char *p = first; *p != '\0'; p++)
            *p = *p == '\'' ? '"' : *p;
        site_begin(&s);
        s.what = rows[i].what;
        script_add(&s.script,
                   (struct script_rule){.needle = IS_RECEIVE, .times = 1, .body = first});
        script_add(&s.script, (struct script_rule){
                                  .needle = IS_RECEIVE, .times = 1, .body = second});
        script_add(&s.script, (struct script_rule){.needle = IS_RECEIVE, .body = EMPTY});
        script_add(&s.script, (struct script_rule){.needle = IS_DELETE, .body = EMPTY});
        observation_unref(look(&s, 0, rows[i].code, rows[i].says));
        o = look(&s, 0, ERR_OK, "");
        assert_int_equal(o->as.queue.n, 2);
        assert_int_equal(o->as.queue.batch, rows[i].batch);
        observation_unref(look(&s, o->as.queue.batch, ERR_OK, ""));
        observation_unref(o);
        assert_int_equal(script_count(&s.script, IS_DELETE), 1);
        rq = script_request(&s.script, IS_DELETE, 0);
        assert_null(strstr(rq->body, "r-1"));
        assert_non_null(strstr(rq->body, "r-2"));
        assert_non_null(strstr(rq->body, "r-3"));
        site_end(&s);
        free(second);
    }
}

/* Messages that nobody handles come again; nothing grows without end. */
static void test_never_handled(void **state)
{
    const char *bodies[10];
    char *body;
    struct site s;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        bodies[i] = WARNING;
    body = messages(bodies, 10, 1);
    site_begin(&s);
    script_add(&s.script, (struct script_rule){.needle = IS_DELETE, .body = EMPTY});
    script_add(&s.script, (struct script_rule){.needle = IS_RECEIVE, .body = body});
    for (int i = 0; i < 20; i++)
        observation_unref(look(&s, 0, ERR_OK, ""));
    observation_unref(look(&s, 20, ERR_OK, ""));
    assert_int_equal(script_count(&s.script, IS_DELETE), 1); /* of the last ten */
    site_end(&s);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),       cmocka_unit_test(test_events),
        cmocka_unit_test(test_hostile_text),  cmocka_unit_test(test_delete),
        cmocka_unit_test(test_delete_fails),  cmocka_unit_test(test_faults),
        cmocka_unit_test(test_not_delivered), cmocka_unit_test(test_never_handled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
