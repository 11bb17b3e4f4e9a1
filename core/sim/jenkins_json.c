#include <config.h>

#include "core/sim/jenkins_wire.h"

#include "core/net/json.h"

/* Members stand in the order in which Jenkins writes them: _class, then by name. */

static struct wire_json open_object(struct strbuf *b, const char *class_name)
{
    struct wire_json j = {.b = b};

    strbuf_putc(b, '{');
    if (class_name != NULL)
        wire_text(&j, "_class", class_name);
    return j;
}

/* Opens a list member when it is selected. */
static bool open_list(struct wire_json *j, const struct jenkins_pick *p,
                      enum jenkins_property property, int visibility,
                      struct jenkins_pick *in)
{
    if (!jenkins_wants(p, property, visibility, in))
        return false;
    wire_raw(j, jenkins_property_name(property), "[");
    return true;
}

/* An exported list whose elements count as the list's own level. */
static void as_inline(struct jenkins_pick *in)
{
    in->level--;
}

static void put_job_url(const struct jenkins_out *o, struct wire_json *j, int32_t job,
                        int32_t number)
{
    wire_key(j, "url");
    strbuf_putc(o->b, '"');
    strbuf_puts(o->b, o->root);
    strbuf_puts(o->b, "job/");
    http_escape(o->b, o->w->jobs[job].name);
    strbuf_putc(o->b, '/');
    if (number >= 0) {
        wire_put_int(o->b, number);
        strbuf_putc(o->b, '/');
    }
    strbuf_putc(o->b, '"');
}

static void job_url(const struct jenkins_out *o, struct wire_json *j,
                    const struct jenkins_pick *p, int visibility, int32_t job,
                    int32_t number)
{
    struct jenkins_pick in;

    if (jenkins_wants(p, JP_url, visibility, &in))
        put_job_url(o, j, job, number);
}

static void build_name(const struct jenkins_out *o, struct wire_json *j,
                       const struct jenkins_pick *p, const struct sim_build *b)
{
    struct jenkins_pick in;

    if (!jenkins_wants(p, JP_fullDisplayName, 1, &in))
        return;
    wire_key(j, "fullDisplayName");
    strbuf_putc(o->b, '"');
    strbuf_puts(o->b, o->w->jobs[b->job].name);
    strbuf_puts(o->b, " #");
    wire_put_int(o->b, b->number);
    strbuf_putc(o->b, '"');
}

/* ---- nodes ---- */

/* of_pipeline: the class that a Pipeline's build shows there. */
static void put_executable(const struct jenkins_out *o, const struct jenkins_pick *p,
                           const struct sim_build *b, const char *of_pipeline)
{
    struct wire_json j = open_object(
        o->b, o->w->jobs[b->job].pipeline ? of_pipeline : "hudson.model.FreeStyleBuild");

    jenkins_int(&j, p, JP_estimatedDuration, 1, b->estimate_ms);
    build_name(o, &j, p, b);
    jenkins_int(&j, p, JP_number, 2, b->number);
    jenkins_int(&j, p, JP_timestamp, 1, b->started);
    job_url(o, &j, p, 2, b->job, b->number);
    strbuf_putc(o->b, '}');
}

static void put_executor(const struct jenkins_out *o, const struct jenkins_pick *p,
                         const struct sim_node *node, int32_t number)
{
    const struct sim_build *b = node->executors[number];
    struct wire_json j = open_object(o->b, NULL);
    struct jenkins_pick in;

    if (jenkins_wants(p, JP_currentExecutable, 1, &in)) {
        wire_key(&j, "currentExecutable");
        if (b != NULL)
            put_executable(o, &in, b,
                           "org.jenkinsci.plugins.workflow.support.steps."
                           "ExecutorStepExecution$PlaceholderTask$PlaceholderExecutable");
        else
            strbuf_puts(o->b, "null");
    }
    jenkins_bool(&j, p, JP_idle, 1, b == NULL);
    jenkins_bool(&j, p, JP_likelyStuck, 1,
                 b != NULL && b->estimate_ms > 0 &&
                     o->w->now - b->started > 10 * b->estimate_ms);
    jenkins_int(&j, p, JP_number, 1, number);
    jenkins_int(&j, p, JP_progress, 1, b != NULL ? world_build_progress(o->w, b) : -1);
    strbuf_putc(o->b, '}');
}

