#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"
#include "core/base/timefmt.h"

#include <stdlib.h>
#include <string.h>

/* What a server may run as, in the order of now: the ledger says how long each pool
 * (type, zone, lifecycle) ran and when AWS took it back, settings say when it had no
 * capacity. */

enum {
    SHOWN_S = 15,          /* so old may the order be that is shown */
    RECOUNT_S = 60,        /* what was seen is counted anew at most so often */
    WORK_LOST_S = 15 * 60, /* half of a usual build and what Jenkins needs to see it */
    MOVE_S = 5 * 60,       /* while no move was measured */
    JOIN_S = 30
};

/* ----- pools ----- */

static struct pool *pool_find(struct controller *c, const char *type, const char *zone,
                              enum lifecycle lifecycle, bool create)
{
    struct pool *p;

    for (size_t i = 0; i < c->n_pools; i++) {
        p = &c->pools[i];
        if (p->lifecycle == lifecycle && str_eq(p->type, type) && str_eq(p->zone, zone))
            return p;
    }
    if (!create || c->n_pools == MAX_POOLS)
        return NULL;
    p = &c->pools[c->n_pools++];
    *p = (struct pool){.lifecycle = lifecycle};
    (void)str_copy(p->type, sizeof(p->type), type);
    (void)str_copy(p->zone, sizeof(p->zone), zone);
    return p;
}

static enum lifecycle lifecycle_of(const struct segment *g)
{
    return str_eq(g->kind, "on_demand") ? LIFECYCLE_ON_DEMAND : LIFECYCLE_SPOT;
}

static void count_segments(struct controller *c)
{
    if (c->pools_at.s != 0 && c->now.s - c->pools_at.s < RECOUNT_S &&
        c->now.s >= c->pools_at.s)
        return;
    c->pools_at = c->now;
    for (size_t i = 0; i < c->n_pools; i++) {
        struct offering_record *r = &c->pools[i].record;

        *r = (struct offering_record){.refused_at = r->refused_at};
    }
    for (size_t i = 0; i < c->n_segments; i++) {
        const struct segment *g = &c->segments[i];
        struct pool *p;

        if (str_eq(g->kind, "extension") || g->type[0] == '\0')
            continue;
        p = pool_find(c, g->type, g->zone, lifecycle_of(g), true);
        if (p != NULL)
            offering_record_add(&p->record, g->start, g->end, str_eq(g->kind, "lost"),
                                c->now);
    }
    for (size_t i = 0; i < c->n_pools; i++) {
        struct pool *p = &c->pools[i];

        if (p->lost_at.s > p->record.lost_at.s)
            p->record.lost_at = p->lost_at; /* its stretch is not over yet */
    }
}

/* "refused:c5.2xlarge us-east-1b spot" */
static void refused_store(struct controller *c, const struct pool *p, struct utc at)
{
    char key[SETTING_KEY_TEXT];
    bool fits = str_format(key, sizeof(key), "refused:%s %s %s", p->type, p->zone,
                           lifecycle_word(p->lifecycle));

    SURE(fits);
    setting_store_time(c, key, at);
}

void offerings_load(const struct setting_read *r)
{
    const char *type = r->name, *zone = strchr(type, ' '),
               *word = zone != NULL ? strchr(zone + 1, ' ') : NULL;
    char t[NAME_TEXT], z[NAME_TEXT];
    enum lifecycle lifecycle;
    struct err e = {0};
    struct pool *p;
    int64_t at;

    if (word == NULL || !lifecycle_parse(word + 1, &lifecycle) ||
        str_to_i64(r->value, 0, r->c->now.s, &at, &e) != ERR_OK)
        return; /* what a person wrote there says nothing */
    (void)str_format(t, sizeof(t), "%.*s", (int)(zone - type), type);
    (void)str_format(z, sizeof(z), "%.*s", (int)(word - zone - 1), zone + 1);
    p = pool_find(r->c, t, z, lifecycle, true);
    if (p != NULL)
        p->record.refused_at.s = at;
}

void offerings_refused(struct controller *c, const struct move *m)
{
    struct pool *p =
        m->type[0] != '\0' ? pool_find(c, m->type, m->zone, m->lifecycle, true) : NULL;

    if (p == NULL)
        return;
    p->record.refused_at = c->now;
    c->offers_changed = c->now;
    refused_store(c, p, c->now);
}

