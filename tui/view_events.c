#include <config.h>

#include <string.h>

#include "tui/ui_parts.h"
#include "tui/view.h"

enum { EVENT_NONE = -1 };

/* Events are numbered from the first that there ever was: a number stays. */
static int64_t number_of(const struct fleet *f, size_t i)
{
    return f->events_total - (int64_t)f->n_events + (int64_t)i;
}

/* The index of that number, or of the oldest one kept. */
static size_t index_of(const struct fleet *f, int64_t number)
{
    int64_t i = number - number_of(f, 0);

    if (i < 0 || f->n_events == 0)
        return 0;
    return i < (int64_t)f->n_events ? (size_t)i : f->n_events - 1;
}

static bool matches(const char *filter, const struct journal_entry *e)
{
    char kind[64], text[2 * LINE_TEXT];
    const struct filter_text texts[] = {{"server", e->server},
                                        {"actor", e->actor},
                                        {"kind", kind},
                                        {"move", e->move},
                                        {"text", text}};

    (void)str_format(kind, sizeof(kind), "%s %s", level_word(e->level), e->action);
    (void)str_format(text, sizeof(text), "%s %s", e->text, e->reason);
    return view_filter_matches(filter, texts, ARRAY_LEN(texts));
}

static bool is_shown(const struct ui *ui, const struct journal_entry *e)
{
    bool mine = ui->view == VIEW_events || ui->focus_events;

    return e->level != LEVEL_DEBUG && (!mine || matches(ui->filter, e));
}

/* From `from` on in steps of `by` the next index that is shown, the n-th of them; the
 * last one found when there are fewer; EVENT_NONE without any. */
static int next_shown(const struct ui *ui, int from, int by, int n)
{
    int found = EVENT_NONE;

    for (int i = from; i >= 0 && i < (int)ui->fleet->n_events && n > 0; i += by) {
        if (!is_shown(ui, &ui->fleet->events[i]))
            continue;
        found = i;
        n--;
    }
    return found;
}

static void select_event(struct ui *ui, int i)
{
    ui->paused = true;
    ui->event_at = number_of(ui->fleet, (size_t)i);
}

void events_pause(struct ui *ui)
{
    int i = next_shown(ui, (int)ui->fleet->n_events - 1, -1, 1);

    if (i != EVENT_NONE)
        select_event(ui, i);
}

void events_move(struct ui *ui, int by)
{
    int n = (int)ui->fleet->n_events, at, to;

    if (!ui->paused) {
        if (by > 0 || n == 0)
            return;
        events_pause(ui);
    }
    at = (int)index_of(ui->fleet, ui->event_at);
    to = next_shown(ui, at + (by > 0 ? 1 : -1), by > 0 ? 1 : -1, by > 0 ? by : -by);
    if (by >= MAX_SERVERS || (to == EVENT_NONE && by > 0))
        ui->paused = false; /* to the end, and beyond the newest, it follows */
    else if (to != EVENT_NONE)
        select_event(ui, to);
}

bool events_hit(struct ui *ui, int by)
{
    int n = (int)ui->fleet->n_events,
        i = ui->paused ? (int)index_of(ui->fleet, ui->event_at) + by : n - 1;

    for (; ui->search[0] != '\0' && i >= 0 && i < n; i += by) {
        if (is_shown(ui, &ui->fleet->events[i]) &&
            matches(ui->search, &ui->fleet->events[i])) {
            select_event(ui, i);
            return true;
        }
    }
    return false;
}

const struct journal_entry *events_selected(const struct ui *ui)
{
    if (!ui->paused || ui->fleet->n_events == 0)
        return NULL;
    return &ui->fleet->events[index_of(ui->fleet, ui->event_at)];
}

bool events_cause(struct ui *ui)
{
    const struct journal_entry *e = events_selected(ui);
    const struct fleet *f = ui->fleet;

    if (e == NULL || e->move[0] == '\0')
        return false;
    for (size_t i = 0; i < f->n_events && &f->events[i] != e; i++) {
        if (f->events[i].level == LEVEL_DEBUG || !str_eq(f->events[i].move, e->move))
            continue;
        if (!is_shown(ui, &f->events[i])) { /* the filter would hide it */
            ui->filter[0] = '\0';
        }
        select_event(ui, (int)i);
        return true;
    }
    return false;
}

void event_draw(const struct frame *f, int row, const struct journal_entry *e)
{
    static const char person[] = "operator:";
    struct pen p = {f->c, row, f->c->cols >= 60 ? 1 : 0, f->c->cols};
    const char *who = e->server[0] != '\0' ? e->server : e->actor;
    enum role role = ROLE_TEXT;
    char clock[TIME_TEXT];

    switch (e->level) {
    case LEVEL_ERROR:
        role = ROLE_LOG_ERR;
        break;
    case LEVEL_WARN:
        role = ROLE_LOG_WARN;
        break;
    case LEVEL_ACT:
        role = ROLE_LOG_ACT;
        break;
    case LEVEL_DEBUG:
    case LEVEL_INFO:
    case LEVEL_COUNT:
        break;
    }
    pen_put(&p, ROLE_DIM, view_clock(f->ui, f->now, e->at, clock));
    pen_gap(&p, 1);
    pen_printf(&p, role, "%-4s", level_word(e->level));
    pen_gap(&p, 1);
    if (who[0] != '\0' && !str_starts(e->text, who)) {
        pen_put(&p, ROLE_TITLE, who);
        pen_gap(&p, 1);
    }
    pen_put(&p, role == ROLE_LOG_ACT ? ROLE_TEXT : role, e->text);
    if (str_starts(e->actor, person))
        pen_printf(&p, ROLE_DIM, ", by %s", e->actor + sizeof(person) - 1);
}

