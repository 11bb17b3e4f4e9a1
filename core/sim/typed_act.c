#include <config.h>

#include "core/sim/typed.h"

#include "core/base/str.h"

#include <assert.h>
#include <string.h>

/* As the shipped clients act, look before and look after, and as the wires refuse. */

static const char user[] = "rushhour", manager_user[] = "apiuser";
static const char marker[] = "rushhour/1 ";

static void done(struct call_result *r)
{
    r->outcome = OUTCOME_DONE;
}

static void fail(struct call_result *r, enum err_code code, const char *why)
{
    r->outcome = OUTCOME_FAILED;
    (void)err_set(&r->err, code, "%s", why);
}

static void refuse(struct call_result *r, enum sim_refusal no)
{
    switch (no) {
    case SIM_OK:
        done(r);
        return;
    case SIM_NOT_FOUND:
        fail(r, ERR_NOT_FOUND, "there is no such thing");
        return;
    case SIM_BAD_VALUE:
        fail(r, ERR_REFUSED, "the instance type or the network interface is unknown");
        return;
    case SIM_NO_CAPACITY:
    case SIM_PRICE_TOO_LOW:
        fail(r, ERR_CAPACITY, "there is no spot capacity");
        return;
    case SIM_BUSY:
        fail(r, ERR_CONFLICT, "another task is running on it");
        return;
    case SIM_LIMIT:
        fail(r, ERR_CONFLICT, "too many at a time");
        return;
    case SIM_WRONG_STATE:
    case SIM_NO_TOOLS:
    case SIM_MAINTENANCE:
    case SIM_ENI_IN_USE:
        break;
    }
    fail(r, ERR_CONFLICT, "it is not possible in the present state");
}

/* ---- Jenkins ---- */

static bool is_ours(const struct sim_node *n)
{
    return strstr(n->mark_text, marker) != NULL;
}

static void close_node(struct world *w, int32_t node, const struct call *call,
                       struct call_result *r)
{
    const struct sim_node *n = &w->nodes[node];

    if (!n->marked || (is_ours(n) && strstr(n->mark_text, call->marker) == NULL))
        world_node_mark(w, node, user, call->marker);
    if (!is_ours(n))
        (void)str_copy(r->detail, sizeof(r->detail), "person");
    done(r);
}

static void open_node(struct world *w, int32_t node, const struct call *call,
                      struct call_result *r)
{
    const struct sim_node *n = &w->nodes[node];

    (void)call;
    if (n->marked && !is_ours(n)) {
        fail(r, ERR_CONFLICT, "the node is closed by somebody else");
        return;
    }
    if (n->marked)
        world_node_unmark(w, node);
    done(r);
}

static void disconnect_node(struct world *w, int32_t node, const struct call *call,
                            struct call_result *r)
{
    const struct sim_node *n = &w->nodes[node];

    if (!n->marked) {
        fail(r, ERR_CONFLICT, "the node is open; only a closed node is disconnected");
        return;
    }
    if (n->connected)
        world_node_disconnect(w, node, user, call->marker);
    done(r);
}

static void launch_node(struct world *w, int32_t node, const struct call *call,
                        struct call_result *r)
{
    (void)call;
    if (!w->nodes[node].connected)
        world_node_launch(w, node);
    done(r);
}

static void stop_build(struct world *w, int32_t unused, const struct call *call,
                       struct call_result *r)
{
    (void)unused;
    for (size_t i = 0; i < w->n_nodes; i++) {
        for (int32_t k = 0; k < w->nodes[i].n_executors; k++) {
            const struct sim_build *b = w->nodes[i].executors[k];
            char path[TYPED_PATH];

            if (b == NULL)
                continue;
            typed_build_path(w, b, path);
            if (str_eq(path, call->target)) {
                refuse(r, world_build_stop(w, b->job, b->number, user));
                return;
            }
        }
    }
    done(r); /* it has ended by itself */
}

static void queue_build(struct world *w, int32_t unused, const struct call *call,
                        struct call_result *r)
{
    const char *parameters[SIM_MAX_PARAMETERS] = {NULL};
    const struct sim_build *b = typed_build_find(w, call->target);
    const struct sim_job *j = b != NULL ? &w->jobs[b->job] : NULL;
    bool merged;

    (void)unused;
    if (b == NULL) {
        refuse(r, SIM_NOT_FOUND);
        return;
    }
    if (j->disabled) {
        fail(r, ERR_CONFLICT, "its job is disabled");
        return;
    }
    for (size_t i = 0; i < j->n_parameters; i++) {
        if (j->secret[i]) {
            fail(r, ERR_REFUSED, "the value of a parameter cannot be read");
            return;
        }
        parameters[i] = b->parameters[i];
    }
    (void)str_format(
        r->detail, sizeof(r->detail), "%lld",
        (long long)world_queue_again(w, b->job, parameters, call->marker, &merged));
    done(r);
}

