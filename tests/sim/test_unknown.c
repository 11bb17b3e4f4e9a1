#include <config.h>

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "core/sim/world_impl.h"
#include "core/store/store.h"
#include "tests/sim/weeks.h"

#include "tests/unit/table.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Every call that changes something, on a day of four servers: its answer is lost before
 * it has an effect, and after it had; the controller dies before it is sent, and before
 * its answer comes. Each time the servers arrive and come home, nothing happens twice at
 * the site, and every intent in the store has its outcome.
 */

enum { DAY_S = 13 * 3600, TIMES = 3, MEDDLED_S = 3 * 3600 };

/* The day as it is being lived; one at a time. */
static struct {
    enum call_kind kind;
    enum drive_fate fate;
    int32_t hits;
    struct utc start;
    const struct command *orders;
    size_t n_orders, given;
    bool home[4];
    struct world *world;
    bool meddled;
    int64_t acts[CALL_COUNT]; /* that reached the site */
} day;

static enum drive_fate fate(void *ctx, const struct call *call)
{
    enum drive_fate f = call->kind == day.kind && day.hits < TIMES ? day.fate : FATE_DONE;

    (void)ctx;
    day.hits += f != FATE_DONE;
    day.acts[call->kind] += f != FATE_LOST_BEFORE && f != FATE_CRASH_BEFORE;
    return f;
}

/* Somebody lets the interfaces die with their instances. */
static void meddle(struct world *w)
{
    day.meddled = true;
    for (size_t i = 0; i < w->n_enis; i++) {
        if (w->enis[i].holder != 0)
            assert_int_equal(world_eni_keep(w, w->enis[i].id, true), SIM_OK);
    }
}

/* A spot request that AWS leaves open. */
static void leave_open(struct world *w)
{
    const struct sim_tag tags[] = {{"rushhour:deployment", "demo"},
                                   {"rushhour:server", "cache"}};
    struct sim_spot *s = cloud_spot_open(w, "c5.2xlarge", w->zones[0], 0);

    day.meddled = true;
    assert_non_null(s);
    assert_int_equal(world_tag(w, s->id, tags, ARRAY_LEN(tags)), SIM_OK);
}

static void each_minute(void *ctx, const struct fleet *f)
{
    (void)ctx;
    if (day.kind == CALL_SPOT_CANCEL && !day.meddled &&
        f->at.s - day.start.s >= MEDDLED_S)
        leave_open(day.world);
    if (day.kind == CALL_INTERFACE_KEEP && !day.meddled &&
        f->at.s - day.start.s >= MEDDLED_S)
        meddle(day.world);
    for (size_t i = 0; i < f->n_servers && i < 4; i++) {
        const struct server_facts *v = &f->servers[i].facts;

        day.home[i] = v->place == PLACE_ONPREM && v->power == POWER_ON && v->onprem.open;
    }
}

static bool order(void *ctx, struct utc now, struct command *out)
{
    (void)ctx;
    if (day.given == day.n_orders || now.s - day.start.s < day.orders[day.given].at.s)
        return false;
    *out = day.orders[day.given++];
    out->at = now;
    return true;
}

static void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e;

    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
    }
    if (d != NULL)
        (void)closedir(d);
    assert_int_equal(rmdir(dir), 0);
}

/* A person who does not wait for builds: they are stopped. */
static const struct command forced[] = {
    {.kind = COMMAND_MOVE,
     .server = "cache",
     .place = PLACE_ONPREM,
     .force = true,
     .by = "dana",
     .at = {3 * 3600}},
};

static const char *const fates[] = {[FATE_LOST_BEFORE] = "lost before",
                                    [FATE_LOST_AFTER] = "lost after",
                                    [FATE_CRASH_BEFORE] = "crash before",
                                    [FATE_CRASH_AFTER] = "crash after"};

static void check_store(const char *what, const char *dir)
{
    struct store_state st = {0};
    struct store *s = NULL;
    struct err e = {0};

    assert_int_equal(store_open(dir, STORE_CLIENT, "demo", &s, &e), ERR_OK);
    assert_int_equal(store_load(s, (struct utc){0}, &st, &e), ERR_OK);
    assert_row(what, st.n_intents == 0);
    assert_row(what, st.n_moves == 0);
    store_state_free(&st);
    store_close(s);
}

