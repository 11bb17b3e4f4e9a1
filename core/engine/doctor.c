#include <config.h>

#include "core/engine/doctor.h"

#include "core/base/str.h"
#include "core/move/mover.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FINDING_TEXT = 320, SUBJECT_TEXT = 96 };

struct check {
    const struct config *config;
    const struct observation *const *seen;
    finding_sink *say;
    void *ctx;
    char subject[SUBJECT_TEXT];
    bool all_good; /* of the subject so far */
};

static void tell(struct check *k, enum finding_kind kind, const char *remedy,
                 const char *fmt, ...) PRINTF_LIKE(4, 5);
static void tell(struct check *k, enum finding_kind kind, const char *remedy,
                 const char *fmt, ...)
{
    char text[FINDING_TEXT];
    const struct finding f = {kind, k->subject, text, remedy};
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap); /* cut is fine for a sentence */
    va_end(ap);
    k->all_good = k->all_good && kind != FINDING_BAD;
    k->say(k->ctx, &f);
}

/* A good observation of the source, or NULL. */
static const struct observation *good(const struct check *k, enum source s)
{
    const struct observation *o = k->seen[s];

    return o != NULL && o->err.code == ERR_OK ? o : NULL;
}

/* ----- each API ----- */

/* What helps against an error, when its own text does not say so already. */
static const struct {
    enum err_code code;
    const char *api; /* NULL = any */
    const char *remedy;
} remedies[] = {
    {ERR_CONNECT, NULL,
     "check the address in its url (and connect_to, proxy), and that no firewall stops "
     "us"},
    {ERR_TIMEOUT, NULL,
     "check the address in its url (and connect_to, proxy), and that no firewall stops "
     "us"},
    {ERR_RESET, NULL, "try again; a proxy or firewall in between may end connections"},
    {ERR_AUTH, "vsphere", "correct vsphere.user or its password"},
    {ERR_AUTH, "jenkins", "correct jenkins.user or its token"},
    {ERR_AUTH, "velostrata", "correct velostrata.user or its password"},
    {ERR_AUTH, "etcd", "correct lock.user or its password"},
    {ERR_FORBIDDEN, "etcd",
     "let the user's role read and write the keys that begin with rushhour/"},
    {ERR_FORBIDDEN, "vsphere",
     "give the user Read-only on the host, and on the VMs' folder also "
     "VirtualMachine.Interact.PowerOn and .PowerOff"},
    {ERR_FORBIDDEN, "jenkins",
     "give the user Overall/Read, Job/Read, Agent/Connect and Agent/Disconnect, for "
     "queueing builds again also Job/Build and Job/Cancel"},
    {ERR_AUTH, "etcd", "correct lock.user or its password"},
    {ERR_FORBIDDEN, "etcd", "give the user's role the keys below rushhour/"},
    {ERR_FORBIDDEN, "velostrata", "give the user the role of an operator"},
    {ERR_NOT_FOUND, NULL, "check the path in its url"},
    {ERR_PROTOCOL, NULL, "check that its url leads to this API and no login page"},
    {ERR_THROTTLED, NULL, "try again in a few minutes"},
    {ERR_SERVER, NULL, "try again; if it stays, look into the log of that server"},
};

static const char *remedy_of(enum err_code code, const char *api)
{
    for (size_t i = 0; i < ARRAY_LEN(remedies); i++) {
        if (remedies[i].code == code &&
            (remedies[i].api == NULL || str_eq(remedies[i].api, api)))
            return remedies[i].remedy;
    }
    return "";
}

/* AWS has one clock: the first of its answers tells it. */
static void check_clock(struct check *k, const struct observation *o)
{
    int64_t limit = k->config->policy.clock_skew;
    bool is_other_of_aws = o->source == SOURCE_INTERFACES || o->source == SOURCE_PRICES ||
                           o->source == SOURCE_PRICELIST;

    if (o->skew_known && !is_other_of_aws && llabs(o->skew_s) > limit)
        tell(k, FINDING_BAD,
             "set both clocks by NTP; beyond policy.clock_skew nothing automatic starts",
             "its clock is %lld s %s ours", llabs(o->skew_s),
             o->skew_s > 0 ? "ahead of" : "behind");
}

