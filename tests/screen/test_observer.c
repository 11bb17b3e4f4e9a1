#include <config.h>

#include "tui/observer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/model/fleet_json.h"
#include "core/store/lock.h"
#include "core/store/snapshot_json.h"
#include "core/store/store.h"
#include "tests/screen/stage.h"
#include "tests/unit/folder.h"
#include "tests/unit/table.h"

/* The holder's side by the store itself; the observer beside it on a clock of its own. */
struct site {
    char dir[64];
    struct lock *lock;
    struct store *store;
    struct clock_fake fake;
    struct clock clock;
    struct observer *observer;
};

static int setup(void **state)
{
    struct site *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return -1;
    (void)str_copy(s->dir, sizeof(s->dir), "/tmp/rh-observer-XXXXXX");
    s->fake.utc = STORY_NOW;
    s->clock = clock_fake_clock(&s->fake);
    *state = s;
    return mkdtemp(s->dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    struct site *s = *state;
    bool ok;

    observer_free(s->observer);
    store_close(s->store);
    lock_release(s->lock);
    ok = folder_remove(s->dir);
    free(s);
    return ok ? 0 : -1;
}

static void hold_lock(struct site *s)
{
    struct lock_holder holder;
    struct err e = {0};

    if (lock_take(s->dir, false, &s->lock, &holder, &e) != ERR_OK)
        fail_msg("lock_take: %s", e.text);
}

static void begin(struct site *s)
{
    struct err e = {0};

    if (s->lock == NULL)
        hold_lock(s);
    if (store_open(s->dir, STORE_CONTROLLER, "haifa", &s->store, &e) != ERR_OK)
        fail_msg("store_open: %s", e.text);
}

static void end(struct site *s)
{
    store_close(s->store);
    s->store = NULL;
    lock_release(s->lock);
    s->lock = NULL;
}

/* By the process that holds the lock: this one. */
static void publish(struct site *s, enum story story)
{
    struct fleet *f = story_fleet(story);
    struct strbuf b;
    struct err e = {0};

    f->controller.pid = (int32_t)getpid();
    strbuf_init(&b, 1024 * 1024);
    fleet_json(f, "1.2.3", &b);
    if (store_snapshot_put(s->store, strbuf_text(&b), f->at, &e) != ERR_OK)
        fail_msg("store_snapshot_put: %s", e.text);
    strbuf_clear(&b);
    fleet_unref(f);
}

static void journal(struct site *s, const char *text)
{
    struct record r = {.kind = RECORD_JOURNAL, .at = STORY_NOW};
    struct err e = {0};

    r.as.journal = (struct journal_entry){.at = STORY_NOW,
                                          .level = LEVEL_ACT,
                                          .server = "cache",
                                          .actor = "policy",
                                          .action = "move"};
    (void)str_copy(r.as.journal.text, sizeof(r.as.journal.text), text);
    if (store_apply(s->store, &r, 1, &e) != ERR_OK)
        fail_msg("store_apply: %s", e.text);
}

static void observe(struct site *s, bool silent)
{
    struct observer_options o = {.state_dir = s->dir,
                                 .deployment = "haifa",
                                 .clock = &s->clock,
                                 .user = "noa",
                                 .silent = silent};
    struct err e = {0};

    if (observer_new(&o, &s->observer, &e) != ERR_OK)
        fail_msg("observer_new: %s", e.text);
}

static struct fleet *latest(struct site *s)
{
    struct fleet *f = observer_latest(s->observer);

    assert_non_null(f);
    return f;
}

static const char *last_event(const struct fleet *f)
{
    return f->n_events > 0 ? f->events[f->n_events - 1].text : "";
}

static bool has_alert(const struct fleet *f, const char *code)
{
    for (size_t i = 0; i < f->n_alerts; i++) {
        if (str_eq(f->alerts[i].code, code))
            return true;
    }
    return false;
}

/* ----- what it shows ----- */

static void test_shows_what_is_published(void **state)
{
    struct site *s = *state;
    struct fleet *f, *again;

    begin(s);
    observe(s, false);
    assert_null(observer_latest(s->observer)); /* nothing was published yet */
    publish(s, STORY_MOVING);
    journal(s, "cache moves to the cloud");
    f = latest(s);
    assert_int_equal(f->mode, MODE_OBSERVER);
    assert_int_equal(f->setting, AUTO_ON);
    assert_false(f->observe);
    assert_int_equal(f->n_servers, 4);
    assert_int_equal(f->servers[1].facts.place, PLACE_MOVING_OUT);
    assert_false(f->servers[1].facts.place_stale);
    assert_int_equal(f->servers[0].facts.place_as_of.s, STORY_NOW.s - 9);
    assert_int_equal(f->apis[0].state, API_OK);
    assert_int_equal(f->n_events, 1);
    assert_int_equal(f->events_total, 1);
    assert_string_equal(last_event(f), "cache moves to the cloud");
    assert_int_equal(f->n_alerts, 0);

    again = latest(s); /* nothing new: the same picture */
    assert_int_equal(again->version, f->version);
    fleet_unref(again);

    publish(s, STORY_NORMAL);
    journal(s, "cache has arrived");
    again = latest(s);
    assert_true(again->version > f->version);
    assert_int_equal(again->servers[1].facts.place, PLACE_CLOUD);
    assert_int_equal(again->n_events, 2);
    assert_string_equal(last_event(again), "cache has arrived");
    fleet_unref(again);
    fleet_unref(f);
}

/* A holder that has taken the lock and not yet made its store. */
static void test_waits_for_a_store(void **state)
{
    struct site *s = *state;

    hold_lock(s);
    observe(s, false);
    assert_null(observer_latest(s->observer));
    begin(s);
    publish(s, STORY_NORMAL);
    fleet_unref(latest(s));
}

static void test_long_journal(void **state)
{
    struct site *s = *state;
    struct fleet *f;
    char text[64];

    begin(s);
    for (int i = 1; i <= FLEET_EVENTS + 40; i++) {
        (void)str_format(text, sizeof(text), "entry %d", i);
        journal(s, text);
    }
    publish(s, STORY_NORMAL);
    observe(s, false);
    f = latest(s);
    assert_int_equal(f->n_events, FLEET_EVENTS);
    assert_int_equal(f->events_total, FLEET_EVENTS + 40);
    assert_string_equal(f->events[0].text, "entry 41");
    fleet_unref(f);
    journal(s, "one more");
    f = latest(s);
    assert_int_equal(f->n_events, FLEET_EVENTS);
    assert_int_equal(f->events_total, FLEET_EVENTS + 41);
    assert_string_equal(f->events[0].text, "entry 42");
    assert_string_equal(last_event(f), "one more");
    fleet_unref(f);
}

static void test_strange_snapshot(void **state)
{
    struct site *s = *state;
    struct fleet *f;
    struct err e = {0};

    begin(s);
    publish(s, STORY_NORMAL);
    observe(s, false);
    fleet_unref(latest(s));
    assert_int_equal(store_snapshot_put(s->store, "{\"at\":7}", STORY_NOW, &e), ERR_OK);
    f = latest(s);
    assert_int_equal(f->n_servers, 4); /* the last good picture, and what is wrong */
    assert_true(has_alert(f, "store"));
    fleet_unref(f);
    publish(s, STORY_NORMAL);
    f = latest(s);
    assert_false(has_alert(f, "store"));
    fleet_unref(f);
}

/* ----- a holder that ends ----- */

static void test_holder_ends(void **state)
{
    struct site *s = *state;
    struct command c = {.id = 9, .kind = COMMAND_MOVE, .server = "cache"};
    struct fleet *f;
    struct err e = {0};
    char holder[192];

    begin(s);
    publish(s, STORY_NORMAL);
    observe(s, false);
    fleet_unref(latest(s));
    (void)str_copy(holder, sizeof(holder), observer_holder(s->observer));
    assert_null(strstr(holder, "ended"));
    end(s);
    clock_fake_advance_ms(&s->fake, 5000);
    f = latest(s);
    assert_true(has_alert(f, "ended"));
    assert_int_equal(f->alerts[f->n_alerts - 1].at.s, STORY_NOW.s + 5);
    assert_string_equal(last_event(f), "the instance that acted ended: nobody acts "
                                       "until somebody takes over");
    assert_true(f->ended);
    assert_non_null(strstr(observer_holder(s->observer), "(ended)"));
    assert_true(f->servers[0].facts.place_stale);
    assert_true(f->host.stale && f->extension.stale);
    assert_int_equal(f->apis[0].state, API_STALE);
    assert_int_equal(f->servers[0].facts.place_as_of.s, STORY_NOW.s - 9);
    fleet_unref(f);

    /* Nobody would carry it out. */
    assert_false(observer_send(s->observer, &c, &e));
    assert_int_equal(e.code, ERR_CANCELED);
    c.kind = COMMAND_ACKNOWLEDGE;
    assert_true(observer_send(s->observer, &c, &e));
    f = latest(s);
    assert_false(has_alert(f, "ended"));
    assert_true(f->servers[0].facts.place_stale);
    fleet_unref(f);

    begin(s); /* somebody takes over */
    publish(s, STORY_MOVING);
    f = latest(s);
    assert_int_equal(f->n_alerts, 0);
    assert_false(f->servers[0].facts.place_stale);
    assert_string_equal(observer_holder(s->observer), holder);
    fleet_unref(f);
}

static void test_holder_hangs(void **state)
{
    struct site *s = *state;
    struct fleet *f;

    begin(s);
    publish(s, STORY_NORMAL);
    observe(s, false);
    clock_fake_advance_ms(&s->fake, 59000);
    f = latest(s);
    assert_false(f->servers[0].facts.place_stale);
    fleet_unref(f);
    clock_fake_advance_ms(&s->fake, 2000);
    f = latest(s);
    assert_true(f->servers[0].facts.place_stale);
    assert_false(has_alert(f, "ended"));
    fleet_unref(f);
}

/* ----- orders ----- */

static void answer(struct site *s, uint64_t row, bool accepted, const char *text)
{
    struct record r = {.kind = RECORD_COMMAND, .at = STORY_NOW};
    struct err e = {0};

    r.as.command = (struct command_reply){.id = row, .accepted = accepted};
    (void)str_copy(r.as.command.text, sizeof(r.as.command.text), text);
    assert_int_equal(store_apply(s->store, &r, 1, &e), ERR_OK);
}

static void test_order_and_reply(void **state)
{
    struct site *s = *state;
    struct command c = {.id = UINT64_C(0x1234000000007),
                        .kind = COMMAND_HOLD,
                        .server = "cache",
                        .place = PLACE_CLOUD,
                        .hold_kind = HOLD_PIN},
                   taken[4];
    struct fleet *f;
    struct err e = {0};
    size_t n = 0;

    begin(s);
    publish(s, STORY_NORMAL);
    observe(s, false);
    fleet_unref(latest(s));
    if (!observer_send(s->observer, &c, &e))
        fail_msg("observer_send: %s", e.text);
    assert_int_equal(store_commands(s->store, taken, ARRAY_LEN(taken), &n, &e), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(taken[0].kind, COMMAND_HOLD);
    assert_string_equal(taken[0].server, "cache");
    assert_int_equal(taken[0].place, PLACE_CLOUD);
    assert_int_equal(taken[0].hold_kind, HOLD_PIN);
    assert_string_equal(taken[0].by, "noa");
    assert_int_equal(taken[0].at.s, STORY_NOW.s);
    f = latest(s);
    assert_int_equal(f->n_replies, 0);
    fleet_unref(f);

    answer(s, taken[0].id, true, "cache wants cloud");
    f = latest(s);
    assert_int_equal(f->n_replies, 1);
    assert_true(f->replies[0].id == c.id); /* the dashboard's, not the row */
    assert_true(f->replies[0].accepted);
    assert_string_equal(f->replies[0].text, "cache wants cloud");
    fleet_unref(f);

    c.id++;
    assert_true(observer_send(s->observer, &c, &e));
    clock_fake_advance_ms(&s->fake, 10000);
    f = latest(s);
    assert_int_equal(f->n_replies, 2);
    assert_true(f->replies[1].id == c.id && !f->replies[1].accepted);
    fleet_unref(f);
}

static void test_silent(void **state)
{
    struct site *s = *state;
    struct command c = {.id = 9, .kind = COMMAND_REFRESH}, taken[4];
    struct fleet *f;
    struct err e = {0};
    size_t n = 7;

    begin(s);
    publish(s, STORY_NORMAL);
    observe(s, true);
    f = latest(s);
    assert_true(f->observe);
    fleet_unref(f);
    assert_false(observer_send(s->observer, &c, &e));
    assert_int_equal(e.code, ERR_USAGE);
    err_clear(&e);
    assert_int_equal(store_commands(s->store, taken, ARRAY_LEN(taken), &n, &e), ERR_OK);
    assert_int_equal(n, 0);
}

static void test_event_fd_fires(void **state)
{
    struct site *s = *state;
    struct pollfd p = {.events = POLLIN};

    begin(s);
    observe(s, false);
    p.fd = observer_event_fd(s->observer);
    assert_int_equal(poll(&p, 1, 10000), 1);
}

/* ----- the screen ----- */

static void draw(struct fleet *taken, const char *keys, struct canvas *c)
{
    struct stage *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    stage_init(s);
    stage_open(s, STORY_COUNT, false);
    ui_take_fleet(&s->ui, taken, s->ms);
    stage_keys(s, keys);
    stage_draw(s, c);
    stage_close(s);
    free(s);
}

/* An observer's dashboard is the holder's, cell by cell, in every view. */
static void test_same_picture(void **state)
{
    static const char *const keys[] = {"", "j enter", "j j j enter", "2", "3", "4", "5"};

    (void)state;
    for (size_t i = 0; i < STORY_COUNT * ARRAY_LEN(keys); i++) {
        struct fleet *f = story_fleet((enum story)(i / ARRAY_LEN(keys))), *g = NULL;
        const char *key = keys[i % ARRAY_LEN(keys)];
        struct canvas a, b;
        struct strbuf text, picture[2];
        struct err e = {0};

        strbuf_init(&text, 1024 * 1024);
        strbuf_init(&picture[0], 1024 * 1024);
        strbuf_init(&picture[1], 1024 * 1024);
        fleet_json(f, "1.2.3", &text);
        assert_int_equal(snapshot_parse(strbuf_text(&text), text.len, &g, &e), ERR_OK);
        memcpy(g->events, f->events, sizeof(f->events));
        g->n_events = f->n_events;
        g->events_total = f->events_total;
        g->version = f->version;
        assert_int_equal(canvas_init(&a, 50, 180, false, &e), ERR_OK);
        assert_int_equal(canvas_init(&b, 50, 180, false, &e), ERR_OK);
        draw(f, key, &a);
        draw(g, key, &b);
        canvas_dump(&a, &picture[0]);
        canvas_dump(&b, &picture[1]);
        assert_string_equal(strbuf_text(&picture[1]), strbuf_text(&picture[0]));
        for (size_t k = 0; k < (size_t)(a.rows * a.cols); k++)
            assert_int_equal(b.cells[k].role, a.cells[k].role);
        canvas_clear(&a);
        canvas_clear(&b);
        strbuf_clear(&text);
        strbuf_clear(&picture[0]);
        strbuf_clear(&picture[1]);
    }
}

/* What somebody else wrote into the store is drawn, whatever it says. */
static void test_draws_hostile_pictures(void **state)
{
    struct fleet *f = story_fleet(STORY_INTERRUPTION), *g;
    struct strbuf text;
    struct canvas c;
    struct err e = {0};
    size_t drawn = 0;

    (void)state;
    strbuf_init(&text, 1024 * 1024);
    fleet_json(f, "1.2.3", &text);
    fleet_unref(f);
    assert_int_equal(canvas_init(&c, 50, 180, false, &e), ERR_OK);
    for (size_t i = 0; i < text.len; i += 37) {
        char was = text.data[i];

        text.data[i] = was >= '0' && was <= '9' ? '9' : was == 'e' ? '-' : 'x';
        err_clear(&e);
        g = NULL;
        if (snapshot_parse(text.data, text.len, &g, &e) == ERR_OK) {
            g->version = 1;
            draw(g, i % 2 == 0 ? "" : "j enter", &c);
            drawn++;
        }
        text.data[i] = was;
    }
    assert_true(drawn > 50);
    canvas_clear(&c);
    strbuf_clear(&text);
}

#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SITE(test_shows_what_is_published),
        ON_SITE(test_waits_for_a_store),
        ON_SITE(test_long_journal),
        ON_SITE(test_strange_snapshot),
        ON_SITE(test_holder_ends),
        ON_SITE(test_holder_hangs),
        ON_SITE(test_order_and_reply),
        ON_SITE(test_silent),
        ON_SITE(test_event_fd_fires),
        cmocka_unit_test(test_same_picture),
        cmocka_unit_test(test_draws_hostile_pictures),
    };

    return cmocka_run_group_tests_name("observer", tests, NULL, NULL);
}
