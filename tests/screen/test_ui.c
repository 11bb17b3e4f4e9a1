#include <config.h>

#include "tests/screen/stage.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

static void assert_hides(struct stage *s, const char *what)
{
    char *text = stage_picture(s, 35, 120);

    assert_null(strstr(text, what));
    free(text);
}

static void assert_shows(struct stage *s, const char *what)
{
    char *text = stage_picture(s, 35, 120);

    if (strstr(text, what) == NULL)
        print_error("not on screen: \"%s\"\n%s", what, text);
    assert_non_null(strstr(text, what));
    free(text);
}

/* "migration" is at home, and the money is gone. */
static void no_money(struct fleet *f)
{
    struct server_view *s = &f->servers[2];

    s->facts.place = PLACE_ONPREM;
    s->over_budget = true;
    f->has_budget = f->budget_reached = true;
    f->budget.nanos = 100 * USD_NANOS;
}

static void node_closed(struct fleet *f)
{
    struct server_view *s = &f->servers[2];

    s->facts.place = PLACE_ONPREM;
    s->facts.onprem.closed_by = CLOSED_BY_PERSON;
    (void)str_copy(s->facts.onprem.cause, sizeof(s->facts.onprem.cause), "disk swap");
}

static void quieting(struct fleet *f)
{
    f->servers[2].facts.place = PLACE_ONPREM;
    f->jenkins_quieting = true;
}

/* What is asked is said on the screen, and the answer goes with the order. */
static void test_confirmed(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; void (*change)(struct fleet *f); const char *key, *shows, *answer;
        enum command_kind kind; bool confirmed;
    } rows[] = {
        {"a move over the budget",  no_money,    "c", "exceed the month's budget", "d", COMMAND_MOVE, true},
        {"m is that move",          no_money,    "m", "of $100.00 spent",          "d", COMMAND_MOVE, true},
        {"a closed node",           node_closed, "c", "A person closed its node",  "d", COMMAND_MOVE, true},
        {"and why it is closed",    node_closed, "c", "disk swap",                 "d", COMMAND_MOVE, true},
        {"Jenkins quiets down",     quieting,    "c", "Jenkins is quieting down",  "d", COMMAND_MOVE, true},
        {"a hold at home is free",  no_money,    "p", "is held on-prem",           "enter", COMMAND_HOLD, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_story(s, STORY_NORMAL, rows[i].change);
        stage_keys(s, "j j");
        stage_keys(s, rows[i].key);
        assert_shows(s, rows[i].shows);
        assert_row(rows[i].what, s->n_commands == 0);
        stage_wait(s, 300);
        stage_keys(s, rows[i].answer);
        assert_row(rows[i].what, s->n_commands == 1);
        assert_row(rows[i].what, s->commands[0].kind == rows[i].kind);
        assert_row(rows[i].what, s->commands[0].confirmed == rows[i].confirmed);
        stage_free(s);
    }
}

/* What keys send, and when. */
static void test_commands(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; enum story story; const char *keys; int64_t wait_ms; const char *more;
        int n; enum command_kind kind; enum place place; const char *server; bool force;
    } rows[] = {
        {"an idle server moves after 5 s",  STORY_NORMAL, "j j m",  5000, "", 1, COMMAND_MOVE, PLACE_ONPREM, "migration", false},
        {"not before",                      STORY_NORMAL, "j j m",  4900, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"Enter starts it now",             STORY_NORMAL, "j j m",  100, "enter", 1, COMMAND_MOVE, PLACE_ONPREM, "migration", false},
        {"u drops it",                      STORY_NORMAL, "j j m u", 9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"Esc drops it",                    STORY_NORMAL, "j j m esc", 9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"o of one in the cloud",           STORY_NORMAL, "j j o",  5000, "", 1, COMMAND_MOVE, PLACE_ONPREM, "migration", false},
        {"c of one in the cloud",           STORY_NORMAL, "j j c",  9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"a busy server asks",              STORY_NORMAL, "m",      9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"Enter on the question: nothing",  STORY_NORMAL, "m",      300, "enter", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"d drains",                        STORY_NORMAL, "m",      300, "d", 1, COMMAND_MOVE, PLACE_ONPREM, "cache", false},
        {"f forces",                        STORY_NORMAL, "m",      300, "f", 1, COMMAND_MOVE, PLACE_ONPREM, "cache", true},
        {"too early a letter is no answer", STORY_NORMAL, "m",      200, "f", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"typed ahead is no answer",        STORY_NORMAL, "m f",    0, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"y is never yes",                  STORY_NORMAL, "m",      300, "y", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"a moving server does not",        STORY_MOVING, "j m",    9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"past the commit point: no cancel", STORY_MOVING, "j x",   300, "t", 0, COMMAND_CANCEL, PLACE_UNKNOWN, "", false},
        {"a queued move is canceled",       STORY_MOVING, "G x",    300, "t", 1, COMMAND_CANCEL, PLACE_UNKNOWN, "end-to-end", false},
        {"hold",                            STORY_NORMAL, "j p",    5000, "", 1, COMMAND_HOLD, PLACE_CLOUD, "write-back", false},
        {"p of a held one releases",        STORY_MOVING, "G p",    5000, "", 1, COMMAND_RELEASE, PLACE_UNKNOWN, "end-to-end", false},
        {"pin asks",                        STORY_NORMAL, "j P",    300, "h", 1, COMMAND_HOLD, PLACE_CLOUD, "write-back", false},
        {"AUTO off is at once",             STORY_NORMAL, "a",      0, "", 1, COMMAND_AUTO, PLACE_UNKNOWN, "", false},
        {"AUTO off of one",                 STORY_NORMAL, "A",      0, "", 1, COMMAND_AUTO, PLACE_UNKNOWN, "cache", false},
        {"dry-run is left by a question",   STORY_LOADING, "a",     300, "s", 1, COMMAND_AUTO, PLACE_UNKNOWN, "", false},
        {"the extension stays in use",      STORY_NORMAL, "e",      300, "s", 0, COMMAND_EXTENSION, PLACE_UNKNOWN, "", false},
        {"poll now",                        STORY_NORMAL, "R",      0, "", 1, COMMAND_REFRESH, PLACE_UNKNOWN, "", false},
        {"not twice in 5 s",                STORY_NORMAL, "R R",    0, "", 1, COMMAND_REFRESH, PLACE_UNKNOWN, "", false},
        {"view 2 acknowledges",             STORY_INTERRUPTION, "2", 0, "", 1, COMMAND_ACKNOWLEDGE, PLACE_UNKNOWN, "", false},
        {"pasted text is not typing",       STORY_NORMAL, "paste-begin a m f paste-end", 9000, "", 0, COMMAND_AUTO, PLACE_UNKNOWN, "", false},
        {"locked keys do nothing",          STORY_NORMAL, "L j m a e", 9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"h j k l never act",               STORY_NORMAL, "h j k l", 9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"no action behind the help",       STORY_NORMAL, "? m a",  9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"a filter is typed, not run",      STORY_NORMAL, "/ m a",  9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"where is both!: c or o",          STORY_DEAD, "G m",      9000, "", 0, COMMAND_MOVE, PLACE_UNKNOWN, "", false},
        {"c says it",                       STORY_DEAD, "G c",      5000, "", 1, COMMAND_MOVE, PLACE_CLOUD, "end-to-end", false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(rows[i].story);

        stage_keys(s, rows[i].keys);
        stage_wait(s, rows[i].wait_ms);
        stage_keys(s, rows[i].more);
        assert_row(rows[i].what, (int)s->n_commands == rows[i].n);
        if (rows[i].n > 0) {
            const struct command *c = &s->commands[0];

            assert_row(rows[i].what, c->kind == rows[i].kind);
            assert_row(rows[i].what, str_eq(c->server, rows[i].server));
            assert_row(rows[i].what, c->force == rows[i].force);
            assert_row(rows[i].what,
                       rows[i].place == PLACE_UNKNOWN || c->place == rows[i].place);
            assert_row(rows[i].what, str_eq(c->by, "dana") && c->id != 0);
        }
        stage_free(s);
    }
}

