#include <config.h>

#include <string.h>

#include "tui/view.h"

/*
 * The APIs, a row for each thing that is read, and of the selected one what is wrong and
 * what helps.
 */

enum { WIDE_COLS = 100, BROAD_COLS = 150, ERROR_LEAST = 8, SELECTED_ROWS = 3 };

enum api_column {
    API_COLUMN_SOURCE,
    API_COLUMN_STATE,
    API_COLUMN_AGE,
    API_COLUMN_EVERY,
    API_COLUMN_P50,
    API_COLUMN_P95,
    API_COLUMN_ERRORS,
    API_COLUMN_NEXT,
    API_COLUMN_SPARK,
    API_COLUMN_ERROR,
    API_COLUMNS
};

/* Where a column stands and how wide it is, below 100 cells and from there on; width 0:
 * not shown, or as far as the screen goes. */
static const struct {
    const char *title;
    bool right;
    int x, width, wide_x, wide_width;
} columns[API_COLUMNS] = {
    /* clang-format off */
    [API_COLUMN_SOURCE] = {"SOURCE",     false,  1, 20,  1, 32},
    [API_COLUMN_STATE]  = {"STATE",      false, 22,  7, 34,  7},
    [API_COLUMN_AGE]    = {"DATA AGE",   true,  29,  8, 41,  8},
    [API_COLUMN_EVERY]  = {"EVERY",      true,  38,  5, 50,  5},
    [API_COLUMN_P50]    = {"P50",        true,  44,  8, 56,  7},
    [API_COLUMN_P95]    = {"P95",        true,   0,  0, 64,  7},
    [API_COLUMN_ERRORS] = {"ERR 1H",     true,  53,  6, 72,  6},
    [API_COLUMN_NEXT]   = {"NEXT",       true,  60,  6, 79,  6},
    [API_COLUMN_SPARK]  = {"LATENCY",    false,  0,  0, 86, 10},
    [API_COLUMN_ERROR]  = {"LAST ERROR", false, 67,  0, 98,  0},
    /* clang-format on */
};

struct field {
    int x, width;
};

static struct field field_of(const struct frame *f, enum api_column c)
{
    bool wide = f->c->cols >= WIDE_COLS;
    struct field at = {wide ? columns[c].wide_x : columns[c].x,
                       wide ? columns[c].wide_width : columns[c].width};

    if (f->c->cols >= BROAD_COLS && c == API_COLUMN_SPARK)
        at.width = FLEET_LATENCIES;
    if (f->c->cols >= BROAD_COLS && c == API_COLUMN_ERROR)
        at.x += FLEET_LATENCIES - columns[API_COLUMN_SPARK].wide_width;
    if (c == API_COLUMN_ERROR)
        at.width = f->c->cols - at.x < ERROR_LEAST ? 0 : f->c->cols - at.x;
    else if (at.x + at.width > f->c->cols)
        at.width = 0; /* whole, or not at all */
    return at;
}

static void put(const struct frame *f, int row, enum api_column c, enum role role,
                const char *text)
{
    struct field at = field_of(f, c);

    if (at.width <= 0)
        return;
    if (columns[c].right)
        canvas_put_right(f->c, row, at.x, at.width, role, text);
    else
        (void)canvas_put(f->c, row, at.x, at.width, role, text);
}

static const char *state_text(const struct frame *f, const struct api_view *a,
                              enum role *role)
{
    int64_t age = f->now.s - a->last_ok.s;

    *role = ROLE_OK;
    switch (a->state) {
    case API_OK:
        if (f->fleet->stale_after_s > 0 && age > f->fleet->stale_after_s &&
            age > 3 * a->every_s) {
            *role = ROLE_STALE;
            return "STALE";
        }
        return "ok";
    case API_WAITING:
        *role = ROLE_DIM;
        return "..";
    case API_STALE:
        *role = ROLE_STALE;
        return "STALE";
    case API_DOWN:
        *role = ROLE_CRIT;
        return "DOWN";
    case API_AUTH:
        *role = ROLE_CRIT;
        return "AUTH";
    case API_OFF:
    case API_COUNT:
        break;
    }
    *role = ROLE_DIM;
    return "off";
}

