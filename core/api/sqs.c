#include <config.h>

#include "core/api/sqs.h"

#include "core/api/aws_json.h"
#include "core/base/text.h"
#include "core/net/aws_region.h"

#include <stdlib.h>
#include <string.h>

enum {
    WAIT_S = 20,
    SLACK_S = 30,        /* of a long poll's time limit beyond its wait */
    VISIBILITY_S = 60,   /* longer than one wait: what is handled is deleted by then */
    BATCH_MAX = 10,      /* messages of an answer */
    RECEIPT_TEXT = 2048, /* theirs have about 400 characters */
    BODY_LIMIT_BYTES = 32 * 1024,
    EVENT_MAX_BYTES = 256 * 1024,
    REGION_TEXT = 64
};

struct sqs {
    struct aws_json call;
    const char *queue; /* its URL */
    struct strbuf body;
    uint64_t batch;        /* number of the newest one that had messages */
    char *held[BATCH_MAX]; /* its receipts, owned: they wait for it to be handled */
    size_t n_held;
};

/* "https://sqs.eu-west-1.amazonaws.com/…": a queue says where it is. */
static bool region_of_queue(const char *url, char region[REGION_TEXT])
{
    static const char prefix[] = "://sqs.";
    const char *at = strstr(url, prefix);
    size_t len;

    if (at == NULL)
        return false;
    at += strlen(prefix);
    len = strcspn(at, "./:");
    if (len == 0 || len >= REGION_TEXT || at[len] != '.')
        return false;
    memcpy(region, at, len);
    region[len] = '\0';
    return true;
}

enum err_code sqs_new(const struct config *config, struct aws_credentials *credentials,
                      const struct transport *t, const struct clock *clock,
                      struct sqs **out, struct err *e)
{
    struct sqs *c = calloc(1, sizeof(*c));
    char region[REGION_TEXT];
    enum err_code rc = ERR_OK;

    if (c == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a queue client");
    c->queue = config->aws.interruption_queue;
    c->call = (struct aws_json){.service = "sqs",
                                .target = "AmazonSQS",
                                .type = "application/x-amz-json-1.0",
                                .who = "interruption queue",
                                .credentials = credentials,
                                .transport = *t,
                                .clock = clock,
                                .timeout_ms = (WAIT_S + SLACK_S) * 1000};
    strbuf_init(&c->body, BODY_LIMIT_BYTES);
    if (!region_of_queue(c->queue, region))
        rc = aws_region_find(config->aws.region, config->aws.profile, region,
                             sizeof(region), e);
    if (rc == ERR_OK)
        rc = aws_endpoint_find(config->aws.endpoint_sqs, "sqs", config->aws.profile,
                               region, c->call.endpoint, sizeof(c->call.endpoint), e);
    if (rc != ERR_OK) {
        sqs_free(c);
        return rc;
    }
    (void)str_format(c->call.scope, sizeof(c->call.scope), "aws:amz:%s:sqs",
                     region); /* fits */
    *out = c;
    return ERR_OK;
}

/* Their messages come again when they are no longer hidden. */
static void forget(struct sqs *c)
{
    for (size_t i = 0; i < c->n_held; i++)
        free(c->held[i]);
    c->n_held = 0;
}

void sqs_free(struct sqs *c)
{
    if (c == NULL)
        return;
    forget(c);
    strbuf_clear(&c->body);
    free(c);
}

/* ----- what is handled goes ----- */

/* Those that AWS does not delete come again and are handled again. */
static enum err_code delete_held(struct sqs *c, struct err *e)
{
    struct json_doc *doc = NULL;
    char id[16];
    enum err_code rc;

    strbuf_reset(&c->body);
    jsonw_open(&c->body, NULL, '{');
    jsonw_text(&c->body, "QueueUrl", c->queue);
    jsonw_open(&c->body, "Entries", '[');
    for (size_t i = 0; i < c->n_held; i++) {
        jsonw_open(&c->body, NULL, '{');
        (void)str_format(id, sizeof(id), "m%zu", i); /* fits */
        jsonw_text(&c->body, "Id", id);
        jsonw_text(&c->body, "ReceiptHandle", c->held[i]);
        jsonw_close(&c->body, '}');
    }
    jsonw_close(&c->body, ']');
    jsonw_close(&c->body, '}');
    rc = aws_json_call(&c->call, "DeleteMessageBatch", &c->body, &doc, e);
    json_doc_free(doc);
    if (rc == ERR_OK || rc == ERR_REFUSED)
        forget(c);
    return rc;
}

/* A batch that is newer than the one that is handled may never have reached anybody, and
 * the number of the next one will say nothing of it. */
static enum err_code delete_handled(struct sqs *c, uint64_t batch, struct err *e)
{
    if (c->batch > batch)
        forget(c);
    if (c->n_held > 0 && delete_held(c, e) == ERR_REFUSED)
        err_clear(e); /* receipts that are too old: their messages come again */
    return e->code;
}

/* ----- what is received ----- */

static const struct {
    const char *type;
    enum warning_kind kind;
} kinds[] = {
    {"EC2 Spot Instance Interruption Warning", WARNING_INTERRUPTION},
    {"EC2 Instance Rebalance Recommendation", WARNING_REBALANCE},
    {"EC2 Instance State-change Notification", WARNING_STATE},
};

static bool is_text(const json_value *object, const char *name, const char *want)
{
    size_t len;
    const char *text = json_text(object, name, &len);

    return text != NULL && len == strlen(want) && memcmp(text, want, len) == 0;
}

/* False: no event of EC2 that is known. */
static bool read_event(struct arena *a, const json_value *root, struct seen_warning *w)
{
    const json_value *detail = json_get(root, "detail");

    if (!is_text(root, "source", "aws.ec2") || !json_time(root, "time", &w->at))
        return false;
    w->instance = json_text_dup(a, detail, "instance-id", ID_TEXT - 1);
    w->state = json_text_dup(a, detail, "state", NAME_TEXT - 1);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!is_text(root, "detail-type", kinds[i].type))
            continue;
        w->kind = kinds[i].kind;
        return w->instance[0] != '\0' &&
               (w->kind != WARNING_STATE || w->state[0] != '\0');
    }
    return false;
}

