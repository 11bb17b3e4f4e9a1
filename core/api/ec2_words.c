#include <config.h>

#include "core/api/ec2_read.h"

#include "core/base/str.h"

/* ----- error codes ----- */

static const struct {
    const char *code;
    enum err_code class;
} classes[] = {
    /* clang-format off */
    {"RequestLimitExceeded", ERR_THROTTLED}, {"EC2ThrottledException", ERR_THROTTLED},
    {"Throttling", ERR_THROTTLED}, {"ThrottlingException", ERR_THROTTLED},
    {"ThrottledException", ERR_THROTTLED}, {"RequestThrottled", ERR_THROTTLED},
    {"TooManyRequestsException", ERR_THROTTLED}, {"SlowDown", ERR_THROTTLED},
    {"BandwidthLimitExceeded", ERR_THROTTLED},

    {"InternalError", ERR_SERVER}, {"InternalFailure", ERR_SERVER},
    {"ServerInternal", ERR_SERVER}, {"Unavailable", ERR_SERVER},
    {"ServiceUnavailable", ERR_SERVER}, {"RequestTimeout", ERR_SERVER},

    {"InsufficientInstanceCapacity", ERR_CAPACITY},
    {"InsufficientHostCapacity", ERR_CAPACITY}, {"UnfulfillableCapacity", ERR_CAPACITY},
    {"InsufficientFreeAddressesInSubnet", ERR_CAPACITY},
    {"SpotMaxPriceTooLow", ERR_CAPACITY},
    {"MaxSpotInstanceCountExceeded", ERR_CAPACITY}, {"VcpuLimitExceeded", ERR_CAPACITY},
    {"InstanceLimitExceeded", ERR_CAPACITY}, {"VolumeLimitExceeded", ERR_CAPACITY},
    {"RequestResourceCountExceeded", ERR_CAPACITY},

    {"InvalidNetworkInterface.InUse", ERR_CONFLICT},
    {"IncorrectInstanceState", ERR_CONFLICT}, {"IncorrectSpotRequestState", ERR_CONFLICT},
    {"ConcurrentTagAccess", ERR_CONFLICT},

    {"InvalidInstanceID.NotFound", ERR_NOT_FOUND},
    {"InvalidSpotInstanceRequestID.NotFound", ERR_NOT_FOUND},
    {"InvalidNetworkInterfaceID.NotFound", ERR_NOT_FOUND},

    {"AuthFailure", ERR_AUTH}, {"SignatureDoesNotMatch", ERR_AUTH},
    {"InvalidSignatureException", ERR_AUTH}, {"InvalidClientTokenId", ERR_AUTH},
    {"MissingAuthenticationToken", ERR_AUTH}, {"IncompleteSignature", ERR_AUTH},
    {"MissingAuthenticationTokenException", ERR_AUTH},
    {"IncompleteSignatureException", ERR_AUTH},
    {"UnrecognizedClientException", ERR_AUTH}, {"ExpiredToken", ERR_AUTH},
    {"ExpiredTokenException", ERR_AUTH}, {"RequestExpired", ERR_AUTH},
    {"OptInRequired", ERR_AUTH},

    {"UnauthorizedOperation", ERR_FORBIDDEN}, {"AccessDenied", ERR_FORBIDDEN},
    {"AccessDeniedException", ERR_FORBIDDEN}, {"Blocked", ERR_FORBIDDEN},
    {"PendingVerification", ERR_FORBIDDEN},
    {"AuthFailure.ServiceLinkedRoleCreationNotPermitted", ERR_FORBIDDEN},
    /* clang-format on */
};

enum err_code ec2_code_class(const char *code, int http)
{
    if (str_starts(code, "Client.") || str_starts(code, "Server."))
        code += sizeof("Client.") - 1;
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (str_eq(classes[i].code, code))
            return classes[i].class;
    }
    if (http == 429)
        return ERR_THROTTLED;
    return http >= 500 ? ERR_SERVER : ERR_REFUSED;
}

bool ec2_code_is_expired(const char *code)
{
    static const char *const codes[] = {"RequestExpired", "ExpiredToken",
                                        "ExpiredTokenException", "InvalidClientTokenId"};

    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (str_eq(codes[i], code))
            return true;
    }
    return false;
}

/* ----- spot requests ----- */

static const struct {
    const char *status;
    enum spot_state state;
} spot_states[] = {
    /* clang-format off */
    {"pending-evaluation", SPOT_REQUEST}, {"pending-fulfillment", SPOT_REQUEST},
    {"not-scheduled-yet", SPOT_REQUEST}, {"launch-group-constraint", SPOT_REQUEST},
    {"az-group-constraint", SPOT_REQUEST}, {"placement-group-constraint", SPOT_REQUEST},

    {"capacity-not-available", SPOT_NO_CAPACITY},
    {"capacity-oversubscribed", SPOT_NO_CAPACITY},
    {"constraint-not-fulfillable", SPOT_NO_CAPACITY},
    {"limit-exceeded", SPOT_NO_CAPACITY},
    {"price-too-low", SPOT_PRICE},

    {"bad-parameters", SPOT_NONE}, {"schedule-expired", SPOT_NONE},
    {"canceled-before-fulfillment", SPOT_NONE}, {"system-error", SPOT_NONE},

    {"fulfilled", SPOT_FULFILLED},
    {"request-canceled-and-instance-running", SPOT_ACTIVE},

    {"marked-for-termination", SPOT_NOTICE}, {"marked-for-stop", SPOT_NOTICE},
    {"marked-for-stop-by-experiment", SPOT_NOTICE},

    /* We ended it: nothing was taken from us. */
    {"instance-terminated-by-user", SPOT_NONE},
    {"spot-instance-terminated-by-user", SPOT_NONE},
    {"instance-stopped-by-user", SPOT_NONE},

    /* The instance may run on for two minutes: whoever knows it calls that a notice. */
    {"instance-terminated-no-capacity", SPOT_RECLAIMED},
    {"instance-terminated-by-price", SPOT_RECLAIMED},
    {"instance-terminated-by-service", SPOT_RECLAIMED},
    {"instance-terminated-by-schedule", SPOT_RECLAIMED},
    {"instance-terminated-launch-group-constraint", SPOT_RECLAIMED},
    {"instance-terminated-by-experiment", SPOT_RECLAIMED},
    {"instance-terminated-capacity-oversubscribed", SPOT_RECLAIMED},
    {"instance-stopped-by-price", SPOT_RECLAIMED},
    {"instance-stopped-no-capacity", SPOT_RECLAIMED},
    {"instance-stopped-by-experiment", SPOT_RECLAIMED},
    /* clang-format on */
};

enum spot_state ec2_spot_state(const char *status, const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(spot_states); i++) {
        if (str_eq(spot_states[i].status, status))
            return spot_states[i].state;
    }
    if (str_eq(state, "open"))
        return SPOT_REQUEST;
    if (str_eq(state, "active"))
        return SPOT_FULFILLED;
    return str_eq(state, "failed") ? SPOT_NONE : SPOT_UNKNOWN;
}
