/*
 * vim_host - the host and the containers around it: folders, datacenter, compute
 * resource, resource pool.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_model.h"

enum field {
    SELF = VIM_F_OWN,
    VENDOR,
    MODEL,
    UUID,
    MEMORY_BYTES,
    CPU_MODEL,
    CPU_MHZ,
    CPU_HZ,
    PACKAGES,
    CORES,
    THREADS,
    ONE,
    NO,
    CONNECTION,
    POWER,
    MAINTENANCE,
    STANDBY,
    BOOT_TIME,
    PORT,
    PRODUCT_NAME,
    PRODUCT_FULL,
    PRODUCT_VENDOR,
    PRODUCT_VERSION,
    PRODUCT_BUILD,
    PRODUCT_OS,
    PRODUCT_LINE,
    PRODUCT_API,
    PRODUCT_API_VERSION,
    CPU_USAGE,
    MEMORY_USAGE,
    UPTIME,
    VMS,
    CHILDREN,
    CHILD_TYPES,
    VM_FOLDER,
    HOST_FOLDER,
    DATASTORE_FOLDER,
    NETWORK_FOLDER,
    HOSTS,
    POOL,
    TOTAL_CPU,
    TOTAL_MEMORY,
    MEMORY_MB,
    NUM_HOSTS,
};

#define QUIET_INT(name, field)                                                           \
    {                                                                                    \
        name, VIM_INT, NULL, field, NULL, 0, VIM_QUIET                                   \
    }

/* ---- the host ---- */

static const struct vim_prop hardware_summary[] = {
    VIM_LEAF("vendor", VIM_STRING, VENDOR),
    VIM_LEAF("model", VIM_STRING, MODEL),
    VIM_LEAF("uuid", VIM_STRING, UUID),
    VIM_NEVER("otherIdentifyingInfo"),
    VIM_LEAF("memorySize", VIM_LONG, MEMORY_BYTES),
    VIM_LEAF("cpuModel", VIM_STRING, CPU_MODEL),
    VIM_LEAF("cpuMhz", VIM_INT, CPU_MHZ),
    VIM_LEAF("numCpuPkgs", VIM_SHORT, PACKAGES),
    VIM_LEAF("numCpuCores", VIM_SHORT, CORES),
    VIM_LEAF("numCpuThreads", VIM_SHORT, THREADS),
    VIM_LEAF("numNics", VIM_INT, ONE),
    VIM_LEAF("numHBAs", VIM_INT, ONE),
};

static const struct vim_prop runtime[] = {
    VIM_ENUM_LEAF("connectionState", "HostSystemConnectionState", CONNECTION),
    VIM_ENUM_LEAF("powerState", "HostSystemPowerState", POWER),
    VIM_LEAF("standbyMode", VIM_STRING, STANDBY),
    VIM_LEAF("inMaintenanceMode", VIM_BOOL, MAINTENANCE),
    VIM_NEVER("inQuarantineMode"),
    VIM_LEAF("bootTime", VIM_TIME, BOOT_TIME),
    VIM_NEVER("healthSystemRuntime"),
    VIM_NEVER("dasHostState"),
    VIM_NEVER("tpmPcrValues"),
    VIM_NEVER("vsanRuntimeInfo"),
    VIM_NEVER("networkRuntimeInfo"),
    VIM_NEVER("vFlashResourceRuntimeInfo"),
    VIM_NEVER("hostMaxVirtualDiskCapacity"),
    VIM_NEVER("cryptoState"),
};

static const struct vim_prop product[] = {
    VIM_LEAF("name", VIM_STRING, PRODUCT_NAME),
    VIM_LEAF("fullName", VIM_STRING, PRODUCT_FULL),
    VIM_LEAF("vendor", VIM_STRING, PRODUCT_VENDOR),
    VIM_LEAF("version", VIM_STRING, PRODUCT_VERSION),
    VIM_LEAF("build", VIM_STRING, PRODUCT_BUILD),
    VIM_LEAF("osType", VIM_STRING, PRODUCT_OS),
    VIM_LEAF("productLineId", VIM_STRING, PRODUCT_LINE),
    VIM_LEAF("apiType", VIM_STRING, PRODUCT_API),
    VIM_LEAF("apiVersion", VIM_STRING, PRODUCT_API_VERSION),
};

static const struct vim_prop config_summary[] = {
    VIM_LEAF("name", VIM_STRING, VIM_F_NAME),
    VIM_LEAF("port", VIM_INT, PORT),
    VIM_NEVER("sslThumbprint"),
    VIM_PART("product", "AboutInfo", product),
    VIM_LEAF("vmotionEnabled", VIM_BOOL, NO),
    VIM_LEAF("faultToleranceEnabled", VIM_BOOL, NO),
};

