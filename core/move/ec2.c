#include <config.h>

#include "core/move/step.h"

#include "core/base/str.h"

/*
 * The mover without a manager in between: an instance is launched onto the server's
 * interface, and terminated. Two pairs of tables: with `gap` home goes down before the
 * cloud comes up; with `overlap` the other way round, both sides up for a while.
 */

/* A power-off that did not help is not repeated faster than this. */
enum { RETRY_POWER_S = 30 };
enum { RETRY_TERMINATE_S = 30 };
/* Most guests that were told to shut down are off by then. */
enum { GUEST_STOPS_S = 45 };
/* A node of the cloud is closed before what may not find it open is launched. */
enum { CLOSE_AGAIN_S = 30, CLOSE_WAIT_S = 600 };

/* It lives, and AWS takes it back in two minutes. */
static bool is_noticed(const struct server_facts *f)
{
    const struct instance_facts *in = &f->instance;

    return in->id[0] != '\0' && !in->terminated && in->reclaim_at.s != 0;
}

/* The cloud side does the work, and will go on doing so. */
static bool cloud_serves(const struct server_facts *f)
{
    const struct instance_facts *in = &f->instance;

    return in->id[0] != '\0' && !in->terminated && !in->stopped && in->reclaim_at.s == 0;
}

/* ----- home goes down ----- */

static bool asked_to_stop(const struct step_in *in)
{
    return in->last != NULL &&
           (in->last_kind == CALL_VM_SHUTDOWN || in->last_kind == CALL_VM_POWER_OFF);
}

/* With overlap the commit point lies behind: what the drain has proven is looked at all
 * the same. */
static bool got_a_build(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct node_facts *source = move_source(in, m);

    if (m->interrupted || !source->known || (source->marked && source->idle) ||
        overlap_is_over(in, m))
        return false;
    out->verdict = VERDICT_REDO;
    (void)str_format(m->note, sizeof(m->note), "node %s %s: draining once more",
                     source->name,
                     source->marked ? "got a build" : "was opened by somebody");
    return true;
}

/* The guest was asked: off with it when it does not go by itself. */
static void shutdown_goes_on(const struct step_in *in, struct move *m,
                             struct step_out *out)
{
    const struct call_result *last = in->last;
    int64_t since = in->now.s - m->last_call_at.s;
    bool guest = in->last_kind == CALL_VM_SHUTDOWN;

    if (last->outcome == OUTCOME_FAILED &&
        (last->err.code == ERR_AUTH || last->err.code == ERR_FORBIDDEN ||
         (!guest && !err_is_retryable(last->err.code)))) {
        say_fail(m, out, FAILURE_PERMANENT, "powering off %s: %s", in->server->vm,
                 last->err.text);
        out->send_home = in->server->overlaps; /* both are up, and home stays so */
        return;
    }
    /* With overlap nobody waits for a guest beyond the time both may be up. */
    if (guest ? last->outcome != OUTCOME_FAILED && since < in->config->shutdown_timeout &&
                    !(in->server->overlaps && is_overdue(in, m))
              : since < RETRY_POWER_S) {
        say_wait(m, out, "%s %s%s%s", guest ? "shutting down" : "powering off",
                 in->server->vm, last->outcome == OUTCOME_FAILED ? ": " : "",
                 last->outcome == OUTCOME_FAILED ? last->err.text : "");
        return;
    }
    if (guest && last->outcome != OUTCOME_FAILED)
        RH_PROBE("guest-deaf-to-its-shutdown");
    say_call(in, m, out, CALL_VM_POWER_OFF, in->facts->vm_id);
    out->commits = true;
}

/* Switched on a moment ago by us: it may read as it was before. A launch upon that would
 * be a second copy (I1). */
static bool off_as_before(const struct server_facts *f)
{
    return f->place_as_of.s < f->switched_on.s + OLD_READING_S;
}

