/*
 * state - the controller's memory, for the files of this folder that are parts of it.
 * All of it hangs off struct controller.
 * Threads: one.
 */
#ifndef RH_ENGINE_STATE_H
#define RH_ENGINE_STATE_H

#include "core/base/rng.h"
#include "core/cost/forecast.h"
#include "core/cost/ledger.h"
#include "core/cost/speedup.h"
#include "core/engine/controller.h"
#include "core/move/mover.h"
#include "core/policy/lead.h"
#include "core/policy/offering.h"
#include "core/policy/plan.h"

enum {
    LOSSES_KEPT = 8,
    POISON_KEPT = 16,
    PRICE_STEPS = 4096,
    MAX_CALLS_OPEN = 64,
    DURATIONS_KEPT = 20
};

struct source_state {
    bool configured;
    struct observation *good; /* the newest good one, NULL = never */
    struct utc last_ok;       /* of the newest good answer, also an earlier run's; 0 */
    struct utc heard;         /* of the newest answer or error of this run; 0 */
    struct mono next;         /* due then */
    int64_t rest_s, every_s;  /* between polls: while nothing hurries, and now */
    bool in_flight;
    struct mono sent;
    int32_t failures; /* in a row */
    struct mono first_failure;
    struct mono held_until; /* it asked to be left alone until then (Retry-After) */
    enum api_state state;
    struct err error; /* the newest */
    struct utc error_at;
    char request_id[ID_TEXT], error_request_id[ID_TEXT]; /* "" = it has none */
    int64_t latency_ms;
    int32_t latencies_ms[FLEET_LATENCIES]; /* ring */
    size_t n_latencies;                    /* that there ever were */
    struct utc error_times[16];            /* ring, for errors per hour */
    int32_t n_error_times;
    bool asked_once;
    size_t turn, turn_next; /* the server whose ids the next hints begin with */
};

struct call_slot {
    bool open;
    struct call call;
    struct mono sent;
};

/* A call of the last run without an outcome, until it is known what became of it. */
struct unresolved {
    uint64_t id;
    enum call_kind kind;
    char server[NAME_TEXT];
    struct utc as_of; /* of the newest reading that counted */
    int32_t looks;
};

/* What the queue of events said of an instance, before a poll does. */
struct warned {
    char instance[ID_TEXT];     /* "" = nothing */
    struct utc reclaim_at;      /* AWS takes it back then; 0 */
    struct utc rebalance_until; /* it may: no builds until then; 0 */
};

/* What the journal was told of a server last. */
struct decided {
    bool told;
    enum place place, desired;
    enum reason reason;
    enum gate gate;
};

/* A build that was seen on the cloud node of a server. */
struct ran {
    char job[URL_TEXT];   /* "" = none */
    char node[NAME_TEXT]; /* "" = an earlier run saw it */
    int32_t number;
    struct utc
        seen; /* the newest reading of Jenkins that showed it; 0: an earlier run's */
};
enum { RAN_KEPT = 16 };

/* The machine in the cloud is about to be taken away, or was a moment ago. */
struct doom {
    bool on;
    struct utc noted, lost; /* lost 0: not yet */
    struct utc since;     /* builds seen in this reading of Jenkins or a later one … */
    char node[NAME_TEXT]; /* … on this node */
    char instance[ID_TEXT]; /* that is to be taken away at … */
    struct utc reclaim_at;
};

/* Of closed segments: of this month, and today's part of it. */
struct closed_sums {
    struct usd month, today;
    bool unknown; /* something of it has no price, or is too large to be told */
};