/* Jenkins escapes the reason for HTML; the cause's description it leaves alone. */
static void put_escaped(struct strbuf *b, const char *text)
{
    char one[2] = {0};
    char out[SIM_TEXT * 6];
    size_t n = 0;

    for (; *text != '\0' && n + 8 < sizeof(out); text++) {
        const char *as = one;

        one[0] = *text;
        switch (*text) {
        case '<':
            as = "&lt;";
            break;
        case '>':
            as = "&gt;";
            break;
        case '&':
            as = "&amp;";
            break;
        case '"':
            as = "&quot;";
            break;
        case '\'':
            as = "&#039;";
            break;
        default:
            break;
        }
        while (*as != '\0')
            out[n++] = *as++;
    }
    out[n] = '\0';
    json_put_text(b, out);
}

static void put_user_cause(const struct jenkins_out *o, const struct jenkins_pick *p,
                           int64_t at, const char *by, const char *text)
{
    struct wire_json j = open_object(o->b, "hudson.slaves.OfflineCause$UserCause");
    char words[SIM_NAME + SIM_TEXT + 32];

    jenkins_int(&j, p, JP_timestamp, 1, at);
    (void)str_format(words, sizeof(words), "Disconnected by %s%s%s", by,
                     *text != '\0' ? " : " : "", text); /* both are bounded */
    jenkins_text(&j, p, JP_description, 1, words);
    strbuf_putc(o->b, '}');
}

static void put_timed_cause(const struct jenkins_out *o, const struct jenkins_pick *p,
                            const char *class_name, int64_t at)
{
    struct wire_json j = open_object(o->b, class_name);

    jenkins_int(&j, p, JP_timestamp, 1, at);
    strbuf_putc(o->b, '}');
}

static void put_cause(const struct jenkins_out *o, const struct jenkins_pick *p,
                      const struct sim_node *n)
{
    if (n->marked) {
        put_user_cause(o, p, n->marked_at, n->marked_by, n->mark_text);
        return;
    }
    switch (n->connected ? SIM_CAUSE_NONE : n->cause) {
    case SIM_CAUSE_USER_MARK:
    case SIM_CAUSE_USER_DISCONNECT:
        put_user_cause(o, p, n->cause_at, n->cause_by, n->cause_text);
        return;
    case SIM_CAUSE_CHANNEL:
        put_timed_cause(o, p, "hudson.slaves.OfflineCause$ChannelTermination",
                        n->cause_at);
        return;
    case SIM_CAUSE_LAUNCH_FAILED:
        put_timed_cause(o, p, "hudson.slaves.OfflineCause$LaunchFailed", n->cause_at);
        return;
    case SIM_CAUSE_NONE:
        break;
    }
    strbuf_puts(o->b, "null");
}

static void put_monitors(const struct jenkins_out *o, bool connected)
{
    int64_t hour = o->w->now / 3600000 * 3600000; /* they are refreshed about hourly */

    if (!connected) {
        strbuf_puts(o->b, "{\"hudson.node_monitors.ArchitectureMonitor\":null,"
                          "\"hudson.node_monitors.ClockMonitor\":null,"
                          "\"hudson.node_monitors.ResponseTimeMonitor\":null,"
                          "\"hudson.node_monitors.SwapSpaceMonitor\":null}");
        return;
    }
    strbuf_puts(o->b, "{\"hudson.node_monitors.ArchitectureMonitor\":\"Linux (amd64)\","
                      "\"hudson.node_monitors.ClockMonitor\":{\"_class\":"
                      "\"hudson.util.ClockDifference\",\"diff\":0},"
                      "\"hudson.node_monitors.ResponseTimeMonitor\":{\"_class\":"
                      "\"hudson.node_monitors.ResponseTimeMonitor$Data\",\"timestamp\":");
    wire_put_int(o->b, hour);
    strbuf_puts(o->b, ",\"average\":12},"
                      "\"hudson.node_monitors.SwapSpaceMonitor\":null}");
}

