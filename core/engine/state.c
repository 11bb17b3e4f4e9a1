#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <string.h>

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

const struct mover_ops *server_mover(const struct server_state *s)
{
    const struct mover_ops *of_move = s->has_move ? mover_find(s->move.mover) : NULL;

    return of_move != NULL ? of_move : s->mover;
}

bool server_has_mover(const struct server_state *s, const char *mover)
{
    const struct mover_ops *m = mover_find(mover);

    return m == s->mover || (m != NULL && m->replaces && s->mover->overlaps);
}

bool lease_is_missing(const struct controller *c)
{
    return c->lease.shared && !c->lease.held;
}

bool orders_forbidden(const struct controller *c)
{
    return c->observe || lease_is_missing(c) || c->dry_run || c->stopping ||
           c->setting == AUTO_DRY_RUN || !c->store_ok;
}

bool acts_forbidden(const struct controller *c)
{
    return c->orders_only || orders_forbidden(c);
}

bool launch_stops(const struct controller *c, enum call_kind kind)
{
    return c->disk_full && (kind == CALL_LAUNCH || kind == CALL_RUN_IN_CLOUD ||
                            kind == CALL_START_IN_CLOUD || kind == CALL_EXTENSION_START);
}

bool hands_off(const struct controller *c, const struct server_state *s)
{
    return acts_forbidden(c) || recovering(c, s->config->name);
}

/* Also while it is under way: another controller's record may make that way old after a
 * restart, too, and then it is owed since it was (takeover.c). */
void owed_store(struct controller *c, const struct server_state *s)
{
    bool pays = s->has_move && s->move.interrupted && s->move.direction == DIRECTION_BACK;

    if (s->owed_home || (pays && s->owed_since.s != 0))
        setting_store_number(c, server_key(s, "owed").text, s->owed_since.s);
    else
        setting_store(c, server_key(s, "owed").text, "");
}

void home_owe(struct controller *c, struct server_state *s, bool owed)
{
    if (owed)
        s->owed_since = c->now;
    if (s->owed_home == owed)
        return;
    s->owed_home = owed;
    owed_store(c, s);
}

struct utc home_owed(const struct server_state *s)
{
    return (struct utc){s->owed_home ? s->owed_since.s : 0};
}

