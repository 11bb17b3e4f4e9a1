/*
 * test_disk - the disk under the store fails while a server is moved: each call of
 * SQLite's to its file system, once or for ten minutes; and the power goes at each
 * change, again soon after it has come back. No promise is broken, the screen says what
 * is wrong, and all goes on when it works again (reliability 13, 14).
 * test_disk [--runs N] [--seed N] [--only WORD] [--at K [--for-ever|--torn]]
 * N of each kind in each workflow, chosen by the seed, 0: every one; then each caller
 * that asks for such a call in any of them. Half of the days begin with a store from
 * before. Threads: one.
 */
#include <config.h>

#include "core/base/rng.h"
#include "core/sim/site_impl.h"
#include "tests/torture/callers.h"
#include "tests/torture/life.h"
#include "tests/torture/vfs.h"

#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_S = 10 * 60, CALM_S = 5 * 3600, AGAIN = 40, HANG_S = 60, MANY = 10 };

static const struct fault {
    const char *what;
    enum vfs_op op;
    int error;
    bool may_lose; /* half a page looks like a damaged file */
} faults[] = {
    {"EIO at a write", VFS_WRITE, SQLITE_IOERR_WRITE, false},
    {"no room at a write", VFS_WRITE, SQLITE_FULL, false},
    {"EIO at a sync", VFS_SYNC, SQLITE_IOERR_FSYNC, false},
    {"EIO at a read", VFS_READ, SQLITE_IOERR_READ, false},
    {"half of a read", VFS_READ, SQLITE_IOERR_SHORT_READ, true},
    {"EIO at a truncation", VFS_TRUNCATE, SQLITE_IOERR_TRUNCATE, false},
    {"a file cannot be opened", VFS_OPEN, SQLITE_CANTOPEN, false},
    {"a file cannot be removed", VFS_DELETE, SQLITE_IOERR_DELETE, false},
    {"EIO at a lock", VFS_LOCK, SQLITE_IOERR_LOCK, false},
    {"a lock that another has", VFS_LOCK, SQLITE_BUSY, false},
    {"EIO at the log's index", VFS_SHM, SQLITE_IOERR_SHMLOCK, false},
    {"the log's index is busy", VFS_SHM, SQLITE_BUSY, false},
};

static struct {
    int64_t runs;
    uint64_t seed, at;
    const char *only;
    bool flag;
    int64_t done, struck, bad;
} opt = {.runs = 3, .seed = 1};

static char doing[LINE_TEXT];

static void on_alarm(int sig)
{
    ssize_t n = write(STDERR_FILENO, doing, strlen(doing));

    (void)sig;
    (void)n; /* there is nobody else to tell */
    _exit(124);
}

/* A store whose syncs are not waited for: the test of the test. */
static const char *planted;
int __real_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx, char **e);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx, char **e);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx, char **e)
{
    int rc = __real_sqlite3_exec(db, sql, each, ctx, e);

    if (planted != NULL && rc == SQLITE_OK && str_starts(sql, "PRAGMA synchronous=FULL"))
        rc = __real_sqlite3_exec(db, planted, NULL, NULL, NULL);
    return rc;
}

/* ----- who asks for what in a good day ----- */

static struct {
    struct callers calls, changes;
    int way; /* of life_ways */
    bool listens;
} heard;

/* Of a way, and of a kind of call. */
static int story(int way, enum vfs_op op)
{
    return way * VFS_OPS + (int)op;
}

static void each_caller(enum vfs_op op, uint64_t n, uint64_t change)
{
    uint64_t id = caller_now((int)op);

    callers_add(&heard.calls, id, story(heard.way, op), n);
    if (change != 0)
        callers_add(&heard.changes, id, story(heard.way, op), change);
}

/* ----- a day ----- */

static struct {
    struct life *life;
    int64_t out_since_s;
    bool power, torn, shown; /* shown: the screen must have said so */
    int losses;
    uint64_t seed;
    uint64_t counts[VFS_OPS], changes; /* what was there to fail */
} day;

