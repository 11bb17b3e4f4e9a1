#include <config.h>

#include "core/engine/parts.h"

#include "core/base/str.h"

#include <string.h>

/*
 * Another configuration while the program runs. A second controller is made of it and of
 * what is stored, as at a start; this one keeps its memory, and takes over what that one
 * made of the configuration. A server that is new, or another machine than before, is
 * taken as the start would take it.
 */

/* Moves, or has a call under way whose outcome is not known. */
static bool is_busy(const struct controller *c, const struct server_state *s)
{
    return s->has_move || call_is_open(c, s->config->name) ||
           recovering(c, s->config->name);
}

static bool is_away(const struct server_state *s)
{
    enum place p = s->facts.place != PLACE_UNKNOWN ? s->facts.place : s->known_place;

    return (p != PLACE_ONPREM && p != PLACE_UNKNOWN) || s->facts.instance.id[0] != '\0' ||
           s->facts.leaving.id[0] != '\0';
}

/* The same machine, moved in the same way: what is known of it stays true. */
static bool is_same(const struct server_config *a, const struct server_config *b)
{
    return str_eq(a->mover, b->mover) && str_eq(a->vm, b->vm) &&
           str_eq(a->vm_uuid, b->vm_uuid);
}

static enum err_code check_server(const struct controller *c,
                                  const struct server_state *s, const struct config *next,
                                  struct err *e)
{
    const struct server_config *to = config_server_find(next, s->config->name);
    const char *name = s->config->name;

    if (s->has_move && (to == NULL || config_server_ties(c->config, next, s->config, to)))
        return err_set(e, ERR_LOCKED,
                       "%.60s moves: its options can change when it has arrived "
                       "(`cancel %.60s` takes the move back)",
                       name, name);
    if (is_busy(c, s) &&
        (to == NULL || config_server_ties(c->config, next, s->config, to)))
        return err_set(e, ERR_LOCKED,
                       "a call for %.60s is under way: try again in a moment", name);
    /* Kept in the store it would be carried out when nobody thinks of it any more. */
    if (to == NULL && s->order.place != PLACE_UNKNOWN)
        return err_set(e, ERR_LOCKED, "an order for %.60s waits: `cancel %.60s` drops it",
                       name, name);
    if (to == NULL && is_away(s))
        return err_set(e, ERR_LOCKED,
                       "%.60s is not at home: bring it home before it leaves the "
                       "configuration",
                       name);
    if (to != NULL && !is_same(s->config, to) && is_away(s))
        return err_set(e, ERR_LOCKED,
                       "%.60s is not at home: bring it home before its vm or mover "
                       "changes",
                       name);
    return ERR_OK;
}

/* Another manager, region or account knows nothing of what is out there: its silence
 * reads as a loss, and home would be powered on beside it. So does another vSphere tell
 * of another machine's power. */
static enum err_code check_tellers(const struct controller *c,
                                   const struct server_state *s,
                                   const struct config *next, struct err *e)
{
    const enum source tellers[] = {
        s->mover->launches ? SOURCE_INSTANCES : SOURCE_VELOSTRATA, SOURCE_VSPHERE};
    const char *name = s->config->name, *option = NULL;

    for (size_t i = 0; i < ARRAY_LEN(tellers) && option == NULL; i++)
        option = source_other_by(c->config, next, tellers[i]);
    if (option == NULL)
        return ERR_OK;
    if (is_away(s))
        return err_set(e, ERR_LOCKED,
                       "%.60s is not at home: bring it home before %s changes", name,
                       option);
    if (s->has_move)
        return err_set(e, ERR_LOCKED,
                       "%.60s moves: %s can change when it is at home (`cancel %.60s` "
                       "takes the move back)",
                       name, option, name);
    if (is_busy(c, s))
        return err_set(e, ERR_LOCKED,
                       "a call for %.60s is under way: try again in a moment", name);
    return ERR_OK;
}

static void keep_node(struct node_facts *to, const struct node_facts *was)
{
    if (str_eq(to->name, was->name))
        *to = *was;
}

/* What is known of a server, under its new options. `made` is as a start makes it. */
static void keep_server(struct server_state *made, const struct server_state *was)
{
    struct server_state s = *was;

    s.config = made->config;
    s.mover = made->mover;
    s.zone_nodes = made->zone_nodes;
    s.facts.onprem = made->facts.onprem;
    s.facts.cloud = made->facts.cloud;
    keep_node(&s.facts.onprem, &was->facts.onprem);
    keep_node(&s.facts.cloud, &was->facts.cloud);
    for (size_t i = 0; s.zone_nodes != NULL && i <= s.config->n_zones; i++) {
        keep_node(&s.zone_nodes[i], &was->facts.cloud);
        for (size_t k = 0; was->zone_nodes != NULL && k <= was->config->n_zones; k++)
            keep_node(&s.zone_nodes[i], &was->zone_nodes[k]);
    }
    if (!str_eq(s.config->eni, was->config->eni)) {
        s.home_zone[0] = '\0';
        s.zone_seen.s = 0;
    }
    s.offers_at.s = 0;
    s.vm = NULL; /* found again below */
    *made = s;
}

/* Calls of an earlier run for servers that this one did not know until now. */
static void keep_unresolved(struct controller *c, const struct controller *made)
{
    for (size_t i = 0; i < made->n_unresolved; i++) {
        const struct unresolved *u = &made->unresolved[i];

        if (u->server[0] != '\0' && server_find(c, u->server) == NULL &&
            c->n_unresolved < MAX_CALLS_OPEN) {
            c->unresolved[c->n_unresolved++] = *u;
            c->resume_told = false;
        }
    }
}