static void test_undo_line(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "j j o");
    stage_wait(s, 1000);
    assert_shows(s, "migration moves on-prem in 4s, held until 18:00, -$0.198/h");
    assert_shows(s, "undo 4s");
    stage_keys(s, "u");
    assert_shows(s, "undone: migration moves on-prem");
    stage_free(s);
}

/* A key for a server whose action is pending gets an answer, and the action stays. */
static void test_one_pending(void **state)
{
    static const char *const keys[] = {"o", "m", "p", "P"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_keys(s, "j j m");
        stage_wait(s, 1000);
        stage_keys(s, keys[i]);
        assert_shows(s, "first: u drops, Enter starts the pending \"migration moves "
                        "on-prem\"");
        assert_row(keys[i], !s->ui.dialog.open);
        stage_keys(s, "enter");
        assert_row(keys[i], s->n_commands == 1 && s->commands[0].kind == COMMAND_MOVE);
        stage_free(s);
    }
}

/* A message is gone after 6 s or with the next key, whatever view that opens. */
static void test_messages_leave(void **state)
{
    static const struct {
        const char *what, *keys;
        int64_t wait_ms;
        bool stays;
    } rows[] = {
        {"stays for a while", "", 5000, true},
        {"6 s", "", 6001, false},
        {"a key", "k", 0, false},
        {"another view", "5", 0, false},
        {"details", "enter", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);
        char *text;

        stage_keys(s, "z");
        assert_shows(s, "times are UTC");
        stage_wait(s, rows[i].wait_ms);
        stage_keys(s, rows[i].keys);
        text = stage_picture(s, 35, 120);
        assert_row(rows[i].what,
                   (strstr(text, "times are UTC") != NULL) == rows[i].stays);
        free(text);
        stage_free(s);
    }
}

/* The prompt says when the limit of the configuration ends the hold before the schedule
 * does. */
static void test_hold_limit(void **state)
{
    static const struct {
        int64_t cap_s;
        const char *shows;
    } rows[] = {
        {43200, "until 22:42 (12h at most), P holds longer   u undoes, Enter: now"},
        {69473, "until Mon 06:00 (19h17m at most), P holds longer   u undoes"},
        {90000, "until Mon 09:00   u undoes"},
        {DURATION_NONE, "until Mon 09:00   u undoes"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = calloc(1, sizeof(*s));

        assert_non_null(s);
        stage_init(s);
        s->config.policy.hold_cloud_cap = rows[i].cap_s;
        stage_open(s, STORY_NORMAL, true);
        stage_keys(s, "j p");
        assert_shows(s, rows[i].shows);
        stage_free(s);
    }
}

static void test_undo_window_off(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));

    (void)state;
    assert_non_null(s);
    stage_init(s);
    s->config.ui.undo_window = 0;
    stage_open(s, STORY_NORMAL, true);
    stage_keys(s, "j j o");
    stage_wait(s, 300);
    assert_true(s->ui.dialog.open);
    stage_keys(s, "d");
    assert_int_equal(s->n_commands, 1);
    stage_free(s);
}

static void reclaim_first(struct fleet *f)
{
    f->servers[0].facts.instance.spot = SPOT_NOTICE;
}

/* S4: the server changes under the question. */
static void test_changed_target(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "m");
    stage_wait(s, 1000);
    stage_story(s, STORY_NORMAL, reclaim_first);
    stage_keys(s, "f"); /* meant for the old question */
    assert_int_equal(s->n_commands, 0);
    assert_true(s->ui.dialog.open);
    assert_shows(s, "It changed meanwhile: read again, then confirm.");
    assert_shows(s, "AWS takes its instance back");
    stage_wait(s, 300);
    stage_keys(s, "f");
    assert_int_equal(s->n_commands, 1);
    stage_free(s);
}

