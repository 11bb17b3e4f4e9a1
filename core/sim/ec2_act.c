/*
 * ec2_act - what changes the region: an instance is launched, tagged, terminated; the
 * interface that must survive it; a spot request is canceled.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/ec2_call.h"

#include "core/base/money.h"
#include "core/base/str.h"

#include <string.h>

enum { USER_DATA_MAX = 16384 / 3 * 4 + 8, TOKEN_MAX = 64, IMAGE_TEXT = 32 };
#define HOUR_MS (INT64_C(60) * 60 * 1000)

static bool is_true(const struct ec2_call *c, const char *name)
{
    const char *text = form_get(&c->form, name);

    return text != NULL && str_eq(text, "true");
}

/* ---- RunInstances ---- */

/* What the two launches of one token are compared by: every parameter, in no order. */
static uint64_t hash_of(const struct form *f)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < f->n; i++) {
        uint64_t h = UINT64_C(14695981039346656037);

        for (const char *p = f->pairs[i].name; *p != '\0'; p++)
            h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
        h = (h ^ '=') * UINT64_C(1099511628211);
        for (const char *p = f->pairs[i].value; *p != '\0'; p++)
            h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
        sum += h;
    }
    return sum;
}

static bool read_template(struct ec2_call *c, const char **image)
{
    const char *id = form_get(&c->form, "LaunchTemplate.LaunchTemplateId");
    const char *name = form_get(&c->form, "LaunchTemplate.LaunchTemplateName");
    const char *version = form_get(&c->form, "LaunchTemplate.Version");

    if (id == NULL && name == NULL)
        return true;
    if (id != NULL && name != NULL) {
        ec2_error(c, 400, "InvalidParameterCombination",
                  "Launch template id and name may not be used together");
        return false;
    }
    if (id != NULL && !str_eq(id, sim_template_id)) {
        ec2_error(c, 400, "InvalidLaunchTemplateId.NotFound",
                  "The specified launch template, with template ID %.60s, does not exist",
                  id);
        return false;
    }
    if (name != NULL && !str_eq(name, sim_template)) {
        ec2_error(c, 400, "InvalidLaunchTemplateName.NotFoundException",
                  "The specified launch template, with template name %.60s, does not "
                  "exist",
                  name);
        return false;
    }
    if (version != NULL && !str_eq(version, "$Latest") && !str_eq(version, "$Default") &&
        !str_eq(version, "1")) {
        ec2_error(c, 400, "InvalidLaunchTemplateId.VersionNotFound",
                  "Could not find the specified version %.20s", version);
        return false;
    }
    *image = sim_template_image;
    return true;
}

/* With an interface that exists its own subnet, groups and address are the launch's. */
static bool read_interface(struct ec2_call *c, struct sim_launch *l)
{
    static const char *const excluded[] = {
        "SubnetId",
        "PrivateIpAddress",
        "SecurityGroupId.1",
        "NetworkInterface.1.SubnetId",
        "NetworkInterface.1.PrivateIpAddress",
        "NetworkInterface.1.SecurityGroupId.1",
        "NetworkInterface.1.AssociatePublicIpAddress",
        "NetworkInterface.1.Description",
    };
    const char *device = form_get(&c->form, "NetworkInterface.1.DeviceIndex");

    l->eni = form_get(&c->form, "NetworkInterface.1.NetworkInterfaceId");
    l->subnet = form_get(&c->form, "SubnetId");
    if (l->eni == NULL)
        return true;
    if (device == NULL || !str_eq(device, "0")) {
        ec2_error(c, 400, "MissingParameter",
                  "Each network interface requires a device index.");
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(excluded); i++)
        if (form_get(&c->form, excluded[i]) != NULL) {
            ec2_error(c, 400, "InvalidParameterCombination",
                      "Network interfaces and an instance-level %.60s may not be "
                      "specified on the same request",
                      excluded[i]);
            return false;
        }
    if (is_true(c, "NetworkInterface.1.DeleteOnTermination")) {
        ec2_error(c, 400, "InvalidParameterCombination",
                  "A network interface that exists may not be deleted on termination");
        return false;
    }
    if (world_eni_find(c->w, l->eni) < 0) {
        ec2_error(c, 400, "InvalidNetworkInterfaceID.NotFound",
                  "The networkInterface ID '%.60s' does not exist", l->eni);
        return false;
    }
    return true;
}

