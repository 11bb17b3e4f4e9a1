/*
 * vim_model - finds classes, objects and properties by name, and writes values.
 * Owns nothing; strbufs and lists are the caller's.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_model.h"

#include "core/net/xml.h"
#include "core/sim/vim_server.h"
#include "core/sim/wire.h"

#include <stdlib.h>
#include <string.h>

const char *const vim_versions[VIM_VERSIONS] = {
    "8.0.3.0", "8.0.2.0", "8.0.1.0", "8.0.0.1", "7.0.3.0", "7.0.2.0",
    "7.0.1.0", "7.0.0.2", "6.9.1",   "6.7.3",   "6.7.2",   "6.7.1",
    "6.7",     "6.5",     "6.0",     "5.5",     "5.1",     "5.0",
};
const char vim_release[] = "8.0.3", vim_build[] = "24022510",
           vim_full_name[] = "VMware ESXi 8.0.3 build-24022510";

static const struct {
    const char *name;
    const struct vim_ops *ops;
    bool entity;           /* a ManagedEntity */
    const char *single_id; /* of the only object; NULL: ids are made */
} classes[VIM_N_CLASSES] = {
    [VIM_NONE] = {"", NULL, false, NULL},
    [VIM_FOLDER] = {"Folder", &vim_folder_ops, true, NULL},
    [VIM_DATACENTER] = {"Datacenter", &vim_datacenter_ops, true, "ha-datacenter"},
    [VIM_COMPUTE_RESOURCE] = {"ComputeResource", &vim_compute_ops, true,
                              "ha-compute-res"},
    [VIM_RESOURCE_POOL] = {"ResourcePool", &vim_pool_ops, true, "ha-root-pool"},
    [VIM_HOST] = {"HostSystem", &vim_host_ops, true, "ha-host"},
    [VIM_VM] = {"VirtualMachine", &vim_vm_ops, true, NULL},
    [VIM_TASK] = {"Task", &vim_task_ops, false, NULL},
    [VIM_SERVICE_INSTANCE] = {"ServiceInstance", &vim_service_ops, false,
                              "ServiceInstance"},
    [VIM_SESSION_MANAGER] = {"SessionManager", &vim_sessions_ops, false, "ha-sessionmgr"},
    [VIM_TASK_MANAGER] = {"TaskManager", &vim_tasks_ops, false, "ha-taskmgr"},
    [VIM_VIEW_MANAGER] = {"ViewManager", &vim_views_ops, false, "ViewManager"},
    [VIM_PERF_MANAGER] = {"PerformanceManager", &vim_perf_ops, false, "ha-perfmgr"},
    [VIM_SEARCH_INDEX] = {"SearchIndex", &vim_search_ops, false, "ha-searchindex"},
    [VIM_COLLECTOR] = {"PropertyCollector", &vim_collector_ops, false, NULL},
    [VIM_FILTER] = {"PropertyFilter", &vim_filter_ops, false, NULL},
    [VIM_VIEW] = {"ContainerView", &vim_container_ops, false, NULL},
};

/* Classes of the API that this host has no objects of: clients name them in passing. */
static const char *const others[] = {
    "ClusterComputeResource",
    "Datastore",
    "DistributedVirtualPortgroup",
    "DistributedVirtualSwitch",
    "EventManager",
    "HostDatastoreSystem",
    "HostNetworkSystem",
    "InventoryView",
    "ListView",
    "ManagedObjectView",
    "Network",
    "OpaqueNetwork",
    "StoragePod",
    "View",
    "VirtualApp",
    "VirtualMachineSnapshot",
    "VmwareDistributedVirtualSwitch",
};

static const char *const folder_ids[VIM_N_FOLDERS] = {
    [VIM_FOLDER_ROOT] = "ha-folder-root",
    [VIM_FOLDER_VM] = "ha-folder-vm",
    [VIM_FOLDER_HOST] = "ha-folder-host",
    [VIM_FOLDER_DATASTORE] = "ha-folder-datastore",
    [VIM_FOLDER_NETWORK] = "ha-folder-network",
};

/* ---- classes ---- */

const char *vim_class_name(enum vim_class cls)
{
    return classes[cls].name;
}

bool vim_class_is(enum vim_class cls, const char *name)
{
    if (str_eq(classes[cls].name, name) || str_eq(name, "ManagedObject"))
        return true;
    if (str_eq(name, "View") || str_eq(name, "ManagedObjectView"))
        return cls == VIM_VIEW;
    return classes[cls].entity &&
           (str_eq(name, "ManagedEntity") || str_eq(name, "ExtensibleManagedObject"));
}

