#include <config.h>

#include <string.h>

#include "tui/ui.h"
#include "tui/ui_parts.h"

enum { HALF_PAGE = 10, PASTE_MS = 1000 };

/* A class 1 action as a dialog, for undo_window = "0s". */
static void ask_instead(struct act_plan *p)
{
    struct question *q = &p->question;

    memset(q, 0, sizeof(*q));
    (void)str_format(q->title, sizeof(q->title), "%.90s?", p->message);
    (void)str_copy(q->lines[q->n_lines++], LINE_TEXT, p->rest);
    q->choices[0].kind = CHOICE_CANCEL;
    (void)str_copy(q->choices[0].label, sizeof(q->choices[0].label), "Cancel");
    q->choices[1].kind = CHOICE_SEND;
    q->choices[1].key = 'd';
    q->choices[1].command = p->command;
    (void)str_copy(q->choices[1].label, sizeof(q->choices[1].label), "do it");
    q->n_choices = 2;
}

static bool is_pending(const struct ui *ui, const char *server)
{
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (ui->pending[i].active && str_eq(ui->pending[i].command.server, server))
            return true;
    }
    return false;
}

void ui_act(struct ui *ui, enum action a, struct act_plan *p, int64_t now_ms)
{
    if (p->kind == ACT_WINDOW && ui->app->config->ui.undo_window <= 0) {
        ask_instead(p);
        p->kind = ACT_ASK;
    }
    /* One action at a time on a server; the keys concern the latest one. */
    if ((p->kind == ACT_WINDOW || p->kind == ACT_ASK) && p->command.server[0] != '\0' &&
        is_pending(ui, p->command.server)) {
        p->kind = ACT_NOTHING;
        (void)str_format(p->message, sizeof(p->message),
                         "first: u drops, Enter starts the pending \"%.120s\"",
                         ui_latest_pending(ui)->what);
    }
    switch (p->kind) {
    case ACT_NOTHING:
        ui_toast(ui, ROLE_WARN, now_ms, "%s", p->message);
        break;
    case ACT_NOW:
        if (a == ACTION_QUIT) {
            ui->quit = true;
            break;
        }
        ui_toast(ui, ROLE_INFO, now_ms, "%s", p->message);
        if (p->command.kind == COMMAND_REFRESH)
            ui->refresh_ms = now_ms;
        ui_send(ui, &p->command, now_ms);
        break;
    case ACT_WINDOW:
        ui_add_pending(ui, p, now_ms);
        break;
    case ACT_ASK:
        ui_ask(ui, a, p, now_ms);
        break;
    }
}

/* The orders of the marked servers, as the key would give each of them now. */
static void send_marked(struct ui *ui, enum action a, bool force, int64_t now_ms)
{
    struct act_context x;
    size_t n = 0;

    ui_context(ui, &x);
    for (size_t i = 0; i < ui->fleet->n_servers; i++) {
        struct act_plan p;

        if (!ui->marked[i])
            continue;
        act_plan(&x, a, ui->fleet->servers[i].name, &p);
        if (p.kind == ACT_NOTHING)
            continue;
        p.command.confirmed = true;
        p.command.force = force && p.command.kind == COMMAND_MOVE;
        ui_send(ui, &p.command, now_ms);
        n++;
    }
    memset(ui->marked, 0, sizeof(ui->marked));
    ui_toast(ui, ROLE_INFO, now_ms, "%zu order%s given", n, n == 1 ? "" : "s");
}

bool ui_plan_marked(const struct ui *ui, enum action a, struct act_plan *p)
{
    const char *names[MAX_SERVERS];
    struct act_context x;
    size_t n = 0;

    if (a != ACTION_MOVE && a != ACTION_TO_CLOUD && a != ACTION_TO_ONPREM &&
        a != ACTION_HOLD && a != ACTION_PIN && a != ACTION_CANCEL &&
        a != ACTION_AUTO_SERVER)
        return false;
    for (size_t i = 0; i < ui->fleet->n_servers; i++) {
        if (ui->marked[i])
            names[n++] = ui->fleet->servers[i].name;
    }
    if (n == 0 || ui->view == VIEW_detail)
        return false;
    ui_context(ui, &x);
    act_many(&x, a, names, n, p);
    return true;
}

static void mark(struct ui *ui, bool all)
{
    int i = ui->selected[0] != '\0' ? fleet_find(ui->fleet, ui->selected) : -1;
    bool any = false;

    if (!all && i >= 0)
        ui->marked[i] = !ui->marked[i];
    for (size_t k = 0; all && k < ui->n_shown; k++)
        any = any || !ui->marked[ui->shown[k]];
    for (size_t k = 0; all && k < ui->n_shown; k++)
        ui->marked[ui->shown[k]] = any;
}

