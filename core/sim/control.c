#include <config.h>

#include "core/sim/site_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/money.h"
#include "core/base/text.h"
#include "core/net/json.h"
#include "core/sim/wire.h"

/*
 * POST /control/NAME with a JSON object; answers {"ok":true}, or 400 or 409 with
 * {"error":"…"}. GET /control/world tells everything, GET /control/faults the names.
 */
struct order {
    struct site *s;
    struct world *w;
    const json_value *body;
    const char *error; /* static text */
    int status;        /* of the error */
};

static void wrong(struct order *o, int status, const char *text)
{
    if (o->error == NULL) {
        o->status = status;
        o->error = text;
    }
}

static void refused(struct order *o, enum sim_refusal no)
{
    if (no != SIM_OK)
        wrong(o, no == SIM_NOT_FOUND || no == SIM_BAD_VALUE ? 400 : 409,
              no == SIM_NOT_FOUND   ? "not found"
              : no == SIM_BAD_VALUE ? "unknown type, zone or value"
                                    : "not possible now");
}

static const char *text_of(struct order *o, const char *name)
{
    size_t len;
    const char *text = json_text(o->body, name, &len);

    return text != NULL && strlen(text) == len ? text : NULL;
}

static int64_t number_of(struct order *o, const char *name, int64_t min, int64_t max,
                         int64_t otherwise)
{
    int64_t n;

    if (json_i64(o->body, name, min, max, &n))
        return n;
    if (json_get(o->body, name) != NULL || otherwise < min)
        wrong(o, 400, "a number is missing or out of range");
    return otherwise;
}

static bool flag_of(struct order *o, const char *name)
{
    bool b = false;

    if (!json_bool(o->body, name, &b))
        wrong(o, 400, "true or false is missing");
    return b;
}

static int32_t server_of(struct order *o)
{
    const char *name = text_of(o, "server");
    int32_t server = name != NULL ? world_server_find(o->w, name) : -1;

    if (server < 0)
        wrong(o, 400, "no such server");
    return server;
}

/* ---- the orders ---- */

static void do_advance(struct order *o)
{
    int64_t seconds = number_of(o, "seconds", 0, 400 * 86400, -1);

    if (o->error != NULL)
        return;
    if (o->s->clock != NULL)
        o->s->ahead_ms += seconds * 1000;
    world_advance(o->w, o->w->now + seconds * 1000);
}

static void do_speed(struct order *o)
{
    int64_t speed = number_of(o, "speed", 1, 100000, 0);

    if (o->s->clock == NULL)
        wrong(o, 409, "this site has no clock of its own");
    if (o->error == NULL)
        clock_scaled_set_speed(o->s->clock, (int32_t)speed);
}

static void do_interrupt(struct order *o)
{
    int32_t server = server_of(o);
    int64_t notice = number_of(o, "notice_s", 0, 3600, 120);
    const struct sim_instance *i;

    if (o->error != NULL)
        return;
    i = world_server_instance(o->w, server);
    if (i == NULL)
        wrong(o, 409, "the server has no instance");
    else
        refused(o, world_interrupt(o->w, i->id, notice * 1000, false));
}

static void type_and_zone(struct order *o, int32_t *type, int32_t *zone)
{
    const char *t = text_of(o, "type"), *z = text_of(o, "zone");

    *type = t != NULL ? world_type_find(o->w, t) : -1;
    *zone = z != NULL ? world_zone_find(o->w, z) : -1;
    if (*type < 0 || *zone < 0)
        wrong(o, 400, "no such type or zone");
}

static void do_price(struct order *o)
{
    const char *text = text_of(o, "price");
    struct err e = {0};
    struct usd price = {0};
    int32_t type, zone;

    type_and_zone(o, &type, &zone);
    if (text == NULL ? !json_usd(o->body, "price", &price)
                     : usd_parse(text, &price, &e) != ERR_OK)
        wrong(o, 400, "price is no amount");
    if (o->error == NULL)
        refused(o, world_set_price(o->w, type, zone, price.nanos));
}

static void do_capacity(struct order *o)
{
    bool available = flag_of(o, "available");
    int32_t type, zone;

    type_and_zone(o, &type, &zone);
    if (o->error == NULL)
        refused(o, world_set_capacity(o->w, type, zone, available));
}

static void do_builds(struct order *o)
{
    int32_t server = server_of(o);
    int64_t seconds = number_of(o, "seconds", 1, 86400, 0);

    if (o->error == NULL)
        world_builds_lengthen(o->w, server, seconds * 1000);
}

static void do_vm(struct order *o)
{
    int32_t server = server_of(o);
    const char *power = text_of(o, "power");

    if (power == NULL || (!str_eq(power, "on") && !str_eq(power, "off")))
        wrong(o, 400, "power is on or off");
    if (o->error == NULL)
        world_vm_set_power(o->w, o->w->servers[server].vm,
                           str_eq(power, "on") ? SIM_POWER_ON : SIM_POWER_OFF);
}

/* A person's own task at the manager: out on the server's interface, or back home. */
static void do_move(struct order *o)
{
    int32_t server = server_of(o), key;
    const char *to = text_of(o, "to"), *by = text_of(o, "by"), *type = text_of(o, "type");
    char who[SIM_NAME];
    struct sim_move m = {
        .type = type != NULL ? type : "c5.2xlarge", .edge_node = "NodeA", .spot = true};

    if (to == NULL || (!str_eq(to, "cloud") && !str_eq(to, "onprem")))
        wrong(o, 400, "to is cloud or onprem");
    if (o->error != NULL)
        return;
    by = by != NULL ? by : "dana";
    (void)text_clean(who, sizeof(who), by, strlen(by));
    m.eni = o->w->enis[o->w->servers[server].eni].id;
    refused(o, str_eq(to, "cloud")
                   ? world_run_in_cloud(o->w, server, &m, who, &key)
                   : world_manager_act(o->w, server, SIM_RUN_ONPREM, who, &key));
}

