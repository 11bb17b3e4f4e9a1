#include <config.h>

#include "core/api/ec2_read.h"

#include "core/base/str.h"
#include "core/base/text.h"
#include "core/base/timefmt.h"
#include "core/net/xml.h"

#include <string.h>

enum { FIRST_ITEMS = 8, TEXT_BYTES = 128, TAG_KEY_TEXT = 130, TAG_VALUE_TEXT = 260 };

/* A text member of an item, by its path below the item. */
struct member {
    const char *path;
    size_t offset;
};

struct reader;
struct ec2_shape {
    const char *action;
    const char *item; /* path of an item below the root */
    int item_depth;   /* names in it, the root included */
    size_t size;
    const struct member *members;
    size_t n_members;
    void (*other)(struct reader *r, const char *path, const char *text, size_t len);
    void (*end)(struct reader *r); /* the item is complete; may be NULL */
};

/* What belongs to a part of an item until the part is complete: order is undefined. */
struct part {
    char key[TAG_KEY_TEXT], value[TAG_VALUE_TEXT];
    char eni[ID_TEXT], attachment[ID_TEXT];
    bool eni_is_first, eni_deletes;
    char state[24];
};

struct reader {
    const struct ec2_shape *shape;
    struct ec2_list *list;
    struct ec2_answer *answer;
    struct xml_path path;
    struct part part;
    void *item; /* being read, NULL = none */
    bool is_answer;
};

/* ----- items ----- */

static void *list_slot(struct ec2_list *l)
{
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? FIRST_ITEMS : l->cap * 2;
        void *items = arena_alloc(l->arena, cap, l->size);

        if (items == NULL)
            return NULL; /* sticky: asked once at the end */
        if (l->n > 0)
            memcpy(items, l->items, l->n * l->size);
        l->items = items;
        l->cap = cap;
    }
    return (char *)l->items + l->n * l->size;
}

static void set_text(void *item, size_t offset, const char *text)
{
    memcpy((char *)item + offset, &text, sizeof(text));
}

static const char *dup(struct reader *r, const char *text, size_t len)
{
    return text_clean_dup(r->list->arena, text, len, TEXT_BYTES);
}

static void item_begin(struct reader *r)
{
    r->part = (struct part){0};
    r->item = list_slot(r->list);
    if (r->item == NULL)
        return;
    memset(r->item, 0, r->list->size);
    for (size_t i = 0; i < r->shape->n_members; i++)
        set_text(r->item, r->shape->members[i].offset, "");
}

static void item_text(struct reader *r, const char *path, const char *text, size_t len)
{
    for (size_t i = 0; i < r->shape->n_members; i++) {
        const struct member *m = &r->shape->members[i];

        if (!str_eq(m->path, path))
            continue;
        if (len > 0)
            set_text(r->item, m->offset, dup(r, text, len));
        return;
    }
    r->shape->other(r, path, text, len);
}

static bool is_true(const char *text)
{
    return str_eq(text, "true");
}

static struct utc time_of(const char *text)
{
    struct err ignored = {0};
    struct utc t = {0};

    if (utc_parse(text, &t, &ignored) != ERR_OK)
        return (struct utc){0}; /* not set */
    return t;
}

/* ----- instances ----- */

#define INSTANCE(f) offsetof(struct seen_instance, f)
static const struct member instance_members[] = {
    {"instanceId", INSTANCE(id)},
    {"instanceType", INSTANCE(type)},
    {"placement/availabilityZone", INSTANCE(zone)},
    {"privateIpAddress", INSTANCE(ip)},
    {"spotInstanceRequestId", INSTANCE(spot_request)},
    {"stateReason/code", INSTANCE(state_reason)},
    {"clientToken", INSTANCE(client_token)},
    {"", INSTANCE(attachment)},
    {"", INSTANCE(eni)}, /* these come in parts: only set to "" here */
    {"", INSTANCE(server)},
    {"", INSTANCE(move)},
    {"", INSTANCE(deployment)},
};

static enum instance_state instance_state(const char *code)
{
    struct err ignored = {0};
    int64_t v;

