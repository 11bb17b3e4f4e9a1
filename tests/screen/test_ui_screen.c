#include <config.h>

#include "tests/screen/stage.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"

/* What keys and clicks do to the picture itself: themes, mouse, copy mode. */

static struct stage *open_stage(enum story story)
{
    static char dir[512];
    struct stage *s = calloc(1, sizeof(*s));
    const char *src = getenv("srcdir");

    assert_non_null(s);
    (void)str_format(dir, sizeof(dir), "%s/themes", src != NULL ? src : ".");
    stage_init(s);
    s->app.theme_dirs[0] = dir;
    stage_open(s, story, true);
    return s;
}

static void close_stage(struct stage *s)
{
    stage_close(s);
    free(s);
}

/* The screen as text; the caller frees. */
static char *picture(struct stage *s, int rows, int cols)
{
    struct canvas c;
    struct strbuf text;
    struct err e = {0};
    char *copy;

    assert_int_equal(canvas_init(&c, rows, cols, true, &e), ERR_OK);
    stage_draw(s, &c);
    strbuf_init(&text, 1024 * 1024);
    canvas_dump(&c, &text);
    copy = strdup(strbuf_text(&text));
    assert_non_null(copy);
    strbuf_clear(&text);
    canvas_clear(&c);
    return copy;
}

static void assert_shows(struct stage *s, const char *what, bool shown)
{
    char *text = picture(s, 35, 120);

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
        struct stage *s = open_stage(STORY_NORMAL);

        stage_keys(s, rows[i].keys);
        assert_row(rows[i].what, str_eq(s->ui.theme, rows[i].theme));
        assert_row(rows[i].what, s->ui.themes.open == rows[i].open);
        assert_row(rows[i].what, took(&s->ui.load_theme) == rows[i].load);
        assert_row(rows[i].what, took(&s->ui.keep_theme) == rows[i].keep);
        assert_row(rows[i].what, s->n_commands == 0);
        assert_shows(s, "Themes: Enter keeps it", rows[i].open);
        assert_shows(s, "there is no theme dar", i + 1 == ARRAY_LEN(rows));
        close_stage(s);
    }
}

/* Many themes on a low screen: the selected one is seen. */
static void test_theme_list_low(void **state)
{
    struct stage *s = open_stage(STORY_NORMAL);
    char *text;

    (void)state;
    stage_keys(s, "T G");
    text = picture(s, 6, 40);
    assert_non_null(strstr(text, "tty16"));
    assert_null(strstr(text, "dark"));
    free(text);
    for (int rows = 1; rows < 40; rows++) {
        for (int cols = 1; cols < 80; cols += 7)
            free(picture(s, rows, cols));
    }
    close_stage(s);
}

/* Without colors every state has a word and the row a sign: no two places, and no two
 * states of a spot request, read alike. */
static void test_words(void **state)
{
    struct stage *s = open_stage(STORY_NORMAL);
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
    close_stage(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_theme_list),
        cmocka_unit_test(test_theme_list_low),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
