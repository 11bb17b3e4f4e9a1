#include <config.h>

#include "tui/cost_ledger.h"

#include <stdlib.h>

enum { HISTORY_S = 8 * 86400 };

/* The prices come sorted by type, zone and time: a track for each run of them. */
static enum err_code make_tracks(struct cost_ledger *l, struct err *e)
{
    const struct stored_price *p = l->ledger.prices;

    l->tracks = calloc(l->ledger.n_prices + 1, sizeof(*l->tracks));
    if (l->tracks == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the prices");
    for (size_t i = 0; i < l->ledger.n_prices; i++) {
        struct price_track *t = l->n_tracks > 0 ? &l->tracks[l->n_tracks - 1] : NULL;

        if (t == NULL || !str_eq(t->type, p[i].type) || !str_eq(t->zone, p[i].zone)) {
            t = &l->tracks[l->n_tracks++];
            *t = (struct price_track){p[i].type, p[i].zone, &l->ledger.steps[i], 0,
                                      l->now};
        }
        t->n++;
    }
    return ERR_OK;
}

enum err_code cost_ledger_load(struct store *s, const struct config *config,
                               struct utc now, struct utc month_start,
                               struct cost_ledger *out, struct err *e)
{
    struct utc since = {month_start.s - HISTORY_S};

    out->now = now;
    out->month_start = month_start;
    out->month_end = ledger_month_end(month_start);
    if (store_ledger_load(s, month_start, since, &out->ledger, e) != ERR_OK ||
        make_tracks(out, e) != ERR_OK)
        return e->code;
    out->book = (struct price_book){.config = &config->cost,
                                    .tracks = out->tracks,
                                    .n_tracks = out->n_tracks,
                                    .listed = out->ledger.listed,
                                    .n_listed = out->ledger.n_listed,
                                    .region = config->aws.region};
    return ERR_OK;
}

void cost_ledger_free(struct cost_ledger *l)
{
    store_ledger_free(&l->ledger);
    free(l->tracks);
    *l = (struct cost_ledger){0};
}

int64_t cost_ledger_stretches(const struct cost_ledger *l)
{
    int64_t n = 0;

    for (size_t i = 0; i < l->ledger.n_segments; i++)
        n += l->ledger.segments[i].start.s < l->month_end.s ? 1 : 0;
    return n;
}

struct price_sheet cost_ledger_prices(const struct cost_ledger *l,
                                      const struct config *config)
{
    struct utc last = {l->month_end.s - 1};

    return (struct price_sheet){config, &l->book, l->now,
                                l->now.s < l->month_end.s ? l->now : last};
}