bool vim_class_find(const char *name, enum vim_class *out)
{
    *out = VIM_NONE;
    for (int c = VIM_NONE + 1; c < VIM_N_CLASSES; c++)
        if (str_eq(classes[c].name, name)) {
            *out = (enum vim_class)c;
            return true;
        }
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (str_eq(others[i], name))
            return true;
    return str_eq(name, "ManagedEntity") || str_eq(name, "ManagedObject") ||
           str_eq(name, "ExtensibleManagedObject");
}

/* ---- properties ---- */

static const struct vim_prop *among(const struct vim_prop *props, size_t n,
                                    const char *name, size_t len, bool since_7)
{
    for (size_t i = 0; i < n; i++)
        if (props[i].name[0] == name[0] && strncmp(props[i].name, name, len) == 0 &&
            props[i].name[len] == '\0')
            return since_7 || (props[i].flags & VIM_SINCE_7) == 0 ? &props[i] : NULL;
    return NULL;
}

const struct vim_prop *vim_props(enum vim_class cls, size_t *n)
{
    *n = classes[cls].ops != NULL ? classes[cls].ops->n_props : 0;
    return classes[cls].ops != NULL ? classes[cls].ops->props : NULL;
}

const struct vim_prop *vim_prop_find(enum vim_class cls, const char *path, bool since_7)
{
    size_t n;
    const struct vim_prop *props = vim_props(cls, &n), *p = NULL;

    for (;;) {
        size_t len = strcspn(path, ".");

        p = among(props, n, path, len, since_7);
        if (p == NULL || path[len] == '\0')
            return p;
        if (p->kind == VIM_UNSET)
            return p; /* below what is never set there is nothing to tell apart */
        props = p->children;
        n = p->n_children;
        path += len + 1;
    }
}

/* ---- objects ---- */

size_t vim_n_inventory(const struct world *w)
{
    return VIM_N_FOLDERS + 4 + w->n_vms;
}

struct vim_ref vim_inventory_at(const struct world *w, size_t i)
{
    static const enum vim_class singles[] = {VIM_DATACENTER, VIM_COMPUTE_RESOURCE,
                                             VIM_RESOURCE_POOL, VIM_HOST};

    (void)w;
    if (i < VIM_N_FOLDERS)
        return (struct vim_ref){VIM_FOLDER, (int32_t)i};
    i -= VIM_N_FOLDERS;
    if (i < ARRAY_LEN(singles))
        return (struct vim_ref){singles[i], 0};
    return (struct vim_ref){VIM_VM, (int32_t)(i - ARRAY_LEN(singles))};
}

bool vim_inventory_index(struct vim_ref r, size_t *out)
{
    if (r.cls == VIM_FOLDER)
        *out = (size_t)r.i;
    else if (r.cls == VIM_VM)
        *out = VIM_N_FOLDERS + 4 + (size_t)r.i;
    else if (r.cls >= VIM_DATACENTER && r.cls <= VIM_HOST)
        *out = VIM_N_FOLDERS + (size_t)(r.cls - VIM_DATACENTER);
    else
        return false;
    return true;
}

bool vim_parent(struct vim_ref r, struct vim_ref *out)
{
    static const struct vim_ref root = {VIM_FOLDER, VIM_FOLDER_ROOT},
                                datacenter = {VIM_DATACENTER, 0},
                                compute = {VIM_COMPUTE_RESOURCE, 0},
                                vms = {VIM_FOLDER, VIM_FOLDER_VM},
                                hosts = {VIM_FOLDER, VIM_FOLDER_HOST};

    if (r.cls == VIM_FOLDER && r.i != VIM_FOLDER_ROOT)
        *out = datacenter;
    else if (r.cls == VIM_DATACENTER)
        *out = root;
    else if (r.cls == VIM_VM)
        *out = vms;
    else if (r.cls == VIM_COMPUTE_RESOURCE)
        *out = hosts;
    else if (r.cls == VIM_HOST || r.cls == VIM_RESOURCE_POOL)
        *out = compute;
    else
        return false;
    return true;
}

const char *vim_name_of(const struct vim_view_of_world *v, struct vim_ref r,
                        struct vim_value *hold)
{
    *hold = (struct vim_value){.text = ""};
    if (classes[r.cls].entity)
        (void)classes[r.cls].ops->get(v, r, VIM_F_NAME, hold); /* all have one */
    return hold->text;
}

