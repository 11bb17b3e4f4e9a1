#include <config.h>

#include "core/api/vsphere.h"

#include "core/api/vsphere_props.h"

#include <string.h>

enum {
    TASK_POLL_MS = 1000,
    TASK_DEADLINE_MS = 10 * 60 * 1000,
    MAX_SENDS = 2,
    MAX_RECENT = 8
};

/* What each call is to vSphere (vsphere-api 6). */
static const struct act {
    enum call_kind kind;
    const char *method;
    enum power goal;
    bool has_task; /* else the guest is only asked */
} acts[] = {
    {CALL_VM_POWER_ON, "PowerOnVM_Task", POWER_ON, true},
    {CALL_VM_POWER_OFF, "PowerOffVM_Task", POWER_OFF, true},
    {CALL_VM_SHUTDOWN, "ShutdownGuest", POWER_OFF, false},
};

struct vm_now {
    enum power power;
    bool connected, question;
    char tasks[MAX_RECENT][SOAP_ID_TEXT]; /* its recent ones, in no known order */
    size_t n_tasks;
};

struct task_now {
    char state[16]; /* queued, running, success, error */
    struct soap_fault fault;
};

/* One act on its way: everything that the steps below share. */
struct doing {
    struct vsphere *v;
    const struct act *act;
    struct soap_ref vm;
    struct call_result *r;
    int64_t deadline_ms;
};

static void finish(struct doing *d, enum outcome outcome)
{
    d->r->outcome = outcome;
    if (outcome == OUTCOME_DONE)
        err_clear(&d->r->err);
}

/* ----- reading one VM, one task ----- */

static void ignore_object(void *ctx, const char *type, const char *id, size_t len)
{
    (void)ctx;
    (void)type;
    (void)id;
    (void)len;
}

static void ignore_end(void *ctx)
{
    (void)ctx;
}

static void vm_reset(void *ctx)
{
    struct vm_now *vm = ctx;

    *vm = (struct vm_now){0};
}

static void vm_property(void *ctx, const char *name, const char *text, size_t len,
                        const struct soap_fault *fault)
{
    struct vm_now *vm = ctx;

    (void)fault;
    if (str_eq(name, "runtime.powerState"))
        vm->power = vsphere_power_of(text);
    else if (str_eq(name, "runtime.connectionState"))
        vm->connected = str_eq(text, "connected");
    else if (str_eq(name, "runtime.question"))
        vm->question = true;
    else if (str_eq(name, "recentTask") && len > 0 && vm->n_tasks < MAX_RECENT &&
             str_copy(vm->tasks[vm->n_tasks], SOAP_ID_TEXT, text))
        vm->n_tasks++;
}

/* A fault becomes an error here: ERR_NOT_FOUND when the VM is gone. */
static enum err_code vm_read(struct doing *d, struct vm_now *vm, struct err *e)
{
    static const char *const paths[] = {"runtime.powerState", "runtime.connectionState",
                                        "runtime.question", "recentTask", NULL};
    const struct props_query query = {.object = &d->vm, .vm_paths = paths};
    const struct props_sink sink = {vm_reset, ignore_object, vm_property, ignore_end, vm};
    struct soap_fault fault;
    enum err_code rc = vsphere_props_read(d->v, &query, &sink, &fault, e);

    if (rc == ERR_OK && fault.type[0] != '\0')
        rc = soap_fault_error(&fault, "reading the VM", e);
    if (rc == ERR_OK && vm->power == POWER_UNKNOWN)
        rc = err_set(e, ERR_PROTOCOL, "vSphere says no power state of %.64s", d->vm.id);
    return rc;
}

static void task_reset(void *ctx)
{
    struct task_now *task = ctx;

    *task = (struct task_now){0};
}

static void task_property(void *ctx, const char *name, const char *text, size_t len,
                          const struct soap_fault *fault)
{
    struct task_now *task = ctx;

    (void)len;
    if (str_eq(name, "info.state"))
        (void)str_copy(task->state, sizeof(task->state), text);
    else if (str_eq(name, "info.error"))
        task->fault = *fault;
}

static enum err_code task_read(struct doing *d, const char *id, struct task_now *task,
                               struct err *e)
{
    static const char *const paths[] = {"info.state", "info.error", NULL};
    struct soap_ref ref = {.type = "Task"};
    const struct props_query query = {.object = &ref, .vm_paths = paths};
    const struct props_sink sink = {task_reset, ignore_object, task_property, ignore_end,
                                    task};
    struct soap_fault fault;
    enum err_code rc;

