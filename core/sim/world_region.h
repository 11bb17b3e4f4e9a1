/*
 * world_region - the region of EC2: instances, spot requests, interfaces, prices, what
 * it tells (world_cloud.c, world_spot.c, world_market.c). Part of world.h; ownership and
 * threads as there.
 */
#ifndef RH_SIM_WORLD_REGION_H
#define RH_SIM_WORLD_REGION_H

#include "core/sim/world_base.h"

enum sim_instance_state {
    SIM_PENDING,
    SIM_RUNNING,
    SIM_SHUTTING_DOWN,
    SIM_TERMINATED,
    SIM_STOPPING,
    SIM_STOPPED,
};

struct sim_tag {
    char key[SIM_NAME];
    char value[SIM_TEXT];
};

struct sim_instance {
    int64_t serial;
    char id[SIM_ID]; /* "i-" and 17 hex digits */
    char type[24], zone[16], subnet[32], image[32];
    char ip[16], private_dns[SIM_NAME];
    char client_token[68];
    uint64_t request_hash; /* of the launching request, for IdempotentParameterMismatch */
    enum sim_instance_state state;
    const char *reason_code; /* stateReason.code, static text, NULL while healthy */
    bool spot;
    int64_t spot_request; /* serial of its request, 0 */
    int64_t cap;          /* nano-dollars an hour, 0 = on-demand price */
    int32_t eni;          /* index; still set for a while after termination */
    int32_t type_index;
    int32_t server; /* whose ENI or VM it is, -1 */
    bool managed;   /* launched by the Velostrata manager */
    bool others;    /* somebody else's, who pays for it */
    bool reachable; /* guest is up */
    int64_t reachable_since;
    int64_t launched, running_since, dying_since, terminated;
    int64_t stopped_since; /* 0 = it is not */
    int64_t stopped_ms;    /* before that */
    int64_t reclaim_at;    /* notice given: when AWS takes it, 0 */
    uint32_t life;         /* counts its plans; a late step of an older one is void */
    struct sim_tag tags[SIM_TAGS];
    size_t n_tags;
};

enum sim_spot_state {
    SIM_SPOT_OPEN,
    SIM_SPOT_ACTIVE,
    SIM_SPOT_CLOSED,
    SIM_SPOT_CANCELED
};

/* Kept for 4 hours after its end. */
struct sim_spot {
    int64_t serial;
    char id[SIM_ID]; /* "sir-" and 8 letters or digits */
    enum sim_spot_state state;
    const char *status; /* status code as AWS spells it, static text */
    int64_t created, updated;
    int64_t cap; /* nano-dollars an hour: the cap asked for, else the on-demand price */
    char instance[SIM_ID], type[24], zone[16];
    struct sim_tag tags[SIM_TAGS];
    size_t n_tags;
};

struct sim_eni {
    char id[SIM_ID];
    char zone[16], subnet[32], ip[16], mac[20];
    char description[SIM_NAME];
    int32_t server; /* whose fixed cloud address it is, -1 */
    int32_t node;   /* index of the Jenkins node at that address, -1 */
    int64_t holder; /* serial of the instance it is attached to, 0 */
    int64_t attached;
    bool delete_on_termination;
};

struct sim_subnet {
    char id[32], zone[16], cidr[24], zone_id[16];
};

/* Prices change now and then: records, oldest first, from 90 days before the start on. */
struct sim_price {
    int64_t at;
    int64_t nanos;
};
struct sim_offering { /* one type in one zone */
    int32_t type;     /* index into types */
    int32_t zone;     /* index into zones */
    struct sim_price *prices;
    size_t n_prices, cap_prices;
    int64_t mean;              /* the walk's mean */
    bool recorded;             /* prices are as they were, the future's too: no walk */
    int64_t no_capacity_until; /* 0 or an instant in the future: none to be had */
};
struct sim_type {
    char name[24];
    int32_t cpus;
    int32_t memory_mb;
    int64_t on_demand; /* nano-dollars an hour */
    int32_t speed;     /* percent of a c5.2xlarge */
    bool unlisted;     /* the price list does not have it */
};

