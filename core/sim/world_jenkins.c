#include <config.h>

#include "core/sim/world_impl.h"

#include <stdlib.h>

#include "core/base/str.h"

/* Nodes and their agents. The controller keeps trying to connect an agent whose machine
 * is up, marked or not, and learns of a machine's death only after a while. */

int32_t world_node_find(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_nodes; i++)
        if (str_eq(w->nodes[i].name, name))
            return (int32_t)i;
    return -1;
}

static int64_t node_index(const struct world *w, const struct sim_node *node)
{
    return node - w->nodes;
}

static bool machine_of(const struct world *w, const struct sim_node *node)
{
    return world_machine_is_up(w, node);
}

static void set_cause(struct world *w, struct sim_node *node, enum sim_cause cause,
                      const char *by, const char *text)
{
    node->cause = cause;
    node->cause_at = w->now;
    (void)str_copy(node->cause_by, sizeof(node->cause_by), by);
    (void)str_copy(node->cause_text, sizeof(node->cause_text), text);
}

static void connect_agent(struct world *w, struct sim_node *node)
{
    node->connected = true;
    node->link++;
    set_cause(w, node, SIM_CAUSE_NONE, "", "");
    jenkins_dispatch(w, node->server);
}

/* What still runs there fails. */
static void close_channel(struct world *w, struct sim_node *node)
{
    node->connected = false;
    node->link++;
    for (int32_t i = 0; i < node->n_executors; i++)
        if (node->executors[i] != NULL)
            jenkins_end_build(w, node->executors[i], SIM_FAILURE);
}

/* ev->b: 0 = the controller's own try, 1 = somebody asked for it. */
void jenkins_on_agent_try(struct world *w, const struct event *ev)
{
    struct sim_node *node = &w->nodes[ev->a];

    if (ev->life != node->link)
        return;
    node->launching = false;
    if (node->connected)
        return;
    if (!machine_of(w, node)) {
        if (ev->b != 0)
            set_cause(w, node, SIM_CAUSE_LAUNCH_FAILED, "", "");
        return;
    }
    if (ev->b == 0 && world_strikes_drawn(w, SIM_MISHAP_NO_AGENT)) {
        set_cause(w, node, SIM_CAUSE_LAUNCH_FAILED, "", "");
        world_schedule(w, w->now + 12 * MINUTE, EV_AGENT_TRY, ev->a, node->link, 1);
        return;
    }
    connect_agent(w, node);
}

void jenkins_on_agent_dead(struct world *w, const struct event *ev)
{
    struct sim_node *node = &w->nodes[ev->a];

    if (ev->life != node->link || !node->connected)
        return;
    close_channel(w, node);
    set_cause(w, node, SIM_CAUSE_CHANNEL, "", "");
    if (machine_of(w, node)) /* it came back before its death was noticed */
        world_schedule(w, world_soon(w, 10 * SECOND, 40 * SECOND), EV_AGENT_TRY, ev->a,
                       node->link, 0);
}

void jenkins_machine_up(struct world *w, int32_t index)
{
    const struct sim_node *node = &w->nodes[index];

    if (!node->connected)
        world_schedule(w, world_soon(w, 10 * SECOND, 40 * SECOND), EV_AGENT_TRY,
                       node_index(w, node), node->link, 0);
}

void jenkins_machine_down(struct world *w, int32_t index, bool graceful, bool by_us)
{
    struct sim_node *node = &w->nodes[index];

    if (!node->connected)
        return;
    for (int32_t i = 0; i < node->n_executors; i++) {
        struct sim_build *b = node->executors[i];

        if (b == NULL)
            continue;
        b->life++; /* it goes on no more, but nobody knows yet */
        host_build_end(w, b);
        b->doomed = by_us ? SIM_DOOM_US : SIM_DOOM_LOSS;
    }
    world_schedule(w,
                   graceful ? world_soon(w, SECOND, 3 * SECOND)
                            : world_soon(w, 2 * SECOND, 20 * SECOND),
                   EV_AGENT_DEAD, node_index(w, node), node->link, 0);
}

void world_node_mark(struct world *w, int32_t index, const char *by, const char *text)
{
    struct sim_node *node = &w->nodes[index];

    node->marked = true;
    node->marked_at = w->now;
    (void)str_copy(node->marked_by, sizeof(node->marked_by), by);
    (void)str_copy(node->mark_text, sizeof(node->mark_text), text);
}

const char *world_node_reason(const struct sim_node *n)
{
    if (n->marked)
        return n->mark_text;
    switch (n->connected ? SIM_CAUSE_NONE : n->cause) {
    case SIM_CAUSE_USER_MARK:
    case SIM_CAUSE_USER_DISCONNECT:
        return n->cause_text;
    case SIM_CAUSE_CHANNEL:
        return "Connection was broken";
    case SIM_CAUSE_LAUNCH_FAILED:
        return "This agent is offline because Jenkins failed to launch the agent process "
               "on it.";
    case SIM_CAUSE_NONE:
        break;
    }
    return "";
}

void world_node_unmark(struct world *w, int32_t index)
{
    struct sim_node *node = &w->nodes[index];

    node->marked = false;
    jenkins_dispatch(w, node->server);
}

void world_node_disconnect(struct world *w, int32_t index, const char *by,
                           const char *text)
{
    struct sim_node *node = &w->nodes[index];

    if (!node->connected)
        return;
    for (int32_t i = 0; i < node->n_executors; i++)
        if (node->executors[i] != NULL && node->executors[i]->doomed == SIM_DOOM_NONE)
            node->executors[i]->doomed = SIM_DOOM_US;
    close_channel(w, node);
    set_cause(w, node, SIM_CAUSE_USER_DISCONNECT, by, text);
    if (machine_of(w, node)) /* the retention check relaunches it within a minute */
        world_schedule(w, world_soon(w, 30 * SECOND, 70 * SECOND), EV_AGENT_TRY, index,
                       node->link, 0);
}

