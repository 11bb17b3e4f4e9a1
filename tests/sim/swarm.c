#include <config.h>

#include "tests/sim/swarm.h"

#include "core/base/rng.h"
#include "core/base/timefmt.h"
#include "core/sim/faults.h"

#include <string.h>

#define PICK(r, list) ((list)[rng_between((r), 0, (int64_t)ARRAY_LEN(list) - 1)])

/* Kinds of histories: short ones in which much goes wrong, short ones in which one thing
 * goes wrong half the time, long ones in which hardly anything does. */
enum kind { KIND_VIOLENT, KIND_ONE_THING, KIND_QUIET };

static bool chance(struct rng *r, int64_t percent)
{
    return rng_between(r, 0, 99) < percent;
}

/* What came into the campaign later is drawn from numbers of its own, and most seeds have
 * none of it: so they are still about what they were about. */
static const enum site_fault later_faults[] = {
    FAULT_DOUBLED,    FAULT_OTHER_ANSWER, FAULT_POWER_FLAPS,
    FAULT_NODE_FLAPS, FAULT_SNAPSHOT,
};

static bool is_later(enum site_fault fault)
{
    for (size_t i = 0; i < ARRAY_LEN(later_faults); i++)
        if (later_faults[i] == fault)
            return true;
    return false;
}

static const char *rate_of(struct rng *r, enum kind kind, enum site_fault fault)
{
    static const char *const rates[] = {"0.001", "0.003", "0.01", "0.03", "0.1"};
    static const char *const hourly[] = {"0.003", "0.01", "0.03"};
    static const char *const rare[] = {"0.0001", "0.0003", "0.001"};
    static const char *const often[] = {"0.03", "0.1", "0.3"};
    static const char *const often_hourly[] = {"0.01", "0.03", "0.1"};

    if (kind == KIND_QUIET)
        return PICK(r, rare);
    if (is_later(fault))
        return fault_kind(fault) == FAULT_OF_HOUR ? PICK(r, often_hourly)
                                                  : PICK(r, often);
    if (kind == KIND_ONE_THING)
        return fault_kind(fault) == FAULT_OF_HOUR ? "0.2" : "0.5";
    return fault_kind(fault) == FAULT_OF_HOUR ? PICK(r, hourly) : PICK(r, rates);
}

/* What does not fit any more does not happen. */
static void put_fault(struct swarm *s, const char *api, enum site_fault fault,
                      const char *rate)
{
    size_t n = strlen(s->faults);

    if (!str_format(s->faults + n, sizeof(s->faults) - n, "%s%s%s=%s", n > 0 ? "," : "",
                    api, fault_name(fault), rate))
        s->faults[n] = '\0';
}

static void add_fault(struct swarm *s, struct rng *r, enum kind kind,
                      enum site_fault fault)
{
    static const char *const apis[] = {"",         "",         "velostrata.",
                                       "jenkins.", "vsphere.", "ec2."};
    const char *api = fault_kind(fault) <= FAULT_OF_BYTES ? PICK(r, apis) : "";

    if (kind == KIND_ONE_THING && api[0] == '\0' && fault_kind(fault) <= FAULT_OF_BYTES)
        api = "jenkins.";
    /* Who may not call vSphere for a quarter of an hour cannot end an overlap in time. */
    if (fault == FAULT_RETRY_ABSURD)
        api = chance(r, 50) ? "jenkins." : "velostrata.";
    /* Jenkins and vSphere answer a change with nothing that could be another's. */
    if (fault == FAULT_OTHER_ANSWER)
        api = chance(r, 50) ? "" : "ec2.";
    put_fault(s, api, fault, rate_of(r, kind, fault));
}

/* The k-th of those that were there from the start on. */
static enum site_fault first_fault(int64_t k)
{
    int f = 0;

    for (; is_later((enum site_fault)f) || k > 0; f++)
        k -= is_later((enum site_fault)f) ? 0 : 1;
    return (enum site_fault)f;
}

