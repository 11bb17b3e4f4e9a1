#include <config.h>

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "core/sim/world_impl.h"
#include "core/store/store.h"
#include "tests/sim/weeks.h"

#include "tests/unit/folder.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Every call that changes something, on a day of four servers: its answer is lost before
 * it has an effect, and after it had; the controller dies before it is sent, and before
 * its answer comes. Each time the servers arrive and come home, nothing happens twice at
 * the site, and every intent in the store has its outcome.
 */

enum { DAY_S = 13 * 3600, TIMES = 3, TROUBLE_S = 3 * 3600, LOST = 2 };

/* What else there is to a day, so that the call is made at all. */
enum kind_of_day {
    PLAIN,
    FORCED,  /* a person forces a move: builds are stopped */
    MEDDLED, /* somebody lets the interfaces die with their instances */
    DEAF,    /* no guest goes down when it is asked to */
    OPENED,  /* AWS leaves a spot request open */
    PORTS,   /* every server has a ready_port */
    LOSSES,  /* two instances are taken back while builds run on them */
    NEVER    /* no such day */
};

/* The day as it is being lived; one at a time. */
static struct {
    enum call_kind kind;
    enum drive_fate fate;
    enum kind_of_day what;
    int32_t hits;
    struct utc start;
    const struct command *orders;
    size_t n_orders, given;
    bool home[4];
    struct world *world;
    int32_t troubles;         /* had so many */
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

static void meddle(struct world *w)
{
    day.troubles++;
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

    day.troubles++;
    assert_non_null(s);
    assert_int_equal(world_tag(w, s->id, tags, ARRAY_LEN(tags)), SIM_OK);
}

/* One a minute, of what has a build just now. */
static void take_back(struct world *w)
{
    const struct sim_tested *s = &w->servers[day.troubles];
    const struct sim_instance *i = world_instance_by_serial(
        w, s->managed.instance != 0 ? s->managed.instance : w->enis[s->eni].holder);

    if (i == NULL || w->nodes[s->node[SIM_CLOUD]].executors[0] == NULL)
        return;
    day.troubles++;
    assert_int_equal(world_interrupt(w, i->id, 0, false), SIM_OK);
}

static void each_minute(void *ctx, const struct fleet *f)
{
    bool later = f->at.s - day.start.s >= TROUBLE_S;

    (void)ctx;
    if (day.what == OPENED && later && day.troubles == 0)
        leave_open(day.world);
    if (day.what == MEDDLED && later && day.troubles == 0)
        meddle(day.world);
    if (day.what == LOSSES && later && day.troubles < LOST)
        take_back(day.world);
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

/* Of the hours in which they were to be in the cloud. */
static int64_t least_ready(enum kind_of_day what)
{
    return what == FORCED || what == LOSSES ? 65 : 85;
}

static void live(const char *mover, enum call_kind kind, enum drive_fate f,
                 enum kind_of_day what)
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
    day.what = what;
    if (what == DEAF)
        day.world->odds.shutdown_deaf = 1000000;
    if (what == LOSSES)
        day.world->odds.calm = true;
    day.start = r->options.from;
    day.orders = forced;
    day.n_orders = what == FORCED ? ARRAY_LEN(forced) : 0;
    for (size_t i = 0; what == PORTS && i < r->config->n_servers; i++)
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
    assert_row(text, r->report.ready_s * 100 / r->report.planned_s >= least_ready(what));
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
    assert_row(text, what == FORCED || r->totals.builds_killed_by_us == 0);
    assert_row(text, r->totals.twins_max == 1);
    assert_row(text, r->totals.builds_again_twice == 0);
    assert_row(text, what != LOSSES || r->totals.builds_again == day.troubles);
    assert_row(text, r->report.violations == 0);
    for (size_t i = 0; i < r->site->w->n_enis; i++)
        assert_row(text, r->site->w->enis[i].id[0] != '\0');
    check_store(text, dir);
    run_free(r);
    assert_true(folder_remove(dir));
}

/* A new call is a row here: what happens when nobody hears its answer? */
static const struct {
    const char *mover; /* that makes it; of NEVER: why */
    enum kind_of_day what;
} rows[] = {
    [CALL_NODE_CLOSE] = {"velostrata", PLAIN},
    [CALL_NODE_OPEN] = {"velostrata", PLAIN},
    [CALL_NODE_DISCONNECT] = {"velostrata", PLAIN},
    [CALL_NODE_LAUNCH] = {"velostrata", PLAIN},
    [CALL_BUILD_STOP] = {"velostrata", FORCED},
    [CALL_BUILD_QUEUE] = {"velostrata", LOSSES},
    [CALL_RUN_IN_CLOUD] = {"velostrata", PLAIN},
    [CALL_START_IN_CLOUD] =
        {"a person must stop an on-demand instance between its launch "
         "and the next look; test_engine_calls has its lost answer",
         NEVER},
    [CALL_RETURN] = {"velostrata", PLAIN},
    [CALL_EXTENSION_START] = {"velostrata", PLAIN},
    [CALL_EXTENSION_STOP] = {"velostrata", PLAIN},
    [CALL_LAUNCH] = {"ec2", PLAIN},
    [CALL_TERMINATE] = {"ec2", PLAIN},
    [CALL_INTERFACE_KEEP] = {"ec2", MEDDLED},
    [CALL_SPOT_CANCEL] = {"ec2", OPENED},
    [CALL_PORT_CHECK] = {"ec2", PORTS},
    [CALL_VM_POWER_ON] = {"ec2", PLAIN},
    [CALL_VM_POWER_OFF] = {"ec2", DEAF},
    [CALL_VM_SHUTDOWN] = {"ec2", PLAIN},
};

static void test_all(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(rows), CALL_COUNT);
    for (int k = 0; k < CALL_COUNT; k++) {
        /* No call without a row, whatever its place in the list. */
        assert_row(call_word((enum call_kind)k), rows[k].mover != NULL);
        for (int f = FATE_LOST_BEFORE; rows[k].what != NEVER && f <= FATE_CRASH_AFTER;
             f++)
            live(rows[k].mover, (enum call_kind)k, (enum drive_fate)f, rows[k].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
