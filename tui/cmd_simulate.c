#include <config.h>

#include "core/policy/schedule.h"
#include "core/store/journal_json.h"
#include "tui/cmd.h"
#include "tui/demo.h"
#include "tui/out.h"
#include "tui/simulate.h"
#include "tui/words.h"

#include <stdlib.h>
#include <string.h>

/* What the policy would do: the shipped controller on a simulated site, at the typed
 * level. No API is asked, nothing is written. */

enum {
    USUAL_DAYS = 30,
    MAX_DAYS = 3700,
    DAY_S = 86400,
    GAP_S = 7 * DAY_S, /* spot prices change every few hours or days */
    TEXT_BYTES = 1 << 20
};
static const char story[] = "built-in story";

struct plan_of_run {
    const struct args *args;
    bool has_config; /* else the built-in story */
    struct utc now, from, to;
    uint64_t seed;
    int64_t servers; /* 0 = as configured */
};

/* One policy on its way: owns what it opens (side_close). */
struct side {
    struct session session;
    struct site *site;
    struct store_ledger ledger; /* the recorded prices */
    struct simulate_side shown;
};

static void side_close(struct side *d)
{
    session_close(&d->session);
    site_free(d->site);
    store_ledger_free(&d->ledger);
    free(d->shown.report);
}

static int usage(struct err *e)
{
    e->code = ERR_USAGE; /* whatever was wrong with it, it was typed */
    return session_fail(e);
}

/* ---- options ---- */

static int read_period(struct plan_of_run *p, const struct tz *tz)
{
    const struct args *a = p->args;
    int64_t length = (int64_t)USUAL_DAYS * DAY_S;
    struct err e = {0};

    if (a->set[FLAG_FOR] && a->set[FLAG_TO] && a->set[FLAG_FROM]) {
        (void)err_set(&e, ERR_USAGE, "--from, --to and --for: two of them say it all");
        return usage(&e);
    }
    if (a->set[FLAG_FOR] && duration_parse(a->value[FLAG_FOR], &length, &e) != ERR_OK)
        return usage(&e);
    if (a->set[FLAG_FROM] &&
        time_parse(a->value[FLAG_FROM], tz, p->from, &p->from, &e) != ERR_OK)
        return usage(&e);
    p->to.s = p->from.s + length;
    if (a->set[FLAG_TO]) {
        if (time_parse(a->value[FLAG_TO], tz, p->from, &p->to, &e) != ERR_OK)
            return usage(&e);
        if (!a->set[FLAG_FROM] && (a->set[FLAG_FOR] || p->to.s <= p->from.s))
            p->from.s = p->to.s - length;
    }
    if (p->to.s <= p->from.s)
        (void)err_set(&e, ERR_USAGE, "the period ends before it begins");
    else if (p->to.s - p->from.s > (int64_t)MAX_DAYS * DAY_S)
        (void)err_set(&e, ERR_USAGE, "the period is longer than %d days", MAX_DAYS);
    return e.code == ERR_OK ? EXIT_DONE : usage(&e);
}

static int read_numbers(struct plan_of_run *p)
{
    const struct args *a = p->args;
    struct err e = {0};
    int64_t seed = 1;

    if ((a->set[FLAG_SEED] &&
         str_to_i64(a->value[FLAG_SEED], 0, INT64_MAX, &seed, &e) != ERR_OK) ||
        (a->set[FLAG_SERVERS] &&
         str_to_i64(a->value[FLAG_SERVERS], 1, 1000, &p->servers, &e) != ERR_OK))
        return usage(&e);
    p->seed = (uint64_t)seed;
    return EXIT_DONE;
}

/* ---- the site ---- */

static int make_site(struct side *d, const struct plan_of_run *p, int32_t servers)
{
    const struct site_options o = {.seed = p->seed,
                                   .servers = servers,
                                   .start = p->from,
                                   .faults = p->args->value[FLAG_FAULTS],
                                   .typed = true};
    struct err e = {0};

    return site_new(&o, &d->site, &e) == ERR_OK ? EXIT_DONE : session_fail(&e);
}

/* The demo's story, of as many servers as were asked for. */
static int load_story(struct side *d, const struct plan_of_run *p,
                      const struct config_sets *sets)
{
    struct config_problems *problems = NULL;
    struct strbuf text;
    struct err e = {0};
    int rc = make_site(d, p, p->servers > 0 ? (int32_t)p->servers : 4);

    if (rc != EXIT_DONE)
        return rc;
    strbuf_init(&text, TEXT_BYTES);
    site_config_text(d->site, "http://127.0.0.1:1", &text);
    if (config_load_text_sets(strbuf_text(&text), story, sets, &d->session.config,
                              &problems, &e) == ERR_OK &&
        tz_load(d->session.config->tz_name, &d->session.tz, &e) == ERR_OK)
        rc = EXIT_DONE;
    else
        rc = EXIT_USAGE;
    for (size_t i = 0; problems != NULL && i < config_problems_count(problems); i++)
        out_complain("%s\n", config_problems_get(problems, i));
    if (rc != EXIT_DONE && problems == NULL)
        (void)session_fail(&e);
    config_problems_free(problems);
    strbuf_clear(&text);
    return rc;
}

