#include <config.h>

#include "core/move/step.h"

#include "core/base/str.h"

/* The manager brings a VM home by itself after a spot loss; only when nothing of that is
 * seen for this long the return is commanded (policy-and-cost 5.2). */
enum { OWN_RETURN_S = 600 };
/* Before a lost answer counts as "nothing happened": two polls and more (reliability 6).
 */
enum { UNMOVED_S = 75 };
enum { RETRY_RETURN_S = 60 };

static void follow_task(const struct step_in *in, struct move *m)
{
    m->progress = in->facts->task_active ? in->facts->task_progress : m->progress;
    if (in->facts->task_active)
        (void)str_copy(m->task, sizeof(m->task), in->facts->task_id);
}

static void step_extension(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct extension_facts *x = in->extension;

    if (!x->stale && x->state == EXTENSION_ACTIVE) {
        say_done(m, out);
        return;
    }
    if (!x->stale && (x->state == EXTENSION_IMPAIRED || x->state == EXTENSION_INVALID)) {
        say_fail(m, out, FAILURE_TRANSIENT, "the cloud extension is %s%s%s",
                 extension_state_word(x->state), x->problem[0] != '\0' ? ": " : "",
                 x->problem);
        return;
    }
    if (in->now.s - m->step_since.s >= in->config->policy.timeout_out) {
        say_fail(m, out, FAILURE_TRANSIENT,
                 "the cloud extension did not become active in time");
        RH_PROBE("extension-not-active-in-time");
        return;
    }
    m->progress = x->task_active ? x->task_progress : -1;
    say_wait(m, out, "cloud extension is %s",
             x->stale ? "not known now" : extension_state_word(x->state));
}

static void fill_run(const struct step_in *in, struct run_in_cloud *r)
{
    const struct offering *o = in->choice.offering;
    const struct server_config *s = in->server;
    const struct velostrata_config *v = &in->config->velostrata;
    const struct extension_facts *x = in->extension;
    const char *edge = v->edge_node;

    /* auto: the edge in the zone of the interface, else A. */
    if (str_eq(edge, "auto")) {
        const char *zone = in->choice.zone;

        edge = zone[0] != '\0' && str_eq(zone, x->edge_b_zone) &&
                       !str_eq(zone, x->edge_a_zone)
                   ? "NodeB"
                   : "NodeA";
    }
    *r = (struct run_in_cloud){.spot = o->lifecycle == LIFECYCLE_SPOT};
    if (r->spot) { /* the bound of on-demand is no cap: AWS would not know it */
        r->has_max_price = o->has_max_price;
        r->max_price = o->max_price;
    }
    (void)str_copy(r->instance_type, sizeof(r->instance_type), o->type);
    (void)str_copy(r->edge_node, sizeof(r->edge_node), edge);
    (void)str_copy(r->storage_policy, sizeof(r->storage_policy), v->storage_policy);
    (void)str_copy(r->eni, sizeof(r->eni), o->eni);
    (void)str_copy(r->eni_field, sizeof(r->eni_field), v->eni_field);
    (void)str_copy(r->subnet, sizeof(r->subnet), o->subnet);
    if (o->zone[0] != '\0')
        return; /* what follows is of the server's own zone */
    (void)str_copy(r->static_address, sizeof(r->static_address), s->static_address);
    for (size_t i = 0; i < s->n_security_groups && i < MAX_SECURITY_GROUPS; i++)
        (void)str_copy(r->security_groups[r->n_security_groups++], ID_TEXT,
                       s->security_groups[i]);
}

/* Out there or on its way a moment ago, at home now, and nobody has seen it return, which
 * takes minutes: an old reading, from before it went out. Powered on at home it would run
 * twice (I1). */
static bool is_home_too_soon(const struct step_in *in)
{
    const struct server_facts *f = in->facts;

    return in->last_kind != CALL_RETURN && f->power != POWER_ON && f->away_seen.s != 0 &&
           f->place_as_of.s < f->away_seen.s + OLD_READING_S;
}

/* As another task runs on it: that may be of this very call, which came twice. */
static bool is_refused(const struct call_result *last)
{
    return last->outcome == OUTCOME_FAILED && last->err.code != ERR_CONFLICT;
}

/* The call was made: what do the facts say became of it? True when a verdict was given.
 */
static bool run_resolve(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;
    const struct call_result *last = in->last;

    if (last == NULL ||
        (in->last_kind != CALL_RUN_IN_CLOUD && in->last_kind != CALL_START_IN_CLOUD))
        return false;
    if (is_refused(last)) {
        say_fail(m, out, failure_of(last), "run in cloud was refused: %s",
                 last->err.text);
        return true;
    }
    if (f->place_stale || f->task_active || f->place == PLACE_MOVING_OUT ||
        !seen_since_call(in, m, f->place_as_of) || in->now.s - last->at.s < UNMOVED_S) {
        say_wait(m, out, "running in the cloud%s",
                 last->outcome == OUTCOME_UNKNOWN ? ", its answer was lost" : "");
        if (last->outcome == OUTCOME_UNKNOWN)
            RH_PROBE("run-in-cloud-answer-lost");
        return true;
    }
    if (f->place == PLACE_ONPREM && is_home_too_soon(in)) {
        say_wait(m, out, "it was on its way a moment ago: waiting for another look");
        return true;
    }
    if (f->place == PLACE_ONPREM) {
        /* The task says it in words only. */
        bool capacity = str_has_nocase(f->task_error, "capacity");

        if (capacity)
            RH_PROBE("capacity-told-by-a-task");
        say_fail(m, out, capacity ? FAILURE_CAPACITY : FAILURE_TRANSIENT,
                 "run in cloud failed: %s",
                 f->task_error[0] != '\0'          ? f->task_error
                 : last->outcome == OUTCOME_FAILED ? last->err.text
                                                   : "the VM is still at home");
        return true;
    }
    return false;
}

