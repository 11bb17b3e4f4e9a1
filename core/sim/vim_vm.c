/*
 * vim_vm - a VirtualMachine's properties: the table of what clients read, and the facts
 * behind it.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_faults.h"
#include "core/sim/vim_model.h"

enum field {
    POWER = VIM_F_OWN,
    CONNECTION,
    HOST,
    SELF,
    POOL,
    BOOT_TIME,
    MAX_CPU,
    MAX_MEMORY,
    NO,
    ZERO,
    ONE,
    FT_STATE,
    REPLAY_STATE,
    UUID,
    INSTANCE_UUID,
    GUEST_ID,
    GUEST_NAME,
    GUEST_FAMILY,
    HW_VERSION,
    ANNOTATION,
    CHANGED,
    VM_PATH,
    VM_FOLDER_PATH,
    CPUS,
    MEMORY_MB,
    TOOLS_STATUS,
    TOOLS_VERSION_STATUS,
    TOOLS_VERSION_STATUS_2,
    TOOLS_RUNNING,
    TOOLS_VERSION,
    HOST_NAME,
    IP,
    GUEST_STATE,
    INTERACTIVE,
    HEARTBEAT,
    CPU_USAGE,
    READINESS,
    ACTIVE_MEMORY,
    CONSUMED_MEMORY,
    UPTIME,
    COMMITTED,
    NOW,
};

#define QUIET_INT(name, field)                                                           \
    {                                                                                    \
        name, VIM_INT, NULL, field, NULL, 0, VIM_QUIET                                   \
    }

static const struct vim_prop files[] = {
    VIM_LEAF("vmPathName", VIM_STRING, VM_PATH),
    VIM_LEAF("snapshotDirectory", VIM_STRING, VM_FOLDER_PATH),
    VIM_LEAF("suspendDirectory", VIM_STRING, VM_FOLDER_PATH),
    VIM_LEAF("logDirectory", VIM_STRING, VM_FOLDER_PATH),
};

static const struct vim_prop hardware[] = {
    VIM_LEAF("numCPU", VIM_INT, CPUS),        VIM_LEAF("numCoresPerSocket", VIM_INT, ONE),
    VIM_LEAF("memoryMB", VIM_INT, MEMORY_MB), VIM_NEVER("device"),
    VIM_NEVER("virtualICH7MPresent"),         VIM_NEVER("virtualSMCPresent"),
};

static const struct vim_prop config[] = {
    VIM_LEAF("changeVersion", VIM_STRING, CHANGED),
    VIM_LEAF("modified", VIM_TIME, BOOT_TIME),
    VIM_LEAF("name", VIM_STRING, VIM_F_NAME),
    VIM_LEAF("guestFullName", VIM_STRING, GUEST_NAME),
    VIM_LEAF("version", VIM_STRING, HW_VERSION),
    VIM_LEAF("uuid", VIM_STRING, UUID),
    VIM_LEAF("instanceUuid", VIM_STRING, INSTANCE_UUID),
    VIM_LEAF("template", VIM_BOOL, NO),
    VIM_LEAF("guestId", VIM_STRING, GUEST_ID),
    VIM_LEAF("alternateGuestName", VIM_STRING, ANNOTATION),
    VIM_LEAF("annotation", VIM_STRING, ANNOTATION),
    VIM_PART("files", "VirtualMachineFileInfo", files),
    VIM_PART("hardware", "VirtualHardware", hardware),
    VIM_NEVER("tools"),
    VIM_NEVER("flags"),
    VIM_NEVER("consolePreferences"),
    VIM_NEVER("defaultPowerOps"),
    VIM_NEVER("cpuAllocation"),
    VIM_NEVER("memoryAllocation"),
    VIM_NEVER("cpuAffinity"),
    VIM_NEVER("networkShaper"),
    VIM_NEVER("extraConfig"),
    VIM_NEVER("datastoreUrl"),
    VIM_NEVER("bootOptions"),
    VIM_NEVER("vAppConfig"),
    VIM_NEVER("managedBy"),
    VIM_NEVER("firmware"),
    VIM_NEVER("latencySensitivity"),
    VIM_NEVER("locationId"),
    VIM_NEVER("npivNodeWorldWideName"),
    VIM_NEVER("npivPortWorldWideName"),
    VIM_NEVER("swapPlacement"),
    VIM_NEVER("changeTrackingEnabled"),
    VIM_NEVER("maxMksConnections"),
};

static const struct vim_prop runtime[] = {
    VIM_NEVER("device"),
    VIM_LEAF("host", VIM_REF, HOST),
    VIM_ENUM_LEAF("connectionState", "VirtualMachineConnectionState", CONNECTION),
    VIM_ENUM_LEAF("powerState", "VirtualMachinePowerState", POWER),
    VIM_ENUM_LEAF("faultToleranceState", "VirtualMachineFaultToleranceState", FT_STATE),
    VIM_LEAF("toolsInstallerMounted", VIM_BOOL, NO),
    VIM_NEVER("suspendTime"),
    VIM_LEAF("bootTime", VIM_TIME, BOOT_TIME),
    VIM_LEAF("suspendInterval", VIM_LONG, ZERO),
    VIM_NEVER("question"),
    VIM_NEVER("memoryOverhead"),
    VIM_LEAF("maxCpuUsage", VIM_INT, MAX_CPU),
    VIM_LEAF("maxMemoryUsage", VIM_INT, MAX_MEMORY),
    VIM_LEAF("numMksConnections", VIM_INT, ZERO),
    VIM_ENUM_LEAF("recordReplayState", "VirtualMachineRecordReplayState", REPLAY_STATE),
    VIM_NEVER("cleanPowerOff"),
    VIM_NEVER("needSecondaryReason"),
    VIM_LEAF("onlineStandby", VIM_BOOL, NO),
    VIM_NEVER("minRequiredEVCModeKey"),
    VIM_LEAF("consolidationNeeded", VIM_BOOL, NO),
    VIM_NEVER("featureRequirement"),
    VIM_NEVER("featureMask"),
    VIM_NEVER("dasVmProtection"),
    VIM_NEVER("offlineFeatureRequirement"),
    VIM_NEVER("snapshotInBackground"),
};

static const struct vim_prop guest[] = {
    VIM_ENUM_LEAF("toolsStatus", "VirtualMachineToolsStatus", TOOLS_STATUS),
    VIM_LEAF("toolsVersionStatus", VIM_STRING, TOOLS_VERSION_STATUS),
    VIM_LEAF("toolsVersionStatus2", VIM_STRING, TOOLS_VERSION_STATUS_2),
    VIM_LEAF("toolsRunningStatus", VIM_STRING, TOOLS_RUNNING),
    VIM_LEAF("toolsVersion", VIM_STRING, TOOLS_VERSION),
    VIM_LEAF("guestId", VIM_STRING, GUEST_ID),
    VIM_LEAF("guestFamily", VIM_STRING, GUEST_FAMILY),
    VIM_LEAF("guestFullName", VIM_STRING, GUEST_NAME),
    VIM_LEAF("hostName", VIM_STRING, HOST_NAME),
    VIM_LEAF("ipAddress", VIM_STRING, IP),
    VIM_NEVER("net"),
    VIM_NEVER("ipStack"),
    VIM_NEVER("disk"),
    VIM_NEVER("screen"),
    VIM_LEAF("guestState", VIM_STRING, GUEST_STATE),
    VIM_NEVER("appHeartbeatStatus"),
    VIM_NEVER("appState"),
    VIM_NEVER("guestKernelCrashed"),
    VIM_LEAF("guestOperationsReady", VIM_BOOL, INTERACTIVE),
    VIM_LEAF("interactiveGuestOperationsReady", VIM_BOOL, NO),
    VIM_LEAF("guestStateChangeSupported", VIM_BOOL, INTERACTIVE),
    VIM_NEVER("generationInfo"),
};

static const struct vim_prop summary_guest[] = {
    VIM_LEAF("guestId", VIM_STRING, GUEST_ID),
    VIM_LEAF("guestFullName", VIM_STRING, GUEST_NAME),
    VIM_ENUM_LEAF("toolsStatus", "VirtualMachineToolsStatus", TOOLS_STATUS),
    VIM_LEAF("toolsVersionStatus", VIM_STRING, TOOLS_VERSION_STATUS),
    VIM_LEAF("toolsVersionStatus2", VIM_STRING, TOOLS_VERSION_STATUS_2),
    VIM_LEAF("toolsRunningStatus", VIM_STRING, TOOLS_RUNNING),
    VIM_LEAF("hostName", VIM_STRING, HOST_NAME),
    VIM_LEAF("ipAddress", VIM_STRING, IP),
};

static const struct vim_prop summary_config[] = {
    VIM_LEAF("name", VIM_STRING, VIM_F_NAME),
    VIM_LEAF("template", VIM_BOOL, NO),
    VIM_LEAF("vmPathName", VIM_STRING, VM_PATH),
    VIM_LEAF("memorySizeMB", VIM_INT, MEMORY_MB),
    VIM_LEAF("cpuReservation", VIM_INT, ZERO),
    VIM_LEAF("memoryReservation", VIM_INT, ZERO),
    VIM_LEAF("numCpu", VIM_INT, CPUS),
    VIM_LEAF("numEthernetCards", VIM_INT, ONE),
    VIM_LEAF("numVirtualDisks", VIM_INT, ONE),
    VIM_LEAF("uuid", VIM_STRING, UUID),
    VIM_LEAF("instanceUuid", VIM_STRING, INSTANCE_UUID),
    VIM_LEAF("guestId", VIM_STRING, GUEST_ID),
    VIM_LEAF("guestFullName", VIM_STRING, GUEST_NAME),
    VIM_LEAF("annotation", VIM_STRING, ANNOTATION),
    VIM_NEVER("product"),
    VIM_NEVER("installBootRequired"),
    VIM_NEVER("ftInfo"),
    VIM_NEVER("managedBy"),
};

static const struct vim_prop storage[] = {
    VIM_LEAF("committed", VIM_LONG, COMMITTED),
    VIM_LEAF("uncommitted", VIM_LONG, ZERO),
    VIM_LEAF("unshared", VIM_LONG, COMMITTED),
    {"timestamp", VIM_TIME, NULL, NOW, NULL, 0, VIM_QUIET},
};

static const struct vim_prop quick_stats[] = {
    QUIET_INT("overallCpuUsage", CPU_USAGE),
    QUIET_INT("overallCpuDemand", CPU_USAGE),
    {"overallCpuReadiness", VIM_INT, NULL, READINESS, NULL, 0, VIM_QUIET | VIM_SINCE_7},
    QUIET_INT("guestMemoryUsage", ACTIVE_MEMORY),
    QUIET_INT("hostMemoryUsage", CONSUMED_MEMORY),
    {"guestHeartbeatStatus", VIM_ENUM, "ManagedEntityStatus", HEARTBEAT, NULL, 0,
     VIM_QUIET},
    VIM_NEVER("distributedCpuEntitlement"),
    VIM_NEVER("distributedMemoryEntitlement"),
    VIM_NEVER("staticCpuEntitlement"),
    VIM_NEVER("staticMemoryEntitlement"),
    VIM_NEVER("grantedMemory"),
    VIM_NEVER("privateMemory"),
    VIM_NEVER("sharedMemory"),
    VIM_NEVER("swappedMemory"),
    VIM_NEVER("balloonedMemory"),
    VIM_NEVER("consumedOverheadMemory"),
    VIM_NEVER("ftLogBandwidth"),
    VIM_NEVER("ftSecondaryLatency"),
    VIM_NEVER("ftLatencyStatus"),
    VIM_NEVER("compressedMemory"),
    QUIET_INT("uptimeSeconds", UPTIME),
    VIM_NEVER("ssdSwappedMemory"),
};

static const struct vim_prop summary[] = {
    VIM_LEAF("vm", VIM_REF, SELF),
    VIM_PART("runtime", "VirtualMachineRuntimeInfo", runtime),
    VIM_PART("guest", "VirtualMachineGuestSummary", summary_guest),
    VIM_PART("config", "VirtualMachineConfigSummary", summary_config),
    VIM_PART("storage", "VirtualMachineStorageSummary", storage),
    VIM_QUIET_PART("quickStats", "VirtualMachineQuickStats", quick_stats),
    {"overallStatus", VIM_ENUM, "ManagedEntityStatus", VIM_F_GREEN, NULL, 0, VIM_QUIET},
    VIM_NEVER("customValue"),
};

static const struct vim_prop props[] = {
    VIM_ENTITY_ROWS,
    VIM_NEVER("capability"),
    VIM_PART("config", "VirtualMachineConfigInfo", config),
    VIM_NEVER("layout"),
    VIM_NEVER("layoutEx"),
    VIM_NEVER("storage"),
    VIM_NEVER("environmentBrowser"),
    VIM_LEAF("resourcePool", VIM_REF, POOL),
    VIM_NEVER("parentVApp"),
    VIM_NEVER("resourceConfig"),
    VIM_PART("runtime", "VirtualMachineRuntimeInfo", runtime),
    VIM_PART("guest", "GuestInfo", guest),
    VIM_PART("summary", "VirtualMachineSummary", summary),
    VIM_NEVER("datastore"),
    VIM_NEVER("network"),
    VIM_NEVER("snapshot"),
    VIM_NEVER("rootSnapshot"),
    {"guestHeartbeatStatus", VIM_ENUM, "ManagedEntityStatus", HEARTBEAT, NULL, 0,
     VIM_QUIET},
};

static bool text(struct vim_value *out, const char *s)
{
    out->text = s;
    return s[0] != '\0';
}

static bool number(struct vim_value *out, int64_t n)
{
    out->number = n;
    return true;
}

static bool tools_run(const struct sim_vm *vm)
{
    return vm->guest == SIM_GUEST_UP || vm->guest == SIM_GUEST_STOPPING;
}

/* What the guest says, as far as it runs Tools. */
static bool get_guest(const struct sim_vm *vm, int f, struct vim_value *out)
{
    bool up = tools_run(vm);

    switch (f) {
    case TOOLS_STATUS:
        return text(out, up ? "toolsOk" : "toolsNotRunning");
    case TOOLS_VERSION_STATUS:
        return text(out, "guestToolsUnmanaged");
    case TOOLS_VERSION_STATUS_2:
        return text(out, "guestToolsUnmanaged");
    case TOOLS_RUNNING:
        return text(out, up ? "guestToolsRunning" : "guestToolsNotRunning");
    case TOOLS_VERSION:
        return text(out, "12352");
    case HOST_NAME:
        return up && text(out, vm->name);
    case IP:
        return up && text(out, vm->ip);
    case GUEST_STATE:
        return text(out, up ? "running" : "notRunning");
    case GUEST_FAMILY:
        return up && text(out, "linuxGuest");
    case INTERACTIVE:
        return number(out, up);
    case HEARTBEAT:
        return text(out, up ? "green" : "gray");
    default:
        return false;
    }
}

