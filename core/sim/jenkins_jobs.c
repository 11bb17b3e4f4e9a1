#include <config.h>

#include "core/sim/jenkins_wire.h"

#include <string.h>

/* Jobs, builds and the controller itself as JSON; see jenkins_json.c for the rest. */

static struct wire_json open_object(struct strbuf *b, const char *class_name)
{
    struct wire_json j = {.b = b};

    strbuf_putc(b, '{');
    wire_text(&j, "_class", class_name);
    return j;
}

static void url(const struct jenkins_out *o, struct wire_json *j,
                const struct jenkins_pick *p, int32_t job, int32_t number)
{
    struct jenkins_pick in;

    if (!jenkins_wants(p, JP_url, 2, &in))
        return;
    wire_key(j, "url");
    strbuf_putc(o->b, '"');
    strbuf_puts(o->b, o->root);
    if (job >= 0) {
        strbuf_puts(o->b, "job/");
        http_escape(o->b, o->w->jobs[job].name);
        strbuf_putc(o->b, '/');
    }
    if (number >= 0) {
        wire_put_int(o->b, number);
        strbuf_putc(o->b, '/');
    }
    strbuf_putc(o->b, '"');
}

static const char *result_json(enum sim_result r)
{
    switch (r) {
    case SIM_RUNNING_BUILD:
        return "null";
    case SIM_SUCCESS:
        return "\"SUCCESS\"";
    case SIM_UNSTABLE:
        return "\"UNSTABLE\"";
    case SIM_FAILURE:
        return "\"FAILURE\"";
    case SIM_ABORTED:
        break;
    }
    return "\"ABORTED\"";
}

/* "Started by user dana": a cause that tells her id, too. */
static void put_user(struct wire_json *c, const struct jenkins_pick *p, const char *words)
{
    static const char before[] = "Started by user ";

    if (!str_starts(words, before))
        return;
    jenkins_text(c, p, JP_userId, 3, words + strlen(before));
    jenkins_text(c, p, JP_userName, 3, words + strlen(before));
}

static void put_causes(const struct jenkins_out *o, const struct jenkins_pick *p,
                       const char *class_name, const char *cause_class, const char *words)
{
    struct wire_json j = open_object(o->b, class_name);
    struct jenkins_pick in;

    if (jenkins_wants(p, JP_causes, 2, &in)) {
        struct wire_json c;

        wire_raw(&j, "causes", "[");
        c = open_object(o->b, cause_class);
        jenkins_text(&c, &in, JP_shortDescription, 3, words);
        put_user(&c, &in, words);
        strbuf_puts(o->b, "}]");
    }
    strbuf_putc(o->b, '}');
}

static void put_parameters(const struct jenkins_out *o, const struct jenkins_pick *p,
                           const struct sim_job *job, const char (*values)[32])
{
    struct wire_json j = open_object(o->b, "hudson.model.ParametersAction");
    struct jenkins_pick in;

    if (jenkins_wants(p, JP_parameters, 2, &in)) {
        wire_raw(&j, "parameters", "[");
        for (size_t n = 0; n < job->n_parameters; n++) {
            struct wire_json v;

            if (n > 0)
                strbuf_putc(o->b, ',');
            v = open_object(o->b, job->secret[n] ? "hudson.model.PasswordParameterValue"
                                                 : "hudson.model.StringParameterValue");
            jenkins_text(&v, &in, JP_name, 3, job->parameter_names[n]);
            if (!job->secret[n])
                jenkins_text(&v, &in, JP_value, 3, values[n]);
            strbuf_putc(o->b, '}');
        }
        strbuf_putc(o->b, ']');
    }
    strbuf_putc(o->b, '}');
}

static const char *cause_class(const char *cause)
{
    if (str_starts(cause, "Started by timer"))
        return "hudson.triggers.TimerTrigger$TimerTriggerCause";
    if (str_starts(cause, "Started by an SCM"))
        return "hudson.triggers.SCMTrigger$SCMTriggerCause";
    return "hudson.model.Cause$UserIdCause";
}

static void put_actions(const struct jenkins_out *o, struct wire_json *j,
                        const struct jenkins_pick *p, const struct sim_build *b)
{
    char words[SIM_NAME + 16];

    wire_raw(j, "actions", "[");
    if (o->w->jobs[b->job].n_parameters > 0) {
        put_parameters(o, p, &o->w->jobs[b->job], b->parameters);
        strbuf_putc(o->b, ',');
    }
    put_causes(o, p, "hudson.model.CauseAction", cause_class(b->cause), b->cause);
    if (b->result == SIM_ABORTED) {
        (void)str_format(words, sizeof(words), "Aborted by %s", b->aborted_by);
        strbuf_putc(o->b, ',');
        put_causes(o, p, "jenkins.model.InterruptedBuildAction",
                   "jenkins.model.CauseOfInterruption$UserInterruption", words);
    }
    strbuf_puts(o->b, ",{}]");
}