struct server_state {
    const struct server_config *config;
    const struct mover_ops *mover;
    struct server_facts facts;
    const struct seen_vm *vm; /* in the newest reading of vSphere; NULL: not there */
    bool vm_twice;            /* … and there is another one like it */
    size_t managed_at;        /* its place in the manager's list */
    size_t eni_at;            /* … its interface's in EC2's */
    size_t n_tagged;          /* the living ones of EC2's list that have its tags … */
    size_t tagged_at;         /* … and the first one's place */
    struct decision decision;
    struct decided decided;
    bool may_commit, may_replace; /* as the plan says */
    bool auto_on;
    struct utc snooze_until; /* of this server alone, 0 = none; stored */
    struct utc auto_since;   /* that is over, or auto_on, since then, 0 = ever; stored */
    struct hold hold;
    struct {
        enum place place;
        bool force;
        struct utc at;
        char by[NAME_TEXT];
    } order;
    bool has_move;
    struct move move;
    struct call_result last; /* of the newest call of this step */
    bool has_last;
    enum call_kind last_kind;
    char taken_over[ID_TEXT]; /* the move that another controller began, "" */
    enum place known_place;   /* the last settled place that was seen, stored */
    enum power known_power;
    struct utc settled_since;
    struct utc in_cloud_seen; /* velostrata first said so; guards the both-places check */
    int32_t both_readings;
    struct utc both_as_of;
    struct utc absent_since; /* ec2: complete listings do not show its instance, 0 */
    struct {
        struct utc absent_since; /* the same of the one that leaves */
        struct utc asked;        /* its end was, 0 */
        bool lost;               /* its loss was told; stored */
        int64_t segment;         /* id of its open cost segment, 0 = none */
        char tried[ID_TEXT];     /* could not be replaced: home it goes */
    } leaving;
    int64_t launch_start; /* ec2: what its tokens are made of; stored */
    int64_t launch_attempt;
    int32_t failures; /* failed moves in a row */
    struct utc retry_at;
    struct utc breaker_until;
    bool breaker_for_good;        /* a permanent error: no time ends it */
    char foreign_user[NAME_TEXT]; /* who else had a hand on it lately, "" */
    char not_by_person[ID_TEXT];  /* an instance that another controller may have ended */
    struct {
        bool told;
        bool refused;        /* told: it is not allowed to */
        struct utc asked;    /* 0 = not */
    } keep_interface;        /* its instance's end would delete its interface (I6) */
    bool taken_back;         /* AWS says so of the instance it had */
    char outside[LINE_TEXT]; /* foreign_change = alert: blocked with this text, "" */
    struct utc ready_since;  /* in the cloud with its node open; 0 = is not */
    struct utc ready_window; /* the window of which it was told */
    struct mono down_since;  /* its node takes no builds and nobody closed it; 0 = not */
    bool down_told;
    struct utc hold_ended;    /* of its last hold, or of the pressure that sent it
                                 out, 0 = none lately; stored */
    struct utc pressed_since; /* out for the host's sake since then, 0; stored */
    struct utc rerun_at;
    struct utc losses[LOSSES_KEPT]; /* newest last */
    int32_t n_losses;
    bool notice_told;
    struct ran ran[RAN_KEPT];
    struct doom doom;
    /* The last look that saw its machine well, and the newest reading of Jenkins made
     * before. */
    struct utc alive_at, alive_builds;
    struct warned warned;
    struct utc apart_kept; /* facts.apart, as the store has it */
    /* It left the cloud, or may have, while nothing could be done: the way home is still
     * owed. */
    bool owed_home;
    struct utc owed_since;
    bool owed_failed;           /* it left home by a move that failed */
    bool owed_told;             /* a person's change was dealt with (foreign_change) */
    char owed_by[NAME_TEXT];    /* the person who took it, "" = AWS or nobody knows */
    char half_moved[LINE_TEXT]; /* "" or what only a person can end */
    bool late_told;
    bool drain_told;
    struct utc late_window;        /* start of the window whose lateness was told */
    struct node_facts *zone_nodes; /* cloud nodes: its own, then its zones'; NULL: one */
    char home_zone[NAME_TEXT];     /* where its own interface is, "" not known; stored */
    struct utc zone_seen;          /* the reading of interfaces that says so, 0 = none */
    char used_zone[NAME_TEXT];     /* of its last launch, until it is home; stored */
    struct offering_view offers[FLEET_OFFERINGS]; /* as last shown */
    size_t n_offers;
    int32_t offers_more;
    struct utc offers_at;   /* made then; 0 = to be made */
    struct utc round_since; /* its offerings are tried in turn since then, 0 */
    int32_t rounds;         /* in a row in which all of them were refused */
    struct mono keep_at;    /* nodes are put right not more often than this */
    int32_t keep_failures;
    int64_t segment;   /* id of the open cost segment, 0 = none */
    bool segment_lost; /* AWS took back what it is about */
    struct closed_sums closed;
    struct usd month_on_demand;  /* of closed segments of this month, at that price */
    int64_t month_instance_s;    /* … and their seconds */
    struct usd days[FLEET_DAYS]; /* of the month before today, as days_view() made them */
    uint32_t days_unknown;
    bool on_demand_unknown;
    struct utc quarters_day; /* the day of the places below, 0 = none is noted */
    uint8_t quarters[FLEET_QUARTERS];
    struct spot_step spot_steps[FLEET_SPOT_STEPS]; /* the newest, oldest first */
    size_t n_spot_steps;
    char spot_request[ID_TEXT]; /* that the newest is about */
    bool over_budget;           /* a move out now would exceed the budget */
    struct utc over_budget_at;  /* its hold of that time was made over the budget */
};

struct price_series {
    char type[NAME_TEXT], zone[NAME_TEXT];
    struct price_step *steps;
    size_t n, cap;
    struct utc as_of;
};

