/*
 * alloc - memory that runs out when a test says so: every allocation of ours (the
 * linker's
 * --wrap) and of SQLite, jansson, libxml2 and libcurl (their hooks) is counted here, and
 * can be refused. Knows what is not freed. Of the process. Threads: one.
 */
#ifndef RH_TESTS_ALLOC_H
#define RH_TESTS_ALLOC_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before any library is used. */
void alloc_install(void);

/* Counts from 1; refuses the at-th one and, when for_ever, all behind it, until
 * alloc_end(). at 0: none. */
void alloc_begin(uint64_t at, bool for_ever);
/* Gives back how many were asked for. */
uint64_t alloc_end(void);
/* One was refused since alloc_begin(). */
bool alloc_refused(void);
/* Told of each, with its number, when none is to be refused, else of the first that is:
 * who asks is in its callers (callers.h). NULL: nobody. */
void alloc_watch(void (*told)(uint64_t n));
/* There is memory again; it goes on counting. */
void alloc_relent(void);

/* What is not ours to lose in between: neither counted nor refused. Nests. */
void alloc_pause(void);
void alloc_resume(void);

/* Blocks that are not freed; and the number of the newest of those that were asked for
 * since alloc_begin(), 0 = none. */
size_t alloc_live(void);
uint64_t alloc_left(void);

#endif
