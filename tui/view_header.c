#include <config.h>

#include <string.h>

#include "tui/view.h"

enum { STALLED_MS = 30000 };

/* The words that stand beside AUTO (tui-conventions 1.7). */
static void add_badges(const struct frame *f, struct segments *s)
{
    const struct ui *ui = f->ui;
    const struct fleet *fleet = f->fleet;
    int64_t limit =
        ui->app->stalled_after_ms > 0 ? ui->app->stalled_after_ms : STALLED_MS;
    int64_t silent = f->real_ms - ui->fleet_ms;
    char age[DUR_TEXT];

    if (ui->app->observed != NULL && ui->app->observed->holder != NULL)
        segments_add(s, ROLE_BADGE, 60, true, "OBSERVER", "OBSERVER of %s",
                     ui->app->observed->holder);
    else if (fleet->shared_lock.configured && !fleet->shared_lock.held)
        segments_add(s, ROLE_BADGE, 60, true, "OBSERVER", "OBSERVER of %s",
                     fleet->shared_lock.holder[0] != '\0'
                         ? fleet->shared_lock.holder
                         : "the holder of the shared lock");
    else if ((ui->app->observe || fleet->observe) && !ui->app->demo.on)
        segments_add(s, ROLE_BADGE, 60, true, "", "OBSERVE");
    if (ui->locked)
        segments_add(s, ROLE_BADGE, 61, true, "", "LOCKED");
    if (ui->frozen)
        segments_add(s, ROLE_BADGE, 62, true, "", "FROZEN %s",
                     cells_age(f->now.s - ui->frozen_at.s, age));
    else if (fleet->version > 0 && silent > limit)
        segments_add(s, ROLE_CRIT, 95, true, "", "STALLED %s",
                     cells_age(silent / 1000, age));
    if (fleet->left.servers > 0) {
        char brief[32], money[USD_TEXT];

        (void)str_format(brief, sizeof(brief), "%d LEFT", fleet->left.servers);
        segments_add(s, ROLE_WARN, 57, true, brief, "%d LEFT IN CLOUD $%s%s/h",
                     fleet->left.servers,
                     fleet->left.hour_known ? usd_text(fleet->left.hour, 2, money) : "",
                     fleet->left.hour_known ? "" : "?");
    }
    if (fleet->n_degraded > 0) {
        char all[FLEET_DEGRADED * 33] = "", more[16] = "";
        size_t n = f->c->cols < 100 ? 1 : fleet->n_degraded;

        for (size_t i = 0; i < n; i++)
            (void)str_format(all + strlen(all), sizeof(all) - strlen(all), " %s",
                             fleet->degraded[i]);
        if (n < fleet->n_degraded)
            (void)str_format(more, sizeof(more), "+%zu", fleet->n_degraded - n);
        segments_add(s, ROLE_WARN, 55, true, "DEGRADED", "DEGRADED%s%s", all, more);
    }
}

static const char *freshness_text(const struct frame *f, char buf[NAME_TEXT],
                                  enum role *role)
{
    const struct fleet *fleet = f->fleet;
    int64_t age = f->now.s - fleet->worst_as_of.s;
    char text[DUR_TEXT];

    *role = ROLE_DIM;
    if (fleet->worst_as_of.s == 0) {
        (void)str_copy(buf, NAME_TEXT, "..");
        return buf;
    }
    *role = ROLE_TEXT;
    (void)str_copy(buf, NAME_TEXT, cells_age(age, text));
    if (fleet->stale_after_s > 0 && age > fleet->stale_after_s)
        *role = ROLE_STALE;
    return buf;
}

/* "AUTO ON" as "AUTO", "AUTO SNOOZED 12m" as "SNOOZED 12m". */
static const char *brief_auto(const char *text)
{
    if (str_eq(text, "AUTO ON"))
        return "AUTO";
    return str_eq(text, "AUTO OFF") ? "OFF" : text + 5;
}

