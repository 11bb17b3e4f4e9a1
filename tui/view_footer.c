#include <config.h>

#include "tui/complete.h"
#include "tui/view.h"

enum { WAITING_MS = 3000 };

/* The first source that has not answered yet, once that takes long. */
static bool waiting_text(const struct frame *f, char *out, size_t size)
{
    int64_t waited = f->real_ms - f->ui->started_ms;
    char age[DUR_TEXT];

    if (waited < WAITING_MS)
        return false;
    if (f->fleet->version == 0) {
        (void)str_format(out, size, "waiting for the controller (%s)",
                         cells_age(waited / 1000, age));
        return true;
    }
    for (size_t i = 0; i < f->fleet->n_apis; i++) {
        const struct api_view *a = &f->fleet->apis[i];

        if (a->state == API_WAITING && a->last_ok.s == 0) {
            (void)str_format(out, size, "waiting for %s (%s)", source_api(a->source),
                             cells_age(waited / 1000, age));
            return true;
        }
    }
    return false;
}

/* What else happens, as far as the keys leave room. */
static void put_rest(const struct frame *f, struct pen *p, const char *rest)
{
    const char *keys =
        f->c->cols < 130 ? "   u undoes, Enter: now" : "   u or Esc undoes, Enter: now";
    int end = p->end;

    p->end -= glyph_cells(keys, f->c->ascii);
    if (p->end > p->col)
        pen_printf(p, ROLE_TEXT, ", %s", rest);
    p->end = end;
    pen_put(p, ROLE_KEY, keys);
}

void footer_message(const struct frame *f, int row)
{
    const struct ui *ui = f->ui;
    struct pen p = {f->c, row, f->c->cols >= 60 ? 1 : 0, f->c->cols};
    const struct pending *latest = NULL;
    char text[LINE_TEXT], list[COMPLETE_LIST];
    size_t n = 0;

    if (row < 0)
        return;
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (ui->pending[i].active) {
            n++;
            if (latest == NULL || ui->pending[i].due_ms >= latest->due_ms)
                latest = &ui->pending[i];
        }
    }
    if (ui->typing == TYPING_ORDER) {
        pen_put(&p, ROLE_KEY, ":");
        pen_printf(&p, ROLE_FIELD, "%s ", ui->order);
        if (ui->order_wrong[0] != '\0')
            pen_printf(&p, ROLE_WARN, "  %s", ui->order_wrong);
        else if (complete_list(f->fleet, ui->order, list) > 0)
            pen_printf(&p, ROLE_DIM, "  Tab: %s", list);
        else
            pen_put(&p, ROLE_DIM, "  Enter orders, Esc drops");
    } else if (ui->typing == TYPING_FILTER) {
        pen_put(&p, ROLE_KEY, "/");
        pen_printf(&p, ROLE_FIELD, "%s ", ui->filter);
        pen_put(&p, ROLE_DIM, "  Enter keeps, Esc clears");
    } else if (ui->toast[0] != '\0') {
        /* Also while an action is pending: every new one clears it, so it is newer. */
        pen_put(&p, ui->toast_role, ui->toast);
        if (latest != NULL && latest->due_ms > f->real_ms)
            pen_printf(&p, ROLE_WARN, "   undo %llds",
                       (long long)(latest->due_ms - f->real_ms + 999) / 1000);
    } else if (latest != NULL) {
        int64_t left = latest->due_ms - f->real_ms;

        pen_printf(&p, ROLE_WARN, "%s in %llds", latest->what,
                   (long long)(left > 0 ? (left + 999) / 1000 : 0));
        if (n > 1)
            pen_printf(&p, ROLE_WARN, " (and %zu more)", n - 1);
        if (f->c->cols < 60) {
            pen_put(&p, ROLE_KEY, ", u undoes");
            return;
        }
        put_rest(f, &p, latest->rest);
    } else if (waiting_text(f, text, sizeof(text))) {
        pen_put(&p, ROLE_WARN, text);
    }
}

