/*
 * campaign - seeds without end: each a site of its own kind on which much goes wrong, the
 * shipped controller, and all invariants at every step; a last day without faults, after
 * which all must be well (reliability 5).
 *   campaign [--from SEED] [--seeds N] [--seconds S] [--until-bad] [--trace] [--probes]
 *            [--plain]
 * Without arguments: the seeds that found something once, and a few others. The same seed
 * at the same commit is the same history. Exit code 1: an invariant was violated;
 * --until-bad: and that seed was the last one; --probes: or a probe was never hit, and
 * all are listed. Every second seed has the program's own buggify points on; with --plain
 * none has.
 * Threads: one.
 */
#include <config.h>

#include "core/base/log.h"
#include "core/sim/drive.h"
#include "core/sim/site_impl.h"
#include "tests/sim/footprint.h"
#include "tests/sim/orders.h"
#include "tests/sim/points.h"
#include "tests/sim/swarm.h"
#include "tests/unit/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY_S = 86400, LAST_ENTRIES = 60, SAME_EVERY = 20 };
/* Of ten seeds one, from the ninth hour on: an instance with our tag that nobody has. */
enum { STRAY_EVERY = 10, STRAY_OF = 8, STRAY_AFTER_S = 9 * 3600 };

/* How a seed is run. */
struct way {
    bool trace; /* tells its history */
    bool plain; /* without buggify points */
};

struct history {
    struct swarm swarm;
    struct site *site;
    struct config *config;
    struct tz *tz;
    struct rng rng;
    struct utc calm_from;
    bool calm;
    int32_t orders_left; /* of the calm: auto on, holds released */
    bool trace, strayed, buggify;
    char last[LAST_ENTRIES][LINE_TEXT + 96]; /* of the journal */
    size_t n_last;
    struct orders left;
    struct footprint footprint;
    const char *state_dir; /* NULL: nothing is kept */
    struct drive_report report;
};

/* ----- the seed's wishes ----- */

static void be_calm(struct history *h)
{
    h->calm = true;
    memset(h->site->faults.rate, 0, sizeof(h->site->faults.rate));
    memset(h->site->faults.any, 0, sizeof(h->site->faults.any));
    faults_to_world(&h->site->faults, &h->site->w->odds);
    h->site->w->odds.calm = true;
    points_calm();
    h->orders_left = 1 + (int32_t)h->config->n_servers * 2;
}

/* A day is over, or a person has had enough: the automation alone from here on. */
static bool last_order(struct history *h, struct command *c)
{
    int32_t n = h->orders_left--;

    if (n <= 0)
        return false;
    if (n == 1 + (int32_t)h->config->n_servers * 2) {
        c->kind = COMMAND_AUTO;
        c->setting = AUTO_ON;
        return true;
    }
    c->kind = n > (int32_t)h->config->n_servers ? COMMAND_AUTO : COMMAND_RELEASE;
    c->setting = AUTO_ON;
    (void)str_copy(c->server, sizeof(c->server),
                   h->config->servers[(n - 1) % (int32_t)h->config->n_servers].name);
    return true;
}

/* What an older controller, or its lost store, has left behind. */
static void stray(struct history *h, struct utc now)
{
    struct sim_tag tags[2] = {{.key = "rushhour:deployment"},
                              {"rushhour:server", "former"}};
    const struct sim_launch l = {.type = "c5.2xlarge",
                                 .image = "ami-1",
                                 .client_token = "",
                                 .tags = tags,
                                 .n_tags = 2};
    const struct sim_instance *in;

    if (h->strayed || h->swarm.seed % STRAY_EVERY != STRAY_OF ||
        str_eq(h->swarm.mover, "velostrata") || now.s < h->swarm.from.s + STRAY_AFTER_S)
        return;
    (void)str_copy(tags[0].value, sizeof(tags[0].value), h->config->deployment);
    h->strayed = world_launch(h->site->w, &l, &in) == SIM_OK;
}

