#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/policy/offering.h"
#include "tui/view.h"

/* At least so many of its events are on the page, below the fold where need be. */
enum { EVENTS_LEAST = 12, EVENTS_MOST = 64, VALUE_COL = 12 };

/* Lines of the detail view go past a scroll position and stop at the bottom. */
struct sheet {
    const struct frame *f;
    int line; /* of the whole page */
    struct pen pen;
    bool visible;
};

static void begin(struct sheet *s, const char *label)
{
    int row = s->f->top + s->line - s->f->ui->scroll;

    s->visible = row >= s->f->top && row < s->f->bottom;
    s->pen = (struct pen){s->f->c, s->visible ? row : -1, 1, s->f->c->cols - 1};
    s->line++;
    pen_put(&s->pen, ROLE_DIM, label);
    s->pen.col = VALUE_COL;
}

static void add(struct sheet *s, enum role role, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void add(struct sheet *s, enum role role, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* cut on screen anyway */
    va_end(ap);
    if (s->visible)
        pen_put(&s->pen, role, text);
    else /* a page has as many lines wherever it is scrolled to */
        s->pen.col += glyph_cells(text, s->f->c->ascii);
}

/* A text that goes on below, in column col, where the screen is narrow. */
static void add_long(struct sheet *s, enum role role, int col, const char *text)
{
    int width = s->pen.end - s->pen.col;
    char part[LINE_TEXT];
    size_t len;

    while ((len = widget_break(text, width > 1 ? width : 1, s->f->c->ascii)) > 0) {
        (void)str_format(part, sizeof(part), "%.*s", (int)len,
                         text); /* a line is short */
        add(s, role, "%s", part);
        text += len;
        text += strspn(text, " ");
        if (*text == '\0')
            break;
        begin(s, "");
        s->pen.col = col;
        width = s->pen.end - col;
    }
}

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
        begin(p, label);
        add_long(p, roles[i], VALUE_COL, x.lines[i] + EXPLAIN_LABEL);
    }
}

