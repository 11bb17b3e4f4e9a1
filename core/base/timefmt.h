/*
 * timefmt - instants and durations as text and back, in UTC and without the process's
 * zone. Plain values; buffers are the caller's. Threads: any.
 */
#ifndef RH_BASE_TIMEFMT_H
#define RH_BASE_TIMEFMT_H

#include "core/base/clock.h"
#include "core/base/err.h"

enum { TIME_TEXT = 32, DUR_TEXT = 24 };

/* A civil date and time of some zone, proleptic Gregorian. */
struct civil {
    int32_t year;
    int32_t month;   /* 1..12 */
    int32_t day;     /* 1..31 */
    int32_t hour;    /* 0..23 */
    int32_t minute;  /* 0..59 */
    int32_t second;  /* 0..59 */
    int32_t weekday; /* 0 = Sunday */
};

/* Days since 1970-01-01 of a civil date, and back. */
int64_t civil_to_days(int32_t year, int32_t month, int32_t day);
struct civil civil_from_seconds(int64_t s); /* seconds since 1970 on that civil clock */
int64_t civil_to_seconds(const struct civil *c) NONNULL;

/* "2026-11-22T07:00:00Z" */
const char *utc_text(struct utc t, char buf[TIME_TEXT]) NONNULL;

/* A minute as people say it on a day: "18:00" of that day, "Fri 18:00" of one less than a
 * week away, else "2026-12-25 18:00". */
const char *civil_text(const struct civil *c, const struct civil *today,
                       char buf[TIME_TEXT]) NONNULL;

/* RFC 3339 with Z or an offset and an optional fraction (dropped). ERR_SYNTAX. */
enum err_code utc_parse(const char *text, struct utc *out,
                        struct err *e) MUST_CHECK NONNULL;

/* "90s", "25m", "1h30m", "7d", "-45m", "0m"; units d h m s in that order. ERR_SYNTAX,
 * ERR_RANGE. */
enum err_code duration_parse(const char *text, int64_t *seconds,
                             struct err *e) MUST_CHECK NONNULL;

/* Two units at most: "7h17m", "45s", "3d04h", "-45m". */
const char *duration_text(int64_t seconds, char buf[DUR_TEXT]) NONNULL;

#endif
