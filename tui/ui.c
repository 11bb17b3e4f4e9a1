#include <config.h>

#include "tui/ui.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tui/act_parts.h"
#include "tui/ui_parts.h"

enum { TOAST_MS = 6000, AWAY_MS = 600000, ROWS_STAY_MS = 2000 };

static const struct view_info views[] = {
#define VIEW(id, key, title, help) {(key), (title), (help), &view_##id},
#include "tui/views.def"
#undef VIEW
};

const struct view_info *view_info(enum view_id v)
{
    return &views[(unsigned)v < VIEW_COUNT ? v : 0];
}

bool view_has_time_key(const struct app_demo *d, enum action a)
{
    if (a == ACTION_FAULTS)
        return d->fault != NULL;
    return a == ACTION_FASTER || a == ACTION_SLOWER ? d->speed != NULL : d->step != NULL;
}

bool view_shows_selected(enum view_id v)
{
    return v == VIEW_fleet || v == VIEW_detail || v == VIEW_schedule;
}

void ui_toast(struct ui *ui, enum role role, int64_t now_ms, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(ui->toast, sizeof(ui->toast), fmt, ap); /* cut on screen anyway */
    va_end(ap);
    ui->toast_role = role;
    /* An error stays until a key, and so does everything where time must not matter. */
    ui->toast_until_ms =
        role == ROLE_CRIT || ui->app->config->ui.reduce_motion ? 0 : now_ms + TOAST_MS;
}

void ui_focus(struct ui *ui, bool in, int64_t now_ms)
{
    if (in && ui->focus == FOCUS_OUT && ui->toast[0] != '\0' && ui->toast_until_ms != 0)
        ui->toast_until_ms = now_ms + TOAST_MS;
    ui->focus = in ? FOCUS_IN : FOCUS_OUT;
}

/* Short names for narrow screens: what is left behind a common beginning, else as many
 * letters as tell them apart. */
static void make_shorts(struct ui *ui)
{
    const struct fleet *f = ui->fleet;
    size_t common = f->n_servers < 2 ? 0 : strlen(f->servers[0].name), len = 6;

    for (size_t i = 1; i < f->n_servers; i++) {
        size_t k = 0;

        while (k < common && f->servers[i].name[k] == f->servers[0].name[k])
            k++;
        common = k;
    }
    /* A beginning ends at a hyphen: "test-01", "test-02" give 01 and 02. */
    while (common > 0 && f->servers[0].name[common - 1] != '-')
        common--;
    for (size_t want = 2; common == 0 && want < len && f->n_servers <= 64; want++) {
        bool unique = true;

        for (size_t i = 0; i < f->n_servers && unique; i++) {
            for (size_t k = 0; k < i && unique; k++)
                unique = strncmp(f->servers[i].name, f->servers[k].name, want) != 0;
        }
        if (unique)
            len = want;
    }
    if (common > 0)
        len = SHORT_TEXT - 1;
    ui->name_cells = ui->short_cells = 0;
    for (size_t i = 0; i < f->n_servers; i++) {
        size_t n = strnlen(f->servers[i].name + common, len);
        int name, brief;

        memcpy(ui->shorts[i], f->servers[i].name + common, n);
        ui->shorts[i][n] = '\0';
        name = glyph_cells(f->servers[i].name, ui->ascii);
        brief = glyph_cells(ui->shorts[i], ui->ascii);
        ui->name_cells = name > ui->name_cells ? name : ui->name_cells;
        ui->short_cells = brief > ui->short_cells ? brief : ui->short_cells;
    }
}

/* Below 0: a comes before b, the dearer one first. */
static int compare_rows(const void *a, const void *b, void *ctx)
{
    const struct ui *ui = ctx;
    uint16_t i = *(const uint16_t *)a, k = *(const uint16_t *)b;
    const struct server_view *x = &ui->fleet->servers[i], *y = &ui->fleet->servers[k];
    int64_t by = 0;

    switch (ui->sort) {
    case SORT_SERVER:
        by = strcmp(x->name, y->name);
        break;
    case SORT_WHERE:
        by = (int64_t)x->facts.place - (int64_t)y->facts.place;
        break;
    case SORT_HOUR:
        by = y->cost.hour.nanos - x->cost.hour.nanos;
        break;
    case SORT_TODAY:
        by = y->cost.today.nanos - x->cost.today.nanos;
        break;
    case SORT_MONTH:
        by = y->cost.month.nanos - x->cost.month.nanos;
        break;
    case SORT_CONFIG:
    case SORT_COUNT:
        break;
    }
    if (by == 0)
        by = (int)i - (int)k; /* equals stay in the order of the configuration */
    return (by < 0) != ui->reversed ? -1 : 1;
}

