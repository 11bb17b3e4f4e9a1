/*
 * fleet - one picture of everything at one moment, as the screen, status --json and line
 * mode show it. One block of memory; share with fleet_ref(), drop with fleet_unref().
 * Threads: read-only once published, then safe everywhere.
 */
#ifndef RH_MODEL_FLEET_H
#define RH_MODEL_FLEET_H

#include "core/model/command.h"
#include "core/model/facts.h"
#include "core/model/record.h"

/* What policy says of one server. */
struct decision {
    enum place desired; /* PLACE_UNKNOWN: nothing is wanted (auto off, no hold) */
    enum reason reason;
    enum gate gate;        /* the headline gate of a due move, GATE_NONE */
    uint32_t gates;        /* all that hold: bit 1 << GATE_… */
    struct utc gate_until; /* 0 = unknown */
    /* The texts come last: decision_take() */
    char reason_text[LINE_TEXT];
    char gate_text[LINE_TEXT];
};

/* The open move of a server, for drawing. */
struct move_view {
    bool active;
    char id[ID_TEXT];
    enum direction direction;
    enum step step;
    int32_t n, of; /* step n of `of`, from 1 */
    enum step steps[MAX_STEPS];
    int64_t step_took_s[MAX_STEPS]; /* of finished steps and of the running one; -1 not
                                       begun */
    bool committed, manual, force, interrupted;
    struct utc started, step_since;
    struct utc drain_deadline, deadline; /* 0 = none */
    int32_t progress;                    /* -1 unknown */
    char by[NAME_TEXT];
    char note[LINE_TEXT];
};

/* The site's days that a UTC month has: of the first and the last maybe a part only. */
enum { FLEET_DAYS = 32 };

struct cost_view {
    bool hour_known; /* false: the price is unknown, shown as ? */
    struct usd hour, today, month;
    bool month_known;      /* false: some of today or of the month has no price */
    bool same_hours_known; /* the month so far, had its hours been on-demand: */
    struct usd same_hours;
    int64_t instance_s;          /* of this month, that its instances were paid for */
    struct usd days[FLEET_DAYS]; /* the fleet's days; 0 where a bit says unknown */
    uint32_t days_unknown;       /* bit 1 << day: some of it has no price */
    struct usd price; /* of its running instance, or what its first offering costs now */
    enum price_source price_source; /* PRICE_UNKNOWN: shown as ? */
    struct utc price_as_of;         /* 0 = configured, it has no age */
};

/* A row of the order in which a server's offerings would be tried now. */
enum { FLEET_OFFERINGS = 6, OFFERING_WHY = 128 };
struct offering_view {
    char type[NAME_TEXT], zone[NAME_TEXT]; /* zone "": not known */
    enum lifecycle lifecycle;
    bool price_known;
    struct usd price;      /* per hour, now */
    int32_t interruptions; /* seen on it lately */
    bool left_out;         /* not tried at all */
    char why[OFFERING_WHY];
};

/* The site's day in quarters of an hour; a day has 25 hours at most. */
enum { FLEET_QUARTERS = 100, FLEET_QUARTER_S = 900 };
#define FLEET_PLACE_LETTERS "?oc><l" /* of enum place, in texts */
_Static_assert(sizeof(FLEET_PLACE_LETTERS) == PLACE_COUNT + 1, "a letter for each");

/* What AWS said of a server's spot requests, one behind the other, as far as this process
 * has seen it. */
enum { FLEET_SPOT_STEPS = 6, SPOT_STATUS = 48 };
struct spot_step {
    struct utc at; /* seen first */
    char status[SPOT_STATUS];
};

