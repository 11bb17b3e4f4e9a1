#include <config.h>

#include "core/store/snapshot_json.h"

#include "core/base/str.h"
#include "core/base/text.h"
#include "core/store/snapshot_traces.h"
#include "core/store/snapshot_values.h"

#include <string.h>

enum { MAX_BYTES = 32 * 1024 * 1024 };

/* A percentage with one decimal; -1 unknown. */
static int32_t get_permille(const json_value *o, const char *name)
{
    struct usd v; /* a number with decimals, no matter of what */

    if (!json_usd(o, name, &v) || v.nanos < 0 || v.nanos > 1000 * USD_NANOS)
        return -1;
    return (int32_t)((v.nanos + USD_NANOS / 20) / (USD_NANOS / 10));
}

/* ----- single values ----- */

GET_WORD(place)
GET_WORD(reason)
GET_WORD(gate)
GET_WORD(direction)
GET_WORD(step)
GET_WORD(power)
GET_WORD(hold_kind)
GET_WORD(mode)
GET_WORD(auto_setting)
GET_WORD(closed_by)
GET_WORD(extension_state)
GET_WORD(spot_state)
GET_WORD(lifecycle)
GET_WORD(api_state)
GET_WORD(price_source)

/* ----- one server ----- */

static void read_hold(const json_value *o, struct hold *h)
{
    h->place = get_place(o, "place", PLACE_UNKNOWN);
    if (h->place != PLACE_CLOUD && h->place != PLACE_ONPREM) {
        h->place = PLACE_UNKNOWN;
        return;
    }
    h->until = snap_utc(o, "until");
    h->kind = get_hold_kind(o, "kind", h->until.s != 0 ? HOLD_UNTIL : HOLD_PIN);
    snap_text(o, "by", h->by, sizeof(h->by));
    h->at = snap_utc(o, "at");
    snap_text(o, "why", h->why, sizeof(h->why));
    h->over_budget = snap_bool(o, "over_budget");
}

static void read_node(const json_value *o, struct node_facts *n)
{
    char closed_by[NAME_TEXT];

    snap_text(o, "name", n->name, sizeof(n->name));
    n->known = json_bool(o, "online", &n->open);
    snap_text(o, "closed_by", closed_by, sizeof(closed_by));
    /* Closed by somebody whose word is unknown: not by us. */
    if (closed_by[0] != '\0')
        n->closed_by = get_closed_by(o, "closed_by", CLOSED_BY_PERSON);
    n->busy = snap_i32(o, "busy", INT16_MAX, 0);
    snap_text(o, "build", n->build, sizeof(n->build));
    snap_text(o, "build_path", n->build_path, sizeof(n->build_path));
    n->build_progress = snap_i32(o, "build_progress", 100, -1);
    n->build_started = snap_utc(o, "build_started");
    n->build_estimate_s = snap_int(o, "build_estimate_s", MAX_SECONDS, -1);
    n->idle = snap_bool(o, "idle");
    n->idle_since = snap_utc(o, "idle_since");
    n->marked = snap_bool(o, "marked");
    n->connected_known = json_bool(o, "connected", &n->connected);
    n->launchable = snap_bool(o, "launchable");
    snap_text(o, "cause", n->cause, sizeof(n->cause));
    n->as_of = snap_utc(o, "as_of");
}

static void read_instance(const json_value *o, const json_value *spot,
                          struct instance_facts *i)
{
    const json_value *from = json_is_object(o) ? o : spot;

