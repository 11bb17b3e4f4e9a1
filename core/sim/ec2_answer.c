/*
 * ec2_answer - what the region says of its instances, spot requests and network
 * interfaces.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/ec2_call.h"
#include "core/sim/wire.h"

#include "core/base/timefmt.h"

#include <string.h>

#define HOUR_MS   (INT64_C(60) * 60 * 1000)
#define MINUTE_MS (INT64_C(60) * 1000)

/* Another order than the serials', the same on every run. */
static int64_t scatter(int64_t serial, int64_t range)
{
    return (int64_t)((uint64_t)serial * UINT64_C(0x9e3779b97f4a7c15) >> 33) % range;
}

static void put_tags(struct ec2_call *c, const struct sim_tag *tags, size_t n)
{
    ec2_open(c, "tagSet");
    for (size_t i = 0; i < n; i++) {
        ec2_open(c, "item");
        ec2_put(c, "key", tags[i].key);
        ec2_put(c, "value", tags[i].value);
        ec2_close(c, "item");
    }
    ec2_close(c, "tagSet");
}

/* Every id of a list that does not exist fails the whole call. */
static bool ids_exist(struct ec2_call *c, const char *prefix,
                      bool (*exists)(const struct ec2_call *c, const char *id),
                      const char *code, const char *noun)
{
    const char *id;

    for (int i = 1; (id = form_item(&c->form, prefix, i, "")) != NULL; i++)
        if (!exists(c, id)) {
            ec2_error(c, 400, code, "The %s '%.60s' does not exist", noun, id);
            return false;
        }
    return true;
}

/* ---- instances ---- */

static const char *const instance_filters[] = {
    "instance-id",
    "instance-state-name",
    "instance-state-code",
    "instance-type",
    "instance-lifecycle",
    "availability-zone",
    "image-id",
    "subnet-id",
    "vpc-id",
    "owner-id",
    "private-ip-address",
    "private-dns-name",
    "client-token",
    "spot-instance-request-id",
    "network-interface.network-interface-id",
    "state-reason-code",
    "tag-key",
    "tag:",
    NULL,
};

static const struct {
    const char *name;
    int code;
} states[] = {
    [SIM_PENDING] = {"pending", 0},    [SIM_RUNNING] = {"running", 16},
    [SIM_STOPPING] = {"stopping", 64}, [SIM_SHUTTING_DOWN] = {"shutting-down", 32},
    [SIM_STOPPED] = {"stopped", 80},   [SIM_TERMINATED] = {"terminated", 48},
};

int ec2_state_code(enum sim_instance_state state)
{
    return states[state].code;
}

const char *ec2_state_name(enum sim_instance_state state)
{
    return states[state].name;
}

/* A terminated instance is shown for an hour. */
static bool shown(const struct ec2_call *c, const struct sim_instance *i)
{
    return world_instance_listed(c->w, i) &&
           (i->state != SIM_TERMINATED || c->w->now - i->terminated < HOUR_MS);
}

/* Reading lags behind writing: an id is known within some seconds, its tags are indexed a
 * little later, and a dead instance loses its tags before it goes itself (aws-api 4.2).
 */
static bool id_is_known(const struct ec2_call *c, const struct sim_instance *i)
{
    return c->w->now - i->launched >= scatter(i->serial, 3000);
}

static bool tags_are_known(const struct ec2_call *c, const struct sim_instance *i)
{
    if (i->state == SIM_TERMINATED &&
        c->w->now - i->terminated >= 15 * MINUTE_MS + scatter(i->serial, 15 * MINUTE_MS))
        return false;
    return c->w->now - i->launched >= scatter(i->serial, 3000) + 2000;
}

static bool instance_exists(const struct ec2_call *c, const char *id)
{
    const struct sim_instance *i = world_instance_find(c->w, id);

    return i != NULL && shown(c, i) && id_is_known(c, i);
}

bool ec2_instances_exist(struct ec2_call *c)
{
    return ids_exist(c, "InstanceId", instance_exists, "InvalidInstanceID.NotFound",
                     "instance ID");
}

static const struct sim_eni *eni_of(const struct ec2_call *c,
                                    const struct sim_instance *i)
{
    if (i->eni < 0 || (size_t)i->eni >= c->w->n_enis ||
        c->w->enis[i->eni].holder != i->serial)
        return NULL;
    return &c->w->enis[i->eni];
}