static void place_lines(struct sheet *p, const struct server_view *s)
{
    const struct frame *f = p->f;
    struct cell_context x;
    struct cell_text cell;
    char buf[DUR_TEXT], when[TIME_TEXT];

    view_context(f, s, &x);
    begin(p, "Where");
    cell_make(COLUMN_WHERE, s, &x, &cell);
    add(p, cell.role, "%s", cell.text);
    if (s->facts.place_as_of.s != 0)
        add(p, ROLE_DIM, "   read %s ago",
            cells_age(f->now.s - s->facts.place_as_of.s, buf));
    if (s->facts.task_active)
        add(p, ROLE_BUSY, "   task %s of %s %d%%", s->facts.task_type,
            or_none(s->facts.task_user), s->facts.task_progress);
    if (s->facts.blocked[0] != '\0') {
        begin(p, "Blocked");
        add_long(p, ROLE_STATE_ERROR, VALUE_COL, s->facts.blocked);
    }
    reason_lines(p, s);
    if (s->hold.place != PLACE_UNKNOWN) {
        begin(p, "Hold");
        add(p, ROLE_HOLD, "%s",
            s->hold.place == PLACE_CLOUD ? "in the cloud" : "on-prem");
        if (s->hold.kind == HOLD_PIN || s->hold.until.s == 0)
            add(p, ROLE_HOLD, " without an end");
        else
            add(p, ROLE_HOLD, " until %s",
                act_when(f->ui->app->tz, f->now, s->hold.until, when));
        add(p, ROLE_DIM, "   by %s%s%s", or_none(s->hold.by),
            s->hold.why[0] != '\0' ? ": " : "", s->hold.why);
        if (s->hold.at.s != 0)
            add(p, ROLE_DIM, ", %s", act_when(f->ui->app->tz, f->now, s->hold.at, when));
        if (s->hold.over_budget)
            add(p, ROLE_WARN, "   over the budget");
    }
    begin(p, "AUTO");
    if (s->auto_on && s->snooze_until.s > f->now.s)
        add(p, ROLE_WARN, "asleep for this server until %s",
            act_when(f->ui->app->tz, f->now, s->snooze_until, when));
    else
        add(p, s->auto_on ? ROLE_TEXT : ROLE_WARN, "%s for this server",
            s->auto_on ? "on" : "off");
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
    begin(p, "Instance");
    if (i->id[0] == '\0') {
        add(p, ROLE_DIM, "-");
    } else {
        add(p, ROLE_TEXT, "%s %s %s %s %s %s", i->id,
            i->lifecycle == LIFECYCLE_ON_DEMAND ? "on-demand"
                                                : lifecycle_word(i->lifecycle),
            or_none(i->type), or_none(i->zone), or_none(i->ip), i->eni);
        if (i->terminated)
            add(p, ROLE_WARN, "   terminated");
        else if (i->launched.s != 0)
            add(p, ROLE_DIM, "   since %s",
                act_when(f->ui->app->tz, f->now, i->launched, when));
    }
    begin(p, "Spot");
    cell_make(COLUMN_SPOT, s, &x, &cell);
    add(p, cell.role, "%s", cell.text);
    if (i->request[0] != '\0')
        add(p, ROLE_DIM, "   %s %s", i->request, i->spot_status);
    if (s->interruptions > 0)
        add(p, ROLE_WARN, "   %d interruption%s in 7 days, the last %s", s->interruptions,
            s->interruptions == 1 ? "" : "s",
            act_when(f->ui->app->tz, f->now, s->last_interruption, when));
    begin(p, "VM");
    add(p, ROLE_TEXT, "%s", s->vm[0] != '\0' ? s->vm : or_none(s->facts.vm_id));
    if (s->vm[0] != '\0' && s->facts.vm_id[0] != '\0')
        add(p, ROLE_DIM, " (%s)", s->facts.vm_id);
    add(p, s->facts.power == POWER_UNKNOWN ? ROLE_STALE : ROLE_TEXT, "   power %s",
        s->facts.power == POWER_UNKNOWN ? "?" : power_word(s->facts.power));
    add(p, ROLE_DIM, "   mover %s", s->mover);
    if (s->facts.power != POWER_ON || s->facts.place == PLACE_CLOUD)
        return;
    (void)cells_waits("   ready", s->facts.ready_permille, false, waits, &role);
    add(p, role, "%s", waits);
    (void)cells_waits("   co-stop", s->facts.costop_permille, false, waits, &role);
    add(p, role, "%s", waits);
}

static void offering_lines(struct sheet *p, const struct server_view *s)
{
    char name[OFFERING_NAME], price[USD_TEXT];

    for (size_t i = 0; i < s->n_offerings; i++) {
        const struct offering_view *o = &s->offerings[i];
        enum role role = o->left_out ? ROLE_DIM : ROLE_TEXT;

        begin(p, i == 0 ? "Offerings" : "");
        add(p, role, "%c %-31s %s%s/h", o->left_out ? '-' : (char)('1' + (int)i),
            offering_name(o->type, o->zone, o->lifecycle, name),
            o->price_known ? "$" : "",
            o->price_known ? usd_text(o->price, 3, price) : "?");
        add(p, ROLE_DIM, "   ");
        add_long(p, ROLE_DIM, VALUE_COL + 2, o->why);
    }
    if (s->offerings_more > 0) {
        begin(p, "");
        add(p, ROLE_DIM, "%d more", s->offerings_more);
    }
}

