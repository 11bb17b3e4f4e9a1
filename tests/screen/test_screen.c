#include <config.h>

#include "tests/screen/stage.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/table.h"
#include "tui/screen.h"

/*
 * Pictures as curses has them, against files: text, and below it what is not plain.
 * Written anew by "make update-screens"; the difference is reviewed like code.
 */

enum set { SET_UTF8, SET_ASCII, SET_MONO, SET_COUNT };
static const char *const set_names[] = {"utf8", "ascii", "mono"};
static const struct {
    int cols, rows;
} sizes[] = {{200, 60}, {120, 35}, {80, 24}, {40, 10}, {20, 4}, {60, 1}};

/* Before the picture: keys, time that passes, special starts. */
/* Lines of the demo's menu. */
static const char *const faults[] = {"AWS takes a spot instance back, 2 minutes' notice",
                                     "Spot capacity is gone", "Jenkins answers 503"};

static void fault(void *ctx, size_t index, char *say, size_t size)
{
    (void)ctx;
    (void)index;
    (void)str_copy(say, size, "");
}

static const struct scene {
    const char *name;
    enum story story;
    const char *keys;
    int64_t wait_ms;
    enum { PLAIN, LOCKED, OBSERVE, OBSERVER, DEMO } how;
} scenes[] = {
    {"loading", STORY_LOADING, "", 4000, PLAIN},
    {"normal", STORY_NORMAL, "", 0, PLAIN},
    {"moving", STORY_MOVING, "", 0, PLAIN},
    {"interruption", STORY_INTERRUPTION, "", 0, PLAIN},
    {"stale", STORY_STALE, "", 0, PLAIN},
    {"dead", STORY_DEAD, "", 0, PLAIN},
    {"undo", STORY_NORMAL, "j j o", 1000, PLAIN},
    {"dialog", STORY_NORMAL, "o", 0, PLAIN},
    {"help", STORY_NORMAL, "?", 0, PLAIN},
    {"locked", STORY_NORMAL, "m", 0, LOCKED},
    {"observe", STORY_NORMAL, "", 0, OBSERVE},
    {"observer", STORY_NORMAL, "", 0, OBSERVER},
    {"hold", STORY_NORMAL, "j j P", 0, PLAIN},
    {"prompt", STORY_NORMAL, ": h o l d space", 0, PLAIN},
    {"menu", STORY_NORMAL, "! j", 0, DEMO},
    {"marked", STORY_NORMAL, "space space o", 0, PLAIN},
    {"filter", STORY_NORMAL, "/ m i g", 0, PLAIN},
    {"events", STORY_INTERRUPTION, "2", 0, PLAIN},
    {"apis", STORY_DEAD, "5 j", 0, PLAIN},
    {"cost", STORY_NORMAL, "3", 0, PLAIN},
    {"cost-sum", STORY_NORMAL, "3 t", 0, PLAIN},
    {"cost-unknown", STORY_DEAD, "3", 0, PLAIN},
    {"schedule", STORY_MOVING, "4 G", 0, PLAIN},
    {"schedule-hold", STORY_MOVING, "4 enter", 0, PLAIN},
    {"detail", STORY_MOVING, "j enter", 0, PLAIN},
};

/* One row's looks as runs of columns: "0-6 bold, 9-12 fg37". */
static void add_looks(struct strbuf *out, struct screen *s, int row, int cols)
{
    char now[64], run[64] = "", text[64];
    int start = 0;
    bool any = false;

    for (int col = 0; col <= cols; col++) {
        now[0] = '\0';
        if (col < cols)
            screen_cell(s, row, col, text, sizeof(text), now, sizeof(now));
        if (strcmp(now, run) == 0)
            continue;
        if (run[0] != '\0') {
            run[strlen(run) - 1] = '\0'; /* the blank behind the last word */
            if (!any)
                strbuf_printf(out, "%3d:", row);
            strbuf_printf(out, " %d-%d %s;", start, col - 1, run);
            any = true;
        }
        (void)str_copy(run, sizeof(run), now);
        start = col;
    }
    if (any)
        strbuf_putc(out, '\n');
}

static void add_picture(struct strbuf *out, struct screen *s, int rows, int cols)
{
    char text[64], looks[64];

    strbuf_printf(out, "== %dx%d\n", cols, rows);
    for (int row = 0; row < rows; row++) {
        struct strbuf line;
        size_t len;

        strbuf_init(&line, 8192);
        for (int col = 0; col < cols; col++) {
            screen_cell(s, row, col, text, sizeof(text), looks, sizeof(looks));
            strbuf_puts(&line, text);
        }
        len = line.len;
        while (len > 0 && line.data[len - 1] == ' ')
            len--;
        strbuf_add(out, strbuf_text(&line), len);
        strbuf_putc(out, '\n');
        strbuf_clear(&line);
    }
    strbuf_puts(out, "-- looks\n");
    for (int row = 0; row < rows; row++)
        add_looks(out, s, row, cols);
}

