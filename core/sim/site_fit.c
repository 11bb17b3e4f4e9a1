#include <config.h>

#include "core/sim/site_impl.h"

#include "core/cost/bill.h"
#include "core/model/config.h"

#include <stdlib.h>
#include <string.h>

#define KEEP(field, text)                                                                \
    (void)str_copy(field, sizeof(field), text) /* a cut is one, too */

/* The simulated jobs carry their server's name in front. */
static void name_jobs(struct world *w, const struct sim_tested *s, const char *name)
{
    size_t old = strlen(s->name);

    for (size_t i = 0; i < s->n_jobs; i++) {
        struct sim_job *j = &w->jobs[s->jobs[i]];
        char rest[SIM_NAME];

        if (strncmp(j->name, s->name, old) != 0)
            continue;
        KEEP(rest, j->name + old);
        (void)str_format(j->name, sizeof(j->name), "%.40s%s", name, rest);
    }
}

static void fit_server(struct world *w, struct sim_tested *s,
                       const struct server_config *c)
{
    struct sim_eni *eni = &w->enis[s->eni];

    name_jobs(w, s, c->name);
    KEEP(s->name, c->name);
    KEEP(s->label, c->name);
    KEEP(w->vms[s->vm].name, c->vm);
    if (c->vm_uuid[0] != '\0')
        KEEP(w->vms[s->vm].instance_uuid, c->vm_uuid);
    KEEP(w->nodes[s->node[SIM_HOME]].name, c->onprem_node);
    KEEP(w->nodes[s->node[SIM_CLOUD]].name, c->cloud_node);
    if (c->eni[0] != '\0')
        KEEP(eni->id, c->eni);
    if (c->static_address[0] != '\0')
        KEEP(eni->ip, c->static_address);
}

static void rename_zone(struct world *w, size_t z, const char *name)
{
    for (size_t i = 0; i < w->n_enis; i++)
        if (str_eq(w->enis[i].zone, w->zones[z]))
            KEEP(w->enis[i].zone, name);
    KEEP(w->subnets[z].zone, name);
    KEEP(w->zones[z], name);
}

/* One of the region's names that nobody has taken. */
static void free_name(const struct world *w, char out[SIM_NAME])
{
    char letter = 'a';

    do
        (void)str_format(out, SIM_NAME, "%s%c", w->region, letter++);
    while (world_zone_find(w, out) >= 0);
}

/* The zones that servers have besides their own take the places behind the first. */
static enum err_code fit_zone(struct world *w, size_t *n, const char *name, struct err *e)
{
    int32_t at = world_zone_find(w, name);
    char other[SIM_NAME];

    if (at > 0 && (size_t)at < 1 + *n)
        return ERR_OK;
    if (1 + *n >= w->n_zones || strlen(name) >= sizeof(w->zones[0]))
        return err_set(e, ERR_USAGE,
                       "zone %.40s: the simulation has %zu zones, with names of at most "
                       "%zu characters",
                       name, w->n_zones, sizeof(w->zones[0]) - 1);
    if (at >= 0) {
        free_name(w, other);
        rename_zone(w, (size_t)at, other);
    }
    rename_zone(w, ++*n, name);
    return ERR_OK;
}

static enum err_code fit_zones(struct world *w, const struct config *c, struct err *e)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_servers; i++)
        for (size_t z = 0; z < c->servers[i].n_zones; z++)
            if (fit_zone(w, &n, c->servers[i].zones[z].name, e) != ERR_OK)
                return e->code;
    for (size_t i = 0; i < c->n_servers; i++)
        for (size_t z = 0; z < c->servers[i].n_zones; z++) {
            const struct zone_config *k = &c->servers[i].zones[z];
            const struct sim_eni *eni;
            const struct sim_node *node;

            if (world_add_zone(w, (int32_t)i, k->name, &eni, &node) != SIM_OK)
                return err_set(e, ERR_NOMEM, "no memory for the simulated site");
            KEEP(w->enis[node->eni].id, k->eni);
            KEEP(w->nodes[eni->node].name, k->cloud_node);
        }
    return ERR_OK;
}