static bool each_step(void *ctx)
{
    int64_t now_s = site_now_ms(day.life->site) / 1000;

    (void)ctx;
    if (vfs_failures() > 0 && day.out_since_s == 0) {
        day.out_since_s = now_s;
        if (now_s > life_end_s - CALM_S)
            day.life->options.calm = false; /* not all can be well by then */
    }
    if (day.out_since_s != 0 && now_s >= day.out_since_s + OUT_S)
        vfs_relent();
    return vfs_is_off();
}

/* It is on again. Once more, soon. */
static enum drive_fate each_call(void *ctx, const struct call *call)
{
    (void)ctx;
    (void)call;
    if (day.power && day.life->report.crashes > 0 && day.losses == 1) {
        day.losses++;
        vfs_power_off(1 + day.seed % AGAIN, day.torn, day.seed);
    }
    return FATE_DONE;
}

static bool was_set_aside(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    bool found = false;

    while (d != NULL && (e = readdir(d)) != NULL)
        found = found || strstr(e->d_name, "corrupt-") != NULL;
    if (d != NULL)
        (void)closedir(d);
    return found;
}

/* Runs it with what has been armed by `arm`; why gets what broke. */
static void live(const struct life_way *way, void (*arm)(void *ctx), void *ctx,
                 bool may_lose, char why[LINE_TEXT])
{
    struct life l;
    struct err e = {0};
    enum err_code rc;

    why[0] = '\0';
    if (!life_begin(&l, way, 5, &e) || (way->taken && !life_has_store(&l, &e))) {
        (void)str_copy(why, LINE_TEXT, e.text);
        return;
    }
    l.dies = each_step;
    l.fate = each_call;
    day.life = &l;
    day.out_since_s = 0;
    day.losses = 1;
    vfs_begin();
    if (heard.listens)
        vfs_watch(each_caller);
    arm(ctx);
    callers_base();
    (void)alarm(HANG_S);
    rc = life_live(&l, &e);
    vfs_watch(NULL); /* what follows is of the test */
    for (int i = 0; i < VFS_OPS; i++)
        day.counts[i] = vfs_count((enum vfs_op)i);
    day.changes = vfs_changes();
    opt.struck += vfs_failures() > 0 || l.report.crashes > 0 || rc != ERR_OK;
    day.shown = day.shown && rc == ERR_OK && l.options.calm && vfs_failures() > MANY;
    for (int i = 0; rc != ERR_OK && i < 2; i++) { /* it said why, and ended */
        if (rc != ERR_STORE)
            (void)str_format(why, LINE_TEXT, "ended with: %s", e.text);
        vfs_relent();
        err_clear(&e);
        rc = life_live(&l, &e);
    }
    (void)alarm(0);
    vfs_relent();
    if (rc != ERR_OK)
        (void)str_copy(why, LINE_TEXT, e.text);
    else if (was_set_aside(l.dir) && !may_lose)
        (void)str_copy(why, LINE_TEXT, "a good store was set aside as damaged");
    else if (!was_set_aside(l.dir) && why[0] == '\0')
        life_check(&l, why);
    if (why[0] == '\0' && day.shown && l.minutes_store + l.minutes_disk == 0)
        (void)str_copy(why, LINE_TEXT, "for ten minutes no screen said that it fails");
    life_clear(&l);
}

/* ----- a fault ----- */

struct armed {
    const struct fault *f;
    uint64_t at;
    bool for_ever;
};

static void arm_fault(void *ctx)
{
    const struct armed *a = ctx;

    day.power = false;
    day.shown = a->for_ever && (a->f->op == VFS_WRITE || a->f->op == VFS_SYNC);
    day.life->hindered = a->for_ever;
    if (a->at != 0)
        vfs_fail(a->f->op, a->f->error, a->at, a->for_ever);
}

