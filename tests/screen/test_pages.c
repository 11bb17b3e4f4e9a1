#include <config.h>

#include "tests/screen/stage.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

/*
 * What the pages, questions and messages say of things that a quiet morning does not
 * have: a row changes the picture, keys are pressed, a line is typed, and something is on
 * the screen.
 */

static void type(struct stage *s, const char *text)
{
    for (; *text != '\0'; text++)
        ui_key(&s->ui, (unsigned char)*text, s->ms);
}

static bool shows(struct stage *s, int rows, int cols, const char *what)
{
    char *text = stage_picture(s, rows, cols);
    bool found = strstr(text, what) != NULL;

    if (!found)
        print_error("not on screen: \"%s\"\n%s", what, text);
    free(text);
    return found;
}

/* ----- the page of a server: cache, the first of the list ----- */

static void on_task(struct fleet *f)
{
    struct server_facts *facts = &f->servers[0].facts;

    facts->task_active = true;
    facts->task_progress = 40;
    (void)str_copy(facts->task_type, sizeof(facts->task_type), "Move");
    (void)str_copy(facts->task_user, sizeof(facts->task_user), "noa");
}

static void asleep(struct fleet *f)
{
    f->servers[0].snooze_until.s = STORY_NOW.s + 3600;
}

static void ended(struct fleet *f)
{
    f->servers[0].facts.instance.terminated = true;
}

static void stopped(struct fleet *f)
{
    f->servers[0].facts.instance.stopped = true;
}

static void spot_steps(struct fleet *f)
{
    static const char *const words[] = {"pending-fulfillment", "fulfilled"};
    struct server_view *s = &f->servers[0];

    s->n_spot_steps = ARRAY_LEN(words);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        s->spot_steps[i].at.s = STORY_NOW.s - 600 + 60 * (int64_t)i;
        (void)str_copy(s->spot_steps[i].status, sizeof(s->spot_steps[i].status),
                       words[i]);
    }
}

static void taken_back(struct fleet *f)
{
    f->servers[0].interruptions = 2;
    f->servers[0].last_interruption.s = STORY_NOW.s - 7200;
}

static void request(struct fleet *f)
{
    struct instance_facts *i = &f->servers[0].facts.instance;

    i->spot = SPOT_UNKNOWN;
    (void)str_copy(i->request, sizeof(i->request), "sir-7");
    (void)str_copy(i->spot_status, sizeof(i->spot_status), "on-a-whim");
}

static void many_offerings(struct fleet *f)
{
    f->servers[0].offerings_more = 3;
}

static void no_median(struct fleet *f)
{
    f->speedup.known = false;
    (void)str_copy(f->speedup.missing, sizeof(f->speedup.missing),
                   "2 builds of a job are needed on both sides");
}

static void slower(struct fleet *f)
{
    f->speedup = (struct speedup_view){.known = true, .percent = -7, .jobs = 1};
}

static void as_fast(struct fleet *f)
{
    f->speedup = (struct speedup_view){.known = true, .percent = 0, .jobs = 2};
}

static void pinned(struct fleet *f)
{
    struct hold *h = &f->servers[0].hold;

    h->kind = HOLD_PIN;
    h->place = PLACE_CLOUD;
    (void)str_copy(h->by, sizeof(h->by), "noa");
    (void)str_copy(h->why, sizeof(h->why), "release 7");
}

/* ----- other views ----- */

static void maintained(struct fleet *f)
{
    f->host.maintenance = true;
}

static void asked_nothing(struct fleet *f)
{
    f->apis[0].state = API_OFF;
}

/* ----- before a move ----- */

static void reclaimed(struct fleet *f)
{
    struct instance_facts *i = &f->servers[2].facts.instance;

    i->spot = SPOT_NOTICE;
    i->reclaim_at.s = STORY_NOW.s + 90;
}

static void lost(struct fleet *f)
{
    f->servers[2].facts.place = PLACE_LOST;
}