struct server_view {
    char name[NAME_TEXT], mover[16], vm[NAME_TEXT];
    struct server_facts facts;
    struct decision decision;
    bool auto_on;            /* of this server alone */
    struct utc snooze_until; /* of this server alone, 0 = none */
    struct hold hold;        /* place unknown: none */
    struct move_view move;
    int32_t failures;    /* failed moves in a row */
    struct utc retry_at; /* backoff or re-run delay, 0 = none */
    bool breaker_open;
    int32_t interruptions; /* within the last 7 days */
    struct utc last_interruption;
    bool wait_data; /* an order waits for fresh data */
    struct cost_view cost;
    bool over_budget; /* a move out now would exceed the budget */
    struct offering_view offerings[FLEET_OFFERINGS];
    size_t n_offerings;
    int32_t offerings_more;           /* behind those */
    uint8_t quarters[FLEET_QUARTERS]; /* enum place: where it was seen today, moves and
                                         losses before all; unknown: nobody saw it */
    struct spot_step spot_steps[FLEET_SPOT_STEPS]; /* oldest first */
    size_t n_spot_steps;
};

/* How long the builds of a job take here and there (cost/speedup). */
struct job_view {
    char name[BUILD_TEXT];       /* full name */
    char server[NAME_TEXT];      /* where its newest build ran */
    bool known;                  /* enough builds in both places: */
    int32_t percent;             /* 42: takes 42 % less time in the cloud */
    int64_t onprem_ms, cloud_ms; /* medians, 0 without a build */
    int32_t onprem_builds, cloud_builds;
};

/* What all of it cost on a day of the month. */
struct day_view {
    struct utc start;
    bool known; /* false: some of it has no price, cost is 0 */
    struct usd cost;
};

/* The spot price of a type in a zone, in steps up to now. */
enum { FLEET_TRACKS = 16, FLEET_PRICE_STEPS = 48, FLEET_PRICE_STEP_S = 1800 };
struct price_view {
    char type[NAME_TEXT], zone[NAME_TEXT];
    bool on_demand_known;
    struct usd on_demand; /* of the type, per hour */
    struct utc from;      /* of the first step */
    bool known[FLEET_PRICE_STEPS];
    struct usd prices[FLEET_PRICE_STEPS];
};

/* The median of the jobs, and what it is made of. */
struct speedup_view {
    bool known;
    int32_t percent, jobs, builds;
    char missing[LINE_TEXT]; /* while it is not known: what for; "" */
};

enum { FLEET_LATENCIES = 32 };
struct api_view {
    enum source source;
    enum api_state state;
    struct utc last_ok; /* 0 = never */
    struct utc next;    /* next poll */
    int64_t latency_ms, every_s;
    int32_t latencies_ms[FLEET_LATENCIES]; /* of the last polls, the newest last; -1 */
    struct utc held_until; /* it asked to be left alone until then, 0 = it did not */
    int32_t errors_hour, failures; /* failures in a row */
    char error[LINE_TEXT];         /* last error, "" */
    struct utc error_at;
    char request_id[ID_TEXT], error_request_id[ID_TEXT]; /* of the last exchange, and of
                                                            the last error; "" = none */
};

struct alert {
    struct utc at;
    char server[NAME_TEXT], code[32], text[LINE_TEXT];
};

enum { FLEET_EVENTS = 256, FLEET_ALERTS = 16, FLEET_REPLIES = 16, FLEET_DEGRADED = 24 };
enum { FLEET_JOBS = 64 };

