#include <config.h>

#include <string.h>

#include "core/policy/offering.h"
#include "tui/price_lines.h"
#include "tui/sheet.h"
#include "tui/strip.h"

/* At least so many of its events are on the page, below the fold where need be. */
enum { EVENTS_LEAST = 12, EVENTS_MOST = 64 };

static const char *or_none(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

/* The text of `rushhour explain`, broken where the screen is narrow. */
static void reason_lines(struct sheet *p, const struct server_view *s)
{
    const struct frame *f = p->f;
    enum role roles[] = {ROLE_TEXT, ROLE_TEXT, ROLE_WARN, ROLE_TEXT};
    struct explain_out x;

    if (f->fleet->version == 0 || f->ui->reasons.tz == NULL)
        return;
    reasons_tell(&f->ui->reasons, f->fleet, (size_t)(s - f->fleet->servers), f->now,
                 f->now, &x);
    if (s->decision.gate == GATE_NONE)
        roles[EXPLAIN_GATE] = ROLE_DIM;
    if (s->decision.reason == REASON_HOLD)
        roles[EXPLAIN_SHOULD] = ROLE_HOLD;
    for (size_t i = 0; i < x.n; i++) {
        char label[EXPLAIN_LABEL + 1];

        (void)str_format(label, sizeof(label), "%.*s", EXPLAIN_LABEL, x.lines[i]);
        sheet_begin(p, label);
        sheet_add_long(p, roles[i], SHEET_VALUE, x.lines[i] + EXPLAIN_LABEL);
    }
}

static void place_lines(struct sheet *p, const struct server_view *s)
{
    const struct frame *f = p->f;
    struct cell_context x;
    struct cell_text cell;
    char buf[DUR_TEXT], when[TIME_TEXT];

    view_context(f, s, &x);
    sheet_begin(p, "Where");
    cell_make(COLUMN_WHERE, s, &x, &cell);
    sheet_add(p, cell.role, "%s", cell.text);
    if (s->facts.place_as_of.s != 0)
        sheet_add(p, ROLE_DIM, "   read %s ago",
                  cells_age(f->now.s - s->facts.place_as_of.s, buf));
    if (s->facts.task_active)
        sheet_add(p, ROLE_BUSY, "   task %s of %s %d%%", s->facts.task_type,
                  or_none(s->facts.task_user), s->facts.task_progress);
    if (s->facts.blocked[0] != '\0') {
        sheet_begin(p, "Blocked");
        sheet_add_long(p, ROLE_STATE_ERROR, SHEET_VALUE, s->facts.blocked);
    }
    reason_lines(p, s);
    if (s->hold.place != PLACE_UNKNOWN) {
        sheet_begin(p, "Hold");
        sheet_add(p, ROLE_HOLD, "%s",
                  s->hold.place == PLACE_CLOUD ? "in the cloud" : "on-prem");
        if (s->hold.kind == HOLD_PIN || s->hold.until.s == 0)
            sheet_add(p, ROLE_HOLD, " without an end");
        else
            sheet_add(p, ROLE_HOLD, " until %s",
                      act_when(f->ui->app->tz, f->now, s->hold.until, when));
        sheet_add(p, ROLE_DIM, "   by %s%s%s", or_none(s->hold.by),
                  s->hold.why[0] != '\0' ? ": " : "", s->hold.why);
        if (s->hold.at.s != 0)
            sheet_add(p, ROLE_DIM, ", %s",
                      act_when(f->ui->app->tz, f->now, s->hold.at, when));
        if (s->hold.over_budget)
            sheet_add(p, ROLE_WARN, "   over the budget");
    }
    sheet_begin(p, "AUTO");
    if (s->auto_on && s->snooze_until.s > f->now.s)
        sheet_add(p, ROLE_WARN, "asleep for this server until %s",
                  act_when(f->ui->app->tz, f->now, s->snooze_until, when));
    else
        sheet_add(p, s->auto_on ? ROLE_TEXT : ROLE_WARN, "%s for this server",
                  s->auto_on ? "on" : "off");
}

/* The site's day: what was planned, and where it was seen. */
static void today_lines(struct sheet *p, const struct server_view *s)
{
    const struct frame *f = p->f;
    int room = f->c->cols - SHEET_VALUE - 1;
    struct strip strip = {.f = f,
                          .server = s,
                          .per_hour = room >= 96   ? 4
                                      : room >= 48 ? 2
                                                   : 1};
    struct civil day = act_civil(f->ui->app->tz, f->now);

    if (room < 24 || f->fleet->day_start.s == 0 || f->ui->reasons.tz == NULL)
        return;
    strip.s = reasons_schedule(&f->ui->reasons, f->fleet, f->now);
    day.hour = day.minute = day.second = 0;
    sheet_begin(p, "Today");
    strip_hours(&strip, p->pen.row, SHEET_VALUE);
    sheet_begin(p, "  planned");
    strip_planned(&strip, p->pen.row, SHEET_VALUE, &day);
    sheet_begin(p, "  seen");
    strip_seen(&strip, p->pen.row, SHEET_VALUE, &day);
}

/* "09:07 fulfilled, 10:41 marked-for-termination" */
static void spot_lines(struct sheet *p, const struct server_view *s)
{
    const struct frame *f = p->f;
    char text[SPOT_STATUS + TIME_TEXT + 4], when[TIME_TEXT];

    if (s->n_spot_steps < 2) /* the line above says it */
        return;
    sheet_begin(p, "  history");
    for (size_t i = 0; i < s->n_spot_steps; i++) {
        bool newest = i + 1 == s->n_spot_steps;

        (void)str_format(text, sizeof(text), "%s %s%s",
                         act_when(f->ui->app->tz, f->now, s->spot_steps[i].at, when),
                         s->spot_steps[i].status, newest ? "" : ", ");
        sheet_piece(p, newest ? ROLE_TEXT : ROLE_DIM, text);
    }
}

static void machine_lines(struct sheet *p, const struct server_view *s)
{
    const struct instance_facts *i = &s->facts.instance;
    const struct frame *f = p->f;
    struct cell_context x;
    struct cell_text cell;
    char when[TIME_TEXT], waits[WAITS_TEXT];
    enum role role;

    view_context(f, s, &x);
    sheet_begin(p, "Instance");
    if (i->id[0] == '\0') {
        sheet_add(p, ROLE_DIM, "-");
    } else {
        sheet_add(p, ROLE_TEXT, "%s %s %s %s %s %s", i->id,
                  i->lifecycle == LIFECYCLE_ON_DEMAND ? "on-demand"
                                                      : lifecycle_word(i->lifecycle),
                  or_none(i->type), or_none(i->zone), or_none(i->ip), i->eni);
        if (i->terminated)
            sheet_add(p, ROLE_WARN, "   terminated");
        else if (i->stopped)
            sheet_add(p, ROLE_WARN, "   stopped");
        else if (i->launched.s != 0)
            sheet_add(p, ROLE_DIM, "   since %s",
                      act_when(f->ui->app->tz, f->now, i->launched, when));
    }
    sheet_begin(p, "Spot");
    cell_make(COLUMN_SPOT, s, &x, &cell);
    sheet_add(p, cell.role, "%s", cell.text);
    if (i->request[0] != '\0')
        sheet_add(p, ROLE_DIM, "   %s %s", i->request, i->spot_status);
    if (s->interruptions > 0)
        sheet_add(p, ROLE_WARN, "   %d interruption%s in 7 days, the last %s",
                  s->interruptions, s->interruptions == 1 ? "" : "s",
                  act_when(f->ui->app->tz, f->now, s->last_interruption, when));
    spot_lines(p, s);
    sheet_begin(p, "VM");
    sheet_add(p, ROLE_TEXT, "%s", s->vm[0] != '\0' ? s->vm : or_none(s->facts.vm_id));
    if (s->vm[0] != '\0' && s->facts.vm_id[0] != '\0')
        sheet_add(p, ROLE_DIM, " (%s)", s->facts.vm_id);
    sheet_add(p, s->facts.power == POWER_UNKNOWN ? ROLE_STALE : ROLE_TEXT, "   power %s",
              s->facts.power == POWER_UNKNOWN ? "?" : power_word(s->facts.power));
    sheet_add(p, ROLE_DIM, "   mover %s", s->mover);
    if (s->facts.power != POWER_ON || s->facts.place == PLACE_CLOUD)
        return;
    (void)cells_waits("   ready", s->facts.ready_permille, false, waits, &role);
    sheet_piece(p, role, waits);
    (void)cells_waits("   co-stop", s->facts.costop_permille, false, waits, &role);
    sheet_piece(p, role, waits);
}

static void offering_lines(struct sheet *p, const struct server_view *s)
{
    char name[OFFERING_NAME], price[USD_TEXT];

    for (size_t i = 0; i < s->n_offerings; i++) {
        const struct offering_view *o = &s->offerings[i];
        enum role role = o->left_out ? ROLE_DIM : ROLE_TEXT;

        sheet_begin(p, i == 0 ? "Offerings" : "");
        sheet_add(p, role, "%c %-31s %s%s/h", o->left_out ? '-' : (char)('1' + (int)i),
                  offering_name(o->type, o->zone, o->lifecycle, name),
                  o->price_known ? "$" : "",
                  o->price_known ? usd_text(o->price, 3, price) : "?");
        sheet_add(p, ROLE_DIM, "   ");
        sheet_add_long(p, ROLE_DIM, SHEET_VALUE + 2, o->why);
    }
    if (s->offerings_more > 0) {
        sheet_begin(p, "");
        sheet_add(p, ROLE_DIM, "%d more", s->offerings_more);
    }
}

static void node_line(struct sheet *p, const char *label, const struct node_facts *n)
{
    char buf[DUR_TEXT];

    sheet_begin(p, label);
    sheet_add(p, ROLE_TEXT, "%s  ", or_none(n->name));
    if (!n->known) {
        sheet_add(p, ROLE_STALE, "?");
        if (n->as_of.s != 0)
            sheet_add(p, ROLE_DIM, "   last seen %s ago",
                      cells_age(p->f->now.s - n->as_of.s, buf));
        return;
    }
    if (n->open)
        sheet_add(p, ROLE_OK, "open");
    else if (n->marked)
        sheet_add(p, n->closed_by == CLOSED_BY_PERSON ? ROLE_WARN : ROLE_DIM,
                  "closed by %s", closed_by_word(n->closed_by));
    else
        sheet_add(p, ROLE_WARN, "offline");
    if (n->busy > 0 || !n->idle)
        sheet_add(p, ROLE_BUSY, "   runs %s", n->build[0] != '\0' ? n->build : "a build");
    if (n->busy > 0 && n->build_progress >= 0)
        sheet_add(p, ROLE_BUSY, " %d%%", n->build_progress);
    if (n->busy == 0 && n->idle_since.s != 0)
        sheet_add(p, ROLE_TEXT, "   idle %s",
                  cells_age(p->f->now.s - n->idle_since.s, buf));
    if (n->as_of.s != 0)
        sheet_add(p, ROLE_DIM, "   read %s ago",
                  cells_age(p->f->now.s - n->as_of.s, buf));
    if (n->cause[0] != '\0') { /* last: it may be long */
        sheet_add(p, ROLE_DIM, "   ");
        sheet_add_long(p, ROLE_DIM, SHEET_VALUE, n->cause);
    }
}

static void move_lines(struct sheet *p, const struct server_view *s)
{
    const struct move_view *m = &s->move;
    const struct frame *f = p->f;
    char took[DUR_TEXT], when[TIME_TEXT];

    if (m->active) {
        sheet_begin(p, "Move");
        sheet_add(p, ROLE_STATE_MOVING, "%s %s, by %s", m->id,
                  m->direction == DIRECTION_OUT ? "to the cloud" : "back on-prem",
                  or_none(m->by));
        sheet_add(p, ROLE_TEXT, "   %s%s",
                  m->committed ? "past its commit point" : "can be canceled",
                  m->interrupted ? ", after an interruption" : "");
        if (m->deadline.s != 0)
            sheet_add(p, ROLE_DIM, "   deadline %s",
                      act_when(f->ui->app->tz, f->now, m->deadline, when));
        sheet_begin(p, "Stages");
        for (int i = 0; i < m->of && i < MAX_STEPS; i++) {
            const char *sign = i + 1 < m->n ? "+" : i + 1 == m->n ? ">" : " ";
            char text[NAME_TEXT];

            (void)str_format(
                text, sizeof(text), "%s[%s] %s%s%s", i > 0 ? "  " : "", sign,
                step_word(m->steps[i]), m->step_took_s[i] >= 0 ? " " : "",
                m->step_took_s[i] >= 0 ? cells_countdown(m->step_took_s[i], took) : "");
            sheet_piece(p, i + 1 == m->n ? ROLE_STATE_MOVING : ROLE_TEXT, text);
        }
        if (m->progress >= 0) {
            sheet_begin(p, "Progress");
            if (p->visible)
                widget_bar(&p->pen, ROLE_STATE_MOVING, 20, m->progress, 100);
            sheet_add(p, ROLE_TEXT, " %d%%", m->progress);
        }
        if (m->note[0] != '\0') {
            sheet_begin(p, "Note");
            sheet_add_long(p, ROLE_TEXT, SHEET_VALUE, m->note);
        }
    }
    if (s->failures > 0 || s->breaker_open || s->retry_at.s != 0) {
        sheet_begin(p, "Failures");
        sheet_add(p, s->breaker_open ? ROLE_STATE_ERROR : ROLE_WARN, "%d in a row%s",
                  s->failures, s->breaker_open ? ", breaker open" : "");
        if (s->retry_at.s != 0)
            sheet_add(p, ROLE_TEXT, "   next try %s",
                      act_when(f->ui->app->tz, f->now, s->retry_at, when));
    }
}

static void cost_lines(struct sheet *p, const struct server_view *s)
{
    char a[USD_TEXT], b[USD_TEXT], c[USD_TEXT], age[DUR_TEXT];

    sheet_begin(p, "Cost");
    sheet_add(p, ROLE_TEXT, "now %s%s/h   today $%s   month $%s%s",
              s->cost.hour_known ? "$" : "",
              s->cost.hour_known ? usd_text(s->cost.hour, 3, a) : "?",
              usd_text(s->cost.today, 2, b), usd_text(s->cost.month, 2, c),
              s->cost.month_known ? "" : " +?");
    sheet_add(p, ROLE_DIM, "   estimate");
    sheet_begin(p, "Price");
    if (s->cost.price_source == PRICE_UNKNOWN) {
        sheet_add(p, ROLE_STALE, "?");
        return;
    }
    sheet_add(p, ROLE_TEXT, "$%s/h", usd_text(s->cost.price, 4, a));
    sheet_add(p, ROLE_DIM, "   %s", price_source_screen(s->cost.price_source));
    if (s->cost.price_as_of.s != 0)
        sheet_add(p, ROLE_DIM, ", %s old",
                  cells_age(p->f->now.s - s->cost.price_as_of.s, age));
}

static const char *median(int64_t ms, int32_t builds, char buf[DUR_TEXT])
{
    if (builds == 0)
        (void)str_copy(buf, DUR_TEXT, "-");
    else
        (void)cells_long((ms + 500) / 1000, buf);
    return buf;
}

/* How long its jobs take here and there, and what that comes to over all servers. */
static void test_lines(struct sheet *p, const struct server_view *s)
{
    enum { TIMES_COL = 36 };
    const struct fleet *fleet = p->f->fleet;
    const struct speedup_view *sum = &fleet->speedup;
    char faster[DUR_TEXT], a[DUR_TEXT], b[DUR_TEXT];

    if (!sum->known && sum->missing[0] == '\0')
        return;
    sheet_begin(p, "Tests");
    if (sum->known)
        sheet_add(p, ROLE_TEXT, "%s in the cloud   median of %d job%s with %d builds",
                  cells_speedup(sum->percent, faster), sum->jobs,
                  sum->jobs == 1 ? "" : "s", sum->builds);
    else
        sheet_add_long(p, ROLE_DIM, SHEET_VALUE, sum->missing);
    for (size_t i = 0; i < fleet->n_jobs; i++) {
        const struct job_view *v = &fleet->jobs[i];

        if (!str_eq(v->server, s->name))
            continue;
        sheet_begin(p, "");
        sheet_add(p, ROLE_TEXT, "%s  ", v->name);
        if (p->pen.col < TIMES_COL)
            p->pen.col = TIMES_COL;
        sheet_add(p, ROLE_TEXT, "%s on-prem  %s cloud",
                  median(v->onprem_ms, v->onprem_builds, a),
                  median(v->cloud_ms, v->cloud_builds, b));
        if (v->known)
            sheet_add(p, v->percent < 0 ? ROLE_WARN : ROLE_OK, "  %s",
                      cells_speedup(v->percent, faster));
        sheet_add(p, ROLE_DIM, "   %d and %d builds", v->onprem_builds, v->cloud_builds);
    }
}

static void server_events(struct sheet *p, const struct server_view *s)
{
    const struct fleet *fleet = p->f->fleet;
    int room = p->f->bottom - p->f->top - p->line, n = 0;
    const struct journal_entry *found[EVENTS_MOST];

    if (room < EVENTS_LEAST)
        room = EVENTS_LEAST;
    for (size_t i = fleet->n_events; i > 0 && n < room && n < EVENTS_MOST; i--) {
        if (str_eq(fleet->events[i - 1].server, s->name) &&
            fleet->events[i - 1].level != LEVEL_DEBUG)
            found[n++] = &fleet->events[i - 1];
    }
    for (int k = 0; k < n; k++) {
        int row = p->f->top + p->line - p->f->ui->scroll;

        if (row >= p->f->top && row < p->f->bottom)
            event_draw(p->f, row, found[n - 1 - k]);
        p->line++;
    }
}

static void draw_server(struct sheet *p, const void *arg)
{
    const struct server_view *s = arg;

    if (s == NULL)
        return;
    place_lines(p, s);
    move_lines(p, s);
    today_lines(p, s);
    machine_lines(p, s);
    node_line(p, "Jenkins", &s->facts.onprem);
    node_line(p, "  cloud", &s->facts.cloud);
    cost_lines(p, s);
    offering_lines(p, s);
    price_lines(p, s);
    test_lines(p, s);
    p->line++;
    server_events(p, s);
}

static void detail_draw(const struct frame *f)
{
    const struct server_view *s = view_selected(f->ui);
    const struct page page = {.title = s != NULL ? s->name : "no server",
                              .keys = "Esc back   m move   p hold   x cancel",
                              .draw = draw_server,
                              .arg = s};

    page_draw(f, &page);
}

const struct view_ops view_detail = {.draw = detail_draw};
