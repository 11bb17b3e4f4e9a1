#include <config.h>

#include "core/api/velostrata_internal.h"

#include "core/base/text.h"

#include <string.h>

enum { MAX_WORD_BYTES = 48, MAX_PROBLEM_BYTES = 300 };

const char *velostrata_id(struct arena *a, const json_value *object, const char *name)
{
    const json_value *v = json_get(object, name);
    size_t len;
    const char *s = json_text_of(json_is_object(v) ? json_get(v, "value") : v, &len);
    const char *id;

    if (s == NULL || len == 0 || len >= ID_TEXT)
        return "";
    id = text_clean_dup(a, s, len, len * 3);
    return id != NULL ? id : "";
}

/* A text of a closed list, as received. */
static const char *word(struct arena *a, const json_value *object, const char *name)
{
    const char *s = json_text_dup(a, object, name, MAX_WORD_BYTES);

    return s != NULL ? s : "";
}

static enum managed_state managed_state(const char *s)
{
    static const struct {
        const char *text;
        enum managed_state state;
    } states[] = {
        {"Unmanaged", MANAGED_UNMANAGED},
        {"MovingToCloud", MANAGED_TO_CLOUD},
        {"InCloud", MANAGED_IN_CLOUD},
        {"ReturningFromCloud", MANAGED_RETURNING},
    };

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (str_eq(s, states[i].text))
            return states[i].state;
    return MANAGED_UNKNOWN;
}

/* Never ask for a return then; a state that nobody knows counts as one of them. */
static bool migration_is_busy(const char *s)
{
    static const char *const quiet[] = {"",
                                        "None",
                                        "CacheOnDemand",
                                        "Migrating",
                                        "Paused",
                                        "FullyCached",
                                        "PreparingToDetach",
                                        "ReadyToDetach",
                                        "CancellingDetach"};

    for (size_t i = 0; i < ARRAY_LEN(quiet); i++)
        if (str_eq(s, quiet[i]))
            return false;
    return true;
}

static void no_instance(struct seen_instance *out)
{
    *out = (struct seen_instance){.id = "",
                                  .type = "",
                                  .zone = "",
                                  .ip = "",
                                  .eni = "",
                                  .spot_request = "",
                                  .state_reason = "",
                                  .server = "",
                                  .move = "",
                                  .deployment = "",
                                  .client_token = "",
                                  .attachment = ""};
}

bool velostrata_read_vm(const json_value *entry, struct arena *a,
                        struct seen_managed_vm *out)
{
    struct seen_managed_vm vm = {
        .vm_id = velostrata_id(a, entry, "id"),
        .instance_uuid = velostrata_id(a, entry, "instanceUuid"),
        .raw_state = word(a, entry, "state"),
        .has_tasks = json_list_len(json_get(entry, "activeTasks")) > 0,
    };

    no_instance(&vm.instance);
    if (vm.vm_id[0] == '\0' && vm.instance_uuid[0] == '\0')
        return false;
    vm.state = managed_state(vm.raw_state);
    vm.migration_busy = migration_is_busy(word(a, entry, "migrationState"));
    vm.instance_stopped = vm.state == MANAGED_IN_CLOUD &&
                          str_eq(word(a, entry, "cloudInstanceState"), "Stopped");
    *out = vm;
    return true;
}

/* powerState is the manager's word, state is AWS's; the end of an instance counts as soon
 * as one of them tells it. */
static enum instance_state instance_state(const char *power, const char *state)
{
    static const struct {
        const char *text;
        enum instance_state state;
    } states[] = {
        {"Pending", INSTANCE_PENDING},       {"Starting", INSTANCE_PENDING},
        {"Running", INSTANCE_RUNNING},       {"ShuttingDown", INSTANCE_SHUTTING_DOWN},
        {"Terminated", INSTANCE_TERMINATED}, {"Stopping", INSTANCE_STOPPING},
        {"Stopped", INSTANCE_STOPPED},
    };
    enum instance_state found[2] = {INSTANCE_UNKNOWN, INSTANCE_UNKNOWN};

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (str_eq(state, states[i].text))
            found[0] = states[i].state;
        if (str_eq(power, states[i].text))
            found[1] = states[i].state;
    }
    if (found[0] == INSTANCE_TERMINATED || found[1] == INSTANCE_TERMINATED)
        return INSTANCE_TERMINATED;
    if (found[0] == INSTANCE_SHUTTING_DOWN || found[1] == INSTANCE_SHUTTING_DOWN)
        return INSTANCE_SHUTTING_DOWN;
    return found[0] != INSTANCE_UNKNOWN ? found[0] : found[1];
}

