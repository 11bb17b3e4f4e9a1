#include <config.h>

#include "core/model/calendar.h"

#include "core/base/str.h"
#include "core/base/timefmt.h"
#include "core/model/window.h"

#include <string.h>

enum { LINE_BYTES = 128, FIRST_YEAR = 1970, LAST_YEAR = 2999 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of the line; false at its end. A word that is too long is cut, and then
 * is none of those that mean something. */
static bool next_word(const char **p, char word[LINE_BYTES])
{
    size_t n = 0;

    while (is_blank(**p))
        (*p)++;
    for (; **p != '\0' && **p != '#' && !is_blank(**p); (*p)++) {
        if (n + 1 < LINE_BYTES)
            word[n++] = **p;
    }
    word[n] = '\0';
    return n > 0;
}

/* "2026-12-25" that there is. */
static bool parse_day(const char *word, int64_t *day)
{
    int32_t part[3] = {0};
    struct civil back;

    if (strlen(word) != 10)
        return false;
    for (int i = 0, k = 0; i < 10; i++) {
        if (i == 4 || i == 7) {
            if (word[i] != '-')
                return false;
            k++;
        } else if (word[i] < '0' || word[i] > '9') {
            return false;
        } else {
            part[k] = part[k] * 10 + word[i] - '0';
        }
    }
    if (part[0] < FIRST_YEAR || part[0] > LAST_YEAR || part[1] < 1 || part[1] > 12 ||
        part[2] < 1 || part[2] > 31)
        return false;
    *day = civil_to_days(part[0], part[1], part[2]);
    back = civil_from_seconds(*day * 86400);
    return back.month == part[1] && back.day == part[2]; /* 31 of a short month */
}

/* "09:00-13:00", commas between several. */
static enum err_code parse_windows(const char *word, struct calendar_day *d,
                                   struct err *e)
{
    while (*word != '\0') {
        size_t len = strcspn(word, ",");
        char text[LINE_BYTES + 8];
        struct window w;
        enum err_code rc;

        if (len > 0) {
            if (d->n == CALENDAR_WINDOWS_MAX)
                return err_set(e, ERR_RANGE, "it has more than %d windows",
                               CALENDAR_WINDOWS_MAX);
            (void)str_format(text, sizeof(text), "Sun %.*s", (int)len, word);
            rc = window_parse(text, &w, e);
            if (rc != ERR_OK) {
                err_clear(e);
                return err_set(e, ERR_SYNTAX,
                               "\"%.*s\" is neither off nor on nor hours like "
                               "09:00-13:00",
                               len < 40 ? (int)len : 40, word);
            }
            d->start_min[d->n] = w.start_min;
            d->end_min[d->n] = w.end_min;
            d->n++;
        }
        word += len;
        word += *word == ',' ? 1 : 0;
    }
    return ERR_OK;
}

enum err_code calendar_line(const char *line, struct calendar_day *out, bool *found,
                            struct err *e)
{
    struct calendar_day d = {0};
    char word[LINE_BYTES];
    const char *p = line;
    size_t words = 0;
    enum err_code rc;

    if (!next_word(&p, word)) {
        *found = false;
        return ERR_OK;
    }
    if (!parse_day(word, &d.day))
        return err_set(e, ERR_SYNTAX, "\"%.40s\" is not a day like 2026-12-25", word);
    for (; next_word(&p, word); words++) {
        bool off = str_eq(word, "off"), on = str_eq(word, "on");

        if (words > 0 && (off || on || d.kind != CALENDAR_WINDOWS))
            return err_set(e, ERR_SYNTAX, "\"%.40s\" is too much: off and on stand alone",
                           word);
        d.kind = off ? CALENDAR_OFF : on ? CALENDAR_ON : CALENDAR_WINDOWS;
        rc = off || on ? ERR_OK : parse_windows(word, &d, e);
        if (rc != ERR_OK)
            return rc;
    }
    if (words == 0 || (d.kind == CALENDAR_WINDOWS && d.n == 0))
        return err_set(e, ERR_SYNTAX,
                       "it does not say what that day is: write off, on, or hours like "
                       "09:00-13:00");
    *out = d;
    *found = true;
    return ERR_OK;
}

const struct calendar_day *calendar_find(const struct calendar_day *days, size_t n,
                                         int64_t day)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (days[mid].day < day)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && days[low].day == day ? &days[low] : NULL;
}