/* What the store knows of prices and of where servers ran; nothing when there is none. */
static int load_ledger(struct side *d, const struct plan_of_run *p)
{
    struct session *s = &d->session;
    struct err e = {0};
    enum err_code rc =
        store_open(s->state_dir, STORE_CLIENT, s->config->deployment, &s->store, &e);

    if (rc == ERR_NOT_FOUND)
        return EXIT_DONE;
    if (rc != ERR_OK ||
        store_ledger_load(s->store, p->from, p->from, &d->ledger, &e) != ERR_OK)
        return session_fail(&e);
    return EXIT_DONE;
}

static int fit_site(struct side *d, const struct plan_of_run *p)
{
    struct config *c = d->session.config;
    const struct price_book book = {.config = &c->cost,
                                    .listed = d->ledger.listed,
                                    .n_listed = d->ledger.n_listed,
                                    .region = c->aws.region};
    struct err e = {0};
    int rc;

    if (p->servers > (int64_t)c->n_servers) {
        (void)err_set(&e, ERR_USAGE, "--servers %lld: %zu are configured",
                      (long long)p->servers, c->n_servers);
        return session_fail(&e);
    }
    if (p->servers > 0)
        c->n_servers = (size_t)p->servers;
    rc = make_site(d, p, (int32_t)c->n_servers);
    if (rc == EXIT_DONE &&
        site_fit(d->site, c, &book, &d->shown.prices.guessed, &e) != ERR_OK)
        rc = session_fail(&e);
    return rc;
}

/* ---- recorded prices ---- */

static void add_gap(struct simulate_prices *p, const struct stored_price *of,
                    struct utc from, struct utc to)
{
    if (p->n_gaps++ < SIMULATE_MAX_GAPS)
        p->gaps[p->n_gaps - 1] = (struct price_gap){of->type, of->zone, from, to};
}

/* One offering's history: steps [0, n). What is missing before its first change is sold
 * at that. */
static void take_series(struct side *d, const struct plan_of_run *p,
                        const struct stored_price *of, const struct price_step *steps,
                        size_t n)
{
    struct simulate_prices *prices = &d->shown.prices;
    struct utc last = p->from;

    if (!site_record_prices(d->site, of->type, of->zone, steps, n))
        return; /* nobody runs on it */
    for (size_t i = 0; i < n; i++) {
        if (steps[i].at.s > p->to.s)
            break;
        if (steps[i].at.s > p->from.s &&
            (steps[i].at.s - last.s > GAP_S || (i == 0 && steps[0].at.s > p->from.s)))
            add_gap(prices, of, last, steps[i].at);
        if (steps[i].at.s > last.s)
            last = steps[i].at;
        if (!prices->recorded || steps[i].at.s < prices->from.s)
            prices->from = steps[i].at;
        if (!prices->recorded || steps[i].at.s > prices->to.s)
            prices->to = steps[i].at;
        prices->recorded = true;
    }
    if (p->to.s - last.s > GAP_S)
        add_gap(prices, of, last, p->to);
}

/* Where the servers ran last, they run. */
static void find_home_zone(struct side *d)
{
    for (size_t i = d->ledger.n_segments; i > 0; i--) {
        const struct segment *g = &d->ledger.segments[i - 1];

        if (g->zone[0] != '\0') {
            site_set_home_zone(d->site, g->zone);
            return;
        }
    }
}

/* Of a time that is over, when the store knows prices of it; else they are simulated. */
static void use_recorded(struct side *d, const struct plan_of_run *p)
{
    size_t first = 0;

    if (p->to.s > p->now.s)
        return;
    find_home_zone(d);
    for (size_t i = 1; i <= d->ledger.n_prices; i++) {
        const struct stored_price *of = &d->ledger.prices[first];

        if (i < d->ledger.n_prices && str_eq(d->ledger.prices[i].type, of->type) &&
            str_eq(d->ledger.prices[i].zone, of->zone))
            continue;
        if (d->ledger.steps[first].at.s <= p->to.s)
            take_series(d, p, of, &d->ledger.steps[first], i - first);
        first = i;
    }
}

/* ---- one policy ---- */

