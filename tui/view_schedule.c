#include <config.h>

#include <string.h>

#include "tui/strip.h"
#include "tui/ui_parts.h"
#include "tui/view.h"

/*
 * When the servers are where: the windows of the days to come, with lead and drain, the
 * selected server's hold on top of them, what changes next, and the servers with what
 * holds them.
 */

enum { DAY_S = 86400, WEEK = 7, NEXT_MAX = 24, NEXT_CHANGES = 6 };

struct calendar {
    const struct frame *f;
    const struct schedule *s;
    struct strip strip;  /* with the hold of the selected server */
    int label, per_hour; /* cells */
};

static void make_calendar(const struct frame *f, struct calendar *c)
{
    int cols = f->c->cols;

    *c = (struct calendar){.f = f,
                           .s = reasons_schedule(&f->ui->reasons, f->fleet, f->now),
                           .label = cols < 64 ? 8 : 13};
    c->per_hour = cols >= 160 ? 4 : cols >= 110 ? 3 : cols >= 64 ? 2 : 1;
    if (c->label + 24 * c->per_hour > cols)
        c->per_hour = 0; /* days and their windows as text alone */
    c->strip = (struct strip){f, c->s, view_selected(f->ui), c->per_hour};
}

/* Midnight of the i-th day from today on, as a civil time. */
static struct civil day_of(const struct calendar *c, int i)
{
    struct civil today = act_civil(c->f->ui->app->tz, c->f->now);

    today.hour = today.minute = today.second = 0;
    return civil_from_seconds(civil_to_seconds(&today) + (int64_t)i * DAY_S);
}

/* ----- one day ----- */

static const struct calendar_day *exception_of(const struct calendar *c, int64_t day)
{
    const struct policy_config *p = c->f->ui->reasons.policy;

    for (size_t i = 0; i < p->n_exceptions; i++) {
        if (p->exceptions[i].day == day)
            return &p->exceptions[i];
    }
    return NULL;
}

/* "09:00-18:00", "calendar: off", "no window": what starts on that day. */
static void day_note(const struct calendar *c, int i, struct pen *p)
{
    const struct tz *tz = c->f->ui->app->tz;
    struct civil day = day_of(c, i), next = day_of(c, i + 1);
    struct utc from = strip_instant(&c->strip, &day),
               to = strip_instant(&c->strip, &next), change;
    const struct calendar_day *x =
        exception_of(c, civil_to_days(day.year, day.month, day.day));
    bool any = false;

    if (x != NULL)
        pen_put(p, ROLE_WARN,
                x->kind == CALENDAR_OFF ? "calendar: off"
                : c->f->c->cols < 100   ? "cal "
                                        : "calendar: ");
    for (size_t k = 0; k < c->s->n; k++) {
        const struct interval *w = &c->s->intervals[k];
        struct civil a = act_civil(tz, w->start), b = act_civil(tz, w->end);

        if (w->start.s < from.s || w->start.s >= to.s)
            continue;
        pen_printf(p, ROLE_TEXT, "%s%02d:%02d-%02d:%02d", any ? " " : "", a.hour,
                   a.minute, b.hour, b.minute);
        any = true;
    }
    if (!any && x == NULL)
        pen_put(p, ROLE_DIM, "no window");
    if (tz != NULL && tz_next_change(tz, (struct utc){from.s - 1}, &change) &&
        change.s < to.s)
        pen_put(p, ROLE_WARN, "  clock change");
}

static void draw_day(const struct calendar *c, int row, int i)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil day = day_of(c, i);
    struct pen p = {c->f->c, row, c->label < 10 ? 0 : 1, c->f->c->cols};

    pen_printf(&p, i == 0 ? ROLE_TITLE : ROLE_TEXT, "%s %2d", act_weekdays[day.weekday],
               day.day);
    if (c->label >= 10)
        pen_printf(&p, ROLE_DIM, " %s", months[day.month - 1]);
    strip_planned(&c->strip, row, c->label, &day);
    p.col = c->label + 24 * c->per_hour + (c->per_hour > 0 ? 2 : 0);
    day_note(c, i, &p);
}