static bool wish(struct history *h, struct utc now, struct command *out)
{
    const struct config *k = h->config;

    stray(h, now);
    *out = (struct command){.id = 1, .by = "dana", .at = now, .confirmed = true};
    if (!h->calm && now.s >= h->calm_from.s)
        be_calm(h);
    if (h->calm)
        return last_order(h, out);
    if (!rng_chance(&h->rng, h->swarm.orders))
        return false;
    (void)str_copy(out->server, sizeof(out->server),
                   k->servers[rng_between(&h->rng, 0, (int64_t)k->n_servers - 1)].name);
    out->place = rng_between(&h->rng, 0, 1) == 0 ? PLACE_CLOUD : PLACE_ONPREM;
    switch (rng_between(&h->rng, 0, 6)) {
    case 0:
        out->kind = COMMAND_MOVE;
        out->force = rng_between(&h->rng, 0, 4) == 0;
        break;
    case 1:
        out->kind = COMMAND_HOLD;
        out->hold_kind = (enum hold_kind)rng_between(&h->rng, 0, 2);
        out->until.s = now.s + rng_between(&h->rng, 600, 8 * 3600);
        break;
    case 2:
        out->kind = COMMAND_RELEASE;
        break;
    case 3:
        out->kind = COMMAND_CANCEL;
        break;
    case 4:
        out->kind = COMMAND_SNOOZE;
        out->until.s = now.s + rng_between(&h->rng, 600, 3 * 3600);
        break;
    case 5:
        out->kind = COMMAND_AUTO;
        out->server[0] = '\0';
        out->setting = rng_between(&h->rng, 0, 2) == 0 ? AUTO_OFF : AUTO_ON;
        break;
    default:
        out->kind = COMMAND_EXTENSION;
        out->server[0] = '\0';
        out->start = rng_between(&h->rng, 0, 1) == 0;
        break;
    }
    return true;
}

/* Some of them come by the store, as from another process. */
static bool order(void *ctx, struct utc now, struct command *out)
{
    struct history *h = ctx;

    footprint_look(&h->footprint, h->state_dir);
    return wish(h, now, out) && !orders_leave(&h->left, out);
}

static enum drive_fate fate(void *ctx, const struct call *call)
{
    struct history *h = ctx;

    (void)call;
    if (h->calm)
        return FATE_DONE;
    if (rng_chance(&h->rng, h->swarm.lost))
        return rng_between(&h->rng, 0, 1) == 0 ? FATE_LOST_BEFORE : FATE_LOST_AFTER;
    if (rng_chance(&h->rng, h->swarm.dying))
        return rng_between(&h->rng, 0, 1) == 0 ? FATE_CRASH_BEFORE : FATE_CRASH_AFTER;
    return FATE_DONE;
}

static void entry(void *ctx, const struct journal_entry *j)
{
    struct history *h = ctx;
    char when[TIME_TEXT], *line = h->last[h->n_last++ % LAST_ENTRIES];

    (void)str_format(line, sizeof(h->last[0]), "%s %s %.20s %.20s %.20s>%.20s %.160s",
                     utc_text(j->at, when), j->actor, j->server, j->action, j->from,
                     j->to, j->text);
    if (h->trace)
        (void)printf("%s\n", line);
}

/* ----- a history ----- */

static bool prepare(struct history *h, struct err *e)
{
    const struct swarm *s = &h->swarm;
    const struct site_options so = {.seed = s->seed,
                                    .servers = s->servers,
                                    .start = s->from,
                                    .mover = s->mover,
                                    .faults = s->faults,
                                    .typed = true};
    const char *list[SWARM_SETS];
    const struct config_sets sets = {list, s->n_sets};

    for (size_t i = 0; i < s->n_sets; i++)
        list[i] = s->sets[i];
    return site_new(&so, &h->site, e) == ERR_OK &&
           site_config(h->site, "http://127.0.0.1:1", &sets, &h->config, e) == ERR_OK &&
           tz_load(h->config->tz_name, &h->tz, e) == ERR_OK;
}

static void violated(struct history *h, const char *why)
{
    h->report.violations++;
    if (h->report.violation[0] == '\0')
        (void)str_copy(h->report.violation, sizeof(h->report.violation), why);
}

