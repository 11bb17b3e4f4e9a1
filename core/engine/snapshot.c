#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <string.h>

enum { WEEK_S = 7 * 86400, HOUR_S = 3600 };

static enum step step_at(const struct server_state *s, int32_t i)
{
    int32_t n;
    const struct mover_step *steps = mover_steps(server_mover(s), s->move.direction, &n);

    return i < n ? steps[i].step : STEP_NONE;
}

static void view_move(const struct controller *c, const struct server_state *s,
                      struct move_view *v)
{
    const struct move *m = &s->move;
    struct utc from = m->started;
    int32_t n;

    if (!s->has_move)
        return;
    (void)mover_steps(server_mover(s), m->direction, &n);
    *v = (struct move_view){.active = true,
                            .direction = m->direction,
                            .step = step_at(s, m->step),
                            .n = m->step + 1,
                            .of = n,
                            .committed = m->committed,
                            .manual = m->manual,
                            .force = m->force,
                            .interrupted = m->interrupted,
                            .started = m->started,
                            .step_since = m->step_since,
                            .drain_deadline = m->drain_deadline,
                            .deadline = m->deadline,
                            .progress = m->progress};
    (void)str_copy(v->id, sizeof(v->id), m->id);
    (void)str_copy(v->by, sizeof(v->by), m->by);
    (void)str_copy(v->note, sizeof(v->note), m->note);
    for (int32_t i = 0; i < MAX_STEPS; i++) {
        v->steps[i] = step_at(s, i);
        v->step_took_s[i] = i < m->step    ? m->step_done[i].s - from.s
                            : i == m->step ? c->now.s - m->step_since.s
                                           : -1;
        if (i < m->step)
            from = m->step_done[i];
    }
}

static void view_server(struct controller *c, struct server_state *s,
                        struct server_view *v)
{
    (void)str_copy(v->name, sizeof(v->name), s->config->name);
    (void)str_copy(v->mover, sizeof(v->mover), s->config->mover);
    (void)str_copy(v->vm, sizeof(v->vm), s->config->vm);
    v->facts = s->facts;
    v->decision = s->decision;
    v->auto_on = s->auto_on;
    v->snooze_until = s->snooze_until;
    v->hold = s->hold;
    view_move(c, s, &v->move);
    v->failures = s->failures;
    v->retry_at = s->retry_at.s > s->rerun_at.s ? s->retry_at : s->rerun_at;
    v->breaker_open = breaker_is_open(c, s);
    for (int32_t i = 0; i < s->n_losses; i++) {
        if (c->now.s - s->losses[i].s <= WEEK_S)
            v->interruptions++;
        v->last_interruption = s->losses[i];
    }
    v->over_budget = s->over_budget;
    offerings_view(c, s, v);
    quarters_note(c, s);
    memcpy(v->quarters, s->quarters, sizeof(v->quarters));
    spot_note(c, s);
    memcpy(v->spot_steps, s->spot_steps, sizeof(v->spot_steps));
    v->n_spot_steps = s->n_spot_steps;
    v->wait_data = s->order.place != PLACE_UNKNOWN && s->decision.gate == GATE_STALE;
}

static void count(struct controller *c, struct fleet *f)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        const struct server_state *s = &c->servers[i];

        switch (s->facts.place) {
        case PLACE_CLOUD:
            f->in_cloud++;
            break;
        case PLACE_ONPREM:
            f->on_prem++;
            break;
        case PLACE_MOVING_OUT:
        case PLACE_MOVING_BACK:
            f->moving++;
            break;
        case PLACE_LOST:
            f->lost++;
            break;
        case PLACE_UNKNOWN:
        case PLACE_COUNT:
            f->unknown++;
            break;
        }
        if (s->has_move && (s->move.committed || s->move.marked_seen.s != 0))
            f->moves_running++;
        else if (s->has_move || s->decision.gate == GATE_SLOTS)
            f->moves_queued++;
        /* Settled elsewhere than desired with no gate that explains it. */
        if (!s->has_move && s->decision.desired != PLACE_UNKNOWN &&
            s->decision.gate == GATE_NONE && s->facts.place != s->decision.desired &&
            (s->facts.place == PLACE_CLOUD || s->facts.place == PLACE_ONPREM))
            f->drift++;
    }
}

/* The newest last; what there is none of is -1. */
static void view_latencies(const struct source_state *s, struct api_view *v)
{
    for (size_t i = 0; i < FLEET_LATENCIES; i++) {
        size_t back = FLEET_LATENCIES - i; /* the back-th newest */

        v->latencies_ms[i] =
            back <= s->n_latencies
                ? s->latencies_ms[(s->n_latencies - back) % FLEET_LATENCIES]
                : -1;
    }
}

static void view_apis(const struct controller *c, struct fleet *f)
{
    bool first = true;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct source_state *s = &c->sources[i];
        struct api_view *v = &f->apis[f->n_apis];
        bool controls =
            i == SOURCE_VELOSTRATA || i == SOURCE_JENKINS || i == SOURCE_VSPHERE;

        if (!s->configured)
            continue;
        f->n_apis++;
        v->source = (enum source)i;
        v->state = s->state;
        v->last_ok = s->last_ok;
        if (!source_is_needed(c, (enum source)i))
            v->state = API_OFF; /* there is nothing to ask it for */
        else if (s->state == API_OK && source_is_stale(c, (enum source)i))
            v->state = API_STALE;
        v->next.s =
            c->now.s + (s->next.ms > c->mono.ms ? (s->next.ms - c->mono.ms) / 1000 : 0);
        v->latency_ms = s->latency_ms;
        view_latencies(s, v);
        if (s->held_until.ms > c->mono.ms)
            v->held_until.s = c->now.s + (s->held_until.ms - c->mono.ms + 999) / 1000;
        v->every_s = source_every_s(c, (enum source)i);
        v->failures = s->failures;
        (void)str_copy(v->error, sizeof(v->error), s->error.text);
        v->error_at = s->error_at;
        (void)str_copy(v->request_id, sizeof(v->request_id), s->request_id);
        (void)str_copy(v->error_request_id, sizeof(v->error_request_id),
                       s->error_request_id);
        for (size_t k = 0; k < ARRAY_LEN(s->error_times); k++) {
            if (s->error_times[k].s != 0 && c->now.s - s->error_times[k].s <= HOUR_S)
                v->errors_hour++;
        }
        if (controls && (first || v->last_ok.s < f->worst_as_of.s)) {
            f->worst_as_of = v->last_ok;
            f->stale_after_s = source_stale_after_s(c, (enum source)i);
            first = false;
        }
    }
}

