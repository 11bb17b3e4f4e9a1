#include <config.h>

#include "tui/cmd.h"
#include "tui/cost_csv.h"
#include "tui/out.h"
#include "tui/session.h"

#include "core/base/jsonw.h"
#include "core/cost/forecast.h"
#include "core/engine/engine.h"
#include "core/model/fleet_json.h"
#include "core/policy/schedule.h"

#include <stdlib.h>
#include <string.h>

/* The ledger of a month from the store: no API is asked, nothing is written. */

enum { SPANS_MAX = 128, LEAD_S = 25 * 60, JSON_BYTES = 1 << 20 };

struct server_row {
    const struct server_config *config; /* NULL: the extension's and what is nobody's */
    struct bill bill;
};

struct report {
    struct cost_ledger of;
    struct server_row *rows; /* one for each server, and the last for the rest */
    size_t n_rows;
    struct bill bill;
    struct usd total;
    struct forecast forecast;
    struct comparisons compare;
    struct cost_jobs jobs;
};

static enum err_code month_parse(const char *text, struct utc *out, struct err *e)
{
    char whole[TIME_TEXT];

    if (strlen(text) == strlen("2026-11") && text[4] == '-' &&
        str_format(whole, sizeof(whole), "%s-01T00:00:00Z", text) &&
        utc_parse(whole, out, e) == ERR_OK)
        return ERR_OK;
    *e = (struct err){0};
    return err_set(e, ERR_USAGE, "\"%.20s\" is no month: write it as 2026-11", text);
}

static struct server_row *row_of(struct report *r, const char *server)
{
    for (size_t i = 0; i + 1 < r->n_rows; i++) {
        if (str_eq(r->rows[i].config->name, server))
            return &r->rows[i];
    }
    return &r->rows[r->n_rows - 1];
}

static enum err_code bill_all(struct report *r, const struct price_book *book,
                              struct err *e)
{
    enum err_code code;

    for (size_t i = 0; i < r->of.ledger.n_segments; i++) {
        const struct segment *g = &r->of.ledger.segments[i];
        struct err why = {0};

        code = bill_segment(&row_of(r, g->server)->bill, book, g, r->of.now,
                            r->of.month_start, r->of.month_end, &why);
        if (code == ERR_OK || code == ERR_NOT_FOUND)
            code = bill_segment(&r->bill, book, g, r->of.now, r->of.month_start,
                                r->of.month_end, &why);
        if (code != ERR_OK && code != ERR_NOT_FOUND)
            return err_set(e, code, "%s", why.text);
    }
    code = bill_fixed(&r->bill, book->config, r->of.month_start,
                      r->of.now.s < r->of.month_end.s ? r->of.now : r->of.month_end, e);
    if (code == ERR_OK)
        code =
            bill_fixed(&r->rows[r->n_rows - 1].bill, book->config, r->of.month_start,
                       r->of.now.s < r->of.month_end.s ? r->of.now : r->of.month_end, e);
    return code == ERR_OK ? bill_total(&r->bill, &r->total, e) : code;
}

static void compare_all(struct report *r, const struct config *c,
                        const struct price_book *book)
{
    struct compare_server *servers = calloc(c->n_servers + 1, sizeof(*servers));
    struct compare_in in = {.config = &c->cost,
                            .servers = servers,
                            .n = c->n_servers,
                            .month_s = r->of.month_end.s - r->of.month_start.s,
                            .total_known = r->forecast.known,
                            .total = r->forecast.p50,
                            .instances = r->forecast.instances,
                            .extension = r->forecast.extension,
                            .has_extension = c->velostrata.api.present,
                            .same_hours_priced = true,
                            .same_hours_price = r->bill.on_demand};
    struct utc until = r->of.now.s < r->of.month_end.s ? r->of.now : r->of.month_end;

    if (servers == NULL)
        return; /* all of them stay unknown */
    for (size_t i = 0; i < c->n_servers; i++) {
        const char *type =
            c->servers[i].n_offerings > 0 ? c->servers[i].offerings[0].type : "";
        struct price_quote q = book_quote_spot(book, type, "", until);

        servers[i].seconds = r->forecast.rest_s;
        servers[i].on_demand_known = book_on_demand(book, type, &servers[i].on_demand);
        servers[i].spot = q.price; /* of a month that is still to come */
        servers[i].spot_known =
            bill_spot_mean(book, type, "", r->of.month_start, until, &servers[i].spot) ||
            q.source != PRICE_UNKNOWN;
    }
    compare(&in, &r->compare);
    if (!r->bill.on_demand_known)
        r->compare.known[COMPARE_SAME_HOURS] = false;
    free(servers);
}