static void put_labels(const struct jenkins_out *o, const struct jenkins_pick *p,
                       const char *first, const char *second)
{
    struct wire_json j = open_object(o->b, NULL);

    jenkins_text(&j, p, JP_name, 2, first);
    strbuf_putc(o->b, '}');
    if (second != NULL) {
        strbuf_putc(o->b, ',');
        j = open_object(o->b, NULL);
        jenkins_text(&j, p, JP_name, 2, second);
        strbuf_putc(o->b, '}');
    }
    strbuf_putc(o->b, ']');
}

static void put_built_in(const struct jenkins_out *o, const struct jenkins_pick *p)
{
    struct wire_json j = open_object(o->b, "hudson.model.Hudson$MasterComputer");
    struct jenkins_pick in;

    jenkins_raw(&j, p, JP_actions, 1, "[]");
    if (open_list(&j, p, JP_assignedLabels, 1, &in))
        put_labels(o, &in, "built-in", NULL);
    jenkins_text(&j, p, JP_description, 1, "the Jenkins controller's built-in node");
    jenkins_text(&j, p, JP_displayName, 3, "Built-In Node");
    jenkins_raw(&j, p, JP_executors, 1, "[]");
    jenkins_text(&j, p, JP_icon, 1, "symbol-computer");
    jenkins_raw(&j, p, JP_idle, 1, "true");
    jenkins_raw(&j, p, JP_jnlpAgent, 1, "false");
    jenkins_raw(&j, p, JP_launchSupported, 1, "true");
    jenkins_raw(&j, p, JP_manualLaunchAllowed, 1, "true");
    if (jenkins_wants(p, JP_monitorData, 1, &in)) {
        wire_key(&j, "monitorData");
        put_monitors(o, true);
    }
    jenkins_raw(&j, p, JP_numExecutors, 1, "0");
    jenkins_raw(&j, p, JP_offline, 1, "false");
    jenkins_raw(&j, p, JP_offlineCause, 1, "null");
    jenkins_raw(&j, p, JP_offlineCauseReason, 1, "\"\"");
    jenkins_raw(&j, p, JP_oneOffExecutors, 1, "[]");
    jenkins_raw(&j, p, JP_temporarilyOffline, 1, "false");
    strbuf_putc(o->b, '}');
}

static bool node_is_idle(const struct sim_node *n)
{
    for (int32_t i = 0; i < n->n_executors; i++)
        if (n->executors[i] != NULL)
            return false;
    return true;
}

static void put_offline(const struct jenkins_out *o, struct wire_json *j,
                        const struct jenkins_pick *p, const struct sim_node *n)
{
    struct jenkins_pick in;

    jenkins_bool(j, p, JP_offline, 1, n->marked || !n->connected);
    if (jenkins_wants(p, JP_offlineCause, 1, &in)) {
        wire_key(j, "offlineCause");
        put_cause(o, &in, n);
    }
    if (jenkins_wants(p, JP_offlineCauseReason, 1, &in)) {
        wire_key(j, "offlineCauseReason");
        put_escaped(o->b, world_node_reason(n));
    }
}

