#include <config.h>

#include "core/sim/world_impl.h"

#include <stdlib.h>

#include "core/base/str.h"

/* Builds are asked for all day, wait in the queue, run on the open node of their label
 * and end: by themselves, by a person, or with the machine under them. */
enum {
    PEAK_GAP = 15 * MINUTE, /* between two builds of a server when it is busiest */
    MOST_WAITING = 6,       /* then people hold back */
    QUIET_PERIOD = 5 * SECOND
};

/* Share of the peak, percent, by hour of the local day. */
static const int32_t workday[24] = {70,  60,  15,  10,  10,  10,  10,  15,
                                    25,  100, 100, 100, 90,  80,  100, 100,
                                    100, 100, 80,  80,  100, 100, 100, 90};
static const int32_t restday[24] = {30, 20, 8,  8,  8,  8,  8,  8,  10, 15, 20, 20,
                                    20, 15, 10, 10, 10, 10, 10, 10, 25, 30, 30, 30};

int32_t world_job_find(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_jobs; i++)
        if (str_eq(w->jobs[i].name, name))
            return (int32_t)i;
    return -1;
}

const struct sim_build *world_build_find(const struct world *w, int32_t job,
                                         int32_t number)
{
    const struct sim_build *b;

    if (job < 0 || (size_t)job >= w->n_jobs || number < 0)
        return NULL;
    b = w->jobs[job].builds[number % SIM_KEEP_BUILDS];
    return b != NULL && b->number == number ? b : NULL;
}

static struct sim_item *item_by_id(const struct world *w, int64_t id)
{
    for (size_t i = w->n_items; i > 0; i--)
        if (w->items[i - 1].id == id)
            return &w->items[i - 1];
    return NULL;
}

const struct sim_item *world_item_find(const struct world *w, int64_t id)
{
    const struct sim_item *it = item_by_id(w, id);

    return it != NULL && it->left != 0 && it->left + 5 * MINUTE <= w->now ? NULL : it;
}

int64_t world_build_progress(const struct world *w, const struct sim_build *b)
{
    int64_t percent;

    if (b->estimate_ms <= 0)
        return -1;
    percent = (w->now - b->started) * 100 / b->estimate_ms;
    return percent < 99 ? percent : 99;
}

/* ---- the end of a build ---- */

static void remember_duration(struct sim_job *j, int64_t ms)
{
    j->recent_ms[j->n_recent % 3] = ms;
    j->n_recent++;
}

static int64_t estimate(const struct sim_job *j)
{
    int32_t n = j->n_recent < 3 ? j->n_recent : 3;
    int64_t sum = 0;

    for (int32_t i = 0; i < n; i++)
        sum += j->recent_ms[i];
    return n > 0 ? sum / n : -1;
}

void jenkins_end_build(struct world *w, struct sim_build *b, enum sim_result result)
{
    struct sim_node *node = &w->nodes[b->node];
    struct sim_job *j = &w->jobs[b->job];

    host_build_end(w, b);
    b->result = result;
    b->ended = w->now;
    b->life++;
    node->executors[b->executor] = NULL;
    w->totals.builds_finished++;
    b->lost = b->doomed == SIM_DOOM_LOSS;
    if (b->lost)
        w->totals.builds_failed_by_loss++;
    else if (b->doomed == SIM_DOOM_US)
        w->totals.builds_killed_by_us++;
    else if (result == SIM_SUCCESS)
        remember_duration(j, b->ended - b->started);
    jenkins_dispatch(w, node->server);
}

void jenkins_on_build_done(struct world *w, const struct event *ev)
{
    struct sim_build *b = w->jobs[ev->a].builds[ev->b % SIM_KEEP_BUILDS];

    if (b != NULL && b->number == ev->b && b->life == ev->life)
        jenkins_end_build(w, b, b->fate);
}

enum sim_refusal world_build_stop(struct world *w, int32_t job, int32_t number,
                                  const char *by)
{
    const struct sim_build *found = world_build_find(w, job, number);
    struct sim_build *b;

    if (found == NULL)
        return SIM_NOT_FOUND;
    if (found->result != SIM_RUNNING_BUILD)
        return SIM_WRONG_STATE;
    b = w->jobs[job].builds[number % SIM_KEEP_BUILDS];
    (void)str_copy(b->aborted_by, sizeof(b->aborted_by), by);
    b->doomed = SIM_DOOM_US;
    jenkins_end_build(w, b, SIM_ABORTED);
    return SIM_OK;
}

/* ---- the start of a build ---- */

static enum sim_result draw_fate(struct world *w)
{
    int64_t dice = rng_between(&w->rng, 0, 99);