void jenkins_put_item_actions(const struct jenkins_out *o, struct wire_json *j,
                              const struct jenkins_pick *p, const struct sim_item *it)
{
    const struct sim_job *job = &o->w->jobs[it->job];

    wire_raw(j, "actions", "[");
    if (job->n_parameters > 0) {
        put_parameters(o, p, job, it->parameters);
        strbuf_putc(o->b, ',');
    }
    put_causes(o, p, "hudson.model.CauseAction", cause_class(it->cause), it->cause);
    strbuf_puts(o->b, ",{}]");
}

const char *jenkins_job_class(const struct sim_job *j)
{
    return j->pipeline ? "org.jenkinsci.plugins.workflow.job.WorkflowJob"
                       : "hudson.model.FreeStyleProject";
}

void jenkins_put_build(const struct jenkins_out *o, const struct jenkins_pick *p,
                       const struct sim_build *b)
{
    const struct sim_job *job = &o->w->jobs[b->job];
    struct wire_json j =
        open_object(o->b, job->pipeline ? "org.jenkinsci.plugins.workflow.job.WorkflowRun"
                                        : "hudson.model.FreeStyleBuild");
    bool running = b->result == SIM_RUNNING_BUILD;
    struct jenkins_pick in;
    char text[SIM_NAME + 16];

    if (jenkins_wants(p, JP_actions, 1, &in))
        put_actions(o, &j, &in, b);
    jenkins_bool(&j, p, JP_building, 1, running);
    if (!job->pipeline)
        jenkins_text(&j, p, JP_builtOn, 1, o->w->nodes[b->node].name);
    jenkins_raw(&j, p, JP_description, 1, "null");
    (void)str_format(text, sizeof(text), "#%d", (int)b->number);
    jenkins_text(&j, p, JP_displayName, 1, text);
    jenkins_int(&j, p, JP_duration, 1, running ? 0 : b->ended - b->started);
    jenkins_int(&j, p, JP_estimatedDuration, 1, b->estimate_ms);
    (void)str_format(text, sizeof(text), "%s #%d", job->name, (int)b->number);
    jenkins_text(&j, p, JP_fullDisplayName, 1, text);
    jenkins_text(&j, p, JP_id, 1, strchr(text, '#') + 1);
    jenkins_raw(&j, p, JP_keepLog, 1, "false");
    jenkins_int(&j, p, JP_number, 2, b->number);
    jenkins_int(&j, p, JP_queueId, 1, b->queue_id);
    jenkins_raw(&j, p, JP_result, 1, result_json(b->result));
    jenkins_int(&j, p, JP_timestamp, 1, b->started);
    url(o, &j, p, b->job, b->number);
    strbuf_putc(o->b, '}');
}

/* ---- jobs ---- */

static const struct sim_build *newest(const struct world *w, int32_t job,
                                      enum jenkins_property which)
{
    int32_t last = w->jobs[job].next_number - 1;

    for (int32_t n = last; n >= 0 && n > last - SIM_KEEP_BUILDS; n--) {
        const struct sim_build *b = world_build_find(w, job, n);

        if (b == NULL)
            continue;
        if (which == JP_lastBuild ||
            (which == JP_lastCompletedBuild && b->result != SIM_RUNNING_BUILD) ||
            (which == JP_lastSuccessfulBuild && b->result == SIM_SUCCESS))
            return b;
    }
    return NULL;
}

static const char *color(const struct world *w, int32_t job)
{
    const struct sim_build *done = newest(w, job, JP_lastCompletedBuild);
    const struct sim_build *last = newest(w, job, JP_lastBuild);
    bool runs = last != NULL && last->result == SIM_RUNNING_BUILD;

    if (done == NULL)
        return runs ? "notbuilt_anime" : "notbuilt";
    switch (done->result) {
    case SIM_SUCCESS:
        return runs ? "blue_anime" : "blue";
    case SIM_UNSTABLE:
        return runs ? "yellow_anime" : "yellow";
    case SIM_ABORTED:
        return runs ? "aborted_anime" : "aborted";
    case SIM_FAILURE:
    case SIM_RUNNING_BUILD:
        break;
    }
    return runs ? "red_anime" : "red";
}

static void put_builds(const struct jenkins_out *o, struct wire_json *j,
                       const struct jenkins_pick *p, int32_t job,
                       enum jenkins_property property)
{
    struct jenkins_pick in;
    int32_t last = o->w->jobs[job].next_number - 1;
    size_t from, to, at = 0;
    bool more = false;

    /* allBuilds is not shown by depth: Jenkins would load every build for it. */
    if (!jenkins_wants(p, property, property == JP_allBuilds ? 0 : 1, &in))
        return;
    wire_raw(j, jenkins_property_name(property), "[");
    jenkins_range(&in, SIM_KEEP_BUILDS, &from, &to);
    for (int32_t n = last; n >= 0 && n > last - SIM_KEEP_BUILDS; n--) {
        const struct sim_build *b = world_build_find(o->w, job, n);

        if (b == NULL)
            continue;
        if (at >= from && at < to) {
            if (more)
                strbuf_putc(o->b, ',');
            more = true;
            jenkins_put_build(o, &in, b);
        }
        at++;
    }
    strbuf_putc(o->b, ']');
}