static void degrade(struct fleet *f, const char *word)
{
    for (size_t i = 0; i < f->n_degraded; i++) {
        if (str_eq(f->degraded[i], word))
            return;
    }
    SURE(f->n_degraded < FLEET_DEGRADED); /* there are fewer words than that */
    (void)str_copy(f->degraded[f->n_degraded++], sizeof(f->degraded[0]), word);
}

static void view_degraded(const struct controller *c, struct fleet *f)
{
    if (!c->store_ok)
        degrade(f, "store");
    if (c->disk_full)
        degrade(f, "disk");
    if (c->clock_bad_ticks > 0)
        degrade(f, "clock");
    if (c->month.reached.s != 0)
        degrade(f, "budget");
    if (c->lease.shared && c->lease.failing)
        degrade(f, "blind:etcd");
    if (!controller_has_looked(c) || c->n_unresolved > 0)
        degrade(f, "recovering");
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        char word[32];

        if (!c->sources[i].configured || !source_decides((enum source)i))
            continue;
        if (c->sources[i].state == API_DOWN) {
            (void)str_format(word, sizeof(word), "breaker:%s",
                             source_api((enum source)i));
            degrade(f, word);
        }
        if (c->sources[i].good != NULL && source_is_needed(c, (enum source)i) &&
            source_is_stale(c, (enum source)i)) {
            (void)str_format(word, sizeof(word), "blind:%s", source_api((enum source)i));
            degrade(f, word);
        }
    }
}

static void view_header(const struct controller *c, struct fleet *f)
{
    f->at = c->now;
    (void)str_copy(f->site, sizeof(f->site), c->config->site_name);
    (void)str_copy(f->tz, sizeof(f->tz), tz_name(c->tz));
    f->setting = c->dry_run ? AUTO_DRY_RUN : c->setting;
    f->shared_lock.configured = c->lease.shared;
    f->shared_lock.held = c->lease.held;
    (void)str_copy(f->shared_lock.holder, sizeof(f->shared_lock.holder), c->lease.holder);
    f->mode = c->observe || lease_is_missing(c)                  ? MODE_OBSERVER
              : f->setting == AUTO_DRY_RUN                       ? MODE_DRY_RUN
              : f->setting == AUTO_OFF || c->snooze_until.s != 0 ? MODE_MANUAL
                                                                 : MODE_AUTO;
    f->snooze_until = c->snooze_until;
    f->auto_since = c->auto_since;
    (void)str_copy(f->auto_by, sizeof(f->auto_by), c->auto_by);
    f->observe = c->observe;
    (void)str_copy(f->controller.host, NAME_TEXT, c->host);
    (void)str_copy(f->controller.who, NAME_TEXT, c->user);
    f->controller.pid = c->pid;
    f->controller.since = c->started;
    f->in_window = c->plan.in_window;
    f->in_lead = c->plan.in_lead;
    f->lead_s = c->lead_s;
    if (c->lead.moves.n > 0)
        f->out_usual_s = lead_p90(&c->lead.moves, 0) + lead_p90(&c->lead.joins, 0);
    f->in_drain = c->plan.in_drain;
    f->jenkins_quieting = c->jenkins_quieting;
    f->next.at = c->plan.next_at;
    f->next.place = c->plan.next_place;
    (void)str_copy(f->next.what, sizeof(f->next.what), c->plan.next_what);
    f->extension = c->extension.facts;
    f->extension_empty_since = c->extension.empty_since;
    f->host = c->host_facts;
}

struct fleet *controller_snapshot(struct controller *c)
{
    struct fleet *f = fleet_new(c->n_servers);

    if (f == NULL)
        return NULL;
    f->version = ++c->version;
    view_header(c, f);
    for (size_t i = 0; i < c->n_servers; i++)
        view_server(c, &c->servers[i], &f->servers[i]);
    count(c, f);
    f->looked = controller_has_looked(c);
    for (size_t i = 0; i < MAX_CALLS_OPEN; i++)
        f->calls_open += c->calls[i].open ? 1 : 0;
    for (size_t i = 0; i < c->n_servers; i++)
        f->orders_open += c->servers[i].order.place != PLACE_UNKNOWN ? 1 : 0;
    f->orders_open += c->extension.start_ordered || c->extension.stop_ordered ? 1 : 0;
    costs_view(c, f);
    builds_view(c, f);
    f->day_start = c->day_start;
    prices_view(c, f);
    view_apis(c, f);
    view_degraded(c, f);
    memcpy(f->alerts, c->alerts, sizeof(f->alerts));
    f->n_alerts = c->n_alerts;
    for (size_t i = 0; i < c->n_events; i++)
        f->events[i] = c->events[(c->first_event + i) % FLEET_EVENTS];
    f->n_events = c->n_events;
    f->events_total = c->events_total;
    replies_view(c, f);
    return f;
}