static void do_node(struct order *o)
{
    const char *name = text_of(o, "node"), *by = text_of(o, "by");
    const char *text = text_of(o, "text");
    int32_t node = name != NULL ? world_node_find(o->w, name) : -1;
    bool marked = flag_of(o, "marked");
    char who[SIM_NAME], words[SIM_TEXT];

    if (node < 0)
        wrong(o, 400, "no such node");
    if (o->error != NULL)
        return;
    by = by != NULL ? by : "dana";
    text = text != NULL ? text : "looking into it";
    (void)text_clean(who, sizeof(who), by, strlen(by));
    (void)text_clean(words, sizeof(words), text, strlen(text));
    if (marked)
        world_node_mark(o->w, node, who, words);
    else
        world_node_unmark(o->w, node);
}

static void do_fault(struct order *o)
{
    const char *name = text_of(o, "name"), *rate = text_of(o, "rate");
    struct usd number;
    struct err e = {0};

    if (name == NULL)
        wrong(o, 400, "name of the fault is missing");
    else if (rate != NULL ? usd_parse(rate, &number, &e) != ERR_OK
                          : !json_usd(o->body, "rate", &number))
        wrong(o, 400, "rate is no number");
    else if (number.nanos < 0 || number.nanos > USD_NANOS)
        wrong(o, 400, "rate is a number from 0 to 1");
    else if (faults_set(&o->s->faults, name, (uint32_t)(number.nanos / 1000), &e) !=
             ERR_OK)
        wrong(o, 400, "no such fault; GET /control/faults names them");
    else
        faults_to_world(&o->s->faults, &o->w->odds);
}

static void do_extension(struct order *o)
{
    static const struct {
        const char *name;
        enum sim_extension_state state;
    } states[] = {{"stopped", SIM_EXT_STOPPED},
                  {"active", SIM_EXT_ACTIVE},
                  {"impaired", SIM_EXT_IMPAIRED}};
    const char *state = text_of(o, "state");

    for (size_t i = 0; state != NULL && i < ARRAY_LEN(states); i++)
        if (str_eq(state, states[i].name)) {
            if (o->w->extension.task >= 0)
                wrong(o, 409, "a task runs on the extension");
            else
                world_extension_set(o->w, states[i].state);
            return;
        }
    wrong(o, 400, "state is stopped, active or impaired");
}

static void do_jenkins(struct order *o)
{
    bool quiet = flag_of(o, "quiet");

    if (o->error == NULL)
        world_quiet_down(o->w, quiet);
}

static void do_host(struct order *o)
{
    bool maintenance = flag_of(o, "maintenance");

    if (o->error == NULL) {
        o->w->host.maintenance = maintenance;
        o->w->host.version = ++o->w->vsphere_version;
    }
}

static const struct {
    const char *name;
    void (*act)(struct order *o);
} orders[] = {
    {"advance", do_advance}, {"speed", do_speed},         {"interrupt", do_interrupt},
    {"price", do_price},     {"capacity", do_capacity},   {"builds", do_builds},
    {"vm", do_vm},           {"move", do_move},           {"node", do_node},
    {"fault", do_fault},     {"extension", do_extension}, {"jenkins", do_jenkins},
    {"host", do_host},
};

static void answer(struct http_response *rs, const struct order *o)
{
    struct wire_json j = {.b = &rs->body};

    if (o->error == NULL) {
        wire_answer(rs, 200, "application/json", "{\"ok\":true}\n");
        return;
    }
    wire_answer(rs, o->status, "application/json", "{");
    wire_text(&j, "error", o->error);
    strbuf_puts(&rs->body, "}\n");
}

void site_control(struct site *s, const struct http_request *rq, struct http_response *rs)
{
    const char *path = wire_path(rq) + strlen("/control");
    struct order o = {.s = s, .w = s->w};
    struct json_doc *doc = NULL;
    struct err e = {0};
    size_t i = 0;

    if (str_eq(rq->method, "GET") && str_eq(path, "/world")) {
        wire_answer(rs, 200, "application/json", "");
        site_put_world(s, &rs->body);
        return;
    }
    if (str_eq(rq->method, "GET") && str_eq(path, "/faults")) {
        wire_answer(rs, 200, "text/plain", "");
        faults_list(false, &rs->body);
        return;
    }
    while (i < ARRAY_LEN(orders) && (*path != '/' || !str_eq(path + 1, orders[i].name)))
        i++;
    if (i == ARRAY_LEN(orders)) {
        wrong(&o, 404, "there is no such order");
    } else if (!str_eq(rq->method, "POST")) {
        wrong(&o, 405, "orders are POSTed");
    } else if (rq->body == NULL ||
               json_parse(rq->body, rq->body_len, &doc, &e) != ERR_OK ||
               !json_is_object(json_doc_root(doc))) {
        wrong(&o, 400, "the body is no JSON object");
    } else {
        o.body = json_doc_root(doc);
        orders[i].act(&o);
    }
    answer(rs, &o);
    json_doc_free(doc);
}
