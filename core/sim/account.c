#include <config.h>

#include "core/sim/account.h"

#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64, MAX_SERIES = 64, MONTH_S = 2629800 /* 730.5 h */ };

void account_clear(struct account *a)
{
    for (size_t i = 0; i < a->n_series; i++)
        free(a->series[i].steps);
    free(a->series);
    free(a->listed);
    free(a->segments);
    *a = (struct account){0};
}

/* Room for one more; false when memory is out. */
static bool grow(void **items, size_t n, size_t *cap, size_t size)
{
    size_t want = *cap == 0 ? FIRST_CAP : *cap * 2;
    void *p;

    if (n < *cap)
        return true;
    p = reallocarray(*items, want, size);
    if (p == NULL)
        return false;
    *items = p;
    *cap = want;
    return true;
}

/* The same one again is written over: it has gone on, or ended. */
static void take_segment(struct account *a, const struct segment *g)
{
    void *items = a->segments;
    size_t i = a->n_segments;

    while (i > 0 && a->segments[i - 1].id > g->id)
        i--;
    if (i > 0 && a->segments[i - 1].id == g->id) {
        a->segments[i - 1] = *g;
        return;
    }
    if (!grow(&items, a->n_segments, &a->cap_segments, sizeof(*g))) {
        a->out_of_memory = true;
        return;
    }
    a->segments = items;
    memmove(&a->segments[i + 1], &a->segments[i], (a->n_segments - i) * sizeof(*g));
    a->segments[i] = *g;
    a->n_segments++;
}

static struct account_series *series_of(struct account *a, const char *type,
                                        const char *zone)
{
    struct account_series *s;

    for (size_t i = 0; i < a->n_series; i++) {
        if (str_eq(a->series[i].type, type) && str_eq(a->series[i].zone, zone))
            return &a->series[i];
    }
    if (a->series == NULL)
        a->series = calloc(MAX_SERIES, sizeof(*a->series));
    if (a->series == NULL || a->n_series == MAX_SERIES)
        return NULL;
    s = &a->series[a->n_series++];
    (void)str_copy(s->type, sizeof(s->type), type);
    (void)str_copy(s->zone, sizeof(s->zone), zone);
    return s;
}

static void take_price(struct account *a, const struct record *r)
{
    struct account_series *s = series_of(a, r->as.price.type, r->as.price.zone);
    struct utc at = r->as.price.at;
    void *items = s != NULL ? s->steps : NULL;
    size_t i = s != NULL ? s->n : 0;

    if (s == NULL || !grow(&items, s->n, &s->cap, sizeof(s->steps[0]))) {
        a->out_of_memory = true;
        return;
    }
    s->steps = items;
    s->as_of = r->at;
    while (i > 0 && s->steps[i - 1].at.s > at.s)
        i--;
    if (i > 0 && s->steps[i - 1].at.s == at.s)
        return; /* known */
    memmove(&s->steps[i + 1], &s->steps[i], (s->n - i) * sizeof(s->steps[0]));
    s->steps[i] = (struct price_step){at, r->as.price.price};
    s->n++;
}

static void take_listed(struct account *a, const struct listed_price *l)
{
    void *items = a->listed;
    size_t i = 0;

    while (i < a->n_listed && (!str_eq(a->listed[i].type, l->type) ||
                               !str_eq(a->listed[i].region, l->region)))
        i++;
    if (i == a->n_listed && !grow(&items, a->n_listed, &a->cap_listed, sizeof(*l))) {
        a->out_of_memory = true;
        return;
    }
    a->listed = items;
    a->n_listed += i == a->n_listed ? 1 : 0;
    a->listed[i] = *l;
}

void account_take(struct account *a, const struct record *r)
{
    if (r->kind == RECORD_SEGMENT)
        take_segment(a, &r->as.segment);
    else if (r->kind == RECORD_PRICE)
        take_price(a, r);
    else if (r->kind == RECORD_LISTED)
        take_listed(a, &r->as.listed);
}

