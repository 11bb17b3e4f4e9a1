#include <config.h>

#include "tui/simulate.h"

#include "core/base/jsonw.h"
#include "core/base/timefmt.h"

#include <string.h>

enum { LABEL_WIDTH = 28, COLUMN_WIDTH = 16, MONTH_S = 2629800 /* 730.5 h */ };

/* The rows of the table. A row of zeros in every column that is not `always` is left out.
 */
enum kind { COUNT, PERCENT, DURATION, MONEY };
#define ROWS(X)                                                                          \
    X(OUT, COUNT, true, "moves out")                                                     \
    X(BACK, COUNT, true, "moves back")                                                   \
    X(FAILED, COUNT, true, "moves failed")                                               \
    X(INTERRUPTIONS, COUNT, true, "spot interruptions")                                  \
    X(LOST, COUNT, true, "builds lost with them")                                        \
    X(READY, PERCENT, true, "ready in rush hours")                                       \
    X(LATE_P50, DURATION, true, "ready after the start, p50")                            \
    X(LATE_P99, DURATION, true, "                       p99")                            \
    X(LATE_MAX, DURATION, true, "                    latest")                            \
    X(VIOLATIONS, COUNT, false, "invariants violated")                                   \
    X(TOTAL, MONEY, true, "cost")                                                        \
    X(MONTH, MONEY, true, "  a month (730.5 h) of it")

enum row {
#define X(id, kind, always, text) ROW_##id,
    ROWS(X)
#undef X
        ROW_ITEMS, /* the items of the bill */
    ROW_COMPARISONS = ROW_ITEMS + COST_ITEM_COUNT,
    ROW_COUNT = ROW_COMPARISONS + COMPARISON_COUNT
};

static const struct {
    enum kind kind;
    bool always;
    const char *text;
} rows[ROW_ITEMS] = {
#define X(id, kind, always, text) {kind, always, (text)},
    ROWS(X)
#undef X
};

struct figure {
    bool known;
    int64_t v; /* nano-dollars, seconds, hundredths of a percent */
};

static enum kind kind_of(size_t row)
{
    return row < ROW_ITEMS ? rows[row].kind : MONEY;
}

static void figures_of(const struct drive_report *r, struct figure f[ROW_COUNT])
{
    const struct account_bill *c = &r->cost;
    struct usd month = {0};
    struct err e = {0};
    bool has_month =
        r->to.s > r->from.s &&
        ledger_scale(c->total, MONTH_S, r->to.s - r->from.s, &month, &e) == ERR_OK;

    f[ROW_OUT] = (struct figure){true, r->moves_out};
    f[ROW_BACK] = (struct figure){true, r->moves_back};
    f[ROW_FAILED] = (struct figure){true, r->moves_failed};
    f[ROW_INTERRUPTIONS] = (struct figure){true, r->interruptions};
    f[ROW_LOST] = (struct figure){true, r->lost_builds};
    f[ROW_READY] = (struct figure){r->planned_s > 0, drive_ready_percent(r)};
    f[ROW_LATE_P50] = (struct figure){r->planned_s > 0, r->late_p50_s};
    f[ROW_LATE_P99] = (struct figure){r->planned_s > 0, r->late_p99_s};
    f[ROW_LATE_MAX] = (struct figure){r->planned_s > 0, r->late_max_s};
    f[ROW_VIOLATIONS] = (struct figure){true, r->violations};
    f[ROW_TOTAL] = (struct figure){c->known, c->total.nanos};
    f[ROW_MONTH] = (struct figure){c->known && has_month, month.nanos};
    for (size_t i = 0; i < COST_ITEM_COUNT; i++)
        f[ROW_ITEMS + i] =
            (struct figure){i == COST_EXTENSION                     ? c->extension_known
                            : i == COST_SPOT || i == COST_ON_DEMAND ? c->instances_known
                                                                    : true,
                            c->bill.items[i].nanos};
    for (size_t i = 0; i < COMPARISON_COUNT; i++)
        f[ROW_COMPARISONS + i] =
            (struct figure){c->compare.known[i], c->compare.amount[i].nanos};
}