static const char *spot_request_of(const struct ec2_call *c, const struct sim_instance *i)
{
    const struct sim_spot *s = i->spot && i->spot_request != 0
                                   ? world_spot_by_serial(c->w, i->spot_request)
                                   : NULL;

    return s != NULL ? s->id : "";
}

static void instance_facts(const struct ec2_call *c, const void *item, const char *f,
                           struct ec2_facts *out)
{
    const struct sim_instance *i = item;
    const struct sim_eni *eni = eni_of(c, i);

    if (ec2_tag_facts(i->tags, tags_are_known(c, i) ? i->n_tags : 0, f, out))
        return;
    if (str_eq(f, "instance-id"))
        ec2_fact(out, i->id);
    else if (str_eq(f, "instance-state-name"))
        ec2_fact(out, states[i->state].name);
    else if (str_eq(f, "instance-type"))
        ec2_fact(out, i->type);
    else if (str_eq(f, "instance-lifecycle"))
        ec2_fact(out, i->spot ? "spot" : "");
    else if (str_eq(f, "availability-zone"))
        ec2_fact(out, i->zone);
    else if (str_eq(f, "image-id"))
        ec2_fact(out, i->image);
    else if (str_eq(f, "subnet-id"))
        ec2_fact(out, i->subnet);
    else if (str_eq(f, "vpc-id"))
        ec2_fact(out, c->w->vpc);
    else if (str_eq(f, "owner-id"))
        ec2_fact(out, c->w->account);
    else if (str_eq(f, "private-ip-address"))
        ec2_fact(out, i->ip);
    else if (str_eq(f, "private-dns-name"))
        ec2_fact(out, i->private_dns);
    else if (str_eq(f, "client-token"))
        ec2_fact(out, i->client_token);
    else if (str_eq(f, "spot-instance-request-id"))
        ec2_fact(out, spot_request_of(c, i));
    else if (str_eq(f, "network-interface.network-interface-id"))
        ec2_fact(out, eni != NULL ? eni->id : "");
    else if (str_eq(f, "state-reason-code"))
        ec2_fact(out, i->reason_code != NULL ? i->reason_code : "");
    else if (str_eq(f, "instance-state-code")) {
        (void)str_format(out->buf, sizeof(out->buf), "%d", states[i->state].code);
        ec2_fact(out, out->buf);
    }
}

void ec2_attachment_id(const struct sim_eni *eni, char out[SIM_ID])
{
    (void)str_format(out, SIM_ID, "eni-attach-%017llx", (unsigned long long)eni->holder);
}

static void put_instance_interface(struct ec2_call *c, const struct sim_instance *i)
{
    const struct sim_eni *eni = eni_of(c, i);
    char attachment[SIM_ID];

    ec2_open(c, "networkInterfaceSet");
    if (eni != NULL) {
        ec2_open(c, "item");
        ec2_put(c, "networkInterfaceId", eni->id);
        ec2_put(c, "subnetId", eni->subnet);
        ec2_put(c, "vpcId", c->w->vpc);
        ec2_put(c, "status", "in-use");
        ec2_put(c, "macAddress", eni->mac);
        ec2_put(c, "privateIpAddress", eni->ip);
        strbuf_puts(&c->rs->body, "<sourceDestCheck>true</sourceDestCheck><attachment>");
        ec2_attachment_id(eni, attachment);
        ec2_put(c, "attachmentId", attachment);
        strbuf_puts(&c->rs->body,
                    "<deviceIndex>0</deviceIndex><status>attached</status>");
        ec2_put_time(c, "attachTime", eni->attached);
        ec2_put(c, "deleteOnTermination", eni->delete_on_termination ? "true" : "false");
        strbuf_puts(&c->rs->body, "</attachment></item>");
    }
    ec2_close(c, "networkInterfaceSet");
}

/* Why it ends, in both places that say so. */
static void put_reason(struct ec2_call *c, const struct sim_instance *i)
{
    int64_t at = i->dying_since != 0 ? i->dying_since : i->terminated;
    char time[TIME_TEXT];

    if (i->reason_code == NULL) {
        strbuf_puts(&c->rs->body, "<reason/>");
        return;
    }
    (void)utc_text((struct utc){at / 1000}, time);
    strbuf_printf(&c->rs->body, "<reason>%s initiated (%.10s %.8s GMT)</reason>",
                  str_starts(i->reason_code, "Client.User") ? "User" : "Service", time,
                  time + 11);
    ec2_open(c, "stateReason");
    ec2_put(c, "code", i->reason_code);
    strbuf_printf(&c->rs->body, "<message>%s: instance is %s</message>", i->reason_code,
                  states[i->state].name);
    ec2_close(c, "stateReason");
}