static bool read_market(struct ec2_call *c, struct sim_launch *l)
{
    const char *type = form_get(&c->form, "InstanceMarketOptions.MarketType");
    const char *request =
        form_get(&c->form, "InstanceMarketOptions.SpotOptions.SpotInstanceType");
    const char *end = form_get(
        &c->form, "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior");
    const char *price = form_get(&c->form, "InstanceMarketOptions.SpotOptions.MaxPrice");
    struct usd cap = {0};
    struct err e = {0};

    if (type == NULL)
        return true;
    if (!str_eq(type, "spot")) {
        ec2_error(c, 400, "InvalidParameterValue", "The market type '%.40s' is unknown",
                  type);
        return false;
    }
    if ((request != NULL && !str_eq(request, "one-time")) ||
        (end != NULL && !str_eq(end, "terminate"))) {
        ec2_error(c, 400, "InvalidParameterCombination",
                  "One-time spot requests are terminated");
        return false;
    }
    if (price != NULL &&
        (usd_parse(price, &cap, &e) != ERR_OK || cap.nanos <= 1000 * 1000)) {
        ec2_error(c, 400, "InvalidParameterValue",
                  "%.40s is not a valid spot instance price", price);
        return false;
    }
    l->spot = true;
    l->cap = cap.nanos;
    return true;
}

/* TagSpecification.N of one kind; false: one that AWS would refuse. */
static bool read_tags(struct ec2_call *c, const char *resource, struct sim_tag *tags,
                      size_t *n)
{
    *n = 0;
    for (int s = 1; form_item(&c->form, "TagSpecification", s, "ResourceType") != NULL;
         s++) {
        const char *type = form_item(&c->form, "TagSpecification", s, "ResourceType");
        char prefix[40];

        if (!str_eq(type, resource))
            continue;
        (void)str_format(prefix, sizeof(prefix), "TagSpecification.%d.Tag", s); /* fits */
        for (int t = 1; form_item(&c->form, prefix, t, "Key") != NULL; t++) {
            const char *key = form_item(&c->form, prefix, t, "Key");
            const char *value = form_item(&c->form, prefix, t, "Value");

            if (str_starts(key, "aws:") || *n == SIM_TAGS ||
                !str_copy(tags[*n].key, sizeof(tags[*n].key), key) ||
                !str_copy(tags[*n].value, sizeof(tags[*n].value),
                          value != NULL ? value : "")) {
                ec2_error(c, 400, "InvalidParameterValue",
                          "The tag key '%.60s' is not allowed", key);
                return false;
            }
            ++*n;
        }
    }
    return true;
}

static const struct {
    enum sim_refusal no;
    int status;
    const char *code, *message;
} refusals[] = {
    /* clang-format off */
    {SIM_NO_CAPACITY,   500, "InsufficientInstanceCapacity", "There is no Spot capacity available that matches your request."},
    {SIM_PRICE_TOO_LOW, 400, "SpotMaxPriceTooLow", "Your Spot request price is lower than the minimum required Spot request fulfillment price."},
    {SIM_ENI_IN_USE,    400, "InvalidNetworkInterface.InUse", "The network interface is currently in use."},
    {SIM_BAD_VALUE,     400, "InvalidParameterValue", "The instance type or the subnet is unknown."},
    {SIM_LIMIT,         400, "InstanceLimitExceeded", "You have requested more instances than your limit allows."},
    /* clang-format on */
};

static void refuse(struct ec2_call *c, enum sim_refusal no)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
        if (refusals[i].no == no) {
            ec2_error(c, refusals[i].status, refusals[i].code, "%s", refusals[i].message);
            return;
        }
    ec2_error(c, 500, "InternalError", "An internal error has occurred");
}

static void put_launched(struct ec2_call *c, const struct sim_instance *i)
{
    strbuf_printf(&c->rs->body, "<reservationId>r-%017llx</reservationId>",
                  (unsigned long long)i->serial);
    ec2_put(c, "ownerId", c->w->account);
    strbuf_puts(&c->rs->body, "<groupSet/><instancesSet>");
    ec2_put_instance(c, i);
    strbuf_puts(&c->rs->body, "</instancesSet>");
}

/* The same token again: what it made the first time, if the request is the same. */
static void repeat(struct ec2_call *c, const struct sim_instance *i, uint64_t hash)
{
    if (i->request_hash != hash)
        ec2_error(c, 400, "IdempotentParameterMismatch",
                  "Arguments on this idempotent request are inconsistent with arguments "
                  "used in previous request(s).");
    else if (i->state == SIM_TERMINATED && c->w->now - i->terminated >= HOUR_MS)
        ec2_error(c, 400, "IdempotentInstanceTerminated",
                  "The client token was that of an instance that is terminated.");
    else
        put_launched(c, i);
}