static void act(struct ui *ui, enum action a, int64_t now_ms)
{
    struct act_context x;
    struct act_plan p;

    if (ui_plan_marked(ui, a, &p)) {
        ui_act(ui, a, &p, now_ms);
        return;
    }
    ui_context(ui, &x);
    if (a == ACTION_REFRESH && now_ms - ui->refresh_ms < REFRESH_MS) {
        ui_toast(ui, ROLE_INFO, now_ms, "asked less than 5 s ago");
        return;
    }
    act_plan(&x, a, ui->selected, &p);
    ui_act(ui, a, &p, now_ms);
}

static void choose(struct ui *ui, const struct choice *c, int64_t now_ms)
{
    ui->dialog.open = false;
    switch (c->kind) {
    case CHOICE_CANCEL:
        break;
    case CHOICE_SEND:
        ui_send(ui, &c->command, now_ms);
        break;
    case CHOICE_MARKED:
    case CHOICE_MARKED_FORCE:
        send_marked(ui, ui->dialog.action, c->kind == CHOICE_MARKED_FORCE, now_ms);
        break;
    case CHOICE_QUIT:
        ui->quit = true;
        break;
    case CHOICE_UNLOCK:
        ui->locked = false;
        ui_toast(ui, ROLE_INFO, now_ms, "keys work again");
        break;
    case CHOICE_TAKE_OVER:
        ui->take_over = true;
        break;
    case CHOICE_TYPE:
        ui_type_end(ui, c->command.server, c->command.place);
        break;
    }
}

static void dialog_key(struct ui *ui, uint32_t key, int64_t now_ms)
{
    struct dialog *d = &ui->dialog;

    if (key == 3 && d->action == ACTION_QUIT) { /* the second Ctrl-C */
        ui->quit = true;
        return;
    }
    /* To leave is safe at any time, also when the question was just asked again. */
    if (key == KEYC_ESC || key == 'q' || key == 3 ||
        (key == KEYC_ENTER && d->q.choices[d->focus].kind == CHOICE_CANCEL)) {
        d->open = false;
        return;
    }
    /* Keys that were typed before the question could be read are no other answer. */
    if (now_ms - d->opened_ms < GUARD_MS)
        return;
    if (key == KEYC_ENTER) {
        choose(ui, &d->q.choices[d->focus], now_ms);
    } else if (key == KEYC_RIGHT || key == KEYC_DOWN || key == KEYC_TAB) {
        d->focus = (d->focus + 1) % d->q.n_choices;
    } else if (key == KEYC_LEFT || key == KEYC_UP || key == KEYC_BACKTAB) {
        d->focus = (d->focus + d->q.n_choices - 1) % d->q.n_choices;
    } else {
        for (size_t i = 0; i < d->q.n_choices; i++) {
            if (d->q.choices[i].key != 0 && (uint32_t)d->q.choices[i].key == key) {
                choose(ui, &d->q.choices[i], now_ms);
                return;
            }
        }
    }
}

static void menu_key(struct ui *ui, uint32_t key, int64_t now_ms)
{
    const struct app_demo *demo = &ui->app->demo;
    char say[LINE_TEXT] = "";

    if (key == KEYC_ESC || key == 'q' || key == '!' || key == 3) {
        ui->menu = false;
    } else if ((key == KEYC_DOWN || key == 'j') && ui->menu_at + 1 < demo->n_faults) {
        ui->menu_at++;
    } else if ((key == KEYC_UP || key == 'k') && ui->menu_at > 0) {
        ui->menu_at--;
    } else if (key == KEYC_ENTER || (key >= '1' && key <= '9')) {
        size_t i = key == KEYC_ENTER ? ui->menu_at : key - '1';

        if (i >= demo->n_faults)
            return;
        ui->menu = false;
        demo->fault(demo->ctx, i, say, sizeof(say));
        ui_toast(ui, ROLE_INFO, now_ms, "%s", say[0] != '\0' ? say : demo->faults[i]);
    }
}

static int shown_index(const struct ui *ui)
{
    for (size_t i = 0; i < ui->n_shown; i++) {
        if (str_eq(ui->fleet->servers[ui->shown[i]].name, ui->selected))
            return (int)i;
    }
    return -1;
}