    snap_text(o, "id", i->id, sizeof(i->id));
    snap_text(from, "type", i->type, sizeof(i->type));
    snap_text(from, "zone", i->zone, sizeof(i->zone));
    snap_text(o, "ip", i->ip, sizeof(i->ip));
    snap_text(o, "eni", i->eni, sizeof(i->eni));
    i->lifecycle = get_lifecycle(o, "lifecycle", LIFECYCLE_UNKNOWN);
    snap_text(from, "request", i->request, sizeof(i->request));
    snap_text(from, json_is_object(o) ? "spot_status" : "status", i->spot_status,
              sizeof(i->spot_status));
    i->reclaim_at = snap_utc(from, "reclaim_at");
    i->running = snap_bool(o, "running");
    i->terminated = snap_bool(o, "terminated");
    i->stopped = snap_bool(o, "stopped");
    i->launched = snap_utc(o, "launched");
    i->spot =
        json_is_object(spot) ? get_spot_state(spot, "state", SPOT_UNKNOWN) : SPOT_NONE;
}

static void read_move(const json_value *o, enum place place, struct move_view *m)
{
    const json_value *steps = json_get(o, "steps");

    m->progress = -1;
    for (size_t i = 0; i < MAX_STEPS; i++)
        m->step_took_s[i] = -1;
    m->active = json_is_object(o);
    if (!m->active)
        return;
    snap_text(o, "id", m->id, sizeof(m->id));
    m->direction = get_direction(
        o, "direction", place == PLACE_MOVING_BACK ? DIRECTION_BACK : DIRECTION_OUT);
    m->step = get_step(o, "step", STEP_NONE);
    m->n = snap_i32(o, "n", MAX_STEPS, 0);
    m->of = snap_i32(o, "of", MAX_STEPS, 0);
    for (size_t i = 0; i < MAX_STEPS && i < json_list_len(steps); i++) {
        const json_value *step = json_list_at(steps, i);

        m->steps[i] = get_step(step, "step", STEP_NONE);
        m->step_took_s[i] = snap_int(step, "took_s", MAX_SECONDS, -1);
    }
    m->committed = snap_bool(o, "committed");
    m->started = snap_utc(o, "since");
    m->progress = snap_i32(o, "progress", 100, -1);
    snap_text(o, "note", m->note, sizeof(m->note));
    m->step_since = snap_utc(o, "step_since");
    m->drain_deadline = snap_utc(o, "drain_deadline");
    m->deadline = snap_utc(o, "deadline");
    m->manual = snap_bool(o, "manual");
    m->force = snap_bool(o, "force");
    m->interrupted = snap_bool(o, "interrupted");
    snap_text(o, "by", m->by, sizeof(m->by));
}

static void read_decision(const json_value *o, struct decision *d)
{
    const json_value *reason = json_get(o, "reason"), *gate = json_get(o, "gate"),
                     *gates = json_get(o, "gates");

    d->desired = get_place(o, "desired", PLACE_UNKNOWN);
    d->reason = get_reason(reason, "code", REASON_NONE);
    snap_text(reason, "text", d->reason_text, sizeof(d->reason_text));
    for (size_t i = 0; i < GATE_COUNT && i < json_list_len(gates); i++) {
        size_t len;
        const char *word = json_text_of(json_list_at(gates, i), &len);
        enum gate g;

        if (word != NULL && gate_parse(word, &g) && g != GATE_NONE)
            d->gates |= 1u << (unsigned)g;
    }
    if (!json_is_object(gate))
        return;
    /* A gate that we have no word for still holds: what it is is not known. */
    d->gate = get_gate(gate, "code", GATE_STALE);
    snap_text(gate, "text", d->gate_text, sizeof(d->gate_text));
    d->gate_until = snap_utc(gate, "until");
}

