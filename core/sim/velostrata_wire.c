#include <config.h>

#include "core/sim/velostrata_wire.h"

#include <string.h>

#include "core/net/json.h"
#include "core/sim/site.h"

static const char prefix[] = "/velostrata/api/v25";
enum { MAX_SEGMENTS = 5 };

/* A request taken apart: "/vms/vm-12/operations/return?force=true". */
struct call {
    struct world *w;
    const struct http_request *rq;
    struct http_response *rs;
    char segments[MAX_SEGMENTS][SIM_ID];
    size_t n;
};

/* ---- errors ---- */

void velostrata_refuse(const struct http_request *rq, struct http_response *rs,
                       int status, const char *code, const char *text)
{
    struct wire_json j = {.b = &rs->body};

    wire_answer(rs, status, "application/json;charset=UTF-8", "{");
    wire_text(&j, "errorCode", code);
    wire_text(&j, "url", wire_path(rq));
    wire_text(&j, "message", text);
    strbuf_putc(j.b, '}');
}

static void refuse(struct call *c, int status, const char *code, const char *text)
{
    velostrata_refuse(c->rq, c->rs, status, code, text);
}

static void not_found(struct call *c, const char *what)
{
    char text[SIM_TEXT];

    (void)str_format(text, sizeof(text), "%s was not found", what); /* a cut is fine */
    refuse(c, 404, "NotFound", text);
}

/* Why the manager says no, in its words. */
static void say_no(struct call *c, enum sim_refusal no)
{
    switch (no) {
    case SIM_NOT_FOUND:
        not_found(c, "The entity");
        return;
    case SIM_BUSY:
        refuse(c, 409, "TaskInProgress", "Another task is running on this entity");
        return;
    case SIM_LIMIT:
        refuse(c, 409, "TooManyTasks",
               "Two virtual machines are being moved to this cloud extension already");
        return;
    case SIM_BAD_VALUE:
        refuse(c, 400, "InvalidParameter",
               "The instance type or the network interface is unknown");
        return;
    case SIM_OK:
    case SIM_WRONG_STATE:
    case SIM_NO_TOOLS:
    case SIM_MAINTENANCE:
    case SIM_NO_CAPACITY:
    case SIM_PRICE_TOO_LOW:
    case SIM_ENI_IN_USE:
        break;
    }
    refuse(c, 409, "InvalidState", "The operation is not possible in the present state");
}

/* ---- the pieces of an answer ---- */

static void begin(struct call *c, int status, char bracket)
{
    const char open[] = {bracket, '\0'};

    wire_answer(c->rs, status, "application/json;charset=UTF-8", open);
}

void velostrata_put_id(struct wire_json *j, const char *name, const char *type,
                       const char *value)
{
    struct wire_json in = {.b = j->b};

    wire_key(j, name);
    strbuf_putc(j->b, '{');
    wire_text(&in, "_type", type);
    wire_text(&in, "value", value);
    strbuf_putc(j->b, '}');
}

void velostrata_put_task_id(struct strbuf *b, int32_t key)
{
    strbuf_puts(b, "{\"_type\":\"TaskId\",\"value\":\"t-");
    wire_put_int(b, key);
    strbuf_puts(b, "\"}");
}

/* key: set by the operation that gave `no`; by pointer, so that it is read after it. */
static void answer_task(struct call *c, enum sim_refusal no, const int32_t *key)
{
    if (no != SIM_OK) {
        say_no(c, no);
        return;
    }
    wire_answer(c->rs, 201, "application/json;charset=UTF-8", "");
    velostrata_put_task_id(&c->rs->body, *key);
}

/* ---- VMs ---- */

static const char *state_name(enum sim_managed_state state)
{
    switch (state) {
    case SIM_UNMANAGED:
        return "Unmanaged";
    case SIM_MOVING_TO_CLOUD:
        return "MovingToCloud";
    case SIM_IN_CLOUD:
        return "InCloud";
    case SIM_RETURNING:
        break;
    }
    return "ReturningFromCloud";
}