    if (str_to_i64(code, 0, UINT32_MAX, &v, &ignored) != ERR_OK)
        return INSTANCE_UNKNOWN;
    switch (v & 0xff) { /* the high byte is AWS's own */
    case 0:
        return INSTANCE_PENDING;
    case 16:
        return INSTANCE_RUNNING;
    case 32:
        return INSTANCE_SHUTTING_DOWN;
    case 48:
        return INSTANCE_TERMINATED;
    case 64:
        return INSTANCE_STOPPING;
    case 80:
        return INSTANCE_STOPPED;
    default:
        return INSTANCE_UNKNOWN;
    }
}

/* Where our tags go, of an instance or a spot request. */
struct tags {
    const char **server, **move, **deployment;
};

/* True: it was a part of a tag. */
static bool read_tag(struct reader *r, const char *path, const char *text,
                     const struct tags *to)
{
    struct part *p = &r->part;

    if (str_eq(path, "tagSet/item/key"))
        (void)str_copy(p->key, sizeof(p->key), text); /* a cut one is none of ours */
    else if (str_eq(path, "tagSet/item/value"))
        (void)str_copy(p->value, sizeof(p->value), text); /* longer than AWS allows */
    else if (!str_eq(path, "tagSet/item"))
        return false;
    else {
        if (str_eq(p->key, "rushhour:server"))
            *to->server = dup(r, p->value, strlen(p->value));
        else if (str_eq(p->key, "rushhour:move-id"))
            *to->move = dup(r, p->value, strlen(p->value));
        else if (str_eq(p->key, "rushhour:deployment"))
            *to->deployment = dup(r, p->value, strlen(p->value));
        p->key[0] = p->value[0] = '\0';
    }
    return true;
}

/* The interface with device index 0 is the fixed one; without an index the first. */
static void instance_interface(struct reader *r, struct seen_instance *in)
{
    struct part *p = &r->part;

    if (p->eni[0] != '\0' && (p->eni_is_first || in->eni == NULL || in->eni[0] == '\0')) {
        in->eni = dup(r, p->eni, strlen(p->eni));
        in->attachment = dup(r, p->attachment, strlen(p->attachment));
        in->eni_deletes = p->eni_deletes;
    }
    p->eni[0] = p->attachment[0] = '\0';
    p->eni_is_first = p->eni_deletes = false;
}

static void instance_other(struct reader *r, const char *path, const char *text,
                           size_t len)
{
    struct seen_instance *in = r->item;
    const struct tags tags = {&in->server, &in->move, &in->deployment};
    struct part *p = &r->part;

    (void)len;
    if (str_eq(path, "instanceState/code"))
        (void)str_copy(p->state, sizeof(p->state), text); /* a cut one is no number */
    else if (str_eq(path, "instanceLifecycle"))
        in->lifecycle = str_eq(text, "spot") ? LIFECYCLE_SPOT : LIFECYCLE_COUNT;
    else if (str_eq(path, "launchTime"))
        in->launched = time_of(text);
    else if (read_tag(r, path, text, &tags))
        return;
    else if (str_eq(path, "networkInterfaceSet/item/networkInterfaceId"))
        (void)str_copy(p->eni, sizeof(p->eni), text); /* a cut one matches nothing */
    else if (str_eq(path, "networkInterfaceSet/item/attachment/attachmentId"))
        (void)str_copy(p->attachment, sizeof(p->attachment), text); /* as above */
    else if (str_eq(path, "networkInterfaceSet/item/attachment/deviceIndex"))
        p->eni_is_first = str_eq(text, "0");
    else if (str_eq(path, "networkInterfaceSet/item/attachment/deleteOnTermination"))
        p->eni_deletes = is_true(text);
    else if (str_eq(path, "networkInterfaceSet/item"))
        instance_interface(r, in);
}

static void instance_end(struct reader *r)
{
    struct seen_instance *in = r->item;

    in->state = instance_state(r->part.state);
    /* No word for it means on-demand; another word than spot is none that we know. */
    if (in->lifecycle == LIFECYCLE_UNKNOWN)
        in->lifecycle = LIFECYCLE_ON_DEMAND;
    else if (in->lifecycle != LIFECYCLE_SPOT)
        in->lifecycle = LIFECYCLE_UNKNOWN;
}

const struct ec2_shape ec2_instances_shape = {
    .action = "DescribeInstances",
    .item = "reservationSet/item/instancesSet/item",
    .item_depth = 5,
    .size = sizeof(struct seen_instance),
    .members = instance_members,
    .n_members = ARRAY_LEN(instance_members),
    .other = instance_other,
    .end = instance_end,
};

