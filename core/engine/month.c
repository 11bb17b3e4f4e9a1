#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

enum {
    FORECAST_EVERY_S = 3600,
    SPENT_EVERY_S = 60,
    SPANS_MAX = 128,
    USAGE_DAYS = 20,
    USAGE_REACH_S = 28 * 86400
};

/* ----- the forecast ----- */

static bool is_instance(const struct segment *g)
{
    return !str_eq(g->kind, "extension");
}

static int64_t overlap(const struct controller *c, const struct segment *g, int64_t from,
                       int64_t to)
{
    int64_t end = g->end.s != 0 ? g->end.s : c->now.s;
    int64_t a = g->start.s > from ? g->start.s : from, b = end < to ? end : to;

    return b > a ? b - a : 0;
}

/* Actual to planned instance time of the last rush hours that have ended, as far as the
 * ledger reaches back. */
static int32_t usage(const struct controller *c, size_t n_servers)
{
    struct stretch spans[SPANS_MAX];
    int64_t first = c->now.s, planned = 0, actual = 0, until = 0;
    size_t n, from = 0;

    for (size_t i = 0; i < c->n_segments; i++) {
        if (is_instance(&c->segments[i]) && c->segments[i].start.s < first)
            first = c->segments[i].start.s;
    }
    if (first < c->now.s - USAGE_REACH_S)
        first = c->now.s - USAGE_REACH_S;
    n = schedule_planned(&c->config->policy, c->tz, (struct utc){first}, c->now, spans,
                         SPANS_MAX);
    while (n > 0 && spans[n - 1].end.s > c->now.s)
        n--;
    /* The one in which the ledger begins says nothing of the time before. */
    while (from < n && (spans[from].start.s < first - c->lead_s || n - from > USAGE_DAYS))
        from++;
    if (from == n)
        return forecast_usage(0, 0);
    for (size_t i = from; i < n; i++) {
        planned += (spans[i].end.s - spans[i].start.s) * (int64_t)n_servers;
        until = spans[i].end.s;
    }
    until += c->config->policy.drain_deadline > 0 ? c->config->policy.drain_deadline : 0;
    for (size_t i = 0; i < c->n_segments; i++) {
        if (is_instance(&c->segments[i]))
            actual += overlap(c, &c->segments[i], spans[from].start.s - c->lead_s, until);
    }
    return forecast_usage(actual, planned);
}

static const char *type_of(const struct server_state *s)
{
    if (s->facts.instance.type[0] != '\0')
        return s->facts.instance.type;
    return s->config->n_offerings > 0 ? s->config->offerings[0].type : "";
}

/* The month so far, all of it: what is over is counted already. */
static enum err_code bill_so_far(struct controller *c, struct bill *b, struct err *e)
{
    struct price_book book = costs_book(c);
    enum err_code code = ERR_OK;

    costs_sums(c);
    *b = c->month.closed;
    for (size_t i = 0; i < c->n_segments && code != ERR_RANGE; i++)
        if (c->segments[i].end.s == 0)
            code = bill_segment(b, &book, &c->segments[i], c->now, c->month_start, c->now,
                                e);
    return code == ERR_RANGE ? code
                             : bill_fixed(b, &c->config->cost, c->month_start, c->now, e);
}

/* As the month was forecast. */
static void compare_month(struct controller *c, const struct forecast_in *as)
{
    const struct forecast *f = &c->month.forecast;
    struct compare_server *servers = calloc(c->n_servers + 1, sizeof(*servers));
    struct compare_in in = {.config = &c->config->cost,
                            .servers = servers,
                            .n = c->n_servers,
                            .month_s = as->month_end.s - as->month_start.s,
                            .total_known = f->known,
                            .total = f->p50,
                            .instances = f->instances,
                            .extension = f->extension,
                            .has_extension = as->extension,
                            .same_hours_priced = true,
                            .same_hours_price = as->spent->on_demand};

    if (servers == NULL)
        return; /* not known until the next time */
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];
        const char *zone =
            s->facts.instance.zone[0] != '\0' ? s->facts.instance.zone : s->home_zone;
        struct price_quote q = price_find(c, type_of(s), zone);

        if (s->auto_on)
            servers[i].seconds = f->rest_s * as->usage_permille / 1000;
        servers[i].spot = q.price; /* before anything of the month is known */
        servers[i].spot_known =
            bill_spot_mean(as->book, type_of(s), zone, as->month_start, as->now,
                           &servers[i].spot) ||
            q.source != PRICE_UNKNOWN;
        servers[i].on_demand_known =
            book_on_demand(as->book, type_of(s), &servers[i].on_demand);
    }
    compare(&in, &c->month.compare);
    if (!as->spent->on_demand_known)
        c->month.compare.known[COMPARE_SAME_HOURS] = false;
    free(servers);
}

