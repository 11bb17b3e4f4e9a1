/*
 * test_alloc - memory is refused at the k-th allocation, once or for ever, in all that
 * the program does: it says so and goes on or ends, crashes and hangs nowhere, frees what
 * it had, shows nothing that is not so; and a workflow keeps every promise (reliability
 * 13). test_alloc [--all] [--only WORD] [--runs N] [--seed N] [--at K
 * [--for-ever|--dies]] Without --all: each k of what is small, N of the others, chosen by
 * the seed. RH_TORTURE_TRACE=1 says where the refused allocation was. Threads: one.
 */
#include <config.h>

#include "core/base/rng.h"
#include "core/net/http.h"
#include "core/sim/account.h"
#include "core/sim/ready.h"
#include "core/sim/site_impl.h"
#include "core/sim/typed.h"
#include "tests/torture/alloc.h"
#include "tests/torture/life.h"
#include "tests/torture/scenario.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { HANG_S = 60, OUT_S = 10 * 60, CALM_S = 5 * 3600, WARM_UPS = 2 };

enum refusal { ONCE, FOR_EVER, DIES, REFUSALS };
static const char *const refusal_words[REFUSALS] = {"once", "for ever",
                                                    "once, and it dies"};

static struct {
    bool all;
    const char *only;
    int64_t runs; /* of a scenario at most, in all its modes; 0 = every one */
    uint64_t seed, at;
    enum refusal mode;
    int64_t done, refused, bad;
} opt = {.runs = 300, .seed = 1};

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
    if (!life_begin(&l, day.way, 5, &o->err)) {
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
    if (o->broken[0] == '\0')
        life_check(&l, o->broken);
    life_clear(&l);
    alloc_resume();
}

/* ----- one after the other ----- */

static uint64_t run(const struct scenario *s, uint64_t at, enum refusal mode,
                    struct result *o)
{
    uint64_t n;

    *o = (struct result){.product = UINT64_C(14695981039346656037)};
    (void)str_format(doing, sizeof(doing),
                     "FAIL %s, allocation %llu %s: a crash or a hang\n", s->what,
                     (unsigned long long)at, refusal_words[mode]);
    day.mode = mode;
    day.at = at;
    (void)alarm(HANG_S);
    alloc_begin(at, mode == FOR_EVER);
    s->run(o);
    n = alloc_end();
    (void)alarm(0);
    return n;
}

static void judge(const struct scenario *s, uint64_t at, enum refusal mode,
                  uint64_t product, size_t live)
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
    else if (o.err.code == ERR_OK && o.product != product)
        (void)str_copy(why, sizeof(why), "something is missing, and nobody says so");
    else if (alloc_live() != live)
        (void)str_format(
            why, sizeof(why), "%lld blocks are left, the newest is the %lluth",
            (long long)alloc_live() - (long long)live, (unsigned long long)alloc_left());
    if (why[0] == '\0')
        return;
    opt.bad++;
    (void)printf("FAIL %s, allocation %llu %s: %s\n", s->what, (unsigned long long)at,
                 refusal_words[mode], why);
}

static void torture(const struct scenario *s, int modes)
{
    struct result o;
    struct rng rng;
    size_t live = 0;
    uint64_t n = 0, all;
    int64_t done = opt.done, refused = opt.refused;

    if (opt.only != NULL && strstr(s->what, opt.only) == NULL)
        return;
    for (int i = 0; i < WARM_UPS; i++) { /* what libraries make once, they keep */
        n = run(s, 0, ONCE, &o);
        live = alloc_live();
    }
    if (o.broken[0] != '\0' || o.err.code != ERR_OK) {
        (void)printf("FAIL %s with memory enough: %s%s\n", s->what, o.broken, o.err.text);
        opt.bad++;
        return;
    }
    if (opt.at != 0) {
        judge(s, opt.at, opt.mode, o.product, live);
        return;
    }
    all = n * (uint64_t)modes;
    rng_seed(&rng, opt.seed);
    if (opt.all || all <= (uint64_t)opt.runs) {
        for (uint64_t k = 0; k < all; k++)
            judge(s, k / (uint64_t)modes + 1, (enum refusal)(k % (uint64_t)modes),
                  o.product, live);
    } else {
        for (int64_t i = 0; i < opt.runs; i++) /* one of each part */
            judge(s,
                  1 + (uint64_t)i * n / (uint64_t)opt.runs +
                      (uint64_t)rng_between(&rng, 0, (int64_t)(n / (uint64_t)opt.runs)),
                  (enum refusal)(i % modes), o.product, live);
    }
    (void)printf("%s: %llu allocations, %lld runs, refused in %lld\n", s->what,
                 (unsigned long long)n, (long long)(opt.done - done),
                 (long long)(opt.refused - refused));
    (void)fflush(stdout);
}

static void torture_days(void)
{
    const int64_t runs = opt.runs;

    for (const struct life_way *w = life_ways; w->what != NULL; w++) {
        char what[LINE_TEXT];
        struct scenario s = {what, live_a_day};

        day.way = w;
        opt.runs = runs / (w->level == DRIVE_WIRE ? 40 : 12); /* each is a whole day */
        opt.runs = opt.runs < REFUSALS ? REFUSALS : opt.runs;
        (void)str_format(what, sizeof(what), "a day: %s", w->what);
        torture(&s, REFUSALS);
    }
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
    for (int i = 1; i < argc; i++) {
        if (str_eq(argv[i], "--all"))
            opt.all = true;
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
    static const struct scenario *const groups[] = {scenarios_model, scenarios_api,
                                                    scenarios_tui};
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
    for (size_t g = 0; g < ARRAY_LEN(groups); g++)
        for (const struct scenario *s = groups[g]; s->what != NULL; s++)
            torture(s, DIES); /* nothing dies in them */
    torture_days();
    (void)printf("%lld runs, memory refused in %lld of them, %lld bad\n",
                 (long long)opt.done, (long long)opt.refused, (long long)opt.bad);
    return opt.bad == 0 ? 0 : 1;
}