/* Whether a key would only be answered with why it does nothing. */
static bool is_off(const struct ui *ui, const struct action_info *a)
{
    bool acts = a->group == GROUP_SERVERS || a->group == GROUP_POLICY;

    return (acts && (ui->locked || ui->app->observe || ui->fleet->observe)) ||
           (a == action_info(ACTION_TAKE_OVER) && !ui->fleet->ended);
}

/* What stays longest when the line gets narrow. */
static int hint_rank(enum action a)
{
    static const enum action order[] = {ACTION_QUIT, ACTION_HELP, ACTION_TAKE_OVER,
                                        ACTION_MOVE, ACTION_AUTO, ACTION_OPEN,
                                        ACTION_HOLD};

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if (order[i] == a)
            return 90 - (int)i;
    }
    return 20; /* first the filter */
}

void footer_hints(const struct frame *f, int row)
{
    const struct ui *ui = f->ui;
    struct segments s = {.n = 0};
    uint32_t keys[SEGMENTS_MAX] = {0}; /* of each piece; 0 = it is no one key's */
    char name[KEY_TEXT];
    /* More keys in fewer words, so that a narrow line keeps them all. */
    bool narrow = f->c->cols < 100, demo = ui->app->demo.on;

    if (row < 0)
        return;
    segments_add(&s, ROLE_TEXT, 35, false, "", "%s", narrow ? "j/k" : "j/k select");
    for (int a = 0; a < ACTION_COUNT && s.n < SEGMENTS_MAX - 3; a++) {
        const struct action_info *info = action_info((enum action)a);
        bool right = a == ACTION_HELP || a == ACTION_QUIT;

        if (info->hint[0] == '\0' || is_off(ui, info))
            continue;
        if (ui->view != VIEW_fleet && a == ACTION_OPEN)
            continue;
        if (ui->view != VIEW_fleet && ui->view != VIEW_events && a == ACTION_FILTER)
            continue; /* only these have rows to filter */
        if (!view_shows_selected(ui->view) && info->group == GROUP_SERVERS)
            continue;
        keys[s.n] = ui->keys.keys[a][0];
        (void)keys_name(ui->keys.keys[a][0], name);
        if (str_eq(name, "enter"))
            (void)str_copy(name, sizeof(name), "Enter");
        if (a == ACTION_OPEN && narrow && demo)
            segments_add(&s, ROLE_TEXT, hint_rank(ACTION_OPEN), false, "", "%s", name);
        else
            segments_add(&s, ROLE_TEXT, hint_rank((enum action)a), right,
                         right ? name : "", "%s %s", name,
                         a == ACTION_QUIT && ui->view != VIEW_fleet ? "back"
                                                                    : info->hint);
    }
    if (ui->fleet->n_degraded > 0 && ui->view != VIEW_apis) {
        keys[s.n] = view_info(VIEW_apis)->key;
        segments_add(&s, ROLE_WARN, hint_rank(ACTION_TAKE_OVER), false, "",
                     "%c what helps", (int)keys[s.n]);
    }
    segments_add(&s, ROLE_TEXT, demo ? 28 : 15, false, "1-5", "%s",
                 narrow && demo ? "1-5" : "1-5 views");
    if (demo) {
        if (ui->app->demo.fault != NULL)
            segments_add(&s, ROLE_TEXT, 30, false, "", "%s", "! trouble");
        if (ui->app->demo.step != NULL)
            segments_add(&s, ROLE_TEXT, 31, false, "./,", "%s",
                         narrow ? "./, event" : "./, event  ]/[ day");
        segments_add(&s, ROLE_TEXT, 25, false, "+/-", "%s", narrow ? "+/-" : "+/- speed");
    }
    segments_draw(&s, f->c, row, f->c->cols >= 60 ? 1 : 0, 2);
    for (size_t i = 0; i < s.n; i++) {
        if (keys[i] != 0)
            hits_add(f, row, s.seg[i].col, s.seg[i].cells, HIT_KEY, keys[i]);
    }
}