static bool read_launch(struct ec2_call *c, struct sim_launch *l)
{
    const char *least = form_get(&c->form, "MinCount");
    const char *most = form_get(&c->form, "MaxCount");
    const char *image = form_get(&c->form, "ImageId");
    const char *data = form_get(&c->form, "UserData");

    l->client_token = form_get(&c->form, "ClientToken");
    l->type = form_get(&c->form, "InstanceType");
    if (least == NULL || most == NULL || !str_eq(least, "1") || !str_eq(most, "1")) {
        ec2_error(c, 400, "InvalidParameterValue",
                  "Here exactly one instance can be launched at a time");
        return false;
    }
    if (l->client_token == NULL)
        l->client_token = "";
    if (strlen(l->client_token) > TOKEN_MAX) {
        ec2_error(c, 400, "InvalidParameterValue", "The client token is too long");
        return false;
    }
    if (data != NULL && strlen(data) > USER_DATA_MAX) {
        ec2_error(c, 400, "InvalidParameterValue", "User data is limited to 16384 bytes");
        return false;
    }
    l->image = image;
    if (!read_template(c, &l->image) || !read_interface(c, l) || !read_market(c, l))
        return false;
    l->image = image != NULL ? image : l->image;
    if (l->image == NULL || l->type == NULL) {
        ec2_error(c, 400, "MissingParameter", "The request must contain the parameter %s",
                  l->type == NULL ? "InstanceType" : "ImageId");
        return false;
    }
    if (!str_starts(l->image, "ami-") || strlen(l->image) >= IMAGE_TEXT) {
        ec2_error(c, 400, "InvalidAMIID.Malformed", "Invalid id: \"%.40s\"", l->image);
        return false;
    }
    return true;
}

static void run_instances(struct ec2_call *c)
{
    struct sim_tag tags[SIM_TAGS], spot_tags[SIM_TAGS];
    struct sim_launch l = {.tags = tags, .spot_tags = spot_tags};
    const struct sim_instance *i;
    enum sim_refusal no;

    if (!read_launch(c, &l) || !read_tags(c, "instance", tags, &l.n_tags) ||
        !read_tags(c, "spot-instances-request", spot_tags, &l.n_spot_tags))
        return;
    l.request_hash = hash_of(&c->form);
    i = world_instance_by_token(c->w, l.client_token);
    if (i != NULL) {
        repeat(c, i, l.request_hash);
        return;
    }
    no = world_launch(c->w, &l, &i);
    if (no == SIM_OK)
        put_launched(c, i);
    else
        refuse(c, no);
}

/* ---- the others ---- */

static void put_state(struct ec2_call *c, const char *tag, enum sim_instance_state state)
{
    ec2_open(c, tag);
    strbuf_printf(&c->rs->body, "<code>%d</code>", ec2_state_code(state));
    ec2_put(c, "name", ec2_state_name(state));
    ec2_close(c, tag);
}

/* One id that is unknown ends none of them. */
static void terminate_instances(struct ec2_call *c)
{
    const char *id;

    if (!ec2_has_list(c, "InstanceId")) {
        ec2_error(c, 400, "MissingParameter",
                  "The request must contain the parameter InstanceId");
        return;
    }
    if (!ec2_instances_exist(c))
        return;
    ec2_open(c, "instancesSet");
    for (int n = 1; (id = form_item(&c->form, "InstanceId", n, "")) != NULL; n++) {
        enum sim_instance_state was = world_instance_find(c->w, id)->state;

        (void)world_terminate(c->w, id); /* it exists; again is no error */
        ec2_open(c, "item");
        ec2_put(c, "instanceId", id);
        put_state(c, "currentState", world_instance_find(c->w, id)->state);
        put_state(c, "previousState", was);
        ec2_close(c, "item");
    }
    ec2_close(c, "instancesSet");
}

static void create_tags(struct ec2_call *c)
{
    const char *id;

    for (int n = 1; (id = form_item(&c->form, "ResourceId", n, "")) != NULL; n++) {
        struct sim_tag tag;

        for (int t = 1; form_item(&c->form, "Tag", t, "Key") != NULL; t++) {
            const char *value = form_item(&c->form, "Tag", t, "Value");

            if (!str_copy(tag.key, sizeof(tag.key),
                          form_item(&c->form, "Tag", t, "Key")) ||
                !str_copy(tag.value, sizeof(tag.value), value != NULL ? value : "") ||
                world_tag(c->w, id, &tag, 1) != SIM_OK) {
                ec2_error(c, 400, "InvalidID", "The ID '%.60s' is not valid", id);
                return;
            }
        }
    }
    strbuf_puts(&c->rs->body, "<return>true</return>");
}

