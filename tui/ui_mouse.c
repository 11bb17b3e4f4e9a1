#include <config.h>

#include <string.h>

#include "tui/ui.h"
#include "tui/ui_parts.h"

enum { WHEEL_ROWS = 3 };

void hits_add(const struct frame *f, int row, int col, int width, enum hit_kind kind,
              uint32_t arg)
{
    struct hits *h = &f->ui->hits;

    if (h->n < HITS_MAX && row >= 0 && row < f->c->rows && width > 0)
        h->at[h->n++] = (struct hit){row, col, width, kind, arg};
}

/* What lies on top there; NULL = nothing that can be clicked. */
static const struct hit *find(const struct ui *ui, int row, int col)
{
    for (size_t i = ui->hits.n; i-- > 0;) {
        const struct hit *h = &ui->hits.at[i];

        if (h->row == row && col >= h->col && col < h->col + h->width)
            return h;
    }
    return NULL;
}

/* A click selects a server, a click on the selected one opens it. */
static void click_server(struct ui *ui, size_t shown, int64_t now_ms)
{
    const char *name;

    if (shown >= ui->n_shown)
        return; /* the picture is older than the servers */
    name = ui->fleet->servers[ui->shown[shown]].name;
    if (str_eq(name, ui->selected) && !ui->focus_events) {
        ui_open_view(ui, VIEW_detail, now_ms);
        return;
    }
    (void)str_copy(ui->selected, sizeof(ui->selected), name);
    if (ui->focus_events) {
        ui->focus_events = false;
        ui_refilter(ui);
    }
}

/* No click alone answers a question: it moves the focus, Enter answers. To leave is safe.
 */
static void click_choice(struct ui *ui, size_t i)
{
    struct dialog *d = &ui->dialog;

    if (!d->open || i >= d->q.n_choices)
        return;
    d->focus = i;
    if (d->q.choices[i].kind == CHOICE_CANCEL)
        d->open = false;
}

static void click_line(struct ui *ui, size_t i, int64_t now_ms)
{
    bool again = ui->menu ? i == ui->menu_at : i == ui->themes.at;

    if (again)
        ui_key(ui, KEYC_ENTER, now_ms);
    else if (ui->menu)
        ui->menu_at = i;
    else if (ui->themes.open)
        ui_themes_select(ui, i);
}

static void wheel(struct ui *ui, bool down, int64_t now_ms)
{
    int times = ui->view == VIEW_fleet || ui->themes.open || ui->menu ? 1 : WHEEL_ROWS;

    if (ui->dialog.open || ui->typing != TYPING_NOTHING)
        return;
    for (int i = 0; i < times; i++)
        ui_key(ui, down ? KEYC_DOWN : KEYC_UP, now_ms);
}

void ui_mouse(struct ui *ui, const struct mouse_event *e, int64_t now_ms)
{
    const struct hit *h;

    if (!ui->mouse || ui->copying)
        return; /* reports that were on their way when it was switched off */
    if (e->what == MOUSE_WHEEL_UP || e->what == MOUSE_WHEEL_DOWN)
        wheel(ui, e->what == MOUSE_WHEEL_DOWN, now_ms);
    if (e->what != MOUSE_CLICK)
        return;
    h = find(ui, e->row, e->col);
    if (h == NULL)
        return;
    if (h->kind != HIT_KEY)
        ui->toast[0] = '\0'; /* as a key does */
    switch (h->kind) {
    case HIT_KEY:
        ui_key(ui, h->arg, now_ms);
        break;
    case HIT_SERVER:
        click_server(ui, h->arg, now_ms);
        break;
    case HIT_CHOICE:
        click_choice(ui, h->arg);
        break;
    case HIT_LINE:
        click_line(ui, h->arg, now_ms);
        break;
    }
}
