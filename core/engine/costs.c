#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

/* Twenty working days of the ledger are kept for the usage ratio, while there is room. */
enum { SEGMENTS_MAX = 65536, SEGMENTS_MANY = 8192, KEPT_S = 28 * 86400 };
/* Between the end of an instance and AWS's word that it took it. */
enum { LOST_LATE_S = 900 };

/* NULL: there is none yet, and no room for one more. */
static struct price_series *series_get(struct controller *c, const char *type,
                                       const char *zone)
{
    struct price_series *s;

    for (size_t i = 0; i < c->n_series; i++) {
        if (str_eq(c->series[i].type, type) && str_eq(c->series[i].zone, zone))
            return &c->series[i];
    }
    if (c->n_series == MAX_SERIES)
        return NULL;
    s = &c->series[c->n_series++];
    (void)str_copy(s->type, sizeof(s->type), type);
    (void)str_copy(s->zone, sizeof(s->zone), zone);
    return s;
}

/* Inserts in order of time; the same instant again replaces. True when something was new.
 */
static bool series_add(struct price_series *s, struct utc at, struct usd price)
{
    size_t i = s->n;

    while (i > 0 && s->steps[i - 1].at.s > at.s)
        i--;
    if (i > 0 && s->steps[i - 1].at.s == at.s)
        return false;
    if (s->n == PRICE_STEPS) {
        if (i == 0)
            return false;
        memmove(&s->steps[0], &s->steps[1], (s->n - 1) * sizeof(s->steps[0]));
        s->n--;
        i--;
    }
    if (s->n == s->cap) {
        size_t cap = s->cap == 0 ? 64 : s->cap * 2;
        struct price_step *p = reallocarray(s->steps, cap, sizeof(*p));

        if (p == NULL)
            return false; /* asked for again at the next poll */
        s->steps = p;
        s->cap = cap;
    }
    memmove(&s->steps[i + 1], &s->steps[i], (s->n - i) * sizeof(s->steps[0]));
    s->steps[i] = (struct price_step){at, price};
    s->n++;
    return true;
}

/* Bills read the series through these. */
static void refresh_tracks(struct controller *c)
{
    for (size_t i = 0; i < c->n_series; i++) {
        const struct price_series *s = &c->series[i];

        c->tracks[i] = (struct price_track){s->type, s->zone, s->steps, s->n, s->as_of};
    }
}

struct price_book costs_book(const struct controller *c)
{
    return (struct price_book){.config = &c->config->cost,
                               .tracks = c->tracks,
                               .n_tracks = c->n_series,
                               .listed = c->listed,
                               .n_listed = c->n_listed,
                               .region = c->config->aws.region};
}

/* What is told is old: a segment or a price is new. */
static void tell_anew(struct controller *c)
{
    c->month.spent_at.s = c->month.days_at.s = 0;
}

/* What was counted of the closed segments is not so any more. It is counted again when
 * somebody looks: of a simulated year nobody does. */
static void recount(struct controller *c)
{
    c->sums_known = false;
    tell_anew(c);
}

/* A price of that instant may be one of a closed segment: most are newer than all of
 * them. */
static bool counts_for_closed(const struct controller *c, struct utc at)
{
    return at.s < c->closed_until.s || c->month.closed.unknown > 0 ||
           c->month.closed.bounds > 0;
}

void costs_prices(struct controller *c, const struct observation *o)
{
    int64_t stale_s = source_stale_after_s(c, SOURCE_PRICES);
    int64_t old_s = stale_s < PRICE_LAST_KNOWN_S ? stale_s : PRICE_LAST_KNOWN_S;
    bool news = false, late = false, old = false;

    for (size_t i = 0; i < o->as.prices.n; i++) {
        const struct seen_price *p = &o->as.prices.prices[i];
        struct price_series *s = series_get(c, p->type, p->zone);
        struct record *r;

        if (s == NULL)
            continue;
        late = late || o->at.s - s->as_of.s > old_s;
        s->as_of = o->at;
        if (!series_add(s, p->at, p->price))
            continue;
        news = true;
        old = old || counts_for_closed(c, p->at);
        r = effects_record(c->fx, RECORD_PRICE);
        if (r == NULL)
            continue;
        r->at = o->at;
        (void)str_copy(r->as.price.type, sizeof(r->as.price.type), p->type);
        (void)str_copy(r->as.price.zone, sizeof(r->as.price.zone), p->zone);
        r->as.price.at = p->at;
        r->as.price.price = p->price;
    }
    refresh_tracks(c);
    if (news)
        tell_anew(c);
    if (old || late)
        c->sums_known = false; /* what had no price, or a bound, may have one now */
    /* What was reckoned without these prices took on-demand's in their place. */
    if (late || !c->month.forecast.known)
        c->month.forecast_at.s = 0;
}

