/*
 * test_alloc - memory is refused at the k-th allocation, once or for ever, in all that
 * the program does: it says so and goes on or ends, crashes and hangs nowhere, frees what
 * it had, shows nothing that is not so; and a workflow keeps every promise (reliability
 * 13). test_alloc [--all [--once]] [--callers] [--only WORD] [--runs N] [--seed N]
 * [--at K [--for-ever|--dies]]
 * Each k of what is small. Of a day N, chosen by the seed, in all ways of refusing; then
 * each caller that asks for memory in any of them, once: with --callers in all ways, and
 * the days of bytes, too. --all: each k of a day. RH_TORTURE_TRACE=1 says where the
 * refused allocation was; RH_TORTURE_ONE_IN=8 tries every eighth caller, for who has no
 * time. Threads: one.
 */
#include <config.h>

#include "core/base/rng.h"
#include "core/net/http.h"
#include "core/sim/account.h"
#include "core/sim/ready.h"
#include "core/sim/site_impl.h"
#include "core/sim/typed.h"
#include "tests/torture/alloc.h"
#include "tests/torture/callers.h"
#include "tests/torture/life.h"
#include "tests/torture/scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { HANG_S = 60, OUT_S = 10 * 60, CALM_S = 5 * 3600, WARM_UPS = 2 };

enum refusal { ONCE, FOR_EVER, DIES, REFUSALS };
static const char *const refusal_words[REFUSALS] = {"once", "for ever",
                                                    "once, and it dies"};

static struct {
    bool all, once, callers;
    const char *only;
    int64_t runs; /* of a scenario at most, in all its modes; 0 = every one */
    uint64_t seed, at, one_in;
    enum refusal mode;
    int64_t done, refused, bad;
} opt = {.runs = 700, .seed = 1};

static char doing[LINE_TEXT]; /* for whom it hangs or crashes */

static void on_signal(int sig)
{
    ssize_t n = write(STDERR_FILENO, doing, strlen(doing));

    (void)n; /* there is nobody else to tell */
    _exit(sig == SIGALRM ? 124 : 125);
}

/* ----- the world is not ours: its memory does not run out ----- */

void __real_site_advance(struct site *s, int64_t now_ms);
void __wrap_site_advance(struct site *s, int64_t now_ms);
void __wrap_site_advance(struct site *s, int64_t now_ms)
{
    alloc_pause();
    __real_site_advance(s, now_ms);
    alloc_resume();
}

void __real_world_advance(struct world *w, int64_t now_ms);
void __wrap_world_advance(struct world *w, int64_t now_ms);
void __wrap_world_advance(struct world *w, int64_t now_ms)
{
    alloc_pause();
    __real_world_advance(w, now_ms);
    alloc_resume();
}

void __real_typed_act(struct world *w, const struct call *call, struct call_result *r);
void __wrap_typed_act(struct world *w, const struct call *call, struct call_result *r);
void __wrap_typed_act(struct world *w, const struct call *call, struct call_result *r)
{
    alloc_pause();
    __real_typed_act(w, call, r);
    alloc_resume();
}

void __real_account_take(struct account *a, const struct record *r);
void __wrap_account_take(struct account *a, const struct record *r);
void __wrap_account_take(struct account *a, const struct record *r)
{
    alloc_pause();
    __real_account_take(a, r);
    alloc_resume();
}

void __real_readiness_advance(struct readiness *r, struct utc now);
void __wrap_readiness_advance(struct readiness *r, struct utc now);
void __wrap_readiness_advance(struct readiness *r, struct utc now)
{
    alloc_pause();
    __real_readiness_advance(r, now);
    alloc_resume();
}

static enum err_code paused_site(void *ctx, const struct http_request *rq,
                                 struct http_response *rs, struct err *e)
{
    const struct transport t = site_transport(ctx);
    struct http_response said;
    struct strbuf body = rs->body;
    enum err_code rc;