void offerings_lost(struct controller *c, const char *type, const char *zone)
{
    struct pool *p =
        type[0] != '\0' ? pool_find(c, type, zone, LIFECYCLE_SPOT, true) : NULL;

    if (p == NULL)
        return;
    p->lost_at = c->now;
    p->record.lost_at = c->now;
    c->offers_changed = c->now;
    c->pools_at.s = 0; /* its end is in the ledger soon */
}

void offerings_follow_clock(struct controller *c, int64_t by_s)
{
    utc_follow(&c->offers_changed, by_s);
    for (size_t i = 0; i < c->n_pools; i++) {
        struct pool *p = &c->pools[i];

        utc_follow(&p->lost_at, by_s);
        utc_follow(&p->record.lost_at, by_s);
        utc_follow(&p->record.refused_at, by_s);
        if (p->record.refused_at.s != 0)
            refused_store(c, p, p->record.refused_at);
    }
}

void offerings_follow(struct controller *c)
{
    for (size_t i = 0; i < c->n_pools; i++) {
        struct pool *p = &c->pools[i];

        if (p->record.refused_at.s == 0 ||
            c->now.s - p->record.refused_at.s < OFFERING_LATELY_S)
            continue;
        p->record.refused_at.s = 0;
        refused_store(c, p, (struct utc){0});
    }
}

/* ----- zones ----- */

static const struct seen_interface *interface_of(const struct controller *c,
                                                 const char *eni)
{
    const struct observation *o = c->sources[SOURCE_INTERFACES].good;

    for (size_t i = 0; o != NULL && eni[0] != '\0' && i < o->as.interfaces.n; i++) {
        if (str_eq(o->as.interfaces.interfaces[i].id, eni))
            return &o->as.interfaces.interfaces[i];
    }
    return NULL;
}

void offerings_zone(struct controller *c, struct server_state *s)
{
    const struct server_config *k = s->config;
    const struct instance_facts *in = &s->facts.instance;
    const struct observation *o = c->sources[SOURCE_INTERFACES].good;
    const struct seen_interface *seen;
    const char *zone = "";

    if (o != NULL && o->at.s == s->zone_seen.s)
        return; /* the same reading says the same */
    seen = interface_of(c, k->eni);
    if (seen != NULL) {
        zone = seen->zone;
        s->zone_seen = o->at;
    } else if (k->n_zones == 0 || (in->eni[0] != '\0' && str_eq(in->eni, k->eni))) {
        zone = in->zone;
    }
    if (zone[0] == '\0' || str_eq(zone, s->home_zone))
        return;
    (void)str_copy(s->home_zone, sizeof(s->home_zone), zone);
    setting_store(c, server_key(s, "zone").text, zone);
}

void offerings_used(struct controller *c, struct server_state *s, const char *zone)
{
    if (str_eq(s->used_zone, zone))
        return;
    (void)str_copy(s->used_zone, sizeof(s->used_zone), zone);
    setting_store(c, server_key(s, "used").text, zone);
}

size_t offerings_zone_of(const struct server_config *k, const struct instance_facts *in)
{
    if (in->id[0] != '\0' && in->eni[0] != '\0' && str_eq(in->eni, k->eni))
        return 0;
    for (size_t i = 0; in->id[0] != '\0' && i < k->n_zones; i++) {
        if (in->eni[0] != '\0' ? str_eq(in->eni, k->zones[i].eni)
                               : str_eq(in->zone, k->zones[i].name))
            return i + 1;
    }
    return k->n_zones + 1;
}

size_t offerings_zone_in_use(const struct server_state *s)
{
    const struct server_config *k = s->config;
    size_t zone = offerings_zone_of(k, &s->facts.instance);

    if (zone <= k->n_zones)
        return zone;
    for (size_t i = 0; i < k->n_zones; i++) {
        if (str_eq(s->used_zone, k->zones[i].name))
            return i + 1;
    }
    return 0;
}

static const char *zone_of(const struct server_state *s, const struct offering *o)
{
    return o->zone[0] != '\0' ? o->zone : s->home_zone;
}

/* Interface and node of a zone belong to an instance that is taken back, until it is
 * gone; "": to none. */
