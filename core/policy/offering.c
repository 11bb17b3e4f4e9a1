#include <config.h>

#include "core/policy/offering.h"

#include "core/base/str.h"
#include "core/base/timefmt.h"

/* What is usual: half an interruption in 50 hours. */
enum { USUAL_LOSSES = OFFERING_WHOLE / 2, USUAL_RUN_S = 50 * 3600, HALVINGS = 10 };
#define MILLION INT64_C(1000000)
/* The bounds within which nothing overflows: 1000 USD an hour, 4 interruptions an hour, a
 * day of lost work, half a year of running times ten thousand. */
#define MOST_NANOS  (1000 * USD_NANOS)
#define MOST_HAZARD (4 * MILLION)
#define MOST_LOST_S INT64_C(86400)
#define MOST_RUN_S  (INT64_C(100000) * 366 * 86400 * OFFERING_WHOLE)
#define MOST_LOSSES (INT64_C(100000) * OFFERING_WHOLE)
#define LEAST_USEFUL                                                                     \
    (MILLION / 10) /* of an hour: tests that are lost faster never end                   \
                    */

static int64_t within(int64_t v, int64_t least, int64_t most)
{
    return v < least ? least : v > most ? most : v;
}

/* Halved once every half-life, straight in between: within 6% of the true curve. */
int64_t offering_weight(int64_t age_s)
{
    int64_t halvings, rest, whole;

    if (age_s <= 0)
        return OFFERING_WHOLE;
    halvings = age_s / OFFERING_HALF_LIFE_S;
    rest = age_s % OFFERING_HALF_LIFE_S;
    if (halvings >= HALVINGS)
        return 0;
    whole = OFFERING_WHOLE >> halvings;
    return whole - whole * rest / (2 * OFFERING_HALF_LIFE_S);
}

void offering_record_add(struct offering_record *r, struct utc start, struct utc end,
                         bool lost, struct utc now)
{
    struct utc to = end.s == 0 ? now : end;
    int64_t ran = within(to.s - start.s, 0, 366 * 86400);
    int64_t weight = offering_weight(now.s - to.s);

    r->run_s += ran;
    r->weighed_run = within(r->weighed_run + ran * weight, 0, MOST_RUN_S);
    if (!lost || end.s == 0)
        return;
    r->losses++;
    r->weighed_losses = within(r->weighed_losses + weight, 0, MOST_LOSSES);
    if (end.s > r->lost_at.s)
        r->lost_at = end;
}

int64_t offering_hazard(const struct offering_record *r)
{
    int64_t losses = USUAL_LOSSES + within(r->weighed_losses, 0, MOST_LOSSES);
    int64_t run_s = USUAL_RUN_S + within(r->weighed_run, 0, MOST_RUN_S) / OFFERING_WHOLE;

    return within(losses * (3600 * MILLION / OFFERING_WHOLE) / run_s, 0, MOST_HAZARD);
}

static bool is_on_demand(const struct offering_in *in)
{
    return in->offering->lifecycle == LIFECYCLE_ON_DEMAND;
}

/* (p + h * I) / ((1 - h * L) * speed), rounded half up once. */
static struct usd cost_of(const struct offering_in *in, struct usd price,
                          const struct offering_terms *t)
{
    /* AWS takes no on-demand instance back. */
    int64_t hazard = is_on_demand(in) ? 0 : offering_hazard(&in->record);
    int64_t paid = within(price.nanos, 0, MOST_NANOS) * MILLION +
                   hazard * within(t->interruption.nanos, 0, MOST_NANOS);
    int64_t useful = MILLION - hazard * within(t->lost_s, 0, MOST_LOST_S) / 3600;
    int64_t speed =
        in->speed_permille > 0 ? within(in->speed_permille, 100, 10000) : 1000;

    useful = within(useful, LEAST_USEFUL, MILLION) * speed / 1000;
    return (struct usd){paid / useful + (paid % useful * 2 >= useful ? 1 : 0)};
}

static bool was_lately(struct utc at, struct utc now)
{
    return at.s != 0 && now.s - at.s < OFFERING_LATELY_S;
}

static bool is_late(const struct offering_in *in, struct utc now)
{
    return was_lately(in->record.lost_at, now) || was_lately(in->record.refused_at, now);
}

static bool is_known(const struct offering_in *in)
{
    return in->price == RATE_KNOWN && in->price_age_s <= OFFERING_PRICE_OLD_S;
}

/* AWS keeps a spot cap by itself, so an unknown price is tried; the bound of on-demand is
 * ours to keep, so there it is not. */