/* S5: a row does not leave from under a key that is just being pressed. */
static void sort_shown(struct ui *ui, const uint16_t *before, size_t n_before)
{
    bool same = ui->rows_stay && n_before == ui->n_shown;

    if (ui->sort == SORT_CONFIG && !ui->reversed)
        return;
    for (size_t i = 0; i < n_before && same; i++) {
        same = false;
        for (size_t k = 0; k < ui->n_shown && !same; k++)
            same = ui->shown[k] == before[i];
    }
    if (same)
        memcpy(ui->shown, before, n_before * sizeof(before[0]));
    else
        qsort_r(ui->shown, ui->n_shown, sizeof(ui->shown[0]), compare_rows, ui);
}

/* Which servers the filter lets through, and a selection that exists. */
void ui_refilter(struct ui *ui)
{
    const struct fleet *f = ui->fleet;
    uint16_t before[MAX_SERVERS];
    size_t n_before = ui->n_shown;
    bool seen = false;

    memcpy(before, ui->shown, sizeof(before));

    ui->n_shown = 0;
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];
        const struct filter_text texts[] = {{"server", s->name},
                                            {"where", place_screen(s->facts.place)},
                                            {"type", s->facts.instance.type},
                                            {"zone", s->facts.instance.zone}};

        if (!ui->focus_events &&
            !view_filter_matches(ui->filter, texts, ARRAY_LEN(texts)))
            continue;
        ui->shown[ui->n_shown++] = (uint16_t)i;
        seen = seen || str_eq(s->name, ui->selected);
    }
    sort_shown(ui, before, n_before);
    if (!seen)
        (void)str_copy(ui->selected, sizeof(ui->selected),
                       ui->n_shown > 0 ? f->servers[ui->shown[0]].name : "");
}

enum err_code ui_init(struct ui *ui, const struct app_config *app, bool ascii,
                      int64_t now_ms, struct err *e)
{
    const struct config *c = app->config;
    struct strbuf problems;
    enum err_code rc;

    memset(ui, 0, sizeof(*ui));
    ui->app = app;
    ui->ascii = ascii;
    ui->time_mode = c->ui.time;
    ui->mouse = c->ui.mouse;
    ui->locked = app->locked || c->ui.locked;
    ui->reasons = (struct reasons){.policy = &c->policy, .tz = app->tz};
    ui->started_ms = ui->fleet_ms = now_ms;
    ui->refresh_ms = now_ms - REFRESH_MS;
    /* Ids of several dashboards on one store must differ. */
    ui->next_id = (uint64_t)getpid() << 32 | ((uint64_t)now_ms & 0xffff) << 16 | 1;
    (void)str_copy(ui->theme, sizeof(ui->theme),
                   app->theme != NULL ? app->theme : c->ui.theme);
    strbuf_init(&problems, 16384);
    rc = keys_build(c->keys, c->n_keys, c->file, &ui->keys, &problems, e);
    if (rc != ERR_OK) {
        size_t first = strcspn(strbuf_text(&problems), "\n");

        e->code = ERR_OK;
        err_clear(e);
        err_set(e, rc, "%.*s", (int)first, strbuf_text(&problems));
        goto out;
    }
    ui->fleet = fleet_new(c->n_servers);
    if (ui->fleet == NULL) {
        rc = err_set(e, ERR_NOMEM, "no memory for the first picture");
        goto out;
    }
    (void)str_copy(ui->fleet->site, sizeof(ui->fleet->site), c->site_name);
    ui->fleet->extension.configured = c->velostrata.api.present;
    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_view *s = &ui->fleet->servers[i];

        (void)str_copy(s->name, sizeof(s->name), c->servers[i].name);
        (void)str_copy(s->mover, sizeof(s->mover), c->servers[i].mover);
        s->auto_on = true;
    }
    make_shorts(ui);
    ui_refilter(ui);
out:
    strbuf_clear(&problems);
    return rc;
}

void ui_clear(struct ui *ui)
{
    fleet_unref(ui->fleet);
    ui->fleet = NULL;
}

void ui_context(const struct ui *ui, struct act_context *x)
{
    *x = (struct act_context){
        .fleet = ui->fleet,
        .now = clock_utc(ui->app->clock),
        .tz = ui->app->tz,
        .hold_ends = ui->app->hold_ends,
        .hold_ctx = ui->app->hold_ctx,
        .hold_cloud_cap_s = ui->app->config->policy.hold_cloud_cap,
        .locked = ui->locked,
        .observe = ui->app->observe,
        .demo = ui->app->demo.on,
        .observer = ui->app->observed != NULL,
        .holder = ui->app->observed != NULL ? ui->app->observed->holder : NULL,
    };
}

