#include <config.h>

#include <ctype.h>
#include <string.h>

#include "core/base/str.h"
#include "tui/cells.h"

void cells_money(struct usd v, int decimals, int width, char buf[USD_TEXT])
{
    /* A number is never cut: it gives up its decimals, and at last itself. */
    do {
        (void)usd_text(v, decimals, buf);
    } while (width > 0 && (int)strlen(buf) > width && decimals-- > 0);
    if (width > 0 && (int)strlen(buf) > width)
        (void)str_copy(buf, USD_TEXT, ">max");
}

const char *cells_countdown(int64_t s, char buf[DUR_TEXT])
{
    if (s < 0)
        s = 0;
    if (s < 3600)
        (void)str_format(buf, DUR_TEXT, "%lld:%02lld", (long long)s / 60,
                         (long long)s % 60);
    else
        (void)str_format(buf, DUR_TEXT, "%lld:%02lld:%02lld", (long long)s / 3600,
                         (long long)s / 60 % 60, (long long)s % 60);
    return buf;
}

const char *cells_age(int64_t s, char buf[DUR_TEXT])
{
    if (s < 0)
        s = 0;
    if (s < 100)
        (void)str_format(buf, DUR_TEXT, "%llds", (long long)s);
    else if (s < 3600)
        (void)str_format(buf, DUR_TEXT, "%lldm", (long long)s / 60);
    else
        (void)duration_text(s, buf);
    return buf;
}

const char *cells_speedup(int32_t percent, char buf[DUR_TEXT])
{
    if (percent == 0)
        (void)str_copy(buf, DUR_TEXT, "as fast");
    else
        (void)str_format(buf, DUR_TEXT, "%d%% %s", percent > 0 ? percent : -percent,
                         percent > 0 ? "faster" : "slower");
    return buf;
}

const char *cells_long(int64_t s, char buf[DUR_TEXT])
{
    if (s < 0)
        s = 0;
    if (s < 60)
        (void)str_format(buf, DUR_TEXT, "%llds", (long long)s);
    else if (s < 3600)
        (void)str_format(buf, DUR_TEXT, "%lldm%02llds", (long long)s / 60,
                         (long long)s % 60);
    else if (s < 86400)
        (void)str_format(buf, DUR_TEXT, "%lldh%02lldm%02llds", (long long)s / 3600,
                         (long long)s / 60 % 60, (long long)s % 60);
    else
        (void)str_format(buf, DUR_TEXT, "%lldd%02lldh", (long long)s / 86400,
                         (long long)s / 3600 % 24);
    return buf;
}

const char *cells_auto(const struct fleet *f, struct utc now, char buf[NAME_TEXT],
                       enum role *role)
{
    char left[DUR_TEXT];

    *role = ROLE_AUTO_OFF;
    if (f->version == 0) {
        *role = ROLE_DIM;
        (void)str_copy(buf, NAME_TEXT, "AUTO ..");
    } else if (f->setting == AUTO_DRY_RUN) {
        (void)str_copy(buf, NAME_TEXT, "AUTO DRY-RUN");
    } else if (f->snooze_until.s > now.s) {
        (void)str_format(buf, NAME_TEXT, "AUTO SNOOZED %s",
                         cells_age(f->snooze_until.s - now.s, left));
    } else if (f->setting == AUTO_OFF) {
        (void)str_copy(buf, NAME_TEXT, "AUTO OFF");
    } else {
        *role = ROLE_AUTO_ON;
        (void)str_copy(buf, NAME_TEXT, "AUTO ON");
    }
    return buf;
}

const char *cells_extension(const struct fleet *f, struct utc now, char buf[NAME_TEXT],
                            enum role *role)
{
    const struct extension_facts *x = &f->extension;
    char word[NAME_TEXT], age[DUR_TEXT];
    bool timed;

    *role = ROLE_TEXT;
    if (f->version == 0 || (x->configured && x->as_of.s == 0)) {
        *role = ROLE_DIM;
        return str_copy(buf, NAME_TEXT, "..") ? buf : "";
    }
    if (!x->configured)
        return str_copy(buf, NAME_TEXT, "n/a") ? buf : "";
    (void)str_copy(word, sizeof(word), extension_state_word(x->state));
    for (char *p = word; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
    if (x->state == EXTENSION_UNKNOWN)
        (void)str_format(word, sizeof(word), "?%.40s", x->raw);
    if (x->stale) {
        *role = ROLE_STALE;
        (void)str_format(buf, NAME_TEXT, "%.40s ~%s", word,
                         cells_age(now.s - x->as_of.s, age));
        return buf;
    }
    if (x->state == EXTENSION_ACTIVE && f->extension_empty_since.s != 0) {
        *role = ROLE_WARN;
        (void)str_format(buf, NAME_TEXT, "%.40s (empty %s)", word,
                         cells_age(now.s - f->extension_empty_since.s, age));
        return buf;
    }
    timed = x->since.s != 0 &&
            (x->state == EXTENSION_ACTIVE || x->state == EXTENSION_STARTING ||
             x->state == EXTENSION_STOPPING);
    if (x->state == EXTENSION_IMPAIRED || x->state == EXTENSION_UNKNOWN ||
        x->state == EXTENSION_INVALID)
        *role = ROLE_WARN;
    if (!timed)
        (void)str_copy(buf, NAME_TEXT, word);
    else if (x->state == EXTENSION_ACTIVE)
        (void)str_format(buf, NAME_TEXT, "%.30s %s", word,
                         duration_text((now.s - x->since.s) / 60 * 60, age));
    else
        (void)str_format(buf, NAME_TEXT, "%.30s %s", word,
                         cells_countdown(now.s - x->since.s, age));
    return buf;
}

const char *cells_waits(const char *what, int32_t permille, bool stale,
                        char buf[WAITS_TEXT], enum role *role)
{
    enum { SLOW_PERMILLE = 100 };

    *role = stale || permille < 0      ? ROLE_STALE
            : permille > SLOW_PERMILLE ? ROLE_WARN
                                       : ROLE_TEXT;
    if (permille < 0)
        (void)str_format(buf, WAITS_TEXT, "%.16s ?", what);
    else
        (void)str_format(buf, WAITS_TEXT, "%.16s %d.%d%%", what, permille / 10,
                         permille % 10);
    return buf;
}