    return dice < 90 ? SIM_SUCCESS : dice < 95 ? SIM_UNSTABLE : SIM_FAILURE;
}

static void set_going(struct world *w, struct sim_build *b)
{
    const struct sim_node *node = &w->nodes[b->node];
    const struct sim_instance *i;
    int64_t speed = 100;

    if (node->side == SIM_HOME) {
        host_build_begin(w, b);
        return;
    }
    i = cloud_machine(w, node);
    if (i == NULL || !i->reachable) { /* it dies at this moment: the channel tells soon */
        b->doomed = SIM_DOOM_LOSS;
        return;
    }
    speed = w->types[i->type_index].speed;
    b->done_at = w->now + b->work * 100 / speed;
    world_schedule(w, b->done_at, EV_BUILD_DONE, b->job, b->life, b->number);
}

static void start_build(struct world *w, struct sim_item *it, int32_t node,
                        int32_t executor)
{
    struct sim_job *j = &w->jobs[it->job];
    struct sim_build *b = calloc(1, sizeof(*b)), **slot;

    it->left = w->now;
    w->servers[j->server].waiting--;
    if (b == NULL) {
        w->out_of_memory = true;
        it->canceled = true;
        return;
    }
    b->job = it->job;
    b->number = it->build_number = j->next_number++;
    b->queue_id = it->id;
    b->node = node;
    b->executor = executor;
    b->started = w->now;
    b->estimate_ms = estimate(j);
    b->work = it->work != 0 ? it->work : rng_between(&w->rng, j->work_min, j->work_max);
    if (world_strikes(w, SIM_MISHAP_LONG_BUILD))
        b->work += 10 * HOUR;
    b->slot = -1;
    b->fate = draw_fate(w);
    for (size_t p = 0; p < j->n_parameters; p++)
        (void)str_copy(b->parameters[p], sizeof(b->parameters[p]), it->parameters[p]);
    (void)str_copy(b->cause, sizeof(b->cause), it->cause);
    slot = &j->builds[b->number % SIM_KEEP_BUILDS];
    if (*slot != NULL && (*slot)->result == SIM_RUNNING_BUILD) /* 60 numbers ago */
        w->nodes[(*slot)->node].executors[(*slot)->executor] = NULL;
    free(*slot);
    *slot = b;
    w->nodes[node].executors[executor] = b;
    set_going(w, b);
}

static bool find_executor(const struct world *w, int32_t server, int32_t *node,
                          int32_t *executor)
{
    int32_t index;

    for (size_t k = 0; (index = world_server_node(w, server, k)) >= 0; k++) {
        const struct sim_node *n = &w->nodes[index];

        for (int32_t e = 0; n->connected && !n->marked && e < n->n_executors; e++)
            if (n->executors[e] == NULL) {
                *node = index;
                *executor = e;
                return true;
            }
    }
    return false;
}

void jenkins_dispatch(struct world *w, int32_t server)
{
    int32_t node, executor;

    if (w->quieting_down)
        return;
    for (size_t i = 0; w->servers[server].waiting > 0 && i < w->n_items; i++) {
        struct sim_item *it = &w->items[i];

        if (it->left != 0 || it->ready > w->now || w->jobs[it->job].server != server)
            continue;
        if (!find_executor(w, server, &node, &executor))
            return;
        start_build(w, it, node, executor);
    }
}

/* ---- the queue ---- */

static struct sim_item *equal_item(const struct world *w, const struct sim_item *want)
{
    for (size_t i = 0; i < w->n_items; i++) {
        struct sim_item *it = &w->items[i];
        bool same = it->left == 0 && it->job == want->job;

        for (size_t p = 0; same && p < w->jobs[it->job].n_parameters; p++)
            same = str_eq(it->parameters[p], want->parameters[p]);
        if (same)
            return it;
    }
    return NULL;
}

int64_t world_queue_add(struct world *w, int32_t job, const char *const *parameters,
                        const char *cause, int64_t work, bool *merged)
{
    const struct sim_job *j = &w->jobs[job];
    struct sim_item want = {.job = job, .since = w->now, .work = work};
    struct sim_item *it;
    void *items = w->items;

    for (size_t p = 0; p < j->n_parameters; p++) {
        const char *value = parameters != NULL ? parameters[p] : NULL;

        (void)str_copy(want.parameters[p], sizeof(want.parameters[p]),
                       value != NULL ? value : j->parameter_defaults[p]);
    }
    (void)str_copy(want.cause, sizeof(want.cause), cause);
    want.ready = w->now + QUIET_PERIOD;
    it = equal_item(w, &want);
    *merged = it != NULL;
    if (it != NULL)
        return it->id;
    it = world_grow(w, &items, &w->n_items, &w->cap_items, sizeof(*it));
    w->items = items;
    if (it == NULL)
        return 0;
    *it = want;
    it->id = ++w->next_item;
    w->servers[j->server].waiting++;
    world_schedule(w, it->ready, EV_ITEM_READY, j->server, 0, 0);
    return it->id;
}

