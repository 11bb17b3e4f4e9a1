/*
 * taken - a Tuesday of the shipped controller on which one server is taken back by AWS at
 * given times, everything as bytes, and how long each thing took. Times are seconds of
 * the site's day. A day owns its run (taken_clear). Threads: one.
 */
#ifndef RH_TESTS_TAKEN_H
#define RH_TESTS_TAKEN_H

#include "tests/sim/weeks.h"

struct sim_build;

enum { TAKEN_BEGIN_S = 8 * 3600 + 30 * 60, TAKEN_MAX = 4, TAKEN_SERVER = 0 };
#define TAKEN_HM(h, m) ((h)*3600 + (m)*60)

enum taken_way { TAKEN_VELOSTRATA, TAKEN_GAP, TAKEN_OVERLAP, TAKEN_WAYS };
const char *taken_word(enum taken_way way);

/* What became of one interruption; -1 = it did not happen before the next one. */
struct taken {
    int64_t begun_s;       /* AWS has decided; the instance has its notice left */
    int64_t told_s;        /* the journal's first word of it */
    int64_t closed_s;      /* the call that closes the cloud node */
    int64_t lost_s;        /* the journal's word of the loss */
    int64_t home_s;        /* the node at home is opened */
    int64_t out_s;         /* the next move out begins */
    int64_t again_s;       /* the node in the cloud is opened again */
    int64_t return_s;      /* the manager is told to return it */
    int64_t power_s;       /* the VM at home is powered on */
    int64_t queued_s;      /* a build of it is queued again */
    int64_t gap_s;         /* no node of the server took builds, in all */
    char from[24], to[24]; /* instance types */
};

struct taken_day {
    enum taken_way way;
    uint64_t seed;
    int64_t at_s[TAKEN_MAX]; /* when it begins; 0 = no more */
    int64_t notice_s;
    bool by_price;         /* the request says marked-for-termination */
    bool without_sqs;      /* polls alone */
    bool busy;             /* builds of 12 minutes wait for the server in the cloud */
    int64_t long_s;        /* those that run then take two hours; 0 = never */
    bool no_capacity;      /* from then on nothing is to be had in the server's zone */
    int64_t max_overlap_s; /* 0 = the default */
    int64_t until_s;
    /* filled */
    struct run *run;
    struct taken all[TAKEN_MAX];
    size_t n;
    enum gate gate; /* of the server, at the last minute */
    enum place place;
    bool home_open, cloud_open;
    bool backed_off;   /* at home, its node open, at gate backoff, for a minute */
    int64_t moves_out; /* of the server, after the last interruption */
    bool closed;       /* no node of it took builds … */
    int64_t seen_s;    /* … when that was looked at last */
};

/* Lives it; fails the test when a promise is broken: two places, a build queued twice, or
 * killed and not one that the end of an overlap stopped and queued again, two instances.
 */
void taken_live(struct taken_day *d) NONNULL;
void taken_clear(struct taken_day *d) NONNULL;

/* It lost its machine; was it asked for once more, or is there an equal one after it? It
 * has 15 minutes for that. */
bool run_covers(const struct run *r, const struct sim_build *lost) NONNULL;
/* A build that lost its machine, was not asked for once more and has no equal one after
 * it; NULL. Those of the last 15 minutes have time left. */
const struct sim_build *run_forgotten(const struct run *r, int64_t *lost) NONNULL;

#endif