struct fleet {
    int refs;         /* atomic; fleet_ref/unref only */
    uint64_t version; /* grows with every publication */
    struct utc at;
    char site[NAME_TEXT], tz[NAME_TEXT];
    enum mode mode;
    enum auto_setting setting; /* the stored switch */
    struct utc snooze_until;   /* 0 = none */
    struct utc auto_since;
    char auto_by[NAME_TEXT];
    bool observe; /* --observe: no commands at all */
    bool ended;   /* of an observer: nobody acts, it may take over */
    struct {
        char host[NAME_TEXT];
        int32_t pid;
        struct utc since;
        char who[NAME_TEXT];
    } controller; /* pid 0: none runs */
    struct {
        bool configured, held;
        char holder[NAME_TEXT]; /* another one's name, "" = ours, nobody's, unknown */
    } shared_lock;              /* of several machines; not held: this one looks on */
    char degraded[FLEET_DEGRADED][32];
    size_t n_degraded;
    bool in_window, in_lead, in_drain;
    bool jenkins_quieting; /* gate node: no way out without a question */
    int64_t lead_s;        /* the way out begins so long before a window */
    int64_t out_usual_s; /* nine of ten ways out are ready so soon after their start; 0 =
                            none is known */
    struct {
        struct utc at;        /* 0 = none known */
        char what[LINE_TEXT]; /* "window ends: 4 servers return" */
        enum place place;     /* where they go */
    } next;
    struct extension_facts extension;
    struct utc extension_empty_since; /* active with no VM in the cloud, 0 */
    bool extension_cost_known;
    struct usd extension_hour, extension_today, extension_month;
    struct host_facts host;
    bool hour_known; /* the sum below has no unknown part */
    struct usd hour, today, month;
    bool month_known;
    struct {
        bool known;
        struct usd p10, p50, p90;
    } forecast; /* of the whole month */
    struct {
        int32_t servers; /* in the cloud beyond the rush hours, and nothing brings them
                            home: auto is off, asleep or dry-run */
        bool hour_known;
        struct usd hour; /* what they and their extension cost */
    } left;
    bool has_budget, budget_reached;
    struct usd budget;
    struct {
        bool known;
        struct usd amount;
    } compare[COMPARISON_COUNT];      /* the whole month, by forecast */
    struct day_view days[FLEET_DAYS]; /* up to today, the last of them */
    size_t n_days;
    struct usd items[COST_ITEM_COUNT]; /* the bill of the month so far, the same sum */
    int32_t items_unknown;             /* stretches without a price, not in the items */
    int32_t items_bounds;              /* stretches priced by an upper bound */
    struct speedup_view speedup;
    struct job_view jobs[FLEET_JOBS]; /* by server and name; of more, the first ones */
    size_t n_jobs;
    struct utc day_start; /* of the site's day, for the quarters */
    struct price_view prices[FLEET_TRACKS];
    size_t n_prices;
    struct utc
        worst_as_of; /* oldest good reading among the APIs that control moves; 0 never */
    int64_t stale_after_s;
    int32_t in_cloud, on_prem, moving, lost, unknown, drift;
    int32_t moves_running, moves_queued;
    bool looked;         /* every configured source has answered or failed once */
    int32_t calls_open;  /* acts under way */
    int32_t orders_open; /* of persons, not carried out yet */
    struct alert alerts[FLEET_ALERTS];
    size_t n_alerts;                           /* unacknowledged */
    struct journal_entry events[FLEET_EVENTS]; /* oldest first */
    size_t n_events;
    int64_t events_total;
    struct command_reply replies[FLEET_REPLIES]; /* oldest first */
    size_t n_replies;
    struct api_view apis[SOURCE_COUNT];
    size_t n_apis;
    size_t n_servers;
    struct server_view servers[];
};

/* Notes in a day's quarters where a server was at t; t beyond the day is let pass. What
 * is worth seeing of a quarter: a move, and a loss more than that, outlast the place
 * behind them. */
void fleet_note_quarter(uint8_t quarters[FLEET_QUARTERS], struct utc day_start,
                        struct utc t, enum place place) NONNULL;

/* Zeroed, one reference; NULL when memory is out. */
struct fleet *fleet_new(size_t n_servers);
/* A picture of its own, one reference; NULL when memory is out. */
struct fleet *fleet_copy(const struct fleet *f) NONNULL;
struct fleet *fleet_ref(struct fleet *f) NONNULL;
void fleet_unref(struct fleet *f);

/* The index of a server, -1 when there is none of that name. */
int fleet_find(const struct fleet *f, const char *server) NONNULL;

#endif
