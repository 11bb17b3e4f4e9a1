/*
 * test_observe - what observations say of themselves, and that they share what is the
 * same. Each test frees what it makes. Threads: one.
 */
#include <config.h>

#include "core/model/observe.h"
#include "tests/unit/table.h"

#include <string.h>

static void progress_of_a_build(void **state)
{
    /* clang-format off */
    static const struct { const char *what; int64_t started, estimate_s, now; int32_t want; } rows[] = {
        {"begins",               1000, 100, 1000, 0},
        {"a quarter",            1000, 400, 1100, 25},
        {"cut, not rounded",     1000, 400, 1103, 25},
        {"just before the end",  1000, 100, 1099, 99},
        {"as long as estimated", 1000, 100, 1100, 99},
        {"much later",           1000, 100, 9999999, 99},
        {"not begun by then",    1000, 100, 999,  0},
        {"no estimate",          1000, -1,  1100, -1},
        {"an estimate of 0",     1000, 0,   1100, -1},
        {"no start",             0,    100, 1100, -1},
        {"a start long ago",     INT64_MIN, 100, 1100, 99},
        {"products that do not fit", 1, INT64_MAX, INT64_MAX, 99},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct seen_build b = {.started = {rows[i].started},
                                     .estimate_s = rows[i].estimate_s};

        assert_row(rows[i].what,
                   seen_build_progress(&b, (struct utc){rows[i].now}) == rows[i].want);
    }
}

static struct observation *said(const char *zone, int64_t at)
{
    struct observation *o = observation_new(SOURCE_VELOSTRATA);

    assert_non_null(o);
    o->at.s = at;
    o->as.velostrata.edge_a_zone = arena_strdup(o->arena, zone);
    assert_non_null(o->as.velostrata.edge_a_zone);
    return o;
}

/* In whatever order they go, the content stays while one is left. */
static void content_is_shared(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct observation *first = said("eu-west-1a", 100);
        struct observation *second = said("", 115);

        second->took_ms = 7;
        second->skew_known = true;
        second->skew_s = -3;
        observation_again(second, first);
        assert_true(second->as.velostrata.edge_a_zone ==
                    first->as.velostrata.edge_a_zone);
        assert_true(second->at.s == 115 && second->took_ms == 7 && second->skew_s == -3 &&
                    second->skew_known);
        observation_unref(order == 0 ? first : second);
        assert_string_equal((order == 0 ? second : first)->as.velostrata.edge_a_zone,
                            "eu-west-1a");
        observation_unref(order == 0 ? second : first);
    }
}

/* A chain of observations that say the same holds one content, not many. */
static void chains_hold_one_content(void **state)
{
    struct observation *last = said("eu-west-1b", 1);
    const struct arena *arena = last->arena;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct observation *o = observation_new(SOURCE_VELOSTRATA);

        assert_non_null(o);
        observation_again(o, last);
        observation_unref(last);
        last = o;
    }
    assert_true(last->arena == arena);
    assert_string_equal(last->as.velostrata.edge_a_zone, "eu-west-1b");
    observation_unref(last);
}

static void one_is_used_again(void **state)
{
    struct observation *o = observation_new(SOURCE_JENKINS);
    char *first, *again;

    (void)state;
    assert_non_null(o);
    first = arena_strdup(o->arena, "of the last look");
    assert_non_null(first);
    o->at.s = 5;
    o->took_ms = 7;
    o->as.jenkins.n_nodes = 3;
    (void)err_set(&o->err, ERR_TIMEOUT, "no answer");
    (void)observation_ref(o);
    assert_false(observation_reuse(o)); /* somebody may still read it */
    assert_string_equal(first, "of the last look");
    observation_unref(o);
    assert_true(observation_reuse(o));
    assert_int_equal(o->source, SOURCE_JENKINS);
    assert_int_equal(o->at.s, 0);
    assert_int_equal(o->took_ms, 0);
    assert_int_equal(o->as.jenkins.n_nodes, 0);
    assert_int_equal(o->err.code, ERR_OK);
    again = arena_alloc(o->arena, 64, 1);
    assert_non_null(again);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(again[i], 0);
    observation_unref(o);
}

/* What it kept is one block, however much there was; a failure is over, too. */
static void an_arena_is_emptied(void **state)
{
    struct arena *a = arena_new(1024 * 1024);

    (void)state;
    assert_non_null(a);
    assert_true(arena_reset(a)); /* of nothing */
    for (int i = 0; i < 100; i++) {
        char *p = arena_alloc(a, 5000, 1);

        assert_non_null(p);
        memset(p, 'x', 5000);
    }
    assert_null(arena_alloc(a, 2 * 1024 * 1024, 1));
    assert_true(arena_failed(a));
    assert_true(arena_reset(a));
    assert_false(arena_failed(a));
    assert_int_equal(arena_used_bytes(a), 0);
    for (int i = 0; i < 100; i++) {
        const char *p = arena_alloc(a, 5000, 1);

        assert_non_null(p);
        assert_true(p[0] == 0 && p[4999] == 0);
    }
    assert_false(arena_reset(arena_share(a))); /* the other holder may read it */
    arena_free(a);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_of_a_build),     cmocka_unit_test(content_is_shared),
        cmocka_unit_test(chains_hold_one_content), cmocka_unit_test(one_is_used_again),
        cmocka_unit_test(an_arena_is_emptied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
