#include <config.h>

#include "tui/cost_prices.h"

#include "tui/cost_jobs.h"
#include "tui/csv.h"
#include "tui/out.h"

#include "core/base/jsonw.h"
#include "core/base/timefmt.h"

enum { DECIMALS = 4, ARENA_BYTES = 1 << 20 };

/* One spot price: of a zone whose history is known, else of none ("") as configured. */
typedef void spot_fn(void *ctx, const char *type, const char *zone,
                     const struct price_quote *q);

/* The newest change until `at` that was seen anywhere: all prices were read at least
 * until then. */
static struct utc read_until(const struct price_book *book, struct utc at)
{
    struct utc until = {0};

    for (size_t i = 0; i < book->n_tracks; i++) {
        const struct price_track *t = &book->tracks[i];

        for (size_t k = t->n; k > 0; k--) {
            if (t->steps[k - 1].at.s > at.s)
                continue;
            if (t->steps[k - 1].at.s > until.s)
                until = t->steps[k - 1].at;
            break;
        }
    }
    return until;
}

static void each_spot(const struct price_sheet *s, const char *type, spot_fn *each,
                      void *ctx)
{
    struct price_quote q;
    bool any = false;

    for (size_t i = 0; i < s->book->n_tracks; i++) {
        const struct price_track *t = &s->book->tracks[i];

        if (!str_eq(t->type, type))
            continue;
        q = book_quote_spot(s->book, type, t->zone, s->at);
        if (q.source == PRICE_HISTORY)
            q.as_of = read_until(s->book, s->at);
        each(ctx, type, t->zone, &q);
        any = true;
    }
    if (any)
        return;
    q = book_quote_spot(s->book, type, "", s->at);
    each(ctx, type, "", &q);
}

static void each_type(const struct price_sheet *s,
                      void (*each)(const struct price_sheet *s, const char *type,
                                   void *ctx),
                      void *ctx)
{
    struct arena *a = arena_new(ARENA_BYTES);
    const char **types = NULL;
    size_t n = 0;

    if (a != NULL)
        types = config_types(s->config, a, &n);
    for (size_t i = 0; types != NULL && i < n; i++)
        each(s, types[i], ctx);
    arena_free(a);
}

static const char *amount(const struct price_quote *q, char buf[USD_TEXT])
{
    return q->source == PRICE_UNKNOWN ? "?" : usd_text(q->price, DECIMALS, buf);
}

/* ----- text ----- */

static void text_line(const struct price_sheet *s, const char *what, const char *kind,
                      const struct price_quote *q)
{
    char usd[USD_TEXT], age[DUR_TEXT];
    struct civil day = civil_from_seconds(q->as_of.s);

    out_printf("%-28s %10s  %s", what, amount(q, usd), kind);
    if (q->source != PRICE_UNKNOWN)
        out_printf(", %s", price_source_screen(q->source));
    if (q->as_of.s != 0 && s->at.s < s->now.s)
        out_printf(", of %04d-%02d-%02d", day.year, day.month, day.day);
    else if (q->as_of.s != 0)
        out_printf(", %s old",
                   duration_text(s->now.s > q->as_of.s ? s->now.s - q->as_of.s : 0, age));
    out_printf("\n");
}

static void text_spot(void *ctx, const char *type, const char *zone,
                      const struct price_quote *q)
{
    const struct price_sheet *s = ctx;
    char what[NAME_TEXT + 8];

    (void)type;
    (void)str_format(what, sizeof(what), "    %s", zone); /* fits */
    text_line(s, what, "spot", q);
}

static void text_type(const struct price_sheet *s, const char *type, void *ctx)
{
    struct price_quote q = book_quote_on_demand(s->book, type);
    struct price_sheet sheet = *s;
    char what[NAME_TEXT + 8];

    (void)ctx;
    (void)str_format(what, sizeof(what), "  %s", type); /* fits */
    text_line(s, what, "on-demand", &q);
    each_spot(s, type, text_spot, &sheet);
}

void cost_prices_text(const struct price_sheet *s)
{
    out_printf("prices of an hour%s\n", s->at.s < s->now.s ? " at the month's end" : "");
    each_type(s, text_type, NULL);
}

/* ----- JSON ----- */

static void put_quote(struct strbuf *b, const struct price_quote *q)
{
    jsonw_usd(b, "price_hour", q->price, DECIMALS, q->source != PRICE_UNKNOWN);
    jsonw_text(b, "source", price_source_word(q->source));
    jsonw_utc(b, "as_of", q->as_of);
}

static void json_spot(void *ctx, const char *type, const char *zone,
                      const struct price_quote *q)
{
    struct strbuf *b = ctx;

    (void)type;
    jsonw_open(b, NULL, '{');
    jsonw_text_or_null(b, "zone", zone);
    put_quote(b, q);
    jsonw_close(b, '}');
}

static void json_type(const struct price_sheet *s, const char *type, void *ctx)
{
    struct strbuf *b = ctx;
    struct price_quote q = book_quote_on_demand(s->book, type);

    jsonw_open(b, NULL, '{');
    jsonw_text(b, "type", type);
    jsonw_open(b, "on_demand", '{');
    put_quote(b, &q);
    jsonw_close(b, '}');
    jsonw_open(b, "spot", '[');
    each_spot(s, type, json_spot, b);
    jsonw_close(b, ']');
    jsonw_close(b, '}');
}

void cost_prices_json(const struct price_sheet *s, struct strbuf *b)
{
    jsonw_open(b, "prices", '[');
    each_type(s, json_type, b);
    jsonw_close(b, ']');
}

/* ----- CSV ----- */

struct csv_sheet {
    const struct price_sheet *s;
    struct strbuf *b;
};

static void csv_quote(struct strbuf *b, const struct price_quote *q, const char *end)
{
    char usd[USD_TEXT], when[TIME_TEXT];

    strbuf_printf(b, "%s,%s,%s%s",
                  q->source == PRICE_UNKNOWN ? "" : usd_text(q->price, DECIMALS, usd),
                  price_source_word(q->source),
                  q->as_of.s != 0 ? utc_text(q->as_of, when) : "", end);
}

static void csv_spot(void *ctx, const char *type, const char *zone,
                     const struct price_quote *q)
{
    const struct csv_sheet *c = ctx;
    struct price_quote on_demand = book_quote_on_demand(c->s->book, type);
    struct strbuf *b = c->b;

    strbuf_puts(b, ",,price,,,");
    csv_put(b, type);
    strbuf_putc(b, ',');
    csv_put(b, zone);
    strbuf_puts(b, ",,");
    csv_quote(b, q, ",");
    csv_quote(b, &on_demand, "," COST_JOBS_NONE "\n");
}

static void csv_type(const struct price_sheet *s, const char *type, void *ctx)
{
    each_spot(s, type, csv_spot, ctx);
}

void cost_prices_csv(const struct price_sheet *s, struct strbuf *b)
{
    struct csv_sheet c = {s, b};

    each_type(s, csv_type, &c);
}
