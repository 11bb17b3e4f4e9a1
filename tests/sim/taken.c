#include <config.h>

#include "tests/sim/taken.h"

#include "core/base/str.h"
#include "core/sim/site_impl.h"

#include "tests/unit/table.h"

#include <stdlib.h>
#include <string.h>

enum {
    TUESDAY = 2,
    LONG_MS = 12 * 60 * 1000,
    SETTLED_MS = 15 * 60 * 1000,
    LONGER_MS = 2 * 3600 * 1000
};

const char *taken_word(enum taken_way way)
{
    static const char *const words[] = {[TAKEN_VELOSTRATA] = "velostrata",
                                        [TAKEN_GAP] = "ec2, gap",
                                        [TAKEN_OVERLAP] = "ec2, overlap"};

    return words[way];
}

static int64_t clock_s(const struct taken_day *d, struct utc t)
{
    return t.s - d->run->options.from.s + TAKEN_BEGIN_S;
}

static const struct sim_instance *instance(const struct world *w)
{
    const struct sim_tested *s = &w->servers[TAKEN_SERVER];

    return world_instance_by_serial(w, s->managed.instance != 0 ? s->managed.instance
                                                                : w->enis[s->eni].holder);
}

static void exhaust(struct world *w)
{
    int32_t zone = world_zone_find(w, w->enis[w->servers[TAKEN_SERVER].eni].zone);

    for (size_t i = 0; i < w->n_types; i++)
        assert_int_equal(world_set_capacity(w, (int32_t)i, zone, false), SIM_OK);
}

static void take_back(struct taken_day *d, int64_t now_s)
{
    struct world *w = d->run->site->w;
    const struct sim_instance *i = instance(w);
    struct taken *t = &d->all[d->n++];

    assert_non_null(i);
    *t = (struct taken){now_s, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, "", ""};
    (void)str_copy(t->from, sizeof(t->from), i->type);
    d->moves_out = 0;
    if (d->no_capacity)
        exhaust(w);
    assert_int_equal(world_interrupt(w, i->id, d->notice_s * 1000, d->by_price), SIM_OK);
}

/* Long ones wait all the time, each with a parameter of its own. */
static void keep_busy(struct world *w)
{
    const struct sim_tested *s = &w->servers[TAKEN_SERVER];
    static int32_t count;
    char number[16];
    const char *const parameters[SIM_MAX_PARAMETERS] = {NULL, number};
    bool merged;

    if (s->waiting > 2)
        return;
    (void)str_format(number, sizeof(number), "%d", 1000 + (int)count++);
    (void)world_queue_add(w, s->jobs[1], parameters, "Started by user dana", LONG_MS,
                          &merged);
}

static void look(void *ctx, const struct fleet *f)
{
    struct taken_day *d = ctx;
    int64_t now_s = clock_s(d, f->at);

    d->gate = f->servers[TAKEN_SERVER].decision.gate;
    d->place = f->servers[TAKEN_SERVER].facts.place;
    d->cloud_open = f->servers[TAKEN_SERVER].facts.cloud.open;
    d->home_open = f->servers[TAKEN_SERVER].facts.onprem.open;
    d->backed_off = d->backed_off || (d->n > 0 && d->gate == GATE_BACKOFF &&
                                      d->place == PLACE_ONPREM && d->home_open);
    if (d->busy && d->place == PLACE_CLOUD && now_s < d->until_s - 3600)
        keep_busy(d->run->site->w);
    if (d->long_s != 0 && now_s >= d->long_s) {
        d->long_s = 0;
        world_builds_lengthen(d->run->site->w, TAKEN_SERVER, LONGER_MS);
    }
    if (d->n < TAKEN_MAX && d->at_s[d->n] != 0 && now_s >= d->at_s[d->n])
        take_back(d, now_s);
}

static bool takes_builds(const struct world *w, enum sim_side side)
{
    const struct sim_node *n = &w->nodes[w->servers[TAKEN_SERVER].node[side]];

    return n->connected && !n->marked;
}

/* Steps come every few seconds. */
static void watch(void *ctx, struct utc now)
{
    struct taken_day *d = ctx;
    const struct world *w = d->run->site->w;
    int64_t now_s = clock_s(d, now);

    if (d->n > 0 && d->closed && d->seen_s != 0)
        d->all[d->n - 1].gap_s += now_s - d->seen_s;
    d->closed = !takes_builds(w, SIM_HOME) && !takes_builds(w, SIM_CLOUD);
    d->seen_s = now_s;
}

static void first(int64_t *slot, int64_t now_s)
{
    if (*slot < 0)
        *slot = now_s;
}

static void hear_opened(struct taken_day *d, struct taken *t, const char *text,
                        int64_t now_s)
{
    const struct world *w = d->run->site->w;
    const struct sim_tested *s = &w->servers[TAKEN_SERVER];
    char cloud[96];

    (void)str_format(cloud, sizeof(cloud),
                     "node-open %s:", w->nodes[s->node[SIM_CLOUD]].name);
    if (!str_starts(text, cloud)) {
        first(&t->home_s, now_s);
        return;
    }
    if (t->again_s >= 0)
        return;
    t->again_s = now_s;
    if (instance(w) != NULL)
        (void)str_copy(t->to, sizeof(t->to), instance(w)->type);
}

