/*
 * campaign - seeds without end: each a site of its own kind on which much goes wrong, the
 * shipped controller, and all invariants at every step; a last day without faults, after
 * which all must be well (reliability 5).
 *   campaign                     the saved seeds (tests/sim/seeds), and a few others
 *   campaign --seed N [--trace]  that one; --trace tells all that happens
 *   campaign --seed-file FILE [--trace]
 *   campaign [--from N] [--seeds N | --years Y | --seconds S] [--until-bad]
 * The first goes on until each probe was reached, and fails when one never is.
 * --level typed (default) or wire; --commit TEXT: what a failure is said to be of;
 * --plain: without the program's own buggify points, which every second seed has;
 * --several: each has two or three controllers, and lasts twelve days at most;
 * --probes: lists the program's probes, and one that was never hit is a failure; --each:
 * a line for each seed, to compare with those of another build (all but its last word,
 * the milliseconds of the processor). The same seed at the same commit is the same
 * history. Exit code 1: an invariant was violated; --until-bad: and that seed was the
 * last one. 2: it was called wrongly. Threads: one.
 */
#include <config.h>

#include "tests/sim/history.h"
#include "tests/sim/points.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SAME_EVERY = 20, SEED_FILE_MAX = 16384 };

struct sums {
    int64_t seeds, bad, days, calls, polls, steps, moves, losses;
    int64_t crashes, pauses, jumps, repeats, rezoned;
    int64_t several; /* histories with more than one controller */
    struct lock_counts lock;
    int64_t takeovers, takeover_most_ms, held_up, fences, refusals;
    int64_t began_ms; /* of the processor, for --seconds */
    uint64_t fired[N_FAULTS];
    enum drive_level level;
    bool each;                      /* is told as it ends */
    size_t heap_bytes, state_bytes; /* the most of one history */
    bool warm[DRIVE_TYPED + 1];
};

/* What is asked for. */
struct wish {
    int64_t from, seeds, years, seconds;
    struct way way;
    bool plain, until_bad, probes;
    bool several;
    const char *file;
};

