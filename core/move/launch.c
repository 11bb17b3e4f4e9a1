#include <config.h>

#include "core/move/step.h"

#include "core/base/str.h"

/*
 * An instance is launched onto the server's interface, once: what came of a launch whose
 * answer was lost the same launch tells, and one that is not to be had is followed by the
 * next offering.
 */

/* An interface comes free some seconds to minutes after its instance ended (aws-api 4.7).
 */
enum { ENI_WAIT_S = 600 };
/* What an ended one holds is tried after this: some listings never say that it is free.
 */
enum { ENI_TRY_S = 60 };
/* Definite errors that a repeat may help against: so many, then the move fails. */
enum { TRIES_MAX = 4 };
/* A launch of unknown outcome that is not wanted any more: AWS's listings are believed
 * after this (reliability 6). */
enum { UNSEEN_S = 300 };

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

void step_launch(const struct step_in *in, struct move *m, struct step_out *out)
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
