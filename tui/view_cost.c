#include <config.h>

#include <string.h>

#include "core/cost/bill.h"
#include "tui/bill_lines.h"
#include "tui/chart.h"
#include "tui/sheet.h"

/*
 * What it costs: the month by day and server, what it will come to, what it would have
 * been, and what it is made of. The bars of the day and those of each server stand in the
 * same columns.
 */

enum { AXIS = 7, BESIDE_COLS = 64, NAME_COL = 14, DAY_S = 86400 };

/* How the page is laid out, and the days that all of it shares. */
struct money {
    const struct frame *f;
    const struct fleet *fleet;
    int left;           /* cells of the texts beside the bars; 0: the bars stand below */
    int cells;          /* of a day */
    size_t n;           /* days of the whole month */
    int64_t server_max; /* of any server's day */
    struct chart chart;
    int64_t values[FLEET_DAYS + 1];
};

static size_t month_days(const struct fleet *f)
{
    int64_t rest;

    if (f->n_days == 0)
        return 0;
    rest = ledger_month_end(f->days[0].start).s - f->days[f->n_days - 1].start.s;
    rest = (rest + DAY_S / 2) / DAY_S;
    return f->n_days + (size_t)(rest > 1 ? rest - 1 : 0) < FLEET_DAYS
               ? f->n_days + (size_t)(rest > 1 ? rest - 1 : 0)
               : FLEET_DAYS;
}

/* Each day by itself, or all days up to it. */
static void day_values(struct money *m, bool sum)
{
    const struct fleet *f = m->fleet;
    struct chart *c = &m->chart;
    int64_t total = 0, max = 0;

    for (size_t i = 0; i < m->n; i++) {
        if (i < f->n_days)
            total += f->days[i].known ? f->days[i].cost.nanos : 0;
        m->values[i] = i >= f->n_days      ? CHART_NONE
                       : !f->days[i].known ? CHART_UNKNOWN
                       : sum               ? total
                                           : f->days[i].cost.nanos;
        if (m->values[i] > max)
            max = m->values[i];
    }
    if (sum && f->has_budget) {
        c->lines[0] = (struct chart_line){f->budget.nanos, ROLE_MONEY_HIGH, GLYPH_RULE};
        max = f->budget.nanos > max ? f->budget.nanos : max;
    }
    if (sum && f->forecast.known) {
        c->band_from = f->forecast.p10.nanos;
        c->band_to = f->forecast.p90.nanos;
        max = c->band_to > max ? c->band_to : max;
    }
    c->max = chart_scale(max);
}

static void make_money(const struct frame *f, struct money *m)
{
    int cols = f->c->cols, rows = f->c->rows, room;

    memset(m, 0, sizeof(*m));
    m->f = f;
    m->fleet = f->fleet;
    m->n = month_days(f->fleet);
    m->chart = (struct chart){.values = m->values,
                              .n = m->n,
                              .height = rows < 30   ? 6
                                        : rows < 45 ? 8
                                                    : 14,
                              .role = ROLE_MONEY_LOW,
                              .marked = f->fleet->n_days - 1};
    m->left = cols >= 160 ? 60 : cols >= 100 ? 50 : cols >= BESIDE_COLS ? 40 : 0;
    room = cols - 2 - m->left - AXIS;
    m->cells = m->n > 0 && room / (int)m->n > 1 ? room / (int)m->n : 1;
    m->cells = m->cells > 4 ? 4 : m->cells;
    m->chart.cells = m->cells;
    day_values(m, f->ui->cost_sum);
    for (size_t i = 0; i < f->fleet->n_servers; i++) {
        const struct cost_view *v = &f->fleet->servers[i].cost;

        for (size_t d = 0; d < f->fleet->n_days; d++) {
            if (v->days[d].nanos > m->server_max)
                m->server_max = v->days[d].nanos;
        }
    }
}

/* "$125.26", "$125.26 +?", "$?" */
static void put_amount(struct pen *p, enum role role, struct usd v, bool known)
{
    char text[USD_TEXT];

    if (!known && v.nanos == 0)
        pen_put(p, ROLE_STALE, "$?");
    else
        pen_printf(p, role, "$%s", usd_text(v, 2, text));
    if (!known && v.nanos != 0)
        pen_put(p, ROLE_STALE, " +?");
}

/* ----- the sums ----- */

static void now_line(const struct money *m, struct pen *p)
{
    const struct fleet *f = m->fleet;
    char a[USD_TEXT];

    pen_put(p, ROLE_DIM, "Now       ");
    if (!f->hour_known && f->hour.nanos == 0)
        pen_put(p, ROLE_STALE, "$?/h");
    else
        pen_printf(p, ROLE_TEXT, "$%s/h%s", usd_text(f->hour, 3, a),
                   f->hour_known ? "" : " +?");
    pen_printf(p, ROLE_DIM, "   %d in the cloud", f->in_cloud);
}

