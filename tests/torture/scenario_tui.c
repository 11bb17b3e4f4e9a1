#include <config.h>

#include "tests/torture/scenario.h"

#include "tests/screen/stage.h"
#include "tests/torture/alloc.h"
#include "tui/theme_file.h"

#include <stdlib.h>

enum { TEXT_BYTES = 1024 * 1024 };

static const char *theme_dir(void)
{
    static char dir[512];
    const char *src = getenv("srcdir");

    (void)str_format(dir, sizeof(dir), "%s/themes", src != NULL ? src : ".");
    return dir;
}

static void theme(struct result *o)
{
    const char *const dirs[] = {theme_dir()};
    struct theme t;
    struct strbuf problems;

    strbuf_init(&problems, TEXT_BYTES);
    if (theme_load("dark", dirs, 1, &t, &problems, &o->err) == ERR_OK)
        result_add(o, &t.full, sizeof(t.full));
    strbuf_clear(&problems);
}

/* The picture after these keys, at a size. */
static void show(struct result *o, struct stage *s, const char *keys, int rows, int cols)
{
    struct canvas c;
    struct strbuf text;

    stage_keys(s, keys);
    if (canvas_init(&c, rows, cols, true, &o->err) != ERR_OK)
        return;
    stage_draw(s, &c);
    alloc_pause();
    strbuf_init(&text, TEXT_BYTES);
    canvas_dump(&c, &text);
    result_text(o, strbuf_text(&text));
    strbuf_clear(&text);
    alloc_resume();
    canvas_clear(&c);
}

/* Every view, the detail, help, filter, prompt, dialogs, themes. */
static void views(struct result *o)
{
    static const char *const keys[] = {"1",
                                       "2",
                                       "3",
                                       "4",
                                       "5",
                                       "6",
                                       "1 Enter",
                                       "Esc ?",
                                       "Esc / c a Enter",
                                       "Esc",
                                       ": h o l d Space c Tab",
                                       "Esc",
                                       "j m",
                                       "n",
                                       "j c",
                                       "Enter",
                                       "T j",
                                       "Esc",
                                       "H",
                                       "Esc"};
    static const int sizes[][2] = {{24, 80}, {40, 120}, {10, 40}};
    struct stage s;
    struct fleet *f;

    alloc_pause();
    f = story_fleet(STORY_MOVING);
    stage_init(&s);
    s.app.theme_dirs[0] = theme_dir();
    alloc_resume();
    if (tz_load("Asia/Jerusalem", &s.tz, &o->err) != ERR_OK) {
        fleet_unref(f);
        return;
    }
    s.app.tz = s.tz;
    if (ui_init(&s.ui, &s.app, true, s.ms, &o->err) != ERR_OK) {
        tz_free(s.tz);
        fleet_unref(f);
        return;
    }
    ui_take_fleet(&s.ui, f, s.ms);
    for (size_t i = 0; i < ARRAY_LEN(keys) && o->err.code == ERR_OK; i++)
        for (size_t k = 0; k < ARRAY_LEN(sizes) && o->err.code == ERR_OK; k++)
            show(o, &s, k == 0 ? keys[i] : "", sizes[k][0], sizes[k][1]);
    stage_close(&s);
}

const struct scenario scenarios_tui[] = {
    {"a theme", theme},
    {"all views, keys, dialogs and the prompt", views},
    {NULL, NULL},
};