/* ----- latencies ----- */

/* Those that are known, in order of size; returns how many. */
static int sorted(const struct api_view *a, int32_t out[FLEET_LATENCIES])
{
    int n = 0;

    for (size_t i = 0; i < FLEET_LATENCIES; i++) {
        int at = n;

        if (a->latencies_ms[i] < 0)
            continue;
        for (; at > 0 && out[at - 1] > a->latencies_ms[i]; at--)
            out[at] = out[at - 1];
        out[at] = a->latencies_ms[i];
        n++;
    }
    return n;
}

/* "80ms", "1.20s", "-" */
static const char *quantile(const struct api_view *a, int percent, char buf[DUR_TEXT])
{
    int32_t list[FLEET_LATENCIES];
    int n = sorted(a, list), at = (n * percent + 99) / 100;
    int32_t ms;

    (void)str_copy(buf, DUR_TEXT, "-");
    if (n == 0)
        return buf;
    ms = list[at > 0 ? at - 1 : 0];
    if (ms < 1000)
        (void)str_format(buf, DUR_TEXT, "%dms", ms);
    else
        (void)str_format(buf, DUR_TEXT, "%d.%02ds", ms / 1000, ms % 1000 / 10);
    return buf;
}

/* Against the slowest of them. */
static void draw_spark(const struct api_view *a, struct pen *p, int cells)
{
    int16_t values[FLEET_LATENCIES];
    int32_t list[FLEET_LATENCIES];
    int n = sorted(a, list);
    int64_t max = n > 0 && list[n - 1] > 0 ? list[n - 1] : 1;

    for (size_t i = 0; i < FLEET_LATENCIES; i++) {
        int64_t permille =
            a->latencies_ms[i] < 0 ? -1 : a->latencies_ms[i] * INT64_C(1000) / max;

        values[i] = (int16_t)permille;
    }
    widget_spark(p, values, FLEET_LATENCIES, cells);
}

/* ----- the table ----- */

static void draw_source(const struct frame *f, int row, const struct api_view *a)
{
    struct field spark = field_of(f, API_COLUMN_SPARK);
    char text[LINE_TEXT], number[DUR_TEXT], clock[TIME_TEXT];
    enum role role;
    const char *state = state_text(f, a, &role);

    (void)str_format(text, sizeof(text), "%s %s", source_api(a->source),
                     source_what(a->source));
    put(f, row, API_COLUMN_SOURCE, ROLE_TEXT, text);
    put(f, row, API_COLUMN_STATE, role, state);
    if (a->state == API_OFF)
        return;
    put(f, row, API_COLUMN_AGE, role == ROLE_STALE ? ROLE_STALE : ROLE_TEXT,
        a->last_ok.s == 0 ? "never" : cells_age(f->now.s - a->last_ok.s, number));
    put(f, row, API_COLUMN_EVERY, ROLE_TEXT, cells_age(a->every_s, number));
    put(f, row, API_COLUMN_P50, ROLE_TEXT, quantile(a, 50, number));
    put(f, row, API_COLUMN_P95, ROLE_TEXT, quantile(a, 95, number));
    (void)str_format(text, sizeof(text), "%d", a->errors_hour);
    put(f, row, API_COLUMN_ERRORS, a->errors_hour > 0 ? ROLE_WARN : ROLE_TEXT, text);
    put(f, row, API_COLUMN_NEXT, ROLE_TEXT,
        a->next.s == 0          ? "-"
        : a->next.s <= f->now.s ? "now"
                                : cells_age(a->next.s - f->now.s, number));
    if (spark.width > 0)
        draw_spark(a, &(struct pen){f->c, row, spark.x, spark.x + spark.width},
                   spark.width);
    if (a->error[0] == '\0') {
        put(f, row, API_COLUMN_ERROR, ROLE_DIM, "-");
        return;
    }
    (void)str_format(text, sizeof(text), "%s %.150s",
                     view_clock(f->ui, f->now, a->error_at, clock), a->error);
    put(f, row, API_COLUMN_ERROR, a->failures > 0 ? ROLE_WARN : ROLE_DIM, text);
}

