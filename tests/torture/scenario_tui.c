#include <config.h>

#include "tests/torture/scenario.h"

#include "tests/screen/stage.h"
#include "tests/torture/alloc.h"
#include "tui/screen.h"
#include "tui/theme_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

static const char line[] = "in the cloud";

/* What a terminal got: each line once at least, and at the end the screen of before. */
static void check_terminal(struct result *o, int fd)
{
    static char bytes[64 * 1024];
    ssize_t n = pread(fd, bytes, sizeof(bytes) - 1, 0);
    int lines = 0;

    bytes[n > 0 ? n : 0] = '\0';
    for (const char *p = bytes; (p = strstr(p, line)) != NULL; p++)
        lines++;
    if (lines < 2)
        result_broken(o, "a line is not on the terminal");
    if (strstr(bytes, "\033[?1049h") != NULL && strstr(bytes, "\033[?1049l") == NULL)
        result_broken(o, "the terminal stays on the other screen");
}

/* Two frames, the look after them, and the end. What had no memory is said later. */
static void terminal(struct result *o)
{
    struct screen_config config = {.in_fd = -1, .term = "xterm-256color", 24, 80};
    struct screen *s = NULL;
    struct canvas c;
    bool pending;
    int fd = memfd_create("terminal", MFD_CLOEXEC);

    config.out_fd = fd;
    alloc_pause();
    if (fd < 0 || canvas_init(&c, 24, 80, true, &o->err) != ERR_OK)
        abort();
    alloc_resume();
    if (screen_open(&config, &s, &o->err) == ERR_OK) {
        for (int frame = 0; frame < 3; frame++) {
            if (frame == 2)
                alloc_pause(); /* there is memory again, and nothing new */
            else
                (void)canvas_put(&c, frame, 0, 80, ROLE_TEXT, line);
            screen_draw(s, &c);
            if (screen_flush(s, &pending, &o->err) != ERR_OK)
                result_broken(o, o->err.text);
        }
        alloc_resume();
    }
    screen_close(s);
    if (o->err.code == ERR_OK)
        check_terminal(o, fd);
    (void)close(fd); /* nobody reads it */
    canvas_clear(&c);
}

const struct scenario scenarios_tui[] = {
    {"a theme", theme},
    {"two frames on a terminal, and its end", terminal},
    {"all views, keys, dialogs and the prompt", views},
    {NULL, NULL},
};
