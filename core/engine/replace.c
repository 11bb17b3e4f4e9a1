#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"
#include "core/policy/rerun.h"

#include <string.h>

/*
 * With overlap the replacement starts at the notice (policy-and-cost 5.2): the next
 * offering with an interface of its own, in another zone, by a move of its own mover;
 * without one the VM at home. From the start of that move on facts.instance is the new
 * one, facts.leaving the one that AWS takes back; both are stored.
 */

/* AWS takes back what it gave notice of, or we end it; and not more often than that. */
enum { END_AGAIN_S = 60 };

static bool is_alive(const struct instance_facts *in)
{
    return in->id[0] != '\0' && !in->terminated;
}

/* ----- what is kept ----- */

/* "i-0123 1795334520 0": until when, and whether its loss was told. */
static void store_leaving(struct controller *c, const struct server_state *s)
{
    const struct instance_facts *in = &s->facts.leaving;
    char value[LINE_TEXT] = "";

    if (in->id[0] != '\0')
        (void)str_format(value, sizeof(value), "%s %lld %d", in->id,
                         (long long)in->reclaim_at.s, s->leaving.lost ? 1 : 0);
    setting_store(c, server_key(s, "leaving").text, value);
}

void replace_load(const struct setting_read *r)
{
    const char *at = strchr(r->value, ' '),
               *lost = at != NULL ? strchr(at + 1, ' ') : NULL;
    struct server_state *s = r->s;
    struct err e = {0};
    char number[24];
    int64_t until;

    if (lost == NULL || at - r->value >= ID_TEXT ||
        !str_format(number, sizeof(number), "%.*s", (int)(lost - at - 1), at + 1) ||
        str_to_i64(number, 0, INT64_MAX, &until, &e) != ERR_OK)
        return; /* written by hand: what still lives is nobody's, and told */
    (void)str_format(s->facts.leaving.id, ID_TEXT, "%.*s", (int)(at - r->value),
                     r->value);
    s->facts.leaving.reclaim_at.s = until;
    s->leaving.lost = str_eq(lost + 1, "1");
}

static void forget(struct controller *c, struct server_state *s)
{
    s->facts.leaving = (struct instance_facts){0};
    s->leaving.absent_since = s->leaving.asked = (struct utc){0};
    s->leaving.lost = false;
    store_leaving(c, s);
}

/* ----- begin ----- */

/* Another loss within rerun_window would have to wait: then it does so at home. */
static bool may_rerun_at_once(const struct controller *c, const struct server_state *s)
{
    const struct policy_config *p = &c->config->policy;
    size_t nth =
        1 + rerun_losses(s->losses, (size_t)s->n_losses, c->now, p->rerun_window);

    return rerun_at(p, nth, c->now).s <= c->now.s;
}

static bool other_zone_offers(struct controller *c, const struct server_state *s)
{
    struct server_offers offers;

    offerings_order(c, s, &offers);
    return offerings_untried(&offers);
}

static void leave(struct controller *c, struct server_state *s)
{
    SURE(s->facts.leaving.id[0] == '\0' && s->facts.instance.id[0] != '\0');
    SURE(s->facts.instance.reclaim_at.s != 0);
    s->facts.leaving = s->facts.instance;
    s->leaving.absent_since = s->absent_since;
    s->leaving.asked = (struct utc){0};
    s->leaving.lost = s->taken_back = false;
    store_leaving(c, s);
    costs_leave(s);
    instance_claim(c, s, "");
}

void replace_begin(struct controller *c, struct server_state *s)
{
    const struct server_facts *f = &s->facts;

    if (!s->mover->overlaps || s->has_move || f->place != PLACE_CLOUD || f->place_stale ||
        f->instance.reclaim_at.s == 0 || hands_off(c, s) ||
        call_is_open(c, s->config->name))
        return;
    if (s->may_replace && !c->disk_full && f->leaving.id[0] == '\0' &&
        !str_eq(s->leaving.tried, f->instance.id) && may_rerun_at_once(c, s) &&
        other_zone_offers(c, s)) {
        RH_PROBE("replaced-from-another-zone");
        (void)str_copy(s->leaving.tried, ID_TEXT, f->instance.id);
        leave(c, s);
        move_begin(c, s, DIRECTION_OUT, (struct utc){0}, true);
        return;
    }
    move_begin(c, s, DIRECTION_BACK, (struct utc){0}, true);
}

void replace_failed(struct controller *c, struct server_state *s)
{
    if (is_alive(&s->facts.instance) || s->facts.leaving.id[0] == '\0')
        return; /* it comes home from what it has */
    RH_PROBE("replacement-failed");
    costs_return(c, s);
    instance_claim(c, s, s->facts.leaving.id);
    s->facts.instance = s->facts.leaving;
    s->absent_since = s->leaving.absent_since;
    forget(c, s);
}

/* ----- the one that leaves ----- */

const struct node_facts *replace_node(const struct server_state *s)
{
    size_t zone = offerings_zone_of(s->config, &s->facts.leaving);

    return s->zone_nodes != NULL && zone <= s->config->n_zones &&
                   zone != offerings_zone_in_use(s)
               ? &s->zone_nodes[zone]
               : NULL;
}

static void tell_loss(struct controller *c, struct server_state *s)
{
    const struct instance_facts *in = &s->facts.leaving;
    struct journal_entry *j;

    s->leaving.lost = true;
    store_leaving(c, s);
    j = journal_begin(c, LEVEL_WARN, "spot", s->config->name, "loss");
    journal_say(c, j, "AWS reclaimed the instance %.40s", in->id);
    requeue_doom(c, s, true);
    loss_note(c, s);
    offerings_lost(c, in->type, in->zone);
    if (s->has_move && server_mover(s)->replaces)
        s->known_place = PLACE_UNKNOWN; /* until the other one is there */
}

static void end_it(struct controller *c, struct server_state *s)
{
    const struct instance_facts *in = &s->facts.leaving;
    struct call call = {.kind = CALL_TERMINATE};

    if (c->now.s < in->reclaim_at.s + mover_reclaim_slack_s(&c->config->policy) ||
        s->facts.place_stale || in->eni_deletes || hands_off(c, s) ||
        c->clock_bad_ticks > 0 ||
        (s->leaving.asked.s != 0 && c->now.s - s->leaving.asked.s < END_AGAIN_S))
        return;
    (void)str_copy(call.target, sizeof(call.target), in->id);
    (void)str_copy(call.server, sizeof(call.server), s->config->name);
    if (call_send(c, &call, "spot", "AWS did not take it back"))
        s->leaving.asked = c->now;
}

void replace_watch(struct controller *c, struct server_state *s)
{
    const struct instance_facts *in = &s->facts.leaving;

    if (in->id[0] == '\0')
        return;
    if (in->terminated && !s->leaving.lost)
        tell_loss(c, s);
    else if (!in->terminated && !s->leaving.lost && !s->facts.place_stale &&
             c->sources[SOURCE_JENKINS].good != NULL)
        requeue_doom(c, s, false); /* once; after a restart, anew */
    if (in->ended)
        forget(c, s);
    else if (!in->terminated)
        end_it(c, s);
}