void ec2_put_instance(struct ec2_call *c, const struct sim_instance *i)
{
    struct strbuf *b = &c->rs->body;
    bool alive = i->state != SIM_TERMINATED;
    bool tags = tags_are_known(c, i);

    ec2_open(c, "item");
    ec2_put(c, "instanceId", i->id);
    ec2_put(c, "imageId", i->image);
    strbuf_puts(b, "<instanceState><code>");
    wire_put_int(b, states[i->state].code);
    strbuf_puts(b, "</code>");
    ec2_put(c, "name", states[i->state].name);
    ec2_close(c, "instanceState");
    ec2_put(c, "privateDnsName", alive ? i->private_dns : "");
    put_reason(c, i);
    strbuf_puts(b, "<amiLaunchIndex>0</amiLaunchIndex><productCodes/>");
    ec2_put(c, "instanceType", i->type);
    ec2_put_time(c, "launchTime", i->launched);
    ec2_open(c, "placement");
    ec2_put(c, "availabilityZone", i->zone);
    strbuf_puts(b, "<groupName/><tenancy>default</tenancy></placement>"
                   "<monitoring><state>disabled</state></monitoring>");
    if (alive) {
        ec2_put(c, "subnetId", i->subnet);
        ec2_put(c, "vpcId", c->w->vpc);
        ec2_put(c, "privateIpAddress", i->ip);
    }
    strbuf_puts(b, "<sourceDestCheck>true</sourceDestCheck><groupSet/>"
                   "<architecture>x86_64</architecture><rootDeviceType>ebs"
                   "</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>"
                   "<blockDeviceMapping/><virtualizationType>hvm</virtualizationType>");
    if (i->spot) {
        strbuf_puts(b, "<instanceLifecycle>spot</instanceLifecycle>");
        ec2_put(c, "spotInstanceRequestId", spot_request_of(c, i));
    }
    ec2_put(c, "clientToken", i->client_token);
    put_tags(c, i->tags, tags ? i->n_tags : 0);
    strbuf_puts(b, "<hypervisor>xen</hypervisor>");
    put_instance_interface(c, i);
    strbuf_puts(b, "<ebsOptimized>false</ebsOptimized>");
    ec2_close(c, "item");
}

static void describe_instances(struct ec2_call *c)
{
    struct ec2_filters filters;
    struct ec2_page page;
    const struct world *w = c->w;

    if (!ec2_filters_read(c, instance_filters, &filters) ||
        !ec2_page_read(c, "InstanceId", EC2_MAX_RESULTS, &page) ||
        !ec2_instances_exist(c))
        return;
    ec2_open(c, "reservationSet");
    for (size_t i = 0; i < w->n_instances; i++) {
        const struct sim_instance *at = w->instances[i];

        if (!shown(c, at) || !id_is_known(c, at) ||
            !ec2_listed(c, "InstanceId", at->id) ||
            !ec2_filters_match(c, &filters, at, instance_facts) ||
            !ec2_page_takes(&page, at->serial))
            continue;
        strbuf_printf(&c->rs->body, "<item><reservationId>r-%017llx</reservationId>",
                      (unsigned long long)at->serial);
        ec2_put(c, "ownerId", w->account);
        strbuf_puts(&c->rs->body, "<groupSet/><instancesSet>");
        ec2_put_instance(c, at);
        strbuf_puts(&c->rs->body, "</instancesSet></item>");
    }
    ec2_close(c, "reservationSet");
    ec2_page_end(c, &page, false);
}

/* ---- spot requests ---- */

static const char *const spot_filters[] = {
    "spot-instance-request-id",
    "instance-id",
    "state",
    "status-code",
    "type",
    "launch.instance-type",
    "launched-availability-zone",
    "product-description",
    "network-interface.network-interface-id",
    "tag-key",
    "tag:",
    NULL,
};

static const char *const spot_states[] = {
    [SIM_SPOT_OPEN] = "open",
    [SIM_SPOT_ACTIVE] = "active",
    [SIM_SPOT_CLOSED] = "closed",
    [SIM_SPOT_CANCELED] = "cancelled",
};

static bool spot_exists(const struct ec2_call *c, const char *id)
{
    return world_spot_find(c->w, id) != NULL;
}

static void spot_facts(const struct ec2_call *c, const void *item, const char *f,
                       struct ec2_facts *out)
{
    const struct sim_spot *s = item;

