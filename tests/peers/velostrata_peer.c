/*
 * velostrata_peer - drives our Velostrata client against any manager: observes it, starts
 * its extension, runs one VM on a spot instance and brings it home; again on demand,
 * where its instance is stopped by a person and started again; stops the extension.
 * Prints each outcome; ends with 1 when a checker between us and the manager (Prism)
 * objects or when the manager and our client do not understand each other.
 *
 * usage: velostrata_peer BASE_URL [VM [TICK_URL TICK_BODY]]
 * VELOSTRATA_PASSWORD holds the secret, VELOSTRATA_EXTENSION the extension's id. TICK_URL
 * is posted to between two polls, so that a simulated manager's time goes on.
 */
#include <config.h>

#include "core/api/velostrata.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLLS = 240, POLL_MS = 250 };

struct peer {
    struct transport inner;
    struct velostrata_config config;
    struct velostrata *client;
    struct observation *o;
    const char *vm, *tick_url, *tick_body;
    char vm_found[ID_TEXT];
    struct poll_hints hints;
    bool spot; /* what the next instance is */
    int violations;
    int failures;
};

static void violation(struct peer *p, const struct http_request *rq,
                      const struct http_response *rs)
{
    p->violations++;
    (void)printf("FAIL %s %s breaks the description: HTTP %d %.1500s\n", rq->method,
                 rq->url, rs->status, strbuf_text(&rs->body));
}

/* Passes everything on and looks for the checker's own answers. */
static enum err_code checked(void *ctx, const struct http_request *rq,
                             struct http_response *rs, struct err *e)
{
    struct peer *p = ctx;
    enum err_code rc = p->inner.perform(p->inner.ctx, rq, rs, e);

    if (rc == ERR_OK && (strstr(strbuf_text(&rs->body), "/prism/errors") != NULL ||
                         strstr(rs->content_type, "problem+json") != NULL))
        violation(p, rq, rs);
    return rc;
}

static bool observe(struct peer *p)
{
    struct err e = {0};

    observation_unref(p->o);
    p->o = observation_new(SOURCE_VELOSTRATA);
    if (p->o != NULL && velostrata_observe(p->client, &p->hints, p->o, &e) == ERR_OK)
        return true;
    (void)printf("FAIL observe: %s\n", e.text);
    p->failures++;
    return false;
}

static const struct seen_managed_vm *find_vm(const struct peer *p)
{
    const struct obs_velostrata *seen = &p->o->as.velostrata;

    for (size_t i = 0; i < seen->n_vms; i++)
        if (str_eq(seen->vms[i].vm_id, p->vm))
            return &seen->vms[i];
    return NULL;
}

/* A VM that is not listed is at home. */
static enum managed_state vm_state(const struct peer *p)
{
    const struct seen_managed_vm *vm = find_vm(p);

    return vm != NULL ? vm->state : MANAGED_UNMANAGED;
}

static void tick(struct peer *p)
{
    struct http_request rq = {.method = "POST",
                              .url = p->tick_url,
                              .content_type = "application/json",
                              .body = p->tick_body};
    struct http_response rs;
    struct err e = {0};

    if (p->tick_url == NULL) {
        (void)poll(NULL, 0, POLL_MS);
        return;
    }
    rq.body_len = strlen(p->tick_body);
    http_response_init(&rs);
    if (transport_perform(&p->inner, &rq, &rs, &e) != ERR_OK || rs.status >= 300) {
        (void)printf("FAIL tick: HTTP %d %s\n", rs.status, e.text);
        p->failures++;
    }
    http_response_clear(&rs);
}