    alloc_pause();
    http_response_init(&said);
    said.body.limit = body.limit;
    rc = t.perform(t.ctx, rq, &said, e);
    alloc_resume();
    *rs = said;
    rs->body = body;
    strbuf_add(&rs->body, strbuf_text(&said.body),
               said.body.len); /* as libcurl hands it over */
    strbuf_clear(&said.body);
    rs->maybe_sent = rs->maybe_sent || rs->body.failed;
    if (rc == ERR_OK && rs->body.failed)
        rc = err_set(e, ERR_NOMEM, "no memory for the answer");
    return rc;
}

/* ----- a day at a server ----- */

static struct {
    const struct life_way *way;
    uint64_t at;
    enum refusal mode;
    int64_t out_since_s; /* of the site */
    bool died;
    struct life *life;
} day;

static bool day_dies(void *ctx)
{
    int64_t now_s = site_now_ms(day.life->site) / 1000;

    (void)ctx;
    if (alloc_refused() && day.out_since_s == 0) {
        day.out_since_s = now_s;
        if (now_s > life_end_s - CALM_S)
            day.life->options.calm = false; /* not all can be well by then */
    }
    if (day.out_since_s != 0 && now_s >= day.out_since_s + OUT_S)
        alloc_relent();
    return false;
}

static enum drive_fate day_fate(void *ctx, const struct call *call)
{
    (void)ctx;
    (void)call;
    if (day.mode != DIES || !alloc_refused() || day.died)
        return FATE_DONE;
    day.died = true;
    return FATE_CRASH_BEFORE;
}

static void live_a_day(struct result *o)
{
    struct life l;
    struct transport via = {paused_site, NULL};

    alloc_pause();
    if (!life_begin(&l, day.way, 5, &o->err) || !life_has_store(&l, &o->err)) {
        result_broken(o, o->err.text);
        alloc_resume();
        return;
    }
    l.dies = day_dies;
    l.hindered = day.mode == FOR_EVER;
    l.fate = day_fate;
    via.ctx = l.site;
    l.options.via = &via;
    day.life = &l;
    day.out_since_s = 0;
    day.died = false;
    alloc_resume();
    if (life_live(&l, &o->err) == ERR_NOMEM) { /* it said so at its start, and ended */
        alloc_relent();
        err_clear(&o->err);
        if (life_live(&l, &o->err) != ERR_OK)
            result_broken(o, o->err.text);
    } else if (o->err.code != ERR_OK) {
        result_broken(o, o->err.text);
    }
    alloc_pause();
    if (alloc_refused() && day.out_since_s == 0 &&
        strstr(l.report.violation, " I10: ") != NULL)
        l.report.violations = 0; /* in the day's last look: nothing is well after it */
    if (o->broken[0] == '\0')
        life_check(&l, o->broken);
    life_clear(&l);
    alloc_resume();
}

/* ----- one after the other ----- */

/* A scenario, or a day. */
struct story {
    char what[LINE_TEXT];
    void (*run)(struct result *o);
    const struct life_way *way;
    int modes;
    int64_t runs; /* where it is too long for each */
    /* With memory enough, the libraries having what they make once and keep: */
    uint64_t product, n;
    size_t live;
};

enum { STORIES = 64 };
static struct story stories[STORIES];
static int n_stories;

static uint64_t run(const struct story *s, uint64_t at, enum refusal mode,
                    struct result *o)
{
    uint64_t n;

    *o = (struct result){.product = UINT64_C(14695981039346656037)};
    (void)str_format(doing, sizeof(doing),
                     "FAIL %s, allocation %llu %s: a crash or a hang\n", s->what,
                     (unsigned long long)at, refusal_words[mode]);
    day.way = s->way;
    day.mode = mode;
    day.at = at;
    callers_base();
    (void)alarm(HANG_S);
    alloc_begin(at, mode == FOR_EVER);
    s->run(o);
    n = alloc_end();
    (void)alarm(0);
    return n;
}