static void draw_controller(const struct frame *f, int row)
{
    const struct fleet *fleet = f->fleet;
    struct pen p = {f->c, row, 1, f->c->cols};
    char age[DUR_TEXT], text[NAME_TEXT];
    enum role role;

    pen_put(&p, ROLE_TEXT, "controller");
    p.col = field_of(f, API_COLUMN_STATE).x;
    if (fleet->version == 0) {
        pen_put(&p, ROLE_DIM, "..");
        return;
    }
    pen_printf(&p, ROLE_TEXT, "picture %s old", cells_age(f->now.s - fleet->at.s, age));
    if (fleet->controller.pid != 0)
        pen_printf(&p, ROLE_TEXT, "   on %s, pid %d, up %s", fleet->controller.host,
                   fleet->controller.pid,
                   duration_text(f->now.s - fleet->controller.since.s, age));
    pen_gap(&p, 3);
    pen_put(&p, role = ROLE_TEXT, cells_auto(fleet, f->now, text, &role));
    if (fleet->auto_since.s != 0)
        pen_printf(
            &p, ROLE_DIM, " since %s%s%s",
            act_when(f->ui->app->tz, f->now, fleet->auto_since, (char[TIME_TEXT]){0}),
            fleet->auto_by[0] != '\0' ? " by " : "", fleet->auto_by);
}

/* ----- the selected one ----- */

/* What its state means for moves, and what helps. */
static const char *remedy(const struct api_view *a)
{
    switch (a->state) {
    case API_AUTH:
        return "It refuses the credentials or a right is missing, and no act goes there. "
               "rushhour doctor says which; a secret is read again when its file "
               "changes.";
    case API_DOWN:
        return "The breaker is open: no act goes there until it answers again, and what "
               "depends on it waits. Is it up, and its url right? rushhour doctor tries.";
    case API_STALE:
        return "Its last good answer is too old to decide by: moves that need it wait. "
               "R asks all APIs now.";
    case API_WAITING:
        return "It has not answered yet.";
    case API_OFF:
        return "There is nothing to ask it for now.";
    case API_OK:
    case API_COUNT:
        break;
    }
    return "";
}

static int wrapped(const struct frame *f, int row, int bottom, enum role role,
                   const char *text)
{
    while (*text != '\0' && row < bottom) {
        char part[LINE_TEXT];
        size_t len = widget_break(text, f->c->cols - 14, f->c->ascii);

        if (len == 0)
            break;
        (void)str_format(part, sizeof(part), "%.*s", (int)len,
                         text); /* a line is short */
        (void)canvas_put(f->c, row++, 12, f->c->cols - 13, role, part);
        text += len;
        text += strspn(text, " ");
    }
    return row;
}

