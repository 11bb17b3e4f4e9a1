#include <config.h>

#include "core/base/str.h"
#include "tests/contract/carried.h"

#include <string.h>

/* What each API's support finds a call by: AWS's id, of the header or of the body; the
 * name that we give a call to vSphere; none of Jenkins and Velostrata. */

struct stage {
    struct carried at;
    bool no_headers;         /* as a gateway that passes none */
    bool breaks;             /* no answer comes */
    char operations[64][40]; /* that vSphere was told */
    size_t n_operations;
};

static void note_operation(struct stage *s, const struct http_request *rq)
{
    static const char before[] = "<soapenv:Header><operationID>";
    const char *at = rq->body != NULL ? strstr(rq->body, before) : NULL;

    if (at == NULL)
        return;
    at += sizeof(before) - 1;
    assert_in_range(s->n_operations, 0, ARRAY_LEN(s->operations) - 1);
    assert_true(str_format(s->operations[s->n_operations++], 40, "%.*s",
                           (int)strcspn(at, "<"), at));
}

static enum err_code carry(void *ctx, const struct http_request *rq,
                           struct http_response *rs, struct err *e)
{
    struct stage *s = ctx;
    enum err_code rc;

    note_operation(s, rq);
    if (s->breaks)
        return err_set(e, ERR_RESET, "the connection broke");
    rc = transport_perform(&s->at.inner, rq, rs, e);
    if (s->no_headers)
        rs->request_id[0] = '\0';
    return rc;
}

static void open_stage(struct stage *s)
{
    const struct transport via = {carry, s};

    *s = (struct stage){.breaks = false};
    carried_open(&s->at, "ec2", &via);
}

static void close_stage(struct stage *s)
{
    carried_close(&s->at);
}

static void ask(struct stage *s, enum source source, enum err_code want, char id[ID_TEXT])
{
    const struct poll_hints none = {0};
    struct observation *o = s->at.port.poll(s->at.port.ctx, source, &none);

    assert_non_null(o);
    assert_int_equal(o->err.code, want);
    (void)str_copy(id, ID_TEXT, o->request_id);
    observation_unref(o);
}

static bool is_aws_id(const char *id)
{
    return strlen(id) == 36 && strspn(id, "0123456789abcdef-") == 36 && id[8] == '-';
}

static void test_aws(void **state)
{
    static const struct {
        const char *what;
        enum source source;
        bool in_body; /* too, and so of a gateway without headers */
    } rows[] = {
        {"instances", SOURCE_INSTANCES, true},
        {"interfaces", SOURCE_INTERFACES, true},
        {"spot prices", SOURCE_PRICES, true},
        {"the price list", SOURCE_PRICELIST, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char first[ID_TEXT], second[ID_TEXT];
        struct stage s;

        open_stage(&s);
        ask(&s, rows[i].source, ERR_OK, first);
        s.no_headers = true;
        ask(&s, rows[i].source, ERR_OK, second);
        assert_row(rows[i].what, is_aws_id(first));
        assert_row(rows[i].what, rows[i].in_body ? is_aws_id(second) : second[0] == '\0');
        assert_row(rows[i].what, !str_eq(first, second));
        close_stage(&s);
    }
}

/* An error says it at another place of the body. */
static void test_refusal(void **state)
{
    struct call c = {.id = 3, .kind = CALL_TERMINATE, .target = "i-0123456789abcdef0"};
    struct call_result r;
    struct stage s;

    (void)state;
    open_stage(&s);
    s.no_headers = true;
    c.run.spot = true;
    s.at.port.act(s.at.port.ctx, &c, &r);
    assert_true(is_aws_id(r.request_id));
    close_stage(&s);
}

/* Each call has its own name, also one whose answer never came. */
static void test_vsphere(void **state)
{
    char id[ID_TEXT];
    struct stage s;

    (void)state;
    open_stage(&s);
    ask(&s, SOURCE_VSPHERE, ERR_OK, id);
    ask(&s, SOURCE_VSPHERE, ERR_OK, id);
    assert_true(s.n_operations > 2);
    assert_string_equal(id, s.operations[s.n_operations - 1]);
    for (size_t i = 0; i < s.n_operations; i++) {
        assert_true(str_starts(s.operations[i], "rushhour-"));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(s.operations[i], s.operations[k]);
    }
    s.breaks = true;
    ask(&s, SOURCE_VSPHERE, ERR_RESET, id);
    assert_string_equal(id, s.operations[s.n_operations - 1]);
    close_stage(&s);
}

static void test_none(void **state)
{
    char id[ID_TEXT];
    struct stage s;

    (void)state;
    open_stage(&s);
    ask(&s, SOURCE_JENKINS, ERR_OK, id);
    assert_string_equal(id, "");
    close_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aws),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_vsphere),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
