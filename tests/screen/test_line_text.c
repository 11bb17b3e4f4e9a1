#include <config.h>

#include "tui/line_text.h"

#include <string.h>

#include "tests/screen/story.h"
#include "tests/unit/table.h"

static void test_events(void **state)
{
    struct fleet *f = story_fleet(STORY_INTERRUPTION);
    char buf[LINE_OUT];

    (void)state;
    assert_string_equal(
        line_event(NULL, &f->events[1], buf),
        "07:06:40 INFO policy: rush hour started, 4/4 in cloud after 6m31s");
    assert_string_equal(line_event(NULL, &f->events[f->n_events - 2], buf),
                        "08:41:54 WARN migration: spot interruption notice, 2m00s left: "
                        "AWS reclaims i-0c1d22e31f2e3d (marked-for-termination)");
    fleet_unref(f);
}

enum { MANY = 32 };

static size_t changes(const struct fleet *prev, const struct fleet *now,
                      char out[][LINE_OUT], size_t max)
{
    size_t at = 0, n = 0;

    while (n < max && line_change(NULL, prev, now, &at, out[n]))
        n++;
    return n;
}

static void test_changes(void **state)
{
    static char out[MANY][LINE_OUT];
    struct fleet *a = story_fleet(STORY_NORMAL), *b = story_fleet(STORY_MOVING),
                 *dead = story_fleet(STORY_DEAD);

    (void)state;
    assert_int_equal(changes(a, a, out, MANY), 0);
    assert_int_equal(changes(a, b, out, MANY), 1);
    assert_string_equal(out[0], "08:42:07 INFO write-back: moving, was cloud");
    b->setting = AUTO_OFF;
    assert_int_equal(changes(a, b, out, MANY), 2);
    assert_string_equal(out[0], "08:42:07 INFO AUTO OFF, was AUTO ON");
    assert_true(changes(a, dead, out, MANY) >= 2);
    assert_string_equal(out[0],
                        "08:42:07 WARN jenkins (nodes and builds) is down: connect: "
                        "no route to host; retrying in 5m");
    assert_int_equal(changes(NULL, a, out, MANY), 1 + 1 + SOURCE_COUNT + 4);
    fleet_unref(a);
    fleet_unref(b);
    fleet_unref(dead);
}

static void test_rows(void **state)
{
    struct fleet *f = story_fleet(STORY_MOVING);
    char buf[LINE_OUT];

    (void)state;
    assert_string_equal(
        line_server(f, &f->servers[0], STORY_NOW, buf),
        "cache        cloud      desired cloud     spot active      jenkins "
        "busy ui-nightly #412 task -                $/h 0.212");
    assert_string_equal(line_summary(f, STORY_NOW, buf),
                        "AUTO ON, 3 in the cloud, 1 moving, 0 on-prem, $1.13/h, month "
                        "$125.26 (estimates)");
    fleet_unref(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
