/*
 * ec2_wire - the region's front door: signatures, versions, the table of actions, errors.
 * STS answers who the caller is. Owns one counter, in the world's slot.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/ec2_call.h"

#include "core/net/xml.h"
#include "core/sim/sigv4.h"
#include "core/sim/site.h"
#include "core/sim/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ec2_version[] = "2016-11-15", sts_version[] = "2011-06-15";

static const struct ec2_action *const actions[] = {
    &ec2_describe_instances,  &ec2_describe_spot_requests, &ec2_describe_prices,
    &ec2_describe_interfaces, &ec2_run_instances,          &ec2_terminate_instances,
    &ec2_create_tags,         &ec2_modify_interface,       &ec2_cancel_spot,
};

/* ---- writing ---- */

void ec2_open(struct ec2_call *c, const char *tag)
{
    strbuf_putc(&c->rs->body, '<');
    strbuf_puts(&c->rs->body, tag);
    strbuf_putc(&c->rs->body, '>');
}

void ec2_close(struct ec2_call *c, const char *tag)
{
    strbuf_add(&c->rs->body, "</", 2);
    strbuf_puts(&c->rs->body, tag);
    strbuf_putc(&c->rs->body, '>');
}

void ec2_put(struct ec2_call *c, const char *tag, const char *text)
{
    ec2_open(c, tag);
    xml_escape(&c->rs->body, text);
    ec2_close(c, tag);
}

void ec2_put_time(struct ec2_call *c, const char *tag, int64_t ms)
{
    char text[WIRE_TIME];

    ec2_put(c, tag, wire_time(ms, text));
}