/* ---- vSphere ---- */

static void power(struct world *w, int32_t vm, struct call_result *r, enum sim_vm_act act,
                  enum sim_power goal)
{
    int32_t key = 0;

    if (w->vms[vm].power == goal)
        done(r);
    else
        refuse(r, world_vm_act(w, vm, act, &key));
}

static void power_on(struct world *w, int32_t vm, const struct call *call,
                     struct call_result *r)
{
    (void)call;
    power(w, vm, r, SIM_VM_POWER_ON, SIM_POWER_ON);
}

static void power_off(struct world *w, int32_t vm, const struct call *call,
                      struct call_result *r)
{
    (void)call;
    power(w, vm, r, SIM_VM_POWER_OFF, SIM_POWER_OFF);
}

static void shutdown_guest(struct world *w, int32_t vm, const struct call *call,
                           struct call_result *r)
{
    (void)call;
    if (w->vms[vm].power == SIM_POWER_OFF)
        done(r);
    else
        refuse(r, world_vm_shutdown_guest(w, vm));
}

/* ---- Velostrata ---- */

static void started(struct call_result *r, enum sim_refusal no, const int32_t *key)
{
    refuse(r, no);
    if (no == SIM_OK)
        (void)str_format(r->detail, sizeof(r->detail), "t-%d", (int)*key);
}

static const char *or_null(const char *s)
{
    return s[0] != '\0' ? s : NULL;
}

static void run_in_cloud(struct world *w, int32_t vm, const struct call *call,
                         struct call_result *r)
{
    const struct run_in_cloud *run = &call->run;
    const struct sim_move m = {
        .type = run->instance_type,
        .eni = or_null(run->eni),
        .address = or_null(run->static_address),
        .subnet = or_null(run->subnet),
        .edge_node = run->edge_node,
        .storage_policy = or_null(run->storage_policy),
        .spot = run->spot,
        .cap = run->spot && run->has_max_price ? run->max_price.nanos : 0,
    };
    int32_t key = 0;

    started(r, world_run_in_cloud(w, w->vms[vm].server, &m, manager_user, &key), &key);
}

static void start_in_cloud(struct world *w, int32_t vm, const struct call *call,
                           struct call_result *r)
{
    int32_t key = 0;

    (void)call;
    started(r, world_manager_act(w, w->vms[vm].server, SIM_START_VM, manager_user, &key),
            &key);
}

static void bring_back(struct world *w, int32_t vm, const struct call *call,
                       struct call_result *r)
{
    int32_t key = 0;

    (void)call;
    started(r,
            world_manager_act(w, w->vms[vm].server, SIM_RUN_ONPREM, manager_user, &key),
            &key);
}

static void start_extension(struct world *w, int32_t unused, const struct call *call,
                            struct call_result *r)
{
    int32_t key = 0;

    (void)unused;
    (void)call;
    started(r, world_extension_act(w, SIM_START_EXTENSION, manager_user, &key), &key);
}

static void stop_extension(struct world *w, int32_t unused, const struct call *call,
                           struct call_result *r)
{
    int32_t key = 0;

    (void)unused;
    (void)call;
    started(r, world_extension_act(w, SIM_STOP_EXTENSION, manager_user, &key), &key);
}

/* ---- the region ---- */

/* What two launches with one token are compared by. */
static uint64_t hash_of(const struct call *call)
{
    const char *const texts[] = {call->run.instance_type, call->run.eni, call->move,
                                 call->run.spot ? "spot" : ""};
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        for (const char *p = texts[i]; *p != '\0'; p++)
            h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
        h = (h ^ 0xff) * UINT64_C(1099511628211);
    }
    return h;
}

static void launch(struct world *w, int32_t unused, const struct call *call,
                   struct call_result *r)
{
    const struct run_in_cloud *run = &call->run;
    struct sim_tag tags[] = {{.key = "rushhour:deployment"},
                             {.key = "rushhour:server"},
                             {.key = "rushhour:move-id"}};
    const struct sim_launch l = {
        .type = run->instance_type,
        .image = sim_template_image,
        .eni = or_null(run->eni),
        .subnet = or_null(run->subnet),
        .client_token = run->token,
        .request_hash = hash_of(call),
        .spot = run->spot,
        .cap = run->spot && run->has_max_price ? run->max_price.nanos : 0,
        .tags = tags,
        .n_tags = ARRAY_LEN(tags),
    };
    const struct sim_instance *i = world_instance_by_token(w, run->token);
    enum sim_refusal no = SIM_OK;