static void judge(const struct story *s, uint64_t at, enum refusal mode)
{
    struct result o;
    char why[2 * LINE_TEXT] = "";

    (void)run(s, at, mode, &o);
    opt.done++;
    opt.refused += alloc_refused();
    if (o.broken[0] != '\0')
        (void)str_copy(why, sizeof(why), o.broken);
    else if (o.err.code != ERR_OK && o.err.code != ERR_NOMEM)
        (void)str_format(why, sizeof(why), "no memory is told as: %s", o.err.text);
    else if (o.err.code == ERR_NOMEM && strstr(o.err.text, "memory") == NULL)
        (void)str_format(why, sizeof(why), "memory is not named: %s", o.err.text);
    else if (o.err.code == ERR_OK && o.product != s->product)
        (void)str_copy(why, sizeof(why), "something is missing, and nobody says so");
    else if (alloc_live() != s->live)
        (void)str_format(why, sizeof(why),
                         "%lld blocks are left, the newest is the %lluth",
                         (long long)alloc_live() - (long long)s->live,
                         (unsigned long long)alloc_left());
    if (why[0] == '\0')
        return;
    opt.bad++;
    (void)printf("FAIL %s, allocation %llu %s: %s\n", s->what, (unsigned long long)at,
                 refusal_words[mode], why);
}

/* False: it is not well even so. */
static bool warm_up(struct story *s)
{
    struct result o;

    for (int i = 0; i < WARM_UPS; i++) {
        s->n = run(s, 0, ONCE, &o);
        s->live = alloc_live();
    }
    s->product = o.product;
    if (o.broken[0] == '\0' && o.err.code == ERR_OK)
        return true;
    (void)printf("FAIL %s with memory enough: %s%s\n", s->what, o.broken, o.err.text);
    opt.bad++;
    return false;
}

/* ----- each caller ----- */

static struct callers callers;
static struct {
    int story;
    uint64_t refused; /* that one */
} watched;

static void each_caller(uint64_t n)
{
    callers_add(&callers, caller_now(0), watched.story, n);
}

static void the_refused(uint64_t n)
{
    (void)n;
    watched.refused = caller_now(0);
}

static void note_callers(int story)
{
    struct result o;

    watched.story = story;
    alloc_watch(each_caller);
    (void)run(&stories[story], 0, ONCE, &o);
    alloc_watch(NULL);
}

/* Once, where nobody asked for more: that it is for ever is said of what was chosen. */
static void torture_callers(void)
{
    int64_t done = opt.done;
    size_t reached = 0;
    int story = -1;

    if (callers.n == 0)
        return;
    callers_sort(&callers);
    alloc_watch(the_refused);
    for (size_t i = 0; i < callers.n; i += opt.one_in) {
        const struct caller *p = &callers.list[i];
        struct story *s = &stories[p->story];

        if (p->story != story) { /* others were on the way */
            alloc_watch(NULL);
            if (!warm_up(s))
                return;
            alloc_watch(the_refused);
            story = p->story;
        }
        watched.refused = 0;
        for (int mode = 0; mode < (opt.callers ? s->modes : 1); mode++)
            judge(s, p->at, (enum refusal)mode);
        reached += watched.refused == p->id;
    }
    alloc_watch(NULL);
    (void)printf("%zu callers, %lld runs, %zu of them refused\n", callers.n,
                 (long long)(opt.done - done), reached);
    (void)fflush(stdout);
}

/* ----- each, or a choice ----- */

static void torture_each(const struct story *s)
{
    for (uint64_t k = 1; k <= s->n; k++)
        for (int mode = 0; mode < (opt.once ? 1 : s->modes); mode++)
            judge(s, k, (enum refusal)mode);
}

/* One of each part. */
static void torture_some(const struct story *s)
{
    struct rng rng;
    uint64_t runs = (uint64_t)s->runs, part = s->n / runs;

    rng_seed(&rng, opt.seed);
    for (uint64_t i = 0; i < runs; i++)
        judge(s, 1 + i * s->n / runs + (uint64_t)rng_between(&rng, 0, (int64_t)part),
              (enum refusal)(i % (uint64_t)s->modes));
}

