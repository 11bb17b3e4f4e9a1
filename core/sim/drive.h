/*
 * drive - the shipped controller and the simulated site on one virtual clock, in one
 * thread, as fast as the machine can (design 4, 7, reliability 5). Owns what it makes;
 * borrows the configuration and zone. Threads: one.
 */
#ifndef RH_SIM_DRIVE_H
#define RH_SIM_DRIVE_H

#include "core/base/log.h"
#include "core/base/tz.h"
#include "core/model/config.h"
#include "core/model/fleet.h"
#include "core/sim/account.h"
#include "core/sim/lock_server.h"
#include "core/sim/site.h"

enum drive_level {
    DRIVE_WIRE, /* every answer goes through the real readers as bytes */
    /* Observations straight from the site: a look every five minutes while nothing moves,
     * and when the region tells something; as often as ever while something does. */
    DRIVE_TYPED
};

/* What becomes of a call: it is made and answered; its answer is lost, and it was not
 * made, or it was; the controller dies before it is made, or before its answer. */
enum drive_fate {
    FATE_DONE,
    FATE_LOST_BEFORE,
    FATE_LOST_AFTER,
    FATE_CRASH_BEFORE,
    FATE_CRASH_AFTER
};

struct drive_options {
    enum drive_level level;
    const struct config *config; /* fits the site (site_config_text); secrets set, for
                                    the wire */
    const struct tz *tz;
    struct site *site;
    const struct transport *via; /* wire: the way to the site; NULL = straight to it */
    uint64_t seed;
    struct utc from;
    int64_t duration_s;
    /* So many controllers on machines of their own; more than one share the lock of the
     * configuration (lock.etcd), which goes wrong as lock_odds say until crash_until.
     * Each has its own store, in memory. 0 is one, without that lock. */
    int32_t controllers;
    const struct lock_odds *lock_odds; /* NULL: nothing does */
    /* NULL = in memory; typed without one: nothing is kept, unless it `remembers`. With
     * one, whoever begins after a death opens the store anew. */
    const char *state_dir;
    int64_t
        crash_mean_s; /* the controller dies by chance, on average so often; 0 = never */
    /* By chance, on average so often, 0 = never: it is stopped between two events for up
     * to an hour while calls and answers arrive, as a suspended machine is; its clock
     * jumps up to an hour or a year either way, and is right again some hours later. */
    int64_t pause_mean_s, jump_mean_s;
    struct utc crash_until; /* none of these from then on; 0 = to the end */
    uint32_t repeated;      /* parts of a million: an answer arrives once more, up to five
                               minutes after the first time */
    const struct tz *tz_later; /* the data of the zone become these, and the configuration
                                  is read again; NULL: never */
    struct utc later_from;
    bool remembers; /* typed: without a state_dir it is kept in memory */
    /* A look so often while nothing moves. 0: 300 s when typed, else as configured. */
    int64_t rest_s;
    struct log *log;
    bool without_texts; /* the journal does without sentences, for speed */
    /* Called every simulated minute (typed: at the first look behind it); may act on the
     * site. NULL = nobody. */
    void (*each_minute)(void *ctx, const struct fleet *f);
    /* After each step of the controller: only looks at the site. */
    void (*each_step)(void *ctx, struct utc now);
    void (*each_entry)(void *ctx, const struct journal_entry *j);
    /* One of the controllers, counted from 0, dies, stands still, has its clock set, gets
     * the lock or loses it: what and for how many seconds. */
    void (*each_trouble)(void *ctx, struct utc now, int32_t controller, const char *what,
                         int64_t s);
    bool (*dies)(void *ctx); /* asked after each step: does the controller die now? */
    /* Orders of a person: asked every simulated minute until it answers false. */
    bool (*order)(void *ctx, struct utc now, struct command *out);
    bool calm; /* nothing goes wrong for hours before the end: it is checked that all is
                  well then */
    enum drive_fate (*fate)(void *ctx, const struct call *call); /* NULL = all are made */
    void *ctx;
};

/* design 8: what `demo` and `simulate` end in. */
struct drive_report {
    uint64_t seed;
    struct utc from, to;
    int32_t servers;
    int64_t moves_out, moves_back, moves_failed, interruptions;
    int64_t requeued_builds; /* queued again, as the journal tells */
    int64_t
        lost_builds; /* builds that died with a reclaimed instance, as the site counts */
    int64_t planned_s, ready_s; /* server-seconds inside windows; those ready */
    int64_t late_p50_s, late_p99_s, late_max_s; /* ready_at - S per server and window */
    struct account_bill cost;                   /* of the whole period */
    bool speedup_known;                         /* as the last snapshot has it */
    int32_t speedup_percent, speedup_jobs, speedup_builds;
    int64_t polls, calls, steps, crashes, pauses, jumps, repeats, rezoned;
    /* Several controllers: the lock's own counts; so often one began to act, and the
     * longest that the lock was free before that; so often a call was stopped on its way
     * for longer than the lease; fences passed, and refused to who lost the lock. */
    struct lock_counts lock;
    int64_t takeovers, takeover_most_ms, held_up, fences, refusals;
    int64_t violations;
    char violation[LINE_TEXT]; /* the first */
    uint64_t trace;            /* a hash over the journal: same seed, same hash */
};

/* In hundredths: 9873 is 98.73 %; 10000 when no window was planned. */
int64_t drive_ready_percent(const struct drive_report *r) NONNULL;

enum err_code drive_run(const struct drive_options *o, struct drive_report *out,
                        struct err *e) MUST_CHECK NONNULL;

/* The report as one JSON object, as its members alone, as lines for people. */
void drive_report_members(const struct drive_report *r, struct strbuf *out) NONNULL;
void drive_report_json(const struct drive_report *r, struct strbuf *out) NONNULL;
void drive_report_text(const struct drive_report *r, struct strbuf *out) NONNULL;

#endif