/* One call; remembers its task, so that the next polls read it to its end. */
static bool act(struct peer *p, enum call_kind kind, const char *target)
{
    struct call call = {.id = 1, .kind = kind};
    struct call_result r;

    (void)str_copy(call.target, sizeof(call.target), target);
    (void)str_copy(call.run.instance_type, sizeof(call.run.instance_type), "c5.2xlarge");
    (void)str_copy(call.run.edge_node, sizeof(call.run.edge_node), "NodeA");
    (void)str_copy(call.run.storage_policy, sizeof(call.run.storage_policy),
                   "WriteIsolation");
    call.run.spot = call.run.has_max_price = p->spot;
    call.run.max_price.nanos = 200000000;
    velostrata_act(p->client, &call, &r);
    (void)printf("%-4s %s %s: %s %s%s\n", r.outcome == OUTCOME_DONE ? "ok" : "FAIL",
                 call_word(kind), target, outcome_word(r.outcome), r.detail, r.err.text);
    if (r.outcome != OUTCOME_DONE) {
        p->failures++;
        return false;
    }
    p->hints.n = 1;
    (void)str_copy(p->hints.ids[0], sizeof(p->hints.ids[0]), r.detail);
    return true;
}

/* Polls until the task of the last call has succeeded and `reached` holds. */
static bool wait_for(struct peer *p, const char *what,
                     bool (*reached)(const struct peer *p))
{
    for (int i = 0; i < POLLS; i++) {
        const struct seen_task *task = NULL;

        if (!observe(p))
            return false;
        for (size_t t = 0; t < p->o->as.velostrata.n_tasks; t++)
            if (str_eq(p->o->as.velostrata.tasks[t].id, p->hints.ids[0]))
                task = &p->o->as.velostrata.tasks[t];
        if (task == NULL || task->state == TASK_FAILED || task->state == TASK_CANCELED) {
            (void)printf("FAIL %s: task %s %s\n", what, p->hints.ids[0],
                         task != NULL ? task->error : "is not known");
            p->failures++;
            return false;
        }
        if (task->state == TASK_SUCCEEDED && reached(p)) {
            (void)printf("ok   %s: reached after %d polls, task %s\n", what, i + 1,
                         task->type);
            return true;
        }
        tick(p);
    }
    (void)printf("FAIL %s: not reached in %d polls\n", what, POLLS);
    p->failures++;
    return false;
}

/* A call that the program itself never makes: a person stops the instance. */
static bool stop_instance(struct peer *p)
{
    const struct transport outer = {.perform = checked, .ctx = p};
    char url[512];
    struct http_request rq = {.method = "POST",
                              .url = url,
                              .auth = HTTP_AUTH_BASIC,
                              .user = p->config.api.user,
                              .password = p->config.api.secret};
    struct http_response rs;
    struct err e = {0};
    bool ok;

    (void)str_format(url, sizeof(url), "%s/vms/%s/operations/stop", p->config.api.url,
                     p->vm);
    http_response_init(&rs);
    ok = transport_perform(&outer, &rq, &rs, &e) == ERR_OK && rs.status == 201;
    (void)printf("%-4s stop of %s by a person: HTTP %d %s\n", ok ? "ok" : "FAIL", p->vm,
                 rs.status, e.text);
    p->failures += ok ? 0 : 1;
    http_response_clear(&rs);
    return ok;
}

static bool extension_active(const struct peer *p)
{
    return p->o->as.velostrata.extension == EXTENSION_ACTIVE;
}

static bool extension_stopped(const struct peer *p)
{
    return p->o->as.velostrata.extension == EXTENSION_STOPPED;
}

static bool in_cloud(const struct peer *p)
{
    const struct seen_managed_vm *vm = find_vm(p);

    return vm != NULL && vm->state == MANAGED_IN_CLOUD && vm->has_instance &&
           vm->instance.id[0] != '\0';
}

static bool instance_stopped(const struct peer *p)
{
    const struct seen_managed_vm *vm = find_vm(p);

    return vm != NULL && vm->instance_stopped && !vm->has_tasks;
}

/* Polls until it is seen; of no task of ours. */
static bool see(struct peer *p, const char *what, bool (*reached)(const struct peer *p))
{
    for (int i = 0; i < POLLS; i++) {
        if (!observe(p))
            return false;
        if (reached(p)) {
            (void)printf("ok   %s: seen after %d polls\n", what, i + 1);
            return true;
        }
        tick(p);
    }
    (void)printf("FAIL %s: not seen in %d polls\n", what, POLLS);
    p->failures++;
    return false;
}