static bool is_left_out(const struct offering_in *in)
{
    const struct offering *o = in->offering;
    bool above = o->has_max_price && in->price_hour.nanos > o->max_price.nanos;

    if (in->barred != NULL)
        return true;
    if (is_on_demand(in))
        return in->price == RATE_UNKNOWN || above;
    return is_known(in) && above;
}

static enum offering_class class_of(const struct offering_in *in, struct utc now)
{
    bool late = is_late(in, now);

    if (is_left_out(in))
        return OFFERING_LEFT_OUT;
    if (in->tried)
        return OFFERING_TRIED;
    if (is_on_demand(in))
        return late ? OFFERING_ON_DEMAND_LATELY : OFFERING_ON_DEMAND;
    if (is_known(in))
        return late ? OFFERING_LATELY : OFFERING_GOOD;
    return late ? OFFERING_LATELY_UNPRICED : OFFERING_UNPRICED;
}

static struct offering_rank rank_of(const struct offering_in *in, size_t index,
                                    const struct offering_terms *t)
{
    const struct offering *o = in->offering;
    struct offering_rank r = {.index = index, .class = class_of(in, t->now)};
    struct usd price = in->price_hour;

    r.cost_known = in->price != RATE_UNKNOWN;
    /* Nobody pays more than the cap. */
    if (!is_known(in) && !is_on_demand(in) && o->has_max_price &&
        (!r.cost_known || price.nanos > o->max_price.nanos)) {
        price = o->max_price;
        r.cost_known = true;
    }
    if (r.cost_known)
        r.cost = cost_of(in, price, t);
    return r;
}

static bool is_before(const struct offering_rank *a, const struct offering_rank *b)
{
    if (a->class != b->class)
        return a->class < b->class;
    if (a->class == OFFERING_LEFT_OUT)
        return false; /* as they were given */
    if (a->cost_known != b->cost_known)
        return a->cost_known;
    return a->cost.nanos < b->cost.nanos;
}

size_t offering_order(const struct offering_in *in, size_t n,
                      const struct offering_terms *terms, struct offering_rank *out)
{
    size_t offered = 0;

    for (size_t i = 0; i < n && i < MAX_OFFERINGS; i++) {
        struct offering_rank r = rank_of(&in[i], i, terms);
        size_t k = i;

        /* Insertion: equal ones stay in their order. */
        for (; k > 0 && is_before(&r, &out[k - 1]); k--)
            out[k] = out[k - 1];
        out[k] = r;
        offered += r.class != OFFERING_LEFT_OUT ? 1 : 0;
    }
    return offered;
}

const char *offering_name(const char *type, const char *zone, enum lifecycle lifecycle,
                          char buf[OFFERING_NAME])
{
    (void)str_format(buf, OFFERING_NAME, "%s%s%s%s", type, zone[0] != '\0' ? " " : "",
                     zone, lifecycle == LIFECYCLE_ON_DEMAND ? " on-demand" : "");
    return buf;
}

static const char *why_left_out(const struct offering_in *in, char buf[LINE_TEXT])
{
    char price[USD_TEXT], cap[USD_TEXT];

    if (in->barred != NULL)
        (void)str_copy(buf, LINE_TEXT, in->barred);
    else if (in->price == RATE_UNKNOWN)
        (void)str_copy(buf, LINE_TEXT,
                       "its on-demand price is not known: set it in cost.prices");
    else
        (void)str_format(buf, LINE_TEXT, "$%s/h is above %s $%s",
                         usd_text(in->price_hour, 3, price),
                         is_on_demand(in) ? "on_demand_max_price" : "max_price",
                         usd_text(in->offering->max_price, 3, cap));
    return buf;
}

const char *offering_why(const struct offering_in *in, const struct offering_rank *rank,
                         struct utc now, char buf[LINE_TEXT])
{
    const struct offering_record *r = &in->record;
    bool refused = was_lately(r->refused_at, now);
    char late[64] = "", cost[64] = "price not known", amount[USD_TEXT], age[DUR_TEXT];

    if (rank->class == OFFERING_LEFT_OUT)
        return why_left_out(in, buf);
    if (is_late(in, now))
        (void)str_format(
            late, sizeof(late), "%s %s ago, so last; ", refused ? "no capacity" : "lost",
            duration_text(now.s - (refused ? r->refused_at.s : r->lost_at.s), age));
    if (rank->cost_known)
        (void)str_format(cost, sizeof(cost), "%s$%s a finished hour",
                         is_known(in) || is_on_demand(in) ? "" : "at most ",
                         usd_text(rank->cost, 4, amount));
    (void)str_format(buf, LINE_TEXT, "%s%s, %d interruption%s in %lldh", late, cost,
                     r->losses, r->losses == 1 ? "" : "s",
                     (long long)(r->run_s / 3600)); /* cut it still says most */
    return buf;
}
