#include <config.h>

#include "tests/sim/swarm.h"

#include "tests/unit/table.h"

/* What is drawn for a seed is all in its text: a saved seed is the same history. */

static void text_of(const struct swarm *s, struct strbuf *out)
{
    strbuf_reset(out);
    swarm_put(s, out);
    assert_false(out->failed);
}

static void test_kept(void **state)
{
    enum { SEEDS = 400 };
    struct strbuf once, again;
    size_t buggify = 0;

    (void)state;
    strbuf_init(&once, 1 << 16);
    strbuf_init(&again, 1 << 16);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        enum drive_level level = seed % 3 == 0 ? DRIVE_WIRE : DRIVE_TYPED;
        struct swarm drawn, read;
        struct err e = {0};

        swarm_draw(&drawn, seed, level);
        text_of(&drawn, &once);
        assert_int_equal(swarm_read(&read, strbuf_text(&once), &e), ERR_OK);
        text_of(&read, &again);
        assert_string_equal(strbuf_text(&once), strbuf_text(&again));
        /* A field that no line holds would be lost. */
        assert_memory_equal(&drawn, &read, sizeof(drawn));
        buggify += read.buggify ? 1 : 0;
    }
    assert_int_equal(buggify, SEEDS / 2);
    strbuf_clear(&once);
    strbuf_clear(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
