#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/str.h"
#include "core/model/calendar.h"

#include <stdlib.h>
#include <string.h>

/* The file of exception days: read with the configuration, and all that is wrong with it
 * is told with what is wrong there. */

enum { CALENDAR_BYTES = 256 * 1024, LINE_BYTES = 1024 };

struct dated {
    struct calendar_day day;
    int line;
};

static int by_day(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;

    if (x->day.day != y->day.day)
        return x->day.day < y->day.day ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line ? 1 : 0;
}

/* What cannot be shown as it is has no place in a day. */
static void clean(char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t' && *text != '\r') ||
            (unsigned char)*text > 0x7e)
            *text = '?';
    }
}

/* The days as the lines have them; a comment may hold any text. */
static size_t read_lines(struct reader *r, int at, const char *file,
                         const struct strbuf *b, struct dated *days)
{
    const char *p = strbuf_text(b), *end = p + b->len;
    size_t n = 0;

    for (int line = 1; p < end; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((stop != NULL ? stop : end) - p);
        char text[LINE_BYTES];
        struct err e = {0};
        bool found = false;

        (void)str_format(text, sizeof(text), "%.*s",
                         len < sizeof(text) ? (int)len : LINE_BYTES - 1, p);
        text[strcspn(text, "#")] = '\0';
        clean(text);
        p += len + 1;
        if (n == CALENDAR_DAYS_MAX) {
            problem_add_other(
                r->problems, at, file, line,
                "there are more than %d days: leave out those that are over",
                CALENDAR_DAYS_MAX);
            return n;
        }
        if (calendar_line(text, &days[n].day, &found, &e) != ERR_OK)
            problem_add_other(r->problems, at, file, line, "%s", e.text);
        else if (found)
            days[n++].line = line;
    }
    return n;
}

/* In order, one a day. */
static void keep(struct reader *r, int at, struct dated *days, size_t n)
{
    struct policy_config *policy = &r->c->policy;
    struct calendar_day *kept = arena_alloc(r->c->arena, n > 0 ? n : 1, sizeof(*kept));

    if (kept == NULL)
        return; /* the arena says so at the end */
    qsort(days, n, sizeof(*days), by_day);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && days[i].day.day == days[i - 1].day.day)
            problem_add_other(r->problems, at, policy->calendar, days[i].line,
                              "line %d has this day already: keep one of them",
                              days[i - 1].line);
        kept[i] = days[i].day;
    }
    policy->exceptions = kept;
    policy->n_exceptions = n;
}

void config_read_calendar(struct reader *r)
{
    const char *file = r->c->policy.calendar;
    config_setting_t *group = setting_group(r, "policy");
    struct dated *days;
    struct strbuf b;
    struct err e = {0};
    enum err_code rc;
    int at;

    if (file == NULL || group == NULL)
        return;
    at = setting_line(group, "calendar");
    days = arena_alloc(r->c->arena, CALENDAR_DAYS_MAX, sizeof(*days));
    if (days == NULL)
        return; /* the arena says so at the end */
    strbuf_init(&b, CALENDAR_BYTES);
    rc = config_text_of(file, &b, &e);
    if (rc == ERR_NOMEM)
        problems_fail(r->problems);
    else if (rc == ERR_NOT_FOUND)
        problem_add(r->problems, at,
                    "policy.calendar: there is no file %.100s: make it, or leave the "
                    "option out",
                    file);
    else if (rc != ERR_OK)
        problem_add(r->problems, at, "policy.calendar: %.100s: %s", file, e.text);
    else
        keep(r, at, days, read_lines(r, at, file, &b, days));
    strbuf_clear(&b);
}
