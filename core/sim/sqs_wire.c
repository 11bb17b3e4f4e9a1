/*
 * sqs_wire - the queue that the region's event bus fills (aws-api 6): received, not seen
 * by others for a while, deleted by receipt. Delivered at least once, in no order, as the
 * real one does. Owns its queue, in the world's slot. Threads: as the world.
 */
#include <config.h>

#include "core/sim/aws_json_wire.h"

#include "core/base/rng.h"
#include "core/sim/json_kept.h"
#include "core/sim/md5.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_NAME "rushhour"

enum {
    QUEUE_MAX = 256, /* the oldest goes when it is full */
    BODY_BYTES = 8192,
    BATCH_MAX = 10,
    WAIT_MAX_S = 20,
    VISIBILITY_S = 30, /* when a request does not say */
    VISIBILITY_MAX_S = 12 * 3600,
    TWICE_PPM = 50000 /* delivered, and not hidden: comes once more */
};

static const struct aws_json_service service = {
    .name = "com.amazonaws.sqs",
    .type = "application/x-amz-json-1.0",
    .signer = "sqs",
};

struct message {
    uint64_t serial;
    char *body; /* owned */
    int64_t sent, visible_at;
    int64_t receives;
};

struct queue {
    struct rng rng;
    uint64_t bus_seq; /* of the newest event that is in it, or was */
    uint64_t next_serial;
    struct message *messages[QUEUE_MAX]; /* oldest first, owned */
    size_t n;
    struct json_kept asked;
};

static void refuse(struct http_response *rs, const char *code, const char *message)
{
    aws_json_refuse(&service, rs, code, message);
}

/* ---- the queue ---- */

static void drop(struct queue *q, size_t i)
{
    free(q->messages[i]->body);
    free(q->messages[i]);
    q->n--;
    memmove(&q->messages[i], &q->messages[i + 1], (q->n - i) * sizeof(q->messages[0]));
}

static void queue_free(void *data)
{
    struct queue *q = data;

    while (q->n > 0)
        drop(q, q->n - 1);
    json_kept_clear(&q->asked);
    free(q);
}

/* NULL when memory is out. */
static struct message *add(struct queue *q, const char *body, int64_t now)
{
    struct message *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->body = strdup(body);
    if (m->body == NULL) {
        free(m);
        return NULL;
    }
    if (q->n == QUEUE_MAX)
        drop(q, 0);
    m->serial = ++q->next_serial;
    m->sent = m->visible_at = now;
    q->messages[q->n++] = m;
    return m;
}

static void put_event(const struct world *w, const struct sim_bus_event *ev,
                      struct strbuf *b)
{
    static const char *const types[] = {
        [SIM_EVENT_INTERRUPTION] = "EC2 Spot Instance Interruption Warning",
        [SIM_EVENT_REBALANCE] = "EC2 Instance Rebalance Recommendation",
        [SIM_EVENT_STATE] = "EC2 Instance State-change Notification",
    };
    static const char *const states[] = {[SIM_PENDING] = "pending",
                                         [SIM_RUNNING] = "running",
                                         [SIM_SHUTTING_DOWN] = "shutting-down",
                                         [SIM_TERMINATED] = "terminated",
                                         [SIM_STOPPING] = "stopping",
                                         [SIM_STOPPED] = "stopped"};
    char text[128];