static void step_shutdown(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;
    bool overlap = in->server->overlaps;

    if (f->place_stale || f->power == POWER_UNKNOWN || f->vm_id[0] == '\0') {
        say_wait(m, out, "waiting for fresh data of %s", in->server->vm);
        return;
    }
    if (f->power == POWER_OFF && off_as_before(f)) {
        say_wait(m, out,
                 "%s was switched on a moment ago: looking again whether it is off",
                 in->server->vm);
        return;
    }
    if (f->power == POWER_OFF) {
        say_done(m, out);
        return;
    }
    if (in->call_open) {
        say_wait(m, out, "shutting down %s", in->server->vm);
        return;
    }
    if (overlap && !cloud_serves(f)) {
        say_fail(m, out, FAILURE_CAPACITY, "the instance was taken back");
        out->send_home = true;
        return;
    }
    if (!overlap && is_overdue(in, m)) {
        say_fail(m, out, FAILURE_TRANSIENT, "%s could not be switched off in time",
                 in->server->vm);
        return;
    }
    if (overlap && f->instance.stopped_since.s != 0) {
        say_wait(m, out, "%s was stopped by somebody", f->instance.id);
        return;
    }
    if (asked_to_stop(in)) {
        shutdown_goes_on(in, m, out);
        return;
    }
    if (!overlap && in->server->n_zones == 0 && f->eni_holder[0] != '\0' &&
        !f->eni_holder_ended) {
        say_fail(m, out, FAILURE_TRANSIENT, "its interface %s is held by %s",
                 in->server->eni, f->eni_holder);
        return;
    }
    if (!in->may_commit && !m->committed) {
        say_wait(m, out, "waiting for a slot");
        return;
    }
    if (got_a_build(in, m, out) || disconnect_first(in, m, out))
        return;
    SURE(!f->place_stale && (m->committed || in->may_commit)); /* I12 */
    SURE(!overlap || cloud_serves(f));
    say_call(in, m, out, CALL_VM_SHUTDOWN, f->vm_id);
    out->commits = true;
}

/* ----- the cloud goes down ----- */

static void step_terminate(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;
    const struct instance_facts *i = &f->instance;

    if (i->id[0] == '\0' || i->ended) {
        say_done(m, out);
        return;
    }
    if (in->call_open || f->place_stale || i->terminated) {
        say_wait(m, out,
                 f->place_stale ? "waiting for fresh data"
                                : "instance %s comes to its end",
                 i->id);
        return;
    }
    /* AWS takes back what it gave notice of; its builds have the whole notice, unless
     * home has been up beside it for as long as may be. */
    if (m->interrupted && i->reclaim_at.s != 0 && !overlap_is_over(in, m) &&
        in->now.s < i->reclaim_at.s + mover_reclaim_slack_s(&in->config->policy)) {
        say_wait(m, out, "AWS takes %s back", i->id);
        return;
    }
    if (i->eni_deletes) { /* put right beside the move, when that is allowed */
        say_wait(m, out, "not terminated: DeleteOnTermination of %.40s is on", i->eni);
        return;
    }
    if (in->last_kind == CALL_TERMINATE && in->last != NULL &&
        in->last->outcome == OUTCOME_UNKNOWN)
        RH_PROBE("terminate-answer-lost");
    if (in->last != NULL && in->last_kind == CALL_TERMINATE &&
        in->now.s - in->last->at.s < RETRY_TERMINATE_S) {
        say_wait(m, out, "terminating %s%s%s", i->id,
                 in->last->outcome == OUTCOME_FAILED ? ": " : "",
                 in->last->outcome == OUTCOME_FAILED ? in->last->err.text : "");
        return;
    }
    if (!in->may_commit && !m->committed) {
        say_wait(m, out, "waiting for a slot");
        return;
    }
    if (in->last_kind != CALL_TERMINATE &&
        (got_a_build(in, m, out) || disconnect_first(in, m, out)))
        return;
    SURE(!f->place_stale && !i->eni_deletes); /* I12, I6 */
    SURE(m->committed || in->may_commit);
    say_call(in, m, out, CALL_TERMINATE, i->id);
    out->commits = true;
}

/* ----- overlap ----- */

/* Its guest was told to shut down, by a way out that has failed since: on as it reads, it
 * may be about to go off. */
static bool goes_off(const struct server_facts *f)
{
    return f->power == POWER_ON && f->told_off.s != 0 &&
           f->place_as_of.s < f->told_off.s + GUEST_STOPS_S;
}

/* The commit point of the way back: home and the instance are up from here on. A cloud
 * side that is taken back gives no more builds at once. */