static void make_forecast(struct controller *c)
{
    struct price_book book = costs_book(c);
    struct stretch spans[SPANS_MAX];
    const struct policy_config *p = &c->config->policy;
    struct forecast_server *servers = calloc(c->n_servers + 1, sizeof(*servers));
    struct forecast_in in = {.book = &book,
                             .now = c->now,
                             .month_start = c->month_start,
                             .month_end = ledger_month_end(c->now),
                             .spans = spans,
                             .servers = servers,
                             .lead_s = c->lead_s,
                             .tail_s = p->extension_linger};
    struct bill spent;
    struct err e = {0};

    c->month.forecast_at = c->now;
    c->month.forecast.known = false;
    c->month.compare = (struct comparisons){0};
    if (servers == NULL)
        return;
    if (p->drain_deadline > 0)
        in.tail_s += p->drain_deadline;
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];

        in.extension = in.extension || s->mover->uses_extension;
        if (s->auto_on)
            servers[in.n_servers++] =
                (struct forecast_server){type_of(s), s->facts.instance.zone};
    }
    in.usage_permille = usage(c, in.n_servers);
    in.n_spans = schedule_planned(p, c->tz, c->now, in.month_end, spans, SPANS_MAX);
    in.spent = &spent;
    if (bill_so_far(c, &spent, &e) == ERR_OK &&
        forecast(&in, &c->month.forecast, &e) == ERR_OK)
        compare_month(c, &in);
    else
        c->month.forecast.known = false;
    free(servers);
}

static void keep_forecast(struct controller *c)
{
    if (c->month.forecast_at.s == 0 ||
        c->now.s - c->month.forecast_at.s >= FORECAST_EVERY_S ||
        c->now.s < c->month.forecast_at.s)
        make_forecast(c);
}

/* The spot price while it is fresh, else the on-demand price as an upper bound. */
static bool hour_price(const struct controller *c, const struct server_state *s,
                       struct usd *out)
{
    struct price_book book = costs_book(c);
    struct price_quote q;

    if (s->facts.instance.lifecycle == LIFECYCLE_ON_DEMAND)
        return book_on_demand(&book, type_of(s), out);
    q = price_find(c, type_of(s), s->facts.instance.zone);
    if ((q.source != PRICE_HISTORY || c->now.s - q.as_of.s > PRICE_LAST_KNOWN_S) &&
        q.source != PRICE_CONFIGURED && book_on_demand(&book, type_of(s), out))
        return true;
    *out = q.price;
    return q.source != PRICE_UNKNOWN;
}

/* ----- what stays out there with nobody to bring it home (6.5) ----- */

static bool is_left(const struct controller *c, const struct server_state *s)
{
    bool automatic = !c->dry_run && automation_on(c, s);
    bool held = s->hold.place == PLACE_CLOUD &&
                (s->hold.kind == HOLD_PIN || s->hold.until.s > c->now.s);

    return !automatic && !held && !s->has_move && s->facts.place == PLACE_CLOUD &&
           !s->facts.place_stale && !schedule_is_cloud(&c->schedule, c->now);
}

static void count_left(const struct controller *c, int32_t *servers, bool *known,
                       struct usd *hour)
{
    bool extension = false;

    *servers = 0;
    *known = true;
    hour->nanos = 0;
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];
        struct usd price;

        if (!is_left(c, s))
            continue;
        ++*servers;
        extension = extension || s->mover->uses_extension;
        if (!hour_price(c, s, &price) ||
            __builtin_add_overflow(hour->nanos, price.nanos, &hour->nanos))
            *known = false;
    }
    if (extension && !c->config->cost.has_extension_hour)
        *known = false;
    if (extension && __builtin_add_overflow(
                         hour->nanos, c->config->cost.extension_hour.nanos, &hour->nanos))
        *known = false;
}

void month_view(struct controller *c, struct fleet *f)
{
    const struct month_kept *m = &c->month;

    keep_forecast(c);
    f->forecast.known = m->forecast.known;
    f->forecast.p10 = m->forecast.p10;
    f->forecast.p50 = m->forecast.p50;
    f->forecast.p90 = m->forecast.p90;
    count_left(c, &f->left.servers, &f->left.hour_known, &f->left.hour);
    f->has_budget = c->config->policy.has_budget;
    f->budget = c->config->policy.budget_month;
    f->budget_reached = m->reached.s != 0;
    for (int i = 0; i < COMPARISON_COUNT; i++) {
        f->compare[i].known = m->compare.known[i];
        f->compare[i].amount = m->compare.amount[i];
    }
}

struct controller_month controller_month(const struct controller *c)
{
    return (struct controller_month){&c->month.forecast, &c->month.compare};
}

/* ----- the budget ----- */

bool month_is_over(const struct controller *c, const struct server_state *s,
                   enum place place)
{
    return c->config->policy.has_budget && place == PLACE_CLOUD &&
           (s->over_budget || c->month.reached.s != 0);
}

void month_hold(struct controller *c, struct server_state *s)
{
    bool over = month_is_over(c, s, s->hold.place);

    s->hold.over_budget = over;
    if (!over && s->over_budget_at.s == 0)
        return;
    s->over_budget_at = over ? s->hold.at : (struct utc){0};
    setting_store_time(c, server_key(s, "over_budget").text, s->over_budget_at);
}

