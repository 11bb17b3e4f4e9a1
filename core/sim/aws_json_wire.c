#include <config.h>

#include "core/sim/aws_json_wire.h"

#include "core/base/jsonw.h"
#include "core/sim/sigv4.h"
#include "core/sim/site.h"

void aws_json_refuse(const struct aws_json_service *s, struct http_response *rs,
                     const char *code, const char *message)
{
    rs->status = 400;
    (void)str_copy(rs->content_type, sizeof(rs->content_type), s->type); /* fits */
    strbuf_reset(&rs->body);
    jsonw_open(&rs->body, NULL, '{');
    strbuf_printf(&rs->body, "\"__type\":\"%s#%s\"", s->name, code);
    jsonw_text(&rs->body, "message", message);
    jsonw_close(&rs->body, '}');
}

/* Names as the JSON services spell them. */
static const struct {
    const char *code, *message;
} refusals[] = {
    /* clang-format off */
    [SIGV4_OK]         = {"", ""},
    [SIGV4_MISSING]    = {"MissingAuthenticationTokenException", "Missing Authentication Token"},
    [SIGV4_INCOMPLETE] = {"IncompleteSignatureException", "The request signature does not conform to AWS standards."},
    [SIGV4_KEY]        = {"UnrecognizedClientException", "The security token included in the request is invalid."},
    [SIGV4_SCOPE]      = {"InvalidSignatureException", "Credential should be scoped to a valid region."},
    [SIGV4_MISMATCH]   = {"InvalidSignatureException", "The request signature we calculated does not match the signature you provided."},
    [SIGV4_EXPIRED]    = {"InvalidSignatureException", "Signature expired."},
    /* clang-format on */
};

bool aws_json_is_signed(const struct aws_json_service *s, const struct world *w,
                        const struct http_request *rq, struct http_response *rs)
{
    const struct sigv4_account account = {
        .key_id = site_aws_key_id,
        .secret_key = site_aws_secret_key,
        .region = s->region != NULL ? s->region : w->region,
        .service = s->signer,
        .now = {{w->now / 1000}, clock_utc(clock_system())},
    };
    enum sigv4_verdict verdict = sigv4_check(rq, &account);

    if (verdict == SIGV4_OK && wire_header(rq, "X-Amz-Security-Token") != NULL)
        verdict = SIGV4_KEY; /* the account has no temporary keys */
    if (verdict != SIGV4_OK)
        aws_json_refuse(s, rs, refusals[verdict].code, refusals[verdict].message);
    return verdict == SIGV4_OK;
}