static const struct vim_prop quick_stats[] = {
    QUIET_INT("overallCpuUsage", CPU_USAGE),
    QUIET_INT("overallMemoryUsage", MEMORY_USAGE),
    VIM_NEVER("distributedCpuFairness"),
    VIM_NEVER("distributedMemoryFairness"),
    VIM_NEVER("availablePMemCapacity"),
    QUIET_INT("uptime", UPTIME),
};

static const struct vim_prop host_summary[] = {
    VIM_LEAF("host", VIM_REF, SELF),
    VIM_PART("hardware", "HostHardwareSummary", hardware_summary),
    VIM_PART("runtime", "HostRuntimeInfo", runtime),
    VIM_PART("config", "HostConfigSummary", config_summary),
    VIM_QUIET_PART("quickStats", "HostListSummaryQuickStats", quick_stats),
    {"overallStatus", VIM_ENUM, "ManagedEntityStatus", VIM_F_GREEN, NULL, 0, VIM_QUIET},
    VIM_LEAF("rebootRequired", VIM_BOOL, NO),
    VIM_NEVER("customValue"),
    VIM_NEVER("managementServerIp"),
    VIM_NEVER("maxEVCModeKey"),
    VIM_NEVER("currentEVCModeKey"),
    VIM_NEVER("gateway"),
};

static const struct vim_prop system_info[] = {
    VIM_LEAF("vendor", VIM_STRING, VENDOR),
    VIM_LEAF("model", VIM_STRING, MODEL),
    VIM_LEAF("uuid", VIM_STRING, UUID),
};

static const struct vim_prop cpu_info[] = {
    VIM_LEAF("numCpuPackages", VIM_SHORT, PACKAGES),
    VIM_LEAF("numCpuCores", VIM_SHORT, CORES),
    VIM_LEAF("numCpuThreads", VIM_SHORT, THREADS),
    VIM_LEAF("hz", VIM_LONG, CPU_HZ),
};

static const struct vim_prop hardware[] = {
    VIM_PART("systemInfo", "HostSystemInfo", system_info),
    VIM_PART("cpuInfo", "HostCpuInfo", cpu_info),
    VIM_NEVER("cpuPkg"),
    VIM_LEAF("memorySize", VIM_LONG, MEMORY_BYTES),
    VIM_NEVER("numaInfo"),
    VIM_NEVER("pciDevice"),
    VIM_NEVER("cpuFeature"),
    VIM_NEVER("biosInfo"),
};

static const struct vim_prop host_props[] = {
    VIM_ENTITY_ROWS,
    VIM_PART("runtime", "HostRuntimeInfo", runtime),
    VIM_PART("summary", "HostListSummary", host_summary),
    VIM_PART("hardware", "HostHardwareInfo", hardware),
    VIM_NEVER("capability"),
    VIM_NEVER("licensableResource"),
    VIM_NEVER("remediationState"),
    VIM_NEVER("configManager"),
    VIM_NEVER("config"),
    VIM_LEAF("vm", VIM_REFS, VMS),
    VIM_NEVER("datastore"),
    VIM_NEVER("network"),
    VIM_NEVER("datastoreBrowser"),
    VIM_NEVER("systemResources"),
};

/* ---- what contains it ---- */

static const struct vim_prop folder_props[] = {
    VIM_ENTITY_ROWS,
    VIM_LIST_OF("childType", "xsd:string", CHILD_TYPES),
    VIM_LEAF("childEntity", VIM_REFS, CHILDREN),
    VIM_NEVER("namespace"),
};

static const struct vim_prop datacenter_props[] = {
    VIM_ENTITY_ROWS,
    VIM_LEAF("vmFolder", VIM_REF, VM_FOLDER),
    VIM_LEAF("hostFolder", VIM_REF, HOST_FOLDER),
    VIM_LEAF("datastoreFolder", VIM_REF, DATASTORE_FOLDER),
    VIM_LEAF("networkFolder", VIM_REF, NETWORK_FOLDER),
    VIM_NEVER("datastore"),
    VIM_NEVER("network"),
    VIM_NEVER("configuration"),
};

static const struct vim_prop compute_summary[] = {
    VIM_LEAF("totalCpu", VIM_INT, TOTAL_CPU),
    VIM_LEAF("totalMemory", VIM_LONG, MEMORY_BYTES),
    VIM_LEAF("numCpuCores", VIM_SHORT, CORES),
    VIM_LEAF("numCpuThreads", VIM_SHORT, THREADS),
    VIM_LEAF("effectiveCpu", VIM_INT, TOTAL_CPU),
    VIM_LEAF("effectiveMemory", VIM_LONG, MEMORY_MB),
    VIM_LEAF("numHosts", VIM_INT, ONE),
    VIM_LEAF("numEffectiveHosts", VIM_INT, NUM_HOSTS),
    VIM_ENUM_LEAF("overallStatus", "ManagedEntityStatus", VIM_F_GREEN),
};