/* Cancel is an answer at once, also to a question that was asked again. */
static void test_cancel_at_once(void **state)
{
    static const struct {
        const char *keys;
        bool open; /* still, afterwards */
    } rows[] = {{"enter", false}, {"esc", false}, {"q", false}, {"f", true}, {"d", true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_keys(s, "m");
        stage_wait(s, 1000);
        stage_keys(s, "right"); /* the focus comes back to Cancel with the new question */
        stage_story(s, STORY_NORMAL, reclaim_first);
        assert_row(rows[i].keys, s->ui.dialog.open && s->ui.dialog.changed);
        stage_keys(s, rows[i].keys);
        assert_row(rows[i].keys, s->ui.dialog.open == rows[i].open);
        assert_int_equal(s->n_commands, 0);
        stage_free(s);
    }
}

static void test_selection_sticks(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    struct fleet *f;
    struct server_view first;

    (void)state;
    stage_keys(s, "j");
    assert_string_equal(s->ui.selected, "write-back");
    f = story_fleet(STORY_NORMAL);
    first = f->servers[0];
    f->servers[0] = f->servers[1];
    f->servers[1] = first;
    ui_take_fleet(&s->ui, f, s->ms);
    assert_string_equal(s->ui.selected, "write-back");
    stage_free(s);
}

static void reply(struct fleet *f)
{
    f->n_replies = 1;
    (void)str_copy(f->replies[0].text, LINE_TEXT, "cache: AUTO off, by dana");
}

static uint64_t reply_id;
static void reply_to_ours(struct fleet *f)
{
    reply(f);
    f->replies[0].id = reply_id;
}

static void test_replies(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    stage_keys(s, "A");
    stage_story(s, STORY_NORMAL, reply); /* somebody else's */
    text = stage_picture(s, 35, 120);
    assert_null(strstr(text, "cache: AUTO off, by dana"));
    free(text);
    reply_id = s->commands[0].id;
    stage_story(s, STORY_NORMAL, reply_to_ours);
    assert_shows(s, "cache: AUTO off, by dana");
    s->refuse = true;
    stage_keys(s, "A");
    assert_shows(s, "auto cache: not taken: the mailbox is full");
    stage_wait(s, 60000); /* an error stays until a key */
    assert_shows(s, "not taken");
    stage_keys(s, "k");
    text = stage_picture(s, 35, 120);
    assert_null(strstr(text, "not taken"));
    free(text);
    stage_free(s);
}

static void set_ended(struct fleet *f)
{
    f->mode = MODE_OBSERVER;
    f->ended = true;
    f->moves_running = 2;
}

static void set_ended_silent(struct fleet *f)
{
    set_ended(f);
    f->observe = true;
}

static void test_take_over(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    stage_keys(s, "b");
    assert_shows(s, "this instance acts: there is nobody to take over from");
    s->app.observed = &s->observed;
    text = stage_picture(s, 35, 120);
    assert_null(strstr(text, "b take over")); /* no offer yet */
    free(text);
    stage_keys(s, "b");
    assert_shows(s, "dana@ops1 pid 4242 acts: it can be taken over from");
    assert_false(s->ui.dialog.open || s->ui.take_over);

    stage_story(s, STORY_NORMAL, set_ended);
    stage_keys(s, "esc");
    assert_shows(s, "b take over");
    stage_keys(s, "b");
    assert_shows(s, "Take over?");
    assert_shows(s, "AUTO is ON: what is due begins at once.");
    assert_shows(s, "2 moves are under way: they are taken up where they stopped.");
    stage_keys(s, "t"); /* typed before the question could be read */
    assert_false(s->ui.take_over);
    stage_keys(s, "enter"); /* Cancel has the focus */
    assert_false(s->ui.dialog.open || s->ui.take_over);
    stage_keys(s, "b");
    stage_wait(s, 1000);
    stage_keys(s, "t");
    assert_true(s->ui.take_over); /* the shell does it */
    assert_int_equal(s->n_commands, 0);

    s->ui.take_over = false;
    s->ui.locked = true;
    stage_keys(s, "b");
    assert_shows(s, "keys are locked");
    s->ui.locked = false;
    stage_story(s, STORY_NORMAL, set_ended_silent);
    stage_keys(s, "b");
    assert_shows(s, "observing only");
    assert_false(s->ui.dialog.open);
    stage_free(s);
}

static void set_other_machine(struct fleet *f)
{
    f->mode = MODE_OBSERVER;
    f->shared_lock.configured = true;
    (void)str_copy(f->shared_lock.holder, sizeof(f->shared_lock.holder),
                   "noa@ops2 pid 43");
}

static void set_nobody_known(struct fleet *f)
{
    f->mode = MODE_OBSERVER;
    f->shared_lock.configured = true;
}

static void set_shared_lock(struct fleet *f)
{
    f->shared_lock.configured = f->shared_lock.held = true;
}

/* The controller of another machine acts. */
static void test_shared_lock(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    stage_story(s, STORY_NORMAL, set_other_machine);
    assert_shows(s, "OBSERVER of noa@ops2 pid 43");
    stage_story(s, STORY_NORMAL, set_nobody_known);
    assert_shows(s, "OBSERVER of the holder of the shared lock");
    stage_keys(s, "q"); /* to leave stops nothing */
    assert_false(s->ui.dialog.open);
    assert_true(s->ui.quit);
    s->ui.quit = false;
    stage_story(s, STORY_NORMAL, set_shared_lock);
    text = stage_picture(s, 35, 120);
    assert_null(strstr(text, "OBSERVER"));
    free(text);
    stage_keys(s, "q");
    assert_true(s->ui.dialog.open);
    stage_free(s);
}

static void test_quit(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "q");
    assert_false(s->ui.quit); /* AUTO is on: it asks */
    assert_true(s->ui.dialog.open);
    stage_wait(s, 300);
    stage_keys(s, "enter");
    assert_false(s->ui.quit);
    stage_keys(s, "2 q");
    assert_int_equal(s->ui.view, VIEW_fleet);
    assert_false(s->ui.dialog.open);
    stage_keys(s, "ctrl-c ctrl-c");
    assert_true(s->ui.quit);
    stage_free(s);

    s = stage_new(STORY_NORMAL);
    stage_keys(s, "q");
    stage_wait(s, 300);
    stage_keys(s, "s");
    assert_true(s->ui.quit);
    stage_free(s);

    s = calloc(1, sizeof(*s));
    assert_non_null(s);
    stage_init(s);
    s->app.demo.on = true;
    stage_open(s, STORY_MOVING, true);
    stage_keys(s, "q");
    assert_true(s->ui.quit);
    stage_free(s);
}

static void test_lock(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "L m");
    assert_shows(s, "keys are locked: L unlocks them");
    assert_shows(s, "LOCKED");
    stage_keys(s, "L");
    stage_wait(s, 300);
    stage_keys(s, "u a");
    assert_int_equal(s->n_commands, 1);
    stage_free(s);
}

static void test_filter(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "/ M I G enter");
    assert_shows(s, "1 Fleet 1/4");
    assert_string_equal(s->ui.selected, "migration");
    stage_keys(s, "/ ! m i g enter");
    assert_shows(s, "1 Fleet 3/4");
    stage_keys(s, "/ z z enter");
    assert_shows(s, "0 of 4, Esc clears");
    stage_keys(s, "esc");
    assert_shows(s, "1 Fleet 4/4");
    stage_free(s);
}

static void test_truth(void **state)
{
    struct stage *s = stage_new(STORY_COUNT);

    (void)state;
    assert_shows(s, "cache      ..");
    stage_wait(s, 4000);
    assert_shows(s, "waiting for the controller (4s)");
    stage_story(s, STORY_LOADING, NULL);
    assert_shows(s, "waiting for velostrata (4s)");
    stage_story(s, STORY_DEAD, NULL);
    assert_shows(s, "both!");
    assert_shows(s, "failed");
    assert_shows(s, "DEGRADED blind:jenkins");
    stage_wait(s, 2 * 3600 * 1000);
    assert_shows(s, "STALLED");
    stage_free(s);
    s = stage_new(STORY_STALE);
    assert_shows(s, "cloud ~2m");
    assert_shows(s, "wait data");
    assert_shows(s, "data 2m STALE");
    stage_free(s);
}

/* Hostile names and texts stay inside their cells, whatever the size. */
static void hostile(struct fleet *f)
{
    char *wide = f->servers[0].facts.cloud.build;

    (void)str_copy(wide, BUILD_TEXT,
                   "\xe6\xb5\x8b\xe8\xaf\x95\xe6\xb5\x8b\xe8\xaf\x95 "
                   "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d e\xcc\x81\xcc\x82 #1");
    memset(f->servers[1].facts.instance.ip, 'x', NAME_TEXT - 1);
    memset(f->events[0].text, 'y', LINE_TEXT - 1);
    (void)str_copy(f->events[1].text, LINE_TEXT, "\x1b[2J\x07\xff\xfe");
    memset(f->next.what, 'z', LINE_TEXT - 1);
}

static void test_all_sizes(void **state)
{
    static const char *const keys[] = {"1", "2", "3", "3 t", "4", "5", "1 enter", "1 ?"};
    struct stage *s = stage_new(STORY_INTERRUPTION);
    struct err e = {0};

    (void)state;
    stage_story(s, STORY_INTERRUPTION, hostile);
    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        for (int ascii = 0; ascii < 2; ascii++) {
            stage_keys(s, keys[k]);
            for (int rows = 1; rows <= 80; rows += rows < 30 ? 1 : 7) {
                for (int cols = 1; cols <= 250; cols += cols < 30 ? 1 : 11) {
                    struct canvas c;

                    assert_int_equal(canvas_init(&c, rows, cols, ascii != 0, &e), ERR_OK);
                    stage_draw(s, &c);
                    for (int i = 0; i < rows * cols; i++) {
                        assert_true(c.cells[i].cp >= ' ' || c.cells[i].cells == 0);
                        assert_true(c.cells[i].cells < 2 ||
                                    (i % cols + 1 < cols && c.cells[i + 1].cells == 0));
                    }
                    canvas_clear(&c);
                }
            }
            stage_keys(s, "esc esc");
        }
    }
    stage_free(s);
}