static void clock_segments(const struct frame *f, struct segments *s)
{
    const struct ui *ui = f->ui;
    const struct tz *tz = ui->time_mode == TIME_UTC ? NULL : ui->app->tz;
    struct civil c = act_civil(tz, f->now);
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const char *month = months[c.month >= 1 && c.month <= 12 ? c.month - 1 : 0];
    char brief[16];

    (void)str_format(brief, sizeof(brief), "%s %d %s", act_weekdays[c.weekday], c.day,
                     month);
    segments_add(s, ROLE_TEXT, 30, false, brief, "%s %d %s %d", act_weekdays[c.weekday],
                 c.day, month, c.year);
    (void)str_format(brief, sizeof(brief), "%02d:%02d:%02d", c.hour, c.minute, c.second);
    segments_add(s, ROLE_TITLE, 85, false, brief, "%s %s", brief,
                 tz == NULL ? "UTC" : tz_abbreviation(tz, f->now));
}

static void demo_segment(const struct app_demo *d, struct segments *s)
{
    int32_t speed = d->speed_now(d->ctx);

    if (speed == 0)
        segments_add(s, ROLE_BADGE, 45, false, "", "%s stopped", d->word);
    else
        segments_add(s, ROLE_BADGE, 45, false, "", "%s %dx", d->word, speed);
}

void header_title(const struct frame *f, int row)
{
    const struct fleet *fleet = f->fleet;
    struct segments s = {.n = 0};
    char text[NAME_TEXT];
    enum role role;

    if (row < 0)
        return;
    segments_add(&s, ROLE_TITLE, 40, false, "rushhour", "rushhour %s", fleet->site);
    clock_segments(f, &s);
    if (f->ui->app->demo.on && f->ui->app->demo.speed_now != NULL)
        demo_segment(&f->ui->app->demo, &s);
    add_badges(f, &s);
    (void)cells_auto(fleet, f->now, text, &role);
    segments_add(&s, role, 90, true, brief_auto(text), "%s", text);
    if (fleet->in_window)
        segments_add(&s, ROLE_INFO, 50, true, "RUSH", "RUSH HOUR");
    (void)freshness_text(f, text, &role);
    segments_add(&s, role, 92, true, text, "data %s%s", text,
                 role == ROLE_STALE ? " STALE" : "");
    if (fleet->n_alerts > 0)
        segments_add(&s, ROLE_CRIT, 99, true, "", "!%zu", fleet->n_alerts);
    segments_draw(&s, f->c, row, f->c->cols >= 60 ? 1 : 0, f->c->cols >= 60 ? 2 : 1);
}

/* The countdown to what changes next; never negative. */
static void next_text(const struct frame *f, bool brief, char *out, size_t size)
{
    const struct fleet *fleet = f->fleet;
    const char *where =
        fleet->next.place == PLACE_UNKNOWN ? "change" : place_screen(fleet->next.place);
    char when[TIME_TEXT], left[DUR_TEXT];
    int64_t s = fleet->next.at.s - f->now.s;

    if (fleet->version == 0) {
        (void)str_copy(out, size, "..");
        return;
    }
    if (fleet->next.at.s == 0) {
        (void)str_copy(out, size, "nothing planned");
        return;
    }
    (void)act_when(f->ui->time_mode == TIME_UTC ? NULL : f->ui->app->tz, f->now,
                   fleet->next.at, when);
    if (s <= 0)
        (void)str_format(out, size, "%s due now", where);
    else
        (void)str_format(out, size, brief ? "%s %s in %s" : "%s at %s, in %s", where,
                         when, cells_long(s, left));
}