const struct ec2_shape ec2_launch_shape = {
    .action = "RunInstances",
    .item = "instancesSet/item",
    .item_depth = 3,
    .size = sizeof(struct seen_instance),
    .members = instance_members,
    .n_members = ARRAY_LEN(instance_members),
    .other = instance_other,
    .end = instance_end,
};

const struct ec2_shape ec2_terminate_shape = {
    .action = "TerminateInstances",
    .item = "instancesSet/item",
    .item_depth = 3,
    .size = sizeof(struct seen_instance),
    .members = instance_members,
    .n_members = ARRAY_LEN(instance_members),
    .other = instance_other,
    .end = instance_end,
};

/* ----- spot requests ----- */

#define SPOT(f) offsetof(struct seen_spot, f)
static const struct member spot_members[] = {
    {"spotInstanceRequestId", SPOT(id)},
    {"instanceId", SPOT(instance)},
    {"launchedAvailabilityZone", SPOT(zone)},
    {"status/code", SPOT(status)},
    {"", SPOT(server)},
    {"", SPOT(move)},
    {"", SPOT(deployment)},
};

static void spot_other(struct reader *r, const char *path, const char *text, size_t len)
{
    struct seen_spot *spot = r->item;
    const struct tags tags = {&spot->server, &spot->move, &spot->deployment};
    struct err ignored = {0};

    (void)len;
    if (read_tag(r, path, text, &tags))
        return;
    if (str_eq(path, "state"))
        (void)str_copy(r->part.state, sizeof(r->part.state), text); /* unknown if cut */
    else if (str_eq(path, "status/updateTime"))
        spot->updated = time_of(text);
    else if (str_eq(path, "spotPrice") && usd_parse(text, &spot->cap, &ignored) != ERR_OK)
        spot->cap = (struct usd){0};
}

static void spot_end(struct reader *r)
{
    struct seen_spot *spot = r->item;

    spot->open = str_eq(r->part.state, "open");
    spot->state = ec2_spot_state(spot->status != NULL ? spot->status : "", r->part.state);
}

const struct ec2_shape ec2_spots_shape = {
    .action = "DescribeSpotInstanceRequests",
    .item = "spotInstanceRequestSet/item",
    .item_depth = 3,
    .size = sizeof(struct seen_spot),
    .members = spot_members,
    .n_members = ARRAY_LEN(spot_members),
    .other = spot_other,
    .end = spot_end,
};

const struct ec2_shape ec2_spot_cancel_shape = {
    .action = "CancelSpotInstanceRequests",
    .item = "spotInstanceRequestSet/item",
    .item_depth = 3,
    .size = sizeof(struct seen_spot),
    .members = spot_members,
    .n_members = ARRAY_LEN(spot_members),
    .other = spot_other,
    .end = spot_end,
};

/* ----- interfaces ----- */

#define INTERFACE(f) offsetof(struct seen_interface, f)
static const struct member interface_members[] = {
    {"networkInterfaceId", INTERFACE(id)},
    {"availabilityZone", INTERFACE(zone)},
    {"privateIpAddress", INTERFACE(ip)},
    {"attachment/instanceId", INTERFACE(instance)},
};

static void interface_other(struct reader *r, const char *path, const char *text,
                            size_t len)
{
    struct seen_interface *in = r->item;

    (void)len;
    if (str_eq(path, "status"))
        in->available = str_eq(text, "available");
    else if (str_eq(path, "attachment/deleteOnTermination"))
        in->delete_on_termination = is_true(text);
}

const struct ec2_shape ec2_interfaces_shape = {
    .action = "DescribeNetworkInterfaces",
    .item = "networkInterfaceSet/item",
    .item_depth = 3,
    .size = sizeof(struct seen_interface),
    .members = interface_members,
    .n_members = ARRAY_LEN(interface_members),
    .other = interface_other,
};

/* The answer says no more than that it was done. */
const struct ec2_shape ec2_interface_keep_shape = {
    .action = "ModifyNetworkInterfaceAttribute",
    .item = "return/item",
    .item_depth = 3,
    .size = sizeof(struct seen_interface),
    .other = interface_other,
};

/* ----- prices ----- */

#define PRICE(f) offsetof(struct ec2_price, f)
static const struct member price_members[] = {
    {"instanceType", PRICE(seen.type)},
    {"availabilityZone", PRICE(seen.zone)},
    {"productDescription", PRICE(product)},
};

