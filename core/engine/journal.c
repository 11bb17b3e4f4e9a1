#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct journal_entry *ring_slot(struct controller *c)
{
    if (c->n_events < FLEET_EVENTS)
        return &c->events[c->n_events++];
    SURE(c->n_events == FLEET_EVENTS && c->first_event < FLEET_EVENTS);
    c->first_event = (c->first_event + 1) % FLEET_EVENTS;
    return &c->events[(c->first_event + FLEET_EVENTS - 1) % FLEET_EVENTS];
}

struct journal_entry *journal_begin(struct controller *c, enum level level,
                                    const char *actor, const char *server,
                                    const char *action)
{
    /* What no screen shows takes no place from what they do. */
    struct journal_entry *j = level == LEVEL_DEBUG ? &c->unseen : ring_slot(c);

    *j = (struct journal_entry){.at = c->now, .level = level};
    (void)str_copy(j->actor, sizeof(j->actor), actor);
    (void)str_copy(j->server, sizeof(j->server), server);
    (void)str_copy(j->action, sizeof(j->action), action);
    return j;
}

void journal_blame(struct journal_entry *j, const char *error, const char *request_id)
{
    int room = (int)(sizeof(j->reason) - sizeof(" (request )") - strlen(request_id));

    if (request_id[0] == '\0')
        (void)str_copy(j->reason, sizeof(j->reason), error);
    else
        (void)str_format(j->reason, sizeof(j->reason), "%.*s (request %s)", room, error,
                         request_id); /* an id is shorter than that */
}

void journal_say(struct controller *c, struct journal_entry *j, const char *fmt, ...)
{
    struct record *r;
    va_list ap;

    SURE(c->fx != NULL && j->action[0] != '\0' && j->actor[0] != '\0');
    if (!c->without_texts) {
        va_start(ap, fmt);
        (void)vsnprintf(j->text, sizeof(j->text), fmt, ap); /* cut, it is still one */
        va_end(ap);
    }
    if (j != &c->unseen) {
        c->events_total++;
        c->fx->changed = true;
    }
    r = effects_record(c->fx, RECORD_JOURNAL);
    if (r != NULL) {
        r->at = c->now;
        r->as.journal = *j;
    }
}

void alert_add(struct controller *c, const char *server, const char *code,
               const char *text)
{
    struct alert *a;

    /* The same trouble of the same server is one alert, with its newest time and words.
     */
    for (size_t i = 0; i < c->n_alerts; i++) {
        a = &c->alerts[i];
        if (str_eq(a->server, server) && str_eq(a->code, code)) {
            a->at = c->now;
            (void)str_copy(a->text, sizeof(a->text), text);
            return;
        }
    }
    if (c->n_alerts == FLEET_ALERTS) {
        memmove(&c->alerts[0], &c->alerts[1], sizeof(c->alerts[0]) * (FLEET_ALERTS - 1));
        c->n_alerts--;
    }
    a = &c->alerts[c->n_alerts++];
    *a = (struct alert){.at = c->now};
    (void)str_copy(a->server, sizeof(a->server), server);
    (void)str_copy(a->code, sizeof(a->code), code);
    (void)str_copy(a->text, sizeof(a->text), text);
}

void alert_raise(struct controller *c, const char *server, const char *code,
                 const char *text)
{
    alert_add(c, server, code, text);
    journal_say(c, journal_begin(c, LEVEL_WARN, "rushhour", server, code), "%s", text);
}

const char *clock_text(const struct controller *c, struct utc t, char buf[TIME_TEXT])
{
    struct civil at = tz_civil(c->tz, t), today = tz_civil(c->tz, c->now);

    return civil_text(&at, &today, buf);
}