static void add_host(const struct frame *f, struct segments *s)
{
    const struct host_facts *h = &f->fleet->host;
    char percent[24];

    if (!h->known || h->cpu_permille < 0)
        (void)str_copy(percent, sizeof(percent), f->fleet->version == 0 ? ".." : "?");
    else
        (void)str_format(percent, sizeof(percent), "%d%%", (h->cpu_permille + 5) / 10);
    segments_add(s, h->stale ? ROLE_STALE : ROLE_TEXT, 20, true, "", "ESX %s", percent);
}

static bool one_mover(const struct fleet *f)
{
    for (size_t i = 1; i < f->n_servers; i++) {
        if (!str_eq(f->servers[i].mover, f->servers[0].mover))
            return false;
    }
    return f->n_servers > 0;
}

void header_next(const struct frame *f, int row, enum layout_form form)
{
    struct segments s = {.n = 0};
    char text[96], brief[64], ext[NAME_TEXT], what[64];
    enum role role;

    if (row < 0)
        return;
    /* "window starts" of "window starts: 4 servers go to the cloud" */
    (void)str_format(what, sizeof(what), "%.*s", (int)strcspn(f->fleet->next.what, ":"),
                     f->fleet->next.what);
    next_text(f, form == FORM_TINY, text, sizeof(text));
    next_text(f, true, brief, sizeof(brief));
    if (form == FORM_TINY) {
        segments_add(&s, ROLE_TEXT, 90, false, "", "%s", text);
        segments_draw(&s, f->c, row, 0, 1);
        return;
    }
    segments_add(&s, ROLE_TEXT, 90, false, brief,
                 form == FORM_WIDE ? "Next   %s" : "Next %s", text);
    if (f->fleet->version > 0 && f->fleet->next.what[0] != '\0')
        segments_add(&s, ROLE_DIM, form == FORM_WIDE ? 15 : 5, false, what, "%.100s",
                     f->fleet->next.what); /* the mover goes first */
    if (form == FORM_WIDE && one_mover(f->fleet))
        segments_add(&s, ROLE_DIM, 10, true, "", "mover %s", f->fleet->servers[0].mover);
    (void)cells_extension(f->fleet, f->now, ext, &role);
    segments_add(&s, role, 30, true, "", form == FORM_WIDE ? "cloud ext %s" : "ext %s",
                 ext);
    if (form == FORM_SMALL)
        add_host(f, &s);
    segments_draw(&s, f->c, row, 1, 2);
}

/* The right half of the ESX line. */
static void counts_text(const struct fleet *f, char *out, size_t size)
{
    char odd[48] = "";

    if (f->lost + f->unknown > 0)
        (void)str_format(odd, sizeof(odd), "   lost %d   ? %d", f->lost, f->unknown);
    (void)str_format(out, size, "cloud %d   moving %d   on-prem %d%s   drift %d",
                     f->in_cloud, f->moving, f->on_prem, odd, f->drift);
}

