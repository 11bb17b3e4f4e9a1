#include <config.h>

#include "core/api/vsphere.h"

#include "core/api/vsphere_perf.h"
#include "core/api/vsphere_props.h"
#include "core/base/text.h"

#include <string.h>

enum { FIRST_VMS = 16, FIRST_HOSTS = 4, NAME_BYTES = 240, UUID_BYTES = 64 };

/* In the order of enum vm_field. */
static const char *const vm_paths[] = {
    VSPHERE_VM_NEWS,
    "summary.config.numCpu",
    "summary.config.memorySizeMB",
    "summary.quickStats.overallCpuUsage",
    NULL,
};
enum vm_field {
    VM_NAME,
    VM_UUID,
    VM_INSTANCE_UUID,
    VM_POWER,
    VM_CONNECTION,
    VM_QUESTION,
    VM_HOST,
    VM_IP,
    VM_TOOLS,
    VM_CPUS,
    VM_MEMORY,
    VM_CPU_USAGE
};

/* In the order of enum host_field. */
static const char *const host_paths[] = {
    "name",
    "summary.runtime.connectionState",
    "summary.runtime.inMaintenanceMode",
    "summary.hardware.cpuMhz",
    "summary.hardware.numCpuCores",
    "summary.hardware.memorySize",
    "summary.quickStats.overallCpuUsage",
    "summary.quickStats.overallMemoryUsage",
    NULL,
};
enum host_field {
    HOST_NAME,
    HOST_CONNECTION,
    HOST_MAINTENANCE,
    HOST_MHZ,
    HOST_CORES,
    HOST_MEMORY,
    HOST_CPU_USAGE,
    HOST_MEMORY_USAGE
};

struct inventory {
    struct arena *arena;
    struct seen_vm *vms;
    size_t n_vms, cap_vms;
    struct seen_host *hosts;
    size_t n_hosts, cap_hosts;
    struct seen_vm *vm;     /* being read, NULL = none */
    struct seen_host *host; /* being read, NULL = none */
    /* Of the host being read; -1 = not reported. */
    int64_t mhz, cores, memory_bytes, cpu_usage_mhz, memory_usage_mb;
};

static int path_index(const char *const *paths, const char *name)
{
    for (int i = 0; paths[i] != NULL; i++) {
        if (str_eq(paths[i], name))
            return i;
    }
    return -1;
}

/* Remote numbers are whatever they are; -1 when it is none or out of range. */
static int64_t number(const char *text, int64_t max)
{
    struct err ignored = {0};
    int64_t v;

    return str_to_i64(text, 0, max, &v, &ignored) == ERR_OK ? v : -1;
}

static int32_t number32(const char *text)
{
    return (int32_t)number(text, INT32_MAX);
}

/* Entity names carry '/', '\' and '%' as %2f, %5c and %25 (vsphere-api 1.1). */
static const char *name_dup(struct arena *a, const char *text, size_t len)
{
    char plain[NAME_BYTES];
    size_t n = 0;

    for (size_t i = 0; i < len && n < sizeof(plain); i++) {
        plain[n] = text[i];
        if (text[i] == '%' && len - i > 2) {
            const char *hex = text + i + 1;
            char c = '\0';

            if (hex[0] == '2' && (hex[1] == 'f' || hex[1] == 'F'))
                c = '/';
            else if (hex[0] == '5' && (hex[1] == 'c' || hex[1] == 'C'))
                c = '\\';
            else if (hex[0] == '2' && hex[1] == '5')
                c = '%';
            if (c != '\0') {
                plain[n] = c;
                i += 2;
            }
        }
        n++;
    }
    return text_clean_dup(a, plain, n, NAME_BYTES);
}