static void judge(const struct life_way *way, const char *what, uint64_t at,
                  const char *how, void (*arm)(void *ctx), void *ctx, bool may_lose)
{
    char why[LINE_TEXT];

    (void)str_format(doing, sizeof(doing), "FAIL %s, %s %llu %s: it hangs\n", way->what,
                     what, (unsigned long long)at, how);
    live(way, arm, ctx, may_lose, why);
    opt.done++;
    if (why[0] == '\0')
        return;
    opt.bad++;
    (void)printf("FAIL %s, %s %llu %s: %s\n", way->what, what, (unsigned long long)at,
                 how, why);
}

static uint64_t pick(struct rng *rng, int64_t i, uint64_t n)
{
    uint64_t part = opt.runs > 0 ? n / (uint64_t)opt.runs : 1;

    if (opt.at != 0)
        return opt.at;
    return 1 + (uint64_t)i * (part > 0 ? part : 1) +
           (part > 1 ? (uint64_t)rng_between(rng, 0, (int64_t)part - 1) : 0);
}

static int64_t rounds(uint64_t n)
{
    return opt.at != 0                               ? 1
           : opt.runs == 0 || n < (uint64_t)opt.runs ? (int64_t)n
                                                     : opt.runs;
}

/* Once and for long; of one that was asked for by its number as was asked. */
static void judge_fault(const struct life_way *way, const struct fault *f, uint64_t at)
{
    struct armed a = {f, at, false};

    if (opt.at == 0 || !opt.flag)
        judge(way, f->what, at, "once", arm_fault, &a, f->may_lose);
    a.for_ever = true;
    if (opt.at == 0 || opt.flag)
        judge(way, f->what, at, "for ten minutes", arm_fault, &a, f->may_lose);
}

static void torture_faults(const struct life_way *way, const uint64_t counts[VFS_OPS],
                           struct rng *rng)
{
    for (size_t f = 0; f < ARRAY_LEN(faults); f++) {
        uint64_t n = counts[faults[f].op];

        if (opt.only != NULL && strstr(faults[f].what, opt.only) == NULL)
            continue;
        for (int64_t i = 0; i < rounds(n); i++)
            judge_fault(way, &faults[f], pick(rng, i, n));
    }
}

/* ----- the power ----- */

static void arm_power(void *ctx)
{
    const struct armed *a = ctx;

    day.power = true;
    day.shown = false;
    day.torn = a->for_ever;
    day.seed = a->at * 7919 + opt.seed;
    vfs_power_off(a->at, day.torn, day.seed);
}

static const char power_goes[] = "the power goes at change";

static void judge_power(const struct life_way *way, struct armed *a)
{
    judge(way, power_goes, a->at,
          a->for_ever ? "and sectors are torn" : "and all is lost", arm_power, a, false);
}

static void torture_power(const struct life_way *way, uint64_t changes, struct rng *rng,
                          int64_t more)
{
    if (opt.only != NULL && strstr(power_goes, opt.only) == NULL)
        return;
    for (int64_t i = 0; i < rounds(changes) * more; i++) {
        struct armed a = {NULL, pick(rng, i / more, changes), (i & 1) != 0};

        if (opt.at != 0)
            a.for_ever = opt.flag;
        judge_power(way, &a);
    }
}

/* Without FULL the same test has to find a loss. */
static void torture_test(const struct life_way *way, uint64_t changes, struct rng *rng)
{
    static const char *const rows[] = {"PRAGMA synchronous=OFF",
                                       "PRAGMA synchronous=NORMAL"};
    enum { TRIES = 60 };

    for (size_t i = 0; i < ARRAY_LEN(rows) && opt.only == NULL; i++) {
        int64_t tries = 0;
        char why[LINE_TEXT] = "";

        planted = rows[i];
        for (; why[0] == '\0' && tries < TRIES; tries++) {
            struct armed a = {NULL, (uint64_t)rng_between(rng, 1, (int64_t)changes),
                              false};

            live(way, arm_power, &a, false, why);
        }
        planted = NULL;
        if (why[0] == '\0') {
            opt.bad++;
            (void)printf("FAIL %s loses nothing in %d tries\n", rows[i], TRIES);
        } else {
            (void)printf("%s is found out after %lld: %s\n", rows[i], (long long)tries,
                         why);
        }
    }
}