/* What held a server before an order of this dashboard: u brings it back. */
static void note_hold(struct ui *ui, const struct command *c)
{
    int i = fleet_find(ui->fleet, c->server);

    if (i < 0 || (c->kind != COMMAND_HOLD && c->kind != COMMAND_RELEASE &&
                  c->kind != COMMAND_MOVE))
        return;
    (void)str_copy(ui->last_hold.server, NAME_TEXT, c->server);
    ui->last_hold.before = ui->fleet->servers[i].hold;
}

/* Hands a command over and remembers its id for the answer. */
void ui_send(struct ui *ui, const struct command *command, int64_t now_ms)
{
    struct command c = *command;
    struct err e = {0};

    c.id = ui->next_id++;
    c.at = clock_utc(ui->app->clock);
    if (ui->app->who != NULL)
        (void)str_copy(c.by, sizeof(c.by), ui->app->who);
    if (ui->app->source.send == NULL ||
        !ui->app->source.send(ui->app->source.ctx, &c, &e)) {
        ui_toast(ui, ROLE_CRIT, now_ms, "%s %s: not taken: %s", command_word(c.kind),
                 c.server, e.text[0] != '\0' ? e.text : "nobody takes commands");
        return;
    }
    note_hold(ui, &c);
    if (ui->n_sent == SENT_MAX) {
        memmove(ui->sent, ui->sent + 1, sizeof(ui->sent) - sizeof(ui->sent[0]));
        ui->n_sent--;
    }
    ui->sent[ui->n_sent++] = c.id;
}

/* Shows the answers to commands of this dashboard. */
static void take_replies(struct ui *ui, int64_t now_ms)
{
    const struct fleet *f = ui->fleet;

    for (size_t r = 0; r < f->n_replies; r++) {
        for (size_t i = 0; i < ui->n_sent; i++) {
            if (ui->sent[i] != f->replies[r].id)
                continue;
            ui_toast(ui, f->replies[r].accepted ? ROLE_INFO : ROLE_CRIT, now_ms, "%s",
                     f->replies[r].text);
            memmove(&ui->sent[i], &ui->sent[i + 1],
                    (ui->n_sent - i - 1) * sizeof(ui->sent[0]));
            ui->n_sent--;
            break;
        }
    }
}

/* What a question is about: one server, or all that are marked. */
static uint64_t asked_state(const struct ui *ui)
{
    const struct dialog *d = &ui->dialog;
    uint64_t v = 0;

    if (d->q.n_choices < 2 || d->q.choices[1].kind != CHOICE_MARKED)
        return act_state_of(ui->fleet, d->server);
    for (size_t i = 0; i < ui->fleet->n_servers; i++) {
        if (ui->marked[i])
            v = v * 31 + act_state_of(ui->fleet, ui->fleet->servers[i].name);
    }
    return v;
}

void ui_ask(struct ui *ui, enum action a, const struct act_plan *p, int64_t now_ms)
{
    struct dialog *d = &ui->dialog;

    d->open = true;
    d->q = p->question;
    d->action = a;
    d->order = p->command;
    d->focus = 0;
    d->changed = false;
    d->opened_ms = now_ms;
    (void)str_copy(d->server, sizeof(d->server), p->command.server);
    d->state = asked_state(ui);
}

/* S4: when the server changed under an open dialog, ask again and say so. */
static void recheck_dialog(struct ui *ui, int64_t now_ms)
{
    struct dialog *d = &ui->dialog;
    struct act_context x;
    struct act_plan plan;
    char server[NAME_TEXT];

    if (!d->open || d->state == asked_state(ui))
        return;
    ui_context(ui, &x);
    (void)str_copy(server, sizeof(server), d->server);
    if (d->q.choices[d->q.n_choices - 1].kind >= CHOICE_MARKED) {
        if (!ui_plan_marked(ui, d->action, &plan))
            act_nothing(&plan, "nothing is marked any more");
        (void)str_copy(server, sizeof(server), "they");
    } else if (d->action == ACTION_ORDER) {
        act_order(&x, &d->order, &plan);
    } else {
        act_plan(&x, d->action, server, &plan);
    }
    if (plan.kind == ACT_NOTHING) {
        d->open = false;
        ui_toast(ui, ROLE_WARN, now_ms, "%s changed meanwhile: %s", server, plan.message);
        return;
    }
    if (plan.kind != ACT_ASK) { /* what was asked is no question any more: ask still */
        plan.question = d->q;
        plan.question.n_lines = 0;
    }
    ui_ask(ui, d->action, &plan, now_ms);
    d->changed = true;
}

