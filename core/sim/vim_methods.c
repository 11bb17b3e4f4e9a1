/*
 * vim_methods - the service's and the VMs' methods: login and logout, views, power.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/site.h"
#include "core/sim/vim_call.h"
#include "core/sim/vim_faults.h"
#include "core/sim/wire.h"

#include <string.h>

void vim_answer_ref(struct vim_call *c, struct vim_ref r)
{
    vim_begin(c->rs, c->name);
    vim_put_ref(&c->rs->body, &c->view, "returnval", r);
    vim_end(c->rs, c->name);
}

void vim_answer_nothing(struct vim_call *c)
{
    vim_begin(c->rs, c->name);
    vim_end(c->rs, c->name);
}

bool vim_argument_ref(struct vim_call *c, const struct soap_node *node,
                      struct vim_ref *out)
{
    if (vim_ref_find(&c->view, sim_soap_type(c->rq, node), sim_soap_text(c->rq, node),
                     out))
        return true;
    vim_fault_no_object(c->rs, sim_soap_type(c->rq, node), sim_soap_text(c->rq, node));
    return false;
}

/* ---- the service ---- */

static void answer_object(struct vim_call *c, enum vim_class cls, const char *path)
{
    const struct vim_prop *p = vim_prop_find(cls, path, true);

    vim_begin(c->rs, c->name);
    strbuf_puts(&c->rs->body, "<returnval>");
    if (p != NULL)
        vim_put_children(&c->rs->body, &c->view, (struct vim_ref){cls, 0}, p);
    strbuf_puts(&c->rs->body, "</returnval>");
    vim_end(c->rs, c->name);
}

void vim_content(struct vim_call *c)
{
    answer_object(c, VIM_SERVICE_INSTANCE, "content");
}

void vim_current_time(struct vim_call *c)
{
    vim_begin(c->rs, c->name);
    vim_put_time(&c->rs->body, "returnval", c->w->now);
    vim_end(c->rs, c->name);
}

static void invalid_login(struct vim_call *c)
{
    vim_fault(c->rs, "InvalidLogin",
              "Cannot complete login due to an incorrect user name or password.", "");
}

/* Five wrong passwords lock the account for a quarter of an hour, as on a real host. */
static bool password_fits(struct vim_call *c)
{
    struct vim_server *s = c->server;
    bool fits =
        str_eq(sim_soap_child_text(c->rq, c->method, "userName"), vim_user) &&
        str_eq(sim_soap_child_text(c->rq, c->method, "password"), site_vsphere_password);

    if (c->w->now < s->locked_until)
        return false;
    if (fits) {
        s->login_failures = 0;
        return true;
    }
    if (++s->login_failures >= VIM_LOCKOUT_FAILURES) {
        s->locked_until = c->w->now + VIM_LOCKOUT_MS;
        s->login_failures = 0;
    }
    return false;
}

void vim_login(struct vim_call *c)
{
    const char *agent = wire_header(c->http, "User-Agent");

    if (c->session != NULL || !password_fits(c)) {
        invalid_login(c); /* also with a live session: its cookie must go first */
        return;
    }
    c->session =
        vim_session_begin(c->server, vim_user, agent != NULL ? agent : "", c->w->now);
    if (c->session == NULL) {
        wire_answer(c->rs, 503, "text/plain", "Too many sessions\n");
        return;
    }
    c->view.session = c->session;
    (void)str_format(c->rs->set_cookie, sizeof(c->rs->set_cookie),
                     "vmware_soap_session=\"%s\"", c->session->cookie); /* fits */
    answer_object(c, VIM_SESSION_MANAGER, "currentSession");
}

void vim_logout(struct vim_call *c)
{
    vim_session_end(c->server, c->session);
    c->session = NULL;
    c->view.session = NULL;
    vim_answer_nothing(c);
}

/* ---- views ---- */

void vim_view_create(struct vim_call *c)
{
    const struct soap_node *type = sim_soap_child(c->rq, c->method, "type");
    struct vim_ref container;
    struct vim_container *view;

    if (!vim_argument_ref(c, sim_soap_child(c->rq, c->method, "container"), &container))
        return;
    view = vim_view_new(c->server, c->session);
    if (view == NULL) {
        vim_fault_invalid_request(c->rs, "Too many views in this session");
        return;
    }
    view->container = container;
    view->recursive = sim_soap_child_bool(c->rq, c->method, "recursive", false);
    for (; type != NULL; type = sim_soap_again(c->rq, type)) {
        enum vim_class cls;
        const char *name = sim_soap_text(c->rq, type);

        if (view->n_types == VIM_MAX_VIEW_TYPES || !vim_class_find(name, &cls) ||
            !str_copy(view->types[view->n_types], sizeof(view->types[0]), name)) {
            vim_view_end(c->server, view);
            vim_fault(c->rs, "InvalidArgument",
                      "A specified parameter was not correct: type",
                      "<invalidProperty>type</invalidProperty>");
            return;
        }
        view->n_types++;
    }
    vim_answer_ref(c, (struct vim_ref){VIM_VIEW, view->thing.number});
}

void vim_view_destroy(struct vim_call *c)
{
    struct vim_container *view = vim_view_find(c->server, c->self.i);

    if (view != NULL)
        vim_view_end(c->server, view);
    vim_answer_nothing(c);
}

/* ---- search ---- */

