#include <config.h>

#include "tui/strip.h"

enum { HOUR_S = 3600 };

struct utc strip_instant(const struct strip *c, const struct civil *local)
{
    const struct tz *tz = c->f->ui->app->tz;

    return tz == NULL ? (struct utc){civil_to_seconds(local)}
                      : tz_instants(tz, local).first;
}

/* After D the builds that still run may end, until the deadline. */
static bool drains(const struct strip *c, struct utc t)
{
    const struct policy_config *p = c->f->ui->reasons.policy;
    struct interval w;

    return schedule_last(c->s, t, &w) && p->drain_deadline > 0 &&
           t.s < w.end.s + p->drain_deadline;
}

static bool is_held(const struct strip *c, struct utc from, struct utc to)
{
    const struct hold *h = c->server != NULL ? &c->server->hold : NULL;

    if (h == NULL || h->place == PLACE_UNKNOWN || to.s <= h->at.s)
        return false;
    return h->kind == HOLD_PIN || h->until.s == 0 || from.s < h->until.s;
}

/* What begins within a cell shows in it. */
static enum schedule_phase phase_in(const struct strip *c, struct utc from, struct utc to)
{
    enum schedule_phase p = schedule_at(c->s, from).phase;

    return p == PHASE_OUTSIDE ? schedule_at(c->s, (struct utc){to.s - 1}).phase : p;
}

static void draw_cell(const struct strip *c, int row, int col, struct utc from)
{
    struct canvas *canvas = c->f->c;
    struct utc to = {from.s + HOUR_S / c->per_hour};

    if (c->f->now.s >= from.s && c->f->now.s < to.s) {
        canvas_glyph(canvas, row, col, ROLE_TITLE, GLYPH_VERTICAL);
    } else if (is_held(c, from, to)) {
        (void)canvas_put(canvas, row, col, 1, ROLE_HOLD,
                         c->server->hold.place == PLACE_CLOUD ? "H" : "h");
    } else {
        switch (phase_in(c, from, to)) {
        case PHASE_WINDOW:
            canvas_glyph(canvas, row, col, ROLE_STATE_CLOUD, GLYPH_FULL);
            break;
        case PHASE_LEAD:
            (void)canvas_put(canvas, row, col, 1, ROLE_STATE_MOVING, ">");
            break;
        case PHASE_OUTSIDE:
            if (drains(c, from))
                (void)canvas_put(canvas, row, col, 1, ROLE_STATE_MOVING, "<");
            else
                (void)canvas_put(canvas, row, col, 1, ROLE_DIM, ".");
            break;
        }
    }
}

void strip_hours(const struct strip *c, int row, int col)
{
    int step = c->per_hour == 1 ? 6 : 3;

    for (int h = 0; c->per_hour > 0 && h < 24; h += step) {
        char text[8];

        (void)str_format(text, sizeof(text), "%02d", h);
        (void)canvas_put(c->f->c, row, col + h * c->per_hour, 2, ROLE_HEADER, text);
    }
}

/* Where a cell of a day begins. */
static struct utc cell_start(const struct strip *c, const struct civil *day, int k)
{
    struct civil at = *day;

    at.hour = k / c->per_hour;
    at.minute = k % c->per_hour * (60 / c->per_hour);
    return strip_instant(c, &at);
}

void strip_planned(const struct strip *c, int row, int col, const struct civil *day)
{
    for (int k = 0; k < 24 * c->per_hour; k++)
        draw_cell(c, row, col + k, cell_start(c, day, k));
}

/* Of the quarters that a cell covers the one that says most: a loss, a move, a place. */
static enum place seen_in(const struct strip *c, struct utc from, struct utc to)
{
    static const int weight[PLACE_COUNT] = {[PLACE_ONPREM] = 1,
                                            [PLACE_CLOUD] = 2,
                                            [PLACE_MOVING_OUT] = 3,
                                            [PLACE_MOVING_BACK] = 3,
                                            [PLACE_LOST] = 4};
    enum place best = PLACE_UNKNOWN;

    for (int64_t t = from.s; t < to.s; t += FLEET_QUARTER_S) {
        int64_t q = (t - c->f->fleet->day_start.s) / FLEET_QUARTER_S;
        enum place p;

        if (t < c->f->fleet->day_start.s || q >= FLEET_QUARTERS)
            continue;
        p = (enum place)c->server->quarters[q];
        if (weight[p] > weight[best])
            best = p;
    }
    return best;
}

void strip_seen(const struct strip *c, int row, int col, const struct civil *day)
{
    static const struct {
        enum role role;
        const char *sign;
    } signs[PLACE_COUNT] = {
        [PLACE_UNKNOWN] = {ROLE_STALE, "?"},
        [PLACE_ONPREM] = {ROLE_STATE_ONPREM, "."},
        [PLACE_CLOUD] = {ROLE_STATE_CLOUD, NULL}, /* a full cell */
        [PLACE_MOVING_OUT] = {ROLE_STATE_MOVING, ">"},
        [PLACE_MOVING_BACK] = {ROLE_STATE_MOVING, "<"},
        [PLACE_LOST] = {ROLE_STATE_ERROR, "!"},
    };

    for (int k = 0; k < 24 * c->per_hour; k++) {
        struct utc from = cell_start(c, day, k), to = {from.s + HOUR_S / c->per_hour};
        enum place p;

        if (from.s > c->f->now.s)
            return;
        p = seen_in(c, from, to);
        if (signs[p].sign == NULL)
            canvas_glyph(c->f->c, row, col + k, signs[p].role, GLYPH_FULL);
        else
            (void)canvas_put(c->f->c, row, col + k, 1, signs[p].role, signs[p].sign);
    }
}
