/*
 * plan - facts, configuration, schedule, holds and now in; for every server the desired
 * place, its reason, the gates, and what to begin, in one pass (policy-and-cost 3.5, 3.6,
 * 4, 6.8). Pure: no clock, no I/O, no allocation. All values are the caller's. Threads:
 * any.
 */
#ifndef RH_POLICY_PLAN_H
#define RH_POLICY_PLAN_H

#include "core/model/fleet.h"
#include "core/policy/schedule.h"

struct plan_server {
    const char *name;
    bool needs_extension; /* its mover uses the cloud extension */
    const struct server_facts *facts;
    const struct move *move; /* the open move, NULL when none */
    struct hold hold;        /* place unknown: none */
    bool auto_on;            /* of this server */
    struct utc snooze_until; /* of this server alone, 0 = none */
    struct utc auto_since;   /* its own switch is on, or its own snooze over, 0 = ever */
    struct {
        enum place place; /* PLACE_UNKNOWN: no order is open */
        bool force;
        struct utc at;
    } order;                  /* a person's move, not yet carried out */
    struct utc settled_since; /* in its place since then; 0 = before we looked */
    struct utc retry_at;      /* backoff of a failed move, 0 = none */
    struct utc rerun_at;      /* earliest re-run after a loss, 0 = none */
    bool breaker_open;
    struct utc breaker_until;  /* when one more try is made; 0 = only a key, or a new
                                  configuration, ends it (6.4, permanent errors) */
    struct utc hold_ended;     /* end or release of its last hold, 0 = none lately */
    bool commits_before_drain; /* its mover passes the commit point first (overlap) */
    struct utc pressed_since; /* out, or on its way, for the host's sake (3.5 row 4) since
                                 then; 0 = it is not */
    bool price_known;         /* with a budget: of an hour in the cloud, else unknown */
    struct usd price_hour;
};

/* The month's money (policy-and-cost 7). */
struct plan_budget {
    bool set;     /* there is a budget; else nothing here counts */
    bool known;   /* spent has no part without a price */
    bool reached; /* spent is not below the limit */
    struct usd limit, spent;
    struct utc since;          /* reached since then */
    struct utc month_end;      /* no commitment counts beyond */
    struct usd extension_hour; /* 0 when there is none */
};

/* How short of CPU the host is (3.5 row 4), as far as readings show without a break. */
struct plan_pressure {
    int32_t ready_permille; /* of each vCPU's time, now; -1 unknown */
    struct utc
        above_since; /* above pressure_high since then; 0 = it is not, or unknown */
    struct utc below_since; /* the same, below pressure_low */
};

struct plan_in {
    const struct policy_config *policy;
    const struct schedule *schedule;
    const struct tz *tz; /* for texts: "until 18:00" */
    struct utc now;
    enum auto_setting setting;
    struct utc snooze_until; /* 0 = none */
    struct utc auto_since;   /* the switch stands as it does since then, 0 = unknown */
    struct utc
        config_since; /* the policy and the schedule are these since then, 0 = ever */
    bool clock_ok;
    bool jenkins_quieting; /* gate node, way out */
    bool auto_stop;        /* of the extension */
    const struct extension_facts
        *extension; /* not NULL; configured says if there is one */
    struct utc
        extension_idle_since;  /* two complete readings showed nobody out there; 0 */
    int64_t extension_start_s; /* how long it usually takes to start */
    struct utc last_start;     /* of any move, for start_spacing */
    struct plan_budget budget;
    struct plan_pressure pressure;
    const struct plan_server *servers;
    size_t n;           /* MAX_SERVERS at most; what is beyond is left alone */
    bool without_texts; /* codes only: for simulation at full speed */
};

enum plan_act {
    PLAN_NONE,
    PLAN_START, /* begin a move in that direction; in place of a way home that is late */
    PLAN_CANCEL /* end the open move: it is not committed and no longer wanted */
};

struct plan_server_out {
    struct decision decision;
    enum plan_act act;
    enum direction direction;  /* of PLAN_START */
    struct utc drain_deadline; /* of PLAN_START; 0 = wait for ever */
    bool may_commit;  /* an open, uncommitted move may pass its commit point now */
    bool pressed;     /* 3.5 row 4 wants it in the cloud; to be kept as pressed_since once
                         its move is open */
    bool over_budget; /* a move out now would exceed the budget: a person is asked */
    bool may_replace; /* taken back now it may be launched once more at once (5.2) */
};

enum plan_extension { PLAN_EXTENSION_NONE, PLAN_EXTENSION_START, PLAN_EXTENSION_STOP };

struct plan_out {
    struct plan_server_out *servers; /* the caller's, n of them */
    enum plan_extension extension;
    char extension_text[LINE_TEXT]; /* why it stops */
    struct utc next_at; /* the next change that concerns anyone; 0 = none known */
    enum place next_place;
    char next_what[LINE_TEXT]; /* "window ends: 4 servers return" */
    bool in_window, in_lead, in_drain;
};

/*
 * A move of policy starts, goes on and is taken back by these rules; the mover still does
 * its own checks (node seen closed, builds ended) before it uses may_commit. Every text
 * is a sentence for people, with times of the site. In dry-run the decisions are those of
 * `on`, but nothing acts: no PLAN_START, no PLAN_CANCEL, no may_commit, no extension.
 */
void plan(const struct plan_in *in, struct plan_out *out) NONNULL;

#endif