static void today_line(const struct money *m, struct pen *p)
{
    pen_put(p, ROLE_DIM, "Today     ");
    put_amount(p, ROLE_TEXT, m->fleet->today, m->fleet->month_known);
}

static void month_line(const struct money *m, struct pen *p)
{
    pen_put(p, ROLE_DIM, "Month     ");
    put_amount(p, ROLE_TITLE, m->fleet->month, m->fleet->month_known);
    pen_put(p, ROLE_DIM, " so far, estimate");
}

static void forecast_line(const struct money *m, struct pen *p)
{
    const struct fleet *f = m->fleet;
    char a[USD_TEXT], b[USD_TEXT], c[USD_TEXT];

    pen_put(p, ROLE_DIM, "Forecast  ");
    if (!f->forecast.known) {
        pen_put(p, ROLE_STALE, "?");
        pen_put(p, ROLE_DIM, "   a price is not known");
        return;
    }
    pen_printf(p, ROLE_TITLE, "$%s", usd_text(f->forecast.p50, 2, a));
    pen_printf(p, ROLE_DIM, "  p10 %s p90 %s", usd_text(f->forecast.p10, 0, b),
               usd_text(f->forecast.p90, 0, c));
}

static void budget_line(const struct money *m, struct pen *p)
{
    const struct fleet *f = m->fleet;
    enum role role;
    const char *word = header_budget_word(m->f, &role);
    char a[USD_TEXT];

    pen_put(p, ROLE_DIM, "Budget    ");
    if (!f->has_budget) {
        pen_put(p, ROLE_DIM, "none: policy.budget_month");
        return;
    }
    pen_printf(p, ROLE_TEXT, "$%s", usd_text(f->budget, 2, a));
    if (f->budget.nanos >= 100)
        pen_printf(p, ROLE_TEXT, "  %lld%%%s",
                   (long long)(f->month.nanos / (f->budget.nanos / 100)),
                   f->month_known ? "" : "+?");
    pen_put(p, ROLE_DIM, "  ");
    if (word[0] != '\0')
        pen_put(p, role, word);
    else if (f->forecast.known && f->month_known) /* else nobody knows */
        pen_put(p, ROLE_OK, "on track");
}

/* Month, forecast and budget on one bar. */
static void gauge_line(const struct money *m, struct pen *p)
{
    const struct fleet *f = m->fleet;
    struct chart_gauge g = {.reached = f->month.nanos, .role = ROLE_MONEY_LOW};
    int cells = p->end - p->col;

    if (f->forecast.known) {
        g.from = f->forecast.p10.nanos;
        g.middle = f->forecast.p50.nanos;
        g.to = f->forecast.p90.nanos;
    }
    if (f->has_budget) {
        enum role role;

        (void)header_budget_word(m->f, &role);
        g.limit = f->budget.nanos;
        g.role = role == ROLE_TEXT ? ROLE_MONEY_LOW : role;
    }
    chart_gauge(&g, p, cells < 60 ? cells : 60);
}

static void (*const sums[])(const struct money *m, struct pen *p) = {
    now_line, today_line, month_line, forecast_line, budget_line, gauge_line};

/* ----- the days ----- */

static void bar_row(const struct money *m, struct pen *p, int row)
{
    int height = m->chart.height;
    int64_t shown = row == height - 1 ? m->chart.max : row == 0 ? 0 : -1;
    char text[USD_TEXT];

    if (m->chart.lines[0].at > 0 &&
        chart_row_of(m->chart.lines[0].at, m->chart.max, height) == row)
        shown = m->chart.lines[0].at;
    if (shown >= 0) {
        cells_money((struct usd){shown}, shown < USD_NANOS && shown > 0 ? 2 : 0, AXIS - 1,
                    text);
        canvas_put_right(p->c, p->row, p->col, AXIS - 1, ROLE_DIM, text);
    }
    p->col += AXIS;
    chart_row(&m->chart, p, row);
}

/* The days of the month, as many as fit; today's number stands out. */
static void day_numbers(const struct money *m, struct pen *p)
{
    const struct fleet *f = m->fleet;
    int step = m->cells >= 3 ? 1 : m->cells == 2 ? 2 : 5, first = p->col + AXIS;

    for (size_t i = 0; i < m->n; i++) {
        struct utc t = i < f->n_days ? f->days[i].start
                                     : (struct utc){f->days[f->n_days - 1].start.s +
                                                    (int64_t)(i + 1 - f->n_days) * DAY_S +
                                                    DAY_S / 2};
        int day = act_civil(m->f->ui->app->tz, t).day;
        bool is_today = i + 1 == f->n_days;
        char text[16];

        (void)str_format(text, sizeof(text), "%d", day);
        if (is_today ||
            ((day - 1) % step == 0 && i + 1 != f->n_days + 1 && i + 2 != f->n_days) ||
            m->cells >= 3)
            (void)canvas_put(p->c, p->row, first + (int)i * m->cells, 2,
                             is_today ? ROLE_TITLE : ROLE_DIM, text);
    }
}