static void count_spent(struct controller *c)
{
    struct month_kept *m = &c->month;
    struct bill b;
    struct err e = {0};

    if (m->spent_at.s != 0 && c->now.s >= m->spent_at.s &&
        c->now.s - m->spent_at.s < SPENT_EVERY_S)
        return;
    m->spent_at = c->now;
    m->spent_known = bill_so_far(c, &b, &e) == ERR_OK && b.unknown == 0;
    if (bill_total(&b, &m->spent, &e) != ERR_OK)
        m->spent_known = false;
}

static void tell(struct controller *c, const char *code, const char *fmt, struct usd a,
                 struct usd b)
{
    char text[LINE_TEXT], x[USD_TEXT], y[USD_TEXT];

    (void)str_format(text, sizeof(text), "%s: $%s of $%s", fmt, usd_text(a, 2, x),
                     usd_text(b, 2, y));
    alert_raise(c, "", code, text);
}

static void set_reached(struct controller *c, struct utc at)
{
    c->month.reached = at;
    setting_store_time(c, "budget_reached", at);
}

/* Edges, not states: each is told once a month, the forecast once a day. */
void month_follow(struct controller *c)
{
    const struct policy_config *p = &c->config->policy;
    struct month_kept *m = &c->month;
    struct usd share;
    struct err e = {0};

    if (!p->has_budget) {
        if (m->reached.s != 0)
            set_reached(c, (struct utc){0}); /* there is none any more */
        return;
    }
    count_spent(c);
    keep_forecast(c);
    if (m->spent.nanos >= p->budget_month.nanos) {
        if (m->reached.s == 0) {
            set_reached(c, c->now);
            tell(c, "budget",
                 p->budget_evacuates
                     ? "the month's budget is spent, the servers come home"
                     : "the month's budget is spent, no server moves out",
                 m->spent, p->budget_month);
        }
    } else if (m->reached.s != 0) {
        set_reached(c, (struct utc){0}); /* a new month, or a higher budget */
    }
    if (m->warned.s != c->month_start.s &&
        ledger_scale(p->budget_month, p->budget_warn, 100, &share, &e) == ERR_OK &&
        m->spent.nanos >= share.nanos) {
        m->warned = c->month_start;
        setting_store_time(c, "budget_warned", m->warned);
        if (m->reached.s == 0)
            tell(c, "budget", "the month's budget is used up soon", m->spent,
                 p->budget_month);
    }
    if (m->forecast.known && m->forecast.p50.nanos > p->budget_month.nanos &&
        m->reached.s == 0 && m->forecast_told.s != c->day_start.s) {
        m->forecast_told = c->day_start;
        setting_store_time(c, "budget_forecast", m->forecast_told);
        tell(c, "budget-forecast", "the month will exceed its budget", m->forecast.p50,
             p->budget_month);
    }
}

static bool all_seen(const struct controller *c)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        if (c->servers[i].facts.place == PLACE_UNKNOWN || c->servers[i].facts.place_stale)
            return false;
    }
    return true;
}

/* At once, and again every hour: it costs money that nobody may have in mind. */
void month_remind(struct controller *c)
{
    enum { REMIND_S = 3600 };
    struct month_kept *m = &c->month;
    char text[LINE_TEXT], money[USD_TEXT];
    int32_t servers;
    struct usd hour;
    bool known;

    count_left(c, &servers, &known, &hour);
    /* Whom nobody sees, as at a start, may be out there still: that is no end of it. */
    if (servers == 0 ? m->left_told.s == 0 || !all_seen(c)
                     : m->left_told.s != 0 && c->now.s >= m->left_told.s &&
                           c->now.s - m->left_told.s < REMIND_S)
        return;
    m->left_told.s = servers == 0 ? 0 : c->now.s;
    setting_store_time(c, "left_told", m->left_told);
    if (servers == 0)
        return;
    (void)str_format(text, sizeof(text),
                     "%d server%s in the cloud after the rush hours and auto is %s: "
                     "$%s%s/h",
                     servers, servers == 1 ? " stays" : "s stay",
                     c->dry_run               ? "dry-run"
                     : c->setting != AUTO_ON  ? auto_setting_word(c->setting)
                     : c->snooze_until.s != 0 ? "asleep"
                                              : "off for them",
                     known ? usd_text(hour, 2, money) : "", known ? "" : "?");
    alert_raise(c, "", "left-in-cloud", text);
}

void month_plan(struct controller *c, struct plan_in *in)
{
    const struct policy_config *p = &c->config->policy;

    if (!p->has_budget)
        return;
    for (size_t i = 0; i < c->n_servers; i++)
        c->plan_servers[i].price_known =
            hour_price(c, &c->servers[i], &c->plan_servers[i].price_hour);
    in->budget = (struct plan_budget){.set = true,
                                      .known = c->month.spent_known,
                                      .reached = c->month.reached.s != 0,
                                      .limit = p->budget_month,
                                      .spent = c->month.spent,
                                      .since = c->month.reached,
                                      .month_end = ledger_month_end(c->now),
                                      .extension_hour = c->config->cost.extension_hour};
}