static void node_line(struct sheet *p, const char *label, const struct node_facts *n)
{
    char buf[DUR_TEXT];

    begin(p, label);
    add(p, ROLE_TEXT, "%s  ", or_none(n->name));
    if (!n->known) {
        add(p, ROLE_STALE, "?");
        if (n->as_of.s != 0)
            add(p, ROLE_DIM, "   last seen %s ago",
                cells_age(p->f->now.s - n->as_of.s, buf));
        return;
    }
    if (n->open)
        add(p, ROLE_OK, "open");
    else if (n->marked)
        add(p, n->closed_by == CLOSED_BY_PERSON ? ROLE_WARN : ROLE_DIM, "closed by %s",
            closed_by_word(n->closed_by));
    else
        add(p, ROLE_WARN, "offline");
    if (n->busy > 0 || !n->idle)
        add(p, ROLE_BUSY, "   runs %s", n->build[0] != '\0' ? n->build : "a build");
    if (n->busy > 0 && n->build_progress >= 0)
        add(p, ROLE_BUSY, " %d%%", n->build_progress);
    if (n->busy == 0 && n->idle_since.s != 0)
        add(p, ROLE_TEXT, "   idle %s", cells_age(p->f->now.s - n->idle_since.s, buf));
    if (n->as_of.s != 0)
        add(p, ROLE_DIM, "   read %s ago", cells_age(p->f->now.s - n->as_of.s, buf));
    if (n->cause[0] != '\0') { /* last: it may be long */
        add(p, ROLE_DIM, "   ");
        add_long(p, ROLE_DIM, VALUE_COL, n->cause);
    }
}

static void move_lines(struct sheet *p, const struct server_view *s)
{
    const struct move_view *m = &s->move;
    const struct frame *f = p->f;
    char took[DUR_TEXT], when[TIME_TEXT];

    if (m->active) {
        begin(p, "Move");
        add(p, ROLE_STATE_MOVING, "%s %s, by %s", m->id,
            m->direction == DIRECTION_OUT ? "to the cloud" : "back on-prem",
            or_none(m->by));
        add(p, ROLE_TEXT, "   %s%s",
            m->committed ? "past its commit point" : "can be canceled",
            m->interrupted ? ", after an interruption" : "");
        if (m->deadline.s != 0)
            add(p, ROLE_DIM, "   deadline %s",
                act_when(f->ui->app->tz, f->now, m->deadline, when));
        begin(p, "Stages");
        for (int i = 0; i < m->of && i < MAX_STEPS; i++) {
            const char *sign = i + 1 < m->n ? "+" : i + 1 == m->n ? ">" : " ";

            add(p, i + 1 == m->n ? ROLE_STATE_MOVING : ROLE_TEXT, "[%s] %s%s%s  ", sign,
                step_word(m->steps[i]), m->step_took_s[i] >= 0 ? " " : "",
                m->step_took_s[i] >= 0 ? cells_countdown(m->step_took_s[i], took) : "");
        }
        if (m->progress >= 0) {
            begin(p, "Progress");
            if (p->visible)
                widget_bar(&p->pen, ROLE_STATE_MOVING, 20, m->progress, 100);
            add(p, ROLE_TEXT, " %d%%", m->progress);
        }
        if (m->note[0] != '\0') {
            begin(p, "Note");
            add_long(p, ROLE_TEXT, VALUE_COL, m->note);
        }
    }
    if (s->failures > 0 || s->breaker_open || s->retry_at.s != 0) {
        begin(p, "Failures");
        add(p, s->breaker_open ? ROLE_STATE_ERROR : ROLE_WARN, "%d in a row%s",
            s->failures, s->breaker_open ? ", breaker open" : "");
        if (s->retry_at.s != 0)
            add(p, ROLE_TEXT, "   next try %s",
                act_when(f->ui->app->tz, f->now, s->retry_at, when));
    }
}

