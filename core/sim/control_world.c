#include <config.h>

#include "core/sim/site_impl.h"

#include "core/base/money.h"
#include "core/sim/wire.h"

/* GET /control/world: the true state, unlike what any API says. */

static void put_time(struct wire_json *j, const char *name, int64_t ms)
{
    char text[WIRE_TIME];

    if (ms != 0)
        wire_text(j, name, wire_time(ms, text));
    else
        wire_raw(j, name, "null");
}

static void put_money(struct wire_json *j, const char *name, int64_t nanos)
{
    char text[USD_TEXT];

    wire_text(j, name, usd_text((struct usd){nanos}, 4, text));
}

static struct wire_json open_member(struct wire_json *j, const char *name)
{
    wire_raw(j, name, "{");
    return (struct wire_json){.b = j->b};
}

static const char *power_word(enum sim_power power)
{
    return power == SIM_POWER_ON ? "on" : power == SIM_POWER_OFF ? "off" : "suspended";
}

static const char *guest_word(enum sim_guest guest)
{
    switch (guest) {
    case SIM_GUEST_DOWN:
        return "down";
    case SIM_GUEST_BOOTING:
        return "booting";
    case SIM_GUEST_UP:
        return "up";
    case SIM_GUEST_STOPPING:
        break;
    }
    return "stopping";
}

static const char *managed_word(enum sim_managed_state state)
{
    switch (state) {
    case SIM_UNMANAGED:
        return "unmanaged";
    case SIM_MOVING_TO_CLOUD:
        return "moving_to_cloud";
    case SIM_IN_CLOUD:
        return "in_cloud";
    case SIM_RETURNING:
        break;
    }
    return "returning";
}

static const char *instance_word(enum sim_instance_state state)
{
    switch (state) {
    case SIM_PENDING:
        return "pending";
    case SIM_RUNNING:
        return "running";
    case SIM_SHUTTING_DOWN:
        return "shutting-down";
    case SIM_TERMINATED:
        return "terminated";
    case SIM_STOPPING:
        return "stopping";
    case SIM_STOPPED:
        break;
    }
    return "stopped";
}

static const char *extension_word(enum sim_extension_state state)
{
    switch (state) {
    case SIM_EXT_STOPPED:
        return "stopped";
    case SIM_EXT_STARTING:
        return "starting";
    case SIM_EXT_ACTIVE:
        return "active";
    case SIM_EXT_STOPPING:
        return "stopping";
    case SIM_EXT_IMPAIRED:
        break;
    }
    return "impaired";
}

static void put_instance(const struct world *w, const struct sim_instance *i,
                         struct wire_json *j)
{
    struct wire_json in = open_member(j, "instance");
    const struct sim_spot *s = world_spot_by_serial(w, i->spot_request);

    wire_text(&in, "id", i->id);
    wire_text(&in, "type", i->type);
    wire_text(&in, "zone", i->zone);
    wire_text(&in, "ip", i->ip);
    wire_text(&in, "state", instance_word(i->state));
    wire_bool(&in, "spot", i->spot);
    wire_text(&in, "spot_status", s != NULL ? s->status : "");
    wire_bool(&in, "managed", i->managed);
    wire_bool(&in, "reachable", i->reachable);
    put_time(&in, "launched", i->launched);
    put_time(&in, "reclaim_at", i->reclaim_at);
    put_money(&in, "cost", world_bill(w, i));
    strbuf_putc(j->b, '}');
}

static void put_build(const struct world *w, const struct sim_build *b,
                      struct strbuf *out)
{
    struct wire_json j = {.b = out};

    strbuf_putc(out, '{');
    wire_text(&j, "job", w->jobs[b->job].name);
    wire_int(&j, "number", b->number);
    put_time(&j, "started", b->started);
    wire_int(&j, "progress", world_build_progress(w, b));
    wire_bool(&j, "doomed", b->doomed != SIM_DOOM_NONE);
    strbuf_putc(out, '}');
}

static void put_node(const struct world *w, const struct sim_node *n, struct wire_json *j,
                     const char *name)
{
    struct wire_json in = open_member(j, name);
    bool more = false;

    wire_text(&in, "name", n->name);
    wire_bool(&in, "connected", n->connected);
    wire_bool(&in, "marked", n->marked);
    wire_text(&in, "marked_by", n->marked ? n->marked_by : "");
    wire_text(&in, "text", n->marked ? n->mark_text : "");
    wire_raw(&in, "builds", "[");
    for (int32_t e = 0; e < n->n_executors; e++) {
        if (n->executors[e] == NULL)
            continue;
        if (more)
            strbuf_putc(j->b, ',');
        more = true;
        put_build(w, n->executors[e], j->b);
    }
    strbuf_puts(j->b, "]}");
}

static void put_server(const struct world *w, const struct sim_tested *s,
                       struct strbuf *b)
{
    const struct sim_vm *vm = &w->vms[s->vm];
    const struct sim_eni *eni = &w->enis[s->eni];
    const struct sim_instance *i = world_server_instance(w, (int32_t)(s - w->servers));
    struct wire_json j = {.b = b}, in;