void header_esx(const struct frame *f, int row)
{
    const struct host_facts *h = &f->fleet->host;
    const struct fleet *fleet = f->fleet;
    struct pen p = {f->c, row, 1, f->c->cols - 1};
    char counts[120], peak[64] = "", clock[TIME_TEXT], age[DUR_TEXT], ready[WAITS_TEXT];
    enum role role;
    int room, n = 0;

    if (row < 0)
        return;
    counts_text(fleet, counts, sizeof(counts));
    room = f->c->cols - 4 - glyph_cells(counts, f->c->ascii);
    pen_printf(&p, ROLE_TEXT, "ESX    %s CPU ", h->name[0] != '\0' ? h->name : "..");
    if (!h->known) {
        pen_put(&p, ROLE_DIM, fleet->version == 0 ? ".." : "?");
    } else {
        while (n < HOST_HISTORY && h->history[HOST_HISTORY - 1 - n] >= 0 && n < 24 &&
               p.col + n + 10 < room)
            n++;
        if (!f->ui->app->config->ui.reduce_motion)
            widget_spark(&p, h->history, HOST_HISTORY, n);
        if (h->cpu_permille >= 0)
            pen_printf(&p, h->stale ? ROLE_STALE : ROLE_TEXT, " %d%%",
                       (h->cpu_permille + 5) / 10);
        else
            pen_put(&p, ROLE_STALE, " ?");
        if (h->stale)
            pen_printf(&p, ROLE_STALE, " ~%s", cells_age(f->now.s - h->as_of.s, age));
        else if (h->peak_permille > h->cpu_permille + 100)
            (void)str_format(peak, sizeof(peak), "   was %d%% at %s",
                             (h->peak_permille + 5) / 10,
                             act_when(f->ui->app->tz, f->now, h->peak_at, clock));
        (void)cells_waits("   ready", h->ready_permille, h->stale, ready, &role);
        /* As long as it is no worry, the peak goes first. */
        if (p.col + (int)strlen(ready) + (role == ROLE_WARN ? 0 : (int)strlen(peak)) <=
            room)
            pen_put(&p, role, ready);
        if (p.col + (int)strlen(peak) <= room)
            pen_put(&p, ROLE_DIM, peak);
        if (h->maintenance)
            pen_put(&p, ROLE_WARN, "   MAINTENANCE");
    }
    if (fleet->version > 0 && p.col <= room + 1)
        canvas_put_right(f->c, row, p.col, f->c->cols - 1 - p.col,
                         fleet->drift > 0 ? ROLE_WARN : ROLE_TEXT, counts);
}

/* "$0.87/h"; a sum with unknown parts says so. */
static const char *hour_text(const struct fleet *f, char buf[USD_TEXT + 8])
{
    char money[USD_TEXT];

    if (!f->hour_known && f->hour.nanos == 0)
        (void)str_copy(buf, USD_TEXT + 8, "$?/h");
    else
        (void)str_format(buf, USD_TEXT + 8, "$%s%s/h", usd_text(f->hour, 2, money),
                         f->hour_known ? "" : "+?");
    return buf;
}

/* "200", "250.50" */
static const char *budget_text(const struct fleet *f, char buf[USD_TEXT])
{
    return usd_text(f->budget, f->budget.nanos % USD_NANOS == 0 ? 0 : 2, buf);
}

/* Spent, nearly (budget_warn), over by the forecast. */
const char *header_budget_word(const struct frame *f, enum role *role)
{
    const struct fleet *fleet = f->fleet;
    int64_t limit = fleet->budget.nanos, warn = f->ui->app->config->policy.budget_warn;

    *role = ROLE_TEXT;
    if (!fleet->has_budget)
        return "";
    if (fleet->budget_reached) {
        *role = ROLE_MONEY_HIGH;
        return "SPENT";
    }
    *role = ROLE_MONEY_MID;
    if (warn > 0 && fleet->month.nanos / 100 >= limit / 10000 * warn)
        return "NEARLY SPENT";
    if (fleet->forecast.known && fleet->forecast.p50.nanos > limit)
        return "OVER";
    *role = ROLE_TEXT;
    return "";
}

/* The forecast and the budget: what has been spent of it, in words and percent. */
static void cost_ahead(const struct frame *f, struct segments *s, enum layout_form form)
{
    const struct fleet *fleet = f->fleet;
    int64_t limit = fleet->budget.nanos;
    char a[USD_TEXT], b[USD_TEXT], brief[64] = "", state[24] = "";
    enum role role;
    const char *word = header_budget_word(f, &role);
    int rank = word[0] != '\0' ? 55 : 40; /* a warning outlasts what today costs */

    if (form == FORM_TINY)
        return;
    if (word[0] != '\0')
        (void)str_format(state, sizeof(state), " %s", word);
    if (fleet->forecast.known)
        (void)str_format(brief, sizeof(brief), "forecast $%s%s",
                         usd_text(fleet->forecast.p50, 2, a), state);
    if (form != FORM_WIDE && fleet->forecast.known && fleet->has_budget) {
        segments_add(s, role, rank, false, brief, "forecast $%s of $%s%s", a,
                     budget_text(fleet, b), state);
        return;
    }
    if (fleet->forecast.known)
        segments_add(s, str_eq(word, "OVER") ? role : ROLE_TEXT, 40, false, "",
                     "forecast $%s%s", a, str_eq(word, "OVER") ? state : "");
    if (!fleet->has_budget)
        return;
    if (str_eq(word, "OVER"))
        state[0] = '\0';
    (void)budget_text(fleet, b);
    if (fleet->month_known && limit >= 100)
        segments_add(s, role, rank - 10, false, "", "budget $%s %d%%%s", b,
                     (int)(fleet->month.nanos / (limit / 100)), state);
    else
        segments_add(s, role, rank - 10, false, "", "budget $%s%s", b, state);
}