    strbuf_reset(b);
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "version", "0");
    (void)str_format(text, sizeof(text), "5eed%04x-0000-4000-8000-%012llx",
                     (unsigned)(w->seed & 0xffff), (unsigned long long)ev->seq);
    jsonw_text(b, "id", text);
    jsonw_text(b, "detail-type", types[ev->kind]);
    jsonw_text(b, "source", "aws.ec2");
    jsonw_text(b, "account", w->account);
    jsonw_utc(b, "time", (struct utc){ev->at / 1000});
    jsonw_text(b, "region", w->region);
    jsonw_open(b, "resources", '[');
    (void)str_format(text, sizeof(text), "arn:aws:ec2:%s:%s:instance/%s", w->region,
                     w->account, ev->instance);
    jsonw_comma(b);
    json_put_text(b, text);
    jsonw_close(b, ']');
    jsonw_open(b, "detail", '{');
    jsonw_text(b, "instance-id", ev->instance);
    if (ev->kind == SIM_EVENT_INTERRUPTION)
        jsonw_text(b, "instance-action", "terminate");
    if (ev->kind == SIM_EVENT_STATE)
        jsonw_text(b, "state", states[ev->state]);
    jsonw_close(b, '}');
    jsonw_close(b, '}');
}

/* What the bus told since the last look; what it no longer has is lost, as the real one
 * promises its best only. */
static void fill(struct queue *q, const struct world *w)
{
    struct strbuf b;

    if (q->bus_seq + SIM_KEEP_EVENTS < w->bus_seq)
        q->bus_seq = w->bus_seq - SIM_KEEP_EVENTS;
    strbuf_init(&b, BODY_BYTES);
    while (q->bus_seq < w->bus_seq) {
        const struct sim_bus_event *ev = &w->bus[++q->bus_seq % SIM_KEEP_EVENTS];

        put_event(w, ev, &b);
        if (!b.failed)
            (void)add(q, strbuf_text(&b), ev->at); /* no memory: one event less */
    }
    strbuf_clear(&b);
}

/* NULL when memory is out. */
static struct queue *queue_of(struct world *w)
{
    struct sim_wire_state *slot = &w->wires[WIRE_SQS];
    struct queue *q = slot->data;

    if (q == NULL && (q = calloc(1, sizeof(*q))) != NULL) {
        rng_seed(&q->rng, w->seed ^ UINT64_C(0x737173));
        slot->data = q;
        slot->free = queue_free;
    }
    if (q != NULL)
        fill(q, w);
    return q;
}

/* ---- receipts: "rushhour-7-2", the second delivery of message 7 ---- */

enum { RECEIPT_TEXT = 64 };

static void receipt(const struct message *m, char out[RECEIPT_TEXT])
{
    (void)str_format(out, RECEIPT_TEXT, QUEUE_NAME "-%llu-%lld",
                     (unsigned long long)m->serial, (long long)m->receives); /* fits */
}

/* Deleting what is gone already succeeds; false: it never was a receipt. */
static bool delete_by(struct queue *q, const char *text)
{
    struct err ignored = {0};
    char serial[24];
    size_t len;
    int64_t v;

    if (text == NULL || !str_starts(text, QUEUE_NAME "-"))
        return false;
    text += strlen(QUEUE_NAME "-");
    len = strcspn(text, "-");
    if (text[len] != '-' || len >= sizeof(serial))
        return false;
    memcpy(serial, text, len);
    serial[len] = '\0';
    if (str_to_i64(serial, 1, INT64_MAX, &v, &ignored) != ERR_OK ||
        (uint64_t)v > q->next_serial)
        return false;
    for (size_t i = 0; i < q->n; i++) {
        if (q->messages[i]->serial == (uint64_t)v) {
            drop(q, i);
            break;
        }
    }
    return true;
}

/* ---- the calls ---- */

struct sqs_call {
    struct world *w;
    struct queue *queue;
    const json_value *in;
    struct http_response *rs;
};

/* An optional number; false: it is none, or out of range, and rs says so. */
static bool number(struct sqs_call *c, const char *name, int64_t least, int64_t most,
                   int64_t otherwise, int64_t *out)
{
    *out = otherwise;
    if (json_get(c->in, name) == NULL || json_i64(c->in, name, least, most, out))
        return true;
    refuse(c->rs, "InvalidParameterValue", name);
    return false;
}