static void step_run(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;

    follow_task(in, m);
    if (f->place == PLACE_CLOUD && !f->place_stale && !f->instance_stopped) {
        say_done(m, out);
        return;
    }
    if (m->deadline.s != 0 && in->now.s >= m->deadline.s && !f->task_active &&
        !f->place_stale) {
        if (f->place == PLACE_ONPREM || f->place == PLACE_CLOUD || f->lost) {
            say_fail(m, out, FAILURE_TRANSIENT, "it did not arrive in the cloud in time");
            out->send_home = f->place == PLACE_CLOUD;
            return;
        }
        (void)str_format(m->note, sizeof(m->note),
                         "half moved, and no task runs: clean it up in the manager");
        out->verdict = VERDICT_BLOCK;
        return;
    }
    if (in->call_open || f->place == PLACE_MOVING_OUT) {
        say_wait(m, out, "running in the cloud");
        return;
    }
    if (run_resolve(in, m, out))
        return;
    if (f->place_stale || f->vm_id[0] == '\0') {
        say_wait(m, out, "waiting for fresh data");
        return;
    }
    if (f->task_active) {
        say_wait(m, out, "another task runs on this VM: %s", f->task_type);
        return;
    }
    if (!in->may_commit) {
        say_wait(m, out, "waiting for a slot");
        return;
    }
    if (f->place == PLACE_CLOUD && f->instance_stopped) {
        say_call(in, m, out, CALL_START_IN_CLOUD, f->managed_id);
        out->commits = true;
        return;
    }
    if (f->place != PLACE_ONPREM) {
        say_wait(m, out, "its place is not known");
        return;
    }
    if (undrained(in, m, out) || disconnect_first(in, m, out) || !move_takes(in, m, out))
        return;
    SURE(in->may_commit && f->place == PLACE_ONPREM && !f->place_stale); /* I12 */
    SURE(in->choice.offering != NULL && !f->task_active);
    say_call(in, m, out, CALL_RUN_IN_CLOUD, f->managed_id);
    out->commits = true;
    fill_run(in, &out->call.run);
}

static void step_return(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;
    const struct call_result *last = in->last_kind == CALL_RETURN ? in->last : NULL;

    follow_task(in, m);
    if (f->place == PLACE_ONPREM && !f->place_stale && !f->task_active) {
        if (is_home_too_soon(in)) {
            RH_PROBE("home-too-soon");
            say_wait(m, out,
                     "it was in the cloud a moment ago: waiting for another look");
        } else {
            say_done(m, out);
        }
        return;
    }
    if (in->call_open || f->place_stale || f->task_active ||
        f->place == PLACE_MOVING_BACK) {
        say_wait(m, out, f->place_stale ? "waiting for fresh data" : "returning on-prem");
        return;
    }
    if (f->migration_busy) {
        say_wait(m, out, "a migration is being detached; a return would break it");
        return;
    }
    if (m->interrupted && !f->instance_stopped) { /* such a one it leaves there */
        if (in->now.s - m->step_since.s < OWN_RETURN_S) {
            say_wait(m, out, "the manager brings it home by itself");
            return;
        }
        RH_PROBE("manager-does-not-bring-it-home");
    }
    if (last != NULL) {
        bool refused = last->outcome == OUTCOME_FAILED;

        if (!seen_since_call(in, m, f->place_as_of) ||
            in->now.s - last->at.s < (refused ? RETRY_RETURN_S : UNMOVED_S)) {
            RH_PROBE("return-not-seen-to-begin");
            say_wait(m, out, refused ? "return was refused: %s" : "returning on-prem%s",
                     refused ? last->err.text : "");
            return;
        }
    }
    if (!in->may_commit && !m->committed) {
        say_wait(m, out, "waiting for a slot");
        return;
    }
    if (f->vm_id[0] == '\0') {
        say_wait(m, out, "vSphere does not show the VM %s", in->server->vm);
        return;
    }
    if (f->place == PLACE_CLOUD &&
        (undrained(in, m, out) || disconnect_first(in, m, out)))
        return;
    SURE(!f->place_stale && !f->task_active && !f->migration_busy);
    SURE(m->committed || in->may_commit);
    say_call(in, m, out, CALL_RETURN, f->managed_id);
    out->commits = true;
}

const struct mover_ops mover_velostrata = {
    .name = "velostrata",
    .uses_extension = true,
    .out = {{STEP_DRAIN, step_drain},
            {STEP_EXTENSION, step_extension},
            {STEP_RUN, step_run},
            {STEP_BOOT, step_boot},
            {STEP_NODE, step_switch}},
    .n_out = 5,
    .back = {{STEP_DRAIN, step_drain},
             {STEP_RETURN, step_return},
             {STEP_POWER_ON, step_power_on},
             {STEP_NODE, step_switch}},
    .n_back = 4,
};
