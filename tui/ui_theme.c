#include <config.h>

#include <string.h>

#include "tui/ui.h"
#include "tui/ui_parts.h"

/* The list of themes: each is shown while it is selected, Enter keeps it. */

static size_t dirs_of(const struct ui *ui)
{
    return ARRAY_LEN(ui->app->theme_dirs);
}

static void show(struct ui *ui, const char *name)
{
    (void)str_copy(ui->theme, sizeof(ui->theme), name);
    ui->load_theme = true;
}

void ui_open_themes(struct ui *ui, bool next)
{
    struct theme_list *l = &ui->themes;

    l->n = theme_names(ui->app->theme_dirs, dirs_of(ui), l->names);
    l->open = true;
    l->at = 0;
    (void)str_copy(l->before, sizeof(l->before), ui->theme);
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->names[i], ui->theme))
            l->at = i;
    }
    if (next) {
        l->at = (l->at + 1) % l->n;
        show(ui, l->names[l->at]);
    }
}

bool ui_choose_theme(struct ui *ui, const char *name)
{
    struct theme_list *l = &ui->themes;

    l->n = theme_names(ui->app->theme_dirs, dirs_of(ui), l->names);
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->names[i], name)) {
            show(ui, name);
            ui->keep_theme = true;
            return true;
        }
    }
    return false;
}

void ui_themes_select(struct ui *ui, size_t at)
{
    struct theme_list *l = &ui->themes;

    if (at == l->at || at >= l->n)
        return;
    l->at = at;
    show(ui, l->names[at]);
}

void ui_themes_key(struct ui *ui, uint32_t key)
{
    struct theme_list *l = &ui->themes;
    enum action a = keys_find(&ui->keys, key);
    size_t at = l->at;

    if (key == KEYC_ESC || key == 3 || a == ACTION_QUIT || a == ACTION_BACK) {
        l->open = false;
        show(ui, l->before);
        return;
    }
    if (key == KEYC_ENTER) {
        l->open = false;
        ui->keep_theme = true;
        return;
    }
    if (a == ACTION_DOWN || a == ACTION_THEME)
        at = (at + 1) % l->n;
    else if (a == ACTION_UP)
        at = (at + l->n - 1) % l->n;
    else if (a == ACTION_TOP)
        at = 0;
    else if (a == ACTION_BOTTOM)
        at = l->n - 1;
    ui_themes_select(ui, at);
}
