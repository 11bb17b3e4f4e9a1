#include <config.h>

#include "core/model/fleet_json.h"

#include "core/base/jsonw.h"

#include <string.h>

/* Amounts that are added up or shown to the last cent elsewhere: exact. */
enum { EXACT = 9 };

/* -1 = unknown */
static void put_count(struct strbuf *b, const char *name, int64_t v)
{
    if (v >= 0)
        jsonw_i64(b, name, v);
    else
        jsonw_null(b, name);
}

static void put_word(struct strbuf *b, const char *text)
{
    jsonw_comma(b);
    json_put_text(b, text);
}

/* What is known of a sum, also where a part of it is not. */
static void put_known(struct strbuf *b, struct usd hour, struct usd today,
                      struct usd month)
{
    jsonw_open(b, "known", '{');
    jsonw_usd(b, "hour", hour, EXACT, true);
    jsonw_usd(b, "today", today, EXACT, true);
    jsonw_usd(b, "month", month, EXACT, true);
    jsonw_close(b, '}');
}

static void put_hold(struct strbuf *b, const struct hold *h)
{
    if (h->place == PLACE_UNKNOWN) {
        jsonw_null(b, "hold");
        return;
    }
    jsonw_open(b, "hold", '{');
    jsonw_text(b, "place", place_word(h->place));
    jsonw_text(b, "kind", hold_kind_word(h->kind));
    jsonw_utc(b, "until", h->until);
    jsonw_text(b, "by", h->by);
    jsonw_utc(b, "at", h->at);
    jsonw_text_or_null(b, "why", h->why);
    jsonw_bool(b, "over_budget", h->over_budget);
    jsonw_close(b, '}');
}

static void put_instance(struct strbuf *b, const struct server_view *s)
{
    const struct instance_facts *i = &s->facts.instance;

    if (i->id[0] == '\0') {
        jsonw_null(b, "instance");
        return;
    }
    jsonw_open(b, "instance", '{');
    jsonw_text(b, "id", i->id);
    jsonw_text_or_null(b, "type", i->type);
    jsonw_text_or_null(b, "zone", i->zone);
    jsonw_text_or_null(b, "ip", i->ip);
    jsonw_text_or_null(b, "eni", i->eni);
    jsonw_text_or_null(b, "lifecycle",
                       i->lifecycle == LIFECYCLE_UNKNOWN ? ""
                                                         : lifecycle_word(i->lifecycle));
    jsonw_text_or_null(b, "request", i->request);
    jsonw_text_or_null(b, "spot_status", i->spot_status);
    jsonw_usd(b, "price_hour", s->cost.price, 4, s->cost.price_source != PRICE_UNKNOWN);
    jsonw_utc(b, "reclaim_at", i->reclaim_at);
    jsonw_bool(b, "running", i->running);
    jsonw_bool(b, "terminated", i->terminated);
    jsonw_bool(b, "stopped", i->stopped);
    jsonw_utc(b, "launched", i->launched);
    jsonw_close(b, '}');
}

/* A request lives before its instance does, and after. */
static void put_spot(struct strbuf *b, const struct instance_facts *i)
{
    if (i->spot == SPOT_NONE) {
        jsonw_null(b, "spot");
        return;
    }
    jsonw_open(b, "spot", '{');
    jsonw_text(b, "state", spot_state_word(i->spot));
    jsonw_text_or_null(b, "status", i->spot_status);
    jsonw_text_or_null(b, "request", i->request);
    jsonw_text_or_null(b, "type", i->type);
    jsonw_text_or_null(b, "zone", i->zone);
    jsonw_utc(b, "reclaim_at", i->reclaim_at);
    jsonw_close(b, '}');
}

