#include <config.h>

#include "tests/sim/swarm.h"

#include "core/base/rng.h"
#include "core/base/timefmt.h"

#define PICK(r, list) ((list)[rng_between((r), 0, (int64_t)ARRAY_LEN(list) - 1)])

/* Everything that the site can get wrong without bytes. */
static const char *const faults[] = {
    "latency",    "timeout",    "refuse",     "reset-before", "reset-after",
    "status-429", "status-500", "status-503", "late-500",     "ignored",
    "truncated",  "wrong-type", "skew",       "no-capacity",  "task-fails",
    "spot-storm", "no-agent",   "no-boot",    "deaf",
};

/* Many never, some often. A site that fails half the time has nothing left to test. */
static void draw_faults(struct swarm *s, struct rng *r)
{
    static const char *const rates[] = {"0.001", "0.003", "0.01", "0.03", "0.1"};
    static const char *const apis[] = {"",         "",         "velostrata.",
                                       "jenkins.", "vsphere.", "ec2."};
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        bool of_world = i >= 13;
        const char *api = of_world ? "" : PICK(r, apis);
        const char *rate = PICK(r, rates);

        if (rng_between(r, 0, 99) >= 30)
            continue;
        if (str_eq(faults[i], "spot-storm"))
            rate = "0.01"; /* of each hour */
        if (!str_format(s->faults + n, sizeof(s->faults) - n, "%s%s%s=%s",
                        n > 0 ? "," : "", api, faults[i], rate))
            break;
        n += strlen(s->faults + n);
    }
}

__attribute__((format(printf, 2, 3))) static void set(struct swarm *s, const char *fmt,
                                                      ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)str_vformat(s->sets[s->n_sets++], sizeof(s->sets[0]), fmt, ap);
    va_end(ap);
}

static void draw_policy(struct swarm *s, struct rng *r)
{
    static const char *const zones[] = {"Asia/Jerusalem",    "Europe/Berlin",
                                        "America/New_York",  "Australia/Lord_Howe",
                                        "America/Sao_Paulo", "UTC"};
    static const char *const windows[] = {
        "[\"Sun-Thu 09:00-18:00\"]", "[\"Mon-Fri 08:00-20:00\"]",
        "[\"Sun-Thu 09:00-12:00\", \"Sun-Thu 13:00-18:00\"]", "[\"Sun-Sat 20:00-06:00\"]",
        "[\"Sun-Sat 00:00-24:00\"]"};
    static const char *const drains[] = {"requeue", "abort", "wait"};
    static const char *const handlings[] = {"adopt", "enforce", "alert"};

    set(s, "site.tz=\"%s\"", PICK(r, zones));
    set(s, "policy.window=%s", PICK(r, windows));
    set(s, "policy.max_moves=%d", (int)rng_between(r, 1, 4));
    set(s, "policy.on_drain_deadline=\"%s\"", PICK(r, drains));
    set(s, "policy.drain_deadline=\"%dm\"", (int)rng_between(r, 1, 12) * 10);
    set(s, "policy.foreign_change=\"%s\"", PICK(r, handlings));
    if (rng_between(r, 0, 3) == 0)
        set(s, "policy.out_drain_deadline=\"%dm\"", (int)rng_between(r, 1, 6) * 10);
    if (rng_between(r, 0, 3) == 0) {
        set(s, "policy.on_demand=true");
        set(s, "policy.on_demand_max_price=0.5");
    }
    if (rng_between(r, 0, 3) == 0)
        set(s, "policy.lead=\"%dm\"", (int)rng_between(r, 1, 9) * 10);
    if (rng_between(r, 0, 3) == 0)
        set(s, "policy.pressure=true");
}

void swarm_draw(struct swarm *s, uint64_t seed)
{
    static const char *const movers[] = {"velostrata", "ec2", "mixed"};
    struct rng r;

    *s = (struct swarm){.seed = seed};
    rng_seed(&r, seed ^ UINT64_C(0x737761726d));
    s->servers = (int32_t)rng_between(&r, 1, 8);
    s->mover = PICK(&r, movers);
    /* 2024 to 2037, some days into any week. */
    s->from.s = INT64_C(1704067200) + rng_between(&r, 0, 13 * 365) * 86400 +
                rng_between(&r, 0, 86399);
    s->days = rng_between(&r, 2, 12);
    draw_faults(s, &r);
    draw_policy(s, &r);
    if (rng_between(&r, 0, 2) == 0)
        s->crash_mean_s = rng_between(&r, 1, 24) * 3600;
    if (rng_between(&r, 0, 2) == 0)
        s->lost = (uint32_t)rng_between(&r, 1, 50) * 1000;
    if (rng_between(&r, 0, 3) == 0)
        s->dying = (uint32_t)rng_between(&r, 1, 30) * 1000;
    if (rng_between(&r, 0, 1) == 0)
        s->orders = (uint32_t)rng_between(&r, 1, 40) * 100;
}

void swarm_say(const struct swarm *s, struct strbuf *out)
{
    char when[TIME_TEXT];

    strbuf_printf(out, "  %d servers, %s, from %s, %lld days", (int)s->servers, s->mover,
                  utc_text(s->from, when), (long long)s->days);
    if (s->crash_mean_s != 0)
        strbuf_printf(out, ", dies every %lld h", (long long)s->crash_mean_s / 3600);
    strbuf_printf(out, ", answers lost %u, dying at calls %u, orders %u of a million\n",
                  s->lost, s->dying, s->orders);
    strbuf_printf(out, "  faults: %s\n ", s->faults[0] != '\0' ? s->faults : "none");
    for (size_t i = 0; i < s->n_sets; i++)
        strbuf_printf(out, " %s", s->sets[i]);
    strbuf_puts(out, "\n");
}