static void say_vsphere(struct check *k, const struct obs_vsphere *v)
{
    tell(k, FINDING_GOOD, "", "answers: %zu VMs, %zu %s", v->n_vms, v->n_hosts,
         v->n_hosts == 1 ? "host" : "hosts");
    if (v->load_problem[0] != '\0')
        tell(k, FINDING_NOTE, "", "CPU ready cannot be read: %s", v->load_problem);
    if (v->n_vms == 0)
        tell(k, FINDING_BAD, remedy_of(ERR_FORBIDDEN, "vsphere"),
             "the user sees no VM at all");
    for (size_t i = 0; i < v->n_hosts; i++) {
        if (v->hosts[i].maintenance)
            tell(k, FINDING_NOTE, "",
                 "host %s is in maintenance: no VM can be powered on", v->hosts[i].name);
        if (!v->hosts[i].connected)
            tell(k, FINDING_BAD, "reconnect it in vCenter", "host %s does not respond",
                 v->hosts[i].name);
    }
}

static void say_velostrata(struct check *k, const struct obs_velostrata *v)
{
    if (v->extension == EXTENSION_NONE)
        tell(k, FINDING_BAD, "correct velostrata.cloud_extension",
             "there is no cloud extension %s", v->extension_id);
    else
        tell(k, FINDING_GOOD, "", "answers: %zu VMs, cloud extension %s is %s", v->n_vms,
             v->extension_id, extension_state_word(v->extension));
    if (v->extension != EXTENSION_NONE && v->extension_problem[0] != '\0')
        tell(k, FINDING_NOTE, "", "the cloud extension: %s", v->extension_problem);
}

static void say_jenkins(struct check *k, const struct obs_jenkins *j)
{
    tell(k, FINDING_GOOD, "", "answers: version %s, %zu nodes",
         j->version[0] != '\0' ? j->version : "?", j->n_nodes);
    if (j->quieting_down)
        tell(k, FINDING_NOTE, "", "it is about to shut down and starts no builds");
}

static void say_lock(struct check *k, const struct obs_lock *l)
{
    if (l->holder != NULL && l->holder[0] != '\0')
        tell(k, FINDING_GOOD, "", "answers: %s has the lock of %s", l->holder,
             k->config->deployment);
    else
        tell(k, FINDING_GOOD, "", "answers: nobody has the lock of %s",
             k->config->deployment);
}

static void say_source(struct check *k, const struct observation *o)
{
    switch (o->source) {
    case SOURCE_VSPHERE:
        say_vsphere(k, &o->as.vsphere);
        break;
    case SOURCE_VELOSTRATA:
        say_velostrata(k, &o->as.velostrata);
        break;
    case SOURCE_JENKINS:
        say_jenkins(k, &o->as.jenkins);
        break;
    case SOURCE_INSTANCES:
        tell(k, FINDING_GOOD, "", "answers: %zu instances of this deployment",
             o->as.instances.n);
        break;
    case SOURCE_INTERFACES:
        tell(k, FINDING_GOOD, "", "answers: %zu network interfaces", o->as.interfaces.n);
        break;
    case SOURCE_PRICES:
        tell(k, FINDING_GOOD, "", "answers: %zu spot prices", o->as.prices.n);
        break;
    case SOURCE_PRICELIST:
        tell(k, FINDING_GOOD, "", "answers: %zu on-demand prices in %s",
             o->as.pricelist.n, o->as.pricelist.region);
        break;
    case SOURCE_LOCK:
        say_lock(k, &o->as.lock);
        break;
    case SOURCE_SPOT:
    case SOURCE_QUEUE:
    case SOURCE_BUILDS:
    case SOURCE_COUNT:
        break;
    }
}

static void check_source(struct check *k, enum source s)
{
    const struct observation *o = k->seen[s];

    if (o == NULL)
        return;
    (void)str_copy(k->subject, sizeof(k->subject), source_api(s)); /* short */
    if (o->err.code != ERR_OK)
        tell(k, FINDING_BAD, remedy_of(o->err.code, k->subject), "%s", o->err.text);
    else
        say_source(k, o);
    check_clock(k, o);
}

/* ----- each server ----- */

static bool is_vm_of(const struct server_config *s, const struct seen_vm *vm)
{
    if (s->vm_uuid[0] != '\0')
        return str_eq_nocase(vm->instance_uuid, s->vm_uuid) ||
               str_eq_nocase(vm->uuid, s->vm_uuid);
    return str_eq(vm->name, s->vm);
}