static void draw_legend(const struct calendar *c, int row)
{
    struct pen p = {c->f->c, row, 1, c->f->c->cols};

    pen_put(&p, ROLE_STATE_MOVING, ">");
    pen_put(&p, ROLE_DIM, " way out  ");
    pen_glyph(&p, ROLE_STATE_CLOUD, GLYPH_FULL);
    pen_put(&p, ROLE_DIM, " rush hour  ");
    pen_put(&p, ROLE_STATE_MOVING, "<");
    pen_put(&p, ROLE_DIM, " builds may end  . on-prem  ");
    pen_glyph(&p, ROLE_TITLE, GLYPH_VERTICAL);
    pen_put(&p, ROLE_DIM, " now  ");
    pen_put(&p, ROLE_HOLD, "H h");
    pen_put(&p, ROLE_DIM, c->f->c->cols < 100 ? " held" : " held in the cloud, on-prem");
}

/* ----- what changes next ----- */

struct change {
    struct utc at;
    const struct server_view *server; /* NULL: the schedule, of all */
    enum place into;                  /* of the schedule */
    bool wakes;                       /* the end of a snooze, not of a hold */
};

struct changes {
    struct change list[NEXT_MAX];
    size_t n;
};

/* In order of time; of too many, the latest are dropped. */
static void add_change(struct changes *c, const struct change *x)
{
    size_t at = c->n < NEXT_MAX ? c->n : NEXT_MAX - 1;

    if (c->n == NEXT_MAX && c->list[at].at.s <= x->at.s)
        return;
    for (; at > 0 && c->list[at - 1].at.s > x->at.s; at--)
        c->list[at] = c->list[at - 1];
    c->list[at] = *x;
    c->n += c->n < NEXT_MAX ? 1 : 0;
}

static void find_changes(const struct calendar *c, struct changes *out)
{
    const struct fleet *f = c->f->fleet;
    struct utc now = c->f->now, t = now;
    bool cloud = schedule_is_cloud(c->s, now);

    out->n = 0;
    for (int i = 0; i < NEXT_CHANGES; i++) {
        enum place into = cloud ? PLACE_ONPREM : PLACE_CLOUD;

        t = schedule_next_change(c->s, t, into);
        if (t.s == 0)
            break;
        add_change(out, &(struct change){.at = t, .into = into});
        cloud = !cloud;
    }
    if (f->snooze_until.s > now.s)
        add_change(out, &(struct change){.at = f->snooze_until, .wakes = true});
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];

        if (s->hold.place != PLACE_UNKNOWN && s->hold.until.s > now.s)
            add_change(out, &(struct change){.at = s->hold.until, .server = s});
        if (s->snooze_until.s > now.s)
            add_change(
                out, &(struct change){.at = s->snooze_until, .server = s, .wakes = true});
    }
}

static void change_words(const struct calendar *c, const struct change *x, struct pen *p)
{
    const struct policy_config *policy = c->f->ui->reasons.policy;
    struct schedule_at at = schedule_at(c->s, x->at);
    char when[TIME_TEXT];

    if (x->wakes) {
        pen_printf(p, ROLE_TEXT, "AUTO wakes up%s%s", x->server != NULL ? " for " : "",
                   x->server != NULL ? x->server->name : "");
    } else if (x->server != NULL) {
        pen_printf(p, ROLE_HOLD, "%s: its hold %s ends", x->server->name,
                   x->server->hold.place == PLACE_CLOUD ? "in the cloud" : "on-prem");
    } else if (x->into == PLACE_CLOUD) {
        pen_put(p, ROLE_STATE_MOVING, "the way out begins");
        if (at.has_window)
            pen_printf(p, ROLE_DIM, ", rush hour at %s",
                       act_when(c->f->ui->app->tz, x->at, at.window.start, when));
    } else {
        struct interval w;

        pen_put(p, ROLE_STATE_MOVING, "the way back begins");
        if (policy->drain_deadline > 0 && schedule_last(c->s, x->at, &w))
            pen_printf(p, ROLE_DIM, ", builds may end until %s",
                       act_when(c->f->ui->app->tz, x->at,
                                (struct utc){w.end.s + policy->drain_deadline}, when));
    }
}