static void draw_selected(const struct frame *f, int row, int bottom,
                          const struct api_view *a)
{
    char title[2 * NAME_TEXT], p50[DUR_TEXT], p95[DUR_TEXT], age[DUR_TEXT],
        when[TIME_TEXT], text[LINE_TEXT + ID_TEXT + 16];
    struct pen p = {f->c, row + 1, 1, f->c->cols};
    enum role role;

    if (bottom - row < SELECTED_ROWS)
        return;
    (void)str_format(title, sizeof(title), "%s %s", source_api(a->source),
                     source_what(a->source));
    canvas_rule(f->c, row, title, "j/k");
    pen_put(&p, ROLE_DIM, "Latency");
    p.col = 12;
    draw_spark(a, &p, FLEET_LATENCIES);
    pen_printf(&p, ROLE_TEXT, "  p50 %s  p95 %s", quantile(a, 50, p50),
               quantile(a, 95, p95));
    p = (struct pen){f->c, row + 2, 1, f->c->cols};
    pen_put(&p, ROLE_DIM, "State");
    p.col = 12;
    pen_put(&p, role = ROLE_TEXT, state_text(f, a, &role));
    if (a->failures > 0)
        pen_printf(&p, ROLE_WARN, "   %d failure%s in a row", a->failures,
                   a->failures == 1 ? "" : "s");
    if (a->last_ok.s != 0)
        pen_printf(&p, ROLE_DIM, "   last good answer %s ago",
                   cells_age(f->now.s - a->last_ok.s, age));
    if (a->held_until.s > f->now.s)
        pen_printf(&p, ROLE_WARN, "   it asked to be left alone until %s",
                   act_when(f->ui->app->tz, f->now, a->held_until, when));
    row += 3;
    if (a->request_id[0] != '\0' && row < bottom) {
        (void)canvas_put(f->c, row, 1, 10, ROLE_DIM, "Request");
        p = (struct pen){f->c, row++, 12, f->c->cols};
        pen_put(&p, ROLE_TEXT, a->request_id);
        pen_put(&p, ROLE_DIM, "   the last one; their support finds it by this");
    }
    if (a->error[0] != '\0' && row < bottom) {
        enum role tone = a->failures > 0 ? ROLE_WARN : ROLE_DIM;
        bool named = a->error_request_id[0] != '\0';

        (void)canvas_put(f->c, row, 1, 10, ROLE_DIM, "Error");
        (void)str_format(text, sizeof(text), "%s%s%s%s", a->error,
                         named ? " (request " : "", a->error_request_id,
                         named ? ")" : "");
        row = wrapped(f, row, bottom, tone, text);
    }
    if (remedy(a)[0] != '\0' && row < bottom) {
        (void)canvas_put(f->c, row, 1, 10, ROLE_DIM, "What helps");
        (void)wrapped(f, row, bottom, ROLE_TEXT, remedy(a));
    }
}

static void apis_draw(const struct frame *f)
{
    int row = 3, rows = f->c->rows, n = (int)f->fleet->n_apis, table, first, at;

    header_title(f, 0);
    canvas_rule(f->c, 1, "5 APIs", "R poll now");
    for (int c = 0; c < API_COLUMNS; c++)
        put(f, 2, (enum api_column)c, ROLE_HEADER, columns[c].title);
    table = rows - 2 - row;
    f->ui->scroll = at = f->ui->scroll < n ? f->ui->scroll : n > 0 ? n - 1 : 0;
    first = at >= table && table > 0 ? at - table + 1 : 0;
    for (int i = first; i < n && row < rows - 2; i++) {
        draw_source(f, row, &f->fleet->apis[i]);
        if (i == at)
            canvas_select(f->c, row, 0, f->c->cols);
        row++;
    }
    if (n == 0 && row < rows - 2)
        (void)canvas_put(f->c, row++, 1, f->c->cols, ROLE_DIM, "..");
    if (row < rows - 2)
        draw_controller(f, row++);
    if (n > 0)
        draw_selected(f, row + (rows - 2 - row > 8 ? 1 : 0), rows - 2,
                      &f->fleet->apis[at]);
    if (rows > 5) {
        /* Where nothing more of it fits: at least what is wrong. */
        if (n > 0 && rows - 2 - row < SELECTED_ROWS && f->ui->toast[0] == '\0' &&
            f->fleet->apis[at].error[0] != '\0' && f->fleet->apis[at].failures > 0)
            (void)canvas_put(f->c, rows - 2, f->c->cols >= 60 ? 1 : 0, f->c->cols - 1,
                             ROLE_WARN, f->fleet->apis[at].error);
        else
            footer_message(f, rows - 2);
        footer_hints(f, rows - 1);
    }
}

const struct view_ops view_apis = {.draw = apis_draw};
