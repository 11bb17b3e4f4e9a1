#include <config.h>

#include "core/model/window.h"

#include "core/base/str.h"

#include <string.h>

enum { DAYS = 7, DAY_MIN = 24 * 60 };

static const char *const day_names[DAYS] = {"Sun", "Mon", "Tue", "Wed",
                                            "Thu", "Fri", "Sat"};

/* A day's name at *p; moves behind it. -1 when there is none. */
static int day_at(const char **p)
{
    char name[4];

    if (strnlen(*p, 3) < 3)
        return -1;
    memcpy(name, *p, 3);
    name[3] = '\0';
    for (int i = 0; i < DAYS; i++) {
        if (str_eq_nocase(day_names[i], name)) {
            *p += 3;
            return i;
        }
    }
    return -1;
}

static enum err_code parse_days(const char **p, uint8_t *days, struct err *e)
{
    int first = day_at(p), last;

    if (first < 0)
        goto bad;
    *days = (uint8_t)(1u << first);
    if (**p == '-') {
        (*p)++;
        last = day_at(p);
        if (last < 0)
            goto bad;
        for (int d = first; d != last;) {
            d = (d + 1) % DAYS; /* ranges wrap */
            *days = (uint8_t)(*days | 1u << d);
        }
        return ERR_OK;
    }
    while (**p == ',') {
        (*p)++;
        if (**p == ' ')
            (*p)++;
        last = day_at(p);
        if (last < 0)
            goto bad;
        *days = (uint8_t)(*days | 1u << last);
    }
    return ERR_OK;
bad:
    return err_set(e, ERR_SYNTAX,
                   "\"%.20s\" is not a day: days are Sun Mon Tue Wed Thu Fri Sat, with "
                   "commas (\"Sun,Tue\") or as one range (\"Sun-Thu\")",
                   *p);
}

/* hh:mm at *p, up to 24:00; -1 when it is none. */
static int32_t minute_at(const char **p)
{
    const char *t = *p;
    int32_t h, m;

    for (int i = 0; i < 5; i++) {
        if (i == 2 ? t[i] != ':' : t[i] < '0' || t[i] > '9')
            return -1;
    }
    h = (t[0] - '0') * 10 + t[1] - '0';
    m = (t[3] - '0') * 10 + t[4] - '0';
    if (m > 59 || h * 60 + m > DAY_MIN)
        return -1;
    *p += 5;
    return h * 60 + m;
}

enum err_code window_parse(const char *text, struct window *out, struct err *e)
{
    struct window w = {0};
    const char *p = text;
    enum err_code rc = parse_days(&p, &w.days, e);

    if (rc != ERR_OK)
        return rc;
    if (*p != ' ')
        goto bad;
    while (*p == ' ')
        p++;
    w.start_min = minute_at(&p);
    if (w.start_min < 0 || w.start_min == DAY_MIN || *p++ != '-')
        goto bad;
    w.end_min = minute_at(&p);
    if (w.end_min < 0 || *p != '\0')
        goto bad;
    if (w.end_min == w.start_min)
        return err_set(e, ERR_SYNTAX,
                       "\"%.40s\" ends when it starts: for a whole day write "
                       "00:00-24:00",
                       text);
    if (w.end_min == 0)
        w.end_min = DAY_MIN;
    *out = w;
    return ERR_OK;
bad:
    return err_set(e, ERR_SYNTAX,
                   "\"%.40s\" is not a window like \"Sun-Thu 09:00-18:00\" "
                   "(two digits for hours and minutes, 00:00 to 24:00)",
                   text);
}

static bool has_day(uint8_t days, int d)
{
    return (days >> (d + DAYS) % DAYS & 1) != 0;
}

/* The days as one range of three or more, when they are one. */
static bool as_range(uint8_t days, int *first, int *last)
{
    int starts = 0, n = 0;

    if (days == (1u << DAYS) - 1) {
        *first = 0;
        *last = DAYS - 1;
        return true;
    }
    for (int d = 0; d < DAYS; d++) {
        if (!has_day(days, d))
            continue;
        n++;
        if (!has_day(days, d - 1)) {
            starts++;
            *first = d;
        }
    }
    *last = (*first + n - 1) % DAYS;
    return starts == 1 && n > 2;
}

const char *window_text(const struct window *w, char buf[WINDOW_TEXT])
{
    char days[32] = "";
    int first = 0, last = 0;
    size_t used = 0;

    if (as_range(w->days, &first, &last)) {
        (void)str_format(days, sizeof(days), "%s-%s", day_names[first], day_names[last]);
    } else {
        for (int d = 0; d < DAYS; d++) {
            if (!has_day(w->days, d))
                continue;
            (void)str_format(days + used, sizeof(days) - used, "%s%s",
                             used > 0 ? "," : "", day_names[d]);
            used = strlen(days);
        }
    }
    (void)str_format(buf, WINDOW_TEXT, "%s %02d:%02d-%02d:%02d", days, w->start_min / 60,
                     w->start_min % 60, w->end_min / 60, w->end_min % 60);
    return buf;
}