/* What nobody counted is not nothing. */
static void sum_text(const struct fleet *f, struct usd sum, char buf[USD_TEXT])
{
    if (!f->month_known && sum.nanos == 0)
        (void)str_copy(buf, USD_TEXT, "?");
    else
        (void)usd_text(sum, 2, buf);
}

void header_cost(const struct frame *f, int row, enum layout_form form)
{
    const struct fleet *fleet = f->fleet;
    struct segments s = {.n = 0};
    char hour[USD_TEXT + 8], today[USD_TEXT], month[USD_TEXT], other[USD_TEXT + 16] = "";
    char faster[DUR_TEXT];
    const char *lead = form == FORM_WIDE ? "Cost   " : "";

    if (row < 0)
        return;
    if (fleet->version == 0) {
        segments_add(&s, ROLE_DIM, 90, false, "", "%s..", lead);
        segments_draw(&s, f->c, row, form == FORM_TINY ? 0 : 1, 2);
        return;
    }
    sum_text(fleet, fleet->today, today);
    /* No total line here to say what the rows do not have: it stands where the sum is. */
    if (form == FORM_SMALL && fleet->extension_hour.nanos != 0)
        (void)str_format(other, sizeof(other), " (other %s)",
                         usd_text(fleet->extension_hour, 3, month));
    sum_text(fleet, fleet->month, month);
    segments_add(&s, ROLE_TEXT, 90, false, "", "%s%s%s", lead, hour_text(fleet, hour),
                 other);
    segments_add(&s, ROLE_TEXT, 50, false, "",
                 form == FORM_TINY ? "today %s" : "today $%s", today);
    segments_add(&s, ROLE_TEXT, 60, false, "",
                 form == FORM_TINY ? "month %s" : "month $%s", month);
    cost_ahead(f, &s, form);
    if (form == FORM_WIDE && fleet->extension_cost_known)
        segments_add(&s, ROLE_DIM, 20, false, "", "extension $%s of it",
                     usd_text(fleet->extension_month, 2, hour));
    if (form != FORM_TINY && fleet->speedup.known)
        segments_add(&s, ROLE_TEXT, form == FORM_WIDE ? 25 : 5, false, "", "tests %s",
                     cells_speedup(fleet->speedup.percent, faster));
    if (form != FORM_TINY)
        segments_add(&s, ROLE_DIM, form == FORM_WIDE ? 22 : 10, true, "", "estimates");
    segments_draw(&s, f->c, row, form == FORM_TINY ? 0 : 1, form == FORM_WIDE ? 3 : 2);
}

/* "A", "OFF", "dry", "z12m". */
static void one_auto(const struct frame *f, char *out, size_t size)
{
    char text[NAME_TEXT];
    enum role role;

    (void)cells_auto(f->fleet, f->now, text, &role);
    (void)str_copy(out, size, str_eq(text, "AUTO ON") ? "A" : brief_auto(text));
}