static void draw_changes(const struct calendar *c, int row, int rows)
{
    struct changes changes;

    find_changes(c, &changes);
    if (rows > 0 && changes.n == 0)
        (void)canvas_put(c->f->c, row, 1, c->f->c->cols - 1, ROLE_DIM,
                         "Next   no change within two weeks");
    for (int i = 0; i < rows && i < (int)changes.n; i++) {
        const struct change *x = &changes.list[i];
        struct pen p = {c->f->c, row + i, 1, c->f->c->cols};
        char when[TIME_TEXT], wait[DUR_TEXT];

        pen_put(&p, ROLE_DIM, i == 0 ? "Next" : "");
        p.col = 8;
        pen_put(&p, ROLE_TEXT, act_when(c->f->ui->app->tz, c->f->now, x->at, when));
        p.col = p.col < 18 ? 18 : p.col + 1;
        pen_printf(&p, ROLE_DIM, "in %s", cells_age(x->at.s - c->f->now.s, wait));
        p.col = p.col < 29 ? 29 : p.col + 2;
        change_words(c, x, &p);
    }
}

/* ----- the servers ----- */

static void hold_text(const struct frame *f, const struct server_view *s, struct pen *p)
{
    char when[TIME_TEXT];

    if (s->hold.place == PLACE_UNKNOWN) {
        pen_put(p, ROLE_DIM, "-");
    } else {
        pen_put(p, ROLE_HOLD, s->hold.place == PLACE_CLOUD ? "in the cloud" : "on-prem");
        if (s->hold.kind == HOLD_PIN || s->hold.until.s == 0)
            pen_put(p, ROLE_HOLD, " without an end");
        else
            pen_printf(p, ROLE_HOLD, " until %s",
                       act_when(f->ui->app->tz, f->now, s->hold.until, when));
        if (s->hold.by[0] != '\0')
            pen_printf(p, ROLE_DIM, ", %s", s->hold.by);
        if (s->hold.why[0] != '\0')
            pen_printf(p, ROLE_DIM, ": %s", s->hold.why);
    }
    if (!s->auto_on)
        pen_put(p, ROLE_WARN, "   auto off");
    else if (s->snooze_until.s > f->now.s)
        pen_printf(p, ROLE_WARN, "   asleep until %s",
                   act_when(f->ui->app->tz, f->now, s->snooze_until, when));
}

static void draw_server(const struct frame *f, int row, size_t index)
{
    const struct server_view *s = &f->fleet->servers[index];
    bool narrow = f->c->cols < 64;
    int name = narrow ? f->ui->short_cells : f->ui->name_cells, col = narrow ? 2 : 3;
    struct pen p = {f->c, row, col + (name < 20 ? name : 20) + 2, f->c->cols};
    struct cell_context x;
    struct cell_text cell;
    enum role role;
    enum glyph sign;

    view_context(f, s, &x);
    sign = cell_sign(s, &x, &role);
    canvas_glyph(f->c, row, narrow ? 0 : 1, role, sign);
    if (f->ui->marked[index])
        (void)canvas_put(f->c, row, narrow ? 1 : 0, 1, ROLE_MARK, "+");
    (void)canvas_put(f->c, row, col, name < 20 ? name : 20, ROLE_TEXT,
                     narrow ? f->ui->shorts[index] : s->name);
    cell_make(COLUMN_WHERE, s, &x, &cell);
    (void)canvas_put(f->c, row, p.col, 9, cell.role, cell.text);
    p.col += 10;
    if (!narrow) {
        cell_make(COLUMN_DESIRED, s, &x, &cell);
        (void)canvas_put(f->c, row, p.col, 10, cell.role, cell.text);
        p.col += 11;
    }
    hold_text(f, s, &p);
    if (str_eq(s->name, f->ui->selected))
        canvas_select(f->c, row, 0, f->c->cols);
}

