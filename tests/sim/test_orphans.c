#include <config.h>

#include "tests/sim/weeks.h"

#include "core/base/str.h"
#include "core/sim/site_impl.h"
#include "core/sim/world_impl.h"

#include "tests/unit/folder.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What has our tag in the region and is nobody's: told truly, ended after the grace and
 * only then, never without auto, never with a fixed interface; and a store that was lost
 * with its directory (reliability 6).
 */

enum { NIGHT_S = 12 * 3600, RUN_S = 2 * 3600, TEXTS = 4 };
static const struct utc start = {1795329000};

enum what { INSTANCE, WITH_INTERFACE, REQUEST };

struct night {
    struct run *r;
    enum what what;
    bool restarts;
    struct command orders[2];
    size_t n_orders, given;
    int64_t serial, made_ms, ended_ms;
    char id[SIM_ID];
    int64_t told, kept, calls, told_s[TEXTS];
    char text[TEXTS][LINE_TEXT];
};

static void make(struct night *n)
{
    struct world *w = n->r->site->w;
    const struct sim_tag tags[] = {{"rushhour:deployment", "demo"},
                                   {"rushhour:server", "cache"}};
    struct sim_launch l = {.type = "c5.2xlarge",
                           .image = "ami-1",
                           .client_token = "",
                           .tags = tags,
                           .n_tags = ARRAY_LEN(tags)};
    const struct sim_instance *in;
    struct sim_spot *s;

    n->made_ms = w->now;
    if (n->what == REQUEST) {
        s = cloud_spot_open(w, "c5.2xlarge", w->zones[0], 0);
        assert_non_null(s);
        (void)str_copy(n->id, sizeof(n->id), s->id);
        assert_int_equal(world_tag(w, n->id, tags, ARRAY_LEN(tags)), SIM_OK);
        return;
    }
    l.eni = n->what == WITH_INTERFACE ? w->enis[0].id : NULL;
    assert_int_equal(world_launch(w, &l, &in), SIM_OK);
    if (l.eni != NULL)
        assert_int_equal(world_eni_keep(w, l.eni, true), SIM_OK);
    (void)str_copy(n->id, sizeof(n->id), in->id);
    n->serial = in->serial;
}

static void each_minute(void *ctx, const struct fleet *f)
{
    struct night *n = ctx;
    const struct world *w = n->r->site->w;
    const struct sim_spot *s;

    if (n->made_ms == 0 && f->at.s - n->r->options.from.s >= 300)
        make(n);
    if (n->made_ms == 0 || n->ended_ms != 0)
        return;
    if (n->what != REQUEST) {
        n->ended_ms = world_instance_by_serial(w, n->serial)->dying_since;
        return;
    }
    s = world_spot_find(w, n->id);
    n->ended_ms = s->state == SIM_SPOT_CANCELED ? s->updated : 0;
}

static void each_entry(void *ctx, const struct journal_entry *j)
{
    struct night *n = ctx;

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%lld %s %s %s: %s\n", (long long)(j->at.s - n->r->options.from.s),
                      level_word(j->level), j->actor, j->server, j->text);
    if (str_eq(j->action, "orphan") && n->told < TEXTS) {
        n->told_s[n->told] = j->at.s;
        (void)str_copy(n->text[n->told++], LINE_TEXT, j->text);
    }
    if (j->level != LEVEL_ACT)
        return;
    n->kept += str_eq(j->action, "keep-interface") ? 1 : 0;
    n->calls +=
        str_eq(j->action, "terminate") || str_eq(j->action, "cancel-spot") ? 1 : 0;
}

static bool order(void *ctx, struct utc now, struct command *out)
{
    struct night *n = ctx;

    if (n->given == n->n_orders ||
        now.s - n->r->options.from.s < n->orders[n->given].at.s)
        return false;
    *out = n->orders[n->given++];
    out->at = now;
    return true;
}