static void torture(int story)
{
    struct story *s = &stories[story];
    int64_t done = opt.done, refused = opt.refused;

    if ((opt.only != NULL && strstr(s->what, opt.only) == NULL) || !warm_up(s))
        return;
    if (opt.at != 0) {
        judge(s, opt.at, opt.mode);
        return;
    }
    if (opt.all || s->n * (uint64_t)s->modes <= (uint64_t)s->runs) {
        torture_each(s);
    } else {
        torture_some(s);
        if (opt.callers || s->way == NULL || s->way->level == DRIVE_TYPED)
            note_callers(story);
    }
    (void)printf("%s: %llu allocations, %lld runs, refused in %lld\n", s->what,
                 (unsigned long long)s->n, (long long)(opt.done - done),
                 (long long)(opt.refused - refused));
    (void)fflush(stdout);
}

static void tell(const char *what, void (*how)(struct result *o),
                 const struct life_way *way, int64_t one_in)
{
    struct story *s = &stories[n_stories++];

    if (n_stories > STORIES)
        abort();
    *s = (struct story){.run = how,
                        .way = way,
                        .modes = way != NULL ? REFUSALS : DIES, /* nothing else dies */
                        .runs = opt.runs / one_in};
    s->runs = s->runs < REFUSALS ? REFUSALS : s->runs;
    (void)str_format(s->what, sizeof(s->what), "%s%s", way != NULL ? "a day: " : "",
                     what);
}

static void tell_all(void)
{
    static const struct scenario *const groups[] = {scenarios_model, scenarios_api,
                                                    scenarios_tui};

    for (size_t g = 0; g < ARRAY_LEN(groups); g++)
        for (const struct scenario *s = groups[g]; s->what != NULL; s++)
            tell(s->what, s->run, NULL, 1);
    for (const struct life_way *w = life_ways; w->what != NULL; w++)
        tell(w->what, live_a_day, w, w->level == DRIVE_WIRE ? 100 : 30);
}

static uint64_t number(const char *text)
{
    struct err e = {0};
    int64_t v = 0;

    if (str_to_i64(text, 0, INT64_MAX, &v, &e) != ERR_OK) {
        (void)fprintf(stderr, "test_alloc: %s\n", e.text);
        exit(2);
    }
    return (uint64_t)v;
}

static void options(int argc, char **argv)
{
    const char *one_in = getenv("RH_TORTURE_ONE_IN");

    opt.one_in = one_in != NULL ? number(one_in) : 1;
    opt.one_in = opt.one_in > 0 ? opt.one_in : 1;
    for (int i = 1; i < argc; i++) {
        if (str_eq(argv[i], "--all"))
            opt.all = true;
        else if (str_eq(argv[i], "--once"))
            opt.once = true;
        else if (str_eq(argv[i], "--callers"))
            opt.callers = true;
        else if (str_eq(argv[i], "--for-ever"))
            opt.mode = FOR_EVER;
        else if (str_eq(argv[i], "--dies"))
            opt.mode = DIES;
        else if (i + 1 < argc && str_eq(argv[i], "--only"))
            opt.only = argv[++i];
        else if (i + 1 < argc && str_eq(argv[i], "--runs"))
            opt.runs = (int64_t)number(argv[++i]);
        else if (i + 1 < argc && str_eq(argv[i], "--seed"))
            opt.seed = number(argv[++i]);
        else if (i + 1 < argc && str_eq(argv[i], "--at"))
            opt.at = number(argv[++i]);
        else
            exit(2);
    }
}

int main(int argc, char **argv)
{
    struct sigaction sa = {.sa_handler = on_signal};
    struct err e = {0};

    options(argc, argv);
    alloc_install();
    if (http_global_init(&e) != ERR_OK)
        return 1;
    (void)sigaction(SIGALRM, &sa, NULL);
    (void)sigaction(SIGABRT, &sa, NULL);
#ifndef __SANITIZE_ADDRESS__ /* which says more */
    (void)sigaction(SIGSEGV, &sa, NULL);
#endif
    callers_begin(&callers, opt.seed);
    tell_all();
    for (int i = 0; i < n_stories; i++)
        torture(i);
    torture_callers();
    (void)printf("%lld runs, memory refused in %lld of them, %lld bad\n",
                 (long long)opt.done, (long long)opt.refused, (long long)opt.bad);
    return opt.bad == 0 ? 0 : 1;
}
