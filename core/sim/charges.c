#include <config.h>

#include "core/sim/charges.h"

#include "core/base/str.h"
#include "core/move/mover.h"

enum {
    HOUR_MS = 3600 * 1000,
    /* Policy-and-cost 8: prices of the last hours may be what was reckoned with; and what
     * is drained in time goes home before the rush hours end. */
    PRICE_PERCENT = 80,
    HOME_EARLIER_MS = HOUR_MS,
    SLACK_PERCENT = 1,
    /* Young for two minutes, listed up to five late, looked at again after ten, and ended
     * at a look. */
    STRAY_MS = 17 * 60 * 1000,
    STRAY_LOOKS = 4,
    /* Where nothing is launched the region is looked at so much more seldom until the
     * stray is seen (core/engine/sources.c). */
    QUIET_LOOKS = 9
};
#define SLACK_NANOS INT64_C(100000000)

static void broken(struct charges *v, const char *what, const char *whose, int64_t a,
                   int64_t b)
{
    char x[USD_TEXT], y[USD_TEXT];

    if (v->why[0] == '\0')
        (void)str_format(v->why, sizeof(v->why), "I7: %.40s is launched %s $%s of $%s",
                         whose, what, usd_text((struct usd){a}, 2, x),
                         usd_text((struct usd){b}, 2, y));
}

static int64_t spent_until(const struct charges *v)
{
    int64_t on_ms = world_extension_on_ms(v->w) - v->before_on_ms;

    return world_totals(v->w).bill_nanos - v->before_nanos +
           v->c->cost.extension_hour.nanos / HOUR_MS * on_ms;
}

void charges_begin(struct charges *v, const struct world *w, const struct config *c,
                   int64_t rest_ms, bool trusts_ec2)
{
    *v = (struct charges){
        .w = w, .c = c, .rest_ms = rest_ms, .trusts_ec2 = trusts_ec2, .away_ms = w->now};
    v->stray_looks = STRAY_LOOKS + (mover_any_launches(c) ? 0 : QUIET_LOOKS);
}

static void turn_month(struct charges *v)
{
    struct utc month = ledger_month_start((struct utc){v->w->now / 1000});

    if (month.s == v->month.s)
        return;
    v->month = month;
    v->before_nanos = world_totals(v->w).bill_nanos;
    v->before_on_ms = world_extension_on_ms(v->w);
}

static const char *tag(const struct sim_instance *in, const char *key)
{
    for (size_t i = 0; i < in->n_tags; i++)
        if (str_eq(in->tags[i].key, key))
            return in->tags[i].value;
    return "";
}

static bool is_ours(const struct charges *v, const struct sim_instance *in)
{
    return str_eq(tag(in, "rushhour:deployment"), v->c->deployment);
}

static int32_t server_of(const struct charges *v, const struct sim_instance *in)
{
    int32_t i = in->server >= 0  ? in->server
                : is_ours(v, in) ? world_server_find(v->w, tag(in, "rushhour:server"))
                                 : -1;

    return i < (int32_t)v->c->n_servers ? i : -1;
}

/* ----- I7 ----- */

/* The least that somebody may have reckoned with. */
static int64_t hour_nanos(const struct charges *v, const struct sim_instance *in)
{
    const struct sim_offering *o =
        world_offering(v->w, in->type_index, world_zone_find(v->w, in->zone));
    int64_t now = world_spot_price(o, v->w->now);

    if (!in->spot)
        return v->w->types[in->type_index].on_demand;
    return (now < o->mean ? now : o->mean) * PRICE_PERCENT / 100;
}

/* What stays out there for the rush hours, to their end or the month's. */
static int64_t committed(const struct charges *v, const struct controller *k,
                         struct utc window_end)
{
    int64_t end = ledger_month_end((struct utc){v->w->now / 1000}).s * 1000, sum = 0;
    int64_t window = window_end.s * 1000 - HOME_EARLIER_MS;

    end = window < end ? window : end;
    for (size_t n = 0; n < v->w->n_instances && end > v->w->now; n++) {
        const struct sim_instance *in = v->w->instances[n];
        int32_t i = in->dying_since == 0 && in->reclaim_at == 0 ? server_of(v, in) : -1;

        if (i >= 0 && controller_server(k, (size_t)i).decision->desired == PLACE_CLOUD)
            sum += hour_nanos(v, in) / HOUR_MS * (end - v->w->now);
    }
    return sum;
}

