/*
 * points - the probes and buggify points of the program that this campaign is built with
 * (core/base/probe.h): counted, armed by the seed, told.
 * The points are the program's. Threads: one.
 */
#ifndef RH_TESTS_SIM_POINTS_H
#define RH_TESTS_SIM_POINTS_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A history begins. buggify: each such point is armed with 25 %, and an armed one fires
 * with 25 %; the same seed, the same trouble. */
void points_begin(uint64_t seed, bool buggify);
/* Nothing fires any more. */
void points_calm(void);

/* False, told on stderr: two points have one name. */
bool points_are_sound(void) MUST_CHECK;
/* Those that hardly a seed of the campaign reaches, by what reaches them instead: people
 * who meddle all the time, a full disk, answers made of bytes, a shared lock that is
 * ended by hand. tests/sim/test_probes.c must hit them, the campaign need not. */
enum {
    POINTS_OF_PEOPLE = 25,
    POINTS_OF_DISK = 2,
    POINTS_OF_BYTES = 4,
    POINTS_OF_LOCK = 1
};
extern const char *const points_of_people[POINTS_OF_PEOPLE];
extern const char *const points_of_disk[POINTS_OF_DISK];
extern const char *const points_of_bytes[POINTS_OF_BYTES];
extern const char *const points_of_lock[POINTS_OF_LOCK];

/* Probes that no history has hit, of those that the campaign has to; several: some of
 * them had more than one controller. */
size_t points_missed(bool several);
/* Of one probe, in all histories; 0 also when there is none of that name. */
uint64_t points_hits(const char *name) NONNULL;
/* One line; each: all of them, with hits and histories. */
void points_say(bool each, bool several);

#endif