void header_line(const struct frame *f)
{
    const struct fleet *fleet = f->fleet;
    struct segments s = {.n = 0};
    char text[NAME_TEXT], money[USD_TEXT + 8], when[TIME_TEXT];

    one_auto(f, text, sizeof(text));
    segments_add(&s, ROLE_TITLE, 99, false, "", "%s", text);
    segments_add(&s, ROLE_TEXT, 80, false, "", "%dc %d>", fleet->in_cloud, fleet->moving);
    if (fleet->n_alerts > 0)
        segments_add(&s, ROLE_CRIT, 90, false, "", "%zu!", fleet->n_alerts);
    if (fleet->version > 0)
        segments_add(&s, ROLE_TEXT, 70, false, "", "%s", hour_text(fleet, money));
    if (fleet->next.at.s != 0)
        segments_add(&s, ROLE_TEXT, 60, false, "", "%s",
                     act_when(f->ui->app->tz, f->now, fleet->next.at, when));
    segments_draw(&s, f->c, 0, 0, 1);
}

/* A server in three letters: short name and the state: c cloud, o on-prem, > moving, !
 * needs a look, ? unknown. */
static void token(const struct frame *f, size_t i, char *out, size_t size,
                  enum role *role)
{
    const struct server_view *s = &f->fleet->servers[i];
    struct cell_context x;
    enum glyph sign;
    const char *state = "?";

    view_context(f, s, &x);
    sign = cell_sign(s, &x, role);
    if (sign == GLYPH_CLOUD)
        state = "c";
    else if (sign == GLYPH_ONPREM)
        state = "o";
    else if (sign == GLYPH_MOVING)
        state = ">";
    else if (sign == GLYPH_FAILED)
        state = "x";
    else if (sign == GLYPH_ALERT && s->facts.place != PLACE_UNKNOWN)
        state = "!";
    else if (sign == GLYPH_QUEUED)
        state = "~";
    (void)str_format(out, size, "%s%s", f->ui->shorts[i], state);
}

void header_tokens(const struct frame *f)
{
    const struct fleet *fleet = f->fleet;
    struct civil c =
        act_civil(f->ui->time_mode == TIME_UTC ? NULL : f->ui->app->tz, f->now);
    struct segments s = {.n = 0};
    char text[NAME_TEXT], money[USD_TEXT + 8], when[TIME_TEXT];
    enum role role;
    int row = 1, col = 0;

    segments_add(&s, ROLE_TITLE, 80, false, "", "%02d:%02d", c.hour, c.minute);
    (void)cells_auto(fleet, f->now, text, &role);
    segments_add(&s, role, 99, false, brief_auto(text), "%s", text);
    if (fleet->n_alerts > 0)
        segments_add(&s, ROLE_CRIT, 95, false, "", "!%zu", fleet->n_alerts);
    segments_draw(&s, f->c, 0, 0, 1);
    if (f->c->rows >= 4) {
        s.n = 0;
        segments_add(&s, ROLE_TEXT, 90, false, "", "%dc %d>", fleet->in_cloud,
                     fleet->moving);
        if (fleet->version > 0)
            segments_add(&s, ROLE_TEXT, 80, false, "", "%s", hour_text(fleet, money));
        if (fleet->next.at.s != 0)
            segments_add(&s, ROLE_TEXT, 60, false, "", "%s",
                         act_when(f->ui->app->tz, f->now, fleet->next.at, when));
        segments_draw(&s, f->c, 1, 0, 1);
        row = 2;
    }
    for (size_t i = 0; i < fleet->n_servers && row < f->c->rows; i++) {
        int cells;

        token(f, i, text, sizeof(text), &role);
        cells = glyph_cells(text, f->c->ascii);
        if (col > 0 && col + cells > f->c->cols) {
            col = 0;
            row++;
        }
        (void)canvas_put(f->c, row, col, f->c->cols - col, role, text);
        col += cells + 1;
    }
    if (fleet->n_servers == 0)
        (void)canvas_put(f->c, row, 0, f->c->cols, ROLE_WARN, "no servers");
}
