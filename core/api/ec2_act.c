#include <config.h>

#include "core/api/ec2_act.h"

#include "core/api/answer.h"
#include "core/api/ec2_internal.h"

#include <stdlib.h>
#include <string.h>

/* reliability 9: a launch may take longer than any other call. */
enum { LAUNCH_TIMEOUT_MS = 40000, ARENA_BYTES = 64 * 1024 };

/* ----- the body of a launch: the same call makes the same bytes ----- */

static void put_base64(struct strbuf *b, const char *text)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)text;

    for (size_t left = strlen(text); left > 0; left -= left < 3 ? left : 3, p += 3) {
        unsigned bits = (unsigned)p[0] << 16;

        if (left > 1)
            bits |= (unsigned)p[1] << 8;
        if (left > 2)
            bits |= p[2];
        strbuf_putc(b, digits[bits >> 18]);
        strbuf_putc(b, digits[bits >> 12 & 63]);
        strbuf_putc(b, left > 1 ? digits[bits >> 6 & 63] : '=');
        strbuf_putc(b, left > 2 ? digits[bits & 63] : '=');
    }
}

static void put_if(struct strbuf *b, const char *name, const char *value)
{
    if (value[0] != '\0')
        ec2_body_put(b, name, value);
}

/* "NAME[:VERSION]" or "lt-…[:VERSION]". */
static void put_template(struct strbuf *b, const char *text)
{
    char name[NAME_TEXT];
    const char *version = strrchr(text, ':');

    (void)str_format(name, sizeof(name), "%.*s",
                     (int)(version != NULL ? (size_t)(version - text) : strlen(text)),
                     text); /* fits: of the same size */
    ec2_body_put(b,
                 str_starts(name, "lt-") ? "LaunchTemplate.LaunchTemplateId"
                                         : "LaunchTemplate.LaunchTemplateName",
                 name);
    if (version != NULL)
        ec2_body_put(b, "LaunchTemplate.Version", version + 1);
}

/* Decimal text, never by way of a double; zeros behind say nothing. */
static void put_price(struct strbuf *b, struct usd price)
{
    char text[USD_TEXT];
    size_t len = strlen(usd_text(price, 9, text));

    while (len > 2 && text[len - 1] == '0' && text[len - 2] != '.')
        text[--len] = '\0';
    ec2_body_put(b, "InstanceMarketOptions.SpotOptions.MaxPrice", text);
}

static void put_market(struct strbuf *b, const struct run_in_cloud *run)
{
    if (!run->spot)
        return;
    ec2_body_put(b, "InstanceMarketOptions.MarketType", "spot");
    ec2_body_put(b, "InstanceMarketOptions.SpotOptions.SpotInstanceType", "one-time");
    ec2_body_put(b, "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior",
                 "terminate");
    if (run->has_max_price)
        put_price(b, run->max_price);
}

/* The interface that exists keeps its own subnet, groups and address. */
static void put_network(struct strbuf *b, const struct run_in_cloud *run)
{
    if (run->eni[0] != '\0') {
        ec2_body_put(b, "NetworkInterface.1.DeviceIndex", "0");
        ec2_body_put(b, "NetworkInterface.1.NetworkInterfaceId", run->eni);
        ec2_body_put(b, "NetworkInterface.1.DeleteOnTermination", "false");
        return;
    }
    put_if(b, "SubnetId", run->subnet);
    for (size_t i = 0; i < run->n_security_groups && i < MAX_SECURITY_GROUPS; i++)
        ec2_body_put_numbered(b, "SecurityGroupId", i + 1, run->security_groups[i]);
}

/* Tags go with the launch, never afterwards: no instance without them ever lives. */
static void put_tags(struct ec2 *c, const struct call *call)
{
    static const char *const resources[] = {"instance", "volume",
                                            "spot-instances-request"};
    const char *const tags[][2] = {{"rushhour:deployment", call->run.deployment},
                                   {"rushhour:server", call->server},
                                   {"rushhour:move-id", call->move}};
    size_t n = call->run.spot ? ARRAY_LEN(resources) : ARRAY_LEN(resources) - 1;
    char name[64];

    for (size_t i = 0; i < n; i++) {
        (void)str_format(name, sizeof(name), "TagSpecification.%zu.ResourceType", i + 1);
        ec2_body_put(&c->body, name, resources[i]);
        for (size_t k = 0; k < ARRAY_LEN(tags); k++) {
            (void)str_format(name, sizeof(name), "TagSpecification.%zu.Tag.%zu.Key",
                             i + 1, k + 1);
            ec2_body_put(&c->body, name, tags[k][0]);
            (void)str_format(name, sizeof(name), "TagSpecification.%zu.Tag.%zu.Value",
                             i + 1, k + 1);
            ec2_body_put(&c->body, name, tags[k][1]);
        }
    }
}