/* A person may have said yes to it; the budget is judged at the commit point, and that
 * may lie in the month before. */
static bool is_allowed(const struct charges *v, const struct controller_server *s)
{
    int64_t before = s->move != NULL ? v->month.s - s->move->committed_at.s : INT64_MAX;

    return s->manual || (s->hold->place == PLACE_CLOUD && s->hold->over_budget) ||
           (before > 0 && before < v->c->policy.timeout_out);
}

static void one_more(struct charges *v, const struct controller *k, size_t i,
                     struct utc window_end)
{
    const struct controller_server s = controller_server(k, i);
    const int64_t cap = v->c->policy.budget_month.nanos;
    int64_t spent, all, most;

    if (!v->c->policy.has_budget || is_allowed(v, &s))
        return;
    most = cap + cap / 100 * SLACK_PERCENT + SLACK_NANOS;
    spent = spent_until(v);
    all = spent + committed(v, k, window_end);
    if (spent > most)
        broken(v, "after AWS has billed", v->c->servers[i].name, spent, cap);
    else if (all > most)
        broken(v, "and what is out there will cost", v->c->servers[i].name, all, cap);
}

/* ----- I4 ----- */

static void untagged(struct charges *v, const struct sim_instance *in)
{
    if (v->why[0] == '\0')
        (void)str_format(v->why, sizeof(v->why), "I4: %.40s of %.40s has no tag of ours",
                         in->id, v->c->servers[server_of(v, in)].name);
}

static struct charges_stray *stray_find(struct charges *v, int64_t serial)
{
    for (size_t i = 0; i < CHARGES_STRAYS; i++)
        if (v->strays[i].serial == serial)
            return &v->strays[i];
    return NULL;
}

static bool is_claimed(const struct charges *v, const struct controller *k,
                       const struct sim_instance *in)
{
    for (size_t i = 0; i < v->c->n_servers; i++)
        if (str_eq(controller_server(k, i).facts->instance.id, in->id))
            return true;
    return false;
}

static void stray(struct charges *v, const struct sim_instance *in)
{
    struct charges_stray *s = stray_find(v, in->serial);
    int64_t now = v->w->now, since;

    if (s == NULL) {
        s = stray_find(v, 0);
        if (s == NULL)
            return; /* so many others are watched */
        *s = (struct charges_stray){in->serial, now};
        v->n_strays++;
    }
    since = s->since_ms > v->away_ms ? s->since_ms : v->away_ms;
    if (now - since > STRAY_MS + v->stray_looks * v->rest_ms && v->why[0] == '\0')
        (void)str_format(v->why, sizeof(v->why),
                         "I4: %.40s is nobody's and lives for %lld s", in->id,
                         (long long)(now - since) / 1000);
}

static void look_for_strays(struct charges *v, const struct controller *k)
{
    const struct controller_wishes all = controller_wishes(k);

    if (all.setting != AUTO_ON || all.snooze_until.s != 0)
        charges_away(v);
    for (size_t n = 0; v->trusts_ec2 && n < v->w->n_instances; n++) {
        const struct sim_instance *in = v->w->instances[n];
        struct charges_stray *s = v->n_strays > 0 ? stray_find(v, in->serial) : NULL;

        if (in->dying_since == 0 && is_ours(v, in) && !is_claimed(v, k, in)) {
            stray(v, in);
        } else if (s != NULL) {
            *s = (struct charges_stray){0};
            v->n_strays--;
        }
    }
}

/* ----- both ----- */

void charges_look(struct charges *v, const struct controller *k, struct utc window_end)
{
    turn_month(v);
    look_for_strays(v, k);
    if (v->w->totals.launches == v->launches)
        return;
    v->launches = v->w->totals.launches;
    for (size_t n = 0; n < v->w->n_instances; n++) {
        const struct sim_instance *in = v->w->instances[n];
        int32_t i = in->serial > v->serial ? server_of(v, in) : -1;

        if (i >= 0 && !in->managed && in->client_token[0] != '\0' && !is_ours(v, in))
            untagged(v, in);
        if (i >= 0)
            one_more(v, k, (size_t)i, window_end);
        v->serial = in->serial > v->serial ? in->serial : v->serial;
    }
}

void charges_away(struct charges *v)
{
    v->away_ms = v->w->now;
}
