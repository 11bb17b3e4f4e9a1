#include <config.h>

#include "core/sim/velostrata_wire.h"

#include <stdlib.h>
#include <string.h>

#include "core/sim/json_kept.h"
#include "core/sim/wire.h"

enum { PAGE_SIZE = 20, MAX_PAGE_SIZE = 200 };
static const char json_type[] = "application/json;charset=UTF-8";

static const char *act_name(enum sim_manager_act act)
{
    switch (act) {
    case SIM_RUN_IN_CLOUD:
        return "RunVmInCloud";
    case SIM_RUN_ONPREM:
        return "RunVmOnPrem";
    case SIM_START_VM:
        return "StartVm";
    case SIM_STOP_VM:
        return "StopVm";
    case SIM_REBOOT_VM:
        return "RebootVm";
    case SIM_CLEANUP_VM:
        return "CleanupVm";
    case SIM_START_EXTENSION:
        return "StartCloudExtension";
    case SIM_STOP_EXTENSION:
        return "StopCloudExtension";
    case SIM_REPAIR_EXTENSION:
        break;
    }
    return "RepairCloudExtension";
}

static const char *state_name(const struct sim_manager_task *t)
{
    switch (t->state) {
    case SIM_TASK_RUNNING:
        return !t->winding_down ? "Running" : t->cancel_asked ? "Cancelling" : "Failing";
    case SIM_TASK_DONE:
        return "Succeeded";
    case SIM_TASK_FAILED:
        return "Failed";
    case SIM_TASK_CANCELED:
        break;
    }
    return "Cancelled";
}

static const char *progress_words(const struct sim_manager_task *t)
{
    if (t->state != SIM_TASK_RUNNING)
        return "";
    switch (t->act) {
    case SIM_RUN_IN_CLOUD:
        return t->stage <= 1   ? "Preparing the virtual machine"
               : t->stage == 2 ? "Waiting for the Spot request"
               : t->stage == 3 ? "Powering off the virtual machine on-premises"
                               : "Starting the instance";
    case SIM_RUN_ONPREM:
    case SIM_CLEANUP_VM:
        return t->stage <= 1 ? "Stopping the instance" : "Moving storage back";
    case SIM_START_VM:
    case SIM_STOP_VM:
    case SIM_REBOOT_VM:
    case SIM_START_EXTENSION:
    case SIM_STOP_EXTENSION:
    case SIM_REPAIR_EXTENSION:
        break;
    }
    return "Working";
}

void velostrata_put_time(const struct world *w, struct wire_json *j, const char *name,
                         int64_t ms)
{
    char text[WIRE_TIME];

    (void)wire_time(ms, text);
    if (!w->loose_shapes)
        text[10] = '\0';
    wire_text(j, name, text);
}

static void put_spot_request(const struct world *w, const struct sim_manager_task *t,
                             struct wire_json *j)
{
    const struct sim_spot *s = world_spot_by_serial(w, t->spot);
    struct wire_json in = {.b = j->b}, value = {.b = j->b};

    wire_raw(j, "additionalInfo", "{");
    if (s != NULL && w->loose_shapes) {
        wire_text(&in, "SpotRequestId", s->id);
    } else if (s != NULL) { /* the description: a map to objects */
        wire_raw(&in, "SpotRequestId", "{");
        wire_text(&value, "value", s->id);
        strbuf_putc(j->b, '}');
    }
    strbuf_putc(j->b, '}');
}

static void put_task(const struct world *w, const struct sim_manager_task *t,
                     struct strbuf *b)
{
    struct wire_json j = {.b = b};
    const char *words = progress_words(t);