/* Marks stay with their servers. */
static void move_marks(struct ui *ui, const struct fleet *to)
{
    const struct fleet *from = ui->fleet;
    bool marked[MAX_SERVERS] = {false};

    for (size_t i = 0; i < from->n_servers; i++) {
        int k = ui->marked[i] ? fleet_find(to, from->servers[i].name) : -1;

        if (k >= 0)
            marked[k] = true;
    }
    memcpy(ui->marked, marked, sizeof(marked));
}

void ui_take_fleet(struct ui *ui, struct fleet *fleet, int64_t now_ms)
{
    if (ui->frozen || ui->copying) {
        fleet_unref(fleet);
        return;
    }
    if (view_marked(ui) > 0)
        move_marks(ui, fleet);
    fleet_unref(ui->fleet);
    ui->fleet = fleet;
    ui->fleet_ms = now_ms;
    if (ui->view == VIEW_events)
        ui->acknowledged = fleet->events_total;
    make_shorts(ui);
    ui->rows_stay = now_ms - ui->key_ms < ROWS_STAY_MS;
    ui_refilter(ui);
    ui->rows_stay = false;
    take_replies(ui, now_ms);
    recheck_dialog(ui, now_ms);
}

/* Starts a class 1 action's undo window; the latest comes first in the array. */
void ui_add_pending(struct ui *ui, const struct act_plan *p, int64_t now_ms)
{
    struct pending *slot = NULL;

    for (size_t i = PENDING_MAX; i-- > 0;) {
        if (!ui->pending[i].active)
            slot = &ui->pending[i];
    }
    if (slot == NULL) {
        ui_toast(ui, ROLE_WARN, now_ms, "too many pending actions: wait a moment");
        return;
    }
    slot->active = true;
    slot->command = p->command;
    slot->to = p->to;
    slot->due_ms = now_ms + ui->app->config->ui.undo_window * 1000;
    (void)str_copy(slot->what, sizeof(slot->what), p->message);
    (void)str_copy(slot->rest, sizeof(slot->rest), p->rest);
    ui->toast[0] = '\0';
}

struct pending *ui_latest_pending(struct ui *ui)
{
    struct pending *latest = NULL;

    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (ui->pending[i].active &&
            (latest == NULL || ui->pending[i].due_ms >= latest->due_ms))
            latest = &ui->pending[i];
    }
    return latest;
}

bool ui_undo(struct ui *ui, int64_t now_ms)
{
    struct pending *p = ui_latest_pending(ui);

    if (p == NULL)
        return false;
    p->active = false;
    ui_toast(ui, ROLE_INFO, now_ms, "undone: %s", p->what);
    return true;
}

/* Nothing goes away before somebody can have read it: it waits a while for who is not
 * there. */
static int64_t toast_end(const struct ui *ui)
{
    return ui->toast_until_ms + (ui->focus == FOCUS_OUT ? AWAY_MS : 0);
}

bool ui_tick(struct ui *ui, int64_t now_ms)
{
    bool changed = false;

    for (size_t i = 0; i < PENDING_MAX; i++) {
        struct pending *p = &ui->pending[i];

        if (p->active && now_ms >= p->due_ms) {
            p->active = false;
            ui_send(ui, &p->command, now_ms);
            changed = true;
        }
    }
    if (ui->toast[0] != '\0' && ui->toast_until_ms != 0 && now_ms >= toast_end(ui)) {
        ui->toast[0] = '\0';
        changed = true;
    }
    return changed;
}

int64_t ui_next_ms(const struct ui *ui)
{
    int64_t next = -1;

    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (ui->pending[i].active && (next < 0 || ui->pending[i].due_ms < next))
            next = ui->pending[i].due_ms;
    }
    if (ui->toast[0] != '\0' && ui->toast_until_ms != 0 &&
        (next < 0 || toast_end(ui) < next))
        next = toast_end(ui);
    return next;
}

void ui_draw(struct ui *ui, struct canvas *c, struct utc now, int64_t now_ms)
{
    struct frame f = {.ui = ui,
                      .c = c,
                      .fleet = ui->fleet,
                      .now = now,
                      .real_ms = now_ms,
                      .top = 0,
                      .bottom = c->rows};

    ui->hits.n = 0;
    if (ui->copying)
        f.now = ui->copy_at;
    /* Ages and countdowns stand still for a minute, as the clock does. */
    if (ui->app->config->ui.reduce_motion)
        f.now.s -= f.now.s % 60;
    canvas_erase(c);
    if (ui->help)
        help_draw(&f);
    else
        views[ui->view].ops->draw(&f);
    if (ui->menu || ui->themes.open || ui->dialog.open)
        ui->hits.n = 0; /* what lies below cannot be clicked */
    if (ui->menu)
        menu_draw(&f);
    if (ui->themes.open)
        themes_draw(&f);
    if (ui->dialog.open)
        dialog_draw(&f);
    if (ui->copying)
        copy_draw(&f);
}