/* Task ids end in the key. */
static int32_t key_of_task(const char *id)
{
    const char *dash = strrchr(id, '-');
    struct err e = {0};
    int64_t key;

    if (dash == NULL || str_to_i64(dash + 1, 1, INT32_MAX, &key, &e) != ERR_OK)
        return -1;
    return (int32_t)key;
}

static const char *task_method(enum sim_vm_act act)
{
    switch (act) {
    case SIM_VM_POWER_ON:
        return "powerOn";
    case SIM_VM_POWER_OFF:
        return "powerOff";
    case SIM_VM_SUSPEND:
        return "suspend";
    case SIM_VM_RESET:
        return "reset";
    }
    return "unknown";
}

bool vim_ref_find(const struct vim_view_of_world *v, const char *type, const char *id,
                  struct vim_ref *out)
{
    struct vim_ref r = {VIM_NONE, 0};

    if (!vim_class_find(type, &r.cls) || r.cls == VIM_NONE)
        return false;
    if (classes[r.cls].single_id != NULL) {
        if (!str_eq(classes[r.cls].single_id, id))
            return false;
    } else if (r.cls == VIM_FOLDER) {
        while (r.i < VIM_N_FOLDERS && !str_eq(folder_ids[r.i], id))
            r.i++;
        if (r.i == VIM_N_FOLDERS)
            return false;
    } else if (r.cls == VIM_VM) {
        r.i = world_vm_find(v->w, id);
        if (r.i < 0)
            return false;
    } else if (r.cls == VIM_TASK) {
        struct strbuf b;
        bool same;

        r.i = key_of_task(id);
        if (!vim_ref_exists(v, r))
            return false;
        strbuf_init(&b, 256);
        vim_put_id(&b, v, r);
        same = str_eq(strbuf_text(&b), id);
        strbuf_clear(&b);
        if (!same)
            return false;
    } else if (r.cls != VIM_COLLECTOR || !str_eq(id, "ha-property-collector")) {
        r.i = vim_thing_find(v->server, r.cls, id);
        if (r.i == 0 || v->session == NULL ||
            vim_thing_of(v->server, r)->session !=
                vim_session_index(v->server, v->session))
            return false; /* what another session made is nobody else's business */
    }
    *out = r;
    return true;
}

bool vim_ref_exists(const struct vim_view_of_world *v, struct vim_ref r)
{
    if (r.cls == VIM_VM)
        return r.i >= 0 && (size_t)r.i < v->w->n_vms;
    if (r.cls == VIM_TASK)
        return r.i > 0 && world_vm_task_find(v->w, r.i) != NULL;
    if (r.cls == VIM_COLLECTOR && r.i == 0)
        return true;
    if (r.cls == VIM_COLLECTOR || r.cls == VIM_FILTER || r.cls == VIM_VIEW)
        return vim_thing_of(v->server, r) != NULL;
    return r.cls != VIM_NONE;
}

void vim_put_id(struct strbuf *b, const struct vim_view_of_world *v, struct vim_ref r)
{
    const struct vim_thing *thing;

    if (classes[r.cls].single_id != NULL) {
        strbuf_puts(b, classes[r.cls].single_id);
    } else if (r.cls == VIM_FOLDER) {
        strbuf_puts(b, folder_ids[r.i]);
    } else if (r.cls == VIM_VM) {
        strbuf_puts(b, v->w->vms[r.i].id);
    } else if (r.cls == VIM_TASK) {
        const struct sim_vm_task *t = world_vm_task_find(v->w, r.i);

        if (t != NULL)
            strbuf_printf(b, "haTask-%s-vim.VirtualMachine.%s-%d", v->w->vms[t->vm].id,
                          task_method(t->act), (int)r.i);
    } else if (r.cls == VIM_COLLECTOR && r.i == 0) {
        strbuf_puts(b, "ha-property-collector");
    } else if ((thing = vim_thing_of(v->server, r)) != NULL) {
        vim_thing_put_id(b, v->server, thing);
    }
}

void vim_put_ref(struct strbuf *b, const struct vim_view_of_world *v, const char *tag,
                 struct vim_ref r)
{
    strbuf_putc(b, '<');
    strbuf_puts(b, tag);
    strbuf_puts(b, " type=\"");
    strbuf_puts(b, classes[r.cls].name);
    strbuf_puts(b, "\">");
    vim_put_id(b, v, r);
    strbuf_puts(b, "</");
    strbuf_puts(b, tag);
    strbuf_putc(b, '>');
}