static void no_vm(struct check *k, const struct server_config *s,
                  const struct obs_vsphere *v)
{
    for (size_t i = 0; i < v->n_vms; i++) {
        if (s->vm_uuid[0] == '\0' && str_eq_nocase(v->vms[i].name, s->vm)) {
            tell(k, FINDING_BAD, "write its name as vSphere does",
                 "vSphere has no VM called %s, but one called %s", s->vm, v->vms[i].name);
            return;
        }
    }
    tell(k, FINDING_BAD,
         s->vm_uuid[0] != '\0' ? "correct vm_uuid, or give our user Read-only on the VM"
                               : "correct vm, or give our user Read-only on the VM",
         s->vm_uuid[0] != '\0' ? "vSphere shows no VM with the UUID %s"
                               : "vSphere shows no VM called %s",
         s->vm_uuid[0] != '\0' ? s->vm_uuid : s->vm);
}

/* The server's VM; NULL when it is not known which one that is. */
static const struct seen_vm *check_vm(struct check *k, const struct server_config *s)
{
    const struct observation *o = good(k, SOURCE_VSPHERE);
    const struct seen_vm *found = NULL;
    size_t n = 0;

    if (o == NULL)
        return NULL;
    for (size_t i = 0; i < o->as.vsphere.n_vms; i++) {
        if (!is_vm_of(s, &o->as.vsphere.vms[i]))
            continue;
        found = &o->as.vsphere.vms[i];
        n++;
    }
    if (n == 0) {
        no_vm(k, s, &o->as.vsphere);
        return NULL;
    }
    if (n > 1) {
        tell(k, FINDING_BAD, "set vm_uuid for this server", "%zu VMs are called %s", n,
             s->vm);
        return NULL;
    }
    if (!found->connected || found->power == POWER_UNKNOWN)
        tell(k, FINDING_BAD, "reconnect its host, or give our user Read-only on the VM",
             "the power state of VM %s cannot be read", s->vm);
    if (found->question)
        tell(k, FINDING_BAD, "answer it in the vSphere client",
             "vSphere waits for an answer about VM %s", s->vm);
    return found;
}

static void check_node(struct check *k, const char *option, const char *name)
{
    const struct observation *o = good(k, SOURCE_JENKINS);
    const struct obs_jenkins *j;

    if (o == NULL || name[0] == '\0')
        return;
    j = &o->as.jenkins;
    for (size_t i = 0; i < j->n_nodes; i++) {
        if (!str_eq(j->nodes[i].name, name))
            continue;
        if (!j->nodes[i].connected_known && !j->nodes[i].offline)
            tell(k, FINDING_NOTE,
                 "give our Jenkins user Agent/Connect, to be sure of its connection",
                 "Jenkins does not tell whether node %s is connected", name);
        return;
    }
    tell(k, FINDING_BAD,
         "create it in Jenkins, correct its name, or give our user Agent/Read",
         "Jenkins shows no node %s (%s)", name, option);
}

static const struct seen_interface *find_interface(const struct check *k, const char *eni)
{
    const struct observation *o = good(k, SOURCE_INTERFACES);

    for (size_t i = 0; o != NULL && i < o->as.interfaces.n; i++) {
        if (str_eq(o->as.interfaces.interfaces[i].id, eni))
            return &o->as.interfaces.interfaces[i];
    }
    return NULL;
}

/* An edge node of the extension in the interface's zone, without which Velostrata cannot
 * use it. */
static void check_edges(struct check *k, const struct seen_interface *eni)
{
    const struct observation *o = good(k, SOURCE_VELOSTRATA);
    const struct obs_velostrata *v = o != NULL ? &o->as.velostrata : NULL;

    if (v == NULL || (v->edge_a_zone[0] == '\0' && v->edge_b_zone[0] == '\0') ||
        str_eq(v->edge_a_zone, eni->zone) || str_eq(v->edge_b_zone, eni->zone))
        return;
    tell(k, FINDING_BAD,
         "use an interface in a zone of the extension, or add an edge node there",
         "interface %s is in %s, the cloud extension in %s%s%s", eni->id, eni->zone,
         v->edge_a_zone,
         v->edge_a_zone[0] != '\0' && v->edge_b_zone[0] != '\0' ? " and " : "",
         v->edge_b_zone);
}