static const char *leaving_in(const struct server_state *s, size_t zone)
{
    const struct instance_facts *gone = &s->facts.leaving, *now = &s->facts.instance;

    if (gone->id[0] != '\0' && offerings_zone_of(s->config, gone) == zone)
        return gone->id;
    return now->reclaim_at.s != 0 && !now->terminated &&
                   offerings_zone_of(s->config, now) == zone
               ? now->id
               : "";
}

/* What AWS and Jenkins say against that zone, NULL: nothing. */
static const char *barred_zone(const struct controller *c, const struct server_state *s,
                               size_t zone, char buf[LINE_TEXT])
{
    const struct zone_config *z = zone > 0 ? &s->config->zones[zone - 1] : NULL;
    const char *leaving = leaving_in(s, zone);
    const struct node_facts *n;
    const struct seen_interface *seen;

    if (leaving[0] != '\0') {
        (void)str_format(buf, LINE_TEXT, "%.40s is there until AWS takes it", leaving);
        return buf;
    }
    if (z == NULL)
        return NULL; /* of its own zone the plan looks at the node */
    n = &s->zone_nodes[zone];
    seen = interface_of(c, z->eni);

    if (seen != NULL && !str_eq(seen->zone, z->name))
        (void)str_format(buf, LINE_TEXT, "its interface %s is in %s", z->eni, seen->zone);
    else if (n->known && n->marked && n->closed_by == CLOSED_BY_PERSON)
        (void)str_format(buf, LINE_TEXT, "its node %s was closed by a person", n->name);
    else
        return NULL;
    return buf;
}

/* ----- the order ----- */

static void price_in(const struct controller *c, const struct server_state *s,
                     struct offering_in *in)
{
    const struct offering *o = in->offering;
    const struct price_book book = costs_book(c);
    bool spot = o->lifecycle == LIFECYCLE_SPOT;
    struct price_quote q = spot ? price_find(c, o->type, zone_of(s, o))
                                : book_quote_on_demand(&book, o->type);

    in->price = q.source == PRICE_UNKNOWN ? RATE_UNKNOWN : RATE_KNOWN;
    if (in->price == RATE_UNKNOWN && spot) {
        q = book_quote_on_demand(&book, o->type);
        in->price = q.source == PRICE_UNKNOWN ? RATE_UNKNOWN : RATE_AT_MOST;
    }
    in->price_hour = q.price;
    in->price_age_s = q.as_of.s == 0 ? 0 : c->now.s - q.as_of.s; /* configured: no age */
}

/* The time of a way home and out again, at what the hour costs where it is certain: on
 * demand, or else at the dearest price that is known. */
static struct usd interruption_cost(const struct controller *c,
                                    const struct server_offers *out)
{
    const struct price_book book = costs_book(c);
    int64_t move_s =
        2 * lead_p90(&c->lead.moves, MOVE_S) + lead_p90(&c->lead.joins, JOIN_S);
    struct usd hour = {0}, cost = {0};
    struct err e = {0};

    for (size_t i = 0; i < out->n; i++) {
        struct usd certain;

        if (book_on_demand(&book, out->in[i].offering->type, &certain) &&
            certain.nanos > hour.nanos)
            hour = certain;
        if (out->in[i].price == RATE_KNOWN && out->in[i].price_hour.nanos > hour.nanos)
            hour = out->in[i].price_hour;
    }
    if (usd_per_hour(hour, move_s, &cost, &e) != ERR_OK)
        return hour; /* an absurd price; the order bounds it */
    return cost;
}

/* 0: at its own interface. */
static size_t zone_index(const struct server_config *k, const struct offering *o)
{
    size_t at = 0;

    for (size_t i = 0; i < k->n_zones; i++) {
        if (str_eq(k->zones[i].name, o->zone))
            at = i + 1;
    }
    return at;
}

void offerings_order(struct controller *c, const struct server_state *s,
                     struct server_offers *out)
{
    const struct server_config *k = s->config;
    const char *barred[MAX_ZONES + 1] = {NULL};

