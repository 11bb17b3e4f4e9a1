#include <config.h>

#include "tui/words.h"

#include "core/base/str.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 16 };

static enum err_code parse_place(const char *word, enum place *out, struct err *e)
{
    if (str_eq(word, "on-prem") || str_eq(word, "home"))
        word = "onprem";
    if (place_parse(word, out) && (*out == PLACE_CLOUD || *out == PLACE_ONPREM))
        return ERR_OK;
    return err_set(e, ERR_USAGE, "\"%.40s\" is no place: write cloud or onprem", word);
}

static enum err_code parse_move(const char *const *w, size_t n, struct command *c,
                                struct err *e)
{
    if (n < 3)
        return err_set(e, ERR_USAGE, "write: move SERVER cloud|onprem [force] [yes]");
    (void)str_copy(c->server, sizeof(c->server), w[1]);
    for (size_t i = 3; i < n; i++) {
        if (!str_eq(w[i], "force"))
            return err_set(e, ERR_USAGE, "\"%.40s\" does not belong behind move", w[i]);
        c->force = true;
    }
    return parse_place(w[2], &c->place, e);
}

/* A time to come, as a distance from now; what words say wrong is ERR_USAGE. */
static enum err_code parse_for(const char *word, struct utc now, struct utc *until,
                               struct err *e)
{
    int64_t s;

    if (duration_parse(word, &s, e) != ERR_OK) {
        e->code = ERR_USAGE;
        return e->code;
    }
    if (s <= 0)
        return err_set(e, ERR_USAGE, "\"%.40s\" is no time to come", word);
    until->s = now.s + s;
    return ERR_OK;
}

static enum err_code parse_until(const char *text, const struct tz *tz, struct utc now,
                                 struct utc *until, struct err *e)
{
    if (time_parse(text, tz, now, until, e) != ERR_OK)
        return e->code;
    return until->s > now.s ? ERR_OK
                            : err_set(e, ERR_USAGE, "%.40s is in the past", text);
}

static enum err_code parse_hold(const char *const *w, size_t n, const struct tz *tz,
                                struct utc now, struct command *c, struct err *e)
{
    if (n < 3)
        return err_set(
            e, ERR_USAGE,
            "write: hold SERVER cloud|onprem [until TIME|for DURATION|forever] [yes]");
    (void)str_copy(c->server, sizeof(c->server), w[1]);
    if (parse_place(w[2], &c->place, e) != ERR_OK || n == 3)
        return e->code;
    if (n == 4 && str_eq(w[3], "forever")) {
        c->hold_kind = HOLD_PIN;
        return ERR_OK;
    }
    c->hold_kind = HOLD_UNTIL;
    if (n == 5 && str_eq(w[3], "for"))
        return parse_for(w[4], now, &c->until, e);
    if (n >= 5 && n <= 6 && str_eq(w[3], "until")) {
        char when[TIME_TEXT * 2];

        (void)str_format(when, sizeof(when), "%s%s%s", w[4], n == 6 ? " " : "",
                         n == 6 ? w[5] : "");
        return parse_until(when, tz, now, &c->until, e);
    }
    return err_set(e, ERR_USAGE,
                   "write: hold SERVER cloud|onprem [until TIME|for DURATION|forever]");
}

static enum err_code parse_auto(const char *const *w, size_t n, struct command *c,
                                struct err *e)
{
    if (n < 2 || n > 3 || !auto_setting_parse(w[1], &c->setting))
        return err_set(e, ERR_USAGE, "write: auto on|off|dry-run [SERVER]");
    if (n == 3)
        (void)str_copy(c->server, sizeof(c->server), w[2]);
    return ERR_OK;
}

enum err_code words_command(const char *const *w, size_t n, const struct tz *tz,
                            struct utc now, struct command *out, struct err *e)
{
    *out = (struct command){.hold_kind = HOLD_UNTIL_SCHEDULE, .at = now};
    if (n == 0 || !command_parse(w[0], &out->kind))
        return err_set(
            e, ERR_USAGE,
            "write move, cancel, hold, release, auto, snooze, extension, refresh, "
            "status or quit");
    /* A name that is empty, a variable that is not set maybe, must not mean all. */
    for (size_t i = 1; i < n; i++) {
        if (w[i][0] == '\0')
            return err_set(e, ERR_USAGE, "an empty word behind %s means nothing", w[0]);
    }
    /* The last word of the orders that may be asked about. */
    if (n > 2 && str_eq(w[n - 1], "yes") &&
        (out->kind == COMMAND_MOVE || out->kind == COMMAND_HOLD ||
         out->kind == COMMAND_CANCEL)) {
        out->confirmed = true;
        n--;
    }
    switch (out->kind) {
    case COMMAND_MOVE:
        return parse_move(w, n, out, e);
    case COMMAND_HOLD:
        return parse_hold(w, n, tz, now, out, e);
    case COMMAND_AUTO:
        return parse_auto(w, n, out, e);
    case COMMAND_CANCEL:
    case COMMAND_RELEASE:
        if (n != 2)
            return err_set(e, ERR_USAGE, "write: %s SERVER", w[0]);
        (void)str_copy(out->server, sizeof(out->server), w[1]);
        return ERR_OK;
    case COMMAND_SNOOZE:
        if (n != 2 && n != 3)
            return err_set(e, ERR_USAGE, "write: snooze DURATION [SERVER]");
        if (n == 3)
            (void)str_copy(out->server, sizeof(out->server), w[2]);
        return parse_for(w[1], now, &out->until, e);
    case COMMAND_EXTENSION:
        if (n != 2 || (!str_eq(w[1], "start") && !str_eq(w[1], "stop")))
            return err_set(e, ERR_USAGE, "write: extension start|stop");
        out->start = str_eq(w[1], "start");
        return ERR_OK;
    case COMMAND_REFRESH:
    case COMMAND_ACKNOWLEDGE:
        return n == 1 ? ERR_OK : err_set(e, ERR_USAGE, "%s takes no words", w[0]);
    case COMMAND_COUNT:
        break;
    }
    return err_set(e, ERR_BUG, "no such command");
}

enum err_code words_parse(const char *line, const struct fleet *f, const struct tz *tz,
                          struct utc now, struct command *out, bool *quit, struct err *e)
{
    char copy[512], *save = NULL;
    const char *words[WORDS_MAX];
    size_t n = 0;

    *out = (struct command){.kind = COMMAND_COUNT};
    if (!str_copy(copy, sizeof(copy), line))
        return err_set(e, ERR_USAGE, "that line is too long");
    for (char *w = strtok_r(copy, " \t\r", &save); w != NULL;
         w = strtok_r(NULL, " \t\r", &save)) {
        if (n == WORDS_MAX)
            return err_set(e, ERR_USAGE, "too many words");
        words[n++] = w;
    }
    if (n == 1 &&
        (str_eq(words[0], "quit") || str_eq(words[0], "exit") || str_eq(words[0], "q"))) {
        *quit = true;
        return ERR_OK;
    }
    if (n == 0 || (n == 1 && str_eq(words[0], "status")))
        return ERR_OK;
    if (words_command(words, n, tz, now, out, e) != ERR_OK)
        return e->code;
    if (out->server[0] != '\0' && f != NULL && fleet_find(f, out->server) < 0)
        return err_set(e, ERR_USAGE, "there is no server %.40s", out->server);
    return ERR_OK;
}