static const struct vim_prop compute_props[] = {
    VIM_ENTITY_ROWS,
    VIM_LEAF("resourcePool", VIM_REF, POOL),
    VIM_LEAF("host", VIM_REFS, HOSTS),
    VIM_NEVER("datastore"),
    VIM_NEVER("network"),
    VIM_PART("summary", "ComputeResourceSummary", compute_summary),
    VIM_NEVER("environmentBrowser"),
    VIM_NEVER("configurationEx"),
    VIM_NEVER("lifecycleManaged"),
};

static const struct vim_prop pool_props[] = {
    VIM_ENTITY_ROWS,
    VIM_NEVER("summary"),
    VIM_NEVER("runtime"),
    VIM_LEAF("owner", VIM_REF, SELF),
    VIM_NEVER("resourcePool"),
    VIM_LEAF("vm", VIM_REFS, VMS),
    VIM_NEVER("config"),
    VIM_NEVER("namespace"),
    VIM_NEVER("childConfiguration"),
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

static bool get_product(int f, struct vim_value *out)
{
    switch (f) {
    case PRODUCT_NAME:
        return text(out, "VMware ESXi");
    case PRODUCT_FULL:
        return text(out, vim_full_name);
    case PRODUCT_VENDOR:
        return text(out, "VMware, Inc.");
    case PRODUCT_VERSION:
        return text(out, vim_release);
    case PRODUCT_BUILD:
        return text(out, vim_build);
    case PRODUCT_OS:
        return text(out, "vmnix-x86");
    case PRODUCT_LINE:
        return text(out, "embeddedEsx");
    case PRODUCT_API:
        return text(out, "HostAgent");
    case PRODUCT_API_VERSION:
        return text(out, vim_versions[0]);
    default:
        return false;
    }
}

static bool get_hardware(const struct sim_host *h, int f, struct vim_value *out)
{
    switch (f) {
    case VENDOR:
        return text(out, "Simulated");
    case MODEL:
        return text(out, "Test Host");
    case UUID:
        return text(out, h->uuid);
    case MEMORY_BYTES:
        return number(out, h->memory_bytes);
    case MEMORY_MB:
        return number(out, h->memory_bytes / (1024 * 1024));
    case CPU_MODEL:
        return text(out, "Simulated CPU");
    case CPU_MHZ:
        return number(out, h->core_mhz);
    case CPU_HZ:
        return number(out, (int64_t)h->core_mhz * 1000000);
    case TOTAL_CPU:
        return number(out, (int64_t)h->core_mhz * h->cores);
    case PACKAGES:
    case ONE:
        return number(out, 1);
    case CORES:
        return number(out, h->cores);
    case THREADS:
        return number(out, (int64_t)h->cores * 2);
    default:
        return false;
    }
}

static bool host_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                     struct vim_value *out)
{
    const struct sim_host *h = &v->w->host;

    switch (f) {
    case VIM_F_NAME:
        return text(out, h->name);
    case VIM_F_PARENT:
        return vim_parent(r, &out->ref);
    case VIM_F_GREEN:
        return text(out, "green");
    case SELF:
        return ref(out, VIM_HOST, 0);
    case CONNECTION:
        return text(out, "connected");
    case POWER:
        return text(out, "poweredOn");
    case STANDBY:
        return text(out, "none");
    case MAINTENANCE:
        return number(out, h->maintenance);
    case NO:
        return number(out, 0);
    case BOOT_TIME:
        return number(out, h->booted);
    case PORT:
        return number(out, 443);
    case CPU_USAGE:
        return number(out, world_host_cpu_mhz(v->w));
    case MEMORY_USAGE:
        return number(out, world_host_memory_mb(v->w));
    case UPTIME:
        return number(out, (v->w->now - h->booted) / 1000);
    default:
        return get_hardware(h, f, out) || get_product(f, out);
    }
}

static void all_vms(const struct vim_view_of_world *v, struct vim_refs *out)
{
    for (size_t i = 0; i < v->w->n_vms; i++)
        vim_refs_add(out, (struct vim_ref){VIM_VM, (int32_t)i});
}

static void host_refs(const struct vim_view_of_world *v, struct vim_ref r, int f,
                      struct vim_refs *out)
{
    (void)r;
    if (f == VMS)
        all_vms(v, out);
    else if (f == HOSTS)
        vim_refs_add(out, (struct vim_ref){VIM_HOST, 0});
}