enum { FIGURE_TEXT = 48 };
static const char *figure_text(enum kind k, struct figure f, bool difference,
                               char out[FIGURE_TEXT])
{
    const char *sign = f.v < 0 ? "-" : difference && f.v > 0 ? "+" : "";
    int64_t v = f.v < 0 ? -f.v : f.v;
    char text[USD_TEXT + DUR_TEXT];

    if (!f.known) {
        (void)str_copy(out, FIGURE_TEXT, "?");
        return out;
    }
    switch (k) {
    case COUNT:
        (void)str_format(out, FIGURE_TEXT, "%s%lld", sign, (long long)v);
        break;
    case PERCENT:
        (void)str_format(out, FIGURE_TEXT, "%s%lld.%02lld %%", sign, (long long)(v / 100),
                         (long long)(v % 100));
        break;
    case DURATION:
        (void)str_format(out, FIGURE_TEXT, "%s%s", sign, duration_text(v, text));
        break;
    case MONEY:
        (void)str_format(out, FIGURE_TEXT, "%s$%s", sign,
                         usd_text((struct usd){v}, 2, text));
        break;
    }
    return out;
}

static void label_of(size_t row, char out[LABEL_WIDTH + 1])
{
    if (row < ROW_ITEMS)
        (void)str_copy(out, LABEL_WIDTH + 1, rows[row].text);
    else if (row < ROW_COMPARISONS)
        (void)str_format(out, LABEL_WIDTH + 1, "  %s",
                         cost_item_text((enum cost_item)(row - ROW_ITEMS)));
    else
        (void)str_format(out, LABEL_WIDTH + 1, "  %s",
                         comparison_text((enum comparison)(row - ROW_COMPARISONS)));
}

/* Bill items that nobody pays, comparisons that nobody can know, are left out. */
static bool is_shown(size_t row, const struct figure *a, const struct figure *b)
{
    if (row < ROW_ITEMS && rows[row].always)
        return true;
    if (row >= ROW_COMPARISONS)
        return a->known || b->known;
    return a->v != 0 || b->v != 0 || !a->known || !b->known;
}

static void put_cells(struct strbuf *out, const char *label, const char *const *cells,
                      size_t n)
{
    strbuf_printf(out, "%-*s", LABEL_WIDTH, label);
    for (size_t i = 0; i < n; i++)
        strbuf_printf(out, " %*.*s", COLUMN_WIDTH, COLUMN_WIDTH, cells[i]);
    strbuf_putc(out, '\n');
}

/* The file without its folder. */
static const char *column_name(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash != NULL ? slash + 1 : name;
}

static void put_table(const struct simulate_side *sides, size_t n, struct strbuf *out)
{
    struct figure f[2][ROW_COUNT];
    const char *const names[] = {column_name(sides[0].name),
                                 column_name(sides[n - 1].name), "difference"};
    bool instead = false;

    figures_of(sides[0].report, f[0]);
    figures_of(sides[n - 1].report, f[1]);
    if (n > 1)
        put_cells(out, "", names, 3);
    for (size_t row = 0; row < ROW_COUNT; row++) {
        struct figure d = {f[0][row].known && f[1][row].known, f[1][row].v - f[0][row].v};
        char label[LABEL_WIDTH + 1], text[3][FIGURE_TEXT];
        const char *const cells[] = {text[0], text[1], text[2]};

        if (!is_shown(row, &f[0][row], &f[1][row]))
            continue;
        if (row == ROW_TOTAL)
            strbuf_putc(out, '\n');
        if (row >= ROW_COMPARISONS && !instead)
            strbuf_puts(out, "\ninstead\n");
        instead = row >= ROW_COMPARISONS;
        label_of(row, label);
        (void)figure_text(kind_of(row), f[0][row], false, text[0]);
        (void)figure_text(kind_of(row), f[1][row], false, text[1]);
        (void)figure_text(kind_of(row), d, true, text[2]);
        put_cells(out, label, cells, n > 1 ? 3 : 1);
    }
}

static const char *site_time(const struct tz *tz, struct utc t, char buf[TIME_TEXT])
{
    struct civil c = tz_civil(tz, t);

    (void)str_format(buf, TIME_TEXT, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day,
                     c.hour, c.minute);
    return buf;
}

static void put_prices(const struct simulate_side *s, const struct tz *tz, uint64_t seed,
                       struct strbuf *out)
{
    const struct simulate_prices *p = &s->prices;
    char from[TIME_TEXT], to[TIME_TEXT];