static const char *instance_words(const struct sim_instance *i)
{
    if (i == NULL || i->dying_since != 0)
        return "None";
    return i->state == SIM_STOPPED || i->state == SIM_STOPPING ? "Stopped" : "Started";
}

/* Members sorted by name within a VmStateDescription. */
static void put_state_info(const struct world *w, const struct sim_tested *s,
                           struct strbuf *b)
{
    const struct sim_managed *m = &s->managed;
    const struct sim_vm *vm = &w->vms[s->vm];
    const struct sim_instance *i = world_instance_by_serial(w, m->instance);
    struct wire_json j = {.b = b};

    strbuf_putc(b, '{');
    wire_raw(&j, "activeTasks", "[");
    if (m->task >= 0)
        velostrata_put_task_id(b, m->task);
    strbuf_putc(b, ']');
    if (m->state != SIM_UNMANAGED) {
        velostrata_put_id(&j, "cloudExtension", "CloudExtensionId", w->extension.id);
        wire_text(&j, "edgeNode", m->edge_node);
        wire_text(&j, "storagePolicy", m->storage_policy);
        wire_raw(&j, "runMode", "\"Normal\"");
        wire_bool(&j, "isSpot", m->spot);
        wire_int(&j, "uncommittedWrites", 0);
    }
    wire_text(&j, "cloudInstanceState", instance_words(i));
    velostrata_put_id(&j, "id", "VmId", vm->id);
    wire_text(&j, "instanceUuid", vm->instance_uuid);
    wire_text(&j, "migrationState", m->state == SIM_IN_CLOUD ? "CacheOnDemand" : "None");
    wire_text(&j, "state", state_name(m->state));
    strbuf_putc(b, '}');
}

/* The manager looks at the cloud now and then: the end of an instance is seen late. */
static const char *power_state(const struct world *w, const struct sim_managed *m,
                               const struct sim_instance *i)
{
    switch (i->state) {
    case SIM_PENDING:
        return "Starting";
    case SIM_RUNNING:
        return "Running";
    case SIM_STOPPING:
        return "Stopping";
    case SIM_STOPPED:
        return "Stopped";
    case SIM_SHUTTING_DOWN:
        return "ShuttingDown";
    case SIM_TERMINATED:
        break;
    }
    return m->lost_seen == 0 || m->lost_seen <= w->now ? "Terminated" : "ShuttingDown";
}

static const char *ec2_state(enum sim_instance_state state)
{
    switch (state) {
    case SIM_PENDING:
        return "Pending";
    case SIM_RUNNING:
        return "Running";
    case SIM_SHUTTING_DOWN:
        return "ShuttingDown";
    case SIM_STOPPING:
        return "Stopping";
    case SIM_STOPPED:
        return "Stopped";
    case SIM_TERMINATED:
        break;
    }
    return "Terminated";
}

static void put_type(const struct sim_type *t, struct strbuf *b)
{
    struct wire_json j = {.b = b};

    strbuf_putc(b, '{');
    wire_int(&j, "cpus", t->cpus);
    wire_int(&j, "memory", t->memory_mb / 1024);
    wire_text(&j, "name", t->name);
    strbuf_putc(b, '}');
}