/* One row of small bars: a server's days, on the scale of all servers. */
static void small_bars(const struct money *m, struct pen *p, const int64_t *values)
{
    const struct chart c = {.values = values,
                            .n = m->fleet->n_days,
                            .cells = m->cells,
                            .height = 1,
                            .max = m->server_max,
                            .role = ROLE_SPARK,
                            .marked = m->fleet->n_days};

    p->col += AXIS;
    chart_row(&c, p, 0);
}

/* The texts at the left, the bars at the right; on a narrow screen one below the other.
 */
static void top_lines(struct sheet *s, const struct money *m)
{
    int n = (int)ARRAY_LEN(sums), height = m->n > 0 ? m->chart.height : 0;

    for (int i = 0; i < n || (m->left > 0 && i < height); i++) {
        struct pen left;

        sheet_line(s);
        left = s->pen;
        if (m->left > 0)
            left.end = left.col + m->left - 2;
        if (i < n)
            sums[i](m, &left);
        s->pen.col += m->left;
        if (m->left > 0 && i < height)
            bar_row(m, &s->pen, height - 1 - i);
    }
    if (m->left > 0 || height == 0)
        return;
    for (int i = 0; i < height; i++) {
        sheet_line(s);
        bar_row(m, &s->pen, height - 1 - i);
    }
    sheet_line(s);
    day_numbers(m, &s->pen);
}

/* ----- the servers ----- */

/* Columns behind the name; those that do not fit are left out from the right. */
enum { MONEY_HOUR, MONEY_TODAY, MONEY_MONTH, MONEY_SAVED, MONEY_HOURS, MONEY_LOST };
static const struct {
    const char *title;
    int width;
} columns[] = {
    [MONEY_HOUR] = {"$/H", 6},    [MONEY_TODAY] = {"TODAY", 7},
    [MONEY_MONTH] = {"MONTH", 8}, [MONEY_SAVED] = {"VS OD", 6},
    [MONEY_HOURS] = {"HOURS", 8}, [MONEY_LOST] = {"LOST 7D", 9},
};

static int name_width(const struct money *m)
{
    int cols = m->f->c->cols;

    return cols < BESIDE_COLS ? 10 : cols < 100 ? NAME_COL - 1 : NAME_COL;
}

static void put_column(const struct money *m, struct pen *p, int column, enum role role,
                       const char *text)
{
    int limit = m->left > 0 ? 1 + m->left : p->end + 1;

    if (p->col + columns[column].width > limit)
        return;
    canvas_put_right(p->c, p->row, p->col, columns[column].width, role, text);
    p->col += columns[column].width;
}

static void put_money(const struct money *m, struct pen *p, int column, struct usd v,
                      bool known)
{
    int decimals = column == MONEY_HOUR ? 3 : 2, width = columns[column].width - 1;
    char text[USD_TEXT + 2];

    if (!known && v.nanos == 0) {
        put_column(m, p, column, ROLE_STALE, "?");
        return;
    }
    if (v.nanos == 0 && column == MONEY_HOUR) {
        put_column(m, p, column, ROLE_DIM, "-");
        return;
    }
    cells_money(v, decimals, known ? width : width - 1, text);
    if (!known)
        (void)str_copy(text + strlen(text), 2, "?");
    put_column(m, p, column, known ? ROLE_TEXT : ROLE_STALE, text);
}

/* "-58%": what was paid, against the same hours on demand. */
static void saved_text(const struct cost_view *v, char out[16])
{
    int64_t same = v->same_hours.nanos;

    (void)str_copy(out, 16, "-");
    if (v->same_hours_known && v->month_known && same > 0 && v->instance_s > 0)
        (void)str_format(out, 16, "%+d%%", chart_percent(v->month.nanos - same, same));
}