    if (ec2_tag_facts(s->tags, s->n_tags, f, out))
        return;
    if (str_eq(f, "spot-instance-request-id"))
        ec2_fact(out, s->id);
    else if (str_eq(f, "instance-id"))
        ec2_fact(out, s->instance);
    else if (str_eq(f, "state"))
        ec2_fact(out, spot_states[s->state]);
    else if (str_eq(f, "status-code"))
        ec2_fact(out, s->status);
    else if (str_eq(f, "type"))
        ec2_fact(out, "one-time");
    else if (str_eq(f, "launch.instance-type"))
        ec2_fact(out, s->type);
    else if (str_eq(f, "launched-availability-zone"))
        ec2_fact(out, s->zone);
    else if (str_eq(f, "product-description"))
        ec2_fact(out, ec2_product);
    else if (str_eq(f, "network-interface.network-interface-id")) {
        const struct sim_instance *i = world_instance_find(c->w, s->instance);
        const struct sim_eni *eni = i != NULL ? eni_of(c, i) : NULL;

        ec2_fact(out, eni != NULL ? eni->id : "");
    }
}

static void put_spot(struct ec2_call *c, const struct sim_spot *s)
{
    struct strbuf *b = &c->rs->body;

    ec2_open(c, "item");
    ec2_put(c, "spotInstanceRequestId", s->id);
    ec2_put_price(c, "spotPrice", s->cap);
    ec2_put(c, "type", "one-time");
    ec2_put(c, "state", spot_states[s->state]);
    ec2_open(c, "status");
    ec2_put(c, "code", s->status);
    ec2_put_time(c, "updateTime", s->updated);
    strbuf_printf(b, "<message>The request is %s.</message></status>", s->status);
    ec2_open(c, "launchSpecification");
    ec2_put(c, "instanceType", s->type);
    ec2_close(c, "launchSpecification");
    if (s->instance[0] != '\0') {
        ec2_put(c, "instanceId", s->instance);
        ec2_put(c, "launchedAvailabilityZone", s->zone);
    }
    ec2_put_time(c, "createTime", s->created);
    ec2_put(c, "productDescription", ec2_product);
    put_tags(c, s->tags, s->n_tags);
    ec2_put(c, "instanceInterruptionBehavior", "terminate");
    ec2_close(c, "item");
}

static void describe_spot_requests(struct ec2_call *c)
{
    struct ec2_filters filters;
    struct ec2_page page;
    const struct world *w = c->w;

    if (!ec2_filters_read(c, spot_filters, &filters) ||
        !ec2_page_read(c, "SpotInstanceRequestId", EC2_MAX_RESULTS, &page) ||
        !ids_exist(c, "SpotInstanceRequestId", spot_exists,
                   "InvalidSpotInstanceRequestID.NotFound", "spot instance request ID"))
        return;
    ec2_open(c, "spotInstanceRequestSet");
    for (size_t i = 0; i < w->n_spots; i++)
        if (ec2_listed(c, "SpotInstanceRequestId", w->spots[i]->id) &&
            ec2_filters_match(c, &filters, w->spots[i], spot_facts) &&
            ec2_page_takes(&page, w->spots[i]->serial))
            put_spot(c, w->spots[i]);
    ec2_close(c, "spotInstanceRequestSet");
    ec2_page_end(c, &page, false);
}

/* ---- network interfaces ---- */

static const char *const eni_filters[] = {
    "network-interface-id",
    "status",
    "attachment.instance-id",
    "attachment.status",
    "subnet-id",
    "vpc-id",
    "owner-id",
    "availability-zone",
    "private-ip-address",
    "addresses.private-ip-address",
    "mac-address",
    "description",
    NULL,
};

static bool eni_exists(const struct ec2_call *c, const char *id)
{
    return world_eni_find(c->w, id) >= 0;
}

static const char *holder_of(const struct ec2_call *c, const struct sim_eni *eni)
{
    const struct sim_instance *i =
        eni->holder != 0 ? world_instance_by_serial(c->w, eni->holder) : NULL;

    return i != NULL ? i->id : "";
}

static void eni_facts(const struct ec2_call *c, const void *item, const char *f,
                      struct ec2_facts *out)
{
    const struct sim_eni *eni = item;