static void cost_lines(struct sheet *p, const struct server_view *s)
{
    char a[USD_TEXT], b[USD_TEXT], c[USD_TEXT], age[DUR_TEXT];

    begin(p, "Cost");
    add(p, ROLE_TEXT, "now %s%s/h   today $%s   month $%s%s",
        s->cost.hour_known ? "$" : "",
        s->cost.hour_known ? usd_text(s->cost.hour, 3, a) : "?",
        usd_text(s->cost.today, 2, b), usd_text(s->cost.month, 2, c),
        s->cost.month_known ? "" : " +?");
    add(p, ROLE_DIM, "   estimate");
    begin(p, "Price");
    if (s->cost.price_source == PRICE_UNKNOWN) {
        add(p, ROLE_STALE, "?");
        return;
    }
    add(p, ROLE_TEXT, "$%s/h", usd_text(s->cost.price, 4, a));
    add(p, ROLE_DIM, "   %s", price_source_screen(s->cost.price_source));
    if (s->cost.price_as_of.s != 0)
        add(p, ROLE_DIM, ", %s old", cells_age(p->f->now.s - s->cost.price_as_of.s, age));
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
    begin(p, "Tests");
    if (sum->known)
        add(p, ROLE_TEXT, "%s in the cloud   median of %d job%s with %d builds",
            cells_speedup(sum->percent, faster), sum->jobs, sum->jobs == 1 ? "" : "s",
            sum->builds);
    else
        add_long(p, ROLE_DIM, VALUE_COL, sum->missing);
    for (size_t i = 0; i < fleet->n_jobs; i++) {
        const struct job_view *v = &fleet->jobs[i];

        if (!str_eq(v->server, s->name))
            continue;
        begin(p, "");
        add(p, ROLE_TEXT, "%s  ", v->name);
        if (p->pen.col < TIMES_COL)
            p->pen.col = TIMES_COL;
        add(p, ROLE_TEXT, "%s on-prem  %s cloud",
            median(v->onprem_ms, v->onprem_builds, a),
            median(v->cloud_ms, v->cloud_builds, b));
        if (v->known)
            add(p, v->percent < 0 ? ROLE_WARN : ROLE_OK, "  %s",
                cells_speedup(v->percent, faster));
        add(p, ROLE_DIM, "   %d and %d builds", v->onprem_builds, v->cloud_builds);
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

/* The whole page; how many lines it has. */
static int draw_page(const struct frame *f, const struct server_view *s)
{
    struct sheet p = {.f = f};

    place_lines(&p, s);
    machine_lines(&p, s);
    node_line(&p, "Jenkins", &s->facts.onprem);
    node_line(&p, "  cloud", &s->facts.cloud);
    move_lines(&p, s);
    cost_lines(&p, s);
    offering_lines(&p, s);
    test_lines(&p, s);
    p.line++;
    server_events(&p, s);
    return p.line;
}

/* Counts first: the title says what there is, and scrolling stops at the last line. */
static int fit_page(const struct frame *f, const struct server_view *s)
{
    struct frame nowhere = *f;
    int wanted = f->ui->scroll, lines, last;

    f->ui->scroll = SCROLL_MAX;
    lines = draw_page(&nowhere, s);
    last = lines - (f->bottom - f->top);
    f->ui->scroll = wanted < last ? wanted : last > 0 ? last : 0;
    return lines;
}

static void detail_draw(const struct frame *frame)
{
    const struct server_view *s = view_selected(frame->ui);
    struct frame f = *frame;
    char title[NAME_TEXT + 48];
    bool framed = f.c->rows >= 5;
    int lines, height;

    if (framed) {
        f.top = 2;
        f.bottom = f.c->rows - 2;
    }
    height = f.bottom - f.top;
    lines = s != NULL ? fit_page(&f, s) : 0;
    (void)str_copy(title, sizeof(title), s != NULL ? s->name : "no server");
    if (lines > height)
        (void)str_format(title, sizeof(title), "%s  %d-%d of %d, j/k", s->name,
                         f.ui->scroll + 1, f.ui->scroll + height, lines);
    if (framed) {
        header_title(&f, 0);
        canvas_rule(f.c, 1, title, "Esc back   m move   p hold   x cancel");
        footer_message(&f, f.c->rows - 2);
        footer_hints(&f, f.c->rows - 1);
    }
    if (s != NULL)
        (void)draw_page(&f, s);
}

const struct view_ops view_detail = {.draw = detail_draw};
