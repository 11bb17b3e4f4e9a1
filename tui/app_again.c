#include <config.h>

#include "tui/app_parts.h"

#include <string.h>

/* The configuration was read again: what of it is the screen's. */

void app_reload(struct app *a)
{
    const struct app_source *s = &a->config->source;
    struct err e = {0};

    if (s->reload == NULL)
        (void)err_set(&e, ERR_USAGE, "there is no configuration file to read again");
    else if (s->reload(s->ctx, &e))
        return; /* its outcome is the answer */
    ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "not read again: %s", e.text);
}

/* What was switched by a key stays so, until its option is another. */
static void take_switches(struct ui *ui, const struct ui_config *was,
                          const struct app_config *app)
{
    const struct ui_config *is = &app->config->ui;

    if (is->time != was->time)
        ui->time_mode = is->time;
    if (is->mouse != was->mouse)
        ui->mouse = is->mouse;
    if (is->locked != was->locked)
        ui->locked = is->locked;
}

static void take_keys(struct ui *ui, const struct config *c)
{
    struct strbuf problems;
    struct err e = {0};

    strbuf_init(&problems, 16384);
    /* Looked at before the file was taken: at a take-over alone may they be wrong. */
    if (keys_build(c->keys, c->n_keys, c->file, &ui->keys, &problems, &e) != ERR_OK)
        ui_toast(ui, ROLE_WARN, app_real_ms(), "%.*s",
                 (int)strcspn(strbuf_text(&problems), "\n"), strbuf_text(&problems));
    strbuf_clear(&problems);
}

void app_adopt(struct app *a, const struct config *was)
{
    const struct app_config *app = a->config;
    const struct ui_config *is = &app->config->ui, *before = &was->ui;
    struct err e = {0};

    a->ui.reasons = (struct reasons){.policy = &app->config->policy, .tz = app->tz};
    take_keys(&a->ui, app->config);
    take_switches(&a->ui, before, app);
    notify_configure(&a->notify, app->config);
    if (app->theme == NULL && !str_eq(is->theme, before->theme))
        (void)str_copy(a->ui.theme, sizeof(a->ui.theme), is->theme);
    if (is->reduce_motion != before->reduce_motion && app_start_timer(a, &e) != ERR_OK)
        ui_toast(&a->ui, ROLE_WARN, app_real_ms(), "%s", e.text);
    if (is->color != before->color || is->glyphs != before->glyphs ||
        is->sync != before->sync || is->title != before->title ||
        is->reduce_motion != before->reduce_motion) {
        a->ui.ascii = app_is_ascii(app);
        app_reopen(a);
    } else if (!str_eq(is->theme, before->theme)) {
        char name[NAME_TEXT];

        (void)str_copy(name, sizeof(name), a->ui.theme);
        app_load_theme(a, name);
    }
    a->dirty = a->key_pressed = true;
}

void app_reloaded(struct app *a)
{
    const struct app_source *s = &a->config->source;
    struct app_reload r = {0};

    if (s->reloaded == NULL || !s->reloaded(s->ctx, &r))
        return;
    if (r.was != NULL)
        app_adopt(a, r.was);
    ui_toast(&a->ui, r.taken ? ROLE_INFO : ROLE_CRIT, app_real_ms(), "%s", r.text);
    a->dirty = a->key_pressed = true;
    s->reload_done(s->ctx, &r);
}