/* What the region tells its event bus (SQS), oldest first; seq counts from 1. */
enum sim_event_kind {
    SIM_EVENT_INTERRUPTION, /* two-minute warning */
    SIM_EVENT_REBALANCE,
    SIM_EVENT_STATE, /* state-change notification */
};
struct sim_bus_event {
    uint64_t seq;
    int64_t at;
    enum sim_event_kind kind;
    enum sim_instance_state state; /* STATE */
    char instance[SIM_ID];
};

struct sim_launch {
    const char *type;
    const char *image;
    const char *eni;          /* id; NULL: a new interface in `subnet` */
    const char *subnet;       /* id, only without eni; NULL: the first one */
    const char *client_token; /* "" = none */
    uint64_t request_hash;
    bool spot;
    int64_t cap; /* 0 = none */
    const struct sim_tag *tags, *spot_tags;
    size_t n_tags, n_spot_tags;
};

/* Pending at once, running 15..45 s later, its guest up 30..70 s after that. Takes the
 * interface at once. SIM_BAD_VALUE, SIM_ENI_IN_USE, SIM_NO_CAPACITY, SIM_PRICE_TOO_LOW:
 * then nothing is left. Idempotency is the wire's (client_token, request_hash). */
enum sim_refusal world_launch(struct world *w, const struct sim_launch *l,
                              const struct sim_instance **out);

/* As TerminateInstances by a user; repeated calls succeed. SIM_NOT_FOUND. */
enum sim_refusal world_terminate(struct world *w, const char *instance_id);
/* Adds or replaces tags. SIM_NOT_FOUND, SIM_LIMIT. */
enum sim_refusal world_tag(struct world *w, const char *id, const struct sim_tag *tags,
                           size_t n);
/* The instance runs on. SIM_NOT_FOUND. */
enum sim_refusal world_spot_cancel(struct world *w, const char *id);
enum sim_refusal world_eni_keep(struct world *w, const char *id,
                                bool delete_on_termination);

/* Instances stay known for 25 h after termination (client tokens); EC2 shows them for 1 h
 * (instance->terminated). */
const struct sim_instance *world_instance_find(const struct world *w, const char *id);
/* EC2 is consistent eventually: is it listed yet? By id, too. */
bool world_instance_listed(const struct world *w, const struct sim_instance *i) NONNULL;
const struct sim_instance *world_instance_by_serial(const struct world *w,
                                                    int64_t serial);
const struct sim_instance *world_instance_by_token(const struct world *w,
                                                   const char *token);
const struct sim_spot *world_spot_find(const struct world *w, const char *id);
const struct sim_spot *world_spot_by_serial(const struct world *w, int64_t serial);
int32_t world_eni_find(const struct world *w, const char *id);
int32_t world_type_find(const struct world *w, const char *name);
int32_t world_zone_find(const struct world *w, const char *name);
const struct sim_offering *world_offering(const struct world *w, int32_t type,
                                          int32_t zone);
int64_t world_spot_price(const struct sim_offering *o, int64_t at); /* step function */

/* Takes an instance back: with notice_ms of warning (0 = none). by_price: the request
 * passes marked-for-termination and ends by price, else it closes at once for want of
 * capacity. */
enum sim_refusal world_interrupt(struct world *w, const char *instance_id,
                                 int64_t notice_ms, bool by_price);
enum sim_refusal world_set_price(struct world *w, int32_t type, int32_t zone,
                                 int64_t nanos);
/* Another type of instance, in every zone, sold like type `like`. Its index; -1 when
 * there is no room for it or its name is too long. */
int32_t world_type_add(struct world *w, const char *name, int32_t like);
/* What an hour of it costs on demand, and on spot on average; 0 = as it is. */
void world_type_price(struct world *w, int32_t type, int64_t on_demand, int64_t spot);
/* The prices of an offering as they were recorded, in order of time: taken over as they
 * are. SIM_BAD_VALUE, SIM_LIMIT (memory). */
enum sim_refusal world_record_prices(struct world *w, int32_t type, int32_t zone,
                                     const struct sim_price *prices, size_t n);
enum sim_refusal world_set_capacity(struct world *w, int32_t type, int32_t zone,
                                    bool available);

/* A launch template that names an image. */
extern const char sim_template[], sim_template_id[], sim_template_image[];

#endif