static void modify_interface(struct ec2_call *c)
{
    const char *id = form_get(&c->form, "NetworkInterfaceId");
    const char *attachment = form_get(&c->form, "Attachment.AttachmentId");
    int32_t eni = id != NULL ? world_eni_find(c->w, id) : -1;
    char own[SIM_ID];

    if (eni < 0) {
        ec2_error(c, 400, "InvalidNetworkInterfaceID.NotFound",
                  "The networkInterface ID '%.60s' does not exist", id != NULL ? id : "");
        return;
    }
    ec2_attachment_id(&c->w->enis[eni], own);
    if (attachment == NULL || !str_eq(attachment, own)) {
        ec2_error(c, 400,
                  attachment == NULL ? "MissingParameter"
                                     : "InvalidAttachmentID.NotFound",
                  "The attachment ID '%.60s' does not exist",
                  attachment != NULL ? attachment : "");
        return;
    }
    if (form_get(&c->form, "Attachment.DeleteOnTermination") != NULL)
        (void)world_eni_keep(c->w, id, /* it exists */
                             is_true(c, "Attachment.DeleteOnTermination"));
    strbuf_puts(&c->rs->body, "<return>true</return>");
}

static void cancel_spot(struct ec2_call *c)
{
    const char *id;

    for (int n = 1; (id = form_item(&c->form, "SpotInstanceRequestId", n, "")) != NULL;
         n++) {
        if (world_spot_find(c->w, id) == NULL) {
            ec2_error(c, 400, "InvalidSpotInstanceRequestID.NotFound",
                      "The spot instance request ID '%.60s' does not exist", id);
            return;
        }
    }
    ec2_open(c, "spotInstanceRequestSet");
    for (int i = 1; (id = form_item(&c->form, "SpotInstanceRequestId", i, "")) != NULL;
         i++) {
        (void)world_spot_cancel(c->w, id); /* it exists */
        ec2_open(c, "item");
        ec2_put(c, "spotInstanceRequestId", id);
        ec2_put(c, "state", "cancelled");
        ec2_close(c, "item");
    }
    ec2_close(c, "spotInstanceRequestSet");
}

/* ---- the table's rows ---- */

static const char *const run_parameters[] = {
    "MinCount",
    "MaxCount",
    "ImageId",
    "InstanceType",
    "KeyName",
    "UserData",
    "ClientToken",
    "SubnetId",
    "PrivateIpAddress",
    "SecurityGroupId.N",
    "IamInstanceProfile.Name",
    "IamInstanceProfile.Arn",
    "LaunchTemplate.LaunchTemplateId",
    "LaunchTemplate.LaunchTemplateName",
    "LaunchTemplate.Version",
    "MetadataOptions.HttpTokens",
    "InstanceInitiatedShutdownBehavior",
    "InstanceMarketOptions.MarketType",
    "InstanceMarketOptions.SpotOptions.SpotInstanceType",
    "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior",
    "InstanceMarketOptions.SpotOptions.MaxPrice",
    "NetworkInterface.N.DeviceIndex",
    "NetworkInterface.N.NetworkInterfaceId",
    "NetworkInterface.N.DeleteOnTermination",
    "NetworkInterface.N.SubnetId",
    "NetworkInterface.N.SecurityGroupId.N",
    "NetworkInterface.N.PrivateIpAddress",
    "NetworkInterface.N.AssociatePublicIpAddress",
    "NetworkInterface.N.Description",
    "TagSpecification.N.ResourceType",
    "TagSpecification.N.Tag.N.Key",
    "TagSpecification.N.Tag.N.Value",
    NULL,
};
static const char *const terminate_parameters[] = {"InstanceId.N", "SkipOsShutdown",
                                                   "Force", NULL};
static const char *const tag_parameters[] = {"ResourceId.N", "Tag.N.Key", "Tag.N.Value",
                                             NULL};
static const char *const modify_parameters[] = {"NetworkInterfaceId",
                                                "Attachment.AttachmentId",
                                                "Attachment.DeleteOnTermination", NULL};

const struct ec2_action ec2_run_instances = {"RunInstances", run_instances,
                                             run_parameters};
const struct ec2_action ec2_terminate_instances = {
    "TerminateInstances", terminate_instances, terminate_parameters};
const struct ec2_action ec2_create_tags = {"CreateTags", create_tags, tag_parameters};
const struct ec2_action ec2_modify_interface = {"ModifyNetworkInterfaceAttribute",
                                                modify_interface, modify_parameters};
static const char *const cancel_parameters[] = {"SpotInstanceRequestId.N", NULL};
const struct ec2_action ec2_cancel_spot = {"CancelSpotInstanceRequests", cancel_spot,
                                           cancel_parameters};
