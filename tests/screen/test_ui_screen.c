#include <config.h>

#include "tests/screen/stage.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

/* What keys and clicks do to the picture itself: themes, mouse, copy mode. */

static void assert_shows(struct stage *s, const char *what, bool shown)
{
    char *text = stage_picture(s, 35, 120);

    if ((strstr(text, what) != NULL) != shown)
        print_error("%s on screen: \"%s\"\n%s", shown ? "not" : "still", what, text);
    assert_true((strstr(text, what) != NULL) == shown);
    free(text);
}

/* What the shell does with the flags that keys set. */
static bool took(bool *flag)
{
    bool was = *flag;

    *flag = false;
    return was;
}

static void test_theme_list(void **state)
{
    /* clang-format off */
    static const struct { const char *what, *keys, *theme; bool open, load, keep; } rows[] = {
        {"T shows the next one",       "T",             "deuter-protan", true,  true,  false},
        {"T again the one behind",     "T T",           "dracula",       true,  true,  false},
        {"k goes back",                "T k k",         "dark",          true,  true,  false},
        {"around the top",             "T g k",         "tty16",         true,  true,  false},
        {"Enter keeps it",             "T enter",       "deuter-protan", false, true,  true},
        {"Esc gives the old one back", "T j j esc",     "default",       false, true,  false},
        {"so does q",                  "T q",           "default",       false, true,  false},
        {"the order opens the list",   ": t h e m e enter", "default",   true,  false, false},
        {"keys go to the list alone",  "T m",           "deuter-protan", true,  true,  false},
        {"a name is taken at once",    ": t h e m e space d a r k enter", "dark", false, true, true},
        {"a wrong one is not",         ": t h e m e space d a r enter",   "default", false, false, false},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage *s = stage_new(STORY_NORMAL);

        stage_keys(s, rows[i].keys);
        assert_row(rows[i].what, str_eq(s->ui.theme, rows[i].theme));
        assert_row(rows[i].what, s->ui.themes.open == rows[i].open);
        assert_row(rows[i].what, took(&s->ui.load_theme) == rows[i].load);
        assert_row(rows[i].what, took(&s->ui.keep_theme) == rows[i].keep);
        assert_row(rows[i].what, s->n_commands == 0);
        assert_shows(s, "Themes: Enter keeps it", rows[i].open);
        assert_shows(s, "there is no theme dar", i + 1 == ARRAY_LEN(rows));
        stage_free(s);
    }
}

/* Many themes on a low screen: the selected one is seen. */
static void test_theme_list_low(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *text;

    (void)state;
    stage_keys(s, "T G");
    text = stage_picture(s, 6, 40);
    assert_non_null(strstr(text, "tty16"));
    assert_null(strstr(text, "dark"));
    free(text);
    for (int rows = 1; rows < 40; rows++) {
        for (int cols = 1; cols < 80; cols += 7)
            free(stage_picture(s, rows, cols));
    }
    stage_free(s);
}

/* Without colors every state has a word and the row a sign: no two places, and no two
 * states of a spot request, read alike. */
static void test_words(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    struct server_view v = s->ui.fleet->servers[0];
    struct cell_context x = {
        .fleet = s->ui.fleet, .now = STORY_NOW, .ascii = true, .undo_s = -1, .width = 24};
    struct cell_text places[PLACE_COUNT], spots[SPOT_COUNT];

    (void)state;
    for (int p = 0; p < PLACE_COUNT; p++) {
        struct server_view one = v;

        one.facts.place = (enum place)p;
        cell_make(COLUMN_WHERE, &one, &x, &places[p]);
        for (int q = 0; q < p; q++) {
            bool both_move = (p == PLACE_MOVING_BACK && q == PLACE_MOVING_OUT);

            assert_row(places[p].text,
                       both_move || !str_eq(places[p].text, places[q].text));
        }
    }
    for (int p = 0; p < SPOT_COUNT; p++) {
        struct server_view one = v;

        one.facts.instance.spot = (enum spot_state)p;
        one.facts.instance.reclaim_at = (struct utc){STORY_NOW.s + 107};
        cell_make(COLUMN_SPOT, &one, &x, &spots[p]);
        for (int q = 0; q < p; q++)
            assert_row(spots[p].text, !str_eq(spots[p].text, spots[q].text));
    }
    for (int i = 0; i < 5; i++) {
        static const int64_t idle_s[] = {0, 59, 61, 3599, 7260};
        static const char *const want[] = {"idle", "idle", "idle 1m", "idle 59m",
                                           "idle 2h01m"};
        struct server_view one = s->ui.fleet->servers[2];
        struct cell_text idle;

        one.facts.cloud.idle_since.s = STORY_NOW.s - idle_s[i];
        cell_make(COLUMN_JENKINS, &one, &x, &idle);
        assert_row(want[i], str_eq(idle.text, want[i]));
    }
    stage_free(s);
}