static void test_dialog_sizes(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "m");
    for (int rows = 1; rows < 40; rows++) {
        for (int cols = 1; cols < 130; cols += 3) {
            char *text = stage_picture(s, rows, cols);

            /* The answers are there as soon as there is room for them at all. */
            if (rows >= 6 && cols >= 80)
                assert_non_null(strstr(text, "[Cancel]"));
            free(text);
        }
    }
    stage_free(s);
}

static void test_large(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    ui_take_fleet(&s->ui, story_large(1000), s->ms);
    text = stage_picture(s, 35, 120);
    assert_non_null(strstr(text, "test-0001"));
    assert_non_null(strstr(text, "rows 1-"));
    free(text);
    stage_keys(s, "G");
    text = stage_picture(s, 35, 120);
    assert_non_null(strstr(text, "test-1000"));
    assert_null(strstr(text, "test-0001"));
    free(text);
    stage_free(s);
}

static void dear(struct fleet *f)
{
    f->hour.nanos = 216250 * INT64_C(1000000);
    f->today.nanos = 330 * USD_NANOS;
    f->month.nanos = 29540 * USD_NANOS;
    f->servers[0].cost.month.nanos = 9999999 * USD_NANOS;
}

/* A number that does not fit loses decimals, never digits. */
static void test_money_fits(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_story(s, STORY_NORMAL, dear);
    assert_shows(s, "216.3 330.0  29540");
    assert_shows(s, "0.212  0.34   >max");
    stage_free(s);
}

static void no_forecast(struct fleet *f)
{
    f->forecast.known = false;
    f->has_budget = false;
}

/* 0.865, 1.32 and 118.16 of the rows and the extension make the totals. */
static void test_adds_up(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    assert_shows(s, "other $0.266/h  today $0.43  month $7.10  1.131  1.75 125.26");
    /* At 80 columns, too, whatever else has room there. */
    stage_story(s, STORY_NORMAL, no_forecast);
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, "$1.13/h (other 0.266)  today $1.75  month $125.26"));
    free(text);
    stage_free(s);
}

static void hold_some(struct fleet *f)
{
    f->servers[0].hold = (struct hold){.place = PLACE_CLOUD, .kind = HOLD_PIN};
    f->servers[2].hold = (struct hold){.place = PLACE_ONPREM, .kind = HOLD_UNTIL};
    f->servers[3].hold = (struct hold){.place = PLACE_CLOUD, .kind = HOLD_UNTIL};
}

static void hold_long_names(struct fleet *f)
{
    hold_some(f);
    (void)str_copy(f->servers[2].name, NAME_TEXT, "migration-longer");
}

/* Where DESIRED has no column, WHERE has the letters of the holds. */
static void test_folded_holds(void **state)
{
    static const struct {
        void (*change)(struct fleet *f);
        int rows, cols;
        const char *shows;
    } rows[] = {
        {hold_some, 24, 80, " cloud P "}, {hold_some, 24, 80, " cloud > on-prem H "},
        {hold_some, 24, 80, " cloud H "}, {hold_long_names, 24, 80, " cloud>on-prem H "},
        {hold_some, 10, 40, " cloud P "}, {hold_some, 10, 40, " cloud H "},
    };
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text;

        stage_story(s, STORY_NORMAL, rows[i].change);
        text = stage_picture(s, rows[i].rows, rows[i].cols);
        if (strstr(text, rows[i].shows) == NULL)
            print_error("%s", text);
        assert_row(rows[i].shows, strstr(text, rows[i].shows) != NULL);
        free(text);
    }
    stage_free(s);
}

static void close_nodes(struct fleet *f)
{
    for (size_t i = 1; i <= 2; i++) {
        f->servers[i].facts.cloud.open = false;
        f->servers[i].facts.cloud.marked = true;
        f->servers[i].facts.cloud.closed_by = CLOSED_BY_RUSHHOUR;
    }
    f->servers[2].move = (struct move_view){.active = true,
                                            .direction = DIRECTION_BACK,
                                            .step = STEP_DRAIN,
                                            .n = 1,
                                            .of = 4,
                                            .progress = -1};
}

/* A node closed for a move is drained from the first moment without builds on. */
static void test_closed_words(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_story(s, STORY_NORMAL, close_nodes);
    assert_shows(s, "10.8.0.12 active    off planned ");
    assert_shows(s, "10.8.0.13 active    off drained ");
    stage_free(s);
}

static void night(struct fleet *f)
{
    f->next.at.s = STORY_NOW.s + 2 * 86400 - 7200;
    f->next.place = PLACE_CLOUD;
    (void)str_copy(f->next.what, LINE_TEXT, "window starts: 4 servers go to the cloud");
    f->extension_empty_since.s = STORY_NOW.s - 1500;
}

/* At 120 columns the line says what happens next, also where the mover has no room. */
static void test_next_what(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    stage_story(s, STORY_NORMAL, night);
    assert_shows(s, "Next   cloud at Tue 08:42, in 1d22h  window starts: 4 servers go to "
                    "the cloud ");
    text = stage_picture(s, 35, 100);
    assert_non_null(strstr(text, "in 1d22h  window starts "));
    free(text);
    stage_free(s);
}

/* One style of ages, whatever the unit. */
static void test_ages(void **state)
{
    static const struct {
        int64_t s;
        const char *text;
    } rows[] = {
        {-3, "0s"},      {9, "9s"},         {99, "99s"},       {100, "1m"},
        {2640, "44m"},   {3599, "59m"},     {3600, "1h00m"},   {3960, "1h06m"},
        {4680, "1h18m"}, {86399, "23h59m"}, {187200, "2d04h"}, {8640000, "100d00h"},
    };
    char buf[DUR_TEXT];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_row(rows[i].text, str_eq(cells_age(rows[i].s, buf), rows[i].text));
}

/* An age that the column has no room for is rounded before the word is cut. */
static void aged(struct fleet *f)
{
    f->servers[0].facts.place_as_of.s = STORY_NOW.s - 3960;
}

static void test_old_place(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    stage_story(s, STORY_NORMAL, aged);
    assert_shows(s, " cloud ~1h ");
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, " cloud ~1h06m "));
    free(text);
    stage_free(s);
}

static void long_cause(struct fleet *f)
{
    f->servers[0].facts.onprem.as_of.s = STORY_NOW.s - 14;
    memset(f->servers[0].facts.onprem.cause, 'c',
           sizeof(f->servers[0].facts.onprem.cause) - 1);
}

static void long_step(struct fleet *f)
{
    f->servers[1].move.step = STEP_EXTENSION;
    f->servers[1].move.n = 2;
    f->servers[1].move.progress = -1;
}

static void no_speed(void *ctx, int up)
{
    (void)ctx;
    (void)up;
}

/* What must not be cut: the help at 120 columns; at 80 the time that an interruption
 * leaves, and how old a node's facts are. */
static void test_not_cut(void **state)
{
    struct stage *s = stage_new(STORY_INTERRUPTION);
    char *text;

    (void)state;
    s->app.demo.on = true;
    s->app.demo.speed = no_speed;
    stage_keys(s, "?");
    text = stage_picture(s, 60, 120);
    assert_non_null(strstr(text, "time runs faster"));
    assert_null(strstr(text, ".."));
    free(text);
    stage_keys(s, "esc");
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, "spot interruption notice, 2m00s left: AWS"));
    free(text);
    stage_story(s, STORY_MOVING, long_step);
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, " extension  "));
    free(text);
    stage_story(s, STORY_NORMAL, long_cause);
    stage_keys(s, "enter");
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, "read 14s ago   ccc"));
    free(text);
    stage_free(s);
}