static void read_facts(const json_value *o, struct server_facts *x)
{
    const json_value *task = json_get(o, "task"), *vm = json_get(o, "vm"),
                     *nodes = json_get(o, "nodes");

    x->place = get_place(o, "place", PLACE_UNKNOWN);
    snap_text(o, "place_raw", x->place_raw, sizeof(x->place_raw));
    if (x->place == PLACE_UNKNOWN && x->place_raw[0] == '\0') {
        snap_text(o, "place", x->place_raw, sizeof(x->place_raw));
        if (str_eq(x->place_raw, place_word(PLACE_UNKNOWN)))
            x->place_raw[0] = '\0';
    }
    x->place_stale = snap_bool(o, "place_stale");
    x->place_as_of = snap_utc(o, "place_as_of");
    x->nodes_as_of = snap_utc(o, "nodes_as_of");
    x->in_both_places = snap_bool(o, "in_both_places");
    x->lost = snap_bool(o, "lost");
    x->migration_busy = snap_bool(o, "migration_busy");
    x->instance_stopped = snap_bool(o, "instance_stopped");
    snap_text(o, "blocked", x->blocked, sizeof(x->blocked));
    x->task_active = snap_bool(task, "active");
    snap_text(task, "id", x->task_id, sizeof(x->task_id));
    snap_text(task, "type", x->task_type, sizeof(x->task_type));
    snap_text(task, "user", x->task_user, sizeof(x->task_user));
    snap_text(task, "error", x->task_error, sizeof(x->task_error));
    x->task_progress = snap_i32(task, "progress", 100, -1);
    snap_text(vm, "id", x->vm_id, sizeof(x->vm_id));
    x->power = get_power(vm, "power", POWER_UNKNOWN);
    x->ready_permille = get_permille(vm, "cpu_ready_percent");
    x->costop_permille = get_permille(vm, "cpu_costop_percent");
    read_node(json_get(nodes, "onprem"), &x->onprem);
    read_node(json_get(nodes, "cloud"), &x->cloud);
    read_instance(json_get(o, "instance"), json_get(o, "spot"), &x->instance);
}

/* The exact sums where they are told, else what the round ones say. */
static void read_cost(const json_value *o, struct cost_view *c)
{
    const json_value *known = json_get(o, "known"), *days = json_get(o, "days");

    c->hour_known = snap_usd(o, "hour", &c->hour);
    (void)snap_usd(o, "today", &c->today); /* unknown is 0 and not shown */
    c->month_known = snap_usd(o, "month", &c->month);
    c->same_hours_known = snap_usd(o, "same_hours_on_demand", &c->same_hours);
    (void)snap_usd(known, "hour", &c->hour);
    (void)snap_usd(known, "today", &c->today);
    (void)snap_usd(known, "month", &c->month);
    c->price_source = get_price_source(o, "price_source", PRICE_UNKNOWN);
    if (!snap_usd(o, "price", &c->price))
        c->price_source = PRICE_UNKNOWN;
    c->price_as_of = snap_utc(o, "price_as_of");
    c->instance_s = snap_int(o, "instance_s", MAX_SECONDS, 0);
    for (size_t i = 0; i < FLEET_DAYS && i < json_list_len(days); i++) {
        if (!snap_usd_of(json_list_at(days, i), &c->days[i]))
            c->days_unknown |= 1u << i;
    }
}

static void read_offerings(const json_value *o, struct server_view *s)
{
    const json_value *list = json_get(o, "offerings");

    for (size_t i = 0; i < json_list_len(list) && i < FLEET_OFFERINGS; i++) {
        const json_value *from = json_list_at(list, i);
        struct offering_view *to = &s->offerings[s->n_offerings++];

        snap_text(from, "type", to->type, sizeof(to->type));
        snap_text(from, "zone", to->zone, sizeof(to->zone));
        to->lifecycle = get_lifecycle(from, "lifecycle", LIFECYCLE_UNKNOWN);
        to->price_known = snap_usd(from, "price", &to->price);
        to->interruptions = snap_i32(from, "interruptions", INT16_MAX, 0);
        to->left_out = snap_bool(from, "left_out");
        snap_text(from, "why", to->why, sizeof(to->why));
    }
    s->offerings_more = snap_i32(o, "offerings_more", INT16_MAX, 0);
}

