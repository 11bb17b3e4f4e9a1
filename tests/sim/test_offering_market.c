#include <config.h>

#include "core/policy/offering.h"

#include "core/base/rng.h"
#include "core/base/str.h"
#include "tests/unit/table.h"

#include <stdlib.h>

/*
 * What the order of offerings is worth: four servers live through a seeded year of a
 * market of three types in three zones, nine hours on each of 260 days, once by each
 * rule. Prices, interruptions and lack of capacity are drawn before, so they are the same
 * for every rule, and one rule may know them all: what the others cost more than it is
 * their regret.
 */

enum {
    STEP_S = 300,
    STEPS = 9 * 3600 / STEP_S, /* of a day's window */
    DAYS = 260,
    POOLS = 9,
    SERVERS = 4,
    CALM_DAYS = 45,     /* the temper of a pool changes about so often */
    LOST_STEPS = 3,     /* work that an interruption loses */
    MOVE_STEPS = 2,     /* until it runs again */
    KEPT = 4096,        /* stretches of a pool */
    KEPT_S = 28 * 86400 /* as the controller keeps them */
};
static const int64_t start_s = 1800000000, on_demand = 200000000;
static const int64_t interruption = 200000000 * INT64_C(690) / 3600;

struct market {
    int64_t price[DAYS * STEPS][POOLS];
    bool dry[DAYS * STEPS][POOLS];
    bool strike[DAYS * STEPS][POOLS][SERVERS];
};

enum kind {
    MARKET_ANY,  /* random means and tempers: the configured order knows nothing */
    MARKET_GOOD, /* whoever wrote it knew: the first pool is both cheap and calm */
    MARKET_EVEN  /* one mean for all: only the tempers differ */
};

static void make_market(struct market *m, uint64_t seed, enum kind kind)
{
    struct rng rng;

    rng_seed(&rng, seed);
    for (size_t o = 0; o < POOLS; o++) {
        bool best = kind == MARKET_GOOD && o == 0;
        int64_t mean = best                  ? 50000000
                       : kind == MARKET_EVEN ? 60000000
                                             : rng_between(&rng, 52, 80) * 1000000;
        int64_t price = mean;
        uint32_t ppm = 0;
        int64_t dry = 0;

        for (size_t t = 0; t < (size_t)DAYS * STEPS; t++) {
            if (t == 0 ||
                rng_chance(&rng, 1000000 / (CALM_DAYS * STEPS))) /* 1/300h..1/9h */
                ppm = best ? 280
                           : (uint32_t)(280 * (1 << rng_between(&rng, 0, 4)) *
                                        rng_between(&rng, 100, 200) / 100);
            if (t % 48 == 0) {
                price +=
                    (mean - price) * 35 / 100 + mean * rng_between(&rng, -45, 45) / 1000;
                price = price < mean * 6 / 10 ? mean * 6 / 10 : price;
            }
            m->price[t][o] = price;
            for (size_t s = 0; s < SERVERS; s++) {
                m->strike[t][o][s] = rng_chance(&rng, ppm);
                if (m->strike[t][o][s] && rng_chance(&rng, 600000))
                    dry = rng_between(&rng, 2, 24);
            }
            if (rng_chance(&rng, 900))
                dry = rng_between(&rng, 4, 30);
            m->dry[t][o] = dry > 0;
            dry -= dry > 0 ? 1 : 0;
        }
    }
}

static struct utc time_of(size_t t)
{
    return (struct utc){start_s + (int64_t)(t / STEPS) * 86400 +
                        (int64_t)(t % STEPS) * STEP_S};
}

/* What a year was, in money and finished work. */
struct year {
    int64_t nanos, steps, losses, refusals;
};

static double per_hour(const struct year *y)
{
    return (double)y->nanos / ((double)y->steps * STEP_S / 3600) / 1e9;
}

/* ----- the rules ----- */

enum rule { RULE_OURS, RULE_CONFIGURED, RULE_CHEAPEST, RULES };

struct spell {
    struct utc from, to;
    bool lost;
};

struct player {
    enum rule rule;
    const struct market *m;
    struct spell seen[POOLS][KEPT];
    size_t n_seen[POOLS];
    struct utc lost_at[POOLS], refused_at[POOLS];
    struct year year;
};

static const struct offering pools[POOLS] = {
#define POOL(t, z)                                                                       \
    {                                                                                    \
        .type = t, .zone = z, .lifecycle = LIFECYCLE_SPOT                                \
    }
    POOL("a", "1"), POOL("b", "1"), POOL("c", "1"), POOL("a", "2"), POOL("b", "2"),
    POOL("c", "2"), POOL("a", "3"), POOL("b", "3"), POOL("c", "3"),
#undef POOL
};

