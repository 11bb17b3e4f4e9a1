#include <config.h>

#include "core/base/str.h"
#include "tests/contract/carried.h"

#include <string.h>

/* What an observation tells is of the time when it was asked for, however slow the
 * answers are, and also when they are the ones of before. */

enum { SLOW_S = 6 }; /* of each answer */

struct stage {
    struct carried at;
    bool breaks; /* no answer comes */
    int exchanges;
};

static enum err_code carry(void *ctx, const struct http_request *rq,
                           struct http_response *rs, struct err *e)
{
    struct stage *s = ctx;
    enum err_code rc = s->breaks ? err_set(e, ERR_RESET, "the connection broke")
                                 : transport_perform(&s->at.inner, rq, rs, e);

    s->exchanges++;
    s->at.fake.utc.s += SLOW_S;
    s->at.fake.mono.ms += SLOW_S * 1000;
    rs->received = s->at.fake.utc;
    return rc;
}

static void open_stage(struct stage *s, const char *mover)
{
    const struct transport via = {carry, s};

    *s = (struct stage){.breaks = false};
    carried_open(&s->at, mover, &via);
}

static void close_stage(struct stage *s)
{
    carried_close(&s->at);
}

static struct utc ask(struct stage *s, enum source source, enum err_code want)
{
    const struct poll_hints hints = {.ids = {"i-1"}, .n = 1};
    struct observation *o = s->at.port.poll(s->at.port.ctx, source, &hints);
    struct utc at;

    assert_non_null(o);
    assert_int_equal(o->err.code, want);
    at = o->at;
    observation_unref(o);
    return at;
}

static void test_stamps(void **state)
{
    static const struct {
        enum source source;
        const char *mover;
        int exchanges; /* at least, of the first poll */
    } rows[] = {
        {SOURCE_VELOSTRATA, "velostrata", 3},
        {SOURCE_JENKINS, "velostrata", 2},
        {SOURCE_VSPHERE, "velostrata", 2},
        {SOURCE_INSTANCES, "ec2", 2},
        {SOURCE_SPOT, "ec2", 1},
        {SOURCE_INTERFACES, "ec2", 1},
        {SOURCE_PRICES, "ec2", 1},
        {SOURCE_PRICELIST, "ec2", 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *api = source_api(rows[i].source);
        struct stage s;
        struct utc now;

        open_stage(&s, rows[i].mover);
        assert_row(api, ask(&s, rows[i].source, ERR_OK).s == start.s);
        assert_row(api, s.exchanges >= rows[i].exchanges);
        now = s.at.fake.utc;
        assert_row(api, now.s == start.s + s.exchanges * SLOW_S);
        assert_row(api, ask(&s, rows[i].source, ERR_OK).s == now.s); /* the same bytes */
        s.breaks = true; /* an error is as new as it can be */
        now = ask(&s, rows[i].source, ERR_RESET);
        assert_row(api, now.s == s.at.fake.utc.s);
        close_stage(&s);
    }
}

/* Who waits for messages hears of them when they come. */
static void test_queue(void **state)
{
    struct stage s;

    (void)state;
    open_stage(&s, "ec2");
    assert_int_equal(ask(&s, SOURCE_QUEUE, ERR_OK).s, start.s + SLOW_S);
    close_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