/* Zones are called after their region. */
static void fit_region(struct world *w, const char *region)
{
    for (size_t z = 0; z < w->n_zones; z++) {
        char name[sizeof(w->zones[z])];

        (void)str_format(name, sizeof(name), "%s%c", region, (char)('a' + (int)z));
        rename_zone(w, z, name);
    }
    KEEP(w->region, region);
}

static enum err_code fit_type(struct world *w, const char *type,
                              const struct price_book *book, const char **guessed,
                              struct err *e)
{
    struct usd spot = {0}, on_demand = {0};
    bool listed = book_on_demand(book, type, &on_demand);
    bool known = book_spot_configured(book, type, &spot) || listed;
    int32_t t = world_type_find(w, type);

    if (t < 0) {
        t = world_type_add(w, type, 0);
        if (t < 0)
            return err_set(
                e, ERR_USAGE,
                "instance type %.40s: there are too many types, or the name is "
                "too long for the simulation",
                type);
        w->types[t].unlisted = !listed;
        if (!known && *guessed == NULL)
            *guessed = type;
        /* AWS sells spot for a third of it, or less. */
        if (spot.nanos == 0)
            spot.nanos = on_demand.nanos * 3 / 10;
    }
    world_type_price(w, t, on_demand.nanos, spot.nanos);
    return ERR_OK;
}

enum err_code site_fit(struct site *s, const struct config *c,
                       const struct price_book *book, const char **guessed, struct err *e)
{
    struct world *w = s->w;

    *guessed = NULL;
    if (w->n_servers != c->n_servers)
        return err_set(e, ERR_BUG, "a site of %zu servers for a configuration of %zu",
                       w->n_servers, c->n_servers);
    for (size_t i = 0; i < w->n_servers; i++)
        fit_server(w, &w->servers[i], &c->servers[i]);
    if (c->aws.region != NULL && c->aws.region[0] != '\0')
        fit_region(w, c->aws.region);
    if (c->velostrata.cloud_extension != NULL)
        KEEP(w->extension.id, c->velostrata.cloud_extension);
    if (fit_zones(w, c, e) != ERR_OK)
        return e->code;
    for (size_t i = 0; i < c->n_servers; i++)
        for (size_t k = 0; k < c->servers[i].n_offerings; k++)
            if (fit_type(w, c->servers[i].offerings[k].type, book, guessed, e) != ERR_OK)
                return e->code;
    return ERR_OK;
}

/* The servers' own interfaces are in the first zone. */
void site_set_home_zone(struct site *s, const char *name)
{
    struct world *w = s->w;
    int32_t other = world_zone_find(w, name);
    char first[sizeof(w->zones[0])];

    if (other == 0 || strlen(name) >= sizeof(first))
        return;
    KEEP(first, w->zones[0]);
    if (other > 0) /* out of the way: what is in a zone is found by its name */
        rename_zone(w, (size_t)other, "-");
    rename_zone(w, 0, name);
    if (other > 0)
        rename_zone(w, (size_t)other, first);
}

static bool is_recorded(const struct world *w, int32_t zone)
{
    for (size_t t = 0; t < w->n_types; t++)
        if (world_offering(w, (int32_t)t, zone)->recorded)
            return true;
    return false;
}

/* By name, or one that nothing was recorded of yet; never the servers' own. */
static int32_t zone_for(struct world *w, const char *name)
{
    int32_t found = world_zone_find(w, name);

    for (size_t z = 1; found < 0 && z < w->n_zones; z++) {
        if (is_recorded(w, (int32_t)z) || strlen(name) >= sizeof(w->zones[z]))
            continue;
        rename_zone(w, z, name);
        found = (int32_t)z;
    }
    return found;
}

bool site_record_prices(struct site *s, const char *type, const char *zone,
                        const struct price_step *steps, size_t n)
{
    int32_t t = world_type_find(s->w, type), z = t >= 0 ? zone_for(s->w, zone) : -1;
    struct sim_price *prices = n > 0 ? calloc(n, sizeof(*prices)) : NULL;
    bool done = z >= 0 && prices != NULL;

    for (size_t i = 0; done && i < n; i++)
        prices[i] = (struct sim_price){steps[i].at.s * 1000, steps[i].price.nanos};
    done = done && world_record_prices(s->w, t, z, prices, n) == SIM_OK;
    free(prices);
    return done;
}