void jenkins_put_computer(const struct jenkins_out *o, const struct jenkins_pick *p,
                          int32_t index)
{
    const struct sim_node *n;
    struct wire_json j;
    struct jenkins_pick in;

    if (index < 0) {
        put_built_in(o, p);
        return;
    }
    n = &o->w->nodes[index];
    j = open_object(o->b, "hudson.slaves.SlaveComputer");
    if (n->connected)
        jenkins_raw(&j, p, JP_absoluteRemotePath, 1, "\"/home/jenkins\"");
    else
        jenkins_raw(&j, p, JP_absoluteRemotePath, 1, "null");
    jenkins_raw(&j, p, JP_actions, 1, "[]");
    if (open_list(&j, p, JP_assignedLabels, 1, &in))
        put_labels(o, &in, o->w->servers[n->server].label, n->name);
    jenkins_text(&j, p, JP_description, 1,
                 n->side == SIM_HOME ? "test server at home"
                                     : "test server in the cloud");
    jenkins_text(&j, p, JP_displayName, 3, n->name);
    if (open_list(&j, p, JP_executors, 1, &in)) {
        for (int32_t i = 0; i < n->n_executors; i++) {
            if (i > 0)
                strbuf_putc(o->b, ',');
            put_executor(o, &in, n, i);
        }
        strbuf_putc(o->b, ']');
    }
    jenkins_text(&j, p, JP_icon, 1,
                 n->marked       ? "symbol-computer-disconnected"
                 : !n->connected ? "symbol-computer-offline"
                                 : "symbol-computer");
    jenkins_bool(&j, p, JP_idle, 1, node_is_idle(n));
    jenkins_raw(&j, p, JP_jnlpAgent, 1, "false");
    jenkins_raw(&j, p, JP_launchSupported, 1, "true");
    jenkins_raw(&j, p, JP_manualLaunchAllowed, 1, "true");
    if (jenkins_wants(p, JP_monitorData, 1, &in)) {
        wire_key(&j, "monitorData");
        put_monitors(o, n->connected);
    }
    jenkins_int(&j, p, JP_numExecutors, 1, n->n_executors);
    put_offline(o, &j, p, n);
    jenkins_raw(&j, p, JP_oneOffExecutors, 1, "[]");
    jenkins_bool(&j, p, JP_temporarilyOffline, 1, n->marked);
    strbuf_putc(o->b, '}');
}

void jenkins_put_computers(const struct jenkins_out *o, const struct jenkins_pick *p)
{
    struct wire_json j = open_object(o->b, "hudson.model.ComputerSet");
    struct jenkins_pick in;
    int64_t busy = 0, total = 0;
    size_t from, to;

    for (size_t i = 0; i < o->w->n_nodes; i++) {
        const struct sim_node *n = &o->w->nodes[i];

        for (int32_t e = 0; e < n->n_executors; e++)
            busy += n->executors[e] != NULL;
        total += n->connected ? n->n_executors : 0;
    }
    jenkins_int(&j, p, JP_busyExecutors, 1, busy);
    if (open_list(&j, p, JP_computer, 1, &in)) {
        as_inline(&in);
        jenkins_range(&in, o->w->n_nodes + 1, &from, &to);
        for (size_t i = from; i < to; i++) {
            if (i > from)
                strbuf_putc(o->b, ',');
            jenkins_put_computer(o, &in, (int32_t)i - 1);
        }
        strbuf_putc(o->b, ']');
    }
    jenkins_text(&j, p, JP_displayName, 1, "Nodes");
    jenkins_int(&j, p, JP_totalExecutors, 1, total);
    strbuf_putc(o->b, '}');
}

/* ---- the queue ---- */

static void put_task(const struct jenkins_out *o, const struct jenkins_pick *p,
                     int32_t job)
{
    struct wire_json j = open_object(o->b, jenkins_job_class(&o->w->jobs[job]));

    jenkins_text(&j, p, JP_color, 2, "blue");
    jenkins_text(&j, p, JP_fullDisplayName, 1, o->w->jobs[job].name);
    jenkins_text(&j, p, JP_name, 3, o->w->jobs[job].name);
    job_url(o, &j, p, 2, job, -1);
    strbuf_putc(o->b, '}');
}

/* Are all nodes of the label offline? Then the item is stuck at once. */
static bool label_is_offline(const struct world *w, int32_t server)
{
    int32_t index;

    for (size_t k = 0; (index = world_server_node(w, server, k)) >= 0; k++) {
        const struct sim_node *n = &w->nodes[index];

        if (n->connected && !n->marked)
            return false;
    }
    return true;
}

static void why(const struct world *w, const struct sim_item *it, char out[SIM_TEXT])
{
    const struct sim_tested *s = &w->servers[w->jobs[it->job].server];

    if (it->ready > w->now)
        (void)str_format(out, SIM_TEXT, "In the quiet period. Expires in %d.%d sec",
                         (int)((it->ready - w->now) / 1000),
                         (int)((it->ready - w->now) / 100 % 10));
    else if (w->quieting_down)
        (void)str_copy(out, SIM_TEXT, "Jenkins is about to shut down");
    else if (label_is_offline(w, w->jobs[it->job].server))
        (void)str_format(out, SIM_TEXT, "All nodes of label ‘%s’ are offline", s->label);
    else
        (void)str_format(out, SIM_TEXT, "Waiting for next available executor on ‘%s’",
                         s->label);
}

