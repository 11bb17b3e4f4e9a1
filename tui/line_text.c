#include <config.h>

#include "tui/line_text.h"

#include <string.h>

#include "tui/act.h"
#include "tui/cells.h"

static const char *clock_text(const struct tz *tz, struct utc t, char buf[TIME_TEXT])
{
    struct civil c = act_civil(tz, t);

    (void)str_format(buf, TIME_TEXT, "%02d:%02d:%02d", c.hour, c.minute, c.second);
    return buf;
}

const char *line_event(const struct tz *tz, const struct journal_entry *e,
                       char buf[LINE_OUT])
{
    const char *who = e->server[0] != '\0' ? e->server : e->actor;
    bool named = who[0] == '\0' || str_starts(e->text, who);
    char clock[TIME_TEXT];

    (void)str_format(buf, LINE_OUT, "%s %-4s %s%s%s", clock_text(tz, e->at, clock),
                     level_word(e->level), named ? "" : who, named ? "" : ": ", e->text);
    return buf;
}

static bool auto_change(const struct fleet *prev, const struct fleet *now,
                        const char *clock, char buf[LINE_OUT])
{
    char a[NAME_TEXT], b[NAME_TEXT];
    enum role role;

    (void)cells_auto(now, now->at, b, &role);
    if (prev != NULL && prev->setting == now->setting &&
        prev->snooze_until.s == now->snooze_until.s)
        return false;
    if (prev == NULL)
        (void)str_format(buf, LINE_OUT, "%s INFO %s", clock, b);
    else
        (void)str_format(buf, LINE_OUT, "%s INFO %s, was %s", clock, b,
                         cells_auto(prev, prev->at, a, &role));
    return true;
}

static bool api_change(const struct fleet *prev, const struct fleet *now, size_t i,
                       const char *clock, char buf[LINE_OUT])
{
    const struct api_view *a = &now->apis[i];
    enum api_state before = API_WAITING;

    if (prev != NULL && i < prev->n_apis && prev->apis[i].source == a->source)
        before = prev->apis[i].state;
    if (before == a->state || a->state == API_OFF || a->state == API_WAITING)
        return false;
    (void)str_format(buf, LINE_OUT, "%s %s %s (%s) is %s%s%s", clock,
                     a->state == API_OK ? "INFO" : "WARN", source_api(a->source),
                     source_what(a->source), api_state_word(a->state),
                     a->state != API_OK && a->error[0] != '\0' ? ": " : "",
                     a->state != API_OK ? a->error : "");
    return true;
}

static bool place_change(const struct fleet *prev, const struct fleet *now, size_t i,
                         const char *clock, char buf[LINE_OUT])
{
    const struct server_view *s = &now->servers[i];
    int k = prev == NULL ? -1 : fleet_find(prev, s->name);
    enum place before = k < 0 ? PLACE_UNKNOWN : prev->servers[k].facts.place;

    if (before == s->facts.place)
        return false;
    (void)str_format(buf, LINE_OUT, "%s INFO %s: %s%s%s", clock, s->name,
                     place_screen(s->facts.place), k >= 0 ? ", was " : "",
                     k >= 0 ? place_screen(before) : "");
    return true;
}

bool line_change(const struct tz *tz, const struct fleet *prev, const struct fleet *now,
                 size_t *at, char buf[LINE_OUT])
{
    char clock[TIME_TEXT];
    size_t apis = now->n_apis, all = 2 + apis + now->n_servers;

    (void)clock_text(tz, now->at, clock);
    while (*at < all) {
        size_t i = (*at)++;
        bool differs = false;

        if (i == 0) {
            differs = auto_change(prev, now, clock, buf);
        } else if (i == 1) {
            differs = now->extension.configured &&
                      (prev == NULL || prev->extension.state != now->extension.state);
            if (differs)
                (void)str_format(buf, LINE_OUT, "%s INFO cloud extension %s", clock,
                                 extension_state_word(now->extension.state));
        } else if (i < 2 + apis) {
            differs = api_change(prev, now, i - 2, clock, buf);
        } else {
            differs = place_change(prev, now, i - 2 - apis, clock, buf);
        }
        if (differs)
            return true;
    }
    return false;
}

const char *line_server(const struct fleet *f, const struct server_view *s,
                        struct utc now, char buf[LINE_OUT])
{
    struct cell_context x = {.fleet = f,
                             .now = now,
                             .ascii = true,
                             .job = JOB_NUMBER,
                             .undo_s = -1,
                             .width = 40};
    struct cell_text where, desired, spot, jenkins, task, hour;

    cell_make(COLUMN_WHERE, s, &x, &where);
    cell_make(COLUMN_DESIRED, s, &x, &desired);
    cell_make(COLUMN_SPOT, s, &x, &spot);
    cell_make(COLUMN_JENKINS, s, &x, &jenkins);
    cell_make(COLUMN_TASK, s, &x, &task);
    cell_make(COLUMN_HOUR, s, &x, &hour);
    (void)str_format(buf, LINE_OUT,
                     "%-12s %-10s desired %-9s spot %-11s jenkins %-20s "
                     "task %-16s $/h %s",
                     s->name, where.text, desired.text, spot.text, jenkins.text,
                     task.text, hour.text);
    return buf;
}

const char *line_summary(const struct fleet *f, struct utc now, char buf[LINE_OUT])
{
    char a[NAME_TEXT], hour[USD_TEXT], month[USD_TEXT];
    enum role role;

    (void)str_format(buf, LINE_OUT,
                     "%s, %d in the cloud, %d moving, %d on-prem, %s%s/h, month $%s "
                     "(estimates)",
                     cells_auto(f, now, a, &role), f->in_cloud, f->moving, f->on_prem,
                     f->hour_known ? "$" : "$?+", usd_text(f->hour, 2, hour),
                     usd_text(f->month, 2, month));
    return buf;
}