/* The object below `parent` whose name is this piece of a path. */
static bool child_named(struct vim_call *c, struct vim_ref parent, const char *name,
                        size_t len, struct vim_ref *out)
{
    for (size_t i = 0; i < vim_n_inventory(c->w); i++) {
        struct vim_ref r = vim_inventory_at(c->w, i), up;
        struct vim_value hold;
        const char *own = vim_name_of(&c->view, r, &hold);

        if (vim_parent(r, &up) && up.cls == parent.cls && up.i == parent.i &&
            strlen(own) == len && memcmp(own, name, len) == 0) {
            *out = r;
            return true;
        }
    }
    return false;
}

void vim_find_by_path(struct vim_call *c)
{
    const char *path = sim_soap_child_text(c->rq, c->method, "inventoryPath");
    struct vim_ref at = {VIM_FOLDER, VIM_FOLDER_ROOT};

    path += strspn(path, "/");
    while (*path != '\0') {
        size_t len = strcspn(path, "/");

        if (!child_named(c, at, path, len, &at)) {
            vim_answer_nothing(c);
            return;
        }
        path += len;
        path += strspn(path, "/");
    }
    vim_answer_ref(c, at);
}

void vim_find_by_uuid(struct vim_call *c)
{
    const char *uuid = sim_soap_child_text(c->rq, c->method, "uuid");
    bool instance = sim_soap_child_bool(c->rq, c->method, "instanceUuid", false);

    if (!sim_soap_child_bool(c->rq, c->method, "vmSearch", true)) {
        if (str_eq_nocase(uuid, c->w->host.uuid))
            vim_answer_ref(c, (struct vim_ref){VIM_HOST, 0});
        else
            vim_answer_nothing(c);
        return;
    }
    for (size_t i = 0; i < c->w->n_vms; i++) {
        const struct sim_vm *vm = &c->w->vms[i];

        if (str_eq_nocase(uuid, instance ? vm->instance_uuid : vm->uuid)) {
            vim_answer_ref(c, (struct vim_ref){VIM_VM, (int32_t)i});
            return;
        }
    }
    vim_answer_nothing(c);
}

/* ---- power ---- */

static void task_in_progress(struct vim_call *c)
{
    struct strbuf b;

    strbuf_init(&b, 1024);
    vim_put_ref(&b, &c->view, "task",
                (struct vim_ref){VIM_TASK, c->w->vms[c->self.i].task});
    vim_fault(c->rs, "TaskInProgress",
              "The operation is not allowed: another task is in progress.",
              strbuf_text(&b));
    strbuf_clear(&b);
}

/* What this host answers for each reason that the world has to refuse. */
static void refused(struct vim_call *c, enum sim_refusal why, enum sim_vm_act act)
{
    struct strbuf b;

    switch (why) {
    case SIM_WRONG_STATE:
        strbuf_init(&b, 1024);
        vim_put_power_states(&b, act, c->w->vms[c->self.i].power);
        vim_fault(c->rs, "InvalidPowerState",
                  "The attempted operation cannot be performed in the current state.",
                  strbuf_text(&b));
        strbuf_clear(&b);
        return;
    case SIM_BUSY:
        task_in_progress(c);
        return;
    case SIM_NO_TOOLS:
        vim_fault(c->rs, "ToolsUnavailable",
                  "Cannot complete operation because VMware Tools is not running in this "
                  "virtual machine.",
                  "");
        return;
    case SIM_MAINTENANCE:
        vim_fault(c->rs, "InvalidState",
                  "The operation is not allowed in the current state of the host.", "");
        return;
    case SIM_OK:
    case SIM_NOT_FOUND:
    case SIM_BAD_VALUE:
    case SIM_NO_CAPACITY:
    case SIM_PRICE_TOO_LOW:
    case SIM_ENI_IN_USE:
    case SIM_LIMIT:
        vim_fault_no_object(c->rs, "VirtualMachine",
                            sim_soap_child_text(c->rq, c->method, "_this"));
        return;
    }
}

static bool reachable(struct vim_call *c)
{
    if (c->w->vms[c->self.i].connected)
        return true;
    vim_fault(c->rs, "InvalidState",
              "The operation is not allowed in the current connection state.", "");
    return false;
}

static void act(struct vim_call *c, enum sim_vm_act what)
{
    int32_t key = -1;
    enum sim_refusal why;

    if (!reachable(c))
        return;
    why = world_vm_act(c->w, c->self.i, what, &key);
    if (why != SIM_OK)
        refused(c, why, what);
    else
        vim_answer_ref(c, (struct vim_ref){VIM_TASK, key});
}

void vim_power_on(struct vim_call *c)
{
    act(c, SIM_VM_POWER_ON);
}

void vim_power_off(struct vim_call *c)
{
    act(c, SIM_VM_POWER_OFF);
}

void vim_suspend(struct vim_call *c)
{
    act(c, SIM_VM_SUSPEND);
}

void vim_reset(struct vim_call *c)
{
    act(c, SIM_VM_RESET);
}

void vim_shutdown_guest(struct vim_call *c)
{
    enum sim_refusal why;

    if (!reachable(c))
        return;
    why = world_vm_shutdown_guest(c->w, c->self.i);
    if (why != SIM_OK)
        refused(c, why, SIM_VM_POWER_OFF);
    else
        vim_answer_nothing(c);
}

void vim_reboot_guest(struct vim_call *c)
{
    enum sim_refusal why;

    if (!reachable(c))
        return;
    why = world_vm_reboot_guest(c->w, c->self.i);
    if (why != SIM_OK)
        refused(c, why, SIM_VM_RESET);
    else
        vim_answer_nothing(c);
}