static void put_params(const struct jenkins_out *o, struct wire_json *j,
                       const struct sim_item *it)
{
    const struct sim_job *job = &o->w->jobs[it->job];
    char text[SIM_MAX_PARAMETERS * 64] = "";
    size_t n = 0;

    for (size_t p = 0; p < job->n_parameters; p++) {
        (void)str_format(text + n, sizeof(text) - n, "\n%s=%s", job->parameter_names[p],
                         it->parameters[p]); /* bounded by the fields */
        while (text[n] != '\0')
            n++;
    }
    wire_text(j, "params", text);
}

void jenkins_put_item(const struct jenkins_out *o, const struct jenkins_pick *p,
                      const struct sim_item *it)
{
    bool waiting = it->left == 0 && it->ready > o->w->now;
    bool buildable = it->left == 0 && !waiting;
    struct wire_json j =
        open_object(o->b, it->left != 0 ? "hudson.model.Queue$LeftItem"
                          : waiting     ? "hudson.model.Queue$WaitingItem"
                                        : "hudson.model.Queue$BuildableItem");
    const struct sim_build *b = it->left != 0 && !it->canceled
                                    ? world_build_find(o->w, it->job, it->build_number)
                                    : NULL;
    struct jenkins_pick in;
    char text[SIM_TEXT];

    if (jenkins_wants(p, JP_actions, 1, &in))
        jenkins_put_item_actions(o, &j, &in, it);
    jenkins_raw(&j, p, JP_blocked, 1, "false");
    jenkins_bool(&j, p, JP_buildable, 1, buildable);
    jenkins_int(&j, p, JP_id, 1, it->id);
    jenkins_int(&j, p, JP_inQueueSince, 1, it->since);
    if (jenkins_wants(p, JP_params, 1, &in))
        put_params(o, &j, it);
    jenkins_bool(&j, p, JP_stuck, 1,
                 buildable && label_is_offline(o->w, o->w->jobs[it->job].server));
    if (jenkins_wants(p, JP_task, 1, &in)) {
        wire_key(&j, "task");
        put_task(o, &in, it->job);
    }
    if (jenkins_wants(p, JP_url, 1, &in)) {
        (void)str_format(text, sizeof(text), "queue/item/%lld/", (long long)it->id);
        wire_text(&j, "url", text);
    }
    if (it->left != 0) {
        jenkins_raw(&j, p, JP_why, 1, "null");
        jenkins_bool(&j, p, JP_cancelled, 1, it->canceled);
        if (jenkins_wants(p, JP_executable, 1, &in)) {
            wire_key(&j, "executable");
            if (b != NULL)
                put_executable(o, &in, b,
                               "org.jenkinsci.plugins.workflow.job.WorkflowRun");
            else
                strbuf_puts(o->b, "null");
        }
    } else if (jenkins_wants(p, JP_why, 1, &in)) {
        why(o->w, it, text);
        wire_text(&j, "why", text);
    }
    if (buildable) {
        jenkins_int(&j, p, JP_buildableStartMilliseconds, 1, it->ready);
        jenkins_raw(&j, p, JP_pending, 1, "false");
    }
    if (waiting)
        jenkins_int(&j, p, JP_timestamp, 1, it->ready);
    strbuf_putc(o->b, '}');
}

void jenkins_put_queue(const struct jenkins_out *o, const struct jenkins_pick *p)
{
    struct wire_json j = open_object(o->b, "hudson.model.Queue");
    struct jenkins_pick in;
    bool more = false;

    jenkins_raw(&j, p, JP_discoverableItems, 1, "[]");
    if (open_list(&j, p, JP_items, 1, &in)) {
        as_inline(&in);
        for (size_t i = o->w->n_items; i > 0; i--) { /* newest first */
            if (o->w->items[i - 1].left != 0)
                continue;
            if (more)
                strbuf_putc(o->b, ',');
            more = true;
            jenkins_put_item(o, &in, &o->w->items[i - 1]);
        }
        strbuf_putc(o->b, ']');
    }
    strbuf_putc(o->b, '}');
}
