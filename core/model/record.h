/*
 * record - what the controller wants written, in the order in which it was decided.
 * Plain values; the records of one controller step are one transaction.
 * Threads: values.
 */
#ifndef RH_MODEL_RECORD_H
#define RH_MODEL_RECORD_H

#include "core/model/call.h"
#include "core/model/command.h"
#include "core/model/move.h"

/* An order where a server stays (policy-and-cost 4). */
struct hold {
    enum place place; /* PLACE_ONPREM or PLACE_CLOUD; PLACE_UNKNOWN: no hold */
    enum hold_kind kind;
    struct utc until; /* 0 for a pin */
    char by[NAME_TEXT];
    struct utc at;
    char why[NAME_TEXT];
    bool over_budget; /* made although the budget was spent (policy-and-cost 7) */
};

/* One line of the journal: `log --json` prints these fields, the event pane `text`. */
struct journal_entry {
    int64_t seq; /* 0 before it is stored */
    struct utc at;
    enum level level;
    char server[NAME_TEXT]; /* "" = none */
    char actor[NAME_TEXT];  /* policy, operator:NAME, spot, rushhour */
    char action[32];        /* move, node-close, hold, auto, api, … */
    char from[24], to[24];
    char reason[LINE_TEXT];
    enum outcome outcome;
    char move[ID_TEXT];
    char text[LINE_TEXT]; /* the sentence for people */
};

/* A stretch of time that costs money (policy-and-cost 8). */
struct segment {
    int64_t id;             /* chosen by the controller, unique in the store */
    char resource[ID_TEXT]; /* instance id, extension id */
    char kind[16];          /* spot, on_demand, extension */
    char server[NAME_TEXT]; /* "" = not one server's */
    char type[NAME_TEXT], zone[NAME_TEXT];
    struct utc start, end; /* end 0 = open */
    struct usd rate;       /* per hour; last known */
    bool rate_known;
    char source[16]; /* of the rate, as price_source is spelled */
    struct usd cost; /* so far; written whenever it changed by a cent or the state did */
};

/* What an instance type costs on demand, as the price list of its region says. */
struct listed_price {
    char type[NAME_TEXT], region[NAME_TEXT];
    struct usd price; /* per hour */
    struct utc at;    /* read then */
};

/* What ran on which node: one build of a job, as Jenkins and our own looking tell. */
struct sample {
    char job[URL_TEXT]; /* path of the job's URL */
    int32_t number;
    char server[NAME_TEXT], node[NAME_TEXT];
    enum place place;   /* PLACE_ONPREM, PLACE_CLOUD; PLACE_UNKNOWN: it ran in both */
    struct utc started; /* by the clock of Jenkins, 0 unknown */
    int64_t took_ms;    /* 0 until it is over */
    enum build_result result;
};

/* A build whose machine was taken away under it (policy-and-cost 5.3), and what became of
 * it. Job and number are its key: it is looked after once in its life. */
struct requeue {
    char job[URL_TEXT]; /* path of the job's URL */
    int32_t number;
    char server[NAME_TEXT], node[NAME_TEXT]; /* where it ran */
    enum requeue_cause cause;
    bool spread;        /* it ran on other nodes, too */
    int32_t original;   /* number of the build that was lost first: this one, or … */
    int32_t count;      /* … the one that this one was, queued again so often */
    struct utc noted;   /* the notice, or the last look that saw the machine; 0 unknown */
    struct utc lost;    /* the machine was seen to be gone, 0 = not yet */
    struct utc stopped; /* we asked Jenkins to stop it, last; 0 = never */
    enum requeue_state state;
    struct utc sent;     /* the last order to queue it again, 0 = none */
    int32_t orders;      /* how many there were */
    int64_t queue_id;    /* of its item in Jenkins's queue, 0 unknown */
    char why[LINE_TEXT]; /* it was skipped, "" */
};

/* "team/net-pipe" of "/ci/job/team/job/net-pipe/", cleaned, cut to what fits. size >= 1.
 */
void sample_job_name(const char *path, char *out, size_t size) NONNULL;

enum record_kind {
    RECORD_JOURNAL,
    RECORD_MOVE,    /* insert or replace by id */
    RECORD_INTENT,  /* before the call is sent */
    RECORD_OUTCOME, /* of an intent */
    RECORD_HOLD,    /* insert or replace by server; place unknown deletes */
    RECORD_SETTING, /* key, value; value "" deletes */
    RECORD_SEGMENT, /* insert or replace by id */
    RECORD_PRICE,
    RECORD_LISTED,   /* insert or replace by region and type */
    RECORD_SAMPLE,   /* insert, or replace by job and number */
    RECORD_JOB_GONE, /* forget the samples of a job */
    RECORD_REQUEUE,  /* insert, or replace by job and number */
    RECORD_COMMAND   /* a command of the store was taken and answered */
};

struct record {
    enum record_kind kind;
    union {
        struct journal_entry journal;
        struct move move;
        struct call intent;
        struct call_result outcome;
        struct {
            char server[NAME_TEXT];
            struct hold hold;
        } hold;
        struct {
            char key[SETTING_KEY_TEXT];
            char value[LINE_TEXT];
        } setting;
        struct segment segment;
        struct {
            char type[NAME_TEXT], zone[NAME_TEXT];
            struct utc at;
            struct usd price;
        } price;
        struct listed_price listed;
        struct sample sample;
        char job_gone[URL_TEXT];
        struct requeue requeue;
        struct command_reply command;
    } as;
    struct utc at;
};

#endif