static void put_cloud_info(const struct world *w, const struct sim_managed *m,
                           const struct sim_instance *i, struct strbuf *b)
{
    struct wire_json j = {.b = b}, in = {.b = b};

    strbuf_putc(b, '{');
    wire_raw(&j, "_type", "\"AwsInstanceInfo\"");
    wire_text(&j, "availabilityZone", i->zone);
    wire_text(&j, "id", i->id);
    wire_bool(&j, "isSpot", i->spot);
    velostrata_put_time(w, &j, "launchTime", i->launched);
    wire_raw(&j, "networkInterfaces", "[");
    if (i->state != SIM_TERMINATED) {
        strbuf_putc(b, '{');
        wire_text(&in, "description", w->enis[i->eni].description);
        wire_text(&in, "id", w->enis[i->eni].id);
        strbuf_putc(b, '}');
    }
    strbuf_putc(b, ']');
    wire_text(&j, "powerState", power_state(w, m, i));
    wire_text(&j, "privateDnsName", i->private_dns);
    wire_text(&j, "privateIpAddress", i->ip);
    wire_raw(&j, "securityGroups",
             "[{\"id\":\"sg-0b41c6de5a7f80923\",\"name\":\"tests\"}]");
    wire_text(&j, "state", ec2_state(i->state));
    if (i->reason_code != NULL)
        wire_text(&j, "stateChangeReason", i->reason_code);
    wire_text(&j, "subnetId", i->subnet);
    wire_raw(&j, "tags", "[");
    for (size_t n = 0; n < i->n_tags; n++) {
        struct wire_json tag = {.b = b};

        strbuf_puts(b, n > 0 ? ",{" : "{");
        wire_text(&tag, "key", i->tags[n].key);
        wire_text(&tag, "value", i->tags[n].value);
        strbuf_putc(b, '}');
    }
    strbuf_putc(b, ']');
    wire_raw(&j, "tenancyType", "\"Default\"");
    wire_key(&j, "type");
    put_type(&w->types[i->type_index], b);
    strbuf_putc(b, '}');
}

static int32_t server_of_vm(const struct world *w, const char *vm_id)
{
    int32_t vm = world_vm_find(w, vm_id);

    return vm >= 0 ? w->vms[vm].server : -1;
}

static void list_vms(struct call *c)
{
    begin(c, 200, '[');
    for (size_t i = 0; i < c->w->n_servers; i++) {
        if (i > 0)
            strbuf_putc(&c->rs->body, ',');
        put_state_info(c->w, &c->w->servers[i], &c->rs->body);
    }
    strbuf_putc(&c->rs->body, ']');
}

static void describe_vm(struct call *c, int32_t server)
{
    const struct sim_tested *s = &c->w->servers[server];
    const struct sim_instance *i = world_instance_by_serial(c->w, s->managed.instance);
    struct wire_json j = {.b = &c->rs->body}, in = {.b = &c->rs->body};

    begin(c, 200, '{');
    if (i != NULL) {
        wire_key(&j, "cloudInfo");
        put_cloud_info(c->w, &s->managed, i, j.b);
    }
    wire_raw(&j, "onPremInfo", "{");
    wire_text(&in, "entityId", c->w->vms[s->vm].id);
    strbuf_putc(j.b, '}');
    wire_key(&j, "stateInfo");
    put_state_info(c->w, s, j.b);
    strbuf_putc(j.b, '}');
}

static void list_types(struct call *c)
{
    begin(c, 200, '[');
    for (size_t t = 0; t < c->w->n_types; t++) {
        if (t > 0)
            strbuf_putc(&c->rs->body, ',');
        put_type(&c->w->types[t], &c->rs->body);
    }
    strbuf_putc(&c->rs->body, ']');
}

/* ---- a move ---- */

static bool is_edge(const char *edge)
{
    return str_eq(edge, "NodeA") || str_eq(edge, "NodeB");
}

/* The pricing model and its cap; NULL or what is wrong with it. */
static const char *read_pricing(const json_value *pricing, struct sim_move *m)
{
    size_t len;
    const char *type = json_text(pricing, "_type", &len);
    struct usd price;

    if (!json_is_object(pricing))
        return "pricingModel is required";
    if (type != NULL && str_eq(type, "OnDemandPricingModel"))
        return NULL;
    if (type == NULL || !str_eq(type, "SpotMarketBidParams"))
        return "pricingModel: unknown _type";
    m->spot = true;
    if (json_get(pricing, "maxPrice") == NULL ||
        json_is_null(json_get(pricing, "maxPrice")))
        return NULL;
    if (!json_usd(pricing, "maxPrice", &price) || price.nanos <= 1000000)
        return "pricingModel: maxPrice is no price";
    m->cap = price.nanos;
    return NULL;
}