/* ----- each caller ----- */

static void torture_callers(void)
{
    int64_t done = opt.done, struck = opt.struck;

    if (heard.calls.n == 0)
        return;
    callers_sort(&heard.calls);
    callers_sort(&heard.changes);
    for (size_t i = 0; i < heard.calls.n; i++) {
        const struct caller *c = &heard.calls.list[i];

        for (size_t f = 0; f < ARRAY_LEN(faults); f++) {
            if ((int)faults[f].op == c->story % VFS_OPS)
                judge_fault(&life_ways[c->story / VFS_OPS], &faults[f], c->at);
        }
    }
    for (size_t i = 0; i < heard.changes.n; i++) {
        const struct caller *c = &heard.changes.list[i];
        struct armed a = {NULL, c->at, i % 2 != 0};

        judge_power(&life_ways[c->story / VFS_OPS], &a);
    }
    (void)printf(
        "%zu callers, %zu of them change a file: %lld runs, %lld of them struck\n",
        heard.calls.n, heard.changes.n, (long long)(opt.done - done),
        (long long)(opt.struck - struck));
}

/* ----- a choice, or every one ----- */

static void torture(const struct life_way *way, struct rng *rng, bool test_it)
{
    struct armed none = {NULL, 0, false};
    uint64_t counts[VFS_OPS], changes;
    char why[LINE_TEXT];
    int64_t done = opt.done;

    heard.way = (int)(way - life_ways);
    heard.listens = opt.only == NULL && opt.at == 0 && opt.runs != 0;
    live(way, arm_fault, &none, false, why);
    heard.listens = false;
    memcpy(counts, day.counts, sizeof(counts));
    changes = day.changes;
    if (why[0] != '\0') {
        opt.bad++;
        (void)printf("FAIL %s with a good disk: %s\n", way->what, why);
        return;
    }
    if (test_it)
        torture_test(way, changes, rng);
    torture_faults(way, counts, rng);
    torture_power(way, changes, rng, opt.runs == 0 ? 2 : 6);
    (void)printf("%s: %llu changes of files, %llu reads, %lld runs\n", way->what,
                 (unsigned long long)changes, (unsigned long long)counts[VFS_READ],
                 (long long)(opt.done - done));
    (void)fflush(stdout);
}

static uint64_t number(const char *text)
{
    struct err e = {0};
    int64_t v = 0;

    if (str_to_i64(text, 0, INT64_MAX, &v, &e) != ERR_OK) {
        (void)fprintf(stderr, "test_disk: %s\n", e.text);
        exit(2);
    }
    return (uint64_t)v;
}

int main(int argc, char **argv)
{
    struct sigaction sa = {.sa_handler = on_alarm};
    struct rng rng;

    for (int i = 1; i < argc; i++) {
        if (str_eq(argv[i], "--for-ever") || str_eq(argv[i], "--torn"))
            opt.flag = true;
        else if (i + 1 < argc && str_eq(argv[i], "--only"))
            opt.only = argv[++i];
        else if (i + 1 < argc && str_eq(argv[i], "--runs"))
            opt.runs = (int64_t)number(argv[++i]);
        else if (i + 1 < argc && str_eq(argv[i], "--seed"))
            opt.seed = number(argv[++i]);
        else if (i + 1 < argc && str_eq(argv[i], "--at"))
            opt.at = number(argv[++i]);
        else
            return 2;
    }
    (void)sigaction(SIGALRM, &sa, NULL);
    vfs_install();
    rng_seed(&rng, opt.seed);
    callers_begin(&heard.calls, opt.seed);
    callers_begin(&heard.changes, opt.seed);
    for (const struct life_way *w = life_ways; w->what != NULL; w++) {
        if (w->level == DRIVE_TYPED) /* bytes make no difference to the store */
            torture(w, &rng, w == life_ways);
    }
    torture_callers();
    (void)printf("%lld runs, %lld of them struck, %lld bad\n", (long long)opt.done,
                 (long long)opt.struck, (long long)opt.bad);
    return opt.bad == 0 ? 0 : 1;
}
