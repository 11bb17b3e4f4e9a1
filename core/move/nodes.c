#include <config.h>

#include "core/move/step.h"

#include "core/base/str.h"

#include <string.h>

/* Two idle readings this far apart make a node drained: a build that was just being
 * assigned when the node was marked shows up by then (jenkins-api 5). */
enum { DRAINED_APART_S = 5 };
/* A second start of an agent while the first is under way hinders both
 * (jenkins-api 10.6). */
enum { LAUNCH_EVERY_S = 150 };
/* An order that failed is not repeated faster than this. */
enum { RETRY_CALL_S = 30 };
/* A port that does not answer yet is asked again. */
enum { PORT_AGAIN_S = 15 };
/* A guest that was powered on answers by then, if it ever does. */
enum { TOOLS_S = 300 };
/* Both nodes closed, and again when somebody opened one; then it is left alone. */
enum { CLOSES_MAX = 4 };

/* A call that failed a moment ago is left alone for a while. */
static bool too_soon(const struct step_in *in, const struct move *m)
{
    return in->last != NULL && in->last->outcome == OUTCOME_FAILED &&
           in->now.s - m->last_call_at.s < RETRY_CALL_S;
}

/* Taken back, stopped, or never to be again: no way out can end there. */
static bool cloud_is_gone(const struct server_facts *f)
{
    const struct instance_facts *in = &f->instance;

    return f->lost || f->place == PLACE_LOST ||
           (in->id[0] != '\0' && (in->terminated || in->stopped));
}

/* The machine is gone or goes in two minutes; waiting would save no build. With overlap a
 * failed way out owes its way home from an instance that lives, and whose node may have
 * been opened; and a person may start again what was stopped. */
static bool is_lost(const struct step_in *in, const struct move *m)
{
    const struct server_facts *f = in->facts;
    bool serves = !cloud_is_gone(f) && f->instance.reclaim_at.s == 0;
    bool anew = mover_of(in->server)->launches && f->place == PLACE_CLOUD;

    return m->interrupted && !(serves && (in->server->overlaps || anew));
}

static bool drain_is_overdue(const struct step_in *in, const struct move *m)
{
    if (overlap_ends(in, m)) {
        RH_PROBE("overlap-limit");
        return true;
    }
    return m->drain_deadline.s != 0 && in->now.s >= m->drain_deadline.s;
}

static void drain_busy(const struct step_in *in, struct move *m, struct step_out *out,
                       const struct node_facts *source)
{
    bool overdue = drain_is_overdue(in, m);
    bool stop =
        m->force || (overdue && in->config->policy.on_drain_deadline != DRAIN_WAIT);

    m->idle_since = (struct utc){0};
    if (is_lost(in, m)) {
        say_done(m, out);
        return;
    }
    if (stop && source->build_path[0] != '\0' &&
        (in->last == NULL || in->last_kind != CALL_BUILD_STOP ||
         in->now.s - m->last_call_at.s >= RETRY_CALL_S)) {
        say_call(in, m, out, CALL_BUILD_STOP, source->build_path);
        return;
    }
    say_wait(m, out, "%s %s%s", stop ? "stopping" : "draining",
             source->build[0] != '\0' ? source->build : "a build",
             overdue ? ", past the drain deadline" : "");
}

/* By an order of ours that was not this move's. */
static bool closed_by_another(const struct node_facts *n, const struct move *m)
{
    static const char key[] = " op=";
    const char *op = n->closed_by == CLOSED_BY_RUSHHOUR ? strstr(n->cause, key) : NULL;
    size_t len = strlen(m->id);

    if (op == NULL)
        return false;
    op += strlen(key);
    return strncmp(op, m->id, len) != 0 || (op[len] != ' ' && op[len] != '\0');
}

/* Closed as it was before it was opened: the reading is old, or may be, and says nothing
 * of the builds that began since. */
static bool reads_as_before(const struct step_in *in, const struct move *m,
                            const struct node_facts *source)
{
    return source->as_of.s - in->facts->opened.s < OLD_READING_S &&
           closed_by_another(source, m) && !is_lost(in, m);
}

/* Builds cannot be seen: treat it as busy until the deadline (policy-and-cost 6.4), and
 * then? With "wait" only what never came into use goes. */
