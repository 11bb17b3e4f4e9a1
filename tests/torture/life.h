/*
 * life - a simulated day at one test server, short and with everything in it that a
 * workflow has: out at once, home in the afternoon, hours of rest; the shipped controller
 * over a store on disk. Something may be taken from it on the way: memory, its disk, its
 * life. Afterwards all promises are looked at. A life owns its site (life_clear).
 * Threads: one.
 */
#ifndef RH_TESTS_LIFE_H
#define RH_TESTS_LIFE_H

#include "core/sim/drive.h"

enum { LIFE_CALLS = 512, LIFE_DIR = 64 };

struct life_way {
    const char *what;
    enum drive_level level;
    const char *mover;
    bool overlaps;
    bool taken; /* AWS takes the instance back at ten o'clock … */
    bool busy;  /* … while builds run on it */
};
/* The last one has no name. */
extern const struct life_way life_ways[];

extern const int64_t life_end_s; /* of the day, as UTC */

struct life {
    const struct life_way *way;
    char dir[LIFE_DIR]; /* its own, with the store in it */
    struct site *site;
    struct config *config;
    struct tz *tz;
    struct drive_options options;
    struct drive_report report;
    uint64_t calls[LIFE_CALLS]; /* all that were made */
    size_t n_calls;
    int64_t entries;                     /* of the journal, as they were decided */
    int64_t minutes_store, minutes_disk; /* so long the screen said that */
    bool interrupted;
    bool forgot; /* two calls had one intent */
    /* Nothing could be written down for long, so nothing could be ended: both places may
     * have been up for longer. */
    bool hindered;
    /* A test's own: asked after each step and at each call. May be NULL. */
    bool (*dies)(void *ctx);
    enum drive_fate (*fate)(void *ctx, const struct call *call);
    void *ctx;
};

/* A site, a configuration and a folder of its own. False: e says why. */
bool life_begin(struct life *l, const struct life_way *way, uint64_t seed,
                struct err *e) NONNULL;
/* It has begun before: its store is there, with all tables, which take three quarters of
 * the memory that is asked for in a day. Before life_live(); nothing of it is freed. */
bool life_has_store(const struct life *l, struct err *e) NONNULL;
/* To the end of its day. When the controller cannot begin it says why, and life goes on
 * by another call of this. */
enum err_code life_live(struct life *l, struct err *e) MUST_CHECK NONNULL;
/* What was broken, in words; "" = nothing. */
void life_check(const struct life *l, char broken[LINE_TEXT]) NONNULL;
void life_clear(struct life *l) NONNULL;

#endif
