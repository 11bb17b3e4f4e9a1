/*
 * vim_service - the managed objects that are no inventory: the service itself, its
 * managers, tasks, and what clients made (views, collectors, filters).
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_faults.h"
#include "core/sim/vim_model.h"
#include "core/sim/vim_server.h"

#include <string.h>

enum field {
    SELF = VIM_F_OWN,
    NOW,
    CONTENT,
    CURRENT_SESSION,
    SESSION_KEY,
    SESSION_USER,
    SESSION_LOGIN,
    SESSION_ACTIVE,
    SESSION_AGENT,
    LOCALE,
    NO,
    KEY,
    TASK_NAME,
    TASK_METHOD,
    ENTITY,
    ENTITY_NAME,
    STATE,
    ERROR,
    PROGRESS,
    REASON_USER,
    QUEUED,
    STARTED,
    COMPLETED,
    CHAIN,
    RECENT,
    MAX_COLLECTOR,
    VIEWS,
    FILTERS,
    CONTAINER,
    VIEW_TYPES,
    RECURSIVE,
    VIEWED,
    ABOUT_NAME,
    ABOUT_FULL,
    ABOUT_VENDOR,
    ABOUT_VERSION,
    ABOUT_BUILD,
    ABOUT_OS,
    ABOUT_LINE,
    ABOUT_API,
    ABOUT_API_VERSION,
    ABOUT_LICENSE,
    ABOUT_LICENSE_VERSION,
    REF_ROOT,
    REF_COLLECTOR,
    REF_VIEWS,
    REF_SESSIONS,
    REF_PERF,
    REF_TASKS,
    REF_SEARCH,
};

static bool text(struct vim_value *out, const char *s)
{
    out->text = s;
    return true;
}

static bool number(struct vim_value *out, int64_t n)
{
    out->number = n;
    return true;
}

static bool ref(struct vim_value *out, enum vim_class cls, int32_t i)
{
    out->ref = (struct vim_ref){cls, i};
    return true;
}

/* ---- ServiceInstance ---- */

static const struct vim_prop about[] = {
    VIM_LEAF("name", VIM_STRING, ABOUT_NAME),
    VIM_LEAF("fullName", VIM_STRING, ABOUT_FULL),
    VIM_LEAF("vendor", VIM_STRING, ABOUT_VENDOR),
    VIM_LEAF("version", VIM_STRING, ABOUT_VERSION),
    VIM_LEAF("build", VIM_STRING, ABOUT_BUILD),
    VIM_LEAF("osType", VIM_STRING, ABOUT_OS),
    VIM_LEAF("productLineId", VIM_STRING, ABOUT_LINE),
    VIM_LEAF("apiType", VIM_STRING, ABOUT_API),
    VIM_LEAF("apiVersion", VIM_STRING, ABOUT_API_VERSION),
    VIM_LEAF("licenseProductName", VIM_STRING, ABOUT_LICENSE),
    VIM_LEAF("licenseProductVersion", VIM_STRING, ABOUT_LICENSE_VERSION),
};

static const struct vim_prop content[] = {
    VIM_LEAF("rootFolder", VIM_REF, REF_ROOT),
    VIM_LEAF("propertyCollector", VIM_REF, REF_COLLECTOR),
    VIM_LEAF("viewManager", VIM_REF, REF_VIEWS),
    VIM_PART("about", "AboutInfo", about),
    VIM_LEAF("sessionManager", VIM_REF, REF_SESSIONS),
    VIM_LEAF("perfManager", VIM_REF, REF_PERF),
    VIM_LEAF("taskManager", VIM_REF, REF_TASKS),
    VIM_LEAF("searchIndex", VIM_REF, REF_SEARCH),
};

static const struct vim_prop service_props[] = {
    {"serverClock", VIM_TIME, NULL, NOW, NULL, 0, VIM_QUIET},
    VIM_NEVER("capability"),
    VIM_PART("content", "ServiceContent", content),
};

static bool get_about(int f, struct vim_value *out)
{
    static const char *const texts[] = {
        [ABOUT_NAME] = "VMware ESXi",
        [ABOUT_FULL] = vim_full_name,
        [ABOUT_VENDOR] = "VMware, Inc.",
        [ABOUT_VERSION] = vim_release,
        [ABOUT_BUILD] = vim_build,
        [ABOUT_OS] = "vmnix-x86",
        [ABOUT_LINE] = "embeddedEsx",
        [ABOUT_API] = "HostAgent",
        [ABOUT_LICENSE] = "VMware ESX Server",
        [ABOUT_LICENSE_VERSION] = "8.0",
    };

    if (f == ABOUT_API_VERSION)
        return text(out, vim_versions[0]);
    return f >= ABOUT_NAME && (size_t)f < ARRAY_LEN(texts) && text(out, texts[f]);
}