static enum err_code read_server(const json_value *o, struct server_view *s,
                                 struct err *e)
{
    snap_text(o, "name", s->name, sizeof(s->name));
    if (s->name[0] == '\0')
        return err_set(e, ERR_PROTOCOL, "the snapshot has a server without a name");
    snap_text(o, "mover", s->mover, sizeof(s->mover));
    snap_text(json_get(o, "vm"), "name", s->vm, sizeof(s->vm));
    read_facts(o, &s->facts);
    read_decision(o, &s->decision);
    s->auto_on = snap_bool(o, "auto");
    s->snooze_until = snap_utc(o, "snooze_until");
    read_hold(json_get(o, "hold"), &s->hold);
    read_move(json_get(o, "move"), s->facts.place, &s->move);
    read_cost(json_get(o, "cost"), &s->cost);
    snap_quarters(o, s);
    snap_spot_steps(o, s);
    s->failures = snap_i32(o, "failures", INT16_MAX, 0);
    s->retry_at = snap_utc(o, "retry_at");
    s->breaker_open = snap_bool(o, "breaker_open");
    s->interruptions = snap_i32(o, "interruptions", INT16_MAX, 0);
    s->last_interruption = snap_utc(o, "last_interruption");
    s->wait_data = snap_bool(o, "wait_data");
    s->over_budget = snap_bool(o, "over_budget");
    read_offerings(o, s);
    return ERR_OK;
}

/* ----- the site ----- */

static void read_extension(const json_value *o, struct fleet *f)
{
    struct extension_facts *x = &f->extension;

    x->configured = json_is_object(o);
    x->task_progress = -1;
    if (!x->configured)
        return;
    snap_text(o, "id", x->id, sizeof(x->id));
    x->state = get_extension_state(o, "state", EXTENSION_UNKNOWN);
    snap_text(o, "raw", x->raw, sizeof(x->raw));
    snap_text(o, "problem", x->problem, sizeof(x->problem));
    x->since = snap_utc(o, "since");
    x->as_of = snap_utc(o, "as_of");
    x->stale = snap_bool(o, "stale");
    x->task_active = snap_bool(o, "task_active");
    x->task_progress = snap_i32(o, "task_progress", 100, -1);
    snap_text(o, "edge_a_zone", x->edge_a_zone, sizeof(x->edge_a_zone));
    snap_text(o, "edge_b_zone", x->edge_b_zone, sizeof(x->edge_b_zone));
    f->extension_empty_since = snap_utc(o, "empty_since");
    f->extension_cost_known = snap_usd(o, "cost_hour", &f->extension_hour);
    (void)snap_usd(o, "cost_today", &f->extension_today); /* unknown is 0 */
    (void)snap_usd(o, "cost_month", &f->extension_month);
}

static void read_host(const json_value *o, struct host_facts *h)
{
    const json_value *history = json_get(o, "cpu_history");

    h->known = json_is_object(o);
    snap_text(o, "name", h->name, sizeof(h->name));
    h->cpu_permille = get_permille(o, "cpu_percent");
    h->memory_permille = get_permille(o, "memory_percent");
    h->ready_permille = get_permille(o, "cpu_ready_percent");
    h->costop_permille = get_permille(o, "cpu_costop_percent");
    h->stale = snap_bool(o, "stale");
    h->maintenance = snap_bool(o, "maintenance");
    h->as_of = snap_utc(o, "as_of");
    h->peak_permille = get_permille(o, "cpu_peak_percent");
    h->peak_at = snap_utc(o, "cpu_peak_at");
    for (size_t i = 0; i < HOST_HISTORY; i++) {
        const json_value *minute = json_list_at(history, i);

        h->history[i] = (int16_t)get_permille(minute, "cpu_percent");
        h->ready_history[i] = (int16_t)get_permille(minute, "cpu_ready_percent");
    }
}

static bool find_source(const json_value *o, enum source *out)
{
    char api[NAME_TEXT], reads[NAME_TEXT];

    snap_text(o, "api", api, sizeof(api));
    snap_text(o, "reads", reads, sizeof(reads));
    for (int i = 0; i < SOURCE_COUNT; i++) {
        if (str_eq(api, source_api((enum source)i)) &&
            str_eq(reads, source_what((enum source)i))) {
            *out = (enum source)i;
            return true;
        }
    }
    return false; /* of another version: nothing here could show it */
}