/* Fills *m from a MoveToAwsRequest; texts are the document's. Returns what is wrong. */
static const char *read_move(const json_value *root, struct sim_move *m,
                             const char **vm_id)
{
    size_t len;
    const char *type = json_text(root, "_type", &len);
    const char *mode = json_text(root, "runMode", &len);
    const char *policy = json_text(root, "storagePolicy", &len);

    if (type == NULL || !str_eq(type, "MoveToAwsRequest"))
        return "_type must be MoveToAwsRequest";
    *vm_id = json_text(root, "sourceVmId", &len);
    m->type = json_text(root, "instanceType", &len);
    m->edge_node = json_text(root, "edgeNode", &len);
    m->address = json_text(root, "staticAddress", &len);
    m->subnet = json_text(root, "subnetId", &len);
    m->eni = json_text(root, "networkInterfaceId", &len);
    m->storage_policy = policy;
    if (*vm_id == NULL)
        return "sourceVmId is required";
    if (m->type == NULL)
        return "instanceType is required";
    if (m->edge_node == NULL || !is_edge(m->edge_node))
        return "edgeNode must be NodeA or NodeB";
    if (mode == NULL || !(str_eq(mode, "Normal") || str_eq(mode, "TestClone")))
        return "runMode must be Normal or TestClone";
    if (str_eq(mode, "TestClone"))
        return "runMode TestClone is not possible with a running VM";
    if (policy != NULL && !str_eq(policy, "Writeback") &&
        !str_eq(policy, "WriteIsolation"))
        return "storagePolicy must be Writeback or WriteIsolation";
    return read_pricing(json_get(root, "pricingModel"), m);
}

static void move_vm(struct call *c)
{
    struct json_doc *doc = NULL;
    struct sim_move m = {0};
    struct err e = {0};
    const char *vm_id = NULL, *wrong;
    int32_t key = 0, server;

    if (c->rq->body == NULL ||
        json_parse(c->rq->body, c->rq->body_len, &doc, &e) != ERR_OK) {
        refuse(c, 400, "InvalidRequest", "The body is no JSON");
        return;
    }
    wrong = read_move(json_doc_root(doc), &m, &vm_id);
    if (wrong != NULL) {
        refuse(c, 400, "InvalidRequest", wrong);
        goto out;
    }
    server = server_of_vm(c->w, vm_id);
    if (server < 0)
        not_found(c, "The source VM");
    else
        answer_task(c, world_run_in_cloud(c->w, server, &m, "apiuser", &key), &key);
out:
    json_doc_free(doc);
}

/* ---- routing ---- */

static bool is_method(struct call *c, const char *method)
{
    if (str_eq(c->rq->method, method))
        return true;
    refuse(c, 405, "MethodNotAllowed", "The method is not supported here");
    return false;
}

static void route_vms(struct call *c)
{
    static const struct {
        const char *name;
        enum sim_manager_act act;
    } acts[] = {
        {"return", SIM_RUN_ONPREM}, {"start", SIM_START_VM},     {"stop", SIM_STOP_VM},
        {"reboot", SIM_REBOOT_VM},  {"cleanup", SIM_CLEANUP_VM},
    };
    int32_t key = 0, server;

    if (c->n == 1) {
        if (is_method(c, "GET"))
            list_vms(c);
        return;
    }
    server = server_of_vm(c->w, c->segments[1]);
    if (server < 0) {
        not_found(c, c->segments[1]);
        return;
    }
    if (c->n == 2) {
        if (is_method(c, "GET"))
            describe_vm(c, server);
        return;
    }
    if (c->n == 3 && str_eq(c->segments[2], "instancetypes")) {
        if (is_method(c, "GET"))
            list_types(c);
        return;
    }
    for (size_t i = 0; c->n == 4 && i < ARRAY_LEN(acts); i++) {
        if (!str_eq(c->segments[3], acts[i].name))
            continue;
        if (is_method(c, "POST"))
            answer_task(c, world_manager_act(c->w, server, acts[i].act, "apiuser", &key),
                        &key);
        return;
    }
    if (c->n == 4 && str_eq(c->segments[3], "probe")) {
        const struct sim_instance *i =
            world_instance_by_serial(c->w, c->w->servers[server].managed.instance);

        if (is_method(c, "POST"))
            wire_answer(c->rs, 201, "application/json;charset=UTF-8",
                        i != NULL && i->reachable ? "true" : "false");
        return;
    }
    not_found(c, "The resource");
}