/* Where a text stands in the picture of 35 x 120. */
static struct mouse_event at_text(struct stage *s, const char *what)
{
    char *text = stage_picture(s, 35, 120), *hit = strstr(text, what);
    struct mouse_event e = {.what = MOUSE_CLICK};

    if (hit == NULL)
        print_error("not on screen: \"%s\"\n%s", what, text);
    assert_non_null(hit);
    for (const char *p = text; p < hit; p++) {
        e.col = *p == '\n' ? 0 : e.col + 1;
        e.row += *p == '\n' ? 1 : 0;
    }
    free(text);
    return e;
}

static void click(struct stage *s, const char *what)
{
    struct mouse_event e = at_text(s, what);

    ui_mouse(&s->ui, &e, s->ms);
}

static void wheel(struct stage *s, enum mouse_what what, int times)
{
    struct mouse_event e = {.what = what};

    for (int i = 0; i < times; i++)
        ui_mouse(&s->ui, &e, s->ms);
}

static void test_mouse_rows(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    assert_false(s->ui.mouse); /* off: the terminal's own */
    click(s, "migration");
    assert_string_equal(s->ui.selected, "cache");
    stage_keys(s, "M");
    assert_true(s->ui.mouse);
    click(s, "migration");
    assert_string_equal(s->ui.selected, "migration");
    assert_int_equal(s->ui.view, VIEW_fleet);
    click(s, "migration"); /* the second click opens */
    assert_int_equal(s->ui.view, VIEW_detail);
    stage_keys(s, "esc");
    wheel(s, MOUSE_WHEEL_UP, 1);
    assert_string_equal(s->ui.selected, "write-back");
    wheel(s, MOUSE_WHEEL_DOWN, 9);
    assert_string_equal(s->ui.selected, "end-to-end");
    stage_keys(s, "2");                   /* events: three rows at a time */
    assert_null(events_selected(&s->ui)); /* it follows */
    wheel(s, MOUSE_WHEEL_UP, 2);
    assert_ptr_equal(events_selected(&s->ui),
                     &s->ui.fleet->events[s->ui.fleet->n_events - 1 - 6]);
    stage_keys(s, "esc M");
    click(s, "cache");
    assert_string_equal(s->ui.selected, "end-to-end");
    assert_int_equal(s->n_commands, 0);
    stage_free(s);
}

static void test_mouse_hints(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    s->ui.mouse = true;
    click(s, "? help");
    assert_true(s->ui.help);
    stage_keys(s, "esc");
    click(s, "/ filter");
    assert_int_equal(s->ui.typing, TYPING_FILTER);
    stage_keys(s, "esc");
    click(s, "migration");
    click(s, "m move"); /* as the key: an undo window */
    stage_wait(s, 6000);
    assert_int_equal(s->n_commands, 1);
    assert_string_equal(s->commands[0].server, "migration");
    stage_free(s);
}