static void fault(void *ctx, size_t i, char *say, size_t size)
{
    *(size_t *)ctx = i + 1;
    (void)str_format(say, size, "did it");
}

static void test_demo_menu(void **state)
{
    static const char *const faults[] = {"take an instance back", "Jenkins down"};
    struct stage *s = calloc(1, sizeof(*s));
    size_t done = 0;
    char *text;

    (void)state;
    assert_non_null(s);
    stage_init(s);
    s->app.demo = (struct app_demo){
        .on = true, .faults = faults, .n_faults = 2, .fault = fault, .ctx = &done};
    stage_open(s, STORY_NORMAL, true);
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, " j/k  Enter  m move  p hold  a auto  1-5  ! trouble  "
                                 "+/-         ? help  q quit"));
    free(text);
    assert_shows(s, " j/k select ");
    assert_shows(s, "! trouble  +/- speed ");
    stage_keys(s, "!");
    assert_shows(s, "take an instance back");
    stage_keys(s, "j enter");
    assert_int_equal(done, 2);
    assert_shows(s, "did it");
    stage_free(s);
    s = stage_new(STORY_NORMAL);
    stage_keys(s, "!");
    assert_shows(s, "only in the demo");
    stage_free(s);
}

static void type(struct stage *s, const char *text)
{
    for (; *text != '\0'; text++)
        ui_key(&s->ui, (unsigned char)*text, s->ms);
}

/* The view of the APIs opens at what is wrong, with what helps. */
static void test_unwell_first(void **state)
{
    struct stage *s = stage_new(STORY_DEAD);

    (void)state;
    stage_keys(s, "5");
    assert_shows(s, "-- jenkins nodes and builds -");
    assert_shows(s, "What helps");
    stage_keys(s, "k");
    assert_shows(s, "-- velostrata VMs, extension, tasks -");
    stage_free(s);
    s = stage_new(STORY_NORMAL);
    stage_keys(s, "5");
    assert_shows(s, "-- velostrata VMs, extension, tasks -");
    stage_free(s);
}

/* No key acts on a server that the view does not show. */
static void test_unseen_server(void **state)
{
    static const char *const rows[] = {"2 m", "3 m", "5 m", "3 c", "5 p", "2 A"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_keys(s, rows[i]);
        assert_shows(s, "this view selects no server");
        stage_wait(s, 6000);
        assert_row(rows[i], s->n_commands == 0);
        stage_free(s);
    }
}

/* Orders in words: asked about like keys, sent like keys. */
static void test_orders(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *line, *shows, *answer; int n; enum command_kind kind; int64_t until_s;
    } rows[] = {
        {"a hold until a time",     "hold cache cloud until 20:00", "cache is held in the cloud in 5s, until 20:00", "", 1, COMMAND_HOLD, 33473},
        {"an hour of one digit",    "hold cache cloud until 8:00",  "cache is held in the cloud in 5s, until ", "", 1, COMMAND_HOLD, 76673},
        {"a hold for a time",       "hold cache cloud for 2h",      "until 12:42",                "", 1, COMMAND_HOLD, 7200},
        {"one that moves it",       "hold migration onprem until 11:00", "until 11:00, it moves there", "", 1, COMMAND_HOLD, 1073},
        {"a pin asks",              "hold cache cloud forever",     "Hold cache in the cloud without an end?", "h", 1, COMMAND_HOLD, 0},
        {"a hold of a busy one asks", "hold cache onprem",          "cache is running",           "h", 1, COMMAND_HOLD, 0},
        {"a busy server asks",      "move cache onprem",            "Move cache to on-prem?",     "d", 1, COMMAND_MOVE, 0},
        {"AUTO sleeps",             "snooze 30m",                   "AUTO sleeps until 11:12",    "", 1, COMMAND_SNOOZE, 1800},
        {"one server sleeps",       "snooze 30m cache",             "AUTO sleeps until 11:12 for cache", "", 1, COMMAND_SNOOZE, 1800},
        {"AUTO off",                "auto off",                     "AUTO off",                   "", 1, COMMAND_AUTO, 0},
        {"nobody is held",          "release cache",                "cache is not held",          "", 0, COMMAND_COUNT, 0},
        {"no such server",          "release nobody",               "there is no server nobody",  "", 0, COMMAND_COUNT, 0},
        {"no such word",            "mvoe cache",                   "write move, cancel, hold",   "", 0, COMMAND_COUNT, 0},
        {"the past",                "hold cache cloud until 2020-01-01 10:00", "is in the past",  "", 0, COMMAND_COUNT, 0},
        {"quit asks",               "quit",                         "Quit rushhour?",             "esc", 0, COMMAND_COUNT, 0},
        {"nothing is nothing",      "",                             "1 Fleet",                    "", 0, COMMAND_COUNT, 0},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_keys(s, ":");
        type(s, rows[i].line);
        assert_shows(s, rows[i].line);
        assert_int_equal(s->n_commands, 0);
        stage_keys(s, "enter");
        assert_shows(s, rows[i].shows);
        stage_wait(s, 300);
        stage_keys(s, rows[i].answer);
        stage_wait(s, 5000);
        assert_row(rows[i].what, (int)s->n_commands == rows[i].n);
        if (rows[i].n > 0) {
            assert_row(rows[i].what, s->commands[0].kind == rows[i].kind);
            assert_row(rows[i].what,
                       rows[i].until_s == 0 ||
                           s->commands[0].until.s == STORY_NOW.s + rows[i].until_s);
        }
        stage_free(s);
    }
}

/* P asks until when: one key for each end that people want. */
static void test_hold_how_long(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what, *keys, *shows, *answer; enum hold_kind kind; enum place place; int64_t until_s;
    } rows[] = {
        {"as the schedule has it",   "j j P", "s until 22:42 (12h at most), as the schedule", "s", HOLD_UNTIL_SCHEDULE, PLACE_CLOUD, 0},
        {"two hours",                "j j P", "2 until 12:42, in 2 hours",           "2", HOLD_UNTIL, PLACE_CLOUD, 7200},
        {"tonight",                  "j j P", "m until Mon 09:00, the next rush hour", "m", HOLD_UNTIL, PLACE_CLOUD, 80273},
        {"for good",                 "j j P", "h without an end, until p releases it", "h", HOLD_PIN, PLACE_CLOUD, 0},
        {"in the schedule's view",   "4 j j P", "m until Mon 09:00",         "m", HOLD_UNTIL, PLACE_CLOUD, 80273},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_keys(s, rows[i].keys);
        assert_shows(s, "Hold migration in the cloud: until when?");
        assert_shows(s, rows[i].shows);
        stage_wait(s, 300);
        stage_keys(s, rows[i].answer);
        assert_row(rows[i].what, s->n_commands == 1);
        assert_row(rows[i].what, s->commands[0].kind == COMMAND_HOLD &&
                                     s->commands[0].hold_kind == rows[i].kind &&
                                     s->commands[0].place == rows[i].place);
        assert_row(rows[i].what,
                   s->commands[0].until.s ==
                       (rows[i].until_s == 0 ? 0 : STORY_NOW.s + rows[i].until_s));
        stage_free(s);
    }
}

/* At home no cap ends a hold: there is no morning to choose. A held one says so. A time
 * is typed behind the rest. */