static void select_row(struct ui *ui, int to)
{
    if (ui->n_shown == 0)
        return;
    if (to < 0)
        to = 0;
    if (to >= (int)ui->n_shown)
        to = (int)ui->n_shown - 1;
    (void)str_copy(ui->selected, sizeof(ui->selected),
                   ui->fleet->servers[ui->shown[to]].name);
}

/* Movement: by how many rows, or to an end. */
static void navigate(struct ui *ui, enum action a)
{
    int by = a == ACTION_DOWN        ? 1
             : a == ACTION_UP        ? -1
             : a == ACTION_PAGE_DOWN ? HALF_PAGE
             : a == ACTION_PAGE_UP   ? -HALF_PAGE
             : a == ACTION_TOP       ? -(int)MAX_SERVERS
                                     : (int)MAX_SERVERS;

    if (ui->help || ui->view == VIEW_detail || ui->view == VIEW_cost ||
        ui->view == VIEW_apis) {
        ui->scroll += by;
        if (ui->scroll < 0)
            ui->scroll = 0;
        if (ui->scroll > SCROLL_MAX)
            ui->scroll = SCROLL_MAX; /* the views cut it to what they have */
    } else if (ui->view == VIEW_events || ui->focus_events) {
        events_move(ui, by);
    } else {
        select_row(ui, shown_index(ui) + by);
    }
}

/* Who looks at the APIs looks for what is wrong. */
static int first_unwell(const struct fleet *f)
{
    for (size_t i = 0; i < f->n_apis; i++) {
        enum api_state s = f->apis[i].state;

        if (s == API_DOWN || s == API_AUTH || s == API_STALE)
            return (int)i;
    }
    return 0;
}

void ui_open_view(struct ui *ui, enum view_id v, int64_t now_ms)
{
    if (v == VIEW_detail && view_selected(ui) == NULL)
        return;
    if (v == VIEW_detail && ui->view != VIEW_detail)
        ui->back_to = ui->view;
    ui->view = v;
    ui->scroll = v == VIEW_apis ? first_unwell(ui->fleet) : 0;
    if (v == VIEW_events && ui->acknowledged != ui->fleet->events_total) {
        struct command c = {.kind = COMMAND_ACKNOWLEDGE};

        ui->acknowledged = ui->fleet->events_total;
        if (ui->fleet->n_alerts > 0 && !ui->app->observe && !ui->fleet->observe)
            ui_send(ui, &c, now_ms);
    }
}

static void cycle_view(struct ui *ui, int by, int64_t now_ms)
{
    int v = (int)ui->view;

    do {
        v = (v + by + VIEW_COUNT) % VIEW_COUNT;
    } while (view_info((enum view_id)v)->key == 0);
    ui_open_view(ui, (enum view_id)v, now_ms);
}

/* One step back; false when there is none. */
static bool back(struct ui *ui, int64_t now_ms)
{
    if (ui->help)
        ui->help = false;
    else if (ui_undo(ui, now_ms))
        return true;
    else if (view_marked(ui) > 0)
        memset(ui->marked, 0, sizeof(ui->marked));
    else if (ui->filter[0] != '\0') {
        ui->filter[0] = '\0';
        ui_refilter(ui);
    } else if (ui->view == VIEW_detail)
        ui->view = ui->back_to;
    else if (ui->view != VIEW_fleet)
        ui->view = VIEW_fleet;
    else
        return false;
    return true;
}

static void toggle_freeze(struct ui *ui)
{
    ui->frozen = !ui->frozen;
    ui->frozen_at = clock_utc(ui->app->clock);
}

static void demo_action(struct ui *ui, enum action a, int64_t now_ms)
{
    const struct app_demo *d = &ui->app->demo;

    char say[LINE_TEXT] = "";

    if (!view_has_time_key(d, a)) {
        ui_toast(ui, ROLE_WARN, now_ms,
                 a >= ACTION_STEP ? "only in a replay" : "only in the demo");
    } else if (a == ACTION_FAULTS) {
        ui->menu = d->n_faults > 0;
        ui->menu_at = 0;
    } else if (a == ACTION_FASTER || a == ACTION_SLOWER) {
        d->speed(d->ctx, a == ACTION_FASTER ? 1 : -1);
        if (d->speed_now(d->ctx) == 0)
            ui_toast(ui, ROLE_INFO, now_ms, "time stands still");
        else
            ui_toast(ui, ROLE_INFO, now_ms, "time runs %d times as fast",
                     d->speed_now(d->ctx));
    } else {
        d->step(d->ctx, (enum app_step)(a - ACTION_STEP), say, sizeof(say));
        ui_toast(ui, ROLE_INFO, now_ms, "%s", say);
    }
}

