#include <config.h>

#include <string.h>

#include "tui/view.h"

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

static void draw_source(const struct frame *f, int row, const struct api_view *a)
{
    int room = f->c->cols, what = room >= 100 ? 38 : 22;
    char text[LINE_TEXT], number[DUR_TEXT], clock[TIME_TEXT];
    enum role role;
    const char *state = state_text(f, a, &role);

    (void)str_format(text, sizeof(text), "%s %s", source_api(a->source),
                     source_what(a->source));
    (void)canvas_put(f->c, row, 1, what - 2, ROLE_TEXT, text);
    (void)canvas_put(f->c, row, what, 8, role, state);
    if (a->state == API_OFF)
        return;
    canvas_put_right(f->c, row, what + 8, 8, role == ROLE_STALE ? ROLE_STALE : ROLE_TEXT,
                     a->last_ok.s == 0 ? "never"
                                       : cells_age(f->now.s - a->last_ok.s, number));
    canvas_put_right(f->c, row, what + 17, 6, ROLE_TEXT, cells_age(a->every_s, number));
    (void)str_format(text, sizeof(text), "%lld ms", (long long)a->latency_ms);
    canvas_put_right(f->c, row, what + 24, 9, ROLE_TEXT, a->latency_ms < 0 ? "-" : text);
    (void)str_format(text, sizeof(text), "%d", a->errors_hour);
    canvas_put_right(f->c, row, what + 34, 6, a->errors_hour > 0 ? ROLE_WARN : ROLE_TEXT,
                     text);
    canvas_put_right(f->c, row, what + 41, 6, ROLE_TEXT,
                     a->next.s == 0          ? "-"
                     : a->next.s <= f->now.s ? "now"
                                             : cells_age(a->next.s - f->now.s, number));
    if (a->error[0] == '\0')
        (void)canvas_put(f->c, row, what + 49, room - what - 49, ROLE_DIM, "-");
    else {
        (void)str_format(text, sizeof(text), "%s %.150s",
                         view_clock(f->ui, f->now, a->error_at, clock), a->error);
        (void)canvas_put(f->c, row, what + 49, room - what - 49,
                         a->failures > 0 ? ROLE_WARN : ROLE_DIM, text);
    }
}

static void draw_controller(const struct frame *f, int row)
{
    const struct fleet *fleet = f->fleet;
    struct pen p = {f->c, row, 1, f->c->cols};
    char age[DUR_TEXT], text[NAME_TEXT];
    enum role role;

    pen_put(&p, ROLE_TEXT, "controller");
    p.col = f->c->cols >= 100 ? 38 : 22;
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

static void apis_draw(const struct frame *f)
{
    static const struct {
        const char *text;
        int at, width;
        bool right;
    } heads[] = {{"STATE", 0, 8, false},       {"DATA AGE", 8, 8, true},
                 {"EVERY", 17, 6, true},       {"LATENCY", 24, 9, true},
                 {"ERR 1H", 34, 6, true},      {"NEXT", 41, 6, true},
                 {"LAST ERROR", 49, 12, false}};
    int what = f->c->cols >= 100 ? 38 : 22, row = 3, rows = f->c->rows;
    size_t first = 0;

    header_title(f, 0);
    canvas_rule(f->c, 1, "5 APIs", "R poll now");
    (void)canvas_put(f->c, 2, 1, 10, ROLE_HEADER, "SOURCE");
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        if (heads[i].right)
            canvas_put_right(f->c, 2, what + heads[i].at, heads[i].width, ROLE_HEADER,
                             heads[i].text);
        else
            (void)canvas_put(f->c, 2, what + heads[i].at, heads[i].width, ROLE_HEADER,
                             heads[i].text);
    }
    if ((size_t)f->ui->scroll < f->fleet->n_apis)
        first = (size_t)f->ui->scroll;
    for (size_t i = first; i < f->fleet->n_apis && row < rows - 2; i++)
        draw_source(f, row++, &f->fleet->apis[i]);
    if (f->fleet->n_apis == 0 && row < rows - 2)
        (void)canvas_put(f->c, row++, 1, f->c->cols, ROLE_DIM, "..");
    if (row < rows - 2)
        draw_controller(f, row);
    if (rows > 5) {
        footer_message(f, rows - 2);
        footer_hints(f, rows - 1);
    }
}

const struct view_ops view_apis = {.draw = apis_draw};