    strbuf_putc(b, '{');
    put_spot_request(w, t, &j);
    if (t->state != SIM_TASK_RUNNING)
        velostrata_put_time(w, &j, "endTime", t->ends);
    if (t->server >= 0)
        velostrata_put_id(&j, "entity", "VmId", w->vms[w->servers[t->server].vm].id);
    else
        velostrata_put_id(&j, "entity", "CloudExtensionId", w->extension.id);
    wire_raw(&j, "errorMessage", "[");
    if (t->error[0] != '\0')
        json_put_text(b, t->error);
    strbuf_putc(b, ']');
    wire_key(&j, "id");
    velostrata_put_task_id(b, t->key);
    wire_int(&j, "progress", world_manager_progress(w, t));
    wire_raw(&j, "progressMessage", "[");
    if (words[0] != '\0')
        json_put_text(b, words);
    strbuf_putc(b, ']');
    velostrata_put_time(w, &j, "startTime", t->started);
    wire_text(&j, "state", state_name(t));
    wire_raw(&j, "subTasks", "[]");
    wire_text(&j, "type", act_name(t->act));
    wire_text(&j, "username", t->user);
    strbuf_putc(b, '}');
}

/* ---- lists ---- */

/* What POST /tasks asks for; a NULL filter takes all. */
struct wanted {
    bool active_only;
    const json_value *filter; /* of the request's document */
    int64_t page, size;
};

static bool id_matches(const json_value *id, const char *type, const char *value)
{
    size_t len;
    const char *have_type = json_text(id, "_type", &len);
    const char *have = json_text(id, "value", &len);

    return have != NULL && str_eq(have, value) &&
           (have_type == NULL || str_eq(have_type, type));
}

static bool listed(const json_value *list, const struct sim_manager_task *t)
{
    char id[SIM_ID];

    (void)str_format(id, sizeof(id), "t-%d", (int)t->key);
    for (size_t i = 0; i < json_list_len(list); i++)
        if (id_matches(json_list_at(list, i), "TaskId", id))
            return true;
    return false;
}

static bool state_listed(const json_value *filter, const struct sim_manager_task *t)
{
    const json_value *list = json_get(filter, "state");

    for (size_t i = 0; i < json_list_len(list); i++) {
        size_t len;
        const char *state = json_text_of(json_list_at(list, i), &len);

        if (state != NULL && str_eq(state, state_name(t)))
            return true;
    }
    return false;
}

static bool matches(const struct world *w, const struct wanted *want,
                    const struct sim_manager_task *t)
{
    size_t len;
    const char *type;

    if (want->active_only)
        return t->state == SIM_TASK_RUNNING;
    if (want->filter == NULL)
        return true;
    type = json_text(want->filter, "_type", &len);
    if (type == NULL)
        return false;
    if (str_eq(type, "IdFilter"))
        return listed(json_get(want->filter, "ids"), t);
    if (str_eq(type, "TaskStateFilter"))
        return state_listed(want->filter, t);
    if (!str_eq(type, "TaskEntityIdFilter"))
        return false;
    return t->server >= 0 ? id_matches(json_get(want->filter, "id"), "VmId",
                                       w->vms[w->servers[t->server].vm].id)
                          : id_matches(json_get(want->filter, "id"), "CloudExtensionId",
                                       w->extension.id);
}

/* Newest first, as the product lists them. */
static void put_page(const struct world *w, const struct wanted *want, struct strbuf *b)
{
    struct wire_json j = {.b = b};
    int64_t total = 0, shown = 0, from = want->page * want->size;

    strbuf_puts(b, "{\"_type\":\"TaskDescriptionPage\",\"content\":[");
    for (size_t i = w->n_manager_tasks; i > 0; i--) {
        const struct sim_manager_task *t = &w->manager_tasks[i - 1];

        if (t->vanished || !matches(w, want, t))
            continue;
        if (total >= from && shown < want->size) {
            if (shown++ > 0)
                strbuf_putc(b, ',');
            put_task(w, t, b);
        }
        total++;
    }
    strbuf_putc(b, ']');
    j.more = true;
    wire_int(&j, "number", want->page);
    wire_int(&j, "numberOfElements", shown);
    wire_int(&j, "totalElements", total);
    wire_int(&j, "totalPages", (total + want->size - 1) / want->size);
    strbuf_putc(b, '}');
}

static bool filter_is_valid(const json_value *filter)
{
    size_t len;
    const char *type = json_text(filter, "_type", &len);

    if (type == NULL)
        return false;
    if (str_eq(type, "IdFilter"))
        return json_is_list(json_get(filter, "ids"));
    if (str_eq(type, "TaskStateFilter"))
        return json_is_list(json_get(filter, "state"));
    return str_eq(type, "TaskEntityIdFilter") && json_is_object(json_get(filter, "id"));
}