void lead_store(struct controller *c, const char *key, const struct lead_list *l)
{
    setting_store_numbers(c, key, l->s, l->n);
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

void hold_ended_store(struct controller *c, struct server_state *s)
{
    s->hold_ended = c->now;
    setting_store_number(c, server_key(s, "held").text, c->now.s);
}

struct utc hold_capped_before(const struct controller *c, const struct hold *h)
{
    struct utc change;

    if (h->place != PLACE_CLOUD || h->kind != HOLD_UNTIL_SCHEDULE ||
        h->until.s - h->at.s != c->config->policy.hold_cloud_cap)
        return (struct utc){0};
    change = schedule_next_change(&c->schedule, c->now, h->place);
    return change.s > h->until.s ? change : (struct utc){0};
}

void hold_end(struct controller *c, struct server_state *s)
{
    s->hold = (struct hold){0};
    hold_store(c, s);
    hold_ended_store(c, s);
}

/* `once` counts on over its runs. */
void idle_store(struct controller *c)
{
    setting_store_number(c, "extension_idle", c->extension.idle_since.s);
}

void rerun_store(struct controller *c, const struct server_state *s)
{
    int64_t times[LOSSES_KEPT];

    for (int32_t i = 0; i < s->n_losses; i++)
        times[i] = s->losses[i].s;
    setting_store_numbers(c, server_key(s, "losses").text, times, (size_t)s->n_losses);
    setting_store_number(c, server_key(s, "rerun").text, s->rerun_at.s);
}

void pressed_store(struct controller *c, const struct server_state *s)
{
    setting_store_time(c, server_key(s, "pressed").text, s->pressed_since);
}

bool breaker_is_open(const struct controller *c, const struct server_state *s)
{
    return s->breaker_for_good || s->breaker_until.s > c->now.s;
}

/* "1795329000 0", or with the fingerprint of the configuration that was wrong. */
void breaker_store(struct controller *c, const struct server_state *s)
{
    char value[LINE_TEXT] = "";

    if (s->breaker_for_good || s->breaker_until.s != 0)
        (void)str_format(value, sizeof(value), "%lld %s", (long long)s->breaker_until.s,
                         s->breaker_for_good ? c->fingerprint : "0");
    setting_store(c, server_key(s, "breaker").text, value);
}

void breaker_close(struct controller *c, struct server_state *s)
{
    if (!s->breaker_for_good && s->breaker_until.s == 0)
        return;
    s->breaker_for_good = false;
    s->breaker_until.s = 0;
    breaker_store(c, s);
}

void order_store(struct controller *c, const struct server_state *s)
{
    char value[LINE_TEXT] = "";

    if (s->order.place != PLACE_UNKNOWN)
        (void)str_format(value, sizeof(value), "%s %d %s", place_word(s->order.place),
                         s->order.force ? 1 : 0, s->order.by);
    setting_store(c, server_key(s, "order").text, value);
}

void retry_store(struct controller *c, const struct server_state *s)
{
    char value[LINE_TEXT] = "";

    if (s->failures != 0 || s->retry_at.s != 0 || s->rounds != 0 || s->round_since.s != 0)
        (void)str_format(value, sizeof(value), "%d %lld %d %lld", s->failures,
                         (long long)s->retry_at.s, s->rounds,
                         (long long)s->round_since.s);
    setting_store(c, server_key(s, "retry").text, value);
}

static void place_store(struct controller *c, const struct server_state *s)
{
    setting_store(c, server_key(s, "place").text, place_word(s->known_place));
}

void place_forget(struct controller *c, struct server_state *s)
{
    s->known_place = PLACE_UNKNOWN;
    place_store(c, s);
}

void settled_store(struct controller *c, struct server_state *s, struct utc since)
{
    s->settled_since = since;
    setting_store_number(c, server_key(s, "since").text, since.s);
}

void place_know(struct controller *c, struct server_state *s, enum place place)
{
    s->known_place = place;
    if (place == PLACE_ONPREM)
        offerings_used(c, s, "");
    place_store(c, s);
    settled_store(c, s, c->now);
}

struct utc snooze_of(const struct controller *c, const struct server_state *s)
{
    return s->snooze_until.s > c->snooze_until.s ? s->snooze_until : c->snooze_until;
}

bool automation_on(const struct controller *c, const struct server_state *s)
{
    return c->setting == AUTO_ON && snooze_of(c, s).s == 0 && s->auto_on;
}

void snooze_store(struct controller *c, struct server_state *s, struct utc until)
{
    s->snooze_until = until;
    setting_store_number(c, server_key(s, "snooze").text, until.s);
}

void auto_begins(struct controller *c, struct server_state *s)
{
    s->auto_since = c->now;
    setting_store_time(c, server_key(s, "auto_since").text, c->now);
}

/* "extension-start 1795329000", and "start operator:dana". */
void extension_store(struct controller *c)
{
    const struct extension_state_kept *x = &c->extension;
    char call[LINE_TEXT] = "", order[LINE_TEXT] = "";

    if (x->last_call_at.s != 0)
        (void)str_format(call, sizeof(call), "%s %lld", call_word(x->last_call),
                         (long long)x->last_call_at.s);
    if (x->start_ordered || x->stop_ordered)
        (void)str_format(order, sizeof(order), "%s %s",
                         x->start_ordered ? "start" : "stop", x->ordered_by);
    setting_store(c, "extension_call", call);
    setting_store(c, "extension_order", order);
}

/* The call counts as one whose answer was lost: it is looked up, never repeated blindly.
 */
void extension_call_load(const struct setting_read *r)
{
    struct extension_state_kept *x = &r->c->extension;
    const char *space = strchr(r->value, ' ');
    struct err e = {0};
    int64_t at = 0;

    if (space == NULL || str_to_i64(space + 1, 1, r->c->now.s, &at, &e) != ERR_OK)
        return; /* of another clock, or written by hand */
    x->last_call = str_starts(r->value, call_word(CALL_EXTENSION_START))
                       ? CALL_EXTENSION_START
                       : CALL_EXTENSION_STOP;
    x->last_call_at.s = at;
    x->has_last = true;
    x->last_kind = x->last_call;
    x->last = (struct call_result){.outcome = OUTCOME_UNKNOWN, .at = {at}};
}

void extension_order_load(const struct setting_read *r)
{
    struct extension_state_kept *x = &r->c->extension;
    const char *space = strchr(r->value, ' ');

    if (space == NULL)
        return;
    x->start_ordered = str_starts(r->value, "start ");
    x->stop_ordered = str_starts(r->value, "stop ");
    (void)str_copy(x->ordered_by, sizeof(x->ordered_by), space + 1);
}