static void open_or_start(struct ui *ui, int64_t now_ms)
{
    struct pending *p = ui_latest_pending(ui);

    if (p != NULL) { /* Enter starts it now */
        p->due_ms = now_ms;
        (void)ui_tick(ui, now_ms);
    } else if (ui->view == VIEW_fleet) {
        ui_open_view(ui, VIEW_detail, now_ms);
    }
}

void ui_suspend(struct ui *ui, int64_t now_ms)
{
    if (ui->app->observe || ui->app->config->ui.allow_suspend)
        ui->suspend = true;
    else
        ui_toast(ui, ROLE_WARN, now_ms,
                 "suspending would stop AUTO; detach from tmux instead");
}

/* What changes only the picture. */
static void screen_action(struct ui *ui, enum action a, int64_t now_ms)
{
    static const char *const words[] = {"site time", "UTC", "ages"};

    if (a == ACTION_FREEZE) {
        toggle_freeze(ui);
    } else if (a == ACTION_TIME) {
        ui->time_mode = (enum ui_time)(((int)ui->time_mode + 1) % 3);
        ui_toast(ui, ROLE_INFO, now_ms, "times are %s", words[ui->time_mode]);
    } else if (a == ACTION_THEME) {
        ui_open_themes(ui, true);
    } else if (a == ACTION_MOUSE) {
        ui->mouse = !ui->mouse;
        ui_toast(ui, ROLE_INFO, now_ms,
                 ui->mouse ? "the mouse works here; with Shift the terminal selects"
                           : "the mouse is the terminal's");
    } else if (a == ACTION_COPY) {
        ui->copy = true;
    } else if (a == ACTION_COPY_MODE) {
        ui_copy_begin(ui);
    } else if (a == ACTION_DUMP) {
        ui->dump = true;
    } else if (a == ACTION_REDRAW) {
        ui->redraw = true;
    } else if (a == ACTION_PERIOD || a == ACTION_EXPORT) {
        ui_toast(ui, ROLE_INFO, now_ms, "that is a key of the cost view: 3 opens it");
    } else if (a == ACTION_FOLLOW) {
        if (ui->paused)
            ui->paused = false;
        else
            events_pause(ui);
    } else if (a == ACTION_FOCUS) {
        ui->focus_events = !ui->focus_events;
        ui_refilter(ui);
    } else if (a == ACTION_HELP) {
        ui->help = !ui->help;
        ui->scroll = 0;
    } else if (a == ACTION_NEXT_HIT || a == ACTION_PREVIOUS_HIT) {
        if (ui->focus_events && events_hit(ui, a == ACTION_NEXT_HIT ? -1 : 1))
            return;
        ui_toast(ui, ROLE_INFO, now_ms, "%s",
                 ui->search[0] != '\0' ? "no other hit" : "nothing was searched: / does");
    } else if (a == ACTION_FILTER) {
        if (ui->view == VIEW_fleet || ui->view == VIEW_events)
            ui_open_field(ui, TYPING_FILTER);
    }
}

/* The hold that was there before this dashboard's last order is made again, or its new
 * one is released; asked about like any order. */
static void undo_hold(struct ui *ui, int64_t now_ms)
{
    const struct hold *before = &ui->last_hold.before;
    struct command c = {.kind = COMMAND_RELEASE};
    struct act_context x;
    struct act_plan p;

    if (ui->last_hold.server[0] == '\0') {
        ui_toast(ui, ROLE_INFO, now_ms, "nothing to undo");
        return;
    }
    (void)str_copy(c.server, sizeof(c.server), ui->last_hold.server);
    if (before->place != PLACE_UNKNOWN) {
        c.kind = COMMAND_HOLD;
        c.place = before->place;
        c.hold_kind = before->kind == HOLD_PIN ? HOLD_PIN : HOLD_UNTIL;
        c.until = before->until;
    }
    ui->last_hold.server[0] = '\0';
    ui_context(ui, &x);
    act_order(&x, &c, &p);
    ui_act(ui, ACTION_ORDER, &p, now_ms);
}

static void sort_rows(struct ui *ui, bool reverse)
{
    if (reverse) {
        ui->reversed = !ui->reversed;
    } else {
        ui->sort = (enum sort)(((int)ui->sort + 1) % SORT_COUNT);
        ui->reversed = false;
    }
    ui_refilter(ui);
}