    (void)str_copy(ref.id, sizeof(ref.id), id);
    rc = vsphere_props_read(d->v, &query, &sink, &fault, e);
    if (rc == ERR_OK && fault.type[0] != '\0')
        rc = soap_fault_error(&fault, "reading the task", e);
    return rc;
}

/* ----- following ----- */

/* False: no more waiting, the deadline or the caller's own end is there. */
static bool pause_for(struct doing *d)
{
    return d->v->wait != NULL && clock_mono(d->v->clock).ms < d->deadline_ms &&
           d->v->wait(d->v->wait_ctx, TASK_POLL_MS);
}

/* The end of what could not be followed to its own: the power state decides. */
static void decide_by_power(struct doing *d, enum outcome otherwise, const char *why)
{
    struct err e = {0};
    struct vm_now vm;

    if (vm_read(d, &vm, &e) == ERR_OK) {
        if (vm.power == d->act->goal) {
            finish(d, OUTCOME_DONE);
            return;
        }
        err_set(&d->r->err, ERR_CONFLICT, "%s: %s; the VM is %s%s", d->act->method, why,
                power_word(vm.power),
                vm.question ? " and waits for the answer to a question" : "");
    } else {
        otherwise = OUTCOME_UNKNOWN;
        err_set(&d->r->err, e.code, "%s", e.text);
    }
    finish(d, otherwise);
}

/* The fault of a task or of the call itself. */
static void fail_with(struct doing *d, const struct soap_fault *fault)
{
    if (str_eq(fault->type, "InvalidPowerState") &&
        vsphere_power_of(fault->existing) == d->act->goal) {
        finish(d, OUTCOME_DONE); /* somebody was faster */
        return;
    }
    (void)soap_fault_error(fault, d->act->method, &d->r->err); /* the record is all */
    finish(d, OUTCOME_FAILED);
}

/* Follows a task to its end; ours says whether it is the one that we started. */
static void follow_task(struct doing *d, const char *id, bool ours)
{
    do {
        struct task_now task;
        struct err e = {0};
        enum err_code rc = task_read(d, id, &task, &e);

        if (rc == ERR_NOT_FOUND ||
            (rc == ERR_OK && !ours &&
             (str_eq(task.state, "success") || str_eq(task.state, "error")))) {
            decide_by_power(d, OUTCOME_FAILED,
                            ours ? "its task is gone" : "another task was in the way");
            return;
        }
        if (rc == ERR_OK && str_eq(task.state, "success")) {
            finish(d, OUTCOME_DONE);
            return;
        }
        if (rc == ERR_OK && str_eq(task.state, "error")) {
            if (task.fault.type[0] == '\0')
                (void)str_copy(task.fault.type, sizeof(task.fault.type), "unnamed fault");
            fail_with(d, &task.fault);
            return;
        }
        if (rc == ERR_AUTH || rc == ERR_FORBIDDEN)
            break; /* waiting does not help; anything else may pass */
    } while (pause_for(d));
    decide_by_power(d, OUTCOME_UNKNOWN, "its task still runs");
}

/* ----- the call itself ----- */

enum sent { SENT_OK, SENT_FAULT, SENT_LOST, SENT_NOT };

/* Once; a dead session is renewed and the call, which it refused, sent again. */
static enum sent send_call(struct doing *d, char *task, size_t size,
                           struct soap_fault *fault)
{
    struct vsphere *v = d->v;
    struct vsphere_pick pick = {"returnval", task, size};
    const struct soap_sink sink = vsphere_pick_sink(&pick);
    const struct vsphere_call call = {
        .method = d->act->method, .sink = &sink, .mutating = true};

    for (int renewed = 0;; renewed++) {
        task[0] = '\0';
        if (vsphere_session_use(v, &d->r->err) != ERR_OK)
            return SENT_NOT;
        soap_open(&v->body, d->act->method, d->vm.type, d->vm.id);
        soap_close(&v->body, d->act->method);
        if (vsphere_exchange(v, &call, fault, &d->r->err) != ERR_OK)
            return v->maybe_done ? SENT_LOST : SENT_NOT;
        if (fault->type[0] == '\0')
            return SENT_OK;
        if (!vsphere_fault_is_dead(v, fault) || renewed > 0)
            return SENT_FAULT;
        vsphere_session_lost(v);
    }
}