/* Whatever it is, something comes of it: a poisonous message is told, too. ERR_NOMEM:
 * nobody knows what it is. */
static enum err_code read_message(struct arena *a, const json_value *m,
                                  struct seen_warning *w, struct err *e)
{
    struct json_doc *doc = NULL;
    struct err why = {0};
    size_t len;
    const char *body = json_text(m, "Body", &len);

    *w = (struct seen_warning){.kind = WARNING_POISON, .instance = "", .state = ""};
    w->id = json_text_dup(a, m, "MessageId", ID_TEXT - 1);
    w->text = json_text_dup(a, m, "Body", NAME_TEXT - 1);
    if (body == NULL || len > EVENT_MAX_BYTES ||
        json_parse(body, len, &doc, &why) != ERR_OK)
        return why.code == ERR_NOMEM ? err_set(e, ERR_NOMEM, "%s", why.text) : ERR_OK;
    if (!read_event(a, json_doc_root(doc), w)) {
        w->kind = WARNING_POISON;
        w->instance = w->state = "";
    }
    json_doc_free(doc);
    return arena_failed(a) ? err_set(e, ERR_NOMEM, "no memory for events") : ERR_OK;
}

/* NULL: the message has none that can be one. */
static const char *receipt_of(const json_value *m)
{
    size_t len;
    const char *receipt = json_text(m, "ReceiptHandle", &len);

    return receipt != NULL && len > 0 && len < RECEIPT_TEXT && strlen(receipt) == len
               ? receipt
               : NULL;
}

/* A receipt that is not kept means that its message comes once more. */
static void hold(struct sqs *c, const char *receipt)
{
    char *copy = strdup(receipt);

    if (copy != NULL)
        c->held[c->n_held++] = copy;
}

/* Receipts are kept when all is read: of a batch that fails nobody hears. */
static enum err_code read_messages(struct sqs *c, const json_value *root,
                                   struct observation *o, struct err *e)
{
    const json_value *list = json_get(root, "Messages");
    size_t n = json_list_len(list);
    struct seen_warning *warnings;

    if (list != NULL && !json_is_null(list) && !json_is_list(list))
        return err_set(e, ERR_PROTOCOL, "interruption queue: Messages is no list");
    if (n > BATCH_MAX)
        return err_set(e, ERR_PROTOCOL,
                       "interruption queue: more messages than were asked for");
    warnings = arena_alloc(o->arena, n, sizeof(*warnings));
    if (n > 0 && warnings == NULL)
        return err_set(e, ERR_NOMEM, "no memory for events");
    for (size_t i = 0; i < n; i++) {
        const json_value *m = json_list_at(list, i);

        if (receipt_of(m) == NULL)
            return err_set(e, ERR_PROTOCOL,
                           "interruption queue: a message without a receipt");
        if (read_message(o->arena, m, &warnings[i], e) != ERR_OK)
            return e->code;
    }
    if (n > 0)
        c->batch++;
    for (size_t i = 0; i < n; i++)
        hold(c, receipt_of(json_list_at(list, i)));
    o->as.queue = (struct obs_queue){warnings, n, c->batch};
    return ERR_OK;
}

static enum err_code receive(struct sqs *c, struct observation *o, struct err *e)
{
    struct json_doc *doc = NULL;
    enum err_code rc;

    strbuf_reset(&c->body);
    jsonw_open(&c->body, NULL, '{');
    jsonw_text(&c->body, "QueueUrl", c->queue);
    jsonw_i64(&c->body, "MaxNumberOfMessages", BATCH_MAX);
    jsonw_i64(&c->body, "WaitTimeSeconds", WAIT_S);
    jsonw_i64(&c->body, "VisibilityTimeout", VISIBILITY_S);
    jsonw_close(&c->body, '}');
    rc = aws_json_call(&c->call, "ReceiveMessage", &c->body, &doc, e);
    if (rc == ERR_OK)
        rc = read_messages(c, json_doc_root(doc), o, e);
    json_doc_free(doc);
    return rc;
}

enum err_code sqs_observe(struct sqs *c, const struct poll_hints *hints,
                          struct observation *o, struct err *e)
{
    int64_t began_ms = clock_mono(c->call.clock).ms;
    enum err_code rc = ERR_OK;

    c->call.skew_known = false;
    if (o->source != SOURCE_QUEUE)
        rc = err_set(e, ERR_BUG, "%s is not read from the queue", source_api(o->source));
    if (rc == ERR_OK)
        rc = delete_handled(c, hints->batch, e);
    if (rc == ERR_OK)
        rc = receive(c, o, e);
    o->at = clock_utc(c->call.clock); /* it has waited for what came */
    o->took_ms = clock_mono(c->call.clock).ms - began_ms;
    o->skew_known = c->call.skew_known;
    o->skew_s = c->call.skew_s;
    o->err = *e;
    return rc;
}