    (void)unused;
    (void)str_copy(tags[0].value, sizeof(tags[0].value), run->deployment); /* shorter */
    (void)str_copy(tags[1].value, sizeof(tags[1].value), call->server);
    (void)str_copy(tags[2].value, sizeof(tags[2].value), call->move);
    if (i != NULL && (i->request_hash != l.request_hash || i->dying_since != 0)) {
        fail(r, i->dying_since != 0 ? ERR_CAPACITY : ERR_CONFLICT,
             "the token was used before");
        return;
    }
    if (i == NULL)
        no = world_launch(w, &l, &i);
    refuse(r, no);
    if (no == SIM_OK)
        (void)str_copy(r->detail, sizeof(r->detail), i->id);
}

static void terminate(struct world *w, int32_t unused, const struct call *call,
                      struct call_result *r)
{
    (void)unused;
    refuse(r, world_terminate(w, call->target));
}

static void keep_interface(struct world *w, int32_t unused, const struct call *call,
                           struct call_result *r)
{
    (void)unused;
    refuse(r, world_eni_keep(w, call->run.eni, false));
}

static void cancel_spot(struct world *w, int32_t unused, const struct call *call,
                        struct call_result *r)
{
    (void)unused;
    refuse(r, world_spot_cancel(w, call->target));
}

/* Of the instance at that address: it refuses until what listens there has started, and
 * what does not run, or is cut off, says nothing. */
static void check_port(struct world *w, int32_t unused, const struct call *call,
                       struct call_result *r)
{
    size_t len = strcspn(call->target, ":");

    (void)unused;
    for (size_t n = w->n_instances; n > 0; n--) {
        const struct sim_instance *i = w->instances[n - 1];

        if (strlen(i->ip) != len || strncmp(i->ip, call->target, len) != 0 ||
            !i->reachable || w->odds.ports_dropped)
            continue;
        if (w->now < i->reachable_since + w->odds.ports_late_ms)
            fail(r, ERR_CONNECT, "connection refused");
        else
            done(r);
        return;
    }
    fail(r, ERR_TIMEOUT, "nothing answers");
}

/* ---- all of them ---- */

/* What the call's target names. */
enum target { OF_NODE, OF_VM, OF_ITSELF };

void typed_act(struct world *w, const struct call *call, struct call_result *out)
{
    static const struct {
        enum target target;
        void (*act)(struct world *w, int32_t index, const struct call *call,
                    struct call_result *r);
    } acts[CALL_COUNT] = {
        [CALL_NODE_CLOSE] = {OF_NODE, close_node},
        [CALL_NODE_OPEN] = {OF_NODE, open_node},
        [CALL_NODE_DISCONNECT] = {OF_NODE, disconnect_node},
        [CALL_NODE_LAUNCH] = {OF_NODE, launch_node},
        [CALL_BUILD_STOP] = {OF_ITSELF, stop_build},
        [CALL_BUILD_QUEUE] = {OF_ITSELF, queue_build},
        [CALL_RUN_IN_CLOUD] = {OF_VM, run_in_cloud},
        [CALL_START_IN_CLOUD] = {OF_VM, start_in_cloud},
        [CALL_RETURN] = {OF_VM, bring_back},
        [CALL_EXTENSION_START] = {OF_ITSELF, start_extension},
        [CALL_EXTENSION_STOP] = {OF_ITSELF, stop_extension},
        [CALL_LAUNCH] = {OF_ITSELF, launch},
        [CALL_TERMINATE] = {OF_ITSELF, terminate},
        [CALL_INTERFACE_KEEP] = {OF_ITSELF, keep_interface},
        [CALL_SPOT_CANCEL] = {OF_ITSELF, cancel_spot},
        [CALL_PORT_CHECK] = {OF_ITSELF, check_port},
        [CALL_VM_POWER_ON] = {OF_VM, power_on},
        [CALL_VM_POWER_OFF] = {OF_VM, power_off},
        [CALL_VM_SHUTDOWN] = {OF_VM, shutdown_guest},
    };
    enum target t = acts[call->kind].target;
    int32_t index = t == OF_NODE ? world_node_find(w, call->target)
                    : t == OF_VM ? world_vm_find(w, call->target)
                                 : 0;

    assert(acts[call->kind].act != NULL); /* a new call is a row above */
    if (index < 0)
        refuse(out, SIM_NOT_FOUND);
    else
        acts[call->kind].act(w, index, call, out);
}
