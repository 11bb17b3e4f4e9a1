#include <config.h>

#include "core/base/str.h"
#include "core/engine/engine.h"
#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

/*
 * I13: an order that is shown as accepted survives a crash. So what was accepted in a
 * step that could not be written is shown only when it is on disk; a refusal is shown at
 * once. What such a store never learns is told. Linked with --wrap=store_apply.
 */

enum { NOW = 1795334400 };

static const char text[] =
    "site = { tz = \"UTC\" }\n"
    "policy = { window = [\"Sun-Sat 00:00-24:00\"] }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "servers = { a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"home-a\"\n"
    "  cloud_node = \"cloud-a\" eni = \"eni-a\" instance_types = [\"c5\"] } }\n";

static bool failing;

enum err_code __real_store_apply(struct store *s, struct record *records, size_t n,
                                 struct err *e);
enum err_code __wrap_store_apply(struct store *s, struct record *records, size_t n,
                                 struct err *e);

enum err_code __wrap_store_apply(struct store *s, struct record *records, size_t n,
                                 struct err *e)
{
    return failing ? err_set(e, ERR_STORE, "the disk is gone")
                   : __real_store_apply(s, records, n, e);
}

struct scene {
    struct clock_fake fake;
    struct clock clock;
    struct config *config;
    struct tz *tz;
    struct store *store;
    struct engine *engine;
};

static void scene_make(struct scene *s)
{
    struct controller_options o = {.host = "h", .user = "u"};
    struct config_problems *problems = NULL;
    struct err e = {0};

    failing = false;
    *s = (struct scene){.fake = {.utc = {NOW}, .mono = {1000}}};
    s->clock = clock_fake_clock(&s->fake);
    assert_int_equal(config_load_text(text, "", false, &s->config, &problems, &e),
                     ERR_OK);
    config_problems_free(problems);
    assert_int_equal(tz_load("UTC", &s->tz, &e), ERR_OK);
    assert_int_equal(store_open(NULL, STORE_CONTROLLER, "test", &s->store, &e), ERR_OK);
    o.config = s->config;
    o.tz = s->tz;
    assert_int_equal(
        engine_new(&o, s->store, &s->clock, &dispatch_nobody, NULL, &s->engine, &e),
        ERR_OK);
}

static void scene_clear(struct scene *s)
{
    engine_free(s->engine);
    store_close(s->store);
    tz_free(s->tz);
    config_free(s->config);
}

static void order(struct scene *s, uint64_t id, enum auto_setting setting)
{
    struct event ev = {.kind = EVENT_COMMAND};

    ev.as.command.command = (struct command){
        .id = id, .kind = COMMAND_AUTO, .setting = setting, .by = "dana"};
    engine_feed(s->engine, &ev);
}

static void wait_s(struct scene *s, int64_t seconds)
{
    struct event ev = {.kind = EVENT_TICK};

    clock_fake_advance_ms(&s->fake, seconds * 1000);
    engine_feed(s->engine, &ev);
}

/* 1: shown as accepted, 0: as refused, -1: not shown. */
static int shown(struct scene *s, uint64_t id)
{
    struct fleet *f = controller_snapshot(engine_controller(s->engine));
    int is = -1;

    assert_non_null(f);
    for (size_t i = 0; i < f->n_replies; i++) {
        if (f->replies[i].id == id)
            is = f->replies[i].accepted ? 1 : 0;
    }
    fleet_unref(f);
    return is;
}

static void test_written(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    order(&s, 7, AUTO_ON);
    assert_int_equal(shown(&s, 7), 1);
    scene_clear(&s);
}

static void test_not_written(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    order(&s, 6, AUTO_ON);
    failing = true;
    order(&s, 7, AUTO_OFF);
    assert_int_equal(shown(&s, 6), 1);
    assert_int_equal(shown(&s, 7), -1);
    /* The next one is refused, and that is shown at once. */
    order(&s, 8, AUTO_ON);
    assert_int_equal(shown(&s, 7), -1);
    assert_int_equal(shown(&s, 8), 0);
    wait_s(&s, 10);
    assert_int_equal(shown(&s, 7), -1);
    failing = false;
    wait_s(&s, 10);
    assert_int_equal(shown(&s, 7), 1);
    assert_int_equal(shown(&s, 8), 0);
    scene_clear(&s);
}

/* It is on disk by then: a new one over the same store knows it. */
static void test_survives(void **state)
{
    struct controller_options o = {.host = "h", .user = "u"};
    struct scene s;
    struct err e = {0};
    struct fleet *f;

    (void)state;
    scene_make(&s);
    failing = true;
    order(&s, 7, AUTO_ON);
    failing = false;
    wait_s(&s, 10);
    assert_int_equal(shown(&s, 7), 1);
    engine_free(s.engine);
    o.config = s.config;
    o.tz = s.tz;
    assert_int_equal(
        engine_new(&o, s.store, &s.clock, &dispatch_nobody, NULL, &s.engine, &e), ERR_OK);
    f = controller_snapshot(engine_controller(s.engine));
    assert_non_null(f);
    assert_int_equal(f->setting, AUTO_ON);
    fleet_unref(f);
    scene_clear(&s);
}

struct lines {
    long long told, stored, lost;
};

static void count_told(void *ctx, const struct record *r)
{
    ((struct lines *)ctx)->told += r->kind == RECORD_JOURNAL;
}

static bool count_stored(void *ctx, const struct journal_entry *j)
{
    static const char again[] = "the state is written again; ";
    struct lines *n = ctx;

    n->stored++;
    if (str_starts(j->text, again))
        n->lost += strtoll(j->text + strlen(again), NULL, 10);
    return true;
}

/* More than there is room for behind a store that fails: what is missing is told in the
 * journal itself, once. */
static void test_no_room(void **state)
{
    struct lines n = {0};
    struct scene s;
    struct err e = {0};

    (void)state;
    scene_make(&s);
    engine_on_record(s.engine, count_told, &n);
    failing = true;
    for (uint64_t id = 1; id <= 5000; id++)
        order(&s, id, AUTO_OFF);
    failing = false;
    wait_s(&s, 10);
    wait_s(&s, 10);
    assert_int_equal(store_journal_each(s.store, 0, count_stored, &n, &e), ERR_OK);
    assert_true(n.told > 5000 && n.lost > 800);
    assert_int_equal(n.stored, n.told - n.lost);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written), cmocka_unit_test(test_not_written),
        cmocka_unit_test(test_survives), cmocka_unit_test(test_no_room)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
