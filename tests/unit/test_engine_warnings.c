#include <config.h>

#include "core/engine/parts.h"
#include "tests/unit/region_scene.h"

/*
 * What the queue of events says of an instance: each may come twice, late, or of nobody.
 */

static void hear(struct region *r, const struct seen_warning *w)
{
    struct observation *o = observation_new(SOURCE_QUEUE);

    assert_non_null(o);
    o->at = r->s.now;
    o->as.queue = (struct obs_queue){.warnings = w, .n = 1, .batch = 1};
    step(&r->s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static struct seen_warning warning(enum warning_kind kind, int64_t at)
{
    return (struct seen_warning){.id = "m-1",
                                 .kind = kind,
                                 .instance = "i-1",
                                 .state = "",
                                 .text = "hello",
                                 .at = {at}};
}

/* One that says nothing new: what was said stays, and is not told again. */
static void test_again(void **state)
{
    static const struct {
        const char *what;
        enum warning_kind kind;
        int64_t first, then; /* it happened so long ago */
        const char *tells;
        int told;
        int64_t reclaim, rebalance; /* from now on, 0 = not */
    } rows[] = {
        {"an interruption", WARNING_INTERRUPTION, 10, 10, "spot interruption notice", 1,
         110, 0},
        {"the same one once more, with a later time", WARNING_INTERRUPTION, 10, 5,
         "spot interruption notice", 1, 110, 0},
        {"a rebalance hint", WARNING_REBALANCE, 10, 10, "may take i-1 back soon", 1, 0,
         590},
        {"another hint, later", WARNING_REBALANCE, 10, 5, "may take i-1 back soon", 2, 0,
         595},
        {"a hint that comes when it is over", WARNING_REBALANCE, 700, 650,
         "may take i-1 back soon", 0, 0, 0},
        {"of an instance that had the id before", WARNING_INTERRUPTION, 7200, 3700,
         "spot interruption notice", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct region r;
        struct seen_warning w;

        region_out(&r);
        stored_setting(&r.s, "auto", "off");
        r.s.now.s = NOW - STEP_S;
        scene_start(&r.s);
        see(&r, STEP_S);
        w = warning(rows[i].kind, NOW - rows[i].first);
        hear(&r, &w);
        w.at.s = NOW - rows[i].then;
        hear(&r, &w);
        assert_row(rows[i].what, times_said(&r.s, rows[i].tells) == rows[i].told);
        assert_row(rows[i].what, server(&r)->facts.instance.reclaim_at.s ==
                                     (rows[i].reclaim != 0 ? NOW + rows[i].reclaim : 0));
        assert_row(rows[i].what,
                   server(&r)->warned.rebalance_until.s ==
                       (rows[i].rebalance != 0 ? NOW + rows[i].rebalance : 0));
        scene_end(&r.s);
    }
}

/* A hint holds for ten minutes, and then its instance is as any other again. */
static void test_hint_ends(void **state)
{
    const struct seen_warning w = warning(WARNING_REBALANCE, NOW);
    struct region r;

    (void)state;
    region_out(&r);
    stored_setting(&r.s, "auto", "off");
    scene_start(&r.s);
    see(&r, STEP_S);
    assert_int_equal(server(&r)->facts.instance.spot, SPOT_ACTIVE);
    hear(&r, &w);
    assert_int_equal(server(&r)->facts.instance.spot, SPOT_REBALANCE);
    see(&r, 500);
    assert_int_equal(server(&r)->facts.instance.spot, SPOT_REBALANCE);
    see(&r, 100);
    assert_int_equal(server(&r)->facts.instance.spot, SPOT_ACTIVE);
    scene_end(&r.s);
}

/* What nobody understands is told once, whoever it may be about; the newest are known. */
static void test_poison(void **state)
{
    char ids[POISON_KEPT + 1][ID_TEXT];
    struct region r;
    struct seen_warning w = warning(WARNING_POISON, NOW);

    (void)state;
    region_out(&r);
    stored_setting(&r.s, "auto", "off");
    scene_start(&r.s);
    hear(&r, &w);
    hear(&r, &w);
    assert_int_equal(times_said(&r.s, "a message that is no event: hello"), 1);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        (void)str_format(ids[i], ID_TEXT, "n-%zu", i);
        w.id = ids[i];
        r.s.journal[0] = '\0';
        hear(&r, &w);
        assert_int_equal(times_said(&r.s, "no event"), 1);
    }
    w.id = "m-1"; /* so many others came since */
    r.s.journal[0] = '\0';
    hear(&r, &w);
    assert_int_equal(times_said(&r.s, "no event"), 1);
    scene_end(&r.s);
}

/* Of an instance that no server has nothing follows. */
static void test_of_nobody(void **state)
{
    struct seen_warning w = warning(WARNING_INTERRUPTION, NOW);
    struct region r;

    (void)state;
    region_out(&r);
    stored_setting(&r.s, "auto", "off");
    scene_start(&r.s);
    see(&r, STEP_S);
    w.instance = "i-2";
    hear(&r, &w);
    assert_int_equal(server(&r)->facts.instance.reclaim_at.s, 0);
    assert_string_equal(server(&r)->warned.instance, "");
    assert_null(strstr(r.s.journal, "notice"));
    scene_end(&r.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_hint_ends),
        cmocka_unit_test(test_poison),
        cmocka_unit_test(test_of_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