/* Statistics exist while the VM runs only. */
static bool get_stats(const struct world *w, const struct sim_vm *vm, int f,
                      struct vim_value *out)
{
    if (vm->power != SIM_POWER_ON)
        return false;
    switch (f) {
    case CPU_USAGE:
        return number(out, world_vm_cpu_mhz(w, vm));
    case READINESS: /* percent of one vCPU's time, on average */
        return number(out,
                      world_vm_ready_ms(w, vm) / (200 * (vm->cpus > 0 ? vm->cpus : 1)));
    case ACTIVE_MEMORY:
        return number(out, world_vm_memory_mb(w, vm));
    case CONSUMED_MEMORY:
        return number(out, vm->memory_mb);
    case UPTIME:
        return number(out, (w->now - vm->power_since) / 1000);
    case BOOT_TIME:
        return number(out, vm->power_since);
    default:
        return false;
    }
}

static bool get_config(const struct sim_vm *vm, int f, struct vim_value *out)
{
    switch (f) {
    case UUID:
        return text(out, vm->uuid);
    case INSTANCE_UUID:
        return text(out, vm->instance_uuid);
    case GUEST_ID:
        return text(out, "debian11_64Guest");
    case GUEST_NAME:
        return text(out, "Debian GNU/Linux 11 (64-bit)");
    case HW_VERSION:
        return text(out, "vmx-15");
    case CHANGED:
        (void)str_format(out->buf, sizeof(out->buf), "%u", (unsigned)vm->life);
        return text(out, out->buf);
    case VM_PATH: /* cut names are as good: nobody opens them */
        (void)str_format(out->buf, sizeof(out->buf), "[datastore1] %.28s/%.28s.vmx",
                         vm->name, vm->name);
        return text(out, out->buf);
    case VM_FOLDER_PATH:
        (void)str_format(out->buf, sizeof(out->buf), "[datastore1] %s/", vm->name);
        return text(out, out->buf);
    case CPUS:
        return number(out, vm->cpus);
    case MEMORY_MB:
    case MAX_MEMORY:
        return number(out, vm->memory_mb);
    case COMMITTED:
        return number(out, (int64_t)vm->memory_mb * 4 * 1024 * 1024);
    default:
        return false;
    }
}