    count_segments(c);
    out->n = k->n_offerings < MAX_OFFERINGS ? k->n_offerings : MAX_OFFERINGS;
    for (size_t z = 0; z <= k->n_zones; z++)
        barred[z] = barred_zone(c, s, z, out->barred[z]);
    for (size_t i = 0; i < out->n; i++) {
        const struct offering *o = &k->offerings[i];
        const struct pool *p = pool_find(c, o->type, zone_of(s, o), o->lifecycle, false);

        out->in[i] = (struct offering_in){.offering = o};
        if (p != NULL)
            out->in[i].record = p->record;
        out->in[i].tried =
            s->round_since.s != 0 && out->in[i].record.refused_at.s >= s->round_since.s;
        out->in[i].barred = barred[zone_index(k, o)];
        price_in(c, s, &out->in[i]);
    }
    out->terms = (struct offering_terms){
        .now = c->now, .lost_s = WORK_LOST_S, .interruption = interruption_cost(c, out)};
    out->offered = offering_order(out->in, out->n, &out->terms, out->ranks);
}

bool offerings_left(struct controller *c, const struct server_state *s,
                    struct server_offers *out)
{
    if (s->order.place != PLACE_UNKNOWN)
        return true;
    offerings_order(c, s, out);
    return out->offered > 0;
}

const char *offerings_why_first(const struct server_offers *offers, char why[LINE_TEXT])
{
    const struct offering_rank *first = &offers->ranks[0];

    return offering_why(&offers->in[first->index], first, offers->terms.now, why);
}

static const struct node_facts *node_of(const struct server_state *s,
                                        const struct offering *o)
{
    return s->zone_nodes != NULL ? &s->zone_nodes[zone_index(s->config, o)]
                                 : &s->facts.cloud;
}

struct choice offerings_choose(const struct server_state *s,
                               const struct server_offers *offers, char why[LINE_TEXT])
{
    const struct offering *o;
    char name[OFFERING_NAME], text[LINE_TEXT];

    SURE(offers->n > 0); /* instance_types is not empty */
    o = offers->in[offers->ranks[0].index].offering;
    if (offers->offered > 0)
        return (struct choice){
            .offering = o, .zone = zone_of(s, o), .why = "", .node = node_of(s, o)};
    (void)str_format(why, LINE_TEXT, "%.60s: %.120s",
                     offering_name(o->type, zone_of(s, o), o->lifecycle, name),
                     offerings_why_first(offers, text));
    return (struct choice){.zone = "", .why = why, .node = node_of(s, o)};
}

bool offerings_untried(const struct server_offers *offers)
{
    return offers->offered > 0 && offers->ranks[0].class != OFFERING_TRIED;
}

/* ----- what is shown ----- */

static void view_row(const struct server_state *s, const struct server_offers *offers,
                     const struct offering_rank *rank, struct offering_view *v)
{
    const struct offering_in *in = &offers->in[rank->index];
    char why[LINE_TEXT];

    *v = (struct offering_view){.lifecycle = in->offering->lifecycle,
                                .price_known = in->price == RATE_KNOWN,
                                .price = in->price_hour,
                                .interruptions = in->record.losses,
                                .left_out = rank->class == OFFERING_LEFT_OUT};
    (void)str_copy(v->type, sizeof(v->type), in->offering->type);
    (void)str_copy(v->zone, sizeof(v->zone), zone_of(s, in->offering));
    (void)str_copy(v->why, sizeof(v->why),
                   offering_why(in, rank, offers->terms.now, why)); /* cut it is clear */
}

/* Made now and then only: with a thousand servers it would be most of a snapshot. */
void offerings_view(struct controller *c, struct server_state *s, struct server_view *v)
{
    if (s->offers_at.s == 0 || c->now.s - s->offers_at.s >= SHOWN_S ||
        c->now.s < s->offers_at.s || s->offers_at.s <= c->offers_changed.s) {
        struct server_offers offers;

        offerings_order(c, s, &offers);
        s->n_offers = offers.n < FLEET_OFFERINGS ? offers.n : FLEET_OFFERINGS;
        s->offers_more = (int32_t)(offers.n - s->n_offers);
        for (size_t i = 0; i < s->n_offers; i++)
            view_row(s, &offers, &offers.ranks[i], &s->offers[i]);
        s->offers_at = c->now;
    }
    memcpy(v->offerings, s->offers, s->n_offers * sizeof(s->offers[0]));
    v->n_offerings = s->n_offers;
    v->offerings_more = s->offers_more;
}