static void hear(void *ctx, const struct journal_entry *j)
{
    struct taken_day *d = ctx;
    struct taken *t = d->n > 0 ? &d->all[d->n - 1] : NULL;
    int64_t now_s = clock_s(d, j->at);

    if (getenv("RH_TEST_JOURNAL") != NULL)
        print_message("%02lld:%02lld:%02lld %s %s %s %s\n", (long long)(now_s / 3600),
                      (long long)(now_s / 60 % 60), (long long)(now_s % 60),
                      level_word(j->level), j->action, j->server, j->text);
    if (t == NULL || !str_eq(j->server, d->run->config->servers[TAKEN_SERVER].name))
        return;
    if (str_eq(j->action, "notice") || str_eq(j->action, "loss"))
        first(&t->told_s, now_s);
    if (str_eq(j->action, "loss"))
        first(&t->lost_s, now_s);
    if (str_eq(j->action, "requeue") && j->outcome == OUTCOME_DONE)
        first(&t->queued_s, now_s);
    if (j->level != LEVEL_ACT)
        return;
    if (str_eq(j->action, "node-close"))
        first(&t->closed_s, now_s);
    if (str_eq(j->action, "return"))
        first(&t->return_s, now_s);
    if (str_eq(j->action, "power-on"))
        first(&t->power_s, now_s);
    if (str_eq(j->action, "node-open"))
        hear_opened(d, t, j->text, now_s);
    if (str_eq(j->action, "move") && str_eq(j->to, "cloud")) {
        first(&t->out_s, now_s);
        d->moves_out++;
    }
}

bool run_covers(const struct run *r, const struct sim_build *lost)
{
    const struct world *w = r->site->w;
    const struct sim_job *j = &w->jobs[lost->job];

    if (lost->again > 0 || lost->ended + SETTLED_MS > w->now)
        return true;
    for (int32_t n = lost->number + 1; n < j->next_number; n++) {
        const struct sim_build *b = world_build_find(w, lost->job, n);
        bool same = b != NULL;

        for (size_t p = 0; same && p < j->n_parameters; p++)
            same = str_eq(b->parameters[p], lost->parameters[p]);
        if (same)
            return true;
    }
    return false;
}

const struct sim_build *run_forgotten(const struct run *r, int64_t *lost)
{
    const struct world *w = r->site->w;
    const struct sim_build *found = NULL;

    for (size_t j = 0; j < w->n_jobs; j++) {
        for (size_t k = 0; k < SIM_KEEP_BUILDS; k++) {
            const struct sim_build *b = w->jobs[j].builds[k];

            if (b == NULL || !b->lost)
                continue;
            ++*lost;
            if (found == NULL && !run_covers(r, b))
                found = b;
        }
    }
    return found;
}

/* Builds that our own user stopped and that were queued again. */
static int64_t stopped_and_again(const struct run *r)
{
    const struct world *w = r->site->w;
    int64_t n = 0;

    for (size_t j = 0; j < w->n_jobs; j++) {
        for (size_t k = 0; k < SIM_KEEP_BUILDS; k++) {
            const struct sim_build *b = w->jobs[j].builds[k];

            n += b != NULL && b->doomed == SIM_DOOM_US &&
                         str_eq(b->aborted_by, r->config->jenkins.user) &&
                         run_covers(r, b)
                     ? 1
                     : 0;
        }
    }
    return n;
}

void taken_live(struct taken_day *d)
{
    struct run *r = run_prepare_on(
        d->seed, d->way == TAKEN_VELOSTRATA ? "velostrata" : "ec2", NULL, TUESDAY);
    const struct sim_build *forgotten;
    int64_t lost = 0;

    d->run = r;
    r->site->w->odds.calm = true; /* only what the day does is lost */
    r->config->servers[TAKEN_SERVER].overlaps = d->way == TAKEN_OVERLAP;
    if (d->max_overlap_s != 0)
        r->config->policy.max_overlap = d->max_overlap_s;
    if (d->without_sqs)
        r->config->aws.interruption_queue = NULL;
    r->options.duration_s = d->until_s - TAKEN_BEGIN_S;
    r->options.each_minute = look;
    r->options.each_entry = hear;
    r->options.each_step = watch;
    r->options.ctx = d;
    run_go(r);
    if (r->report.violations > 0)
        fail_msg("%s: %s", taken_word(d->way), r->report.violation);
    /* An overlap ends in time, and what runs at home then is stopped (max_overlap). */
    assert_int_equal(r->totals.builds_killed_by_us,
                     d->way == TAKEN_OVERLAP ? stopped_and_again(r) : 0);
    assert_int_equal(r->totals.builds_again_twice, 0);
    assert_int_equal(r->totals.twins_max, 1);
    if (d->way != TAKEN_OVERLAP)
        assert_int_equal(r->totals.both_places_ms, 0);
    assert_true(r->totals.both_places_max_ms <= r->config->policy.max_overlap * 1000);
    forgotten = run_forgotten(r, &lost);
    if (forgotten != NULL)
        fail_msg("%s: %s #%d was lost and nobody cared", taken_word(d->way),
                 r->site->w->jobs[forgotten->job].name, (int)forgotten->number);
}

void taken_clear(struct taken_day *d)
{
    run_free(d->run);
    d->run = NULL;
}
