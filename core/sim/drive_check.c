#include <config.h>

#include "core/sim/drive_impl.h"
#include "core/sim/site_impl.h"

/* What must hold at every step and at the end, and what is counted for the report. */

void drive_violated(struct drive *d, const char *why)
{
    char when[TIME_TEXT];

    d->report->violations++;
    if (d->report->violation[0] == '\0')
        (void)str_format(d->report->violation, LINE_TEXT, "%s %.160s",
                         utc_text(drive_utc(d), when), why);
}

/* I13, I16. */
void drive_check_survival(struct drive *d)
{
    if (d->survival.why[0] == '\0')
        return;
    drive_violated(d, d->survival.why);
    d->survival.why[0] = '\0';
}

static bool acts(const struct drive *d)
{
    return tenure_takes_orders(d) && d->asleep_until_ms == 0;
}

/* Of the rush hours that are on or about to begin. */
static struct utc window_end(const struct readiness *r)
{
    enum { ABOUT_S = 3 * 3600 };

    return r->span < r->n_spans && r->last.s >= r->spans[r->span].start.s - ABOUT_S
               ? r->spans[r->span].end
               : (struct utc){0};
}

/* I4, I7. Whoever is not there, does not act or trusts no clock ends nothing in time. */
static void check_charges(struct drive *d, const struct drive *v)
{
    struct charges *ch = &d->s->charges;

    if (v->skew_ms != 0 || !acts(v) || !engine_store_is_ok(v->engine))
        charges_away(ch);
    charges_look(ch, engine_controller(v->engine), window_end(&d->s->ready));
    if (ch->why[0] == '\0')
        return;
    drive_violated(d, ch->why);
    ch->why[0] = '\0';
}

/* What must hold, at every step (reliability 3). */
void drive_check(struct drive *d)
{
    const struct drive *v = several_viewer(d->s);

    if (d->store != NULL && !engine_store_is_ok(d->engine))
        d->s->held.unwritable_ms = drive_now_ms(d);
    d->s->held.skew_ms = v->skew_ms;
    if (!acts(v))
        invariants_away(&d->s->held); /* nobody acts */
    invariants_look(&d->s->held, engine_controller(v->engine));
    survival_look(&d->survival, engine_controller(d->engine), d->o->config->n_servers,
                  d->store != NULL && engine_store_is_ok(d->engine));
    drive_check_survival(d);
    check_charges(d, v);
    if (d->s->held.broken == 0)
        return;
    d->report->violations += d->s->held.broken - 1;
    drive_violated(d, d->s->held.why);
    d->s->held.broken = 0;
    d->s->held.why[0] = '\0';
}

/* Kept away from the cloud by a person: by a hold, or with auto off. */
static bool is_excused(const struct decision *d)
{
    return d->desired == PLACE_UNKNOWN || d->gate == GATE_AUTO_OFF ||
           (d->reason == REASON_HOLD && d->desired == PLACE_ONPREM);
}

/* I15, by a clock that is right. */
static void check_wanted(struct drive *d, const struct drive *v,
                         const struct controller_server *s)
{
    char why[LINE_TEXT];

    if (d->o->calm && v->skew_ms == 0 &&
        !readiness_agrees(&d->s->ready, s->decision, drive_utc(d), why))
        drive_violated(d, why);
}

void drive_measure(struct drive *d)
{
    const struct drive *v = several_viewer(d->s);
    const struct controller *c = engine_controller(v->engine);

    for (size_t i = 0; i < d->o->config->n_servers; i++) {
        struct controller_server s = controller_server(c, i);

        if (d == v)
            check_wanted(d, v, &s);
        readiness_note(&d->s->ready, i,
                       s.facts->place == PLACE_CLOUD && s.facts->cloud.open,
                       is_excused(s.decision));
    }
}

static void note_speedup(struct drive *d)
{
    struct drive_report *r = d->report;
    struct fleet *f =
        controller_snapshot(engine_controller(several_viewer(d->s)->engine));

    if (f == NULL)
        return;
    r->speedup_known = f->speedup.known;
    r->speedup_percent = f->speedup.percent;
    r->speedup_jobs = f->speedup.jobs;
    r->speedup_builds = f->speedup.builds;
    fleet_unref(f);
}

/* No build may be asked for again twice (policy-and-cost 5.3), whatever was lost. */
static void note_builds(struct drive *d)
{
    struct site_totals t = site_totals(d->o->site);

    d->report->lost_builds = t.builds_failed_by_loss;
    if (t.builds_again_twice == 0)
        return;
    d->report->violations += t.builds_again_twice;
    (void)str_format(d->report->violation, LINE_TEXT,
                     "%lld builds were queued again more than once",
                     (long long)t.builds_again_twice);
}

enum err_code drive_finish(struct drive *d, int64_t end_ms, struct err *e)
{
    struct drive_report *r = d->report;

    (void)d->port.live(d->port.ctx, end_ms); /* nobody looks any more */
    clock_fake_advance_ms(&d->fake, end_ms - drive_now_ms(d));
    readiness_advance(&d->s->ready, drive_utc(d));
    readiness_sort(&d->s->ready);
    r->to = drive_utc(d);
    r->planned_s = d->s->ready.planned_s;
    r->ready_s = d->s->ready.ready_s;
    r->late_p50_s = readiness_late_s(&d->s->ready, 50);
    r->late_p99_s = readiness_late_s(&d->s->ready, 99);
    r->late_max_s = readiness_late_s(&d->s->ready, 100);
    note_builds(d);
    note_speedup(d);
    if (d->o->calm) {
        invariants_calm(&d->s->held, engine_controller(several_viewer(d->s)->engine));
        drive_check(d);
    }
    if (d->s->ready.out_of_memory)
        return err_set(e, ERR_NOMEM, "simulation: out of memory");
    return account_close(&d->account, d->o->config, r->from, r->to, &r->cost, e);
}