/* The order at t; the two simple rules are told apart by what they may know. */
static void order_at(const struct player *p, size_t t, struct offering_rank out[POOLS])
{
    const struct offering_terms terms = {
        .now = time_of(t),
        .lost_s = p->rule == RULE_OURS ? LOST_STEPS * STEP_S : 0,
        .interruption = {p->rule == RULE_OURS ? interruption : 0}};
    struct offering_in in[POOLS];

    for (size_t o = 0; o < POOLS; o++) {
        in[o] = (struct offering_in){
            .offering = &pools[o],
            .price = RATE_KNOWN,
            .price_hour = {p->rule == RULE_CONFIGURED ? on_demand : p->m->price[t][o]}};
        for (size_t i = p->n_seen[o]; p->rule == RULE_OURS && i > 0; i--) {
            const struct spell *g = &p->seen[o][i - 1];

            if (terms.now.s - g->to.s > KEPT_S)
                break;
            offering_record_add(&in[o].record, g->from, g->to, g->lost, terms.now);
        }
        in[o].record.lost_at = p->lost_at[o];
        in[o].record.refused_at = p->refused_at[o];
    }
    (void)offering_order(in, POOLS, &terms, out);
}

/* Where it runs from t on; POOLS: nobody has capacity now. */
static size_t launch(struct player *p, size_t t)
{
    struct offering_rank ranks[POOLS];

    order_at(p, t, ranks);
    for (size_t i = 0; i < POOLS; i++) {
        size_t o = ranks[i].index;

        if (!p->m->dry[t][o])
            return o;
        p->refused_at[o] = time_of(t);
        p->year.refusals++;
    }
    return POOLS;
}

static void note(struct player *p, size_t o, size_t from, size_t to, bool lost)
{
    assert_true(p->n_seen[o] < KEPT);
    p->seen[o][p->n_seen[o]++] = (struct spell){time_of(from), time_of(to), lost};
    if (lost)
        p->lost_at[o] = time_of(to);
}

/* All servers go through the year step by step, so that each knows what the others saw.
 */
static struct year play(struct player *p)
{
    struct {
        size_t pool, from, wait;
    } s[SERVERS];

    for (size_t t = 0; t < (size_t)DAYS * STEPS; t++) {
        for (size_t k = 0; k < SERVERS; k++) {
            bool last = t % STEPS == STEPS - 1;

            if (t % STEPS == 0) {
                s[k].pool = POOLS;
                s[k].wait = 0;
            }
            if (s[k].pool == POOLS && s[k].wait == 0) {
                s[k].pool = launch(p, t);
                s[k].from = t;
            }
            s[k].wait -= s[k].wait > 0 ? 1 : 0;
            if (s[k].pool == POOLS)
                continue;
            p->year.nanos += p->m->price[t][s[k].pool] * STEP_S / 3600;
            p->year.steps++;
            if (p->m->strike[t][s[k].pool][k]) {
                size_t ran = t + 1 - s[k].from;

                note(p, s[k].pool, s[k].from, t + 1, true);
                p->year.losses++;
                p->year.nanos += interruption;
                p->year.steps -= (int64_t)(ran < LOST_STEPS ? ran : LOST_STEPS);
                s[k].pool = POOLS;
                s[k].wait = MOVE_STEPS;
            } else if (last) {
                note(p, s[k].pool, s[k].from, t + 1, false);
            }
        }
    }
    return p->year;
}

static struct year play_rule(const struct market *m, enum rule rule)
{
    struct player *p = calloc(1, sizeof(*p));
    struct year y;

    assert_non_null(p);
    p->rule = rule;
    p->m = m;
    y = play(p);
    free(p);
    return y;
}

/* ----- who knows the future ----- */

/* One server's day, from its end to its beginning: at each moment the launch that costs
 * least until the window ends, when an hour of finished work is worth `worth`. */
static void oracle_day(const struct market *m, size_t day, size_t k, double worth,
                       struct year *y)
{
    struct {
        double value;
        struct year year;
    } best[STEPS + MOVE_STEPS + 2] = {{0}};
    const double worth_step = worth * 1e9 * STEP_S / 3600;
    struct year run[POOLS] = {{0}}; /* of a run that began at t, until it ends */
    size_t ends[POOLS];

