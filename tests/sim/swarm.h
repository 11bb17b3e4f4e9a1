/*
 * swarm - what one seed of the campaign is about: how many servers and which movers, what
 * goes wrong and how often, which policy, where on earth and when, who gives orders. As
 * text it is one `key value` a line: what a saved seed keeps, so that it stays the same
 * when the drawing changes.
 * A struct swarm is a plain value. Threads: one.
 */
#ifndef RH_TESTS_SIM_SWARM_H
#define RH_TESTS_SIM_SWARM_H

#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/sim/drive.h"

#include <stdint.h>

enum { SWARM_SETS = 24, SWARM_FAULTS_TEXT = 2048 };

struct swarm {
    uint64_t seed;
    enum drive_level level;
    int32_t servers;
    char mover[16];
    int32_t more_zones;
    char faults[SWARM_FAULTS_TEXT]; /* SPEC of the site's faults, "" = none */
    char sets[SWARM_SETS][96];      /* "policy.max_moves=3" */
    size_t n_sets;
    struct utc from;
    int64_t days;          /* with faults; a day without follows */
    int64_t crash_mean_s;  /* 0: the controller never dies */
    int64_t pause_mean_s;  /* 0: … is never stopped and let go on */
    int64_t jump_mean_s;   /* 0: … its clock never jumps */
    int32_t controllers;   /* on machines of their own, with a shared lock; 0 is one */
    struct lock_odds lock; /* what goes wrong on the way to it */
    int64_t rest_s;        /* typed: how often one looks while nothing moves */
    bool buggify;          /* the program's own buggify points; every second seed */
    bool on_files;         /* the store is on files, opened anew after each death */
    uint32_t lost, dying; /* parts of a million: a call's answer is lost, … the controller
                             dies at a call */
    uint32_t repeated;    /* … an answer arrives once more */
    char zone_later[32]; /* the data of the time zone become those of another, "" = never
                          */
    int64_t zone_days;   /* … so many days after the start */
    uint32_t orders;     /* of a person: parts of a million each minute */
};

/* The same seed gives the same swarm. */
void swarm_draw(struct swarm *s, uint64_t seed, enum drive_level level) NONNULL;
/* Of what was drawn a quarter of the shorter ones gets two or three controllers, each
 * with a store of its own in memory. */
void swarm_draw_several(struct swarm *s) NONNULL;
/* As text, and read again. What is left out is none of it. Lines that begin with '#',
 * `at` and `invariant` say only why the seed was saved. ERR_SYNTAX names the line. */
void swarm_put(const struct swarm *s, struct strbuf *out) NONNULL;
enum err_code swarm_read(struct swarm *s, const char *text,
                         struct err *e) MUST_CHECK NONNULL;

#endif