static bool may_go_blind(const struct step_in *in, const struct move *m,
                         const struct node_facts *source)
{
    return in->config->policy.on_drain_deadline != DRAIN_WAIT ||
           (is_sent_home(m) && source->marked && source->idle &&
            source->as_of.s > in->facts->opened.s);
}

/*
 * Close the source node, see it closed, then see it idle twice (reliability 6,
 * "Draining"). The target is closed first, so that never both take builds.
 */
void step_drain(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct node_facts *source = move_source(in, m), *target = move_target(in, m);
    bool overdue = drain_is_overdue(in, m);

    if (in->call_open) {
        say_wait(m, out, "closing node %s", source->name);
        return;
    }
    if (overlap_is_over(in, m)) {
        RH_PROBE("drained-by-the-overlap's-end");
        say_done(m, out);
        return;
    }
    if (!source->known) {
        if (m->direction == DIRECTION_BACK &&
            (is_lost(in, m) || (overdue && may_go_blind(in, m, source)))) {
            RH_PROBE("drained-blind-at-the-deadline");
            say_done(m, out);
        } else
            say_wait(m, out, "waiting for Jenkins");
        return;
    }
    if (too_soon(in, m)) {
        say_wait(m, out, "node %s: %s", source->name, in->last->err.text);
        return;
    }
    /* With overlap the target works already: it was opened when the source was closed. */
    if (!in->server->overlaps && target->known && !target->marked &&
        seen_since_call(in, m, target->as_of)) {
        say_call(in, m, out, CALL_NODE_CLOSE, target->name);
        return;
    }
    if (!source->marked || reads_as_before(in, m, source)) {
        if (source->marked)
            RH_PROBE("closed-as-it-was-before");
        else if (m->marked_seen.s != 0)
            RH_PROBE("closed-node-opened-by-somebody");
        m->idle_since = m->marked_seen =
            (struct utc){0}; /* seen idle while open proves nothing */
        if (m->direction == DIRECTION_OUT && !source->marked && m->calls >= CLOSES_MAX) {
            say_fail(m, out, FAILURE_TRANSIENT, "somebody opens node %s again and again",
                     source->name);
            return;
        }
        if (seen_since_call(in, m, source->as_of))
            say_call(in, m, out, CALL_NODE_CLOSE, source->name);
        else
            say_wait(m, out, "closing node %s", source->name);
        return;
    }
    SURE(source->known && source->marked);
    if (m->marked_seen.s == 0)
        m->marked_seen = source->as_of;
    if (!source->idle) {
        drain_busy(in, m, out, source);
        return;
    }
    if (m->idle_since.s == 0)
        m->idle_since = source->as_of;
    /* Past the overlap's end nothing waits for a second look. */
    if (is_lost(in, m) || (in->server->overlaps && overdue) ||
        (source->as_of.s - m->idle_since.s >= DRAINED_APART_S &&
         !RH_BUGGIFY("idle-looked-at-once-more")))
        say_done(m, out);
    else
        say_wait(m, out, "node %s is closed and idle", source->name);
}

/* True when the agent is connected; otherwise starts it or waits. */
static bool agent_connected(const struct step_in *in, struct move *m,
                            struct step_out *out, const struct node_facts *n)
{
    if (!n->known) {
        say_wait(m, out, "waiting for Jenkins");
        return false;
    }
    if (n->connected || (!n->connected_known && n->open))
        return true;
    if (n->launchable && !in->call_open &&
        (m->calls == 0 || in->now.s - m->last_call_at.s >= LAUNCH_EVERY_S)) {
        if (m->calls > 0)
            RH_PROBE("agent-started-once-more");
        say_call(in, m, out, CALL_NODE_LAUNCH, n->name);
        return false;
    }
    say_wait(m, out, "waiting for the agent of node %s", n->name);
    return false;
}

/* ready_port: its agent is connected, but what is tested must answer, too. True when it
 * does, or none is asked for; else it is asked, or waited for. */
static bool port_answers(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_config *s = in->server;
    const char *ip =
        in->facts->instance.ip[0] != '\0' ? in->facts->instance.ip : s->static_address;
    const struct call_result *last = in->last_kind == CALL_PORT_CHECK ? in->last : NULL;
    char target[NAME_TEXT + 16];

    if (s->ready_port == 0 || (last != NULL && last->outcome == OUTCOME_DONE))
        return true;
    (void)str_format(target, sizeof(target), "%s:%d", ip, (int)s->ready_port);
    if (in->call_open)
        say_wait(m, out, "asking port %s", target);
    else if (ip[0] == '\0')
        say_wait(m, out, "its address in the cloud is not known yet");
    else if (last != NULL && in->now.s - last->at.s < PORT_AGAIN_S)
        say_wait(m, out, "port %s: %s", target, last->err.text);
    else
        say_call(in, m, out, CALL_PORT_CHECK, target);
    return false;
}