/* The newest stays last. What is not listed any more keeps its last price and age. */
static bool listed_put(struct controller *c, const struct listed_price *l)
{
    size_t i = 0;

    while (i < c->n_listed && (!str_eq(c->listed[i].type, l->type) ||
                               !str_eq(c->listed[i].region, l->region)))
        i++;
    if (i == MAX_LISTED)
        return false;
    if (i < c->n_listed) {
        c->n_listed--;
        memmove(&c->listed[i], &c->listed[i + 1],
                (c->n_listed - i) * sizeof(c->listed[0]));
    }
    c->listed[c->n_listed++] = *l;
    return true;
}

void costs_pricelist(struct controller *c, const struct observation *o)
{
    const struct obs_pricelist *p = &o->as.pricelist;

    for (size_t i = 0; i < p->n; i++) {
        struct listed_price l = {.price = p->prices[i].price, .at = o->at};
        struct record *r;

        if (!str_copy(l.type, sizeof(l.type), p->prices[i].type) ||
            !str_copy(l.region, sizeof(l.region), p->region) || !listed_put(c, &l))
            continue;
        r = effects_record(c->fx, RECORD_LISTED);
        if (r == NULL)
            continue;
        r->at = o->at;
        r->as.listed = l;
    }
    recount(c);
    c->month.forecast_at.s = 0; /* its bounds and comparisons may be better now */
}

struct utc costs_listed_at(const struct controller *c)
{
    struct price_book book = costs_book(c);
    struct utc oldest = {0};

    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_config *s = c->servers[i].config;

        for (size_t k = 0; k < s->n_offerings; k++) {
            struct price_quote q = book_quote_on_demand(&book, s->offerings[k].type);

            if (q.source != PRICE_PRICELIST)
                return (struct utc){0};
            if (oldest.s == 0 || q.as_of.s < oldest.s)
                oldest = q.as_of;
        }
    }
    return oldest;
}

struct price_quote price_find(const struct controller *c, const char *type,
                              const char *zone)
{
    struct price_book book = costs_book(c);

    return book_quote_spot(&book, type, zone, c->now);
}

bool part_bill(const struct controller *c, const struct segment *g, struct utc from,
               struct utc to, struct bill *b)
{
    struct price_book book = costs_book(c);
    struct err e = {0};

    return bill_segment(b, &book, g, c->now, from, to, &e) == ERR_OK;
}

bool part_cost(const struct controller *c, const struct segment *g, struct utc from,
               struct utc to, struct usd *out)
{
    struct bill b;
    struct err e = {0};
    bool known;

    *out = (struct usd){0};
    bill_clear(&b);
    known = part_bill(c, g, from, to, &b);
    return bill_total(&b, out, &e) == ERR_OK && known;
}

static void segment_store(struct controller *c, const struct segment *g)
{
    struct record *r = effects_record(c->fx, RECORD_SEGMENT);

    if (r == NULL)
        return;
    r->at = c->now;
    r->as.segment = *g;
}

struct segment *segment_find(struct controller *c, int64_t id)
{
    for (size_t i = c->n_segments; id != 0 && i > 0; i--) {
        if (c->segments[i - 1].id == id)
            return &c->segments[i - 1];
    }
    return NULL;
}

static struct segment *segment_add(struct controller *c)
{
    struct segment *g;

    if (c->n_segments == c->cap_segments) {
        size_t cap = c->cap_segments == 0 ? 64 : c->cap_segments * 2;
        struct segment *p =
            cap > SEGMENTS_MAX ? NULL : reallocarray(c->segments, cap, sizeof(*p));

        if (p == NULL)
            return NULL;
        c->segments = p;
        c->cap_segments = cap;
    }
    g = &c->segments[c->n_segments++];
    *g = (struct segment){.id = c->next_segment_id++};
    return g;
}