void world_node_launch(struct world *w, int32_t index)
{
    struct sim_node *node = &w->nodes[index];

    if (node->connected)
        return;
    node->launching = true;
    world_schedule(w,
                   machine_of(w, node) ? world_soon(w, 4 * SECOND, 12 * SECOND)
                                       : world_soon(w, 10 * SECOND, 20 * SECOND),
                   EV_AGENT_TRY, index, node->link, 1);
}

void world_quiet_down(struct world *w, bool quiet)
{
    w->quieting_down = quiet;
    for (size_t i = 0; i < w->n_servers; i++)
        jenkins_dispatch(w, (int32_t)i);
}

void jenkins_lose_channel(struct world *w, int32_t index, int64_t min_ms, int64_t max_ms)
{
    struct sim_node *node = &w->nodes[index];

    if (!node->connected)
        return;
    close_channel(w, node);
    set_cause(w, node, SIM_CAUSE_CHANNEL, "", "");
    if (machine_of(w, node))
        world_schedule(w, world_soon(w, min_ms, max_ms), EV_AGENT_TRY, index, node->link,
                       0);
}

void jenkins_restart(struct world *w)
{
    w->jenkins_session = rng_between(&w->rng, 1, INT64_C(0xffffffffffff));
    for (size_t i = 0; i < w->n_nodes; i++)
        jenkins_lose_channel(w, (int32_t)i, MINUTE, 2 * MINUTE);
}

/* ---- the beginning ---- */

static void add_jobs(struct world *w, int32_t server)
{
    static const struct {
        const char *suffix;
        int64_t min_s, max_s;
        int32_t weight;
        bool parameters, pipeline;
    } kinds[] = {
        {"smoke", 180, 300, 4, false, false},
        {"functional", 330, 600, 3, true, false},
        {"stress", 570, 870, 2, true, false},
        {"regression", 660, 960, 1, true, true},
    };
    struct sim_tested *s = &w->servers[server];

    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct sim_job *j = &w->jobs[w->n_jobs];

        (void)str_format(j->name, sizeof(j->name), "%s-%s", s->name, kinds[k].suffix);
        j->server = server;
        j->next_number = (int32_t)rng_between(&w->rng, 100, 600);
        j->work_min = kinds[k].min_s * SECOND;
        j->work_max = kinds[k].max_s * SECOND;
        j->weight = kinds[k].weight;
        j->pipeline = kinds[k].pipeline;
        /* It was built before: its usual duration at home is known. */
        for (j->n_recent = 0; j->n_recent < 3; j->n_recent++)
            j->recent_ms[j->n_recent] = (j->work_min + j->work_max) / 2 * 17 / 10;
        if (kinds[k].parameters) {
            j->n_parameters = 2;
            j->parameter_names[0] = "SUITE";
            j->parameter_defaults[0] = kinds[k].suffix;
            j->parameter_names[1] = "SEED";
            j->parameter_defaults[1] = "1";
        }
        s->jobs[s->n_jobs++] = (int32_t)w->n_jobs++;
    }
}

void jenkins_cloud_node(struct world *w, int32_t index, int32_t server)
{
    struct sim_node *node = &w->nodes[index];

    node->server = server;
    node->side = SIM_CLOUD;
    node->n_executors = 1;
    set_cause(w, node, SIM_CAUSE_CHANNEL, "", "");
    node->cause_at = w->start - 3 * DAY;
    world_node_mark(w, index, "rushhour",
                    "rushhour/1 drain op=000000 by=policy why=outside");
    node->marked_at = node->cause_at;
}

void jenkins_setup(struct world *w)
{
    enum { JOBS_PER_SERVER = 4 };

    w->n_nodes = 2 * w->n_servers;
    w->nodes = calloc(w->n_nodes, sizeof(*w->nodes));
    w->jobs = calloc(w->n_servers * JOBS_PER_SERVER, sizeof(*w->jobs));
    if (w->nodes == NULL || w->jobs == NULL) {
        w->out_of_memory = true;
        w->n_nodes = 0;
        return;
    }
    w->next_item = rng_between(&w->rng, 2000, 9000);
    w->jenkins_session = rng_between(&w->rng, 1, INT64_C(0xffffffffffff));
    for (size_t i = 0; i < w->n_servers; i++) {
        struct sim_tested *s = &w->servers[i];
        struct sim_node *home = &w->nodes[s->node[SIM_HOME]];
        struct sim_node *cloud = &w->nodes[s->node[SIM_CLOUD]];

        home->server = (int32_t)i;
        home->side = SIM_HOME;
        home->eni = -1;
        home->n_executors = 1;
        jenkins_cloud_node(w, s->node[SIM_CLOUD], (int32_t)i);
        cloud->eni = s->eni;
        (void)str_format(home->name, sizeof(home->name), "tests-%s", s->name);
        (void)str_format(cloud->name, sizeof(cloud->name), "tests-%s-cloud", s->name);
        home->connected = true;
        add_jobs(w, (int32_t)i);
        world_schedule(w, world_soon(w, 0, 15 * MINUTE), EV_ARRIVAL, (int64_t)i, 0, 0);
    }
}

void world_jenkins_free(struct world *w)
{
    for (size_t j = 0; j < w->n_jobs; j++)
        for (size_t k = 0; k < SIM_KEEP_BUILDS; k++)
            free(w->jobs[j].builds[k]);
    free(w->jobs);
    free(w->items);
    free(w->nodes);
}