    if (str_eq(f, "network-interface-id"))
        ec2_fact(out, eni->id);
    else if (str_eq(f, "status"))
        ec2_fact(out, eni->holder != 0 ? "in-use" : "available");
    else if (str_eq(f, "attachment.instance-id"))
        ec2_fact(out, holder_of(c, eni));
    else if (str_eq(f, "attachment.status"))
        ec2_fact(out, eni->holder != 0 ? "attached" : "");
    else if (str_eq(f, "subnet-id"))
        ec2_fact(out, eni->subnet);
    else if (str_eq(f, "vpc-id"))
        ec2_fact(out, c->w->vpc);
    else if (str_eq(f, "owner-id"))
        ec2_fact(out, c->w->account);
    else if (str_eq(f, "availability-zone"))
        ec2_fact(out, eni->zone);
    else if (str_eq(f, "private-ip-address") || str_eq(f, "addresses.private-ip-address"))
        ec2_fact(out, eni->ip);
    else if (str_eq(f, "mac-address"))
        ec2_fact(out, eni->mac);
    else if (str_eq(f, "description"))
        ec2_fact(out, eni->description);
}

static void put_attachment(struct ec2_call *c, const struct sim_eni *eni)
{
    char attachment[SIM_ID];

    ec2_attachment_id(eni, attachment);
    ec2_open(c, "attachment");
    ec2_put(c, "attachmentId", attachment);
    ec2_put(c, "instanceId", holder_of(c, eni));
    ec2_put(c, "instanceOwnerId", c->w->account);
    strbuf_puts(&c->rs->body, "<deviceIndex>0</deviceIndex><status>attached</status>");
    ec2_put_time(c, "attachTime", eni->attached);
    ec2_put(c, "deleteOnTermination", eni->delete_on_termination ? "true" : "false");
    ec2_close(c, "attachment");
}

static void put_eni(struct ec2_call *c, const struct sim_eni *eni)
{
    struct strbuf *b = &c->rs->body;

    ec2_open(c, "item");
    ec2_put(c, "networkInterfaceId", eni->id);
    ec2_put(c, "subnetId", eni->subnet);
    ec2_put(c, "vpcId", c->w->vpc);
    ec2_put(c, "availabilityZone", eni->zone);
    ec2_put(c, "description", eni->description);
    ec2_put(c, "ownerId", c->w->account);
    strbuf_puts(b, "<requesterManaged>false</requesterManaged>");
    ec2_put(c, "status", eni->holder != 0 ? "in-use" : "available");
    ec2_put(c, "macAddress", eni->mac);
    ec2_put(c, "privateIpAddress", eni->ip);
    strbuf_puts(b, "<sourceDestCheck>true</sourceDestCheck><groupSet/>");
    if (eni->holder != 0)
        put_attachment(c, eni);
    strbuf_puts(b, "<tagSet/><privateIpAddressesSet><item>");
    ec2_put(c, "privateIpAddress", eni->ip);
    strbuf_puts(b, "<primary>true</primary></item></privateIpAddressesSet>"
                   "<interfaceType>interface</interfaceType>");
    ec2_close(c, "item");
}

static void describe_interfaces(struct ec2_call *c)
{
    struct ec2_filters filters;
    struct ec2_page page;
    const struct world *w = c->w;

    if (!ec2_filters_read(c, eni_filters, &filters) ||
        !ec2_page_read(c, "NetworkInterfaceId", EC2_MAX_RESULTS, &page) ||
        !ids_exist(c, "NetworkInterfaceId", eni_exists,
                   "InvalidNetworkInterfaceID.NotFound", "networkInterface ID"))
        return;
    ec2_open(c, "networkInterfaceSet");
    for (size_t i = 0; i < w->n_enis; i++)
        if (ec2_listed(c, "NetworkInterfaceId", w->enis[i].id) &&
            ec2_filters_match(c, &filters, &w->enis[i], eni_facts) &&
            ec2_page_takes(&page, (int64_t)i))
            put_eni(c, &w->enis[i]);
    ec2_close(c, "networkInterfaceSet");
    ec2_page_end(c, &page, false);
}

/* ---- the table's rows ---- */

static const char *const instance_parameters[] = {"InstanceId.N", EC2_PAGED, NULL};
static const char *const spot_parameters[] = {"SpotInstanceRequestId.N", EC2_PAGED, NULL};
static const char *const eni_parameters[] = {"NetworkInterfaceId.N", EC2_PAGED, NULL};

const struct ec2_action ec2_describe_instances = {"DescribeInstances", describe_instances,
                                                  instance_parameters};
const struct ec2_action ec2_describe_spot_requests = {
    "DescribeSpotInstanceRequests", describe_spot_requests, spot_parameters};
const struct ec2_action ec2_describe_interfaces = {"DescribeNetworkInterfaces",
                                                   describe_interfaces, eni_parameters};
