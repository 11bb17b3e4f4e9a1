#include <config.h>

#include "tests/sim/weeks.h"

#include "core/base/str.h"
#include "core/sim/site_impl.h"

#include "tests/unit/table.h"

#include <string.h>

/* servers.NAME.ready_port: a way out has not arrived before that port answers. */

enum { MORNING_S = 2 * 3600, PORT = 8080 };

struct morning {
    struct run *r;
    int64_t checks, out, failed, back, opened_early;
};

static void each_minute(void *ctx, const struct fleet *f)
{
    struct morning *m = ctx;
    const struct world *w = m->r->site->w;

    (void)f;
    for (size_t i = 0; i < w->n_servers; i++) {
        const struct sim_node *n = &w->nodes[w->servers[i].node[SIM_CLOUD]];
        const struct sim_instance *in = world_server_instance(w, (int32_t)i);

        if (in != NULL && n->connected && !n->marked &&
            (w->odds.ports_dropped ||
             w->now < in->reachable_since + w->odds.ports_late_ms))
            m->opened_early++;
    }
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct morning *m = ctx;
    bool ended = str_eq(j->action, "move-end");

    m->checks += str_eq(j->action, "port-check") && j->level == LEVEL_ACT ? 1 : 0;
    m->out += ended && j->outcome == OUTCOME_DONE && str_eq(j->to, "cloud") ? 1 : 0;
    m->back += ended && j->outcome == OUTCOME_DONE && str_eq(j->to, "onprem") ? 1 : 0;
    m->failed += ended && j->outcome == OUTCOME_FAILED &&
                         strstr(j->text, "ready_port 8080 did not answer") != NULL
                     ? 1
                     : 0;
}

static void test_ports(void **state)
{
    static const struct {
        const char *what;
        int32_t port;
        int64_t late_s;
        bool dropped, arrives;
        int64_t least_checks; /* of the whole fleet */
    } rows[] = {
        {"no port is asked for", 0, 600, false, true, 0},
        {"it answers at once", PORT, 0, false, true, 4},
        {"it refuses for five minutes", PORT, 300, false, true, 4 * 5},
        {"somebody on the way drops it", PORT, 0, true, false, 4 * 5},
    };
    static const char *const movers[] = {"velostrata", "ec2"};
    static const enum drive_level levels[] = {DRIVE_WIRE, DRIVE_TYPED};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) * 4; i++) {
        const struct site_options so = {
            .seed = 7, .servers = 4, .mover = movers[i / 2 % 2]};
        struct morning m = {.r = run_prepare_site(&so)};
        const char *what = rows[i / 4].what;
        struct world *w = m.r->site->w;

        for (size_t k = 0; k < m.r->config->n_servers; k++)
            m.r->config->servers[k].ready_port = rows[i / 4].port;
        w->odds.calm = true;
        w->odds.ports_late_ms = rows[i / 4].late_s * 1000;
        w->odds.ports_dropped = rows[i / 4].dropped;
        m.r->options.level = levels[i % 2];
        m.r->options.duration_s = MORNING_S;
        m.r->options.each_minute = each_minute;
        m.r->options.each_entry = each_entry;
        m.r->options.ctx = &m;
        run_go(m.r);
        print_message("%s, %s: %lld checks, %lld out, %lld failed, %lld back\n", what,
                      movers[i / 2 % 2], (long long)m.checks, (long long)m.out,
                      (long long)m.failed, (long long)m.back);
        assert_row(what, m.checks >= rows[i / 4].least_checks);
        assert_row(what, rows[i / 4].port != 0 || m.checks == 0);
        assert_row(what, rows[i / 4].arrives ? m.out == 4 : m.out == 0);
        assert_row(what, rows[i / 4].arrives ? m.failed == 0 : m.failed >= 4);
        assert_row(what, rows[i / 4].arrives || m.back >= 2);
        assert_row(what, rows[i / 4].port == 0 || m.opened_early == 0);
        assert_row(what, m.r->report.violations == 0);
        assert_row(what, m.r->totals.builds_killed_by_us == 0);
        run_free(m.r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ports)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