static bool live(struct history *h, struct err *e)
{
    const struct swarm *s = &h->swarm;
    char dir[] = "/dev/shm/rushhour-campaign-XXXXXX";
    bool dies = s->crash_mean_s != 0 || s->dying != 0;
    struct drive_options o = {.level = DRIVE_TYPED,
                              .config = h->config,
                              .tz = h->tz,
                              .site = h->site,
                              .seed = s->seed,
                              .from = s->from,
                              .duration_s = (s->days + 1) * DAY_S,
                              .crash_mean_s = s->crash_mean_s,
                              .crash_until = h->calm_from,
                              .without_texts = !h->trace,
                              .each_entry = entry,
                              .order = order,
                              .fate = fate,
                              .calm = true,
                              .ctx = h};
    char why[LINE_TEXT];
    enum err_code rc;

    if (dies) { /* who dies has to remember */
        if (mkdtemp(dir) == NULL)
            return err_set_errno(e, ERR_IO, errno, "%s", dir) == ERR_OK;
        o.state_dir = h->state_dir = h->left.dir = dir;
    }
    rc = drive_run(&o, &h->report, e);
    if (!orders_end(&h->left, why))
        violated(h, why);
    if (dies)
        (void)folder_remove(dir); /* nothing is told by what stays */
    h->state_dir = h->left.dir = NULL;
    return rc == ERR_OK;
}

static void forget(struct history *h)
{
    tz_free(h->tz);
    config_free(h->config);
    site_free(h->site);
}

static bool run(struct history *h, uint64_t seed, struct way way, struct err *e)
{
    bool ok;

    memset(h, 0, sizeof(*h));
    h->trace = way.trace;
    h->buggify = !way.plain && seed % 2 == 0;
    points_begin(seed, h->buggify);
    swarm_draw(&h->swarm, seed);
    rng_seed(&h->rng, seed * 7919 + 1);
    h->calm_from.s = h->swarm.from.s + h->swarm.days * DAY_S;
    footprint_begin(&h->footprint);
    ok = prepare(h, e) && live(h, e);
    return ok;
}

/* ----- many of them ----- */

struct sums {
    int64_t seeds, bad, days, calls, polls, steps, crashes, moves, losses;
    uint64_t fired[N_FAULTS];
    size_t heap_bytes, state_bytes; /* the most of one history */
};

static void complain(const struct history *h, const char *what)
{
    struct strbuf b;

    strbuf_init(&b, 65536);
    swarm_say(&h->swarm, &b);
    (void)printf("seed %llu%s: %s\n%s", (unsigned long long)h->swarm.seed,
                 h->buggify ? ", buggify" : "", what, strbuf_text(&b));
    for (size_t i = 0; i < LAST_ENTRIES && !h->trace; i++) {
        size_t at = h->n_last + i;

        if (h->last[at % LAST_ENTRIES][0] != '\0')
            (void)printf("    %s\n", h->last[at % LAST_ENTRIES]);
    }
    strbuf_clear(&b);
}

static bool one(struct sums *sum, uint64_t seed, struct way way)
{
    static struct history h, again;
    struct err e = {0};
    bool good = false;
    char what[LINE_TEXT * 2];

    if (!run(&h, seed, way, &e)) {
        complain(&h, e.text);
    } else if (h.report.violations > 0) {
        (void)str_format(what, sizeof(what), "%lld violations, the first %s",
                         (long long)h.report.violations, h.report.violation);
        complain(&h, what);
    } else {
        good = true;
    }
    if (good && seed % SAME_EVERY == 0) {
        if (!run(&again, seed, (struct way){.plain = way.plain}, &e) ||
            again.report.trace != h.report.trace) {
            complain(&again, "another history of the same seed");
            good = false;
        }
        forget(&again);
    }
    sum->seeds++;
    sum->bad += good ? 0 : 1;
    sum->days += h.swarm.days + 1;
    sum->calls += h.report.calls;
    sum->polls += h.report.polls;
    sum->steps += h.report.steps;
    sum->crashes += h.report.crashes;
    sum->moves += h.report.moves_out + h.report.moves_back;
    sum->losses += h.report.interruptions;
    for (size_t i = 0; h.site != NULL && i < N_FAULTS; i++)
        sum->fired[i] += h.site->faults.fired[i];
    forget(&h);
    if (h.footprint.most_heap_bytes > sum->heap_bytes)
        sum->heap_bytes = h.footprint.most_heap_bytes;
    if (h.footprint.most_state_bytes > sum->state_bytes)
        sum->state_bytes = h.footprint.most_state_bytes;
    if (!footprint_end(&h.footprint, what)) {
        complain(&h, what);
        sum->bad += good ? 1 : 0;
        good = false;
    }
    return good;
}

