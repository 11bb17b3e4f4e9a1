#include <config.h>

#include "core/base/tz_rule.h"

#include <string.h>

enum { MAX_RULE_HOURS = 167, MAX_OFFSET_HOURS = 24 };

/* What is left to read; every step below stops at its end. */
struct scan {
    const char *p, *end;
};

static bool more(const struct scan *s)
{
    return s->p < s->end;
}

static bool take(struct scan *s, char c)
{
    if (!more(s) || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "IST", or in angle brackets also digits and signs: "<-03>". */
static bool scan_name(struct scan *s, char out[TZ_ABBREVIATION])
{
    bool quoted = take(s, '<');
    size_t n = 0;

    for (; more(s); s->p++) {
        char c = *s->p;

        if (!is_letter(c) && !(quoted && (is_digit(c) || c == '+' || c == '-')))
            break;
        if (n + 1 >= TZ_ABBREVIATION)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return n >= 3 && (!quoted || take(s, '>'));
}

static bool scan_number(struct scan *s, int32_t min, int32_t max, int32_t *out)
{
    int32_t v = 0;

    if (!more(s) || !is_digit(*s->p))
        return false;
    for (; more(s) && is_digit(*s->p); s->p++) {
        v = v * 10 + (*s->p - '0');
        if (v > max)
            return false;
    }
    *out = v;
    return v >= min;
}

/* [+-]hh[:mm[:ss]] */
static bool scan_time(struct scan *s, int32_t max_hours, int32_t *out)
{
    bool negative = take(s, '-');
    int32_t h, m = 0, sec = 0;

    if (!negative)
        (void)take(s, '+'); /* it may be missing */
    if (!scan_number(s, 0, max_hours, &h))
        return false;
    if (take(s, ':')) {
        if (!scan_number(s, 0, 59, &m))
            return false;
        if (take(s, ':') && !scan_number(s, 0, 59, &sec))
            return false;
    }
    *out = h * 3600 + m * 60 + sec;
    if (negative)
        *out = -*out;
    return true;
}

/* "M10.5.0/2", "J60", "59/2:30" */
static bool scan_change(struct scan *s, struct tz_change *c)
{
    *c = (struct tz_change){.time_s = 7200};
    if (take(s, 'M')) {
        c->kind = TZ_DAY_OF_MONTH;
        if (!scan_number(s, 1, 12, &c->month) || !take(s, '.') ||
            !scan_number(s, 1, 5, &c->week) || !take(s, '.') ||
            !scan_number(s, 0, 6, &c->weekday))
            return false;
    } else if (take(s, 'J')) {
        c->kind = TZ_DAY_JULIAN;
        if (!scan_number(s, 1, 365, &c->day))
            return false;
    } else {
        c->kind = TZ_DAY_OF_YEAR;
        if (!scan_number(s, 0, 365, &c->day))
            return false;
    }
    return !take(s, '/') || scan_time(s, MAX_RULE_HOURS, &c->time_s);
}

static bool scan_rule(struct scan *s, struct tz_rule *r)
{
    int32_t west;

    if (!scan_name(s, r->std_name) || !scan_time(s, MAX_OFFSET_HOURS, &west))
        return false;
    r->std_offset_s = -west;
    if (!more(s))
        return true;
    r->has_dst = true;
    r->dst_offset_s = r->std_offset_s + 3600;
    if (!scan_name(s, r->dst_name))
        return false;
    if (more(s) && *s->p != ',') {
        if (!scan_time(s, MAX_OFFSET_HOURS, &west))
            return false;
        r->dst_offset_s = -west;
    }
    /* Without the two dates each system has its own idea; zone files always have them. */
    return take(s, ',') && scan_change(s, &r->start) && take(s, ',') &&
           scan_change(s, &r->end) && !more(s);
}

enum err_code tz_rule_parse(const char *text, size_t len, struct tz_rule *out,
                            struct err *e)
{
    struct scan s = {text, text + len};
    struct tz_rule r;

    memset(&r, 0, sizeof(r));
    if (!scan_rule(&s, &r))
        return err_set(e, ERR_SYNTAX, "its rule for later years is not understood");
    *out = r;
    return ERR_OK;
}

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970 of the local date of a change. */
static int64_t change_day(const struct tz_change *c, int32_t year)
{
    int64_t first, next, day, weekday;

    switch (c->kind) {
    case TZ_DAY_JULIAN:
        return civil_to_days(year, 1, 1) + c->day - 1 +
               (is_leap(year) && c->day >= 60 ? 1 : 0);
    case TZ_DAY_OF_YEAR:
        return civil_to_days(year, 1, 1) + c->day;
    case TZ_DAY_OF_MONTH:
        break;
    }
    first = civil_to_days(year, c->month, 1);
    next = c->month == 12 ? civil_to_days(year + 1, 1, 1)
                          : civil_to_days(year, c->month + 1, 1);
    weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    day = first + (c->weekday - weekday + 7) % 7 + 7 * (c->week - 1);
    return day < next ? day : day - 7;
}

int64_t tz_rule_start(const struct tz_rule *r, int32_t year)
{
    return change_day(&r->start, year) * 86400 + r->start.time_s - r->std_offset_s;
}

int64_t tz_rule_end(const struct tz_rule *r, int32_t year)
{
    return change_day(&r->end, year) * 86400 + r->end.time_s - r->dst_offset_s;
}
