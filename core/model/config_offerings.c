#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/str.h"

#include <ctype.h>
#include <string.h>

/* What a server may run as, made of its options. */

/* "us-east-1b", "us-west-2-lax-1a" */
static bool is_zone(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && islower((unsigned char)name[n - 1]) &&
           isdigit((unsigned char)name[n - 2]) && strchr(name, '-') != NULL;
}

static void check_types(struct reader *r, config_setting_t *group, const char *where,
                        const char *const types[], size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (str_eq(types[i], types[k]))
                problem_add(r->problems, setting_line(group, "instance_types"),
                            "%s.instance_types: %s is there twice: once is enough", where,
                            types[i]);
        }
    }
}

static void check_zone(struct reader *r, size_t server, const struct zone_config *z)
{
    const char *region = r->c->aws.region;
    config_setting_t *group = setting_zone(r, server, z->name);
    char where[160];

    (void)str_format(where, sizeof(where), "servers.%s.zones.%s",
                     r->c->servers[server].name, z->name); /* cut it is clear enough */
    if (!is_zone(z->name))
        problem_add(r->problems, (int)config_setting_source_line(group),
                    "%s: it is no zone: write us-east-1b = { eni = ... }", where);
    else if (region != NULL && !str_starts(z->name, region))
        problem_add(r->problems, (int)config_setting_source_line(group),
                    "%s: it is not in the region of aws.region, %s", where, region);
    check_types(r, group, where, z->instance_types, z->n_instance_types);
}

/* The types of one zone, NULL the server's own. */
static size_t put_zone(const struct config *c, const struct server_config *s,
                       const struct zone_config *z, enum lifecycle lifecycle,
                       struct offering *to)
{
    bool own_types = z != NULL && z->n_instance_types > 0;
    bool own_cap = z != NULL && z->has_max_price;
    const char *const *types = own_types ? z->instance_types : s->instance_types;
    size_t n = own_types ? z->n_instance_types : s->n_instance_types;

    for (size_t i = 0; i < n; i++) {
        to[i] = (struct offering){.type = types[i],
                                  .zone = z != NULL ? z->name : "",
                                  .eni = z != NULL ? z->eni : s->eni,
                                  .cloud_node = z != NULL ? z->cloud_node : s->cloud_node,
                                  .subnet = z != NULL ? z->subnet : s->subnet,
                                  .lifecycle = lifecycle,
                                  .has_max_price = own_cap || s->has_max_price,
                                  .max_price = own_cap ? z->max_price : s->max_price};
        if (lifecycle == LIFECYCLE_ON_DEMAND) {
            to[i].has_max_price = c->policy.has_on_demand_max_price;
            to[i].max_price = c->policy.on_demand_max_price;
        }
    }
    return n;
}

void config_read_offerings(struct reader *r)
{
    static const enum lifecycle lifecycles[] = {LIFECYCLE_SPOT, LIFECYCLE_ON_DEMAND};
    size_t n_lifecycles = r->c->policy.on_demand ? 2 : 1;

    for (size_t i = 0; i < r->c->n_servers; i++) {
        struct server_config *s = &r->c->servers[i];
        struct offering *list = arena_alloc(
            r->c->arena, n_lifecycles * MAX_ZONE_TYPES * (1 + s->n_zones), sizeof(*list));
        char where[NAME_TEXT + 16];

        (void)str_format(where, sizeof(where), "servers.%s", s->name);
        check_types(r, r->server_settings[i], where, s->instance_types,
                    s->n_instance_types);
        for (size_t z = 0; z < s->n_zones; z++)
            check_zone(r, i, &s->zones[z]);
        if (list == NULL)
            return; /* the arena says so at the end */
        for (size_t l = 0; l < n_lifecycles; l++) {
            for (size_t z = 0; z <= s->n_zones; z++)
                s->n_offerings += put_zone(r->c, s, z == 0 ? NULL : &s->zones[z - 1],
                                           lifecycles[l], &list[s->n_offerings]);
        }
        s->offerings = list;
    }
}