/* The machine may have other work, too. */
static int64_t cpu_ms(void)
{
    struct rusage u = {0};

    (void)getrusage(RUSAGE_SELF, &u);
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static const char *commit = PACKAGE_VERSION;

/* The program's own checks may end it (core/base/sure.h): at which seed, all the same. */
static char last_word[64];

static void on_abort(int number)
{
    (void)number;
    if (write(STDOUT_FILENO, last_word, strlen(last_word)) < 0)
        return; /* nobody can be told; abort() goes on */
}

static void complain(const struct history *h, const char *what)
{
    struct strbuf b;

    strbuf_init(&b, 1 << 20);
    strbuf_printf(&b, "seed %llu%s: %s\ncommit %s\n", (unsigned long long)h->swarm.seed,
                  h->swarm.buggify ? ", buggify" : "", what, commit);
    swarm_put(&h->swarm, &b);
    if (!h->way.trace)
        history_tell(h, &b);
    (void)printf("%s", strbuf_text(&b));
    (void)fflush(stdout);
    strbuf_clear(&b);
}

static void add_lock(struct sums *sum, const struct history *h)
{
    const struct drive_report *r = &h->report;

    sum->several += h->swarm.controllers > 1 ? 1 : 0;
    sum->lock.requests += r->lock.requests;
    sum->lock.refused += r->lock.refused;
    sum->lock.lost += r->lock.lost;
    sum->lock.slow += r->lock.slow;
    sum->lock.outages += r->lock.outages;
    sum->lock.revoked += r->lock.revoked;
    sum->lock.taken += r->lock.taken;
    sum->lock.expired += r->lock.expired;
    sum->lock.freed += r->lock.freed;
    sum->takeovers += r->takeovers;
    sum->held_up += r->held_up;
    sum->fences += r->fences;
    sum->refusals += r->refusals;
    if (r->takeover_most_ms > sum->takeover_most_ms)
        sum->takeover_most_ms = r->takeover_most_ms;
}

static void add(struct sums *sum, const struct history *h)
{
    sum->days += h->swarm.days + 1;
    sum->calls += h->report.calls;
    sum->polls += h->report.polls;
    sum->steps += h->report.steps;
    sum->crashes += h->report.crashes;
    sum->pauses += h->report.pauses;
    sum->jumps += h->report.jumps;
    sum->repeats += h->report.repeats;
    sum->rezoned += h->report.rezoned;
    sum->moves += h->report.moves_out + h->report.moves_back;
    sum->losses += h->report.interruptions;
    add_lock(sum, h);
    for (int f = 0; f < N_FAULTS; f++)
        sum->fired[f] += history_fired(h, (enum site_fault)f);
}

/* It is lived twice now and then, and must be the same. */
static bool same_again(const struct swarm *s, struct way way, uint64_t trace)
{
    static struct history again;
    struct err e = {0};
    char why[WHY_TEXT];
    bool same = history_run(&again, s, way, &e) && again.report.trace == trace;

    if (!same)
        complain(&again, "another history of the same seed");
    return history_clear(&again, why) && same;
}

static bool is_well(struct history *h, const struct swarm *s, struct way way)
{
    struct err e = {0};
    char what[LINE_TEXT * 2];

    if (!history_run(h, s, way, &e)) {
        complain(h, e.text);
        return false;
    }
    if (h->report.violations == 0)
        return true;
    (void)str_format(what, sizeof(what), "%lld violations, the first %s",
                     (long long)h->report.violations, h->report.violation);
    complain(h, what);
    return false;
}

/* What the libraries set up once, at the first day of a level, is left behind by no
 * history.
 */
static void warm_up(struct sums *sum, enum drive_level level)
{
    static struct history h;
    struct swarm s;
    struct err e = {0};
    char why[WHY_TEXT];

    if (sum->warm[level])
        return;
    sum->warm[level] = true;
    swarm_draw(&s, 1, level);
    s.days = 1;
    s.on_files = true;
    (void)history_run(&h, &s, (struct way){0}, &e); /* whatever comes of it */
    (void)history_clear(&h, why);
}

static void tell_one(const struct history *h, int64_t took_ms)
{
    const struct drive_report *r = &h->report;
    uint64_t fired = 0;

    for (int f = 0; f < N_FAULTS; f++)
        fired += history_fired(h, (enum site_fault)f);
    (void)printf("seed %llu trace %016llx days %lld steps %lld polls %lld calls %lld "
                 "faults %llu violations %lld ms %lld\n",
                 (unsigned long long)h->swarm.seed, (unsigned long long)r->trace,
                 (long long)h->swarm.days + 1, (long long)r->steps, (long long)r->polls,
                 (long long)r->calls, (unsigned long long)fired, (long long)r->violations,
                 (long long)took_ms);
}

static bool live(struct sums *sum, const struct swarm *s, struct way way)
{
    static struct history h;
    char what[WHY_TEXT];
    int64_t began_ms;
    bool good;

    (void)str_format(last_word, sizeof(last_word), "seed %llu: it ended itself\n",
                     (unsigned long long)s->seed);
    warm_up(sum, s->level);
    began_ms = cpu_ms();
    good = is_well(&h, s, way);

    add(sum, &h);
    if (sum->each)
        tell_one(&h, cpu_ms() - began_ms);
    if (h.footprint.most_heap_bytes > sum->heap_bytes)
        sum->heap_bytes = h.footprint.most_heap_bytes;
    if (h.footprint.most_state_bytes > sum->state_bytes)
        sum->state_bytes = h.footprint.most_state_bytes;
    if (!history_clear(&h, what)) {
        complain(&h, what);
        good = false;
    }
    way.trace = false;
    if (good && s->seed % SAME_EVERY == 0)
        good = same_again(s, way, h.report.trace);
    sum->seeds++;
    sum->bad += good ? 0 : 1;
    return good;
}

static bool draw_and_live(struct sums *sum, uint64_t seed, const struct wish *w)
{
    struct swarm s;

    swarm_draw(&s, seed, sum->level);
    s.buggify = s.buggify && !w->plain;
    if (w->several)
        swarm_draw_several(&s);
    return live(sum, &s, w->way);
}

/* ----- what came of them ----- */

static void say_faults(const struct sums *s)
{
    static const char *const groups[] = {
        [FAULT_OF_WIRE] = "requests",
        [FAULT_OF_BYTES] = "bytes",
        [FAULT_OF_ACT] = "acts of the site",
        [FAULT_OF_HOUR] = "hours of the site",
    };

    for (int g = FAULT_OF_WIRE; g <= FAULT_OF_HOUR; g++) {
        if (g == FAULT_OF_BYTES && s->level == DRIVE_TYPED)
            continue;
        (void)printf("%s:", groups[g]);
        for (int f = 0; f < N_FAULTS; f++)
            if ((int)fault_kind((enum site_fault)f) == g)
                (void)printf(" %s %llu", fault_name((enum site_fault)f),
                             (unsigned long long)s->fired[f]);
        (void)printf("\n");
    }
}

static void say_lock(const struct sums *s)
{
    const struct lock_counts *l = &s->lock;

    (void)printf(
        "several controllers: %lld histories, lock taken %lld expired %lld freed "
        "%lld, takeovers %lld (at most %lld s after it was free), fences %lld "
        "refused %lld, calls held up %lld\n",
        (long long)s->several, (long long)l->taken, (long long)l->expired,
        (long long)l->freed, (long long)s->takeovers,
        (long long)s->takeover_most_ms / 1000, (long long)s->fences,
        (long long)s->refusals, (long long)s->held_up);
    (void)printf("lock: requests %lld refused %lld lost %lld slow %lld outages %lld "
                 "revoked %lld\n",
                 (long long)l->requests, (long long)l->refused, (long long)l->lost,
                 (long long)l->slow, (long long)l->outages, (long long)l->revoked);
}

static void say(const struct sums *s)
{
    int64_t ms = cpu_ms() - s->began_ms;
    int64_t rate = s->days * 10000000 / 365 / (ms > 0 ? ms : 1);

    (void)printf("%lld seeds, %lld bad: %lld.%02lld simulated years (%s)\n",
                 (long long)s->seeds, (long long)s->bad, (long long)s->days / 365,
                 (long long)(s->days % 365) * 100 / 365,
                 s->level == DRIVE_TYPED ? "typed" : "wire");
    (void)printf("%lld steps, %lld polls, %lld calls, %lld moves, %lld interruptions\n",
                 (long long)s->steps, (long long)s->polls, (long long)s->calls,
                 (long long)s->moves, (long long)s->losses);
    (void)printf("controller: deaths %lld pauses %lld clock-jumps %lld "
                 "answers-repeated %lld zones-changed %lld\n",
                 (long long)s->crashes, (long long)s->pauses, (long long)s->jumps,
                 (long long)s->repeats, (long long)s->rezoned);
    say_lock(s);
    say_faults(s);
    (void)printf("at most %zu KiB of heap, %zu KiB of state; %lld s of the processor, "
                 "%lld.%04lld years a second\n",
                 s->heap_bytes / 1024, s->state_bytes / 1024, (long long)ms / 1000,
                 (long long)rate / 10000, (long long)rate % 10000);
}

/* ----- saved seeds ----- */

static bool live_file(struct sums *sums, const char *path, struct way way)
{
    char text[SEED_FILE_MAX];
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;
    struct swarm s;
    struct err e = {0};

    text[n] = '\0';
    if (f != NULL)
        (void)fclose(f); /* it was only read */
    if (n == 0 || swarm_read(&s, text, &e) != ERR_OK) {
        (void)fprintf(stderr, "campaign: %s: %s\n", path, n == 0 ? "empty" : e.text);
        sums->bad++;
        return false;
    }
    return live(sums, &s, way);
}

static int is_seed(const struct dirent *d)
{
    return str_ends(d->d_name, ".seed") ? 1 : 0;
}

static void saved(struct sums *sums)
{
    const char *srcdir = getenv("srcdir");
    char dir[512], path[1024];
    struct dirent **list = NULL;
    int n;

    (void)str_format(dir, sizeof(dir), "%s/tests/sim/seeds",
                     srcdir != NULL ? srcdir : ".");
    n = scandir(dir, &list, is_seed, alphasort);
    if (n <= 0) {
        (void)fprintf(stderr, "campaign: no saved seed in %s\n", dir);
        sums->bad++;
    }
    for (int i = 0; i < n; i++) {
        (void)str_format(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
        (void)live_file(sums, path, (struct way){0});
        free(list[i]);
    }
    free(list);
}

/* Mostly none is left. A change of the program makes other histories of the saved seeds,
 * too. What only several controllers reach is dear: with them only where that is left. */
static void reach_probes(struct sums *sums)
{
    enum { FROM = 3000, MOST = 300 };

    for (uint64_t i = 0; i < MOST && points_missed(true) > 0; i++)
        (void)draw_and_live(sums, FROM + i,
                            &(struct wish){.several = points_missed(false) == 0});
}

static void usual(struct sums *sums)
{
    enum { OTHERS = 12, WIRES = 3 };

    saved(sums);
    for (uint64_t seed = 1; seed <= OTHERS; seed++)
        (void)draw_and_live(sums, seed * SAME_EVERY / 4 + 1000, &(struct wish){0});
    reach_probes(sums);
    sums->level = DRIVE_WIRE;
    for (uint64_t seed = 1; seed <= WIRES; seed++)
        (void)draw_and_live(sums, seed + 2000, &(struct wish){0});
}

/* ----- what is asked for ----- */

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

static void wrong(const char *what)
{
    (void)fprintf(stderr, "campaign: what is %s?\n", what);
    exit(2);
}

static enum drive_level level_of(const char *word)
{
    if (!str_eq(word, "typed") && !str_eq(word, "wire"))
        wrong(word);
    return str_eq(word, "wire") ? DRIVE_WIRE : DRIVE_TYPED;
}

static void read_wish(int argc, char **argv, struct wish *w, struct sums *sums)
{
    const struct {
        const char *name;
        int64_t *value;
    } numbers[] = {{"--from", &w->from},
                   {"--seed", &w->from},
                   {"--seeds", &w->seeds},
                   {"--years", &w->years},
                   {"--seconds", &w->seconds}};

    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        bool known = true;

        if (str_eq(name, "--trace"))
            w->way.trace = true;
        else if (str_eq(name, "--plain"))
            w->plain = true;
        else if (str_eq(name, "--several"))
            w->several = true;
        else if (str_eq(name, "--probes"))
            w->probes = true;
        else if (str_eq(name, "--each"))
            sums->each = true;
        else if (str_eq(name, "--until-bad"))
            w->until_bad = true;
        else
            known = false;
        if (known)
            continue;
        if (value == NULL)
            wrong(name);
        i++;
        if (str_eq(name, "--seed"))
            w->seeds = 1;
        if (str_eq(name, "--seed-file"))
            w->file = value;
        else if (str_eq(name, "--level"))
            sums->level = level_of(value);
        else if (str_eq(name, "--commit"))
            commit = value;
        else
            known = true;
        for (size_t k = 0; known && k < ARRAY_LEN(numbers); k++)
            if (str_eq(name, numbers[k].name)) {
                *numbers[k].value = number(value);
                known = false;
            }
        if (known)
            wrong(name);
    }
}

static bool enough(const struct wish *w, const struct sums *s)
{
    if (w->years > 0)
        return s->days >= w->years * 365;
    if (w->seconds > 0)
        return cpu_ms() - s->began_ms >= w->seconds * 1000;
    return s->seeds >= w->seeds;
}

int main(int argc, char **argv)
{
    struct wish w = {.from = 1, .seeds = 30};
    struct sums sums = {.level = DRIVE_TYPED, .began_ms = cpu_ms()};

    if (!points_are_sound() ||
        sigaction(SIGABRT, &(struct sigaction){.sa_handler = on_abort}, NULL) != 0)
        return 2;
    read_wish(argc, argv, &w, &sums);
    if (argc == 1) {
        w.probes = w.several = true;
        usual(&sums);
    } else if (w.file != NULL) {
        (void)live_file(&sums, w.file, w.way);
    } else {
        while (
            !enough(&w, &sums) &&
            (draw_and_live(&sums, (uint64_t)(w.from + sums.seeds), &w) || !w.until_bad))
            ;
    }
    say(&sums);
    points_say(w.probes, w.several);
    return sums.bad == 0 && (!w.probes || points_missed(w.several) == 0) ? 0 : 1;
}