static void unknown_place(struct fleet *f)
{
    f->servers[2].facts.place = PLACE_UNKNOWN;
}

static void auto_off(struct fleet *f)
{
    f->setting = AUTO_OFF;
}

static void no_extension(struct fleet *f)
{
    f->extension.configured = false;
}

/* Two are home, one of them held and failed before; nobody knows what a third costs. */
static void mixed(struct fleet *f)
{
    for (size_t i = 0; i < f->n_servers; i++)
        f->servers[i].facts.place = PLACE_ONPREM;
    f->servers[1].hold.place = PLACE_ONPREM;
    f->servers[1].failures = 2;
    f->servers[2].cost.price_source = PRICE_UNKNOWN;
    f->has_budget = f->budget_reached = true;
}

static void test_lines(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; void (*change)(struct fleet *f); const char *keys, *typed, *shows;
    } rows[] = {
        {"a task of the manager",        on_task,       "enter", "", "task Move of noa 40%"},
        {"auto sleeps for it",           asleep,        "enter", "", "asleep for this server until 11:42"},
        {"an instance that ended",       ended,         "enter", "", "   terminated"},
        {"an instance that was stopped", stopped,       "enter", "", "   stopped"},
        {"what its request went through", spot_steps,   "enter", "", "10:32 pending-fulfillment, 10:33 fulfilled"},
        {"interruptions",                taken_back,    "enter", "", "2 interruptions in 7 days, the last 08:42"},
        {"a spot request",               request,       "enter", "", "sir-7 on-a-whim"},
        {"a status that is new to us",   request,       "enter", "", "?on-a-whim"},
        {"more offerings than lines",    many_offerings, "enter", "", " 3 more"},
        {"no median yet",                no_median,     "enter G", "", "2 builds of a job are needed on both sides"},
        {"tests that got slower",        slower,        "enter G", "", "7% slower in the cloud   median of 1 job "},
        {"tests as fast as before",      as_fast,       "enter G", "", "as fast in the cloud   median of 2 jobs "},
        {"a hold and its reason",        pinned,        "4",     "", "in the cloud without an end, noa: release 7"},
        {"a host in maintenance",        maintained,    "",      "", "MAINTENANCE"},
        {"an API that nobody asks",      asked_nothing, "5 enter", "", "There is nothing to ask it for now."},
        {"AWS takes it anyway",          reclaimed,     "j j m", "", "AWS takes its instance back in 1:30: it comes home by itself."},
        {"it lost its instance",         lost,          "j j m", "", "migration lost its instance and comes home by itself"},
        {"nobody knows where it is",     unknown_place, "j j m", "", "where migration is, is not known: c or o says"},
        {"no move to cancel",            NULL,          "j j x", "", "migration has no move to cancel"},
        {"nothing to snooze",            auto_off,      ":", "snooze 30m", "AUTO is off: there is nothing to snooze"},
        {"auto of nobody",               NULL,          ":", "auto on nobody", "there is no server nobody"},
        {"no extension is configured",   no_extension,  "e",     "", "no cloud extension is configured"},
        {"alerts are acknowledged",      NULL,          ":", "acknowledge", "alerts are acknowledged"},
        {"all APIs are asked",           NULL,          ":", "refresh", "asking all APIs"},
        {"a place by its other name",    NULL,          ":", "hold migration home for 2h", "migration is held on-prem in 5s, until 12:42"},
        {"what is no order",             NULL,          ":", "dance", "write move, cancel, hold, release, auto"},
        {"words behind a move",          NULL,          ":", "move cache onprem now", "\"now\" does not belong behind move"},
        {"too many words",               NULL,          ":", "a a a a a a a a a a a a a a a a a", "too many words"},
        {"marked: some are held",        mixed,         "* c",   "", "1 held elsewhere: this replaces the hold."},
        {"marked: one failed before",    mixed,         "* c",   "", "The last move of 1 failed."},
        {"marked: the money is gone",    mixed,         "* c",   "", "The month's budget is spent."},
        {"marked: a price is unknown",   mixed,         "* c",   "", "Effect: cost unknown."},
        {"marked: orders that are no moves", NULL,      "* A",   "", "servers: auto-server?"},
    };
    /* clang-format on */
    int failed = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_story(s, STORY_NORMAL, rows[i].change);
        stage_keys(s, rows[i].keys);
        if (rows[i].typed[0] != '\0') {
            type(s, rows[i].typed);
            stage_keys(s, "enter");
        }
        if (!shows(s, 50, 140, rows[i].shows)) {
            print_error("row \"%s\"\n", rows[i].what);
            failed++;
        }
        stage_free(s);
    }
    assert_int_equal(failed, 0);
}

