/*
 * offering - in which order a server's offerings are tried: by what an hour of finished
 * tests is expected to cost on each. Pure: no clock, no I/O, no allocation; plain values.
 * Threads: any.
 *
 * The model. A spot instance costs p an hour and is taken back h times an hour. Each time
 * costs I (the way home and out again, priced) and the work of L hours, which was paid
 * for and is done once more. So an hour of finished tests costs
 *
 *     (p + h * I) / ((1 - h * L) * speed)
 *
 * h is what our own ledger saw of this type in this zone, drawn to what is usual while
 * little was seen: (1/2 + losses) / (50 h + hours), where what is two weeks old counts
 * half, four weeks a quarter, and so on. That is a Gamma prior of one interruption in 100
 * hours, worth 50 hours of looking, and a Poisson count.
 */
#ifndef RH_POLICY_OFFERING_H
#define RH_POLICY_OFFERING_H

#include "core/model/config.h"

enum {
    OFFERING_LATELY_S = 30 * 60,       /* lost or refused within it: asked last (5.4) */
    OFFERING_PRICE_OLD_S = 6 * 3600,   /* an older price is not known any more */
    OFFERING_HALF_LIFE_S = 14 * 86400, /* of what was seen */
    OFFERING_WHOLE = 1024              /* weight of what is seen now */
};

/* What was seen of one pool: a type in a zone, spot or on-demand. Zeroed: nothing. */
struct offering_record {
    int64_t run_s;       /* for people */
    int32_t losses;      /* for people */
    int64_t weighed_run; /* seconds, each times its weight */
    int64_t weighed_losses;
    struct utc lost_at;    /* the newest interruption, 0 = none */
    struct utc refused_at; /* the newest capacity error, 0 = none */
};

/* How much something of that age counts, of OFFERING_WHOLE. */
int64_t offering_weight(int64_t age_s);

/* Adds one stretch of running; end 0: it runs still. lost: AWS ended it. */
void offering_record_add(struct offering_record *r, struct utc start, struct utc end,
                         bool lost, struct utc now) NONNULL;

/* Expected interruptions, millionths an hour. */
int64_t offering_hazard(const struct offering_record *r) NONNULL;

enum price_knowledge {
    RATE_UNKNOWN,
    RATE_AT_MOST, /* a bound: the on-demand price, for spot without a cap */
    RATE_KNOWN
};

struct offering_in {
    const struct offering *offering;
    enum price_knowledge price;
    struct usd price_hour;
    int64_t price_age_s;
    struct offering_record record;
    int32_t speed_permille; /* of tests on it, 1000 = usual; 0 = not known */
    bool tried;             /* refused in this round of tries: all others come first */
    const char *barred;     /* why it cannot be used at all, NULL: it can */
};

struct offering_terms {
    struct utc now;
    int64_t lost_s;          /* work that an interruption loses */
    struct usd interruption; /* cost of one besides that work */
};

/* In the order in which they are tried; within one of them by cost. */
enum offering_class {
    OFFERING_GOOD,
    OFFERING_UNPRICED,        /* no price that could be believed */
    OFFERING_LATELY,          /* lost or refused a moment ago */
    OFFERING_LATELY_UNPRICED, /* both */
    OFFERING_ON_DEMAND,
    OFFERING_ON_DEMAND_LATELY,
    OFFERING_TRIED,
    OFFERING_LEFT_OUT /* above its cap, or barred */
};

struct offering_rank {
    size_t index; /* into the input */
    enum offering_class class;
    bool cost_known;
    struct usd cost; /* of an hour of finished tests; with a bound as its price a bound */
};

/*
 * Fills out[0..n) with all of them in the order in which they are tried; those that are
 * left out come last. Returns how many are not. Equal ones stay in the order given, which
 * is that of the configuration. n is MAX_OFFERINGS at most; what is beyond is not looked
 * at. Amounts beyond 1000 USD an hour count as that.
 */
size_t offering_order(const struct offering_in *in, size_t n,
                      const struct offering_terms *terms,
                      struct offering_rank *out) NONNULL;

/* "c5.2xlarge us-east-1b", "m5.large on-demand"; zone "" is left away. */
enum { OFFERING_NAME = 2 * NAME_TEXT + 16 };
const char *offering_name(const char *type, const char *zone, enum lifecycle lifecycle,
                          char buf[OFFERING_NAME]) NONNULL;

/* Why it stands where it stands, for people. */
const char *offering_why(const struct offering_in *in, const struct offering_rank *rank,
                         struct utc now, char buf[LINE_TEXT]) NONNULL;

#endif