static enum err_code make_forecast(struct report *r, const struct session *s,
                                   const struct price_book *book, struct err *e)
{
    const struct policy_config *p = &s->config->policy;
    struct stretch spans[SPANS_MAX];
    struct forecast_server *servers = calloc(s->config->n_servers + 1, sizeof(*servers));
    struct forecast_in in = {.book = book,
                             .now = r->of.now,
                             .month_start = r->of.month_start,
                             .month_end = r->of.month_end,
                             .spent = &r->bill,
                             .spans = spans,
                             .servers = servers,
                             .n_servers = s->config->n_servers,
                             .usage_permille = 1000,
                             .extension = s->config->velostrata.api.present,
                             .lead_s = p->lead_auto ? LEAD_S : p->lead,
                             .tail_s = p->extension_linger};
    enum err_code code;

    if (servers == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the forecast");
    if (p->drain_deadline > 0)
        in.tail_s += p->drain_deadline;
    for (size_t i = 0; i < s->config->n_servers; i++) {
        const struct server_config *c = &s->config->servers[i];

        servers[i] =
            (struct forecast_server){c->n_offerings > 0 ? c->offerings[0].type : "", ""};
    }
    in.n_spans = schedule_planned(
        p, s->tz, r->of.now.s > r->of.month_start.s ? r->of.now : r->of.month_start,
        r->of.month_end, spans, SPANS_MAX);
    code = forecast(&in, &r->forecast, e);
    free(servers);
    return code;
}

/* Of this month the dashboard shows it, too, and knows more: the lead that was learned,
 * how much of the planned time is used, which servers policy moves. So it is asked: a
 * controller that only looks, at what is stored. */
static enum err_code forecast_as_shown(struct report *r, const struct session *s,
                                       struct err *e)
{
    const struct controller_options o = {.config = s->config,
                                         .tz = s->tz,
                                         .observe = true,
                                         .host = s->host,
                                         .user = s->user};
    struct event tick = {.kind = EVENT_TICK};
    struct controller_month month;
    struct engine *g = NULL;
    struct fleet *f;

    if (engine_new(&o, s->store, clock_system(), &dispatch_nobody, s->log, &g, e) !=
        ERR_OK)
        return e->code;
    engine_feed(g, &tick);
    f = controller_snapshot(engine_controller(g));
    if (f != NULL) {
        month = controller_month(engine_controller(g));
        r->forecast = *month.forecast;
        r->compare = *month.compare;
    } else {
        (void)err_set(e, ERR_NOMEM, "no memory for the forecast");
    }
    fleet_unref(f);
    engine_free(g);
    return e->code;
}

static enum err_code make_report(struct report *r, const struct session *s, struct err *e)
{
    enum err_code code;

    r->n_rows = s->config->n_servers + 1;
    r->rows = calloc(r->n_rows, sizeof(*r->rows));
    if (r->rows == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the ledger");
    bill_clear(&r->bill);
    for (size_t i = 0; i < r->n_rows; i++) {
        bill_clear(&r->rows[i].bill);
        if (i + 1 < r->n_rows)
            r->rows[i].config = &s->config->servers[i];
    }
    if ((code = bill_all(r, &r->of.book, e)) != ERR_OK)
        return code;
    if (r->of.month_start.s <= r->of.now.s && r->of.now.s < r->of.month_end.s)
        return forecast_as_shown(r, s, e);
    if ((code = make_forecast(r, s, &r->of.book, e)) == ERR_OK)
        compare_all(r, s->config, &r->of.book);
    return code;
}

/* ----- as text, JSON, CSV ----- */

static void print_budget(const struct report *r, struct usd budget)
{
    char a[USD_TEXT];

    out_printf("%-28s %10s", "budget", usd_text(budget, 2, a));
    if (budget.nanos >= 100)
        out_printf("  %lld %% spent", (long long)(r->total.nanos / (budget.nanos / 100)));
    if (r->total.nanos >= budget.nanos)
        out_printf(", it is reached");
    else if (r->of.now.s < r->of.month_end.s && r->forecast.known &&
             r->forecast.p50.nanos > budget.nanos)
        out_printf(", the forecast exceeds it");
    out_printf("\n");
}

static const char *amount(bool known, struct usd v, char buf[USD_TEXT])
{
    return known ? usd_text(v, 2, buf) : "?";
}

static void print_text(const struct report *r, const struct session *s)
{
    struct price_sheet prices = cost_ledger_prices(&r->of, s->config);
    struct civil c = civil_from_seconds(r->of.month_start.s);
    char a[USD_TEXT], low[USD_TEXT], high[USD_TEXT];

    out_printf("%04d-%02d (UTC)%*sUSD\n", c.year, c.month, 24, "");
    for (int i = 0; i < COST_ITEM_COUNT; i++) {
        if (r->bill.items[i].nanos != 0)
            out_printf("  %-26s %10s\n", cost_item_text((enum cost_item)i),
                       usd_text(r->bill.items[i], 2, a));
    }
    out_printf("%-28s %10s%s\n",
               r->of.now.s < r->of.month_end.s ? "month to date" : "the month",
               usd_text(r->total, 2, a),
               r->bill.unknown > 0  ? "  at least: a part has no known price"
               : r->bill.bounds > 0 ? "  at most: a part is an upper bound"
                                    : "");
    if (cost_ledger_stretches(&r->of) == 0)
        out_printf("  the ledger has nothing of this month: typed-in amounts alone\n");
    for (size_t i = 0; i + 1 < r->n_rows; i++) {
        struct err e = {0};
        struct usd v;
        bool known = bill_total(&r->rows[i].bill, &v, &e) == ERR_OK &&
                     r->rows[i].bill.unknown == 0;

        out_printf("  %-26s %10s  %lld:%02lld h\n", r->rows[i].config->name,
                   amount(known, v, a), (long long)(r->rows[i].bill.instance_s / 3600),
                   (long long)(r->rows[i].bill.instance_s / 60 % 60));
    }
    if (r->of.now.s < r->of.month_end.s) {
        out_printf("%-28s %10s", "forecast",
                   amount(r->forecast.known, r->forecast.p50, a));
        if (r->forecast.known)
            out_printf("  between %s and %s", usd_text(r->forecast.p10, 2, low),
                       usd_text(r->forecast.p90, 2, high));
        out_printf("\n");
    }
    if (s->config->policy.has_budget)
        print_budget(r, s->config->policy.budget_month);
    out_printf("the month compared with\n");
    for (int i = 0; i < COMPARISON_COUNT; i++)
        out_printf("  %-26s %10s\n", comparison_text((enum comparison)i),
                   amount(r->compare.known[i], r->compare.amount[i], a));
    cost_prices_text(&prices);
    cost_jobs_text(&r->jobs);
}

static void put_bill(struct strbuf *b, const char *name, const struct bill *bill)
{
    jsonw_open(b, name, '{');
    for (int i = 0; i < COST_ITEM_COUNT; i++)
        jsonw_usd(b, cost_item_word((enum cost_item)i), bill->items[i], 2, true);
    jsonw_close(b, '}');
}

static void put_servers(struct strbuf *b, const struct report *r)
{
    jsonw_open(b, "servers", '[');
    for (size_t i = 0; i + 1 < r->n_rows; i++) {
        const struct bill *bill = &r->rows[i].bill;
        struct usd v = {0};
        struct err e = {0};
        bool known = bill_total(bill, &v, &e) == ERR_OK && bill->unknown == 0;

        jsonw_open(b, NULL, '{');
        jsonw_text(b, "name", r->rows[i].config->name);
        jsonw_usd(b, "month_to_date", v, 2, known);
        jsonw_i64(b, "instance_s", bill->instance_s);
        jsonw_usd(b, "same_hours_on_demand", bill->on_demand, 2, bill->on_demand_known);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
}

static void print_json(const struct report *r, const struct session *s)
{
    struct civil c = civil_from_seconds(r->of.month_start.s);
    struct price_sheet prices = cost_ledger_prices(&r->of, s->config);
    char month[TIME_TEXT];
    struct strbuf b;

    strbuf_init(&b, JSON_BYTES);
    (void)str_format(month, sizeof(month), "%04d-%02d", c.year, c.month);
    jsonw_open(&b, NULL, '{');
    jsonw_text(&b, "month", month);
    jsonw_utc(&b, "at", r->of.now);
    jsonw_usd(&b, "month_to_date", r->total, 2, r->bill.unknown == 0);
    jsonw_bool(&b, "upper_bound", r->bill.bounds > 0);
    jsonw_i64(&b, "segments", cost_ledger_stretches(&r->of));
    put_bill(&b, "items", &r->bill);
    put_servers(&b, r);
    if (r->forecast.known) {
        jsonw_open(&b, "forecast", '{');
        jsonw_usd(&b, "p10", r->forecast.p10, 2, true);
        jsonw_usd(&b, "p50", r->forecast.p50, 2, true);
        jsonw_usd(&b, "p90", r->forecast.p90, 2, true);
        jsonw_close(&b, '}');
    } else {
        jsonw_null(&b, "forecast");
    }
    jsonw_usd(&b, "budget", s->config->policy.budget_month, 2,
              s->config->policy.has_budget);
    for (int i = 0; i < COMPARISON_COUNT; i++)
        jsonw_usd(&b, comparison_word((enum comparison)i), r->compare.amount[i], 2,
                  r->compare.known[i]);
    cost_prices_json(&prices, &b);
    speedup_json(&r->jobs.sum, r->jobs.jobs, r->jobs.n, &b);
    jsonw_close(&b, '}');
    out_line(strbuf_text(&b));
    strbuf_clear(&b);
}

static int print_csv(const struct report *r, const struct session *s)
{
    struct err e = {0};
    struct strbuf b;

    strbuf_init(&b, COST_CSV_BYTES);
    cost_csv(&r->of, &r->jobs, s->config, &b);
    if (b.failed)
        (void)err_set(&e, ERR_NOMEM, "no memory for the ledger as CSV");
    else
        out_printf("%s", strbuf_text(&b));
    strbuf_clear(&b);
    return e.code != ERR_OK ? session_fail(&e) : EXIT_DONE;
}

int cmd_cost(const struct args *a)
{
    struct session s;
    struct report r = {0};
    struct utc now = clock_utc(clock_system()), month = ledger_month_start(now);
    struct err e = {0};
    bool locked_out;
    int rc = session_open(&s, a);

    if (rc == EXIT_DONE && a->set[FLAG_MONTH] &&
        month_parse(a->value[FLAG_MONTH], &month, &e) != ERR_OK)
        rc = session_fail(&e);
    if (rc == EXIT_DONE && a->set[FLAG_JSON] && a->set[FLAG_CSV]) {
        (void)err_set(&e, ERR_USAGE, "--json and --csv are two forms of one answer");
        rc = session_fail(&e);
    }
    if (rc == EXIT_DONE)
        rc = session_open_state(&s, a, SESSION_LOOK, &locked_out);
    if (rc != EXIT_DONE)
        goto out;
    if (s.store == NULL) {
        (void)err_set(&e, ERR_NOT_FOUND, "there is no ledger in %s yet", s.state_dir);
        rc = session_fail(&e);
        goto out;
    }
    if (cost_ledger_load(s.store, s.config, now, month, &r.of, &e) != ERR_OK ||
        cost_jobs_load(s.store, &r.jobs, &e) != ERR_OK ||
        (!a->set[FLAG_CSV] && make_report(&r, &s, &e) != ERR_OK)) {
        rc = session_fail(&e);
        goto out;
    }
    if (a->set[FLAG_JSON])
        print_json(&r, &s);
    else if (a->set[FLAG_CSV])
        rc = print_csv(&r, &s);
    else
        print_text(&r, &s);
    if (!out_flush())
        rc = EXIT_FAILED;
out:
    cost_ledger_free(&r.of);
    cost_jobs_free(&r.jobs);
    free(r.rows);
    session_close(&s);
    return rc;
}