static void on_accepted(struct doing *d, const char *task)
{
    (void)str_copy(d->r->detail, sizeof(d->r->detail), task); /* for people: may be cut */
    /* A guest is only asked: who waits for it looks at the power state. */
    if (d->v->wait == NULL || !d->act->has_task)
        finish(d, OUTCOME_DONE);
    else if (task[0] != '\0')
        follow_task(d, task, true);
    else
        decide_by_power(d, OUTCOME_UNKNOWN, "the answer names no task");
}

static void on_fault(struct doing *d, const struct soap_fault *fault)
{
    if (str_eq(fault->type, "TaskInProgress") && fault->task[0] != '\0' &&
        d->v->wait != NULL)
        follow_task(d, fault->task, false);
    else
        fail_with(d, fault);
}

/*
 * The answer was lost: look before it is said again. True: say it again; else the result
 * is there.
 */
static bool must_repeat(struct doing *d)
{
    struct err e = {0};
    struct vm_now vm;

    if (vm_read(d, &vm, &e) != ERR_OK) {
        finish(d, OUTCOME_UNKNOWN);
        return false;
    }
    if (vm.power == d->act->goal) {
        finish(d, OUTCOME_DONE);
        return false;
    }
    for (size_t i = 0; d->act->has_task && i < vm.n_tasks; i++) {
        struct task_now task;

        if (task_read(d, vm.tasks[i], &task, &e) == ERR_OK &&
            (str_eq(task.state, "running") || str_eq(task.state, "queued"))) {
            err_clear(&d->r->err);
            follow_task(d, vm.tasks[i], false);
            return false;
        }
        err_clear(&e);
    }
    return true;
}

static void send_and_follow(struct doing *d)
{
    struct soap_fault fault;
    char task[SOAP_ID_TEXT];

    for (int i = 0; i < MAX_SENDS; i++) {
        switch (send_call(d, task, sizeof(task), &fault)) {
        case SENT_OK:
            on_accepted(d, task);
            return;
        case SENT_FAULT:
            on_fault(d, &fault);
            return;
        case SENT_NOT:
            finish(d, OUTCOME_FAILED);
            return;
        case SENT_LOST:
            if (!must_repeat(d))
                return;
            if (i + 1 < MAX_SENDS)
                err_clear(&d->r->err);
            break;
        }
    }
    finish(d, OUTCOME_UNKNOWN); /* lost twice */
}

static void check_and_send(struct doing *d)
{
    struct vm_now vm;

    if (vm_read(d, &vm, &d->r->err) != ERR_OK) {
        finish(d, OUTCOME_FAILED); /* nothing was sent */
    } else if (vm.power == d->act->goal) {
        finish(d, OUTCOME_DONE);
    } else if (!vm.connected) {
        err_set(&d->r->err, ERR_CONFLICT, "%s: the VM is not connected to its host",
                d->act->method);
        finish(d, OUTCOME_FAILED);
    } else if (vm.power == POWER_SUSPENDED && d->act->goal == POWER_OFF) {
        err_set(&d->r->err, ERR_CONFLICT, "%s: the VM is suspended: resume it first",
                d->act->method);
        finish(d, OUTCOME_FAILED);
    } else {
        send_and_follow(d);
    }
}

void vsphere_act(struct vsphere *v, const struct call *call, struct call_result *r)
{
    int64_t began_ms = clock_mono(v->clock).ms;
    struct doing d = {.v = v, .r = r, .deadline_ms = began_ms + TASK_DEADLINE_MS};

    *r = (struct call_result){.id = call->id};
    for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
        if (acts[i].kind == call->kind)
            d.act = &acts[i];
    }
    (void)str_copy(d.vm.type, sizeof(d.vm.type), "VirtualMachine");
    if (d.act == NULL) {
        err_set(&r->err, ERR_BUG, "%s is no call for vSphere", call_word(call->kind));
        finish(&d, OUTCOME_FAILED);
    } else if (call->target[0] == '\0' ||
               !str_copy(d.vm.id, sizeof(d.vm.id), call->target)) {
        err_set(&r->err, ERR_BUG, "%s without a VM's id", call_word(call->kind));
        finish(&d, OUTCOME_FAILED);
    } else {
        check_and_send(&d);
    }
    r->at = clock_utc(v->clock);
    r->took_ms = clock_mono(v->clock).ms - began_ms;
}