static void query_number(const char *query, const char *name, int64_t max, int64_t *out)
{
    char text[24];
    struct err e = {0};
    int64_t n;

    if (wire_form_value(query, strlen(query), name, text, sizeof(text)) &&
        str_to_i64(text, 0, max, &n, &e) == ERR_OK)
        *out = n;
}

static void kept_free(void *data)
{
    json_kept_clear(data);
    free(data);
}

/* NULL when memory is out. */
static struct json_kept *asked_last(struct world *w)
{
    struct sim_wire_state *slot = &w->wires[WIRE_VELOSTRATA];

    if (slot->data == NULL) {
        slot->data = calloc(1, sizeof(struct json_kept));
        slot->free = kept_free;
    }
    return slot->data;
}

static void find_tasks(struct world *w, const struct http_request *rq,
                       struct http_response *rs)
{
    struct wanted want = {.size = PAGE_SIZE};
    struct json_kept *asked = asked_last(w);
    const json_value *root = NULL;
    struct err e = {0};

    if (rq->body == NULL || asked == NULL ||
        json_kept_read(asked, rq->body, rq->body_len, &root, &e) != ERR_OK) {
        velostrata_refuse(rq, rs, 400, "InvalidRequest", "The body is no JSON");
        return;
    }
    want.filter = json_get(root, "filter");
    if (json_is_null(want.filter))
        want.filter = NULL;
    (void)json_i64(root, "page", 0, 1000000, &want.page); /* absent: the first */
    if (!json_i64(root, "size", 1, MAX_PAGE_SIZE, &want.size))
        want.size = PAGE_SIZE;
    if (!json_is_object(root) || (want.filter != NULL && !filter_is_valid(want.filter))) {
        velostrata_refuse(rq, rs, 400, "InvalidRequest", "The filter is not understood");
    } else {
        wire_answer(rs, 200, json_type, "");
        put_page(w, &want, &rs->body);
    }
}

static void one_task(struct world *w, const struct http_request *rq,
                     struct http_response *rs, const char *id)
{
    const struct sim_manager_task *t = NULL;
    struct err e = {0};
    int64_t key;

    if (str_starts(id, "t-") && str_to_i64(id + 2, 1, INT32_MAX, &key, &e) == ERR_OK)
        t = world_manager_task_find(w, (int32_t)key);
    if (t == NULL) {
        velostrata_refuse(rq, rs, 404, "NotFound", "The task was not found");
    } else if (str_eq(rq->method, "GET")) {
        wire_answer(rs, 200, json_type, "");
        put_task(w, t, &rs->body);
    } else if (!str_eq(rq->method, "DELETE")) {
        velostrata_refuse(rq, rs, 405, "MethodNotAllowed",
                          "The method is not supported here");
    } else if (t->state != SIM_TASK_RUNNING) {
        wire_answer(rs, 204, "", ""); /* over already */
    } else if (world_manager_cancel(w, t->key) == SIM_OK) {
        wire_answer(rs, 202, "", "");
    } else {
        velostrata_refuse(rq, rs, 409, "InvalidState",
                          "The task cannot be cancelled now");
    }
}

void velostrata_tasks(struct world *w, const struct http_request *rq,
                      struct http_response *rs, const char *id)
{
    struct wanted want = {.active_only = true, .size = PAGE_SIZE};
    const char *query = strchr(wire_path(rq), '?');

    if (id != NULL) {
        one_task(w, rq, rs, id);
        return;
    }
    if (str_eq(rq->method, "POST")) {
        find_tasks(w, rq, rs);
        return;
    }
    if (!str_eq(rq->method, "GET")) {
        velostrata_refuse(rq, rs, 405, "MethodNotAllowed",
                          "The method is not supported here");
        return;
    }
    if (query != NULL) {
        query_number(query + 1, "page", 1000000, &want.page);
        query_number(query + 1, "size", MAX_PAGE_SIZE, &want.size);
        if (want.size == 0)
            want.size = PAGE_SIZE;
    }
    wire_answer(rs, 200, json_type, "");
    put_page(w, &want, &rs->body);
}
