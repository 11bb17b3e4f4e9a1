#include <config.h>

#include "tui/view.h"

bool event_matches(const struct ui *ui, const struct journal_entry *e)
{
    bool mine = ui->view == VIEW_events || ui->focus_events;
    char text[LINE_TEXT + NAME_TEXT + NAME_TEXT + 8];

    if (e->level == LEVEL_DEBUG)
        return false;
    if (!mine || ui->filter[0] == '\0')
        return true;
    (void)str_format(text, sizeof(text), "%s %s %s %s", level_word(e->level), e->server,
                     e->actor, e->text);
    return view_filter_matches(ui->filter, text);
}

void event_draw(const struct frame *f, int row, const struct journal_entry *e)
{
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
}

void events_draw(const struct frame *f, int row, int rows)
{
    const struct fleet *fleet = f->fleet;
    size_t i = fleet->n_events, skip = f->ui->paused ? f->ui->events_scroll : 0;
    const struct journal_entry *found[CANVAS_ROWS_MAX];
    int n = 0;

    if (rows > CANVAS_ROWS_MAX)
        rows = CANVAS_ROWS_MAX;
    while (i > 0 && n < rows) {
        const struct journal_entry *e = &fleet->events[--i];

        if (!event_matches(f->ui, e))
            continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        found[n++] = e;
    }
    for (int k = 0; k < n; k++)
        event_draw(f, row + k, found[n - 1 - k]);
    if (n == 0 && rows > 0)
        (void)canvas_put(f->c, row, f->c->cols >= 60 ? 1 : 0, f->c->cols, ROLE_DIM,
                         f->ui->filter[0] != '\0' && fleet->n_events > 0
                             ? "no event has this text, Esc clears"
                             : "no events yet");
}

static void events_view(const struct frame *f)
{
    char title[80], right[FILTER_TEXT + 40];
    int rows = f->c->rows;

    if (rows < 5) {
        events_draw(f, 0, rows);
        return;
    }
    header_title(f, 0);
    (void)str_format(title, sizeof(title), "2 Events %lld%s",
                     (long long)f->fleet->events_total,
                     f->ui->paused ? ", paused" : ", following");
    (void)str_format(right, sizeof(right), "info+   filter %s   f %s",
                     f->ui->filter[0] != '\0' ? f->ui->filter : "none",
                     f->ui->paused ? "follow" : "pause");
    canvas_rule(f->c, 1, title, right);
    events_draw(f, 2, rows - 4);
    footer_message(f, rows - 2);
    footer_hints(f, rows - 1);
}

const struct view_ops view_events = {.draw = events_view};
