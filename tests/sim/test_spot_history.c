#include <config.h>

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

/* What AWS said of a server's spot requests, one behind the other: from the picture of
 * each minute of a morning in which its instance is taken back. */

enum { MORNING_S = 4 * 3600, TAKEN_S = 5400 };

struct morning {
    struct run *r;
    bool taken;
    struct spot_step steps[FLEET_SPOT_STEPS];
    size_t n;
};

static void look(void *ctx, const struct fleet *f)
{
    struct morning *m = ctx;
    struct world *w = m->r->site->w;
    const struct sim_instance *i = world_server_instance(w, 0);

    if (!m->taken && f->at.s - m->r->options.from.s >= TAKEN_S && i != NULL &&
        i->state == SIM_RUNNING)
        m->taken = world_interrupt(w, i->id, 120 * 1000, false) == SIM_OK;
    m->n = f->servers[0].n_spot_steps;
    for (size_t k = 0; k < m->n; k++) {
        m->steps[k] = f->servers[0].spot_steps[k];
        assert_true(m->steps[k].at.s <= f->at.s);
        assert_true(k == 0 || m->steps[k].at.s > m->steps[k - 1].at.s);
    }
}

static void test_morning(void **state)
{
    struct run *r = run_prepare_as(5, "ec2", NULL);
    struct morning m = {.r = r};
    size_t lost = 0;

    (void)state;
    r->options.duration_s = MORNING_S;
    r->options.each_minute = look;
    r->options.each_entry = NULL;
    r->options.ctx = &m;
    run_go(r);
    assert_true(m.taken);
    assert_true(m.n >= 3 && m.n <= FLEET_SPOT_STEPS);
    assert_string_equal(m.steps[0].status, "fulfilled");
    while (lost < m.n && !str_starts(m.steps[lost].status, "instance-terminated-"))
        lost++;
    assert_in_range(lost, 1, m.n - 2);
    assert_in_range(m.steps[lost].at.s - r->options.from.s, TAKEN_S, TAKEN_S + 300);
    /* The next request begins anew. */
    assert_string_equal(m.steps[m.n - 1].status, "fulfilled");
    run_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_morning)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