    if (p->recorded)
        strbuf_printf(out, "prices     recorded, changes from %s to %s\n",
                      site_time(tz, p->from, from), site_time(tz, p->to, to));
    else
        strbuf_printf(out, "prices     simulated, seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < p->n_gaps && i < SIMULATE_MAX_GAPS; i++)
        strbuf_printf(out, "           none recorded of %s in %s from %s to %s\n",
                      p->gaps[i].type, p->gaps[i].zone,
                      site_time(tz, p->gaps[i].from, from),
                      site_time(tz, p->gaps[i].to, to));
    if (p->n_gaps > SIMULATE_MAX_GAPS)
        strbuf_printf(out, "           and %zu gaps more\n",
                      p->n_gaps - SIMULATE_MAX_GAPS);
}

/* What keeps an amount from being known, or from being more than a guess. */
static void put_notes(const struct simulate_side *s, struct strbuf *out)
{
    const char *name = column_name(s->name);

    if (s->prices.guessed != NULL)
        strbuf_printf(out,
                      "%s: no price of %s is known, it is sold like c5.2xlarge here: set "
                      "cost.prices\n",
                      name, s->prices.guessed);
    if (!s->report->cost.extension_known)
        strbuf_printf(out, "%s: the cost is not known: set cost.cloud_extension_hour\n",
                      name);
    if (!s->report->cost.instances_known)
        strbuf_printf(out, "%s: the cost is not known: set cost.prices\n", name);
}

void simulate_text(const struct simulate_side *sides, size_t n, const struct tz *tz,
                   struct strbuf *out)
{
    const struct drive_report *r = sides[0].report;
    char from[TIME_TEXT], to[TIME_TEXT], days[DUR_TEXT];

    strbuf_printf(out, "simulated  %s to %s (%s), %d server%s, seed %llu\n",
                  site_time(tz, r->from, from), site_time(tz, r->to, to),
                  duration_text(r->to.s - r->from.s, days), r->servers,
                  r->servers == 1 ? "" : "s", (unsigned long long)r->seed);
    put_prices(&sides[0], tz, r->seed, out);
    strbuf_putc(out, '\n');
    put_table(sides, n, out);
    strbuf_putc(out, '\n');
    for (size_t i = 0; i < n; i++)
        put_notes(&sides[i], out);
    if (n > 1)
        strbuf_puts(out,
                    "both live through the same prices; what AWS takes back depends on "
                    "what runs, so interruptions differ where moves do\n");
    if (r->violations > 0)
        strbuf_printf(out, "violated first: %s\n", r->violation);
    strbuf_printf(out, "trace %016llx", (unsigned long long)r->trace);
    if (n > 1)
        strbuf_printf(out, " and %016llx", (unsigned long long)sides[1].report->trace);
    strbuf_puts(out, "; amounts are estimates\n");
}

static void put_members(struct strbuf *out, const struct simulate_side *s)
{
    const struct simulate_prices *p = &s->prices;
    char from[TIME_TEXT], to[TIME_TEXT];

    drive_report_members(s->report, out);
    strbuf_printf(out, ",\"prices\":{\"source\":\"%s\",\"gaps\":[",
                  p->recorded ? "recorded" : "simulated");
    for (size_t i = 0; i < p->n_gaps && i < SIMULATE_MAX_GAPS; i++) {
        strbuf_puts(out, i > 0 ? ",{\"type\":" : "{\"type\":");
        json_put_text(out, p->gaps[i].type);
        strbuf_puts(out, ",\"zone\":");
        json_put_text(out, p->gaps[i].zone);
        strbuf_printf(out, ",\"from\":\"%s\",\"to\":\"%s\"}",
                      utc_text(p->gaps[i].from, from), utc_text(p->gaps[i].to, to));
    }
    strbuf_puts(out, "],\"guessed\":");
    if (p->guessed != NULL)
        json_put_text(out, p->guessed);
    else
        strbuf_puts(out, "null");
    strbuf_putc(out, '}');
}

void simulate_json(const struct simulate_side *sides, size_t n, struct strbuf *out)
{
    strbuf_putc(out, '{');
    put_members(out, &sides[0]);
    if (n > 1) {
        strbuf_puts(out, ",\"compare\":{");
        put_members(out, &sides[1]);
        strbuf_puts(out, ",\"file\":");
        json_put_text(out, sides[1].name);
        strbuf_putc(out, '}');
    }
    strbuf_puts(out, "}\n");
}