/* As many as there are, the newest last. */
static void read_latencies(const json_value *list, struct api_view *v)
{
    size_t n = json_list_len(list);

    for (size_t i = 0; i < FLEET_LATENCIES; i++) {
        size_t back = FLEET_LATENCIES - i;
        int64_t ms;

        v->latencies_ms[i] = -1;
        if (back <= n && json_i64_of(json_list_at(list, n - back), 0, INT32_MAX, &ms))
            v->latencies_ms[i] = (int32_t)ms;
    }
}

static void read_sources(const json_value *list, struct fleet *f)
{
    for (size_t i = 0; i < json_list_len(list) && f->n_apis < SOURCE_COUNT; i++) {
        const json_value *o = json_list_at(list, i);
        struct api_view *v = &f->apis[f->n_apis];

        if (!find_source(o, &v->source))
            continue;
        f->n_apis++;
        v->state = get_api_state(o, "state", API_STALE);
        v->last_ok = snap_utc(o, "last_ok");
        v->next = snap_utc(o, "next");
        v->every_s = snap_int(o, "every_s", MAX_SECONDS, 0);
        v->latency_ms = snap_int(o, "latency_ms", (int64_t)MAX_SECONDS * 1000, -1);
        read_latencies(json_get(o, "latencies_ms"), v);
        v->held_until = snap_utc(o, "held_until");
        v->errors_hour = snap_i32(o, "errors_hour", INT32_MAX, 0);
        v->failures = snap_i32(o, "failures", INT32_MAX, 0);
        snap_text(o, "error", v->error, sizeof(v->error));
        v->error_at = snap_utc(o, "error_at");
        snap_text(o, "request_id", v->request_id, sizeof(v->request_id));
        snap_text(o, "error_request_id", v->error_request_id,
                  sizeof(v->error_request_id));
    }
}

static void read_alerts(const json_value *list, struct fleet *f)
{
    for (size_t i = 0; i < json_list_len(list) && f->n_alerts < FLEET_ALERTS; i++) {
        const json_value *o = json_list_at(list, i);
        struct alert *a = &f->alerts[f->n_alerts++];

        a->at = snap_utc(o, "at");
        snap_text(o, "server", a->server, sizeof(a->server));
        snap_text(o, "code", a->code, sizeof(a->code));
        snap_text(o, "text", a->text, sizeof(a->text));
    }
}

/* A share of -9999..100; INT32_MIN: none. */
static int32_t get_percent(const json_value *o, const char *name)
{
    int64_t v;

    return json_i64(o, name, -9999, 100, &v) ? (int32_t)v : INT32_MIN;
}

static void read_jobs(const json_value *list, struct fleet *f)
{
    for (size_t i = 0; i < json_list_len(list) && f->n_jobs < FLEET_JOBS; i++) {
        const json_value *o = json_list_at(list, i);
        struct job_view *v = &f->jobs[f->n_jobs++];

        snap_text(o, "name", v->name, sizeof(v->name));
        snap_text(o, "server", v->server, sizeof(v->server));
        v->onprem_ms = snap_int(o, "onprem_median_s", MAX_SECONDS, 0) * 1000;
        v->onprem_builds = snap_i32(o, "onprem_builds", INT16_MAX, 0);
        v->cloud_ms = snap_int(o, "cloud_median_s", MAX_SECONDS, 0) * 1000;
        v->cloud_builds = snap_i32(o, "cloud_builds", INT16_MAX, 0);
        v->percent = get_percent(o, "percent");
        v->known = v->percent != INT32_MIN;
        if (!v->known)
            v->percent = 0;
    }
}

