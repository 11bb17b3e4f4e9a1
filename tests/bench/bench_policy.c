#include <config.h>

/*
 * Numbers for performance goals 14 and 15: a schedule evaluation, a plan, a year of
 * plans. Prints, judges nothing.
 */

#include "core/policy/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) != 0)
        return 0;
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct policy_config defaults(void)
{
    return (struct policy_config){
        .windows = {{.days = 31, .start_min = 540, .end_min = 1080}},
        .n_windows = 1,
        .drain_deadline = 3600,
        .out_drain_deadline = DURATION_NONE,
        .min_remaining = 2700,
        .max_moves = 2,
        .start_spacing = 20,
        .hold_cloud_cap = 43200,
        .extension_linger = 600,
    };
}

static struct server_facts at_home(void)
{
    struct server_facts f = {.place = PLACE_ONPREM, .power = POWER_ON};

    f.onprem.known = f.onprem.open = f.onprem.idle = true;
    f.cloud.known = f.cloud.marked = f.cloud.idle = true;
    f.cloud.closed_by = CLOSED_BY_RUSHHOUR;
    return f;
}

struct bench {
    struct policy_config policy;
    struct schedule schedule;
    struct extension_facts extension;
    struct server_facts facts;
    struct plan_server servers[MAX_SERVERS];
    struct plan_server_out outs[MAX_SERVERS];
    struct plan_in in;
    struct plan_out out;
};

static void bench_zone(const struct tz *tz)
{
    enum { STEPS = 2 * 365 * 288 };
    struct utc t = {1767225600};
    int64_t sum = 0;
    double from = now_s();

    for (int i = 0; i < STEPS; i++, t.s += 300)
        sum += tz_offset_s(tz, t);
    printf("offset lookup            %8.1f ns  (%lld)\n", (now_s() - from) / STEPS * 1e9,
           (long long)sum);
    from = now_s();
    t.s = 1767225600;
    for (int i = 0; i < STEPS; i++, t.s += 300)
        sum += tz_civil(tz, t).hour;
    printf("civil time               %8.1f ns  (%lld)\n", (now_s() - from) / STEPS * 1e9,
           (long long)sum);
}

static void bench_schedule(struct bench *b, const struct tz *tz)
{
    enum { STEPS = 2 * 365 * 288 };
    struct utc t = {1767225600};
    int cloud = 0, builds = 0;
    double from = now_s();

    b->schedule.valid_to.s = 0;
    for (int i = 0; i < STEPS; i++, t.s += 300) {
        if (t.s >= b->schedule.valid_to.s) {
            schedule_build(&b->policy, tz, t, 1500, &b->schedule);
            builds++;
        }
        cloud += schedule_is_cloud(&b->schedule, t) ? 1 : 0;
    }
    printf("schedule evaluation      %8.1f ns  (%d in the cloud, %d builds included)\n",
           (now_s() - from) / STEPS * 1e9, cloud, builds);
}

/* Slower machines are slower at everything: what counts is a server's share beside that
 * of a small site, which says how the work grows. A site has MAX_SERVERS at most; more
 * servers are several of them. */
static void bench_plan(struct bench *b, size_t n, int rounds, bool without_texts)
{
    static double small[2]; /* a server's share in a site of four */
    size_t sites = (n + MAX_SERVERS - 1) / MAX_SERVERS;
    double from, each;

    b->in.n = n / sites;
    b->in.without_texts = without_texts;
    b->in.now.s = 1795503000; /* a Tuesday, in the window: every server is due */
    schedule_build(&b->policy, b->in.tz, b->in.now, 1500, &b->schedule);
    from = now_s();
    for (size_t i = 0; i < (size_t)rounds * sites; i++)
        plan(&b->in, &b->out);
    each = (now_s() - from) / rounds / (double)n * 1e9;
    if (n == 4)
        small[without_texts] = each;
    printf("plan, %5zu servers%s %10.2f us, %6.1f ns each, %.2f of a small site's\n", n,
           without_texts ? ", codes" : "       ", each * (double)n / 1e3, each,
           each / small[without_texts]);
}

/* A year in 5-minute steps; the servers follow what is decided, so that both kinds of
 * steps are in it. */
static void bench_year(struct bench *b, size_t n, bool without_texts)
{
    struct utc t = {1767225600}, end = {t.s + INT64_C(365) * 86400};
    struct server_facts *facts = calloc(n, sizeof(*facts));
    double from;
    int starts = 0;

    if (facts == NULL)
        exit(1);
    for (size_t i = 0; i < n; i++) {
        facts[i] = b->facts;
        b->servers[i].facts = &facts[i];
    }
    b->in.n = n;
    b->in.without_texts = without_texts;
    b->policy.start_spacing = 0;
    b->schedule.valid_to.s = 0;
    from = now_s();
    for (; t.s < end.s; t.s += 300) {
        if (t.s >= b->schedule.valid_to.s)
            schedule_build(&b->policy, b->in.tz, t, 1500, &b->schedule);
        b->in.now = t;
        plan(&b->in, &b->out);
        for (size_t i = 0; i < n; i++) {
            if (b->outs[i].act != PLAN_START)
                continue;
            facts[i].place =
                b->outs[i].direction == DIRECTION_OUT ? PLACE_CLOUD : PLACE_ONPREM;
            starts++;
        }
    }
    printf("a year, %4zu servers%s %8.1f ms  (%d moves)\n", n,
           without_texts ? ", codes" : "       ", (now_s() - from) * 1e3, starts);
    for (size_t i = 0; i < n; i++)
        b->servers[i].facts = &b->facts;
    free(facts);
}

int main(void)
{
    struct bench *b = calloc(1, sizeof(*b));
    struct tz *tz = NULL;
    struct err e = {0};

    if (b == NULL || tz_load("Asia/Jerusalem", &tz, &e) != ERR_OK) {
        printf("cannot begin: %s\n", e.text);
        free(b);
        return 1;
    }
    b->policy = defaults();
    b->facts = at_home();
    for (size_t i = 0; i < MAX_SERVERS; i++)
        b->servers[i] =
            (struct plan_server){.name = "server", .facts = &b->facts, .auto_on = true};
    b->in = (struct plan_in){.policy = &b->policy,
                             .schedule = &b->schedule,
                             .tz = tz,
                             .setting = AUTO_ON,
                             .clock_ok = true,
                             .extension = &b->extension,
                             .servers = b->servers};
    b->out.servers = b->outs;
    bench_zone(tz);
    bench_schedule(b, tz);
    for (int codes = 0; codes < 2; codes++) {
        bench_plan(b, 4, 100000, codes == 1);
        bench_plan(b, 100, 10000, codes == 1);
        bench_plan(b, 1000, 1000, codes == 1);
        bench_plan(b, MAX_SERVERS, 1000, codes == 1); /* no site has more */
        bench_plan(b, 10000, 100, codes == 1);
        bench_year(b, 4, codes == 1);
    }
    bench_year(b, 1000, true);
    tz_free(tz);
    free(b);
    return 0;
}