void vim_refs_add(struct vim_refs *list, struct vim_ref r)
{
    if (list->n == list->cap) {
        size_t cap = list->cap < 64 ? 64 : 2 * list->cap;
        struct vim_ref *p = reallocarray(list->at, cap, sizeof(*p));

        if (p == NULL) {
            list->failed = true;
            return;
        }
        list->at = p;
        list->cap = cap;
    }
    list->at[list->n++] = r;
}

void vim_refs_clear(struct vim_refs *list)
{
    free(list->at);
    *list = (struct vim_refs){0};
}

void vim_refs_of(const struct vim_view_of_world *v, struct vim_ref r,
                 const struct vim_prop *p, struct vim_refs *out)
{
    const struct vim_ops *ops = classes[r.cls].ops;
    struct vim_value value = {0};

    if (p->kind == VIM_REFS && ops->refs != NULL)
        ops->refs(v, r, p->field, out);
    else if (p->kind == VIM_REF && ops->get(v, r, p->field, &value))
        vim_refs_add(out, value.ref);
}

/* ---- writing ---- */

void vim_put_int(struct strbuf *b, int64_t n)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u > 0);
    if (n < 0)
        digits[--at] = '-';
    strbuf_add(b, digits + at, sizeof(digits) - at);
}

static void open_tag(struct strbuf *b, const char *tag)
{
    strbuf_putc(b, '<');
    strbuf_puts(b, tag);
    strbuf_putc(b, '>');
}

static void close_tag(struct strbuf *b, const char *tag)
{
    strbuf_add(b, "</", 2);
    strbuf_puts(b, tag);
    strbuf_putc(b, '>');
}

void vim_put_number(struct strbuf *b, const char *tag, int64_t n)
{
    open_tag(b, tag);
    vim_put_int(b, n);
    close_tag(b, tag);
}

void vim_put_text(struct strbuf *b, const char *tag, const char *text)
{
    open_tag(b, tag);
    xml_escape(b, text);
    close_tag(b, tag);
}

void vim_put_time(struct strbuf *b, const char *tag, int64_t ms)
{
    char text[WIRE_TIME];

    open_tag(b, tag);
    strbuf_puts(b, wire_time(ms, text));
    close_tag(b, tag);
}

static void put_leaf(struct strbuf *b, const struct vim_view_of_world *v,
                     enum vim_kind kind, const struct vim_value *value)
{
    char text[WIRE_TIME];

    switch (kind) {
    case VIM_STRING:
        xml_escape(b, value->text);
        break;
    case VIM_ENUM:
        strbuf_puts(b, value->text);
        break;
    case VIM_INT:
    case VIM_LONG:
    case VIM_SHORT:
        vim_put_int(b, value->number);
        break;
    case VIM_BOOL:
        strbuf_puts(b, value->number != 0 ? "true" : "false");
        break;
    case VIM_TIME:
        strbuf_puts(b, wire_time(value->number, text));
        break;
    case VIM_REF:
        vim_put_id(b, v, value->ref);
        break;
    case VIM_REFS:
    case VIM_OBJECT:
    case VIM_LIST:
    case VIM_FAULT:
    case VIM_UNSET:
        break;
    }
}

static void put_refs(struct strbuf *b, const struct vim_view_of_world *v,
                     struct vim_ref r, const struct vim_prop *p, const char *tag)
{
    struct vim_refs list = {0};

    vim_refs_of(v, r, p, &list);
    for (size_t i = 0; i < list.n; i++)
        vim_put_ref(b, v, tag, list.at[i]);
    b->failed = b->failed || list.failed;
    vim_refs_clear(&list);
}

static bool hidden(const struct vim_view_of_world *v, const struct vim_prop *p)
{
    return (v->skip_quiet && (p->flags & VIM_QUIET) != 0) ||
           (!v->since_7 && (p->flags & VIM_SINCE_7) != 0);
}

/* The children of an object, each as an element; as deep as the tables are. */
void vim_put_children(struct strbuf *b, const struct vim_view_of_world *v,
                      struct vim_ref r, const struct vim_prop *object)
{
    const struct vim_ops *ops = classes[r.cls].ops;