/* Many never, some often. A site that fails half the time has nothing left to test. */
static void draw_faults(struct swarm *s, struct rng *r, enum kind kind)
{
    bool typed = s->level == DRIVE_TYPED;
    int64_t percent = kind == KIND_QUIET ? (chance(r, 50) ? 0 : 8) : 16;
    enum site_fault only;

    do
        only = first_fault(
            rng_between(r, 0, N_FAULTS - (int64_t)ARRAY_LEN(later_faults) - 1));
    while (typed && fault_kind(only) == FAULT_OF_BYTES);
    if (kind == KIND_ONE_THING) {
        add_fault(s, r, kind, only);
        return;
    }
    for (int f = 0; f < N_FAULTS; f++) {
        bool drawn = !is_later((enum site_fault)f) && chance(r, percent);

        if (drawn && !(typed && fault_kind((enum site_fault)f) == FAULT_OF_BYTES))
            add_fault(s, r, kind, (enum site_fault)f);
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

/* Where, and what a law makes of its clocks some day. */
static const char *const zones[][2] = {
    {"Asia/Jerusalem", "Africa/Tripoli"},     {"Europe/Berlin", "Africa/Tripoli"},
    {"America/New_York", "America/Panama"},   {"Australia/Lord_Howe", "Pacific/Noumea"},
    {"America/Sao_Paulo", "America/Noronha"}, {"UTC", "Africa/Lagos"},
};

static void draw_policy(struct swarm *s, struct rng *r, size_t *zone)
{
    static const char *const windows[] = {
        "[\"Sun-Thu 09:00-18:00\"]", "[\"Mon-Fri 08:00-20:00\"]",
        "[\"Sun-Thu 09:00-12:00\", \"Sun-Thu 13:00-18:00\"]", "[\"Sun-Sat 20:00-06:00\"]",
        "[\"Sun-Sat 00:00-24:00\"]"};
    static const char *const drains[] = {"requeue", "abort", "wait"};
    static const char *const handlings[] = {"adopt", "enforce", "alert"};

    *zone = (size_t)rng_between(r, 0, (int64_t)ARRAY_LEN(zones) - 1);
    set(s, "site.tz=\"%s\"", zones[*zone][0]);
    set(s, "policy.window=%s", PICK(r, windows));
    set(s, "policy.max_moves=%d", (int)rng_between(r, 1, 4));
    set(s, "policy.on_drain_deadline=\"%s\"", PICK(r, drains));
    set(s, "policy.drain_deadline=\"%dm\"", (int)rng_between(r, 1, 12) * 10);
    set(s, "policy.foreign_change=\"%s\"", PICK(r, handlings));
    if (chance(r, 25))
        set(s, "policy.out_drain_deadline=\"%dm\"", (int)rng_between(r, 1, 6) * 10);
    if (chance(r, 25)) {
        set(s, "policy.on_demand=true");
        set(s, "policy.on_demand_max_price=0.5");
    }
    if (chance(r, 25))
        set(s, "policy.lead=\"%dm\"", (int)rng_between(r, 1, 9) * 10);
    if (chance(r, 25))
        set(s, "policy.pressure=true");
    if (chance(r, 15))
        set(s, "policy.budget_month=%d", (int)rng_between(r, 1, 40) * 10);
    if (chance(r, 30))
        set(s, "policy.poll_moving=\"%ds\"", (int)rng_between(r, 1, 3) * 10);
}

static void draw_troubles(struct swarm *s, struct rng *r, enum kind kind)
{
    int64_t longer = kind == KIND_QUIET ? 24 : 1;

    if (chance(r, kind == KIND_QUIET ? 10 : 33))
        s->crash_mean_s = rng_between(r, 1, 24) * 3600 * longer;
    if (chance(r, 15))
        s->pause_mean_s = rng_between(r, 2, 24) * 3600 * longer;
    if (chance(r, 10))
        s->jump_mean_s = rng_between(r, 12, 72) * 3600 * longer;
    if (chance(r, 33))
        s->lost = (uint32_t)rng_between(r, 1, 50) * (kind == KIND_QUIET ? 20 : 1000);
    if (kind != KIND_QUIET && chance(r, 25))
        s->dying = (uint32_t)rng_between(r, 1, 30) * 1000;
    if (chance(r, 50))
        s->orders = (uint32_t)rng_between(r, 1, 40) * (kind == KIND_QUIET ? 2 : 100);
    if (kind == KIND_QUIET && s->crash_mean_s != 0)
        set(s, "store.journal_keep=\"7d\""); /* what is kept for months costs time */
    s->on_files =
        kind != KIND_QUIET && (s->crash_mean_s != 0 || s->dying != 0) && chance(r, 12);
}

/* Each server with overlap: of "mixed" sites only every fourth is, and much that is rare
 * belongs to them.
 */
static void draw_overlaps(struct swarm *s, struct rng *r, enum kind kind)
{
    static const char *const names[] = {"cache", "write-back", "migration", "end-to-end"};

    if (str_eq(s->mover, "velostrata"))
        return;
    memset(s->mover, 0, sizeof(s->mover));
    (void)str_copy(s->mover, sizeof(s->mover), "ec2"); /* short */
    s->more_zones = s->more_zones > 0 ? s->more_zones : 1;
    for (int32_t i = 0; i < s->servers && i < (int32_t)ARRAY_LEN(names); i++)
        set(s, "servers.%s.handover=\"overlap\"", names[i]);
    if (kind == KIND_VIOLENT)
        put_fault(s, "", FAULT_NO_BOOT, chance(r, 50) ? "0.3" : "0.1");
}

static void draw_later(struct swarm *s, enum kind kind, size_t zone)
{
    struct rng r;

    rng_seed(&r, s->seed ^ UINT64_C(0x6c61746572));
    if (!chance(&r, 30))
        return;
    for (size_t i = 0; kind != KIND_ONE_THING && i < ARRAY_LEN(later_faults); i++)
        if (chance(&r, 40))
            add_fault(s, &r, kind, later_faults[i]);
    if (chance(&r, 40))
        s->repeated = (uint32_t)rng_between(&r, 5, 50) * (kind == KIND_QUIET ? 20 : 5000);
    if (chance(&r, 40)) {
        (void)str_copy(s->zone_later, sizeof(s->zone_later), zones[zone][1]); /* short */
        s->zone_days = rng_between(&r, 1, s->days);
    }
    if (chance(&r, 40))
        draw_overlaps(s, &r, kind);
}

/* A quiet year is for what takes long: months, changes of the clock, drifts. Two thirds
 * of its steps would be polls of moves that go well; the violent ones look as often as it
 * gets. */
static void draw_pace(struct swarm *s)
{
    struct rng r;

    rng_seed(&r, s->seed ^ UINT64_C(0x70616365));
    set(s, "policy.poll_moving=\"%ds\"", (int)rng_between(&r, 3, 6) * 10);
}

void swarm_draw(struct swarm *s, uint64_t seed, enum drive_level level)
{
    static const char *const movers[] = {"velostrata", "ec2", "mixed"};
    bool typed = level == DRIVE_TYPED;
    enum kind kind;
    struct rng r;
    size_t zone;

    *s = (struct swarm){.seed = seed, .level = level, .buggify = seed % 2 == 0};
    rng_seed(&r, seed ^ UINT64_C(0x737761726d));
    kind = chance(&r, 30) ? KIND_QUIET : chance(&r, 15) ? KIND_ONE_THING : KIND_VIOLENT;
    s->servers = (int32_t)rng_between(&r, 1, chance(&r, 10) ? 16 : typed ? 8 : 4);
    (void)str_copy(s->mover, sizeof(s->mover), PICK(&r, movers)); /* short */
    s->more_zones = chance(&r, 20) ? (int32_t)rng_between(&r, 1, 2) : 0;
    /* 2024 to 2037, some days into any week. */
    s->from.s = INT64_C(1704067200) + rng_between(&r, 0, 13 * 365) * 86400 +
                rng_between(&r, 0, 86399);
    s->days = !typed               ? rng_between(&r, 1, 4)
              : kind == KIND_QUIET ? rng_between(&r, 30, 365)
                                   : rng_between(&r, 2, 12);
    s->rest_s = kind == KIND_QUIET ? rng_between(&r, 5, 10) * 60 : 300;
    draw_faults(s, &r, kind);
    draw_policy(s, &r, &zone);
    draw_troubles(s, &r, kind);
    draw_later(s, kind, zone);
    if (kind == KIND_QUIET)
        draw_pace(s);
}

void swarm_draw_several(struct swarm *s)
{
    static const int32_t renewals[] = {15, 20, 30};
    enum { SHORT_DAYS = 12 };
    int32_t renew;
    struct rng r;

    rng_seed(&r, s->seed ^ UINT64_C(0x7365766572616c));
    (void)chance(&r, 25); /* of old a quarter had several; those are the same since */
    if (s->days > SHORT_DAYS)
        s->days = SHORT_DAYS;
    s->controllers = (int32_t)rng_between(&r, 2, LOCK_HOSTS);
    s->on_files = false;
    s->zone_later[0] = '\0'; /* each would read its zone anew at a time of its own */
    s->zone_days = 0;
    renew = PICK(&r, renewals);
    set(s, "lock.etcd=[\"http://127.0.0.1:2379\"]");
    set(s, "lock.renew=\"%ds\"", (int)renew);
    set(s, "lock.ttl=\"%ds\"", (int)(renew * 3 + rng_between(&r, 3, 12) * 15));
    if (s->crash_mean_s == 0 && chance(&r, 75))
        s->crash_mean_s = rng_between(&r, 2, 24) * 3600;
    if (s->pause_mean_s == 0 && chance(&r, 66))
        s->pause_mean_s = rng_between(&r, 2, 24) * 3600;
    if (chance(&r, 33))
        s->lock.refused = (uint32_t)rng_between(&r, 1, 100) * 1000;
    if (chance(&r, 33))
        s->lock.lost = (uint32_t)rng_between(&r, 1, 100) * 1000;
    if (chance(&r, 33))
        s->lock.slow = (uint32_t)rng_between(&r, 1, 300) * 1000;
    if (chance(&r, 50))
        s->lock.outage_mean_s = rng_between(&r, 1, 24) * 3600;
}

/* ----- as text ----- */

/* The numbers that are 0 when they are left out. */
struct number {
    const char *key;
    int64_t *value;
};
enum { NUMBERS = 21 };

static void numbers_of(struct swarm *s, int64_t narrow[NUMBERS],
                       struct number out[NUMBERS])
{
    narrow[0] = s->servers;
    narrow[1] = s->more_zones;
    narrow[2] = s->lost;
    narrow[3] = s->dying;
    narrow[4] = s->orders;
    narrow[5] = s->on_files ? 1 : 0;
    narrow[6] = (int64_t)s->seed;
    narrow[7] = s->buggify ? 1 : 0;
    narrow[8] = s->repeated;
    narrow[9] = s->controllers;
    narrow[10] = s->lock.refused;
    narrow[11] = s->lock.lost;
    narrow[12] = s->lock.slow;
    out[0] = (struct number){"servers", &narrow[0]};
    out[1] = (struct number){"more_zones", &narrow[1]};
    out[2] = (struct number){"lost", &narrow[2]};
    out[3] = (struct number){"dying", &narrow[3]};
    out[4] = (struct number){"orders", &narrow[4]};
    out[5] = (struct number){"on_files", &narrow[5]};
    out[6] = (struct number){"seed", &narrow[6]};
    out[7] = (struct number){"days", &s->days};
    out[8] = (struct number){"crash_mean_s", &s->crash_mean_s};
    out[9] = (struct number){"pause_mean_s", &s->pause_mean_s};
    out[10] = (struct number){"jump_mean_s", &s->jump_mean_s};
    out[11] = (struct number){"rest_s", &s->rest_s};
    out[12] = (struct number){"buggify", &narrow[7]};
    out[13] = (struct number){"repeated", &narrow[8]};
    out[14] = (struct number){"zone_days", &s->zone_days};
    out[15] = (struct number){"controllers", &narrow[9]};
    out[16] = (struct number){"lock_refused", &narrow[10]};
    out[17] = (struct number){"lock_lost", &narrow[11]};
    out[18] = (struct number){"lock_slow", &narrow[12]};
    out[19] = (struct number){"lock_outage_mean_s", &s->lock.outage_mean_s};
    out[20] = (struct number){"lock_revoked_mean_s", &s->lock.revoked_mean_s};
}

static void take_numbers(struct swarm *s, const int64_t narrow[NUMBERS])
{
    s->servers = (int32_t)narrow[0];
    s->more_zones = (int32_t)narrow[1];
    s->lost = (uint32_t)narrow[2];
    s->dying = (uint32_t)narrow[3];
    s->orders = (uint32_t)narrow[4];
    s->on_files = narrow[5] != 0;
    s->seed = (uint64_t)narrow[6];
    s->buggify = narrow[7] != 0;
    s->repeated = (uint32_t)narrow[8];
    s->controllers = (int32_t)narrow[9];
    s->lock.refused = (uint32_t)narrow[10];
    s->lock.lost = (uint32_t)narrow[11];
    s->lock.slow = (uint32_t)narrow[12];
}

void swarm_put(const struct swarm *s, struct strbuf *out)
{
    struct swarm copy = *s;
    int64_t narrow[NUMBERS] = {0};
    struct number numbers[NUMBERS];
    char when[TIME_TEXT];

    numbers_of(&copy, narrow, numbers);
    strbuf_printf(out, "level %s\nmover %s\nfrom %s\n",
                  s->level == DRIVE_TYPED ? "typed" : "wire", s->mover,
                  utc_text(s->from, when));
    for (size_t i = 0; i < NUMBERS; i++)
        if (*numbers[i].value != 0)
            strbuf_printf(out, "%s %lld\n", numbers[i].key, (long long)*numbers[i].value);
    if (s->faults[0] != '\0')
        strbuf_printf(out, "faults %s\n", s->faults);
    if (s->zone_later[0] != '\0')
        strbuf_printf(out, "zone_later %s\n", s->zone_later);
    for (size_t i = 0; i < s->n_sets; i++)
        strbuf_printf(out, "set %s\n", s->sets[i]);
}

static enum err_code read_line(struct swarm *s, const char *key, const char *value,
                               struct err *e)
{
    int64_t narrow[NUMBERS] = {0};
    struct number numbers[NUMBERS];
    bool ok = true;

    numbers_of(s, narrow, numbers);
    for (size_t i = 0; i < NUMBERS; i++) {
        if (!str_eq(numbers[i].key, key))
            continue;
        if (str_to_i64(value, 0, INT64_MAX, numbers[i].value, e) == ERR_OK)
            take_numbers(s, narrow);
        return e->code;
    }
    if (str_eq(key, "from"))
        return utc_parse(value, &s->from, e);
    if (str_eq(key, "level"))
        s->level = str_eq(value, "wire") ? DRIVE_WIRE : DRIVE_TYPED;
    else if (str_eq(key, "mover"))
        ok = str_copy(s->mover, sizeof(s->mover), value);
    else if (str_eq(key, "faults"))
        ok = str_copy(s->faults, sizeof(s->faults), value);
    else if (str_eq(key, "zone_later"))
        ok = str_copy(s->zone_later, sizeof(s->zone_later), value);
    else if (str_eq(key, "set"))
        ok = s->n_sets < SWARM_SETS &&
             str_copy(s->sets[s->n_sets++], sizeof(s->sets[0]), value);
    else
        ok = str_eq(key, "at") || str_eq(key, "invariant");
    return ok ? ERR_OK : err_set(e, ERR_SYNTAX, "seed: '%.40s %.40s'", key, value);
}

enum err_code swarm_read(struct swarm *s, const char *text, struct err *e)
{
    *s = (struct swarm){.rest_s = 300};
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        char line[SWARM_FAULTS_TEXT + 32], *value;

        if (len >= sizeof(line))
            return err_set(e, ERR_SYNTAX, "seed: a line is too long");
        memcpy(line, text, len);
        line[len] = '\0';
        text += len + (text[len] == '\n');
        value = strchr(line, ' ');
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (value == NULL)
            return err_set(e, ERR_SYNTAX, "seed: '%.40s' has no value", line);
        *value++ = '\0';
        if (read_line(s, line, value, e) != ERR_OK)
            return e->code;
    }
    return ERR_OK;
}
