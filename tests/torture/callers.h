/*
 * callers - who asks for something, called by whom, and so on. A day asks for
 * memory 20,000 times, on 3,000 ways through the program: each of these is tried once,
 * instead of the same one a thousand times. Of all the times of a caller one is kept, by
 * chance. Plain values, large: for a static. Threads: one.
 */
#ifndef RH_TESTS_CALLERS_H
#define RH_TESTS_CALLERS_H

#include "core/base/attr.h"
#include "core/base/rng.h"

#include <stddef.h>
#include <stdint.h>

struct caller {
    uint64_t id; /* 0: none */
    int64_t times;
    int story;   /* the time that is kept: … */
    uint64_t at; /* the at-th in that story */
};

enum { CALLERS = 1 << 14 };

struct callers {
    struct caller list[CALLERS]; /* by id, until they are sorted */
    size_t n;
    struct rng rng;
};

/* Who calls this is where all begins: who called that tells nothing apart. */
void callers_base(void);
/* Of whoever called the caller of this; what is asked for tells two apart, too. */
uint64_t caller_now(int what);

/* None; by that seed will be chosen. */
void callers_begin(struct callers *c, uint64_t seed) NONNULL;
/* One asked, as the at-th in that story. More than half of CALLERS: abort(). */
void callers_add(struct callers *c, uint64_t id, int story, uint64_t at) NONNULL;
/* list[0] to list[n - 1] in the order of the stories; no more can be added. */
void callers_sort(struct callers *c) NONNULL;

#endif