/* A quiet night on both levels. */
static void live(struct night *n, uint64_t seed, enum drive_level level)
{
    const struct site_options so = {
        .seed = seed, .servers = 2, .mover = "ec2", .start = {start.s + NIGHT_S}};

    n->r = run_prepare_site(&so);
    n->r->site->w->odds.calm = true;
    n->r->options.level = level;
    n->r->options.duration_s = RUN_S;
    n->r->options.each_minute = each_minute;
    n->r->options.each_entry = each_entry;
    n->r->options.order = order;
    n->r->options.crash_mean_s = n->restarts ? 180 : 0;
    n->r->options.ctx = n;
    run_go(n->r);
}

static void test_ended(void **state)
{
    static const struct {
        const char *what;
        enum what kind;
        bool restarts;
        int64_t kept;
        int64_t most_s; /* after it was made */
    } rows[] = {
        {"an instance", INSTANCE, false, 0, 15 * 60},
        {"one that would take a fixed interface with it", WITH_INTERFACE, false, 1,
         17 * 60},
        {"a spot request that stays open", REQUEST, false, 0, 20 * 60},
        {"an instance, over restarts", INSTANCE, true, 0, 30 * 60},
        {"a request, over restarts", REQUEST, true, 0, 40 * 60},
    };
    static const enum drive_level levels[] = {DRIVE_WIRE, DRIVE_TYPED};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(levels); i++) {
        struct night n = {.what = rows[i / 2].kind, .restarts = rows[i / 2].restarts};
        const char *what = rows[i / 2].what;
        /* without bytes it is looked at every five minutes */
        int64_t most_s = rows[i / 2].most_s + (levels[i % 2] == DRIVE_TYPED ? 600 : 0);
        const struct world *w;

        if (n.restarts && levels[i % 2] == DRIVE_TYPED)
            continue; /* it has no store to start from */
        live(&n, 80 + i, levels[i % 2]);
        print_message("%s: told %lld times after %lld s, ended after %lld s by %lld "
                      "calls\n",
                      what, (long long)n.told,
                      (long long)(n.told_s[0] - n.made_ms / 1000),
                      (long long)(n.ended_ms - n.made_ms) / 1000, (long long)n.calls);
        w = n.r->site->w;
        assert_row(what, n.told == 1);
        assert_row(what, strstr(n.text[0], "ended when it still is in 10 minutes"));
        assert_row(what, n.ended_ms / 1000 - n.told_s[0] >= 600);
        assert_row(what, n.ended_ms - n.made_ms <= most_s * 1000);
        assert_row(what, n.kept == rows[i / 2].kept);
        assert_row(what, n.calls == 1);
        assert_row(what, w->enis[0].id[0] != '\0');
        /* On the interface of a server at home the test itself breaks I1. */
        assert_row(what, n.what == WITH_INTERFACE || n.r->report.violations == 0);
        run_free(n.r);
    }
}

static const struct command auto_off = {
    .kind = COMMAND_AUTO, .setting = AUTO_OFF, .by = "dana", .at = {60}};
static const struct command dry_run = {
    .kind = COMMAND_AUTO, .setting = AUTO_DRY_RUN, .by = "dana", .at = {60}};
static const struct command auto_on = {
    .kind = COMMAND_AUTO, .setting = AUTO_ON, .by = "dana", .at = {3600}};

/* Without auto the alert says that nothing ends it; switched on, it is told anew, and the
 * grace begins then. */