static void server_line(struct sheet *s, const struct money *m,
                        const struct server_view *v)
{
    int64_t values[FLEET_DAYS];
    struct pen *p = &s->pen;
    char text[16];

    sheet_line(s);
    (void)canvas_put(p->c, p->row, p->col, name_width(m) - 1, ROLE_TEXT, v->name);
    p->col += name_width(m);
    put_money(m, p, MONEY_HOUR, v->cost.hour, v->cost.hour_known);
    put_money(m, p, MONEY_TODAY, v->cost.today, v->cost.month_known);
    put_money(m, p, MONEY_MONTH, v->cost.month, v->cost.month_known);
    saved_text(&v->cost, text);
    put_column(m, p, MONEY_SAVED, text[0] == '-' && text[1] != '\0' ? ROLE_OK : ROLE_DIM,
               text);
    (void)str_format(text, sizeof(text), "%lld.%lld",
                     (long long)(v->cost.instance_s / 3600),
                     (long long)(v->cost.instance_s % 3600 / 360));
    put_column(m, p, MONEY_HOURS, ROLE_TEXT, text);
    (void)str_format(text, sizeof(text), "%d", v->interruptions);
    put_column(m, p, MONEY_LOST, v->interruptions > 0 ? ROLE_WARN : ROLE_DIM, text);
    if (m->left == 0)
        return;
    for (size_t d = 0; d < m->fleet->n_days; d++)
        values[d] =
            (v->cost.days_unknown >> d & 1) != 0 ? CHART_UNKNOWN : v->cost.days[d].nanos;
    p->col = 1 + m->left;
    small_bars(m, p, values);
}

/* What no server has: the extension, disks and whatever else is in the sums. */
static void other_line(struct sheet *s, const struct money *m)
{
    const struct fleet *f = m->fleet;
    struct usd hour = f->hour, today = f->today, month = f->month;
    int64_t values[FLEET_DAYS];
    struct pen *p = &s->pen;

    for (size_t i = 0; i < f->n_servers; i++) {
        hour.nanos -= f->servers[i].cost.hour.nanos;
        today.nanos -= f->servers[i].cost.today.nanos;
        month.nanos -= f->servers[i].cost.month.nanos;
    }
    for (size_t d = 0; d < f->n_days; d++) {
        values[d] = f->days[d].known ? f->days[d].cost.nanos : CHART_UNKNOWN;
        for (size_t i = 0; i < f->n_servers && values[d] != CHART_UNKNOWN; i++)
            values[d] -= f->servers[i].cost.days[d].nanos;
    }
    sheet_line(s);
    pen_put(p, ROLE_DIM, "other");
    p->col = 1 + name_width(m);
    put_money(m, p, MONEY_HOUR, hour, true);
    put_money(m, p, MONEY_TODAY, today, f->month_known);
    put_money(m, p, MONEY_MONTH, month, f->month_known);
    if (m->left == 0)
        return;
    p->col = 1 + m->left;
    small_bars(m, p, values);
}

static void total_line(struct sheet *s, const struct money *m)
{
    struct pen *p = &s->pen;

    sheet_line(s);
    pen_put(p, ROLE_TITLE, "total");
    p->col = 1 + name_width(m);
    put_money(m, p, MONEY_HOUR, m->fleet->hour, m->fleet->hour_known);
    put_money(m, p, MONEY_TODAY, m->fleet->today, m->fleet->month_known);
    put_money(m, p, MONEY_MONTH, m->fleet->month, m->fleet->month_known);
}

static void server_lines(struct sheet *s, const struct money *m)
{
    struct pen *p = &s->pen;

    sheet_line(s);
    pen_put(p, ROLE_HEADER, "SERVER");
    p->col = 1 + name_width(m);
    for (int i = 0; i < (int)ARRAY_LEN(columns); i++)
        put_column(m, p, i, ROLE_HEADER, columns[i].title);
    if (m->left > 0 && m->n > 0) {
        p->col = 1 + m->left;
        day_numbers(m, p);
    }
    for (size_t i = 0; i < m->fleet->n_servers; i++)
        server_line(s, m, &m->fleet->servers[i]);
    other_line(s, m);
    total_line(s, m);
}

static void draw_money(struct sheet *s, const void *arg)
{
    struct money m;

    (void)arg;
    if (s->f->fleet->version == 0) {
        sheet_line(s);
        pen_put(&s->pen, ROLE_DIM, "..");
        return;
    }
    make_money(s->f, &m);
    top_lines(s, &m);
    server_lines(s, &m);
    s->line++;
    bill_lines(s);
}

static void cost_draw(const struct frame *f)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct civil month = act_civil(NULL, f->now); /* the bill's months are UTC */
    char title[64];
    struct page page = {.title = title,
                        .keys = f->ui->cost_sum
                                    ? "the sum so far   t each day   E export"
                                    : "each day   t the sum so far   E export",
                        .draw = draw_money};

    (void)str_format(title, sizeof(title), "3 Cost  %s %d", months[month.month - 1],
                     month.year);
    page_draw(f, &page);
}

static bool cost_act(struct ui *ui, enum action a)
{
    if (a == ACTION_PERIOD)
        ui->cost_sum = !ui->cost_sum;
    else if (a == ACTION_EXPORT)
        ui->export = true;
    return a == ACTION_PERIOD || a == ACTION_EXPORT;
}

const struct view_ops view_cost = {.draw = cost_draw, .act = cost_act};
