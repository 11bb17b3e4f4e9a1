#include <config.h>

#include "tui/view.h"

#include <string.h>

const struct server_view *view_selected(const struct ui *ui)
{
    int i = ui->selected[0] == '\0' ? -1 : fleet_find(ui->fleet, ui->selected);

    return i < 0 ? NULL : &ui->fleet->servers[i];
}

/* One term, of so many bytes: "text", "!text", "field:text", "!field:text". */
static bool term_matches(const char *term, size_t len, const struct filter_text *texts,
                         size_t n)
{
    bool invert = term[0] == '!' && len > 1, hit = false;
    char want[FILTER_TEXT];
    const char *colon;
    size_t field = n; /* any of them */

    if (invert) {
        term++;
        len--;
    }
    (void)str_format(want, sizeof(want), "%.*s", (int)len, term); /* a filter is short */
    colon = strchr(want, ':');
    for (size_t i = 0; i < n && colon != NULL; i++) {
        if (strlen(texts[i].field) == (size_t)(colon - want) &&
            strncasecmp(texts[i].field, want, (size_t)(colon - want)) == 0)
            field = i;
    }
    for (size_t i = 0; i < n && !hit; i++) {
        if (field == n)
            hit = strcasestr(texts[i].text, want) != NULL;
        else if (field == i)
            hit = strcasestr(texts[i].text, colon + 1) != NULL;
    }
    return hit != invert;
}

bool view_filter_matches(const char *filter, const struct filter_text *texts, size_t n)
{
    bool all = true;

    while (all && *(filter += strspn(filter, " ")) != '\0') {
        size_t len = strcspn(filter, " ");

        all = term_matches(filter, len, texts, n);
        filter += len;
    }
    return all;
}

const char *view_clock(const struct ui *ui, struct utc now, struct utc t,
                       char buf[TIME_TEXT])
{
    struct civil c;

    if (ui->time_mode == TIME_RELATIVE) {
        char age[DUR_TEXT];

        (void)str_format(buf, TIME_TEXT, "%8s", cells_age(now.s - t.s, age));
        return buf;
    }
    c = act_civil(ui->time_mode == TIME_UTC ? NULL : ui->app->tz, t);
    (void)str_format(buf, TIME_TEXT, "%02d:%02d:%02d", c.hour, c.minute, c.second);
    return buf;
}

void view_context(const struct frame *f, const struct server_view *s,
                  struct cell_context *x)
{
    *x = (struct cell_context){.fleet = f->fleet,
                               .now = f->now,
                               .ascii = f->c->ascii,
                               .job = JOB_NUMBER,
                               .undo_s = -1,
                               .undo_place = PLACE_UNKNOWN};
    for (size_t i = 0; i < PENDING_MAX; i++) {
        const struct pending *p = &f->ui->pending[i];
        int64_t left = p->due_ms - f->real_ms;

        if (!p->active || !str_eq(p->command.server, s->name))
            continue;
        x->undo_s = left > 0 ? (left + 999) / 1000 : 0;
        x->undo_place = p->to;
    }
}

int view_first_row(const struct frame *f, int rows)
{
    int n = (int)f->ui->n_shown, at = 0, top = f->ui->top;

    for (int i = 0; i < n; i++) {
        if (str_eq(f->fleet->servers[f->ui->shown[i]].name, f->ui->selected))
            at = i;
    }
    if (top > at)
        top = at;
    if (at >= top + rows)
        top = at - rows + 1;
    if (top > n - rows)
        top = n - rows;
    return top < 0 ? 0 : top;
}

size_t view_marked(const struct ui *ui)
{
    size_t n = 0;

    for (size_t i = 0; i < ui->fleet->n_servers; i++)
        n += ui->marked[i] ? 1 : 0;
    return n;
}

const char *view_sort_text(const struct ui *ui, char buf[SHORT_TEXT])
{
    static const char *const names[SORT_COUNT] = {
#define X(id, text) text,
        SORTS(X)
#undef X
    };
    bool money = ui->sort >= SORT_HOUR; /* the largest first */

    if (ui->sort == SORT_CONFIG && !ui->reversed)
        return names[SORT_CONFIG];
    (void)str_format(
        buf, SHORT_TEXT, "%s %s", names[ui->sort],
        glyph_text(money != ui->reversed ? GLYPH_DOWN : GLYPH_UP, ui->ascii));
    return buf;
}