/* No click alone answers a question. */
static void test_mouse_dialog(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    struct mouse_event below;

    (void)state;
    s->ui.mouse = true;
    below = at_text(s, "end-to-end");
    click(s, "m move"); /* cache builds: a question */
    assert_true(s->ui.dialog.open);
    stage_wait(s, 300);
    for (int i = 0; i < 5; i++)
        click(s, "f move");
    assert_true(s->ui.dialog.open);
    assert_int_equal(s->n_commands, 0);
    ui_mouse(&s->ui, &below, s->ms); /* what lies below is not there */
    assert_string_equal(s->ui.selected, "cache");
    click(s, "[Cancel]");
    assert_false(s->ui.dialog.open);
    click(s, "m move");
    stage_wait(s, 300);
    click(s, "f move");
    stage_keys(s, "enter"); /* the focus is where the click was */
    assert_int_equal(s->n_commands, 1);
    assert_true(s->commands[0].force);
    stage_free(s);
}

static void test_mouse_list(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    s->ui.mouse = true;
    stage_keys(s, "T");
    click(s, "gruvbox");
    assert_true(s->ui.themes.open);
    assert_string_equal(s->ui.theme, "gruvbox");
    wheel(s, MOUSE_WHEEL_DOWN, 1);
    assert_string_equal(s->ui.theme, "high-contrast");
    click(s, "high-contrast");
    assert_false(s->ui.themes.open);
    assert_true(s->ui.keep_theme);
    stage_free(s);
}

/* Copy mode: no lines, no margin, the time stands, keys do nothing, Esc ends it. */
static void test_copy_mode(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);
    char *before, *after;

    (void)state;
    stage_keys(s, "Y");
    assert_true(s->ui.copying);
    before = stage_picture(s, 35, 120);
    assert_null(strstr(before, "- 1 Fleet"));
    assert_non_null(strstr(before, "1 Fleet"));
    assert_non_null(strstr(before, "COPY: nothing moves"));
    assert_non_null(strstr(before, "\n* cache")); /* its margin of one is gone */
    stage_wait(s, 90000);
    stage_story(s, STORY_INTERRUPTION, NULL);
    stage_keys(s, "j m x q");
    assert_false(s->ui.copying);
    assert_int_equal(s->n_commands, 0);
    stage_keys(s, "Y");
    stage_story(s, STORY_INTERRUPTION, NULL);
    stage_keys(s, "m");
    after = stage_picture(s, 35, 120);
    assert_null(strstr(after, "INT"));
    stage_keys(s, "esc");
    assert_true(took(&s->ui.redraw));
    assert_shows(s, "-- 1 Fleet", true);
    free(before);
    free(after);
    for (int rows = 1; rows < 30; rows += 3) {
        for (int cols = 1; cols < 130; cols += 9) {
            stage_keys(s, "Y");
            free(stage_picture(s, rows, cols));
            stage_keys(s, "Y");
        }
    }
    stage_keys(s, "y");
    assert_true(took(&s->ui.copy));
    stage_free(s);
}

/* A message waits for who looked away, and stays the usual time then. */
static void test_focus(void **state)
{
    struct stage *s = stage_new(STORY_NORMAL);

    (void)state;
    stage_keys(s, "z");
    ui_key(&s->ui, KEYC_FOCUS_OUT, s->ms);
    stage_wait(s, 60000);
    assert_shows(s, "times are UTC", true);
    ui_key(&s->ui, KEYC_FOCUS_IN, s->ms);
    stage_wait(s, 5000);
    assert_shows(s, "times are UTC", true);
    stage_wait(s, 1000);
    assert_shows(s, "times are UTC", false);
    stage_keys(s, "z"); /* in a pane beside another it does not stay for ever */
    ui_key(&s->ui, KEYC_FOCUS_OUT, s->ms);
    stage_wait(s, 590000);
    assert_shows(s, "times are ages", true);
    stage_wait(s, 20000);
    assert_shows(s, "times are ages", false);
    stage_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_theme_list),  cmocka_unit_test(test_theme_list_low),
        cmocka_unit_test(test_words),       cmocka_unit_test(test_mouse_rows),
        cmocka_unit_test(test_mouse_hints), cmocka_unit_test(test_mouse_dialog),
        cmocka_unit_test(test_mouse_list),  cmocka_unit_test(test_copy_mode),
        cmocka_unit_test(test_focus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