static void read_speedup(const json_value *root, struct fleet *f)
{
    const json_value *o = json_get(root, "speedup");
    int32_t percent = get_percent(o, "median_percent");

    f->speedup.known = percent != INT32_MIN;
    f->speedup.percent = f->speedup.known ? percent : 0;
    f->speedup.jobs = snap_i32(o, "jobs", INT32_MAX, 0);
    f->speedup.builds = snap_i32(o, "builds", INT32_MAX, 0);
    snap_text(root, "speedup_missing", f->speedup.missing, sizeof(f->speedup.missing));
    read_jobs(json_get(root, "jobs"), f);
}

static void read_counts(const json_value *o, struct fleet *f)
{
    struct {
        const char *name;
        int32_t *to;
    } rows[] = {
        {"in_cloud", &f->in_cloud},
        {"on_prem", &f->on_prem},
        {"moving", &f->moving},
        {"lost", &f->lost},
        {"unknown", &f->unknown},
        {"drift", &f->drift},
        {"moves_running", &f->moves_running},
        {"moves_queued", &f->moves_queued},
        {"calls_open", &f->calls_open},
        {"orders_open", &f->orders_open},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        *rows[i].to = snap_i32(o, rows[i].name, INT16_MAX, 0);
}

static void read_switch(const json_value *root, struct fleet *f)
{
    const json_value *o = json_get(root, "auto");

    f->mode = get_mode(root, "mode", MODE_OBSERVER);
    f->observe = f->mode == MODE_OBSERVER;
    f->setting = get_auto_setting(o, "setting",
                                  f->mode == MODE_AUTO     ? AUTO_ON
                                  : f->mode == MODE_MANUAL ? AUTO_OFF
                                                           : AUTO_DRY_RUN);
    f->auto_since = snap_utc(o, "since");
    snap_text(o, "by", f->auto_by, sizeof(f->auto_by));
    f->snooze_until = snap_utc(root, "snooze_until");
}

static void read_days(const json_value *list, struct fleet *f)
{
    for (size_t i = 0; i < json_list_len(list) && i < FLEET_DAYS; i++) {
        struct day_view *d = &f->days[i];

        d->start = snap_utc(json_list_at(list, i), "start");
        if (d->start.s == 0 || (i > 0 && d->start.s <= f->days[i - 1].start.s))
            return; /* what has no place in the month ends the list */
        d->known = snap_usd(json_list_at(list, i), "cost", &d->cost);
        f->n_days++;
    }
}

/* Sums of the site: the exact ones where they are told; unknown is 0. */
static void read_costs(const json_value *o, struct fleet *f)
{
    const json_value *known = json_get(o, "known"), *ahead = json_get(o, "forecast");

    f->hour_known = snap_usd(o, "hour", &f->hour);
    f->month_known = snap_usd(o, "month_to_date", &f->month);
    (void)snap_usd(known, "hour", &f->hour);
    (void)snap_usd(known, "today", &f->today);
    (void)snap_usd(known, "month", &f->month);
    f->forecast.known = snap_usd(ahead, "p10", &f->forecast.p10) &&
                        snap_usd(ahead, "p50", &f->forecast.p50) &&
                        snap_usd(ahead, "p90", &f->forecast.p90);
    f->left.servers = snap_i32(json_get(o, "left_in_cloud"), "servers", INT16_MAX, 0);
    f->left.hour_known = snap_usd(json_get(o, "left_in_cloud"), "hour", &f->left.hour);
    f->has_budget = snap_usd(o, "budget", &f->budget);
    f->budget_reached = snap_bool(o, "budget_reached");
    for (int i = 0; i < COMPARISON_COUNT; i++)
        f->compare[i].known =
            snap_usd(o, comparison_word((enum comparison)i), &f->compare[i].amount);
    for (int i = 0; i < COST_ITEM_COUNT; i++)
        (void)snap_usd(json_get(o, "items"), cost_item_word((enum cost_item)i),
                       &f->items[i]);
    f->items_unknown = snap_i32(o, "items_unknown", INT32_MAX, 0);
    f->items_bounds = snap_i32(o, "items_bounds", INT32_MAX, 0);
    read_days(json_get(o, "days"), f);
}

static void read_head(const json_value *root, struct fleet *f)
{
    const json_value *controller = json_get(root, "controller"),
                     *lock = json_get(root, "shared_lock"),
                     *next = json_get(root, "next"),
                     *degraded = json_get(root, "degraded");

    snap_text(root, "site", f->site, sizeof(f->site));
    snap_text(root, "tz", f->tz, sizeof(f->tz));
    read_switch(root, f);
    for (size_t i = 0; i < json_list_len(degraded) && f->n_degraded < FLEET_DEGRADED;
         i++) {
        size_t len;
        const char *word = json_text_of(json_list_at(degraded, i), &len);

        if (word != NULL)
            (void)text_clean(f->degraded[f->n_degraded++], sizeof(f->degraded[0]), word,
                             len);
    }
    snap_text(controller, "host", f->controller.host, sizeof(f->controller.host));
    f->controller.pid = snap_i32(controller, "pid", INT32_MAX, 0);
    f->controller.since = snap_utc(controller, "since");
    snap_text(controller, "who", f->controller.who, sizeof(f->controller.who));
    f->shared_lock.configured = json_is_object(lock);
    (void)json_bool(lock, "held", &f->shared_lock.held);
    snap_text(lock, "holder", f->shared_lock.holder, sizeof(f->shared_lock.holder));
    f->next.at = snap_utc(next, "at");
    snap_text(next, "what", f->next.what, sizeof(f->next.what));
    f->next.place = get_place(next, "place", PLACE_UNKNOWN);
    f->in_window = snap_bool(root, "in_window");
    f->in_lead = snap_bool(root, "in_lead");
    f->lead_s = snap_int(root, "lead_s", MAX_SECONDS, 0);
    f->out_usual_s = snap_int(root, "out_usual_s", MAX_SECONDS, 0);
    f->jenkins_quieting = snap_bool(root, "jenkins_quieting");
    f->in_drain = snap_bool(root, "in_drain");
    f->looked = snap_bool(root, "looked");
    f->worst_as_of = snap_utc(root, "worst_as_of");
    f->stale_after_s = snap_int(root, "stale_after_s", MAX_SECONDS, 0);
    read_costs(json_get(root, "cost"), f);
    f->day_start = snap_utc(root, "day_start");
    snap_prices(root, f);
}

static enum err_code read_all(const json_value *root, struct fleet **out, struct err *e)
{
    const json_value *list = json_get(root, "servers");
    struct utc at = snap_utc(root, "at");
    size_t n = json_list_len(list);
    struct fleet *f;

    if (at.s == 0 || !json_is_list(list))
        return err_set(e, ERR_PROTOCOL, "the text in the store is no snapshot");
    if (n > MAX_SERVERS)
        return err_set(e, ERR_TOO_BIG, "the snapshot has %zu servers, more than %d", n,
                       MAX_SERVERS);
    f = fleet_new(n);
    if (f == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the snapshot");
    f->at = at;
    read_head(root, f);
    read_counts(json_get(root, "counts"), f);
    read_extension(json_get(root, "extension"), f);
    read_host(json_get(root, "host"), &f->host);
    read_alerts(json_get(root, "alerts"), f);
    read_sources(json_get(root, "sources"), f);
    read_speedup(root, f);
    for (size_t i = 0; i < n; i++) {
        if (read_server(json_list_at(list, i), &f->servers[i], e) != ERR_OK) {
            fleet_unref(f);
            return e->code;
        }
    }
    *out = f;
    return ERR_OK;
}

enum err_code snapshot_parse(const char *json, size_t len, struct fleet **out,
                             struct err *e)
{
    struct json_doc *doc = NULL;
    enum err_code rc;

    if (len > MAX_BYTES)
        return err_set(e, ERR_TOO_BIG, "the snapshot has %zu bytes, more than %d", len,
                       MAX_BYTES);
    rc = json_parse(json, len, &doc, e);
    if (rc == ERR_OK)
        rc = read_all(json_doc_root(doc), out, e);
    json_doc_free(doc);
    return rc;
}