static int side_open(struct side *d, const struct plan_of_run *p, const char *file,
                     const struct config_sets *sets)
{
    bool there;
    int rc;

    if (file == NULL && !p->has_config) {
        d->shown.name = story;
        return load_story(d, p, sets);
    }
    rc = session_load(&d->session, file, false, sets, &there);
    if (rc != EXIT_DONE)
        return rc;
    d->shown.name = d->session.config_path;
    rc = session_name_state(&d->session, p->args);
    if (rc == EXIT_DONE)
        rc = load_ledger(d, p);
    if (rc == EXIT_DONE)
        rc = fit_site(d, p);
    if (rc == EXIT_DONE)
        use_recorded(d, p);
    return rc;
}

static void print_entry(void *ctx, const struct journal_entry *j)
{
    const struct plan_of_run *p = ctx;
    char when[TIME_TEXT];
    struct strbuf b;

    if (!p->args->set[FLAG_JSON]) {
        out_printf("%s %-5s %s%s%s\n", utc_text(j->at, when), level_word(j->level),
                   j->server, j->server[0] != '\0' ? " " : "", j->text);
        return;
    }
    strbuf_init(&b, TEXT_BYTES);
    journal_json(&b, j);
    out_printf("%s\n", strbuf_text(&b));
    strbuf_clear(&b);
}

static int side_run(struct side *d, struct plan_of_run *p, bool trace)
{
    const struct drive_options o = {.level = DRIVE_TYPED,
                                    .config = d->session.config,
                                    .tz = d->session.tz,
                                    .site = d->site,
                                    .seed = p->seed,
                                    .from = p->from,
                                    .duration_s = p->to.s - p->from.s,
                                    .without_texts = !trace,
                                    .each_entry = trace ? print_entry : NULL,
                                    .ctx = p};
    struct err e = {0};

    d->shown.report = calloc(1, sizeof(*d->shown.report));
    if (d->shown.report == NULL)
        (void)err_set(&e, ERR_NOMEM, "out of memory");
    else if (drive_run(&o, d->shown.report, &e) == ERR_OK)
        return EXIT_DONE;
    return session_fail(&e);
}

/* The zone that times are given in, and the default start: midnight of the site's today,
 * or that of the story. */
static int begin(struct plan_of_run *p, const struct config_sets *sets)
{
    struct session s = {0};
    struct demo d = {0};
    struct args none = {.sub = SUB_DEMO};
    int rc = session_load(&s, p->args->value[FLAG_CONFIG], false, sets, &p->has_config);
    struct err e = {0};

    if (rc == EXIT_DONE && !p->has_config) {
        rc = demo_options(&d, &none);
        p->from = d.from;
        if (rc == EXIT_DONE && tz_load("Asia/Jerusalem", &s.tz, &e) != ERR_OK)
            rc = session_fail(&e);
    } else if (rc == EXIT_DONE) {
        p->from = ledger_day_start(s.tz, p->now);
    }
    if (rc == EXIT_DONE)
        rc = read_period(p, s.tz);
    session_close(&s);
    return rc == EXIT_DONE ? read_numbers(p) : rc;
}

static int print(struct side *d, size_t n, bool json)
{
    const struct simulate_side shown[2] = {d[0].shown, d[n - 1].shown};
    struct strbuf text;

    strbuf_init(&text, TEXT_BYTES);
    if (json)
        simulate_json(shown, n, &text);
    else
        simulate_text(shown, n, d[0].session.tz, &text);
    out_printf("%s", strbuf_text(&text));
    strbuf_clear(&text);
    for (size_t i = 0; i < n; i++)
        if (shown[i].report->violations > 0)
            return EXIT_FAILED;
    return EXIT_DONE;
}

int cmd_simulate(const struct args *a)
{
    const struct config_sets sets = {a->sets, a->n_sets}, none = {0};
    struct plan_of_run p = {.args = a, .now = clock_utc(clock_system())};
    size_t n = a->set[FLAG_COMPARE] ? 2 : 1;
    struct side sides[2] = {0};
    int rc;

    if (a->set[FLAG_FAULTS] && str_eq(a->value[FLAG_FAULTS], "list")) {
        struct strbuf names;

        strbuf_init(&names, TEXT_BYTES);
        site_fault_list(true, &names);
        out_printf("%s", strbuf_text(&names));
        strbuf_clear(&names);
        return out_flush() ? EXIT_DONE : EXIT_FAILED;
    }
    rc = begin(&p, &sets);
    if (rc == EXIT_DONE)
        rc = side_open(&sides[0], &p, a->value[FLAG_CONFIG], &sets);
    if (rc == EXIT_DONE && n > 1)
        rc = side_open(&sides[1], &p, a->value[FLAG_COMPARE], &none);
    for (size_t i = 0; i < n && rc == EXIT_DONE; i++)
        rc = side_run(&sides[i], &p, i == 0 && a->set[FLAG_TRACE]);
    if (rc == EXIT_DONE)
        rc = print(sides, n, a->set[FLAG_JSON]);
    side_close(&sides[0]);
    side_close(&sides[1]);
    return out_flush() ? rc : EXIT_FAILED;
}