static bool folder_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                       struct vim_value *out)
{
    static const char *const names[VIM_N_FOLDERS] = {
        [VIM_FOLDER_ROOT] = "ha-folder-root", [VIM_FOLDER_VM] = "vm",
        [VIM_FOLDER_HOST] = "host",           [VIM_FOLDER_DATASTORE] = "datastore",
        [VIM_FOLDER_NETWORK] = "network",
    };

    (void)v;
    if (f == VIM_F_NAME)
        return text(out, names[r.i]);
    if (f == VIM_F_PARENT)
        return vim_parent(r, &out->ref);
    return f == VIM_F_GREEN && text(out, "green");
}

static void folder_refs(const struct vim_view_of_world *v, struct vim_ref r, int f,
                        struct vim_refs *out)
{
    if (f != CHILDREN)
        return;
    if (r.i == VIM_FOLDER_ROOT)
        vim_refs_add(out, (struct vim_ref){VIM_DATACENTER, 0});
    else if (r.i == VIM_FOLDER_VM)
        all_vms(v, out);
    else if (r.i == VIM_FOLDER_HOST)
        vim_refs_add(out, (struct vim_ref){VIM_COMPUTE_RESOURCE, 0});
}

static void folder_list(const struct vim_view_of_world *v, struct vim_ref r, int f,
                        struct strbuf *b, const char *tag)
{
    static const char *const types[VIM_N_FOLDERS][2] = {
        [VIM_FOLDER_ROOT] = {"Folder", "Datacenter"},
        [VIM_FOLDER_VM] = {"Folder", "VirtualMachine"},
        [VIM_FOLDER_HOST] = {"Folder", "ComputeResource"},
        [VIM_FOLDER_DATASTORE] = {"Folder", "Datastore"},
        [VIM_FOLDER_NETWORK] = {"Folder", "Network"},
    };

    (void)v;
    (void)f; /* the only list */
    for (size_t i = 0; i < ARRAY_LEN(types[r.i]); i++)
        vim_put_text(b, tag, types[r.i][i]);
}

static bool datacenter_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                           struct vim_value *out)
{
    (void)v;
    switch (f) {
    case VIM_F_NAME:
        return text(out, "ha-datacenter");
    case VIM_F_PARENT:
        return vim_parent(r, &out->ref);
    case VIM_F_GREEN:
        return text(out, "green");
    case VM_FOLDER:
        return ref(out, VIM_FOLDER, VIM_FOLDER_VM);
    case HOST_FOLDER:
        return ref(out, VIM_FOLDER, VIM_FOLDER_HOST);
    case DATASTORE_FOLDER:
        return ref(out, VIM_FOLDER, VIM_FOLDER_DATASTORE);
    case NETWORK_FOLDER:
        return ref(out, VIM_FOLDER, VIM_FOLDER_NETWORK);
    default:
        return false;
    }
}

static bool compute_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                        struct vim_value *out)
{
    switch (f) {
    case VIM_F_NAME:
        return text(out, v->w->host.name);
    case VIM_F_PARENT:
        return vim_parent(r, &out->ref);
    case VIM_F_GREEN:
        return text(out, "green");
    case POOL:
        return ref(out, VIM_RESOURCE_POOL, 0);
    case NUM_HOSTS:
        return number(out, v->w->host.maintenance ? 0 : 1);
    default:
        return get_hardware(&v->w->host, f, out);
    }
}

static bool pool_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                     struct vim_value *out)
{
    (void)v;
    switch (f) {
    case VIM_F_NAME:
        return text(out, "Resources");
    case VIM_F_PARENT:
        return vim_parent(r, &out->ref);
    case VIM_F_GREEN:
        return text(out, "green");
    case SELF:
        return ref(out, VIM_COMPUTE_RESOURCE, 0);
    default:
        return false;
    }
}

const struct vim_ops vim_host_ops = {
    .get = host_get,
    .refs = host_refs,
    .props = host_props,
    .n_props = ARRAY_LEN(host_props),
};
const struct vim_ops vim_folder_ops = {
    .get = folder_get,
    .refs = folder_refs,
    .list = folder_list,
    .props = folder_props,
    .n_props = ARRAY_LEN(folder_props),
};
const struct vim_ops vim_datacenter_ops = {
    .get = datacenter_get,
    .props = datacenter_props,
    .n_props = ARRAY_LEN(datacenter_props),
};
const struct vim_ops vim_compute_ops = {
    .get = compute_get,
    .refs = host_refs,
    .props = compute_props,
    .n_props = ARRAY_LEN(compute_props),
};
const struct vim_ops vim_pool_ops = {
    .get = pool_get,
    .refs = host_refs,
    .props = pool_props,
    .n_props = ARRAY_LEN(pool_props),
};