static void put_property(const struct jenkins_out *o, struct wire_json *j,
                         const struct jenkins_pick *p, const struct sim_job *job)
{
    struct jenkins_pick in, def;

    if (!jenkins_wants(p, JP_property, 1, &in))
        return;
    wire_raw(j, "property", "[");
    if (job->n_parameters > 0) {
        struct wire_json a =
            open_object(o->b, "hudson.model.ParametersDefinitionProperty");

        if (jenkins_wants(&in, JP_parameterDefinitions, 2, &def)) {
            wire_raw(&a, "parameterDefinitions", "[");
            for (size_t n = 0; n < job->n_parameters; n++) {
                struct wire_json d;

                if (n > 0)
                    strbuf_putc(o->b, ',');
                d = open_object(o->b, "hudson.model.StringParameterDefinition");
                jenkins_text(&d, &def, JP_name, 3, job->parameter_names[n]);
                jenkins_text(&d, &def, JP_type, 3, "StringParameterDefinition");
                strbuf_putc(o->b, '}');
            }
            strbuf_putc(o->b, ']');
        }
        strbuf_putc(o->b, '}');
    }
    strbuf_putc(o->b, ']');
}

void jenkins_put_job(const struct jenkins_out *o, const struct jenkins_pick *p,
                     int32_t index)
{
    static const enum jenkins_property newests[] = {JP_lastBuild, JP_lastCompletedBuild,
                                                    JP_lastSuccessfulBuild};
    const struct sim_job *job = &o->w->jobs[index];
    struct wire_json j = open_object(o->b, jenkins_job_class(job));
    struct jenkins_pick in;
    bool queued = false;

    jenkins_raw(&j, p, JP_actions, 1, "[{}]");
    put_builds(o, &j, p, index, JP_allBuilds);
    jenkins_bool(&j, p, JP_buildable, 1, !job->disabled);
    put_builds(o, &j, p, index, JP_builds);
    jenkins_text(&j, p, JP_color, 2, job->disabled ? "disabled" : color(o->w, index));
    jenkins_raw(&j, p, JP_description, 1, "\"\"");
    jenkins_text(&j, p, JP_displayName, 1, job->name);
    jenkins_text(&j, p, JP_fullDisplayName, 1, job->name);
    jenkins_text(&j, p, JP_fullName, 1, job->name);
    for (size_t i = 0; i < o->w->n_items; i++)
        queued = queued || (o->w->items[i].left == 0 && o->w->items[i].job == index);
    jenkins_bool(&j, p, JP_inQueue, 1, queued);
    for (size_t i = 0; i < ARRAY_LEN(newests); i++) {
        const struct sim_build *b = newest(o->w, index, newests[i]);

        if (!jenkins_wants(p, newests[i], 1, &in))
            continue;
        wire_key(&j, jenkins_property_name(newests[i]));
        if (b != NULL)
            jenkins_put_build(o, &in, b);
        else
            strbuf_puts(o->b, "null");
    }
    jenkins_text(&j, p, JP_name, 3, job->name);
    jenkins_int(&j, p, JP_nextBuildNumber, 1, job->next_number);
    put_property(o, &j, p, job);
    url(o, &j, p, index, -1);
    strbuf_putc(o->b, '}');
}

void jenkins_put_root(const struct jenkins_out *o, const struct jenkins_pick *p)
{
    struct wire_json j = open_object(o->b, "hudson.model.Hudson");
    struct jenkins_pick in;

    jenkins_raw(&j, p, JP_assignedLabels, 1, "[{}]");
    jenkins_raw(&j, p, JP_description, 1, "null");
    if (jenkins_wants(p, JP_jobs, 1, &in)) {
        size_t from, to;

        wire_raw(&j, "jobs", "[");
        jenkins_range(&in, o->w->n_jobs, &from, &to);
        for (size_t i = from; i < to; i++) {
            if (i > from)
                strbuf_putc(o->b, ',');
            jenkins_put_job(o, &in, (int32_t)i);
        }
        strbuf_putc(o->b, ']');
    }
    jenkins_text(&j, p, JP_mode, 1, "EXCLUSIVE");
    jenkins_text(&j, p, JP_nodeDescription, 1, "the Jenkins controller's built-in node");
    jenkins_raw(&j, p, JP_nodeName, 1, "\"\"");
    jenkins_raw(&j, p, JP_numExecutors, 1, "0");
    jenkins_bool(&j, p, JP_quietingDown, 1, o->w->quieting_down);
    jenkins_raw(&j, p, JP_slaveAgentPort, 1, "-1");
    url(o, &j, p, -1, -1);
    jenkins_raw(&j, p, JP_useCrumbs, 1, "true");
    jenkins_raw(&j, p, JP_useSecurity, 1, "true");
    jenkins_raw(&j, p, JP_views, 1, "[]");
    strbuf_putc(o->b, '}');
}
