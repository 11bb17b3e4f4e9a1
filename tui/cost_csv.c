#include <config.h>

#include "tui/cost_csv.h"

#include "core/base/timefmt.h"
#include "tui/csv.h"

static void put_texts(struct strbuf *b, const struct segment *g)
{
    const char *const texts[] = {g->kind, g->server, g->resource, g->type, g->zone};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        strbuf_putc(b, ',');
        csv_put(b, texts[i]);
    }
}

void cost_csv(const struct cost_ledger *l, const struct cost_jobs *jobs,
              const struct config *config, struct strbuf *b)
{
    struct price_sheet prices = cost_ledger_prices(l, config);

    strbuf_printf(b, "start,end,kind,server,resource,type,zone,cost," COST_PRICES_COLUMNS
                     "," COST_JOBS_COLUMNS "\n");
    for (size_t i = 0; i < l->ledger.n_segments; i++) {
        const struct segment *g = &l->ledger.segments[i];
        char start[TIME_TEXT], end[TIME_TEXT], usd[USD_TEXT];
        struct bill bill;
        struct usd v = {0};
        struct err e = {0};
        bool known;

        if (g->start.s >= l->month_end.s)
            continue;
        bill_clear(&bill);
        known = bill_segment(&bill, &l->book, g, l->now, l->month_start, l->month_end,
                             &e) == ERR_OK &&
                bill_total(&bill, &v, &e) == ERR_OK;
        strbuf_printf(b, "%s,%s", utc_text(g->start, start),
                      g->end.s != 0 ? utc_text(g->end, end) : "");
        put_texts(b, g);
        strbuf_printf(b, ",%s," COST_PRICES_NONE "," COST_JOBS_NONE "\n",
                      known ? usd_text(v, 6, usd) : "");
    }
    cost_prices_csv(&prices, b);
    cost_jobs_csv(jobs, b);
}

enum err_code cost_csv_read(const char *state_dir, const struct config *config,
                            struct utc now, struct strbuf *b, struct err *e)
{
    struct cost_ledger l = {0};
    struct cost_jobs jobs = {0};
    struct store *store = NULL;

    if (store_open(state_dir, STORE_CLIENT, config->deployment, &store, e) == ERR_OK &&
        cost_ledger_load(store, config, now, ledger_month_start(now), &l, e) == ERR_OK &&
        cost_jobs_load(store, &jobs, e) == ERR_OK) {
        cost_csv(&l, &jobs, config, b);
        if (b->failed)
            (void)err_set(e, ERR_NOMEM, "no memory for the ledger as CSV");
    }
    cost_jobs_free(&jobs);
    cost_ledger_free(&l);
    store_close(store);
    return e->code;
}