/* The average price of an hour over the whole period, in the zone where the server ran
 * last. */
static bool average_spot(const struct account *a, const struct price_book *book,
                         const struct server_config *s, struct utc from, struct utc to,
                         struct usd *out)
{
    const char *zone = "";

    for (size_t i = a->n_segments; i > 0 && zone[0] == '\0'; i--) {
        if (str_eq(a->segments[i - 1].server, s->name))
            zone = a->segments[i - 1].zone;
    }
    return s->n_instance_types > 0 &&
           bill_spot_mean(book, s->instance_types[0], zone, from, to, out);
}

static enum err_code make_comparisons(const struct account *a,
                                      const struct config *config,
                                      const struct price_book *book, struct utc from,
                                      struct utc to, struct account_bill *out,
                                      struct err *e)
{
    const struct usd *items = out->bill.items;
    struct compare_server *servers = calloc(config->n_servers + 1, sizeof(*servers));
    struct usd *host = &out->compare.amount[COMPARE_OWNED_HOST];
    struct compare_in in = {
        .config = &config->cost,
        .servers = servers,
        .n = config->n_servers,
        .month_s = to.s - from.s, /* here the period stands for the month */
        .total_known = out->known,
        .total = out->total,
        .instances = {items[COST_SPOT].nanos + items[COST_ON_DEMAND].nanos},
        .extension = items[COST_EXTENSION],
        .has_extension = config->velostrata.api.present,
        .same_hours_priced = true,
        .same_hours_price = out->bill.on_demand,
    };

    if (servers == NULL)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    for (size_t i = 0; i < config->n_servers; i++) {
        const struct server_config *s = &config->servers[i];

        servers[i].spot_known = average_spot(a, book, s, from, to, &servers[i].spot);
        servers[i].on_demand_known =
            s->n_instance_types > 0 &&
            book_on_demand(book, s->instance_types[0], &servers[i].on_demand);
    }
    compare(&in, &out->compare);
    if (!out->bill.on_demand_known)
        out->compare.known[COMPARE_SAME_HOURS] = false;
    free(servers);
    /* An amount of money a month is all that is known of the host. */
    if (out->compare.known[COMPARE_OWNED_HOST] &&
        ledger_scale(*host, to.s - from.s, MONTH_S, host, e) != ERR_OK)
        return e->code;
    return ERR_OK;
}

enum err_code account_close(const struct account *a, const struct config *config,
                            struct utc from, struct utc to, struct account_bill *out,
                            struct err *e)
{
    struct price_track tracks[MAX_SERIES];
    struct price_book book = {.config = &config->cost,
                              .tracks = tracks,
                              .n_tracks = a->n_series,
                              .listed = a->listed,
                              .n_listed = a->n_listed,
                              .region = config->aws.region};

    *out = (struct account_bill){0};
    bill_clear(&out->bill);
    for (size_t i = 0; i < a->n_series; i++) {
        const struct account_series *s = &a->series[i];

        tracks[i] = (struct price_track){s->type, s->zone, s->steps, s->n, to};
    }
    out->instances_known = out->extension_known = !a->out_of_memory;
    for (size_t i = 0; i < a->n_segments; i++) {
        const struct segment *g = &a->segments[i];
        struct err one = {0};
        enum err_code rc = bill_segment(&out->bill, &book, g, to, from, to, &one);

        if (rc == ERR_RANGE)
            return err_set(e, ERR_RANGE, "%s", one.text);
        if (rc != ERR_OK && str_eq(g->kind, "extension"))
            out->extension_known = false;
        else if (rc != ERR_OK)
            out->instances_known = false;
    }
    if (bill_fixed(&out->bill, &config->cost, from, to, e) != ERR_OK ||
        bill_total(&out->bill, &out->total, e) != ERR_OK)
        return e->code;
    out->known = out->instances_known && out->extension_known;
    return make_comparisons(a, config, &book, from, to, out, e);
}