static bool at_home(const struct peer *p)
{
    return vm_state(p) == MANAGED_UNMANAGED;
}

static void tell(const struct peer *p)
{
    const struct obs_velostrata *seen = &p->o->as.velostrata;

    (void)printf("ok   extension %s: %s, %zu VMs, %zu tasks\n", seen->extension_id,
                 seen->extension_raw, seen->n_vms, seen->n_tasks);
    for (size_t i = 0; i < seen->n_vms; i++)
        (void)printf("       %s %s %s %s\n", seen->vms[i].vm_id, seen->vms[i].raw_state,
                     seen->vms[i].instance.id, seen->vms[i].instance.zone);
}

/* Only an instance that is none of spot can be stopped, and then be started again. */
static bool out_and_back(struct peer *p, bool spot)
{
    p->spot = spot;
    if (!act(p, CALL_RUN_IN_CLOUD, p->vm) || !wait_for(p, "in cloud", in_cloud))
        return false;
    tell(p);
    if (!spot &&
        (!stop_instance(p) || !see(p, "instance stopped", instance_stopped) ||
         !act(p, CALL_START_IN_CLOUD, p->vm) || !wait_for(p, "runs again", in_cloud)))
        return false;
    return act(p, CALL_RETURN, p->vm) && wait_for(p, "at home", at_home);
}

/* Out and back, each call followed to its end. */
static void drive(struct peer *p)
{
    const char *extension = p->config.cloud_extension;

    if (!observe(p))
        return;
    tell(p);
    if (p->vm == NULL && p->o->as.velostrata.n_vms > 0) {
        (void)str_copy(p->vm_found, sizeof(p->vm_found),
                       p->o->as.velostrata.vms[0].vm_id);
        p->vm = p->vm_found;
    }
    if (p->vm == NULL || vm_state(p) != MANAGED_UNMANAGED) {
        (void)printf("FAIL no VM at home to work with: name one\n");
        p->failures++;
        return;
    }
    if (!extension_active(p) && (!act(p, CALL_EXTENSION_START, extension) ||
                                 !wait_for(p, "extension active", extension_active)))
        return;
    if (!out_and_back(p, true) || !out_and_back(p, false))
        return;
    if (!act(p, CALL_EXTENSION_STOP, extension) ||
        !wait_for(p, "extension stopped", extension_stopped))
        return;
    tell(p);
}

int main(int argc, char **argv)
{
    const char *password = getenv("VELOSTRATA_PASSWORD"),
               *extension = getenv("VELOSTRATA_EXTENSION");
    struct http_client_config http = {.timeout_ms = 20000};
    struct peer p = {0};
    struct transport outer = {.perform = checked, .ctx = &p};
    struct http_client *client = NULL;
    struct err e = {0};

    if (argc != 2 && argc != 3 && argc != 5) {
        (void)fprintf(stderr, "usage: %s BASE_URL [VM [TICK_URL TICK_BODY]]\n", argv[0]);
        return 2;
    }
    if (password == NULL || password[0] == '\0')
        password = "peer";
    p.config.api.url = argv[1];
    p.config.api.user = "apiuser";
    p.config.cloud_extension = extension != NULL ? extension : "ce-1";
    p.vm = argc > 2 && argv[2][0] != '\0' ? argv[2] : NULL;
    p.tick_url = argc > 3 ? argv[3] : NULL;
    p.tick_body = argc > 4 ? argv[4] : NULL;
    if (http_global_init(&e) != ERR_OK || http_client_new(&http, &client, &e) != ERR_OK ||
        secret_new(password, strlen(password), &p.config.api.secret, &e) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    p.inner = http_client_transport(client);
    if (velostrata_new(&p.config, &outer, &p.client, &e) == ERR_OK)
        drive(&p);
    else {
        (void)printf("FAIL %s\n", e.text);
        p.failures++;
    }
    (void)printf("%d violations, %d failures\n", p.violations, p.failures);
    velostrata_free(p.client);
    observation_unref(p.o);
    http_client_free(client);
    secret_free(p.config.api.secret);
    http_global_cleanup();
    return p.violations + p.failures == 0 ? 0 : 1;
}