static void put_message(struct strbuf *b, const struct message *m)
{
    char text[RECEIPT_TEXT], md5[MD5_HEX];

    jsonw_open(b, NULL, '{');
    (void)str_format(text, sizeof(text), "5eed0000-0000-4000-8000-%012llx",
                     (unsigned long long)m->serial);
    jsonw_text(b, "MessageId", text);
    receipt(m, text);
    jsonw_text(b, "ReceiptHandle", text);
    jsonw_text(b, "MD5OfBody", md5_hex(m->body, strlen(m->body), md5));
    jsonw_text(b, "Body", m->body);
    jsonw_open(b, "Attributes", '{');
    (void)str_format(text, sizeof(text), "%lld", (long long)m->sent);
    jsonw_text(b, "SentTimestamp", text);
    (void)str_format(text, sizeof(text), "%lld", (long long)m->receives);
    jsonw_text(b, "ApproximateReceiveCount", text);
    jsonw_close(b, '}');
    jsonw_close(b, '}');
}

/* With nothing there the answer may be kept back for the time that was asked for. */
static void receive(struct sqs_call *c)
{
    struct queue *q = c->queue;
    struct strbuf *b = &c->rs->body;
    int64_t most, wait, hidden, n = 0;
    size_t from;

    if (!number(c, "MaxNumberOfMessages", 1, BATCH_MAX, 1, &most) ||
        !number(c, "WaitTimeSeconds", 0, WAIT_MAX_S, 0, &wait) ||
        !number(c, "VisibilityTimeout", 0, VISIBILITY_MAX_S, VISIBILITY_S, &hidden))
        return;
    wire_answer(c->rs, 200, service.type, "");
    jsonw_open(b, NULL, '{');
    from = q->n > 0 ? (size_t)rng_between(&q->rng, 0, (int64_t)q->n - 1) : 0;
    for (size_t k = 0; k < q->n && n < most; k++) {
        struct message *m = q->messages[(from + k) % q->n];

        if (m->visible_at > c->w->now)
            continue;
        if (n++ == 0)
            jsonw_open(b, "Messages", '[');
        m->receives++;
        if (m->receives > 1 || !rng_chance(&q->rng, TWICE_PPM))
            m->visible_at = c->w->now + hidden * 1000;
        put_message(b, m);
    }
    if (n > 0)
        jsonw_close(b, ']');
    else
        c->w->hold_ms = wait * 1000;
    jsonw_close(b, '}');
}

static const char *text_of(const json_value *object, const char *name)
{
    size_t len;

    return json_text(object, name, &len);
}

static void delete_one(struct sqs_call *c)
{
    if (delete_by(c->queue, text_of(c->in, "ReceiptHandle")))
        wire_answer(c->rs, 200, service.type, "{}");
    else
        refuse(c->rs, "ReceiptHandleIsInvalid",
               "The input receipt handle is not a valid receipt handle.");
}

static void put_failed(struct strbuf *b, const char *id)
{
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "Id", id);
    jsonw_bool(b, "SenderFault", true);
    jsonw_text(b, "Code", "ReceiptHandleIsInvalid");
    jsonw_text(b, "Message", "The input receipt handle is invalid.");
    jsonw_close(b, '}');
}