static void test_hold_choices(void **state)
{
    struct stage *s = stage_new(STORY_MOVING);

    (void)state;
    stage_keys(s, "G P");
    assert_shows(s, "It is held");
    assert_shows(s, "this replaces the hold");
    stage_keys(s, "esc");
    stage_free(s);
    s = stage_new(STORY_NORMAL);
    stage_keys(s, "j j P");
    stage_wait(s, 300);
    stage_keys(s, "t");
    assert_shows(s, ":hold migration cloud until ");
    type(s, "20:00");
    stage_keys(s, "enter");
    assert_shows(s, "migration is held in the cloud in 5s, until 20:00");
    assert_int_equal(s->n_commands, 0);
    stage_free(s);
}

/* What is wrong can be mended; Esc drops it; a lock holds for words, too. */
static void test_order_field(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, ":");
    type(s, "snooze 30x");
    stage_keys(s, "enter");
    assert_shows(s, ":snooze 30x");
    stage_keys(s, "backspace");
    type(s, "m");
    assert_shows(s, ":snooze 30m   Enter orders");
    stage_keys(s, "esc");
    assert_int_equal(s->n_commands, 0);
    stage_keys(s, ": enter");
    assert_int_equal(s->n_commands, 0);
    stage_keys(s, "L :");
    type(s, "auto off");
    stage_keys(s, "enter");
    assert_shows(s, "keys are locked");
    assert_int_equal(s->n_commands, 0);
    /* Changed under the question: asked again, by the words that were typed. */
    stage_keys(s, "L");
    stage_wait(s, 300);
    stage_keys(s, "u :");
    type(s, "hold cache onprem for 2h");
    stage_keys(s, "enter");
    stage_story(s, STORY_MOVING, NULL);
    assert_shows(s, "Hold cache on-prem until 12:42?");
    stage_free(s);
}

static void asleep(struct fleet *f)
{
    f->servers[1].snooze_until.s = STORY_NOW.s + 1800;
}

/* Holds are made and ended where they are seen. */
static void test_schedule(void **state)
{
    struct stage *s = stage_new(STORY_MOVING);

    (void)state;
    stage_keys(s, "4");
    assert_shows(s, "Tue 24 Nov");
    assert_shows(s, "calendar: off");
    assert_shows(s, "calendar: 09:00-12:00");
    assert_shows(s, "end-to-end: its hold on-prem ends");
    stage_keys(s, "j j enter");
    type(s, "12:00");
    stage_keys(s, "enter");
    assert_shows(s, "migration is held in the cloud in 5s, until 12:00");
    stage_wait(s, 6000);
    assert_int_equal(s->n_commands, 1);
    assert_int_equal(s->commands[0].kind, COMMAND_HOLD);
    assert_int_equal(s->commands[0].hold_kind, HOLD_UNTIL);
    stage_keys(s, "j p");
    stage_wait(s, 6000);
    assert_int_equal(s->n_commands, 2);
    assert_int_equal(s->commands[1].kind, COMMAND_RELEASE);
    assert_string_equal(s->commands[1].server, "end-to-end");
    stage_story(s, STORY_MOVING, asleep);
    assert_shows(s, "AUTO wakes up for write-back");
    assert_shows(s, "asleep until 11:12");
    stage_keys(s, "esc");
    assert_shows(s, "1 Fleet 4/4");
    stage_free(s);
}

static void at_home(struct fleet *f)
{
    f->servers[1].facts.place = f->servers[2].facts.place = PLACE_ONPREM;
}

/* What a way out will come to is said before it begins. */
static void test_ready_by(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_story(s, STORY_NORMAL, at_home);
    stage_keys(s, "j j m");
    assert_shows(s, "migration moves to the cloud in 5s, ");
    assert_shows(s, ", +$0.198/h, ready by 10:48");
    stage_free(s);
}

/* One key on what is marked: one question, an order for each that has something to do. */
static void test_marks(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_story(s, STORY_NORMAL, at_home);
    stage_keys(s, "space space k space"); /* cache; write-back and back */
    assert_shows(s, "1 Fleet 4/4, 1 marked");
    stage_keys(s, "esc *");
    assert_shows(s, "1 Fleet 4/4, 4 marked");
    stage_keys(s, "o");
    assert_shows(s, "Move 2 servers on-prem?");
    assert_shows(s, "cache, end-to-end.");
    assert_shows(s, "Builds run on cache.");
    assert_shows(s, "Effect: -$0.455/h.");
    assert_shows(s, "2 left out: write-back is on-prem already.");
    stage_keys(s, "esc m");
    assert_shows(s, "Move 2 to the cloud and 2 on-prem?");
    stage_story(s, STORY_NORMAL, NULL); /* all are out there: asked again */
    assert_shows(s, "Move 4 servers on-prem?");
    assert_shows(s, "It changed meanwhile");
    stage_keys(s, "d");
    assert_int_equal(s->n_commands, 0); /* too soon after the new question */
    stage_wait(s, 300);
    stage_keys(s, "f");
    assert_int_equal(s->n_commands, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(s->commands[i].kind, COMMAND_MOVE);
        assert_int_equal(s->commands[i].place, PLACE_ONPREM);
        assert_true(s->commands[i].confirmed && s->commands[i].force);
    }
    assert_shows(s, "1 Fleet 4/4 -"); /* none is marked any more */
    assert_shows(s, "4 orders given");
    stage_free(s);
}

static const char *first_row(struct stage *s)
{
    return s->ui.fleet->servers[s->ui.shown[0]].name;
}

static void dear_migration(struct fleet *f)
{
    f->servers[2].cost.hour.nanos = 900000000;
}

/* Sorted rows stay sorted, but not under the finger; the selection stays with its server.
 */
static void test_sort(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "j s s s"); /* server, where, $/h */
    assert_shows(s, "sort $/h v");
    assert_string_equal(first_row(s), "end-to-end");
    assert_string_equal(s->ui.selected, "write-back");
    stage_story(s, STORY_NORMAL, dear_migration);
    assert_string_equal(first_row(s), "end-to-end"); /* a key was just pressed */
    stage_wait(s, 3000);
    stage_story(s, STORY_NORMAL, dear_migration);
    assert_string_equal(first_row(s), "migration");
    stage_keys(s, "S");
    assert_shows(s, "sort $/h ^");
    assert_string_equal(s->ui.fleet->servers[s->ui.shown[3]].name, "migration");
    assert_string_equal(s->ui.selected, "write-back");
    stage_keys(s, "s s s s");
    assert_shows(s, "sort server ^");
    assert_string_equal(first_row(s), "cache");
    stage_free(s);
}

static void held_here(struct fleet *f)
{
    f->servers[2].hold = (struct hold){
        .place = PLACE_CLOUD, .kind = HOLD_UNTIL, .until = {STORY_NOW.s + 7200}};
}

/* u brings back what held a server before. */
static void test_undo_hold(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "u");
    assert_shows(s, "nothing to undo");
    stage_keys(s, "j j p enter");
    assert_int_equal(s->n_commands, 1);
    assert_int_equal(s->commands[0].kind, COMMAND_HOLD);
    stage_story(s, STORY_NORMAL, held_here);
    stage_keys(s, "u enter");
    assert_int_equal(s->n_commands, 2);
    assert_int_equal(s->commands[1].kind, COMMAND_RELEASE);
    assert_string_equal(s->commands[1].server, "migration");
    stage_keys(s, "u enter"); /* and the release is taken back, too */
    assert_int_equal(s->n_commands, 3);
    assert_int_equal(s->commands[2].kind, COMMAND_HOLD);
    assert_int_equal(s->commands[2].hold_kind, HOLD_UNTIL);
    assert_int_equal(s->commands[2].until.s, STORY_NOW.s + 7200);
    stage_free(s);
}