static void vm_property(struct inventory *in, struct seen_vm *vm, const char *name,
                        const char *text, size_t len)
{
    int field = path_index(vm_paths, name);

    if (field < 0)
        return;
    switch ((enum vm_field)field) {
    case VM_NAME:
        vm->name = name_dup(in->arena, text, len);
        break;
    case VM_UUID:
        vm->uuid = text_clean_dup(in->arena, text, len, UUID_BYTES);
        break;
    case VM_INSTANCE_UUID:
        vm->instance_uuid = text_clean_dup(in->arena, text, len, UUID_BYTES);
        break;
    case VM_POWER:
        vm->power = vsphere_power_of(text);
        break;
    case VM_CONNECTION:
        vm->connected = str_eq(text, "connected");
        break;
    case VM_QUESTION: /* a data object: that it is there says it all */
        vm->question = true;
        break;
    case VM_HOST:
        vm->host = text_clean_dup(in->arena, text, len, SOAP_ID_TEXT - 1);
        break;
    case VM_IP:
        vm->ip = text_clean_dup(in->arena, text, len, UUID_BYTES);
        break;
    case VM_TOOLS:
        vm->tools_running = str_eq(text, "guestToolsRunning") ||
                            str_eq(text, "guestToolsExecutingScripts");
        break;
    case VM_CPUS:
        vm->cpus = number32(text);
        break;
    case VM_MEMORY:
        vm->memory_mb = number32(text);
        break;
    case VM_CPU_USAGE:
        vm->cpu_mhz = number32(text);
        break;
    }
}

static void host_property(struct inventory *in, struct seen_host *host, const char *name,
                          const char *text, size_t len)
{
    int field = path_index(host_paths, name);

    if (field < 0)
        return;
    switch ((enum host_field)field) {
    case HOST_NAME:
        host->name = name_dup(in->arena, text, len);
        break;
    case HOST_CONNECTION:
        host->connected = str_eq(text, "connected");
        break;
    case HOST_MAINTENANCE:
        host->maintenance = str_eq(text, "true") || str_eq(text, "1");
        break;
    case HOST_MHZ:
        in->mhz = number(text, INT32_MAX);
        break;
    case HOST_CORES:
        in->cores = number(text, INT16_MAX);
        break;
    case HOST_MEMORY:
        in->memory_bytes = number(text, INT64_MAX);
        break;
    case HOST_CPU_USAGE:
        in->cpu_usage_mhz = number(text, INT32_MAX);
        break;
    case HOST_MEMORY_USAGE:
        in->memory_usage_mb = number(text, INT32_MAX);
        break;
    }
}

/* A larger copy in the arena; the old one stays behind until the arena is freed. */
static void *grown(struct arena *a, const void *old, size_t n, size_t *cap, size_t size,
                   size_t first)
{
    size_t want = *cap == 0 ? first : *cap * 2;
    void *p = arena_alloc(a, want, size);

    if (p == NULL)
        return NULL;
    if (n > 0)
        memcpy(p, old, n * size);
    *cap = want;
    return p;
}

static void on_reset(void *ctx)
{
    struct inventory *in = ctx;

    in->n_vms = in->n_hosts = 0;
    in->vm = NULL;
    in->host = NULL;
}

static void start_vm(struct inventory *in, const char *id, size_t len)
{
    if (in->n_vms == in->cap_vms) {
        struct seen_vm *p = grown(in->arena, in->vms, in->n_vms, &in->cap_vms,
                                  sizeof(*in->vms), FIRST_VMS);

        if (p == NULL)
            return;
        in->vms = p;
    }
    in->vm = &in->vms[in->n_vms];
    *in->vm = (struct seen_vm){
        .id = text_clean_dup(in->arena, id, len, SOAP_ID_TEXT - 1),
        .name = "",
        .uuid = "",
        .instance_uuid = "",
        .ip = "",
        .host = "",
        .cpus = -1,
        .cpu_mhz = -1,
        .memory_mb = -1,
        .ready_permille = -1,
        .costop_permille = -1,
    };
}