static void run_action(struct ui *ui, enum action a, int64_t now_ms)
{
    enum action_group g = action_info(a)->group;

    if (ui->help && a != ACTION_HELP && a != ACTION_QUIT && g != GROUP_AROUND)
        return; /* no action behind a page that hides its target */
    if (view_info(ui->view)->ops->act != NULL && view_info(ui->view)->ops->act(ui, a))
        return; /* the view knew what to do with it */
    if (!view_shows_selected(ui->view) && a != ACTION_UNDO &&
        (g == GROUP_SERVERS || a == ACTION_AUTO_SERVER)) {
        ui_toast(ui, ROLE_WARN, now_ms, "this view selects no server: 1 lists them");
        return;
    }
    if (a == ACTION_BACK) {
        (void)back(ui, now_ms);
    } else if (a == ACTION_QUIT) {
        if (!back(ui, now_ms))
            act(ui, a, now_ms);
    } else if (a == ACTION_OPEN) {
        open_or_start(ui, now_ms);
    } else if (a == ACTION_MARK || a == ACTION_MARK_ALL) {
        mark(ui, a == ACTION_MARK_ALL);
        if (a == ACTION_MARK)
            select_row(ui, shown_index(ui) + 1);
    } else if (a == ACTION_UNDO) {
        if (!ui_undo(ui, now_ms))
            undo_hold(ui, now_ms);
    } else if (a == ACTION_LOCK && !ui->locked) {
        ui->locked = true;
    } else if (a == ACTION_VIEW_NEXT || a == ACTION_VIEW_PREVIOUS) {
        cycle_view(ui, a == ACTION_VIEW_NEXT ? 1 : -1, now_ms);
    } else if (a == ACTION_SORT || a == ACTION_SORT_REVERSE) {
        sort_rows(ui, a == ACTION_SORT_REVERSE);
    } else if (a == ACTION_ORDER) {
        ui_open_field(ui, TYPING_ORDER);
    } else if (a == ACTION_SUSPEND) {
        ui_suspend(ui, now_ms);
    } else if (g == GROUP_DEMO) {
        demo_action(ui, a, now_ms);
    } else if (g == GROUP_SERVERS || g == GROUP_POLICY || a == ACTION_REFRESH) {
        act(ui, a, now_ms);
    } else if (a == ACTION_FILTER || a == ACTION_FOCUS || a == ACTION_NEXT_HIT ||
               a == ACTION_PREVIOUS_HIT || g == GROUP_SCREEN || g == GROUP_VIEWS) {
        screen_action(ui, a, now_ms);
    } else {
        navigate(ui, a);
    }
}

void ui_key(struct ui *ui, uint32_t key, int64_t now_ms)
{
    enum action a;

    if (key == KEYC_PASTE_BEGIN || key == KEYC_PASTE_END) {
        ui->pasting = key == KEYC_PASTE_BEGIN;
        ui->pasted_ms = now_ms;
        return;
    }
    /* The end of a paste may be lost on its way; a person cannot type so late in one. */
    if (ui->pasting && now_ms - ui->pasted_ms > PASTE_MS)
        ui->pasting = false;
    if (key == KEYC_FOCUS_IN || key == KEYC_FOCUS_OUT) {
        ui_focus(ui, key == KEYC_FOCUS_IN, now_ms);
        return;
    }
    if (key == KEYC_NONE || key == KEYC_RESIZE || key == KEYC_MOUSE)
        return;
    if (ui->pasting) { /* pasted text is not typing, but a text field takes it */
        if (ui->typing != TYPING_NOTHING && key != KEYC_ENTER && key != KEYC_ESC)
            ui_type(ui, key, now_ms);
        ui->pasted_ms = now_ms;
        return;
    }
    if (ui->copying) {
        ui_copy_key(ui, key);
        return;
    }
    ui->key_ms = now_ms;
    ui->toast[0] = '\0'; /* read or not, it is about what was before */
    if (ui->dialog.open) {
        dialog_key(ui, key, now_ms);
        return;
    }
    if (ui->menu) {
        menu_key(ui, key, now_ms);
        return;
    }
    if (ui->themes.open) {
        ui_themes_key(ui, key);
        return;
    }
    if (ui->typing != TYPING_NOTHING) {
        ui_type(ui, key, now_ms);
        return;
    }
    for (int v = 0; v < VIEW_COUNT; v++) {
        if (view_info((enum view_id)v)->key != 0 &&
            view_info((enum view_id)v)->key == key) {
            ui->help = false;
            ui_open_view(ui, (enum view_id)v, now_ms);
            return;
        }
    }
    a = keys_find(&ui->keys, key);
    if (a == ACTION_QUIT && key == 3) /* Ctrl-C quits from everywhere */
        act(ui, a, now_ms);
    else if (a != ACTION_NONE)
        run_action(ui, a, now_ms);
}