static void draw_servers(const struct frame *f, int row, int rows)
{
    bool narrow = f->c->cols < 64;
    int name = f->ui->name_cells < 20 ? f->ui->name_cells : 20, first;

    if (!narrow && rows > 1) {
        struct pen p = {f->c, row++, 3, f->c->cols};

        rows--;
        pen_put(&p, ROLE_HEADER, "SERVER");
        p.col = 3 + name + 2;
        pen_put(&p, ROLE_HEADER, "WHERE");
        p.col = 3 + name + 12;
        pen_put(&p, ROLE_HEADER, "DESIRED");
        p.col = 3 + name + 23;
        pen_put(&p, ROLE_HEADER, "HELD");
    }
    first = view_first_row(f, rows);
    f->ui->top = first;
    for (int i = 0; i < rows && first + i < (int)f->ui->n_shown; i++)
        draw_server(f, row + i, f->ui->shown[first + i]);
}

static void schedule_title(const struct frame *f, char *out, size_t size)
{
    const struct tz *tz = f->ui->app->tz;
    int minutes = tz == NULL ? 0 : tz_offset_s(tz, f->now) / 60;

    (void)str_format(out, size, "4 Schedule  %s%sUTC%+d:%02d",
                     f->c->cols < 64 ? ""
                     : tz == NULL    ? "UTC"
                                     : tz_name(tz),
                     f->c->cols < 64 ? "" : "  ", minutes / 60,
                     (minutes < 0 ? -minutes : minutes) % 60);
}

/* How the rows are shared: the days first, then a few servers, then what comes next. */
static void schedule_draw(const struct frame *f)
{
    bool framed = f->c->rows >= 5;
    int row = framed ? 2 : 0, bottom = framed ? f->c->rows - 2 : f->c->rows;
    int room = bottom - row, days, next, servers = (int)f->ui->n_shown + 1;
    struct calendar c;
    char title[NAME_TEXT + 48];

    if (framed) {
        header_title(f, 0);
        schedule_title(f, title, sizeof(title));
        canvas_rule(f->c, 1, title,
                    f->c->cols < 100
                        ? "p hold   Enter hold until"
                        : "p hold or release   P until when   Enter until a time");
        footer_message(f, f->c->rows - 2);
        footer_hints(f, f->c->rows - 1);
    }
    if (f->ui->reasons.tz == NULL) { /* windows are in the site's time */
        (void)canvas_put(f->c, row, 1, f->c->cols - 1, ROLE_STALE,
                         "the zone of the site is not known: site.tz");
        return;
    }
    make_calendar(f, &c);
    days = room >= 40 ? 2 * WEEK : room >= WEEK + 7 ? WEEK : room >= 8 ? 3 : 1;
    if (room > 2)
        strip_hours(&c.strip, row++, c.label);
    for (int i = 0; i < days && row < bottom; i++)
        draw_day(&c, row++, i);
    if (room >= WEEK + 7)
        draw_legend(&c, row++);
    room = bottom - row;
    next = room - 2 - (servers < 6 ? servers : 6);
    if (next > 8)
        next = 8;
    if (next > 0) {
        draw_changes(&c, row + (room > next + servers + 2 ? 1 : 0), next);
        row += next + 1;
    }
    if (row < bottom)
        draw_servers(f, row, bottom - row);
}

/* Enter: an order about the selected server, with its end to be typed. */
static bool schedule_act(struct ui *ui, enum action a)
{
    const struct server_view *s = view_selected(ui);

    if (a != ACTION_OPEN || s == NULL || ui->help || ui_latest_pending(ui) != NULL)
        return false;
    ui_type_end(ui, s->name, s->facts.place == PLACE_ONPREM ? PLACE_ONPREM : PLACE_CLOUD);
    return true;
}

const struct view_ops view_schedule = {.draw = schedule_draw, .act = schedule_act};
