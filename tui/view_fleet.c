#include <config.h>

#include <string.h>

#include "tui/view.h"

static const struct {
    const char *title;
    bool right;
} heads[COLUMN_COUNT] = {
    [COLUMN_SERVER] = {"SERVER", false},
    [COLUMN_WHERE] = {"WHERE", false},
    [COLUMN_DESIRED] = {"DESIRED", false},
    [COLUMN_INSTANCE] = {"INSTANCE", false},
    [COLUMN_AZ] = {"AZ", false},
    [COLUMN_IP] = {"IP", false},
    [COLUMN_SPOT] = {"SPOT", false},
    [COLUMN_JENKINS] = {"JENKINS NODE / BUILD", false},
    [COLUMN_TASK] = {"TASK", false},
    [COLUMN_HOUR] = {"$/H", true},
    [COLUMN_TODAY] = {"TODAY", true},
    [COLUMN_MONTH] = {"MONTH", true},
};

/* A server belongs into the moves panel: it moves, or a due move waits. */
static bool in_moves(const struct server_view *s)
{
    return s->move.active || s->wait_data || s->decision.gate == GATE_SLOTS ||
           s->decision.gate == GATE_BACKOFF || s->decision.gate == GATE_DRAIN;
}

static int count_moves(const struct fleet *f)
{
    int n = 0;

    for (size_t i = 0; i < f->n_servers; i++)
        n += in_moves(&f->servers[i]) ? 1 : 0;
    return n;
}

static void make_layout(const struct frame *f, struct layout *l)
{
    struct layout_input in = {
        .rows = f->c->rows,
        .cols = f->c->cols,
        .n_servers = (int)f->fleet->n_servers, /* not n_shown: a filter moves nothing */
        .n_moves = count_moves(f->fleet),
        .name_cells = f->ui->name_cells,
        .short_cells = f->ui->short_cells,
    };

    if (in.n_moves > 8)
        in.n_moves = 8;
    layout_make(&in, l);
}

static void draw_head(const struct frame *f, const struct layout *l)
{
    if (l->table_head < 0)
        return;
    for (size_t i = 0; i < l->n_columns; i++) {
        const struct column *col = &l->columns[i];
        const char *title = heads[col->id].title;

        if (col->id == COLUMN_JENKINS && col->width < 20)
            title = "JENKINS";
        if (heads[col->id].right)
            canvas_put_right(f->c, l->table_head, col->x, col->width, ROLE_HEADER, title);
        else
            (void)canvas_put(f->c, l->table_head, col->x, col->width, ROLE_HEADER, title);
    }
}

static void draw_row(const struct frame *f, const struct layout *l, int row, size_t index)
{
    const struct server_view *s = &f->fleet->servers[index];
    bool tiny = l->form == FORM_TINY;
    struct cell_context x;
    struct cell_text cell;
    enum role role;
    enum glyph sign;

    view_context(f, s, &x);
    x.folded = l->where_folded;
    x.job = l->job;
    sign = cell_sign(s, &x, &role);
    canvas_glyph(f->c, row, tiny ? 0 : 1, role, sign);
    if (f->ui->marked[index])
        (void)canvas_put(f->c, row, tiny ? 1 : 0, 1, ROLE_MARK, "+");
    for (size_t i = 0; i < l->n_columns; i++) {
        const struct column *col = &l->columns[i];

        x.width = col->width;
        cell_make(col->id, s, &x, &cell);
        if (tiny && col->id == COLUMN_SERVER)
            (void)str_copy(cell.text, sizeof(cell.text), f->ui->shorts[index]);
        /* Tiny has no SPOT column: what AWS does stands in for an empty task. */
        if (tiny && col->id == COLUMN_TASK &&
            (str_eq(cell.text, "-") || s->facts.instance.spot == SPOT_NOTICE) &&
            x.undo_s < 0)
            cell_make(COLUMN_SPOT, s, &x, &cell);
        if (heads[col->id].right)
            canvas_put_right(f->c, row, col->x, col->width, cell.role, cell.text);
        else
            (void)canvas_put(f->c, row, col->x, col->width, cell.role, cell.text);
    }
    if (str_eq(s->name, f->ui->selected) && !f->ui->focus_events)
        canvas_select(f->c, row, 0, f->c->cols);
}

static void draw_empty(const struct frame *f, const struct layout *l)
{
    struct pen p = {f->c, l->table, l->form == FORM_TINY ? 0 : 3, f->c->cols};

    if (f->fleet->n_servers == 0) {
        const char *file = f->ui->app->config->file;

        pen_printf(&p, ROLE_WARN, "no servers: add a section \"servers\" to %s",
                   file[0] != '\0' ? file : "the configuration");
    } else {
        pen_printf(&p, ROLE_WARN, "0 of %zu, Esc clears", f->fleet->n_servers);
    }
}

