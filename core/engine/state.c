#include <config.h>

#include "core/engine/state.h"

#include "core/base/str.h"

/* What every part of the controller needs: finding a server, and keeping what is to
 * survive. */

struct server_state *server_find(struct controller *c, const char *name)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        if (str_eq(c->servers[i].config->name, name))
            return &c->servers[i];
    }
    return NULL;
}

bool acts_forbidden(const struct controller *c)
{
    return c->observe || c->dry_run || c->stopping || c->setting == AUTO_DRY_RUN ||
           !c->store_ok;
}

void setting_store(struct controller *c, const char *key, const char *value)
{
    struct record *r = effects_record(c->fx, RECORD_SETTING);

    if (r == NULL)
        return;
    r->at = c->now;
    (void)str_copy(r->as.setting.key, sizeof(r->as.setting.key), key);
    (void)str_copy(r->as.setting.value, sizeof(r->as.setting.value), value);
}

void setting_store_number(struct controller *c, const char *key, int64_t v)
{
    char text[24];

    (void)str_format(text, sizeof(text), "%lld", (long long)v);
    setting_store(c, key, text);
}

void hold_store(struct controller *c, const struct server_state *s)
{
    struct record *r = effects_record(c->fx, RECORD_HOLD);

    if (r == NULL)
        return;
    r->at = c->now;
    (void)str_copy(r->as.hold.server, sizeof(r->as.hold.server), s->config->name);
    r->as.hold.hold = s->hold;
}

void hold_end(struct controller *c, struct server_state *s)
{
    char key[NAME_TEXT], text[24];

    s->hold = (struct hold){0};
    s->hold_ended = c->now;
    hold_store(c, s);
    (void)str_format(key, sizeof(key), "held:%.50s", s->config->name);
    (void)str_format(text, sizeof(text), "%lld", (long long)c->now.s);
    setting_store(c, key, text);
}

void order_store(struct controller *c, const struct server_state *s)
{
    char key[NAME_TEXT], value[LINE_TEXT] = "";

    (void)str_format(key, sizeof(key), "order:%.50s", s->config->name);
    if (s->order.place != PLACE_UNKNOWN)
        (void)str_format(value, sizeof(value), "%s %d %s", place_word(s->order.place),
                         s->order.force ? 1 : 0, s->order.by);
    setting_store(c, key, value);
}

void retry_store(struct controller *c, const struct server_state *s)
{
    char key[NAME_TEXT], value[LINE_TEXT] = "";

    (void)str_format(key, sizeof(key), "retry:%.50s", s->config->name);
    if (s->failures != 0 || s->retry_at.s != 0 || s->breaker_until.s != 0 ||
        s->rerun_at.s != 0 || s->offering != 0)
        (void)str_format(value, sizeof(value), "%d %lld %lld %lld %d", s->failures,
                         (long long)s->retry_at.s, (long long)s->breaker_until.s,
                         (long long)s->rerun_at.s, s->offering);
    setting_store(c, key, value);
}

void place_know(struct controller *c, struct server_state *s, enum place place)
{
    char key[NAME_TEXT];

    s->known_place = place;
    s->settled_since = c->now;
    (void)str_format(key, sizeof(key), "place:%.50s", s->config->name);
    setting_store(c, key, place_word(place));
}
