#include <config.h>

#include "tests/screen/stage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"

static bool take(void *ctx, const struct command *c, struct err *e)
{
    struct stage *s = ctx;

    if (s->refuse || s->n_commands == STAGE_COMMANDS)
        return err_set(e, ERR_REFUSED, "the mailbox is full") == ERR_OK;
    s->commands[s->n_commands++] = *c;
    return true;
}

/* The schedule changes into the cloud on Monday at 09:00. */
static struct hold_ends hold_ends(void *ctx, enum place place)
{
    const struct stage *s = ctx;
    int64_t cap = s->config.policy.hold_cloud_cap;
    struct utc change = {STORY_NOW.s + (place == PLACE_CLOUD ? 80273 : 26273)};
    struct utc end = {STORY_NOW.s + cap};

    if (place != PLACE_CLOUD || cap <= 0 || end.s > change.s)
        end = change;
    return (struct hold_ends){end, change};
}

void stage_init(struct stage *s)
{
    memset(s, 0, sizeof(*s));
    s->config = *story_config();
    s->config.policy.hold_cloud_cap = 43200;
    s->fake.utc = STORY_NOW;
    s->clock = clock_fake_clock(&s->fake);
    s->ms = 1000000;
    s->observed.holder = "dana@ops1 pid 4242";
    s->app = (struct app_config){
        .config = &s->config,
        .clock = &s->clock,
        .source = {.send = take, .event_fd = -1, .ctx = s},
        .hold_ends = hold_ends,
        .hold_ctx = s,
        .term = "xterm-256color",
        .log_fd = -1,
        .who = "dana",
        .stalled_after_ms = 3600 * 1000,
    };
}

void stage_open(struct stage *s, enum story story, bool ascii)
{
    struct err e = {0};

    if (tz_load("Asia/Jerusalem", &s->tz, &e) != ERR_OK)
        assert(false && "the zone Asia/Jerusalem is needed");
    s->app.tz = s->tz;
    if (ui_init(&s->ui, &s->app, ascii, s->ms, &e) != ERR_OK)
        assert(false && "ui_init");
    if (story != STORY_COUNT)
        ui_take_fleet(&s->ui, story_fleet(story), s->ms);
}

void stage_close(struct stage *s)
{
    ui_clear(&s->ui);
    tz_free(s->tz);
}

struct stage *stage_new(enum story story)
{
    static char dir[512];
    struct stage *s = calloc(1, sizeof(*s));
    const char *src = getenv("srcdir");

    if (s == NULL || !str_format(dir, sizeof(dir), "%s/themes", src != NULL ? src : "."))
        assert(false && "no memory for a stage");
    stage_init(s);
    s->app.theme_dirs[0] = dir;
    stage_open(s, story, true);
    return s;
}

void stage_free(struct stage *s)
{
    stage_close(s);
    free(s);
}

char *stage_picture(struct stage *s, int rows, int cols)
{
    struct canvas c;
    struct strbuf text;
    struct err e = {0};
    char *copy;

    if (canvas_init(&c, rows, cols, true, &e) != ERR_OK)
        assert(false && "canvas_init");
    stage_draw(s, &c);
    strbuf_init(&text, 1024 * 1024);
    canvas_dump(&c, &text);
    copy = strdup(strbuf_text(&text));
    assert(copy != NULL);
    strbuf_clear(&text);
    canvas_clear(&c);
    return copy;
}

void stage_keys(struct stage *s, const char *keys)
{
    while (*keys != '\0') {
        char name[KEY_TEXT];
        size_t len = strcspn(keys, " ");
        uint32_t key = 0;

        assert(len < sizeof(name));
        memcpy(name, keys, len);
        name[len] = '\0';
        if (str_eq(name, "paste-begin"))
            key = KEYC_PASTE_BEGIN;
        else if (str_eq(name, "paste-end"))
            key = KEYC_PASTE_END;
        else if (!keys_parse(name, &key))
            assert(false && "a key of that name");
        ui_key(&s->ui, key, s->ms);
        keys += len;
        keys += strspn(keys, " ");
    }
}

void stage_wait(struct stage *s, int64_t ms)
{
    s->ms += ms;
    clock_fake_advance_ms(&s->fake, ms);
    (void)ui_tick(&s->ui, s->ms);
}

void stage_story(struct stage *s, enum story story, void (*change)(struct fleet *f))
{
    struct fleet *f = story_fleet(story);

    f->version = s->ui.fleet->version + 1;
    if (change != NULL)
        change(f);
    ui_take_fleet(&s->ui, f, s->ms);
}

void stage_draw(struct stage *s, struct canvas *c)
{
    ui_draw(&s->ui, c, clock_utc(&s->clock), s->ms);
}