static bool service_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                        struct vim_value *out)
{
    (void)r;
    switch (f) {
    case NOW:
        return number(out, v->w->now);
    case REF_ROOT:
        return ref(out, VIM_FOLDER, VIM_FOLDER_ROOT);
    case REF_COLLECTOR:
        return ref(out, VIM_COLLECTOR, 0);
    case REF_VIEWS:
        return ref(out, VIM_VIEW_MANAGER, 0);
    case REF_SESSIONS:
        return ref(out, VIM_SESSION_MANAGER, 0);
    case REF_PERF:
        return ref(out, VIM_PERF_MANAGER, 0);
    case REF_TASKS:
        return ref(out, VIM_TASK_MANAGER, 0);
    case REF_SEARCH:
        return ref(out, VIM_SEARCH_INDEX, 0);
    default:
        return get_about(f, out);
    }
}

const struct vim_ops vim_service_ops = {
    .get = service_get,
    .props = service_props,
    .n_props = ARRAY_LEN(service_props),
};

/* ---- SessionManager ---- */

static const struct vim_prop user_session[] = {
    VIM_LEAF("key", VIM_STRING, SESSION_KEY),
    VIM_LEAF("userName", VIM_STRING, SESSION_USER),
    VIM_LEAF("fullName", VIM_STRING, SESSION_USER),
    VIM_LEAF("loginTime", VIM_TIME, SESSION_LOGIN),
    {"lastActiveTime", VIM_TIME, NULL, SESSION_ACTIVE, NULL, 0, VIM_QUIET},
    VIM_LEAF("locale", VIM_STRING, LOCALE),
    VIM_LEAF("messageLocale", VIM_STRING, LOCALE),
    VIM_LEAF("extensionSession", VIM_BOOL, NO),
    VIM_LEAF("userAgent", VIM_STRING, SESSION_AGENT),
};

static const struct vim_prop sessions_props[] = {
    VIM_NEVER("sessionList"),
    {"currentSession", VIM_OBJECT, "UserSession", CURRENT_SESSION, user_session,
     ARRAY_LEN(user_session), 0},
    VIM_NEVER("message"),
    VIM_NEVER("messageLocaleList"),
    VIM_NEVER("supportedLocaleList"),
    VIM_LEAF("defaultLocale", VIM_STRING, LOCALE),
};

static bool sessions_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                         struct vim_value *out)
{
    const struct vim_session *s = v->session;

    (void)r;
    if (f == LOCALE)
        return text(out, "en");
    if (f == NO)
        return number(out, 0);
    if (s == NULL)
        return false;
    switch (f) {
    case CURRENT_SESSION:
        return true;
    case SESSION_KEY:
        return text(out, s->key);
    case SESSION_USER:
        return text(out, s->user);
    case SESSION_LOGIN:
        return number(out, s->login);
    case SESSION_ACTIVE:
        return number(out, s->last_active);
    case SESSION_AGENT:
        return text(out, s->agent);
    default:
        return false;
    }
}

const struct vim_ops vim_sessions_ops = {
    .get = sessions_get,
    .props = sessions_props,
    .n_props = ARRAY_LEN(sessions_props),
};

/* ---- Task ---- */

static const struct vim_prop reason[] = {
    VIM_LEAF("userName", VIM_STRING, REASON_USER),
};

/* An error is an object of its own making: a list of one, written by task_list(). */
static const struct vim_prop task_info[] = {
    VIM_LEAF("key", VIM_STRING, KEY),
    VIM_LEAF("task", VIM_REF, SELF),
    VIM_NEVER("description"),
    VIM_LEAF("name", VIM_STRING, TASK_NAME),
    VIM_LEAF("descriptionId", VIM_STRING, TASK_METHOD),
    VIM_LEAF("entity", VIM_REF, ENTITY),
    VIM_LEAF("entityName", VIM_STRING, ENTITY_NAME),
    VIM_NEVER("locked"),
    VIM_ENUM_LEAF("state", "TaskInfoState", STATE),
    VIM_LEAF("cancelled", VIM_BOOL, NO),
    VIM_LEAF("cancelable", VIM_BOOL, NO),
    {"error", VIM_FAULT, "LocalizedMethodFault", ERROR, NULL, 0, 0},
    VIM_NEVER("result"),
    VIM_LEAF("progress", VIM_INT, PROGRESS),
    {"reason", VIM_OBJECT, "TaskReasonUser", 0, reason, ARRAY_LEN(reason), VIM_DERIVED},
    VIM_LEAF("queueTime", VIM_TIME, QUEUED),
    VIM_LEAF("startTime", VIM_TIME, STARTED),
    VIM_LEAF("completeTime", VIM_TIME, COMPLETED),
    VIM_LEAF("eventChainId", VIM_INT, CHAIN),
    VIM_NEVER("changeTag"),
    VIM_NEVER("parentTaskKey"),
    VIM_NEVER("rootTaskKey"),
    VIM_NEVER("activationId"),
};

