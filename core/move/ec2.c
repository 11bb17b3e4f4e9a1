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
/* An interface comes free some seconds to minutes after its instance ended (aws-api 4.7);
 * looked at again after 5, 10, 20 … s. */
enum { ENI_WAIT_S = 600, AGAIN_FIRST_S = 5, AGAIN_MAX_S = 80 };
/* What an ended one holds is tried after this: some listings never say that it is free.
 */
enum { ENI_TRY_S = 60 };
/* Definite errors that a repeat may help against: so many, then the move fails. */
enum { TRIES_MAX = 4 };
/* A launch of unknown outcome that is not wanted any more: AWS's listings are believed
 * after this (reliability 6). */
enum { UNSEEN_S = 300 };
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

/* 5, 10, 20, … s after the newest call. */
static bool too_early(const struct step_in *in, const struct move *m)
{
    int64_t wait = AGAIN_FIRST_S;

    for (int32_t i = 1; i < m->calls && wait < AGAIN_MAX_S; i++)
        wait *= 2;
    return in->now.s - in->last->at.s < wait;
}

static bool is_overdue(const struct step_in *in, const struct move *m)
{
    return m->deadline.s != 0 && in->now.s >= m->deadline.s;
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

/* ----- the cloud comes up ----- */

static void fill_launch(const struct step_in *in, const struct offering *o,
                        struct run_in_cloud *r)
{
    const struct server_config *s = in->server;

    *r = (struct run_in_cloud){.spot = o->lifecycle == LIFECYCLE_SPOT};
    if (r->spot) { /* the bound of on-demand is no cap: AWS would not know it */
        r->has_max_price = o->has_max_price;
        r->max_price = o->max_price;
    }
    (void)str_copy(r->instance_type, sizeof(r->instance_type), o->type);
    (void)str_copy(r->eni, sizeof(r->eni), o->eni);
    (void)str_copy(r->subnet, sizeof(r->subnet), o->eni[0] == '\0' ? o->subnet : "");
    for (size_t i = 0; i < s->n_security_groups && i < MAX_SECURITY_GROUPS; i++)
        (void)str_copy(r->security_groups[r->n_security_groups++], ID_TEXT,
                       s->security_groups[i]);
    (void)str_copy(r->deployment, sizeof(r->deployment), in->config->deployment);
    (void)str_copy(r->launch_template, sizeof(r->launch_template), s->launch_template);
    (void)str_copy(r->image, sizeof(r->image), s->image);
    (void)str_copy(r->key_name, sizeof(r->key_name), s->key_name);
    (void)str_copy(r->iam_profile, sizeof(r->iam_profile), s->iam_profile);
}

/* What this move launched, NULL: the configuration does not know it any more. */
static const struct offering *launched(const struct step_in *in, const struct move *m)
{
    const struct server_config *s = in->server;
    const char *zone = ""; /* that of the own interface */

    for (size_t i = 0; i < s->n_zones; i++) {
        if (str_eq(s->zones[i].name, m->zone))
            zone = m->zone;
    }
    for (size_t i = 0; i < s->n_offerings; i++) {
        const struct offering *o = &s->offerings[i];

        if (str_eq(o->type, m->type) && o->lifecycle == m->lifecycle &&
            str_eq(o->zone, zone))
            return o;
    }
    return NULL;
}

/* again: with the token of the launch whose outcome is not known. */
static void launch(const struct step_in *in, struct move *m, struct step_out *out,
                   const struct offering *o, bool again)
{
    /* Never two copies: with gap home is off, and no instance is known (I1, I2). */
    SURE(in->server->overlaps || in->facts->power == POWER_OFF);
    SURE(in->facts->instance.id[0] == '\0' && !in->facts->place_stale);
    SURE(o->type[0] != '\0');
    say_call(in, m, out, CALL_LAUNCH, o->eni[0] != '\0' ? o->eni : o->type);
    out->commits = true;
    fill_launch(in, o, &out->call.run);
    out->call.run.again = again;
}

/* This one is not to be had: the next, as long as there is one. */
static void next_offering(struct move *m, struct step_out *out, const char *why)
{
    out->verdict = VERDICT_NEXT;
    (void)str_format(m->note, sizeof(m->note), "%.180s", why);
}

/* It was launched: wait until it runs. */
static void launch_seen(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct instance_facts *i = &in->facts->instance;
    char why[LINE_TEXT];

    if (i->terminated) {
        RH_PROBE("died-of-its-launch");
        (void)str_format(why, sizeof(why), "%.30s died of its launch%s%.60s", i->id,
                         i->state_reason[0] != '\0' ? ": " : "", i->state_reason);
        /* aws-api 4.2: these are of a wrong configuration, the others of the cloud's. */
        if (str_starts(i->state_reason, "Client.") &&
            !str_eq(i->state_reason, "Client.UserInitiatedShutdown") &&
            !str_eq(i->state_reason, "Client.VolumeLimitExceeded"))
            say_fail(m, out, FAILURE_PERMANENT, "%s", why);
        else
            next_offering(m, out, why);
        return;
    }
    if (i->running && !i->pending && !in->facts->place_stale) {
        say_done(m, out);
        return;
    }
    if (is_overdue(in, m)) {
        say_fail(m, out, FAILURE_TRANSIENT, "instance %s did not start in time", i->id);
        out->send_home = true;
        return;
    }
    say_wait(m, out, "instance %s starts", i->id);
}

/* A definite no. True when a verdict was given; else it is asked anew. */
static bool launch_refused(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct call_result *last = in->last;
    bool in_use = last->err.code == ERR_CONFLICT;

    if (last->err.code == ERR_CAPACITY) {
        next_offering(m, out, last->err.text);
        return true;
    }
    if (!err_is_retryable(last->err.code) ||
        (in_use ? in->now.s - m->step_since.s >= ENI_WAIT_S : m->calls >= TRIES_MAX)) {
        RH_PROBE("launch-refused-for-good");
        say_fail(m, out, failure_of(last), "the launch was refused: %s", last->err.text);
        return true;
    }
    if (!too_early(in, m))
        return false;
    say_wait(m, out, "launching: %s", last->err.text);
    return true;
}

/* The newest launch of this step. True when a verdict was given; *again: it must be found
 * out by the same call. */
static bool launch_resolve(const struct step_in *in, struct move *m, struct step_out *out,
                           bool *again)
{
    const struct call_result *last = in->last_kind == CALL_LAUNCH ? in->last : NULL;

    *again = false;
    if (last == NULL || last->outcome == OUTCOME_DONE)
        return false;
    if (last->outcome == OUTCOME_FAILED)
        return launch_refused(in, m, out);
    if (is_overdue(in, m) ? in->now.s - last->at.s < UNSEEN_S : too_early(in, m)) {
        say_wait(m, out, "launching, its answer was lost");
        return true;
    }
    *again = true;
    return false;
}

/* True when a verdict was given. What is nobody's is told, and ended in ten minutes or by
 * a person. */
static bool another_lives(const struct step_in *in, struct move *m, struct step_out *out)
{
    const char *id = in->facts->other_id;

    if (id[0] == '\0')
        return false;
    RH_PROBE("another-of-its-instances-lives");
    if (in->now.s - m->step_since.s < ENI_WAIT_S)
        say_wait(m, out, "%s has its tag and lives", id);
    else
        say_fail(m, out, FAILURE_TRANSIENT, "%s has its tag and lives", id);
    return true;
}

/* True when a verdict was given. */
static bool eni_is_held(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;
    int64_t waited = in->now.s - m->step_since.s;

    /* Of its own interface alone it is known. */
    if (!str_eq(in->choice.offering->eni, in->server->eni) || f->eni_holder[0] == '\0' ||
        (f->eni_holder_ended && waited >= ENI_TRY_S))
        return false;
    RH_PROBE("interface-held-by-another");
    if (waited < ENI_WAIT_S)
        say_wait(m, out, "its interface is still held by %s", f->eni_holder);
    else
        say_fail(m, out, FAILURE_TRANSIENT, "its interface %s is held by %s",
                 in->server->eni, f->eni_holder);
    return true;
}

/* The same call finds out what became of it. */
static void launch_again(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct offering *o = launched(in, m);

    if (o != NULL)
        launch(in, m, out, o, true);
    else if (in->now.s - in->last->at.s < UNSEEN_S)
        say_wait(m, out, "launched something that is not configured any more");
    else
        say_fail(m, out, FAILURE_TRANSIENT, "the answer of a launch was lost");
}

static void step_launch(const struct step_in *in, struct move *m, struct step_out *out)
{
    const struct server_facts *f = in->facts;
    bool again;

    if (f->instance.id[0] != '\0') {
        launch_seen(in, m, out);
        return;
    }
    if (in->call_open || f->place_stale || f->power == POWER_UNKNOWN) {
        say_wait(m, out, in->call_open ? "launching" : "waiting for fresh data");
        return;
    }
    if (launch_resolve(in, m, out, &again))
        return;
    if (is_overdue(in, m)) {
        say_fail(m, out, FAILURE_TRANSIENT, "no instance came in time");
        return;
    }
    /* Never two copies: with gap it must be seen off right before. */
    if (!in->server->overlaps && f->power != POWER_OFF) {
        RH_PROBE("home-on-again-before-the-launch");
        out->verdict = VERDICT_REDO;
        (void)str_format(m->note, sizeof(m->note), "%s was switched on by somebody",
                         in->server->vm);
        return;
    }
    if (again) {
        launch_again(in, m, out);
        return;
    }
    if (!in->may_commit && !m->committed) {
        say_wait(m, out, "waiting for a slot");
        return;
    }
    if (another_lives(in, m, out) || !move_takes(in, m, out) || eni_is_held(in, m, out))
        return;
    launch(in, m, out, in->choice.offering, false);
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
 * read as open since: what is to be launched does not wait for Jenkins. */
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