static enum err_code make_launch(struct ec2 *c, const struct call *call, struct err *e)
{
    const struct server_config *s = config_server_find(c->config, call->server);
    const struct run_in_cloud *run = &call->run;
    struct strbuf *b = &c->body, data;

    if (run->token[0] == '\0' || run->instance_type[0] == '\0' || call->move[0] == '\0' ||
        run->deployment[0] == '\0' ||
        (run->launch_template[0] == '\0') == (run->image[0] == '\0'))
        return err_set(e, ERR_BUG, "a launch without token, type, tags or image");
    ec2_body_put(b, "MinCount", "1");
    ec2_body_put(b, "MaxCount", "1");
    ec2_body_put(b, "InstanceType", run->instance_type);
    put_if(b, "ImageId", run->image);
    if (run->launch_template[0] != '\0')
        put_template(b, run->launch_template);
    else
        ec2_body_put(b, "MetadataOptions.HttpTokens", "required");
    put_if(b, "KeyName", run->key_name);
    if (run->iam_profile[0] != '\0')
        ec2_body_put(b,
                     str_starts(run->iam_profile, "arn:") ? "IamInstanceProfile.Arn"
                                                          : "IamInstanceProfile.Name",
                     run->iam_profile);
    if (s != NULL && s->user_data != NULL) {
        strbuf_init(&data, b->limit);
        put_base64(&data, s->user_data);
        ec2_body_put(b, "UserData", strbuf_text(&data));
        b->failed = b->failed || data.failed;
        strbuf_clear(&data);
    }
    ec2_body_put(b, "InstanceInitiatedShutdownBehavior", "terminate");
    put_market(b, run);
    put_network(b, run);
    ec2_body_put(b, "ClientToken", run->token);
    put_tags(c, call);
    return ERR_OK;
}

/* ----- what came of it ----- */

/* aws-api 5: what a code means for an act. A token of another request, as after a change
 * of the configuration, means that an instance may be there: look again. An interface
 * that is in use is sometimes told as a wrong value; a token whose instance is dead asks
 * for a new one. */
static enum err_code act_class(const struct ec2_answer *a, const struct call *call,
                               enum err_code code)
{
    if (str_eq(a->code, "IdempotentInstanceTerminated"))
        return ERR_CAPACITY;
    if (str_eq(a->code, "IdempotentParameterMismatch"))
        return ERR_CONFLICT;
    if (code == ERR_REFUSED && str_eq(a->code, "InvalidParameterValue") &&
        call->run.eni[0] != '\0' && strstr(a->message, call->run.eni) != NULL)
        return ERR_CONFLICT;
    return code;
}

/* An error: is it certain that nothing was done? A code of AWS's says so, unless it is
 * one of a server that gave up in the middle. */
static enum outcome outcome_of(const struct ec2 *c, const struct ec2_answer *a,
                               enum err_code code)
{
    if (c->http == 0)
        return c->maybe_done ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
    if (a->code[0] != '\0')
        return code == ERR_SERVER ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
    return c->http < 300 || answer_is_vague(c->http) ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
}

/* Who does not tell the token tells what was launched all the same. */
static void take_launched(const struct ec2_list *list, const struct call *call,
                          struct call_result *r)
{
    const struct seen_instance *in = list->items;
    bool named = list->n > 0 && in->id[0] != '\0';

