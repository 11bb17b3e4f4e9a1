#include <config.h>

#include "tests/unit/controller_scene.h"

/* Answers that come late, or once more: what they say counts once, and in their order. */

enum { ASKED_S = 60 };

/* What vSphere said at that time arrives now. */
static void arrives(struct scene *s, int64_t at_s, enum err_code code)
{
    struct observation *o = observation_new(SOURCE_VSPHERE);

    assert_non_null(o);
    o->at.s = at_s;
    if (code == ERR_OK)
        o->as.vsphere =
            (struct obs_vsphere){.vms = &s->vm, .n_vms = 1, .load_problem = ""};
    else
        (void)err_set(&o->err, code, "HTTP 401");
    step(s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static void test_once_more(void **state)
{
    /* The first is heard at its time; the second arrives ASKED_S later. */
    static const struct {
        const char *what;
        enum err_code first, second;
        int64_t second_s; /* of its own stamp, after the first's */
        bool asked;       /* in between */
        int32_t failures;
    } rows[] = {
        {"a refusal, and the same once more", ERR_AUTH, ERR_AUTH, 0, false, 1},
        {"two in the same second", ERR_AUTH, ERR_AUTH, 0, true, 2},
        {"a refusal, and a newer one", ERR_AUTH, ERR_AUTH, ASKED_S, false, 2},
        {"a refusal, and what was well before it", ERR_AUTH, ERR_OK, -5, false, 1},
        {"a refusal, and what is well now", ERR_AUTH, ERR_OK, ASKED_S, false, 0},
        {"well, and a refusal of before", ERR_OK, ERR_AUTH, -5, false, 0},
        {"well, and a refusal", ERR_OK, ERR_AUTH, ASKED_S, false, 1},
        {"stamped by a clock that was ahead", ERR_OK, ERR_AUTH, -90000, false, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct source_state *st;
        struct scene s;
        int64_t first;

        scene_make(&s);
        scene_start(&s);
        st = &s.c->sources[SOURCE_VSPHERE];
        first = s.now.s + (rows[i].second_s < -ASKED_S ? 86400 : 0);
        arrives(&s, first, rows[i].first);
        s.now.s += ASKED_S;
        s.c->sources[SOURCE_VSPHERE].in_flight = rows[i].asked;
        arrives(&s, first + rows[i].second_s, rows[i].second);
        assert_row(rows[i].what, st->failures == rows[i].failures);
        scene_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