/* A type in a zone, spot or on-demand, and what was seen of it. */
enum { MAX_POOLS = 256 };
struct pool {
    char type[NAME_TEXT], zone[NAME_TEXT];
    enum lifecycle lifecycle;
    struct offering_record record;
    struct utc lost_at; /* told; the ledger may not have its end yet */
};

/* The offerings of one server as they stand now; borrows its configuration. */
struct server_offers {
    struct offering_in in[MAX_OFFERINGS];
    struct offering_rank ranks[MAX_OFFERINGS];
    size_t n, offered;
    struct offering_terms terms;
    char barred[MAX_ZONES + 1][LINE_TEXT];
};

/* An instance or an open spot request with our tag that nobody claims (reliability 6,
 * orphans). */
enum { MAX_UNCLAIMED = 16 };
struct unclaimed {
    char id[ID_TEXT]; /* "" = free */
    char server[NAME_TEXT];
    struct utc marked; /* told then, when auto ends it later; stored */
    struct utc seen;   /* in the listing of that time */
    struct utc called; /* its end was asked for, 0 */
    bool spared;       /* it was told that nothing ends it; stored */
};

enum { MAX_SERIES = 64, MAX_LISTED = 256, MAX_SEGMENTS_OPEN = 2048 };

struct extension_state_kept {
    struct extension_facts facts;
    struct utc idle_since; /* two complete readings showed nobody out there */
    int32_t idle_readings;
    struct utc idle_as_of;
    bool has_last;
    struct call_result last;
    enum call_kind last_kind;
    struct utc last_call_at; /* it was made then, 0 = never; stored */
    enum call_kind last_call;
    struct utc empty_since;
    int64_t start_took_s; /* the newest measured start */
    struct utc start_seen;
    int64_t segment;
    struct closed_sums closed;
    bool stop_ordered, start_ordered; /* by a person */
    char ordered_by[NAME_TEXT];
};

/* What is made of the ledger now and then: the forecast, the budget. */
struct month_kept {
    struct utc forecast_at; /* 0 = to be made */
    struct forecast forecast;
    struct comparisons compare;
    struct utc spent_at; /* 0 = to be counted */
    bool spent_known;
    struct usd spent;         /* month to date */
    struct utc warned;        /* start of the month in which the share was told */
    struct utc reached;       /* the budget is spent since then, 0 = it is not */
    struct utc forecast_told; /* start of the day on which that was told */
    struct bill closed;       /* of the month's closed segments */
    struct closed_sums gone;  /* of those of servers that are configured no more */
    struct utc days_at; /* the days before today were counted then, 0 = to be done */
    struct utc days[FLEET_DAYS]; /* their starts, today's the last */
    size_t n_days;
    struct usd days_rest[FLEET_DAYS]; /* of them: what is no server's */
    uint32_t days_rest_unknown;
    struct utc left_told; /* servers are left in the cloud: told then, 0 = none are */
};

/* A build of which nobody has said yet how it ended. */
struct open_run {
    int32_t number;
    const struct server_config *server;
    bool in_cloud; /* the node that it was seen on first */
    bool in_both;  /* then on a node of the other place, too */
    bool running;  /* in the newest reading */
    struct utc started;
};

enum { OPEN_RUNS = 8 };
struct job_kept {
    uint32_t hash; /* of its path: most others differ in it */
    struct open_run runs[OPEN_RUNS];
    size_t n_runs;
    bool asked;   /* its history was read once */
    int32_t upto; /* all builds up to this number are over and counted */
    struct utc seen;
};

/* What ran where, and the history that is read of it. */
struct builds_kept {
    struct job_history *jobs; /* SPEEDUP_JOBS of each, n in use */
    struct job_kept *kept;
    size_t n, turn;
    bool changed; /* sum and views are to be made anew */
    struct speedup_view sum;
    struct job_view views[FLEET_JOBS];
    size_t n_views;
};

/* Builds that lost their machine: the store's rows, those of old times dropped. */
struct requeues_kept {
    struct requeue *list; /* REQUEUES_KEPT */
    int32_t *absent;      /* … looks in a row that showed nothing of the order */
    size_t n, n_open, turn;
};

struct controller {
    const struct config *config;
    const struct tz *tz;
    struct rng rng;
    bool dry_run, observe, orders_only, without_texts;
    struct {
        bool shared; /* there is one beside that of the state directory */
        bool known, held, failing;
        bool others;   /* another controller has it, or has had it */
        int64_t epoch; /* under which it was ours last, 0 = never */
        char holder[NAME_TEXT];
        char state_id[NAME_TEXT]; /* of the state directory, for those that share the lock
                                   */
        bool state_id_kept;
    } lease;
    char fingerprint[20];         /* of the configuration, in hex */
    char config_known[NAME_TEXT]; /* … that was in force last, "" = none; stored */
    struct utc config_since; /* another one is in force since then, 0 = ever; stored */
    char host[NAME_TEXT], user[NAME_TEXT];
    int32_t pid;
    struct utc started;