static void swap_servers(struct controller *c, struct controller *made)
{
    struct server_state *servers = c->servers;
    struct plan_server *plan = c->plan_servers;
    struct plan_server_out *outs = c->plan_outs;
    size_t n = c->n_servers;

    for (size_t i = 0; i < made->n_servers; i++) {
        const struct server_state *was = server_find(c, made->servers[i].config->name);

        if (was != NULL && is_same(was->config, made->servers[i].config))
            keep_server(&made->servers[i], was);
    }
    c->servers = made->servers;
    c->plan_servers = made->plan_servers;
    c->plan_outs = c->plan.servers = made->plan_outs;
    c->n_servers = made->n_servers;
    made->servers = servers;
    made->plan_servers = plan;
    made->plan_outs = made->plan.servers = outs;
    made->n_servers = n;
}

/* What is made of the configuration now and then is made anew. */
static void forget_made(struct controller *c)
{
    c->schedule_built = false;
    c->today_minute = 0;
    c->next_day.s = 0; /* the sums of days and months, the forecast: of another zone */
    c->month.spent_at.s = c->month.days_at.s = c->month.forecast_at.s = 0;
    c->pools_at.s = 0;
    memset(c->vm_owners, 0, sizeof(c->vm_owners));
}

/* The breaker that a wrong configuration opened ends with that configuration. */
static void close_breakers(struct controller *c)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        if (c->servers[i].breaker_for_good)
            breaker_close(c, &c->servers[i]);
    }
}

static void take_over(struct controller *c, struct controller *made,
                      const struct config *next, const struct tz *tz)
{
    const struct config *was = c->config;
    const struct observation *vsphere, *listed;
    bool same_print = str_eq(c->fingerprint, made->fingerprint);

    if (!next->policy.lead_auto || !was->policy.lead_auto) {
        c->lead_s = made->lead_s;
        c->lead_day = made->lead_day;
    }
    keep_unresolved(c, made);
    builds_reconfigure(c, next);
    swap_servers(c, made);
    c->config = next;
    c->tz = tz;
    (void)str_copy(c->fingerprint, sizeof(c->fingerprint), made->fingerprint);
    forget_made(c);
    if (!same_print)
        close_breakers(c);
    sources_reconfigure(c, was);
    vsphere = c->sources[SOURCE_VSPHERE].good;
    listed = c->sources[SOURCE_INSTANCES].good;
    if (vsphere != NULL)
        merge_owners(c, &vsphere->as.vsphere);
    if (listed != NULL)
        instances_owners(c, &listed->as.instances);
    schedule_refresh(c);
}

static enum err_code reconfigure(struct controller *c, const struct config_order *o,
                                 struct err *e)
{
    const struct controller_options as = {.config = o->config,
                                          .tz = o->tz,
                                          .seed = rng_next(&c->rng),
                                          .dry_run = c->dry_run,
                                          .observe = c->observe,
                                          .orders_only = c->orders_only,
                                          .shared_lock = c->lease.shared,
                                          .host = c->host,
                                          .user = c->user,
                                          .pid = c->pid,
                                          .without_texts = c->without_texts};
    struct controller *made = NULL;

    for (size_t i = 0; i < c->n_servers; i++) {
        if (check_server(c, &c->servers[i], o->config, e) != ERR_OK ||
            check_tellers(c, &c->servers[i], o->config, e) != ERR_OK)
            return e->code;
    }
    if (controller_new(&as, o->state, c->now, c->mono, &made, e) != ERR_OK)
        return e->code;
    take_over(c, made, o->config, o->tz);
    controller_free(made);
    return ERR_OK;
}

static void say(struct controller *c, const struct config_order *o, enum level level,
                const char *text)
{
    struct journal_entry *j = journal_begin(c, level, o->by, "", "reload");

    (void)str_copy(j->reason, sizeof(j->reason), o->why);
    j->outcome = level == LEVEL_INFO ? OUTCOME_DONE : OUTCOME_FAILED;
    journal_say(c, j, "%s", text);
}

void config_take(struct controller *c, struct config_order *o)
{
    struct err e = {0};

    if (o->config != NULL && o->refused[0] == '\0') {
        if (reconfigure(c, o, &e) == ERR_OK)
            o->taken = true;
        else
            (void)str_copy(o->refused, sizeof(o->refused), e.text);
    }
    if (o->taken)
        (void)str_format(o->text, sizeof(o->text), "configuration read again: %s",
                         o->changes);
    else
        (void)str_format(o->text, sizeof(o->text), "the old configuration stays: %s",
                         o->refused);
    say(c, o, o->taken ? LEVEL_INFO : LEVEL_ERROR, o->text);
    for (size_t i = 0; i < o->n_errors; i++)
        say(c, o, LEVEL_ERROR, o->errors[i]);
}

void config_note(struct controller *c)
{
    if (str_eq(c->config_known, c->fingerprint))
        return;
    if (c->config_known[0] != '\0') {
        c->config_since = c->now;
        setting_store_time(c, "config_since", c->now);
    }
    (void)str_copy(c->config_known, sizeof(c->config_known), c->fingerprint);
    setting_store(c, "config", c->fingerprint);
}