static void step_come_up(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct node_facts *cloud = &in->facts->cloud;

    if (m->interrupted && cloud->known && !cloud->marked && !in->call_open &&
        seen_since_call(in, m, cloud->as_of)) {
        say_call(in, m, out, CALL_NODE_CLOSE, cloud->name);
        return;
    }
    if (in->facts->power != POWER_ON && !in->may_commit && !m->committed) {
        say_wait(m, out, "waiting for a slot");
        return;
    }
    if (goes_off(in->facts)) {
        say_wait(m, out, "%s was told to shut down", in->server->vm);
        return;
    }
    if (in->facts->power == POWER_ON && overlap_ends(in, m)) {
        say_done(m, out); /* no guest is waited for any more */
        return;
    }
    step_power_on(in, m, out);
    out->commits = out->verdict == VERDICT_CALL;
}

/* The way back: home does not come up, and both must not be up much longer. The cloud
 * serves on, home is switched off again, and the next try begins with a power cycle. */
static void give_home_up(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;

    if (f->power == POWER_OFF)
        say_fail(m, out, FAILURE_TRANSIENT,
                 "the agent of node %s did not connect in time: %.60s is off again",
                 f->onprem.name, in->server->vm);
    else if (in->call_open || f->power != POWER_ON || f->place_stale ||
             !seen_since_call(in, m, f->place_as_of) ||
             (in->last != NULL && in->last_kind == CALL_VM_POWER_OFF && too_early(in, m)))
        say_wait(m, out, "%s does not come up: switching it off again", in->server->vm);
    else
        say_call(in, m, out, CALL_VM_POWER_OFF, f->vm_id);
}

/* Home is not seen to take builds, and one side must go: the cloud's, when it is not in
 * use, may not stay any longer, or was closed for home, as far as Jenkins has told? */
static bool cloud_goes(const struct step_in *in, const struct move *m)
{
    return is_sent_home(m) || m->force ||
           (m->drain_deadline.s != 0 && in->now.s >= m->drain_deadline.s) ||
           (in->facts->cloud.marked && in->facts->onprem.connected);
}

/* An order to switch it off was heard after all, or somebody did it: both places are not
 * up, and what the instance runs has its time until they are. A reading may be old. */
static bool is_off_again(const struct step_in *in, const struct move *m)
{
    const struct server_facts *f = in->facts;

    return f->power == POWER_OFF && !f->place_stale && !in->call_open &&
           (f->told_off.s != 0 ? f->place_as_of.s > f->told_off.s
                               : f->place_as_of.s >= m->step_since.s + OLD_READING_S) &&
           cloud_serves(f);
}

/* True when a verdict was given: the way home begins anew, and powers it on first. */
static bool home_is_off(const struct step_in *in, struct move *m, struct step_out *out)
{
    if (!is_sent_home(m) || m->interrupted || !is_off_again(in, m))
        return false;
    RH_PROBE("sent-home-to-a-home-that-is-off");
    say_fail(m, out, FAILURE_TRANSIENT, "%.60s is off", in->server->vm);
    out->send_home = true;
    return true;
}

static void step_switch_back(const struct step_in *in, struct move *m,
                             struct step_out *out)
{
    const struct node_facts *home = &in->facts->onprem;
    bool seen = home->known && home->connected;

    if (home_is_off(in, m, out))
        return;
    if (is_noticed(in->facts) && overlap_is_over(in, m)) {
        say_done(m, out);
        return;
    }
    if (m->interrupted || !cloud_serves(in->facts) || !overlap_ends(in, m) ||
        (seen && !overlap_is_over(in, m))) {
        step_switch(in, m, out);
    } else if (cloud_goes(in, m)) {
        RH_PROBE("cloud-given-up");
        say_done(m, out);
    } else {
        RH_PROBE("home-given-up");
        give_home_up(in, m, out);
    }
}

/* Given up before home's agent was seen, the cloud leaves nobody who takes builds: the
 * move ends when home does, and is late until then. The cloud's node may never have been
 * closed, if Jenkins did not answer: that comes first. */
static void step_terminate_beside(const struct step_in *in, struct move *m,
                                  struct step_out *out)
{
    if (home_is_off(in, m, out))
        return;
    step_terminate(in, m, out);
    if (out->verdict == VERDICT_DONE)
        step_switch(in, m, out);
}

/* Home drains while the cloud works: gone there, it stays here. Nor may both stay up
 * where somebody opens its node again and again. */
static void step_drain_home(const struct step_in *in, struct move *m,
                            struct step_out *out)
{
    if (!in->facts->place_stale && !cloud_serves(in->facts))
        say_fail(m, out, FAILURE_CAPACITY, "the instance was taken back");
    else
        step_drain(in, m, out);
    out->send_home = out->verdict == VERDICT_FAIL;
}