/* Tab writes what is certain; what may come next stands beside it. */
static void test_completion(void **state)
{
    static const struct {
        const char *what, *typed, *shows;
    } rows[] = {
        {"an order", "ext", ":extension    Tab: start stop"},
        {"a server", "hold mig", ":hold migration    Tab: cloud onprem"},
        {"what follows it", "hold migration on", ":hold migration onprem    Tab: until"},
        {"what is only said", "hold migration onprem until ",
         ":hold migration onprem until    Tab: TIME DURATION"},
        {"as far as it goes", "ac", ":acknowledge    Enter orders"},
        {"two that begin alike", "e", ":e   Tab: extension explain events"},
        {"the configuration", "relo", ":reload    Enter orders"},
        {"nothing like it", "xyz", ":xyz   Enter orders"},
        {"no such place", "refresh now", ":refresh now   Enter orders"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_keys(s, ":");
        type(s, rows[i].typed);
        stage_keys(s, "tab");
        assert_shows(s, rows[i].shows);
        stage_free(s);
    }
}

/* The shell reads the configuration again; nobody else is asked. */
static void test_reload_order(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, ":");
    type(s, "reload now");
    stage_keys(s, "enter");
    assert_false(s->ui.reload);
    stage_keys(s, "esc :");
    type(s, " reload ");
    stage_keys(s, "enter");
    assert_true(s->ui.reload);
    assert_int_equal(s->ui.typing, TYPING_NOTHING);
    assert_int_equal(s->n_commands, 0);
    stage_free(s);
}

/* Views by their names, and a server's by explain. */
static void test_view_orders(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, ":");
    type(s, "cost");
    stage_keys(s, "enter");
    assert_shows(s, "3 Cost");
    stage_keys(s, ":");
    type(s, "explain migration ");
    stage_keys(s, "enter");
    assert_shows(s, "-- migration ");
    stage_keys(s, ":");
    type(s, "explain nobody");
    stage_keys(s, "enter");
    assert_shows(s, "there is no server nobody");
    assert_int_equal(s->n_commands, 0);
    stage_free(s);
}

/* Without a zone times are UTC, and there is no schedule to show. */
static void test_no_zone(void **state)
{
    struct stage *s = stage_new(STORY_MOVING);

    (void)state;
    s->app.tz = s->ui.reasons.tz = NULL;
    stage_keys(s, "4");
    assert_shows(s, "the zone of the site is not known");
    stage_keys(s, "3");
    assert_shows(s, "3 Cost");
    stage_keys(s, "1 enter");
    assert_shows(s, "Esc back");
    assert_hides(s, "  planned");
    stage_free(s);
}

static void of_a_move(struct fleet *f)
{
    for (size_t i = 6; i < 9; i++)
        (void)str_copy(f->events[i].move, ID_TEXT, "m-41");
    (void)str_copy(f->events[9].action, sizeof(f->events[9].action), "notice");
}

static bool is_at(struct stage *s, size_t i)
{
    return events_selected(&s->ui) == &s->ui.fleet->events[i];
}

/* The log's selection stays with its event, finds hits and what began a move. */
static void test_events(void **state)
{
    struct stage *s = stage_new(STORY_INTERRUPTION);

    (void)state;
    stage_story(s, STORY_INTERRUPTION, of_a_move);
    stage_keys(s, "2");
    assert_null(events_selected(&s->ui));
    stage_keys(s, "enter k k k");
    assert_true(is_at(s, 7));
    assert_shows(s, "2 Events 215, paused");
    stage_keys(s, "enter");
    assert_true(is_at(s, 6)); /* it began the move */
    stage_keys(s, "j j enter");
    assert_true(is_at(s, 6));
    stage_keys(s, "enter");
    assert_shows(s, "-- write-back ");
    stage_keys(s, "esc");
    assert_true(is_at(s, 6));
    stage_keys(s, "G");
    assert_null(events_selected(&s->ui)); /* it follows again */
    stage_keys(s, "/");
    type(s, "server:write-back !kind:act");
    stage_keys(s, "enter");
    assert_shows(s, "node closed, drained in 19s");
    assert_hides(s, "run in cloud started, spot $0.212/h in");
    assert_hides(s, "recovered after 1 failure");
    stage_keys(s, "esc n");
    assert_shows(s, "recovered after 1 failure");
    assert_true(is_at(s, 8));
    stage_keys(s, "n");
    assert_true(is_at(s, 6));
    stage_keys(s, "N");
    assert_true(is_at(s, 8));
    stage_keys(s, "N");
    assert_shows(s, "no other hit");
    stage_keys(s, "/");
    type(s, "actor:spot");
    stage_keys(s, "enter");
    assert_shows(s, "spot interruption notice");
    assert_hides(s, "drained in 19s");
    stage_keys(s, "esc /");
    type(s, "kind:notice");
    assert_shows(s, "spot interruption notice");
    assert_hides(s, "AWS reclaimed the instance");
    stage_free(s);
}

/* Each day, or the sum; from another view the key says nothing. */
static void test_cost(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "3");
    assert_shows(s, "each day   t the sum so far");
    assert_shows(s, "24x7 on-demand                850.79  -79%");
    stage_keys(s, "t");
    assert_shows(s, "the sum so far   t each day");
    stage_keys(s, "1 t 3");
    assert_shows(s, "the sum so far   t each day");
    stage_free(s);
}

static void held_over(struct fleet *f)
{
    struct server_view *s = &f->servers[0];

    s->hold = (struct hold){.place = PLACE_CLOUD,
                            .kind = HOLD_UNTIL,
                            .until = {STORY_NOW.s + 36000},
                            .by = "dana",
                            .at = {STORY_NOW.s - 600},
                            .why = "release night",
                            .over_budget = true};
    s->decision = (struct decision){.desired = PLACE_CLOUD,
                                    .reason = REASON_HOLD,
                                    .gate = GATE_BACKOFF,
                                    .gates = 1u << GATE_BACKOFF | 1u << GATE_DRAIN,
                                    .gate_until = {STORY_NOW.s + 600}};
    (void)str_copy(s->decision.reason_text, LINE_TEXT,
                   "held in the cloud by dana until Sun 20:42: release night");
    (void)str_copy(s->decision.gate_text, LINE_TEXT,
                   "its last move failed; next try Sun 10:52");
}

/* The detail view has the lines of `explain`, whole at any width, and the hold's person.
 */
static void test_reasons(void **state)
{
    static const char *const lines[] = {
        "Is         in the cloud",
        "Should     be in the cloud by rule 1 (hold): held in the cloud by dana until "
        "Sun",
        "Gate       backoff until Sun 10:52: its last move failed; next try Sun 10:52; "
        "then",
        "Next       Sun 20:42: should be on-prem by rule 5 (outside), its hold ends",
        "by dana: release night, 10:32   over the budget"};
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    stage_story(s, STORY_NORMAL, held_over);
    stage_keys(s, "enter");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_shows(s, lines[i]);
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, "\n            Sun 20:42: release night\n"));
    assert_non_null(strstr(text, "\n            then drain\n"));
    free(text);
    text = stage_picture(s, 24, 40);
    assert_non_null(strstr(text, "release night\n"));
    free(text);
    stage_free(s);
}