int64_t world_queue_again(struct world *w, int32_t job, const char *const *parameters,
                          const char *note, bool *merged)
{
    const char *at = strchr(note, '#');
    int64_t number = 0;
    struct sim_build *b;

    for (at = at != NULL ? at + 1 : ""; *at >= '0' && *at <= '9' && number < 100000000;
         at++)
        number = number * 10 + (*at - '0');
    b = number > 0 ? w->jobs[job].builds[number % SIM_KEEP_BUILDS] : NULL;
    if (b != NULL && b->number == number) {
        w->totals.builds_again++;
        if (!w->is_copy && b->again++ > 0)
            w->totals.builds_again_twice++;
    }
    return world_queue_add(w, job, parameters, "Started by user rushhour", 0, merged);
}

void jenkins_on_item_ready(struct world *w, const struct event *ev)
{
    jenkins_dispatch(w, (int32_t)ev->a);
}

enum sim_refusal world_queue_cancel(struct world *w, int64_t id)
{
    struct sim_item *it = item_by_id(w, id);

    if (it == NULL || it->left != 0)
        return SIM_NOT_FOUND;
    it->left = w->now;
    it->canceled = true;
    w->servers[w->jobs[it->job].server].waiting--;
    return SIM_OK;
}

void jenkins_prune(struct world *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->n_items; i++)
        if (w->items[i].left == 0 || w->items[i].left + 5 * MINUTE > w->now)
            w->items[kept++] = w->items[i];
    w->n_items = kept;
}

/* ---- who wants builds ---- */

static int32_t pick_job(struct world *w, const struct sim_tested *s)
{
    int64_t sum = 0, dice;

    for (size_t i = 0; i < s->n_jobs; i++)
        sum += w->jobs[s->jobs[i]].weight;
    dice = rng_between(&w->rng, 0, sum - 1);
    for (size_t i = 0; i < s->n_jobs; i++) {
        dice -= w->jobs[s->jobs[i]].weight;
        if (dice < 0)
            return s->jobs[i];
    }
    return s->jobs[0];
}

void jenkins_on_arrival(struct world *w, const struct event *ev)
{
    struct sim_tested *s = &w->servers[ev->a];
    int64_t local = world_local_s(w->now), hour = local / 3600 % 24;
    int64_t weekday = (local / 86400 + 4) % 7; /* 0 = Sunday */
    int32_t percent = weekday <= 4 ? workday[hour] : restday[hour];
    int32_t job = pick_job(w, s);
    bool wanted = rng_between(&w->rng, 0, 99) < percent;
    const char *parameters[SIM_MAX_PARAMETERS] = {NULL};
    int64_t seed;
    char seed_text[12];
    bool merged;

    world_schedule(w, world_soon(w, PEAK_GAP / 4, PEAK_GAP * 7 / 4), EV_ARRIVAL, ev->a, 0,
                   0);
    seed = rng_between(&w->rng, 1, 99999);
    if (!wanted || s->waiting >= MOST_WAITING)
        return;
    *str_put_u64(seed_text, (uint64_t)seed) = '\0'; /* five digits at most */
    parameters[1] = seed_text;
    s->arrivals++;
    (void)world_queue_add(w, job, parameters,
                          hour >= 8 && hour < 19 ? "Started by an SCM change"
                                                 : "Started by timer",
                          0, &merged); /* 0: out of memory, noted in the world */
}

/* ---- longer builds, for tests and curious people ---- */

void world_builds_lengthen(struct world *w, int32_t server, int64_t ms)
{
    bool found = false, merged;
    int32_t index;

    for (size_t k = 0; (index = world_server_node(w, server, k)) >= 0; k++) {
        struct sim_node *n = &w->nodes[index];

        for (int32_t e = 0; e < n->n_executors; e++) {
            struct sim_build *b = n->executors[e];

            if (b == NULL || b->doomed != SIM_DOOM_NONE)
                continue;
            found = true;
            b->work += ms;
            if (n->side == SIM_HOME) {
                host_build_longer(w, b, ms);
            } else {
                b->life++;
                b->done_at += ms;
                world_schedule(w, b->done_at, EV_BUILD_DONE, b->job, b->life, b->number);
            }
        }
    }
    if (!found)
        (void)world_queue_add(w, w->servers[server].jobs[0], NULL, "Started by user dana",
                              ms, &merged); /* 0: out of memory, noted in the world */
}