/* Past its time: what is missing. */
static void boot_is_late(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct node_facts *n = &in->facts->cloud;

    RH_PROBE("agent-never-came");
    if (in->last_kind == CALL_PORT_CHECK && n->connected)
        say_fail(m, out, FAILURE_TRANSIENT, "ready_port %d did not answer in time",
                 (int)in->server->ready_port);
    else
        say_fail(m, out, FAILURE_TRANSIENT,
                 "the agent of node %s did not connect in time", n->name);
    out->send_home = true;
}

void step_boot(const struct step_in *in, struct move *m, struct step_out *out)
{
    if (cloud_is_gone(in->facts)) {
        RH_PROBE("taken-back-while-it-started");
        say_fail(m, out, FAILURE_CAPACITY,
                 "the instance was taken back while it started");
        return;
    }
    if (m->deadline.s != 0 && in->now.s >= m->deadline.s) {
        boot_is_late(in, m, out);
        return;
    }
    if (agent_connected(in, m, out, &in->facts->cloud) && port_answers(in, m, out))
        say_done(m, out);
}

void step_power_on(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;

    if (f->power == POWER_ON) {
        /* The agent is the better proof of a guest that answers, and a guest without
         * tools must not wait for ever. */
        if (f->tools || f->onprem.connected || in->now.s - m->step_since.s >= TOOLS_S) {
            if (!f->tools && !f->onprem.connected)
                RH_PROBE("guest-at-home-never-answered");
            say_done(m, out);
        } else
            say_wait(m, out, "waiting for the guest of %s", in->server->vm);
        return;
    }
    if (in->call_open || f->place_stale) {
        say_wait(m, out,
                 in->call_open ? "powering on %s" : "waiting for fresh data of %s",
                 in->server->vm);
        return;
    }
    if (f->vm_id[0] == '\0' || f->power == POWER_UNKNOWN) {
        say_wait(m, out, "vSphere does not show the VM %s", in->server->vm);
        return;
    }
    if (in->last != NULL && in->last->outcome == OUTCOME_DONE &&
        !seen_since_call(in, m, f->place_as_of)) {
        say_wait(m, out, "powering on %s", in->server->vm);
        return;
    }
    if (in->last != NULL && in->now.s - m->last_call_at.s < RETRY_CALL_S) {
        say_wait(m, out, "powering on %s: %s", in->server->vm, in->last->err.text);
        return;
    }
    say_call(in, m, out, CALL_VM_POWER_ON, f->vm_id);
}

/* It was shown as on a moment ago, and is off: by an old reading, from before it was shut
 * down. What is switched off later a person has done; what is off and not at home goes
 * out after all, or is out there. */
static bool is_off_after_all(const struct step_in *in, const struct move *m)
{
    const struct server_facts *f = in->facts;

    return m->direction == DIRECTION_BACK && f->power == POWER_OFF &&
           f->place == PLACE_ONPREM && !f->place_stale &&
           in->now.s - m->step_since.s < OLD_READING_S;
}

/* The target's agent is there, and its node takes builds. */
static void step_node(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct node_facts *target = move_target(in, m);

    if (m->direction == DIRECTION_OUT &&
        (cloud_is_gone(in->facts) || in->facts->instance.reclaim_at.s != 0)) {
        say_fail(m, out, FAILURE_CAPACITY, "the instance was taken back");
        return;
    }
    if (m->direction == DIRECTION_OUT && m->deadline.s != 0 &&
        in->now.s >= m->deadline.s && !(target->known && target->open)) {
        RH_PROBE("node-not-opened-in-time");
        say_fail(m, out, FAILURE_TRANSIENT, "node %s could not be opened in time",
                 target->name);
        out->send_home = true;
        return;
    }
    if (is_off_after_all(in, m)) {
        RH_PROBE("off-after-all-at-home");
        step_power_on(in, m, out);
        return;
    }
    if (!agent_connected(in, m, out, target))
        return;
    if (target->open) {
        say_done(m, out);
        return;
    }
    if (target->marked && target->closed_by == CLOSED_BY_PERSON) {
        /* The server is where it should be; the node is a person's to open. */
        say_done(m, out);
        (void)str_format(m->note, sizeof(m->note),
                         "node %s was closed by a person and stays so", target->name);
        return;
    }
    if (in->call_open || !target->marked || too_soon(in, m) ||
        (in->last != NULL && in->last_kind == CALL_NODE_OPEN &&
         !seen_since_call(in, m, target->as_of))) {
        say_wait(m, out, "opening node %s", target->name);
        return;
    }
    say_call(in, m, out, CALL_NODE_OPEN, target->name);
}

