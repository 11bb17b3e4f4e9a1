#include <config.h>

#include "core/model/fleet_json.h"

#include "core/base/jsonw.h"

#include <string.h>

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
    jsonw_usd(b, "price_hour", s->cost.price, 4, s->cost.price_known);
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
    jsonw_close(b, '}');
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
    if (m->progress >= 0)
        jsonw_i64(b, "progress", m->progress);
    else
        jsonw_null(b, "progress");
    jsonw_text_or_null(b, "note", m->note);
    jsonw_close(b, '}');
}

static void put_decision(struct strbuf *b, const struct decision *d)
{
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

static void put_server(struct strbuf *b, const struct fleet *f,
                       const struct server_view *s)
{
    jsonw_open(b, NULL, '{');
    jsonw_text(b, "name", s->name);
    jsonw_text(b, "place", place_word(s->facts.place));
    put_decision(b, &s->decision);
    jsonw_bool(b, "auto", s->auto_on);
    put_hold(b, &s->hold);
    jsonw_text(b, "mover", s->mover);
    jsonw_open(b, "vm", '{');
    jsonw_text_or_null(b, "id", s->facts.vm_id);
    jsonw_text_or_null(b, "power",
                       s->facts.power == POWER_UNKNOWN ? "" : power_word(s->facts.power));
    jsonw_close(b, '}');
    put_instance(b, s);
    jsonw_open(b, "nodes", '{');
    put_node(b, "onprem", &s->facts.onprem);
    put_node(b, "cloud", &s->facts.cloud);
    jsonw_close(b, '}');
    put_move(b, &s->move);
    put_age(b, f->at, s->facts.place_as_of);
    jsonw_open(b, "cost", '{');
    jsonw_usd(b, "hour", s->cost.hour, 4, s->cost.hour_known);
    jsonw_usd(b, "today", s->cost.today, 2, s->cost.hour_known);
    jsonw_usd(b, "month", s->cost.month, 2, s->cost.hour_known);
    jsonw_close(b, '}');
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
    jsonw_null(b, "cpu_ready_percent"); /* vSphere statistics are not read yet */
    jsonw_permille(b, "memory_percent", f->host.memory_permille);
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

static void put_head(struct strbuf *b, const struct fleet *f, const char *version)
{
    jsonw_utc(b, "at", f->at);
    jsonw_text(b, "site", f->site);
    jsonw_text(b, "version", version);
    jsonw_text(b, "mode", mode_word(f->mode));
    jsonw_utc(b, "snooze_until", f->snooze_until);
    jsonw_open(b, "degraded", '[');
    for (size_t i = 0; i < f->n_degraded; i++) {
        jsonw_comma(b);
        json_put_text(b, f->degraded[i]);
    }
    jsonw_close(b, ']');
    if (f->controller.pid != 0) {
        jsonw_open(b, "controller", '{');
        jsonw_text(b, "host", f->controller.host);
        jsonw_i64(b, "pid", f->controller.pid);
        jsonw_utc(b, "since", f->controller.since);
        jsonw_close(b, '}');
    } else {
        jsonw_null(b, "controller");
    }
    if (f->next.at.s != 0) {
        jsonw_open(b, "next", '{');
        jsonw_utc(b, "at", f->next.at);
        jsonw_text(b, "what", f->next.what);
        jsonw_close(b, '}');
    } else {
        jsonw_null(b, "next");
    }
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
    jsonw_open(out, "cost", '{');
    jsonw_usd(out, "month_to_date", f->month, 2, f->hour_known);
    /* What is not reckoned yet is unknown, and unknown is null (design 8). */
    jsonw_null(out, "forecast");
    jsonw_null(out, "budget");
    jsonw_null(out, "same_hours_on_demand");
    jsonw_null(out, "always_on_demand");
    jsonw_close(out, '}');
    jsonw_null(out, "speedup");
    put_alerts(out, f);
    put_apis(out, f);
    jsonw_close(out, '}');
}