    /* of the step under way */
    struct utc now;
    struct mono mono;
    struct effects *fx;
    bool look_soon; /* a move was not looked at, of the campaign's own making */

    struct source_state sources[SOURCE_COUNT];
    int32_t tokens[SOURCE_COUNT]; /* spent tenths of a provider's retry budget */
    /* as of sources_watch(): what the rhythm depends on */
    bool moving, any_spot, any_unclaimed;
    bool launches; /* the place of some server EC2 alone knows */
    struct server_state *servers;
    size_t n_servers;
    uint16_t vm_owners[MAX_SERVERS]; /* of each place in vSphere's list: the server */
    struct extension_state_kept extension;
    struct host_facts host_facts;
    struct utc host_minute;
    struct {
        struct utc above_since, below_since; /* as the plan has it, 0 = it is not */
        struct utc as_of;                    /* of the last reading that counted */
    } pressure;
    char load_told[LINE_TEXT]; /* why there are no statistics, as the journal knows it */
    bool jenkins_quieting;

    enum auto_setting setting;
    struct utc snooze_until;
    struct utc auto_since;
    char auto_by[NAME_TEXT];

    struct schedule schedule;
    bool schedule_built;
    int64_t today,
        today_minute;      /* the site's day since 1970, worked out in that minute */
    int64_t calendar_told; /* day since 1970 of the last word about the calendar's end */
    struct utc empty_told; /* the swallowed window that was told last */
    int64_t lead_s;
    int64_t lead_day; /* since 1970, of the last look at what moves take */
    struct lead_history lead;
    struct plan_out plan;
    struct plan_server *plan_servers;
    struct plan_server_out *plan_outs;
    struct utc last_start;

    struct utc clock_utc; /* of the last tick, against mono, for the clock gate */
    struct mono clock_mono;
    int32_t clock_bad_ticks; /* > 0: gate clock */

    bool stopping; /* the program ends: nothing new is begun */
    bool store_ok;
    bool disk_full;  /* the store writes its last reserve: nothing is launched */
    bool store_lost; /* … until a person has looked and switched auto on; stored */
    char store_aside[NAME_TEXT]; /* … a damaged one, kept under this name; "" */
    char store_text[LINE_TEXT];

    uint64_t batch_taken, batch_handled; /* of the queue of events */
    bool batch_fresh;                    /* taken in this very step */
    char poison[POISON_KEPT][ID_TEXT];   /* ring: messages that were told */
    size_t n_poison;

    uint64_t next_call_id, next_move_id;
    int64_t next_segment_id;
    struct call_slot calls[MAX_CALLS_OPEN];
    struct unresolved unresolved[MAX_CALLS_OPEN];
    size_t n_unresolved;
    bool more_unresolved; /* than have room: of whom is not known */
    bool resume_told, lost_told;
    struct unclaimed unclaimed[MAX_UNCLAIMED];
    bool listed_once; /* this deployment's instances were listed at some time; stored */
    struct utc unclaimed_as_of, requests_as_of; /* of the listings looked at last */
    struct utc requests_asked; /* open spot requests were to be listed then, 0 */
    size_t n_calls_open;       /* mostly none: then nobody looks through the slots */
    struct segment *segments;  /* open ones and those of this month */
    size_t n_segments, cap_segments;
    bool sums_known; /* those of the closed ones are counted: struct closed_sums and so on
                      */
    struct utc closed_until; /* … the end of the last one of these */
    struct price_series series[MAX_SERIES];
    size_t n_series;
    struct price_track tracks[MAX_SERIES]; /* the same, as bills read them */
    struct utc prices_until; /* newest change that the last run knew, 0 = none */
    struct listed_price listed[MAX_LISTED];
    size_t n_listed;
    struct pool pools[MAX_POOLS];
    size_t n_pools;
    struct utc offers_changed; /* by a loss or a refusal */
    struct utc pools_at;       /* the ledger was counted into them, 0 = to be done */
    struct month_kept month;
    struct builds_kept builds;
    struct requeues_kept requeues;
    struct utc month_start, month_end, day_start, next_day;

    struct journal_entry unseen;               /* the one that no screen shows */
    struct journal_entry events[FLEET_EVENTS]; /* ring */
    size_t n_events, first_event;
    int64_t events_total;
    struct command_reply replies[FLEET_REPLIES];
    bool unwritten[FLEET_REPLIES]; /* accepted, but not on disk yet: nobody is told */
    bool reply_fresh;              /* the newest was given by the step before */
    size_t n_replies;
    struct alert alerts[FLEET_ALERTS];
    size_t n_alerts;
    uint64_t version;
};

#endif