/* Of its server, of the extension, or of a server that is configured no more. */
static struct closed_sums *sums_of(struct controller *c, const struct segment *g,
                                   struct server_state *s)
{
    return s != NULL                      ? &s->closed
           : str_eq(g->kind, "extension") ? &c->extension.closed
                                          : &c->month.gone;
}

/* Adds one closed segment to the sums of whose it was. */
static void count_closed(struct controller *c, const struct segment *g)
{
    struct server_state *s = server_find(c, g->server);
    struct closed_sums *sums = sums_of(c, g, s);
    struct usd v = {0}, w;
    struct bill b;
    struct err e = {0};
    bool known;

    if (g->end.s > c->closed_until.s)
        c->closed_until = g->end;
    bill_clear(&b);
    known = part_bill(c, g, c->month_start, g->end, &b);
    known = bill_total(&b, &v, &e) == ERR_OK && known;
    known = part_cost(c, g, c->day_start, g->end, &w) && known;
    /* Only an absurd price makes it too large: then nobody knows the sum. */
    known = usd_add(sums->month, v, &sums->month, &e) == ERR_OK && known;
    known = usd_add(sums->today, w, &sums->today, &e) == ERR_OK && known;
    known = bill_add(&c->month.closed, &b, &e) == ERR_OK && known;
    if (!known && b.unknown == 0)
        c->month.closed.unknown++; /* too large to be told */
    sums->unknown = sums->unknown || !known;
    if (s != NULL) {
        s->month_instance_s += b.instance_s;
        s->on_demand_unknown =
            s->on_demand_unknown || !b.on_demand_known ||
            usd_add(s->month_on_demand, b.on_demand, &s->month_on_demand, &e) != ERR_OK;
    }
}

/* Sums of the closed segments; open ones are added when they are looked at. */
void costs_sums(struct controller *c)
{
    if (c->sums_known && !RH_BUGGIFY("sums-counted-anew"))
        return;
    c->sums_known = true;
    c->extension.closed = c->month.gone = (struct closed_sums){0};
    for (size_t i = 0; i < c->n_servers; i++) {
        struct server_state *s = &c->servers[i];

        s->closed = (struct closed_sums){0};
        s->month_on_demand = (struct usd){0};
        s->on_demand_unknown = false;
        s->month_instance_s = 0;
    }
    bill_clear(&c->month.closed);
    c->closed_until.s = 0;
    for (size_t i = 0; i < c->n_segments; i++) {
        if (c->segments[i].end.s != 0)
            count_closed(c, &c->segments[i]);
    }
}

/* Old closed segments go. Their age is told by the newest one, and by no clock that is
 * not trusted: one that was ahead would take with it what this month has cost (I7). */
static void drop_old(struct controller *c)
{
    bool many = c->n_segments > SEGMENTS_MANY;
    struct utc newest = {0};
    size_t kept = 0;

    for (size_t i = 0; i < c->n_segments; i++) {
        struct utc end = c->segments[i].end;

        if (end.s > newest.s && end.s <= c->now.s)
            newest = end;
    }
    for (size_t i = 0; i < c->n_segments; i++) {
        struct utc end = c->segments[i].end;

        if (end.s == 0 || end.s > c->month_start.s || end.s > c->day_start.s ||
            (!many && (c->clock_bad_ticks > 0 || end.s > newest.s - KEPT_S)))
            c->segments[kept++] = c->segments[i];
    }
    c->n_segments = kept;
}

/* At the turn of a month or of the site's day, and at a start, sums start anew. */
static bool turn_periods(struct controller *c)
{
    struct utc tomorrow;

    if (c->now.s < c->next_day.s && c->now.s >= c->month_start.s &&
        c->now.s < c->month_end.s)
        return false;
    c->month_start = ledger_month_start(c->now);
    c->month_end = ledger_month_end(c->now);
    c->day_start = ledger_day_start(c->tz, c->now);
    tomorrow.s =
        c->day_start.s + 36 * 3600; /* well within the next day, however long this one */
    c->next_day = ledger_day_start(c->tz, tomorrow);
    drop_old(c);
    c->month.forecast_at.s = 0;
    recount(c);
    return true;
}