static void live(const char *mover, enum call_kind kind, enum drive_fate f,
                 bool builds_stop)
{
    char dir[] = "/tmp/rushhour-test-XXXXXX", text[96];
    bool ec2 = str_eq(mover, "ec2");
    struct run *r = run_prepare_as(7, mover, NULL);

    (void)str_format(text, sizeof(text), "%s %s, %s", mover, call_word(kind), fates[f]);
    assert_non_null(mkdtemp(dir));
    memset(&day, 0, sizeof(day));
    day.world = r->site->w;
    day.kind = kind;
    day.fate = f;
    day.start = r->options.from;
    day.orders = forced;
    day.n_orders = builds_stop ? ARRAY_LEN(forced) : 0;
    for (size_t i = 0; kind == CALL_PORT_CHECK && i < r->config->n_servers; i++)
        r->config->servers[i].ready_port = 8080;
    r->options.level = DRIVE_TYPED;
    r->options.state_dir = dir;
    r->options.duration_s = DAY_S;
    r->options.each_minute = each_minute;
    r->options.order = order;
    r->options.fate = fate;
    run_go(r);

    print_message("%-38s %d times, ready %lld %%, %lld launches, %lld crashes\n", text,
                  day.hits, (long long)(r->report.ready_s * 100 / r->report.planned_s),
                  (long long)r->totals.launches, (long long)r->report.crashes);
    assert_row(text, day.hits > 0);
    assert_row(text, r->report.crashes == (f >= FATE_CRASH_BEFORE ? day.hits : 0));
    assert_row(text,
               r->report.ready_s * 100 / r->report.planned_s >= (builds_stop ? 65 : 85));
    for (size_t i = 0; i < ARRAY_LEN(day.home); i++)
        assert_row(text, day.home[i]);
    /* Nothing twice: a launch for each call that got through, never two places, and no
     * build died of it. */
    assert_row(text,
               r->totals.launches <= day.acts[CALL_RUN_IN_CLOUD] + day.acts[CALL_LAUNCH]);
    assert_row(text,
               r->totals.launches <= 4 + r->totals.interruptions + (int64_t)day.n_orders);
    assert_row(text, ec2 || day.acts[CALL_EXTENSION_START] == 1);
    assert_row(text, ec2 || day.acts[CALL_EXTENSION_STOP] == 1);
    assert_row(text, r->totals.both_places_ms == 0);
    assert_row(text, builds_stop || r->totals.builds_killed_by_us == 0);
    assert_row(text, r->report.violations == 0);
    for (size_t i = 0; i < r->site->w->n_enis; i++)
        assert_row(text, r->site->w->enis[i].id[0] != '\0');
    check_store(text, dir);
    run_free(r);
    remove_dir(dir);
}

/* A new call is a row here: what happens when nobody hears its answer? */
static const struct {
    const char *mover; /* that makes it; NULL = none does, on such a day */
    bool builds_stop;  /* on a day on which a person forces a move */
} rows[] = {
    [CALL_NODE_CLOSE] = {"velostrata", false},
    [CALL_NODE_OPEN] = {"velostrata", false},
    [CALL_NODE_DISCONNECT] = {"velostrata", false},
    [CALL_NODE_LAUNCH] = {"velostrata", false},
    [CALL_BUILD_STOP] = {"velostrata", true},
    [CALL_RUN_IN_CLOUD] = {"velostrata", false},
    [CALL_START_IN_CLOUD] = {NULL, false}, /* only what a person stopped out there */
    [CALL_RETURN] = {"velostrata", false},
    [CALL_EXTENSION_START] = {"velostrata", false},
    [CALL_EXTENSION_STOP] = {"velostrata", false},
    [CALL_LAUNCH] = {"ec2", false},
    [CALL_TERMINATE] = {"ec2", false},
    [CALL_INTERFACE_KEEP] = {"ec2", false},
    [CALL_SPOT_CANCEL] = {"ec2", false},
    [CALL_PORT_CHECK] = {"ec2", false},
    [CALL_VM_POWER_ON] = {"ec2", false},
    [CALL_VM_POWER_OFF] = {NULL, false}, /* only what ignores its shutdown */
    [CALL_VM_SHUTDOWN] = {"ec2", false},
};

static void test_all(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(rows), CALL_COUNT);
    for (int k = 0; k < CALL_COUNT; k++) {
        for (int f = FATE_LOST_BEFORE; rows[k].mover != NULL && f <= FATE_CRASH_AFTER;
             f++)
            live(rows[k].mover, (enum call_kind)k, (enum drive_fate)f,
                 rows[k].builds_stop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
