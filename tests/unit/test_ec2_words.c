#include <config.h>

#include "tests/unit/table.h"

#include "core/api/ec2_read.h"
#include "core/base/attr.h"

#include <string.h>

static void test_spot_states(void **state)
{
    static const struct {
        const char *status, *request;
        enum spot_state want;
    } rows[] = {
        /* clang-format off */
        {"pending-evaluation", "open", SPOT_REQUEST},
        {"capacity-not-available", "open", SPOT_NO_CAPACITY},
        {"price-too-low", "open", SPOT_PRICE},
        {"bad-parameters", "failed", SPOT_NONE},
        {"fulfilled", "active", SPOT_FULFILLED},
        {"request-canceled-and-instance-running", "cancelled", SPOT_ACTIVE},
        {"marked-for-termination", "active", SPOT_NOTICE},
        {"instance-terminated-by-price", "closed", SPOT_RECLAIMED},
        {"instance-terminated-by-user", "closed", SPOT_NONE},
        {"instance-terminated-by-experiment", "closed", SPOT_RECLAIMED},
        {"", "open", SPOT_REQUEST},
        {"", "", SPOT_UNKNOWN},
        {"unheard-of", "closed", SPOT_UNKNOWN},
        {"unheard-of", "failed", SPOT_NONE},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].status,
                   ec2_spot_state(rows[i].status, rows[i].request) == rows[i].want);
}

static void test_error_classes(void **state)
{
    static const struct {
        const char *code;
        int http;
        enum err_code want;
    } rows[] = {
        /* clang-format off */
        {"RequestLimitExceeded", 503, ERR_THROTTLED},
        {"Client.RequestLimitExceeded", 503, ERR_THROTTLED},
        {"Unavailable", 503, ERR_SERVER},
        {"InsufficientInstanceCapacity", 500, ERR_CAPACITY},
        {"Server.InsufficientInstanceCapacity", 500, ERR_CAPACITY},
        {"SpotMaxPriceTooLow", 400, ERR_CAPACITY},
        {"MaxSpotInstanceCountExceeded", 400, ERR_CAPACITY},
        {"InvalidNetworkInterface.InUse", 400, ERR_CONFLICT},
        {"IncorrectInstanceState", 400, ERR_CONFLICT},
        {"InvalidInstanceID.NotFound", 400, ERR_NOT_FOUND},
        {"AuthFailure", 401, ERR_AUTH},
        {"RequestExpired", 400, ERR_AUTH},
        {"UnauthorizedOperation", 403, ERR_FORBIDDEN},
        {"AuthFailure.ServiceLinkedRoleCreationNotPermitted", 403, ERR_FORBIDDEN},
        {"InvalidParameterCombination", 400, ERR_REFUSED},
        {"InvalidAMIID.NotFound", 400, ERR_REFUSED},
        {"Unheard", 400, ERR_REFUSED},
        {"Unheard", 429, ERR_THROTTLED},
        {"Unheard", 503, ERR_SERVER},
        {"", 500, ERR_SERVER},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].code,
                   ec2_code_class(rows[i].code, rows[i].http) == rows[i].want);
}

static void test_expired(void **state)
{
    (void)state;
    assert_true(ec2_code_is_expired("ExpiredToken"));
    assert_true(ec2_code_is_expired("InvalidClientTokenId"));
    assert_false(ec2_code_is_expired("AuthFailure"));
    assert_false(ec2_code_is_expired(""));
}

/* A copy outlives what it was copied from, also where AWS told an empty value. */
static void test_copied_items(void **state)
{
    static const char answer[] =
        "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
        "<instanceId>i-1</instanceId><tagSet><item><key>rushhour:server</key><value/>"
        "</item></tagSet></item></instancesSet></item></reservationSet>"
        "</DescribeInstancesResponse>";
    struct arena *first = arena_new(65536), *second = arena_new(65536);
    const struct seen_instance *in, *copy;
    struct ec2_list list, copies;
    struct ec2_answer a;
    struct err e = {0};

    (void)state;
    assert_true(first != NULL && second != NULL);
    list = ec2_shape_list(&ec2_instances_shape, first);
    copies = ec2_shape_list(&ec2_instances_shape, second);
    assert_int_equal(
        ec2_read(&ec2_instances_shape, answer, strlen(answer), &list, &a, &e), ERR_OK);
    assert_int_equal(list.n, 1);
    in = list.items;
    assert_string_equal(in->server, "");
    ec2_list_copy(&ec2_instances_shape, &copies, list.items, list.n);
    assert_int_equal(copies.n, 1);
    copy = copies.items;
    assert_ptr_not_equal(copy->id, in->id);
    assert_ptr_not_equal(copy->server, in->server);
    arena_free(first);
    assert_string_equal(copy->id, "i-1");
    assert_string_equal(copy->server, "");
    arena_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spot_states),
        cmocka_unit_test(test_error_classes),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_copied_items),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