    if (!named ||
        (in->client_token[0] != '\0' && !str_eq(in->client_token, call->run.token))) {
        (void)err_set(&r->err, ERR_PROTOCOL, "EC2 RunInstances: the answer %s",
                      named ? "is to another launch" : "names none");
        answer_result(r, OUTCOME_UNKNOWN);
        return;
    }
    (void)str_copy(r->detail, sizeof(r->detail), in->id); /* AWS's ids are short */
    /* The token of a launch that is over: it is told as if it had just been made. */
    if (in->state == INSTANCE_TERMINATED || in->state == INSTANCE_SHUTTING_DOWN) {
        (void)err_set(&r->err, ERR_CAPACITY, "%s died of its launch%s%s", in->id,
                      in->state_reason[0] != '\0' ? ": " : "", in->state_reason);
        answer_result(r, OUTCOME_FAILED);
        return;
    }
    answer_result(r, OUTCOME_DONE);
}

static void send(struct ec2 *c, const struct ec2_shape *s, const struct call *call,
                 struct call_result *r)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct ec2_answer a = {0};
    struct ec2_list list;
    enum err_code rc;

    if (arena == NULL) {
        (void)err_set(&r->err, ERR_NOMEM, "no memory for an EC2 answer");
        answer_result(r, OUTCOME_FAILED);
        return;
    }
    list = ec2_shape_list(s, arena);
    c->mutating = true;
    c->now = NULL;
    c->maybe_done = false;
    c->http = 0;
    c->timeout_ms = call->kind == CALL_LAUNCH ? LAUNCH_TIMEOUT_MS : 0;
    rc = ec2_ask(c, s, &list, &a, &r->err);
    c->mutating = false;
    c->timeout_ms = 0;
    if (rc != ERR_OK) {
        r->err.code = act_class(&a, call, rc);
        answer_result(r, outcome_of(c, &a, rc));
    } else if (call->kind == CALL_LAUNCH) {
        take_launched(&list, call, r);
    } else {
        answer_result(r, OUTCOME_DONE);
    }
    arena_free(arena);
}

static enum err_code make_terminate(struct ec2 *c, const struct call *call, struct err *e)
{
    if (call->target[0] == '\0')
        return err_set(e, ERR_BUG, "a termination that names no instance");
    ec2_body_put_numbered(&c->body, "InstanceId", 1, call->target);
    return ERR_OK;
}

/* Only ever to false: an interface outlives its instances. */
static enum err_code make_keep(struct ec2 *c, const struct call *call, struct err *e)
{
    if (call->target[0] == '\0' || call->run.eni[0] == '\0')
        return err_set(e, ERR_BUG, "no interface, or no attachment of it, is named");
    ec2_body_put(&c->body, "NetworkInterfaceId", call->run.eni);
    ec2_body_put(&c->body, "Attachment.AttachmentId", call->target);
    ec2_body_put(&c->body, "Attachment.DeleteOnTermination", "false");
    return ERR_OK;
}

static enum err_code make_cancel(struct ec2 *c, const struct call *call, struct err *e)
{
    if (call->target[0] == '\0')
        return err_set(e, ERR_BUG, "a cancellation that names no spot request");
    ec2_body_put_numbered(&c->body, "SpotInstanceRequestId", 1, call->target);
    return ERR_OK;
}

void ec2_act(struct ec2 *c, const struct call *call, struct call_result *r)
{
    static const struct {
        const struct ec2_shape *shape;
        enum err_code (*make)(struct ec2 *c, const struct call *call, struct err *e);
    } acts[CALL_COUNT] = {
        [CALL_LAUNCH] = {&ec2_launch_shape, make_launch},
        [CALL_TERMINATE] = {&ec2_terminate_shape, make_terminate},
        [CALL_INTERFACE_KEEP] = {&ec2_interface_keep_shape, make_keep},
        [CALL_SPOT_CANCEL] = {&ec2_spot_cancel_shape, make_cancel},
    };
    int64_t began_ms = clock_mono(c->clock).ms;
    const struct ec2_shape *s = acts[call->kind].shape;
    enum err_code rc;

    *r = (struct call_result){.id = call->id};
    if (s == NULL) {
        rc = err_set(&r->err, ERR_BUG, "%s is no call for EC2", call_word(call->kind));
    } else {
        ec2_body_begin(c, s);
        rc = acts[call->kind].make(c, call, &r->err);
    }
    if (rc == ERR_OK)
        send(c, s, call, r);
    else
        answer_result(r, OUTCOME_FAILED);
    r->at = clock_utc(c->clock);
    r->took_ms = clock_mono(c->clock).ms - began_ms;
}