static void put_node(struct strbuf *b, const char *name, const struct node_facts *n)
{
    jsonw_open(b, name, '{');
    jsonw_text(b, "name", n->name);
    if (n->known)
        jsonw_bool(b, "online", n->open);
    else
        jsonw_null(b, "online");
    jsonw_text_or_null(b, "closed_by",
                       n->closed_by == CLOSED_BY_NOBODY ? ""
                                                        : closed_by_word(n->closed_by));
    if (n->known)
        jsonw_i64(b, "busy", n->busy);
    else
        jsonw_null(b, "busy");
    jsonw_text_or_null(b, "build", n->build);
    jsonw_text_or_null(b, "build_path", n->build_path);
    put_count(b, "build_progress", n->build_progress);
    jsonw_utc(b, "build_started", n->build_started);
    put_count(b, "build_estimate_s", n->build_estimate_s);
    jsonw_bool(b, "idle", n->idle);
    jsonw_utc(b, "idle_since", n->idle_since);
    jsonw_bool(b, "marked", n->marked);
    if (n->connected_known)
        jsonw_bool(b, "connected", n->connected);
    else
        jsonw_null(b, "connected");
    jsonw_bool(b, "launchable", n->launchable);
    jsonw_text_or_null(b, "cause", n->cause);
    jsonw_utc(b, "as_of", n->as_of);
    jsonw_close(b, '}');
}