/* zone "": any will do. */
static const struct seen_interface *check_interface(struct check *k, const char *eni,
                                                    const char *zone)
{
    const struct seen_interface *found;

    if (eni[0] == '\0' || good(k, SOURCE_INTERFACES) == NULL)
        return NULL;
    found = find_interface(k, eni);
    if (found == NULL) {
        tell(k, FINDING_BAD, "correct eni, or aws.region",
             "AWS shows no interface %s in this region", eni);
        return NULL;
    }
    if (zone[0] != '\0' && !str_eq(found->zone, zone))
        tell(k, FINDING_BAD, "write it under its own zone, or use another interface",
             "interface %s is in %s, not in %s", eni, found->zone, zone);
    if (found->delete_on_termination)
        tell(k, FINDING_NOTE, "switch delete-on-termination off for it",
             "interface %s would go with the instance that holds it", eni);
    return found;
}

static void check_velostrata(struct check *k, const struct server_config *s,
                             const struct seen_vm *vm, const struct seen_interface *eni)
{
    const struct observation *o = good(k, SOURCE_VELOSTRATA);
    bool managed = false;

    if (eni != NULL) {
        check_edges(k, eni);
        if (s->static_address[0] != '\0' && eni->ip[0] != '\0' &&
            !str_eq(s->static_address, eni->ip))
            tell(k, FINDING_BAD, "correct static_address, or eni",
                 "interface %s has the address %s, not %s", eni->id, eni->ip,
                 s->static_address);
    }
    for (size_t i = 0; o != NULL && vm != NULL && i < o->as.velostrata.n_vms; i++) {
        const struct seen_managed_vm *m = &o->as.velostrata.vms[i];

        managed = managed || str_eq(m->vm_id, vm->id) ||
                  (m->instance_uuid[0] != '\0' &&
                   str_eq_nocase(m->instance_uuid, vm->instance_uuid));
    }
    if (o != NULL && vm != NULL && !managed)
        tell(k, FINDING_BAD, "is it under the vCenter that Velostrata manages?",
             "Velostrata does not know VM %s", s->vm);
}

static void check_types(struct check *k, const char *const *types, size_t n)
{
    const struct observation *o = good(k, SOURCE_PRICELIST);

    for (size_t i = 0; o != NULL && i < n; i++) {
        bool listed = false;

        for (size_t j = 0; !listed && j < o->as.pricelist.n; j++)
            listed = str_eq(o->as.pricelist.prices[j].type, types[i]);
        if (!listed)
            tell(k, FINDING_BAD, "correct instance_types",
                 "the price list has no instance type %s in %s", types[i],
                 o->as.pricelist.region);
    }
}

static void check_server(struct check *k, const struct server_config *s)
{
    const struct mover_ops *mover = mover_find(s->mover);
    const struct seen_interface *eni;
    const struct seen_vm *vm;

    (void)str_format(k->subject, sizeof(k->subject), "servers.%s", s->name); /* fits */
    k->all_good = true;
    vm = check_vm(k, s);
    check_node(k, "onprem_node", s->onprem_node);
    check_node(k, "cloud_node", s->cloud_node);
    eni = check_interface(k, s->eni, "");
    if (mover != NULL && !mover->launches)
        check_velostrata(k, s, vm, eni);
    check_types(k, s->instance_types, s->n_instance_types);
    for (size_t i = 0; i < s->n_zones; i++) {
        const struct zone_config *z = &s->zones[i];

        (void)check_interface(k, z->eni, z->name);
        check_node(k, "cloud_node of a zone", z->cloud_node);
        check_types(k, z->instance_types, z->n_instance_types);
    }
    if (s->ready_port != 0 && s->eni[0] == '\0' && s->static_address[0] == '\0')
        tell(k, FINDING_NOTE, "an eni or a static_address lets you open that path before",
             "ready_port %d is asked at an address that only its instance will have",
             (int)s->ready_port);
    else if (s->ready_port != 0)
        tell(k, FINDING_NOTE, "",
             "ready_port: %s must be within reach of this machine, it is asked at the "
             "end of each way out (port %d)",
             eni != NULL ? eni->ip : s->static_address, (int)s->ready_port);
    if (k->all_good)
        tell(k, FINDING_GOOD, "", "VM, nodes and interfaces are as configured");
}

void doctor_check(const struct config *c, const struct observation *const *seen,
                  finding_sink *say, void *ctx)
{
    struct check k = {.config = c, .seen = seen, .say = say, .ctx = ctx};

    for (size_t i = 0; i < SOURCE_COUNT; i++)
        check_source(&k, (enum source)i);
    for (size_t i = 0; i < c->n_servers; i++)
        check_server(&k, &c->servers[i]);
}
