/*
 * region_scene - a server whose instances the program launches itself, under a controller
 * of its own (controller_scene.h): instances, spot requests and interfaces are set by
 * hand before each look. A struct region is its test's own: region_make() or
 * region_out(), changes, scene_start(&r.s), see(), ..., scene_end(&r.s). Threads: one.
 */
#ifndef RH_TESTS_REGION_SCENE_H
#define RH_TESTS_REGION_SCENE_H

#include "tests/unit/controller_scene.h"

/* … of both, up to its interface. */
#define REGION_SITE                                                                      \
    "site = { tz = \"UTC\" deployment = \"d\" }\n"                                       \
    "policy = { auto = \"on\" window = [\"Sun-Sat 00:00-24:00\"] start_spacing = "       \
    "\"0s\" dwell_onprem = \"0m\" retry_jitter = 0 }\n"                                  \
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"                        \
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"                      \
    "aws = { region = \"eu-west-1\" }\n"                                                 \
    "servers = { a = { vm = \"vm-a\" mover = \"ec2\" launch_template = \"t:3\"\n"

static const char text_ec2[] = REGION_SITE
    "  onprem_node = \"home-a\" cloud_node = \"cloud-a\" eni = \"eni-a\"\n"
    "  instance_types = [\"c5\"] handover = \"overlap\"\n"
    "  zones = { eu-west-1b = { eni = \"eni-b\" cloud_node = \"cloud-b\" } } } }\n";

static const char text_gap[] =
    REGION_SITE "  onprem_node = \"home-a\" cloud_node = \"cloud-a\" %s\n"
                "  instance_types = [\"c5\"] } }\n";
static const char own_interface[] = "eni = \"eni-a\"";
static const char any_interface[] = "subnet = \"subnet-1\" security_groups = [\"sg-1\"]";

enum { MOST_LISTED = 4 };

struct region {
    struct scene s;
    struct seen_instance instances[MOST_LISTED];
    struct seen_spot spots[MOST_LISTED];
    struct seen_interface interfaces[MOST_LISTED];
    size_t n_instances, n_spots, n_interfaces;
    bool reads_interfaces; /* the next look is told of them, too */
    bool tags_alone;       /* no id is asked for: what is not listed may live */
};

static inline struct seen_instance instance(const char *id, const char *server)
{
    struct seen_instance in = instance_of(id, INSTANCE_RUNNING);

    in.eni = "eni-a";
    in.server = server;
    in.deployment = "d";
    in.attachment = "at-1";
    in.launched.s = NOW - 3600;
    return in;
}

/* The request that i-1 came of. */
static inline struct seen_spot spot_request(enum spot_state state)
{
    return (struct seen_spot){.id = "sir-1",
                              .instance = "i-1",
                              .zone = "",
                              .status = "",
                              .server = "a",
                              .move = "",
                              .deployment = "d",
                              .state = state};
}

static inline void region_configure(struct region *r, const char *config)
{
    struct config_problems *problems = NULL;
    struct err e = {0};

    config_free(r->s.config);
    r->s.config = NULL;
    if (config_load_text(config, "", false, &r->s.config, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
}

static inline void region_make(struct region *r)
{
    memset(r, 0, sizeof(*r));
    scene_make(&r->s);
    region_configure(r, text_ec2);
    stored_setting(&r->s, "listed", "1"); /* not the first look of all */
}

/* Home goes down before the cloud comes up. */
static inline void region_without_overlap(struct region *r, const char *interface)
{
    char config[sizeof(text_gap) + LINE_TEXT];

    assert_true(str_format(config, sizeof(config), text_gap, interface));
    region_configure(r, config);
}

/* Another server, b, stands beside a. */
static inline void region_add_server(struct region *r)
{
    static const char other[] =
        "b = { vm = \"vm-b\" mover = \"ec2\" launch_template = \"t:3\"\n"
        "  onprem_node = \"home-b\" cloud_node = \"out-b\" eni = \"eni-9\"\n"
        "  instance_types = [\"c5\"] }\n";
    const char *rest = strstr(text_ec2, "a = { vm");
    char both[sizeof(text_ec2) + sizeof(other)];

    (void)str_format(both, sizeof(both), "%.*s%s%s", (int)(rest - text_ec2), text_ec2,
                     other, rest);
    region_configure(r, both);
}

/* What AWS lists, and which of the ids that the controller knows it does not. */
static inline void region_list(const struct region *r, struct observation *o)
{
    const struct server_facts *f = &r->s.c->servers[0].facts;
    const char *const known[] = {f->instance.id, f->leaving.id};
    const char **absent = arena_alloc(o->arena, ARRAY_LEN(known), sizeof(*absent));
    struct seen_instance *list = arena_alloc(o->arena, MOST_LISTED, sizeof(*list));
    size_t n = 0;

    assert_non_null(absent);
    assert_non_null(list);
    memcpy(list, r->instances, sizeof(r->instances));
    for (size_t k = 0; k < ARRAY_LEN(known); k++) {
        bool listed = known[k][0] == '\0' || r->tags_alone;

        for (size_t i = 0; i < r->n_instances; i++)
            listed = listed || str_eq(r->instances[i].id, known[k]);
        if (!listed)
            absent[n++] = arena_strdup(o->arena, known[k]);
    }
    o->as.instances = (struct obs_instances){list, r->n_instances, absent, n};
}

/* Some time later, all that is configured tells what is set. */
static inline void see(struct region *r, int64_t later_s)
{
    struct observation *o = observation_new(SOURCE_INSTANCES);
    struct observation *p = observation_new(SOURCE_SPOT);

    assert_non_null(o);
    assert_non_null(p);
    r->s.now.s += later_s;
    observe(&r->s, SOURCE_JENKINS);
    observe(&r->s, SOURCE_VSPHERE);
    if (r->reads_interfaces) {
        struct observation *x = observation_new(SOURCE_INTERFACES);

        assert_non_null(x);
        x->at = r->s.now;
        x->as.interfaces = (struct obs_interfaces){r->interfaces, r->n_interfaces};
        step(&r->s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = x});
    }
    o->at = p->at = r->s.now;
    p->as.spot = (struct obs_spot){.spots = r->spots, .n = r->n_spots, .has_open = true};
    step(&r->s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = p});
    region_list(r, o);
    step(&r->s, (struct event){.kind = EVENT_OBSERVATION, .as.observation = o});
}

static inline bool called(const struct region *r, enum call_kind kind, const char *target)
{
    for (size_t i = 0; i < r->s.n_calls; i++) {
        if (r->s.calls[i].kind == kind && str_eq(r->s.calls[i].target, target))
            return true;
    }
    return false;
}

static inline const struct server_state *server(const struct region *r)
{
    return &r->s.c->servers[0];
}

/* In the cloud by i-1, from an earlier run. */
static inline void region_out(struct region *r)
{
    region_make(r);
    stored_setting(&r->s, "instance:a", "i-1");
    stored_setting(&r->s, "place:a", "cloud");
    r->s.vm.power = POWER_OFF;
    r->s.nodes[CLOUD] = node_open("cloud-a");
    r->instances[r->n_instances++] = instance("i-1", "a");
}

#endif