static void delete_batch(struct sqs_call *c)
{
    const json_value *entries = json_get(c->in, "Entries");
    size_t n = json_list_len(entries);
    struct strbuf *b = &c->rs->body;
    bool done[BATCH_MAX];

    if (n == 0 || n > BATCH_MAX) {
        refuse(c->rs, n == 0 ? "EmptyBatchRequest" : "TooManyEntriesInBatchRequest",
               "1 to 10 entries are wanted");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (text_of(json_list_at(entries, i), "Id") == NULL) {
            refuse(c->rs, "MissingParameter", "Id");
            return;
        }
    }
    for (size_t i = 0; i < n; i++)
        done[i] = delete_by(c->queue, text_of(json_list_at(entries, i), "ReceiptHandle"));
    wire_answer(c->rs, 200, service.type, "");
    jsonw_open(b, NULL, '{');
    jsonw_open(b, "Successful", '[');
    for (size_t i = 0; i < n; i++) {
        if (!done[i])
            continue;
        jsonw_open(b, NULL, '{');
        jsonw_text(b, "Id", text_of(json_list_at(entries, i), "Id"));
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
    jsonw_open(b, "Failed", '[');
    for (size_t i = 0; i < n; i++)
        if (!done[i])
            put_failed(b, text_of(json_list_at(entries, i), "Id"));
    jsonw_close(b, ']');
    jsonw_close(b, '}');
}

static void send_message(struct sqs_call *c)
{
    const char *body = text_of(c->in, "MessageBody");
    struct strbuf *b = &c->rs->body;
    struct message *m;
    char text[40], md5[MD5_HEX];

    if (body == NULL || body[0] == '\0' || strlen(body) >= BODY_BYTES) {
        refuse(c->rs, "InvalidParameterValue", "MessageBody");
        return;
    }
    m = add(c->queue, body, c->w->now);
    if (m == NULL) {
        wire_answer(c->rs, 500, service.type, "");
        return;
    }
    wire_answer(c->rs, 200, service.type, "");
    jsonw_open(b, NULL, '{');
    (void)str_format(text, sizeof(text), "5eed0000-0000-4000-8000-%012llx",
                     (unsigned long long)m->serial);
    jsonw_text(b, "MessageId", text);
    jsonw_text(b, "MD5OfMessageBody", md5_hex(body, strlen(body), md5));
    jsonw_close(b, '}');
}

static const struct {
    const char *target;
    void (*call)(struct sqs_call *c);
} calls[] = {
    {"AmazonSQS.ReceiveMessage", receive},
    {"AmazonSQS.DeleteMessage", delete_one},
    {"AmazonSQS.DeleteMessageBatch", delete_batch},
    {"AmazonSQS.SendMessage", send_message},
};

/* ".../ACCOUNT/rushhour": the only queue there is. */
static bool is_queue(const struct world *w, const char *url)
{
    char tail[64];
    size_t n, len;

    if (url == NULL)
        return false;
    (void)str_format(tail, sizeof(tail), "/%s/" QUEUE_NAME, w->account); /* fits */
    n = strlen(tail);
    len = strlen(url);
    return len > n && str_eq(url + len - n, tail);
}

static void answer(struct sqs_call *c, const char *target)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        if (!str_eq(target, calls[i].target))
            continue;
        if (!is_queue(c->w, text_of(c->in, "QueueUrl")))
            refuse(c->rs, "QueueDoesNotExist",
                   "The specified queue does not exist for this wsdl version.");
        else
            calls[i].call(c);
        return;
    }
    refuse(c->rs, "UnknownOperationException", "");
}

bool wire_sqs(struct world *w, const struct http_request *rq, struct http_response *rs)
{
    struct sqs_call c = {.w = w, .rs = rs, .queue = queue_of(w)};
    const char *target = wire_header(rq, "X-Amz-Target");
    struct err e = {0};

    wire_request_id(w, rs);
    if (!aws_json_is_signed(&service, w, rq, rs))
        return true;
    if (c.queue == NULL) {
        wire_answer(rs, 500, service.type, "");
    } else if (!str_eq(rq->method, "POST") || target == NULL) {
        refuse(rs, "UnknownOperationException", "");
    } else if (json_kept_read(&c.queue->asked, rq->body,
                              rq->body != NULL ? rq->body_len : 0, &c.in, &e) != ERR_OK ||
               !json_is_object(c.in)) {
        refuse(rs, "SerializationException", e.text);
    } else {
        answer(&c, target);
    }
    if (rs->body.failed)
        wire_answer(rs, 500, service.type, "");
    return true;
}