static void put_steps(struct strbuf *b, const struct move_view *m)
{
    jsonw_open(b, "steps", '[');
    for (int32_t i = 0; i < m->of && i < MAX_STEPS; i++) {
        jsonw_open(b, NULL, '{');
        jsonw_text(b, "step", step_word(m->steps[i]));
        put_count(b, "took_s", m->step_took_s[i]);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
}

static void put_move(struct strbuf *b, const struct move_view *m)
{
    if (!m->active) {
        jsonw_null(b, "move");
        return;
    }
    jsonw_open(b, "move", '{');
    jsonw_text(b, "id", m->id);
    jsonw_text(b, "direction", direction_word(m->direction));
    jsonw_text(b, "step", step_word(m->step));
    jsonw_i64(b, "n", m->n);
    jsonw_i64(b, "of", m->of);
    jsonw_bool(b, "committed", m->committed);
    jsonw_utc(b, "since", m->started);
    put_count(b, "progress", m->progress);
    jsonw_text_or_null(b, "note", m->note);
    jsonw_utc(b, "step_since", m->step_since);
    put_steps(b, m);
    jsonw_utc(b, "drain_deadline", m->drain_deadline);
    jsonw_utc(b, "deadline", m->deadline);
    jsonw_bool(b, "manual", m->manual);
    jsonw_bool(b, "force", m->force);
    jsonw_bool(b, "interrupted", m->interrupted);
    jsonw_text_or_null(b, "by", m->by);
    jsonw_close(b, '}');
}

static void put_decision(struct strbuf *b, const struct decision *d)
{
    jsonw_open(b, "gates", '[');
    for (unsigned g = GATE_NONE + 1; g < GATE_COUNT; g++) {
        if ((d->gates & (1u << g)) != 0)
            put_word(b, gate_word((enum gate)g));
    }
    jsonw_close(b, ']');
    jsonw_text_or_null(b, "desired",
                       d->desired == PLACE_UNKNOWN ? "" : place_word(d->desired));
    jsonw_open(b, "reason", '{');
    jsonw_text(b, "code", reason_word(d->reason));
    jsonw_text(b, "text", d->reason_text);
    jsonw_close(b, '}');
    if (d->gate == GATE_NONE) {
        jsonw_null(b, "gate");
        return;
    }
    jsonw_open(b, "gate", '{');
    jsonw_text(b, "code", gate_word(d->gate));
    jsonw_text(b, "text", d->gate_text);
    jsonw_utc(b, "until", d->gate_until);
    jsonw_close(b, '}');
}

static void put_age(struct strbuf *b, struct utc now, struct utc as_of)
{
    if (as_of.s == 0)
        jsonw_null(b, "age_s");
    else
        jsonw_i64(b, "age_s", now.s > as_of.s ? now.s - as_of.s : 0);
}

/* Beyond its place: what the place was read from, and what is wrong with it. */
static void put_facts(struct strbuf *b, const struct server_facts *x)
{
    jsonw_bool(b, "place_stale", x->place_stale);
    jsonw_text_or_null(b, "place_raw", x->place_raw);
    jsonw_utc(b, "place_as_of", x->place_as_of);
    jsonw_utc(b, "nodes_as_of", x->nodes_as_of);
    jsonw_bool(b, "in_both_places", x->in_both_places);
    jsonw_bool(b, "lost", x->lost);
    jsonw_bool(b, "migration_busy", x->migration_busy);
    jsonw_bool(b, "instance_stopped", x->instance_stopped);
    jsonw_text_or_null(b, "blocked", x->blocked);
    if (!x->task_active && x->task_error[0] == '\0') {
        jsonw_null(b, "task");
        return;
    }
    jsonw_open(b, "task", '{');
    jsonw_bool(b, "active", x->task_active);
    jsonw_text_or_null(b, "id", x->task_id);
    jsonw_text_or_null(b, "type", x->task_type);
    jsonw_text_or_null(b, "user", x->task_user);
    jsonw_text_or_null(b, "error", x->task_error);
    put_count(b, "progress", x->task_progress);
    jsonw_close(b, '}');
}

/* As bars show them, to the hundredth of a cent. */
static void put_server_days(struct strbuf *b, const struct cost_view *c, size_t n)
{
    jsonw_open(b, "days", '[');
    for (size_t i = 0; i < n; i++) {
        char text[USD_TEXT];

        jsonw_comma(b);
        if ((c->days_unknown >> i & 1) != 0)
            strbuf_puts(b, "null");
        else
            json_put_text(b, usd_text(c->days[i], 4, text));
    }
    jsonw_close(b, ']');
}

static void put_server_cost(struct strbuf *b, const struct cost_view *c, size_t n_days)
{
    jsonw_open(b, "cost", '{');
    jsonw_usd(b, "hour", c->hour, 4, c->hour_known);
    jsonw_usd(b, "today", c->today, 2, c->month_known);
    jsonw_usd(b, "month", c->month, 2, c->month_known);
    jsonw_usd(b, "same_hours_on_demand", c->same_hours, 2, c->same_hours_known);
    jsonw_usd(b, "price", c->price, EXACT, c->price_source != PRICE_UNKNOWN);
    jsonw_text(b, "price_source", price_source_word(c->price_source));
    jsonw_utc(b, "price_as_of", c->price_as_of);
    put_known(b, c->hour, c->today, c->month);
    jsonw_i64(b, "instance_s", c->instance_s);
    put_server_days(b, c, n_days);
    jsonw_close(b, '}');
}

static void put_offerings(struct strbuf *b, const struct server_view *s)
{
    jsonw_open(b, "offerings", '['); /* the first is what would be launched now */
    for (size_t i = 0; i < s->n_offerings; i++) {
        const struct offering_view *o = &s->offerings[i];

        jsonw_open(b, NULL, '{');
        jsonw_text(b, "type", o->type);
        jsonw_text_or_null(b, "zone", o->zone);
        jsonw_text(b, "lifecycle", lifecycle_word(o->lifecycle));
        jsonw_usd(b, "price", o->price, EXACT, o->price_known);
        jsonw_i64(b, "interruptions", o->interruptions);
        jsonw_bool(b, "left_out", o->left_out);
        jsonw_text(b, "why", o->why);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
    jsonw_i64(b, "offerings_more", s->offerings_more);
}

static void put_server(struct strbuf *b, const struct fleet *f,
                       const struct server_view *s)
{
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "name", s->name);
    jsonw_text(b, "place", place_word(s->facts.place));
    put_facts(b, &s->facts);
    put_decision(b, &s->decision);
    jsonw_bool(b, "auto", s->auto_on);
    jsonw_utc(b, "snooze_until", s->snooze_until);
    put_hold(b, &s->hold);
    jsonw_text(b, "mover", s->mover);
    jsonw_open(b, "vm", '{');
    jsonw_text_or_null(b, "id", s->facts.vm_id);
    jsonw_text_or_null(b, "power",
                       s->facts.power == POWER_UNKNOWN ? "" : power_word(s->facts.power));
    jsonw_text_or_null(b, "name", s->vm);
    jsonw_permille(b, "cpu_ready_percent", s->facts.ready_permille);
    jsonw_permille(b, "cpu_costop_percent", s->facts.costop_permille);
    jsonw_close(b, '}');
    put_instance(b, s);
    put_spot(b, &s->facts.instance);
    spot_steps_json(s, b);
    jsonw_open(b, "nodes", '{');
    put_node(b, "onprem", &s->facts.onprem);
    put_node(b, "cloud", &s->facts.cloud);
    jsonw_close(b, '}');
    put_move(b, &s->move);
    put_age(b, f->at, s->facts.place_as_of);
    put_server_cost(b, &s->cost, f->n_days);
    jsonw_i64(b, "failures", s->failures);
    jsonw_utc(b, "retry_at", s->retry_at);
    jsonw_bool(b, "breaker_open", s->breaker_open);
    jsonw_i64(b, "interruptions", s->interruptions);
    jsonw_utc(b, "last_interruption", s->last_interruption);
    jsonw_bool(b, "wait_data", s->wait_data);
    jsonw_bool(b, "over_budget", s->over_budget);
    put_offerings(b, s);
    quarters_json(f, s, b);
    jsonw_close(b, '}');
}

static void put_extension(struct strbuf *b, const struct fleet *f)
{
    if (!f->extension.configured) {
        jsonw_null(b, "extension");
        return;
    }
    jsonw_open(b, "extension", '{');
    jsonw_text_or_null(b, "id", f->extension.id);
    jsonw_text(b, "state", extension_state_word(f->extension.state));
    jsonw_utc(b, "since", f->extension.since);
    jsonw_usd(b, "cost_hour", f->extension_hour, 4, f->extension_cost_known);
    jsonw_usd(b, "cost_today", f->extension_today, EXACT, f->extension_cost_known);
    jsonw_usd(b, "cost_month", f->extension_month, EXACT, f->extension_cost_known);
    jsonw_bool(b, "stale", f->extension.stale);
    jsonw_text_or_null(b, "raw", f->extension.raw);
    jsonw_text_or_null(b, "problem", f->extension.problem);
    jsonw_bool(b, "task_active", f->extension.task_active);
    put_count(b, "task_progress", f->extension.task_progress);
    jsonw_text_or_null(b, "edge_a_zone", f->extension.edge_a_zone);
    jsonw_text_or_null(b, "edge_b_zone", f->extension.edge_b_zone);
    jsonw_utc(b, "empty_since", f->extension_empty_since);
    jsonw_utc(b, "as_of", f->extension.as_of);
    jsonw_close(b, '}');
}

static void put_host(struct strbuf *b, const struct fleet *f)
{
    if (!f->host.known) {
        jsonw_null(b, "host");
        return;
    }
    jsonw_open(b, "host", '{');
    jsonw_text(b, "name", f->host.name);
    jsonw_permille(b, "cpu_percent", f->host.cpu_permille);
    jsonw_permille(b, "cpu_ready_percent", f->host.ready_permille);
    jsonw_permille(b, "cpu_costop_percent", f->host.costop_permille);
    jsonw_permille(b, "memory_percent", f->host.memory_permille);
    jsonw_bool(b, "stale", f->host.stale);
    jsonw_bool(b, "maintenance", f->host.maintenance);
    jsonw_utc(b, "as_of", f->host.as_of);
    jsonw_permille(b, "cpu_peak_percent", f->host.peak_permille);
    jsonw_utc(b, "cpu_peak_at", f->host.peak_at);
    jsonw_open(b, "cpu_history", '['); /* a minute each, the newest last */
    for (size_t i = 0; i < HOST_HISTORY; i++) {
        jsonw_open(b, NULL, '{');
        jsonw_permille(b, "cpu_percent", f->host.history[i]);
        jsonw_permille(b, "cpu_ready_percent", f->host.ready_history[i]);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
    jsonw_close(b, '}');
}

/* The three reads of EC2 are one API to the outside: its worst state, its oldest data. */
static void put_apis(struct strbuf *b, const struct fleet *f)
{
    jsonw_open(b, "apis", '[');
    for (size_t i = 0; i < f->n_apis; i++) {
        const char *name = source_api(f->apis[i].source);
        struct api_view v = f->apis[i];

        if (i > 0 && strcmp(source_api(f->apis[i - 1].source), name) == 0)
            continue;
        for (size_t k = i + 1;
             k < f->n_apis && strcmp(source_api(f->apis[k].source), name) == 0; k++) {
            if (f->apis[k].source == SOURCE_SPOT && f->apis[k].last_ok.s == 0)
                continue; /* not asked while no spot instance lives */
            if (f->apis[k].state > v.state)
                v = f->apis[k];
        }
        jsonw_open(b, NULL, '{');
        jsonw_text(b, "name", name);
        jsonw_text(b, "state",
                   v.state == API_WAITING ? "stale" : api_state_word(v.state));
        put_age(b, f->at, v.last_ok);
        jsonw_i64(b, "latency_ms", v.latency_ms);
        jsonw_text_or_null(b, "error", v.failures > 0 ? v.error : "");
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
}

/* Each read by itself, as it stands in the table of APIs. */
static void put_sources(struct strbuf *b, const struct fleet *f)
{
    jsonw_open(b, "sources", '[');
    for (size_t i = 0; i < f->n_apis; i++) {
        const struct api_view *v = &f->apis[i];

        jsonw_open(b, NULL, '{');
        jsonw_text(b, "api", source_api(v->source));
        jsonw_text(b, "reads", source_what(v->source));
        jsonw_text(b, "state", api_state_word(v->state));
        jsonw_utc(b, "last_ok", v->last_ok);
        jsonw_utc(b, "next", v->next);
        jsonw_i64(b, "every_s", v->every_s);
        put_count(b, "latency_ms", v->latency_ms);
        jsonw_open(b, "latencies_ms", '[');
        for (size_t k = 0; k < FLEET_LATENCIES; k++) {
            char number[24];

            if (v->latencies_ms[k] < 0)
                continue;
            (void)str_format(number, sizeof(number), "%d", v->latencies_ms[k]);
            jsonw_comma(b);
            strbuf_puts(b, number);
        }
        jsonw_close(b, ']');
        jsonw_utc(b, "held_until", v->held_until);
        jsonw_i64(b, "errors_hour", v->errors_hour);
        jsonw_i64(b, "failures", v->failures);
        jsonw_text_or_null(b, "error", v->error);
        jsonw_utc(b, "error_at", v->error_at);
        jsonw_text_or_null(b, "request_id", v->request_id);
        jsonw_text_or_null(b, "error_request_id", v->error_request_id);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
}

static void put_counts(struct strbuf *b, const struct fleet *f)
{
    jsonw_open(b, "counts", '{');
    jsonw_i64(b, "in_cloud", f->in_cloud);
    jsonw_i64(b, "on_prem", f->on_prem);
    jsonw_i64(b, "moving", f->moving);
    jsonw_i64(b, "lost", f->lost);
    jsonw_i64(b, "unknown", f->unknown);
    jsonw_i64(b, "drift", f->drift);
    jsonw_i64(b, "moves_running", f->moves_running);
    jsonw_i64(b, "moves_queued", f->moves_queued);
    jsonw_i64(b, "calls_open", f->calls_open);
    jsonw_i64(b, "orders_open", f->orders_open);
    jsonw_close(b, '}');
}

static void put_alerts(struct strbuf *b, const struct fleet *f)
{
    jsonw_open(b, "alerts", '[');
    for (size_t i = 0; i < f->n_alerts; i++) {
        jsonw_open(b, NULL, '{');
        jsonw_utc(b, "at", f->alerts[i].at);
        jsonw_text_or_null(b, "server", f->alerts[i].server);
        jsonw_text(b, "code", f->alerts[i].code);
        jsonw_text(b, "text", f->alerts[i].text);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
}

/* The switch and the calendar behind `mode` and `next`. */
static void put_state(struct strbuf *b, const struct fleet *f)
{
    jsonw_open(b, "auto", '{');
    jsonw_text(b, "setting", auto_setting_word(f->setting));
    jsonw_utc(b, "since", f->auto_since);
    jsonw_text_or_null(b, "by", f->auto_by);
    jsonw_close(b, '}');
    jsonw_bool(b, "in_window", f->in_window);
    jsonw_bool(b, "in_lead", f->in_lead);
    jsonw_bool(b, "in_drain", f->in_drain);
    jsonw_bool(b, "jenkins_quieting", f->jenkins_quieting);
    jsonw_bool(b, "looked", f->looked);
    jsonw_utc(b, "worst_as_of", f->worst_as_of);
    jsonw_i64(b, "stale_after_s", f->stale_after_s);
    put_counts(b, f);
}

static void put_head(struct strbuf *b, const struct fleet *f, const char *version)
{
    jsonw_utc(b, "at", f->at);
    jsonw_text(b, "site", f->site);
    jsonw_text_or_null(b, "tz", f->tz);
    jsonw_text(b, "version", version);
    jsonw_text(b, "mode", mode_word(f->mode));
    jsonw_utc(b, "snooze_until", f->snooze_until);
    jsonw_open(b, "degraded", '[');
    for (size_t i = 0; i < f->n_degraded; i++)
        put_word(b, f->degraded[i]);
    jsonw_close(b, ']');
    if (f->controller.pid != 0) {
        jsonw_open(b, "controller", '{');
        jsonw_text(b, "host", f->controller.host);
        jsonw_i64(b, "pid", f->controller.pid);
        jsonw_utc(b, "since", f->controller.since);
        jsonw_text_or_null(b, "who", f->controller.who);
        jsonw_close(b, '}');
    } else {
        jsonw_null(b, "controller");
    }
    if (f->shared_lock.configured) {
        jsonw_open(b, "shared_lock", '{');
        jsonw_bool(b, "held", f->shared_lock.held);
        jsonw_text_or_null(b, "holder", f->shared_lock.holder);
        jsonw_close(b, '}');
    } else {
        jsonw_null(b, "shared_lock");
    }
    jsonw_i64(b, "lead_s", f->lead_s);
    jsonw_i64(b, "out_usual_s", f->out_usual_s);
    jsonw_utc(b, "day_start", f->day_start);
    if (f->next.at.s != 0) {
        jsonw_open(b, "next", '{');
        jsonw_utc(b, "at", f->next.at);
        jsonw_text(b, "what", f->next.what);
        jsonw_text_or_null(
            b, "place", f->next.place == PLACE_UNKNOWN ? "" : place_word(f->next.place));
        jsonw_close(b, '}');
    } else {
        jsonw_null(b, "next");
    }
    put_state(b, f);
}

static void put_items(struct strbuf *b, const struct fleet *f)
{
    jsonw_open(b, "items", '{');
    for (int i = 0; i < COST_ITEM_COUNT; i++)
        jsonw_usd(b, cost_item_word((enum cost_item)i), f->items[i], EXACT, true);
    jsonw_close(b, '}');
    jsonw_i64(b, "items_unknown", f->items_unknown);
    jsonw_i64(b, "items_bounds", f->items_bounds);
}

static void put_days(struct strbuf *b, const struct fleet *f)
{
    jsonw_open(b, "days", '[');
    for (size_t i = 0; i < f->n_days; i++) {
        jsonw_open(b, NULL, '{');
        jsonw_utc(b, "start", f->days[i].start);
        jsonw_usd(b, "cost", f->days[i].cost, EXACT, f->days[i].known);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
}

static void put_cost(struct strbuf *b, const struct fleet *f)
{
    jsonw_open(b, "cost", '{');
    jsonw_usd(b, "hour", f->hour, 4, f->hour_known);
    jsonw_usd(b, "month_to_date", f->month, 2, f->month_known);
    if (f->forecast.known) {
        jsonw_open(b, "forecast", '{');
        jsonw_usd(b, "p10", f->forecast.p10, 2, true);
        jsonw_usd(b, "p50", f->forecast.p50, 2, true);
        jsonw_usd(b, "p90", f->forecast.p90, 2, true);
        jsonw_close(b, '}');
    } else {
        jsonw_null(b, "forecast");
    }
    jsonw_open(b, "left_in_cloud", '{');
    jsonw_i64(b, "servers", f->left.servers);
    jsonw_usd(b, "hour", f->left.hour, 4, f->left.hour_known);
    jsonw_close(b, '}');
    jsonw_usd(b, "budget", f->budget, 2, f->has_budget);
    jsonw_bool(b, "budget_reached", f->budget_reached);
    for (int i = 0; i < COMPARISON_COUNT; i++)
        jsonw_usd(b, comparison_word((enum comparison)i), f->compare[i].amount, 2,
                  f->compare[i].known);
    put_known(b, f->hour, f->today, f->month);
    put_items(b, f);
    put_days(b, f);
    jsonw_close(b, '}');
}

/* Seconds, rounded; null without a build. */
static void put_median(struct strbuf *b, const char *name, int64_t ms, int32_t builds)
{
    put_count(b, name, builds > 0 ? (ms + 500) / 1000 : -1);
}

static void put_job(struct strbuf *b, const struct job_view *v)
{
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "name", v->name);
    jsonw_text_or_null(b, "server", v->server);
    put_median(b, "onprem_median_s", v->onprem_ms, v->onprem_builds);
    jsonw_i64(b, "onprem_builds", v->onprem_builds);
    put_median(b, "cloud_median_s", v->cloud_ms, v->cloud_builds);
    jsonw_i64(b, "cloud_builds", v->cloud_builds);
    if (v->known)
        jsonw_i64(b, "percent", v->percent);
    else
        jsonw_null(b, "percent");
    jsonw_close(b, '}');
}

void speedup_json(const struct speedup_view *s, const struct job_view *jobs, size_t n,
                  struct strbuf *out)
{
    if (s->known) {
        jsonw_open(out, "speedup", '{');
        jsonw_i64(out, "median_percent", s->percent);
        jsonw_i64(out, "jobs", s->jobs);
        jsonw_i64(out, "builds", s->builds);
        jsonw_close(out, '}');
    } else {
        jsonw_null(out, "speedup");
    }
    jsonw_text_or_null(out, "speedup_missing", s->missing);
    jsonw_open(out, "jobs", '[');
    for (size_t i = 0; i < n; i++)
        put_job(out, &jobs[i]);
    jsonw_close(out, ']');
}

void fleet_json(const struct fleet *f, const char *version, struct strbuf *out)
{
    jsonw_open(out, NULL, '{');
    put_head(out, f, version);
    jsonw_open(out, "servers", '[');
    for (size_t i = 0; i < f->n_servers; i++)
        put_server(out, f, &f->servers[i]);
    jsonw_close(out, ']');
    put_extension(out, f);
    put_host(out, f);
    put_cost(out, f);
    prices_json(f, out);
    speedup_json(&f->speedup, f->jobs, f->n_jobs, out);
    put_alerts(out, f);
    put_apis(out, f);
    put_sources(out, f);
    jsonw_close(out, '}');
}