static void segment_close(struct controller *c, int64_t *id, bool lost)
{
    struct segment *g = segment_find(c, *id);

    *id = 0;
    if (g == NULL)
        return;
    g->end = c->now;
    /* Taken back by AWS: what is free then is the bill's to say. */
    if (lost && str_eq(g->kind, "spot"))
        (void)str_copy(g->kind, sizeof(g->kind), "lost");
    (void)part_cost(c, g, g->start, g->end,
                    &g->cost); /* unknown stays at its last value */
    segment_store(c, g);
    if (c->sums_known)
        count_closed(c, g);
    tell_anew(c);
}

static bool is_followed(const struct controller *c, int64_t id)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        if (c->servers[i].segment == id || c->servers[i].leaving.segment == id)
            return true;
    }
    return c->extension.segment == id;
}

/* Of a server that is configured no more: nobody sees its end, and it would cost for
 * ever. */
static void close_nobodys(struct controller *c)
{
    for (size_t i = 0; i < c->n_segments; i++) {
        int64_t id = c->segments[i].id;

        if (c->segments[i].end.s == 0 && !is_followed(c, id))
            segment_close(c, &id, false);
    }
}

/* Its end has another cause than what comes after it. */
static void follow_leaving(struct controller *c, struct server_state *s)
{
    if (s->leaving.segment != 0 &&
        (s->facts.leaving.id[0] == '\0' || s->facts.leaving.terminated))
        segment_close(c, &s->leaving.segment, true);
}

void costs_leave(struct server_state *s)
{
    s->leaving.segment = s->segment;
    s->segment = 0;
    s->segment_lost = false;
}

void costs_return(struct controller *c, struct server_state *s)
{
    if (s->segment != 0)
        segment_close(c, &s->segment, s->segment_lost);
    s->segment = s->leaving.segment;
    s->leaving.segment = 0;
    s->segment_lost = s->leaving.lost;
}

/* After a start: the manager has not said yet what is out there. What the program
 * launched itself it knows from its store. */
static bool is_unheard(const struct server_state *s)
{
    return s->facts.instance.id[0] == '\0' && s->facts.place == PLACE_UNKNOWN &&
           !s->mover->launches;
}

static void follow_instance(struct controller *c, struct server_state *s)
{
    const struct instance_facts *in = &s->facts.instance;
    struct segment *g = segment_find(c, s->segment);
    bool alive = in->id[0] != '\0' && !in->terminated && !in->stopped; /* it is billed */
    struct price_book book = costs_book(c);
    struct price_quote q;

    if (g != NULL && (!alive || !str_eq(g->resource, in->id)) && !is_unheard(s)) {
        segment_close(c, &s->segment, s->facts.lost || s->segment_lost);
        s->segment_lost = false;
    }
    if (g != NULL && s->segment != 0 && in->launched.s != 0 &&
        g->start.s != in->launched.s) {
        g->start = in->launched; /* EC2 knows it by now */
        segment_store(c, g);
    }
    if (g != NULL && s->segment != 0 && (g->type[0] == '\0' || g->zone[0] == '\0') &&
        in->type[0] != '\0' && in->zone[0] != '\0') {
        (void)str_copy(g->type, sizeof(g->type), in->type);
        (void)str_copy(g->zone, sizeof(g->zone), in->zone);
        segment_store(c, g);
    }
    if (!alive || s->segment != 0)
        return;
    g = segment_add(c);
    if (g == NULL)
        return;
    s->segment = g->id;
    g->start = in->launched.s != 0 ? in->launched : c->now;
    (void)str_copy(g->resource, sizeof(g->resource), in->id);
    (void)str_copy(g->kind, sizeof(g->kind),
                   in->lifecycle == LIFECYCLE_ON_DEMAND ? "on_demand" : "spot");
    (void)str_copy(g->server, sizeof(g->server), s->config->name);
    (void)str_copy(g->type, sizeof(g->type), in->type);
    (void)str_copy(g->zone, sizeof(g->zone), in->zone);
    q = in->lifecycle == LIFECYCLE_ON_DEMAND ? book_quote_on_demand(&book, in->type)
                                             : price_find(c, in->type, in->zone);
    g->rate = q.price;
    g->rate_known = q.source != PRICE_UNKNOWN;
    (void)str_copy(g->source, sizeof(g->source), price_source_word(q.source));
    segment_store(c, g);
}