    for (size_t o = 0; o < POOLS; o++)
        ends[o] = STEPS;
    for (size_t i = STEPS; i > 0; i--) {
        size_t at = i - 1, t = day * STEPS + at;

        best[at].value = best[at + 1].value; /* nobody has capacity: later */
        best[at].year = best[at + 1].year;
        for (size_t o = 0, first = 1; o < POOLS; o++) {
            struct year r;
            double value;
            size_t then;

            if (m->strike[t][o][k]) {
                ends[o] = at;
                run[o] = (struct year){.nanos = interruption, .losses = 1};
            }
            run[o].nanos += m->price[t][o] * STEP_S / 3600;
            run[o].steps++;
            if (m->dry[t][o])
                continue;
            r = run[o];
            if (r.losses > 0)
                r.steps -= r.steps < LOST_STEPS ? r.steps : LOST_STEPS;
            then = ends[o] == STEPS ? STEPS : ends[o] + 1 + MOVE_STEPS;
            then = then > STEPS ? STEPS : then;
            value = (double)r.nanos - worth_step * (double)r.steps + best[then].value;
            if (!first && value >= best[at].value)
                continue;
            first = 0;
            best[at].value = value;
            best[at].year = best[then].year;
            best[at].year.nanos += r.nanos;
            best[at].year.steps += r.steps;
            best[at].year.losses += r.losses;
        }
    }
    y->nanos += best[0].year.nanos;
    y->steps += best[0].year.steps;
    y->losses += best[0].year.losses;
}

/* Least cost per finished hour: the worth of an hour is what it then costs (Dinkelbach).
 */
static struct year play_oracle(const struct market *m)
{
    struct year y = {0};
    double worth = 0.06;

    for (int round = 0; round < 4; round++) {
        y = (struct year){0};
        for (size_t day = 0; day < DAYS; day++) {
            for (size_t k = 0; k < SERVERS; k++)
                oracle_day(m, day, k, worth, &y);
        }
        worth = per_hour(&y);
    }
    return y;
}

/* ----- the comparison ----- */

struct result {
    double cost[RULES], oracle, worst; /* worst: ours over configured, of one year */
    int64_t losses[RULES], oracle_losses;
};

static struct result compare(int years, uint64_t first_seed, enum kind kind)
{
    struct market *m = calloc(1, sizeof(*m));
    struct result r = {0};

    assert_non_null(m);
    for (int n = 0; n < years; n++) {
        struct year y[RULES], oracle;

        make_market(m, first_seed + (uint64_t)n, kind);
        for (int rule = 0; rule < RULES; rule++) {
            y[rule] = play_rule(m, (enum rule)rule);
            r.cost[rule] += per_hour(&y[rule]) / years;
            r.losses[rule] += y[rule].losses;
        }
        oracle = play_oracle(m);
        r.oracle += per_hour(&oracle) / years;
        r.oracle_losses += oracle.losses;
        for (int rule = 0; rule < RULES; rule++)
            assert_true(per_hour(&oracle) <=
                        per_hour(&y[rule])); /* or it knows too little */
        if (per_hour(&y[RULE_OURS]) / per_hour(&y[RULE_CONFIGURED]) > r.worst)
            r.worst = per_hour(&y[RULE_OURS]) / per_hour(&y[RULE_CONFIGURED]);
    }
    free(m);
    return r;
}

static void print(const char *what, int years, const struct result *r)
{
    static const char *const names[RULES] = {"expected cost", "configured",
                                             "cheapest now"};

    print_message("%s, %d years: USD per finished test hour\n", what, years);
    for (int rule = 0; rule < RULES; rule++)
        print_message("  %-14s %.5f  regret %.3f  %4lld interruptions a year\n",
                      names[rule], r->cost[rule], r->cost[rule] / r->oracle - 1,
                      (long long)(r->losses[rule] / years));
    print_message(
        "  %-14s %.5f  regret 0      %4lld; ours over configured at worst %.3f\n",
        "oracle", r->oracle, (long long)(r->oracle_losses / years), r->worst);
}

static void test_random_order(void **state)
{
    enum { YEARS = 24 };
    struct result r = compare(YEARS, 1, MARKET_ANY);

    (void)state;
    print("a configured order that knows nothing", YEARS, &r);
    assert_true(r.worst <= 1.02);
    assert_true(r.cost[RULE_OURS] < 0.95 * r.cost[RULE_CONFIGURED]);
    assert_true(r.cost[RULE_OURS] < r.cost[RULE_CHEAPEST]);
}

static void test_good_order(void **state)
{
    enum { YEARS = 12 };
    struct result r = compare(YEARS, 101, MARKET_GOOD);

    (void)state;
    print("a configured order that begins with the best", YEARS, &r);
    assert_true(r.worst <= 1.03);
}

static void test_even_prices(void **state)
{
    enum { YEARS = 12 };
    struct result r = compare(YEARS, 201, MARKET_EVEN);

    (void)state;
    print("prices about the same everywhere", YEARS, &r);
    assert_true(r.worst <= 1.02);
    assert_true(r.cost[RULE_OURS] < r.cost[RULE_CONFIGURED]);
    assert_true(r.cost[RULE_OURS] < r.cost[RULE_CHEAPEST]);
    assert_true(r.losses[RULE_OURS] < r.losses[RULE_CHEAPEST]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_order),
        cmocka_unit_test(test_good_order),
        cmocka_unit_test(test_even_prices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