/* Indices of what is shown, oldest first; returns how many. */
static int list_shown(const struct ui *ui, int list[FLEET_EVENTS])
{
    int n = 0;

    for (size_t i = 0; i < ui->fleet->n_events; i++) {
        if (is_shown(ui, &ui->fleet->events[i]))
            list[n++] = (int)i;
    }
    return n;
}

/* The first row: the newest at the bottom, or so that the selection stays where it is. */
static int first_shown(struct ui *ui, const int list[FLEET_EVENTS], int n, int rows)
{
    int first = n > rows ? n - rows : 0;

    if (ui->paused) {
        int at = (int)index_of(ui->fleet, ui->event_at), top = 0, sel = 0;

        for (int k = 0; k < n; k++) {
            sel = list[k] <= at ? k : sel;
            top = number_of(ui->fleet, (size_t)list[k]) <= ui->event_top ? k : top;
        }
        top = sel < top ? sel : sel >= top + rows ? sel - rows + 1 : top;
        first = top < first ? top : first;
    }
    if (n > 0)
        ui->event_top = number_of(ui->fleet, (size_t)list[first]);
    return first;
}

void events_draw(const struct frame *f, int row, int rows)
{
    const struct fleet *fleet = f->fleet;
    struct ui *ui = f->ui;
    int list[FLEET_EVENTS], n = list_shown(ui, list), first;
    bool mine = ui->view == VIEW_events || ui->focus_events;

    if (rows <= 0)
        return;
    first = first_shown(ui, list, n, rows);
    for (int k = 0; k < rows && first + k < n; k++) {
        const struct journal_entry *e = &fleet->events[list[first + k]];

        event_draw(f, row + k, e);
        if (ui->search[0] != '\0' && mine && matches(ui->search, e))
            canvas_glyph(f->c, row + k, 0, ROLE_HIT, GLYPH_MOVING);
        if (mine && ui->paused && e == events_selected(ui))
            canvas_select(f->c, row + k, 0, f->c->cols);
    }
    if (n == 0)
        (void)canvas_put(f->c, row, f->c->cols >= 60 ? 1 : 0, f->c->cols, ROLE_DIM,
                         ui->filter[0] != '\0' && fleet->n_events > 0
                             ? "no event has this text, Esc clears"
                             : "no events yet");
}

static void events_view(const struct frame *f)
{
    char title[80], right[FILTER_TEXT + 80];
    int rows = f->c->rows;

    if (rows < 5) {
        events_draw(f, 0, rows);
        return;
    }
    header_title(f, 0);
    (void)str_format(title, sizeof(title), "2 Events %lld%s",
                     (long long)f->fleet->events_total,
                     f->ui->paused ? ", paused" : ", following");
    if (f->c->cols < 100)
        (void)str_format(right, sizeof(right), "filter %s   f %s",
                         f->ui->filter[0] != '\0' ? f->ui->filter : "none",
                         f->ui->paused ? "follow" : "pause");
    else
        (void)str_format(
            right, sizeof(right), "filter %s   n N next hit   Enter %s   f %s",
            f->ui->filter[0] != '\0' ? f->ui->filter : "server: actor: kind: move: text",
            f->ui->paused ? "its cause" : "select", f->ui->paused ? "follow" : "pause");
    canvas_rule(f->c, 1, title, right);
    events_draw(f, 2, rows - 4);
    footer_message(f, rows - 2);
    footer_hints(f, rows - 1);
}

/* Enter: the cause of the selected event, or the server that it is about. */
static bool events_act(struct ui *ui, enum action a)
{
    const struct journal_entry *e = events_selected(ui);

    if (ui->help)
        return false;
    if (a == ACTION_NEXT_HIT || a == ACTION_PREVIOUS_HIT)
        return events_hit(ui, a == ACTION_NEXT_HIT ? -1 : 1);
    if (a != ACTION_OPEN || ui_latest_pending(ui) != NULL)
        return false;
    if (e == NULL) {
        events_pause(ui);
    } else if (!events_cause(ui) && e->server[0] != '\0' &&
               fleet_find(ui->fleet, e->server) >= 0) {
        (void)str_copy(ui->selected, sizeof(ui->selected), e->server);
        ui_open_view(ui, VIEW_detail, 0);
    }
    return true;
}

const struct view_ops view_events = {.draw = events_view, .act = events_act};