void costs_lost(struct controller *c, struct server_state *s)
{
    s->segment_lost = s->segment != 0;
    for (size_t i = c->n_segments; i > 0; i--) {
        struct segment *g = &c->segments[i - 1];

        if (!str_eq(g->server, s->config->name))
            continue;
        offerings_lost(c, g->type, g->zone);
        /* Its end may have been seen before anyone said why. */
        if (g->end.s == 0 || c->now.s - g->end.s > LOST_LATE_S ||
            !str_eq(g->kind, "spot"))
            return;
        (void)str_copy(g->kind, sizeof(g->kind), "lost");
        segment_store(c, g);
        recount(c);
        return;
    }
}

static void follow_extension(struct controller *c)
{
    struct extension_state_kept *x = &c->extension;
    bool configured = x->facts.configured;
    bool runs =
        configured &&
        (x->facts.state == EXTENSION_STARTING || x->facts.state == EXTENSION_ACTIVE ||
         x->facts.state == EXTENSION_STOPPING || x->facts.state == EXTENSION_IMPAIRED ||
         x->facts.state == EXTENSION_REPAIRING);
    struct segment *g;

    if (configured && x->facts.state == EXTENSION_UNKNOWN)
        return;
    if (!runs && x->segment != 0)
        segment_close(c, &x->segment, false);
    if (!runs || x->segment != 0)
        return;
    g = segment_add(c);
    if (g == NULL)
        return;
    x->segment = g->id;
    g->start = c->now;
    (void)str_copy(g->resource, sizeof(g->resource), x->facts.id);
    (void)str_copy(g->kind, sizeof(g->kind), "extension");
    g->rate_known = c->config->cost.has_extension_hour;
    g->rate = c->config->cost.extension_hour;
    (void)str_copy(g->source, sizeof(g->source), "configured");
    segment_store(c, g);
}

void costs_follow(struct controller *c)
{
    if (turn_periods(c))
        close_nobodys(c);
    for (size_t i = 0; i < c->n_servers; i++) {
        follow_leaving(c, &c->servers[i]);
        follow_instance(c, &c->servers[i]);
    }
    follow_extension(c);
    month_follow(c);
    month_remind(c);
}

/* What was known when the last run ended: a start needs no answer to go on with it. */
static void load_prices(struct controller *c, const struct store_state *state)
{
    for (size_t i = 0; i < state->n_listed; i++)
        (void)listed_put(c, &state->listed[i]); /* what does not fit is asked for again */
    for (size_t i = 0; i < state->n_prices; i++) {
        struct price_series *s =
            series_get(c, state->prices[i].type, state->prices[i].zone);

        if (s != NULL)
            (void)series_add(s, state->steps[i].at, state->steps[i].price);
        if (state->steps[i].at.s > c->prices_until.s)
            c->prices_until = state->steps[i].at;
    }
    /* All of them were read at least until the newest change was seen. */
    for (size_t i = 0; i < c->n_series; i++)
        c->series[i].as_of = c->prices_until;
    refresh_tracks(c);
}

void costs_load(struct controller *c, const struct store_state *state)
{
    c->month_start = ledger_month_start(c->now);
    c->day_start = ledger_day_start(c->tz, c->now);
    load_prices(c, state);
    for (size_t i = 0; i < state->n_segments; i++) {
        struct segment *g = segment_add(c);
        struct server_state *s;

        if (g == NULL)
            return;
        c->next_segment_id--; /* it has a number already */
        *g = state->segments[i];
        if (g->end.s != 0)
            continue;
        s = server_find(c, g->server);
        if (s != NULL && s->facts.leaving.id[0] != '\0' &&
            str_eq(g->resource, s->facts.leaving.id))
            s->leaving.segment = g->id;
        else if (s != NULL)
            s->segment = g->id;
        else if (str_eq(g->kind, "extension"))
            c->extension.segment = g->id;
    }
}
