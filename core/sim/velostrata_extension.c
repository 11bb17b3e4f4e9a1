#include <config.h>

#include "core/sim/velostrata_wire.h"

static const char *extension_state(enum sim_extension_state state)
{
    switch (state) {
    case SIM_EXT_STOPPED:
        return "Stopped";
    case SIM_EXT_STARTING:
        return "Starting";
    case SIM_EXT_ACTIVE:
        return "Active";
    case SIM_EXT_STOPPING:
        return "Stopping";
    case SIM_EXT_IMPAIRED:
        break;
    }
    return "Impaired";
}

static void put_exporters(const struct world *w, struct strbuf *b)
{
    bool more = false;

    for (size_t s = 0; s < w->n_servers; s++) {
        const struct sim_managed *m = &w->servers[s].managed;
        struct wire_json j = {.b = b};

        if (m->state == SIM_UNMANAGED || m->instance == 0)
            continue;
        strbuf_puts(b, more ? ",{" : "{");
        more = true;
        velostrata_put_id(&j, "managedVmId", "VmId", w->vms[w->servers[s].vm].id);
        wire_raw(&j, "status", "\"Active\"");
        strbuf_putc(b, '}');
    }
}

void velostrata_put_extension(const struct world *w, struct strbuf *b)
{
    const struct sim_extension *x = &w->extension;
    struct wire_json j = {.b = b}, cloud = {.b = b}, state = {.b = b};

    strbuf_putc(b, '{');
    wire_raw(&j, "cloudInfo", "{");
    wire_raw(&cloud, "_type", "\"AwsCloudExtension\"");
    wire_text(&cloud, "edgeAAvailabilityZone", w->zones[0]);
    wire_raw(&cloud, "edgeAInstanceId", "\"i-0ed9ea1f4b7c2d035\"");
    wire_text(&cloud, "edgeBAvailabilityZone", w->zones[1]);
    wire_raw(&cloud, "edgeBInstanceId", "\"i-0ed9eb5a60c83f172\"");
    wire_text(&cloud, "region", w->region);
    wire_raw(&cloud, "size", "\"Small\"");
    wire_raw(&cloud, "vmExporters", "[");
    put_exporters(w, b);
    strbuf_putc(b, ']');
    wire_text(&cloud, "vpcId", w->vpc);
    strbuf_putc(b, '}');
    wire_raw(&j, "onPremInfo", "{\"entityId\":\"datacenter-2\"}");
    wire_raw(&j, "stateInfo", "{");
    wire_raw(&state, "cloudProvider", "\"Aws\"");
    if (x->task >= 0) {
        wire_key(&state, "currentTask");
        velostrata_put_task_id(b, x->task);
    }
    wire_raw(&state, "failedHealthChecks",
             x->state == SIM_EXT_IMPAIRED ? "[{\"component\":\"EdgeB\",\"healthCheck\":"
                                            "\"CloudEdgeService\"}]"
                                          : "[]");
    velostrata_put_id(&state, "id", "CloudExtensionId", x->id);
    velostrata_put_time(w, &state, "lastTimeSeenActive",
                        x->state == SIM_EXT_ACTIVE ? w->now : x->last_active);
    wire_raw(&state, "name", "\"tests\"");
    wire_text(&state, "state", extension_state(x->state));
    wire_text(&state, "uuid", x->uuid);
    strbuf_puts(b, "}}");
}