static void say(const struct sums *s)
{
    (void)printf(
        "%lld seeds, %lld bad: %lld.%02lld simulated years, %lld steps, %lld "
        "polls, %lld calls, %lld moves, %lld interruptions, %lld deaths\nfaults:",
        (long long)s->seeds, (long long)s->bad, (long long)s->days / 365,
        (long long)(s->days % 365) * 100 / 365, (long long)s->steps, (long long)s->polls,
        (long long)s->calls, (long long)s->moves, (long long)s->losses,
        (long long)s->crashes);
    for (size_t i = 0; i < N_FAULTS; i++) {
        if (s->fired[i] > 0)
            (void)printf(" %s %llu", fault_name((enum site_fault)i),
                         (unsigned long long)s->fired[i]);
    }
    (void)printf("\nat most %zu KiB of heap, %zu KiB of state\n", s->heap_bytes / 1024,
                 s->state_bytes / 1024);
}

/* The libraries set themselves up once; what stays of that is no history's. */
static bool warm_up(void)
{
    char dir[] = "/dev/shm/rushhour-campaign-XXXXXX";
    struct store *s = NULL;
    struct err e = {0};
    bool ok =
        mkdtemp(dir) != NULL && store_open(dir, STORE_CONTROLLER, NULL, &s, &e) == ERR_OK;

    store_close(s);
    (void)folder_remove(dir); /* nothing is told by what stays */
    if (!ok)
        (void)fprintf(stderr, "campaign: %s: %s\n", dir, e.text);
    return ok;
}

static int64_t number(const char *text)
{
    struct err e = {0};
    int64_t v = 0;

    if (str_to_i64(text, 0, INT64_MAX, &v, &e) != ERR_OK) {
        (void)fprintf(stderr, "campaign: %s\n", e.text);
        exit(2);
    }
    return v;
}

/* What they found is mended, and told in the commit that did; each was red before:
 * 11 a way home that AWS cut short had no time limit and kept its slot for ever
 * 14, 37 a guest that never comes up at home kept its slot
 * 55 the way home with overlap, where home never comes up: both sides up without end
 * 43, 72, 149 max_overlap was when the ending began, not when it was over */
static const uint64_t saved[] = {11, 14, 37, 43, 55, 72, 149};

static void usual(struct sums *sums)
{
    enum { OTHERS = 12 };

    for (size_t i = 0; i < ARRAY_LEN(saved); i++)
        (void)one(sums, saved[i], (struct way){.plain = true});
    for (uint64_t seed = 1; seed <= OTHERS; seed++)
        (void)one(sums, seed * SAME_EVERY / 4 + 1000, (struct way){0});
}

int main(int argc, char **argv)
{
    int64_t from = 1, seeds = 30, seconds = 0;
    bool until_bad = false, probes = false;
    struct way way = {0};
    struct sums sums = {0};
    int64_t until;

    if (!points_are_sound() || !warm_up())
        return 2;
    if (argc == 1) {
        usual(&sums);
        say(&sums);
        return sums.bad == 0 ? 0 : 1;
    }
    for (int i = 1; i < argc; i++) {
        if (str_eq(argv[i], "--trace"))
            way.trace = true;
        else if (str_eq(argv[i], "--plain"))
            way.plain = true;
        else if (str_eq(argv[i], "--probes"))
            probes = true;
        else if (str_eq(argv[i], "--until-bad"))
            until_bad = true;
        else if (i + 1 < argc && str_eq(argv[i], "--from"))
            from = number(argv[++i]);
        else if (i + 1 < argc && str_eq(argv[i], "--seeds"))
            seeds = number(argv[++i]);
        else if (i + 1 < argc && str_eq(argv[i], "--seconds"))
            seconds = number(argv[++i]);
        else
            return 2;
    }
    until = clock_mono(clock_system()).ms + seconds * 1000;
    for (int64_t n = 0; seconds > 0 ? clock_mono(clock_system()).ms < until : n < seeds;
         n++)
        if (!one(&sums, (uint64_t)(from + n), way) && until_bad)
            break;
    say(&sums);
    points_say(probes);
    return sums.bad == 0 && (!probes || points_missed() == 0) ? 0 : 1;
}
