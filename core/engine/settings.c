/*
 * settings.c - what survives beside moves, holds and calls: a word or numbers under a
 * key, a server's own under "key:SERVER". One row for each that is read back; what a
 * person or another version wrote there and says nothing is passed over.
 */
#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FAR_S = 86400 };

/* ----- written ----- */

struct setting_key server_key(const struct server_state *s, const char *what)
{
    struct setting_key key;
    bool fits = str_format(key.text, sizeof(key.text), "%s:%s", what, s->config->name);

    SURE(fits);
    return key;
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

void setting_store_time(struct controller *c, const char *key, struct utc t)
{
    if (t.s == 0)
        setting_store(c, key, "");
    else
        setting_store_number(c, key, t.s);
}

void setting_store_numbers(struct controller *c, const char *key, const int64_t *v,
                           size_t n)
{
    enum { LONGEST = 21 }; /* of one, with the comma before it */
    char text[LINE_TEXT], *end = text;

    *end = '\0';
    for (size_t i = 0; i < n; i++) {
        SURE(end + LONGEST < text + sizeof(text));
        if (i > 0)
            *end++ = ',';
        end = str_put_u64(end, (uint64_t)(v[i] > 0 ? v[i] : 0)); /* times and counts */
        *end = '\0';
    }
    setting_store(c, key, text);
}

size_t setting_numbers(const char *value, int64_t *out, size_t max)
{
    size_t n = 0;

    for (const char *p = value; *p != '\0' && n < max;) {
        size_t len = strcspn(p, ",");
        char one[24];
        struct err e = {0};

        if (!str_format(one, sizeof(one), "%.*s", (int)len, p) ||
            str_to_i64(one, 0, INT64_MAX, &out[n], &e) != ERR_OK)
            return n; /* what a person wrote there is no number */
        n++;
        p += len + (p[len] == ',' ? 1 : 0);
    }
    return n;
}

/* ----- read back ----- */

void store_is_lost(struct controller *c, const char *aside)
{
    c->store_lost = true;
    (void)str_copy(c->store_aside, sizeof(c->store_aside), aside);
}

/* load_number's: what is done with a time that this clock has not come to, as it was set
 * back or ran ahead when that was written. */
enum rule {
    ANY,
    NOW_AT_MOST, /* it is now */
    PAST,        /* it is not believed */
    NEAR,        /* … more than a day ahead */
    A_DAY,       /* at most, as it is a duration */
};

static void load_number(const struct setting_read *r)
{
    int64_t now = r->c->now.s, *number = r->field, v, most = INT64_MAX;
    struct err e = {0};

    if (r->rule == PAST)
        most = now;
    else if (r->rule == NEAR)
        most = now + FAR_S;
    else if (r->rule == A_DAY)
        most = FAR_S;
    if (str_to_i64(r->value, 0, most, &v, &e) == ERR_OK)
        *number = r->rule == NOW_AT_MOST && v > now ? now : v;
}

static void load_apart(const struct setting_read *r)
{
    load_number(r);
    r->s->apart_kept = r->s->facts.apart;
}

static void load_name(const struct setting_read *r)
{
    (void)str_copy(r->field, NAME_TEXT, r->value);
}

static void load_line(const struct setting_read *r)
{
    (void)str_copy(r->field, LINE_TEXT, r->value);
}

static void load_id(const struct setting_read *r)
{
    (void)str_copy(r->field, ID_TEXT, r->value); /* an id is shorter */
}

static void load_history(const struct setting_read *r)
{
    struct lead_list *l = r->field;
    int64_t v[LEAD_KEPT];
    size_t n = setting_numbers(r->value, v, LEAD_KEPT);

    l->n = 0;
    for (size_t i = 0; i < n; i++)
        lead_note(l, v[i]); /* as they were measured */
}

static void load_auto(const struct setting_read *r)
{
    (void)auto_setting_parse(r->value, r->field); /* an unknown word keeps dry-run */
}

static void load_auto_of(const struct setting_read *r)
{
    r->s->auto_on = str_eq(r->value, "on");
}

static void load_place(const struct setting_read *r)
{
    (void)place_parse(r->value, r->field); /* an unknown word stays unknown */
}

static void load_lost(const struct setting_read *r)
{
    store_is_lost(r->c, str_eq(r->value, "1") ? "" : r->value);
}

static void load_listed(const struct setting_read *r)
{
    r->c->listed_once = true;
}

static void load_lead(const struct setting_read *r)
{
    int64_t v[2];

    if (setting_numbers(r->value, v, 2) == 2 && r->c->config->policy.lead_auto) {
        r->c->lead_s = v[0];
        r->c->lead_day = v[1];
    }
}

/* "1795329000 0", or with the fingerprint of the configuration that was wrong: such a
 * breaker ends with that configuration. */
static void load_breaker(const struct setting_read *r)
{
    const char *space = strchr(r->value, ' ');
    char number[24];
    struct err e = {0};
    int64_t at;

    if (space == NULL ||
        !str_format(number, sizeof(number), "%.*s", (int)(space - r->value), r->value) ||
        str_to_i64(number, 0, INT64_MAX, &at, &e) != ERR_OK)
        return;
    if (str_eq(space + 1, r->c->fingerprint))
        r->s->breaker_for_good = true;
    else if (!str_eq(space + 1, "0") ||
             at > r->c->now.s + r->c->config->policy.breaker_open)
        return;
    r->s->breaker_until.s = at;
}

static void load_launch(const struct setting_read *r)
{
    int64_t v[2];

    if (setting_numbers(r->value, v, 2) == 2) {
        r->s->launch_start = v[0];
        r->s->launch_attempt = v[1];
    }
}

static void load_losses(const struct setting_read *r)
{
    int64_t times[LOSSES_KEPT];

    r->s->n_losses = (int32_t)setting_numbers(r->value, times, LOSSES_KEPT);
    for (int32_t i = 0; i < r->s->n_losses; i++)
        r->s->losses[i].s = times[i];
}

/* "cloud 0 dana" */
static void load_order(const struct setting_read *r)
{
    char word[16] = "";
    const char *space = strchr(r->value, ' ');
    struct server_state *s = r->s;
    enum place place;

    if (space == NULL || (size_t)(space - r->value) >= sizeof(word))
        return;
    memcpy(word, r->value, (size_t)(space - r->value));
    if (!place_parse(word, &place) || strlen(space) < 3 ||
        (place != PLACE_ONPREM && place != PLACE_CLOUD))
        return; /* written by hand */
    s->order.place = place;
    s->order.force = space[1] == '1';
    s->order.at = r->c->now;
    (void)str_copy(s->order.by, sizeof(s->order.by), space + 3);
}

/* By a clock that was ahead, or this one is behind: it is owed all the same. */
static void load_owed(const struct setting_read *r)
{
    struct server_state *s = r->s;
    struct err e = {0};
    int64_t at;

    if (str_to_i64(r->value, 0, INT64_MAX, &at, &e) != ERR_OK)
        return;
    s->owed_home = s->owed_told = s->owed_failed = true;
    s->owed_since.s = at < r->c->now.s ? at : r->c->now.s;
}

/* "failures retry rounds since"; times too far ahead are of another clock. */
static void load_retry(const struct setting_read *r)
{
    enum { FIELDS = 4 };
    int64_t v[FIELDS] = {0}, now = r->c->now.s;
    const char *p = r->value;
    struct server_state *s = r->s;

    for (int i = 0; i < FIELDS; i++) {
        char *end;

        v[i] = strtoll(p, &end, 10);
        if (end == p && i == FIELDS - 1)
            break; /* an older version kept three */
        if (end == p || v[i] < 0)
            return;
        p = end;
    }
    if (v[0] > 1000 || v[2] > 1000 || v[1] > now + FAR_S)
        return;
    s->failures = (int32_t)v[0];
    s->retry_at.s = v[1];
    s->rounds = (int32_t)v[2];
    s->round_since.s = v[3] <= now ? v[3] : 0;
}

/* "off,on"; by a clock that was ahead: now. */
static void load_told(const struct setting_read *r)
{
    int64_t v[2], now = r->c->now.s;

    if (setting_numbers(r->value, v, 2) != 2)
        return;
    r->s->facts.told_off.s = v[0] < now ? v[0] : now;
    r->s->facts.switched_on.s = v[1] < now ? v[1] : now;
}

/* Whose it is: of all; "key:SERVER"; "key:NAME" of something else. */
enum whose { ALL, SERVER, NAMED };

/* Where a field is; a comparison of its pointer with one of its type is the compiler's
 * check of it. */
#define FIELD(of, pointer, member)                                                       \
    (offsetof(of, member) + 0 * sizeof(&((of *)0)->member == (pointer)0))
#define OF_ALL(pointer, member)    FIELD(struct controller, pointer, member)
#define OF_SERVER(pointer, member) FIELD(struct server_state, pointer, member)

static const struct row {
    const char *key;
    enum whose whose;
    void (*load)(const struct setting_read *r);
    size_t at; /* the field, where it has one */
    enum rule rule;
} rows[] = {
    /* clang-format off */
    {"auto", ALL, load_auto, OF_ALL(enum auto_setting *, setting), ANY},
    {"auto_by", ALL, load_name, OF_ALL(char (*)[NAME_TEXT], auto_by), ANY},
    {"auto_since", ALL, load_number, OF_ALL(int64_t *, auto_since.s), ANY},
    {"budget_forecast", ALL, load_number, OF_ALL(int64_t *, month.forecast_told.s), ANY},
    {"budget_reached", ALL, load_number, OF_ALL(int64_t *, month.reached.s), ANY},
    {"budget_warned", ALL, load_number, OF_ALL(int64_t *, month.warned.s), ANY},
    {"calendar_told", ALL, load_number, OF_ALL(int64_t *, calendar_told), ANY},
    {"config", ALL, load_name, OF_ALL(char (*)[NAME_TEXT], config_known), ANY},
    {"config_since", ALL, load_number, OF_ALL(int64_t *, config_since.s), NOW_AT_MOST},
    {"empty_told", ALL, load_number, OF_ALL(int64_t *, empty_told.s), ANY},
    {"extension_call", ALL, extension_call_load, 0, ANY},
    {"extension_idle", ALL, load_number, OF_ALL(int64_t *, extension.idle_since.s), NOW_AT_MOST},
    {"extension_order", ALL, extension_order_load, 0, ANY},
    {"extension_start_s", ALL, load_number, OF_ALL(int64_t *, extension.start_took_s), A_DAY},
    {"lead", ALL, load_lead, 0, ANY},
    {"lead_joins", ALL, load_history, OF_ALL(struct lead_list *, lead.joins), ANY},
    {"lead_moves", ALL, load_history, OF_ALL(struct lead_list *, lead.moves), ANY},
    {"lead_starts", ALL, load_history, OF_ALL(struct lead_list *, lead.starts), ANY},
    {"left_told", ALL, load_number, OF_ALL(int64_t *, month.left_told.s), ANY},
    {"listed", ALL, load_listed, 0, ANY},
    {"lost", ALL, load_lost, 0, ANY},
    {"orphan", NAMED, unclaimed_load, 0, ANY},
    {"refused", NAMED, offerings_load, 0, ANY},
    {"snooze", ALL, load_number, OF_ALL(int64_t *, snooze_until.s), ANY},
    {"state_id", ALL, load_name, OF_ALL(char(*)[NAME_TEXT], lease.state_id), ANY},

    {"apart", SERVER, load_apart, OF_SERVER(int64_t *, facts.apart.s), NOW_AT_MOST},
    {"auto", SERVER, load_auto_of, 0, ANY},
    {"auto_since", SERVER, load_number, OF_SERVER(int64_t *, auto_since.s), NOW_AT_MOST},
    {"breaker", SERVER, load_breaker, 0, ANY},
    {"held", SERVER, load_number, OF_SERVER(int64_t *, hold_ended.s), ANY},
    {"instance", SERVER, load_id, OF_SERVER(char (*)[ID_TEXT], facts.instance.id), ANY},
    {"launch", SERVER, load_launch, 0, ANY},
    {"leaving", SERVER, replace_load, 0, ANY},
    {"losses", SERVER, load_losses, 0, ANY},
    {"order", SERVER, load_order, 0, ANY},
    {"outside", SERVER, load_line, OF_SERVER(char (*)[LINE_TEXT], outside), ANY},
    {"over_budget", SERVER, load_number, OF_SERVER(int64_t *, over_budget_at.s), ANY},
    {"owed", SERVER, load_owed, 0, ANY},
    {"place", SERVER, load_place, OF_SERVER(enum place *, known_place), ANY},
    {"pressed", SERVER, load_number, OF_SERVER(int64_t *, pressed_since.s), PAST},
    {"rerun", SERVER, load_number, OF_SERVER(int64_t *, rerun_at.s), NEAR},
    {"retry", SERVER, load_retry, 0, ANY},
    {"since", SERVER, load_number, OF_SERVER(int64_t *, settled_since.s), NOW_AT_MOST},
    {"snooze", SERVER, load_number, OF_SERVER(int64_t *, snooze_until.s), ANY},
    {"told", SERVER, load_told, 0, ANY},
    {"used", SERVER, load_name, OF_SERVER(char (*)[NAME_TEXT], used_zone), ANY},
    {"zone", SERVER, load_name, OF_SERVER(char (*)[NAME_TEXT], home_zone), ANY},
    /* clang-format on */
};

void setting_load(struct controller *c, const struct stored_setting *stored)
{
    const char *colon = strchr(stored->key, ':'), *name = colon != NULL ? colon + 1 : "";
    size_t len = strcspn(stored->key, ":");
    struct setting_read r = {.c = c,
                             .s = colon != NULL ? server_find(c, name) : NULL,
                             .name = name,
                             .value = stored->value};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        char *of = row->whose == SERVER ? (char *)r.s : (char *)c;

        if (of == NULL || (row->whose == ALL) != (colon == NULL) ||
            strncmp(row->key, stored->key, len) != 0 || row->key[len] != '\0')
            continue;
        r.field = of + row->at;
        r.rule = (int)row->rule;
        row->load(&r);
        return;
    }
}