static void read_tags(const json_value *tags, struct arena *a, struct seen_instance *out)
{
    const struct {
        const char *key;
        const char **to;
    } ours[] = {
        {"rushhour:server", &out->server},
        {"rushhour:move-id", &out->move},
        {"rushhour:deployment", &out->deployment},
    };

    for (size_t i = 0; i < json_list_len(tags); i++) {
        const json_value *tag = json_list_at(tags, i);
        size_t len;
        const char *key = json_text(tag, "key", &len);

        for (size_t k = 0; key != NULL && k < ARRAY_LEN(ours); k++)
            if (str_eq(key, ours[k].key))
                *ours[k].to = velostrata_id(a, tag, "value");
    }
}

bool velostrata_read_instance(const json_value *vm, struct arena *a,
                              struct seen_instance *out)
{
    const json_value *cloud = json_get(vm, "cloudInfo");
    struct seen_instance in = {.spot_request = "",
                               .server = "",
                               .move = "",
                               .deployment = "",
                               .client_token = "",
                               .attachment = ""};
    bool spot;

    if (!json_is_object(cloud))
        return false;
    in.id = velostrata_id(a, cloud, "id");
    in.type = word(a, json_get(cloud, "type"), "name");
    in.zone = word(a, cloud, "availabilityZone");
    in.ip = word(a, cloud, "privateIpAddress");
    in.eni =
        velostrata_id(a, json_list_at(json_get(cloud, "networkInterfaces"), 0), "id");
    in.state_reason = json_text_dup(a, cloud, "stateChangeReason", LINE_TEXT - 1);
    in.state = instance_state(word(a, cloud, "powerState"), word(a, cloud, "state"));
    if (json_bool(cloud, "isSpot", &spot) ||
        json_bool(json_get(vm, "stateInfo"), "isSpot", &spot))
        in.lifecycle = spot ? LIFECYCLE_SPOT : LIFECYCLE_ON_DEMAND;
    (void)json_time(cloud, "launchTime", &in.launched);
    read_tags(json_get(cloud, "tags"), a, &in);
    if (in.state_reason == NULL)
        in.state_reason = ""; /* the arena failed; the caller asks it */
    *out = in;
    return true;
}

static enum task_state task_state(const char *s)
{
    static const struct {
        const char *text;
        enum task_state state;
    } states[] = {
        {"Running", TASK_RUNNING},    {"Failing", TASK_RUNNING},
        {"Cancelling", TASK_RUNNING}, {"Failed", TASK_FAILED},
        {"Cancelled", TASK_CANCELED}, {"Succeeded", TASK_SUCCEEDED},
    };

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (str_eq(s, states[i].text))
            return states[i].state;
    return TASK_UNKNOWN;
}

/* The messages in one line, else the details. */
static const char *read_task_error(const json_value *task, struct arena *a)
{
    const json_value *messages = json_get(task, "errorMessage");
    char line[MAX_PROBLEM_BYTES];
    size_t used = 0;

    line[0] = '\0';
    for (size_t i = 0; i < json_list_len(messages); i++) {
        size_t len;
        const char *s = json_text_of(json_list_at(messages, i), &len);

        if (s == NULL || len == 0 || sizeof(line) - used < 8)
            continue;
        if (used > 0)
            used += text_clean(line + used, sizeof(line) - used, "; ", 2);
        used += text_clean(line + used, sizeof(line) - used, s, len);
    }
    if (used == 0) {
        const char *s = json_text_dup(a, task, "errorDetails", MAX_PROBLEM_BYTES);

        return s != NULL ? s : "";
    }
    {
        const char *s = arena_strdup(a, line);

        return s != NULL ? s : "";
    }
}

bool velostrata_read_task(const json_value *entry, struct arena *a, struct seen_task *out)
{
    struct seen_task t = {
        .id = velostrata_id(a, entry, "id"),
        .type = word(a, entry, "type"),
        .entity = velostrata_id(a, entry, "entity"),
        .user = word(a, entry, "username"),
        .spot_request =
            velostrata_id(a, json_get(entry, "additionalInfo"), "SpotRequestId"),
        .progress = -1,
    };
    int64_t progress;

    if (t.id[0] == '\0')
        return false;
    t.error = read_task_error(entry, a);
    t.state = task_state(word(a, entry, "state"));
    if (json_i64(entry, "progress", 0, 100, &progress))
        t.progress = (int32_t)progress;
    (void)json_time(entry, "startTime", &t.started);
    (void)json_time(entry, "endTime", &t.ended);
    *out = t;
    return true;
}