static void start_host(struct inventory *in, const char *id, size_t len)
{
    if (in->n_hosts == in->cap_hosts) {
        struct seen_host *p = grown(in->arena, in->hosts, in->n_hosts, &in->cap_hosts,
                                    sizeof(*in->hosts), FIRST_HOSTS);

        if (p == NULL)
            return;
        in->hosts = p;
    }
    in->host = &in->hosts[in->n_hosts];
    *in->host = (struct seen_host){
        .id = text_clean_dup(in->arena, id, len, SOAP_ID_TEXT - 1),
        .name = "",
        .cpu_permille = -1,
        .memory_permille = -1,
        .ready_permille = -1,
        .costop_permille = -1,
    };
    in->mhz = in->cores = in->memory_bytes = -1;
    in->cpu_usage_mhz = in->memory_usage_mb = -1;
}

static void on_object(void *ctx, const char *type, const char *id, size_t len)
{
    struct inventory *in = ctx;

    in->vm = NULL;
    in->host = NULL;
    if (str_eq(type, "VirtualMachine"))
        start_vm(in, id, len);
    else if (str_eq(type, "HostSystem"))
        start_host(in, id, len);
}

static void on_property(void *ctx, const char *name, const char *text, size_t len,
                        const struct soap_fault *fault)
{
    struct inventory *in = ctx;

    (void)fault; /* none of these properties holds one */
    if (in->vm != NULL)
        vm_property(in, in->vm, name, text, len);
    else if (in->host != NULL)
        host_property(in, in->host, name, text, len);
}

/* Turbo clocks take the use beyond the nominal capacity: full is full. */
static int32_t permille(int64_t used, int64_t capacity)
{
    int64_t v;

    if (used < 0 || capacity <= 0 || __builtin_mul_overflow(used, 1000, &v))
        return -1;
    v /= capacity;
    return v > 1000 ? 1000 : (int32_t)v;
}

static void on_object_end(void *ctx)
{
    struct inventory *in = ctx;

    if (in->vm != NULL)
        in->n_vms++;
    if (in->host != NULL) {
        int64_t mhz = in->mhz > 0 && in->cores > 0 ? in->mhz * in->cores : -1;

        /* What a host said before it was lost is no fact any more. */
        if (in->host->connected) {
            in->host->cpu_permille = permille(in->cpu_usage_mhz, mhz);
            in->host->memory_permille =
                permille(in->memory_usage_mb, in->memory_bytes / (1024 * 1024));
        }
        in->n_hosts++;
    }
    in->vm = NULL;
    in->host = NULL;
}

/* ----- how long vCPUs wait ----- */

static const char *dup(struct arena *a, const char *text)
{
    const char *p = text[0] != '\0' ? arena_strdup(a, text) : "";

    return p != NULL ? p : ""; /* the arena is asked once, at the end */
}

/* The listing of `last` once more, in memory of its own: it gets other numbers. */
static void copy_listing(struct inventory *in, const struct obs_vsphere *last)
{
    in->vms = arena_alloc(in->arena, last->n_vms, sizeof(*in->vms));
    in->hosts = arena_alloc(in->arena, last->n_hosts, sizeof(*in->hosts));
    in->n_vms = in->n_hosts = 0;
    for (; in->vms != NULL && in->n_vms < last->n_vms; in->n_vms++) {
        struct seen_vm *vm = &in->vms[in->n_vms];

        *vm = last->vms[in->n_vms];
        vm->id = dup(in->arena, vm->id);
        vm->name = dup(in->arena, vm->name);
        vm->uuid = dup(in->arena, vm->uuid);
        vm->instance_uuid = dup(in->arena, vm->instance_uuid);
        vm->ip = dup(in->arena, vm->ip);
        vm->host = dup(in->arena, vm->host);
    }
    for (; in->hosts != NULL && in->n_hosts < last->n_hosts; in->n_hosts++) {
        struct seen_host *h = &in->hosts[in->n_hosts];

        *h = last->hosts[in->n_hosts];
        h->id = dup(in->arena, h->id);
        h->name = dup(in->arena, h->name);
    }
}

/* Between two samples those of the last poll hold; not those of a VM that ran then, and
 * does not now. */