/* The machine of the source may be up: a node of it takes builds if it is open. */
static bool source_may_run(const struct step_in *in, const struct move *m)
{
    const struct server_facts *f = in->facts;

    return m->direction == DIRECTION_OUT
               ? !power_is_down(f->power)
               : f->instance.id[0] != '\0' && !f->instance.terminated &&
                     !f->instance.stopped;
}

void step_switch(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct node_facts *source = move_source(in, m), *target = move_target(in, m);
    bool ready = target->known &&
                 (target->connected || (!target->connected_known && target->open));
    bool out_of_use =
        m->direction == DIRECTION_OUT &&
        (cloud_is_gone(in->facts) || in->facts->instance.reclaim_at.s != 0 ||
         (m->deadline.s != 0 && in->now.s >= m->deadline.s));
    /* Jenkins lists it, and did so after one of the two was told to open. */
    bool seen = source->known && source->as_of.s > in->facts->opened.s;
    bool closed = seen ? source->marked : target->open || !source_may_run(in, m);

    if (!ready || out_of_use || closed) {
        step_node(in, m, out);
    } else if (!seen) {
        say_wait(m, out, "node %s opens when Jenkins shows node %s closed", target->name,
                 source->name);
    } else if (in->call_open || too_soon(in, m) ||
               !seen_since_call(in, m, source->as_of)) {
        say_wait(m, out, "closing node %s", source->name);
    } else {
        say_call(in, m, out, CALL_NODE_CLOSE, source->name);
    }
}

static void keep_call(const struct node_facts *n, enum call_kind kind, const char *by,
                      const char *why, struct call *call)
{
    SURE(n->known && n->name[0] != '\0');
    *call = (struct call){.kind = kind};
    (void)str_copy(call->target, sizeof(call->target), n->name);
    node_marker(call->marker, sizeof(call->marker),
                kind == CALL_NODE_OPEN ? "undo" : "park", "keep", by, why);
}

bool nodes_keep(const struct server_facts *f, bool may_close, const char *by,
                const char *why, struct call *call)
{
    const struct node_facts *here, *there;
    bool threatened =
        f->instance.reclaim_at.s != 0 || f->lost || f->instance.spot == SPOT_REBALANCE;
    bool opens;

    if (!f->onprem.known || !f->cloud.known)
        return false;
    if (f->place == PLACE_LOST || (f->place == PLACE_CLOUD && threatened)) {
        if (f->cloud.marked)
            return false;
        keep_call(&f->cloud, CALL_NODE_CLOSE, by, "interruption", call);
        return true;
    }
    if ((f->place != PLACE_ONPREM && f->place != PLACE_CLOUD) || f->place_stale)
        return false;
    here = f->place == PLACE_CLOUD ? &f->cloud : &f->onprem;
    there = f->place == PLACE_CLOUD ? &f->onprem : &f->cloud;
    opens = here->marked && here->closed_by == CLOSED_BY_RUSHHOUR && !there->open &&
            (f->place == PLACE_CLOUD || f->power == POWER_ON);
    /* Closing comes first: at most one node is open at any time. One that is open without
     * an agent counts, too, before the other is opened: its agent may come any day. */
    if (!there->marked && (may_close || opens)) {
        keep_call(there, CALL_NODE_CLOSE, by, why, call);
        return true;
    }
    if (opens) {
        keep_call(here, CALL_NODE_OPEN, by, why, call);
        return true;
    }
    return false;
}

bool nodes_park(const struct node_facts *n, const char *by, const char *why,
                struct call *call)
{
    if (!n->known || n->marked) /* without an agent, too: it may come any day */
        return false;
    keep_call(n, CALL_NODE_CLOSE, by, why, call);
    return true;
}