/* Their spelling in lower case is ours; "None" and "Unknown" are none of theirs. */
static enum extension_state extension_state(const char *raw)
{
    char lower[MAX_WORD_BYTES + 1];
    enum extension_state state;
    size_t n = 0;

    for (; raw[n] != '\0' && n + 1 < sizeof(lower); n++)
        lower[n] = (char)(raw[n] >= 'A' && raw[n] <= 'Z' ? raw[n] - 'A' + 'a' : raw[n]);
    lower[n] = '\0';
    return extension_state_parse(lower, &state) && state != EXTENSION_NONE
               ? state
               : EXTENSION_UNKNOWN;
}

static const char *read_problem(const json_value *checks, struct arena *a)
{
    struct strbuf b;
    const char *s;

    strbuf_init(&b, MAX_PROBLEM_BYTES);
    for (size_t i = 0; i < json_list_len(checks); i++) {
        const json_value *c = json_list_at(checks, i);
        const char *check = word(a, c, "healthCheck"), *part = word(a, c, "component");

        if (check[0] == '\0' || b.len + strlen(check) + strlen(part) + 8 > b.limit)
            continue;
        if (b.len > 0)
            strbuf_puts(&b, ", ");
        strbuf_printf(&b, part[0] != '\0' ? "%s on %s" : "%s%s", check, part);
    }
    s = arena_strdup(a, strbuf_text(&b));
    strbuf_clear(&b);
    return s != NULL ? s : "";
}

void velostrata_read_extension(const json_value *extension, struct arena *a,
                               struct obs_velostrata *out)
{
    const json_value *state = json_get(extension, "stateInfo");
    const json_value *cloud = json_get(extension, "cloudInfo");

    out->extension_raw = word(a, state, "state");
    out->extension = extension_state(out->extension_raw);
    out->extension_problem = read_problem(json_get(state, "failedHealthChecks"), a);
    out->edge_a_zone = word(a, cloud, "edgeAAvailabilityZone");
    out->edge_b_zone = word(a, cloud, "edgeBAvailabilityZone");
}

/* ---- copies ----------------------------------------------------------------------- */

static const char *copy(struct arena *a, const char *s)
{
    const char *p = s[0] != '\0' ? arena_strdup(a, s) : "";

    return p != NULL ? p : "";
}

void velostrata_copy_instance(struct arena *a, const struct seen_instance *from,
                              struct seen_instance *to)
{
    *to = *from;
    to->id = copy(a, from->id);
    to->type = copy(a, from->type);
    to->zone = copy(a, from->zone);
    to->ip = copy(a, from->ip);
    to->eni = copy(a, from->eni);
    to->spot_request = copy(a, from->spot_request);
    to->state_reason = copy(a, from->state_reason);
    to->server = copy(a, from->server);
    to->move = copy(a, from->move);
    to->deployment = copy(a, from->deployment);
    to->client_token = copy(a, from->client_token);
}

void velostrata_copy_listed(struct arena *a, const struct seen_managed_vm *from,
                            struct seen_managed_vm *to)
{
    *to = *from;
    to->vm_id = copy(a, from->vm_id);
    to->instance_uuid = copy(a, from->instance_uuid);
    to->raw_state = copy(a, from->raw_state);
    to->has_instance = to->unreadable = false;
    no_instance(&to->instance);
}

void velostrata_copy_task(struct arena *a, const struct seen_task *from,
                          struct seen_task *to)
{
    *to = *from;
    to->id = copy(a, from->id);
    to->type = copy(a, from->type);
    to->entity = copy(a, from->entity);
    to->user = copy(a, from->user);
    to->error = copy(a, from->error);
    to->spot_request = copy(a, from->spot_request);
}

void velostrata_copy_extension(struct arena *a, const struct obs_velostrata *from,
                               struct obs_velostrata *to)
{
    to->extension = from->extension;
    to->extension_raw = copy(a, from->extension_raw);
    to->edge_a_zone = copy(a, from->edge_a_zone);
    to->edge_b_zone = copy(a, from->edge_b_zone);
    to->extension_problem = copy(a, from->extension_problem);
}