    for (size_t i = 0; i < object->n_children; i++) {
        const struct vim_prop *p = &object->children[i];
        struct vim_value value = {0};

        if (hidden(v, p) || p->kind == VIM_UNSET)
            continue;
        if (p->kind == VIM_REFS) {
            put_refs(b, v, r, p, p->name);
        } else if (p->kind == VIM_LIST) {
            ops->list(v, r, p->field, b, p->name);
        } else if (p->kind == VIM_OBJECT) {
            if (p->field != 0 && !ops->get(v, r, p->field, &value))
                continue;
            strbuf_putc(b, '<');
            strbuf_puts(b, p->name);
            if ((p->flags & VIM_DERIVED) != 0) {
                strbuf_puts(b, " xsi:type=\"");
                strbuf_puts(b, p->type);
                strbuf_putc(b, '"');
            }
            strbuf_putc(b, '>');
            vim_put_children(b, v, r, p);
            close_tag(b, p->name);
        } else if (ops->get(v, r, p->field, &value)) {
            if (p->kind == VIM_FAULT) {
                open_tag(b, p->name);
                ops->list(v, r, p->field, b, p->name);
                close_tag(b, p->name);
                continue;
            }
            if (p->kind == VIM_REF) {
                vim_put_ref(b, v, p->name, value.ref);
                continue;
            }
            open_tag(b, p->name);
            put_leaf(b, v, p->kind, &value);
            close_tag(b, p->name);
        }
    }
}

static const char *const xsd_types[] = {
    [VIM_STRING] = "xsd:string", [VIM_INT] = "xsd:int",      [VIM_LONG] = "xsd:long",
    [VIM_SHORT] = "xsd:short",   [VIM_BOOL] = "xsd:boolean", [VIM_TIME] = "xsd:dateTime",
};

static bool put_list_val(struct strbuf *b, const struct vim_view_of_world *v,
                         struct vim_ref r, const struct vim_prop *p)
{
    const struct vim_ops *ops = classes[r.cls].ops;
    const char *type = p->kind == VIM_REFS ? "ManagedObjectReference" : p->type;
    const char *xsd = str_starts(type, "xsd:") ? type + 4 : NULL;
    char array[64];

    /* ArrayOfString holds elements named "string", ArrayOfX ones named "X". */
    if (xsd != NULL)
        (void)str_format(array, sizeof(array), "%c%s", xsd[0] - 'a' + 'A', xsd + 1);
    else
        (void)str_copy(array, sizeof(array), type); /* our own names fit */
    strbuf_puts(b, "<val xsi:type=\"ArrayOf");
    strbuf_puts(b, array);
    strbuf_puts(b, "\">");
    if (p->kind == VIM_REFS)
        put_refs(b, v, r, p, type);
    else
        ops->list(v, r, p->field, b, xsd != NULL ? xsd : type);
    strbuf_puts(b, "</val>");
    return true;
}

/* Everything but arrays, as <tag xsi:type="…">. */
static bool put_single(struct strbuf *b, const struct vim_view_of_world *v,
                       struct vim_ref r, const struct vim_prop *p, const char *tag)
{
    const struct vim_ops *ops = classes[r.cls].ops;
    struct vim_value value = {0};

    if ((p->kind != VIM_OBJECT || p->field != 0) && !ops->get(v, r, p->field, &value))
        return false;
    strbuf_putc(b, '<');
    strbuf_puts(b, tag);
    if (p->kind == VIM_REF) {
        strbuf_puts(b, " type=\"");
        strbuf_puts(b, classes[value.ref.cls].name);
        strbuf_puts(b, "\" xsi:type=\"ManagedObjectReference\">");
    } else {
        strbuf_puts(b, " xsi:type=\"");
        strbuf_puts(b, p->type != NULL ? p->type : xsd_types[p->kind]);
        strbuf_puts(b, "\">");
    }
    if (p->kind == VIM_OBJECT)
        vim_put_children(b, v, r, p);
    else if (p->kind == VIM_FAULT)
        ops->list(v, r, p->field, b, p->name);
    else
        put_leaf(b, v, p->kind, &value);
    close_tag(b, tag);
    return true;
}

bool vim_put_val(struct strbuf *b, const struct vim_view_of_world *v, struct vim_ref r,
                 const struct vim_prop *p)
{
    if (p->kind == VIM_UNSET)
        return false;
    if (p->kind == VIM_REFS || p->kind == VIM_LIST)
        return put_list_val(b, v, r, p);
    return put_single(b, v, r, p, "val");
}

void vim_put_results(struct strbuf *b, const struct vim_view_of_world *v,
                     struct vim_ref r, const struct vim_prop *p)
{
    if (p->kind == VIM_REFS)
        put_refs(b, v, r, p, "returnval");
    else if (p->kind == VIM_LIST)
        classes[r.cls].ops->list(v, r, p->field, b, "returnval");
    else if (p->kind != VIM_UNSET)
        (void)put_single(b, v, r, p, "returnval"); /* unset: no result */
}