static void route_extensions(struct call *c)
{
    static const struct {
        const char *name;
        enum sim_manager_act act;
    } acts[] = {
        {"start", SIM_START_EXTENSION},
        {"stop", SIM_STOP_EXTENSION},
        {"repair", SIM_REPAIR_EXTENSION},
    };
    int32_t key = 0;

    if (c->n == 1) {
        if (!is_method(c, "GET"))
            return;
        begin(c, 200, '[');
        velostrata_put_extension(c->w, &c->rs->body);
        strbuf_putc(&c->rs->body, ']');
        return;
    }
    if (!str_eq(c->segments[1], c->w->extension.id)) {
        not_found(c, c->segments[1]);
        return;
    }
    if (c->n == 2) {
        if (!is_method(c, "GET"))
            return;
        wire_answer(c->rs, 200, "application/json;charset=UTF-8", "");
        velostrata_put_extension(c->w, &c->rs->body);
        return;
    }
    if (c->n == 3 && str_eq(c->segments[2], "instancetypes")) {
        if (is_method(c, "GET"))
            list_types(c);
        return;
    }
    for (size_t i = 0; c->n == 4 && i < ARRAY_LEN(acts); i++) {
        if (!str_eq(c->segments[3], acts[i].name))
            continue;
        if (is_method(c, "POST"))
            answer_task(c, world_extension_act(c->w, acts[i].act, "apiuser", &key), &key);
        return;
    }
    if (c->n == 4 && str_eq(c->segments[3], "moveVm")) {
        if (is_method(c, "POST"))
            move_vm(c);
        return;
    }
    not_found(c, "The resource");
}

static bool split(struct call *c, const char *path)
{
    const char *end = strchr(path, '?');
    size_t len = end != NULL ? (size_t)(end - path) : strlen(path);

    for (size_t at = 0; at < len;) {
        size_t n = 0;

        at++; /* the slash */
        while (at + n < len && path[at + n] != '/')
            n++;
        if (n > 0 && c->n == MAX_SEGMENTS)
            return false;
        if (n > 0)
            wire_decode(path + at, n, false, c->segments[c->n++], SIM_ID);
        at += n;
    }
    return c->n > 0 && (c->n < 4 || str_eq(c->segments[2], "operations"));
}

bool wire_velostrata(struct world *w, const struct http_request *rq,
                     struct http_response *rs)
{
    struct call c = {.w = w, .rq = rq, .rs = rs};
    const char *path = wire_path(rq);

    if (wire_basic(rq, "apiuser", site_velostrata_password) != WIRE_AUTH_OK) {
        refuse(&c, 401, "Unauthorized", "Full authentication is required");
        return true;
    }
    if (!str_starts(path, prefix) || !split(&c, path + sizeof(prefix) - 1)) {
        not_found(&c, "The resource");
        return true;
    }
    if (str_eq(c.segments[0], "vms"))
        route_vms(&c);
    else if (str_eq(c.segments[0], "cloudextensions"))
        route_extensions(&c);
    else if (str_eq(c.segments[0], "tasks") && c.n <= 2)
        velostrata_tasks(w, rq, rs, c.n == 2 ? c.segments[1] : NULL);
    else
        not_found(&c, "The resource");
    return true;
}
