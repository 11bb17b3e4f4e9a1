/*
 * sure - assertions that are on in every build, also with NDEBUG: SURE(cond) ends the
 * program where our own memory cannot be trusted any more (reliability 3), because to
 * stop is safer than a wrong power-off. Never of remote or user data. The way out is in
 * here: in a test's coverage an assertion is no branch of who makes it.
 * No memory. Threads: any.
 */
#ifndef RH_BASE_SURE_H
#define RH_BASE_SURE_H

#include "core/base/attr.h"

#include <stdbool.h>

/* Tells on stderr, and ends by SIGABRT (which restores a terminal). */
void sure_failed(const char *what, const char *file, int line)
    __attribute__((noreturn, cold)) NONNULL;

static inline void sure_of(bool holds, const char *what, const char *file, int line)
{
    if (__builtin_expect(!holds, 0))
        sure_failed(what, file, line);
}

#define SURE(cond) sure_of((cond), #cond, __FILE__, __LINE__)

#endif
