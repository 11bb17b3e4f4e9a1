#include <config.h>

#include "tui/app_parts.h"

#include <stdlib.h>
#include <string.h>

enum { TITLE_MS = 10000, STALLED_MS = 30000, CLIPBOARD_BYTES = 74994 };

int64_t app_real_ms(void)
{
    return clock_mono(clock_system()).ms;
}

bool app_is_titled(const struct app *a)
{
    const char *t = a->config->term;

    return a->config->config->ui.title && t != NULL &&
           (str_starts(t, "xterm") || str_starts(t, "tmux") || str_starts(t, "screen") ||
            str_starts(t, "rxvt") || str_starts(t, "foot") || str_starts(t, "alacritty"));
}

void app_update_title(struct app *a, int64_t now_ms)
{
    const struct fleet *f = a->ui.fleet;
    char text[128], all[192], state[NAME_TEXT];
    enum role role;

    if (!app_is_titled(a) || (a->title[0] != '\0' && now_ms - a->title_ms < TITLE_MS))
        return;
    (void)str_format(text, sizeof(text), "rushhour %.40s %d/%zu cloud %.24s", f->site,
                     f->in_cloud, f->n_servers,
                     cells_auto(f, clock_utc(a->config->clock), state, &role));
    if (f->n_alerts > 0)
        (void)str_format(text + strlen(text), sizeof(text) - strlen(text), " !%zu",
                         f->n_alerts);
    for (char *p = text; *p != '\0'; p++) { /* an OSC string carries plain ASCII */
        if (*p < ' ' || *p > '~')
            *p = '?';
    }
    if (str_eq(text, a->title))
        return;
    (void)str_format(all, sizeof(all), "\033]2;%s\033\\", text);
    (void)str_copy(a->title, sizeof(a->title), text);
    a->title_ms = now_ms;
    screen_write(a->screen, all);
}

void app_ring(struct app *a, const struct fleet *next)
{
    int64_t silent_ms = a->config->stalled_after_ms;
    struct strbuf bytes;

    strbuf_init(&bytes, 65536);
    a->notify.runs = !a->config->observe && a->config->observed == NULL;
    if (next != NULL)
        notify_fleet(&a->notify, next, a->ui.focus == FOCUS_IN, &bytes);
    else
        notify_stalled(&a->notify,
                       app_real_ms() - a->ui.fleet_ms >
                           (silent_ms > 0 ? silent_ms : STALLED_MS),
                       clock_utc(a->config->clock), a->ui.fleet->site, &bytes);
    if (bytes.len > 0 && a->screen != NULL)
        screen_write(a->screen, strbuf_text(&bytes));
    strbuf_clear(&bytes);
}

/* The state of a demo is removed when it ends. */
static const char *goes_with_demo(const struct app *a)
{
    return a->config->demo.on ? "; it goes with the demo" : "";
}

void app_dump(struct app *a)
{
    const char *dir = a->config->state_dir;
    struct civil c = civil_from_seconds(clock_utc(clock_system()).s);
    struct err e = {0};
    struct strbuf text;
    char path[1024];

    strbuf_init(&text, 16 * 1024 * 1024);
    canvas_dump(&a->canvas, &text);
    if (dir == NULL ||
        !str_format(path, sizeof(path), "%s/screen-%04d%02d%02d-%02d%02d%02d.txt", dir,
                    c.year, c.month, c.day, c.hour, c.minute, c.second) ||
        text.failed)
        ui_toast(&a->ui, ROLE_CRIT, app_real_ms(), "the screen could not be written");
    else if (export_write(path, &text, &e) != ERR_OK)
        ui_toast(&a->ui, ROLE_CRIT, app_real_ms(), "the screen was not written: %s",
                 e.text);
    else
        ui_toast(&a->ui, ROLE_INFO, app_real_ms(), "screen written to %s%s", path,
                 goes_with_demo(a));
    strbuf_clear(&text);
}

void app_export(struct app *a)
{
    const char *dir = a->config->state_dir;
    struct err e = {0};

    if (a->config->export.begin == NULL || dir == NULL)
        ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "there is no ledger here");
    else if (export_start(&a->export, dir, &e) != ERR_OK)
        ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "not written: %s", e.text);
    else
        ui_toast(&a->ui, ROLE_INFO, app_real_ms(), "the month's ledger is being written");
}

void app_exported(struct app *a)
{
    struct err e = {0};

    if (!export_ended(&a->export, &e))
        return;
    if (e.code != ERR_OK)
        ui_toast(&a->ui, ROLE_CRIT, app_real_ms(), "%s", e.text);
    else
        ui_toast(&a->ui, ROLE_INFO, app_real_ms(), "written to %s%s", a->export.path,
                 goes_with_demo(a));
    a->dirty = true;
}

static void add_base64(struct strbuf *b, const char *text, size_t len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)text;

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t v = (uint32_t)p[i] << 16;

        if (left > 1)
            v |= (uint32_t)p[i + 1] << 8;
        if (left > 2)
            v |= p[i + 2];
        strbuf_putc(b, digits[v >> 18]);
        strbuf_putc(b, digits[v >> 12 & 63]);
        strbuf_putc(b, left > 1 ? digits[v >> 6 & 63] : '=');
        strbuf_putc(b, left > 2 ? digits[v & 63] : '=');
    }
}

/* Where the selected row stands in the dump of the canvas, or all of it. */
static void selected_line(const struct app *a, const char *text, const char **from,
                          size_t *len)
{
    const struct canvas *c = &a->canvas;

    *from = text;
    *len = strlen(text);
    for (int row = 0; row < c->rows; row++) {
        if (c->cells[(size_t)row * (size_t)c->cols].selected) {
            *len = strcspn(text, "\n");
            *from = text + strspn(text, " ");
            *len -= (size_t)(*from - text);
            return;
        }
        text += strcspn(text, "\n");
        text += *text == '\n' ? 1 : 0;
    }
}

void app_copy(struct app *a)
{
    const char *tmux = getenv("TMUX"), *from;
    struct strbuf text, bytes;
    size_t len;

    strbuf_init(&text, 16 * 1024 * 1024);
    strbuf_init(&bytes, CLIPBOARD_BYTES + 16);
    canvas_dump(&a->canvas, &text);
    selected_line(a, strbuf_text(&text), &from, &len);
    strbuf_puts(&bytes, "\033]52;c;");
    add_base64(&bytes, from, len);
    strbuf_puts(&bytes, "\033\\");
    if (text.failed || bytes.failed) {
        ui_toast(&a->ui, ROLE_WARN, app_real_ms(),
                 "too much for a clipboard: D writes the screen to a file");
    } else {
        screen_write(a->screen, strbuf_text(&bytes));
        ui_toast(&a->ui, ROLE_INFO, app_real_ms(), "sent to the terminal's clipboard%s",
                 tmux != NULL && tmux[0] != '\0' ? "; tmux needs set-clipboard on" : "");
    }
    strbuf_clear(&text);
    strbuf_clear(&bytes);
}