static void play(const struct scene *scene, enum set set, struct strbuf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct screen_config sc = {.in_fd = -1,
                                   .out_fd = -1,
                                   .term = "xterm-256color",
                                   .rows = sizes[i].rows,
                                   .cols = sizes[i].cols,
                                   .no_color = set == SET_MONO};
        struct screen *screen;
        struct canvas canvas;
        struct theme theme;
        struct err e = {0};
        struct stage *s = calloc(1, sizeof(*s));

        assert_non_null(s);
        stage_init(s);
        s->app.locked = scene->how == LOCKED;
        s->app.observe = scene->how == OBSERVE;
        s->app.observed = scene->how == OBSERVER ? &s->observed : NULL;
        if (scene->how == DEMO)
            s->app.demo = (struct app_demo){.on = true,
                                            .faults = faults,
                                            .n_faults = ARRAY_LEN(faults),
                                            .fault = fault};
        stage_open(s, scene->story, set == SET_ASCII);
        stage_wait(s, scene->wait_ms);
        stage_keys(s, scene->keys);
        if (scene->keys[0] != '\0' && scene->wait_ms > 0)
            stage_wait(s, scene->wait_ms);
        assert_int_equal(screen_open(&sc, &screen, &e), ERR_OK);
        theme_builtin(&theme);
        screen_set_theme(screen, &theme);
        assert_int_equal(canvas_init(&canvas, sc.rows, sc.cols, set == SET_ASCII, &e),
                         ERR_OK);
        stage_draw(s, &canvas);
        screen_draw(screen, &canvas);
        add_picture(out, screen, sc.rows, sc.cols);
        canvas_clear(&canvas);
        screen_close(screen);
        stage_close(s);
        free(s);
    }
}

static void file_of(const struct scene *scene, enum set set, char *path, size_t size)
{
    const char *dir = getenv("srcdir");

    assert_true(str_format(path, size, "%s/tests/screen/%s-%s.screen",
                           dir != NULL ? dir : ".", scene->name, set_names[set]));
}

static void compare(const struct scene *scene, enum set set, const struct strbuf *got)
{
    static char want[1024 * 1024];
    char path[1024];
    const char *a = strbuf_text(got), *b = want;
    size_t n;
    FILE *f;

    file_of(scene, set, path, sizeof(path));
    if (getenv("UPDATE_SCREENS") != NULL) {
        f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(a, 1, got->len, f), got->len);
        assert_int_equal(fclose(f), 0);
        return;
    }
    f = fopen(path, "r");
    if (f == NULL) {
        print_error("%s is missing: make update-screens\n", path);
        fail();
        return;
    }
    n = fread(want, 1, sizeof(want) - 1, f);
    want[n] = '\0';
    (void)fclose(f); /* read only */
    for (int line = 1; *a != '\0' || *b != '\0'; line++) {
        size_t la = strcspn(a, "\n"), lb = strcspn(b, "\n");

        if (la != lb || memcmp(a, b, la) != 0) {
            print_error("%s:%d\n want %.*s\n got  %.*s\n", path, line, (int)lb, b,
                        (int)la, a);
            fail();
            return;
        }
        a += la + (a[la] == '\n');
        b += lb + (b[lb] == '\n');
    }
}

static void play_all(enum set set, const char *locale)
{
    assert_non_null(setlocale(LC_CTYPE, locale));
    for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
        struct strbuf got;

        strbuf_init(&got, 1024 * 1024);
        play(&scenes[i], set, &got);
        assert_false(got.failed);
        compare(&scenes[i], set, &got);
        strbuf_clear(&got);
    }
}

static void test_utf8(void **state)
{
    (void)state;
    play_all(SET_UTF8, "C.UTF-8");
}

static void test_ascii(void **state)
{
    (void)state;
    play_all(SET_ASCII, "C.UTF-8");
}

static void test_c_locale(void **state)
{
    (void)state;
    if (getenv("UPDATE_SCREENS") == NULL)
        play_all(SET_ASCII, "C");
}

static void test_mono(void **state)
{
    (void)state;
    play_all(SET_MONO, "C.UTF-8");
}

/* Nothing changed: no output. A tick: a few cells. */
static void test_bytes(void **state)
{
    struct screen_config sc = {.in_fd = -1,
                               .out_fd = -1,
                               .term = "xterm-256color",
                               .rows = 35,
                               .cols = 120,
                               .sync = SYNC_ON};
    struct screen *screen;
    struct canvas canvas;
    struct theme theme;
    struct err e = {0};
    struct stage *s = calloc(1, sizeof(*s));
    uint64_t before;

    (void)state;
    assert_non_null(s);
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    stage_init(s);
    stage_open(s, STORY_NORMAL, false);
    assert_int_equal(screen_open(&sc, &screen, &e), ERR_OK);
    theme_builtin(&theme);
    screen_set_theme(screen, &theme);
    assert_int_equal(canvas_init(&canvas, 35, 120, false, &e), ERR_OK);
    stage_draw(s, &canvas);
    screen_draw(screen, &canvas);
    before = screen_bytes(screen);
    stage_draw(s, &canvas);
    screen_draw(screen, &canvas);
    assert_int_equal(screen_bytes(screen), before);
    for (int i = 0; i < 60; i++) {
        stage_wait(s, 1000);
        stage_draw(s, &canvas);
        screen_draw(screen, &canvas);
    }
    print_message("%llu bytes a second\n",
                  (unsigned long long)(screen_bytes(screen) - before) / 60);
    assert_true((screen_bytes(screen) - before) / 60 <= 80);
    before = screen_bytes(screen);
    stage_keys(s, "j");
    stage_draw(s, &canvas);
    screen_draw(screen, &canvas);
    print_message("%llu bytes for a key\n",
                  (unsigned long long)(screen_bytes(screen) - before));
    assert_true(screen_bytes(screen) - before <= 450);
    canvas_clear(&canvas);
    screen_close(screen);
    stage_close(s);
    free(s);
}

static void test_unknown_term(void **state)
{
    struct screen_config sc = {
        .in_fd = -1, .out_fd = -1, .term = "no-such-terminal", .rows = 24, .cols = 80};
    struct screen *screen = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(screen_open(&sc, &screen, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "no-such-terminal"));
    assert_null(screen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),     cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_c_locale), cmocka_unit_test(test_mono),
        cmocka_unit_test(test_bytes),    cmocka_unit_test(test_unknown_term),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