static void marked_gone(struct fleet *f)
{
    f->n_servers = 1;
}

/* What was asked about is gone before the answer. */
static void test_gone_meanwhile(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "j space j space m"); /* two are marked, and asked about */
    assert_true(shows(s, 50, 140, "Move 2 servers on-prem?"));
    stage_story(s, STORY_NORMAL, marked_gone);
    assert_true(shows(s, 50, 140, "they changed meanwhile: nothing is marked any more"));
    stage_wait(s, 300);
    stage_keys(s, "d");
    assert_int_equal(s->n_commands, 0);
    stage_free(s);
}

/* Each waits for its own time; what nobody could follow is refused. */
static void test_too_many_pending(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));
    struct fleet *f = story_large(3 * PENDING_MAX);

    (void)state;
    assert_non_null(s);
    for (size_t i = 0; i < f->n_servers; i++)
        f->servers[i].facts.place = PLACE_CLOUD;
    stage_init(s);
    stage_open(s, STORY_COUNT, true);
    ui_take_fleet(&s->ui, f, s->ms);
    for (int i = 0; i < PENDING_MAX; i++)
        stage_keys(s, "p j");
    assert_true(shows(s, 24, 120, "(and 7 more)"));
    stage_keys(s, "p");
    assert_true(shows(s, 24, 120, "too many pending actions: wait a moment"));
    stage_wait(s, 5000);
    assert_int_equal(s->n_commands, PENDING_MAX);
    stage_free(s);
}

/* More orders than answers are waited for: the answer to the newest is still said. */
static void test_many_orders(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    struct fleet *f = story_fleet(STORY_NORMAL);
    uint64_t last = 0;

    (void)state;
    for (int i = 0; i < SENT_MAX + 2; i++) {
        s->n_commands = 0;
        stage_keys(s, ": a c k n o w l e d g e enter");
        stage_wait(s, 1000);
        assert_int_equal(s->n_commands, 1);
        assert_true(s->commands[0].id > last);
        last = s->commands[0].id;
    }
    f->version = s->ui.fleet->version + 1;
    f->n_replies = 1;
    f->replies[0] = (struct command_reply){.id = last, .text = "nobody is there"};
    ui_take_fleet(&s->ui, f, s->ms);
    assert_true(shows(s, 35, 120, "nobody is there"));
    stage_free(s);
}

/* A key that no action can have: the dashboard does not begin, and says which line. */
static void test_bad_keys(void **state)
{
    struct key_binding bad = {.action = "move", .key = "nothing-like-it", .line = 7};
    struct stage *s = calloc(1, sizeof(*s));
    struct err e = {0};

    (void)state;
    assert_non_null(s);
    stage_init(s);
    s->config.file = "rh.conf";
    s->config.keys = &bad;
    s->config.n_keys = 1;
    assert_int_equal(ui_init(&s->ui, &s->app, true, s->ms, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "rh.conf:7: "));
    assert_null(strchr(e.text, '\n'));
    stage_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_gone_meanwhile),
        cmocka_unit_test(test_too_many_pending),
        cmocka_unit_test(test_many_orders),
        cmocka_unit_test(test_bad_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