static const struct vim_prop task_props[] = {
    VIM_PART("info", "TaskInfo", task_info),
    VIM_NEVER("value"),
    VIM_NEVER("availableField"),
};

static const struct {
    const char *name, *method;
} acts[] = {
    [SIM_VM_POWER_ON] = {"PowerOnVM_Task", "VirtualMachine.powerOn"},
    [SIM_VM_POWER_OFF] = {"PowerOffVM_Task", "VirtualMachine.powerOff"},
    [SIM_VM_SUSPEND] = {"SuspendVM_Task", "VirtualMachine.suspend"},
    [SIM_VM_RESET] = {"ResetVM_Task", "VirtualMachine.reset"},
};

static const char *state_name(enum sim_task_state state)
{
    switch (state) {
    case SIM_TASK_RUNNING:
        return "running";
    case SIM_TASK_DONE:
        return "success";
    case SIM_TASK_FAILED:
    case SIM_TASK_CANCELED:
        return "error";
    }
    return "error";
}

static bool get_task(const struct vim_view_of_world *v, const struct sim_vm_task *t,
                     int f, struct vim_value *out)
{
    bool running = t->state == SIM_TASK_RUNNING;

    switch (f) {
    case TASK_NAME:
        return text(out, acts[t->act].name);
    case TASK_METHOD:
        return text(out, acts[t->act].method);
    case ENTITY:
        return ref(out, VIM_VM, t->vm);
    case ENTITY_NAME:
        return text(out, v->w->vms[t->vm].name);
    case STATE:
        return text(out, state_name(t->state));
    case NO:
        return number(out, 0);
    case ERROR:
        return !running && t->state != SIM_TASK_DONE;
    case PROGRESS:
        return running && number(out, world_vm_task_progress(v->w, t));
    case REASON_USER:
        return text(out, vim_user);
    case QUEUED:
    case STARTED:
        return number(out, t->started);
    case COMPLETED:
        return !running && number(out, t->ends);
    case CHAIN:
        return number(out, t->key);
    default:
        return false;
    }
}

static bool task_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                     struct vim_value *out)
{
    const struct sim_vm_task *t = world_vm_task_find(v->w, r.i);
    struct strbuf id;

    if (t == NULL)
        return false;
    if (f == SELF) {
        out->ref = r;
        return true;
    }
    if (f != KEY)
        return get_task(v, t, f, out);
    strbuf_init(&id, sizeof(out->buf) - 1);
    vim_put_id(&id, v, r);
    (void)str_copy(out->buf, sizeof(out->buf), strbuf_text(&id)); /* limited to fit */
    strbuf_clear(&id);
    return text(out, out->buf);
}

/* The children of info.error. */
static void task_list(const struct vim_view_of_world *v, struct vim_ref r, int f,
                      struct strbuf *b, const char *tag)
{
    const struct sim_vm_task *t = world_vm_task_find(v->w, r.i);

    (void)f; /* the only one */
    (void)tag;
    if (t != NULL)
        vim_put_task_error(b, v, t);
}

const struct vim_ops vim_task_ops = {
    .get = task_get,
    .list = task_list,
    .props = task_props,
    .n_props = ARRAY_LEN(task_props),
};

/* ---- TaskManager, ViewManager ---- */

static const struct vim_prop tasks_props[] = {
    VIM_LEAF("recentTask", VIM_REFS, RECENT),
    VIM_NEVER("description"),
    VIM_LEAF("maxCollector", VIM_INT, MAX_COLLECTOR),
};

static bool tasks_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                      struct vim_value *out)
{
    (void)v;
    (void)r;
    return f == MAX_COLLECTOR && number(out, 32);
}

static void tasks_refs(const struct vim_view_of_world *v, struct vim_ref r, int f,
                       struct vim_refs *out)
{
    (void)r;
    (void)f; /* the only one */
    for (size_t i = 0; i < v->w->n_vm_tasks; i++)
        vim_refs_add(out, (struct vim_ref){VIM_TASK, v->w->vm_tasks[i].key});
}

const struct vim_ops vim_tasks_ops = {
    .get = tasks_get,
    .refs = tasks_refs,
    .props = tasks_props,
    .n_props = ARRAY_LEN(tasks_props),
};

static const struct vim_prop views_props[] = {VIM_LEAF("viewList", VIM_REFS, VIEWS)};

static bool nothing_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                        struct vim_value *out)
{
    (void)v;
    (void)r;
    (void)f;
    (void)out;
    return false;
}

