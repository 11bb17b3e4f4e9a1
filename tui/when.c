#include <config.h>

#include "tui/words.h"

#include <string.h>

#include "core/base/str.h"

/* hh:mm or h:mm; true when that is all of the text. */
static bool clock_time(const char *text, struct civil *c)
{
    char p[6] = "00:00";
    size_t n = strlen(text);
    bool digits = n == 4 || n == 5;

    if (digits)
        memcpy(p + 5 - n, text, n);
    for (size_t i = 0; digits && i < 5; i++)
        digits = i == 2 ? p[i] == ':' : p[i] >= '0' && p[i] <= '9';
    if (!digits)
        return false;
    c->hour = (p[0] - '0') * 10 + (p[1] - '0');
    c->minute = (p[3] - '0') * 10 + (p[4] - '0');
    c->second = 0;
    return c->hour < 24 && c->minute < 60;
}

static void add_days(struct civil *c, int64_t days)
{
    struct civil at = civil_from_seconds(civil_to_seconds(c) + days * 86400);

    *c = at;
}

enum err_code time_parse(const char *text, const struct tz *tz, struct utc now,
                         struct utc *out, struct err *e)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    struct civil c = tz_civil(tz, now);
    struct err ignored = {0};
    char full[TIME_TEXT];

    if (utc_parse(text, out, &ignored) == ERR_OK)
        return ERR_OK;
    if (clock_time(text, &c)) {
        *out = tz_instants(tz, &c).first;
        if (out->s <= now.s) {
            add_days(&c, 1);
            *out = tz_instants(tz, &c).first;
        }
        return ERR_OK;
    }
    for (int32_t d = 0; d < 7; d++) {
        struct civil at = c;

        if (strncmp(text, days[d], 3) != 0 || text[3] != ' ' ||
            !clock_time(text + 4, &at))
            continue;
        add_days(&at, (d - c.weekday + 7) % 7);
        *out = tz_instants(tz, &at).first;
        if (out->s <= now.s) {
            add_days(&at, 7);
            *out = tz_instants(tz, &at).first;
        }
        return ERR_OK;
    }
    /* "2026-11-26 18:30" of the site */
    if (strlen(text) == 16 &&
        str_format(full, sizeof(full), "%.10sT%.5s:00Z", text, text + 11)) {
        struct utc naive;

        err_clear(&ignored);
        if (utc_parse(full, &naive, &ignored) == ERR_OK) {
            c = civil_from_seconds(naive.s);
            *out = tz_instants(tz, &c).first;
            return ERR_OK;
        }
    }
    return err_set(
        e, ERR_USAGE,
        "\"%.40s\" is no time: write 18:30, \"Thu 18:30\", \"2026-11-26 18:30\" or "
        "2026-11-26T18:30:00Z",
        text);
}