static void draw_table(const struct frame *f, const struct layout *l)
{
    char title[64], right[FILTER_TEXT + 80], sort[SHORT_TEXT];
    int first = view_first_row(f, l->table_rows);
    const char *filter =
        f->ui->filter[0] != '\0' && !f->ui->focus_events ? f->ui->filter : "none";

    f->ui->top = first;
    if (l->table_rule >= 0) {
        size_t marked = view_marked(f->ui);

        (void)str_format(title, sizeof(title), "1 Fleet %zu/%zu", f->ui->n_shown,
                         f->fleet->n_servers);
        if (marked > 0)
            (void)str_format(title, sizeof(title), "1 Fleet %zu/%zu, %zu marked",
                             f->ui->n_shown, f->fleet->n_servers, marked);
        if ((int)f->ui->n_shown > l->table_rows)
            (void)str_format(right, sizeof(right), "rows %d-%d   sort %s   filter %s",
                             first + 1, first + l->table_rows,
                             view_sort_text(f->ui, sort), filter);
        else
            (void)str_format(right, sizeof(right), "sort %s   filter %s",
                             view_sort_text(f->ui, sort), filter);
        canvas_rule(f->c, l->table_rule, title, right);
    }
    draw_head(f, l);
    if (l->table < 0)
        return;
    if (f->ui->n_shown == 0)
        draw_empty(f, l);
    for (int i = 0; i < l->table_rows && first + i < (int)f->ui->n_shown; i++) {
        draw_row(f, l, l->table + i, f->ui->shown[first + i]);
        hits_add(f, l->table + i, 0, f->c->cols, HIT_SERVER, (uint32_t)(first + i));
    }
}

/* What the sums have beside the servers' own rows, so that a reader can add up: the
 * extension, in front of the columns that it is in. */
static void draw_other(const struct frame *f, const struct layout *l)
{
    const struct fleet *fleet = f->fleet;
    const struct column *hour = layout_column(l, COLUMN_HOUR);
    char text[128], a[USD_TEXT], b[USD_TEXT], c[USD_TEXT];
    int from = 14, room;

    if (hour == NULL ||
        (fleet->extension_hour.nanos == 0 && fleet->extension_today.nanos == 0 &&
         fleet->extension_month.nanos == 0))
        return;
    (void)str_format(
        text, sizeof(text), "other $%s/h  today $%s  month $%s%s",
        usd_text(fleet->extension_hour, 3, a), usd_text(fleet->extension_today, 2, b),
        usd_text(fleet->extension_month, 2, c), fleet->extension_cost_known ? "" : " +?");
    room = hour->x - 2 - from;
    if (glyph_cells(text, f->c->ascii) > room)
        (void)str_format(text, sizeof(text), "other $%s/h", a);
    if (glyph_cells(text, f->c->ascii) <= room)
        canvas_put_right(f->c, l->total, from, room, ROLE_DIM, text);
}

static void draw_total(const struct frame *f, const struct layout *l)
{
    const struct fleet *fleet = f->fleet;
    static const enum column_id ids[] = {COLUMN_HOUR, COLUMN_TODAY, COLUMN_MONTH};
    char money[USD_TEXT];

    if (l->total < 0 || fleet->version == 0)
        return;
    (void)canvas_put(f->c, l->total, 3, 10, ROLE_DIM, "total");
    draw_other(f, l);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        const struct column *col = layout_column(l, ids[i]);
        struct usd v = ids[i] == COLUMN_HOUR    ? fleet->hour
                       : ids[i] == COLUMN_TODAY ? fleet->today
                                                : fleet->month;

        if (col == NULL)
            continue;
        if (ids[i] == COLUMN_HOUR ? !fleet->hour_known
                                  : !fleet->month_known && v.nanos == 0) {
            canvas_put_right(f->c, l->total, col->x, col->width, ROLE_STALE, "?");
            continue;
        }
        cells_money(v, ids[i] == COLUMN_HOUR ? 3 : 2, col->width, money);
        canvas_put_right(f->c, l->total, col->x, col->width, ROLE_DIM, money);
    }
}