static void views_refs(const struct vim_view_of_world *v, struct vim_ref r, int f,
                       struct vim_refs *out)
{
    const struct vim_server *s = v->server;

    (void)r;
    (void)f; /* the only one */
    for (size_t i = 0; i < s->n_views && v->session != NULL; i++)
        if (s->views[i].thing.session == vim_session_index(s, v->session))
            vim_refs_add(out, (struct vim_ref){VIM_VIEW, s->views[i].thing.number});
}

const struct vim_ops vim_views_ops = {
    .get = nothing_get,
    .refs = views_refs,
    .props = views_props,
    .n_props = ARRAY_LEN(views_props),
};

const struct vim_ops vim_search_ops = {.get = nothing_get};

/* ---- PropertyCollector, PropertyFilter ---- */

static const struct vim_prop collector_props[] = {VIM_LEAF("filter", VIM_REFS, FILTERS)};

static void collector_refs(const struct vim_view_of_world *v, struct vim_ref r, int f,
                           struct vim_refs *out)
{
    struct vim_collector *c;

    (void)f; /* the only one */
    if (v->session == NULL)
        return;
    c = vim_collector_of(v->server, v->session, r.i);
    for (size_t i = 0; i < v->server->n_filters && c != NULL; i++)
        if (v->server->filters[i].collector == c->thing.number)
            vim_refs_add(
                out, (struct vim_ref){VIM_FILTER, v->server->filters[i].thing.number});
}

const struct vim_ops vim_collector_ops = {
    .get = nothing_get,
    .refs = collector_refs,
    .props = collector_props,
    .n_props = ARRAY_LEN(collector_props),
};

static const struct vim_prop filter_props[] = {VIM_NEVER("spec"),
                                               VIM_LEAF("partialUpdates", VIM_BOOL, NO)};

static bool filter_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                       struct vim_value *out)
{
    (void)v;
    (void)r;
    return f == NO && number(out, 0);
}

const struct vim_ops vim_filter_ops = {
    .get = filter_get,
    .props = filter_props,
    .n_props = ARRAY_LEN(filter_props),
};

/* ---- ContainerView ---- */

static const struct vim_prop container_props[] = {
    VIM_LEAF("container", VIM_REF, CONTAINER),
    VIM_LIST_OF("type", "xsd:string", VIEW_TYPES),
    VIM_LEAF("recursive", VIM_BOOL, RECURSIVE),
    VIM_LEAF("view", VIM_REFS, VIEWED),
};

static bool container_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                          struct vim_value *out)
{
    const struct vim_container *c = vim_view_find(v->server, r.i);

    if (c == NULL)
        return false;
    if (f == RECURSIVE)
        return number(out, c->recursive);
    return f == CONTAINER && ref(out, c->container.cls, c->container.i);
}

static bool wanted(const struct vim_container *c, enum vim_class cls)
{
    for (size_t i = 0; i < c->n_types; i++)
        if (vim_class_is(cls, c->types[i]))
            return true;
    return c->n_types == 0;
}

/* VMs hang in their folder, and at the same time in the pool and the host they use. */
static bool contains(const struct vim_container *c, struct vim_ref r)
{
    const struct vim_ref top = c->container;
    struct vim_ref up = r;

    if (r.cls == VIM_VM && top.cls == VIM_RESOURCE_POOL)
        return true;
    if (r.cls == VIM_VM && c->recursive && top.cls == VIM_COMPUTE_RESOURCE)
        return true;
    while (vim_parent(up, &up)) {
        if (up.cls == top.cls && up.i == top.i)
            return true;
        if (!c->recursive)
            return false;
    }
    return false;
}

static void container_refs(const struct vim_view_of_world *v, struct vim_ref r, int f,
                           struct vim_refs *out)
{
    const struct vim_container *c = vim_view_find(v->server, r.i);

    (void)f; /* the only one */
    if (c == NULL)
        return;
    for (size_t i = 0; i < vim_n_inventory(v->w); i++) {
        struct vim_ref at = vim_inventory_at(v->w, i);

        if (wanted(c, at.cls) && contains(c, at))
            vim_refs_add(out, at);
    }
}

static void container_list(const struct vim_view_of_world *v, struct vim_ref r, int f,
                           struct strbuf *b, const char *tag)
{
    const struct vim_container *c = vim_view_find(v->server, r.i);

    (void)f; /* the only one */
    for (size_t i = 0; c != NULL && i < c->n_types; i++)
        vim_put_text(b, tag, c->types[i]);
}

const struct vim_ops vim_container_ops = {
    .get = container_get,
    .refs = container_refs,
    .list = container_list,
    .props = container_props,
    .n_props = ARRAY_LEN(container_props),
};