static void price_other(struct reader *r, const char *path, const char *text, size_t len)
{
    struct ec2_price *price = r->item;
    struct err ignored = {0};

    (void)len;
    if (str_eq(path, "timestamp"))
        price->seen.at = time_of(text);
    else if (str_eq(path, "spotPrice"))
        price->has_price = usd_parse(text, &price->seen.price, &ignored) == ERR_OK &&
                           price->seen.price.nanos > 0;
}

const struct ec2_shape ec2_prices_shape = {
    .action = "DescribeSpotPriceHistory",
    .item = "spotPriceHistorySet/item",
    .item_depth = 3,
    .size = sizeof(struct ec2_price),
    .members = price_members,
    .n_members = ARRAY_LEN(price_members),
    .other = price_other,
};

/* ----- reading ----- */

const char *ec2_shape_action(const struct ec2_shape *s)
{
    return s->action;
}

struct ec2_list ec2_shape_list(const struct ec2_shape *s, struct arena *a)
{
    return (struct ec2_list){.arena = a, .size = s->size};
}

void ec2_list_copy(const struct ec2_shape *s, struct ec2_list *list, const void *items,
                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *from = (const char *)items + i * s->size;
        void *to = list_slot(list);

        if (to == NULL)
            return;
        memcpy(to, from, s->size);
        for (size_t m = 0; m < s->n_members; m++) {
            const char *text;

            memcpy(&text, from + s->members[m].offset, sizeof(text));
            /* An empty one may be in the other arena, too: tags need no value. */
            set_text(to, s->members[m].offset,
                     text[0] != '\0' ? arena_strdup(list->arena, text) : "");
        }
        list->n++;
    }
}

static void on_start(void *ctx, const char *name, const struct xml_attribute *attrs,
                     size_t n)
{
    struct reader *r = ctx;

    (void)attrs; /* the protocol has none but name spaces */
    (void)n;
    xml_path_push(&r->path, name);
    if (r->path.depth == 1) {
        size_t len = strlen(r->shape->action);

        r->is_answer =
            strncmp(name, r->shape->action, len) == 0 && str_eq(name + len, "Response");
    } else if (r->is_answer && r->path.depth == r->shape->item_depth &&
               str_eq(xml_path_below(&r->path, 1), r->shape->item)) {
        item_begin(r);
    }
}

/* "Error/Code" anywhere: the wrappers around it differ. */
static void error_text(struct reader *r, const char *path, const char *text, size_t len)
{
    struct ec2_answer *a = r->answer;

    if (a->code[0] == '\0' && str_ends(path, "Error/Code"))
        (void)text_clean(a->code, sizeof(a->code), text, len);
    else if (a->message[0] == '\0' && str_ends(path, "Error/Message"))
        (void)text_clean(a->message, sizeof(a->message), text, len);
}

static void on_end(void *ctx, const char *name, const char *text, size_t len)
{
    struct reader *r = ctx;
    const struct ec2_shape *s = r->shape;

    (void)name;
    if (r->item != NULL && r->path.depth > s->item_depth) {
        item_text(r, xml_path_below(&r->path, s->item_depth), text, len);
    } else if (r->item != NULL) {
        if (s->end != NULL)
            s->end(r);
        r->list->n++;
        r->item = NULL;
    } else if (r->is_answer && str_eq(xml_path_below(&r->path, 1), "nextToken")) {
        if (!str_copy(r->answer->next_token, sizeof(r->answer->next_token), text))
            r->is_answer = false; /* a listing without its end is none */
    } else {
        error_text(r, xml_path_below(&r->path, 0), text, len);
    }
    xml_path_pop(&r->path);
}

enum err_code ec2_read(const struct ec2_shape *s, const char *bytes, size_t len,
                       struct ec2_list *list, struct ec2_answer *answer, struct err *e)
{
    struct reader r = {.shape = s, .list = list, .answer = answer};
    const struct xml_handler h = {on_start, on_end, &r};
    enum err_code rc;

    *answer = (struct ec2_answer){0};
    rc = xml_read(bytes, len, &h, e);
    if (rc != ERR_OK)
        return rc;
    if (arena_failed(list->arena))
        return err_set(e, ERR_NOMEM, "no memory for a listing of that size");
    if (!r.is_answer && answer->code[0] == '\0')
        return err_set(e, ERR_PROTOCOL, "the answer is not one to %s", s->action);
    return ERR_OK;
}