static void begin(struct ec2_call *c, int status)
{
    c->rs->status = status;
    (void)str_copy(c->rs->content_type, sizeof(c->rs->content_type),
                   "text/xml;charset=UTF-8"); /* fits */
    strbuf_reset(&c->rs->body);
    strbuf_puts(&c->rs->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

static void put_error(struct ec2_call *c, const char *code, const char *message)
{
    begin(c, c->rs->status);
    strbuf_puts(&c->rs->body, "<Response><Errors><Error>");
    ec2_put(c, "Code", code);
    ec2_put(c, "Message", message);
    strbuf_puts(&c->rs->body, "</Error></Errors>");
    ec2_put(c, "RequestID", c->rs->request_id);
    ec2_close(c, "Response");
    c->failed = true;
}

void ec2_error(struct ec2_call *c, int status, const char *code, const char *fmt, ...)
{
    char message[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, ap); /* cut is fine for a message */
    va_end(ap);
    c->rs->status = status;
    put_error(c, code, message);
}

/* STS names its errors in another frame. */
static void sts_error(struct ec2_call *c, int status, const char *code,
                      const char *message)
{
    begin(c, status);
    strbuf_puts(&c->rs->body,
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                "<Error><Type>Sender</Type>");
    ec2_put(c, "Code", code);
    ec2_put(c, "Message", message);
    strbuf_puts(&c->rs->body, "</Error>");
    ec2_put(c, "RequestId", c->rs->request_id);
    ec2_close(c, "ErrorResponse");
    c->failed = true;
}

/* ---- signatures ---- */

static const struct {
    int status;
    const char *ec2, *sts, *message;
} refusals[] = {
    /* clang-format off */
    [SIGV4_OK]         = {200, "", "", ""},
    [SIGV4_MISSING]    = {403, "MissingAuthenticationToken", "MissingAuthenticationToken",
                          "Request is missing Authentication Token"},
    [SIGV4_INCOMPLETE] = {400, "IncompleteSignature", "IncompleteSignature",
                          "The request signature does not conform to AWS standards."},
    [SIGV4_KEY]        = {401, "AuthFailure", "InvalidClientTokenId",
                          "AWS was not able to validate the provided access credentials"},
    [SIGV4_SCOPE]      = {403, "SignatureDoesNotMatch", "SignatureDoesNotMatch",
                          "Credential should be scoped to a valid region and to the correct service."},
    [SIGV4_MISMATCH]   = {403, "SignatureDoesNotMatch", "SignatureDoesNotMatch",
                          "The request signature we calculated does not match the signature you provided."},
    [SIGV4_EXPIRED]    = {400, "RequestExpired", "RequestExpired",
                          "Request has expired."},
    /* clang-format on */
};

/* A request may be dated by the world's clock or by this machine's: clients in another
 * process know no other one, and libcurl dates by it always. */
static bool authenticated(struct ec2_call *c, const char *service)
{
    const struct sigv4_account account = {
        .key_id = site_aws_key_id,
        .secret_key = site_aws_secret_key,
        .region = c->w->region,
        .service = service,
        .now = {{c->w->now / 1000}, clock_utc(clock_system())},
    };
    enum sigv4_verdict verdict = sigv4_check(c->http, &account);
    const char *token = wire_header(c->http, "X-Amz-Security-Token");

    if (verdict == SIGV4_OK && token != NULL)
        verdict = SIGV4_KEY; /* the account has no temporary keys */
    if (verdict == SIGV4_OK)
        return true;
    if (str_eq(service, "sts"))
        sts_error(c, verdict == SIGV4_KEY ? 403 : refusals[verdict].status,
                  refusals[verdict].sts, refusals[verdict].message);
    else
        ec2_error(c, refusals[verdict].status, refusals[verdict].ec2, "%s",
                  refusals[verdict].message);
    return false;
}

/* ---- calls ---- */

/* Does a name fit a pattern in which a lone N stands for an index? */
static bool fits(const char *pattern, const char *name)
{
    for (;;) {
        size_t n = strcspn(pattern, "."), m = strcspn(name, ".");

        if (n == 1 && pattern[0] == 'N') {
            if (m == 0 || m > 4 || strspn(name, "0123456789") != m || name[0] == '0')
                return false;
        } else if (n != m || memcmp(pattern, name, n) != 0) {
            return false;
        }
        if (pattern[n] == '\0' || name[m] == '\0')
            return pattern[n] == name[m];
        pattern += n + 1;
        name += m + 1;
    }
}

static bool knows_parameters(struct ec2_call *c, const struct ec2_action *action)
{
    static const char *const common[] = {"Action", "Version", "DryRun", NULL};

    for (size_t i = 0; i < c->form.n; i++) {
        const char *name = c->form.pairs[i].name;
        bool known = false;

        for (const char *const *p = common; *p != NULL && !known; p++)
            known = str_eq(*p, name);
        for (const char *const *p = action->parameters; *p != NULL && !known; p++)
            known = fits(*p, name);
        if (!known) {
            ec2_error(c, 400, "UnknownParameter",
                      "The parameter %.100s is not recognized", name);
            return false;
        }
    }
    return true;
}

static const struct ec2_action *find_action(struct ec2_call *c)
{
    const char *version = form_get(&c->form, "Version");

    c->action = form_get(&c->form, "Action");
    if (c->action == NULL) {
        ec2_error(c, 400, "MissingAction",
                  "The request must contain the parameter Action");
        return NULL;
    }
    if (version == NULL || !str_eq(version, ec2_version)) {
        ec2_error(c, 400, "NoSuchVersion",
                  "The requested version (%.40s) of service AmazonEC2 does not exist",
                  version != NULL ? version : "");
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (str_eq(actions[i]->name, c->action))
            return actions[i];
    ec2_error(c, 400, "InvalidAction",
              "The action %.100s is not valid for this web service.", c->action);
    return NULL;
}

static void answer_ec2(struct ec2_call *c)
{
    const struct ec2_action *action;
    const char *dry;

    if (!authenticated(c, "ec2"))
        return;
    action = find_action(c);
    if (action == NULL || !knows_parameters(c, action))
        return;
    dry = form_get(&c->form, "DryRun");
    if (dry != NULL && str_eq(dry, "true")) {
        ec2_error(c, 412, "DryRunOperation",
                  "Request would have succeeded, but DryRun flag is set.");
        return;
    }
    begin(c, 200);
    strbuf_printf(&c->rs->body,
                  "<%sResponse xmlns=\"http://ec2.amazonaws.com/doc/%s/\">\n",
                  action->name, ec2_version);
    ec2_put(c, "requestId", c->rs->request_id);
    action->call(c);
    if (c->failed)
        return;
    strbuf_printf(&c->rs->body, "</%sResponse>", action->name);
}

static void answer_sts(struct ec2_call *c)
{
    const char *action, *version;

    if (!authenticated(c, "sts"))
        return;
    action = form_get(&c->form, "Action");
    version = form_get(&c->form, "Version");
    if (action == NULL || !str_eq(action, "GetCallerIdentity") || version == NULL ||
        !str_eq(version, sts_version)) {
        sts_error(c, 400, "InvalidAction",
                  "Could not find this operation in version 2011-06-15");
        return;
    }
    begin(c, 200);
    strbuf_puts(&c->rs->body, "<GetCallerIdentityResponse "
                              "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                              "<GetCallerIdentityResult>");
    strbuf_printf(&c->rs->body, "<Arn>arn:aws:iam::%s:user/rushhour</Arn>",
                  c->w->account);
    ec2_put(c, "UserId", "AIDASIMULATEDUSER0001");
    ec2_put(c, "Account", c->w->account);
    strbuf_puts(&c->rs->body, "</GetCallerIdentityResult><ResponseMetadata>");
    ec2_put(c, "RequestId", c->rs->request_id);
    strbuf_puts(&c->rs->body, "</ResponseMetadata></GetCallerIdentityResponse>");
}

/* Parameters come in the body of a POST or the query of a GET. */
static bool read_form(struct ec2_call *c)
{
    const char *query = strchr(wire_path(c->http), '?');
    const char *text = query != NULL ? query + 1 : "";
    size_t len = strlen(text);
    struct err e = {0};

    if (str_eq(c->http->method, "POST")) {
        text = c->http->body != NULL ? c->http->body : "";
        len = c->http->body != NULL ? c->http->body_len : 0;
    }
    if (form_parse(text, len, &c->form, &e) == ERR_OK)
        return true;
    ec2_error(c, e.code == ERR_TOO_BIG ? 413 : 400, "MalformedQueryString", "%s", e.text);
    return false;
}

bool wire_ec2(struct world *w, const struct http_request *rq, struct http_response *rs)
{
    const char *path = wire_path(rq);
    struct ec2_call c = {.w = w, .http = rq, .rs = rs};

    if (!str_starts(path, "/ec2/") && !str_starts(path, "/sts/")) {
        wire_answer(
            rs, 400, "application/x-amz-json-1.0",
            "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}");
        return true;
    }
    wire_request_id(w, rs);
    if (!read_form(&c))
        return true;
    if (str_starts(path, "/sts/"))
        answer_sts(&c);
    else
        answer_ec2(&c);
    form_clear(&c.form);
    if (rs->body.failed)
        wire_answer(rs, 500, "text/xml", "");
    return true;
}