static void draw_steps(const struct frame *f, struct pen *p, const struct move_view *m)
{
    char took[DUR_TEXT];

    for (int i = 0; i < m->of && i < MAX_STEPS; i++) {
        const char *word = step_word(m->steps[i]);

        if (i + 1 < m->n)
            pen_printf(
                p, ROLE_OK, "[%s %s%s%s] ", word, glyph_text(GLYPH_DONE, p->c->ascii),
                m->step_took_s[i] >= 0 ? " " : "",
                m->step_took_s[i] >= 0 ? cells_countdown(m->step_took_s[i], took) : "");
        else if (i + 1 == m->n)
            pen_printf(p, ROLE_STATE_MOVING, "[%s%s %s] ",
                       glyph_text(GLYPH_MOVING, p->c->ascii), word,
                       cells_countdown(f->now.s - m->step_since.s, took));
        else
            pen_printf(p, ROLE_DIM, "[%s] ", word);
    }
}

static void draw_move(const struct frame *f, int row, const struct server_view *s,
                      int name)
{
    struct pen p = {f->c, row, 1, f->c->cols - 8};
    const struct move_view *m = &s->move;
    bool out =
        m->active ? m->direction == DIRECTION_OUT : s->decision.desired == PLACE_CLOUD;
    char total[DUR_TEXT];

    pen_glyph(&p, m->active ? ROLE_STATE_MOVING : ROLE_BUSY,
              m->active ? GLYPH_MOVING : GLYPH_QUEUED);
    pen_gap(&p, 1);
    (void)canvas_put(f->c, row, p.col, name, ROLE_TEXT, s->name);
    p.col += name + 1;
    pen_printf(&p, ROLE_TEXT, "%s %s %s  ", out ? "on-prem" : "cloud",
               glyph_text(GLYPH_ARROW, f->c->ascii), out ? "cloud" : "on-prem");
    if (m->active) {
        draw_steps(f, &p, m);
        if (m->note[0] != '\0')
            pen_put(&p, ROLE_DIM, m->note);
        canvas_put_right(f->c, row, f->c->cols - 8, 7, ROLE_TEXT,
                         cells_countdown(f->now.s - m->started.s, total));
        return;
    }
    p.end = f->c->cols - 1;
    if (s->wait_data)
        pen_put(&p, ROLE_STALE, "waits for fresh data");
    else
        pen_printf(&p, ROLE_TEXT, "%s: %s", gate_word(s->decision.gate),
                   s->decision.gate_text);
}

static void draw_moves(const struct frame *f, const struct layout *l)
{
    const struct fleet *fleet = f->fleet;
    char title[80];
    int row = l->moves, name = f->ui->name_cells;

    if (l->moves_rows <= 0)
        return;
    if (l->moves_rule >= 0) {
        (void)str_format(title, sizeof(title), "Moves %d in flight, %d waiting",
                         fleet->moves_running, fleet->moves_queued);
        canvas_rule(f->c, l->moves_rule, title, "x cancel");
    }
    for (int pass = 0; pass < 2; pass++) { /* running ones first */
        for (size_t i = 0; i < fleet->n_servers && row < l->moves + l->moves_rows; i++) {
            const struct server_view *s = &fleet->servers[i];

            if (in_moves(s) && s->move.active == (pass == 0))
                draw_move(f, row++, s, name);
        }
    }
}

static void draw_events(const struct frame *f, const struct layout *l)
{
    char title[80], right[FILTER_TEXT + 48];

    if (l->events_rule >= 0) {
        (void)str_format(title, sizeof(title), "2 Events %lld%s",
                         (long long)f->fleet->events_total,
                         f->ui->paused ? ", paused" : ", following");
        (void)str_format(right, sizeof(right), "info+   filter %s%s",
                         f->ui->focus_events && f->ui->filter[0] != '\0' ? f->ui->filter
                                                                         : "none",
                         f->ui->focus_events ? "   j/k scroll"
                         : f->ui->paused     ? "   f follow   Tab"
                                             : "   Tab");
        canvas_rule(f->c, l->events_rule, title, right);
    }
    if (l->events >= 0)
        events_draw(f, l->events, l->events_rows);
}

static void fleet_draw(const struct frame *f)
{
    struct layout l;

    make_layout(f, &l);
    if (l.form == FORM_LINE) {
        header_line(f);
        return;
    }
    if (l.form == FORM_TOKENS) {
        header_tokens(f);
        return;
    }
    header_title(f, l.title);
    header_next(f, l.next, l.form);
    header_esx(f, l.esx);
    header_cost(f, l.cost, l.form);
    draw_table(f, &l);
    draw_total(f, &l);
    draw_moves(f, &l);
    draw_events(f, &l);
    footer_message(f, l.message);
    footer_hints(f, l.hints);
}

const struct view_ops view_fleet = {.draw = fleet_draw};