static bool vm_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                   struct vim_value *out)
{
    const struct world *w = v->w;
    const struct sim_vm *vm = &w->vms[r.i];

    switch (f) {
    case VIM_F_NAME:
        return text(out, vm->name);
    case VIM_F_PARENT:
        return vim_parent(r, &out->ref);
    case VIM_F_GREEN:
        return text(out, "green");
    case POWER:
        return text(out, vim_power_name(vm->power));
    case CONNECTION:
        return text(out, vm->connected ? "connected" : "inaccessible");
    case HOST: /* a standalone host knows its own place, powered on or not */
        out->ref = (struct vim_ref){VIM_HOST, 0};
        return true;
    case SELF:
        out->ref = r;
        return true;
    case POOL:
        out->ref = (struct vim_ref){VIM_RESOURCE_POOL, 0};
        return true;
    case MAX_CPU:
        return number(out, (int64_t)vm->cpus * w->host.core_mhz);
    case NO:
    case ZERO:
        return number(out, 0);
    case ONE:
        return number(out, 1);
    case FT_STATE:
        return text(out, "notConfigured");
    case REPLAY_STATE:
        return text(out, "inactive");
    case ANNOTATION:
        out->text = "";
        return true;
    case NOW:
        return number(out, w->now);
    default:
        /* config is absent while the host cannot reach the VM's files. */
        return get_stats(w, vm, f, out) || get_guest(vm, f, out) ||
               (vm->connected && get_config(vm, f, out));
    }
}

const struct vim_ops vim_vm_ops = {
    .get = vm_get,
    .props = props,
    .n_props = ARRAY_LEN(props),
};