/* Of an instance that is gone, and of the zone that comes next: the agent of what is
 * launched there would find its node open (I1b). Each is asked for once, if it is not
 * read as open since: what replaces an instance does not wait for Jenkins. */
static const struct node_facts *still_open(const struct step_in *in, const struct move *m)
{
    const struct node_facts *gone = &in->facts->cloud, *next = in->choice.node;
    bool gone_open = gone->known && !gone->marked;

    if (m->calls == 0 && gone_open)
        return gone;
    if (m->calls > 1 || !next->known || next->marked || str_eq(next->name, gone->name))
        return NULL;
    return m->calls == 0 || gone_open || seen_since_call(in, m, next->as_of) ? next
                                                                             : NULL;
}

static void step_launch_anew(const struct step_in *in, struct move *m,
                             struct step_out *out)
{
    const struct node_facts *open = still_open(in, m);

    if (open != NULL && in->facts->instance.id[0] == '\0' && !in->call_open)
        say_call(in, m, out, CALL_NODE_CLOSE, open->name);
    else
        step_launch(in, m, out);
}

/* Home takes builds, and goes on until Jenkins has closed the node out there: two of them
 * are never open for long, however Jenkins is (I1b). True when a verdict was given. */
static bool waits_for_close(const struct step_in *in, struct move *m,
                            struct step_out *out)
{
    const struct node_facts *next = in->choice.node, *home = &in->facts->onprem;

    if (in->call_open || in->facts->instance.id[0] != '\0' ||
        in->last_kind == CALL_LAUNCH || !next->known || next->marked || !home->known ||
        home->marked)
        return false;
    RH_PROBE("launch-waits-for-a-node's-close");
    if (in->now.s - m->step_since.s >= CLOSE_WAIT_S)
        say_fail(m, out, FAILURE_TRANSIENT, "node %s stays open", next->name);
    else if (m->calls == 0 || (seen_since_call(in, m, next->as_of) &&
                               in->now.s - m->last_call_at.s >= CLOSE_AGAIN_S))
        say_call(in, m, out, CALL_NODE_CLOSE, next->name);
    else
        say_wait(m, out, "closing node %s", next->name);
    return true;
}

static void step_launch_beside(const struct step_in *in, struct move *m,
                               struct step_out *out)
{
    if (!waits_for_close(in, m, out))
        step_launch_anew(in, m, out);
}

/* Waiting for the agent, or for the switch: what is taken back meanwhile ends the move.
 */
static void step_boot_beside(const struct step_in *in, struct move *m,
                             struct step_out *out)
{
    step_boot(in, m, out);
    out->send_home = out->verdict == VERDICT_FAIL;
}

static void step_switch_over(const struct step_in *in, struct move *m,
                             struct step_out *out)
{
    step_switch(in, m, out);
    out->send_home = out->verdict == VERDICT_FAIL;
}

const struct mover_ops mover_ec2 = {
    .name = "ec2",
    .launches = true,
    .out = {{STEP_DRAIN, step_drain},
            {STEP_SHUTDOWN, step_shutdown},
            {STEP_LAUNCH, step_launch},
            {STEP_BOOT, step_boot},
            {STEP_NODE, step_switch}},
    .n_out = 5,
    .back = {{STEP_DRAIN, step_drain},
             {STEP_TERMINATE, step_terminate},
             {STEP_POWER_ON, step_power_on},
             {STEP_NODE, step_switch}},
    .n_back = 4,
};

const struct mover_ops mover_ec2_overlap = {
    .name = "ec2-overlap",
    .launches = true,
    .overlaps = true,
    .out = {{STEP_LAUNCH, step_launch_beside},
            {STEP_BOOT, step_boot_beside},
            {STEP_NODE, step_switch_over},
            {STEP_DRAIN, step_drain_home},
            {STEP_SHUTDOWN, step_shutdown}},
    .n_out = 5,
    .back = {{STEP_POWER_ON, step_come_up},
             {STEP_NODE, step_switch_back},
             {STEP_DRAIN, step_drain},
             {STEP_TERMINATE, step_terminate_beside}},
    .n_back = 4,
};

const struct mover_ops mover_ec2_replace = {
    .name = "ec2-replace",
    .launches = true,
    .replaces = true,
    .out = {{STEP_LAUNCH, step_launch_anew},
            {STEP_BOOT, step_boot_beside},
            {STEP_NODE, step_switch_over}},
    .n_out = 3,
};