static void test_spared(void **state)
{
    static const struct {
        const char *what;
        const struct command *first;
        enum what kind;
        bool comes_back;
        const char *text;
    } rows[] = {
        {"auto off", &auto_off, INSTANCE, false, "while auto is off or asleep"},
        {"dry-run", &dry_run, INSTANCE, false, "in dry-run nothing ends it"},
        {"a request in dry-run", &dry_run, REQUEST, false, "in dry-run nothing ends it"},
        {"auto off, then on", &auto_off, INSTANCE, true, "while auto is off or asleep"},
        {"dry-run, then on", &dry_run, WITH_INTERFACE, true, "in dry-run"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct night n = {.what = rows[i].kind,
                          .orders = {*rows[i].first, auto_on},
                          .n_orders = rows[i].comes_back ? 2 : 1};
        int64_t on_s;

        live(&n, 90 + i, DRIVE_WIRE);
        on_s = n.r->options.from.s + auto_on.at.s;
        assert_row(rows[i].what, strstr(n.text[0], rows[i].text) != NULL);
        assert_row(rows[i].what, (n.ended_ms != 0) == rows[i].comes_back);
        assert_row(rows[i].what, n.told == (rows[i].comes_back ? 2 : 1));
        assert_row(rows[i].what, n.calls == (rows[i].comes_back ? 1 : 0));
        if (rows[i].comes_back) {
            assert_row(rows[i].what, strstr(n.text[1], "in 10 minutes") != NULL);
            assert_row(rows[i].what, n.ended_ms / 1000 - on_s >= 600);
        }
        run_free(n.r);
    }
}

/* ---- the store is gone ---- */

struct loss {
    struct night night; /* for the orders */
    enum place place[2];
    enum mode mode;
    int64_t alarms;
};

static void loss_minute(void *ctx, const struct fleet *f)
{
    struct loss *l = (struct loss *)ctx;

    for (size_t i = 0; i < 2; i++)
        l->place[i] = f->servers[i].facts.place;
    l->mode = f->mode;
}

static void loss_entry(void *ctx, const struct journal_entry *j)
{
    struct loss *l = (struct loss *)ctx;

    l->alarms += str_eq(j->action, "store") ? 1 : 0;
    each_entry(&l->night, j);
}

static void go_on(struct run *r, int64_t duration_s)
{
    r->options.from.s = r->site->w->now / 1000;
    r->options.duration_s = duration_s;
    run_go(r);
}

/* The whole directory goes while the servers are in the cloud: what runs is adopted,
 * nothing is done, not even in the evening, until a person has looked. */
static void test_lost_store(void **state)
{
    const struct site_options so = {.seed = 95, .servers = 2, .mover = "ec2"};
    char dir[] = "/tmp/rushhour-test-XXXXXX";
    struct loss l = {.night.r = run_prepare_site(&so)};
    struct run *r = l.night.r;
    const struct world *w = r->site->w;
    int64_t launches;

    (void)state;
    assert_non_null(mkdtemp(dir));
    r->site->w->odds.calm = true;
    r->options.state_dir = dir;
    r->options.each_minute = loss_minute;
    r->options.each_entry = loss_entry;
    r->options.order = order;
    r->options.ctx = &l;
    go_on(r, 3 * 3600);
    assert_int_equal(l.place[0], PLACE_CLOUD);
    assert_int_equal(l.place[1], PLACE_CLOUD);
    assert_int_equal(l.alarms, 0);
    launches = w->totals.launches;

    assert_true(folder_empty(dir));
    go_on(r, 9 * 3600);
    assert_int_equal(r->report.calls, 0);
    assert_int_equal(l.alarms, 1);
    assert_int_equal(l.mode, MODE_DRY_RUN);
    assert_int_equal(l.place[0], PLACE_CLOUD);
    assert_int_equal(l.place[1], PLACE_CLOUD);
    assert_int_equal(w->totals.launches, launches);

    l.night.orders[0] = auto_on;
    l.night.n_orders = 1;
    l.night.given = 0;
    go_on(r, 2 * 3600); /* the same store: lost is what it stays until then */
    assert_int_equal(l.mode, MODE_AUTO);
    assert_int_equal(l.place[0], PLACE_ONPREM);
    assert_int_equal(l.place[1], PLACE_ONPREM);
    assert_int_equal(w->totals.launches, launches);
    assert_int_equal(r->report.violations, 0);
    for (size_t i = 0; i < w->n_instances; i++)
        assert_true(w->instances[i]->dying_since != 0);
    run_free(r);
    assert_true(folder_empty(dir));
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ended),
        cmocka_unit_test(test_spared),
        cmocka_unit_test(test_lost_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