    strbuf_putc(b, '{');
    wire_text(&j, "name", s->name);
    in = open_member(&j, "vm");
    wire_text(&in, "id", vm->id);
    wire_text(&in, "name", vm->name);
    wire_text(&in, "power", power_word(vm->power));
    wire_text(&in, "guest", guest_word(vm->guest));
    wire_int(&in, "cpu_mhz", world_vm_cpu_mhz(w, vm));
    wire_int(&in, "ready_ms", world_vm_ready_ms(w, vm));
    strbuf_putc(b, '}');
    wire_text(&j, "eni", eni->id);
    wire_bool(&j, "eni_free", eni->holder == 0);
    if (i == NULL)
        i = world_instance_by_serial(w, s->managed.instance);
    if (i != NULL)
        put_instance(w, i, &j);
    else
        wire_raw(&j, "instance", "null");
    in = open_member(&j, "managed");
    wire_text(&in, "state", managed_word(s->managed.state));
    wire_int(&in, "task", s->managed.task);
    strbuf_putc(b, '}');
    in = open_member(&j, "nodes");
    put_node(w, &w->nodes[s->node[SIM_HOME]], &in, "onprem");
    put_node(w, &w->nodes[s->node[SIM_CLOUD]], &in, "cloud");
    for (size_t k = 0; k < s->n_more_nodes; k++)
        put_node(w, &w->nodes[s->more_nodes[k]], &in,
                 w->enis[w->nodes[s->more_nodes[k]].eni].zone);
    strbuf_putc(b, '}');
    wire_int(&j, "queued", s->waiting);
    wire_int(&j, "wanted", s->arrivals);
    strbuf_putc(b, '}');
}

static void put_offerings(const struct world *w, struct strbuf *b)
{
    for (size_t n = 0; n < w->n_types * w->n_zones; n++) {
        const struct sim_offering *o = &w->offerings[n];
        struct wire_json j = {.b = b};

        strbuf_puts(b, n > 0 ? ",{" : "{");
        wire_text(&j, "type", w->types[o->type].name);
        wire_text(&j, "zone", w->zones[o->zone]);
        put_money(&j, "price", world_spot_price(o, w->now));
        put_money(&j, "on_demand", w->types[o->type].on_demand);
        wire_bool(&j, "available", o->no_capacity_until <= w->now);
        strbuf_putc(b, '}');
    }
}

static void put_totals(const struct site *s, struct wire_json *j)
{
    struct wire_json in = open_member(j, "totals");
    struct site_totals t = site_totals(s);

    wire_int(&in, "builds_finished", t.builds_finished);
    wire_int(&in, "builds_failed_by_loss", t.builds_failed_by_loss);
    wire_int(&in, "builds_killed_by_us", t.builds_killed_by_us);
    wire_int(&in, "builds_again", t.builds_again);
    wire_int(&in, "builds_again_twice", t.builds_again_twice);
    wire_int(&in, "interruptions", t.interruptions);
    wire_int(&in, "launches", t.launches);
    wire_int(&in, "alive", t.alive);
    wire_int(&in, "twins_max", t.twins_max);
    wire_int(&in, "cloud_ms", t.cloud_ms);
    wire_int(&in, "extension_ms", t.cloud_ms_in_extension);
    wire_int(&in, "both_places_ms", t.both_places_ms);
    wire_int(&in, "both_places_max_ms", t.both_places_max_ms);
    put_money(&in, "spot", t.spot_nanos);
    strbuf_putc(j->b, '}');
}

static void put_faults(const struct site *s, struct wire_json *j)
{
    struct wire_json in = open_member(j, "faults");
    char name[64];

    for (size_t f = 0; f < N_FAULTS; f++)
        for (size_t a = 0; a < N_APIS; a++) {
            if (s->faults.rate[a][f] == 0)
                continue;
            (void)str_format(name, sizeof(name), "%s.%s", site_api_name((enum site_api)a),
                             fault_name((enum site_fault)f));
            wire_key(&in, name);
            strbuf_printf(j->b, "%u.%06u", s->faults.rate[a][f] / 1000000,
                          s->faults.rate[a][f] % 1000000);
        }
    strbuf_putc(j->b, '}');
}

void site_put_world(const struct site *s, struct strbuf *b)
{
    const struct world *w = s->w;
    struct wire_json j = {.b = b}, in;

    strbuf_putc(b, '{');
    put_time(&j, "now", w->now);
    wire_int(&j, "seed", (int64_t)(w->seed & INT64_MAX));
    if (s->clock != NULL)
        wire_int(&j, "speed", clock_scaled_speed(s->clock));
    wire_raw(&j, "servers", "[");
    for (size_t i = 0; i < w->n_servers; i++) {
        if (i > 0)
            strbuf_putc(b, ',');
        put_server(w, &w->servers[i], b);
    }
    strbuf_putc(b, ']');
    in = open_member(&j, "extension");
    wire_text(&in, "id", w->extension.id);
    wire_text(&in, "state", extension_word(w->extension.state));
    put_time(&in, "since", w->extension.since);
    strbuf_putc(b, '}');
    in = open_member(&j, "host");
    wire_text(&in, "name", w->host.name);
    wire_int(&in, "cores", w->host.cores);
    wire_int(&in, "cpu_mhz", world_host_cpu_mhz(w));
    wire_int(&in, "memory_mb", world_host_memory_mb(w));
    wire_bool(&in, "maintenance", w->host.maintenance);
    strbuf_putc(b, '}');
    wire_bool(&j, "quieting_down", w->quieting_down);
    wire_raw(&j, "offerings", "[");
    put_offerings(w, b);
    strbuf_putc(b, ']');
    put_faults(s, &j);
    put_totals(s, &j);
    strbuf_puts(b, "}\n");
}