/* What does not fit is said, can be reached, and scrolling stops at the last line. */
static void test_detail_scrolls(void **state)
{
    struct stage *s = stage_new(STORY_MOVING);
    char *text;

    (void)state;
    stage_keys(s, "j enter");
    text = stage_picture(s, 60, 200);
    assert_null(strstr(text, ", j/k")); /* it fits */
    free(text);
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, " write-back  1-20 of 41, j/k "));
    assert_null(strstr(text, "i-0c1d..9a8b7c running"));
    free(text);
    stage_keys(s, "G");
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, " write-back  22-41 of 41, j/k "));
    assert_non_null(strstr(text, "i-0c1d..9a8b7c running"));
    free(text);
    stage_keys(s, "k");
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, " write-back  21-40 of 41, j/k "));
    free(text);
    /* A sentence goes on in the next line. */
    stage_keys(s, "g");
    text = stage_picture(s, 40, 80);
    assert_non_null(strstr(text, "no capacity 11m"));
    assert_non_null(strstr(text, "3 interruptions in"));
    assert_non_null(strstr(text, "  seen     .................>##!>"));
    free(text);
    stage_free(s);
}

static int64_t money_month, money_forecast, money_budget;

static void money(struct fleet *f)
{
    f->hour_known = f->month_known = true;
    f->hour.nanos = 865 * (USD_NANOS / 1000);
    f->month.nanos = money_month * USD_NANOS;
    f->today.nanos = 3 * USD_NANOS / 2;
    f->extension_hour.nanos = 266 * (USD_NANOS / 1000);
    f->has_budget = money_budget > 0;
    f->budget.nanos = money_budget * USD_NANOS;
    f->budget_reached = f->has_budget && money_month >= money_budget;
    f->forecast.known = true;
    f->forecast.p10.nanos = f->forecast.p50.nanos = f->forecast.p90.nanos =
        money_forecast * USD_NANOS;
}

/* The state of the budget is a word, and at 80 columns the line gives up what matters
 * least; what the rows do not have stays beside the sum. */
static void test_money_line(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; int64_t month, forecast, budget; const char *wide, *small;
    } rows[] = {
        {"no budget",           131, 180,   0, "forecast $180.00   ",
            " $0.87/h (other 0.266)  today $1.50  month $131.00  forecast $180.00  estimates"},
        {"within it",           131, 180, 200, "forecast $180.00   budget $200 65%   ",
            " $0.87/h (other 0.266)  today $1.50  month $131.00  forecast $180.00 of $200\n"},
        {"over by the forecast", 131, 230, 200, "forecast $230.00 OVER   budget $200 65%   ",
            " $0.87/h (other 0.266)  month $131.00  forecast $230.00 of $200 OVER\n"},
        {"80 percent",          160, 190, 200, "forecast $190.00   budget $200 80% NEARLY SPENT",
            " $0.87/h (other 0.266)  month $160.00  forecast $190.00 of $200 NEARLY SPENT\n"},
        {"spent",               201, 230, 200, "forecast $230.00   budget $200 100% SPENT",
            " $0.87/h (other 0.266)  month $201.00  forecast $230.00 of $200 SPENT\n"},
        {"large sums",         9310, 9990, 12000, "forecast $9990.00   budget $12000 77%",
            " $0.87/h (other 0.266)  today $1.50  month $9310.00  forecast $9990.00\n"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);
        char *text;

        money_month = rows[i].month;
        money_forecast = rows[i].forecast;
        money_budget = rows[i].budget;
        stage_story(s, STORY_NORMAL, money);
        assert_shows(s, rows[i].wide);
        text = stage_picture(s, 24, 80);
        if (strstr(text, rows[i].small) == NULL)
            print_error("%s\n", text);
        assert_row(rows[i].what, strstr(text, rows[i].small) != NULL);
        free(text);
        stage_free(s);
    }
}

static void left_out(struct fleet *f)
{
    f->setting = AUTO_OFF;
    f->left.servers = 2;
    f->left.hour_known = true;
    f->left.hour.nanos = 690 * (USD_NANOS / 1000);
    f->in_window = false;
    f->n_degraded = 2;
    (void)str_copy(f->degraded[0], sizeof(f->degraded[0]), "clock");
    (void)str_copy(f->degraded[1], sizeof(f->degraded[1]), "blind:jenkins");
}

/* What nobody brings home, and every reason to doubt, stand beside AUTO. */
static void test_banner(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    stage_story(s, STORY_NORMAL, left_out);
    assert_shows(s, "2 LEFT IN CLOUD $0.69/h");
    assert_shows(s, "DEGRADED clock");
    text = stage_picture(s, 60, 200);
    assert_non_null(strstr(text, "DEGRADED clock blind:jenkins"));
    free(text);
    text = stage_picture(s, 24, 80);
    assert_non_null(strstr(text, "2 LEFT"));
    assert_non_null(strstr(text, "DEGRADED"));
    assert_non_null(strstr(text, "AUTO OFF"));
    free(text);
    stage_free(s);
}

/* Each word of reliability 4, at every width. */
static const char *degraded_word;

static void degraded(struct fleet *f)
{
    f->n_degraded = 1;
    (void)str_copy(f->degraded[0], sizeof(f->degraded[0]), degraded_word);
}

static void test_degraded(void **state)
{
    static const char *const words[] = {
        "store",           "disk",          "clock",
        "budget",          "recovering",    "blind:velostrata",
        "blind:jenkins",   "blind:vsphere", "blind:ec2",
        "breaker:jenkins", "breaker:ec2",   "breaker:velostrata",
    };
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        char shown[64], *text;

        degraded_word = words[i];
        (void)str_format(shown, sizeof(shown), "DEGRADED %s", words[i]);
        stage_story(s, STORY_NORMAL, degraded);
        text = stage_picture(s, 24, 80);
        assert_row(words[i], strstr(text, shown) != NULL);
        free(text);
        text = stage_picture(s, 60, 200);
        assert_row(words[i], strstr(text, shown) != NULL);
        free(text);
    }
    stage_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_confirmed),
        cmocka_unit_test(test_unwell_first),
        cmocka_unit_test(test_unseen_server),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_ready_by),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_no_zone),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_view_orders),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_undo_hold),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_detail_scrolls),
        cmocka_unit_test(test_money_line),
        cmocka_unit_test(test_banner),
        cmocka_unit_test(test_degraded),
        cmocka_unit_test(test_hold_how_long),
        cmocka_unit_test(test_hold_choices),
        cmocka_unit_test(test_order_field),
        cmocka_unit_test(test_undo_line),
        cmocka_unit_test(test_one_pending),
        cmocka_unit_test(test_messages_leave),
        cmocka_unit_test(test_hold_limit),
        cmocka_unit_test(test_undo_window_off),
        cmocka_unit_test(test_changed_target),
        cmocka_unit_test(test_cancel_at_once),
        cmocka_unit_test(test_selection_sticks),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_reload_order),
        cmocka_unit_test(test_take_over),
        cmocka_unit_test(test_shared_lock),
        cmocka_unit_test(test_quit),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_all_sizes),
        cmocka_unit_test(test_dialog_sizes),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_demo_menu),
        cmocka_unit_test(test_money_fits),
        cmocka_unit_test(test_adds_up),
        cmocka_unit_test(test_not_cut),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_old_place),
        cmocka_unit_test(test_next_what),
        cmocka_unit_test(test_closed_words),
        cmocka_unit_test(test_folded_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