static void keep_load(struct inventory *in, const struct obs_vsphere *last)
{
    for (size_t i = 0; i < in->n_vms; i++) {
        for (size_t k = 0; in->vms[i].power == POWER_ON && k < last->n_vms; k++) {
            /* Mostly it is where it was. */
            const struct seen_vm *was = &last->vms[(i + k) % last->n_vms];

            if (!str_eq(was->id, in->vms[i].id))
                continue;
            in->vms[i].ready_permille = was->ready_permille;
            in->vms[i].costop_permille = was->costop_permille;
            break;
        }
    }
    for (size_t i = 0; i < in->n_hosts; i++) {
        for (size_t k = 0; in->hosts[i].connected && k < last->n_hosts; k++) {
            if (!str_eq(last->hosts[k].id, in->hosts[i].id))
                continue;
            in->hosts[i].ready_permille = last->hosts[k].ready_permille;
            in->hosts[i].costop_permille = last->hosts[k].costop_permille;
        }
    }
}

/* Of the same listing. */
static bool same_load(const struct obs_vsphere *a, const struct obs_vsphere *b)
{
    bool same = str_eq(a->load_problem, b->load_problem);

    for (size_t i = 0; same && i < a->n_vms; i++)
        same = a->vms[i].ready_permille == b->vms[i].ready_permille &&
               a->vms[i].costop_permille == b->vms[i].costop_permille;
    for (size_t i = 0; same && i < a->n_hosts; i++)
        same = a->hosts[i].ready_permille == b->hosts[i].ready_permille &&
               a->hosts[i].costop_permille == b->hosts[i].costop_permille;
    return same;
}

/* The listing was read, or is the last one again: with what the statistics say of it. */
static void take_listing(struct vsphere *v, struct inventory *in, struct observation *o)
{
    const struct obs_vsphere *last = v->last != NULL ? &v->last->as.vsphere : NULL;
    bool again = v->is_again; /* the next call knows nothing of it */
    struct obs_vsphere seen = {.load_problem = ""};
    struct err e = {0};

    if (again && !vsphere_perf_is_due(v)) {
        observation_again(o, v->last);
        return;
    }
    if (again)
        copy_listing(in, last);
    seen.n_vms = in->n_vms;
    seen.n_hosts = in->n_hosts;
    seen.vms = in->vms;
    seen.hosts = in->hosts;
    if (!vsphere_perf_is_due(v)) {
        keep_load(in, last);
        seen.load_problem = dup(o->arena, last->load_problem);
    } else if (vsphere_perf_read(v, &seen, in->vms, in->hosts, &e) != ERR_OK) {
        seen.load_problem = dup(o->arena, e.text); /* the places are known all the same */
    }
    if (again && same_load(&seen, last))
        observation_again(o, v->last);
    else
        o->as.vsphere = seen;
}

enum err_code vsphere_observe(struct vsphere *v, const struct poll_hints *hints,
                              struct observation *o, struct err *e)
{
    const struct props_query query = {.vm_paths = vm_paths, .host_paths = host_paths};
    struct inventory in = {.arena = o->arena};
    const struct props_sink sink = {on_reset, on_object, on_property, on_object_end, &in};
    int64_t began_ms = clock_mono(v->clock).ms;
    struct soap_fault fault;
    enum err_code rc;

    (void)hints; /* every VM is in the one answer */
    v->skew_known = false;
    rc = vsphere_props_read(v, &query, &sink, &fault, e);
    if (rc == ERR_OK && fault.type[0] != '\0')
        rc = soap_fault_error(&fault, "vSphere RetrievePropertiesEx", e);
    if (rc == ERR_OK && !arena_failed(o->arena))
        take_listing(v, &in, o);
    if (rc == ERR_OK && arena_failed(o->arena))
        rc = err_set(e, ERR_NOMEM, "no memory for an inventory of that size");
    o->took_ms = clock_mono(v->clock).ms - began_ms;
    o->skew_known = v->skew_known;
    o->skew_s = v->skew_s;
    o->err = *e;
    observation_unref(v->last);
    v->last = rc == ERR_OK ? observation_ref(o) : NULL;
    return rc;
}
